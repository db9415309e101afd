//! What the pages of readiness show, read in one snapshot.

use std::collections::BTreeMap;

use domain::{
    id::UnitId,
    readiness::{CheckItem, Checklist, Standing, shipped},
    scope::Place,
    table::write_csv,
    time::{Timestamp, Zone},
    view::{
        forms::Named,
        readiness::{
            CheckedEvent, ChecklistView, ItemView, ReadinessLine, ReadinessSums, ReadinessView, SubjectView,
        },
    },
};
use frontend::ui::{count, counted};

use super::{
    CHECKERS,
    store::{self, After, EventRow, ExportRow, ItemRow, UnitRow},
};
use crate::{
    accounts::store as accounts,
    places::store as places,
    store::{Error, Tx},
    web::{door::Door, problem::Problem},
};

/// How many units one page lists.
const PAGE: usize = 200;

/// What an address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub site: String,
    pub show: String,
    pub after: String,
}

/// Every unit, the worst first.
pub async fn all(door: &Door, tx: &mut Tx, asked: &Asked) -> Result<ReadinessView, Problem> {
    let (list, now) = (shipped(), door.app.clock.now());
    let zone = accounts::installation(tx).await?.zone();
    let facilities = places::facilities(tx).await?;
    let site = facilities.iter().find(|site| site.code == asked.site);
    let standing = Standing::from_code(&asked.show);
    let id = site.map(|site| site.id);
    let sums = store::sums(tx, (list, now), id).await?;
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = store::list(tx, (list, now), (id, standing), After::read(&asked.after), most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let code = site.map(|site| site.code.clone()).unwrap_or_default();
    let show = standing.map_or("", Standing::code);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("/readiness?site={code}&show={show}&after={}:{}", last.rank, last.id));
    let named = |site: &places::Facility| Named { value: site.code.clone(), name: site.short_name.clone() };
    Ok(ReadinessView {
        title: title(&sums),
        sums,
        site: code,
        show: show.to_owned(),
        sites: facilities.iter().map(named).collect(),
        lines: rows.into_iter().map(|row| line(row, &zone)).collect(),
        next,
        may_check: door.actor().has(&CHECKERS),
        as_of: zone.full(now),
    })
}

/// The answer to "which units are not ready?".
fn title(sums: &ReadinessSums) -> String {
    match (sums.units, sums.not_ready()) {
        (0, _) => "No unit is known here yet".to_owned(),
        (units, 0) => format!("All {} ready", counted(units, "unit is", "units are")),
        (units, 1) => format!("1 of {} is not ready", counted(units, "unit", "units")),
        (units, not) => format!("{} of {} are not ready", count(not), counted(units, "unit", "units")),
    }
}

fn line(row: UnitRow, zone: &Zone) -> ReadinessLine {
    let standing = Standing::ALL.into_iter().find(|each| each.rank() == row.rank);
    let date = |at: Option<i64>| at.map(|at| zone.date(Timestamp(at))).unwrap_or_default();
    ReadinessLine {
        unit: UnitId(row.id),
        name: row.name,
        site: row.site,
        standing: standing.unwrap_or(Standing::Never),
        failed: row.failed,
        looked_at: row.looked_at.min(row.items),
        items: row.items,
        last: date(row.last_at),
        due: date(row.due_at),
    }
}

/// One unit's checklist; what was typed stays at its item.
pub async fn unit(door: &Door, tx: &mut Tx, unit: UnitId, form: CheckItem) -> Result<ChecklistView, Problem> {
    let lattice = places::lattice(tx).await?;
    if !lattice.unit_facility.contains_key(&unit) {
        return Err(Problem::not_found("unit"));
    }
    let (list, now) = (shipped(), door.app.clock.now());
    let zone = accounts::installation(tx).await?.zone();
    let setting = store::setting(tx, unit).await?;
    let rows = store::of_unit(tx, unit).await?;
    let found: BTreeMap<&str, &ItemRow> = rows.iter().map(|row| (row.item.as_str(), row)).collect();
    let mut subjects = Vec::new();
    for subject in list.of(setting) {
        let items = subject.items.iter().map(|item| {
            let row = found.get(item.key.as_str()).copied();
            let standing = Standing::of(row.map(ItemRow::found).transpose()?, now);
            Ok(item_view(item, row, standing, &zone))
        });
        let items: Vec<ItemView> = items.collect::<Result<_, Error>>()?;
        subjects.push(SubjectView {
            key: subject.key.clone(),
            name: subject.name.clone(),
            due_days: subject.due_days,
            standing: worst(items.iter().map(|item| item.standing)),
            items,
        });
    }
    let events = store::events(tx, unit).await?;
    let name = places::name(tx, Place::Unit(unit)).await?;
    let standing = worst(subjects.iter().map(|subject| subject.standing));
    Ok(ChecklistView {
        unit,
        title: format!("{name}: {}", standing_words(standing)),
        name,
        standing,
        subjects,
        short: store::short(tx, unit).await?,
        form,
        may_check: CHECKERS.iter().any(|role| door.actor().can(*role, Place::Unit(unit), &lattice)),
        request_id: door.request_id(),
        events: events.into_iter().map(|row| event(row, list, &zone)).collect(),
        as_of: zone.full(now),
    })
}

fn worst(standings: impl Iterator<Item = Standing>) -> Standing {
    standings.min().unwrap_or(Standing::Ready)
}

const fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Failed => "not ready, something failed",
        Standing::Never => "not ready, something was never checked",
        Standing::Overdue => "not ready, a check is overdue",
        Standing::Ready => "ready",
    }
}

fn item_view(
    item: &domain::readiness::Item,
    row: Option<&ItemRow>,
    standing: Standing,
    zone: &Zone,
) -> ItemView {
    let last = row.map(|row| {
        let by = row.by.as_deref().unwrap_or("somebody who is gone");
        format!("{} by {by}", zone.full(Timestamp(row.checked_at)))
    });
    ItemView {
        key: item.key.clone(),
        text: item.text.clone(),
        hint: item.hint.clone(),
        number_label: item.number.as_ref().map(|number| number.label.clone()).unwrap_or_default(),
        number: row.and_then(|row| row.number),
        standing,
        last: last.unwrap_or_default(),
        due: row.map(|row| zone.date(Timestamp(row.due_at))).unwrap_or_default(),
        note: row.map(|row| row.note.clone()).unwrap_or_default(),
    }
}

fn event(row: EventRow, list: &Checklist, zone: &Zone) -> CheckedEvent {
    let item = list.find(&row.item).map_or(row.item.clone(), |(_, item)| item.text.clone());
    let outcome = match row.number {
        Some(number) => format!("{}, {}", row.outcome, count(number)),
        None => row.outcome,
    };
    CheckedEvent {
        at: zone.full(Timestamp(row.entered_at)),
        item,
        outcome,
        by: row.by.unwrap_or_default(),
        note: row.note,
    }
}

const HEADER: [&str; 13] = [
    "site",
    "unit",
    "site_code",
    "unit_code",
    "subject",
    "item",
    "standing",
    "outcome",
    "number",
    "checked_at",
    "checked_by",
    "due_at",
    "note",
];

/// Every item of every unit as a file; what nobody has looked at has its line too.
pub async fn file(door: &Door, tx: &mut Tx, asked: &Asked) -> Result<String, Problem> {
    let (list, now) = (shipped(), door.app.clock.now());
    let facilities = places::facilities(tx).await?;
    let site = facilities.iter().find(|site| site.code == asked.site);
    let rows = store::export(tx, site.map(|site| site.id)).await?;
    let mut lines = Vec::new();
    for unit in rows.chunk_by(|one, other| one.id == other.id) {
        let setting = domain::playbooks::Setting::from_code(&unit[0].setting);
        for (subject, item) in
            list.of(setting).flat_map(|subject| subject.items.iter().map(move |item| (subject, item)))
        {
            let row = unit.iter().find(|row| row.item.as_deref() == Some(item.key.as_str()));
            let looked = row.and_then(|row| row.outcome.as_deref().zip(row.due_at));
            let last = looked.and_then(|(code, due_at)| {
                domain::readiness::Outcome::from_code(code).map(|outcome| (outcome, Timestamp(due_at)))
            });
            lines.push(cells(&unit[0], row, (&subject.name, &item.text), Standing::of(last, now)));
        }
    }
    Ok(write_csv(&HEADER, lines))
}

fn cells(
    unit: &ExportRow,
    row: Option<&ExportRow>,
    (subject, item): (&str, &str),
    standing: Standing,
) -> Vec<String> {
    let at = |at: Option<i64>| at.map(|at| Timestamp(at).rfc3339()).unwrap_or_default();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    vec![
        unit.site.clone(),
        unit.name.clone(),
        unit.site_code.clone(),
        unit.code.clone(),
        subject.to_owned(),
        item.to_owned(),
        standing.words().to_owned(),
        text(row.and_then(|row| row.outcome.as_ref())),
        row.and_then(|row| row.number).map(|number| number.to_string()).unwrap_or_default(),
        at(row.and_then(|row| row.checked_at)),
        text(row.and_then(|row| row.by.as_ref())),
        at(row.and_then(|row| row.due_at)),
        text(row.and_then(|row| row.note.as_ref())),
    ]
}
