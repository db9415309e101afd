//! What every handler gets: who calls, what they want to read, and the ways to answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    actor::Actor,
    field::FieldErrors,
    id::{IncidentId, RequestId},
    view::{
        frame::{Assets, Frame, Notice, Theme},
        problem::Resend,
    },
};
use leptos::prelude::AnyView;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    form::Input,
    frame,
    problem::Problem,
    session::{Caller, cookie},
};
use crate::{
    app::App,
    failure::Failure,
    incidents::store as incidents,
    store::{self, Tx, journal::By, requests},
};

/// How long a command is tried again while others are in its way; each try may itself wait for the database.
const PATIENCE: Duration = Duration::from_secs(8);

/// The nonce of this answer, made by the outermost layer.
#[derive(Debug, Clone)]
pub struct Nonce(pub Arc<str>);

/// The caller and the manner of the answer.
pub struct Door {
    pub app: App,
    /// `None` only on public routes.
    pub caller: Option<Caller>,
    json: bool,
    path: String,
    theme: Theme,
    nonce: Arc<str>,
}

/// What this request has done before. It is looked for here alone, before each try; what cannot be found out now, or
/// is done in this very moment, the decision finds when it begins.
async fn first_outcome<O: DeserializeOwned>(app: &App, by: &By) -> Result<Option<O>, Failure> {
    let Ok(mut tx) = app.db.glance().await else { return Ok(None) };
    match requests::first_outcome(&mut tx, by.actor.account, &by.request).await {
        Err(Failure::ReusedRequestId) => Err(Failure::ReusedRequestId),
        found => Ok(found.unwrap_or_default()),
    }
}

/// What was wrong with a form, for showing it again with what was typed.
#[derive(Debug, Clone, Default)]
pub struct Mistakes {
    pub errors: FieldErrors,
    pub refusal: Option<Refusal>,
}

impl FromRequestParts<App> for Door {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self {
            app: app.clone(),
            caller: parts.extensions.get::<Caller>().cloned(),
            json: wants_json(&parts.headers),
            path: parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            theme: theme(&parts.headers),
            nonce: parts.extensions.get::<Nonce>().map_or_else(|| "".into(), |nonce| nonce.0.clone()),
        })
    }
}

/// Whether the caller would rather read JSON than HTML.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text(header::ACCEPT) {
        Some(accept) if accept.contains("text/html") => false,
        Some(accept) if accept.contains("json") => true,
        _ => text(header::CONTENT_TYPE).is_some_and(|media| media.starts_with("application/json")),
    }
}

/// The nonce of a request that has no [`Door`].
pub fn nonce(request: &Request) -> Arc<str> {
    request.extensions().get::<Nonce>().map_or_else(|| "".into(), |nonce| nonce.0.clone())
}

/// The theme that the cookie asks for.
pub fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, "theme").map_or(Theme::Device, |code| Theme::from_code(&code))
}

/// Where style sheet and bundle are, for a page with this nonce.
pub fn assets(nonce: &str) -> Assets {
    Assets {
        stylesheet: super::assets::stylesheet_path().to_owned(),
        dark: super::assets::dark_path().to_owned(),
        print: super::assets::print_path().to_owned(),
        script: super::assets::script_path().to_owned(),
        nonce: nonce.to_owned(),
        build: super::assets::build_hash().to_owned(),
    }
}

impl Door {
    /// Who calls; routes that are not public always have somebody.
    pub fn actor(&self) -> &Actor {
        &self
            .caller
            .as_ref()
            .expect("the route is not public, so the access layer has found the caller")
            .actor
    }

    /// Whether the answer should be JSON.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// The path and query that were asked for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A fresh request id for a form on the page.
    pub fn request_id(&self) -> RequestId {
        self.app.clock.id()
    }

    /// Runs a use case as a task that a dropped connection does not cancel; conflicts are tried again. A request that
    /// has run is told its first outcome, whatever has happened since.
    pub async fn run<F, O, C, R>(&self, input: &Input<F>, use_case: C) -> Result<O, Failure>
    where
        F: Clone + Send + Sync + 'static,
        O: DeserializeOwned + Send + 'static,
        C: Fn(App, By, F) -> R + Send + 'static,
        R: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        let (app, form) = (self.app.clone(), input.form.clone());
        let by = By { actor: self.actor().clone(), request: input.request };
        let task = async move {
            let (mut attempt, began) = (0, Instant::now());
            loop {
                if let Some(first) = first_outcome(&app, &by).await? {
                    return Ok(first);
                }
                match use_case(app.clone(), by.clone(), form.clone()).await {
                    Ok(outcome) => return Ok(outcome),
                    Err(failure) if failure.is_transient() && attempt < 8 && began.elapsed() < PATIENCE => {
                        attempt += 1;
                        let [random] = app.clock.bytes::<1>();
                        let pause = u64::from(random % 16) + (1 << attempt);
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                    // The same request may have run beside this one, which was refused for what that one has done.
                    Err(failure) => {
                        return first_outcome(&app, &by).await.ok().flatten().ok_or(failure);
                    }
                }
            }
        };
        self.app.spawn(task).await.unwrap_or_else(|panic| Err(Failure::Broken(panic.to_string())))
    }

    /// A command has succeeded: 303 to `location`, or 201 with the outcome as JSON.
    pub fn done<O: Serialize>(&self, location: &str, outcome: &O) -> Response {
        if self.json {
            let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
            return (StatusCode::CREATED, [(header::LOCATION, location)], Json(outcome)).into_response();
        }
        Redirect::to(location).into_response()
    }

    /// A command has not succeeded. Mistakes that the form can show are given to `page`, which shows it again
    /// with what was typed (422); everything else is a problem.
    pub async fn again<P, R>(
        &self,
        failure: Failure,
        typed: &[(String, String)],
        page: P,
    ) -> Result<Response, Problem>
    where
        P: FnOnce(Mistakes) -> R,
        R: Future<Output = Result<Response, Problem>>,
    {
        if self.json {
            return Err(failure.into());
        }
        if matches!(failure, Failure::ReusedRequestId) {
            return Err(self.as_new(typed));
        }
        let mistakes = match failure {
            Failure::Fields(errors) => Mistakes { errors, refusal: None },
            Failure::Refused(refusal) => Mistakes { errors: FieldErrors::default(), refusal: Some(refusal) },
            other => return Err(other.into()),
        };
        let mut response = page(mistakes).await?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    }

    /// The same fields under a new request id.
    fn as_new(&self, typed: &[(String, String)]) -> Problem {
        let mut fields: Vec<_> = typed.iter().filter(|(name, _)| name != "request_id").cloned().collect();
        fields.push(("request_id".into(), self.request_id().to_string()));
        let words = "Save as new".into();
        let resend = Some(Resend { action: self.path.clone(), fields, words });
        let mut problem = Problem::from(Failure::ReusedRequestId);
        problem.detail.resend = resend;
        problem
    }

    /// A snapshot to read a page from. It is given to [`Door::page`], which reads the frame from the same one: whoever
    /// asked for a second connection while holding the first would, with enough others, wait for ever.
    pub async fn read(&self) -> Result<Tx, store::Error> {
        self.app.db.read().await
    }

    /// A page outside any incident, its frame read from the snapshot that the view came from.
    pub async fn page<V: Serialize + Send + 'static>(
        &self,
        tx: Tx,
        title: &str,
        view: V,
        body: impl FnOnce(&Frame, &V) -> AnyView + Send + 'static,
        mistakes: Mistakes,
    ) -> Result<Response, Problem> {
        self.answer(tx, None, title, view, body, mistakes).await
    }

    /// A page of an incident, under its bar and beside its rail, all of the snapshot that the view came from.
    pub async fn incident_page<V: Serialize + Send + 'static>(
        &self,
        tx: Tx,
        incident: IncidentId,
        title: &str,
        view: V,
        body: impl FnOnce(&Frame, &V) -> AnyView + Send + 'static,
        mistakes: Mistakes,
    ) -> Result<Response, Problem> {
        self.answer(tx, Some(incident), title, view, body, mistakes).await
    }

    async fn answer<V: Serialize + Send + 'static>(
        &self,
        mut tx: Tx,
        incident: Option<IncidentId>,
        title: &str,
        view: V,
        body: impl FnOnce(&Frame, &V) -> AnyView + Send + 'static,
        mistakes: Mistakes,
    ) -> Result<Response, Problem> {
        if self.json {
            if let Some(incident) = incident {
                incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
            }
            return Ok(json(&view));
        }
        let mut frame = frame::read(&self.app, &mut tx, self.caller.as_ref(), incident).await?;
        // Others wait for the connection; what follows needs none.
        drop(tx);
        self.dress(&mut frame, mistakes);
        Ok(html_page(render(frame, title, move |frame| body(frame, &view))))
    }

    fn dress(&self, frame: &mut Frame, mistakes: Mistakes) {
        frame.path.clone_from(&self.path);
        frame.theme = self.theme;
        frame.assets = assets(&self.nonce);
        frame.errors = mistakes.errors;
        if let Some(refusal) = mistakes.refusal {
            let link = refusal.link.map(|path| ("Go there".to_owned(), path));
            frame.notice = Some(Notice { sentence: refusal.sentence, link, problem: true });
        }
    }
}

/// A value as JSON that no cache keeps.
pub fn json<V: Serialize>(view: &V) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::VARY, "Accept")];
    (headers, Json(view)).into_response()
}

/// A page for somebody who is signed in: no cache keeps it, and JSON has the same address.
pub fn html_page(html: String) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::VARY, "Accept")];
    (headers, Html(html)).into_response()
}

/// Renders a page whose body looks at its frame.
pub fn render(frame: Frame, title: &str, body: impl FnOnce(&Frame) -> AnyView + 'static) -> String {
    let inner = frame.clone();
    frontend::document::page_with(&frame, title, move || body(&inner))
}

/// Prepares rendering outside any router; to be called once, before the first page.
pub fn start_rendering() {
    // Started twice (by tests in one process) is as good as once.
    let _ = any_spawner::Executor::init_tokio();
}
