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
    /// `passed`, `failed` or `waived`; when empty, what `passed` says.
    pub outcome: Text,
    /// Whether it passed.
    pub passed: Text,
    /// What was seen; for a waiver its reason.
    pub note: Text,
    /// For a piece that asks for a number.
    pub figure: Text,
    /// For a piece that asks for a link.
    pub link: Text,
    /// The number of a file that was uploaded for this scope.
    pub file: Text,
    /// When it was looked at, in the place's local time; now when empty.
    pub at: Text,
    /// In which role it is waived.
    pub role: Text,
}

/// Agreeing that a piece of evidence need not be checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AgreeToWaived {
    pub request_id: Text,
    /// The key of the gate's piece.
    pub piece: Text,
    /// In which role.
    pub role: Text,
}

/// Planning a wave behind the others.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlanWave {
    pub request_id: Text,
    /// `unit:ID`, or units' codes; several in one text are separated by commas.
    pub units: Vec<Text>,
    /// Local time at the scope's place, as `2024-07-19 12:30` or `2024-07-19T12:30`.
    pub starts_at: Text,
    /// How long it is watched before the next may begin; 30 when empty.
    pub hold_minutes: Text,
    /// Who passes the hold point, in words.
    pub hold_owner: Text,
    /// How many sign in; the staff of the units when empty.
    pub expected: Text,
    /// Under what condition.
    pub condition: Text,
}

/// Taking a planned wave off the list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Unplan {
    pub request_id: Text,
}

/// Beginning a wave that somebody else has planned.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BeginWave {
    pub request_id: Text,
}

/// Passing a wave's hold point.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PassHold {
    pub request_id: Text,
    /// What was seen while it was watched.
    pub note: Text,
}

/// Stopping a wave that has begun.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HaltWave {
    pub request_id: Text,
    pub reason: Text,
}

/// Giving a part of a scope its own way back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Split {
    pub request_id: Text,
    /// The functions of the part; all of the scope's when empty.
    pub functions: Vec<Text>,
    /// A place within the scope; the scope's when empty.
    pub place: Text,
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
    /// The signer's own password: a signature is given by a person who is there now.
    pub password: Text,
    /// The fingerprint of the evidence that the signer was shown; refused when it has changed since. When empty,
    /// what stands as the command is carried out.
    pub shown: Text,
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
    /// How much of what was recorded there must be looked at again.
    pub reviews: i64,
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
