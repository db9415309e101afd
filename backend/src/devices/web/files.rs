//! The doors of a file of counts: offer it, see what it would do, name its columns, take it over.

use std::sync::Arc;

use axum::{
    extract::{Multipart, Path},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    actor::Role,
    devices::COLUMNS,
    field::FieldErrors,
    id::{ImportId, IncidentId},
    table::{Mapping, Reject, rejects_csv},
    view::imports::{ColumnChoice, CommitImport, Figures, ImportOutcome, ImportStartView, ImportView, Remap},
};
use frontend::pages::imports as pages;

use super::super::import::{self, Offered};
use crate::{
    app::App,
    cases::upload,
    demo,
    failure::Failure,
    imports::{file, rejects, store as imports},
    incidents::web::incident_id,
    store::{Tx, journal::By},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COMMANDERS: Access = Access::Roles(&[Role::Commander]);
/// Refused rows on the page; all of them are in the file.
const SHOWN: usize = 50;

/// The routes of files of counts.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ImportStartView, _>(
            "/incidents/{incident}/devices/import",
            COMMANDERS,
            "The form for offering a file of counts",
            start,
        )
        .upload::<ImportOutcome, _>(
            "/incidents/{incident}/devices/import",
            COMMANDERS,
            "Offer a file of counts (field file) and get its preview",
            file::MOST_FILE,
            offer,
        )
        .page::<ImportView, _>(
            "/incidents/{incident}/devices/import/{import}",
            COMMANDERS,
            "What a file of counts would do, or has done",
            one,
        )
        .command::<Remap, ImportOutcome, _>(
            "/incidents/{incident}/devices/import/{import}/columns",
            COMMANDERS,
            "Say which column holds what",
            remap,
        )
        .command::<CommitImport, ImportOutcome, _>(
            "/incidents/{incident}/devices/import/{import}/commit",
            COMMANDERS,
            "Take the counts over",
            commit,
        )
        .file(
            "/incidents/{incident}/devices/import/{import}/rejects.csv",
            COMMANDERS,
            "text/csv",
            "The refused rows with their reasons",
            rejects_file,
        )
}

fn ids((incident, import): &(String, String)) -> Result<(IncidentId, ImportId), Problem> {
    let import = import.parse().map_err(|_| Problem::not_found("import"))?;
    Ok((incident_id(incident)?, import))
}

/// The first part of the addresses of these pages.
fn base(incident: IncidentId) -> String {
    format!("incidents/{incident}/devices")
}

async fn start(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    start_page(&door, incident_id(&path)?, Mistakes::default()).await
}

async fn start_page(door: &Door, incident: IncidentId, mistakes: Mistakes) -> Result<Response, Problem> {
    let columns = COLUMNS
        .iter()
        .map(|column| {
            let needed = if column.required { ", needed" } else { "" };
            format!("{} ({}{needed})", column.label, column.key)
        })
        .collect();
    let mut tx = door.read().await?;
    let is_demo = demo::is_loaded(&door.app, &mut tx).await?;
    let demo = if is_demo { demo::web::DEVICES.to_owned() } else { String::new() };
    let view = ImportStartView {
        kind: base(incident),
        request_id: door.request_id(),
        columns,
        demo,
        what: String::new(),
    };
    let title = pages::start_title(&view);
    door.incident_page(tx, incident, &title, view, pages::start, mistakes).await
}

async fn offer(door: Door, Path(path): Path<String>, multipart: Multipart) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let id: ImportId = door.app.clock.id();
    let received = upload::receive(multipart, &file::path(&door.app, id)).await;
    if received.is_err() {
        // Half a file is of no use to anybody.
        file::remove(&door.app, id).await;
    }
    match offer_received(&door, incident, id, received?).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{}", base(incident), outcome.import), &outcome)),
        Err(failure) => {
            door.again(failure, &[], async |mistakes| start_page(&door, incident, mistakes).await).await
        }
    }
}

async fn offer_received(
    door: &Door,
    incident: IncidentId,
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
    let named = if named.parse::<domain::id::RequestId>().is_ok() { named } else { String::new() };
    let input = Input::of_upload(door, &named, &sha256, (incident, offered))
        .map_err(|problem| Failure::Broken(problem.title))?;
    door.run(&input, import::offer).await
}

async fn one(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    let (incident, id) = ids(&path)?;
    one_page(&door, incident, id, Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    incident: IncidentId,
    id: ImportId,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let row = import::find(&mut tx, incident, id).await?;
    let view = if row.state == "committed" {
        let refused = rejects::of_file(&mut tx, id).await?;
        view_of(door, incident, &row, row.figures()?, &refused)
    } else {
        drop(tx);
        let table = file::read(&door.app, id, Some(&row.sha256)).await?.1;
        tx = door.read().await?;
        let mapping = row.mapping()?;
        let plan = import::plan(&mut tx, door.actor(), incident, &table, &mapping).await?;
        let view = view_of(door, incident, &row, plan.figures, &plan.read.rejects);
        with_columns(view, &mapping, table.header)
    };
    let title = pages::title(&view);
    door.incident_page(tx, incident, &title, view, pages::one, mistakes).await
}

fn with_columns(view: ImportView, mapping: &Mapping, header: Vec<String>) -> ImportView {
    let columns = COLUMNS.iter().map(|column| ColumnChoice {
        key: column.key.to_owned(),
        label: column.label.to_owned(),
        required: column.required,
        from: mapping.0.get(column.key).copied(),
    });
    let missing = mapping.missing(&COLUMNS).iter().map(|column| column.label.to_owned()).collect();
    ImportView { columns: columns.collect(), missing, header, ..view }
}

fn view_of(
    door: &Door,
    incident: IncidentId,
    row: &imports::ImportRow,
    figures: Figures,
    refused: &[Reject],
) -> ImportView {
    ImportView {
        id: ImportId(row.id),
        kind: base(incident),
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

async fn remap(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<Remap>,
) -> Result<Response, Problem> {
    run(door, ids(&path)?, input, import::remap).await
}

async fn commit(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<CommitImport>,
) -> Result<Response, Problem> {
    run(door, ids(&path)?, input, import::commit).await
}

async fn run<F, C, R>(
    door: Door,
    (incident, id): (IncidentId, ImportId),
    input: Input<F>,
    use_case: C,
) -> Result<Response, Problem>
where
    F: Clone + Send + Sync + 'static,
    C: Fn(App, By, (IncidentId, ImportId, F)) -> R + Send + 'static,
    R: Future<Output = Result<ImportOutcome, Failure>> + Send + 'static,
{
    let input = Input { form: (incident, id, input.form), request: input.request, typed: input.typed };
    match door.run(&input, use_case).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{id}", base(incident)), &outcome)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| one_page(&door, incident, id, mistakes).await)
                .await
        }
    }
}

async fn rejects_file(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    let (incident, id) = ids(&path)?;
    let mut tx: Tx = door.read().await?;
    let row = import::find(&mut tx, incident, id).await?;
    let refused = if row.state == "committed" {
        rejects::of_file(&mut tx, id).await?
    } else {
        drop(tx);
        let table = file::read(&door.app, id, Some(&row.sha256)).await?.1;
        let mut tx = door.read().await?;
        import::plan(&mut tx, door.actor(), incident, &table, &row.mapping()?).await?.read.rejects
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"devices-refused.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, rejects_csv(&refused)).into_response())
}
