//! Message templates: text that was written and approved before anyone was frightened, with blanks for what only
//! the day itself knows.
//!
//! A blank stands in a body as `{next_update}`. An approved template whose blanks are filled from data needs no
//! second approver (rule 1); a typed blank is free text, so a template that has one does.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One message in one language, with a body for each channel it may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub key: String,
    pub name: String,
    pub when: MessageUse,
    /// IETF language tag: `en`, `es`, `pt-BR`.
    pub language: String,
    /// For whom it is written, in words.
    pub audience: String,
    /// The owner has read and approved this wording.
    pub approved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The text message. Check code, verify address and answer link are added when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
    #[serde(default)]
    pub blanks: Vec<Blank>,
}

/// Subject and body of an e-mail, as plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Email {
    pub subject: String,
    pub body: String,
}

/// At which turn of the incident a message is offered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageUse {
    /// The first word after a declaration.
    Declaration,
    Update,
    /// The same again for those who may have missed it.
    Reminder,
    /// To the people who cancel, or whose work is cancelled.
    Cancellation,
    /// A clearance was taken back.
    Revocation,
}

/// A gap in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blank {
    /// As it stands between braces in the bodies.
    pub key: String,
    /// The label of its field in the composer.
    pub label: String,
    pub source: BlankSource,
    /// The message cannot be sent without it.
    #[serde(default = "required")]
    pub required: bool,
}

/// Where the content of a blank comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlankSource {
    /// Name of the incident.
    Incident,
    /// The hospital or health system.
    Organisation,
    /// Places in scope.
    Places,
    /// Systems that are not operational.
    Systems,
    Level,
    Cause,
    /// Earliest known start, local time with zone.
    Started,
    /// The declaration, local time with zone.
    Declared,
    /// When the next update is due, local time with zone.
    NextUpdate,
    /// The civil day of the decision: `Friday 19 July 2024`.
    Day,
    /// Name of the commander.
    Commander,
    /// Someone types it: free text.
    Typed,
}

impl BlankSource {
    /// Whether somebody typed it, now or when the downtime was declared: words that nobody has approved (rule 1).
    /// Names of places and systems are kept by administrators, times come from the clock.
    pub const fn is_typed(self) -> bool {
        matches!(self, Self::Incident | Self::Level | Self::Cause | Self::Typed)
    }
}

const fn required() -> bool {
    true
}

/// A message with its blanks filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filled {
    pub email: Option<Email>,
    pub sms: Option<String>,
}

/// Keys of the required blanks that nothing was given for, in the order of the template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Fill in {}.", .0.join(", "))]
pub struct MissingBlanks(pub Vec<String>);

impl Message {
    /// Whether every blank is filled from data, so that nobody's free text can come in.
    pub fn is_free_of_typing(&self) -> bool {
        self.blanks.iter().all(|blank| blank.source != BlankSource::Typed)
    }

    /// The bodies with their blanks filled.
    ///
    /// # Errors
    /// [`MissingBlanks`] names every required blank that is missing or empty.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<Filled, MissingBlanks> {
        let value = |key: &str| values.get(key).map_or("", |value| value.trim());
        let missing: Vec<_> = self
            .blanks
            .iter()
            .filter(|blank| blank.required && value(&blank.key).is_empty())
            .map(|blank| blank.key.clone())
            .collect();
        if !missing.is_empty() {
            return Err(MissingBlanks(missing));
        }
        let fill = |body: &str| {
            pieces(body)
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Blank(key) => value(key),
                })
                .collect::<String>()
        };
        Ok(Filled {
            email: self
                .email
                .as_ref()
                .map(|email| Email { subject: fill(&email.subject), body: fill(&email.body) }),
            sms: self.sms.as_deref().map(fill),
        })
    }

    /// The bodies with the field of the file in which each stands.
    pub(super) fn bodies(&self) -> impl Iterator<Item = (&'static [&'static str], &str)> {
        let email = self.email.as_ref();
        [
            email.map(|email| (["email", "subject"].as_slice(), email.subject.as_str())),
            email.map(|email| (["email", "body"].as_slice(), email.body.as_str())),
            self.sms.as_deref().map(|sms| (["sms"].as_slice(), sms)),
        ]
        .into_iter()
        .flatten()
    }
}

/// The keys of the blanks that a body uses.
pub(super) fn blanks_in(body: &str) -> BTreeSet<&str> {
    pieces(body)
        .filter_map(|piece| match piece {
            Piece::Blank(key) => Some(key),
            Piece::Text(_) => None,
        })
        .collect()
}

enum Piece<'a> {
    Text(&'a str),
    Blank(&'a str),
}

/// Splits a body at its blanks. A brace that opens no blank is text, so that filling never loses a character.
fn pieces(body: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((key, after)) = blank_at_start(rest) {
            rest = after;
            return Some(Piece::Blank(key));
        }
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(at, _)| blank_at_start(&rest[*at..]).is_some())
            .map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

fn blank_at_start(text: &str) -> Option<(&str, &str)> {
    let (key, after) = text.strip_prefix('{')?.split_once('}')?;
    let is_key =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_key.then_some((key, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sms: &str, blanks: &[(&str, bool)]) -> Message {
        Message {
            key: "first-word".to_owned(),
            name: "First word".to_owned(),
            when: MessageUse::Declaration,
            language: "en".to_owned(),
            audience: "everyone".to_owned(),
            approved: true,
            email: None,
            sms: Some(sms.to_owned()),
            blanks: blanks
                .iter()
                .map(|(key, required)| Blank {
                    key: (*key).to_owned(),
                    label: (*key).to_owned(),
                    source: BlankSource::Typed,
                    required: *required,
                })
                .collect(),
        }
    }

    #[test]
    fn blanks_are_filled_and_other_braces_stay() {
        let message = message("{a}{b} at {a}, not {A} or {", &[("a", true), ("b", false)]);
        let values = BTreeMap::from([("a".to_owned(), " {b} ".to_owned())]);
        assert_eq!(
            message.fill(&values).expect("is complete").sms.as_deref(),
            Some("{b} at {b}, not {A} or {")
        );
        assert_eq!(blanks_in("{a}{b} at {a}, not {A} or {"), BTreeSet::from(["a", "b"]));
    }

    #[test]
    fn a_required_blank_without_content_stops_the_message() {
        let message = message("{a} {b}", &[("a", true), ("b", true)]);
        let values = BTreeMap::from([("a".to_owned(), "  ".to_owned()), ("b".to_owned(), "x".to_owned())]);
        assert_eq!(message.fill(&values), Err(MissingBlanks(vec!["a".to_owned()])));
    }
}
