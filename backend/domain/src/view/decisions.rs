//! The page of decisions over many cases: what one would do, to which rows, and those made so far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cases::Alternative;
use crate::{
    cases::forms::Decide,
    decisions::{Count, Totals},
    id::{CaseId, DecisionId, IncidentId, RequestId},
};

/// What a decision would do, before it is made, and the decisions made so far.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecideView {
    pub incident: IncidentId,
    pub rules: Vec<Alternative>,
    pub rule_name: String,
    /// The part of the day that it reaches, in words; empty for all of it.
    pub only: String,
    /// `D-3`, the decision that this one would change.
    pub changes: String,
    pub keeps: Vec<KeepLine>,
    pub totals: Totals,
    pub lists: Vec<RowList>,
    /// What other ways of deciding would do to the same bookings.
    pub instead: Vec<Instead>,
    pub sites: Vec<PartLine>,
    pub services: Vec<PartLine>,
    pub priorities: Vec<PartLine>,
    pub places: Vec<Alternative>,
    pub form: Decide,
    pub made: Vec<DecisionLine>,
    pub request_id: RequestId,
}

/// One keep rule and how many rows it keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeepLine {
    pub key: String,
    pub label: String,
    pub rows: i64,
}

/// One of the lists that a decision makes, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowList {
    /// `cancel`, `keep`, `person` or `left-out`.
    pub code: String,
    pub words: String,
    pub rows: i64,
    pub path: String,
}

/// Another way of deciding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instead {
    pub words: String,
    pub count: Count,
    pub path: String,
    /// It is the one that is looked at.
    pub chosen: bool,
}

/// What a decision does to one site, service or priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartLine {
    pub words: String,
    pub count: Count,
}

/// A decision that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionLine {
    pub id: DecisionId,
    /// `D-3`
    pub name: String,
    /// What it did to others: `changes D-2`, `changed by D-4`, `cancellations taken back`; empty for most.
    pub note: String,
    pub rule: String,
    pub day: String,
    /// The part of the day that it reached, in words; empty for all of it.
    pub only: String,
    pub at: String,
    pub by: String,
    /// What it did then; overrides since are in the counts of the list.
    pub totals: Totals,
    /// Where it can be changed, and where its cancellations can be taken back; empty when they cannot.
    pub change: String,
    pub take_back: String,
}

/// What a decision answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecisionMade {
    pub decision: DecisionId,
    pub name: String,
    pub seq: i64,
    pub totals: Totals,
}

/// A list of the rows of a decision that is looked at. It names appointments, never patients.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecideRowsView {
    pub incident: IncidentId,
    pub words: String,
    pub rows: i64,
    pub lines: Vec<DecideRow>,
    /// The decision itself, the next page, and the whole list as a file.
    pub back: String,
    pub next: Option<String>,
    pub csv: String,
}

/// One row of such a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecideRow {
    pub case: CaseId,
    pub appointment: String,
    /// `19 Jul 2024 08:10`, at its site.
    pub at: String,
    pub site: String,
    pub service: String,
    pub department: String,
    pub provider: String,
    pub priority: String,
    /// Why: the keep rule's words, or the rule's name.
    pub rule: String,
    /// It was decided before, and stands as it is.
    pub stands: bool,
}
