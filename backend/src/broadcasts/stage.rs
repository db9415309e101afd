//! Staging: the rows of a broadcast are written in small chunks that let every waiting command go first, unseen by
//! counts and workers; then one small transaction flips the broadcast to sending.
//!
//! A stage that a crash cut off is dropped and made again: until the switch nobody has got anything.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::{
    broadcasts::{
        Stage, UnitTally,
        audience::{Plan, Planned},
    },
    codes::answer_token,
    deliveries::{Channel, State},
    id::{BroadcastId, DeliveryId, UnitId},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

use super::{
    audience::{self, MemberRow},
    store::{self, BroadcastRow},
};
use crate::{
    app::App,
    execute,
    failure::Failure,
    places::store as places,
    store::{
        Error, Rows, Sql, Tx,
        journal::{self, Chain, Say},
    },
};

/// A chunk lasts no longer than an idle command: nobody who declares or cancels meanwhile notices it.
const CHUNK: Duration = Duration::from_millis(4);
const FEWEST: usize = 50;
const MOST: usize = 2_000;

/// How a stage went, for the bench and the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Staged {
    pub people: usize,
    pub deliveries: usize,
    pub longest_chunk: Duration,
}

/// Writes a staged broadcast's rows and switches it to sending.
///
/// # Errors
/// When the database does not answer; the next turn drops what was written and begins again.
pub async fn stage(app: &App, row: &BroadcastRow, fence: i64) -> Result<Option<Staged>, Failure> {
    if !take(app, row.id, fence).await? {
        return Ok(None);
    }
    drop_leftovers(app, row.id).await?;
    let mut tx = app.db.read().await?;
    let bodies = store::bodies(&mut tx, row.id).await?;
    drop(tx);
    if bodies.len() != Channel::ALL.len() {
        return Err(Failure::Broken("it has no text for one of its channels".into()));
    }
    let plan = audience::plan(&app.db, &row.to).await?;
    let now = app.clock.now();
    let deliveries = deliveries(app, &plan, now);
    let mut longest = Duration::ZERO;
    let people: Vec<MemberRow> =
        (0..).zip(&plan.people).map(|(ordinal, member)| MemberRow::of(ordinal, member)).collect();
    let mut written = in_chunks(app, row.id.0, INSERT_RECIPIENTS, &people, &mut longest).await?;
    written += in_chunks(app, row.id.0, INSERT_DELIVERIES, &deliveries, &mut longest).await?;
    let expected = plan.people.len() + deliveries.len();
    if written != u64::try_from(expected).unwrap_or(u64::MAX) {
        return Err(Failure::Broken(format!("{written} of {expected} rows were staged")));
    }
    if !switch(app, row, &plan, &deliveries, fence).await? {
        return Ok(None);
    }
    let staged = Staged { people: plan.people.len(), deliveries: deliveries.len(), longest_chunk: longest };
    tracing::info!(
        people = staged.people,
        deliveries = staged.deliveries,
        longest_chunk_us = longest.as_micros(),
        "broadcast staged"
    );
    Ok(Some(staged))
}

const TAKE: &str = "
    UPDATE broadcast
    SET stager = $2
    WHERE id = $1 AND stage = 'staged' AND (stager IS NULL OR stager = $2 OR stager NOT IN (
        SELECT fence
        FROM worker
        WHERE ended_at IS NULL AND heartbeat_at > $3
    ))";

/// A worker that has not been heard of for so long is dead.
pub const SILENT: i64 = 15_000_000;

async fn take(app: &App, id: BroadcastId, fence: i64) -> Result<bool, Error> {
    let mut tx = app.db.write().await?;
    let taken = execute!(tx, TAKE, id.0, fence, app.clock.now().0 - SILENT)?;
    tx.commit().await?;
    Ok(taken == 1)
}

const DROP_DELIVERIES: &str = "
    DELETE FROM delivery
    WHERE id IN (
        SELECT id
        FROM delivery
        WHERE broadcast = $1
        LIMIT 1000
    )";

const DROP_RECIPIENTS: &str = "
    DELETE FROM recipient
    WHERE broadcast = $1 AND ordinal IN (
        SELECT ordinal
        FROM recipient
        WHERE broadcast = $1
        LIMIT 1000
    )";

async fn drop_leftovers(app: &App, id: BroadcastId) -> Result<(), Error> {
    for sql in [DROP_DELIVERIES, DROP_RECIPIENTS] {
        loop {
            let mut tx = app.db.write_chunk().await?;
            let dropped = execute!(tx, sql, id.0)?;
            tx.commit().await?;
            if dropped == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// One delivery as a bulk statement takes it.
#[derive(Serialize)]
struct DeliveryRow {
    id: String,
    channel: &'static str,
    address: String,
    people: String,
    unit: Option<String>,
    token: String,
    message_id: String,
    at: i64,
}

fn deliveries(app: &App, plan: &Plan, now: Timestamp) -> Vec<DeliveryRow> {
    let host = super::mail_host(&app.config.mail_from);
    plan.deliveries.iter().map(|planned| delivery_row(app, planned, &host, now)).collect()
}

fn delivery_row(app: &App, planned: &Planned, host: &str, now: Timestamp) -> DeliveryRow {
    let id: DeliveryId = app.clock.id();
    DeliveryRow {
        id: id.0.simple().to_string(),
        channel: planned.channel.code(),
        address: planned.address.clone(),
        people: serde_json::to_string(&planned.people).expect("numbers serialise"),
        unit: planned.unit.map(|unit| unit.0.simple().to_string()),
        token: answer_token(app.clock.bytes()),
        message_id: format!("<{}@{host}>", id.0.simple()),
        at: now.0,
    }
}

const INSERT_RECIPIENTS: Sql = Sql {
    sqlite: "
    INSERT INTO recipient (broadcast, ordinal, person, name, unit, on_duty, lead, addresses)
    SELECT $1, value ->> 'ordinal', unhex(value ->> 'person'), value ->> 'name', unhex(value ->> 'unit'),
        value ->> 'on_duty', value ->> 'lead', value ->> 'addresses'
    FROM json_each($2)",
    postgres: "
    INSERT INTO recipient (broadcast, ordinal, person, name, unit, on_duty, lead, addresses)
    SELECT $1, ordinal, person::uuid, name, unit::uuid, on_duty, lead, addresses
    FROM json_to_recordset($2::json)
        AS row (ordinal BIGINT, person TEXT, name TEXT, unit TEXT, on_duty BOOLEAN, lead BOOLEAN, addresses TEXT)",
};

const INSERT_DELIVERIES: Sql = Sql {
    sqlite: "
    INSERT INTO delivery (broadcast, id, channel, address, people, unit, token, message_id, state, next_at, updated_at)
    SELECT $1, unhex(value ->> 'id'), value ->> 'channel', value ->> 'address', value ->> 'people',
        unhex(value ->> 'unit'), value ->> 'token', value ->> 'message_id', 'queued', value ->> 'at', value ->> 'at'
    FROM json_each($2)
    WHERE TRUE
    ON CONFLICT (broadcast, channel, address) DO NOTHING",
    postgres: "
    INSERT INTO delivery (broadcast, id, channel, address, people, unit, token, message_id, state, next_at, updated_at)
    SELECT $1, id::uuid, channel, address, people, unit::uuid, token, message_id, 'queued', at, at
    FROM json_to_recordset($2::json) AS row (
        id TEXT, channel TEXT, address TEXT, people TEXT, unit TEXT, token TEXT, message_id TEXT, at BIGINT)
    ON CONFLICT (broadcast, channel, address) DO NOTHING",
};

/// Adds one more delivery, to a next address; nothing when the address has one already.
///
/// # Errors
/// When the database does not answer.
pub async fn add(
    app: &App,
    tx: &mut Tx,
    broadcast: BroadcastId,
    planned: &Planned,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = delivery_row(app, planned, &super::mail_host(&app.config.mail_from), now);
    Ok(execute!(tx, INSERT_DELIVERIES, broadcast.0, Rows::of(&[row]).text())? == 1)
}

/// Writes rows in chunks whose size follows the time that the last one took.
pub(super) async fn in_chunks<T: Serialize>(
    app: &App,
    of: Uuid,
    sql: Sql,
    rows: &[T],
    longest: &mut Duration,
) -> Result<u64, Error> {
    let (mut rest, mut size, mut written) = (rows, FEWEST, 0);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        let text = Rows::of(chunk);
        let mut tx = app.db.write_chunk().await?;
        let began = Instant::now();
        written += execute!(tx, sql, of, text.text())?;
        tx.commit().await?;
        let took = began.elapsed();
        *longest = took.max(*longest);
        size = next_size(size, took);
        rest = after;
    }
    Ok(written)
}

fn next_size(size: usize, took: Duration) -> usize {
    let scaled = match took.as_micros() {
        0 => size * 2,
        took => {
            size * usize::try_from(CHUNK.as_micros() / 2).unwrap_or(1)
                / usize::try_from(took).unwrap_or(usize::MAX)
        }
    };
    // Grows by steps and shrinks at once.
    scaled.min(size * 2).clamp(FEWEST, MOST)
}

const SWITCH: &str = "
    UPDATE broadcast
    SET stage = 'sending', switched_at = $2, people = $3, deliveries = $4, staged_hash = $5
    WHERE id = $1 AND stage = 'staged' AND stager = $6";

const INSERT_UNITS: Sql = Sql {
    sqlite: "
    INSERT INTO broadcast_unit (broadcast, unit, people, on_duty)
    SELECT $1, unhex(value ->> 'unit'), value ->> 'people', value ->> 'on_duty'
    FROM json_each($2)",
    postgres: "
    INSERT INTO broadcast_unit (broadcast, unit, people, on_duty)
    SELECT $1, unit::uuid, people, on_duty
    FROM json_to_recordset($2::json) AS row (unit TEXT, people BIGINT, on_duty BIGINT)",
};

const INSERT_TALLY: &str = "
    INSERT INTO broadcast_tally (broadcast, channel, state, count)
    VALUES ($1, $2, $3, $4)";

#[derive(Serialize)]
struct UnitCount {
    unit: String,
    people: i64,
    on_duty: i64,
}

async fn switch(
    app: &App,
    row: &BroadcastRow,
    plan: &Plan,
    deliveries: &[DeliveryRow],
    fence: i64,
) -> Result<bool, Failure> {
    let mut tx = app.db.read().await?;
    let closed = places::closed(&mut tx).await?;
    drop(tx);
    let mut units: BTreeMap<UnitId, UnitTally> = BTreeMap::new();
    for member in &plan.people {
        let Some(unit) = member.unit else { continue };
        // Nobody can answer for a closed unit of which nobody is told.
        if closed.contains(&unit) && member.addresses.is_empty() {
            continue;
        }
        let tally = units.entry(unit).or_default();
        tally.people += 1;
        tally.on_duty += i64::from(member.on_duty);
    }
    let counts: Vec<UnitCount> = units
        .iter()
        .map(|(unit, tally)| UnitCount {
            unit: unit.0.simple().to_string(),
            people: tally.people,
            on_duty: tally.on_duty,
        })
        .collect();
    let mut queued: BTreeMap<&str, i64> = BTreeMap::new();
    let mut hash = Sha256::new();
    let mut ids: Vec<&str> = deliveries.iter().map(|delivery| delivery.id.as_str()).collect();
    ids.sort_unstable();
    for id in &ids {
        hash.update(id);
    }
    for delivery in deliveries {
        *queued.entry(delivery.channel).or_default() += 1;
    }
    let hash: [u8; 32] = hash.finalize().into();
    let mut decision = journal::begin_by_program(app, Chain::Incident(row.incident)).await?;
    let id: Uuid = row.id.0;
    let people = i64::try_from(plan.people.len()).unwrap_or(i64::MAX);
    let count = i64::try_from(deliveries.len()).unwrap_or(i64::MAX);
    let at = decision.at.0;
    if execute!(decision.tx, SWITCH, id, at, people, count, &hash[..], fence)? != 1 {
        drop(decision);
        return not_ours(app, row.id).await.map(|()| false);
    }
    execute!(decision.tx, INSERT_UNITS, id, Rows::of(&counts).text())?;
    for (channel, count) in queued {
        execute!(decision.tx, INSERT_TALLY, id, channel, State::Queued.code(), count)?;
    }
    let say = Say {
        kind: "broadcast.switched",
        subject: format!("broadcast:{}", row.id),
        data: json!({ "people": people, "deliveries": count, "sha256": hex::encode(hash) }),
        ..Say::default()
    };
    decision.append(app, say).await?;
    decision.commit(app, &()).await?;
    Ok(true)
}

/// Another worker has taken this stage over, or the message was taken back meanwhile: then its rows go as well.
async fn not_ours(app: &App, id: BroadcastId) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let now = store::find(&mut tx, id).await?;
    drop(tx);
    if now.is_some_and(|now| now.stage == Stage::Discarded) {
        drop_leftovers(app, id).await?;
    }
    Ok(())
}

/// After so many tries a broadcast that cannot be prepared is given up, so that somebody sees it and writes another.
const MOST_TRIES: i64 = 10;

/// Notes that a broadcast could not be prepared. What is wrong with the database or the disk is not held against it.
pub async fn stumble(app: &App, id: BroadcastId, failure: &Failure) {
    tracing::error!(broadcast = %id, "a broadcast could not be prepared: {failure}");
    let own =
        matches!(failure, Failure::Broken(_) | Failure::Store(Error::Corrupt(_) | Error::Constraint(..)));
    if own && let Err(again) = count_try(app, id, failure).await {
        tracing::error!(broadcast = %id, "that could not be noted: {again}");
    }
}

async fn count_try(app: &App, id: BroadcastId, failure: &Failure) -> Result<(), Failure> {
    let mut tx = app.db.write().await?;
    let stumbled = store::stumbled(&mut tx, id, &failure.to_string()).await?;
    tx.commit().await?;
    let Some((incident, tries)) = stumbled.filter(|(_, tries)| *tries >= MOST_TRIES) else { return Ok(()) };
    let mut decision = journal::begin_by_program(app, Chain::Incident(incident)).await?;
    if store::give_up(&mut decision.tx, id).await? {
        let (kind, subject) = ("broadcast.failed", format!("broadcast:{id}"));
        decision
            .append(app, Say { kind, subject, data: json!({ "tries": tries }), ..Say::default() })
            .await?;
        decision.commit(app, &()).await?;
    }
    Ok(())
}
