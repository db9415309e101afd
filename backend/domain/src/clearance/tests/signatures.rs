//! Whose signatures and refusals are kept, and what takes them away.

use super::*;

fn signers(clearance: &Clearance) -> Vec<(&str, AccountId)> {
    clearance.signatures.iter().map(|signature| (signature.signer.as_str(), signature.by)).collect()
}

#[test]
fn newer_evidence_ends_every_signature() {
    let mut clearance = ready();
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    assert_eq!(clearance.give(given("queue", 3, 2, 60)), Ok(None));
    assert_eq!(signers(&clearance), []);
    let mut clearance = signed();
    let back = Some(Step { from: Stage::Signed, to: Stage::Restored });
    assert_eq!(clearance.give(given("queue", 3, 2, 60)), Ok(back));
}

#[test]
fn a_signature_stands_until_the_minute_in_which_it_lapses() {
    let mut clearance = signed();
    for piece in &mut clearance.evidence {
        piece.expires_at = at(600);
    }
    assert!(!clearance.lapsed(at(61)));
    assert_eq!(clearance.signed_of(at(61)), (2, 2));
    assert!(clearance.lapsed(at(62)));
    clearance.sign("owner", person(3), String::new(), at(62)).expect("the quorum has lapsed");
    assert_eq!(signers(&clearance), [("owner", person(3))]);
}

#[test]
fn who_refuses_takes_back_what_was_signed_as_that_signer_or_by_that_person() {
    let mut clearance = ready();
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    clearance.refuse("owner", person(1), "Labels fail".to_owned(), at(2)).expect("is asked");
    assert_eq!(signers(&clearance), []);
    clearance.sign("cio", person(2), String::new(), at(3)).expect("may sign");
    clearance.refuse("cio", person(3), "Orders are lost".to_owned(), at(4)).expect("is asked");
    assert_eq!(signers(&clearance), []);
}

#[test]
fn each_signer_has_one_refusal_and_takes_back_no_other() {
    let mut clearance = ready();
    clearance.refuse("owner", person(1), "Labels fail".to_owned(), at(1)).expect("is asked");
    clearance.refuse("cio", person(2), "Orders are lost".to_owned(), at(2)).expect("is asked");
    clearance.refuse("owner", person(3), "Labels still fail".to_owned(), at(3)).expect("is asked");
    let reasons: Vec<&str> = clearance.refusals.iter().map(|refused| refused.reason.as_str()).collect();
    assert_eq!(reasons, ["Orders are lost", "Labels still fail"]);
    clearance.sign("owner", person(3), String::new(), at(4)).expect("looked again");
    assert_eq!(clearance.refusals.len(), 1, "the other one stands");
}

#[test]
fn nobody_refuses_what_is_not_restored_or_is_clear() {
    assert_eq!(code(waiting().refuse("cio", person(1), "No".to_owned(), at(1))), "not-restored");
    let mut clear = signed();
    clear.release(&Releaser::Commander, at(3)).expect("is signed");
    assert_eq!(code(clear.refuse("cio", person(1), "No".to_owned(), at(4))), "past-that");
}

#[test]
fn a_signed_scope_on_expired_evidence_says_what_expired() {
    let mut clearance = signed();
    clearance.gate.signed_valid_minutes = 600;
    assert_eq!(code(clearance.sign("owner", person(3), String::new(), at(59))), "past-that");
    assert_eq!(code(clearance.sign("owner", person(3), String::new(), at(60))), "evidence-open");
}

#[test]
fn what_was_released_or_revoked_is_not_released_again() {
    let mut clear = signed();
    clear.release(&Releaser::Commander, at(3)).expect("is signed");
    assert_eq!(code(clear.release(&Releaser::Commander, at(4))), "past-that");
    clear.stage = Stage::Revoked;
    assert_eq!(code(clear.release(&Releaser::Commander, at(5))), "past-that");
}
