//! The pages of paper: the ledger, the lists of sheets, and the forms that move them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    forms::{
        AddSheets, BatchState, CorrectPile, Count, CountBatch, Found, Issue, Ledger, MoveSheets, OpenBatch,
        ScanSheet,
    },
    id::{BatchId, FormId, IncidentId, RequestId, UnitId},
};

/// The ledger of an incident: what is missing, first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PaperView {
    pub incident: IncidentId,
    /// `12 forms are missing. 3,420 issued, 459 back.`
    pub title: String,
    /// Of all numbered sheets.
    pub total: Ledger,
    pub types: Vec<TypeLine>,
    /// Units that were given paper, in the order of their sites.
    pub units: Vec<UnitLine>,
    /// Sheets without a valid serial, which count apart.
    pub found: Vec<TypeLine>,
    /// The playbook has no form types, or there is no playbook.
    pub no_types: bool,
    /// Blank forms and readiness, in a line each.
    pub stock: Vec<NextStep>,
    pub may_issue: bool,
    pub may_count: bool,
    pub as_of: String,
}

/// The ledger of one type.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TypeLine {
    pub code: String,
    pub name: String,
    /// `typed in, all verified`, `typed in, 20 % verified`, `scanned`, `kept`
    pub end: String,
    pub ledger: Ledger,
}

/// The ledger of one unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnitLine {
    pub unit: UnitId,
    pub name: String,
    pub site: String,
    pub ledger: Ledger,
}

/// A page of sheets, by serial.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetsView {
    pub incident: IncidentId,
    pub title: String,
    pub form_type: String,
    pub state: String,
    pub unit: String,
    pub types: Vec<Named>,
    pub units: Vec<Named>,
    /// `collected`, `received` …; empty for anywhere.
    pub custody: String,
    pub sheets: Vec<SheetLine>,
    /// The address of the next page.
    pub next: Option<String>,
}

/// One sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetLine {
    pub id: FormId,
    pub serial: String,
    pub form_type: String,
    pub unit: String,
    pub state: String,
    /// Where the paper is.
    pub custody: String,
    /// Whether a second person must check it.
    pub to_check: bool,
    pub since: String,
}

/// A value to choose, with its words.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    pub value: String,
    pub name: String,
}

/// What a form of paper offers to choose from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Choices {
    pub incident: IncidentId,
    pub request_id: RequestId,
    pub types: Vec<Named>,
    pub units: Vec<Named>,
}

/// Handing out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IssueView {
    pub choices: Choices,
    pub form: Issue,
}

/// Counting back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CountView {
    pub choices: Choices,
    pub form: Count,
}

/// Taking in sheets without a serial.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FoundView {
    pub choices: Choices,
    pub form: Found,
}

/// Typing in, verifying, disputing, filing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MoveView {
    pub choices: Choices,
    /// `enter`, `verify`, `dispute` or `file`.
    pub step: String,
    pub form: MoveSheets,
}

/// Scanning: a station, one field, and what was scanned last.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ScanView {
    pub choices: Choices,
    pub form: ScanSheet,
    /// The batches of the chosen unit that still take sheets, or of all units.
    pub batches: Vec<Named>,
    /// What the scan before this page came to: `OK`, its serial, and one sentence.
    pub answer: Option<ScanAnswer>,
    /// The last scans of this account, the newest first.
    pub last: Vec<ScanLine>,
}

/// What a scan came to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ScanAnswer {
    pub word: String,
    pub serial: String,
    pub sentence: String,
    pub good: bool,
}

/// One scan that was taken.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ScanLine {
    pub serial: String,
    pub custody: String,
    pub state: String,
    pub at: String,
}

/// The paper of one unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnitPaperView {
    pub incident: IncidentId,
    pub unit: UnitId,
    pub name: String,
    pub title: String,
    /// What is to be done next, in the order in which it is done.
    pub next: Vec<NextStep>,
    pub types: Vec<TypeLine>,
    pub found: Vec<TypeLine>,
    /// The ranges, the latest first.
    pub ranges: Vec<RangeSums>,
    pub open_only: bool,
    pub batches: Vec<BatchLine>,
    pub more: Option<String>,
    pub may_issue: bool,
    pub may_count: bool,
    pub as_of: String,
}

/// Something to do, and where.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    pub words: String,
    pub path: String,
    pub late: bool,
}

/// One range that was handed to a unit for a shift, with rule 8 over it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RangeSums {
    pub form_type: String,
    pub first: String,
    pub last: String,
    pub shift: String,
    pub taken_by: String,
    pub at: String,
    pub ledger: Ledger,
}

/// The way of a runner: what to fetch where.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunnerView {
    pub incident: IncidentId,
    pub title: String,
    /// Signed batches that wait at their units, by site.
    pub fetch: Vec<BatchLine>,
    /// Units that have sheets out and no signed batch, by site.
    pub ask: Vec<UnitLine>,
    pub as_of: String,
}

/// What waits in the records room, and since when.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecordsView {
    pub incident: IncidentId,
    pub title: String,
    /// Batches to receive, to scan, or refused; the longest waiting first.
    pub batches: Vec<BatchLine>,
    pub more: Option<String>,
    /// How many sheets wait at each step, by age.
    pub ages: Vec<AgeLine>,
    pub may_receive: bool,
    pub as_of: String,
}

/// How long the sheets of one step have waited: all, then those over 24 hours, 72 hours, 7 days and 30 days.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgeLine {
    pub custody: String,
    pub words: String,
    pub all: i64,
    pub over: Vec<i64>,
}

/// The sheets that are missing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MissingView {
    pub incident: IncidentId,
    pub title: String,
    pub unit: String,
    pub units: Vec<Named>,
    pub sheets: Vec<MissingLine>,
    pub next: Option<String>,
    pub may_count: bool,
}

/// One missing sheet, and where it was seen last.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MissingLine {
    pub serial: String,
    pub form_type: String,
    pub unit_id: UnitId,
    pub unit: String,
    /// Where it was seen last, by whom and when.
    pub last_seen: String,
    pub missing_since: String,
}

/// The history of one sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetView {
    pub incident: IncidentId,
    pub serial: String,
    pub title: String,
    pub form_type: String,
    pub type_name: String,
    pub unit: String,
    pub unit_id: UnitId,
    pub state: String,
    pub custody: String,
    pub to_check: bool,
    pub shift: String,
    pub taken_by: String,
    pub batch: Option<Named>,
    pub events: Vec<SheetEvent>,
    pub may_count: bool,
    /// Whether it may lie on the wrong pile; nobody has begun to work on it.
    pub may_correct: bool,
    pub correct: CorrectPile,
    pub request_id: RequestId,
}

/// Something that happened to a sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetEvent {
    pub at: String,
    pub what: String,
    pub by: String,
}

/// The batches of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BatchesView {
    pub choices: Choices,
    pub title: String,
    pub state: String,
    pub batches: Vec<BatchLine>,
    pub more: Option<String>,
    pub may_open: bool,
    pub form: OpenBatch,
}

/// One batch in a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BatchLine {
    pub id: BatchId,
    pub serial: String,
    pub unit: String,
    pub shift: String,
    pub state: BatchState,
    /// What is to be done with it.
    pub next: String,
    pub sheets: i64,
    pub pages_in: i64,
    pub since: String,
}

/// One batch, which is also its cover sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BatchView {
    pub incident: IncidentId,
    pub request_id: RequestId,
    pub title: String,
    pub line: BatchLine,
    pub unit_id: UnitId,
    /// Sheets by form.
    pub types: Vec<(String, i64)>,
    pub all_types: Vec<Named>,
    /// Who signed, in order.
    pub signed_by: Vec<String>,
    pub received: String,
    pub scanned: String,
    /// Sheets that were not seen at the step where it stands, in a refused batch; at most a hundred.
    pub not_seen: Vec<String>,
    pub history: Vec<SheetEvent>,
    pub may_fill: bool,
    pub may_receive: bool,
    /// Whether the next signature may be this account's.
    pub may_sign: bool,
    pub add: AddSheets,
    pub count: CountBatch,
}
