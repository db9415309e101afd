//! A program that speaks JSON, as an integration would: a bearer token or a session, nothing remembered but that.

use axum::body::Bytes;
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use crate::door::{Answer, Door, Request};

/// A client of the JSON door.
#[derive(Clone)]
pub struct Program {
    pub door: Door,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<String>,
    /// Sent as `Cookie: …`; a session instead of a token.
    pub cookie: Option<String>,
}

impl Program {
    /// A program that nobody knows yet.
    pub fn stranger(door: Door) -> Self {
        Self { door, token: None, cookie: None }
    }

    /// A program with a token.
    pub fn with_token(door: Door, token: impl Into<String>) -> Self {
        Self { door, token: Some(token.into()), cookie: None }
    }

    /// The same with a session's cookie, as `name=value`.
    #[must_use]
    pub fn with_cookie(self, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..self }
    }

    /// Asks for a page's view model, whatever the answer.
    pub async fn asks(&self, path: &str) -> Answer {
        self.door.send(self.query(path)).await
    }

    /// Reads a page's view model.
    ///
    /// # Panics
    /// When the answer is not 200 with JSON.
    pub async fn reads(&self, path: &str) -> Value {
        self.asks(path).await.expect(200).json()
    }

    /// Sends a command, whatever the answer.
    pub async fn posts(&self, path: &str, command: impl Serialize) -> Answer {
        self.door.send(self.command(path, command)).await
    }

    /// Sends a command that is carried out.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn does(&self, path: &str, command: impl Serialize) -> Value {
        let answer = self.posts(path, command).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer.json()
    }

    /// Sends a command that the rules refuse: the problem's body.
    ///
    /// # Panics
    /// When it is not refused with this status as problem+json.
    pub async fn is_refused(&self, path: &str, command: impl Serialize, status: u16) -> Value {
        let answer = self.posts(path, command).await.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        answer.json()
    }

    /// Sends a file as an upload form does, with the form's other fields.
    pub async fn uploads(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Answer {
        self.door.send(self.upload(path, fields, file)).await
    }

    /// The question for a page's view model as a request.
    pub fn query(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// The upload of a file as a request.
    pub fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Request {
        let (media, body) = multipart(fields, Some(file));
        self.request(Method::POST, path).body(&media, body)
    }

    /// The command as a request, for tests that send it when the server may be gone.
    pub fn command(&self, path: &str, command: impl Serialize) -> Request {
        let body = serde_json::to_vec(&command).expect("a test's command is JSON");
        self.request(Method::POST, path).body("application/json", body)
    }

    fn request(&self, method: Method, path: &str) -> Request {
        let request = Request::new(method, path).header("accept", "application/json");
        match (&self.token, &self.cookie) {
            (Some(token), _) => request.header("authorization", &format!("Bearer {token}")),
            (None, Some(cookie)) => request.header("cookie", cookie),
            (None, None) => request,
        }
    }
}

/// A `multipart/form-data` body and its media type; the file is (field, name, bytes).
pub fn multipart(fields: &[(&str, &str)], file: Option<(&str, &str, &[u8])>) -> (String, Bytes) {
    const BOUNDARY: &str = "downtime-test-boundary";
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    if let Some((name, file_name, bytes)) = file {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body.into())
}
