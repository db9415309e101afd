//! The doors of downtime: the page of a site, and every window as a file.

use axum::{
    extract::{Path, Query},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{id::IncidentId, table::write_csv, view::downtime::DowntimeView};

use super::{Asked, COLUMNS};
use crate::{
    failure::Failure,
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// The routes of downtime.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<DowntimeView, _>(
            "/incidents/{incident}/downtime",
            Access::VIEWERS,
            "How long each function was down at a site",
            show,
        )
        .file(
            "/incidents/{incident}/downtime.csv",
            Access::VIEWERS,
            "text/csv",
            "Every window of downtime of every site",
            file,
        )
}

async fn show(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let (view, mistakes) = read(&door, incident, asked).await?;
    let status = if mistakes.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = view.title.clone();
    let tx = door.read().await?;
    let mut response =
        door.incident_page(tx, incident, &title, view, frontend::pages::downtime::body, mistakes).await?;
    *response.status_mut() = status;
    Ok(response)
}

/// The page; with a site or time that cannot be read, the first site's as it is now, beside what is wrong.
async fn read(door: &Door, incident: IncidentId, asked: Asked) -> Result<(DowntimeView, Mistakes), Problem> {
    let mut tx = door.read().await?;
    match super::read(&door.app, &mut tx, incident, asked.clone()).await {
        Err(Failure::Fields(errors)) if !door.wants_json() => {
            let mut view = super::read(&door.app, &mut tx, incident, Asked::default()).await?;
            view.asked = asked.as_of;
            Ok((view, Mistakes { errors, refusal: None }))
        }
        read => Ok((read?, Mistakes::default())),
    }
}

async fn file(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let rows = super::rows(&door.app, &mut tx, incident).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"downtime.csv\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, write_csv(&COLUMNS, rows)).into_response())
}
