//! Downtime numbers: temporary record and encounter numbers from ranges that each site holds ready, until each is merged
//! into a real one.
//!
//! ```text
//! free ──to a unit on paper──> given out ──a patient has it──> used ──asked──> waiting ──agreed──> merged
//!   └───────for a patient at once────────────────────────────────^  <──refused──┘         ├──────> converted
//!                                 given out ──came back──> void                            └──────> void
//!
//! used <──agreed by another── undoing <──asked by somebody who did not merge it── merged
//!                                └──────────────refused─────────────────────────────^
//! ```
//!
//! A number is given out once, also over several downtimes. Whether two charts are one patient is the decision of two
//! people: who agrees types the record number again and has not seen it on the page, so that a slip of one is found.
//! A merge that was wrong all the same is taken back by two people who had no part in it; until both have said so, it holds.

mod command;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{
    AddRange, ChangeNumber, Changed, GiveNumbers, Given, Giving, MOST_GIVEN, NewRange, RangeAdded, Which,
};

use crate::{Refusal, id::AccountId};

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// A medical record number: one for each patient.
    Record,
    /// One stay or visit.
    Encounter,
}

impl NumberKind {
    pub const ALL: [Self; 2] = [Self::Record, Self::Encounter];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Encounter => "encounter",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Record => "Record number",
            Self::Encounter => "Encounter number",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Where a number is. Free ones have no row: they are what their range still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// On paper in a unit; nobody has said that a patient has it.
    GivenOut,
    Used,
    /// One person has said what becomes of it; a second one has to agree.
    Waiting,
    Merged,
    /// Merged, and somebody has said that it is wrong; a second one has to agree.
    Undoing,
    /// It stays as the patient's own number.
    Converted,
    Void,
}

impl State {
    pub const ALL: [Self; 7] =
        [Self::GivenOut, Self::Used, Self::Waiting, Self::Merged, Self::Undoing, Self::Converted, Self::Void];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Undoing => "undoing",
            Self::GivenOut => "given_out",
            Self::Used => "used",
            Self::Waiting => "waiting",
            Self::Merged => "merged",
            Self::Converted => "converted",
            Self::Void => "void",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::GivenOut => "given out on paper",
            Self::Used => "used by a patient",
            Self::Waiting => "waits for a second person",
            Self::Merged => "merged",
            Self::Undoing => "merged, perhaps wrongly; waits for a second person",
            Self::Converted => "kept as the patient's number",
            Self::Void => "void",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether something has still to become of it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::GivenOut | Self::Used | Self::Waiting | Self::Undoing)
    }
}

/// What shall become of a number that a patient has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The patient had a record already.
    Merge,
    /// The patient had none, and this stays.
    Convert,
    /// There was no such patient.
    Void,
}

impl Goal {
    pub const ALL: [Self; 3] = [Self::Merge, Self::Convert, Self::Void];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Convert => "convert",
            Self::Void => "void",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|goal| goal.code() == code)
    }

    const fn end(self) -> State {
        match self {
            Self::Merge => State::Merged,
            Self::Convert => State::Converted,
            Self::Void => State::Void,
        }
    }
}

/// Where a downtime number is left behind and has to be corrected by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    Specimens,
    Blood,
    Images,
    Medicines,
    Wristband,
    External,
}

impl Left {
    pub const ALL: [Self; 6] =
        [Self::Specimens, Self::Blood, Self::Images, Self::Medicines, Self::Wristband, Self::External];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Specimens => "specimens",
            Self::Blood => "blood",
            Self::Images => "images",
            Self::Medicines => "medicines",
            Self::Wristband => "wristband",
            Self::External => "external",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Specimens => "Labels of specimens",
            Self::Blood => "Blood samples and units",
            Self::Images => "Images",
            Self::Medicines => "Medicines and pumps",
            Self::Wristband => "Wristband",
            Self::External => "Systems outside the hospital",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|left| left.code() == code)
    }
}

/// What is done with one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A unit says that a patient has it.
    Use,
    /// A unit gives it back unused.
    GiveBack,
    Ask(Goal),
    Agree,
    Refuse,
    /// Says that a merge was wrong.
    AskBack,
}

/// A number, as far as the rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    pub state: State,
    /// What was asked for, and by whom.
    pub asked: Option<(Goal, AccountId)>,
    /// Who agreed to it.
    pub agreed: Option<AccountId>,
    /// Who said that the merge was wrong.
    pub back: Option<AccountId>,
}

impl Number {
    /// The number after an act.
    ///
    /// # Errors
    /// A refusal that says what it needs first.
    pub fn after(self, act: Act, by: AccountId) -> Result<Self, Refusal> {
        let to = |state| Ok(Self { state, asked: None, agreed: None, back: None });
        match (self.state, act, self.asked) {
            (State::Merged, Act::AskBack, _) | (State::Undoing, Act::Agree, _) if self.merged_by(by) => {
                let sentence = "You were one of the two who merged it. Two others take that back.";
                Err(Refusal::new("own-merge", sentence))
            }
            (State::Merged, Act::AskBack, _) => Ok(Self { state: State::Undoing, back: Some(by), ..self }),
            (State::Undoing, Act::Agree, _) if self.back == Some(by) => Err(Refusal::new(
                "one-person",
                "You asked for this; a second person looks at both records and agrees.",
            )),
            (State::Undoing, Act::Refuse, _) => Ok(Self { state: State::Merged, back: None, ..self }),
            (State::GivenOut, Act::Use, _)
            | (State::Waiting, Act::Refuse, _)
            | (State::Undoing, Act::Agree, _) => to(State::Used),
            (State::GivenOut, Act::GiveBack, _) => to(State::Void),
            (State::Used, Act::Ask(goal), _) => {
                Ok(Self { state: State::Waiting, asked: Some((goal, by)), agreed: None, back: None })
            }
            (State::Waiting, Act::Agree, Some((_, first))) if first == by => Err(Refusal::new(
                "one-person",
                "You asked for this; a second person looks at both records and agrees.",
            )),
            (State::Waiting, Act::Agree, Some((goal, first))) => {
                Ok(Self { state: goal.end(), asked: Some((goal, first)), agreed: Some(by), back: None })
            }
            (state, ..) => Err(refused(state)),
        }
    }

    /// Whether this is one of the two who merged it.
    fn merged_by(self, by: AccountId) -> bool {
        self.agreed == Some(by) || self.asked.is_some_and(|(_, first)| first == by)
    }
}

fn refused(state: State) -> Refusal {
    match state {
        State::GivenOut => {
            Refusal::new("not-used", "Nobody has said that a patient has this number; say that first.")
        }
        State::Used => Refusal::new("used", "A patient has this number; say first what shall become of it."),
        State::Waiting => {
            Refusal::new("waiting", "This waits for a second person, who agrees or refuses; do that first.")
        }
        State::Merged => Refusal::new("merged", "This number is merged already."),
        State::Undoing => Refusal::new(
            "undoing",
            "Somebody has said that this merge was wrong; a second person agrees or refuses first.",
        ),
        State::Converted => Refusal::new("converted", "This number stays as the patient's own already."),
        State::Void => Refusal::new("void", "This number is void; take another one."),
    }
}

/// A number as printed: the range's prefix and its digits.
pub fn printed(prefix: &str, number: i64, width: i64) -> String {
    let width = usize::try_from(width).unwrap_or(0);
    format!("{prefix}{number:0width$}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn person(number: u8) -> AccountId {
        AccountId(Uuid::from_u128(number.into()))
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            Just(Act::Use),
            Just(Act::GiveBack),
            prop::sample::select(Goal::ALL.to_vec()).prop_map(Act::Ask),
            Just(Act::Agree),
            Just(Act::Refuse),
            Just(Act::AskBack),
        ]
    }

    proptest! {
        /// Whatever is done by whomever: a patient's number ends only by two people, what has ended stays so, and only a
        /// merge is taken back, by two others.
        #[test]
        fn a_patients_number_ends_only_by_two_people(acts in prop::collection::vec((act(), 0..5_u8), 0..40)) {
            let mut number = Number { state: State::GivenOut, asked: None, agreed: None, back: None };
            let (mut asked_by, mut agreed_by, mut back_by) = (None, None, None);
            for (act, by) in acts {
                let Ok(after) = number.after(act, person(by)) else { continue };
                prop_assert!(number.state.is_open() || (number.state, act) == (State::Merged, Act::AskBack));
                match act {
                    Act::Ask(_) => asked_by = Some(by),
                    Act::AskBack => back_by = Some(by),
                    _ => {}
                }
                if matches!(number.state, State::Merged | State::Undoing) && act != Act::Refuse {
                    prop_assert!(asked_by != Some(by) && agreed_by != Some(by));
                }
                if number.state == State::Undoing && act == Act::Agree {
                    prop_assert_ne!(back_by, Some(by));
                }
                if number.state == State::Waiting && act == Act::Agree {
                    prop_assert_ne!(asked_by, Some(by));
                    agreed_by = Some(by);
                }
                number = after;
            }
        }
    }

    #[test]
    fn a_merge_takes_two_people() {
        let used = Number { state: State::Used, asked: None, agreed: None, back: None };
        let asked = used.after(Act::Ask(Goal::Merge), person(1)).expect("a patient has it");
        assert_eq!(asked.after(Act::Agree, person(1)).expect_err("the same").code, "one-person");
        assert_eq!(asked.after(Act::Agree, person(2)).expect("another").state, State::Merged);
        assert_eq!(asked.after(Act::Refuse, person(2)).expect("another").state, State::Used);
        assert!(asked.after(Act::Ask(Goal::Void), person(2)).is_err());
    }

    #[test]
    fn a_merge_is_taken_back_by_two_others() {
        let used = Number { state: State::Used, asked: None, agreed: None, back: None };
        let merged = used.after(Act::Ask(Goal::Merge), person(1)).expect("a patient has it");
        let merged = merged.after(Act::Agree, person(2)).expect("another");
        for own in [1, 2] {
            assert_eq!(merged.after(Act::AskBack, person(own)).expect_err("merged it").code, "own-merge");
        }
        let undoing = merged.after(Act::AskBack, person(3)).expect("had no part in it");
        assert_eq!(undoing.after(Act::Agree, person(3)).expect_err("the same").code, "one-person");
        assert_eq!(undoing.after(Act::Agree, person(1)).expect_err("merged it").code, "own-merge");
        assert_eq!(undoing.after(Act::Refuse, person(1)), Ok(merged), "it holds as before");
        assert_eq!(undoing.after(Act::Agree, person(4)), Ok(used));
    }

    #[test]
    fn a_number_is_printed_with_all_its_digits() {
        assert_eq!(printed("DT", 17, 5), "DT00017");
        assert_eq!(printed("", 123_456, 5), "123456");
    }

    #[test]
    fn each_code_is_read_back() {
        for kind in NumberKind::ALL {
            assert_eq!(NumberKind::from_code(kind.code()), Some(kind));
        }
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
        }
        for goal in Goal::ALL {
            assert_eq!(Goal::from_code(goal.code()), Some(goal));
        }
        for left in Left::ALL {
            assert_eq!(Left::from_code(left.code()), Some(left));
        }
    }
}
