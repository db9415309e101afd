//! The SQL of readiness: what was found at each item, every look, and the sums over a unit's items.

use domain::{
    id::{AccountId, FacilityId, IncidentId, UnitId},
    playbooks::Setting,
    readiness::{Checklist, Outcome, Standing},
    time::Timestamp,
    view::readiness::ReadinessSums,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Sql, Tx},
};

/// What was found last at an item.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ItemRow {
    pub item: String,
    pub outcome: String,
    pub number: Option<i64>,
    pub note: String,
    pub checked_at: i64,
    pub due_at: i64,
    pub by: Option<String>,
}

impl ItemRow {
    /// What was found, and until when it counts.
    pub fn found(&self) -> Result<(Outcome, Timestamp), Error> {
        let outcome = Outcome::from_code(&self.outcome)
            .ok_or_else(|| Error::Corrupt(format!("an item was {:?}", self.outcome)))?;
        Ok((outcome, Timestamp(self.due_at)))
    }
}

const OF_UNIT: &str = "
    SELECT readiness.item, readiness.outcome, readiness.number, readiness.note, readiness.checked_at, readiness.due_at,
        account.name AS by
    FROM readiness
    LEFT JOIN account ON account.id = readiness.account
    WHERE readiness.unit = $1";

/// What was found last at each item of a unit.
pub async fn of_unit(tx: &mut Tx, unit: UnitId) -> Result<Vec<ItemRow>, Error> {
    fetch_all!(tx, ItemRow, OF_UNIT, unit.0)
}

/// One look.
pub struct Look<'a> {
    pub id: Uuid,
    pub unit: UnitId,
    pub item: &'a str,
    pub outcome: Outcome,
    pub number: Option<i64>,
    pub note: &'a str,
    pub at: Timestamp,
    pub account: AccountId,
    pub due_at: Timestamp,
    /// The number of the decision in the log.
    pub seq: i64,
}

const LOG: &str = "
    INSERT INTO readiness_event (id, unit, item, outcome, number, note, entered_at, account, due_at, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const KEEP: &str = "
    INSERT INTO readiness (unit, item, outcome, number, note, checked_at, account, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (unit, item) DO UPDATE
    SET outcome = excluded.outcome, number = excluded.number, note = excluded.note, checked_at = excluded.checked_at,
        account = excluded.account, due_at = excluded.due_at";

const TALLY: &str = "
    INSERT INTO readiness_tally (unit, failed, looked_at, last_at, due_at)
    SELECT unit, COUNT(CASE WHEN outcome = 'failed' THEN 1 END), COUNT(*), MAX(checked_at), MIN(due_at)
    FROM readiness
    WHERE unit = $1
    GROUP BY unit
    ON CONFLICT (unit) DO UPDATE
    SET failed = excluded.failed, looked_at = excluded.looked_at, last_at = excluded.last_at, due_at = excluded.due_at";

/// Writes what somebody found, its event, and the sums of the unit.
pub async fn keep(tx: &mut Tx, look: &Look<'_>) -> Result<(), Error> {
    let (unit, outcome) = (look.unit.0, look.outcome.code());
    let (at, account, due_at) = (look.at.0, look.account.0, look.due_at.0);
    execute!(
        tx,
        LOG,
        look.id,
        unit,
        look.item,
        outcome,
        look.number,
        look.note,
        at,
        account,
        due_at,
        look.seq
    )?;
    execute!(tx, KEEP, unit, look.item, outcome, look.number, look.note, at, account, due_at)?;
    execute!(tx, TALLY, unit).map(|_| ())
}

/// One unit, for the list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UnitRow {
    pub id: Uuid,
    pub name: String,
    pub site: String,
    pub items: i64,
    pub failed: i64,
    pub looked_at: i64,
    pub last_at: Option<i64>,
    pub due_at: Option<i64>,
    pub rank: i64,
}

/// The worst standing of a unit by its sums, as [`Standing::rank`] counts: failed 0, never 1, overdue 2, ready 3.
macro_rules! ranked {
    ($before:literal, $wanted:literal, $rest:literal) => {
        concat!(
            $before,
            "
    FROM (
        SELECT unit.id, unit.name, unit.facility, facility.short_name AS site, wanted.items,
            COALESCE(readiness_tally.failed, 0) AS failed, COALESCE(readiness_tally.looked_at, 0) AS looked_at,
            readiness_tally.last_at, readiness_tally.due_at,
            CAST(CASE WHEN readiness_tally.failed > 0 THEN 0
                WHEN COALESCE(readiness_tally.looked_at, 0) < wanted.items THEN 1
                WHEN readiness_tally.due_at < $2 THEN 2
                ELSE 3 END AS BIGINT) AS rank
        FROM unit
        JOIN facility ON facility.id = unit.facility
        JOIN ",
            $wanted,
            " ON wanted.setting = unit.setting
        LEFT JOIN readiness_tally ON readiness_tally.unit = unit.id
        WHERE unit.closed_at IS NULL AND ($3 IS NULL OR unit.facility = $3)
    ) each",
            $rest
        )
    };
}

macro_rules! either {
    ($before:literal, $rest:literal) => {
        Sql {
            sqlite: ranked!(
                $before,
                "(SELECT key AS setting, value AS items FROM json_each($1)) wanted",
                $rest
            ),
            postgres: ranked!(
                $before,
                "(SELECT key COLLATE \"C\" AS setting, value::bigint AS items FROM json_each_text($1::json)) wanted",
                $rest
            ),
        }
    };
}

/// Units, the worst first.
pub const LIST: Sql = either!(
    "
    SELECT id, name, site, items, failed, looked_at, last_at, due_at, rank",
    "
    WHERE ($4 < CAST(0 AS BIGINT) OR rank = $4) AND (rank > $5 OR (rank = $5 AND id > $6))
    ORDER BY rank, id
    LIMIT $7"
);

const SUMS: Sql = either!(
    "
    SELECT rank, COUNT(*)",
    "
    GROUP BY rank"
);

/// How many items are asked for of a unit of each setting, as it travels to the database.
pub fn wanted(list: &Checklist) -> String {
    let settings = Setting::ALL.iter().map(|setting| (setting.code(), list.items(Some(*setting))));
    let all: std::collections::BTreeMap<&str, i64> = settings.chain([("", list.items(None))]).collect();
    serde_json::to_string(&all).expect("codes and numbers are JSON")
}

/// The last row of the page before.
#[derive(Debug, Clone, Copy)]
pub struct After {
    pub rank: i64,
    pub unit: Uuid,
}

impl After {
    /// Reads `0:UNIT`; anything else is the beginning.
    pub fn read(text: &str) -> Self {
        let (rank, unit) = text.split_once(':').unwrap_or_default();
        match (rank.parse(), unit.parse()) {
            (Ok(rank), Ok(unit)) => Self { rank, unit },
            _ => Self { rank: -1, unit: Uuid::nil() },
        }
    }
}

/// A page of units, the worst first; of one site and standing, or of all.
pub async fn list(
    tx: &mut Tx,
    (list, now): (&Checklist, Timestamp),
    (site, standing): (Option<FacilityId>, Option<Standing>),
    after: After,
    most: i64,
) -> Result<Vec<UnitRow>, Error> {
    let (site, rank) = (site.map(|site| site.0), standing.map_or(-1, Standing::rank));
    fetch_all!(tx, UnitRow, LIST, wanted(list), now.0, site, rank, after.rank, after.unit, most)
}

/// How many units stand how.
pub async fn sums(
    tx: &mut Tx,
    (list, now): (&Checklist, Timestamp),
    site: Option<FacilityId>,
) -> Result<ReadinessSums, Error> {
    let mut sums = ReadinessSums::default();
    for (rank, units) in fetch_all!(tx, (i64, i64), SUMS, wanted(list), now.0, site.map(|site| site.0))? {
        sums.units += units;
        match rank {
            0 => sums.failed = units,
            1 => sums.never = units,
            2 => sums.overdue = units,
            _ => {}
        }
    }
    Ok(sums)
}

/// A line of the file of everything.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ExportRow {
    pub id: Uuid,
    pub site: String,
    pub site_code: String,
    pub name: String,
    pub code: String,
    pub setting: String,
    pub item: Option<String>,
    pub outcome: Option<String>,
    pub number: Option<i64>,
    pub note: Option<String>,
    pub checked_at: Option<i64>,
    pub due_at: Option<i64>,
    pub by: Option<String>,
}

const EXPORT: &str = "
    SELECT unit.id, facility.short_name AS site, facility.code AS site_code, unit.name, unit.code, unit.setting,
        readiness.item, readiness.outcome, readiness.number, readiness.note, readiness.checked_at, readiness.due_at,
        account.name AS by
    FROM unit
    JOIN facility ON facility.id = unit.facility
    LEFT JOIN readiness ON readiness.unit = unit.id
    LEFT JOIN account ON account.id = readiness.account
    WHERE unit.closed_at IS NULL AND ($1 IS NULL OR unit.facility = $1)
    ORDER BY facility.position, facility.code, unit.name, unit.code, unit.id";

/// Every unit with what was found last at each of its items; a unit at which nobody looked stands alone.
pub async fn export(tx: &mut Tx, site: Option<FacilityId>) -> Result<Vec<ExportRow>, Error> {
    fetch_all!(tx, ExportRow, EXPORT, site.map(|site| site.0))
}

/// One look of the past.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    pub item: String,
    pub outcome: String,
    pub number: Option<i64>,
    pub note: String,
    pub entered_at: i64,
    pub by: Option<String>,
}

const EVENTS: &str = "
    SELECT readiness_event.item, readiness_event.outcome, readiness_event.number, readiness_event.note,
        readiness_event.entered_at, account.name AS by
    FROM readiness_event
    LEFT JOIN account ON account.id = readiness_event.account
    WHERE readiness_event.unit = $1
    ORDER BY readiness_event.seq DESC
    LIMIT 50";

/// The last looks at a unit.
pub async fn events(tx: &mut Tx, unit: UnitId) -> Result<Vec<EventRow>, Error> {
    fetch_all!(tx, EventRow, EVENTS, unit.0)
}

const UNNOTED: &str = "
    SELECT incident.id, incident.declared_at
    FROM incident
    WHERE incident.phase IN ('downtime', 'recovery', 'reconciling') AND incident.declared_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM readiness_start WHERE readiness_start.incident = incident.id)";

/// The incidents that go on of which nobody has noted how ready their units were: id, when declared.
pub async fn unnoted(tx: &mut Tx) -> Result<Vec<(IncidentId, Timestamp)>, Error> {
    let rows = fetch_all!(tx, (Uuid, i64), UNNOTED)?;
    Ok(rows.into_iter().map(|(incident, at)| (IncidentId(incident), Timestamp(at))).collect())
}

const THEN: &str = "
    SELECT unit.id, unit.setting, latest.item, latest.outcome, latest.due_at
    FROM unit
    LEFT JOIN (
        SELECT unit, item, outcome, due_at,
            ROW_NUMBER() OVER (PARTITION BY unit, item ORDER BY seq DESC) AS place
        FROM readiness_event
        WHERE entered_at <= $2
    ) latest ON latest.unit = unit.id AND latest.place = 1
    WHERE unit.facility IN (SELECT facility FROM system_status WHERE incident = $1)
        AND (unit.closed_at IS NULL OR unit.closed_at > $2)
    ORDER BY unit.id";

/// What had been found at the units of an incident by a moment: unit, setting, item, outcome, until when.
pub type Then = (Uuid, String, Option<String>, Option<String>, Option<i64>);

/// What had been found last at each item of the units of an incident by a moment.
pub async fn then(tx: &mut Tx, incident: IncidentId, at: Timestamp) -> Result<Vec<Then>, Error> {
    fetch_all!(tx, Then, THEN, incident.0, at.0)
}

const NOTE_START: &str = "
    INSERT INTO readiness_start (incident, units, failed, never, overdue)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (incident) DO NOTHING";

/// Notes how ready the units of an incident were when it was declared.
pub async fn note_start(tx: &mut Tx, incident: IncidentId, sums: &ReadinessSums) -> Result<(), Error> {
    execute!(tx, NOTE_START, incident.0, sums.units, sums.failed, sums.never, sums.overdue).map(|_| ())
}

const START: &str = "
    SELECT units, failed, never, overdue
    FROM readiness_start
    WHERE incident = $1";

/// How ready the units of an incident were when it was declared; `None` until that is noted.
pub async fn start(tx: &mut Tx, incident: IncidentId) -> Result<Option<ReadinessSums>, Error> {
    let row = fetch_optional!(tx, (i64, i64, i64, i64), START, incident.0)?;
    Ok(row.map(|(units, failed, never, overdue)| ReadinessSums { units, failed, never, overdue }))
}

const SETTING: &str = "
    SELECT setting
    FROM unit
    WHERE id = $1";

/// Where care is given in a unit.
pub async fn setting(tx: &mut Tx, unit: UnitId) -> Result<Option<Setting>, Error> {
    let (code,) = fetch_one!(tx, (String,), SETTING, unit.0)?;
    Ok(Setting::from_code(&code))
}

const SHORT: &str = "
    SELECT COUNT(*)
    FROM stock
    WHERE unit = $1 AND short > 0";

/// How many forms of a unit run short.
pub async fn short(tx: &mut Tx, unit: UnitId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), SHORT, unit.0)?.0)
}
