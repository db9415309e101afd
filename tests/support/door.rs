//! The way in: the router in this process, or a real server over TCP. Clients do not know which they use.

use std::{fmt, net::SocketAddr};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
};
use http_body_util::BodyExt;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use crate::Page;

/// Where requests go.
#[derive(Clone)]
pub enum Door {
    /// The router, called directly.
    InProcess(Router),
    /// A server, by its address without a slash at the end.
    Tcp(String, reqwest::Client),
}

/// A request, before it goes through a door.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    pub asked: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a test names headers correctly");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a test's header is visible ASCII"));
        self
    }

    /// With a body of this media type.
    #[must_use]
    pub fn body(mut self, media: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media)
    }
}

impl Door {
    /// A door to a real server.
    pub fn to(address: &str) -> Self {
        // Only the first test of a program installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // A connection to a server that was killed must not be used again.
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client without TLS can be made");
        Self::Tcp(address.trim_end_matches('/').to_owned(), client)
    }

    /// The origin that a browser on this door's pages would name.
    pub fn origin(&self) -> String {
        match self {
            Self::InProcess(_) => "http://127.0.0.1:8080".to_owned(),
            Self::Tcp(address, _) => address.clone(),
        }
    }

    /// Sends a request and reads the whole answer; an answer that never ends must not be asked for here.
    ///
    /// # Panics
    /// When a real server cannot be reached; see [`Door::try_send`].
    pub async fn send(&self, request: Request) -> Answer {
        self.try_send(request).await.expect("the server answers")
    }

    /// Sends a request to a server that may be killed meanwhile.
    ///
    /// # Errors
    /// When no whole answer came back.
    pub async fn try_send(&self, request: Request) -> Result<Answer, reqwest::Error> {
        let asked = format!("{} {}", request.method, request.path);
        match self {
            Self::InProcess(router) => {
                let (parts, body) = self.call(router, request).await.into_parts();
                let body = body.collect().await.expect("the router's body can be read").to_bytes();
                Ok(Answer { asked, status: parts.status, headers: parts.headers, body })
            }
            Self::Tcp(address, client) => {
                let answer = ask(client, address, request).await?;
                let (status, headers) = (answer.status(), answer.headers().clone());
                Ok(Answer { asked, status, headers, body: answer.bytes().await? })
            }
        }
    }

    /// Sends a request and waits for the first line of the answer only, as for a stream.
    ///
    /// # Panics
    /// When a real server cannot be reached.
    pub async fn status(&self, request: Request) -> StatusCode {
        match self {
            Self::InProcess(router) => self.call(router, request).await.status(),
            Self::Tcp(address, client) => {
                ask(client, address, request).await.expect("the server answers").status()
            }
        }
    }

    async fn call(&self, router: &Router, request: Request) -> axum::response::Response {
        let mut http = axum::http::Request::builder()
            .method(request.method)
            .uri(&request.path)
            .header("host", self.origin().replace("http://", ""))
            .body(Body::from(request.body))
            .expect("a test's path is a path");
        http.headers_mut().extend(request.headers);
        http.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
        let Ok(answer) = router.clone().oneshot(http).await;
        answer
    }
}

async fn ask(
    client: &reqwest::Client,
    address: &str,
    request: Request,
) -> Result<reqwest::Response, reqwest::Error> {
    let url = format!("{address}{}", request.path);
    client.request(request.method, url).headers(request.headers).body(request.body).send().await
}

impl Answer {
    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|_| panic!("{}: the body is not UTF-8", self.asked))
    }

    /// The body, read from JSON.
    ///
    /// # Panics
    /// When it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{self:?} is not the JSON expected: {error}"))
    }

    /// The body, read as a page.
    pub fn page(&self) -> Page {
        assert!(self.header("content-type").starts_with("text/html"), "{self:?} is not a page");
        Page::read(self.text())
    }

    /// The same answer, if its status is this.
    ///
    /// # Panics
    /// When it is another, with what was said.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let shown = if self.header("content-type").starts_with("text/html") {
            Page::read(&body).text()
        } else {
            body.into_owned()
        };
        let shown: String = shown.chars().take(3000).collect();
        write!(f, "{} answered {} {}", self.asked, self.status, shown)
    }
}
