//! Good inputs of each kind, spoilt 10,000 times: each is refused where it was spoilt, or taken as what it now says.
//!
//! Half of the changes are to one value, and it is known what it must come to. The others are to bytes, where only
//! this is: nothing breaks, every item is accounted for, and every refusal has a place.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    dialect::Dialect,
    report::{Incoming, Report},
    tests::sites,
    *,
};
use crate::{
    hl7,
    table::{self, Limits},
};

const MUTATIONS: usize = 10_000;

/// `SplitMix64`: the same numbers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Cuts, doubles, turns over, overwrites or adds bytes.
    fn spoil(&mut self, good: &[u8], words: &[&str]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1)).min(bytes.len());
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(7) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.truncate(at),
                2 => {
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                3 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                4 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {
                    let word = self.pick(words).as_bytes().to_vec();
                    bytes.splice(at..at, word);
                }
            }
        }
        bytes
    }

    /// Words of up to so many characters, and what they must come to; too long ones must be refused.
    fn words(&mut self, most: usize, when_empty: Option<&str>) -> Written {
        match self.below(10) {
            0 => (String::new(), when_empty.map(str::to_owned)),
            1 => ("x".repeat(most + 1 + self.below(3)), None),
            2 => ("ß".repeat(most), Some("ß".repeat(most))),
            _ => {
                let parts = ["Ab", "Zoë", "漢字", "7", "O'Neil", "x-y", "0001", "ÄÖ.", "null", "2024-01-01"];
                let all: Vec<&str> = (0..=self.below(3)).map(|_| self.pick(&parts)).collect();
                (all.join(" "), Some(all.join(" ")))
            }
        }
    }

    fn day(&mut self) -> (usize, usize) {
        (1 + self.below(28), self.below(20))
    }

    fn minutes(&mut self) -> Written {
        match self.below(4) {
            0 => (self.pick(&["-3", "2881", "abc", "1.5.2", "99999999999999999999", "NaN"]).to_owned(), None),
            _ => {
                let minutes = self.below(2_881).to_string();
                (minutes.clone(), Some(minutes))
            }
        }
    }

    fn site(&mut self) -> Written {
        let (name, number) = match self.below(3) {
            0 => ("GENERAL", 0),
            1 => ("Cape", 1),
            _ => return (self.pick(&["Elsewhere", "Gen eral", "12", "Ü"]).to_owned(), None),
        };
        (name.to_owned(), Some(sites()[number].id.to_string()))
    }
}

/// What is written, and what it must be taken as; `None` must be refused.
type Written = (String, Option<String>);

/// What a booking says, by the name of the part.
type Facts = BTreeMap<&'static str, String>;

fn facts_of(booking: &Booking) -> Facts {
    let patient = &booking.patient;
    [
        ("id", booking.appointment.clone()),
        ("mrn", patient.mrn.clone()),
        ("name", patient.name.clone()),
        ("born", patient.born.clone()),
        ("start", booking.start.rfc3339()),
        ("minutes", booking.minutes.to_string()),
        ("service", booking.service.clone()),
        ("department", booking.department.clone()),
        ("site", booking.facility.to_string()),
    ]
    .into()
}

fn facts_of_report(report: &Report) -> Facts {
    let mut facts = facts_of(report.booking.as_ref().expect("a booking has details"));
    facts.insert("message", report.message.clone());
    facts.insert("at", report.at.at.rfc3339());
    facts
}

/// One value is changed: the others stay, and it is what it must be, or it is refused at its place.
fn check(
    part: &'static str,
    (written, expected): Written,
    good: &Facts,
    place: &str,
    came: Result<Facts, String>,
) {
    match (expected, came) {
        (Some(expected), Ok(facts)) => {
            let mut wanted = good.clone();
            wanted.insert(part, expected);
            if part == "id" && good.contains_key("message") {
                wanted.insert("message", facts["message"].clone());
            }
            assert_eq!(facts, wanted, "{part}: {written:?}");
        }
        (None, Err(refused)) => assert_eq!(refused, place, "{part}: {written:?}"),
        (expected, came) => panic!("{part} {written:?}: expected {expected:?}, came {came:?}"),
    }
}

fn sound(incoming: &Incoming) {
    for reject in incoming.rejects.iter().chain(&incoming.notes) {
        assert!(reject.reason.len() > 10, "{reject:?}");
    }
    assert!(incoming.rejects.iter().all(|reject| reject.row > 0), "{incoming:?}");
    for report in &incoming.reports {
        assert!(!report.key.id.is_empty() && !report.message.is_empty(), "{report:?}");
        assert!(report.booking.is_some() || !report.what.state().needs_details(), "{report:?}");
    }
}

#[test]
fn rows_are_refused_by_column_or_taken_as_what_they_say() {
    const COLUMNS: [(&str, &str); 10] = [
        ("id", "Appt ID"),
        ("mrn", "MRN"),
        ("name", "Patient Name"),
        ("born", "DOB"),
        ("kind", "Type"),
        ("service", "Procedure"),
        ("department", "Room"),
        ("site", "Hospital"),
        ("start", "Start Time"),
        ("minutes", "Minutes"),
    ];
    let header: Vec<&str> = COLUMNS.iter().map(|(_, column)| *column).collect();
    let good = [
        "A1",
        "0034458",
        "Doe, Jane",
        "1975-02-03",
        "surgery",
        "Thyroid",
        "OR 3",
        "General",
        "2024-07-19 08:10",
        "90",
    ];
    let read = |bytes: &[u8]| {
        let table = table::read(bytes, &Limits::IMPORT).ok()?;
        let schedule = Schedule::read(&table, &Mapping::guess(&table.header, &FIELDS), &sites(), None);
        Some((table.rows.len(), schedule))
    };
    let file = |cells: &[String]| table::write_csv(&header, [cells.to_vec()]);
    let good_cells: Vec<String> = good.map(str::to_owned).to_vec();
    let good_file = file(&good_cells);
    let good_facts = facts_of(&read(good_file.as_bytes()).unwrap().1.bookings[0]);
    let mut dice = Dice(1);
    for _ in 0..MUTATIONS / 2 {
        let (part, column) = COLUMNS[dice.below(COLUMNS.len())];
        let written = match part {
            "id" => dice.words(64, None),
            "mrn" => dice.words(32, None),
            "name" => dice.words(200, None),
            "service" => dice.words(200, Some("")),
            "department" => dice.words(120, Some("")),
            "site" => dice.site(),
            "minutes" => dice.minutes(),
            "start" => match (dice.day(), dice.below(3)) {
                ((day, hour), 0) => (
                    format!("07/{day:02}/2024 {hour}:05"),
                    Some(format!("2024-07-{day:02}T{:02}:05:00Z", hour + 4)),
                ),
                ((day, hour), 1) => (
                    format!("2024-01-{day:02}T{hour:02}:05:00Z"),
                    Some(format!("2024-01-{day:02}T{hour:02}:05:00Z")),
                ),
                _ => (
                    dice.pick(&["2024-02-30 08:00", "24-07-19 08:00", "8:10", "2024-07-19 24:10"]).to_owned(),
                    None,
                ),
            },
            "born" => match (dice.day(), dice.below(2)) {
                ((day, _), 0) => (format!("{day:02}.11.1960"), Some(format!("1960-11-{day:02}"))),
                _ => (dice.pick(&["1960", "11/31/1960", "1/1/60", "x"]).to_owned(), None),
            },
            _ => (dice.pick(&["lunch", "", "surgry"]).to_owned(), None),
        };
        let mut cells = good_cells.clone();
        cells[header.iter().position(|each| *each == column).unwrap()].clone_from(&written.0);
        let (_, schedule) = read(file(&cells).as_bytes()).unwrap();
        let came = match schedule.bookings.first() {
            Some(booking) => Ok(facts_of(booking)),
            None => Err(schedule.rejects[0].column.clone()),
        };
        check(part, written, &good_facts, column, came);
    }
    for _ in 0..MUTATIONS / 2 {
        let bytes = dice
            .spoil(good_file.as_bytes(), &["\"", ",", "\r\n", ";", "\t", "\u{0}", "MRN", "2024-11-03 01:30"]);
        if let Some((rows, schedule)) = read(&bytes) {
            let figures = schedule.figures();
            assert_eq!(usize::try_from(figures.rows), Ok(rows));
            assert_eq!(figures.rows, figures.valid + figures.duplicates + figures.invalid);
            assert!(schedule.rejects.iter().all(|reject| reject.row > 0 && reject.reason.len() > 10));
        }
    }
}

#[test]
fn messages_are_refused_by_field_or_taken_as_what_they_say() {
    const FIELDS: [(&str, &str); 11] = [
        ("at", "MSH-7"),
        ("message", "MSH-10"),
        ("id", "SCH-2.1"),
        ("minutes", "SCH-9"),
        ("start", "SCH-11.4"),
        ("mrn", "PID-3"),
        ("name", "PID-5"),
        ("born", "PID-7"),
        ("service", "AIS-3"),
        ("department", "AIL-3"),
        ("site", "AIL-3.4"),
    ];
    let good_values = [
        "20240718100000",
        "7",
        "36996",
        "30",
        "20240719081000",
        "0034458",
        "DOE",
        "19750203",
        "Return",
        "CARD",
        "GENERAL",
    ];
    let message = |values: &[String]| {
        let [at, id, appointment, minutes, start, mrn, name, born, service, department, site] = values else {
            unreachable!("one value for each field")
        };
        format!(
            "MSH|^~\\&|APP||D|G|{at}||SIU^S12|{id}|P|2.3|||||||UNICODE UTF-8\rSCH||{appointment}^EPIC||||NEW||VISIT|{minutes}|MIN|^^^{start}\r\
             PID|1||{mrn}^^^GENERAL^MR||{name}||{born}|F\rAIS|1||^{service}\rAIL|1||{department}^^^{site}\r"
        )
    };
    let (sites, zone, dialect) = (sites(), Zone::utc(), Dialect::default());
    let reader = siu::Reader::new(&sites, &dialect, &zone);
    let read = |text: &str| {
        let incoming = reader.file(text.as_bytes(), &hl7::Limits::IMPORT).unwrap();
        sound(&incoming);
        match incoming.reports.first() {
            Some(report) => Ok(facts_of_report(report)),
            None => Err(incoming.rejects[0].column.clone()),
        }
    };
    let good_values: Vec<String> = good_values.map(str::to_owned).to_vec();
    let good = message(&good_values);
    let good_facts = read(&good).unwrap();
    let mut dice = Dice(2);
    for _ in 0..MUTATIONS / 2 {
        let number = dice.below(FIELDS.len());
        let (part, place) = FIELDS[number];
        let written = match part {
            "message" => dice.words(199, None),
            "id" => dice.words(64, None),
            "mrn" => dice.words(32, None),
            "name" => dice.words(200, None),
            "service" => dice.words(300, Some("VISIT")),
            "department" => dice.words(120, Some("")),
            "site" => dice.site(),
            "minutes" => dice.minutes(),
            "at" | "start" => match (dice.day(), dice.below(3)) {
                ((day, hour), 0) => (
                    format!("202407{day:02}{hour:02}0500"),
                    Some(format!("2024-07-{day:02}T{:02}:05:00Z", hour + 4)),
                ),
                ((day, hour), 1) => (
                    format!("202401{day:02}{hour:02}05+0000"),
                    Some(format!("2024-01-{day:02}T{hour:02}:05:00Z")),
                ),
                _ => (
                    dice.pick(&["20240230", "2024071924", "soon", "2024-07-19", "", "20240310023000"])
                        .to_owned(),
                    None,
                ),
            },
            _ => match (dice.day(), dice.below(2)) {
                ((day, _), 0) => (format!("196011{day:02}"), Some(format!("1960-11-{day:02}"))),
                _ => (dice.pick(&["19601131", "11/30/1960", "x", "19"]).to_owned(), None),
            },
        };
        // A service may be longer than a booking's, which holds 200.
        let (text, expected) = written;
        let expected = expected.filter(|text| text.chars().count() <= 200);
        let mut values = good_values.clone();
        values[number].clone_from(&text);
        check(part, (text, expected), &good_facts, place, read(&message(&values)));
    }
    let words = [
        "|",
        "^",
        "~",
        "\\",
        "&",
        "\r",
        "\n",
        "\rPID|1||",
        "\rMSH|^~\\&|",
        "\\X00\\",
        "\u{b}",
        "\u{1c}\r",
        "\rBTS|9",
        "2024",
    ];
    for _ in 0..MUTATIONS / 2 {
        let bytes = dice.spoil(good.as_bytes(), &words);
        let pieces = hl7::file::split(&bytes, &hl7::Limits::IMPORT);
        let incoming = reader.file(&bytes, &hl7::Limits::IMPORT);
        assert_eq!(pieces.as_ref().err(), incoming.as_ref().err());
        if let (Ok(pieces), Ok(incoming)) = (pieces, incoming) {
            assert_eq!(usize::try_from(incoming.items()), Ok(pieces.messages.len()));
            sound(&incoming);
        }
    }
}

#[test]
fn resources_are_refused_by_element_or_taken_as_what_they_say() {
    const ELEMENTS: [(&str, &str, &str); 9] = [
        ("at", "/meta/lastUpdated", "Appointment.meta.lastUpdated"),
        ("id", "/identifier/0/value", "Appointment.identifier[0].value"),
        ("minutes", "/minutesDuration", "Appointment.minutesDuration"),
        ("start", "/start", "Appointment.start"),
        ("mrn", "/contained/0/identifier/0/value", "Appointment.participant[0].actor"),
        ("name", "/contained/0/name/0/family", "Appointment.participant[0].actor"),
        ("born", "/contained/0/birthDate", "Appointment.participant[0].actor"),
        ("service", "/serviceType/0/text", "Appointment.serviceType"),
        ("site", "/contained/1/managingOrganization/display", "Appointment.participant[1].actor"),
    ];
    let good = json!({
        "resourceType": "Appointment", "id": "b7",
        "meta": {"versionId": "5", "lastUpdated": "2024-07-18T21:15:00Z"},
        "contained": [
            {"resourceType": "Patient", "id": "p", "identifier": [{"value": "01"}], "name": [{"family": "Poe"}], "birthDate": "1988-07-04"},
            {"resourceType": "Location", "id": "l", "name": "Bay 2", "managingOrganization": {"display": "Cape"}}
        ],
        "identifier": [{"system": "urn:x", "value": "C-900"}],
        "status": "booked", "appointmentType": {"text": "visit"},
        "serviceType": [{"text": "Infusion"}], "start": "2024-07-19T13:00:00Z", "minutesDuration": 90,
        "participant": [{"actor": {"reference": "#p"}}, {"actor": {"reference": "#l"}}]
    });
    let (sites, zone, dialect) = (sites(), Zone::utc(), Dialect::default());
    let reader = fhir::Reader::new(&sites, &dialect, &zone, Timestamp::from_seconds(1_721_000_000));
    let read = |value: &Value| {
        let incoming = reader.file(value.to_string().as_bytes(), &fhir::Limits::IMPORT).unwrap();
        sound(&incoming);
        match incoming.reports.first() {
            Some(report) => Ok(facts_of_report(report)),
            None => Err(incoming.rejects[0].column.clone()),
        }
    };
    let good_facts = read(&good).unwrap();
    let mut dice = Dice(3);
    for _ in 0..MUTATIONS / 2 {
        let (part, pointer, place) = ELEMENTS[dice.below(ELEMENTS.len())];
        let written = match part {
            "id" => dice.words(64, Some("b7")),
            "mrn" => dice.words(32, None),
            "name" => dice.words(200, None),
            "service" => dice.words(200, Some("visit")),
            "site" => dice.site(),
            "minutes" => dice.minutes(),
            "at" | "start" => match (dice.day(), dice.below(3)) {
                ((day, hour), 0) => (
                    format!("2024-07-{day:02}T{hour:02}:05:00-04:00"),
                    Some(format!("2024-07-{day:02}T{:02}:05:00Z", hour + 4)),
                ),
                ((day, hour), 1) => (
                    format!("2024-01-{day:02}T{hour:02}:05:00Z"),
                    Some(format!("2024-01-{day:02}T{hour:02}:05:00Z")),
                ),
                _ => (
                    dice.pick(&["2024-02-30T08:00Z", "20240719", "soon", "2024-07-19T25:00Z", ""]).to_owned(),
                    None,
                ),
            },
            _ => match (dice.day(), dice.below(2)) {
                ((day, _), 0) => (format!("1960-11-{day:02}"), Some(format!("1960-11-{day:02}"))),
                _ => (dice.pick(&["1960-11-31", "11/30/1960", "x", "60"]).to_owned(), None),
            },
        };
        let mut value = good.clone();
        // Minutes are a number where they can be one.
        let number = written.0.parse::<i64>().ok().filter(|_| part == "minutes");
        *value.pointer_mut(pointer).unwrap() =
            number.map_or_else(|| Value::from(written.0.clone()), Value::from);
        check(part, written, &good_facts, place, read(&value));
    }
    let (text, bundle) = (good.to_string(), json!({"resourceType": "Bundle", "entry": [{"resource": good}]}));
    let words = [
        "\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "\\u0000",
        "\\ud800",
        "1e999",
        "\n",
        "\"resourceType\":\"Patient\",",
    ];
    for round in 0..MUTATIONS / 2 {
        let bytes = if round % 2 == 0 {
            dice.spoil(text.as_bytes(), &words)
        } else {
            let mut value = bundle.clone();
            exchange(&mut dice, &mut value);
            value.to_string().into_bytes()
        };
        if let Ok(incoming) = reader.file(&bytes, &fhir::Limits::IMPORT) {
            sound(&incoming);
        }
    }
}

/// Puts some other value in the place of one, anywhere.
fn exchange(dice: &mut Dice, value: &mut Value) {
    let other = || {
        [
            Value::Null,
            json!(-1),
            json!(1.5),
            json!(""),
            json!("x".repeat(5_000)),
            json!([]),
            json!({}),
            json!([[{}]]),
            json!(true),
        ]
    };
    let inner: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    let count = inner.len();
    match inner.into_iter().nth(dice.below(count + 1)) {
        Some(inner) => exchange(dice, inner),
        None if count > 0 && dice.below(3) > 0 => exchange(dice, value),
        None => *value = other()[dice.below(9)].clone(),
    }
}
