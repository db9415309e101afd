//! Whether a unit is ready before anything fails: its downtime box and its read-only computer, looked at item by item
//! from a list that is data.
//!
//! An item passes or fails when somebody looks, and passes only for so many days. What failed stays failed, however
//! old, until somebody looks again.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    field::{FieldErrors, Text},
    id::UnitId,
    playbooks::Setting,
    time::Timestamp,
};

/// The list that comes with the program.
pub const SHIPPED: &str = include_str!("../../../playbooks/readiness/standard.toml");
const DAY_MINUTES: i64 = 24 * 60;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    pub subjects: Vec<Subject>,
}

/// A thing that a unit has ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    pub key: String,
    pub name: String,
    /// It must be looked at again after so many days.
    pub due_days: i64,
    /// Where; empty: everywhere.
    #[serde(default)]
    pub settings: Vec<Setting>,
    pub items: Vec<Item>,
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub key: String,
    /// What must be so.
    pub text: String,
    #[serde(default)]
    pub hint: String,
    #[serde(default)]
    pub number: Option<Number>,
}

/// A number that is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    pub label: String,
    /// The most that still passes.
    pub most: i64,
}

/// The list that comes with the program.
pub fn shipped() -> &'static Checklist {
    static SHIPPED_LIST: LazyLock<Checklist> =
        LazyLock::new(|| toml::from_str(SHIPPED).expect("a test reads the shipped list"));
    &SHIPPED_LIST
}

impl Checklist {
    /// What is asked for of a unit; without a setting, what is asked for everywhere.
    pub fn of(&self, setting: Option<Setting>) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(move |subject| subject.is_asked(setting))
    }

    /// An item with what it belongs to.
    pub fn find(&self, key: &str) -> Option<(&Subject, &Item)> {
        let each = |subject| -> Option<(&Subject, &Item)> {
            let subject: &Subject = subject;
            Some((subject, subject.items.iter().find(|item| item.key == key)?))
        };
        self.subjects.iter().find_map(each)
    }

    /// How many items are asked for of a unit.
    pub fn items(&self, setting: Option<Setting>) -> i64 {
        let items: usize = self.of(setting).map(|subject| subject.items.len()).sum();
        i64::try_from(items).unwrap_or(i64::MAX)
    }
}

impl Subject {
    fn is_asked(&self, setting: Option<Setting>) -> bool {
        self.settings.is_empty() || setting.is_some_and(|setting| self.settings.contains(&setting))
    }

    /// Until when a look counts.
    pub fn due_at(&self, looked_at: Timestamp) -> Timestamp {
        looked_at.plus_minutes(self.due_days * DAY_MINUTES)
    }
}

/// What somebody found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed,
}

impl Outcome {
    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }

    /// The outcome of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Passed, Self::Failed].into_iter().find(|outcome| outcome.code() == code)
    }
}

/// How an item, or the worst item of a unit, stands now; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Failed,
    /// Nobody has ever looked.
    Never,
    /// It passed, too long ago.
    Overdue,
    Ready,
}

impl Standing {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Never, Self::Overdue, Self::Ready];

    /// How an item stands: what was found last, and until when it counts.
    pub fn of(last: Option<(Outcome, Timestamp)>, now: Timestamp) -> Self {
        match last {
            None => Self::Never,
            Some((Outcome::Failed, _)) => Self::Failed,
            Some((Outcome::Passed, due_at)) if due_at < now => Self::Overdue,
            Some((Outcome::Passed, _)) => Self::Ready,
        }
    }

    /// The code in addresses and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Never => "never",
            Self::Overdue => "overdue",
            Self::Ready => "ready",
        }
    }

    /// How people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Never => "never checked",
            Self::Overdue => "overdue",
            Self::Ready => "ready",
        }
    }

    /// The standing of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.code() == code)
    }

    /// Its place among all, 0 for the worst.
    pub fn rank(self) -> i64 {
        let place = Self::ALL.iter().position(|each| *each == self).unwrap_or_default();
        i64::try_from(place).unwrap_or_default()
    }
}

/// Says what was found at one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CheckItem {
    pub request_id: Text,
    /// Key of the item.
    pub item: Text,
    /// `passed` or `failed`.
    pub outcome: Text,
    /// Where the item asks for one.
    pub number: Text,
    /// What is wrong; needed when it failed.
    pub note: Text,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub outcome: Outcome,
    pub number: Option<i64>,
    pub note: String,
}

impl CheckItem {
    /// Reads what was found at an item. A number beyond the most fails, and says so itself.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, item: &Item) -> Result<Found, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut outcome = Outcome::from_code(self.outcome.trimmed());
        if outcome.is_none() {
            errors.add("outcome", "Say whether it passed or failed.");
        }
        let number = item.number.as_ref().and_then(|asked| {
            let read = self.number.trimmed().parse::<i64>().ok().filter(|read| (0..=100_000).contains(read));
            if read.is_none() && (outcome == Some(Outcome::Passed) || !self.number.is_blank()) {
                errors.add("number", format!("{}: write a whole number.", asked.label));
            }
            read.map(|read| (read, asked))
        });
        let mut note = self.note.clone();
        if let Some((read, asked)) = number.filter(|(read, asked)| *read > asked.most) {
            outcome = Some(Outcome::Failed);
            if note.is_blank() {
                note = Text(format!("{read}; at most {} passes.", asked.most));
            }
        }
        let note = if outcome == Some(Outcome::Failed) {
            errors.required("note", &note, 300, "Say what is wrong, so that somebody can mend it.")
        } else {
            errors.optional("note", &note, 300)
        };
        errors.into_result()?;
        Ok(Found {
            outcome: outcome.unwrap_or(Outcome::Failed),
            number: number.map(|(read, _)| read),
            note: note.unwrap_or_default(),
        })
    }
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemChecked {
    pub unit: UnitId,
    pub item: String,
    pub outcome: Outcome,
    pub due_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn looks(outcome: &str, number: &str, note: &str) -> CheckItem {
        CheckItem {
            outcome: outcome.into(),
            number: number.into(),
            note: note.into(),
            ..CheckItem::default()
        }
    }

    #[test]
    fn the_shipped_list_names_everything_once_and_every_unit_has_something_to_look_at() {
        let list = shipped();
        let mut keys = BTreeSet::new();
        for subject in &list.subjects {
            assert!(keys.insert(&subject.key) && subject.due_days > 0 && !subject.items.is_empty());
            for item in &subject.items {
                assert!(keys.insert(&item.key), "{} stands twice", item.key);
                assert!(list.find(&item.key).is_some_and(|(of, _)| of.key == subject.key));
            }
        }
        assert_eq!((list.items(None), list.items(Some(Setting::Inpatient))), (5, 9));
        assert!(Setting::ALL.iter().all(|setting| list.items(Some(*setting)) >= 5));
    }

    #[test]
    fn what_failed_says_why_and_a_number_that_is_too_high_fails() {
        let list = shipped();
        let (_, seal) = list.find("box-contents").expect("is there");
        assert!(looks("failed", "", " ").read(seal).expect_err("says nothing").at("note").is_some());
        assert!(looks("", "", "").read(seal).expect_err("says nothing").at("outcome").is_some());
        assert_eq!(looks("passed", "", "").read(seal).expect("is good").outcome, Outcome::Passed);
        let (_, report) = list.find("pc-report").expect("is there");
        assert!(looks("passed", "", "").read(report).expect_err("no number").at("number").is_some());
        assert_eq!(looks("passed", "4", "").read(report).expect("is good").outcome, Outcome::Passed);
        let old = looks("passed", "5", "").read(report).expect("is good");
        assert_eq!((old.outcome, old.note.as_str()), (Outcome::Failed, "5; at most 4 passes."));
        let off = looks("failed", "", "It is off").read(report).expect("nobody can read a number");
        assert_eq!(off.number, None);
    }

    proptest! {
        /// A failure is never forgotten by waiting, and a pass never lasts longer than its days.
        #[test]
        fn time_alone_never_makes_ready(minutes in 0_i64..100_000, days in 1_i64..60) {
            let looked = Timestamp::from_seconds(1_700_000_000);
            let subject = Subject { due_days: days, ..shipped().subjects[0].clone() };
            let (due, now) = (subject.due_at(looked), looked.plus_minutes(minutes));
            prop_assert_eq!(Standing::of(Some((Outcome::Failed, due)), now), Standing::Failed);
            let ready = Standing::of(Some((Outcome::Passed, due)), now) == Standing::Ready;
            prop_assert_eq!(ready, minutes <= days * 24 * 60);
            prop_assert_eq!(Standing::of(None, now), Standing::Never);
        }
    }
}
