//! What a second person found to differ between a sheet and what was typed in, and how that ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Refusal, forms::Sheet, id::AccountId};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The entry says something else than the sheet.
    Differs,
    WrongPatient,
    Illegible,
    Unsigned,
    ConflictingTimes,
    DuplicateEntry,
    DoseChartedTwice,
    OrderNeverEntered,
    ResultWithoutOrder,
    ChargeWithoutOrder,
    SpecimenWithoutResult,
    MissingPage,
    PatientNotRegistered,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Differs,
        Self::WrongPatient,
        Self::Illegible,
        Self::Unsigned,
        Self::ConflictingTimes,
        Self::DuplicateEntry,
        Self::DoseChartedTwice,
        Self::OrderNeverEntered,
        Self::ResultWithoutOrder,
        Self::ChargeWithoutOrder,
        Self::SpecimenWithoutResult,
        Self::MissingPage,
        Self::PatientNotRegistered,
    ];

    /// Why a sheet cannot be typed in at all.
    pub const ASIDE: [Self; 6] = [
        Self::Illegible,
        Self::Unsigned,
        Self::MissingPage,
        Self::ConflictingTimes,
        Self::WrongPatient,
        Self::PatientNotRegistered,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::WrongPatient => "wrong_patient",
            Self::Illegible => "illegible",
            Self::Unsigned => "unsigned",
            Self::ConflictingTimes => "conflicting_times",
            Self::DuplicateEntry => "duplicate_entry",
            Self::DoseChartedTwice => "dose_charted_twice",
            Self::OrderNeverEntered => "order_never_entered",
            Self::ResultWithoutOrder => "result_without_order",
            Self::ChargeWithoutOrder => "charge_without_order",
            Self::SpecimenWithoutResult => "specimen_without_result",
            Self::MissingPage => "missing_page",
            Self::PatientNotRegistered => "patient_not_registered",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Differs => "The entry differs from the form",
            Self::WrongPatient => "Wrong patient",
            Self::Illegible => "Illegible",
            Self::Unsigned => "Unsigned or undated",
            Self::ConflictingTimes => "Conflicting times",
            Self::DuplicateEntry => "Entered twice",
            Self::DoseChartedTwice => "Dose charted twice",
            Self::OrderNeverEntered => "Order on paper never entered",
            Self::ResultWithoutOrder => "Result without an order",
            Self::ChargeWithoutOrder => "Charge without an order",
            Self::SpecimenWithoutResult => "Specimen without a result",
            Self::MissingPage => "A page is missing",
            Self::PatientNotRegistered => "Patient not registered or moved",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How a difference ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The sheet was typed in again, and is checked again.
    Corrected,
    NotAnError,
    /// The sheet counts no more: a duplicate, or another patient's.
    Voided,
}

impl Ending {
    pub const ALL: [Self; 3] = [Self::Corrected, Self::NotAnError, Self::Voided];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::NotAnError => "not_an_error",
            Self::Voided => "voided",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Corrected => "typed in again",
            Self::NotAnError => "not an error",
            Self::Voided => "form voided",
        }
    }
}

/// Whether somebody may end a difference without typing the sheet in again: neither who typed it in nor who disputed it
/// is judge of the two (rule 9).
///
/// # Errors
/// Refused for both of them.
pub fn may_settle(sheet: &Sheet, disputed_by: &[AccountId], by: AccountId) -> Result<(), Refusal> {
    let sentence = if sheet.entered_by.contains(&by) {
        "You typed this in; somebody who neither typed it in nor reported the difference settles it."
    } else if disputed_by.contains(&by) {
        "You reported this difference; somebody who neither typed it in nor reported it settles it."
    } else {
        return Ok(());
    };
    Err(Refusal::new("part-of-it", sentence))
}
