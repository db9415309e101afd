//! The SQL of command's own paper.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::{AccountId, IncidentId},
    late_entries::{Line, SheetKind, State},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

/// A sheet as it is kept.
#[derive(Debug, Clone)]
pub struct SheetRow {
    pub id: Uuid,
    pub kind: SheetKind,
    pub number: i64,
    pub state: State,
    pub handed_to: String,
    pub handed_at: Option<Timestamp>,
    pub lines: i64,
}

type Kept = (Uuid, String, i64, String, String, Option<i64>, i64);

fn row((id, kind, number, state, handed_to, handed_at, lines): Kept) -> Result<SheetRow, Error> {
    let known = (SheetKind::from_code(&kind), State::from_code(&state));
    let (Some(kind), Some(state)) = known else {
        return Err(Error::Corrupt(format!("a sheet is {state:?} of {kind:?}")));
    };
    Ok(SheetRow { id, kind, number, state, handed_to, handed_at: handed_at.map(Timestamp), lines })
}

const FIND: &str = "
    SELECT id, kind, number, state, handed_to, handed_at, lines
    FROM late_sheet
    WHERE incident = $1 AND kind = $2 AND number = $3";

/// One sheet, when it is known.
pub async fn find(
    tx: &mut Tx,
    incident: IncidentId,
    (kind, number): (SheetKind, i64),
) -> Result<Option<SheetRow>, Error> {
    fetch_optional!(tx, Kept, FIND, incident.0, kind.code(), number)?.map(row).transpose()
}

const OF_NUMBERS: Sql = Sql {
    sqlite: "
    SELECT id, kind, number, state, handed_to, handed_at, lines
    FROM late_sheet
    WHERE incident = $1 AND kind = $2 AND number IN (SELECT value FROM json_each($3))
    ORDER BY number",
    postgres: "
    SELECT id, kind, number, state, handed_to, handed_at, lines
    FROM late_sheet
    WHERE incident = $1 AND kind = $2
        AND number IN (SELECT value::bigint FROM json_array_elements_text($3::json))
    ORDER BY number",
};

/// The sheets of these numbers that are known.
pub async fn of_numbers(
    tx: &mut Tx,
    incident: IncidentId,
    kind: SheetKind,
    numbers: &BTreeSet<i64>,
) -> Result<Vec<SheetRow>, Error> {
    let numbers: Vec<i64> = numbers.iter().copied().collect();
    let rows = fetch_all!(tx, Kept, OF_NUMBERS, incident.0, kind.code(), Rows::of(&numbers).text())?;
    rows.into_iter().map(row).collect()
}

const LAST: &str = "
    SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT)
    FROM late_sheet
    WHERE incident = $1 AND kind = $2";

/// The largest number that a sheet of a kind has.
pub async fn last_number(tx: &mut Tx, incident: IncidentId, kind: SheetKind) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), LAST, incident.0, kind.code())?.0)
}

#[derive(Serialize)]
struct NewSheet {
    id: String,
    number: i64,
}

const INSERT: Sql = Sql {
    sqlite: "
    INSERT INTO late_sheet (id, incident, kind, number, state, handed_to, handed_at, lines, changed_at)
    SELECT unhex(value ->> 'id'), $1, $2, value ->> 'number', $3, $4, $5, 0, $6
    FROM json_each($7)",
    postgres: "
    INSERT INTO late_sheet (id, incident, kind, number, state, handed_to, handed_at, lines, changed_at)
    SELECT id::uuid, $1, $2, number, $3, $4, $5, 0, $6
    FROM json_to_recordset($7::json) AS row (id TEXT, number BIGINT)",
};

/// Where sheets come from.
pub struct Handed<'a> {
    pub to: &'a str,
    pub at: Option<Timestamp>,
}

/// Adds sheets in a state.
pub async fn insert(
    tx: &mut Tx,
    (incident, kind): (IncidentId, SheetKind),
    sheets: &[(Uuid, i64)],
    (state, handed): (State, Handed<'_>),
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let new: Vec<NewSheet> =
        sheets.iter().map(|(id, number)| NewSheet { id: id.simple().to_string(), number: *number }).collect();
    let handed_at = handed.at.map(|at| at.0);
    let (rows, code) = (Rows::of(&new), state.code());
    execute!(tx, INSERT, incident.0, kind.code(), code, handed.to, handed_at, at.0, rows.text())?;
    let ids: Vec<(Uuid, &str)> = sheets.iter().map(|(id, _)| (*id, "")).collect();
    note(tx, &ids, state, (seq, at, account)).await
}

#[derive(Serialize)]
struct Moved<'a> {
    id: String,
    state: &'a str,
}

const EVENTS: Sql = Sql {
    sqlite: "
    INSERT INTO late_sheet_event (sheet, seq, from_state, to_state, event_at, entered_at, account)
    SELECT unhex(value ->> 'id'), $1, value ->> 'state', $2, $3, $3, $4
    FROM json_each($5)",
    postgres: "
    INSERT INTO late_sheet_event (sheet, seq, from_state, to_state, event_at, entered_at, account)
    SELECT id::uuid, $1, state, $2, $3, $3, $4
    FROM json_to_recordset($5::json) AS row (id TEXT, state TEXT)",
};

async fn note(
    tx: &mut Tx,
    moved: &[(Uuid, &str)],
    to: State,
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let rows: Vec<Moved<'_>> =
        moved.iter().map(|(id, state)| Moved { id: id.simple().to_string(), state }).collect();
    execute!(tx, EVENTS, seq, to.code(), at.0, account.0, Rows::of(&rows).text()).map(|_| ())
}

const MOVE: Sql = Sql {
    sqlite: "
    UPDATE late_sheet
    SET state = $1, changed_at = $2
    WHERE id IN (SELECT unhex(value) FROM json_each($3))",
    postgres: "
    UPDATE late_sheet
    SET state = $1, changed_at = $2
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($3::json))",
};

/// Moves sheets to a state, with their events.
pub async fn move_to(
    tx: &mut Tx,
    rows: &[SheetRow],
    to: State,
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.simple().to_string()).collect();
    execute!(tx, MOVE, to.code(), at.0, Rows::of(&ids).text())?;
    let moved: Vec<(Uuid, &str)> = rows.iter().map(|row| (row.id, row.state.code())).collect();
    note(tx, &moved, to, (seq, at, account)).await
}

const ADD_LINES: &str = "
    UPDATE late_sheet
    SET lines = lines + $2
    WHERE id = $1";

const ADD_LINE: &str = "
    INSERT INTO late_line (sheet, line, seq, event_at, until_at, entered_at, account, said_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Keeps a line with the number of its entry in the log.
pub async fn add_line(
    tx: &mut Tx,
    sheet: Uuid,
    (line, hash): (&Line, &[u8; 32]),
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let until = line.until.map(|until| until.0);
    execute!(tx, ADD_LINE, sheet, line.number, seq, line.event_at.0, until, at.0, account.0, &hash[..])?;
    execute!(tx, ADD_LINES, sheet, 1_i64).map(|_| ())
}

const HASHES: &str = "
    SELECT line, said_hash
    FROM late_line
    WHERE sheet = $1";

/// What each line of a sheet says, as hashes.
pub async fn hashes(tx: &mut Tx, sheet: Uuid) -> Result<BTreeMap<i64, Vec<u8>>, Error> {
    Ok(fetch_all!(tx, (i64, Vec<u8>), HASHES, sheet)?.into_iter().collect())
}

/// A line as its page shows it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LineRow {
    pub line: i64,
    pub seq: i64,
    pub event_at: i64,
    pub until_at: Option<i64>,
    pub entered_at: i64,
    pub name: String,
    pub data: String,
}

const LINES: &str = "
    SELECT late_line.line, late_line.seq, late_line.event_at, late_line.until_at, late_line.entered_at,
        account.name, journal.data
    FROM late_line
    JOIN account ON account.id = late_line.account
    JOIN journal ON journal.chain = $1 AND journal.seq = late_line.seq
    WHERE late_line.sheet = $2
    ORDER BY late_line.line";

/// The lines of a sheet.
pub async fn lines(tx: &mut Tx, incident: IncidentId, sheet: Uuid) -> Result<Vec<LineRow>, Error> {
    fetch_all!(tx, LineRow, LINES, incident.0, sheet)
}

const TEXTS: &str = "
    SELECT late_line.line, journal_text.name, journal_text.body
    FROM late_line
    JOIN journal_text ON journal_text.chain = $1 AND journal_text.seq = late_line.seq
    WHERE late_line.sheet = $2";

/// The words of the lines of a sheet, by line and name.
pub async fn texts(
    tx: &mut Tx,
    incident: IncidentId,
    sheet: Uuid,
) -> Result<BTreeMap<(i64, String), String>, Error> {
    let rows = fetch_all!(tx, (i64, String, String), TEXTS, incident.0, sheet)?;
    Ok(rows.into_iter().map(|(line, name, body)| ((line, name), body)).collect())
}

const COUNTS: &str = "
    SELECT kind, state, COUNT(*), CAST(SUM(lines) AS BIGINT)
    FROM late_sheet
    WHERE incident = $1
    GROUP BY kind, state";

/// How many sheets of each kind are in each state, and how many lines they have.
pub async fn counts(
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<BTreeMap<(SheetKind, State), (i64, i64)>, Error> {
    let rows = fetch_all!(tx, (String, String, i64, i64), COUNTS, incident.0)?;
    let read = |(kind, state, sheets, lines): (String, String, i64, i64)| {
        Some(((SheetKind::from_code(&kind)?, State::from_code(&state)?), (sheets, lines)))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

const OUT: &str = "
    SELECT COUNT(*)
    FROM late_sheet
    WHERE incident = $1 AND state = 'out'";

/// How many sheets are out.
pub async fn out(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), OUT, incident.0)?.0)
}

const LIST: &str = "
    SELECT id, kind, number, state, handed_to, handed_at, lines
    FROM late_sheet
    WHERE incident = $1 AND state = $2 AND (kind, number) > ($3, $4)
    ORDER BY kind, number
    LIMIT $5";

/// One page of the sheets in a state, after a kind and number.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    state: State,
    (kind, number): (&str, i64),
    most: i64,
) -> Result<Vec<SheetRow>, Error> {
    let rows = fetch_all!(tx, Kept, LIST, incident.0, state.code(), kind, number, most)?;
    rows.into_iter().map(row).collect()
}

/// Whose draft it is, of which sheet.
#[derive(Debug, Clone, Copy)]
pub struct DraftOf {
    pub incident: IncidentId,
    pub kind: SheetKind,
    pub number: i64,
    pub account: AccountId,
}

const KEEP_DRAFT: &str = "
    INSERT INTO late_draft (incident, kind, number, account, lines, sealed, saved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (incident, kind, number, account) DO UPDATE
    SET lines = excluded.lines, sealed = excluded.sealed, saved_at = excluded.saved_at";

/// Keeps what somebody has typed so far, in place of what they had typed before.
pub async fn keep_draft(
    tx: &mut Tx,
    of: DraftOf,
    (lines, sealed): (i64, &[u8]),
    at: Timestamp,
) -> Result<(), Error> {
    let (kind, number) = (of.kind.code(), of.number);
    execute!(tx, KEEP_DRAFT, of.incident.0, kind, number, of.account.0, lines, sealed, at.0).map(|_| ())
}

const DRAFT: &str = "
    SELECT sealed, saved_at
    FROM late_draft
    WHERE incident = $1 AND kind = $2 AND number = $3 AND account = $4";

/// What somebody has typed so far.
pub async fn draft(tx: &mut Tx, of: DraftOf) -> Result<Option<(Vec<u8>, i64)>, Error> {
    fetch_optional!(tx, (Vec<u8>, i64), DRAFT, of.incident.0, of.kind.code(), of.number, of.account.0)
}

const FORGET_DRAFT: &str = "
    DELETE FROM late_draft
    WHERE incident = $1 AND kind = $2 AND number = $3 AND account = $4";

/// Forgets a draft whose lines were entered.
pub async fn forget_draft(tx: &mut Tx, of: DraftOf) -> Result<(), Error> {
    execute!(tx, FORGET_DRAFT, of.incident.0, of.kind.code(), of.number, of.account.0).map(|_| ())
}

const DRAFTS: &str = "
    SELECT kind, number, lines, saved_at
    FROM late_draft
    WHERE incident = $1 AND account = $2
    ORDER BY saved_at DESC
    LIMIT 100";

/// Somebody's drafts: kind, number, lines, when they were kept.
pub async fn drafts(
    tx: &mut Tx,
    incident: IncidentId,
    account: AccountId,
) -> Result<Vec<(String, i64, i64, i64)>, Error> {
    fetch_all!(tx, (String, i64, i64, i64), DRAFTS, incident.0, account.0)
}
