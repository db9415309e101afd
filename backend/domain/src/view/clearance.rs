//! The ladder of scopes, the sign-off panel beside it, and what still keeps the incident from closing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clearance::{Close, GiveEvidence, Revoke, SignOff, Stage},
    closing::{Blocker, BlockerKind},
    id::{ClearanceId, RequestId},
};

/// The page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ClearanceView {
    /// `3 of 14 scopes clear. 1 waits for you, 2 are blocked.`
    pub title: String,
    /// Where this page is, without its chosen scope.
    pub path: String,
    /// Where closing is.
    pub close_path: String,
    pub scopes: Vec<ScopeLine>,
    /// `4 more, not started`: scopes that nobody has restored, drawn together.
    pub not_started: i64,
    pub chosen: Option<Panel>,
}

/// One scope on the ladder.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ScopeLine {
    pub id: ClearanceId,
    /// `General, Laboratory`
    pub name: String,
    /// `results`
    pub functions: String,
    pub path: String,
    pub stage: Stage,
    /// Restored, pilot, waves, all clear, back-entry.
    pub nodes: Vec<Node>,
    /// `Your signature, by 12:05`
    pub blocks: String,
    pub blocked: bool,
    pub waits_for_you: bool,
}

/// How a stage stands for a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    Done,
    Now,
    Blocked,
    Later,
}

/// One node of a track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    pub name: String,
    pub state: NodeState,
    /// `08:40`, `3 of 4`, or nothing.
    pub words: String,
    /// How many things block here.
    pub blockers: i64,
}

/// The scope that was chosen, with everything a signer needs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Panel {
    pub id: ClearanceId,
    /// `General, Laboratory, results`
    pub name: String,
    pub path: String,
    pub stage: Stage,
    pub stage_words: String,
    /// `Sign-off, 4th of 4`
    pub label: String,
    /// `I attest that …`
    pub attestation: String,
    pub evidence: Vec<EvidenceLine>,
    pub signatures: Vec<SignatureLine>,
    pub refusals: Vec<SignatureLine>,
    /// Orders for narrower places, which stand after the release (rule 12d).
    pub stand: Vec<String>,
    /// `You are the last to sign. It is then signed; the commander releases it.`
    pub consequence: String,
    pub may: May,
    pub typed: PanelTyped,
    pub request_id: RequestId,
    /// The functions of the scope, as code and word, for revoking a part.
    pub functions: Vec<String>,
}

/// What this person may do with the scope now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is one button of the panel")]
pub struct May {
    pub restore: bool,
    pub give_evidence: bool,
    /// As whom they may sign, as key and title.
    pub sign_as: Vec<(String, String)>,
    pub release: bool,
    pub revoke: bool,
    pub complete_back_entry: bool,
}

/// What was typed into the panel's forms, as it is put back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct PanelTyped {
    pub sign: SignOff,
    pub evidence: GiveEvidence,
    pub revoke: Revoke,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceLine {
    pub key: String,
    pub name: String,
    pub owner: String,
    /// `11:02`, or nothing when it has not been given.
    pub at: String,
    /// `expires 12:05`, `expired 12:05`, `failed`, `missing`
    pub remark: String,
    pub holds: bool,
    pub wrong: bool,
    pub note: String,
}

/// A signature that was given or is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignatureLine {
    pub title: String,
    pub name: String,
    /// `11:08`, or nothing when open.
    pub at: String,
    /// Conditions of a signature, or the reason of a refusal.
    pub words: String,
    pub given: bool,
    pub yours: bool,
}

/// What keeps the incident from closing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CloseView {
    /// `3 things keep this incident open.`
    pub title: String,
    pub path: String,
    pub blockers: Vec<Blocker>,
    pub waivers: Vec<WaiverLine>,
    pub may_close: bool,
    pub request_id: RequestId,
    pub typed: Close,
    /// Roles that this person holds, as code and words.
    pub roles: Vec<(String, String)>,
    /// Accounts that may take a case on their standing list, as id and name.
    pub owners: Vec<(String, String)>,
}

/// A waiver that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverLine {
    pub kind: BlockerKind,
    pub item: Uuid,
    pub reason: String,
    pub first: String,
    /// Empty until somebody agreed.
    pub second: String,
}
