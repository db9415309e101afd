//! Pilots and waves: named people, and then the staff of some units, are let in before everybody is. Each is an
//! instruction *for whom*; on public pages the scope stays prohibited (rule 1).

use std::collections::BTreeSet;

use domain::{
    Refusal,
    actor::Role,
    clearance::{BeginWave, Clearance, HaltWave, PassHold, PlanWave, Progress, Stepped, Unplan, Wave},
    field::{FieldErrors, Text},
    id::{ClearanceId, FacilityId, IncidentId, SystemId, UnitId},
    instructions::{Effect, Order, State, Whom, Word},
    lexicon,
    scope::{Functions, Place, Places, Scope, SystemKind},
    time::Zone,
};
use serde_json::json;

use super::{
    About, about, optional,
    store::{self, Moment, Moved},
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin, devices,
    failure::Failure,
    instructions::{
        Picture,
        picture::names,
        store::{self as orders, Move, OrderRow},
    },
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// The longest that a wave may be watched, in minutes: three days.
const MOST_HOLD: i64 = 3 * 24 * 60;
/// How long it is watched unless somebody says otherwise.
const USUAL_HOLD: i64 = 30;

/// An order for named pilots was approved: the restored scopes that it lies in are now in their pilot.
///
/// # Errors
/// Refused when one person did both.
pub async fn pilot_begins(
    decision: &mut Decision,
    incident: IncidentId,
    order: &OrderRow,
    picture: &Picture,
) -> Result<(), Failure> {
    let permits = order.order.scope.functions.iter().any(|each| order.order.effect(each) == Effect::Use);
    if !permits {
        return Ok(());
    }
    let moment = moment_of(decision);
    for row in store::scopes(&mut decision.tx, incident).await? {
        let reached = picture.meet(&row.scope, &order.order.scope)
            && row.scope.functions.meets(order.order.scope.functions)
            && row.stage == domain::clearance::Stage::Restored;
        if !reached {
            continue;
        }
        let Some(mut clearance) = store::find(&mut decision.tx, incident, row.id).await? else { continue };
        let step = clearance.begin_pilot(order.issued_by, decision.account)?;
        store::save(&mut decision.tx, &clearance, &[step], moment).await?;
    }
    Ok(())
}

fn moment_of(decision: &Decision) -> Moment {
    Moment { seq: decision.next_seq(), at: decision.at, account: decision.account }
}

impl About {
    /// Waves are for commanders of the place.
    fn may_wave(&self, by: &By) -> Result<(), Failure> {
        if by.actor.can(Role::Commander, self.place(), &self.places) {
            return Ok(());
        }
        Err(Failure::Forbidden("A commander for this place decides on its waves.".into()))
    }

    fn wave(&self, number: i64) -> Result<&Wave, Failure> {
        self.clearance.waves.iter().find(|wave| wave.number == number).ok_or(Failure::NotFound("wave"))
    }
}

/// The zone of a scope's place: its site's, or the installation's for several.
pub(super) async fn zone_of(tx: &mut Tx, place: Place, lattice: &Places) -> Result<Zone, Error> {
    let sites = lattice.facilities_of(place);
    let all = places::facilities(tx).await?;
    let site = all.into_iter().find(|each| sites.len() == 1 && sites.contains(&each.id));
    match site {
        Some(site) => Ok(site.zone),
        None => Ok(accounts::installation(tx).await?.zone()),
    }
}

/// Plans a wave behind the others.
///
/// # Errors
/// What is wrong by field; a refusal for units outside the scope, or once it is signed.
pub async fn plan(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, PlanWave),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_wave(&by)?;
    let wave = read(&mut decision, &about, &form).await?;
    about.clearance.plan(wave.clone(), &about.places)?;
    let moment = moment_of(&decision);
    store::plan_wave(&mut decision.tx, id, &wave, moment).await?;
    let data = json!({
        "wave": wave.number,
        "units": wave.units,
        "starts_at": wave.starts_at,
        "hold_minutes": wave.hold_minutes,
        "expected": wave.expected,
    });
    let texts = [("condition", wave.condition.as_str()), ("hold_owner", wave.hold_owner.as_str())];
    about.finish(&app, decision, "clearance.wave_planned", (data, &texts), &[]).await
}

async fn read(decision: &mut Decision, about: &About, form: &PlanWave) -> Result<Wave, Failure> {
    let zone = zone_of(&mut decision.tx, about.place(), &about.places).await?;
    let mut errors = FieldErrors::default();
    let units = units_named(&mut decision.tx, about, &form.units, &mut errors).await?;
    let starts_at = match form.starts_at.trimmed() {
        "" => Some(decision.at),
        text => errors.keep("starts_at", zone.parse(text)),
    };
    let hold_minutes = number(&mut errors, "hold_minutes", &form.hold_minutes, (0, MOST_HOLD));
    let expected = number(&mut errors, "expected", &form.expected, (0, 1_000_000));
    let hold_owner = errors.optional("hold_owner", &form.hold_owner, 80).unwrap_or_default();
    if let Err(refusal) = lexicon::refuse_all_clear(form.condition.trimmed()) {
        errors.add("condition", refusal.sentence);
    }
    let condition = errors.optional("condition", &form.condition, 80).unwrap_or_default();
    errors.into_result()?;
    let expected = match expected {
        Some(expected) => expected,
        None => places::staff_of(&mut decision.tx, &units).await?,
    };
    Ok(Wave {
        number: store::next_number(&mut decision.tx, about.clearance.id).await?,
        units,
        starts_at: starts_at.unwrap_or(decision.at),
        hold_minutes: hold_minutes.unwrap_or(USUAL_HOLD),
        hold_owner: if hold_owner.is_empty() { "Incident commander".into() } else { hold_owner },
        expected,
        condition,
        progress: Progress::Planned,
        planned_by: decision.account,
        begun_at: None,
        passed_at: None,
        orders: BTreeSet::new(),
    })
}

fn number(errors: &mut FieldErrors, field: &str, text: &Text, (least, most): (i64, i64)) -> Option<i64> {
    if text.is_blank() {
        return None;
    }
    let read = text.trimmed().parse::<i64>().ok().filter(|number| (least..=most).contains(number));
    if read.is_none() {
        errors.add(field, format!("A whole number from {least} to {most}."));
    }
    read
}

/// The units of a form, by id or by their code at the scope's sites.
async fn units_named(
    tx: &mut Tx,
    about: &About,
    named: &[Text],
    errors: &mut FieldErrors,
) -> Result<BTreeSet<UnitId>, Error> {
    let words: Vec<&str> = named.iter().flat_map(|text| text.0.split(',')).map(str::trim).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut units = BTreeSet::new();
    let rows = if words.is_empty() { Vec::new() } else { places::units(tx).await? };
    for word in words {
        let by_id = word.strip_prefix("unit:").unwrap_or(word).parse::<UnitId>().ok();
        let by_code = || {
            let mut fitting = rows.iter().filter(|row| row.code == word).map(|row| UnitId(row.id));
            fitting.find(|unit| about.places.contains(about.place(), Place::Unit(*unit)))
        };
        let known = by_id.filter(|unit| about.places.unit_facility.contains_key(unit)).or_else(by_code);
        match known {
            Some(unit) => {
                units.insert(unit);
            }
            None => errors.add("units", format!("There is no unit {word:?} here.")),
        }
    }
    Ok(units)
}

/// Takes a planned wave off the list.
///
/// # Errors
/// Refused once it has begun.
pub async fn unplan(
    app: App,
    by: By,
    (incident, id, number, _): (IncidentId, ClearanceId, i64, Unplan),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_wave(&by)?;
    let wave = about.wave(number)?.clone();
    about.clearance.unplan(number)?;
    let moved = Moved { from: wave.progress, to: None };
    let moment = moment_of(&decision);
    store::move_wave(&mut decision.tx, id, (&wave, moved), moment).await?;
    about.finish(&app, decision, "clearance.wave_unplanned", (json!({ "wave": number }), &[]), &[]).await
}

/// Begins a wave that somebody else has planned: its units are let in by an order for their staff.
///
/// # Errors
/// Refused for who planned it, out of order, before its time, and while an earlier one is held.
pub async fn begin(
    app: App,
    by: By,
    (incident, id, number, _): (IncidentId, ClearanceId, i64, BeginWave),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_wave(&by)?;
    let before = about.wave(number)?.clone();
    let not_back = not_back(&mut decision.tx, incident, (about.place(), &before)).await?;
    is_not_forbidden(&mut decision.tx, &about, &before).await?;
    let step = about.clearance.begin_wave(number, decision.account, not_back, decision.at)?;
    let mut orders = BTreeSet::new();
    for unit in &before.units {
        let order = let_in(&app, &decision, &about, (*unit, &before));
        let say = Say {
            kind: "instruction.issued_by_wave",
            subject: format!("instruction:{}", order.order.id),
            data: json!({ "word": order.order.word.code(), "place": order.order.scope.place, "wave": number }),
            ..Say::default()
        };
        orders.insert(order.order.id);
        orders::insert(&mut decision.tx, &order).await?;
        decision.append(&app, say).await?;
    }
    let wave = about.clearance.waves.iter_mut().find(|wave| wave.number == number);
    let Some(wave) = wave else { return Err(Failure::NotFound("wave")) };
    wave.orders = orders;
    let wave = wave.clone();
    let moment = moment_of(&decision);
    let moved = Moved { from: before.progress, to: Some(wave.progress) };
    store::move_wave(&mut decision.tx, id, (&wave, moved), moment).await?;
    let data = json!({ "wave": number, "units": wave.units, "expected": wave.expected });
    about.finish(&app, decision, "clearance.wave_begun", (data, &[]), &[step]).await
}

/// An order that was given for one of the units itself forbids more than the wave may permit (rule 12b).
async fn is_not_forbidden(tx: &mut Tx, about: &About, wave: &Wave) -> Result<(), Failure> {
    let names = names(tx).await?;
    for row in orders::of_family(tx, about.incident.id).await? {
        let Place::Unit(unit) = row.order.scope.place else { continue };
        let forbids = row.order.scope.functions.common(about.clearance.scope.functions);
        let forbids = forbids.iter().any(|function| row.order.effect(function) != Effect::Use);
        let same_system = names.meet(&about.clearance.scope, &row.order.scope);
        if wave.units.contains(&unit) && row.order.whom == Whom::Everyone && same_system && forbids {
            let name = places::name(tx, row.order.scope.place).await?;
            let words = row.order.words().to_uppercase();
            let sentence =
                format!("For {name} there stands: {words}. Lift that order, or plan the wave without it.");
            return Err(Refusal::new("unit-forbidden", sentence).into());
        }
    }
    Ok(())
}

/// How many units of a wave still wait for computers of some kind.
async fn not_back(tx: &mut Tx, incident: IncidentId, (place, wave): (Place, &Wave)) -> Result<i64, Error> {
    let mut units = BTreeSet::new();
    for class in places::systems(tx).await?.into_iter().filter(|each| each.kind == SystemKind::DeviceClass) {
        let waiting = devices::not_back(tx, incident, place, class.id).await?;
        units.extend(waiting.into_iter().map(|each| each.unit).filter(|unit| wave.units.contains(unit)));
    }
    Ok(i64::try_from(units.len()).unwrap_or(i64::MAX))
}

/// The order that lets the staff of one unit in.
fn let_in(app: &App, decision: &Decision, about: &About, (unit, wave): (UnitId, &Wave)) -> OrderRow {
    OrderRow {
        order: Order {
            id: app.clock.id(),
            scope: Scope { place: Place::Unit(unit), ..about.clearance.scope },
            word: Word::Use,
            only_for: Functions::NONE,
            whom: Whom::Wave(wave.number),
            condition: wave.condition.clone(),
            text: String::new(),
            since: decision.at,
            age: decision.next_seq(),
            keeps: BTreeSet::new(),
        },
        incident: about.incident.id,
        short: String::new(),
        state: State::InForce,
        text_waits: false,
        issued_by: wave.planned_by,
        approved_by: Some(decision.account),
        supersedes: None,
    }
}

/// The hold point of a wave was looked at and found good: the next may begin, or the signatures.
///
/// # Errors
/// Refused before it was watched for as long as planned.
pub async fn pass_hold(
    app: App,
    by: By,
    (incident, id, number, form): (IncidentId, ClearanceId, i64, PassHold),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_wave(&by)?;
    let note = optional("note", &form.note, 500)?;
    let before = about.wave(number)?.progress;
    about.clearance.pass_hold(number, decision.at)?;
    let wave = about.wave(number)?.clone();
    let moment = moment_of(&decision);
    let moved = Moved { from: before, to: Some(wave.progress) };
    store::move_wave(&mut decision.tx, id, (&wave, moved), moment).await?;
    let said = (json!({ "wave": number }), &[("note", note.as_str())][..]);
    about.finish(&app, decision, "clearance.hold_passed", said, &[]).await
}

/// Stops a wave at once: its units are out again, until it begins anew.
///
/// # Errors
/// Refused without a reason, for a wave that has not begun, and once the scope is signed.
pub async fn halt(
    app: App,
    by: By,
    (incident, id, number, form): (IncidentId, ClearanceId, i64, HaltWave),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut errors = FieldErrors::default();
    let reason = errors.required("reason", &form.reason, 500, "Say why this wave is stopped.");
    errors.into_result()?;
    let reason = reason.unwrap_or_default();
    let mut about = about(&mut decision, incident, id).await?;
    about.may_wave(&by)?;
    let before = about.wave(number)?.clone();
    let step = about.clearance.halt_wave(number)?;
    lift(&app, &mut decision, incident, &before.orders, "instruction.ended_by_halt").await?;
    let wave = about.wave(number)?.clone();
    let moment = moment_of(&decision);
    let moved = Moved { from: before.progress, to: Some(wave.progress) };
    store::move_wave(&mut decision.tx, id, (&wave, moved), moment).await?;
    let said = (json!({ "wave": number }), &[("reason", reason.as_str())][..]);
    about.finish(&app, decision, "clearance.wave_halted", said, &Vec::from_iter(step)).await
}

/// A system is down again: the scopes on their way back there begin anew. What was seen and signed ends, and nobody of a
/// wave is let in any more.
pub(super) async fn begin_anew(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    at: (SystemId, FacilityId),
) -> Result<(), Error> {
    let lattice = places::lattice(&mut decision.tx).await?;
    for row in store::scopes_of_site(&mut decision.tx, incident, at, &lattice).await? {
        let Some(mut clearance) = store::find(&mut decision.tx, incident, row.id).await? else { continue };
        let waves = clearance.waves.clone();
        let Some(step) = clearance.go_down() else { continue };
        let moment = moment_of(decision);
        for (before, after) in waves.iter().zip(&clearance.waves) {
            if before.progress == after.progress {
                continue;
            }
            let moved = Moved { from: before.progress, to: Some(after.progress) };
            store::move_wave(&mut decision.tx, row.id, (after, moved), moment).await?;
        }
        store::end_signoffs(&mut decision.tx, row.id, moment.at).await?;
        store::save(&mut decision.tx, &clearance, &[step], moment).await?;
        let say = Say {
            kind: "clearance.down_again",
            subject: format!("clearance:{}", row.id),
            data: json!({ "from": step.from.code() }),
            ..Say::default()
        };
        decision.append(app, say).await?;
        let orders: BTreeSet<_> = waves.iter().flat_map(|wave| &wave.orders).copied().collect();
        lift(app, decision, incident, &orders, "instruction.ended_by_outage").await?;
    }
    Ok(())
}

/// The clearance itself lets everybody in now: what let its waves in has done its service.
pub(super) async fn end_orders(
    app: &App,
    decision: &mut Decision,
    (incident, clearance): (IncidentId, &Clearance),
) -> Result<(), Error> {
    let waves: BTreeSet<_> = clearance.waves.iter().flat_map(|wave| &wave.orders).copied().collect();
    lift(app, decision, incident, &waves, "instruction.ended_by_release").await
}

async fn lift(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    ended: &BTreeSet<domain::id::InstructionId>,
    kind: &str,
) -> Result<(), Error> {
    for id in ended {
        let Some(row) = orders::find(&mut decision.tx, incident, *id).await? else { continue };
        if row.state != State::InForce {
            continue;
        }
        let (seq, at, account) = (decision.next_seq(), decision.at, decision.account);
        let change = Move { to: State::Lifted, seq, at, account, approves: false };
        orders::set_state(&mut decision.tx, &row, &change).await?;
        let say = Say {
            kind,
            subject: format!("instruction:{id}"),
            data: json!({ "from": row.state.code(), "to": change.to.code() }),
            ..Say::default()
        };
        decision.append(app, say).await?;
    }
    Ok(())
}
