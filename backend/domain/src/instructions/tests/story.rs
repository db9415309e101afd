//! Rule 12 in the situations people will stand in.

use super::*;

fn scope(place: Place, functions: &[Function]) -> Scope {
    let functions =
        if functions.is_empty() { Functions::ALL } else { Functions::of(functions.iter().copied()) };
    Scope { place, target: Target::System(EPIC), functions }
}

fn ordered(place: Place, word: Word) -> Event {
    Event::Ordered { scope: scope(place, &[]), word, only_for: Functions::NONE, keeps: Vec::new() }
}

fn read(events: &[Event], place: Place) -> Verdict {
    verdict(&[family(1, false, events)], World::Real, &places(), &Reader::Everyone, place, subject(EPIC))
}

#[test]
fn with_no_order_the_page_says_so_and_never_use() {
    let verdict = read(&[], facility(1));
    assert_eq!((verdict.look, verdict.words().as_str()), (Look::NoOrder, "NO ORDER"));
}

#[test]
fn a_later_permission_for_a_narrower_place_holds_there_only() {
    let events = [ordered(Place::All, Word::DoNotLogIn), ordered(facility(1), Word::ReadOnly)];
    assert_eq!(read(&events, facility(1)).words(), "READ ONLY");
    assert_eq!(read(&events, facility(2)).words(), "DO NOT LOG IN");
}

#[test]
fn a_later_prohibition_suspends_the_narrower_permission_unless_it_is_kept_by_name() {
    let mut events = vec![ordered(facility(1), Word::ReadOnly), ordered(Place::All, Word::DoNotLogIn)];
    assert_eq!(read(&events, facility(1)).words(), "DO NOT LOG IN");
    let Event::Ordered { keeps, .. } = &mut events[1] else { unreachable!("is an order") };
    keeps.push(0);
    assert_eq!(read(&events, facility(1)).words(), "READ ONLY");
}

#[test]
fn overlapping_groups_are_incomparable_so_the_stricter_holds() {
    let events = [ordered(group(1), Word::LeaveOff), ordered(group(2), Word::RestartOnce)];
    assert_eq!(read(&events, facility(1)).words(), "LEAVE OFF");
    assert_eq!(read(&events, facility(2)).words(), "LEAVE OFF");
    assert_eq!(read(&events, facility(3)).words(), "RESTART ONCE");
}

#[test]
fn a_partly_cleared_system_reads_as_one_order() {
    let events = [
        ordered(Place::All, Word::DoNotLogIn),
        Event::Released { scope: scope(facility(1), &[Function::Registration]) },
    ];
    let mut family = family(1, false, &events);
    family.orders[0].text = "Do not touch it.".to_owned();
    let families = [family];
    let read = |place| verdict(&families, World::Real, &places(), &Reader::Everyone, place, subject(EPIC));
    let partly = read(facility(1));
    assert_eq!(partly.look, Look::Limited);
    assert_eq!(partly.words(), "LOG IN ONLY FOR registration. ON PAPER: orders, results");
    assert_eq!(partly.since, Some(Timestamp(2)));
    assert!(partly.texts.is_empty(), "the order's words would forbid what is permitted");
    assert_eq!(read(facility(2)).words(), "DO NOT LOG IN");
    assert_eq!(read(facility(2)).texts, ["Do not touch it."]);
}

#[test]
fn an_order_for_a_unit_stands_through_the_release_of_its_facility() {
    let events = [
        ordered(Place::All, Word::DoNotLogIn),
        ordered(unit(11), Word::DoNotConnect),
        Event::Released { scope: scope(facility(1), &[]) },
    ];
    assert_eq!(read(&events, facility(1)).words(), "USE");
    assert_eq!(read(&events, unit(11)).words(), "DO NOT CONNECT");
    let differing = differing_units(
        &[family(1, false, &events)],
        World::Real,
        &places(),
        &Reader::Everyone,
        FacilityId(Uuid::from_u128(1)),
        subject(EPIC),
    );
    assert_eq!(differing.iter().map(|(unit, _)| unit.0.as_u128()).collect::<Vec<_>>(), [11]);
}

#[test]
fn a_prohibition_after_the_release_holds_for_the_released_place_too() {
    let events = [Event::Released { scope: scope(facility(1), &[]) }, ordered(Place::All, Word::DoNotLogIn)];
    assert_eq!(read(&events, facility(1)).words(), "DO NOT LOG IN");
}

#[test]
fn a_release_permits_nothing_where_a_scope_inside_it_is_not_clear() {
    let events = [ordered(Place::All, Word::DoNotLogIn), Event::Released { scope: scope(facility(1), &[]) }];
    let mut family = family(1, false, &events);
    family.uncleared.push(scope(unit(11), &[Function::Orders]));
    let read = |place| {
        verdict(&[family.clone()], World::Real, &places(), &Reader::Everyone, place, subject(EPIC)).words()
    };
    assert_eq!(read(facility(1)), "USE");
    assert_eq!(read(unit(12)), "USE");
    assert_eq!(read(unit(11)), "LOG IN ONLY FOR registration, results. ON PAPER: orders");
}

#[test]
fn use_only_for_is_on_paper_for_the_rest() {
    let only_for = Functions::of([Function::Results]);
    let events = [Event::Ordered {
        scope: scope(Place::All, &[]),
        word: Word::UseOnlyFor,
        only_for,
        keeps: Vec::new(),
    }];
    assert_eq!(read(&events, facility(1)).words(), "LOG IN ONLY FOR results. ON PAPER: registration, orders");
    let stricter = [events[0].clone(), ordered(Place::All, Word::ReadOnly)];
    assert_eq!(read(&stricter, facility(1)).words(), "READ ONLY");
}

#[test]
fn a_permission_for_one_function_never_reads_as_use() {
    let events = [Event::Ordered {
        scope: scope(Place::All, &[Function::Results]),
        word: Word::Use,
        only_for: Functions::NONE,
        keeps: Vec::new(),
    }];
    let verdict = read(&events, facility(1));
    assert_eq!(verdict.look, Look::Limited);
    assert_eq!(verdict.words(), "LOG IN ONLY FOR results. NO ORDER: registration, orders");
}

#[test]
fn a_condition_is_said_and_the_rest_keeps_its_own_order() {
    let mut family =
        family(1, false, &[ordered(Place::All, Word::RestartOnce), ordered(Place::All, Word::LeaveOff)]);
    family.orders[1].condition = "not used today".to_owned();
    let verdict = verdict(&[family], World::Real, &places(), &Reader::Everyone, facility(1), subject(EPIC));
    assert_eq!((verdict.words().as_str(), verdict.condition.as_str()), ("LEAVE OFF", "not used today"));
    assert_eq!(verdict.others.iter().map(Verdict::words).collect::<Vec<_>>(), ["RESTART ONCE"]);
}

#[test]
fn a_permission_under_a_condition_stands_below_the_prohibition() {
    let mut family =
        family(1, false, &[ordered(Place::All, Word::LeaveOff), ordered(facility(1), Word::Use)]);
    family.orders[1].condition = "restarted and checked".to_owned();
    let verdict = verdict(&[family], World::Real, &places(), &Reader::Everyone, facility(1), subject(EPIC));
    assert_eq!((verdict.words().as_str(), verdict.condition.as_str()), ("LEAVE OFF", ""));
    assert_eq!(verdict.others[0].condition, "restarted and checked");
    assert_eq!(verdict.others[0].words(), "USE");
}

#[test]
fn pilots_may_and_the_public_page_stays_prohibited() {
    let pilot = AccountId(Uuid::from_u128(77));
    let mut family =
        family(1, false, &[ordered(facility(1), Word::DoNotLogIn), ordered(facility(1), Word::Use)]);
    family.orders[1].whom = Whom::Pilots([pilot].into());
    let families = [family];
    let read = |reader: &Reader| {
        verdict(&families, World::Real, &places(), reader, facility(1), subject(EPIC)).words()
    };
    assert_eq!(read(&Reader::Everyone), "DO NOT LOG IN");
    assert_eq!(read(&Reader::Person { account: pilot, positions: BTreeSet::new() }), "USE");
    let other = AccountId(Uuid::from_u128(78));
    assert_eq!(read(&Reader::Person { account: other, positions: BTreeSet::new() }), "DO NOT LOG IN");
}

#[test]
fn an_order_that_cannot_be_followed_is_refused() {
    let everywhere = scope(Place::All, &[Function::Orders]);
    let refused =
        |word, only_for| check(&everywhere, word, only_for).err().map(|refusal| refusal.code.into_owned());
    assert_eq!(refused(Word::UseOnlyFor, Functions::NONE).as_deref(), Some("only-for-what"));
    assert_eq!(refused(Word::UseOnlyFor, Functions::of([Function::Orders])).as_deref(), Some("only-for-all"));
    assert_eq!(refused(Word::Use, Functions::of([Function::Orders])).as_deref(), Some("only-for-unused"));
    assert_eq!(refused(Word::LeaveOff, Functions::NONE), None);
}

#[test]
fn all_functions_of_a_system_are_as_wide_as_all_functions() {
    let all_it_has = scope(facility(1), &FUNCTIONS);
    let named = Event::Ordered {
        scope: all_it_has,
        word: Word::ReadOnly,
        only_for: Functions::NONE,
        keeps: Vec::new(),
    };
    let events = [ordered(facility(1), Word::DoNotLogIn), named];
    assert_eq!(read(&events, facility(1)).words(), "DO NOT LOG IN");
}
