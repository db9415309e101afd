//! The pages of readiness: which units are not ready, and one unit's checklist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Named;
use crate::{
    id::{RequestId, UnitId},
    readiness::{CheckItem, Standing},
};

/// How many units stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessSums {
    pub units: i64,
    pub failed: i64,
    /// With something at which nobody has ever looked, and nothing that failed.
    pub never: i64,
    pub overdue: i64,
}

impl ReadinessSums {
    /// How many are not ready.
    pub const fn not_ready(&self) -> i64 {
        self.failed + self.never + self.overdue
    }
}

/// Every unit, the worst first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessView {
    /// `12 of 36 units are not ready`
    pub title: String,
    pub sums: ReadinessSums,
    pub site: String,
    /// `failed`, `never`, `overdue`, `ready` or empty for all.
    pub show: String,
    pub sites: Vec<Named>,
    pub lines: Vec<ReadinessLine>,
    pub next: Option<String>,
    pub may_check: bool,
    pub as_of: String,
}

/// One unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessLine {
    pub unit: UnitId,
    pub name: String,
    pub site: String,
    pub standing: Standing,
    pub failed: i64,
    /// Of how many items somebody has ever looked at how many.
    pub looked_at: i64,
    pub items: i64,
    /// When somebody looked at any of them last; empty for never.
    pub last: String,
    /// When the next one is due; empty when nothing was looked at.
    pub due: String,
}

/// One unit's checklist.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistView {
    pub unit: UnitId,
    pub title: String,
    pub name: String,
    pub standing: Standing,
    pub subjects: Vec<SubjectView>,
    /// How many forms of its box are below their par.
    pub short: i64,
    /// What was typed, for the item it names.
    pub form: CheckItem,
    pub may_check: bool,
    pub request_id: RequestId,
    /// The latest first.
    pub events: Vec<CheckedEvent>,
    pub as_of: String,
}

/// A thing that a unit has ready.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SubjectView {
    pub key: String,
    pub name: String,
    pub due_days: i64,
    pub standing: Standing,
    pub items: Vec<ItemView>,
}

/// One thing to look at.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ItemView {
    pub key: String,
    pub text: String,
    pub hint: String,
    /// What the number is that is written down; empty when none is.
    pub number_label: String,
    pub number: Option<i64>,
    pub standing: Standing,
    /// `05:22 EDT, Fri 19 July by Uma Unit`; empty for never.
    pub last: String,
    pub due: String,
    pub note: String,
}

/// One look of the past.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckedEvent {
    pub at: String,
    pub item: String,
    pub outcome: String,
    pub by: String,
    pub note: String,
}
