//! The routes of paper.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    field::Text,
    forms::{Count, Counted, Found, Issue, Issued, MoveSheets, Moved},
    view::forms::{CountView, FoundView, IssueView, MoveView, PaperView, SheetsView},
};
use frontend::pages::forms as pages;

use super::{
    Step,
    reading::{self, Asked},
};
use crate::{
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

pub(super) const CLERKS: Access = Access::Roles(&[Role::FormsClerk]);
pub(super) const COUNTERS: Access = Access::Roles(&[Role::FormsClerk, Role::UnitLead]);

/// The routes of paper.
pub fn routes(routes: Routes) -> Routes {
    let routes = super::places_web::routes(routes);
    routes
        .page::<PaperView, _>("/incidents/{incident}/forms", Access::VIEWERS, "The ledger of forms", ledger)
        .page::<SheetsView, _>(
            "/incidents/{incident}/forms/sheets",
            Access::VIEWERS,
            "Forms by serial",
            sheets,
        )
        .page::<IssueView, _>(
            "/incidents/{incident}/forms/issue",
            CLERKS,
            "The form for handing out",
            show_issue,
        )
        .command::<Issue, Issued, _>("/incidents/{incident}/forms/issue", CLERKS, "Hand out a range", issue)
        .page::<CountView, _>(
            "/incidents/{incident}/forms/count",
            COUNTERS,
            "The form for counting",
            show_count,
        )
        .command::<Count, Counted, _>("/incidents/{incident}/forms/count", COUNTERS, "Count back", count)
        .page::<FoundView, _>(
            "/incidents/{incident}/forms/found",
            COUNTERS,
            "Taking in found sheets",
            show_found,
        )
        .command::<Found, Issued, _>(
            "/incidents/{incident}/forms/found",
            COUNTERS,
            "Take in found sheets",
            found,
        )
        .page::<MoveView, _>(
            "/incidents/{incident}/forms/{step}",
            COUNTERS,
            "Typing in, verifying, disputing, filing: enter, verify, dispute or file",
            show_move,
        )
        .command::<MoveSheets, Moved, _>(
            "/incidents/{incident}/forms/{step}",
            COUNTERS,
            "Say that forms were typed in, verified, found different, or filed",
            move_on,
        )
}

async fn ledger(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let view = reading::ledger(&door, &mut tx, incident).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::ledger, Mistakes::default()).await
}

async fn sheets(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let view = reading::sheets(&mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::sheets, Mistakes::default()).await
}

/// What an address may fill into a form beforehand.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Filled {
    form_type: String,
    unit: String,
    used: String,
}

async fn show_issue(
    door: Door,
    Path(incident): Path<String>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    let form = Issue { form_type: filled.form_type.into(), unit: filled.unit.into(), ..Issue::default() };
    issue_page(&door, &incident, form, Mistakes::default()).await
}

async fn issue_page(
    door: &Door,
    incident: &str,
    form: Issue,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let choices = reading::choices_of_open_units(door, &mut tx, incident).await?;
    let view = IssueView { choices, form };
    door.incident_page(tx, incident, "Hand out forms", view, pages::issue, mistakes).await
}

async fn issue(door: Door, Path(path): Path<String>, input: Input<Issue>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::issue(app, by, incident, form)).await {
        Ok(issued) => {
            let (unit, form_type) = (input.form.unit.trimmed(), input.form.form_type.trimmed());
            let rows = format!("/incidents/{incident}/forms/sheets?form_type={form_type}&unit={unit}");
            Ok(door.done(&rows, &issued))
        }
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| issue_page(&door, &path, form, mistakes).await)
                .await
        }
    }
}

async fn show_count(
    door: Door,
    Path(incident): Path<String>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    let form = Count {
        form_type: filled.form_type.into(),
        unit: filled.unit.into(),
        used: filled.used.into(),
        ..Count::default()
    };
    count_page(&door, &incident, form, Mistakes::default()).await
}

async fn count_page(
    door: &Door,
    incident: &str,
    form: Count,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let view = CountView { choices: reading::choices(door, &mut tx, incident).await?, form };
    door.incident_page(tx, incident, "Count forms back", view, pages::count, mistakes).await
}

async fn count(door: Door, Path(path): Path<String>, input: Input<Count>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::count(app, by, incident, form)).await {
        Ok(counted) => Ok(door.done(&format!("/incidents/{incident}/forms"), &counted)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| count_page(&door, &path, form, mistakes).await)
                .await
        }
    }
}

async fn show_found(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    found_page(&door, &incident, Found { sheets: "1".into(), ..Found::default() }, Mistakes::default()).await
}

async fn found_page(
    door: &Door,
    incident: &str,
    form: Found,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let view = FoundView { choices: reading::choices(door, &mut tx, incident).await?, form };
    door.incident_page(tx, incident, "Take in found forms", view, pages::found, mistakes).await
}

async fn found(door: Door, Path(path): Path<String>, input: Input<Found>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::found(app, by, incident, form)).await {
        Ok(found) => Ok(door.done(&format!("/incidents/{incident}/forms"), &found)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| found_page(&door, &path, form, mistakes).await)
                .await
        }
    }
}

fn step_of(code: &str) -> Result<Step, Problem> {
    Step::from_code(code).ok_or_else(|| Problem::not_found("page"))
}

async fn show_move(
    door: Door,
    Path((incident, step)): Path<(String, String)>,
    Query(filled): Query<Filled>,
) -> Result<Response, Problem> {
    let form = MoveSheets { form_type: filled.form_type.into(), ..MoveSheets::default() };
    move_page(&door, &incident, &step, form, Mistakes::default()).await
}

async fn move_page(
    door: &Door,
    incident: &str,
    step: &str,
    form: MoveSheets,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    step_of(step)?;
    let incident = incident_id(incident)?;
    let mut tx = door.read().await?;
    let view =
        MoveView { choices: reading::choices(door, &mut tx, incident).await?, step: step.to_owned(), form };
    let title = pages::step_title(step);
    door.incident_page(tx, incident, title, view, pages::move_on, mistakes).await
}

async fn move_on(
    door: Door,
    Path((path, code)): Path<(String, String)>,
    input: Input<MoveSheets>,
) -> Result<Response, Problem> {
    let (incident, step) = (incident_id(&path)?, step_of(&code)?);
    match door.run(&input, move |app, by, form| super::move_on(app, by, incident, step, form)).await {
        // Back to the empty form, for the next sheets of the pile.
        Ok(moved) => {
            let form_type: &Text = &input.form.form_type;
            let next = format!("/incidents/{incident}/forms/{code}?form_type={}", form_type.trimmed());
            Ok(door.done(&next, &moved))
        }
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                move_page(&door, &path, &code, form, mistakes).await
            })
            .await
        }
    }
}
