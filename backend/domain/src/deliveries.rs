//! Deliveries: one broadcast to one address, from the queue to its proof.
//!
//! Sent is not delivered, delivered is not known (rule 10). A delivery of which nobody knows whether it left says
//! *in doubt*, for ever: `doubted_at` and `resent_at` are set once and never cleared.

pub mod audit;
pub mod replies;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Refusal, time::Timestamp};

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Sms,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Sms => "SMS",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// Where a delivery is.
///
/// ```text
/// queued ──mark──> sending ──accepted──> accepted ──receipt──> delivered
///   ^                 ├──later──> queued       └──bounce──> failed
///   │                 ├──refused for good──> failed ──gateway was at fault──> queued
///   │                 └──no answer──> in doubt ──mark again──> sending
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Queued,
    Sending,
    Accepted,
    Delivered,
    Failed,
    InDoubt,
    Suppressed,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Its window is written down as about to be sent.
    Mark,
    /// The gateway took it.
    Accepted,
    /// Not now: the address or the gateway asks to come again.
    Later,
    /// This address, for good.
    Refused,
    /// The connection ended where the message may have been taken.
    Lost,
    /// A receipt says that it arrived.
    Received,
    /// A receipt says that it did not.
    Bounced,
    /// A refusal turns out to be the gateway's fault, not the address's.
    Exonerated,
    /// An operator decides that it shall not be sent any more.
    Suppress,
}

impl State {
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sending,
        Self::Accepted,
        Self::Delivered,
        Self::Failed,
        Self::InDoubt,
        Self::Suppressed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Suppressed => "suppressed",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::InDoubt => "in doubt",
            other => other.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether something is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Sending)
    }

    /// The state after a step.
    ///
    /// # Errors
    /// A refusal when the step does not lead anywhere from here.
    pub fn after(self, step: Step) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Queued | Self::InDoubt, Step::Mark) => Ok(Self::Sending),
            (Self::Sending, Step::Accepted) => Ok(Self::Accepted),
            (Self::Sending, Step::Later) | (Self::Failed, Step::Exonerated) => Ok(Self::Queued),
            (Self::Sending, Step::Refused)
            | (Self::Accepted | Self::Sending | Self::InDoubt, Step::Bounced) => Ok(Self::Failed),
            (Self::Sending, Step::Lost) => Ok(Self::InDoubt),
            (Self::Accepted | Self::InDoubt | Self::Sending, Step::Received) => Ok(Self::Delivered),
            (Self::Queued | Self::InDoubt, Step::Suppress) => Ok(Self::Suppressed),
            (from, _) => {
                let sentence = format!("This delivery is {}; that cannot happen to it now.", from.words());
                Err(Refusal::new("delivery-state", sentence))
            }
        }
    }
}

/// What a person reads in the ledger: a doubt stays visible whatever followed.
pub fn words(state: State, doubted: bool, resent: bool) -> String {
    match (state, doubted, resent) {
        (_, _, true) => format!("in doubt, re-sent ({})", state.words()),
        (State::InDoubt, ..) => "in doubt".to_owned(),
        (_, true, false) => format!("in doubt ({})", state.words()),
        _ => state.words().to_owned(),
    }
}

/// What to do with a delivery of which nobody knows whether it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Send it again under the same Message-ID, marked as a possible duplicate.
    SendAgain,
    /// Ask a person.
    Ask,
}

/// Staff e-mail is sent again, at most `MOST_RESENDS` times; a text message asks unless the playbook says otherwise.
pub const fn doubt(channel: Channel, sms_again: bool, resends: i64) -> Doubt {
    match channel {
        _ if resends >= MOST_RESENDS => Doubt::Ask,
        Channel::Email => Doubt::SendAgain,
        Channel::Sms if sms_again => Doubt::SendAgain,
        Channel::Sms => Doubt::Ask,
    }
}

/// After so many doubts about one address, sending once more tells nothing new.
pub const MOST_RESENDS: i64 = 3;

/// How many rows a worker marks at once. One window is sent while another is marked, so twice as many may be in
/// `sending` at one moment: only these, 64 or twice the connections, can be in doubt after a crash.
pub const fn window(connections: usize) -> usize {
    if connections > 32 { connections } else { 32 }
}

/// How long an address that asked to come again is left alone, by the number of attempts made.
pub const fn backoff_minutes(attempts: i64) -> i64 {
    match attempts {
        0 | 1 => 1,
        2 => 2,
        3 => 5,
        4 => 10,
        _ => 20,
    }
}

/// After so many attempts (more than four hours) an address that always asks to come again has failed.
pub const MOST_ATTEMPTS: i64 = 18;

/// When to try again.
pub const fn retry_at(now: Timestamp, attempts: i64) -> Timestamp {
    now.plus_minutes(backoff_minutes(attempts))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 9] = [
        Step::Mark,
        Step::Accepted,
        Step::Later,
        Step::Refused,
        Step::Lost,
        Step::Received,
        Step::Bounced,
        Step::Exonerated,
        Step::Suppress,
    ];

    #[test]
    fn nothing_is_accepted_that_was_not_marked_before() {
        for state in State::ALL {
            assert_eq!(state.after(Step::Accepted).is_ok(), state == State::Sending, "{state:?}");
        }
    }

    #[test]
    fn what_arrived_or_was_suppressed_is_never_sent_again() {
        for state in [State::Accepted, State::Delivered, State::Suppressed] {
            assert!(state.after(Step::Mark).is_err());
            for step in STEPS {
                assert_ne!(state.after(step), Ok(State::Queued), "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn a_doubt_is_said_whatever_followed() {
        assert_eq!(words(State::Accepted, true, true), "in doubt, re-sent (accepted)");
        assert_eq!(words(State::InDoubt, true, false), "in doubt");
        assert_eq!(words(State::Accepted, false, false), "accepted");
    }

    #[test]
    fn a_text_in_doubt_asks_and_a_mail_goes_again() {
        assert_eq!(doubt(Channel::Sms, false, 0), Doubt::Ask);
        assert_eq!(doubt(Channel::Sms, true, 0), Doubt::SendAgain);
        assert_eq!(doubt(Channel::Email, false, 0), Doubt::SendAgain);
        assert_eq!(doubt(Channel::Email, false, MOST_RESENDS), Doubt::Ask);
        assert_eq!((window(4), window(100)), (32, 100));
    }
}
