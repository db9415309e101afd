//! The order of typing in: registration and movements before all, allergies before orders, orders before doses.
//!
//! The rule, exactly. A sheet of type T waits for another sheet when all of these hold:
//! - T's type depends on the other's type, directly or through types between;
//! - both are of the same patient, or the other one is about several patients (a log) and of the same unit;
//! - the other's time of care is not later than its own; where one of the two times is not known it counts so;
//! - the other is not typed in: ready, differing from what was typed in, or missing while its patient is known;
//! - two people in two roles have not released it.
//!
//! A sheet about one patient of a type that waits or is waited for is not typed in before its patient is known,
//! because nobody could say what it waits for. A sheet about several patients can only be of a type that waits for
//! nothing. What is not known cannot hold back: an order sheet that is still to be prepared, or missing without
//! anybody knowing whose it was, holds back no dose; the page says how many such sheets there are. A missing sheet of a
//! known patient holds back until it turns up, is found blank or voided, or is released.
//!
//! Types cannot depend on themselves in a circle (the playbook is checked), so of all open sheets at least one waits
//! for no other.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Progress;
use crate::{
    id::{FormId, UnitId},
    playbooks::FormType,
    time::Timestamp,
};

/// Whose sheet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Nobody has said.
    Unknown,
    /// One patient's, after merges of downtime numbers.
    One(Uuid),
    /// A log of several patients.
    Several,
}

impl Whose {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::One(_) => "one",
            Self::Several => "several",
        }
    }
}

/// A sheet as far as the order looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub form: FormId,
    pub form_type: String,
    pub unit: UnitId,
    pub whose: Whose,
    pub event_at: Option<Timestamp>,
    pub progress: Progress,
    pub released: bool,
}

/// Every type with all the types that come before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    before: BTreeMap<String, BTreeSet<String>>,
}

impl Order {
    /// The order of a kit.
    pub fn of(kit: &[FormType]) -> Self {
        let direct: BTreeMap<&str, &[String]> =
            kit.iter().map(|form| (form.code.as_str(), form.depends_on.as_slice())).collect();
        let mut before = BTreeMap::new();
        for form in kit {
            let mut found: BTreeSet<String> = BTreeSet::new();
            let mut ahead: Vec<&String> = form.depends_on.iter().collect();
            while let Some(code) = ahead.pop() {
                if found.insert(code.clone()) {
                    ahead.extend(direct.get(code.as_str()).copied().unwrap_or_default());
                }
            }
            before.insert(form.code.clone(), found);
        }
        Self { before }
    }

    /// The types that come before a type.
    pub fn before(&self, code: &str) -> impl Iterator<Item = &str> {
        self.before.get(code).into_iter().flatten().map(String::as_str)
    }

    /// Whether sheets of one type wait for sheets of another.
    pub fn waits(&self, later: &str, earlier: &str) -> bool {
        self.before.get(later).is_some_and(|before| before.contains(earlier))
    }

    /// Whether a type waits for another.
    pub fn waits_for_any(&self, code: &str) -> bool {
        self.before.get(code).is_some_and(|before| !before.is_empty())
    }

    /// Whether a type waits or is waited for, so that one must know whose sheet it is.
    pub fn has_a_place(&self, code: &str) -> bool {
        self.waits_for_any(code) || self.before.values().any(|before| before.contains(code))
    }

    /// Whether `later` waits for `earlier`.
    pub fn holds_back(&self, later: &Task, earlier: &Task) -> bool {
        let concerns = match (later.whose, earlier.whose) {
            (Whose::One(one), Whose::One(other)) => one == other,
            (Whose::One(_), Whose::Several) => later.unit == earlier.unit,
            _ => false,
        };
        let is_not_later = match (earlier.event_at, later.event_at) {
            (Some(earlier), Some(later)) => earlier <= later,
            _ => true,
        };
        concerns
            && is_not_later
            && earlier.progress.holds_back()
            && !earlier.released
            && self.waits(&later.form_type, &earlier.form_type)
    }

    /// The sheet for which `task` waits: of several the one that came first, so that whoever follows the names
    /// reaches one that waits for nothing.
    pub fn first_before<'a>(
        &self,
        task: &Task,
        open: impl IntoIterator<Item = &'a Task>,
    ) -> Option<&'a Task> {
        let holding = open.into_iter().filter(|other| self.holds_back(task, other));
        let rank = |other: &Task| self.before.get(&other.form_type).map_or(0, BTreeSet::len);
        holding.min_by_key(|other| (rank(other), other.event_at.unwrap_or_default(), other.form))
    }
}
