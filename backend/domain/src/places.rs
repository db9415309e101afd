//! Places and systems as a file gives them: one row each for a group, a facility, a unit or a system.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    columns::{Column, Mapping, Refused, list},
    scope::SystemKind,
    time::Zone,
};

/// The columns of a places file.
pub const COLUMNS: [Column; 9] = [
    column("kind", "Kind (group, facility, unit or system)", true, &["type", "what"]),
    column("code", "Code", true, &["id", "key", "shortcode"]),
    column("name", "Name", true, &["fullname", "title"]),
    column("short_name", "Short name", false, &["short", "abbreviation"]),
    column("facility", "Facility (of a unit)", false, &["site", "hospital", "parent"]),
    column("groups", "Groups (of a facility)", false, &["group"]),
    column("zone", "Time zone (of a facility)", false, &["timezone", "tz"]),
    column("phone", "Phone (of a unit)", false, &["telephone", "extension"]),
    column("aliases", "Other names (of a system)", false, &["othernames", "alias"]),
];

const fn column(
    key: &'static str,
    label: &'static str,
    required: bool,
    names: &'static [&'static str],
) -> Column {
    Column { key, label, required, names }
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
    pub refused: Vec<Refused>,
}

impl Read {
    /// How many rows can be used.
    pub fn valid(&self) -> usize {
        self.groups.len() + self.facilities.len() + self.units.len() + self.systems.len()
    }
}

enum Row {
    Group(Group),
    Facility(Facility),
    Unit(Unit),
    System(System),
}

/// Reads the rows of a places file; each comes with its line number. `known` are the codes of facilities and of
/// groups that exist already; `zone` is the installation's, for facilities that name none.
pub fn read<'a>(
    rows: impl IntoIterator<Item = (usize, &'a [String])>,
    mapping: &Mapping,
    known: &Known,
    zone: &str,
) -> Read {
    let mut read = Read::default();
    let mut parsed = Vec::new();
    for (line, row) in rows {
        match place(row, mapping, zone) {
            Ok(place) => parsed.push((line, place)),
            Err((key, reason)) => refuse(&mut read, line, key, reason),
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
        keep(&mut read, line, row, &facilities, &groups, &mut seen);
    }
    read
}

/// What exists already, by code.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub facilities: BTreeSet<String>,
    pub groups: BTreeSet<String>,
}

fn keep(
    read: &mut Read,
    line: usize,
    row: Row,
    facilities: &BTreeSet<String>,
    groups: &BTreeSet<String>,
    seen: &mut BTreeSet<(&'static str, String, String)>,
) {
    let name = match &row {
        Row::Group(group) => ("group", String::new(), group.code.clone()),
        Row::Facility(facility) => ("facility", String::new(), facility.code.clone()),
        Row::Unit(unit) => ("unit", unit.facility.clone(), unit.code.clone()),
        Row::System(system) => ("system", String::new(), system.code.clone()),
    };
    if !seen.insert(name) {
        read.duplicates += 1;
        return;
    }
    match row {
        Row::Group(group) => read.groups.push(group),
        Row::Facility(facility) => match facility.groups.iter().find(|group| !groups.contains(*group)) {
            Some(group) => refuse(read, line, "groups", format!("There is no group {group:?}.")),
            None => read.facilities.push(facility),
        },
        Row::Unit(unit) if !facilities.contains(&unit.facility) => {
            refuse(read, line, "facility", format!("There is no facility {:?}.", unit.facility));
        }
        Row::Unit(unit) => read.units.push(unit),
        Row::System(system) => read.systems.push(system),
    }
}

fn refuse(read: &mut Read, row: usize, key: &str, reason: String) {
    let column = COLUMNS.iter().find(|column| column.key == key).map_or(key, |column| column.label);
    read.refused.push(Refused { row, column: column.to_owned(), reason });
}

fn place(row: &[String], mapping: &Mapping, zone: &str) -> Result<Row, (&'static str, String)> {
    let value = |key| mapping.value(row, key).to_owned();
    let code = value("code").to_lowercase();
    let name = value("name");
    let fits = (1..=40).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !fits {
        return Err(("code", format!("A code has 1 to 40 letters, digits, dots or dashes; not {code:?}.")));
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
            Ok(Row::Unit(Unit { facility, code, name, phone: value("phone") }))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Read {
        let rows: Vec<Vec<String>> =
            text.lines().map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect()).collect();
        let mapping = Mapping::guess(&COLUMNS, &rows[0]);
        let body = rows.iter().enumerate().skip(1).map(|(line, row)| (line + 1, row.as_slice()));
        read(body, &mapping, &Known::default(), "America/New_York")
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
        assert_eq!((read.valid(), read.refused.len()), (4, 0));
        assert_eq!(read.facilities[0].code, "general");
        assert_eq!(read.systems[0].kind, SystemKind::DeviceClass);
    }

    #[test]
    fn what_lies_nowhere_is_refused_with_row_and_column() {
        let read = read_text("kind,code,name,site\nunit,ed,Emergency,nowhere\nplanet,x,X,\nfacility,a b,A,");
        let found: Vec<_> =
            read.refused.iter().map(|refused| (refused.row, refused.column.as_str())).collect();
        assert_eq!(
            found,
            [(3, "Kind (group, facility, unit or system)"), (4, "Code"), (2, "Facility (of a unit)")]
        );
    }
}
