//! What the pages of paper show, read in one snapshot.

use std::collections::BTreeMap;

use domain::{
    forms::{Custody, Ledger, State},
    id::{FormId, IncidentId, UnitId},
    playbooks::{Disposition, FormType},
    time::Timestamp,
    view::forms::{Choices, Named, PaperView, SheetLine, SheetsView, TypeLine, UnitLine},
};

use super::{
    store::{
        self,
        listing::{self, Filter, Serially, Which},
    },
    tally,
};
use crate::{
    accounts::store as accounts,
    places::store as places,
    playbooks::store::{self as playbooks, Kit},
    store::Tx,
    web::door::Door,
};
use crate::{incidents::store as incidents, web::problem::Problem};
use domain::actor::Role;
use frontend::ui::count;

/// How many sheets one page lists.
const PAGE: usize = 100;

/// The form types of an incident's playbook; none when it was declared from nothing.
pub(super) async fn types(tx: &mut Tx, incident: IncidentId) -> Result<Kit, Problem> {
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    Ok(playbooks::kit(tx, incident).await?)
}

/// The ledger.
pub async fn ledger(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<PaperView, Problem> {
    let types = types(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let lines =
        |sums: Vec<(String, Ledger)>| sums.into_iter().map(|sum| line(sum, &types)).collect::<Vec<_>>();
    let numbered = lines(tally::by_type(tx, incident, false).await?);
    let found = lines(tally::by_type(tx, incident, true).await?);
    let mut of_unit: BTreeMap<UnitId, Ledger> = tally::by_unit(tx, incident).await?.into_iter().collect();
    let mut units = Vec::new();
    for (unit, name, _, site) in store::units(tx, incident).await? {
        if let Some(ledger) = of_unit.remove(&unit) {
            units.push(UnitLine { unit, name, site, ledger });
        }
    }
    let mut total = Ledger::default();
    for line in &numbered {
        total += line.ledger;
    }
    Ok(PaperView {
        incident,
        title: title(&total),
        total,
        no_types: types.is_empty(),
        types: numbered,
        units,
        found,
        stock: crate::stock::lines_of_incident(tx, incident).await?,
        may_issue: door.actor().has(&[Role::FormsClerk]),
        may_count: door.actor().has(&[Role::FormsClerk, Role::UnitLead]),
        as_of: zone.full(door.app.clock.now()),
    })
}

/// The answer to "what is missing?".
fn title(total: &Ledger) -> String {
    if total.issued == 0 {
        return "No forms are handed out.".to_owned();
    }
    let missing = match total.missing {
        0 => "No form is missing.".to_owned(),
        1 => "1 form is missing.".to_owned(),
        many => format!("{} forms are missing.", count(many)),
    };
    format!("{missing} {} of {} are back.", count(total.back()), count(total.issued))
}

pub(super) fn line((code, ledger): (String, Ledger), types: &[FormType]) -> TypeLine {
    let form_type = types.iter().find(|each| each.code == code);
    TypeLine {
        name: form_type.map(|each| each.name.clone()).unwrap_or_default(),
        end: form_type.map(end).unwrap_or_default(),
        code,
        ledger,
    }
}

fn end(form_type: &FormType) -> String {
    match (form_type.disposition, form_type.sample_percent) {
        (Disposition::BackEnter, 100) => "typed in, all verified".to_owned(),
        (Disposition::BackEnter, share) => format!("typed in, {share} % verified"),
        (Disposition::ScanOnly, _) => "scanned".to_owned(),
        (Disposition::Keep, _) => "kept".to_owned(),
    }
}

/// What a list of sheets is asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    form_type: String,
    state: String,
    unit: String,
    custody: String,
    /// The last sheet of the page before.
    after: String,
}

/// A page of sheets.
pub async fn sheets(tx: &mut Tx, incident: IncidentId, asked: Asked) -> Result<SheetsView, Problem> {
    let types = types(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = store::units(tx, incident).await?;
    let filter = filter(&asked, &types)?;
    let custody = Custody::from_code(&asked.custody);
    let mut rows = match custody {
        Some(custody) => {
            let after = (custody, waiting_after(&asked.after));
            listing::by_waiting(tx, incident, &filter, after, PAGE + 1).await?
        }
        None => listing::by_serial(tx, incident, &filter, &serially_after(&asked.after), PAGE + 1).await?,
    };
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| {
        let after = match custody {
            Some(_) => format!("{}:{}", last.custody_at.0, last.id),
            None => format!("{}:{}:{}", last.form_type, last.prefix, last.number),
        };
        format!(
            "/incidents/{incident}/forms/sheets?form_type={}&state={}&unit={}&custody={}&after={after}",
            asked.form_type, asked.state, asked.unit, asked.custody
        )
    });
    let names: BTreeMap<UnitId, String> =
        units.iter().map(|(unit, name, _, site)| (*unit, format!("{site}, {name}"))).collect();
    let line = |row: store::SheetRow| SheetLine {
        id: row.id,
        serial: row.serial().to_string(),
        unit: names.get(&row.unit).cloned().unwrap_or_default(),
        state: row.state.code().to_owned(),
        custody: row.custody.words().to_owned(),
        to_check: row.to_check && row.state == State::Entered,
        since: zone.clock_with_zone(row.changed_at),
        form_type: row.form_type,
    };
    Ok(SheetsView {
        incident,
        title: sheets_title(&asked),
        sheets: rows.into_iter().map(line).collect(),
        types: named_types(&types),
        units: named_units(units),
        form_type: asked.form_type,
        state: asked.state,
        unit: asked.unit,
        custody: asked.custody,
        next,
    })
}

/// What an address asks for; a form, a state or a unit that there is not is a page that there is not.
fn filter(asked: &Asked, types: &[FormType]) -> Result<Filter, Problem> {
    let mut codes: Vec<String> = types.iter().map(|form_type| form_type.code.clone()).collect();
    codes.sort_unstable();
    if !asked.form_type.is_empty() {
        codes.retain(|code| *code == asked.form_type);
    }
    let states = Which::from_code(&asked.state).ok_or_else(|| Problem::not_found("state"))?;
    let unit = match asked.unit.as_str() {
        "" => None,
        unit => Some(unit.parse().map_err(|_| Problem::not_found("unit"))?),
    };
    Ok(Filter { types: codes, states, unit })
}

/// Where a page by serial goes on: `MAR:MAR:1001`.
fn serially_after(text: &str) -> Serially {
    let mut parts = text.splitn(3, ':').map(ToOwned::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    (part(), part(), part().parse().unwrap_or(0))
}

/// Where a page by waiting goes on: since when the last one waits, and its id.
fn waiting_after(text: &str) -> (Timestamp, FormId) {
    let (since, id) = text.split_once(':').unwrap_or_default();
    (Timestamp(since.parse().unwrap_or(i64::MIN)), id.parse().unwrap_or(FormId(sqlx::types::Uuid::nil())))
}

fn sheets_title(asked: &Asked) -> String {
    let of =
        if asked.form_type.is_empty() { "Forms".to_owned() } else { format!("{} forms", asked.form_type) };
    if let Some(custody) = Custody::from_code(&asked.custody) {
        return format!("{of} {}", custody.words());
    }
    match asked.state.as_str() {
        "" => format!("{of}, all"),
        "unfinished" => format!("{of} not finished"),
        "to_verify" => format!("{of} waiting for a second person"),
        state => format!("{of} {state}"),
    }
}

/// What the forms of paper offer to choose from.
pub async fn choices(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<Choices, Problem> {
    let types = types(tx, incident).await?;
    let units = store::units(tx, incident).await?;
    Ok(Choices {
        incident,
        request_id: door.request_id(),
        types: named_types(&types),
        units: named_units(units),
    })
}

/// The same without the units that are closed, for handing out.
pub async fn choices_of_open_units(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<Choices, Problem> {
    let mut choices = choices(door, tx, incident).await?;
    let closed: Vec<String> = places::closed(tx).await?.iter().map(ToString::to_string).collect();
    choices.units.retain(|unit| !closed.contains(&unit.value));
    Ok(choices)
}

pub(super) fn named_types(types: &[FormType]) -> Vec<Named> {
    let named =
        |each: &FormType| Named { value: each.code.clone(), name: format!("{}: {}", each.code, each.name) };
    types.iter().map(named).collect()
}

pub(super) fn named_units(units: Vec<(UnitId, String, domain::id::FacilityId, String)>) -> Vec<Named> {
    let named = |(unit, name, _, site): (UnitId, String, _, String)| Named {
        value: unit.to_string(),
        name: format!("{site}, {name}"),
    };
    units.into_iter().map(named).collect()
}
