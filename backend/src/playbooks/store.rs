//! The SQL of playbook versions.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use domain::{
    id::{AccountId, IncidentId},
    playbooks::{FormType, Playbook},
    time::Timestamp,
};

use crate::{
    execute, fetch_all, fetch_optional,
    store::{Db, Error, Tx},
};

/// One version of a playbook, by the fingerprint of its canonical JSON.
#[derive(Debug, Clone)]
pub struct Version {
    pub fingerprint: String,
    pub playbook: Arc<Playbook>,
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
    SELECT playbook
    FROM incident
    WHERE id = $1 AND playbook IS NOT NULL";

const BODY: &str = "
    SELECT fingerprint, body
    FROM playbook_version
    WHERE fingerprint = $1";

/// The version frozen into an incident; `None` when it was declared from nothing.
pub async fn frozen(tx: &mut Tx, incident: IncidentId) -> Result<Option<Version>, Error> {
    let Some((fingerprint,)) = fetch_optional!(tx, (String,), FROZEN, incident.0)? else { return Ok(None) };
    match known(&fingerprint) {
        Some(playbook) => Ok(Some(Version { fingerprint, playbook })),
        None => fetch_optional!(tx, (String, String), BODY, &fingerprint)?.map(version).transpose(),
    }
}

/// What an incident's own playbook says of one thing; `None` when it was declared from nothing.
pub async fn setting<T>(
    tx: &mut Tx,
    incident: IncidentId,
    read: impl FnOnce(&Playbook) -> T,
) -> Result<Option<T>, Error> {
    Ok(frozen(tx, incident).await?.map(|version| read(&version.playbook)))
}

/// The forms of the playbook that an incident keeps; none when it was declared from nothing.
#[derive(Debug, Clone, Default)]
pub struct Kit(Option<Arc<Playbook>>);

impl Deref for Kit {
    type Target = [FormType];

    fn deref(&self) -> &[FormType] {
        self.0.as_ref().map(|playbook| playbook.forms.as_slice()).unwrap_or_default()
    }
}

/// The kit of an incident.
pub async fn kit(tx: &mut Tx, incident: IncidentId) -> Result<Kit, Error> {
    Ok(Kit(frozen(tx, incident).await?.map(|version| version.playbook)))
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
    if let Some(playbook) = known(&fingerprint) {
        return Ok(Version { fingerprint, playbook });
    }
    let playbook: Playbook =
        serde_json::from_str(&body).map_err(|error| Error::Corrupt(error.to_string()))?;
    let playbook = Arc::new(playbook);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if read.len() >= MOST_KNOWN {
        read.clear();
    }
    read.insert(fingerprint.clone(), playbook.clone());
    Ok(Version { fingerprint, playbook })
}

/// The versions that were read lately. A fingerprint is that of the text, which never changes (rule 14), and reading
/// fifty-seven kinds of forms costs more than a scan may: so each is read once.
static READ: LazyLock<Mutex<HashMap<String, Arc<Playbook>>>> = LazyLock::new(Mutex::default);
const MOST_KNOWN: usize = 32;

fn known(fingerprint: &str) -> Option<Arc<Playbook>> {
    READ.lock().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned()
}

/// The kits of the incidents of this installation that somebody scans for: an incident keeps the version that it began
/// with.
#[derive(Debug, Default)]
pub struct Kits(Mutex<HashMap<IncidentId, Kit>>);

impl Kits {
    /// The kit of an incident, which is asked of the database once.
    pub async fn of(&self, db: &Db, incident: IncidentId) -> Result<Kit, Error> {
        if let Some(kit) = self.known().get(&incident) {
            return Ok(kit.clone());
        }
        let kit = kit(&mut db.read().await?, incident).await?;
        let mut known = self.known();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        // What is not there yet, or was declared from nothing, is asked for again.
        if kit.0.is_some() {
            known.insert(incident, kit.clone());
        }
        Ok(kit)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<IncidentId, Kit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
