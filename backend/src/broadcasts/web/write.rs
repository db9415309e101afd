//! The doors for writing: the list of an incident, the composer, the all clear, and lists of people as files.

use axum::{
    body::Bytes,
    extract::{Multipart, Path, Query},
    response::Response,
};
use domain::{broadcasts::compose::Compose, field::Text, id::IncidentId};
use frontend::pages::broadcasts as page;
use serde::Deserialize;

use super::path;
use crate::{
    broadcasts::{
        all_clear::{self, SayAllClear},
        audience::{self, Upload},
        compose, pages,
    },
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
    },
};

pub(super) async fn list(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    list_page(&door, incident_id(&incident)?, Vec::new(), Mistakes::default()).await
}

async fn list_page(
    door: &Door,
    incident: IncidentId,
    typed: Vec<Text>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = pages::list(&mut tx, &door.app, door.actor(), incident, typed).await?;
    let title = page::list_title(&view);
    door.incident_page(tx, incident, &title, view, page::list, mistakes).await
}

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    template: Text,
    #[serde(default)]
    supersedes: Text,
}

pub(super) async fn show_composer(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let form = Compose { template: asked.template, supersedes: asked.supersedes, ..Compose::default() };
    composer(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn composer(
    door: &Door,
    incident: IncidentId,
    form: Compose,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = pages::composer(&mut tx, &door.app, incident, form).await?;
    door.incident_page(tx, incident, "Compose a broadcast", view, page::compose, mistakes).await
}

pub(super) async fn compose_one(
    door: Door,
    Path(incident): Path<String>,
    input: Input<Compose>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let run = move |app, by, form| compose::compose(app, by, (incident, form));
    match door.run(&input, run).await {
        Ok(composed) => Ok(door.done(&path(incident, composed.broadcast), &composed)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                composer(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}

pub(super) async fn say_all_clear(
    door: Door,
    Path(incident): Path<String>,
    input: Input<SayAllClear>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let run = move |app, by, form| all_clear::compose(app, by, (incident, form));
    match door.run(&input, run).await {
        Ok(composed) => Ok(door.done(&path(incident, composed.broadcast), &composed)),
        Err(failure) => {
            let typed = input.form.audiences;
            let again = async |mistakes| list_page(&door, incident, typed, mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

pub(super) async fn upload(
    door: Door,
    Path(incident): Path<String>,
    mut parts: Multipart,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), "unreadable", format!("The file cannot be read: {}.", error.body_text()))
    };
    let (mut name, mut request_id, mut file) = (String::new(), String::new(), Bytes::new());
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        match part.name().unwrap_or_default() {
            "name" => name = part.text().await.map_err(unreadable)?,
            "request_id" => request_id = part.text().await.map_err(unreadable)?,
            "file" => file = part.bytes().await.map_err(unreadable)?,
            _ => {}
        }
    }
    let input = Input::of_upload(&door, &request_id, &file.clone(), Upload { incident, name, file })?;
    match door.run(&input, audience::upload).await {
        Ok(uploaded) => Ok(door.done(&format!("/incidents/{incident}/broadcasts/new"), &uploaded)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                list_page(&door, incident, Vec::new(), mistakes).await
            })
            .await
        }
    }
}
