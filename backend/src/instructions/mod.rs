//! Standing orders: issuing, approving, lifting, and what holds where.

pub mod matrix;
pub mod picture;
pub mod store;
pub mod web;

use std::collections::BTreeMap;

use domain::{
    Refusal,
    actor::Role,
    clearance::Stage,
    field::FieldErrors,
    id::{AccountId, FacilityId, IncidentId, InstructionId, SystemId},
    instructions::{Approve, Issue, Issued, Lift, Order, State, TargetWord, Whom, WhomWord, Word, World},
    lexicon,
    playbooks::{Playbook, StandingOrder},
    scope::{Functions, Place, Scope, Status, Target},
};
use serde_json::json;

pub use picture::{Picture, picture};
use store::{Move, OrderRow};

use crate::{
    accounts::store as accounts,
    app::App,
    begin, clearance,
    failure::Failure,
    incidents,
    places::store::System,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// Issues an order. It holds at once, unless it is for named people only; a text that names a forbidden system is
/// withheld until a second person has read it, so that the order itself does not wait for words.
///
/// # Errors
/// What is wrong by field; a refusal where it would permit what only a sign-off permits.
pub async fn issue(app: App, by: By, (incident, form): (IncidentId, Issue)) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let wanted = form.read()?;
    let row = open_incident(&mut decision.tx, incident).await?;
    let picture = picture(&mut decision.tx).await?;
    may_order(&by, wanted.place, &picture)?;
    let target = target(&wanted.target, &picture)?;
    let scope = Scope { place: wanted.place, target, functions: wanted.functions };
    let replaced = replaced(&mut decision.tx, &by, incident, wanted.supersedes, &picture).await?;
    let world = if row.exercise { World::Exercise(incident) } else { World::Real };
    let named = lexicon::forbidden_systems_named(
        &format!("{}\n{}", wanted.instead, wanted.condition),
        &picture.forbidden_systems(world, &[wanted.place]),
    );
    let whom = whom(&mut decision.tx, &wanted.whom).await?;
    let state = if whom == Whom::Everyone { State::InForce } else { State::Waiting };
    let order = OrderRow {
        order: Order {
            id: app.clock.id(),
            scope,
            word: wanted.word,
            only_for: wanted.only_for,
            whom,
            condition: wanted.condition.clone(),
            text: wanted.instead.clone(),
            since: decision.at,
            age: decision.seq,
            keeps: wanted.keeps.clone(),
        },
        incident,
        short: wanted.short.clone(),
        state,
        text_waits: !named.is_empty(),
        issued_by: by.actor.account,
        approved_by: None,
        supersedes: wanted.supersedes,
    };
    permits_only_what_is_clear(&mut decision.tx, incident, &order.order, &picture).await?;
    let suspends = picture.suspended_by(world, &order.order);
    if order.state == State::InForce
        && let Some(replaced) = replaced
    {
        supersede(&mut decision, &replaced).await?;
    }
    store::insert(&mut decision.tx, &order).await?;
    say_issued(&app, &mut decision, &order).await?;
    let mut waits_for: Vec<String> = named
        .iter()
        .map(|named| format!("The text says {:?}, and there holds: {}.", named.found.quoted, named.order))
        .collect();
    if order.state == State::Waiting {
        waits_for.push("An order for named people is approved by a second person.".into());
    }
    let outcome =
        Issued { instruction: order.order.id, seq: order.order.age, state: order.state, waits_for, suspends };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn whom(tx: &mut Tx, word: &WhomWord) -> Result<Whom, Failure> {
    let named = match word {
        WhomWord::Everyone => return Ok(Whom::Everyone),
        WhomWord::Position(position) => return Ok(Whom::Position(position.clone())),
        WhomWord::Pilots(named) => named,
    };
    let mut pilots = std::collections::BTreeSet::new();
    for name in named {
        let by_id = match name.parse::<AccountId>() {
            Ok(id) => accounts::name(tx, id).await?.map(|_| id),
            Err(_) => accounts::by_login(tx, name).await?.map(|row| AccountId(row.id)),
        };
        let unknown = || FieldErrors::one("pilots", format!("There is no account {name:?}."));
        pilots.insert(by_id.ok_or_else(unknown)?);
    }
    Ok(Whom::Pilots(pilots))
}

/// The order that a new one is to replace, which needs the right to order at its place too.
async fn replaced(
    tx: &mut Tx,
    by: &By,
    incident: IncidentId,
    id: Option<InstructionId>,
    picture: &Picture,
) -> Result<Option<OrderRow>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let old = store::find(tx, incident, id).await?.ok_or(Failure::NotFound("instruction"))?;
    may_order(by, old.order.scope.place, picture)?;
    if old.state != State::InForce {
        return Err(Refusal::new("not-in-force", "The order to replace is no longer in force.").into());
    }
    Ok(Some(old))
}

async fn supersede(decision: &mut Decision, old: &OrderRow) -> Result<(), Error> {
    let change = Move {
        to: State::Superseded,
        seq: decision.next_seq(),
        at: decision.at,
        account: decision.account,
        approves: false,
    };
    store::set_state(&mut decision.tx, old, &change).await
}

/// A waiting order comes into force: what it replaces ends, if it has not ended meanwhile, and a pilot begins.
async fn come_into_force(
    decision: &mut Decision,
    incident: IncidentId,
    row: &OrderRow,
    picture: &Picture,
) -> Result<(), Failure> {
    permits_only_what_is_clear(&mut decision.tx, incident, &row.order, picture).await?;
    clearance::pilot_begins(decision, incident, row, picture).await?;
    let Some(old) = row.supersedes else { return Ok(()) };
    let old = store::find(&mut decision.tx, incident, old).await?.ok_or(Failure::NotFound("instruction"))?;
    if old.state == State::InForce {
        supersede(decision, &old).await?;
    }
    Ok(())
}

async fn say_issued(app: &App, decision: &mut Decision, row: &OrderRow) -> Result<i64, Error> {
    let order = &row.order;
    let say = Say {
        kind: "instruction.issued",
        subject: format!("instruction:{}", order.id),
        data: json!({
            "place": order.scope.place,
            "target": order.scope.target,
            "functions": order.scope.functions,
            "word": order.word.code(),
            "only_for": order.only_for,
            "whom": match &order.whom {
                Whom::Everyone => "everyone",
                Whom::Pilots(_) => "pilots",
                Whom::Position(_) => "position",
            },
            "state": row.state.code(),
            "text_waits": row.text_waits,
            "keeps": order.keeps.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "supersedes": row.supersedes,
        }),
        texts: &[("instead", &order.text), ("condition", &order.condition)],
        ..Say::default()
    };
    decision.append(app, say).await
}

/// Ends an order. Nothing is permitted by that: with no order in force the page says so.
///
/// # Errors
/// Refused without a reason, and for an order that has ended.
pub async fn lift(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, InstructionId, Lift),
) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut errors = FieldErrors::default();
    let reason = errors.required("reason", &form.reason, 500, "Say why this order ends.").unwrap_or_default();
    errors.into_result()?;
    open_incident(&mut decision.tx, incident).await?;
    let row = store::find(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("instruction"))?;
    let picture = picture(&mut decision.tx).await?;
    may_order(&by, row.order.scope.place, &picture)?;
    if !matches!(row.state, State::InForce | State::Waiting) {
        return Err(Refusal::new("ended", format!("This order is already {}.", row.state.code())).into());
    }
    move_and_say(&app, decision, &row, State::Lifted, "instruction.lifted", &[("reason", &reason)]).await
}

/// The second person's answer to an order for named people, or to a text that names a forbidden system. An order
/// that holds goes on holding when only its text is rejected.
///
/// # Errors
/// Refused for the person who issued it, when nothing waits, and when the scope it permits is not restored.
pub async fn approve(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, InstructionId, Approve),
) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open_incident(&mut decision.tx, incident).await?;
    let row = store::find(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("instruction"))?;
    let picture = picture(&mut decision.tx).await?;
    may_approve(&by, row.order.scope.place, &picture)?;
    if row.state != State::Waiting && !(row.state == State::InForce && row.text_waits) {
        return Err(
            Refusal::new("nothing-waits", "Nothing about this order waits for a second person.").into()
        );
    }
    if row.issued_by == by.actor.account {
        return Err(Refusal::new("one-person", "You issued this order: a second person approves it.").into());
    }
    match form.answer.trimmed() {
        "" | "approve" => {
            if row.state == State::Waiting {
                come_into_force(&mut decision, incident, &row, &picture).await?;
            }
            move_and_say(&app, decision, &row, State::InForce, "instruction.approved", &[]).await
        }
        "reject" if row.state == State::Waiting => {
            move_and_say(&app, decision, &row, State::Rejected, "instruction.rejected", &[]).await
        }
        "reject" => reject_text(&app, decision, &row).await,
        _ => Err(FieldErrors::one("answer", "Answer approve or reject.").into()),
    }
}

async fn reject_text(app: &App, mut decision: Decision, row: &OrderRow) -> Result<Issued, Failure> {
    let change = Move {
        to: row.state,
        seq: decision.next_seq(),
        at: decision.at,
        account: decision.account,
        approves: false,
    };
    store::reject_text(&mut decision.tx, row, &change).await?;
    let say = Say {
        kind: "instruction.text_rejected",
        subject: format!("instruction:{}", row.order.id),
        ..Say::default()
    };
    let seq = decision.append(app, say).await?;
    let (instruction, state) = (row.order.id, row.state);
    let outcome = Issued { instruction, seq, state, waits_for: Vec::new(), suspends: Vec::new() };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

async fn move_and_say(
    app: &App,
    mut decision: Decision,
    row: &OrderRow,
    to: State,
    kind: &str,
    texts: &[(&str, &str)],
) -> Result<Issued, Failure> {
    let approves = kind == "instruction.approved";
    let change = Move { to, seq: decision.next_seq(), at: decision.at, account: decision.account, approves };
    store::set_state(&mut decision.tx, row, &change).await?;
    let say = Say {
        kind,
        subject: format!("instruction:{}", row.order.id),
        data: json!({ "from": row.state.code(), "to": to.code() }),
        texts,
        ..Say::default()
    };
    let seq = decision.append(app, say).await?;
    let outcome =
        Issued { instruction: row.order.id, seq, state: to, waits_for: Vec::new(), suspends: Vec::new() };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

/// An incident whose orders count.
async fn open_incident(tx: &mut Tx, incident: IncidentId) -> Result<incidents::store::IncidentRow, Failure> {
    let row = incidents::store::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    Ok(row)
}

fn may_order(by: &By, place: Place, picture: &Picture) -> Result<(), Failure> {
    if by.actor.can(Role::Commander, place, &picture.places) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may give orders only for the sites you command.".into()))
}

/// The second person is a commander or a communicator for the place.
fn may_approve(by: &By, place: Place, picture: &Picture) -> Result<(), Failure> {
    let can = |role| by.actor.can(role, place, &picture.places);
    if can(Role::Commander) || can(Role::Communicator) {
        return Ok(());
    }
    Err(Failure::Forbidden("A commander or communicator for this place approves it.".into()))
}

fn target(word: &TargetWord, picture: &Picture) -> Result<Target, FieldErrors> {
    match word {
        TargetWord::Kind(kind) => Ok(Target::Kind(*kind)),
        TargetWord::System(text) => picture
            .systems
            .iter()
            .find(|system| system.code == *text || system.id.to_string() == *text)
            .map(|system| Target::System(system.id))
            .ok_or_else(|| FieldErrors::one("system", format!("There is no system {text:?}."))),
    }
}

/// Everyone's plain use of a scope that is not clear comes from its sign-off, never from an order; named pilots
/// may use it once it is restored.
async fn permits_only_what_is_clear(
    tx: &mut Tx,
    incident: IncidentId,
    order: &Order,
    picture: &Picture,
) -> Result<(), Failure> {
    let permitted = match order.word {
        Word::Use => order.scope.functions,
        Word::UseOnlyFor => order.only_for,
        _ => return Ok(()),
    };
    let least = if order.whom == Whom::Everyone { Stage::Clear } else { Stage::Restored };
    for held in clearance::store::scopes(tx, incident).await? {
        let meets = picture.meet(&held.scope, &order.scope) && held.scope.functions.meets(permitted);
        if meets && held.stage < least {
            let name = picture.scope_name(&held.scope);
            let sentence = match least {
                Stage::Clear => format!("{name} is not clear: everyone's use comes from its sign-off."),
                _ => format!("{name} is not restored yet, so nobody can try it."),
            };
            let link = format!("/incidents/{incident}/clearance/{}", held.id);
            return Err(Refusal::new("not-clear", sentence).with_link(link).into());
        }
    }
    Ok(())
}

/// What a declaration has found out about its scope.
pub struct Beginning<'a> {
    pub incident: IncidentId,
    /// `None` when it was declared from nothing.
    pub playbook: Option<&'a Playbook>,
    pub places: &'a [Place],
    pub systems: &'a BTreeMap<String, System>,
    pub statuses: &'a BTreeMap<(SystemId, FacilityId), Status>,
}

/// Issues the orders with which the playbook starts, in the declaration's own transaction. A permission is issued
/// only where the system works.
pub async fn issue_from_playbook(
    app: &App,
    decision: &mut Decision,
    begins: &Beginning<'_>,
) -> Result<(), Error> {
    let orders = begins.playbook.map(|playbook| playbook.instructions.as_slice()).unwrap_or_default();
    if orders.is_empty() {
        return Ok(());
    }
    let say = Say {
        kind: "instruction.issued_from_playbook",
        data: json!({ "orders": orders.iter().map(|order| &order.key).collect::<Vec<_>>() }),
        ..Say::default()
    };
    let seq = decision.append(app, say).await?;
    for standing in orders {
        let Some(target) = standing_target(standing, begins.systems) else { continue };
        let word = standing.order;
        for place in standing_places(begins, target, word) {
            let row = standing_row(app, begins.incident, decision, standing, (place, target, word, seq));
            store::insert(&mut decision.tx, &row).await?;
        }
    }
    Ok(())
}

fn standing_target(standing: &StandingOrder, systems: &BTreeMap<String, System>) -> Option<Target> {
    match (&standing.system, standing.kind) {
        (Some(key), _) => systems.get(key).map(|system| Target::System(system.id)),
        (None, kind) => kind.map(Target::Kind),
    }
}

/// The places of the incident; for a permission on a system that is down somewhere, the sites where it works.
fn standing_places(begins: &Beginning<'_>, target: Target, word: Word) -> Vec<Place> {
    let about = |system: SystemId| match target {
        Target::System(target) => target == system,
        Target::Kind(kind) => begins.systems.values().any(|each| each.id == system && each.kind == kind),
    };
    let at = |wanted: bool| {
        begins
            .statuses
            .iter()
            .filter(|((system, _), status)| about(*system) && (**status == Status::Operational) == wanted)
            .map(|((_, facility), _)| *facility)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let not_working = at(false);
    if !matches!(word, Word::Use | Word::UseOnlyFor) || not_working.is_empty() {
        return begins.places.to_vec();
    }
    at(true).difference(&not_working).map(|facility| Place::Facility(*facility)).collect()
}

fn standing_row(
    app: &App,
    incident: IncidentId,
    decision: &Decision,
    standing: &StandingOrder,
    (place, target, word, seq): (Place, Target, Word, i64),
) -> OrderRow {
    let only = word == Word::UseOnlyFor;
    OrderRow {
        order: Order {
            id: app.clock.id(),
            scope: Scope { place, target, functions: if only { Functions::ALL } else { standing.functions } },
            word,
            only_for: if only { standing.functions } else { Functions::NONE },
            whom: if standing.for_whom.is_empty() {
                Whom::Everyone
            } else {
                Whom::Position(standing.for_whom.clone())
            },
            condition: standing.condition.clone(),
            text: standing.instead.clone(),
            since: decision.at,
            age: seq,
            keeps: std::collections::BTreeSet::new(),
        },
        incident,
        short: standing.short.clone(),
        state: State::InForce,
        text_waits: false,
        issued_by: decision.account,
        approved_by: None,
        supersedes: None,
    }
}
