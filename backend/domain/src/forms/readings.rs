//! What is read of handing out, counting, finding and moving on, field by field.

use super::*;
use crate::{
    field::FieldErrors,
    id::UnitId,
    playbooks::{Playbook, shipped},
};

fn playbook() -> Playbook {
    shipped().into_iter().next().expect("some are shipped")
}

fn ward() -> UnitId {
    UnitId(uuid::Uuid::from_bytes([4; 16]))
}

fn night() -> Shift {
    Shift { on: "2024-07-18".into(), name: "night".into() }
}

/// The fields at which something is wrong.
fn wrong<T: std::fmt::Debug>(read: Result<T, FieldErrors>) -> Vec<&'static str> {
    let errors = read.expect_err("something is wrong");
    let fields =
        ["form_type", "unit", "sheets", "first", "used", "blank", "voided", "reason", "serials", "note"];
    fields.into_iter().filter(|field| errors.at(field).is_some()).collect()
}

#[test]
fn a_range_is_handed_out_of_a_form_to_a_unit() {
    let playbook = playbook();
    let issue = |form_type: &str, unit: &str, sheets: &str, first: &str| Issue {
        form_type: form_type.into(),
        unit: unit.into(),
        sheets: sheets.into(),
        first: first.into(),
        ..Issue::default()
    };
    let unit = ward().to_string();
    let read = issue("MAR", &unit, "40", "").read(&playbook, night()).expect("is a range");
    assert_eq!((read.form_type.code.as_str(), read.unit, read.sheets, read.first), ("MAR", ward(), 40, None));
    assert_eq!(read.shift, night());
    let printed = Serial::new("general", "4w", "MAR", 1001);
    let read = issue("MAR", &unit, "1", &printed.to_string()).read(&playbook, night()).expect("is a range");
    assert_eq!((read.first, read.whole, read.sheets), (Some(1001), Some(printed), 1));
    assert_eq!(wrong(issue("none", "", "", "").read(&playbook, night())), ["form_type", "unit", "sheets"]);
    // Of which form the first is cannot be asked before the form is known.
    assert_eq!(wrong(issue("none", &unit, "1", "ORD-00001").read(&playbook, night())), ["form_type"]);
    assert_eq!(wrong(issue("MAR", &unit, "0", "ORD-00001").read(&playbook, night())), ["sheets", "first"]);
    let most = MOST_SHEETS.to_string();
    assert_eq!(
        issue("MAR", &unit, &most, "").read(&playbook, night()).map(|read| read.sheets),
        Ok(MOST_SHEETS)
    );
    let more = (MOST_SHEETS + 1).to_string();
    assert_eq!(wrong(issue("MAR", &unit, &more, "").read(&playbook, night())), ["sheets"]);
}

#[test]
fn a_count_has_three_piles_and_no_sheet_lies_on_two() {
    let playbook = playbook();
    let count = |used: &str, blank: &str, voided: &str, reason: &str| Count {
        form_type: "MAR".into(),
        used: used.into(),
        blank: blank.into(),
        voided: voided.into(),
        reason: reason.into(),
        ..Count::default()
    };
    for (used, blank, voided) in
        [("1", "", ""), ("", "1", ""), ("1-3", "4", ""), ("1", "2", "3"), ("", "", "7")]
    {
        let read = count(used, blank, voided, "Spilt").read(&playbook).expect("is a count");
        let counted = read.used.len() + read.blank.len() + read.voided.len();
        assert!(counted > 0 && read.whole.is_none(), "{read:?}");
    }
    assert_eq!(wrong(count("", "", "", "").read(&playbook)), ["used"], "nothing was counted");
    assert_eq!(wrong(count("1", "", "2", "").read(&playbook)), ["reason"], "why were they voided?");
    assert!(count("1", "", "", "").read(&playbook).is_ok(), "nothing was voided");
    assert_eq!(wrong(count("1-3", "3", "", "").read(&playbook)), ["blank"]);
    assert_eq!(wrong(count("1", "2", "1", "Spilt").read(&playbook)), ["voided"]);
    assert_eq!(wrong(count("1", "2", "2", "Spilt").read(&playbook)), ["voided"]);
    let whole =
        Count { whole: "yes".into(), unit: ward().to_string().as_str().into(), ..count("", "", "", "") };
    assert_eq!(
        whole.read(&playbook).map(|read| read.whole),
        Ok(Some(ward())),
        "a whole count may find nothing"
    );
    let nowhere = Count { whole: "yes".into(), ..count("", "", "", "") };
    assert_eq!(wrong(nowhere.read(&playbook)), ["unit"]);
}

#[test]
fn found_sheets_say_where_they_lay() {
    let playbook = playbook();
    let found = |sheets: &str, note: &str| Found {
        form_type: "MAR".into(),
        unit: ward().to_string().as_str().into(),
        sheets: sheets.into(),
        note: note.into(),
        ..Found::default()
    };
    assert_eq!(found("", "Under a bed").read(&playbook).map(|read| read.sheets), Ok(1));
    assert_eq!(found("3", "Under a bed").read(&playbook).map(|read| read.sheets), Ok(3));
    assert_eq!(wrong(found("x", "").read(&playbook)), ["sheets", "note"]);
}

#[test]
fn sheets_are_moved_on_by_their_own_serials_or_those_of_found_ones() {
    let playbook = playbook();
    let moved = |serials: &str, found: &str| MoveSheets {
        form_type: "MAR".into(),
        serials: serials.into(),
        found: found.into(),
        ..MoveSheets::default()
    };
    let own = Serial::new("general", "4w", "MAR", 7).to_string();
    let of_found = Serial::new("general", "4w", FOUND_PREFIX, 7).to_string();
    let short = format!("{FOUND_PREFIX}-00007");
    for (serials, found, is_found) in [
        ("7", "", false),
        (own.as_str(), "", false),
        ("7", "yes", true),
        (of_found.as_str(), "", true),
        (short.as_str(), "", true),
    ] {
        let read = moved(serials, found).read(&playbook, None).expect("are sheets");
        assert_eq!((read.found, read.numbers.first()), (is_found, Some(&7)), "{serials}");
    }
    assert_eq!(wrong(moved("", "").read(&playbook, None)), ["serials"]);
    assert_eq!(wrong(moved("x y", "").read(&playbook, None)), ["serials"]);
    assert_eq!(wrong(moved("7", "").read(&playbook, Some("Say why."))), ["note"]);
}

#[test]
fn each_refusal_of_a_scan_has_its_own_word() {
    let codes = [
        "wrong-check",
        "unreadable",
        "another-unit",
        "another-serial",
        "not-handed-out",
        "still-out",
        "missing",
        "voided",
        "blank",
        "other-pile",
        "not-scanned",
        "given-back",
        "forbidden",
        "anything else",
    ];
    let words: std::collections::BTreeSet<_> = codes.into_iter().map(Answer::word_of_refusal).collect();
    assert_eq!(words.len(), codes.len(), "{words:?}");
    assert!(words.iter().all(|word| !word.is_empty() && *word == word.to_uppercase()));
    assert_eq!((Answer::Ok.word(), Answer::Already.word()), ("OK", "ALREADY"));
    let at_unit = Station::ALL.into_iter().filter(|station| station.is_at_unit());
    assert!(at_unit.eq([Station::Collection, Station::Use]));
}

#[test]
fn a_batch_of_one_page_can_be_signed() {
    let batch = Batch { sheets: 1, ..Batch::begun() };
    let nurse = AccountId(uuid::Uuid::from_bytes([1; 16]));
    assert_eq!(batch.signed(nurse, 1, 1).map(|batch| batch.pages_in), Ok(1));
    assert_eq!(batch.signed(nurse, 1, 0).expect_err("has no page").code, "no-pages");
}

#[test]
fn a_scan_says_where_on_which_pile_and_into_which_batch() {
    let serial = Serial::new("general", "4w", "MAR", 1001);
    let scan = |station: &str, pile: &str, because: &str| ScanSheet {
        serial: serial.to_string().as_str().into(),
        station: station.into(),
        pile: pile.into(),
        voided_because: because.into(),
        ..ScanSheet::default()
    };
    let read = scan("collection", "voided", "spoiled").read().expect("is a scan");
    assert_eq!((read.serial, read.station, read.pile), (serial.clone(), Station::Collection, Pile::Voided));
    assert_eq!((read.voided_because, read.unit, read.batch), (Some(VoidReason::Spoiled), None, None));
    // Why it was voided is asked of nothing else, and kept of nothing else.
    let used = scan("collection", "used", "spoiled").read().expect("is a scan");
    assert_eq!((used.pile, used.voided_because), (Pile::Used, None));
    assert_eq!(scan("records", "", "").read().map(|read| read.pile), Ok(Pile::Used));
    assert_eq!(scan("records", "voided", "").read().map(|read| read.voided_because), Ok(None));
    let fields = |form: ScanSheet| match form.read() {
        Err(Unread::Fields(errors)) => {
            let fields = ["station", "pile", "voided_because", "unit", "batch"].into_iter();
            fields.filter(|field| errors.at(field).is_some()).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(fields(scan("", "", "")), ["station"]);
    assert_eq!(fields(scan("collection", "", "")), ["pile"]);
    assert_eq!(fields(scan("collection", "voided", "")), ["voided_because"]);
    assert_eq!(fields(ScanSheet { unit: "x".into(), ..scan("records", "", "") }), ["unit"]);
    assert_eq!(fields(ScanSheet { batch: "x".into(), ..scan("records", "", "") }), ["batch"]);
    let unit = ScanSheet { unit: ward().to_string().as_str().into(), ..scan("records", "", "") };
    assert_eq!(unit.read().map(|read| read.unit), Ok(Some(ward())));
}

#[test]
fn a_batch_is_named_by_its_id_or_its_cover_sheet() {
    let cover = Serial::new("general", "4w", BATCH_PREFIX, 17).to_string();
    assert_eq!(read_batch(&cover), Some(BatchRef::Number(17)));
    assert_eq!(read_batch(&Serial::new("general", "4w", "MAR", 17).to_string()), None, "is a form");
    let id = crate::id::BatchId(uuid::Uuid::from_bytes([7; 16]));
    assert_eq!(read_batch(&id.to_string()), Some(BatchRef::Id(id)));
    let scan = ScanSheet {
        serial: Serial::new("general", "4w", "MAR", 1).to_string().as_str().into(),
        station: "collection".into(),
        pile: "used".into(),
        batch: cover.as_str().into(),
        ..ScanSheet::default()
    };
    assert_eq!(scan.read().map(|read| read.batch), Ok(Some(BatchRef::Number(17))));
}

#[test]
fn sheets_and_counts_of_a_batch_are_read() {
    let types = playbook().forms;
    let add = |form_type: &str, serials: &str| AddSheets {
        form_type: form_type.into(),
        serials: serials.into(),
        ..AddSheets::default()
    };
    let (form_type, picked) = add("MAR", "1-3").read(&types).expect("are sheets");
    assert_eq!((form_type.code.as_str(), picked.len()), ("MAR", 3));
    assert_eq!(wrong(add("none", "1").read(&types)), ["form_type"]);
    assert_eq!(wrong(add("MAR", "").read(&types)), ["serials"]);
    assert_eq!(wrong(add("MAR", "x y").read(&types)), ["serials"]);
    let count = |sheets: &str, pages: &str| {
        let form = CountBatch { sheets: sheets.into(), pages: pages.into(), ..CountBatch::default() };
        let mut errors = FieldErrors::default();
        let counted = (form.read_sheets(&mut errors), form.read_pages(&mut errors));
        (counted, errors.at("sheets").is_some(), errors.at("pages").is_some())
    };
    assert_eq!(count("17", "42"), ((17, 42), false, false));
    assert_eq!(count("0", "100000"), ((0, 100_000), false, false));
    assert_eq!(count("-1", "100001"), ((0, 0), true, true));
}

/// The example of the Global Release Identifier, which uses the same check.
#[test]
fn the_check_character_is_that_of_the_standard() {
    assert_eq!(Serial::new("A1", "2425G", "ABC", 1_234_002).to_string(), "A1-2425G-ABC-1234002-M");
}
