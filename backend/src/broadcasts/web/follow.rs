//! The doors for following a broadcast: who knows, by unit, and the deliveries, by address.

use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    actor::Role,
    broadcasts::AnswerForUnit,
    deliveries::{Channel, State},
    id::{BroadcastId, DeliveryId, IncidentId, UnitId},
    table,
    view::{
        broadcasts::{DeliveriesView, DeliveryView, WhoKnowsView},
        frame::Frame,
    },
};
use frontend::pages::broadcasts as page;
use leptos::prelude::AnyView;
use serde::Deserialize;

use super::{ids, path};
use crate::{
    accounts::store as accounts,
    broadcasts::{answer, knows, ledger, pages, send},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
    },
};

type BroadcastPath = Path<(String, String)>;

/// Who knows, as one of its two pages.
async fn knows(
    door: Door,
    Path((incident, broadcast)): BroadcastPath,
    title: fn(&WhoKnowsView) -> String,
    body: fn(&Frame, &WhoKnowsView) -> AnyView,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let mut tx = door.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let view = knows::view(&mut tx, &row, door.app.clock.now(), &zone).await?;
    let title = title(&view);
    door.incident_page(tx, incident, &title, view, body, Mistakes::default()).await
}

pub(super) async fn who_knows(door: Door, path: BroadcastPath) -> Result<Response, Problem> {
    knows(door, path, page::knows_title, page::who_knows).await
}

pub(super) async fn call_list(door: Door, path: BroadcastPath) -> Result<Response, Problem> {
    knows(door, path, page::call_list_title, page::call_list).await
}

type UnitPath = Path<(String, String, String)>;

pub(super) async fn show_unit(
    door: Door,
    Path((incident, broadcast, unit)): UnitPath,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let unit = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    unit_page(&door, (incident, broadcast, unit), Default::default(), Mistakes::default()).await
}

async fn unit_page(
    door: &Door,
    (incident, broadcast, unit): (IncidentId, BroadcastId, UnitId),
    typed: (String, String),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = pages::unit(&mut tx, &door.app, (incident, broadcast, unit), typed).await?;
    let title = page::unit_title(&view);
    door.incident_page(tx, incident, &title, view, page::unit, mistakes).await
}

pub(super) async fn answer_unit(
    door: Door,
    Path((incident, broadcast, unit)): UnitPath,
    input: Input<AnswerForUnit>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let unit = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    let run = move |app, by, form| answer::on_behalf(app, by, (incident, broadcast, unit, form));
    match door.run(&input, run).await {
        Ok(answered) => Ok(door.done(&format!("{}/who-knows", path(incident, broadcast)), &answered)),
        Err(failure) => {
            let typed = (input.form.answer.0, input.form.note.0);
            let again = async |mistakes| unit_page(&door, (incident, broadcast, unit), typed, mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    #[serde(default)]
    state: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    after: String,
}

impl Wanted {
    fn filter(&self, most: i64) -> ledger::Filter {
        let after = self.after.parse::<DeliveryId>().ok().map(|id| id.0);
        ledger::Filter {
            state: State::from_code(&self.state),
            channel: Channel::from_code(&self.channel),
            after,
            most,
        }
    }
}

pub(super) async fn show_ledger(
    door: Door,
    Path((incident, broadcast)): BroadcastPath,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let mut tx = door.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let filter = wanted.filter(ledger::PAGE);
    let lines = ledger::lines(&mut tx, broadcast, filter, &zone).await?;
    let query = format!(
        "state={}&channel={}",
        filter.state.map_or("", State::code),
        filter.channel.map_or("", Channel::code)
    );
    let base = format!("{}/deliveries", path(incident, broadcast));
    let full = i64::try_from(lines.len()).is_ok_and(|count| count == ledger::PAGE);
    let next = lines.last().filter(|_| full).map(|last| format!("{base}?{query}&after={}", last.id));
    let view = DeliveriesView {
        incident,
        broadcast,
        number: row.number,
        state: filter.state,
        channel: filter.channel,
        lines,
        next,
        csv: format!("{base}.csv?{query}"),
        asks: ledger::asks(&mut tx, broadcast).await?,
        request_id: door.request_id(),
        may_send: door.actor().has(&[Role::Communicator, Role::Commander]),
    };
    let title = page::ledger_title(&view);
    door.incident_page(tx, incident, &title, view, page::ledger, Mistakes::default()).await
}

pub(super) async fn ledger_file(
    door: Door,
    Path((incident, broadcast)): BroadcastPath,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let mut tx = door.read().await?;
    send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let lines = ledger::lines(&mut tx, broadcast, wanted.filter(1_000_000), &zone).await?;
    drop(tx);
    let header =
        ["channel", "address", "people", "state", "gateway", "reply", "attempts", "message_id", "updated"];
    let rows = lines.into_iter().map(|line| {
        let people = line.people.join("; ");
        let (channel, attempts) = (line.channel.code().to_owned(), line.attempts.to_string());
        vec![
            channel,
            line.address,
            people,
            line.words,
            line.gateway,
            line.reply,
            attempts,
            line.message_id,
            line.updated,
        ]
    });
    let csv = table::write_csv(&header, rows);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"deliveries.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, csv).into_response())
}

pub(super) async fn show_delivery(
    door: Door,
    Path((incident, broadcast, delivery)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found("delivery"))?;
    let mut tx = door.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let found = ledger::one(&door.app, &mut tx, broadcast, delivery, &zone).await?;
    let (line, subject, text, events) = found.ok_or_else(|| Problem::not_found("delivery"))?;
    let view = DeliveryView { incident, broadcast, number: row.number, line, subject, text, events };
    door.incident_page(tx, incident, "One delivery", view, page::delivery, Mistakes::default()).await
}
