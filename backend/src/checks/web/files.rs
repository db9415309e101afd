//! The doors of the files of cross-checks: offer one, see what it would do, name its columns, take it over.

use std::sync::Arc;

use axum::{
    extract::{Multipart, Path},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    field::FieldErrors,
    id::{ImportId, IncidentId},
    table::{Mapping, Reject, rejects_csv},
    view::imports::{ColumnChoice, CommitImport, Figures, ImportOutcome, ImportStartView, ImportView, Remap},
};
use frontend::pages::imports as pages;

use super::super::{
    CHECKERS as CHECKING, Subject,
    import::{self, Offered, columns},
};
use crate::{
    app::App,
    cases::upload,
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

const CHECKERS: Access = Access::Roles(&CHECKING);
/// Refused rows on the page; all of them are in the file.
const SHOWN: usize = 50;

/// The routes of files.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ImportStartView, _>(
            "/incidents/{incident}/checks/{subject}/import",
            CHECKERS,
            "The form for offering a census or a list",
            start,
        )
        .upload::<ImportOutcome, _>(
            "/incidents/{incident}/checks/{subject}/import",
            CHECKERS,
            "Offer a census or a list (field file) and get its preview",
            file::MOST_FILE,
            offer,
        )
        .page::<ImportView, _>(
            "/incidents/{incident}/checks/{subject}/import/{import}",
            CHECKERS,
            "What a census or a list would do, or has done",
            one,
        )
        .command::<Remap, ImportOutcome, _>(
            "/incidents/{incident}/checks/{subject}/import/{import}/columns",
            CHECKERS,
            "Say which column holds what",
            remap,
        )
        .command::<CommitImport, ImportOutcome, _>(
            "/incidents/{incident}/checks/{subject}/import/{import}/commit",
            CHECKERS,
            "Take the file over",
            commit,
        )
        .file(
            "/incidents/{incident}/checks/{subject}/import/{import}/rejects.csv",
            CHECKERS,
            "text/csv",
            "The refused rows with their reasons",
            rejects_file,
        )
}

/// What a file is about, and which one.
type About = (IncidentId, Subject);

fn about(incident: &str, subject: &str) -> Result<About, Problem> {
    let subject = Subject::from_code(subject).ok_or_else(|| Problem::not_found("list"))?;
    Ok((incident_id(incident)?, subject))
}

fn ids((incident, subject, import): &(String, String, String)) -> Result<(About, ImportId), Problem> {
    let import = import.parse().map_err(|_| Problem::not_found("import"))?;
    Ok((about(incident, subject)?, import))
}

/// The first part of the addresses of these pages.
fn base((incident, subject): About) -> String {
    format!("incidents/{incident}/checks/{}", subject.code())
}

async fn start(door: Door, Path((incident, subject)): Path<(String, String)>) -> Result<Response, Problem> {
    start_page(&door, about(&incident, &subject)?, Mistakes::default()).await
}

async fn start_page(door: &Door, about: About, mistakes: Mistakes) -> Result<Response, Problem> {
    let columns = columns(about.1)
        .iter()
        .map(|column| {
            let needed = if column.required { ", needed" } else { "" };
            format!("{} ({}{needed})", column.label, column.key)
        })
        .collect();
    let tx = door.read().await?;
    let (kind, request_id) = (base(about), door.request_id());
    let view =
        ImportStartView { kind, request_id, columns, demo: String::new(), what: about.1.words().to_owned() };
    let title = pages::start_title(&view);
    door.incident_page(tx, about.0, &title, view, pages::start, mistakes).await
}

async fn offer(
    door: Door,
    Path((incident, subject)): Path<(String, String)>,
    multipart: Multipart,
) -> Result<Response, Problem> {
    let about = about(&incident, &subject)?;
    let id: ImportId = door.app.clock.id();
    let received = upload::receive(multipart, &file::path(&door.app, id)).await;
    if received.is_err() {
        // Half a file is of no use to anybody.
        file::remove(&door.app, id).await;
    }
    match offer_received(&door, about, id, received?).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{}", base(about), outcome.import), &outcome)),
        Err(failure) => {
            door.again(failure, &[], async |mistakes| start_page(&door, about, mistakes).await).await
        }
    }
}

async fn offer_received(
    door: &Door,
    about: About,
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
    let input = Input::of_upload(door, &named, &sha256, (about.0, about.1, offered))
        .map_err(|problem| Failure::Broken(problem.title))?;
    door.run(&input, import::offer).await
}

async fn one(door: Door, Path(path): Path<(String, String, String)>) -> Result<Response, Problem> {
    let (about, id) = ids(&path)?;
    one_page(&door, about, id, Mistakes::default()).await
}

async fn one_page(door: &Door, about: About, id: ImportId, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let row = import::find(&mut tx, about, id).await?;
    let view = if row.state == "committed" {
        let refused = rejects::of_file(&mut tx, id).await?;
        view_of(door, about, &row, row.figures()?, &refused)
    } else {
        drop(tx);
        let table = file::read(&door.app, id, Some(&row.sha256)).await?.1;
        tx = door.read().await?;
        let mapping = row.mapping()?;
        let plan = import::plan(&door.app, &mut tx, door.actor(), about, (&table, &mapping)).await?;
        let view = view_of(door, about, &row, plan.figures.clone(), plan.rejects());
        with_columns(view, about.1, &mapping, table.header)
    };
    let title = pages::title(&view);
    door.incident_page(tx, about.0, &title, view, pages::one, mistakes).await
}

fn with_columns(view: ImportView, subject: Subject, mapping: &Mapping, header: Vec<String>) -> ImportView {
    let known = columns(subject);
    let columns = known.iter().map(|column| ColumnChoice {
        key: column.key.to_owned(),
        label: column.label.to_owned(),
        required: column.required,
        from: mapping.0.get(column.key).copied(),
    });
    let missing = mapping.missing(known).iter().map(|column| column.label.to_owned()).collect();
    ImportView { columns: columns.collect(), missing, header, ..view }
}

fn view_of(
    door: &Door,
    about: About,
    row: &imports::ImportRow,
    figures: Figures,
    refused: &[Reject],
) -> ImportView {
    ImportView {
        id: ImportId(row.id),
        kind: base(about),
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
    Path(path): Path<(String, String, String)>,
    input: Input<Remap>,
) -> Result<Response, Problem> {
    run(door, ids(&path)?, input, import::remap).await
}

async fn commit(
    door: Door,
    Path(path): Path<(String, String, String)>,
    input: Input<CommitImport>,
) -> Result<Response, Problem> {
    run(door, ids(&path)?, input, import::commit).await
}

async fn run<F, C, R>(
    door: Door,
    (about, id): (About, ImportId),
    input: Input<F>,
    use_case: C,
) -> Result<Response, Problem>
where
    F: Clone + Send + Sync + 'static,
    C: Fn(App, By, (IncidentId, Subject, ImportId, F)) -> R + Send + 'static,
    R: Future<Output = Result<ImportOutcome, Failure>> + Send + 'static,
{
    let input =
        Input { form: (about.0, about.1, id, input.form), request: input.request, typed: input.typed };
    match door.run(&input, use_case).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{id}", base(about)), &outcome)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| one_page(&door, about, id, mistakes).await)
                .await
        }
    }
}

async fn rejects_file(door: Door, Path(path): Path<(String, String, String)>) -> Result<Response, Problem> {
    let (about, id) = ids(&path)?;
    let mut tx: Tx = door.read().await?;
    let row = import::find(&mut tx, about, id).await?;
    let refused = if row.state == "committed" {
        rejects::of_file(&mut tx, id).await?
    } else {
        drop(tx);
        let table = file::read(&door.app, id, Some(&row.sha256)).await?.1;
        let mut tx = door.read().await?;
        let mapping = row.mapping()?;
        import::plan(&door.app, &mut tx, door.actor(), about, (&table, &mapping)).await?.rejects().to_vec()
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"check-refused.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, rejects_csv(&refused)).into_response())
}
