//! Correcting one person of the staff by hand: a wrong phone at three in the morning cannot wait for the next file.
//! And whether they still work here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MOST, NO_EMAIL, NO_PHONE, Staff, email, keep_first, phone};
use crate::{
    Refusal,
    cells::list,
    field::{FieldErrors, Text},
    id::UnitId,
};

/// A person as they should be; what is left empty is empty afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CorrectPerson {
    pub request_id: Text,
    /// The version that was on the page; empty means whatever it is now.
    pub version: Text,
    pub name: Text,
    /// The unit's id.
    pub unit: Text,
    pub job: Text,
    pub unit_lead: Text,
    /// In the order in which they are tried; a form sends them as the lines of one box.
    pub emails: Vec<Text>,
    pub phones: Vec<Text>,
}

/// A correction that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub name: String,
    pub unit: UnitId,
    pub job: String,
    pub unit_lead: bool,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
}

impl CorrectPerson {
    /// The form for a person as they are now.
    pub fn of(person: &Staff, unit: UnitId, version: i64) -> Self {
        let box_of = |lines: &[String]| vec![Text(lines.join("\n"))];
        Self {
            request_id: Text::default(),
            version: version.to_string().into(),
            name: person.name.as_str().into(),
            unit: unit.to_string().into(),
            job: person.job.as_str().into(),
            unit_lead: if person.unit_lead { "yes" } else { "" }.into(),
            emails: box_of(&person.emails),
            phones: box_of(&person.phones),
        }
    }

    /// Reads it by the rules of a staff file; here what cannot be read is said and nothing is left out.
    ///
    /// # Errors
    /// What cannot be used, by field.
    pub fn read(&self) -> Result<Correction, FieldErrors> {
        const EMPTY: &str = "This is empty.";
        let mut errors = FieldErrors::default();
        let name = errors.required("name", &self.name, MOST, EMPTY);
        let job = errors.required("job", &self.job, MOST, EMPTY);
        let unit = errors.keep("unit", self.unit.trimmed().parse().map_err(|_| "Choose a unit."));
        let emails = addresses(&mut errors, "emails", &self.emails, email, NO_EMAIL);
        let phones = addresses(&mut errors, "phones", &self.phones, phone, NO_PHONE);
        errors.into_result()?;
        match (name, job, unit) {
            (Some(name), Some(job), Some(unit)) => {
                Ok(Correction { name, unit, job, unit_lead: self.unit_lead.is_yes(), emails, phones })
            }
            _ => Err(FieldErrors::one("name", EMPTY)),
        }
    }
}

fn addresses(
    errors: &mut FieldErrors,
    field: &str,
    typed: &[Text],
    read: fn(&str) -> Option<String>,
    reason: &str,
) -> Vec<String> {
    let mut good = Vec::new();
    let lines = typed.iter().flat_map(|text| text.0.lines());
    for address in lines.flat_map(list) {
        match read(&address) {
            Some(address) => good.push(address),
            None => errors.add(field, format!("“{address}” {reason}")),
        }
    }
    keep_first(&mut good);
    good
}

impl Correction {
    /// The person after the correction; `facility` and `unit` are the codes of the unit that was chosen.
    pub fn of(self, before: &Staff, facility: String, unit: String) -> Staff {
        Staff {
            staff_number: before.staff_number.clone(),
            qualifications: before.qualifications.clone(),
            name: self.name,
            facility,
            unit,
            job: self.job,
            unit_lead: self.unit_lead,
            emails: self.emails,
            phones: self.phones,
        }
    }
}

/// What is different between two states of a person, as the log says it: fields and never a value.
pub fn differences(before: &Staff, after: &Staff) -> Vec<&'static str> {
    let pairs = [
        ("name", before.name != after.name),
        ("unit", (&before.facility, &before.unit) != (&after.facility, &after.unit)),
        ("job", before.job != after.job),
        ("unit_lead", before.unit_lead != after.unit_lead),
        ("emails", before.emails != after.emails),
        ("phones", before.phones != after.phones),
    ];
    pairs.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
}

/// Somebody goes, or comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Leave,
    Return,
}

impl Step {
    /// Whether this step can be taken by somebody who has left, or has not.
    ///
    /// # Errors
    /// When it was taken before.
    pub fn check(self, has_left: bool) -> Result<(), Refusal> {
        match (self, has_left) {
            (Self::Leave, false) | (Self::Return, true) => Ok(()),
            (Self::Leave, true) => Err(Refusal::new("has-left", "This person is noted as having left.")),
            (Self::Return, false) => Err(Refusal::new("works-here", "This person is noted as working here.")),
        }
    }
}

/// Somebody has left, or works here again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepPerson {
    pub request_id: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> CorrectPerson {
        CorrectPerson {
            name: " Ada Cruz ".into(),
            unit: "01900000-0000-7000-8000-000000000001".into(),
            job: "Nurse".into(),
            phones: vec!["(617) 555-0123\n+1 617 555 0124\n6175550123".into()],
            ..CorrectPerson::default()
        }
    }

    #[test]
    fn a_box_holds_one_address_a_line_in_the_order_in_which_they_are_tried() {
        let read = typed().read().expect("can be used");
        assert_eq!((read.name.as_str(), read.unit_lead), ("Ada Cruz", false));
        assert_eq!(read.phones, ["+16175550123", "+16175550124"]);
    }

    #[test]
    fn what_a_file_would_leave_out_is_said_at_its_field() {
        let form = CorrectPerson {
            phones: vec!["12".into()],
            emails: vec!["a@b".into()],
            name: "".into(),
            ..typed()
        };
        let errors = form.read().expect_err("cannot be used");
        assert!(errors.at("phones").is_some_and(|said| said.contains("“12” is not a phone number")));
        assert!(errors.at("emails").is_some_and(|said| said.contains("is not an e-mail address")));
        assert_eq!(errors.at("name"), Some("This is empty."));
    }

    #[test]
    fn nobody_leaves_twice_or_returns_without_having_left() {
        for (step, has_left, allowed) in [
            (Step::Leave, false, true),
            (Step::Leave, true, false),
            (Step::Return, true, true),
            (Step::Return, false, false),
        ] {
            assert_eq!(step.check(has_left).is_ok(), allowed, "{step:?} of one who has left: {has_left}");
        }
    }
}
