//! Cross-checks: what was expected against what was found, and every gap between them brought to an end.
//!
//! A check has lines, one for each thing that two lists should both name: a dispensed dose, an arrival, a study, a
//! bag of blood, or the forms of a kind that a unit must have for its patients. A line is even or it is a gap; a gap
//! has an owner and comes to an end with a reason, or two people in two roles waive it (rule 13).
//!
//! ```text
//! even <──the numbers agree── open ──explained | corrected | harm──> ended
//!                              ^─────── the numbers change ────────────┘
//! ```

mod command;
mod file;
mod matrix;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{
    Act, CensusSet, Compare, Compared, DecideGap, GapDecided, GapDecision, MOST_OF_AN_OCCASION, SetCensus,
    TypedCensus,
};
pub use file::{
    CENSUS_COLUMNS, CensusRow, Known, LIST_COLUMNS, ListRow, ReadCensus, ReadList, read_census, read_list,
};
pub use matrix::{Cell, Census, matrix};

use crate::{Refusal, id::AccountId};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Forms that must be there for the census, against sheets that came back used.
    ExpectedForms,
    Dispensed,
    Arrivals,
    Imaging,
    Theatre,
    Blood,
    Pages,
    /// Critical results that were called, against those that were read back.
    ReadBack,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::ExpectedForms,
        Self::Dispensed,
        Self::Arrivals,
        Self::Imaging,
        Self::Theatre,
        Self::Blood,
        Self::Pages,
        Self::ReadBack,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::ExpectedForms => "expected_forms",
            Self::Dispensed => "dispensed",
            Self::Arrivals => "arrivals",
            Self::Imaging => "imaging",
            Self::Theatre => "theatre",
            Self::Blood => "blood",
            Self::Pages => "pages",
            Self::ReadBack => "read_back",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::ExpectedForms => "Forms that must be there, against forms used",
            Self::Dispensed => "Doses dispensed, against doses charted",
            Self::Arrivals => "Arrivals, against encounters",
            Self::Imaging => "Studies on the machines, against reports",
            Self::Theatre => "Operations, against notes",
            Self::Blood => "Blood issued, against blood given",
            Self::Pages => "Pages counted, against pages scanned",
            Self::ReadBack => "Critical results called, against results read back",
        }
    }

    /// What a side's list is called.
    pub const fn list(self, side: Side) -> &'static str {
        match (self, side) {
            (Self::ExpectedForms, Side::Expected) => "census",
            (Self::ExpectedForms, Side::Found) => "sheets used",
            (Self::Dispensed, Side::Expected) => "dispensing log",
            (Self::Dispensed, Side::Found) => "charted doses",
            (Self::Arrivals, Side::Expected) => "arrivals log",
            (Self::Arrivals, Side::Found) => "encounters",
            (Self::Imaging, Side::Expected) => "machines' log",
            (Self::Imaging, Side::Found) => "reports",
            (Self::Theatre, Side::Expected) => "theatre log",
            (Self::Theatre, Side::Found) => "operative notes",
            (Self::Blood, Side::Expected) => "blood issued",
            (Self::Blood, Side::Found) => "blood given",
            (Self::Pages, Side::Expected) => "pages counted",
            (Self::Pages, Side::Found) => "pages scanned",
            (Self::ReadBack, Side::Expected) => "critical results called",
            (Self::ReadBack, Side::Found) => "results read back",
        }
    }

    /// Whether both sides are lists that are imported.
    pub const fn has_lists(self) -> bool {
        !matches!(self, Self::ExpectedForms | Self::ReadBack)
    }

    /// Whether the two numbers of a line agree. More forms than must be there are no gap; one dose more is.
    pub const fn agree(self, expected: i64, found: i64) -> bool {
        if self.has_lists() { expected == found } else { found >= expected }
    }
}

/// One of the two lists of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Expected,
    Found,
}

impl Side {
    pub const ALL: [Self; 2] = [Self::Expected, Self::Found];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Found => "found",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.code() == code)
    }
}

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Even,
    /// A gap that nobody has brought to an end.
    Open,
    /// There is a reason, and nothing is to be mended.
    Explained,
    /// What was missing is in the record now.
    Corrected,
    /// It reached a patient and is reported.
    Harm,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Even, Self::Open, Self::Explained, Self::Corrected, Self::Harm];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Open => "open",
            Self::Explained => "explained",
            Self::Corrected => "corrected",
            Self::Harm => "harm",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Even => "agrees",
            Self::Open => "open gap",
            Self::Explained => "explained",
            Self::Corrected => "corrected",
            Self::Harm => "harm reported",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// One line, as far as the rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub expected: i64,
    pub found: i64,
    pub state: State,
    pub owner: Option<AccountId>,
}

impl Line {
    /// A line that neither list has named yet.
    pub const fn blank() -> Self {
        Self { expected: 0, found: 0, state: State::Even, owner: None }
    }

    /// The line after a list has said how many there are. An end that was given to other numbers is no end of these.
    #[must_use]
    pub const fn said(self, kind: Kind, side: Side, number: i64) -> Self {
        let (expected, found) = match side {
            Side::Expected => (number, self.found),
            Side::Found => (self.expected, number),
        };
        let changed = expected != self.expected || found != self.found;
        let state = match (kind.agree(expected, found), changed) {
            (true, _) => State::Even,
            (false, true) => State::Open,
            (false, false) => self.state,
        };
        Self { expected, found, state, owner: self.owner }
    }

    /// The gap after somebody did something about it.
    ///
    /// # Errors
    /// When there is no gap, or it has come to this end already.
    pub fn after(&self, act: Act, by: AccountId) -> Result<Self, Refusal> {
        if self.state == State::Even {
            return Err(Refusal::new("no-gap", "The two lists agree here; there is nothing to end."));
        }
        let state = match act {
            Act::Take if self.owner == Some(by) => {
                return Err(Refusal::new("yours", "This gap is yours already."));
            }
            Act::Take if self.state != State::Open => {
                return Err(Refusal::new("ended", "This gap has come to its end already."));
            }
            Act::Take => return Ok(Self { owner: Some(by), ..*self }),
            Act::Explain => State::Explained,
            Act::Correct => State::Corrected,
            Act::Harm => State::Harm,
        };
        if self.state == state {
            return Err(Refusal::new("ended", format!("This gap is {} already.", state.words())));
        }
        // Who ends a gap that is nobody's answers for it.
        Ok(Self { state, owner: self.owner.or(Some(by)), ..*self })
    }
}

/// A key as it is compared: without blanks, and in capitals.
pub fn compared(key: &str) -> String {
    key.chars().filter(|sign| !sign.is_whitespace()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn person(number: u128) -> AccountId {
        AccountId(Uuid::from_u128(number))
    }

    fn gap() -> Line {
        Line::blank().said(Kind::Dispensed, Side::Expected, 2)
    }

    #[test]
    fn a_gap_ends_with_an_owner_and_opens_again_when_the_numbers_change() {
        let taken = gap().after(Act::Take, person(1)).expect("is open");
        let ended = taken.after(Act::Explain, person(2)).expect("is open");
        assert_eq!((ended.state, ended.owner), (State::Explained, Some(person(1))));
        assert_eq!(ended.said(Kind::Dispensed, Side::Expected, 2).state, State::Explained, "said again");
        assert_eq!(ended.said(Kind::Dispensed, Side::Found, 1).state, State::Open);
        assert_eq!(ended.said(Kind::Dispensed, Side::Found, 2).state, State::Even);
        assert_eq!(gap().after(Act::Harm, person(3)).expect("is open").owner, Some(person(3)));
    }

    #[test]
    fn what_agrees_has_no_end_and_an_end_is_given_once() {
        let even = gap().said(Kind::Dispensed, Side::Found, 2);
        assert!(even.after(Act::Explain, person(1)).is_err() && even.after(Act::Take, person(1)).is_err());
        let ended = gap().after(Act::Correct, person(1)).expect("is open");
        assert!(ended.after(Act::Correct, person(2)).is_err() && ended.after(Act::Take, person(2)).is_err());
        assert_eq!(ended.after(Act::Harm, person(2)).expect("is worse than thought").state, State::Harm);
    }

    #[test]
    fn more_forms_than_expected_are_no_gap_and_one_dose_more_is() {
        assert!(Kind::ExpectedForms.agree(2, 3) && !Kind::ExpectedForms.agree(2, 1));
        assert!(!Kind::Dispensed.agree(2, 3) && Kind::Dispensed.agree(3, 3));
    }

    #[test]
    fn keys_agree_whatever_their_blanks_and_capitals() {
        assert_eq!(compared(" ab 12-c\u{a0}"), "AB12-C");
    }

    proptest! {
        /// Whatever lists say, in whatever order and however often: a line is even exactly when its numbers agree.
        #[test]
        fn a_line_is_even_exactly_when_its_numbers_agree(
            lists in proptest::collection::vec((any::<bool>(), 0_i64..4, proptest::option::of(0_usize..3)), 1..40),
            forms in any::<bool>(),
        ) {
            let kind = if forms { Kind::ExpectedForms } else { Kind::Blood };
            let mut line = Line::blank();
            for (expected, number, act) in lists {
                let side = if expected { Side::Expected } else { Side::Found };
                line = line.said(kind, side, number);
                prop_assert_eq!(line.said(kind, side, number), line, "the same list again changes nothing");
                if let Some(act) = act.and_then(|act| [Act::Explain, Act::Correct, Act::Harm].get(act).copied()) {
                    line = line.after(act, person(1)).unwrap_or(line);
                }
                prop_assert_eq!(line.state == State::Even, kind.agree(line.expected, line.found));
                prop_assert!(matches!(line.state, State::Even | State::Open) || line.owner.is_some());
            }
        }
    }
}
