//! What an item may become, which release a record falls under, and what a file may say.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::{
    id::{FacilityId, ReviewId, SystemId, UnitId},
    scope::{Function, Functions, Place, Places, Scope, Target},
    table::{self, Limits, Mapping},
    time::{Timestamp, Zone},
};

const SITE: FacilityId = FacilityId(Uuid::from_u128(10));
const WARD: UnitId = UnitId(Uuid::from_u128(20));
const OTHER_WARD: UnitId = UnitId(Uuid::from_u128(21));

fn me() -> AccountId {
    AccountId(Uuid::from_u128(7))
}

fn places() -> Places {
    Places {
        unit_facility: [(WARD, SITE), (OTHER_WARD, SITE)].into(),
        facilities: BTreeSet::from([SITE]),
        ..Places::default()
    }
}

fn scope(place: Place, functions: Functions) -> Scope {
    Scope { place, target: Target::System(SystemId(Uuid::from_u128(1))), functions }
}

fn released(seq: i64) -> Release {
    Release { seq, at: Timestamp(seq * 1000) }
}

#[test]
fn harm_needs_a_note_and_stays_in_the_way_until_the_patient_knows() {
    assert!(Review::OPEN.is_in_the_way());
    assert_eq!(Review::OPEN.after(Act::Harm, "  ", me()).expect_err("has no note").code, "no-note");
    let harm = Review::OPEN.after(Act::Harm, "Given twice", me()).expect("has a note");
    assert!(harm.is_in_the_way());
    let told = harm.after(Act::Contacted, "", me()).expect("there is something to tell");
    assert!(!told.is_in_the_way());
    assert_eq!(told.after(Act::Contacted, "", me()).expect_err("is told").code, "contacted-already");
}

#[test]
fn an_outcome_may_become_another_one_but_not_the_same() {
    let confirmed = Review::OPEN.after(Act::Confirm, "", me()).expect("is open");
    assert!(!confirmed.is_in_the_way());
    assert_eq!(confirmed.after(Act::Confirm, "", me()).expect_err("is the same").code, "same-outcome");
    let corrected = confirmed.after(Act::Correct, "", me()).expect("is another one");
    assert!(corrected.is_in_the_way(), "the patient does not know");
    assert_eq!(confirmed.after(Act::Contacted, "", me()).expect_err("is right").code, "nothing-to-tell");
}

#[test]
fn whoever_takes_an_item_on_has_it() {
    let mine = Review::OPEN.after(Act::Take, "", me()).expect("is free");
    assert_eq!((mine.owner, mine.state), (Some(me()), State::Open));
    assert!(mine.after(Act::Take, "", me()).is_err());
    let other = AccountId(Uuid::from_u128(8));
    assert_eq!(mine.after(Act::Take, "", other).map(|item| item.owner), Ok(Some(other)));
}

#[test]
fn a_subject_is_a_number_and_never_a_name() {
    for text in ["form:01900000-0000-7000-8000-000000000000", "log:412", "record:ACC-2024/118"] {
        assert_eq!(text.parse::<Subject>().expect("is a subject").to_string(), text);
    }
    assert!(record("Mary Smith").is_err());
    assert!(record("Smith").is_err());
    assert!(record("").is_err());
    assert!(record(&"1".repeat(41)).is_err());
}

#[test]
fn every_place_and_function_falls_under_its_own_release() {
    let (site, ward) = (Place::Facility(SITE), Place::Unit(WARD));
    let orders = Functions::of([Function::Orders]);
    let known = [
        Known { scope: scope(site, Functions::ALL), released: Some(released(10)) },
        Known { scope: scope(ward, orders), released: Some(released(30)) },
        Known { scope: scope(Place::Unit(OTHER_WARD), Functions::ALL), released: None },
    ];
    let all = Suspect { part: scope(site, Functions::ALL), known: &known, places: &places() };
    assert_eq!(all.since(site, Function::Orders), Some(released(10)));
    assert_eq!(all.since(ward, Function::Orders), Some(released(30)));
    assert_eq!(all.since(ward, Function::Results), Some(released(10)));
    assert_eq!(all.earliest(ward), Some(released(10)));
    assert_eq!(all.earliest(Place::Unit(OTHER_WARD)), None, "it waits and was on paper");
    let part = Suspect { part: scope(site, orders), ..all };
    assert_eq!(part.earliest(ward), Some(released(30)));
    assert_eq!(part.since(site, Function::Results), None, "is not of the part");
    assert_eq!(part.first(), Some(released(10)));
}

#[test]
fn a_command_over_items_names_items_an_act_and_no_patient() {
    let now = Timestamp::from_seconds(1_721_368_000);
    let item = ReviewId(Uuid::from_u128(1)).to_string();
    let form = |items: &[&str], act: &str, note: &str| DecideReviews {
        items: items.iter().map(|item| (*item).into()).collect(),
        act: act.into(),
        note: note.into(),
        ..DecideReviews::default()
    };
    let errors = |form: DecideReviews| form.read(now).err().unwrap_or_default();
    assert!(errors(form(&[], "confirm", "")).at("items").is_some());
    assert!(errors(form(&[&item], "forget", "")).at("act").is_some());
    assert!(errors(form(&[&item], "confirm", "Patient Mary Smith was called")).at("note").is_some());
    assert_eq!(form(&[&item, &item], "confirm", "").read(now).expect("can be read").items.len(), 1);
}

#[test]
fn a_file_is_read_row_by_row_and_what_is_wrong_is_given_back() {
    let zone = Zone::named("America/New_York").expect("is known");
    let at = |text: &str| zone.parse(text).expect("is a time");
    let text = "Accession,Description,Time,Site,Unit\n\
        A1,Potassium,2024-07-19 12:00,cape,icu\n\
        A1,Potassium,2024-07-19 12:00,cape,icu\n\
        Mary Smith,Potassium,2024-07-19 12:00,cape,\n\
        A2,Potassium,2024-07-19 12:00,nowhere,\n\
        A3,Potassium,2024-07-19 09:00,cape,\n\
        A4,Patient Mary Smith,2024-07-19 12:00,cape,\n\
        A5,Potassium,noon,cape,\n";
    let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
    let mapping = Mapping::guess(&table.header, &COLUMNS);
    assert!(mapping.missing(&COLUMNS).is_empty());
    let places = BTreeMap::from([
        (("cape".to_owned(), "icu".to_owned()), (Place::Unit(WARD), zone.clone())),
        (("cape".to_owned(), String::new()), (Place::Facility(SITE), zone.clone())),
    ]);
    let window = Some((at("2024-07-19 11:40"), at("2024-07-20 07:40")));
    let found = read(&table, &mapping, &Setting { places: &places, window, now: at("2024-07-20 08:00") });
    assert_eq!((found.rows.len(), found.repeated), (1, 1));
    assert_eq!(found.rows[0].place, Place::Unit(WARD));
    let refused: Vec<(u64, &str)> =
        found.rejects.iter().map(|reject| (reject.row, reject.column.as_str())).collect();
    assert_eq!(refused, [(4, "Accession"), (5, "Site"), (6, "Time"), (7, "Description"), (8, "Time")]);
    assert!(found.rejects.iter().all(|reject| !reject.reason.contains("Mary")));
}

#[test]
fn of_a_doubled_hour_the_first_is_taken_and_a_missing_hour_refused() {
    let zone = Zone::named("America/New_York").expect("is known");
    let places =
        BTreeMap::from([(("cape".to_owned(), String::new()), (Place::Facility(SITE), zone.clone()))]);
    let text = "number,what,recorded_at,site\n1,Film,2024-11-03 01:30,cape\n2,Film,2024-03-10 02:30,cape\n";
    let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
    let mapping = Mapping::guess(&table.header, &COLUMNS);
    let now = zone.parse("2024-11-04 00:00").expect("is a time");
    let found = read(&table, &mapping, &Setting { places: &places, window: None, now });
    assert_eq!((found.rows.len(), found.taken_as_first, found.rejects.len()), (1, 1, 1));
    assert_eq!(found.rows[0].recorded_at.rfc3339(), "2024-11-03T05:30:00Z");
}
