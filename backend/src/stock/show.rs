//! What the pages of blank forms show, read in one snapshot.

use std::collections::BTreeMap;

use domain::{
    id::{FacilityId, IncidentId, ReorderId, UnitId},
    scope::Place,
    stock::{Basis, CountStock, MoveReorder, Par, Rate, ReorderState, SetPar},
    time::{Timestamp, Zone},
    view::{
        forms::Named,
        picture::Curve,
        stock::{
            BurnDownView, CountRow, ReorderLine, ReorderRef, ReorderView, ReordersView, StockCountView,
            StockEvent, StockLine, StockUnitView, StockView, UncountedForm, UncountedUnit,
        },
    },
};
use frontend::ui::{count, counted};

use super::{
    COUNTERS, KEEPERS,
    reading::{self, After, EventRow, LineRow},
    reckon::{self, Kit, Reckoning},
    store::{self, ReorderRow, SLOT},
};
use crate::{
    accounts::store as accounts,
    incidents::store as incidents,
    packs::short_name,
    places::store as places,
    store::{Error, Tx},
    web::{door::Door, problem::Problem},
};

/// How many lines one page lists, and how many units without a count are named.
const PAGE: usize = 100;
const NAMED: i64 = 20;

/// What an address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub site: String,
    pub show: String,
    pub state: String,
    pub after: String,
    pub how: String,
}

/// Names and zones of sites, names of forms, and now.
struct Words {
    now: Timestamp,
    zone: Zone,
    sites: BTreeMap<FacilityId, (String, Zone)>,
    kit: Kit,
}

impl Words {
    async fn read(door: &Door, tx: &mut Tx, kit: Kit) -> Result<Self, Problem> {
        let sites = places::facilities(tx).await?.into_iter();
        Ok(Self {
            now: door.app.clock.now(),
            zone: accounts::installation(tx).await?.zone(),
            sites: sites.map(|site| (site.id, (site.short_name, site.zone))).collect(),
            kit,
        })
    }

    fn form_name(&self, code: &str) -> String {
        self.kit.form(code).map(|form| form.name.clone()).unwrap_or_default()
    }

    fn line(&self, row: LineRow, hours: Option<i64>) -> StockLine {
        let known = self.sites.get(&FacilityId(row.facility));
        let zone = known.map_or(&self.zone, |(_, zone)| zone);
        let rate = row.rate_sheets.zip(row.rate_minutes).map(|(sheets, minutes)| Rate { sheets, minutes });
        let lasts = hours.map(|hours| self.now.plus_minutes(hours * 60));
        let runs_out_at = row.runs_out_at.map(Timestamp);
        let state = row.reorder_state.as_deref().and_then(ReorderState::from_code);
        StockLine {
            unit: UnitId(row.unit),
            site: known.map(|(name, _)| name.clone()).unwrap_or_default(),
            name: row.name,
            form_name: self.form_name(&row.form_type),
            form_type: row.form_type,
            at_start: hours.map(|_| row.remaining + row.used - row.brought),
            left: row.remaining.max(0),
            beyond: (-row.remaining).max(0),
            an_hour: rate.filter(|rate| rate.sheets > 0).map(Rate::an_hour).unwrap_or_default(),
            measured: row.measured,
            par: row.par,
            basis: Basis::from_code(&row.basis).unwrap_or(Basis::Kit),
            runs_out: runs_out_at.map(|at| clock(zone, at, self.now)).unwrap_or_default(),
            too_soon: runs_out_at.zip(lasts).is_some_and(|(at, lasts)| at < lasts),
            short: row.short,
            reorder: row.reorder.zip(state).map(|(id, state)| ReorderRef { reorder: ReorderId(id), state }),
            counted: row.counted_at.map(|at| zone.full(Timestamp(at))).unwrap_or_default(),
        }
    }
}

/// `05:22 EDT`, with its date on another day.
fn clock(zone: &Zone, at: Timestamp, now: Timestamp) -> String {
    if zone.civil_date(at) == zone.civil_date(now) { zone.clock_with_zone(at) } else { zone.full(at) }
}

async fn sites(tx: &mut Tx, code: &str) -> Result<(Vec<Named>, Option<places::Facility>), Error> {
    let facilities = places::facilities(tx).await?;
    let named = |site: &places::Facility| Named { value: site.code.clone(), name: site.short_name.clone() };
    let all = facilities.iter().map(named).collect();
    Ok((all, facilities.into_iter().find(|site| site.code == code)))
}

fn most() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}

/// Every unit's blank forms, what is short first.
pub async fn all(door: &Door, tx: &mut Tx, asked: &Asked) -> Result<StockView, Problem> {
    let kit = reckon::house(tx).await?;
    let words = Words::read(door, tx, kit).await?;
    let (named, site) = sites(tx, &asked.site).await?;
    let id = site.as_ref().map(|site| site.id);
    let show = if asked.show == "short" { "short" } else { "" };
    let mut rows = reading::short(tx, id, show, &After::read(&asked.after, i64::MAX), most()).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let code = site.map(|site| site.code).unwrap_or_default();
    let next = rows.last().filter(|_| more).map(|last| {
        format!("/stock?site={code}&show={show}&after={}:{}:{}", last.short, last.unit, last.form_type)
    });
    let (short, uncounted_units) =
        (reading::short_units(tx, id).await?, reading::uncounted_units(tx, id).await?);
    let uncounted = reading::uncounted(tx, id, NAMED).await?;
    let named_unit =
        |(unit, site, name)| UncountedUnit { unit: UnitId(unit), name: format!("{site}, {name}") };
    Ok(StockView {
        title: title(short, uncounted_units),
        site: code,
        show: show.to_owned(),
        sites: named,
        uncounted: uncounted.into_iter().map(named_unit).collect(),
        uncounted_units,
        lines: rows.into_iter().map(|row| words.line(row, None)).collect(),
        next,
        reorders: reading::waiting(tx).await?,
        as_of: words.zone.full(words.now),
    })
}

fn title(short: i64, uncounted: i64) -> String {
    let runs_short = match short {
        0 => "No unit that was counted runs short of forms".to_owned(),
        short => format!("{} short of forms", counted(short, "unit runs", "units run")),
    };
    match uncounted {
        0 => runs_short,
        never => format!(
            "{runs_short}; {} never counted",
            if never == 1 { "1 was".to_owned() } else { format!("{} were", count(never)) }
        ),
    }
}

/// What runs out first in an incident.
pub async fn burn_down(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    asked: &Asked,
) -> Result<BurnDownView, Problem> {
    let row = incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let began = row.declared_at.unwrap_or(row.started_at);
    let kit = reckon::of_incident(tx, incident).await?;
    let hours = kit.hours;
    let words = Words::read(door, tx, kit).await?;
    let (named, site) = sites(tx, &asked.site).await?;
    let id = site.as_ref().map(|site| site.id);
    let after = After::read(&asked.after, 0);
    let mut rows = reading::burn_down(tx, (incident, began), id, &after, most()).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let code = site.map(|site| site.code).unwrap_or_default();
    let next = rows.last().filter(|_| more).map(|last| {
        let at = last.runs_out_at.unwrap_or_default();
        let after = format!("{at}:{}:{}", last.unit, last.form_type);
        format!("/incidents/{incident}/stock?site={code}&after={after}")
    });
    let curve = match rows.first() {
        Some(first) => curve(tx, first, began, &words).await?,
        None => None,
    };
    let summary = reading::summary(tx, incident, None).await?;
    let lines: Vec<StockLine> = rows.into_iter().map(|row| words.line(row, Some(hours))).collect();
    Ok(BurnDownView {
        incident,
        title: burn_title(&lines, !asked.after.is_empty()),
        hours,
        site: code,
        sites: named,
        curve_of: lines.first().map(of).unwrap_or_default(),
        lines,
        next,
        curve,
        uncounted_units: summary.uncounted_units,
        reorders: summary.open + summary.ordered,
        as_of: words.zone.full(words.now),
    })
}

/// `MAR at General, 4 West`
fn of(line: &StockLine) -> String {
    format!("{} at {}, {}", line.form_type, line.site, line.name)
}

fn burn_title(lines: &[StockLine], is_later_page: bool) -> String {
    match lines.first() {
        _ if is_later_page => "What runs out later".to_owned(),
        None => "Nothing says yet when blank forms run out".to_owned(),
        Some(first) if first.left == 0 => format!("No blank {} left", of(first)),
        Some(first) => format!("{} runs out first, at {}", of(first), first.runs_out),
    }
}

/// What is left of the most that lay there, in percent, against time.
async fn curve(
    tx: &mut Tx,
    row: &LineRow,
    began: Timestamp,
    words: &Words,
) -> Result<Option<Curve>, Problem> {
    let changes = reading::changes(tx, (row.unit, &row.form_type), began).await?;
    let minutes = words.now.minutes_since(began).max(1);
    let mut level = row.remaining + row.used - row.brought;
    let mut levels = vec![(0, level)];
    for (slot, change) in changes {
        level += change;
        let at = Timestamp((slot + 1) * SLOT).min(words.now).minutes_since(began).max(0);
        levels.push((at, level));
    }
    levels.push((minutes, row.remaining));
    let peak = levels.iter().map(|(_, level)| *level).max().unwrap_or(0);
    if peak <= 0 {
        return Ok(None);
    }
    let points = levels.into_iter().map(|(at, level)| (at, (level * 100 / peak).clamp(0, 100))).collect();
    let zone = words.sites.get(&FacilityId(row.facility)).map_or(&words.zone, |(_, zone)| zone);
    let tick = |minute: i64| (minute, zone.clock(began.plus_minutes(minute)));
    Ok(Some(Curve {
        points,
        minutes,
        ticks: [0, minutes / 2, minutes].map(tick).to_vec(),
        steps: Vec::new(),
    }))
}

/// One unit's blank forms; what was typed stays in its form.
pub async fn unit(door: &Door, tx: &mut Tx, unit: UnitId, set_par: SetPar) -> Result<StockUnitView, Problem> {
    let reckoning = Reckoning::read(tx, Some(unit), door.app.clock.now()).await?;
    let (kit, ward) = reckoning.at(unit).ok_or_else(|| Problem::not_found("unit"))?;
    let words = Words::read(door, tx, kit.clone()).await?;
    let rows = reading::of_unit(tx, unit).await?;
    let uncounted: Vec<UncountedForm> = kit
        .forms
        .iter()
        .filter(|form| ward.setting.is_none_or(|setting| form.is_used_in(setting)))
        .filter(|form| rows.iter().all(|row| row.form_type != form.code))
        .map(|form| UncountedForm {
            code: form.code.clone(),
            name: form.name.clone(),
            par: Par::of(form, &ward, None, kit.hours).sheets,
        })
        .collect();
    let lattice = places::lattice(tx).await?;
    let may = |roles: &[domain::actor::Role]| {
        roles.iter().any(|role| door.actor().can(*role, Place::Unit(unit), &lattice))
    };
    let name = places::name(tx, Place::Unit(unit)).await?;
    let packs = reading::packs(tx, unit).await?;
    let events = reading::events(tx, unit).await?;
    let lines: Vec<StockLine> = rows.into_iter().map(|row| words.line(row, None)).collect();
    let pack = |(id, sheets, at): (domain::id::PackId, i64, Timestamp)| Named {
        value: id.to_string(),
        name: format!(
            "{}: {}, printed {}",
            short_name(id),
            counted(sheets, "sheet", "sheets"),
            words.zone.full(at)
        ),
    };
    Ok(StockUnitView {
        unit,
        title: unit_title(&name, &lines),
        rule: rule(&ward, kit.hours),
        name,
        print: print_path(unit, &lines),
        lines,
        uncounted,
        packs: packs.into_iter().map(pack).collect(),
        events: events.into_iter().map(|row| event(row, &words)).collect(),
        forms: kit
            .forms
            .iter()
            .map(|form| Named { value: form.code.clone(), name: format!("{}: {}", form.code, form.name) })
            .collect(),
        set_par,
        may_count: may(&COUNTERS),
        may_set_par: may(&KEEPERS),
        request_id: door.request_id(),
        as_of: words.zone.full(words.now),
    })
}

fn unit_title(name: &str, lines: &[StockLine]) -> String {
    let short = i64::try_from(lines.iter().filter(|line| line.short > 0).count()).unwrap_or(i64::MAX);
    match (lines.is_empty(), short) {
        (true, _) => format!("{name}: nobody has counted the blank forms"),
        (_, 0) => format!("{name}: enough of every form that was counted"),
        (_, short) => format!("{name}: {} short", counted(short, "form runs", "forms run")),
    }
}

fn rule(ward: &domain::stock::Ward, hours: i64) -> String {
    let whom = match (ward.census, ward.beds) {
        (Some(patients), _) => counted(patients, "patient by the last census", "patients by the last census"),
        (None, Some(beds)) => counted(beds, "bed", "beds"),
        (None, None) => "number of beds not said".to_owned(),
    };
    let setting = ward.setting.map_or("kind of unit not said", domain::playbooks::Setting::words);
    format!("{setting}, {whom}; forms must last {}.", counted(hours, "hour", "hours"))
}

/// The address of the form for printing with everything that is short.
fn print_path(unit: UnitId, lines: &[StockLine]) -> String {
    let wanted: Vec<String> = lines
        .iter()
        .filter(|line| line.short > 0)
        .map(|line| format!("{}:{}", line.form_type, line.short))
        .collect();
    if wanted.is_empty() {
        String::new()
    } else {
        format!("/packs/new?unit={unit}&want={}", wanted.join(","))
    }
}

fn event(row: EventRow, words: &Words) -> StockEvent {
    let sheets = |sheets: Option<i64>| count(sheets.unwrap_or(0));
    let what = match (row.act.as_str(), row.sheets) {
        ("counted", found) => {
            format!("{} counted, {} thought to lie there", sheets(found), count(row.expected))
        }
        ("brought", brought) => format!("{} brought", sheets(brought)),
        ("laid_in", laid) => format!("{} laid in with a pack", sheets(laid)),
        ("taken_out", taken) => format!("{} taken out with a withdrawn pack", sheets(taken)),
        (_, None) => "par by the rule again".to_owned(),
        (_, Some(par)) => format!("par of its own: {}", count(par)),
    };
    StockEvent {
        at: words.zone.full(Timestamp(row.entered_at)),
        form_type: row.form_type,
        what,
        by: row.by.unwrap_or_else(|| "the program".to_owned()),
        note: row.note,
    }
}

/// The form for a count or a delivery; what was typed stays in it.
pub async fn count_form(
    door: &Door,
    tx: &mut Tx,
    unit: UnitId,
    form: CountStock,
) -> Result<StockCountView, Problem> {
    let mut reckoning = Reckoning::read(tx, Some(unit), door.app.clock.now()).await?;
    let known: BTreeMap<String, i64> = store::of_unit(tx, unit)
        .await?
        .iter()
        .map(|row| (row.form_type.clone(), reckoning.reckoned(row).0.remaining))
        .collect();
    let (kit, ward) = reckoning.at(unit).ok_or_else(|| Problem::not_found("unit"))?;
    let typed = |code: &str| {
        let at = form.form_type.iter().position(|each| each.trimmed() == code);
        at.and_then(|at| form.sheets.get(at)).map(|sheets| sheets.0.clone()).unwrap_or_default()
    };
    let rows = kit
        .forms
        .iter()
        .filter(|kind| {
            known.contains_key(&kind.code) || ward.setting.is_none_or(|setting| kind.is_used_in(setting))
        })
        .map(|kind| CountRow {
            code: kind.code.clone(),
            name: kind.name.clone(),
            left: known.get(&kind.code).map(|left| (*left).max(0)),
            par: Par::of(kind, &ward, None, kit.hours).sheets,
            sheets: typed(&kind.code),
        })
        .collect();
    let name = places::name(tx, Place::Unit(unit)).await?;
    Ok(StockCountView { unit, name, rows, form, request_id: door.request_id() })
}

/// What is asked for.
pub async fn reorders(door: &Door, tx: &mut Tx, asked: &Asked) -> Result<ReordersView, Problem> {
    let zone = accounts::installation(tx).await?.zone();
    let state = ReorderState::from_code(&asked.state).unwrap_or(ReorderState::Open);
    let after = asked.after.parse().unwrap_or_default();
    let mut rows = reading::reorders(tx, state.code(), after, most()).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("/stock/reorders?state={}&after={}", state.code(), last.id));
    let names = places::unit_names(tx, rows.iter().map(|row| UnitId(row.unit))).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let name = names.get(&UnitId(row.unit)).cloned().unwrap_or_default();
        let by = reading::who(tx, row.changed_by).await?;
        lines.push(reorder_line(row, name, by, &zone)?);
    }
    let shown = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let number = if next.is_some() {
        format!("More than {PAGE} reorders")
    } else {
        counted(shown, "reorder", "reorders")
    };
    Ok(ReordersView {
        title: format!("{number} of blank forms {}", state.words()),
        state: state.code().to_owned(),
        lines,
        next,
        as_of: zone.full(door.app.clock.now()),
    })
}

fn reorder_line(row: ReorderRow, name: String, by: String, zone: &Zone) -> Result<ReorderLine, Error> {
    Ok(ReorderLine {
        reorder: ReorderId(row.id),
        unit: UnitId(row.unit),
        state: row.state()?,
        name,
        sheets: row.sheets,
        form_type: row.form_type,
        opened: zone.full(Timestamp(row.opened_at)),
        changed: zone.full(Timestamp(row.changed_at)),
        by,
        note: row.note,
    })
}

/// One reorder; what was typed stays in its form.
pub async fn reorder(
    door: &Door,
    tx: &mut Tx,
    id: ReorderId,
    form: MoveReorder,
) -> Result<ReorderView, Problem> {
    let row = store::reorder(tx, id).await?.ok_or_else(|| Problem::not_found("reorder"))?;
    let unit = UnitId(row.unit);
    let zone = accounts::installation(tx).await?.zone();
    let lattice = places::lattice(tx).await?;
    let may = COUNTERS.iter().any(|role| door.actor().can(*role, Place::Unit(unit), &lattice));
    let name = places::name(tx, Place::Unit(unit)).await?;
    let by = reading::who(tx, row.changed_by).await?;
    let line = reorder_line(row, name, by, &zone)?;
    Ok(ReorderView {
        title: format!(
            "{} of {} for {}: {}",
            counted(line.sheets, "sheet", "sheets"),
            line.form_type,
            line.name,
            line.state.words()
        ),
        print: format!("/packs/new?unit={unit}&want={}:{}", line.form_type, line.sheets),
        may_move: may && line.state.is_waiting(),
        line,
        form,
        request_id: door.request_id(),
    })
}
