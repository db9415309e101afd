//! A schedule as rows and columns.
#![no_main]

use std::sync::LazyLock;

use domain::{
    schedule::{FIELDS, Schedule, Site},
    table::{self, Limits, Mapping},
};
use libfuzzer_sys::fuzz_target;

static SITES: LazyLock<Vec<Site>> = LazyLock::new(fuzz::sites);

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = table::read(bytes, &Limits::IMPORT) else { return };
    let mapping = Mapping::guess(&table.header, &FIELDS);
    let schedule = Schedule::read(&table, &mapping, &SITES, None);
    let figures = schedule.figures();
    assert_eq!(usize::try_from(figures.rows), Ok(table.rows.len()));
    assert_eq!(figures.rows, figures.valid + figures.duplicates + figures.invalid);
    assert!(schedule.rejects.iter().all(|reject| reject.row > 0 && !reject.reason.is_empty()));
    let list = table::rejects_csv(&schedule.rejects);
    assert!(table::read(list.as_bytes(), &Limits::IMPORT).is_ok());
});
