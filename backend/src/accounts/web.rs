//! The doors of accounts: sign in and out, set up, first use; and those for managing them.

mod manage;

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Query},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    accounts::{FirstUse, SetUp, SignIn, SignedInAs},
    field::Text,
    view::{
        accounts::{FirstUseView, SetUpView, SignInView},
        frame::Frame,
        problem::Resend,
    },
};
use serde::Deserialize;

use super::Session;
use crate::{
    app::App,
    failure::Failure,
    web::{
        client::Client,
        door::{self, Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
        session::COOKIE,
    },
};

/// The routes of accounts.
pub fn routes(routes: Routes) -> Routes {
    manage::routes(routes)
        .page::<SignInView, _>("/sign-in", Access::Public, "The page for signing in", show_sign_in)
        .command::<SignIn, SignedInAs, _>(
            "/sign-in",
            Access::Public,
            "Sign in; the session is a cookie",
            sign_in,
        )
        .command::<(), (), _>("/sign-out", Access::SignedIn, "Sign out", sign_out)
        .page::<SetUpView, _>("/setup", Access::Public, "The page for the first administrator", show_set_up)
        .command::<SetUp, SignedInAs, _>("/setup", Access::Public, "Make the first administrator", set_up)
        .page::<FirstUseView, _>(
            "/first-use",
            Access::Public,
            "The page for a card's first use",
            show_first_use,
        )
        .command::<FirstUse, SignedInAs, _>("/first-use", Access::Public, "Use a card and sign in", first_use)
}

/// The address a request came from, for counting tries.
pub struct From(pub String);

impl FromRequestParts<App> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let client = parts.extensions.get::<Client>();
        Ok(Self(client.map_or_else(|| "here".to_owned(), |Client(address)| address.to_string())))
    }
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    path: String,
    #[serde(default)]
    secret: String,
}

async fn show_sign_in(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    if super::setup_secret(&door.app).await?.is_some() && !door.wants_json() {
        let title =
            "Nobody can sign in yet. Open the one-time link that the program printed when it started.";
        return Err(Problem::new(StatusCode::CONFLICT, "not-set-up", title));
    }
    let view = SignInView { login: String::new(), path: safe_path(&asked.path), kept: None, refusal: None };
    let tx = door.read().await?;
    door.page(tx, "Sign in", view, frontend::pages::accounts::sign_in, Mistakes::default()).await
}

async fn sign_in(door: Door, From(from): From, input: Input<SignIn>) -> Result<Response, Problem> {
    let path = safe_path(&input.form.path.0);
    let kept = kept(&input.typed);
    match super::sign_in(&door.app, &input.form, &from).await {
        Ok(session) => match kept {
            Some(kept) if !door.wants_json() => {
                let view = SignInView { login: String::new(), path, kept: Some(kept), refusal: None };
                let body = frontend::pages::accounts::signed_in_with_kept;
                let tx = door.read().await?;
                let page = door.page(tx, "Signed in", view, body, Mistakes::default()).await?;
                Ok(with_cookie(&session, page))
            }
            _ => Ok(with_cookie(&session, door.done(&path, &session.who))),
        },
        Err(Failure::Refused(refusal)) if !door.wants_json() => {
            let refusal = Some(refusal.sentence);
            let view = SignInView { login: input.form.login.0.clone(), path, kept, refusal };
            let tx = door.read().await?;
            let mut page = door
                .page(tx, "Sign in", view, frontend::pages::accounts::sign_in, Mistakes::default())
                .await?;
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(page)
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The page for signing in, shown where something else was asked for; a form that was sent is kept in it.
pub fn sign_in_page(
    app: &App,
    headers: &HeaderMap,
    nonce: Arc<str>,
    path: &str,
    typed: Vec<(String, String)>,
    status: StatusCode,
) -> Response {
    let kept = (!typed.is_empty()).then(|| Resend {
        action: path.to_owned(),
        fields: typed,
        words: "Send what I typed".into(),
    });
    let path = if kept.is_some() { "/incidents" } else { path };
    let view = SignInView { login: String::new(), path: safe_path(path), kept, refusal: None };
    let now = app.clock.now();
    let frame = Frame {
        as_of: domain::time::Zone::utc().full(now),
        path: path.to_owned(),
        theme: door::theme(headers),
        assets: door::assets(&nonce),
        ..Frame::default()
    };
    let html = door::render(frame, "Sign in", move |frame| frontend::pages::accounts::sign_in(frame, &view));
    (status, door::html_page(html)).into_response()
}

/// A form that travelled through the page for signing in.
fn kept(typed: &[(String, String)]) -> Option<Resend> {
    let action = typed.iter().find(|(name, _)| name == "kept_action").map(|(_, value)| safe_path(value))?;
    let fields = typed
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("kept.")?.to_owned(), value.clone())))
        .collect();
    Some(Resend { action, fields, words: "Send what I typed".into() })
}

/// Only a path of this server is followed. Browsers drop tabs and line breaks from an address, so none may be in it.
pub fn safe_path(path: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_graphic() && sign != '\\';
    let fits = path.starts_with('/') && !path.starts_with("//") && path.chars().all(is_plain);
    if fits { path.to_owned() } else { "/incidents".to_owned() }
}

fn with_cookie(session: &Session, mut response: Response) -> Response {
    let cookie =
        format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200", session.secret);
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

async fn sign_out(door: Door) -> Result<Response, Problem> {
    if let Some(session) = door.caller.as_ref().and_then(|caller| caller.session) {
        super::sign_out(&door.app, session).await?;
    }
    let mut response = door.done("/sign-in", &());
    let gone = HeaderValue::from_static("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().append(header::SET_COOKIE, gone);
    Ok(response)
}

async fn show_set_up(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    if super::setup_secret(&door.app).await?.is_none() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    set_up_page(&door, SetUp { secret: asked.secret.into(), ..SetUp::default() }, Mistakes::default()).await
}

async fn set_up_page(door: &Door, form: SetUp, mistakes: Mistakes) -> Result<Response, Problem> {
    let form = SetUp { password: Text::default(), ..form };
    let tx = door.read().await?;
    door.page(tx, "Set up", SetUpView { form }, frontend::pages::accounts::set_up, mistakes).await
}

async fn set_up(door: Door, input: Input<SetUp>) -> Result<Response, Problem> {
    match super::set_up(&door.app, &input.form).await {
        Ok(session) => Ok(with_cookie(&session, door.done("/incidents", &session.who))),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| set_up_page(&door, input.form, mistakes).await)
                .await
        }
    }
}

async fn show_first_use(door: Door) -> Result<Response, Problem> {
    let view = FirstUseView { form: FirstUse::default() };
    let tx = door.read().await?;
    door.page(tx, "Use your card", view, frontend::pages::accounts::first_use, Mistakes::default()).await
}

async fn first_use(door: Door, From(from): From, input: Input<FirstUse>) -> Result<Response, Problem> {
    match super::first_use(&door.app, &input.form, &from).await {
        Ok(session) => Ok(with_cookie(&session, door.done("/incidents", &session.who))),
        Err(failure) => {
            let form = FirstUse { password: Text::default(), ..input.form };
            let page = async |mistakes| {
                let view = FirstUseView { form };
                let tx = door.read().await?;
                door.page(tx, "Use your card", view, frontend::pages::accounts::first_use, mistakes).await
            };
            door.again(failure, &input.typed, page).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_server_is_followed_after_signing_in() {
        assert_eq!(safe_path("/incidents/1?act=seen"), "/incidents/1?act=seen");
        for evil in [
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "",
        ] {
            assert_eq!(safe_path(evil), "/incidents", "{evil:?}");
        }
    }
}
