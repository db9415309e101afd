//! Rule 1's check of words: what claims an all clear, however it is spelled, and what names a forbidden system.
//!
//! The lexicon is data, one file a language, and every text is checked against all of them. A text is folded to
//! plain letters that remember where they stood, so that what was found can be quoted as it was typed. The check
//! catches disguises, not paraphrases; for those a second person looks, whenever a forbidden system is named.

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{Refusal, id::SystemId};

/// What was found in a text, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The phrase or name that it comes down to.
    pub phrase: String,
    /// The part of the text, as typed.
    pub quoted: String,
}

/// A system under a prohibition somewhere in an audience, with the names by which texts may call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenSystem {
    pub system: SystemId,
    /// Its name and the playbook's aliases.
    pub names: Vec<String>,
    /// The order in force and where, as the second approver reads it: `DO NOT LOG IN at Northside`.
    pub order: String,
}

/// A forbidden system that a text names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    pub system: SystemId,
    pub found: Found,
    pub order: String,
}

/// Every claim of an all clear in the text, in the order in which they stand.
pub fn all_clear_claims(text: &str) -> Vec<Found> {
    let mut found: Vec<(usize, Found)> =
        Signs::BOTH.into_iter().flat_map(|signs| claims(Folded::of(text, signs))).collect();
    found.sort_by_key(|(start, found)| (*start, std::cmp::Reverse(found.quoted.len())));
    found.dedup_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, found)| found).collect()
}

fn claims(mut folded: Folded) -> Vec<(usize, Found)> {
    for allowed in LEXICONS.iter().flat_map(|lexicon| &lexicon.allowed) {
        for (start, end) in folded.places_of(allowed) {
            folded.cut(start, end);
        }
    }
    let mut found = Vec::new();
    for (phrase, letters) in LEXICONS.iter().flat_map(|lexicon| &lexicon.phrases) {
        for (start, end) in folded.places_of(letters) {
            let quoted = folded.quoted(start, end);
            found.push((folded.letters[start].original, Found { phrase: phrase.clone(), quoted }));
        }
    }
    found
}

/// Refuses a text that claims an all clear.
///
/// # Errors
/// The refusal quotes what was found.
pub fn refuse_all_clear(text: &str) -> Result<(), Refusal> {
    let claims = all_clear_claims(text);
    let Some(first) = claims.first() else { return Ok(()) };
    Err(Refusal::new(
        "claims-all-clear",
        format!(
            "The text says \"{}\". Only a released sign-off may say that: take the words out, or go to Clearance.",
            first.quoted
        ),
    ))
}

/// The systems under a prohibition that a free text names; any of them makes a second approver necessary.
pub fn forbidden_systems_named(text: &str, systems: &[ForbiddenSystem]) -> Vec<Named> {
    let foldings = Signs::BOTH.map(|signs| Folded::of(text, signs));
    systems
        .iter()
        .filter_map(|system| {
            let found = system.names.iter().find_map(|name| {
                let wanted = letters(name);
                foldings.iter().find_map(|folded| {
                    let (start, end) = *folded.places_of(&wanted).first()?;
                    Some(Found { phrase: name.clone(), quoted: folded.quoted(start, end) })
                })
            })?;
            Some(Named { system: system.system, found, order: system.order.clone() })
        })
        .collect()
}

#[derive(Deserialize)]
struct File {
    language: String,
    phrases: Vec<String>,
    allowed: Vec<String>,
}

struct Lexicon {
    /// As written in the file, and folded.
    phrases: Vec<(String, Vec<char>)>,
    /// Folded, the longest first, so that a longer clause is taken out before a shorter one inside it.
    allowed: Vec<Vec<char>>,
}

static LEXICONS: LazyLock<Vec<Lexicon>> = LazyLock::new(|| {
    [include_str!("../lexicon/en.toml"), include_str!("../lexicon/es.toml")].map(lexicon).into()
});

static LOOKALIKES: LazyLock<BTreeMap<char, char>> = LazyLock::new(|| {
    let file: BTreeMap<char, String> = toml::from_str(include_str!("../lexicon/lookalikes.toml"))
        .expect("the file is part of the program and a test reads it");
    file.into_iter()
        .flat_map(|(letter, like)| like.chars().map(move |c| (c, letter)).collect::<Vec<_>>())
        .collect()
});

fn lexicon(file: &str) -> Lexicon {
    let file: File = toml::from_str(file).expect("the file is part of the program and a test reads it");
    debug_assert!(!file.language.is_empty());
    let mut allowed: Vec<Vec<char>> = file.allowed.iter().map(|clause| letters(clause)).collect();
    allowed.sort_by_key(|clause| std::cmp::Reverse(clause.len()));
    Lexicon {
        phrases: file.phrases.into_iter().map(|phrase| (phrase.clone(), letters(&phrase))).collect(),
        allowed,
    }
}

fn letters(text: &str) -> Vec<char> {
    Folded::of(text, Signs::AsPunctuation).letters.iter().map(|letter| letter.folded).collect()
}

/// How to read signs such as `|`, `!` and `+`, which may stand for a letter or for themselves. Both are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signs {
    AsLetters,
    AsPunctuation,
}

impl Signs {
    const BOTH: [Self; 2] = [Self::AsLetters, Self::AsPunctuation];
}

/// A letter of the folded text, and the character of the original that it came from.
#[derive(Debug, Clone, Copy)]
struct Letter {
    folded: char,
    original: usize,
}

/// A text as plain letters without separators.
struct Folded {
    original: Vec<char>,
    letters: Vec<Letter>,
    /// For each character of the original, whether it belongs to a word.
    in_word: Vec<bool>,
}

/// Stands where an allowed clause was taken out, so that what is left on both sides does not grow together.
const CUT: char = '\u{0}';

impl Folded {
    fn of(text: &str, signs: Signs) -> Self {
        let original: Vec<char> = text.chars().collect();
        let in_word: Vec<bool> =
            original.iter().map(|typed| typed.nfkc().any(char::is_alphanumeric)).collect();
        let letters = original
            .iter()
            .enumerate()
            .filter(|(index, _)| signs == Signs::AsLetters || in_word[*index])
            .flat_map(|(index, typed)| {
                fold(*typed).into_iter().map(move |folded| Letter { folded, original: index })
            })
            .collect();
        Self { original, letters, in_word }
    }

    /// Where these letters stand as whole words: from the first to the last letter, as indexes of `letters`.
    fn places_of(&self, wanted: &[char]) -> Vec<(usize, usize)> {
        if wanted.is_empty() || wanted.len() > self.letters.len() {
            return Vec::new();
        }
        (0..=self.letters.len() - wanted.len())
            .filter(|start| {
                let run = &self.letters[*start..*start + wanted.len()];
                run.iter().zip(wanted).all(|(letter, wanted)| letter.folded == *wanted)
            })
            .map(|start| (start, start + wanted.len() - 1))
            .filter(|(start, end)| self.begins_word(*start) && self.ends_word(*end))
            .collect()
    }

    fn begins_word(&self, letter: usize) -> bool {
        let at = self.letters[letter].original;
        let before = self.visible_before(at);
        before.is_none_or(|before| !self.in_word[before])
            && (letter == 0 || self.letters[letter - 1].original != at)
    }

    fn ends_word(&self, letter: usize) -> bool {
        let at = self.letters[letter].original;
        let after = (at + 1..self.original.len()).find(|index| !is_invisible(self.original[*index]));
        after.is_none_or(|after| !self.in_word[after])
            && self.letters.get(letter + 1).is_none_or(|next| next.original != at)
    }

    fn visible_before(&self, at: usize) -> Option<usize> {
        (0..at).rev().find(|index| !is_invisible(self.original[*index]))
    }

    fn quoted(&self, start: usize, end: usize) -> String {
        self.original[self.letters[start].original..=self.letters[end].original].iter().collect()
    }

    fn cut(&mut self, start: usize, end: usize) {
        for letter in &mut self.letters[start..=end] {
            letter.folded = CUT;
        }
    }
}

fn is_invisible(c: char) -> bool {
    is_combining_mark(c)
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

fn fold(typed: char) -> Vec<char> {
    typed
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .filter_map(|c| match LOOKALIKES.get(&c) {
            Some(letter) => Some(*letter),
            None if c.is_alphanumeric() => Some(c),
            None => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> Vec<String> {
        all_clear_claims(text).into_iter().map(|found| found.quoted).collect()
    }

    #[test]
    fn disguises_are_caught_and_quoted_as_typed() {
        for disguise in [
            "all clear",
            "ALL-CLEAR",
            "AllClear",
            "a11 c1ear",
            "аll clear",
            "a l l  c l e a r",
            "ａｌｌ ｃｌｅａｒ",
            "all\u{200b}clear",
            "a.l.l.c.l.e.a.r",
            "𝐚𝐥𝐥 𝐜𝐥𝐞𝐚𝐫",
            "ⓐⓛⓛ ⓒⓛⓔⓐⓡ",
            "áll cléar",
            "a|| clear",
            "@ll cle@r",
            "AII CLEAR",
            "all_clear",
            "todo despejado",
            "vía libre",
            "via libre",
        ] {
            let text = format!("Good news: {disguise}! Wait.");
            assert_eq!(quoted(&text), [disguise], "{disguise}");
            assert_eq!(quoted(disguise), [disguise], "{disguise} alone");
        }
    }

    #[test]
    fn words_that_only_contain_the_letters_pass() {
        for text in [
            "Bring your overall clearance form.",
            "call Clearwater",
            "Call clearly.",
            "The hall cleared slowly.",
            "All clearance forms go to the depot.",
            "Everyone to the small clearing.",
        ] {
            assert_eq!(quoted(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn allowed_clauses_pass_and_shield_nothing_else() {
        assert!(quoted("Do not log in to Epic until the all clear is sent.").is_empty());
        assert!(quoted("This is not an all clear.").is_empty());
        assert!(quoted("No usar Epic hasta el aviso de fin de la alerta.").is_empty());
        assert_eq!(quoted("Wait until the all clear is sent. Later: all clear."), ["all clear"]);
        assert!(quoted("For all until the all clear clear.").is_empty(), "the sides do not grow together");
    }

    #[test]
    fn a_refusal_quotes_the_words() {
        let refusal = refuse_all_clear("Epic: A11-C1ear for all").expect_err("is a claim");
        assert_eq!(refusal.code, "claims-all-clear");
        assert!(refusal.sentence.contains("\"A11-C1ear\""), "{}", refusal.sentence);
        assert_eq!(refuse_all_clear("Epic is back, log in"), Ok(()), "a paraphrase is for the second look");
    }

    #[test]
    fn a_forbidden_system_is_found_by_name_and_by_alias() {
        let system = SystemId(uuid::Uuid::from_u128(1));
        let systems = [ForbiddenSystem {
            system,
            names: vec!["Epic production".to_owned(), "Epic".to_owned(), "the EHR".to_owned()],
            order: "DO NOT LOG IN at all sites".to_owned(),
        }];
        for text in ["Epic is back, log in", "log in to ЕPIC now", "You can use the E.H.R. again"] {
            let named = forbidden_systems_named(text, &systems);
            assert_eq!(named.len(), 1, "{text}");
            assert_eq!(named[0].order, "DO NOT LOG IN at all sites");
        }
        assert!(forbidden_systems_named("An epicentre was felt.", &systems).is_empty());
    }

    #[test]
    fn every_phrase_of_every_lexicon_is_caught_and_every_clause_allowed() {
        for lexicon in LEXICONS.iter() {
            for (phrase, _) in &lexicon.phrases {
                assert_eq!(quoted(phrase).first(), Some(phrase));
            }
        }
        assert!(LOOKALIKES.len() > 80);
    }

    proptest! {
        #[test]
        fn a_disguised_claim_is_caught_in_any_surroundings(
            before in "([A-Za-z]{1,9} ){0,4}", after in "( [A-Za-z]{1,9}){0,4}",
            separators in proptest::collection::vec(proptest::sample::select(vec!["", " ", "-", ".", "_", "\u{200b}"]), 7),
            swaps in proptest::collection::vec(any::<bool>(), 8),
        ) {
            let mut disguise = String::new();
            for (index, letter) in "allclear".chars().enumerate() {
                let swapped = match letter { 'a' => '4', 'l' => '1', 'c' => 'с', 'e' => '3', other => other };
                disguise.push(if swaps[index] { swapped } else { letter });
                disguise.push_str(separators.get(index).copied().unwrap_or(""));
            }
            let text = format!("{before}{disguise}{after}");
            prop_assert!(!all_clear_claims(&text).is_empty(), "{}", text);
        }

        #[test]
        fn no_text_makes_the_check_fall_over(text in any::<String>()) {
            for found in all_clear_claims(&text) {
                prop_assert!(text.contains(&found.quoted));
            }
        }
    }
}
