//! The SQL of the pages of blank forms: lists by what is short and by what runs out first, and what happened.

use domain::{
    id::{FacilityId, IncidentId, PackId, UnitId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::store::{ReorderRow, SLOT};
use crate::{
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

/// One form at one unit, for a list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LineRow {
    pub unit: Uuid,
    pub form_type: String,
    pub name: String,
    pub facility: Uuid,
    pub counted_at: Option<i64>,
    pub remaining: i64,
    pub par: i64,
    pub basis: String,
    pub rate_sheets: Option<i64>,
    pub rate_minutes: Option<i64>,
    pub measured: bool,
    pub runs_out_at: Option<i64>,
    pub short: i64,
    pub reorder: Option<Uuid>,
    pub reorder_state: Option<String>,
    /// What went and what was brought since a moment, where one is asked for.
    pub used: i64,
    pub brought: i64,
}

/// Joined in this order, so that SQLite goes by the index of the list and not by that of units.
macro_rules! lines {
    ($since:literal, $rest:literal) => {
        concat!(
            "
    SELECT stock.unit, stock.form_type, unit.name, unit.facility, stock.counted_at, stock.remaining, stock.par,
        stock.basis, stock.rate_sheets, stock.rate_minutes, stock.measured, stock.runs_out_at, stock.short,
        reorder.id AS reorder, reorder.state AS reorder_state,",
            $since,
            "
    FROM stock
    CROSS JOIN unit
    LEFT JOIN reorder ON reorder.unit = stock.unit AND reorder.form_type = stock.form_type
        AND reorder.state IN ('open', 'ordered')
    WHERE unit.id = stock.unit",
            $rest
        )
    };
}

/// Units by what is short, the most first.
pub const SHORT: &str = lines!(
    " CAST(0 AS BIGINT) AS used, CAST(0 AS BIGINT) AS brought",
    "
        AND unit.closed_at IS NULL
        AND ($1 IS NULL OR unit.facility = $1)
        AND ($2 <> 'short' OR stock.short > 0)
        AND stock.short <= $3
        AND (stock.short < $3 OR (stock.unit, stock.form_type) > ($4, $5))
    ORDER BY stock.short DESC, stock.unit, stock.form_type
    LIMIT $6"
);

/// The last row of the page before: a number, the unit, the form.
#[derive(Debug, Clone)]
pub struct After {
    pub number: i64,
    pub unit: Uuid,
    pub form_type: String,
}

impl After {
    /// Reads `40:UNIT:MAR`; anything else is the beginning, before `first`.
    pub fn read(text: &str, first: i64) -> Self {
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().unwrap_or_default();
        match (next().parse(), next().parse(), next()) {
            (Ok(number), Ok(unit), form_type) => Self { number, unit, form_type: form_type.to_owned() },
            _ => Self { number: first, unit: Uuid::nil(), form_type: String::new() },
        }
    }
}

/// Forms by what is short, the most first.
pub async fn short(
    tx: &mut Tx,
    site: Option<FacilityId>,
    show: &str,
    after: &After,
    most: i64,
) -> Result<Vec<LineRow>, Error> {
    let site = site.map(|site| site.0);
    fetch_all!(tx, LineRow, SHORT, site, show, after.number, after.unit, &after.form_type, most)
}

/// What runs out first at the sites of an incident.
pub const BURN_DOWN: &str = lines!(
    "
        COALESCE((SELECT CAST(SUM(stock_slot.used) AS BIGINT) FROM stock_slot
            WHERE stock_slot.unit = stock.unit AND stock_slot.form_type = stock.form_type AND stock_slot.slot >= $2), 0)
            AS used,
        COALESCE((SELECT CAST(SUM(CASE stock_event.act WHEN 'brought' THEN sheets WHEN 'laid_in' THEN sheets
                WHEN 'taken_out' THEN -sheets ELSE 0 END) AS BIGINT) FROM stock_event
            WHERE stock_event.unit = stock.unit AND stock_event.form_type = stock.form_type
                AND stock_event.entered_at >= $3), 0) AS brought",
    "
        AND unit.closed_at IS NULL
        AND unit.facility IN (SELECT facility FROM system_status WHERE incident = $1)
        AND ($4 IS NULL OR unit.facility = $4)
        AND stock.runs_out_at >= $5
        AND (stock.runs_out_at > $5 OR (stock.unit, stock.form_type) > ($6, $7))
    ORDER BY stock.runs_out_at, stock.unit, stock.form_type
    LIMIT $8"
);

/// What runs out first in a downtime that began then.
pub async fn burn_down(
    tx: &mut Tx,
    (incident, began): (IncidentId, Timestamp),
    site: Option<FacilityId>,
    after: &After,
    most: i64,
) -> Result<Vec<LineRow>, Error> {
    let site = site.map(|site| site.0);
    let slot = began.0 / SLOT;
    fetch_all!(
        tx,
        LineRow,
        BURN_DOWN,
        incident.0,
        slot,
        began.0,
        site,
        after.number,
        after.unit,
        &after.form_type,
        most
    )
}

const OF_UNIT: &str = lines!(
    " CAST(0 AS BIGINT) AS used, CAST(0 AS BIGINT) AS brought",
    "
        AND stock.unit = $1
    ORDER BY stock.short DESC, stock.form_type"
);

/// The forms of one unit.
pub async fn of_unit(tx: &mut Tx, unit: UnitId) -> Result<Vec<LineRow>, Error> {
    fetch_all!(tx, LineRow, OF_UNIT, unit.0)
}

const SLOTS: &str = "
    SELECT slot, used
    FROM stock_slot
    WHERE unit = $1 AND form_type = $2 AND slot >= $3
    ORDER BY slot";

const BROUGHT: &str = "
    SELECT entered_at, CASE act WHEN 'taken_out' THEN -sheets ELSE sheets END
    FROM stock_event
    WHERE unit = $1 AND form_type = $2 AND entered_at >= $3 AND act IN ('brought', 'laid_in', 'taken_out')
    ORDER BY entered_at, id";

/// What changed of one form since a moment, in order: in which ten minutes, by how much.
pub async fn changes(
    tx: &mut Tx,
    (unit, form_type): (Uuid, &str),
    since: Timestamp,
) -> Result<Vec<(i64, i64)>, Error> {
    let used = fetch_all!(tx, (i64, i64), SLOTS, unit, form_type, since.0 / SLOT)?;
    let brought = fetch_all!(tx, (i64, Option<i64>), BROUGHT, unit, form_type, since.0)?;
    let mut changes: Vec<(i64, i64)> = used.into_iter().map(|(slot, used)| (slot, -used)).collect();
    changes.extend(brought.into_iter().map(|(at, sheets)| (at / SLOT, sheets.unwrap_or(0))));
    changes.sort_by_key(|(slot, _)| *slot);
    Ok(changes)
}

const SHORT_UNITS: &str = "
    SELECT COUNT(DISTINCT stock.unit)
    FROM stock
    JOIN unit ON unit.id = stock.unit
    WHERE stock.short > 0 AND unit.closed_at IS NULL AND ($1 IS NULL OR unit.facility = $1)";

/// How many units run short of a form.
pub async fn short_units(tx: &mut Tx, site: Option<FacilityId>) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), SHORT_UNITS, site.map(|site| site.0))?.0)
}

const UNCOUNTED: &str = "
    SELECT unit.id, facility.short_name, unit.name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.closed_at IS NULL AND ($1 IS NULL OR unit.facility = $1)
        AND NOT EXISTS (SELECT 1 FROM stock WHERE stock.unit = unit.id)
    ORDER BY facility.position, facility.code, unit.name, unit.code
    LIMIT $2";

/// The first units of which no form was ever counted: id, site, name.
pub async fn uncounted(
    tx: &mut Tx,
    site: Option<FacilityId>,
    most: i64,
) -> Result<Vec<(Uuid, String, String)>, Error> {
    fetch_all!(tx, (Uuid, String, String), UNCOUNTED, site.map(|site| site.0), most)
}

const UNCOUNTED_UNITS: &str = "
    SELECT COUNT(*)
    FROM unit
    WHERE unit.closed_at IS NULL AND ($1 IS NULL OR unit.facility = $1)
        AND NOT EXISTS (SELECT 1 FROM stock WHERE stock.unit = unit.id)";

/// How many units there are of which no form was ever counted.
pub async fn uncounted_units(tx: &mut Tx, site: Option<FacilityId>) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), UNCOUNTED_UNITS, site.map(|site| site.0))?.0)
}

/// What an incident's paper must know of its blank forms.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct Summary {
    /// Units that run short of a form.
    pub short_units: i64,
    pub open: i64,
    pub ordered: i64,
    pub uncounted_units: i64,
}

const SUMMARY: &str = "
    SELECT COUNT(CASE WHEN EXISTS (SELECT 1 FROM stock WHERE stock.unit = unit.id AND stock.short > 0) THEN 1 END)
            AS short_units,
        CAST(COALESCE(SUM((SELECT COUNT(*) FROM reorder WHERE reorder.unit = unit.id AND reorder.state = 'open')), 0)
            AS BIGINT) AS open,
        CAST(COALESCE(SUM((SELECT COUNT(*) FROM reorder WHERE reorder.unit = unit.id AND reorder.state = 'ordered')), 0)
            AS BIGINT) AS ordered,
        COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM stock WHERE stock.unit = unit.id) THEN 1 END) AS uncounted_units
    FROM unit
    WHERE unit.closed_at IS NULL AND unit.facility IN (SELECT facility FROM system_status WHERE incident = $1)
        AND ($2 IS NULL OR unit.id = $2)";

/// How the blank forms of an incident's sites, or of one unit of them, stand.
pub async fn summary(tx: &mut Tx, incident: IncidentId, unit: Option<UnitId>) -> Result<Summary, Error> {
    fetch_one!(tx, Summary, SUMMARY, incident.0, unit.map(|unit| unit.0))
}

/// One event of a unit.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    pub form_type: String,
    pub act: String,
    pub sheets: Option<i64>,
    pub expected: i64,
    pub entered_at: i64,
    pub by: Option<String>,
    pub note: String,
}

const EVENTS: &str = "
    SELECT stock_event.form_type, stock_event.act, stock_event.sheets, stock_event.expected, stock_event.entered_at,
        account.name AS by, stock_event.note
    FROM stock_event
    LEFT JOIN account ON account.id = stock_event.account
    WHERE stock_event.unit = $1
    ORDER BY stock_event.entered_at DESC, stock_event.id DESC
    LIMIT 50";

/// What happened last to a unit's forms.
pub async fn events(tx: &mut Tx, unit: UnitId) -> Result<Vec<EventRow>, Error> {
    fetch_all!(tx, EventRow, EVENTS, unit.0)
}

const PACKS: &str = "
    SELECT pack.id, pack.sheets, pack.made_at
    FROM pack
    WHERE pack.unit = $1 AND pack.state = 'printed'
        AND NOT EXISTS (SELECT 1 FROM stock_pack WHERE stock_pack.pack = pack.id)
    ORDER BY pack.id
    LIMIT 50";

/// The packs that were printed for a unit and do not lie in its box: id, sheets, when.
pub async fn packs(tx: &mut Tx, unit: UnitId) -> Result<Vec<(PackId, i64, Timestamp)>, Error> {
    let rows = fetch_all!(tx, (Uuid, i64, i64), PACKS, unit.0)?;
    Ok(rows.into_iter().map(|(id, sheets, at)| (PackId(id), sheets, Timestamp(at))).collect())
}

/// Reorders in a state, the oldest first.
pub const REORDERS: &str = "
    SELECT id, unit, form_type, sheets, state, opened_at, changed_at, changed_by, note
    FROM reorder
    WHERE state = $1 AND id > $2
    ORDER BY id
    LIMIT $3";

/// A page of reorders.
pub async fn reorders(tx: &mut Tx, state: &str, after: Uuid, most: i64) -> Result<Vec<ReorderRow>, Error> {
    fetch_all!(tx, ReorderRow, REORDERS, state, after, most)
}

const WAITING: &str = "
    SELECT COUNT(*)
    FROM reorder
    WHERE state IN ('open', 'ordered')";

/// How many reorders wait.
pub async fn waiting(tx: &mut Tx) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), WAITING)?.0)
}

const NAME: &str = "
    SELECT name
    FROM account
    WHERE id = $1";

/// Who somebody is; the program when it was nobody.
pub async fn who(tx: &mut Tx, account: Uuid) -> Result<String, Error> {
    let name = fetch_optional!(tx, (String,), NAME, account)?;
    Ok(name.map_or_else(|| "the program".to_owned(), |(name,)| name))
}
