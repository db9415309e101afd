//! The SQL of playbook versions.

use domain::{id::IncidentId, playbooks::Playbook};

use crate::{
    fetch_all, fetch_optional,
    store::{Error, Tx},
};

/// One version of a playbook, by the fingerprint of its canonical JSON.
#[derive(Debug, Clone)]
pub struct Version {
    pub fingerprint: String,
    pub playbook: Playbook,
}

const IN_FORCE: &str = "
    SELECT fingerprint, body
    FROM playbook_version AS candidate
    WHERE approved_at IS NOT NULL
        AND version = (
            SELECT MAX(version)
            FROM playbook_version AS approved
            WHERE approved.code = candidate.code AND approved.approved_at IS NOT NULL
        )
    ORDER BY name";

/// Every playbook's approved version with the highest number.
pub async fn in_force(tx: &mut Tx) -> Result<Vec<Version>, Error> {
    fetch_all!(tx, (String, String), IN_FORCE)?.into_iter().map(version).collect()
}

const FROZEN: &str = "
    SELECT playbook_version.fingerprint, playbook_version.body
    FROM incident
    JOIN playbook_version ON playbook_version.fingerprint = incident.playbook
    WHERE incident.id = $1";

/// The version frozen into an incident; `None` when it was declared from nothing.
pub async fn frozen(tx: &mut Tx, incident: IncidentId) -> Result<Option<Version>, Error> {
    fetch_optional!(tx, (String, String), FROZEN, incident.0)?.map(version).transpose()
}

fn version((fingerprint, body): (String, String)) -> Result<Version, Error> {
    let playbook = serde_json::from_str(&body).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok(Version { fingerprint, playbook })
}
