//! Downtime numbers: ranges of each site, numbers given out once, and what became of each by two people's decision.

mod again;
mod reading;
pub mod store;
pub mod web;

use domain::{
    Refusal,
    actor::Role,
    field::FieldErrors,
    id::{IncidentId, NumberId, UnitId},
    identity::{
        Act, AddRange, ChangeNumber, Changed, GiveNumbers, Given, Goal, Left, RangeAdded, State, Which,
    },
    scope::Place,
};
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    app::App,
    begin, entry,
    failure::Failure,
    forms,
    incidents::store as incidents,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
        seal::Seal,
    },
};
use store::NumberRow;

/// Who gives numbers out and says what became of them.
pub(crate) const GIVERS: [Role; 3] = [Role::FormsClerk, Role::UnitLead, Role::Commander];

/// What keeps patients from having one number: how many numbers wait, and in how many places one is not corrected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    pub numbers: i64,
    pub uncorrected: i64,
}

/// What is open of the numbers of an incident.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &mut Tx, incident: IncidentId) -> Result<Open, Error> {
    let mut open = Open::default();
    for (state, (numbers, uncorrected)) in store::sums(tx, incident, None).await? {
        open.numbers += if state.is_open() { numbers } else { 0 };
        open.uncorrected += uncorrected;
    }
    Ok(open)
}

/// Adds a range that a site holds ready.
///
/// # Errors
/// What is wrong by field; when a range has some of these numbers.
pub async fn add_range(
    app: App,
    by: By,
    (incident, form): (IncidentId, AddRange),
) -> Result<RangeAdded, Failure> {
    let range = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_open(&mut decision.tx, incident).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    if !lattice.facilities.contains(&range.site) {
        return Err(FieldErrors::one("site", "Choose a site.").into());
    }
    if !by.actor.can(Role::Commander, Place::Facility(range.site), &lattice) {
        return Err(Failure::Forbidden("You may do this only for the sites you answer for.".into()));
    }
    if let Some((first, last)) = store::overlap(&mut decision.tx, &range).await? {
        let sentence = format!("{first} to {last} is a range already. Choose numbers that nobody holds.");
        return Err(FieldErrors::one("first", sentence).into());
    }
    let (at, account) = (decision.at, decision.account);
    store::add_range(&mut decision.tx, app.clock.id(), &range, (at, account)).await?;
    let (first, last) = range.ends();
    let numbers = range.last - range.first + 1;
    let data = json!({ "kind": range.kind, "site": range.site, "first": first, "last": last });
    decision.append(&app, Say { kind: "identity.range_added", data, ..Say::default() }).await?;
    let outcome = RangeAdded { seq: decision.seq, first, last, numbers };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn must_be_open(tx: &mut Tx, incident: IncidentId) -> Result<(), Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    Ok(row.must_be_open()?)
}

/// Gives the next number to a patient, or several on paper to a unit.
///
/// # Errors
/// What is wrong by field; refused when the site has no range with so many.
pub async fn give(app: App, by: By, (incident, form): (IncidentId, GiveNumbers)) -> Result<Given, Failure> {
    let giving = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_open(&mut decision.tx, incident).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    forms::must_be_in(&mut decision.tx, incident, giving.unit, &lattice).await?;
    forms::may(&by.actor, &GIVERS, [giving.unit], &lattice)?;
    let site = lattice.unit_facility.get(&giving.unit).copied().ok_or(Failure::NotFound("unit"))?;
    let range = store::take(&mut decision.tx, site, giving.kind, giving.numbers).await?;
    let range = range.ok_or_else(|| {
        let sentence = "No range of this site has so many numbers left. Add a range, or take fewer.";
        Refusal::new("no-numbers-left", sentence)
    })?;
    let numbers: Vec<(NumberId, String)> = (range.next - giving.numbers..range.next)
        .map(|number| (app.clock.id(), range.printed(number)))
        .collect();
    let gift = store::Gift { incident, range: &range, unit: giving.unit, state: giving.state };
    let when = (decision.seq, decision.at, decision.account);
    store::add(&mut decision.tx, &gift, &numbers, when).await?;
    let of = (site, giving.kind, giving.state);
    store::raise(&mut decision.tx, incident, of, (giving.numbers, 0)).await?;
    let data =
        json!({ "kind": giving.kind, "unit": giving.unit, "numbers": giving.numbers, "state": giving.state });
    let subject = format!("unit:{}", giving.unit);
    decision.append(&app, Say { kind: "identity.given", subject, data, ..Say::default() }).await?;
    let end = |end: Option<&(NumberId, String)>| end.map(|(_, printed)| printed.clone()).unwrap_or_default();
    let outcome = Given {
        seq: decision.seq,
        first: end(numbers.first()),
        last: end(numbers.last()),
        numbers: giving.numbers,
    };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Does one thing to one number.
///
/// # Errors
/// What is wrong by field; refused for one person alone, and by the number's state.
pub async fn change(
    app: App,
    by: By,
    (incident, number, form): (IncidentId, NumberId, ChangeNumber),
) -> Result<Changed, Failure> {
    let seal = {
        let mut tx = app.db.read().await?;
        Seal::open(&app, &mut tx).await?
    };
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    must_be_open(&mut decision.tx, incident).await?;
    let which = form.read(decision.at)?;
    let row = store::find(&mut decision.tx, incident, number).await?.ok_or(Failure::NotFound("number"))?;
    may(&mut decision.tx, &by, row.unit).await?;
    let (state, left) = match which {
        Which::Act { act, record, reason } => {
            let said = Said { act, record, reason };
            act_on(&app, &mut decision, (incident, &seal), row.clone(), said).await?
        }
        Which::LookedAgain(item) => look_again(&app, &mut decision, incident, &row, item).await?,
        Which::Left(left) => left_at(&app, &mut decision, incident, &row, (left, true)).await?,
        Which::Corrected(left) => left_at(&app, &mut decision, incident, &row, (left, false)).await?,
    };
    let outcome = Changed { seq: decision.seq, number: row.printed, state, left };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn may(tx: &mut Tx, by: &By, unit: UnitId) -> Result<(), Failure> {
    let lattice = places::lattice(tx).await?;
    forms::may(&by.actor, &GIVERS, [unit], &lattice)
}

/// What is said of a number.
struct Said {
    act: Act,
    record: String,
    reason: String,
}

async fn act_on(
    app: &App,
    decision: &mut Decision,
    (incident, seal): (IncidentId, &Seal),
    mut row: NumberRow,
    said: Said,
) -> Result<(State, i64), Failure> {
    let from = row.number.state;
    row.number = row.number.after(said.act, decision.account)?;
    let before = store::uncorrected(&mut decision.tx, row.id).await?;
    let mut asked_again = 0;
    match said.act {
        Act::Agree if from == State::Undoing => {
            asked_again = take_back(app, decision, seal, &row).await?;
            (row.record, row.reason) = (None, said.reason.clone());
        }
        Act::Refuse if from == State::Undoing => row.reason = said.reason.clone(),
        Act::Ask(goal) => {
            row.reason = said.reason.clone();
            row.record = None;
            if goal == Goal::Merge {
                row.record = Some(sealed_record(app, &mut decision.tx, seal, &row, &said.record).await?);
            }
        }
        Act::Agree => {
            if row.number.state == State::Merged {
                merge(app, &mut decision.tx, seal, &row, &said.record).await?;
            }
        }
        Act::Refuse => (row.record, row.reason) = (None, said.reason.clone()),
        Act::AskBack | Act::GiveBack => row.reason = said.reason.clone(),
        Act::Use => {}
    }
    let when = (decision.seq, decision.at, decision.account);
    store::keep(&mut decision.tx, from, &row, when).await?;
    let left = store::uncorrected(&mut decision.tx, row.id).await?;
    let of = |state| (row.facility, row.kind, state);
    store::lower(&mut decision.tx, incident, of(from), (1, before)).await?;
    store::raise(&mut decision.tx, incident, of(row.number.state), (1, left)).await?;
    let mut data = json!({
        "kind": row.kind, "from": from, "to": row.number.state, "goal": row.number.asked.map(|(goal, _)| goal),
    });
    if from == State::Undoing && row.number.state == State::Used {
        data["asked_again"] = json!(asked_again);
    }
    let texts: &[(&str, &str)] = &[("reason", &said.reason)];
    let texts = if said.reason.is_empty() { &[] } else { texts };
    let subject = format!("number:{}", row.id);
    decision.append(app, Say { kind: "identity.changed", subject, data, texts, ..Say::default() }).await?;
    Ok((row.number.state, left))
}

/// Takes a merge back: the sheets are the number's again, and what hung on it is asked again. Gives how much that is.
async fn take_back(app: &App, decision: &mut Decision, seal: &Seal, row: &NumberRow) -> Result<u64, Failure> {
    let record = row.record.as_ref().map(|(patient, _)| *patient);
    let record = record.ok_or_else(|| Error::Corrupt("a merged number has no record".into()))?;
    let own = entry::keep_patient(app, &mut decision.tx, seal, &row.printed).await?.sealed_for;
    Ok(again::take_back(&mut decision.tx, row.id, again::Both { own, record }, decision.at).await?)
}

/// Notes that something which hung on a wrong merge was looked at again.
async fn look_again(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    row: &NumberRow,
    item: Uuid,
) -> Result<(State, i64), Failure> {
    let (state, when) = (row.number.state, (decision.at, decision.account));
    if !again::look(&mut decision.tx, row.id, item, when).await? {
        let sentence = "This did not hang on the merge, or somebody has looked at it again already.";
        return Err(Refusal::new("not-asked-again", sentence).into());
    }
    store::lower(&mut decision.tx, incident, (row.facility, row.kind, state), (0, 1)).await?;
    let data = json!({ "kind": row.kind, "looked_again": true });
    let subject = format!("number:{}", row.id);
    decision.append(app, Say { kind: "identity.changed", subject, data, ..Say::default() }).await?;
    Ok((state, store::uncorrected(&mut decision.tx, row.id).await?))
}

async fn sealed_record(
    app: &App,
    tx: &mut Tx,
    seal: &Seal,
    row: &NumberRow,
    record: &str,
) -> Result<(sqlx::types::Uuid, Vec<u8>), Failure> {
    if record == row.printed {
        let sentence = "That is the downtime number itself. Keep it as the patient's own instead.";
        return Err(FieldErrors::one("record", sentence).into());
    }
    let known = entry::keep_patient(app, tx, seal, record).await?;
    let sealed = entry::seal_text(app, seal, &known, row.id.0, record)?;
    let erased = || FieldErrors::one("record", "This patient was erased here.");
    Ok((known.sealed_for, sealed.ok_or_else(erased)?))
}

/// The second person's own reading of the record's number must be the first one's; then the patient's sheets are those
/// of the record.
async fn merge(app: &App, tx: &mut Tx, seal: &Seal, row: &NumberRow, record: &str) -> Result<(), Failure> {
    if record.is_empty() {
        let sentence = "Type the record number as you read it in the records system.";
        return Err(FieldErrors::one("record", sentence).into());
    }
    let known = entry::keep_patient(app, tx, seal, record).await?;
    let asked = row.record.as_ref().map(|(patient, _)| *patient);
    if asked != Some(known.sealed_for) {
        let sentence = "This is not the record number that was asked for. Look at both records again, then agree or \
                        refuse.";
        return Err(FieldErrors::one("record", sentence).into());
    }
    let own = entry::keep_patient(app, tx, seal, &row.printed).await?;
    entry::store::move_patient(tx, own.sealed_for, known.patient).await?;
    Ok(())
}

/// Notes where a number stands, or that it was corrected there. Said again, it changes nothing.
async fn left_at(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    row: &NumberRow,
    (left, is_noted): (Left, bool),
) -> Result<(State, i64), Failure> {
    let when = (decision.at, decision.account);
    let state = row.number.state;
    let of = (row.facility, row.kind, state);
    if is_noted {
        if store::note_left(&mut decision.tx, row.id, left, when).await? {
            store::raise(&mut decision.tx, incident, of, (0, 1)).await?;
        }
    } else if store::correct(&mut decision.tx, row.id, left, when).await? {
        store::lower(&mut decision.tx, incident, of, (0, 1)).await?;
    } else {
        let sentence = "Nobody has said that the number stands there, or it is corrected already.";
        return Err(Refusal::new("not-left-there", sentence).into());
    }
    let data = json!({ "kind": row.kind, "place": left, "corrected": !is_noted });
    let subject = format!("number:{}", row.id);
    decision.append(app, Say { kind: "identity.changed", subject, data, ..Say::default() }).await?;
    Ok((state, store::uncorrected(&mut decision.tx, row.id).await?))
}
