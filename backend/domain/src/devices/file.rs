//! A file of counts: one row for a unit and a class, as an inventory or a spreadsheet of the field teams gives it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counted, Machines, Said, number};
use crate::{
    id::{SystemId, UnitId},
    table::{Known as Column, Mapping, Record, Reject},
};

/// The columns of a file of counts.
pub const COLUMNS: [Column; 6] = [
    column("facility", "Site (code)", true, &["site", "hospital", "sitecode", "facilitycode"]),
    column("unit", "Unit (code)", true, &["ward", "department", "unitcode", "location"]),
    column("class", "Device class (code)", false, &["device", "deviceclass", "kind", "type", "system"]),
    column("in_all", "In all", false, &["total", "devices", "count", "computers", "inventory"]),
    column("checked", "Checked", false, &["seen", "visited"]),
    column("fixed", "Fixed", false, &["restored", "remediated", "done", "working"]),
];

const fn column(
    key: &'static str,
    label: &'static str,
    required: bool,
    synonyms: &'static [&'static str],
) -> Column {
    Column { key, label, synonyms, required }
}

/// What a row is compared with.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The units of the incident's sites by the codes of site and unit.
    pub units: BTreeMap<(String, String), UnitId>,
    /// The incident's device classes by code.
    pub classes: BTreeMap<String, SystemId>,
    /// What is known already.
    pub before: BTreeMap<(UnitId, SystemId), (Counted, Machines)>,
}

/// One row that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub unit: UnitId,
    pub class: SystemId,
    pub counted: Counted,
    /// Whether nobody had counted there before.
    pub is_new: bool,
}

/// What a file of counts contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// What changes something.
    pub rows: Vec<Row>,
    pub unchanged: usize,
    /// Rows that name a unit and class of an earlier row, which holds.
    pub duplicates: usize,
    pub rejects: Vec<Reject>,
}

/// Reads the rows.
pub fn read(rows: &[Record], header: &[String], mapping: &Mapping, known: &Known) -> Read {
    let mut read = Read::default();
    let mut seen = BTreeSet::new();
    for record in rows {
        let row = match &record.trouble {
            Some(trouble) => Err(("", trouble.clone())),
            None => row(record, mapping, known),
        };
        match row {
            Err((key, reason)) => {
                let column = mapping.column(header, key).to_owned();
                read.rejects.push(Reject { row: record.line, column, reason });
            }
            Ok(row) if !seen.insert((row.unit, row.class)) => read.duplicates += 1,
            Ok(row) => match known.before.get(&(row.unit, row.class)) {
                // Said again: nothing has happened since that a count would take back.
                Some((before, _)) if same(before, &row.counted) => read.unchanged += 1,
                _ => read.rows.push(row),
            },
        }
    }
    read
}

fn same(before: &Counted, after: &Counted) -> bool {
    (before.in_all, before.checked, before.fixed) == (after.in_all, after.checked, after.fixed)
}

fn row(record: &Record, mapping: &Mapping, known: &Known) -> Result<Row, (&'static str, String)> {
    let value = |key| mapping.cell(record, key).trim().to_lowercase();
    let (site, unit) = (value("facility"), value("unit"));
    if !known.units.keys().any(|(each, _)| *each == site) {
        return Err(("facility", "This is no site of this downtime; write its code.".to_owned()));
    }
    let Some(unit) = known.units.get(&(site, unit)) else {
        return Err(("unit", "There is no such unit at this site; write its code.".to_owned()));
    };
    let class = match (value("class").as_str(), known.classes.len()) {
        ("", 1) => known.classes.values().next(),
        (code, _) => known.classes.get(code),
    };
    let Some(class) = class else {
        let codes: Vec<&str> = known.classes.keys().map(String::as_str).collect();
        return Err(("class", format!("Write one of: {}.", codes.join(", "))));
    };
    let said = |key| number(&value(key).replace(',', "")).map_err(|reason| (key, reason));
    let said = Said { in_all: said("in_all")?, checked: said("checked")?, fixed: said("fixed")? };
    let (before, machines) = known.before.get(&(*unit, *class)).copied().unwrap_or_default();
    let counted = said.onto(&before, machines.broken)?;
    Ok(Row { unit: *unit, class: *class, counted, is_new: before.in_all.is_none() })
}
