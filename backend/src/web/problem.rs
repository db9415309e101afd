//! What went wrong, as a page or as problem+json (RFC 9457), and one line in the log with the request id.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{field::FieldErrors, view::problem::Resend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{failure::Failure, store};

/// The body of an error, RFC 9457. The media type is `application/problem+json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// Stable, lower case with hyphens: `already-declared`.
    #[serde(rename = "type")]
    pub code: String,
    /// The HTTP status code.
    pub status: u16,
    /// One sentence on which a person can act.
    pub title: String,
    #[serde(flatten)]
    pub detail: Box<Detail>,
}

/// What some problems say besides.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Detail {
    /// Where to go, when there is such a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What is wrong, by field.
    #[serde(skip_serializing_if = "FieldErrors::is_empty")]
    pub errors: FieldErrors,
    /// For a conflict: what you based your change on, and what is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yours: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theirs: Option<serde_json::Value>,
    /// For monitors: how many things do not add up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<usize>,
    /// What was typed, for sending it again as new; only in pages.
    #[serde(skip)]
    pub resend: Option<Resend>,
    /// For the log only.
    #[serde(skip)]
    pub cause: Option<String>,
}

impl Problem {
    /// A problem with a status, a stable code and its sentence.
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        Self { code: code.to_owned(), status: status.as_u16(), title: title.into(), detail: Box::default() }
    }

    /// The same problem with what is wrong by field.
    #[must_use]
    pub fn with_errors(mut self, errors: FieldErrors) -> Self {
        self.detail.errors = errors;
        self
    }

    /// The same problem with what only the log should know.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.detail.cause = Some(cause.into());
        self
    }

    /// There is no such thing, or nothing at this address.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("There is no such {what}."))
    }

    /// The account's roles do not reach there.
    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", sentence)
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => {
                let mut problem =
                    Self::new(StatusCode::UNPROCESSABLE_ENTITY, &refusal.code, refusal.sentence);
                problem.detail.link = refusal.link;
                problem
            }
            Failure::Fields(errors) => {
                let title = "Some of what was sent cannot be used; nothing was changed.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "fields", title).with_errors(errors)
            }
            Failure::NotFound(what) => Self::not_found(what),
            Failure::Forbidden(sentence) => Self::forbidden(sentence),
            Failure::Conflict { yours, theirs } => {
                let title =
                    "Somebody else changed this first. Compare, then send yours again if it still holds.";
                let mut problem = Self::new(StatusCode::CONFLICT, "conflict", title);
                (problem.detail.yours, problem.detail.theirs) = (Some(yours), Some(theirs));
                problem
            }
            Failure::ReusedRequestId => {
                let title = "This form was already sent with other contents. Save what you typed as new.";
                Self::new(StatusCode::CONFLICT, "request-id-reused", title)
            }
            Failure::Store(error) => error.into(),
            Failure::Broken(cause) => {
                let title = "Something failed inside the program; nothing was changed. Try again.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", title).caused_by(cause)
            }
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        let (status, code, title) = match &error {
            store::Error::Full(_) => (
                StatusCode::INSUFFICIENT_STORAGE,
                "disk-full",
                "The disk is full; nothing was changed. Free some space, then send this again.",
            ),
            store::Error::ReadOnly(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "database-read-only",
                "The database file is read-only; nothing was changed.",
            ),
            store::Error::Conflict(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too many changes at the same moment; nothing was changed. Send this again.",
            ),
            store::Error::Busy(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "The database is busy or does not answer; nothing was changed. Send this again.",
            ),
            _ => (
                StatusCode::SERVICE_UNAVAILABLE,
                "database",
                "The database did not answer; nothing was changed. Send this again.",
            ),
        };
        Self::new(status, code, title).caused_by(format!("{error:?}"))
    }
}

impl IntoResponse for Problem {
    /// JSON by default; the outer layer turns it into a page for a browser, and logs it.
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(self);
        response
    }
}
