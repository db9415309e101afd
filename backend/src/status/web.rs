//! The doors of the public pages.

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};
use domain::view::status::{SitesView, StatusView};

use super::{Form, Prepared};
use crate::{
    app::App,
    web::{
        door,
        headers::{Prepared as PublicBytes, public_headers},
        problem::Problem,
        routes::{Access, Routes},
    },
};

const SCRIPT: &str = include_str!("status.js");

/// The routes of the public pages.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<SitesView, _>("/status", Access::Public, "Choose a site", choose)
        .page::<StatusView, _>("/status/{facility}", Access::Public, "May I use it here?", site)
        .also("/status/{facility}.json", "application/json", "The same for programs")
        .also("/status/{facility}.rss", "application/rss+xml", "The same as RSS 2.0")
        .also(
            "/status/{facility}.cap",
            "application/cap+xml",
            "The newest alert of the site (CAP 1.2): alert, update or cancel",
        )
        .file("/status.js", Access::Public, "text/javascript", "Keeps a public page current", script)
}

async fn choose(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    serve(&app, "", &headers).await
}

async fn site(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    serve(&app, &code, &headers).await
}

/// A site's page when it is prepared and confirmed: nothing is waited for and nothing is read.
pub fn at_once<B>(app: &App, request: &Request<B>) -> Option<Response> {
    let code = request.uri().path().strip_prefix("/status/").filter(|_| request.method() == Method::GET)?;
    // The page for choosing stands under the empty code, which no path can carry.
    let (prepared, form) = super::at_once(app, code).filter(|_| !code.is_empty())?;
    as_asked(&prepared, form, request.headers())
}

async fn serve(app: &App, code: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let (prepared, form) = super::answer(app, code).await?.ok_or_else(|| Problem::not_found("site"))?;
    as_asked(&prepared, form, headers).ok_or_else(|| {
        let sentence = "No alert was ever needed for this site.";
        Problem::new(StatusCode::NOT_FOUND, "no-alert", sentence)
    })
}

/// Nothing when there is no such form of it.
fn as_asked(prepared: &Prepared, form: Form, asked: &HeaderMap) -> Option<Response> {
    let ready = match form {
        Form::Either if door::wants_json(asked) => &prepared.json,
        Form::Either => &prepared.html,
        Form::Json => &prepared.json,
        Form::Rss => prepared.rss.as_ref()?,
        Form::Cap => prepared.cap.as_ref()?,
    };
    Some(answer(ready.body.clone(), ready.headers.clone(), asked))
}

async fn script(State(app): State<App>, asked: HeaderMap) -> Response {
    let etag = concat!("\"", env!("CARGO_PKG_VERSION"), "-1\"");
    let headers = every_header(etag, "text/javascript; charset=utf-8", app.config.is_https());
    answer(Bytes::from_static(SCRIPT.as_bytes()), headers, &asked)
}

/// What stands above public bytes, those of every answer included.
pub fn every_header(etag: &str, media: &'static str, https: bool) -> HeaderMap {
    let mut headers = public_headers(https);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    headers
}

fn answer(body: Bytes, headers: HeaderMap, asked: &HeaderMap) -> Response {
    let etag = headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let unchanged = known
        .is_some_and(|tags| tags.split(',').any(|tag| Some(tag.trim().trim_start_matches("W/")) == etag));
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(body) });
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    *response.headers_mut() = headers;
    response.extensions_mut().insert(PublicBytes);
    response
}
