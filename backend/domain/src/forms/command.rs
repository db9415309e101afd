//! What people send about paper, as typed and as read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ledger, Picked, Pile, Serial, Shift, State, pick};
use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::{AccountId, IssueId, UnitId},
    identifiers::patient_identifiers,
    playbooks::{FormType, Playbook},
    time::Timestamp,
};

/// How many sheets one command may touch.
pub const MOST_SHEETS: i64 = 10_000;

/// Hands a range of serials to a unit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Issue {
    pub request_id: Text,
    /// The form type's code.
    pub form_type: Text,
    /// The unit's id.
    pub unit: Text,
    /// The first serial, or its number; empty for the next free number.
    pub first: Text,
    /// How many sheets.
    pub sheets: Text,
    /// `day`, `evening`, `night` or what the unit calls its shift; empty for the one that is on.
    pub shift: Text,
    /// The day on which the shift began; empty for the one that is on.
    pub shift_on: Text,
    /// Who took the sheets.
    pub taken_by: Text,
}

/// A range to hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRange {
    pub form_type: FormType,
    pub unit: UnitId,
    /// `None` for the next free number.
    pub first: Option<i64>,
    /// The first serial when it was given whole: it says for which unit the sheets were printed.
    pub whole: Option<Serial>,
    pub sheets: i64,
    pub shift: Shift,
    pub taken_by: String,
}

/// What handing out gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issued {
    pub issue: IssueId,
    pub seq: i64,
    /// The first and last serial, as printed.
    pub first: String,
    pub last: String,
    pub sheets: i64,
}

/// Counts what a unit gives back: three piles, by serial, number or range.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Count {
    pub request_id: Text,
    pub form_type: Text,
    /// Needed when the count is whole.
    pub unit: Text,
    pub used: Text,
    pub blank: Text,
    pub voided: Text,
    /// Why sheets were voided.
    pub reason: Text,
    /// Whether this is everything the unit has: what it does not name and is still out is missing.
    pub whole: Text,
}

/// A count that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    pub form_type: FormType,
    pub used: Picked,
    pub blank: Picked,
    pub voided: Picked,
    pub reason: String,
    /// The unit whose other sheets are missing.
    pub whole: Option<UnitId>,
}

/// What a count gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    pub seq: i64,
    pub used: i64,
    pub blank: i64,
    pub voided: i64,
    /// Newly missing.
    pub missing: i64,
    /// Of those counted, how many had been missing.
    pub turned_up: i64,
}

/// Moves one sheet from the wrong pile to another one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CorrectPile {
    pub request_id: Text,
    /// `used`, `blank` or `voided`.
    pub pile: Text,
    pub reason: Text,
}

/// A correction that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correcting {
    pub pile: Pile,
    pub reason: String,
}

/// What a correction gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Corrected {
    pub seq: i64,
    pub serial: String,
    pub state: State,
}

impl CorrectPile {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp) -> Result<Correcting, FieldErrors> {
        let mut errors = FieldErrors::default();
        let pile = Pile::from_code(self.pile.trimmed());
        if pile.is_none() {
            errors.add("pile", "Choose where it belongs: used, blank or voided.");
        }
        let ask = "Say how you know that it belongs there.";
        let reason = errors.required("reason", &self.reason, 200, ask).unwrap_or_default();
        if let Some(hit) = patient_identifiers(&reason, now).first() {
            errors
                .add("reason", format!("{:?} {}. Leave the patient out.", hit.quoted, hit.likeness.words()));
        }
        errors.into_result()?;
        Ok(Correcting { pile: pile.expect("was checked"), reason })
    }
}

/// Whether somebody may take a sheet off its pile. What takes it out of the work of typing in is not the choice of who
/// counted it as written on.
///
/// # Errors
/// Refused for who counted it as used.
pub fn may_correct(from: State, counted_by: Option<AccountId>, by: AccountId) -> Result<(), Refusal> {
    if from == State::Used && counted_by == Some(by) {
        let says = "You counted it as used. Another person looks at it and takes it off that pile.";
        return Err(Refusal::new("counted-by-you", says));
    }
    Ok(())
}

/// Takes in sheets without a valid serial; each gets an F-serial.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Found {
    pub request_id: Text,
    pub form_type: Text,
    pub unit: Text,
    pub sheets: Text,
    /// Where they were, and what stands in place of the serial.
    pub note: Text,
}

/// Found sheets whose fields have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSheets {
    pub form_type: FormType,
    pub unit: UnitId,
    pub sheets: i64,
    pub note: String,
}

/// Says of sheets that they were typed in, verified, disputed or filed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MoveSheets {
    pub request_id: Text,
    pub form_type: Text,
    pub serials: Text,
    /// Whether these are F-serials, when they are given as numbers.
    pub found: Text,
    /// What differs, when they are disputed.
    pub note: Text,
}

/// Sheets to move on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedSheets {
    pub form_type: FormType,
    pub found: bool,
    pub numbers: Picked,
    pub note: String,
}

/// What moving on gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    pub seq: i64,
    pub sheets: i64,
    /// Of those typed in, how many the sample gives to a second person.
    pub to_verify: i64,
    /// The ledger of the type afterwards, found sheets apart.
    pub ledger: Ledger,
}

impl Issue {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, playbook: &Playbook, shift_now: Shift) -> Result<IssueRange, FieldErrors> {
        let mut errors = FieldErrors::default();
        let form_type = form_type(&mut errors, &self.form_type, playbook);
        let unit = unit(&mut errors, &self.unit);
        let sheets = sheets(&mut errors, &self.sheets);
        let prefix = form_type.as_ref().map(|each| each.serial_prefix.clone()).unwrap_or_default();
        let mut picked = Picked::default();
        if !self.first.is_blank() && !prefix.is_empty() {
            picked = errors.keep("first", pick(&self.first.0, &prefix, 1)).unwrap_or_default();
        }
        let shift = Shift::read(&mut errors, &self.shift, &self.shift_on, shift_now);
        let taken_by = errors.optional("taken_by", &self.taken_by, 120).unwrap_or_default();
        errors.into_result()?;
        Ok(IssueRange {
            form_type: form_type.expect("its absence is an error"),
            unit: unit.expect("its absence is an error"),
            first: picked.first().copied(),
            whole: picked.whole().first().cloned(),
            sheets: sheets.expect("its absence is an error"),
            shift,
            taken_by,
        })
    }
}

impl Count {
    /// Reads the three piles.
    ///
    /// # Errors
    /// What is wrong, by field; a sheet cannot lie on two piles.
    pub fn read(&self, playbook: &Playbook) -> Result<Counting, FieldErrors> {
        let mut errors = FieldErrors::default();
        let form_type = form_type(&mut errors, &self.form_type, playbook);
        let prefix = form_type.as_ref().map(|each| each.serial_prefix.clone()).unwrap_or_default();
        let mut pile = |field: &str, text: &Text| {
            if prefix.is_empty() {
                return Picked::default();
            }
            errors.keep(field, pick(&text.0, &prefix, MOST_SHEETS)).unwrap_or_default()
        };
        let (used, blank, voided) =
            (pile("used", &self.used), pile("blank", &self.blank), pile("voided", &self.voided));
        for (field, one, others) in [("blank", &blank, vec![&used]), ("voided", &voided, vec![&used, &blank])]
        {
            if let Some(twice) = others.iter().find_map(|other| one.intersection(other).next()) {
                errors.add(field, format!("Number {twice} lies on two piles; it can be on one."));
            }
        }
        let reason = errors.optional("reason", &self.reason, 500).unwrap_or_default();
        if !voided.is_empty() && reason.is_empty() {
            errors.add("reason", "Say why these sheets were voided.");
        }
        let whole = if self.whole.is_yes() { unit(&mut errors, &self.unit) } else { None };
        if errors.is_empty() && whole.is_none() && used.len() + blank.len() + voided.len() == 0 {
            errors.add("used", "Scan or type the serials of at least one pile.");
        }
        errors.into_result()?;
        let form_type = form_type.expect("its absence is an error");
        Ok(Counting { form_type, used, blank, voided, reason, whole })
    }
}

impl Found {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, playbook: &Playbook) -> Result<FoundSheets, FieldErrors> {
        let mut errors = FieldErrors::default();
        let form_type = form_type(&mut errors, &self.form_type, playbook);
        let unit = unit(&mut errors, &self.unit);
        let sheets = if self.sheets.is_blank() { Some(1) } else { sheets(&mut errors, &self.sheets) };
        let note = errors.required("note", &self.note, 500, "Say where they were found.");
        errors.into_result()?;
        Ok(FoundSheets {
            form_type: form_type.expect("its absence is an error"),
            unit: unit.expect("its absence is an error"),
            sheets: sheets.unwrap_or(1),
            note: note.unwrap_or_default(),
        })
    }
}

impl MoveSheets {
    /// Reads the fields; `note_missing` is said when a note is needed and there is none.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, playbook: &Playbook, note_missing: Option<&str>) -> Result<MovedSheets, FieldErrors> {
        let mut errors = FieldErrors::default();
        let form_type = form_type(&mut errors, &self.form_type, playbook);
        let typed = self.serials.trimmed().to_ascii_uppercase();
        let whole =
            typed.split([',', ';', ' ', '\n', '\t']).next().and_then(|word| word.parse::<Serial>().ok());
        let found = self.found.is_yes()
            || whole.is_some_and(|serial| serial.prefix == super::FOUND_PREFIX)
            || typed.starts_with(&format!("{}-", super::FOUND_PREFIX));
        let prefix = form_type.as_ref().map(|each| each.serial_prefix.as_str());
        let prefix = prefix.map(|own| if found { super::FOUND_PREFIX } else { own });
        let numbers = prefix
            .and_then(|prefix| errors.keep("serials", pick(&self.serials.0, prefix, MOST_SHEETS)))
            .unwrap_or_default();
        if errors.is_empty() && numbers.is_empty() {
            errors.add("serials", "Scan or type at least one serial.");
        }
        let note = match note_missing {
            Some(missing) => errors.required("note", &self.note, 500, missing),
            None => errors.optional("note", &self.note, 500),
        };
        errors.into_result()?;
        let form_type = form_type.expect("its absence is an error");
        Ok(MovedSheets { form_type, found, numbers, note: note.unwrap_or_default() })
    }
}

fn form_type(errors: &mut FieldErrors, code: &Text, playbook: &Playbook) -> Option<FormType> {
    let found = playbook.form_type(code.trimmed()).cloned();
    if found.is_none() {
        errors.add("form_type", "Choose one of the forms of this incident's playbook.");
    }
    found
}

fn unit(errors: &mut FieldErrors, id: &Text) -> Option<UnitId> {
    let unit = id.trimmed().parse().ok();
    if unit.is_none() {
        errors.add("unit", "Choose a unit.");
    }
    unit
}

fn sheets(errors: &mut FieldErrors, number: &Text) -> Option<i64> {
    let sheets = number.trimmed().parse().ok().filter(|sheets| (1..=MOST_SHEETS).contains(sheets));
    if sheets.is_none() {
        errors.add("sheets", format!("Say how many sheets, 1 to {MOST_SHEETS}."));
    }
    sheets
}
