//! Standing orders, and rule 12: which of them holds for a place, a system and a function.
//!
//! An order is never deleted by another: what holds is computed from the orders that are neither lifted nor
//! superseded, from the releases and revocations of clearances, and from how places lie in one another. So the
//! same function answers the public page, the board and the second approver, for now and for any past minute.

mod command;
mod force;
mod verdict;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{Approve, Issue, Issued, Lift, NotASource, State, TargetWord, Wanted, WhomWord};
pub use force::{CellResult, Reader, World, in_force};
pub use verdict::{Line, Look, Verdict, differing_units, verdict};

use crate::{
    Refusal,
    id::{AccountId, ClearanceId, IncidentId, InstructionId, SystemId},
    scope::{Functions, Place, Scope, SystemKind, Target},
    time::Timestamp,
};

/// The word of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Use,
    UseOnlyFor,
    ReadOnly,
    RestartOnce,
    BringToDepot,
    TurnOnButDoNotUse,
    DoNotLogIn,
    LeaveOff,
    DoNotConnect,
}

impl Word {
    /// All words, the strictest first, as forms list them.
    pub const ALL: [Self; 9] = [
        Self::DoNotConnect,
        Self::LeaveOff,
        Self::DoNotLogIn,
        Self::TurnOnButDoNotUse,
        Self::BringToDepot,
        Self::RestartOnce,
        Self::ReadOnly,
        Self::UseOnlyFor,
        Self::Use,
    ];

    /// The code in files, tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::UseOnlyFor => "use_only_for",
            Self::ReadOnly => "read_only",
            Self::RestartOnce => "restart_once",
            Self::BringToDepot => "bring_to_depot",
            Self::TurnOnButDoNotUse => "turn_on_but_do_not_use",
            Self::DoNotLogIn => "do_not_log_in",
            Self::LeaveOff => "leave_off",
            Self::DoNotConnect => "do_not_connect",
        }
    }

    /// The word as people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::UseOnlyFor => "use only for",
            Self::ReadOnly => "read only",
            Self::RestartOnce => "restart once",
            Self::BringToDepot => "bring to depot",
            Self::TurnOnButDoNotUse => "turn on but do not use",
            Self::DoNotLogIn => "do not log in",
            Self::LeaveOff => "leave off",
            Self::DoNotConnect => "do not connect",
        }
    }

    /// The word of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.code() == code)
    }
}

/// What an order comes down to for one function. The order of the variants is the strictness of rule 12b;
/// `OnPaper` is what `use only for F` says of every function outside F, and stands where that word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Use,
    OnPaper,
    ReadOnly,
    RestartOnce,
    BringToDepot,
    TurnOnButDoNotUse,
    DoNotLogIn,
    LeaveOff,
    DoNotConnect,
}

impl Effect {
    /// What stands on a page, in capitals as all instructions do.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Use => "USE",
            Self::OnPaper => "ON PAPER",
            Self::ReadOnly => "READ ONLY",
            Self::RestartOnce => "RESTART ONCE",
            Self::BringToDepot => "BRING TO DEPOT",
            Self::TurnOnButDoNotUse => "TURN ON BUT DO NOT USE",
            Self::DoNotLogIn => "DO NOT LOG IN",
            Self::LeaveOff => "LEAVE OFF",
            Self::DoNotConnect => "DO NOT CONNECT",
        }
    }

    /// Whether this forbids plain use.
    pub fn is_prohibition(self) -> bool {
        self > Self::Use
    }

    /// Whether this speaks of the thing itself, which cannot be off for one function and on for another.
    pub const fn is_of_the_whole_thing(self) -> bool {
        matches!(
            self,
            Self::DoNotConnect
                | Self::LeaveOff
                | Self::TurnOnButDoNotUse
                | Self::BringToDepot
                | Self::RestartOnce
        )
    }
}

/// For whom an order is. Public pages show everyone's only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    Everyone,
    /// Named pilots, as accounts.
    Pilots(BTreeSet<AccountId>),
    /// Whoever holds the position.
    Position(String),
    /// The staff of the order's unit, from the beginning of this wave of a clearance on.
    Wave(i64),
}

/// What an order or a permission comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Instruction(InstructionId),
    Clearance(ClearanceId),
}

/// A standing order that has been neither lifted nor superseded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub id: InstructionId,
    pub scope: Scope,
    pub word: Word,
    /// The F of `use only for F`; empty for every other word.
    pub only_for: Functions,
    pub whom: Whom,
    /// For which things of the system: `not used today`; empty for all of them.
    pub condition: String,
    /// What to do instead, in one sentence.
    pub text: String,
    pub since: Timestamp,
    /// Place in the family's sequence; later orders have a higher one.
    pub age: i64,
    /// The older, narrower, weaker ones that its issuer keeps by name.
    pub keeps: BTreeSet<Source>,
}

impl Order {
    /// What the order says of one function of its scope.
    pub fn effect(&self, function: crate::scope::Function) -> Effect {
        match self.word {
            Word::Use => Effect::Use,
            Word::UseOnlyFor if self.only_for.contains(function) => Effect::Use,
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

    /// `use only for registration, scheduling`, or the word alone.
    pub fn words(&self) -> String {
        match self.word {
            Word::UseOnlyFor => format!("{} {}", self.word.words(), self.only_for.words()),
            word => word.words().to_owned(),
        }
    }
}

/// A clearance from its release on: it gives `use` for its scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    pub clearance: ClearanceId,
    pub scope: Scope,
    pub since: Timestamp,
    pub age: i64,
}

/// A scope for which every earlier release of the family ends (rule 2: in whole or part).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revocation {
    pub scope: Scope,
    pub age: i64,
}

/// Parent and children of one incident: what they ordered, released and revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Family {
    /// The incident that has no parent.
    pub root: IncidentId,
    pub exercise: bool,
    pub open: bool,
    pub orders: Vec<Order>,
    pub releases: Vec<Release>,
    pub revocations: Vec<Revocation>,
    /// Scopes on their way back. A release around one of them, be it newer, permits nothing there (rule 1).
    pub uncleared: Vec<Scope>,
}

/// A system with what rule 12 must know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    pub system: SystemId,
    pub kind: SystemKind,
    /// What is done with it; the others are not spoken of.
    pub functions: Functions,
}

impl Target {
    /// Whether the target is this system or its kind.
    pub fn covers(self, system: SystemId, kind: SystemKind) -> bool {
        match self {
            Self::System(target) => target == system,
            Self::Kind(target) => target == kind,
        }
    }
}

/// Checks that an order says something that can be followed.
///
/// # Errors
/// Refused when it names no function, when `use only for` names none or one outside its scope, and when another
/// word carries functions of its own.
pub fn check(scope: &Scope, word: Word, only_for: Functions) -> Result<(), Refusal> {
    if scope.functions.is_empty() {
        return Err(Refusal::new("no-function", "Choose at least one function for this instruction."));
    }
    if word == Word::UseOnlyFor {
        if only_for.is_empty() || !scope.functions.includes(only_for) {
            return Err(Refusal::new(
                "only-for-what",
                "Say for which functions it may be used; they must be among the functions of the instruction.",
            ));
        }
        if only_for == scope.functions {
            return Err(Refusal::new(
                "only-for-all",
                "It may be used for every function named: choose \"use\", or leave one out.",
            ));
        }
    } else if !only_for.is_empty() {
        return Err(Refusal::new("only-for-unused", "Only \"use only for\" takes functions of its own."));
    }
    Ok(())
}

/// Clause (a) for places: unit, facility, group, all; of two groups the one inside the other.
pub(crate) fn narrower_place(places: &crate::scope::Places, one: Place, other: Place) -> bool {
    match (one, other) {
        (Place::Group(_), Place::Group(_)) => places.contains(other, one) && !places.contains(one, other),
        _ => one.narrowness() > other.narrowness(),
    }
}

#[cfg(test)]
mod tests;
