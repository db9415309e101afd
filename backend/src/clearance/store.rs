//! The SQL of clearances and revocations: one scope with all that belongs to it, and what is kept beside it so that
//! a long ladder need not be looked through.

mod files;
mod history;
mod ladder;
mod parts;
mod signoffs;
mod waves;

use std::collections::BTreeMap;

use domain::{
    clearance::{Clearance, Stage, Step},
    id::{AccountId, ClearanceId, FacilityId, IncidentId, SystemId},
    playbooks::Gate,
    scope::{Place, Places, Scope, Target},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

pub use files::{Kept as KeptFile, NewFile, file, files, insert_file};
pub use history::{
    RevokedPart, entries_between, insert_revocation, parted_from, parted_places, revocations, shrink, steps,
    times,
};
pub use ladder::{Want, at_stage, blocked, counts, turns};
pub use signoffs::{NewSignOff, agree, end_signatures, end_signoffs, insert_evidence, insert_signoff};
pub use waves::{Moved, move_wave, next_number, plan_wave};

use crate::{
    execute, fetch_all, fetch_optional,
    instructions::store::scope,
    store::{Error, Rows, Sql, Tx},
};

/// A scope with how far it has come, without its evidence and signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRow {
    pub id: ClearanceId,
    pub scope: Scope,
    pub stage: Stage,
    pub released_seq: Option<i64>,
    pub released_at: Option<Timestamp>,
}

/// Whether a scope is of this system and reaches into this site, or lies in it.
pub fn reaches(row: &ScopeRow, places: &Places, system: SystemId, site: FacilityId) -> bool {
    row.scope.target == Target::System(system) && places.facilities_of(row.scope.place).contains(&site)
}

/// Whether a scope is of this system and holds the whole site.
pub fn covers(row: &ScopeRow, places: &Places, system: SystemId, site: FacilityId) -> bool {
    row.scope.target == Target::System(system) && places.contains(row.scope.place, Place::Facility(site))
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    place: String,
    system: Uuid,
    functions: i64,
    gate: String,
    stage: String,
    restored_at: Option<i64>,
    signed_at: Option<i64>,
    released_at: Option<i64>,
}

fn stage(code: &str) -> Result<Stage, Error> {
    Stage::from_code(code).ok_or_else(|| Error::Corrupt(format!("a clearance is {code:?}")))
}

impl TryFrom<Kept> for Clearance {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let gate: Gate =
            serde_json::from_str(&kept.gate).map_err(|error| Error::Corrupt(format!("a gate: {error}")))?;
        Ok(Self {
            id: ClearanceId(kept.id),
            scope: scope(&kept.place, kept.system, kept.functions)?,
            gate,
            stage: stage(&kept.stage)?,
            evidence: Vec::new(),
            signatures: Vec::new(),
            refusals: Vec::new(),
            waves: Vec::new(),
            restored_at: kept.restored_at.map(Timestamp),
            signed_at: kept.signed_at.map(Timestamp),
            released_at: kept.released_at.map(Timestamp),
        })
    }
}

#[derive(Serialize)]
struct NewRow {
    id: String,
    place: String,
    system: String,
    functions: i64,
    gate: String,
    stage: &'static str,
    restored_at: Option<i64>,
    site: String,
}

/// The site that a place lies in; empty for a place of several.
pub fn site_of(place: Place, places: &Places) -> String {
    let sites = places.facilities_of(place);
    match (place, sites.first()) {
        (Place::Facility(_) | Place::Unit(_), Some(site)) => site.to_string(),
        _ => String::new(),
    }
}

fn new_rows(clearances: &[Clearance], places: &Places) -> Rows {
    let rows: Vec<NewRow> = clearances
        .iter()
        .filter_map(|clearance| {
            let Target::System(system) = clearance.scope.target else { return None };
            Some(NewRow {
                id: clearance.id.0.simple().to_string(),
                place: clearance.scope.place.to_string(),
                system: system.0.simple().to_string(),
                functions: clearance.scope.functions.bits(),
                gate: serde_json::to_string(&clearance.gate).expect("a gate serialises"),
                stage: clearance.stage.code(),
                restored_at: clearance.restored_at.map(|at| at.0),
                site: site_of(clearance.scope.place, places),
            })
        })
        .collect();
    Rows::of(&rows)
}

const INSERT: Sql = Sql {
    sqlite: "
    INSERT INTO clearance (id, incident, place, site, system, functions, gate, stage, restored_at)
    SELECT unhex(value ->> 'id'), $1, value ->> 'place', value ->> 'site', unhex(value ->> 'system'),
        value ->> 'functions', value ->> 'gate', value ->> 'stage', value ->> 'restored_at'
    FROM json_each($2)",
    postgres: "
    INSERT INTO clearance (id, incident, place, site, system, functions, gate, stage, restored_at)
    SELECT id::uuid, $1, place, site, system::uuid, functions, gate, stage, restored_at
    FROM json_to_recordset($2::json)
        AS row (
            id TEXT, place TEXT, site TEXT, system TEXT, functions BIGINT, gate TEXT, stage TEXT, restored_at BIGINT)",
};

const INSERT_EVENTS: Sql = Sql {
    sqlite: "
    INSERT INTO clearance_event (clearance, seq, ordinal, from_stage, to_stage, event_at, entered_at, account)
    SELECT unhex(value ->> 'id'), $2, 0, '', value ->> 'stage', $3, $3, $4
    FROM json_each($1)",
    postgres: "
    INSERT INTO clearance_event (clearance, seq, ordinal, from_stage, to_stage, event_at, entered_at, account)
    SELECT id::uuid, $2, 0, '', stage, $3, $3, $4
    FROM json_to_recordset($1::json) AS row (id TEXT, stage TEXT)",
};

const INSERT_TALLIES: Sql = Sql {
    sqlite: "
    INSERT INTO clearance_tally (incident, site, system, stage, scopes)
    SELECT $1, value ->> 'site', unhex(value ->> 'system'), value ->> 'stage', COUNT(*)
    FROM json_each($2)
    WHERE TRUE
    GROUP BY 2, 3, 4
    ON CONFLICT (incident, site, system, stage) DO UPDATE SET scopes = clearance_tally.scopes + excluded.scopes",
    postgres: "
    INSERT INTO clearance_tally (incident, site, system, stage, scopes)
    SELECT $1, site, system::uuid, stage, COUNT(*)
    FROM json_to_recordset($2::json) AS row (site TEXT, system TEXT, stage TEXT)
    GROUP BY 2, 3, 4
    ON CONFLICT (incident, site, system, stage) DO UPDATE SET scopes = clearance_tally.scopes + excluded.scopes",
};

/// Opens scopes on their way back, each with its first event.
pub async fn insert(
    tx: &mut Tx,
    incident: IncidentId,
    (clearances, places): (&[Clearance], &Places),
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let rows = new_rows(clearances, places);
    execute!(tx, INSERT, incident.0, rows.text())?;
    execute!(tx, INSERT_TALLIES, incident.0, rows.text())?;
    execute!(tx, INSERT_EVENTS, rows.text(), seq, at.0, account.0).map(|_| ())
}

type Row = (Uuid, String, Uuid, i64, String, Option<i64>, Option<i64>);

fn scope_row(
    (id, place, system, functions, code, released_seq, released_at): Row,
) -> Result<ScopeRow, Error> {
    Ok(ScopeRow {
        id: ClearanceId(id),
        scope: scope(&place, system, functions)?,
        stage: stage(&code)?,
        released_seq,
        released_at: released_at.map(Timestamp),
    })
}

const SCOPES: &str = "
    SELECT id, place, system, functions, stage, released_seq, released_at
    FROM clearance
    WHERE incident = $1 AND stage <> 'revoked'
    ORDER BY id";

/// Every scope of an incident that is on its way back or has come, but for those revoked in whole.
pub async fn scopes(tx: &mut Tx, incident: IncidentId) -> Result<Vec<ScopeRow>, Error> {
    fetch_all!(tx, Row, SCOPES, incident.0)?.into_iter().map(scope_row).collect()
}

const OF_SITE: &str = "
    SELECT id, place, system, functions, stage, released_seq, released_at
    FROM clearance
    WHERE incident = $1 AND site IN ($2, '') AND system = $3 AND stage <> 'revoked'
    ORDER BY id";

/// The scopes of a system that reach into a site or lie in it.
pub async fn scopes_of_site(
    tx: &mut Tx,
    incident: IncidentId,
    (system, site): (SystemId, FacilityId),
    places: &Places,
) -> Result<Vec<ScopeRow>, Error> {
    let rows = fetch_all!(tx, Row, OF_SITE, incident.0, site.to_string(), system.0)?;
    let rows: Vec<ScopeRow> = rows.into_iter().map(scope_row).collect::<Result<_, Error>>()?;
    Ok(rows.into_iter().filter(|row| reaches(row, places, system, site)).collect())
}

const WHOLE_SITES: &str = "
    SELECT DISTINCT place, system
    FROM clearance
    WHERE incident = $1 AND stage <> 'revoked' AND place NOT LIKE 'unit:%'";

/// The places of whole sites, and the systems, for which there is a scope.
pub async fn whole_sites(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Place, SystemId)>, Error> {
    let rows = fetch_all!(tx, (String, Uuid), WHOLE_SITES, incident.0)?;
    rows.into_iter()
        .map(|(place, system)| {
            let place = place.parse().map_err(|_| Error::Corrupt(format!("a place {place:?}")))?;
            Ok((place, SystemId(system)))
        })
        .collect()
}

const ONE: &str = "
    SELECT id, place, system, functions, gate, stage, restored_at, signed_at, released_at
    FROM clearance
    WHERE incident = $1 AND id = $2";

/// One scope of an incident with its evidence, signatures and waves.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: ClearanceId) -> Result<Option<Clearance>, Error> {
    let Some(kept) = fetch_optional!(tx, Kept, ONE, incident.0, id.0)? else { return Ok(None) };
    let mut found = [kept.try_into()?];
    parts::read(tx, &mut found).await?;
    let [clearance] = found;
    Ok(Some(clearance))
}

const SOME: Sql = Sql {
    sqlite: "
    SELECT id, place, system, functions, gate, stage, restored_at, signed_at, released_at
    FROM clearance
    WHERE +incident = $1 AND id IN (SELECT unhex(value) FROM json_each($2))
    ORDER BY id",
    postgres: "
    SELECT id, place, system, functions, gate, stage, restored_at, signed_at, released_at
    FROM clearance
    WHERE incident = $1 AND id IN (SELECT value::uuid FROM json_array_elements_text($2::json))
    ORDER BY id",
};

/// These scopes of an incident with their evidence, signatures and waves.
pub async fn some(tx: &mut Tx, incident: IncidentId, ids: &[ClearanceId]) -> Result<Vec<Clearance>, Error> {
    let kept = fetch_all!(tx, Kept, SOME, incident.0, id_list(ids))?;
    let mut clearances: Vec<Clearance> =
        kept.into_iter().map(TryInto::try_into).collect::<Result<_, Error>>()?;
    parts::read(tx, &mut clearances).await?;
    Ok(clearances)
}

/// Ids as the JSON list that a statement takes.
fn id_list(ids: &[ClearanceId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| id.0.simple().to_string()).collect();
    serde_json::to_string(&ids).expect("a list of texts serialises")
}

const SAVE: &str = "
    UPDATE clearance
    SET stage = $2, signed_at = $3, released_at = $4, released_seq = COALESCE($5, released_seq), blocked_from = $6,
        restored_at = $7
    WHERE id = $1";

const EVENT: &str = "
    INSERT INTO clearance_event (clearance, seq, ordinal, from_stage, to_stage, event_at, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";

const OUT_OF_TALLY: &str = "
    UPDATE clearance_tally
    SET scopes = scopes - 1
    WHERE (incident, site, system) = (SELECT incident, site, system FROM clearance WHERE id = $1) AND stage = $2";

const INTO_TALLY: &str = "
    INSERT INTO clearance_tally (incident, site, system, stage, scopes)
    SELECT incident, site, system, $2, 1
    FROM clearance
    WHERE id = $1
    ON CONFLICT (incident, site, system, stage) DO UPDATE SET scopes = clearance_tally.scopes + 1";

const END_TURNS: &str = "
    DELETE FROM clearance_turn
    WHERE clearance = $1";

const TURNS: Sql = Sql {
    sqlite: "
    INSERT INTO clearance_turn (incident, who, clearance, begins, ends)
    SELECT incident, value ->> 'who', clearance.id, value ->> 'begins', value ->> 'ends'
    FROM json_each($2), clearance
    WHERE clearance.id = $1",
    postgres: "
    INSERT INTO clearance_turn (incident, who, clearance, begins, ends)
    SELECT incident, who, clearance.id, begins, ends
    FROM json_to_recordset($2::json) AS row (who TEXT, begins BIGINT, ends BIGINT), clearance
    WHERE clearance.id = $1",
};

#[derive(Serialize)]
struct TurnRow {
    who: String,
    begins: i64,
    ends: i64,
}

/// Who steps, and when.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub seq: i64,
    pub at: Timestamp,
    pub account: AccountId,
}

/// Saves a scope after its steps, each of which becomes an event.
pub async fn save(tx: &mut Tx, clearance: &Clearance, steps: &[Step], moment: Moment) -> Result<(), Error> {
    let released =
        steps.iter().any(|step| step.from != step.to && step.to == Stage::Clear).then_some(moment.seq);
    let attention = clearance.attention();
    let id = clearance.id.0;
    execute!(
        tx,
        SAVE,
        id,
        clearance.stage.code(),
        clearance.signed_at.map(|at| at.0),
        clearance.released_at.map(|at| at.0),
        released,
        attention.blocked_from.map(|at| at.0),
        clearance.restored_at.map(|at| at.0)
    )?;
    execute!(tx, END_TURNS, id)?;
    let mut turns: BTreeMap<String, TurnRow> = BTreeMap::new();
    for turn in attention.turns {
        // Who releases and signs too has one turn after the other: it is kept as one.
        let row = TurnRow { who: turn.who.clone(), begins: turn.from.0, ends: turn.until.0 };
        let kept = turns.entry(turn.who).or_insert(row);
        (kept.begins, kept.ends) = (kept.begins.min(turn.from.0), kept.ends.max(turn.until.0));
    }
    if !turns.is_empty() {
        execute!(tx, TURNS, id, Rows::of(&turns.into_values().collect::<Vec<_>>()).text())?;
    }
    if let (Some(first), Some(last)) = (steps.first(), steps.last())
        && first.from != last.to
    {
        execute!(tx, OUT_OF_TALLY, id, first.from.code())?;
        execute!(tx, INTO_TALLY, id, last.to.code())?;
    }
    for (ordinal, step) in (0_i64..).zip(steps) {
        let (from, to) = (step.from.code(), step.to.code());
        execute!(tx, EVENT, id, moment.seq, ordinal, from, to, moment.at.0, moment.account.0)?;
    }
    Ok(())
}
