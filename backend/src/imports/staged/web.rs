//! The pages of every staged file: offer it, see what it would do, name its columns, take it over, and what was refused.

use std::sync::Arc;

use axum::{
    extract::Multipart,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    field::FieldErrors,
    id::{ImportId, RequestId},
    table::{Mapping, Reject, rejects_csv},
    view::imports::{ColumnChoice, CommitImport, Figures, ImportOutcome, ImportStartView, ImportView, Remap},
};
use frontend::pages::imports as pages;

use super::{Offered, Staged};
use crate::{
    app::App,
    cases::upload,
    demo,
    failure::Failure,
    imports::{file, rejects, store::ImportRow},
    store::journal::By,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
    },
};

/// Refused rows on the page; all of them are in the file.
const SHOWN: usize = 50;

/// The id of an import in an address.
///
/// # Errors
/// When it is none.
pub fn import_id(text: &str) -> Result<ImportId, Problem> {
    text.parse().map_err(|_| Problem::not_found("import"))
}

/// The form for offering a file.
///
/// # Errors
/// When the database does not answer.
pub async fn start<S: Staged>(door: &Door, of: S, mistakes: Mistakes) -> Result<Response, Problem> {
    let columns = of
        .columns()
        .iter()
        .map(|column| {
            let needed = if column.required { ", needed" } else { "" };
            format!("{} ({}{needed})", column.label, column.key)
        })
        .collect();
    let mut tx = door.read().await?;
    let is_demo = !S::DEMO.is_empty() && demo::is_loaded(&door.app, &mut tx).await?;
    let demo = if is_demo { S::DEMO.to_owned() } else { String::new() };
    let request_id = door.request_id();
    let view = ImportStartView { kind: of.address(), request_id, columns, demo, what: of.words() };
    let title = pages::start_title(&view);
    door.incident_page(tx, of.incident(), &title, view, pages::start, mistakes).await
}

/// Takes an offered file.
///
/// # Errors
/// A problem that its form cannot show.
pub async fn offer<S: Staged>(door: Door, of: S, multipart: Multipart) -> Result<Response, Problem> {
    let id: ImportId = door.app.clock.id();
    let received = upload::receive(multipart, &file::path(&door.app, id)).await?;
    match offer_received(&door, of, id, received).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{}", of.address(), outcome.import), &outcome)),
        Err(failure) => door.again(failure, &[], async |mistakes| start(&door, of, mistakes).await).await,
    }
}

async fn offer_received<S: Staged>(
    door: &Door,
    of: S,
    id: ImportId,
    received: upload::Received,
) -> Result<ImportOutcome, Failure> {
    let named = received.text("request_id").to_owned();
    let Some((file_name, sha256)) = received.file else {
        file::remove(&door.app, id).await;
        return Err(FieldErrors::one("file", "Choose a file.").into());
    };
    let table = match file::read(&door.app, id, None).await {
        Ok((_, table)) => table,
        Err(failure) => {
            file::remove(&door.app, id).await;
            return Err(failure);
        }
    };
    let offered = Arc::new(Offered { id, file_name, sha256, table });
    let named = if named.parse::<RequestId>().is_ok() { named } else { String::new() };
    let input = Input::of_upload(door, &named, &sha256, (of, offered))
        .map_err(|problem| Failure::Broken(problem.title))?;
    door.run(&input, super::offer::<S>).await
}

/// What a file would do, or has done.
///
/// # Errors
/// When there is no such import.
pub async fn one<S: Staged>(
    door: &Door,
    of: S,
    id: ImportId,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let row = super::find(&mut tx, of, id).await?;
    let view = if row.state == "committed" {
        let refused = rejects::of_file(&mut tx, id).await?;
        view_of(door, of, &row, row.figures()?, &refused)
    } else {
        drop(tx);
        let table = file::read(&door.app, id, Some(&row.sha256)).await?.1;
        tx = door.read().await?;
        let mapping = row.mapping()?;
        let plan = of.plan(&door.app, &mut tx, door.actor(), (&table, &mapping)).await?;
        let view = view_of(door, of, &row, plan.figures, &plan.rejects);
        with_columns(view, of, &mapping, table.header)
    };
    let title = pages::title(&view);
    door.incident_page(tx, of.incident(), &title, view, pages::one, mistakes).await
}

fn with_columns<S: Staged>(view: ImportView, of: S, mapping: &Mapping, header: Vec<String>) -> ImportView {
    let known = of.columns();
    let columns = known.iter().map(|column| ColumnChoice {
        key: column.key.to_owned(),
        label: column.label.to_owned(),
        required: column.required,
        from: mapping.0.get(column.key).copied(),
    });
    let missing = mapping.missing(known).iter().map(|column| column.label.to_owned()).collect();
    ImportView { columns: columns.collect(), missing, header, ..view }
}

fn view_of<S: Staged>(
    door: &Door,
    of: S,
    row: &ImportRow,
    figures: Figures,
    refused: &[Reject],
) -> ImportView {
    ImportView {
        id: ImportId(row.id),
        kind: of.address(),
        file_name: row.file_name.clone(),
        state: row.state.clone(),
        figures,
        missing: Vec::new(),
        columns: Vec::new(),
        header: Vec::new(),
        rejects: refused.iter().take(SHOWN).cloned().collect(),
        absent: Vec::new(),
        request_id: door.request_id(),
    }
}

/// Says which column holds what.
///
/// # Errors
/// A problem that its page cannot show.
pub async fn remap<S: Staged>(
    door: Door,
    of: (S, ImportId),
    input: Input<Remap>,
) -> Result<Response, Problem> {
    run(door, of, input, super::remap::<S>).await
}

/// Takes a file over.
///
/// # Errors
/// A problem that its page cannot show.
pub async fn commit<S: Staged>(
    door: Door,
    of: (S, ImportId),
    input: Input<CommitImport>,
) -> Result<Response, Problem> {
    run(door, of, input, super::commit::<S>).await
}

async fn run<S, F, C, R>(
    door: Door,
    (of, id): (S, ImportId),
    input: Input<F>,
    use_case: C,
) -> Result<Response, Problem>
where
    S: Staged,
    F: Clone + Send + Sync + 'static,
    C: Fn(App, By, (S, ImportId, F)) -> R + Send + 'static,
    R: Future<Output = Result<ImportOutcome, Failure>> + Send + 'static,
{
    let input = Input { form: (of, id, input.form), request: input.request, typed: input.typed };
    match door.run(&input, use_case).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{id}", of.address()), &outcome)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| one(&door, of, id, mistakes).await).await
        }
    }
}

/// The refused rows with their reasons.
///
/// # Errors
/// When there is no such import.
pub async fn refused<S: Staged>(door: &Door, of: S, id: ImportId) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let row = super::find(&mut tx, of, id).await?;
    let refused = if row.state == "committed" {
        rejects::of_file(&mut tx, id).await?
    } else {
        drop(tx);
        let table = file::read(&door.app, id, Some(&row.sha256)).await?.1;
        let mut tx = door.read().await?;
        of.plan(&door.app, &mut tx, door.actor(), (&table, &row.mapping()?)).await?.rejects
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", S::REFUSED)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, rejects_csv(&refused)).into_response())
}
