//! Messages of HL7 version 2, as interface engines send them (2.3 to 2.5.1; what came before and after reads alike).
//!
//! Read by hand: the crates that are alive (`hl7kit` 0.2, `hl7-parser` 0.3) split text, which is the smallest part;
//! character sets, limits, files of batches, MLLP and answers that name a field would be ours all the same, and
//! `hl7v2` is under the AGPL.
//!
//! Reading never fails half-way: a message is taken as a whole or refused with the segment and field that is wrong.

pub mod ack;
pub mod file;
pub mod message;
pub mod mllp;
mod text;

use std::fmt;

pub use ack::{Code, acknowledge};
pub use message::{Component, Field, Header, Message, Repetition, Segment, Unreadable};
pub use text::Charset;

/// How large a message and a file may be. Beyond these it is no scheduling message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file of messages.
    pub file: usize,
    /// Messages of a file.
    pub messages: usize,
    /// Bytes of one message; also what an MLLP block may have.
    pub message: usize,
    /// Segments of one message.
    pub segments: usize,
}

impl Limits {
    /// A year of a large system's messages.
    pub const IMPORT: Self =
        Self { file: 256 * 1024 * 1024, messages: 1_000_000, message: 1024 * 1024, segments: 2_000 };
}

/// Where something stands in a message. A part that is zero is not meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// `PID`; empty when the message as a whole is meant.
    pub segment: String,
    /// Which of the segments of this name, from 1.
    pub nth: usize,
    pub field: usize,
    pub repetition: usize,
    pub component: usize,
}

impl Place {
    /// A field of the first segment of this name; field 0 is the segment as a whole.
    pub fn of(segment: &str, field: usize) -> Self {
        Self { segment: segment.to_owned(), nth: 1, field, ..Self::default() }
    }

    #[must_use]
    pub const fn component(mut self, component: usize) -> Self {
        self.component = component;
        self
    }
}

/// `SCH-11.4`, `PID-3(2)`, `AIS[2]-4`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)?;
        if self.nth > 1 {
            write!(f, "[{}]", self.nth)?;
        }
        if self.field > 0 {
            write!(f, "-{}", self.field)?;
        }
        if self.repetition > 1 {
            write!(f, "({})", self.repetition)?;
        }
        if self.component > 0 {
            write!(f, ".{}", self.component)?;
        }
        Ok(())
    }
}

/// What is wrong, by HL7's table 0357.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// These bytes are no message that can be split into segments.
    NotAMessage,
    SegmentSequence,
    RequiredFieldMissing,
    DataType,
    TableValueNotFound,
    UnsupportedMessageType,
    UnsupportedEvent,
    UnsupportedProcessing,
    UnsupportedVersion,
    /// The fault is ours: the message may be sent again.
    Internal,
}

impl ErrorCode {
    pub const fn number(self) -> u16 {
        match self {
            Self::NotAMessage | Self::SegmentSequence => 100,
            Self::RequiredFieldMissing => 101,
            Self::DataType => 102,
            Self::TableValueNotFound => 103,
            Self::UnsupportedMessageType => 200,
            Self::UnsupportedEvent => 201,
            Self::UnsupportedProcessing => 202,
            Self::UnsupportedVersion => 203,
            Self::Internal => 207,
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAMessage | Self::SegmentSequence => "Segment sequence error",
            Self::RequiredFieldMissing => "Required field missing",
            Self::DataType => "Data type error",
            Self::TableValueNotFound => "Table value not found",
            Self::UnsupportedMessageType => "Unsupported message type",
            Self::UnsupportedEvent => "Unsupported event code",
            Self::UnsupportedProcessing => "Unsupported processing id",
            Self::UnsupportedVersion => "Unsupported version id",
            Self::Internal => "Application internal error",
        }
    }

    /// AE when the content is wrong, AR when this is no message for us or could not be worked on (chapter 2.9.2).
    pub const fn answer(self) -> Code {
        match self {
            Self::SegmentSequence
            | Self::RequiredFieldMissing
            | Self::DataType
            | Self::TableValueNotFound => Code::Error,
            Self::NotAMessage
            | Self::UnsupportedMessageType
            | Self::UnsupportedEvent
            | Self::UnsupportedProcessing
            | Self::UnsupportedVersion
            | Self::Internal => Code::Reject,
        }
    }
}

/// Why a message cannot be used: where, what, and one sentence that never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Trouble {
    pub place: Place,
    pub error: ErrorCode,
    pub reason: String,
}

impl Trouble {
    pub fn new(place: Place, error: ErrorCode, reason: impl Into<String>) -> Self {
        Self { place, error, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests;
