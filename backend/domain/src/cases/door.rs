//! What stands today for a patient who comes to the door, and what to say.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Case, Decided, State};
use crate::time::{Timestamp, Zone};

/// What stands for a patient on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It takes place: kept, untouched, or booked again for this day.
    GoesAhead,
    /// It does not take place, and no new date is booked.
    Cancelled,
    /// It does not take place today; another date is booked.
    BookedAgain,
    /// A person must decide.
    Undecided,
    /// It is booked for another day.
    OtherDay,
    /// The case has ended, in whichever way.
    Ended,
}

impl Case {
    /// When it takes place, as far as that is known: the new date, or the first one.
    pub fn due_at(&self) -> Timestamp {
        self.new_start.unwrap_or(self.start)
    }

    /// What stands for the patient on this day of the facility.
    pub fn at_the_door(&self, today: Date) -> Stands {
        let on = |day: Date| if day == today { Stands::GoesAhead } else { Stands::OtherDay };
        match self.state {
            State::Scheduled if self.decided == Decided::Undecided => Stands::Undecided,
            State::Scheduled | State::Kept => on(self.day),
            State::ToContact | State::Contacting | State::Told => Stands::Cancelled,
            State::Rebooked if self.new_day == Some(today) => Stands::GoesAhead,
            State::Rebooked => Stands::BookedAgain,
            _ => Stands::Ended,
        }
    }
}

impl Stands {
    /// The verdict, in few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::GoesAhead => "Go ahead",
            Self::Cancelled => "Cancelled",
            Self::BookedAgain => "Cancelled, booked again",
            Self::Undecided => "Not decided yet",
            Self::OtherDay => "Not today",
            Self::Ended => "Has ended",
        }
    }

    /// Whether the patient came although it does not take place: what they are told is a contact in person.
    pub const fn came_anyway(self) -> bool {
        matches!(self, Self::Cancelled | Self::BookedAgain)
    }

    /// What to say or do, for a case of a service at a place.
    pub fn say(self, case: &Case, place: &str, zone: &Zone) -> String {
        let at = case.due_at();
        let when = format!("{}, {}", zone.date(at), zone.clock(at));
        match self {
            Self::GoesAhead => format!("Send them to {place}."),
            Self::Cancelled => "Say: \u{201c}Our computers are down, so this cannot take place. Nothing you did \
                                caused it. We will call you with a new date.\u{201d} Ask whether the number we \
                                have is right."
                .to_owned(),
            Self::BookedAgain => {
                format!("Say: \u{201c}Our computers are down, so this was moved to {when}.\u{201d} Write it down for them.")
            }
            Self::Undecided => {
                format!("Nobody has decided yet. Ask {place} by phone before you send them on or home.")
            }
            Self::OtherDay => format!("It is booked for {when}. Say the day and the time."),
            Self::Ended => {
                format!("It stands as: {}. Ask {place} when they say otherwise.", case.state.words().to_lowercase())
            }
        }
    }
}

/// What to do with somebody who is not found.
pub const UNKNOWN: &str = "Ask for the record number, or how the name is spelled. Still nobody: the booking may be newer \
                           than our list. Send them to registration, who ask the clinic by phone. Send nobody home who \
                           is not on the list.";
