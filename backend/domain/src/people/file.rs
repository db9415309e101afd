//! What a staff file contains, and what becomes of an address in it that cannot be read.

use std::collections::{BTreeSet, HashSet};

use super::{NO_EMAIL, NO_PHONE, Staff, keep_first};
use crate::{deliveries::Channel, table::Reject};

/// What a staff file contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    pub staff: Vec<Staff>,
    /// Rows that say the same as an earlier row; one that says something else of the same number is refused.
    pub duplicates: usize,
    pub rejects: Vec<Reject>,
    /// Addresses of people who are taken that cannot be read: a misspelt number keeps nobody out of the directory.
    pub unread: Vec<Unread>,
    /// Every staff number in the file, also of rows that were refused.
    pub numbers: HashSet<String>,
    /// Whether the file has a column that says who has left.
    pub says_who_left: bool,
    /// The staff numbers of those who have left.
    pub left: BTreeSet<String>,
}

/// An address that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub row: u64,
    pub column: String,
    /// Whose it is, counted from 0 in [`Read::staff`].
    pub person: usize,
    pub channel: Channel,
    /// Where it would have stood in the person's list.
    pub at: usize,
    /// Whether known addresses stand there instead.
    pub kept: bool,
}

/// The addresses by which somebody is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub emails: Vec<String>,
    pub phones: Vec<String>,
}

impl Read {
    /// Puts what is known of a person in the place of an address that cannot be read: a slip in the file must not
    /// make somebody unreachable.
    pub fn keep_known(&mut self, known: impl Fn(&str) -> Option<Known>) {
        let mut done = BTreeSet::new();
        for unread in &mut self.unread {
            let person = &mut self.staff[unread.person];
            let Some(known) = known(&person.staff_number) else { continue };
            let (known, now) = match unread.channel {
                Channel::Email => (known.emails, &mut person.emails),
                Channel::Sms => (known.phones, &mut person.phones),
            };
            unread.kept = !known.is_empty();
            if done.insert((unread.person, unread.channel.code())) {
                let at = unread.at.min(now.len());
                now.splice(at..at, known);
                keep_first(now);
            }
        }
    }

    /// What the file says of whether somebody has left; `None` when it says it of nobody.
    pub fn has_left(&self, staff_number: &str) -> Option<bool> {
        self.says_who_left.then(|| self.left.contains(staff_number))
    }

    /// What to look at in the file, row by row: what was refused and what could not be read.
    pub fn remarks(&self) -> Vec<Reject> {
        let unread = self.unread.iter().map(Unread::remark);
        let mut all: Vec<Reject> = self.rejects.iter().cloned().chain(unread).collect();
        all.sort_by_key(|reject| reject.row);
        all
    }

    /// How many people were taken without what one of their addresses should be.
    pub fn taken_in_part(&self) -> usize {
        self.unread.iter().map(|unread| unread.row).collect::<BTreeSet<_>>().len()
    }
}

impl Unread {
    fn remark(&self) -> Reject {
        let (one, many, why) = match self.channel {
            Channel::Email => ("e-mail", "e-mails", NO_EMAIL),
            Channel::Sms => ("phone", "phones", NO_PHONE),
        };
        let reason = if self.kept {
            format!("The known {many} stay: this {why}")
        } else {
            format!("Taken without this {one}: it {why}")
        };
        Reject { row: self.row, column: self.column.clone(), reason }
    }
}
