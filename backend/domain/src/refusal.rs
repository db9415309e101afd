//! What a rule says when it says no.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rule says no: a stable code for programs and one sentence on which a person can act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// Stable, lower case with hyphens: `already-declared`.
    pub code: Cow<'static, str>,
    /// One sentence that says what to do.
    pub sentence: String,
    /// Where to go, as a path, when there is such a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Refusal {
    /// A refusal with a code and its sentence.
    pub fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), sentence: sentence.into(), link: None }
    }

    /// The same refusal with a place to go.
    #[must_use]
    pub fn with_link(mut self, path: impl Into<String>) -> Self {
        self.link = Some(path.into());
        self
    }
}
