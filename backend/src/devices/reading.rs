//! What the pages of devices read: sums by site, units the worst first, one unit, and the curve.

use domain::{
    id::{FacilityId, IncidentId, SystemId, UnitId},
    view::devices::DeviceSums,
};
use sqlx::types::Uuid;

use crate::{
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

/// One site in figures.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct SiteRow {
    pub facility: Uuid,
    pub total: i64,
    pub checked: i64,
    pub fixed: i64,
    pub remaining: i64,
    /// Units in which of some class not one works, and those of them without a team.
    pub bare: i64,
    pub bare_without_team: i64,
    /// Units of which anything is known.
    pub units: i64,
    pub uncounted: i64,
    pub beyond: i64,
}

impl SiteRow {
    /// The four figures.
    pub const fn sums(&self) -> DeviceSums {
        DeviceSums { in_all: self.total, checked: self.checked, fixed: self.fixed, left: self.remaining }
    }
}

const BY_SITE: &str = "
    SELECT unit.facility, CAST(SUM(each.total) AS BIGINT) AS total, CAST(SUM(each.checked) AS BIGINT) AS checked,
        CAST(SUM(each.fixed) AS BIGINT) AS fixed, CAST(SUM(each.remaining) AS BIGINT) AS remaining,
        CAST(SUM(each.bare) AS BIGINT) AS bare,
        COUNT(CASE WHEN each.bare = 1 AND COALESCE(device_team.team, '') = '' THEN 1 END)
            AS bare_without_team,
        COUNT(*) AS units, COUNT(CASE WHEN each.uncounted > 0 THEN 1 END) AS uncounted,
        COUNT(CASE WHEN each.beyond > 0 THEN 1 END) AS beyond
    FROM (
        SELECT unit, SUM(total) AS total, SUM(checked) AS checked, SUM(fixed) AS fixed,
            SUM(remaining) AS remaining, MAX(bare) AS bare, COUNT(CASE WHEN in_all IS NULL AND total > 0 THEN 1 END) AS uncounted,
            COUNT(CASE WHEN in_all < total THEN 1 END) AS beyond
        FROM device_tally
        WHERE incident = $1 AND ($2 IS NULL OR class = $2)
        GROUP BY unit
    ) each
    JOIN unit ON unit.id = each.unit
    LEFT JOIN device_team ON device_team.incident = $1 AND device_team.unit = each.unit
    GROUP BY unit.facility";

/// Every site of which anything is known; of one class or of all.
pub async fn by_site(
    tx: &mut Tx,
    incident: IncidentId,
    class: Option<SystemId>,
) -> Result<Vec<SiteRow>, Error> {
    fetch_all!(tx, SiteRow, BY_SITE, incident.0, class.map(|class| class.0))
}

const ANYTHING: &str = "
    SELECT unit
    FROM device_tally
    WHERE incident = $1
    LIMIT 1";

/// Whether anything is known of any device.
pub async fn anything(tx: &mut Tx, incident: IncidentId) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (Uuid,), ANYTHING, incident.0)?.is_some())
}

const BARE: &str = "
    SELECT COUNT(DISTINCT unit)
    FROM device_tally
    WHERE incident = $1 AND bare = 1";

/// In how many units of some class not one works.
pub async fn bare(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), BARE, incident.0)?.0)
}

/// One class in one unit.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LineRow {
    pub unit: Uuid,
    pub class: Uuid,
    pub name: String,
    pub site: String,
    pub class_code: String,
    pub class_name: String,
    pub in_all: Option<i64>,
    pub total: i64,
    pub checked: i64,
    pub fixed: i64,
    pub remaining: i64,
    pub bare: i64,
    pub team: String,
    pub changed_at: i64,
}

macro_rules! lines {
    ($rest:literal) => {
        concat!(
            "
    SELECT device_tally.unit, device_tally.class, unit.name, facility.short_name AS site,
        system.code AS class_code, system.name AS class_name, in_all, total, checked, fixed, remaining, bare,
        COALESCE(device_team.team, '') AS team, changed_at
    FROM device_tally
    JOIN unit ON unit.id = device_tally.unit
    JOIN facility ON facility.id = unit.facility
    JOIN system ON system.id = device_tally.class
    LEFT JOIN device_team ON device_team.incident = device_tally.incident
        AND device_team.unit = device_tally.unit",
            $rest
        )
    };
}

const LIST: &str = lines!(
    "
    WHERE device_tally.incident = $1
        AND ($2 IS NULL OR unit.facility = $2)
        AND ($3 IS NULL OR device_tally.class = $3)
        AND ($4 <> 'none' OR bare = 1)
        AND ($4 <> 'no_team' OR (bare = 1 AND COALESCE(device_team.team, '') = ''))
        AND ($4 <> 'left' OR remaining > 0 OR (in_all IS NULL AND total > 0))
        AND ($4 <> 'beyond' OR in_all < total)
        AND ($4 <> 'uncounted' OR (in_all IS NULL AND total > 0))
        AND (bare < $5 OR (bare = $5 AND remaining < $6)
            OR (bare = $5 AND remaining = $6 AND (device_tally.unit, device_tally.class) > ($7, $8)))
    ORDER BY bare DESC, remaining DESC, device_tally.unit, device_tally.class
    LIMIT $9"
);

/// Which units are asked for, and after which one.
#[derive(Debug, Clone)]
pub struct Filter {
    pub site: Option<FacilityId>,
    pub class: Option<SystemId>,
    /// `none`, `no_team`, `left`, `beyond`, `uncounted`; anything else is all.
    pub show: String,
    pub after: After,
}

/// The last row of the page before.
#[derive(Debug, Clone, Copy)]
pub struct After {
    pub bare: i64,
    pub remaining: i64,
    pub unit: Uuid,
    pub class: Uuid,
}

impl After {
    /// Reads `1:40:UNIT:CLASS`; anything else is the beginning.
    pub fn read(text: &str) -> Self {
        let mut parts = text.split(':');
        let mut next = || parts.next().unwrap_or_default();
        let read = (next().parse(), next().parse(), next().parse(), next().parse());
        match read {
            (Ok(bare), Ok(remaining), Ok(unit), Ok(class)) => Self { bare, remaining, unit, class },
            _ => Self { bare: 2, remaining: 0, unit: Uuid::nil(), class: Uuid::nil() },
        }
    }

    /// The row as the next page's address names it.
    pub fn of(row: &LineRow) -> String {
        format!("{}:{}:{}:{}", row.bare, row.remaining, row.unit, row.class)
    }
}

/// Units and classes, the worst first: those in which nothing works, then those with most left.
pub async fn worst(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    most: i64,
) -> Result<Vec<LineRow>, Error> {
    let (site, class) = (filter.site.map(|site| site.0), filter.class.map(|class| class.0));
    let After { bare, remaining, unit, class: after_class } = filter.after;
    fetch_all!(
        tx,
        LineRow,
        LIST,
        incident.0,
        site,
        class,
        &filter.show,
        bare,
        remaining,
        unit,
        after_class,
        most
    )
}

const OF_UNIT: &str = lines!(
    "
    WHERE device_tally.incident = $1 AND device_tally.unit = $2
    ORDER BY system.position, system.code"
);

/// The classes of one unit.
pub async fn of_unit(tx: &mut Tx, incident: IncidentId, unit: UnitId) -> Result<Vec<LineRow>, Error> {
    fetch_all!(tx, LineRow, OF_UNIT, incident.0, unit.0)
}

const TEAM: &str = "
    SELECT team
    FROM device_team
    WHERE incident = $1 AND unit = $2";

/// Who goes to a unit; empty when nobody does.
pub async fn team(tx: &mut Tx, incident: IncidentId, unit: UnitId) -> Result<String, Error> {
    Ok(fetch_optional!(tx, (String,), TEAM, incident.0, unit.0)?.map(|(team,)| team).unwrap_or_default())
}

/// One event of a unit.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    pub source: String,
    pub machine: Option<String>,
    pub to_state: String,
    pub in_all: Option<i64>,
    pub checked: Option<i64>,
    pub fixed: Option<i64>,
    pub class_name: String,
    pub event_at: i64,
}

const EVENTS: &str = "
    SELECT device_event.source, device_machine.name AS machine, to_state, in_all, checked, fixed,
        system.name AS class_name, device_event.event_at
    FROM device_event
    JOIN system ON system.id = device_event.class
    LEFT JOIN device_machine ON device_machine.id = device_event.machine
    WHERE device_event.incident = $1 AND device_event.unit = $2
    ORDER BY device_event.entered_at DESC, device_event.id DESC
    LIMIT 50";

/// What happened last in a unit.
pub async fn events(tx: &mut Tx, incident: IncidentId, unit: UnitId) -> Result<Vec<EventRow>, Error> {
    fetch_all!(tx, EventRow, EVENTS, incident.0, unit.0)
}

const SLOTS: &str = "
    SELECT slot, CAST(SUM(fixed) AS BIGINT), CAST(SUM(found) AS BIGINT)
    FROM device_slot
    WHERE incident = $1 AND ($2 IS NULL OR class = $2)
    GROUP BY slot
    ORDER BY slot";

/// What each ten minutes brought: when, how many more work, how many of these a first count found so.
pub async fn slots(
    tx: &mut Tx,
    incident: IncidentId,
    class: Option<SystemId>,
) -> Result<Vec<(i64, i64, i64)>, Error> {
    fetch_all!(tx, (i64, i64, i64), SLOTS, incident.0, class.map(|class| class.0))
}

const NOT_DONE: &str = "
    SELECT unit.id, unit.name, facility.short_name, in_all, total, checked, fixed
    FROM device_tally
    JOIN unit ON unit.id = device_tally.unit
    JOIN facility ON facility.id = unit.facility
    WHERE incident = $1 AND class = $2 AND unit.closed_at IS NULL
        AND (remaining > 0 OR (in_all IS NULL AND total > 0))
    ORDER BY facility.position, facility.code, unit.name, unit.code";

/// A unit of which not everything works: in all, total, checked, fixed.
pub type NotDone = (Uuid, String, String, Option<i64>, i64, i64, i64);

/// The open units of which not all devices of a class work, or that nobody has counted.
pub async fn not_done(tx: &mut Tx, incident: IncidentId, class: SystemId) -> Result<Vec<NotDone>, Error> {
    fetch_all!(tx, NotDone, NOT_DONE, incident.0, class.0)
}

const UNITS: &str = "
    SELECT unit.facility, COUNT(*)
    FROM unit
    WHERE unit.closed_at IS NULL
    GROUP BY unit.facility";

/// How many open units each site has.
pub async fn open_units(tx: &mut Tx) -> Result<Vec<(Uuid, i64)>, Error> {
    fetch_all!(tx, (Uuid, i64), UNITS)
}
