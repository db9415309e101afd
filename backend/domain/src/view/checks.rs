//! The pages of cross-checks: what has gaps, the gaps of one check, one gap, and the census.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::forms::Named;
use crate::{
    checks::{DecideGap, SetCensus},
    id::{IncidentId, RequestId},
};

/// Every check of an incident: what has gaps, first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChecksView {
    pub incident: IncidentId,
    /// `12 gaps are open in 2 cross-checks`
    pub title: String,
    pub checks: Vec<CheckLine>,
    pub open: i64,
    /// Units of the census of which nobody has said where care is given.
    pub units_without_setting: i64,
    pub may_check: bool,
    pub request_id: RequestId,
}

/// One check.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckLine {
    pub kind: String,
    pub name: String,
    /// Whether both sides are lists that are imported.
    pub has_lists: bool,
    pub expected: ListLine,
    pub found: ListLine,
    pub even: i64,
    pub open: i64,
    pub explained: i64,
    pub corrected: i64,
    pub harm: i64,
}

impl CheckLine {
    /// Whether a list is still to come and nothing has been compared: no gap means nothing then.
    pub fn is_waiting(&self) -> bool {
        let lines = self.even + self.open + self.explained + self.corrected + self.harm;
        self.has_lists && lines == 0 && (self.expected.here.is_empty() || self.found.here.is_empty())
    }
}

/// One list of a check.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListLine {
    pub name: String,
    /// The file and since when it is here; empty when it is not.
    pub here: String,
}

/// A page of a check's lines in one state.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GapsView {
    pub incident: IncidentId,
    pub title: String,
    pub kind: String,
    pub state: String,
    pub kinds: Vec<Named>,
    pub states: Vec<Named>,
    /// What the two numbers are.
    pub expected: String,
    pub found: String,
    pub lines: Vec<GapLine>,
    pub next: Option<String>,
}

/// One line of a check.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GapLine {
    pub line: Uuid,
    /// As people name it without its key.
    pub name: String,
    pub key: String,
    pub what: String,
    pub expected: i64,
    pub found: i64,
    pub state: String,
    pub owner: String,
    pub note: String,
    pub since: String,
}

/// One gap with what was done about it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GapView {
    pub incident: IncidentId,
    pub title: String,
    pub check: String,
    pub kind: String,
    pub expected: String,
    pub found: String,
    pub line: GapLine,
    pub events: Vec<GapEvent>,
    pub may_decide: bool,
    pub form: DecideGap,
    pub request_id: RequestId,
}

/// Something that was done about a gap.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GapEvent {
    pub at: String,
    pub who: String,
    pub what: String,
    pub note: String,
}

/// The census by day, and the form for a unit's day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CensusView {
    pub incident: IncidentId,
    pub title: String,
    pub days: Vec<CensusDay>,
    pub units: Vec<Named>,
    pub form: SetCensus,
    pub may_check: bool,
    pub request_id: RequestId,
}

/// One occasion of one day over all units.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CensusDay {
    pub day: String,
    pub occasion: String,
    pub number: i64,
    pub units: i64,
}
