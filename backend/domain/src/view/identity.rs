//! The page of downtime numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Named;
use crate::{
    id::{IncidentId, NumberId, RequestId},
    identity::{AddRange, ChangeNumber, GiveNumbers, State},
};

/// Ranges, and the numbers that were given out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IdentityView {
    pub incident: IncidentId,
    /// `12 patients have only a downtime number; 3 labels are not corrected.`
    pub title: String,
    pub ranges: Vec<RangeLine>,
    pub counts: Vec<NumberCount>,
    pub numbers: Vec<NumberLine>,
    pub next: Option<String>,
    /// Code of the state that is shown, and id of the site; empty for all sites.
    pub state: String,
    pub site: String,
    pub sites: Vec<Named>,
    pub units: Vec<Named>,
    pub give: GiveNumbers,
    pub add: AddRange,
    pub may_give: bool,
    pub may_add: bool,
    pub request_id: RequestId,
    pub as_of: String,
}

/// A range of one site.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RangeLine {
    pub site: String,
    pub kind: String,
    pub first: String,
    pub last: String,
    pub numbers: i64,
    pub free: i64,
}

/// How many numbers are in a state.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NumberCount {
    pub state: State,
    pub words: String,
    pub numbers: i64,
    /// Places that are not corrected.
    pub uncorrected: i64,
}

/// One number.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NumberLine {
    pub id: NumberId,
    pub number: String,
    pub kind: String,
    pub unit: String,
    pub state: State,
    /// `merge, asked by Ann Alder`; empty when nothing waits.
    pub asked: String,
    pub given: String,
    /// Places that are not corrected.
    pub left: i64,
}

/// One number, and what can be done with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NumberView {
    pub incident: IncidentId,
    pub title: String,
    pub line: NumberLine,
    /// Into which record it was merged; empty before, and to those who do not work there.
    pub record: String,
    pub reason: String,
    pub left: Vec<LeftLine>,
    /// What hung on a merge that was taken back.
    pub again: Vec<AgainLine>,
    pub change: ChangeNumber,
    pub may_change: bool,
    /// Whether the reader asked for what waits, and so cannot agree.
    pub asked_by_me: bool,
    /// Whether the reader is one of the two who merged it, and so cannot take that back.
    pub merged_by_me: bool,
    pub request_id: RequestId,
}

/// A form or a line of a cross-check that hung on a wrong merge.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgainLine {
    pub item: String,
    /// `Form GEN-4W-MAR-1001` or `Line 3FA94C of a cross-check`
    pub words: String,
    pub path: String,
    /// When somebody looked at it again; empty before.
    pub looked: String,
}

/// Where a number stands, and whether it was corrected there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LeftLine {
    pub code: String,
    pub words: String,
    pub noted: bool,
    pub corrected: bool,
    pub when: String,
}
