//! The door of the demo hospital, offered while an installation is empty.

use axum::response::Response;
use domain::{
    actor::Role,
    field::FieldErrors,
    view::demo::{DemoLoaded, DemoView, LoadDemo},
};

use super::Size;
use crate::{
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

const ADMINISTRATORS: Access = Access::Roles(&[Role::Administrator]);

/// The routes of the demo hospital.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<DemoView, _>("/demo", ADMINISTRATORS, "The form for loading the demo hospital", show)
        .command::<LoadDemo, DemoLoaded, _>("/demo", ADMINISTRATORS, "Load the demo hospital", load)
}

async fn show(door: Door) -> Result<Response, Problem> {
    show_page(&door, LoadDemo::default(), Mistakes::default()).await
}

async fn show_page(door: &Door, form: LoadDemo, mistakes: Mistakes) -> Result<Response, Problem> {
    let view = DemoView { request_id: door.request_id(), form };
    door.page("Load the demo hospital", view, frontend::pages::demo::show, mistakes).await
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
    let mut decision = begin!(&app, &by, Chain::Installation);
    let loaded = super::load_in(&app, &mut decision, size).await?;
    decision.commit(&app, &loaded).await?;
    Ok(loaded)
}
