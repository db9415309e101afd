//! What an SMTP reply says about: this recipient, this moment, or the gateway itself.
//!
//! A server that refuses everybody is broken, and its refusals say nothing about the addresses; a hospital that
//! believed it would lose its whole directory in a minute.

use std::collections::VecDeque;

/// Where in the conversation a reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    Banner,
    Hello,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the final dot.
    Body,
}

/// A reply: its code, the enhanced code when one was given, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub enhanced: Option<(u16, u16, u16)>,
    pub text: String,
}

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    Fine,
    /// The address does not exist or never takes mail.
    Recipient,
    /// Come again: the address, the server or the connection.
    Later,
    /// The connection will take no more; a new one may.
    Reconnect,
    /// A refusal that says nothing sure about the address.
    Unclear,
    /// The gateway refuses us, whoever the recipient is.
    Gateway,
}

impl Reply {
    /// Reads the joined text of a reply: `5.1.1 No such user`.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, enhanced: enhanced(&text), text }
    }

    /// `550 5.1.1 No such user`
    pub fn line(&self) -> String {
        format!("{} {}", self.code, self.text).trim().chars().take(200).collect()
    }

    /// What two refusals have in common when the gateway is at fault: code and enhanced code.
    pub fn kind(&self) -> String {
        match self.enhanced {
            Some((class, subject, detail)) => format!("{} {class}.{subject}.{detail}", self.code),
            None => self.code.to_string(),
        }
    }

    /// What the reply says at this stage.
    pub fn meaning(&self, stage: Stage) -> Meaning {
        match (self.code, self.enhanced) {
            (200..=399, _) => Meaning::Fine,
            (_, Some((5, 7, _))) => Meaning::Gateway,
            (421, _) => Meaning::Reconnect,
            (452, subject) if !matches!(subject, Some((_, 2, _))) => Meaning::Reconnect,
            (400..=499, _) => Meaning::Later,
            _ if stage < Stage::Rcpt => Meaning::Gateway,
            (_, Some((5, 1, _) | (5, 2, 1))) => Meaning::Recipient,
            // A server without enhanced codes says 550, 551 or 553 about an address.
            (550 | 551 | 553, None) if stage == Stage::Rcpt => Meaning::Recipient,
            _ => Meaning::Unclear,
        }
    }
}

fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let mut numbers = text.split_ascii_whitespace().next()?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    let found = (number()?, number()?, number()?);
    (numbers.next().is_none() && matches!(found.0, 2 | 4 | 5)).then_some(found)
}

/// The last recipients of a gateway and the kind of each refusal: the same 5xx for more than 5 % of the last 200
/// is a fault of the gateway.
#[derive(Debug, Clone, Default)]
pub struct Lately(VecDeque<Option<String>>);

const LAST: usize = 200;

impl Lately {
    /// Notes one recipient: `None` when it was taken, else the kind of its refusal for good. Gives the kind that
    /// has become too frequent.
    pub fn note(&mut self, refusal: Option<&str>) -> Option<String> {
        self.0.push_back(refusal.map(str::to_owned));
        if self.0.len() > LAST {
            self.0.pop_front();
        }
        let kind = refusal?;
        let same = self.0.iter().flatten().filter(|each| *each == kind).count();
        (same * 100 > LAST * 5).then(|| kind.to_owned())
    }

    /// Forgets everything: the gateway begins again.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(stage: Stage, code: u16, text: &str) -> Meaning {
        Reply::new(code, text).meaning(stage)
    }

    #[test]
    fn only_an_address_that_does_not_exist_fails_a_delivery() {
        assert_eq!(meaning(Stage::Rcpt, 550, "5.1.1 No such user"), Meaning::Recipient);
        assert_eq!(meaning(Stage::Body, 550, "5.2.1 disabled"), Meaning::Recipient);
        assert_eq!(meaning(Stage::Rcpt, 550, "No such user here"), Meaning::Recipient);
        assert_eq!(meaning(Stage::Body, 554, "5.3.4 too big"), Meaning::Unclear);
    }

    #[test]
    fn who_refuses_us_all_is_at_fault_himself() {
        for stage in [Stage::Banner, Stage::Hello, Stage::Auth, Stage::Mail] {
            assert_eq!(meaning(stage, 554, "no"), Meaning::Gateway);
        }
        assert_eq!(meaning(Stage::Rcpt, 550, "5.7.1 relaying denied"), Meaning::Gateway);
    }

    #[test]
    fn a_full_mailbox_waits_and_a_full_session_reconnects() {
        assert_eq!(meaning(Stage::Rcpt, 452, "4.2.2 Mailbox full"), Meaning::Later);
        assert_eq!(meaning(Stage::Mail, 452, "4.5.3 Too many messages in this session"), Meaning::Reconnect);
        assert_eq!(meaning(Stage::Rcpt, 421, "4.3.2 shutting down"), Meaning::Reconnect);
        assert_eq!(meaning(Stage::Rcpt, 450, "4.7.1 Greylisted"), Meaning::Later);
    }

    #[test]
    fn eleven_equal_refusals_of_the_last_two_hundred_are_the_gateways() {
        let mut lately = Lately::default();
        for _ in 0..189 {
            assert_eq!(lately.note(None), None);
        }
        for _ in 0..10 {
            assert_eq!(lately.note(Some("550 5.1.1")), None);
        }
        assert_eq!(lately.note(Some("550")), None, "another refusal does not count with them");
        assert_eq!(lately.note(Some("550 5.1.1")).as_deref(), Some("550 5.1.1"));
    }
}
