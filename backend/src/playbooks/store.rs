//! The SQL of playbook versions.

use domain::{
    id::{AccountId, IncidentId},
    playbooks::Playbook,
    time::Timestamp,
};

use crate::{
    execute, fetch_all, fetch_optional,
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

const INSERT: &str = "
    INSERT INTO playbook_version (fingerprint, code, name, version, body)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (fingerprint) DO NOTHING";

/// Takes in a version that is not known yet; nobody has approved it.
pub async fn insert(tx: &mut Tx, playbook: &Playbook) -> Result<(), Error> {
    let (fingerprint, body) = (playbook.fingerprint().to_string(), playbook.canonical());
    execute!(tx, INSERT, fingerprint, &playbook.key, &playbook.name, playbook.version, body).map(|_| ())
}

/// What the list of versions knows of one.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct VersionRow {
    pub fingerprint: String,
    pub code: String,
    pub name: String,
    pub version: i64,
    pub body: String,
    pub approved_at: Option<i64>,
}

impl VersionRow {
    /// The playbook in full.
    pub fn playbook(&self) -> Result<Playbook, Error> {
        serde_json::from_str(&self.body).map_err(|error| Error::Corrupt(error.to_string()))
    }
}

const ALL: &str = "
    SELECT fingerprint, code, name, version, body, approved_at
    FROM playbook_version
    ORDER BY name, version DESC, fingerprint";

/// Every version of every playbook, the newest of each first.
pub async fn all(tx: &mut Tx) -> Result<Vec<VersionRow>, Error> {
    fetch_all!(tx, VersionRow, ALL)
}

const APPROVE: &str = "
    UPDATE playbook_version
    SET approved_at = $2, approved_by = $3
    WHERE fingerprint = $1 AND approved_at IS NULL";

/// Notes who approved a version.
pub async fn approve(tx: &mut Tx, fingerprint: &str, at: Timestamp, by: AccountId) -> Result<(), Error> {
    execute!(tx, APPROVE, fingerprint, at.0, by.0).map(|_| ())
}

fn version((fingerprint, body): (String, String)) -> Result<Version, Error> {
    let playbook = serde_json::from_str(&body).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok(Version { fingerprint, playbook })
}
