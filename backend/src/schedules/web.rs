//! The doors of schedules that come in before an incident: what is here, upload, columns, the file of refused rows, and
//! an address for monitors.

use axum::{
    extract::{Multipart, Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    cases::forms::ImportColumns,
    field::FieldErrors,
    id::StandingId,
    schedules::{self as rules, Origin},
    table,
    view::schedules::{Kept, SchedulesHealth, SchedulesView, StandingView},
};
use frontend::pages::schedules as pages;
use sqlx::types::Uuid;

use super::{
    PLANNERS, READERS, columns,
    keep::{self, Incoming, Keeper},
    show, store,
};
use crate::{
    app::App,
    cases::{file::csv_file, upload},
    failure::Failure,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const SEEN_BY: Access = Access::Roles(&READERS);
const PLANNED_BY: Access = Access::Roles(&PLANNERS);

/// The routes of schedules.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<SchedulesView, _>("/schedules", SEEN_BY, "Schedules that are here before an incident", show_list)
        .upload::<Kept, _>(
            "/schedules",
            PLANNED_BY,
            "Keep a schedule (CSV, field file) for the next downtime",
            table::Limits::IMPORT.bytes + 64 * 1024,
            send,
        )
        .page::<StandingView, _>("/schedules/{schedule}", SEEN_BY, "One schedule and its columns", show_one)
        .command::<ImportColumns, Kept, _>(
            "/schedules/{schedule}/columns",
            PLANNED_BY,
            "Choose which column holds what, for this schedule and later ones like it",
            send_columns,
        )
        .file(
            "/schedules/{schedule}/rejects.csv",
            SEEN_BY,
            "text/csv",
            "The refused rows of a schedule with their reasons",
            rejects,
        )
        .file(
            "/health/schedules",
            Access::Public,
            "application/json",
            "For monitors: 200 while a young schedule is here that can be used, 503 when somebody has to see to it",
            health,
        )
}

fn standing_id(text: &str) -> Result<StandingId, Problem> {
    text.parse().map_err(|_| Problem::not_found("schedule"))
}

async fn must_be_here(app: &App, id: StandingId) -> Result<(), Problem> {
    let mut tx = app.db.read().await?;
    store::find(&mut tx, id).await?.map(|_| ()).ok_or_else(|| Problem::not_found("schedule"))
}

async fn show_list(door: Door) -> Result<Response, Problem> {
    list_page(&door, String::new(), Mistakes::default()).await
}

async fn list_page(door: &Door, typed: String, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::list(door, &mut tx, typed).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::list, mistakes).await
}

/// The file goes to disk as it arrives, is read, and removed at once.
async fn send(door: Door, multipart: Multipart) -> Result<Response, Problem> {
    super::must_plan(door.actor())?;
    let id: Uuid = door.app.clock.id();
    let path = door.app.config.data.join("imports").join(format!("{id}.csv"));
    let received = upload::receive(multipart, &path).await;
    let bytes = tokio::fs::read(&path).await;
    let _ = tokio::fs::remove_file(&path).await;
    let received = received?;
    let as_of = received.text("as_of").trim().to_owned();
    let ran = match (received.file.clone(), bytes) {
        (Some((file_name, sha256)), Ok(bytes)) => {
            let (origin, bytes) = (Origin::Upload, bytes.into());
            let incoming = Incoming { origin, file_name, bytes, as_of: as_of.clone(), changed_at: None };
            let input = Input::of_upload(&door, received.text("request_id"), &sha256, incoming)?;
            door.run(&input, |app, by, incoming| async move {
                keep::keep(&app, Keeper::Person(&by), incoming).await
            })
            .await
        }
        (Some(_), Err(error)) => {
            Err(Failure::Broken(format!("an uploaded file cannot be read again: {error}")))
        }
        (None, _) => Err(FieldErrors::one("file", "Choose the file with the schedule.").into()),
    };
    match ran {
        Ok(kept) => Ok(door.done(&format!("/schedules/{}", kept.schedule), &kept)),
        Err(failure) => {
            door.again(failure, &[], async |mistakes| list_page(&door, as_of, mistakes).await).await
        }
    }
}

async fn show_one(door: Door, Path(id): Path<String>) -> Result<Response, Problem> {
    one_page(&door, standing_id(&id)?, None, Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    id: StandingId,
    typed: Option<ImportColumns>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    must_be_here(&door.app, id).await?;
    let view = show::one(door, id, typed).await?;
    let title = pages::one_title(&view);
    let tx = door.read().await?;
    door.page(tx, &title, view, pages::one, mistakes).await
}

async fn send_columns(
    door: Door,
    Path(id): Path<String>,
    input: Input<ImportColumns>,
) -> Result<Response, Problem> {
    let id = standing_id(&id)?;
    match door.run(&input, move |app, by, form| columns::choose(app, by, (id, form))).await {
        Ok(kept) => Ok(door.done(&format!("/schedules/{id}"), &kept)),
        Err(failure) => {
            let form = Some(input.form);
            door.again(failure, &input.typed, async |mistakes| one_page(&door, id, form, mistakes).await)
                .await
        }
    }
}

async fn rejects(door: Door, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = standing_id(&id)?;
    must_be_here(&door.app, id).await?;
    let rejects = show::rejects(&door.app, id).await?;
    Ok(csv_file("refused-rows.csv", table::rejects_csv(&rejects)))
}

/// From memory alone: it is answered when the database is not. Strangers learn how old it is and no names.
async fn health(State(app): State<App>) -> Result<Response, Problem> {
    let unavailable = |code, title: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title);
    let health = app.schedules.health();
    let health = health.ok_or_else(|| unavailable("not-checked", "Schedules were not looked at yet."))?;
    let now = app.clock.now();
    let warning = show::warning(&app, health, now);
    if !warning.is_empty() {
        return Err(unavailable("schedules-need-help", &warning));
    }
    let age_minutes = health.newest.map(|newest| now.minutes_since(newest));
    let health = SchedulesHealth { ok: true, age_minutes };
    debug_assert!(age_minutes.is_none_or(|age| age <= rules::STALE_MINUTES), "what is stale is warned of");
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(health)).into_response())
}
