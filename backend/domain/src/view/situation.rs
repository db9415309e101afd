//! The page on which a status is reported and the next update promised.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::incidents::SystemChoice;
use crate::{
    id::RequestId,
    incidents::situation::{PromiseUpdate, ReportStatus},
};

/// What can be changed about the situation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SituationView {
    /// The path to which both forms are sent, without its end.
    pub path: String,
    pub report: ReportStatus,
    pub promise: PromiseUpdate,
    /// The incident's systems with their commonest status.
    pub systems: Vec<SystemChoice>,
    /// The incident's sites, code and name.
    pub sites: Vec<(String, String)>,
    pub report_id: RequestId,
    pub promise_id: RequestId,
}
