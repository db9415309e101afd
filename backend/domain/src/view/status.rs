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
    /// What forbids first, then what asks to act, then what may be read.
    pub verdicts: Vec<SystemVerdict>,
    /// The server could not confirm that this is the newest: no permission may be relied on.
    pub may_be_revoked: bool,
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
    /// `Windows computers`, with its condition when the order has one: `Windows computers not used today`.
    pub system: String,
    pub look: Look,
    /// `LOG IN ONLY FOR registration, scheduling`, then `ON PAPER: orders, results`.
    pub lines: Vec<String>,
    /// `since 00:40`, or nothing without an order.
    pub since: String,
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
