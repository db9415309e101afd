//! A schedule comes in: uploaded to disk, previewed with the columns as guessed or changed, then committed in
//! chunks that nobody sees and one switch that makes them all visible. The same file changes nothing twice.

use std::{collections::BTreeSet, path::PathBuf};

use domain::{
    Refusal,
    cases::forms::ImportColumns,
    decisions::Window,
    field::FieldErrors,
    id::{CaseId, IncidentId, SnapshotId},
    schedule::{Booking, FIELDS, Kind, Patient, Priority, Schedule, Site},
    scope::Places,
    table::{self, Limits, Mapping, Table},
    triage::Scheme,
    view::cases::{Committed, Uploaded},
};
use serde_json::json;
use sqlx::types::Uuid;

use super::{
    change, decide,
    search::{Finder, FoundBy},
    snapshots,
    snapshots::Snapshot,
    tally,
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    feeds::schedule as feeds,
    imports::rejects,
    incidents::store as incidents,
    places::store as places,
    schedules::open,
    store::{
        Tx,
        journal::{By, Chain, Say},
        seal::{self, Seal},
    },
};

/// A file that lies under the data folder, not yet known to the database.
#[derive(Debug, Clone)]
pub struct Offered {
    pub id: SnapshotId,
    pub file_name: String,
    pub sha256: [u8; 32],
    /// As typed: when the schedule was taken.
    pub as_of: String,
}

/// Where an uploaded file lies until it is committed. It holds patients in clear text and is removed then.
pub fn path(app: &App, snapshot: SnapshotId) -> PathBuf {
    app.config.data.join("imports").join(format!("{snapshot}.csv"))
}

/// Takes an uploaded file for a preview.
///
/// # Errors
/// By field: a file that is no table, a time that is none.
pub async fn offer(app: App, by: By, incident: IncidentId, offered: Offered) -> Result<Uploaded, Failure> {
    let kept = keep(&app, &by, incident, &offered).await;
    if let Ok(known) = &kept
        && known.known
        && known.state != "committed"
        && !tokio::fs::try_exists(path(&app, known.snapshot)).await.unwrap_or(true)
    {
        // The file of the first upload has been swept away meanwhile; this is the same one.
        let _ = tokio::fs::rename(path(&app, offered.id), path(&app, known.snapshot)).await;
    }
    if !matches!(&kept, Ok(uploaded) if !uploaded.known) {
        // Refused, or known already: this copy is not needed.
        let _ = tokio::fs::remove_file(path(&app, offered.id)).await;
    }
    kept
}

async fn keep(app: &App, by: &By, incident: IncidentId, offered: &Offered) -> Result<Uploaded, Failure> {
    let mut tx = app.db.read().await?;
    change::refuse_when_closed(&mut tx, incident).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    if let Some(known) = snapshots::by_hash(&mut tx, incident, &offered.sha256).await? {
        return Ok(Uploaded { snapshot: known.id, figures: known.figures, known: true, state: known.state });
    }
    let sites = sites(&mut tx).await?;
    drop(tx);
    let mut errors = FieldErrors::default();
    let as_of = errors.keep("as_of", zone.parse(&offered.as_of));
    if as_of.is_some_and(|at| at > app.clock.now()) {
        errors.add("as_of", "This is still to come. Say when the schedule was taken.");
    }
    let table = errors.keep("file", read_file(app, offered.id).await?);
    errors.into_result()?;
    let (Some(as_of), Some(table)) = (as_of, table) else { return Err(Failure::NotFound("file")) };
    let mapping = Mapping::guess(&table.header, &FIELDS);
    let schedule = read_rows(table, mapping.clone(), sites, None).await?;
    let snapshot = Snapshot {
        id: offered.id,
        file_name: offered.file_name.clone(),
        sha256: offered.sha256,
        as_of,
        mapping,
        scheme: String::new(),
        figures: schedule.figures(),
        added: 0,
        state: "previewed".into(),
        standing: None,
        feed: None,
    };
    let mut tx = app.db.write().await?;
    snapshots::insert(&mut tx, incident, &snapshot, by.actor.account, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Uploaded { snapshot: snapshot.id, figures: snapshot.figures, known: false, state: snapshot.state })
}

/// Takes other columns than the guessed ones, before the commit.
///
/// # Errors
/// By field; refused when the file is committed.
pub async fn set_columns(
    app: App,
    incident: IncidentId,
    id: SnapshotId,
    form: ImportColumns,
) -> Result<Uploaded, Failure> {
    let mut tx = app.db.read().await?;
    let mut snapshot = snapshots::find(&mut tx, incident, id).await?.ok_or(Failure::NotFound("schedule"))?;
    let sites = sites(&mut tx).await?;
    drop(tx);
    refuse_when_committed(&snapshot)?;
    if snapshot.feed.is_some() {
        return Err(Refusal::new(
            "no-columns",
            "A feed has no columns: its own messages say what they hold.",
        )
        .into());
    }
    let table = table(&app, &snapshot).await?;
    let (mapping, scheme) = columns(&form, &table)?;
    let schedule = read_rows(table, mapping.clone(), sites, scheme).await?;
    snapshot.mapping = mapping;
    scheme.map_or("", Scheme::code).clone_into(&mut snapshot.scheme);
    snapshot.figures = schedule.figures();
    let mut tx = app.db.write().await?;
    snapshots::set_columns(&mut tx, &snapshot).await?;
    tx.commit().await?;
    Ok(Uploaded { snapshot: id, figures: snapshot.figures, known: true, state: snapshot.state })
}

fn refuse_when_committed(snapshot: &Snapshot) -> Result<(), Refusal> {
    if snapshot.state == "committed" {
        return Err(Refusal::new("committed", "This schedule is imported; its columns stand."));
    }
    Ok(())
}

/// The columns and the scheme as a person chose them.
///
/// # Errors
/// By field when something is chosen that is not listed, or twice.
pub fn columns(form: &ImportColumns, table: &Table) -> Result<(Mapping, Option<Scheme>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut mapping = Mapping::default();
    for each in form.columns.iter().filter(|each| !each.is_blank()) {
        let (key, column) = each.trimmed().split_once(':').unwrap_or((each.trimmed(), ""));
        if column.is_empty() {
            continue;
        }
        let known = FIELDS.iter().any(|field| field.key == key);
        match column.parse::<usize>() {
            Ok(column) if known && column < table.header.len() => {
                if mapping.0.values().any(|used| *used == column) {
                    errors.add("columns", format!("The column {:?} is chosen twice.", table.header[column]));
                }
                mapping.0.insert(key.to_owned(), column);
            }
            _ => errors.add("columns", "Choose fields and columns that are listed."),
        }
    }
    let scheme = Scheme::from_code(form.scheme.trimmed());
    if scheme.is_none() && !form.scheme.is_blank() {
        errors.add("scheme", "Choose a scheme that is listed, or none.");
    }
    errors.into_result()?;
    Ok((mapping, scheme))
}

/// Makes cases of the rows that are not known yet.
///
/// # Errors
/// By field when a required column is missing; refused when the columns were changed meanwhile.
pub async fn commit(app: App, by: By, incident: IncidentId, id: SnapshotId) -> Result<Committed, Failure> {
    let mut tx = app.db.read().await?;
    change::refuse_when_closed(&mut tx, incident).await?;
    let snapshot = snapshots::find(&mut tx, incident, id).await?.ok_or(Failure::NotFound("schedule"))?;
    if snapshot.state == "committed" {
        return Ok(done_before(&snapshot));
    }
    drop(tx);
    let schedule = match rows(&app, incident, &snapshot).await {
        Ok(schedule) => schedule,
        Err(failure) => return finished_meanwhile(&app, incident, id, failure).await,
    };
    // A stage of its own: a second click at the same moment stages beside it, and one of the two is switched.
    let stage: Uuid = app.clock.id();
    let outcome = stage_and_switch(&app, &by, incident, (snapshot, stage), schedule).await;
    drop_stage(&app, stage).await;
    if outcome.is_ok() {
        let _ = tokio::fs::remove_file(path(&app, id)).await;
    }
    outcome
}

/// Makes cases of bookings that were read elsewhere, under a row of their own among the incident's schedules.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn take_over(
    app: &App,
    by: &By,
    incident: IncidentId,
    mut snapshot: Snapshot,
    schedule: Schedule,
) -> Result<Committed, Failure> {
    let mut tx = app.db.write().await?;
    match snapshots::by_hash(&mut tx, incident, &snapshot.sha256).await? {
        Some(known) if known.state == "committed" => return Ok(done_before(&known)),
        Some(known) => snapshot = known,
        None => snapshots::insert(&mut tx, incident, &snapshot, by.actor.account, app.clock.now()).await?,
    }
    tx.commit().await?;
    let stage: Uuid = app.clock.id();
    let outcome = stage_and_switch(app, by, incident, (snapshot, stage), schedule).await;
    drop_stage(app, stage).await;
    outcome
}

/// What there is to import: the rows of a file, or what a feed had told.
async fn rows(app: &App, incident: IncidentId, snapshot: &Snapshot) -> Result<Schedule, Failure> {
    let mut tx = app.db.read().await?;
    if let Some(feed) = snapshot.feed {
        let row = incidents::find(&mut tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
        let zone = accounts::installation(&mut tx).await?.zone();
        drop(tx);
        return feeds::read(app, feed, (snapshot.as_of, row.started_at), &zone).await;
    }
    let sites = sites(&mut tx).await?;
    drop(tx);
    if let Some(field) = snapshot.mapping.missing(&FIELDS).first() {
        let sentence = format!("Choose the column that holds: {}.", field.label);
        return Err(FieldErrors::one("columns", sentence).into());
    }
    let table = table(app, snapshot).await?;
    let scheme = Scheme::from_code(&snapshot.scheme);
    read_rows(table, snapshot.mapping.clone(), sites, scheme).await
}

/// The file is removed when it is imported: whoever does not find it may have come second.
async fn finished_meanwhile(
    app: &App,
    incident: IncidentId,
    id: SnapshotId,
    failure: Failure,
) -> Result<Committed, Failure> {
    let mut tx = app.db.read().await?;
    let now = snapshots::find(&mut tx, incident, id).await?.filter(|now| now.state == "committed");
    now.map_or(Err(failure), |now| Ok(done_before(&now)))
}

pub(super) fn done_before(snapshot: &Snapshot) -> Committed {
    Committed { snapshot: snapshot.id, figures: snapshot.figures, added: snapshot.added, seq: 0 }
}

/// Nobody sees what a stage leaves behind, so a failure here is no failure of the import; it is dropped later.
async fn drop_stage(app: &App, stage: Uuid) {
    let dropped = async {
        let mut tx = app.db.write().await?;
        snapshots::drop_stage(&mut tx, stage).await?;
        tx.commit().await
    };
    if let Err(error) = dropped.await {
        tracing::warn!(%error, "a stage of an import is left for later");
    }
}

/// Rows of a chunk: few enough that a waiting command hardly notices.
const CHUNK: usize = 150;

async fn stage_and_switch(
    app: &App,
    by: &By,
    incident: IncidentId,
    (snapshot, stage): (Snapshot, Uuid),
    mut schedule: Schedule,
) -> Result<Committed, Failure> {
    let mut tx = app.db.write().await?;
    let seal = Seal::open(app, &mut tx).await?;
    snapshots::begin_stage(&mut tx, stage, snapshot.id, app.clock.now()).await?;
    tx.commit().await?;
    let (mut rows, mut erased) = (0, BTreeSet::new());
    for chunk in schedule.bookings.chunks(CHUNK) {
        let staged = stage_chunk(app, (incident, snapshot.id, stage), &seal, chunk).await?;
        rows += staged.rows;
        erased.extend(staged.erased);
    }
    let reason = "This patient was erased here. Register the patient again, then add this appointment.";
    schedule.refuse(&erased, "MRN", reason);
    switch(app, by, incident, (&snapshot, stage, rows), &schedule).await
}

/// What became of a chunk.
struct Staged {
    rows: u64,
    /// The lines of patients whose key was erased: nothing may be kept of them.
    erased: Vec<u64>,
}

async fn stage_chunk(
    app: &App,
    (incident, snapshot, stage): (IncidentId, SnapshotId, Uuid),
    seal: &Seal,
    chunk: &[Booking],
) -> Result<Staged, Failure> {
    let found_by = found_by(seal, chunk).await?;
    let lookups: Vec<[u8; 32]> = chunk.iter().map(|booking| seal.lookup(&booking.patient.mrn)).collect();
    let mut fresh: Vec<snapshots::NewPatient> = lookups
        .iter()
        .map(|lookup| {
            let id: Uuid = app.clock.id();
            let wrapped = seal.wrap(app, id, &app.clock.bytes::<32>());
            snapshots::NewPatient {
                id: id.simple().to_string(),
                mrn_key: hex::encode(lookup),
                wrapped_key: hex::encode(wrapped),
            }
        })
        .collect();
    // In one order everywhere, so that two imports at once wait for each other instead of standing in each other's way.
    fresh.sort_by(|one, other| one.mrn_key.cmp(&other.mrn_key));
    let mut tx = app.db.write_chunk().await?;
    snapshots::add_patients(&mut tx, &fresh).await?;
    let patients = snapshots::patients(&mut tx, &fresh).await?;
    let (mut rows, mut erased) = (Vec::with_capacity(chunk.len()), Vec::new());
    for ((booking, lookup), found_by) in chunk.iter().zip(&lookups).zip(&found_by) {
        let Some((patient, Some(wrapped))) = patients.get(&lookup[..]) else {
            erased.push(booking.line);
            continue;
        };
        let case: CaseId = app.clock.id();
        let plain = serde_json::to_vec(&booking.patient).expect("a patient is plain data");
        let sealed = seal::seal(app, &seal.unwrap(*patient, wrapped)?, case.0, &plain);
        rows.push(snapshots::NewCase::of(case, *patient, (&sealed, found_by), booking));
    }
    let rows = snapshots::add_cases(&mut tx, incident, (snapshot, stage), &rows).await?;
    tx.commit().await?;
    Ok(Staged { rows, erased })
}

/// By what the patients of a chunk are found, reckoned away from the threads that answer requests.
async fn found_by(seal: &Seal, chunk: &[Booking]) -> Result<Vec<FoundBy>, Failure> {
    let finder = Finder::of(seal);
    let patients: Vec<Patient> = chunk.iter().map(|booking| booking.patient.clone()).collect();
    let reckoned = move || patients.iter().map(|patient| finder.found_by(patient)).collect();
    let done = tokio::task::spawn_blocking(reckoned).await;
    done.map_err(|error| Failure::Broken(error.to_string()))
}

async fn switch(
    app: &App,
    by: &By,
    incident: IncidentId,
    (snapshot, stage, staged): (&Snapshot, Uuid, u64),
    schedule: &Schedule,
) -> Result<Committed, Failure> {
    let mut decision = begin!(app, by, Chain::Incident(incident));
    let now = snapshots::find(&mut decision.tx, incident, snapshot.id)
        .await?
        .ok_or(Failure::NotFound("schedule"))?;
    if now.state == "committed" {
        return Ok(done_before(&now));
    }
    refuse_when_changed(&mut decision.tx, (snapshot, &now), (stage, staged)).await?;
    let figures = schedule.figures();
    let added = snapshots::make_visible(&mut decision.tx, stage).await?;
    let late = leave_late_rows_undecided(&mut decision.tx, incident, snapshot.id).await?;
    rejects::keep(&mut decision.tx, snapshot.id, &schedule.rejects).await?;
    let found = (&figures, &priorities(schedule));
    snapshots::set_committed(&mut decision.tx, snapshot.id, found, added, decision.at).await?;
    tally::count_again(&mut decision.tx, incident).await?;
    let mut data = json!({
        "sha256": hex::encode(snapshot.sha256),
        "as_of": snapshot.as_of,
        "figures": figures,
        "added": added,
        "undecided": late,
    });
    if let Some(standing) = snapshot.standing {
        data["standing"] = json!(standing);
    }
    if let Some(feed) = snapshot.feed {
        data["feed"] = json!(feed);
    }
    let subject = format!("schedule:{}", snapshot.id);
    let say = Say { kind: "schedule.imported", subject, data, ..Say::default() };
    let seq = decision.append(app, say).await?;
    let outcome = Committed { snapshot: snapshot.id, figures, added, seq };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

/// How its procedures are ranked.
fn priorities(schedule: &Schedule) -> BTreeSet<snapshots::Ranked> {
    let procedures = schedule.bookings.iter().filter(|booking| booking.kind == Kind::Procedure);
    let ranked = procedures.filter(|booking| booking.priority != Priority::None);
    ranked
        .map(|booking| booking.priority.parts())
        .map(|(scheme, value)| (scheme.into(), value.into()))
        .collect()
}

/// What is switched is what was read: every staged row is still there, under the columns that are chosen now.
async fn refuse_when_changed(
    tx: &mut Tx,
    (read, now): (&Snapshot, &Snapshot),
    (stage, staged): (Uuid, u64),
) -> Result<(), Failure> {
    if read.mapping != now.mapping || read.scheme != now.scheme {
        let sentence =
            "Somebody chose other columns while this was being imported. Look again, then import it.";
        return Err(Refusal::new("changed-since", sentence).into());
    }
    if snapshots::staged(tx, stage).await? != staged {
        let sentence =
            "Some rows were lost while this was being imported; nothing was changed. Import it again.";
        return Err(Refusal::new("rows-lost", sentence).into());
    }
    Ok(())
}

/// A row that comes in after a decision whose window reaches it was not decided by it: a person must.
async fn leave_late_rows_undecided(
    tx: &mut Tx,
    incident: IncidentId,
    snapshot: SnapshotId,
) -> Result<usize, Failure> {
    let windows: Vec<Window> = decide::windows(tx, incident).await?;
    if windows.is_empty() {
        return Ok(0);
    }
    let lattice: Places = places::lattice(tx).await?;
    let rows = decide::rows_of_snapshot(tx, incident, snapshot).await?;
    let reaches: Vec<_> = windows.iter().map(|window| window.reach(&lattice)).collect();
    let late: Vec<String> = rows
        .iter()
        .filter(|row| reaches.iter().any(|reach| reach.has(row)))
        .map(|row| row.case.0.simple().to_string())
        .collect();
    snapshots::leave_undecided(tx, &late).await?;
    Ok(late.len())
}

/// The facilities as a row may name them.
pub async fn sites(tx: &mut Tx) -> Result<Vec<Site>, Failure> {
    let facilities = places::facilities(tx).await?;
    Ok(facilities
        .into_iter()
        .map(|facility| Site {
            id: facility.id,
            code: facility.code,
            name: facility.name,
            short_name: facility.short_name,
            zone: facility.zone,
        })
        .collect())
}

/// The file as a table: the uploaded one, or one that was here before the incident.
///
/// # Errors
/// When it is gone from the data folder, or was deleted.
pub async fn table(app: &App, snapshot: &Snapshot) -> Result<Table, Failure> {
    if let Some(standing) = snapshot.standing {
        return Ok(open::table(app, standing).await?.1);
    }
    let table = read_file(app, snapshot.id).await?;
    table.map_err(|error| FieldErrors::one("file", error.to_string()).into())
}

async fn read_file(app: &App, id: SnapshotId) -> Result<Result<Table, table::Unreadable>, Failure> {
    let path = path(app, id);
    let bytes = tokio::fs::read(&path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let sentence = "This file is no longer here: it was imported, or waited for more than a day. Upload it again.";
            Refusal::new("file-gone", sentence).into()
        }
        _ => Failure::Broken(format!("{} cannot be read: {error}", path.display())),
    })?;
    tokio::task::spawn_blocking(move || table::read(&bytes, &Limits::IMPORT))
        .await
        .map_err(|error| Failure::Broken(error.to_string()))
}

/// Sorts the rows away from the threads that answer requests.
pub async fn read_rows(
    table: Table,
    mapping: Mapping,
    sites: Vec<Site>,
    scheme: Option<Scheme>,
) -> Result<Schedule, Failure> {
    tokio::task::spawn_blocking(move || Schedule::read(&table, &mapping, &sites, scheme))
        .await
        .map_err(|error| Failure::Broken(error.to_string()))
}
