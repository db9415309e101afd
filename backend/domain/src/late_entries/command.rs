//! Handing out sheets of our own, and counting back those with nothing on them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SheetKind;
use crate::{
    entry::no_patient,
    field::{FieldErrors, Text},
    time::Timestamp,
};

/// How many sheets are handed out or counted at once.
pub const MOST_SHEETS: i64 = 200;
/// The last number that a sheet can have.
const LARGEST: i64 = 99_999;

/// Hands sheets out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HandOutSheets {
    pub request_id: Text,
    /// `log`, `calls` or `sign_in`.
    pub kind: Text,
    /// The number on the first sheet; the next free one when empty.
    pub first: Text,
    pub sheets: Text,
    /// Who or which room has them.
    pub to: Text,
}

/// Sheets to be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandingOut {
    pub kind: SheetKind,
    pub first: Option<i64>,
    pub sheets: i64,
    pub to: String,
}

/// What was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandedOutSheets {
    pub seq: i64,
    pub kind: SheetKind,
    pub first: i64,
    pub last: i64,
}

fn kind_of(errors: &mut FieldErrors, text: &Text) -> Option<SheetKind> {
    let kind = SheetKind::from_code(text.trimmed());
    if kind.is_none() {
        errors.add("kind", "Choose which sheets.");
    }
    kind
}

impl HandOutSheets {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<HandingOut, FieldErrors> {
        let mut errors = FieldErrors::default();
        let kind = kind_of(&mut errors, &self.kind);
        let sheets = self.sheets.trimmed().parse().unwrap_or(0);
        if !(1..=MOST_SHEETS).contains(&sheets) {
            errors.add("sheets", format!("Say how many sheets, 1 to {MOST_SHEETS}."));
        }
        let first = match self.first.trimmed() {
            "" => None,
            text => Some(text.parse().unwrap_or(0)),
        };
        if first.is_some_and(|first| !(1..=LARGEST - MOST_SHEETS).contains(&first)) {
            errors.add("first", "Write the number that stands on the first sheet.");
        }
        let missing = "Say who has them: a position or a room.";
        let to = errors.required("to", &self.to, 120, missing).unwrap_or_default();
        no_patient(&mut errors, "to", &to, now);
        errors.into_result()?;
        Ok(HandingOut { kind: kind.unwrap_or(SheetKind::Log), first, sheets, to })
    }
}

/// Counts sheets back that nobody types in: with nothing on them, or lost.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CountSheets {
    pub request_id: Text,
    pub kind: Text,
    /// Numbers and ranges, as `12-20, 23`.
    pub blank: Text,
    pub lost: Text,
    /// What was done to find those that are lost.
    pub reason: Text,
}

/// Sheets to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    pub kind: SheetKind,
    pub blank: BTreeSet<i64>,
    pub lost: BTreeSet<i64>,
    pub reason: String,
}

/// What a count gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    pub seq: i64,
    pub blank: i64,
    pub lost: i64,
    /// How many sheets of all kinds are still out.
    pub out: i64,
}

impl CountSheets {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<Counting, FieldErrors> {
        let mut errors = FieldErrors::default();
        let kind = kind_of(&mut errors, &self.kind);
        let blank = errors.keep("blank", numbers(&self.blank)).unwrap_or_default();
        let lost = errors.keep("lost", numbers(&self.lost)).unwrap_or_default();
        if errors.is_empty() && blank.is_empty() && lost.is_empty() {
            errors.add("blank", "Write the numbers of the sheets, as 12-20, 23.");
        }
        if let Some(both) = blank.intersection(&lost).next() {
            errors.add("lost", format!("Sheet {both} is either blank or lost."));
        }
        let reason = if lost.is_empty() {
            errors.optional("reason", &self.reason, 300)
        } else {
            errors.required("reason", &self.reason, 300, "Say where you looked and whom you asked.")
        };
        let reason = reason.unwrap_or_default();
        no_patient(&mut errors, "reason", &reason, now);
        errors.into_result()?;
        Ok(Counting { kind: kind.unwrap_or(SheetKind::Log), blank, lost, reason })
    }
}

/// Reads numbers and ranges.
fn numbers(text: &Text) -> Result<BTreeSet<i64>, String> {
    let mut found = BTreeSet::new();
    let parts = text.trimmed().split([',', ';', ' ', '\n', '\r', '\t']).filter(|part| !part.is_empty());
    for part in parts {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let read = |text: &str| text.parse::<i64>().ok().filter(|number| (1..=LARGEST).contains(number));
        let (Some(first), Some(last)) = (read(first), read(last)) else {
            return Err("Write numbers and ranges, as 12-20, 23.".to_owned());
        };
        if last < first || last - first >= MOST_SHEETS {
            return Err(format!("{first}-{last} is not a range of at most {MOST_SHEETS} sheets."));
        }
        found.extend(first..=last);
    }
    if found.len() > usize::try_from(MOST_SHEETS).unwrap_or(0) {
        return Err(format!("Count at most {MOST_SHEETS} sheets at once."));
    }
    Ok(found)
}

/// That a draft is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DraftKept {
    /// How many lines it has.
    pub lines: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_read() {
        let read = |text: &str| numbers(&text.into());
        assert_eq!(read("3-5, 9;9 11"), Ok([3, 4, 5, 9, 11].into()));
        for wrong in ["0", "5-3", "x", "1-201", "-4", "99999999999999999999", "1-100, 101-201"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_lost_sheet_needs_a_reason_and_is_not_blank_too() {
        let form = CountSheets { kind: "log".into(), lost: "3".into(), ..CountSheets::default() };
        let now = Timestamp::from_seconds(0);
        assert!(form.read(now).expect_err("no reason").at("reason").is_some());
        let both = CountSheets { blank: "1-4".into(), reason: "Searched the room".into(), ..form };
        assert!(both.read(now).expect_err("both").at("lost").is_some());
    }
}
