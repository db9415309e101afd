//! Command of an incident: who holds it, what is offered, and the tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::{AssumeCommand, MarkTask, OfferCommand, TaskState},
    id::{HandoverId, RequestId, TaskId},
};

/// The page of command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CommandView {
    /// `Ada Admin commands. 3 tasks are overdue, longest 22 min.`
    pub title: String,
    /// The path to which the forms are sent, without its end.
    pub path: String,
    pub you_command: bool,
    /// Everybody who has held command, oldest first.
    pub holders: Vec<HolderLine>,
    pub offer: Option<OfferLine>,
    /// Since when a page to the commander is unanswered: `14:05 EDT`.
    pub paged: Option<String>,
    /// Why command cannot be assumed yet; `None` when it can.
    pub cannot_assume: Option<String>,
    /// Whether the caller may hold command at all.
    pub may_command: bool,
    pub tasks: Vec<TaskLine>,
    pub handover_form: OfferCommand,
    pub assume_form: AssumeCommand,
    pub task_form: MarkTask,
    pub request_id: RequestId,
}

/// Somebody who holds or held command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HolderLine {
    pub name: String,
    /// `02:05 EDT, Fri 19 July`
    pub from: String,
    /// Empty while the holding lasts.
    pub until: String,
}

/// An open offer of command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OfferLine {
    pub id: HandoverId,
    pub from: String,
    pub to: String,
    pub offered: String,
    pub briefing: String,
    /// Whether the caller is the one asked, or the one asking.
    pub to_you: bool,
    pub from_you: bool,
}

/// One task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TaskLine {
    pub id: TaskId,
    pub position: String,
    pub text: String,
    /// `02:35`
    pub due: String,
    /// `22 min late`; empty when it is not.
    pub late: String,
    pub state: TaskState,
    /// `AA, 02:31`
    pub marked: String,
}
