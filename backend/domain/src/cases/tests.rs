//! Cases through their lives.

use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn caller(number: u128) -> AccountId {
    AccountId(Uuid::from_u128(number))
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::parse_rfc3339("2024-07-19T08:20:00Z").expect("is a time").plus_minutes(minutes)
}

fn case() -> Case {
    Case::scheduled(at(230), date(2024, 7, 19))
}

fn cancelled() -> Case {
    let mut case = case();
    case.cancel(at(0), Some(date(2024, 8, 16))).expect("may be cancelled");
    case
}

#[test]
fn a_second_cancellation_reopens_the_case_and_keeps_its_first_clocks() {
    let mut case = cancelled();
    case.log_contact((ContactResult::Told, None), caller(1), at(1)).expect("may be called");
    case.rebook((at(20_000), date(2024, 8, 2)), true, caller(1), at(2)).expect("may be rebooked");
    let clocks = (case.first_cancelled_at, case.safe_by, case.day_28);
    case.cancel(at(5_000), Some(date(2025, 1, 1))).expect("may be cancelled");
    assert_eq!((case.first_cancelled_at, case.safe_by, case.day_28), clocks);
    assert_eq!((case.state, case.told, case.new_start), (State::ToContact, false, None));
    assert_eq!(case.day_28, Some(date(2024, 8, 16)));
}

#[test]
fn who_was_told_of_a_cancellation_must_be_told_that_it_is_off() {
    let mut untold = cancelled();
    untold.keep().expect("may be kept");
    assert!(!untold.must_tell());
    let mut told = cancelled();
    told.log_contact((ContactResult::Told, None), caller(1), at(1)).expect("may be called");
    told.keep().expect("may be kept");
    assert!(told.must_tell());
    told.log_contact((ContactResult::Told, None), caller(1), at(2)).expect("may be called");
    assert_eq!((told.state, told.must_tell()), (State::Kept, false));
}

#[test]
fn while_one_calls_nobody_else_does() {
    let mut case = cancelled();
    case.take(caller(1), at(0)).expect("is free");
    assert_eq!(case.take(caller(2), at(1)).unwrap_err().code, "being-called");
    assert!(case.log_contact((ContactResult::Told, None), caller(2), at(1)).is_err());
    assert_eq!(case.take(caller(1), at(2)), Ok(()), "who has it may take it again");
    assert_eq!(case.take(caller(2), at(2 + LOCK_MINUTES)), Ok(()), "a forgotten lock ends by itself");
    case.log_contact((ContactResult::NoAnswer, None), caller(2), at(13)).expect("may be called");
    assert_eq!((case.lock, case.state), (None, State::Contacting));
}

#[test]
fn rebooked_is_no_end_and_past_safe_by_comes_first() {
    let mut late = cancelled();
    late.rebook((at(60_000), date(2024, 8, 22)), true, caller(1), at(1)).expect("may be rebooked");
    assert!(!late.state.is_end() && late.days_booked_past(Clock::SafeBy) == Some(6));
    let waiting = cancelled();
    assert!(late.risk().expect("has a risk") < waiting.risk().expect("has a risk"));
    let mut in_time = cancelled();
    in_time.rebook((at(9_000), date(2024, 8, 1)), true, caller(1), at(1)).expect("may be rebooked");
    assert_eq!(in_time.risk(), None);
    assert!(in_time.rebook((at(0), date(2024, 7, 19)), true, caller(1), at(1)).is_err(), "in the past");
    in_time.mark_seen().expect("may be seen");
    assert!(in_time.state.is_end());
}

fn tried(tries: &[(Channel, i8)]) -> Tried {
    tries.iter().map(|(channel, day)| (*channel, date(2024, 7, *day))).collect()
}

#[test]
fn closing_as_not_reached_takes_what_the_policy_asks_for() {
    use Channel::{Phone, Sms};
    let mut case = cancelled();
    let policy = Unreachable::default();
    for too_few in [
        tried(&[]),
        tried(&[(Phone, 19), (Sms, 20)]),
        tried(&[(Phone, 19), (Phone, 20), (Phone, 21)]),
        tried(&[(Phone, 19), (Sms, 19), (Phone, 19)]),
    ] {
        assert_eq!(case.end(State::ClosedByClinician, &too_few, policy).unwrap_err().code, "too-few-tries");
    }
    assert_eq!(
        tried(&[(Phone, 19)]).meets(policy).unwrap_err().sentence,
        "A clinician may close this as not reached after 3 tries, 2 ways of contact and 2 different days; there were 1, \
         1 and 1."
    );
    let own = Unreachable { tries: 2, channels: 1, days: 1 };
    assert_eq!(tried(&[(Phone, 19), (Phone, 19)]).meets(own), Ok(()));
    let enough = tried(&[(Phone, 19), (Sms, 19), (Phone, 20)]);
    assert_eq!(case.end(State::ClosedByClinician, &enough, policy), Ok(()));
    assert_eq!(case.end(State::Died, &enough, policy).unwrap_err().code, "has-ended");
}

#[test]
fn a_clock_that_will_be_missed_and_one_that_was_are_two_things() {
    let mut case = cancelled();
    let day = |day| date(2024, 8, day);
    assert_eq!(case.days_past(Clock::Day28, day(16)), None, "its last day is in time");
    assert_eq!(case.days_past(Clock::Day28, day(18)), Some(2));
    case.safe_by = Some(date(2024, 10, 11));
    case.rebook((at(60_000), day(22)), true, caller(1), at(1)).expect("may be rebooked");
    assert_eq!((case.days_booked_past(Clock::Day28), case.days_booked_past(Clock::SafeBy)), (Some(6), None));
    assert_eq!(case.days_past(Clock::Day28, day(17)), Some(1), "a date that is booked does not stop a clock");
    assert_eq!(case.risk(), None, "only a date past safe-by asks for an earlier one");
    case.mark_seen().expect("may be seen");
    assert_eq!((case.days_past(Clock::Day28, day(30)), case.days_booked_past(Clock::Day28)), (None, None));
}

#[test]
fn the_next_try_is_still_to_come_and_ends_with_the_next_step() {
    let mut case = cancelled();
    let tries = [
        (ContactResult::NoAnswer, 0),
        (ContactResult::Told, 60),
        // They are due after 230 minutes.
        (ContactResult::NoAnswer, 230),
        (ContactResult::NoAnswer, 50_000),
    ];
    for (result, next) in tries {
        let refused = case.log_contact((result, Some(at(next))), caller(1), at(0)).unwrap_err();
        assert_eq!(refused.code, "next-try", "{result:?} {next}");
    }
    case.log_contact((ContactResult::CallBack, Some(at(60))), caller(1), at(0)).expect("may be called");
    assert_eq!(case.next_try, Some(at(60)));
    case.log_contact((ContactResult::Told, None), caller(1), at(61)).expect("may be called");
    assert_eq!(case.next_try, None);
}

#[test]
fn only_a_kept_case_is_done_and_only_a_cancelled_one_is_seen() {
    let mut kept = case();
    kept.keep().expect("may be kept");
    assert!(kept.mark_seen().is_err());
    assert_eq!(kept.mark_done(), Ok(()));
    assert!(cancelled().mark_done().is_err());
}

#[derive(Debug, Clone)]
enum Step {
    Keep,
    Cancel,
    Undecided,
    Take(u128),
    Contact(u128, usize),
    Rebook(i64),
    Seen,
    Done,
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Keep),
        Just(Step::Cancel),
        Just(Step::Undecided),
        (1..3_u128).prop_map(Step::Take),
        (1..3_u128, 0..5_usize).prop_map(|(who, result)| Step::Contact(who, result)),
        (-10..100_000_i64).prop_map(Step::Rebook),
        Just(Step::Seen),
        Just(Step::Done),
        (0..15_usize).prop_map(Step::End),
    ]
}

fn run(case: &mut Case, step: &Step, now: Timestamp) -> Result<(), Refusal> {
    match step {
        Step::Keep => case.keep(),
        Step::Cancel => case.cancel(now, Some(date(2024, 8, 16))),
        Step::Undecided => {
            case.leave_undecided();
            Ok(())
        }
        Step::Take(who) => case.take(caller(*who), now),
        Step::Contact(who, result) => {
            case.log_contact((ContactResult::ALL[*result], None), caller(*who), now)
        }
        Step::Rebook(minutes) => {
            let new = now.plus_minutes(*minutes);
            case.rebook((new, Zone::utc().civil_date(new)), true, caller(1), now)
        }
        Step::Seen => case.mark_seen(),
        Step::Done => case.mark_done(),
        Step::End(end) => case.end(State::ALL[*end], &Tried::default(), Unreachable::default()),
    }
}

proptest! {
    #[test]
    fn the_clocks_are_set_once_ends_are_final_and_what_was_decided_fits_the_state(
        steps in proptest::collection::vec(step(), 0..40),
    ) {
        let mut case = case();
        for (minute, step) in steps.iter().enumerate() {
            let before = case.clone();
            let outcome = run(&mut case, step, at(i64::try_from(minute).expect("is a small number")));
            if outcome.is_err() || before.state.is_end() {
                prop_assert_eq!(&case, &before, "a refusal changes nothing");
                continue;
            }
            if before.first_cancelled_at.is_some() {
                prop_assert_eq!((case.first_cancelled_at, case.safe_by, case.day_28),
                    (before.first_cancelled_at, before.safe_by, before.day_28));
            }
            prop_assert_eq!(case.start, before.start);
            match case.state {
                State::Kept | State::Done => prop_assert_eq!(case.decided, Decided::Kept),
                State::ToContact | State::Contacting | State::Told | State::Rebooked | State::Seen => {
                    prop_assert_eq!(case.decided, Decided::Cancelled);
                    prop_assert!(case.first_cancelled_at.is_some());
                }
                State::Scheduled => prop_assert!(matches!(case.decided, Decided::No | Decided::Undecided)),
                _ => {}
            }
            prop_assert!(case.risk().is_none() || !case.state.is_end());
        }
    }
}
