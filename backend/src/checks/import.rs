//! The files of cross-checks: offered, previewed, then taken over as they fit at that moment (rule 15).
//!
//! A list says how many there are of each key that it names; the last list that names a key holds. So the same list
//! twice, or a longer one that has grown meanwhile, changes nothing that it does not say otherwise.

use std::sync::Arc;

use domain::{
    Refusal,
    actor::Actor,
    checks::{CENSUS_COLUMNS, Kind, Known, LIST_COLUMNS, ReadCensus, ReadList, Side, read_census, read_list},
    field::FieldErrors,
    id::{ImportId, IncidentId},
    table::{Known as Column, Mapping, Reject, Table},
    view::imports::{CommitImport, Figures, ImportOutcome, Remap},
};
use serde_json::json;

use super::{
    Named, Sealing, Subject, compare_forms, may_everywhere, open,
    patients::{self, Whose},
    store,
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    imports::{file, rejects, store as imports},
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// Rows that travel to the database in one statement.
const CHUNK: usize = 4_000;

/// A file in the data folder, read.
#[derive(Debug)]
pub struct Offered {
    pub id: ImportId,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub table: Table,
}

/// The columns of a file about this.
pub const fn columns(subject: Subject) -> &'static [Column] {
    match subject {
        Subject::Census => &CENSUS_COLUMNS,
        Subject::List(..) => &LIST_COLUMNS,
    }
}

/// How the imports of an incident's checks are kept apart from others.
fn kind(incident: IncidentId, subject: Subject) -> String {
    format!("checks:{incident}:{}", subject.code())
}

/// What a file contains.
pub enum Read {
    Census(ReadCensus),
    List(ReadList),
}

/// What taking a file over would do now.
pub struct Plan {
    pub read: Read,
    pub figures: Figures,
}

impl Plan {
    /// The refused rows.
    pub fn rejects(&self) -> &[Reject] {
        match &self.read {
            Read::Census(read) => &read.rejects,
            Read::List(read) => &read.rejects,
        }
    }
}

/// Compares a file with what is known.
///
/// # Errors
/// When the incident has ended, or is not the account's.
pub async fn plan(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    (incident, subject): (IncidentId, Subject),
    (table, mapping): (&Table, &Mapping),
) -> Result<Plan, Failure> {
    let (sites, lattice) = open(tx, incident).await?;
    may_everywhere(actor, &sites, &lattice)?;
    let known = Known { units: store::units(tx, incident).await?.into_iter().collect() };
    let mut figures = Figures { rows: table.rows.len(), ..Figures::default() };
    if !mapping.missing(columns(subject)).is_empty() {
        return Ok(Plan { read: Read::List(ReadList::default()), figures });
    }
    let read = match subject {
        Subject::Census => {
            let read = read_census(&table.rows, &table.header, mapping, &known);
            census_figures(tx, incident, &read, &mut figures).await?;
            Read::Census(read)
        }
        Subject::List(kind, side) => {
            let mut read = read_list(&table.rows, &table.header, mapping, &known);
            let sealing = Sealing::open(app, tx).await?;
            let column = mapping.column(&table.header, "patient");
            let column = if column.is_empty() { mapping.column(&table.header, "key") } else { column };
            patients::refuse_erased(tx, &sealing, &mut read, column).await?;
            let before = store::known(tx, incident, kind).await?;
            for row in &read.rows {
                let known = before.get(&sealing.hash(kind, &row.key)[..]);
                let said =
                    known.map(|(expected, found)| if side == Side::Expected { expected } else { found });
                count(&mut figures, said.copied(), row.amount);
            }
            figures.valid = read.rows.len() + read.repeated;
            figures.duplicates = read.repeated;
            figures.refused = read.rejects.len();
            Read::List(read)
        }
    };
    Ok(Plan { read, figures })
}

fn count(figures: &mut Figures, before: Option<i64>, now: i64) {
    match before {
        None => figures.added += 1,
        Some(before) if before == now => figures.unchanged += 1,
        Some(_) => figures.changed += 1,
    }
}

async fn census_figures(
    tx: &mut Tx,
    incident: IncidentId,
    read: &ReadCensus,
    figures: &mut Figures,
) -> Result<(), Error> {
    let before: std::collections::BTreeMap<_, i64> = store::census_rows(tx, incident)
        .await?
        .into_iter()
        .map(|(unit, day, occasion, number)| ((unit, day, occasion), number))
        .collect();
    for row in &read.rows {
        let key = (row.unit.0, row.day.clone(), row.occasion.code().to_owned());
        count(figures, before.get(&key).copied(), row.number);
    }
    figures.valid = read.rows.len();
    figures.duplicates = read.duplicates;
    figures.refused = read.rejects.len();
    Ok(())
}

/// Keeps an offered file with its preview.
///
/// # Errors
/// As [`plan`], and when the file has no rows.
pub async fn offer(
    app: App,
    by: By,
    (incident, subject, offered): (IncidentId, Subject, Arc<Offered>),
) -> Result<ImportOutcome, Failure> {
    let kept = keep(&app, &by, (incident, subject), &offered).await;
    // Refused, or a repeat whose first file lies here already: this copy is not needed.
    if !matches!(&kept, Ok(outcome) if outcome.import == offered.id) {
        file::remove(&app, offered.id).await;
    }
    kept
}

async fn keep(
    app: &App,
    by: &By,
    (incident, subject): (IncidentId, Subject),
    offered: &Offered,
) -> Result<ImportOutcome, Failure> {
    if offered.table.rows.is_empty() {
        let sentence = "This file has no rows under a header line. Export it again with its rows.";
        return Err(FieldErrors::one("file", sentence).into());
    }
    let mapping = Mapping::guess(&offered.table.header, columns(subject));
    let mut decision = begin!(app, by, Chain::Incident(incident));
    let about = (incident, subject);
    let plan = plan(app, &mut decision.tx, &by.actor, about, (&offered.table, &mapping)).await?;
    let new = imports::NewImport {
        kind: &kind(incident, subject),
        id: offered.id,
        file_name: &offered.file_name,
        sha256: &offered.sha256,
        mapping: &mapping,
        figures: &plan.figures,
    };
    imports::insert(&mut decision.tx, &new, decision.account, decision.at).await?;
    let outcome = ImportOutcome { import: offered.id, figures: plan.figures };
    decision.append(app, say("import.offered", subject, &outcome, &offered.sha256)).await?;
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

fn say(what: &'static str, subject: Subject, outcome: &ImportOutcome, sha256: &[u8]) -> Say<'static> {
    let data = json!({
        "of": format!("checks {}", subject.code()), "sha256": hex::encode(sha256), "figures": outcome.figures,
    });
    Say { kind: what, subject: format!("import:{}", outcome.import), data, ..Say::default() }
}

/// The import of an id, if it is about this.
///
/// # Errors
/// When there is none.
pub async fn find(
    tx: &mut Tx,
    (incident, subject): (IncidentId, Subject),
    id: ImportId,
) -> Result<imports::ImportRow, Failure> {
    let row = imports::find(tx, id).await?.filter(|row| row.kind == kind(incident, subject));
    row.ok_or(Failure::NotFound("import"))
}

async fn still_open(
    app: &App,
    about: (IncidentId, Subject),
    id: ImportId,
) -> Result<(imports::ImportRow, Table), Failure> {
    let mut tx = app.db.read().await?;
    let row = find(&mut tx, about, id).await?;
    drop(tx);
    must_be_previewed(&row)?;
    let table = file::read(app, id, Some(&row.sha256)).await?.1;
    Ok((row, table))
}

fn must_be_previewed(row: &imports::ImportRow) -> Result<(), Refusal> {
    if row.state == "previewed" {
        return Ok(());
    }
    let sentence = "This file was taken over already; offer it again to see what it would change.";
    Err(Refusal::new("already-imported", sentence))
}

/// Changes what the columns of a previewed file mean.
///
/// # Errors
/// When a column cannot be read, or the file was taken over already.
pub async fn remap(
    app: App,
    by: By,
    (incident, subject, id, form): (IncidentId, Subject, ImportId, Remap),
) -> Result<ImportOutcome, Failure> {
    let about = (incident, subject);
    let (row, table) = still_open(&app, about, id).await?;
    let mapping = file::read_mapping(&form, columns(subject), &table.header)?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_previewed(&find(&mut decision.tx, about, id).await?)?;
    let plan = plan(&app, &mut decision.tx, &by.actor, about, (&table, &mapping)).await?;
    imports::set_mapping(&mut decision.tx, id, &mapping, &plan.figures).await?;
    let outcome = ImportOutcome { import: id, figures: plan.figures };
    decision.append(&app, say("import.remapped", subject, &outcome, &row.sha256)).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a previewed file over.
///
/// # Errors
/// When a needed column is missing, or the file was taken over already.
pub async fn commit(
    app: App,
    by: By,
    (incident, subject, id, _): (IncidentId, Subject, ImportId, CommitImport),
) -> Result<ImportOutcome, Failure> {
    let about = (incident, subject);
    let (row, table) = still_open(&app, about, id).await?;
    let mapping = row.mapping()?;
    let missing: Vec<_> = mapping.missing(columns(subject)).iter().map(|column| column.label).collect();
    if !missing.is_empty() {
        let sentence = format!("Say first which columns hold: {}.", missing.join(", "));
        return Err(Refusal::new("columns-missing", sentence).into());
    }
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_previewed(&find(&mut decision.tx, about, id).await?)?;
    let plan = plan(&app, &mut decision.tx, &by.actor, about, (&table, &mapping)).await?;
    match (subject, &plan.read) {
        (Subject::List(kind, side), Read::List(read)) => {
            put_list(&app, &mut decision, incident, (kind, side), read).await?;
            let (at, account) = (decision.at, decision.account);
            store::note_list(&mut decision.tx, incident, (kind, side), &row.file_name, at, account).await?;
        }
        (Subject::Census, Read::Census(read)) => {
            let (at, account) = (decision.at, decision.account);
            store::set_census(&mut decision.tx, incident, &read.rows, at, account).await?;
            compare_forms(&app, &mut decision, incident).await?;
        }
        _ => return Err(Failure::NotFound("import")),
    }
    rejects::keep(&mut decision.tx, id, plan.rejects()).await?;
    imports::set_committed(&mut decision.tx, id, &plan.figures, decision.at).await?;
    let outcome = ImportOutcome { import: id, figures: plan.figures };
    decision.append(&app, say("checks.imported", subject, &outcome, &row.sha256)).await?;
    decision.commit(&app, &outcome).await?;
    file::remove(&app, id).await;
    Ok(outcome)
}

/// Writes one side's list, and counts the check over.
async fn put_list(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    (kind, side): (Kind, Side),
    read: &ReadList,
) -> Result<(), Failure> {
    let sealing = Sealing::open(app, &mut decision.tx).await?;
    let whose = Whose::keep(app, &mut decision.tx, &sealing, &read.rows).await?;
    let unowned = store::unowned(&mut decision.tx, incident, kind).await?;
    for rows in read.rows.chunks(CHUNK) {
        let said: Vec<_> = rows
            .iter()
            .map(|row| {
                let named = Named { key: row.written.clone(), what: row.what.clone() };
                let numbers = if side == Side::Expected { (row.amount, 0) } else { (0, row.amount) };
                let here = unowned.get(&sealing.hash(kind, &row.key)[..]).copied();
                let of = (here.unwrap_or_else(|| app.clock.id()), row.key.as_str(), &named);
                sealing.said_of(app, kind, of, whose.of(row), (row.unit, numbers.0, numbers.1))
            })
            .collect();
        store::put(&mut decision.tx, incident, (kind, side.into()), &said, decision.at).await?;
    }
    store::count_again(&mut decision.tx, incident, kind).await?;
    Ok(())
}
