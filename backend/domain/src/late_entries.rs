//! Our own paper: what command wrote while this program was down too. Numbered log sheets, call lists and sign-in sheets
//! are handed out, come back, and are typed in line by line as late entries with both times (rule 5).
//!
//! ```text
//! out ──its lines typed in──> typed in ──more lines──> typed in
//!  ├───counted blank────────> blank ───a line is found on it──> typed in
//!  └───counted lost─────────> lost ────it turns up──> typed in | blank
//! ```
//!
//! A sheet that was printed before the incident is known from the moment at which its first line is typed in.

mod command;
mod lines;
mod paper;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{
    CountSheets, Counted, Counting, DraftKept, HandOutSheets, HandedOutSheets, HandingOut, MOST_SHEETS,
};
pub use lines::{Line, MOST_LINES, TypeLines, TypedIn, Written};
pub use paper::pages;

use crate::Refusal;

/// What a sheet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SheetKind {
    /// What happened, line by line.
    Log,
    /// Which unit was called about a message, and what it answered.
    Calls,
    /// Who was there, from when to when.
    SignIn,
}

impl SheetKind {
    pub const ALL: [Self; 3] = [Self::Log, Self::Calls, Self::SignIn];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Calls => "calls",
            Self::SignIn => "sign_in",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Log => "Log sheet",
            Self::Calls => "Call list",
            Self::SignIn => "Sign-in sheet",
        }
    }

    /// The columns of its table on paper.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Log => &["Line", "Date and time", "What happened", "Written by"],
            Self::Calls => &["Line", "Date and time", "Unit", "Spoken to", "Answer", "Note"],
            Self::SignIn => &["Line", "In at", "Out at", "Name", "Position or room", "Signature"],
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Where a sheet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Out,
    Typed,
    Blank,
    /// Looked for and not found.
    Lost,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Out, Self::Typed, Self::Blank, Self::Lost];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Typed => "typed",
            Self::Blank => "blank",
            Self::Lost => "lost",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Typed => "typed in",
            Self::Blank => "back, nothing on it",
            Self::Lost => "lost",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The state after an act.
    ///
    /// # Errors
    /// When the sheet is there already, or has lines that were typed in.
    pub fn after(self, act: Act) -> Result<Self, Refusal> {
        match (self, act) {
            (_, Act::Type) => Ok(Self::Typed),
            (Self::Out | Self::Lost, Act::Blank) => Ok(Self::Blank),
            (Self::Out, Act::Lose) => Ok(Self::Lost),
            (Self::Typed, _) => Err(Refusal::new("typed", "Lines of it are typed in already.")),
            (Self::Blank, _) => Err(Refusal::new("blank", "It came back with nothing on it already.")),
            (Self::Lost, Act::Lose) => Err(Refusal::new("lost", "It is counted as lost already.")),
        }
    }
}

/// What is done with a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Type,
    Blank,
    Lose,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is said of a sheet: what was typed in stays typed in, and only what was out is lost.
        #[test]
        fn a_typed_sheet_stays_typed(acts in prop::collection::vec(0..3_u8, 0..20)) {
            let mut state = State::Out;
            for act in acts {
                let act = [Act::Type, Act::Blank, Act::Lose][usize::from(act)];
                let Ok(after) = state.after(act) else { continue };
                prop_assert!(state != State::Typed || after == State::Typed);
                prop_assert!(after != State::Lost || state == State::Out);
                prop_assert!(after != State::Out);
                state = after;
            }
        }
    }

    #[test]
    fn each_code_is_read_back() {
        for kind in SheetKind::ALL {
            assert_eq!(SheetKind::from_code(kind.code()), Some(kind));
        }
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
        }
    }
}
