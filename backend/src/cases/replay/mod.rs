//! Afterwards: the record system's own account, as its feed tells it, is laid beside our cases. What follows from it is
//! proposed, and a person confirms one or many; what was cancelled there without us becomes cases marked "outside
//! command". Asking twice changes nothing.

pub mod store;
pub mod web;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Refusal,
    cases::{
        State,
        forms::{Act, ConfirmReplay},
        replay::{self as rules, Ours, Proposal},
    },
    field::Text,
    id::{CaseId, FeedId, IncidentId},
    schedule::Schedule,
    table::Mapping,
    time::{Timestamp, Zone},
    view::replay::Replayed,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

use self::store::{Said, Unknown};
use super::{
    change::{self, FromFeed, Source},
    import,
    snapshots::Snapshot,
    store as cases,
    store::CaseRow,
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    feeds,
    incidents::store as incidents,
    schedules::may_plan,
    store::{
        Tx,
        journal::{By, Chain, Say},
        requests::Request,
        seal::Seal,
    },
};

/// Proposals that are confirmed, and cancellations that are taken, in one go.
pub const MOST: usize = 500;

/// A case beside what the record system says of it.
#[derive(Debug, Clone)]
pub struct Match {
    pub row: CaseRow,
    pub said: Said,
    pub proposal: Proposal,
}

impl Match {
    /// What confirming it sends: the case, and the message by which it is meant.
    pub fn value(&self) -> String {
        format!("{}:{}", self.row.id, self.said.latest.simple())
    }
}

/// When the downtime began, and the first moment of that day.
async fn began(tx: &mut Tx, incident: IncidentId) -> Result<(Timestamp, Timestamp, Zone), Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let zone = accounts::installation(tx).await?.zone();
    let first_day = zone.start_of(zone.civil_date(row.started_at)).unwrap_or(row.started_at);
    Ok((row.started_at, first_day, zone))
}

/// What follows from the record system's account, at most one proposal for each case, of the sites that this account
/// works at.
///
/// # Errors
/// When the database does not answer, or another server's key sealed what was told.
pub async fn matches(
    app: &App,
    tx: &mut Tx,
    incident: IncidentId,
    by: &domain::actor::Actor,
) -> Result<Vec<Match>, Failure> {
    let (since, ..) = began(tx, incident).await?;
    let allowed = change::allowed(tx, by).await?;
    let said = store::said(tx, incident, since).await?;
    let replacing: Vec<Uuid> =
        said.iter().filter(|each| each.account.replaces).filter_map(|each| each.booking).collect();
    let seal = Seal::open(app, tx).await?;
    let mut services: BTreeMap<Uuid, String> = BTreeMap::new();
    for chunk in replacing.chunks(MOST) {
        let opened = feeds::schedule::open(&seal, tx, chunk).await?;
        services.extend(opened.into_iter().map(|(id, booking)| (id, booking.service)));
    }
    let mut matches: Vec<Match> = Vec::new();
    let mut known: BTreeMap<CaseId, CaseRow> = BTreeMap::new();
    let mut proposed: BTreeSet<CaseId> = BTreeSet::new();
    for each in said {
        if proposed.contains(&each.case) {
            continue;
        }
        if let std::collections::btree_map::Entry::Vacant(entry) = known.entry(each.case) {
            let Some(row) = cases::find(tx, incident, each.case).await? else { continue };
            entry.insert(row);
        }
        let row = &known[&each.case];
        let service = each.booking.and_then(|booking| services.get(&booking));
        let is_same = !each.account.replaces
            || service.is_some_and(|service| rules::same_service(service, &row.service));
        let ours = Ours { state: row.case.state, start: row.case.start, new_start: row.case.new_start };
        let proposal = rules::proposal(&ours, &each.account, app.clock.now());
        if let Some(proposal) = proposal.filter(|_| is_same && allowed.contains(&row.facility)) {
            proposed.insert(each.case);
            matches.push(Match { row: row.clone(), said: each, proposal });
        }
    }
    Ok(matches)
}

/// What was cancelled there without us.
///
/// # Errors
/// When the database does not answer.
pub async fn unknown(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Unknown>, Failure> {
    let (since, first_day, _) = began(tx, incident).await?;
    let mut unknown = store::unknown(tx, incident, (since, first_day)).await?;
    unknown.retain(|each| {
        rules::is_unknown_cancellation(each.state, (each.event_at, each.start_at), (since, first_day))
    });
    Ok(unknown)
}

/// Confirms what was ticked, or notes that it is about something else.
///
/// # Errors
/// Refused when nothing was ticked or the incident has ended.
pub async fn confirm(
    app: App,
    by: By,
    incident: IncidentId,
    form: ConfirmReplay,
) -> Result<Replayed, Failure> {
    let ticked: BTreeSet<&str> =
        form.confirm.iter().map(Text::trimmed).filter(|each| !each.is_empty()).collect();
    if ticked.is_empty() {
        return Err(Refusal::new("nothing-ticked", "Tick the lines that you mean.").into());
    }
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    change::refuse_when_closed(&mut decision.tx, incident).await?;
    let matches = matches(&app, &mut decision.tx, incident, &by.actor).await?;
    let meant: Vec<Match> =
        matches.into_iter().filter(|each| ticked.contains(each.value().as_str())).take(MOST).collect();
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let mut outcome =
        Replayed { confirmed: 0, left: count(ticked.len() - meant.len()), not_the_same: 0, made: 0 };
    if form.act.trimmed() == "not_same" {
        for each in &meant {
            store::not_same(&mut decision.tx, &each.said, decision.account, decision.at).await?;
        }
        outcome.not_the_same = count(meant.len());
    } else {
        let names = feed_names(&mut decision.tx).await?;
        for each in meant {
            match apply(&app, &mut decision, incident, each, &names).await {
                Ok(()) => outcome.confirmed += 1,
                Err(Failure::Refused(_)) => outcome.left += 1,
                Err(failure) => return Err(failure),
            }
        }
    }
    let data = json!({
        "confirmed": outcome.confirmed, "left": outcome.left, "not_the_same": outcome.not_the_same,
    });
    decision.append(&app, Say { kind: "cases.replayed", data, ..Say::default() }).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The names of feeds.
///
/// # Errors
/// When the database does not answer.
pub async fn feed_names(tx: &mut Tx) -> Result<BTreeMap<FeedId, String>, Failure> {
    let feeds = feeds::store::all(tx).await?;
    Ok(feeds.into_iter().map(|feed| (feed.id, feed.described.name)).collect())
}

async fn apply(
    app: &App,
    decision: &mut crate::store::journal::Decision,
    incident: IncidentId,
    each: Match,
    names: &BTreeMap<FeedId, String>,
) -> Result<(), Failure> {
    let zone = change::zone_of(&mut decision.tx, each.row.facility).await?;
    let name = names.get(&each.said.feed).map_or("a feed", String::as_str);
    let reason = |what: &str| format!("{what}, by the record system ({name})");
    let act = match each.proposal {
        // Whether the patient knows the date, nobody said: so they are told.
        Proposal::Rebooked => Act::Rebook { new_start: zone.typed(each.said.account.start), knows: false },
        Proposal::Seen => Act::Seen,
        Proposal::Done => Act::Done,
        Proposal::CancelledAgain => Act::Cancel { reason: reason("The new date was cancelled") },
        Proposal::Outside => Act::Cancel { reason: reason("Cancelled outside command") },
        Proposal::Error => Act::End { end: State::DuplicateOrError, reason: reason("Booked in error") },
    };
    let source = Source::Feed(FromFeed {
        feed: each.said.feed,
        message: each.said.message.clone(),
        rule: (each.proposal == Proposal::Outside).then_some(rules::OUTSIDE),
    });
    change::apply(app, decision, (incident, each.row), act, &source).await.map(|_| ())
}

/// Makes cases of what was cancelled there without us: imported as a schedule is, then cancelled with the feed as the
/// reason. At most [`MOST`] in one go.
///
/// # Errors
/// Refused when there is none or the incident has ended.
pub async fn take_unknown(app: App, by: By, incident: IncidentId) -> Result<Replayed, Failure> {
    if !may_plan(&by.actor) {
        let sentence = "This makes cases at all sites: it takes a case manager or a commander of all sites.";
        return Err(Failure::Forbidden(sentence.into()));
    }
    let mut tx = app.db.read().await?;
    change::refuse_when_closed(&mut tx, incident).await?;
    let mut unknown = unknown(&mut tx, incident).await?;
    unknown.truncate(MOST);
    let seal = Seal::open(&app, &mut tx).await?;
    let bookings: Vec<Uuid> = unknown.iter().map(|each| each.booking).collect();
    let mut opened = feeds::schedule::open(&seal, &mut tx, &bookings).await?;
    drop(tx);
    let schedule = Schedule::of(bookings.iter().filter_map(|id| opened.remove(id)));
    if !schedule.bookings.is_empty() {
        import_unknown(&app, &by, incident, (&unknown, schedule)).await?;
    }
    cancel_unknown(&app, &by, incident).await
}

async fn import_unknown(
    app: &App,
    by: &By,
    incident: IncidentId,
    (unknown, schedule): (&[Unknown], Schedule),
) -> Result<(), Failure> {
    let ids: Vec<String> = unknown.iter().map(|each| each.latest.simple().to_string()).collect();
    let as_of = unknown.iter().map(|each| each.event_at).max().unwrap_or_default();
    let snapshot = Snapshot {
        id: app.clock.id(),
        file_name: "Cancelled outside command".into(),
        sha256: Sha256::digest(format!("outside command {}", ids.join(" "))).into(),
        as_of,
        mapping: Mapping::default(),
        scheme: String::new(),
        figures: schedule.figures(),
        added: 0,
        state: "previewed".into(),
        standing: None,
        feed: None,
    };
    // A step of its own, so that the whole may be asked for again.
    let own = By { actor: by.actor.clone(), request: Request { id: app.clock.id(), ..by.request } };
    import::take_over(app, &own, incident, snapshot, schedule).await.map(|_| ())
}

async fn cancel_unknown(app: &App, by: &By, incident: IncidentId) -> Result<Replayed, Failure> {
    let mut decision = begin!(app, by, Chain::Incident(incident));
    let names = feed_names(&mut decision.tx).await?;
    let matches = matches(app, &mut decision.tx, incident, &by.actor).await?;
    let mut outcome = Replayed { confirmed: 0, left: 0, not_the_same: 0, made: 0 };
    for each in matches {
        let is_new = each.row.case.state == State::Scheduled && each.proposal == Proposal::Outside;
        if !is_new {
            continue;
        }
        match apply(app, &mut decision, incident, each, &names).await {
            Ok(()) => outcome.made += 1,
            Err(Failure::Refused(_)) => outcome.left += 1,
            Err(failure) => return Err(failure),
        }
    }
    let data = json!({ "made": outcome.made, "left": outcome.left });
    decision.append(app, Say { kind: "cases.outside", data, ..Say::default() }).await?;
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}
