//! What a manager asks: of my services, what is late or will be, who is not told, and how much time is needed to book
//! everybody again. One grouped statement over the incident's cases.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    id::{FacilityId, IncidentId},
    table,
    time::Timestamp,
    view::{
        cases::CaseFilter,
        services::{EquityLine, FIGURES, ServiceFigure, ServiceLine, ServicesFilter, ServicesView},
    },
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::{file::csv_file, list, reach::Reach, show, web::READERS};
use crate::{
    accounts::store as accounts,
    fetch_all,
    incidents::{store as incidents, web::incident_id},
    store::{Error, Rows, Sql, Tx},
    web::{
        door::{Door, Mistakes},
        problem::Problem,
        routes::Routes,
    },
};

/// The routes of services.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page::<ServicesView, _>(
            "/incidents/{incident}/cases/services",
            READERS,
            "Services: what is late, told, and still to be booked",
            page,
        )
        .file(
            "/incidents/{incident}/cases/services.csv",
            READERS,
            "text/csv",
            "The figures of services as a CSV file",
            file,
        )
}

/// A facility and what day it is there, as they travel to the database.
#[derive(Serialize)]
struct Here {
    id: String,
    day: String,
}

type Line = (Uuid, String, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

// The figures say in SQL what the parts of the list say; a test compares them.
macro_rules! lines {
    ($here:literal) => {
        concat!(
            "
    SELECT facility, service, COUNT(*), COUNT(*) FILTER (WHERE decided = 'kept'),
        COUNT(*) FILTER (WHERE decided = 'cancelled'),
        COUNT(*) FILTER (
            WHERE decided = 'cancelled'
                AND (state IN ('to_contact', 'contacting') OR (state = 'rebooked' AND told = FALSE))),
        COUNT(*) FILTER (WHERE state = 'told'), COUNT(*) FILTER (WHERE state IN ('rebooked', 'seen')),
        COUNT(*) FILTER (WHERE state = 'seen'), COUNT(*) FILTER (WHERE risk_rank = 0),
        COUNT(*) FILTER (
            WHERE state IN ('to_contact', 'contacting', 'told', 'rebooked') AND safe_by < here.day),
        COUNT(*) FILTER (
            WHERE state IN ('to_contact', 'contacting', 'told') AND safe_by >= $3 AND safe_by <= $4),
        CAST(COALESCE(
            SUM(minutes) FILTER (WHERE state IN ('to_contact', 'contacting', 'told')), 0) AS BIGINT),
        COUNT(*) FILTER (WHERE state IN ('to_contact', 'contacting', 'told') AND minutes = 0)
    FROM patient_case
    JOIN ",
            $here,
            " ON here.id = patient_case.facility
    WHERE incident = $1 AND visible = TRUE AND ($5 = '' OR service = $5)
    GROUP BY facility, service
    ORDER BY service, facility"
        )
    };
}

const LINES: Sql = Sql {
    sqlite: lines!("(SELECT unhex(value ->> 'id') AS id, value ->> 'day' AS day FROM json_each($2)) AS here"),
    postgres: lines!("json_to_recordset($2::json) AS here (id UUID, day TEXT)"),
};

macro_rules! equity {
    ($here:literal) => {
        concat!(
            "
    SELECT interpreter, COUNT(*), COUNT(*) FILTER (WHERE told_at <= first_cancelled_at + $3),
        COUNT(*) FILTER (WHERE booked_at <= first_cancelled_at + $4)
    FROM (
        SELECT interpreter, first_cancelled_at,
            (SELECT MIN(at)
            FROM contact_attempt
            WHERE case_id = patient_case.id AND result = 'told' AND at >= first_cancelled_at) AS told_at,
            (SELECT MIN(event_at)
            FROM case_event
            WHERE case_id = patient_case.id AND what = 'rebooked') AS booked_at
        FROM patient_case
        WHERE incident = $1 AND visible = TRUE AND decided = 'cancelled' AND ($5 = '' OR service = $5)
            AND facility IN (",
            $here,
            ")
    ) AS cancelled
    GROUP BY interpreter
    ORDER BY interpreter"
        )
    };
}

const EQUITY: Sql = Sql {
    sqlite: equity!("SELECT unhex(value ->> 'id') FROM json_each($2)"),
    postgres: equity!("SELECT id FROM json_to_recordset($2::json) AS here (id UUID)"),
};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

async fn page(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<ServicesFilter>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let view = read(&door, &mut tx, incident, filter).await?;
    let page = frontend::pages::cases::services;
    door.incident_page(tx, incident, "Services", view, page, Mistakes::default()).await
}

async fn file(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<ServicesFilter>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let view = read(&door, &mut tx, incident, filter).await?;
    let mut header = vec!["site", "service"];
    header.extend(FIGURES.map(|(show, _)| show));
    header.extend(["minutes_to_book", "without_duration", "days"]);
    let cells = |line: ServiceLine| {
        let mut cells = vec![line.site, line.service];
        cells.extend(line.figures.iter().map(|figure| figure.count.to_string()));
        let days = line.days.map(|days| days.to_string()).unwrap_or_default();
        cells.extend([line.minutes.to_string(), line.unknown.to_string(), days]);
        cells
    };
    Ok(csv_file("services.csv", table::write_csv(&header, view.lines.into_iter().map(cells))))
}

async fn read(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    filter: ServicesFilter,
) -> Result<ServicesView, Problem> {
    let now = door.app.clock.now();
    let reach = Reach::of(door, tx).await?;
    let asked = CaseFilter { site: filter.site.clone(), ..CaseFilter::default() };
    let today = show::today(&reach.facilities, &reach.asked(&asked), now);
    let here = today
        .iter()
        .map(|(facility, day)| Here { id: facility.0.simple().to_string(), day: day.to_string() });
    let here = Rows::of(&here.collect::<Vec<_>>());
    let (from, until) = list::nearing(&today);
    let service = filter.service.trim();
    let rows = fetch_all!(tx, Line, LINES, incident.0, here.text(), from, until, service)?;
    let (free, mistake) = free(&filter.free);
    let sites = show::Sites::among(&reach.facilities, &reach.allowed);
    let lines = rows.into_iter().map(|row| line(incident, row, &sites, free)).collect();
    let equity = equity(tx, incident, &here, service).await?;
    let query = serde_html_form::to_string(&filter).unwrap_or_default();
    Ok(ServicesView {
        incident,
        sites: sites.alternatives(),
        mistake,
        lines,
        equity,
        as_of: accounts::installation(tx).await?.zone().full(Timestamp(now.0)),
        csv: format!("/incidents/{incident}/cases/services.csv?{query}"),
        filter,
    })
}

/// Minutes a day that are free, as typed.
fn free(typed: &str) -> (Option<i64>, String) {
    match typed.trim() {
        "" => (None, String::new()),
        typed => match typed.parse() {
            Ok(minutes @ 1..=100_000) => (Some(minutes), String::new()),
            _ => (None, "Write the free minutes a day as a number, as 480.".into()),
        },
    }
}

fn line(incident: IncidentId, row: Line, sites: &show::Sites, free: Option<i64>) -> ServiceLine {
    let (facility, service) = (FacilityId(row.0), row.1);
    let counts = [row.2, row.3, row.4, row.5, row.6, row.7, row.8, row.9, row.10, row.11];
    let figure = |((show, _), count): ((&str, &str), i64)| {
        let filter = CaseFilter {
            show: show.to_owned(),
            site: facility.to_string(),
            service: service.clone(),
            ..CaseFilter::default()
        };
        // An empty service in an address stands for all.
        let path = if service.is_empty() { String::new() } else { list::address(incident, "", &filter) };
        ServiceFigure { show: show.to_owned(), count, path }
    };
    let figures = FIGURES.into_iter().zip(counts).map(figure).collect();
    let (minutes, unknown) = (row.12, row.13);
    // A day that is begun is a day.
    let days = free.map(|free| (minutes + free - 1) / free);
    ServiceLine { facility, site: sites.name(facility).to_owned(), service, figures, minutes, unknown, days }
}

async fn equity(
    tx: &mut Tx,
    incident: IncidentId,
    here: &Rows,
    service: &str,
) -> Result<Vec<EquityLine>, Error> {
    type Row = (bool, i64, i64, i64);
    let rows = fetch_all!(tx, Row, EQUITY, incident.0, here.text(), DAY, 7 * DAY, service)?;
    let line = |(interpreter, cancelled, told, booked): Row| {
        let who = if interpreter { "Needs an interpreter" } else { "English, or not said" };
        EquityLine { who: who.to_owned(), cancelled, told, booked }
    };
    Ok(rows.into_iter().map(line).collect())
}
