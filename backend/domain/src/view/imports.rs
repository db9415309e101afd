//! Importing a file: what it would do, before it does it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    field::Text,
    id::{ImportId, PersonId, RequestId},
    table::Reject,
};

/// The page that asks for a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ImportStartView {
    /// `people`, `places` or `incidents/ID/devices`; also the first part of the path.
    pub kind: String,
    pub request_id: RequestId,
    /// The columns that such a file has, as `Staff number (needed)`.
    pub columns: Vec<String>,
    /// In the demo hospital: where a made-up file to import is; empty otherwise.
    #[serde(default)]
    pub demo: String,
    /// What the file is called, where its kind does not say it.
    #[serde(default)]
    pub what: String,
}

/// What a file would do, or has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Rows below the header.
    pub rows: usize,
    /// Rows that can be used.
    pub valid: usize,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    /// Rows that repeat an earlier one.
    pub duplicates: usize,
    pub refused: usize,
    /// Rows of people who are taken without an address that cannot be read.
    pub taken_in_part: usize,
    /// Known people whom the file says to have left, and those who work here again by it.
    #[serde(default)]
    pub leaving: usize,
    #[serde(default)]
    pub returning: usize,
    /// People who have left, and of whom a file without such a column says nothing.
    #[serde(default)]
    pub stay_left: usize,
    /// Known people of the file's sites who are not in it.
    #[serde(default)]
    pub absent: usize,
}

/// The preview of an import.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ImportView {
    pub id: ImportId,
    pub kind: String,
    pub file_name: String,
    /// `previewed` or `committed`.
    pub state: String,
    pub figures: Figures,
    /// Needed columns that nothing is mapped to; nothing can be imported before there are none.
    pub missing: Vec<String>,
    pub columns: Vec<ColumnChoice>,
    /// The header of the file.
    pub header: Vec<String>,
    /// The first rows that were refused or taken in part; the file of all of them is at `rejects.csv`.
    pub rejects: Vec<Reject>,
    /// Before a staff file is taken over: the first of the known people of its sites who are not in it.
    pub absent: Vec<AbsentPerson>,
    pub request_id: RequestId,
}

/// Somebody who is known and not in the file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AbsentPerson {
    pub id: PersonId,
    pub staff_number: String,
    pub name: String,
    /// `General, Emergency`
    pub place: String,
}

/// One column that the import knows, and what of the file it is taken from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ColumnChoice {
    pub key: String,
    pub label: String,
    pub required: bool,
    /// Column of the file, counted from 0.
    pub from: Option<usize>,
}

/// Changes what columns mean: each entry is `key:number`, counted from 0; `key:` leaves a column out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Remap {
    pub request_id: Text,
    pub columns: Vec<Text>,
}

/// Takes the file over as it was previewed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CommitImport {
    pub request_id: Text,
}

/// A file that was offered or taken over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ImportOutcome {
    pub import: ImportId,
    pub figures: Figures,
}
