//! The doors of one person: their page, a correction, having left and working here again.

use axum::{extract::Path, http::StatusCode, response::Response};
use domain::{
    actor::Role,
    id::{PersonId, UnitId},
    people::{CorrectPerson, Step, StepPerson},
    time::Timestamp,
    view::{
        cases::Alternative,
        people::{AccountOf, PersonChanged, PersonLine, PersonView},
    },
};

use super::{
    change,
    store::{self, PersonRow},
    web::READERS,
};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    places::store as places,
    store::{Error, Tx},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// The routes of one person.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<PersonView, _>("/people/{person}", READERS, "One person of the staff", show)
        .command::<CorrectPerson, PersonChanged, _>(
            "/people/{person}",
            Access::ADMINISTRATORS,
            "Correct a person; the whole of what is known of them is sent",
            correct,
        )
        .command::<StepPerson, PersonChanged, _>(
            "/people/{person}/left",
            Access::ADMINISTRATORS,
            "Note that a person has left",
            leave,
        )
        .command::<StepPerson, PersonChanged, _>(
            "/people/{person}/back",
            Access::ADMINISTRATORS,
            "Note that a person works here again",
            come_back,
        )
}

fn person_id(text: &str) -> Result<PersonId, Problem> {
    text.parse().map_err(|_| Problem::not_found("person"))
}

async fn show(door: Door, Path(id): Path<String>) -> Result<Response, Problem> {
    page(&door, person_id(&id)?, None, Mistakes::default()).await
}

/// The page, with what was typed or with what is known.
async fn page(
    door: &Door,
    id: PersonId,
    typed: Option<CorrectPerson>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let row = store::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("person"))?;
    let view = view(door, &mut tx, &row, typed).await?;
    let title = frontend::pages::people::one::title(&view);
    door.page(tx, &title, view, frontend::pages::people::one::page, mistakes).await
}

async fn view(
    door: &Door,
    tx: &mut Tx,
    row: &PersonRow,
    typed: Option<CorrectPerson>,
) -> Result<PersonView, Error> {
    let (id, unit_id) = (PersonId(row.id), UnitId(row.unit_id));
    let person = row.staff(tx).await?;
    let lattice = places::lattice(tx).await?;
    let zone = accounts::installation(tx).await?.zone();
    let mut own = Vec::new();
    if door.actor().has(&[Role::Administrator]) {
        let rows = store::accounts(tx, id).await?;
        own = rows.into_iter().map(|(login, locked)| AccountOf { login, locked: locked.is_some() }).collect();
    }
    let may_change = change::administers(door.actor(), unit_id, &lattice);
    let mut units = Vec::new();
    if may_change {
        let closed = places::closed(tx).await?;
        for (unit, words) in places::named_units(tx).await? {
            let takes_them = unit == unit_id || !closed.contains(&unit);
            if takes_them && change::administers(door.actor(), unit, &lattice) {
                units.push(Alternative { value: unit.to_string(), words });
            }
        }
    }
    // What was typed is sent again over what the person is now.
    let form = typed.map_or_else(
        || CorrectPerson::of(&person, unit_id, row.version),
        |form| CorrectPerson { version: row.version.to_string().into(), ..form },
    );
    Ok(PersonView {
        line: PersonLine {
            id,
            staff_number: person.staff_number,
            name: person.name,
            facility: row.facility.clone(),
            unit: row.unit.clone(),
            job: person.job,
            unit_lead: person.unit_lead,
            emails: person.emails,
            phones: person.phones,
        },
        unit_id,
        version: row.version,
        left: row.left_at.map(|at| zone.full(Timestamp(at))),
        accounts: own,
        may_change,
        form,
        units,
        request_id: door.request_id(),
    })
}

async fn correct(
    door: Door,
    Path(id): Path<String>,
    input: Input<CorrectPerson>,
) -> Result<Response, Problem> {
    let id = person_id(&id)?;
    let ran = door.run(&input, move |app, by, form| change::correct(app, by, (id, form))).await;
    let form = input.form;
    match ran {
        Ok(changed) => Ok(door.done(&format!("/people/{id}"), &changed)),
        // The page shows what they are now, with what was typed still in the form (rule 16).
        Err(Failure::Conflict { .. }) if !door.wants_json() => {
            let sentence = "Somebody else changed this person first. They are now as shown here. What you typed is \
                            still in the form; send it again if it still holds.";
            let refusal = Some(domain::Refusal::new("conflict", sentence));
            let mistakes = Mistakes { refusal, ..Mistakes::default() };
            let mut response = page(&door, id, Some(form), mistakes).await?;
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| page(&door, id, Some(form), mistakes).await)
                .await
        }
    }
}

async fn leave(door: Door, Path(id): Path<String>, input: Input<StepPerson>) -> Result<Response, Problem> {
    take(door, &id, Step::Leave, input).await
}

async fn come_back(
    door: Door,
    Path(id): Path<String>,
    input: Input<StepPerson>,
) -> Result<Response, Problem> {
    take(door, &id, Step::Return, input).await
}

async fn take(door: Door, id: &str, step: Step, input: Input<StepPerson>) -> Result<Response, Problem> {
    let id = person_id(id)?;
    match door.run(&input, move |app, by, form| change::step(app, by, (id, step, form))).await {
        Ok(changed) => Ok(door.done(&format!("/people/{id}"), &changed)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| page(&door, id, None, mistakes).await).await
        }
    }
}
