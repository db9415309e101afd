//! The schedule as it was exported: each row becomes a booking, a duplicate or a refusal with its reason.
//!
//! Local times have no zone in such files; they are read in their facility's zone (rule 5). The sums always hold:
//! rows = bookings + duplicates + invalid.

pub mod dialect;
pub mod feed;
pub mod fhir;
pub mod report;
pub mod sender;
pub mod siu;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::FacilityId,
    table::{Known, Mapping, Record, Reject, Table},
    time::{Timestamp, Zone},
    triage::{Scheme, Triage},
};
use written::{Refused, Start, Written};

/// An operation or procedure, or a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Procedure,
    Visit,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Procedure, Self::Visit];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Procedure => "procedure",
            Self::Visit => "visit",
        }
    }

    pub const fn plural(self) -> &'static str {
        match self {
            Self::Procedure => "procedures",
            Self::Visit => "visits",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    fn read(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "procedure" | "surgery" | "operation" | "or" | "endoscopy" | "p" => Some(Self::Procedure),
            "visit" | "clinic" | "outpatient" | "appointment" | "office" | "telehealth" | "v" => {
                Some(Self::Visit)
            }
            _ => None,
        }
    }
}

/// How urgent a booking is, as far as its row says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(String, String)", into = "(String, String)")]
pub enum Priority {
    /// Nobody has ranked it.
    None,
    Known(Triage),
    /// Something is written there that no scheme explains: no rule may decide over it.
    Unclear(String),
}

impl From<(String, String)> for Priority {
    fn from((scheme, value): (String, String)) -> Self {
        Self::from_parts(&scheme, &value)
    }
}

impl From<Priority> for (String, String) {
    fn from(priority: Priority) -> Self {
        let (scheme, value) = priority.parts();
        (scheme.to_owned(), value.to_owned())
    }
}

impl Priority {
    /// The scheme and value as the store keeps them.
    pub fn parts(&self) -> (&str, &str) {
        match self {
            Self::None => ("", ""),
            Self::Known(triage) => (triage.scheme().code(), triage.value()),
            Self::Unclear(value) => ("unclear", value),
        }
    }

    /// From the store's scheme and value.
    pub fn from_parts(scheme: &str, value: &str) -> Self {
        if scheme.is_empty() && value.is_empty() {
            return Self::None;
        }
        let known = Scheme::from_code(scheme).and_then(|scheme| Triage::read(scheme, value).ok());
        known.map_or_else(|| Self::Unclear(value.to_owned()), Self::Known)
    }

    /// `P3`, `ESAS 3a`, `not ranked`, `not clear`
    pub fn words(&self) -> String {
        match self {
            Self::None => "not ranked".into(),
            Self::Known(triage) => triage.to_string(),
            Self::Unclear(_) => "priority not clear".into(),
        }
    }
}

/// What belongs to the patient, and is kept only encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Patient {
    /// With its leading zeros.
    pub mrn: String,
    pub name: String,
    /// `1975-02-03`; empty when the file has none.
    #[serde(default)]
    pub born: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub language: String,
}

/// One booked operation or visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    pub line: u64,
    pub appointment: String,
    pub patient: Patient,
    pub kind: Kind,
    pub service: String,
    pub department: String,
    pub provider: String,
    pub facility: FacilityId,
    pub start: Timestamp,
    /// The civil date at the facility.
    #[serde(with = "as_text")]
    pub day: Date,
    /// The time lies in the doubled hour of a clock change; the first was taken (rule 5).
    pub first_of_two: bool,
    pub minutes: i64,
    /// When the patient was put on the list, or the treatment was decided on.
    #[serde(default, with = "as_text_or_none")]
    pub listed: Option<Date>,
    pub priority: Priority,
    /// `dialysis`, `infusion`, `obstetric` … in lower case.
    pub classes: Vec<String>,
    /// What belongs together has the same: a pre-op visit and its operation, the cycles of one treatment. May be empty.
    #[serde(default)]
    pub chain: String,
}

/// A date as `2024-07-19`, or nothing.
mod as_text_or_none {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde gives a reference")]
    pub(super) fn serialize<D: ToString, S: Serializer>(
        day: &Option<D>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        day.as_ref().map(ToString::to_string).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A date as `2024-07-19`.
mod as_text {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A site as a row may name it.
#[derive(Debug, Clone)]
pub struct Site {
    pub id: FacilityId,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub zone: Zone,
}

/// What became of the rows of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    pub bookings: Vec<Booking>,
    /// Rows whose appointment stands on an earlier row.
    pub duplicates: i64,
    /// Of these, rows that say something else than the earlier one.
    pub differing: i64,
    pub invalid: i64,
    pub rejects: Vec<Reject>,
}

/// The figures of an import; `rows` is always the sum of the other three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    pub rows: i64,
    pub valid: i64,
    pub duplicates: i64,
    pub invalid: i64,
    pub procedures: i64,
    pub visits: i64,
    /// Duplicates that differ from the row that was taken.
    pub differing: i64,
    /// Times in the doubled hour of a clock change.
    pub first_of_two: i64,
    /// Priorities that no scheme explains.
    pub unclear: i64,
}

/// The fields of a schedule.
pub const FIELDS: [Known; 19] = [
    field(
        "appointment_id",
        "Appointment id",
        &["apptid", "appointment", "csn", "visitid", "fillerid", "caseid"],
        true,
    ),
    field("mrn", "MRN", &["medicalrecordnumber", "patientid", "patientmrn", "recordnumber"], true),
    field("name", "Patient name", &["patient", "name", "fullname"], true),
    field("dob", "Date of birth", &["birthdate", "born", "dateofbirth"], false),
    field("phone", "Phone", &["mobile", "cell", "telephone", "patientphone", "phonenumber"], false),
    field("email", "E-mail", &["mail", "emailaddress", "patientemail"], false),
    field("language", "Language", &["preferredlanguage", "lang", "spokenlanguage"], false),
    field("kind", "Kind", &["type", "appointmenttype", "encountertype", "class"], true),
    field("service", "Procedure or service", &["procedure", "visittype", "reason", "servicename"], false),
    field("department", "Department", &["dept", "clinic", "unit", "room", "location"], false),
    field("facility", "Site", &["hospital", "site", "campus"], true),
    field("provider", "Provider", &["surgeon", "physician", "doctor", "clinician"], false),
    field(
        "start",
        "Start",
        &["starttime", "scheduledstart", "datetime", "appointmenttime", "appttime", "date"],
        true,
    ),
    field("duration", "Minutes", &["durationminutes", "length", "durationmin"], false),
    field(
        "listed",
        "Listing or decision date",
        &["listingdate", "datelisted", "decisiontotreat", "decisiondate", "waitliststart", "waitlistdate"],
        false,
    ),
    field("scheme", "Priority scheme", &["triagescheme", "priorityscheme"], false),
    field("priority", "Priority", &["triage", "triagevalue", "acuity", "urgency"], false),
    field("classes", "Classes of care", &["careclass", "category", "tags", "program"], false),
    field(
        "chain",
        "Linked chain",
        &["episode", "episodeid", "chainid", "series", "seriesid", "linked"],
        false,
    ),
];

const fn field(
    key: &'static str,
    label: &'static str,
    synonyms: &'static [&'static str],
    required: bool,
) -> Known {
    Known { key, label, synonyms, required }
}

impl Schedule {
    /// What a feed says is booked: each appointment once, by its place in the list.
    pub fn of(bookings: impl IntoIterator<Item = Booking>) -> Self {
        let mut schedule = Self::default();
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        for (line, booking) in (1..).zip(bookings) {
            schedule.take(Booking { line, ..booking }, &mut first, label("appointment_id"));
        }
        schedule
    }

    fn take(&mut self, booking: Booking, first_line: &mut BTreeMap<String, usize>, column: &str) {
        match first_line.get(&booking.appointment) {
            None => {
                first_line.insert(booking.appointment.clone(), self.bookings.len());
                self.bookings.push(booking);
            }
            Some(first) => self.duplicate(*first, booking, column),
        }
    }

    /// Sorts the rows of a file into bookings, duplicates and refusals.
    pub fn read(table: &Table, mapping: &Mapping, sites: &[Site], default_scheme: Option<Scheme>) -> Self {
        let mut schedule = Self::default();
        let mut first_line: BTreeMap<String, usize> = BTreeMap::new();
        let reader = Reader { mapping, sites, default_scheme };
        for record in &table.rows {
            match reader.booking(record) {
                Err((key, reason)) => {
                    schedule.invalid += 1;
                    let column = mapping.column(&table.header, key);
                    let column = if column.is_empty() { label(key) } else { column };
                    schedule.reject(record.line, column, reason);
                }
                Ok(booking) => {
                    let column = mapping.column(&table.header, "appointment_id");
                    schedule.take(booking, &mut first_line, column);
                }
            }
        }
        schedule
    }

    fn duplicate(&mut self, first: usize, again: Booking, column: &str) {
        self.duplicates += 1;
        let Some(taken) = self.bookings.get(first) else { return };
        let line = taken.line;
        if (Booking { line, ..again.clone() }) != *taken {
            self.differing += 1;
            let reason =
                format!("This appointment stands on row {line} with other contents; that row was taken.");
            self.reject(again.line, column, reason);
        }
    }

    /// Refuses bookings that were read but cannot be taken, by the lines on which they stand.
    pub fn refuse(&mut self, lines: &BTreeSet<u64>, column: &str, reason: &str) {
        let before = self.bookings.len();
        self.bookings.retain(|booking| !lines.contains(&booking.line));
        self.invalid += i64::try_from(before - self.bookings.len()).unwrap_or(0);
        for line in lines {
            self.reject(*line, column, reason);
        }
    }

    fn reject(&mut self, row: u64, column: &str, reason: impl Into<String>) {
        self.rejects.push(Reject { row, column: column.to_owned(), reason: reason.into() });
    }

    pub fn figures(&self) -> Figures {
        let count = |which: &dyn Fn(&Booking) -> bool| {
            i64::try_from(self.bookings.iter().filter(|booking| which(booking)).count()).unwrap_or(i64::MAX)
        };
        let valid = count(&|_| true);
        Figures {
            rows: valid + self.duplicates + self.invalid,
            valid,
            duplicates: self.duplicates,
            invalid: self.invalid,
            procedures: count(&|booking| booking.kind == Kind::Procedure),
            visits: count(&|booking| booking.kind == Kind::Visit),
            differing: self.differing,
            first_of_two: count(&|booking| booking.first_of_two),
            unclear: count(&|booking| matches!(booking.priority, Priority::Unclear(_))),
        }
    }
}

/// A birth date as a schedule or a person writes it: `1975-02-03`, `2/3/1975`, `3.2.1975`.
pub fn birth_date(written: &str) -> Option<Date> {
    written::date(written)
}

fn label(key: &str) -> &'static str {
    FIELDS.iter().find(|field| field.key == key).map_or("", |field| field.label)
}

struct Reader<'a> {
    mapping: &'a Mapping,
    sites: &'a [Site],
    default_scheme: Option<Scheme>,
}

impl Reader<'_> {
    fn booking(&self, record: &Record) -> Result<Booking, Refused> {
        if let Some(trouble) = &record.trouble {
            return Err(("", trouble.clone()));
        }
        let cell = |key| self.mapping.cell(record, key);
        let kind = Kind::read(cell("kind"));
        let is_told = self.mapping.0.contains_key("classes");
        let scheme = match cell("scheme") {
            "" => self.default_scheme,
            written => Scheme::from_code(written),
        };
        let written = Written {
            line: record.line,
            appointment: cell("appointment_id"),
            mrn: cell("mrn"),
            name: cell("name"),
            born: Ok(cell("dob")),
            phone: cell("phone"),
            email: cell("email"),
            language: cell("language"),
            kind,
            site: written::site(self.sites, cell("facility")),
            start: Start::Text(cell("start")),
            duration: cell("duration"),
            listed: cell("listed"),
            service: cell("service"),
            department: cell("department"),
            provider: cell("provider"),
            priority: written::priority(kind, is_told, scheme, cell("priority")),
            classes: classes(cell("classes")),
            chain: cell("chain"),
        };
        written.booking()
    }
}

fn classes(cell: &str) -> Vec<String> {
    written::classes(cell.split([';', ',', '|']))
}

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
