//! Facilities, groups, units and systems.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{FacilityId, RequestId, UnitId},
    places::SetCare,
};

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
    pub id: FacilityId,
    /// As written in a scope: `facility:ID`.
    pub place: String,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub zone: String,
    pub units: i64,
    pub staff: i64,
}

/// The units of a site.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SiteView {
    pub id: FacilityId,
    pub name: String,
    pub units: Vec<UnitLine>,
    /// Whether this account may close units here and open them again.
    pub may_change: bool,
    pub request_id: RequestId,
}

/// One unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnitLine {
    pub id: UnitId,
    pub code: String,
    pub name: String,
    pub phone: String,
    pub staff: i64,
    /// Code of its setting; empty when nobody has said.
    pub setting: String,
    pub beds: Option<i64>,
    /// Since when it is closed, as `05:22 EDT, Fri 19 July`.
    pub closed: Option<String>,
}

/// The form for what a unit is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnitView {
    pub unit: UnitLine,
    pub facility: FacilityId,
    pub site: String,
    pub form: SetCare,
    pub may_change: bool,
    pub request_id: RequestId,
}

/// What was said of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitCareSet {
    pub unit: UnitId,
    pub facility: FacilityId,
    pub setting: String,
    pub beds: Option<i64>,
}

/// A unit was closed, or opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitChanged {
    pub unit: UnitId,
    pub facility: FacilityId,
    pub is_closed: bool,
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
