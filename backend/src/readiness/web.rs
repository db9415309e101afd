//! The doors of readiness: which units are not ready, one unit's checklist, and everything as a file.

use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    id::UnitId,
    readiness::{CheckItem, ItemChecked},
    view::readiness::{ChecklistView, ReadinessView},
};
use frontend::pages::readiness as pages;

use super::{
    CHECKERS,
    show::{self, Asked},
};
use crate::web::{
    door::{Door, Mistakes},
    form::Input,
    problem::Problem,
    routes::{Access, Routes},
};

/// The routes of readiness.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ReadinessView, _>(
            "/readiness",
            Access::VIEWERS,
            "Which units are not ready for a downtime, the worst first; by site and standing",
            all,
        )
        .file(
            "/readiness.csv",
            Access::VIEWERS,
            "text/csv",
            "Every item of every unit's checklist as CSV; by site",
            file,
        )
        .page::<ChecklistView, _>(
            "/readiness/units/{unit}",
            Access::VIEWERS,
            "What one unit has ready, item by item",
            unit,
        )
        .command::<CheckItem, ItemChecked, _>(
            "/readiness/units/{unit}",
            Access::Roles(&CHECKERS),
            "Say what was found at one item of a unit's checklist",
            check,
        )
}

fn unit_id(text: &str) -> Result<UnitId, Problem> {
    text.parse().map_err(|_| Problem::not_found("unit"))
}

async fn all(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::all(&door, &mut tx, &asked).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::all, Mistakes::default()).await
}

async fn file(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let text = show::file(&door, &mut tx, &asked).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"readiness.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

async fn unit(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    unit_page(&door, unit_id(&path)?, CheckItem::default(), Mistakes::default()).await
}

async fn unit_page(
    door: &Door,
    unit: UnitId,
    form: CheckItem,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::unit(door, &mut tx, unit, form).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::unit, mistakes).await
}

async fn check(door: Door, Path(path): Path<String>, input: Input<CheckItem>) -> Result<Response, Problem> {
    let unit = unit_id(&path)?;
    match door.run(&input, move |app, by, form| super::check(app, by, (unit, form))).await {
        Ok(checked) => {
            let next = format!("/readiness/units/{unit}#{}", checked.item);
            Ok(door.done(&next, &checked))
        }
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| unit_page(&door, unit, form, mistakes).await)
                .await
        }
    }
}
