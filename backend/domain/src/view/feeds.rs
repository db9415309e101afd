//! The pages of feeds: who sends, what has come in, and the files it came in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{FeedFileId, FeedId, RequestId},
    schedule::sender::{Books, DescribeFeed, FileFigures, Format},
    table::Reject,
    time::Timestamp,
};

/// Who sends.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FeedsView {
    /// `2 feeds, the newest message as of 18 Jul 23:50`
    pub title: String,
    pub feeds: Vec<FeedLine>,
    /// How the listener of the server that answers stands.
    pub listener: String,
    /// Whether the reader may add a feed.
    pub may_describe: bool,
    pub form: DescribeFeed,
    pub request_id: RequestId,
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedLine {
    pub id: FeedId,
    pub name: String,
    pub format: Format,
    pub listens: bool,
    /// `23:50 EDT, Thu 18 July`; empty before the first message.
    pub as_of: String,
    pub as_of_at: Option<Timestamp>,
    /// When something last came in; empty before.
    pub heard: String,
    pub books: Books,
}

/// One feed with its settings and files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FeedView {
    pub line: FeedLine,
    /// Which version of its dialect holds.
    pub dialect: i64,
    pub form: DescribeFeed,
    pub files: Vec<FeedFileLine>,
    /// The latest that could not be taken.
    pub unread: Vec<UnreadLine>,
    /// For how many days beyond an appointment what was said of it is kept.
    pub keep_days: i64,
    pub may_describe: bool,
    /// Whether the reader may bring in a file.
    pub may_plan: bool,
    /// What was typed: when the file was taken.
    pub as_of: String,
    pub request_ids: [RequestId; 2],
}

/// A message that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnreadLine {
    pub at: String,
    /// `in a file`, `over MLLP`
    pub came: String,
    /// The line of the file, or which message of its connection it was.
    pub reject: Reject,
}

/// A file of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedFileLine {
    pub id: FeedFileId,
    pub file_name: String,
    pub taken: bool,
    /// When it was taken in, or else offered.
    pub at: String,
    pub by: String,
    pub figures: FileFigures,
}

/// A file before and after it is taken in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FeedFileView {
    pub feed: FeedId,
    pub feed_name: String,
    pub file: FeedFileLine,
    /// The first of them; the file has all.
    pub rejects: Vec<Reject>,
    pub may_plan: bool,
    pub request_id: RequestId,
}
