//! When a patient counts as not reached: not after one evening at one telephone.

use jiff::civil::Date;
use std::collections::BTreeSet;

use super::Channel;
use crate::{Refusal, playbooks::Unreachable};

/// What was tried since the case was last opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    tries: usize,
    channels: BTreeSet<Channel>,
    days: BTreeSet<Date>,
}

impl FromIterator<(Channel, Date)> for Tried {
    /// Each try with its channel and its civil day at the facility.
    fn from_iter<I: IntoIterator<Item = (Channel, Date)>>(tries: I) -> Self {
        let mut tried = Self::default();
        for (channel, day) in tries {
            tried.tries += 1;
            tried.channels.insert(channel);
            tried.days.insert(day);
        }
        tried
    }
}

impl Tried {
    /// Whether a clinician may close the case as not reached.
    ///
    /// # Errors
    /// A refusal that says what the policy still asks for.
    pub fn meets(&self, policy: Unreachable) -> Result<(), Refusal> {
        let lacks = |has: usize, wants: i64| i64::try_from(has).is_ok_and(|has| has < wants);
        let (channels, days) = (self.channels.len(), self.days.len());
        if !lacks(self.tries, policy.tries) && !lacks(channels, policy.channels) && !lacks(days, policy.days)
        {
            return Ok(());
        }
        let sentence = format!(
            "A clinician may close this as not reached after {}, {} and {}; there were {}, {} and {}.",
            many(policy.tries, "try", "tries"),
            many(policy.channels, "way of contact", "ways of contact"),
            many(policy.days, "day", "different days"),
            self.tries,
            channels,
            days,
        );
        Err(Refusal::new("too-few-tries", sentence))
    }
}

fn many(count: i64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
