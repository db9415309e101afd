//! Scheduling messages.

use super::{Dice, Facts, HALF, Written, check, facts_of_report, sound};
use crate::{
    hl7::{Limits, file},
    schedule::{dialect::Dialect, report::Incoming, siu::Reader, tests::sites},
    time::Zone,
};

/// The parts of a message, where they stand, and a good one.
const FIELDS: [(&str, &str, &str); 11] = [
    ("at", "MSH-7", "20240718100000"),
    ("message", "MSH-10", "7"),
    ("id", "SCH-2.1", "36996"),
    ("minutes", "SCH-9", "30"),
    ("start", "SCH-11.4", "20240719081000"),
    ("mrn", "PID-3", "0034458"),
    ("name", "PID-5", "DOE"),
    ("born", "PID-7", "19750203"),
    ("service", "AIS-3", "Return"),
    ("department", "AIL-3", "CARD"),
    ("site", "AIL-3.4", "GENERAL"),
];

fn message(
    [at, id, appointment, minutes, start, mrn, name, born, service, department, site]: &[String; 11],
) -> String {
    format!(
        "MSH|^~\\&|APP||D|G|{at}||SIU^S12|{id}|P|2.3|||||||UNICODE UTF-8\r\
         SCH||{appointment}^EPIC||||NEW||VISIT|{minutes}|MIN|^^^{start}\r\
         PID|1||{mrn}^^^GENERAL^MR||{name}||{born}|F\r\
         AIS|1||^{service}\r\
         AIL|1||{department}^^^{site}\r"
    )
}

fn incoming(bytes: &[u8]) -> Result<Incoming, file::NoFile> {
    let (sites, zone) = (sites(), Zone::utc());
    Reader::new(&sites, &Dialect::default(), &zone).file(bytes, &Limits::IMPORT)
}

fn read(text: &str) -> Result<Facts, String> {
    let incoming = incoming(text.as_bytes()).unwrap();
    sound(&incoming);
    incoming.reports.first().map(facts_of_report).ok_or_else(|| incoming.rejects[0].column.clone())
}

fn written(dice: &mut Dice, part: &str) -> Written {
    match part {
        "message" => dice.words(199, None),
        "id" => dice.words(64, None),
        "mrn" => dice.words(32, None),
        "name" => dice.words(200, None),
        "service" => dice.words(200, Some("VISIT")),
        "department" => dice.words(120, Some("")),
        "site" => dice.site(),
        "minutes" => dice.minutes(),
        "at" | "start" => match dice.time() {
            Some(at) if at.is_local => (format!("202407{:02}{:02}0500", at.day, at.hour), Some(at.meant)),
            Some(at) => (format!("202401{:02}{:02}05+0000", at.day, at.hour), Some(at.meant)),
            None => dice.wrong(&["20240230", "2024071924", "soon", "2024-07-19", "", "20240310023000"]),
        },
        _ => match (dice.day(), dice.below(2)) {
            ((day, _), 0) => (format!("196011{day:02}"), Some(format!("1960-11-{day:02}"))),
            _ => dice.wrong(&["19601131", "11/30/1960", "x", "19"]),
        },
    }
}

#[test]
fn messages_are_refused_by_field_or_taken_as_what_they_say() {
    let good = FIELDS.map(|(_, _, good)| good.to_owned());
    let good_facts = read(&message(&good)).unwrap();
    let mut dice = Dice(2);
    for _ in 0..HALF {
        let number = dice.below(FIELDS.len());
        let (part, place, _) = FIELDS[number];
        let written = written(&mut dice, part);
        let mut values = good.clone();
        values[number].clone_from(&written.0);
        check(part, written, &good_facts, place, read(&message(&values)));
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
    for _ in 0..HALF {
        let bytes = dice.spoil(message(&good).as_bytes(), &words);
        let (pieces, incoming) = (file::split(&bytes, &Limits::IMPORT), incoming(&bytes));
        assert_eq!(pieces.as_ref().err(), incoming.as_ref().err());
        if let (Ok(pieces), Ok(incoming)) = (pieces, incoming) {
            assert_eq!(usize::try_from(incoming.items()), Ok(pieces.messages.len()));
            sound(&incoming);
        }
    }
}
