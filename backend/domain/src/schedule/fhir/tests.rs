//! Bundles, bulk exports and single resources, in the words of R4 and R5.

use super::*;
use crate::schedule::{
    Kind, Priority,
    report::{Doubt, Report, State, What},
    tests::sites,
};

const R4: &str = include_str!("../../../../../tests/fixtures/schedule/fhir/r4-bundle.json");
const R5: &str = include_str!("../../../../../tests/fixtures/schedule/fhir/r5-appointment.json");
const BULK: &str = include_str!("../../../../../tests/fixtures/schedule/fhir/bulk.ndjson");

fn try_read(file: &str) -> Result<Incoming, NoResources> {
    let (sites, zone) = (sites(), Zone::utc());
    let as_of = Timestamp::parse_rfc3339("2024-07-18T23:50:00Z").unwrap();
    Reader::new(&sites, &Dialect::default(), &zone, as_of).file(file.as_bytes(), &Limits::IMPORT)
}

fn read(file: &str) -> Incoming {
    try_read(file).unwrap_or_else(|error| panic!("{error}"))
}

fn only(file: &str) -> Report {
    let mut incoming = read(file);
    assert_eq!(incoming.rejects, []);
    incoming.reports.remove(0)
}

fn refused(file: &str) -> (u64, String) {
    let reject = read(file).rejects.into_iter().next().expect("something is refused");
    (reject.row, reject.column)
}

#[test]
fn a_bundle_becomes_reports_with_everything_it_refers_to() {
    let incoming = read(R4);
    assert_eq!((incoming.items(), incoming.rejects.len(), incoming.reports.len()), (11, 0, 2));
    assert_eq!((incoming.left.get("Slot"), incoming.left.get("Patient")), (Some(&1), Some(&2)));
    let [booked, cancelled] = incoming.reports.as_slice() else { panic!() };
    let booking = booked.booking.as_ref().unwrap();
    let patient = &booking.patient;
    assert_eq!((patient.mrn.as_str(), patient.name.as_str()), ("0034458", "Doe, Jane Q"));
    assert_eq!((patient.born.as_str(), patient.phone.as_str()), ("1975-02-03", "(617) 555-0199"));
    assert_eq!((patient.email.as_str(), patient.language.as_str()), ("jane.doe@example.org", "English"));
    assert_eq!((booking.kind, booking.minutes, booking.facility), (Kind::Procedure, 90, sites()[0].id));
    assert_eq!((booking.service.as_str(), booking.department.as_str()), ("Thyroid lobectomy", "OR 3"));
    assert_eq!((booking.provider.as_str(), &booking.priority), ("Smith, Alan", &Priority::None));
    assert_eq!((booked.key.authority.as_str(), booked.key.id.as_str()), ("1.2.840.114350.1.2", "50123"));
    assert_eq!((booked.message.as_str(), booked.sequence), ("Appointment/a1/_history/3", Some(3)));
    assert_eq!(booked.at.at.rfc3339(), "2024-07-18T14:02:11Z");
    // It names no place, and there are two sites: what is known of it is that it ended.
    assert_eq!((cancelled.what, cancelled.booking.is_none()), (What::Cancelled, true));
    assert_eq!((cancelled.reason.as_str(), cancelled.row), ("Other: Room/Resource Maintenance", 2));
}

#[test]
fn r5_says_the_same_in_other_words() {
    let report = only(R5);
    let booking = report.booking.unwrap();
    assert_eq!((booking.kind, booking.minutes, booking.facility), (Kind::Visit, 90, sites()[1].id));
    assert_eq!((booking.service.as_str(), booking.provider.as_str()), ("Infusion", "Ito, Ken"));
    assert_eq!(
        (booking.patient.name.as_str(), booking.start.rfc3339().as_str()),
        ("Poe, Edna", "2024-07-19T13:00:00Z")
    );
    assert_eq!(booking.priority, Priority::Unclear("no class of care".into()), "routine ranks nothing");
    let cancelled =
        R5.replace("\"booked\"", "\"cancelled\", \"cancellationReason\": {\"text\": \"Patient moved\"}");
    assert_eq!((only(&cancelled).what, only(&cancelled).reason.as_str()), (What::Cancelled, "Patient moved"));
}

#[test]
fn lines_of_a_bulk_export_may_refer_to_later_ones() {
    let incoming = read(BULK);
    assert_eq!((incoming.items(), incoming.rejects.as_slice()), (6, [].as_slice()));
    let what: Vec<What> = incoming.reports.iter().map(|report| report.what).collect();
    assert_eq!(what, [What::Booked, What::NoShow, What::Deleted]);
    let booking = incoming.reports[0].booking.as_ref().unwrap();
    assert_eq!((booking.patient.name.as_str(), booking.patient.born.as_str()), ("Coe, Ann", ""));
    let broken = read(&BULK.replacen("\"id\":\"n2\"", "\"id\":", 1));
    assert_eq!((broken.rejects[0].row, broken.reports.len(), broken.items()), (2, 2, 6));
    assert!(broken.rejects[0].reason.contains("not JSON"));
}

#[test]
fn every_status_is_a_state_and_no_other_word_is_one() {
    let states = [
        ("proposed", State::Requested),
        ("pending", State::Requested),
        ("waitlist", State::Requested),
        ("booked", State::Booked),
        ("arrived", State::Arrived),
        ("checked-in", State::Arrived),
        ("fulfilled", State::Done),
        ("cancelled", State::Cancelled),
        ("noshow", State::NoShow),
        ("entered-in-error", State::Deleted),
    ];
    assert_eq!(states.len(), 10);
    for (status, state) in states {
        let file = R5.replace("\"booked\"", &format!("{status:?}"));
        assert_eq!(only(&file).what.state(), state, "{status}");
    }
    for wrong in ["\"canceled\"", "\"Booked\"", "7", "null"] {
        assert_eq!(refused(&R5.replace("\"booked\"", wrong)), (1, "Appointment.status".into()), "{wrong}");
    }
}

#[test]
fn each_refusal_names_the_element() {
    let cases = [
        ("\"2024-07-19T13:00:00Z\"", "\"tomorrow\"", "start"),
        ("\"2024-07-19T13:00:00Z\"", "\"2024-07-19\"", "start"),
        ("\"minutesDuration\": 90", "\"minutesDuration\": 90.5", "minutesDuration"),
        ("\"minutesDuration\": 90", "\"minutesDuration\": -1", "minutesDuration"),
        ("\"minutesDuration\": 90", "\"end\": \"2024-07-19T12:00:00Z\"", "end"),
        ("\"2024-07-18T21:15:00Z\"", "\"soon\"", "meta.lastUpdated"),
        ("\"2024-07-18T21:15:00Z\"", "5", "meta.lastUpdated"),
        ("\"0112233\"", "\"\"", "subject"),
        ("\"1988-07-04\"", "\"1988-13-04\"", "subject"),
        ("\"display\": \"Cape\"", "\"display\": \"Elsewhere\"", "participant[1].actor"),
        ("\"AMB\", \"display\": \"ambulatory\"", "\"X\"", "appointmentType"),
    ];
    for (part, other, path) in cases {
        let file = R5.replacen(part, other, 1);
        assert_ne!(file, R5, "{part}");
        assert_eq!(refused(&file), (1, format!("Appointment.{path}")), "{part} -> {other}");
    }
    let several = R5.replace(
        "{ \"reference\": \"Practitioner/x\", \"display\": \"Ito, Ken\" }",
        "{ \"reference\": \"Patient/2\", \"display\": \"Roe\" }",
    );
    assert_eq!(refused(&several).1, "Appointment.participant[2].actor");
    let in_bundle = R4.replace("\"status\": \"booked\"", "\"status\": \"boked\"");
    assert_eq!(refused(&in_bundle), (1, "entry[0].Appointment.status".into()));
    let deleted =
        r#"{"resourceType":"Bundle","entry":[{"request":{"method":"DELETE","url":"Appointment/9"}},{}]}"#;
    assert_eq!(refused(deleted), (1, "entry[0].request".into()));
    assert_eq!(read(deleted).items(), 2);
}

#[test]
fn what_a_file_is_not_is_said_in_one_sentence() {
    assert_eq!(try_read(" \n"), Err(NoResources::Empty));
    assert_eq!(try_read("{\"a\": 1}"), Err(NoResources::NotFhir));
    assert_eq!(try_read("{\"resourceType\": }"), Err(NoResources::NotJson { line: 1, column: 18 }));
    assert_eq!(try_read(&"[".repeat(100_000)), Err(NoResources::NotJson { line: 1, column: 128 }));
    let page = R4.replacen("\"total\": 3,", "\"link\": [{\"relation\": \"next\", \"url\": \"x\"}],", 1);
    assert_eq!(read(&page).notes.len(), 1);
}

#[test]
fn times_come_from_the_resource_or_its_bundle_or_the_file() {
    let of_bundle = R4.replacen(
        "\"versionId\": \"3\", \"lastUpdated\": \"2024-07-18T14:02:11.250Z\"",
        "\"versionId\": \"3\"",
        1,
    );
    assert_eq!(read(&of_bundle).reports[0].at.at.rfc3339(), "2024-07-19T03:50:00Z");
    let of_file = R5.replace(", \"lastUpdated\": \"2024-07-18T21:15:00Z\"", "");
    let report = only(&of_file);
    assert_eq!(
        (report.at.at.rfc3339().as_str(), report.doubts),
        ("2024-07-18T23:50:00Z", vec![Doubt::NoTime])
    );
    let unversioned = only(&R5.replace("\"versionId\": \"5\", ", ""));
    assert!(unversioned.message.starts_with("sha256:") && unversioned.sequence.is_none());
}

#[test]
fn references_in_circles_and_to_nowhere_end() {
    let circle = R4.replace(
        "\"partOf\": { \"reference\": \"Location/l0\" }",
        "\"partOf\": { \"reference\": \"Location/l1\" }",
    );
    assert_eq!(refused(&circle).1, "entry[0].Appointment.participant[2].actor");
    let nowhere = R4.replace("\"reference\": \"Patient/p1\"", "\"reference\": \"Patient/gone\"");
    assert_eq!(refused(&nowhere).1, "entry[0].Appointment.participant[0].actor");
    let logical = R4.replace(
        "\"reference\": \"Patient/p1\"",
        "\"type\": \"Patient\", \"identifier\": { \"value\": \"99\" }, \"display\": \"Doe, J\"",
    );
    assert_eq!(read(&logical).reports[0].booking.as_ref().unwrap().patient.mrn, "99");
    let versioned = R4.replace(
        "\"reference\": \"Patient/p1\"",
        "\"reference\": \"https://ehr.example.org/fhir/Patient/p1/_history/2\"",
    );
    assert_eq!(read(&versioned).reports[0].booking.as_ref().unwrap().patient.mrn, "0034458");
}
