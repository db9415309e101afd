//! What the audit of sending found: a page for people, an address for monitors.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::view::audit::Health;
use frontend::pages::broadcasts as page;

use crate::{
    accounts::store as accounts,
    app::App,
    jobs::audit,
    web::{
        door::{Door, Mistakes},
        problem::Problem,
    },
};

pub(super) async fn show(door: Door) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let view = audit::page(&door.app, &zone);
    let title = page::audit_title(&view);
    door.page(tx, &title, view, page::audit, Mistakes::default()).await
}

/// From memory alone: a monitor that asks often costs nothing, and it is answered when the database is not.
pub(super) async fn health(State(app): State<App>) -> Result<Response, Problem> {
    let standing = app.audit.standing(&app.clock);
    let title = match (standing.found.len(), standing.as_of) {
        (0, Some(as_of)) => {
            let health = Health { ok: true, as_of: as_of.rfc3339() };
            return Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(health)).into_response());
        }
        (0, None) => "Nobody has checked yet whether every message is accounted for.".to_owned(),
        (1, _) => "One thing in sending does not add up.".to_owned(),
        (many, _) => format!("{many} things in sending do not add up."),
    };
    let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "sending-does-not-add-up", title);
    problem.detail.findings = Some(standing.found.len());
    Err(problem)
}
