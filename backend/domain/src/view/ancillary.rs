//! The pages of ancillary logs: how many lines lack what, the sheets of a kind, and one sheet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ancillary::TypeLog,
    id::{FormId, IncidentId, RequestId},
};

/// The logs of an incident, and the sheets of one of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogsView {
    pub incident: IncidentId,
    /// `212 lines of logs are typed in; 9 lack something`
    pub title: String,
    pub kinds: Vec<LogCount>,
    /// Code of the kind whose sheets are shown.
    pub form_type: String,
    pub sheets: Vec<LogSheetLine>,
    pub next: Option<String>,
    pub csv: String,
    pub may_type: bool,
}

/// A kind of log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogCount {
    pub code: String,
    pub name: String,
    /// What the catalogue says becomes of its sheets.
    pub end: String,
    pub lines: i64,
    /// What lines lack, and how many of them: `not read back`, 3.
    pub missing: Vec<(String, i64)>,
}

/// A used sheet of a log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogSheetLine {
    pub serial: String,
    pub path: String,
    pub lines: i64,
    pub incomplete: i64,
}

/// One sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogSheetView {
    pub incident: IncidentId,
    pub form: FormId,
    pub title: String,
    pub kind: String,
    pub columns: Vec<String>,
    pub lines: Vec<TypedLine>,
    pub typed: TypeLog,
    pub rows: Vec<i64>,
    pub zone: String,
    /// Why nothing is typed in; empty when it may be.
    pub refusal: String,
    pub may_type: bool,
    pub request_id: RequestId,
}

/// A line that was typed in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TypedLine {
    pub line: i64,
    pub happened: String,
    pub typed: String,
    /// Empty to those who do not work there.
    pub number: String,
    pub cells: Vec<String>,
    /// What it lacks, in words.
    pub missing: Vec<String>,
    pub minutes: Option<i64>,
}
