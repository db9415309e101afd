//! The SQL of ancillary logs.

use std::collections::BTreeMap;

use domain::{
    ancillary::LogLine,
    id::{AccountId, FormId, IncidentId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all,
    store::{Error, Tx},
};

const ADD: &str = "
    INSERT INTO log_line (
        form, line, seq, event_at, entered_at, account, patient, sealed, missing, minutes, said_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// How a line lies in the database.
pub struct Kept<'a> {
    pub patient: Option<Uuid>,
    pub sealed: &'a [u8],
    pub hash: &'a [u8; 32],
}

/// Keeps a line, never to be changed.
pub async fn add(
    tx: &mut Tx,
    form: FormId,
    (line, kept): (&LogLine, Kept<'_>),
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let missing: Vec<&str> = line.missing.iter().map(|part| part.code()).collect();
    execute!(
        tx,
        ADD,
        form.0,
        line.line,
        seq,
        line.event_at.map(|at| at.0),
        at.0,
        account.0,
        kept.patient,
        kept.sealed,
        missing.join(" "),
        line.minutes,
        &kept.hash[..]
    )
    .map(|_| ())
}

const HASHES: &str = "
    SELECT line, said_hash
    FROM log_line
    WHERE form = $1";

/// What the lines of a sheet say, as keyed hashes.
pub async fn hashes(tx: &mut Tx, form: FormId) -> Result<BTreeMap<i64, Vec<u8>>, Error> {
    Ok(fetch_all!(tx, (i64, Vec<u8>), HASHES, form.0)?.into_iter().collect())
}

/// A line as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LineRow {
    pub form: Uuid,
    pub line: i64,
    pub event_at: Option<i64>,
    pub entered_at: i64,
    pub name: String,
    pub patient: Option<Uuid>,
    /// The key of that patient; `None` when they were erased.
    pub wrapped_key: Option<Vec<u8>>,
    pub sealed: Vec<u8>,
    pub missing: String,
    pub minutes: Option<i64>,
}

macro_rules! lines {
    ($rest:literal) => {
        concat!(
            "
    SELECT log_line.form, log_line.line, log_line.event_at, log_line.entered_at, account.name, log_line.patient,
        patient.wrapped_key, log_line.sealed, log_line.missing, log_line.minutes
    FROM log_line
    JOIN account ON account.id = log_line.account
    LEFT JOIN patient ON patient.id = log_line.patient",
            $rest
        )
    };
}

const LINES: &str = lines!(
    "
    WHERE log_line.form = $1
    ORDER BY log_line.line"
);

/// The lines of a sheet.
pub async fn lines(tx: &mut Tx, form: FormId) -> Result<Vec<LineRow>, Error> {
    fetch_all!(tx, LineRow, LINES, form.0)
}

const OF_TYPE: &str = lines!(
    "
    JOIN form ON form.id = log_line.form
    WHERE form.incident = $1 AND form.form_type = $2 AND (log_line.form, log_line.line) > ($3, $4)
    ORDER BY log_line.form, log_line.line
    LIMIT $5"
);

/// Lines of a kind, after a sheet and line.
pub async fn of_type(
    tx: &mut Tx,
    (incident, form_type): (IncidentId, &str),
    (form, line): (Uuid, i64),
    most: i64,
) -> Result<Vec<LineRow>, Error> {
    fetch_all!(tx, LineRow, OF_TYPE, incident.0, form_type, form, line, most)
}

const COUNTS: &str = "
    SELECT form.form_type, log_line.missing, COUNT(*)
    FROM log_line
    JOIN form ON form.id = log_line.form
    WHERE form.incident = $1
    GROUP BY form.form_type, log_line.missing";

/// How many lines of each kind lack what: kind, codes of what is missing, lines.
pub async fn counts(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(String, String, i64)>, Error> {
    fetch_all!(tx, (String, String, i64), COUNTS, incident.0)
}

const SHEETS: &str = "
    SELECT form.id, COUNT(log_line.line), CAST(COALESCE(SUM(CASE WHEN log_line.missing <> '' THEN 1 ELSE 0 END), 0) AS BIGINT)
    FROM form
    LEFT JOIN log_line ON log_line.form = form.id
    WHERE form.incident = $1 AND form.form_type = $2 AND form.state IN ('used', 'entered', 'verified', 'discrepancy', 'filed')
        AND form.id > $3
    GROUP BY form.id
    ORDER BY form.id
    LIMIT $4";

/// Used sheets of a kind, after one: its id, its lines, and how many of them lack something.
pub async fn sheets(
    tx: &mut Tx,
    (incident, form_type): (IncidentId, &str),
    after: Uuid,
    most: i64,
) -> Result<Vec<(Uuid, i64, i64)>, Error> {
    fetch_all!(tx, (Uuid, i64, i64), SHEETS, incident.0, form_type, after, most)
}
