//! A file of items as the hospital's own systems export it: a number, what it is, when and where.

use std::collections::BTreeMap;

use super::{Subject, command::no_patient, record};
use crate::{
    field::FieldErrors,
    scope::Place,
    table::{Known, Mapping, Reject, Table},
    time::{Local, Timestamp, Zone},
};

/// The columns of such a file.
pub const COLUMNS: [Known; 5] = [
    Known {
        key: "number",
        label: "Record number",
        synonyms: &["accession", "accessionnumber", "recordid", "orderid", "ordernumber", "sampleid"],
        required: true,
    },
    Known {
        key: "what",
        label: "What it is",
        synonyms: &["what", "description", "procedure", "test", "type"],
        required: true,
    },
    Known {
        key: "recorded_at",
        label: "Recorded at",
        synonyms: &["time", "datetime", "recorded", "filedat", "enteredat", "resultedat"],
        required: true,
    },
    Known {
        key: "site",
        label: "Site code",
        synonyms: &["facility", "facilitycode", "site"],
        required: true,
    },
    Known { key: "unit", label: "Unit code", synonyms: &["department", "ward", "unit"], required: false },
];

/// A row that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub subject: Subject,
    pub what: String,
    pub recorded_at: Timestamp,
    pub place: Place,
}

/// What a file contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    pub rows: Vec<Row>,
    /// Rows with the number of an earlier row.
    pub repeated: usize,
    /// Times in the hour that a clock change doubled, of which the first was taken.
    pub taken_as_first: usize,
    pub rejects: Vec<Reject>,
}

/// Where a file's codes lead, and what its times must fit into.
pub struct Setting<'a> {
    /// Site and unit code, the unit empty for the site as a whole, with the site's zone.
    pub places: &'a BTreeMap<(String, String), (Place, Zone)>,
    /// The window in which everything of the file must have been recorded, if there is one.
    pub window: Option<(Timestamp, Timestamp)>,
    pub now: Timestamp,
}

/// Reads a file; what cannot be used is refused with its reason, which never repeats a value.
pub fn read(table: &Table, mapping: &Mapping, setting: &Setting<'_>) -> Read {
    let mut found = Read::default();
    let mut seen = std::collections::BTreeSet::new();
    for record in &table.rows {
        if let Some(trouble) = &record.trouble {
            found.rejects.push(Reject { row: record.line, column: String::new(), reason: trouble.clone() });
            continue;
        }
        let cell = |key: &str| mapping.cell(record, key);
        match row(cell, setting) {
            Ok((row, doubled)) => {
                if !seen.insert(row.subject.clone()) {
                    found.repeated += 1;
                    continue;
                }
                found.taken_as_first += usize::from(doubled);
                found.rows.push(row);
            }
            Err((key, reason)) => {
                let column = mapping.column(&table.header, key).to_owned();
                found.rejects.push(Reject { row: record.line, column, reason });
            }
        }
    }
    found
}

fn row<'a>(
    cell: impl Fn(&str) -> &'a str,
    setting: &Setting<'_>,
) -> Result<(Row, bool), (&'static str, String)> {
    let subject = record(cell("number")).map_err(|error| ("number", error.to_string()))?;
    let what: String = cell("what").trim().chars().take(120).collect();
    if what.is_empty() {
        return Err(("what", "Say what it is in a few words.".into()));
    }
    let mut errors = FieldErrors::default();
    no_patient(&mut errors, "what", &what, setting.now);
    if !errors.is_empty() {
        return Err(("what", "This looks like a patient; leave only what it is.".into()));
    }
    let key = (cell("site").trim().to_lowercase(), cell("unit").trim().to_lowercase());
    let Some((place, zone)) = setting.places.get(&key) else {
        let column = if key.1.is_empty() { "site" } else { "unit" };
        return Err((column, "This is no site or unit of the downtime.".into()));
    };
    let (recorded_at, doubled) = time(cell("recorded_at"), zone).map_err(|reason| ("recorded_at", reason))?;
    if recorded_at > setting.now {
        return Err(("recorded_at", "This time is still to come.".into()));
    }
    if setting.window.is_some_and(|(from, until)| recorded_at < from || recorded_at > until) {
        return Err(("recorded_at", "This was not recorded in the window.".into()));
    }
    Ok((Row { subject, what, recorded_at, place: *place }, doubled))
}

fn time(text: &str, zone: &Zone) -> Result<(Timestamp, bool), String> {
    if let Ok(at) = Timestamp::parse_rfc3339(text) {
        return Ok((at, false));
    }
    let local = text.trim().replacen(' ', "T", 1).parse::<jiff::civil::DateTime>();
    let local = local.map_err(|_| crate::time::NotATime.to_string())?;
    match zone.local(local) {
        Local::Once(at) => Ok((at, false)),
        Local::TakenAsFirst(at) => Ok((at, true)),
        Local::NeverHappened => Err("The clocks were put forward over this time; it never was.".into()),
    }
}
