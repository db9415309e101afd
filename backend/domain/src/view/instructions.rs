//! The matrix of systems and sites with the orders behind it, and the form for a new one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::board::BoardView;
use crate::{
    id::{InstructionId, RequestId},
    instructions::{Issue, Look},
};

/// The page of an incident's orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstructionsView {
    /// `Epic production: DO NOT LOG IN at 12 of 12 sites.`
    pub title: String,
    /// The systems and sites of the board, with what holds at each.
    pub matrix: BoardView,
    pub in_force: Vec<OrderLine>,
    /// Those that wait for a second person.
    pub waiting: Vec<OrderLine>,
    /// The latest ones that ended.
    pub ended: Vec<OrderLine>,
    /// The form; `None` for people who may not issue orders.
    pub form: Option<IssueForm>,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    pub id: InstructionId,
    pub look: Look,
    /// `DO NOT LOG IN`
    pub words: String,
    pub system: String,
    pub place: String,
    /// `all functions`
    pub functions: String,
    pub condition: String,
    pub instead: String,
    /// Empty for everyone.
    pub whom: String,
    /// `02:20 EDT, Fri 19 July`
    pub since: String,
    pub issued_by: String,
    /// `suspended by DO NOT LOG IN at All 12 sites`, `waits for a second person: …`, `lifted`; empty when it
    /// simply holds.
    pub remark: String,
    /// Whether something else holds at its own place now: another order, or a clearance.
    pub stands_back: bool,
    /// Whether this person may lift it, or approve what waits.
    pub may_act: bool,
    pub request_id: RequestId,
}

/// The form for a new order with its choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssueForm {
    pub typed: Issue,
    pub request_id: RequestId,
    pub places: Vec<Pick>,
    pub systems: Vec<Pick>,
    /// The narrower ones in force, which may be kept by name.
    pub narrower: Vec<Pick>,
}

/// A value and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pick {
    pub value: String,
    pub words: String,
}
