//! What people send about downtime numbers, as typed and as read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Act, Goal, Left, NumberKind, State, printed};
use crate::{
    entry,
    field::{FieldErrors, Text},
    id::{FacilityId, UnitId},
    time::Timestamp,
};

/// How many numbers a unit gets at once.
pub const MOST_GIVEN: i64 = 200;
const LARGEST: i64 = 999_999_999_999;

/// Adds a range that a site holds ready.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddRange {
    pub request_id: Text,
    /// `record` or `encounter`.
    pub kind: Text,
    /// The site's id.
    pub site: Text,
    /// What stands before the digits, as `DT`.
    pub prefix: Text,
    /// With its leading zeros: they tell how many digits a number has.
    pub first: Text,
    pub last: Text,
}

/// A range that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRange {
    pub kind: NumberKind,
    pub site: FacilityId,
    pub prefix: String,
    pub first: i64,
    pub last: i64,
    pub width: i64,
}

/// What adding gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RangeAdded {
    pub seq: i64,
    pub first: String,
    pub last: String,
    pub numbers: i64,
}

impl AddRange {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<NewRange, FieldErrors> {
        let mut errors = FieldErrors::default();
        let kind = kind(&mut errors, &self.kind);
        let site = errors.keep("site", self.site.trimmed().parse().map_err(|_| "Choose a site."));
        let prefix = self.prefix.trimmed().to_ascii_uppercase();
        let fits = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
        if prefix.len() > 10 || !prefix.chars().all(fits) {
            errors.add("prefix", "Write up to 10 letters, digits and dashes.");
        }
        let mut end = |field: &str, text: &Text| {
            let number = text.trimmed().parse::<i64>().ok().filter(|number| (1..=LARGEST).contains(number));
            if number.is_none() || text.trimmed().starts_with('+') {
                errors.add(field, "Write a number, with its leading zeros.");
            }
            number.unwrap_or(0)
        };
        let (first, last) = (end("first", &self.first), end("last", &self.last));
        if errors.is_empty() && last < first {
            errors.add("last", "The last number comes before the first one.");
        }
        if errors.is_empty() && last - first >= 1_000_000 {
            errors.add("last", "That is more than a million numbers. Look at the digits.");
        }
        let width = self.first.trimmed().len();
        if errors.is_empty() && prefix.is_empty() && width < 4 {
            errors
                .add("prefix", "Put letters before so few digits, or nobody can tell it from other numbers.");
        }
        errors.into_result()?;
        Ok(NewRange {
            kind: kind.unwrap_or(NumberKind::Record),
            site: site.expect("its absence is an error"),
            prefix,
            first,
            last,
            width: i64::try_from(width).unwrap_or(0),
        })
    }
}

impl NewRange {
    /// Its first and last number as printed.
    pub fn ends(&self) -> (String, String) {
        let end = |number| printed(&self.prefix, number, self.width);
        (end(self.first), end(self.last))
    }
}

fn kind(errors: &mut FieldErrors, text: &Text) -> Option<NumberKind> {
    let kind = NumberKind::from_code(text.trimmed());
    if kind.is_none() {
        errors.add("kind", "Choose record numbers or encounter numbers.");
    }
    kind
}

/// Gives the next number to a patient, or several on paper to a unit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GiveNumbers {
    pub request_id: Text,
    pub kind: Text,
    /// The unit's id: where the patient is, or who gets the paper.
    pub unit: Text,
    /// How many go on paper; empty gives one to a patient at once.
    pub on_paper: Text,
}

/// Numbers to be given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Giving {
    pub kind: NumberKind,
    pub unit: UnitId,
    pub numbers: i64,
    pub state: State,
}

impl GiveNumbers {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<Giving, FieldErrors> {
        let mut errors = FieldErrors::default();
        let kind = kind(&mut errors, &self.kind);
        let unit = errors.keep("unit", self.unit.trimmed().parse().map_err(|_| "Choose a unit."));
        let (numbers, state) = match self.on_paper.trimmed() {
            "" => (1, State::Used),
            text => (text.parse().unwrap_or(0), State::GivenOut),
        };
        if !(1..=MOST_GIVEN).contains(&numbers) {
            errors.add("on_paper", format!("Say how many go to the unit on paper, 1 to {MOST_GIVEN}."));
        }
        errors.into_result()?;
        let unit = unit.expect("its absence is an error");
        Ok(Giving { kind: kind.unwrap_or(NumberKind::Record), unit, numbers, state })
    }
}

/// What giving gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    pub seq: i64,
    /// The first and last number as printed.
    pub first: String,
    pub last: String,
    pub numbers: i64,
}

/// One act upon one number.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChangeNumber {
    pub request_id: Text,
    /// `use`, `give_back`, `merge`, `convert`, `void`, `agree`, `refuse`, `undo`, `left`, `corrected` or `looked_again`.
    pub act: Text,
    /// Into which record, typed by each of the two.
    pub record: Text,
    pub reason: Text,
    /// Where the number is left behind: a code of [`Left`], for `left` and `corrected`.
    pub left: Text,
    /// What was looked at again after a merge was taken back: its id, for `looked_again`.
    pub item: Text,
}

/// What is done, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    Act {
        act: Act,
        record: String,
        reason: String,
    },
    /// The number stands there, too.
    Left(Left),
    /// It was corrected there.
    Corrected(Left),
    /// A form or a line of a cross-check that hung on a wrong merge was looked at again.
    LookedAgain(Uuid),
}

impl ChangeNumber {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<Which, FieldErrors> {
        let mut errors = FieldErrors::default();
        let act = match self.act.trimmed() {
            "use" => Act::Use,
            "give_back" => Act::GiveBack,
            "agree" => Act::Agree,
            "refuse" => Act::Refuse,
            "undo" => Act::AskBack,
            "looked_again" => {
                let item = self.item.trimmed().parse();
                let item = item.map_err(|_| FieldErrors::one("item", "Choose what was looked at again."))?;
                return Ok(Which::LookedAgain(item));
            }
            code @ ("left" | "corrected") => {
                let left = Left::from_code(self.left.trimmed())
                    .ok_or_else(|| FieldErrors::one("left", "Choose where the number stands."))?;
                return Ok(if code == "left" { Which::Left(left) } else { Which::Corrected(left) });
            }
            code => Act::Ask(
                Goal::from_code(code)
                    .ok_or_else(|| FieldErrors::one("act", "Choose what is done with it."))?,
            ),
        };
        let mut record = String::new();
        if act == Act::Ask(Goal::Merge) || (act == Act::Agree && !self.record.is_blank()) {
            record = errors.keep("record", entry::number(&self.record)).unwrap_or_default();
        }
        let reason = match act {
            Act::GiveBack | Act::Refuse | Act::AskBack | Act::Ask(Goal::Void) => {
                errors.required("reason", &self.reason, 300, "Give the reason.")
            }
            _ => errors.optional("reason", &self.reason, 300),
        };
        let reason = reason.unwrap_or_default();
        entry::no_patient(&mut errors, "reason", &reason, now);
        errors.into_result()?;
        Ok(Which::Act { act, record, reason })
    }
}

/// What became of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    pub seq: i64,
    pub number: String,
    pub state: State,
    /// How many places it stands in that are not corrected.
    pub left: i64,
}
