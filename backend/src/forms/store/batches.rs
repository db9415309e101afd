//! The SQL of batches: what a unit gives back for a shift, under one cover sheet.

use domain::{
    forms::{Batch, BatchState, Custody, Shift},
    id::{AccountId, BatchId, IncidentId, UnitId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::{Kept, SheetRow, sheet, sheets};
use crate::{
    execute, fetch_all, fetch_optional, later,
    store::{Error, Rows, Sql, Tx},
};

/// A batch as it is kept.
#[derive(Debug, Clone)]
pub struct BatchRow {
    pub id: BatchId,
    pub unit: UnitId,
    pub site_code: String,
    pub unit_code: String,
    pub number: i64,
    pub shift: Shift,
    pub batch: Batch,
    pub changed_at: Timestamp,
}

const INSERT: &str = "
    INSERT INTO form_batch (
        id, incident, unit, number, shift_on, shift, state, sheets, pages_in, was_received, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'open', 0, 0, FALSE, $7)";

/// Begins a batch.
pub async fn insert(
    tx: &mut Tx,
    (incident, id): (IncidentId, BatchId),
    (unit, number): (UnitId, i64),
    shift: &Shift,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, INSERT, id.0, incident.0, unit.0, number, &shift.on, &shift.name, at.0).map(|_| ())
}

#[derive(sqlx::FromRow)]
struct KeptBatch {
    id: Uuid,
    unit: Uuid,
    site_code: String,
    unit_code: String,
    number: i64,
    shift_on: String,
    shift: String,
    state: String,
    sheets: i64,
    pages_in: i64,
    first_signer: Option<Uuid>,
    second_signer: Option<Uuid>,
    was_received: bool,
    changed_at: i64,
}

fn read(kept: KeptBatch) -> Result<BatchRow, Error> {
    let state = BatchState::from_code(&kept.state);
    Ok(BatchRow {
        id: BatchId(kept.id),
        unit: UnitId(kept.unit),
        site_code: kept.site_code,
        unit_code: kept.unit_code,
        number: kept.number,
        shift: Shift { on: kept.shift_on, name: kept.shift },
        batch: Batch {
            state: state.ok_or_else(|| Error::Corrupt(format!("a batch is {:?}", kept.state)))?,
            sheets: kept.sheets,
            pages_in: kept.pages_in,
            first_signer: kept.first_signer.map(AccountId),
            second_signer: kept.second_signer.map(AccountId),
            was_received: kept.was_received,
        },
        changed_at: Timestamp(kept.changed_at),
    })
}

macro_rules! batches {
    ($rest:literal) => {
        concat!(
            "
    SELECT form_batch.id, form_batch.unit, facility.code AS site_code, unit.code AS unit_code, form_batch.number,
        form_batch.shift_on, form_batch.shift, form_batch.state, form_batch.sheets, form_batch.pages_in,
        form_batch.first_signer, form_batch.second_signer, form_batch.was_received, form_batch.changed_at
    FROM form_batch
    JOIN unit ON unit.id = form_batch.unit
    JOIN facility ON facility.id = unit.facility",
            $rest
        )
    };
}

const FIND: &str = batches!(
    "
    WHERE form_batch.incident = $1 AND form_batch.id = $2"
);

/// One batch, to look at.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: BatchId) -> Result<Option<BatchRow>, Error> {
    fetch_optional!(tx, KeptBatch, FIND, incident.0, id.0)?.map(read).transpose()
}

const NUMBERED: &str = "
    SELECT id
    FROM form_batch
    WHERE incident = $1 AND number = $2";

/// The id of the batch with this number.
pub async fn numbered(tx: &mut Tx, incident: IncidentId, number: i64) -> Result<Option<BatchId>, Error> {
    let found = fetch_optional!(tx, (Uuid,), NUMBERED, incident.0, number)?;
    Ok(found.map(|(id,)| BatchId(id)))
}

const TAKE: Sql = Sql {
    sqlite: FIND,
    postgres: batches!(
        "
    WHERE form_batch.incident = $1 AND form_batch.id = $2
    FOR UPDATE OF form_batch"
    ),
};

/// Takes a batch, so that nothing is put in while it is signed.
pub async fn take(tx: &mut Tx, incident: IncidentId, id: BatchId) -> Result<Option<BatchRow>, Error> {
    fetch_optional!(tx, KeptBatch, TAKE, incident.0, id.0)?.map(read).transpose()
}

const SAVE: &str = "
    UPDATE form_batch
    SET state = $2, sheets = $3, pages_in = $4, first_signer = $5, second_signer = $6, was_received = $7,
        changed_at = $8
    WHERE id = $1";

/// Keeps a batch after a step.
pub async fn save(tx: &mut Tx, id: BatchId, batch: &Batch, at: Timestamp) -> Result<(), Error> {
    execute!(
        tx,
        SAVE,
        id.0,
        batch.state.code(),
        batch.sheets,
        batch.pages_in,
        batch.first_signer.map(|account| account.0),
        batch.second_signer.map(|account| account.0),
        batch.was_received,
        at.0
    )
    .map(|_| ())
}

const LOG: &str = "
    INSERT INTO form_batch_event (batch, seq, what, to_state, sheets, pages, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// A step of a batch with the figures that somebody counted.
pub struct BatchStep<'a> {
    pub seq: i64,
    pub what: &'a str,
    pub to: BatchState,
    pub sheets: i64,
    pub pages: i64,
    pub at: Timestamp,
    pub account: AccountId,
}

/// Writes a step.
pub async fn log(tx: &mut Tx, batch: BatchId, step: &BatchStep<'_>) -> Result<(), Error> {
    let to = step.to.code();
    execute!(tx, LOG, batch.0, step.seq, step.what, to, step.sheets, step.pages, step.at.0, step.account.0)
        .map(|_| ())
}

const EVENTS: &str = "
    SELECT what, to_state, sheets, pages, entered_at, account
    FROM form_batch_event
    WHERE batch = $1
    ORDER BY seq";

/// What happened to a batch: what, into which state, sheets, pages, when, by whom.
pub async fn events(
    tx: &mut Tx,
    batch: BatchId,
) -> Result<Vec<(String, String, i64, i64, Timestamp, AccountId)>, Error> {
    let rows = fetch_all!(tx, (String, String, i64, i64, i64, Uuid), EVENTS, batch.0)?;
    let read =
        |(what, to, sheets, pages, at, account)| (what, to, sheets, pages, Timestamp(at), AccountId(account));
    Ok(rows.into_iter().map(read).collect())
}

const PUT_IN: Sql = Sql {
    sqlite: "
    UPDATE form
    SET batch = $1
    WHERE form.id IN (SELECT unhex(value) FROM json_each($2))",
    postgres: "
    UPDATE form
    SET batch = $1
    WHERE form.id IN (SELECT value::uuid FROM json_array_elements_text($2::json))",
};

const ADD_TYPE: &str = "
    INSERT INTO form_batch_tally (batch, form_type, sheets)
    VALUES ($1, $2, $3)
    ON CONFLICT (batch, form_type) DO UPDATE
    SET sheets = form_batch_tally.sheets + excluded.sheets";

const ADD: &str = "
    UPDATE form_batch
    SET sheets = sheets + $2
    WHERE id = $1";

/// Puts sheets of one form into a batch.
pub async fn put_in(tx: &mut Tx, batch: BatchId, form_type: &str, sheets: &[&SheetRow]) -> Result<(), Error> {
    let ids: Vec<String> = sheets.iter().map(|row| row.id.0.simple().to_string()).collect();
    let number = i64::try_from(sheets.len()).unwrap_or(i64::MAX);
    later!(tx, PUT_IN, batch.0, Rows::of(&ids).text())?;
    later!(tx, ADD_TYPE, batch.0, form_type, number)?;
    later!(tx, ADD, batch.0, number)
}

const TAKE_OUT: &str = "
    UPDATE form
    SET batch = NULL
    WHERE id = $1 AND batch = $2";

/// Takes one sheet out of a batch again.
pub async fn take_out(tx: &mut Tx, batch: BatchId, row: &SheetRow) -> Result<(), Error> {
    later!(tx, TAKE_OUT, row.id.0, batch.0)?;
    later!(tx, ADD_TYPE, batch.0, &row.form_type, -1_i64)?;
    later!(tx, ADD, batch.0, -1_i64)
}

const TYPES: &str = "
    SELECT form_type, sheets
    FROM form_batch_tally
    WHERE batch = $1
    ORDER BY form_type";

/// The sheets of a batch by form.
pub async fn types(tx: &mut Tx, batch: BatchId) -> Result<Vec<(String, i64)>, Error> {
    fetch_all!(tx, (String, i64), TYPES, batch.0)
}

const OF_BATCH: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.batch = $1 AND ($3 = FALSE OR form.state <> 'voided')
        AND form.custody IN (SELECT value FROM json_each($2))
    ORDER BY form.prefix, form.number"
    ),
    postgres: sheets!(
        "
    WHERE form.batch = $1 AND ($3 = FALSE OR form.state <> 'voided')
        AND form.custody IN (SELECT json_array_elements_text($2::json))
    ORDER BY form.prefix, form.number
    FOR UPDATE OF form"
    ),
};

const NOT_SEEN: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.batch = $1 AND ($3 = FALSE OR form.state <> 'voided')
        AND form.custody IN (SELECT value FROM json_each($2))
    ORDER BY form.prefix, form.number
    LIMIT 100"
    ),
    postgres: sheets!(
        "
    WHERE form.batch = $1 AND ($3 = FALSE OR form.state <> 'voided')
        AND form.custody IN (SELECT json_array_elements_text($2::json))
    ORDER BY form.prefix, form.number
    LIMIT 100"
    ),
};

fn before(step: Custody) -> Vec<&'static str> {
    Custody::ALL.into_iter().filter(|custody| *custody < step).map(Custody::code).collect()
}

/// The sheets of a batch that have not come to a step, to move them there with their batch. Voided ones go no
/// further than the records room's shelf, and are left alone.
pub async fn take_sheets_before(tx: &mut Tx, batch: BatchId, step: Custody) -> Result<Vec<SheetRow>, Error> {
    let only_to_scan = step > Custody::Received;
    let rows = fetch_all!(tx, Kept, OF_BATCH, batch.0, Rows::of(&before(step)).text(), only_to_scan)?;
    rows.into_iter().map(sheet).collect()
}

/// At most a hundred sheets of a batch that were not scanned at a step.
pub async fn not_seen_at(tx: &mut Tx, batch: BatchId, step: Custody) -> Result<Vec<SheetRow>, Error> {
    let only_to_scan = step > Custody::Received;
    let rows = fetch_all!(tx, Kept, NOT_SEEN, batch.0, Rows::of(&before(step)).text(), only_to_scan)?;
    rows.into_iter().map(sheet).collect()
}

const OF_UNIT: &str = batches!(
    "
    WHERE form_batch.incident = $1 AND form_batch.unit = $2
    ORDER BY form_batch.number DESC
    LIMIT 10"
);

/// The last ten batches of a unit.
pub async fn of_unit(tx: &mut Tx, incident: IncidentId, unit: UnitId) -> Result<Vec<BatchRow>, Error> {
    fetch_all!(tx, KeptBatch, OF_UNIT, incident.0, unit.0)?.into_iter().map(read).collect()
}

const LIST: Sql = Sql {
    sqlite: batches!(
        "
    WHERE form_batch.incident = $1 AND form_batch.state IN (SELECT value FROM json_each($2))
        AND (form_batch.changed_at, form_batch.id) > ($3, $4)
    ORDER BY form_batch.changed_at, form_batch.id
    LIMIT $5"
    ),
    postgres: batches!(
        "
    WHERE form_batch.incident = $1 AND form_batch.state IN (SELECT json_array_elements_text($2::json))
        AND (form_batch.changed_at, form_batch.id) > ($3, $4)
    ORDER BY form_batch.changed_at, form_batch.id
    LIMIT $5"
    ),
};

/// One page of the batches in these states, the longest waiting first, after the last one of the page before.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    states: &[BatchState],
    after: (Timestamp, BatchId),
    most: i64,
) -> Result<Vec<BatchRow>, Error> {
    let codes: Vec<&str> = states.iter().map(|state| state.code()).collect();
    let rows =
        fetch_all!(tx, KeptBatch, LIST, incident.0, Rows::of(&codes).text(), after.0.0, after.1.0, most)?;
    rows.into_iter().map(read).collect()
}
