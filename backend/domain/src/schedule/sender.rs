//! A feed: one system that sends its own messages about appointments, as a person describes it once.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    dialect::Dialect,
    feed::Figures,
    report::{Doubt, Incoming, What},
};
use crate::{
    field::{FieldErrors, Text},
    id::{FeedFileId, FeedId},
    time::Timestamp,
};

/// In which language a system writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// SIU messages of HL7 version 2, as a file or over MLLP.
    Hl7,
    /// Appointments of FHIR R4 or R5, as a file.
    Fhir,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Hl7, Self::Fhir];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Hl7 => "hl7",
            Self::Fhir => "fhir",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Hl7 => "HL7 version 2 (SIU)",
            Self::Fhir => "FHIR (Appointment)",
        }
    }
}

/// What a person says of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DescribeFeed {
    /// `Epic`
    pub name: Text,
    /// `hl7` or `fhir`; it cannot be changed later.
    pub format: Text,
    /// MSH-3 of its messages; empty takes any.
    pub application: Text,
    /// MSH-4 of its messages; empty takes any.
    pub facility: Text,
    /// Whether messages are taken over MLLP.
    pub listens: Text,
    /// What its own words mean, as JSON; empty for the words of HL7 and FHIR alone.
    pub dialect: Text,
}

/// A feed as it was described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    pub name: String,
    pub format: Format,
    pub application: String,
    pub facility: String,
    pub listens: bool,
    pub dialect: Dialect,
}

impl DescribeFeed {
    /// The feed that is meant.
    ///
    /// # Errors
    /// By field: no name, a format that is none, tables that cannot be read.
    pub fn read(&self) -> Result<Described, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.required("name", &self.name, 60, "Name the system that sends, as Epic.");
        let format = Format::from_code(self.format.trimmed());
        if format.is_none() {
            errors.add("format", "Choose HL7 or FHIR.");
        }
        let application = errors.optional("application", &self.application, 200);
        let facility = errors.optional("facility", &self.facility, 200);
        let listens = self.listens.is_yes();
        if listens && format == Some(Format::Fhir) {
            errors.add("listens", "Only HL7 messages come over MLLP; FHIR comes as a file.");
        }
        let dialect = match self.dialect.trimmed() {
            "" => Some(Dialect::default()),
            written => errors.keep("dialect", serde_json::from_str(written).map_err(|error| unread(&error))),
        };
        errors.into_result()?;
        let parts = (name, format, application, facility, dialect);
        let (Some(name), Some(format), Some(application), Some(facility), Some(dialect)) = parts else {
            return Err(FieldErrors::default());
        };
        Ok(Described { name, format, application, facility, listens, dialect })
    }
}

fn unread(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line").next().unwrap_or_default();
    format!("Line {}, column {}: {what}.", error.line(), error.column())
}

/// How well a sender's own names fit a feed's: the more are named and alike, the better; `None` when one differs.
pub fn fit((application, facility): (&str, &str), sender: (&str, &str)) -> Option<usize> {
    let one = |named: &str, written: &str| match named.trim() {
        "" => Some(0),
        named => named.eq_ignore_ascii_case(written.trim()).then_some(1),
    };
    Some(one(application, sender.0)? * 2 + one(facility, sender.1)?)
}

/// What has come in by one feed, kept with it and changed in the transaction that keeps a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Books {
    /// `reports` and `repeated` count all that ever came, the states what is kept now.
    pub figures: Figures,
    /// Messages that say something of an appointment and could not be taken.
    pub unread: i64,
    /// Messages that say nothing of one, by kind: `ADT^A08`.
    pub left: BTreeMap<String, i64>,
    pub doubts: BTreeMap<Doubt, i64>,
    /// How often each was said: S15, S17 and S26 apart.
    pub said: BTreeMap<What, i64>,
    /// As of when the feed is: the latest event that it told.
    pub as_of: Option<Timestamp>,
    /// When something last came in.
    pub heard_at: Option<Timestamp>,
}

/// More kinds of left messages than these are told together.
const MOST_KINDS: usize = 200;

impl Books {
    /// Counts a message that says nothing of an appointment.
    pub fn leave(&mut self, kind: &str, count: i64) {
        let known = self.left.len() < MOST_KINDS || self.left.contains_key(kind);
        *self.left.entry(if known { kind } else { "other" }.to_owned()).or_default() += count;
    }
}

/// What a file of messages holds, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FileFigures {
    /// reports + unread + what says nothing
    pub items: i64,
    pub reports: i64,
    pub said: BTreeMap<What, i64>,
    pub doubts: BTreeMap<Doubt, i64>,
    pub left: BTreeMap<String, i64>,
    pub unread: i64,
    /// What is wrong with the file beside its messages.
    pub notes: i64,
    /// Of the reports, those that were not here before; 0 until it is taken in.
    pub new: i64,
    pub repeated: i64,
}

impl FileFigures {
    /// As it was read.
    pub fn of(incoming: &Incoming) -> Self {
        let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
        Self {
            items: incoming.items(),
            reports: count(incoming.reports.len()),
            said: incoming.by_what(),
            doubts: incoming.by_doubt(),
            left: incoming.left.clone(),
            unread: count(incoming.rejects.len()),
            notes: count(incoming.notes.len()),
            new: 0,
            repeated: 0,
        }
    }
}

/// What adding or changing a feed answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedSaved {
    pub feed: FeedId,
    /// Which version of its dialect holds.
    pub dialect: i64,
}

/// Taking in a file that was offered; it needs nothing to be said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TakeIn {}

/// What a file answers, when it is offered and when it is taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileSaved {
    pub file: FeedFileId,
    /// The file was here before; nothing was changed.
    pub known: bool,
    pub taken: bool,
    pub figures: FileFigures,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_that_names_most_of_a_sender_fits_best() {
        let epic = ("EPIC", "HARBOR");
        assert_eq!(fit(("", ""), epic), Some(0));
        assert_eq!(fit(("epic", ""), epic), Some(2));
        assert_eq!(fit(("", "Harbor"), epic), Some(1));
        assert_eq!(fit(("EPIC", "HARBOR"), epic), Some(3));
        assert_eq!(fit(("EPIC", "OTHER"), epic), None);
        assert_eq!(fit(("CERNER", ""), epic), None);
    }

    #[test]
    fn what_cannot_be_read_is_said_at_its_field() {
        let form = DescribeFeed {
            format: "fax".into(),
            dialect: "{ \"kinds\": { \"X\": \"party\" } }".into(),
            ..DescribeFeed::default()
        };
        let errors = form.read().unwrap_err();
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["dialect", "format", "name"]);
        assert!(errors.at("dialect").unwrap().starts_with("Line 1, column"), "{errors:?}");
        let over_mllp =
            DescribeFeed { name: "Epic".into(), format: "fhir".into(), listens: "yes".into(), ..form };
        let over_mllp = DescribeFeed { dialect: "".into(), ..over_mllp };
        assert_eq!(over_mllp.read().unwrap_err().0.keys().collect::<Vec<_>>(), ["listens"]);
    }
}
