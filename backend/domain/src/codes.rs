//! Check codes and answer tokens: short words that people read from a telephone and type on another one.
//!
//! The alphabet has no letter that looks or sounds like a figure (no 0 O 1 I L) and few vowels, so that chance
//! spells nothing rude. It has 29 signs, a prime: the last sign of a check code is a weighted sum modulo 29, which
//! notices every single wrong sign and every swap of two.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 29] = b"23456789BCDEFGHJKMNPQRSTVWXYZ";
const SIGNS: usize = 6;
/// 29^11 tokens are 53 bits: nobody finds another person's link by trying.
const TOKEN_SIGNS: usize = 11;

/// The check code of one body of a broadcast: five signs and a check sign, shown as `K7R-4M2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct CheckCode(String);

/// Why a text is not a check code of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    #[error("A check code has six signs, as K7R-4M2.")]
    Length,
    #[error("A check code has no {0:?}; look at it again.")]
    Sign(char),
    #[error("One sign of this code is wrong or two are swapped; look at it again.")]
    Check,
}

impl CheckCode {
    /// A code made of random bytes.
    pub fn of(random: [u8; 8]) -> Self {
        let mut values = draw::<{ SIGNS - 1 }>(u64::from_be_bytes(random)).to_vec();
        values.push(check_sign(&values));
        Self(spell(&values))
    }

    /// The six signs without the hyphen, as they are stored.
    pub fn signs(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CheckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.0.split_at(SIGNS / 2);
        write!(f, "{first}-{last}")
    }
}

impl FromStr for CheckCode {
    type Err = NotACode;

    /// Reads a code as people type it: in any case, with or without hyphen and spaces.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let typed = text.chars().filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '–' | '.'));
        let mut values = Vec::with_capacity(SIGNS);
        for sign in typed {
            values.push(value_of(sign).ok_or(NotACode::Sign(sign))?);
        }
        let (Some((check, rest)), SIGNS) = (values.split_last(), values.len()) else {
            return Err(NotACode::Length);
        };
        if check_sign(rest) != *check {
            return Err(NotACode::Check);
        }
        Ok(Self(spell(&values)))
    }
}

impl TryFrom<String> for CheckCode {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        text.parse()
    }
}

impl From<CheckCode> for String {
    fn from(code: CheckCode) -> Self {
        code.to_string()
    }
}

/// The secret part of an answer link, in small letters so that a telephone's keyboard does not fight it.
pub fn answer_token(random: [u8; 8]) -> String {
    spell(&draw::<TOKEN_SIGNS>(u64::from_be_bytes(random))).to_ascii_lowercase()
}

/// The token as it is stored, from what stands in a link; `None` when it cannot be one.
pub fn read_token(text: &str) -> Option<String> {
    let is_token = text.len() == TOKEN_SIGNS && text.chars().all(|sign| value_of(sign).is_some());
    is_token.then(|| text.to_ascii_lowercase())
}

fn draw<const N: usize>(mut random: u64) -> [u8; N] {
    let mut values = [0; N];
    for value in &mut values {
        *value = u8::try_from(random % 29).expect("a remainder of 29 fits");
        random /= 29;
    }
    values
}

/// The sign that makes the sum of value times place (1 to 6) a multiple of 29.
fn check_sign(values: &[u8]) -> u8 {
    let sum: u32 = (1..).zip(values).map(|(place, value)| place * u32::from(*value)).sum();
    // The check sign stands at place 6, whose inverse modulo 29 is 5.
    u8::try_from((29 - sum % 29) * 5 % 29).expect("a remainder of 29 fits")
}

fn spell(values: &[u8]) -> String {
    values.iter().map(|value| char::from(ALPHABET[usize::from(*value)])).collect()
}

fn value_of(sign: char) -> Option<u8> {
    let sign = u8::try_from(sign.to_ascii_uppercase()).ok()?;
    let at = ALPHABET.iter().position(|each| *each == sign)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_is_read_as_people_type_it(random: [u8; 8]) {
            let code = CheckCode::of(random);
            let typed = format!(" {} ", code.to_string().to_lowercase().replace('-', " "));
            prop_assert_eq!(typed.parse(), Ok(code));
        }

        #[test]
        fn one_wrong_sign_and_any_swap_are_noticed(random: [u8; 8], at in 0_usize..6, other in 0_usize..6, sign in 0_usize..29) {
            let code = CheckCode::of(random);
            let signs: Vec<char> = code.signs().chars().collect();
            let mut wrong = signs.clone();
            wrong[at] = char::from(ALPHABET[sign]);
            let mut swapped = signs.clone();
            swapped.swap(at, other);
            for changed in [wrong, swapped] {
                let text: String = changed.iter().collect();
                prop_assert_eq!(text.parse::<CheckCode>().is_ok(), changed == signs);
            }
        }

        #[test]
        fn a_token_survives_its_link(random: [u8; 8]) {
            let token = answer_token(random);
            prop_assert_eq!(read_token(&token.to_uppercase()), Some(token));
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_told_so() {
        assert_eq!("K7R".parse::<CheckCode>(), Err(NotACode::Length));
        assert_eq!("K7O-4M2".parse::<CheckCode>(), Err(NotACode::Sign('O')));
        assert_eq!(read_token("../../etc/pw"), None);
    }
}
