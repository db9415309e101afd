//! What counts at an instant: which signatures stand, what is still open, and whose turn it is.

use std::collections::BTreeSet;

use super::{Block, Clearance, Outcome, Progress, Signature, Stage, Step};
use crate::{Refusal, id::AccountId, playbooks::Evidence, time::Timestamp};

impl Clearance {
    /// Whether the quorum was reached and the release came too late (rule 1).
    pub fn lapsed(&self, now: Timestamp) -> bool {
        self.stage == Stage::Signed
            && self.signed_at.is_some_and(|at| now >= at.plus_minutes(self.gate.signed_valid_minutes))
    }

    /// The signatures that count now: on evidence that passed, was not replaced and has not expired.
    pub fn standing(&self, now: Timestamp) -> impl Iterator<Item = &Signature> {
        let lapsed = self.lapsed(now);
        self.signatures.iter().filter(move |signature| !lapsed && self.stands(signature, now))
    }

    /// What stands in the way, the wrong first.
    pub fn blocks(&self, now: Timestamp) -> Vec<Block> {
        let title = |text: String, who: &str, wrong| Block { what: text, who: who.to_owned(), wrong };
        let mut blocks: Vec<Block> = match self.stage {
            Stage::Waiting => vec![title("Not restored yet".to_owned(), "IT", false)],
            Stage::Restored | Stage::Pilot | Stage::Waves | Stage::Signed => self.evidence_blocks(now),
            Stage::Clear | Stage::BackEntryComplete | Stage::Revoked => return Vec::new(),
        };
        blocks.extend(
            self.refusals
                .iter()
                .map(|refused| title(format!("Refused: {}", refused.reason), &refused.signer, true)),
        );
        let counted: BTreeSet<&str> = self.standing(now).map(|signature| signature.signer.as_str()).collect();
        if self.stage == Stage::Signed && self.has_quorum(now) {
            blocks.push(title("Waits for its release".to_owned(), &self.gate.release_by, false));
        } else if self.stage > Stage::Waiting {
            if let Some(wave) = self.next_wave() {
                let what = match wave.progress {
                    Progress::Begun => format!("Hold point of wave {}", wave.number),
                    _ => format!("Wave {}", wave.number),
                };
                blocks.push(title(what, &wave.hold_owner, false));
            }
            let open = self.gate.signers.iter().filter(|signer| !counted.contains(signer.as_str()));
            blocks.extend(open.map(|signer| title("Signature".to_owned(), signer, false)));
        }
        blocks.sort_by_key(|block| !block.wrong);
        blocks
    }

    /// How many signatures count, and how many are needed.
    pub fn signed_of(&self, now: Timestamp) -> (i64, i64) {
        (i64::try_from(self.standing(now).count()).unwrap_or(i64::MAX), self.gate.quorum)
    }

    pub(super) fn evidence_blocks(&self, now: Timestamp) -> Vec<Block> {
        let block = |piece: &Evidence| match self.evidence.iter().find(|given| given.key == piece.key) {
            None => Some((piece.name.clone(), false)),
            Some(given) if given.outcome == Outcome::Failed => {
                Some((format!("Failed: {}", piece.name), true))
            }
            Some(given) if given.expires_at <= now => Some((format!("Expired: {}", piece.name), true)),
            Some(given) if !given.holds(now) => Some((format!("Waiver to be agreed: {}", piece.name), false)),
            Some(_) => None,
        };
        self.gate
            .evidence
            .iter()
            .filter_map(|piece| {
                block(piece).map(|(what, wrong)| Block { what, who: piece.owner.clone(), wrong })
            })
            .collect()
    }

    pub(super) fn open_evidence(&self, now: Timestamp) -> Vec<String> {
        self.evidence_blocks(now).into_iter().map(|block| block.what).collect()
    }

    pub(super) fn may_be_signed(&self, signer: &str, by: AccountId, now: Timestamp) -> Result<(), Refusal> {
        self.asks_for(signer)?;
        if self.next_wave().is_some() {
            let (begun, planned) = self.waves_begun();
            return Err(Refusal::new(
                "waves-left",
                format!("Wave {begun} of {planned}: signing comes after the last has passed its hold point."),
            ));
        }
        let open = self.open_evidence(now);
        if !open.is_empty() {
            return Err(Refusal::new(
                "evidence-open",
                format!("Evidence is missing or no longer holds: {}.", open.join(", ")),
            ));
        }
        if self.standing(now).any(|signature| signature.signer == signer) {
            return Err(Refusal::new("already-signed", "This signature is already given."));
        }
        if self.standing(now).any(|signature| signature.by == by) {
            return Err(Refusal::new(
                "one-person",
                "You have signed this scope: two signatures are two people.",
            ));
        }
        Ok(())
    }

    pub(super) fn asks_for(&self, signer: &str) -> Result<(), Refusal> {
        if self.gate.signers.iter().any(|asked| asked == signer) {
            return Ok(());
        }
        Err(Refusal::new("not-a-signer", "The playbook does not ask for this signature on this scope."))
    }

    pub(super) fn piece(&self, key: &str) -> Option<&Evidence> {
        self.gate.evidence.iter().find(|piece| piece.key == key)
    }

    pub(super) fn stands(&self, signature: &Signature, now: Timestamp) -> bool {
        self.gate.evidence.iter().all(|piece| {
            self.evidence.iter().any(|given| {
                given.key == piece.key && given.holds(now) && signature.on.contains(&given.number)
            })
        })
    }

    pub(super) fn has_quorum(&self, now: Timestamp) -> bool {
        let (signed, needed) = self.signed_of(now);
        let has_signed = |key: &String| self.standing(now).any(|signature| signature.signer == *key);
        signed >= needed && self.gate.required.iter().all(has_signed) && self.refusals.is_empty()
    }

    /// A signed scope whose release came too late is back where it was before the signatures.
    pub(super) fn reopen_if_lapsed(&mut self, now: Timestamp) -> Option<Step> {
        self.lapsed(now).then(|| {
            self.signatures.clear();
            self.step_back()
        })
    }

    pub(super) fn step_back_if_signed(&mut self) -> Option<Step> {
        (self.stage == Stage::Signed).then(|| self.step_back())
    }

    pub(super) fn step_back(&mut self) -> Step {
        self.signed_at = None;
        let before = if self.waves.is_empty() { Stage::Restored } else { Stage::Waves };
        self.step(before)
    }

    pub(super) fn step(&mut self, to: Stage) -> Step {
        let from = std::mem::replace(&mut self.stage, to);
        Step { from, to }
    }

    pub(super) fn is_not_restored() -> Refusal {
        Refusal::new("not-restored", "It is not restored yet: IT marks it restored first.")
    }

    pub(super) fn is_past(&self, then: &str) -> Refusal {
        Refusal::new("past-that", format!("This scope is already {}. {then}", self.stage.words()))
    }
}
