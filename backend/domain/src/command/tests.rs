//! Rule 3 over any order of offers, answers, calls and assumptions.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn person(number: u8) -> AccountId {
    AccountId(Uuid::from_u128(u128::from(number)))
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_seconds(0).plus_minutes(minute)
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Offer(u8, u8),
    Accept(u8),
    Decline(u8),
    Withdraw(u8),
    Page(u8),
    Answer(u8),
    Assume(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..4_u8;
    prop_oneof![
        (who.clone(), who.clone()).prop_map(|(from, to)| Step::Offer(from, to)),
        who.clone().prop_map(Step::Accept),
        who.clone().prop_map(Step::Decline),
        who.clone().prop_map(Step::Withdraw),
        who.clone().prop_map(Step::Page),
        who.clone().prop_map(Step::Answer),
        who.prop_map(Step::Assume),
    ]
}

fn apply(command: &mut Command, step: Step, at: Timestamp) -> bool {
    match step {
        Step::Offer(from, to) => {
            let id = HandoverId(Uuid::from_u128(1));
            command.offer(Offer { id, from: person(from), to: person(to), at }).is_ok()
        }
        Step::Accept(by) => command.accept(person(by), at).is_ok(),
        Step::Decline(by) => command.decline(person(by)).is_ok(),
        Step::Withdraw(by) => command.withdraw(person(by)).is_ok(),
        Step::Page(by) => command.page(person(by), at).is_ok(),
        Step::Answer(by) => command.answer(person(by)).is_ok(),
        Step::Assume(by) => command.assume(person(by), at, 15).is_ok(),
    }
}

fn holders_at(command: &Command, at: Timestamp) -> usize {
    let holds = |holding: &&Holding| holding.from <= at && holding.until.is_none_or(|until| at < until);
    command.holdings.iter().filter(holds).count()
}

proptest! {
    /// From declaration to close exactly one holds command at every instant; before and after, nobody.
    #[test]
    fn one_commander_at_every_instant(steps in prop::collection::vec((step(), 0..20_i64), 0..60)) {
        let mut command = Command::declared(person(0), minute(0));
        let mut now = 0;
        for (step, pause) in steps {
            now += pause;
            let before = command.holder();
            let changed = apply(&mut command, step, minute(now));
            if !(changed && matches!(step, Step::Accept(_) | Step::Assume(_))) {
                prop_assert_eq!(command.holder(), before, "only accepting and assuming move command");
            }
            prop_assert!(command.holder().is_some());
        }
        command.end(minute(now + 1));
        for at in 0..=now {
            prop_assert_eq!(holders_at(&command, minute(at)), 1, "in minute {}", at);
        }
        prop_assert_eq!(holders_at(&command, minute(now + 1)), 0);
        prop_assert_eq!(holders_at(&command, minute(-1)), 0);
        for pair in command.holdings.windows(2) {
            prop_assert_eq!(pair[0].until, Some(pair[1].from));
        }
    }
}

#[test]
fn a_handover_takes_effect_when_it_is_accepted_and_not_before() {
    let mut command = Command::declared(person(0), minute(0));
    let offer = Offer { id: HandoverId(Uuid::from_u128(1)), from: person(0), to: person(1), at: minute(5) };
    command.offer(offer).expect("commands");
    assert_eq!(command.holder(), Some(person(0)));
    assert_eq!(command.accept(person(2), minute(6)).expect_err("is another").code, "not-offered-to-you");
    command.accept(person(1), minute(9)).expect("was offered");
    assert_eq!(command.holder(), Some(person(1)));
    assert_eq!(command.holdings[0].until, Some(minute(9)));
    assert!(command.accept(person(1), minute(10)).is_err(), "is not on offer any more");
}

#[test]
fn command_is_assumed_only_after_calls_stayed_unanswered() {
    let mut command = Command::declared(person(0), minute(0));
    assert_eq!(command.assume(person(1), minute(30), 15).expect_err("nobody called").code, "not-paged");
    command.page(person(1), minute(30)).expect("is another");
    command.page(person(2), minute(40)).expect("is another");
    let early = command.assume(person(1), minute(44), 15).expect_err("one minute is left");
    assert!(early.sentence.contains("in 1 min"), "{early}");
    command.answer(person(0)).expect("was called");
    assert!(command.assume(person(1), minute(50), 15).is_err(), "the commander has answered");
    command.page(person(1), minute(50)).expect("is another");
    command.assume(person(1), minute(65), 15).expect("nobody answered");
    assert_eq!(command.holdings[1].how, How::Assumed);
}

#[test]
fn a_task_is_overdue_only_while_it_is_open() {
    let (due, later) = (minute(15), minute(16));
    assert!(TaskState::Open.is_overdue(due, later) && !TaskState::Open.is_overdue(due, due));
    assert!(!TaskState::Done.is_overdue(due, later));
    assert!(TaskState::Done.ended_as(TaskState::NotApplicable).is_err());
}

#[test]
fn a_task_is_ended_with_initials_and_a_reason_when_it_does_not_apply() {
    let done = EndTask { state: "done".into(), initials: " jd ".into(), ..EndTask::default() };
    assert_eq!(done.read(), Ok((TaskState::Done, "JD".to_owned(), String::new())));
    let without = EndTask { state: "not_applicable".into(), initials: "4".into(), ..EndTask::default() };
    let errors = without.read().expect_err("lacks initials and reason");
    assert!(errors.at("initials").is_some() && errors.at("reason").is_some());
}
