//! Call sheets: the next patients to call on paper, and what came of each call, typed in afterwards.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channel, ContactResult};
use crate::field::{FieldErrors, Text};

/// Patients on one sheet at most: two pages.
pub const MOST_ON_A_SHEET: i64 = 40;

/// A sheet of the next patients to call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MakeSheet {
    /// A facility's id; empty means all that the account works at.
    pub site: Text,
    /// The service as the schedule names it; empty means all.
    pub service: Text,
    /// How many patients, 1 to 40.
    pub patients: Text,
}

impl MakeSheet {
    /// How many patients.
    ///
    /// # Errors
    /// When it is no such number.
    pub fn patients(&self) -> Result<i64, FieldErrors> {
        let number =
            self.patients.trimmed().parse().ok().filter(|number| (1..=MOST_ON_A_SHEET).contains(number));
        let says =
            || FieldErrors::one("patients", format!("Write how many patients, 1 to {MOST_ON_A_SHEET}."));
        number.ok_or_else(says)
    }
}

/// One try as it stands on a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TypeBack {
    /// The number of the line.
    pub line: Text,
    /// When, in the facility's zone: `05:10`, or `2024-07-19 05:10`.
    pub at: Text,
    /// `phone`, `sms`, `email`, `letter`, `in_person`.
    pub channel: Text,
    /// `told`, `no_answer`, `voicemail`, `wrong_number`, `call_back`.
    pub result: Text,
    /// The initials on the sheet.
    pub by: Text,
}

/// The same, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub line: i64,
    /// The typed local time; it is read in the facility's zone.
    pub at: String,
    pub channel: Channel,
    pub result: ContactResult,
    pub by: String,
}

impl TypeBack {
    /// What was meant.
    ///
    /// # Errors
    /// What is missing or unknown, by field.
    pub fn read(&self) -> Result<Typed, FieldErrors> {
        let mut errors = FieldErrors::default();
        let line: Option<i64> = self.line.trimmed().parse().ok();
        if line.is_none() {
            errors.add("line", "Write the number of the line.");
        }
        let at = errors.required("at", &self.at, 40, "Write when the try was made.");
        let channel = Channel::from_code(self.channel.trimmed());
        if channel.is_none() {
            errors.add("channel", "Choose how it was tried.");
        }
        let result = ContactResult::from_code(self.result.trimmed());
        if result.is_none() {
            errors.add("result", "Choose what came of it.");
        }
        let by = errors.required("by", &self.by, 60, "Write whose initials stand there.");
        errors.into_result()?;
        let read = (|| Some(Typed { line: line?, at: at?, channel: channel?, result: result?, by: by? }))();
        Ok(read.expect("whatever is missing has been said"))
    }
}
