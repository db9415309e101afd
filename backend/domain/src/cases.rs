//! A case: one booked operation or visit that an incident touched, followed until the patient has been seen or
//! the case has another named end.
//!
//! ```text
//! scheduled ─keep─> kept ─────────────────────────────> done
//!     └───cancel──> to contact ─> contacting ─> told ─> rebooked ─> seen
//!                       └──────────────┴──────────┴────────┴──> another end, with its reason
//! ```
//!
//! Rescheduled is no end. A second cancellation reopens the same case and keeps its first clocks (rule 7).

mod clocks;
pub mod door;
pub mod fhir;
pub mod forms;
pub mod replay;
pub mod sheets;
mod unreachable;
mod words;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    id::AccountId,
    playbooks::Unreachable,
    time::{Timestamp, Zone},
};
pub use clocks::Clock;
pub use unreachable::Tried;
pub use words::{Channel, ContactResult, Decided, State};

/// Who is on the telephone with the patient, and until when nobody else should call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lock {
    pub by: AccountId,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// How long one call keeps others from calling.
pub const LOCK_MINUTES: i64 = 10;

/// How many minutes ahead a next try may be.
const MOST_AHEAD: i64 = 30 * 24 * 60;

/// Days after the date that was cancelled.
const DAY_28: i64 = 28;

/// What the rules need to know of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub state: State,
    pub decided: Decided,
    /// When it was booked first; never changed.
    pub start: Timestamp,
    pub day: Date,
    /// The patient knows what holds now.
    pub told: bool,
    pub attempts: i64,
    /// Before then nobody need try again.
    pub next_try: Option<Timestamp>,
    pub new_start: Option<Timestamp>,
    pub new_day: Option<Date>,
    /// Set at the first cancellation and never again (rule 7).
    pub first_cancelled_at: Option<Timestamp>,
    pub safe_by: Option<Date>,
    pub day_28: Option<Date>,
    pub lock: Option<Lock>,
    /// Counts changes, so that the later of two people is told.
    pub version: i64,
}

impl Case {
    /// A row of the schedule that nothing has happened to.
    pub const fn scheduled(start: Timestamp, day: Date) -> Self {
        Self {
            state: State::Scheduled,
            decided: Decided::No,
            start,
            day,
            told: false,
            attempts: 0,
            next_try: None,
            new_start: None,
            new_day: None,
            first_cancelled_at: None,
            safe_by: None,
            day_28: None,
            lock: None,
            version: 1,
        }
    }

    /// Somebody has it on the telephone.
    pub fn held_by_another(&self, me: AccountId, now: Timestamp) -> Option<Lock> {
        self.lock.filter(|lock| lock.by != me && lock.until > now)
    }

    /// A decision's window reaches it, and no rule decides.
    pub fn leave_undecided(&mut self) {
        if self.state == State::Scheduled {
            self.decided = Decided::Undecided;
            self.version += 1;
        }
    }

    /// It goes ahead: by a rule, by a person against the rule, or because the systems are back. A patient who
    /// was told of the cancellation must be told again.
    ///
    /// # Errors
    /// Refused for a case that has ended or is kept already, and once a new date is booked.
    pub fn keep(&mut self) -> Result<(), Refusal> {
        match self.state {
            State::Scheduled | State::Told => {}
            // Who was never told of the cancellation need not be told that it is off.
            State::ToContact | State::Contacting => self.attempts = 0,
            State::Kept => return Err(already("kept")),
            State::Rebooked => {
                let sentence = "A new date is booked; cancel that booking first, or leave it.";
                return Err(Refusal::new("rebooked", sentence));
            }
            ended => return Err(has_ended(ended)),
        }
        self.told = self.state != State::Told;
        self.state = State::Kept;
        self.decided = Decided::Kept;
        self.moved();
        Ok(())
    }

    /// It does not take place. The first time sets the clocks; any later time reopens the case with the same
    /// clocks (rule 7).
    ///
    /// # Errors
    /// Refused for a case that has ended, and for one that is cancelled and not booked again.
    pub fn cancel(&mut self, at: Timestamp, safe_by: Option<Date>) -> Result<(), Refusal> {
        match self.state {
            State::Scheduled | State::Kept | State::Rebooked => {}
            State::ToContact | State::Contacting | State::Told => return Err(already("cancelled")),
            ended => return Err(has_ended(ended)),
        }
        if self.first_cancelled_at.is_none() {
            self.first_cancelled_at = Some(at);
            self.safe_by = safe_by;
            self.day_28 = self.day.checked_add(jiff::Span::new().days(DAY_28)).ok();
        }
        self.state = State::ToContact;
        self.decided = Decided::Cancelled;
        (self.told, self.attempts) = (false, 0);
        (self.new_start, self.new_day) = (None, None);
        self.moved();
        Ok(())
    }

    /// Somebody takes the case to the telephone.
    ///
    /// # Errors
    /// Refused while another has it, and when there is nothing to say.
    pub fn take(&mut self, by: AccountId, now: Timestamp) -> Result<(), Refusal> {
        self.can_be_contacted()?;
        self.free_for(by, now)?;
        self.lock = Some(Lock { by, since: now, until: now.plus_minutes(LOCK_MINUTES) });
        self.version += 1;
        Ok(())
    }

    /// One try to reach the patient, and when to try again, if that was agreed. It ends the caller's lock.
    ///
    /// # Errors
    /// Refused while another has the case, when there is nothing to say, and for a next try that
    /// has passed or comes too late.
    pub fn log_contact(
        &mut self,
        (result, next_try): (ContactResult, Option<Timestamp>),
        by: AccountId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.can_be_contacted()?;
        self.free_for(by, now)?;
        if let Some(at) = next_try {
            self.may_wait_until(at, result, now)?;
        }
        self.attempts += 1;
        if result == ContactResult::Told {
            self.told = true;
            if matches!(self.state, State::ToContact | State::Contacting) {
                self.state = State::Told;
            }
        } else if self.state == State::ToContact {
            self.state = State::Contacting;
        }
        self.moved();
        self.next_try = next_try;
        Ok(())
    }

    /// Whether nobody need try again before a time that was agreed.
    fn may_wait_until(&self, at: Timestamp, result: ContactResult, now: Timestamp) -> Result<(), Refusal> {
        let due = self.new_start.unwrap_or(self.start);
        let says = if result == ContactResult::Told {
            "Who was told is not tried again. Leave the next try empty."
        } else if at <= now {
            "The next try has passed; enter a time that is still to come."
        } else if now < due && due <= at {
            "By then they will have come. Choose a time before their appointment."
        } else if at > now.plus_minutes(MOST_AHEAD) {
            "The next try is more than 30 days ahead."
        } else {
            return Ok(());
        };
        Err(Refusal::new("next-try", says))
    }

    /// Whether something may be noted for the next caller.
    ///
    /// # Errors
    /// Refused for a case that has ended: nobody calls any more.
    pub fn takes_notes(&self) -> Result<(), Refusal> {
        if self.state.is_end() { Err(has_ended(self.state)) } else { Ok(()) }
    }

    /// A new date, which may replace an earlier new date. The patient may have agreed to it in the same call.
    ///
    /// # Errors
    /// Refused while another has the case, for a date that has passed, and for a case that is not cancelled.
    pub fn rebook(
        &mut self,
        new: (Timestamp, Date),
        knows: bool,
        by: AccountId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.state {
            State::ToContact | State::Contacting | State::Told | State::Rebooked => {}
            State::Scheduled | State::Kept => return Err(not_cancelled()),
            ended => return Err(has_ended(ended)),
        }
        self.free_for(by, now)?;
        if new.0 <= now {
            return Err(Refusal::new(
                "in-the-past",
                "The new date has passed; enter one that is still to come.",
            ));
        }
        self.state = State::Rebooked;
        (self.new_start, self.new_day) = (Some(new.0), Some(new.1));
        // Another date than the one the patient knows of has to be told again.
        self.told = knows;
        self.moved();
        Ok(())
    }

    /// The patient of a cancelled booking has been seen.
    ///
    /// # Errors
    /// Refused for a case that was not cancelled or has ended.
    pub fn mark_seen(&mut self) -> Result<(), Refusal> {
        match self.state {
            State::ToContact | State::Contacting | State::Told | State::Rebooked => {}
            State::Scheduled | State::Kept => return Err(not_cancelled()),
            ended => return Err(has_ended(ended)),
        }
        self.state = State::Seen;
        self.moved();
        Ok(())
    }

    /// A kept case took place, as its service's end-of-day list says.
    ///
    /// # Errors
    /// Refused for anything but a kept case.
    pub fn mark_done(&mut self) -> Result<(), Refusal> {
        match self.state {
            State::Kept => {}
            ended if ended.is_end() => return Err(has_ended(ended)),
            _ => return Err(Refusal::new("not-kept", "Only a kept case ends as done.")),
        }
        self.state = State::Done;
        self.moved();
        Ok(())
    }

    /// Another end than seen or done.
    ///
    /// # Errors
    /// Refused for a case that has ended, and for closing as not reached before the policy is met.
    pub fn end(&mut self, end: State, tried: &Tried, policy: Unreachable) -> Result<(), Refusal> {
        if self.state.is_end() {
            return Err(has_ended(self.state));
        }
        if !State::OTHER_ENDS.contains(&end) {
            return Err(Refusal::new("not-an-end", "Choose how this case ended."));
        }
        if end == State::ClosedByClinician {
            tried.meets(policy)?;
        }
        self.state = end;
        self.moved();
        Ok(())
    }

    /// Somebody must speak with this patient.
    pub fn must_tell(&self) -> bool {
        match self.state {
            State::ToContact | State::Contacting => true,
            State::Kept | State::Rebooked => !self.told,
            _ => false,
        }
    }

    /// Its place in "who must I call next": a breached clock first, then the least time left. `None` when
    /// nobody has to call.
    pub fn risk(&self) -> Option<Risk> {
        if self.days_booked_past(Clock::SafeBy).is_some() {
            let at = self.safe_by.and_then(|day| Zone::utc().start_of(day)).unwrap_or(self.start);
            return Some(Risk { rank: 0, due: at });
        }
        self.must_tell().then_some(Risk { rank: 1, due: self.new_start.unwrap_or(self.start) })
    }

    fn can_be_contacted(&self) -> Result<(), Refusal> {
        match self.state {
            State::Scheduled => {
                Err(Refusal::new("not-decided", "Nothing is decided yet, so there is nothing to say."))
            }
            State::Kept if self.told => {
                Err(Refusal::new("nothing-to-say", "This goes ahead as the patient expects."))
            }
            ended if ended.is_end() => Err(has_ended(ended)),
            _ => Ok(()),
        }
    }

    fn free_for(&self, me: AccountId, now: Timestamp) -> Result<(), Refusal> {
        match self.held_by_another(me, now) {
            None => Ok(()),
            Some(_) => Err(Refusal::new(
                "being-called",
                "Somebody else is calling this patient now. Take the next one.",
            )),
        }
    }

    fn moved(&mut self) {
        (self.lock, self.next_try) = (None, None);
        self.version += 1;
    }
}

/// A place in the queue: lower rank first, then the earlier instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk {
    pub rank: i64,
    pub due: Timestamp,
}

fn already(what: &str) -> Refusal {
    Refusal::new("already-so", format!("This case is {what} already."))
}

fn not_cancelled() -> Refusal {
    Refusal::new("not-cancelled", "This case was not cancelled.")
}

fn has_ended(state: State) -> Refusal {
    Refusal::new("has-ended", format!("This case has ended: {}.", state.words().to_lowercase()))
}

#[cfg(test)]
mod tests;
