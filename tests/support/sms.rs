//! An SMS gateway of the test's own: one HTTP address that keeps what it is asked to send.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::RawQuery, http::StatusCode, routing::any};

/// The gateway; it ends with the test's runtime.
#[derive(Clone)]
pub struct SmsGateway {
    pub port: u16,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl SmsGateway {
    /// Starts a gateway that accepts everything.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("a listener knows its port").port();
        let asked: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let kept = asked.clone();
        let handler = move |RawQuery(query): RawQuery, body: String| {
            let kept = kept.clone();
            async move {
                kept.lock()
                    .expect("no test panics while it holds this")
                    .push((query.unwrap_or_default(), body));
                StatusCode::ACCEPTED
            }
        };
        let router = Router::new().fallback(any(handler));
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        tasks.detach_all();
        Self { port, asked }
    }

    /// The address for `--sms`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/send?to={{to}}&text={{text}}", self.port)
    }

    /// What was asked for up to now: (number, text).
    ///
    /// # Panics
    /// When a request had neither.
    pub fn texts(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().expect("no test panics while it holds this");
        asked
            .iter()
            .map(|(query, body)| {
                let fields: std::collections::BTreeMap<String, String> =
                    serde_html_form::from_str(query).expect("a query can be read");
                let field = |name: &str| fields.get(name).cloned();
                let pair = field("to").zip(field("text"));
                pair.unwrap_or_else(|| panic!("neither number nor text in {query:?} {body:?}"))
            })
            .collect()
    }
}
