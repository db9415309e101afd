//! One channel of a worker. While a window is being sent, one transaction writes the window before it down and marks
//! the one after it, so that neither the gateway nor the database waits for the other. After a crash only these can
//! be in doubt.

use std::collections::BTreeSet;

use domain::{
    broadcasts::text::{Links, as_sent},
    deliveries::{Channel, replies::Lately},
    id::{DeliveryId, IncidentId},
    time::Timestamp,
};

use super::{
    books::{Books, Door, Message, Next, Sent, Turned, people},
    store::Marked,
};
use crate::{
    app::App,
    failure::Failure,
    gateways::{Gateway, Outcome, Outgoing, Report},
};

/// A window that was marked longer ago is asked about again before it leaves, in µs: a clearance may be revoked now.
const FRESH_FOR: i64 = 1_000_000;

/// A channel with its gateway and with the outbox for what must not leave.
pub struct Lane {
    books: Books,
    gateway: Option<Box<dyn Gateway>>,
    outbox: Box<dyn Gateway>,
    lately: Lately,
    /// Marked and not sent yet.
    next: Option<Next>,
    /// Sent and not written down yet: more than one only after the database did not answer.
    sent: Vec<Sent>,
}

impl Lane {
    pub fn new(
        app: App,
        channel: Channel,
        fence: i64,
        gateway: Option<Box<dyn Gateway>>,
        outbox: Box<dyn Gateway>,
    ) -> Self {
        let real = gateway.as_deref().map(Door::of);
        let books = Books { app, channel, fence, real, outbox: Door::of(outbox.as_ref()) };
        Self { books, gateway, outbox, lately: Lately::default(), next: None, sent: Vec::new() }
    }

    /// Sends the marked window, and meanwhile writes the last one down and marks the next; `false` when there was
    /// nothing to do.
    ///
    /// # Errors
    /// When the database does not answer; what was sent is kept and written down at the next turn.
    pub async fn turn(&mut self) -> Result<bool, Failure> {
        let now = self.books.app.clock.now();
        if self.next.is_none() && self.sent.is_empty() && !self.books.is_due(now).await? {
            return Ok(false);
        }
        if let Some(next) = &self.next
            && now.0 - next.marked_at.0 > FRESH_FOR
            && !self.books.still_wants(next, now).await?
        {
            self.give_back();
        }
        let (sent, written) = tokio::join!(
            send(&self.books, &mut self.gateway, &mut self.outbox, self.next.take(), now),
            self.books.turn(&self.sent, &self.lately, now),
        );
        let worked = sent.is_some() || !self.sent.is_empty();
        // Until its transaction is committed a result stays here: a failed one must not forget what was sent.
        if written.is_ok() {
            self.tell();
            self.sent.clear();
        }
        let at_fault = sent.as_ref().is_some_and(|sent| sent.report.fault.is_some());
        self.sent.extend(sent);
        Turned { next: self.next, lately: self.lately } = written?;
        let worked = worked || self.next.is_some();
        if at_fault {
            // The gateway has just refused to work: it is not bothered with what is marked.
            self.give_back();
        }
        Ok(worked)
    }

    /// Writes down what was sent, and gives back what was only marked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish(&mut self) -> Result<(), Failure> {
        self.give_back();
        if !self.sent.is_empty() {
            self.books.close(&self.sent, &self.lately, self.books.app.clock.now()).await?;
            self.tell();
            self.sent.clear();
        }
        Ok(())
    }

    /// Gives back what is marked: certainly none of it has left.
    fn give_back(&mut self) {
        let Some(Next { message, window, faults, .. }) = self.next.take() else { return };
        let report = Report { outcomes: vec![Outcome::NotTried; window.len()], fault: None };
        let gateway = self.books.door_of(&message.row).name;
        self.sent.push(Sent { message, window, report, gateway, faults });
    }

    /// Whoever looks at the incidents of these windows sees the counts move.
    fn tell(&self) {
        let incidents: BTreeSet<IncidentId> =
            self.sent.iter().map(|sent| sent.message.row.incident).collect();
        for incident in incidents {
            self.books.app.live.changed(Some(incident), 0);
        }
    }
}

async fn send(
    books: &Books,
    gateway: &mut Option<Box<dyn Gateway>>,
    outbox: &mut Box<dyn Gateway>,
    next: Option<Next>,
    now: Timestamp,
) -> Option<Sent> {
    let Next { message, window, faults, .. } = next?;
    let base = books.app.config.base_url();
    let letters: Vec<Outgoing> = window.iter().map(|marked| outgoing(&message, marked, &base, now)).collect();
    let gateway = match gateway {
        Some(gateway) if !message.row.captured => gateway,
        _ => outbox,
    };
    let report = gateway.send(&letters).await;
    Some(Sent { message, window, report, gateway: gateway.name(), faults })
}

fn outgoing(message: &Message, marked: &Marked, base: &str, at: Timestamp) -> Outgoing {
    let Message { row, body } = message;
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
