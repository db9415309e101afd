//! Rules 8 and 9 over any order of commands by any people.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn person(number: u8) -> AccountId {
    AccountId(Uuid::from_u128(u128::from(number)))
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::CountUsed),
        Just(Act::CountBlank),
        Just(Act::CountVoided),
        Just(Act::CountMissing),
        any::<bool>().prop_map(|to_check| Act::Enter { to_check }),
        Just(Act::Verify),
        Just(Act::Dispute),
        Just(Act::Uphold),
        Just(Act::Withdraw),
        Just(Act::File),
        Just(Act::SetAside),
        pile().prop_map(Act::Correct),
    ]
}

fn disposition() -> impl Strategy<Value = Disposition> {
    prop::sample::select(Disposition::ALL.to_vec())
}

proptest! {
    /// Rule 8, and the tally kept beside the sheets is what counting them all over gives.
    #[test]
    fn issued_is_always_out_used_blank_voided_and_missing(
        disposition in disposition(),
        sheets in 1..12_usize,
        acts in prop::collection::vec((0..12_usize, act(), 0..4_u8), 0..80),
    ) {
        let mut range = vec![Sheet::issued(disposition); sheets];
        let mut tally = Ledger::default();
        for sheet in &range {
            tally += Ledger::of(sheet);
        }
        for (which, act, by) in acts {
            let sheet = &mut range[which % sheets];
            if let Ok(after) = sheet.after(act, person(by)) {
                tally += Ledger::change(sheet, &after);
                *sheet = after;
            }
            let mut counted = Ledger::default();
            for sheet in &range {
                counted += Ledger::of(sheet);
            }
            prop_assert_eq!(tally, counted);
            prop_assert!(tally.holds(), "{:?}", tally);
            prop_assert_eq!(tally.issued, i64::try_from(sheets).expect("few"));
        }
    }

    /// Rule 9: nobody who ever typed a sheet in is the one who verified it or found it different.
    #[test]
    fn who_enters_never_verifies(acts in prop::collection::vec((act(), 0..4_u8), 0..80)) {
        let mut sheet = Sheet::issued(Disposition::BackEnter);
        let mut entered = Vec::new();
        for (act, by) in acts {
            let by = person(by);
            if let Ok(after) = sheet.after(act, by) {
                if matches!(act, Act::Enter { .. }) {
                    entered.push(by);
                }
                if matches!(act, Act::Verify | Act::Dispute | Act::Uphold | Act::Withdraw) {
                    prop_assert!(!entered.contains(&by));
                }
                sheet = after;
            }
        }
    }

    /// Out becomes missing only by a count, and what is missing comes back only by a count.
    #[test]
    fn only_counts_move_what_is_out_or_missing(act in act(), missing in any::<bool>()) {
        let state = if missing { State::Missing } else { State::Out };
        let sheet = Sheet { state, ..Sheet::issued(Disposition::BackEnter) };
        let counts = matches!(act, Act::CountUsed | Act::CountBlank | Act::CountVoided)
            || (act == Act::CountMissing && !missing);
        prop_assert_eq!(sheet.after(act, person(1)).is_ok(), counts);
    }
}

#[test]
fn a_sheet_to_be_checked_ends_only_when_a_second_person_has_verified_it() {
    let used = Sheet::found(Disposition::BackEnter);
    let entered = used.after(Act::Enter { to_check: true }, person(1)).expect("is used");
    assert!(!entered.is_at_its_end());
    let own = entered.after(Act::Verify, person(1)).expect_err("typed it in");
    assert_eq!(own.code, "entered-by-you");
    assert!(entered.after(Act::Verify, person(2)).expect("is another").is_at_its_end());
}

#[test]
fn a_discrepancy_is_entered_again_and_then_checked_whatever_the_sample_says() {
    let entered = Sheet::found(Disposition::BackEnter)
        .after(Act::Enter { to_check: false }, person(1))
        .expect("is used");
    assert!(entered.is_at_its_end(), "the sample left it out");
    let disputed = entered.after(Act::Dispute, person(2)).expect("is another");
    assert!(!disputed.is_at_its_end());
    let again = disputed.after(Act::Enter { to_check: false }, person(2)).expect("differs");
    assert!(again.to_check);
    assert!(again.after(Act::Verify, person(1)).is_err(), "typed it in the first time");
    assert!(again.after(Act::Verify, person(3)).is_ok());
}

#[test]
fn each_disposition_has_its_own_end() {
    for disposition in [Disposition::ScanOnly, Disposition::Keep] {
        let used = Sheet::found(disposition);
        assert!(used.after(Act::Enter { to_check: false }, person(1)).is_err());
        assert!(!used.is_at_its_end());
        assert!(used.after(Act::File, person(1)).expect("is used").is_at_its_end());
    }
    assert!(Sheet::found(Disposition::BackEnter).after(Act::File, person(1)).is_err());
}

#[test]
fn a_sheet_on_the_wrong_pile_goes_to_another_until_somebody_has_typed_it_in() {
    let used = Sheet::found(Disposition::BackEnter);
    let blank = used.after(Act::Correct(Pile::Blank), person(1)).expect("is used");
    assert_eq!(blank.state, State::Blank);
    assert_eq!(blank.after(Act::Correct(Pile::Blank), person(1)).expect_err("is there").code, "same-pile");
    assert_eq!(blank.after(Act::Correct(Pile::Used), person(1)), Ok(used.clone()));
    let entered = used.after(Act::Enter { to_check: true }, person(1)).expect("is used");
    assert_eq!(entered.after(Act::Correct(Pile::Blank), person(2)).expect_err("is work").code, "begun");
    let voided = entered
        .after(Act::Dispute, person(2))
        .and_then(|disputed| disputed.after(Act::Withdraw, person(3)))
        .expect("is another");
    assert_eq!(
        voided.after(Act::Correct(Pile::Used), person(4)).expect_err("was typed in").code,
        "was-entered"
    );
}

#[test]
fn who_counted_a_sheet_as_used_does_not_take_it_off_that_pile() {
    let (me, other) = (person(1), person(2));
    assert_eq!(may_correct(State::Used, Some(me), me).expect_err("is the same").code, "counted-by-you");
    assert_eq!(may_correct(State::Used, Some(other), me), Ok(()));
    for from in [State::Blank, State::Voided] {
        assert_eq!(may_correct(from, Some(me), me), Ok(()), "nothing is lost by typing it in");
    }
}

#[test]
fn what_cannot_be_typed_in_is_set_aside_and_then_typed_in_and_checked_or_voided() {
    let used = Sheet::found(Disposition::BackEnter);
    let aside = used.after(Act::SetAside, person(1)).expect("is used");
    assert!(!aside.is_at_its_end());
    assert_eq!(aside.after(Act::Uphold, person(2)).expect_err("nothing to uphold").code, "not-entered-yet");
    assert!(aside.after(Act::Enter { to_check: false }, person(1)).expect("is readable now").to_check);
    assert_eq!(aside.after(Act::Withdraw, person(2)).expect("is another's").state, State::Voided);
    let log = Sheet::found(Disposition::Keep);
    assert_eq!(log.after(Act::SetAside, person(1)).expect_err("is kept").code, "not-entered");
}

fn station() -> impl Strategy<Value = Station> {
    prop::sample::select(Station::ALL.to_vec())
}

fn pile() -> impl Strategy<Value = Pile> {
    prop::sample::select(Pile::ALL.to_vec())
}

/// What a scan makes of a sheet, its paper and the ledger.
fn scanned(sheet: &mut Sheet, custody: &mut Custody, at: Station, on: Pile) -> Result<Scan, Refusal> {
    let scan = scan((sheet.state, *custody), sheet.disposition, at, on)?;
    if let Scan::Moves { act, to } = scan {
        if let Some(act) = act {
            *sheet = sheet.after(act, person(1)).expect("a scan that moves is an act that is allowed");
        }
        *custody = to;
    }
    Ok(scan)
}

proptest! {
    /// Paper moves forwards only; a sheet that is out is with its unit; a whole count leaves it where it was seen; and
    /// a scan that says it moves something is never refused by the ledger.
    #[test]
    fn custody_never_runs_back_and_never_contradicts_the_ledger(
        disposition in disposition(),
        steps in prop::collection::vec((station(), pile(), any::<bool>()), 0..40),
    ) {
        let (mut sheet, mut custody) = (Sheet::issued(disposition), Custody::WithUnit);
        for (at, on, lost) in steps {
            let before = (sheet.clone(), custody);
            if lost {
                if let Ok(after) = sheet.after(Act::CountMissing, person(1)) {
                    custody = custody.after(sheet.state, after.state);
                    sheet = after;
                }
            } else if let Ok(Scan::Moves { act, to }) = scanned(&mut sheet, &mut custody, at, on) {
                prop_assert!(to > before.1 || act.is_some());
                prop_assert_eq!(to, custody);
                if let Some(Act::CountUsed | Act::CountBlank | Act::CountVoided) = act {
                    prop_assert_eq!(at, Station::Collection);
                }
            } else {
                prop_assert_eq!(&(sheet.clone(), custody), &before);
            }
            prop_assert!(custody >= before.1);
            let at_unit = custody <= Custody::InUse;
            prop_assert_eq!(at_unit, matches!(sheet.state, State::Out | State::Missing));
            if custody == Custody::Filed && disposition != Disposition::BackEnter {
                prop_assert_eq!(sheet.state, State::Filed);
            }
        }
    }

    /// The same scan twice is answered "already" the second time, and changes nothing.
    #[test]
    fn a_double_is_already(
        disposition in disposition(), way in prop::collection::vec((station(), pile()), 1..12),
    ) {
        let (mut sheet, mut custody) = (Sheet::issued(disposition), Custody::WithUnit);
        for (at, on) in way {
            if scanned(&mut sheet, &mut custody, at, on).is_ok() {
                let before = (sheet.clone(), custody);
                prop_assert_eq!(scanned(&mut sheet, &mut custody, at, on), Ok(Scan::Already));
                prop_assert_eq!((sheet.clone(), custody), before);
            }
        }
    }
}

#[test]
fn the_records_room_takes_nothing_that_nobody_has_counted() {
    let at = |state, custody, station| scan((state, custody), Disposition::BackEnter, station, Pile::Used);
    for (state, code) in [(State::Out, "still-out"), (State::Missing, "missing"), (State::Blank, "blank")] {
        let refused = at(state, Custody::WithUnit, Station::Records).expect_err("was not counted");
        assert_eq!(refused.code, code);
    }
    assert_eq!(
        at(State::Used, Custody::Collected, Station::Scanning),
        Ok(Scan::Moves { act: None, to: Custody::Scanned }),
        "a step that was left out is implied"
    );
    assert_eq!(
        Custody::Collected.implied(Custody::Scanned, Disposition::BackEnter),
        [Custody::Received, Custody::Prepared]
    );
    assert_eq!(
        at(State::Used, Custody::Scanned, Station::Records),
        Ok(Scan::Already),
        "backwards moves nothing"
    );
    let unscanned = at(State::Used, Custody::Prepared, Station::Filing).expect_err("is not in the chart");
    assert_eq!(unscanned.code, "not-scanned");
    let voided = at(State::Voided, Custody::Received, Station::Scanning).expect_err("is voided");
    assert_eq!(voided.code, "voided");
}

#[test]
fn what_a_department_keeps_is_filed_unscanned_and_is_at_its_end() {
    let (mut log, mut custody) = (Sheet::found(Disposition::Keep), Custody::Collected);
    scanned(&mut log, &mut custody, Station::Filing, Pile::Used).expect("is kept");
    assert_eq!((log.state, custody, log.is_at_its_end()), (State::Filed, Custody::Filed, true));
}

#[test]
fn a_sheet_on_another_pile_is_said_and_not_counted_again() {
    let refused =
        scan((State::Blank, Custody::Collected), Disposition::Keep, Station::Collection, Pile::Used);
    assert!(refused.expect_err("came back blank").sentence.contains("counted as blank"));
    let turned_up =
        scan((State::Missing, Custody::InUse), Disposition::Keep, Station::Collection, Pile::Used);
    assert_eq!(turned_up, Ok(Scan::Moves { act: Some(Act::CountUsed), to: Custody::Collected }));
}

#[test]
fn two_signatures_are_two_people_and_a_correction_is_no_second_one() {
    let batch = Batch { sheets: 41, ..Batch::begun() };
    assert_eq!(batch.signed(person(1), 40, 66).expect_err("counted otherwise").code, "count-differs");
    let once = batch.signed(person(1), 41, 65).expect("is the count");
    assert!(once.takes_sheets().is_err(), "what is signed stays as it is");
    assert_eq!(once.received(41).expect_err("one signature").code, "batch-open");
    let corrected = once.signed(person(1), 41, 66).expect("may be corrected");
    assert_eq!((corrected.state, corrected.pages_in), (BatchState::Open, 66));
    assert_eq!(corrected.signed(person(2), 41, 65).expect_err("another figure").code, "pages-differ");
    let closed = corrected.signed(person(2), 41, 66).expect("is another person");
    assert_eq!((closed.state, closed.second_signer), (BatchState::Closed, Some(person(2))));
    assert!(closed.signed(person(3), 41, 66).is_err());
}

#[test]
fn a_batch_whose_figures_do_not_agree_is_refused_and_counted_again_at_the_same_step() {
    let closed = Batch { state: BatchState::Closed, sheets: 41, pages_in: 66, ..Batch::begun() };
    assert!(closed.scanned(66).is_err(), "is not received");
    let refused = closed.received(40).expect("is a count");
    assert_eq!(refused.state, BatchState::Refused);
    assert!(refused.scanned(66).is_err(), "is still to be received");
    let received = refused.received(41).expect("is counted again");
    assert_eq!(received.state, BatchState::Received);
    assert!(received.received(41).is_err());
    let short = received.scanned(65).expect("is a count");
    assert_eq!(short.state, BatchState::Refused);
    assert!(short.received(41).is_err(), "was received");
    assert_eq!(short.scanned(66).expect("is counted again").state, BatchState::Scanned);
}
