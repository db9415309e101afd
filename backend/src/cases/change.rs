//! One command over one case: log a contact, book again, mark seen, keep, cancel, end; and taking the next
//! patient to call.

use domain::{
    actor::Actor,
    actor::Role,
    cases::{
        Channel, ContactResult, State,
        forms::{Act, ChangeCase, Which},
    },
    field::FieldErrors,
    id::{CaseId, FacilityId, IncidentId},
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
    let outcome = apply(&app, &mut decision, incident, row, act).await?;
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
    let outcome = apply(&app, &mut decision, incident, row, Act::Take).await?;
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
    let outcome = apply(&app, &mut decision, incident, row, act).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
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

async fn apply(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    mut row: CaseRow,
    act: Act,
) -> Result<CaseChanged, Failure> {
    refuse_when_closed(&mut decision.tx, incident).await?;
    let (before, from) = (tally::Key::of(&row), row.case.state);
    let zone = zone_of(&mut decision.tx, row.facility).await?;
    let first_time = row.case.first_cancelled_at.is_none();
    let (me, now) = (decision.account, decision.at);
    let what = match &act {
        Act::Take => row.case.take(me, now).map(|()| "taken"),
        Act::Contact { result, next_try, .. } => {
            let next = if next_try.is_empty() { None } else { Some(time(&zone, "next_try", next_try)?) };
            row.case.log_contact((*result, next), me, now).map(|()| "contacted")
        }
        Act::Note { .. } => row.case.takes_notes().map(|()| "noted"),
        Act::Seen => row.case.mark_seen().map(|()| "seen"),
        Act::Keep { .. } => row.case.keep().map(|()| "kept"),
        Act::End { end, .. } => {
            let tried = store::tried(&mut decision.tx, &row, &zone).await?;
            // When a patient counts as not reached.
            let policy = playbooks::setting(&mut decision.tx, incident, |playbook| playbook.unreachable);
            row.case.end(*end, &tried, policy.await?.unwrap_or_default()).map(|()| "ended")
        }
        Act::Cancel { .. } => {
            let intervals = decide::rules(&mut decision.tx, incident).await?;
            let intervals: Vec<_> = intervals.into_iter().flat_map(|rule| rule.safe_by).collect();
            let safe_by = match &row.priority {
                domain::schedule::Priority::Known(triage) if first_time => {
                    domain::triage::safe_by(triage, &intervals, row.case.day)
                }
                _ => None,
            };
            row.case.cancel(now, safe_by).map(|()| "cancelled")
        }
        Act::Rebook { new_start, knows } => {
            let at = time(&zone, "new_start", new_start)?;
            row.case.rebook((at, zone.civil_date(at)), *knows, me, now).map(|()| "rebooked")
        }
    }?;
    if matches!(act, Act::Keep { .. } | Act::Cancel { .. }) {
        row.rule = "by hand".into();
    }
    if let Act::Contact { channel, result, .. } = &act {
        row.tried_at = Some(now);
        row.tried = format!("{}:{}", channel.code(), result.code());
    }
    store::save(&mut decision.tx, &row).await?;
    tally::moved(&mut decision.tx, incident, &before, &tally::Key::of(&row)).await?;
    let seq = say(app, decision, &row, what, from, &act).await?;
    if let Act::Note { text } = &act {
        notes::keep(app, decision, &row, seq, text).await?;
    }
    if let Act::Contact { channel, result, .. } = act {
        store::log_attempt(&mut decision.tx, (row.id, seq), (channel, result), now, me).await?;
    }
    let rule = row.rule.clone();
    let (case, to, account) = (row.id, row.case.state, me);
    let event = store::Event { case, incident, seq, what, from, to, at: now, account, rule: &rule };
    store::log(&mut decision.tx, &event).await?;
    Ok(CaseChanged { case, seq, version: row.case.version, state: to })
}

fn time(zone: &Zone, field: &str, typed: &str) -> Result<Timestamp, FieldErrors> {
    zone.parse(typed).map_err(|error| FieldErrors::one(field, error.to_string()))
}

async fn say(
    app: &App,
    decision: &mut Decision,
    row: &CaseRow,
    what: &str,
    from: State,
    act: &Act,
) -> Result<i64, Failure> {
    let kind = format!("case.{what}");
    let reason = match act {
        Act::Keep { reason } | Act::Cancel { reason } | Act::End { reason, .. } => reason.as_str(),
        _ => "",
    };
    let tried = matches!(act, Act::Contact { .. }).then_some(row.tried.as_str());
    let texts = [("reason", reason)];
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
        }),
        texts: if reason.is_empty() { &[] } else { &texts },
        ..Say::default()
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
