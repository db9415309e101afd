//! Scheduling messages of HL7 v2: SIU with the events S12 to S26 (chapter 10), each one report on one appointment.
//!
//! Times without an offset are the facility's (rule 5), also when MSH-7 has one: in July it is not December's.

use super::{
    Site,
    dialect::{Authority, Dialect, Tables},
    report::{Doubt, EventTime, Incoming, Key, Report, State, What},
    written::{Refused, one_line},
};
use crate::{
    hl7::{ErrorCode, Limits, Message, Place, Trouble, file},
    stamp::{Precision, Stamp},
    table::Reject,
    time::{Local, Zone},
};

mod details;

use details::Details;

/// Reads the messages of one sender.
pub struct Reader<'a> {
    sites: &'a [Site],
    tables: Tables,
    zone: &'a Zone,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// To be answered with AA once it is kept.
    Report(Box<Report>),
    /// It says nothing of a patient's appointment: another kind of message, blocked or opened slots.
    Left {
        /// `ADT^A08`, `SIU^S23`
        kind: String,
        /// What to answer; blocked slots are no trouble.
        trouble: Option<Trouble>,
    },
    /// To be answered with AE or AR, as the trouble's error says.
    Refused(Trouble),
}

impl Outcome {
    /// What [`crate::hl7::acknowledge`] is to say; `None` is AA.
    pub const fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Report(_) => None,
            Self::Left { trouble, .. } => trouble.as_ref(),
            Self::Refused(trouble) => Some(trouble),
        }
    }
}

impl<'a> Reader<'a> {
    /// `zone` is for times of messages that name no site.
    pub fn new(sites: &'a [Site], dialect: &Dialect, zone: &'a Zone) -> Self {
        Self { sites, tables: Tables::new(dialect), zone }
    }

    /// Every message of a file.
    ///
    /// # Errors
    /// [`file::NoFile`] when the file holds no messages at all, or too many.
    pub fn file(&self, bytes: &[u8], limits: &Limits) -> Result<Incoming, file::NoFile> {
        let pieces = file::split(bytes, limits)?;
        let mut incoming = Incoming::default();
        for note in pieces.notes {
            let reject = Reject { row: note.line, column: note.field.to_owned(), reason: note.reason };
            incoming.notes.push(reject);
        }
        for piece in pieces.messages {
            let (outcome, line_of) = match Message::read(piece.bytes, limits) {
                Ok(message) => {
                    let outcome = self.message(&message, piece.line);
                    let line = outcome.trouble().map_or(1, |trouble| message.line_of(&trouble.place));
                    (outcome, line)
                }
                Err(unreadable) => (Outcome::Refused(unreadable.trouble), 1),
            };
            match outcome {
                Outcome::Report(report) => incoming.reports.push(*report),
                Outcome::Left { kind, .. } => incoming.leave(&kind),
                Outcome::Refused(trouble) => incoming.rejects.push(Reject {
                    row: piece.line + u64::try_from(line_of - 1).unwrap_or(0),
                    column: trouble.place.to_string(),
                    reason: trouble.reason,
                }),
            }
        }
        Ok(incoming)
    }

    /// One message. `row` is the line on which it begins, or a count of the connection.
    pub fn message(&self, message: &Message<'_>, row: u64) -> Outcome {
        match self.kind_of(message) {
            Ok(Kind::Event(what)) => match self.report(message, row, what) {
                Ok(report) => Outcome::Report(Box::new(report)),
                Err(trouble) => Outcome::Refused(trouble),
            },
            Ok(Kind::Left(kind, trouble)) => Outcome::Left { kind, trouble },
            Err(trouble) => Outcome::Refused(trouble),
        }
    }

    fn kind_of(&self, message: &Message<'_>) -> Result<Kind, Trouble> {
        let header = message.header();
        let msh = |field| Place::of("MSH", field);
        let is_blank = |field: usize| header.field(field).trim().is_empty();
        if header.version().is_none() && !is_blank(12) {
            let reason = "Only messages of HL7 version 2 are read.";
            return Err(Trouble::new(msh(12), ErrorCode::UnsupportedVersion, reason));
        }
        if is_blank(9) || is_blank(10) {
            let (field, what) = if is_blank(9) { (9, "type") } else { (10, "id") };
            let reason = format!("The message's {what} is missing.");
            return Err(Trouble::new(msh(field), ErrorCode::RequiredFieldMissing, reason));
        }
        if header.field(10).chars().count() > MOST_OF_AN_ID {
            let reason = format!("The message's id has more than {MOST_OF_AN_ID} characters.");
            return Err(Trouble::new(msh(10), ErrorCode::DataType, reason));
        }
        let (kind, event) = (header.component(9, 1).trim(), header.component(9, 2).trim());
        let told = |code: &str| code.chars().filter(char::is_ascii_alphanumeric).take(3).collect::<String>();
        let name = format!("{}^{}", told(kind), told(event));
        if kind != "SIU" {
            let reason = "Only scheduling messages (SIU) are read here.";
            let trouble = Trouble::new(msh(9).component(1), ErrorCode::UnsupportedMessageType, reason);
            return Ok(Kind::Left(name, Some(trouble)));
        }
        let processing = header.component(11, 1).trim();
        if !self.tables.dialect.processing.iter().any(|taken| taken == processing) {
            let reason = "Messages with this processing id are not taken here.";
            return Err(Trouble::new(msh(11), ErrorCode::UnsupportedProcessing, reason));
        }
        Ok(match event {
            "S12" => Kind::Event(What::Booked),
            "S13" => Kind::Event(What::Moved),
            // S18 to S22 change one service or resource of an appointment that stands.
            "S14" | "S18" | "S19" | "S20" | "S21" | "S22" => Kind::Event(What::Changed),
            "S15" => Kind::Event(What::Cancelled),
            "S16" => Kind::Event(What::Discontinued),
            "S17" => Kind::Event(What::Deleted),
            "S26" => Kind::Event(What::NoShow),
            // Slots that are blocked or opened have no patient.
            "S23" | "S24" => Kind::Left(name, None),
            "" => {
                let reason = "The message does not say which event it reports.";
                let place = msh(9).component(2);
                return Err(Trouble::new(place, ErrorCode::RequiredFieldMissing, reason));
            }
            _ => {
                let reason = "This event of SIU is not known here.";
                let trouble = Trouble::new(msh(9).component(2), ErrorCode::UnsupportedEvent, reason);
                Kind::Left(name, Some(trouble))
            }
        })
    }

    fn report(&self, message: &Message<'_>, row: u64, event: What) -> Result<Report, Trouble> {
        let sequence_error = |name: &str, nth, reason: &str| {
            let place = Place { nth, ..Place::of(name, 0) };
            Err(Trouble::new(place, ErrorCode::SegmentSequence, reason))
        };
        let Some(sch) = message.first("SCH") else {
            return sequence_error("SCH", 1, "The message has no segment SCH.");
        };
        if message.all("SCH").nth(1).is_some() {
            return sequence_error("SCH", 2, "One message is about one appointment.");
        }
        if message.all("PID").nth(1).is_some() {
            return sequence_error(
                "PID",
                2,
                "The appointment names several patients; it cannot be taken as one.",
            );
        }
        let mut doubts = Vec::new();
        let key = self.key(message, &mut doubts)?;
        let status = [1, 2, 4, 5].map(|component| one_line(&sch.part(25, component)));
        let what = self.what(event, &status, &mut doubts);
        let details = Details::read(self, message, what);
        let zone = details.site.as_ref().map_or(self.zone, |site| &site.zone);
        let at = event_time(message, zone)?;
        if at.precision < Precision::Minute {
            doubts.push(Doubt::CoarseTime);
        }
        if details.has_two_starts {
            doubts.push(Doubt::TwoStarts);
        }
        let booking = match details.written(&key.id, row, self).booking() {
            Ok(booking) => Some(booking),
            Err(refused) if what.state().needs_details() => return Err(details.trouble(message, refused)),
            Err(_) => {
                doubts.push(Doubt::DetailsUnread);
                None
            }
        };
        doubts.sort_unstable();
        let reason = [2, 5, 1].map(|component| one_line(&sch.part(6, component)));
        let reason = reason.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let header = message.header();
        Ok(Report {
            row,
            message: one_line(header.field(10)),
            key,
            what,
            at,
            sequence: header.component(13, 1).trim().parse().ok().filter(|number| *number >= 0),
            booking,
            reason: reason.chars().take(200).collect(),
            doubts,
        })
    }

    /// SCH-2 with its authority, else what the dialect says.
    fn key(&self, message: &Message<'_>, doubts: &mut Vec<Doubt>) -> Result<Key, Trouble> {
        let dialect = &self.tables.dialect;
        let sch = message.first("SCH");
        let part = |field: usize, component: usize| {
            sch.map_or_else(String::new, |sch| one_line(&sch.part(field, component)))
        };
        let field = if part(2, 1).is_empty() && dialect.placer_id_serves { 1 } else { 2 };
        let id = part(field, 1);
        let place = || Place::of("SCH", field).component(1);
        if id.is_empty() {
            let reason = "The appointment id is missing.";
            return Err(Trouble::new(place(), ErrorCode::RequiredFieldMissing, reason));
        }
        if id.chars().count() > 64 {
            let reason = "The appointment id has more than 64 characters.";
            return Err(Trouble::new(place(), ErrorCode::DataType, reason));
        }
        let named = [part(field, 2), part(field, 3)].into_iter().find(|name| !name.is_empty());
        let authority = named.unwrap_or_else(|| {
            doubts.push(Doubt::NoAuthority);
            let from =
                |field| message.first("MSH").map_or_else(String::new, |msh| one_line(&msh.text(field)));
            match &dialect.authority {
                Authority::SendingApplication => from(3),
                Authority::SendingFacility => from(4),
                Authority::Named(name) => name.clone(),
            }
        });
        Ok(Key { authority: self.tables.authority(&authority), id })
    }

    /// An event that ends an appointment says so itself; every other one listens to the status word.
    fn what(&self, event: What, status: &[String; 4], doubts: &mut Vec<Doubt>) -> What {
        let words = status.iter().map(String::as_str).filter(|word| !word.is_empty());
        let says = words.clone().next().is_some();
        let state = self.tables.status(words);
        if says && state.is_none() {
            doubts.push(Doubt::UnknownStatus);
        }
        match (event, state) {
            (event, None | Some(State::Booked)) if event.state() == State::Booked => event,
            (event, Some(state)) if event.state() == State::Booked => What::of(state),
            (event, state) => {
                if state.is_some_and(|state| state != event.state()) {
                    doubts.push(Doubt::Contradiction);
                }
                event
            }
        }
    }
}

/// The longest message id of any version (MSH-10 of 2.7).
const MOST_OF_AN_ID: usize = 199;

enum Kind {
    Event(What),
    Left(String, Option<Trouble>),
}

/// When it occurred (EVN-6), was recorded (EVN-2) or sent (MSH-7); the first that is written.
fn event_time(message: &Message<'_>, zone: &Zone) -> Result<EventTime, Trouble> {
    let of = |name: &'static str, field: usize| {
        let segment = message.first(name)?;
        (!segment.field(field).is_empty()).then_some((segment, field))
    };
    let Some((segment, field)) = of("EVN", 6).or_else(|| of("EVN", 2)).or_else(|| of("MSH", 7)) else {
        let reason = "The message does not say when it was written.";
        return Err(Trouble::new(Place::of("MSH", 7), ErrorCode::RequiredFieldMissing, reason));
    };
    let refused = |reason: &str| Trouble::new(segment.place(field), ErrorCode::DataType, reason);
    let stamp = Stamp::hl7(&segment.part(field, 1)).ok_or_else(|| refused("This time cannot be read."))?;
    let stamp = stamp.no_better_than(&segment.part(field, 2));
    let (at, first_of_two) = match stamp.in_zone(zone) {
        Local::Once(at) => (at, false),
        Local::TakenAsFirst(at) => (at, true),
        Local::NeverHappened => {
            return Err(refused("The clocks were put forward over this time; it never was."));
        }
    };
    Ok(EventTime { at, precision: stamp.precision(), has_offset: stamp.has_offset(), first_of_two })
}

#[cfg(test)]
mod tests;
