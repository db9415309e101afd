//! Places and systems as a file gives them: one row each for a group, a facility, a unit or a system.

mod units;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use units::{SetCare, StepUnit, UnitCare, UnitStep};

use crate::{
    cells::list,
    playbooks::Setting,
    scope::SystemKind,
    table::{Known as Column, Mapping, Record, Reject},
    time::Zone,
};

/// The columns of a places file.
pub const COLUMNS: [Column; 11] = [
    column("kind", "Kind (group, facility, unit or system)", true, &["type", "what"]),
    column("code", "Code", true, &["id", "key", "shortcode"]),
    column("name", "Name", true, &["fullname", "title"]),
    column("short_name", "Short name", false, &["short", "abbreviation"]),
    column("facility", "Facility (of a unit)", false, &["site", "hospital", "parent"]),
    column("groups", "Groups (of a facility)", false, &["group"]),
    column("zone", "Time zone (of a facility)", false, &["timezone", "tz"]),
    column("phone", "Phone (of a unit)", false, &["telephone", "extension"]),
    column("setting", "Setting (of a unit)", false, &["care", "servicetype"]),
    column("beds", "Beds (of a unit)", false, &["licensedbeds", "bedcount", "places"]),
    column("aliases", "Other names (of a system)", false, &["othernames", "alias"]),
];

const fn column(
    key: &'static str,
    label: &'static str,
    required: bool,
    synonyms: &'static [&'static str],
) -> Column {
    Column { key, label, synonyms, required }
}

/// A group of facilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    pub code: String,
    pub name: String,
}

/// A facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facility {
    pub code: String,
    pub name: String,
    pub short_name: String,
    /// IANA name.
    pub zone: String,
    /// Codes of the groups it belongs to.
    pub groups: Vec<String>,
}

/// A unit of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    pub facility: String,
    pub code: String,
    pub name: String,
    pub phone: String,
    /// Where care is given; what a file does not say stays.
    #[serde(default)]
    pub setting: Option<Setting>,
    /// Beds, or places to be treated; what a file does not say stays.
    #[serde(default)]
    pub beds: Option<i64>,
}

/// A system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct System {
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub aliases: Vec<String>,
    pub kind: SystemKind,
}

/// What a places file contains, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Read {
    pub groups: Vec<Group>,
    pub facilities: Vec<Facility>,
    pub units: Vec<Unit>,
    pub systems: Vec<System>,
    /// Rows that repeat a code of an earlier row of their kind, which holds.
    pub duplicates: usize,
    pub rejects: Vec<Reject>,
}

impl Read {
    /// How many rows can be used.
    pub fn valid(&self) -> usize {
        self.groups.len() + self.facilities.len() + self.units.len() + self.systems.len()
    }

    fn keep(&mut self, row: Row) {
        match row {
            Row::Group(group) => self.groups.push(group),
            Row::Facility(facility) => self.facilities.push(facility),
            Row::Unit(unit) => self.units.push(unit),
            Row::System(system) => self.systems.push(system),
        }
    }
}

enum Row {
    Group(Group),
    Facility(Facility),
    Unit(Unit),
    System(System),
}

/// Reads the rows of a places file. `zone` is the installation's, for facilities that name none.
pub fn read(rows: &[Record], header: &[String], mapping: &Mapping, known: &Known, zone: &str) -> Read {
    let mut read = Read::default();
    let mut parsed = Vec::new();
    for row in rows {
        match row.trouble.clone().map_or_else(|| place(row, mapping, zone), |trouble| Err(("", trouble))) {
            Ok(place) => parsed.push((row.line, place)),
            Err((key, reason)) => {
                let column = mapping.column(header, key).to_owned();
                read.rejects.push(Reject { row: row.line, column, reason });
            }
        }
    }
    let mut facilities = known.facilities.clone();
    let mut groups = known.groups.clone();
    for (_, row) in &parsed {
        match row {
            Row::Facility(facility) => drop(facilities.insert(facility.code.clone())),
            Row::Group(group) => drop(groups.insert(group.code.clone())),
            Row::Unit(_) | Row::System(_) => {}
        }
    }
    let mut seen = BTreeSet::new();
    for (line, row) in parsed {
        let lies_nowhere = match &row {
            Row::Unit(unit) if !facilities.contains(&unit.facility) => Some(("facility", "facility")),
            Row::Facility(facility) if !facility.groups.iter().all(|group| groups.contains(group)) => {
                Some(("groups", "group"))
            }
            _ => None,
        };
        match lies_nowhere {
            Some((key, what)) => {
                let column = mapping.column(header, key).to_owned();
                read.rejects.push(Reject { row: line, column, reason: format!("There is no such {what}.") });
            }
            None if seen.insert(row.name()) => read.keep(row),
            None => read.duplicates += 1,
        }
    }
    read
}

impl Row {
    /// What no two rows may share: kind, facility of a unit, code.
    fn name(&self) -> (&'static str, String, String) {
        match self {
            Self::Group(group) => ("group", String::new(), group.code.clone()),
            Self::Facility(facility) => ("facility", String::new(), facility.code.clone()),
            Self::Unit(unit) => ("unit", unit.facility.clone(), unit.code.clone()),
            Self::System(system) => ("system", String::new(), system.code.clone()),
        }
    }
}

/// What exists already, by code.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub facilities: BTreeSet<String>,
    pub groups: BTreeSet<String>,
}

fn place(row: &Record, mapping: &Mapping, zone: &str) -> Result<Row, (&'static str, String)> {
    let value = |key| mapping.cell(row, key).to_owned();
    let code = value("code").to_lowercase();
    let name = value("name");
    let fits = (1..=40).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !fits {
        return Err(("code", "A code has 1 to 40 letters, digits, dots or dashes.".to_owned()));
    }
    if name.is_empty() || name.chars().count() > 120 {
        return Err(("name", "Write a name of at most 120 characters.".to_owned()));
    }
    let short = value("short_name");
    let short_name = if short.is_empty() { name.clone() } else { short };
    let kind = value("kind").to_lowercase();
    match kind.as_str() {
        "group" => Ok(Row::Group(Group { code, name })),
        "facility" | "site" | "hospital" => {
            let named = value("zone");
            let zone = if named.is_empty() { zone.to_owned() } else { named };
            Zone::named(&zone).map_err(|error| ("zone", error.to_string()))?;
            let groups = list(&value("groups").to_lowercase());
            Ok(Row::Facility(Facility { code, name, short_name, zone, groups }))
        }
        "unit" | "ward" | "department" => {
            let facility = value("facility").to_lowercase();
            let setting = setting(&value("setting")).map_err(|reason| ("setting", reason))?;
            let beds = beds(&value("beds")).map_err(|reason| ("beds", reason))?;
            Ok(Row::Unit(Unit { facility, code, name, phone: value("phone"), setting, beds }))
        }
        "system" | "application" | "device_class" | "network" => {
            let kind = SystemKind::from_code(&kind).unwrap_or(SystemKind::Application);
            Ok(Row::System(System { code, name, short_name, aliases: list(&value("aliases")), kind }))
        }
        other => Err((
            "kind",
            format!("Write group, facility, unit, system, device_class or network; not {other:?}."),
        )),
    }
}

/// A setting by its code or its words; empty is not said.
fn setting(text: &str) -> Result<Option<Setting>, String> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    let code = text.replace([' ', '-'], "_");
    let same = |each: &Setting| each.code() == code || each.words().to_lowercase() == text;
    Setting::ALL.into_iter().find(same).map(Some).ok_or_else(|| {
        let codes: Vec<&str> = Setting::ALL.iter().map(|each| each.code()).collect();
        format!("Write one of: {}.", codes.join(", "))
    })
}

/// The most beds that a unit can have; more is a slip of the finger.
pub const MOST_BEDS: i64 = 2_000;

/// A number of beds; empty is not said.
fn beds(text: &str) -> Result<Option<i64>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let number = text.trim().parse().ok().filter(|beds| (0..=MOST_BEDS).contains(beds));
    number.map(Some).ok_or_else(|| format!("Write a whole number of beds, 0 to {MOST_BEDS}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{self, Limits};

    fn read_text(text: &str) -> Read {
        let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
        let mapping = Mapping::guess(&table.header, &COLUMNS);
        read(&table.rows, &table.header, &mapping, &Known::default(), "America/New_York")
    }

    #[test]
    fn a_unit_may_stand_before_its_facility() {
        let read = read_text(
            "kind,code,name,site,groups\n\
             unit,ed,Emergency,general,\n\
             facility,General,General Hospital,,academic\n\
             group,academic,Academic hospitals,,\n\
             device_class,workstations,Windows computers,,",
        );
        assert_eq!((read.valid(), read.rejects.len()), (4, 0));
        assert_eq!(read.facilities[0].code, "general");
        assert_eq!(read.systems[0].kind, SystemKind::DeviceClass);
    }

    #[test]
    fn a_unit_may_say_its_setting_and_its_beds() {
        let read = read_text(
            "kind,code,name,site,setting,beds\n\
             facility,general,General,,,\n\
             unit,icu,Intensive care,general,Intensive care,24\n\
             unit,4w,4 West,general,,\n\
             unit,x,X,general,garden,1\n\
             unit,y,Y,general,clinic,many",
        );
        let units: Vec<_> = read.units.iter().map(|unit| (unit.setting, unit.beds)).collect();
        assert_eq!(units, [(Some(Setting::IntensiveCare), Some(24)), (None, None)]);
        let found: Vec<_> = read.rejects.iter().map(|reject| (reject.row, reject.column.as_str())).collect();
        assert_eq!(found, [(5, "setting"), (6, "beds")]);
    }

    #[test]
    fn what_lies_nowhere_is_refused_with_row_and_column() {
        let read = read_text("kind,code,name,site\nunit,ed,Emergency,nowhere\nplanet,x,X,\nfacility,a b,A,");
        let found: Vec<_> = read.rejects.iter().map(|reject| (reject.row, reject.column.as_str())).collect();
        assert_eq!(found, [(3, "kind"), (4, "code"), (2, "site")]);
    }
}
