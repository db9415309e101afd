//! What people send about a decision over many cases.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    decisions::{Aim, Strategy},
    field::{FieldErrors, Text},
    playbooks::{KeepRule, Narrowing},
    schedule::Kind,
    scope::Place,
    triage::Triage,
};

/// A decision by rule over a day's rows. Lists are written one a line, or parted by semicolons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Decide {
    /// `decide` or empty; `amend` decides again what `amends` decided; `take-back` lets cancelled rows go ahead.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub aim: Text,
    /// The id of the decision that is changed.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub amends: Text,
    /// The rule's key in the playbook; empty for its first.
    pub rule: Text,
    /// `blanket` or empty cancels what no keep rule keeps; `case-by-case` leaves it for a person.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub strategy: Text,
    /// The civil day at each facility: `2024-07-19`; empty means what the rule says.
    pub day: Text,
    /// `all`, `group:ID` or `facility:ID`; empty means the place of the downtime.
    pub place: Text,
    /// Only what begins at or after this time at its facility: `13:00`.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub from: Text,
    /// Only what begins before this time at its facility.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub until: Text,
    /// `procedure`, `visit`, or empty for what the rule says.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub kind: Text,
    /// Only these, as the schedule names them.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub services: Text,
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub departments: Text,
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub providers: Text,
    /// Only these, each a scheme with a value: `fssa:P3`.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub priorities: Text,
    /// Classes of care that go ahead beside what the rule keeps: `transplant`.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub also_keep: Text,
    /// Whether what is linked to what is cancelled, as on other days, is cancelled as well.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub linked: Text,
    /// On what basis; it stands in the log.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub basis: Text,
    /// How many the preview showed as cancelled and kept; a decision over other numbers is refused.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub cancels: Text,
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub keeps: Text,
}

/// What was chosen, beside the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub aim: Aim,
    pub strategy: Strategy,
    pub day: Option<Date>,
    pub place: Option<Place>,
    pub kind: Option<Kind>,
    pub only: Narrowing,
    /// What goes ahead beside what the rule keeps.
    pub also_keep: Option<KeepRule>,
}

/// The key of the keep rule that somebody adds while deciding.
pub const ALSO_KEEPS: &str = "also-keeps";

/// The longest list that one decision narrows itself to, and its longest name.
const MOST_NAMES: usize = 100;
const LONGEST_NAME: usize = 200;

impl Decide {
    /// What was chosen.
    ///
    /// # Errors
    /// What is unknown or cannot be read, by field.
    pub fn read(&self) -> Result<Choice, FieldErrors> {
        let mut errors = FieldErrors::default();
        let aim = self.aim(&mut errors);
        let strategy = match self.strategy.trimmed() {
            "" => Some(Strategy::default()),
            code => Strategy::from_code(code),
        };
        if strategy.is_none() {
            errors.add("strategy", "Choose blanket or case-by-case.");
        }
        let day =
            read(&self.day, |typed| typed.parse().ok(), "day", "Write the day as 2024-07-19.", &mut errors);
        let place = read(
            &self.place,
            |typed| typed.parse().ok(),
            "place",
            "Choose a place that is listed.",
            &mut errors,
        );
        let kind = read(&self.kind, Kind::from_code, "kind", "Choose procedure or visit.", &mut errors);
        let only = self.only(&mut errors);
        let classes: Vec<String> = names("also_keep", &self.also_keep, &mut errors)
            .iter()
            .map(|class| class.to_lowercase())
            .collect();
        errors.into_result()?;
        let also_keep = (!classes.is_empty()).then(|| KeepRule {
            key: ALSO_KEEPS.into(),
            label: format!("Also: {}", classes.join(", ")),
            scheme: String::new(),
            values: Vec::new(),
            classes,
        });
        let (aim, strategy) = (aim.unwrap_or(Aim::Decide), strategy.unwrap_or_default());
        Ok(Choice { aim, strategy, day, place, kind, only, also_keep })
    }

    /// The same choice without what belongs to one sending of it.
    #[must_use]
    pub fn choice(&self) -> Self {
        let none = Text::default;
        Self { basis: none(), cancels: none(), keeps: none(), ..self.clone() }
    }

    fn aim(&self, errors: &mut FieldErrors) -> Option<Aim> {
        match self.aim.trimmed() {
            "" | "decide" => Some(Aim::Decide),
            "take-back" => Some(Aim::TakeBack),
            "amend" => {
                let id = self.amends.trimmed().parse().ok();
                if id.is_none() {
                    errors.add("amends", "Choose the decision to change.");
                }
                id.map(Aim::Amend)
            }
            _ => {
                errors.add("aim", "Choose decide, amend or take-back.");
                None
            }
        }
    }

    fn only(&self, errors: &mut FieldErrors) -> Narrowing {
        let time = |text: &Text| text.is_blank() || Narrowing::time(text.trimmed()).is_some();
        for (field, typed) in [("from", &self.from), ("until", &self.until)] {
            if !time(typed) {
                errors.add(field, "Write the time of day as 13:00.");
            }
        }
        let (from, until) = (Narrowing::time(self.from.trimmed()), Narrowing::time(self.until.trimmed()));
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            errors.add("until", "This is not later than the time from which it holds.");
        }
        let priorities = names("priorities", &self.priorities, errors);
        if priorities.iter().any(|code| Triage::from_code(code).is_none()) {
            errors.add("priorities", "Write each with its scheme, as fssa:P3.");
        }
        Narrowing {
            from: self.from.trimmed().to_owned(),
            until: self.until.trimmed().to_owned(),
            services: names("services", &self.services, errors),
            departments: names("departments", &self.departments, errors),
            providers: names("providers", &self.providers, errors),
            priorities,
        }
    }
}

fn read<T>(
    typed: &Text,
    read: impl FnOnce(&str) -> Option<T>,
    field: &str,
    says: &str,
    errors: &mut FieldErrors,
) -> Option<T> {
    if typed.is_blank() {
        return None;
    }
    let read = read(typed.trimmed());
    if read.is_none() {
        errors.add(field, says);
    }
    read
}

fn names(field: &str, typed: &Text, errors: &mut FieldErrors) -> Vec<String> {
    let names = typed.0.split(['\n', ';']).map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(ToOwned::to_owned).collect();
    let plain =
        |name: &String| name.chars().any(char::is_alphanumeric) && name.chars().count() <= LONGEST_NAME;
    if names.len() > MOST_NAMES {
        errors.add(field, format!("At most {MOST_NAMES} of them."));
    } else if !names.iter().all(plain) {
        errors.add(field, "Write each as the schedule names it, one a line.");
    }
    names
}
