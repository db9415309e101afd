//! The pages for whoever stands at the entrance: one arrival, and the list of a day.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cases::Alternative;
use crate::{
    cases::door::Stands,
    id::{CaseId, IncidentId, RequestId},
};

/// Who stands at the door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AskAtDoor {
    /// A facility's id; empty means all that the account may see.
    pub site: String,
    /// A name or a record number.
    pub q: String,
    /// The birth date, `1975-02-03`; a name without it is looked for among those of today at `site`.
    pub born: String,
}

/// What stands for whoever has come.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DoorView {
    pub incident: IncidentId,
    pub form: AskAtDoor,
    pub sites: Vec<Alternative>,
    /// What came of the question; empty when nobody was asked for.
    pub found: String,
    /// What to do with somebody who is not found; empty when somebody is.
    pub unknown: String,
    pub arrivals: Vec<Arrival>,
    /// When the schedule was taken: `23:50 EDT, Thu 18 July`.
    pub as_of: String,
    pub list: String,
}

/// One booking of somebody at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    pub case: CaseId,
    pub name: String,
    pub mrn: String,
    pub born: String,
    /// `Fri 19 July, 08:10`: the new date when there is one.
    pub when: String,
    pub service: String,
    pub place: String,
    pub stands: Stands,
    pub say: String,
    /// The patient knows what holds.
    pub told: bool,
    pub request_id: RequestId,
}

/// Which list of the door is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AskDoorList {
    /// A facility's id.
    pub site: String,
    /// `2024-07-19`; empty means today.
    pub day: String,
    /// `procedure` or `visit`; empty means both.
    pub kind: String,
    pub service: String,
}

/// Everybody who is booked at a site on a day, by surname.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DoorListView {
    pub incident: IncidentId,
    pub title: String,
    pub form: AskDoorList,
    pub sites: Vec<Alternative>,
    pub as_of: String,
    /// Why nobody is listed; empty otherwise.
    pub sentence: String,
    pub lines: Vec<DoorLine>,
}

/// One booking in the list of the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoorLine {
    pub name: String,
    pub mrn: String,
    pub born: String,
    pub clock: String,
    pub service: String,
    pub place: String,
    pub stands: Stands,
    /// `Booked for 22 Aug 2024 08:10`, `Told, no new date`
    pub standing: String,
}
