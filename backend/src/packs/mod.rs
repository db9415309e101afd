//! Print packs: numbered sheets for units, printed before a downtime or in it, and handed out later as they are.

pub mod pdf;
mod show;
pub mod store;
pub mod web;

use domain::{
    actor::{Actor, Role},
    field::FieldErrors,
    forms::Issue,
    id::{IncidentId, PackId, UnitId},
    packs::{
        HandOut, HandedOut, MakePacks, PackMade, PacksMade, PacksToMake, Printed, Range, State, Withdraw,
        Withdrawn,
    },
    playbooks::Playbook,
    scope::{Place, Places},
    time::Zone,
};
use serde_json::json;

use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    forms,
    places::store as places,
    playbooks::store as playbooks,
    stock,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};
use store::{Change, PackRow};

/// Who prints numbered sheets, hands them out and withdraws them.
pub(crate) const PRINTERS: [Role; 2] = [Role::FormsClerk, Role::Administrator];

/// Makes a pack of numbered sheets for each of some units.
///
/// # Errors
/// What is wrong by field; for a unit that is closed or not the account's.
pub async fn make(app: App, by: By, form: MakePacks) -> Result<PacksMade, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let playbook = playbook(&mut decision.tx, form.playbook.trimmed()).await?;
    let asked = form.read(&playbook)?;
    let lattice = places::lattice(&mut decision.tx).await?;
    let closed = places::closed(&mut decision.tx).await?;
    if let Some(unit) = asked.units.iter().find(|unit| closed.contains(unit)) {
        let name = places::name(&mut decision.tx, Place::Unit(*unit)).await?;
        let sentence = format!("{name} is closed; no forms go there. Leave it out.");
        return Err(FieldErrors::one("unit", sentence).into());
    }
    let zone = accounts::installation(&mut decision.tx).await?.zone();
    let mut packs = Vec::with_capacity(asked.units.len());
    for unit in &asked.units {
        may(&by.actor, *unit, &lattice)?;
        packs.push(make_one(&app, &mut decision, *unit, &asked, (&playbook, &zone)).await?);
    }
    let outcome = PacksMade { packs };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn make_one(
    app: &App,
    decision: &mut Decision,
    unit: UnitId,
    asked: &PacksToMake,
    (playbook, zone): (&Playbook, &Zone),
) -> Result<PackMade, Failure> {
    let id: PackId = app.clock.id();
    let rows = places::units(&mut decision.tx).await?;
    let row = rows.into_iter().find(|row| row.id == unit.0).ok_or(Failure::NotFound("unit"))?;
    let sites = places::facilities(&mut decision.tx).await?;
    let site = sites.into_iter().find(|site| site.code == row.facility);
    let mut ranges = Vec::with_capacity(asked.forms.len());
    for (form, sheets) in &asked.forms {
        let first =
            forms::store::issues::take_numbers(&mut decision.tx, &form.serial_prefix, *sheets).await?;
        ranges.push(Range { form: form.clone(), first, last: first + sheets - 1 });
    }
    let printed = Printed {
        paper: asked.paper,
        site: site.map(|site| site.name).unwrap_or_default(),
        site_code: row.facility,
        unit: row.name,
        unit_code: row.code,
        playbook: playbook.title(),
        pack: short_name(id),
        made: format!("{} {}", zone.typed(decision.at), zone.abbreviation(decision.at)),
        ranges,
    };
    let (at, account) = (decision.at, decision.account);
    store::insert(&mut decision.tx, (id, unit), &printed, at, account).await?;
    stock::printed(decision, unit, (id, &printed.ranges)).await?;
    let ranges: Vec<_> =
        printed.ranges.iter().map(|range| json!([range.form.code, range.first, range.last])).collect();
    let data = json!({ "unit": unit, "sheets": printed.sheets(), "ranges": ranges });
    decision
        .append(app, Say { kind: "pack.made", subject: format!("pack:{id}"), data, ..Say::default() })
        .await?;
    Ok(PackMade { pack: id, unit, sheets: printed.sheets() })
}

/// As people name a pack: the last digits of its id, which differ between packs of one moment.
pub(crate) fn short_name(id: PackId) -> String {
    let digits = id.0.simple().to_string().to_uppercase();
    digits[digits.len() - 6..].to_owned()
}

/// A version of a playbook that is in force, or was frozen into an incident.
async fn playbook(tx: &mut Tx, fingerprint: &str) -> Result<Playbook, Failure> {
    let versions = playbooks::all(tx).await?;
    let row = versions.into_iter().find(|row| row.fingerprint == fingerprint && row.approved_at.is_some());
    let row = row.ok_or_else(|| FieldErrors::one("playbook", "Choose an approved playbook."))?;
    Ok(row.playbook()?)
}

fn may(actor: &Actor, unit: UnitId, lattice: &Places) -> Result<(), Failure> {
    if PRINTERS.into_iter().any(|role| actor.can(role, Place::Unit(unit), lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may do this only for the units you answer for.".into()))
}

async fn ready(tx: &mut Tx, id: PackId) -> Result<PackRow, Failure> {
    let row = store::find(tx, id).await?.ok_or(Failure::NotFound("pack"))?;
    row.state.must_be_ready()?;
    Ok(row)
}

/// Hands a pack out: each of its ranges is issued to its unit in the incident, all of them or none.
///
/// # Errors
/// When it was handed out or withdrawn before, the incident has ended or does not concern the unit, or its playbook
/// has no such form; for a unit that is not the account's.
pub async fn hand_out(app: App, by: By, (id, form): (PackId, HandOut)) -> Result<HandedOut, Failure> {
    let incident: IncidentId = form
        .incident
        .trimmed()
        .parse()
        .map_err(|_| FieldErrors::one("incident", "Choose the incident in which it is handed out."))?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let pack = ready(&mut decision.tx, id).await?;
    let data = json!({ "unit": pack.unit, "sheets": pack.sheets });
    decision
        .append(&app, Say { kind: "pack.handed_out", subject: format!("pack:{id}"), data, ..Say::default() })
        .await?;
    // First, so that its numbers are free for itself.
    let change = Change { state: State::HandedOut, incident: Some(incident), reason: "" };
    move_on(&mut decision, id, &change).await?;
    for range in &pack.printed.ranges {
        let issue = Issue {
            form_type: range.form.code.as_str().into(),
            unit: pack.unit.to_string().into(),
            first: range.first.to_string().into(),
            sheets: range.sheets().to_string().into(),
            ..Issue::default()
        };
        forms::issue_in(&app, &mut decision, &by.actor, incident, &issue).await.map_err(at_the_pack)?;
    }
    stock::handed_out(&app, &mut decision, pack.unit, (id, &pack.printed.ranges)).await?;
    let outcome = HandedOut { pack: id, incident, sheets: pack.sheets };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// What is wrong with a range is said of the incident, the only thing that was typed.
fn at_the_pack(failure: Failure) -> Failure {
    let Failure::Fields(errors) = failure else { return failure };
    let sentences: Vec<String> = errors.0.into_values().flatten().collect();
    FieldErrors::one("incident", sentences.join(" ")).into()
}

async fn move_on(decision: &mut Decision, id: PackId, to: &Change<'_>) -> Result<(), Failure> {
    let (at, account) = (decision.at, decision.account);
    if store::change(&mut decision.tx, id, to, at, account).await? {
        return Ok(());
    }
    // Somebody else moved it between the reading and the writing, as two incidents may: try again and be told.
    Err(Error::Conflict(sqlx::Error::RowNotFound).into())
}

/// Takes a pack out of use; its numbers are never used again.
///
/// # Errors
/// What is wrong by field; when it was handed out or withdrawn before; for a unit that is not the account's.
pub async fn withdraw(app: App, by: By, (id, form): (PackId, Withdraw)) -> Result<Withdrawn, Failure> {
    let mut errors = FieldErrors::default();
    let missing = "Say why: lost, spoilt, out of date.";
    let reason = errors.required("reason", &form.reason, 300, missing).unwrap_or_default();
    errors.into_result()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let pack = ready(&mut decision.tx, id).await?;
    may(&by.actor, pack.unit, &places::lattice(&mut decision.tx).await?)?;
    let change = Change { state: State::Withdrawn, incident: None, reason: &reason };
    move_on(&mut decision, id, &change).await?;
    stock::withdrawn(&app, &mut decision, pack.unit, (id, &pack.printed.ranges)).await?;
    let data = json!({ "unit": pack.unit, "sheets": pack.sheets });
    let texts: &[(&str, &str)] = &[("reason", &reason)];
    let say = Say { kind: "pack.withdrawn", subject: format!("pack:{id}"), data, texts, ..Say::default() };
    decision.append(&app, say).await?;
    let outcome = Withdrawn { pack: id };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
