//! A program that speaks JSON, as an integration would: a bearer token or a session, nothing remembered but that.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::body::Bytes;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::door::{Answer, Door, Request};

/// A client of the JSON door.
#[derive(Clone)]
pub struct Program {
    pub door: Door,
    /// How long a command is repeated, under the same request id, while the server does not answer.
    pub patience: Duration,
    /// Every command that was acknowledged: where, what, and the outcome.
    pub(crate) acknowledged: Arc<Mutex<Vec<(String, Value, Value)>>>,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<String>,
    /// Sent as `Cookie: …`; a session instead of a token.
    pub cookie: Option<String>,
}

impl Program {
    /// A program that nobody knows yet.
    pub fn stranger(door: Door) -> Self {
        Self { door, patience: Duration::ZERO, acknowledged: Arc::default(), token: None, cookie: None }
    }

    /// A program with a token.
    pub fn with_token(door: Door, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..Self::stranger(door) }
    }

    /// Somebody whom nobody knows yet, at the same door and as patient.
    #[must_use]
    pub fn stranger_beside(&self) -> Self {
        Self { patience: self.patience, ..Self::stranger(self.door.clone()) }
    }

    /// The same, repeating each command for as long as a server may take to come back from a crash.
    #[must_use]
    pub fn that_insists(self) -> Self {
        Self { patience: Duration::from_mins(1), ..self }
    }

    /// The same with a session's cookie, as `name=value`.
    #[must_use]
    pub fn with_cookie(self, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..self }
    }

    /// Asks for a page's view model, whatever the answer.
    pub async fn asks(&self, path: &str) -> Answer {
        self.insists(self.query(path)).await
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
        self.insists(self.command(path, command)).await
    }

    /// Sends a command that is carried out.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn does(&self, path: &str, command: impl Serialize) -> Value {
        let mut command = serde_json::to_value(command).expect("a test's command is JSON");
        if !self.patience.is_zero() && command.get("request_id").is_none() {
            command["request_id"] = json!(request_id());
        }
        let answer = self.insists(self.command(path, &command)).await;
        assert!(answer.status.is_success(), "{answer:?}");
        let outcome: Value = answer.json();
        let mut acknowledged = self.acknowledged.lock().expect("nobody panics while holding this");
        acknowledged.push((path.to_owned(), command, outcome.clone()));
        outcome
    }

    /// Repeats every command that was acknowledged: each must give its first outcome again.
    ///
    /// # Panics
    /// When one was forgotten or is now done a second time.
    pub async fn repeats_all(&self) -> usize {
        let acknowledged = self.acknowledged.lock().expect("nobody panics while holding this").clone();
        for (path, command, mut outcome) in acknowledged.iter().cloned() {
            if command.get("request_id").is_none() {
                continue;
            }
            // The code of a card is shown once only.
            if let Some(code) = outcome.get_mut("first_use_code") {
                *code = json!("");
            }
            let again: Value = self.insists(self.command(&path, &command)).await.json();
            assert_eq!(again, outcome, "{path} {command}");
        }
        acknowledged.len()
    }

    /// Sends a request again while nobody answers, until the patience is used up.
    pub async fn insists(&self, request: Request) -> Answer {
        let began = Instant::now();
        loop {
            match self.door.try_send(request.clone()).await {
                Ok(answer) => return answer,
                Err(error) if began.elapsed() >= self.patience => panic!("{} {error}", request.path),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
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
        self.insists(self.upload(path, fields, file)).await
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

/// A request id that no other command of this test program has.
fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("01900000-0000-7000-8000-{number:012}")
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
