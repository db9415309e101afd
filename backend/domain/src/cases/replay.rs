//! Afterwards, the record system's own account is laid beside our cases: what its appointments came to while we worked on
//! paper. From where a case stands and what the system says follows at most one proposal, which a person confirms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use crate::{schedule::report, time::Timestamp};

/// What the record system says of a case's patient: of the same appointment, or of another one that replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub state: report::State,
    /// It is another appointment of the same patient for the same service.
    pub replaces: bool,
    pub start: Timestamp,
}

/// Where a case stands, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ours {
    pub state: State,
    pub start: Timestamp,
    pub new_start: Option<Timestamp>,
}

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proposal {
    /// A new date is booked there.
    Rebooked,
    /// The patient of a cancelled booking arrived there, or was treated.
    Seen,
    /// A kept case took place.
    Done,
    /// The new date was cancelled there, so the case is open again (rule 7).
    CancelledAgain,
    /// It was cancelled there, and no decision of ours did it: the case becomes one marked "outside command".
    Outside,
    /// It was booked in error, and never was.
    Error,
}

impl Proposal {
    pub const ALL: [Self; 6] =
        [Self::Rebooked, Self::Seen, Self::Done, Self::CancelledAgain, Self::Outside, Self::Error];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Rebooked => "rebooked",
            Self::Seen => "seen",
            Self::Done => "done",
            Self::CancelledAgain => "cancelled_again",
            Self::Outside => "outside",
            Self::Error => "error",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proposal| proposal.code() == code)
    }
}

/// What the rule of a case says that was cancelled without a decision of ours.
pub const OUTSIDE: &str = "outside command";

/// The proposal that follows from a case and what the record system says; `None` when they agree, or when only a person
/// can tell.
pub fn proposal(ours: &Ours, account: &Account, now: Timestamp) -> Option<Proposal> {
    use report::State as There;
    let is_cancelled = matches!(ours.state, State::ToContact | State::Contacting | State::Told);
    match (ours.state, account.state) {
        // A new date that has passed unsaid is no date: who knows whether the patient came.
        (State::ToContact | State::Contacting | State::Told | State::Rebooked, There::Booked) => {
            let known = if is_cancelled { ours.start } else { ours.new_start.unwrap_or(ours.start) };
            let is_new = account.start != known && account.start != ours.start;
            (is_new && account.start > now).then_some(Proposal::Rebooked)
        }
        (
            State::ToContact | State::Contacting | State::Told | State::Rebooked,
            There::Arrived | There::Done,
        ) => Some(Proposal::Seen),
        (State::Kept, There::Done) => (!account.replaces).then_some(Proposal::Done),
        // Of the same appointment this may be our own cancellation, typed in late.
        (State::Rebooked, There::Cancelled | There::Discontinued | There::Deleted) => {
            let is_the_new_date = ours.new_start == Some(account.start);
            is_the_new_date.then_some(Proposal::CancelledAgain)
        }
        (State::Scheduled | State::Kept, There::Cancelled | There::Discontinued) => {
            (!account.replaces).then_some(Proposal::Outside)
        }
        (State::Scheduled | State::Kept, There::Deleted) => (!account.replaces).then_some(Proposal::Error),
        _ => None,
    }
}

/// Whether two names of a service mean the same one: the words, whatever stands between them.
pub fn same_service(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    !plain(one).is_empty() && plain(one) == plain(other)
}

/// Whether an appointment that the system cancelled, and of which we have no case, belongs to the incident: it was
/// cancelled since the downtime began, and was to be on its first day or later.
pub fn is_unknown_cancellation(
    state: report::State,
    (event_at, begins): (Timestamp, Timestamp),
    (start, first_day): (Timestamp, Timestamp),
) -> bool {
    matches!(state, report::State::Cancelled | report::State::Discontinued)
        && event_at >= start
        && begins >= first_day
}

#[cfg(test)]
mod tests {
    use report::State as There;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const BOOKED: Timestamp = Timestamp::from_seconds(500_000);
    const NEW: Timestamp = Timestamp::from_seconds(2_000_000);

    /// Of the same appointment at another, future time: rows are our states, columns theirs.
    #[test]
    fn each_state_of_a_case_meets_each_state_there() {
        let theirs = There::ALL;
        let expected = |state: State| -> [Option<Proposal>; 8] {
            use Proposal::{Done, Error, Outside, Rebooked, Seen};
            match state {
                //                          requested booked          arrived     done        cancelled      discontinued   deleted      no show
                State::Scheduled => [None, None, None, None, Some(Outside), Some(Outside), Some(Error), None],
                State::Kept => {
                    [None, None, None, Some(Done), Some(Outside), Some(Outside), Some(Error), None]
                }
                State::ToContact | State::Contacting | State::Told => {
                    [None, Some(Rebooked), Some(Seen), Some(Seen), None, None, None, None]
                }
                State::Rebooked => [None, Some(Rebooked), Some(Seen), Some(Seen), None, None, None, None],
                _ => [None; 8],
            }
        };
        for state in State::ALL {
            let ours = Ours { state, start: BOOKED, new_start: None };
            let said = theirs
                .map(|there| proposal(&ours, &Account { state: there, replaces: false, start: NEW }, NOW));
            assert_eq!(said, expected(state), "{state:?}");
        }
    }

    #[test]
    fn what_both_know_is_not_proposed() {
        let ours = |state, new_start| Ours { state, start: BOOKED, new_start };
        let there = |state, start| Account { state, replaces: true, start };
        let told = ours(State::Told, None);
        assert_eq!(proposal(&told, &there(There::Booked, BOOKED), NOW), None, "it never learned of it");
        let passed = Timestamp::from_seconds(900_000);
        assert_eq!(
            proposal(&told, &there(There::Booked, passed), NOW),
            None,
            "nobody said what became of it"
        );
        let rebooked = ours(State::Rebooked, Some(NEW));
        assert_eq!(proposal(&rebooked, &there(There::Booked, NEW), NOW), None);
        assert_eq!(proposal(&rebooked, &there(There::Cancelled, NEW), NOW), Some(Proposal::CancelledAgain));
        assert_eq!(proposal(&rebooked, &there(There::Cancelled, BOOKED), NOW), None, "our own cancellation");
        let kept = ours(State::Kept, None);
        assert_eq!(proposal(&kept, &there(There::Cancelled, NEW), NOW), None, "it was another appointment");
    }

    #[test]
    fn a_service_is_known_by_its_words_and_an_empty_one_by_nothing() {
        assert!(same_service("Return visit, Cardiology", "RETURN VISIT CARDIOLOGY"));
        assert!(!same_service("", ""));
        assert!(!same_service("Cardiology", "Cardiology new"));
    }

    #[test]
    fn only_what_was_cancelled_since_for_days_of_the_downtime_is_unknown() {
        let first_day = Timestamp::from_seconds(950_000);
        let told = |state, event_at, on| is_unknown_cancellation(state, (event_at, on), (NOW, first_day));
        assert!(told(There::Cancelled, NOW, first_day) && told(There::Discontinued, NEW, NEW));
        assert!(!told(There::Cancelled, BOOKED, NEW) && !told(There::Cancelled, NEW, BOOKED));
        assert!(!told(There::Deleted, NEW, NEW) && !told(There::NoShow, NEW, NEW));
    }
}
