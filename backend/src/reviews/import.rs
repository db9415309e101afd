//! Files of items from the hospital's own systems: offered, previewed, then taken over as previewed, or not (rule
//! 15). A number that its queue has already is left as it is, so a file can be taken over again.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    field::FieldErrors,
    id::{ImportId, IncidentId},
    reviews::{COLUMNS, Queue, Read, Row, Setting as Places, read},
    scope::Place,
    table::{Mapping, Reject, Table},
    time::{Timestamp, Zone},
    view::{
        imports::CommitImport,
        reviews::{FileFigures, FileOutcome},
    },
};
use serde_json::json;

use super::{
    Setting, hash_of, may, moment,
    store::{self, New},
};
use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_optional,
    imports::{file, rejects},
    incidents::store as incidents,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Say},
    },
};

/// The most rows of one file.
const MOST_ROWS: usize = 20_000;

/// A file in the data folder, with what it is about.
#[derive(Debug, Clone)]
pub struct Offered {
    pub id: ImportId,
    pub queue: String,
    pub revocation: String,
    pub file_name: String,
    pub sha256: [u8; 32],
}

/// A file as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FileRow {
    queue: String,
    pub revocation: i64,
    pub file_name: String,
    pub sha256: Vec<u8>,
    figures: String,
    pub state: String,
}

impl FileRow {
    /// # Errors
    /// When it is not what this version writes.
    pub fn queue(&self) -> Result<Queue, Error> {
        Queue::from_code(&self.queue).ok_or_else(|| Error::Corrupt(format!("a queue reads {:?}", self.queue)))
    }

    /// # Errors
    /// When they are not what this version writes.
    pub fn figures(&self) -> Result<FileFigures, Error> {
        serde_json::from_str(&self.figures).map_err(|error| Error::Corrupt(error.to_string()))
    }
}

/// What taking a file over would do.
#[derive(Debug, Default)]
pub struct Plan {
    pub figures: FileFigures,
    pub rejects: Vec<Reject>,
    rows: Vec<Row>,
}

/// Compares a file with what its queue has.
///
/// # Errors
/// By field when it lacks a column or has too many rows, and when there is no such window.
pub async fn plan(
    tx: &mut Tx,
    incident: IncidentId,
    (queue, revocation): (Queue, i64),
    (table, now): (&Table, Timestamp),
) -> Result<Plan, Failure> {
    let mapping = Mapping::guess(&table.header, &COLUMNS);
    let missing: Vec<&str> = mapping.missing(&COLUMNS).iter().map(|column| column.label).collect();
    if !missing.is_empty() {
        let sentence = format!("The file has no column for: {}. Name its columns so.", missing.join(", "));
        return Err(FieldErrors::one("file", sentence).into());
    }
    if table.rows.len() > MOST_ROWS {
        let sentence = format!("The file has more than {MOST_ROWS} rows. Split it into several files.");
        return Err(FieldErrors::one("file", sentence).into());
    }
    let setting = Setting::read(tx, incident, queue, revocation).await?;
    let places = codes(tx, &setting).await?;
    let found = read(table, &mapping, &Places { places: &places, window: setting.window, now });
    compare(tx, incident, (queue, revocation), table.rows.len(), found).await
}

async fn compare(
    tx: &mut Tx,
    incident: IncidentId,
    of: (Queue, i64),
    rows: usize,
    mut found: Read,
) -> Result<Plan, Failure> {
    let subjects: Vec<String> = found.rows.iter().map(|row| row.subject.to_string()).collect();
    let known = store::known(tx, incident, of, &subjects).await?;
    let known: std::collections::BTreeSet<String> = known.into_iter().collect();
    found.rows.retain(|row| !known.contains(&row.subject.to_string()));
    let figures = FileFigures {
        rows,
        added: found.rows.len(),
        known: known.len(),
        repeated: found.repeated,
        refused: found.rejects.len(),
        taken_as_first: found.taken_as_first,
    };
    Ok(Plan { figures, rejects: found.rejects, rows: found.rows })
}

/// Where the codes of a file lead, at the sites of the downtime.
async fn codes(tx: &mut Tx, setting: &Setting) -> Result<BTreeMap<(String, String), (Place, Zone)>, Error> {
    let facilities = places::facilities(tx).await?;
    let departments = places::departments(tx).await?;
    let mut codes = BTreeMap::new();
    for site in facilities.iter().filter(|site| setting.zones.contains_key(&site.id)) {
        let code = site.code.to_lowercase();
        codes.insert((code, String::new()), (Place::Facility(site.id), site.zone.clone()));
    }
    for ((facility, name), unit) in departments {
        let site = facilities.iter().find(|site| site.id.0 == facility);
        if let Some(site) = site.filter(|site| setting.zones.contains_key(&site.id)) {
            codes.insert((site.code.to_lowercase(), name), (Place::Unit(unit), site.zone.clone()));
        }
    }
    Ok(codes)
}

const INSERT: &str = "
    INSERT INTO review_file (
        id, incident, queue, revocation, file_name, sha256, figures, state, account, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'previewed', $8, $9)";

/// Keeps an offered file with its preview.
///
/// # Errors
/// By field when the file cannot be used.
pub async fn offer(
    app: App,
    by: By,
    (incident, offered): (IncidentId, Offered),
) -> Result<FileOutcome, Failure> {
    let kept = keep(&app, &by, incident, &offered).await;
    if !matches!(&kept, Ok(outcome) if outcome.file == offered.id) {
        file::remove(&app, offered.id).await;
    }
    kept
}

async fn keep(app: &App, by: &By, incident: IncidentId, offered: &Offered) -> Result<FileOutcome, Failure> {
    let queue = Queue::from_code(offered.queue.trim());
    let queue = queue.ok_or_else(|| FieldErrors::one("queue", "Choose a queue."))?;
    let revocation = match queue {
        Queue::SuspectWindow => offered.revocation.trim().parse::<i64>().unwrap_or(0),
        _ => 0,
    };
    let (_, table) = file::read(app, offered.id, Some(&offered.sha256)).await?;
    let mut decision = begin!(app, by, Chain::Incident(incident));
    open(&mut decision.tx, incident).await?;
    let plan = plan(&mut decision.tx, incident, (queue, revocation), (&table, decision.at)).await?;
    execute!(
        decision.tx,
        INSERT,
        offered.id.0,
        incident.0,
        queue.code(),
        revocation,
        &offered.file_name,
        &offered.sha256[..],
        json!(plan.figures).to_string(),
        decision.account.0,
        decision.at.0
    )?;
    let say = Say {
        kind: "reviews.offered",
        data: json!({ "queue": queue.code(), "revocation": revocation, "figures": plan.figures,
            "sha256": hex::encode(offered.sha256) }),
        ..Say::default()
    };
    decision.append(app, say).await?;
    let outcome = FileOutcome { file: offered.id, figures: plan.figures };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

async fn open(tx: &mut Tx, incident: IncidentId) -> Result<(), Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    Ok(row.must_be_open()?)
}

const FIND: &str = "
    SELECT queue, revocation, file_name, sha256, figures, state
    FROM review_file
    WHERE incident = $1 AND id = $2";

/// One file of an incident.
///
/// # Errors
/// When there is none.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: ImportId) -> Result<FileRow, Failure> {
    fetch_optional!(tx, FileRow, FIND, incident.0, id.0)?.ok_or(Failure::NotFound("file"))
}

const COMMITTED: &str = "
    UPDATE review_file
    SET state = 'committed', figures = $2, committed_at = $3
    WHERE id = $1";

/// Takes a previewed file over: what the queue does not have is added, the rest stays as it is.
///
/// # Errors
/// Refused when it was taken over already, and for places that are not the actor's.
pub async fn commit(
    app: App,
    by: By,
    (incident, id, _): (IncidentId, ImportId, CommitImport),
) -> Result<FileOutcome, Failure> {
    let mut tx = app.db.read().await?;
    let row = find(&mut tx, incident, id).await?;
    drop(tx);
    still_open(&row)?;
    let (_, table) = file::read(&app, id, Some(&row.sha256)).await?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open(&mut decision.tx, incident).await?;
    let row = find(&mut decision.tx, incident, id).await?;
    still_open(&row)?;
    let (queue, revocation) = (row.queue()?, row.revocation);
    let plan = plan(&mut decision.tx, incident, (queue, revocation), (&table, decision.at)).await?;
    let setting = Setting::read(&mut decision.tx, incident, queue, revocation).await?;
    may(&by.actor, &setting.lattice, plan.rows.iter().map(|row| row.place))?;
    let items: Vec<New> = plan
        .rows
        .into_iter()
        .map(|row| New {
            id: app.clock.id(),
            queue,
            revocation,
            place: row.place,
            system: setting.system,
            functions: setting.functions,
            subject: row.subject,
            what: row.what,
            recorded_at: row.recorded_at,
        })
        .collect();
    let moment = moment(&decision, incident);
    store::insert(&mut decision.tx, &items, moment).await?;
    rejects::keep(&mut decision.tx, id, &plan.rejects).await?;
    execute!(decision.tx, COMMITTED, id.0, json!(plan.figures).to_string(), decision.at.0)?;
    let say = Say {
        kind: "reviews.imported",
        data: json!({ "queue": queue.code(), "revocation": revocation, "figures": plan.figures,
            "items_sha256": hash_of(items.iter().map(|item| item.id)) }),
        ..Say::default()
    };
    decision.append(&app, say).await?;
    let outcome = FileOutcome { file: id, figures: plan.figures };
    decision.commit(&app, &outcome).await?;
    file::remove(&app, id).await;
    Ok(outcome)
}

fn still_open(row: &FileRow) -> Result<(), Refusal> {
    if row.state == "previewed" {
        return Ok(());
    }
    let sentence = "This file was taken over already; offer it again to see what it would add.";
    Err(Refusal::new("already-imported", sentence))
}

/// What a file was refused, or would be, with its figures.
///
/// # Errors
/// When the file is gone.
pub async fn look(app: &App, incident: IncidentId, id: ImportId) -> Result<(FileRow, Plan), Failure> {
    let mut tx = app.db.read().await?;
    let row = find(&mut tx, incident, id).await?;
    if row.state == "committed" {
        let rejects = rejects::of_file(&mut tx, id).await?;
        let figures = row.figures()?;
        return Ok((row, Plan { figures, rejects, rows: Vec::new() }));
    }
    drop(tx);
    let (_, table) = file::read(app, id, Some(&row.sha256)).await?;
    let mut tx = app.db.read().await?;
    let of = (row.queue()?, row.revocation);
    let plan = plan(&mut tx, incident, of, (&table, app.clock.now())).await?;
    Ok((row, plan))
}
