//! Changing one person by hand: a correction, having left, and working here again.

use domain::{
    actor::{Actor, Role},
    field::FieldErrors,
    id::{PersonId, UnitId},
    people::{CorrectPerson, Staff, Step, StepPerson, differences},
    scope::{Place, Places},
    time::Timestamp,
    view::people::PersonChanged,
};
use serde_json::json;

use super::store::{self, PersonRow, Saved};
use crate::{
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Say},
    },
};

/// Corrects a person. The next file that says something else of them replaces it.
///
/// # Errors
/// What is wrong by field, that the person or the unit is not the administrator's, that nothing differs, and a
/// conflict when somebody changed the person first.
pub async fn correct(
    app: App,
    by: By,
    (id, form): (PersonId, CorrectPerson),
) -> Result<PersonChanged, Failure> {
    let correction = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let row = held(&mut decision.tx, id).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    must_administer(&by.actor, UnitId(row.unit_id), &lattice)?;
    let before = row.staff(&mut decision.tx).await?;
    if !form.version.is_blank() && form.version.trimmed() != row.version.to_string() {
        let yours = json!({ "version": form.version, "sent": form });
        return Err(Failure::Conflict { yours, theirs: as_it_is(&row, &before) });
    }
    let unit = correction.unit;
    let units = places::units(&mut decision.tx).await?;
    let Some(to) = units.into_iter().find(|each| each.id == unit.0) else {
        return Err(FieldErrors::one("unit", "There is no such unit.").into());
    };
    must_administer(&by.actor, unit, &lattice)?;
    if unit.0 != row.unit_id && places::closed(&mut decision.tx).await?.contains(&unit) {
        return Err(FieldErrors::one("unit", "This unit is closed; it takes no new people.").into());
    }
    let person = correction.of(&before, to.facility, to.code);
    let changed = differences(&before, &person);
    if changed.is_empty() {
        let sentence = "This is what is known of the person already; nothing was changed.";
        return Err(domain::Refusal::new("nothing-differs", sentence).into());
    }
    let hash = person.content_hash();
    let saved = Saved { id, unit, hash, person, left_at: row.left_at.map(Timestamp) };
    store::save(&mut decision.tx, &[saved], decision.at).await?;
    let data = json!({ "changed": changed.join(", "), "from": row.unit_id, "to": unit });
    let say = Say { kind: "person.corrected", subject: format!("person:{id}"), data, ..Say::default() };
    decision.append(&app, say).await?;
    let outcome = PersonChanged { person: id, version: row.version + 1, has_left: row.left_at.is_some() };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Notes that a person has left, or works here again. What was recorded of them stays.
///
/// # Errors
/// When it is so already, or the person is not the administrator's.
pub async fn step(
    app: App,
    by: By,
    (id, step, _): (PersonId, Step, StepPerson),
) -> Result<PersonChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let row = held(&mut decision.tx, id).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    must_administer(&by.actor, UnitId(row.unit_id), &lattice)?;
    step.check(row.left_at.is_some())?;
    let (kind, left_at) = match step {
        Step::Leave => ("person.left", Some(decision.at)),
        Step::Return => ("person.returned", None),
    };
    store::set_left(&mut decision.tx, id, left_at, decision.at).await?;
    let data = json!({ "unit": row.unit_id });
    decision.append(&app, Say { kind, subject: format!("person:{id}"), data, ..Say::default() }).await?;
    let outcome = PersonChanged { person: id, version: row.version + 1, has_left: left_at.is_some() };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn held(tx: &mut Tx, id: PersonId) -> Result<PersonRow, Failure> {
    if !store::hold(tx, id).await? {
        return Err(Failure::NotFound("person"));
    }
    store::find(tx, id).await?.ok_or(Failure::NotFound("person"))
}

/// Whether an account may change the people of a unit.
pub fn administers(actor: &Actor, unit: UnitId, places: &Places) -> bool {
    actor.can(Role::Administrator, Place::Unit(unit), places)
}

fn must_administer(actor: &Actor, unit: UnitId, places: &Places) -> Result<(), Failure> {
    if administers(actor, unit, places) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may change the staff of your own sites only.".into()))
}

/// What a person is now, for somebody who based a correction on something else.
fn as_it_is(row: &PersonRow, person: &Staff) -> serde_json::Value {
    json!({
        "version": row.version,
        "name": person.name,
        "unit": row.unit_id,
        "job": person.job,
        "unit_lead": person.unit_lead,
        "emails": person.emails,
        "phones": person.phones,
        "has_left": row.left_at.is_some(),
    })
}
