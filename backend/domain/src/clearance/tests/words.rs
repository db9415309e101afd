//! The words that the database, the log and other programs keep: a change of one is a change of what is recorded.

use super::*;

#[test]
fn the_codes_of_stages_outcomes_and_waves_are_what_the_database_keeps() {
    let stages = [
        (Stage::Waiting, "waiting", "waiting"),
        (Stage::Restored, "restored", "restored, IT only"),
        (Stage::Pilot, "pilot", "pilot"),
        (Stage::Waves, "waves", "waves"),
        (Stage::Signed, "signed", "signed"),
        (Stage::Clear, "clear", "clear"),
        (Stage::BackEntryComplete, "back_entry_complete", "back-entry complete"),
        (Stage::Revoked, "revoked", "revoked"),
    ];
    assert_eq!(stages.map(|(stage, ..)| stage), Stage::ALL);
    for (stage, code, words) in stages {
        assert_eq!((stage.code(), stage.words()), (code, words));
        assert_eq!(Stage::from_code(code), Some(stage));
    }
    assert_eq!(Stage::from_code("restored, IT only"), None);
    for (outcome, code) in
        [(Outcome::Passed, "passed"), (Outcome::Failed, "failed"), (Outcome::Waived, "waived")]
    {
        assert_eq!((outcome.code(), Outcome::from_code(code)), (code, Some(outcome)));
    }
    assert_eq!(Outcome::from_code("perhaps"), None);
    for (progress, code) in
        [(Progress::Planned, "planned"), (Progress::Begun, "begun"), (Progress::Passed, "passed")]
    {
        assert_eq!((progress.code(), Progress::from_code(code)), (code, Some(progress)));
    }
    assert_eq!(Progress::from_code("halted"), None);
}

#[test]
fn a_signer_attests_a_named_scope_and_nothing_else() {
    assert_eq!(
        attestation("Laboratory", "results", "General"),
        "I attest that Laboratory results at General may be used again. Nothing else, nowhere else."
    );
    assert_eq!(
        attestation("Laboratory", "", "General"),
        "I attest that Laboratory at General may be used again. Nothing else, nowhere else."
    );
    assert_eq!(but_for("General", &[]), "General");
    let without = ["Intensive care".to_owned(), "Theatre 2".to_owned()];
    assert_eq!(but_for("General", &without), "General, but for Intensive care, Theatre 2");
}

#[test]
fn each_thing_that_was_said_of_evidence_is_part_of_what_is_signed() {
    let changes: [fn(&mut Given); 10] = [
        |given| given.number += 10,
        |given| given.outcome = Outcome::Waived,
        |given| given.note.push('.'),
        |given| given.figure = Some(7),
        |given| given.link.push('x'),
        |given| {
            given.file = Some(AttachedFile {
                name: "photograph".into(),
                media: "image/jpeg".into(),
                size: 1,
                sha256: "00".into(),
            });
        },
        |given| given.at = given.at.plus_minutes(1),
        |given| given.expires_at = given.expires_at.plus_minutes(1),
        |given| given.by = person(77),
        |given| given.agreed = Some((person(78), "commander".into())),
    ];
    let signed = ready();
    let before = signed.content("cio", "").fingerprint();
    assert_eq!(before.len(), 64);
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = signed.clone();
        change(&mut other.evidence[0]);
        assert_ne!(before, other.content("cio", "").fingerprint(), "change {number}");
    }
}

#[test]
fn a_signature_of_more_functions_is_still_read_after_a_part_was_taken_back() {
    let whole = ready();
    let before = whole.content("cio", "").fingerprint();
    let mut part = whole.clone();
    part.scope.functions = Functions::of([Function::Results]);
    assert_ne!(part.content("cio", "").fingerprint(), before);
    assert_eq!(part.content_for(whole.scope.functions, "cio", "").fingerprint(), before);
}

#[test]
fn what_clearances_leave_uncleared_is_what_none_of_them_covers() {
    let of = Functions::of([Function::Orders, Function::Results, Function::Medications]);
    let cleared = [Functions::of([Function::Orders]), Functions::of([Function::Results])];
    assert_eq!(uncleared(of, cleared), Functions::of([Function::Medications]));
    assert_eq!(uncleared(of, []), of);
}

#[test]
fn an_all_clear_reads_as_it_was_signed() {
    let signed = |title: &str, conditions: &str| Signed {
        title: title.to_owned(),
        name: "Demo Person".to_owned(),
        at: "11:08 EDT".to_owned(),
        conditions: conditions.to_owned(),
    };
    let mut record = AllClear {
        exercise: false,
        organisation: "Harbor Health".to_owned(),
        system: "Laboratory".to_owned(),
        place: "General".to_owned(),
        functions: String::new(),
        released_at: "11:40 EDT, Fri 19 July".to_owned(),
        signatures: vec![signed("Chief information officer", " "), signed("Owner", "")],
        still: String::new(),
    };
    let mut clearance = super::signed();
    clearance.release(&Releaser::Commander, at(3)).expect("is signed");
    let text = record.text(&clearance).expect("is clear");
    assert_eq!(text.subject, "All clear: Laboratory at General");
    assert_eq!(
        text.sms,
        "Harbor Health: ALL CLEAR for Laboratory at General from 11:40 EDT, Fri 19 July. Nothing else, nowhere else."
    );
    assert_eq!(
        text.body,
        "Harbor Health incident command: all clear for Laboratory at General from 11:40 EDT, Fri 19 July.\n\nThis \
         holds for nothing else and nowhere else. It can be revoked; the status page of your site always shows what \
         holds.\n\nSigned by:\n- Chief information officer, Demo Person, 11:08 EDT\n- Owner, Demo Person, 11:08 EDT\n"
    );
    record.signatures.push(signed("Pharmacy", "Paper charts until 18:00"));
    record.functions = "results".to_owned();
    let text = record.text(&clearance).expect("is clear");
    assert_eq!(text.subject, "All clear: Laboratory, results at General");
    assert!(text.body.ends_with("\n\nConditions:\n- Paper charts until 18:00\n"), "{}", text.body);
}
