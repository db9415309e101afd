//! The doors of clearance: the ladder, its commands, and closing.

use axum::{extract::Path, response::Response};
use domain::{
    actor::Role,
    clearance::{
        Close, Closed, GiveEvidence, Release, Restore, Revoke, Revoked, SignOff, Stepped, Waive, Waived,
    },
    closing::BlockerKind,
    id::{ClearanceId, IncidentId},
    view::clearance::{ClearanceView, CloseView, PanelTyped, WaiverLine},
};

use super::{closing, page};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::{store as incidents, web::incident_id},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const SIGNERS: Access = Access::Roles(&[Role::Commander, Role::Signer]);
const SIGNER: Access = Access::Roles(&[Role::Signer]);
/// Everyone who may waive something; what exactly is [`BlockerKind::waiving_roles`]'s to say.
const WAIVERS: Access =
    Access::Roles(&[Role::Administrator, Role::Commander, Role::CaseManager, Role::FormsClerk, Role::Signer]);
const COMMANDERS: Access = Access::Roles(&[Role::Commander]);
const SCOPE: &str = "/incidents/{incident}/clearance/{clearance}";

/// The routes of clearance.
pub fn routes(routes: Routes) -> Routes {
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
        .command::<GiveEvidence, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/evidence",
            SIGNERS,
            "Give a piece of evidence",
            evidence,
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
        .page::<CloseView, _>(
            "/incidents/{incident}/close",
            Access::VIEWERS,
            "What keeps the incident from closing",
            show_close,
        )
        .command::<Close, Closed, _>("/incidents/{incident}/close", COMMANDERS, "Close the incident", close)
        .command::<Waive, Waived, _>(
            "/incidents/{incident}/waivers",
            WAIVERS,
            "Ask for a waiver, or agree to one",
            waive,
        )
}

type Ids = Path<(String, String)>;

fn ids((incident, clearance): (String, String)) -> Result<(IncidentId, ClearanceId), Problem> {
    let clearance = clearance.parse().map_err(|_| Problem::not_found("clearance"))?;
    Ok((incident_id(&incident)?, clearance))
}

async fn show(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    ladder(&door, incident_id(&incident)?, None, PanelTyped::default(), Mistakes::default()).await
}

async fn show_one(door: Door, Path(path): Ids) -> Result<Response, Problem> {
    let (incident, id) = ids(path)?;
    ladder(&door, incident, Some(id), PanelTyped::default(), Mistakes::default()).await
}

async fn ladder(
    door: &Door,
    incident: IncidentId,
    chosen: Option<ClearanceId>,
    typed: PanelTyped,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let view = page::read(&door.app, &mut tx, (incident, door.actor()), chosen, typed).await?;
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
            let again = async |mistakes| ladder(door, incident, Some(id), typed, mistakes).await;
            door.again(failure, fields, again).await
        }
    }
}

async fn restore(door: Door, Path(path): Ids, input: Input<Restore>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| super::restore(app, by, (at.0, at.1, form))).await;
    answer(&door, at, outcome, (&input.typed, PanelTyped::default())).await
}

async fn evidence(door: Door, Path(path): Ids, input: Input<GiveEvidence>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome =
        door.run(&input, move |app, by, form| super::give_evidence(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { evidence: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

async fn sign(door: Door, Path(path): Ids, input: Input<SignOff>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| super::sign_off(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { sign: input.form, ..PanelTyped::default() };
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

async fn show_close(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    close_page(&door, incident_id(&incident)?, Close::default(), Mistakes::default()).await
}

async fn close_page(
    door: &Door,
    incident: IncidentId,
    typed: Close,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let row = incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let blockers = closing::blockers(&mut tx, incident).await?;
    let mut waivers = Vec::new();
    for waiver in closing::waivers(&mut tx, incident).await? {
        let second = match waiver.second {
            Some((account, _)) => accounts::name(&mut tx, account).await?.unwrap_or_default(),
            None => String::new(),
        };
        waivers.push(WaiverLine {
            kind: waiver.kind,
            item: waiver.item,
            reason: waiver.reason,
            first: accounts::name(&mut tx, waiver.first.0).await?.unwrap_or_default(),
            second,
        });
    }
    let owners = accounts::list(&mut tx, "", 200).await?;
    let actor = door.actor();
    let waives = |role: Role| BlockerKind::ALL.iter().any(|kind| kind.waiving_roles().contains(&role));
    let held = actor.grants.iter().map(|grant| grant.role).filter(|role| waives(*role));
    let mut roles: Vec<(String, String)> =
        held.map(|role| (role.code().into(), role.words().into())).collect();
    roles.sort();
    roles.dedup();
    let in_the_way: i64 = blockers.iter().map(|part| part.count).sum();
    let view = CloseView {
        title: match (row.phase.is_open(), in_the_way) {
            (false, _) => "This incident has ended.".to_owned(),
            (true, 0) => "Nothing keeps this incident open.".to_owned(),
            (true, 1) => "1 thing keeps this incident open.".to_owned(),
            (true, many) => format!("{} things keep this incident open.", frontend::ui::count(many)),
        },
        path: format!("/incidents/{incident}/close"),
        may_close: row.phase.is_open() && row.commander == actor.account && in_the_way == 0,
        blockers,
        waivers,
        request_id: door.request_id(),
        typed,
        roles,
        owners: owners.into_iter().map(|account| (account.id.to_string(), account.name)).collect(),
    };
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::clearance::close_body, mistakes).await
}

async fn close(door: Door, Path(incident): Path<String>, input: Input<Close>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| closing::close(app, by, (incident, form))).await {
        Ok(closed) => Ok(door.done(&format!("/incidents/{incident}"), &closed)),
        Err(failure) => {
            let form = input.form;
            let again = async |mistakes| close_page(&door, incident, form, mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

async fn waive(door: Door, Path(incident): Path<String>, input: Input<Waive>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| closing::waive(app, by, (incident, form))).await {
        Ok(waived) => Ok(door.done(&format!("/incidents/{incident}/close"), &waived)),
        Err(failure) => {
            let again = async |mistakes| close_page(&door, incident, Close::default(), mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}
