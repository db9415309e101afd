//! What people send about packs, as typed and as read.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paper;
use crate::{
    field::{FieldErrors, Text},
    id::{IncidentId, PackId, UnitId},
    playbooks::{FormType, Playbook},
};

/// How many sheets one pack may have, and how many units one command may print for.
pub const MOST_SHEETS: i64 = 2_000;
pub const MOST_UNITS: usize = 100;

/// Prints numbered sheets, the same for each of some units.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MakePacks {
    pub request_id: Text,
    /// Fingerprint of the playbook whose kit is printed.
    pub playbook: Text,
    /// Ids of units.
    pub unit: Vec<Text>,
    /// Codes of forms; `sheets` says how many of each, in the same order. Empty and 0 are none.
    pub form_type: Vec<Text>,
    pub sheets: Vec<Text>,
    /// `letter` or `a4`.
    pub paper: Text,
}

/// What is to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacksToMake {
    pub units: BTreeSet<UnitId>,
    pub forms: Vec<(FormType, i64)>,
    pub paper: Paper,
}

impl MakePacks {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, playbook: &Playbook) -> Result<PacksToMake, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut units = BTreeSet::new();
        for unit in self.unit.iter().filter(|unit| !unit.is_blank()) {
            match unit.trimmed().parse() {
                Ok(unit) => drop(units.insert(unit)),
                Err(_) => errors.add("unit", "Choose units from the list."),
            }
        }
        if units.is_empty() {
            errors.add("unit", "Choose at least one unit.");
        }
        if units.len() > MOST_UNITS {
            errors.add("unit", format!("Choose at most {MOST_UNITS} units at once."));
        }
        let forms = self.forms(playbook, &mut errors);
        let paper = if self.paper.is_blank() {
            Some(Paper::default())
        } else {
            Paper::from_code(self.paper.trimmed())
        };
        if paper.is_none() {
            errors.add("paper", "Choose letter or a4.");
        }
        errors.into_result()?;
        Ok(PacksToMake { units, forms, paper: paper.unwrap_or_default() })
    }

    fn forms(&self, playbook: &Playbook, errors: &mut FieldErrors) -> Vec<(FormType, i64)> {
        let (mut forms, mut seen, mut sum) = (Vec::new(), BTreeSet::new(), 0_i64);
        if self.form_type.len() != self.sheets.len() {
            errors.add("sheets", "Say for each form how many sheets.");
        }
        for (code, sheets) in self.form_type.iter().zip(&self.sheets) {
            let number = if sheets.is_blank() { Some(0) } else { sheets.trimmed().parse::<i64>().ok() };
            let Some(number) = number.filter(|number| (0..=MOST_SHEETS).contains(number)) else {
                errors.add("sheets", format!("{}: write how many, 0 to {MOST_SHEETS}.", code.trimmed()));
                continue;
            };
            if number == 0 {
                continue;
            }
            let Some(form) = playbook.form_type(code.trimmed()) else {
                errors.add("form_type", format!("{:?} is no form of this playbook.", code.trimmed()));
                continue;
            };
            if !seen.insert(form.code.clone()) {
                errors.add("form_type", format!("{} stands twice; each may stand once.", form.code));
                continue;
            }
            sum += number;
            forms.push((form.clone(), number));
        }
        if forms.is_empty() && errors.is_empty() {
            errors.add("sheets", "Say of at least one form how many sheets.");
        }
        if sum > MOST_SHEETS {
            errors
                .add("sheets", format!("That is {sum} sheets; a pack has at most {MOST_SHEETS}. Split it."));
        }
        forms
    }
}

/// What was made for one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackMade {
    pub pack: PackId,
    pub unit: UnitId,
    pub sheets: i64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PacksMade {
    pub packs: Vec<PackMade>,
}

/// Hands a pack out in an incident: its ranges are issued to its unit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HandOut {
    pub request_id: Text,
    pub incident: Text,
}

/// A pack was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandedOut {
    pub pack: PackId,
    pub incident: IncidentId,
    pub sheets: i64,
}

/// Takes a pack out of use that is not handed out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Withdraw {
    pub request_id: Text,
    pub reason: Text,
}

/// A pack was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawn {
    pub pack: PackId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbooks::shipped;

    fn asks(forms: &[(&str, &str)]) -> MakePacks {
        MakePacks {
            unit: vec!["01890a5d-ac96-774b-bcce-b302099a8057".into()],
            form_type: forms.iter().map(|(code, _)| (*code).into()).collect(),
            sheets: forms.iter().map(|(_, sheets)| (*sheets).into()).collect(),
            ..MakePacks::default()
        }
    }

    #[test]
    fn what_is_left_empty_is_not_printed() {
        let playbook = shipped().remove(0);
        let read = asks(&[("MAR", "40"), ("FLO", ""), ("ORD", "0")]).read(&playbook).expect("is good");
        assert_eq!((read.forms.len(), read.forms[0].1, read.paper), (1, 40, Paper::Letter));
    }

    #[test]
    fn what_cannot_be_printed_is_said_at_its_field() {
        let playbook = shipped().remove(0);
        for (forms, field) in [
            (vec![("MAR", "-1")], "sheets"),
            (vec![("MAR", "many")], "sheets"),
            (vec![], "sheets"),
            (vec![("MAR", "1500"), ("FLO", "501")], "sheets"),
            (vec![("NONE", "1")], "form_type"),
            (vec![("MAR", "1"), ("MAR", "1")], "form_type"),
        ] {
            let errors = asks(&forms).read(&playbook).expect_err("is refused");
            assert!(errors.at(field).is_some(), "{forms:?} {errors:?}");
        }
        let nowhere = MakePacks { unit: vec![], ..asks(&[("MAR", "1")]) };
        assert!(nowhere.read(&playbook).expect_err("is refused").at("unit").is_some());
        let folded = MakePacks { paper: "napkin".into(), ..asks(&[("MAR", "1")]) };
        assert!(folded.read(&playbook).expect_err("is refused").at("paper").is_some());
    }
}
