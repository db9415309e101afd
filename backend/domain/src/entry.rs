//! Typing paper in again: which sheet next, after which others, by whom, and who looks at it afterwards.
//!
//! A sheet that came back used and whose type is typed in has one task. The sheet's own state stays the truth of the
//! ledger ([`crate::forms::Sheet`]); the task adds whose sheet it is, when the care was given, who has taken it, and
//! in which lot its sample is drawn.
//!
//! ```text
//! used ──> to prepare ──patient known──> ready ──enter──> entered ──drawn, or its lot turned──> to check
//!              (missing, patient known: missing)  ^           └──────── nobody asks ───────> at its end
//!                                                 │                to check ──verify──> verified
//!                        typed in again ── differs <──dispute──┘
//!                                             ├──not an error──> verified      (by neither who entered
//!                                             └──void──> void                   nor who disputed)
//! ```
//!
//! What cannot be typed in as it is (illegible, unsigned, a page missing) is set aside: it differs before anybody typed it
//! in, and is typed in once it can be, or voided by another person.
//!
//! What the sheet says is not kept here; kept is that it was typed in, when, by whom, for when and for whom.

mod command;
mod difference;
mod graph;
mod lot;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use command::no_patient;
pub use command::{
    Check, Checked, ENTERERS, EnterSheet, Entered, Entering, Line, MOST_LINES, MOST_TAKEN, Prepare, Prepared,
    Preparing, PutBack, Reference, Release, Released, SetAside, Settle, Settled, TakeTasks, Taken, Verdict,
    care_time, number,
};
pub use difference::{Ending, Kind, may_settle};
pub use graph::{Order, Task, Whose};
pub use lot::Lot;

use crate::{
    forms::{Sheet, State},
    playbooks::Disposition,
    time::{Timestamp, Zone},
};

/// For so many minutes a task stays with who took it; typing in any of theirs renews all of theirs.
pub const TAKEN_MINUTES: i64 = 30;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nobody has said whose sheet it is.
    ToPrepare,
    Ready,
    /// Whose sheet it is, is known; where it is, is not.
    Missing,
    /// What was typed in differs from the sheet.
    Differs,
    /// Typed in; a second person looks at it.
    ToCheck,
    /// Typed in; the sample did not ask for it.
    Entered,
    Verified,
    /// Nothing to type in: blank or voided.
    Void,
}

impl Progress {
    pub const ALL: [Self; 8] = [
        Self::ToPrepare,
        Self::Ready,
        Self::Missing,
        Self::Differs,
        Self::ToCheck,
        Self::Entered,
        Self::Verified,
        Self::Void,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::ToPrepare => "to_prepare",
            Self::Ready => "ready",
            Self::Missing => "missing",
            Self::Differs => "differs",
            Self::ToCheck => "to_check",
            Self::Entered => "entered",
            Self::Verified => "verified",
            Self::Void => "void",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::ToPrepare => "to be prepared",
            Self::Ready => "ready to type in",
            Self::Missing => "missing",
            Self::Differs => "differs",
            Self::ToCheck => "to be checked",
            Self::Entered => "typed in",
            Self::Verified => "checked",
            Self::Void => "nothing to type in",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|progress| progress.code() == code)
    }

    /// How far the task of a sheet is; `None` when there is nothing to type in and nothing is known of it.
    pub fn of(sheet: &Sheet, whose: Whose) -> Option<Self> {
        let is_known = whose != Whose::Unknown;
        match sheet.state {
            State::Used if sheet.disposition != Disposition::BackEnter => None,
            State::Used if is_known => Some(Self::Ready),
            State::Used => Some(Self::ToPrepare),
            State::Missing => is_known.then_some(Self::Missing),
            State::Discrepancy => Some(Self::Differs),
            State::Entered if sheet.to_check => Some(Self::ToCheck),
            State::Entered => Some(Self::Entered),
            State::Verified => Some(Self::Verified),
            State::Out => None,
            State::Blank | State::Voided | State::Filed => Some(Self::Void),
        }
    }

    /// Whether others of the same patient wait for it. Typed in is enough: a check may come days later.
    pub const fn holds_back(self) -> bool {
        matches!(self, Self::Ready | Self::Missing | Self::Differs)
    }
}

/// What is said of one entry, to be copied into the records system.
#[derive(Debug, Clone, Copy)]
pub struct LateEntry<'a> {
    pub event_at: Option<Timestamp>,
    pub downtime: &'a str,
    pub serial: &'a str,
    pub entered_by: &'a str,
    /// Who wrote the sheet; empty when nobody said.
    pub author: &'a str,
}

impl LateEntry<'_> {
    /// `Late entry for 2024-07-19 02:05 EDT, downtime Epic down, from paper form …, entered by … for ….`
    pub fn words(&self, zone: &Zone) -> String {
        let when = self.event_at.map_or_else(
            || "a time that the form does not say".to_owned(),
            |at| format!("{} {}", zone.typed(at), zone.abbreviation(at)),
        );
        let author = if self.author.is_empty() { "the author named on the form" } else { self.author };
        format!(
            "Late entry for {when}, downtime {}, from paper form {}, entered by {} for {author}.",
            self.downtime, self.serial, self.entered_by
        )
    }
}
