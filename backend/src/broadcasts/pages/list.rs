//! All broadcasts of an incident, and how sending goes as a whole.

use domain::{
    actor::Actor,
    broadcasts::Knows,
    deliveries::State,
    field::Text,
    id::IncidentId,
    time::Zone,
    view::broadcasts::{BroadcastLine, BroadcastsView, HoldView, ListLine},
};

use super::{
    super::{
        all_clear, audience, hold,
        store::{self, BroadcastRow},
    },
    audiences, files_only, may_send, stage_words,
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    incidents::store as incidents,
    jobs::deliver::store::{Resting, at_fault},
    store::{Error, Tx},
};

/// All broadcasts of an incident.
///
/// # Errors
/// When there is no such incident.
pub async fn list(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    typed: Vec<Text>,
) -> Result<BroadcastsView, Failure> {
    incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let zone = accounts::installation(tx).await?.zone();
    let mut lines = Vec::new();
    for row in store::list(tx, incident).await? {
        lines.push(line(tx, row, &zone).await?);
    }
    let resting = at_fault(tx)
        .await?
        .into_iter()
        .map(|Resting { name, paused_until, reason }| {
            format!("{name} rests until {}: {reason}", zone.clock_seconds(paused_until))
        })
        .collect();
    let lists = audience::lists(tx, incident).await?;
    let hold = hold::held(tx).await?;
    Ok(BroadcastsView {
        incident,
        request_id: app.clock.id(),
        lines,
        may_send: may_send(actor),
        lists: lists
            .into_iter()
            .map(|(id, name, people)| ListLine { id: id.to_string(), name, people })
            .collect(),
        resting,
        clear: all_clear::choices(tx, incident).await?,
        audiences: audiences(tx, incident).await?,
        typed_audiences: typed.into_iter().map(|text| text.0).collect(),
        hold: hold.map(|(reason, since)| HoldView { reason, since: zone.full(since) }),
        files_only: files_only(app),
    })
}

async fn line(tx: &mut Tx, row: BroadcastRow, zone: &Zone) -> Result<BroadcastLine, Error> {
    let bodies = store::bodies(tx, row.id).await?;
    let tally = store::tally(tx, row.id).await?;
    let sum = |states: &[State]| {
        tally.iter().filter(|(_, state, _)| states.contains(state)).map(|(.., count)| count).sum()
    };
    let units = if row.stage.is_out() { store::units(tx, row.id).await? } else { Vec::new() };
    let confirmed =
        units.iter().filter(|unit| unit.tally.knows(row.confirm_percent) == Knows::Confirmed).count();
    Ok(BroadcastLine {
        id: row.id,
        number: row.number,
        subject: bodies.first().map(|body| body.subject.clone()).unwrap_or_default(),
        stage: row.stage,
        stage_words: stage_words(&row),
        to: row.to_words,
        sent: row.sent_at.map(|at| zone.clock_with_zone(at)).unwrap_or_default(),
        people: row.people,
        units: i64::try_from(units.len()).unwrap_or(i64::MAX),
        units_confirmed: i64::try_from(confirmed).unwrap_or(i64::MAX),
        open: sum(&[State::Queued, State::Sending]),
        failed: sum(&[State::Failed]),
        in_doubt: sum(&[State::InDoubt]),
    })
}
