//! What stands in the way of a scope, in words and in order.

use super::*;

fn said(clearance: &Clearance, minute: i64) -> Vec<(String, String, bool)> {
    clearance.blocks(at(minute)).into_iter().map(|block| (block.what, block.who, block.wrong)).collect()
}

fn says(what: &str, who: &str, wrong: bool) -> (String, String, bool) {
    (what.to_owned(), who.to_owned(), wrong)
}

fn signature(who: &str) -> (String, String, bool) {
    says("Signature", who, false)
}

#[test]
fn a_scope_that_waits_needs_it_to_be_restored_and_nothing_else_yet() {
    assert_eq!(said(&waiting(), 0), [says("Not restored yet", "IT", false)]);
}

#[test]
fn missing_evidence_and_signatures_are_named_with_who_gives_them() {
    let mut clearance = waiting();
    clearance.restore(at(0)).expect("waits");
    let [results, queue] = [piece("results", 120), piece("queue", 60)];
    assert_eq!(
        said(&clearance, 0),
        [
            says(&results.name, &results.owner, false),
            says(&queue.name, &queue.owner, false),
            signature("cio"),
            signature("cmio"),
            signature("owner"),
        ]
    );
    let mut ready = ready();
    ready.sign("cmio", person(2), String::new(), at(1)).expect("may sign");
    assert_eq!(said(&ready, 1), [signature("cio"), signature("owner")]);
}

#[test]
fn what_is_wrong_comes_first() {
    let mut clearance = ready();
    clearance.refuse("owner", person(3), "Labels fail".to_owned(), at(1)).expect("is asked");
    let waived =
        Given { outcome: Outcome::Waived, waived_as: "commander".into(), ..given("results", 3, 1, 600) };
    clearance.give(waived).expect("is asked for");
    let waits = format!("Waiver to be agreed: {}", piece("results", 120).name);
    let expired = format!("Expired: {}", piece("queue", 60).name);
    assert_eq!(
        said(&clearance, 60)[..3],
        [
            says(&expired, &piece("queue", 60).owner, true),
            says("Refused: Labels fail", "owner", true),
            says(&waits, &piece("results", 120).owner, false),
        ]
    );
    let mut failed = ready();
    failed.give(Given { outcome: Outcome::Failed, ..given("queue", 3, 1, 60) }).expect("is asked for");
    let words = format!("Failed: {}", piece("queue", 60).name);
    assert_eq!(said(&failed, 2)[0], says(&words, &piece("queue", 60).owner, true));
}

#[test]
fn waves_and_their_hold_points_come_before_the_signatures() {
    let mut clearance = in_two_waves();
    assert_eq!(said(&clearance, 1)[0], says("Wave 1", "Operations chief", false));
    clearance.begin_wave(1, person(2), 0, at(10)).expect("comes next");
    assert_eq!(said(&clearance, 11)[0], says("Hold point of wave 1", "Operations chief", false));
}

#[test]
fn a_signed_scope_waits_for_its_release_and_a_clear_one_for_nothing() {
    let mut clearance = signed();
    assert_eq!(said(&clearance, 3), [says("Waits for its release", "commander", false)]);
    let lapsed = said(&clearance, 62);
    assert!(lapsed.contains(&signature("cio")) && lapsed.contains(&signature("owner")), "{lapsed:?}");
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    assert_eq!(said(&clearance, 600), []);
    let mut waits = waiting();
    waits.refusals.push(Refused { signer: "cio".into(), by: person(1), at: at(0), reason: "No".into() });
    assert_eq!(said(&waits, 0).len(), 2, "a refusal is said whatever the stage");
}

#[test]
fn whose_turn_it_is_follows_evidence_waves_refusals_and_the_hour_of_the_release() {
    let who = |clearance: &Clearance| -> Vec<String> {
        clearance.attention().turns.into_iter().map(|turn| turn.who).collect()
    };
    assert_eq!(waiting().attention(), Attention::default());
    let mut clearance = ready();
    let turns = clearance.attention().turns;
    assert_eq!(who(&clearance), ["cio", "cmio", "owner"]);
    assert!(turns.iter().all(|turn| turn.from <= at(0) && turn.until == at(60)), "the first piece expires");
    assert_eq!(clearance.attention().blocked_from, Some(at(60)));
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    assert_eq!(who(&clearance), ["cmio", "owner"]);
    clearance.refuse("owner", person(3), "No".to_owned(), at(2)).expect("is asked");
    assert_eq!(who(&clearance), [""; 0]);
    assert!(clearance.attention().blocked_from.is_some_and(|from| from <= at(0)));

    let mut signed = signed();
    for piece in &mut signed.evidence {
        piece.expires_at = at(600);
    }
    signed.gate.release_by = "cio".to_owned();
    let turns = signed.attention().turns;
    let until = |who: &str| turns.iter().find(|turn| turn.who == who).map(|turn| turn.until);
    assert_eq!((until(COMMANDER), until("cio")), (Some(at(62)), Some(at(62))));
    let again = turns.iter().filter(|turn| turn.from == at(62)).map(|turn| turn.who.as_str());
    assert_eq!(again.collect::<Vec<_>>(), ["cio", "cmio", "owner"], "after the hour it is signed again");

    for piece in &mut signed.evidence {
        piece.expires_at = at(62);
    }
    assert_eq!(who(&signed), ["commander", "cio"], "nobody signs again on what expires with the hour");

    let mut waves = in_two_waves();
    assert_eq!(who(&waves), [""; 0]);
    for wave in &mut waves.waves {
        wave.progress = Progress::Passed;
    }
    assert_eq!(who(&waves), ["cio", "cmio", "owner"]);
    let mut failed = ready();
    failed.give(Given { outcome: Outcome::Failed, ..given("queue", 3, 1, 60) }).expect("is asked for");
    assert_eq!(who(&failed), [""; 0]);
    assert!(failed.attention().blocked_from.is_some_and(|from| from <= at(0)));
}

#[test]
fn a_turn_leans_on_the_evidence_of_its_own_piece() {
    let mut clearance = ready();
    clearance.gate.evidence.retain(|piece| piece.key == "results");
    clearance.evidence.retain(|given| given.key == "results");
    assert_eq!(clearance.attention().turns.len(), 3);
    clearance.sign("cio", person(1), String::new(), at(1)).expect("may sign");
    assert_eq!(clearance.signed_of(at(1)), (1, 2), "and so does a signature");
    clearance.evidence[0].key = "queue".to_owned();
    assert_eq!(clearance.attention().turns.len(), 0);
}
