//! How the copies outside are: a page for people, an address for monitors.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::view::publishing::{PublishingHealth, PublishingView};
use frontend::pages::publishing as page;

use crate::{
    accounts::store as accounts,
    app::App,
    web::{
        door::{Door, Mistakes},
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// The routes of publishing.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<PublishingView, _>(
            "/publishing",
            Access::VIEWERS,
            "How old the copies outside are, and what went wrong",
            show,
        )
        .file(
            "/health/publishing",
            Access::Public,
            "application/json",
            "For monitors: 200 while every copy outside is young enough, 503 when one is older than two minutes",
            health,
        )
}

async fn show(door: Door) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let view = door.app.publishing.view(&door.app.clock, &zone);
    let title = page::title(&view);
    door.page(tx, &title, view, page::page, Mistakes::default()).await
}

/// From memory alone: it is answered when the database is not. Strangers learn numbers and no places.
async fn health(State(app): State<App>) -> Result<Response, Problem> {
    let title = match app.publishing.late(&app.clock) {
        (targets, 0) => {
            let health = PublishingHealth { ok: true, targets };
            return Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(health)).into_response());
        }
        (_, 1) => "One copy outside is older than two minutes.".to_owned(),
        (_, many) => format!("{many} copies outside are older than two minutes."),
    };
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "copies-are-old", title))
}
