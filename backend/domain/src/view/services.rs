//! What a manager looks at: each service with what is booked, told, late and still to be booked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cases::Alternative;
use crate::id::{FacilityId, IncidentId};

/// Which services, as it stands in the address: a saved view is its address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServicesFilter {
    /// A facility's id; empty means all that the account may see.
    pub site: String,
    /// The service as the schedule names it; empty means all.
    pub service: String,
    /// Minutes a day that are free for booking again; may be empty.
    pub free: String,
}

/// The services of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ServicesView {
    pub incident: IncidentId,
    pub filter: ServicesFilter,
    pub sites: Vec<Alternative>,
    /// Why `free` cannot be used; empty when it can.
    pub mistake: String,
    pub lines: Vec<ServiceLine>,
    pub equity: Vec<EquityLine>,
    pub as_of: String,
    pub csv: String,
}

/// A service at a site. Each figure counts the rows of the list to which it leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceLine {
    pub facility: FacilityId,
    pub site: String,
    pub service: String,
    pub figures: Vec<ServiceFigure>,
    /// Minutes of what is cancelled and has no new date.
    pub minutes: i64,
    /// Some of these say no duration, so the minutes are too few.
    pub unknown: i64,
    /// Days that this takes with the minutes that are free; `None` when nobody has said how many are.
    pub days: Option<i64>,
}

/// One count and the list that it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceFigure {
    /// The part of the list.
    pub show: String,
    pub count: i64,
    /// Empty where the schedule names no service.
    pub path: String,
}

/// How fast patients of one language were told and booked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EquityLine {
    /// `Needs an interpreter`, `English, or not said`
    pub who: String,
    pub cancelled: i64,
    /// Told within a day of the cancellation.
    pub told: i64,
    /// Booked again within a week of it.
    pub booked: i64,
}

/// The columns of figures: the part of the list, and its label.
pub const FIGURES: [(&str, &str); 10] = [
    ("all", "Booked"),
    ("kept", "Kept"),
    ("cancelled", "Cancelled"),
    ("untold", "Not told"),
    ("told", "Told, no date"),
    ("rebooked", "Booked again"),
    ("seen", "Seen"),
    ("past", "Booked past safe-by"),
    ("missed", "Safe-by has passed"),
    ("nearing", "Safe-by in 7 days"),
];
