//! The doors of orders: the matrix with its form, issuing, lifting, approving.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    id::{IncidentId, InstructionId},
    instructions::{Approve, Issue, Issued, Lift},
    scope::Place,
    view::instructions::InstructionsView,
};
use serde::Deserialize;

use super::matrix;
use crate::{
    incidents::{store as incidents, web::incident_id},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COMMANDERS: Access = Access::Roles(&[Role::Commander]);
const SECOND: Access = Access::Roles(&[Role::Commander, Role::Communicator]);

/// The routes of orders.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<InstructionsView, _>(
            "/incidents/{incident}/instructions",
            Access::VIEWERS,
            "Orders by system and site",
            show,
        )
        .command::<Issue, Issued, _>(
            "/incidents/{incident}/instructions",
            COMMANDERS,
            "Issue an order",
            issue,
        )
        .command::<Lift, Issued, _>(
            "/incidents/{incident}/instructions/{instruction}/lift",
            COMMANDERS,
            "End an order, with a reason",
            lift,
        )
        .command::<Approve, Issued, _>(
            "/incidents/{incident}/instructions/{instruction}/approve",
            SECOND,
            "Approve or reject, as the second person, an order or a text that waits",
            approve,
        )
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    system: String,
}

async fn show(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.app.db.read().await?;
    let own = incidents::places(&mut tx, incident)
        .await?
        .first()
        .map_or_else(|| "all".to_owned(), Place::to_string);
    drop(tx);
    let typed = Issue { system: asked.system.into(), place: own.into(), ..Issue::default() };
    page(&door, incident, typed, Mistakes::default()).await
}

async fn page(
    door: &Door,
    incident: IncidentId,
    typed: Issue,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let view = matrix::read(&door.app, &mut tx, (incident, door.actor()), typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::instructions::body, mistakes).await
}

async fn issue(door: Door, Path(incident): Path<String>, input: Input<Issue>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let use_case = move |app, by, form| super::issue(app, by, (incident, form));
    match door.run(&input, use_case).await {
        Ok(issued) => Ok(door.done(&path(incident), &issued)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| page(&door, incident, form, mistakes).await)
                .await
        }
    }
}

async fn lift(
    door: Door,
    Path((incident, id)): Path<(String, String)>,
    input: Input<Lift>,
) -> Result<Response, Problem> {
    let (incident, id) = (incident_id(&incident)?, instruction_id(&id)?);
    let use_case = move |app, by, form| super::lift(app, by, (incident, id, form));
    answer(&door, incident, &input.typed, door.run(&input, use_case).await).await
}

async fn approve(
    door: Door,
    Path((incident, id)): Path<(String, String)>,
    input: Input<Approve>,
) -> Result<Response, Problem> {
    let (incident, id) = (incident_id(&incident)?, instruction_id(&id)?);
    let use_case = move |app, by, form| super::approve(app, by, (incident, id, form));
    answer(&door, incident, &input.typed, door.run(&input, use_case).await).await
}

/// Back to the matrix, or the matrix again with what is wrong.
async fn answer(
    door: &Door,
    incident: IncidentId,
    typed: &[(String, String)],
    outcome: Result<Issued, crate::failure::Failure>,
) -> Result<Response, Problem> {
    match outcome {
        Ok(issued) => Ok(door.done(&path(incident), &issued)),
        Err(failure) => {
            let again = async |mistakes| page(door, incident, Issue::default(), mistakes).await;
            door.again(failure, typed, again).await
        }
    }
}

fn path(incident: IncidentId) -> String {
    format!("/incidents/{incident}/instructions")
}

fn instruction_id(text: &str) -> Result<InstructionId, Problem> {
    text.parse().map_err(|_| Problem::not_found("instruction"))
}
