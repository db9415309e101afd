//! The rules of need, stock and running out, also at their edges.

use proptest::prelude::*;

use super::*;
use crate::{
    playbooks::{Kit, Need, SHIPPED_KITS},
    time::Zone,
};

fn form(need: Option<i64>) -> FormType {
    let kit = Kit::parse("standard.toml", SHIPPED_KITS[0].1).expect("is good");
    let mut form = kit.forms.into_iter().find(|form| form.code == "MAR").expect("is in the kit");
    form.need =
        need.map(|per_100_bed_days| Need { per_100_bed_days, settings: vec![] }).into_iter().collect();
    form.par_per_unit = 40;
    form
}

fn ward(beds: Option<i64>, census: Option<i64>) -> Ward {
    Ward { setting: Some(Setting::Inpatient), beds, census }
}

#[test]
fn par_is_eight_hours_of_the_patients_then_of_the_beds_then_what_the_kit_says() {
    let three_a_day = form(Some(300));
    let of = |ward, own| {
        let par = Par::of(&three_a_day, &ward, own, 8);
        (par.sheets, par.basis)
    };
    assert_eq!(of(ward(Some(28), None), None), (28, Basis::Beds));
    assert_eq!(of(ward(Some(28), Some(20)), None), (20, Basis::Census));
    assert_eq!(of(ward(Some(28), Some(0)), None), (0, Basis::Census), "an empty ward needs none");
    assert_eq!(of(ward(Some(0), None), None), (0, Basis::Beds));
    assert_eq!(of(ward(None, None), None), (40, Basis::Kit));
    assert_eq!(of(ward(Some(28), Some(20)), Some(7)), (7, Basis::Own));
    assert_eq!(of(Ward { setting: None, ..ward(Some(28), None) }, None), (40, Basis::Kit));
    assert_eq!(Par::of(&form(None), &ward(Some(28), None), None, 8).sheets, 40);
    assert_eq!(Par::of(&form(Some(1)), &ward(Some(28), None), None, 8).sheets, 1, "rounded up");
    let own = Par::of(&three_a_day, &ward(Some(28), None), Some(7), 8);
    assert_eq!(own.need.map(Rate::an_hour).as_deref(), Some("3.5"), "an own par does not slow the ward down");
}

#[test]
fn what_came_back_after_a_count_but_was_used_before_it_is_not_taken_off_twice() {
    let pool = Pool::unknown(0).counted(40, 0, 0);
    assert_eq!(pool.left(5), 35);
    // Four hours later 22 are found; 13 more were written on, and lie beside the beds.
    let recount = pool.counted(22, 5, 35);
    assert_eq!((recount.left(5), recount.pending), (22, 13));
    assert_eq!(recount.left(18), 22, "the thirteen come back at the end of the shift");
    assert_eq!(recount.left(21), 19);
}

#[test]
fn a_first_count_in_the_middle_of_a_downtime_knows_that_sheets_are_out() {
    let pool = Pool::unknown(3).counted(22, 3, 40);
    assert_eq!((pool.pending, pool.left(3), pool.left(21), pool.left(25)), (18, 22, 22, 18));
}

#[test]
fn what_was_missing_and_turns_up_blank_lies_there_again() {
    let pool = Pool::unknown(4).counted(10, 4, 0);
    assert_eq!(pool.left(3), 11);
}

#[test]
fn a_run_out_is_said_by_the_pace_and_never_beyond_two_weeks() {
    let now = Timestamp::from_seconds(1_700_000_000);
    let pace = |used, minutes| Rate::measured(used, minutes);
    assert_eq!(runs_out(30, pace(20, 120), now), Some(now.plus_minutes(180)));
    assert_eq!(runs_out(0, pace(20, 120), now), Some(now));
    assert_eq!(runs_out(-4, pace(20, 120), now), Some(now));
    assert_eq!(runs_out(30, None, now), None, "nothing was used yet");
    assert_eq!(runs_out(0, None, now), None);
    assert_eq!(runs_out(30, Some(Rate::of_beds(0, 300)), now), None, "an empty ward");
    assert_eq!(runs_out(100_000, pace(1, 240), now), None);
    assert_eq!(pace(-3, 240), None, "more came back than was used");
    assert_eq!(pace(6, 5), Some(Rate { sheets: 6, minutes: 60 }), "five minutes are no pace");
}

#[test]
fn a_run_out_over_a_clock_change_is_said_in_the_clock_of_then() {
    let zone = Zone::named("America/New_York").expect("is in the database");
    let pace = Rate::measured(10, 60);
    let now = zone.parse("2024-11-02 23:30").expect("is a time");
    let at = runs_out(30, pace, now).expect("runs out");
    assert_eq!(zone.clock_with_zone(at), "01:30 EST", "three hours later, an hour of them twice");
    let now = zone.parse("2024-03-10 00:30").expect("is a time");
    let at = runs_out(30, pace, now).expect("runs out");
    assert_eq!(zone.clock_with_zone(at), "04:30 EDT");
}

#[test]
fn as_many_are_asked_for_as_the_par_or_the_pace_wants() {
    assert_eq!(short(40, 28, None, 8), 0);
    assert_eq!(short(20, 28, None, 8), 8);
    assert_eq!(short(-5, 28, None, 8), 28);
    assert_eq!(short(28, 28, Rate::measured(24, 240), 8), 20, "six an hour for eight hours");
}

#[test]
fn a_reorder_goes_forwards_once() {
    use ReorderAct::{Decline, Deliver, Order};
    use ReorderState::{Delivered, NotNeeded, Open, Ordered};
    let after = |state: ReorderState, act| state.after(act).ok();
    assert_eq!(after(Open, Order), Some(Ordered));
    assert_eq!(after(Ordered, Order), None);
    for state in [Open, Ordered] {
        assert_eq!((after(state, Deliver), after(state, Decline)), (Some(Delivered), Some(NotNeeded)));
    }
    for act in [Order, Deliver, Decline] {
        assert_eq!((after(Delivered, act), after(NotNeeded, act)), (None, None));
    }
}

#[test]
fn a_count_says_what_is_wrong_at_its_field() {
    let count = |forms: &[(&str, &str)]| CountStock {
        how: "counted".into(),
        form_type: forms.iter().map(|(code, _)| (*code).into()).collect(),
        sheets: forms.iter().map(|(_, sheets)| (*sheets).into()).collect(),
        ..CountStock::default()
    };
    let read = |forms: &[(&str, &str)]| count(forms).read(|code| code == "MAR" || code == "FLO");
    assert_eq!(read(&[("MAR", "0"), ("FLO", " ")]).expect("is good").sheets, [("MAR".to_owned(), 0)]);
    for (forms, field) in [
        (vec![("MAR", "-1")], "sheets"),
        (vec![("MAR", "1.5")], "sheets"),
        (vec![("MAR", "")], "sheets"),
        (vec![("XXX", "1")], "form_type"),
        (vec![("MAR", "1"), ("MAR", "2")], "form_type"),
    ] {
        assert!(read(&forms).expect_err("is wrong").at(field).is_some(), "{forms:?}");
    }
}

proptest! {
    /// Nobody rounds a need away, and a sheet more than needed is never asked for.
    #[test]
    fn par_is_the_least_whole_number_that_lasts_the_hours(
        beds in 0_i64..2_000, share in 0_i64..100_000, hours in 1_i64..169,
    ) {
        let rate = Rate::of_beds(beds, share);
        let par = rate.for_hours(hours);
        if rate.sheets == 0 {
            prop_assert_eq!((par, rate.minutes_for(5)), (0, None));
        } else {
            prop_assert!(rate.minutes_for(par).expect("is used") >= hours * 60);
            prop_assert!((par - 1) * rate.minutes < rate.sheets * hours * 60);
        }
    }

    /// More patients or more hours never need fewer sheets.
    #[test]
    fn par_never_falls_when_more_is_needed(
        beds in 0_i64..500, share in 0_i64..5_000, hours in 1_i64..100, more in 0_i64..50,
    ) {
        let par = |beds, hours| Rate::of_beds(beds, share).for_hours(hours);
        prop_assert!(par(beds + more, hours) >= par(beds, hours));
        prop_assert!(par(beds, hours + more) >= par(beds, hours));
    }

    /// A ward writes on some of its sheets, gives some of those back, is brought more, and counts now and then. A
    /// count makes the figure right; what is used and not back yet is still in it, and leaves it once.
    #[test]
    fn the_figure_is_right_at_a_count_and_each_used_sheet_leaves_it_once(
        first in 0_i64..200, steps in proptest::collection::vec((0_u8..4, 0_i64..30), 0..40),
    ) {
        let (mut blank, mut used_not_back, mut gone) = (first, 0, 0);
        let mut pool = Pool::unknown(0).counted(first, 0, 0);
        for (step, number) in steps {
            match step {
                0 => {
                    let used = number.min(blank);
                    blank -= used;
                    used_not_back += used;
                }
                1 => {
                    let back = number.min(used_not_back);
                    used_not_back -= back;
                    gone += back;
                }
                2 => {
                    blank += number;
                    pool = pool.brought(number);
                }
                _ => {
                    pool = pool.counted(blank, gone, 0);
                    prop_assert_eq!((pool.left(gone), pool.pending), (blank, used_not_back));
                }
            }
            prop_assert!(pool.left(gone) >= blank);
            prop_assert_eq!(pool.left(gone + used_not_back), blank);
        }
    }

    #[test]
    fn just_enough_is_asked_for(
        left in -50_i64..500, par in 0_i64..300, used in -20_i64..200, minutes in 0_i64..300,
    ) {
        let rate = Rate::measured(used, minutes);
        let asked = short(left, par, rate, 8);
        let then = left.max(0) + asked;
        prop_assert!(then >= par && rate.is_none_or(|rate| then >= rate.for_hours(8)));
        if asked > 0 {
            prop_assert!(then == par || rate.is_some_and(|rate| then == rate.for_hours(8)));
        }
    }
}
