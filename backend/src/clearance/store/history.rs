//! The SQL of what became of a scope: its steps, and what was taken back of it.

use std::collections::BTreeMap;

use domain::{
    clearance::{Clearance, Stage, Step},
    id::{AccountId, ClearanceId, IncidentId},
    scope::{Place, Places, Scope},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::{Moment, id_list, stage};
use crate::{
    execute, fetch_all, fetch_one,
    instructions::store::scope,
    places::store as places,
    store::{Error, Sql, Tx},
};

const INSERT_REVOCATION: &str = "
    INSERT INTO revocation (
        incident, seq, clearance, place, system, functions, reason, released_seq, released_at, revoked_at, account)
    SELECT $1, $2, id, $4, system, $5, $6, released_seq, released_at, $7, $8
    FROM clearance
    WHERE id = $3";

/// Records that a part of a scope, or all of it, is taken back.
pub async fn insert_revocation(
    tx: &mut Tx,
    incident: IncidentId,
    clearance: ClearanceId,
    (part, reason): (&Scope, &str),
    moment: Moment,
) -> Result<(), Error> {
    execute!(
        tx,
        INSERT_REVOCATION,
        incident.0,
        moment.seq,
        clearance.0,
        part.place.to_string(),
        part.functions.bits(),
        reason,
        moment.at.0,
        moment.account.0
    )
    .map(|_| ())
}

const SHRINK: &str = "
    UPDATE clearance
    SET functions = $2
    WHERE id = $1";

/// Leaves a scope with the functions that were not taken back.
pub async fn shrink(tx: &mut Tx, clearance: &Clearance) -> Result<(), Error> {
    execute!(tx, SHRINK, clearance.id.0, clearance.scope.functions.bits()).map(|_| ())
}

const PARTED: &str = "
    UPDATE clearance
    SET parted_from = $2
    WHERE id = $1";

/// Keeps of which scope this one was a part.
pub async fn parted_from(tx: &mut Tx, part: ClearanceId, whole: ClearanceId) -> Result<(), Error> {
    execute!(tx, PARTED, part.0, whole.0).map(|_| ())
}

const WINDOW: &str = "
    SELECT COUNT(*)
    FROM journal
    WHERE chain = $1 AND seq > $2 AND seq < $3";

/// How many entries the log has between a release and its revocation.
pub async fn entries_between(tx: &mut Tx, incident: IncidentId, from: i64, to: i64) -> Result<i64, Error> {
    let (count,) = fetch_one!(tx, (i64,), WINDOW, incident.0, from, to)?;
    Ok(count)
}

const TIMES: Sql = Sql {
    sqlite: "
    SELECT clearance, to_stage, event_at
    FROM clearance_event
    WHERE clearance IN (SELECT unhex(value) FROM json_each($1))
    ORDER BY seq, ordinal",
    postgres: "
    SELECT clearance, to_stage, event_at
    FROM clearance_event
    WHERE clearance IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    ORDER BY seq, ordinal",
};

/// When each of these scopes reached each stage, in order.
pub async fn times(
    tx: &mut Tx,
    ids: &[ClearanceId],
) -> Result<BTreeMap<ClearanceId, Vec<(Stage, Timestamp)>>, Error> {
    let mut times: BTreeMap<ClearanceId, Vec<(Stage, Timestamp)>> = BTreeMap::new();
    for (id, code, at) in fetch_all!(tx, (Uuid, String, i64), TIMES, id_list(ids))? {
        times.entry(ClearanceId(id)).or_default().push((stage(&code)?, Timestamp(at)));
    }
    Ok(times)
}

const STEPS: &str = "
    SELECT from_stage, to_stage, event_at, account
    FROM clearance_event
    WHERE clearance = $1
    ORDER BY seq, ordinal";

/// Every step of a scope, in order, with when and by whom.
pub async fn steps(tx: &mut Tx, id: ClearanceId) -> Result<Vec<(Step, Timestamp, AccountId)>, Error> {
    let rows = fetch_all!(tx, (String, String, i64, Uuid), STEPS, id.0)?;
    rows.into_iter()
        .map(|(from, to, at, by)| {
            // The first step begins nowhere.
            let from = Stage::from_code(&from).unwrap_or(Stage::Waiting);
            Ok((Step { from, to: stage(&to)? }, Timestamp(at), AccountId(by)))
        })
        .collect()
}

/// A part of a scope that was taken back.
#[derive(Debug, Clone)]
pub struct RevokedPart {
    pub part: Scope,
    pub reason: String,
    pub at: Timestamp,
    pub by: AccountId,
}

const REVOKED: &str = "
    SELECT place, system, functions, reason, revoked_at, account
    FROM revocation
    WHERE clearance = $1
    ORDER BY seq";

/// What was taken back of a scope, in order.
pub async fn revocations(tx: &mut Tx, id: ClearanceId) -> Result<Vec<RevokedPart>, Error> {
    let rows = fetch_all!(tx, (String, Uuid, i64, String, i64, Uuid), REVOKED, id.0)?;
    rows.into_iter()
        .map(|(place, system, functions, reason, at, by)| {
            let part = scope(&place, system, functions)?;
            Ok(RevokedPart { part, reason, at: Timestamp(at), by: AccountId(by) })
        })
        .collect()
}

/// The names of the places within a scope that go their own way back and are not clear yet.
pub async fn parted_places(
    tx: &mut Tx,
    incident: IncidentId,
    of: &Scope,
    lattice: &Places,
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    if matches!(of.place, Place::Unit(_)) {
        // Nothing lies inside a unit, and a long ladder need not be read to know that.
        return Ok(names);
    }
    for row in super::scopes(tx, incident).await? {
        let is_inside = row.scope.target == of.target
            && row.scope.functions.meets(of.functions)
            && row.scope.place != of.place
            && lattice.contains(of.place, row.scope.place);
        if is_inside && !row.stage.is_clear() {
            names.push(places::name(tx, row.scope.place).await?);
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}
