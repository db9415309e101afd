//! Rows of a file.

use super::{Dice, HALF, Written, check, facts_of};
use crate::{
    schedule::{FIELDS, Mapping, Schedule, tests::sites},
    table::{self, Limits},
};

/// The parts of a row, their columns, and a good one.
const COLUMNS: [(&str, &str, &str); 10] = [
    ("id", "Appt ID", "A1"),
    ("mrn", "MRN", "0034458"),
    ("name", "Patient Name", "Doe, Jane"),
    ("born", "DOB", "1975-02-03"),
    ("kind", "Type", "surgery"),
    ("service", "Procedure", "Thyroid"),
    ("department", "Room", "OR 3"),
    ("site", "Hospital", "General"),
    ("start", "Start Time", "2024-07-19 08:10"),
    ("minutes", "Minutes", "90"),
];

fn file(cells: &[String]) -> String {
    table::write_csv(&COLUMNS.map(|(_, column, _)| column), [cells.to_vec()])
}

/// How many rows there were, and what became of them.
fn read(bytes: &[u8]) -> Option<(usize, Schedule)> {
    let table = table::read(bytes, &Limits::IMPORT).ok()?;
    let mapping = Mapping::guess(&table.header, &FIELDS);
    Some((table.rows.len(), Schedule::read(&table, &mapping, &sites(), None)))
}

fn written(dice: &mut Dice, part: &str) -> Written {
    match part {
        "id" => dice.words(64, None),
        "mrn" => dice.words(32, None),
        "name" => dice.words(200, None),
        "service" => dice.words(200, Some("")),
        "department" => dice.words(120, Some("")),
        "site" => dice.site(),
        "minutes" => dice.minutes(),
        "start" => match dice.time() {
            Some(at) if at.is_local => (format!("07/{:02}/2024 {}:05", at.day, at.hour), Some(at.meant)),
            Some(at) => (at.meant.clone(), Some(at.meant)),
            None => dice.wrong(&["2024-02-30 08:00", "24-07-19 08:00", "8:10", "2024-07-19 24:10"]),
        },
        "born" => match (dice.day(), dice.below(2)) {
            ((day, _), 0) => (format!("{day:02}.11.1960"), Some(format!("1960-11-{day:02}"))),
            _ => dice.wrong(&["1960", "11/31/1960", "1/1/60", "x"]),
        },
        _ => dice.wrong(&["lunch", "", "surgry"]),
    }
}

#[test]
fn rows_are_refused_by_column_or_taken_as_what_they_say() {
    let good = COLUMNS.map(|(_, _, good)| good.to_owned());
    let good_facts = facts_of(&read(file(&good).as_bytes()).unwrap().1.bookings[0]);
    let mut dice = Dice(1);
    for _ in 0..HALF {
        let number = dice.below(COLUMNS.len());
        let (part, column, _) = COLUMNS[number];
        let written = written(&mut dice, part);
        let mut cells = good.clone();
        cells[number].clone_from(&written.0);
        let (_, schedule) = read(file(&cells).as_bytes()).unwrap();
        let refused = || schedule.rejects[0].column.clone();
        check(
            part,
            written,
            &good_facts,
            column,
            schedule.bookings.first().map(facts_of).ok_or_else(refused),
        );
    }
    let words = ["\"", ",", "\r\n", ";", "\t", "\u{0}", "MRN", "2024-11-03 01:30"];
    for _ in 0..HALF {
        let Some((rows, schedule)) = read(&dice.spoil(file(&good).as_bytes(), &words)) else { continue };
        let figures = schedule.figures();
        assert_eq!(usize::try_from(figures.rows), Ok(rows));
        assert_eq!(figures.rows, figures.valid + figures.duplicates + figures.invalid);
        assert!(schedule.rejects.iter().all(|reject| reject.row > 0 && reject.reason.len() > 10));
    }
}
