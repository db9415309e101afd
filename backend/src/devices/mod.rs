//! Devices given back one by one: counted by people, reported by scripts on the machines, read from files; and what
//! the board and the way back ask of them.

mod card;
mod import;
mod reading;
mod show;
pub mod store;
pub mod web;

use domain::{
    Refusal,
    actor::{Actor, Role},
    devices::{
        CountDevices, Counted, DevicesCounted, MachineReport, MachineReported, Machines, NotBack,
        ReportMachine, SendTeam, Standing, TeamSent,
    },
    field::FieldErrors,
    id::{IncidentId, SystemId, UnitId},
    identifiers::patient_identifiers,
    scope::{Place, Places},
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

pub use card::{Bare, bare, card};

use crate::{
    app::App,
    begin,
    failure::Failure,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        facts::{Adds, ApplyCounted, Noted},
        journal::{By, Chain, Decision, Say},
    },
};
use store::{InScope, MachineRow, NewEvent, Slots, Tally};

/// Who counts devices by hand.
pub(crate) const COUNTERS: [Role; 2] = [Role::Commander, Role::UnitLead];

/// Counts one class in a unit; what is left empty stays.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's.
pub async fn count(
    app: App,
    by: By,
    (incident, unit, form): (IncidentId, UnitId, CountDevices),
) -> Result<DevicesCounted, Failure> {
    let said = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let (scope, lattice) = open(&mut decision.tx, incident).await?;
    let class = class_at(&scope, &lattice, unit, form.class.trimmed())?;
    may(&by.actor, &COUNTERS, unit, &lattice)?;
    let before = store::take(&mut decision.tx, incident, unit, class, decision.at).await?;
    let counted = said
        .onto(&before.counted, before.machines.broken)
        .map_err(|(field, reason)| FieldErrors::one(field, reason))?;
    let mut slots = Slots::default();
    let written = Written { incident, unit, class, source: "typed" };
    let standing = keep_count(&app, &mut decision, &written, (&before, counted), &mut slots).await?;
    store::keep_slots(&mut decision.tx, incident, slots, decision.at).await?;
    let data = json!({
        "class": class, "in_all": counted.in_all, "checked": counted.checked, "fixed": counted.fixed,
    });
    let subject = format!("unit:{unit}");
    decision.append(&app, Say { kind: "devices.counted", subject, data, ..Say::default() }).await?;
    let outcome = DevicesCounted { incident, unit, class, standing };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Which count is written, and where it comes from.
struct Written {
    incident: IncidentId,
    unit: UnitId,
    class: SystemId,
    source: &'static str,
}

/// Writes a count with its event.
async fn keep_count(
    app: &App,
    decision: &mut Decision,
    written: &Written,
    (before, counted): (&Tally, Counted),
    slots: &mut Slots,
) -> Result<Standing, Error> {
    let Written { incident, unit, class, source } = *written;
    let (at, account) = (decision.at, decision.account);
    let after = Tally { counted, ..*before };
    let standing =
        store::keep(&mut decision.tx, incident, (unit, class), (before, &after), slots, at).await?;
    let event = NewEvent {
        id: app.clock.id(),
        unit,
        class,
        source,
        machine: None,
        states: ("", ""),
        counted: Some(counted),
        event_at: at,
        entered_at: at,
        account,
    };
    store::log(&mut decision.tx, incident, &event).await?;
    Ok(standing)
}

/// Sends a field team to a unit, or takes it back.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's.
pub async fn send_team(
    app: App,
    by: By,
    (incident, unit, form): (IncidentId, UnitId, SendTeam),
) -> Result<TeamSent, Failure> {
    let mut errors = FieldErrors::default();
    let team = errors.optional("team", &form.team, 120).unwrap_or_default();
    if let Some(hit) = patient_identifiers(&team, app.clock.now()).first() {
        errors.add("team", format!("{:?} {}. Write the team's own name.", hit.quoted, hit.likeness.words()));
    }
    errors.into_result()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let (scope, lattice) = open(&mut decision.tx, incident).await?;
    let site = lattice.unit_facility.get(&unit).ok_or(Failure::NotFound("unit"))?;
    if !scope.sites().contains(site) {
        return Err(Failure::NotFound("unit"));
    }
    may(&by.actor, &[Role::Commander], unit, &lattice)?;
    store::send_team(&mut decision.tx, incident, unit, &team, decision.at).await?;
    let kind = if team.is_empty() { "devices.team_taken_back" } else { "devices.team_sent" };
    let texts: &[(&str, &str)] = &[("team", &team)];
    let texts = if team.is_empty() { &[] } else { texts };
    let subject = format!("unit:{unit}");
    decision.append(&app, Say { kind, subject, texts, ..Say::default() }).await?;
    let outcome = TeamSent { incident, unit, team };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// What concerns devices in an incident that is open, and how places lie.
async fn open(tx: &mut Tx, incident: IncidentId) -> Result<(InScope, Places), Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let scope = store::in_scope(tx, incident).await?;
    if scope.classes.is_empty() {
        let sentence = "No kind of device is part of this downtime, so none can be counted.";
        return Err(Refusal::new("no-devices", sentence).into());
    }
    Ok((scope, places::lattice(tx).await?))
}

/// The class of a code, if it is part of the downtime at this unit's site.
fn class_at(scope: &InScope, lattice: &Places, unit: UnitId, code: &str) -> Result<SystemId, Failure> {
    let site = lattice.unit_facility.get(&unit).ok_or(Failure::NotFound("unit"))?;
    match scope.class(code) {
        Some(class) if scope.pairs.contains(&(class, *site)) => Ok(class),
        _ => {
            let sentence = "Choose a kind of device that is part of this downtime at this site.";
            Err(FieldErrors::one("class", sentence).into())
        }
    }
}

fn may(actor: &Actor, roles: &[Role], unit: UnitId, lattice: &Places) -> Result<(), Failure> {
    if roles.iter().any(|role| actor.can(*role, Place::Unit(unit), lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may do this only for the units you answer for.".into()))
}

/// Who reports machines.
pub(crate) const REPORTERS: [Role; 3] = [Role::DeviceReporter, Role::Commander, Role::UnitLead];

/// One report on its way.
#[derive(Debug, Clone)]
struct Noting {
    incident: IncidentId,
    /// The ids of the machine, if it is new, and of the event.
    machine: Uuid,
    event: Uuid,
    report: MachineReport,
    actor: Actor,
}

/// Notes what a machine reports of itself: a fact, which waits for no decision. The same again changes nothing. They
/// come by thousands, so everything about one is looked up where it is written, on the writer's one connection.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's; for a machine that stands in such a unit; when the
/// incident has ended.
pub async fn report(
    app: App,
    actor: Actor,
    incident: IncidentId,
    form: ReportMachine,
) -> Result<MachineReported, Failure> {
    let report = form.read(app.clock.now())?;
    if !actor.has_everywhere(&REPORTERS) {
        let mut tx = app.db.read().await?;
        let lattice = places::lattice(&mut tx).await?;
        let (unit, _) = addressed(&mut tx, incident, &report).await??;
        may(&actor, &REPORTERS, unit, &lattice)?;
    }
    let noting =
        Noting { incident, machine: app.clock.id(), event: app.clock.id(), report: report.clone(), actor };
    let apply: ApplyCounted = Box::new(move |tx, now| {
        let noting = noting.clone();
        Box::pin(async move {
            match addressed(tx, noting.incident, &noting.report).await? {
                Ok(of) => note(tx, now, &noting, of).await,
                Err(refusal) => Ok(Err(refusal)),
            }
        })
    });
    let changed = app.facts.note_counted(incident, store::TALLY, store::add_machines, apply).await?;
    let changed = changed.as_bool().unwrap_or_default();
    Ok(MachineReported { machine: report.machine, state: report.state, changed })
}

/// The unit and the class that a report names, if they are part of the downtime.
async fn addressed(
    tx: &mut Tx,
    incident: IncidentId,
    report: &MachineReport,
) -> Result<Result<(UnitId, SystemId), Refusal>, Error> {
    let (site, unit) = report.unit.split_once('/').unwrap_or_default();
    let id = report.unit.parse::<UnitId>().ok();
    let found = store::addressed(tx, incident, (site, unit, id), &report.class).await?;
    Ok(found.ok_or_else(|| {
        let sentence = "No such unit has such devices in this downtime. Write the codes of site and unit as \
                        general/4w, and the code of the kind of device as workstations.";
        Refusal::new("no-such-devices", sentence)
    }))
}

async fn note(
    tx: &mut Tx,
    now: Timestamp,
    noting: &Noting,
    of: (UnitId, SystemId),
) -> Result<Result<(Noted, Adds), Refusal>, Error> {
    let (name, state) = (noting.report.machine.as_str(), noting.report.state.code());
    let known = store::machine(tx, noting.incident, name).await?;
    let (unit, class) = (of.0.0, of.1.0);
    if let Some(known) = known.as_ref().filter(|known| known.unit != unit)
        && let Err(refusal) = may_take_from(tx, &noting.actor, UnitId(known.unit)).await?
    {
        return Ok(Err(refusal));
    }
    let account = noting.actor.account;
    let id = known.as_ref().map_or(noting.machine, |known| known.id);
    let (kind, subject) = ("device.reported", format!("machine:{id}"));
    let before = known.as_ref().map_or("", |known| known.state.as_str());
    let stands = known.as_ref().is_some_and(|known| (known.unit, known.class) == (unit, class));
    if stands && before == state {
        let nothing = Noted { kind, subject, data: serde_json::Value::Null, reply: json!(false) };
        return Ok(Ok((nothing, Adds::default())));
    }
    let row = MachineRow { id, unit, class, state: state.to_owned() };
    store::keep_machine(tx, noting.incident, name, &row, now).await?;
    let event = NewEvent {
        id: noting.event,
        unit: of.0,
        class: of.1,
        source: "machine",
        machine: Some(id),
        states: (before, state),
        counted: None,
        event_at: noting.report.at.unwrap_or(now),
        entered_at: now,
        account,
    };
    store::log(tx, noting.incident, &event).await?;
    let mut amounts = vec![((unit, class), amounts(state))];
    if let Some(known) = &known {
        amounts.push(((known.unit, known.class), self::amounts(before).map(|amount| -amount)));
    }
    let data = json!({ "unit": of.0, "class": of.1, "from": before, "to": state, "account": account });
    Ok(Ok((Noted { kind, subject, data, reply: json!(true) }, Adds { amounts })))
}

/// Whether the account may take a machine away from the unit where it stands: its counts fall there.
async fn may_take_from(tx: &mut Tx, actor: &Actor, unit: UnitId) -> Result<Result<(), Refusal>, Error> {
    if actor.has_everywhere(&REPORTERS) || may(actor, &REPORTERS, unit, &places::lattice(tx).await?).is_ok() {
        return Ok(Ok(()));
    }
    let sentence = "A machine of this name stands in a unit that you may not report for. Somebody who may report for \
                    both units can move it.";
    Ok(Err(Refusal::new("machine-stands-elsewhere", sentence)))
}

/// What one machine in a state counts: known, fixed, broken.
fn amounts(state: &str) -> [i64; 3] {
    let one = domain::devices::MachineState::from_code(state).map(Machines::one).unwrap_or_default();
    [one.known, one.fixed, one.broken]
}

/// The units of a place whose devices of a class are not back: not all work, nor the share that the incident's
/// playbook asks for. A unit of which nothing is known has none and is back.
///
/// # Errors
/// When the database does not answer.
pub async fn not_back(
    tx: &mut Tx,
    incident: IncidentId,
    place: Place,
    class: SystemId,
) -> Result<Vec<NotBack>, Error> {
    let rows = reading::not_done(tx, incident, class).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // The share of a unit's devices that must work; all of them when no playbook says.
    let percent = playbooks::setting(tx, incident, |playbook| playbook.timing.devices_back_percent).await?;
    let percent = percent.unwrap_or(100);
    let lattice = places::lattice(tx).await?;
    let mut found = Vec::new();
    for (unit, name, site, in_all, total, checked, fixed) in rows {
        let standing = Standing { in_all, total, checked, fixed };
        if lattice.contains(place, Place::Unit(UnitId(unit))) && !standing.is_back(percent) {
            let name = format!("{site}, {name}");
            found.push(NotBack { unit: UnitId(unit), name, left: standing.left(), in_all });
        }
    }
    Ok(found)
}
