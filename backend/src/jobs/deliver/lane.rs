//! One channel of a worker: window after window, each written down in the transaction that marks the next.

use domain::{
    broadcasts::{
        audience::{Planned, next_address},
        text::{Body, Links, as_sent},
    },
    deliveries::{Channel, Doubt, MOST_ATTEMPTS, State, Step, doubt, replies::Lately, retry_at, window},
    id::{BroadcastId, DeliveryId, IncidentId, UnitId},
    time::Timestamp,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::store::{self, Marked, Take};
use crate::{
    app::App,
    broadcasts::{
        deliveries::{self, Done, NEVER},
        hold, stage, store as broadcasts,
        store::BroadcastRow,
    },
    failure::Failure,
    gateways::{Gateway, Outcome, Outgoing, Report},
    store::{Error, Tx, facts},
};

/// A gateway at fault rests so long at first, and at most so long.
const FIRST_REST: i64 = 15_000_000;
const LONGEST_REST: i64 = 300_000_000;
/// How far back a refusal is believed to have been the gateway's own.
const LATELY_MINUTES: i64 = 15;

/// A channel with its gateway and with the outbox for what must not leave.
pub struct Lane {
    app: App,
    channel: Channel,
    fence: i64,
    gateway: Option<Box<dyn Gateway>>,
    outbox: Box<dyn Gateway>,
    lately: Lately,
    sent: Option<Sent>,
}

/// A window that was sent and is not written down yet.
struct Sent {
    row: BroadcastRow,
    window: Vec<Marked>,
    report: Report,
    gateway: &'static str,
}

/// A broadcast as the lane needs it while a window is under way.
struct Next {
    row: BroadcastRow,
    body: Body,
    window: Vec<Marked>,
}

impl Lane {
    pub fn new(
        app: App,
        channel: Channel,
        fence: i64,
        gateway: Option<Box<dyn Gateway>>,
        outbox: Box<dyn Gateway>,
    ) -> Self {
        Self { app, channel, fence, gateway, outbox, lately: Lately::default(), sent: None }
    }

    /// Writes the last window down, marks and sends the next; `false` when there was nothing to do.
    ///
    /// # Errors
    /// When the database does not answer; what was sent is kept and written down at the next turn.
    pub async fn turn(&mut self) -> Result<bool, Failure> {
        let now = self.app.clock.now();
        if self.sent.is_none() && !self.is_due(now).await? {
            return Ok(false);
        }
        let incident = self.sent.as_ref().map(|sent| sent.row.incident);
        let mut tx = self.app.db.write().await?;
        // Until the commit the results stay here: a failed transaction must not forget what was sent.
        let changes = match &self.sent {
            Some(sent) => Some((sent.row.clone(), self.write_down(&mut tx, sent, now).await?)),
            None => None,
        };
        let next = self.mark_next(&mut tx, now).await?;
        tx.commit().await?;
        if let Some((_, changed)) = &changes {
            self.remember(changed);
        }
        let worked = self.sent.take().is_some() || next.is_some();
        if let Some(incident) = incident {
            self.app.live.changed(Some(incident), 0);
        }
        if let Some(next) = next {
            self.sent = Some(self.send(next, now).await);
        }
        Ok(worked)
    }

    /// Writes the last window down without taking another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish(&mut self) -> Result<(), Failure> {
        let Some(sent) = &self.sent else { return Ok(()) };
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await?;
        self.write_down(&mut tx, sent, now).await?;
        tx.commit().await?;
        self.sent = None;
        Ok(())
    }

    async fn is_due(&self, now: Timestamp) -> Result<bool, Failure> {
        let mut tx = self.app.db.read().await?;
        if hold::held(&mut tx).await?.is_some() {
            return Ok(false);
        }
        Ok(!store::due(&mut tx, self.channel, now).await?.is_empty()
            && self.choose(&mut tx, now).await?.is_some())
    }

    /// The gateway that takes a broadcast: the outbox when the exercise is captured or there is no other.
    fn gateway_of(&self, row: &BroadcastRow) -> &dyn Gateway {
        match &self.gateway {
            Some(gateway) if !row.captured => gateway.as_ref(),
            _ => self.outbox.as_ref(),
        }
    }

    /// The first broadcast with something due whose gateway does not rest. One that cannot be read does not keep the
    /// others waiting.
    async fn choose(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<(BroadcastRow, Body)>, Error> {
        for id in store::due(tx, self.channel, now).await? {
            let (row, body) = match self.read(tx, id).await {
                Ok(Some(chosen)) => chosen,
                Ok(None) => continue,
                Err(error @ Error::Corrupt(_)) => {
                    tracing::error!(broadcast = %id, "a broadcast cannot be sent: {error}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (until, _) = store::paused(tx, self.gateway_of(&row).name()).await?;
            if until <= now {
                return Ok(Some((row, body)));
            }
        }
        Ok(None)
    }

    async fn read(&self, tx: &mut Tx, id: BroadcastId) -> Result<Option<(BroadcastRow, Body)>, Error> {
        let Some(row) = broadcasts::find(tx, id).await? else { return Ok(None) };
        let bodies = broadcasts::bodies(tx, id).await?;
        let body = bodies.into_iter().find(|body| body.channel == self.channel);
        let body = body.ok_or_else(|| Error::Corrupt("it has no text for this channel".into()))?;
        Ok(Some((row, body)))
    }

    async fn mark_next(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<Next>, Error> {
        if hold::held(tx).await?.is_some()
            || !store::alive(tx, self.fence).await?
            || self.app.stop.is_cancelled()
        {
            return Ok(None);
        }
        let Some((row, body)) = self.choose(tx, now).await? else { return Ok(None) };
        let gateway = self.gateway_of(&row);
        let (_, faults) = store::paused(tx, gateway.name()).await?;
        // A gateway that was at fault is tried with one message first.
        let most = if faults > 0 { 1 } else { window(gateway.connections()) };
        let (broadcast, channel, fence) = (row.id, self.channel, self.fence);
        let window =
            store::mark(tx, Take { broadcast, channel, fence, gateway: gateway.name(), most, now }).await?;
        let marked: Vec<Done> = window.iter().map(marked).collect();
        deliveries::events(tx, row.id, self.channel, &marked, Some(self.fence), None, now).await?;
        Ok((!window.is_empty()).then_some(Next { row, body, window }))
    }

    async fn send(&mut self, next: Next, now: Timestamp) -> Sent {
        let Next { row, body, window } = next;
        let base = self.app.config.base_url();
        let messages: Vec<Outgoing> =
            window.iter().map(|marked| outgoing(&row, &body, marked, &base, now)).collect();
        let gateway = match &mut self.gateway {
            Some(gateway) if !row.captured => gateway,
            _ => &mut self.outbox,
        };
        let report = gateway.send(&messages).await;
        Sent { row, window, report, gateway: gateway.name() }
    }

    /// Writes what became of a window; gives the changes that were still ours to write.
    async fn write_down(&self, tx: &mut Tx, sent: &Sent, now: Timestamp) -> Result<Vec<Done>, Error> {
        let done = sent.window.iter().zip(&sent.report.outcomes);
        let done: Vec<Done> =
            done.map(|(marked, outcome)| self.done(&sent.row, marked, outcome, now)).collect();
        let mut written = deliveries::record(tx, done, Some(self.fence), now).await?;
        for refused in written.iter().filter(|done| done.to == State::Failed.code()) {
            self.try_next_addresses(tx, sent, refused, now).await?;
        }
        deliveries::events(tx, sent.row.id, self.channel, &written, Some(self.fence), None, now).await?;
        let mut lately = self.lately.clone();
        let too_often = written.iter().find_map(|done| note(&mut lately, done));
        if let Some(kind) = &too_often {
            written.extend(self.exonerate(tx, &sent.row, kind, now).await?);
        }
        let fault = sent.report.fault.clone();
        let fault = fault
            .or_else(|| too_often.map(|kind| format!("more than 5 % of the last 200 were refused: {kind}")));
        self.rest_or_resume(tx, sent, fault, now).await?;
        chain(tx, &self.app, sent.row.incident, sent.row.id, &written, now).await?;
        deliveries::finish(tx, sent.row.id, now).await?;
        Ok(written)
    }

    async fn rest_or_resume(
        &self,
        tx: &mut Tx,
        sent: &Sent,
        fault: Option<String>,
        now: Timestamp,
    ) -> Result<(), Error> {
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
            None if faults > 0 => store::resume(tx, sent.gateway).await.map(|_| ()),
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
            let (addresses, unit) = deliveries::addresses(tx, sent.row.id, ordinal).await?;
            let Some(address) = next_address(&addresses, self.channel, &marked.address) else { continue };
            let (address, unit) = (address.to_owned(), unit.map(UnitId));
            let planned = Planned { channel: self.channel, address, people: vec![ordinal], unit };
            if stage::add(&self.app, tx, sent.row.id, &planned, now).await? {
                deliveries::count_one(tx, sent.row.id, self.channel).await?;
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

    fn remember(&mut self, changed: &[Done]) {
        let tripped = changed.iter().filter_map(|done| note(&mut self.lately, done)).count() > 0;
        if tripped {
            self.lately.clear();
        }
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

fn people(marked: &Marked) -> Result<Vec<i64>, Error> {
    serde_json::from_str(&marked.people).map_err(|error| Error::Corrupt(error.to_string()))
}

fn outgoing(row: &BroadcastRow, body: &Body, marked: &Marked, base: &str, at: Timestamp) -> Outgoing {
    let again = marked.doubted_at.is_some();
    let shared = people(marked).is_ok_and(|people| people.len() > 1);
    Outgoing {
        delivery: DeliveryId(marked.id),
        channel: body.channel,
        to: marked.address.clone(),
        subject: body.subject.clone(),
        text: as_sent(body, Links { base, token: &marked.token, shared }, again),
        message_id: marked.message_id.clone(),
        again,
        at: row.sent_at.unwrap_or(at),
    }
}

/// Puts what dead workers were sending in doubt, so that it is sent again or asked about.
///
/// # Errors
/// When the database does not answer.
pub async fn adopt(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    for (id, broadcast, channel, resends, sms_again) in store::orphans(tx, now).await? {
        let channel = broadcasts::channel_of(&channel)?;
        let asks = doubt(channel, sms_again, resends) == Doubt::Ask;
        let to = State::Sending.after(Step::Lost).expect("what was being sent can be lost").code();
        let lost = Done {
            id: id.simple().to_string(),
            from: State::Sending.code(),
            to,
            next_at: if asks { NEVER } else { now.0 },
            doubted_at: Some(now.0),
            reply: "the worker ended while sending".into(),
            kind: String::new(),
        };
        let written = deliveries::record(tx, vec![lost], None, now).await?;
        deliveries::events(tx, BroadcastId(broadcast), channel, &written, None, None, now).await?;
    }
    Ok(())
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
