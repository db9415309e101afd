//! The pages of call sheets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cases::Alternative;
use crate::{
    cases::sheets::{MakeSheet, TypeBack},
    id::{IncidentId, RequestId},
};

/// The sheets of an incident and the form for another.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetsView {
    pub incident: IncidentId,
    pub form: MakeSheet,
    pub sites: Vec<Alternative>,
    pub sheets: Vec<SheetLine>,
    pub request_id: RequestId,
}

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SheetLine {
    pub number: i64,
    pub about: String,
    pub made: String,
    pub by: String,
    pub patients: i64,
    /// Lines of which something is typed in.
    pub typed: i64,
}

/// A sheet as it is printed, and the form in which it is typed back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetView {
    pub incident: IncidentId,
    pub sheet: SheetLine,
    pub rows: Vec<SheetRow>,
    pub form: TypeBack,
    pub request_id: RequestId,
}

/// One patient on a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SheetRow {
    pub line: i64,
    pub name: String,
    pub mrn: String,
    pub phone: String,
    pub language: String,
    pub booked: String,
    pub service: String,
    pub safe_by: String,
    pub standing: String,
    /// Tries of this line that are typed in.
    pub typed: i64,
}

/// What a new sheet answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetMade {
    pub number: i64,
    pub patients: i64,
    pub seq: i64,
}
