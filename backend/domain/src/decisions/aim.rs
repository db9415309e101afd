//! What a decision is for, and which rows it may change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BY_HAND, Row};
use crate::{
    cases::{Decided, State},
    id::DecisionId,
    time::Timestamp,
};

/// What a decision is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// Decides what nobody has decided yet.
    Decide,
    /// Decides again what another decision has decided.
    Amend(DecisionId),
    /// The systems are back: what was cancelled goes ahead.
    TakeBack,
}

impl Aim {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Amend(_) => "amend",
            Self::TakeBack => "take-back",
        }
    }

    /// The decision that it changes.
    pub const fn amends(self) -> Option<DecisionId> {
        match self {
            Self::Amend(decision) => Some(decision),
            Self::Decide | Self::TakeBack => None,
        }
    }

    /// Whether it may change a row. What a person decided stands, and so does what is booked again, what has ended
    /// and what has begun.
    pub(super) fn reaches(self, row: &Row, now: Timestamp) -> bool {
        let open = matches!(row.decided, Decided::No | Decided::Undecided) && row.state == State::Scheduled;
        let cancelled = matches!(row.state, State::ToContact | State::Contacting | State::Told);
        let to_come = row.start >= now;
        match self {
            Self::Decide => open,
            Self::Amend(decision) if row.decision == Some(decision) => {
                let moves = open || cancelled || row.state == State::Kept;
                row.rule != BY_HAND && moves && to_come
            }
            // What the window reaches now and did not reach before.
            Self::Amend(_) => open && to_come,
            Self::TakeBack => cancelled && to_come,
        }
    }
}

/// What becomes of what no keep rule keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// It is cancelled.
    #[default]
    Blanket,
    /// A person decides each.
    CaseByCase,
}

impl Strategy {
    pub const ALL: [Self; 2] = [Self::Blanket, Self::CaseByCase];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Blanket => "blanket",
            Self::CaseByCase => "case-by-case",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Blanket => "Cancel the rest",
            Self::CaseByCase => "A person decides each of the rest",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.code() == code)
    }
}
