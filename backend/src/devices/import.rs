//! A file of counts for many units: offered, previewed, then taken over as it fits at that moment (rule 15).

use std::sync::Arc;

use domain::{
    Refusal,
    actor::{Actor, Role},
    devices::{self, COLUMNS, Known},
    field::FieldErrors,
    id::{FacilityId, ImportId, IncidentId, UnitId},
    scope::Place,
    table::{Mapping, Table},
    view::imports::{CommitImport, Figures, ImportOutcome, Remap},
};
use serde_json::json;

use super::{
    Written, keep_count, open,
    store::{self, Slots},
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    forms::store as forms,
    imports::{file, rejects, store as imports},
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Say},
    },
};

/// A file in the data folder, read.
#[derive(Debug)]
pub struct Offered {
    pub id: ImportId,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub table: Table,
}

/// How the imports of an incident's devices are kept apart from others.
fn kind(incident: IncidentId) -> String {
    format!("devices:{incident}")
}

/// Whose counts a file may bring: a commander's of every site of the downtime.
fn may(actor: &Actor, sites: &[FacilityId], lattice: &domain::scope::Places) -> Result<(), Failure> {
    if sites.iter().all(|site| actor.can(Role::Commander, Place::Facility(*site), lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden(
        "A file of counts is imported by a commander of every site of the downtime.".into(),
    ))
}

/// What taking a file over would do now.
pub struct Plan {
    pub read: devices::Read,
    pub figures: Figures,
}

/// Compares a file with what is counted.
///
/// # Errors
/// When the incident has ended, has no devices, or is not the account's.
pub async fn plan(
    tx: &mut Tx,
    actor: &Actor,
    incident: IncidentId,
    table: &Table,
    mapping: &Mapping,
) -> Result<Plan, Failure> {
    let (scope, lattice) = open(tx, incident).await?;
    let sites: Vec<FacilityId> = scope.sites().into_iter().collect();
    may(actor, &sites, &lattice)?;
    let concerned: std::collections::BTreeSet<UnitId> =
        forms::units(tx, incident).await?.into_iter().map(|(unit, ..)| unit).collect();
    let in_scope = |unit: &UnitId| {
        concerned.contains(unit) && lattice.unit_facility.get(unit).is_some_and(|site| sites.contains(site))
    };
    let units = places::units(tx).await?.into_iter().map(|unit| (unit.key(), UnitId(unit.id)));
    let known = Known {
        units: units.filter(|(_, unit)| in_scope(unit)).collect(),
        classes: scope.classes.iter().map(|(id, code, _)| (code.clone(), *id)).collect(),
        before: store::all(tx, incident).await?,
    };
    let read = devices::read(&table.rows, &table.header, mapping, &known);
    let added = read.rows.iter().filter(|row| row.is_new).count();
    let figures = Figures {
        rows: table.rows.len(),
        valid: read.rows.len() + read.unchanged,
        added,
        changed: read.rows.len() - added,
        unchanged: read.unchanged,
        duplicates: read.duplicates,
        refused: read.rejects.len(),
        ..Figures::default()
    };
    Ok(Plan { read, figures })
}

/// Keeps an offered file with its preview.
///
/// # Errors
/// As [`plan`], and when the file has no rows.
pub async fn offer(
    app: App,
    by: By,
    (incident, offered): (IncidentId, Arc<Offered>),
) -> Result<ImportOutcome, Failure> {
    let kept = keep(&app, &by, incident, &offered).await;
    // Refused, or a repeat whose first file lies here already: this copy is not needed.
    if !matches!(&kept, Ok(outcome) if outcome.import == offered.id) {
        file::remove(&app, offered.id).await;
    }
    kept
}

async fn keep(app: &App, by: &By, incident: IncidentId, offered: &Offered) -> Result<ImportOutcome, Failure> {
    if offered.table.rows.is_empty() {
        let sentence = "This file has no rows under a header line. Export it again with its rows.";
        return Err(FieldErrors::one("file", sentence).into());
    }
    let mapping = Mapping::guess(&offered.table.header, &COLUMNS);
    let mut decision = begin!(app, by, Chain::Incident(incident));
    let plan = plan(&mut decision.tx, &by.actor, incident, &offered.table, &mapping).await?;
    let new = imports::NewImport {
        kind: &kind(incident),
        id: offered.id,
        file_name: &offered.file_name,
        sha256: &offered.sha256,
        mapping: &mapping,
        figures: &plan.figures,
    };
    imports::insert(&mut decision.tx, &new, decision.account, decision.at).await?;
    let outcome = ImportOutcome { import: offered.id, figures: plan.figures };
    let say = say("import.offered", &outcome, &offered.sha256);
    decision.append(app, say).await?;
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

fn say(what: &'static str, outcome: &ImportOutcome, sha256: &[u8]) -> Say<'static> {
    let data = json!({ "of": "devices", "sha256": hex::encode(sha256), "figures": outcome.figures });
    Say { kind: what, subject: format!("import:{}", outcome.import), data, ..Say::default() }
}

/// The import of an id, if it is of this incident's devices.
///
/// # Errors
/// When there is none.
pub async fn find(tx: &mut Tx, incident: IncidentId, id: ImportId) -> Result<imports::ImportRow, Failure> {
    let row = imports::find(tx, id).await?.filter(|row| row.kind == kind(incident));
    row.ok_or(Failure::NotFound("import"))
}

/// The import and its file, read again, if it is not taken over.
async fn still_open(
    app: &App,
    incident: IncidentId,
    id: ImportId,
) -> Result<(imports::ImportRow, Table), Failure> {
    let mut tx = app.db.read().await?;
    let row = find(&mut tx, incident, id).await?;
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
    (incident, id, form): (IncidentId, ImportId, Remap),
) -> Result<ImportOutcome, Failure> {
    let (row, table) = still_open(&app, incident, id).await?;
    let mapping = file::read_mapping(&form, &COLUMNS, &table.header)?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_previewed(&find(&mut decision.tx, incident, id).await?)?;
    let plan = plan(&mut decision.tx, &by.actor, incident, &table, &mapping).await?;
    imports::set_mapping(&mut decision.tx, id, &mapping, &plan.figures).await?;
    let outcome = ImportOutcome { import: id, figures: plan.figures };
    decision.append(&app, say("import.remapped", &outcome, &row.sha256)).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a previewed file over: each count becomes what the file says, and what it does not say stays.
///
/// # Errors
/// When a needed column is missing, or the file was taken over already.
pub async fn commit(
    app: App,
    by: By,
    (incident, id, _): (IncidentId, ImportId, CommitImport),
) -> Result<ImportOutcome, Failure> {
    let (row, table) = still_open(&app, incident, id).await?;
    let mapping = row.mapping()?;
    let missing: Vec<_> = mapping.missing(&COLUMNS).iter().map(|column| column.label).collect();
    if !missing.is_empty() {
        let sentence = format!("Say first which columns hold: {}.", missing.join(", "));
        return Err(Refusal::new("columns-missing", sentence).into());
    }
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_previewed(&find(&mut decision.tx, incident, id).await?)?;
    let mut plan = plan(&mut decision.tx, &by.actor, incident, &table, &mapping).await?;
    // Reports of machines take the same tallies, in the same order.
    plan.read.rows.sort_by_key(|row| (row.unit, row.class));
    let mut slots = Slots::default();
    for row in &plan.read.rows {
        let at = decision.at;
        let before = store::take(&mut decision.tx, incident, row.unit, row.class, at).await?;
        let written = Written { incident, unit: row.unit, class: row.class, source: "file" };
        keep_count(&app, &mut decision, &written, (&before, row.counted), &mut slots).await?;
    }
    store::keep_slots(&mut decision.tx, incident, slots, decision.at).await?;
    rejects::keep(&mut decision.tx, id, &plan.read.rejects).await?;
    imports::set_committed(&mut decision.tx, id, &plan.figures, decision.at).await?;
    let outcome = ImportOutcome { import: id, figures: plan.figures };
    decision.append(&app, say("devices.imported", &outcome, &row.sha256)).await?;
    decision.commit(&app, &outcome).await?;
    file::remove(&app, id).await;
    Ok(outcome)
}
