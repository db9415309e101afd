//! Copies of the public pages that stand elsewhere: what they say, and how they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{broadcasts::Verified, status::SiteLink};

/// For how many days after a message its code stays in copies; in a downtime that is open it stays anyhow.
pub const DAYS_OF_CODES: i64 = 400;

/// The first page of a copy: the sites, and the codes of the messages that were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopyIndex {
    pub organisation: String,
    /// `05:22 EDT, Fri 19 July`
    pub as_of: String,
    /// `COPY OF 05:22, MAY BE REVOKED. …`
    pub warning: String,
    /// With paths that lead from this page.
    pub sites: Vec<SiteLink>,
    pub codes: Vec<CopiedCode>,
}

/// A code with the page of its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopiedCode {
    pub code: String,
    pub path: String,
    pub sent: String,
    pub taken_back: bool,
}

/// The page of one code in a copy. It changes with what is said of the code and not with the minute, so that a copy of
/// many codes is written in time; the first page says how old the copy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopiedMessage {
    pub organisation: String,
    /// Since when it says what it says: `05:22 EDT, Fri 19 July`.
    pub since: String,
    /// `COPY OF 05:22 EDT, Fri 19 July, MAY BE REVOKED. …`
    pub warning: String,
    pub found: Verified,
}

/// How the copies outside are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishingView {
    /// `05:22 EDT, Fri 19 July`
    pub as_of: String,
    pub targets: Vec<TargetLine>,
}

/// One place that copies are published to by this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetLine {
    /// The folder, or `Command 1`.
    pub name: String,
    /// As of when its copy is; empty when it never had one.
    pub copy_of: String,
    /// `40 s old`, `3 min old` or `never published`.
    pub age: String,
    /// Why the last round failed; empty when it did not.
    pub trouble: String,
    /// Whether the copy is older than it may be.
    pub late: bool,
}

impl TargetLine {
    /// Whether somebody should look after it.
    pub fn needs_help(&self) -> bool {
        self.late || !self.trouble.is_empty()
    }
}

/// What a monitor reads while every copy is young enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishingHealth {
    pub ok: bool,
    /// To how many places this process publishes.
    pub targets: usize,
}
