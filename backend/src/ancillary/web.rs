//! The doors of ancillary logs.

use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    ancillary::{LogTyped, TypeLog},
    entry::ENTERERS,
    id::{FormId, IncidentId},
    view::ancillary::{LogSheetView, LogsView},
};
use frontend::pages::ancillary as pages;

use super::show::{self, Asked};
use crate::{
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const WORKERS: Access = Access::Roles(&ENTERERS);

/// The routes of ancillary logs.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<LogsView, _>(
            "/incidents/{incident}/logs",
            Access::VIEWERS,
            "Logs of the kit: lines that are typed in and what they lack; the sheets of a kind",
            all,
        )
        .file(
            "/incidents/{incident}/logs/lines.csv",
            WORKERS,
            "text/csv",
            "The lines of a kind of log for a spreadsheet",
            csv,
        )
        .page::<LogSheetView, _>(
            "/incidents/{incident}/logs/{form}",
            Access::VIEWERS,
            "One sheet of a log with its lines",
            one,
        )
        .command::<TypeLog, LogTyped, _>(
            "/incidents/{incident}/logs/{form}",
            WORKERS,
            "Type in lines of a log",
            type_in,
        )
}

async fn all(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let view = show::all(&door, &mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::all, Mistakes::default()).await
}

async fn csv(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let text = show::csv(&door, incident_id(&path)?, &asked).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"log-lines.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

fn ids((incident, form): &(String, String)) -> Result<(IncidentId, FormId), Problem> {
    let form = form.parse().map_err(|_| Problem::not_found("form"))?;
    Ok((incident_id(incident)?, form))
}

async fn one(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    one_page(&door, ids(&path)?, TypeLog::default(), Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    of: (IncidentId, FormId),
    typed: TypeLog,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::one(door, &mut tx, of, typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, of.0, &title, view, pages::one, mistakes).await
}

async fn type_in(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<TypeLog>,
) -> Result<Response, Problem> {
    let of = ids(&path)?;
    match door.run(&input, move |app, by, form| super::type_in(app, by, (of.0, of.1, form))).await {
        Ok(typed) => Ok(door.done(&format!("/incidents/{}/logs/{}", of.0, of.1), &typed)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| one_page(&door, of, form, mistakes).await)
                .await
        }
    }
}
