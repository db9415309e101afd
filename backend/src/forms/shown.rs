//! The pages of where paper is: a unit, the runner's way, the records room, what is missing, one sheet, batches,
//! scanning. Each is read in one snapshot.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    forms::{AGES, BatchState, CorrectPile, Custody, Ledger, Serial, State},
    id::{AccountId, BatchId, IncidentId, UnitId},
    time::{Timestamp, Zone},
    view::forms::{
        AgeLine, BatchLine, MissingLine, MissingView, Named, NextStep, RangeSums, RecordsView, RunnerView,
        SheetEvent, SheetView, UnitLine, UnitPaperView,
    },
};
use frontend::ui::{count, counted};

use super::{
    reading::{self, line, types},
    store::{
        self, SheetRow,
        batches::{self, BatchRow},
        custody,
        shown::{self, RangeRow},
    },
    tally,
};
use crate::{
    accounts::store as accounts,
    store::Tx,
    web::{door::Door, problem::Problem},
};

/// How many ranges, sheets or batches one page lists.
pub(super) const PAGE: i64 = 50;

/// The names of an incident's units: its site, the unit.
pub(super) struct Units(BTreeMap<UnitId, (String, String)>);

impl Units {
    pub(super) async fn read(tx: &mut Tx, incident: IncidentId) -> Result<Self, Problem> {
        let units = store::units(tx, incident).await?;
        Ok(Self(units.into_iter().map(|(id, name, _, site)| (id, (site, name))).collect()))
    }

    pub(super) fn name(&self, unit: UnitId) -> String {
        self.0.get(&unit).map(|(site, name)| format!("{site}, {name}")).unwrap_or_default()
    }
}

/// The last row of a page that has a next one; takes the row too many away.
pub(super) fn cut<T>(rows: &mut Vec<T>) -> bool {
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    more
}

/// What a unit's page is asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct AskedUnit {
    show: String,
    before: String,
}

/// The paper of one unit.
pub async fn unit(
    door: &Door,
    tx: &mut Tx,
    (incident, unit): (IncidentId, UnitId),
    asked: AskedUnit,
) -> Result<UnitPaperView, Problem> {
    let types = types(tx, incident).await?;
    let units = Units::read(tx, incident).await?;
    let (site, name) = units.0.get(&unit).cloned().ok_or_else(|| Problem::not_found("unit"))?;
    let zone = accounts::installation(tx).await?.zone();
    let numbered = tally::of_unit(tx, incident, unit, false).await?;
    let found = tally::of_unit(tx, incident, unit, true).await?;
    let mut total = Ledger::default();
    for (_, ledger) in &numbered {
        total += *ledger;
    }
    let codes = store::codes(tx, unit).await?;
    let open_only = asked.show != "all";
    let before = asked.before.parse().unwrap_or(i64::MAX);
    let mut ranges = shown::ranges(tx, incident, unit, before, open_only, PAGE + 1).await?;
    let more = cut(&mut ranges);
    let show = if open_only { "" } else { "all" };
    let more = ranges
        .last()
        .filter(|_| more)
        .map(|last| format!("/incidents/{incident}/forms/units/{unit}?show={show}&before={}", last.seq));
    let prefix = |code: &str| {
        let of = types.iter().find(|each| each.code == code);
        of.map_or_else(|| code.to_owned(), |of| of.serial_prefix.clone())
    };
    let batches = batches::of_unit(tx, incident, unit).await?;
    let batches: Vec<BatchLine> = batches.iter().map(|row| batch_line(row, &units, &zone)).collect();
    let mut next = next_steps(incident, unit, &total, &batches);
    next.extend(crate::stock::line_of_unit(tx, (incident, unit)).await?);
    Ok(UnitPaperView {
        incident,
        unit,
        title: unit_title(&name, &total),
        next,
        name: format!("{site}, {name}"),
        types: numbered.into_iter().map(|sum| line(sum, &types)).collect(),
        found: found.into_iter().map(|sum| line(sum, &types)).collect(),
        ranges: ranges.into_iter().map(|row| range(row, &codes, &prefix, &zone)).collect(),
        open_only,
        batches,
        more,
        may_issue: door.actor().has(&[Role::FormsClerk]),
        may_count: door.actor().has(&[Role::FormsClerk, Role::UnitLead]),
        as_of: zone.full(door.app.clock.now()),
    })
}

fn unit_title(name: &str, total: &Ledger) -> String {
    match (total.issued, total.missing, total.out) {
        (0, ..) => format!("{name} has no forms."),
        (_, 0, 0) => format!("{name}: every form is back."),
        (_, 0, out) => format!("{name}: {} out, none missing.", counted(out, "form is", "forms are")),
        (_, missing, 0) => format!("{name}: {} missing.", counted(missing, "form is", "forms are")),
        (_, missing, out) => {
            format!("{name}: {} missing, {} out.", counted(missing, "form is", "forms are"), count(out))
        }
    }
}

/// What a unit does next, in the order in which it is done.
fn next_steps(incident: IncidentId, unit: UnitId, total: &Ledger, batches: &[BatchLine]) -> Vec<NextStep> {
    let base = format!("/incidents/{incident}/forms");
    let mut steps = Vec::new();
    if total.missing > 0 {
        let words = format!("Look for {}", counted(total.missing, "missing form", "missing forms"));
        steps.push(NextStep { words, path: format!("{base}/missing?unit={unit}"), late: true });
    }
    for batch in
        batches.iter().filter(|batch| !matches!(batch.state, BatchState::Received | BatchState::Scanned))
    {
        let words = format!("Batch {}: {}", batch.serial, batch.next);
        let late = batch.state == BatchState::Refused;
        steps.push(NextStep { words, path: format!("{base}/batches/{}", batch.id), late });
    }
    if total.out > 0 {
        let words = format!("Give back {} at the end of the shift", counted(total.out, "form", "forms"));
        steps.push(NextStep {
            words,
            path: format!("{base}/scan?station=collection&unit={unit}"),
            late: false,
        });
    }
    steps
}

fn range(
    row: RangeRow,
    (site, unit): &(String, String),
    prefix: &impl Fn(&str) -> String,
    zone: &Zone,
) -> RangeSums {
    let serial = |number| Serial::new(site, unit, &prefix(&row.form_type), number).to_string();
    RangeSums {
        first: serial(row.first),
        last: serial(row.last),
        shift: format!("{} of {}", row.shift, row.shift_on),
        taken_by: row.taken_by.clone(),
        at: zone.typed(Timestamp(row.issued_at)),
        ledger: Ledger {
            issued: row.last - row.first + 1,
            out: row.out,
            used: row.used,
            blank: row.blank,
            voided: row.voided,
            missing: row.missing,
            ..Ledger::default()
        },
        form_type: row.form_type,
    }
}

pub(super) fn batch_line(row: &BatchRow, units: &Units, zone: &Zone) -> BatchLine {
    let batch = &row.batch;
    let next = match (batch.state, batch.first_signer.is_some(), batch.was_received) {
        (BatchState::Open, false, _) => "scan its sheets, then sign",
        (BatchState::Open, true, _) => "a second person signs",
        (BatchState::Closed, ..) => "fetch and receive it",
        (BatchState::Received, ..) => "prepare and scan it",
        (BatchState::Scanned, ..) => "done",
        (BatchState::Refused, _, false) => "count it again: sheets differ",
        (BatchState::Refused, _, true) => "scan it again: pages differ",
    };
    BatchLine {
        id: row.id,
        serial: row.serial().to_string(),
        unit: units.name(row.unit),
        shift: row.shift.words(),
        state: batch.state,
        next: next.to_owned(),
        sheets: batch.sheets,
        pages_in: batch.pages_in,
        since: zone.typed(row.changed_at),
    }
}

/// The way of a runner.
pub async fn runner(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<RunnerView, Problem> {
    types(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = store::units(tx, incident).await?;
    let names = Units(units.iter().map(|(id, name, _, site)| (*id, (site.clone(), name.clone()))).collect());
    let first = (Timestamp(i64::MIN), BatchId(sqlx::types::Uuid::nil()));
    let rows = batches::list(tx, incident, &[BatchState::Closed], first, 500).await?;
    let sums: BTreeMap<UnitId, Ledger> = tally::by_unit(tx, incident).await?.into_iter().collect();
    let (mut fetch, mut ask) = (Vec::new(), Vec::new());
    for (unit, name, _, site) in units {
        let of_unit: Vec<&BatchRow> = rows.iter().filter(|row| row.unit == unit).collect();
        let ledger = sums.get(&unit).copied().unwrap_or_default();
        if of_unit.is_empty() && ledger.out > 0 {
            ask.push(UnitLine { unit, name, site, ledger });
        }
        fetch.extend(of_unit.into_iter().map(|row| batch_line(row, &names, &zone)));
    }
    ask.sort_by_key(|line: &UnitLine| std::cmp::Reverse(line.ledger.out));
    let title = match &fetch[..] {
        [] => "No batch waits to be fetched.".to_owned(),
        [one] => format!("Fetch 1 batch: {}.", one.unit),
        many => format!("Fetch {} batches.", many.len()),
    };
    Ok(RunnerView { incident, title, fetch, ask, as_of: zone.full(door.app.clock.now()) })
}

/// Where a list of batches begins.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct AskedBatches {
    pub(super) state: String,
    pub(super) after: String,
}

pub(super) fn batches_after(after: &str) -> (Timestamp, BatchId) {
    let (at, id) = after.split_once(':').unwrap_or_default();
    let nobody = BatchId(sqlx::types::Uuid::nil());
    (Timestamp(at.parse().unwrap_or(i64::MIN)), id.parse().unwrap_or(nobody))
}

/// What waits in the records room.
pub async fn records(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    asked: AskedBatches,
) -> Result<RecordsView, Problem> {
    types(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = Units::read(tx, incident).await?;
    let waiting = [BatchState::Closed, BatchState::Refused, BatchState::Received];
    let mut rows = batches::list(tx, incident, &waiting, batches_after(&asked.after), PAGE + 1).await?;
    let more = cut(&mut rows);
    let base = format!("/incidents/{incident}/forms/records");
    let more =
        rows.last().filter(|_| more).map(|last| format!("{base}?after={}:{}", last.changed_at.0, last.id));
    let ages = ages(&custody::ages(tx, incident).await?, door.app.clock.now());
    Ok(RecordsView {
        incident,
        title: records_title(&ages),
        batches: rows.iter().map(|row| batch_line(row, &units, &zone)).collect(),
        more,
        ages,
        may_receive: door.actor().has(&[Role::FormsClerk]),
        as_of: zone.full(door.app.clock.now()),
    })
}

fn records_title(ages: &[AgeLine]) -> String {
    let in_room = [Custody::Collected, Custody::Received, Custody::Prepared, Custody::Scanned];
    let here = |line: &&AgeLine| in_room.iter().any(|custody| custody.code() == line.custody);
    let waiting: i64 = ages.iter().filter(here).map(|line| line.all).sum();
    let day: i64 = ages.iter().filter(here).filter_map(|line| line.over.first()).sum();
    match (waiting, day) {
        (0, _) => "No form waits in the records room.".to_owned(),
        (waiting, 0) => {
            format!("{} on the way to the file, none for over a day.", counted(waiting, "form", "forms"))
        }
        (waiting, day) => format!(
            "{} on the way to the file, {} for over a day at one step.",
            counted(waiting, "form", "forms"),
            count(day)
        ),
    }
}

/// How long the sheets of each step have waited there. An hour counts as over an age when all of it is.
fn ages(waiting: &[(Custody, i64, i64)], now: Timestamp) -> Vec<AgeLine> {
    let this_hour = custody::hour(now);
    let line = |custody: Custody| {
        let of_step = || waiting.iter().filter(move |(at, ..)| *at == custody);
        let over = |hours: i64| {
            of_step()
                .filter(|(_, since, _)| this_hour - since > hours)
                .map(|(.., sheets)| sheets)
                .sum::<i64>()
        };
        AgeLine {
            custody: custody.code().to_owned(),
            words: custody.words().to_owned(),
            all: of_step().map(|(.., sheets)| sheets).sum(),
            over: AGES.iter().map(|hours| over(*hours)).collect(),
        }
    };
    Custody::ALL.into_iter().filter(|custody| *custody != Custody::Filed).map(line).collect()
}

/// Which missing sheets are asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct AskedMissing {
    unit: String,
    /// Unit, prefix and number of the last sheet of the page before.
    after: String,
}

/// The missing sheets, by unit.
pub async fn missing(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    asked: AskedMissing,
) -> Result<MissingView, Problem> {
    types(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = Units::read(tx, incident).await?;
    let only = asked.unit.parse::<UnitId>().ok();
    let parts: Vec<&str> = asked.after.split(':').collect();
    let after = match parts[..] {
        [unit, prefix, number] => (
            unit.parse().unwrap_or(UnitId(sqlx::types::Uuid::nil())),
            prefix.to_owned(),
            number.parse().unwrap_or(0),
        ),
        _ => (UnitId(sqlx::types::Uuid::nil()), String::new(), 0),
    };
    let mut rows = shown::missing(tx, incident, only, after, PAGE + 1).await?;
    let more = cut(&mut rows);
    let next = rows.last().filter(|_| more).map(|last| {
        let after = format!("{}:{}:{}", last.unit, last.prefix, last.number);
        format!("/incidents/{incident}/forms/missing?unit={}&after={after}", asked.unit)
    });
    let sheets = missing_lines(tx, rows, &units, &zone).await?;
    let mut all = 0;
    for (unit, ledger) in tally::by_unit(tx, incident).await? {
        all += if only.is_none_or(|only| only == unit) { ledger.missing } else { 0 };
    }
    let title = match all {
        0 => "No form is missing.".to_owned(),
        1 => "1 form is missing.".to_owned(),
        many => format!("{} forms are missing.", count(many)),
    };
    let named = reading::named_units(store::units(tx, incident).await?);
    let may_count = door.actor().has(&[Role::FormsClerk, Role::UnitLead]);
    Ok(MissingView { incident, title, unit: asked.unit, units: named, sheets, next, may_count })
}

async fn missing_lines(
    tx: &mut Tx,
    rows: Vec<SheetRow>,
    units: &Units,
    zone: &Zone,
) -> Result<Vec<MissingLine>, Problem> {
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let seen = last_seen(tx, &row, zone).await?;
        lines.push(MissingLine {
            serial: row.serial().to_string(),
            unit_id: row.unit,
            unit: units.name(row.unit),
            last_seen: seen,
            missing_since: zone.typed(row.changed_at),
            form_type: row.form_type,
        });
    }
    Ok(lines)
}

/// Where a sheet was before it was missing: scanned into use by somebody, or handed out and taken by somebody.
async fn last_seen(tx: &mut Tx, row: &SheetRow, zone: &Zone) -> Result<String, Problem> {
    let happened = shown::history(tx, row.id).await?;
    if let Some(scan) = happened.iter().rev().find(|event| event.of_paper) {
        let names = shown::names(tx, std::iter::once(scan.account)).await?;
        let by = names.get(&scan.account).cloned().unwrap_or_default();
        let words = Custody::from_code(&scan.to).map(Custody::words).unwrap_or_default();
        return Ok(format!("{words}, scanned by {by}, {}", zone.typed(scan.at)));
    }
    let Some(issue) = row.issue else { return Ok(String::new()) };
    let Some(range) = shown::range(tx, issue).await? else { return Ok(String::new()) };
    let taken =
        if range.taken_by.is_empty() { String::new() } else { format!(", taken by {}", range.taken_by) };
    Ok(format!(
        "handed out for the {} of {}{taken}, {}",
        range.shift,
        range.shift_on,
        zone.typed(Timestamp(range.issued_at))
    ))
}

/// The history of one sheet.
pub async fn sheet(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    serial: &str,
    correct: CorrectPile,
) -> Result<SheetView, Problem> {
    let types = types(tx, incident).await?;
    let serial: Serial = serial.parse().map_err(|_| Problem::not_found("form"))?;
    let row = shown::by_serial(tx, incident, &serial).await?.ok_or_else(|| Problem::not_found("form"))?;
    let zone = accounts::installation(tx).await?.zone();
    let units = Units::read(tx, incident).await?;
    let happened = shown::history(tx, row.id).await?;
    let names = shown::names(tx, happened.iter().map(|event| event.account)).await?;
    let by = |account: AccountId| names.get(&account).cloned().unwrap_or_default();
    let events = happened
        .iter()
        .map(|event| SheetEvent { at: zone.typed(event.at), what: what(event), by: by(event.account) })
        .collect();
    let issue = match row.issue {
        Some(issue) => shown::range(tx, issue).await?,
        None => None,
    };
    let batch = match row.batch {
        Some(batch) => batches::find(tx, incident, batch).await?,
        None => None,
    };
    let type_name = types.iter().find(|each| each.code == row.form_type).map(|each| each.name.clone());
    let may_count = door.actor().has(&[Role::FormsClerk, Role::UnitLead]);
    Ok(SheetView {
        incident,
        title: format!("{serial} is {}, {}.", state_words(row.state), row.custody.words()),
        serial: serial.to_string(),
        type_name: type_name.unwrap_or_default(),
        unit: units.name(row.unit),
        unit_id: row.unit,
        state: row.state.code().to_owned(),
        custody: row.custody.words().to_owned(),
        to_check: row.to_check && row.state == State::Entered,
        shift: issue
            .as_ref()
            .map(|range| format!("{} of {}", range.shift, range.shift_on))
            .unwrap_or_default(),
        taken_by: issue.map(|range| range.taken_by).unwrap_or_default(),
        batch: batch.map(|batch| Named { value: batch.id.to_string(), name: batch.serial().to_string() }),
        events,
        may_count,
        may_correct: may_count && matches!(row.state, State::Used | State::Blank | State::Voided),
        correct,
        request_id: door.request_id(),
        form_type: row.form_type,
    })
}

pub(super) fn state_words(state: State) -> &'static str {
    match state {
        State::Entered => "typed in",
        State::Discrepancy => "different from what was typed in",
        other => other.code(),
    }
}

fn what(event: &shown::Happened) -> String {
    if event.of_paper {
        let words = Custody::from_code(&event.to).map(Custody::words).unwrap_or_default();
        return if event.implied {
            format!("{words}, not scanned: a later step shows it")
        } else {
            words.to_owned()
        };
    }
    let words = State::from_code(&event.to).map(state_words).unwrap_or_default();
    match (event.from.as_str(), event.to.as_str()) {
        ("", "out") => "handed out".to_owned(),
        ("", _) => "found without a valid serial".to_owned(),
        ("missing", _) => format!("turned up, counted {words}"),
        ("out", "missing") => "not there when its unit was counted".to_owned(),
        ("out", _) => format!("counted {words}"),
        ("used", "discrepancy") => "set aside: it cannot be typed in as it is".to_owned(),
        ("used" | "blank" | "voided", "used" | "blank" | "voided") => format!("put on another pile: {words}"),
        _ => words.to_owned(),
    }
}
