//! What people send about cross-checks, as typed and as read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::State;
use crate::{
    field::{FieldErrors, Text},
    id::{IncidentId, UnitId},
    identifiers::patient_identifiers,
    playbooks::Occasion,
    time::Timestamp,
};

/// What is done about a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Take,
    Explain,
    Correct,
    Harm,
}

impl Act {
    pub const ALL: [Self; 4] = [Self::Take, Self::Explain, Self::Correct, Self::Harm];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Explain => "explain",
            Self::Correct => "correct",
            Self::Harm => "harm",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Take => "I look after it",
            Self::Explain => "Explained: nothing is to be mended",
            Self::Correct => "Corrected: it is in the record now",
            Self::Harm => "It reached the patient, and harm is reported",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }
}

/// Does something about one gap.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DecideGap {
    pub request_id: Text,
    /// `take`, `explain`, `correct` or `harm`.
    pub act: Text,
    /// What was found, in words without a patient; needed for an end.
    pub note: Text,
}

/// A decision about a gap that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapDecision {
    pub act: Act,
    pub note: String,
}

impl DecideGap {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<GapDecision, FieldErrors> {
        let mut errors = FieldErrors::default();
        let act = Act::from_code(self.act.trimmed());
        if act.is_none() {
            errors.add("act", "Choose what was done about the gap.");
        }
        let note = match act {
            Some(Act::Take) => errors.optional("note", &self.note, 500),
            _ => errors.required("note", &self.note, 500, "Say what was found and where it is written."),
        };
        if let Some(hit) = patient_identifiers(&self.note.0, now).first() {
            let sentence =
                format!("{:?} {}. Leave it out; the gap names its line.", hit.quoted, hit.likeness.words());
            errors.add("note", sentence);
        }
        errors.into_result()?;
        Ok(GapDecision { act: act.expect("its absence is an error"), note: note.unwrap_or_default() })
    }
}

/// What became of a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapDecided {
    pub line: Uuid,
    pub incident: IncidentId,
    pub state: State,
    /// Open gaps of the incident that are left.
    pub open: i64,
}

/// Says how many patients, arrivals, operations, visits and admissions a unit had on a day; empty stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetCensus {
    pub request_id: Text,
    pub unit: Text,
    /// As `2024-07-19`.
    pub day: Text,
    pub patient_day: Text,
    pub arrival: Text,
    pub operation: Text,
    pub visit: Text,
    pub admission: Text,
}

/// The most that one unit has of one occasion on one day.
pub const MOST_OF_AN_OCCASION: i64 = 100_000;

/// The census of a unit and day that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedCensus {
    pub unit: UnitId,
    pub day: String,
    pub numbers: Vec<(Occasion, i64)>,
}

/// The day of a census as it is kept, if the text is one.
pub(super) fn day(text: &str) -> Result<String, String> {
    let day = text.trim().parse::<jiff::civil::Date>();
    day.map(|day| day.to_string()).map_err(|_| "Write the day as 2024-07-19.".to_owned())
}

/// How often something happened; empty is not said.
pub(super) fn number(text: &str) -> Result<Option<i64>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let number = text.trim().parse().ok().filter(|number| (0..=MOST_OF_AN_OCCASION).contains(number));
    number.map(Some).ok_or_else(|| format!("Write a whole number, 0 to {MOST_OF_AN_OCCASION}."))
}

impl SetCensus {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<TypedCensus, FieldErrors> {
        let mut errors = FieldErrors::default();
        let unit = self.unit.trimmed().parse().ok();
        if unit.is_none() {
            errors.add("unit", "Choose a unit.");
        }
        let day = errors.keep("day", day(&self.day.0));
        let mut numbers = Vec::new();
        for occasion in Occasion::ALL {
            if let Some(Some(number)) = errors.keep(occasion.code(), number(&self.text(occasion).0)) {
                numbers.push((occasion, number));
            }
        }
        if errors.is_empty() && numbers.is_empty() {
            errors.add("patient_day", "Say at least one number.");
        }
        errors.into_result()?;
        Ok(TypedCensus {
            unit: unit.expect("its absence is an error"),
            day: day.expect("its absence is an error"),
            numbers,
        })
    }

    /// What was typed for an occasion.
    pub const fn text(&self, occasion: Occasion) -> &Text {
        match occasion {
            Occasion::PatientDay => &self.patient_day,
            Occasion::Arrival => &self.arrival,
            Occasion::Operation => &self.operation,
            Occasion::Visit => &self.visit,
            Occasion::Admission => &self.admission,
        }
    }
}

/// What was said of a unit's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CensusSet {
    pub unit: UnitId,
    pub day: String,
    /// Gaps of forms that are open now.
    pub open: i64,
}

/// Compares the forms that must be there with the sheets that are back by now.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Compare {
    pub request_id: Text,
}

/// What comparing gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    pub lines: i64,
    pub open: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_needs_words_and_no_patient() {
        let now = Timestamp(1_721_379_600_000_000);
        let form =
            |act: &str, note: &str| DecideGap { act: act.into(), note: note.into(), ..DecideGap::default() };
        assert!(form("take", "").read(now).is_ok());
        assert!(form("explain", "Wasted and witnessed, see the log of the cabinet").read(now).is_ok());
        for (act, note, field) in [
            ("explain", "", "note"),
            ("bury", "x", "act"),
            ("correct", "Patient John Smith MRN 12345678 was told", "note"),
        ] {
            let errors = form(act, note).read(now).expect_err("is refused");
            assert!(errors.at(field).is_some(), "{act} {note}: {errors:?}");
        }
    }

    #[test]
    fn a_census_says_its_day_and_at_least_one_number() {
        let good = SetCensus {
            unit: "01890a5d-ac96-774b-bcce-b302099a8057".into(),
            day: "2024-07-19".into(),
            patient_day: "26".into(),
            ..SetCensus::default()
        };
        assert_eq!(good.read().expect("is good").numbers, [(Occasion::PatientDay, 26)]);
        for (wrong, field) in [
            (SetCensus { day: "19.7.2024".into(), ..good.clone() }, "day"),
            (SetCensus { patient_day: "".into(), ..good.clone() }, "patient_day"),
            (SetCensus { visit: "-1".into(), ..good.clone() }, "visit"),
            (SetCensus { unit: "ward".into(), ..good.clone() }, "unit"),
        ] {
            assert!(wrong.read().expect_err("is refused").at(field).is_some(), "{field}");
        }
    }
}
