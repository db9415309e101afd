//! What a scanner sends, and the commands of batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Custody, NotASerial, Pile, Serial, Shift, Station};
use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::{BatchId, UnitId},
    playbooks::FormType,
};

/// Scans one sheet at a station.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ScanSheet {
    pub request_id: Text,
    /// The whole serial, as the scanner reads it.
    pub serial: Text,
    /// `collection`, `records`, `preparation`, `scanning`, `filing` or `use`.
    pub station: Text,
    /// At collection: `used`, `blank` or `voided`.
    pub pile: Text,
    /// Why it was voided: `spoiled`, `wrong_label`, `twice` or `other`.
    pub voided_because: Text,
    /// The id of the unit whose sheets are expected; empty for any.
    pub unit: Text,
    /// The id or the number of the batch into which it goes.
    pub batch: Text,
}

/// Why a sheet was voided, in words that need no writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoidReason {
    Spoiled,
    WrongLabel,
    Twice,
    Other,
}

impl VoidReason {
    pub const ALL: [Self; 4] = [Self::Spoiled, Self::WrongLabel, Self::Twice, Self::Other];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Spoiled => "spoiled",
            Self::WrongLabel => "wrong_label",
            Self::Twice => "twice",
            Self::Other => "other",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Spoiled => "Spoiled or torn",
            Self::WrongLabel => "Wrong label or wrong patient",
            Self::Twice => "Written twice",
            Self::Other => "Another reason, written on the sheet",
        }
    }
}

/// A scan that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanOrder {
    pub serial: Serial,
    pub station: Station,
    pub pile: Pile,
    /// Only of the pile of voided ones.
    pub voided_because: Option<VoidReason>,
    pub unit: Option<UnitId>,
    pub batch: Option<BatchRef>,
}

/// A batch, by its id or by the number on its cover sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchRef {
    Id(BatchId),
    Number(i64),
}

/// How a scan was taken. What was not taken is a refusal, whose code says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Ok,
    Already,
}

/// What a scan did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scanned {
    pub answer: Answer,
    /// `OK` or `ALREADY`.
    pub word: String,
    pub serial: String,
    pub form_type: String,
    /// Where the paper is now.
    pub custody: Custody,
    /// One sentence on what happened.
    pub sentence: String,
}

impl Answer {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Already => "ALREADY",
        }
    }

    /// The word for a refusal of this code.
    pub fn word_of_refusal(code: &str) -> &'static str {
        match code {
            "wrong-check" => "WRONG CHECK CHARACTER",
            "unreadable" => "NOT A SERIAL",
            "another-unit" => "ANOTHER UNIT'S SHEET",
            "another-serial" => "ANOTHER SERIAL",
            "not-handed-out" => "NOT HANDED OUT",
            "still-out" => "NOT COUNTED",
            "missing" => "WAS MISSING",
            "voided" => "VOIDED",
            "blank" => "BLANK",
            "other-pile" => "OTHER PILE",
            "not-scanned" => "NOT SCANNED",
            "given-back" => "GIVEN BACK",
            "forbidden" => "NOT YOURS",
            _ => "REFUSED",
        }
    }
}

impl ScanSheet {
    /// Reads a scan.
    ///
    /// # Errors
    /// A refusal whose code says why the serial cannot be read, or what is wrong with the other fields.
    pub fn read(&self) -> Result<ScanOrder, Unread> {
        let mut errors = FieldErrors::default();
        let station = Station::from_code(self.station.trimmed());
        if station.is_none() {
            errors.add("station", "Choose where you stand.");
        }
        let pile = Pile::from_code(self.pile.trimmed());
        let counts = station == Some(Station::Collection);
        if counts && pile.is_none() {
            errors.add("pile", "Choose the pile: used, blank or voided.");
        }
        let voided = counts && pile == Some(Pile::Voided);
        let reason = VoidReason::from_code(self.voided_because.trimmed());
        if voided && reason.is_none() {
            errors.add("voided_because", "Say why these sheets were voided.");
        }
        let unit = if self.unit.is_blank() { None } else { errors.keep("unit", self.unit.trimmed().parse()) };
        let batch = self.read_batch(&mut errors);
        errors.into_result()?;
        let serial = self.serial.trimmed().parse().map_err(|error: NotASerial| {
            let code = if matches!(error, NotASerial::Check(_)) { "wrong-check" } else { "unreadable" };
            Refusal::new(code, error.to_string())
        })?;
        Ok(ScanOrder {
            serial,
            station: station.expect("its absence is an error"),
            pile: pile.unwrap_or(Pile::Used),
            voided_because: reason.filter(|_| voided),
            unit,
            batch,
        })
    }

    fn read_batch(&self, errors: &mut FieldErrors) -> Option<BatchRef> {
        if self.batch.is_blank() {
            return None;
        }
        let read = read_batch(self.batch.trimmed());
        if read.is_none() {
            errors.add("batch", "Scan the batch's cover sheet, or choose the batch.");
        }
        read
    }
}

/// A batch's id, or the serial on its cover sheet.
pub fn read_batch(text: &str) -> Option<BatchRef> {
    if let Ok(id) = text.parse() {
        return Some(BatchRef::Id(id));
    }
    let serial: Serial = text.parse().ok()?;
    (serial.prefix == super::BATCH_PREFIX).then_some(BatchRef::Number(serial.number))
}

/// Why a scan could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    Fields(FieldErrors),
    Refused(Refusal),
}

impl From<FieldErrors> for Unread {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Begins a batch of a unit's shift.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OpenBatch {
    pub request_id: Text,
    pub unit: Text,
    pub shift: Text,
    pub shift_on: Text,
}

impl OpenBatch {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, shift_now: Shift) -> Result<(UnitId, Shift), FieldErrors> {
        let mut errors = FieldErrors::default();
        let unit = self.unit.trimmed().parse::<UnitId>().ok();
        if unit.is_none() {
            errors.add("unit", "Choose a unit.");
        }
        let shift = Shift::read(&mut errors, &self.shift, &self.shift_on, shift_now);
        errors.into_result()?;
        Ok((unit.expect("its absence is an error"), shift))
    }
}

/// What beginning a batch gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchOpened {
    pub batch: BatchId,
    pub seq: i64,
    /// The number of the cover sheet.
    pub serial: String,
}

/// Puts sheets that were counted without a scanner into a batch.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddSheets {
    pub request_id: Text,
    pub form_type: Text,
    pub serials: Text,
}

impl AddSheets {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, types: &[FormType]) -> Result<(FormType, super::Picked), FieldErrors> {
        let mut errors = FieldErrors::default();
        let form_type = types.iter().find(|each| each.code == self.form_type.trimmed()).cloned();
        let mut picked = super::Picked::default();
        match &form_type {
            None => errors.add("form_type", "Choose one of the forms of this incident's playbook."),
            Some(of) => {
                let read = super::pick(&self.serials.0, &of.serial_prefix, super::MOST_SHEETS);
                picked = errors.keep("serials", read).unwrap_or_default();
            }
        }
        if errors.is_empty() && picked.is_empty() {
            errors.add("serials", "Scan or type at least one serial.");
        }
        errors.into_result()?;
        Ok((form_type.expect("its absence is an error"), picked))
    }
}

/// What somebody counted of a batch: sheets and pages when it is signed, sheets when it is received, pages when it
/// is scanned.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CountBatch {
    pub request_id: Text,
    pub sheets: Text,
    pub pages: Text,
}

impl CountBatch {
    /// Reads the number of sheets.
    pub fn read_sheets(&self, errors: &mut FieldErrors) -> i64 {
        number(errors, "sheets", &self.sheets, "Say how many sheets you counted.")
    }

    /// Reads the number of pages.
    pub fn read_pages(&self, errors: &mut FieldErrors) -> i64 {
        number(errors, "pages", &self.pages, "Say how many pages you counted.")
    }
}

fn number(errors: &mut FieldErrors, field: &str, text: &Text, missing: &str) -> i64 {
    let number = text.trimmed().parse().ok().filter(|number| (0..=100_000).contains(number));
    if number.is_none() {
        errors.add(field, missing);
    }
    number.unwrap_or(0)
}

/// What a count of a batch gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchCounted {
    pub batch: BatchId,
    pub seq: i64,
    pub state: super::BatchState,
    /// What happened and what is next, in words.
    pub sentence: String,
    /// When it was refused: the sheets that were not seen at this step, at most a hundred of them.
    pub not_seen: Vec<String>,
}
