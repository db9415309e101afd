//! The SQL of lists that are written ahead of the decision that takes them over.

use domain::{
    checks::{Kind, Side},
    id::IncidentId,
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::{Said, Says};
use crate::{
    execute, fetch_all, fetch_one,
    store::{Error, Rows, Sql, Tx},
};

const BEGIN: &str = "
    INSERT INTO check_stage (id, begun_at)
    VALUES ($1, $2)";

/// Begins a list.
pub async fn begin(tx: &mut Tx, stage: Uuid, at: Timestamp) -> Result<(), Error> {
    execute!(tx, BEGIN, stage, at.0).map(|_| ())
}

const ADD: Sql = Sql {
    sqlite: "
    INSERT INTO check_said (stage, key_hash, line, patient, sealed, unit, expected, found)
    SELECT $1, unhex(value ->> 'hash'), unhex(value ->> 'id'), unhex(value ->> 'patient'), unhex(value ->> 'sealed'),
        unhex(value ->> 'unit'), value ->> 'expected', value ->> 'found'
    FROM json_each($2)",
    postgres: "
    INSERT INTO check_said (stage, key_hash, line, patient, sealed, unit, expected, found)
    SELECT $1, decode(hash, 'hex'), id::uuid, patient::uuid, decode(sealed, 'hex'), unit::uuid, expected, found
    FROM json_to_recordset($2::json) AS said (
        id TEXT, patient TEXT, hash TEXT, sealed TEXT, unit TEXT, expected BIGINT, found BIGINT)",
};

/// Adds rows to a list.
pub async fn add(tx: &mut Tx, stage: Uuid, rows: &[Said]) -> Result<(), Error> {
    execute!(tx, ADD, stage, Rows::of(rows).text()).map(|_| ())
}

/// How a list fits what is there, in rows.
#[derive(Debug, Clone, Copy)]
pub struct Fits {
    pub staged: usize,
    /// Of these, the check has a line.
    pub known: usize,
    /// Of these, the line's number stays.
    pub same: usize,
    /// Their patient was erased meanwhile.
    pub erased: usize,
    /// Another list has made their line meanwhile, without a patient: what was sealed for another line cannot be read
    /// as that one's.
    pub others: usize,
}

const FITS: &str = "
    SELECT COUNT(*), COUNT(check_line.id),
        COUNT(*) FILTER (WHERE CASE WHEN $4 = TRUE THEN check_said.expected = check_line.expected
            ELSE check_said.found = check_line.found END),
        COUNT(*) FILTER (WHERE patient.id IS NOT NULL AND patient.wrapped_key IS NULL),
        COUNT(*) FILTER (WHERE check_line.patient IS NULL AND check_said.patient IS NOT NULL
            AND check_line.id <> check_said.line)
    FROM check_said
    LEFT JOIN check_line ON check_line.incident = $2 AND check_line.kind = $3
        AND check_line.key_hash = check_said.key_hash
    LEFT JOIN patient ON patient.id = check_said.patient
    WHERE check_said.stage = $1";

/// Compares a list that was written ahead with what is there.
pub async fn fits(
    tx: &mut Tx,
    stage: Uuid,
    (incident, kind, side): (IncidentId, Kind, Side),
) -> Result<Fits, Error> {
    let is_expected = side == Side::Expected;
    let row: (i64, i64, i64, i64, i64) =
        fetch_one!(tx, (i64, i64, i64, i64, i64), FITS, stage, incident.0, kind.code(), is_expected)?;
    let number = |count: i64| usize::try_from(count).unwrap_or(0);
    Ok(Fits {
        staged: number(row.0),
        known: number(row.1),
        same: number(row.2),
        erased: number(row.3),
        others: number(row.4),
    })
}

const PUT: &str = put!(
    "
    SELECT line, $1, $2, key_hash, patient, sealed, unit, expected, found,
        CASE WHEN expected = found OR ($5 = TRUE AND expected <= found) THEN 'even' ELSE 'open' END, $6
    FROM check_said
    WHERE stage = $7"
);

/// Makes what was written ahead lines of the check, by the same rule as [`super::put`].
pub async fn put(
    tx: &mut Tx,
    stage: Uuid,
    (incident, kind, side): (IncidentId, Kind, Side),
    at: Timestamp,
) -> Result<(), Error> {
    let (says, surplus): (Says, bool) = (side.into(), !kind.has_lists());
    execute!(tx, PUT, incident.0, kind.code(), says.expected, says.found, surplus, at.0, stage).map(|_| ())
}

const FORGET_SOME: &str = "
    DELETE FROM check_said
    WHERE stage = $1 AND key_hash IN (SELECT key_hash FROM check_said WHERE stage = $1 LIMIT 1000)";

const FORGET: &str = "
    DELETE FROM check_stage
    WHERE id = $1";

/// Forgets some rows of what was written ahead, and it itself with the last. Whether there is more.
pub async fn forget(tx: &mut Tx, stage: Uuid) -> Result<bool, Error> {
    if execute!(tx, FORGET_SOME, stage)? > 0 {
        return Ok(true);
    }
    execute!(tx, FORGET, stage)?;
    Ok(false)
}

const STALE: &str = "
    SELECT id
    FROM check_stage
    WHERE begun_at < $1";

/// What was begun before a moment and is still here.
pub async fn stale(tx: &mut Tx, before: Timestamp) -> Result<Vec<Uuid>, Error> {
    Ok(fetch_all!(tx, (Uuid,), STALE, before.0)?.into_iter().map(|(id,)| id).collect())
}
