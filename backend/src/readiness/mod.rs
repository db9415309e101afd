//! Readiness: every unit's downtime box and read-only computer, looked at before anything fails.

mod show;
pub mod store;
pub mod web;

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    field::FieldErrors,
    id::{IncidentId, UnitId},
    identifiers::patient_identifiers,
    playbooks::Setting,
    readiness::{CheckItem, ItemChecked, Outcome, Standing, shipped},
    scope::Place,
    time::Timestamp,
    view::{forms::NextStep, readiness::ReadinessSums},
};
use frontend::ui::count;
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Say},
    },
};
use store::{Look, Then};

/// Who looks: leads at their own units, who keeps paper and who commands at theirs.
pub(crate) const CHECKERS: [Role; 4] =
    [Role::UnitLead, Role::FormsClerk, Role::Commander, Role::Administrator];

/// Says what was found at one item of a unit's checklist.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's.
pub async fn check(app: App, by: By, (unit, form): (UnitId, CheckItem)) -> Result<ItemChecked, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let lattice = places::lattice(&mut decision.tx).await?;
    if !lattice.unit_facility.contains_key(&unit) {
        return Err(Failure::NotFound("unit"));
    }
    if !CHECKERS.iter().any(|role| by.actor.can(*role, Place::Unit(unit), &lattice)) {
        return Err(Failure::Forbidden("You may do this only for the units you answer for.".into()));
    }
    let setting = store::setting(&mut decision.tx, unit).await?;
    let key = form.item.trimmed();
    let asked = shipped()
        .of(setting)
        .find_map(|subject| subject.items.iter().find(|item| item.key == key).map(|item| (subject, item)));
    let Some((subject, item)) = asked else {
        return Err(FieldErrors::one("item", "Choose something from this unit's checklist.").into());
    };
    let found = form.read(item)?;
    if let Some(hit) = patient_identifiers(&found.note, decision.at).first() {
        let sentence = format!("{:?} {}. Write what is wrong without it.", hit.quoted, hit.likeness.words());
        return Err(FieldErrors::one("note", sentence).into());
    }
    let look = Look {
        id: app.clock.id(),
        unit,
        item: &item.key,
        outcome: found.outcome,
        number: found.number,
        note: &found.note,
        at: decision.at,
        account: decision.account,
        due_at: subject.due_at(decision.at),
        seq: decision.seq,
    };
    store::keep(&mut decision.tx, &look).await?;
    let data = json!({ "item": item.key, "outcome": found.outcome.code(), "number": found.number });
    let texts: &[(&str, &str)] = &[("note", &found.note)];
    let texts = if found.note.is_empty() { &[] } else { texts };
    let outcome = ItemChecked { unit, item: item.key.clone(), outcome: found.outcome, due_at: look.due_at };
    let subject = format!("unit:{unit}");
    decision.append(&app, Say { kind: "readiness.checked", subject, data, texts, ..Say::default() }).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Notes of each incident that goes on how ready its units were when it was declared: later looks change what is, not
/// what was.
///
/// # Errors
/// When the database does not answer; the next minute notes it.
pub async fn note_starts(app: App) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let unnoted = store::unnoted(&mut tx).await?;
    let mut starts = Vec::with_capacity(unnoted.len());
    for (incident, at) in unnoted {
        starts.push((incident, sums_then(store::then(&mut tx, incident, at).await?, at)?));
    }
    drop(tx);
    for (incident, sums) in starts {
        let mut tx = app.db.write_chunk().await?;
        store::note_start(&mut tx, incident, &sums).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Where care is given in a unit, and what had been found last at each of its items.
type FoundThen = (Option<Setting>, BTreeMap<String, (Outcome, Timestamp)>);

fn sums_then(rows: Vec<Then>, at: Timestamp) -> Result<ReadinessSums, Error> {
    let mut units: BTreeMap<Uuid, FoundThen> = BTreeMap::new();
    for (unit, setting, item, outcome, due_at) in rows {
        let found = units.entry(unit).or_insert_with(|| (Setting::from_code(&setting), BTreeMap::new()));
        if let (Some(item), Some(code), Some(due_at)) = (item, outcome, due_at) {
            let outcome =
                Outcome::from_code(&code).ok_or_else(|| Error::Corrupt(format!("an item was {code:?}")))?;
            found.1.insert(item, (outcome, Timestamp(due_at)));
        }
    }
    let mut sums = ReadinessSums::default();
    for (setting, found) in units.values() {
        sums.units += 1;
        let items = shipped().of(*setting).flat_map(|subject| &subject.items);
        let worst = items.map(|item| Standing::of(found.get(&item.key).copied(), at)).min();
        match worst {
            Some(Standing::Failed) => sums.failed += 1,
            Some(Standing::Never) => sums.never += 1,
            Some(Standing::Overdue) => sums.overdue += 1,
            Some(Standing::Ready) | None => {}
        }
    }
    Ok(sums)
}

/// How ready the units of an incident were when it began, in a line; none until that is noted.
///
/// # Errors
/// When the database does not answer.
pub async fn line_of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Option<NextStep>, Error> {
    let Some(then) = store::start(tx, incident).await? else { return Ok(None) };
    let path = "/readiness".to_owned();
    let words = match then.not_ready() {
        0 => format!("All {} units were ready when it began", count(then.units)),
        1 => format!("1 of {} units was not ready when it began", count(then.units)),
        more => format!("{} of {} units were not ready when it began", count(more), count(then.units)),
    };
    Ok(Some(NextStep { words, path, late: false }))
}
