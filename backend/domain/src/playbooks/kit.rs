//! The form kit: which sheets there are, what becomes of each, and in what order they are typed in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of paper form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormType {
    /// Upper case letters and digits, as printed: `MAR`.
    pub code: String,
    pub name: String,
    pub disposition: Disposition,
    /// Share of entered forms that a second person checks, 0 to 100; 100 for what can harm at once.
    pub sample_percent: i64,
    /// First part of every serial of this type.
    pub serial_prefix: String,
    /// Sheets that a unit holds ready where nothing says how fast it uses them.
    pub par_per_unit: i64,
    /// Where it is used; empty: everywhere.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// Where another end holds than `disposition`; the first that applies.
    #[serde(default)]
    pub exceptions: Vec<DispositionRule>,
    /// What a wrong entry can do. High risk is checked in full, whatever `sample_percent` says.
    #[serde(default)]
    pub risk: Risk,
    /// Place in the order of typing in: 0 for who the patient is, up to 10 for charges.
    #[serde(default = "FormType::usual_priority")]
    pub priority: i64,
    /// Codes of the forms of the same patient that are typed in before this one.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Errors in a hundred checked sheets of a batch, beyond which the rest of the batch is checked in full.
    #[serde(default = "FormType::usual_error_percent")]
    pub error_percent: i64,
    /// How many sheets there must be for what happened.
    #[serde(default)]
    pub expected: Vec<Expected>,
    /// How fast it is used up; the first that applies. Where none does, a unit holds `par_per_unit`.
    #[serde(default)]
    pub need: Vec<Need>,
    /// Whether it says where the patient is, so that a result finds the way back: requisitions and result slips.
    #[serde(default)]
    pub location: bool,
    /// What is asked beside the patient, each with a line to write on.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The columns of the table that fills the sheet; none are ruled lines.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// How many fields and columns fit on a sheet.
pub const MOST_FIELDS: usize = 8;
pub const MOST_COLUMNS: usize = 10;

impl FormType {
    const fn usual_priority() -> i64 {
        8
    }

    const fn usual_error_percent() -> i64 {
        5
    }

    /// The end that a sheet must reach which was used in a setting after so many hours of downtime.
    pub fn end(&self, setting: Option<Setting>, hours: i64) -> Disposition {
        let applies = |rule: &&DispositionRule| {
            hours >= rule.after_hours
                && (rule.settings.is_empty() || setting.is_some_and(|at| rule.settings.contains(&at)))
        };
        self.exceptions.iter().find(applies).map_or(self.disposition, |rule| rule.disposition)
    }

    /// Whether it is used in a setting; a form without settings is used everywhere.
    pub fn is_used_in(&self, setting: Setting) -> bool {
        self.settings.is_empty() || self.settings.contains(&setting)
    }

    /// Sheets that a hundred occupied beds of a setting use in a day; `None` where beds say nothing of it.
    pub fn per_100_bed_days(&self, setting: Option<Setting>) -> Option<i64> {
        let setting = setting.filter(|setting| self.is_used_in(*setting))?;
        let applies = |need: &&Need| need.settings.is_empty() || need.settings.contains(&setting);
        self.need.iter().find(applies).map(|need| need.per_100_bed_days)
    }

    /// Share of entered sheets that a second person checks.
    pub fn checked_percent(&self) -> i64 {
        if self.risk == Risk::High { 100 } else { self.sample_percent }
    }
}

/// Where care is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    Inpatient,
    IntensiveCare,
    Emergency,
    Perioperative,
    Clinic,
    Pharmacy,
    Laboratory,
    Imaging,
    BloodBank,
    Registration,
}

impl Setting {
    pub const ALL: [Self; 10] = [
        Self::Inpatient,
        Self::IntensiveCare,
        Self::Emergency,
        Self::Perioperative,
        Self::Clinic,
        Self::Pharmacy,
        Self::Laboratory,
        Self::Imaging,
        Self::BloodBank,
        Self::Registration,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::IntensiveCare => "intensive_care",
            Self::Emergency => "emergency",
            Self::Perioperative => "perioperative",
            Self::Clinic => "clinic",
            Self::Pharmacy => "pharmacy",
            Self::Laboratory => "laboratory",
            Self::Imaging => "imaging",
            Self::BloodBank => "blood_bank",
            Self::Registration => "registration",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Inpatient => "Inpatient ward",
            Self::IntensiveCare => "Intensive care",
            Self::Emergency => "Emergency department",
            Self::Perioperative => "Operating rooms and recovery",
            Self::Clinic => "Clinic",
            Self::Pharmacy => "Pharmacy",
            Self::Laboratory => "Laboratory",
            Self::Imaging => "Imaging",
            Self::BloodBank => "Blood bank",
            Self::Registration => "Registration",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.code() == code)
    }
}

/// Another end for sheets of some settings or of a long downtime: after two weeks only what counts is typed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DispositionRule {
    /// Empty: all of them.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// From so many hours after the downtime began.
    #[serde(default)]
    pub after_hours: i64,
    pub disposition: Disposition,
}

/// What a wrong entry can do.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Harm a patient at once: allergies, doses, blood, whose chart it is.
    High,
    #[default]
    Usual,
}

/// How many sheets there must be for each of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub each: Occasion,
    pub sheets: i64,
    /// Where; empty: everywhere that the form is used.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// How fast a unit uses a form up. In hundredths, because some forms are used for one patient in ten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Sheets that a hundred occupied beds use in a day.
    pub per_100_bed_days: i64,
    /// Where; empty: everywhere that the form is used.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// What a number of sheets is expected for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A patient in a bed, for each day.
    PatientDay,
    /// An arrival in the emergency department.
    Arrival,
    /// An operation or procedure.
    Operation,
    /// A visit to a clinic.
    Visit,
    /// An admission.
    Admission,
}

impl Occasion {
    pub const ALL: [Self; 5] =
        [Self::PatientDay, Self::Arrival, Self::Operation, Self::Visit, Self::Admission];

    pub const fn code(self) -> &'static str {
        match self {
            Self::PatientDay => "patient_day",
            Self::Arrival => "arrival",
            Self::Operation => "operation",
            Self::Visit => "visit",
            Self::Admission => "admission",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::PatientDay => "patient and day",
            Self::Arrival => "arrival",
            Self::Operation => "operation",
            Self::Visit => "visit",
            Self::Admission => "admission",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|occasion| occasion.code() == code)
    }
}

/// The end that a form of a type must reach (rule 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Typed in by one person, checked by another as sampled, then scanned.
    BackEnter,
    /// Scanned to the chart; nobody types it in.
    ScanOnly,
    /// Kept by its department: logs and registers.
    Keep,
}

impl Disposition {
    pub const ALL: [Self; 3] = [Self::BackEnter, Self::ScanOnly, Self::Keep];

    pub const fn code(self) -> &'static str {
        match self {
            Self::BackEnter => "back_enter",
            Self::ScanOnly => "scan_only",
            Self::Keep => "keep",
        }
    }

    /// What becomes of a sheet, as people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BackEnter => "typed in, then scanned",
            Self::ScanOnly => "scanned",
            Self::Keep => "kept by its department",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|disposition| disposition.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowsheet() -> FormType {
        let clinic = DispositionRule {
            settings: vec![Setting::Clinic],
            after_hours: 0,
            disposition: Disposition::ScanOnly,
        };
        let long = DispositionRule { settings: vec![], after_hours: 336, disposition: Disposition::Keep };
        FormType {
            code: "FLO".into(),
            name: "Vital signs".into(),
            disposition: Disposition::BackEnter,
            sample_percent: 10,
            serial_prefix: "FLO".into(),
            par_per_unit: 40,
            settings: vec![],
            exceptions: vec![clinic, long],
            risk: Risk::Usual,
            priority: 6,
            depends_on: vec![],
            error_percent: 5,
            expected: vec![],
            need: vec![],
            location: false,
            fields: vec![],
            columns: vec![],
        }
    }

    #[test]
    fn the_first_exception_that_applies_gives_the_end() {
        let form = flowsheet();
        assert_eq!(form.end(Some(Setting::Inpatient), 335), Disposition::BackEnter);
        assert_eq!(form.end(Some(Setting::Inpatient), 336), Disposition::Keep);
        assert_eq!(form.end(Some(Setting::Clinic), 400), Disposition::ScanOnly);
        assert_eq!(form.end(None, 0), Disposition::BackEnter);
        assert_eq!(form.end(None, 336), Disposition::Keep);
    }

    #[test]
    fn high_risk_is_checked_in_full() {
        let form = flowsheet();
        assert_eq!(form.checked_percent(), 10);
        assert_eq!(FormType { risk: Risk::High, ..form }.checked_percent(), 100);
    }

    #[test]
    fn the_first_need_that_applies_holds_and_none_where_the_form_is_not_used() {
        let need =
            |per_100_bed_days, settings: &[Setting]| Need { per_100_bed_days, settings: settings.into() };
        let mut form = flowsheet();
        form.settings = vec![Setting::IntensiveCare, Setting::Inpatient, Setting::Clinic];
        form.need = vec![need(600, &[Setting::IntensiveCare]), need(200, &[Setting::Inpatient])];
        assert_eq!(form.per_100_bed_days(Some(Setting::IntensiveCare)), Some(600));
        assert_eq!(form.per_100_bed_days(Some(Setting::Inpatient)), Some(200));
        assert_eq!(form.per_100_bed_days(Some(Setting::Clinic)), None);
        form.need.push(need(50, &[]));
        assert_eq!(form.per_100_bed_days(Some(Setting::Clinic)), Some(50));
        assert_eq!(form.per_100_bed_days(Some(Setting::Imaging)), None, "it is not used there");
        assert_eq!(form.per_100_bed_days(None), None, "nobody has said what the unit is");
    }

    #[test]
    fn each_setting_and_occasion_is_read_from_its_code() {
        for setting in Setting::ALL {
            assert_eq!(Setting::from_code(setting.code()), Some(setting));
            assert_eq!(serde_json::to_value(setting).expect("is a text"), setting.code());
        }
        for occasion in Occasion::ALL {
            assert_eq!(Occasion::from_code(occasion.code()), Some(occasion));
            assert_eq!(serde_json::to_value(occasion).expect("is a text"), occasion.code());
        }
    }
}
