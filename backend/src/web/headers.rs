//! The layers around every route: request id and log line, nonce and security headers, the origin check, and
//! problems as pages.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use domain::view::frame::Frame;
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::{
    client,
    door::{self, Nonce},
    frame,
    problem::Problem,
    session::Caller,
    throttle,
};
use crate::app::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts the layers around the routes, the outermost last.
pub fn layers(router: Router<App>, app: &App) -> Router<App> {
    router
        .fallback(|| async { Problem::not_found("page") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "This address does not take that method.")
        })
        .layer(middleware::from_fn(check_origin))
        .layer(middleware::from_fn_with_state(app.clone(), throttle::check))
        .layer(middleware::from_fn(refuse_nothing_signs))
        .layer(RequestBodyTimeoutLayer::new(SILENT_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), problems_as_pages))
        .layer(middleware::from_fn_with_state(app.clone(), dress))
}

/// A body of which nothing arrives for so long will not arrive.
const SILENT_BODY: Duration = Duration::from_secs(30);

/// The sign with the number 0 is in no address that a page of ours makes; PostgreSQL takes it in no text.
async fn refuse_nothing_signs(request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return Problem::not_found("page").into_response();
    }
    next.run(request).await
}

/// Gives each request an id and a nonce, each answer its security headers, and the log its line.
async fn dress(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let nonce: Arc<str> = hex::encode(app.clock.bytes::<16>()).into();
    let id: domain::id::RequestId = app.clock.id();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let client = client::note(&app.config.trusted_proxy, &mut request);
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let public = response.extensions().get::<Prepared>().is_some();
    security_headers(response.headers_mut(), (!public).then_some(&*nonce), app.config.is_https());
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let client = client.map(|address| address.to_string()).unwrap_or_default();
    log(&response, (&id.to_string(), &client), &method, &path, started);
    response
}

/// The headers of public bytes that are handed out before a route is looked for.
pub fn public_headers(https: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    security_headers(&mut headers, None, https);
    headers
}

/// Marks an answer of prepared public bytes: no nonce, and caches may ask whether it changed.
#[derive(Debug, Clone, Copy)]
pub struct Prepared;

fn log(response: &Response, (id, client): (&str, &str), method: &Method, path: &str, started: Instant) {
    let status = response.status().as_u16();
    let ms = started.elapsed().as_millis();
    // A personal answer link is a secret; its path is not written down.
    let path = if path.starts_with("/a/") { "/a/…" } else { path };
    match response.extensions().get::<Problem>() {
        Some(problem) if status >= 500 => {
            let cause = problem.detail.cause.as_deref().unwrap_or("");
            tracing::error!(id, client, %method, path, status, ms, code = problem.code, cause, "{}", problem.title);
        }
        Some(problem) => {
            tracing::info!(id, client, %method, path, status, ms, code = problem.code, "refused");
        }
        None => tracing::info!(id, client, %method, path, status, ms, "answered"),
    }
}

/// What a page may load, without the scripts of its own; `script-src` stands before it.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; script-src 'self'";

fn security_headers(headers: &mut HeaderMap, nonce: Option<&str>, https: bool) {
    let policy = match nonce {
        Some(nonce) => HeaderValue::from_str(&format!("{POLICY} 'nonce-{nonce}' 'wasm-unsafe-eval'")),
        None => Ok(HeaderValue::from_static(POLICY)),
    };
    if let Ok(policy) = policy {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "geolocation=(), microphone=(), camera=(self)");
    if https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

/// A command from another site's page is refused; programs with a bearer token have no origin.
async fn check_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_ours(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::FORBIDDEN,
        "other-origin",
        "This was sent from a page of another address; nothing was changed. Open the page here and send it again.",
    )
    .into_response()
}

/// Over HTTP/2 the host stands in the address of the request and there is no header of that name.
fn is_ours(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site"))
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    let host = text(header::HOST).or_else(|| uri.authority().map(Authority::as_str));
    match (text(header::ORIGIN), host) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, ours)| ours == host),
        (Some(_), None) => false,
    }
}

/// A problem is JSON from the inside; a browser gets it as a page with the same frame as any other.
async fn problems_as_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let json = door::wants_json(request.headers());
    let (theme, nonce) = (door::theme(request.headers()), door::nonce(&request));
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if json {
        response.extensions_mut().insert(problem);
        return response;
    }
    let caller = response.extensions_mut().remove::<Caller>();
    let mut frame = frame_of_a_problem(&app, caller.as_ref()).await;
    (frame.theme, frame.assets, frame.path) = (theme, door::assets(&nonce), path);
    let view = problem_view(&problem);
    let html = door::render(frame, &problem.title, move |frame| frontend::pages::problem::page(frame, &view));
    let mut page = (problem.status(), door::html_page(html)).into_response();
    page.extensions_mut().insert(problem);
    page
}

/// How long the page of a problem waits for what stands around it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The page of a problem must stand even when the database does not answer, and soon.
async fn frame_of_a_problem(app: &App, caller: Option<&Caller>) -> Frame {
    let read = async {
        let mut tx = app.db.read().await?;
        frame::read(app, &mut tx, caller, None).await
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(frame)) => frame,
        _ => Frame::default(),
    }
}

fn problem_view(problem: &Problem) -> domain::view::problem::ProblemView {
    let pretty = |value: &Option<serde_json::Value>| {
        value.as_ref().map(|value| serde_json::to_string_pretty(value).unwrap_or_default())
    };
    domain::view::problem::ProblemView {
        status: problem.status,
        sentence: problem.title.clone(),
        link: problem.detail.link.clone(),
        yours: pretty(&problem.detail.yours),
        theirs: pretty(&problem.detail.theirs),
        resend: problem.detail.resend.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: Option<&'static str>, origin: &'static str, uri: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        if let Some(host) = host {
            headers.insert(header::HOST, HeaderValue::from_static(host));
        }
        is_ours(&headers, &Uri::from_static(uri))
    }

    #[test]
    fn a_browser_over_http_2_names_its_host_in_the_address() {
        assert!(asked(Some("downtime.example"), "https://downtime.example", "/sign-in"));
        assert!(asked(None, "https://downtime.example", "https://downtime.example/sign-in"));
        assert!(!asked(None, "https://evil.example", "https://downtime.example/sign-in"));
        assert!(!asked(None, "https://downtime.example", "/sign-in"));
    }
}
