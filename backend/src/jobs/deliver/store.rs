//! The SQL of the worker: which worker lives, which gateway rests, and taking a window.

use domain::{
    deliveries::{Channel, State},
    id::BroadcastId,
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    app::App,
    broadcasts::stage::SILENT,
    execute,
    failure::Failure,
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

const ENLIST: &str = "
    INSERT INTO worker (fence, started_at, heartbeat_at)
    SELECT COALESCE(MAX(fence), 0) + 1, $1, $1
    FROM worker
    RETURNING fence";

const END: &str = "
    UPDATE worker
    SET ended_at = $2
    WHERE fence = $1 AND ended_at IS NULL";

/// Takes the next number. The worker that this data folder had before is gone: we have its place.
pub async fn enlist(app: &App) -> Result<i64, Failure> {
    let path = app.config.data.join("worker");
    let before = tokio::fs::read_to_string(&path).await.ok();
    let before: Option<i64> = before.and_then(|text| text.trim().parse().ok());
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if let Some(before) = before {
        execute!(tx, END, before, now.0)?;
    }
    let (fence,) = fetch_one!(tx, (i64,), ENLIST, now.0)?;
    tx.commit().await?;
    if let Err(error) = tokio::fs::write(&path, fence.to_string()).await {
        retire(app, fence).await?;
        return Err(Failure::Broken(format!("the data folder cannot be used: {error}")));
    }
    Ok(fence)
}

const BEAT: &str = "
    UPDATE worker
    SET heartbeat_at = $2
    WHERE fence = $1 AND ended_at IS NULL";

/// Says that the worker lives, and takes over what dead ones were sending; `false` when others have declared it
/// dead.
pub async fn beat(app: &App, fence: i64) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let alive = execute!(tx, BEAT, fence, now.0)? == 1;
    if alive {
        super::books::adopt(app, &mut tx, now).await?;
    }
    tx.commit().await?;
    Ok(alive)
}

/// Signs off: everything it marked is written down.
pub async fn retire(app: &App, fence: i64) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    execute!(tx, END, fence, app.clock.now().0)?;
    tx.commit().await
}

const BURY: &str = "
    UPDATE worker
    SET ended_at = $1
    WHERE ended_at IS NULL AND heartbeat_at < $2";

const ORPHANS: &str = "
    SELECT delivery.id, delivery.broadcast, delivery.channel, delivery.resends, broadcast.sms_again, broadcast.incident
    FROM delivery
    JOIN broadcast ON broadcast.id = delivery.broadcast
    WHERE delivery.state = 'sending' AND delivery.fence IN (
        SELECT fence
        FROM worker
        WHERE ended_at IS NOT NULL
    )
    LIMIT 1000";

/// A delivery whose worker died while sending it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Orphan {
    pub id: Uuid,
    pub broadcast: Uuid,
    pub channel: String,
    pub resends: i64,
    pub sms_again: bool,
    pub incident: Uuid,
}

/// Declares silent workers dead and finds what they left half done.
pub async fn orphans(tx: &mut Tx, now: Timestamp) -> Result<Vec<Orphan>, Error> {
    execute!(tx, BURY, now.0, now.0 - SILENT)?;
    fetch_all!(tx, Orphan, ORPHANS)
}

const MAY_SEND: &str = "
    SELECT fence
    FROM worker
    WHERE fence = $1 AND ended_at IS NULL AND NOT EXISTS (
        SELECT 1
        FROM sending_hold
        WHERE id = 1
    )";

/// Whether this worker may still write, and nobody holds what is to be sent.
pub async fn may_send(tx: &mut Tx, fence: i64) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (i64,), MAY_SEND, fence)?.is_some())
}

const DUE: &str = "
    SELECT broadcast.id
    FROM broadcast
    WHERE broadcast.stage = 'sending' AND broadcast.withdrawn_at IS NULL AND EXISTS (
        SELECT 1
        FROM delivery
        WHERE delivery.broadcast = broadcast.id AND delivery.channel = $1
            AND delivery.state IN ('queued', 'in_doubt') AND delivery.next_at <= $2
    )
    ORDER BY broadcast.sent_at, broadcast.id";

/// The broadcasts with something due, in the order in which they were sent.
pub async fn due(tx: &mut Tx, channel: Channel, now: Timestamp) -> Result<Vec<BroadcastId>, Error> {
    let rows = fetch_all!(tx, (Uuid,), DUE, channel.code(), now.0)?;
    Ok(rows.into_iter().map(|(id,)| BroadcastId(id)).collect())
}

const PAUSED: &str = "
    SELECT paused_until, faults
    FROM gateway
    WHERE name = $1";

/// Until when a gateway rests, and how often in a row it was at fault.
pub async fn paused(tx: &mut Tx, name: &str) -> Result<(Timestamp, i64), Error> {
    let row = fetch_optional!(tx, (i64, i64), PAUSED, name)?;
    Ok(row.map_or((Timestamp(0), 0), |(until, faults)| (Timestamp(until), faults)))
}

/// A gateway that was at fault, and until when it rests.
#[derive(Debug, Clone)]
pub struct Resting {
    pub name: String,
    pub paused_until: Timestamp,
    pub reason: String,
}

const AT_FAULT: &str = "
    SELECT name, paused_until, reason
    FROM gateway
    WHERE faults > 0
    ORDER BY name";

/// The gateways that were at fault and have taken nothing since.
pub async fn at_fault(tx: &mut Tx) -> Result<Vec<Resting>, Error> {
    let rows = fetch_all!(tx, (String, i64, String), AT_FAULT)?;
    let resting = |(name, until, reason)| Resting { name, paused_until: Timestamp(until), reason };
    Ok(rows.into_iter().map(resting).collect())
}

const PAUSE: &str = "
    INSERT INTO gateway (name, paused_until, reason, faults)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO UPDATE
    SET paused_until = excluded.paused_until, reason = excluded.reason, faults = excluded.faults";

/// Lets a gateway rest.
pub async fn pause(
    tx: &mut Tx,
    name: &str,
    until: Timestamp,
    reason: &str,
    faults: i64,
) -> Result<(), Error> {
    execute!(tx, PAUSE, name, until.0, reason, faults).map(|_| ())
}

const RESUME: &str = "
    DELETE FROM gateway
    WHERE name = $1";

/// A gateway works again, or an operator says that it should be tried.
pub async fn resume(tx: &mut Tx, name: &str) -> Result<bool, Error> {
    Ok(execute!(tx, RESUME, name)? > 0)
}

/// A delivery that was marked as being sent.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Marked {
    pub id: Uuid,
    pub state: String,
    pub address: String,
    pub people: String,
    pub token: String,
    pub message_id: String,
    pub doubted_at: Option<i64>,
    pub resends: i64,
    pub attempts: i64,
}

const NEXT: Sql = Sql {
    sqlite: "
    SELECT id, state, address, people, token, message_id, doubted_at, resends, attempts
    FROM delivery
    WHERE broadcast = $1 AND channel = $2 AND state = $3 AND next_at <= $4
    ORDER BY next_at
    LIMIT $5",
    postgres: "
    SELECT id, state, address, people, token, message_id, doubted_at, resends, attempts
    FROM delivery
    WHERE broadcast = $1 AND channel = $2 AND state = $3 AND next_at <= $4
    ORDER BY next_at
    LIMIT $5
    FOR UPDATE SKIP LOCKED",
};

const MARK: Sql = Sql {
    sqlite: "
    UPDATE delivery
    SET state = 'sending', fence = $2, gateway = $3, updated_at = $4, attempts = attempts + 1, events = events + 1,
        resent_at = CASE WHEN state = 'in_doubt' THEN COALESCE(resent_at, $4) ELSE resent_at END,
        resends = CASE WHEN state = 'in_doubt' THEN resends + 1 ELSE resends END
    WHERE id IN (
        SELECT unhex(value)
        FROM json_each($1)
    )",
    postgres: "
    UPDATE delivery
    SET state = 'sending', fence = $2, gateway = $3, updated_at = $4, attempts = attempts + 1, events = events + 1,
        resent_at = CASE WHEN state = 'in_doubt' THEN COALESCE(resent_at, $4) ELSE resent_at END,
        resends = CASE WHEN state = 'in_doubt' THEN resends + 1 ELSE resends END
    WHERE id IN (
        SELECT value::uuid
        FROM json_array_elements_text($1::json)
    )",
};

/// Which window to take, by whom and for which gateway.
#[derive(Debug, Clone, Copy)]
pub struct Take<'a> {
    pub broadcast: BroadcastId,
    pub channel: Channel,
    pub fence: i64,
    pub gateway: &'a str,
    pub most: usize,
    pub now: Timestamp,
}

/// Marks the next window as being sent; what is in doubt goes first.
pub async fn mark(tx: &mut Tx, take: Take<'_>) -> Result<Vec<Marked>, Error> {
    let mut window: Vec<Marked> = Vec::new();
    for state in [State::InDoubt, State::Queued] {
        let left = i64::try_from(take.most - window.len()).unwrap_or(0);
        if left > 0 {
            let (broadcast, channel) = (take.broadcast.0, take.channel.code());
            window.extend(fetch_all!(tx, Marked, NEXT, broadcast, channel, state.code(), take.now.0, left)?);
        }
    }
    if !window.is_empty() {
        let ids: Vec<String> = window.iter().map(|row| row.id.simple().to_string()).collect();
        execute!(tx, MARK, Rows::of(&ids).text(), take.fence, take.gateway, take.now.0)?;
    }
    Ok(window)
}
