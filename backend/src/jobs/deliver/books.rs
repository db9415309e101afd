//! What a lane reads and writes: which window is next, and what became of those that were sent.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    broadcasts::{
        audience::{Planned, next_address},
        text::Body,
    },
    deliveries::{Channel, Doubt, MOST_ATTEMPTS, State, Step, doubt, replies::Lately, retry_at, window},
    id::{BroadcastId, DeliveryId, IncidentId, UnitId},
    time::Timestamp,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::store::{self, Marked, Orphan, Take};
use crate::{
    app::App,
    broadcasts::{
        deliveries::{self, Done, NEVER},
        hold, stage, store as broadcasts,
        store::BroadcastRow,
    },
    failure::Failure,
    gateways::{Gateway, Outcome, Report},
    store::{Error, Tx, facts},
};

/// A gateway at fault rests so long at first, and at most so long.
const FIRST_REST: i64 = 15_000_000;
const LONGEST_REST: i64 = 300_000_000;
/// How far back a refusal is believed to have been the gateway's own.
const LATELY_MINUTES: i64 = 15;

/// A gateway as the books know it.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    pub name: &'static str,
    pub connections: usize,
}

impl Door {
    pub fn of(gateway: &dyn Gateway) -> Self {
        Self { name: gateway.name(), connections: gateway.connections() }
    }
}

/// A broadcast with what it says over a channel: fixed once it is sent, so it is read once.
pub struct Message {
    pub row: BroadcastRow,
    pub body: Body,
}

/// A window that is marked and not sent yet.
pub struct Next {
    pub message: Arc<Message>,
    pub window: Vec<Marked>,
    pub marked_at: Timestamp,
    /// How often in a row the gateway had been at fault then.
    pub faults: i64,
}

/// A window that was sent and is not written down yet.
pub struct Sent {
    pub message: Arc<Message>,
    pub window: Vec<Marked>,
    pub report: Report,
    pub gateway: &'static str,
    pub faults: i64,
}

/// What a turn of the books gives: the next window, and the refusals of late with those of this turn.
pub struct Turned {
    pub next: Option<Next>,
    pub lately: Lately,
}

/// What a lane reads and writes.
pub struct Books {
    pub app: App,
    pub channel: Channel,
    pub fence: i64,
    /// The channel's gateway; without one everything becomes a file.
    pub real: Option<Door>,
    pub outbox: Door,
}

impl Books {
    /// Writes windows down and marks another, in one transaction.
    ///
    /// # Errors
    /// When the database does not answer; nothing is written then.
    pub async fn turn(&self, sent: &[Sent], lately: &Lately, now: Timestamp) -> Result<Turned, Failure> {
        let mut tx = self.app.db.write().await?;
        let lately = self.write_down_all(&mut tx, sent, lately, now).await?;
        let next = self.mark_next(&mut tx, sent.last().map(|last| &last.message), now).await?;
        tx.commit().await?;
        Ok(Turned { next, lately })
    }

    /// Writes windows down without taking another.
    ///
    /// # Errors
    /// When the database does not answer; nothing is written then.
    pub async fn close(&self, sent: &[Sent], lately: &Lately, now: Timestamp) -> Result<(), Failure> {
        let mut tx = self.app.db.write().await?;
        self.write_down_all(&mut tx, sent, lately, now).await?;
        Ok(tx.commit().await?)
    }

    /// Whether anything could be sent now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_due(&self, now: Timestamp) -> Result<bool, Failure> {
        let mut tx = self.app.db.read().await?;
        if hold::held(&mut tx).await?.is_some() {
            return Ok(false);
        }
        Ok(!store::due(&mut tx, self.channel, now).await?.is_empty()
            && self.choose(&mut tx, None, now).await?.is_some())
    }

    /// Whether a marked window may leave still: nothing is held, taken back or at rest, and the worker counts as
    /// alive.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn still_wants(&self, next: &Next, now: Timestamp) -> Result<bool, Failure> {
        let mut tx = self.app.db.read().await?;
        if !store::may_send(&mut tx, self.fence).await? {
            return Ok(false);
        }
        let Some(row) = broadcasts::find(&mut tx, next.message.row.id).await? else { return Ok(false) };
        Ok(self.takes(&mut tx, &row, now).await?.is_some())
    }

    /// Whether a broadcast may leave now: it is not taken back and its gateway does not rest. Gives how often in a row
    /// that one was at fault.
    async fn takes(&self, tx: &mut Tx, row: &BroadcastRow, now: Timestamp) -> Result<Option<i64>, Error> {
        if row.withdrawn_at.is_some() {
            return Ok(None);
        }
        let (until, faults) = store::paused(tx, self.door_of(row).name).await?;
        Ok((until <= now).then_some(faults))
    }

    /// The gateway that takes a broadcast: the outbox when the exercise is captured or there is no other.
    pub fn door_of(&self, row: &BroadcastRow) -> Door {
        self.real.filter(|_| !row.captured).unwrap_or(self.outbox)
    }

    /// The first broadcast with something due whose gateway does not rest. One that cannot be read does not keep the
    /// others waiting.
    async fn choose(
        &self,
        tx: &mut Tx,
        known: Option<&Arc<Message>>,
        now: Timestamp,
    ) -> Result<Option<(Arc<Message>, i64)>, Error> {
        for id in store::due(tx, self.channel, now).await? {
            let message = match known.filter(|known| known.row.id == id) {
                Some(known) => known.clone(),
                None => match self.read(tx, id).await {
                    Ok(Some(message)) => Arc::new(message),
                    Ok(None) => continue,
                    Err(error @ Error::Corrupt(_)) => {
                        tracing::error!(broadcast = %id, "a broadcast cannot be sent: {error}");
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            if let Some(faults) = self.takes(tx, &message.row, now).await? {
                return Ok(Some((message, faults)));
            }
        }
        Ok(None)
    }

    async fn read(&self, tx: &mut Tx, id: BroadcastId) -> Result<Option<Message>, Error> {
        let Some(row) = broadcasts::find(tx, id).await? else { return Ok(None) };
        let bodies = broadcasts::bodies(tx, id).await?;
        let body = bodies.into_iter().find(|body| body.channel == self.channel);
        let body = body.ok_or_else(|| Error::Corrupt("it has no text for this channel".into()))?;
        Ok(Some(Message { row, body }))
    }

    async fn mark_next(
        &self,
        tx: &mut Tx,
        known: Option<&Arc<Message>>,
        now: Timestamp,
    ) -> Result<Option<Next>, Error> {
        if self.app.stop.is_cancelled() || !store::may_send(tx, self.fence).await? {
            return Ok(None);
        }
        let Some((message, faults)) = self.choose(tx, known, now).await? else { return Ok(None) };
        let Door { name: gateway, connections } = self.door_of(&message.row);
        // A gateway that was at fault is tried with one message first.
        let most = if faults > 0 { 1 } else { window(connections) };
        let (broadcast, channel, fence) = (message.row.id, self.channel, self.fence);
        let window = store::mark(tx, Take { broadcast, channel, fence, gateway, most, now }).await?;
        let marked: Vec<Done> = window.iter().map(marked).collect();
        deliveries::events(tx, broadcast, self.channel, &marked, Some(self.fence), None, now).await?;
        Ok((!window.is_empty()).then_some(Next { message, window, marked_at: now, faults }))
    }

    async fn write_down_all(
        &self,
        tx: &mut Tx,
        sent: &[Sent],
        lately: &Lately,
        now: Timestamp,
    ) -> Result<Lately, Error> {
        let mut lately = lately.clone();
        for window in sent {
            self.write_down(tx, window, &mut lately, now).await?;
        }
        Ok(lately)
    }

    /// Writes what became of a window, as far as it is still ours to write.
    async fn write_down(
        &self,
        tx: &mut Tx,
        sent: &Sent,
        lately: &mut Lately,
        now: Timestamp,
    ) -> Result<(), Error> {
        let row = &sent.message.row;
        let done = sent.window.iter().zip(&sent.report.outcomes);
        let done: Vec<Done> = done.map(|(marked, outcome)| self.done(row, marked, outcome, now)).collect();
        let mut written = deliveries::record(tx, done, Some(self.fence), now).await?;
        for refused in written.iter().filter(|done| done.to == State::Failed.code()) {
            self.try_next_addresses(tx, sent, refused, now).await?;
        }
        deliveries::events(tx, row.id, self.channel, &written, Some(self.fence), None, now).await?;
        let too_often = written.iter().filter_map(|done| note(lately, done)).last();
        if let Some(kind) = &too_often {
            lately.clear();
            written.extend(self.exonerate(tx, row, kind, now).await?);
        }
        let fault = sent.report.fault.clone();
        let fault = fault
            .or_else(|| too_often.map(|kind| format!("more than 5 % of the last 200 were refused: {kind}")));
        self.rest_or_resume(tx, sent, fault, now).await?;
        chain(tx, &self.app, row.incident, row.id, &written, now).await?;
        deliveries::finish(tx, row.id, now).await?;
        Ok(())
    }

    async fn rest_or_resume(
        &self,
        tx: &mut Tx,
        sent: &Sent,
        fault: Option<String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if fault.is_none() && sent.faults == 0 {
            return Ok(());
        }
        let (_, faults) = store::paused(tx, sent.gateway).await?;
        match fault {
            Some(reason) => {
                let rest = (FIRST_REST << faults.min(8)).min(LONGEST_REST);
                tracing::warn!(
                    gateway = sent.gateway,
                    "the gateway is at fault and rests for {} s: {reason}",
                    rest / 1_000_000
                );
                store::pause(tx, sent.gateway, Timestamp(now.0 + rest), &reason, faults + 1).await
            }
            // A window that was given back says nothing about the gateway.
            None if faults > 0 && sent.report.outcomes.iter().any(|each| *each != Outcome::NotTried) => {
                store::resume(tx, sent.gateway).await.map(|_| ())
            }
            None => Ok(()),
        }
    }

    fn done(&self, row: &BroadcastRow, marked: &Marked, outcome: &Outcome, now: Timestamp) -> Done {
        let attempts = marked.attempts + 1;
        let resends = marked.resends + i64::from(marked.state == State::InDoubt.code());
        let (step, reply, kind) = match outcome {
            Outcome::Accepted { reply } => (Step::Accepted, reply.clone(), String::new()),
            Outcome::Refused { reply, kind } => (Step::Refused, reply.clone(), kind.clone()),
            Outcome::Unclear { reply, kind } if attempts >= MOST_ATTEMPTS => {
                (Step::Refused, reply.clone(), kind.clone())
            }
            Outcome::Later { reply } if attempts >= MOST_ATTEMPTS => {
                (Step::Refused, reply.clone(), "too many attempts".into())
            }
            Outcome::Unclear { reply, kind } => (Step::Later, reply.clone(), kind.clone()),
            Outcome::Later { reply } => (Step::Later, reply.clone(), String::new()),
            Outcome::Lost { reply } => (Step::Lost, reply.clone(), String::new()),
            Outcome::NotTried => (Step::Later, String::new(), "not tried".into()),
        };
        let to = State::Sending.after(step).expect("every outcome leads somewhere from sending");
        let next_at = match (to, outcome) {
            (State::InDoubt, _) if doubt(self.channel, row.sms_again, resends) == Doubt::Ask => NEVER,
            (State::InDoubt, _) | (_, Outcome::NotTried) => now.0,
            _ => retry_at(now, attempts).0,
        };
        Done {
            id: marked.id.simple().to_string(),
            from: State::Sending.code(),
            to: to.code(),
            next_at,
            doubted_at: (to == State::InDoubt).then_some(now.0),
            reply,
            kind,
        }
    }

    /// Only after a refusal for good the next address of the same channel is tried, as another delivery.
    async fn try_next_addresses(
        &self,
        tx: &mut Tx,
        sent: &Sent,
        refused: &Done,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(marked) = sent.window.iter().find(|marked| marked.id.simple().to_string() == refused.id)
        else {
            return Ok(());
        };
        for ordinal in people(marked)? {
            let (addresses, unit) = deliveries::addresses(tx, sent.message.row.id, ordinal).await?;
            let Some(address) = next_address(&addresses, self.channel, &marked.address) else { continue };
            let (address, unit) = (address.to_owned(), unit.map(UnitId));
            let planned = Planned { channel: self.channel, address, people: vec![ordinal], unit };
            if stage::add(&self.app, tx, sent.message.row.id, &planned, now).await? {
                deliveries::count_one(tx, sent.message.row.id, self.channel).await?;
            }
        }
        Ok(())
    }

    /// The refusals of the last minutes were the gateway's: their addresses go back into the queue.
    async fn exonerate(
        &self,
        tx: &mut Tx,
        row: &BroadcastRow,
        kind: &str,
        now: Timestamp,
    ) -> Result<Vec<Done>, Error> {
        let since = now.plus_minutes(-LATELY_MINUTES);
        let alike = deliveries::refused_alike(tx, row.id, self.channel, kind, since).await?;
        let to = State::Failed.after(Step::Exonerated).expect("a failed delivery can be exonerated").code();
        let back = |id: &DeliveryId| Done {
            id: id.0.simple().to_string(),
            from: State::Failed.code(),
            to,
            next_at: now.0,
            doubted_at: None,
            reply: "the gateway was at fault".into(),
            kind: String::new(),
        };
        let written = deliveries::record(tx, alike.iter().map(back).collect(), None, now).await?;
        deliveries::events(tx, row.id, self.channel, &written, Some(self.fence), None, now).await?;
        Ok(written)
    }
}

fn note(lately: &mut Lately, done: &Done) -> Option<String> {
    match done.kind.as_str() {
        "" if done.to == State::Accepted.code() => lately.note(None),
        "" | "not tried" | "too many attempts" | "address" => None,
        kind => lately.note(Some(kind)),
    }
}

fn marked(row: &Marked) -> Done {
    let from = if row.state == State::InDoubt.code() { State::InDoubt } else { State::Queued };
    let to = from.after(Step::Mark).expect("what was taken can be marked");
    let (reply, kind) = (String::new(), String::new());
    Done {
        id: row.id.simple().to_string(),
        from: from.code(),
        to: to.code(),
        next_at: 0,
        doubted_at: None,
        reply,
        kind,
    }
}

/// The ordinals of the people whom a message reaches.
///
/// # Errors
/// When the row is not what was written.
pub fn people(marked: &Marked) -> Result<Vec<i64>, Error> {
    serde_json::from_str(&marked.people).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Puts what dead workers were sending in doubt, so that it is sent again or asked about. When only questions are
/// left of a broadcast, its sending has ended: no window follows that would say so.
///
/// # Errors
/// When the database does not answer.
pub async fn adopt(app: &App, tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    let mut lost: BTreeMap<(IncidentId, BroadcastId), BTreeMap<Channel, Vec<Done>>> = BTreeMap::new();
    for orphan in store::orphans(tx, now).await? {
        let channel = broadcasts::channel_of(&orphan.channel)?;
        let of = (IncidentId(orphan.incident), BroadcastId(orphan.broadcast));
        lost.entry(of).or_default().entry(channel).or_default().push(left_behind(&orphan, channel, now));
    }
    for ((incident, broadcast), channels) in lost {
        for (channel, done) in channels {
            let written = deliveries::record(tx, done, None, now).await?;
            deliveries::events(tx, broadcast, channel, &written, None, None, now).await?;
            chain(tx, app, incident, broadcast, &written, now).await?;
        }
        deliveries::finish(tx, broadcast, now).await?;
    }
    Ok(())
}

fn left_behind(orphan: &Orphan, channel: Channel, now: Timestamp) -> Done {
    let asks = doubt(channel, orphan.sms_again, orphan.resends) == Doubt::Ask;
    let to = State::Sending.after(Step::Lost).expect("what was being sent can be lost").code();
    Done {
        id: orphan.id.simple().to_string(),
        from: State::Sending.code(),
        to,
        next_at: if asks { NEVER } else { now.0 },
        doubted_at: Some(now.0),
        reply: "the worker ended while sending".into(),
        kind: String::new(),
    }
}

/// Chains a window's results: how many, and a hash over what became of each, so that no row can be changed later
/// without the log showing it.
async fn chain(
    tx: &mut Tx,
    app: &App,
    incident: IncidentId,
    broadcast: BroadcastId,
    written: &[Done],
    now: Timestamp,
) -> Result<(), Error> {
    if written.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = written.iter().map(|done| format!("{} {}\n", done.id, done.to)).collect();
    lines.sort_unstable();
    let mut hash = Sha256::new();
    for line in &lines {
        hash.update(line);
    }
    let data = json!({ "deliveries": lines.len(), "sha256": hex::encode(hash.finalize()) });
    let fact = facts::Streamed {
        incident,
        stream: "deliveries",
        kind: "deliveries.recorded",
        subject: format!("broadcast:{broadcast}"),
        data,
    };
    facts::append(tx, &app.clock, fact, now).await
}
