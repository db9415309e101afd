//! The SQL of the worker: taking a window, writing down its results, and knowing which worker lives.

use std::collections::BTreeMap;

use domain::{
    deliveries::{Channel, State},
    id::{AccountId, BroadcastId, DeliveryId},
    time::Timestamp,
};
use serde::Serialize;
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
    let before: Option<i64> = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if let Some(before) = before {
        execute!(tx, END, before, now.0)?;
    }
    let (fence,) = fetch_one!(tx, (i64,), ENLIST, now.0)?;
    std::fs::write(&path, fence.to_string())
        .map_err(|error| Failure::Broken(format!("the data folder cannot be used: {error}")))?;
    tx.commit().await?;
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
        super::lane::adopt(&mut tx, now).await?;
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
    SELECT delivery.id, delivery.broadcast, delivery.channel, delivery.resends, broadcast.sms_again
    FROM delivery
    JOIN broadcast ON broadcast.id = delivery.broadcast
    WHERE delivery.state = 'sending' AND delivery.fence IN (
        SELECT fence
        FROM worker
        WHERE ended_at IS NOT NULL
    )
    LIMIT 1000";

/// A delivery whose worker died while sending it.
pub type Orphan = (Uuid, Uuid, String, i64, bool);

/// Declares silent workers dead and finds what they left half done.
pub async fn orphans(tx: &mut Tx, now: Timestamp) -> Result<Vec<Orphan>, Error> {
    execute!(tx, BURY, now.0, now.0 - SILENT)?;
    fetch_all!(tx, Orphan, ORPHANS)
}

const ALIVE: &str = "
    SELECT fence
    FROM worker
    WHERE fence = $1 AND ended_at IS NULL";

/// Whether this worker may still write.
pub async fn alive(tx: &mut Tx, fence: i64) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (i64,), ALIVE, fence)?.is_some())
}

const DUE: &str = "
    SELECT broadcast.id
    FROM broadcast
    WHERE broadcast.stage = 'sending' AND EXISTS (
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

/// What became of one delivery, as it is written down.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// Hexadecimal without hyphens, as bulk statements take it.
    pub id: String,
    pub from: &'static str,
    pub to: &'static str,
    pub next_at: i64,
    pub doubted_at: Option<i64>,
    pub reply: String,
    pub kind: String,
}

const RECORD: Sql = Sql {
    sqlite: "
    UPDATE delivery
    SET state = entry.value ->> 'to', next_at = entry.value ->> 'next_at', reply = entry.value ->> 'reply',
        reply_kind = entry.value ->> 'kind', doubted_at = COALESCE(delivery.doubted_at, entry.value ->> 'doubted_at'),
        events = events + 1, updated_at = $3,
        attempts = CASE WHEN entry.value ->> 'kind' = 'not tried' THEN attempts - 1 ELSE attempts END
    FROM json_each($1) AS entry
    WHERE delivery.id = unhex(entry.value ->> 'id') AND delivery.state = entry.value ->> 'from'
        AND (delivery.fence = $2 OR $2 IS NULL)
    RETURNING delivery.id",
    postgres: "
    UPDATE delivery
    SET state = entry.to_state, next_at = entry.next_at, reply = entry.reply, reply_kind = entry.kind,
        doubted_at = COALESCE(delivery.doubted_at, entry.doubted_at), events = events + 1, updated_at = $3,
        attempts = CASE WHEN entry.kind = 'not tried' THEN attempts - 1 ELSE attempts END
    FROM (
        SELECT (value ->> 'id')::uuid AS id, value ->> 'from' AS from_state, value ->> 'to' AS to_state,
            (value ->> 'next_at')::bigint AS next_at, (value ->> 'doubted_at')::bigint AS doubted_at,
            value ->> 'reply' AS reply, value ->> 'kind' AS kind
        FROM json_array_elements($1::json)
    ) AS entry
    WHERE delivery.id = entry.id AND delivery.state = entry.from_state AND (delivery.fence = $2 OR $2 IS NULL)
    RETURNING delivery.id",
};

/// Writes results of this worker's window down; gives those that were still ours to write.
pub async fn record(
    tx: &mut Tx,
    done: Vec<Done>,
    fence: Option<i64>,
    now: Timestamp,
) -> Result<Vec<Done>, Error> {
    if done.is_empty() {
        return Ok(done);
    }
    let rows = fetch_all!(tx, (Uuid,), RECORD, Rows::of(&done).text(), fence, now.0)?;
    let written: std::collections::HashSet<String> =
        rows.into_iter().map(|(id,)| id.simple().to_string()).collect();
    Ok(done.into_iter().filter(|each| written.contains(&each.id)).collect())
}

const EVENTS: Sql = Sql {
    sqlite: "
    INSERT INTO delivery_event (delivery, ordinal, from_state, to_state, event_at, entered_at, fence, account, reply)
    SELECT delivery.id, delivery.events, entry.value ->> 'from', entry.value ->> 'to', $2, $2, $3, $4,
        entry.value ->> 'reply'
    FROM json_each($1) AS entry
    JOIN delivery ON delivery.id = unhex(entry.value ->> 'id')",
    postgres: "
    INSERT INTO delivery_event (delivery, ordinal, from_state, to_state, event_at, entered_at, fence, account, reply)
    SELECT delivery.id, delivery.events, entry.value ->> 'from', entry.value ->> 'to', $2, $2, $3, $4,
        entry.value ->> 'reply'
    FROM json_array_elements($1::json) AS entry (value)
    JOIN delivery ON delivery.id = (entry.value ->> 'id')::uuid",
};

const TALLY: &str = "
    INSERT INTO broadcast_tally (broadcast, channel, state, count)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (broadcast, channel, state) DO UPDATE
    SET count = broadcast_tally.count + excluded.count";

/// Writes the event of every change and moves the tallies, in a fixed order.
pub async fn events(
    tx: &mut Tx,
    broadcast: BroadcastId,
    channel: Channel,
    changes: &[Done],
    fence: Option<i64>,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    execute!(tx, EVENTS, Rows::of(changes).text(), now.0, fence, account.map(|id| id.0))?;
    let mut moved: BTreeMap<&str, i64> = BTreeMap::new();
    for change in changes {
        *moved.entry(change.from).or_default() -= 1;
        *moved.entry(change.to).or_default() += 1;
    }
    for (state, step) in moved.into_iter().filter(|(_, step)| *step != 0) {
        execute!(tx, TALLY, broadcast.0, channel.code(), state, step)?;
    }
    Ok(())
}

/// One more delivery of a broadcast, in the queue.
pub async fn count_one(tx: &mut Tx, broadcast: BroadcastId, channel: Channel) -> Result<(), Error> {
    execute!(tx, TALLY, broadcast.0, channel.code(), State::Queued.code(), 1_i64).map(|_| ())
}

const FINISH: &str = "
    UPDATE broadcast
    SET stage = 'done', done_at = $2
    WHERE id = $1 AND stage = 'sending'
        AND NOT EXISTS (
            SELECT 1
            FROM broadcast_tally
            WHERE broadcast_tally.broadcast = $1 AND broadcast_tally.count > 0
                AND broadcast_tally.state IN ('queued', 'sending')
        )
        AND NOT EXISTS (
            SELECT 1
            FROM delivery
            WHERE delivery.broadcast = $1 AND delivery.state = 'in_doubt' AND delivery.next_at < $3
        )";

/// A delivery in doubt that waits for a person is never due by itself.
pub const NEVER: i64 = i64::MAX;

/// Ends the sending of a broadcast when nothing of it is open.
pub async fn finish(tx: &mut Tx, broadcast: BroadcastId, now: Timestamp) -> Result<bool, Error> {
    Ok(execute!(tx, FINISH, broadcast.0, now.0, NEVER)? > 0)
}

const PEOPLE: &str = "
    SELECT addresses, unit
    FROM recipient
    WHERE broadcast = $1 AND ordinal = $2";

/// All addresses of one recipient, and the unit.
pub async fn addresses(
    tx: &mut Tx,
    broadcast: BroadcastId,
    ordinal: i64,
) -> Result<(Vec<(Channel, String)>, Option<Uuid>), Error> {
    let (addresses, unit) = fetch_one!(tx, (String, Option<Uuid>), PEOPLE, broadcast.0, ordinal)?;
    let addresses = serde_json::from_str(&addresses).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok((addresses, unit))
}

const REFUSED_ALIKE: &str = "
    SELECT id
    FROM delivery
    WHERE broadcast = $1 AND channel = $2 AND state = 'failed' AND reply_kind = $3 AND updated_at > $4
    LIMIT 1000";

/// Deliveries that failed lately with a refusal that turned out to be the gateway's own.
pub async fn refused_alike(
    tx: &mut Tx,
    broadcast: BroadcastId,
    channel: Channel,
    kind: &str,
    since: Timestamp,
) -> Result<Vec<DeliveryId>, Error> {
    let rows = fetch_all!(tx, (Uuid,), REFUSED_ALIKE, broadcast.0, channel.code(), kind, since.0)?;
    Ok(rows.into_iter().map(|(id,)| DeliveryId(id)).collect())
}

const STALE: &str = "
    SELECT delivery.id, delivery.broadcast, delivery.channel, delivery.state
    FROM delivery
    JOIN broadcast ON broadcast.id = delivery.broadcast
    WHERE broadcast.stage = 'sending' AND broadcast.sent_at < $1 AND delivery.state IN ('queued', 'in_doubt')
        AND delivery.next_at < $2
    LIMIT 2000";

/// Suppresses what was ordered before an instant and has not left; gives how many.
pub async fn suppress_before(
    tx: &mut Tx,
    before: Timestamp,
    account: AccountId,
    now: Timestamp,
) -> Result<i64, Error> {
    let mut suppressed = 0;
    loop {
        let rows = fetch_all!(tx, (Uuid, Uuid, String, String), STALE, before.0, NEVER)?;
        let mut groups: BTreeMap<(Uuid, String), Vec<Done>> = BTreeMap::new();
        for (id, broadcast, channel, state) in rows {
            let from =
                if state == State::Queued.code() { State::Queued.code() } else { State::InDoubt.code() };
            let to = State::Suppressed.code();
            let (reply, kind) = ("outside its window".to_owned(), String::new());
            let done =
                Done { id: id.simple().to_string(), from, to, next_at: now.0, doubted_at: None, reply, kind };
            groups.entry((broadcast, channel)).or_default().push(done);
        }
        if groups.is_empty() {
            return Ok(suppressed);
        }
        for ((broadcast, channel), done) in groups {
            let channel = crate::broadcasts::store::channel_of(&channel)?;
            let written = record(tx, done, None, now).await?;
            events(tx, BroadcastId(broadcast), channel, &written, None, Some(account), now).await?;
            suppressed += i64::try_from(written.len()).unwrap_or(i64::MAX);
            finish(tx, BroadcastId(broadcast), now).await?;
        }
    }
}
