//! The orders with which a playbook starts, issued in the declaration's own transaction.

use std::collections::BTreeMap;

use domain::{
    id::{FacilityId, IncidentId, SystemId},
    instructions::{Order, State, Whom, Word},
    playbooks::{Playbook, StandingOrder},
    scope::{Functions, Place, Scope, Status, Target},
};
use serde_json::json;

use super::store::{self, OrderRow};
use crate::{
    app::App,
    places::store::System,
    store::{
        Error,
        journal::{Decision, Say},
    },
};

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
    let issued: Vec<(&StandingOrder, Target, Vec<Place>)> = orders
        .iter()
        .filter_map(|standing| {
            let target = standing_target(standing, begins.systems)?;
            let places = standing_places(begins, target, standing.order);
            (!places.is_empty()).then_some((standing, target, places))
        })
        .collect();
    let keys: Vec<&String> = issued.iter().map(|(standing, ..)| &standing.key).collect();
    let say =
        Say { kind: "instruction.issued_from_playbook", data: json!({ "orders": keys }), ..Say::default() };
    let seq = decision.append(app, say).await?;
    for (standing, target, places) in issued {
        let word = standing.order;
        for place in places {
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
