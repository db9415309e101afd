//! Closing a unit and opening it again: a ward that is gone must not stay silent in every later message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    field::{FieldErrors, Text},
    playbooks::Setting,
};

/// A unit closes, or opens again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitStep {
    Close,
    Reopen,
}

impl UnitStep {
    /// Whether this step can be taken by a unit that is closed, or is not.
    ///
    /// # Errors
    /// When it was taken before.
    pub fn check(self, is_closed: bool) -> Result<(), Refusal> {
        match (self, is_closed) {
            (Self::Close, false) | (Self::Reopen, true) => Ok(()),
            (Self::Close, true) => Err(Refusal::new("unit-closed", "This unit is closed already.")),
            (Self::Reopen, false) => Err(Refusal::new("unit-open", "This unit is open already.")),
        }
    }
}

/// Closes a unit, or opens it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepUnit {
    pub request_id: Text,
}

/// Says where care is given in a unit and how many beds it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetCare {
    pub request_id: Text,
    /// Code of a setting; empty for none of them.
    pub setting: Text,
    /// Empty when it has none.
    pub beds: Text,
}

/// What was said of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitCare {
    pub setting: Option<Setting>,
    pub beds: Option<i64>,
}

impl SetCare {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<UnitCare, FieldErrors> {
        let mut errors = FieldErrors::default();
        let setting = errors.keep("setting", super::setting(&self.setting.0)).flatten();
        let beds = errors.keep("beds", super::beds(&self.beds.0)).flatten();
        errors.into_result()?;
        Ok(UnitCare { setting, beds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_closes_once_and_opens_again() {
        assert!(UnitStep::Close.check(false).is_ok() && UnitStep::Reopen.check(true).is_ok());
        assert!(UnitStep::Close.check(true).is_err() && UnitStep::Reopen.check(false).is_err());
    }
}
