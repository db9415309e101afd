//! Cases: the booked operations and visits that an incident touches, imported, decided over, and each followed
//! to its end.
//!
//! What others need of them: [`card`] for board and rail, [`tally::read`] for figures, [`blockers`] for closing.

pub mod access;
pub mod card;
pub mod change;
pub mod decide;
pub mod door;
pub mod end_of_day;
mod export;
mod fhir;
mod figures;
pub mod file;
pub mod import;
pub mod list;
mod notes;
mod reach;
pub mod replay;
pub mod schedule_web;
pub mod search;
mod services;
mod sheets;
pub mod show;
pub mod snapshots;
pub mod standing;
pub mod store;
pub mod tally;
mod touched;
pub mod upload;
pub mod web;

use domain::{
    closing::{Blocker, BlockerKind, Item},
    id::IncidentId,
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    app::App,
    failure::Failure,
    fetch_all,
    store::{Error, Tx},
};

const UNDECIDED: &str = "
    SELECT id, appointment
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND decided = 'undecided'
    ORDER BY start_at, id
    LIMIT $2";

const OPEN: &str = "
    SELECT id, appointment
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE
        AND state IN ('kept', 'to_contact', 'contacting', 'told', 'rebooked')
    ORDER BY risk_rank, risk_at, id
    LIMIT $2";

/// What cases keep an incident from closing (rules 6 and 13): undecided rows, and cases without an end. The items
/// name appointments, never patients. Waivers are the closing capability's; its counts come off these.
pub async fn blockers(tx: &mut Tx, incident: IncidentId, most_items: i64) -> Result<Vec<Blocker>, Error> {
    let funnel = tally::read(tx, incident, None).await?;
    let path = format!("/incidents/{incident}/cases");
    let undecided = fetch_all!(tx, (Uuid, String), UNDECIDED, incident.0, most_items)?;
    let open = fetch_all!(tx, (Uuid, String), OPEN, incident.0, most_items)?;
    let items = |rows: Vec<(Uuid, String)>, page: &dyn Fn(Uuid) -> String| {
        rows.into_iter()
            .map(|(id, appointment)| Item { id, label: format!("Appointment {appointment}"), path: page(id) })
            .collect()
    };
    // A row that nobody has decided has no page of its own yet.
    let undecided_path = format!("{path}?show=undecided");
    let blocker = |kind, count, link, items| Blocker { kind, count, waived: 0, link, items };
    Ok(vec![
        blocker(
            BlockerKind::RowUndecided,
            funnel.undecided,
            undecided_path.clone(),
            items(undecided, &|_| undecided_path.clone()),
        ),
        blocker(
            BlockerKind::CaseOpen,
            funnel.open,
            format!("{path}?show=open"),
            items(open, &|id| format!("{path}/{id}")),
        ),
    ])
}

/// Drops what imports and decisions began to stage before a moment and never switched: a crash has left it, and
/// nobody has seen it.
///
/// # Errors
/// When the database does not answer.
pub async fn drop_stale_stages(app: &App, before: Timestamp) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let stale = snapshots::stale_stages(&mut tx, before).await?;
    drop(tx);
    for stage in stale {
        let mut tx = app.db.write_chunk().await?;
        snapshots::drop_stage(&mut tx, stage).await?;
        tx.commit().await?;
    }
    Ok(decide::drop_stale(app, before).await?)
}
