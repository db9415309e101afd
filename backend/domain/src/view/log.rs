//! The log as a page: what happened, last and by whom, and every entry in words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The page of a log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogView {
    /// `Last, at 02:31 EDT, Ada Admin accepted command.`
    pub title: String,
    /// The path of this log, without a filter.
    pub path: String,
    pub asked: LogAsked,
    /// What there is to choose from: kind and its words.
    pub kinds: Vec<(String, String)>,
    /// Who has done something here: id and name.
    pub people: Vec<(String, String)>,
    /// The newest first.
    pub entries: Vec<EntryLine>,
    /// The path of the next, older page.
    pub next: Option<String>,
    /// The same entries as files.
    pub csv: String,
    pub ndjson: String,
    /// The head of the chain as printed, `212-3fa94c01be`.
    pub head: String,
}

/// What was asked for, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogAsked {
    /// One kind: `incident.declared`.
    pub kind: String,
    /// One account by its id, or `program`.
    pub person: String,
    /// From this time on, as `2024-07-19 02:05` or RFC 3339.
    pub from: String,
    /// Until before this time.
    pub until: String,
    /// Only entries before this sequence number.
    pub before: String,
}

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EntryLine {
    pub seq: i64,
    /// When it happened: `02:31 EDT, Fri 19 July`.
    pub happened: String,
    /// When it was written down, when that is another minute.
    pub written: String,
    pub who: String,
    /// `Accepted command`
    pub what: String,
    pub kind: String,
    /// The thing it is about: its name when there is one, else `task:ID`.
    pub about: String,
    /// What is known of it besides, as label and value.
    pub details: Vec<(String, String)>,
    /// What was written with it, as name and text: the basis, a reason.
    pub texts: Vec<(String, String)>,
    /// The hash of the entry over the one before it, in hexadecimal.
    pub hash: String,
}
