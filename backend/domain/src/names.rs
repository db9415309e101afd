//! Finding a person by name, as it is heard at a door or on the telephone: whatever the case, the accents and the order
//! of its words, and with a letter wrong.
//!
//! A name lies encrypted, so it cannot be searched. What is kept beside it are keyed hashes of a few texts made here:
//! of each word, of its first three letters and of how it sounds. Those lead to few people, whose names are then
//! decrypted and compared by [`Name::likeness`].

use std::collections::BTreeSet;

use jiff::civil::Date;
use rphonetic::DoubleMetaphone;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::schedule::birth_date;

/// So many words of a name are looked at.
const MOST_WORDS: usize = 12;
/// A word of fewer letters begins and sounds like too many others.
const LEAST_LETTERS: usize = 3;

/// A name taken apart: its words in capitals without accents, and what two of them make when they are written as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    words: Vec<String>,
    joined: Vec<String>,
}

/// How well a name fits another; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same words in any order.
    Same,
    /// Each word is there, or its initial.
    Within,
    /// A word is there.
    Shares,
    /// A word begins alike.
    Begins,
    /// A word sounds alike.
    Sounds,
}

impl Name {
    /// From what is written: `Doe, Jane`, `Jane Doe`, `O'Brien`, `García-Núñez`.
    pub fn read(written: &str) -> Self {
        let mut left = MOST_WORDS;
        let (mut words, mut joined) = (Vec::new(), Vec::new());
        // What stands before a comma is one surname; no word of it joins one behind.
        for part in written.split(',') {
            let part: Vec<String> = folded(part).into_iter().take(left).collect();
            left -= part.len();
            joined.extend(part.windows(2).map(<[String]>::concat));
            if part.len() > 2 {
                joined.push(part.concat());
            }
            words.extend(part);
        }
        Self { words, joined }
    }

    /// Whether nothing in it could be anybody's name.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn forms(&self) -> impl Iterator<Item = &String> {
        self.words.iter().chain(&self.joined)
    }

    /// The texts by whose hashes it is found, each with what a match of it says: a word counts four, a sound two, a
    /// beginning one.
    pub fn keys(&self) -> BTreeSet<(String, u32)> {
        self.forms().flat_map(|form| keys(form)).collect()
    }

    /// How well somebody of this name fits what was asked for; `None` when nothing of it does.
    pub fn likeness(&self, asked: &Self) -> Option<Likeness> {
        let sorted = |name: &Self| name.words.iter().cloned().collect::<BTreeSet<_>>();
        if !asked.is_empty() && (sorted(self) == sorted(asked) || self.words.concat() == asked.words.concat())
        {
            return Some(Likeness::Same);
        }
        let has = |form: &String| self.forms().any(|mine| mine == form);
        let shares = asked.forms().any(|form| letters(form) > 1 && has(form));
        let initial =
            |word: &String| letters(word) == 1 && self.words.iter().any(|mine| mine.starts_with(word));
        if shares && asked.words.iter().all(|word| has(word) || initial(word)) {
            return Some(Likeness::Within);
        }
        if shares {
            return Some(Likeness::Shares);
        }
        let (mine, theirs) = (self.keys(), asked.keys());
        let alike = |kind: &str| theirs.iter().any(|key| key.0.starts_with(kind) && mine.contains(key));
        let kinds =
            [("word:", Likeness::Shares), ("begins:", Likeness::Begins), ("sounds:", Likeness::Sounds)];
        kinds.into_iter().find(|(kind, _)| alike(kind)).map(|(_, likeness)| likeness)
    }
}

/// By what people are sorted: the surname, which stands before a comma, or last without one, then the rest.
pub fn sort_key(written: &str) -> String {
    let (family, given) = written.split_once(',').unwrap_or(("", written));
    let (mut words, mut rest) = (folded(family), folded(given));
    if words.is_empty() {
        words.extend(rest.pop());
    }
    words.extend(rest);
    words.join(" ")
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

fn keys(form: &str) -> Vec<(String, u32)> {
    let mut keys = vec![(format!("word:{form}"), 4)];
    if letters(form) < LEAST_LETTERS {
        return keys;
    }
    let beginning: String = form.chars().take(LEAST_LETTERS).collect();
    keys.push((format!("begins:{beginning}"), 1));
    // The rules of how a word sounds are those of Latin letters.
    if form.bytes().all(|letter| letter.is_ascii_uppercase()) {
        let sounds = DoubleMetaphone::default().double_metaphone(form);
        let mut codes = BTreeSet::from([sounds.primary(), sounds.alternate()]);
        codes.remove("");
        keys.extend(codes.into_iter().map(|code| (format!("sounds:{code}"), 2)));
    }
    keys
}

/// The words of a text, in capitals and without accents.
fn folded(text: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        match letter {
            // Letters that no rule takes apart.
            'Ø' | 'ø' => plain.push('O'),
            'Æ' | 'æ' => plain.push_str("AE"),
            'Œ' | 'œ' => plain.push_str("OE"),
            'Đ' | 'đ' | 'Ð' | 'ð' => plain.push('D'),
            'Ł' | 'ł' => plain.push('L'),
            'Þ' | 'þ' => plain.push_str("TH"),
            // Letters to a computer, apostrophes to a person.
            '\u{2bb}' | '\u{2bc}' | '\u{2bd}' => plain.push(' '),
            letter if letter.is_alphanumeric() => plain.extend(letter.to_uppercase()),
            _ => plain.push(' '),
        }
    }
    plain.split(' ').filter(|word| !word.is_empty()).map(|word| word.nfc().collect()).collect()
}

/// The text by whose hash a birth date is found.
pub fn birth_key(born: Date) -> String {
    format!("born:{born}")
}

/// What somebody asks a list of patients for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nobody in particular.
    Everybody,
    /// A record number.
    Number(String),
    /// A name, with the birth date or with the day and site of a booking.
    Named(Name, Option<Date>),
    /// Not enough, or not readable: what to say more.
    Unclear(&'static str),
}

impl Asked {
    /// From what was typed. What has a digit is a record number. A name alone fits too many people: it needs the birth
    /// date, or the site and day of the booking.
    pub fn read(typed: &str, born: &str, has_site_and_day: bool) -> Self {
        let (typed, born) = (typed.trim(), born.trim());
        if typed.is_empty() {
            return if born.is_empty() { Self::Everybody } else { Self::Unclear("Type the name as well.") };
        }
        if typed.contains(|letter: char| letter.is_ascii_digit()) {
            return Self::Number(typed.to_owned());
        }
        let name = Name::read(typed);
        if name.is_empty() {
            return Self::Unclear("Type a name or a record number.");
        }
        match birth_date(born) {
            Some(day) => Self::Named(name, Some(day)),
            None if !born.is_empty() => Self::Unclear("Write the birth date as 1975-02-03."),
            None if has_site_and_day => Self::Named(name, None),
            None => Self::Unclear(
                "A name alone fits too many people: add the birth date, or choose site and day.",
            ),
        }
    }
}

/// Of candidates by what their hashes say, those that are decrypted: the best, at most so many. `Err` when too many fit
/// equally well; the flag says that lesser ones were left out.
pub fn closest<T>(mut found: Vec<(u32, T)>, most: usize) -> Result<(Vec<T>, bool), TooMany> {
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let over = found.get(most).map(|(weight, _)| *weight);
    if let Some(weight) = over {
        // All of one weight, or none of it: chance chooses nobody.
        found.retain(|(each, _)| *each > weight);
        if found.is_empty() {
            return Err(TooMany);
        }
    }
    Ok((found.into_iter().map(|(_, each)| each).collect(), over.is_some()))
}

/// More people fit than may be decrypted for one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

#[cfg(test)]
mod tests;
