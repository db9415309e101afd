//! The doors of importing people and places: offer a file, see what it would do, name its columns, take it over.

use std::sync::Arc;

use axum::{
    extract::{Multipart, Path},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    field::FieldErrors,
    id::{ImportId, PersonId},
    table::{Reject, rejects_csv},
    view::imports::{
        AbsentPerson, ColumnChoice, CommitImport, Figures, ImportOutcome, ImportStartView, ImportView, Remap,
    },
};
use sha2::{Digest, Sha256};

use super::{Kind, Offered, file, rejects, store};
use crate::{
    accounts::must_administer_everything,
    failure::Failure,
    people::store as people,
    store::requests::Request,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// Refused rows on the page; all of them are in the file. And so many people who are not in the offered one.
const SHOWN: usize = 50;

/// The routes of imports.
pub fn routes(routes: Routes) -> Routes {
    let routes = of(
        routes,
        Kind::People,
        [
            "/people/import",
            "/people/import/{import}",
            "/people/import/{import}/columns",
            "/people/import/{import}/commit",
            "/people/import/{import}/rejects.csv",
        ],
    );
    of(
        routes,
        Kind::Places,
        [
            "/places/import",
            "/places/import/{import}",
            "/places/import/{import}/columns",
            "/places/import/{import}/commit",
            "/places/import/{import}/rejects.csv",
        ],
    )
}

fn of(routes: Routes, kind: Kind, [start, one, columns, commit, rejects]: [&'static str; 5]) -> Routes {
    routes
        .page::<ImportStartView, _>(start, Access::ADMINISTRATORS, "The form for offering a file", async move |door: Door| {
            start_page(&door, kind, Mistakes::default()).await
        })
        .upload::<ImportOutcome, _>(
            start,
            Access::ADMINISTRATORS,
            "Offer a file (field file) and get its preview",
            file::MOST_FILE,
            async move |door: Door, multipart: Result<Multipart, axum::extract::multipart::MultipartRejection>| {
                offer(door, kind, multipart).await
            },
        )
        .page::<ImportView, _>(one, Access::ADMINISTRATORS, "What a file would do, or has done", async move |door: Door, Path(id): Path<String>| {
            one_page(&door, kind, import_id(&id)?, Mistakes::default()).await
        })
        .command::<Remap, ImportOutcome, _>(columns, Access::ADMINISTRATORS, "Say which column holds what", async move |door: Door, Path(id): Path<String>, input: Input<Remap>| {
            run(door, kind, &id, input, super::remap).await
        })
        .command::<CommitImport, ImportOutcome, _>(commit, Access::ADMINISTRATORS, "Take the file over", async move |door: Door, Path(id): Path<String>, input: Input<CommitImport>| {
            run(door, kind, &id, input, super::commit).await
        })
        .file(rejects, Access::ADMINISTRATORS, "text/csv", "The refused rows with their reasons", async move |door: Door, Path(id): Path<String>| {
            rejects_file(door, kind, &id).await
        })
}

fn import_id(text: &str) -> Result<ImportId, Problem> {
    text.parse().map_err(|_| Problem::not_found("import"))
}

async fn start_page(door: &Door, kind: Kind, mistakes: Mistakes) -> Result<Response, Problem> {
    must_administer_everything(door.actor())?;
    let columns = kind
        .columns()
        .iter()
        .map(|column| {
            let needed = if column.required { ", needed" } else { "" };
            format!("{} ({}{needed})", column.label, column.key)
        })
        .collect();
    let (kind, request_id) = (kind.code().to_owned(), door.request_id());
    let view = ImportStartView { kind, request_id, columns, demo: String::new(), what: String::new() };
    let title = frontend::pages::imports::start_title(&view);
    let tx = door.read().await?;
    door.page(tx, &title, view, frontend::pages::imports::start, mistakes).await
}

async fn offer(
    door: Door,
    kind: Kind,
    multipart: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Problem> {
    let received = match multipart {
        Ok(multipart) => receive(&door, kind, multipart).await,
        Err(_) => Err(FieldErrors::one("file", "Choose a file.").into()),
    };
    let done = match received {
        Ok(input) => door.run(&input, super::offer).await,
        Err(failure) => Err(failure),
    };
    match done {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{}", kind.code(), outcome.import), &outcome)),
        Err(failure) => {
            door.again(failure, &[], async |mistakes| start_page(&door, kind, mistakes).await).await
        }
    }
}

async fn receive(door: &Door, kind: Kind, mut multipart: Multipart) -> Result<Input<Arc<Offered>>, Failure> {
    // Before the file comes, not after.
    must_administer_everything(door.actor())?;
    let cut_off =
        |_| Failure::from(FieldErrors::one("file", "The upload ended early. Send it again; at most 64 MB."));
    let id: ImportId = door.app.clock.id();
    let (mut request_id, mut file_name) = (None, None);
    while let Some(field) = multipart.next_field().await.map_err(cut_off)? {
        match field.name() {
            Some("request_id") => request_id = field.text().await.map_err(cut_off)?.parse().ok(),
            Some("file") => {
                file_name = Some(field.file_name().unwrap_or("file").chars().take(200).collect::<String>());
                file::receive(&door.app, id, field).await?;
            }
            _ => {}
        }
    }
    let missing = || Failure::from(FieldErrors::one("file", "Choose a file."));
    let file_name = file_name.filter(|name| !name.is_empty()).ok_or_else(missing)?;
    let read = file::read(&door.app, id, None).await;
    if read.is_err() {
        file::remove(&door.app, id).await;
    }
    let (sha256, table) = read?;
    let body_hash = Sha256::new().chain_update(kind.code()).chain_update(sha256).finalize().into();
    let request = Request { id: request_id.unwrap_or_else(|| door.request_id()), body_hash };
    let offered = Arc::new(Offered { kind, id, file_name, sha256, table: table.into() });
    Ok(Input { form: offered, request, typed: Vec::new() })
}

async fn one_page(door: &Door, kind: Kind, id: ImportId, mistakes: Mistakes) -> Result<Response, Problem> {
    must_administer_everything(door.actor())?;
    let mut tx = door.read().await?;
    let row = super::find(&mut tx, kind, id).await?;
    if row.state == "committed" {
        let rejects = rejects::of_file(&mut tx, id).await?;
        let view = view_of(door, kind, &row, row.figures()?, &rejects);
        let title = frontend::pages::imports::title(&view);
        return door.page(tx, &title, view, frontend::pages::imports::one, mistakes).await;
    }
    drop(tx);
    let (row, table) = super::read_again(&door.app, kind, id).await?;
    let mapping = row.mapping()?;
    let plan = super::plan(&door.app, kind, &table, &mapping).await?;
    let columns = kind.columns().iter().map(|column| ColumnChoice {
        key: column.key.to_owned(),
        label: column.label.to_owned(),
        required: column.required,
        from: mapping.0.get(column.key).copied(),
    });
    let mut tx = door.read().await?;
    let first = &plan.absent()[..plan.absent().len().min(SHOWN)];
    let absent = people::by_id(&mut tx, first).await?.into_iter().map(|person| AbsentPerson {
        id: PersonId(person.id),
        staff_number: person.staff_number,
        name: person.name,
        place: format!("{}, {}", person.facility, person.unit),
    });
    let view = ImportView {
        absent: absent.collect(),
        missing: mapping.missing(kind.columns()).iter().map(|column| column.label.to_owned()).collect(),
        columns: columns.collect(),
        header: table.header.clone(),
        ..view_of(door, kind, &row, plan.figures().clone(), plan.rejects())
    };
    let title = frontend::pages::imports::title(&view);
    door.page(tx, &title, view, frontend::pages::imports::one, mistakes).await
}

/// What is known of a file without the file.
fn view_of(
    door: &Door,
    kind: Kind,
    row: &store::ImportRow,
    figures: Figures,
    rejects: &[Reject],
) -> ImportView {
    ImportView {
        id: ImportId(row.id),
        kind: kind.code().to_owned(),
        file_name: row.file_name.clone(),
        state: row.state.clone(),
        figures,
        missing: Vec::new(),
        columns: Vec::new(),
        header: Vec::new(),
        rejects: rejects.iter().take(SHOWN).cloned().collect(),
        absent: Vec::new(),
        request_id: door.request_id(),
    }
}

async fn run<F, C, R>(
    door: Door,
    kind: Kind,
    id: &str,
    input: Input<F>,
    use_case: C,
) -> Result<Response, Problem>
where
    F: Clone + Send + Sync + 'static,
    C: Fn(crate::app::App, crate::store::journal::By, (Kind, ImportId, F)) -> R + Send + 'static,
    R: Future<Output = Result<ImportOutcome, Failure>> + Send + 'static,
{
    let id = import_id(id)?;
    let typed = input.typed.clone();
    let input = Input { form: (kind, id, input.form), request: input.request, typed: input.typed };
    match door.run(&input, use_case).await {
        Ok(outcome) => Ok(door.done(&format!("/{}/import/{id}", kind.code()), &outcome)),
        Err(failure) => {
            door.again(failure, &typed, async |mistakes| one_page(&door, kind, id, mistakes).await).await
        }
    }
}

async fn rejects_file(door: Door, kind: Kind, id: &str) -> Result<Response, Problem> {
    must_administer_everything(door.actor())?;
    let id = import_id(id)?;
    let mut tx = door.read().await?;
    let row = super::find(&mut tx, kind, id).await?;
    let kept = rejects::of_file(&mut tx, id).await?;
    drop(tx);
    let rejects = if row.state == "committed" {
        kept
    } else {
        let (row, table) = super::read_again(&door.app, kind, id).await?;
        super::plan(&door.app, kind, &table, &row.mapping()?).await?.rejects().to_vec()
    };
    let name = format!("attachment; filename=\"{}-refused.csv\"", kind.code());
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, rejects_csv(&rejects)).into_response())
}
