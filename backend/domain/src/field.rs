//! What people typed, and what is wrong with it, field by field.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// One typed value. Forms send text; JSON may send a string, a number, a boolean or null, which all arrive as
/// the text a person would have typed. So every command has one shape for both doors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Text(pub String);

impl Text {
    /// As it arrives. Signs that no key types (terminal commands, the sign with the number 0, which PostgreSQL takes
    /// in no text) are left out; line breaks and tabs stay.
    fn typed(text: String) -> Self {
        let is_typed = |sign: char| !sign.is_control() || matches!(sign, '\n' | '\r' | '\t');
        if text.chars().all(is_typed) {
            Self(text)
        } else {
            Self(text.chars().filter(|&sign| is_typed(sign)).collect())
        }
    }

    /// The value without surrounding white space.
    pub fn trimmed(&self) -> &str {
        self.0.trim()
    }

    /// Whether nothing but white space was typed.
    pub fn is_blank(&self) -> bool {
        self.trimmed().is_empty()
    }

    /// Whether a tick box or a JSON boolean says yes.
    pub fn is_yes(&self) -> bool {
        matches!(self.trimmed().to_ascii_lowercase().as_str(), "true" | "on" | "yes" | "1" | "y")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Text;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a number or true/false")
            }
            fn visit_str<E>(self, v: &str) -> Result<Text, E> {
                Ok(Text::typed(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> Result<Text, E> {
                Ok(Text::typed(v))
            }
            fn visit_bool<E>(self, v: bool) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
            fn visit_none<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What is wrong, by the name of the field. Several sentences may stand at one field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FieldErrors(pub BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says what is wrong with a field.
    pub fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0.entry(field.into()).or_default().push(sentence.into());
    }

    /// One error at one field.
    pub fn one(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, sentence);
        errors
    }

    /// The first sentence at a field, for showing it above the box.
    pub fn at(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(|sentences| sentences.first()).map(String::as_str)
    }

    /// Keeps the error and gives `None`, or gives the value.
    pub fn keep<T, E: ToString>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// A required text of at most `most` characters, trimmed; otherwise `missing` is said at the field.
    pub fn required(&mut self, field: &str, text: &Text, most: usize, missing: &str) -> Option<String> {
        if text.is_blank() {
            self.add(field, missing);
            return None;
        }
        self.optional(field, text, most)
    }

    /// A text of at most `most` characters, trimmed, which may be empty.
    pub fn optional(&mut self, field: &str, text: &Text, most: usize) -> Option<String> {
        let length = text.trimmed().chars().count();
        if length > most {
            self.add(field, format!("Shorten this to {most} characters; it has {length}."));
            return None;
        }
        Some(text.trimmed().to_owned())
    }

    /// `Ok` when nothing is wrong.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}
