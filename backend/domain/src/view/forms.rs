//! The pages of paper: the ledger, the lists of sheets, and the forms that move them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    forms::{Count, Found, Issue, Ledger, MoveSheets},
    id::{FormId, IncidentId, RequestId, UnitId},
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
