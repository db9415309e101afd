//! Rule 17's check: what in a free text may identify a patient.
//!
//! It is deliberately quick to suspect. A hit refuses nothing: the sender confirms it, a second person approves,
//! and both are logged. Phone numbers, ticket numbers, times and the names of departments pass.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, Zone};

/// What a hit looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    RecordNumber,
    SocialSecurityNumber,
    DateOfBirth,
    PatientName,
}

impl Likeness {
    /// The likeness as it is said to the sender.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RecordNumber => "looks like a record number",
            Self::SocialSecurityNumber => "looks like a social security number",
            Self::DateOfBirth => "looks like a date of birth",
            Self::PatientName => "looks like a patient's name",
        }
    }
}

/// A part of a text that may identify a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    pub likeness: Likeness,
    /// As typed.
    pub quoted: String,
}

/// Everything in the text that may identify a patient, in the order in which it stands. `now` tells dates of
/// birth from dates that are still to come or have just been.
pub fn patient_identifiers(text: &str, now: Timestamp) -> Vec<Hit> {
    let words = words(text);
    let this_year = i64::from(Zone::utc().civil_date(now).year());
    let mut hits = Vec::new();
    let mut index = 0;
    while index < words.len() {
        let found = name(text, &words, index)
            .or_else(|| labelled_number(text, &words, index))
            .or_else(|| date_of_birth(text, &words, index, this_year))
            .or_else(|| bare_number(&words, index));
        let Some((likeness, end)) = found else {
            index += 1;
            continue;
        };
        hits.push(Hit { likeness, quoted: text[words[index].start..words[end].end].to_owned() });
        index = end + 1;
    }
    hits
}

/// A run of characters without white space, without the punctuation around it.
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl Word<'_> {
    fn is(&self, any_of: &[&str]) -> bool {
        let plain: String = self.text.chars().filter(|c| *c != '.').flat_map(char::to_lowercase).collect();
        any_of.contains(&plain.as_str())
    }

    fn digits(&self) -> usize {
        self.text.chars().filter(char::is_ascii_digit).count()
    }
}

const PATIENT: [&str; 8] = ["patient", "patients", "pt", "pts", "paciente", "pacientes", "pac", "patient's"];
/// Words that follow "Patient" with a capital and name no one.
const NO_NAMES: [&str; 24] = [
    "access",
    "advocate",
    "care",
    "experience",
    "flow",
    "list",
    "logistics",
    "movement",
    "placement",
    "portal",
    "registration",
    "relations",
    "safety",
    "services",
    "transport",
    "tracking",
    "tower",
    "unit",
    "monitoring",
    "education",
    "financial",
    "identification",
    "intake",
    "records",
];
const RECORD: [&str; 14] = [
    "mrn",
    "mrn#",
    "csn",
    "fin",
    "har",
    "nhs",
    "nhc",
    "encounter",
    "account",
    "acct",
    "record",
    "accession",
    "chart",
    "historia",
];
const NUMBER_SIGNS: [&str; 7] = ["no", "nr", "number", "num", "#", "is", "id"];
const BORN: [&str; 6] = ["dob", "born", "birth", "birthdate", "nacido", "nacimiento"];
const PHONE: [&str; 16] = [
    "call",
    "phone",
    "tel",
    "telephone",
    "ext",
    "extension",
    "pager",
    "fax",
    "text",
    "sms",
    "bridge",
    "pin",
    "dial",
    "llame",
    "teléfono",
    "code",
];

fn words(text: &str) -> Vec<Word<'_>> {
    let base = text.as_ptr() as usize;
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '“' | '”' | '=' | '[' | ']')
    })
    .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '#')))
    .filter(|part| !part.is_empty())
    .map(|part| {
        let start = part.as_ptr() as usize - base;
        Word { text: part, start, end: start + part.len() }
    })
    .collect()
}

fn name(text: &str, words: &[Word], index: usize) -> Option<(Likeness, usize)> {
    let next = words.get(index + 1)?;
    let follows_at_once = !text[words[index].end..next.start].contains(['.', '!', '?', ';', '\n'])
        || words[index].is(&["pt", "pts", "pac"]);
    if !words[index].is(&PATIENT) || !follows_at_once || !is_name(next) {
        return None;
    }
    let end = if words.get(index + 2).is_some_and(is_name) { index + 2 } else { index + 1 };
    Some((Likeness::PatientName, end))
}

fn is_name(word: &Word) -> bool {
    let mut letters = word.text.chars();
    let capital = letters.next().is_some_and(char::is_uppercase);
    let rest =
        letters.clone().any(char::is_lowercase) && letters.all(|c| c.is_alphabetic() || "'’-.".contains(c));
    capital && rest && !word.is(&NO_NAMES)
}

fn labelled_number(text: &str, words: &[Word], index: usize) -> Option<(Likeness, usize)> {
    if !words[index].is(&RECORD) {
        // MRN1234567, written together.
        let lower = words[index].text.to_lowercase();
        let together = lower.starts_with("mrn") && words[index].digits() >= 4;
        return together.then_some((Likeness::RecordNumber, index));
    }
    let sign = words.get(index + 1).is_some_and(|word| word.is(&NUMBER_SIGNS));
    let number = index + if sign { 2 } else { 1 };
    let word = words.get(number)?;
    let sentence_ends = text[words[index].end..word.start].contains(['!', '?', '\n']);
    (!sentence_ends && word.digits() >= 4 && !is_date(word.text)).then_some((Likeness::RecordNumber, number))
}

fn date_of_birth(text: &str, words: &[Word], index: usize, this_year: i64) -> Option<(Likeness, usize)> {
    if words[index].is(&BORN) {
        let near = (index + 1..=index + 3).take_while(|at| *at < words.len());
        return near
            .filter(|at| !text[words[index].end..words[*at].start].contains(['!', '?', '\n']))
            .find(|at| is_date(words[*at].text) || is_year(words[*at].text))
            .map(|at| (Likeness::DateOfBirth, at));
    }
    let year = date_year(words[index].text)?;
    (year < this_year - 1).then_some((Likeness::DateOfBirth, index))
}

fn is_date(text: &str) -> bool {
    date_year(text).is_some()
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse::<i64>().is_ok_and(|year| (1900..2100).contains(&year))
}

/// The year of `3/4/1956`, `03.04.56`, `1956-04-03`; two digits are of the last century.
fn date_year(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<i64>().ok().filter(|_| part.len() <= 4);
    let (first_n, second_n, third_n) = (number(first)?, number(second)?, number(third)?);
    let day_and_month =
        |one: i64, other: i64| (1..=31).contains(&one) && (1..=31).contains(&other) && one.min(other) <= 12;
    if is_year(first) && day_and_month(second_n, third_n) {
        return Some(first_n);
    }
    if !day_and_month(first_n, second_n) {
        return None;
    }
    match third.len() {
        4 if is_year(third) => Some(third_n),
        2 => Some(1900 + third_n),
        _ => None,
    }
}

fn bare_number(words: &[Word], index: usize) -> Option<(Likeness, usize)> {
    let text = words[index].text.trim_end_matches(['.', '!', '?']);
    let groups: Vec<&str> = text.split('-').collect();
    let all_digits =
        groups.iter().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if !all_digits {
        return None;
    }
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths == [3, 2, 4] {
        return Some((Likeness::SocialSecurityNumber, index));
    }
    if let Some(end) = spaced_social_security_number(words, index) {
        return Some((Likeness::SocialSecurityNumber, end));
    }
    let telephoned = (1..=2).any(|back| index >= back && words[index - back].is(&PHONE));
    let telephone_shaped = lengths.len() > 1;
    let record_length = (6..=10).contains(&text.len());
    (record_length && !telephoned && !telephone_shaped).then_some((Likeness::RecordNumber, index))
}

fn spaced_social_security_number(words: &[Word], index: usize) -> Option<usize> {
    let lengths = [3, 2, 4];
    let run = words.get(index..index + 3)?;
    run.iter()
        .zip(lengths)
        .all(|(word, length)| word.text.len() == length && word.digits() == length)
        .then_some(index + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(text: &str) -> Vec<(Likeness, String)> {
        let now = Timestamp::parse_rfc3339("2024-07-19T06:05:00Z").expect("is a time");
        patient_identifiers(text, now).into_iter().map(|hit| (hit.likeness, hit.quoted)).collect()
    }

    #[test]
    fn what_may_identify_a_patient_is_quoted() {
        let cases = [
            ("Chart of MRN 00123456 is here", Likeness::RecordNumber, "MRN 00123456"),
            ("see MRN#: 4455", Likeness::RecordNumber, "MRN#: 4455"),
            ("mrn0045671 waits", Likeness::RecordNumber, "mrn0045671"),
            ("Account number 99812 is open", Likeness::RecordNumber, "Account number 99812"),
            ("Bring 00451234 up first", Likeness::RecordNumber, "00451234"),
            ("SSN 123-45-6789", Likeness::SocialSecurityNumber, "123-45-6789"),
            ("it is 123 45 6789.", Likeness::SocialSecurityNumber, "123 45 6789"),
            ("DOB 3/4/1956", Likeness::DateOfBirth, "DOB 3/4/1956"),
            ("born on 1956-04-03", Likeness::DateOfBirth, "born on 1956-04-03"),
            ("the one of 03/04/1956", Likeness::DateOfBirth, "03/04/1956"),
            ("Move patient Garcia to bed 4", Likeness::PatientName, "patient Garcia"),
            ("pt. Anna Okafor is in CT", Likeness::PatientName, "pt. Anna Okafor"),
            ("El paciente Núñez espera", Likeness::PatientName, "paciente Núñez"),
        ];
        for (text, likeness, quoted) in cases {
            assert_eq!(hits(text), [(likeness, quoted.to_owned())], "{text}");
        }
    }

    #[test]
    fn ordinary_staff_texts_pass() {
        for text in [
            "Call 617-555-0100 or extension 44567.",
            "Call 6175550100 with questions.",
            "Next update 04:00 on 19/07/2024.",
            "Ticket INC0012345, bridge 889123.",
            "Patient Safety and Patient Access stay open.",
            "Tell every patient. Emergency care goes on.",
            "277 procedures and 3,856 visits are cancelled at all 12 sites.",
            "Use downtime record forms; serial numbers start at 1.",
            "Patients wait; Nobody is turned away.",
            "Check code K7R-4M2.",
        ] {
            assert_eq!(hits(text), [], "{text}");
        }
    }
}
