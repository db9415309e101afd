//! Cancellation rules and the form kit.

use std::collections::BTreeSet;

use super::{Mistakes, Path};
use crate::{
    forms::{BATCH_PREFIX, FOUND_PREFIX},
    playbooks::{CancellationRule, FormType, KeepRule, MOST_COLUMNS, MOST_FIELDS, Narrowing, Playbook},
    triage::Triage,
};

pub(super) fn check(playbook: &Playbook, found: &mut Mistakes) {
    found.keys("cancellations", "key", playbook.cancellations.iter().map(|rule| rule.key.as_str()));
    for (index, rule) in playbook.cancellations.iter().enumerate() {
        cancellation(rule, &Path::of("cancellations").item(index), found);
    }
    forms(&playbook.forms, found);
}

fn cancellation(rule: &CancellationRule, path: &Path, found: &mut Mistakes) {
    found.text(path.field("name"), &rule.name);
    found.key(path.field("reason_code"), &rule.reason_code);
    narrowing(&rule.only, &path.field("only"), found);
    let mut seen = BTreeSet::new();
    for (index, keep) in rule.keep.iter().enumerate() {
        let path = path.field("keep").item(index);
        found.key(path.field("key"), &keep.key);
        found.unless(seen.insert(&keep.key), path.field("key"), "Each keep rule has its own key.");
        keep_rule(keep, &path, found);
    }
    let mut seen = BTreeSet::new();
    for (index, safe_by) in rule.safe_by.iter().enumerate() {
        let path = path.field("safe_by").item(index);
        found.text(path.field("scheme"), &safe_by.scheme);
        found.text(path.field("value"), &safe_by.value);
        found.between(path.field("days"), safe_by.days, 0, 3_650);
        found.unless(
            seen.insert((&safe_by.scheme, safe_by.value.to_lowercase())),
            path.field("value"),
            "One number of days for each value of a scheme.",
        );
    }
}

fn narrowing(only: &Narrowing, path: &Path, found: &mut Mistakes) {
    let time = |text: &str| text.is_empty() || Narrowing::time(text).is_some();
    for (field, text) in [("from", &only.from), ("until", &only.until)] {
        found.unless(time(text), path.field(field), format!("A time of day as 13:00; not {text:?}."));
    }
    if let (Some(from), Some(until)) = (Narrowing::time(&only.from), Narrowing::time(&only.until)) {
        found.unless(from < until, path.field("until"), "Later than from.");
    }
    for (field, names) in
        [("services", &only.services), ("departments", &only.departments), ("providers", &only.providers)]
    {
        for (index, name) in names.iter().enumerate() {
            let named = name.chars().any(char::is_alphanumeric);
            found.unless(named, path.field(field).item(index), "A name as the schedule writes it.");
        }
    }
    for (index, code) in only.priorities.iter().enumerate() {
        found.unless(
            Triage::from_code(code).is_some(),
            path.field("priorities").item(index),
            format!("A scheme with a value, as fssa:P3; not {code:?}."),
        );
    }
}

fn keep_rule(keep: &KeepRule, path: &Path, found: &mut Mistakes) {
    found.text(path.field("label"), &keep.label);
    let by_scheme = !keep.scheme.is_empty() && !keep.values.is_empty();
    let half = keep.scheme.is_empty() != keep.values.is_empty();
    found.unless(
        !half,
        path.clone(),
        "scheme and values together: a value means nothing without its scheme.",
    );
    found.unless(
        half || by_scheme == keep.classes.is_empty(),
        path.clone(),
        "Either scheme with values, or classes.",
    );
}

/// The forms of a playbook or of a kit.
pub(super) fn forms(forms: &[FormType], found: &mut Mistakes) {
    let (mut codes, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
    for (index, form) in forms.iter().enumerate() {
        let path = Path::of("forms").item(index);
        found.text(path.field("name"), &form.name);
        for (field, text, seen) in
            [("code", &form.code, &mut codes), ("serial_prefix", &form.serial_prefix, &mut prefixes)]
        {
            let right = (1..=8).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
            found.unless(
                right,
                path.field(field),
                format!("1 to 8 upper case letters and digits; not {text:?}."),
            );
            found.unless(
                seen.insert(text),
                path.field(field),
                format!("{text:?} stands twice in forms; each may stand once."),
            );
        }
        found.unless(
            ![FOUND_PREFIX, BATCH_PREFIX].contains(&form.serial_prefix.as_str()),
            path.field("serial_prefix"),
            "Another prefix: F belongs to found sheets without a serial, BATCH to the cover sheets of batches.",
        );
        found.between(path.field("sample_percent"), form.sample_percent, 0, 100);
        found.between(path.field("par_per_unit"), form.par_per_unit, 0, 100_000);
        found.between(path.field("priority"), form.priority, 0, 10);
        found.between(path.field("error_percent"), form.error_percent, 0, 100);
        for (index, rule) in form.exceptions.iter().enumerate() {
            let path = path.field("exceptions").item(index);
            found.between(path.field("after_hours"), rule.after_hours, 0, 8_760);
        }
        for (index, expected) in form.expected.iter().enumerate() {
            let path = path.field("expected").item(index);
            found.between(path.field("sheets"), expected.sheets, 1, 1_000);
        }
        for (index, need) in form.need.iter().enumerate() {
            let path = path.field("need").item(index);
            found.between(path.field("per_100_bed_days"), need.per_100_bed_days, 0, 100_000);
        }
        for (index, code) in form.depends_on.iter().enumerate() {
            let known = forms.iter().any(|other| other.code == *code);
            let path = path.field("depends_on").item(index);
            found.unless(known, path, format!("The code of another form of this kit; not {code:?}."));
        }
        printed(form, &path, found);
    }
    circle(forms, found);
}

/// What is printed must fit on the sheet.
fn printed(form: &FormType, path: &Path, found: &mut Mistakes) {
    for (field, texts, most, length) in
        [("fields", &form.fields, MOST_FIELDS, 60), ("columns", &form.columns, MOST_COLUMNS, 40)]
    {
        let path = path.field(field);
        found.unless(
            texts.len() <= most,
            path.clone(),
            format!("At most {most} of them fit on a sheet; not {}.", texts.len()),
        );
        for (index, text) in texts.iter().enumerate() {
            found.unless(
                (1..=length).contains(&text.trim().chars().count()),
                path.item(index),
                format!("1 to {length} characters, so that it fits on the sheet."),
            );
        }
    }
}

/// Forms that wait for each other could never be typed in.
fn circle(forms: &[FormType], found: &mut Mistakes) {
    let named = |code: &str| forms.iter().find(|form| form.code == code);
    for (index, form) in forms.iter().enumerate() {
        let mut before: BTreeSet<&str> = BTreeSet::new();
        let mut ahead: Vec<&str> = form.depends_on.iter().map(String::as_str).collect();
        while let Some(code) = ahead.pop() {
            if let Some(next) = named(code).filter(|next| before.insert(&next.code)) {
                ahead.extend(next.depends_on.iter().map(String::as_str));
            }
        }
        found.unless(
            !before.contains(form.code.as_str()),
            Path::of("forms").item(index).field("depends_on"),
            format!("No circle: {} would wait for itself.", form.code),
        );
    }
}
