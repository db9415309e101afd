//! Facilities, groups, units and systems.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All places and systems.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlacesView {
    pub facilities: Vec<FacilityLine>,
    pub groups: Vec<GroupLine>,
    pub systems: Vec<SystemLine>,
    pub units: i64,
    /// Nothing is entered yet, so the demo hospital may be loaded.
    pub empty: bool,
}

/// One facility.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FacilityLine {
    /// As written in a scope: `facility:ID`.
    pub place: String,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub zone: String,
    pub units: i64,
    pub staff: i64,
}

/// One group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GroupLine {
    /// As written in a scope: `group:ID`.
    pub place: String,
    pub code: String,
    pub name: String,
    pub facilities: Vec<String>,
}

/// One system.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SystemLine {
    pub id: crate::id::SystemId,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub aliases: Vec<String>,
    pub kind: String,
}
