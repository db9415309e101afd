//! The door of the demo hospital, offered while an installation is empty.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    actor::Role,
    field::FieldErrors,
    view::demo::{DemoLoaded, DemoView, LoadDemo},
};

use super::Size;
use crate::{
    accounts::must_administer_everything,
    app::App,
    begin,
    failure::Failure,
    store::journal::{By, Chain},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// Where the made-up schedule of the day is downloaded.
pub const SCHEDULE: &str = "/demo/schedule.csv";
/// Where made-up counts of computers are downloaded.
pub const DEVICES: &str = "/demo/devices.csv";
const COUNTERS: Access = Access::Roles(&[Role::Administrator, Role::Commander]);
const SCHEDULERS: Access = Access::Roles(&[Role::Administrator, Role::Commander, Role::CaseManager]);

/// The routes of the demo hospital.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<DemoView, _>("/demo", Access::ADMINISTRATORS, "The form for loading the demo hospital", show)
        .command::<LoadDemo, DemoLoaded, _>("/demo", Access::ADMINISTRATORS, "Load the demo hospital", load)
        .file(
            SCHEDULE,
            SCHEDULERS,
            "text/csv",
            "A day's schedule of the demo hospital, to be imported into an incident",
            schedule,
        )
        .file(
            DEVICES,
            COUNTERS,
            "text/csv",
            "How many computers each unit of the demo hospital has, to be imported into an incident",
            devices,
        )
}

async fn devices(door: Door) -> Result<Response, Problem> {
    let file = super::devices(&door.app).await?;
    let file = file.ok_or_else(|| Problem::not_found("file; the demo hospital is not loaded"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"devices.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

async fn show(door: Door) -> Result<Response, Problem> {
    show_page(&door, LoadDemo::default(), Mistakes::default()).await
}

async fn show_page(door: &Door, form: LoadDemo, mistakes: Mistakes) -> Result<Response, Problem> {
    let view = DemoView { request_id: door.request_id(), form };
    let tx = door.read().await?;
    door.page(tx, "Load the demo hospital", view, frontend::pages::demo::show, mistakes).await
}

async fn load(door: Door, input: Input<LoadDemo>) -> Result<Response, Problem> {
    match door.run(&input, load_asked).await {
        Ok(loaded) => Ok(door.done("/places", &loaded)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| show_page(&door, form, mistakes).await).await
        }
    }
}

async fn load_asked(app: App, by: By, form: LoadDemo) -> Result<DemoLoaded, Failure> {
    let size = Size::from_code(form.size.trimmed());
    let size = size.ok_or_else(|| FieldErrors::one("size", "Choose s, m or l."))?;
    must_administer_everything(&by.actor)?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let loaded = super::load_in(&app, &mut decision, size).await?;
    decision.commit(&app, &loaded).await?;
    Ok(loaded)
}

async fn schedule(door: Door) -> Result<Response, Problem> {
    let file = super::schedule_of_today(&door.app).await?;
    let file = file.ok_or_else(|| Problem::not_found("schedule; the demo hospital is not loaded"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"schedule.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}
