//! Pilots and waves: who signs in before everybody does, in which order, with how many, and what must be seen at the
//! hold point before the next.
//!
//! ```text
//! planned -> begun -> passed        (the hold point: watched for so long, and found good)
//!    ^         |
//!    +- halted +
//! ```
//!
//! Whoever begins a wave is not who planned it (rule 1: a second approver).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clearance, Stage, Step};
use crate::{
    Refusal,
    id::{AccountId, InstructionId, UnitId},
    scope::{Place, Places},
    time::Timestamp,
};

/// How far a wave is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Planned,
    Begun,
    Passed,
}

impl Progress {
    pub const ALL: [Self; 3] = [Self::Planned, Self::Begun, Self::Passed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Begun => "begun",
            Self::Passed => "passed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|progress| progress.code() == code)
    }
}

/// Units whose staff sign in together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wave {
    /// From 1, never given twice within a scope.
    pub number: i64,
    pub units: BTreeSet<UnitId>,
    /// Not before this.
    pub starts_at: Timestamp,
    /// How long it is watched before the next may begin.
    pub hold_minutes: i64,
    /// Who passes the hold point, in words: `Operations chief`.
    pub hold_owner: String,
    /// How many people are expected to sign in.
    pub expected: i64,
    /// Under what condition, where something is not as it should be; empty otherwise.
    pub condition: String,
    pub progress: Progress,
    pub planned_by: AccountId,
    pub begun_at: Option<Timestamp>,
    pub passed_at: Option<Timestamp>,
    /// The orders that let its units in, while it is begun or passed.
    pub orders: BTreeSet<InstructionId>,
}

impl Wave {
    /// When its hold point may be passed at the earliest; `None` before it has begun.
    pub fn hold_until(&self) -> Option<Timestamp> {
        self.begun_at.map(|at| at.plus_minutes(self.hold_minutes))
    }
}

impl Clearance {
    /// Waves that have begun, and all of them.
    pub fn waves_begun(&self) -> (i64, i64) {
        let begun = self.waves.iter().filter(|wave| wave.progress != Progress::Planned).count();
        let number = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
        (number(begun), number(self.waves.len()))
    }

    /// The first wave that has not passed its hold point.
    pub fn next_wave(&self) -> Option<&Wave> {
        self.waves.iter().find(|wave| wave.progress != Progress::Passed)
    }

    /// Adds a wave behind the others.
    ///
    /// # Errors
    /// Refused without units, for units outside the scope or in another wave, before the wave that it follows, and
    /// once the scope is signed.
    pub fn plan(&mut self, wave: Wave, places: &Places) -> Result<(), Refusal> {
        if self.stage >= Stage::Signed {
            return Err(self.is_past("Waves come before the signatures."));
        }
        if wave.units.is_empty() {
            return Err(Refusal::new("no-units", "Choose the units whose staff sign in with this wave."));
        }
        let outside = wave.units.iter().any(|unit| !places.contains(self.scope.place, Place::Unit(*unit)));
        if outside {
            return Err(Refusal::new("outside", "Choose units that lie within this scope."));
        }
        if self.waves.iter().any(|other| !other.units.is_disjoint(&wave.units)) {
            return Err(Refusal::new("in-another-wave", "One of these units is in another wave already."));
        }
        if self.waves.last().is_some_and(|before| wave.starts_at < before.starts_at) {
            return Err(Refusal::new("before-the-last", "A wave starts after the one that it follows."));
        }
        self.waves.push(wave);
        Ok(())
    }

    /// Takes a planned wave off the list.
    ///
    /// # Errors
    /// Refused when there is none of that number, and once it has begun.
    pub fn unplan(&mut self, number: i64) -> Result<(), Refusal> {
        let wave = self.wave(number)?;
        if wave.progress != Progress::Planned {
            return Err(Refusal::new("begun", "This wave has begun: halt it first."));
        }
        self.waves.retain(|wave| wave.number != number);
        Ok(())
    }

    /// A wave begins. `not_back` is how many of its units still wait for their workstations: they are let in only
    /// under a condition.
    ///
    /// # Errors
    /// Refused for who planned it, out of order, before its time, while an earlier one is held, before the scope is
    /// restored and once it is signed.
    pub fn begin_wave(
        &mut self,
        number: i64,
        approver: AccountId,
        not_back: i64,
        now: Timestamp,
    ) -> Result<Step, Refusal> {
        match self.stage {
            Stage::Waiting => return Err(Self::is_not_restored()),
            Stage::Restored | Stage::Pilot | Stage::Waves => {}
            stage => {
                return Err(Refusal::new("past-waves", format!("This scope is already {}.", stage.words())));
            }
        }
        let next = self.next_wave().map(|wave| (wave.number, wave.progress));
        let wave = self.wave(number)?;
        if wave.progress != Progress::Planned {
            return Err(Refusal::new("begun", "This wave has begun."));
        }
        match next {
            Some((first, Progress::Begun)) => {
                let sentence = format!("Wave {first} has not passed its hold point.");
                return Err(Refusal::new("held", sentence));
            }
            Some((first, _)) if first != number => {
                return Err(Refusal::new("out-of-order", format!("Wave {first} comes first.")));
            }
            _ => {}
        }
        if wave.planned_by == approver {
            return Err(Refusal::new("one-person", "You planned this wave: a second person begins it."));
        }
        if now < wave.starts_at {
            return Err(Refusal::new(
                "too-early",
                "This wave is planned for later; plan it anew to begin now.",
            ));
        }
        if not_back > 0 && wave.condition.is_empty() {
            let units = if not_back == 1 { "1 unit".to_owned() } else { format!("{not_back} units") };
            let sentence = format!(
                "{units} of this wave still wait for workstations: plan it with a condition, or without them."
            );
            return Err(Refusal::new("devices-left", sentence));
        }
        let wave = self.wave_mut(number)?;
        (wave.progress, wave.begun_at) = (Progress::Begun, Some(now));
        Ok(self.step(Stage::Waves))
    }

    /// The hold point of a wave was looked at and found good.
    ///
    /// # Errors
    /// Refused before the wave has begun, before it was watched for as long as planned, and twice.
    pub fn pass_hold(&mut self, number: i64, now: Timestamp) -> Result<(), Refusal> {
        if self.stage != Stage::Waves {
            return Err(self.is_past("No wave is held."));
        }
        let wave = self.wave(number)?;
        match (wave.progress, wave.hold_until()) {
            (Progress::Begun, Some(until)) if now >= until => {}
            (Progress::Begun, _) => {
                let sentence =
                    format!("It is watched for {} minutes before it is passed.", wave.hold_minutes);
                return Err(Refusal::new("hold-point", sentence));
            }
            (Progress::Passed, _) => return Err(Refusal::new("passed", "This hold point was passed.")),
            (Progress::Planned, _) => return Err(Refusal::new("not-begun", "This wave has not begun.")),
        }
        let wave = self.wave_mut(number)?;
        (wave.progress, wave.passed_at) = (Progress::Passed, Some(now));
        Ok(())
    }

    /// A wave is stopped: its units are out again, and it is planned anew. Gives the step, if the scope steps back.
    ///
    /// # Errors
    /// Refused for a wave that has not begun, for one that a later one has followed, and once signed.
    pub fn halt_wave(&mut self, number: i64) -> Result<Option<Step>, Refusal> {
        if self.stage != Stage::Waves {
            return Err(self.is_past("No wave is going on."));
        }
        let last = self.waves.iter().rfind(|wave| wave.progress != Progress::Planned).map(|wave| wave.number);
        if self.wave(number)?.progress == Progress::Planned {
            return Err(Refusal::new("not-begun", "This wave has not begun."));
        }
        if last != Some(number) {
            return Err(Refusal::new("out-of-order", "Halt the latest wave first."));
        }
        let wave = self.wave_mut(number)?;
        (wave.progress, wave.begun_at, wave.passed_at) = (Progress::Planned, None, None);
        wave.orders.clear();
        let none_begun = self.waves_begun().0 == 0;
        Ok(none_begun.then(|| self.step(Stage::Restored)))
    }

    pub(super) fn wave(&self, number: i64) -> Result<&Wave, Refusal> {
        let gone = || Refusal::new("no-wave", format!("There is no wave {number} any more."));
        self.waves.iter().find(|wave| wave.number == number).ok_or_else(gone)
    }

    fn wave_mut(&mut self, number: i64) -> Result<&mut Wave, Refusal> {
        let gone = || Refusal::new("no-wave", format!("There is no wave {number} any more."));
        self.waves.iter_mut().find(|wave| wave.number == number).ok_or_else(gone)
    }
}
