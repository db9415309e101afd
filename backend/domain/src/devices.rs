//! Devices given back one by one: an outage of computers ends machine by machine, unit by unit.
//!
//! Two sources say how far a unit is, and they are never added up, because the same computer stands in both. People
//! count a unit: how many it has, how many were looked at, how many work again. Machines report themselves, each
//! counted once in its last state. Of either figure the larger counts; so half by hand and half by script reads too
//! low until somebody counts again, never too high, and no ward is told that it has computers which it has not. A
//! machine that breaks again after the last count by hand is taken off that count. Nobody but a person says how many
//! there are: where more have reported than were counted, the page says so, and there are at least so many.

mod file;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file::{COLUMNS, Known, Read, Row, read};

use crate::{
    field::{FieldErrors, Text},
    id::{IncidentId, SystemId, UnitId},
    time::Timestamp,
};

/// The most devices of one class that a unit can have.
pub const MOST: i64 = 100_000;
/// So long must work have gone on before its rate says anything, and over so many minutes the rate is taken.
pub const LEAST_MINUTES: i64 = 60;
/// With fewer in the last hour a rate is chance.
const LEAST_FIXED: i64 = 10;
/// Nobody can say what a rate will be tomorrow.
const FARTHEST_MINUTES: i64 = 24 * 60;

/// What was found at one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// Looked at, and it does not work yet.
    Checked,
    /// Works again, or was found working.
    Fixed,
    /// Worked and failed again.
    BrokenAgain,
}

impl MachineState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Checked, Self::Fixed, Self::BrokenAgain];

    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Fixed => "fixed",
            Self::BrokenAgain => "broken_again",
        }
    }

    /// The state of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What people have counted of one class in a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// `None` until somebody has counted.
    pub in_all: Option<i64>,
    pub checked: i64,
    pub fixed: i64,
    /// How many machines had reported themselves broken again when `fixed` was counted.
    pub broken_then: i64,
}

/// The machines of one class in a unit that have reported themselves, each once, in its last state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machines {
    pub known: i64,
    pub fixed: i64,
    pub broken: i64,
}

impl Machines {
    /// One machine in a state.
    pub const fn one(state: MachineState) -> Self {
        let fixed = if matches!(state, MachineState::Fixed) { 1 } else { 0 };
        let broken = if matches!(state, MachineState::BrokenAgain) { 1 } else { 0 };
        Self { known: 1, fixed, broken }
    }

    /// The same with a change added.
    #[must_use]
    pub const fn plus(self, change: Self) -> Self {
        Self {
            known: self.known + change.known,
            fixed: self.fixed + change.fixed,
            broken: self.broken + change.broken,
        }
    }

    /// The opposite change.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { known: -self.known, fixed: -self.fixed, broken: -self.broken }
    }
}

/// How far one class is in a unit: `0 <= fixed <= checked <= total` always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// As people counted them; `None` when nobody has.
    pub in_all: Option<i64>,
    /// As counted, or as many as are known of, when these are more.
    pub total: i64,
    pub checked: i64,
    pub fixed: i64,
}

impl Standing {
    /// What the two sources say together.
    pub fn of(counted: &Counted, machines: &Machines) -> Self {
        let failed_since = (machines.broken - counted.broken_then).max(0);
        let fixed = (counted.fixed - failed_since).max(machines.fixed).max(0);
        let checked = counted.checked.max(machines.known).max(fixed);
        let total = counted.in_all.unwrap_or(0).max(checked);
        Self { in_all: counted.in_all, total, checked, fixed }
    }

    /// How many do not work yet, of those that are known of.
    pub const fn left(&self) -> i64 {
        self.total - self.fixed
    }

    /// How many more are known of than were counted: the count is wrong, or a machine names the wrong unit.
    pub fn beyond(&self) -> i64 {
        self.in_all.map_or(0, |in_all| self.total - in_all)
    }

    /// There are devices and not one works.
    pub const fn is_bare(&self) -> bool {
        self.total > 0 && self.fixed == 0
    }

    /// Whether the unit can work with them again: all work, or the playbook's share does. A unit that has none is
    /// back; one that nobody has counted is not, whatever its machines report.
    pub const fn is_back(&self, percent: i64) -> bool {
        self.total == 0 || (self.in_all.is_some() && self.fixed * 100 >= percent * self.total)
    }
}

/// A unit whose devices are not back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotBack {
    pub unit: UnitId,
    /// `General, Emergency`
    pub name: String,
    /// Of those that are known of.
    pub left: i64,
    /// `None` when nobody has counted them.
    pub in_all: Option<i64>,
}

/// What was fixed lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub fixed: i64,
    /// Over so many minutes.
    pub minutes: i64,
    /// How long ago the first was noted.
    pub since_first: i64,
}

impl Pace {
    /// In how many minutes the rest is done at this rate; nothing unless it can be defended: an hour of work, ten
    /// devices in it, every unit counted, and an end within a day.
    pub fn minutes_for(&self, left: i64, uncounted_units: i64) -> Option<i64> {
        let can_be_said = left > 0
            && uncounted_units == 0
            && self.since_first >= LEAST_MINUTES
            && self.minutes > 0
            && self.fixed >= LEAST_FIXED;
        if !can_be_said {
            return None;
        }
        let minutes = (left.checked_mul(self.minutes)? + self.fixed - 1) / self.fixed;
        (minutes <= FARTHEST_MINUTES).then_some(minutes)
    }
}

/// Counting one class in a unit. What is left empty stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CountDevices {
    pub request_id: Text,
    /// Code of the device class, as `workstations`.
    pub class: Text,
    /// How many the unit has.
    pub in_all: Text,
    /// How many were looked at; those that work again are among them.
    pub checked: Text,
    /// How many work again or were found working.
    pub fixed: Text,
}

/// What was said of a unit's devices; `None` was not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    pub in_all: Option<i64>,
    pub checked: Option<i64>,
    pub fixed: Option<i64>,
}

impl CountDevices {
    /// Reads the three numbers.
    ///
    /// # Errors
    /// What is no number, by field.
    pub fn read(&self) -> Result<Said, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read = |field: &str, text: &Text| errors.keep(field, number(text.trimmed())).flatten();
        let said = Said {
            in_all: read("in_all", &self.in_all),
            checked: read("checked", &self.checked),
            fixed: read("fixed", &self.fixed),
        };
        errors.into_result()?;
        Ok(said)
    }
}

/// A number of devices; nothing is not said.
fn number(text: &str) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<i64>() {
        Ok(number) if (0..=MOST).contains(&number) => Ok(Some(number)),
        _ => Err("Write a whole number from 0 to 100000.".to_owned()),
    }
}

impl Said {
    /// The count after this was said; `broken` is how many machines report themselves broken again now.
    ///
    /// # Errors
    /// The field that does not fit the others, and why.
    pub fn onto(&self, before: &Counted, broken: i64) -> Result<Counted, (&'static str, String)> {
        if self.in_all.is_none() && self.checked.is_none() && self.fixed.is_none() {
            return Err(("in_all", "Write at least one of the three numbers.".to_owned()));
        }
        let fixed = self.fixed.unwrap_or(before.fixed);
        let checked = self.checked.unwrap_or(before.checked.max(fixed));
        if fixed > checked {
            let reason =
                format!("{fixed} are fixed, and each of them counts as checked. Write at least {fixed}.");
            return Err(("checked", reason));
        }
        let in_all = self.in_all.or(before.in_all);
        if let Some(in_all) = in_all
            && checked > in_all
        {
            let field = if self.in_all.is_some() { "in_all" } else { "checked" };
            let reason =
                format!("{checked} are checked and {in_all} are there in all. Correct one of the two.");
            return Err((field, reason));
        }
        let broken_then = if self.fixed.is_some() { broken } else { before.broken_then };
        Ok(Counted { in_all, checked, fixed, broken_then })
    }
}

/// One machine reports itself, or somebody reports it. The same again changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReportMachine {
    /// Its name in the network: letters, digits, dots, dashes; capitals make no difference.
    pub machine: Text,
    /// Where it stands: the codes of site and unit, as `general/4w`, or the unit's id.
    pub unit: Text,
    /// Code of the device class, as `workstations`.
    pub class: Text,
    /// `checked`, `fixed` or `broken_again`.
    pub state: Text,
    /// When it was so, with its zone; now when left out.
    pub at: Text,
}

/// A report that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineReport {
    pub machine: String,
    pub unit: String,
    pub class: String,
    pub state: MachineState,
    pub at: Option<Timestamp>,
}

impl ReportMachine {
    /// Reads the report.
    ///
    /// # Errors
    /// What is wrong by field.
    pub fn read(&self, now: Timestamp) -> Result<MachineReport, FieldErrors> {
        let mut errors = FieldErrors::default();
        let machine = self.machine.trimmed().to_lowercase();
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '.');
        if !(1..=120).contains(&machine.len()) || !machine.chars().all(is_name) {
            errors.add("machine", "Write the machine's name: 1 to 120 letters, digits, dots or dashes.");
        }
        let unit = errors.required("unit", &self.unit, 120, "Say in which unit, as general/4w.");
        let class = errors.required("class", &self.class, 40, "Say of which class, as workstations.");
        let state = MachineState::from_code(self.state.trimmed());
        if state.is_none() {
            errors.add("state", "Write checked, fixed or broken_again.");
        }
        let at = match self.at.trimmed() {
            "" => None,
            text => errors.keep("at", Timestamp::parse_rfc3339(text)),
        };
        if at.is_some_and(|at| at > now.plus_minutes(2)) {
            errors.add("at", "This is still to come. Set the machine's clock, or leave the time out.");
        }
        errors.into_result()?;
        let (unit, class) =
            (unit.unwrap_or_default().to_lowercase(), class.unwrap_or_default().to_lowercase());
        let state = state.unwrap_or(MachineState::Checked);
        Ok(MachineReport { machine, unit, class, state, at })
    }
}

/// What a machine's report did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MachineReported {
    pub machine: String,
    pub state: MachineState,
    /// Whether anything is different now.
    pub changed: bool,
}

/// Sends a field team to a unit; empty takes it back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SendTeam {
    pub request_id: Text,
    /// As the team is called: `Team 4, Rosa and Jim`.
    pub team: Text,
}

/// How far a class in a unit is after a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DevicesCounted {
    pub incident: IncidentId,
    pub unit: UnitId,
    pub class: SystemId,
    pub standing: Standing,
}

/// Who goes to a unit now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TeamSent {
    pub incident: IncidentId,
    pub unit: UnitId,
    pub team: String,
}
