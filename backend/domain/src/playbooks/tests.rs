//! A bad file must be mended at night by someone who did not write it: so every mistake says where it stands.

use super::{Playbook, PlaybookError};

const SAMPLE: &str = include_str!("sample.toml");

fn broken(from: &str, to: &str) -> Vec<PlaybookError> {
    assert!(SAMPLE.contains(from), "the sample has {from:?}");
    Playbook::parse("sample.toml", &SAMPLE.replacen(from, to, 1)).expect_err("is refused")
}

/// The line of the sample, counted from 1, on which a text first stands.
fn line_of(text: &str) -> usize {
    SAMPLE.lines().position(|line| line.contains(text)).expect("is in the sample") + 1
}

#[test]
fn a_good_playbook_is_read_whole() {
    let playbook = Playbook::parse("sample.toml", SAMPLE).expect("is good");
    assert_eq!(playbook.title(), "Sample v1");
    assert_eq!(playbook.timing.unit_confirmed_percent, 60);
    assert_eq!(playbook.gates[0].release_by, "commander");
    assert_eq!(playbook.gates[0].signed_valid_minutes, 60);
}

#[test]
fn a_bad_playbook_names_file_line_field_and_expected() {
    let errors = broken("system = \"records\"", "system = \"recrods\"");
    assert_eq!(
        errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!(
            "sample.toml:{}: instructions[1].system: The key of a system: records; not \"recrods\".",
            line_of("system = \"records\"")
        )]
    );
    assert_eq!(errors[0].column, "system = ".len() + 1);
}

#[test]
fn every_mistake_of_meaning_is_found_at_its_field() {
    let cases = [
        ("due_minutes = 0", "due_minutes = -5", "tasks[1].due_minutes"),
        ("position = \"incident-commander\"", "position = \"scribe\"", "tasks[1].position"),
        ("review_by = \"2027-03-31\"", "review_by = \"31.3.2027\"", "review_by"),
        ("most_severe = true", "most_severe = false", "levels"),
        ("Records is down. Next", "{cause}. Next", "messages[1].sms"),
        ("short = \"DO NOT LOG IN\"", "short = \"DISCONNECTED NOW\"", "instructions[1].short"),
        ("order = \"do_not_log_in\"", "order = \"do_not_login\"", "instructions[1].order"),
        ("sample_percent = 100", "sample_percent = 101", "forms[1].sample_percent"),
        ("quorum = 1", "quorum = 2", "gates[1].quorum"),
        ("signers = [\"cio\"]", "signers = [\"coi\"]", "gates[1].signers[1]"),
        ("functions = [\"all\"]\nevidence", "functions = [\"orders\"]\nevidence", "systems[1]"),
        ("aliases = [\"chart\"]", "aliases = [\"chart\", \"Records\"]", "systems[1].aliases[2]"),
        ("serial_prefix = \"MAR\"", "serial_prefix = \"F\"", "forms[1].serial_prefix"),
        ("par_per_unit = 40", "par_per_unit = 40\ndepends_on = [\"MAR\"]", "forms[1].depends_on"),
        ("par_per_unit = 40", "par_per_unit = 40\ndepends_on = [\"ORD\"]", "forms[1].depends_on[1]"),
        ("par_per_unit = 40", "par_per_unit = 40\npriority = 11", "forms[1].priority"),
    ];
    for (from, to, field) in cases {
        let errors = broken(from, to);
        assert!(
            errors.iter().any(|error| error.field == field && !error.expected.is_empty()),
            "{to}: {field} is named, not {errors:?}"
        );
    }
}

#[test]
fn a_template_that_claims_an_all_clear_is_refused_and_one_that_waits_for_it_is_not() {
    let errors = broken("Records is down. Next", "Records: A-L-L  CLEAR! Next");
    assert_eq!(errors[0].field, "messages[1].sms");
    assert!(errors[0].expected.contains("A-L-L"), "quotes the claim: {}", errors[0].expected);
    let errors = broken("instead = \"Write on paper.\"", "instead = \"All clear, go on.\"");
    assert_eq!(errors[0].field, "instructions[1].instead");
    let waiting = SAMPLE.replacen("Write on paper.", "Write on paper until the all clear is sent.", 1);
    Playbook::parse("sample.toml", &waiting).expect("an order may wait for it");
}

#[test]
fn a_key_that_stands_twice_is_refused_at_the_second() {
    let second = SAMPLE.find("[[positions]]").expect("is in the sample");
    let system = "[[systems]]\nkey = \"records\"\nname = \"Other\"\nkind = \"network\"\nfunctions = [\"all\"]\nstatus = \"operational\"\n\n";
    let text = [&SAMPLE[..second], system, &SAMPLE[second..]].concat();
    let errors = Playbook::parse("sample.toml", &text).expect_err("is refused");
    assert_eq!(errors[0].field, "systems[2].key");
    assert_eq!(errors[0].line, line_of("[[positions]]") + 1);
}

#[test]
fn a_fourth_decision_is_refused() {
    let more: String = ["facilities", "cause", "basis"]
        .map(|field| format!("[[decisions]]\nfield = \"{field}\"\nquestion = \"?\"\n\n"))
        .concat();
    let errors = broken("[[levels]]", &format!("{more}[[levels]]"));
    assert_eq!(errors[0].field, "decisions[4]");
}

#[test]
fn a_word_of_the_wrong_shape_is_named_with_its_field() {
    let errors = broken("status = \"down\"", "status = \"dwon\"");
    assert_eq!(
        (errors[0].field.as_str(), errors[0].line),
        ("systems[1].status", line_of("status = \"down\""))
    );
    assert!(errors[0].expected.contains("read_only"), "lists what may stand there: {}", errors[0].expected);

    let errors = broken("question = ", "qestion = ");
    assert_eq!((errors[0].field.as_str(), errors[0].line), ("decisions[1].qestion", line_of("question = ")));

    let errors = broken("version = 1", "version = ");
    assert_eq!(errors[0].line, line_of("version = 1"));
}

#[test]
fn order_and_comments_of_a_file_do_not_change_its_fingerprint() {
    let read = |text: &str| Playbook::parse("sample.toml", text).expect("is good");
    let reordered = SAMPLE.replacen("version = 1\n", "", 1).replacen(
        "kind = \"other\"",
        "kind = \"other\" # later\nversion = 1",
        1,
    );
    assert_eq!(read(SAMPLE).fingerprint(), read(&reordered).fingerprint());
    let newer = SAMPLE.replacen("version = 1", "version = 2", 1);
    assert_ne!(read(SAMPLE).fingerprint(), read(&newer).fingerprint());
    let frozen: Playbook = serde_json::from_str(&read(SAMPLE).canonical()).expect("reads back");
    assert_eq!(frozen, read(SAMPLE));
}
