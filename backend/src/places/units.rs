//! The units of a site: a list of them, and closing one and opening it again.

use axum::{extract::Path, response::Response};
use domain::{
    actor::Role,
    id::{FacilityId, UnitId},
    places::{StepUnit, UnitStep},
    scope::Place,
    time::Timestamp,
    view::places::{SiteView, UnitChanged, UnitLine},
};
use serde_json::json;

use super::store;
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    store::journal::{By, Chain, Say},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// The routes of a site's units.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<SiteView, _>("/places/{facility}", super::web::READERS, "The units of a site", show)
        .command::<StepUnit, UnitChanged, _>(
            "/places/units/{unit}/close",
            Access::ADMINISTRATORS,
            "Close a unit; what was recorded of it stays",
            close,
        )
        .command::<StepUnit, UnitChanged, _>(
            "/places/units/{unit}/reopen",
            Access::ADMINISTRATORS,
            "Open a closed unit again",
            reopen,
        )
}

/// Closes a unit, or opens it again. A closed one takes no new people by hand, gets no forms, and counts among the
/// units of a later message only for people of it who are told.
///
/// # Errors
/// When it is so already, or the unit is not the administrator's.
pub async fn step(
    app: App,
    by: By,
    (unit, step, _): (UnitId, UnitStep, StepUnit),
) -> Result<UnitChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let lattice = store::lattice(&mut decision.tx).await?;
    let facility = *lattice.unit_facility.get(&unit).ok_or(Failure::NotFound("unit"))?;
    if !by.actor.can(Role::Administrator, Place::Unit(unit), &lattice) {
        return Err(Failure::Forbidden("You may change the units of your own sites only.".into()));
    }
    step.check(store::closed(&mut decision.tx).await?.contains(&unit))?;
    let (kind, closed_at) = match step {
        UnitStep::Close => ("unit.closed", Some(decision.at)),
        UnitStep::Reopen => ("unit.reopened", None),
    };
    store::set_closed(&mut decision.tx, unit, closed_at).await?;
    let data = json!({ "facility": facility });
    decision.append(&app, Say { kind, subject: format!("unit:{unit}"), data, ..Say::default() }).await?;
    let outcome = UnitChanged { unit, facility, is_closed: closed_at.is_some() };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn show(door: Door, Path(site): Path<String>) -> Result<Response, Problem> {
    let site = site.parse().map_err(|_| Problem::not_found("site"))?;
    page(&door, site, Mistakes::default()).await
}

async fn page(door: &Door, site: FacilityId, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let found = store::facilities(&mut tx).await?.into_iter().find(|each| each.id == site);
    let facility = found.ok_or_else(|| Problem::not_found("site"))?;
    let lattice = store::lattice(&mut tx).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let units = store::of_site(&mut tx, site).await?.into_iter().map(|unit| UnitLine {
        id: UnitId(unit.id),
        code: unit.code,
        name: unit.name,
        phone: unit.phone,
        staff: unit.staff,
        closed: unit.closed_at.map(|at| zone.full(Timestamp(at))),
    });
    let view = SiteView {
        id: site,
        name: facility.short_name,
        units: units.collect(),
        may_change: door.actor().can(Role::Administrator, Place::Facility(site), &lattice),
        request_id: door.request_id(),
    };
    let title = frontend::pages::places::units_title(&view);
    door.page(tx, &title, view, frontend::pages::places::units, mistakes).await
}

async fn close(door: Door, Path(unit): Path<String>, input: Input<StepUnit>) -> Result<Response, Problem> {
    take(door, &unit, UnitStep::Close, input).await
}

async fn reopen(door: Door, Path(unit): Path<String>, input: Input<StepUnit>) -> Result<Response, Problem> {
    take(door, &unit, UnitStep::Reopen, input).await
}

async fn take(door: Door, unit: &str, what: UnitStep, input: Input<StepUnit>) -> Result<Response, Problem> {
    let unit: UnitId = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    match door.run(&input, move |app, by, form| step(app, by, (unit, what, form))).await {
        Ok(changed) => Ok(door.done(&format!("/places/{}", changed.facility), &changed)),
        Err(failure) => {
            let mut tx = door.read().await?;
            let site = store::lattice(&mut tx).await?.unit_facility.get(&unit).copied();
            drop(tx);
            let site = site.ok_or_else(|| Problem::not_found("unit"))?;
            door.again(failure, &input.typed, async |mistakes| page(&door, site, mistakes).await).await
        }
    }
}
