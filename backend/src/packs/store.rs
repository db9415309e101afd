//! The SQL of packs.

use domain::{
    id::{AccountId, IncidentId, PackId, UnitId},
    packs::{Printed, State},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Sql, Tx},
};

/// A pack as it is kept.
#[derive(Debug, Clone)]
pub struct PackRow {
    pub id: PackId,
    pub unit: UnitId,
    pub state: State,
    pub printed: Printed,
    pub sheets: i64,
    pub made_at: Timestamp,
    pub incident: Option<IncidentId>,
    pub reason: String,
}

type Kept = (Uuid, Uuid, String, String, i64, i64, Option<Uuid>, String);

fn row((id, unit, state, printed, sheets, made_at, incident, reason): Kept) -> Result<PackRow, Error> {
    let state = State::from_code(&state).ok_or_else(|| Error::Corrupt(format!("a pack is {state:?}")))?;
    let printed = serde_json::from_str(&printed).map_err(|error| Error::Corrupt(error.to_string()))?;
    let (id, unit, incident) = (PackId(id), UnitId(unit), incident.map(IncidentId));
    Ok(PackRow { id, unit, state, printed, sheets, made_at: Timestamp(made_at), incident, reason })
}

const INSERT: &str = "
    INSERT INTO pack (id, unit, state, printed, sheets, made_at, account, changed_at, changed_by)
    VALUES ($1, $2, 'printed', $3, $4, $5, $6, $5, $6)";

const INSERT_RANGE: &str = "
    INSERT INTO pack_range (pack, form_type, prefix, first, last)
    VALUES ($1, $2, $3, $4, $5)";

/// Keeps a pack as it is printed.
pub async fn insert(
    tx: &mut Tx,
    (id, unit): (PackId, UnitId),
    printed: &Printed,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    let text = serde_json::to_string(printed).expect("what is printed is plain data");
    execute!(tx, INSERT, id.0, unit.0, text, printed.sheets(), at.0, account.0)?;
    for range in &printed.ranges {
        let (code, prefix) = (&range.form.code, &range.form.serial_prefix);
        execute!(tx, INSERT_RANGE, id.0, code, prefix, range.first, range.last)?;
    }
    Ok(())
}

const FIND: &str = "
    SELECT id, unit, state, printed, sheets, made_at, incident, reason
    FROM pack
    WHERE id = $1";

/// One pack.
pub async fn find(tx: &mut Tx, id: PackId) -> Result<Option<PackRow>, Error> {
    fetch_optional!(tx, Kept, FIND, id.0)?.map(row).transpose()
}

const LIST: Sql = Sql {
    sqlite: "
    SELECT id, unit, state, printed, sheets, made_at, incident, reason
    FROM pack
    WHERE ($1 = '' OR state = $1) AND ($2 IS NULL OR id < $2)
    ORDER BY id DESC
    LIMIT $3",
    postgres: "
    SELECT id, unit, state, printed, sheets, made_at, incident, reason
    FROM pack
    WHERE ($1::text = '' OR state = $1) AND ($2::uuid IS NULL OR id < $2)
    ORDER BY id DESC
    LIMIT $3",
};

/// A page of packs, the newest first.
pub async fn list(
    tx: &mut Tx,
    state: &str,
    before: Option<PackId>,
    most: i64,
) -> Result<Vec<PackRow>, Error> {
    let rows = fetch_all!(tx, Kept, LIST, state, before.map(|id| id.0), most)?;
    rows.into_iter().map(row).collect()
}

const READY: &str = "
    SELECT COUNT(*)
    FROM pack
    WHERE state = 'printed'";

/// How many packs lie ready.
pub async fn ready(tx: &mut Tx) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), READY)?.0)
}

const MOVE: &str = "
    UPDATE pack
    SET state = $2, incident = $3, changed_at = $4, changed_by = $5, reason = $6
    WHERE id = $1 AND state = 'printed'";

/// Where a pack goes.
pub struct Change<'a> {
    pub state: State,
    pub incident: Option<IncidentId>,
    pub reason: &'a str,
}

/// Moves a pack that lies ready; false when another decision was first.
pub async fn change(
    tx: &mut Tx,
    id: PackId,
    to: &Change<'_>,
    at: Timestamp,
    account: AccountId,
) -> Result<bool, Error> {
    let incident = to.incident.map(|incident| incident.0);
    Ok(execute!(tx, MOVE, id.0, to.state.code(), incident, at.0, account.0, to.reason)? == 1)
}
