//! Preparing: whose sheet it is, and when the care was given.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    entry::{ENTERERS, Order, Prepare, Prepared, Preparing, Progress, Reference, Whose, care_time},
    field::FieldErrors,
    forms::State,
    id::{FacilityId, FormId, IncidentId},
    playbooks::Disposition,
    time::Zone,
};
use serde_json::json;

use super::{
    Desk,
    act::seal,
    patients::{self, Known},
    store::{self, TaskRow},
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    forms::{
        self,
        store::{self as sheets, SheetRow},
    },
    incidents::store as incidents,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Say},
        seal::Seal,
    },
};

/// Says whose sheets these are and when the care was given. The same again changes nothing.
///
/// # Errors
/// What is wrong by field, line by line; nothing is prepared then.
pub async fn prepare(app: App, by: By, (incident, said): (IncidentId, Prepare)) -> Result<Prepared, Failure> {
    let asked = said.read()?;
    let seal = seal(&app).await?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let playbook = forms::open_playbook(&mut decision.tx, incident).await?;
    let kit = &playbook.forms;
    let mut errors = FieldErrors::default();
    let (asked, rows) = found(&mut decision.tx, incident, asked, &mut errors).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    forms::may(&by.actor, &ENTERERS, rows.iter().map(|row| row.unit), &lattice)?;
    let began =
        incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?.started_at;
    let known = numbers(&app, &mut decision.tx, &seal, &asked).await?;
    let mut desk = Desk::of(&mut decision.tx, kit, &rows, decision.at).await?;
    let order = Order::of(kit);
    let zones: BTreeMap<FacilityId, Zone> =
        places::facilities(&mut decision.tx).await?.into_iter().map(|site| (site.id, site.zone)).collect();
    let mut unchanged = 0;
    for ((one, row), task) in asked.iter().zip(&rows).zip(&mut desk.tasks) {
        let zone = zones.get(&task.facility).cloned().unwrap_or_else(Zone::utc);
        match care_time(&one.event_at, &zone, decision.at, began) {
            Ok(event_at) => task.event_at = event_at,
            Err(reason) => errors.add(at(one, "event_at"), reason),
        }
        if let Err((field, reason)) = may_be(one, row, &order) {
            errors.add(at(one, field), format!("{}: {reason}", row.serial()));
            continue;
        }
        match whose(&app, &mut decision.tx, &seal, one, &known, task).await? {
            Some((whose, sealed)) => (task.whose, task.sealed) = (whose, sealed),
            None => {
                errors.add(at(one, "patient"), format!("{}: this patient was erased here.", row.serial()));
            }
        }
        task.progress = Progress::of(&row.sheet(), task.whose);
        unchanged += i64::from(desk.before.get(&task.form).is_some_and(|before| same(before, task)));
        task.changed_at = decision.at;
    }
    errors.into_result()?;
    store::save(&mut decision.tx, incident, &desk.before, &desk.tasks).await?;
    let sheets = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let data = json!({ "sheets": sheets, "unchanged": unchanged });
    decision.append(&app, Say { kind: "entry.prepared", data, ..Say::default() }).await?;
    let outcome = Prepared { seq: decision.seq, sheets, unchanged };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Where something wrong with a sheet is said: at its own field, or at the list.
fn at(one: &Preparing, field: &'static str) -> &'static str {
    if one.field == "lines" { "lines" } else { field }
}

/// The sheets of these serials, in their order.
async fn found(
    tx: &mut Tx,
    incident: IncidentId,
    asked: Vec<Preparing>,
    errors: &mut FieldErrors,
) -> Result<(Vec<Preparing>, Vec<SheetRow>), Error> {
    let mut by_prefix: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for one in &asked {
        by_prefix.entry(one.serial.prefix.clone()).or_default().insert(one.serial.number);
    }
    let mut sheets: BTreeMap<String, SheetRow> = BTreeMap::new();
    for (prefix, numbers) in by_prefix {
        for row in sheets::by_numbers(tx, incident, &prefix, &numbers.into_iter().collect()).await? {
            sheets.insert(row.serial().to_string(), row);
        }
    }
    let (mut kept, mut rows) = (Vec::new(), Vec::new());
    for one in asked {
        if let Some(row) = sheets.remove(&one.serial.to_string()) {
            kept.push(one);
            rows.push(row);
        } else {
            let sentence = format!("{}: not handed out in this incident; take it in as found.", one.serial);
            errors.add(one.field, sentence);
        }
    }
    Ok((kept, rows))
}

async fn numbers(
    app: &App,
    tx: &mut Tx,
    seal: &Seal,
    asked: &[Preparing],
) -> Result<BTreeMap<String, Known>, Error> {
    let numbers: BTreeSet<String> = asked
        .iter()
        .filter_map(|one| match &one.reference {
            Reference::Number(number) => Some(number.clone()),
            Reference::Several => None,
        })
        .collect();
    patients::keep(app, tx, seal, &numbers).await
}

/// Whether this can be said of a sheet now.
fn may_be(one: &Preparing, row: &SheetRow, order: &Order) -> Result<(), (&'static str, String)> {
    let state = row.state;
    let set_aside = state == State::Discrepancy && row.entered_by.is_empty();
    if !matches!(state, State::Used | State::Missing) && !set_aside {
        let sentence = match state {
            State::Out => "It is still out; count it back first.",
            State::Blank | State::Voided | State::Filed => "There is nothing to type in.",
            _ => "It is typed in already; report a difference if it is another patient's.",
        };
        return Err(("serial", sentence.to_owned()));
    }
    if row.disposition != Disposition::BackEnter {
        return Err(("serial", "It is filed as it is; nobody types it in.".to_owned()));
    }
    if one.reference == Reference::Several && order.waits_for_any(&row.form_type) {
        let others: Vec<&str> = order.before(&row.form_type).collect();
        return Err((
            "several",
            format!("A {} form is one patient's: it waits for {}.", row.form_type, others.join(", ")),
        ));
    }
    Ok(())
}

type Sealed = Option<(sqlx::types::Uuid, Vec<u8>)>;

/// Whose sheet it is, with the number sealed; `None` when the patient was erased.
async fn whose(
    app: &App,
    tx: &mut Tx,
    seal: &Seal,
    one: &Preparing,
    known: &BTreeMap<String, Known>,
    task: &TaskRow,
) -> Result<Option<(Whose, Sealed)>, Error> {
    let Reference::Number(number) = &one.reference else { return Ok(Some((Whose::Several, None))) };
    let Some(known) = known.get(number) else { return Ok(None) };
    // Said again, it stays as it was sealed.
    if task.whose == Whose::One(known.patient) && patients::on_sheet(tx, seal, task).await? == *number {
        return Ok(Some((task.whose, task.sealed.clone())));
    }
    let sealed = patients::sealed(app, seal, known, task.form.0, number)?;
    Ok(sealed.map(|sealed| (Whose::One(known.patient), Some((known.sealed_for, sealed)))))
}

fn same(before: &TaskRow, after: &TaskRow) -> bool {
    (before.whose, &before.sealed, before.event_at) == (after.whose, &after.sealed, after.event_at)
}

/// What a page of preparing fills in: the serial of the sheet that is asked for.
pub async fn serial_of(tx: &mut Tx, incident: IncidentId, form: Option<FormId>) -> Result<String, Error> {
    let Some(form) = form else { return Ok(String::new()) };
    let row = sheets::by_ids(tx, incident, &[form]).await?.pop();
    Ok(row.map(|row| row.serial().to_string()).unwrap_or_default())
}
