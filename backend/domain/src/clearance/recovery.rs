//! How far the incident as a whole has come, by the stages of its scopes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::scope::Functions;

/// How far the incident as a whole has come, which moves its phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Nothing is technically back.
    NothingBack,
    /// Something is back: phase recovery.
    SomethingBack,
    /// Every scope is clear: phase reconciling.
    EverythingClear,
}

/// How far the incident has come. `uncovered` is what is affected and has no clearance at all.
pub fn recovery(stages: impl IntoIterator<Item = Stage>, uncovered: bool) -> Recovery {
    let stages: Vec<Stage> = stages.into_iter().filter(|stage| *stage != Stage::Revoked).collect();
    if !uncovered && !stages.is_empty() && stages.iter().all(|stage| stage.is_clear()) {
        return Recovery::EverythingClear;
    }
    if stages.iter().any(|stage| *stage > Stage::Waiting) {
        Recovery::SomethingBack
    } else {
        Recovery::NothingBack
    }
}

/// The functions of a system that its clearances at a place leave uncleared.
pub fn uncleared(of: Functions, cleared: impl IntoIterator<Item = Functions>) -> Functions {
    cleared.into_iter().fold(of, Functions::without)
}
