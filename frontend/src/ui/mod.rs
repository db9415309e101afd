//! The UI kit: plain functions from data to views, in the words of `ui.md`'s frame.
//!
//! Every function returns an `AnyView`, which keeps compile times low and lets pages put parts in any order.
//! State is always word, shape and colour together; a shape alone never carries it.

pub mod button;
pub mod card;
pub mod codes;
pub mod curve;
pub mod field;
pub mod funnel;
pub mod head;
pub mod icon;
pub mod ladder;
pub mod ledger;
pub mod matrix;
pub mod picture;
pub mod shell;
pub mod table;
pub mod tag;
pub mod unit_map;
pub mod verdict;

pub use head::{head, panel, section};
use leptos::prelude::*;

/// Text made safe for an element or a double-quoted attribute, for the few places that leptos does not write.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A phone number that a phone can dial.
pub fn phone(number: &str) -> AnyView {
    let dialled: String = number.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect();
    if dialled.is_empty() {
        return number.to_owned().into_any();
    }
    view! { <a href=format!("tel:{dialled}")>{number.to_owned()}</a> }.into_any()
}

/// A count with its thousands separated: `4,133`.
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 unit`, `7 units`.
pub fn counted(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_in_thousands_and_agree_with_their_noun() {
        assert_eq!(count(0), "0");
        assert_eq!(count(4_133), "4,133");
        assert_eq!(count(-82_000), "-82,000");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(counted(1, "unit", "units"), "1 unit");
        assert_eq!(counted(7, "unit", "units"), "7 units");
    }
}
