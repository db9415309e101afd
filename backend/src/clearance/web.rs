//! The doors of clearance: the ladder, its commands, and closing.

use axum::{
    extract::{Multipart, Path, Query, multipart::MultipartRejection},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    actor::Role,
    clearance::{
        AgreeToWaived, BeginWave, Close, Closed, GiveEvidence, HaltWave, PassHold, PlanWave, Release,
        Restore, Revoke, Revoked, SignOff, Split, Stepped, Unplan, Waive, Waived,
    },
    closing::BlockerKind,
    field::Text,
    id::{ClearanceId, IncidentId},
    view::clearance::{ClearanceView, CloseView, PanelTyped, RecordView, WaiverLine},
};
use sha2::{Digest, Sha256};

use super::{
    closing,
    files::{self, FileAdded},
    page::{self, Asked},
};
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
        .command::<AgreeToWaived, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/evidence/agree",
            SIGNERS,
            "Agree that a piece of evidence need not be checked",
            agree,
        )
        .upload::<FileAdded, _>(
            "/incidents/{incident}/clearance/{clearance}/files",
            SIGNERS,
            "Add a photograph or document (field file) that proves a check",
            files::MOST_FILE + 64 * 1024,
            add_file,
        )
        .file(
            "/incidents/{incident}/clearance/{clearance}/files/{file}",
            SIGNERS,
            "application/octet-stream",
            "A file that proves a check, by its number or its SHA-256",
            read_file,
        )
        .command::<Split, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/split",
            SIGNERS,
            "Let a part of a scope go its own way back",
            split,
        )
        .command::<PlanWave, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves",
            COMMANDERS,
            "Plan a wave behind the others",
            plan_wave,
        )
        .command::<Unplan, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/unplan",
            COMMANDERS,
            "Take a planned wave off the list",
            unplan,
        )
        .command::<BeginWave, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/begin",
            COMMANDERS,
            "Begin a wave that somebody else has planned",
            begin_wave,
        )
        .command::<PassHold, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/pass",
            COMMANDERS,
            "Pass the hold point of a wave",
            pass_hold,
        )
        .command::<HaltWave, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/halt",
            COMMANDERS,
            "Stop a wave at once",
            halt_wave,
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

async fn evidence(door: Door, Path(path): Ids, input: Input<GiveEvidence>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door
        .run(&input, move |app, by, form| super::evidence::give_evidence(app, by, (at.0, at.1, form)))
        .await;
    let typed = PanelTyped { evidence: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

async fn agree(door: Door, Path(path): Ids, input: Input<AgreeToWaived>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let agree = move |app, by, form| super::evidence::agree_to_waived(app, by, (at.0, at.1, form));
    let outcome = door.run(&input, agree).await;
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

async fn plan_wave(door: Door, Path(path): Ids, input: Input<PlanWave>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome =
        door.run(&input, move |app, by, form| super::waves::plan(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { wave: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

type OfWave = Path<(String, String, String)>;

fn wave_ids(
    (incident, clearance, wave): (String, String, String),
) -> Result<(IncidentId, ClearanceId, i64), Problem> {
    let (incident, clearance) = ids((incident, clearance))?;
    Ok((incident, clearance, wave.parse().map_err(|_| Problem::not_found("wave"))?))
}

async fn unplan(door: Door, Path(path): OfWave, input: Input<Unplan>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let unplan = move |app, by, form| super::waves::unplan(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, unplan).await;
    answer(&door, (incident, id), outcome, (&input.typed, PanelTyped::default())).await
}

async fn begin_wave(door: Door, Path(path): OfWave, input: Input<BeginWave>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let begin = move |app, by, form| super::waves::begin(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, begin).await;
    answer(&door, (incident, id), outcome, (&input.typed, PanelTyped::default())).await
}

async fn pass_hold(door: Door, Path(path): OfWave, input: Input<PassHold>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let pass = move |app, by, form| super::waves::pass_hold(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, pass).await;
    let typed = PanelTyped { pass: input.form, ..PanelTyped::default() };
    answer(&door, (incident, id), outcome, (&input.typed, typed)).await
}

async fn halt_wave(door: Door, Path(path): OfWave, input: Input<HaltWave>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let halt = move |app, by, form| super::waves::halt(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, halt).await;
    let typed = PanelTyped { halt: input.form, ..PanelTyped::default() };
    answer(&door, (incident, id), outcome, (&input.typed, typed)).await
}

async fn add_file(
    door: Door,
    Path(path): Ids,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let at = ids(path)?;
    let (id, sent) = files::receive(multipart).await?;
    let hash = Sha256::digest(&sent.bytes);
    let input = Input::of_upload(&door, &id, &hash, sent)?;
    let outcome = door.run(&input, move |app, by, sent| files::add(app, by, (at.0, at.1, sent))).await;
    answer(&door, at, outcome, (&[], PanelTyped::default())).await
}

/// A file is handed out to be kept, never shown in our own pages: what somebody uploaded runs nowhere.
async fn read_file(door: Door, Path((incident, clearance, file)): OfWave) -> Result<Response, Problem> {
    let (incident, id) = ids((incident, clearance))?;
    let mut tx = door.app.db.read().await?;
    let (name, media, bytes) = files::read(&door.app, &mut tx, (door.actor(), incident, id), &file).await?;
    let named: String = name
        .chars()
        .map(|each| if each.is_ascii_alphanumeric() || "-_.".contains(each) { each } else { '_' })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{named}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
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
