//! The units of a site: a list of them, and closing one and opening it again.

use axum::{extract::Path, response::Response};
use domain::{
    actor::Role,
    id::{FacilityId, UnitId},
    places::{SetCare, StepUnit, UnitStep},
    scope::Place,
    time::{Timestamp, Zone},
    view::places::{SiteView, UnitCareSet, UnitChanged, UnitLine, UnitView},
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
        .page::<UnitView, _>(
            "/places/units/{unit}",
            super::web::READERS,
            "A unit: where care is given and how many beds it has",
            show_unit,
        )
        .command::<SetCare, UnitCareSet, _>(
            "/places/units/{unit}/care",
            Access::ADMINISTRATORS,
            "Say where care is given in a unit and how many beds it has",
            care,
        )
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

/// Says where care is given in a unit and how many beds it has: from this comes which forms it needs and how many.
///
/// # Errors
/// What is wrong by field; when the unit is not the administrator's.
pub async fn set_care(app: App, by: By, (unit, form): (UnitId, SetCare)) -> Result<UnitCareSet, Failure> {
    let said = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let lattice = store::lattice(&mut decision.tx).await?;
    let facility = *lattice.unit_facility.get(&unit).ok_or(Failure::NotFound("unit"))?;
    if !by.actor.can(Role::Administrator, Place::Unit(unit), &lattice) {
        return Err(Failure::Forbidden("You may change the units of your own sites only.".into()));
    }
    store::set_care(&mut decision.tx, unit, said).await?;
    let setting = said.setting.map(|setting| setting.code().to_owned()).unwrap_or_default();
    let data = json!({ "setting": setting, "beds": said.beds });
    let subject = format!("unit:{unit}");
    decision.append(&app, Say { kind: "unit.care_set", subject, data, ..Say::default() }).await?;
    let outcome = UnitCareSet { unit, facility, setting, beds: said.beds };
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
    let units = store::of_site(&mut tx, site).await?.into_iter().map(|unit| line(unit, &zone));
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

fn line(unit: store::StaffedUnit, zone: &Zone) -> UnitLine {
    UnitLine {
        id: UnitId(unit.id),
        code: unit.code,
        name: unit.name,
        phone: unit.phone,
        staff: unit.staff,
        setting: unit.setting,
        beds: unit.beds,
        closed: unit.closed_at.map(|at| zone.full(Timestamp(at))),
    }
}

fn unit_id(text: &str) -> Result<UnitId, Problem> {
    text.parse().map_err(|_| Problem::not_found("unit"))
}

async fn show_unit(door: Door, Path(unit): Path<String>) -> Result<Response, Problem> {
    unit_page(&door, unit_id(&unit)?, None, Mistakes::default()).await
}

async fn unit_page(
    door: &Door,
    unit: UnitId,
    typed: Option<SetCare>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let lattice = store::lattice(&mut tx).await?;
    let facility = *lattice.unit_facility.get(&unit).ok_or_else(|| Problem::not_found("unit"))?;
    let site = store::facilities(&mut tx).await?.into_iter().find(|each| each.id == facility);
    let zone = accounts::installation(&mut tx).await?.zone();
    let rows = store::of_site(&mut tx, facility).await?;
    let row = rows.into_iter().find(|row| row.id == unit.0).ok_or_else(|| Problem::not_found("unit"))?;
    let kept = SetCare {
        setting: row.setting.clone().into(),
        beds: row.beds.map(|beds| beds.to_string()).unwrap_or_default().into(),
        ..SetCare::default()
    };
    let view = UnitView {
        unit: line(row, &zone),
        facility,
        site: site.map(|site| site.short_name).unwrap_or_default(),
        form: typed.unwrap_or(kept),
        may_change: door.actor().can(Role::Administrator, Place::Unit(unit), &lattice),
        request_id: door.request_id(),
    };
    let title = frontend::pages::places::unit_title(&view);
    door.page(tx, &title, view, frontend::pages::places::unit, mistakes).await
}

async fn care(door: Door, Path(path): Path<String>, input: Input<SetCare>) -> Result<Response, Problem> {
    let unit = unit_id(&path)?;
    match door.run(&input, move |app, by, form| set_care(app, by, (unit, form))).await {
        Ok(set) => Ok(door.done(&format!("/places/{}", set.facility), &set)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                unit_page(&door, unit, Some(form), mistakes).await
            })
            .await
        }
    }
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
