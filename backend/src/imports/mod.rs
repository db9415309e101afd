//! Importing files of people and places: offered, previewed, then taken over as previewed, or not (rule 15).
//!
//! The file lies in the data folder under the import's id. Taking it over reads it again, so that what is written
//! is what the directory lacks at that moment, and doing so twice changes nothing.

pub mod file;
pub mod store;
pub mod web;

use std::sync::Arc;

use domain::{
    Refusal,
    field::FieldErrors,
    id::ImportId,
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
    pub table: Table,
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
}

/// Compares a file with what is there.
pub(crate) async fn plan(
    app: &App,
    tx: &mut Tx,
    kind: Kind,
    table: &Table,
    mapping: &Mapping,
) -> Result<Plan, Error> {
    match kind {
        Kind::People => people::plan(tx, &app.clock, table, mapping).await.map(Plan::People),
        Kind::Places => {
            let zone = accounts::installation(tx).await?.zone();
            places::import::plan(tx, zone.name(), table, mapping).await.map(Plan::Places)
        }
    }
}

/// Keeps an offered file with its preview.
///
/// # Errors
/// When the database does not take it.
pub async fn offer(app: App, by: By, offered: Arc<Offered>) -> Result<ImportOutcome, Failure> {
    must_administer_everything(&by.actor)?;
    if offered.table.rows.is_empty() {
        let sentence = "This file has no rows under a header line. Export it again with its rows.";
        return Err(FieldErrors::one("file", sentence).into());
    }
    let mut decision = begin!(&app, &by, Chain::Installation);
    let mapping = Mapping::guess(&offered.table.header, offered.kind.columns());
    let plan = plan(&app, &mut decision.tx, offered.kind, &offered.table, &mapping).await?;
    let figures = plan.figures().clone();
    let row = store::NewImport { offered: &offered, mapping: &mapping, figures: &figures };
    store::insert(&mut decision.tx, &row, decision.account, decision.at).await?;
    say(&app, &mut decision, "import.offered", offered.id, offered.kind, &offered.sha256, &figures).await?;
    let outcome = ImportOutcome { import: offered.id, figures };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
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
    let mut decision = begin!(&app, &by, Chain::Installation);
    still_open(&mut decision.tx, id).await?;
    let plan = plan(&app, &mut decision.tx, kind, &table, &mapping).await?;
    let figures = plan.figures().clone();
    store::set_mapping(&mut decision.tx, id, &mapping, &figures).await?;
    say(&app, &mut decision, "import.remapped", id, kind, &row.sha256, &figures).await?;
    let outcome = ImportOutcome { import: id, figures };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a previewed file over: what is new is added, what is known is changed, what is not in it stays.
///
/// # Errors
/// When a needed column is missing, or the file was taken over already.
pub async fn commit(
    app: App,
    by: By,
    (kind, id, _): (Kind, ImportId, CommitImport),
) -> Result<ImportOutcome, Failure> {
    must_administer_everything(&by.actor)?;
    let (row, table) = read_again(&app, kind, id).await?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    still_open(&mut decision.tx, id).await?;
    let outcome = take_over(&app, &mut decision, kind, &row, &table).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn take_over(
    app: &App,
    decision: &mut Decision,
    kind: Kind,
    row: &store::ImportRow,
    table: &Table,
) -> Result<ImportOutcome, Failure> {
    let mapping = row.mapping()?;
    let missing: Vec<_> = mapping.missing(kind.columns()).iter().map(|column| column.label).collect();
    if !missing.is_empty() {
        let sentence = format!("Say first which columns hold: {}.", missing.join(", "));
        return Err(Refusal::new("columns-missing", sentence).into());
    }
    let plan = plan(app, &mut decision.tx, kind, table, &mapping).await?;
    let at = decision.at;
    match &plan {
        Plan::People(plan) => people::store::save(&mut decision.tx, &plan.rows, at).await?,
        Plan::Places(plan) => places::import::save(app, &mut decision.tx, &plan.read).await?,
    }
    let id = ImportId(row.id);
    store::set_committed(&mut decision.tx, id, plan.figures(), at).await?;
    say(app, decision, "import.committed", id, kind, &row.sha256, plan.figures()).await?;
    Ok(ImportOutcome { import: id, figures: plan.figures().clone() })
}

/// Takes a file over in one go, as the terminal does.
///
/// # Errors
/// A sentence when the file cannot be used, or needs its columns named first.
pub async fn at_once(app: &App, offered: &Offered) -> Result<(Figures, Vec<Reject>), Failure> {
    let mapping = Mapping::guess(&offered.table.header, offered.kind.columns());
    let account = domain::id::AccountId(app.installation);
    let mut decision = crate::store::journal::begin_unasked(app, account, Chain::Installation).await?;
    let plan = plan(app, &mut decision.tx, offered.kind, &offered.table, &mapping).await?;
    let row = store::NewImport { offered, mapping: &mapping, figures: plan.figures() };
    store::insert(&mut decision.tx, &row, account, decision.at).await?;
    let row = store::find(&mut decision.tx, offered.id).await?.ok_or(Failure::NotFound("import"))?;
    let outcome = take_over(app, &mut decision, offered.kind, &row, &offered.table).await?;
    let rejects = plan.rejects().to_vec();
    decision.commit(app, &outcome).await?;
    Ok((outcome.figures, rejects))
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
) -> Result<(store::ImportRow, Table), Failure> {
    let mut tx = app.db.read().await?;
    let row = store::find(&mut tx, id).await?.filter(|row| row.kind == kind.code());
    drop(tx);
    let row = row.ok_or(Failure::NotFound("import"))?;
    let table = file::read(app, id, Some(&row.sha256)).await?.1;
    Ok((row, table))
}
