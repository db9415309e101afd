//! Playbooks: which versions there are, which is in force, and what one says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{field::Text, id::RequestId, playbooks::Playbook};

/// All playbooks with their versions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaybooksView {
    pub playbooks: Vec<PlaybookLine>,
    pub may_approve: bool,
    pub request_id: RequestId,
}

/// One version.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookLine {
    pub fingerprint: String,
    pub key: String,
    pub name: String,
    pub version: i64,
    pub owner: String,
    pub review_by: String,
    pub review_overdue: bool,
    pub standing: Standing,
    /// When it was approved, in the installation's zone.
    pub approved: String,
}

/// How a version stands among those of its playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// New incidents take this one.
    InForce,
    /// Nobody has approved it yet.
    Waiting,
    /// A newer approved version took its place.
    Superseded,
}

/// One version in full.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookView {
    pub line: PlaybookLine,
    pub playbook: Playbook,
    pub may_approve: bool,
    pub request_id: RequestId,
}

/// Approves a version: it is in force from now on, for new incidents.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ApprovePlaybook {
    pub request_id: Text,
}

/// A version that was approved.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookApproved {
    pub fingerprint: String,
    pub key: String,
    pub version: i64,
}
