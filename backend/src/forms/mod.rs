//! Paper: handing ranges of serials to units, counting them back, typing in, verifying, filing, and the ledger
//! that proves none was lost.

mod batches;
mod correct;
mod ledger;
mod places_web;
mod reading;
mod saving;
mod scan;
mod shown;
mod shown_batches;
pub mod store;
pub mod tally;
pub mod web;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    Refusal,
    actor::{Actor, Role},
    entry::Verdict,
    field::FieldErrors,
    forms::{
        Act, Count, Counted, Counting, Custody, FOUND_PREFIX, Found, Issue, IssueRange, Issued, Ledger,
        MoveSheets, Moved, MovedSheets, Picked, Serial, Sheet, Shift, State,
    },
    id::{IncidentId, IssueId, UnitId},
    identifiers::patient_identifiers,
    playbooks::{Disposition, FormType, Playbook},
    scope::{Place, Places},
    time::Timestamp,
};
use serde_json::json;

pub use batches::{fill_batch, open_batch, receive_batch, scan_batch, sign_batch};
pub use correct::correct;
pub use ledger::{Outstanding, SitePaper, by_site, card, late, outstanding};
pub use scan::scan;

use crate::{
    accounts::store as accounts,
    app::App,
    begin, entry,
    failure::Failure,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};
pub(crate) use saving::save;
use store::{
    Change, NewSheet, SheetRow,
    custody::{self, Ages},
    issues,
};

/// What moves sheets on once they are back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Enter,
    Verify,
    Dispute,
    File,
}

impl Step {
    /// The step of the last part of an address.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "enter" => Some(Self::Enter),
            "verify" => Some(Self::Verify),
            "dispute" => Some(Self::Dispute),
            "file" => Some(Self::File),
            _ => None,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Enter => "forms.entered",
            Self::Verify => "forms.verified",
            Self::Dispute => "forms.disputed",
            Self::File => "forms.filed",
        }
    }
}

/// Hands a range of serials to a unit.
///
/// # Errors
/// What is wrong by field; refused when a serial of the range is handed out already.
pub async fn issue(app: App, by: By, incident: IncidentId, form: Issue) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let outcome = issue_in(&app, &mut decision, &by.actor, incident, &form).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The same as a step of another decision, such as handing out a pack that was printed ahead.
///
/// # Errors
/// As [`issue`].
pub(crate) async fn issue_in(
    app: &App,
    decision: &mut Decision,
    actor: &Actor,
    incident: IncidentId,
    form: &Issue,
) -> Result<Issued, Failure> {
    let playbook = open_playbook(&mut decision.tx, incident).await?;
    let range = form.read(&playbook, shift_now(decision).await?)?;
    if let Some(hit) = patient_identifiers(&range.taken_by, decision.at).first() {
        let sentence = format!("{:?} {}. Write who took the sheets.", hit.quoted, hit.likeness.words());
        return Err(FieldErrors::one("taken_by", sentence).into());
    }
    let lattice = places::lattice(&mut decision.tx).await?;
    must_be_in(&mut decision.tx, incident, range.unit, &lattice).await?;
    may(actor, &[Role::FormsClerk], [range.unit], &lattice)?;
    if places::closed(&mut decision.tx).await?.contains(&range.unit) {
        return Err(FieldErrors::one("unit", "This unit is closed; no forms go there.").into());
    }
    let (site, unit) = store::codes(&mut decision.tx, range.unit).await?;
    let printed = |number| Serial::new(&site, &unit, &range.form_type.serial_prefix, number);
    if let Some(whole) = range.whole.as_ref().filter(|whole| **whole != printed(whole.number)) {
        let sentence =
            format!("{whole} is printed for another unit. Hand it out there, or take sheets of this unit.");
        return Err(FieldErrors::one("first", sentence).into());
    }
    let (first, last) = free_range(&mut decision.tx, incident, &range, &printed).await?;

    let issue: IssueId = app.clock.id();
    let seq = decision.next_seq();
    let row = issues::NewIssue { id: issue, incident, range: &range, first, last };
    issues::insert_issue(&mut decision.tx, &row, decision.at, decision.account, seq).await?;
    let disposition = end_of(&mut decision.tx, (incident, range.unit), &range.form_type, decision.at).await?;
    let sheet = Sheet::issued(disposition);
    let sheets = new_sheets(app, first..=last, &range.form_type.serial_prefix, &sheet);
    let form_type = range.form_type.code.as_str();
    let batch = store::Batch { incident, form_type, unit: range.unit, issue: Some(issue), disposition };
    add_sheets(decision, &batch, &sheets, &sheet).await?;
    let data = json!({
        "form_type": range.form_type.code, "unit": range.unit, "first": first, "last": last,
        "sheets": range.sheets, "shift_on": range.shift.on, "shift": range.shift.name,
    });
    let subject = format!("unit:{}", range.unit);
    let texts: &[(&str, &str)] = &[("taken_by", &range.taken_by)];
    let texts = if range.taken_by.is_empty() { &[] } else { texts };
    decision.append(app, Say { kind: "forms.issued", subject, data, texts, ..Say::default() }).await?;
    let (first, last) = (printed(first).to_string(), printed(last).to_string());
    Ok(Issued { issue, seq, first, last, sheets: range.sheets })
}

/// The end that sheets of a kind must reach which a unit gets at a moment of the downtime.
async fn end_of(
    tx: &mut Tx,
    (incident, unit): (IncidentId, UnitId),
    form_type: &FormType,
    at: Timestamp,
) -> Result<Disposition, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let hours = at.minutes_since(row.started_at).max(0) / 60;
    Ok(end_at(tx, unit, form_type, hours).await?)
}

async fn end_at(tx: &mut Tx, unit: UnitId, form_type: &FormType, hours: i64) -> Result<Disposition, Error> {
    Ok(form_type.end(places::setting(tx, unit).await?, hours))
}

/// The shift that is on, where nobody says which.
async fn shift_now(decision: &mut Decision) -> Result<Shift, Error> {
    let zone = accounts::installation(&mut decision.tx).await?.zone();
    Ok(Shift::at(&zone, decision.at))
}

/// Counts what came back. A whole count makes what its unit still has out missing.
///
/// # Errors
/// What is wrong by field, sheet by sheet; nothing is counted then.
pub async fn count(app: App, by: By, incident: IncidentId, form: Count) -> Result<Counted, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let playbook = open_playbook(&mut decision.tx, incident).await?;
    let counting = form.read(&playbook)?;
    custody::hold_scans(&mut decision.tx, incident).await?;
    let mut changes = Vec::new();
    let piles = [
        ("used", &counting.used, Act::CountUsed),
        ("blank", &counting.blank, Act::CountBlank),
        ("voided", &counting.voided, Act::CountVoided),
    ];
    let mut errors = FieldErrors::default();
    for (field, picked, act) in piles {
        let prefix = &counting.form_type.serial_prefix;
        let rows = picked_sheets(&mut decision.tx, incident, prefix, picked, field, &mut errors).await?;
        changes.extend(apply(rows, &counting.form_type, by.actor.account, field, &mut errors, || act));
    }
    errors.into_result()?;
    let turned_up = count_of(&changes, |change| change.row.state == State::Missing);
    let missing = not_in(&mut decision.tx, incident, &counting, &changes).await?;
    let newly_missing = missing.len();
    changes.extend(apply(
        missing,
        &counting.form_type,
        by.actor.account,
        "unit",
        &mut FieldErrors::default(),
        || Act::CountMissing,
    ));
    let lattice = places::lattice(&mut decision.tx).await?;
    let units = changes.iter().map(|change| change.row.unit).chain(counting.whole);
    may(&by.actor, &[Role::FormsClerk, Role::UnitLead], units, &lattice)?;

    save(&mut decision, incident, &changes).await?;
    entry::follow(&mut decision.tx, incident, &playbook.forms, &counted(&changes), decision.at).await?;
    let number = |picked: &Picked| i64::try_from(picked.len()).unwrap_or(i64::MAX);
    let outcome = Counted {
        seq: decision.seq,
        used: number(&counting.used),
        blank: number(&counting.blank),
        voided: number(&counting.voided),
        missing: i64::try_from(newly_missing).unwrap_or(i64::MAX),
        turned_up,
    };
    say_counted(&app, &mut decision, &counting, &outcome).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn say_counted(
    app: &App,
    decision: &mut Decision,
    counting: &Counting,
    outcome: &Counted,
) -> Result<(), Error> {
    let data = json!({
        "form_type": counting.form_type.code, "used": outcome.used, "blank": outcome.blank,
        "voided": outcome.voided, "missing": outcome.missing, "turned_up": outcome.turned_up,
        "whole": counting.whole,
    });
    let subject = counting.whole.map(|unit| format!("unit:{unit}")).unwrap_or_default();
    let texts: &[(&str, &str)] = &[("reason", &counting.reason)];
    let texts = if counting.reason.is_empty() { &[] } else { texts };
    decision.append(app, Say { kind: "forms.counted", subject, data, texts, ..Say::default() }).await?;
    Ok(())
}

/// Takes in sheets that have no valid serial: each gets an F-serial, and they count apart.
///
/// # Errors
/// What is wrong by field.
pub async fn found(app: App, by: By, incident: IncidentId, form: Found) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let playbook = open_playbook(&mut decision.tx, incident).await?;
    let found = form.read(&playbook)?;
    let lattice = places::lattice(&mut decision.tx).await?;
    must_be_in(&mut decision.tx, incident, found.unit, &lattice).await?;
    may(&by.actor, &[Role::FormsClerk, Role::UnitLead], [found.unit], &lattice)?;
    let (site, unit) = store::codes(&mut decision.tx, found.unit).await?;
    let first = issues::take_numbers(&mut decision.tx, FOUND_PREFIX, found.sheets).await?;
    let last = first + found.sheets - 1;
    // Nobody knows when it was used: as if at once, which asks for most.
    let disposition = end_at(&mut decision.tx, found.unit, &found.form_type, 0).await?;
    let sheet = Sheet::found(disposition);
    let sheets = new_sheets(&app, first..=last, FOUND_PREFIX, &sheet);
    let form_type = found.form_type.code.as_str();
    let batch = store::Batch { incident, form_type, unit: found.unit, issue: None, disposition };
    add_sheets(&mut decision, &batch, &sheets, &sheet).await?;
    let forms: Vec<_> = sheets.iter().filter_map(NewSheet::form).collect();
    let rows = store::by_ids(&mut decision.tx, incident, &forms).await?;
    let taken_in: Vec<_> = rows.iter().map(|row| (row, &sheet)).collect();
    entry::follow(&mut decision.tx, incident, &playbook.forms, &taken_in, decision.at).await?;
    let data = json!({
        "form_type": found.form_type.code, "unit": found.unit, "first": first, "last": last,
    });
    let texts: &[(&str, &str)] = &[("note", &found.note)];
    let subject = format!("unit:{}", found.unit);
    let seq =
        decision.append(&app, Say { kind: "forms.found", subject, data, texts, ..Say::default() }).await?;
    let printed = |number| Serial::new(&site, &unit, FOUND_PREFIX, number).to_string();
    let issue = app.clock.id();
    let outcome = Issued { issue, seq, first: printed(first), last: printed(last), sheets: found.sheets };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Says of sheets that they were typed in, verified by a second person (rule 9), found different, or filed.
///
/// # Errors
/// What is wrong by field, sheet by sheet; nothing is moved then.
pub async fn move_on(
    app: App,
    by: By,
    incident: IncidentId,
    step: Step,
    form: MoveSheets,
) -> Result<Moved, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let playbook = open_playbook(&mut decision.tx, incident).await?;
    let moved = form.read(&playbook, (step == Step::Dispute).then_some("Say what differs."))?;
    custody::hold_scans(&mut decision.tx, incident).await?;
    let prefix = if moved.found { FOUND_PREFIX } else { &moved.form_type.serial_prefix };
    let mut errors = FieldErrors::default();
    let rows =
        picked_sheets(&mut decision.tx, incident, prefix, &moved.numbers, "serials", &mut errors).await?;
    errors.into_result()?;
    let lattice = places::lattice(&mut decision.tx).await?;
    may(&by.actor, &[Role::FormsClerk, Role::UnitLead], rows.iter().map(|row| row.unit), &lattice)?;
    let of = entry::Moving { incident, kit: &playbook.forms, form_type: &moved.form_type };
    let done = match step {
        Step::Enter => entry::enter(&app, &mut decision, &of, rows, &entry::Said::default()).await?,
        Step::Verify => entry::check(&app, &mut decision, &of, rows, &Verdict::Verified).await?,
        Step::Dispute => entry::check(&app, &mut decision, &of, rows, &Verdict::differs(&moved.note)).await?,
        Step::File => {
            let (account, mut errors) = (by.actor.account, FieldErrors::default());
            let changes = apply(rows, &moved.form_type, account, "serials", &mut errors, || Act::File);
            errors.into_result()?;
            save(&mut decision, incident, &changes).await?;
            Ok(entry::Done { changes, turned: 0 })
        }
    };
    let changes = done.map_err(|refused| refused.at("serials"))?.changes;
    let to_verify =
        count_of(&changes, |change| change.after.state == State::Entered && change.after.to_check);
    let outcome = Moved {
        seq: decision.seq,
        sheets: i64::try_from(changes.len()).unwrap_or(i64::MAX),
        to_verify,
        ledger: tally::of_type(&mut decision.tx, incident, &moved.form_type.code).await?,
    };
    say_moved(&app, &mut decision, step, &moved, &outcome).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn say_moved(
    app: &App,
    decision: &mut Decision,
    step: Step,
    moved: &MovedSheets,
    outcome: &Moved,
) -> Result<(), Error> {
    let data = json!({
        "form_type": moved.form_type.code, "found": moved.found, "sheets": outcome.sheets,
        "first": moved.numbers.first(), "last": moved.numbers.last(),
    });
    let texts: &[(&str, &str)] = &[("note", &moved.note)];
    let texts = if moved.note.is_empty() { &[] } else { texts };
    decision.append(app, Say { kind: step.kind(), data, texts, ..Say::default() }).await?;
    Ok(())
}

/// Sheets as a count left them.
fn counted(changes: &[Change]) -> Vec<(&SheetRow, &Sheet)> {
    changes.iter().map(|change| (&change.row, &change.after)).collect()
}

fn count_of(changes: &[Change], which: impl Fn(&Change) -> bool) -> i64 {
    i64::try_from(changes.iter().filter(|change| which(change)).count()).unwrap_or(i64::MAX)
}

/// The frozen playbook of an incident that is open.
pub(crate) async fn open_playbook(tx: &mut Tx, incident: IncidentId) -> Result<Arc<Playbook>, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let version = playbooks::frozen(tx, incident).await?;
    let version = version.filter(|version| !version.playbook.forms.is_empty());
    Ok(version
        .ok_or_else(|| {
            Refusal::new("no-forms", "This incident's playbook has no forms, so none can be counted.")
        })?
        .playbook)
}

/// The sites of an incident have the units to which it can give paper.
pub(crate) async fn must_be_in(
    tx: &mut Tx,
    incident: IncidentId,
    unit: UnitId,
    lattice: &Places,
) -> Result<(), Failure> {
    let sites: BTreeSet<_> = store::sites(tx, incident).await?.into_iter().collect();
    match lattice.unit_facility.get(&unit) {
        Some(site) if sites.contains(site) => Ok(()),
        _ => Err(FieldErrors::one("unit", "Choose a unit of this incident's sites.").into()),
    }
}

pub(crate) fn may(
    actor: &Actor,
    roles: &[Role],
    units: impl IntoIterator<Item = UnitId>,
    lattice: &Places,
) -> Result<(), Failure> {
    let units: BTreeSet<UnitId> = units.into_iter().collect();
    let reaches = |unit: &UnitId| roles.iter().any(|role| actor.can(*role, Place::Unit(*unit), lattice));
    if units.iter().all(reaches) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may do this only for the units you answer for.".into()))
}

async fn free_range(
    tx: &mut Tx,
    incident: IncidentId,
    range: &IssueRange,
    printed: &impl Fn(i64) -> Serial,
) -> Result<(i64, i64), Failure> {
    let prefix = &range.form_type.serial_prefix;
    let Some(first) = range.first else {
        let first = issues::take_numbers(tx, prefix, range.sheets).await?;
        return Ok((first, first + range.sheets - 1));
    };
    let last = first + range.sheets - 1;
    if let Some(taken) = issues::first_taken(tx, incident, prefix, first, last).await? {
        let sentence = format!(
            "{} is handed out already. Choose another first number, or leave it empty for the next free one.",
            printed(taken)
        );
        return Err(FieldErrors::one("first", sentence).into());
    }
    if let Some((number, unit)) = issues::printed_ahead(tx, prefix, first, last).await? {
        let sentence = format!(
            "{} lies in a pack that was printed for {unit}. Hand that pack out, or choose other numbers.",
            printed(number)
        );
        return Err(FieldErrors::one("first", sentence).into());
    }
    issues::pass_numbers(tx, prefix, last).await?;
    Ok((first, last))
}

fn new_sheets(app: &App, numbers: impl Iterator<Item = i64>, prefix: &str, sheet: &Sheet) -> Vec<NewSheet> {
    numbers.map(|number| NewSheet::new(app.clock.id(), prefix, number, sheet.state)).collect()
}

async fn add_sheets(
    decision: &mut Decision,
    batch: &store::Batch<'_>,
    sheets: &[NewSheet],
    each: &Sheet,
) -> Result<(), Error> {
    let (at, seq, account) = (decision.at, decision.next_seq(), decision.account);
    store::insert_sheets(&mut decision.tx, batch, sheets, at).await?;
    store::log_new(&mut decision.tx, sheets, seq, at, account).await?;
    let mut sum = Ledger::default();
    for _ in sheets {
        sum += Ledger::of(each);
    }
    let first = if each.state == State::Out { Custody::WithUnit } else { Custody::Collected };
    let ages = Ages::from([((first, custody::hour(at)), sum.issued)]);
    custody::add_ages(&mut decision.tx, batch.incident, &ages).await?;
    tally::add(&mut decision.tx, batch.incident, batch.form_type, batch.unit, batch.issue.is_none(), &sum)
        .await
}

/// The sheets of these numbers; those that were never handed out are errors at `field`.
async fn picked_sheets(
    tx: &mut Tx,
    incident: IncidentId,
    prefix: &str,
    picked: &Picked,
    field: &str,
    errors: &mut FieldErrors,
) -> Result<Vec<SheetRow>, Error> {
    if picked.is_empty() {
        return Ok(Vec::new());
    }
    let rows = store::by_numbers(tx, incident, prefix, picked).await?;
    let known: BTreeMap<i64, Serial> = rows.iter().map(|row| (row.number, row.serial())).collect();
    for whole in picked.whole() {
        if let Some(own) = known.get(&whole.number).filter(|own| *own != whole) {
            errors
                .add(field, format!("{whole} was not handed out here; the sheet with this number is {own}."));
        }
    }
    let unknown: Vec<String> = picked
        .iter()
        .filter(|number| !known.contains_key(number))
        .map(|number| format!("{prefix} {number:05}"))
        .collect();
    if let Some((first, rest)) = unknown.split_first() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        errors.add(field, format!("{first}{more}: not handed out in this incident; take it in as found."));
    }
    Ok(rows)
}

/// What an act makes of each sheet; refusals are errors at `field`, the same sentence once.
fn apply(
    rows: Vec<SheetRow>,
    form_type: &FormType,
    by: domain::id::AccountId,
    field: &str,
    errors: &mut FieldErrors,
    act: impl Fn() -> Act,
) -> Vec<Change> {
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let before = row.sheet();
        let serial = row.serial().to_string();
        if row.form_type != form_type.code {
            refused.entry(format!("It is a {} form.", row.form_type)).or_default().push(serial);
            continue;
        }
        match before.after(act(), by) {
            Ok(after) => changes.push(Change::of(row, before, after)),
            Err(refusal) => refused.entry(refusal.sentence).or_default().push(serial),
        }
    }
    for (sentence, serials) in refused {
        let more = serials.len().saturating_sub(3);
        let named = serials.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        errors.add(field, format!("{named}{more}: {sentence}"));
    }
    changes
}

/// What a whole count's unit still has out beyond what was counted.
async fn not_in(
    tx: &mut Tx,
    incident: IncidentId,
    counting: &Counting,
    changes: &[Change],
) -> Result<Vec<SheetRow>, Error> {
    let Some(unit) = counting.whole else { return Ok(Vec::new()) };
    let counted: BTreeSet<_> = changes.iter().map(|change| change.row.id).collect();
    let out = store::still_out(tx, incident, &counting.form_type.code, unit).await?;
    Ok(out.into_iter().filter(|row| !counted.contains(&row.id)).collect())
}
