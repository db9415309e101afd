//! What people send about one case, about a list, and about the schedule.

mod decide;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::decide::{ALSO_KEEPS, Choice, Decide};
use super::{Channel, ContactResult, State};
use crate::field::{FieldErrors, Text};

/// Any change of one case: the version it is based on, and what the act needs. Fields of other acts stay empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChangeCase {
    /// The version that was on the page; empty means whatever it is now.
    pub version: Text,
    /// For a contact: `phone`, `sms`, `email`, `letter`, `in_person`.
    pub channel: Text,
    /// For a contact: `told`, `no_answer`, `voicemail`, `wrong_number`, `call_back`.
    pub result: Text,
    /// For a contact that reached nobody: when to try again, in the facility's zone: `2024-07-19 14:30`; may be empty.
    pub next_try: Text,
    /// For a new date, in the facility's zone: `2024-08-02 08:10`.
    pub new_start: Text,
    /// For a new date: the patient knows it.
    pub knows: Text,
    /// For another end: its code, as `treated_elsewhere`.
    pub end: Text,
    /// Why; for keeping or cancelling against the rule, and for another end.
    pub reason: Text,
    /// For a note: what the next caller must know.
    pub note: Text,
}

/// What one command does to one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Take,
    Contact {
        channel: Channel,
        result: ContactResult,
        /// The typed local time; empty when nothing was agreed.
        next_try: String,
    },
    /// The typed local time; it is read in the facility's zone.
    Rebook {
        new_start: String,
        knows: bool,
    },
    Seen,
    /// A kept case took place; only the end-of-day list and the record system say so.
    Done,
    Keep {
        reason: String,
    },
    Cancel {
        reason: String,
    },
    End {
        end: State,
        reason: String,
    },
    /// For whoever calls next; it is sealed for the patient.
    Note {
        text: String,
    },
}

/// Which command was sent; the address says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Take,
    Contact,
    Rebook,
    Seen,
    Keep,
    Cancel,
    End,
    Note,
}

impl ChangeCase {
    /// The act that was meant.
    ///
    /// # Errors
    /// What is missing or unknown, by field.
    pub fn read(&self, which: Which) -> Result<Act, FieldErrors> {
        let mut errors = FieldErrors::default();
        let act = match which {
            Which::Take => Some(Act::Take),
            Which::Seen => Some(Act::Seen),
            Which::Contact => self.contact(&mut errors),
            Which::Rebook => errors
                .required("new_start", &self.new_start, 40, "Enter the new date and time.")
                .map(|new_start| Act::Rebook { new_start, knows: self.knows.is_yes() }),
            Which::Note => errors
                .required("note", &self.note, 500, "Write what the next caller must know.")
                .map(|text| Act::Note { text }),
            Which::Keep => self.why(&mut errors).map(|reason| Act::Keep { reason }),
            Which::Cancel => self.why(&mut errors).map(|reason| Act::Cancel { reason }),
            Which::End => {
                let end = State::from_code(self.end.trimmed()).filter(|end| State::OTHER_ENDS.contains(end));
                if end.is_none() {
                    errors.add("end", "Choose how this case ended.");
                }
                let reason = self.why(&mut errors);
                end.zip(reason).map(|(end, reason)| Act::End { end, reason })
            }
        };
        errors.into_result()?;
        Ok(act.expect("every way without an act has said why"))
    }

    /// The version that was on the page.
    ///
    /// # Errors
    /// When it is no number.
    pub fn version(&self) -> Result<Option<i64>, FieldErrors> {
        if self.version.is_blank() {
            return Ok(None);
        }
        let number = self.version.trimmed().parse();
        number
            .map(Some)
            .map_err(|_| FieldErrors::one("version", "The version is a number, as the page gave it."))
    }

    fn contact(&self, errors: &mut FieldErrors) -> Option<Act> {
        let channel = Channel::from_code(self.channel.trimmed());
        if channel.is_none() {
            errors.add("channel", "Choose how you tried.");
        }
        let result = ContactResult::from_code(self.result.trimmed());
        if result.is_none() {
            errors.add("result", "Choose what came of it.");
        }
        let next_try = errors.optional("next_try", &self.next_try, 40).unwrap_or_default();
        Some(Act::Contact { channel: channel?, result: result?, next_try })
    }

    fn why(&self, errors: &mut FieldErrors) -> Option<String> {
        errors.required("reason", &self.reason, 500, "Give the reason; it stands in the log.")
    }
}

/// Which columns of an uploaded schedule hold which fields, and what cannot be read from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ImportColumns {
    /// `mrn:3`, the field and its column's number from 0; fields without a column are left out.
    pub columns: Vec<Text>,
    /// The scheme of priorities that name none: `fssa`, `esas`, `ments`, `imaging`, `local`, or empty.
    pub scheme: Text,
}

/// A service's end-of-day list: its kept cases of a day are done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EndOfDay {
    /// The facility's id.
    pub facility: Text,
    /// The service or procedure as the schedule names it; empty means all of the site.
    pub service: Text,
    /// `2024-07-19`
    pub day: Text,
    /// Appointment ids that did not take place, one a line; they stay open.
    pub not_done: Text,
}

/// What becomes of the record system's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ConfirmReplay {
    /// The lines that are meant, as the page gives them.
    pub confirm: Vec<Text>,
    /// `confirm`, or `not_same` when they are about something else.
    pub act: Text,
}
