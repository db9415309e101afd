//! The public page of one site: may I use it here? No sign-in, no relative times, nothing of another site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{instructions::Look, time::Timestamp};

/// How many verdicts stand as solid blocks; what remains are quiet rows.
pub const MOST_BLOCKS: usize = 3;

/// Choosing a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SitesView {
    pub organisation: String,
    /// `05:22 EDT, Fri 19 July`
    pub as_of: String,
    pub sites: Vec<SiteLink>,
}

/// One site to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteLink {
    pub name: String,
    /// `/status/childrens`
    pub path: String,
}

/// One site's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusView {
    pub organisation: String,
    /// `Children's Hospital`
    pub site: String,
    /// `Children's`
    pub short_name: String,
    /// `/status/childrens`
    pub path: String,
    /// `05:22 EDT, Fri 19 July`, in the site's own zone.
    pub as_of: String,
    /// `05:22`
    pub as_of_clock: String,
    /// `05:37`: after that, look again before relying on a permission.
    pub check_again_by: String,
    pub next_update: Option<NextUpdate>,
    /// Whether any real downtime is open here.
    pub downtime: bool,
    /// The server could not confirm that this is the newest, or it is a copy: no permission may be relied on.
    pub may_be_revoked: bool,
    /// What stands above every permission then: `COPY OF 05:22, MAY BE REVOKED. …`; empty otherwise.
    pub warning: String,
    /// What forbids first, then what asks to act, then what may be read.
    pub verdicts: Vec<SystemVerdict>,
}

impl StatusView {
    /// The words above a copy of this page.
    pub fn copy_words(&self) -> String {
        copy_words(&self.as_of_clock)
    }

    /// The same when the server could not confirm that it is the newest.
    #[must_use]
    pub fn unconfirmed(&self) -> Self {
        let warning =
            format!("MAY BE REVOKED. Last confirmed {}. Ask before you use anything.", self.as_of_clock);
        Self { may_be_revoked: true, warning, ..self.clone() }
    }

    /// The same as a copy that stands elsewhere.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self { may_be_revoked: true, warning: self.copy_words(), ..self.clone() }
    }

    /// How long what is permitted here may be relied on.
    pub fn relying(&self) -> String {
        let (as_of, by) = (&self.as_of_clock, &self.check_again_by);
        if self.verdicts.iter().any(SystemVerdict::permits) {
            format!("What may be used here holds as of {as_of}. Check again by {by}.")
        } else {
            format!("As of {as_of}. Check again by {by}.")
        }
    }
}

/// The words above a copy that was made at a time.
pub fn copy_words(clock: &str) -> String {
    format!("COPY OF {clock}, MAY BE REVOKED. Look again, or ask before you use anything.")
}

/// The promised update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextUpdate {
    pub at: Timestamp,
    /// `05:35`
    pub clock: String,
}

/// One system at the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemVerdict {
    /// The system's code: `epic`.
    pub code: String,
    /// `Windows computers`, with its condition when the order has one: `Windows computers not used today`.
    pub system: String,
    pub look: Look,
    /// `LOG IN ONLY FOR registration, scheduling`, then `ON PAPER: orders, results`.
    pub lines: Vec<String>,
    /// `since 00:40`, or nothing without an order.
    pub since: String,
    pub since_at: Option<Timestamp>,
    /// Whether the system is clear at this site: released for all of it, with nothing else ordered in any unit.
    pub clear: bool,
    /// What to do instead.
    pub instead: Vec<String>,
    /// What holds under another condition, below the first.
    pub others: Vec<SystemVerdict>,
    /// The units of this site where something else holds.
    pub units: Vec<UnitVerdict>,
}

/// A unit with its own order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitVerdict {
    pub unit: String,
    pub look: Look,
    pub words: String,
}

impl SystemVerdict {
    /// Whether anything in it permits something, and so could be revoked.
    pub fn permits(&self) -> bool {
        matches!(self.look, Look::Use | Look::Limited | Look::Read | Look::Act)
            || self.others.iter().any(Self::permits)
            || self.units.iter().any(|unit| !matches!(unit.look, Look::Forbid | Look::NoOrder))
    }

    /// Whether it stands as a solid block: whatever forbids always does, plain USE and silence never.
    pub fn is_block(&self, position: usize) -> bool {
        match self.look {
            Look::Forbid | Look::Limited => true,
            Look::Act | Look::Read => position < MOST_BLOCKS,
            Look::Use | Look::NoOrder => false,
        }
    }
}
