//! What people send about typing in, as typed and as read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ending, Kind};
use crate::{
    actor::Role,
    field::{FieldErrors, Text},
    forms::{NotASerial, Serial},
    id::{FormId, UnitId},
    identifiers::{Hit, patient_identifiers},
    time::{Timestamp, Zone},
};

/// How many lines one list of prepared sheets may have.
pub const MOST_LINES: usize = 2_000;
/// How many tasks one person takes at once.
pub const MOST_TAKEN: i64 = 50;
/// Who types in and checks.
pub const ENTERERS: [Role; 2] = [Role::FormsClerk, Role::UnitLead];

/// Says whose sheets these are and when the care was given: one in the fields, or many as lines.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Prepare {
    pub request_id: Text,
    /// The serial as printed.
    pub serial: Text,
    /// Record number or downtime number, never a name.
    pub patient: Text,
    /// A log of several patients; then no number is given.
    pub several: Text,
    /// When the care was given, in the site's zone; empty when the sheet does not say.
    pub event_at: Text,
    /// `serial, number, time` a line; `several` in place of the number.
    pub lines: Text,
    /// The same for programs.
    pub sheets: Vec<Line>,
}

/// One sheet of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Line {
    pub serial: Text,
    pub patient: Text,
    pub event_at: Text,
}

/// Whose a sheet is, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Number(String),
    Several,
}

/// A sheet whose patient and time were read. The time is still as typed: its zone is its site's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparing {
    pub serial: Serial,
    pub reference: Reference,
    pub event_at: String,
    /// The field at which something wrong with it is said.
    pub field: &'static str,
}

/// What preparing gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prepared {
    pub seq: i64,
    pub sheets: i64,
    /// Of these, known before and said again.
    pub unchanged: i64,
}

impl Prepare {
    /// Reads the fields and the lines.
    ///
    /// # Errors
    /// What is wrong, by field, with the number of its line.
    pub fn read(&self) -> Result<Vec<Preparing>, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read: Vec<Preparing> = Vec::new();
        if !(self.serial.is_blank() && self.patient.is_blank()) {
            let line = Line {
                serial: self.serial.clone(),
                patient: if self.several.is_yes() { "several".into() } else { self.patient.clone() },
                event_at: self.event_at.clone(),
            };
            if self.several.is_yes() && !self.patient.is_blank() {
                errors.add("patient", "Either one patient's number, or several patients.");
            }
            match line.read("serial") {
                Ok(one) => read.push(one),
                Err((part, reason)) => errors.add(part, reason),
            }
        }
        for (number, line) in (1..).zip(self.listed()) {
            match line.read("lines") {
                Ok(one) => read.push(one),
                Err((_, reason)) => errors.add("lines", format!("Line {number}: {reason}")),
            }
            if number > MOST_LINES {
                errors.add("lines", format!("That is more than {MOST_LINES} lines; split the list."));
                break;
            }
        }
        if errors.is_empty() && read.is_empty() {
            errors.add("serial", "Scan or type a serial, or give a list.");
        }
        let mut seen = std::collections::BTreeSet::new();
        for one in &read {
            if !seen.insert(one.serial.clone()) {
                errors.add(one.field, NotASerial::Twice(one.serial.to_string()).to_string());
            }
        }
        errors.into_result()?;
        Ok(read)
    }

    fn listed(&self) -> impl Iterator<Item = Line> {
        let typed = self.lines.0.lines().filter(|line| !line.trim().is_empty()).map(|line| {
            let mut parts =
                line.splitn(3, [',', ';', '\t']).map(|part| part.trim().trim_matches('"').to_owned());
            let mut next = || Text(parts.next().unwrap_or_default());
            Line { serial: next(), patient: next(), event_at: next() }
        });
        typed.chain(self.sheets.iter().cloned())
    }
}

impl Line {
    fn read(&self, field: &'static str) -> Result<Preparing, (&'static str, String)> {
        let serial =
            self.serial.trimmed().parse().map_err(|error: NotASerial| ("serial", error.to_string()))?;
        let reference = reference(&self.patient).map_err(|reason| ("patient", reason.to_owned()))?;
        Ok(Preparing { serial, reference, event_at: self.event_at.trimmed().to_owned(), field })
    }
}

/// A record number or a downtime number, in capitals and without blanks, so that what is typed twice is one.
fn reference(text: &Text) -> Result<Reference, &'static str> {
    if text.trimmed().eq_ignore_ascii_case("several") {
        return Ok(Reference::Several);
    }
    number(text).map(Reference::Number)
}

/// Reads a record number or a downtime number: capitals, no blanks, at least one digit, never a name.
///
/// # Errors
/// A sentence that says what is expected.
pub fn number(text: &Text) -> Result<String, &'static str> {
    const WRONG: &str = "Write the record number or the downtime number: 2 to 32 letters, digits and dashes with at \
                         least one digit, never a name.";
    let number: String = text
        .trimmed()
        .chars()
        .filter(|sign| !sign.is_whitespace())
        .map(|sign| sign.to_ascii_uppercase())
        .collect();
    let fits = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '/' | '_');
    let has_digit = number.chars().any(|sign| sign.is_ascii_digit());
    if (2..=32).contains(&number.len()) && number.chars().all(fits) && has_digit {
        Ok(number)
    } else {
        Err(WRONG)
    }
}

/// Reads when care was given, as a sheet says it.
///
/// # Errors
/// What is no time, is still to come, or was before anybody wrote on paper.
pub fn care_time(
    text: &str,
    zone: &Zone,
    now: Timestamp,
    began: Timestamp,
) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = zone.parse(text).map_err(|error| error.to_string())?;
    if at > now.plus_minutes(2) {
        return Err(format!("{text} is still to come. Write when the care was given."));
    }
    if at < began.plus_minutes(-24 * 60) {
        return Err(format!("{text} is more than a day before this downtime began. Look at the date."));
    }
    Ok(Some(at))
}

/// Takes tasks: the next ones, or one that is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TakeTasks {
    pub request_id: Text,
    /// How many of the next; 10 when empty.
    pub how_many: Text,
    /// Which of them: ids of a site or unit, code of a type; empty for all.
    pub site: Text,
    pub unit: Text,
    pub form_type: Text,
    /// One sheet, by its id, instead of the next.
    pub form: Text,
}

/// Gives tasks back: one sheet, or all of one's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PutBack {
    pub request_id: Text,
    pub form: Text,
}

/// What taking and giving back give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    pub seq: i64,
    pub sheets: Vec<FormId>,
    /// Until when they stay with who took them; nothing when they were given back.
    pub until: Option<Timestamp>,
}

/// Says that one sheet was typed in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnterSheet {
    pub request_id: Text,
    /// When the care was given; empty keeps what was said when it was prepared.
    pub event_at: Text,
    /// Who wrote the sheet, of the staff.
    pub author: Text,
    /// Its number in the records system.
    pub reference: Text,
}

/// What was said of an entry. The time is still as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entering {
    pub event_at: String,
    pub author: String,
    pub reference: String,
}

impl EnterSheet {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<Entering, FieldErrors> {
        let mut errors = FieldErrors::default();
        let author =
            errors.required("author", &self.author, 120, "Say who wrote the form, as it stands there.");
        let author = author.unwrap_or_default();
        no_patient(&mut errors, "author", &author, now);
        let reference = errors.optional("reference", &self.reference, 80).unwrap_or_default();
        errors.into_result()?;
        Ok(Entering { event_at: self.event_at.trimmed().to_owned(), author, reference })
    }
}

/// Says at a field that a text seems to name a patient (rule 17).
pub(crate) fn no_patient(errors: &mut FieldErrors, field: &str, text: &str, now: Timestamp) {
    if let Some(Hit { quoted, likeness }) = patient_identifiers(text, now).first() {
        errors.add(field, format!("{quoted:?} {}. Leave out who the patient is.", likeness.words()));
    }
}

/// What typing in one sheet gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entered {
    pub seq: i64,
    pub form: FormId,
    pub serial: String,
    /// Whether a second person is to look at it already.
    pub to_check: bool,
    /// To be copied into the records system.
    pub late_entry: String,
}

/// Says what a second person found.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Check {
    pub request_id: Text,
    /// `verified` or `differs`.
    pub found: Text,
    /// A code of [`Kind`], when it differs.
    pub kind: Text,
    /// What differs, without a patient's name or number.
    pub note: Text,
    /// Whose it is to settle: a role's code; forms clerks when empty.
    pub owner: Text,
}

/// What a second person found, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Verified,
    Differs { kind: Kind, note: String, owner: Role },
}

impl Verdict {
    /// That sheets differ, without more than a note.
    pub fn differs(note: &str) -> Self {
        Self::Differs { kind: Kind::Differs, note: note.to_owned(), owner: Role::FormsClerk }
    }
}

impl Check {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<Verdict, FieldErrors> {
        match self.found.trimmed() {
            "verified" => return Ok(Verdict::Verified),
            "differs" => {}
            _ => return Err(FieldErrors::one("found", "Say whether it is as on the form, or differs.")),
        }
        let kind = Kind::from_code(self.kind.trimmed());
        what_is_wrong(kind, (&self.note, "Say what differs."), &self.owner, now)
    }
}

fn what_is_wrong(
    kind: Option<Kind>,
    (note, ask): (&Text, &str),
    owner: &Text,
    now: Timestamp,
) -> Result<Verdict, FieldErrors> {
    let mut errors = FieldErrors::default();
    if kind.is_none() {
        errors.add("kind", "Choose what is wrong.");
    }
    let note = errors.required("note", note, 500, ask).unwrap_or_default();
    no_patient(&mut errors, "note", &note, now);
    let owner = match owner.trimmed() {
        "" => Some(Role::FormsClerk),
        code => Role::from_code(code).filter(|role| ENTERERS.contains(role)),
    };
    if owner.is_none() {
        errors.add("owner", "Choose whose it is to settle: forms clerks or the unit's lead.");
    }
    errors.into_result()?;
    let (kind, owner) = (kind.unwrap_or(Kind::Differs), owner.unwrap_or(Role::FormsClerk));
    Ok(Verdict::Differs { kind, note, owner })
}

/// Sets a sheet aside that cannot be typed in as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetAside {
    pub request_id: Text,
    /// Why, as a kind of [`Kind::ASIDE`].
    pub kind: Text,
    pub note: Text,
    /// Whose it is to settle: `forms_clerk` (when empty) or `unit_lead`.
    pub owner: Text,
}

impl SetAside {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<Verdict, FieldErrors> {
        let kind = Kind::from_code(self.kind.trimmed()).filter(|kind| Kind::ASIDE.contains(kind));
        what_is_wrong(kind, (&self.note, "Say what is needed to type it in."), &self.owner, now)
    }
}

/// What checking one sheet gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    pub seq: i64,
    pub form: FormId,
    /// How many other sheets of the lot are to be checked because of this one.
    pub turned: i64,
}

/// Ends a difference without typing the sheet in again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settle {
    pub request_id: Text,
    /// `not_an_error` or `voided`.
    pub ending: Text,
    pub reason: Text,
}

impl Settle {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<(Ending, String), FieldErrors> {
        let mut errors = FieldErrors::default();
        let ending = Ending::from_code(self.ending.trimmed()).filter(|ending| *ending != Ending::Corrected);
        if ending.is_none() {
            errors.add("ending", "Choose: not an error, or void the form. To correct it, type it in again.");
        }
        let reason = errors.required("reason", &self.reason, 500, "Give the reason.").unwrap_or_default();
        no_patient(&mut errors, "reason", &reason, now);
        errors.into_result()?;
        Ok((ending.unwrap_or(Ending::NotAnError), reason))
    }
}

/// What settling gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settled {
    pub seq: i64,
    pub form: FormId,
    pub ending: Ending,
}

/// Lets others go before this sheet: asked by one, agreed to by another in another role.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Release {
    pub request_id: Text,
    /// The role in which this is said.
    pub role: Text,
    /// Needed from who asks.
    pub reason: Text,
}

impl Release {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<(Role, String), FieldErrors> {
        let mut errors = FieldErrors::default();
        let role = Role::from_code(self.role.trimmed());
        if role.is_none() {
            errors.add("role", "Choose the role in which you say this.");
        }
        let reason = errors.optional("reason", &self.reason, 500).unwrap_or_default();
        no_patient(&mut errors, "reason", &reason, now);
        errors.into_result()?;
        Ok((role.unwrap_or(Role::Viewer), reason))
    }
}

/// What releasing gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    pub seq: i64,
    pub form: FormId,
    /// Whether both have said yes, so that nothing waits for it any more.
    pub in_effect: bool,
    pub unit: UnitId,
}
