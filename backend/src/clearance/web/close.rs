//! The doors of closing and of waivers.

use axum::{extract::Path, response::Response};
use domain::{
    actor::Role,
    clearance::{Close, Closed, Waive, Waived},
    closing::BlockerKind,
    id::IncidentId,
    view::clearance::{CloseView, WaiverLine},
};

use super::COMMANDERS;
use crate::{
    accounts::store as accounts,
    clearance::closing,
    incidents::{store as incidents, web::incident_id},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// Everyone who may waive something; what exactly is [`BlockerKind::waiving_roles`]'s to say.
const WAIVERS: Access =
    Access::Roles(&[Role::Administrator, Role::Commander, Role::CaseManager, Role::FormsClerk, Role::Signer]);

/// The routes of closing.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
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
