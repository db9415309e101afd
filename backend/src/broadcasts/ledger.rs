//! The ledger: one line for each address, filtered by the address of the page, by key and never by offset.

use std::collections::BTreeMap;

use domain::{
    broadcasts::text::{Links, as_sent},
    deliveries::{Channel, State, words},
    id::{BroadcastId, DeliveryId},
    time::{Timestamp, Zone},
    view::broadcasts::DeliveryLine,
};
use sqlx::types::Uuid;

use super::{deliveries::NEVER, store};
use crate::{
    app::App,
    execute, fetch_all, fetch_one,
    store::{Error, Rows, Sql, Tx},
};

/// Lines on one page.
pub const PAGE: i64 = 100;

#[derive(Debug, Clone, sqlx::FromRow)]
struct Kept {
    id: Uuid,
    channel: String,
    address: String,
    people: String,
    token: String,
    message_id: String,
    state: String,
    attempts: i64,
    gateway: String,
    reply: String,
    doubted_at: Option<i64>,
    resent_at: Option<i64>,
    updated_at: i64,
}

/// Which lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub channel: Option<Channel>,
    pub after: Option<Uuid>,
    pub most: i64,
}

const LIST: &str = "
    SELECT id, channel, address, people, token, message_id, state, attempts, gateway, reply, doubted_at, resent_at,
        updated_at
    FROM delivery
    WHERE broadcast = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR channel = $3) AND id > $4
    ORDER BY id
    LIMIT $5";

const NAMES: Sql = Sql {
    sqlite: "
    SELECT ordinal, name
    FROM recipient
    WHERE broadcast = $1 AND ordinal IN (
        SELECT value
        FROM json_each($2)
    )",
    postgres: "
    SELECT ordinal, name
    FROM recipient
    WHERE broadcast = $1 AND ordinal IN (
        SELECT value::bigint
        FROM json_array_elements_text($2::json)
    )",
};

/// The lines of a filter, in the order of their ids.
pub async fn lines(
    tx: &mut Tx,
    broadcast: BroadcastId,
    filter: Filter,
    zone: &Zone,
) -> Result<Vec<DeliveryLine>, Error> {
    let state = filter.state.map_or("", State::code);
    let channel = filter.channel.map_or("", Channel::code);
    let after = filter.after.unwrap_or(Uuid::nil());
    let rows = fetch_all!(tx, Kept, LIST, broadcast.0, state, channel, after, filter.most)?;
    let mut ordinals: Vec<i64> = Vec::new();
    for row in &rows {
        ordinals.extend(people(row)?);
    }
    let names = fetch_all!(tx, (i64, String), NAMES, broadcast.0, Rows::of(&ordinals).text())?;
    let names: BTreeMap<i64, String> = names.into_iter().collect();
    rows.into_iter().map(|row| line(row, &names, zone)).collect()
}

fn people(row: &Kept) -> Result<Vec<i64>, Error> {
    serde_json::from_str(&row.people).map_err(|error| Error::Corrupt(error.to_string()))
}

fn line(row: Kept, names: &BTreeMap<i64, String>, zone: &Zone) -> Result<DeliveryLine, Error> {
    let state = State::from_code(&row.state)
        .ok_or_else(|| Error::Corrupt(format!("a delivery is {:?}", row.state)))?;
    let people = people(&row)?.into_iter().filter_map(|ordinal| names.get(&ordinal).cloned()).collect();
    Ok(DeliveryLine {
        id: row.id.to_string(),
        channel: store::channel_of(&row.channel)?,
        address: row.address,
        people,
        state,
        words: words(state, row.doubted_at.is_some(), row.resent_at.is_some()),
        gateway: row.gateway,
        reply: row.reply,
        attempts: row.attempts,
        message_id: row.message_id,
        updated: zone.clock_seconds(Timestamp(row.updated_at)),
    })
}

const ONE: &str = "
    SELECT id, channel, address, people, token, message_id, state, attempts, gateway, reply, doubted_at, resent_at,
        updated_at
    FROM delivery
    WHERE broadcast = $1 AND id = $2";

const EVENTS: &str = "
    SELECT from_state, to_state, event_at, reply
    FROM delivery_event
    WHERE delivery = $1
    ORDER BY ordinal";

/// One delivery with its message as it left, and its history in words.
pub async fn one(
    app: &App,
    tx: &mut Tx,
    broadcast: BroadcastId,
    delivery: DeliveryId,
    zone: &Zone,
) -> Result<Option<(DeliveryLine, String, String, Vec<String>)>, Error> {
    let rows = fetch_all!(tx, Kept, ONE, broadcast.0, delivery.0)?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let ordinals = people(&row)?;
    let names = fetch_all!(tx, (i64, String), NAMES, broadcast.0, Rows::of(&ordinals).text())?;
    let bodies = store::bodies(tx, broadcast).await?;
    let body = bodies.into_iter().find(|body| body.channel.code() == row.channel);
    let body = body.ok_or_else(|| Error::Corrupt("a broadcast has no body for this channel".into()))?;
    let base = app.config.base_url();
    let links = Links { base: &base, token: &row.token, shared: ordinals.len() > 1 };
    let text = as_sent(&body, links, row.resent_at.is_some());
    let events = fetch_all!(tx, (String, String, i64, String), EVENTS, delivery.0)?;
    let events = events
        .into_iter()
        .map(|(from, to, at, reply)| {
            format!("{} {from} to {to} {reply}", zone.clock_seconds(Timestamp(at))).trim().to_owned()
        })
        .collect();
    let line = line(row, &names.into_iter().collect(), zone)?;
    Ok(Some((line, body.subject, text, events)))
}

const ASKS: &str = "
    SELECT COUNT(*)
    FROM delivery
    WHERE broadcast = $1 AND state = 'in_doubt' AND next_at = $2";

/// Deliveries in doubt that wait for a person.
pub async fn asks(tx: &mut Tx, broadcast: BroadcastId) -> Result<i64, Error> {
    fetch_one!(tx, (i64,), ASKS, broadcast.0, NEVER).map(|(count,)| count)
}

const SEND_AGAIN: &str = "
    UPDATE delivery
    SET next_at = $2
    WHERE broadcast = $1 AND state = 'in_doubt' AND next_at = $3";

const WAKE: &str = "
    UPDATE broadcast
    SET stage = 'sending', done_at = NULL
    WHERE id = $1 AND stage = 'done'";

/// Lets what is in doubt go again; gives how many.
pub async fn send_again(tx: &mut Tx, broadcast: BroadcastId, now: Timestamp) -> Result<u64, Error> {
    let count = execute!(tx, SEND_AGAIN, broadcast.0, now.0, NEVER)?;
    execute!(tx, WAKE, broadcast.0)?;
    Ok(count)
}
