//! How many parts a text message takes, and where each begins: one foreign sign turns the whole message into the
//! wide alphabet and more than doubles its cost and its time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The signs of GSM 03.38 that take one septet, besides ASCII letters and figures.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// The signs that take two septets.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The alphabet that a text needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// 160 signs in one part, 153 in each of several.
    Gsm7,
    /// 70 signs in one part, 67 in each of several.
    Ucs2,
}

/// What a text costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    pub alphabet: Alphabet,
    pub count: usize,
    /// How many more units fit into the last part.
    pub left: usize,
    /// The first sign that forces the wide alphabet.
    pub foreign: Option<char>,
    /// The text of each part.
    pub texts: Vec<String>,
}

/// Splits a text as a gateway does.
pub fn parts(text: &str) -> Parts {
    let foreign = text.chars().find(|sign| septets(*sign).is_none());
    let alphabet = if foreign.is_some() { Alphabet::Ucs2 } else { Alphabet::Gsm7 };
    let (single, joined) = match alphabet {
        Alphabet::Gsm7 => (160, 153),
        Alphabet::Ucs2 => (70, 67),
    };
    let cost = |sign: char| match alphabet {
        Alphabet::Gsm7 => septets(sign).unwrap_or(1),
        Alphabet::Ucs2 => sign.len_utf16(),
    };
    let total: usize = text.chars().map(cost).sum();
    if total <= single {
        let texts = vec![text.to_owned()];
        return Parts { alphabet, count: 1, left: single - total, foreign, texts };
    }
    let mut texts = vec![String::new()];
    let mut used = 0;
    for sign in text.chars() {
        // A sign of two units is never cut in half: it begins the next part.
        if used + cost(sign) > joined {
            texts.push(String::new());
            used = 0;
        }
        used += cost(sign);
        if let Some(last) = texts.last_mut() {
            last.push(sign);
        }
    }
    Parts { alphabet, count: texts.len(), left: joined - used, foreign, texts }
}

fn septets(sign: char) -> Option<usize> {
    if sign.is_ascii_alphanumeric() || BASIC.contains(sign) {
        return Some(1);
    }
    EXTENDED.contains(sign).then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hundred_and_fifty_plain_signs_are_three_parts() {
        let text = "a".repeat(350);
        let parts = parts(&text);
        assert_eq!((parts.count, parts.left, parts.alphabet), (3, 153 - 44, Alphabet::Gsm7));
        assert_eq!(parts.texts.concat(), text);
    }

    #[test]
    fn one_long_dash_makes_the_whole_text_wide() {
        let text = format!("{}—", "a".repeat(69));
        assert_eq!((parts(&text).count, parts(&text).foreign), (1, Some('—')));
        assert_eq!(parts(&format!("{text}b")).count, 2);
    }

    #[test]
    fn a_brace_costs_two_and_is_never_cut() {
        assert_eq!(parts(&"{".repeat(80)).count, 1);
        let parts = parts(&format!("{}{{{}", "a".repeat(152), "b".repeat(20)));
        assert_eq!(parts.texts[0].len(), 152);
        assert!(parts.texts[1].starts_with('{'));
    }
}
