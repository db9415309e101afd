//! What a person sees when something could not be done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One problem as a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemView {
    pub status: u16,
    /// One sentence on which a person can act.
    pub sentence: String,
    /// Where to go.
    pub link: Option<String>,
    /// For a conflict: what was sent, and what is there now.
    pub yours: Option<String>,
    pub theirs: Option<String>,
    /// What was typed, to be sent again as new: the form's path and its fields.
    pub resend: Option<Resend>,
}

/// A form that is kept in the page and can be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resend {
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// What the button says.
    pub words: String,
}
