//! What must be looked at again, item by item: what was written while a system was called clear and was not, images
//! read in a hurry, results given by telephone, samples that another laboratory has.
//!
//! ```text
//! open -> confirmed | corrected | harm        (an outcome may become another one; each is a new event)
//!              corrected | harm -> patient contacted, a mark of its own that is never taken away
//! ```
//!
//! An item holds ids, codes and numbers of records, never the name of a patient.

mod command;
mod file;
mod suspect;

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{AddReview, Added, DecideReviews, Decided, Decision, New, no_patient};
pub use file::{COLUMNS, Read, Row, Setting, read};
pub use suspect::{Known, Release, Suspect};

use crate::{
    Refusal,
    actor::Role,
    id::{AccountId, CaseId, FormId},
};

/// Why something must be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Written between a release and its revocation.
    SuspectWindow,
    /// An image read during the downtime.
    PreliminaryRead,
    /// A critical result given by telephone.
    PhonedResult,
    /// A sample sent to another laboratory.
    DivertedSample,
}

impl Queue {
    pub const ALL: [Self; 4] =
        [Self::SuspectWindow, Self::PreliminaryRead, Self::PhonedResult, Self::DivertedSample];

    pub const fn code(self) -> &'static str {
        match self {
            Self::SuspectWindow => "suspect_window",
            Self::PreliminaryRead => "preliminary_read",
            Self::PhonedResult => "phoned_result",
            Self::DivertedSample => "diverted_sample",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.code() == code)
    }

    /// The queue as a page names it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SuspectWindow => "Written while it was called clear",
            Self::PreliminaryRead => "Images read in the downtime",
            Self::PhonedResult => "Critical results by telephone",
            Self::DivertedSample => "Samples sent to another laboratory",
        }
    }
}

/// What came of looking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    /// It is right as it stands.
    Confirmed,
    /// It was wrong and is put right.
    Corrected,
    /// It was wrong and has harmed somebody, or may have.
    Harm,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Open, Self::Confirmed, Self::Corrected, Self::Harm];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Corrected => "corrected",
            Self::Harm => "harm",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the patient has to be told of it.
    pub const fn asks_for_contact(self) -> bool {
        matches!(self, Self::Corrected | Self::Harm)
    }
}

/// What an item is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Form(FormId),
    Case(CaseId),
    /// An entry of the incident's log.
    Log(i64),
    /// A record of the hospital's own systems, by its accession or record number.
    Record(String),
}

impl Subject {
    /// Who looks at such a thing again, as long as nobody has taken it on.
    pub const fn keeper(&self, queue: Queue) -> Role {
        match (self, queue) {
            (Self::Case(_), _) => Role::CaseManager,
            (Self::Log(_), _) | (_, Queue::PreliminaryRead) => Role::Signer,
            (Self::Form(_) | Self::Record(_), _) => Role::FormsClerk,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(id) => write!(f, "form:{id}"),
            Self::Case(id) => write!(f, "case:{id}"),
            Self::Log(seq) => write!(f, "log:{seq}"),
            Self::Record(number) => write!(f, "record:{number}"),
        }
    }
}

/// Why a text is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Give the accession or record number alone: digits, letters and - . / _ #, at most 40, without spaces."
)]
pub struct NotASubject;

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let (kind, rest) = text.split_once(':').ok_or(NotASubject)?;
        match kind {
            "form" => rest.parse().map(Self::Form).map_err(|_| NotASubject),
            "case" => rest.parse().map(Self::Case).map_err(|_| NotASubject),
            "log" => rest.parse().map(Self::Log).map_err(|_| NotASubject),
            "record" => record(rest),
            _ => Err(NotASubject),
        }
    }
}

/// A record of the hospital's own by its number. A name has no digit, so a name is none.
///
/// # Errors
/// [`NotASubject`] when it is anything but one number.
pub fn record(number: &str) -> Result<Subject, NotASubject> {
    let number = number.trim();
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '/' | '_' | '#');
    let fits = (1..=40).contains(&number.len())
        && number.chars().all(is_sign)
        && number.chars().any(|sign| sign.is_ascii_digit());
    if fits { Ok(Subject::Record(number.to_owned())) } else { Err(NotASubject) }
}

/// What somebody does about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Takes it on: from now on it is theirs.
    Take,
    Confirm,
    Correct,
    Harm,
    /// The patient was told.
    Contacted,
}

impl Act {
    pub const ALL: [Self; 5] = [Self::Take, Self::Confirm, Self::Correct, Self::Harm, Self::Contacted];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Confirm => "confirm",
            Self::Correct => "correct",
            Self::Harm => "harm",
            Self::Contacted => "contacted",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    const fn outcome(self) -> Option<State> {
        match self {
            Self::Take | Self::Contacted => None,
            Self::Confirm => Some(State::Confirmed),
            Self::Correct => Some(State::Corrected),
            Self::Harm => Some(State::Harm),
        }
    }
}

/// An item as the rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    pub state: State,
    pub contacted: bool,
    /// Who has taken it on.
    pub owner: Option<AccountId>,
}

impl Review {
    /// A new item, on which nobody has looked yet.
    pub const OPEN: Self = Self { state: State::Open, contacted: false, owner: None };

    /// Whether it keeps the incident from closing: nobody has looked, or the patient does not know.
    pub const fn is_in_the_way(&self) -> bool {
        matches!(self.state, State::Open) || (self.state.asks_for_contact() && !self.contacted)
    }

    /// The item after an act.
    ///
    /// # Errors
    /// Refused when it says so already, for harm without a note, and for telling a patient of what nobody has found.
    pub fn after(self, act: Act, note: &str, by: AccountId) -> Result<Self, Refusal> {
        match act {
            Act::Take if self.owner == Some(by) => {
                Err(Refusal::new("taken-already", "You have taken this on already."))
            }
            Act::Take => Ok(Self { owner: Some(by), ..self }),
            Act::Contacted if self.contacted => {
                Err(Refusal::new("contacted-already", "The patient was told already."))
            }
            Act::Contacted if !self.state.asks_for_contact() => Err(Refusal::new(
                "nothing-to-tell",
                "Say first what was found: only what was corrected or did harm has to be told.",
            )),
            Act::Contacted => Ok(Self { contacted: true, ..self }),
            Act::Harm if note.trim().is_empty() => {
                Err(Refusal::new("no-note", "Say in a note what the harm is, or may be."))
            }
            Act::Confirm | Act::Correct | Act::Harm => {
                let state = act.outcome().unwrap_or(self.state);
                if state == self.state {
                    let sentence = format!("This is {} already.", self.state.code());
                    return Err(Refusal::new("same-outcome", sentence));
                }
                Ok(Self { state, ..self })
            }
        }
    }
}

#[cfg(test)]
mod tests;
