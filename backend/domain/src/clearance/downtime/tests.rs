//! The windows of a night, of two nights with changed clocks, and what holds for any of them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    id::{FacilityId, UnitId},
    time::Zone,
};

const EPIC: SystemId = SystemId(Uuid::from_u128(1));
const SITE: FacilityId = FacilityId(Uuid::from_u128(10));
const WARD: UnitId = UnitId(Uuid::from_u128(20));

fn places() -> Places {
    Places { unit_facility: [(WARD, SITE)].into(), facilities: BTreeSet::from([SITE]), ..Places::default() }
}

fn new_york(local: &str) -> Timestamp {
    Zone::named("America/New_York").expect("is known").parse(local).expect("is a time")
}

fn event(seq: i64, at: Timestamp, change: Change) -> Event {
    Event { seq, at, change }
}

fn history(place: Place, functions: Functions, events: Vec<Event>) -> History {
    History { place, system: EPIC, functions, events }
}

fn cell(place: Place, function: Function, began: &str) -> Cell {
    Cell { place, system: EPIC, function, began: Some(new_york(began)) }
}

/// Down since 00:40, declared at 02:05, released at 11:40; medications taken back at 16:00, released at 07:40.
fn two_windows() -> Vec<History> {
    let medications = Functions::of([Function::Medications]);
    let site = Place::Facility(SITE);
    vec![
        history(
            site,
            Functions::ALL,
            vec![
                event(1, new_york("2024-07-19 02:05"), Change::Opened),
                event(5, new_york("2024-07-19 11:40"), Change::Cleared),
                event(9, new_york("2024-07-19 16:00"), Change::Lost(medications)),
            ],
        ),
        history(
            site,
            medications,
            vec![
                event(9, new_york("2024-07-19 16:00"), Change::Opened),
                event(14, new_york("2024-07-20 07:40"), Change::Cleared),
            ],
        ),
    ]
}

#[test]
fn a_part_taken_back_opens_a_second_window_for_its_functions_alone() {
    let (all, now) = (two_windows(), new_york("2024-07-21 00:00"));
    let at =
        |function| windows(&all, &places(), &cell(Place::Facility(SITE), function, "2024-07-19 00:40"), now);
    let orders = at(Function::Orders);
    assert_eq!(orders.len(), 1);
    assert_eq!(total_minutes(&orders, now), 11 * 60);
    let medications = at(Function::Medications);
    assert_eq!(medications.len(), 2);
    assert_eq!(medications[1].from, new_york("2024-07-19 16:00"));
    assert_eq!(total_minutes(&medications, now), 11 * 60 + 15 * 60 + 40);
}

#[test]
fn any_past_minute_can_be_computed_again() {
    let all = two_windows();
    let asked = cell(Place::Facility(SITE), Function::Medications, "2024-07-19 00:40");
    let then = new_york("2024-07-19 16:30");
    let known = windows(&all, &places(), &asked, then);
    assert_eq!(known.last().map(|window| (window.until, window.minutes(then))), Some((None, 30)));
    assert_eq!(total_minutes(&known, then), 11 * 60 + 30);
    let undeclared = windows(&all, &places(), &asked, new_york("2024-07-19 01:00"));
    assert_eq!(
        total_minutes(&undeclared, new_york("2024-07-19 01:00")),
        20,
        "it was down before anybody said so"
    );
    assert!(windows(&all, &places(), &asked, new_york("2024-07-19 00:30")).is_empty());
}

#[test]
fn a_unit_taken_back_alone_stays_down_while_its_site_works() {
    let site = Place::Facility(SITE);
    let mut all = two_windows();
    all.push(history(
        Place::Unit(WARD),
        Functions::ALL,
        vec![event(20, new_york("2024-07-20 09:00"), Change::Opened)],
    ));
    let now = new_york("2024-07-20 10:00");
    let of_site = windows(&all, &places(), &cell(site, Function::Orders, "2024-07-19 00:40"), now);
    let of_ward =
        windows(&all, &places(), &cell(Place::Unit(WARD), Function::Orders, "2024-07-19 00:40"), now);
    assert_eq!((of_site.len(), of_ward.len()), (1, 2));
    assert_eq!(of_ward[1].minutes(now), 60);
}

/// The night of 10 March 2024 had no hour from 2 to 3, that of 3 November had the hour from 1 to 2 twice.
#[test]
fn a_night_in_which_the_clocks_change_is_as_long_as_it_was() {
    for (day, minutes) in [("2024-03-10", 5 * 60), ("2024-11-03", 7 * 60), ("2024-07-19", 6 * 60)] {
        let (from, until) = (new_york(&format!("{day} 00:00")), new_york(&format!("{day} 06:00")));
        let events = vec![event(1, from, Change::Opened), event(2, until, Change::Cleared)];
        let all = [history(Place::Facility(SITE), Functions::ALL, events)];
        let asked = cell(Place::Facility(SITE), Function::Orders, &format!("{day} 00:00"));
        assert_eq!(total_minutes(&windows(&all, &places(), &asked, until), until), minutes, "{day}");
    }
}

/// Orders were parted from the rest before anything was clear: they have been down as long as the rest.
#[test]
fn a_part_that_goes_its_own_way_has_been_down_from_the_start() {
    let (site, orders) = (Place::Facility(SITE), Functions::of([Function::Orders]));
    let rest = vec![event(1, new_york("2024-07-19 02:05"), Change::Opened)];
    let part = vec![
        event(4, new_york("2024-07-19 03:00"), Change::Opened),
        event(6, new_york("2024-07-19 04:40"), Change::Cleared),
    ];
    let all = [history(site, Functions::ALL.without(orders), rest), history(site, orders, part)];
    let asked = cell(site, Function::Orders, "2024-07-19 00:40");
    for (as_of, minutes) in [("2024-07-19 02:40", 120), ("2024-07-19 09:00", 240)] {
        let as_of = new_york(as_of);
        assert_eq!(total_minutes(&windows(&all, &places(), &asked, as_of), as_of), minutes);
    }
}

/// All of it is taken back at 06:35; orders are parted from what waits again, and medications from orders.
#[test]
fn a_part_of_a_part_has_been_down_since_the_whole_was_taken_back() {
    let site = Place::Facility(SITE);
    let (orders, medications) = (Functions::of([Function::Orders]), Functions::of([Function::Medications]));
    let first = vec![
        event(1, new_york("2024-07-19 02:05"), Change::Opened),
        event(5, new_york("2024-07-19 05:05"), Change::Cleared),
        event(9, new_york("2024-07-19 06:35"), Change::Revoked),
    ];
    let again = vec![
        event(9, new_york("2024-07-19 06:35"), Change::Opened),
        event(15, new_york("2024-07-19 08:00"), Change::Cleared),
    ];
    let again = history(site, Functions::ALL.without(orders).without(medications), again);
    let opened = |seq, at| vec![event(seq, new_york(at), Change::Opened)];
    let mut part = history(site, orders, opened(12, "2024-07-19 07:35"));
    part.follow_from(&again);
    let mut of_part = history(site, medications, opened(13, "2024-07-19 07:40"));
    of_part.follow_from(&part);
    let all = [history(site, Functions::ALL, first), again, part, of_part];
    for (function, minutes) in
        [(Function::Results, 265), (Function::Orders, 325), (Function::Medications, 325)]
    {
        let asked = cell(site, function, "2024-07-19 02:05");
        let now = new_york("2024-07-19 09:00");
        let found = windows(&all, &places(), &asked, now);
        assert_eq!(found[1].from, new_york("2024-07-19 06:35"));
        assert_eq!(total_minutes(&found, now), minutes, "{function:?}");
        let then = new_york("2024-07-19 06:45");
        assert_eq!(total_minutes(&windows(&all, &places(), &asked, then), then), 190, "{function:?}");
    }
}

/// What became of the whole after the part had left does not touch the part.
#[test]
fn a_unit_that_was_parted_off_stays_down_when_the_rest_is_clear() {
    let site = history(
        Place::Facility(SITE),
        Functions::ALL,
        vec![
            event(1, new_york("2024-07-19 02:05"), Change::Opened),
            event(8, new_york("2024-07-19 05:05"), Change::Cleared),
        ],
    );
    let parted = vec![event(4, new_york("2024-07-19 04:35"), Change::Opened)];
    let mut ward = history(Place::Unit(WARD), Functions::ALL, parted);
    ward.follow_from(&site);
    assert_eq!(ward.events.len(), 2);
    let asked = cell(Place::Unit(WARD), Function::Orders, "2024-07-19 02:05");
    let found = windows(&[site, ward], &places(), &asked, new_york("2024-07-19 06:05"));
    assert_eq!(found, [Window { from: new_york("2024-07-19 02:05"), until: None }]);
}

/// The site waits; its ward went its own way, was cleared, and then lost some functions.
fn ward_that_lost(lost: Functions) -> Vec<History> {
    let declared = event(1, new_york("2024-07-19 02:05"), Change::Opened);
    let ward = vec![
        declared,
        event(5, new_york("2024-07-19 11:40"), Change::Cleared),
        event(9, new_york("2024-07-19 16:00"), Change::Lost(lost)),
    ];
    vec![
        history(Place::Facility(SITE), Functions::ALL, vec![declared]),
        history(Place::Unit(WARD), Functions::ALL, ward),
    ]
}

#[test]
fn a_part_that_loses_a_function_falls_back_under_the_scope_around_it() {
    let cell = cell(Place::Unit(WARD), Function::Medications, "2024-07-19 02:05");
    let as_of = new_york("2024-07-19 18:00");
    let whole = windows(&ward_that_lost(Functions::of([Function::Orders])), &places(), &cell, as_of);
    assert_eq!(whole.len(), 1, "orders were lost, medications were not: {whole:?}");
    let lost = windows(&ward_that_lost(Functions::of([Function::Medications])), &places(), &cell, as_of);
    assert_eq!(lost.len(), 2, "{lost:?}");
    assert_eq!(lost[1], Window { from: new_york("2024-07-19 16:00"), until: None });
}

#[test]
fn only_a_clear_part_inside_excuses_the_scope_around_it() {
    let of = |place| history(place, Functions::ALL, Vec::new());
    let (site, ward) = (of(Place::Facility(SITE)), of(Place::Unit(WARD)));
    let down = |one: &History, other: &History, standing: [Standing; 2]| {
        is_down(&[one, other], &standing, &places())
    };
    assert!(!down(&site, &ward, [Standing::Waits, Standing::Clear]), "the ward was given back");
    assert!(down(&ward, &site, [Standing::Waits, Standing::Clear]), "the ward waits in a clear site");
    assert!(down(&site, &site, [Standing::Waits, Standing::Clear]), "the same place is no part of itself");
    assert!(down(&site, &ward, [Standing::Waits, Standing::Nothing]));
    assert!(!down(&site, &ward, [Standing::Clear, Standing::Nothing]));
}

#[test]
fn a_part_takes_over_what_happened_before_it_was_parted_and_nothing_else() {
    let (early, late) = (new_york("2024-07-19 02:05"), new_york("2024-07-19 16:00"));
    let whole = vec![event(1, early, Change::Opened), event(9, late, Change::Lost(Functions::ALL))];
    let mut part = history(Place::Unit(WARD), Functions::ALL, vec![event(9, late, Change::Opened)]);
    part.follow_from(&history(Place::Facility(SITE), Functions::ALL, whole));
    assert_eq!(part.events, [event(1, early, Change::Opened), event(9, late, Change::Opened)]);
}

#[test]
fn what_has_always_worked_was_never_down() {
    let asked = Cell { place: Place::Facility(SITE), system: EPIC, function: Function::Orders, began: None };
    assert!(windows(&[], &places(), &asked, new_york("2024-07-20 10:00")).is_empty());
}

/// What happens to the site's scopes, step by step: (minutes later, what, functions).
fn any_night() -> impl Strategy<Value = Vec<(i64, bool, Functions)>> {
    let functions = proptest::sample::subsequence(Function::ALL.to_vec(), 1..=7).prop_map(Functions::of);
    proptest::collection::vec((0_i64..90, any::<bool>(), functions), 0..20)
}

/// Plays a night as revocations do: a release clears every waiting scope that lies in the functions, a revocation
/// takes them out of what is clear and opens a scope for them.
fn played(night: &[(i64, bool, Functions)]) -> (Vec<History>, Timestamp) {
    let site = Place::Facility(SITE);
    let mut at = new_york("2024-07-19 02:05");
    let mut all = vec![history(site, Functions::ALL, vec![event(1, at, Change::Opened)])];
    let mut state = vec![(Functions::ALL, false)];
    for (seq, (minutes, release, functions)) in (2_i64..).zip(night) {
        at = at.plus_minutes(*minutes);
        let mut taken = Functions::NONE;
        for (scope, (held, clear)) in all.iter_mut().zip(&mut state) {
            if *release && !*clear && functions.includes(*held) {
                *clear = true;
                scope.events.push(event(seq, at, Change::Cleared));
            } else if !*release && *clear && held.meets(*functions) {
                taken = taken.union(held.common(*functions));
                scope.events.push(event(seq, at, Change::Lost(held.common(*functions))));
                *held = held.without(*functions);
            }
        }
        if !taken.is_empty() {
            all.push(history(site, taken, vec![event(seq, at, Change::Opened)]));
            state.push((taken, false));
        }
    }
    (all, at.plus_minutes(1))
}

proptest! {
    #[test]
    fn windows_never_overlap_and_never_exceed_the_whole(night in any_night()) {
        let (all, now) = played(&night);
        for function in Function::ALL {
            let asked = cell(Place::Facility(SITE), function, "2024-07-19 00:40");
            let found = windows(&all, &places(), &asked, now);
            prop_assert_eq!(found[0].from, new_york("2024-07-19 00:40"));
            for pair in found.windows(2) {
                prop_assert!(pair[0].until.is_some_and(|until| until <= pair[1].from));
            }
            prop_assert!(found.iter().all(|window| window.until.is_none_or(|until| until >= window.from)));
            prop_assert!(total_minutes(&found, now) <= now.minutes_since(found[0].from));
        }
    }

    /// After the whole was released, taking a part back opens a window for exactly its functions.
    #[test]
    fn a_revocation_of_a_part_opens_only_its_functions(bits in 1_i64..128, later in 1_i64..500) {
        let part = Functions::from_bits(bits);
        let (all, now) = played(&[(60, true, Functions::ALL), (later, false, part)]);
        for function in Function::ALL {
            let asked = cell(Place::Facility(SITE), function, "2024-07-19 00:40");
            let found = windows(&all, &places(), &asked, now);
            prop_assert_eq!(found.len(), if part.contains(function) { 2 } else { 1 });
            prop_assert_eq!(found.last().is_some_and(|window| window.until.is_none()), part.contains(function));
        }
    }

    /// What was known at a moment does not change with what comes later.
    #[test]
    fn later_events_leave_the_past_as_it_was(night in any_night(), cut in 0_usize..20) {
        let cut = cut.min(night.len());
        let (before, _) = played(&night[..cut]);
        let (all, now) = played(&night);
        let then = before.iter().flat_map(|scope| &scope.events).map(|event| event.at).max().unwrap_or(now);
        let asked = cell(Place::Facility(SITE), Function::Results, "2024-07-19 00:40");
        let at_the_same_moment = night[cut..].first().is_some_and(|(minutes, ..)| *minutes == 0);
        if !at_the_same_moment {
            prop_assert_eq!(
                windows(&before, &places(), &asked, then),
                windows(&all, &places(), &asked, then)
            );
        }
    }
}
