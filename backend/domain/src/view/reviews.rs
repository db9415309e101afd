//! What must be looked at again, and by whom: the list by queue, one item, the ways in, and a window that was taken
//! back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Named;
use crate::{
    id::{ImportId, IncidentId, RequestId, ReviewId},
    reviews::{AddReview, DecideReviews, Queue, State},
    table::Reject,
    time::Timestamp,
};

/// The list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviewsView {
    pub incident: IncidentId,
    /// `184 of 214 things written between 11:40 EDT, Fri 19 July and 07:40 EDT, Sat 20 July must still be looked at.`
    pub title: String,
    /// `120 by a forms clerk, 60 by a case manager, 4 by a signer.`
    pub by_whom: String,
    /// Where this list is, narrowed as it is; its form posts there.
    pub path: String,
    pub filter: ReviewFilter,
    pub queues: Vec<QueueLine>,
    pub states: Vec<Named>,
    /// The revocations of this incident: their number in the log, and their window in words.
    pub windows: Vec<Named>,
    pub items: Vec<ReviewLine>,
    /// The address of the next page.
    pub next: Option<String>,
    pub may_decide: bool,
    pub typed: DecideReviews,
    pub request_id: RequestId,
}

/// What the list is narrowed to, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReviewFilter {
    /// A queue's code; all when empty.
    pub queue: String,
    /// `due` (the default): open, or the patient does not know; a state's code; `untold`; or `all`.
    pub state: String,
    /// The number of a revocation.
    pub revocation: String,
    /// The last item of the page before.
    pub after: String,
}

/// One queue with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueLine {
    pub queue: Queue,
    pub words: String,
    pub path: String,
    pub current: bool,
    pub figures: Figures,
}

/// How many items there are, and how far they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    pub items: i64,
    pub open: i64,
    pub confirmed: i64,
    pub corrected: i64,
    pub harm: i64,
    /// Corrected or harmful, and the patient does not know.
    pub untold: i64,
}

impl Figures {
    /// What keeps the incident from closing.
    pub const fn in_the_way(&self) -> i64 {
        self.open + self.untold
    }
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewLine {
    pub id: ReviewId,
    pub queue: Queue,
    /// `form:ID`, `case:ID`, `log:SEQ` or `record:NUMBER`.
    pub subject: String,
    pub what: String,
    /// `Cape, Intensive care`
    pub place: String,
    /// `Laboratory, results`; empty where the item is of no system.
    pub system: String,
    pub recorded_at: Timestamp,
    pub recorded: String,
    /// Who has it: a name, or the role that looks.
    pub whose: String,
    pub state: State,
    /// Whether the patient has to be told, and was not.
    pub untold: bool,
    /// `told 12:05 EDT, Fri 19 July`, or nothing.
    pub contacted: String,
    pub note: String,
    pub path: String,
    /// Where the thing itself is, within this program.
    pub link: Option<String>,
}

/// One item with its history.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviewView {
    pub incident: IncidentId,
    pub title: String,
    pub line: ReviewLine,
    pub history: Vec<ReviewEvent>,
    pub may_decide: bool,
    pub typed: DecideReviews,
    pub request_id: RequestId,
}

/// What somebody did about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewEvent {
    pub at: String,
    pub who: String,
    pub what: String,
    pub note: String,
}

/// What the ways in offer to choose from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviewChoices {
    pub incident: IncidentId,
    pub request_id: RequestId,
    pub queues: Vec<Named>,
    pub windows: Vec<Named>,
    /// Sites and their units.
    pub places: Vec<Named>,
}

/// Adding one item.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AddReviewView {
    pub choices: ReviewChoices,
    pub form: AddReview,
}

/// Offering a file of items.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviewFilesView {
    pub choices: ReviewChoices,
    /// What was chosen last, put back.
    pub queue: String,
    pub revocation: String,
    /// The columns that such a file has, as `Record number (number, needed)`.
    pub columns: Vec<String>,
}

/// What a file would add, or has added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileFigures {
    pub rows: usize,
    pub added: usize,
    /// In the queue already.
    pub known: usize,
    /// With the number of an earlier row.
    pub repeated: usize,
    pub refused: usize,
    /// In an hour that a clock change doubled; the first was taken.
    pub taken_as_first: usize,
}

/// The preview of a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviewFileView {
    pub incident: IncidentId,
    pub id: ImportId,
    pub title: String,
    pub queue: Queue,
    pub file_name: String,
    /// `previewed` or `committed`.
    pub state: String,
    pub figures: FileFigures,
    /// The first refused rows; all of them are in the file.
    pub rejects: Vec<Reject>,
    pub request_id: RequestId,
}

/// A file that was offered or taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileOutcome {
    pub file: ImportId,
    pub figures: FileFigures,
}

/// A release that was taken back: what it leaves to do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RevocationView {
    pub incident: IncidentId,
    pub seq: i64,
    /// `Cape, Laboratory: medications was taken back at 07:40 EDT, Sat 20 July.`
    pub title: String,
    /// The release, in words.
    pub released: String,
    pub reason: String,
    pub figures: Figures,
    pub reviews_path: String,
    /// Forms begin again with new ranges: each unit of the part with the way to hand them out.
    pub units: Vec<UnitRanges>,
    /// Units beyond those listed.
    pub more_units: i64,
    /// Nobody may hand out here, or the playbook has no forms.
    pub may_issue: bool,
}

/// A unit's serial ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitRanges {
    pub unit: String,
    /// Ranges that were handed out before the revocation: `MAR-01001 to MAR-01040, closed`.
    pub before: Vec<RangeLine>,
    /// For each form type its code and the address of the filled-in form for handing out.
    pub issue: Vec<(String, String)>,
}

/// A range that was handed out before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RangeLine {
    pub form_type: String,
    pub first: String,
    pub last: String,
    pub sheets: i64,
    /// Sheets of it that nobody has counted back; with none, the range is closed.
    pub out: i64,
}
