//! The pages of cases: the schedule's import, the decision, the list by risk, and one case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schedules::ScheduleOffer;
use crate::{
    cases::{
        State,
        forms::{ChangeCase, EndOfDay, ImportColumns},
    },
    id::{CaseId, FacilityId, IncidentId, RequestId, SnapshotId},
    schedule::Figures,
    table::Reject,
};

/// Cancelled, told, rebooked, seen, and what has not moved on. Every number is a count of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Funnel {
    /// All rows that became cases.
    pub booked: i64,
    /// Rows in no decision's window.
    pub untouched: i64,
    pub undecided: i64,
    pub kept: i64,
    pub cancelled: i64,
    /// Of the cancelled.
    pub told: i64,
    pub not_told: i64,
    pub told_without_date: i64,
    pub rebooked: i64,
    pub seen: i64,
    /// Of the cancelled, ended otherwise than seen.
    pub ended_otherwise: i64,
    /// Booked past their safe-by date.
    pub past_safe_by: i64,
    /// Booked more than 28 days after the date that was cancelled.
    pub past_28: i64,
    /// Somebody must speak with the patient, or find an earlier date.
    pub to_call: i64,
    pub tried_not_reached: i64,
    pub interpreter: i64,
    /// Cases that have reached no end: kept ones and cancelled ones.
    pub open: i64,
}

/// The figures of a moment. Told and not told, rebooked, seen and ended otherwise are of the cancelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastFigures {
    pub booked: i64,
    pub not_decided: i64,
    pub kept: i64,
    pub cancelled: i64,
    pub told: i64,
    pub not_told: i64,
    pub rebooked: i64,
    pub seen: i64,
    pub ended_otherwise: i64,
}

/// The figures of a past moment beside those of now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PastFiguresView {
    pub incident: IncidentId,
    /// As it is typed, and as it is read.
    pub at: String,
    pub moment: String,
    /// By what had been entered by then: what could be reported.
    pub known_then: PastFigures,
    /// By what had happened by then, entered whenever.
    pub known_now: PastFigures,
    pub now: PastFigures,
}

/// One part of the list, with its count and address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    pub code: String,
    pub words: String,
    pub count: i64,
    /// There are more than `count`, which were not counted.
    pub over: bool,
    pub path: String,
    pub current: bool,
}

/// A choice of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    pub value: String,
    pub words: String,
}

/// What the list is narrowed to, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CaseFilter {
    /// `call`, `soon`, `past`, `missed`, `past28`, `missed28`, `unreached`, `interpreter`, `locked`, `untold`, `told`, `rebooked`, `seen`, `ended`,
    /// `cancelled`, `kept`, `undecided` or `all`.
    pub show: String,
    /// A facility's id.
    pub site: String,
    /// `procedure` or `visit`.
    pub kind: String,
    /// Scheme and value, as `fssa:P2`.
    pub priority: String,
    pub mrn: String,
    /// A record number or a name. A name needs `born`, or `site` and `day`.
    pub q: String,
    /// The patient's birth date, `1975-02-03`.
    pub born: String,
    /// The day that was booked, `2024-07-19`.
    pub day: String,
    /// The service as the schedule names it.
    pub service: String,
    /// Where the page before ended.
    pub after: String,
}

/// The list of cases.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CasesView {
    pub incident: IncidentId,
    /// The sentence that answers "who must I call next?".
    pub title: String,
    pub funnel: Funnel,
    /// Due soon and not told, and before when: `38`, `08:00`.
    pub due_soon: i64,
    pub due_before: String,
    /// `23:50 EDT, Thu 18 July`; empty without a schedule.
    pub as_of: String,
    pub parts: Vec<Part>,
    pub filter: CaseFilter,
    pub sites: Vec<Alternative>,
    pub priorities: Vec<Alternative>,
    pub lines: Vec<CaseLine>,
    /// What came of a search: `2 bookings fit, the closest first.`; empty when nobody was looked for.
    pub found: String,
    /// The next page's address, if there is one.
    pub next: Option<String>,
    pub csv: String,
    pub may_work: bool,
    pub may_decide: bool,
    /// May see who has seen patients.
    pub may_audit: bool,
    /// While no schedule is imported: those that are here.
    pub offer: Option<ScheduleOffer>,
    /// The request ids of the offer's forms.
    pub offer_id: [RequestId; 3],
    pub request_id: RequestId,
}

/// One case in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseLine {
    pub id: CaseId,
    pub version: i64,
    pub appointment: String,
    pub mrn: String,
    pub name: String,
    pub kind: String,
    pub facility: FacilityId,
    /// `08:10`
    pub clock: String,
    /// `19 Jul 2024`
    pub day: String,
    pub service: String,
    /// `Northside, OR 2`
    pub place: String,
    pub priority: String,
    pub state: State,
    pub decided: String,
    /// The rule or the hand that decided: `esas-3`, `by hand`.
    pub rule: String,
    /// `Due in 1 h 08 min`
    pub risk: String,
    pub late: bool,
    /// `16 Aug 2024`; empty when nobody has set one.
    pub safe_by: String,
    pub day_28: String,
    /// `Booked for 22 Aug 2024`
    pub standing: String,
    /// `2 attempts, last 05:08 no answer`
    pub last_contact: String,
    /// `Caller 3 since 05:19`
    pub locked: Option<String>,
}

/// One case with its past, and what can be done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CaseView {
    pub incident: IncidentId,
    pub line: CaseLine,
    pub born: String,
    pub phone: String,
    pub email: String,
    pub language: String,
    pub provider: String,
    pub classes: Vec<String>,
    pub first_of_two: bool,
    /// The day from which safe-by is counted, in words.
    pub safe_by_base: String,
    /// Who has seen it lately, the last first; for those alone who may know.
    pub access: Option<Vec<AccessLine>>,
    /// What callers told the next one, the last first.
    pub notes: Vec<NoteLine>,
    pub attempts: Vec<AttemptLine>,
    pub history: Vec<HistoryLine>,
    /// The acts that this state allows, by their codes.
    pub acts: Vec<String>,
    pub form: ChangeCase,
    /// Which act the form with mistakes was.
    pub sent: String,
    pub request_id: RequestId,
}

/// What one caller told the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteLine {
    pub at: String,
    pub by: String,
    pub text: String,
}

/// One try to reach the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptLine {
    pub at: String,
    pub channel: String,
    pub result: String,
    pub by: String,
}

/// One change of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryLine {
    pub seq: i64,
    pub at: String,
    pub what: String,
    pub from: String,
    pub to: String,
    pub by: String,
    pub rule: String,
}

/// Somebody has seen patients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessLine {
    pub at: String,
    pub by: String,
    /// `opened the case`, `took a file`
    pub how: String,
    /// Which list, page or file: `show=call`, `cases.csv`.
    pub what: String,
    /// The appointment, when it was one case.
    pub appointment: String,
    pub cases: i64,
}

/// Who has seen patients of an incident, the last first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccessView {
    pub incident: IncidentId,
    pub lines: Vec<AccessLine>,
    /// The next page's address, if there is one.
    pub next: Option<String>,
    pub csv: String,
}

/// What a change of a case answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CaseChanged {
    pub case: CaseId,
    pub seq: i64,
    pub version: i64,
    pub state: State,
}

/// The schedules of an incident and the form for another.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleView {
    pub incident: IncidentId,
    pub snapshots: Vec<SnapshotLine>,
    /// What was typed: when the schedule was taken.
    pub as_of: String,
    /// Where the made-up schedule of the demo hospital lies; empty at any other.
    pub demo: String,
    /// The schedules that were here before the incident, and those that came since.
    pub offer: Option<ScheduleOffer>,
    /// The request ids of the offer's forms.
    pub offer_id: [RequestId; 3],
    pub request_id: RequestId,
}

/// One imported or offered file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotLine {
    pub id: SnapshotId,
    pub file_name: String,
    pub as_of: String,
    /// `previewed` or `committed`
    pub state: String,
    pub figures: Figures,
    pub added: i64,
}

/// A schedule before it is committed, or what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotView {
    pub incident: IncidentId,
    pub snapshot: SnapshotLine,
    pub encoding: String,
    pub delimiter: String,
    pub header: Vec<String>,
    /// The first row under the header, to recognise the columns by.
    pub sample: Vec<String>,
    pub fields: Vec<FieldColumn>,
    /// Required fields without a column.
    pub missing: Vec<String>,
    pub form: ImportColumns,
    /// The first of them; the file has all.
    pub rejects: Vec<Reject>,
    pub request_id: RequestId,
}

/// Which column holds a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldColumn {
    pub key: String,
    pub label: String,
    pub required: bool,
    pub column: Option<usize>,
}

/// What an upload answers: the same file gives the same snapshot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Uploaded {
    pub snapshot: SnapshotId,
    pub figures: Figures,
    /// The file had been offered before.
    pub known: bool,
    pub state: String,
}

/// What a commit answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Committed {
    pub snapshot: SnapshotId,
    pub figures: Figures,
    /// Rows that were not known yet.
    pub added: i64,
    pub seq: i64,
}

/// The form of a service's end-of-day list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EndOfDayView {
    pub incident: IncidentId,
    pub sites: Vec<Alternative>,
    pub services: Vec<Alternative>,
    pub form: EndOfDay,
    pub request_id: RequestId,
}

/// What an end-of-day list answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DayEnded {
    pub done: i64,
    pub left_open: i64,
    pub seq: i64,
}
