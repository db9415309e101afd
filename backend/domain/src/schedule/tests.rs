//! Rows as hospitals write them.

use jiff::civil::date as day;
use proptest::prelude::*;

use super::{
    written::{date, local},
    *,
};
use crate::table::{self, Limits};

pub(super) fn sites() -> Vec<Site> {
    let site = |number: u128, code: &str, name: &str| Site {
        id: FacilityId(uuid::Uuid::from_u128(number)),
        code: code.into(),
        name: name.into(),
        short_name: name.into(),
        zone: Zone::named("America/New_York").unwrap(),
    };
    vec![site(1, "general", "General"), site(2, "cape", "Cape")]
}

fn read(rows: &str) -> Schedule {
    let file = format!(
        "Appt ID,MRN,Patient Name,DOB,Phone,Type,Procedure,Hospital,Start Time,Minutes,Triage Scheme,Triage,Category\r\n{rows}"
    );
    let table = table::read(file.as_bytes(), &Limits::IMPORT).unwrap();
    let mapping = Mapping::guess(&table.header, &FIELDS);
    assert_eq!(mapping.missing(&FIELDS), Vec::<&Known>::new());
    Schedule::read(&table, &mapping, &sites(), None)
}

const GOOD: &str =
    "A1,0034458,\"Doe, Jane\",1975-02-03,,surgery,Thyroid,General,2024-07-19 08:10,90,fssa,P2,\r\n";

#[test]
fn a_row_becomes_a_booking_in_its_sites_zone_with_its_zeros() {
    let schedule = read(GOOD);
    let booking = &schedule.bookings[0];
    assert_eq!(booking.patient.mrn, "0034458");
    assert_eq!(booking.patient.name, "Doe, Jane");
    assert_eq!(booking.start.rfc3339(), "2024-07-19T12:10:00Z");
    assert_eq!((booking.day, booking.patient.born.as_str()), (day(2024, 7, 19), "1975-02-03"));
    assert_eq!(booking.priority.words(), "P2");
}

#[test]
fn a_later_equal_row_is_a_duplicate_and_a_differing_one_is_said() {
    let other = GOOD.replace("08:10", "09:10");
    let schedule = read(&format!("{GOOD}{GOOD}{other}"));
    let figures = schedule.figures();
    assert_eq!((figures.rows, figures.valid, figures.duplicates, figures.differing), (3, 1, 2, 1));
    assert_eq!(schedule.rejects.len(), 1);
    assert_eq!(schedule.rejects[0].row, 4);
}

#[test]
fn bad_rows_are_refused_with_a_reason_that_does_not_repeat_the_value() {
    let bad = [
        (GOOD.replace("A1", ""), "Appt ID"),
        (GOOD.replace("2024-07-19 08:10", "19th of July"), "Start Time"),
        (GOOD.replace("General", "Elsewhere"), "Hospital"),
        (GOOD.replace("surgery", "lunch"), "Type"),
        (GOOD.replace("1975-02-03", "1975-02-30"), "DOB"),
        (GOOD.replace("2024-07-19 08:10", "2024-03-10 02:30"), "Start Time"),
    ];
    for (row, column) in bad {
        let schedule = read(&row);
        assert_eq!((schedule.figures().invalid, schedule.rejects[0].column.as_str()), (1, column), "{row}");
        assert!(
            !schedule.rejects[0].reason.contains("Elsewhere")
                && !schedule.rejects[0].reason.contains("lunch")
        );
    }
}

#[test]
fn the_doubled_hour_is_taken_as_the_first_and_flagged() {
    let schedule = read(&GOOD.replace("2024-07-19 08:10", "2024-11-03 01:30"));
    assert_eq!(schedule.figures().first_of_two, 1);
    assert_eq!(schedule.bookings[0].start.rfc3339(), "2024-11-03T05:30:00Z");
}

#[test]
fn dates_and_clocks_are_read_as_they_are_usually_written() {
    let expected = Some(day(2024, 7, 19).at(14, 5, 0, 0));
    for written in ["2024-07-19 14:05", "2024-07-19T14:05:00", "07/19/2024 2:05 PM", "19.07.2024 14:05"] {
        assert_eq!(local(written), expected, "{written}");
    }
    assert_eq!(local("07/19/2024 12:05 AM"), Some(day(2024, 7, 19).at(0, 5, 0, 0)));
    for wrong in ["2024-07-19", "07/19/24 14:05", "2024-07-19 25:00", "2024-07-19 0:05 AM", "soon"] {
        assert_eq!(local(wrong), None, "{wrong}");
    }
}

#[test]
fn a_priority_that_no_scheme_explains_stays_unclear() {
    assert!(matches!(read(&GOOD.replace("fssa,P2", ",P2")).bookings[0].priority, Priority::Unclear(_)));
    assert!(matches!(read(&GOOD.replace("fssa,P2", "esas,P9")).bookings[0].priority, Priority::Unclear(_)));
    assert_eq!(read(&GOOD.replace("fssa,P2", ",")).bookings[0].priority, Priority::None);
}

proptest! {
    #[test]
    fn the_sums_hold_whatever_the_rows_say(rows in proptest::collection::vec(
        ("[AB]?[0-9]{0,1}", "[0-9]{0,3}", "[a-z]{0,3}", "(surgery|visit|x)", "(General|Cape|x)", "(2024-07-19 08:10|soon|)"),
        0..40,
    )) {
        let lines: Vec<String> = rows.iter()
            .map(|(id, mrn, name, kind, site, start)| format!("{id},{mrn},{name},,,{kind},,{site},{start},,,,\n"))
            .collect();
        let text = lines.concat();
        let schedule = read(&text);
        let figures = schedule.figures();
        prop_assert_eq!(figures.rows, i64::try_from(rows.len()).unwrap());
        prop_assert_eq!(figures.rows, figures.valid + figures.duplicates + figures.invalid);
        prop_assert_eq!(figures.valid, figures.procedures + figures.visits);
        prop_assert_eq!(i64::try_from(schedule.rejects.len()).unwrap(), figures.invalid + figures.differing);
    }

    #[test]
    fn clocks_never_panic(text in ".{0,30}", numbers in "[0-9./: -]{0,20}") {
        local(&text);
        local(&numbers);
        date(&numbers);
    }
}

#[test]
fn without_a_column_of_classes_a_person_decides_about_visits() {
    let file = "Appt ID,MRN,Patient Name,Type,Hospital,Start Time,Triage Scheme,Triage\r\n\
        A1,1,Jane Doe,visit,General,2024-07-19 08:10,,\r\n\
        A2,2,John Doe,surgery,General,2024-07-19 08:10,fssa,P2\r\n";
    let table = table::read(file.as_bytes(), &Limits::IMPORT).unwrap();
    let mapping = Mapping::guess(&table.header, &FIELDS);
    let schedule = Schedule::read(&table, &mapping, &sites(), None);
    assert_eq!(schedule.figures().unclear, 1, "{:?}", schedule.rejects);
    assert_eq!(schedule.bookings[0].priority, Priority::Unclear("no class of care".into()));
    assert_eq!(schedule.bookings[1].priority.words(), "P2");
}
