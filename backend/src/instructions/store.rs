//! The SQL of standing orders.

use std::collections::BTreeSet;

use domain::{
    id::{AccountId, ClearanceId, IncidentId, InstructionId, SystemId},
    instructions::{Family, Order, Release, Revocation, Source, State, Whom, Word},
    scope::{Functions, Place, Scope, SystemKind, Target},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_optional,
    store::{Error, Tx},
};

/// An order as it is kept, with what rule 12 does not need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    pub order: Order,
    pub incident: IncidentId,
    pub short: String,
    pub state: State,
    /// The text names a forbidden system and nobody else has read it yet; `order.text` is then not for showing.
    pub text_waits: bool,
    pub issued_by: AccountId,
    pub approved_by: Option<AccountId>,
    /// The order that this one replaces from the moment it is in force.
    pub supersedes: Option<InstructionId>,
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    incident: Uuid,
    place: String,
    system: Option<Uuid>,
    kind: Option<String>,
    functions: i64,
    word: String,
    only_for: i64,
    whom: String,
    whom_names: String,
    condition_words: String,
    instead: String,
    text_waits: bool,
    short_words: String,
    keeps: String,
    state: String,
    since: i64,
    age: i64,
    issued_by: Uuid,
    approved_by: Option<Uuid>,
    supersedes: Option<Uuid>,
}

fn corrupt(what: &str, text: &str) -> Error {
    Error::Corrupt(format!("{what} reads {text:?}"))
}

/// A place as it is kept.
pub fn place(text: &str) -> Result<Place, Error> {
    text.parse().map_err(|_| corrupt("a place", text))
}

fn target(system: Option<Uuid>, kind: Option<&str>) -> Result<Target, Error> {
    match (system, kind) {
        (Some(system), _) => Ok(Target::System(SystemId(system))),
        (None, Some(kind)) => {
            SystemKind::from_code(kind).map(Target::Kind).ok_or_else(|| corrupt("a kind of system", kind))
        }
        (None, None) => Err(Error::Corrupt("an order has no target".into())),
    }
}

fn whom(code: &str, names: &str) -> Result<Whom, Error> {
    match code {
        "everyone" => Ok(Whom::Everyone),
        "position" => Ok(Whom::Position(names.to_owned())),
        "wave" => names.parse().map(Whom::Wave).map_err(|_| corrupt("the number of a wave", names)),
        "pilots" => {
            serde_json::from_str(names).map(Whom::Pilots).map_err(|_| corrupt("a list of pilots", names))
        }
        other => Err(corrupt("for whom an order is", other)),
    }
}

fn keeps(text: &str) -> Result<BTreeSet<Source>, Error> {
    let kept: Vec<String> = serde_json::from_str(text).map_err(|_| corrupt("a list of kept orders", text))?;
    kept.iter().map(|each| each.parse().map_err(|_| corrupt("a kept order", each))).collect()
}

impl TryFrom<Kept> for OrderRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        Ok(Self {
            order: Order {
                id: InstructionId(kept.id),
                scope: Scope {
                    place: place(&kept.place)?,
                    target: target(kept.system, kept.kind.as_deref())?,
                    functions: Functions::from_bits(kept.functions),
                },
                word: Word::from_code(&kept.word).ok_or_else(|| corrupt("an order", &kept.word))?,
                only_for: Functions::from_bits(kept.only_for),
                whom: whom(&kept.whom, &kept.whom_names)?,
                condition: kept.condition_words,
                text: kept.instead,
                since: Timestamp(kept.since),
                age: kept.age,
                keeps: keeps(&kept.keeps)?,
            },
            incident: IncidentId(kept.incident),
            short: kept.short_words,
            state: State::from_code(&kept.state).ok_or_else(|| corrupt("an order's state", &kept.state))?,
            text_waits: kept.text_waits,
            issued_by: AccountId(kept.issued_by),
            approved_by: kept.approved_by.map(AccountId),
            supersedes: kept.supersedes.map(InstructionId),
        })
    }
}

const INSERT: &str = "
    INSERT INTO instruction (
        id, incident, place, system, kind, functions, word, only_for, whom, whom_names, condition_words, instead,
        text_waits, short_words, keeps, state, since, age, issued_by, approved_by, supersedes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";

const EVENT: &str = "
    INSERT INTO instruction_event (instruction, seq, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $5, $6)";

/// Adds an order with its first event.
pub async fn insert(tx: &mut Tx, row: &OrderRow) -> Result<(), Error> {
    let order = &row.order;
    let (system, kind) = match order.scope.target {
        Target::System(system) => (Some(system.0), None),
        Target::Kind(kind) => (None, Some(kind.code())),
    };
    let (whom, names) = match &order.whom {
        Whom::Everyone => ("everyone", String::new()),
        Whom::Position(position) => ("position", position.clone()),
        Whom::Wave(number) => ("wave", number.to_string()),
        Whom::Pilots(pilots) => ("pilots", serde_json::to_string(pilots).expect("a list of ids serialises")),
    };
    let keeps: Vec<String> = order.keeps.iter().map(ToString::to_string).collect();
    let keeps = serde_json::to_string(&keeps).expect("a list of texts serialises");
    execute!(
        tx,
        INSERT,
        order.id.0,
        row.incident.0,
        order.scope.place.to_string(),
        system,
        kind,
        order.scope.functions.bits(),
        order.word.code(),
        order.only_for.bits(),
        whom,
        names,
        &order.condition,
        &order.text,
        row.text_waits,
        &row.short,
        keeps,
        row.state.code(),
        order.since.0,
        order.age,
        row.issued_by.0,
        row.approved_by.map(|account| account.0),
        row.supersedes.map(|order| order.0)
    )?;
    execute!(tx, EVENT, order.id.0, order.age, "", row.state.code(), order.since.0, row.issued_by.0)
        .map(|_| ())
}

const MOVE: &str = "
    UPDATE instruction
    SET state = $2, approved_by = COALESCE(approved_by, $3), since = $4, age = $5, text_waits = $6
    WHERE id = $1";

/// A change of an order's state.
pub struct Move {
    pub to: State,
    pub seq: i64,
    pub at: Timestamp,
    pub account: AccountId,
    /// Whether this is the second person's approval.
    pub approves: bool,
}

/// Moves an order to another state and writes its event. What comes into force gets its age at that moment.
pub async fn set_state(tx: &mut Tx, row: &OrderRow, change: &Move) -> Result<(), Error> {
    let comes_into_force = row.state == State::Waiting && change.to == State::InForce;
    let (since, age) =
        if comes_into_force { (change.at, change.seq) } else { (row.order.since, row.order.age) };
    let approver = change.approves.then_some(change.account.0);
    let text_waits = row.text_waits && !change.approves;
    execute!(tx, MOVE, row.order.id.0, change.to.code(), approver, since.0, age, text_waits)?;
    let (from, to) = (row.state.code(), change.to.code());
    execute!(tx, EVENT, row.order.id.0, change.seq, from, to, change.at.0, change.account.0).map(|_| ())
}

const REJECT_TEXT: &str = "
    UPDATE instruction
    SET instead = '', text_waits = FALSE
    WHERE id = $1";

/// Takes the words away that a second person rejected; the order holds without them.
pub async fn reject_text(tx: &mut Tx, row: &OrderRow, change: &Move) -> Result<(), Error> {
    execute!(tx, REJECT_TEXT, row.order.id.0)?;
    let state = row.state.code();
    execute!(tx, EVENT, row.order.id.0, change.seq, state, state, change.at.0, change.account.0).map(|_| ())
}

const BY_ID: &str = "
    SELECT id, incident, place, system, kind, functions, word, only_for, whom, whom_names, condition_words, instead,
        text_waits, short_words, keeps, state, since, age, issued_by, approved_by, supersedes
    FROM instruction
    WHERE incident = $1 AND id = $2";

/// One order of an incident.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: InstructionId) -> Result<Option<OrderRow>, Error> {
    fetch_optional!(tx, Kept, BY_ID, incident.0, id.0)?.map(TryInto::try_into).transpose()
}

const OF_INCIDENT: &str = "
    SELECT id, incident, place, system, kind, functions, word, only_for, whom, whom_names, condition_words, instead,
        text_waits, short_words, keeps, state, since, age, issued_by, approved_by, supersedes
    FROM instruction
    WHERE incident = $1 AND state IN ('waiting', 'in_force')
    ORDER BY age, id";

const ENDED: &str = "
    SELECT id, incident, place, system, kind, functions, word, only_for, whom, whom_names, condition_words, instead,
        text_waits, short_words, keeps, state, since, age, issued_by, approved_by, supersedes
    FROM instruction
    WHERE incident = $1 AND state NOT IN ('waiting', 'in_force')
    ORDER BY age DESC, id
    LIMIT 50";

/// The orders of an incident that wait or are in force, the oldest first.
pub async fn of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Vec<OrderRow>, Error> {
    fetch_all!(tx, Kept, OF_INCIDENT, incident.0)?.into_iter().map(TryInto::try_into).collect()
}

/// The latest 50 orders of an incident that ended.
pub async fn ended(tx: &mut Tx, incident: IncidentId) -> Result<Vec<OrderRow>, Error> {
    fetch_all!(tx, Kept, ENDED, incident.0)?.into_iter().map(TryInto::try_into).collect()
}

const OPEN_INCIDENTS: &str = "
    SELECT id, COALESCE(parent, id), kind
    FROM incident
    WHERE phase NOT IN ('closed', 'stood_down')
    ORDER BY id";

const IN_FORCE: &str = "
    SELECT instruction.id, instruction.incident, place, system, instruction.kind, functions, word, only_for, whom,
        whom_names, condition_words, instead, text_waits, short_words, keeps, state, since, age, issued_by, approved_by, supersedes
    FROM instruction
    JOIN incident ON incident.id = instruction.incident
    WHERE state = 'in_force' AND phase NOT IN ('closed', 'stood_down')
    ORDER BY age, instruction.id";

type ReleaseRow = (Uuid, Uuid, String, Uuid, i64, i64, i64);

const RELEASES: &str = "
    SELECT clearance.incident, clearance.id, place, system, functions, released_at, released_seq
    FROM clearance
    JOIN incident ON incident.id = clearance.incident
    WHERE released_seq IS NOT NULL AND phase NOT IN ('closed', 'stood_down')
    ORDER BY released_seq, clearance.id";

type RevocationRow = (Uuid, String, Uuid, i64, i64);

const REVOCATIONS: &str = "
    SELECT revocation.incident, place, system, functions, seq
    FROM revocation
    JOIN incident ON incident.id = revocation.incident
    WHERE phase NOT IN ('closed', 'stood_down')
    ORDER BY seq";

type UnclearedRow = (Uuid, String, Uuid, i64);

const UNCLEARED: &str = "
    SELECT clearance.incident, place, system, functions
    FROM clearance
    JOIN incident ON incident.id = clearance.incident
    WHERE stage NOT IN ('clear', 'back_entry_complete', 'revoked') AND phase NOT IN ('closed', 'stood_down')
    ORDER BY clearance.id";

/// The orders in force of every open incident, the oldest first.
async fn in_force(tx: &mut Tx) -> Result<Vec<OrderRow>, Error> {
    fetch_all!(tx, Kept, IN_FORCE)?.into_iter().map(TryInto::try_into).collect()
}

const OF_FAMILY: &str = "
    SELECT instruction.id, instruction.incident, place, system, instruction.kind, functions, word, only_for, whom,
        whom_names, condition_words, instead, text_waits, short_words, keeps, state, since, age, issued_by, approved_by, supersedes
    FROM instruction
    JOIN incident ON incident.id = instruction.incident
    WHERE state = 'in_force' AND phase NOT IN ('closed', 'stood_down')
        AND COALESCE(incident.parent, incident.id) = (
            SELECT COALESCE(parent, id) FROM incident WHERE id = $1)
    ORDER BY age, instruction.id";

/// The orders in force of an incident, its parent and its children.
pub async fn of_family(tx: &mut Tx, incident: IncidentId) -> Result<Vec<OrderRow>, Error> {
    fetch_all!(tx, Kept, OF_FAMILY, incident.0)?.into_iter().map(TryInto::try_into).collect()
}

/// Every open family with its orders, releases and revocations, and the rows of the orders.
pub async fn families(tx: &mut Tx) -> Result<(Vec<Family>, Vec<OrderRow>), Error> {
    let incidents = fetch_all!(tx, (Uuid, Uuid, String), OPEN_INCIDENTS)?;
    let mut families: Vec<Family> = Vec::new();
    for (_, root, kind) in &incidents {
        if families.iter().all(|family| family.root.0 != *root) {
            families.push(Family {
                root: IncidentId(*root),
                exercise: kind == "exercise",
                open: true,
                orders: Vec::new(),
                releases: Vec::new(),
                revocations: Vec::new(),
                uncleared: Vec::new(),
            });
        }
    }
    let root_of =
        |incident: Uuid| incidents.iter().find(|(id, ..)| *id == incident).map(|(_, root, _)| *root);
    let rows = in_force(tx).await?;
    let releases = fetch_all!(tx, ReleaseRow, RELEASES)?;
    let revocations = fetch_all!(tx, RevocationRow, REVOCATIONS)?;
    let uncleared = fetch_all!(tx, UnclearedRow, UNCLEARED)?;
    for family in &mut families {
        let ours = |incident: Uuid| root_of(incident) == Some(family.root.0);
        for row in rows.iter().filter(|row| ours(row.incident.0)) {
            let text = if row.text_waits { String::new() } else { row.order.text.clone() };
            family.orders.push(Order { text, ..row.order.clone() });
        }
        for row in releases.iter().filter(|row| ours(row.0)) {
            family.releases.push(release(row)?);
        }
        for (_, at, system, functions, age) in revocations.iter().filter(|row| ours(row.0)) {
            family.revocations.push(Revocation { scope: scope(at, *system, *functions)?, age: *age });
        }
        for (_, at, system, functions) in uncleared.iter().filter(|row| ours(row.0)) {
            family.uncleared.push(scope(at, *system, *functions)?);
        }
    }
    Ok((families, rows))
}

fn release((_, clearance, at, system, functions, since, age): &ReleaseRow) -> Result<Release, Error> {
    Ok(Release {
        clearance: ClearanceId(*clearance),
        scope: scope(at, *system, *functions)?,
        since: Timestamp(*since),
        age: *age,
    })
}

/// A scope of one system as it is kept.
pub fn scope(at: &str, system: Uuid, functions: i64) -> Result<Scope, Error> {
    Ok(Scope {
        place: place(at)?,
        target: Target::System(SystemId(system)),
        functions: Functions::from_bits(functions),
    })
}
