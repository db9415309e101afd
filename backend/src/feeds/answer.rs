//! One message that came over MLLP: which feed it belongs to, what is to be kept of it, and what is answered once that
//! is kept.

use domain::{
    hl7::{ErrorCode, Header, Limits, Message, Place, Trouble, acknowledge},
    schedule::{
        sender,
        siu::{Outcome, Reader},
    },
    table::Reject,
};
use sqlx::types::Uuid;

use super::{
    desk::Known,
    keep::{Item, Of},
    store::Feed,
};
use crate::app::App;

/// A message as it was understood.
#[derive(Debug)]
pub struct Heard {
    header: Option<Header>,
    trouble: Option<Trouble>,
    /// What is to be kept; `None` when no feed is known for it.
    pub item: Option<(Of, Item)>,
}

/// Reads a message. `row` counts the messages of its connection.
pub fn hear(known: &Known, bytes: &[u8], row: u64) -> Heard {
    let message = match Message::read(bytes, &Limits::IMPORT) {
        Ok(message) => message,
        Err(unreadable) => {
            let feed = unreadable.header.as_ref().map_or_else(|| only(known), |header| find(known, header));
            let header = unreadable.header.map(|header| *header);
            return unread(feed, header, unreadable.trouble, bytes, row);
        }
    };
    let header = message.header().clone();
    let Some(feed) = find(known, &header) else {
        let reason = "No feed here takes messages of this sender.";
        let trouble = Trouble::new(Place::of("MSH", 3), ErrorCode::TableValueNotFound, reason);
        return Heard { header: Some(header), trouble: Some(trouble), item: None };
    };
    let reader = Reader::new(&known.sites, &feed.described.dialect, &known.zone);
    match reader.message(&message, row) {
        Outcome::Report(report) => {
            Heard { header: Some(header), trouble: None, item: Some((of(feed), Item::Report(report))) }
        }
        Outcome::Left { kind, trouble } => {
            let item = Some((of(feed), Item::Left { kind, count: 1 }));
            Heard { header: Some(header), trouble, item }
        }
        Outcome::Refused(trouble) => unread(Some(feed), Some(header), trouble, bytes, row),
    }
}

fn of(feed: &Feed) -> Of {
    Of { feed: feed.id, dialect: feed.version }
}

fn unread(feed: Option<&Feed>, header: Option<Header>, trouble: Trouble, bytes: &[u8], row: u64) -> Heard {
    let reject = Reject { row, column: trouble.place.to_string(), reason: trouble.reason.clone() };
    let item = Item::Unread { said: bytes.to_vec(), file: None, reject };
    Heard { header, trouble: Some(trouble), item: feed.map(|feed| (of(feed), item)) }
}

/// The feed whose names fit a message best.
fn find<'a>(known: &'a Known, header: &Header) -> Option<&'a Feed> {
    let sender = (header.component(3, 1), header.component(4, 1));
    let fitting = known.feeds.iter().filter_map(|feed| {
        let described = &feed.described;
        let fit = sender::fit((&described.application, &described.facility), sender)?;
        Some((fit, feed))
    });
    // Of two that fit alike, the older one.
    fitting.rev().max_by_key(|(fit, _)| *fit).map(|(_, feed)| feed)
}

fn only(known: &Known) -> Option<&Feed> {
    match known.feeds.as_slice() {
        [feed] => Some(feed),
        _ => None,
    }
}

impl Heard {
    /// The answer, once what had to be kept is kept.
    pub fn answer(&self, app: &App) -> Vec<u8> {
        acknowledge(self.header.as_ref(), self.trouble.as_ref(), &own_id(app), app.clock.now())
    }

    /// The answer when it could not be kept: it is not taken, and may be sent again.
    pub fn not_kept(&self, app: &App) -> Vec<u8> {
        acknowledge(self.header.as_ref(), Some(&not_now()), &own_id(app), app.clock.now())
    }
}

/// The answer to a block that is no message at all.
pub fn to_no_message(app: &App, reason: &str) -> Vec<u8> {
    let trouble = Trouble::new(Place::default(), ErrorCode::NotAMessage, reason);
    acknowledge(None, Some(&trouble), &own_id(app), app.clock.now())
}

/// The answer to a message when nothing can be looked up.
pub fn not_readable_now(app: &App, bytes: &[u8]) -> Vec<u8> {
    let header = Header::read(bytes).ok();
    acknowledge(header.as_ref(), Some(&not_now()), &own_id(app), app.clock.now())
}

fn not_now() -> Trouble {
    let reason = "This could not be kept now; send it again.";
    Trouble::new(Place::default(), ErrorCode::Internal, reason)
}

/// MSH-10 of an answer: up to 20 signs.
fn own_id(app: &App) -> String {
    let id: Uuid = app.clock.id();
    id.simple().to_string().chars().take(20).collect()
}
