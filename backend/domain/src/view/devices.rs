//! The pages of devices that are given back: sites, units the worst first, one unit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{forms::Named, picture::Curve};
use crate::{
    devices::{CountDevices, SendTeam},
    id::{IncidentId, RequestId, UnitId},
};

/// Devices over many units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceSums {
    pub in_all: i64,
    pub checked: i64,
    pub fixed: i64,
    pub left: i64,
}

impl std::ops::AddAssign for DeviceSums {
    fn add_assign(&mut self, other: Self) {
        self.in_all += other.in_all;
        self.checked += other.checked;
        self.fixed += other.fixed;
        self.left += other.left;
    }
}

/// How far the whole downtime is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DevicesView {
    pub incident: IncidentId,
    /// `12 units have no working computer; 5 of them have no team.`
    pub title: String,
    /// Code of the class that is shown alone; empty for all.
    pub class: String,
    /// The device classes of this downtime; none when it has none.
    pub classes: Vec<Named>,
    pub sums: DeviceSums,
    pub sites: Vec<DeviceSite>,
    /// Units in which of some class not one device works, and those of them to which no team is sent.
    pub bare: i64,
    pub bare_without_team: i64,
    /// Units of which devices have reported that nobody has counted.
    pub uncounted: i64,
    /// Units in which more have reported than were counted.
    pub beyond: i64,
    /// What was fixed against time; `None` before anything was.
    pub curve: Option<Curve>,
    /// `At this rate done by 18:40.`; empty when nothing can be said.
    pub pace: String,
    pub may_import: bool,
    pub as_of: String,
}

/// How far one site is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeviceSite {
    pub code: String,
    pub name: String,
    pub sums: DeviceSums,
    /// Units in which not one device works.
    pub bare: i64,
    /// Open units of the site, and those of them of which devices are known.
    pub units: i64,
    pub known_units: i64,
}

/// One class in one unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeviceLine {
    pub unit: UnitId,
    pub name: String,
    pub site: String,
    /// Code and name of the class.
    pub class: String,
    pub class_name: String,
    /// `None` when nobody has counted.
    pub in_all: Option<i64>,
    pub checked: i64,
    pub fixed: i64,
    pub left: i64,
    /// So many more have reported than were counted.
    pub beyond: i64,
    /// Who goes there; empty when nobody does.
    pub team: String,
    /// `05:22 EDT`
    pub since: String,
}

/// Units, the worst first; on paper the sheet of a runner.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeviceUnitsView {
    pub incident: IncidentId,
    pub title: String,
    /// Codes of what is asked for; empty for all.
    pub site: String,
    pub class: String,
    /// `none`, `no_team`, `left`, `beyond` or empty.
    pub show: String,
    pub sites: Vec<Named>,
    pub classes: Vec<Named>,
    pub lines: Vec<DeviceLine>,
    /// The address of the next page.
    pub next: Option<String>,
    pub may_count: bool,
}

/// One unit: its classes, its count, its team, and what happened.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeviceUnitView {
    pub incident: IncidentId,
    pub unit: UnitId,
    pub title: String,
    /// Code of its site.
    pub site: String,
    pub classes: Vec<Named>,
    pub lines: Vec<DeviceLine>,
    pub team: String,
    pub count: CountDevices,
    pub send: SendTeam,
    /// The latest first.
    pub events: Vec<DeviceEvent>,
    pub may_count: bool,
    pub may_send: bool,
    pub request_id: RequestId,
}

/// Something that happened to a unit's devices.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeviceEvent {
    /// `05:22 EDT`
    pub at: String,
    /// `ws-0412: fixed`, `counted: 40 in all, 25 checked, 20 fixed`
    pub what: String,
    pub class_name: String,
}
