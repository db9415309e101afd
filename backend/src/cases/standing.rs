//! A schedule that was here before the incident is used for it: the same import as of an uploaded file, in one step,
//! because it was previewed when it came in. Using it twice changes nothing.

use domain::{
    Refusal,
    field::FieldErrors,
    id::{FeedId, IncidentId, SnapshotId, StandingId},
    schedules::{State, UseSchedule},
    table::Mapping,
    time::Zone,
    view::{cases::Committed, schedules::ScheduleOffer},
};
use sha2::{Digest, Sha256};

use super::{
    change, import,
    snapshots::{self, Snapshot},
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    feeds::{self, store::Feed},
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
    let Some(standing) = schedules::find(&mut tx, id).await? else {
        let feed = feeds::store::find(&mut tx, FeedId(id.0)).await?.ok_or_else(open::gone)?;
        drop(tx);
        return take_feed(app, by, incident, feed).await;
    };
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

/// Makes cases of what a feed had told when the downtime began. What it has told since changes nothing, and using it
/// twice neither.
async fn take_feed(app: App, by: By, incident: IncidentId, feed: Feed) -> Result<Committed, Failure> {
    let mut tx = app.db.read().await?;
    let row = incidents::find(&mut tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let zone = accounts::installation(&mut tx).await?.zone();
    // One feed for one start of one downtime.
    let named = format!("feed {} as it stood at {}", feed.id, row.started_at.0);
    let sha256: [u8; 32] = Sha256::digest(named).into();
    let known = snapshots::by_hash(&mut tx, incident, &sha256).await?;
    if let Some(done) = known.as_ref().filter(|known| known.state == "committed") {
        return Ok(import::done_before(done));
    }
    let as_of = feeds::ledger::newest(&mut tx, feed.id, row.started_at).await?;
    drop(tx);
    if let Some(known) = known {
        return import::commit(app, by, incident, known.id).await;
    }
    let Some(as_of) = as_of else {
        let sentence = "This feed had told nothing yet when the downtime began. Choose another schedule.";
        return Err(Refusal::new("feed-empty", sentence).with_link(format!("/feeds/{}", feed.id)).into());
    };
    let schedule = feeds::schedule::read(&app, feed.id, (as_of, row.started_at), &zone).await?;
    let snapshot = Snapshot {
        id: app.clock.id(),
        file_name: feed.described.name,
        sha256,
        as_of,
        mapping: Mapping::default(),
        scheme: String::new(),
        figures: schedule.figures(),
        added: 0,
        state: "previewed".into(),
        standing: None,
        feed: Some(feed.id),
    };
    let mut tx = app.db.write().await?;
    insert(&mut tx, incident, &snapshot, (&app, &by)).await?;
    tx.commit().await?;
    import::commit(app, by, incident, snapshot.id).await
}

async fn insert(
    tx: &mut Tx,
    incident: IncidentId,
    snapshot: &Snapshot,
    (app, by): (&App, &By),
) -> Result<(), Failure> {
    match snapshots::insert(tx, incident, snapshot, by.actor.account, app.clock.now()).await {
        // Somebody uses it at this moment; trying again finds what they did.
        Err(Error::Constraint(_, source)) => Err(Error::Conflict(source).into()),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(()),
    }
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
        feed: None,
    };
    if known.is_some() {
        // The same file was uploaded to this incident, and waits.
        snapshots::set_columns(tx, &snapshot).await?;
        return Ok(snapshot.id);
    }
    insert(tx, incident, &snapshot, (app, by)).await?;
    Ok(snapshot.id)
}
