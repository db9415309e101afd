//! The pages of what the hospitals around can take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::RequestId,
    neighbours::{AddNeighbour, Beds, Emergency, ReportCapacity},
};

/// Every hospital with its last word.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NeighboursView {
    /// `2 of 14 hospitals are on diversion or closed`
    pub title: String,
    pub lines: Vec<NeighbourLine>,
    /// Of those, whose last word is too old, and who has said nothing yet.
    pub old: i64,
    pub silent: i64,
    pub may_add: bool,
    pub form: AddNeighbour,
    pub request_id: RequestId,
    pub as_of: String,
}

/// One hospital.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NeighbourLine {
    pub code: String,
    pub name: String,
    /// Whether it is a site of ours.
    pub own: bool,
    pub path: String,
    /// `None` when it has said nothing yet.
    pub said: Option<SaidLine>,
}

/// What a hospital said at one time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SaidLine {
    pub emergency: Emergency,
    /// `ON DIVERSION for trauma, stroke`
    pub words: String,
    /// `since 04:10 EDT`
    pub since: String,
    pub beds: Beds,
    pub said_by: String,
    /// `05:22 EDT, Fri 19 July`
    pub at: String,
    /// Minutes since then, and as `00:42`.
    pub age_minutes: i64,
    pub age: String,
    /// Too old to act on.
    pub old: bool,
}

/// One hospital: noting what it says now, and what it said before.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NeighbourView {
    pub title: String,
    pub hospital: NeighbourLine,
    /// The latest first.
    pub history: Vec<SaidLine>,
    /// The address of the next page of the history.
    pub next: Option<String>,
    pub may_report: bool,
    pub form: ReportCapacity,
    pub request_id: RequestId,
}
