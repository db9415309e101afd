//! The doors of clearance: the ladder and the commands of one scope; waves, evidence and closing have their own.

mod close;
mod evidence;
mod waves;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    clearance::{Release, Restore, Revoke, Revoked, SignOff, Split, Stepped},
    field::Text,
    id::{ClearanceId, IncidentId},
    view::clearance::{ClearanceView, PanelTyped, RecordView},
};

use super::page::{self, Asked};
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

const SIGNERS: Access = Access::Roles(&[Role::Commander, Role::Signer]);
const SIGNER: Access = Access::Roles(&[Role::Signer]);
const COMMANDERS: Access = Access::Roles(&[Role::Commander]);
const SCOPE: &str = "/incidents/{incident}/clearance/{clearance}";

/// The routes of clearance.
pub fn routes(routes: Routes) -> Routes {
    let routes = close::routes(evidence::routes(waves::routes(routes)));
    routes
        .page::<ClearanceView, _>(
            "/incidents/{incident}/clearance",
            Access::VIEWERS,
            "Scopes on their way back",
            show,
        )
        .page::<ClearanceView, _>(SCOPE, Access::VIEWERS, "One scope with its sign-off", show_one)
        .command::<Restore, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/restore",
            SIGNERS,
            "IT has it running; nobody signs in yet",
            restore,
        )
        .command::<Split, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/split",
            SIGNERS,
            "Let a part of a scope go its own way back",
            split,
        )
        .page::<RecordView, _>(
            "/incidents/{incident}/clearance/{clearance}/record",
            Access::VIEWERS,
            "The signed record of a scope, to be printed",
            show_record,
        )
        .command::<SignOff, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/sign",
            SIGNER,
            "Sign a scope, or refuse to",
            sign,
        )
        .command::<Release, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/release",
            SIGNERS,
            "Make a signed scope clear",
            release,
        )
        .command::<Revoke, Revoked, _>(
            "/incidents/{incident}/clearance/{clearance}/revoke",
            SIGNERS,
            "Take a clearance back, in whole or part",
            revoke,
        )
        .command::<Release, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/back-entry",
            SIGNERS,
            "Back-entry of a clear scope is complete",
            back_entry,
        )
}

type Ids = Path<(String, String)>;

fn ids((incident, clearance): (String, String)) -> Result<(IncidentId, ClearanceId), Problem> {
    let clearance = clearance.parse().map_err(|_| Problem::not_found("clearance"))?;
    Ok((incident_id(&incident)?, clearance))
}

async fn show(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let asked = (&asked, None);
    ladder(&door, incident_id(&incident)?, asked, PanelTyped::default(), Mistakes::default()).await
}

async fn show_one(door: Door, Path(path): Ids, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let (incident, id) = ids(path)?;
    ladder(&door, incident, (&asked, Some(id)), PanelTyped::default(), Mistakes::default()).await
}

async fn show_record(door: Door, Path(path): Ids) -> Result<Response, Problem> {
    let (incident, id) = ids(path)?;
    let mut tx = door.app.db.read().await?;
    let view = page::record::read(&door.app, &mut tx, (incident, door.actor()), id).await?;
    let title = view.title.clone();
    let body = frontend::pages::clearance::record_body;
    door.incident_page(tx, incident, &title, view, body, Mistakes::default()).await
}

async fn ladder(
    door: &Door,
    incident: IncidentId,
    asked: (&Asked, Option<ClearanceId>),
    typed: PanelTyped,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let view = page::read(&door.app, &mut tx, (incident, door.actor()), asked, typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::clearance::body, mistakes).await
}

/// Back to the scope, or the scope again with what was typed and what is wrong.
async fn answer<O: serde::Serialize>(
    door: &Door,
    (incident, id): (IncidentId, ClearanceId),
    outcome: Result<O, Failure>,
    typed: (&[(String, String)], PanelTyped),
) -> Result<Response, Problem> {
    match outcome {
        Ok(stepped) => Ok(door.done(&format!("/incidents/{incident}/clearance/{id}"), &stepped)),
        Err(failure) => {
            let (fields, typed) = typed;
            let again =
                async |mistakes| ladder(door, incident, (&Asked::default(), Some(id)), typed, mistakes).await;
            door.again(failure, fields, again).await
        }
    }
}

async fn restore(door: Door, Path(path): Ids, input: Input<Restore>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| super::restore(app, by, (at.0, at.1, form))).await;
    answer(&door, at, outcome, (&input.typed, PanelTyped::default())).await
}

async fn sign(door: Door, Path(path): Ids, input: Input<SignOff>) -> Result<Response, Problem> {
    let at = ids(path)?;
    // The password goes no further than to its check: neither back into the page nor into what is kept of requests.
    let mut kept = input.form.clone();
    kept.password = Text::default();
    let input = input.known_as(&door, &kept);
    let outcome =
        door.run(&input, move |app, by, form| super::sign::sign_off(app, by, (at.0, at.1, form))).await;
    let typed: Vec<_> = input.typed.iter().filter(|(name, _)| name != "password").cloned().collect();
    answer(&door, at, outcome, (&typed, PanelTyped { sign: kept, ..PanelTyped::default() })).await
}

async fn split(door: Door, Path(path): Ids, input: Input<Split>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| super::split(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { split: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

async fn release(door: Door, Path(path): Ids, input: Input<Release>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| super::release(app, by, (at.0, at.1, form))).await;
    answer(&door, at, outcome, (&input.typed, PanelTyped::default())).await
}

async fn revoke(door: Door, Path(path): Ids, input: Input<Revoke>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| super::revoke(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { revoke: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

async fn back_entry(door: Door, Path(path): Ids, input: Input<Release>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome =
        door.run(&input, move |app, by, form| super::complete_back_entry(app, by, (at.0, at.1, form))).await;
    answer(&door, at, outcome, (&input.typed, PanelTyped::default())).await
}
