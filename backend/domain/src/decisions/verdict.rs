//! What a rule says of a row.

use super::Row;
use crate::{
    playbooks::{CancellationRule, KeepRule},
    schedule::Priority,
    triage::{Scheme, Triage},
};

/// What a rule says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    Keep(&'a KeepRule),
    Cancel,
    /// The priority cannot be read; a person decides.
    Undecided,
}

/// What the rule says: the first keep rule that fits, else cancel.
pub fn verdict<'a>(rule: &'a CancellationRule, row: &Row) -> Verdict<'a> {
    Judge::of(rule).verdict(row)
}

/// A rule made ready for many rows.
#[derive(Debug)]
pub(super) struct Judge<'a>(Vec<Keep<'a>>);

#[derive(Debug)]
struct Keep<'a> {
    rule: &'a KeepRule,
    classes: Vec<String>,
    values: Vec<Triage>,
}

impl<'a> Judge<'a> {
    pub(super) fn of(rule: &'a CancellationRule) -> Self {
        Self(rule.keep.iter().map(Keep::of).collect())
    }

    pub(super) fn verdict(&self, row: &Row) -> Verdict<'a> {
        if let Some(keep) = self.0.iter().find(|keep| keep.fits(row)) {
            return Verdict::Keep(keep.rule);
        }
        match row.priority {
            Priority::Unclear(_) => Verdict::Undecided,
            Priority::None | Priority::Known(_) => Verdict::Cancel,
        }
    }
}

impl<'a> Keep<'a> {
    fn of(rule: &'a KeepRule) -> Self {
        let scheme = Scheme::from_code(&rule.scheme);
        let values = rule.values.iter().filter_map(|value| Triage::read(scheme?, value).ok());
        Self {
            rule,
            classes: rule.classes.iter().map(|class| class.to_lowercase()).collect(),
            values: values.collect(),
        }
    }

    fn fits(&self, row: &Row) -> bool {
        let by_triage = match &row.priority {
            Priority::Known(triage) => self.values.iter().any(|value| {
                value.scheme() == triage.scheme() && value.value().eq_ignore_ascii_case(triage.value())
            }),
            Priority::None | Priority::Unclear(_) => false,
        };
        by_triage || self.classes.iter().any(|class| row.classes.contains(class))
    }
}
