//! The doors of what must be looked at again.

use axum::{
    extract::{Multipart, Path, Query},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{
    field::FieldErrors,
    id::{ImportId, IncidentId, ReviewId},
    reviews::{AddReview, Added, DecideReviews, Decided},
    table::rejects_csv,
    view::{
        imports::CommitImport,
        reviews::{
            AddReviewView, FileOutcome, ReviewFileView, ReviewFilesView, ReviewFilter, ReviewView,
            ReviewsView, RevocationView,
        },
    },
};
use frontend::pages::reviews as pages;

use super::{
    DECIDERS as DECIDING,
    import::{self, Offered},
    page, window,
};
use crate::{
    cases::upload,
    imports::file,
    incidents::web::incident_id,
    store::requests::Request,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const DECIDERS: Access = Access::Roles(&DECIDING);
/// Refused rows on the page; the file has all.
const MOST_REJECTS: usize = 50;

/// The routes of items.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<ReviewsView, _>(
            "/incidents/{incident}/reviews",
            Access::VIEWERS,
            "What must be looked at again, and by whom",
            show,
        )
        .command::<DecideReviews, Decided, _>(
            "/incidents/{incident}/reviews",
            DECIDERS,
            "Say what came of looking at one or several items",
            decide,
        )
        .page::<ReviewView, _>(
            "/incidents/{incident}/reviews/{review}",
            Access::VIEWERS,
            "One item with its history",
            show_one,
        )
        .command::<DecideReviews, Decided, _>(
            "/incidents/{incident}/reviews/{review}",
            DECIDERS,
            "Say what came of looking at an item",
            decide_one,
        )
        .page::<RevocationView, _>(
            "/incidents/{incident}/revocations/{seq}",
            Access::VIEWERS,
            "What a revocation leaves to do",
            show_window,
        );
    ways_in(routes)
}

fn ways_in(routes: Routes) -> Routes {
    routes
        .page::<AddReviewView, _>(
            "/incidents/{incident}/reviews/add",
            DECIDERS,
            "The form for adding an item",
            show_add,
        )
        .command::<AddReview, Added, _>("/incidents/{incident}/reviews/add", DECIDERS, "Add an item", add)
        .page::<ReviewFilesView, _>(
            "/incidents/{incident}/reviews/import",
            DECIDERS,
            "The form for offering a file of items",
            show_import,
        )
        .upload::<FileOutcome, _>(
            "/incidents/{incident}/reviews/import",
            DECIDERS,
            "Offer a file of items (fields queue, revocation, file) and get its preview",
            file::MOST_FILE,
            offer,
        )
        .page::<ReviewFileView, _>(
            "/incidents/{incident}/reviews/import/{file}",
            DECIDERS,
            "What a file of items would add, or has added",
            show_file,
        )
        .command::<CommitImport, FileOutcome, _>(
            "/incidents/{incident}/reviews/import/{file}/commit",
            DECIDERS,
            "Take a file of items over",
            commit,
        )
        .file(
            "/incidents/{incident}/reviews/import/{file}/rejects.csv",
            DECIDERS,
            "text/csv",
            "The refused rows with their reasons",
            rejects,
        )
}

async fn show(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<ReviewFilter>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    list(&door, incident, (filter, DecideReviews::default()), Mistakes::default()).await
}

async fn list(
    door: &Door,
    incident: IncidentId,
    what: (ReviewFilter, DecideReviews),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = page::list(door, &mut tx, incident, what).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::list, mistakes).await
}

/// The list stays narrowed as it was: its form posts to the address that it was read from.
async fn decide(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<ReviewFilter>,
    input: Input<DecideReviews>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| super::decide(app, by, incident, form)).await {
        Ok(decided) => Ok(door.done(&page::path(incident, &filter), &decided)),
        Err(failure) => {
            let form = input.form;
            let again = async |mistakes| list(&door, incident, (filter, form), mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

type Ids = Path<(String, String)>;

fn review_id(text: &str) -> Result<ReviewId, Problem> {
    text.parse().map_err(|_| Problem::not_found("item"))
}

async fn show_one(door: Door, Path((incident, id)): Ids) -> Result<Response, Problem> {
    let at = (incident_id(&incident)?, review_id(&id)?);
    one(&door, at, DecideReviews::default(), Mistakes::default()).await
}

async fn one(
    door: &Door,
    at: (IncidentId, ReviewId),
    typed: DecideReviews,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = page::one(door, &mut tx, at, typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, at.0, &title, view, pages::one, mistakes).await
}

async fn decide_one(
    door: Door,
    Path((incident, id)): Ids,
    mut input: Input<DecideReviews>,
) -> Result<Response, Problem> {
    let at = (incident_id(&incident)?, review_id(&id)?);
    input.form.items = vec![at.1.to_string().into()];
    match door.run(&input, move |app, by, form| super::decide(app, by, at.0, form)).await {
        Ok(decided) => Ok(door.done(&format!("/incidents/{}/reviews/{}", at.0, at.1), &decided)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| one(&door, at, form, mistakes).await).await
        }
    }
}

async fn show_window(door: Door, Path((incident, seq)): Ids) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let seq = seq.parse().map_err(|_| Problem::not_found("revocation"))?;
    let mut tx = door.read().await?;
    let view = window::read(&door, &mut tx, incident, seq).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::revocation, Mistakes::default()).await
}

/// What an address may fill into the ways in beforehand.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Filled {
    queue: String,
    revocation: String,
}

async fn show_add(
    door: Door,
    Path(incident): Path<String>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    let Filled { queue, revocation } = filled;
    let form = AddReview { queue: queue.into(), revocation: revocation.into(), ..AddReview::default() };
    add_page(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn add_page(
    door: &Door,
    incident: IncidentId,
    form: AddReview,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = page::add(door, &mut tx, incident, form).await?;
    door.incident_page(tx, incident, pages::ADD_TITLE, view, pages::add, mistakes).await
}

async fn add(door: Door, Path(incident): Path<String>, input: Input<AddReview>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| super::add(app, by, incident, form)).await {
        Ok(added) => Ok(door.done(&format!("/incidents/{incident}/reviews/{}", added.review), &added)),
        Err(failure) => {
            let form = input.form;
            let again = async |mistakes| add_page(&door, incident, form, mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

async fn show_import(
    door: Door,
    Path(incident): Path<String>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    import_page(&door, incident_id(&incident)?, filled, Mistakes::default()).await
}

async fn import_page(
    door: &Door,
    incident: IncidentId,
    filled: Filled,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = page::files(door, &mut tx, incident, (filled.queue, filled.revocation)).await?;
    door.incident_page(tx, incident, pages::FILE_TITLE, view, pages::files, mistakes).await
}

async fn offer(door: Door, Path(incident): Path<String>, multipart: Multipart) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let id: ImportId = door.app.clock.id();
    let received = upload::receive(multipart, &file::path(&door.app, id)).await?;
    let filled = Filled {
        queue: received.text("queue").to_owned(),
        revocation: received.text("revocation").to_owned(),
    };
    let typed: Vec<(String, String)> = received.fields.clone().into_iter().collect();
    let ran = match received.file.clone() {
        None => Err(FieldErrors::one("file", "Choose the file with the items.").into()),
        Some((file_name, sha256)) => {
            let (queue, revocation) = (filled.queue.clone(), filled.revocation.clone());
            let offered = Offered { id, queue, revocation, file_name, sha256 };
            let named = received.text("request_id").parse().unwrap_or_else(|_| door.request_id());
            let request = Request { id: named, body_hash: sha256 };
            let input = Input { form: offered, request, typed: typed.clone() };
            door.run(&input, move |app, by, offered| import::offer(app, by, (incident, offered))).await
        }
    };
    match ran {
        Ok(outcome) => {
            Ok(door.done(&format!("/incidents/{incident}/reviews/import/{}", outcome.file), &outcome))
        }
        Err(failure) => {
            let again = async |mistakes| import_page(&door, incident, filled, mistakes).await;
            door.again(failure, &typed, again).await
        }
    }
}

fn file_id(text: &str) -> Result<ImportId, Problem> {
    text.parse().map_err(|_| Problem::not_found("file"))
}

async fn show_file(door: Door, Path((incident, id)): Ids) -> Result<Response, Problem> {
    file_page(&door, incident_id(&incident)?, file_id(&id)?, Mistakes::default()).await
}

async fn file_page(
    door: &Door,
    incident: IncidentId,
    id: ImportId,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let (row, mut plan) = import::look(&door.app, incident, id).await?;
    plan.rejects.truncate(MOST_REJECTS);
    let view = ReviewFileView {
        incident,
        id,
        title: pages::file_title(&row.file_name, &row.state, &plan.figures),
        queue: row.queue()?,
        file_name: row.file_name,
        state: row.state,
        figures: plan.figures,
        rejects: plan.rejects,
        request_id: door.request_id(),
    };
    let title = view.title.clone();
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, pages::file, mistakes).await
}

async fn commit(
    door: Door,
    Path((incident, id)): Ids,
    input: Input<CommitImport>,
) -> Result<Response, Problem> {
    let (incident, id) = (incident_id(&incident)?, file_id(&id)?);
    match door.run(&input, move |app, by, form| import::commit(app, by, (incident, id, form))).await {
        Ok(outcome) => Ok(door.done(&format!("/incidents/{incident}/reviews/import/{id}"), &outcome)),
        Err(failure) => {
            let again = async |mistakes| file_page(&door, incident, id, mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

async fn rejects(door: Door, Path((incident, id)): Ids) -> Result<Response, Problem> {
    let (_, plan) = import::look(&door.app, incident_id(&incident)?, file_id(&id)?).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"refused-rows.csv\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, rejects_csv(&plan.rejects)).into_response())
}
