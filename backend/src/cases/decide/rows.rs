//! The rows of a schedule as a rule sees them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    cases::{Decided, State},
    decisions::{Aim, Row},
    id::{CaseId, DecisionId, FacilityId, IncidentId, SnapshotId},
    schedule::{Kind, Priority},
    time::{Timestamp, Zone},
};
use sqlx::types::Uuid;

use crate::{
    fetch_all,
    places::store as places,
    store::{Error, Rows, Sql, Tx},
};

/// A row as the database gives it.
#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    appointment: String,
    kind: String,
    facility: Uuid,
    service: String,
    department: String,
    provider: String,
    start_at: i64,
    day: String,
    listed: Option<String>,
    scheme: String,
    priority: String,
    classes: String,
    decided: String,
    state: String,
    decision: Option<Uuid>,
    rule: String,
    chain: String,
}

macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, appointment, kind, facility, service, department, provider, start_at, day, listed, scheme, priority,
        classes, decided, state, decision, rule, chain
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND ",
            $rest
        )
    };
}

const ROWS_OF_DAY: &str = rows!("day = $2");
const ROWS_OF_SNAPSHOT: &str = rows!("snapshot = $2");

const LINE: &str = "
    WITH RECURSIVE line (id, amends) AS (
        SELECT id, amends
        FROM decision
        WHERE id = $1
        UNION ALL
        SELECT earlier.id, earlier.amends
        FROM decision AS earlier
        JOIN line ON earlier.id = line.amends
    )
    SELECT id
    FROM line";

/// The rows of a day, as a decision with this aim sees them.
pub(super) async fn rows_of_day(
    tx: &mut Tx,
    incident: IncidentId,
    day: &str,
    aim: Aim,
) -> Result<Vec<Row>, Error> {
    let mut line = Line::default();
    if let Some(amends) = aim.amends() {
        // What an earlier decision of the line decided, and a later one left as it was, is of the line too.
        let ids = fetch_all!(tx, (Uuid,), LINE, amends.0)?;
        line = Line { ids: ids.into_iter().map(|(id,)| id).collect(), newest: Some(amends) };
    }
    let kept = fetch_all!(tx, Kept, ROWS_OF_DAY, incident.0, day)?;
    read(tx, kept, &line).await
}

macro_rules! linked {
    ($chains:literal) => {
        concat!(rows!("chain <> '' AND chain IN ("), $chains, ")")
    };
}

const LINKED: Sql = Sql {
    sqlite: linked!("SELECT value FROM json_each($2)"),
    postgres: linked!("SELECT value FROM json_array_elements_text($2::json)"),
};

/// All rows of these chains, on whatever day.
pub(super) async fn rows_of_chains(
    tx: &mut Tx,
    incident: IncidentId,
    chains: &BTreeSet<String>,
) -> Result<Vec<Row>, Error> {
    if chains.is_empty() {
        return Ok(Vec::new());
    }
    let chains: Vec<&String> = chains.iter().collect();
    let kept = fetch_all!(tx, Kept, LINKED, incident.0, Rows::of(&chains).text())?;
    read(tx, kept, &Line::default()).await
}

/// The rows of an imported file, as a rule sees them.
pub async fn rows_of_snapshot(tx: &mut Tx, incident: IncidentId, id: SnapshotId) -> Result<Vec<Row>, Error> {
    let kept = fetch_all!(tx, Kept, ROWS_OF_SNAPSHOT, incident.0, id.0)?;
    read(tx, kept, &Line::default()).await
}

/// A decision with those that it has changed.
#[derive(Default)]
struct Line {
    ids: BTreeSet<Uuid>,
    newest: Option<DecisionId>,
}

async fn read(tx: &mut Tx, kept: Vec<Kept>, line: &Line) -> Result<Vec<Row>, Error> {
    let facilities = places::facilities(tx).await?;
    let zones: BTreeMap<Uuid, Zone> = facilities.into_iter().map(|each| (each.id.0, each.zone)).collect();
    kept.into_iter().map(|kept| row(kept, &zones, line)).collect()
}

fn row(kept: Kept, zones: &BTreeMap<Uuid, Zone>, line: &Line) -> Result<Row, Error> {
    let unknown = |text: &str| Error::Corrupt(format!("a case says {text:?}"));
    let zone = zones.get(&kept.facility).ok_or_else(|| unknown("a site that is not there"))?;
    let start = Timestamp(kept.start_at);
    let of_line = kept.decision.is_some_and(|decision| line.ids.contains(&decision));
    Ok(Row {
        case: CaseId(kept.id),
        appointment: kept.appointment,
        kind: Kind::from_code(&kept.kind).ok_or_else(|| unknown(&kept.kind))?,
        facility: FacilityId(kept.facility),
        service: kept.service,
        department: kept.department,
        provider: kept.provider,
        start,
        day: kept.day,
        begins: zone.time_of_day(start),
        listed: kept.listed.map(|day| day.parse().map_err(|_| unknown(&day))).transpose()?,
        priority: Priority::from_parts(&kept.scheme, &kept.priority),
        classes: serde_json::from_str(&kept.classes).map_err(|error| Error::Corrupt(error.to_string()))?,
        decided: Decided::from_code(&kept.decided).ok_or_else(|| unknown(&kept.decided))?,
        state: State::from_code(&kept.state).ok_or_else(|| unknown(&kept.state))?,
        decision: if of_line { line.newest } else { kept.decision.map(DecisionId) },
        rule: kept.rule,
        chain: kept.chain,
    })
}
