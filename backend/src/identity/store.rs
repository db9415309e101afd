//! The SQL of downtime numbers.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::{AccountId, FacilityId, IncidentId, NumberId, UnitId},
    identity::{Goal, Left, NewRange, Number, NumberKind, State, printed},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

const OVERLAP: &str = "
    SELECT prefix, width, first, last
    FROM identity_range
    WHERE kind = $1 AND prefix = $2 AND width = $3 AND first <= $5 AND last >= $4
    LIMIT 1";

/// A range that has some of these numbers already, by its first and last one as printed.
pub async fn overlap(tx: &mut Tx, range: &NewRange) -> Result<Option<(String, String)>, Error> {
    let (kind, prefix) = (range.kind.code(), range.prefix.as_str());
    let found = fetch_optional!(
        tx,
        (String, i64, i64, i64),
        OVERLAP,
        kind,
        prefix,
        range.width,
        range.first,
        range.last
    )?;
    Ok(found
        .map(|(prefix, width, first, last)| (printed(&prefix, first, width), printed(&prefix, last, width))))
}

const ADD_RANGE: &str = "
    INSERT INTO identity_range (id, kind, facility, prefix, width, first, last, next, added_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9)";

/// Adds a range.
pub async fn add_range(
    tx: &mut Tx,
    id: Uuid,
    range: &NewRange,
    (at, account): (Timestamp, AccountId),
) -> Result<(), Error> {
    let (kind, site, prefix) = (range.kind.code(), range.site.0, range.prefix.as_str());
    execute!(tx, ADD_RANGE, id, kind, site, prefix, range.width, range.first, range.last, at.0, account.0)
        .map(|_| ())
}

/// A range as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RangeRow {
    pub id: Uuid,
    pub kind: String,
    pub facility: Uuid,
    pub prefix: String,
    pub width: i64,
    pub first: i64,
    pub last: i64,
    pub next: i64,
}

impl RangeRow {
    /// How many of it are free.
    pub const fn free(&self) -> i64 {
        self.last + 1 - self.next
    }

    /// One of its numbers as printed.
    pub fn printed(&self, number: i64) -> String {
        printed(&self.prefix, number, self.width)
    }
}

const RANGES: &str = "
    SELECT id, kind, facility, prefix, width, first, last, next
    FROM identity_range
    ORDER BY facility, kind, added_at, id";

/// Every range; a site has a few.
pub async fn ranges(tx: &mut Tx) -> Result<Vec<RangeRow>, Error> {
    fetch_all!(tx, RangeRow, RANGES)
}

const TAKE: Sql = Sql {
    sqlite: "
    UPDATE identity_range
    SET next = next + $3
    WHERE id = (
        SELECT id
        FROM identity_range
        WHERE facility = $1 AND kind = $2 AND next + $3 - 1 <= last
        ORDER BY added_at, id
        LIMIT 1
    )
    RETURNING id, kind, facility, prefix, width, first, last, next",
    postgres: "
    UPDATE identity_range
    SET next = next + $3
    WHERE id = (
        SELECT id
        FROM identity_range
        WHERE facility = $1 AND kind = $2 AND next + $3 - 1 <= last
        ORDER BY added_at, id
        LIMIT 1
        FOR UPDATE
    )
    RETURNING id, kind, facility, prefix, width, first, last, next",
};

/// Takes the next numbers of a site, all of one range: the range after that. `None` when no range has so many.
pub async fn take(
    tx: &mut Tx,
    site: FacilityId,
    kind: NumberKind,
    numbers: i64,
) -> Result<Option<RangeRow>, Error> {
    fetch_optional!(tx, RangeRow, TAKE, site.0, kind.code(), numbers)
}

#[derive(Serialize)]
struct NewNumber {
    id: String,
    printed: String,
}

const ADD: Sql = Sql {
    sqlite: "
    INSERT INTO identity_number (
        id, incident, range_id, kind, facility, unit, printed, state, reason, given_at, changed_at)
    SELECT unhex(value ->> 'id'), $1, $2, $3, $4, $5, value ->> 'printed', $6, '', $7, $7
    FROM json_each($8)",
    postgres: "
    INSERT INTO identity_number (
        id, incident, range_id, kind, facility, unit, printed, state, reason, given_at, changed_at)
    SELECT id::uuid, $1, $2, $3, $4, $5, printed, $6, '', $7, $7
    FROM json_to_recordset($8::json) AS row (id TEXT, printed TEXT)",
};

const ADD_EVENTS: Sql = Sql {
    sqlite: "
    INSERT INTO identity_event (number, seq, from_state, to_state, event_at, entered_at, account)
    SELECT unhex(value ->> 'id'), $1, '', $2, $3, $3, $4
    FROM json_each($5)",
    postgres: "
    INSERT INTO identity_event (number, seq, from_state, to_state, event_at, entered_at, account)
    SELECT id::uuid, $1, '', $2, $3, $3, $4
    FROM json_to_recordset($5::json) AS row (id TEXT)",
};

/// Whence numbers come, and where they go.
pub struct Gift<'a> {
    pub incident: IncidentId,
    pub range: &'a RangeRow,
    pub unit: UnitId,
    pub state: State,
}

/// Adds numbers that were given out, with their first events.
pub async fn add(
    tx: &mut Tx,
    gift: &Gift<'_>,
    numbers: &[(NumberId, String)],
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let rows: Vec<_> = numbers
        .iter()
        .map(|(id, printed)| NewNumber { id: id.0.simple().to_string(), printed: printed.clone() })
        .collect();
    let (rows, range, state) = (Rows::of(&rows), gift.range, gift.state.code());
    execute!(
        tx,
        ADD,
        gift.incident.0,
        range.id,
        &range.kind,
        range.facility,
        gift.unit.0,
        state,
        at.0,
        rows.text()
    )?;
    execute!(tx, ADD_EVENTS, seq, state, at.0, account.0, rows.text()).map(|_| ())
}

/// A number as it is kept.
#[derive(Debug, Clone)]
pub struct NumberRow {
    pub id: NumberId,
    pub kind: NumberKind,
    pub facility: FacilityId,
    pub unit: UnitId,
    pub printed: String,
    pub number: Number,
    /// Into which patient's record, with the record's number sealed.
    pub record: Option<(Uuid, Vec<u8>)>,
    pub reason: String,
    pub given_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    kind: String,
    facility: Uuid,
    unit: Uuid,
    printed: String,
    state: String,
    goal: Option<String>,
    asked_by: Option<Uuid>,
    agreed_by: Option<Uuid>,
    back_by: Option<Uuid>,
    record: Option<Uuid>,
    sealed: Option<Vec<u8>>,
    reason: String,
    given_at: i64,
}

impl TryFrom<Kept> for NumberRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let corrupt = || Error::Corrupt(format!("a number is {:?} {:?}", kept.kind, kept.state));
        let asked = kept.goal.as_deref().and_then(Goal::from_code).zip(kept.asked_by.map(AccountId));
        Ok(Self {
            kind: NumberKind::from_code(&kept.kind).ok_or_else(corrupt)?,
            number: Number {
                state: State::from_code(&kept.state).ok_or_else(corrupt)?,
                asked,
                agreed: kept.agreed_by.map(AccountId),
                back: kept.back_by.map(AccountId),
            },
            id: NumberId(kept.id),
            facility: FacilityId(kept.facility),
            unit: UnitId(kept.unit),
            record: kept.record.zip(kept.sealed),
            printed: kept.printed,
            reason: kept.reason,
            given_at: Timestamp(kept.given_at),
        })
    }
}

macro_rules! numbers {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, kind, facility, unit, printed, state, goal, asked_by, agreed_by, back_by, record, sealed, reason,
        given_at
    FROM identity_number",
            $rest
        )
    };
}

const FIND: &str = numbers!(
    "
    WHERE incident = $1 AND id = $2"
);

/// A number of an incident.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: NumberId) -> Result<Option<NumberRow>, Error> {
    fetch_optional!(tx, Kept, FIND, incident.0, id.0)?.map(NumberRow::try_from).transpose()
}

const LIST: &str = numbers!(
    "
    WHERE incident = $1 AND state = $2 AND (given_at, id) > ($3, $4)
    ORDER BY given_at, id
    LIMIT $5"
);

const LIST_OF_SITE: &str = numbers!(
    "
    WHERE incident = $1 AND state = $2 AND (given_at, id) > ($3, $4) AND facility = $6
    ORDER BY given_at, id
    LIMIT $5"
);

/// One page of the numbers in a state, the oldest first.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    (state, site): (State, Option<FacilityId>),
    after: (i64, Uuid),
    most: i64,
) -> Result<Vec<NumberRow>, Error> {
    let state = state.code();
    let rows = match site {
        Some(site) => fetch_all!(tx, Kept, LIST_OF_SITE, incident.0, state, after.0, after.1, most, site.0)?,
        None => fetch_all!(tx, Kept, LIST, incident.0, state, after.0, after.1, most)?,
    };
    rows.into_iter().map(NumberRow::try_from).collect()
}

const KEEP: &str = "
    UPDATE identity_number
    SET state = $2, goal = $3, asked_by = $4, agreed_by = $5, record = $6, sealed = $7, reason = $8, changed_at = $9,
        back_by = $10
    WHERE id = $1";

const EVENT: &str = "
    INSERT INTO identity_event (number, seq, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $5, $6)";

/// Keeps a number after an act, with its event.
pub async fn keep(
    tx: &mut Tx,
    from: State,
    row: &NumberRow,
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let (state, asked) = (row.number.state.code(), row.number.asked);
    execute!(
        tx,
        KEEP,
        row.id.0,
        state,
        asked.map(|(goal, _)| goal.code()),
        asked.map(|(_, by)| by.0),
        row.number.agreed.map(|by| by.0),
        row.record.as_ref().map(|(patient, _)| *patient),
        row.record.as_ref().map(|(_, sealed)| sealed.clone()),
        &row.reason,
        at.0,
        row.number.back.map(|by| by.0)
    )?;
    execute!(tx, EVENT, row.id.0, seq, from.code(), state, at.0, account.0).map(|_| ())
}

const RAISE: &str = "
    INSERT INTO identity_tally (incident, facility, kind, state, numbers, uncorrected)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (incident, facility, kind, state) DO UPDATE
    SET numbers = identity_tally.numbers + excluded.numbers,
        uncorrected = identity_tally.uncorrected + excluded.uncorrected";

const LOWER: &str = "
    UPDATE identity_tally
    SET numbers = numbers - $5, uncorrected = uncorrected - $6
    WHERE incident = $1 AND facility = $2 AND kind = $3 AND state = $4";

/// Adds numbers and places that are not corrected to the sums of a state.
pub async fn raise(
    tx: &mut Tx,
    incident: IncidentId,
    (site, kind, state): (FacilityId, NumberKind, State),
    (numbers, uncorrected): (i64, i64),
) -> Result<(), Error> {
    execute!(tx, RAISE, incident.0, site.0, kind.code(), state.code(), numbers, uncorrected).map(|_| ())
}

/// Takes them off.
pub async fn lower(
    tx: &mut Tx,
    incident: IncidentId,
    (site, kind, state): (FacilityId, NumberKind, State),
    (numbers, uncorrected): (i64, i64),
) -> Result<(), Error> {
    execute!(tx, LOWER, incident.0, site.0, kind.code(), state.code(), numbers, uncorrected).map(|_| ())
}

const SUMS: Sql = Sql {
    sqlite: "
    SELECT state, CAST(SUM(numbers) AS BIGINT), CAST(SUM(uncorrected) AS BIGINT)
    FROM identity_tally
    WHERE incident = $1 AND ($2 IS NULL OR facility = $2)
    GROUP BY state",
    postgres: "
    SELECT state, CAST(SUM(numbers) AS BIGINT), CAST(SUM(uncorrected) AS BIGINT)
    FROM identity_tally
    WHERE incident = $1 AND ($2::uuid IS NULL OR facility = $2)
    GROUP BY state",
};

/// How many numbers are in each state, and in how many places these are not corrected.
pub async fn sums(
    tx: &mut Tx,
    incident: IncidentId,
    site: Option<FacilityId>,
) -> Result<BTreeMap<State, (i64, i64)>, Error> {
    let rows = fetch_all!(tx, (String, i64, i64), SUMS, incident.0, site.map(|site| site.0))?;
    Ok(rows.into_iter().filter_map(|(state, n, left)| Some((State::from_code(&state)?, (n, left)))).collect())
}

const NOTE_LEFT: &str = "
    INSERT INTO identity_left (number, place, noted_at, noted_by)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (number, place) DO NOTHING";

/// Notes that a number stands somewhere; says whether that is new.
pub async fn note_left(
    tx: &mut Tx,
    number: NumberId,
    left: Left,
    (at, account): (Timestamp, AccountId),
) -> Result<bool, Error> {
    Ok(execute!(tx, NOTE_LEFT, number.0, left.code(), at.0, account.0)? > 0)
}

const CORRECT: &str = "
    UPDATE identity_left
    SET corrected_at = $3, corrected_by = $4
    WHERE number = $1 AND place = $2 AND corrected_at IS NULL";

/// Notes that a number was corrected somewhere; says whether that is new.
pub async fn correct(
    tx: &mut Tx,
    number: NumberId,
    left: Left,
    (at, account): (Timestamp, AccountId),
) -> Result<bool, Error> {
    Ok(execute!(tx, CORRECT, number.0, left.code(), at.0, account.0)? > 0)
}

const LEFT: &str = "
    SELECT place, noted_at, corrected_at
    FROM identity_left
    WHERE number = $1";

/// Where a number stands: since when, and when it was corrected.
pub async fn left(tx: &mut Tx, number: NumberId) -> Result<Vec<(Left, i64, Option<i64>)>, Error> {
    let rows = fetch_all!(tx, (String, i64, Option<i64>), LEFT, number.0)?;
    Ok(rows.into_iter().filter_map(|(place, at, done)| Some((Left::from_code(&place)?, at, done))).collect())
}

const UNCORRECTED: &str = "
    SELECT (SELECT COUNT(*) FROM identity_left WHERE number = $1 AND corrected_at IS NULL)
        + (SELECT COUNT(*) FROM identity_again WHERE number = $1 AND looked_at IS NULL)";

/// In how many places a number is not corrected; what hung on a wrong merge is one each until it was looked at again.
pub async fn uncorrected(tx: &mut Tx, number: NumberId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), UNCORRECTED, number.0)?.0)
}

const UNCORRECTED_OF: Sql = Sql {
    sqlite: "
    SELECT number, COUNT(*)
    FROM (
        SELECT number FROM identity_left WHERE corrected_at IS NULL
        UNION ALL
        SELECT number FROM identity_again WHERE looked_at IS NULL
    ) AS uncorrected
    WHERE number IN (SELECT unhex(value) FROM json_each($1))
    GROUP BY number",
    postgres: "
    SELECT number, COUNT(*)
    FROM (
        SELECT number FROM identity_left WHERE corrected_at IS NULL
        UNION ALL
        SELECT number FROM identity_again WHERE looked_at IS NULL
    ) AS uncorrected
    WHERE number IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    GROUP BY number",
};

/// In how many places each of these numbers is not corrected; none has no row.
pub async fn uncorrected_of(tx: &mut Tx, of: &[NumberRow]) -> Result<BTreeMap<NumberId, i64>, Error> {
    let ids: Vec<String> = of.iter().map(|row| row.id.0.simple().to_string()).collect();
    let rows = fetch_all!(tx, (Uuid, i64), UNCORRECTED_OF, Rows::of(&ids).text())?;
    Ok(rows.into_iter().map(|(id, left)| (NumberId(id), left)).collect())
}

const MERGED: Sql = Sql {
    sqlite: "
    SELECT printed, record
    FROM identity_number
    WHERE state IN ('merged', 'undoing') AND record IS NOT NULL AND printed IN (SELECT value FROM json_each($1))",
    postgres: "
    SELECT printed, record
    FROM identity_number
    WHERE state IN ('merged', 'undoing') AND record IS NOT NULL
        AND printed IN (SELECT json_array_elements_text($1::json))",
};

/// The patients into whose records these numbers were merged.
pub async fn merged(tx: &mut Tx, numbers: &BTreeSet<String>) -> Result<BTreeMap<String, Uuid>, Error> {
    let numbers: Vec<&String> = numbers.iter().collect();
    Ok(fetch_all!(tx, (String, Uuid), MERGED, Rows::of(&numbers).text())?.into_iter().collect())
}
