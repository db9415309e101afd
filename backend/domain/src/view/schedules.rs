//! The pages of schedules that came in before an incident, and what a downtime is offered of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{cases::FieldColumn, feeds::FeedLine};
use crate::{
    cases::forms::ImportColumns,
    id::{RequestId, StandingId},
    schedule::Figures,
    schedules::{ColumnsFrom, Dated, Origin, State},
    table::Reject,
    time::Timestamp,
};

/// What is here for the next downtime.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SchedulesView {
    /// `The newest schedule is 5 h old: as of 18 Jul 23:50`
    pub title: String,
    /// What somebody has to see to; empty when nothing.
    pub warning: String,
    /// Of the newest that can be used; `None` when there is none.
    pub newest_age_minutes: Option<i64>,
    /// The next one is overdue.
    pub stale: bool,
    /// How many wait for somebody to say which column holds what.
    pub waiting: i64,
    /// Systems that send their own messages; a downtime is offered what they said was booked.
    pub feeds: Vec<FeedLine>,
    /// The newest first, by when they were taken.
    pub schedules: Vec<StandingLine>,
    /// The folders that the server which answers looks into.
    pub folders: Vec<FolderLine>,
    /// Files of folders that cannot be used, the latest first.
    pub refused: Vec<RefusedFile>,
    pub keep_days: i64,
    /// Whether the reader may add a schedule and choose columns.
    pub may_plan: bool,
    /// What was typed: when the schedule was taken.
    pub as_of: String,
    /// Where the made-up schedule of the demo hospital lies; empty at any other.
    pub demo: String,
    pub request_id: RequestId,
}

/// One schedule that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StandingLine {
    pub id: StandingId,
    pub file_name: String,
    pub origin: Origin,
    /// `uploaded by Ada Admin`, `from the folder`, `from the terminal`
    pub source: String,
    /// `23:50 EDT, Thu 18 July`
    pub as_of: String,
    pub as_of_at: Timestamp,
    /// What says so.
    pub as_of_from: Dated,
    /// `5 h`
    pub age: String,
    pub age_minutes: i64,
    pub state: State,
    pub columns_from: ColumnsFrom,
    /// As they were when it was last read.
    pub figures: Figures,
    pub received: String,
    pub kept_until: String,
    /// A downtime needs it, so that it is kept for longer.
    pub held: bool,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
}

/// A folder that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderLine {
    pub folder: String,
    /// When it was last looked into; empty before the first look.
    pub looked: String,
    /// Files of the right kind that lie in it.
    pub files: i64,
    /// Of these, files that are still being written, or were changed a moment ago.
    pub unsettled: i64,
    /// Older than a schedule is kept, and so left alone.
    pub too_old: i64,
    /// What is wrong with the folder or with single files in it.
    pub troubles: Vec<String>,
}

/// A file that cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedFile {
    pub file_name: String,
    pub at: String,
    pub sentence: String,
}

/// One schedule with its columns and what was refused of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StandingView {
    /// With the figures that it has at this moment.
    pub line: StandingLine,
    pub encoding: String,
    pub delimiter: String,
    pub header: Vec<String>,
    /// The first row under the header, to recognise the columns by; only for those who choose columns.
    pub sample: Vec<String>,
    pub fields: Vec<FieldColumn>,
    /// Required fields without a column.
    pub missing: Vec<String>,
    pub form: ImportColumns,
    /// The first of them; the file has all.
    pub rejects: Vec<Reject>,
    pub may_plan: bool,
    pub request_id: RequestId,
}

/// What bringing in a schedule answers: the same file gives the same schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    pub schedule: StandingId,
    /// The file was here before; nothing was changed.
    pub known: bool,
    pub state: State,
    pub as_of: Timestamp,
    pub as_of_from: Dated,
    pub figures: Figures,
    /// Required fields without a column.
    pub missing: Vec<String>,
}

/// What a downtime without a schedule is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleOffer {
    /// `The schedule as of 18 Jul 23:50 is here: 4,563 bookings`
    pub sentence: String,
    /// The newest that was taken before the downtime began.
    pub best: Option<OfferLine>,
    /// Earlier ones.
    pub others: Vec<OfferLine>,
    /// Taken after the downtime began: what was entered since may be missing or wrong in them.
    pub after: Vec<OfferLine>,
    /// How many cannot be used before somebody has said which column holds what.
    pub waiting: i64,
}

/// A schedule that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferLine {
    /// The id of the schedule, or of the feed that says what is booked.
    pub schedule: String,
    /// `18 Jul 23:50`
    pub as_of: String,
    pub bookings: i64,
    pub file_name: String,
}

/// What monitors are told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SchedulesHealth {
    pub ok: bool,
    /// Of the newest schedule that can be used.
    pub age_minutes: Option<i64>,
}
