//! Batches: a unit gives back a shift's sheets under one cover sheet; two people sign the count, the records room
//! counts again, and as many pages come out of the scanner as went in.

use domain::{
    actor::Role,
    field::FieldErrors,
    forms::{
        AddSheets, BATCH_PREFIX, Batch, BatchCounted, BatchOpened, BatchState, CountBatch, Custody,
        OpenBatch, Pile, Serial, State,
    },
    id::{BatchId, IncidentId},
    scope::Places,
};
use serde_json::json;

use super::{
    may, must_be_in, open_playbook, picked_sheets,
    saving::save,
    scan, shift_now,
    store::{
        self, Change, SheetRow,
        batches::{self, BatchRow, BatchStep},
        custody, issues,
    },
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Error,
        journal::{By, Chain, Decision, Say},
    },
};

const AT_UNIT: [Role; 2] = [Role::FormsClerk, Role::UnitLead];
const IN_RECORDS: [Role; 1] = [Role::FormsClerk];

impl BatchRow {
    /// The number of its cover sheet.
    pub fn serial(&self) -> Serial {
        Serial::new(&self.site_code, &self.unit_code, BATCH_PREFIX, self.number)
    }
}

/// Begins a batch of a unit's shift.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's.
pub async fn open_batch(
    app: App,
    by: By,
    incident: IncidentId,
    form: OpenBatch,
) -> Result<BatchOpened, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open_playbook(&mut decision.tx, incident).await?;
    let (unit, shift) = form.read(shift_now(&mut decision).await?)?;
    let lattice = places::lattice(&mut decision.tx).await?;
    must_be_in(&mut decision.tx, incident, unit, &lattice).await?;
    may(&by.actor, &AT_UNIT, [unit], &lattice)?;
    let id: BatchId = app.clock.id();
    let number = issues::take_numbers(&mut decision.tx, BATCH_PREFIX, 1).await?;
    batches::insert(&mut decision.tx, (incident, id), (unit, number), &shift, decision.at).await?;
    log(&mut decision, id, "opened", &Batch::begun(), (0, 0)).await?;
    let (site, code) = store::codes(&mut decision.tx, unit).await?;
    let serial = Serial::new(&site, &code, BATCH_PREFIX, number).to_string();
    let data = json!({ "unit": unit, "number": number, "shift_on": shift.on, "shift": shift.name });
    let subject = format!("batch:{id}");
    let seq =
        decision.append(&app, Say { kind: "forms.batch_opened", subject, data, ..Say::default() }).await?;
    let outcome = BatchOpened { batch: id, seq, serial };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Puts sheets that were counted without a scanner into a batch.
///
/// # Errors
/// What is wrong by field, sheet by sheet; nothing is put in then.
pub async fn fill_batch(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, BatchId, AddSheets),
) -> Result<BatchCounted, Failure> {
    let (mut decision, batch, _) = {
        let decision = begin!(&app, &by, Chain::Incident(incident));
        taken(decision, &by, (incident, id), &AT_UNIT).await?
    };
    let playbook = open_playbook(&mut decision.tx, incident).await?;
    let (form_type, picked) = form.read(&playbook.forms)?;
    let mut errors = FieldErrors::default();
    let prefix = &form_type.serial_prefix;
    let rows = picked_sheets(&mut decision.tx, incident, prefix, &picked, "serials", &mut errors).await?;
    let mut fit: Vec<&SheetRow> = Vec::with_capacity(rows.len());
    for row in &rows {
        match may_be_put(&batch, row) {
            Ok(true) => fit.push(row),
            Ok(false) => {}
            Err(refusal) => errors.add("serials", format!("{}: {}", row.serial(), refusal.sentence)),
        }
    }
    errors.into_result()?;
    batches::put_in(&mut decision.tx, id, &form_type.code, &fit).await?;
    let number = i64::try_from(fit.len()).unwrap_or(i64::MAX);
    let after = Batch { sheets: batch.batch.sheets + number, ..batch.batch.clone() };
    log(&mut decision, id, "filled", &after, (number, 0)).await?;
    let data = json!({ "form_type": form_type.code, "sheets": number });
    let sentence = format!("{number} sheets were put in; the batch has {}.", after.sheets);
    finish(&app, decision, &batch, "forms.batch_filled", data, (after.state, sentence, Vec::new())).await
}

/// Only what was counted used or voided lies in a batch.
fn may_be_put(batch: &BatchRow, row: &SheetRow) -> Result<bool, domain::Refusal> {
    let pile = match row.state {
        State::Out | State::Missing => {
            let says = "It is not counted yet. Count it back first, or scan it where units give back.";
            return Err(domain::Refusal::new("still-out", says));
        }
        State::Blank => Pile::Blank,
        State::Voided => Pile::Voided,
        State::Used | State::Entered | State::Discrepancy | State::Verified | State::Filed => Pile::Used,
    };
    scan::fits(batch, row, pile)
}

/// Signs that a batch has so many sheets and pages; the second person's signature closes it.
///
/// # Errors
/// What is wrong by field; when the figures are not those of the batch or of the first signature.
pub async fn sign_batch(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, BatchId, CountBatch),
) -> Result<BatchCounted, Failure> {
    let mut errors = FieldErrors::default();
    let (sheets, pages) = (form.read_sheets(&mut errors), form.read_pages(&mut errors));
    errors.into_result()?;
    let (mut decision, batch, _) = {
        let decision = begin!(&app, &by, Chain::Incident(incident));
        taken(decision, &by, (incident, id), &AT_UNIT).await?
    };
    let after = batch.batch.signed(by.actor.account, sheets, pages)?;
    batches::save(&mut decision.tx, id, &after, decision.at).await?;
    log(&mut decision, id, "signed", &after, (sheets, pages)).await?;
    let data = json!({ "sheets": sheets, "pages": pages, "closed": after.state == BatchState::Closed });
    let sentence = match after.state {
        BatchState::Closed => "Signed by two people. A runner takes it to the records room.",
        _ => "Signed once. A second person counts and signs.",
    };
    finish(&app, decision, &batch, "forms.batch_signed", data, (after.state, sentence.to_owned(), Vec::new()))
        .await
}

/// The records room's own count: received with all its sheets, or refused.
///
/// # Errors
/// What is wrong by field; when the batch is not on its way.
pub async fn receive_batch(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, BatchId, CountBatch),
) -> Result<BatchCounted, Failure> {
    let mut errors = FieldErrors::default();
    let sheets = form.read_sheets(&mut errors);
    errors.into_result()?;
    let (mut decision, batch, _) = {
        let decision = begin!(&app, &by, Chain::Incident(incident));
        taken(decision, &by, (incident, id), &IN_RECORDS).await?
    };
    let after = batch.batch.received(sheets)?;
    batches::save(&mut decision.tx, id, &after, decision.at).await?;
    log(&mut decision, id, "received", &after, (sheets, 0)).await?;
    let (sentence, not_seen) = if after.state == BatchState::Received {
        move_all(&mut decision, incident, id, Custody::Received).await?;
        ("Received. Prepare it for scanning.".to_owned(), Vec::new())
    } else {
        let not_seen = not_seen(&mut decision, id, Custody::Received).await?;
        let says = format!(
            "Refused: you counted {sheets}, both signers {}. Scan its sheets at the station \"Records room: received\": \
             what is left in the list is not here. Then count again.",
            batch.batch.sheets
        );
        (says, not_seen)
    };
    let data = json!({ "sheets": sheets, "signed": batch.batch.sheets, "state": after.state });
    finish(&app, decision, &batch, "forms.batch_received", data, (after.state, sentence, not_seen)).await
}

/// The pages that came out of the scanner: as many as went in, or the batch is refused.
///
/// # Errors
/// What is wrong by field; when the batch is not in the records room.
pub async fn scan_batch(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, BatchId, CountBatch),
) -> Result<BatchCounted, Failure> {
    let mut errors = FieldErrors::default();
    let pages = form.read_pages(&mut errors);
    errors.into_result()?;
    let (mut decision, batch, _) = {
        let decision = begin!(&app, &by, Chain::Incident(incident));
        taken(decision, &by, (incident, id), &IN_RECORDS).await?
    };
    let after = batch.batch.scanned(pages)?;
    batches::save(&mut decision.tx, id, &after, decision.at).await?;
    log(&mut decision, id, "scanned", &after, (0, pages)).await?;
    let (sentence, not_seen) = if after.state == BatchState::Scanned {
        move_all(&mut decision, incident, id, Custody::Scanned).await?;
        ("Scanned: as many pages came out as went in.".to_owned(), Vec::new())
    } else {
        let not_seen = not_seen(&mut decision, id, Custody::Scanned).await?;
        let says = format!(
            "Refused: {} pages went in, {pages} came out. Scan each sheet again at the station \"Records room: scanned\": \
             what is left in the list was not scanned. Then count the pages again.",
            batch.batch.pages_in
        );
        (says, not_seen)
    };
    let data = json!({ "pages_in": batch.batch.pages_in, "pages_out": pages, "state": after.state });
    finish(&app, decision, &batch, "forms.batch_scanned", data, (after.state, sentence, not_seen)).await
}

/// Takes a batch in a decision of an open incident, for who may work with it.
async fn taken(
    mut decision: Decision,
    by: &By,
    (incident, id): (IncidentId, BatchId),
    roles: &[Role],
) -> Result<(Decision, BatchRow, Places), Failure> {
    open_playbook(&mut decision.tx, incident).await?;
    custody::hold_scans(&mut decision.tx, incident).await?;
    let batch = batches::take(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("batch"))?;
    let lattice = places::lattice(&mut decision.tx).await?;
    may(&by.actor, roles, [batch.unit], &lattice)?;
    Ok((decision, batch, lattice))
}

/// Moves the sheets of a batch that are not there yet to where the batch is.
async fn move_all(
    decision: &mut Decision,
    incident: IncidentId,
    id: BatchId,
    to: Custody,
) -> Result<(), Error> {
    let rows = batches::take_sheets_before(&mut decision.tx, id, to).await?;
    let moved = |row: SheetRow| {
        let sheet = row.sheet();
        Change { row, before: sheet.clone(), after: sheet, custody: to }
    };
    let changes: Vec<Change> = rows.into_iter().map(moved).collect();
    save(decision, incident, &changes).await
}

async fn not_seen(decision: &mut Decision, id: BatchId, step: Custody) -> Result<Vec<String>, Error> {
    let rows = batches::not_seen_at(&mut decision.tx, id, step).await?;
    Ok(rows.iter().map(|row| row.serial().to_string()).collect())
}

async fn log(
    decision: &mut Decision,
    id: BatchId,
    what: &str,
    after: &Batch,
    (sheets, pages): (i64, i64),
) -> Result<(), Error> {
    let (seq, at, account) = (decision.seq, decision.at, decision.account);
    let step = BatchStep { seq, what, to: after.state, sheets, pages, at, account };
    batches::log(&mut decision.tx, id, &step).await
}

async fn finish(
    app: &App,
    mut decision: Decision,
    batch: &BatchRow,
    kind: &'static str,
    data: serde_json::Value,
    (state, sentence, not_seen): (BatchState, String, Vec<String>),
) -> Result<BatchCounted, Failure> {
    let subject = format!("batch:{}", batch.id);
    let seq = decision.append(app, Say { kind, subject, data, ..Say::default() }).await?;
    let outcome = BatchCounted { batch: batch.id, seq, state, sentence, not_seen };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}
