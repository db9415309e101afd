//! The pages of command's own paper: what is out, and one sheet with its lines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Named;
use crate::{
    id::{IncidentId, RequestId},
    late_entries::{CountSheets, HandOutSheets, SheetKind, State, TypeLines},
};

/// The sheets in a state.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LateEntriesView {
    pub incident: IncidentId,
    /// `3 sheets of command are out`
    pub title: String,
    pub counts: Vec<SheetCount>,
    pub state: State,
    pub sheets: Vec<SheetLine>,
    pub next: Option<String>,
    /// The reader's own.
    pub drafts: Vec<DraftLine>,
    pub hand_out: HandOutSheets,
    pub count: CountSheets,
    pub may_type: bool,
    pub request_id: RequestId,
    pub as_of: String,
}

/// How many sheets of a kind there are.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetCount {
    pub kind: SheetKind,
    pub out: i64,
    pub typed: i64,
    pub blank: i64,
    pub lost: i64,
    /// Lines that were typed in.
    pub lines: i64,
}

/// One sheet in the list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetLine {
    pub name: String,
    pub path: String,
    pub state: State,
    pub handed_to: String,
    pub handed: String,
    pub lines: i64,
}

/// What the reader has typed of a sheet and not entered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DraftLine {
    pub name: String,
    pub path: String,
    pub lines: i64,
    pub saved: String,
}

/// One sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LateSheetView {
    pub incident: IncidentId,
    pub kind: SheetKind,
    pub number: i64,
    pub title: String,
    /// Where it is, and who had it.
    pub lede: String,
    pub lines: Vec<LateLine>,
    pub form: TypeLines,
    /// The numbers of the rows of the form.
    pub rows: Vec<i64>,
    /// When the reader's draft was kept; empty when there is none.
    pub draft_saved: String,
    /// Of a call list: the messages that were sent.
    pub broadcasts: Vec<Named>,
    /// Of a call list: the units of the downtime.
    pub units: Vec<String>,
    pub zone: String,
    pub may_type: bool,
    pub request_id: RequestId,
}

/// A line that was typed in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LateLine {
    pub line: i64,
    pub happened: String,
    pub until: String,
    /// `typed in 2024-07-20 09:15 by Kim Vale`
    pub typed: String,
    pub who: String,
    pub what: String,
    /// Of a call list: the unit and its answer.
    pub answer: String,
    /// Its entry in the log.
    pub seq: i64,
}
