//! What the hospitals around can take: whether the emergency department is open or on diversion and for whom, how
//! many patients are in the house, which staffed beds are free. For our own sites and for neighbours by name; each
//! word with who said it, when, and how old it is, because an old word about a free bed is worse than none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    field::{FieldErrors, Text},
    identifiers::patient_identifiers,
    time::{Timestamp, Zone},
};

/// After so many minutes a word is old, unless the hospital has a span of its own.
pub const OLD_AFTER_MINUTES: i64 = 120;
/// The most patients or beds of one kind.
const MOST: i64 = 10_000;

/// Whether the emergency department takes patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Emergency {
    Open,
    /// Ambulances with some or all patients go elsewhere.
    Diversion,
    Closed,
}

impl Emergency {
    /// All, the worst last.
    pub const ALL: [Self; 3] = [Self::Open, Self::Diversion, Self::Closed];

    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Diversion => "diversion",
            Self::Closed => "closed",
        }
    }

    /// The department of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.code() == code)
    }
}

/// For whom a hospital is on diversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Diverted {
    All,
    Trauma,
    Stroke,
    /// Heart attacks that need a catheter laboratory at once.
    Stemi,
}

impl Diverted {
    /// All of them, in the order in which pages list them.
    pub const EACH: [Self; 4] = [Self::All, Self::Trauma, Self::Stroke, Self::Stemi];

    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Trauma => "trauma",
            Self::Stroke => "stroke",
            Self::Stemi => "stemi",
        }
    }

    /// As it is said.
    pub const fn words(self) -> &'static str {
        match self {
            Self::All => "all patients",
            Self::Trauma => "trauma",
            Self::Stroke => "stroke",
            Self::Stemi => "STEMI",
        }
    }

    /// Who is meant by a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|each| each.code() == code)
    }
}

/// Staffed beds that are free, and patients; `None` was not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Beds {
    /// Patients in the house.
    pub census: Option<i64>,
    /// Staffed intensive care beds that are free.
    pub icu_open: Option<i64>,
    /// Staffed medical and surgical beds that are free.
    pub medical_surgical_open: Option<i64>,
    /// Patients who wait in the emergency department for a bed.
    pub emergency_boarding: Option<i64>,
}

/// What a hospital said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    pub emergency: Emergency,
    /// Empty unless it is on diversion.
    pub diverted: Vec<Diverted>,
    /// Since when the department is so.
    pub since: Timestamp,
    pub beds: Beds,
    pub said_by: String,
    /// When it was so.
    pub at: Timestamp,
}

impl Capacity {
    /// `Open`, `ON DIVERSION for trauma, stroke`, `CLOSED`.
    pub fn words(&self) -> String {
        match self.emergency {
            Emergency::Open => "Open".to_owned(),
            Emergency::Closed => "CLOSED".to_owned(),
            Emergency::Diversion => {
                let whom: Vec<_> = self.diverted.iter().map(|each| each.words()).collect();
                format!("ON DIVERSION for {}", whom.join(", "))
            }
        }
    }

    /// The codes of those diverted as one text.
    pub fn diverted_codes(&self) -> String {
        self.diverted.iter().map(|each| each.code()).collect::<Vec<_>>().join(" ")
    }

    /// Whether this word is too old to act on.
    pub fn is_old(&self, now: Timestamp, after_minutes: i64) -> bool {
        now.minutes_since(self.at) > after_minutes
    }
}

/// Notes what a hospital said. There is no free text in it, so that no patient's name can be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReportCapacity {
    pub request_id: Text,
    /// `open`, `diversion` or `closed`.
    pub emergency: Text,
    /// On diversion for whom: `all`, `trauma`, `stroke`, `stemi`.
    pub diverted: Vec<Text>,
    /// Since when; left out, as it was before or from now on.
    pub since: Text,
    pub census: Text,
    pub icu_open: Text,
    pub medical_surgical_open: Text,
    pub emergency_boarding: Text,
    /// Who there said so: a name or an office, never a patient.
    pub said_by: Text,
    /// When it was so; now when left out.
    pub at: Text,
}

impl ReportCapacity {
    /// Reads the report; `last` is what the hospital said before.
    ///
    /// # Errors
    /// What is wrong by field.
    pub fn read(
        &self,
        now: Timestamp,
        zone: &Zone,
        last: Option<&Capacity>,
    ) -> Result<Capacity, FieldErrors> {
        let mut errors = FieldErrors::default();
        let emergency = Emergency::from_code(self.emergency.trimmed());
        if emergency.is_none() {
            errors.add("emergency", "Say whether the emergency department is open, on diversion or closed.");
        }
        let emergency = emergency.unwrap_or(Emergency::Closed);
        let diverted = self.diverted(emergency, &mut errors);
        let beds = Beds {
            census: number("census", &self.census, &mut errors),
            icu_open: number("icu_open", &self.icu_open, &mut errors),
            medical_surgical_open: number("medical_surgical_open", &self.medical_surgical_open, &mut errors),
            emergency_boarding: number("emergency_boarding", &self.emergency_boarding, &mut errors),
        };
        let said_by = errors.required("said_by", &self.said_by, 80, "Say who said so.").unwrap_or_default();
        if let Some(hit) = patient_identifiers(&said_by, now).first() {
            let sentence = format!("{:?} {}. Write who there said so.", hit.quoted, hit.likeness.words());
            errors.add("said_by", sentence);
        }
        let at = time("at", &self.at, now, zone, &mut errors).unwrap_or(now);
        let was_so = last.filter(|last| last.emergency == emergency && last.diverted == diverted);
        let since = time("since", &self.since, now, zone, &mut errors);
        let since = since.or(was_so.map(|last| last.since)).unwrap_or(at);
        if since > at {
            errors.add("since", "This is after the time at which it was said.");
        }
        errors.into_result()?;
        Ok(Capacity { emergency, diverted, since, beds, said_by, at })
    }

    fn diverted(&self, emergency: Emergency, errors: &mut FieldErrors) -> Vec<Diverted> {
        let mut diverted = Vec::new();
        for text in self.diverted.iter().filter(|text| !text.is_blank()) {
            match Diverted::from_code(text.trimmed()) {
                Some(each) => diverted.push(each),
                None => errors.add("diverted", "Choose all, trauma, stroke or stemi."),
            }
        }
        diverted.sort_unstable();
        diverted.dedup();
        if diverted.contains(&Diverted::All) {
            diverted = vec![Diverted::All];
        }
        match (emergency, diverted.is_empty()) {
            (Emergency::Diversion, true) => errors.add("diverted", "Say for whom it is on diversion."),
            (Emergency::Open, false) => {
                errors.add(
                    "diverted",
                    "An open department diverts nobody. Choose on diversion, or untick these.",
                );
            }
            _ => {}
        }
        if emergency == Emergency::Closed { Vec::new() } else { diverted }
    }
}

fn number(field: &str, text: &Text, errors: &mut FieldErrors) -> Option<i64> {
    if text.is_blank() {
        return None;
    }
    match text.trimmed().parse::<i64>() {
        Ok(number) if (0..=MOST).contains(&number) => Some(number),
        _ => {
            errors.add(field, "Write a whole number from 0 to 10000, or nothing.");
            None
        }
    }
}

fn time(
    field: &str,
    text: &Text,
    now: Timestamp,
    zone: &Zone,
    errors: &mut FieldErrors,
) -> Option<Timestamp> {
    if text.is_blank() {
        return None;
    }
    let at = errors.keep(field, zone.parse(text.trimmed()))?;
    if at > now.plus_minutes(2) {
        errors.add(field, "This is still to come.");
    }
    Some(at)
}

/// Adds a neighbouring hospital by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddNeighbour {
    pub request_id: Text,
    /// For addresses and scripts: `st-anne`.
    pub code: Text,
    pub name: Text,
    /// After so many minutes its word is old; 120 when left out.
    pub old_after_minutes: Text,
}

/// A neighbour that can be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNeighbour {
    pub code: String,
    pub name: String,
    pub old_after_minutes: i64,
}

impl AddNeighbour {
    /// Reads the form.
    ///
    /// # Errors
    /// What is wrong by field.
    pub fn read(&self) -> Result<NewNeighbour, FieldErrors> {
        let mut errors = FieldErrors::default();
        let code = self.code.trimmed().to_lowercase();
        let fits = (1..=30).contains(&code.len())
            && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && code.contains(|c: char| c.is_ascii_alphanumeric());
        if !fits {
            errors.add("code", "A code has 1 to 30 letters, digits, dots or dashes.");
        }
        let name = errors.required("name", &self.name, 120, "Write the hospital's name.").unwrap_or_default();
        let old_after_minutes = match self.old_after_minutes.trimmed() {
            "" => OLD_AFTER_MINUTES,
            text => text.parse().unwrap_or(0),
        };
        if !(5..=1440).contains(&old_after_minutes) {
            errors.add("old_after_minutes", "Write a number of minutes from 5 to 1440.");
        }
        errors.into_result()?;
        Ok(NewNeighbour { code, name, old_after_minutes })
    }
}

/// A neighbour that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeighbourAdded {
    pub code: String,
    pub name: String,
}

/// A report that was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CapacityNoted {
    pub hospital: String,
    pub seq: i64,
    /// `ON DIVERSION for trauma`
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse_rfc3339("2024-07-19T06:05:00Z").expect("is a time")
    }

    fn form(emergency: &str, diverted: &[&str]) -> ReportCapacity {
        ReportCapacity {
            emergency: emergency.into(),
            diverted: diverted.iter().map(|code| Text::from(*code)).collect(),
            said_by: "House supervisor".into(),
            icu_open: "2".into(),
            ..ReportCapacity::default()
        }
    }

    fn read(form: &ReportCapacity, last: Option<&Capacity>) -> Result<Capacity, FieldErrors> {
        form.read(now(), &Zone::utc(), last)
    }

    #[test]
    fn a_diversion_says_for_whom_and_since_when() {
        let first = read(&form("diversion", &["stroke", "trauma", "stroke"]), None).expect("can be read");
        assert_eq!(first.words(), "ON DIVERSION for trauma, stroke");
        assert_eq!((first.since, first.beds.icu_open, first.beds.census), (now(), Some(2), None));
        let earlier = Capacity { since: now().plus_minutes(-90), ..first };
        let again = read(&form("diversion", &["trauma", "stroke"]), Some(&earlier)).expect("can be read");
        assert_eq!(again.since, earlier.since, "it goes on");
        let wider = read(&form("diversion", &["all", "trauma"]), Some(&earlier)).expect("can be read");
        assert_eq!((wider.words().as_str(), wider.since), ("ON DIVERSION for all patients", now()));
        assert_eq!(read(&form("closed", &["all"]), None).expect("can be read").words(), "CLOSED");
    }

    #[test]
    fn what_cannot_be_is_refused_at_its_field() {
        let of = |form: ReportCapacity, field: &str| {
            let errors = read(&form, None).expect_err(field);
            assert!(errors.at(field).is_some(), "{field}: {errors:?}");
        };
        of(form("", &[]), "emergency");
        of(form("diversion", &[]), "diverted");
        of(form("open", &["trauma"]), "diverted");
        of(form("diversion", &["burns"]), "diverted");
        of(ReportCapacity { census: "-1".into(), ..form("open", &[]) }, "census");
        of(ReportCapacity { icu_open: "1e9".into(), ..form("open", &[]) }, "icu_open");
        of(ReportCapacity { said_by: " ".into(), ..form("open", &[]) }, "said_by");
        of(
            ReportCapacity { said_by: "Patient John Smith, MRN 12345678".into(), ..form("open", &[]) },
            "said_by",
        );
        of(ReportCapacity { at: "2024-07-19 07:00".into(), ..form("open", &[]) }, "at");
        of(ReportCapacity { since: "soon".into(), ..form("open", &[]) }, "since");
        let late = ReportCapacity {
            since: "2024-07-19 06:04".into(),
            at: "2024-07-19 06:00".into(),
            ..form("open", &[])
        };
        of(late, "since");
    }

    #[test]
    fn a_word_is_old_after_its_span() {
        let said = read(&form("open", &[]), None).expect("can be read");
        assert!(!said.is_old(now().plus_minutes(120), OLD_AFTER_MINUTES));
        assert!(said.is_old(now().plus_minutes(121), OLD_AFTER_MINUTES));
        let add = |code: &str, minutes: &str| AddNeighbour {
            code: code.into(),
            name: "St. Anne".into(),
            old_after_minutes: minutes.into(),
            ..AddNeighbour::default()
        };
        assert_eq!(
            add("St-Anne", "").read().map(|new| (new.code, new.old_after_minutes)),
            Ok(("st-anne".into(), 120))
        );
        assert!(add("..", "").read().is_err() && add("a/b", "").read().is_err());
        assert!(add("anne", "0").read().is_err() && add("anne", "x").read().is_err());
    }
}
