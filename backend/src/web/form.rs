//! What a command takes: the same fields as a form or as JSON.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request as HttpRequest},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use domain::{field::Text, id::RequestId};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::{app::App, store::requests::Request};

/// The fields of a command, with the request id under which they were sent.
#[derive(Debug, Clone)]
pub struct Input<F> {
    pub form: F,
    pub request: Request,
    /// The fields as name and value, for showing them again when they belong to another form.
    pub typed: Vec<(String, String)>,
}

#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    request_id: Text,
}

impl<F: DeserializeOwned> FromRequest<App> for Input<F> {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, app: &App) -> Result<Self, Problem> {
        let path = request.uri().path().to_owned();
        let media = text(request.headers(), header::CONTENT_TYPE.as_str());
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let key = text(request.headers(), "idempotency-key");
        let body = Bytes::from_request(request, app).await.map_err(too_large)?;
        let (form, named, typed) = match media.as_str() {
            "application/json" => {
                let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
                if body.trim_ascii_start().first() != Some(&b'{') {
                    return Err(unreadable(&"JSON commands are objects with named fields"));
                }
                let form = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
                (form, serde_json::from_slice::<Named>(body).unwrap_or_default(), Vec::new())
            }
            "application/x-www-form-urlencoded" | "" => {
                let form = serde_html_form::from_bytes(&body).map_err(|error| unreadable(&error))?;
                let typed = serde_html_form::from_bytes(&body).unwrap_or_default();
                (form, serde_html_form::from_bytes::<Named>(&body).unwrap_or_default(), typed)
            }
            other => {
                let title = format!("Send a form or JSON; {other:?} cannot be read here.");
                return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", title));
            }
        };
        let id = request_id(app, if key.is_empty() { named.request_id.trimmed() } else { &key })?;
        let mut hash = Sha256::new();
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(&body);
        Ok(Self { form, request: Request { id, body_hash: hash.finalize().into() }, typed })
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn request_id(app: &App, given: &str) -> Result<RequestId, Problem> {
    if given.is_empty() {
        return Ok(app.clock.id());
    }
    given.parse().map_err(|_| {
        let title = "The request id must be a UUID; leave it out to let the server make one.";
        Problem::new(StatusCode::BAD_REQUEST, "request-id", title)
    })
}

fn too_large(rejection: axum::extract::rejection::BytesRejection) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        let title = "This is more than 2 MB. Shorten it, or import it as a file.";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title);
    }
    Problem::new(StatusCode::BAD_REQUEST, "cut-off", "The connection ended before everything was sent.")
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "unreadable", format!("What was sent cannot be read: {error}."))
}

impl<F: serde::Serialize> Input<F> {
    /// The same input, known by what may be kept of it: the hash of a body with a password in it would let whoever
    /// steals the database try passwords as fast as they can be hashed.
    #[must_use]
    pub fn known_as(mut self, door: &super::door::Door, kept: &F) -> Self {
        let mut hash = Sha256::new();
        hash.update(door.path().as_bytes());
        hash.update([0]);
        hash.update(serde_json::to_vec(kept).unwrap_or_default());
        self.request.body_hash = hash.finalize().into();
        self
    }
}

impl<F> Input<F> {
    /// The input of an upload, whose handler has read the parts: the request id is the form's own, and the hash is
    /// over the path and the file, so that one id is one file.
    pub fn of_upload(door: &super::door::Door, id: &str, file: &[u8], form: F) -> Result<Self, Problem> {
        let mut hash = Sha256::new();
        hash.update(door.path().as_bytes());
        hash.update([0]);
        hash.update(file);
        let request = Request { id: request_id(&door.app, id.trim())?, body_hash: hash.finalize().into() };
        Ok(Self { form, request, typed: Vec::new() })
    }
}
