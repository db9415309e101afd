//! The SQL of the audit: which broadcasts, and the figures of one. Everything is counted where it lies.

use std::collections::BTreeMap;

use domain::{
    broadcasts::Stage,
    deliveries::{
        Channel, State,
        audit::{Asked, Counts, Figures, LEASE_MINUTES, UnderWay, Worker},
    },
    id::{BroadcastId, IncidentId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::About;
use crate::{
    broadcasts::store::{channel_of, stage_of, state_of, tally},
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

const DAY_MINUTES: i64 = 24 * 60;

const LISTED: &str = "
    SELECT broadcast.id, broadcast.incident, broadcast.number, incident.name, broadcast.stage, broadcast.captured,
        broadcast.done_at
    FROM broadcast
    JOIN incident ON incident.id = broadcast.incident
    WHERE broadcast.stage IN ('staged', 'sending')
        OR broadcast.stage = 'done' AND (incident.phase NOT IN ('stood_down', 'closed') OR broadcast.done_at > $1)
    ORDER BY broadcast.sent_at DESC, broadcast.id DESC";

/// A broadcast to be looked at.
#[derive(Debug, Clone)]
pub struct Listed {
    pub about: About,
    pub stage: Stage,
    pub captured: bool,
    pub done_at: Option<Timestamp>,
}

impl Listed {
    /// Whether nothing of it should change any more.
    pub fn has_ended(&self) -> bool {
        self.stage == Stage::Done
    }
}

/// What is unfinished, and what has ended: of open incidents, and within the last day. The newest first.
pub async fn listed(tx: &mut Tx, now: Timestamp) -> Result<Vec<Listed>, Error> {
    type Row = (Uuid, Uuid, i64, String, String, bool, Option<i64>);
    let since = now.plus_minutes(-DAY_MINUTES);
    let rows = fetch_all!(tx, Row, LISTED, since.0)?;
    rows.into_iter()
        .map(|(id, incident, number, of, stage, captured, done_at)| {
            let (broadcast, incident) = (BroadcastId(id), IncidentId(incident));
            let about = About { broadcast, incident, number, of };
            Ok(Listed { about, stage: stage_of(&stage)?, captured, done_at: done_at.map(Timestamp) })
        })
        .collect()
}

const HEARD: &str = "
    SELECT MAX(heartbeat_at)
    FROM worker
    WHERE ended_at IS NULL";

/// The newest heartbeat of a worker that has not ended.
pub async fn heard(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    let (heard,) = fetch_one!(tx, (Option<i64>,), HEARD)?;
    Ok(heard.map(Timestamp))
}

/// The figures of a broadcast, and how each of its channels goes.
#[derive(Debug)]
pub struct Read {
    pub figures: Figures,
    pub courses: Vec<Course>,
}

/// One channel of one broadcast.
#[derive(Debug)]
pub struct Course {
    pub channel: Channel,
    /// Since when the first of what waits is due.
    pub due: Option<Timestamp>,
    pub moved_at: Option<Timestamp>,
    pub under_way: Vec<UnderWay>,
}

const ONE: &str = "
    SELECT stage, people, deliveries, COALESCE(approved_at, sent_at, created_at)
    FROM broadcast
    WHERE id = $1";

/// The figures of one broadcast; all statements of a read transaction see the same moment.
pub async fn figures(tx: &mut Tx, id: BroadcastId, now: Timestamp) -> Result<Option<Read>, Error> {
    let Some((stage, people_staged, staged, ordered_at)) =
        fetch_optional!(tx, (String, i64, i64, i64), ONE, id.0)?
    else {
        return Ok(None);
    };
    let (stage, ordered_at) = (stage_of(&stage)?, Timestamp(ordered_at));
    let mut figures = Figures {
        stage,
        ordered_at,
        people_staged,
        staged,
        people: 0,
        of_units: Asked::default(),
        units_tallied: Asked::default(),
        rows: Counts::new(),
        tallied: Counts::new(),
        without_event: 0,
        under_way: Vec::new(),
    };
    if !stage.has_left() {
        return Ok(Some(Read { figures, courses: Vec::new() }));
    }
    people(tx, id, &mut figures).await?;
    let due = rows(tx, id, &mut figures).await?;
    let moved = events(tx, id, &mut figures).await?;
    let under_way = under_way(tx, id, now).await?;
    figures.under_way = under_way.iter().map(|(_, rows)| *rows).collect();
    let course = |channel| Course {
        channel,
        due: due.get(&channel).copied(),
        moved_at: moved.get(&channel).copied(),
        under_way: under_way.iter().filter(|(of, _)| *of == channel).map(|(_, rows)| *rows).collect(),
    };
    let courses = Channel::ALL.into_iter().map(course).collect();
    Ok(Some(Read { figures, courses }))
}

const PEOPLE: &str = "
    SELECT COUNT(*), COUNT(unit), COUNT(CASE WHEN unit IS NOT NULL THEN answer END)
    FROM recipient
    WHERE broadcast = $1";

const UNITS: &str = "
    SELECT COALESCE(CAST(SUM(people) AS BIGINT), 0), COALESCE(CAST(SUM(answered) AS BIGINT), 0)
    FROM broadcast_unit
    WHERE broadcast = $1";

async fn people(tx: &mut Tx, id: BroadcastId, figures: &mut Figures) -> Result<(), Error> {
    let (all, of_units, answered) = fetch_one!(tx, (i64, i64, i64), PEOPLE, id.0)?;
    figures.people = all;
    figures.of_units = Asked { people: of_units, answered };
    let (people, answered) = fetch_one!(tx, (i64, i64), UNITS, id.0)?;
    figures.units_tallied = Asked { people, answered };
    Ok(())
}

const ROWS: &str = "
    SELECT channel, state, COUNT(*), MIN(next_at)
    FROM delivery
    WHERE broadcast = $1
    GROUP BY channel, state";

/// Counts the rows beside their tallies; gives since when something is due, by channel.
async fn rows(
    tx: &mut Tx,
    id: BroadcastId,
    figures: &mut Figures,
) -> Result<BTreeMap<Channel, Timestamp>, Error> {
    let mut due: BTreeMap<Channel, Timestamp> = BTreeMap::new();
    for (channel, state, count, next_at) in fetch_all!(tx, (String, String, i64, i64), ROWS, id.0)? {
        let (channel, state, next_at) = (channel_of(&channel)?, state_of(&state)?, Timestamp(next_at));
        figures.rows.insert((channel, state), count);
        if matches!(state, State::Queued | State::InDoubt) && figures.stage == Stage::Sending {
            due.entry(channel).and_modify(|first| *first = next_at.min(*first)).or_insert(next_at);
        }
    }
    let tallied = tally(tx, id).await?;
    figures.tallied.extend(tallied.into_iter().map(|(channel, state, count)| ((channel, state), count)));
    Ok(due)
}

const EVENTS: &str = "
    SELECT channel, MAX(updated_at), COUNT(CASE
        WHEN events = 0 AND state = 'queued' THEN NULL
        WHEN (
            SELECT COUNT(*)
            FROM delivery_event
            WHERE delivery_event.delivery = delivery.id
        ) = events AND EXISTS (
            SELECT 1
            FROM delivery_event
            WHERE delivery_event.delivery = delivery.id AND delivery_event.ordinal = delivery.events
                AND delivery_event.to_state = delivery.state
        ) THEN NULL
        ELSE 1
    END)
    FROM delivery
    WHERE broadcast = $1
    GROUP BY channel";

/// Counts the rows without a whole history; gives when something last moved, by channel.
async fn events(
    tx: &mut Tx,
    id: BroadcastId,
    figures: &mut Figures,
) -> Result<BTreeMap<Channel, Timestamp>, Error> {
    let mut moved = BTreeMap::new();
    for (channel, moved_at, without) in fetch_all!(tx, (String, i64, i64), EVENTS, id.0)? {
        moved.insert(channel_of(&channel)?, Timestamp(moved_at));
        figures.without_event += without;
    }
    Ok(moved)
}

const UNDER_WAY: &str = "
    SELECT delivery.channel, COUNT(*), COUNT(CASE WHEN delivery.updated_at <= $2 THEN 1 END),
        MIN(delivery.updated_at), MAX(worker.heartbeat_at), MAX(worker.ended_at)
    FROM delivery
    LEFT JOIN worker ON worker.fence = delivery.fence
    WHERE delivery.broadcast = $1 AND delivery.state = 'sending'
    GROUP BY delivery.channel, delivery.fence";

async fn under_way(tx: &mut Tx, id: BroadcastId, now: Timestamp) -> Result<Vec<(Channel, UnderWay)>, Error> {
    type Row = (String, i64, i64, i64, Option<i64>, Option<i64>);
    let lease = now.plus_minutes(-LEASE_MINUTES);
    fetch_all!(tx, Row, UNDER_WAY, id.0, lease.0)?
        .into_iter()
        .map(|(channel, rows, past_lease, oldest, heard_at, ended_at)| {
            let ended_at = ended_at.map(Timestamp);
            let worker = heard_at.map(|heard_at| Worker { heard_at: Timestamp(heard_at), ended_at });
            Ok((channel_of(&channel)?, UnderWay { rows, past_lease, oldest: Timestamp(oldest), worker }))
        })
        .collect()
}
