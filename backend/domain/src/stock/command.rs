//! What people send about blank forms, as typed and as read.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MOST;
use crate::{
    field::{FieldErrors, Text},
    id::{PackId, UnitId},
};

/// Says how many blank sheets of some forms lie at a unit, or were brought there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CountStock {
    pub request_id: Text,
    /// `counted`, in the box and out on the ward, or `brought`, besides what lay there.
    pub how: Text,
    /// Codes of forms; `sheets` says how many of each, in the same order. Empty says nothing, 0 that none lie there.
    pub form_type: Vec<Text>,
    pub sheets: Vec<Text>,
    /// What others should know.
    pub note: Text,
}

/// Whether sheets were counted or brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Counted,
    Brought,
}

/// What was said of a unit's blank sheets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    pub how: How,
    /// Code of the form and sheets.
    pub sheets: Vec<(String, i64)>,
    pub note: String,
}

impl CountStock {
    /// Reads the fields; `knows` says whether there is a form of a code.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, knows: impl Fn(&str) -> bool) -> Result<Entered, FieldErrors> {
        let mut errors = FieldErrors::default();
        let how = match self.how.trimmed() {
            "counted" => Some(How::Counted),
            "brought" => Some(How::Brought),
            _ => None,
        };
        if how.is_none() {
            errors.add("how", "Say whether the sheets were counted or brought.");
        }
        if self.form_type.len() != self.sheets.len() {
            errors.add("sheets", "Say for each form how many sheets.");
        }
        let (mut sheets, mut seen) = (Vec::new(), BTreeSet::new());
        for (code, number) in self.form_type.iter().zip(&self.sheets) {
            if number.is_blank() {
                continue;
            }
            let code = code.trimmed();
            if !knows(code) {
                errors.add("form_type", format!("{code:?} is no form of the kit in force."));
            } else if !seen.insert(code) {
                errors.add("form_type", format!("{code} stands twice; each may stand once."));
            }
            match number.trimmed().parse::<i64>() {
                Ok(number) if (0..=MOST).contains(&number) => sheets.push((code.to_owned(), number)),
                _ => errors.add("sheets", format!("{code}: write a whole number from 0 to {MOST}.")),
            }
        }
        if sheets.is_empty() && errors.is_empty() {
            errors.add("sheets", "Say of at least one form how many sheets.");
        }
        let note = errors.optional("note", &self.note, 300);
        errors.into_result()?;
        Ok(Entered { how: how.unwrap_or(How::Counted), sheets, note: note.unwrap_or_default() })
    }
}

/// One form at a unit after a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormKept {
    pub form_type: String,
    pub left: i64,
    pub par: i64,
    /// How many are asked for.
    pub short: i64,
}

/// What lies at a unit after a count, a delivery or a new par.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockKept {
    pub unit: UnitId,
    pub forms: Vec<FormKept>,
}

/// Gives a unit its own par of a form, or takes it back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetPar {
    pub request_id: Text,
    /// Code of the form.
    pub form_type: Text,
    /// Empty: what the rule says.
    pub par: Text,
    pub reason: Text,
}

impl SetPar {
    /// Reads the fields: the form's code, its par, the reason.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<(String, Option<i64>, String), FieldErrors> {
        let mut errors = FieldErrors::default();
        let code = errors.required("form_type", &self.form_type, 8, "Choose a form.");
        let par = if self.par.is_blank() {
            None
        } else {
            let read = self.par.trimmed().parse::<i64>().ok().filter(|par| (0..=MOST).contains(par));
            if read.is_none() {
                errors.add("par", format!("Write a whole number from 0 to {MOST}, or nothing."));
            }
            read
        };
        let missing = "Say why this unit needs more or fewer than the rule says.";
        let reason = errors.required("reason", &self.reason, 300, missing);
        errors.into_result()?;
        Ok((code.unwrap_or_default(), par, reason.unwrap_or_default()))
    }
}

/// Lays a printed pack into its unit's box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayPackIn {
    pub request_id: Text,
    /// Id of the pack.
    pub pack: Text,
}

/// A pack lies in its unit's box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackLaidIn {
    pub pack: PackId,
    pub unit: UnitId,
    pub sheets: i64,
}
