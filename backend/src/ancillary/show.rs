//! What the pages and the export of ancillary logs show.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ancillary::{MOST_LINES, Part, TypeLog, is_log},
    entry::ENTERERS,
    field::Text,
    id::{FormId, IncidentId},
    table::write_csv,
    time::{Timestamp, Zone},
    view::ancillary::{LogCount, LogSheetLine, LogSheetView, LogsView, TypedLine},
};
use frontend::ui::counted;
use sqlx::types::Uuid;

use super::{
    FIRST, Sheet, opened,
    store::{self, LineRow},
};
use crate::{
    accounts::store as accounts,
    forms::{self, store as sheets},
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{Error, Tx, seal::Seal},
    web::{door::Door, problem::Problem},
};

const PAGE: i64 = 100;
/// Empty rows of the form.
const ROWS: i64 = 10;

/// What the list is asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub form_type: String,
    after: String,
}

/// The logs, and the sheets of one kind.
pub async fn all(door: &Door, tx: &mut Tx, incident: IncidentId, asked: Asked) -> Result<LogsView, Problem> {
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let kit = playbooks::kit(tx, incident).await?;
    let forms: Vec<_> = kit.iter().filter(|form| is_log(form)).collect();
    let mut counts: BTreeMap<String, (i64, i64, BTreeMap<Part, i64>)> = BTreeMap::new();
    for (form_type, missing, lines) in store::counts(tx, incident).await? {
        let count = counts.entry(form_type).or_default();
        count.0 += lines;
        count.1 += if missing.is_empty() { 0 } else { lines };
        for part in missing.split(' ').filter_map(Part::from_code) {
            *count.2.entry(part).or_default() += lines;
        }
    }
    let base = format!("/incidents/{incident}/logs");
    let kinds: Vec<LogCount> = forms
        .iter()
        .map(|form| {
            let (lines, _, missing) = counts.get(&form.code).cloned().unwrap_or_default();
            LogCount {
                code: form.code.clone(),
                name: form.name.clone(),
                end: form.disposition.words().to_owned(),
                lines,
                missing: missing
                    .into_iter()
                    .map(|(part, lines)| (part.missing().to_owned(), lines))
                    .collect(),
            }
        })
        .collect();
    let chosen = kinds.iter().find(|kind| kind.code == asked.form_type).or_else(|| kinds.first());
    let form_type = chosen.map(|kind| kind.code.clone()).unwrap_or_default();
    let after = Uuid::parse_str(&asked.after).unwrap_or(FIRST);
    let (sheets, next) = sheets_of(tx, (incident, &form_type), after, &base).await?;
    let lines: i64 = counts.values().map(|count| count.0).sum();
    let lacking: i64 = counts.values().map(|count| count.1).sum();
    let title = match (lines, lacking) {
        (0, _) => "No line of a log is typed in yet".to_owned(),
        (lines, 0) => format!("{} of logs typed in, each whole", counted(lines, "line", "lines")),
        (lines, lacking) => {
            format!(
                "{} of logs typed in; {} something",
                counted(lines, "line", "lines"),
                counted(lacking, "lacks", "lack")
            )
        }
    };
    Ok(LogsView {
        incident,
        title,
        kinds,
        csv: format!("{base}/lines.csv?form_type={form_type}"),
        form_type,
        sheets,
        next,
        may_type: door.actor().has(&ENTERERS),
    })
}

async fn sheets_of(
    tx: &mut Tx,
    (incident, form_type): (IncidentId, &str),
    after: Uuid,
    base: &str,
) -> Result<(Vec<LogSheetLine>, Option<String>), Error> {
    let rows = store::sheets(tx, (incident, form_type), after, PAGE).await?;
    let ids: Vec<FormId> = rows.iter().map(|(id, ..)| FormId(*id)).collect();
    let known = sheets::by_ids(tx, incident, &ids).await?;
    let full = i64::try_from(rows.len()).unwrap_or(0) == PAGE;
    let next =
        rows.last().filter(|_| full).map(|(id, ..)| format!("{base}?form_type={form_type}&after={id}"));
    let line = |(id, lines, incomplete): &(Uuid, i64, i64)| {
        let row = known.iter().find(|row| row.id.0 == *id)?;
        let path = format!("{base}/{id}");
        Some(LogSheetLine { serial: row.serial().to_string(), path, lines: *lines, incomplete: *incomplete })
    };
    Ok((rows.iter().filter_map(line).collect(), next))
}

/// One sheet; what was typed stays.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    (incident, id): (IncidentId, FormId),
    mut typed: TypeLog,
) -> Result<LogSheetView, Problem> {
    let sheet = Sheet::find(tx, (incident, id), door.app.clock.now()).await?;
    let lattice = places::lattice(tx).await?;
    let may_type = forms::may(door.actor(), &ENTERERS, [sheet.row.unit], &lattice).is_ok();
    let seal = Seal::open(&door.app, tx).await?;
    let rows = store::lines(tx, id).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        lines.push(line(&seal, row, &sheet.zone, may_type)?);
    }
    let width = sheet.form.columns.len().max(1);
    let filled = typed.cell.len().div_ceil(width).max(typed.line.len());
    let place = |index: usize| i64::try_from(index).unwrap_or(0) + 1;
    let given = |index: usize| typed.line.get(index).and_then(|text| text.trimmed().parse().ok());
    let mut numbers: Vec<i64> =
        (0..filled).map(|index| given(index).unwrap_or_else(|| place(index))).collect();
    let last = lines.last().map_or(0, |line: &TypedLine| line.line);
    let first = numbers.iter().copied().max().unwrap_or(0).max(last) + 1;
    numbers.extend((first..first + ROWS).take_while(|row| *row <= MOST_LINES));
    typed.cell.resize(numbers.len() * width, Text::default());
    let many = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    Ok(LogSheetView {
        incident,
        form: id,
        title: format!("{}: {} typed in", sheet.row.serial(), counted(many, "line", "lines")),
        kind: sheet.form.name.clone(),
        columns: sheet.form.columns.clone(),
        lines,
        typed,
        rows: numbers,
        zone: sheet.zone.name().to_owned(),
        refusal: sheet.refusal.map(|refusal| refusal.sentence).unwrap_or_default(),
        may_type,
        request_id: door.request_id(),
    })
}

fn line(seal: &Seal, row: &LineRow, zone: &Zone, may_read: bool) -> Result<TypedLine, Error> {
    let (number, cells) = if may_read { opened(seal, row)? } else { (String::new(), Vec::new()) };
    Ok(TypedLine {
        line: row.line,
        happened: row.event_at.map(|at| zone.full(Timestamp(at))).unwrap_or_default(),
        typed: format!("typed in {} by {}", zone.full(Timestamp(row.entered_at)), row.name),
        number,
        cells,
        missing: row
            .missing
            .split(' ')
            .filter_map(Part::from_code)
            .map(|part| part.missing().to_owned())
            .collect(),
        minutes: row.minutes,
    })
}

/// Every line of a kind as a file, of the units that the reader answers for.
pub async fn csv(door: &Door, incident: IncidentId, asked: &Asked) -> Result<String, Problem> {
    let mut tx = door.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let kit = playbooks::kit(&mut tx, incident).await?;
    let form = kit.iter().find(|form| form.code == asked.form_type && is_log(form));
    let form = form.ok_or_else(|| Problem::not_found("log"))?;
    let seal = Seal::open(&door.app, &mut tx).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let lattice = places::lattice(&mut tx).await?;
    let mut header = vec![
        "serial",
        "line",
        "happened",
        "typed in",
        "typed in by",
        "lacks",
        "minutes to read-back",
        "number",
    ];
    header.extend(form.columns.iter().map(String::as_str));
    let (mut after, mut cells) = ((FIRST, 0), Vec::new());
    loop {
        let rows = store::of_type(&mut tx, (incident, &form.code), after, 1_000).await?;
        let Some(last) = rows.last() else { break };
        after = (last.form, last.line);
        let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.form).collect();
        let ids: Vec<FormId> = ids.into_iter().map(FormId).collect();
        let known = sheets::by_ids(&mut tx, incident, &ids).await?;
        for row in &rows {
            let Some(sheet) = known.iter().find(|sheet| sheet.id.0 == row.form) else { continue };
            if forms::may(door.actor(), &ENTERERS, [sheet.unit], &lattice).is_err() {
                continue;
            }
            let said = line(&seal, row, &zone, true)?;
            let minutes = said.minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
            let entered = zone.full(Timestamp(row.entered_at));
            let mut all = vec![sheet.serial().to_string(), said.line.to_string(), said.happened, entered];
            all.extend([row.name.clone(), said.missing.join(", "), minutes, said.number]);
            all.extend(said.cells);
            cells.push(all);
        }
    }
    Ok(write_csv(&header, cells))
}
