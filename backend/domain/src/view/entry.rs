//! The pages of typing in: what is next, one sheet, preparing, and the samples.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Named;
use crate::{
    entry::{Check, EnterSheet, Lot, Prepare, Progress, Release, SetAside, Settle},
    id::{FormId, IncidentId, RequestId},
};

/// The list of what is typed in next, and of what keeps others waiting.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryView {
    pub incident: IncidentId,
    /// `412 forms are ready to type in; 37 wait until somebody says whose they are.`
    pub title: String,
    /// `next`, `mine`, `prepare`, `check`, `differs` or `missing`.
    pub show: String,
    /// Ids and code of what is asked for; empty for all.
    pub site: String,
    pub unit: String,
    pub form_type: String,
    pub sites: Vec<Named>,
    pub units: Vec<Named>,
    pub types: Vec<Named>,
    /// How many are how far, of those that are asked for.
    pub counts: Vec<EntryCount>,
    pub lines: Vec<EntryLine>,
    /// The address of the next page.
    pub next: Option<String>,
    pub may_enter: bool,
    pub request_id: RequestId,
    pub as_of: String,
}

/// One figure that leads to its rows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryCount {
    pub show: String,
    pub words: String,
    pub sheets: i64,
}

/// One sheet of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryLine {
    pub form: FormId,
    pub serial: String,
    pub form_type: String,
    pub type_name: String,
    pub unit: String,
    pub priority: i64,
    pub progress: Progress,
    /// The number on the sheet; empty when nobody has said or the reader does not work there.
    pub patient: String,
    /// When the care was given; empty when the sheet does not say.
    pub care: String,
    pub waits_for: Option<WaitsFor>,
    /// Who has it; empty when nobody has.
    pub taken_by: String,
    pub mine: bool,
    /// What differs.
    pub difference: String,
    pub since: String,
    /// Whole hours since then.
    pub hours: i64,
}

/// The sheet that comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitsFor {
    pub form: FormId,
    pub serial: String,
    pub form_type: String,
    pub missing: bool,
}

/// One sheet: what it waits for, what is done with it next, and what was done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetEntryView {
    pub incident: IncidentId,
    pub form: FormId,
    pub title: String,
    pub line: EntryLine,
    /// Sheets of the same unit that may come first, of which nobody knows whose they are: these hold nothing back.
    pub unknown_before: i64,
    /// To be copied into the records system.
    pub late_entry: String,
    pub enter: EnterSheet,
    pub aside: SetAside,
    pub check: Check,
    pub settle: Settle,
    pub release: Release,
    pub may_enter: bool,
    pub may_set_aside: bool,
    pub may_check: bool,
    pub may_settle: bool,
    /// The roles in which the reader may let others go before this sheet; none when nothing waits for it.
    pub release_roles: Vec<Named>,
    /// Who asked for that, why, and who agreed.
    pub asked: Option<AskedRelease>,
    pub lot: Option<LotLine>,
    pub entries: Vec<EntryMade>,
    pub differences: Vec<Difference>,
    pub request_id: RequestId,
}

/// Letting others go before a sheet, as far as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskedRelease {
    pub by: String,
    pub reason: String,
    /// Who agreed; empty as long as nobody has.
    pub agreed: String,
}

/// One time that a sheet was typed in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryMade {
    pub at: String,
    pub by: String,
    pub author: String,
    /// The number in the records system.
    pub reference: String,
    pub late_entry: String,
}

/// One time that a sheet was found to differ.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    pub at: String,
    pub what: String,
    pub note: String,
    pub by: String,
    pub owner: String,
    /// How it ended, when, and by whom; empty while it is open.
    pub ended: String,
    pub reason: String,
}

/// Preparing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PrepareView {
    pub incident: IncidentId,
    pub title: String,
    pub form: Prepare,
    pub request_id: RequestId,
}

/// The samples.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LotsView {
    pub incident: IncidentId,
    pub title: String,
    pub lines: Vec<LotLine>,
    pub next: Option<String>,
}

/// One lot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LotLine {
    /// `2024-07-19`
    pub day: String,
    pub site: String,
    pub form_type: String,
    pub type_name: String,
    pub lot: Lot,
    /// Where its sheets that are to be checked are.
    pub path: String,
}
