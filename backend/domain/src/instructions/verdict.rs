//! One login never shows two orders: the functions of a system drawn together into one verdict.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CellResult, Effect, Family, Reader, Source, Subject, World, in_force};
use crate::{
    id::UnitId,
    scope::{Function, Functions, Place, Places},
    time::Timestamp,
};

/// How a verdict looks. The order is that of a page: what forbids comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    Forbid,
    /// Forbidden but for some functions; ranks as forbid.
    Limited,
    Act,
    Read,
    Use,
    NoOrder,
}

impl Look {
    /// The code that pages style by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Forbid => "forbid",
            Self::Limited => "limited",
            Self::Act => "act",
            Self::Read => "read",
            Self::Use => "use",
            Self::NoOrder => "none",
        }
    }
}

/// One line of a verdict: `LOG IN ONLY FOR` `registration, scheduling`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    pub words: String,
    /// The functions meant, or empty for all of them.
    pub functions: Functions,
}

impl Line {
    /// The line as it is read.
    pub fn sentence(&self) -> String {
        match (self.functions.is_empty(), self.words.ends_with("FOR") || self.words.ends_with("READ")) {
            (true, _) => self.words.clone(),
            (false, true) => format!("{} {}", self.words, self.functions.words()),
            (false, false) => format!("{}: {}", self.words, self.functions.words()),
        }
    }
}

/// What people may do with one system at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    pub look: Look,
    /// The first is the headline, the others stand below it at the same size.
    pub lines: Vec<Line>,
    /// For which things of the system: `not used today`; empty for all.
    pub condition: String,
    /// What holds for the other things of the system when an order has a condition; the strictest first, so
    /// that a permission under a condition never stands above the prohibition that it is an exception to.
    pub others: Vec<Verdict>,
    pub since: Option<Timestamp>,
    /// What to do instead.
    pub texts: Vec<String>,
    pub behind: BTreeSet<Source>,
    /// The functions under a prohibition.
    pub prohibited: Functions,
    /// The functions that may be used.
    pub permitted: Functions,
}

impl Verdict {
    /// The headline, as it is read.
    pub fn headline(&self) -> String {
        self.lines.first().map(Line::sentence).unwrap_or_default()
    }

    /// Headline and further lines, as one would say them: `LOG IN ONLY FOR registration. ON PAPER: orders`.
    pub fn words(&self) -> String {
        self.lines.iter().map(Line::sentence).collect::<Vec<_>>().join(". ")
    }

    /// Whether anything is ordered at all.
    pub fn is_ordered(&self) -> bool {
        self.look != Look::NoOrder
    }
}

/// What people may do with a system at a place.
pub fn verdict(
    families: &[Family],
    world: World,
    places: &Places,
    reader: &Reader,
    place: Place,
    subject: Subject,
) -> Verdict {
    let mut ways = Vec::new();
    let mut families = std::borrow::Cow::Borrowed(families);
    loop {
        let cells = in_force(&families, world, places, reader, place, subject);
        let way = drawn_together(&cells, subject.functions);
        let (conditional, behind) = (!way.condition.is_empty(), way.behind.clone());
        ways.push((cells.values().map(|cell| cell.effect).max(), way));
        if !conditional {
            break;
        }
        let rest = families.to_mut();
        for family in rest.iter_mut() {
            family.orders.retain(|order| {
                order.condition.is_empty() || !behind.contains(&Source::Instruction(order.id))
            });
        }
    }
    let permitted_somewhere = ways.iter().any(|(_, way)| !way.permitted.is_empty());
    if !permitted_somewhere && ways.len() > 1 {
        ways.retain(|(_, way)| way.is_ordered());
    }
    ways.sort_by_key(|(strictest, _)| std::cmp::Reverse(*strictest));
    let mut ways = ways.into_iter().map(|(_, way)| way);
    let head = ways.next().expect("the loop pushes at least one, and a conditional one is ordered");
    Verdict { others: ways.collect(), ..head }
}

/// The units of a facility where the verdict differs from the facility's own.
pub fn differing_units(
    families: &[Family],
    world: World,
    places: &Places,
    reader: &Reader,
    facility: crate::id::FacilityId,
    subject: Subject,
) -> Vec<(UnitId, Verdict)> {
    let named: BTreeSet<UnitId> = families
        .iter()
        .flat_map(|family| {
            let orders = family.orders.iter().map(|order| order.scope.place);
            orders
                .chain(family.releases.iter().map(|release| release.scope.place))
                .chain(family.revocations.iter().map(|revoked| revoked.scope.place))
                .chain(family.uncleared.iter().map(|scope| scope.place))
        })
        .filter_map(|place| match place {
            Place::Unit(unit) if places.unit_facility.get(&unit) == Some(&facility) => Some(unit),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return Vec::new();
    }
    let own = verdict(families, world, places, reader, Place::Facility(facility), subject);
    named
        .into_iter()
        .map(|unit| (unit, verdict(families, world, places, reader, Place::Unit(unit), subject)))
        .filter(|(_, other)| {
            (&other.lines, &other.condition, &other.others) != (&own.lines, &own.condition, &own.others)
        })
        .collect()
}

fn drawn_together(cells: &BTreeMap<Function, CellResult>, functions: Functions) -> Verdict {
    let with = |wanted: &dyn Fn(Effect) -> bool| {
        Functions::of(cells.iter().filter(|(_, cell)| wanted(cell.effect)).map(|(function, _)| *function))
    };
    let permitted = with(&|effect| effect == Effect::Use);
    let prohibited = with(&Effect::is_prohibition);
    let unordered = functions.without(permitted).without(prohibited);
    let strictest = cells.values().map(|cell| cell.effect).max();
    let whole = cells.values().any(|cell| cell.effect.is_of_the_whole_thing());
    let (look, lines) = match strictest {
        None => (Look::NoOrder, vec![line("NO ORDER", Functions::NONE)]),
        Some(effect) if whole => (look_of(effect), vec![line(effect.words(), Functions::NONE)]),
        Some(_) => {
            let read = with(&|effect| effect == Effect::ReadOnly);
            let paper = prohibited.without(read);
            login_lines(permitted, read, paper, unordered)
        }
    };
    let deciding = |cell: &&CellResult| !whole || Some(cell.effect) == strictest;
    let sinces = cells.values().filter(deciding).map(|cell| cell.since);
    Verdict {
        since: if look == Look::Limited { sinces.max() } else { sinces.min() },
        condition: common_condition(cells.values().filter(deciding)),
        others: Vec::new(),
        texts: texts(look, cells.values().filter(deciding)),
        behind: cells.values().filter(deciding).flat_map(|cell| cell.behind.iter().copied()).collect(),
        look,
        lines,
        prohibited,
        permitted,
    }
}

/// What to do instead. Where a login is limited, only what holds for all of it is said: the words of the order that
/// the rest is still under would forbid what is permitted beside it.
fn texts<'a>(look: Look, mut cells: impl Iterator<Item = &'a CellResult>) -> Vec<String> {
    let Some(first) = cells.next() else { return Vec::new() };
    let mut texts = first.texts.clone();
    for cell in cells {
        if look == Look::Limited {
            texts.retain(|text| cell.texts.contains(text));
        } else {
            texts.extend(cell.texts.iter().cloned());
        }
    }
    texts.into_iter().collect()
}

/// The condition, when all that decides carries the same one.
fn common_condition<'a>(mut cells: impl Iterator<Item = &'a CellResult>) -> String {
    let Some(first) = cells.next() else { return String::new() };
    if cells.all(|cell| cell.condition == first.condition) { first.condition.clone() } else { String::new() }
}

fn look_of(effect: Effect) -> Look {
    match effect {
        Effect::Use => Look::Use,
        Effect::ReadOnly => Look::Read,
        Effect::RestartOnce | Effect::BringToDepot | Effect::TurnOnButDoNotUse => Look::Act,
        Effect::OnPaper | Effect::DoNotLogIn | Effect::LeaveOff | Effect::DoNotConnect => Look::Forbid,
    }
}

/// The lines of a system that people sign in to.
fn login_lines(
    permitted: Functions,
    read: Functions,
    paper: Functions,
    unordered: Functions,
) -> (Look, Vec<Line>) {
    let partly = |look: Look, whole: &str, part: &str, functions: Functions| {
        if unordered.is_empty() {
            return (look, vec![line(whole, Functions::NONE)]);
        }
        (look, vec![line(part, functions), line("NO ORDER", unordered)])
    };
    match (!permitted.is_empty(), !read.is_empty(), !paper.is_empty()) {
        (true, false, false) if unordered.is_empty() => (Look::Use, vec![line("USE", Functions::NONE)]),
        (false, false, _) => partly(Look::Forbid, "DO NOT LOG IN", "DO NOT LOG IN FOR", paper),
        (false, true, false) => partly(Look::Read, "READ ONLY", "READ ONLY FOR", read),
        (false, true, true) => {
            let head = line("LOG IN ONLY TO READ", read);
            (Look::Limited, with_rest(head, paper, Functions::NONE, unordered))
        }
        (true, _, _) => {
            let head = line("LOG IN ONLY FOR", permitted);
            (Look::Limited, with_rest(head, paper, read, unordered))
        }
    }
}

fn with_rest(head: Line, paper: Functions, read: Functions, unordered: Functions) -> Vec<Line> {
    let rest = [("ON PAPER", paper), ("READ ONLY", read), ("NO ORDER", unordered)];
    std::iter::once(head)
        .chain(rest.into_iter().filter(|(_, set)| !set.is_empty()).map(|(words, set)| line(words, set)))
        .collect()
}

fn line(words: &str, functions: Functions) -> Line {
    Line { words: words.to_owned(), functions }
}
