//! The three ways in which a sheet moves on: typed in, looked at by a second person, settled. Everything that says so,
//! one sheet or a thousand, comes through here.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Refusal,
    entry::{Ending, Lot, Order, Progress, TAKEN_MINUTES, Verdict, Whose, may_settle},
    forms::{Act, FOUND_PREFIX, Ledger, Sheet},
    id::{AccountId, FacilityId, FormId, IncidentId},
    playbooks::FormType,
    time::{Timestamp, Zone},
};
use sqlx::types::Uuid;

use super::{
    Desk, Refused,
    lots::{self, NewEntry},
    store::{self, TaskRow},
};
use crate::{
    accounts::store as accounts,
    app::App,
    forms::{
        self,
        store::{self as sheets, Change, SheetRow},
        tally,
    },
    places::store as places,
    store::{Error, Tx, journal::Decision},
};

/// Which sheets are moved on: all of one type.
#[derive(Debug, Clone, Copy)]
pub struct Moving<'a> {
    pub incident: IncidentId,
    pub kit: &'a [FormType],
    pub form_type: &'a FormType,
}

/// What was said of an entry; nothing when many sheets are typed in at once.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub event_at: Option<Timestamp>,
    pub author: String,
    /// Sealed.
    pub reference: Option<Vec<u8>>,
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    pub changes: Vec<Change>,
    /// How many other sheets are to be checked because of this.
    pub turned: i64,
}

/// What comes of moving sheets on: all of them, or a refusal for each that cannot be.
pub type Outcome = Result<Done, Refused>;

/// Applies an act to sheets; each refusal is kept beside the others.
fn apply(
    of: &Moving<'_>,
    rows: Vec<SheetRow>,
    by: AccountId,
    act: Act,
    refused: &mut Refused,
) -> Vec<Change> {
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let before = row.sheet();
        if row.form_type != of.form_type.code {
            let sentence = format!("It is a {} form.", row.form_type);
            refused.add(&row.serial(), Refusal::new("other-type", sentence));
            continue;
        }
        match before.after(act, by) {
            Ok(after) => changes.push(changed(row, before, after)),
            Err(refusal) => refused.add(&row.serial(), refusal),
        }
    }
    changes
}

/// A sheet before and after an act.
fn changed(row: SheetRow, before: Sheet, after: Sheet) -> Change {
    Change::of(row, before, after)
}

/// Writes the new states with their events and the ledger.
async fn keep(decision: &mut Decision, of: &Moving<'_>, changes: &[Change]) -> Result<(), Error> {
    forms::save(decision, of.incident, changes).await
}

/// Says of sheets that they were typed in: none before what it waits for, none that another person has taken.
///
/// # Errors
/// When the database does not answer.
pub async fn enter(
    app: &App,
    decision: &mut Decision,
    of: &Moving<'_>,
    rows: Vec<SheetRow>,
    said: &Said,
) -> Result<Outcome, Error> {
    let (at, account) = (decision.at, decision.account);
    let mut desk = Desk::of(&mut decision.tx, of.kit, &rows, at).await?;
    for task in &mut desk.tasks {
        task.event_at = said.event_at.or(task.event_at);
    }
    let mut refused = waiting(&mut decision.tx, of, &rows, &desk.tasks, (account, at)).await?;
    let mut changes = apply(of, rows, account, Act::Enter { to_check: false }, &mut refused);
    if !refused.is_empty() {
        return Ok(Err(refused));
    }
    let mut touched = into_lots(app, decision, of, &mut desk).await?;
    for (change, task) in changes.iter().zip(&mut desk.tasks) {
        task.progress = Progress::of(&change.after, task.whose);
        task.taken = None;
        task.changed_at = at;
    }
    store::save(&mut decision.tx, of.incident, &desk.before, &desk.tasks).await?;
    let turned = draw(decision, of, &mut touched, &mut changes).await?;
    keep(decision, of, &changes).await?;
    let reference = said.reference.as_deref();
    let entries: Vec<_> =
        desk.tasks.iter().map(|task| NewEntry::new(task.form, task.event_at, reference)).collect();
    lots::enter(&mut decision.tx, (decision.seq, at, account), &said.author, &entries).await?;
    let typed: Vec<FormId> = changes.iter().map(|change| change.row.id).collect();
    lots::end(&mut decision.tx, &typed, (Ending::Corrected, ""), (at, account)).await?;
    renew(&mut decision.tx, of.incident, account, at).await?;
    Ok(Ok(Done { changes, turned }))
}

/// Why sheets cannot be typed in now: taken by somebody else, nobody knows whose, or others come first.
async fn waiting(
    tx: &mut Tx,
    of: &Moving<'_>,
    rows: &[SheetRow],
    tasks: &[TaskRow],
    (account, now): (AccountId, Timestamp),
) -> Result<Refused, Error> {
    let order = Order::of(of.kit);
    let open = store::open_beside(tx, of.incident, tasks).await?;
    let before: Vec<_> = tasks.iter().map(|task| order.first_before(&task.task(), &open)).collect();
    let first: Vec<FormId> = before.iter().flatten().map(|task| task.form).collect();
    let named = sheets::by_ids(tx, of.incident, &first).await?;
    let named: BTreeMap<FormId, &SheetRow> = named.iter().map(|row| (row.id, row)).collect();
    let base = format!("/incidents/{}/entry", of.incident);
    let mut refused = Refused::default();
    for ((row, task), before) in rows.iter().zip(tasks).zip(before) {
        if let Some(holder) = task.holder(now).filter(|holder| *holder != account) {
            refused.add(&row.serial(), taken_by(tx, holder).await?);
        } else if let Some(before) = before {
            let serial = named.get(&before.form).map(|row| row.serial().to_string()).unwrap_or_default();
            let is = if before.progress == Progress::Missing { ", which is missing" } else { "" };
            let sentence = format!("Type in {} form {serial} of this patient first{is}.", before.form_type);
            let link = format!("{base}/sheets/{}", before.form);
            refused.add(&row.serial(), Refusal::new("others-first", sentence).with_link(link));
        } else if task.whose == Whose::Unknown && order.has_a_place(&row.form_type) {
            let sentence =
                "Say first whose form it is: forms of this type are typed in along the patient's others.";
            let link = format!("{base}/prepare?form={}", row.id);
            refused.add(&row.serial(), Refusal::new("whose", sentence).with_link(link));
        }
    }
    Ok(refused)
}

/// Puts sheets into the lot of their site and day, the first time that they are typed in.
async fn into_lots(
    app: &App,
    decision: &mut Decision,
    of: &Moving<'_>,
    desk: &mut Desk,
) -> Result<BTreeMap<Uuid, Lot>, Error> {
    let zones: BTreeMap<FacilityId, Zone> =
        places::facilities(&mut decision.tx).await?.into_iter().map(|site| (site.id, site.zone)).collect();
    let mut touched = BTreeMap::new();
    let mut of_site: BTreeMap<FacilityId, Uuid> = BTreeMap::new();
    for task in &mut desk.tasks {
        if task.lot.is_some() {
            continue;
        }
        let id = if let Some(id) = of_site.get(&task.facility) {
            *id
        } else {
            let day = zones.get(&task.facility).unwrap_or(&Zone::utc()).civil_date(decision.at).to_string();
            let new = Lot::new(of.form_type.checked_percent(), of.form_type.error_percent);
            let key = (of.form_type.code.as_str(), task.facility, day.as_str());
            let row = lots::of_day(&mut decision.tx, of.incident, key, (app.clock.id(), new)).await?;
            touched.insert(row.id, row.lot());
            of_site.insert(task.facility, row.id);
            row.id
        };
        if let Some(lot) = touched.get_mut(&id) {
            lot.entered += 1;
        }
        task.lot = Some(id);
        // Nobody's choice, and nobody's to read: which of the lot are looked at.
        task.ticket = i64::from(u32::from_be_bytes(app.clock.bytes::<4>()));
    }
    Ok(touched)
}

/// Draws what the samples lack now, keeps the lots, and marks the sheets that were drawn: those of this command in their
/// changes, the others at once. Gives how many others there are.
async fn draw(
    decision: &mut Decision,
    of: &Moving<'_>,
    touched: &mut BTreeMap<Uuid, Lot>,
    changes: &mut [Change],
) -> Result<i64, Error> {
    let mut own: BTreeMap<FormId, &mut Change> =
        changes.iter_mut().map(|change| (change.row.id, change)).collect();
    let mut others = Vec::new();
    for (id, lot) in touched {
        let drawn =
            if lot.due() > 0 { store::undrawn(&mut decision.tx, *id, lot.due()).await? } else { Vec::new() };
        let before: BTreeMap<FormId, TaskRow> = drawn.iter().map(|row| (row.form, row.clone())).collect();
        let after: Vec<TaskRow> = drawn
            .into_iter()
            .map(|task| TaskRow { drawn: true, progress: Some(Progress::ToCheck), ..task })
            .collect();
        lot.drawn += i64::try_from(after.len()).unwrap_or(0);
        store::save(&mut decision.tx, of.incident, &before, &after).await?;
        lots::keep(&mut decision.tx, *id, lot).await?;
        for task in after {
            match own.get_mut(&task.form) {
                Some(change) => change.after.to_check = true,
                None => others.push(task.form),
            }
        }
    }
    mark(decision, of, &others).await?;
    Ok(i64::try_from(others.len()).unwrap_or(i64::MAX))
}

/// Marks sheets that were typed in before: they are to be checked, and have not ended.
async fn mark(decision: &mut Decision, of: &Moving<'_>, forms: &[FormId]) -> Result<(), Error> {
    if forms.is_empty() {
        return Ok(());
    }
    let mut sums: BTreeMap<_, Ledger> = BTreeMap::new();
    for row in sheets::by_ids(&mut decision.tx, of.incident, forms).await? {
        let before = row.sheet();
        let after = Sheet { to_check: true, ..before.clone() };
        *sums.entry((row.unit, row.prefix == FOUND_PREFIX)).or_default() += Ledger::change(&before, &after);
    }
    lots::mark(&mut decision.tx, forms).await?;
    for ((unit, found), sum) in sums {
        tally::add(&mut decision.tx, of.incident, &of.form_type.code, unit, found, &sum).await?;
    }
    Ok(())
}

/// Who works keeps what they have taken.
async fn renew(tx: &mut Tx, incident: IncidentId, account: AccountId, now: Timestamp) -> Result<(), Error> {
    let held = store::held(tx, incident, account, now).await?;
    let before: BTreeMap<FormId, TaskRow> = held.iter().map(|task| (task.form, task.clone())).collect();
    let until = now.plus_minutes(TAKEN_MINUTES);
    let after: Vec<_> =
        held.into_iter().map(|task| TaskRow { taken: Some((account, until)), ..task }).collect();
    store::save(tx, incident, &before, &after).await
}

/// Says what a second person found of sheets (rule 9). A difference may turn the lot.
///
/// # Errors
/// When the database does not answer.
pub async fn check(
    app: &App,
    decision: &mut Decision,
    of: &Moving<'_>,
    rows: Vec<SheetRow>,
    verdict: &Verdict,
) -> Result<Outcome, Error> {
    let (at, account) = (decision.at, decision.account);
    let mut desk = Desk::of(&mut decision.tx, of.kit, &rows, at).await?;
    let mut refused = Refused::default();
    let is_error = matches!(verdict, Verdict::Differs { .. });
    let act = if is_error { Act::Dispute } else { Act::Verify };
    let mut changes = apply(of, rows, account, act, &mut refused);
    if !refused.is_empty() {
        return Ok(Err(refused));
    }
    let mut touched = lots_of(&mut decision.tx, &desk.tasks).await?;
    for (change, task) in changes.iter().zip(&mut desk.tasks) {
        if let Some(lot) = task.lot.and_then(|id| touched.get_mut(&id)).filter(|_| !task.looked_at) {
            lot.check(task.drawn, is_error);
        }
        task.looked_at = true;
        task.progress = Progress::of(&change.after, task.whose);
        task.changed_at = at;
    }
    store::save(&mut decision.tx, of.incident, &desk.before, &desk.tasks).await?;
    let turned = draw(decision, of, &mut touched, &mut changes).await?;
    keep(decision, of, &changes).await?;
    report(app, decision, of, verdict, &changes).await?;
    Ok(Ok(Done { changes, turned }))
}

/// Sets one sheet aside that cannot be typed in as it is. It is in no lot yet, so no sample turns by it.
///
/// # Errors
/// When the database does not answer.
pub async fn set_aside(
    app: &App,
    decision: &mut Decision,
    of: &Moving<'_>,
    row: SheetRow,
    verdict: &Verdict,
) -> Result<Outcome, Error> {
    let (at, account) = (decision.at, decision.account);
    let mut desk = Desk::of(&mut decision.tx, of.kit, [&row], at).await?;
    let mut refused = Refused::default();
    for task in &desk.tasks {
        if let Some(holder) = task.holder(at).filter(|holder| *holder != account) {
            refused.add(&row.serial(), taken_by(&mut decision.tx, holder).await?);
        }
    }
    let changes = apply(of, vec![row], account, Act::SetAside, &mut refused);
    if !refused.is_empty() {
        return Ok(Err(refused));
    }
    for (change, task) in changes.iter().zip(&mut desk.tasks) {
        task.progress = Progress::of(&change.after, task.whose);
        (task.taken, task.changed_at) = (None, at);
    }
    store::save(&mut decision.tx, of.incident, &desk.before, &desk.tasks).await?;
    keep(decision, of, &changes).await?;
    report(app, decision, of, verdict, &changes).await?;
    Ok(Ok(Done { changes, turned: 0 }))
}

/// Keeps what somebody found to be wrong with sheets.
async fn report(
    app: &App,
    decision: &mut Decision,
    of: &Moving<'_>,
    verdict: &Verdict,
    changes: &[Change],
) -> Result<(), Error> {
    let Verdict::Differs { kind, note, owner } = verdict else { return Ok(()) };
    let forms: Vec<(Uuid, FormId)> = changes.iter().map(|change| (app.clock.id(), change.row.id)).collect();
    let what = (*kind, note.as_str(), *owner);
    lots::report(&mut decision.tx, of.incident, what, (decision.at, decision.account), &forms).await
}

async fn taken_by(tx: &mut Tx, holder: AccountId) -> Result<Refusal, Error> {
    let name = accounts::name(tx, holder).await?.unwrap_or_default();
    let sentence = format!("{name} has taken it. Take another one, or wait until it is given back.");
    Ok(Refusal::new("taken", sentence))
}

async fn lots_of(tx: &mut Tx, tasks: &[TaskRow]) -> Result<BTreeMap<Uuid, Lot>, Error> {
    let mut found = BTreeMap::new();
    for id in tasks.iter().filter_map(|task| task.lot).collect::<BTreeSet<_>>() {
        if let Some(row) = lots::find(tx, id).await? {
            found.insert(id, row.lot());
        }
    }
    Ok(found)
}

/// Ends a difference without typing the sheet in again: nothing was wrong, or the sheet counts no more.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(
    decision: &mut Decision,
    of: &Moving<'_>,
    row: SheetRow,
    (ending, reason): (Ending, &str),
) -> Result<Result<Done, Refusal>, Error> {
    let (at, account) = (decision.at, decision.account);
    let reported = lots::differences(&mut decision.tx, row.id).await?;
    let disputers: Vec<AccountId> = reported.iter().map(|row| AccountId(row.reported_by)).collect();
    let before = row.sheet();
    let act = if ending == Ending::NotAnError { Act::Uphold } else { Act::Withdraw };
    let after = match may_settle(&before, &disputers, account).and_then(|()| before.after(act, account)) {
        Ok(after) => after,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut desk = Desk::of(&mut decision.tx, of.kit, std::slice::from_ref(&row), at).await?;
    for task in &mut desk.tasks {
        task.progress = Progress::of(&after, task.whose);
        task.changed_at = at;
    }
    store::save(&mut decision.tx, of.incident, &desk.before, &desk.tasks).await?;
    // Of a sheet that was found wrong twice, the first time stays an error.
    if ending == Ending::NotAnError && reported.len() == 1 {
        for (id, mut lot) in lots_of(&mut decision.tx, &desk.tasks).await? {
            lot.clear_error();
            lots::keep(&mut decision.tx, id, &lot).await?;
        }
    }
    let changes = vec![changed(row, before, after)];
    keep(decision, of, &changes).await?;
    let forms = [changes[0].row.id];
    lots::end(&mut decision.tx, &forms, (ending, reason), (at, account)).await?;
    Ok(Ok(Done { changes, turned: 0 }))
}
