//! The SQL of ranges: the numbers they take from the installation's counter, and rule 8 over each of them.

use std::collections::BTreeMap;

use domain::{
    forms::{IssueRange, Ledger},
    id::{AccountId, IncidentId, IssueId},
    time::Timestamp,
};
use serde::Serialize;

use crate::{
    execute, fetch_one, fetch_optional, later,
    store::{Error, Rows, Sql, Tx},
};

/// A range to be written.
pub struct NewIssue<'a> {
    pub id: IssueId,
    pub incident: IncidentId,
    pub range: &'a IssueRange,
    pub first: i64,
    pub last: i64,
}

const INSERT_ISSUE: &str = "
    INSERT INTO form_issue (
        id, incident, form_type, unit, first, last, shift_on, shift, taken_by, issued_at, account, seq, out, used,
        blank, voided, missing)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 0, 0)";

/// Adds a range that is handed to a unit.
pub async fn insert_issue(
    tx: &mut Tx,
    new: &NewIssue<'_>,
    at: Timestamp,
    account: AccountId,
    seq: i64,
) -> Result<(), Error> {
    let (code, unit) = (&new.range.form_type.code, new.range.unit.0);
    execute!(
        tx,
        INSERT_ISSUE,
        new.id.0,
        new.incident.0,
        code,
        unit,
        new.first,
        new.last,
        &new.range.shift.on,
        &new.range.shift.name,
        &new.range.taken_by,
        at.0,
        account.0,
        seq,
        new.last - new.first + 1
    )
    .map(|_| ())
}

const TAKE_NUMBERS: &str = "
    INSERT INTO form_counter (prefix, last)
    VALUES ($1, $2)
    ON CONFLICT (prefix) DO UPDATE
    SET last = form_counter.last + excluded.last
    RETURNING last";

/// Takes the next numbers of a prefix from the installation's counter and gives the first: nobody else gets them, in
/// no incident and in no pack that is printed ahead.
pub async fn take_numbers(tx: &mut Tx, prefix: &str, sheets: i64) -> Result<i64, Error> {
    let (last,) = fetch_one!(tx, (i64,), TAKE_NUMBERS, prefix, sheets)?;
    Ok(last - sheets + 1)
}

const PASS_NUMBERS: &str = "
    INSERT INTO form_counter (prefix, last)
    VALUES ($1, $2)
    ON CONFLICT (prefix) DO UPDATE
    SET last = CASE WHEN form_counter.last < excluded.last THEN excluded.last ELSE form_counter.last END";

/// Puts the counter past a number that was not taken from it: of sheets that were printed elsewhere.
pub async fn pass_numbers(tx: &mut Tx, prefix: &str, last: i64) -> Result<(), Error> {
    execute!(tx, PASS_NUMBERS, prefix, last).map(|_| ())
}

const FIRST_TAKEN: &str = "
    SELECT MIN(number)
    FROM form
    WHERE incident = $1 AND prefix = $2 AND number BETWEEN $3 AND $4";

/// The first number of a range that is handed out already.
pub async fn first_taken(
    tx: &mut Tx,
    incident: IncidentId,
    prefix: &str,
    first: i64,
    last: i64,
) -> Result<Option<i64>, Error> {
    let (taken,) = fetch_one!(tx, (Option<i64>,), FIRST_TAKEN, incident.0, prefix, first, last)?;
    Ok(taken)
}

const PRINTED_AHEAD: &str = "
    SELECT pack_range.first, unit.name
    FROM pack_range
    JOIN pack ON pack.id = pack_range.pack
    JOIN unit ON unit.id = pack.unit
    WHERE pack_range.prefix = $1 AND pack_range.first <= $3 AND pack_range.last >= $2 AND pack.state <> 'handed_out'
    ORDER BY pack_range.first
    LIMIT 1";

/// The first number of a range that lies in a pack which was printed ahead and not handed out as a whole, and the unit
/// for which it was printed.
pub async fn printed_ahead(
    tx: &mut Tx,
    prefix: &str,
    first: i64,
    last: i64,
) -> Result<Option<(i64, String)>, Error> {
    let found = fetch_optional!(tx, (i64, String), PRINTED_AHEAD, prefix, first, last)?;
    Ok(found.map(|(from, unit)| (from.max(first), unit)))
}

const ADD_TO_ISSUE: Sql = Sql {
    sqlite: "
    UPDATE form_issue
    SET out = out + (value ->> 'out'), used = used + (value ->> 'used'), blank = blank + (value ->> 'blank'),
        voided = voided + (value ->> 'voided'), missing = missing + (value ->> 'missing')
    FROM json_each($1)
    WHERE form_issue.id = unhex(value ->> 'id')",
    postgres: "
    UPDATE form_issue
    SET out = form_issue.out + row.out, used = form_issue.used + row.used, blank = form_issue.blank + row.blank,
        voided = form_issue.voided + row.voided, missing = form_issue.missing + row.missing
    FROM json_to_recordset($1::json) AS row (
        id TEXT, out BIGINT, used BIGINT, blank BIGINT, voided BIGINT, missing BIGINT)
    WHERE form_issue.id = row.id::uuid",
};

#[derive(Serialize)]
struct IssueSum {
    id: String,
    out: i64,
    used: i64,
    blank: i64,
    voided: i64,
    missing: i64,
}

/// Adds what changed to the sums of ranges.
pub async fn add(tx: &mut Tx, sums: &BTreeMap<IssueId, Ledger>) -> Result<(), Error> {
    let row = |(id, sum): (&IssueId, &Ledger)| IssueSum {
        id: id.0.simple().to_string(),
        out: sum.out,
        used: sum.used,
        blank: sum.blank,
        voided: sum.voided,
        missing: sum.missing,
    };
    let rows: Vec<IssueSum> = sums.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    later!(tx, ADD_TO_ISSUE, Rows::of(&rows).text())
}
