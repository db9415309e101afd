//! Rule 12, clause by clause, and against a slow replay that was written from the rule's sentences alone.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    id::{FacilityId, GroupId, UnitId},
    scope::{Function, Places},
};

mod replay;
mod story;

const EPIC: SystemId = SystemId(Uuid::from_u128(1));
const LABORATORY: SystemId = SystemId(Uuid::from_u128(2));
const FUNCTIONS: [Function; 3] = [Function::Registration, Function::Orders, Function::Results];

fn group(n: u128) -> Place {
    Place::Group(GroupId(Uuid::from_u128(n)))
}
fn facility(n: u128) -> Place {
    Place::Facility(FacilityId(Uuid::from_u128(n)))
}
fn unit(n: u128) -> Place {
    Place::Unit(UnitId(Uuid::from_u128(n)))
}

/// Facilities 1 to 3 with units 11 and 12, 21 and 22, 31 and 32; groups: 1 = {1, 2}, 2 = {2, 3}, 3 = {2}.
fn places() -> Places {
    let unit_facility = [11, 12, 21, 22, 31, 32]
        .map(|n: u128| (UnitId(Uuid::from_u128(n)), FacilityId(Uuid::from_u128(n / 10))));
    let members = |ids: &[u128]| ids.iter().map(|n| FacilityId(Uuid::from_u128(*n))).collect::<BTreeSet<_>>();
    Places {
        unit_facility: unit_facility.into(),
        group_members: [(1, [1, 2].as_slice()), (2, &[2, 3]), (3, &[2])]
            .into_iter()
            .map(|(n, facilities)| (GroupId(Uuid::from_u128(n)), members(facilities)))
            .collect(),
        facilities: members(&[1, 2, 3]),
    }
}

fn subject(system: SystemId) -> Subject {
    Subject { system, kind: SystemKind::Application, functions: Functions::of(FUNCTIONS) }
}

fn every_place() -> Vec<Place> {
    let mut all = vec![Place::All];
    all.extend([1, 2, 3].map(group));
    all.extend([1, 2, 3].map(facility));
    all.extend([11, 12, 21, 22, 31, 32].map(unit));
    all
}

/// What happened in a family, in order.
#[derive(Debug, Clone)]
enum Event {
    Ordered { scope: Scope, word: Word, only_for: Functions, keeps: Vec<usize> },
    Released { scope: Scope },
    Revoked { scope: Scope },
}

fn source(index: usize, event: &Event) -> Source {
    let id = Uuid::from_u128(1000 + index as u128);
    match event {
        Event::Released { .. } => Source::Clearance(ClearanceId(id)),
        _ => Source::Instruction(InstructionId(id)),
    }
}

fn family(root: u128, exercise: bool, events: &[Event]) -> Family {
    let mut family = Family {
        root: IncidentId(Uuid::from_u128(root)),
        exercise,
        open: true,
        orders: Vec::new(),
        releases: Vec::new(),
        revocations: Vec::new(),
        uncleared: Vec::new(),
    };
    for (index, event) in events.iter().enumerate() {
        let age = i64::try_from(index).expect("is small") + 1;
        match event {
            Event::Ordered { scope, word, only_for, keeps } => family.orders.push(Order {
                id: InstructionId(Uuid::from_u128(1000 + index as u128)),
                scope: *scope,
                word: *word,
                only_for: *only_for,
                whom: Whom::Everyone,
                condition: String::new(),
                text: String::new(),
                since: Timestamp(age),
                age,
                keeps: keeps.iter().map(|kept| source(*kept, &events[*kept])).collect(),
            }),
            Event::Released { scope } => family.releases.push(Release {
                clearance: ClearanceId(Uuid::from_u128(1000 + index as u128)),
                scope: *scope,
                since: Timestamp(age),
                age,
            }),
            Event::Revoked { scope } => family.revocations.push(Revocation { scope: *scope, age }),
        }
    }
    family
}

fn effects(families: &[Family], world: World, place: Place, system: SystemId) -> BTreeMap<Function, Effect> {
    in_force(families, world, &places(), &Reader::Everyone, place, subject(system))
        .into_iter()
        .map(|(function, cell)| (function, cell.effect))
        .collect()
}

fn any_place() -> impl Strategy<Value = Place> {
    proptest::sample::select(every_place())
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let target = prop_oneof![
        3 => Just(Target::System(EPIC)),
        1 => Just(Target::System(LABORATORY)),
        2 => Just(Target::Kind(SystemKind::Application)),
        1 => Just(Target::Kind(SystemKind::Network)),
    ];
    let functions = proptest::sample::subsequence(FUNCTIONS.to_vec(), 1..=3).prop_map(Functions::of);
    (any_place(), target, functions).prop_map(|(place, target, functions)| Scope { place, target, functions })
}

fn any_word() -> impl Strategy<Value = Word> {
    proptest::sample::select(Word::ALL.to_vec())
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any_scope(), any_word(), 1_i64..8).prop_map(|(scope, word, only)| Event::Ordered {
            only_for: if word == Word::UseOnlyFor {
                scope.functions.common(Functions::from_bits(only))
            } else {
                Functions::NONE
            },
            scope,
            word,
            keeps: Vec::new(),
        }),
        2 => any_scope().prop_map(|scope| Event::Released { scope }),
        1 => any_scope().prop_map(|scope| Event::Revoked { scope }),
    ]
}

/// A history, with some older ones kept by name.
fn any_history() -> impl Strategy<Value = Vec<Event>> {
    (proptest::collection::vec(any_event(), 0..9), proptest::collection::vec(any::<prop::sample::Index>(), 9))
        .prop_map(|(mut events, picks)| {
            for index in 1..events.len() {
                let kept = picks[index].index(index * 3);
                if let Event::Ordered { keeps, .. } = &mut events[index]
                    && kept < index
                {
                    keeps.push(kept);
                }
            }
            events
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_rule_agrees_with_a_slow_replay(history in any_history(), place in any_place()) {
        let families = [family(1, false, &history)];
        for system in [EPIC, LABORATORY] {
            let fast = effects(&families, World::Real, place, system);
            for function in FUNCTIONS {
                prop_assert_eq!(
                    fast.get(&function).copied(),
                    replay::effect(&history, place, system, function),
                    "{} at {}", function.code(), place
                );
            }
        }
    }

    #[test]
    fn the_strictest_over_families_holds(one in any_history(), other in any_history(), place in any_place()) {
        let (one, other) = (family(1, false, &one), family(2, false, &other));
        let first = effects(std::slice::from_ref(&one), World::Real, place, EPIC);
        let second = effects(std::slice::from_ref(&other), World::Real, place, EPIC);
        let both = effects(&[one, other], World::Real, place, EPIC);
        for function in FUNCTIONS {
            let strictest = first.get(&function).max(second.get(&function));
            prop_assert_eq!(both.get(&function), strictest);
        }
    }

    #[test]
    fn an_exercise_changes_nothing_real_and_reality_nothing_in_it(
        real in any_history(), drill in any_history(), place in any_place(),
    ) {
        let (real, drill) = (family(1, false, &real), family(2, true, &drill));
        let both = [real.clone(), drill.clone()];
        prop_assert_eq!(
            effects(&both, World::Real, place, EPIC),
            effects(&[real], World::Real, place, EPIC)
        );
        let alone = effects(std::slice::from_ref(&drill), World::Exercise(drill.root), place, EPIC);
        prop_assert_eq!(effects(&both, World::Exercise(drill.root), place, EPIC), alone);
    }

    #[test]
    fn a_closed_family_orders_nothing(history in any_history(), place in any_place()) {
        let closed = Family { open: false, ..family(1, false, &history) };
        prop_assert!(effects(&[closed], World::Real, place, EPIC).is_empty());
    }

    #[test]
    fn equal_scopes_take_the_stricter_in_either_order(scope in any_scope(), one in any_word(), other in any_word()) {
        let order = |word| Event::Ordered {
            scope,
            word,
            only_for: if word == Word::UseOnlyFor { scope.functions } else { Functions::NONE },
            keeps: Vec::new(),
        };
        let forward = effects(&[family(1, false, &[order(one), order(other)])], World::Real, scope.place, EPIC);
        let backward = effects(&[family(1, false, &[order(other), order(one)])], World::Real, scope.place, EPIC);
        prop_assert_eq!(forward, backward);
    }

    #[test]
    fn a_revocation_of_the_same_scope_undoes_the_release(
        history in any_history(), scope in any_scope(), place in any_place(),
    ) {
        let without_release = |event| match event {
            Event::Released { scope } => Event::Revoked { scope },
            other => other,
        };
        let mut released_and_revoked: Vec<Event> = history.into_iter().map(without_release).collect();
        let before = effects(&[family(1, false, &released_and_revoked)], World::Real, place, EPIC);
        released_and_revoked.extend([Event::Released { scope }, Event::Revoked { scope }]);
        let after = effects(&[family(1, false, &released_and_revoked)], World::Real, place, EPIC);
        prop_assert_eq!(before, after);
    }

    /// Rule 12 (d) with three incidents open at once.
    #[test]
    fn a_release_in_one_incident_never_weakens_what_another_forbids(
        mut one in any_history(),
        other in any_history(),
        third in any_history(),
        scope in any_scope(),
        place in any_place(),
    ) {
        let others = [family(2, false, &other), family(3, false, &third)];
        let before: Vec<Family> = std::iter::once(family(1, false, &one)).chain(others.clone()).collect();
        one.push(Event::Released { scope });
        let after: Vec<Family> = std::iter::once(family(1, false, &one)).chain(others.clone()).collect();
        for system in [EPIC, LABORATORY] {
            let (was, is) =
                (effects(&before, World::Real, place, system), effects(&after, World::Real, place, system));
            for (function, forbidden) in effects(&others, World::Real, place, system) {
                prop_assert!(is.get(&function) >= Some(&forbidden), "{function:?} of {system:?}");
            }
            let lies_in = |function: Function| {
                scope.functions.contains(function)
                    && scope.target.covers(system, SystemKind::Application)
                    && places().contains(scope.place, place)
            };
            for function in FUNCTIONS.into_iter().filter(|function| !lies_in(*function)) {
                prop_assert_eq!(was.get(&function), is.get(&function), "outside the released scope");
            }
        }
    }

    #[test]
    fn a_release_changes_nothing_outside_its_scope(
        history in any_history(), scope in any_scope(), place in any_place(),
    ) {
        let before = effects(&[family(1, false, &history)], World::Real, place, EPIC);
        let mut after = history;
        after.push(Event::Released { scope });
        let after = effects(&[family(1, false, &after)], World::Real, place, EPIC);
        let inside = places().contains(scope.place, place) && scope.target.covers(EPIC, SystemKind::Application);
        for function in FUNCTIONS.into_iter().filter(|function| !inside || !scope.functions.contains(*function)) {
            prop_assert_eq!(before.get(&function), after.get(&function));
        }
    }

    #[test]
    fn no_verdict_permits_a_function_without_an_order_or_a_release(history in any_history(), place in any_place()) {
        let families = [family(1, false, &history)];
        let cells = effects(&families, World::Real, place, EPIC);
        let seen = verdict(&families, World::Real, &places(), &Reader::Everyone, place, subject(EPIC));
        for function in seen.permitted.iter() {
            prop_assert_eq!(cells.get(&function), Some(&Effect::Use));
        }
        if seen.look == Look::Use {
            prop_assert_eq!(cells.len(), FUNCTIONS.len());
        }
        prop_assert_eq!(seen.look == Look::NoOrder, cells.is_empty());
        prop_assert!(!seen.lines.is_empty());
    }
}
