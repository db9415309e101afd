//! Messages as two interface engines write them, and each rule of what they mean.

use super::*;
use crate::{
    hl7::Code,
    schedule::{Kind as BookingKind, Priority, tests::sites},
    triage::Scheme,
};

const EPIC: &[u8] = include_bytes!("../../../../../tests/fixtures/schedule/hl7/epic-2.3.hl7");
const CERNER: &[u8] = include_bytes!("../../../../../tests/fixtures/schedule/hl7/cerner-2.5.1.hl7");

/// One message about a visit at General, whose parts the tests change.
const S12: &str = "MSH|^~\\&|APP|GENERAL|D|G|20240718100000||SIU^S12|7|P|2.3\r\
    SCH||36996^EPIC||||NEW^New||OFFICE VISIT|30|MIN|^^^20240719081000|||||||||||||||\r\
    PID|1||0034458^^^GENERAL^MR||DOE^JANE||19750203|F\r\
    AIS|1||RETURN^Return visit\r\
    AIL|1||CARD^^^GENERAL\r\
    AIP|1||1402^SMITH^ALAN\r";

fn incoming(file: &[u8], dialect: &Dialect) -> Incoming {
    let (sites, zone) = (sites(), Zone::utc());
    Reader::new(&sites, dialect, &zone).file(file, &Limits::IMPORT).unwrap()
}

fn outcome(message: &str, dialect: &Dialect) -> Outcome {
    let (sites, zone) = (sites(), Zone::utc());
    let message = Message::read(message.as_bytes(), &Limits::IMPORT).unwrap();
    Reader::new(&sites, dialect, &zone).message(&message, 1)
}

fn report_by(message: &str, dialect: &Dialect) -> Report {
    match outcome(message, dialect) {
        Outcome::Report(report) => *report,
        other => panic!("{other:?}"),
    }
}

fn report(message: &str) -> Report {
    report_by(message, &Dialect::default())
}

/// Where and why, and what the answer says.
fn refused(message: &str) -> (String, ErrorCode, Code) {
    match outcome(message, &Dialect::default()) {
        Outcome::Refused(trouble) => (trouble.place.to_string(), trouble.error, trouble.error.answer()),
        other => panic!("{other:?}"),
    }
}

fn with_status(event: &str, status: &str) -> String {
    let sch = "|||||||||||||||\r";
    S12.replace("S12", event).replacen(sch, &format!("{}{status}\r", "|".repeat(14)), 1)
}

#[test]
fn messages_of_one_engine_become_bookings_moves_and_three_kinds_of_ends() {
    let incoming = incoming(EPIC, &Dialect::default());
    assert_eq!((incoming.items(), incoming.rejects.as_slice()), (5, [].as_slice()));
    let what: Vec<What> = incoming.reports.iter().map(|report| report.what).collect();
    assert_eq!(what, [What::Booked, What::Moved, What::Cancelled, What::Deleted, What::NoShow]);
    let first = &incoming.reports[0];
    let booking = first.booking.as_ref().unwrap();
    let patient = &booking.patient;
    assert_eq!((patient.mrn.as_str(), patient.name.as_str()), ("0034458", "DOE, JANE Q"));
    assert_eq!((patient.born.as_str(), patient.phone.as_str()), ("1975-02-03", "(617)555-0199"));
    assert_eq!((patient.email.as_str(), patient.language.as_str()), ("jane.doe@example.org", "English"));
    assert_eq!((booking.kind, booking.minutes), (BookingKind::Visit, 30));
    assert_eq!(booking.service, "RETURN VISIT CARDIOLOGY");
    assert_eq!((booking.department.as_str(), booking.provider.as_str()), ("CARD CLINIC", "SMITH, ALAN"));
    assert_eq!((booking.start.rfc3339().as_str(), booking.facility), ("2024-07-19T12:10:00Z", sites()[0].id));
    assert_eq!((first.key.authority.as_str(), first.key.id.as_str()), ("EPIC", "36996"));
    assert_eq!((first.at.at.rfc3339().as_str(), first.message.as_str()), ("2024-07-12T13:30:00Z", "100021"));
    assert_eq!((incoming.reports[2].reason.as_str(), incoming.reports[2].row), ("Provider away", 18));
    let mut feed = crate::schedule::feed::Feed::default();
    incoming.reports.into_iter().for_each(|report| {
        feed.take(report);
    });
    let figures = feed.figures();
    assert_eq!((figures.booked, figures.cancelled, figures.deleted, figures.no_shows), (1, 1, 1, 1));
}

#[test]
fn another_engine_says_the_same_with_tq1_batches_offsets_and_more_resources() {
    let dialect = Dialect { scheme: Some(Scheme::Fssa), ..Dialect::default() };
    let incoming = incoming(CERNER, &dialect);
    assert_eq!((incoming.rejects.as_slice(), incoming.notes.as_slice()), ([].as_slice(), [].as_slice()));
    assert_eq!(incoming.left, [("ADT^A08".to_owned(), 1), ("SIU^S23".to_owned(), 1)].into());
    let [booked, changed] = incoming.reports.as_slice() else { panic!("{:?}", incoming.reports) };
    let booking = booked.booking.as_ref().unwrap();
    assert_eq!(booking.patient.name, "Müller-Lüdenscheidt, Zoë");
    assert_eq!(
        (booking.patient.phone.as_str(), booking.patient.language.as_str()),
        ("1 508 5550142", "Français")
    );
    assert_eq!(
        (booking.kind, booking.minutes, booking.facility),
        (BookingKind::Procedure, 120, sites()[1].id)
    );
    assert_eq!(booking.service, "Laparoscopic appendectomy; Diagnostic laparoscopy");
    assert_eq!(
        (booking.department.as_str(), booking.provider.as_str()),
        ("Main operating rooms", "O'Neil, Maeve")
    );
    assert_eq!(
        (booking.start.rfc3339().as_str(), booking.priority.words()),
        ("2024-07-22T11:30:00Z", "P3".into())
    );
    assert_eq!(
        (booked.sequence, booked.at.precision, booked.at.has_offset),
        (Some(17), Precision::Fraction, true)
    );
    assert_eq!((booked.what, changed.what, &booked.key), (What::Booked, What::Changed, &changed.key));
    // The surgeon whom the second message takes away is not of the appointment any more.
    assert_eq!(changed.booking.as_ref().unwrap().provider, "Okafor, Ada");
    assert_eq!(changed.booking.as_ref().unwrap().minutes, 120, "from the start to the end");
}

#[test]
fn the_event_and_the_status_word_together_say_what_happened() {
    let cases = [
        ("S12", "", What::Booked),
        ("S13", "Booked", What::Moved),
        ("S14", "", What::Changed),
        ("S18", "", What::Changed),
        ("S19", "", What::Changed),
        ("S20", "", What::Changed),
        ("S21", "", What::Changed),
        ("S22", "", What::Changed),
        ("S15", "", What::Cancelled),
        ("S16", "", What::Discontinued),
        ("S17", "", What::Deleted),
        ("S26", "", What::NoShow),
        ("S14", "Cancelled", What::Cancelled),
        ("S14", "9^No-Show", What::NoShow),
        ("S14", "ARR", What::Arrived),
        ("S14", "Complete", What::Done),
        ("S12", "Waitlist", What::Requested),
        ("S13", "Dc", What::Discontinued),
    ];
    for (event, status, what) in cases {
        let report = report(&with_status(event, status));
        assert_eq!((report.what, report.doubts.as_slice()), (what, [].as_slice()), "{event} {status}");
    }
    let contradiction = report(&with_status("S15", "Booked"));
    assert_eq!((contradiction.what, contradiction.doubts), (What::Cancelled, vec![Doubt::Contradiction]));
    let unknown = report(&with_status("S14", "ENTLASSEN"));
    assert_eq!((unknown.what, unknown.doubts), (What::Changed, vec![Doubt::UnknownStatus]));
    let own = Dialect { statuses: [("Ent-lassen".into(), State::Done)].into(), ..Dialect::default() };
    assert_eq!(report_by(&with_status("S14", "ENTLASSEN"), &own).what, What::Done);
}

#[test]
fn the_start_stands_in_tq1_or_sch_11_or_with_the_service() {
    let start = |message: &str| report(message).booking.unwrap().start.rfc3339();
    assert_eq!(start(S12), "2024-07-19T12:10:00Z");
    let tq1 = S12.replace("^^^20240719081000", "").replace("PID|", "TQ1|1||||||202407190915\rPID|");
    assert_eq!(start(&tq1), "2024-07-19T13:15:00Z");
    let ais = S12.replace("^^^20240719081000", "").replace("Return visit", "Return visit|20240719101500");
    assert_eq!(start(&ais), "2024-07-19T14:15:00Z");
    let second = S12.replace("^^^20240719081000", "1~^^^20240719081000");
    assert_eq!(start(&second), "2024-07-19T12:10:00Z");
    let both = report(&S12.replace("PID|", "TQ1|1||||||202407190915\rPID|"));
    assert_eq!(
        (both.booking.unwrap().start.rfc3339().as_str(), both.doubts),
        ("2024-07-19T13:15:00Z", vec![Doubt::TwoStarts])
    );
    let winter =
        S12.replace("20240718100000", "20240718100000-0400").replace("20240719081000", "20241219081000");
    assert_eq!(start(&winter), "2024-12-19T13:10:00Z", "July's offset is not December's");
    let doubled = report(&S12.replace("20240719081000", "20241103013000")).booking.unwrap();
    assert!(doubled.first_of_two);
    for (wrong, place) in
        [("20240310023000", "SCH-11.4"), ("20240719", "SCH-11.4"), ("soon", "SCH-11.4"), ("", "SCH-11.4")]
    {
        assert_eq!(refused(&S12.replace("20240719081000", wrong)).0, place, "{wrong}");
    }
    assert_eq!(refused(&second.replace("20240719081000", "soon")).0, "SCH-11(2).4");
}

#[test]
fn an_appointment_is_known_by_its_id_and_who_vouches_for_it() {
    let key = |message: &str, dialect: &Dialect| {
        let report = report_by(message, dialect);
        (report.key.authority, report.key.id, report.doubts.contains(&Doubt::NoAuthority))
    };
    let bare = S12.replace("36996^EPIC", "36996");
    let of = |authority| Dialect { authority, ..Dialect::default() };
    assert_eq!(key(S12, &Dialect::default()), ("EPIC".into(), "36996".into(), false));
    assert_eq!(key(&bare, &of(Authority::SendingApplication)), ("APP".into(), "36996".into(), true));
    assert_eq!(key(&bare, &of(Authority::SendingFacility)), ("GENERAL".into(), "36996".into(), true));
    assert_eq!(key(&bare, &of(Authority::Named("EPIC".into()))), ("EPIC".into(), "36996".into(), true));
    let oid = S12.replace("36996^EPIC", "36996^^1.2.840.114350^ISO");
    let alias =
        Dialect { authorities: [("1.2.840.114350".into(), "EPIC".into())].into(), ..Dialect::default() };
    assert_eq!(key(&oid, &alias), ("EPIC".into(), "36996".into(), false));
    let placer = S12.replace("SCH||36996^EPIC", "SCH|P1^OE|");
    assert_eq!(refused(&placer), ("SCH-2.1".into(), ErrorCode::RequiredFieldMissing, Code::Error));
    let serves = Dialect { placer_id_serves: true, ..Dialect::default() };
    assert_eq!(key(&placer, &serves), ("OE".into(), "P1".into(), false));
}

#[test]
fn an_end_needs_no_details_and_a_booking_does() {
    let bare = "MSH|^~\\&|APP|GENERAL|D|G|20240718100000||SIU^S15|8|P|2.3\rSCH||36996^EPIC\r";
    let report = report(bare);
    assert_eq!(
        (report.what, report.booking, report.doubts),
        (What::Cancelled, None, vec![Doubt::DetailsUnread])
    );
    assert_eq!(refused(&bare.replace("S15", "S13")).0, "PID-3");
    let cases = [
        ("0034458^^^GENERAL^MR", "", "PID-3", ErrorCode::RequiredFieldMissing),
        ("DOE^JANE", "\"\"", "PID-5", ErrorCode::RequiredFieldMissing),
        ("19750203", "19751303", "PID-7", ErrorCode::DataType),
        ("|OFFICE VISIT|", "|LUNCH|", "SCH-8", ErrorCode::TableValueNotFound),
        ("|OFFICE VISIT|", "||", "SCH-8", ErrorCode::RequiredFieldMissing),
        ("CARD^^^GENERAL", "CARD^^^ELSEWHERE", "AIL-3.4", ErrorCode::TableValueNotFound),
        ("|30|MIN|", "|30|FORTNIGHT|", "SCH-9", ErrorCode::DataType),
        ("|30|MIN|", "|many|MIN|", "SCH-9", ErrorCode::DataType),
        ("|30|MIN|", "|-5|MIN|", "SCH-9", ErrorCode::DataType),
        ("|30|MIN|", "|1e99|MIN|", "SCH-9", ErrorCode::DataType),
        ("20240718100000", "", "MSH-7", ErrorCode::RequiredFieldMissing),
        ("20240718100000", "yesterday", "MSH-7", ErrorCode::DataType),
        ("20240718100000", "20240310023000", "MSH-7", ErrorCode::DataType),
        ("|7|P|", "||P|", "MSH-10", ErrorCode::RequiredFieldMissing),
        ("|7|P|", &format!("|{}|P|", "7".repeat(200)), "MSH-10", ErrorCode::DataType),
        ("SIU^S12", "", "MSH-9", ErrorCode::RequiredFieldMissing),
        ("SIU^S12", "SIU", "MSH-9.2", ErrorCode::RequiredFieldMissing),
        ("|P|2.3", "|P|3.0", "MSH-12", ErrorCode::UnsupportedVersion),
        ("|P|2.3", "|T|2.3", "MSH-11", ErrorCode::UnsupportedProcessing),
        ("AIS|1", "PID|2||9^^^GENERAL^MR\rAIS|1", "PID[2]", ErrorCode::SegmentSequence),
        ("AIS|1", "SCH||1^EPIC\rAIS|1", "SCH[2]", ErrorCode::SegmentSequence),
        ("\rSCH|", "\rZCH|", "SCH", ErrorCode::SegmentSequence),
    ];
    for (part, other, place, error) in cases {
        let message = S12.replacen(part, other, 1);
        assert_ne!(message, S12, "{part}");
        assert_eq!(refused(&message), (place.into(), error, error.answer()), "{part} -> {other}");
    }
    assert_eq!(refused(&S12.replace("|P|2.3", "|T|2.3")).2, Code::Reject);
}

#[test]
fn what_is_no_appointment_is_left_and_answered_for_what_it_is() {
    let answer = |message: &str| match outcome(message, &Dialect::default()) {
        Outcome::Left { kind, trouble } => (kind, trouble.map(|trouble| trouble.error)),
        other => panic!("{other:?}"),
    };
    assert_eq!(answer(&S12.replace("S12", "S23")), ("SIU^S23".into(), None));
    assert_eq!(answer(&S12.replace("S12", "S24")), ("SIU^S24".into(), None));
    assert_eq!(
        answer(&S12.replace("SIU^S12", "ADT^A08")),
        ("ADT^A08".into(), Some(ErrorCode::UnsupportedMessageType))
    );
    assert_eq!(answer(&S12.replace("S12", "S99")), ("SIU^S99".into(), Some(ErrorCode::UnsupportedEvent)));
}

#[test]
fn words_of_kind_class_urgency_and_place_are_the_senders_own() {
    let dialect: Dialect = serde_json::from_str(
        r#"{
            "kinds": {"Infus-ion": "visit"}, "classes": {"INFUSION": "infusion"},
            "sites": {"CARD": "Cape"}, "priorities": {"A": {"scheme": "fssa", "value": "P2"}},
            "kind": "procedure", "mrn_type": "PI"
        }"#,
    )
    .unwrap();
    let message = S12
        .replace("OFFICE VISIT", "INFUSION")
        .replace("CARD^^^GENERAL", "CARD")
        .replace("20240719081000", "20240719081000^^A")
        .replace("0034458^^^GENERAL^MR", "1^^^GENERAL^MR~2^^^GENERAL^PI");
    let booking = report_by(&message, &dialect).booking.unwrap();
    assert_eq!(
        (booking.kind, booking.classes.as_slice()),
        (BookingKind::Visit, ["infusion".to_owned()].as_slice())
    );
    assert_eq!((booking.facility, booking.priority.words()), (sites()[1].id, "P2".into()));
    assert_eq!(booking.patient.mrn, "2");
    let other = report_by(&message.replace("INFUSION", "LUNCH"), &dialect).booking.unwrap();
    assert_eq!((other.kind, other.priority.words()), (BookingKind::Procedure, "P2".into()));
    // Nobody ranked it, and no table tells dialysis from a return visit.
    let plain = report(&S12.replace("20240719081000", "20240719081000^^R")).booking.unwrap();
    assert_eq!(plain.priority, Priority::Unclear("no class of care".into()));
    let ranked = report(&S12.replace("20240719081000", "20240719081000^^S")).booking.unwrap();
    assert_eq!(ranked.priority, Priority::Unclear("S".into()));
    assert_eq!(serde_json::from_str::<Dialect>("{}").unwrap(), Dialect::default());
    assert!(serde_json::from_str::<Dialect>(r#"{"sit": {}}"#).is_err());
}

#[test]
fn the_event_time_is_the_earliest_field_that_says_when_it_happened() {
    let at = |message: &str| report(message).at;
    assert_eq!(at(S12).at.rfc3339(), "2024-07-18T14:00:00Z");
    let recorded = S12.replace("\rSCH|", "\rEVN|S12|202407180930\rSCH|");
    assert_eq!(
        (at(&recorded).at.rfc3339().as_str(), at(&recorded).precision),
        ("2024-07-18T13:30:00Z", Precision::Minute)
    );
    let occurred = S12.replace("\rSCH|", "\rEVN|S12|202407180930||||20240718090000+0000\rSCH|");
    assert_eq!(
        (at(&occurred).at.rfc3339().as_str(), at(&occurred).has_offset),
        ("2024-07-18T09:00:00Z", true)
    );
    let coarse = report(&S12.replace("20240718100000", "20240718"));
    assert_eq!(
        (coarse.at.at.rfc3339().as_str(), coarse.doubts),
        ("2024-07-18T04:00:00Z", vec![Doubt::CoarseTime])
    );
    assert!(at(&S12.replace("20240718100000", "20241103013000")).first_of_two);
}

#[test]
fn a_refusal_in_a_file_names_the_line_of_the_file() {
    let file = format!("{S12}{}", S12.replace("19750203", "soon"));
    let incoming = incoming(file.as_bytes(), &Dialect::default());
    assert_eq!((incoming.reports.len(), incoming.items()), (1, 2));
    let reject = &incoming.rejects[0];
    assert_eq!((reject.row, reject.column.as_str()), (9, "PID-7"));
    assert!(!reject.reason.contains("soon"));
}
