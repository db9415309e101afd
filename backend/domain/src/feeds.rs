//! What a site's feeds have said, and what they must say next: an alert, an update of it, or its end.
//!
//! A feed is read by programs that keep what they read. So every change is a message of its own that names the one it
//! replaces, and nothing is said twice: a message's number and fingerprint change with its content alone.

use crate::time::Timestamp;

/// What a message is to the one before it; the words of the Common Alerting Protocol 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Alert,
    Update,
    Cancel,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alert, Self::Update, Self::Cancel];

    /// The code in tables.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Update => "update",
            Self::Cancel => "cancel",
        }
    }

    /// The word of the protocol.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alert => "Alert",
            Self::Update => "Update",
            Self::Cancel => "Cancel",
        }
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One message of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Counted from 1 for each site.
    pub ordinal: i64,
    pub kind: Kind,
    /// Of what holds; of the end, of nothing.
    pub fingerprint: String,
    pub at: Timestamp,
}

/// The newest message of a site, and the one that it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub said: Said,
    pub replaces: Option<Said>,
}

/// What must be said now; `None` when the newest message says it already, or when nothing was said and nothing holds.
/// `holds` is the fingerprint of what holds, or nothing when no order and no downtime is known.
pub fn next(newest: Option<&Said>, holds: Option<&str>, at: Timestamp) -> Option<Notice> {
    let open = newest.filter(|said| said.kind != Kind::Cancel);
    let kind = match (open, holds) {
        (None, None) => return None,
        (None, Some(_)) => Kind::Alert,
        (Some(said), Some(holds)) if said.fingerprint == holds => return None,
        (Some(_), Some(_)) => Kind::Update,
        (Some(_), None) => Kind::Cancel,
    };
    let ordinal = newest.map_or(0, |said| said.ordinal) + 1;
    let said = Said { ordinal, kind, fingerprint: holds.unwrap_or_default().to_owned(), at };
    Some(Notice { said, replaces: open.cloned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds that are said while this holds, one step after the other.
    fn said(steps: &[Option<&str>]) -> Vec<Option<Kind>> {
        let mut newest: Option<Said> = None;
        let mut kinds = Vec::new();
        for (at, holds) in (0..).zip(steps) {
            let notice = next(newest.as_ref(), *holds, Timestamp(at));
            kinds.push(notice.as_ref().map(|notice| notice.said.kind));
            if let Some(notice) = notice {
                let open = newest.filter(|said| said.kind != Kind::Cancel);
                assert_eq!(notice.replaces, open, "it names the one that it replaces");
                newest = Some(notice.said);
            }
        }
        kinds
    }

    #[test]
    fn a_change_updates_and_an_end_cancels_and_nothing_is_said_twice() {
        let kinds = said(&[None, Some("a"), Some("a"), Some("b"), Some("a"), None, None, Some("a")]);
        let (alert, update, cancel) = (Some(Kind::Alert), Some(Kind::Update), Some(Kind::Cancel));
        assert_eq!(kinds, [None, alert, None, update, update, cancel, None, alert]);
    }

    #[test]
    fn every_message_has_the_next_number() {
        let first = next(None, Some("a"), Timestamp(0)).expect("is said").said;
        let second = next(Some(&first), None, Timestamp(1)).expect("is said").said;
        let third = next(Some(&second), Some("a"), Timestamp(2)).expect("is said");
        assert_eq!((first.ordinal, second.ordinal, third.said.ordinal), (1, 2, 3));
        assert_eq!(third.replaces, None, "what was cancelled is over");
    }
}
