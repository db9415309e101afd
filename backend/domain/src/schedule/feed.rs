//! What an appointment's reports come to together, in whatever order and however often they arrived.
//!
//! 1. A message that came twice counts once: same key, message id and contents. Its earliest time holds, so that an
//!    engine that replays old messages under new times brings nothing back to life.
//! 2. The latest report says how the appointment stands: a cancellation that comes late and is older than a booking
//!    does not cancel it, and a booking after a cancellation books again.
//! 3. Latest is by event time. Of reports of the same instant, by the sender's own count (MSH-13, version), then by
//!    message id where ids are numbers; then what leaves the appointment standing is later than what ends it, because
//!    a patient who is called in vain loses less than one who is never called; then by message id and contents, which
//!    says nothing, but the same every time.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Booking,
    report::{EventTime, Fingerprint, Key, Report, State, What},
};
use crate::time::Timestamp;

/// How an appointment stands after all its reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub key: Key,
    pub state: State,
    /// What the latest report says happened, when, and under which message id.
    pub what: What,
    pub at: EventTime,
    pub message: String,
    pub reason: String,
    /// Of the latest report that has one.
    pub booking: Option<Booking>,
    /// The different reports, with the latest.
    pub reports: i64,
    /// How many of these said that it ends.
    pub ends: i64,
}

/// A report as it is kept: without what it says of the patient. Each of an appointment has another fingerprint, and its
/// time is the earliest under which it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub print: Fingerprint,
    pub message: String,
    pub what: What,
    pub at: Timestamp,
    pub sequence: Option<i64>,
    pub has_booking: bool,
}

/// What the lines of one appointment come to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Which of the lines says how the appointment stands.
    pub latest: usize,
    /// Which is the latest that says who, where and when.
    pub booking: Option<usize>,
    pub reports: i64,
    /// How many of these said that it ends.
    pub ends: i64,
}

/// What these lines of one appointment come to; `None` when there are none.
pub fn settle(lines: &[Line]) -> Option<Settled> {
    let mut ordered: Vec<usize> = (0..lines.len()).collect();
    ordered.sort_by(|one, other| lines[*one].order().cmp(&lines[*other].order()));
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    Some(Settled {
        latest: *ordered.last()?,
        booking: ordered.iter().rev().copied().find(|at| lines[*at].has_booking),
        reports: count(lines.len()),
        ends: count(lines.iter().filter(|line| line.what.state().is_end()).count()),
    })
}

impl Line {
    fn of(report: &Report, print: &Fingerprint) -> Self {
        Self {
            print: *print,
            message: report.message.clone(),
            what: report.what,
            at: report.at.at,
            sequence: report.sequence,
            has_booking: report.booking.is_some(),
        }
    }

    fn order(&self) -> Order<'_> {
        let id = self.message.as_str();
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| id.parse().ok()).flatten();
        (self.at, self.sequence, number, !self.what.state().is_end(), id, &self.print)
    }
}

/// How one appointment stands after these reports, all of one key; `None` when there are none.
pub fn standing<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Option<Standing> {
    let mut distinct: BTreeMap<Fingerprint, &Report> = BTreeMap::new();
    for report in reports {
        let kept = distinct.entry(report.fingerprint()).or_insert(report);
        if said(report) < said(kept) {
            *kept = report;
        }
    }
    let (lines, reports): (Vec<Line>, Vec<&Report>) =
        distinct.iter().map(|(print, report)| (Line::of(report, print), *report)).unzip();
    let settled = settle(&lines)?;
    let latest = reports[settled.latest];
    Some(Standing {
        key: latest.key.clone(),
        state: latest.what.state(),
        what: latest.what,
        at: latest.at,
        message: latest.message.clone(),
        reason: latest.reason.clone(),
        booking: settled.booking.and_then(|at| reports[at].booking.clone()),
        reports: settled.reports,
        ends: settled.ends,
    })
}

/// When and where the same thing was said.
fn said(report: &Report) -> (EventTime, u64) {
    (report.at, report.row)
}

type Order<'a> = (Timestamp, Option<i64>, Option<u128>, bool, &'a str, &'a Fingerprint);

/// All the appointments of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    appointments: BTreeMap<Key, BTreeMap<Fingerprint, Report>>,
    /// Reports that had been there before.
    repeated: i64,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It says how the appointment stands now.
    Latest,
    /// Something later is known already.
    Older,
    /// It had been there before.
    Repeated,
}

impl Feed {
    pub fn take(&mut self, report: Report) -> Taken {
        let key = report.key.clone();
        let print = report.fingerprint();
        let known = self.appointments.entry(key).or_default();
        if let Some(kept) = known.get_mut(&print) {
            self.repeated += 1;
            if said(&report) < said(kept) {
                *kept = report;
            }
            return Taken::Repeated;
        }
        let line = Line::of(&report, &print);
        let later = known.iter().any(|(other, kept)| Line::of(kept, other).order() > line.order());
        known.insert(print, report);
        if later { Taken::Older } else { Taken::Latest }
    }

    /// Two parts of a feed together, as if all had come into one.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.repeated += other.repeated;
        for report in other.appointments.into_values().flat_map(BTreeMap::into_values) {
            self.take(report);
        }
        self
    }

    /// Each appointment once, by key.
    pub fn standings(&self) -> impl Iterator<Item = Standing> {
        self.appointments.values().filter_map(|reports| standing(reports.values()))
    }

    /// reports = different ones + repeated; appointments = the sum of the states.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures { repeated: self.repeated, reports: self.repeated, ..Figures::default() };
        for reports in self.appointments.values() {
            let mut ids = BTreeMap::<&str, i64>::new();
            for report in reports.values() {
                figures.reports += 1;
                *ids.entry(&report.message).or_default() += 1;
            }
            figures.reused_ids += ids.values().map(|times| times - 1).sum::<i64>();
        }
        for standing in self.standings() {
            figures.appointments += 1;
            *figures.of(standing.state) += 1;
        }
        figures
    }
}

/// The figures of a feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// All that came, the repeated ones with them.
    pub reports: i64,
    pub repeated: i64,
    /// Reports under the message id of another one that says something else.
    pub reused_ids: i64,
    pub appointments: i64,
    pub requested: i64,
    pub booked: i64,
    pub arrived: i64,
    pub done: i64,
    pub cancelled: i64,
    pub discontinued: i64,
    pub deleted: i64,
    pub no_shows: i64,
}

impl Figures {
    /// The figure of a state.
    pub const fn of(&mut self, state: State) -> &mut i64 {
        match state {
            State::Requested => &mut self.requested,
            State::Booked => &mut self.booked,
            State::Arrived => &mut self.arrived,
            State::Done => &mut self.done,
            State::Cancelled => &mut self.cancelled,
            State::Discontinued => &mut self.discontinued,
            State::Deleted => &mut self.deleted,
            State::NoShow => &mut self.no_shows,
        }
    }
}

#[cfg(test)]
mod tests;
