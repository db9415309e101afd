//! The doors of cross-checks: what has gaps, the gaps, one gap, the census; and the files of lists.

mod files;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    checks::{CensusSet, Compare, Compared, DecideGap, GapDecided, SetCensus},
    id::IncidentId,
    view::checks::{CensusView, ChecksView, GapView, GapsView},
};
use frontend::pages::checks as pages;
use sqlx::types::Uuid;

use super::{
    CHECKERS as CHECKING,
    show::{self, Asked},
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

const CHECKERS: Access = Access::Roles(&CHECKING);

/// The routes of cross-checks.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<ChecksView, _>(
            "/incidents/{incident}/checks",
            Access::VIEWERS,
            "Cross-checks and their gaps in figures",
            all,
        )
        .command::<Compare, Compared, _>(
            "/incidents/{incident}/checks/compare",
            CHECKERS,
            "Compare the forms that must be there with the sheets that are back",
            compare,
        )
        .page::<GapsView, _>(
            "/incidents/{incident}/checks/gaps",
            CHECKERS,
            "The lines of a check; by kind and state",
            gaps,
        )
        .page::<GapView, _>(
            "/incidents/{incident}/checks/gaps/{line}",
            CHECKERS,
            "One gap with what was done about it",
            show_gap,
        )
        .command::<DecideGap, GapDecided, _>(
            "/incidents/{incident}/checks/gaps/{line}",
            CHECKERS,
            "Take a gap, or bring it to an end",
            decide,
        )
        .page::<CensusView, _>(
            "/incidents/{incident}/checks/census",
            Access::VIEWERS,
            "The census by day",
            show_census,
        )
        .command::<SetCensus, CensusSet, _>(
            "/incidents/{incident}/checks/census",
            CHECKERS,
            "Say how many patients and arrivals a unit had on a day",
            set_census,
        );
    files::routes(routes)
}

async fn all(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    all_page(&door, incident_id(&path)?, Mistakes::default()).await
}

async fn all_page(door: &Door, incident: IncidentId, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::all(door, &mut tx, incident).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::all, mistakes).await
}

async fn compare(door: Door, Path(path): Path<String>, input: Input<Compare>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::compare(app, by, (incident, form))).await {
        Ok(compared) => {
            let next = format!("/incidents/{incident}/checks/gaps?kind=expected_forms&state=open");
            Ok(door.done(&next, &compared))
        }
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| all_page(&door, incident, mistakes).await)
                .await
        }
    }
}

async fn gaps(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let view = show::gaps(&door, &mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::gaps, Mistakes::default()).await
}

fn ids((incident, line): &(String, String)) -> Result<(IncidentId, Uuid), Problem> {
    let line = line.parse().map_err(|_| Problem::not_found("gap"))?;
    Ok((incident_id(incident)?, line))
}

async fn show_gap(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    gap_page(&door, ids(&path)?, DecideGap::default(), Mistakes::default()).await
}

async fn gap_page(
    door: &Door,
    of: (IncidentId, Uuid),
    form: DecideGap,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::gap(door, &mut tx, of, form).await?;
    let title = view.title.clone();
    door.incident_page(tx, of.0, &title, view, pages::gap, mistakes).await
}

async fn decide(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<DecideGap>,
) -> Result<Response, Problem> {
    let of = ids(&path)?;
    match door.run(&input, move |app, by, form| super::decide(app, by, (of.0, of.1, form))).await {
        Ok(decided) => Ok(door.done(&format!("/incidents/{}/checks/gaps/{}", of.0, of.1), &decided)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| gap_page(&door, of, form, mistakes).await)
                .await
        }
    }
}

async fn show_census(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    census_page(&door, incident_id(&path)?, SetCensus::default(), Mistakes::default()).await
}

async fn census_page(
    door: &Door,
    incident: IncidentId,
    form: SetCensus,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::census(door, &mut tx, incident, form).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::census, mistakes).await
}

async fn set_census(
    door: Door,
    Path(path): Path<String>,
    input: Input<SetCensus>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::set_census(app, by, (incident, form))).await {
        Ok(set) => Ok(door.done(&format!("/incidents/{incident}/checks/census"), &set)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                census_page(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}
