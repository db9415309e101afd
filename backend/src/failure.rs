//! Why a use case did not do what it was asked. The web turns this into a page or a problem, once.

use domain::{Refusal, field::FieldErrors};

use crate::store;

/// The outcome of a use case that did not succeed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule says no.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// What was typed cannot be used.
    #[error("some fields cannot be used")]
    Fields(FieldErrors),
    /// There is no such thing; the text names it: `incident`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The account's roles do not reach there.
    #[error("{0}")]
    Forbidden(String),
    /// Somebody else changed the row first: what it was based on, and what it is now.
    #[error("somebody else changed this first")]
    Conflict { yours: serde_json::Value, theirs: serde_json::Value },
    /// The request id was used for something else.
    #[error("this form was already sent with other contents")]
    ReusedRequestId,
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something outside the database failed; the text is for the log.
    #[error("{0}")]
    Broken(String),
}

impl From<FieldErrors> for Failure {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

impl Failure {
    /// Whether the whole command may simply run again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(store::Error::Conflict(_) | store::Error::Busy(_)))
    }
}
