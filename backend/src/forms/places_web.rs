//! The routes of where paper is: scanning, a unit, the runner, the records room, what is missing, one sheet, batches.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    forms::{
        AddSheets, BatchCounted, BatchOpened, CorrectPile, Corrected, CountBatch, OpenBatch, ScanSheet,
        Scanned, Serial,
    },
    id::{BatchId, IncidentId},
    view::forms::{
        BatchView, BatchesView, MissingView, RecordsView, RunnerView, ScanView, SheetView, UnitPaperView,
    },
};
use frontend::pages::forms as pages;

use super::{
    shown::{self, AskedBatches, AskedMissing, AskedUnit},
    shown_batches::{self, AskedScan},
    web::{CLERKS, COUNTERS},
};
use crate::{
    failure::Failure,
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// The routes of where paper is.
pub fn routes(routes: Routes) -> Routes {
    const FORMS: Access = Access::VIEWERS;
    let routes = routes
        .page::<ScanView, _>("/incidents/{incident}/forms/scan", COUNTERS, "Scanning forms", show_scan)
        .command::<ScanSheet, Scanned, _>(
            "/incidents/{incident}/forms/scan",
            COUNTERS,
            "Scan one form at a station: given back, received, prepared, scanned, filed",
            scan,
        )
        .page::<UnitPaperView, _>(
            "/incidents/{incident}/forms/units/{unit}",
            FORMS,
            "The forms of one unit, by form and shift",
            unit,
        )
        .page::<RunnerView, _>("/incidents/{incident}/forms/runner", FORMS, "What to fetch where", runner)
        .page::<RecordsView, _>(
            "/incidents/{incident}/forms/records",
            FORMS,
            "What waits in the records room, and since when",
            records,
        )
        .page::<MissingView, _>("/incidents/{incident}/forms/missing", FORMS, "The missing forms", missing)
        .page::<SheetView, _>(
            "/incidents/{incident}/forms/sheets/{serial}",
            FORMS,
            "What happened to one form",
            sheet,
        )
        .command::<CorrectPile, Corrected, _>(
            "/incidents/{incident}/forms/sheets/{serial}/pile",
            COUNTERS,
            "Put a form that was counted on the wrong pile on another one",
            correct,
        );
    batch_routes(routes)
}

fn batch_routes(routes: Routes) -> Routes {
    routes
        .page::<BatchesView, _>(
            "/incidents/{incident}/forms/batches",
            Access::VIEWERS,
            "Batches that units give back",
            show_batches,
        )
        .command::<OpenBatch, BatchOpened, _>(
            "/incidents/{incident}/forms/batches",
            COUNTERS,
            "Begin a batch",
            open_batch,
        )
        .page::<BatchView, _>(
            "/incidents/{incident}/forms/batches/{batch}",
            Access::VIEWERS,
            "One batch, which prints as its cover sheet",
            show_batch,
        )
        .command::<AddSheets, BatchCounted, _>(
            "/incidents/{incident}/forms/batches/{batch}/sheets",
            COUNTERS,
            "Put counted forms into a batch",
            add_sheets,
        )
        .command::<CountBatch, BatchCounted, _>(
            "/incidents/{incident}/forms/batches/{batch}/sign",
            COUNTERS,
            "Sign a batch's count; the second person's signature closes it",
            sign,
        )
        .command::<CountBatch, BatchCounted, _>(
            "/incidents/{incident}/forms/batches/{batch}/receive",
            CLERKS,
            "Count a batch in the records room",
            receive,
        )
        .command::<CountBatch, BatchCounted, _>(
            "/incidents/{incident}/forms/batches/{batch}/scanned",
            CLERKS,
            "Count the pages that came out of the scanner",
            scanned,
        )
}

async fn show_scan(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<AskedScan>,
) -> Result<Response, Problem> {
    scan_page(&door, &incident, asked.form(), &asked, Mistakes::default()).await
}

async fn scan_page(
    door: &Door,
    incident: &str,
    form: ScanSheet,
    asked: &AskedScan,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let view = shown_batches::scanning(door, &mut tx, incident, form, asked.answer()).await?;
    door.incident_page(tx, incident, "Scan forms", view, pages::scan, mistakes).await
}

async fn scan(door: Door, Path(path): Path<String>, input: Input<ScanSheet>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let actor = door.actor().clone();
    let scanned = super::scan(door.app.clone(), actor, incident, input.request.id, input.form.clone()).await;
    match scanned {
        Ok(scanned) => Ok(door.done(&back_to_scan(incident, &input.form, &scanned), &scanned)),
        Err(failure) => {
            let form = input.form;
            let page = async |mistakes| scan_page(&door, &path, form, &AskedScan::default(), mistakes).await;
            door.again(failure, &input.typed, page).await
        }
    }
}

/// The page for the next sheet, with the same choices.
fn back_to_scan(incident: IncidentId, form: &ScanSheet, scanned: &Scanned) -> String {
    let answer = match scanned.answer {
        domain::forms::Answer::Ok => "ok",
        domain::forms::Answer::Already => "already",
    };
    let chosen = [
        ("station", form.station.trimmed()),
        ("pile", form.pile.trimmed()),
        ("voided_because", form.voided_because.trimmed()),
        ("unit", form.unit.trimmed()),
        ("batch", form.batch.trimmed()),
        ("answer", answer),
        ("serial", &scanned.serial),
    ];
    let query = serde_html_form::to_string(chosen).unwrap_or_default();
    format!("/incidents/{incident}/forms/scan?{query}")
}

async fn unit(
    door: Door,
    Path((incident, unit)): Path<(String, String)>,
    Query(asked): Query<AskedUnit>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let unit = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    let mut tx = door.read().await?;
    let view = shown::unit(&door, &mut tx, (incident, unit), asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::unit, Mistakes::default()).await
}

async fn runner(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let view = shown::runner(&door, &mut tx, incident).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::runner, Mistakes::default()).await
}

async fn records(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<AskedBatches>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let view = shown::records(&door, &mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::records, Mistakes::default()).await
}

async fn missing(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<AskedMissing>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let view = shown::missing(&door, &mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::missing, Mistakes::default()).await
}

async fn sheet(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    sheet_page(&door, &path, CorrectPile::default(), Mistakes::default()).await
}

async fn sheet_page(
    door: &Door,
    (incident, serial): &(String, String),
    correct: CorrectPile,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let view = shown::sheet(door, &mut tx, incident, serial, correct).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::sheet, mistakes).await
}

async fn correct(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<CorrectPile>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path.0)?;
    let serial: Serial = path.1.parse().map_err(|_| Problem::not_found("form"))?;
    let run = move |app, by, form| super::correct(app, by, (incident, serial.clone(), form));
    match door.run(&input, run).await {
        Ok(corrected) => {
            Ok(door.done(&format!("/incidents/{incident}/forms/sheets/{}", corrected.serial), &corrected))
        }
        Err(failure) => {
            let form = input.form;
            let page = async |mistakes| sheet_page(&door, &path, form, mistakes).await;
            door.again(failure, &input.typed, page).await
        }
    }
}

async fn show_batches(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<AskedBatches>,
) -> Result<Response, Problem> {
    batches_page(&door, &incident, asked, OpenBatch::default(), Mistakes::default()).await
}

async fn batches_page(
    door: &Door,
    incident: &str,
    asked: AskedBatches,
    form: OpenBatch,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let view = shown_batches::batches(door, &mut tx, incident, asked, form).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::batches, mistakes).await
}

async fn open_batch(
    door: Door,
    Path(path): Path<String>,
    input: Input<OpenBatch>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::open_batch(app, by, incident, form)).await {
        Ok(opened) => {
            Ok(door.done(&format!("/incidents/{incident}/forms/batches/{}", opened.batch), &opened))
        }
        Err(failure) => {
            let form = input.form;
            let page =
                async |mistakes| batches_page(&door, &path, AskedBatches::default(), form, mistakes).await;
            door.again(failure, &input.typed, page).await
        }
    }
}

type BatchPath = Path<(String, String)>;

fn batch_of((incident, batch): &(String, String)) -> Result<(IncidentId, BatchId), Problem> {
    Ok((incident_id(incident)?, batch.parse().map_err(|_| Problem::not_found("batch"))?))
}

async fn show_batch(door: Door, Path(path): BatchPath) -> Result<Response, Problem> {
    batch_page(&door, &path, (AddSheets::default(), CountBatch::default()), Mistakes::default()).await
}

async fn batch_page(
    door: &Door,
    path: &(String, String),
    typed: (AddSheets, CountBatch),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let (incident, batch) = batch_of(path)?;
    let mut tx = door.read().await?;
    let view = shown_batches::batch(door, &mut tx, (incident, batch), typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::batch, mistakes).await
}

async fn answered(
    door: &Door,
    path: &(String, String),
    outcome: Result<BatchCounted, Failure>,
    all: &[(String, String)],
    typed: (AddSheets, CountBatch),
) -> Result<Response, Problem> {
    match outcome {
        Ok(counted) => {
            Ok(door.done(&format!("/incidents/{}/forms/batches/{}", path.0, counted.batch), &counted))
        }
        Err(failure) => {
            door.again(failure, all, async |mistakes| batch_page(door, path, typed, mistakes).await).await
        }
    }
}

async fn add_sheets(door: Door, Path(path): BatchPath, input: Input<AddSheets>) -> Result<Response, Problem> {
    let (incident, id) = batch_of(&path)?;
    let run = move |app, by, form| super::fill_batch(app, by, (incident, id, form));
    let outcome = door.run(&input, run).await;
    answered(&door, &path, outcome, &input.typed, (input.form, CountBatch::default())).await
}

async fn sign(door: Door, Path(path): BatchPath, input: Input<CountBatch>) -> Result<Response, Problem> {
    let (incident, id) = batch_of(&path)?;
    let run = move |app, by, form| super::sign_batch(app, by, (incident, id, form));
    let outcome = door.run(&input, run).await;
    answered(&door, &path, outcome, &input.typed, (AddSheets::default(), input.form)).await
}

async fn receive(door: Door, Path(path): BatchPath, input: Input<CountBatch>) -> Result<Response, Problem> {
    let (incident, id) = batch_of(&path)?;
    let run = move |app, by, form| super::receive_batch(app, by, (incident, id, form));
    let outcome = door.run(&input, run).await;
    answered(&door, &path, outcome, &input.typed, (AddSheets::default(), input.form)).await
}

async fn scanned(door: Door, Path(path): BatchPath, input: Input<CountBatch>) -> Result<Response, Problem> {
    let (incident, id) = batch_of(&path)?;
    let run = move |app, by, form| super::scan_batch(app, by, (incident, id, form));
    let outcome = door.run(&input, run).await;
    answered(&door, &path, outcome, &input.typed, (AddSheets::default(), input.form)).await
}
