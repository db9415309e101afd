//! The doors of the log: the page and the exports, of an incident and of the installation.

use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use domain::{
    actor::Actor,
    id::IncidentId,
    journal::{GENESIS, printed_head},
    log::words,
    time::{Timestamp, Zone},
    view::log::{LogAsked, LogView},
};
use sqlx::types::Uuid;

use super::{
    export::{self, Format},
    lines::{self, Names},
    store::{self, Filter, Person, WITHOUT_BASIS_KIND},
};
use crate::{
    accounts::{must_administer_everything, store as accounts},
    failure::Failure,
    incidents::web::incident_id,
    store::{Error, Tx, journal},
    web::{
        door::{Door, Mistakes},
        problem::Problem,
        routes::{Access, Routes},
    },
};

const PAGE: i64 = 100;

/// The routes of the log.
pub fn routes(routes: Routes) -> Routes {
    let (csv, ndjson) = ("text/csv", "application/x-ndjson");
    routes
        .page::<LogView, _>("/incidents/{incident}/log", Access::VIEWERS, "The log of an incident", show)
        .file("/incidents/{incident}/log.csv", Access::VIEWERS, csv, "The log for a spreadsheet", as_csv)
        .file(
            "/incidents/{incident}/log.ndjson",
            Access::VIEWERS,
            ndjson,
            "The log, an entry a line",
            as_lines,
        )
        .page::<LogView, _>("/log", Access::ADMINISTRATORS, "The log of the installation", show_installation)
        .file(
            "/log.csv",
            Access::ADMINISTRATORS,
            csv,
            "The log of the installation for a spreadsheet",
            all_as_csv,
        )
        .file(
            "/log.ndjson",
            Access::ADMINISTRATORS,
            ndjson,
            "The log of the installation, an entry a line",
            all_as_lines,
        )
}

/// Which log is meant.
#[derive(Debug, Clone, Copy)]
enum Log {
    Installation(Uuid),
    Incident(IncidentId),
}

impl Log {
    fn chain(self) -> Uuid {
        match self {
            Self::Installation(id) => id,
            Self::Incident(incident) => incident.0,
        }
    }

    fn path(self) -> String {
        match self {
            Self::Installation(_) => "/log".to_owned(),
            Self::Incident(incident) => format!("/incidents/{incident}/log"),
        }
    }
}

async fn show(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<LogAsked>,
) -> Result<Response, Problem> {
    log_page(&door, Log::Incident(incident_id(&incident)?), asked).await
}

async fn show_installation(door: Door, Query(asked): Query<LogAsked>) -> Result<Response, Problem> {
    must_administer_everything(door.actor())?;
    let log = Log::Installation(door.app.installation);
    log_page(&door, log, asked).await
}

async fn log_page(door: &Door, log: Log, asked: LogAsked) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let (filter, mistakes) = match super::filter(&asked, &zone) {
        Ok(filter) => (filter, Mistakes::default()),
        Err(errors) if door.wants_json() => return Err(Failure::Fields(errors).into()),
        Err(errors) => (nothing(), Mistakes { errors, refusal: None }),
    };
    let status = if mistakes.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = read(&mut tx, (log, door.actor()), asked, &filter, &zone).await?;
    let title = view.title.clone();
    let page = frontend::pages::log::page;
    let mut response = match log {
        Log::Incident(incident) => door.incident_page(tx, incident, &title, view, page, mistakes).await?,
        Log::Installation(_) => door.page(tx, &title, view, page, mistakes).await?,
    };
    *response.status_mut() = status;
    Ok(response)
}

/// What is shown below a filter that cannot be read.
fn nothing() -> Filter {
    Filter { kind: String::new(), person: Person::Anybody, from: 0, until: 0, before: 0 }
}

async fn read(
    tx: &mut Tx,
    (log, reader): (Log, &Actor),
    asked: LogAsked,
    filter: &Filter,
    zone: &Zone,
) -> Result<LogView, Failure> {
    let chain = log.chain();
    let (seq, head) = journal::head(tx, chain).await?.ok_or(Failure::NotFound("incident"))?;
    let mut rows = store::list(tx, chain, filter, PAGE + 1).await?;
    let more = rows.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let oldest = rows.last().map_or(0, |row| row.seq);
    let texts = super::readable::texts(tx, chain, reader, &rows).await?;
    let names = Names::of(tx, &rows).await?;
    let mut kinds = vec![(WITHOUT_BASIS_KIND.to_owned(), "Decisions without a written basis".to_owned())];
    kinds.extend(store::kinds(tx, chain).await?.into_iter().map(|kind| (kind.clone(), words::title(&kind))));
    let people = store::people(tx, chain).await?;
    let query = query(&asked, None);
    Ok(LogView {
        title: title(tx, chain, zone).await?,
        path: log.path(),
        kinds,
        people: people.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        entries: lines::lines(&rows, &texts, &names, zone),
        next: more.then(|| format!("{}{}", log.path(), self::query(&asked, Some(oldest)))),
        csv: format!("{}.csv{query}", log.path()),
        ndjson: format!("{}.ndjson{query}", log.path()),
        head: printed_head(seq, &head.try_into().unwrap_or(GENESIS)),
        asked,
    })
}

/// What happened, last and by whom.
async fn title(tx: &mut Tx, chain: Uuid, zone: &Zone) -> Result<String, Error> {
    let Some(newest) = store::newest(tx, chain).await? else {
        return Ok("Nothing has been written into this log yet.".to_owned());
    };
    let names = Names::of(tx, std::slice::from_ref(&newest)).await?;
    let at = zone.clock_with_zone(Timestamp(newest.entered_at));
    let who = names.who(&newest);
    let who = if newest.actor.is_none() { who.to_lowercase() } else { who };
    Ok(format!("Last, at {at}, {who} {}.", words::deed(&newest.kind)))
}

/// The filter as it stands in an address.
fn query(asked: &LogAsked, before: Option<i64>) -> String {
    let before = before.map(|seq| seq.to_string()).unwrap_or_default();
    let asked = [
        ("kind", &asked.kind),
        ("person", &asked.person),
        ("from", &asked.from),
        ("until", &asked.until),
        ("before", &before),
    ];
    let given: Vec<_> = asked.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    if given.is_empty() {
        return String::new();
    }
    format!("?{}", serde_html_form::to_string(given).expect("pairs of texts can always be written"))
}

async fn as_csv(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<LogAsked>,
) -> Result<Response, Problem> {
    file(&door, Log::Incident(incident_id(&incident)?), &asked, Format::Csv).await
}

async fn as_lines(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<LogAsked>,
) -> Result<Response, Problem> {
    file(&door, Log::Incident(incident_id(&incident)?), &asked, Format::Lines).await
}

async fn all_as_csv(door: Door, Query(asked): Query<LogAsked>) -> Result<Response, Problem> {
    must_administer_everything(door.actor())?;
    let log = Log::Installation(door.app.installation);
    file(&door, log, &asked, Format::Csv).await
}

async fn all_as_lines(door: Door, Query(asked): Query<LogAsked>) -> Result<Response, Problem> {
    must_administer_everything(door.actor())?;
    let log = Log::Installation(door.app.installation);
    file(&door, log, &asked, Format::Lines).await
}

async fn file(door: &Door, log: Log, asked: &LogAsked, format: Format) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let filter = super::filter(asked, &zone).map_err(Failure::Fields)?;
    let chains = store::with_facts(&mut tx, log.chain()).await?;
    if chains.is_empty() {
        return Err(Problem::not_found("incident"));
    }
    drop(tx);
    Ok(export::stream(&door.app, door.actor(), (chains, filter), format))
}
