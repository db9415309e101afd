//! The SQL of incidents.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Refusal,
    id::{AccountId, FacilityId, IncidentId, SystemId},
    incidents::{Declaration, Phase},
    scope::{Place, Status},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx, journal::Decision},
};

/// An incident as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRow {
    pub id: IncidentId,
    pub name: String,
    pub exercise: bool,
    pub phase: Phase,
    pub level: String,
    pub cause: String,
    pub started_at: Timestamp,
    pub declared_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub next_update_at: Option<Timestamp>,
    pub commander: AccountId,
}

impl IncidentRow {
    /// Whether anything of the incident may still be changed.
    ///
    /// # Errors
    /// The one refusal of everything that is done about an incident that has ended.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        if self.phase.is_open() {
            return Ok(());
        }
        Err(Refusal::new("ended", "This incident has ended; nothing of it changes any more."))
    }
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    name: String,
    kind: String,
    phase: String,
    level: String,
    cause: String,
    started_at: i64,
    declared_at: Option<i64>,
    closed_at: Option<i64>,
    next_update_at: Option<i64>,
    commander: Uuid,
}

impl TryFrom<Kept> for IncidentRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let phase = Phase::from_code(&kept.phase)
            .ok_or_else(|| Error::Corrupt(format!("an incident is in phase {:?}", kept.phase)))?;
        Ok(Self {
            id: IncidentId(kept.id),
            name: kept.name,
            exercise: kept.kind == "exercise",
            phase,
            level: kept.level,
            cause: kept.cause,
            started_at: Timestamp(kept.started_at),
            declared_at: kept.declared_at.map(Timestamp),
            closed_at: kept.closed_at.map(Timestamp),
            next_update_at: kept.next_update_at.map(Timestamp),
            commander: AccountId(kept.commander),
        })
    }
}

/// What a new incident's row says.
pub struct NewIncident<'a> {
    pub id: IncidentId,
    pub declaration: &'a Declaration,
    pub playbook: Option<&'a str>,
    pub declared_at: Timestamp,
    pub commander: AccountId,
}

const INSERT: &str = "
    INSERT INTO incident (
        id, name, kind, phase, playbook, level, cause, started_at, declared_at, next_update_at, commander)
    VALUES ($1, $2, $3, 'downtime', $4, $5, $6, $7, $8, $9, $10)";

const INSERT_PLACE: &str = "
    INSERT INTO incident_place (incident, place)
    VALUES ($1, $2)";

/// Adds an incident with its places.
pub async fn insert(tx: &mut Tx, new: &NewIncident<'_>) -> Result<(), Error> {
    let declaration = new.declaration;
    let kind = if declaration.exercise { "exercise" } else { "real" };
    let next_update_at = new.declared_at.plus_minutes(declaration.next_update_minutes);
    execute!(
        tx,
        INSERT,
        new.id.0,
        &declaration.name,
        kind,
        new.playbook,
        &declaration.level,
        &declaration.cause,
        declaration.started_at.0,
        new.declared_at.0,
        next_update_at.0,
        new.commander.0
    )?;
    for place in &declaration.places {
        execute!(tx, INSERT_PLACE, new.id.0, place.to_string())?;
    }
    Ok(())
}

const DECLARE_ONE_AT_A_TIME: &str = "
    UPDATE installation
    SET revision = revision + 1";

/// Makes a declaration wait for another one that is being written, so that both cannot find their scope free.
pub async fn declare_one_at_a_time(tx: &mut Tx) -> Result<(), Error> {
    execute!(tx, DECLARE_ONE_AT_A_TIME).map(|_| ())
}

#[derive(Serialize)]
struct StatusRow {
    ordinal: usize,
    system: String,
    facility: String,
    status: &'static str,
}

fn status_rows(statuses: &BTreeMap<(SystemId, FacilityId), Status>) -> Rows {
    let rows: Vec<StatusRow> = statuses
        .iter()
        .enumerate()
        .map(|(index, ((system, facility), status))| StatusRow {
            ordinal: index + 1,
            system: system.0.simple().to_string(),
            facility: facility.0.simple().to_string(),
            status: status.code(),
        })
        .collect();
    Rows::of(&rows)
}

const INSERT_STATUSES: Sql = Sql {
    sqlite: "
    INSERT INTO system_status (incident, system, facility, status, since)
    SELECT $1, unhex(value ->> 'system'), unhex(value ->> 'facility'), value ->> 'status', $3
    FROM json_each($2)",
    postgres: "
    INSERT INTO system_status (incident, system, facility, status, since)
    SELECT $1, system::uuid, facility::uuid, status, $3
    FROM json_to_recordset($2::json) AS row (system TEXT, facility TEXT, status TEXT)",
};

/// Sets what each system is at each facility when the incident begins.
pub async fn insert_statuses(
    tx: &mut Tx,
    incident: IncidentId,
    statuses: &BTreeMap<(SystemId, FacilityId), Status>,
    since: Timestamp,
) -> Result<(), Error> {
    execute!(tx, INSERT_STATUSES, incident.0, status_rows(statuses).text(), since.0).map(|_| ())
}

const LOG_PHASE: &str = "
    INSERT INTO incident_event (
        incident, seq, ordinal, what, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, 0, 'phase', $3, $4, $5, $5, $6)";

const LOG_STATUSES: Sql = Sql {
    sqlite: "
    INSERT INTO incident_event (
        incident, seq, ordinal, what, system, facility, from_state, to_state, event_at, entered_at, account)
    SELECT $1, $3, value ->> 'ordinal', 'status', unhex(value ->> 'system'), unhex(value ->> 'facility'),
        'unknown', value ->> 'status', $4, $4, $5
    FROM json_each($2)",
    postgres: "
    INSERT INTO incident_event (
        incident, seq, ordinal, what, system, facility, from_state, to_state, event_at, entered_at, account)
    SELECT $1, $3, ordinal, 'status', system::uuid, facility::uuid, 'unknown', status, $4, $4, $5
    FROM json_to_recordset($2::json) AS row (ordinal BIGINT, system TEXT, facility TEXT, status TEXT)",
};

/// Writes the events of a beginning: the phase and every status.
pub async fn log_beginning(
    tx: &mut Tx,
    incident: IncidentId,
    seq: i64,
    statuses: &BTreeMap<(SystemId, FacilityId), Status>,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    execute!(tx, LOG_PHASE, incident.0, seq, "", Phase::Downtime.code(), at.0, account.0)?;
    execute!(tx, LOG_STATUSES, incident.0, status_rows(statuses).text(), seq, at.0, account.0).map(|_| ())
}

const BEGIN_TO_CLOSE: &str = "
    UPDATE incident
    SET closing = TRUE
    WHERE id = $1";

/// From here on no more facts are taken, and those that are being written have been written. A refused close
/// takes it back with its transaction.
pub async fn begin_to_close(tx: &mut Tx, incident: IncidentId) -> Result<(), Error> {
    execute!(tx, BEGIN_TO_CLOSE, incident.0).map(|_| ())
}

const SET_PHASE: &str = "
    UPDATE incident
    SET phase = $2, closed_at = $3, closing = $4
    WHERE id = $1";

/// Moves an incident to another phase and writes its event.
pub async fn set_phase(
    tx: &mut Tx,
    row: &IncidentRow,
    to: Phase,
    seq: i64,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    let closed_at = (to == Phase::Closed).then_some(at.0);
    execute!(tx, SET_PHASE, row.id.0, to.code(), closed_at, !to.is_open())?;
    execute!(tx, LOG_PHASE, row.id.0, seq, row.phase.code(), to.code(), at.0, account.0).map(|_| ())
}

const FIND: &str = "
    SELECT id, name, kind, phase, level, cause, started_at, declared_at, closed_at, next_update_at, commander
    FROM incident
    WHERE id = $1";

/// An incident by its id.
pub async fn find(tx: &mut Tx, incident: IncidentId) -> Result<Option<IncidentRow>, Error> {
    fetch_optional!(tx, Kept, FIND, incident.0)?.map(TryInto::try_into).transpose()
}

const LIST: &str = "
    SELECT id, name, kind, phase, level, cause, started_at, declared_at, closed_at, next_update_at, commander
    FROM incident
    ORDER BY id DESC
    LIMIT 200";

/// The newest incidents first, at most 200.
pub async fn list(tx: &mut Tx) -> Result<Vec<IncidentRow>, Error> {
    fetch_all!(tx, Kept, LIST)?.into_iter().map(TryInto::try_into).collect()
}

const OPEN_SCOPES: &str = "
    SELECT incident.id, incident.name, system_status.system, system_status.facility
    FROM incident
    JOIN system_status ON system_status.incident = incident.id
    WHERE incident.kind = $1 AND incident.phase NOT IN ('closed', 'stood_down')
    ORDER BY incident.id";

/// What an open incident covers: its systems at facilities.
pub type OpenScope = (IncidentId, String, BTreeSet<(SystemId, FacilityId)>);

/// Every open incident of a kind with what it covers, the oldest first.
pub async fn open_scopes(tx: &mut Tx, exercise: bool) -> Result<Vec<OpenScope>, Error> {
    let kind = if exercise { "exercise" } else { "real" };
    let rows = fetch_all!(tx, (Uuid, String, Uuid, Uuid), OPEN_SCOPES, kind)?;
    let mut open: Vec<OpenScope> = Vec::new();
    for (incident, name, system, facility) in rows {
        let covered = (SystemId(system), FacilityId(facility));
        match open.last_mut() {
            Some((last, _, scope)) if last.0 == incident => {
                scope.insert(covered);
            }
            _ => open.push((IncidentId(incident), name, BTreeSet::from([covered]))),
        }
    }
    Ok(open)
}

const PLACES: &str = "
    SELECT place
    FROM incident_place
    WHERE incident = $1
    ORDER BY place";

/// The places an incident covers.
pub async fn places(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Place>, Error> {
    let rows = fetch_all!(tx, (String,), PLACES, incident.0)?;
    rows.into_iter()
        .map(|(place,)| place.parse().map_err(|_| Error::Corrupt(format!("a place reads {place:?}"))))
        .collect()
}

const SITE_COUNT: &str = "
    SELECT COUNT(DISTINCT facility)
    FROM system_status
    WHERE incident = $1";

/// At how many facilities the incident is.
pub async fn site_count(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    let (count,) = fetch_one!(tx, (i64,), SITE_COUNT, incident.0)?;
    Ok(count)
}

const STATUSES: &str = "
    SELECT system, facility, status, since
    FROM system_status
    WHERE incident = $1";

/// What each system is at each facility, and since when.
pub async fn statuses(
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<BTreeMap<(SystemId, FacilityId), (Status, Timestamp)>, Error> {
    let rows = fetch_all!(tx, (Uuid, Uuid, String, i64), STATUSES, incident.0)?;
    rows.into_iter()
        .map(|(system, facility, status, since)| {
            let status = Status::from_code(&status)
                .ok_or_else(|| Error::Corrupt(format!("a system's status is {status:?}")))?;
            Ok(((SystemId(system), FacilityId(facility)), (status, Timestamp(since))))
        })
        .collect()
}

/// One system that is something else at one site from now on.
#[derive(Debug, Clone, Copy)]
pub struct StatusChange {
    pub system: SystemId,
    pub site: FacilityId,
    pub before: Status,
    pub after: Status,
}

const SET_STATUS: &str = "
    UPDATE system_status
    SET status = $4, since = $5
    WHERE incident = $1 AND system = $2 AND facility = $3";

const LOG_STATUS: &str = "
    INSERT INTO incident_event (
        incident, seq, ordinal, what, system, facility, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, $3, 'status', $4, $5, $6, $7, $8, $9, $10)";

/// Sets what systems are and writes an event of each change beside the decision's latest entry, which tells of
/// them; `since` is when they became so.
pub async fn set_statuses(
    decision: &mut Decision,
    incident: IncidentId,
    changes: &[StatusChange],
    since: Timestamp,
) -> Result<(), Error> {
    for (ordinal, change) in (1_i64..).zip(changes) {
        let (system, site) = (change.system.0, change.site.0);
        execute!(decision.tx, SET_STATUS, incident.0, system, site, change.after.code(), since.0)?;
        execute!(
            decision.tx,
            LOG_STATUS,
            incident.0,
            decision.seq,
            ordinal,
            system,
            site,
            change.before.code(),
            change.after.code(),
            since.0,
            decision.at.0,
            decision.account.0
        )?;
    }
    Ok(())
}
