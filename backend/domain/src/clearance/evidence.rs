//! Evidence: what somebody saw, when, with what proof, and how long it may be relied on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clearance, Stage, Step};
use crate::{
    Refusal,
    field::FieldErrors,
    id::AccountId,
    playbooks::{Evidence, Proof},
    time::Timestamp,
};

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed,
    /// Not checked, on purpose and with a reason; it counts when a second person in another role agrees.
    Waived,
}

impl Outcome {
    pub const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::Waived];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Waived => "waived",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// A photograph or document that proves a check. Its bytes lie apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachedFile {
    pub name: String,
    /// `image/jpeg`
    pub media: String,
    /// In bytes.
    pub size: i64,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}

/// A piece of evidence as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// Which of the gate's pieces.
    pub key: String,
    /// Tells this giving from an earlier one of the same piece.
    pub number: i64,
    pub outcome: Outcome,
    /// What was seen; for a waiver its reason.
    pub note: String,
    /// For a piece that asks for a number.
    pub figure: Option<i64>,
    /// For a piece that asks for a link; empty otherwise.
    pub link: String,
    pub file: Option<AttachedFile>,
    /// When it was looked at, which may be before it was written down.
    pub at: Timestamp,
    pub expires_at: Timestamp,
    pub by: AccountId,
    /// In which role the first person waives it; empty unless waived.
    pub waived_as: String,
    /// Who agreed to the waiver, in which role.
    pub agreed: Option<(AccountId, String)>,
}

impl Given {
    /// Whether it may be leaned on: passed, or waived by two people, and not expired.
    pub fn holds(&self, now: Timestamp) -> bool {
        let found = match self.outcome {
            Outcome::Passed => true,
            Outcome::Failed => false,
            Outcome::Waived => self.agreed.is_some(),
        };
        found && now < self.expires_at
    }

    /// Whether the proof is of the kind that the playbook asks for.
    ///
    /// # Errors
    /// What is wrong, by the field of the form.
    pub fn is_proved(&self, piece: &Evidence) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        if self.outcome == Outcome::Waived && self.note.is_empty() {
            errors.add("note", "Say why this need not be checked.");
        }
        if self.outcome != Outcome::Passed {
            return errors.into_result();
        }
        match piece.proof {
            Proof::Number if self.figure.is_none() => {
                errors.add("figure", format!("Write the number: {}.", piece.name));
            }
            Proof::Number => {
                if let (Some(least), Some(figure)) = (piece.at_least, self.figure)
                    && figure < least
                {
                    errors.add("figure", format!("It passes from {least} on; choose \"failed\"."));
                }
                if let (Some(most), Some(figure)) = (piece.at_most, self.figure)
                    && figure > most
                {
                    errors.add("figure", format!("It passes up to {most}; choose \"failed\"."));
                }
            }
            Proof::Link if self.link.is_empty() => errors.add("link", "Write the address of the proof."),
            Proof::File if self.file.is_none() => errors.add("file", "Add the photograph or document."),
            Proof::Note | Proof::Link | Proof::File => {}
        }
        errors.into_result()
    }
}

impl Clearance {
    /// Evidence for one piece of the gate; a newer giving replaces the older, and every signature so far leans on
    /// what is no longer the evidence: it ends.
    ///
    /// # Errors
    /// Refused for a piece that the gate does not ask for, for a waiver of what the playbook does not let anybody
    /// waive, and once the scope is clear.
    pub fn give(&mut self, given: Given) -> Result<Option<Step>, Refusal> {
        if self.stage >= Stage::Clear {
            return Err(self.is_past("Evidence belongs before the release."));
        }
        if self.restored_at.is_none_or(|at| given.at < at) {
            let sentence = "Evidence is of the restored system: look at it after the restore.";
            return Err(Refusal::new("before-the-restore", sentence));
        }
        let Some(piece) = self.piece(&given.key) else {
            return Err(Refusal::new("unknown-evidence", "The gate does not ask for this evidence."));
        };
        if given.outcome == Outcome::Waived && piece.never_waived {
            return Err(Refusal::new("never-waived", "The playbook lets nobody waive this evidence."));
        }
        self.evidence.retain(|older| older.key != given.key);
        self.evidence.push(given);
        self.signatures.clear();
        Ok(self.step_back_if_signed())
    }

    /// A second person in another role agrees that a piece need not be checked.
    ///
    /// # Errors
    /// Refused for the person and for the role that waived it, when nothing waits for that, and once it is clear.
    pub fn agree_to_waived(&mut self, key: &str, by: AccountId, role: &str) -> Result<i64, Refusal> {
        if self.stage >= Stage::Clear {
            return Err(self.is_past("Evidence belongs before the release."));
        }
        let waits = |given: &&mut Given| {
            given.key == key && given.outcome == Outcome::Waived && given.agreed.is_none()
        };
        let Some(given) = self.evidence.iter_mut().find(waits) else {
            return Err(Refusal::new(
                "nothing-waits",
                "No waiver of this evidence waits for a second person.",
            ));
        };
        if given.by == by {
            return Err(Refusal::new("one-person", "You waived it: a second person agrees."));
        }
        if given.waived_as == role {
            return Err(Refusal::new("one-role", "The second person agrees in another role than the first."));
        }
        given.agreed = Some((by, role.to_owned()));
        Ok(given.number)
    }
}
