//! A schedule that was here before the incident is used for it: the same import as of an uploaded file, in one step,
//! because it was previewed when it came in. Using it twice changes nothing.

use domain::{
    Refusal,
    field::FieldErrors,
    id::{IncidentId, SnapshotId, StandingId},
    schedules::{State, UseSchedule},
    time::Zone,
    view::{cases::Committed, schedules::ScheduleOffer},
};

use super::{
    change, import,
    snapshots::{self, Snapshot},
};
use crate::{
    app::App,
    failure::Failure,
    incidents::store as incidents,
    schedules::{
        open,
        store::{self as schedules, Standing},
    },
    store::{Error, Tx, journal::By},
};

/// The schedules that are here, as the incident is offered them; `None` when it has ended or none is here.
///
/// # Errors
/// When the database does not answer.
pub async fn offer(tx: &mut Tx, incident: IncidentId, zone: &Zone) -> Result<Option<ScheduleOffer>, Error> {
    match incidents::find(tx, incident).await? {
        Some(row) if row.phase.is_open() => crate::schedules::offer(tx, row.started_at, zone).await,
        _ => Ok(None),
    }
}

/// Makes cases of a schedule that was here before the incident.
///
/// # Errors
/// Refused when it is gone, or when nobody has said which column holds what.
pub async fn take(app: App, by: By, incident: IncidentId, form: UseSchedule) -> Result<Committed, Failure> {
    let id: Result<StandingId, _> = form.schedule.trimmed().parse();
    let id = id.map_err(|_| FieldErrors::one("schedule", "Choose one of the schedules."))?;
    let mut tx = app.db.read().await?;
    change::refuse_when_closed(&mut tx, incident).await?;
    let standing = schedules::find(&mut tx, id).await?.ok_or_else(open::gone)?;
    let known = snapshots::by_hash(&mut tx, incident, &standing.sha256).await?;
    drop(tx);
    if let Some(done) = known.as_ref().filter(|known| known.state == "committed") {
        return Ok(import::done_before(done));
    }
    if standing.state == State::NeedsColumns {
        let sentence =
            "Say first which column of this schedule holds what; it is saved for all later ones like it.";
        return Err(Refusal::new("columns-missing", sentence).with_link(format!("/schedules/{id}")).into());
    }
    let mut tx = app.db.write().await?;
    let snapshot = previewed(&app, &mut tx, (incident, &by), (&standing, known)).await?;
    tx.commit().await?;
    import::commit(app, by, incident, snapshot).await
}

/// The incident's own row of the schedule, as an upload would make it.
async fn previewed(
    app: &App,
    tx: &mut Tx,
    (incident, by): (IncidentId, &By),
    (standing, known): (&Standing, Option<Snapshot>),
) -> Result<SnapshotId, Failure> {
    let snapshot = Snapshot {
        id: known.as_ref().map_or_else(|| app.clock.id(), |known| known.id),
        file_name: standing.file_name.clone(),
        sha256: standing.sha256,
        as_of: standing.as_of,
        mapping: standing.columns.mapping.clone(),
        scheme: standing.columns.scheme.clone(),
        figures: standing.figures,
        added: 0,
        state: "previewed".into(),
        standing: Some(standing.id),
    };
    if known.is_some() {
        // The same file was uploaded to this incident, and waits.
        snapshots::set_columns(tx, &snapshot).await?;
        return Ok(snapshot.id);
    }
    match snapshots::insert(tx, incident, &snapshot, by.actor.account, app.clock.now()).await {
        // Somebody uses it at this moment; trying again finds what they did.
        Err(Error::Constraint(_, source)) => Err(Error::Conflict(source).into()),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(snapshot.id),
    }
}
