//! The pages of print packs: what lies ready, what was printed, and the sheets themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Named;
use crate::{
    id::{PackId, RequestId},
    packs::{HandOut, MakePacks, Page, Withdraw},
};

/// A page of packs, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PacksView {
    /// `12 packs lie ready`
    pub title: String,
    pub packs: Vec<PackLine>,
    /// `printed`, `handed_out`, `withdrawn`; empty for all.
    pub state: String,
    pub may_print: bool,
    pub next: Option<String>,
}

/// One pack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackLine {
    pub pack: PackId,
    /// As people name it: the first digits.
    pub name: String,
    pub unit: String,
    pub site: String,
    pub sheets: i64,
    /// `MAR 40, FLO 40`
    pub what: String,
    pub state: String,
    pub made: String,
}

/// The form for printing: units, then how many sheets of each form.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewPacksView {
    pub request_id: RequestId,
    /// By fingerprint.
    pub playbooks: Vec<Named>,
    pub units: Vec<Named>,
    /// What can be printed for the first chosen unit; all forms when its setting is not known.
    pub forms: Vec<NewPackForm>,
    pub form: MakePacks,
}

/// One form that can be printed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewPackForm {
    pub code: String,
    pub name: String,
    /// What the kit says a unit holds.
    pub par: i64,
    /// What was typed, or nothing.
    pub sheets: String,
}

/// One pack in full.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackView {
    pub pack: PackId,
    pub title: String,
    pub line: PackLine,
    pub playbook: String,
    pub paper: String,
    pub ranges: Vec<PackRange>,
    /// Where it was handed out: the incident's id and name.
    pub incident: Option<Named>,
    /// Why it was withdrawn.
    pub reason: String,
    /// The open incidents in which it may be handed out.
    pub incidents: Vec<Named>,
    pub may_hand_out: bool,
    pub hand_out: HandOut,
    pub withdraw: Withdraw,
    pub request_id: RequestId,
}

/// The sheets of one form in a pack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackRange {
    pub code: String,
    pub name: String,
    pub sheets: i64,
    pub first: String,
    pub last: String,
}

/// The pages to print.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SheetsPrintView {
    pub pack: PackId,
    pub title: String,
    pub pages: Vec<Page>,
}
