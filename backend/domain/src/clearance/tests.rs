//! From restored to clear, and every way in which it must not get there.

use uuid::Uuid;

use super::*;
use crate::{
    id::{FacilityId, SystemId, UnitId},
    playbooks::{Evidence, Proof},
    scope::{Function, Functions, Place, Target},
};

mod blocks;
mod edges;
mod ladder;
mod signatures;
mod words;

const GENERAL: FacilityId = FacilityId(Uuid::from_u128(1));

fn person(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

fn at(minutes: i64) -> Timestamp {
    Timestamp(0).plus_minutes(minutes)
}

fn gate() -> Gate {
    Gate {
        key: "laboratory".to_owned(),
        name: "Laboratory".to_owned(),
        systems: vec!["laboratory".to_owned()],
        functions: Functions::ALL,
        evidence: vec![piece("results", 120), piece("queue", 60)],
        signers: ["cio", "cmio", "owner"].map(str::to_owned).into(),
        quorum: 2,
        required: Vec::new(),
        release_by: "commander".to_owned(),
        on_last_signature: false,
        signed_valid_minutes: 60,
    }
}

fn scope() -> Scope {
    Scope {
        place: Place::Facility(GENERAL),
        target: Target::System(SystemId(Uuid::from_u128(9))),
        functions: Functions::of([Function::Results, Function::Orders]),
    }
}

pub(super) fn given(key: &str, number: i64, from: i64, until: i64) -> Given {
    Given {
        key: key.to_owned(),
        number,
        outcome: Outcome::Passed,
        note: String::new(),
        figure: None,
        link: String::new(),
        file: None,
        at: at(from),
        expires_at: at(until),
        by: person(90),
        waived_as: String::new(),
        agreed: None,
    }
}

fn piece(key: &str, expires_minutes: i64) -> Evidence {
    Evidence {
        key: key.to_owned(),
        name: format!("The {key}"),
        owner: "Laboratory".to_owned(),
        method: String::new(),
        proof: Proof::Note,
        at_least: None,
        at_most: None,
        never_waived: false,
        expires_minutes,
    }
}

fn waiting() -> Clearance {
    Clearance::new(ClearanceId(Uuid::from_u128(5)), scope(), gate())
}

/// Restored, with evidence that holds for two hours and for one.
pub(super) fn ready() -> Clearance {
    let mut clearance = waiting();
    clearance.restore(at(0)).expect("waits");
    clearance.give(given("results", 1, 0, 120)).expect("is asked for");
    clearance.give(given("queue", 2, 0, 60)).expect("is asked for");
    clearance
}

fn signed() -> Clearance {
    let mut clearance = ready();
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    clearance.sign("cmio", person(2), String::new(), at(2)).expect("may sign");
    clearance
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.expect_err("is refused").code.into_owned()
}

#[test]
fn quorum_signs_and_only_the_release_clears() {
    let mut clearance = ready();
    assert_eq!(clearance.sign("cio", person(1), String::new(), at(1)), Ok(vec![]));
    assert_eq!(clearance.stage, Stage::Restored);
    let steps = clearance.sign("cmio", person(2), "paper until 18:00".to_owned(), at(2)).expect("may sign");
    assert_eq!(steps, [Step { from: Stage::Restored, to: Stage::Signed }]);
    assert!(!clearance.stage.is_clear());
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    assert!(clearance.stage.is_clear());
}

#[test]
fn on_last_signature_the_playbook_releases_at_once() {
    let mut clearance = ready();
    clearance.gate.on_last_signature = true;
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    let steps = clearance.sign("owner", person(2), String::new(), at(2)).expect("may sign");
    assert_eq!(steps.last().map(|step| step.to), Some(Stage::Clear));
    assert_eq!(clearance.released_at, Some(at(2)));
}

#[test]
fn one_person_signs_once_and_one_signer_once() {
    let mut clearance = ready();
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    assert_eq!(code(clearance.sign("cmio", person(1), String::new(), at(1))), "one-person");
    assert_eq!(code(clearance.sign("cio", person(2), String::new(), at(1))), "already-signed");
    assert_eq!(code(clearance.sign("janitor", person(2), String::new(), at(1))), "not-a-signer");
}

#[test]
fn nothing_is_signed_before_it_is_restored_or_on_evidence_that_is_missing_failed_or_expired() {
    assert_eq!(code(waiting().sign("cio", person(1), String::new(), at(1))), "not-restored");
    let mut clearance = waiting();
    clearance.restore(at(0)).expect("waits");
    assert_eq!(code(clearance.sign("cio", person(1), String::new(), at(1))), "evidence-open");
    let mut failed = ready();
    failed.give(Given { outcome: Outcome::Failed, ..given("queue", 3, 1, 60) }).expect("is asked for");
    assert_eq!(code(failed.sign("cio", person(1), String::new(), at(2))), "evidence-open");
    assert!(failed.blocks(at(2))[0].wrong);
    assert_eq!(code(ready().sign("cio", person(1), String::new(), at(60))), "evidence-open");
}

#[test]
fn evidence_must_hold_at_the_release_and_afterwards_the_clearance_stands() {
    let mut clearance = signed();
    clearance.gate.signed_valid_minutes = 600;
    assert_eq!(code(clearance.release(&Releaser::Commander, at(60))), "evidence-expired");
    let mut clearance = signed();
    clearance.release(&Releaser::Commander, at(59)).expect("in time");
    assert!(clearance.stage.is_clear());
    assert!(!clearance.lapsed(at(6000)));
}

#[test]
fn renewed_evidence_asks_for_new_signatures() {
    let mut clearance = signed();
    clearance.give(given("queue", 7, 10, 70)).expect("is asked for");
    assert_eq!(clearance.stage, Stage::Restored);
    assert_eq!(clearance.signed_of(at(11)), (0, 2));
    clearance.sign("cio", person(1), String::new(), at(11)).expect("signs again");
}

#[test]
fn signed_but_unreleased_for_an_hour_must_be_signed_again() {
    let mut clearance = ready();
    clearance.give(given("queue", 3, 0, 600)).expect("is asked for");
    clearance.give(given("results", 4, 0, 600)).expect("is asked for");
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    clearance.sign("cmio", person(2), String::new(), at(2)).expect("may sign");
    assert_eq!(code(clearance.release(&Releaser::Commander, at(62))), "lapsed");
    assert_eq!(clearance.signed_of(at(62)), (0, 2));
    let steps = clearance.sign("cio", person(1), String::new(), at(63)).expect("signs again");
    assert_eq!(steps, [Step { from: Stage::Signed, to: Stage::Restored }]);
    clearance.sign("cmio", person(2), String::new(), at(64)).expect("signs again");
    clearance.release(&Releaser::Commander, at(65)).expect("in time");
}

#[test]
fn a_refusal_stands_until_that_signer_signs() {
    let mut clearance = signed();
    clearance.refuse("owner", person(3), "Label printers fail".to_owned(), at(3)).expect("is asked");
    assert_eq!(clearance.stage, Stage::Restored);
    assert_eq!(code(clearance.release(&Releaser::Commander, at(4))), "not-signed");
    let steps = clearance.sign("owner", person(3), String::new(), at(5)).expect("signs now");
    assert_eq!(steps.last().map(|step| step.to), Some(Stage::Signed));
}

#[test]
fn the_commander_or_whom_the_playbook_names_releases() {
    assert_eq!(code(signed().release(&Releaser::Signer("cio".to_owned()), at(3))), "not-yours-to-release");
    let mut clearance = signed();
    clearance.gate.release_by = "cio".to_owned();
    clearance.release(&Releaser::Signer("cio".to_owned()), at(3)).expect("is named");
}

fn places() -> Places {
    let units = (1..=6).map(|n| (UnitId(Uuid::from_u128(n)), GENERAL));
    let elsewhere = (UnitId(Uuid::from_u128(77)), FacilityId(Uuid::from_u128(2)));
    Places {
        unit_facility: units.chain([elsewhere]).collect(),
        facilities: [GENERAL, FacilityId(Uuid::from_u128(2))].into(),
        ..Places::default()
    }
}

/// A wave of these units, planned by person 1 for this minute, held for half an hour.
fn wave(number: i64, units: &[u128], starts: i64) -> Wave {
    Wave {
        number,
        units: units.iter().map(|n| UnitId(Uuid::from_u128(*n))).collect(),
        starts_at: at(starts),
        hold_minutes: 30,
        hold_owner: "Operations chief".to_owned(),
        expected: 40,
        condition: String::new(),
        progress: Progress::Planned,
        planned_by: person(1),
        begun_at: None,
        passed_at: None,
        orders: std::collections::BTreeSet::new(),
    }
}

fn in_two_waves() -> Clearance {
    let mut clearance = ready();
    for piece in &mut clearance.evidence {
        piece.expires_at = at(6_000);
    }
    clearance.plan(wave(1, &[1, 2], 10), &places()).expect("lies inside");
    clearance.plan(wave(2, &[3], 60), &places()).expect("lies inside");
    clearance
}

#[test]
fn waves_come_before_the_signatures_and_need_two_people() {
    let mut clearance = in_two_waves();
    assert_eq!(code(clearance.begin_wave(1, person(1), 0, at(10))), "one-person");
    clearance.begin_pilot(person(1), person(2)).expect("is restored");
    assert_eq!(code(clearance.begin_wave(1, person(2), 0, at(9))), "too-early");
    assert_eq!(code(clearance.begin_wave(2, person(2), 0, at(70))), "out-of-order");
    clearance.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    assert_eq!(clearance.waves_begun(), (1, 2));
    assert_eq!(code(clearance.sign("cio", person(1), String::new(), at(11))), "waves-left");
    assert_eq!(code(clearance.begin_wave(2, person(2), 0, at(70))), "held", "its hold point is open");
    assert_eq!(code(clearance.pass_hold(1, at(39))), "hold-point");
    clearance.pass_hold(1, at(40)).expect("was watched for half an hour");
    assert_eq!(code(clearance.pass_hold(1, at(41))), "passed");
    assert_eq!(code(clearance.pass_hold(2, at(41))), "not-begun");
    clearance.begin_wave(2, person(2), 0, at(60)).expect("is the last");
    assert_eq!(code(clearance.sign("cio", person(1), String::new(), at(89))), "waves-left");
    clearance.pass_hold(2, at(90)).expect("was watched");
    clearance.sign("cio", person(1), String::new(), at(91)).expect("after the last wave");
}

#[test]
fn a_wave_that_is_halted_is_planned_again_and_the_scope_steps_back_with_the_first() {
    let mut clearance = in_two_waves();
    clearance.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    clearance.pass_hold(1, at(40)).expect("was watched");
    clearance.begin_wave(2, person(2), 0, at(60)).expect("comes next");
    assert_eq!(code(clearance.halt_wave(1)), "out-of-order");
    assert_eq!(clearance.halt_wave(2), Ok(None));
    assert_eq!(code(clearance.halt_wave(2)), "not-begun");
    let step = clearance.halt_wave(1).expect("has begun");
    assert_eq!(step, Some(Step { from: Stage::Waves, to: Stage::Restored }));
    clearance.begin_wave(1, person(2), 0, at(61)).expect("begins again");
}

#[test]
fn a_wave_lies_inside_its_scope_after_the_one_before_and_has_each_unit_once() {
    let mut clearance = in_two_waves();
    let places = places();
    assert_eq!(code(clearance.plan(wave(3, &[], 70), &places)), "no-units");
    assert_eq!(code(clearance.plan(wave(3, &[77], 70), &places)), "outside");
    assert_eq!(code(clearance.plan(wave(3, &[3, 4], 70), &places)), "in-another-wave");
    assert_eq!(code(clearance.plan(wave(3, &[4], 59), &places)), "before-the-last");
    assert_eq!(code(clearance.unplan(3)), "no-wave");
    clearance.unplan(2).expect("has not begun");
    clearance.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    assert_eq!(code(clearance.unplan(1)), "begun");
}

#[test]
fn a_unit_without_its_workstations_is_waved_in_only_under_a_condition() {
    let mut clearance = in_two_waves();
    assert_eq!(code(clearance.begin_wave(1, person(2), 1, at(10))), "devices-left");
    clearance.waves[0].condition = "Two laptops on the ward until the rest is fixed".to_owned();
    clearance.begin_wave(1, person(2), 1, at(10)).expect("has a condition");
}

#[test]
fn evidence_is_waived_by_two_people_in_two_roles_unless_the_playbook_forbids_it() {
    let mut clearance = ready();
    let waived =
        Given { outcome: Outcome::Waived, waived_as: "commander".to_owned(), ..given("queue", 3, 1, 60) };
    clearance.give(waived.clone()).expect("is asked for");
    assert_eq!(code(clearance.sign("cio", person(1), String::new(), at(2))), "evidence-open");
    assert_eq!(code(clearance.agree_to_waived("queue", person(90), "signer")), "one-person");
    assert_eq!(code(clearance.agree_to_waived("queue", person(4), "commander")), "one-role");
    assert_eq!(code(clearance.agree_to_waived("results", person(4), "signer")), "nothing-waits");
    assert_eq!(clearance.agree_to_waived("queue", person(4), "signer"), Ok(3));
    clearance.sign("cio", person(1), String::new(), at(2)).expect("two people waived it");
    clearance.gate.evidence[1].never_waived = true;
    assert_eq!(code(clearance.give(Given { number: 4, ..waived })), "never-waived");
}

#[test]
fn a_proof_is_of_the_kind_that_the_playbook_asks_for() {
    let asks = |proof| Evidence { proof, ..piece("results", 60) };
    let gave = given("results", 1, 0, 60);
    assert!(gave.is_proved(&asks(Proof::Note)).is_ok());
    let number = Evidence { at_least: Some(20), at_most: Some(30), ..asks(Proof::Number) };
    let of = |figure| Given { figure: Some(figure), ..gave.clone() };
    for (figure, passes) in [(19, false), (20, true), (30, true), (31, false)] {
        assert_eq!(of(figure).is_proved(&number).is_ok(), passes, "{figure}");
    }
    assert!(gave.is_proved(&number).is_err(), "no number");
    assert!(gave.is_proved(&asks(Proof::Link)).is_err());
    assert!(
        Given { link: "https://intranet/x".to_owned(), ..gave.clone() }.is_proved(&asks(Proof::Link)).is_ok()
    );
    assert!(gave.is_proved(&asks(Proof::File)).is_err());
    let failed = Given { outcome: Outcome::Failed, ..gave.clone() };
    assert!(failed.is_proved(&asks(Proof::File)).is_ok(), "a failure needs no proof");
    assert!(
        Given { outcome: Outcome::Waived, ..gave }.is_proved(&asks(Proof::Note)).is_err(),
        "needs a reason"
    );
}

#[test]
fn a_quorum_without_who_is_required_is_none() {
    let mut clearance = ready();
    clearance.gate.required = vec!["owner".to_owned()];
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    assert_eq!(
        clearance.sign("cmio", person(2), String::new(), at(2)),
        Ok(vec![]),
        "two of two, but not the owner"
    );
    let steps = clearance.sign("owner", person(3), String::new(), at(3)).expect("may sign");
    assert_eq!(steps.last().map(|step| step.to), Some(Stage::Signed));
}

#[test]
fn a_part_goes_its_own_way_before_anybody_has_signed() {
    let mut clearance = ready();
    let id = ClearanceId(Uuid::from_u128(6));
    let part = Scope { functions: Functions::of([Function::Orders]), ..scope() };
    let parted = clearance.split(&part, id, &places()).expect("lies inside");
    assert_eq!((parted.scope, parted.stage, parted.evidence.len()), (part, Stage::Restored, 0));
    assert_eq!(clearance.scope.functions.words(), "results");
    assert_eq!(code(clearance.split(&part, id, &places())), "outside");
    assert_eq!(code(clearance.split(&clearance.scope.clone(), id, &places())), "outside", "the whole");
    let unit = Scope { place: Place::Unit(UnitId(Uuid::from_u128(1))), ..clearance.scope };
    assert_eq!(clearance.split(&unit, id, &places()).expect("lies inside").scope, unit);
    assert_eq!(clearance.scope.functions.words(), "results", "a place leaves the rest as it was");
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    assert_eq!(code(clearance.split(&unit, id, &places())), "too-late-to-part");
}

#[test]
fn who_signed_inside_a_wider_scope_that_was_taken_back_is_asked_again() {
    let mut clearance = signed();
    assert_eq!(clearance.forget_signatures(), Some(Step { from: Stage::Signed, to: Stage::Restored }));
    assert_eq!(code(clearance.release(&Releaser::Commander, at(3))), "not-signed");
    assert_eq!(ready().forget_signatures(), None);
}

#[test]
fn a_revocation_in_part_leaves_the_rest_clear() {
    let places = Places { facilities: [GENERAL].into(), ..Places::default() };
    let mut clearance = signed();
    assert_eq!(code(clearance.revoke(&scope(), &places)), "not-clear");
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    let part = Scope { functions: Functions::of([Function::Orders]), ..scope() };
    assert_eq!(clearance.revoke(&part, &places), Ok(None), "the rest was released when it was");
    assert!(clearance.stage.is_clear());
    assert_eq!(code(clearance.revoke(&Scope { place: Place::All, ..scope() }, &places)), "outside");
    let step = clearance.revoke(&scope(), &places).expect("is clear");
    assert_eq!(step, Some(Step { from: Stage::Clear, to: Stage::Revoked }));
}

#[test]
fn back_entry_is_complete_when_no_form_is_open() {
    let mut clearance = signed();
    assert_eq!(code(clearance.complete_back_entry(0)), "not-clear");
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    assert_eq!(code(clearance.complete_back_entry(6)), "forms-open");
    clearance.complete_back_entry(0).expect("nothing is open");
}

#[test]
fn the_phase_follows_the_scopes() {
    assert_eq!(recovery([Stage::Waiting], false), Recovery::NothingBack);
    assert_eq!(recovery([Stage::Waiting, Stage::Restored], false), Recovery::SomethingBack);
    assert_eq!(recovery([Stage::Clear, Stage::Signed], false), Recovery::SomethingBack);
    assert_eq!(recovery([Stage::Clear, Stage::Clear], true), Recovery::SomethingBack);
    assert_eq!(
        recovery([Stage::Clear, Stage::BackEntryComplete, Stage::Revoked], false),
        Recovery::EverythingClear
    );
    assert_eq!(recovery([], false), Recovery::NothingBack);
}

#[test]
fn the_all_clear_is_written_from_a_released_record_only() {
    let record = AllClear {
        exercise: true,
        organisation: "Harbor Health".to_owned(),
        system: "Laboratory".to_owned(),
        place: "General".to_owned(),
        functions: "results".to_owned(),
        released_at: "11:40 EDT, Fri 19 July".to_owned(),
        signatures: vec![Signed {
            title: "Chief information officer".to_owned(),
            name: "Demo Person".to_owned(),
            at: "11:08 EDT".to_owned(),
            conditions: "Paper charts until 18:00".to_owned(),
        }],
        still: "ON PAPER: orders".to_owned(),
    };
    let mut clearance = signed();
    assert_eq!(record.text(&clearance), None);
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    let text = record.text(&clearance).expect("is clear");
    assert!(text.sms.starts_with("EXERCISE. Harbor Health: ALL CLEAR for Laboratory, results at General"));
    assert!(text.sms.ends_with("Still: ON PAPER: orders."));
    assert!(text.body.contains("Chief information officer") && text.body.contains("until 18:00"));
    assert!(!crate::lexicon::all_clear_claims(&text.sms).is_empty(), "nobody could have typed it");
}
