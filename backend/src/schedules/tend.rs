//! What is done about schedules by itself each minute: those that are too old are deleted, those that wait are read
//! with columns chosen since, and monitors learn how it stands.
//!
//! Each is deleted when it has been here for as long as the settings say, the newest one too: patients are not kept for
//! longer than was promised, and what was booked two weeks ago says nothing about today. That exports have stopped is
//! said long before. One thing holds a schedule: a real downtime that is open, is offered it and has no other yet.

use domain::{
    id::StandingId,
    schedules::{self as rules, State},
    time::Timestamp,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{columns, files, store};
use crate::{
    app::App,
    failure::Failure,
    store::{
        Tx,
        journal::{self, Chain, Say},
    },
};

/// Longer than keeping any file takes.
const STAGE_MINUTES: i64 = 60;

/// Parts that are deleted in one transaction.
const CHUNK: i64 = 8;

/// How long is remembered what became of a file. One that lies in a folder for longer is too old to be taken.
const REMEMBER_MINUTES: i64 = 400 * 24 * 60;

/// How long a schedule is kept.
pub fn keep_minutes(app: &App) -> i64 {
    i64::from(app.config.schedule_keep_days) * 24 * 60
}

/// Does all of it once.
///
/// # Errors
/// When the database does not answer; the next turn does it again.
pub async fn once(app: App) -> Result<(), Failure> {
    delete_what_is_too_old(&app).await?;
    drop_what_was_left(&app).await?;
    let mut tx = app.db.write().await?;
    files::forget(&mut tx, app.clock.now().plus_minutes(-REMEMBER_MINUTES)).await?;
    tx.commit().await?;
    columns::apply_saved(&app).await?;
    let mut tx = app.db.read().await?;
    let health = super::show::health(&app, &mut tx).await?;
    drop(tx);
    app.schedules.set_health(health);
    Ok(())
}

/// The schedules that stay although their time is over.
pub(super) async fn held(
    tx: &mut Tx,
    all: &[store::Standing],
) -> Result<std::collections::BTreeSet<StandingId>, Failure> {
    let starts = store::starts_without_schedule(tx).await?;
    let ready: Vec<(StandingId, Timestamp)> =
        all.iter().filter(|each| each.state == State::Ready).map(|each| (each.id, each.as_of)).collect();
    Ok(rules::held(&ready, &starts))
}

async fn too_old(tx: &mut Tx, now: Timestamp) -> Result<Vec<StandingId>, Failure> {
    let all = store::all(tx).await?;
    let held = held(tx, &all).await?;
    let mut old: Vec<StandingId> = store::too_old(tx, now).await?.into_iter().map(|each| each.id).collect();
    old.retain(|id| !held.contains(id));
    old.sort();
    Ok(old)
}

/// One entry of the log hides them all; their parts go afterwards, some at a time.
async fn delete_what_is_too_old(app: &App) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let nothing = too_old(&mut tx, app.clock.now()).await?.is_empty();
    drop(tx);
    if nothing {
        return Ok(());
    }
    let mut decision = journal::begin_by_program(app, Chain::Installation).await?;
    let now = decision.at;
    let mut gone = Vec::new();
    for id in too_old(&mut decision.tx, now).await? {
        if store::forget(&mut decision.tx, id).await? {
            gone.push(id);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = gone.iter().map(ToString::to_string).collect();
    let data = json!({ "schedules": ids.len(), "sha256": hex::encode(Sha256::digest(ids.join("\n"))) });
    decision.append(app, Say { kind: "standing.forgotten", data, ..Say::default() }).await?;
    Ok(decision.commit(app, &()).await?)
}

/// What a crash has left behind, and what was hidden just now.
async fn drop_what_was_left(app: &App) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let left = store::left_behind(&mut tx, app.clock.now().plus_minutes(-STAGE_MINUTES)).await?;
    drop(tx);
    for id in left {
        drop_staged(app, id).await?;
    }
    Ok(())
}

/// Deletes what nobody sees, some parts at a time.
pub(super) async fn drop_staged(app: &App, id: StandingId) -> Result<(), Failure> {
    loop {
        let mut tx = app.db.write_chunk().await?;
        let dropped = store::drop_parts(&mut tx, id, CHUNK).await?;
        if dropped == 0 {
            store::drop_staged(&mut tx, id).await?;
            tx.commit().await?;
            return Ok(());
        }
        tx.commit().await?;
    }
}
