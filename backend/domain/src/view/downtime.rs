//! How long each function of each system was down at a site, window by window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{id::SystemId, scope::Function, time::Timestamp};

/// The page of one site.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DowntimeView {
    /// `Cape: Laboratory was down longest, 19:35. 3 functions are not back yet.`
    pub title: String,
    pub path: String,
    /// The chosen site's id, and all there are as id and name.
    pub site: String,
    pub sites: Vec<(String, String)>,
    /// The moment up to which it is counted, as it was asked for; empty means now.
    pub asked: String,
    /// `07:40 EDT, Sat 20 July`, in the site's zone.
    pub as_of: String,
    pub zone: String,
    pub systems: Vec<SystemDowntime>,
    /// The same windows of every site as a file.
    pub csv: String,
}

/// One system at the site, or at a unit of it that was taken back alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SystemDowntime {
    pub system: SystemId,
    pub name: String,
    /// The unit; empty for the site as a whole.
    pub unit: String,
    pub functions: Vec<FunctionDowntime>,
}

/// One function that the system has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionDowntime {
    pub function: Function,
    /// Over all windows.
    pub minutes: i64,
    /// `19:35`, hours and minutes.
    pub total: String,
    pub still_down: bool,
    pub windows: Vec<WindowLine>,
}

/// One window, in the site's own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WindowLine {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    /// `2024-11-03 00:40 EDT`
    pub from_local: String,
    /// `2024-11-03 06:00 EST`, or `not back yet`.
    pub until_local: String,
    pub minutes: i64,
    /// `06:20`
    pub length: String,
}
