//! The list of incidents, and declaring one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{IncidentId, RequestId},
    incidents::Declare,
};

/// All incidents, the open ones first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IncidentsView {
    pub open: Vec<IncidentLine>,
    pub ended: Vec<IncidentLine>,
    pub may_declare: bool,
    /// Nothing is set up yet: no facility is known.
    pub empty_installation: bool,
}

/// One incident.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IncidentLine {
    pub id: IncidentId,
    pub name: String,
    pub exercise: bool,
    pub phase: String,
    /// `02:05 EDT, Fri 19 July`
    pub declared: String,
    pub commander: String,
}

/// The form for declaring, filled from a playbook or empty.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeclareView {
    pub form: Declare,
    pub request_id: RequestId,
    pub playbooks: Vec<PlaybookChoice>,
    /// The chosen playbook's words; `None` for declaring from nothing.
    pub chosen: Option<PlaybookChoice>,
    pub levels: Vec<LevelChoice>,
    pub systems: Vec<SystemChoice>,
    pub places: Vec<PlaceChoice>,
    /// `02:05 EDT`, by the server.
    pub now: String,
}

/// One playbook to declare from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookChoice {
    pub code: String,
    pub name: String,
    pub version: i64,
    pub about: String,
}

/// One level of the playbook.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LevelChoice {
    pub value: String,
    pub label: String,
}

/// One system with the status that stands in the form.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SystemChoice {
    pub code: String,
    pub name: String,
    /// A status code; empty when the system is not part of the incident.
    pub status: String,
}

/// One place to declare for, as `all`, `group:ID` or `facility:ID`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaceChoice {
    pub value: String,
    pub name: String,
}
