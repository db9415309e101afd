//! What an audit of sending finds: it compares what should exist of a broadcast with what does.
//!
//! It must never cry wolf, or nobody listens when it is right. Rows that are being staged are nobody's yet; a row in
//! `sending` belongs to its worker as long as that lives and its lease lasts; a gateway at rest and messages that are
//! held are no finding here, because the page of broadcasts says them. What is compared comes from one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channel, State};
use crate::{broadcasts::Stage, time::Timestamp};

/// How long a living worker may need for a window: a slow gateway takes two minutes for each message.
pub const LEASE_MINUTES: i64 = 15;
/// So long after a worker's last word others have long taken over what it was sending.
pub const ADOPTED_MINUTES: i64 = 1;
/// So long even 300,000 addresses do not take to be prepared.
pub const STAGED_MINUTES: i64 = 5;
/// So long something due may wait while nothing of its channel moves.
pub const STILL_MINUTES: i64 = 5;
/// An audit that has not been completed for so long cannot vouch for anything.
pub const AUDIT_MINUTES: i64 = 3;

/// How many deliveries are in each state, by channel.
pub type Counts = BTreeMap<(Channel, State), i64>;

/// One broadcast in figures, all of the same snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub stage: Stage,
    /// When it was sent, or got its second look.
    pub ordered_at: Timestamp,
    /// People and addresses as they were staged; further addresses may have come since.
    pub people_staged: i64,
    pub staged: i64,
    /// People who are there, and those of them with a unit: how many, and how many of these have answered.
    pub people: i64,
    pub of_units: Asked,
    /// The same as the units' tallies have it.
    pub units_tallied: Asked,
    /// The rows as they are, and as the tallies have them.
    pub rows: Counts,
    pub tallied: Counts,
    /// Rows whose events are not all there, or do not end in the row's state.
    pub without_event: i64,
    pub under_way: Vec<UnderWay>,
}

/// How many were asked and how many of them have answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    pub people: i64,
    pub answered: i64,
}

/// What one worker is sending over one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    pub rows: i64,
    /// How many of them were marked longer ago than a lease lasts.
    pub past_lease: i64,
    pub oldest: Timestamp,
    /// `None` when no worker has their number.
    pub worker: Option<Worker>,
}

/// A worker as its row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    pub heard_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", content = "count", rename_all = "snake_case")]
pub enum Finding {
    /// Fewer people than were staged.
    MissingPeople(i64),
    /// Fewer deliveries than were staged.
    MissingRows(i64),
    /// More deliveries than anybody counted.
    ExtraRows(i64),
    /// Deliveries that the tallies have in another state.
    TallyDiffers(i64),
    /// People or answers that the units' tallies do not have.
    UnitsDiffer(i64),
    /// Deliveries whose history is not all there.
    EventsMissing(i64),
    /// Deliveries in `sending` that nobody sends any more.
    PastLease(i64),
    /// Deliveries that are open although the broadcast has ended, so that nobody will send them.
    OpenAfterEnd(i64),
    /// For so many minutes it has been waiting to be prepared.
    StagedTooLong(i64),
    /// For so many minutes deliveries have been due, and none of their channel moves.
    DueAndNothingMoves(i64),
    /// No worker has been heard of; with minutes, when one ever was.
    WorkerSilent(Option<i64>),
    /// The audit itself has not been completed for so many minutes.
    AuditLate(i64),
}

impl Finding {
    /// The sentence, which names the broadcast by `about`.
    pub fn sentence(self, about: &str) -> String {
        match self {
            Self::MissingPeople(n) => format!("{} of {about} {} missing.", of(n, "person", "people"), is(n)),
            Self::MissingRows(n) => {
                format!("{} of {about} {} missing.", of(n, "delivery", "deliveries"), is(n))
            }
            Self::ExtraRows(n) => {
                format!("{} of {about} {} there that nobody ordered.", of(n, "delivery", "deliveries"), is(n))
            }
            Self::TallyDiffers(n) => {
                format!("The counts of {about} are wrong by {}.", of(n, "delivery", "deliveries"))
            }
            Self::UnitsDiffer(n) => {
                format!("The counts of {about} by unit are wrong by {}.", of(n, "person", "people"))
            }
            Self::EventsMissing(n) => {
                format!("The history of {} of {about} is not complete.", of(n, "delivery", "deliveries"))
            }
            Self::PastLease(n) => {
                let whether = if n == 1 { "it has" } else { "they have" };
                let deliveries = of(n, "delivery", "deliveries");
                format!(
                    "Nobody is sending {deliveries} of {about} any more, and nobody knows whether {whether} left."
                )
            }
            Self::OpenAfterEnd(n) => {
                let deliveries = of(n, "delivery", "deliveries");
                format!(
                    "{deliveries} of {about} {} open although it has ended; nobody sends {}.",
                    is(n),
                    them(n)
                )
            }
            Self::StagedTooLong(n) => {
                format!("For {} {about} has been waiting to be prepared.", of(n, "minute", "minutes"))
            }
            Self::DueAndNothingMoves(n) => {
                format!(
                    "For {} messages of {about} have been due, and none leaves.",
                    of(n, "minute", "minutes")
                )
            }
            Self::WorkerSilent(None) => "Nothing sends messages: no worker has begun.".to_owned(),
            Self::WorkerSilent(Some(n)) => {
                format!(
                    "Nothing sends messages: no worker has been heard of for {}.",
                    of(n, "minute", "minutes")
                )
            }
            Self::AuditLate(n) => {
                format!("Nobody has checked for {} whether sending adds up.", of(n, "minute", "minutes"))
            }
        }
    }

    /// Whether it may pass by itself within seconds, as after a machine slept or its clock was put right: it counts
    /// when a second look finds it still.
    pub const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::PastLease(_)
                | Self::StagedTooLong(_)
                | Self::DueAndNothingMoves(_)
                | Self::WorkerSilent(_)
                | Self::AuditLate(_)
        )
    }

    /// Whether both are the same thing at two moments; a count may have changed meanwhile.
    pub fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

fn of(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn is(count: i64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn them(count: i64) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// What does not add up within one broadcast.
pub fn audit(figures: &Figures, now: Timestamp) -> Vec<Finding> {
    match figures.stage {
        Stage::Staged => {
            late(figures.ordered_at, now, STAGED_MINUTES).map(Finding::StagedTooLong).into_iter().collect()
        }
        Stage::Sending | Stage::Done => counts(figures).chain(course(figures, now)).collect(),
        Stage::Draft | Stage::PendingApproval | Stage::Discarded | Stage::Failed => Vec::new(),
    }
}

/// The minutes since an instant, when they are as many as this.
fn late(since: Timestamp, now: Timestamp, minutes: i64) -> Option<i64> {
    Some(now.minutes_since(since)).filter(|passed| *passed >= minutes)
}

fn counts(figures: &Figures) -> impl Iterator<Item = Finding> {
    let (rows, tallied): (i64, i64) = (figures.rows.values().sum(), figures.tallied.values().sum());
    let cells: BTreeSet<_> = figures.rows.keys().chain(figures.tallied.keys()).collect();
    let cell = |counts: &Counts, key| counts.get(key).copied().unwrap_or(0);
    let apart = |key| cell(&figures.rows, key) - cell(&figures.tallied, key);
    let differ: Vec<i64> = cells.into_iter().map(apart).collect();
    // One row in the wrong state makes one cell too large and another too small.
    let wrong = differ.iter().filter(|by| **by > 0).sum::<i64>();
    let wrong = wrong.max(-differ.iter().filter(|by| **by < 0).sum::<i64>());
    let (is, should) = (figures.of_units, figures.units_tallied);
    let units = (is.people - should.people).abs() + (is.answered - should.answered).abs();
    let people = figures.people_staged - figures.people;
    [
        (people > 0).then_some(Finding::MissingPeople(people)),
        (rows < figures.staged).then_some(Finding::MissingRows(figures.staged - rows)),
        // A tally below what was staged is itself what is wrong.
        (rows > tallied && tallied >= figures.staged).then_some(Finding::ExtraRows(rows - tallied)),
        (wrong > 0).then_some(Finding::TallyDiffers(wrong)),
        (units > 0).then_some(Finding::UnitsDiffer(units)),
        (figures.without_event > 0).then_some(Finding::EventsMissing(figures.without_event)),
    ]
    .into_iter()
    .flatten()
}

fn course(figures: &Figures, now: Timestamp) -> impl Iterator<Item = Finding> {
    let lost: i64 = figures.under_way.iter().map(|rows| rows.lost(now)).sum();
    let open = figures.rows.iter().filter(|((_, state), _)| state.is_open());
    let open: i64 = open.map(|(_, count)| count).sum();
    let ended = figures.stage == Stage::Done && open > 0;
    [(lost > 0).then_some(Finding::PastLease(lost)), ended.then_some(Finding::OpenAfterEnd(open))]
        .into_iter()
        .flatten()
}

impl UnderWay {
    /// How many of these rows nobody sends any more.
    fn lost(&self, now: Timestamp) -> i64 {
        let gone = match self.worker {
            None => self.oldest,
            Some(worker) => worker.ended_at.unwrap_or(worker.heard_at),
        };
        if late(gone, now, ADOPTED_MINUTES).is_some() { self.rows } else { self.past_lease }
    }

    /// Whether some of these rows may be on their way still.
    fn moves(&self, now: Timestamp) -> bool {
        self.lost(now) < self.rows
    }
}

/// A channel over all broadcasts: a worker sends one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// When a delivery of it was last changed.
    pub moved_at: Option<Timestamp>,
    pub under_way: Vec<UnderWay>,
}

/// Whether deliveries that have been due since an instant stand still, with the minutes. To be asked only when nothing
/// holds them: neither a person, nor a gateway that rests or rested until just now.
pub fn stands_still(due: Timestamp, line: &Line, now: Timestamp) -> Option<Finding> {
    let waits = late(due, now, STILL_MINUTES)?;
    let still = line.moved_at.is_none_or(|at| late(at, now, STILL_MINUTES).is_some());
    let under_way = line.under_way.iter().any(|rows| rows.moves(now));
    (still && !under_way).then_some(Finding::DueAndNothingMoves(waits))
}

/// Whether nobody is there to send, by the newest heartbeat of a worker that has not ended.
pub fn worker(heard: Option<Timestamp>, now: Timestamp) -> Option<Finding> {
    match heard {
        None => Some(Finding::WorkerSilent(None)),
        Some(heard) => late(heard, now, ADOPTED_MINUTES).map(|minutes| Finding::WorkerSilent(Some(minutes))),
    }
}

/// Whether the audit itself is late, after so many minutes without one.
pub fn itself(minutes: i64) -> Option<Finding> {
    (minutes >= AUDIT_MINUTES).then_some(Finding::AuditLate(minutes))
}

#[cfg(test)]
mod tests;
