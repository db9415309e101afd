//! The ledger of deliveries: every change of one, its event and the tally, written in one transaction. The worker
//! writes what became of a window; a person decides about doubts and about what is too old; a revocation stops the rest.

use std::collections::BTreeMap;

use domain::{
    deliveries::{Channel, State, Step},
    id::{AccountId, BroadcastId, DeliveryId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::store::channel_of;
use crate::{
    app::App,
    execute, fetch_all, fetch_one,
    store::{Error, Rows, Sql, Tx},
};

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

const TALLY: Sql = Sql {
    sqlite: "
    INSERT INTO broadcast_tally (broadcast, channel, state, count)
    SELECT $1, $2, value ->> 0, value ->> 1
    FROM json_each($3)
    WHERE TRUE
    ON CONFLICT (broadcast, channel, state) DO UPDATE
    SET count = broadcast_tally.count + excluded.count",
    postgres: "
    INSERT INTO broadcast_tally (broadcast, channel, state, count)
    SELECT $1, $2, value ->> 0, (value ->> 1)::bigint
    FROM json_array_elements($3::json)
    ON CONFLICT (broadcast, channel, state) DO UPDATE
    SET count = broadcast_tally.count + excluded.count",
};

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
    let moved: Vec<(&str, i64)> = moved.into_iter().filter(|(_, step)| *step != 0).collect();
    execute!(tx, TALLY, broadcast.0, channel.code(), Rows::of(&moved).text()).map(|_| ())
}

/// One more delivery of a broadcast, in the queue.
pub async fn count_one(tx: &mut Tx, broadcast: BroadcastId, channel: Channel) -> Result<(), Error> {
    let one = [(State::Queued.code(), 1)];
    execute!(tx, TALLY, broadcast.0, channel.code(), Rows::of(&one).text()).map(|_| ())
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
            let from = if state == State::Queued.code() { State::Queued } else { State::InDoubt };
            let done = kept_back(id, from, now, "outside its window");
            groups.entry((broadcast, channel)).or_default().push(done);
        }
        if groups.is_empty() {
            return Ok(suppressed);
        }
        for ((broadcast, channel), done) in groups {
            let channel = channel_of(&channel)?;
            let written = record(tx, done, None, now).await?;
            events(tx, BroadcastId(broadcast), channel, &written, None, Some(account), now).await?;
            suppressed += i64::try_from(written.len()).unwrap_or(i64::MAX);
            finish(tx, BroadcastId(broadcast), now).await?;
        }
    }
}

const STOPPED: &str = "
    SELECT broadcast.id, broadcast_tally.channel, broadcast_tally.state
    FROM broadcast
    JOIN broadcast_tally ON broadcast_tally.broadcast = broadcast.id
    WHERE broadcast.withdrawn_at IS NOT NULL AND broadcast_tally.count > 0
        AND broadcast_tally.state IN ('queued', 'in_doubt')
    ORDER BY broadcast.id, broadcast_tally.channel, broadcast_tally.state";

const WAITING: &str = "
    SELECT id
    FROM delivery
    WHERE broadcast = $1 AND channel = $2 AND state = $3
    LIMIT 500";

/// Suppresses what has not left of messages that were taken back, piece by piece, and lets every waiting command go
/// first. What comes back into the queue later (a window under way, a next address) is met by the next turn.
///
/// # Errors
/// When the database does not answer; the next turn goes on.
pub async fn suppress_withdrawn(app: &App) -> Result<bool, Error> {
    let mut tx = app.db.read().await?;
    let stopped = fetch_all!(tx, (Uuid, String, String), STOPPED)?;
    drop(tx);
    let mut any = false;
    for (broadcast, channel, state) in stopped {
        let state = if state == State::Queued.code() { State::Queued } else { State::InDoubt };
        let (broadcast, channel) = (BroadcastId(broadcast), channel_of(&channel)?);
        while suppress_some(app, broadcast, channel, state).await? {
            any = true;
        }
    }
    Ok(any)
}

async fn suppress_some(
    app: &App,
    broadcast: BroadcastId,
    channel: Channel,
    from: State,
) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write_chunk().await?;
    let rows = fetch_all!(tx, (Uuid,), WAITING, broadcast.0, channel.code(), from.code())?;
    let done: Vec<Done> =
        rows.iter().map(|(id,)| kept_back(*id, from, now, "taken back: its clearance was revoked")).collect();
    let written = record(&mut tx, done, None, now).await?;
    events(&mut tx, broadcast, channel, &written, None, None, now).await?;
    finish(&mut tx, broadcast, now).await?;
    tx.commit().await?;
    Ok(!written.is_empty())
}

/// A delivery that shall not be sent any more.
fn kept_back(id: Uuid, from: State, now: Timestamp, why: &str) -> Done {
    let to = from.after(Step::Suppress).expect("what waits can be suppressed");
    Done {
        id: id.simple().to_string(),
        from: from.code(),
        to: to.code(),
        next_at: now.0,
        doubted_at: None,
        reply: why.to_owned(),
        kind: String::new(),
    }
}

const ASKING: &str = "
    SELECT id, channel
    FROM delivery
    WHERE broadcast = $1 AND state = 'in_doubt' AND next_at = $2
    LIMIT 2000";

/// Leaves deliveries in doubt as they are, and asks no more: at most 2,000. Gives how many.
pub async fn leave_in_doubt(
    tx: &mut Tx,
    broadcast: BroadcastId,
    account: AccountId,
    now: Timestamp,
) -> Result<i64, Error> {
    let mut by_channel: BTreeMap<String, Vec<Done>> = BTreeMap::new();
    for (id, channel) in fetch_all!(tx, (Uuid, String), ASKING, broadcast.0, NEVER)? {
        let done = Done { next_at: NEVER, ..kept_back(id, State::InDoubt, now, "left in doubt") };
        by_channel.entry(channel).or_default().push(done);
    }
    let mut left = 0;
    for (channel, done) in by_channel {
        let channel = channel_of(&channel)?;
        let written = record(tx, done, None, now).await?;
        events(tx, broadcast, channel, &written, None, Some(account), now).await?;
        left += i64::try_from(written.len()).unwrap_or(i64::MAX);
    }
    Ok(left)
}
