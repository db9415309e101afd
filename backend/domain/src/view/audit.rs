//! What the audit of sending shows: whether everything adds up, and if not, what does not and since when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::deliveries::audit::Finding;

/// The page of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditView {
    /// When the last audit was completed, as `05:22 EDT, Fri 19 July`; empty before the first.
    pub as_of: String,
    /// How many broadcasts it has looked at.
    pub broadcasts: i64,
    pub findings: Vec<FindingLine>,
}

/// One thing that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingLine {
    #[serde(flatten)]
    pub finding: Finding,
    pub sentence: String,
    /// The broadcast, as `Broadcast 3 of Computers down`, and its page; empty when it concerns all of them.
    pub about: String,
    pub path: String,
    /// When it was first found.
    pub since: String,
}

/// What a monitor reads while everything adds up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    pub ok: bool,
    /// When the last audit was completed, RFC 3339.
    pub as_of: String,
}
