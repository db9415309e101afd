//! The page on which the record system's own account is laid beside our cases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cases::replay::Proposal,
    id::{CaseId, IncidentId, RequestId},
};

/// What the record system says of our cases, and what it cancelled without us.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReplayView {
    pub incident: IncidentId,
    /// `12 cases have another end there, 3 cancellations are nobody's here`
    pub title: String,
    /// As of when each feed is: `Epic, 23:50 EDT, Thu 18 July`.
    pub feeds: Vec<String>,
    /// The first of them.
    pub lines: Vec<ReplayLine>,
    pub proposals: i64,
    /// Cancelled there since the downtime began, of which no case is here.
    pub unknown: Vec<UnknownLine>,
    /// How many of them the next click takes.
    pub unknown_taken: i64,
    /// Whether the reader may make cases of them: it holds the patients of every site.
    pub may_take: bool,
    pub request_ids: [RequestId; 2],
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayLine {
    /// What `confirm` sends: the case, and the message that says so.
    pub value: String,
    pub case: CaseId,
    pub mrn: String,
    pub name: String,
    /// `Fri 19 July 15:00, Return visit, Cape`
    pub was: String,
    /// Where the case stands here.
    pub standing: String,
    pub proposal: Proposal,
    /// `Booked again for 2 Aug 09:00 (Epic)`
    pub words: String,
}

/// A cancellation that is nobody's here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnknownLine {
    pub appointment: String,
    pub start: String,
    /// `cancelled there 19 Jul 01:00 (Epic)`
    pub words: String,
}

/// What confirming answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replayed {
    pub confirmed: i64,
    /// Ticked, but somebody changed the case, is on the telephone with the patient, or the system says something else by
    /// now.
    pub left: i64,
    pub not_the_same: i64,
    /// New cases marked "outside command".
    pub made: i64,
}
