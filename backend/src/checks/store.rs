//! The SQL of cross-checks: the census, lines, what was done about them, and their tallies.

use domain::{
    checks::{CensusRow, Kind, Line, Side, State},
    id::{AccountId, IncidentId, UnitId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

#[derive(Serialize)]
struct CensusLine<'a> {
    unit: String,
    day: &'a str,
    occasion: &'static str,
    number: i64,
}

const SET_CENSUS: Sql = Sql {
    sqlite: "
    INSERT INTO check_census (incident, unit, day, occasion, number, changed_at, account)
    SELECT $1, unhex(value ->> 'unit'), value ->> 'day', value ->> 'occasion', value ->> 'number', $2, $3
    FROM json_each($4)
    WHERE TRUE
    ON CONFLICT (incident, unit, day, occasion) DO UPDATE
    SET number = excluded.number, changed_at = excluded.changed_at, account = excluded.account",
    postgres: "
    INSERT INTO check_census (incident, unit, day, occasion, number, changed_at, account)
    SELECT $1, unit::uuid, day, occasion, number, $2, $3
    FROM json_to_recordset($4::json) AS row (unit TEXT, day TEXT, occasion TEXT, number BIGINT)
    ON CONFLICT (incident, unit, day, occasion) DO UPDATE
    SET number = excluded.number, changed_at = excluded.changed_at, account = excluded.account",
};

/// Says how often something happened; what was said of the same unit, day and occasion is replaced.
pub async fn set_census(
    tx: &mut Tx,
    incident: IncidentId,
    rows: &[CensusRow],
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    let line = |row: &CensusRow| {
        let (unit, occasion) = (row.unit.0.simple().to_string(), row.occasion.code());
        (unit, row.day.clone(), occasion, row.number)
    };
    let lines: Vec<_> = rows.iter().map(line).collect();
    let lines: Vec<CensusLine<'_>> = lines
        .iter()
        .map(|(unit, day, occasion, number)| CensusLine {
            unit: unit.clone(),
            day,
            occasion,
            number: *number,
        })
        .collect();
    execute!(tx, SET_CENSUS, incident.0, at.0, account.0, Rows::of(&lines).text()).map(|_| ())
}

const CENSUS: &str = "
    SELECT check_census.unit, unit.setting, occasion, CAST(SUM(number) AS BIGINT)
    FROM check_census
    JOIN unit ON unit.id = check_census.unit
    WHERE incident = $1
    GROUP BY check_census.unit, unit.setting, occasion";

/// The census over all days: unit, code of its setting, occasion, number.
pub async fn census(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Uuid, String, String, i64)>, Error> {
    fetch_all!(tx, (Uuid, String, String, i64), CENSUS, incident.0)
}

/// Every number of an incident's census, as compared with a file.
pub async fn census_rows(
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<Vec<(Uuid, String, String, i64)>, Error> {
    fetch_all!(
        tx,
        (Uuid, String, String, i64),
        "
    SELECT unit, day, occasion, number
    FROM check_census
    WHERE incident = $1",
        incident.0
    )
}

const DAYS: &str = "
    SELECT day, occasion, CAST(SUM(number) AS BIGINT), COUNT(*)
    FROM check_census
    WHERE incident = $1
    GROUP BY day, occasion
    ORDER BY day DESC, occasion
    LIMIT 500";

/// The census day by day: day, occasion, how many, from how many units.
pub async fn days(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(String, String, i64, i64)>, Error> {
    fetch_all!(tx, (String, String, i64, i64), DAYS, incident.0)
}

const USED: &str = "
    SELECT unit, form_type, CAST(SUM(used) AS BIGINT)
    FROM form_tally
    WHERE incident = $1
    GROUP BY unit, form_type";

/// How many sheets of each form came back used to each unit, numbered or found.
pub async fn used(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Uuid, String, i64)>, Error> {
    fetch_all!(tx, (Uuid, String, i64), USED, incident.0)
}

/// What a list says of one line, as it travels to the database.
#[derive(Debug, Serialize)]
pub struct Said {
    pub id: String,
    /// Under whose key it is sealed.
    pub patient: Option<String>,
    pub hash: String,
    pub sealed: String,
    pub unit: Option<String>,
    pub expected: i64,
    pub found: i64,
}

/// Which of the two numbers a list says, and whether more may be found than is expected.
#[derive(Debug, Clone, Copy)]
pub struct Says {
    pub expected: bool,
    pub found: bool,
}

impl From<Side> for Says {
    fn from(side: Side) -> Self {
        Self { expected: side == Side::Expected, found: side == Side::Found }
    }
}

/// The line's numbers after the list: what it does not say stays.
macro_rules! put {
    ($select:literal) => {
        concat!(
            "
    INSERT INTO check_line (
        id, incident, kind, key_hash, patient, sealed, unit, expected, found, state, changed_at)",
            $select,
            "
    ON CONFLICT (incident, kind, key_hash) DO UPDATE
    SET expected = CASE WHEN $3 = TRUE THEN excluded.expected ELSE check_line.expected END,
        found = CASE WHEN $4 = TRUE THEN excluded.found ELSE check_line.found END,
        unit = COALESCE(check_line.unit, excluded.unit),
        sealed = CASE WHEN check_line.patient IS NULL AND excluded.patient IS NOT NULL
            THEN excluded.sealed ELSE check_line.sealed END,
        patient = COALESCE(check_line.patient, excluded.patient),
        changed_at = excluded.changed_at,
        state = CASE
            WHEN CASE WHEN $3 = TRUE THEN excluded.expected ELSE check_line.expected END
                = CASE WHEN $4 = TRUE THEN excluded.found ELSE check_line.found END THEN 'even'
            WHEN $5 = TRUE AND CASE WHEN $3 = TRUE THEN excluded.expected ELSE check_line.expected END
                <= CASE WHEN $4 = TRUE THEN excluded.found ELSE check_line.found END THEN 'even'
            WHEN ($3 = TRUE AND excluded.expected <> check_line.expected)
                OR ($4 = TRUE AND excluded.found <> check_line.found) THEN 'open'
            ELSE check_line.state
        END
    WHERE ($3 = TRUE AND excluded.expected <> check_line.expected)
        OR ($4 = TRUE AND excluded.found <> check_line.found)
        OR (check_line.patient IS NULL AND excluded.patient IS NOT NULL)"
        )
    };
}

pub mod ahead;

const PUT: Sql = Sql {
    sqlite: put!(
        "
    SELECT unhex(value ->> 'id'), $1, $2, unhex(value ->> 'hash'), unhex(value ->> 'patient'),
        unhex(value ->> 'sealed'), unhex(value ->> 'unit'), value ->> 'expected', value ->> 'found',
        CASE WHEN value ->> 'expected' = value ->> 'found'
            OR ($5 = TRUE AND value ->> 'expected' <= value ->> 'found') THEN 'even' ELSE 'open' END, $6
    FROM json_each($7)
    WHERE TRUE"
    ),
    postgres: put!(
        "
    SELECT said.id::uuid, $1, $2, decode(said.hash, 'hex'), said.patient::uuid,
        decode(said.sealed, 'hex'), said.unit::uuid, said.expected, said.found,
        CASE WHEN said.expected = said.found OR ($5 = TRUE AND said.expected <= said.found)
            THEN 'even' ELSE 'open' END, $6
    FROM json_to_recordset($7::json) AS said (
        id TEXT, patient TEXT, hash TEXT, sealed TEXT, unit TEXT, expected BIGINT, found BIGINT)"
    ),
};

/// Writes what a list says; the rule is [`Line::said`]'s, over many rows at once. Gives how many lines it changed.
pub async fn put(
    tx: &mut Tx,
    incident: IncidentId,
    (kind, says): (Kind, Says),
    rows: &[Said],
    at: Timestamp,
) -> Result<u64, Error> {
    let (text, surplus) = (Rows::of(rows), !kind.has_lists());
    execute!(tx, PUT, incident.0, kind.code(), says.expected, says.found, surplus, at.0, text.text())
}

const FORGET_TALLY: &str = "
    DELETE FROM check_tally
    WHERE incident = $1 AND kind = $2";

const COUNT_AGAIN: &str = "
    INSERT INTO check_tally (incident, kind, state, lines)
    SELECT incident, kind, state, COUNT(*)
    FROM check_line
    WHERE incident = $1 AND kind = $2
    GROUP BY incident, kind, state";

/// Counts a check's lines over, after a list has changed many of them.
pub async fn count_again(tx: &mut Tx, incident: IncidentId, kind: Kind) -> Result<(), Error> {
    execute!(tx, FORGET_TALLY, incident.0, kind.code())?;
    execute!(tx, COUNT_AGAIN, incident.0, kind.code()).map(|_| ())
}

const ADD: &str = "
    INSERT INTO check_tally (incident, kind, state, lines)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (incident, kind, state) DO UPDATE
    SET lines = check_tally.lines + excluded.lines";

const TALLY: &str = "
    SELECT kind, state, lines
    FROM check_tally
    WHERE incident = $1 AND lines <> 0
    ORDER BY kind, state";

/// How many lines of each check are in each state.
pub async fn tally(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Kind, State, i64)>, Error> {
    let rows = fetch_all!(tx, (String, String, i64), TALLY, incident.0)?;
    let read = |(kind, state, lines): (String, String, i64)| {
        let known = (Kind::from_code(&kind), State::from_code(&state));
        let (Some(kind), Some(state)) = known else {
            return Err(Error::Corrupt(format!("lines are counted under {kind:?} and {state:?}")));
        };
        Ok((kind, state, lines))
    };
    rows.into_iter().map(read).collect()
}

const OPEN: &str = "
    SELECT CAST(COALESCE(SUM(lines), 0) AS BIGINT)
    FROM check_tally
    WHERE incident = $1 AND state = 'open'";

/// How many gaps of an incident are open.
pub async fn open(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), OPEN, incident.0)?.0)
}

/// A line as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LineRow {
    pub id: Uuid,
    pub kind: String,
    pub patient: Option<Uuid>,
    /// The key of that patient; `None` when they were erased.
    pub wrapped_key: Option<Vec<u8>>,
    pub sealed: Vec<u8>,
    pub unit: Option<Uuid>,
    pub expected: i64,
    pub found: i64,
    pub state: String,
    pub owner: Option<Uuid>,
    pub owner_name: Option<String>,
    pub note: String,
    pub changed_at: i64,
}

impl LineRow {
    /// The line as the rules see it, and its check.
    pub fn line(&self) -> Result<(Kind, Line), Error> {
        let known = (Kind::from_code(&self.kind), State::from_code(&self.state));
        let (Some(kind), Some(state)) = known else {
            return Err(Error::Corrupt(format!("a line is {:?} of {:?}", self.state, self.kind)));
        };
        Ok((
            kind,
            Line { expected: self.expected, found: self.found, state, owner: self.owner.map(AccountId) },
        ))
    }
}

macro_rules! lines {
    ($rest:literal) => {
        concat!(
            "
    SELECT check_line.id, check_line.kind, check_line.patient, patient.wrapped_key, sealed, unit, expected, found, state,
        owner, account.name AS owner_name, note, changed_at
    FROM check_line
    LEFT JOIN patient ON patient.id = check_line.patient
    LEFT JOIN account ON account.id = check_line.owner",
            $rest
        )
    };
}

const FIND: &str = lines!(
    "
    WHERE incident = $1 AND check_line.id = $2"
);

/// One line.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: Uuid) -> Result<Option<LineRow>, Error> {
    fetch_optional!(tx, LineRow, FIND, incident.0, id)
}

const LIST: &str = lines!(
    "
    WHERE incident = $1 AND check_line.kind = $2 AND state = $3 AND check_line.id > $4
    ORDER BY check_line.id
    LIMIT $5"
);

/// One page of a check's lines in a state.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    (kind, state): (Kind, State),
    after: Uuid,
    most: i64,
) -> Result<Vec<LineRow>, Error> {
    fetch_all!(tx, LineRow, LIST, incident.0, kind.code(), state.code(), after, most)
}

const SAVE: &str = "
    UPDATE check_line
    SET state = $2, owner = $3, note = $4, changed_at = $5
    WHERE id = $1";

const LOG: &str = "
    INSERT INTO check_event (line, seq, act, from_state, to_state, event_at, account, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Something that was done about a gap.
pub struct Event<'a> {
    pub act: &'static str,
    pub note: &'a str,
    pub seq: i64,
    pub at: Timestamp,
    pub account: AccountId,
}

/// Writes what became of a gap, with its event and the tallies.
pub async fn save(
    tx: &mut Tx,
    incident: IncidentId,
    (id, kind): (Uuid, Kind),
    (before, after): (&Line, &Line),
    event: &Event<'_>,
) -> Result<(), Error> {
    let (from, to) = (before.state.code(), after.state.code());
    let owner = after.owner.map(|owner| owner.0);
    execute!(tx, SAVE, id, to, owner, event.note, event.at.0)?;
    execute!(tx, LOG, id, event.seq, event.act, from, to, event.at.0, event.account.0, event.note)?;
    for (state, change) in [(from, -1_i64), (to, 1)] {
        execute!(tx, ADD, incident.0, kind.code(), state, change)?;
    }
    Ok(())
}

const EVENTS: &str = "
    SELECT act, to_state, event_at, account.name, note
    FROM check_event
    LEFT JOIN account ON account.id = check_event.account
    WHERE line = $1
    ORDER BY seq DESC
    LIMIT 100";

/// What was done about a gap, the last first: act, state, when, by whom, note.
pub async fn events(
    tx: &mut Tx,
    id: Uuid,
) -> Result<Vec<(String, String, i64, Option<String>, String)>, Error> {
    fetch_all!(tx, (String, String, i64, Option<String>, String), EVENTS, id)
}

const TAKEN: &str = "
    INSERT INTO check_list (incident, kind, side, file_name, taken_at, account)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (incident, kind, side) DO UPDATE
    SET file_name = excluded.file_name, taken_at = excluded.taken_at, account = excluded.account";

/// Notes when a list was taken over.
pub async fn note_list(
    tx: &mut Tx,
    incident: IncidentId,
    (kind, side): (Kind, Side),
    file_name: &str,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    execute!(tx, TAKEN, incident.0, kind.code(), side.code(), file_name, at.0, account.0).map(|_| ())
}

const LISTS: &str = "
    SELECT kind, side, file_name, taken_at
    FROM check_list
    WHERE incident = $1";

/// Which lists are here: check, side, file, since when.
pub async fn lists(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(String, String, String, i64)>, Error> {
    fetch_all!(tx, (String, String, String, i64), LISTS, incident.0)
}

const KNOWN: &str = "
    SELECT key_hash, expected, found
    FROM check_line
    WHERE incident = $1 AND kind = $2";

const UNOWNED: &str = "
    SELECT key_hash, id
    FROM check_line
    WHERE incident = $1 AND kind = $2 AND patient IS NULL";

/// The lines of a check of which nobody knows whose they are, by the hash of their key.
pub async fn unowned(
    tx: &mut Tx,
    incident: IncidentId,
    kind: Kind,
) -> Result<std::collections::HashMap<Vec<u8>, Uuid>, Error> {
    Ok(fetch_all!(tx, (Vec<u8>, Uuid), UNOWNED, incident.0, kind.code())?.into_iter().collect())
}

/// The lines of a check by the hash of their key: expected and found.
pub async fn known(
    tx: &mut Tx,
    incident: IncidentId,
    kind: Kind,
) -> Result<std::collections::HashMap<Vec<u8>, (i64, i64)>, Error> {
    let rows = fetch_all!(tx, (Vec<u8>, i64, i64), KNOWN, incident.0, kind.code())?;
    Ok(rows.into_iter().map(|(hash, expected, found)| (hash, (expected, found))).collect())
}

const OPEN_LINES: &str = "
    SELECT id, kind
    FROM check_line
    WHERE incident = $1 AND state = 'open'
    ORDER BY id
    LIMIT $2";

/// Some open gaps: id and check.
pub async fn open_lines(tx: &mut Tx, incident: IncidentId, most: i64) -> Result<Vec<(Uuid, String)>, Error> {
    fetch_all!(tx, (Uuid, String), OPEN_LINES, incident.0, most)
}

const IS_OPEN: &str = "
    SELECT id
    FROM check_line
    WHERE incident = $1 AND id = $2 AND state = 'open'";

/// Whether this very gap is open.
pub async fn is_open(tx: &mut Tx, incident: IncidentId, id: Uuid) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (Uuid,), IS_OPEN, incident.0, id)?.is_some())
}

const WAIVED: &str = "
    SELECT check_line.id
    FROM waiver
    JOIN check_line ON check_line.id = waiver.item AND check_line.incident = waiver.incident
    WHERE waiver.incident = $1 AND waiver.kind = $2 AND second_account IS NOT NULL AND check_line.state = 'open'";

/// The gaps that two people let stand, as far as they are still open.
pub async fn waived(tx: &mut Tx, incident: IncidentId, kind: &str) -> Result<Vec<(Uuid,)>, Error> {
    fetch_all!(tx, (Uuid,), WAIVED, incident.0, kind)
}

/// The units of an incident's sites by `site/unit`, as files name them.
pub async fn units(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(String, UnitId)>, Error> {
    let rows = fetch_all!(
        tx,
        (Uuid, String, String),
        "
    SELECT unit.id, facility.code, unit.code
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.facility IN (SELECT facility FROM system_status WHERE incident = $1)",
        incident.0
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, site, unit)| (format!("{site}/{unit}").to_lowercase(), UnitId(id)))
        .collect())
}
