//! The doors of the record system's own account: what it says of our cases, confirming it, and what it cancelled without
//! us.

use axum::{extract::Path, response::Response};
use domain::{
    cases::{forms::ConfirmReplay, replay::Proposal},
    id::IncidentId,
    schedule::sender::TakeIn,
    time::Zone,
    view::replay::{ReplayLine, ReplayView, Replayed, UnknownLine},
};

use super::{MOST, Match, feed_names, matches, unknown};
use crate::{
    accounts::store as accounts,
    cases::{
        access::{self, Way},
        show,
        web::READERS,
    },
    feeds::show as feeds,
    incidents::web::incident_id,
    places::store as places,
    schedules::may_plan,
    store::{Error, seal::Seal},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::Routes,
    },
};

/// Lines on the page; confirming some brings the next ones.
const MOST_LINES: usize = 200;
/// Cancellations on the page.
const MOST_UNKNOWN: usize = 50;

/// The routes of the record system's account.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ReplayView, _>(
            "/incidents/{incident}/cases/replay",
            READERS,
            "What the record system itself says of the cases",
            show_replay,
        )
        .command::<ConfirmReplay, Replayed, _>(
            "/incidents/{incident}/cases/replay",
            READERS,
            "Confirm what the record system says, or note that it is about something else",
            send_confirm,
        )
        .command::<TakeIn, Replayed, _>(
            "/incidents/{incident}/cases/replay/outside",
            READERS,
            "Make cases of what was cancelled outside command",
            send_outside,
        )
}

async fn show_replay(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    replay_page(&door, incident_id(&incident)?, Mistakes::default()).await
}

async fn replay_page(door: &Door, incident: IncidentId, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let matches = matches(&door.app, &mut tx, incident, door.actor()).await?;
    let may_take = may_plan(door.actor());
    let unknown = if may_take { unknown(&mut tx, incident).await? } else { Vec::new() };
    let names = feed_names(&mut tx).await?;
    let told = feeds::lines(&mut tx, &zone).await?;
    let seal = Seal::open(&door.app, &mut tx).await?;
    let sites = show::Sites::of(places::facilities(&mut tx).await?);
    let callers = std::collections::BTreeMap::new();
    let reading = show::Reading { sites: &sites, seal: &seal, now: door.app.clock.now(), names: &callers };
    let mut lines = Vec::new();
    for each in matches.iter().take(MOST_LINES) {
        let zone = sites.zone(each.row.facility);
        let name = names.get(&each.said.feed).map_or("", String::as_str);
        lines.push(line(each, &reading, (&zone, name))?);
    }
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let view = ReplayView {
        incident,
        title: title(matches.len(), unknown.len(), told.iter().any(|feed| !feed.as_of.is_empty())),
        feeds: told
            .iter()
            .filter(|feed| !feed.as_of.is_empty())
            .map(|feed| format!("{}, {}", feed.name, feed.as_of))
            .collect(),
        lines,
        proposals: count(matches.len()),
        unknown_taken: count(unknown.len().min(MOST)),
        unknown: unknown
            .iter()
            .take(MOST_UNKNOWN)
            .map(|each| UnknownLine {
                appointment: each.appointment.clone(),
                start: zone.moment(each.start_at),
                words: format!(
                    "cancelled there {} ({})",
                    zone.moment(each.event_at),
                    names.get(&each.feed).map_or("", String::as_str)
                ),
            })
            .collect(),
        may_take,
        request_ids: [door.request_id(), door.request_id()],
    };
    let shown = matches.iter().take(MOST_LINES).map(|each| each.row.id);
    access::seen(door, incident, (Way::List, "replay"), shown);
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::replay::page, mistakes).await
}

fn title(proposals: usize, unknown: usize, has_told: bool) -> String {
    let cases = if proposals == 1 { "1 case has".to_owned() } else { format!("{proposals} cases have") };
    match (proposals, unknown) {
        (0, 0) if !has_told => "No record system has told anything yet".into(),
        (0, 0) => "The record system says nothing else than we do".into(),
        (0, many) => format!("{many} cancelled there are no cases here"),
        (_, 0) => format!("{cases} moved on in the record system"),
        (_, many) => {
            format!("{cases} moved on in the record system, {many} cancelled there are no cases here")
        }
    }
}

fn line(each: &Match, reading: &show::Reading<'_>, (zone, feed): (&Zone, &str)) -> Result<ReplayLine, Error> {
    let (line, _) = show::line(&each.row, reading)?;
    let start = zone.moment(each.said.account.start);
    let said = zone.moment(each.said.event_at);
    let what = match each.proposal {
        Proposal::Rebooked => format!("Booked again for {start}"),
        Proposal::Seen => format!("Arrived or done on {start}"),
        Proposal::Done => format!("Done on {start}"),
        Proposal::CancelledAgain => format!("The new date was cancelled there on {said}"),
        Proposal::Outside => format!("Cancelled there on {said}, outside command"),
        Proposal::Error => format!("Deleted there on {said}: booked in error"),
    };
    Ok(ReplayLine {
        value: each.value(),
        case: each.row.id,
        mrn: line.mrn,
        name: line.name,
        was: format!("{} {}, {}, {}", line.day, line.clock, line.service, line.place),
        standing: line.standing,
        proposal: each.proposal,
        words: format!("{what} ({feed})"),
    })
}

async fn send_confirm(
    door: Door,
    Path(incident): Path<String>,
    input: Input<ConfirmReplay>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    answer(
        &door,
        incident,
        door.run(&input, move |app, by, form| super::confirm(app, by, incident, form)).await,
    )
    .await
}

async fn send_outside(
    door: Door,
    Path(incident): Path<String>,
    input: Input<TakeIn>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    answer(&door, incident, door.run(&input, move |app, by, _| super::take_unknown(app, by, incident)).await)
        .await
}

async fn answer(
    door: &Door,
    incident: IncidentId,
    ran: Result<Replayed, crate::failure::Failure>,
) -> Result<Response, Problem> {
    match ran {
        Ok(done) => Ok(door.done(&format!("/incidents/{incident}/cases/replay"), &done)),
        Err(failure) => {
            door.again(failure, &[], async |mistakes| replay_page(door, incident, mistakes).await).await
        }
    }
}
