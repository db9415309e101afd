//! The doors of neighbours: every hospital with its last word, and one with its history.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    neighbours::{AddNeighbour, CapacityNoted, NeighbourAdded, ReportCapacity},
    time::{Timestamp, Zone, hours_minutes},
    view::neighbours::{NeighbourLine, NeighbourView, NeighboursView, SaidLine},
};
use frontend::pages::neighbours as pages;

use super::{
    ADDERS, REPORTERS, find, may_report,
    store::{self, Hospital, SaidRow},
};
use crate::{
    accounts::store as accounts,
    places::store as places,
    store::Error,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// How many words of the past one page lists.
const PAGE: usize = 50;

/// The routes of neighbours.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<NeighboursView, _>(
            "/neighbours",
            Access::VIEWERS,
            "What our sites and the hospitals around can take",
            all,
        )
        .command::<AddNeighbour, NeighbourAdded, _>(
            "/neighbours",
            Access::Roles(&ADDERS),
            "Add a neighbouring hospital",
            add,
        )
        .page::<NeighbourView, _>(
            "/neighbours/{hospital}",
            Access::VIEWERS,
            "What one hospital says, and said before",
            one,
        )
        .command::<ReportCapacity, CapacityNoted, _>(
            "/neighbours/{hospital}",
            Access::Roles(&REPORTERS),
            "Note what a hospital says of itself",
            report,
        )
}

async fn all(door: Door) -> Result<Response, Problem> {
    all_page(&door, AddNeighbour::default(), Mistakes::default()).await
}

async fn all_page(door: &Door, form: AddNeighbour, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let (zone, now) = (accounts::installation(&mut tx).await?.zone(), door.app.clock.now());
    let last = store::last(&mut tx).await?;
    let mut lines = Vec::new();
    for hospital in store::all(&mut tx).await? {
        let row = last.iter().find(|row| Some(row.neighbour) == hospital.id);
        lines.push(line(hospital, row, now, &zone)?);
    }
    let count = |which: fn(&NeighbourLine) -> bool| {
        i64::try_from(lines.iter().filter(|line| which(line)).count()).unwrap_or(i64::MAX)
    };
    let view = NeighboursView {
        title: pages::title(&lines),
        old: count(|line| line.said.as_ref().is_some_and(|said| said.old)),
        silent: count(|line| line.said.is_none()),
        lines,
        may_add: door.actor().has_everywhere(&ADDERS),
        form,
        request_id: door.request_id(),
        as_of: zone.full(now),
    };
    let title = view.title.clone();
    door.page(tx, &title, view, pages::all, mistakes).await
}

fn line(
    hospital: Hospital,
    row: Option<&SaidRow>,
    now: Timestamp,
    zone: &Zone,
) -> Result<NeighbourLine, Error> {
    let said = row.map(|row| said(row, hospital.old_after_minutes, now, zone)).transpose()?;
    let path = format!("/neighbours/{}", hospital.code);
    Ok(NeighbourLine {
        own: hospital.facility.is_some(),
        path,
        code: hospital.code,
        name: hospital.name,
        said,
    })
}

fn said(row: &SaidRow, old_after: i64, now: Timestamp, zone: &Zone) -> Result<SaidLine, Error> {
    let said = row.capacity()?;
    let age_minutes = now.minutes_since(said.at).max(0);
    Ok(SaidLine {
        emergency: said.emergency,
        words: said.words(),
        since: format!("since {}", zone.clock_with_zone(said.since)),
        beds: said.beds,
        old: said.is_old(now, old_after),
        said_by: said.said_by,
        at: zone.full(said.at),
        age_minutes,
        age: hours_minutes(age_minutes),
    })
}

async fn add(door: Door, input: Input<AddNeighbour>) -> Result<Response, Problem> {
    match door.run(&input, super::add).await {
        Ok(added) => Ok(door.done(&format!("/neighbours/{}", added.code), &added)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| all_page(&door, form, mistakes).await).await
        }
    }
}

/// From where on a history is asked for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Asked {
    /// The last word of the page before, as `TIME:NUMBER`.
    before: String,
}

async fn one(door: Door, Path(code): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    one_page(&door, &code, &asked, None, Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    code: &str,
    asked: &Asked,
    form: Option<ReportCapacity>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let (zone, now) = (accounts::installation(&mut tx).await?.zone(), door.app.clock.now());
    let hospital = find(&mut tx, code).await?;
    let may_report = may_report(door.actor(), &hospital, &places::lattice(&mut tx).await?);
    let before = asked.before.split_once(':').unwrap_or_default();
    let before = (before.0.parse().unwrap_or(i64::MAX), before.1.parse().unwrap_or(i64::MAX));
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let (mut last, mut rows) = (Vec::new(), Vec::new());
    if let Some(id) = hospital.id {
        last = store::history(&mut tx, id, (i64::MAX, i64::MAX), 1).await?;
        rows = store::history(&mut tx, id, before, most).await?;
    }
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more);
    let next = next.map(|row| format!("/neighbours/{}?before={}:{}", hospital.code, row.event_at, row.seq));
    let old_after = hospital.old_after_minutes;
    let history = rows.iter().map(|row| said(row, old_after, now, &zone)).collect::<Result<_, _>>()?;
    let hospital = line(hospital, last.first(), now, &zone)?;
    let view = NeighbourView {
        title: pages::one_title(&hospital),
        hospital,
        history,
        next,
        may_report,
        form: form.unwrap_or_default(),
        request_id: door.request_id(),
    };
    let title = view.title.clone();
    door.page(tx, &title, view, pages::one, mistakes).await
}

async fn report(
    door: Door,
    Path(code): Path<String>,
    input: Input<ReportCapacity>,
) -> Result<Response, Problem> {
    let named = code.clone();
    match door.run(&input, move |app, by, form| super::report(app, by, (named.clone(), form))).await {
        Ok(noted) => Ok(door.done(&format!("/neighbours/{}", noted.hospital), &noted)),
        Err(failure) => {
            let form = Some(input.form);
            door.again(failure, &input.typed, async |mistakes| {
                one_page(&door, &code, &Asked::default(), form, mistakes).await
            })
            .await
        }
    }
}
