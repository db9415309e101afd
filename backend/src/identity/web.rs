//! The doors of downtime numbers.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    id::{IncidentId, NumberId},
    identity::{AddRange, ChangeNumber, Changed, GiveNumbers, Given, RangeAdded},
    view::identity::{IdentityView, NumberView},
};
use frontend::pages::identity as pages;

use super::{
    GIVERS,
    reading::{self, Asked, Typed},
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

/// The routes of downtime numbers.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<IdentityView, _>(
            "/incidents/{incident}/identity",
            Access::VIEWERS,
            "Downtime numbers, and what became of them; by state and site",
            all,
        )
        .command::<GiveNumbers, Given, _>(
            "/incidents/{incident}/identity/numbers",
            Access::Roles(&GIVERS),
            "Give the next number to a patient, or several on paper to a unit",
            give,
        )
        .command::<AddRange, RangeAdded, _>(
            "/incidents/{incident}/identity/ranges",
            Access::Roles(&[Role::Commander]),
            "Add a range that a site holds ready",
            add_range,
        )
        .page::<NumberView, _>(
            "/incidents/{incident}/identity/numbers/{number}",
            Access::VIEWERS,
            "One downtime number",
            one,
        )
        .command::<ChangeNumber, Changed, _>(
            "/incidents/{incident}/identity/numbers/{number}",
            Access::Roles(&GIVERS),
            "Say what becomes of a number, or where it stands; merging takes two people",
            change,
        )
}

async fn all(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    all_page(&door, incident_id(&path)?, (asked, Typed::default()), Mistakes::default()).await
}

async fn all_page(
    door: &Door,
    incident: IncidentId,
    of: (Asked, Typed),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = reading::all(door, &mut tx, incident, of).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::all, mistakes).await
}

async fn give(door: Door, Path(path): Path<String>, input: Input<GiveNumbers>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::give(app, by, (incident, form))).await {
        Ok(given) => {
            let state = if input.form.on_paper.is_blank() { "used" } else { "given_out" };
            Ok(door.done(&format!("/incidents/{incident}/identity?state={state}"), &given))
        }
        Err(failure) => {
            let of = (Asked::default(), Typed { give: input.form, ..Typed::default() });
            door.again(failure, &input.typed, async |mistakes| all_page(&door, incident, of, mistakes).await)
                .await
        }
    }
}

async fn add_range(
    door: Door,
    Path(path): Path<String>,
    input: Input<AddRange>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    match door.run(&input, move |app, by, form| super::add_range(app, by, (incident, form))).await {
        Ok(added) => Ok(door.done(&format!("/incidents/{incident}/identity"), &added)),
        Err(failure) => {
            let of = (Asked::default(), Typed { add: input.form, ..Typed::default() });
            door.again(failure, &input.typed, async |mistakes| all_page(&door, incident, of, mistakes).await)
                .await
        }
    }
}

fn ids((incident, number): &(String, String)) -> Result<(IncidentId, NumberId), Problem> {
    let number = number.parse().map_err(|_| Problem::not_found("number"))?;
    Ok((incident_id(incident)?, number))
}

async fn one(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    one_page(&door, ids(&path)?, ChangeNumber::default(), Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    of: (IncidentId, NumberId),
    change: ChangeNumber,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = reading::one(door, &mut tx, of, change).await?;
    let title = view.title.clone();
    door.incident_page(tx, of.0, &title, view, pages::one, mistakes).await
}

async fn change(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<ChangeNumber>,
) -> Result<Response, Problem> {
    let of = ids(&path)?;
    match door.run(&input, move |app, by, form| super::change(app, by, (of.0, of.1, form))).await {
        Ok(changed) => Ok(door.done(&format!("/incidents/{}/identity/numbers/{}", of.0, of.1), &changed)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| one_page(&door, of, form, mistakes).await)
                .await
        }
    }
}
