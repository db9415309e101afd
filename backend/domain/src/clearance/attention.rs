//! What a scope asks for as time goes by, worked out when it changes and kept beside it, so that a list of ten
//! thousand scopes can say whose turn it is and what is wrong without looking into each.

use super::{Clearance, Outcome, Progress, Stage};
use crate::time::Timestamp;

/// The one who releases unless the playbook names somebody else as well.
pub const COMMANDER: &str = "commander";

/// From when until when it is somebody's turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The key of a signer, or [`COMMANDER`].
    pub who: String,
    pub from: Timestamp,
    /// Not any more at this instant.
    pub until: Timestamp,
}

/// What a scope asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attention {
    /// From when on something is wrong with it: failed, expired or refused.
    pub blocked_from: Option<Timestamp>,
    pub turns: Vec<Turn>,
}

/// Before every incident, and after it (in the year 5138): both travel through JSON as they are.
const EVER: Timestamp = Timestamp(0);
const NEVER: Timestamp = Timestamp(100_000_000_000_000_000);

impl Clearance {
    /// What it asks for from now on, if nothing is done.
    pub fn attention(&self) -> Attention {
        match self.stage {
            Stage::Restored | Stage::Pilot | Stage::Waves | Stage::Signed => {
                Attention { blocked_from: self.blocked_from(), turns: self.turns() }
            }
            Stage::Waiting | Stage::Clear | Stage::BackEntryComplete | Stage::Revoked => Attention::default(),
        }
    }

    fn blocked_from(&self) -> Option<Timestamp> {
        let failed = self.evidence.iter().any(|given| given.outcome == Outcome::Failed);
        if failed || !self.refusals.is_empty() {
            return Some(EVER);
        }
        self.evidence.iter().map(|given| given.expires_at).min()
    }

    fn turns(&self) -> Vec<Turn> {
        let waves_left = self.waves.iter().any(|wave| wave.progress != Progress::Passed);
        let Some(until) = self.evidence_until() else { return Vec::new() };
        if waves_left || !self.refusals.is_empty() {
            return Vec::new();
        }
        let turn = |who: &str, from, until| Turn { who: who.to_owned(), from, until };
        let signers = self.gate.signers.iter();
        let Some(signed_at) = self.signed_at.filter(|_| self.stage == Stage::Signed) else {
            let has_signed = |signer: &str| self.signatures.iter().any(|each| each.signer == signer);
            return signers.filter(|signer| !has_signed(signer)).map(|who| turn(who, EVER, until)).collect();
        };
        let lapse = signed_at.plus_minutes(self.gate.signed_valid_minutes);
        let mut turns = vec![turn(COMMANDER, EVER, until.min(lapse))];
        if self.gate.release_by != COMMANDER {
            turns.push(turn(&self.gate.release_by, EVER, until.min(lapse)));
        }
        turns.extend(signers.map(|who| turn(who, lapse, until)));
        turns.retain(|turn| turn.from < turn.until);
        turns
    }

    /// Until when every piece holds; `None` while one is missing, failed or waits for a second person.
    fn evidence_until(&self) -> Option<Timestamp> {
        self.gate.evidence.iter().try_fold(NEVER, |until, piece| {
            let given = self.evidence.iter().find(|given| given.key == piece.key)?;
            given.holds(EVER).then(|| until.min(given.expires_at))
        })
    }
}
