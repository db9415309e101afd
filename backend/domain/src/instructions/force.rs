//! Rule 12 for one cell: a place, a system and one function.
//!
//! Everything is decided cell by cell. That gives "exactly its scope" of a clearance without splitting orders,
//! and lets a new order suspend the part of an older one that lies inside its scope.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::{Effect, Family, Order, Release, Revocation, Source, Subject, Whom, narrower_place};
use crate::{
    id::{AccountId, IncidentId},
    scope::{Function, Functions, Place, Places, Scope, Target},
    time::Timestamp,
};

/// Whose orders are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// The public, and everybody who is not named.
    Everyone,
    /// A person with the positions held.
    Person { account: AccountId, positions: BTreeSet<String> },
}

/// Which families count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// Every open real family; the strictest holds.
    Real,
    /// One exercise, alone.
    Exercise(IncidentId),
}

/// What holds for one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellResult {
    pub effect: Effect,
    /// The orders and clearances that say so.
    pub behind: BTreeSet<Source>,
    pub since: Timestamp,
    /// The condition when every order behind it has one; empty otherwise.
    pub condition: String,
    /// What to do instead, from the orders behind it.
    pub texts: BTreeSet<String>,
}

/// What holds at a place for each function of a system; a function without an entry has no order.
pub fn in_force(
    families: &[Family],
    world: World,
    places: &Places,
    reader: &Reader,
    place: Place,
    subject: Subject,
) -> BTreeMap<Function, CellResult> {
    subject
        .functions
        .iter()
        .filter_map(|function| {
            let cell = Cell { places, reader, place, subject, function };
            families
                .iter()
                .filter(|family| counts(family, world))
                .filter_map(|family| cell.within(family))
                .reduce(stricter)
                .map(|result| (function, result))
        })
        .collect()
}

fn counts(family: &Family, world: World) -> bool {
    family.open
        && match world {
            World::Real => !family.exercise,
            World::Exercise(root) => family.exercise && family.root == root,
        }
}

fn stricter(one: CellResult, other: CellResult) -> CellResult {
    match one.effect.cmp(&other.effect) {
        Ordering::Greater => one,
        Ordering::Less => other,
        Ordering::Equal => CellResult {
            effect: one.effect,
            since: one.since.min(other.since),
            condition: joined_condition([one.condition.as_str(), other.condition.as_str()]),
            behind: one.behind.into_iter().chain(other.behind).collect(),
            texts: one.texts.into_iter().chain(other.texts).collect(),
        },
    }
}

/// One unconditional order covers everything, so a condition stands only when all have one.
fn joined_condition<'a>(conditions: impl IntoIterator<Item = &'a str>) -> String {
    let conditions: BTreeSet<_> = conditions.into_iter().collect();
    if conditions.contains("") {
        return String::new();
    }
    conditions.into_iter().collect::<Vec<_>>().join("; ")
}

struct Cell<'a> {
    places: &'a Places,
    reader: &'a Reader,
    place: Place,
    subject: Subject,
    function: Function,
}

/// An order or a release as it counts in one cell.
struct Claim<'a> {
    source: Source,
    place: Place,
    functions: Functions,
    of_kind: bool,
    of_everyone: bool,
    effect: Effect,
    age: i64,
    since: Timestamp,
    keeps: Option<&'a BTreeSet<Source>>,
    condition: &'a str,
    text: &'a str,
}

impl Cell<'_> {
    fn within(&self, family: &Family) -> Option<CellResult> {
        let releases: Vec<&Release> =
            family.releases.iter().filter(|release| self.stands(release, family)).collect();
        let mut claims: Vec<Claim> = family
            .orders
            .iter()
            .filter(|order| self.lies_in(&order.scope) && self.is_for_reader(&order.whom))
            .filter(|order| !releases.iter().any(|release| self.takes_out(release, order)))
            .map(|order| self.claim_of_order(order))
            .collect();
        claims.extend(releases.into_iter().map(|release| self.claim_of_release(release)));
        let standing: Vec<&Claim> =
            claims.iter().filter(|old| !claims.iter().any(|new| self.suspends(new, old))).collect();
        let narrowest: Vec<&&Claim> = standing
            .iter()
            .filter(|claim| !standing.iter().any(|other| self.narrower(other, claim)))
            .collect();
        let effect = narrowest.iter().map(|claim| claim.effect).max()?;
        Some(result(effect, narrowest.iter().filter(|claim| claim.effect == effect).map(|claim| **claim)))
    }

    /// Whether a release permits this cell: it was not taken back since, and nothing of the cell is still on its
    /// way back under a clearance of its own.
    fn stands(&self, release: &Release, family: &Family) -> bool {
        let taken_back = |revoked: &Revocation| revoked.age > release.age && self.lies_in(&revoked.scope);
        self.lies_in(&release.scope)
            && !family.revocations.iter().any(taken_back)
            && !family.uncleared.iter().any(|scope| self.lies_in(scope) && !self.is_around(scope, release))
    }

    /// A scope around what was released: the released place was parted from it and goes its own way.
    fn is_around(&self, scope: &Scope, release: &Release) -> bool {
        self.places.contains(scope.place, release.scope.place)
            && !self.places.contains(release.scope.place, scope.place)
    }

    fn lies_in(&self, scope: &Scope) -> bool {
        scope.functions.contains(self.function)
            && scope.target.covers(self.subject.system, self.subject.kind)
            && self.places.contains(scope.place, self.place)
    }

    fn is_for_reader(&self, whom: &Whom) -> bool {
        match (whom, self.reader) {
            // A wave is of the staff of its order's unit, where the question is asked.
            (Whom::Everyone, _) | (Whom::Wave(_), Reader::Person { .. }) => true,
            (_, Reader::Everyone) => false,
            (Whom::Pilots(names), Reader::Person { account, .. }) => names.contains(account),
            (Whom::Position(position), Reader::Person { positions, .. }) => positions.contains(position),
        }
    }

    /// Clause (d): older orders of an equal or wider place; orders for a narrower place stand.
    fn takes_out(&self, release: &Release, order: &Order) -> bool {
        order.age < release.age && self.places.contains(order.scope.place, release.scope.place)
    }

    /// Clause (c), for the part that lies in this cell.
    fn suspends(&self, new: &Claim, old: &Claim) -> bool {
        new.age > old.age
            && new.effect > old.effect
            && self.narrower(old, new)
            && !new.keeps.is_some_and(|kept| kept.contains(&old.source))
    }

    /// Clause (a), for functions that the system has: place, then function, then a system over its kind; among equals, an order for named people
    /// over one for everyone. Incomparable ones are not narrower.
    fn narrower(&self, one: &Claim, other: &Claim) -> bool {
        if narrower_place(self.places, one.place, other.place) {
            return true;
        }
        let same_place =
            self.places.contains(one.place, other.place) && self.places.contains(other.place, one.place);
        if !same_place || one.place.narrowness() != other.place.narrowness() {
            return false;
        }
        if one.functions != other.functions {
            return other.functions.includes(one.functions);
        }
        if one.of_kind != other.of_kind {
            return other.of_kind;
        }
        other.of_everyone && !one.of_everyone
    }

    fn claim_of_order<'a>(&self, order: &'a Order) -> Claim<'a> {
        Claim {
            source: Source::Instruction(order.id),
            place: order.scope.place,
            functions: order.scope.functions.common(self.subject.functions),
            of_kind: matches!(order.scope.target, Target::Kind(_)),
            of_everyone: order.whom == Whom::Everyone,
            effect: order.effect(self.function),
            age: order.age,
            since: order.since,
            keeps: Some(&order.keeps),
            condition: &order.condition,
            text: &order.text,
        }
    }

    fn claim_of_release<'a>(&self, release: &'a Release) -> Claim<'a> {
        Claim {
            source: Source::Clearance(release.clearance),
            place: release.scope.place,
            functions: release.scope.functions.common(self.subject.functions),
            of_kind: matches!(release.scope.target, Target::Kind(_)),
            of_everyone: true,
            effect: Effect::Use,
            age: release.age,
            since: release.since,
            keeps: None,
            condition: "",
            text: "",
        }
    }
}

fn result<'a>(effect: Effect, claims: impl Iterator<Item = &'a Claim<'a>> + Clone) -> CellResult {
    CellResult {
        effect,
        behind: claims.clone().map(|claim| claim.source).collect(),
        since: claims.clone().map(|claim| claim.since).min().unwrap_or_default(),
        condition: joined_condition(claims.clone().map(|claim| claim.condition)),
        texts: claims.filter(|claim| !claim.text.is_empty()).map(|claim| claim.text.to_owned()).collect(),
    }
}
