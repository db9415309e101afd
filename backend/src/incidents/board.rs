//! The board of an incident: read in one snapshot, the same value for page, JSON and stream.

use domain::{
    actor::Role,
    id::IncidentId,
    instructions::World,
    scope::{Place, Status},
    time::{Timestamp, Zone},
    view::{
        board::{BoardView, CardView, MatrixRow, Site, sentence},
        frame::Section,
    },
};

use super::store;
use crate::{
    accounts::store as accounts,
    app::App,
    broadcasts::card as broadcasts,
    cases::card as cases,
    clearance,
    command::web as command,
    devices,
    failure::Failure,
    forms, instructions,
    jobs::publish,
    log, neighbours,
    places::store as places,
    store::{Tx, journal},
};

/// Who may write to staff, and so finds the next update as the board's one action.
pub const WRITERS: [Role; 2] = [Role::Commander, Role::Communicator];

/// Reads the board.
///
/// # Errors
/// When there is no such incident.
pub async fn read(app: &App, tx: &mut Tx, incident: IncidentId) -> Result<BoardView, Failure> {
    let row = store::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let world = if row.exercise { World::Exercise(incident) } else { World::Real };
    let picture = instructions::picture(tx).await?;
    let zone = accounts::installation(tx).await?.zone();
    let statuses = store::statuses(tx, incident).await?;
    let facilities: Vec<_> = places::facilities(tx)
        .await?
        .into_iter()
        .filter(|facility| statuses.keys().any(|(_, site)| *site == facility.id))
        .collect();
    let mut rows = Vec::new();
    for system in places::systems(tx).await? {
        if !statuses.keys().any(|(each, _)| *each == system.id) {
            continue;
        }
        let of = |facility: &places::Facility| statuses.get(&(system.id, facility.id));
        let since = facilities.iter().filter_map(of).map(|(_, since)| *since).min();
        let cells = facilities
            .iter()
            .map(|facility| {
                let verdict = picture.verdict(world, Place::Facility(facility.id), &system);
                (of(facility).map_or(Status::Unknown, |(status, _)| *status), picture.shown(&verdict))
            })
            .collect();
        let spoken = if system.short_name.is_empty() { &system.name } else { &system.short_name };
        let since = since.map(|at| format!("since {}", zone.clock(at))).unwrap_or_default();
        let path = format!("/incidents/{incident}/instructions?system={}", system.code);
        rows.push(MatrixRow::across(system.id, &system.name, spoken, &since, &path, cells));
    }
    let sites = facilities
        .iter()
        .map(|facility| Site {
            id: facility.id,
            name: facility.short_name.clone(),
            path: format!("/status/{}", facility.code),
        })
        .collect::<Vec<_>>();
    let now = app.clock.now();
    let mut cards = cards(tx, incident, now, &zone).await?;
    cards.extend(publish::card(app, &zone).filter(|_| !row.exercise));
    // What hospitals say is real, and no part of an exercise.
    if !row.exercise {
        cards.extend(neighbours::card(tx, now, &zone).await?);
    }
    let seq = journal::head(tx, incident.0).await?.map_or(0, |(seq, _)| seq);
    Ok(BoardView {
        incident: Some(incident),
        title: sentence(&rows, sites.len()),
        known: known(&cards),
        action: action(&row, &zone),
        sites,
        rows,
        late: cards.iter().filter_map(|card| card.late.clone()).collect(),
        cards,
        seq,
        as_of: zone.full(now),
        ..BoardView::default()
    })
}

/// The next update, which is the one thing to do while an incident is open.
fn action(row: &store::IncidentRow, zone: &Zone) -> Option<(String, String)> {
    let update = row.next_update_at.map(|at| format!("the {} update", zone.clock(at)));
    let words = format!("Write {}", update.as_deref().unwrap_or("an update"));
    row.phase.is_open().then(|| (words, format!("/incidents/{}/broadcasts/new", row.id)))
}

/// The cards whose data there is.
async fn cards(
    tx: &mut Tx,
    incident: IncidentId,
    now: Timestamp,
    zone: &Zone,
) -> Result<Vec<CardView>, Failure> {
    let mut cards = Vec::new();
    cards.extend(broadcasts::card(tx, incident, now, zone).await?);
    cards.extend(cases::card(tx, incident, now).await?);
    cards.extend(forms::card(tx, incident).await?);
    cards.extend(devices::card(tx, incident).await?);
    cards.extend(clearance::card(tx, incident, now).await?);
    cards.extend(command::card(tx, incident, now).await?);
    cards.extend(log::card(tx, incident.0, zone).await?);
    Ok(cards)
}

/// `94 % of the units know.`, or nothing before the first broadcast.
fn known(cards: &[CardView]) -> String {
    let who_knows = cards.iter().find(|card| card.section == Section::Broadcasts);
    who_knows.map(|card| format!("{} of the units know.", card.figure)).unwrap_or_default()
}
