//! The pages of batches and of scanning, each read in one snapshot.

use domain::{
    actor::Role,
    forms::{
        AddSheets, Answer, BatchState, CountBatch, Custody, OpenBatch, Pile, ScanSheet, Serial, Station,
    },
    id::{AccountId, BatchId, IncidentId, UnitId},
    time::Timestamp,
    view::forms::{BatchView, BatchesView, Named, ScanAnswer, ScanLine, ScanView, SheetEvent},
};
use frontend::ui::counted;

use super::{
    reading::{self, types},
    shown::{AskedBatches, PAGE, Units, batch_line, batches_after, cut, state_words},
    store::{
        SheetRow,
        batches::{self, BatchRow},
        custody, shown,
    },
};
use crate::{
    accounts::store as accounts,
    store::Tx,
    web::{door::Door, problem::Problem},
};

/// The batches of an incident.
pub async fn batches(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    asked: AskedBatches,
    form: OpenBatch,
) -> Result<BatchesView, Problem> {
    let choices = reading::choices_of_open_units(door, tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = Units::read(tx, incident).await?;
    let one = BatchState::from_code(&asked.state);
    let states = one.map_or_else(|| BatchState::ALL.to_vec(), |one| vec![one]);
    let mut rows = batches::list(tx, incident, &states, batches_after(&asked.after), PAGE + 1).await?;
    let more = cut(&mut rows);
    let more = rows.last().filter(|_| more).map(|last| {
        let after = format!("{}:{}", last.changed_at.0, last.id);
        format!("/incidents/{incident}/forms/batches?state={}&after={after}", asked.state)
    });
    Ok(BatchesView {
        choices,
        title: one.map_or_else(|| "Batches".to_owned(), |one| format!("Batches, {}", one.code())),
        state: asked.state,
        batches: rows.iter().map(|row| batch_line(row, &units, &zone)).collect(),
        more,
        may_open: door.actor().has(&[Role::FormsClerk, Role::UnitLead]),
        form,
    })
}

/// One batch.
pub async fn batch(
    door: &Door,
    tx: &mut Tx,
    (incident, id): (IncidentId, BatchId),
    (add, count): (AddSheets, CountBatch),
) -> Result<BatchView, Problem> {
    let types = types(tx, incident).await?;
    let row = batches::find(tx, incident, id).await?.ok_or_else(|| Problem::not_found("batch"))?;
    let zone = accounts::installation(tx).await?.zone();
    let units = Units::read(tx, incident).await?;
    let events = batches::events(tx, id).await?;
    let names = shown::names(tx, events.iter().map(|event| event.5)).await?;
    let by = |account: AccountId| names.get(&account).cloned().unwrap_or_default();
    let history: Vec<SheetEvent> = events
        .iter()
        .map(|(what, to, sheets, pages, at, account)| SheetEvent {
            at: zone.typed(*at),
            what: batch_event(what, to, *sheets, *pages),
            by: by(*account),
        })
        .collect();
    let not_seen = match (row.batch.state, row.batch.was_received) {
        (BatchState::Refused, false) => batches::not_seen_at(tx, id, Custody::Received).await?,
        (BatchState::Refused, true) => batches::not_seen_at(tx, id, Custody::Scanned).await?,
        _ => Vec::new(),
    };
    let line = batch_line(&row, &units, &zone);
    let signers = [row.batch.first_signer, row.batch.second_signer];
    let latest = |step: &str| {
        let event = events.iter().rev().find(|event| event.0 == step);
        event.map(|(.., at, account)| format!("{}, {}", by(*account), zone.typed(*at))).unwrap_or_default()
    };
    let open = row.batch.state == BatchState::Open;
    let at_unit = door.actor().has(&[Role::FormsClerk, Role::UnitLead]);
    Ok(BatchView {
        incident,
        request_id: door.request_id(),
        title: format!("Batch {}: {}.", line.serial, line.next),
        unit_id: row.unit,
        types: batches::types(tx, id).await?,
        all_types: reading::named_types(&types),
        signed_by: signers.into_iter().flatten().map(by).collect(),
        received: latest("received"),
        scanned: latest("scanned"),
        not_seen: not_seen.iter().map(|row| row.serial().to_string()).collect(),
        history,
        may_fill: at_unit && row.batch.takes_sheets().is_ok(),
        may_receive: door.actor().has(&[Role::FormsClerk]),
        may_sign: at_unit && open,
        line,
        add,
        count,
    })
}

fn batch_event(what: &str, to: &str, sheets: i64, pages: i64) -> String {
    let sheets = counted(sheets, "sheet", "sheets");
    let pages = counted(pages, "page", "pages");
    match (what, to) {
        ("opened", _) => "begun".to_owned(),
        ("filled", _) => format!("{sheets} put in"),
        ("signed", _) => format!("signed for {sheets}, {pages}"),
        ("received", "refused") => format!("refused in the records room: {sheets} counted"),
        ("received", _) => format!("received, {sheets}"),
        ("scanned", "refused") => format!("refused: {pages} came out of the scanner"),
        _ => format!("scanned, {pages}"),
    }
}

/// What a scan page is asked for: the choices that stay from scan to scan, and what the last one came to.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct AskedScan {
    station: String,
    pile: String,
    voided_because: String,
    unit: String,
    batch: String,
    /// `ok` or `already`.
    answer: String,
    serial: String,
}

impl AskedScan {
    /// The form with the choices of the address, and an empty field for the next serial.
    pub fn form(&self) -> ScanSheet {
        let or = |text: &str, usual: &str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
        ScanSheet {
            station: or(&self.station, Station::Collection.code()).into(),
            pile: or(&self.pile, Pile::Used.code()).into(),
            voided_because: self.voided_because.clone().into(),
            unit: self.unit.clone().into(),
            batch: self.batch.clone().into(),
            ..ScanSheet::default()
        }
    }

    /// What the last scan came to; only what this program itself writes into the address is believed.
    pub fn answer(&self) -> Option<ScanAnswer> {
        let serial: Serial = self.serial.parse().ok()?;
        let answer = match self.answer.as_str() {
            "ok" => Answer::Ok,
            "already" => Answer::Already,
            _ => return None,
        };
        let sentence = match answer {
            Answer::Ok => "It is taken.".to_owned(),
            Answer::Already => "It was scanned before.".to_owned(),
        };
        let word = answer.word().to_owned();
        Some(ScanAnswer { word, serial: serial.to_string(), sentence, good: true })
    }
}

/// The page for scanning.
pub async fn scanning(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    form: ScanSheet,
    answer: Option<ScanAnswer>,
) -> Result<ScanView, Problem> {
    let choices = reading::choices(door, tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = Units::read(tx, incident).await?;
    let first = (Timestamp(i64::MIN), BatchId(sqlx::types::Uuid::nil()));
    let open = batches::list(tx, incident, &[BatchState::Open], first, 200).await?;
    let unit = form.unit.trimmed().parse::<UnitId>().ok();
    let chosen = form.batch.trimmed().to_owned();
    let fits = |row: &&BatchRow| {
        let listed = unit.is_none_or(|unit| unit == row.unit) && row.batch.takes_sheets().is_ok();
        listed || row.id.to_string() == chosen
    };
    let named = |row: &BatchRow| Named {
        value: row.id.to_string(),
        name: format!("{} ({}, {})", row.serial(), units.name(row.unit), row.shift.words()),
    };
    let line = |row: &SheetRow| ScanLine {
        serial: row.serial().to_string(),
        custody: row.custody.words().to_owned(),
        state: state_words(row.state).to_owned(),
        at: zone.clock_seconds(row.custody_at),
    };
    let last = custody::last(tx, incident, door.actor().account).await?;
    Ok(ScanView {
        choices,
        batches: open.iter().filter(fits).map(named).collect(),
        last: last.iter().map(line).collect(),
        form,
        answer,
    })
}
