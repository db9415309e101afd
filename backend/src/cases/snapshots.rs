//! The SQL of imported schedules: the files, their staged rows and what they refused.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    cases::{Case, Decided},
    id::{AccountId, CaseId, FeedId, IncidentId, SnapshotId, StandingId},
    schedule::{Booking, Figures},
    table::Mapping,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::{search::FoundBy, store::NOT_IN_QUEUE};
use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

/// An offered or imported file.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub id: SnapshotId,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub as_of: Timestamp,
    pub mapping: Mapping,
    pub scheme: String,
    pub figures: Figures,
    pub added: i64,
    pub state: String,
    /// The schedule that was here before the incident, when its file lies there and not in the data folder.
    pub standing: Option<StandingId>,
    /// The feed whose appointments these are, as they stood at `as_of`.
    pub feed: Option<FeedId>,
}

const INSERT: &str = "
    INSERT INTO schedule_snapshot (
        id, incident, file_name, sha256, as_of, mapping, scheme, figures, state, account, created_at, standing,
        feed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'previewed', $9, $10, $11, $12)";

/// Remembers an offered file.
pub async fn insert(
    tx: &mut Tx,
    incident: IncidentId,
    snapshot: &Snapshot,
    account: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(
        tx,
        INSERT,
        snapshot.id.0,
        incident.0,
        &snapshot.file_name,
        &snapshot.sha256[..],
        snapshot.as_of.0,
        json(&snapshot.mapping),
        &snapshot.scheme,
        json(&snapshot.figures),
        account.0,
        at.0,
        snapshot.standing.map(|standing| standing.0),
        snapshot.feed.map(|feed| feed.0)
    )
    .map(|_| ())
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

type Row = (Uuid, String, Vec<u8>, i64, String, String, String, i64, String, Option<Uuid>, Option<Uuid>);

macro_rules! snapshots {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, file_name, sha256, as_of, mapping, scheme, figures, added, state, standing, feed
    FROM schedule_snapshot
    WHERE incident = $1",
            $rest
        )
    };
}

fn snapshot(row: Row) -> Result<Snapshot, Error> {
    let (id, file_name, sha256, as_of, mapping, scheme, figures, added, state, standing, feed) = row;
    let corrupt = |error: serde_json::Error| Error::Corrupt(error.to_string());
    Ok(Snapshot {
        id: SnapshotId(id),
        file_name,
        sha256: sha256.try_into().map_err(|_| Error::Corrupt("a file's hash is not 32 bytes".into()))?,
        as_of: Timestamp(as_of),
        mapping: serde_json::from_str(&mapping).map_err(corrupt)?,
        scheme,
        figures: serde_json::from_str(&figures).map_err(corrupt)?,
        added,
        state,
        standing: standing.map(StandingId),
        feed: feed.map(FeedId),
    })
}

const FIND: &str = snapshots!(
    "
        AND id = $2"
);

/// One file of an incident.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: SnapshotId) -> Result<Option<Snapshot>, Error> {
    fetch_optional!(tx, Row, FIND, incident.0, id.0)?.map(snapshot).transpose()
}

const BY_HASH: &str = snapshots!(
    "
        AND sha256 = $2"
);

/// The same file, if it was offered before.
pub async fn by_hash(
    tx: &mut Tx,
    incident: IncidentId,
    sha256: &[u8; 32],
) -> Result<Option<Snapshot>, Error> {
    fetch_optional!(tx, Row, BY_HASH, incident.0, &sha256[..])?.map(snapshot).transpose()
}

const ALL: &str = snapshots!(
    "
    ORDER BY created_at DESC, id DESC
    LIMIT 100"
);

/// The files of an incident, the latest first.
pub async fn all(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Snapshot>, Error> {
    fetch_all!(tx, Row, ALL, incident.0)?.into_iter().map(snapshot).collect()
}

const SET_COLUMNS: &str = "
    UPDATE schedule_snapshot
    SET mapping = $2, scheme = $3, figures = $4, as_of = $5, standing = $6
    WHERE id = $1 AND state <> 'committed'";

/// Keeps other columns, and the figures they give; or another place at which the same file lies, and as of when.
pub async fn set_columns(tx: &mut Tx, snapshot: &Snapshot) -> Result<(), Error> {
    let (mapping, figures) = (json(&snapshot.mapping), json(&snapshot.figures));
    let (as_of, standing) = (snapshot.as_of.0, snapshot.standing.map(|standing| standing.0));
    let id = snapshot.id.0;
    execute!(tx, SET_COLUMNS, id, mapping, &snapshot.scheme, figures, as_of, standing).map(|_| ())
}

const BEGIN_STAGE: &str = "
    INSERT INTO schedule_stage (id, snapshot, begun_at)
    VALUES ($1, $2, $3)";

/// Begins a try of committing a schedule, with rows of its own.
pub async fn begin_stage(tx: &mut Tx, stage: Uuid, id: SnapshotId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, BEGIN_STAGE, stage, id.0, at.0).map(|_| ())
}

const STAGED: &str = "
    SELECT COUNT(*)
    FROM patient_case
    WHERE stage = $1";

/// How many rows are staged.
pub async fn staged(tx: &mut Tx, stage: Uuid) -> Result<u64, Error> {
    let (rows,) = fetch_one!(tx, (i64,), STAGED, stage)?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

const DROP_ROWS: &str = "
    DELETE FROM patient_case
    WHERE stage = $1";

const DROP_STAGE: &str = "
    DELETE FROM schedule_stage
    WHERE id = $1";

/// Drops a stage with the rows that it still has; nothing when it is gone.
pub async fn drop_stage(tx: &mut Tx, stage: Uuid) -> Result<(), Error> {
    execute!(tx, DROP_ROWS, stage)?;
    execute!(tx, DROP_STAGE, stage).map(|_| ())
}

const STALE_STAGES: &str = "
    SELECT id
    FROM schedule_stage
    WHERE begun_at < $1";

/// The stages that began before a moment: a crash has left them.
pub async fn stale_stages(tx: &mut Tx, before: Timestamp) -> Result<Vec<Uuid>, Error> {
    Ok(fetch_all!(tx, (Uuid,), STALE_STAGES, before.0)?.into_iter().map(|(id,)| id).collect())
}

/// A patient's row, as it travels to the database.
#[derive(Serialize)]
pub struct NewPatient {
    pub id: String,
    pub mrn_key: String,
    pub wrapped_key: String,
}

const ADD_PATIENTS: Sql = Sql {
    sqlite: "
    INSERT INTO patient (id, mrn_key, wrapped_key)
    SELECT unhex(value ->> 'id'), unhex(value ->> 'mrn_key'), unhex(value ->> 'wrapped_key')
    FROM json_each($1)
    WHERE TRUE
    ON CONFLICT (mrn_key) DO NOTHING",
    postgres: "
    INSERT INTO patient (id, mrn_key, wrapped_key)
    SELECT id::uuid, decode(mrn_key, 'hex'), decode(wrapped_key, 'hex')
    FROM json_to_recordset($1::json) AS row (id TEXT, mrn_key TEXT, wrapped_key TEXT)
    ON CONFLICT (mrn_key) DO NOTHING",
};

/// Adds the patients that are not known yet.
pub async fn add_patients(tx: &mut Tx, patients: &[NewPatient]) -> Result<(), Error> {
    execute!(tx, ADD_PATIENTS, Rows::of(patients).text()).map(|_| ())
}

const PATIENTS: Sql = Sql {
    sqlite: "
    SELECT mrn_key, id, wrapped_key
    FROM patient
    WHERE mrn_key IN (SELECT unhex(value ->> 'mrn_key') FROM json_each($1))",
    postgres: "
    SELECT mrn_key, id, wrapped_key
    FROM patient
    WHERE mrn_key IN (
        SELECT decode(mrn_key, 'hex')
        FROM json_to_recordset($1::json) AS row (mrn_key TEXT)
    )",
};

/// By the keyed hash of the record number: the patient and the wrapped key.
pub type Patients = BTreeMap<Vec<u8>, (Uuid, Option<Vec<u8>>)>;

/// The patients of these record numbers, known before or just added.
pub async fn patients(tx: &mut Tx, asked: &[NewPatient]) -> Result<Patients, Error> {
    let rows = fetch_all!(tx, (Vec<u8>, Uuid, Option<Vec<u8>>), PATIENTS, Rows::of(asked).text())?;
    Ok(rows.into_iter().map(|(key, id, wrapped)| (key, (id, wrapped))).collect())
}

/// A case's row, as it travels to the database.
#[derive(Serialize)]
pub struct NewCase<'a> {
    id: String,
    patient: String,
    sealed: String,
    appointment: &'a str,
    kind: &'static str,
    service: &'a str,
    department: &'a str,
    provider: &'a str,
    facility: String,
    start_at: i64,
    day: String,
    listed: Option<String>,
    first_of_two: bool,
    minutes: i64,
    scheme: &'a str,
    priority: &'a str,
    classes: String,
    chain: &'a str,
    interpreter: bool,
    version: i64,
    born_key: Option<String>,
    name_keys: String,
}

impl<'a> NewCase<'a> {
    /// The row of a booking that nothing has happened to: its patient sealed, and by what the patient is found.
    pub fn of(
        id: CaseId,
        patient: Uuid,
        (sealed, found_by): (&[u8], &FoundBy),
        booking: &'a Booking,
    ) -> Self {
        let case = Case::scheduled(booking.start, booking.day);
        let (scheme, priority) = booking.priority.parts();
        let language = booking.patient.language.trim().to_lowercase();
        Self {
            id: id.0.simple().to_string(),
            patient: patient.simple().to_string(),
            sealed: hex::encode(sealed),
            appointment: &booking.appointment,
            kind: booking.kind.code(),
            service: &booking.service,
            department: &booking.department,
            provider: &booking.provider,
            facility: booking.facility.0.simple().to_string(),
            start_at: case.start.0,
            day: case.day.to_string(),
            listed: booking.listed.map(|day| day.to_string()),
            first_of_two: booking.first_of_two,
            minutes: booking.minutes,
            scheme,
            priority,
            classes: json(&booking.classes),
            chain: &booking.chain,
            interpreter: !matches!(language.as_str(), "" | "en" | "eng" | "english"),
            version: case.version,
            born_key: found_by.born.as_ref().map(hex::encode),
            name_keys: hex::encode(&found_by.names),
        }
    }
}

const ADD_CASES: Sql = Sql {
    sqlite: "
    INSERT INTO patient_case (
        id, incident, snapshot, visible, stage, appointment, patient, sealed, kind, service, department, provider,
        facility, start_at, day, listed, first_of_two, minutes, scheme, priority, classes, chain, interpreter,
        state, decided, told, attempts, risk_rank, risk_at, version, born_key, name_keys)
    SELECT unhex(value ->> 'id'), $1, $2, FALSE, $6, value ->> 'appointment', unhex(value ->> 'patient'),
        unhex(value ->> 'sealed'), value ->> 'kind', value ->> 'service', value ->> 'department',
        value ->> 'provider', unhex(value ->> 'facility'), value ->> 'start_at', value ->> 'day',
        value ->> 'listed', value ->> 'first_of_two', value ->> 'minutes', value ->> 'scheme',
        value ->> 'priority', value ->> 'classes', value ->> 'chain', value ->> 'interpreter', 'scheduled', $4,
        FALSE, 0, $5, value ->> 'start_at', value ->> 'version', unhex(value ->> 'born_key'),
        unhex(value ->> 'name_keys')
    FROM json_each($3)
    WHERE NOT EXISTS (
        SELECT 1
        FROM patient_case AS known
        WHERE known.incident = $1 AND known.appointment = value ->> 'appointment' AND known.visible = TRUE
    )",
    postgres: "
    INSERT INTO patient_case (
        id, incident, snapshot, visible, stage, appointment, patient, sealed, kind, service, department, provider,
        facility, start_at, day, listed, first_of_two, minutes, scheme, priority, classes, chain, interpreter,
        state, decided, told, attempts, risk_rank, risk_at, version, born_key, name_keys)
    SELECT id::uuid, $1, $2, FALSE, $6, appointment, patient::uuid, decode(sealed, 'hex'), kind, service, department,
        provider, facility::uuid, start_at, day, listed, first_of_two, minutes, scheme, priority, classes, chain,
        interpreter, 'scheduled', $4, FALSE, 0, $5, start_at, version, decode(born_key, 'hex'),
        decode(name_keys, 'hex')
    FROM json_to_recordset($3::json) AS row (
        id TEXT, appointment TEXT, patient TEXT, sealed TEXT, kind TEXT, service TEXT, department TEXT,
        provider TEXT, facility TEXT, start_at BIGINT, day TEXT, listed TEXT, first_of_two BOOLEAN, minutes BIGINT,
        scheme TEXT, priority TEXT, classes TEXT, chain TEXT, interpreter BOOLEAN, version BIGINT, born_key TEXT,
        name_keys TEXT)
    WHERE NOT EXISTS (
        SELECT 1
        FROM patient_case AS known
        WHERE known.incident = $1 AND known.appointment = row.appointment AND known.visible = TRUE
    )",
};

/// Stages rows that nobody sees yet; an appointment that is a case already stays as it is. Gives how many.
pub async fn add_cases(
    tx: &mut Tx,
    incident: IncidentId,
    (snapshot, stage): (SnapshotId, Uuid),
    rows: &[NewCase<'_>],
) -> Result<u64, Error> {
    let (rows, no) = (Rows::of(rows), Decided::No.code());
    execute!(tx, ADD_CASES, incident.0, snapshot.0, rows.text(), no, NOT_IN_QUEUE, stage)
}

const MAKE_VISIBLE: &str = "
    UPDATE patient_case
    SET visible = TRUE, stage = NULL
    WHERE stage = $1
        AND NOT EXISTS (
            SELECT 1
            FROM patient_case AS known
            WHERE known.incident = patient_case.incident AND known.appointment = patient_case.appointment
                AND known.visible = TRUE
        )";

/// The switch: every staged row is a case from here on, but for those that another schedule made one meanwhile.
/// Gives how many.
pub async fn make_visible(tx: &mut Tx, stage: Uuid) -> Result<i64, Error> {
    let rows = execute!(tx, MAKE_VISIBLE, stage)?;
    drop_stage(tx, stage).await?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

const LEAVE_UNDECIDED: Sql = Sql {
    sqlite: "
    UPDATE patient_case
    SET decided = 'undecided', version = version + 1
    WHERE id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    UPDATE patient_case
    SET decided = 'undecided', version = version + 1
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// Leaves these cases for a person to decide.
pub async fn leave_undecided(tx: &mut Tx, cases: &[String]) -> Result<(), Error> {
    execute!(tx, LEAVE_UNDECIDED, Rows::of(cases).text()).map(|_| ())
}

const SET_COMMITTED: &str = "
    UPDATE schedule_snapshot
    SET state = 'committed', figures = $2, added = $3, committed_at = $4, priorities = $5
    WHERE id = $1";

/// A scheme and a value, as the store keeps them.
pub type Ranked = (String, String);

/// The file is imported.
pub async fn set_committed(
    tx: &mut Tx,
    id: SnapshotId,
    (figures, priorities): (&Figures, &BTreeSet<Ranked>),
    added: i64,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, SET_COMMITTED, id.0, json(figures), added, at.0, json(priorities)).map(|_| ())
}

const PRIORITIES: &str = "
    SELECT priorities
    FROM schedule_snapshot
    WHERE incident = $1 AND state = 'committed'";

/// The priorities that procedures of an incident have.
pub async fn priorities(tx: &mut Tx, incident: IncidentId) -> Result<BTreeSet<Ranked>, Error> {
    let mut all = BTreeSet::new();
    for (text,) in fetch_all!(tx, (String,), PRIORITIES, incident.0)? {
        let each: BTreeSet<Ranked> =
            serde_json::from_str(&text).map_err(|error| Error::Corrupt(error.to_string()))?;
        all.extend(each);
    }
    Ok(all)
}
