//! Who holds an incident, and what each position has to do by when.
//!
//! From declaration to close one person commands at every instant (rule 3): a handover takes effect when it is
//! accepted, and command that does not answer may be assumed, at once and flagged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::{AccountId, HandoverId, TaskId},
    time::Timestamp,
};

/// How somebody came to command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Declared,
    HandedOver,
    /// Taken because pages stayed unanswered: told to both, and flagged in the log.
    Assumed,
}

impl How {
    pub const ALL: [Self; 3] = [Self::Declared, Self::HandedOver, Self::Assumed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::HandedOver => "handed_over",
            Self::Assumed => "assumed",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::HandedOver => "accepted a handover",
            Self::Assumed => "assumed command",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.code() == code)
    }
}

/// One person's time in command: from `from`, up to but not at `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holding {
    pub who: AccountId,
    pub from: Timestamp,
    /// `None` for who commands now.
    pub until: Option<Timestamp>,
    pub how: How,
}

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    Open,
    Accepted,
    Declined,
    Withdrawn,
    /// Somebody assumed command in between.
    Lapsed,
}

impl OfferState {
    pub const ALL: [Self; 5] = [Self::Open, Self::Accepted, Self::Declined, Self::Withdrawn, Self::Lapsed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// An offer of command that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    pub id: HandoverId,
    pub from: AccountId,
    pub to: AccountId,
    pub at: Timestamp,
}

/// Command of one incident: everybody who held it, in order, and what is pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Without gap and without overlap; the last one is open until the incident closes.
    pub holdings: Vec<Holding>,
    pub offer: Option<Offer>,
    /// Since when pages to the commander have been unanswered.
    pub paged_at: Option<Timestamp>,
}

impl Command {
    /// Command as a declaration makes it.
    pub fn declared(who: AccountId, at: Timestamp) -> Self {
        let holding = Holding { who, from: at, until: None, how: How::Declared };
        Self { holdings: vec![holding], offer: None, paged_at: None }
    }

    /// Who commands; `None` once the incident is closed.
    pub fn holder(&self) -> Option<AccountId> {
        self.holdings.last().filter(|last| last.until.is_none()).map(|last| last.who)
    }

    /// The commander offers command to somebody.
    ///
    /// # Errors
    /// Refused to everybody else, to oneself, and while another offer is open.
    pub fn offer(&mut self, offer: Offer) -> Result<(), Refusal> {
        self.only_the_holder(offer.from)?;
        if offer.to == offer.from {
            return Err(Refusal::new("to-yourself", "You hold command; offer it to somebody else."));
        }
        if self.offer.is_some() {
            return Err(Refusal::new("offered", "An offer is waiting for its answer; withdraw it first."));
        }
        // Who hands over is there.
        (self.offer, self.paged_at) = (Some(offer), None);
        Ok(())
    }

    /// The one to whom command was offered takes it: from this instant.
    ///
    /// # Errors
    /// Refused to everybody else, and when nothing is offered.
    pub fn accept(&mut self, by: AccountId, at: Timestamp) -> Result<Offer, Refusal> {
        let offer = self.offered_to(by)?;
        self.take(by, at, How::HandedOver);
        Ok(offer)
    }

    /// The one to whom command was offered leaves it where it is.
    ///
    /// # Errors
    /// Refused to everybody else, and when nothing is offered.
    pub fn decline(&mut self, by: AccountId) -> Result<Offer, Refusal> {
        let offer = self.offered_to(by)?;
        self.offer = None;
        Ok(offer)
    }

    /// The commander takes the offer back.
    ///
    /// # Errors
    /// Refused to everybody else, and when nothing is offered.
    pub fn withdraw(&mut self, by: AccountId) -> Result<Offer, Refusal> {
        self.only_the_holder(by)?;
        self.offer.take().ok_or_else(nothing_offered)
    }

    /// Somebody calls the commander; the first call that stays unanswered starts the clock.
    ///
    /// # Errors
    /// Refused to the commander.
    pub fn page(&mut self, by: AccountId, at: Timestamp) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.holder() == Some(by) {
            return Err(Refusal::new("you-command", "You hold command; there is nobody to call."));
        }
        self.paged_at.get_or_insert(at);
        Ok(())
    }

    /// The commander answers.
    ///
    /// # Errors
    /// Refused to everybody else, and when nobody called.
    pub fn answer(&mut self, by: AccountId) -> Result<(), Refusal> {
        self.only_the_holder(by)?;
        match self.paged_at.take() {
            Some(_) => Ok(()),
            None => Err(Refusal::new("not-paged", "Nobody waits for your answer.")),
        }
    }

    /// The next in succession assumes command because calls stayed unanswered for `minutes`.
    ///
    /// # Errors
    /// Refused to the commander, without an unanswered call, and before the time has passed.
    pub fn assume(&mut self, by: AccountId, at: Timestamp, minutes: i64) -> Result<Option<Offer>, Refusal> {
        self.must_be_open()?;
        if self.holder() == Some(by) {
            return Err(Refusal::new("you-command", "You hold command already."));
        }
        let Some(paged_at) = self.paged_at else {
            let sentence = "The commander has not been called, or has answered. Call first.";
            return Err(Refusal::new("not-paged", sentence));
        };
        let left = paged_at.plus_minutes(minutes).0 - at.0;
        if left > 0 {
            let left = (left + 59_999_999) / 60_000_000;
            let sentence = format!("The commander may still answer: command can be assumed in {left} min.");
            return Err(Refusal::new("too-early", sentence));
        }
        let lapsed = self.offer;
        self.take(by, at, How::Assumed);
        Ok(lapsed)
    }

    /// The incident is closed: nobody commands from here on.
    pub fn end(&mut self, at: Timestamp) {
        if let Some(last) = self.holdings.last_mut().filter(|last| last.until.is_none()) {
            last.until = Some(at.max(last.from));
        }
        (self.offer, self.paged_at) = (None, None);
    }

    fn take(&mut self, who: AccountId, at: Timestamp, how: How) {
        let from = self.holdings.last().map_or(at, |last| at.max(last.from));
        if let Some(last) = self.holdings.last_mut() {
            last.until = Some(from);
        }
        self.holdings.push(Holding { who, from, until: None, how });
        (self.offer, self.paged_at) = (None, None);
    }

    fn must_be_open(&self) -> Result<(), Refusal> {
        match self.holder() {
            Some(_) => Ok(()),
            None => Err(Refusal::new("ended", "This incident has ended; nobody commands it.")),
        }
    }

    fn only_the_holder(&self, by: AccountId) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.holder() == Some(by) {
            return Ok(());
        }
        Err(Refusal::new("not-the-commander", "Only who holds command can do this."))
    }

    fn offered_to(&self, by: AccountId) -> Result<Offer, Refusal> {
        self.must_be_open()?;
        let offer = self.offer.ok_or_else(nothing_offered)?;
        if offer.to == by {
            return Ok(offer);
        }
        Err(Refusal::new("not-offered-to-you", "Command was offered to somebody else."))
    }
}

fn nothing_offered() -> Refusal {
    Refusal::new("not-offered", "Command is not on offer; the offer was answered or withdrawn.")
}

/// Where a checklist item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Done,
    NotApplicable,
}

impl TaskState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Done, Self::NotApplicable];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::NotApplicable => "not_applicable",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Ends an open item.
    ///
    /// # Errors
    /// Refused when it has ended.
    pub fn ended_as(self, to: Self) -> Result<Self, Refusal> {
        match self {
            Self::Open => Ok(to),
            Self::Done => Err(Refusal::new("done", "This is done already.")),
            Self::NotApplicable => {
                Err(Refusal::new("not-applicable", "This was marked as not applicable already."))
            }
        }
    }

    /// Whether it is open past its time.
    pub fn is_overdue(self, due_at: Timestamp, now: Timestamp) -> bool {
        self == Self::Open && due_at < now
    }
}

/// Offers command to somebody, named by login or account id.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OfferCommand {
    pub request_id: Text,
    /// The account's id, or its login.
    pub to: Text,
    /// What the next commander must know.
    pub briefing: Text,
}

/// Answers an offer or a call: accept, decline, withdraw, answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Plain {
    pub request_id: Text,
    /// Words for the log.
    pub note: Text,
}

/// Assumes command.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Assume {
    pub request_id: Text,
    pub reason: Text,
}

/// Ends a checklist item.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EndTask {
    pub request_id: Text,
    /// `done` or `not_applicable`.
    pub state: Text,
    pub initials: Text,
    /// Why it does not apply.
    pub reason: Text,
}

/// What a step of command gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandStep {
    pub seq: i64,
    /// Who commands afterwards.
    pub commander: AccountId,
    pub at: Timestamp,
}

/// What ending an item gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskEnded {
    pub seq: i64,
    pub task: TaskId,
    pub state: TaskState,
    pub at: Timestamp,
}

impl EndTask {
    /// Reads the fields: the state, the initials in capitals, the reason.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<(TaskState, String, String), FieldErrors> {
        let mut errors = FieldErrors::default();
        let state = TaskState::from_code(self.state.trimmed()).filter(|state| *state != TaskState::Open);
        if state.is_none() {
            errors.add("state", "Say whether this is done or not applicable.");
        }
        let initials = self.initials.trimmed().to_uppercase();
        let letters = initials.chars().count();
        if !(2..=4).contains(&letters) || !initials.chars().all(char::is_alphabetic) {
            errors.add("initials", "Write your initials, 2 to 4 letters.");
        }
        let reason = errors.optional("reason", &self.reason, 500).unwrap_or_default();
        if state == Some(TaskState::NotApplicable) && reason.is_empty() {
            errors.add("reason", "Say why this does not apply.");
        }
        errors.into_result()?;
        Ok((state.unwrap_or(TaskState::Done), initials, reason))
    }
}

#[cfg(test)]
mod tests;
