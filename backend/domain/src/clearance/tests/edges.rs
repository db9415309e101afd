//! Each condition of a refusal by itself: a scope that breaks only that one.

use super::*;

fn with(functions: Functions) -> Scope {
    Scope { functions, ..scope() }
}

fn cleared() -> Clearance {
    let mut clearance = signed();
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    clearance
}

/// Parts of the scope that lie outside it in one respect each, or are none.
fn not_parts() -> [Scope; 4] {
    [
        Scope {
            place: Place::Facility(FacilityId(Uuid::from_u128(2))),
            ..with(Functions::of([Function::Orders]))
        },
        with(Functions::of([Function::Orders, Function::Medications])),
        Scope {
            target: Target::System(SystemId(Uuid::from_u128(10))),
            ..with(Functions::of([Function::Orders]))
        },
        with(Functions::of([])),
    ]
}

#[test]
fn only_a_part_of_the_scope_is_revoked_or_parted() {
    for part in not_parts() {
        assert_eq!(code(cleared().revoke(&part, &places())), "outside", "{part:?}");
        assert_eq!(
            code(ready().split(&part, ClearanceId(Uuid::from_u128(6)), &places())),
            "outside",
            "{part:?}"
        );
    }
}

#[test]
fn a_scope_is_parted_neither_in_its_pilot_nor_with_a_wave_planned() {
    let part = with(Functions::of([Function::Orders]));
    let id = ClearanceId(Uuid::from_u128(6));
    let mut pilot = ready();
    pilot.begin_pilot(person(1), person(2)).expect("is restored");
    assert_eq!(code(pilot.split(&part, id, &places())), "too-late-to-part");
    let mut planned = ready();
    planned.plan(wave(1, &[1], 10), &places()).expect("lies inside");
    assert_eq!(code(planned.split(&part, id, &places())), "too-late-to-part");
    assert_eq!(waiting().split(&part, id, &places()).expect("is early").stage, Stage::Waiting);
    let parted = ready().split(&part, id, &places()).expect("is early");
    assert_eq!((parted.stage, parted.restored_at), (Stage::Restored, Some(at(0))));
}

#[test]
fn a_pilot_follows_the_restore_and_is_approved_by_another() {
    assert_eq!(code(waiting().begin_pilot(person(1), person(2))), "not-restored");
    assert_eq!(code(ready().begin_pilot(person(1), person(1))), "one-person");
    assert_eq!(code(signed().begin_pilot(person(1), person(2))), "past-pilot");
    let step = ready().begin_pilot(person(1), person(2));
    assert_eq!(step, Ok(Step { from: Stage::Restored, to: Stage::Pilot }));
}

#[test]
fn a_scope_is_restored_once() {
    let mut clearance = waiting();
    assert_eq!(clearance.restore(at(1)), Ok(Step { from: Stage::Waiting, to: Stage::Restored }));
    assert_eq!(clearance.restored_at, Some(at(1)));
    assert!(clearance.restore(at(2)).is_err());
}

#[test]
fn what_breaks_again_before_it_is_clear_begins_anew() {
    let mut clearance = in_two_waves();
    clearance.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    clearance.waves[0].orders.insert(crate::id::InstructionId(Uuid::from_u128(5)));
    clearance.refuse("cio", person(3), "Labels fail".to_owned(), at(11)).expect("is asked");
    assert_eq!(clearance.go_down(), Some(Step { from: Stage::Waves, to: Stage::Waiting }));
    assert!(clearance.evidence.is_empty() && clearance.refusals.is_empty());
    assert_eq!(clearance.restored_at, None);
    let first = &clearance.waves[0];
    assert_eq!((first.progress, first.begun_at, first.orders.len()), (Progress::Planned, None, 0));
    assert_eq!(clearance.go_down(), None, "it waits already");
    assert_eq!(signed().go_down(), Some(Step { from: Stage::Signed, to: Stage::Waiting }));
    assert_eq!(cleared().go_down(), None, "what is clear is revoked instead");
}

#[test]
fn waves_are_refused_at_every_stage_but_theirs() {
    assert_eq!(code(signed().plan(wave(1, &[1], 10), &places())), "past-that");
    let mut same = in_two_waves();
    same.plan(wave(3, &[4], 60), &places()).expect("begins with the one before");
    let mut waits = waiting();
    waits.plan(wave(1, &[1], 10), &places()).expect("may be planned early");
    assert_eq!(code(waits.begin_wave(1, person(2), 0, at(10))), "not-restored");
    let mut sealed = signed();
    sealed.waves.push(wave(1, &[1], 0));
    assert_eq!(code(sealed.begin_wave(1, person(2), 0, at(10))), "past-waves");
    assert_eq!(code(in_two_waves().pass_hold(1, at(10))), "past-that");
    assert_eq!(code(in_two_waves().halt_wave(1)), "past-that");
    let mut begun = in_two_waves();
    begun.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    assert_eq!(code(begun.begin_wave(1, person(2), 0, at(11))), "begun");
    assert_eq!(code(begun.begin_wave(9, person(2), 0, at(11))), "no-wave");
    assert_eq!(begun.waves[0].hold_until(), Some(at(40)));
    assert_eq!(begun.waves[1].hold_until(), None);
}

#[test]
fn a_wave_says_how_many_units_wait_for_their_workstations() {
    for (left, words) in [(1, "1 unit of this wave"), (2, "2 units of this wave")] {
        let refused = in_two_waves().begin_wave(1, person(2), left, at(10)).expect_err("no condition");
        assert!(refused.sentence.starts_with(words), "{}", refused.sentence);
    }
}

#[test]
fn signatures_that_end_after_waves_leave_the_waves_done() {
    let mut clearance = in_two_waves();
    clearance.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    clearance.pass_hold(1, at(40)).expect("was watched");
    clearance.begin_wave(2, person(2), 0, at(60)).expect("comes next");
    clearance.pass_hold(2, at(90)).expect("was watched");
    clearance.sign("cio", person(1), String::new(), at(91)).expect("may sign");
    clearance.sign("cmio", person(2), String::new(), at(92)).expect("may sign");
    assert_eq!(clearance.forget_signatures(), Some(Step { from: Stage::Signed, to: Stage::Waves }));
    assert_eq!(clearance.signed_at, None);
}

#[test]
fn evidence_comes_after_the_restore_and_before_the_release() {
    assert_eq!(code(waiting().give(given("queue", 1, 0, 60))), "before-the-restore");
    let mut clearance = waiting();
    clearance.restore(at(5)).expect("waits");
    assert_eq!(code(clearance.give(given("queue", 1, 4, 60))), "before-the-restore");
    clearance.give(given("queue", 1, 5, 60)).expect("at the same minute");
    assert_eq!(code(clearance.give(given("weather", 2, 6, 60))), "unknown-evidence");
    assert_eq!(code(cleared().give(given("queue", 3, 6, 60))), "past-that");
    assert_eq!(code(cleared().agree_to_waived("queue", person(4), "signer")), "past-that");
}

#[test]
fn a_waiver_with_its_reason_needs_no_other_proof() {
    let waived =
        Given { outcome: Outcome::Waived, note: "No labels here".to_owned(), ..given("queue", 1, 0, 60) };
    assert!(waived.is_proved(&Evidence { proof: Proof::File, ..piece("queue", 60) }).is_ok());
    let failed = Given { outcome: Outcome::Failed, ..given("queue", 1, 0, 60) };
    assert!(failed.is_proved(&piece("queue", 60)).is_ok(), "a failure needs no reason");
    assert!(!failed.holds(at(1)));
    let file = AttachedFile { name: "x".into(), media: "image/png".into(), size: 1, sha256: String::new() };
    let photographed = Given { file: Some(file), ..given("queue", 1, 0, 60) };
    assert!(photographed.is_proved(&Evidence { proof: Proof::File, ..piece("queue", 60) }).is_ok());
}

#[test]
fn back_entry_is_completed_once() {
    let mut clearance = cleared();
    clearance.complete_back_entry(0).expect("nothing is open");
    assert_eq!(code(clearance.complete_back_entry(0)), "past-that");
}
