//! Paper: every numbered sheet that was handed out, from issue to the end that its type prescribes.
//!
//! The ledger of rule 8 is a sum over the states of sheets, and a sheet's state changes only through
//! [`Sheet::after`], so that nothing can be used that was never issued and nothing leaves the sum.

mod batch;
mod command;
mod custody;
#[cfg(test)]
mod readings;
mod scanning;
mod serial;
mod shift;
#[cfg(test)]
pub(crate) mod tables;
#[cfg(test)]
mod tests;

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use batch::{Batch, BatchState};
pub use command::{
    CorrectPile, Corrected, Correcting, Count, Counted, Counting, Found, FoundSheets, Issue, IssueRange,
    Issued, MOST_SHEETS, MoveSheets, Moved, MovedSheets, may_correct,
};
pub use custody::{AGES, Custody, HOUR, Pile, Scan, Station, scan};
pub use scanning::{
    AddSheets, Answer, BatchCounted, BatchOpened, BatchRef, CountBatch, OpenBatch, ScanOrder, ScanSheet,
    Scanned, Unread, VoidReason, read_batch,
};
pub use serial::{BATCH_PREFIX, FOUND_PREFIX, NotASerial, Picked, Serial, pick};
pub use shift::{Shift, USUAL as USUAL_SHIFTS};

use crate::{Refusal, id::AccountId, playbooks::Disposition};

/// Where a sheet is. `Used` and what follows it are one figure of the ledger: used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Out,
    Blank,
    Voided,
    Missing,
    Used,
    Entered,
    Discrepancy,
    Verified,
    /// Scanned to the chart, or kept by its department.
    Filed,
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::Out,
        Self::Blank,
        Self::Voided,
        Self::Missing,
        Self::Used,
        Self::Entered,
        Self::Discrepancy,
        Self::Verified,
        Self::Filed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Blank => "blank",
            Self::Voided => "voided",
            Self::Missing => "missing",
            Self::Used => "used",
            Self::Entered => "entered",
            Self::Discrepancy => "discrepancy",
            Self::Verified => "verified",
            Self::Filed => "filed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What is done with a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A count says that it came back written on.
    CountUsed,
    CountBlank,
    CountVoided,
    /// A count that claims to be whole did not have it.
    CountMissing,
    /// Typed in. `to_check`: the sample asks for a second person.
    Enter {
        to_check: bool,
    },
    Verify,
    /// It was put on the wrong pile: another one.
    Correct(Pile),
    /// It cannot be typed in as it is: illegible, unsigned, a page is missing.
    SetAside,
    /// The second person finds that what was typed in differs from the sheet.
    Dispute,
    /// Somebody who neither typed it in nor disputed it finds that nothing was wrong.
    Uphold,
    /// The same person finds that the sheet does not count: a duplicate, or another patient's.
    Withdraw,
    /// Scanned to the chart, or kept by its department.
    File,
}

/// One numbered sheet, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub state: State,
    pub disposition: Disposition,
    /// Whether a second person must check what was typed in.
    pub to_check: bool,
    /// Everybody who ever typed it in: none of them may verify it (rule 9).
    pub entered_by: Vec<AccountId>,
}

impl Sheet {
    /// A sheet that was just handed out.
    pub const fn issued(disposition: Disposition) -> Self {
        Self { state: State::Out, disposition, to_check: false, entered_by: Vec::new() }
    }

    /// A sheet without a valid serial that turned up written on.
    pub fn found(disposition: Disposition) -> Self {
        Self { state: State::Used, ..Self::issued(disposition) }
    }

    /// The sheet after an act.
    ///
    /// ```text
    /// out ──count──> used ──enter──> entered ──verify──> verified
    ///  │              │  ^              └──dispute──> discrepancy ──enter──> entered
    ///  │              │  │                                  └──uphold──> verified, withdraw──> voided
    ///  │              │  └── missing turns up: used, blank or voided
    ///  │              └──file──> filed (scan only, kept)
    ///  │              ├──set aside──> discrepancy ──enter──> entered (and is checked), withdraw──> voided
    ///  ├──count──> blank | voided ──correct──> used, as long as nobody has typed it in, and back
    ///  └──whole count without it──> missing
    /// ```
    ///
    /// # Errors
    /// A refusal that says what the sheet needs first.
    pub fn after(&self, act: Act, by: AccountId) -> Result<Self, Refusal> {
        let to = match (self.state, act) {
            (State::Out | State::Missing, Act::CountUsed) => State::Used,
            (State::Out | State::Missing, Act::CountBlank) => State::Blank,
            (State::Out, Act::CountMissing) => State::Missing,
            (State::Used | State::Discrepancy, Act::Enter { to_check }) => return self.enter(to_check, by),
            (State::Entered, Act::Verify | Act::Dispute) if self.entered_by.contains(&by) => {
                return Err(Refusal::new("entered-by-you", "You typed this in; a second person checks it."));
            }
            (State::Used | State::Blank | State::Voided, Act::Correct(pile)) => self.corrected(pile)?,
            (State::Used, Act::SetAside) if self.disposition != Disposition::BackEnter => {
                let says = "It is filed as it is; nobody types it in.";
                return Err(Refusal::new("not-entered", says));
            }
            (State::Entered, Act::Dispute) | (State::Used, Act::SetAside) => State::Discrepancy,
            (State::Discrepancy, Act::Uphold) if self.entered_by.is_empty() => {
                let says = "Nobody has typed it in yet. Type it in, or void it.";
                return Err(Refusal::new("not-entered-yet", says));
            }
            (State::Discrepancy, Act::Uphold | Act::Withdraw) if self.entered_by.contains(&by) => {
                return Err(Refusal::new("entered-by-you", "You typed this in; another person settles it."));
            }
            (State::Out | State::Missing, Act::CountVoided) | (State::Discrepancy, Act::Withdraw) => {
                State::Voided
            }
            (State::Entered, Act::Verify) | (State::Discrepancy, Act::Uphold) => State::Verified,
            (State::Used, Act::File) if self.disposition == Disposition::BackEnter => {
                return Err(Refusal::new("to-be-entered", "It is typed in, not filed alone."));
            }
            (State::Used, Act::File) => State::Filed,
            (state, act) => return Err(refused(state, act)),
        };
        Ok(Self { state: to, ..self.clone() })
    }

    /// The pile on which it belongs instead.
    fn corrected(&self, pile: Pile) -> Result<State, Refusal> {
        if !self.entered_by.is_empty() {
            let says = "It was typed in and voided afterwards; that stays.";
            return Err(Refusal::new("was-entered", says));
        }
        if pile.state() == self.state {
            return Err(Refusal::new("same-pile", "It is counted as this already."));
        }
        Ok(pile.state())
    }

    fn enter(&self, to_check: bool, by: AccountId) -> Result<Self, Refusal> {
        if self.disposition != Disposition::BackEnter {
            return Err(Refusal::new("not-entered", "It is filed as it is; nobody types it in."));
        }
        let mut entered_by = self.entered_by.clone();
        if !entered_by.contains(&by) {
            entered_by.push(by);
        }
        // What was wrong once is checked again, whatever the sample says.
        let to_check = to_check || self.state == State::Discrepancy;
        Ok(Self { state: State::Entered, to_check, entered_by, ..self.clone() })
    }

    /// Whether it has reached the end that its type prescribes (rule 13).
    pub const fn is_at_its_end(&self) -> bool {
        match self.state {
            State::Blank | State::Voided | State::Verified | State::Filed => true,
            State::Entered => !self.to_check,
            State::Out | State::Missing | State::Used | State::Discrepancy => false,
        }
    }
}

fn refused(state: State, act: Act) -> Refusal {
    if let (State::Entered | State::Discrepancy | State::Verified | State::Filed, Act::Correct(_)) =
        (state, act)
    {
        let says = "Work on it has begun. Report a difference; who settles it may void it.";
        return Refusal::new("begun", says);
    }
    match (state, act) {
        (State::Out, _) => Refusal::new("still-out", "It is still out; count it back first."),
        (State::Missing, _) => Refusal::new("missing", "It is missing; count it back when it turns up."),
        (State::Blank, _) => Refusal::new("blank", "It came back blank already."),
        (State::Voided, _) => Refusal::new("voided", "It is voided."),
        (State::Used, Act::Verify | Act::Dispute) => {
            Refusal::new("not-entered-yet", "It has not been typed in yet.")
        }
        (State::Discrepancy, Act::Verify | Act::Dispute) => {
            Refusal::new("disputed", "It differs from what was typed in; type it in again first.")
        }
        (State::Entered, Act::Enter { .. }) => Refusal::new("entered", "It is typed in already."),
        (State::Verified, _) => Refusal::new("verified", "It is typed in and verified already."),
        (State::Filed, _) => Refusal::new("filed", "It is filed already."),
        (State::Entered | State::Used, Act::Uphold | Act::Withdraw) => {
            Refusal::new("not-disputed", "Nobody has found it to differ; there is nothing to settle.")
        }
        (State::Used, _) => Refusal::new("used", "It came back used already."),
        (State::Entered | State::Discrepancy, _) => {
            Refusal::new("used", "It came back already and is being typed in.")
        }
    }
}

/// Rule 8 for a range, a unit or a type: issued = out + used + blank + voided + missing. Beside it, how far the
/// used ones have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    pub issued: i64,
    pub out: i64,
    pub used: i64,
    pub blank: i64,
    pub voided: i64,
    pub missing: i64,
    /// Of the used ones: typed in, checked or not.
    pub entered: i64,
    /// Of the used ones: waiting for a second person.
    pub to_verify: i64,
    /// Of the used ones: differ from what was typed in.
    pub discrepancy: i64,
    /// Of the used ones: at the end that their type prescribes.
    pub ended: i64,
}

impl Ledger {
    /// What one sheet adds.
    pub fn of(sheet: &Sheet) -> Self {
        let one = |yes: bool| i64::from(yes);
        let state = sheet.state;
        let used = matches!(
            state,
            State::Used | State::Entered | State::Discrepancy | State::Verified | State::Filed
        );
        Self {
            issued: 1,
            out: one(state == State::Out),
            used: one(used),
            blank: one(state == State::Blank),
            voided: one(state == State::Voided),
            missing: one(state == State::Missing),
            entered: one(matches!(state, State::Entered | State::Verified)),
            to_verify: one(state == State::Entered && sheet.to_check),
            discrepancy: one(state == State::Discrepancy),
            ended: one(used && sheet.is_at_its_end()),
        }
    }

    /// What changes when a sheet goes from one state to another.
    pub fn change(before: &Sheet, after: &Sheet) -> Self {
        let mut change = Self::of(after);
        change += Self::of(before).negative();
        change
    }

    /// Whether rule 8 holds.
    pub const fn holds(self) -> bool {
        self.issued == self.out + self.used + self.blank + self.voided + self.missing
    }

    /// All that came back.
    pub const fn back(self) -> i64 {
        self.used + self.blank + self.voided
    }

    /// Used sheets that have not reached their end.
    pub const fn unfinished(self) -> i64 {
        self.used - self.ended
    }

    const fn negative(self) -> Self {
        Self {
            issued: -self.issued,
            out: -self.out,
            used: -self.used,
            blank: -self.blank,
            voided: -self.voided,
            missing: -self.missing,
            entered: -self.entered,
            to_verify: -self.to_verify,
            discrepancy: -self.discrepancy,
            ended: -self.ended,
        }
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        self.issued += other.issued;
        self.out += other.out;
        self.used += other.used;
        self.blank += other.blank;
        self.voided += other.voided;
        self.missing += other.missing;
        self.entered += other.entered;
        self.to_verify += other.to_verify;
        self.discrepancy += other.discrepancy;
        self.ended += other.ended;
    }
}
