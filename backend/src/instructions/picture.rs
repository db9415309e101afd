//! Everything rule 12 needs, read once in one snapshot: orders, releases, places and systems.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::{FacilityId, GroupId, InstructionId, UnitId},
    instructions::{Family, Order, Reader, Source, Subject, Verdict, World, differing_units, verdict},
    lexicon::ForbiddenSystem,
    scope::{Place, Places, Scope, SystemKind, Target},
    view::board::Shown,
};

use super::store;
use crate::{
    places::store::{self as places, Facility, System},
    store::{Error, Tx},
};

/// The orders of every open incident over all places and systems.
#[derive(Debug, Clone)]
pub struct Picture {
    pub families: Vec<Family>,
    pub places: Places,
    pub systems: Vec<System>,
    pub facilities: Vec<Facility>,
    groups: BTreeMap<GroupId, String>,
    shorts: BTreeMap<InstructionId, String>,
}

/// Reads the picture.
pub async fn picture(tx: &mut Tx) -> Result<Picture, Error> {
    let (families, rows) = store::families(tx).await?;
    let shorts = rows.into_iter().map(|row| (row.order.id, row.short)).collect();
    Ok(Picture { families, shorts, ..names(tx).await? })
}

/// Places and systems with their names, without any order: whoever only names things need not read them all.
pub async fn names(tx: &mut Tx) -> Result<Picture, Error> {
    Ok(Picture {
        families: Vec::new(),
        places: places::lattice(tx).await?,
        systems: places::systems(tx).await?,
        facilities: places::facilities(tx).await?,
        groups: places::groups(tx).await?.into_iter().map(|group| (group.id, group.name)).collect(),
        shorts: BTreeMap::new(),
    })
}

/// What rule 12 must know of a system.
pub const fn subject(system: &System) -> Subject {
    Subject { system: system.id, kind: system.kind, functions: system.functions }
}

impl Picture {
    /// What everyone may do with a system at a place.
    pub fn verdict(&self, world: World, place: Place, system: &System) -> Verdict {
        verdict(&self.families, world, &self.places, &Reader::Everyone, place, subject(system))
    }

    /// The units of a site where something else holds than at the site.
    pub fn differing_units(&self, world: World, site: FacilityId, system: &System) -> Vec<(UnitId, Verdict)> {
        differing_units(&self.families, world, &self.places, &Reader::Everyone, site, subject(system))
    }

    /// A verdict as it stands in a matrix: the words in full, and the order's own short form where it has one.
    pub fn shown(&self, verdict: &Verdict) -> Shown {
        let shorts: BTreeSet<&str> = verdict
            .behind
            .iter()
            .filter_map(|source| match source {
                Source::Instruction(id) => self.shorts.get(id).map(String::as_str),
                Source::Clearance(_) => None,
            })
            .filter(|short| !short.is_empty())
            .collect();
        let one_order = verdict.lines.len() == 1 && verdict.behind.len() == shorts.len();
        let short = match (one_order, shorts.first()) {
            (true, Some(short)) if shorts.len() == 1 => (*short).to_owned(),
            _ => verdict.lines.first().map(|line| line.words.clone()).unwrap_or_default(),
        };
        Shown { look: verdict.look, words: verdict.words(), short: sentence_case(&short) }
    }

    /// The systems under a prohibition at any of these places or inside them, with the names that texts use.
    pub fn forbidden_systems(&self, world: World, at: &[Place]) -> Vec<ForbiddenSystem> {
        let sites: BTreeSet<FacilityId> =
            at.iter().flat_map(|place| self.places.facilities_of(*place)).collect();
        let mut asked: Vec<Place> = at.to_vec();
        asked.extend(sites.iter().map(|site| Place::Facility(*site)));
        let within = |unit: &UnitId| at.iter().any(|place| self.places.contains(*place, Place::Unit(*unit)));
        asked.extend(self.ordered_units().into_iter().filter(within).map(Place::Unit));
        self.systems
            .iter()
            .filter_map(|system| {
                let (place, verdict) = asked
                    .iter()
                    .map(|place| (*place, self.verdict(world, *place, system)))
                    .find(|(_, verdict)| forbids(verdict))?;
                let mut names = vec![system.name.clone(), system.short_name.clone()];
                names.extend(system.aliases.iter().cloned());
                names.retain(|name| !name.is_empty());
                let order = format!("{}: {} at {}", system.name, verdict.words(), self.place_name(place));
                Some(ForbiddenSystem { system: system.id, names, order })
            })
            .collect()
    }

    fn ordered_units(&self) -> BTreeSet<UnitId> {
        let orders = self.families.iter().flat_map(|family| &family.orders);
        orders
            .filter_map(|order| match order.scope.place {
                Place::Unit(unit) => Some(unit),
                _ => None,
            })
            .collect()
    }

    /// In words, the older, narrower, weaker ones that a new order suspends, in whole or for what lies inside it.
    pub fn suspended_by(&self, world: World, new: &Order) -> Vec<String> {
        let family = self.families.iter().find(|family| match world {
            World::Real => !family.exercise,
            World::Exercise(root) => family.root == root,
        });
        let Some(family) = family else { return Vec::new() };
        let strictest = new.scope.functions.iter().map(|function| new.effect(function)).max();
        family
            .orders
            .iter()
            .filter(|old| old.scope.place.narrowness() > new.scope.place.narrowness())
            .filter(|old| self.meet(&old.scope, &new.scope) && old.scope.functions.meets(new.scope.functions))
            .filter(|old| !new.keeps.contains(&Source::Instruction(old.id)))
            .filter(|old| old.scope.functions.iter().map(|function| old.effect(function)).max() < strictest)
            .map(|old| format!("{} for {}", old.words(), self.scope_name(&old.scope)))
            .collect()
    }

    /// Whether two scopes have a place and a system in common; their functions are the caller's to compare.
    pub fn meet(&self, one: &Scope, other: &Scope) -> bool {
        let same_system = self.systems.iter().any(|system| {
            one.target.covers(system.id, system.kind) && other.target.covers(system.id, system.kind)
        });
        let nested =
            self.places.contains(one.place, other.place) || self.places.contains(other.place, one.place);
        let overlap = || {
            let (mine, theirs) =
                (self.places.facilities_of(one.place), self.places.facilities_of(other.place));
            matches!((one.place, other.place), (Place::Group(_), Place::Group(_)))
                && !mine.is_disjoint(&theirs)
        };
        same_system && (nested || overlap())
    }

    /// What people call a place. Units are named by the caller, who knows them.
    pub fn place_name(&self, place: Place) -> String {
        match place {
            Place::All => match self.facilities.len() {
                1 => "the one site".to_owned(),
                sites => format!("all {sites} sites"),
            },
            Place::Group(group) => self.groups.get(&group).cloned().unwrap_or_else(|| "a group".to_owned()),
            Place::Facility(site) => self
                .facilities
                .iter()
                .find(|each| each.id == site)
                .map_or_else(|| "a site".to_owned(), |site| site.short_name.clone()),
            Place::Unit(unit) => {
                let site =
                    self.places.unit_facility.get(&unit).map(|site| self.place_name(Place::Facility(*site)));
                format!("a unit of {}", site.unwrap_or_else(|| "a site".to_owned()))
            }
        }
    }

    /// `Laboratory, results at General`.
    pub fn scope_name(&self, scope: &Scope) -> String {
        let functions = self.functions_words(scope);
        let what = self.target_name(scope.target);
        let what = if functions.is_empty() { what } else { format!("{what}, {functions}") };
        format!("{what} at {}", self.place_name(scope.place))
    }

    /// What people call a system or a kind.
    pub fn target_name(&self, target: Target) -> String {
        match target {
            Target::System(id) => self
                .systems
                .iter()
                .find(|system| system.id == id)
                .map_or_else(|| "a system that is gone".to_owned(), |system| system.name.clone()),
            Target::Kind(SystemKind::Application) => "Every application".to_owned(),
            Target::Kind(SystemKind::DeviceClass) => "Every kind of device".to_owned(),
            Target::Kind(SystemKind::Network) => "Every network".to_owned(),
        }
    }

    /// The functions of a scope in words; nothing when they are all that the system has.
    pub fn functions_words(&self, scope: &Scope) -> String {
        let Target::System(id) = scope.target else { return String::new() };
        let all = self.systems.iter().find(|system| system.id == id).map(|system| system.functions);
        match all {
            Some(all) if scope.functions.includes(all) => String::new(),
            _ => scope.functions.words(),
        }
    }
}

fn forbids(verdict: &Verdict) -> bool {
    !verdict.prohibited.is_empty() || verdict.others.iter().any(forbids)
}

/// `DO NOT LOG IN` as `Do not log in`.
fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    first + &letters.as_str().to_lowercase()
}
