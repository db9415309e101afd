//! Importing files of people and places: offered, previewed, then taken over as previewed, or not (rule 15).
//!
//! The file lies in the data folder under the import's id until it is taken over, or a day old: it holds people in
//! clear text. Taking it over reads it again, so that what is written is what the directory lacks at that moment, and
//! doing so twice changes nothing.

pub mod file;
pub mod rejects;
pub mod staged;
pub mod store;
pub mod web;

use std::sync::Arc;

use domain::{
    Refusal,
    field::FieldErrors,
    id::{ImportId, PersonId},
    table::{Known, Mapping, Reject, Table},
    view::imports::{CommitImport, Figures, ImportOutcome, Remap},
};
use serde_json::json;

use crate::{
    accounts::{must_administer_everything, store as accounts},
    app::App,
    begin,
    failure::Failure,
    people, places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    People,
    Places,
}

impl Kind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Places => "places",
        }
    }

    /// The columns that such a file can have.
    pub const fn columns(self) -> &'static [Known] {
        match self {
            Self::People => &domain::people::COLUMNS,
            Self::Places => &domain::places::COLUMNS,
        }
    }
}

/// A file in the data folder, read.
#[derive(Debug)]
pub struct Offered {
    pub kind: Kind,
    pub id: ImportId,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub table: Arc<Table>,
}

/// What taking a file over would do.
pub(crate) enum Plan {
    People(people::Plan),
    Places(places::import::Plan),
}

impl Plan {
    pub(crate) fn figures(&self) -> &Figures {
        match self {
            Self::People(plan) => &plan.figures,
            Self::Places(plan) => &plan.figures,
        }
    }

    pub(crate) fn rejects(&self) -> &[Reject] {
        match self {
            Self::People(plan) => &plan.rejects,
            Self::Places(plan) => &plan.rejects,
        }
    }

    /// Known people of the file's sites who are not in it.
    pub(crate) fn absent(&self) -> &[PersonId] {
        match self {
            Self::People(plan) => &plan.absent,
            Self::Places(_) => &[],
        }
    }
}

/// Compares a file with what is there, in a snapshot of its own; the rows are read and hashed in the background.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn plan(
    app: &App,
    kind: Kind,
    table: &Arc<Table>,
    mapping: &Mapping,
) -> Result<Plan, Failure> {
    if kind == Kind::Places {
        let mut tx = app.db.read().await?;
        let zone = accounts::installation(&mut tx).await?.zone();
        return Ok(Plan::Places(places::import::plan(&mut tx, zone.name(), table, mapping).await?));
    }
    Ok(Plan::People(people::plan(app, table, mapping).await?))
}

/// Keeps an offered file with its preview.
///
/// # Errors
/// When the database does not take it.
pub async fn offer(app: App, by: By, offered: Arc<Offered>) -> Result<ImportOutcome, Failure> {
    let kept = keep(&app, &by, &offered).await;
    // Refused, or a repeat whose first file lies here already: this copy is not needed.
    if !matches!(&kept, Ok(outcome) if outcome.import == offered.id) {
        file::remove(&app, offered.id).await;
    }
    kept
}

async fn keep(app: &App, by: &By, offered: &Offered) -> Result<ImportOutcome, Failure> {
    must_administer_everything(&by.actor)?;
    if offered.table.rows.is_empty() {
        let sentence = "This file has no rows under a header line. Export it again with its rows.";
        return Err(FieldErrors::one("file", sentence).into());
    }
    let mapping = Mapping::guess(&offered.table.header, offered.kind.columns());
    let plan = plan(app, offered.kind, &offered.table, &mapping).await?;
    let mut decision = begin!(app, by, Chain::Installation);
    let figures = plan.figures().clone();
    let row = new_import(offered, &mapping, &figures);
    store::insert(&mut decision.tx, &row, decision.account, decision.at).await?;
    say(app, &mut decision, "import.offered", offered.id, offered.kind, &offered.sha256, &figures).await?;
    let outcome = ImportOutcome { import: offered.id, figures };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

fn new_import<'a>(offered: &'a Offered, mapping: &'a Mapping, figures: &'a Figures) -> store::NewImport<'a> {
    let Offered { kind, id, file_name, sha256, .. } = offered;
    store::NewImport { kind: kind.code(), id: *id, file_name, sha256, mapping, figures }
}

async fn say(
    app: &App,
    decision: &mut Decision,
    what: &'static str,
    id: ImportId,
    kind: Kind,
    sha256: &[u8],
    figures: &Figures,
) -> Result<(), Error> {
    let data = json!({ "of": kind.code(), "sha256": hex::encode(sha256), "figures": figures });
    let say = Say { kind: what, subject: format!("import:{id}"), data, ..Say::default() };
    decision.append(app, say).await.map(|_| ())
}

/// Changes what the columns of a previewed file mean.
///
/// # Errors
/// When a column cannot be read, or the file was taken over already.
pub async fn remap(
    app: App,
    by: By,
    (kind, id, form): (Kind, ImportId, Remap),
) -> Result<ImportOutcome, Failure> {
    must_administer_everything(&by.actor)?;
    let (row, table) = read_again(&app, kind, id).await?;
    let mapping = file::read_mapping(&form, kind.columns(), &table.header)?;
    let plan = plan(&app, kind, &table, &mapping).await?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    still_open(&mut decision.tx, id).await?;
    let figures = plan.figures().clone();
    store::set_mapping(&mut decision.tx, id, &mapping, &figures).await?;
    say(&app, &mut decision, "import.remapped", id, kind, &row.sha256, &figures).await?;
    let outcome = ImportOutcome { import: id, figures };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a previewed file over: what is new is added, what is known is changed, what is not in it stays.
///
/// People come in by chunks before the decision, so that other commands go on meanwhile; the decision says what was
/// done. A crash between the two leaves the file to be taken over again, which then changes nothing twice.
///
/// # Errors
/// When a needed column is missing, or the file was taken over already.
pub async fn commit(
    app: App,
    by: By,
    (kind, id, _): (Kind, ImportId, CommitImport),
) -> Result<ImportOutcome, Failure> {
    must_administer_everything(&by.actor)?;
    let mut tx = app.db.read().await?;
    still_open(&mut tx, id).await?;
    drop(tx);
    let (row, table) = read_again(&app, kind, id).await?;
    let plan = plan_to_take_over(&app, kind, &row.mapping()?, &table).await?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    still_open(&mut decision.tx, id).await?;
    let outcome = take_over(&app, &mut decision, (id, kind, &row.sha256), &plan).await?;
    decision.commit(&app, &outcome).await?;
    file::remove(&app, id).await;
    Ok(outcome)
}

/// What taking over does; the people are in the directory afterwards.
async fn plan_to_take_over(
    app: &App,
    kind: Kind,
    mapping: &Mapping,
    table: &Arc<Table>,
) -> Result<Plan, Failure> {
    let missing: Vec<_> = mapping.missing(kind.columns()).iter().map(|column| column.label).collect();
    if !missing.is_empty() {
        let sentence = format!("Say first which columns hold: {}.", missing.join(", "));
        return Err(Refusal::new("columns-missing", sentence).into());
    }
    let plan = plan(app, kind, table, mapping).await?;
    if let Plan::People(people) = &plan {
        people::save_in_chunks(app, &people.rows).await?;
    }
    Ok(plan)
}

async fn take_over(
    app: &App,
    decision: &mut Decision,
    (id, kind, sha256): (ImportId, Kind, &[u8]),
    plan: &Plan,
) -> Result<ImportOutcome, Failure> {
    if let Plan::Places(plan) = plan {
        places::import::save(app, &mut decision.tx, &plan.read).await?;
    }
    rejects::keep(&mut decision.tx, id, plan.rejects()).await?;
    store::set_committed(&mut decision.tx, id, plan.figures(), decision.at).await?;
    say(app, decision, "import.committed", id, kind, sha256, plan.figures()).await?;
    Ok(ImportOutcome { import: id, figures: plan.figures().clone() })
}

/// Takes a file over in one go, as the terminal does.
///
/// # Errors
/// A sentence when the file cannot be used, or needs its columns named first.
pub async fn at_once(app: &App, offered: &Offered) -> Result<(Figures, Vec<Reject>), Failure> {
    let mapping = Mapping::guess(&offered.table.header, offered.kind.columns());
    let account = domain::id::AccountId(app.installation);
    let plan = plan_to_take_over(app, offered.kind, &mapping, &offered.table).await?;
    let mut decision = crate::store::journal::begin_unasked(app, account, Chain::Installation).await?;
    let new = new_import(offered, &mapping, plan.figures());
    store::insert(&mut decision.tx, &new, account, decision.at).await?;
    let of = (offered.id, offered.kind, &offered.sha256[..]);
    let outcome = take_over(app, &mut decision, of, &plan).await?;
    decision.commit(app, &outcome).await?;
    file::remove(app, offered.id).await;
    Ok((outcome.figures, plan.rejects().to_vec()))
}

async fn still_open(tx: &mut Tx, id: ImportId) -> Result<(), Failure> {
    let row = store::find(tx, id).await?.ok_or(Failure::NotFound("import"))?;
    if row.state == "previewed" {
        return Ok(());
    }
    Err(Refusal::new(
        "already-imported",
        "This file was taken over already; offer it again to see what it would change.",
    )
    .into())
}

/// The row of an import and its file, read again.
pub(crate) async fn read_again(
    app: &App,
    kind: Kind,
    id: ImportId,
) -> Result<(store::ImportRow, Arc<Table>), Failure> {
    let mut tx = app.db.read().await?;
    let row = find(&mut tx, kind, id).await?;
    drop(tx);
    let table = file::read(app, id, Some(&row.sha256)).await?.1;
    Ok((row, Arc::new(table)))
}

/// The row of an import of this kind.
pub(crate) async fn find(tx: &mut Tx, kind: Kind, id: ImportId) -> Result<store::ImportRow, Failure> {
    let row = store::find(tx, id).await?.filter(|row| row.kind == kind.code());
    row.ok_or(Failure::NotFound("import"))
}
