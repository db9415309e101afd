//! The doors of typing in: what is next, one sheet, preparing, the samples.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    entry::{
        Check, Checked, ENTERERS, EnterSheet, Entered, Prepare, Prepared, PutBack, Release, Released,
        SetAside, Settle, Settled, TakeTasks, Taken,
    },
    id::{FormId, IncidentId},
    view::entry::{EntryView, LotsView, PrepareView, SheetEntryView},
};
use frontend::pages::entry as pages;
use serde::Serialize;

use super::{
    act, prepare,
    reading::{self, Asked, Typed},
    take,
};
use crate::{
    failure::Failure,
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const WORKERS: Access = Access::Roles(&ENTERERS);
/// Who may say that others need not wait for a sheet.
const RELEASERS: Access = Access::Roles(&[Role::Commander, Role::FormsClerk, Role::Signer]);

/// The routes of typing in.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<EntryView, _>(
            "/incidents/{incident}/entry",
            Access::VIEWERS,
            "What is typed in next; by what is shown, site, unit and type",
            list,
        )
        .command::<TakeTasks, Taken, _>(
            "/incidents/{incident}/entry/take",
            WORKERS,
            "Take the next forms to type in, or one of them",
            take,
        )
        .command::<PutBack, Taken, _>(
            "/incidents/{incident}/entry/put-back",
            WORKERS,
            "Give forms back that one has taken",
            put_back,
        )
        .page::<PrepareView, _>(
            "/incidents/{incident}/entry/prepare",
            WORKERS,
            "The form for saying whose forms these are",
            show_prepare,
        )
        .command::<Prepare, Prepared, _>(
            "/incidents/{incident}/entry/prepare",
            WORKERS,
            "Say whose forms these are and when the care was given",
            prepare,
        )
        .page::<LotsView, _>(
            "/incidents/{incident}/entry/samples",
            Access::VIEWERS,
            "The samples that are checked by a second person",
            lots,
        )
        .page::<SheetEntryView, _>(
            "/incidents/{incident}/entry/sheets/{form}",
            Access::VIEWERS,
            "One form: what it waits for, and what is done with it next",
            one,
        );
    acts(routes)
}

fn acts(routes: Routes) -> Routes {
    routes
        .command::<EnterSheet, Entered, _>(
            "/incidents/{incident}/entry/sheets/{form}/enter",
            WORKERS,
            "Say that a form was typed in",
            enter,
        )
        .command::<SetAside, Checked, _>(
            "/incidents/{incident}/entry/sheets/{form}/set-aside",
            WORKERS,
            "Set a form aside that cannot be typed in as it is",
            set_aside,
        )
        .command::<Check, Checked, _>(
            "/incidents/{incident}/entry/sheets/{form}/check",
            WORKERS,
            "Say what a second person found: verified, or differs",
            check,
        )
        .command::<Settle, Settled, _>(
            "/incidents/{incident}/entry/sheets/{form}/settle",
            WORKERS,
            "End a difference without typing the form in again",
            settle,
        )
        .command::<Release, Released, _>(
            "/incidents/{incident}/entry/sheets/{form}/release",
            RELEASERS,
            "Ask that others need not wait for a form, or agree to it",
            release,
        )
}

fn base(incident: IncidentId) -> String {
    format!("/incidents/{incident}/entry")
}

async fn list(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    list_page(&door, incident_id(&path)?, asked, Mistakes::default()).await
}

async fn list_page(
    door: &Door,
    incident: IncidentId,
    asked: Asked,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = reading::list(door, &mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::list, mistakes).await
}

async fn take(door: Door, Path(path): Path<String>, input: Input<TakeTasks>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| take::take(app, by, (incident, form))).await {
        Ok(taken) => {
            let next = match (taken.sheets.as_slice(), input.form.form.is_blank()) {
                ([form], false) => format!("{}/sheets/{form}", base(incident)),
                _ => format!("{}?show=mine", base(incident)),
            };
            Ok(door.done(&next, &taken))
        }
        Err(failure) => {
            let asked = Asked::of(&input.form);
            door.again(failure, &input.typed, async |mistakes| {
                list_page(&door, incident, asked, mistakes).await
            })
            .await
        }
    }
}

async fn put_back(door: Door, Path(path): Path<String>, input: Input<PutBack>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| take::put_back(app, by, (incident, form))).await {
        Ok(taken) => Ok(door.done(&base(incident), &taken)),
        Err(failure) => {
            let asked = Asked::default();
            door.again(failure, &input.typed, async |mistakes| {
                list_page(&door, incident, asked, mistakes).await
            })
            .await
        }
    }
}

/// Which sheet an address wants to be prepared.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Filled {
    form: String,
    after: String,
}

async fn show_prepare(
    door: Door,
    Path(path): Path<String>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let serial = prepare::serial_of(&mut tx, incident, filled.form.parse().ok()).await?;
    drop(tx);
    let form = Prepare { serial: serial.into(), ..Prepare::default() };
    prepare_page(&door, incident, form, Mistakes::default()).await
}

async fn prepare_page(
    door: &Door,
    incident: IncidentId,
    form: Prepare,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let tx = door.read().await?;
    let view = PrepareView {
        incident,
        title: "Whose forms are these?".to_owned(),
        form,
        request_id: door.request_id(),
    };
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::prepare, mistakes).await
}

async fn prepare(door: Door, Path(path): Path<String>, input: Input<Prepare>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| prepare::prepare(app, by, (incident, form))).await {
        // Back to the empty form, for the next sheets of the pile.
        Ok(prepared) => Ok(door.done(&format!("{}/prepare", base(incident)), &prepared)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                prepare_page(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}

async fn lots(
    door: Door,
    Path(path): Path<String>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let view = reading::lots(&door, &mut tx, incident, &filled.after).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::lots, Mistakes::default()).await
}

fn ids((incident, form): &(String, String)) -> Result<(IncidentId, FormId), Problem> {
    let form = form.parse().map_err(|_| Problem::not_found("form"))?;
    Ok((incident_id(incident)?, form))
}

async fn one(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    one_page(&door, ids(&path)?, Typed::default(), Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    of: (IncidentId, FormId),
    typed: Typed,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = reading::one(door, &mut tx, of, typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, of.0, &title, view, pages::one, mistakes).await
}

fn page_of((incident, form): (IncidentId, FormId)) -> String {
    format!("{}/sheets/{form}", base(incident))
}

/// What comes of an act on one sheet: back to its page, or the page again with what was typed and what is wrong.
async fn answered<T: Serialize>(
    door: &Door,
    of: (IncidentId, FormId),
    outcome: Result<T, Failure>,
    all: &[(String, String)],
    typed: Typed,
) -> Result<Response, Problem> {
    match outcome {
        Ok(done) => Ok(door.done(&page_of(of), &done)),
        Err(failure) => {
            door.again(failure, all, async |mistakes| one_page(door, of, typed, mistakes).await).await
        }
    }
}

type SheetPath = Path<(String, String)>;

async fn enter(door: Door, Path(path): SheetPath, input: Input<EnterSheet>) -> Result<Response, Problem> {
    let of = ids(&path)?;
    let outcome = door.run(&input, move |app, by, form| act::enter_sheet(app, by, (of.0, of.1, form))).await;
    let typed = Typed { enter: Some(input.form), ..Typed::default() };
    answered(&door, of, outcome, &input.typed, typed).await
}

async fn set_aside(door: Door, Path(path): SheetPath, input: Input<SetAside>) -> Result<Response, Problem> {
    let of = ids(&path)?;
    let run = move |app, by, form| act::set_sheet_aside(app, by, (of.0, of.1, form));
    let outcome = door.run(&input, run).await;
    let typed = Typed { aside: input.form, ..Typed::default() };
    answered(&door, of, outcome, &input.typed, typed).await
}

async fn check(door: Door, Path(path): SheetPath, input: Input<Check>) -> Result<Response, Problem> {
    let of = ids(&path)?;
    let outcome = door.run(&input, move |app, by, form| act::check_sheet(app, by, (of.0, of.1, form))).await;
    let typed = Typed { check: input.form, ..Typed::default() };
    answered(&door, of, outcome, &input.typed, typed).await
}

async fn settle(door: Door, Path(path): SheetPath, input: Input<Settle>) -> Result<Response, Problem> {
    let of = ids(&path)?;
    let outcome = door.run(&input, move |app, by, form| act::settle_sheet(app, by, (of.0, of.1, form))).await;
    let typed = Typed { settle: input.form, ..Typed::default() };
    answered(&door, of, outcome, &input.typed, typed).await
}

async fn release(door: Door, Path(path): SheetPath, input: Input<Release>) -> Result<Response, Problem> {
    let of = ids(&path)?;
    let outcome = door.run(&input, move |app, by, form| act::release(app, by, (of.0, of.1, form))).await;
    let typed = Typed { release: input.form, ..Typed::default() };
    answered(&door, of, outcome, &input.typed, typed).await
}
