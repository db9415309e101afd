//! The page of how long each function was down, and the same as a file: read off the events of the ladder, so that
//! any past minute can be asked for.

mod store;
pub mod web;

use std::collections::BTreeMap;

use domain::{
    clearance::downtime::{Cell, History, Window, total_minutes, windows},
    field::FieldErrors,
    id::{FacilityId, IncidentId, SystemId, UnitId},
    scope::{Function, Place, Places},
    time::{Timestamp, Zone, hours_minutes},
    view::downtime::{DowntimeView, FunctionDowntime, SystemDowntime, WindowLine},
};

use crate::{
    app::App,
    failure::Failure,
    incidents::store as incidents,
    places::store::{self as places, Facility, System},
    store::Tx,
};

/// What the address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    /// A site's id or code; the first affected one when empty.
    site: String,
    /// Up to when it is counted, in the site's zone or with one; now when empty.
    as_of: String,
}

/// Everything that windows are computed from.
struct Book {
    histories: Vec<History>,
    began: BTreeMap<(SystemId, FacilityId), Timestamp>,
    places: Places,
    /// The incident's sites and systems, in their own order.
    sites: Vec<Facility>,
    systems: Vec<System>,
    units: Vec<(UnitId, String)>,
}

async fn read_book(tx: &mut Tx, incident: IncidentId) -> Result<Book, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let statuses = incidents::statuses(tx, incident).await?;
    let mut sites = places::facilities(tx).await?;
    sites.retain(|site| statuses.keys().any(|(_, at)| *at == site.id));
    let mut systems = places::systems(tx).await?;
    systems.retain(|system| statuses.keys().any(|(id, _)| *id == system.id));
    Ok(Book {
        histories: store::histories(tx, incident).await?,
        began: store::began(tx, incident, row.started_at).await?,
        places: places::lattice(tx).await?,
        units: places::named_units(tx).await?,
        sites,
        systems,
    })
}

impl Book {
    /// The site as a whole first, then its units that have a scope of their own.
    fn places_of(&self, site: FacilityId, system: SystemId) -> Vec<(Place, String)> {
        let own = |unit: &UnitId| {
            let place = Place::Unit(*unit);
            let is_in = self.places.unit_facility.get(unit) == Some(&site);
            is_in && self.histories.iter().any(|each| each.system == system && each.place == place)
        };
        let units = self.units.iter().filter(|(unit, _)| own(unit));
        std::iter::once((Place::Facility(site), String::new()))
            .chain(units.map(|(unit, name)| (Place::Unit(*unit), name.clone())))
            .collect()
    }

    fn windows(
        &self,
        (system, site): (SystemId, FacilityId),
        place: Place,
        function: Function,
        as_of: Timestamp,
    ) -> Vec<Window> {
        let cell = Cell { place, system, function, began: self.began.get(&(system, site)).copied() };
        windows(&self.histories, &self.places, &cell, as_of)
    }

    /// What was down at a site, system by system; what has always worked is left out.
    fn of_site(&self, site: &Facility, as_of: Timestamp) -> Vec<SystemDowntime> {
        let mut lines = Vec::new();
        for system in &self.systems {
            for (place, unit) in self.places_of(site.id, system.id) {
                let function = |function| {
                    let windows = self.windows((system.id, site.id), place, function, as_of);
                    function_line(function, &windows, &site.zone, as_of)
                };
                let functions: Vec<FunctionDowntime> = system.functions.iter().map(function).collect();
                if functions.iter().any(|line| !line.windows.is_empty()) {
                    lines.push(SystemDowntime {
                        system: system.id,
                        name: system.name.clone(),
                        unit,
                        functions,
                    });
                }
            }
        }
        lines
    }
}

fn function_line(function: Function, windows: &[Window], zone: &Zone, as_of: Timestamp) -> FunctionDowntime {
    let local = |at: Timestamp| format!("{} {}", zone.typed(at), zone.abbreviation(at));
    let line = |window: &Window| WindowLine {
        from: window.from,
        until: window.until,
        from_local: local(window.from),
        until_local: window.until.map_or_else(|| "not back yet".to_owned(), local),
        minutes: window.minutes(as_of),
        length: hours_minutes(window.minutes(as_of)),
    };
    let minutes = total_minutes(windows, as_of);
    FunctionDowntime {
        function,
        minutes,
        total: hours_minutes(minutes),
        still_down: windows.last().is_some_and(|window| window.until.is_none()),
        windows: windows.iter().map(line).collect(),
    }
}

/// Reads the page of one site.
///
/// # Errors
/// When there is no such incident, or the site or the time cannot be read.
async fn read(app: &App, tx: &mut Tx, incident: IncidentId, asked: Asked) -> Result<DowntimeView, Failure> {
    let book = read_book(tx, incident).await?;
    let site = chosen(&book, asked.site.trim())?;
    let as_of = moment(app, &site.zone, &asked.as_of)?;
    let systems = book.of_site(site, as_of);
    let path = format!("/incidents/{incident}/downtime");
    Ok(DowntimeView {
        title: title(&site.short_name, &systems),
        csv: format!("{path}.csv"),
        path,
        site: site.id.to_string(),
        sites: book.sites.iter().map(|site| (site.id.to_string(), site.name.clone())).collect(),
        asked: asked.as_of,
        as_of: site.zone.full(as_of),
        zone: site.zone.name().to_owned(),
        systems,
    })
}

fn chosen<'a>(book: &'a Book, site: &str) -> Result<&'a Facility, FieldErrors> {
    let found =
        book.sites.iter().find(|each| site.is_empty() || each.code == site || each.id.to_string() == site);
    found.ok_or_else(|| FieldErrors::one("site", "Choose a site of this downtime."))
}

/// The moment that was asked for, never one that is still to come.
fn moment(app: &App, zone: &Zone, text: &str) -> Result<Timestamp, FieldErrors> {
    let now = app.clock.now();
    if text.trim().is_empty() {
        return Ok(now);
    }
    let at = zone.parse(text).map_err(|error| FieldErrors::one("as_of", error.to_string()))?;
    Ok(at.min(now))
}

/// Which was down longest, and how many still are.
fn title(site: &str, systems: &[SystemDowntime]) -> String {
    let lines = || systems.iter().flat_map(|system| system.functions.iter().map(move |line| (system, line)));
    // Of equals the first, in the order of the page.
    let most = lines().map(|(_, line)| line.minutes).max().unwrap_or_default();
    let Some((system, line)) = lines().find(|(_, line)| line.minutes == most) else {
        return format!("{site}: nothing was down.");
    };
    let (name, function) = (&system.name, line.function.code());
    let first = format!("{site}: {name}, {function} was down longest, {} hours.", line.total);
    match lines().filter(|(_, line)| line.still_down).count() {
        0 => format!("{first} Nothing is down now."),
        1 => format!("{first} 1 function is not back yet."),
        many => format!("{first} {many} functions are not back yet."),
    }
}

/// Every window of every site of the incident, as rows of a file.
async fn rows(app: &App, tx: &mut Tx, incident: IncidentId) -> Result<Vec<Vec<String>>, Failure> {
    let book = read_book(tx, incident).await?;
    let as_of = app.clock.now();
    let mut rows = Vec::new();
    for site in &book.sites {
        for system in book.of_site(site, as_of) {
            for line in &system.functions {
                for (number, window) in (1_i64..).zip(&line.windows) {
                    rows.push(vec![
                        site.code.clone(),
                        system.unit.clone(),
                        system.name.clone(),
                        line.function.code().to_owned(),
                        number.to_string(),
                        window.from_local.clone(),
                        window.until_local.clone(),
                        site.zone.name().to_owned(),
                        window.from.rfc3339(),
                        window.until.map(Timestamp::rfc3339).unwrap_or_default(),
                        window.minutes.to_string(),
                    ]);
                }
            }
        }
    }
    Ok(rows)
}

/// The columns of the file.
const COLUMNS: [&str; 11] = [
    "site",
    "unit",
    "system",
    "function",
    "window",
    "from_local",
    "until_local",
    "zone",
    "from_utc",
    "until_utc",
    "minutes",
];
