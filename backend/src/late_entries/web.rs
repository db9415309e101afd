//! The doors of command's own paper.

use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    id::IncidentId,
    late_entries::{
        CountSheets, Counted, DraftKept, HandOutSheets, HandedOutSheets, MOST_SHEETS, SheetKind, TypeLines,
        TypedIn, pages as sheets,
    },
    packs::Paper,
    view::late_entries::{LateEntriesView, LateSheetView},
};
use frontend::pages::late_entries as pages;

use super::{
    TYPISTS,
    show::{self, Asked, Typed},
    typing::{self, Of},
};
use crate::{
    failure::Failure,
    incidents::{store as incidents, web::incident_id},
    packs::pdf,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const TYPING: Access = Access::Roles(&TYPISTS);

/// The routes of command's own paper.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<LateEntriesView, _>(
            "/incidents/{incident}/late-entries",
            Access::VIEWERS,
            "Sheets of command's own paper, and how many are out, typed in, blank or lost",
            all,
        )
        .command::<HandOutSheets, HandedOutSheets, _>(
            "/incidents/{incident}/late-entries/hand-out",
            TYPING,
            "Hand out log sheets, call lists or sign-in sheets",
            hand_out,
        )
        .command::<CountSheets, Counted, _>(
            "/incidents/{incident}/late-entries/count",
            TYPING,
            "Count sheets back that have nothing on them, or are lost",
            count,
        )
        .file(
            "/incidents/{incident}/late-entries/sheets.pdf",
            Access::VIEWERS,
            "application/pdf",
            "Sheets to print; by kind, first number and how many",
            sheets_pdf,
        );
    routes
        .page::<LateSheetView, _>(
            "/incidents/{incident}/late-entries/{kind}/{number}",
            Access::VIEWERS,
            "One sheet with the lines that were typed in",
            one,
        )
        .command::<TypeLines, TypedIn, _>(
            "/incidents/{incident}/late-entries/{kind}/{number}",
            TYPING,
            "Type in lines of a sheet, each with the time at which it happened",
            enter,
        )
        .command::<TypeLines, DraftKept, _>(
            "/incidents/{incident}/late-entries/{kind}/{number}/draft",
            TYPING,
            "Keep what is typed so far of a sheet",
            keep_draft,
        )
}

async fn all(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    if !asked.number.is_empty() {
        let (incident, kind, number) = of(&(path, asked.kind, asked.number))?;
        return Ok(Redirect::to(&super::path_of(incident, kind, number)).into_response());
    }
    all_page(&door, incident_id(&path)?, (asked, Typed::default()), Mistakes::default()).await
}

async fn all_page(
    door: &Door,
    incident: IncidentId,
    of: (Asked, Typed),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::all(door, &mut tx, incident, of).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::all, mistakes).await
}

async fn hand_out(
    door: Door,
    Path(path): Path<String>,
    input: Input<HandOutSheets>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::hand_out(app, by, (incident, form))).await {
        Ok(out) => Ok(door.done(&format!("/incidents/{incident}/late-entries"), &out)),
        Err(failure) => {
            let of = (Asked::default(), Typed { hand_out: input.form, ..Typed::default() });
            door.again(failure, &input.typed, async |mistakes| all_page(&door, incident, of, mistakes).await)
                .await
        }
    }
}

async fn count(door: Door, Path(path): Path<String>, input: Input<CountSheets>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::count(app, by, (incident, form))).await {
        Ok(counted) => Ok(door.done(&format!("/incidents/{incident}/late-entries"), &counted)),
        Err(failure) => {
            let of = (Asked::default(), Typed { count: input.form, ..Typed::default() });
            door.again(failure, &input.typed, async |mistakes| all_page(&door, incident, of, mistakes).await)
                .await
        }
    }
}

/// Which sheets are printed.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Printing {
    kind: String,
    first: String,
    sheets: String,
    paper: String,
}

async fn sheets_pdf(
    door: Door,
    Path(path): Path<String>,
    Query(asked): Query<Printing>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let kind = SheetKind::from_code(&asked.kind).ok_or_else(|| Problem::not_found("sheet"))?;
    let first = asked.first.parse::<i64>().ok().filter(|first| (1..=99_999).contains(first)).unwrap_or(1);
    let many = asked.sheets.parse::<i64>().unwrap_or(1).clamp(1, MOST_SHEETS);
    let paper = Paper::from_code(&asked.paper).unwrap_or_default();
    let mut tx = door.read().await?;
    let row = incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    drop(tx);
    let name = if row.exercise { format!("EXERCISE: {}", row.name) } else { row.name };
    let made = tokio::task::spawn_blocking(move || {
        let pages = sheets(paper, kind, (first, first + many - 1), &name);
        pdf::pdf(&format!("{}: {name}", kind.words()), pages)
    });
    let bytes = made.await.map_err(|panic| Problem::from(Failure::Broken(panic.to_string())))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{}-{first}.pdf\"", kind.code())),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

fn of((incident, kind, number): &(String, String, String)) -> Result<Of, Problem> {
    let kind = SheetKind::from_code(kind).ok_or_else(|| Problem::not_found("sheet"))?;
    let number = number.parse::<i64>().ok().filter(|number| (1..=99_999).contains(number));
    Ok((incident_id(incident)?, kind, number.ok_or_else(|| Problem::not_found("sheet"))?))
}

async fn one(door: Door, Path(path): Path<(String, String, String)>) -> Result<Response, Problem> {
    one_page(&door, of(&path)?, None, Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    of: Of,
    typed: Option<TypeLines>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::one(door, &mut tx, of, typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, of.0, &title, view, pages::one, mistakes).await
}

async fn enter(
    door: Door,
    Path(path): Path<(String, String, String)>,
    input: Input<TypeLines>,
) -> Result<Response, Problem> {
    let of = of(&path)?;
    match door.run(&input, move |app, by, form| typing::enter(app, by, (of, form))).await {
        Ok(typed) => Ok(door.done(&super::path_of(of.0, of.1, of.2), &typed)),
        Err(failure) => {
            let form = Some(input.form);
            door.again(failure, &input.typed, async |mistakes| one_page(&door, of, form, mistakes).await)
                .await
        }
    }
}

async fn keep_draft(
    door: Door,
    Path(path): Path<(String, String, String)>,
    input: Input<TypeLines>,
) -> Result<Response, Problem> {
    let of = of(&path)?;
    match door.run(&input, move |app, by, form| typing::keep_draft(app, by, (of, form))).await {
        Ok(kept) => Ok(door.done(&super::path_of(of.0, of.1, of.2), &kept)),
        Err(failure) => {
            let form = Some(input.form);
            door.again(failure, &input.typed, async |mistakes| one_page(&door, of, form, mistakes).await)
                .await
        }
    }
}
