//! The slow replay: every place is the explicit set of its units, and one cell is followed through time. What a
//! newer order suspends is remembered by the suspended one, so that it stands again when the newer one is gone.

use super::*;

#[derive(Clone)]
struct Standing {
    index: usize,
    scope: Scope,
    effect: Effect,
    suspended_by: Vec<usize>,
    is_release: bool,
    taken_out_by: Vec<usize>,
}

impl Standing {
    fn new(index: usize, scope: Scope, effect: Effect, is_release: bool) -> Self {
        Self { index, scope, effect, suspended_by: Vec::new(), is_release, taken_out_by: Vec::new() }
    }
}

fn units(place: Place) -> BTreeSet<Place> {
    [11, 12, 21, 22, 31, 32].map(unit).into_iter().filter(|unit| places().contains(place, *unit)).collect()
}

fn level(place: Place) -> u8 {
    match place {
        Place::All => 0,
        Place::Group(_) => 1,
        Place::Facility(_) => 2,
        Place::Unit(_) => 3,
    }
}

fn in_cell(scope: &Scope, place: Place, system: SystemId, function: Function) -> bool {
    let names_system = match scope.target {
        Target::System(named) => named == system,
        Target::Kind(kind) => kind == SystemKind::Application,
    };
    let reaches = match place {
        Place::All => scope.place == Place::All,
        Place::Group(_) => level(scope.place) <= 1 && units(place).is_subset(&units(scope.place)),
        Place::Facility(_) => level(scope.place) <= 2 && units(place).is_subset(&units(scope.place)),
        Place::Unit(_) => units(place).is_subset(&units(scope.place)),
    };
    names_system && reaches && scope.functions.contains(function)
}

fn equal_or_wider(wide: Place, narrow: Place) -> bool {
    level(wide) <= level(narrow) && (wide == Place::All || units(narrow).is_subset(&units(wide)))
}

/// Whether `one` is strictly narrower; a place that is neither ends the comparison.
fn narrower(one: &Scope, other: &Scope) -> bool {
    if level(one.place) != level(other.place) {
        return level(one.place) > level(other.place);
    }
    let (mine, theirs) = (units(one.place), units(other.place));
    if mine != theirs {
        return mine.is_subset(&theirs);
    }
    if one.functions != other.functions {
        return one.functions.iter().all(|function| other.functions.contains(function));
    }
    matches!((one.target, other.target), (Target::System(_), Target::Kind(_)))
}

pub(super) fn effect(events: &[Event], place: Place, system: SystemId, function: Function) -> Option<Effect> {
    let mut standing: Vec<Standing> = Vec::new();
    let mut revoked: BTreeSet<usize> = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Ordered { scope, word, only_for, keeps } if in_cell(scope, place, system, function) => {
                let effect = said(*word, only_for.contains(function));
                for old in &mut standing {
                    if old.effect < effect && narrower(&old.scope, scope) && !keeps.contains(&old.index) {
                        old.suspended_by.push(index);
                    }
                }
                standing.push(Standing::new(index, *scope, effect, false));
            }
            Event::Released { scope } if in_cell(scope, place, system, function) => {
                for old in standing.iter_mut().filter(|old| !old.is_release) {
                    if equal_or_wider(old.scope.place, scope.place) {
                        old.taken_out_by.push(index);
                    }
                }
                standing.push(Standing::new(index, *scope, Effect::Use, true));
            }
            Event::Revoked { scope } if in_cell(scope, place, system, function) => {
                revoked.extend(standing.iter().filter(|old| old.is_release).map(|old| old.index));
            }
            _ => {}
        }
    }
    strictest_of_the_narrowest(&standing, &revoked)
}

fn said(word: Word, is_named: bool) -> Effect {
    match word {
        Word::Use => Effect::Use,
        Word::UseOnlyFor if is_named => Effect::Use,
        Word::UseOnlyFor => Effect::OnPaper,
        Word::ReadOnly => Effect::ReadOnly,
        Word::RestartOnce => Effect::RestartOnce,
        Word::BringToDepot => Effect::BringToDepot,
        Word::TurnOnButDoNotUse => Effect::TurnOnButDoNotUse,
        Word::DoNotLogIn => Effect::DoNotLogIn,
        Word::LeaveOff => Effect::LeaveOff,
        Word::DoNotConnect => Effect::DoNotConnect,
    }
}

fn strictest_of_the_narrowest(standing: &[Standing], revoked: &BTreeSet<usize>) -> Option<Effect> {
    let gone = |one: &Standing| {
        (one.is_release && revoked.contains(&one.index))
            || one.taken_out_by.iter().any(|release| !revoked.contains(release))
    };
    let present: BTreeSet<usize> = standing.iter().filter(|one| !gone(one)).map(|one| one.index).collect();
    let counting: Vec<&Standing> = standing
        .iter()
        .filter(|one| present.contains(&one.index))
        .filter(|one| !one.suspended_by.iter().any(|by| present.contains(by)))
        .collect();
    counting
        .iter()
        .filter(|one| !counting.iter().any(|other| narrower(&other.scope, &one.scope)))
        .map(|one| one.effect)
        .max()
}
