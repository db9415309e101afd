//! The files of cross-checks: one side's list with a key in each row, and the census of units and days.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    command::{day, number},
    compared,
};
use crate::{
    entry,
    id::UnitId,
    playbooks::Occasion,
    table::{Known as Column, Mapping, Record, Reject},
};

/// The columns of one side's list.
pub const LIST_COLUMNS: [Column; 5] = [
    column(
        "key",
        "Key (what both lists call it)",
        true,
        &[
            "id",
            "number",
            "accession",
            "accessionnumber",
            "encounter",
            "csn",
            "mrn",
            "dose",
            "batch",
            "unitnumber",
        ],
    ),
    column("amount", "How many", false, &["quantity", "count", "pages", "doses", "units"]),
    column("unit", "Unit (code, as general/4w)", false, &["ward", "department", "location"]),
    column("what", "What it is", false, &["description", "medicine", "study", "operation", "product"]),
    column(
        "patient",
        "Patient (record number)",
        false,
        &["patientnumber", "patientid", "recordnumber", "medicalrecordnumber"],
    ),
];

/// The columns of a census.
pub const CENSUS_COLUMNS: [Column; 7] = [
    column("unit", "Unit (code, as general/4w)", true, &["ward", "department", "location"]),
    column("day", "Day, as 2024-07-19", true, &["date", "censusdate"]),
    column("patient_day", "Patients", false, &["patients", "patientdays", "census", "occupied"]),
    column("arrival", "Arrivals", false, &["arrivals", "edvisits"]),
    column("operation", "Operations", false, &["operations", "procedures", "cases"]),
    column("visit", "Visits", false, &["visits", "appointments"]),
    column("admission", "Admissions", false, &["admissions", "admits"]),
];

const fn column(
    key: &'static str,
    label: &'static str,
    required: bool,
    synonyms: &'static [&'static str],
) -> Column {
    Column { key, label, synonyms, required }
}

/// The units of the incident's sites, by `site/unit` in lower case.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub units: BTreeMap<String, UnitId>,
}

/// One thing that a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The line of the file that named it first.
    pub line: u64,
    /// As it is compared.
    pub key: String,
    /// As it was written first.
    pub written: String,
    pub amount: i64,
    pub unit: Option<UnitId>,
    pub what: String,
    /// Whose it is, as the list says: a record number or a downtime number.
    pub patient: Option<String>,
}

/// What a list contains. A key that stands several times counts as often, or as much as its amounts add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadList {
    pub rows: Vec<ListRow>,
    /// Rows whose key stood there before and was added to.
    pub repeated: usize,
    pub rejects: Vec<Reject>,
}

const MOST_AMOUNT: i64 = 1_000_000;

/// Reads one side's list.
pub fn read_list(rows: &[Record], header: &[String], mapping: &Mapping, known: &Known) -> ReadList {
    let mut read = ReadList::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for record in rows {
        let row = match &record.trouble {
            Some(trouble) => Err(("", trouble.clone())),
            None => list_row(record, mapping, known),
        };
        match row {
            Err((key, reason)) => refuse(&mut read.rejects, record, mapping.column(header, key), reason),
            Ok(row) => {
                if let Some(place) = places.get(&row.key) {
                    read.rows[*place].amount += row.amount;
                    read.repeated += 1;
                } else {
                    places.insert(row.key.clone(), read.rows.len());
                    read.rows.push(row);
                }
            }
        }
    }
    read
}

fn refuse(rejects: &mut Vec<Reject>, record: &Record, column: &str, reason: String) {
    rejects.push(Reject { row: record.line, column: column.to_owned(), reason });
}

fn list_row(record: &Record, mapping: &Mapping, known: &Known) -> Result<ListRow, (&'static str, String)> {
    let written = mapping.cell(record, "key").trim().to_owned();
    let key = compared(&written);
    if key.is_empty() {
        return Err(("key", "Write the key; without it nothing can be compared.".to_owned()));
    }
    if written.chars().count() > 120 || written.chars().any(char::is_control) {
        return Err(("key", "A key has at most 120 characters in one line.".to_owned()));
    }
    let what = mapping.cell(record, "what").trim().to_owned();
    if what.chars().count() > 200 {
        return Err(("what", "Shorten this to 200 characters.".to_owned()));
    }
    let amount = mapping.cell(record, "amount").trim();
    let amount = if amount.is_empty() { Some(1) } else { amount.parse().ok() };
    let Some(amount) = amount.filter(|amount| (0..=MOST_AMOUNT).contains(amount)) else {
        return Err(("amount", format!("Write a whole number, 0 to {MOST_AMOUNT}.")));
    };
    let unit = unit(mapping.cell(record, "unit"), known)?;
    let patient = match mapping.cell(record, "patient").trim() {
        "" => None,
        number => Some(entry::number(&number.into()).map_err(|reason| ("patient", reason.to_owned()))?),
    };
    Ok(ListRow { line: record.line, key, written, amount, unit, what, patient })
}

fn unit(text: &str, known: &Known) -> Result<Option<UnitId>, (&'static str, String)> {
    let code = text.trim().to_lowercase();
    if code.is_empty() {
        return Ok(None);
    }
    let found = known.units.get(&code).copied().map(Some);
    found.ok_or_else(|| {
        ("unit", "There is no such unit at a site of this downtime; write it as general/4w.".to_owned())
    })
}

/// One unit's day and occasion.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CensusRow {
    pub unit: UnitId,
    pub day: String,
    pub occasion: Occasion,
    pub number: i64,
}

/// What a census contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadCensus {
    pub rows: Vec<CensusRow>,
    /// Rows that name a unit and day of an earlier row, which holds.
    pub duplicates: usize,
    pub rejects: Vec<Reject>,
}

/// Reads a census.
pub fn read_census(rows: &[Record], header: &[String], mapping: &Mapping, known: &Known) -> ReadCensus {
    let mut read = ReadCensus::default();
    let mut seen = BTreeSet::new();
    for record in rows {
        let row = match &record.trouble {
            Some(trouble) => Err(("", trouble.clone())),
            None => census_row(record, mapping, known),
        };
        match row {
            Err((key, reason)) => refuse(&mut read.rejects, record, mapping.column(header, key), reason),
            Ok((unit, day, _)) if !seen.insert((unit, day.clone())) => read.duplicates += 1,
            Ok((unit, day, numbers)) => {
                let row = |(occasion, number)| CensusRow { unit, day: day.clone(), occasion, number };
                read.rows.extend(numbers.into_iter().map(row));
            }
        }
    }
    read
}

type UnitDay = (UnitId, String, Vec<(Occasion, i64)>);

fn census_row(record: &Record, mapping: &Mapping, known: &Known) -> Result<UnitDay, (&'static str, String)> {
    let Some(unit) = unit(mapping.cell(record, "unit"), known)? else {
        return Err(("unit", "Write the codes of site and unit as general/4w.".to_owned()));
    };
    let day = day(mapping.cell(record, "day")).map_err(|reason| ("day", reason))?;
    let mut numbers = Vec::new();
    for occasion in Occasion::ALL {
        let said =
            number(mapping.cell(record, occasion.code())).map_err(|reason| (occasion.code(), reason))?;
        numbers.extend(said.map(|number| (occasion, number)));
    }
    if numbers.is_empty() {
        return Err(("patient_day", "Say at least one number.".to_owned()));
    }
    Ok((unit, day, numbers))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::table::{self, Limits};

    fn known() -> Known {
        Known { units: BTreeMap::from([("general/4w".to_owned(), UnitId(Uuid::from_u128(1)))]) }
    }

    fn list(text: &str) -> ReadList {
        let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
        let mapping = Mapping::guess(&table.header, &LIST_COLUMNS);
        read_list(&table.rows, &table.header, &mapping, &known())
    }

    #[test]
    fn a_key_that_stands_twice_counts_twice() {
        let read = list("Accession,Quantity,Unit\nA-1,,General/4W\na 1,2,\n a-1 ,3,\n");
        let rows: Vec<_> =
            read.rows.iter().map(|row| (row.key.as_str(), row.amount, row.unit.is_some())).collect();
        assert_eq!(rows, [("A-1", 4, true), ("A1", 2, false)]);
        assert_eq!((read.repeated, read.rejects.len()), (1, 0));
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_row_and_column() {
        let text = format!("key,amount,unit\n,1,\nX,many,\nX,-1,\nX,1,mars/4w\n{},1,\n", "9".repeat(121));
        let read = list(&text);
        let found: Vec<_> = read.rejects.iter().map(|reject| (reject.row, reject.column.as_str())).collect();
        assert_eq!(found, [(2, "key"), (3, "amount"), (4, "amount"), (5, "unit"), (6, "key")]);
        assert!(read.rows.is_empty());
    }

    #[test]
    fn a_census_says_numbers_of_units_and_days() {
        let text = "ward,date,patients,visits\ngeneral/4w,2024-07-19,26,\ngeneral/4w,2024-07-19,27,\ngeneral/4w,2024-07-20,,\ngeneral/4w,yesterday,1,\n,2024-07-19,1,\n";
        let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
        let mapping = Mapping::guess(&table.header, &CENSUS_COLUMNS);
        let read = read_census(&table.rows, &table.header, &mapping, &known());
        assert_eq!(read.rows.len(), 1);
        assert_eq!((read.rows[0].number, read.duplicates), (26, 1));
        let found: Vec<_> = read.rejects.iter().map(|reject| (reject.row, reject.column.as_str())).collect();
        assert_eq!(found, [(4, "patients"), (5, "date"), (6, "ward")]);
    }
}
