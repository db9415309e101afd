//! What the last audits found, in memory: every page and every monitor reads it from here.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    deliveries::audit::{Finding, itself},
    id::{BroadcastId, IncidentId},
    time::{Timestamp, Zone},
    view::{
        audit::{AuditView, FindingLine},
        frame::Notice,
    },
};

use super::Looked;
use crate::{app::App, clock::Clock};

const MINUTE: i64 = 60_000_000;

/// Which broadcast, in ids and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub broadcast: BroadcastId,
    pub incident: IncidentId,
    pub number: i64,
    /// The incident's name.
    pub of: String,
}

/// Something that does not add up, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub finding: Finding,
    pub about: Option<About>,
    pub since: Timestamp,
}

impl Found {
    /// The sentence that people read.
    pub fn sentence(&self) -> String {
        let about = self.about.as_ref();
        let about = about.map(|about| format!("broadcast {} of {}", about.number, about.of));
        self.finding.sentence(&about.unwrap_or_default())
    }
}

/// What the auditor knows.
#[derive(Debug, Default)]
pub struct Desk(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// When auditing began, on the steady clock. Never in a process that runs no jobs.
    began: Option<i64>,
    /// The last completed audit, by the wall's and by the steady clock.
    last: Option<(Timestamp, i64)>,
    broadcasts: usize,
    found: Vec<Found>,
    ended: HashMap<BroadcastId, (u64, Vec<Finding>)>,
    turn: u64,
}

/// How it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When the last audit was completed.
    pub as_of: Option<Timestamp>,
    pub broadcasts: usize,
    pub found: Vec<Found>,
}

impl Standing {
    /// Whether an audit was completed lately and found nothing.
    pub fn vouches(&self) -> bool {
        self.as_of.is_some() && self.found.is_empty()
    }
}

impl Desk {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left whole values behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on audits are due.
    pub fn begin(&self, clock: &Clock) {
        self.kept().began.get_or_insert(clock.steady());
    }

    /// How it stands now. That the audit itself is late is found here, because nobody else would.
    pub fn standing(&self, clock: &Clock) -> Standing {
        let kept = self.kept();
        let (as_of, steady) = (kept.last.map(|(at, _)| at), kept.last.map(|(_, steady)| steady));
        let mut found = kept.found.clone();
        let minutes = steady.max(kept.began).map_or(0, |since| (clock.steady() - since) / MINUTE);
        let since = as_of.unwrap_or_else(|| clock.now().plus_minutes(-minutes));
        found.extend(itself(minutes).map(|finding| Found { finding, about: None, since }));
        Standing { as_of, broadcasts: kept.broadcasts, found }
    }

    /// Whether this is said already.
    pub fn knows(&self, finding: Finding, about: Option<&About>) -> bool {
        self.kept().found.iter().any(|found| is_same(found, finding, about))
    }

    /// The broadcasts that have ended in the order in which they are looked at: the longest not looked at first. Of
    /// others nothing is kept.
    pub(super) fn turns(&self, ended: impl Iterator<Item = BroadcastId>) -> Vec<BroadcastId> {
        let mut kept = self.kept();
        let mut ids: Vec<BroadcastId> = ended.collect();
        let there: std::collections::HashSet<BroadcastId> = ids.iter().copied().collect();
        kept.ended.retain(|id, _| there.contains(id));
        kept.turn += 1;
        ids.sort_by_key(|id| kept.ended.get(id).map(|(turn, _)| *turn));
        ids
    }

    pub(super) fn looked_at(&self, id: BroadcastId, found: Vec<Finding>) {
        let mut kept = self.kept();
        let turn = kept.turn;
        kept.ended.insert(id, (turn, found));
    }

    pub(super) fn of_ended(&self, id: BroadcastId) -> Vec<Finding> {
        self.kept().ended.get(&id).map(|(_, found)| found.clone()).unwrap_or_default()
    }

    /// Keeps the result of an audit and says in the log what is new and what has ended.
    pub fn keep(&self, clock: &Clock, looked: Looked) {
        let now = clock.now();
        let mut kept = self.kept();
        let before = std::mem::take(&mut kept.found);
        for (finding, about) in looked.found {
            let known = before.iter().find(|found| is_same(found, finding, about.as_ref()));
            let since = known.map_or(now, |found| found.since);
            let found = Found { finding, about, since };
            if known.is_none() {
                tracing::error!(finding = ?finding, "sending does not add up: {}", found.sentence());
            }
            kept.found.push(found);
        }
        for found in &before {
            if !kept.found.iter().any(|now| is_same(now, found.finding, found.about.as_ref())) {
                tracing::warn!("this is over: {}", found.sentence());
            }
        }
        if kept.found.is_empty() && !before.is_empty() {
            tracing::warn!("sending adds up again");
        }
        (kept.last, kept.broadcasts) = (Some((now, clock.steady())), looked.broadcasts);
    }
}

fn is_same(found: &Found, finding: Finding, about: Option<&About>) -> bool {
    let which = |about: &About| about.broadcast;
    found.finding.is_like(finding) && found.about.as_ref().map(which) == about.map(which)
}

/// What stands above every page while something does not add up.
pub fn alarm(app: &App) -> Option<Notice> {
    let found = app.audit.standing(&app.clock).found;
    let sentence = match found.as_slice() {
        [] => return None,
        [one] => format!("Sending does not add up. {}", one.sentence()),
        many => format!("Sending does not add up: {} findings.", many.len()),
    };
    let link = Some(("See what the audit found".to_owned(), "/sending/audit".to_owned()));
    Some(Notice { sentence, link, problem: true })
}

/// The page of the audit.
pub fn page(app: &App, zone: &Zone) -> AuditView {
    let standing = app.audit.standing(&app.clock);
    let line = |found: &Found| {
        let about = found.about.as_ref();
        FindingLine {
            finding: found.finding,
            sentence: found.sentence(),
            about: about
                .map(|about| format!("Broadcast {} of {}", about.number, about.of))
                .unwrap_or_default(),
            path: about
                .map(|about| format!("/incidents/{}/broadcasts/{}", about.incident, about.broadcast))
                .unwrap_or_default(),
            since: zone.full(found.since),
        }
    };
    AuditView {
        as_of: standing.as_of.map(|at| zone.full(at)).unwrap_or_default(),
        broadcasts: i64::try_from(standing.broadcasts).unwrap_or(i64::MAX),
        findings: standing.found.iter().map(line).collect(),
    }
}
