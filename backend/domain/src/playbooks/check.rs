//! What a playbook must mean, beyond its shape: every key that is used exists, nothing is named twice, and nothing
//! promises what the rules forbid.

mod care;
mod clearance;
mod command;
mod messages;

use std::collections::BTreeSet;

use super::{
    Kit, Playbook,
    parse::{Mistake, Path},
};
use crate::lexicon::all_clear_claims;

/// Every mistake of meaning, in no particular order.
pub(super) fn mistakes(playbook: &Playbook) -> Vec<Mistake> {
    let mut found = Mistakes::default();
    command::check(playbook, &mut found);
    messages::check(playbook, &mut found);
    care::check(playbook, &mut found);
    clearance::check(playbook, &mut found);
    found.0
}

/// Every mistake of a kit's meaning.
pub(super) fn kit_mistakes(kit: &Kit) -> Vec<Mistake> {
    let mut found = Mistakes::default();
    found.key(Path::of("key"), &kit.key);
    found.text(Path::of("name"), &kit.name);
    care::forms(&kit.forms, &mut found);
    found.0
}

#[derive(Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn add(&mut self, path: Path, expected: impl Into<String>) {
        self.0.push(Mistake { path, expected: expected.into() });
    }

    fn unless(&mut self, right: bool, path: Path, expected: impl Into<String>) {
        if !right {
            self.add(path, expected);
        }
    }

    fn text(&mut self, path: Path, text: &str) {
        self.unless(!text.trim().is_empty(), path, "Write something here; it must not be empty.");
    }

    /// Keys are lower case, so that they read the same in a file, a URL and a log.
    fn key(&mut self, path: Path, key: &str) {
        let right = key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && key.len() <= 40;
        self.unless(
            right,
            path,
            format!(
                "A key has a lower case letter, then letters, digits and hyphens, at most 40; not {key:?}."
            ),
        );
    }

    /// Each of these keys is well formed and stands once; `field` is where it stands in its item.
    fn keys<'a>(&mut self, list: &str, field: &str, keys: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (index, key) in keys.enumerate() {
            let path = Path::of(list).item(index).field(field);
            self.key(path.clone(), key);
            self.unless(
                seen.insert(key),
                path,
                format!("{key:?} stands twice in {list}; each may stand once."),
            );
        }
    }

    fn between(&mut self, path: Path, number: i64, least: i64, most: i64) {
        self.unless(
            (least..=most).contains(&number),
            path,
            format!("A number from {least} to {most}, not {number}."),
        );
    }

    /// A key that must be one of a list's.
    fn known(&mut self, path: Path, key: &str, what: &str, known: &BTreeSet<&str>) {
        if !known.contains(key) {
            let known: Vec<_> = known.iter().copied().collect();
            self.add(path, format!("The key of {what}: {}; not {key:?}.", known.join(", ")));
        }
    }

    /// Only a released clearance says it, and the program writes that text itself (rule 1).
    fn no_all_clear(&mut self, path: Path, text: &str) {
        for claim in all_clear_claims(text) {
            self.add(
                path.clone(),
                format!(
                    "Words that do not claim an all clear; {:?} does. The program writes that message itself, from \
                     the signed record.",
                    claim.quoted
                ),
            );
        }
    }

    /// The short form of the matrix: at most 2 lines of 10 letters, broken between words.
    fn short_form(&mut self, path: Path, short: &str) {
        self.unless(
            fits_two_lines_of_ten(short),
            path,
            format!("At most two lines of 10 letters, broken between words; {short:?} does not fit."),
        );
    }
}

fn fits_two_lines_of_ten(text: &str) -> bool {
    let words: Vec<_> = text.split_whitespace().collect();
    let length = |words: &[&str]| words.join(" ").chars().count();
    (0..=words.len()).any(|cut| length(&words[..cut]) <= 10 && length(&words[cut..]) <= 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_form_breaks_only_between_words() {
        assert!(fits_two_lines_of_ten("DO NOT LOG IN"));
        assert!(fits_two_lines_of_ten(""));
        assert!(!fits_two_lines_of_ten("DISCONNECTED"));
        assert!(!fits_two_lines_of_ten("USE ONLY FOR REGISTRATION"));
    }
}
