//! A scope's way back: restored, pilot, waves, signed, clear, back-entry complete; and revoked (rules 1, 2).
//!
//! ```text
//! waiting -> restored -> [pilot] -> [waves] -> signed -> clear -> back-entry complete
//!                ^                               |          |             |
//!                +------ refused, lapsed --------+          +-- revoked --+   (a new clearance begins)
//! ```
//!
//! *Restored* means that IT has it running and nobody signs in. *Signed* needs the playbook's quorum of different
//! people on evidence that still holds. Only *clear* may be called all clear, and only a release makes it so.

mod attention;
mod command;
mod content;
mod counting;
pub mod downtime;
mod evidence;
mod recovery;
mod text;
mod waves;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use attention::{Attention, COMMANDER, Turn};
pub use command::{
    AgreeToWaived, BeginWave, Close, Closed, GiveEvidence, HaltWave, PassHold, PlanWave, Release, Restore,
    Revoke, Revoked, SignOff, Split, Stepped, Unplan, Waive, Waived,
};
pub use content::Content;
pub use evidence::{AttachedFile, Given, Outcome};
pub use recovery::{Recovery, recovery, uncleared};
pub use text::{AllClear, AllClearText, Signed, attestation, but_for};
pub use waves::{Progress, Wave};

use crate::{
    Refusal,
    id::{AccountId, ClearanceId},
    playbooks::Gate,
    scope::{Functions, Places, Scope},
    time::Timestamp,
};

/// How far a scope has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Waiting,
    Restored,
    Pilot,
    Waves,
    Signed,
    Clear,
    BackEntryComplete,
    Revoked,
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Restored,
        Self::Pilot,
        Self::Waves,
        Self::Signed,
        Self::Clear,
        Self::BackEntryComplete,
        Self::Revoked,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Restored => "restored",
            Self::Pilot => "pilot",
            Self::Waves => "waves",
            Self::Signed => "signed",
            Self::Clear => "clear",
            Self::BackEntryComplete => "back_entry_complete",
            Self::Revoked => "revoked",
        }
    }

    /// The stage as people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Restored => "restored, IT only",
            Self::BackEntryComplete => "back-entry complete",
            other => other.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }

    /// Whether the scope is clear: released and not revoked.
    pub const fn is_clear(self) -> bool {
        matches!(self, Self::Clear | Self::BackEntryComplete)
    }
}

/// A signature under the scope, on the evidence that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signature {
    /// The playbook's key of the signer.
    pub signer: String,
    pub by: AccountId,
    pub at: Timestamp,
    pub conditions: String,
    /// The numbers of the evidence signed on.
    pub on: BTreeSet<i64>,
    /// The functions that were signed for; a part of them may have been taken back since.
    pub functions: Functions,
    /// SHA-256 of the content that was signed, in hexadecimal; see [`Content`].
    pub content: String,
}

/// A signer who looked and said no. It stands until that signer signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    pub signer: String,
    pub by: AccountId,
    pub at: Timestamp,
    pub reason: String,
}

/// Who releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Releaser {
    Commander,
    /// Somebody who signs as this, in the playbook's word.
    Signer(String),
}

/// One change of state, for the append-only record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    pub from: Stage,
    pub to: Stage,
}

/// One scope with its gate as frozen at the declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clearance {
    pub id: ClearanceId,
    pub scope: Scope,
    pub gate: Gate,
    pub stage: Stage,
    /// Since when IT has it running: what was looked at before proves nothing of it.
    pub restored_at: Option<Timestamp>,
    /// The latest giving of each piece.
    pub evidence: Vec<Given>,
    pub signatures: Vec<Signature>,
    pub refusals: Vec<Refused>,
    /// In the order in which they begin; none where everybody comes back at once.
    pub waves: Vec<Wave>,
    pub signed_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
}

/// What stands in the way, and whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    pub what: String,
    pub who: String,
    /// Failed, expired or refused: it will not come by waiting.
    pub wrong: bool,
}

impl Clearance {
    /// A scope at the beginning of its way back.
    pub fn new(id: ClearanceId, scope: Scope, gate: Gate) -> Self {
        Self {
            id,
            scope,
            gate,
            stage: Stage::Waiting,
            restored_at: None,
            evidence: Vec::new(),
            signatures: Vec::new(),
            refusals: Vec::new(),
            waves: Vec::new(),
            signed_at: None,
            released_at: None,
        }
    }

    /// IT has it running again; nobody signs in yet.
    ///
    /// # Errors
    /// Refused when it was restored before.
    pub fn restore(&mut self, now: Timestamp) -> Result<Step, Refusal> {
        match self.stage {
            Stage::Waiting => {
                self.restored_at = Some(now);
                Ok(self.step(Stage::Restored))
            }
            stage => {
                Err(Refusal::new("already-restored", format!("This scope is already {}.", stage.words())))
            }
        }
    }

    /// Named people try it. Two people decide that, and for everyone else the prohibition stays.
    ///
    /// # Errors
    /// Refused before it is restored, after a pilot, and when one person would do both.
    pub fn begin_pilot(&mut self, by: AccountId, approver: AccountId) -> Result<Step, Refusal> {
        if by == approver {
            return Err(Refusal::new("one-person", "A pilot is approved by a second person."));
        }
        match self.stage {
            Stage::Restored => Ok(self.step(Stage::Pilot)),
            Stage::Waiting => Err(Self::is_not_restored()),
            stage => Err(Refusal::new("past-pilot", format!("This scope is already {}.", stage.words()))),
        }
    }

    /// Signs as `signer`. At quorum the scope is signed; where the playbook says so the last signature releases
    /// it at once. Whether the person may sign as that is the caller's to check, by their grants.
    ///
    /// # Errors
    /// Refused on missing, failed or expired evidence, for a second signature of one person or of one signer,
    /// before the last wave has passed its hold point, and in every stage but those between restored and signed.
    pub fn sign(
        &mut self,
        signer: &str,
        by: AccountId,
        conditions: String,
        now: Timestamp,
    ) -> Result<Vec<Step>, Refusal> {
        match self.stage {
            Stage::Waiting => return Err(Self::is_not_restored()),
            Stage::Restored | Stage::Pilot | Stage::Waves => {}
            Stage::Signed if !self.has_quorum(now) => {}
            Stage::Signed => return Err(self.is_past("It waits for its release.")),
            Stage::Clear | Stage::BackEntryComplete | Stage::Revoked => {
                return Err(self.is_past("Nothing is left to sign."));
            }
        }
        self.may_be_signed(signer, by, now)?;
        let mut steps: Vec<Step> = self.reopen_if_lapsed(now).into_iter().collect();
        let content = self.content(signer, &conditions).fingerprint();
        self.refusals.retain(|refused| refused.signer != signer);
        let on = self.evidence.iter().map(|given| given.number).collect();
        let functions = self.scope.functions;
        let signer = signer.to_owned();
        self.signatures.push(Signature { signer, by, at: now, conditions, on, functions, content });
        if self.has_quorum(now) {
            steps.push(self.step(Stage::Signed));
            self.signed_at = Some(now);
            if self.gate.on_last_signature {
                steps.push(self.step(Stage::Clear));
                self.released_at = Some(now);
            }
        }
        Ok(steps)
    }

    /// A signer says no, with a reason; what that signer signed before no longer counts.
    ///
    /// # Errors
    /// Refused for a signer whom the gate does not ask, before it is restored, and once it is clear.
    pub fn refuse(
        &mut self,
        signer: &str,
        by: AccountId,
        reason: String,
        now: Timestamp,
    ) -> Result<Vec<Step>, Refusal> {
        match self.stage {
            Stage::Waiting => return Err(Self::is_not_restored()),
            Stage::Restored | Stage::Pilot | Stage::Waves | Stage::Signed => {}
            _ => return Err(self.is_past("It can be revoked.")),
        }
        self.asks_for(signer)?;
        self.signatures.retain(|older| older.signer != signer && older.by != by);
        self.refusals.retain(|older| older.signer != signer);
        self.refusals.push(Refused { signer: signer.to_owned(), by, at: now, reason });
        Ok(self.step_back_if_signed().into_iter().collect())
    }

    /// Makes a signed scope clear.
    ///
    /// # Errors
    /// Refused unless the commander or whom the playbook names releases it, while it is signed, in time, and on
    /// evidence that still holds.
    pub fn release(&mut self, releaser: &Releaser, now: Timestamp) -> Result<Step, Refusal> {
        if !self.may_release(releaser) {
            return Err(Refusal::new(
                "not-yours-to-release",
                "The playbook names somebody else to release this scope.",
            ));
        }
        match self.stage {
            Stage::Signed => {}
            Stage::Clear | Stage::BackEntryComplete => return Err(self.is_past("It was released.")),
            Stage::Revoked => return Err(self.is_past("A new clearance of the same scope has begun.")),
            _ => {
                return Err(Refusal::new(
                    "not-signed",
                    "The required people have not all signed this scope.",
                ));
            }
        }
        if self.lapsed(now) {
            return Err(Refusal::new(
                "lapsed",
                format!(
                    "Signed more than {} minutes ago without a release: it must be signed again.",
                    self.gate.signed_valid_minutes
                ),
            ));
        }
        if !self.has_quorum(now) {
            return Err(Refusal::new(
                "evidence-expired",
                format!(
                    "Evidence no longer holds: {}. Renew it and have it signed again.",
                    self.open_evidence(now).join(", ")
                ),
            ));
        }
        self.released_at = Some(now);
        Ok(self.step(Stage::Clear))
    }

    /// Whether this person releases.
    pub fn may_release(&self, releaser: &Releaser) -> bool {
        match releaser {
            Releaser::Commander => true,
            Releaser::Signer(signer) => self.gate.release_by == *signer,
        }
    }

    /// Takes the clearance back, in whole or for a part of its scope. The part that was not revoked stays clear
    /// since its release, so only a whole revocation is a step.
    ///
    /// # Errors
    /// Refused when it is not clear, or the part lies outside its scope.
    pub fn revoke(&mut self, part: &Scope, places: &Places) -> Result<Option<Step>, Refusal> {
        if !self.stage.is_clear() {
            return Err(Refusal::new("not-clear", "Only a scope that is clear can be revoked."));
        }
        let inside = places.contains(self.scope.place, part.place)
            && self.scope.functions.includes(part.functions)
            && self.scope.target == part.target
            && !part.functions.is_empty();
        if !inside {
            return Err(Refusal::new(
                "outside",
                "Choose a place and functions within the scope that was cleared.",
            ));
        }
        Ok((*part == self.scope).then(|| self.step(Stage::Revoked)))
    }

    /// Its system is down again: nothing that was seen, signed or waved in since the restore counts any more. Gives the
    /// step back, unless it has not begun or is clear, which is taken back by a revocation.
    pub fn go_down(&mut self) -> Option<Step> {
        if !matches!(self.stage, Stage::Restored | Stage::Pilot | Stage::Waves | Stage::Signed) {
            return None;
        }
        (self.restored_at, self.signed_at) = (None, None);
        self.evidence.clear();
        self.signatures.clear();
        self.refusals.clear();
        for wave in &mut self.waves {
            (wave.progress, wave.begun_at, wave.passed_at) = (Progress::Planned, None, None);
            wave.orders.clear();
        }
        Some(self.step(Stage::Waiting))
    }

    /// A wider scope around it was taken back: who signed this one did not know that, and is asked again. Gives the
    /// step back, if it was signed.
    pub fn forget_signatures(&mut self) -> Option<Step> {
        self.signatures.clear();
        self.step_back_if_signed()
    }

    /// Parts a scope: what is named goes its own way back from here. What is left keeps its evidence.
    ///
    /// # Errors
    /// Refused once somebody has signed or a wave is planned, for the whole scope, and for what lies outside it.
    pub fn split(&mut self, part: &Scope, id: ClearanceId, places: &Places) -> Result<Self, Refusal> {
        let early = matches!(self.stage, Stage::Waiting | Stage::Restored);
        if !early || !self.signatures.is_empty() || !self.waves.is_empty() {
            let sentence = "A scope is parted before its pilot, its waves and its first signature.";
            return Err(Refusal::new("too-late-to-part", sentence));
        }
        let inside = places.contains(self.scope.place, part.place)
            && self.scope.functions.includes(part.functions)
            && !part.functions.is_empty();
        if !inside || part.target != self.scope.target || *part == self.scope {
            return Err(Refusal::new(
                "outside",
                "Choose a part of this scope: some functions, or a place in it.",
            ));
        }
        if part.place == self.scope.place {
            self.scope.functions = self.scope.functions.without(part.functions);
        }
        let parted = Self::new(id, *part, self.gate.clone());
        Ok(Self { stage: self.stage, restored_at: self.restored_at, ..parted })
    }

    /// Everything written on paper for this scope has reached its end.
    ///
    /// # Errors
    /// Refused before it is clear and while forms are open.
    pub fn complete_back_entry(&mut self, open_forms: i64) -> Result<Step, Refusal> {
        match self.stage {
            Stage::Clear if open_forms == 0 => Ok(self.step(Stage::BackEntryComplete)),
            Stage::Clear => Err(Refusal::new(
                "forms-open",
                format!("{open_forms} forms have not reached their end; see Paper."),
            )),
            Stage::BackEntryComplete => Err(self.is_past("Nothing is left to enter.")),
            _ => Err(Refusal::new("not-clear", "Back-entry is complete only after the scope is clear.")),
        }
    }
}

#[cfg(test)]
mod tests;
