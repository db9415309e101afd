//! The public doors: to answer by one's own link, and to check a code.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{broadcasts::GiveAnswer, field::Text};
use frontend::pages::{answer as answer_page, verify as verify_page};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    broadcasts::{answer, pages},
    failure::Failure,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
    },
};

pub(super) async fn show_answer(door: Door, Path(token): Path<String>) -> Result<Response, Problem> {
    answer(&door, &token, GiveAnswer::default(), Mistakes::default()).await
}

async fn answer(door: &Door, token: &str, form: GiveAnswer, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = pages::answer_page(&mut tx, &door.app, token, form).await?;
    let title = answer_page::title(&view);
    door.page(tx, &title, view, answer_page::page, mistakes).await
}

pub(super) async fn give_answer(
    door: Door,
    Path(token): Path<String>,
    input: Input<GiveAnswer>,
) -> Result<Response, Problem> {
    let (app, form, given) = (door.app.clone(), input.form.clone(), token.clone());
    // Tracked: a telephone that loses its line does not lose its answer.
    let task = door.app.spawn(async move { answer::by_link(&app, &given, &form).await });
    match task.await.unwrap_or_else(|panic| Err(Failure::Broken(panic.to_string()))) {
        Ok(answered) => Ok(door.done(&format!("/a/{token}"), &answered)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| answer(&door, &token, form, mistakes).await)
                .await
        }
    }
}

/// Checks a code.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Verify {
    code: Text,
}

pub(super) async fn show_verify(door: Door, Query(asked): Query<Verify>) -> Result<Response, Problem> {
    verified(&door, asked.code.trimmed()).await
}

pub(super) async fn verify(door: Door, input: Input<Verify>) -> Result<Response, Problem> {
    verified(&door, input.form.code.trimmed()).await
}

async fn verified(door: &Door, typed: &str) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = pages::verify(&mut tx, typed).await?;
    let title = verify_page::title(&view);
    door.page(tx, &title, view, verify_page::page, Mistakes::default()).await
}
