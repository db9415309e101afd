//! The doors of the public pages.

use axum::{
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::view::status::{SitesView, StatusView};

use super::Prepared;
use crate::{
    app::App,
    web::{
        door,
        headers::Prepared as PublicBytes,
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
    // The page for choosing stands under the empty code, which no path can carry.
    serve(&app, &code, &headers).await
}

/// A site's page when it is prepared and confirmed: nothing is waited for and nothing is read.
pub fn at_once(app: &App, request: &Request) -> Option<Response> {
    let code = request.uri().path().strip_prefix("/status/").filter(|_| request.method() == Method::GET)?;
    let prepared = super::at_once(app, code)?;
    Some(as_asked(prepared, request.headers()))
}

fn as_asked(prepared: Prepared, headers: &HeaderMap) -> Response {
    let (bytes, media) = if door::wants_json(headers) {
        (prepared.json, "application/json")
    } else {
        (prepared.html, "text/html; charset=utf-8")
    };
    answer(bytes, media, &prepared.etag, headers)
}

async fn serve(app: &App, code: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let prepared = super::answer(app, code).await?.ok_or_else(|| Problem::not_found("site"))?;
    Ok(as_asked(prepared, headers))
}

async fn script(headers: HeaderMap) -> Response {
    let etag = concat!("\"", env!("CARGO_PKG_VERSION"), "-1\"");
    answer(Bytes::from_static(SCRIPT.as_bytes()), "text/javascript; charset=utf-8", etag, &headers)
}

fn answer(bytes: Bytes, media: &'static str, etag: &str, asked: &HeaderMap) -> Response {
    let unchanged = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response =
        if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response.extensions_mut().insert(PublicBytes);
    response
}
