//! What people send on a scope's way back, and to close.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{
    field::Text,
    id::{ClearanceId, IncidentId},
};

/// IT has it running again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Restore {
    pub request_id: Text,
    /// What was done; may be empty.
    pub note: Text,
}

/// One piece of evidence.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GiveEvidence {
    pub request_id: Text,
    /// The key of the gate's piece.
    pub piece: Text,
    /// Whether it passed.
    pub passed: Text,
    pub note: Text,
}

/// Signing a scope, or refusing to.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SignOff {
    pub request_id: Text,
    /// As what: the key of the gate's signer.
    pub signer: Text,
    /// `sign` or `refuse`; sign when empty.
    pub answer: Text,
    /// Conditions of a signature, or the reason of a refusal.
    pub words: Text,
}

/// Releasing a signed scope, or saying that its back-entry is complete.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Release {
    pub request_id: Text,
}

/// Taking a clearance back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Revoke {
    pub request_id: Text,
    pub reason: Text,
    /// Only for these functions; the whole scope when empty.
    pub functions: Vec<Text>,
    /// Only for this place within the scope; the whole scope when empty.
    pub place: Text,
}

/// Closing the incident.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Close {
    pub request_id: Text,
    /// On what basis.
    pub basis: Text,
}

/// Asking for a waiver, or agreeing to one that somebody asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Waive {
    pub request_id: Text,
    /// `case_open`, `form_missing`, `form_not_at_its_end`, …
    pub kind: Text,
    /// The item's id.
    pub item: Text,
    /// In which role: `commander`, `forms_clerk`, …
    pub role: Text,
    /// Of the first person; the second agrees to it.
    pub reason: Text,
    /// For a case, the account that keeps it on its standing list.
    pub owner: Text,
}

/// What a command about a scope gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stepped {
    pub clearance: ClearanceId,
    pub seq: i64,
    pub stage: Stage,
    /// Signatures that count, and how many are needed.
    pub signed: (i64, i64),
}

/// What revoking gives: the window whose records are suspect, and how many entries the log has in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revoked {
    pub clearance: ClearanceId,
    /// The new clearance of what was taken back.
    pub reopened: ClearanceId,
    pub seq: i64,
    /// The log's entries of the suspect window.
    pub suspect_from_seq: i64,
    pub suspect_entries: i64,
    /// The order that holds there now, in words.
    pub holds_now: String,
}

/// What closing gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    pub incident: IncidentId,
    pub seq: i64,
}

/// What a waiver command gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waived {
    pub seq: i64,
    /// Whether both people have now said yes.
    pub in_effect: bool,
}
