//! The SQL of clearances, revocations and waivers.

use std::collections::BTreeMap;

use domain::{
    clearance::{Clearance, Given, Refused, Signature, Stage, Step},
    id::{AccountId, ClearanceId, FacilityId, IncidentId, SystemId},
    playbooks::Gate,
    scope::{Place, Places, Scope, Target},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
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
    waves_begun: i64,
    waves_planned: i64,
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
            waves: (kept.waves_begun, kept.waves_planned),
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
}

fn new_rows(clearances: &[Clearance]) -> Rows {
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
            })
        })
        .collect();
    Rows::of(&rows)
}

const INSERT: Sql = Sql {
    sqlite: "
    INSERT INTO clearance (id, incident, place, system, functions, gate, stage, waves_begun, waves_planned)
    SELECT unhex(value ->> 'id'), $1, value ->> 'place', unhex(value ->> 'system'), value ->> 'functions',
        value ->> 'gate', 'waiting', 0, 0
    FROM json_each($2)",
    postgres: "
    INSERT INTO clearance (id, incident, place, system, functions, gate, stage, waves_begun, waves_planned)
    SELECT id::uuid, $1, place, system::uuid, functions, gate, 'waiting', 0, 0
    FROM json_to_recordset($2::json) AS row (id TEXT, place TEXT, system TEXT, functions BIGINT, gate TEXT)",
};

const INSERT_EVENTS: Sql = Sql {
    sqlite: "
    INSERT INTO clearance_event (clearance, seq, ordinal, from_stage, to_stage, event_at, entered_at, account)
    SELECT unhex(value ->> 'id'), $2, 0, '', 'waiting', $3, $3, $4
    FROM json_each($1)",
    postgres: "
    INSERT INTO clearance_event (clearance, seq, ordinal, from_stage, to_stage, event_at, entered_at, account)
    SELECT id::uuid, $2, 0, '', 'waiting', $3, $3, $4
    FROM json_to_recordset($1::json) AS row (id TEXT)",
};

/// Opens scopes on their way back, each with its first event.
pub async fn insert(
    tx: &mut Tx,
    incident: IncidentId,
    clearances: &[Clearance],
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    let rows = new_rows(clearances);
    execute!(tx, INSERT, incident.0, rows.text())?;
    execute!(tx, INSERT_EVENTS, rows.text(), seq, at.0, account.0).map(|_| ())
}

const SCOPES: &str = "
    SELECT id, place, system, functions, stage, released_seq, released_at
    FROM clearance
    WHERE incident = $1 AND stage <> 'revoked'
    ORDER BY id";

/// Every scope of an incident that is on its way back or has come, but for those revoked in whole.
pub async fn scopes(tx: &mut Tx, incident: IncidentId) -> Result<Vec<ScopeRow>, Error> {
    type Row = (Uuid, String, Uuid, i64, String, Option<i64>, Option<i64>);
    let rows = fetch_all!(tx, Row, SCOPES, incident.0)?;
    rows.into_iter()
        .map(|(id, place, system, functions, code, released_seq, released_at)| {
            Ok(ScopeRow {
                id: ClearanceId(id),
                scope: scope(&place, system, functions)?,
                stage: stage(&code)?,
                released_seq,
                released_at: released_at.map(Timestamp),
            })
        })
        .collect()
}

const OF_INCIDENT: &str = "
    SELECT id, place, system, functions, gate, stage, waves_begun, waves_planned, signed_at, released_at
    FROM clearance
    WHERE incident = $1 AND stage <> 'revoked'
    ORDER BY id";

const EVIDENCE: &str = "
    SELECT clearance_evidence.clearance, number, piece, passed, note, at, expires_at, account
    FROM clearance_evidence
    JOIN clearance ON clearance.id = clearance_evidence.clearance
    WHERE clearance.incident = $1
    ORDER BY clearance_evidence.clearance, number";

const SIGNOFFS: &str = "
    SELECT clearance_signoff.clearance, signer, what, account, at, words, on_evidence
    FROM clearance_signoff
    JOIN clearance ON clearance.id = clearance_signoff.clearance
    WHERE clearance.incident = $1 AND ended IS NULL
    ORDER BY clearance_signoff.clearance, seq";

type EvidenceRow = (Uuid, i64, String, bool, String, i64, i64, Uuid);
type SignoffRow = (Uuid, String, String, Uuid, i64, String, String);

/// Every scope of an incident with its evidence and signatures, but for those revoked in whole.
pub async fn of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Clearance>, Error> {
    let kept = fetch_all!(tx, Kept, OF_INCIDENT, incident.0)?;
    let clearances: Vec<Clearance> = kept.into_iter().map(TryInto::try_into).collect::<Result<_, Error>>()?;
    with_parts(tx, incident, clearances).await
}

const ONE: &str = "
    SELECT id, place, system, functions, gate, stage, waves_begun, waves_planned, signed_at, released_at
    FROM clearance
    WHERE incident = $1 AND id = $2";

/// One scope of an incident with its evidence and signatures.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: ClearanceId) -> Result<Option<Clearance>, Error> {
    let Some(kept) = fetch_optional!(tx, Kept, ONE, incident.0, id.0)? else { return Ok(None) };
    Ok(with_parts(tx, incident, vec![kept.try_into()?]).await?.pop())
}

async fn with_parts(
    tx: &mut Tx,
    incident: IncidentId,
    mut clearances: Vec<Clearance>,
) -> Result<Vec<Clearance>, Error> {
    let mut index: BTreeMap<Uuid, usize> = BTreeMap::new();
    for (position, clearance) in clearances.iter().enumerate() {
        index.insert(clearance.id.0, position);
    }
    for row in fetch_all!(tx, EvidenceRow, EVIDENCE, incident.0)? {
        let (id, number, key, passed, note, at, expires_at, by) = row;
        let Some(position) = index.get(&id) else { continue };
        let given = Given {
            key,
            number,
            passed,
            note,
            at: Timestamp(at),
            expires_at: Timestamp(expires_at),
            by: AccountId(by),
        };
        let evidence = &mut clearances[*position].evidence;
        evidence.retain(|older| older.key != given.key);
        evidence.push(given);
    }
    for (id, signer, what, by, at, words, on) in fetch_all!(tx, SignoffRow, SIGNOFFS, incident.0)? {
        let Some(position) = index.get(&id) else { continue };
        let clearance = &mut clearances[*position];
        let (by, at) = (AccountId(by), Timestamp(at));
        if what == "refused" {
            clearance.refusals.push(Refused { signer, by, at, reason: words });
        } else {
            let on = serde_json::from_str(&on).map_err(|error| Error::Corrupt(error.to_string()))?;
            clearance.signatures.push(Signature { signer, by, at, conditions: words, on });
        }
    }
    Ok(clearances)
}

const SAVE: &str = "
    UPDATE clearance
    SET stage = $2, waves_begun = $3, waves_planned = $4, signed_at = $5, released_at = $6,
        released_seq = COALESCE($7, released_seq)
    WHERE id = $1";

const EVENT: &str = "
    INSERT INTO clearance_event (clearance, seq, ordinal, from_stage, to_stage, event_at, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";

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
    execute!(
        tx,
        SAVE,
        clearance.id.0,
        clearance.stage.code(),
        clearance.waves.0,
        clearance.waves.1,
        clearance.signed_at.map(|at| at.0),
        clearance.released_at.map(|at| at.0),
        released
    )?;
    for (ordinal, step) in (0_i64..).zip(steps) {
        execute!(
            tx,
            EVENT,
            clearance.id.0,
            moment.seq,
            ordinal,
            step.from.code(),
            step.to.code(),
            moment.at.0,
            moment.account.0
        )?;
    }
    Ok(())
}

const INSERT_EVIDENCE: &str = "
    INSERT INTO clearance_evidence (clearance, number, piece, passed, note, at, expires_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Adds a piece of evidence as it was given.
pub async fn insert_evidence(tx: &mut Tx, clearance: ClearanceId, given: &Given) -> Result<(), Error> {
    execute!(
        tx,
        INSERT_EVIDENCE,
        clearance.0,
        given.number,
        &given.key,
        given.passed,
        &given.note,
        given.at.0,
        given.expires_at.0,
        given.by.0
    )
    .map(|_| ())
}

const END_SIGNOFFS: &str = "
    UPDATE clearance_signoff
    SET ended = $2
    WHERE clearance = $1 AND ended IS NULL AND (signer = $3 OR account = $4 OR $5)";

const INSERT_SIGNOFF: &str = "
    INSERT INTO clearance_signoff (clearance, seq, signer, what, account, at, words, on_evidence)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// A signature or a refusal to be added.
pub struct NewSignOff<'a> {
    pub signer: &'a str,
    pub refused: bool,
    pub words: &'a str,
    /// The numbers of the evidence, as JSON.
    pub on_evidence: String,
    /// Every earlier one ends with it, for the release came too late.
    pub after_lapse: bool,
}

/// Adds a signature or a refusal, and ends what it replaces.
pub async fn insert_signoff(
    tx: &mut Tx,
    clearance: ClearanceId,
    new: &NewSignOff<'_>,
    moment: Moment,
) -> Result<(), Error> {
    let what = if new.refused { "refused" } else { "signed" };
    execute!(tx, END_SIGNOFFS, clearance.0, moment.at.0, new.signer, moment.account.0, new.after_lapse)?;
    execute!(
        tx,
        INSERT_SIGNOFF,
        clearance.0,
        moment.seq,
        new.signer,
        what,
        moment.account.0,
        moment.at.0,
        new.words,
        &new.on_evidence
    )
    .map(|_| ())
}

const INSERT_REVOCATION: &str = "
    INSERT INTO revocation (
        incident, seq, clearance, place, system, functions, reason, released_seq, released_at, revoked_at, account)
    SELECT $1, $2, id, $4, system, $5, $6, released_seq, released_at, $7, $8
    FROM clearance
    WHERE id = $3";

/// Records that a part of a scope, or all of it, is taken back.
pub async fn insert_revocation(
    tx: &mut Tx,
    incident: IncidentId,
    clearance: ClearanceId,
    (part, reason): (&Scope, &str),
    moment: Moment,
) -> Result<(), Error> {
    execute!(
        tx,
        INSERT_REVOCATION,
        incident.0,
        moment.seq,
        clearance.0,
        part.place.to_string(),
        part.functions.bits(),
        reason,
        moment.at.0,
        moment.account.0
    )
    .map(|_| ())
}

const SHRINK: &str = "
    UPDATE clearance
    SET functions = $2
    WHERE id = $1";

/// Leaves a scope with the functions that were not taken back.
pub async fn shrink(tx: &mut Tx, clearance: &Clearance) -> Result<(), Error> {
    execute!(tx, SHRINK, clearance.id.0, clearance.scope.functions.bits()).map(|_| ())
}

const WINDOW: &str = "
    SELECT COUNT(*)
    FROM journal
    WHERE chain = $1 AND seq > $2 AND seq < $3";

/// How many entries the log has between a release and its revocation.
pub async fn entries_between(tx: &mut Tx, incident: IncidentId, from: i64, to: i64) -> Result<i64, Error> {
    let (count,) = fetch_one!(tx, (i64,), WINDOW, incident.0, from, to)?;
    Ok(count)
}

const TIMES: &str = "
    SELECT clearance_event.clearance, to_stage, event_at
    FROM clearance_event
    JOIN clearance ON clearance.id = clearance_event.clearance
    WHERE clearance.incident = $1
    ORDER BY seq, ordinal";

/// When each scope reached each stage, in order.
pub async fn times(
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<BTreeMap<ClearanceId, Vec<(Stage, Timestamp)>>, Error> {
    let mut times: BTreeMap<ClearanceId, Vec<(Stage, Timestamp)>> = BTreeMap::new();
    for (id, code, at) in fetch_all!(tx, (Uuid, String, i64), TIMES, incident.0)? {
        times.entry(ClearanceId(id)).or_default().push((stage(&code)?, Timestamp(at)));
    }
    Ok(times)
}
