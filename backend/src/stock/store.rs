//! The SQL of blank forms: what lies at each unit, what happened to it, what went when, and what is asked for.

use std::collections::BTreeMap;

use domain::{
    id::{AccountId, FacilityId, IncidentId, PackId, ReorderId, UnitId},
    playbooks::Setting,
    stock::{Basis, Pool, ReorderState},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_optional,
    store::{Error, Sql, Tx},
};

/// Microseconds of ten minutes.
pub const SLOT: i64 = 600_000_000;

/// One form at one unit, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StockRow {
    pub unit: Uuid,
    pub form_type: String,
    pub lay: i64,
    pub gone_then: i64,
    pub pending: i64,
    pub counted_at: Option<i64>,
    pub own_par: Option<i64>,
    pub declined: bool,
    pub remaining: i64,
    pub par: i64,
    pub basis: String,
    pub rate_sheets: Option<i64>,
    pub rate_minutes: Option<i64>,
    pub measured: bool,
    pub runs_out_at: Option<i64>,
    pub short: i64,
    pub version: i64,
}

impl StockRow {
    /// A form that nobody has counted at a unit.
    pub fn new(unit: UnitId, form_type: &str, gone: i64) -> Self {
        Self {
            unit: unit.0,
            form_type: form_type.to_owned(),
            lay: 0,
            gone_then: gone,
            pending: 0,
            counted_at: None,
            own_par: None,
            declined: false,
            remaining: 0,
            par: 0,
            basis: Basis::Kit.code().to_owned(),
            rate_sheets: None,
            rate_minutes: None,
            measured: false,
            runs_out_at: None,
            short: 0,
            version: 0,
        }
    }

    /// What people said and the ledger knew.
    pub const fn pool(&self) -> Pool {
        Pool { lay: self.lay, gone_then: self.gone_then, pending: self.pending }
    }

    /// The same with another pool.
    #[must_use]
    pub fn with(self, pool: Pool) -> Self {
        Self { lay: pool.lay, gone_then: pool.gone_then, pending: pool.pending, ..self }
    }

    /// The same after sheets were brought, or taken away (less than 0).
    #[must_use]
    pub fn brought(self, sheets: i64) -> Self {
        let pool = self.pool().brought(sheets);
        self.with(pool)
    }
}

macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "
    SELECT unit, form_type, lay, gone_then, pending, counted_at, own_par, declined, remaining, par, basis, rate_sheets,
        rate_minutes, measured, runs_out_at, short, version
    FROM stock",
            $rest
        )
    };
}

const ALL: &str = rows!(
    "
    ORDER BY unit, form_type"
);

const OF_UNIT: Sql = Sql {
    sqlite: rows!(
        "
    WHERE unit = $1
    ORDER BY form_type"
    ),
    postgres: rows!(
        "
    WHERE unit = $1
    ORDER BY form_type
    FOR UPDATE"
    ),
};

const READ_UNIT: &str = rows!(
    "
    WHERE unit = $1
    ORDER BY form_type"
);

/// Every form of every unit.
pub async fn all(tx: &mut Tx) -> Result<Vec<StockRow>, Error> {
    fetch_all!(tx, StockRow, ALL)
}

/// The forms of a unit, taken by this transaction.
pub async fn take(tx: &mut Tx, unit: UnitId) -> Result<Vec<StockRow>, Error> {
    fetch_all!(tx, StockRow, OF_UNIT, unit.0)
}

/// The forms of a unit.
pub async fn of_unit(tx: &mut Tx, unit: UnitId) -> Result<Vec<StockRow>, Error> {
    fetch_all!(tx, StockRow, READ_UNIT, unit.0)
}

/// What a ledger says of one form at one unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// Used, voided and missing.
    pub gone: i64,
    pub out: i64,
}

/// By unit and code of the form.
pub type Ledgers = BTreeMap<(Uuid, String), Said>;

type LedgerRow = (Uuid, String, i64, i64);

const LEDGERS: &str = "
    SELECT form_tally.unit, form_tally.form_type,
        CAST(SUM(form_tally.issued - form_tally.out - form_tally.blank) AS BIGINT),
        CAST(SUM(form_tally.out) AS BIGINT)
    FROM incident
    JOIN form_tally ON form_tally.incident = incident.id
    WHERE incident.kind = 'real' AND form_tally.found = FALSE
    GROUP BY form_tally.unit, form_tally.form_type";

const LEDGER_OF_UNIT: &str = "
    SELECT form_tally.unit, form_tally.form_type,
        CAST(SUM(form_tally.issued - form_tally.out - form_tally.blank) AS BIGINT),
        CAST(SUM(form_tally.out) AS BIGINT)
    FROM incident
    JOIN form_tally ON form_tally.incident = incident.id AND form_tally.unit = $1
    WHERE incident.kind = 'real' AND form_tally.found = FALSE
    GROUP BY form_tally.unit, form_tally.form_type";

fn ledgers_of(rows: Vec<LedgerRow>) -> Ledgers {
    rows.into_iter().map(|(unit, code, gone, out)| ((unit, code), Said { gone, out })).collect()
}

/// What the ledgers of all real incidents say, of one unit or of all. Drills count for nothing (rule 11): count the
/// box after one.
pub async fn ledgers(tx: &mut Tx, unit: Option<UnitId>) -> Result<Ledgers, Error> {
    Ok(ledgers_of(match unit {
        Some(unit) => fetch_all!(tx, LedgerRow, LEDGER_OF_UNIT, unit.0)?,
        None => fetch_all!(tx, LedgerRow, LEDGERS)?,
    }))
}

const RECENT: &str = "
    SELECT unit, form_type, CAST(SUM(used) AS BIGINT)
    FROM stock_slot
    WHERE slot >= $1
    GROUP BY unit, form_type";

/// How many sheets went since a slot.
pub async fn recent(tx: &mut Tx, since: i64) -> Result<BTreeMap<(Uuid, String), i64>, Error> {
    let rows = fetch_all!(tx, (Uuid, String, i64), RECENT, since)?;
    Ok(rows.into_iter().map(|(unit, code, used)| ((unit, code), used)).collect())
}

/// A unit as far as it matters for its forms.
#[derive(Debug, Clone, Copy)]
pub struct UnitRow {
    pub facility: FacilityId,
    pub setting: Option<Setting>,
    pub beds: Option<i64>,
}

const UNITS: &str = "
    SELECT id, facility, setting, beds
    FROM unit";

/// Every unit.
pub async fn units(tx: &mut Tx) -> Result<BTreeMap<Uuid, UnitRow>, Error> {
    let rows = fetch_all!(tx, (Uuid, Uuid, String, Option<i64>), UNITS)?;
    let read = |(id, facility, setting, beds): (Uuid, Uuid, String, Option<i64>)| {
        (id, UnitRow { facility: FacilityId(facility), setting: Setting::from_code(&setting), beds })
    };
    Ok(rows.into_iter().map(read).collect())
}

const CENSUS: &str = "
    SELECT unit, number
    FROM (
        SELECT check_census.unit, check_census.number,
            ROW_NUMBER() OVER (PARTITION BY check_census.unit ORDER BY check_census.day DESC, check_census.changed_at DESC) AS place
        FROM incident
        JOIN check_census ON check_census.incident = incident.id
        WHERE incident.kind = 'real' AND incident.phase IN ('downtime', 'recovery', 'reconciling')
            AND check_census.occasion = 'patient_day'
    ) latest
    WHERE place = 1";

/// The patients of each unit by the last census of a downtime that goes on.
pub async fn census(tx: &mut Tx) -> Result<BTreeMap<Uuid, i64>, Error> {
    Ok(fetch_all!(tx, (Uuid, i64), CENSUS)?.into_iter().collect())
}

const OPEN: &str = "
    SELECT DISTINCT incident.id, incident.declared_at, system_status.facility
    FROM incident
    JOIN system_status ON system_status.incident = incident.id
    WHERE incident.kind = 'real' AND incident.phase IN ('downtime', 'recovery', 'reconciling')
        AND incident.declared_at IS NOT NULL
    ORDER BY incident.declared_at, incident.id";

/// The sites of each downtime that goes on, the earliest first.
pub async fn open(tx: &mut Tx) -> Result<Vec<(IncidentId, Timestamp, FacilityId)>, Error> {
    let rows = fetch_all!(tx, (Uuid, i64, Uuid), OPEN)?;
    Ok(rows
        .into_iter()
        .map(|(incident, at, site)| (IncidentId(incident), Timestamp(at), FacilityId(site)))
        .collect())
}

const BEGIN: &str = "
    INSERT INTO stock (
        unit, form_type, lay, gone_then, pending, declined, remaining, par, basis, measured, short, version, changed_at)
    VALUES ($1, $2, 0, $3, 0, FALSE, 0, 0, 'kit', FALSE, 0, 0, $4)
    ON CONFLICT (unit, form_type) DO NOTHING";

const KEEP: &str = "
    UPDATE stock
    SET lay = $3, gone_then = $4, pending = $5, counted_at = $6, own_par = $7, declined = $8, remaining = $9, par = $10,
        basis = $11, rate_sheets = $12, rate_minutes = $13, measured = $14, runs_out_at = $15, short = $16,
        version = version + 1, changed_at = $17
    WHERE unit = $1 AND form_type = $2 AND version = $18";

/// Keeps a row, which is made when its version is 0 and it is not there; false when somebody else has changed it.
pub async fn keep(tx: &mut Tx, row: &StockRow, now: Timestamp) -> Result<bool, Error> {
    if row.version == 0 {
        execute!(tx, BEGIN, row.unit, &row.form_type, row.gone_then, now.0)?;
    }
    let changed = execute!(
        tx,
        KEEP,
        row.unit,
        &row.form_type,
        row.lay,
        row.gone_then,
        row.pending,
        row.counted_at,
        row.own_par,
        row.declined,
        row.remaining,
        row.par,
        &row.basis,
        row.rate_sheets,
        row.rate_minutes,
        row.measured,
        row.runs_out_at,
        row.short,
        now.0,
        row.version
    )?;
    Ok(changed == 1)
}

const ADD_SLOT: &str = "
    INSERT INTO stock_slot (unit, form_type, slot, used)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (unit, form_type, slot) DO UPDATE
    SET used = stock_slot.used + excluded.used";

/// Notes that sheets went.
pub async fn add_slot(
    tx: &mut Tx,
    (unit, form_type): (Uuid, &str),
    used: i64,
    now: Timestamp,
) -> Result<(), Error> {
    if used == 0 {
        return Ok(());
    }
    execute!(tx, ADD_SLOT, unit, form_type, now.0 / SLOT, used).map(|_| ())
}

/// Something that happened to a unit's blank forms.
pub struct NewEvent<'a> {
    pub id: Uuid,
    pub unit: UnitId,
    pub form_type: &'a str,
    pub act: &'static str,
    pub sheets: Option<i64>,
    pub expected: i64,
    pub pack: Option<PackId>,
    pub note: &'a str,
}

const LOG: &str = "
    INSERT INTO stock_event (id, unit, form_type, act, sheets, expected, pack, entered_at, account, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Writes what happened.
pub async fn log(
    tx: &mut Tx,
    event: &NewEvent<'_>,
    (at, account): (Timestamp, AccountId),
) -> Result<(), Error> {
    execute!(
        tx,
        LOG,
        event.id,
        event.unit.0,
        event.form_type,
        event.act,
        event.sheets,
        event.expected,
        event.pack.map(|pack| pack.0),
        at.0,
        account.0,
        event.note
    )
    .map(|_| ())
}

const LAY_IN: &str = "
    INSERT INTO stock_pack (pack, laid_in_at)
    VALUES ($1, $2)
    ON CONFLICT (pack) DO NOTHING";

/// Notes that a pack lies in its unit's box; false when it did before.
pub async fn lay_in(tx: &mut Tx, pack: PackId, now: Timestamp) -> Result<bool, Error> {
    Ok(execute!(tx, LAY_IN, pack.0, now.0)? == 1)
}

const LIES_IN: &str = "
    SELECT laid_in_at
    FROM stock_pack
    WHERE pack = $1";

/// Whether a pack lies in its unit's box, or did.
pub async fn lies_in(tx: &mut Tx, pack: PackId) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (i64,), LIES_IN, pack.0)?.is_some())
}

/// A reorder as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ReorderRow {
    pub id: Uuid,
    pub unit: Uuid,
    pub form_type: String,
    pub sheets: i64,
    pub state: String,
    pub opened_at: i64,
    pub changed_at: i64,
    pub changed_by: Uuid,
    pub note: String,
}

impl ReorderRow {
    /// Its state.
    pub fn state(&self) -> Result<ReorderState, Error> {
        ReorderState::from_code(&self.state)
            .ok_or_else(|| Error::Corrupt(format!("a reorder is {:?}", self.state)))
    }
}

macro_rules! reorders {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, unit, form_type, sheets, state, opened_at, changed_at, changed_by, note
    FROM reorder",
            $rest
        )
    };
}

const FIND: Sql = Sql {
    sqlite: reorders!(
        "
    WHERE id = $1"
    ),
    postgres: reorders!(
        "
    WHERE id = $1
    FOR UPDATE"
    ),
};

/// One reorder, taken by this transaction.
pub async fn take_reorder(tx: &mut Tx, id: ReorderId) -> Result<Option<ReorderRow>, Error> {
    fetch_optional!(tx, ReorderRow, FIND, id.0)
}

const READ: &str = reorders!(
    "
    WHERE id = $1"
);

/// One reorder.
pub async fn reorder(tx: &mut Tx, id: ReorderId) -> Result<Option<ReorderRow>, Error> {
    fetch_optional!(tx, ReorderRow, READ, id.0)
}

const WAITING_AT: &str = reorders!(
    "
    WHERE unit = $1 AND state IN ('open', 'ordered')
    ORDER BY id"
);

/// The reorders of a unit that wait.
pub async fn waiting_at(tx: &mut Tx, unit: UnitId) -> Result<Vec<ReorderRow>, Error> {
    fetch_all!(tx, ReorderRow, WAITING_AT, unit.0)
}

const UNASKED: &str = "
    SELECT stock.unit, stock.form_type, stock.short
    FROM stock
    JOIN unit ON unit.id = stock.unit
    WHERE stock.short > 0 AND stock.declined = FALSE AND unit.closed_at IS NULL
        AND NOT EXISTS (
            SELECT 1
            FROM reorder
            WHERE reorder.unit = stock.unit AND reorder.form_type = stock.form_type
                AND reorder.state IN ('open', 'ordered')
        )
    ORDER BY stock.unit, stock.form_type";

/// What runs short and is not asked for: unit, form, how many.
pub async fn unasked(tx: &mut Tx) -> Result<Vec<(Uuid, String, i64)>, Error> {
    fetch_all!(tx, (Uuid, String, i64), UNASKED)
}

const OPEN_REORDER: &str = "
    INSERT INTO reorder (id, unit, form_type, sheets, state, opened_at, changed_at, changed_by, note)
    VALUES ($1, $2, $3, $4, 'open', $5, $5, $6, '')
    ON CONFLICT DO NOTHING";

/// Asks for forms; false when they are asked for already.
pub async fn open_reorder(
    tx: &mut Tx,
    id: ReorderId,
    (unit, form_type, sheets): (Uuid, &str, i64),
    (at, account): (Timestamp, AccountId),
) -> Result<bool, Error> {
    if execute!(tx, OPEN_REORDER, id.0, unit, form_type, sheets, at.0, account.0)? == 0 {
        return Ok(false);
    }
    execute!(tx, LOG_REORDER, id.0, "", "open", at.0, account.0, "")?;
    Ok(true)
}

const LOG_REORDER: &str = "
    INSERT INTO reorder_event (reorder, seq, from_state, to_state, entered_at, account, note)
    SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5, $6
    FROM reorder_event
    WHERE reorder = $1";

const MOVE_REORDER: &str = "
    UPDATE reorder
    SET state = $2, changed_at = $3, changed_by = $4, note = $5, pack = COALESCE($6, pack)
    WHERE id = $1";

/// Where a reorder goes.
pub struct Move<'a> {
    pub from: ReorderState,
    pub to: ReorderState,
    pub note: &'a str,
    pub pack: Option<PackId>,
}

/// Moves a reorder on.
pub async fn move_reorder(
    tx: &mut Tx,
    id: ReorderId,
    step: &Move<'_>,
    (at, account): (Timestamp, AccountId),
) -> Result<(), Error> {
    let pack = step.pack.map(|pack| pack.0);
    execute!(tx, MOVE_REORDER, id.0, step.to.code(), at.0, account.0, step.note, pack)?;
    execute!(tx, LOG_REORDER, id.0, step.from.code(), step.to.code(), at.0, account.0, step.note).map(|_| ())
}
