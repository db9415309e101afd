//! The schedule of scenario S2, made up from nothing: 4,812 rows = 212 duplicates + 37 refused + 4,563 usable
//! (318 procedures, 4,245 visits), with a byte order mark, CRLF, record numbers with leading zeros and a comma
//! inside a quoted name. No person in it exists.

use std::fmt::Write as _;

use crate::harbor::SITES;

/// The day that S2 cancels.
pub const DAY: &str = "2024-07-19";

/// When the snapshot was taken, as one types it.
pub const AS_OF: &str = "2024-07-18 23:50";

const HEADER: &str = "Appt ID,MRN,Patient Name,DOB,Phone,Email,Language,Type,Procedure,Department,Hospital,\
                      Surgeon,Start Time,Minutes,Triage Scheme,Triage,Category";

/// What goes ahead among the procedures, by scheme and value: 41.
const KEPT_PROCEDURES: [(&str, &str, usize); 4] =
    [("fssa", "P1a", 6), ("fssa", "P1b", 12), ("esas", "3a", 15), ("esas", "3b", 8)];

/// What does not: 277.
const CANCELLED_PROCEDURES: [(&str, &str, usize); 3] =
    [("fssa", "P2", 58), ("fssa", "P3", 141), ("fssa", "P4", 78)];

/// What goes ahead among the visits, by class: 389.
const KEPT_VISITS: [(&str, usize); 4] =
    [("dialysis", 140), ("infusion", 121), ("radiotherapy", 74), ("obstetric", 54)];

const CANCELLED_VISITS: usize = 3_856;
const DUPLICATES: usize = 212;
const BAD_DATES: usize = 31;
const MISSING_IDS: usize = 6;

const OPERATIONS: [&str; 6] = [
    "Knee replacement",
    "Hernia repair",
    "Cataract surgery",
    "Thyroid surgery",
    "Colonoscopy",
    "Hip revision",
];
const VISITS: [&str; 4] = ["Clinic visit, return", "New patient", "Wound check", "Therapy"];
const NAMES: [&str; 8] = ["Alder", "Birch", "Cedar", "Doyle", "Elm", "Frost", "Gray", "Hazel"];
const LANGUAGES: [&str; 12] = [
    "English",
    "English",
    "English",
    "English",
    "English",
    "English",
    "English",
    "English",
    "English",
    "English",
    "Spanish",
    "Haitian Creole",
];

/// The file.
pub fn file() -> Vec<u8> {
    let mut rows = usable();
    let again: Vec<String> = rows.iter().take(DUPLICATES).cloned().collect();
    for (index, row) in again.into_iter().enumerate() {
        // Between the others, where an export that joins on resources leaves them.
        rows.insert(1_000 + index * 5, row);
    }
    for index in 0..BAD_DATES {
        let bad = row(
            9_000 + index,
            &format!("B{index:05}"),
            "visit",
            "Clinic visit",
            ("", "", ""),
            "19th of July",
        );
        rows.insert(100 + index * 100, bad);
    }
    for index in 0..MISSING_IDS {
        let bad = row(9_500 + index, "", "visit", "Clinic visit", ("", "", ""), "2024-07-19 09:00");
        rows.insert(50 + index * 300, bad);
    }
    let mut text = format!("\u{feff}{HEADER}\r\n");
    for row in rows {
        text.push_str(&row);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// The rows that can be used, procedures first.
fn usable() -> Vec<String> {
    let mut rows = Vec::new();
    for (scheme, value, count) in KEPT_PROCEDURES.into_iter().chain(CANCELLED_PROCEDURES) {
        for _ in 0..count {
            let index = rows.len();
            let start = start(index, 6 * 60 + 30, 9 * 60);
            let operation = OPERATIONS[index % OPERATIONS.len()];
            rows.push(row(index, &format!("A{index:06}"), "surgery", operation, (scheme, value, ""), &start));
        }
    }
    let classes = KEPT_VISITS.into_iter().chain([("", CANCELLED_VISITS)]);
    for (class, count) in classes {
        for _ in 0..count {
            let index = rows.len();
            let start = start(index, 7 * 60, 10 * 60);
            let visit = VISITS[index % VISITS.len()];
            rows.push(row(index, &format!("A{index:06}"), "visit", visit, ("", "", class), &start));
        }
    }
    rows
}

fn start(index: usize, first: usize, minutes: usize) -> String {
    let minute = first + index * 5 % minutes;
    format!("{DAY} {:02}:{:02}", minute / 60, minute % 60)
}

fn row(
    index: usize,
    appointment: &str,
    kind: &str,
    service: &str,
    (scheme, value, class): (&str, &str, &str),
    start: &str,
) -> String {
    let family = NAMES[index % NAMES.len()];
    // One person of them all is written with a comma, as "Family, Given".
    let name = if index == 4 { format!("\"{family}, Person\"") } else { format!("{family} {index}") };
    let site = SITES[index % SITES.len()].1;
    let service = if service.contains(',') { format!("\"{service}\"") } else { service.to_owned() };
    let mut row = String::new();
    write!(
        row,
        "{appointment},{:07},{name},{}-03-0{},+1555{index:07},,{},{kind},{service},Room {},{site},Provider {},\
         {start},45,{scheme},{value},{class}",
        index + 1,
        1930 + index % 80,
        1 + index % 9,
        LANGUAGES[index % LANGUAGES.len()],
        1 + index % 9,
        index % 40,
    )
    .expect("a text takes what is written");
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_rows_of_the_scenario() {
        let file = String::from_utf8(file()).unwrap();
        assert!(file.starts_with('\u{feff}') && file.contains("\r\n") && file.contains(",\"Elm, Person\","));
        assert_eq!(file.lines().count(), 4_812 + 1);
        assert_eq!(usable().len(), 4_563);
    }
}
