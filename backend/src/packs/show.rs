//! What the pages of packs show, read in one snapshot.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    id::{PackId, UnitId},
    packs::{HandOut, MakePacks, State, Withdraw},
    playbooks::Setting,
    scope::Place,
    view::{
        forms::Named,
        packs::{NewPackForm, NewPacksView, PackLine, PackRange, PackView, PacksView},
    },
};
use frontend::ui::counted;

use super::{
    PRINTERS, short_name,
    store::{self, PackRow},
};
use crate::{
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::Tx,
    web::{door::Door, problem::Problem},
};

/// How many packs one page lists.
const PAGE: usize = 100;

/// What an address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub state: String,
    /// The last pack of the page before.
    pub before: String,
    /// For printing: the playbook's fingerprint and the units.
    pub playbook: String,
    pub unit: String,
    /// What is to be printed, as `MAR:40,FLO:20`.
    pub want: String,
}

impl Asked {
    /// The form for printing as the address fills it in.
    pub fn wanted(self) -> MakePacks {
        let unit = if self.unit.is_empty() { Vec::new() } else { vec![self.unit.into()] };
        let wanted = self.want.split(',').filter_map(|each| each.split_once(':'));
        let (form_type, sheets) = wanted.map(|(code, sheets)| (code.into(), sheets.into())).unzip();
        MakePacks { playbook: self.playbook.into(), unit, form_type, sheets, ..MakePacks::default() }
    }
}

/// The packs, the newest first.
pub async fn packs(door: &Door, tx: &mut Tx, asked: &Asked) -> Result<PacksView, Problem> {
    let state = State::from_code(&asked.state).map_or("", State::code);
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = store::list(tx, state, asked.before.parse().ok(), most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|row| format!("/packs?state={state}&before={}", row.id));
    let title = match store::ready(tx).await? {
        0 => "No pack of forms lies ready".to_owned(),
        ready => format!(
            "{} of forms {} ready",
            counted(ready, "pack", "packs"),
            if ready == 1 { "lies" } else { "lie" }
        ),
    };
    Ok(PacksView {
        title,
        packs: rows.iter().map(line).collect(),
        state: state.to_owned(),
        may_print: door.actor().has(&PRINTERS),
        next,
    })
}

fn line(row: &PackRow) -> PackLine {
    let what: Vec<String> =
        row.printed.ranges.iter().map(|range| format!("{} {}", range.form.code, range.sheets())).collect();
    PackLine {
        pack: row.id,
        name: short_name(row.id),
        unit: row.printed.unit.clone(),
        site: row.printed.site.clone(),
        sheets: row.sheets,
        what: what.join(", "),
        state: row.state.code().to_owned(),
        made: row.printed.made.clone(),
    }
}

/// The form for printing. What was typed stays; what was not is empty, beside what the kit says a unit holds.
pub async fn new(door: &Door, tx: &mut Tx, mut form: MakePacks) -> Result<NewPacksView, Problem> {
    let versions = playbooks::in_force(tx).await?;
    if form.playbook.is_blank() {
        let first = versions.first().map(|version| version.fingerprint.clone());
        form.playbook = first.unwrap_or_default().into();
    }
    let chosen = versions.iter().find(|version| version.fingerprint == form.playbook.trimmed());
    let units = places::units(tx).await?;
    let closed = places::closed(tx).await?;
    let lattice = places::lattice(tx).await?;
    let may =
        |unit: UnitId| PRINTERS.into_iter().any(|role| door.actor().can(role, Place::Unit(unit), &lattice));
    let first = form.unit.iter().find_map(|unit| unit.trimmed().parse::<UnitId>().ok());
    let setting = units
        .iter()
        .find(|row| first == Some(UnitId(row.id)))
        .and_then(|row| Setting::from_code(&row.setting));
    let names: BTreeMap<UnitId, String> = places::named_units(tx).await?.into_iter().collect();
    let named = |row: &places::UnitRow| {
        let id = UnitId(row.id);
        let name = names.get(&id).cloned().unwrap_or_default();
        (may(id) && !closed.contains(&id)).then(|| Named { value: id.to_string(), name })
    };
    let forms = chosen.map(|version| version.playbook.forms.as_slice()).unwrap_or_default();
    let used = forms.iter().filter(|kind| setting.is_none_or(|setting| kind.is_used_in(setting)));
    let typed = |code: &str| {
        let at = form.form_type.iter().position(|each| each.trimmed() == code);
        at.and_then(|at| form.sheets.get(at)).map(|sheets| sheets.0.clone()).unwrap_or_default()
    };
    let forms = used
        .map(|kind| NewPackForm {
            code: kind.code.clone(),
            name: kind.name.clone(),
            par: kind.par_per_unit,
            sheets: typed(&kind.code),
        })
        .collect();
    Ok(NewPacksView {
        request_id: door.request_id(),
        playbooks: versions
            .iter()
            .filter(|version| !version.playbook.forms.is_empty())
            .map(|version| Named { value: version.fingerprint.clone(), name: version.playbook.title() })
            .collect(),
        units: units.iter().filter_map(named).collect(),
        forms,
        form,
    })
}

/// One pack; what was typed stays in its forms.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    id: PackId,
    hand_out: HandOut,
    withdraw: Withdraw,
) -> Result<PackView, Problem> {
    let row = store::find(tx, id).await?.ok_or_else(|| Problem::not_found("pack"))?;
    let lattice = places::lattice(tx).await?;
    let all = incidents::list(tx).await?;
    let named = |incident: &incidents::IncidentRow| Named {
        value: incident.id.to_string(),
        name: if incident.exercise { format!("Exercise: {}", incident.name) } else { incident.name.clone() },
    };
    let ranges = row
        .printed
        .ranges
        .iter()
        .map(|range| {
            let (first, last) = row.printed.ends(range);
            let (code, name) = (range.form.code.clone(), range.form.name.clone());
            PackRange { code, name, sheets: range.sheets(), first, last }
        })
        .collect();
    let may = door.actor().can(Role::FormsClerk, Place::Unit(row.unit), &lattice);
    let title = format!(
        "Pack {}: {} for {}, {}",
        short_name(id),
        counted(row.sheets, "sheet", "sheets"),
        row.printed.unit,
        row.state.words()
    );
    Ok(PackView {
        pack: id,
        title,
        line: line(&row),
        playbook: row.printed.playbook.clone(),
        paper: row.printed.paper.words().to_owned(),
        ranges,
        incident: all.iter().find(|each| Some(each.id) == row.incident).map(named),
        reason: row.reason.clone(),
        incidents: all.iter().filter(|each| each.phase.is_open()).map(named).collect(),
        may_hand_out: may && row.state == State::Printed,
        hand_out,
        withdraw,
        request_id: door.request_id(),
    })
}
