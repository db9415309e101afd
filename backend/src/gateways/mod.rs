//! The program's edges to mail servers and SMS gateways.
//!
//! A gateway takes a window of messages and says of each what became of it. What it cannot say for sure it calls
//! lost: a false "accepted" is a nurse who was never told.

pub mod email;
pub mod files;
pub mod sms;
pub mod smtp;

use domain::{deliveries::Channel, id::DeliveryId, time::Timestamp};
use futures::future::BoxFuture;

use crate::config::Config;

/// One message to one address.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub delivery: DeliveryId,
    pub channel: Channel,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// Fixed for the delivery, so that a mail that went twice can be told from two mails.
    pub message_id: String,
    /// Sent before, with nobody knowing whether it arrived.
    pub again: bool,
    pub at: Timestamp,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Accepted {
        reply: String,
    },
    /// This address, for good. `kind` is what equal refusals have in common.
    Refused {
        reply: String,
        kind: String,
    },
    /// Refused for good, without saying that the address is wrong.
    Unclear {
        reply: String,
        kind: String,
    },
    Later {
        reply: String,
    },
    /// It may have been taken.
    Lost {
        reply: String,
    },
    /// Certainly not taken; the gateway was not ready for it.
    NotTried,
}

/// What became of a window: one outcome each, in the same order, and what is wrong with the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub outcomes: Vec<Outcome>,
    pub fault: Option<String>,
}

/// Takes messages of one channel.
pub trait Gateway: Send + Sync {
    /// As it stands in the ledger: `smtp`, `sms`, `outbox`.
    fn name(&self) -> &'static str;

    /// How many connections it keeps; a window is never smaller.
    fn connections(&self) -> usize {
        1
    }

    /// Sends a window. It always ends: every command has a deadline.
    fn send<'a>(&'a mut self, window: &'a [Outgoing]) -> BoxFuture<'a, Report>;
}

/// The name of the gateway that takes a channel's messages under these settings; what is captured becomes files.
pub fn taking(config: &Config, channel: Channel, captured: bool) -> &'static str {
    match channel {
        Channel::Email if !captured && config.smtp.is_some() => email::NAME,
        Channel::Sms if !captured && config.sms.is_some() => sms::NAME,
        Channel::Email | Channel::Sms => files::NAME,
    }
}
