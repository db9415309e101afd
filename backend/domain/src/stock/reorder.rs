//! Asking for blank forms: from the moment they run short until they lie in the unit's box.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::ReorderId,
};

/// How far a reorder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReorderState {
    /// Somebody should print or order them.
    Open,
    /// Somebody does.
    Ordered,
    /// They lie in the box.
    Delivered,
    NotNeeded,
}

impl ReorderState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Ordered, Self::Delivered, Self::NotNeeded];

    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ordered => "ordered",
            Self::Delivered => "delivered",
            Self::NotNeeded => "not_needed",
        }
    }

    /// How people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "to be ordered",
            Self::Ordered => "ordered or printing",
            Self::Delivered => "delivered",
            Self::NotNeeded => "not needed",
        }
    }

    /// The state of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether somebody still has to do something.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Ordered)
    }

    /// The state after an act.
    ///
    /// ```text
    /// open ──order──> ordered ──deliver──> delivered
    ///  ├──deliver──> delivered   └──decline──> not needed
    ///  └──decline──> not needed
    /// ```
    ///
    /// # Errors
    /// A refusal that says what became of it before.
    pub fn after(self, act: ReorderAct) -> Result<Self, Refusal> {
        match (self, act) {
            (Self::Open, ReorderAct::Order) => Ok(Self::Ordered),
            (Self::Open | Self::Ordered, ReorderAct::Deliver) => Ok(Self::Delivered),
            (Self::Open | Self::Ordered, ReorderAct::Decline) => Ok(Self::NotNeeded),
            (Self::Ordered, ReorderAct::Order) => Err(Refusal::new(
                "ordered-already",
                "These forms are ordered already; say when they are delivered.",
            )),
            (Self::Delivered, _) => Err(Refusal::new(
                "delivered-already",
                "These forms were delivered already; count the box if they are not there.",
            )),
            (Self::NotNeeded, _) => Err(Refusal::new(
                "not-needed-already",
                "Somebody said that these forms are not needed; count the box to ask for them again.",
            )),
        }
    }
}

/// What is done about a reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReorderAct {
    Order,
    Deliver,
    Decline,
}

impl ReorderAct {
    /// The act of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "order" => Some(Self::Order),
            "deliver" => Some(Self::Deliver),
            "decline" => Some(Self::Decline),
            _ => None,
        }
    }
}

/// Does something about a reorder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MoveReorder {
    pub request_id: Text,
    /// `order`, `deliver` or `decline`.
    pub act: Text,
    /// How many were delivered; as many as were asked for when left empty.
    pub sheets: Text,
    /// Why they are not needed; who brings them.
    pub note: Text,
}

/// What was said of a reorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidOfReorder {
    pub act: ReorderAct,
    pub sheets: Option<i64>,
    pub note: String,
}

impl MoveReorder {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<SaidOfReorder, FieldErrors> {
        let mut errors = FieldErrors::default();
        let act = ReorderAct::from_code(self.act.trimmed());
        if act.is_none() {
            errors.add("act", "Write order, deliver or decline.");
        }
        let sheets = if self.sheets.is_blank() {
            None
        } else {
            let read = self.sheets.trimmed().parse::<i64>().ok();
            let read = read.filter(|sheets| (1..=super::MOST).contains(sheets));
            if read.is_none() {
                errors.add("sheets", format!("Write how many sheets, 1 to {}.", super::MOST));
            }
            read
        };
        let note = if act == Some(ReorderAct::Decline) {
            errors.required("note", &self.note, 300, "Say why these forms are not needed.")
        } else {
            errors.optional("note", &self.note, 300)
        };
        errors.into_result()?;
        Ok(SaidOfReorder { act: act.unwrap_or(ReorderAct::Order), sheets, note: note.unwrap_or_default() })
    }
}

/// What became of a reorder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderMoved {
    pub reorder: ReorderId,
    pub state: ReorderState,
}
