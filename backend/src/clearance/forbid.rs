//! Nobody reads USE for what was taken back or is down (rule 1): permissions there end, those for named people too,
//! and where nothing else forbids it the decision itself orders DO NOT LOG IN.

use std::collections::BTreeSet;

use domain::{
    id::{AccountId, FacilityId, IncidentId, SystemId},
    instructions::{Order, Reader, State, Verdict, Whom, Word, World, verdict},
    scope::{Functions, Place, Scope, Target},
};
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    app::App,
    failure::Failure,
    incidents::store::IncidentRow,
    instructions::{
        Picture,
        picture::{picture, subject},
        store as orders,
        store::{Move, OrderRow},
    },
    places::store::System,
    store::{
        Error,
        journal::{Decision, Say},
    },
};

/// Why nobody may use it now, as the log says it.
#[derive(Clone, Copy)]
enum Why {
    Revocation,
    Outage,
}

impl Why {
    const fn issued(self) -> &'static str {
        match self {
            Self::Revocation => "instruction.issued_by_revocation",
            Self::Outage => "instruction.issued_by_outage",
        }
    }

    const fn ended(self) -> &'static str {
        match self {
            Self::Revocation => "instruction.ended_by_revocation",
            Self::Outage => "instruction.ended_by_outage",
        }
    }
}

/// Sees to it that nobody uses a part that was taken back; gives the words that hold there now.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn what_was_taken_back(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    part: Scope,
) -> Result<String, Failure> {
    let world = world_of(incident);
    let seen = picture(&mut decision.tx).await?;
    let Some(system) = system_of(&seen, &part) else { return Ok(String::new()) };
    end_permissions(app, decision, incident.id, (&part, &system), Why::Revocation).await?;
    let seen = picture(&mut decision.tx).await?;
    let now = seen.verdict(world, part.place, &system);
    let forbidden = now.prohibited.includes(part.functions.common(system.functions));
    if forbidden && !is_anybody_permitted(&seen, world, &part, &system) {
        return Ok(now.words());
    }
    order_do_not_log_in(app, decision, incident.id, part, Why::Revocation).await?;
    let after = picture(&mut decision.tx).await?;
    Ok(after.verdict(world, part.place, &system).words())
}

/// A system that is down is permitted to nobody at its site, whatever was ordered before.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn what_is_down(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    (system, site): (SystemId, FacilityId),
) -> Result<(), Failure> {
    let world = world_of(incident);
    let part =
        Scope { place: Place::Facility(site), target: Target::System(system), functions: Functions::ALL };
    let before = picture(&mut decision.tx).await?;
    let Some(system) = system_of(&before, &part) else { return Ok(()) };
    let everyone = permits(&before.verdict(world, part.place, &system), part.functions);
    let units = before.differing_units(world, site, &system);
    let was_used = everyone || units.iter().any(|(_, verdict)| permits(verdict, part.functions));
    end_permissions(app, decision, incident.id, (&part, &system), Why::Outage).await?;
    let after = picture(&mut decision.tx).await?;
    if was_used || is_anybody_permitted(&after, world, &part, &system) {
        order_do_not_log_in(app, decision, incident.id, part, Why::Outage).await?;
    }
    Ok(())
}

fn world_of(incident: &IncidentRow) -> World {
    if incident.exercise { World::Exercise(incident.id) } else { World::Real }
}

fn system_of(seen: &Picture, part: &Scope) -> Option<System> {
    seen.systems.iter().find(|system| part.target == Target::System(system.id)).cloned()
}

fn permits(verdict: &Verdict, functions: Functions) -> bool {
    verdict.permitted.meets(functions) || verdict.others.iter().any(|other| permits(other, functions))
}

/// The functions that an order permits; none for one that forbids.
fn permitted_by(order: &Order) -> Functions {
    match order.word {
        Word::Use => order.scope.functions,
        Word::UseOnlyFor => order.only_for,
        _ => Functions::NONE,
    }
}

/// Ends the incident's orders that permit nothing but use inside the part, for everyone and for named people: were
/// they only suspended, they would permit it again as soon as the prohibition is lifted.
async fn end_permissions(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    (part, system): (&Scope, &System),
    why: Why,
) -> Result<(), Failure> {
    let places = crate::places::store::lattice(&mut decision.tx).await?;
    for row in orders::of_incident(&mut decision.tx, incident).await? {
        let permitted = permitted_by(&row.order).common(system.functions);
        let inside = row.order.scope.target == part.target
            && places.contains(part.place, row.order.scope.place)
            && part.functions.includes(permitted);
        if row.state != State::InForce || permitted.is_empty() || !inside {
            continue;
        }
        let (seq, at, account) = (decision.next_seq(), decision.at, decision.account);
        let change = Move { to: State::Lifted, seq, at, account, approves: false };
        orders::set_state(&mut decision.tx, &row, &change).await?;
        let say = Say {
            kind: why.ended(),
            subject: format!("instruction:{}", row.order.id),
            data: json!({ "from": row.state.code(), "to": change.to.code() }),
            ..Say::default()
        };
        decision.append(app, say).await?;
    }
    Ok(())
}

/// Whether an order for a wider place, a narrower one or named people, of whatever incident, lets anybody use a part.
fn is_anybody_permitted(seen: &Picture, world: World, part: &Scope, system: &System) -> bool {
    let permissions = seen
        .families
        .iter()
        .flat_map(|family| &family.orders)
        .filter(|order| permitted_by(order).meets(part.functions) && seen.meet(&order.scope, part));
    permissions.into_iter().any(|order| {
        let mut at: BTreeSet<Place> = [order.scope.place, part.place]
            .into_iter()
            .filter(|place| {
                seen.places.contains(part.place, *place) && seen.places.contains(order.scope.place, *place)
            })
            .collect();
        let (here, there) =
            (seen.places.facilities_of(part.place), seen.places.facilities_of(order.scope.place));
        at.extend(here.intersection(&there).map(|site| Place::Facility(*site)));
        let at: Vec<Place> =
            at.into_iter().filter(|place| seen.places.contains(part.place, *place)).collect();
        readers(&order.whom).iter().any(|reader| {
            at.iter().any(|place| {
                let verdict = verdict(&seen.families, world, &seen.places, reader, *place, subject(system));
                permits(&verdict, part.functions)
            })
        })
    })
}

fn readers(whom: &Whom) -> Vec<Reader> {
    let person = |account: AccountId, positions: BTreeSet<String>| Reader::Person { account, positions };
    match whom {
        Whom::Everyone => vec![Reader::Everyone],
        Whom::Wave(_) => vec![person(AccountId(Uuid::nil()), BTreeSet::new())],
        Whom::Position(position) => {
            vec![person(AccountId(Uuid::nil()), BTreeSet::from([position.clone()]))]
        }
        Whom::Pilots(pilots) => pilots.iter().map(|pilot| person(*pilot, BTreeSet::new())).collect(),
    }
}

/// The decision itself orders DO NOT LOG IN for a scope.
async fn order_do_not_log_in(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    scope: Scope,
    why: Why,
) -> Result<(), Error> {
    let row = OrderRow {
        order: Order {
            id: app.clock.id(),
            scope,
            word: Word::DoNotLogIn,
            only_for: Functions::NONE,
            whom: Whom::Everyone,
            condition: String::new(),
            text: String::new(),
            since: decision.at,
            age: decision.next_seq(),
            keeps: BTreeSet::new(),
        },
        incident,
        short: String::new(),
        state: State::InForce,
        text_waits: false,
        issued_by: decision.account,
        approved_by: None,
        supersedes: None,
    };
    let say = Say {
        kind: why.issued(),
        subject: format!("instruction:{}", row.order.id),
        data: json!({ "word": row.order.word.code() }),
        ..Say::default()
    };
    decision.append(app, say).await?;
    orders::insert(&mut decision.tx, &row).await
}
