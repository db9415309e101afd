//! The pages of blank forms: which units run short, what runs out first, one unit's box, and what is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{forms::Named, picture::Curve};
use crate::{
    id::{IncidentId, ReorderId, RequestId, UnitId},
    stock::{Basis, CountStock, MoveReorder, ReorderState, SetPar},
};

/// One form at one unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StockLine {
    pub unit: UnitId,
    /// `4 West`
    pub name: String,
    pub site: String,
    pub form_type: String,
    pub form_name: String,
    /// How many lay there when the downtime was declared; `None` outside one.
    pub at_start: Option<i64>,
    pub left: i64,
    /// So many more came back used than lay there.
    pub beyond: i64,
    /// `4.5` sheets in an hour; empty when nothing says how fast they go.
    pub an_hour: String,
    /// Whether that was seen over the last hours; otherwise the kit says it.
    pub measured: bool,
    pub par: i64,
    pub basis: Basis,
    /// `05:22 EDT`, with its date when that is another day; empty when nothing can be said.
    pub runs_out: String,
    /// They do not last the hours of the playbook.
    pub too_soon: bool,
    /// How many are to be asked for.
    pub short: i64,
    /// What was asked for and is not there yet.
    pub reorder: Option<ReorderRef>,
    /// `05:22 EDT, Fri 19 July`; empty when nobody has counted.
    pub counted: String,
}

/// A reorder that waits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReorderRef {
    pub reorder: ReorderId,
    pub state: ReorderState,
}

/// Blank forms at every unit, those that run short first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StockView {
    /// `12 units run short of forms; 3 were never counted`
    pub title: String,
    /// Code of the site that is shown alone; empty for all.
    pub site: String,
    /// `short` or empty for all.
    pub show: String,
    pub sites: Vec<Named>,
    /// Open units of which no form was ever counted.
    pub uncounted: Vec<UncountedUnit>,
    pub uncounted_units: i64,
    pub lines: Vec<StockLine>,
    /// The address of the next page.
    pub next: Option<String>,
    /// Reorders that wait.
    pub reorders: i64,
    pub as_of: String,
}

/// A unit whose blank forms nobody has counted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UncountedUnit {
    pub unit: UnitId,
    /// `General, 4 West`
    pub name: String,
}

/// The burn-down of an incident: what runs out first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BurnDownView {
    pub incident: IncidentId,
    pub title: String,
    /// For how many hours forms must last.
    pub hours: i64,
    pub site: String,
    pub sites: Vec<Named>,
    pub lines: Vec<StockLine>,
    pub next: Option<String>,
    /// What the curve is of: `MAR at General, 4 West`.
    pub curve_of: String,
    /// What is left of what lay there, in percent, against time.
    pub curve: Option<Curve>,
    pub uncounted_units: i64,
    pub reorders: i64,
    pub as_of: String,
}

/// One unit's blank forms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StockUnitView {
    pub unit: UnitId,
    pub title: String,
    pub name: String,
    /// Why the pars are what they are: `28 beds, forms for 8 hours`.
    pub rule: String,
    pub lines: Vec<StockLine>,
    /// Forms that are used here and that nobody has counted: code, name, par.
    pub uncounted: Vec<UncountedForm>,
    /// Packs that were printed for this unit and do not lie in its box yet.
    pub packs: Vec<Named>,
    /// The address of the form for printing with everything that is short; empty when nothing is.
    pub print: String,
    /// The latest first.
    pub events: Vec<StockEvent>,
    pub forms: Vec<Named>,
    pub set_par: SetPar,
    pub may_count: bool,
    pub may_set_par: bool,
    pub request_id: RequestId,
    pub as_of: String,
}

/// A form that nobody has counted at a unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UncountedForm {
    pub code: String,
    pub name: String,
    pub par: i64,
}

/// Something that happened to a unit's blank forms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StockEvent {
    pub at: String,
    pub form_type: String,
    /// `22 counted, 27 expected`
    pub what: String,
    pub by: String,
    pub note: String,
}

/// The form for a count or a delivery.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StockCountView {
    pub unit: UnitId,
    pub name: String,
    pub rows: Vec<CountRow>,
    pub form: CountStock,
    pub request_id: RequestId,
}

/// One form of a count.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CountRow {
    pub code: String,
    pub name: String,
    /// How many should lie there; `None` when nobody has counted.
    pub left: Option<i64>,
    pub par: i64,
    /// What was typed.
    pub sheets: String,
}

/// What is asked for, the oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReordersView {
    pub title: String,
    /// Code of the state that is shown; empty for those that wait.
    pub state: String,
    pub lines: Vec<ReorderLine>,
    pub next: Option<String>,
    pub as_of: String,
}

/// One reorder.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReorderLine {
    pub reorder: ReorderId,
    pub unit: UnitId,
    /// `General, 4 West`
    pub name: String,
    pub form_type: String,
    pub sheets: i64,
    pub state: ReorderState,
    pub opened: String,
    pub changed: String,
    pub by: String,
    pub note: String,
}

/// One reorder, with what can be done about it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReorderView {
    pub title: String,
    pub line: ReorderLine,
    /// The address of the form for printing it.
    pub print: String,
    pub form: MoveReorder,
    pub may_move: bool,
    pub request_id: RequestId,
}
