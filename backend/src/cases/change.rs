//! One command over one case: log a contact, book again, mark seen, keep, cancel, end; and taking the next
//! patient to call.

use domain::{
    Refusal,
    actor::Actor,
    actor::Role,
    cases::{
        Channel, ContactResult, State,
        forms::{Act, ChangeCase, Which},
        sheets::Typed,
    },
    decisions::BY_HAND,
    field::FieldErrors,
    id::{CaseId, FacilityId, FeedId, IncidentId},
    scope::Place,
    time::{Timestamp, Zone},
    view::cases::CaseChanged,
};
use serde_json::json;

use super::{decide, door, list, notes, store, store::CaseRow, tally};
use crate::{
    app::App,
    begin,
    failure::Failure,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// Who says so.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Whoever does it.
    Person,
    /// A sheet that is typed in.
    Paper(OnPaper),
    /// A feed's message, which a person confirmed.
    Feed(FromFeed),
}

/// A message of a feed.
#[derive(Debug, Clone)]
pub(super) struct FromFeed {
    pub feed: FeedId,
    pub message: String,
    /// By which rule the case counts as decided, when not by hand.
    pub rule: Option<&'static str>,
}

impl Source {
    const fn paper(&self) -> Option<&OnPaper> {
        match self {
            Self::Paper(paper) => Some(paper),
            Self::Person | Self::Feed(_) => None,
        }
    }

    const fn feed(&self) -> Option<&FromFeed> {
        match self {
            Self::Feed(feed) => Some(feed),
            Self::Person | Self::Paper(_) => None,
        }
    }
}

/// Does one thing to one case.
///
/// # Errors
/// What is wrong by field, what the rules say against it, and a conflict when somebody changed the case first.
pub async fn change(
    app: App,
    by: By,
    incident: IncidentId,
    case: CaseId,
    which: Which,
    form: ChangeCase,
) -> Result<CaseChanged, Failure> {
    let act = form.read(which)?;
    let based_on = form.version()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = store::find(&mut decision.tx, incident, case).await?.ok_or(Failure::NotFound("case"))?;
    may_work(&mut decision.tx, &by, row.facility).await?;
    if based_on.is_some_and(|version| version != row.case.version) {
        let yours = json!({ "version": based_on, "sent": form });
        return Err(Failure::Conflict { yours, theirs: as_it_is(&row) });
    }
    let outcome = apply(&app, &mut decision, (incident, row), act, &Source::Person).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes the next patient to the telephone.
///
/// # Errors
/// Refused when nobody is left whom this account may call.
pub async fn take_next(app: App, by: By, incident: IncidentId) -> Result<CaseChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let allowed = allowed(&mut decision.tx, &by.actor).await?;
    let (me, now) = (by.actor.account, decision.at);
    let next = list::next_to_call(&mut decision.tx, incident, &allowed, me, now).await?;
    let nobody =
        || domain::Refusal::new("nobody-left", "Nobody is left to call: all are told, or being called now.");
    let row = next.ok_or_else(nobody)?;
    let outcome = apply(&app, &mut decision, (incident, row), Act::Take, &Source::Person).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The patient of a cancelled booking has come anyway, and was told at the door by whoever stands there.
///
/// # Errors
/// Refused when there is nothing to tell, and at another site.
pub async fn came(app: App, by: By, incident: IncidentId, case: CaseId) -> Result<CaseChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = store::find(&mut decision.tx, incident, case).await?.ok_or(Failure::NotFound("case"))?;
    if !door::greets(&mut decision.tx, &by.actor).await?.contains(&row.facility) {
        return Err(Failure::Forbidden("You may see the patients of your own sites.".into()));
    }
    let told = (Channel::InPerson, ContactResult::Told);
    let act = Act::Contact { channel: told.0, result: told.1, next_try: String::new() };
    let outcome = apply(&app, &mut decision, (incident, row), act, &Source::Person).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// When a try was made that was written on paper, and whose initials stand there.
#[derive(Debug, Clone)]
pub(super) struct OnPaper {
    pub at: Timestamp,
    pub by: String,
}

/// Types a try in that was written on paper: the same as a contact, with both times (rule 5).
///
/// # Errors
/// By field when the time cannot be; refused when the same try stands there already.
pub(super) async fn typed_back(
    app: &App,
    decision: &mut Decision,
    by: &By,
    (incident, case): (IncidentId, CaseId),
    typed: Typed,
) -> Result<CaseChanged, Failure> {
    let row = store::find(&mut decision.tx, incident, case).await?.ok_or(Failure::NotFound("case"))?;
    may_work(&mut decision.tx, by, row.facility).await?;
    let zone = zone_of(&mut decision.tx, row.facility).await?;
    let at = zone.parse_past(&typed.at, decision.at);
    let at = at.map_err(|error| FieldErrors::one("at", error.to_string()))?;
    if at > decision.at {
        return Err(FieldErrors::one("at", "This is still to come. Write when the try was made.").into());
    }
    if row.case.first_cancelled_at.is_some_and(|cancelled| at.plus_minutes(1) < cancelled) {
        return Err(FieldErrors::one("at", "The case was not cancelled yet at that time.").into());
    }
    if store::is_tried(&mut decision.tx, case, typed.channel, at).await? {
        let says = "This try is typed in already: the same patient, way and minute.";
        return Err(Refusal::new("typed-already", says).into());
    }
    let act = Act::Contact { channel: typed.channel, result: typed.result, next_try: String::new() };
    let paper = OnPaper { at, by: typed.by };
    apply(app, decision, (incident, row), act, &Source::Paper(paper)).await
}

/// The facilities at which an account works on cases.
pub async fn allowed(tx: &mut Tx, actor: &Actor) -> Result<Vec<FacilityId>, Error> {
    let lattice = places::lattice(tx).await?;
    let works_at = |facility: &FacilityId| {
        let place = Place::Facility(*facility);
        actor.can(Role::CaseManager, place, &lattice) || actor.can(Role::Commander, place, &lattice)
    };
    Ok(lattice.facilities.iter().copied().filter(works_at).collect())
}

async fn may_work(tx: &mut Tx, by: &By, facility: FacilityId) -> Result<(), Failure> {
    if allowed(tx, &by.actor).await?.contains(&facility) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may work on the cases of your own sites.".into()))
}

/// What a case is now, for somebody who based a change on something else.
fn as_it_is(row: &CaseRow) -> serde_json::Value {
    json!({
        "version": row.case.version,
        "state": row.case.state.code(),
        "told": row.case.told,
        "attempts": row.case.attempts,
        "new_start": row.case.new_start.map(domain::time::Timestamp::rfc3339),
    })
}

/// Does one thing to one case inside a decision.
pub(super) async fn apply(
    app: &App,
    decision: &mut Decision,
    (incident, mut row): (IncidentId, CaseRow),
    act: Act,
    source: &Source,
) -> Result<CaseChanged, Failure> {
    refuse_when_closed(&mut decision.tx, incident).await?;
    let (before, from) = (tally::Key::of(&row), row.case.state);
    let (me, now) = (decision.account, decision.at);
    let paper = source.paper();
    let what = act_on(decision, (incident, &mut row), &act, paper).await?;
    if matches!(act, Act::Keep { .. } | Act::Cancel { .. }) {
        row.rule = source.feed().and_then(|feed| feed.rule).unwrap_or(BY_HAND).into();
    }
    let happened = paper.map_or(now, |paper| paper.at);
    if let Act::Contact { channel, result, .. } = &act
        && row.tried_at.is_none_or(|last| last <= happened)
    {
        row.tried_at = Some(happened);
        row.tried = format!("{}:{}", channel.code(), result.code());
    }
    store::save(&mut decision.tx, &row).await?;
    tally::moved(&mut decision.tx, incident, &before, &tally::Key::of(&row)).await?;
    let seq = say(app, decision, &row, (what, from, &act), source).await?;
    if let Act::Note { text } = &act {
        notes::keep(app, decision, &row, seq, text).await?;
    }
    if let Act::Contact { channel, result, .. } = act {
        let on_paper = paper.map_or("", |paper| paper.by.as_str());
        store::log_attempt(&mut decision.tx, (row.id, seq), (channel, result), happened, (me, on_paper))
            .await?;
    }
    let rule = row.rule.clone();
    let (case, to, told, account) = (row.id, row.case.state, row.case.told, me);
    let times = (happened, now);
    let event = store::Event { case, incident, seq, what, from, to, told, times, account, rule: &rule };
    store::log(&mut decision.tx, &event).await?;
    Ok(CaseChanged { case, seq, version: row.case.version, state: to })
}

/// Asks the rules; what they call it.
async fn act_on(
    decision: &mut Decision,
    (incident, row): (IncidentId, &mut CaseRow),
    act: &Act,
    paper: Option<&OnPaper>,
) -> Result<&'static str, Failure> {
    let zone = zone_of(&mut decision.tx, row.facility).await?;
    let first_time = row.case.first_cancelled_at.is_none();
    let (me, now) = (decision.account, decision.at);
    Ok(match act {
        Act::Take => row.case.take(me, now).map(|()| "taken"),
        Act::Contact { result, next_try, .. } => {
            let next = if next_try.is_empty() { None } else { Some(time(&zone, "next_try", next_try)?) };
            // What was agreed meanwhile outlasts an older try that is typed in late.
            let agreed = row.case.next_try.filter(|at| paper.is_some() && *at > now);
            let next = next.or(agreed).filter(|_| paper.is_none() || *result != ContactResult::Told);
            row.case.log_contact((*result, next), me, now).map(|()| "contacted")
        }
        Act::Note { .. } => row.case.takes_notes().map(|()| "noted"),
        Act::Seen => row.case.mark_seen().map(|()| "seen"),
        Act::Done => row.case.mark_done().map(|()| "done"),
        Act::Keep { .. } => row.case.keep().map(|()| "kept"),
        Act::End { end, .. } => {
            let tried = store::tried(&mut decision.tx, row, &zone).await?;
            // When a patient counts as not reached.
            let policy = playbooks::setting(&mut decision.tx, incident, |playbook| playbook.unreachable);
            row.case.end(*end, &tried, policy.await?.unwrap_or_default()).map(|()| "ended")
        }
        Act::Cancel { .. } => {
            let intervals = decide::rules(&mut decision.tx, incident).await?;
            let intervals: Vec<_> = intervals.into_iter().flat_map(|rule| rule.safe_by).collect();
            let safe_by = match &row.priority {
                domain::schedule::Priority::Known(triage) if first_time => {
                    domain::triage::safe_by(triage, &intervals, row.listed.unwrap_or(row.case.day))
                }
                _ => None,
            };
            row.case.cancel(now, safe_by).map(|()| "cancelled")
        }
        Act::Rebook { new_start, knows } => {
            let at = time(&zone, "new_start", new_start)?;
            row.case.rebook((at, zone.civil_date(at)), *knows, me, now).map(|()| "rebooked")
        }
    }?)
}

fn time(zone: &Zone, field: &str, typed: &str) -> Result<Timestamp, FieldErrors> {
    zone.parse(typed).map_err(|error| FieldErrors::one(field, error.to_string()))
}

async fn say(
    app: &App,
    decision: &mut Decision,
    row: &CaseRow,
    (what, from, act): (&str, State, &Act),
    source: &Source,
) -> Result<i64, Failure> {
    let kind = format!("case.{what}");
    let reason = match act {
        Act::Keep { reason } | Act::Cancel { reason } | Act::End { reason, .. } => reason.as_str(),
        _ => "",
    };
    let tried = match act {
        Act::Contact { channel, result, .. } => Some(format!("{}:{}", channel.code(), result.code())),
        _ => None,
    };
    let (paper, feed) = (source.paper(), source.feed());
    let texts = match paper {
        Some(paper) => [("on_paper", paper.by.as_str())],
        None => [("reason", reason)],
    };
    let say = Say {
        kind: &kind,
        subject: format!("case:{}", row.id),
        data: json!({
            "facility": row.facility,
            "from": from.code(),
            "to": row.case.state.code(),
            "tried": tried,
            "next_try": row.case.next_try,
            "new_start": row.case.new_start,
            "safe_by": row.case.safe_by.map(|day| day.to_string()),
            "version": row.case.version,
            "feed": feed.map(|feed| feed.feed),
            "message": feed.map(|feed| feed.message.as_str()),
        }),
        event_at: paper.map(|paper| paper.at),
        texts: if texts[0].1.is_empty() { &[] } else { &texts },
    };
    Ok(decision.append(app, say).await?)
}

/// Nothing of a closed incident changes; its standing lists are another capability's.
pub(super) async fn refuse_when_closed(tx: &mut Tx, incident: IncidentId) -> Result<(), Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    Ok(row.must_be_open()?)
}

/// The zone of a facility.
pub(super) async fn zone_of(tx: &mut Tx, facility: FacilityId) -> Result<Zone, Failure> {
    let found = places::facilities(tx).await?.into_iter().find(|each| each.id == facility);
    Ok(found.map_or_else(Zone::utc, |facility| facility.zone))
}
