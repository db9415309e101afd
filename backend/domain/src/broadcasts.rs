//! Broadcasts: one message to an audience, never edited after sending, and who has answered it.

pub mod audience;
pub mod compose;
pub mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    actor::Role,
    field::{FieldErrors, Text},
    id::{AccountId, BroadcastId},
};

/// Where a broadcast is in its life.
///
/// ```text
/// draft ──send──> staged ──all rows staged──> sending ──nothing open──> done
///   └─send, second look─> pending approval ──approve──^ └─cannot be prepared─> failed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Draft,
    PendingApproval,
    Staged,
    Sending,
    Done,
    Discarded,
    Failed,
}

impl Stage {
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::PendingApproval,
        Self::Staged,
        Self::Sending,
        Self::Done,
        Self::Discarded,
        Self::Failed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::PendingApproval => "pending_approval",
            Self::Staged => "staged",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Discarded => "discarded",
            Self::Failed => "failed",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::PendingApproval => "waits for a second look",
            Self::Staged => "being prepared",
            Self::Done => "sent",
            Self::Failed => "could not be prepared",
            other => other.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }

    /// Whether people may have it.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Staged | Self::Sending | Self::Done)
    }

    /// Whether it has begun to leave, so that there is something to know.
    pub const fn has_left(self) -> bool {
        matches!(self, Self::Sending | Self::Done)
    }
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Received,
    WillComply,
    CannotComply,
    Question,
    Safe,
}

impl Answer {
    pub const ALL: [Self; 5] =
        [Self::WillComply, Self::Received, Self::CannotComply, Self::Question, Self::Safe];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::WillComply => "will_comply",
            Self::CannotComply => "cannot_comply",
            Self::Question => "question",
            Self::Safe => "safe",
        }
    }

    /// The answer in the words of the one who gives it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Received => "I have read this",
            Self::WillComply => "I have read this and will comply",
            Self::CannotComply => "I cannot comply",
            Self::Question => "I have a question",
            Self::Safe => "I am safe",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.code() == code)
    }

    /// Whether it counts towards the unit: cannot comply and question never do, safe alone neither.
    pub const fn confirms(self) -> bool {
        matches!(self, Self::Received | Self::WillComply)
    }
}

/// How many of a unit were asked and have answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitTally {
    pub people: i64,
    pub on_duty: i64,
    /// On duty and confirmed, themselves or by someone on their behalf.
    pub confirmed: i64,
    pub leads_confirmed: i64,
    /// On duty with any answer.
    pub answered: i64,
}

/// Whether a unit knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Knows {
    /// Nobody is on duty there: somebody must go and look.
    NobodyToAsk,
    Not,
    Partly,
    Confirmed,
}

impl Knows {
    pub const fn code(self) -> &'static str {
        match self {
            Self::NobodyToAsk => "nobody_to_ask",
            Self::Not => "not",
            Self::Partly => "partly",
            Self::Confirmed => "confirmed",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::NobodyToAsk => "nobody to ask",
            Self::Not => "not confirmed",
            Self::Partly => "partly",
            Self::Confirmed => "confirmed",
        }
    }
}

impl UnitTally {
    /// Confirmed when an on-duty lead, or the share of the on-duty recipients, answered received or will comply;
    /// partly when anyone answered.
    pub const fn knows(self, percent: i64) -> Knows {
        if self.on_duty == 0 {
            return Knows::NobodyToAsk;
        }
        if self.leads_confirmed > 0 || self.confirmed * 100 >= self.on_duty * percent && self.confirmed > 0 {
            return Knows::Confirmed;
        }
        if self.answered > 0 { Knows::Partly } else { Knows::Not }
    }

    /// The tally after one person's answer took the place of an earlier one, or of none.
    #[must_use]
    pub const fn answer(mut self, on_duty: bool, lead: bool, before: Option<Answer>, now: Answer) -> Self {
        if !on_duty {
            return self;
        }
        let was = matches!(before, Some(before) if before.confirms());
        let step = now.confirms() as i64 - was as i64;
        self.confirmed += step;
        if lead {
            self.leads_confirmed += step;
        }
        if before.is_none() {
            self.answered += 1;
        }
        self
    }
}

/// Gives an answer, by link or on somebody's behalf.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GiveAnswer {
    pub request_id: Text,
    /// `received`, `will_comply`, `cannot_comply`, `question` or `safe`.
    pub answer: Text,
    /// The question or the reason, in words.
    pub note: Text,
    /// At a shared address: which of the people behind it answers, by number.
    pub who: Text,
}

/// An answer that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub answer: Answer,
    pub note: String,
    pub who: Option<i64>,
}

impl GiveAnswer {
    /// Reads the form.
    ///
    /// # Errors
    /// What is missing, at its field.
    pub fn read(&self) -> Result<Given, FieldErrors> {
        let mut errors = FieldErrors::default();
        let answer = Answer::from_code(self.answer.trimmed());
        if answer.is_none() {
            errors.add("answer", "Choose an answer.");
        }
        let note = errors.optional("note", &self.note, 500);
        let asks = matches!(answer, Some(Answer::CannotComply | Answer::Question));
        if asks && self.note.is_blank() {
            errors.add("note", "Say in a few words what stops you, or what you ask.");
        }
        let who = if self.who.is_blank() { Some(None) } else { self.who.trimmed().parse().ok().map(Some) };
        if who.is_none() {
            errors.add("who", "Choose who you are.");
        }
        match (answer, note, who) {
            (Some(answer), Some(note), Some(who)) if errors.is_empty() => Ok(Given { answer, note, who }),
            _ => Err(errors),
        }
    }
}

/// Logs on whose behalf a unit's people answered: a call, a runner, a word in the corridor.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AnswerForUnit {
    pub request_id: Text,
    /// The number of the person within the broadcast, as the unit's page lists them.
    pub who: Vec<Text>,
    pub answer: Text,
    pub note: Text,
}

/// What an answer gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answered {
    pub broadcast: BroadcastId,
    pub answer: String,
    /// How many people's answers changed.
    pub people: i64,
}

/// Why a broadcast needs a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum SecondLook {
    /// Free text names a system under a prohibition (rule 1).
    NamesForbidden { system: String, quoted: String, order: String },
    /// Something may identify a patient, and the sender says that it does not (rule 17).
    MayIdentify { quoted: String, likeness: String },
}

/// Whether this person may give the second look: another one, who communicates or commands.
///
/// # Errors
/// Why not, as a sentence.
pub fn may_approve(sender: AccountId, approver: AccountId, roles: &[Role]) -> Result<(), Refusal> {
    if sender == approver {
        let sentence = "You sent this. Another communicator or commander must look at it.";
        return Err(Refusal::new("own-broadcast", sentence));
    }
    if !roles.iter().any(|role| matches!(role, Role::Communicator | Role::Commander)) {
        let sentence = "Only a communicator or a commander gives the second look.";
        return Err(Refusal::new("not-an-approver", sentence));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(on_duty: i64, confirmed: i64, leads: i64, answered: i64) -> UnitTally {
        UnitTally { people: on_duty, on_duty, confirmed, leads_confirmed: leads, answered }
    }

    #[test]
    fn a_unit_is_confirmed_by_its_lead_or_by_its_share() {
        assert_eq!(unit(10, 1, 1, 1).knows(60), Knows::Confirmed);
        assert_eq!(unit(10, 6, 0, 6).knows(60), Knows::Confirmed);
        assert_eq!(unit(10, 5, 0, 9).knows(60), Knows::Partly);
        assert_eq!(unit(10, 0, 0, 0).knows(60), Knows::Not);
        assert_eq!(unit(0, 0, 0, 0).knows(60), Knows::NobodyToAsk);
    }

    #[test]
    fn questions_and_safe_never_confirm() {
        for answer in [Answer::Question, Answer::CannotComply, Answer::Safe] {
            let tally = unit(1, 0, 0, 0).answer(true, true, None, answer);
            assert_eq!(tally.knows(60), Knows::Partly, "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn a_tally_is_what_counting_the_last_answers_gives(
            people in prop::collection::vec((any::<bool>(), any::<bool>(), prop::collection::vec(0_usize..5, 0..4)), 0..12),
        ) {
            let on_duty = people.iter().filter(|(duty, ..)| *duty).count();
            let mut tally = UnitTally { on_duty: i64::try_from(on_duty)?, ..UnitTally::default() };
            for (duty, lead, answers) in &people {
                let mut before = None;
                for answer in answers {
                    tally = tally.answer(*duty, *lead, before, Answer::ALL[*answer]);
                    before = Some(Answer::ALL[*answer]);
                }
            }
            let last = people.iter().filter(|(duty, ..)| *duty).filter_map(|(_, lead, answers)| answers.last().map(|at| (*lead, Answer::ALL[*at])));
            let last: Vec<_> = last.collect();
            prop_assert_eq!(tally.answered, i64::try_from(last.len())?);
            prop_assert_eq!(tally.confirmed, i64::try_from(last.iter().filter(|(_, answer)| answer.confirms()).count())?);
            prop_assert_eq!(tally.leads_confirmed, i64::try_from(last.iter().filter(|(lead, answer)| *lead && answer.confirms()).count())?);
        }
    }

    #[test]
    fn two_looks_are_two_people() {
        let (one, two) = (AccountId(uuid::Uuid::from_u128(1)), AccountId(uuid::Uuid::from_u128(2)));
        assert_eq!(
            may_approve(one, one, &[Role::Commander]).map_err(|refusal| refusal.code.into_owned()),
            Err("own-broadcast".to_owned())
        );
        assert!(may_approve(one, two, &[Role::Viewer]).is_err());
        assert!(may_approve(one, two, &[Role::Communicator]).is_ok());
    }
}
