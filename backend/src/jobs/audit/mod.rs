//! The auditor: each minute it compares what should exist of every broadcast with what does, keeps what it found in
//! memory for every page and for monitors, and pings an address outside as long as everything adds up.
//!
//! What is unfinished is looked at each time, each broadcast in one snapshot of its own; what has ended takes turns
//! within a budget of time, so that a long downtime costs no more than a short one.

mod desk;
mod ping;
mod store;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::{
    deliveries::{
        Channel,
        audit::{AUDIT_MINUTES, Finding, Line, STILL_MINUTES, audit, stands_still, worker},
    },
    id::BroadcastId,
    time::Timestamp,
};

pub use desk::{About, Desk, Found, Standing, alarm, page};
pub use ping::Ping;

use super::deliver::store::at_fault;
use crate::{app::App, broadcasts::hold, failure::Failure, gateways, store::Tx};
use store::{Listed, Read};

const MINUTE: Duration = Duration::from_mins(1);
/// The worker has begun by then.
const FIRST: Duration = Duration::from_secs(3);
/// What may pass by itself is looked at again so much later, before anybody is told.
const AGAIN: Duration = Duration::from_secs(5);
/// So long an audit looks at what has ended; the rest waits for the next one.
const BUDGET: Duration = Duration::from_secs(10);

/// Audits each minute until the program stops.
pub async fn keep(app: App) {
    app.audit.begin(&app.clock);
    let mut ping = Ping::of(&app.config);
    let mut pause = FIRST;
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = MINUTE;
        turn(&app, &mut ping).await;
    }
}

/// Audits once, and pings as long as nothing is found.
pub async fn turn(app: &App, ping: &mut Ping) {
    if let Err(failure) = in_time(app).await {
        // Nothing new is known, so nobody is told that all is well.
        tracing::error!("sending could not be audited: {failure}");
        return;
    }
    if app.audit.standing(&app.clock).vouches() {
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = ping.send() => {}
        }
    }
}

/// Audits, and says in the log when that takes so long that nobody can vouch for anything.
async fn in_time(app: &App) -> Result<(), Failure> {
    let mut audit = std::pin::pin!(once(app));
    let late = MINUTE * u32::try_from(AUDIT_MINUTES).unwrap_or(1);
    if let Ok(done) = tokio::time::timeout(late, &mut audit).await {
        return done;
    }
    tracing::error!("the audit of sending has been running for {AUDIT_MINUTES} minutes");
    audit.await
}

/// Audits once and keeps the result. What is new and may pass by itself, as after a machine slept, counts when a
/// second look finds it still.
///
/// # Errors
/// When the database does not answer; the last result stays, and grows old.
pub async fn once(app: &App) -> Result<(), Failure> {
    let mut looked = look(app).await?;
    if looked
        .found
        .iter()
        .any(|(finding, about)| finding.may_pass() && !app.audit.knows(*finding, about.as_ref()))
    {
        tokio::select! {
            () = app.stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(AGAIN) => {}
        }
        looked = look(app).await?;
    }
    app.audit.keep(&app.clock, looked);
    Ok(())
}

/// What one audit saw.
#[derive(Debug, Default)]
pub struct Looked {
    pub found: Vec<(Finding, Option<About>)>,
    /// How many broadcasts there were to look at.
    pub broadcasts: usize,
}

/// Looks at everything without keeping the result.
///
/// # Errors
/// When the database does not answer.
pub async fn look(app: &App) -> Result<Looked, Failure> {
    let began = Instant::now();
    let mut tx = app.db.read().await?;
    let listed = store::listed(&mut tx, app.clock.now()).await?;
    drop(tx);
    let mut looked = Looked { broadcasts: listed.len(), ..Looked::default() };
    let (ended, open): (Vec<Listed>, Vec<Listed>) = listed.into_iter().partition(Listed::has_ended);
    let mut lines = Lines::default();
    for each in open {
        let (read, now) = figures(app, each.about.broadcast).await?;
        let Some(read) = read else { continue };
        looked
            .found
            .extend(audit(&read.figures, now).into_iter().map(|found| (found, Some(each.about.clone()))));
        lines.add(each, read);
    }
    let ids = ended.iter().map(|each| each.about.broadcast);
    for id in app.audit.turns(ids) {
        if began.elapsed() > BUDGET || app.stop.is_cancelled() {
            break;
        }
        let (read, now) = figures(app, id).await?;
        let found = read.map(|read| audit(&read.figures, now)).unwrap_or_default();
        app.audit.looked_at(id, found);
    }
    for each in &ended {
        let found = app.audit.of_ended(each.about.broadcast);
        looked.found.extend(found.into_iter().map(|found| (found, Some(each.about.clone()))));
        lines.ended(each.done_at);
    }
    let mut tx = app.db.read().await?;
    let now = app.clock.now();
    looked.found.extend(lines.still(app, &mut tx, now).await?);
    looked.found.extend(worker(store::heard(&mut tx).await?, now).map(|found| (found, None)));
    Ok(looked)
}

/// The figures of one broadcast in one snapshot, and the time before it.
async fn figures(app: &App, id: BroadcastId) -> Result<(Option<Read>, Timestamp), Failure> {
    // Before the snapshot: nothing in it may look older than it is.
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    Ok((store::figures(&mut tx, id, now).await?, now))
}

/// The channels over all broadcasts, and what is due in them.
#[derive(Default)]
struct Lines {
    by_channel: BTreeMap<Channel, Line>,
    ended_at: Option<Timestamp>,
    due: Vec<(Listed, Channel, Timestamp)>,
}

impl Lines {
    fn add(&mut self, listed: Listed, read: Read) {
        for course in read.courses {
            let line = self.by_channel.entry(course.channel).or_default();
            line.moved_at = line.moved_at.max(course.moved_at);
            line.under_way.extend(course.under_way);
            self.due.extend(course.due.map(|due| (listed.clone(), course.channel, due)));
        }
    }

    /// What ended late was moving until then, over whichever channel.
    fn ended(&mut self, at: Option<Timestamp>) {
        self.ended_at = self.ended_at.max(at);
    }

    /// What is due and stands still, unless somebody holds it or its gateway rests.
    async fn still(
        mut self,
        app: &App,
        tx: &mut Tx,
        now: Timestamp,
    ) -> Result<Vec<(Finding, Option<About>)>, Failure> {
        if hold::held(tx).await?.is_some() {
            return Ok(Vec::new());
        }
        let since = now.plus_minutes(-STILL_MINUTES);
        let mut resting = at_fault(tx).await?;
        // Whoever rested a moment ago may not have moved anything yet.
        resting.retain(|gateway| gateway.paused_until > since);
        for line in self.by_channel.values_mut() {
            line.moved_at = line.moved_at.max(self.ended_at);
        }
        let mut found = Vec::new();
        for (listed, channel, due) in self.due {
            let gateway = gateways::taking(&app.config, channel, listed.captured);
            if resting.iter().any(|each| each.name == gateway) {
                continue;
            }
            found.extend(
                stands_still(due, &self.by_channel[&channel], now).map(|still| (still, Some(listed.about))),
            );
        }
        Ok(found)
    }
}
