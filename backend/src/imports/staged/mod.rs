//! One way for every file about an incident: offered, previewed, its columns named, then taken over as it fits at that
//! moment (rule 15). What a capability says of its own files is a [`Staged`]; the rest is here, once.

pub mod web;

use std::sync::Arc;

use domain::{
    Refusal,
    actor::Actor,
    field::FieldErrors,
    id::{ImportId, IncidentId},
    table::{Known, Mapping, Reject, Table},
    view::imports::{CommitImport, Figures, ImportOutcome, Remap},
};
use serde_json::json;

use super::{
    file, rejects,
    store::{self, ImportRow, NewImport},
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    store::{
        Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// What a file is about.
pub trait Staged: Copy + Send + Sync + 'static {
    /// What is worked out, and written where nobody sees it, before the decision that takes a file over.
    type Ahead: Send + Sync;
    /// The name of the file with the refused rows.
    const REFUSED: &'static str;
    /// The entry of the log that says that it was taken over.
    const TAKEN_OVER: &'static str;
    /// The address at which the demo hospital's own file can be had.
    const DEMO: &'static str = "";

    fn incident(self) -> IncidentId;

    /// The first part of the addresses of its pages, without the first slash.
    fn address(self) -> String;

    /// How its imports are kept apart from others.
    fn kind(self) -> String;

    /// The same in the log.
    fn of(self) -> String;

    /// What the file is called; empty when the pages know it by its address.
    fn words(self) -> String;

    /// The columns that such a file can have.
    fn columns(self) -> &'static [Known];

    /// Compares a file with what is known. A file that lacks a needed column gives its figures alone.
    fn plan(
        self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        file: (&Table, &Mapping),
    ) -> impl Future<Output = Result<Plan, Failure>> + Send;

    /// Does what takes long of taking a file over, before the decision begins and holds everybody else up.
    fn ahead(
        self,
        app: &App,
        actor: &Actor,
        file: (&Table, &Mapping),
    ) -> impl Future<Output = Result<Self::Ahead, Failure>> + Send;

    /// Makes what the file says true, as it fits at this moment.
    fn take_over(
        self,
        app: &App,
        decision: &mut Decision,
        actor: &Actor,
        file: &File<'_>,
        ahead: &Self::Ahead,
    ) -> impl Future<Output = Result<Plan, Failure>> + Send;

    /// Forgets what was written ahead, also when it was not taken over.
    fn forget(self, app: &App, ahead: Self::Ahead) -> impl Future<Output = ()> + Send;
}

/// A file that is being taken over.
pub struct File<'a> {
    pub name: &'a str,
    pub table: &'a Table,
    pub mapping: &'a Mapping,
}

/// What taking a file over would do now, or has done.
#[derive(Debug, Default)]
pub struct Plan {
    pub figures: Figures,
    /// The refused rows.
    pub rejects: Vec<Reject>,
}

/// A file in the data folder, read.
#[derive(Debug)]
pub struct Offered {
    pub id: ImportId,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub table: Table,
}

/// Keeps an offered file with its preview.
///
/// # Errors
/// When the file has no rows, the incident has ended, or is not the account's.
pub async fn offer<S: Staged>(
    app: App,
    by: By,
    (of, offered): (S, Arc<Offered>),
) -> Result<ImportOutcome, Failure> {
    let kept = keep(&app, &by, of, &offered).await;
    // Refused, or a repeat whose first file lies here already: this copy is not needed.
    if !matches!(&kept, Ok(outcome) if outcome.import == offered.id) {
        file::remove(&app, offered.id).await;
    }
    kept
}

async fn keep<S: Staged>(app: &App, by: &By, of: S, offered: &Offered) -> Result<ImportOutcome, Failure> {
    if offered.table.rows.is_empty() {
        let sentence = "This file has no rows under a header line. Export it again with its rows.";
        return Err(FieldErrors::one("file", sentence).into());
    }
    let mapping = Mapping::guess(&offered.table.header, of.columns());
    // A preview may be a moment old; comparing a long list would keep everybody else waiting.
    let plan = of.plan(app, &mut app.db.read().await?, &by.actor, (&offered.table, &mapping)).await?;
    let mut decision = begin!(app, by, Chain::Incident(of.incident()));
    let new = NewImport {
        kind: &of.kind(),
        id: offered.id,
        file_name: &offered.file_name,
        sha256: &offered.sha256,
        mapping: &mapping,
        figures: &plan.figures,
    };
    store::insert(&mut decision.tx, &new, decision.account, decision.at).await?;
    let outcome = ImportOutcome { import: offered.id, figures: plan.figures };
    decision.append(app, say("import.offered", of, &outcome, &offered.sha256)).await?;
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

fn say<S: Staged>(what: &'static str, of: S, outcome: &ImportOutcome, sha256: &[u8]) -> Say<'static> {
    let data = json!({ "of": of.of(), "sha256": hex::encode(sha256), "figures": outcome.figures });
    Say { kind: what, subject: format!("import:{}", outcome.import), data, ..Say::default() }
}

/// The import of an id, if it is about this.
///
/// # Errors
/// When there is none.
pub async fn find<S: Staged>(tx: &mut Tx, of: S, id: ImportId) -> Result<ImportRow, Failure> {
    let row = store::find(tx, id).await?.filter(|row| row.kind == of.kind());
    row.ok_or(Failure::NotFound("import"))
}

/// The import and its file, read again, if it is not taken over.
async fn still_open<S: Staged>(app: &App, of: S, id: ImportId) -> Result<(ImportRow, Table), Failure> {
    let mut tx = app.db.read().await?;
    let row = find(&mut tx, of, id).await?;
    drop(tx);
    must_be_previewed(&row)?;
    let table = file::read(app, id, Some(&row.sha256)).await?.1;
    Ok((row, table))
}

fn must_be_previewed(row: &ImportRow) -> Result<(), Refusal> {
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
pub async fn remap<S: Staged>(
    app: App,
    by: By,
    (of, id, form): (S, ImportId, Remap),
) -> Result<ImportOutcome, Failure> {
    let (row, table) = still_open(&app, of, id).await?;
    let mapping = file::read_mapping(&form, of.columns(), &table.header)?;
    let plan = of.plan(&app, &mut app.db.read().await?, &by.actor, (&table, &mapping)).await?;
    let mut decision = begin!(&app, &by, Chain::Incident(of.incident()));
    must_be_previewed(&find(&mut decision.tx, of, id).await?)?;
    store::set_mapping(&mut decision.tx, id, &mapping, &plan.figures).await?;
    let outcome = ImportOutcome { import: id, figures: plan.figures };
    decision.append(&app, say("import.remapped", of, &outcome, &row.sha256)).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a previewed file over.
///
/// # Errors
/// When a needed column is missing, or the file was taken over already.
pub async fn commit<S: Staged>(
    app: App,
    by: By,
    (of, id, _): (S, ImportId, CommitImport),
) -> Result<ImportOutcome, Failure> {
    let (row, table) = still_open(&app, of, id).await?;
    let mapping = row.mapping()?;
    let missing: Vec<_> = mapping.missing(of.columns()).iter().map(|column| column.label).collect();
    if !missing.is_empty() {
        let sentence = format!("Say first which columns hold: {}.", missing.join(", "));
        return Err(Refusal::new("columns-missing", sentence).into());
    }
    let ahead = of.ahead(&app, &by.actor, (&table, &mapping)).await?;
    let file = File { name: &row.file_name, table: &table, mapping: &mapping };
    let done = switch(&app, &by, (of, id, &row), &file, &ahead).await;
    of.forget(&app, ahead).await;
    if done.is_ok() {
        file::remove(&app, id).await;
    }
    done
}

async fn switch<S: Staged>(
    app: &App,
    by: &By,
    (of, id, read): (S, ImportId, &ImportRow),
    file: &File<'_>,
    ahead: &S::Ahead,
) -> Result<ImportOutcome, Failure> {
    let mut decision = begin!(app, by, Chain::Incident(of.incident()));
    let now = find(&mut decision.tx, of, id).await?;
    must_be_previewed(&now)?;
    if now.mapping != read.mapping {
        let sentence =
            "Somebody chose other columns while this was being taken over. Look again, then take it over.";
        return Err(Refusal::new("changed-since", sentence).into());
    }
    let plan = of.take_over(app, &mut decision, &by.actor, file, ahead).await?;
    rejects::keep(&mut decision.tx, id, &plan.rejects).await?;
    store::set_committed(&mut decision.tx, id, &plan.figures, decision.at).await?;
    let outcome = ImportOutcome { import: id, figures: plan.figures };
    decision.append(app, say(S::TAKEN_OVER, of, &outcome, &read.sha256)).await?;
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}
