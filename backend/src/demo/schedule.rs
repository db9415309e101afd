//! A day's schedule of Harbor Health as a nightly export writes it, for trying cancellations: the patients in it are
//! made up like everybody else.

use std::fmt::Write as _;

use super::{Size, chance::Chance, hospital::SITES, staff};

/// The first line of the file.
const HEADER: &str = "Appt ID,MRN,Patient Name,DOB,Phone,Language,Type,Procedure,Department,Hospital,Surgeon,\
                      Start Time,Minutes,Triage Scheme,Triage,Category";

/// How many procedures there are of each priority at the largest size: scheme, value, count.
const PROCEDURES: [(&str, &str, usize); 7] = [
    ("fssa", "P1a", 6),
    ("fssa", "P1b", 12),
    ("esas", "3a", 15),
    ("esas", "3b", 8),
    ("fssa", "P2", 58),
    ("fssa", "P3", 141),
    ("fssa", "P4", 78),
];

/// How many visits there are of each class at the largest size.
const VISITS: [(&str, usize); 5] =
    [("dialysis", 140), ("infusion", 121), ("radiotherapy", 74), ("obstetric", 54), ("", 3_856)];

const OPERATIONS: [&str; 6] = [
    "Knee replacement",
    "Hernia repair",
    "Cataract surgery",
    "Thyroid surgery",
    "Colonoscopy",
    "Hip revision",
];
const REASONS: [&str; 4] = ["Return visit", "New patient", "Wound check", "Therapy"];
const LANGUAGES: [&str; 6] = ["English", "English", "English", "English", "Spanish", "Portuguese"];

impl Size {
    /// Of so many rows of the largest size one is made.
    const fn one_row_of(self) -> usize {
        match self {
            Self::S => 20,
            Self::M => 4,
            Self::L => 1,
        }
    }
}

/// The file for a day, written `2024-07-19`.
pub(super) fn file(size: Size, day: &str, seed: u64) -> String {
    let mut chance = Chance::from_seed(seed);
    let mut text = format!("{HEADER}\r\n");
    let mut number = 0;
    let count = |most: usize| most.div_ceil(size.one_row_of());
    for (scheme, value, most) in PROCEDURES {
        for _ in 0..count(most) {
            let service = *chance.one_of(&OPERATIONS);
            row(&mut text, number, ("surgery", service), (scheme, value, ""), day, &mut chance);
            number += 1;
        }
    }
    for (class, most) in VISITS {
        for _ in 0..count(most) {
            let service = *chance.one_of(&REASONS);
            row(&mut text, number, ("visit", service), ("", "", class), day, &mut chance);
            number += 1;
        }
    }
    text
}

fn row(
    text: &mut String,
    number: usize,
    (kind, service): (&str, &str),
    (scheme, value, class): (&str, &str, &str),
    day: &str,
    chance: &mut Chance,
) {
    let site = SITES[number % SITES.len()].short_name;
    let minute = 7 * 60 + chance.below(120) * 5;
    let (born, month, date) = (1932 + chance.below(88), 1 + chance.below(12), 1 + chance.below(28));
    let (patient, provider) = (staff::name(chance), staff::name(chance));
    let (language, room) = (*chance.one_of(&LANGUAGES), 1 + chance.below(40));
    write!(
        text,
        "A{number:06},{:07},{patient},{born}-{month:02}-{date:02},+1{}55501{:02},{language},{kind},{service},\
         Room {room},{site},{provider},{day} {:02}:{:02},45,{scheme},{value},{class}\r\n",
        number + 1,
        200 + number / 100,
        number % 100,
        minute / 60,
        minute % 60,
    )
    .expect("a text takes what is written");
}

#[cfg(test)]
mod tests {
    use domain::{
        schedule::FIELDS,
        table::{self, Limits, Mapping},
    };

    use super::*;

    #[test]
    fn the_largest_day_has_318_procedures_and_4_245_visits_in_columns_that_are_found() {
        let text = file(Size::L, "2024-07-19", 1);
        assert_eq!(text.lines().count(), 1 + 318 + 4_245);
        let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
        assert!(Mapping::guess(&table.header, &FIELDS).missing(&FIELDS).is_empty());
        assert!(table.rows.iter().all(|row| row.trouble.is_none()));
        assert!(file(Size::S, "2024-07-19", 1).lines().count() > 200);
    }
}
