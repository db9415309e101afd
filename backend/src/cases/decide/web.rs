//! The doors of decisions over many cases.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    cases::forms::Decide,
    decisions::Settled,
    id::IncidentId,
    table,
    view::decisions::{DecideRow, DecideRowsView, DecideView, DecisionMade},
};
use serde::Deserialize;

use super::{
    made,
    preview::{Preview, preview},
    show,
};
use crate::{
    accounts::store as accounts,
    cases::{file::csv_file, show::Sites},
    failure::Failure,
    incidents::web::incident_id,
    places::store as places,
    store::Tx,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const DECIDERS: Access = Access::Roles(&[Role::Commander]);

/// The routes of decisions.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<DecideView, _>(
            "/incidents/{incident}/cases/decide",
            DECIDERS,
            "What a decision would do",
            show_decide,
        )
        .command::<Decide, DecisionMade, _>(
            "/incidents/{incident}/cases/decide",
            DECIDERS,
            "Decide what is cancelled and what goes ahead, change a decision, or take cancellations back",
            send_decide,
        )
        .page::<DecideRowsView, _>(
            "/incidents/{incident}/cases/decide/rows",
            DECIDERS,
            "The bookings that a decision would cancel or keep",
            show_rows,
        )
        .file(
            "/incidents/{incident}/cases/decide/rows.csv",
            DECIDERS,
            "text/csv",
            "The same as a CSV file",
            rows_file,
        )
}

async fn show_decide(
    door: Door,
    Path(incident): Path<String>,
    Query(form): Query<Decide>,
) -> Result<Response, Problem> {
    decide_page(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn decide_page(
    door: &Door,
    incident: IncidentId,
    mut form: Decide,
    mut mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let now = door.app.clock.now();
    let zone = accounts::installation(&mut tx).await?.zone();
    let made = made::made(&mut tx, incident).await?;
    let preview = match preview(&mut tx, incident, &form, now).await {
        Ok(preview) => preview,
        Err(failure @ (Failure::Fields(_) | Failure::Refused(_))) if !door.wants_json() => {
            // The page stays usable: it shows the rule's own day beside what was typed wrongly.
            match failure {
                Failure::Fields(errors) => mistakes.errors.0.extend(errors.0),
                Failure::Refused(refusal) => mistakes.refusal = mistakes.refusal.or(Some(refusal)),
                _ => {}
            }
            preview(&mut tx, incident, &Decide::default(), now).await?
        }
        Err(other) => return Err(other.into()),
    };
    if mistakes.errors.is_empty() {
        let basis = std::mem::take(&mut form.basis);
        form = Decide { basis, ..preview.choice.clone() };
    }
    form.cancels = preview.totals.all.cancelled.to_string().into();
    form.keeps = preview.totals.all.kept.to_string().into();
    let sites = places::facilities(&mut tx).await?;
    let around = show::Around { form, sites, made, zone, request_id: door.request_id() };
    let view = show::view(incident, &preview, around);
    let title = frontend::pages::decide::title(&view);
    door.incident_page(tx, incident, &title, view, frontend::pages::decide::page, mistakes).await
}

async fn send_decide(
    door: Door,
    Path(incident): Path<String>,
    input: Input<Decide>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| super::apply(app, by, incident, form)).await {
        Ok(made) => Ok(door.done(&format!("/incidents/{incident}/cases"), &made)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                decide_page(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}

/// Which list, and which page of it from 0.
#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    list: String,
    #[serde(default)]
    page: usize,
}

/// Rows on one page.
const MOST: usize = 100;

async fn show_rows(
    door: Door,
    Path(incident): Path<String>,
    Query(form): Query<Decide>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.app.db.read().await?;
    let preview = preview(&mut tx, incident, &form, door.app.clock.now()).await?;
    let (words, settled) = list(&preview, &asked.list)?;
    let from = asked.page.saturating_mul(MOST).min(settled.len());
    let until = (from + MOST).min(settled.len());
    let list = ("list", asked.list.as_str());
    let next = (asked.page + 1).to_string();
    let choice = &preview.choice;
    let view = DecideRowsView {
        incident,
        words: words.to_owned(),
        rows: i64::try_from(settled.len()).unwrap_or(i64::MAX),
        lines: lines(&mut tx, &preview, &settled[from..until]).await?,
        back: show::address(incident, "", choice, &[]),
        next: (until < settled.len())
            .then(|| show::address(incident, "/rows", choice, &[list, ("page", next.as_str())])),
        csv: show::address(incident, "/rows.csv", choice, &[list]),
    };
    let title = frontend::pages::decide::rows_title(&view);
    door.incident_page(tx, incident, &title, view, frontend::pages::decide::rows, Mistakes::default()).await
}

const HEADER: [&str; 8] =
    ["appointment", "at", "site", "service", "department", "provider", "priority", "rule"];

async fn rows_file(
    door: Door,
    Path(incident): Path<String>,
    Query(form): Query<Decide>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.app.db.read().await?;
    let preview = preview(&mut tx, incident, &form, door.app.clock.now()).await?;
    let (_, settled) = list(&preview, &asked.list)?;
    let cells = |line: DecideRow| {
        let DecideRow { appointment, at, site, service, department, provider, priority, rule, .. } = line;
        vec![appointment, at, site, service, department, provider, priority, rule]
    };
    let lines = lines(&mut tx, &preview, &settled).await?;
    Ok(csv_file("decision.csv", table::write_csv(&HEADER, lines.into_iter().map(cells))))
}

/// The rows of one list with its words.
fn list<'a>(preview: &'a Preview, code: &str) -> Result<(&'static str, Vec<Settled<'a>>), Problem> {
    let known = show::LISTS.iter().find(|(known, _)| *known == code);
    let (_, words) = known.ok_or_else(|| Problem::not_found("list"))?;
    Ok((words, show::listed(code, preview)))
}

async fn lines(tx: &mut Tx, preview: &Preview, settled: &[Settled<'_>]) -> Result<Vec<DecideRow>, Problem> {
    let sites = Sites::of(places::facilities(tx).await?);
    Ok(settled.iter().map(|each| show::row(each, preview, &sites)).collect())
}
