//! Deciding over a day's booked rows by a rule that is data: the rule says what goes ahead, the first keep rule
//! that fits is named on each row, and the rest is cancelled.
//!
//! kept + cancelled + undecided = rows in the window, always (rule 6). A row whose priority no scheme explains is
//! never decided by a rule: a person decides it. A decision can be changed as a whole, and cancellations taken back
//! when the systems return; what a person decided, what is booked again and what has begun stands.

mod aim;
mod parts;
mod standard;
mod verdict;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::verdict::Judge;
pub use self::{
    aim::{Aim, Strategy},
    parts::Parts,
    standard::standard,
    verdict::{Verdict, verdict},
    window::{Reach, Window},
};
use crate::{
    cases::{Decided, State},
    id::{CaseId, DecisionId, FacilityId},
    playbooks::{CancellationRule, SafeBy},
    schedule::{Kind, Priority},
    scope::Places,
    time::Timestamp,
};

/// What a decision sees of a row; nothing of the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub case: CaseId,
    pub appointment: String,
    pub kind: Kind,
    pub facility: FacilityId,
    pub service: String,
    pub department: String,
    pub provider: String,
    pub start: Timestamp,
    /// The civil day at the facility, as `2024-07-19`, and the time of day there.
    pub day: String,
    pub begins: Time,
    /// When it was put on the list or decided on, where the schedule says so.
    pub listed: Option<Date>,
    pub priority: Priority,
    pub classes: Vec<String>,
    pub decided: Decided,
    pub state: State,
    /// The decision that last reached it, and the rule that decided; [`BY_HAND`] when a person did since.
    pub decision: Option<DecisionId>,
    pub rule: String,
    /// What is linked has the same; empty for most.
    pub chain: String,
}

/// Stands for the rule where a person decided.
pub const BY_HAND: &str = "by hand";
/// Stands for the rule where something was cancelled with what it is linked to.
pub const LINKED: &str = "linked";

/// A decision that somebody is about to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub rule: CancellationRule,
    pub window: Window,
    pub aim: Aim,
    pub strategy: Strategy,
    /// Whether what is linked to what it cancels is cancelled as well.
    pub linked: bool,
    /// When it was looked at: what has begun by then stands, where something is changed or taken back.
    pub now: Timestamp,
}

/// One row's outcome, to be staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub case: CaseId,
    /// The day for which it is booked.
    pub day: Option<Date>,
    /// Where the case stood when this was decided.
    pub from: State,
    /// `No` for a row that a changed decision leaves out and nothing was decided about.
    pub decided: Decided,
    /// The key of the keep rule, or the decision's rule for what it cancels.
    pub by: String,
    pub safe_by: Option<Date>,
}

/// Kept, cancelled and undecided of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    pub rows: i64,
    pub kept: i64,
    pub cancelled: i64,
    pub undecided: i64,
}

impl Count {
    const fn add(&mut self, decided: Decided) {
        self.rows += 1;
        match decided {
            Decided::Kept => self.kept += 1,
            Decided::Cancelled => self.cancelled += 1,
            Decided::Undecided | Decided::No => self.undecided += 1,
        }
    }
}

/// What a decision would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Totals {
    pub all: Count,
    pub procedures: Count,
    pub visits: Count,
    /// Rows kept by each keep rule's key.
    pub kept_by: BTreeMap<String, i64>,
    /// Rows that were decided before and stand as they are.
    pub stood: i64,
    /// Cancelled rows that go ahead after all, and how many of their patients had been told and must be told again.
    pub taken_back: i64,
    pub told_again: i64,
    /// Rows outside of the window that a changed decision leaves out.
    pub left_out: i64,
    /// Rows outside of the window that are linked to what is cancelled, and how many of them are cancelled with it.
    pub linked: i64,
    pub linked_cancelled: i64,
}

/// What becomes of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<'a> {
    pub row: &'a Row,
    /// It lies in the window; else it is only left out of a decision that is changed.
    pub inside: bool,
    /// What holds afterwards.
    pub decided: Decided,
    /// What changes; `None` when it stands as it is.
    pub outcome: Option<Outcome>,
}

impl Plan {
    /// What becomes of each row that the decision reaches, or that the one which it changes has reached.
    pub fn settle<'a>(
        &'a self,
        rows: impl IntoIterator<Item = &'a Row>,
        places: &'a Places,
    ) -> impl Iterator<Item = Settled<'a>> {
        let (reach, judge) = (self.window.reach(places), Judge::of(&self.rule));
        rows.into_iter().filter_map(move |row| {
            let inside = reach.has(row);
            let outcome = if inside { self.inside(row, &judge) } else { self.left_out(row) };
            let decided = outcome.as_ref().map_or(row.decided, |outcome| outcome.decided);
            (inside || outcome.is_some()).then_some(Settled { row, inside, decided, outcome })
        })
    }

    /// What changes, and the totals over the whole window.
    pub fn preview<'a>(
        &'a self,
        rows: impl IntoIterator<Item = &'a Row>,
        places: &'a Places,
    ) -> (Vec<Outcome>, Totals) {
        let mut totals = Totals::default();
        let mut outcomes = Vec::new();
        for settled in self.settle(rows, places) {
            totals.add(&settled);
            outcomes.extend(settled.outcome);
        }
        (outcomes, totals)
    }

    fn inside(&self, row: &Row, judge: &Judge<'_>) -> Option<Outcome> {
        if !self.aim.reaches(row, self.now) {
            return None;
        }
        if self.aim == Aim::TakeBack {
            return Some(Outcome::of(row, Decided::Kept, "taken-back"));
        }
        let (decided, by) = match judge.verdict(row) {
            Verdict::Keep(keep) => (Decided::Kept, keep.key.as_str()),
            Verdict::Cancel if self.strategy == Strategy::CaseByCase => (Decided::Undecided, "case-by-case"),
            Verdict::Cancel => (Decided::Cancelled, self.rule.key.as_str()),
            Verdict::Undecided => (Decided::Undecided, "priority-unclear"),
        };
        // What is decided is not made undecided again, and what stays the same keeps the rule that decided it.
        let changes = match row.decided {
            Decided::No | Decided::Undecided => true,
            Decided::Kept | Decided::Cancelled => decided != Decided::Undecided && decided != row.decided,
        };
        let outcome = Outcome { safe_by: self.safe_by(row), ..Outcome::of(row, decided, by) };
        changes.then_some(outcome)
    }

    /// What a changed decision no longer reaches goes ahead, or is nobody's any more.
    fn left_out(&self, row: &Row) -> Option<Outcome> {
        if !matches!(self.aim, Aim::Amend(_)) || row.decision.is_none() || !self.aim.reaches(row, self.now) {
            return None;
        }
        match row.decided {
            Decided::Cancelled => Some(Outcome::of(row, Decided::Kept, "left-out")),
            Decided::Undecided => Some(Outcome::of(row, Decided::No, "left-out")),
            Decided::Kept | Decided::No => None,
        }
    }

    /// The chains of which this cancels a part.
    pub fn chains<'a>(
        &self,
        rows: impl IntoIterator<Item = &'a Row>,
        outcomes: &[Outcome],
    ) -> BTreeSet<String> {
        let cancels = |outcome: &&Outcome| outcome.decided == Decided::Cancelled;
        let cancelled: BTreeSet<CaseId> =
            outcomes.iter().filter(cancels).map(|outcome| outcome.case).collect();
        let linked = rows.into_iter().filter(|row| !row.chain.is_empty() && cancelled.contains(&row.case));
        linked.map(|row| row.chain.clone()).collect()
    }

    /// What becomes of the other rows of these chains: they are offered with what is cancelled, and cancelled with it
    /// when that was chosen. What somebody decided stands, and so does what a keep rule keeps.
    pub fn settle_links<'a>(&self, rows: &'a [Row], outcomes: &[Outcome]) -> Vec<Settled<'a>> {
        let known: BTreeSet<CaseId> =
            outcomes.iter().filter(|outcome| outcome.by != LINKED).map(|outcome| outcome.case).collect();
        let judge = Judge::of(&self.rule);
        let is_offered = |row: &&Row| {
            let is_open = Aim::Decide.reaches(row, self.now) && row.start >= self.now;
            is_open && !known.contains(&row.case) && !matches!(judge.verdict(row), Verdict::Keep(_))
        };
        let settled = |row: &'a Row| {
            let cancelled =
                || Outcome { safe_by: self.safe_by(row), ..Outcome::of(row, Decided::Cancelled, LINKED) };
            let outcome = self.linked.then(cancelled);
            let decided = outcome.as_ref().map_or(row.decided, |outcome| outcome.decided);
            Settled { row, inside: false, decided, outcome }
        };
        rows.iter().filter(is_offered).map(settled).collect()
    }

    /// Adds what is linked to what a preview has found.
    pub fn with_linked(&self, rows: &[Row], (outcomes, totals): &mut (Vec<Outcome>, Totals)) {
        for settled in self.settle_links(rows, outcomes) {
            totals.linked += 1;
            totals.linked_cancelled += i64::from(settled.outcome.is_some());
            outcomes.extend(settled.outcome);
        }
    }

    fn safe_by(&self, row: &Row) -> Option<Date> {
        safe_by(row, &self.rule.safe_by)
    }
}

impl Outcome {
    fn of(row: &Row, decided: Decided, by: &str) -> Self {
        let day = row.day.parse().ok();
        Self { case: row.case, day, from: row.state, decided, by: by.to_owned(), safe_by: None }
    }
}

impl Totals {
    fn add(&mut self, settled: &Settled<'_>) {
        let outcome = settled.outcome.as_ref();
        if settled.row.decided == Decided::Cancelled
            && outcome.is_some_and(|outcome| outcome.decided == Decided::Kept)
        {
            self.taken_back += 1;
            self.told_again += i64::from(settled.row.state == State::Told);
        }
        if !settled.inside {
            self.left_out += 1;
            return;
        }
        self.all.add(settled.decided);
        match settled.row.kind {
            Kind::Procedure => self.procedures.add(settled.decided),
            Kind::Visit => self.visits.add(settled.decided),
        }
        match outcome {
            None => self.stood += 1,
            Some(outcome) if outcome.decided == Decided::Kept => {
                *self.kept_by.entry(outcome.by.clone()).or_default() += 1;
            }
            Some(_) => {}
        }
    }
}

/// The safe-by date that a row's priority gives it, from the day on which it was listed where that is known, else from
/// the day for which it is booked.
pub fn safe_by(row: &Row, intervals: &[SafeBy]) -> Option<Date> {
    let Priority::Known(triage) = &row.priority else { return None };
    let base = row.listed.or_else(|| row.day.parse().ok())?;
    crate::triage::safe_by(triage, intervals, base)
}

#[cfg(test)]
mod tests;
