//! Command: who holds an incident at every instant (rule 3), and the tasks of the chart's positions.
//!
//! ```text
//! offered ──accept──> accepted      the new commander holds from this instant
//!    ├────decline───> declined
//!    └────withdraw──> withdrawn
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::{AccountId, HandoverId, IncidentId, TaskId},
    time::{Timestamp, hours_minutes},
};

/// Where an offer of command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    Offered,
    Accepted,
    Declined,
    Withdrawn,
}

impl HandoverState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Offered, Self::Accepted, Self::Declined, Self::Withdrawn]
            .into_iter()
            .find(|each| each.code() == code)
    }
}

/// What somebody does about an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverAct {
    Accept,
    Decline,
    Withdraw,
}

/// An offer of command from its holder to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover {
    pub id: HandoverId,
    pub from: AccountId,
    pub to: AccountId,
    pub state: HandoverState,
}

impl Handover {
    /// The state after an act of `account`.
    ///
    /// # Errors
    /// When the offer is answered already, or the act belongs to the other side.
    pub fn after(&self, act: HandoverAct, account: AccountId) -> Result<HandoverState, Refusal> {
        if self.state != HandoverState::Offered {
            let sentence = format!("This offer was {} already.", self.state.code());
            return Err(Refusal::new("answered", sentence));
        }
        match act {
            HandoverAct::Accept if account == self.to => Ok(HandoverState::Accepted),
            HandoverAct::Decline if account == self.to => Ok(HandoverState::Declined),
            HandoverAct::Withdraw if account == self.from => Ok(HandoverState::Withdrawn),
            HandoverAct::Accept | HandoverAct::Decline => {
                Err(Refusal::new("not-yours", "Only the person to whom command was offered can answer."))
            }
            HandoverAct::Withdraw => {
                Err(Refusal::new("not-yours", "Only the person who offered command can withdraw the offer."))
            }
        }
    }
}

/// Who held command from when to when; the present holder's interval is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holding {
    pub account: AccountId,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// Everybody who has held an incident, in order: without a gap and without an overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holders(Vec<Holding>);

impl Holders {
    /// Begins with the person who declared.
    pub fn begin(account: AccountId, at: Timestamp) -> Self {
        Self(vec![Holding { account, from: at, until: None }])
    }

    /// From what is kept, oldest first.
    ///
    /// # Errors
    /// When the intervals have a gap or an overlap, or nobody holds now; the text is for the log.
    pub fn kept(holdings: Vec<Holding>) -> Result<Self, String> {
        let fits = holdings.windows(2).all(|pair| pair[0].until == Some(pair[1].from));
        let held = holdings.last().is_some_and(|last| last.until.is_none());
        if fits && held {
            Ok(Self(holdings))
        } else {
            Err("the holders of command have a gap or an overlap".into())
        }
    }

    /// Passes command on at an instant, which is never before the present holder's beginning.
    pub fn pass(&mut self, to: AccountId, at: Timestamp) {
        if let Some(last) = self.0.last_mut() {
            let at = at.max(last.from);
            last.until = Some(at);
            self.0.push(Holding { account: to, from: at, until: None });
        }
    }

    /// Who holds command now.
    pub fn now(&self) -> AccountId {
        self.0.last().expect("command begins with the declaration and is only passed on").account
    }

    /// Who held it at an instant.
    pub fn at(&self, at: Timestamp) -> Option<AccountId> {
        let holds = |holding: &&Holding| holding.from <= at && holding.until.is_none_or(|until| at < until);
        self.0.iter().find(holds).map(|holding| holding.account)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Holding> {
        self.0.iter()
    }
}

/// Whether somebody may assume command: not the holder, and only after a page stayed unanswered.
///
/// # Errors
/// A refusal that says since when, or how long still to wait.
pub fn may_assume(
    account: AccountId,
    commander: AccountId,
    oldest_unanswered_page: Option<Timestamp>,
    patience_minutes: i64,
    now: Timestamp,
) -> Result<(), Refusal> {
    if account == commander {
        return Err(Refusal::new("yours", "You hold command already."));
    }
    let Some(paged) = oldest_unanswered_page else {
        let sentence = "Page the commander first; command can be assumed when the page stays unanswered.";
        return Err(Refusal::new("not-paged", sentence));
    };
    let waited = now.minutes_since(paged);
    if waited < patience_minutes {
        let left = patience_minutes - waited;
        let sentence = format!("The commander has {left} more minutes to answer the page.");
        return Err(Refusal::new("wait", sentence));
    }
    Ok(())
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Done,
    NotApplicable,
}

impl TaskState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::NotApplicable => "not_applicable",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Open, Self::Done, Self::NotApplicable].into_iter().find(|each| each.code() == code)
    }

    /// The state after marking. A task that is done may be found not applicable and the other way round, but it
    /// never becomes open again: what was initialled stays in the log.
    ///
    /// # Errors
    /// When it is marked so already, or is to be opened again.
    pub fn after(self, mark: Self) -> Result<Self, Refusal> {
        match (self, mark) {
            (_, Self::Open) => Err(Refusal::new("initialled", "A task is marked done or not applicable.")),
            (before, after) if before == after => {
                Err(Refusal::new("marked", "Somebody has marked this task already."))
            }
            (_, after) => Ok(after),
        }
    }
}

/// The latest time at which an open task can have been due to be late now: it is late by a whole minute or more.
pub const fn late_when_due_by(now: Timestamp) -> Timestamp {
    now.plus_minutes(-1)
}

/// Whether a task is late, and by how much in words: `22 min late`, `02:05 late`.
pub fn overdue(state: TaskState, due: Timestamp, now: Timestamp) -> Option<String> {
    let late = now.minutes_since(due);
    let is_late = state == TaskState::Open && due <= late_when_due_by(now);
    is_late
        .then(|| if late < 60 { format!("{late} min late") } else { format!("{} late", hours_minutes(late)) })
}

/// Offers command to somebody, by their name for signing in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OfferCommand {
    pub request_id: Text,
    pub login: Text,
    /// What the next commander must know.
    pub briefing: Text,
}

/// Answers an offer: `accept`, `decline` or `withdraw`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AnswerOffer {
    pub request_id: Text,
    pub answer: Text,
}

/// Assumes command from a commander who does not answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AssumeCommand {
    pub request_id: Text,
    pub reason: Text,
}

/// A command that needs nothing but its path: paging the commander, or answering the page.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Plain {
    pub request_id: Text,
}

/// Marks a task.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MarkTask {
    pub request_id: Text,
    /// `done` or `not_applicable`.
    pub state: Text,
    /// One to five letters.
    pub initials: Text,
}

/// What happened to command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandChanged {
    pub incident: IncidentId,
    pub seq: i64,
    pub commander: AccountId,
    pub handover: Option<HandoverId>,
}

/// What happened to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskMarked {
    pub task: TaskId,
    pub seq: i64,
    pub state: TaskState,
}

impl AnswerOffer {
    /// Reads the answer.
    ///
    /// # Errors
    /// A sentence at the field.
    pub fn read(&self) -> Result<HandoverAct, FieldErrors> {
        match self.answer.trimmed() {
            "accept" => Ok(HandoverAct::Accept),
            "decline" => Ok(HandoverAct::Decline),
            "withdraw" => Ok(HandoverAct::Withdraw),
            _ => Err(FieldErrors::one("answer", "Answer with accept, decline or withdraw.")),
        }
    }
}

impl MarkTask {
    /// Reads the mark and the initials.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<(TaskState, String), FieldErrors> {
        let mut errors = FieldErrors::default();
        let state = TaskState::from_code(self.state.trimmed()).filter(|state| *state != TaskState::Open);
        if state.is_none() {
            errors.add("state", "Mark the task done or not_applicable.");
        }
        let initials = self.initials.trimmed().to_uppercase();
        let fits = (1..=5).contains(&initials.chars().count()) && initials.chars().all(char::is_alphabetic);
        if !fits {
            errors.add("initials", "Write your initials: one to five letters.");
        }
        errors.into_result()?;
        Ok((state.unwrap_or(TaskState::Done), initials))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId(Uuid::from_u128(u128::from(number) + 1))
    }

    fn offer(state: HandoverState) -> Handover {
        Handover { id: HandoverId(Uuid::nil()), from: account(0), to: account(1), state }
    }

    #[test]
    fn only_the_person_asked_can_accept_and_only_the_person_asking_can_withdraw() {
        let offered = offer(HandoverState::Offered);
        assert_eq!(offered.after(HandoverAct::Accept, account(1)), Ok(HandoverState::Accepted));
        assert!(offered.after(HandoverAct::Accept, account(0)).is_err());
        assert!(offered.after(HandoverAct::Withdraw, account(1)).is_err());
        assert_eq!(offered.after(HandoverAct::Withdraw, account(0)), Ok(HandoverState::Withdrawn));
        for answered in [HandoverState::Accepted, HandoverState::Declined, HandoverState::Withdrawn] {
            assert!(offer(answered).after(HandoverAct::Accept, account(1)).is_err());
        }
    }

    #[test]
    fn command_is_assumed_only_after_a_page_stayed_unanswered() {
        let now = Timestamp::from_seconds(3_600);
        let assume =
            |paged| may_assume(account(1), account(0), paged, 15, now).map_err(|refusal| refusal.code);
        assert_eq!(assume(None), Err("not-paged".into()));
        assert_eq!(assume(Some(now.plus_minutes(-14))), Err("wait".into()));
        assert_eq!(assume(Some(now.plus_minutes(-15))), Ok(()));
        assert!(may_assume(account(0), account(0), Some(Timestamp(0)), 15, now).is_err());
    }

    #[test]
    fn a_marked_task_never_becomes_open_again() {
        for state in [TaskState::Open, TaskState::Done, TaskState::NotApplicable] {
            assert!(state.after(TaskState::Open).is_err());
        }
        assert_eq!(TaskState::Open.after(TaskState::Done), Ok(TaskState::Done));
        assert!(TaskState::Done.after(TaskState::Done).is_err());
    }

    #[test]
    fn a_task_is_late_from_the_minute_it_was_due() {
        let due = Timestamp::from_seconds(600);
        assert_eq!(overdue(TaskState::Open, due, due), None);
        assert_eq!(overdue(TaskState::Open, due, Timestamp(due.0 + 59_999_999)), None);
        assert_eq!(overdue(TaskState::Open, due, due.plus_minutes(1)), Some("1 min late".into()));
        assert_eq!(overdue(TaskState::Open, due, due.plus_minutes(22)), Some("22 min late".into()));
        assert_eq!(overdue(TaskState::Open, due, due.plus_minutes(125)), Some("02:05 late".into()));
        assert_eq!(overdue(TaskState::Done, due, due.plus_minutes(22)), None);
    }

    proptest! {
        /// Rule 3: at every instant from the declaration on exactly one person holds command, whatever the clock does.
        #[test]
        fn exactly_one_person_holds_command_at_every_instant(
            passes in prop::collection::vec((0_u8..6, -50_i64..500), 0..40),
            asked in 0_i64..100_000,
        ) {
            let begin = Timestamp(1_000);
            let mut holders = Holders::begin(account(0), begin);
            let mut at = begin;
            for (to, step) in passes {
                at = Timestamp(at.0 + step);
                holders.pass(account(to), at);
            }
            let asked = Timestamp(begin.0 + asked);
            let holding = holders.iter().filter(|each| {
                each.from <= asked && each.until.is_none_or(|until| asked < until)
            });
            prop_assert_eq!(holding.count(), 1);
            prop_assert!(holders.at(asked).is_some());
            prop_assert!(Holders::kept(holders.iter().copied().collect()).is_ok());
        }
    }
}
