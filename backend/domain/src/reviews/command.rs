//! What people send about items that must be looked at again.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Queue, Subject, record};
use crate::{
    field::{FieldErrors, Text},
    id::{IncidentId, ReviewId},
    identifiers::patient_identifiers,
    scope::Place,
    time::Timestamp,
};

/// The most items that one command is about.
const MOST: usize = 500;

/// Says what came of looking at one or several items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DecideReviews {
    pub request_id: Text,
    /// Ids of items.
    pub items: Vec<Text>,
    /// `take`, `confirm`, `correct`, `harm` or `contacted`.
    pub act: Text,
    /// Needed for harm.
    pub note: Text,
}

/// A command over items, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub items: BTreeSet<ReviewId>,
    pub act: Act,
    pub note: String,
}

impl DecideReviews {
    /// Reads the command.
    ///
    /// # Errors
    /// What cannot be used, by field.
    pub fn read(&self, now: Timestamp) -> Result<Decision, FieldErrors> {
        let mut errors = FieldErrors::default();
        let items: Result<BTreeSet<ReviewId>, _> =
            self.items.iter().map(|text| text.trimmed().parse()).collect();
        let items = errors.keep("items", items).unwrap_or_default();
        if items.is_empty() && errors.is_empty() {
            errors.add("items", "Tick at least one item.");
        }
        if items.len() > MOST {
            errors.add("items", format!("Take at most {MOST} items at once."));
        }
        let act = errors
            .keep("act", Act::from_code(self.act.trimmed()).ok_or("Choose what came of looking at it."));
        let note = errors.optional("note", &self.note, 1000).unwrap_or_default();
        no_patient(&mut errors, "note", &note, now);
        match act {
            Some(act) if errors.is_empty() => Ok(Decision { items, act, note }),
            _ => Err(errors),
        }
    }
}

/// Refuses a text that seems to name a patient: the number of the record says whose it is.
pub fn no_patient(errors: &mut FieldErrors, field: &str, text: &str, now: Timestamp) {
    if let Some(hit) = patient_identifiers(text, now).first() {
        let words = hit.likeness.words();
        errors.add(
            field,
            format!("Leave out {:?}: it {words}. The record's number stands beside it.", hit.quoted),
        );
    }
}

/// What a command over items gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    pub incident: IncidentId,
    pub seq: i64,
    pub items: i64,
    /// How many still keep the incident from closing.
    pub in_the_way: i64,
}

/// Adds an item that the hospital's own systems know of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddReview {
    pub request_id: Text,
    /// A queue's code.
    pub queue: Text,
    /// For what was written while it was called clear: the number of the revocation in the log.
    pub revocation: Text,
    /// The accession or record number.
    pub number: Text,
    /// What it is, in short words and without a patient.
    pub what: Text,
    /// When it was recorded, in the place's zone or with one.
    pub recorded_at: Text,
    /// `facility:ID` or `unit:ID`.
    pub place: Text,
}

/// An item to be added, as far as it can be read without the hospital's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    pub queue: Queue,
    /// 0 for every queue but the first.
    pub revocation: i64,
    pub subject: Subject,
    pub what: String,
    pub place: Place,
}

impl AddReview {
    /// Reads everything but the time, which needs the zone of the place.
    ///
    /// # Errors
    /// What cannot be used, by field.
    pub fn read(&self, now: Timestamp) -> Result<New, FieldErrors> {
        let mut errors = FieldErrors::default();
        let queue = errors.keep("queue", Queue::from_code(self.queue.trimmed()).ok_or("Choose a queue."));
        let revocation = match queue {
            Some(Queue::SuspectWindow) => {
                let number = self.revocation.trimmed().parse::<i64>();
                errors.keep("revocation", number.map_err(|_| "Choose which window it belongs to."))
            }
            _ => Some(0),
        };
        let subject = errors.keep("number", record(self.number.trimmed()));
        let what = errors.required("what", &self.what, 120, "Say what it is in a few words.");
        if let Some(what) = &what {
            no_patient(&mut errors, "what", what, now);
        }
        let place = self.place.trimmed().parse::<Place>();
        let place = errors.keep("place", place.map_err(|_| "Choose where it was recorded."));
        match (queue, revocation, subject, what, place) {
            (Some(queue), Some(revocation), Some(subject), Some(what), Some(place)) if errors.is_empty() => {
                Ok(New { queue, revocation, subject, what, place })
            }
            _ => Err(errors),
        }
    }
}

/// What adding gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Added {
    pub review: ReviewId,
    pub seq: i64,
}
