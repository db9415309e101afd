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
