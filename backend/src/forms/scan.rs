//! One sheet under a scanner.
//!
//! A scan is a fact and no decision, also where it counts. A unit's stack of five hundred sheets and the piles of the
//! records room go past a scanner one by one, at several stations at once: as decisions all of them would wait for
//! the incident's own chain, and so would the commander. What a decision gives is kept: rule 8 is changed through the
//! same acts and the same sums as by a count at the desk, in one transaction with the sheet, which is taken before its
//! state is looked at; who scanned what onto which pile stands in the chain of facts, whose head is folded into the
//! incident's own each minute and before it closes. What needs somebody to answer for it as a whole (the count that
//! makes sheets missing, the signatures of a batch) stays a decision.

use domain::{
    Refusal,
    actor::{Actor, Role},
    field::FieldErrors,
    forms::{
        Answer, BATCH_PREFIX, BatchRef, Pile, Scan, ScanOrder, ScanSheet, Scanned, Serial, Station, Unread,
        scan as met,
    },
    id::{BatchId, IncidentId, RequestId},
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

use super::{
    counted, may,
    saving::{Moment, save_at},
    store::{
        Change, SheetRow, Under,
        batches::{self, BatchRow},
        custody,
    },
};
use crate::{
    app::App,
    entry,
    failure::Failure,
    places::store as places,
    playbooks::store::Kit,
    store::{Error, Tx, facts::Noted},
};

/// Who scans at a unit.
const AT_UNIT: [Role; 2] = [Role::FormsClerk, Role::UnitLead];
/// Who scans in the records room.
const IN_RECORDS: [Role; 1] = [Role::FormsClerk];

/// One scan on its way.
#[derive(Clone)]
struct Scanning {
    incident: IncidentId,
    order: ScanOrder,
    batch: Option<BatchId>,
    actor: Actor,
    request: RequestId,
    /// What is typed in; it matters when a sheet is counted.
    kit: Kit,
}

/// Scans one sheet at a station.
///
/// # Errors
/// A refusal whose code says what is wrong with the sheet; what is wrong by field; for a unit that is not the account's.
pub async fn scan(
    app: App,
    actor: Actor,
    incident: IncidentId,
    request: RequestId,
    form: ScanSheet,
) -> Result<Scanned, Failure> {
    let order = form.read().map_err(|unread| match unread {
        Unread::Fields(errors) => Failure::Fields(errors),
        Unread::Refused(refusal) => Failure::Refused(refusal),
    })?;
    if order.serial.prefix == BATCH_PREFIX {
        let says = "This is the cover sheet of a batch. Choose it as the batch, then scan its sheets.";
        return Err(Refusal::new("cover-sheet", says).into());
    }
    let scanning = prepare(&app, actor, incident, request, order).await?;
    let noted = scanning.clone();
    let apply: crate::store::facts::Apply = Box::new(move |tx, now| {
        let scanning = noted.clone();
        Box::pin(async move { note(tx, now, &scanning).await })
    });
    let reply = app.facts.note(incident, apply).await?;
    serde_json::from_value(reply).map_err(|error| Failure::Broken(error.to_string()))
}

/// Looks up what a scan needs and no other scan can change: nothing for most. Whether the incident takes facts is seen
/// by their writer.
async fn prepare(
    app: &App,
    actor: Actor,
    incident: IncidentId,
    request: RequestId,
    order: ScanOrder,
) -> Result<Scanning, Failure> {
    let roles: &[Role] = if order.station.is_at_unit() { &AT_UNIT } else { &IN_RECORDS };
    if !actor.has_everywhere(roles) {
        let mut tx = app.db.read().await?;
        if let Some(sheet) = super::store::shown::by_serial(&mut tx, incident, &order.serial).await? {
            may(&actor, roles, [sheet.unit], &places::lattice(&mut tx).await?)?;
        }
    }
    let batch = match order.batch {
        None => None,
        Some(BatchRef::Id(id)) => Some(id),
        Some(BatchRef::Number(number)) => {
            let found = batches::numbered(&mut app.db.glance().await?, incident, number).await?;
            let unknown =
                || FieldErrors::one("batch", "There is no batch with this number in this incident.");
            Some(found.ok_or_else(unknown)?)
        }
    };
    // A count begins a task of typing in, which asks the kit; other scans move paper alone.
    let kit = match order.station {
        Station::Collection => app.kits.of(&app.db, incident).await?,
        _ => Kit::default(),
    };
    Ok(Scanning { incident, order, batch, actor, request, kit })
}

type Said = Result<Noted, Refusal>;

/// The scan itself, on the writer's connection: everything is decided before the first write.
async fn note(tx: &mut Tx, now: Timestamp, scanning: &Scanning) -> Result<Said, Error> {
    let order = &scanning.order;
    let row = custody::take(tx, scanning.incident, &order.serial).await?;
    let row = match expected(row, order) {
        Ok(row) => row,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let done = match met((row.state, row.custody), row.disposition, order.station, order.pile) {
        Ok(done) => done,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let batch = match into_batch(tx, scanning, &row).await? {
        Ok(batch) => batch,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if done == Scan::Already && batch.is_none() {
        let again =
            custody::scanned_before(tx, row.id, scanning.actor.account, scanning.request.into()).await?;
        let answer = if again { Answer::Ok } else { Answer::Already };
        return Ok(Ok(said(
            &row,
            row.custody,
            (row.state.code(), answer),
            scanning,
            serde_json::Value::Null,
        )));
    }
    let change = match changed(row, done, scanning) {
        Ok(change) => change,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let moment = Moment {
        incident: scanning.incident,
        at: now,
        under: Under::Next(scanning.incident),
        account: scanning.actor.account,
        request: Some(Uuid::from(scanning.request)),
    };
    let change = [change];
    if done != Scan::Already {
        // What is read comes before what is written, so that all that is written goes in one message.
        if order.station == Station::Collection {
            entry::follow(tx, scanning.incident, &scanning.kit, &counted(&change), now).await?;
        }
        save_at(tx, &moment, &change).await?;
    }
    let [change] = change;
    if let Some(batch) = &batch {
        batches::put_in(tx, batch.id, &change.row.form_type, &[&change.row]).await?;
    }
    let data = json!({
        "station": order.station.code(), "from": change.before.state.code(), "to": change.after.state.code(),
        "custody": change.custody.code(), "unit": change.row.unit, "form_type": change.row.form_type,
        "because": order.voided_because, "batch": batch.map(|batch| batch.id),
        "account": scanning.actor.account,
    });
    let state = change.after.state.code();
    Ok(Ok(said(&change.row, change.custody, (state, Answer::Ok), scanning, data)))
}

/// The sheet that was scanned, if it is one of this incident and of the unit that is expected.
fn expected(row: Option<SheetRow>, order: &ScanOrder) -> Result<SheetRow, Refusal> {
    let serial = &order.serial;
    let Some(row) = row else {
        let says = format!(
            "{serial} was not handed out in this incident. Put it apart; if it is written on, take it in as found."
        );
        return Err(Refusal::new("not-handed-out", says));
    };
    let own: Serial = row.serial();
    if own != *serial {
        let says =
            format!("{serial} was not handed out here: the sheet with this number is {own}. Put it apart.");
        return Err(Refusal::new("another-serial", says));
    }
    if order.unit.is_some_and(|unit| unit != row.unit) {
        let says = format!(
            "{serial} belongs to {} at {}. Put it apart for them, or choose no unit to take sheets of all.",
            own.unit, own.site
        );
        return Err(Refusal::new("another-unit", says));
    }
    Ok(row)
}

/// The batch into which the sheet goes; none when none was chosen, or when the sheet lies in it already.
async fn into_batch(
    tx: &mut Tx,
    scanning: &Scanning,
    row: &SheetRow,
) -> Result<Result<Option<BatchRow>, Refusal>, Error> {
    let Some(id) = scanning.batch.filter(|_| scanning.order.station == Station::Collection) else {
        return Ok(Ok(None));
    };
    let Some(batch) = batches::take(tx, scanning.incident, id).await? else {
        return Ok(Err(Refusal::new("no-batch", "There is no such batch. Choose another one, or none.")));
    };
    Ok(fits(&batch, row, scanning.order.pile).map(|fits| fits.then_some(batch)))
}

/// Whether a sheet goes into a batch: not when it lies there already.
///
/// # Errors
/// A batch holds the used and voided sheets of one unit, each in one batch only, until it is signed.
pub(super) fn fits(batch: &BatchRow, row: &SheetRow, pile: Pile) -> Result<bool, Refusal> {
    if pile == Pile::Blank {
        let says = "Blank sheets go back into stock, not into a batch. Choose no batch for this pile.";
        return Err(Refusal::new("blank", says));
    }
    if row.unit != batch.unit {
        let says = format!("This batch is of {}. Put the sheet apart for its own unit.", batch.unit_code);
        return Err(Refusal::new("another-unit", says));
    }
    match row.batch {
        Some(in_batch) if in_batch == batch.id => Ok(false),
        Some(_) => Err(Refusal::new("other-batch", "It lies in another batch already. Put it back there.")),
        None => batch.batch.takes_sheets().map(|()| true),
    }
}

/// The change that a scan makes.
fn changed(row: SheetRow, done: Scan, scanning: &Scanning) -> Result<Change, Refusal> {
    let before = row.sheet();
    let Scan::Moves { act, to } = done else {
        let (after, custody) = (before.clone(), row.custody);
        return Ok(Change { row, before, after, custody });
    };
    let after = match act {
        Some(act) => before.after(act, scanning.actor.account)?,
        None => before.clone(),
    };
    Ok(Change { row, before, after, custody: to })
}

fn said(
    row: &SheetRow,
    custody: domain::forms::Custody,
    (state, answer): (&str, Answer),
    scanning: &Scanning,
    data: serde_json::Value,
) -> Noted {
    let sentence = match (answer, scanning.order.station) {
        (Answer::Already, _) => format!("It was scanned before: it is {state} and {}.", custody.words()),
        (Answer::Ok, Station::Collection) => format!("Counted as {state}."),
        (Answer::Ok, _) => format!("It is {} now.", custody.words()),
    };
    let scanned = Scanned {
        answer,
        word: answer.word().to_owned(),
        serial: row.serial().to_string(),
        form_type: row.form_type.clone(),
        custody,
        sentence,
    };
    let reply = serde_json::to_value(scanned).unwrap_or_default();
    Noted { kind: "form.scanned", subject: format!("form:{}", row.id), data, reply }
}
