//! Small pictures as data: what is drawn beside a figure or above a list. The same numbers always stand in words
//! near the picture, so a picture may be left out without losing anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    #[default]
    None,
    /// A share that rises with time, as acknowledgements do.
    Curve(Curve),
    /// Bars on one scale, each with its label and number.
    Meters(Vec<Meter>),
    /// Stacked bars, one for each unit or site, ordered.
    Ledger(Vec<Bar>),
    /// How many of all scopes reached each stage.
    Stages(Vec<Meter>),
    /// A square for each thing: done, late, open.
    Squares { done: i64, late: i64, open: i64 },
    /// What happened when, in lanes.
    Lanes { lanes: Vec<Lane>, from: String, to: String },
}

/// Points of a rising share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Curve {
    /// Minutes since sending and the share in percent, in order.
    pub points: Vec<(i64, i64)>,
    /// Minutes that the axis covers.
    pub minutes: i64,
    /// Labels under the axis, by minute.
    pub ticks: Vec<(i64, String)>,
    /// Steps of the escalation, by minute.
    pub steps: Vec<(i64, String)>,
}

/// A number on a scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meter {
    pub label: String,
    pub value: i64,
    pub of: i64,
}

/// A bar of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bar {
    pub label: String,
    pub back: i64,
    pub out: i64,
    pub late: bool,
}

/// One lane of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lane {
    pub label: String,
    /// Places on the lane, in thousandths of its length.
    pub marks: Vec<i64>,
    pub shape: Mark,
}

/// How the marks of a lane look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Diamond,
    Square,
    Stroke,
}
