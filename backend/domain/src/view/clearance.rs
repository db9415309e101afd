//! The ladder of scopes, the sign-off panel beside it, and what still keeps the incident from closing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::forms::NextStep;
use crate::{
    clearance::{Close, GiveEvidence, HaltWave, PassHold, PlanWave, Progress, Revoke, SignOff, Split, Stage},
    closing::{Blocker, BlockerKind},
    id::{ClearanceId, RequestId},
    playbooks::Proof,
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
    /// A screenful: whose turn it is, what is wrong, then what has come furthest.
    pub scopes: Vec<ScopeLine>,
    /// How many scopes of the sites and systems asked for are at each stage, with the way to them.
    pub stages: Vec<StageTab>,
    /// Sites and systems to choose from, as value and name, and which are chosen.
    pub sites: Vec<(String, String)>,
    pub systems: Vec<(String, String)>,
    pub site: String,
    pub system: String,
    pub stage: String,
    /// Where the next screenful of one stage is; empty on the last.
    pub next: String,
    pub chosen: Option<Panel>,
}

/// One stage with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageTab {
    pub stage: Stage,
    /// `restored, IT only`
    pub words: String,
    pub count: i64,
    pub path: String,
    pub chosen: bool,
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
    pub files: Vec<FileLine>,
    pub waves: Vec<WaveLine>,
    pub signatures: Vec<SignatureLine>,
    pub refusals: Vec<SignatureLine>,
    /// Orders for narrower places, which stand after the release (rule 12d).
    pub stand: Vec<String>,
    /// `You are the last to sign. It is then signed; the commander releases it.`
    pub consequence: String,
    /// What is to be done now; nothing but after a revocation.
    pub next: Vec<NextStep>,
    pub may: May,
    pub typed: PanelTyped,
    pub request_id: RequestId,
    /// The functions of the scope, for revoking or parting it.
    pub functions: Vec<String>,
    /// The fingerprint of the evidence as it is shown here: a signature is refused when it has changed since.
    pub shown: String,
    /// The signed record, to be printed.
    pub record_path: String,
    /// What an order for pilots needs: where it is sent, the place and the system.
    pub pilot: Option<(String, String, String)>,
    /// Units whose staff are in no wave yet, as value and name.
    pub units: Vec<(String, String)>,
}

/// A wave of the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaveLine {
    pub number: i64,
    pub progress: Progress,
    /// `4 West, 5 East`
    pub units: String,
    /// `starts 12:30`, `begun 12:31, hold point 13:01, Operations chief`, `passed 13:04`
    pub words: String,
    pub expected: i64,
    pub condition: String,
    pub path: String,
    /// What this person may do with it.
    pub may_begin: bool,
    pub may_unplan: bool,
    pub may_pass: bool,
    pub may_halt: bool,
}

/// A file that was added to the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileLine {
    pub number: i64,
    pub name: String,
    /// `212 KB, 11:02, Dana Example`
    pub words: String,
    pub path: String,
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
    pub plan_wave: bool,
    pub split: bool,
    /// In which roles they may waive evidence, as code and words.
    pub waive_as: Vec<(String, String)>,
}

/// What was typed into the panel's forms, as it is put back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct PanelTyped {
    pub sign: SignOff,
    pub evidence: GiveEvidence,
    pub revoke: Revoke,
    pub wave: PlanWave,
    pub pass: PassHold,
    pub halt: HaltWave,
    pub split: Split,
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
    /// How it is checked; empty when the playbook does not say.
    pub method: String,
    /// `note`, `number`, `link` or `file`.
    pub proof: Proof,
    /// `from 20 to 30`; empty without bounds.
    pub bounds: String,
    /// The number that was found, the address or the file of the proof.
    pub proved: String,
    /// Where the proof is; empty when it is no address and no file.
    pub proof_path: String,
    /// Waived by one person, and this one may agree, as code and words of the roles.
    pub agree_as: Vec<(String, String)>,
    pub may_be_waived: bool,
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

/// The signed record of one scope, as it is printed and filed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecordView {
    /// `Signed record: Laboratory, results at General`
    pub title: String,
    pub incident: String,
    pub stage_words: String,
    /// Why nobody may lean on it yet, or any more; empty while it is clear.
    pub warning: String,
    pub attestation: String,
    pub gate: String,
    pub quorum: String,
    pub evidence: Vec<EvidenceLine>,
    pub waves: Vec<WaveLine>,
    pub signatures: Vec<RecordedSignature>,
    /// Every condition, with who made it.
    pub conditions: Vec<String>,
    /// Orders for narrower places, which stand through the release (rule 12d).
    pub stand: Vec<String>,
    pub steps: Vec<RecordedStep>,
    /// What was taken back since, in words.
    pub revocations: Vec<String>,
    pub path: String,
}

/// A signature in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedSignature {
    pub title: String,
    pub name: String,
    pub at: String,
    pub conditions: String,
    /// The fingerprint under which it was given.
    pub content: String,
    /// Whether the record, read now, has that fingerprint.
    pub matches: bool,
    /// Whether it counts towards the quorum.
    pub counts: bool,
}

/// One step of the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedStep {
    pub at: String,
    pub words: String,
    pub by: String,
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
