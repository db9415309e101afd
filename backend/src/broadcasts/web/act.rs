//! The doors for acting on one broadcast, and on sending as a whole.

use axum::{extract::Path, response::Response};
use domain::id::{BroadcastId, IncidentId};
use frontend::pages::broadcasts as page;

use super::{ids, path};
use crate::{
    broadcasts::{
        decide,
        hold::{self, Release},
        pages,
        send::{self, Act, Ordered},
    },
    failure::Failure,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
    },
};

pub(super) async fn show(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    one(&door, incident, broadcast, Mistakes::default()).await
}

async fn one(
    door: &Door,
    incident: IncidentId,
    broadcast: BroadcastId,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = pages::one(&mut tx, &door.app, door.actor(), (incident, broadcast)).await?;
    let title = page::one_title(&view);
    door.incident_page(tx, incident, &title, view, page::one, mistakes).await
}

/// Runs an act on a broadcast and leads back to its page.
async fn act<U, R>(
    door: Door,
    input: Input<Act>,
    ids: (IncidentId, BroadcastId),
    use_case: U,
) -> Result<Response, Problem>
where
    U: Fn(crate::app::App, crate::store::journal::By, (IncidentId, BroadcastId, Act)) -> R
        + Send
        + Copy
        + 'static,
    R: Future<Output = Result<Ordered, Failure>> + Send + 'static,
{
    let (incident, broadcast) = ids;
    let run = move |app, by, form| use_case(app, by, (incident, broadcast, form));
    match door.run(&input, run).await {
        Ok(ordered) => Ok(door.done(&path(incident, broadcast), &ordered)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                one(&door, incident, broadcast, mistakes).await
            })
            .await
        }
    }
}

pub(super) async fn order_one(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<Act>,
) -> Result<Response, Problem> {
    act(door, input, ids(&incident, &broadcast)?, send::send).await
}

pub(super) async fn approve_one(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<Act>,
) -> Result<Response, Problem> {
    act(door, input, ids(&incident, &broadcast)?, send::approve).await
}

pub(super) async fn discard_one(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<Act>,
) -> Result<Response, Problem> {
    act(door, input, ids(&incident, &broadcast)?, send::discard).await
}

pub(super) async fn decide_doubts(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<decide::Doubts>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let decided =
        door.run(&input, move |app, by, form| decide::doubts(app, by, (incident, broadcast, form))).await?;
    Ok(door.done(&format!("{}/deliveries?state=in_doubt", path(incident, broadcast)), &decided))
}

pub(super) async fn release(door: Door, input: Input<Release>) -> Result<Response, Problem> {
    let released = door.run(&input, hold::release).await?;
    Ok(door.done("/incidents", &released))
}

pub(super) async fn resume(door: Door, input: Input<decide::TryGateway>) -> Result<Response, Problem> {
    let decided = door.run(&input, decide::try_gateway).await?;
    Ok(door.done("/incidents", &decided))
}
