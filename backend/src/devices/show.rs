//! What the pages of devices show, read in one snapshot.

use std::collections::BTreeMap;

use domain::actor::Role;
use domain::{
    devices::{CountDevices, LEAST_MINUTES, Pace, SendTeam},
    id::{IncidentId, SystemId, UnitId},
    scope::Place,
    time::{Timestamp, Zone},
    view::{
        devices::{
            DeviceEvent, DeviceLine, DeviceSite, DeviceSums, DeviceUnitView, DeviceUnitsView, DevicesView,
        },
        forms::Named,
        picture::Curve,
    },
};
use frontend::ui::{count, counted};

use super::{
    COUNTERS,
    reading::{self, After, EventRow, Filter, LineRow, SiteRow},
    store::{self, InScope, SLOT},
};
use crate::{
    accounts::store as accounts,
    incidents::store as incidents,
    places::store as places,
    store::Tx,
    web::{door::Door, problem::Problem},
};

/// How many lines one page lists.
const PAGE: usize = 200;

/// What an address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub site: String,
    pub class: String,
    pub show: String,
    pub after: String,
}

async fn scope_of(tx: &mut Tx, incident: IncidentId) -> Result<InScope, Problem> {
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    Ok(store::in_scope(tx, incident).await?)
}

fn classes(scope: &InScope) -> Vec<Named> {
    let named =
        |(_, code, name): &(SystemId, String, String)| Named { value: code.clone(), name: name.clone() };
    scope.classes.iter().map(named).collect()
}

/// The whole downtime.
pub async fn all(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    class: &str,
) -> Result<DevicesView, Problem> {
    let scope = scope_of(tx, incident).await?;
    let (zone, now) = (accounts::installation(tx).await?.zone(), door.app.clock.now());
    let of = scope.class(class);
    let rows = reading::by_site(tx, incident, of).await?;
    let slots = reading::slots(tx, incident, of).await?;
    let units: BTreeMap<_, _> = reading::open_units(tx).await?.into_iter().collect();
    let concerned = scope.sites();
    let (mut sums, mut sites) = (DeviceSums::default(), Vec::new());
    for facility in places::facilities(tx).await? {
        if !concerned.contains(&facility.id) {
            continue;
        }
        let row = rows.iter().find(|row| row.facility == facility.id.0);
        let of_site = row.map(SiteRow::sums).unwrap_or_default();
        sums += of_site;
        sites.push(DeviceSite {
            code: facility.code,
            name: facility.short_name,
            sums: of_site,
            bare: row.map_or(0, |row| row.bare),
            units: units.get(&facility.id.0).copied().unwrap_or(0),
            known_units: row.map_or(0, |row| row.units),
        });
    }
    let sum = |figure: fn(&SiteRow) -> i64| rows.iter().map(figure).sum::<i64>();
    let (bare, bare_without_team) = (sum(|row| row.bare), sum(|row| row.bare_without_team));
    let uncounted = sum(|row| row.uncounted);
    let kinds = if of.is_some() { 1 } else { scope.classes.len() };
    let pace = pace(&slots, now).minutes_for(sums.left, uncounted);
    Ok(DevicesView {
        incident,
        title: title(kinds, &sums, bare, bare_without_team),
        class: of.map(|_| class.to_owned()).unwrap_or_default(),
        classes: classes(&scope),
        sums,
        sites,
        bare,
        bare_without_team,
        uncounted,
        beyond: sum(|row| row.beyond),
        curve: curve(&slots, sums.in_all, now, &zone),
        pace: pace.map(|minutes| done_by(now.plus_minutes(minutes), now, &zone)).unwrap_or_default(),
        may_import: door.actor().has(&[Role::Commander]),
        as_of: zone.full(now),
    })
}

/// The answer to "which wards still have no working computer, and who goes there next?". `kind` is said where a unit
/// has several kinds of device.
fn title(kinds: usize, sums: &DeviceSums, bare: i64, without_team: i64) -> String {
    let kind = if kinds > 1 { " of a kind" } else { "" };
    let units = counted(bare, "unit has", "units have");
    match (bare, without_team) {
        _ if kinds == 0 => "No kind of device is part of this downtime".to_owned(),
        _ if sums.in_all == 0 => "No device is counted yet".to_owned(),
        (0, _) if sums.left == 0 => format!("All {} devices work", count(sums.in_all)),
        (0, _) => format!("Every unit has a working device{kind}; {} are left", count(sums.left)),
        (_, 0) => format!("{units} no working device{kind}; a team goes to each"),
        (bare, without) if bare == without => {
            format!("{units} no working device{kind}; nobody goes there yet")
        }
        (_, without) => {
            format!("{units} no working device{kind}; nobody goes to {} of them", count(without))
        }
    }
}

fn done_by(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let day = if zone.civil_date(at) == zone.civil_date(now) {
        String::new()
    } else {
        format!(" on {}", zone.date(at))
    };
    format!("At the rate of the last hour done by {}{day}.", zone.clock_with_zone(at))
}

/// What the last hour fixed, without what first counts found fixed.
fn pace(slots: &[(i64, i64, i64)], now: Timestamp) -> Pace {
    let first = now.plus_minutes(-LEAST_MINUTES).0 / SLOT;
    let recent = slots.iter().filter(|(slot, ..)| *slot >= first);
    let fixed = recent.map(|(_, fixed, found)| fixed - found).sum();
    let since = |slot: i64| now.minutes_since(Timestamp(slot * SLOT));
    // It may have begun at the end of its ten minutes.
    let began = slots.first().map_or(0, |(slot, ..)| since(*slot + 1));
    // From the beginning of that ten minutes; sixty to seventy of them.
    Pace { fixed, minutes: since(first).max(1), since_first: began }
}

/// The share that works, against time; nothing before anything was fixed.
fn curve(slots: &[(i64, i64, i64)], in_all: i64, now: Timestamp, zone: &Zone) -> Option<Curve> {
    let (first, ..) = slots.first()?;
    if in_all == 0 {
        return None;
    }
    let began = Timestamp(first * SLOT);
    let minutes = now.minutes_since(began).max(1);
    let mut points = vec![(0, 0)];
    let mut fixed = 0;
    for (slot, change, _) in slots {
        fixed += change;
        let at = ((slot - first) * 10 + 10).min(minutes);
        points.push((at, (fixed * 100 / in_all).clamp(0, 100)));
    }
    if let Some((_, share)) = points.last().copied() {
        points.push((minutes, share));
    }
    let tick = |minute: i64| (minute, zone.clock(began.plus_minutes(minute)));
    let ticks = [0, minutes / 2, minutes].map(tick).to_vec();
    Some(Curve { points, minutes, ticks, steps: Vec::new() })
}

/// Units, the worst first.
pub async fn units(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    asked: Asked,
) -> Result<DeviceUnitsView, Problem> {
    let scope = scope_of(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let concerned = scope.sites();
    let mut facilities = places::facilities(tx).await?;
    facilities.retain(|facility| concerned.contains(&facility.id));
    let site = facilities.iter().find(|facility| facility.code == asked.site);
    let class = scope.class(&asked.class);
    let filter = Filter {
        site: site.map(|site| site.id),
        class,
        show: asked.show.clone(),
        after: After::read(&asked.after),
    };
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = reading::worst(tx, incident, &filter, most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let (site_code, class_code) = (
        site.map(|site| site.code.clone()).unwrap_or_default(),
        class.map(|_| asked.class.clone()).unwrap_or_default(),
    );
    let show = known_show(&asked.show);
    let next = rows.last().filter(|_| more).map(|last| {
        let after = After::of(last);
        format!("/incidents/{incident}/devices/units?site={site_code}&class={class_code}&show={show}&after={after}")
    });
    Ok(DeviceUnitsView {
        incident,
        title: units_title(show, site.map(|site| site.short_name.as_str())),
        site: site_code,
        class: class_code,
        show: show.to_owned(),
        sites: facilities
            .iter()
            .map(|site| Named { value: site.code.clone(), name: site.short_name.clone() })
            .collect(),
        classes: classes(&scope),
        lines: rows.into_iter().map(|row| line(row, &zone)).collect(),
        next,
        may_count: door.actor().has(&COUNTERS),
    })
}

/// Only what is known goes back into an address.
fn known_show(show: &str) -> &'static str {
    ["none", "no_team", "left", "beyond", "uncounted"].into_iter().find(|each| *each == show).unwrap_or("")
}

fn units_title(show: &str, site: Option<&str>) -> String {
    let at = site.map(|site| format!("{site}: ")).unwrap_or_default();
    let what = match show {
        "none" => "units with no working device",
        "no_team" => "units with no working device to which nobody goes",
        "left" => "units with devices left",
        "beyond" => "units where more have reported than were counted",
        "uncounted" => "units that nobody has counted",
        _ => "every unit, the worst first",
    };
    let title = format!("{at}{what}");
    let mut signs = title.chars();
    signs.next().map(|first| first.to_uppercase().chain(signs).collect()).unwrap_or_default()
}

fn line(row: LineRow, zone: &Zone) -> DeviceLine {
    DeviceLine {
        unit: UnitId(row.unit),
        name: row.name,
        site: row.site,
        class: row.class_code,
        class_name: row.class_name,
        in_all: row.in_all,
        checked: row.checked,
        fixed: row.fixed,
        left: row.remaining,
        beyond: row.in_all.map_or(0, |in_all| row.total - in_all),
        team: row.team,
        since: zone.clock_with_zone(Timestamp(row.changed_at)),
    }
}

/// One unit; what was typed stays in its forms.
pub async fn unit(
    door: &Door,
    tx: &mut Tx,
    (incident, unit): (IncidentId, UnitId),
    count: CountDevices,
    send: Option<SendTeam>,
) -> Result<DeviceUnitView, Problem> {
    let scope = scope_of(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let lattice = places::lattice(tx).await?;
    let site = lattice.unit_facility.get(&unit).filter(|site| scope.sites().contains(site));
    let site = *site.ok_or_else(|| Problem::not_found("unit"))?;
    let mut here = scope.clone();
    here.classes.retain(|(class, ..)| scope.pairs.contains(&(*class, site)));
    let facilities = places::facilities(tx).await?;
    let site = facilities.into_iter().find(|facility| facility.id == site);
    let name = places::name(tx, Place::Unit(unit)).await?;
    let lines: Vec<_> =
        reading::of_unit(tx, incident, unit).await?.into_iter().map(|row| line(row, &zone)).collect();
    let team = reading::team(tx, incident, unit).await?;
    let events = reading::events(tx, incident, unit).await?.into_iter().map(|row| event(row, &zone));
    let may = |role| door.actor().can(role, Place::Unit(unit), &lattice);
    Ok(DeviceUnitView {
        incident,
        unit,
        title: unit_title(&name, &lines),
        site: site.map(|site| site.code).unwrap_or_default(),
        classes: classes(&here),
        lines,
        send: send.unwrap_or_else(|| SendTeam { team: team.clone().into(), ..SendTeam::default() }),
        team,
        count,
        events: events.collect(),
        may_count: COUNTERS.into_iter().any(may),
        may_send: may(Role::Commander),
        request_id: door.request_id(),
    })
}

fn unit_title(name: &str, lines: &[DeviceLine]) -> String {
    let (left, fixed) = (lines.iter().map(|line| line.left).sum(), lines.iter().map(|line| line.fixed).sum());
    match (lines.is_empty(), left, fixed) {
        (true, ..) => format!("{name}: no device is counted yet"),
        (_, 0, fixed) => format!("{name}: all {} devices work", count(fixed)),
        (_, left, 0) => format!("{name}: none of {} devices works", count(left)),
        (_, left, fixed) => format!("{name}: {} of {} devices left", count(left), count(left + fixed)),
    }
}

fn event(row: EventRow, zone: &Zone) -> DeviceEvent {
    let what = if let Some(machine) = &row.machine {
        format!("{machine}: {}", row.to_state.replace('_', " "))
    } else {
        let how = if row.source == "file" { "by a file" } else { "by hand" };
        let in_all =
            row.in_all.map_or_else(|| "total not said".to_owned(), |all| format!("{} in all", count(all)));
        let (checked, fixed) = (count(row.checked.unwrap_or(0)), count(row.fixed.unwrap_or(0)));
        format!("counted {how}: {in_all}, {checked} checked, {fixed} fixed")
    };
    DeviceEvent { at: zone.clock_with_zone(Timestamp(row.event_at)), what, class_name: row.class_name }
}
