//! The doors of blank forms: what is short, what runs out first, one unit's box, counts, pars, packs, reorders.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    id::{ReorderId, UnitId},
    stock::{CountStock, LayPackIn, MoveReorder, PackLaidIn, ReorderMoved, SetPar, StockKept},
    view::stock::{BurnDownView, ReorderView, ReordersView, StockCountView, StockUnitView, StockView},
};
use frontend::pages::stock as pages;

use super::{
    COUNTERS, KEEPERS,
    show::{self, Asked},
};
use crate::{
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COUNTING: Access = Access::Roles(&COUNTERS);

/// The routes of blank forms.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<BurnDownView, _>(
            "/incidents/{incident}/stock",
            Access::VIEWERS,
            "Blank forms at the sites of an incident, what runs out first",
            burn_down,
        )
        .page::<StockView, _>(
            "/stock",
            Access::VIEWERS,
            "Blank forms at every unit, what is short first",
            all,
        )
        .page::<ReordersView, _>(
            "/stock/reorders",
            Access::VIEWERS,
            "Blank forms that are asked for, the oldest first; by state",
            reorders,
        )
        .page::<ReorderView, _>("/stock/reorders/{reorder}", Access::VIEWERS, "One reorder", reorder)
        .command::<MoveReorder, ReorderMoved, _>(
            "/stock/reorders/{reorder}",
            COUNTING,
            "Order what is asked for, say that it was delivered, or that it is not needed",
            move_reorder,
        );
    of_units(routes)
}

fn of_units(routes: Routes) -> Routes {
    routes
        .page::<StockUnitView, _>("/stock/units/{unit}", Access::VIEWERS, "The blank forms of a unit", unit)
        .page::<StockCountView, _>(
            "/stock/units/{unit}/count",
            COUNTING,
            "The form for counting blank forms, or for those that were brought",
            show_count,
        )
        .command::<CountStock, StockKept, _>(
            "/stock/units/{unit}/count",
            COUNTING,
            "Say how many blank forms were counted at a unit, or brought there",
            count,
        )
        .command::<SetPar, StockKept, _>(
            "/stock/units/{unit}/par",
            Access::Roles(&KEEPERS),
            "Give a unit its own par of a form, or take it back",
            set_par,
        )
        .command::<LayPackIn, PackLaidIn, _>(
            "/stock/units/{unit}/packs",
            COUNTING,
            "Say that a printed pack lies in its unit's box",
            lay_pack_in,
        )
}

fn unit_id(text: &str) -> Result<UnitId, Problem> {
    text.parse().map_err(|_| Problem::not_found("unit"))
}

fn reorder_id(text: &str) -> Result<ReorderId, Problem> {
    text.parse().map_err(|_| Problem::not_found("reorder"))
}

async fn all(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::all(&door, &mut tx, &asked).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::all, Mistakes::default()).await
}

async fn burn_down(
    door: Door,
    Path(path): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let view = show::burn_down(&door, &mut tx, incident, &asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::burn_down, Mistakes::default()).await
}

async fn reorders(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::reorders(&door, &mut tx, &asked).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::reorders, Mistakes::default()).await
}

async fn reorder(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    reorder_page(&door, reorder_id(&path)?, MoveReorder::default(), Mistakes::default()).await
}

async fn reorder_page(
    door: &Door,
    id: ReorderId,
    form: MoveReorder,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::reorder(door, &mut tx, id, form).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::reorder, mistakes).await
}

async fn move_reorder(
    door: Door,
    Path(path): Path<String>,
    input: Input<MoveReorder>,
) -> Result<Response, Problem> {
    let id = reorder_id(&path)?;
    match door.run(&input, move |app, by, form| super::move_reorder(app, by, (id, form))).await {
        Ok(moved) => Ok(door.done(&format!("/stock/reorders/{id}"), &moved)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| reorder_page(&door, id, form, mistakes).await)
                .await
        }
    }
}

async fn unit(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    unit_page(&door, unit_id(&path)?, SetPar::default(), Mistakes::default()).await
}

async fn unit_page(door: &Door, unit: UnitId, form: SetPar, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::unit(door, &mut tx, unit, form).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::unit, mistakes).await
}

async fn show_count(
    door: Door,
    Path(path): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let how = if asked.how == "brought" { "brought" } else { "counted" };
    let form = CountStock { how: how.into(), ..CountStock::default() };
    count_page(&door, unit_id(&path)?, form, Mistakes::default()).await
}

async fn count_page(
    door: &Door,
    unit: UnitId,
    form: CountStock,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::count_form(door, &mut tx, unit, form).await?;
    let title = pages::count_title(&view);
    door.page(tx, &title, view, pages::count_form, mistakes).await
}

async fn count(door: Door, Path(path): Path<String>, input: Input<CountStock>) -> Result<Response, Problem> {
    let unit = unit_id(&path)?;
    match door.run(&input, move |app, by, form| super::count(app, by, (unit, form))).await {
        Ok(kept) => Ok(door.done(&format!("/stock/units/{unit}"), &kept)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| count_page(&door, unit, form, mistakes).await)
                .await
        }
    }
}

async fn set_par(door: Door, Path(path): Path<String>, input: Input<SetPar>) -> Result<Response, Problem> {
    let unit = unit_id(&path)?;
    match door.run(&input, move |app, by, form| super::set_par(app, by, (unit, form))).await {
        Ok(kept) => Ok(door.done(&format!("/stock/units/{unit}"), &kept)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| unit_page(&door, unit, form, mistakes).await)
                .await
        }
    }
}

async fn lay_pack_in(
    door: Door,
    Path(path): Path<String>,
    input: Input<LayPackIn>,
) -> Result<Response, Problem> {
    let unit = unit_id(&path)?;
    match door.run(&input, move |app, by, form| super::lay_pack_in(app, by, (unit, form))).await {
        Ok(laid) => Ok(door.done(&format!("/stock/units/{unit}"), &laid)),
        Err(failure) => {
            let empty = SetPar::default();
            door.again(failure, &input.typed, async |mistakes| unit_page(&door, unit, empty, mistakes).await)
                .await
        }
    }
}
