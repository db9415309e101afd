//! What an outside system says about one appointment: one message, one row of a feed.
//!
//! A report is a claim with a time. Alone it changes nothing: [`super::feed`] says what an appointment's reports come
//! to together.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Booking;
use crate::{stamp::Precision, table::Reject, time::Timestamp};

/// Which appointment: the id that the scheduling system gave it, and who vouches that no other has the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// The assigning authority, as the dialect names it; empty when nobody is named and nothing falls back.
    pub authority: String,
    /// The filler appointment id; up to 64 characters.
    pub id: String,
}

/// How an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for, or on a waiting list: nobody expects the patient yet.
    Requested,
    Booked,
    /// The patient is there.
    Arrived,
    Done,
    /// It will not take place (S15).
    Cancelled,
    /// Of a series, no more will take place (S16).
    Discontinued,
    /// It was booked in error, and never was (S17).
    Deleted,
    /// The patient did not come (S26).
    NoShow,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Booked,
        Self::Arrived,
        Self::Done,
        Self::Cancelled,
        Self::Discontinued,
        Self::Deleted,
        Self::NoShow,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Discontinued => "discontinued",
            Self::Deleted => "deleted",
            Self::NoShow => "no_show",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether a booking says that the patient is expected or there.
    pub const fn is_booked(self) -> bool {
        matches!(self, Self::Booked | Self::Arrived)
    }

    /// Whether it ended without the patient having been seen.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Cancelled | Self::Discontinued | Self::Deleted | Self::NoShow)
    }

    /// Whether somebody may still be waiting for this patient, or has them there.
    pub const fn stands(self) -> bool {
        matches!(self, Self::Requested | Self::Booked | Self::Arrived)
    }

    /// A booking of a patient at a place and time: without these the report says nothing.
    pub(super) const fn needs_details(self) -> bool {
        matches!(self, Self::Booked | Self::Arrived | Self::Done)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Requested,
    Booked,
    /// To another time.
    Moved,
    /// Something else than its time, or one of its services or resources.
    Changed,
    Arrived,
    Done,
    Cancelled,
    Discontinued,
    Deleted,
    NoShow,
}

impl What {
    pub const ALL: [Self; 10] = [
        Self::Requested,
        Self::Booked,
        Self::Moved,
        Self::Changed,
        Self::Arrived,
        Self::Done,
        Self::Cancelled,
        Self::Discontinued,
        Self::Deleted,
        Self::NoShow,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Changed => "changed",
            other => other.state().code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.code() == code)
    }

    /// What a person reads beside the figure.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Booked => "booked",
            Self::Moved => "moved to another time",
            Self::Changed => "changed",
            Self::Arrived => "arrived",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Discontinued => "discontinued",
            Self::Deleted => "deleted: booked in error",
            Self::NoShow => "did not come",
        }
    }

    /// How the appointment stands after it.
    pub const fn state(self) -> State {
        match self {
            Self::Requested => State::Requested,
            Self::Booked | Self::Moved | Self::Changed => State::Booked,
            Self::Arrived => State::Arrived,
            Self::Done => State::Done,
            Self::Cancelled => State::Cancelled,
            Self::Discontinued => State::Discontinued,
            Self::Deleted => State::Deleted,
            Self::NoShow => State::NoShow,
        }
    }

    pub(super) const fn of(state: State) -> Self {
        match state {
            State::Requested => Self::Requested,
            State::Booked => Self::Booked,
            State::Arrived => Self::Arrived,
            State::Done => Self::Done,
            State::Cancelled => Self::Cancelled,
            State::Discontinued => Self::Discontinued,
            State::Deleted => Self::Deleted,
            State::NoShow => Self::NoShow,
        }
    }
}

/// When it happened in the sending system, which is not when it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime {
    /// Where the written time begins, when it is not exact.
    pub at: Timestamp,
    pub precision: Precision,
    /// It said its own offset; else it was read in the facility's zone.
    pub has_offset: bool,
    /// It lies in the doubled hour of a clock change; the first was taken (rule 5).
    pub first_of_two: bool,
}

/// What a person should know about a report that was taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The status word stands in no table; the kind of message decided.
    UnknownStatus,
    /// The kind of message says that it ended, the status word says something else.
    Contradiction,
    /// Two fields say different starts; TQ1 was taken.
    TwoStarts,
    /// The event time names no hour and minute.
    CoarseTime,
    /// It says no event time; the time of the file was taken.
    NoTime,
    /// No assigning authority is named; the dialect's was taken.
    NoAuthority,
    /// Who, where or when could not be read. What happened needs none of it.
    DetailsUnread,
}

impl Doubt {
    /// What a person reads beside the figure.
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnknownStatus => "a status word stands in no table; the kind of message decided",
            Self::Contradiction => "the message says that it ended, its status word something else",
            Self::TwoStarts => "two fields say different starts; TQ1 was taken",
            Self::CoarseTime => "the event time names no hour and minute",
            Self::NoTime => "no event time; the time of the file was taken",
            Self::NoAuthority => "no assigning authority is named; the feed's own was taken",
            Self::DetailsUnread => "who, where or when could not be read; what happened needs none of it",
        }
    }
}

/// What one message says about one appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The line on which the message begins, or the number of the entry in its bundle.
    pub row: u64,
    /// The sender's id of the message: MSH-10, or the resource with its version.
    pub message: String,
    pub key: Key,
    pub what: What,
    pub at: EventTime,
    /// The sender's own count: MSH-13, or a numeric version.
    pub sequence: Option<i64>,
    /// Always there for what stands or was done; what ended may come without.
    pub booking: Option<Booking>,
    /// Why, in the sender's words (SCH-6, the cancellation's reason); up to 200 characters, may name a patient.
    pub reason: String,
    /// Each once, in order.
    pub doubts: Vec<Doubt>,
}

/// SHA-256 over what a report says.
pub type Fingerprint = [u8; 32];

impl Report {
    /// Over the key, message id, sequence and contents, without where and when it was said: a message that is sent
    /// again has the same one, and two messages under one id have two.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        };
        let sequence = self.sequence.map_or_else(String::new, |number| number.to_string());
        for part in [&self.key.authority, &self.key.id, &self.message, &self.reason, &sequence] {
            add(part);
        }
        add(&format!("{:?}", self.what));
        if let Some(booking) = &self.booking {
            let patient = &booking.patient;
            let (scheme, value) = booking.priority.parts();
            let start = booking.start.0.to_string();
            let minutes = booking.minutes.to_string();
            let facility = booking.facility.to_string();
            let parts = [
                &booking.appointment,
                &patient.mrn,
                &patient.name,
                &patient.born,
                &patient.phone,
                &patient.email,
                &patient.language,
                &booking.service,
                &booking.department,
                &booking.provider,
                &facility,
                &start,
                &minutes,
            ];
            for part in parts {
                add(part);
            }
            for part in [booking.kind.code(), scheme, value] {
                add(part);
            }
            for class in &booking.classes {
                add(class);
            }
        }
        hash.finalize().into()
    }
}

/// What came in with one file or message; every item is in one of the first three.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Incoming {
    pub reports: Vec<Report>,
    /// Items that say something of an appointment and cannot be taken, each with its place.
    pub rejects: Vec<Reject>,
    /// Items that say nothing of one: `Slot`, `ADT^A08`, `SIU^S23`, each with how many there were.
    pub left: BTreeMap<String, i64>,
    /// What is wrong with the file beside its items: a batch that says another count, a page of several.
    pub notes: Vec<Reject>,
}

impl Incoming {
    /// reports + rejects + left
    pub fn items(&self) -> i64 {
        let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
        count(self.reports.len()) + count(self.rejects.len()) + self.left.values().sum::<i64>()
    }

    /// How many reports say what: S15, S17 and S26 apart.
    pub fn by_what(&self) -> BTreeMap<What, i64> {
        let mut counts = BTreeMap::new();
        for report in &self.reports {
            *counts.entry(report.what).or_default() += 1;
        }
        counts
    }

    /// How many reports have which doubt.
    pub fn by_doubt(&self) -> BTreeMap<Doubt, i64> {
        let mut counts = BTreeMap::new();
        for doubt in self.reports.iter().flat_map(|report| &report.doubts) {
            *counts.entry(*doubt).or_default() += 1;
        }
        counts
    }

    pub(super) fn leave(&mut self, kind: &str) {
        let known = self.left.len() < MOST_KINDS || self.left.contains_key(kind);
        *self.left.entry(if known { kind } else { "other" }.to_owned()).or_default() += 1;
    }
}

/// More kinds of left items than these are told together.
const MOST_KINDS: usize = 200;
