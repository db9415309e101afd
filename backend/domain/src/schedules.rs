//! Schedules that came in before an incident: which are here, as of when, for how long, and which of them a downtime
//! is offered.
//!
//! ```text
//! staged ──all parts kept──> ready                             (every needed column is known)
//!    │                    └> needs columns ──columns chosen──> ready
//!    └─ cut off: dropped      ready, needs columns ──too old──> gone
//! ```

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    field::Text,
    id::StandingId,
    time::{Local, Timestamp, Zone},
};

/// A nightly export that is older has not come: a day, and two hours for a slow night.
pub const STALE_MINUTES: i64 = 26 * 60;

/// How a schedule came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Upload,
    Folder,
    Terminal,
}

impl Origin {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Folder => "folder",
            Self::Terminal => "terminal",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Upload, Self::Folder, Self::Terminal].into_iter().find(|each| each.code() == code)
    }
}

/// What says when a schedule was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dated {
    /// A person typed it.
    Given,
    /// It stands in the file's name.
    Name,
    /// The file was last changed then.
    File,
}

impl Dated {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Name => "name",
            Self::File => "file",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Given, Self::Name, Self::File].into_iter().find(|each| each.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Given => "as it was typed",
            Self::Name => "by the file's name",
            Self::File => "when the file was last changed",
        }
    }
}

/// Whether a schedule can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ready,
    /// A person must say first which column holds what.
    NeedsColumns,
}

impl State {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NeedsColumns => "needs_columns",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Ready, Self::NeedsColumns].into_iter().find(|each| each.code() == code)
    }

    /// The state of a file of which these needed columns are not known.
    pub const fn of(missing: usize) -> Self {
        if missing == 0 { Self::Ready } else { Self::NeedsColumns }
    }
}

/// How it is known which column holds what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnsFrom {
    /// By the names of the columns.
    Guessed,
    /// As somebody chose for an earlier file with the same header.
    Saved,
    /// Somebody chose them for this file.
    Chosen,
}

impl ColumnsFrom {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Guessed => "guessed",
            Self::Saved => "saved",
            Self::Chosen => "chosen",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Guessed, Self::Saved, Self::Chosen].into_iter().find(|each| each.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Guessed => "found by their names",
            Self::Saved => "as saved for such files",
            Self::Chosen => "chosen by a person, and saved for such files",
        }
    }
}

/// Using a schedule that is here for an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UseSchedule {
    /// The schedule's id.
    pub schedule: Text,
}

/// When a schedule was taken: by what was typed, else by its name, else by the file's own time. What lies in the
/// future says nothing.
pub fn taken_at(
    given: Option<Timestamp>,
    file_name: &str,
    changed_at: Option<Timestamp>,
    (now, zone): (Timestamp, &Zone),
) -> Option<(Timestamp, Dated)> {
    let in_name = || time_in_name(file_name, zone).filter(|at| *at <= now).map(|at| (at, Dated::Name));
    // A disk's clock may be ahead of ours; the file is here, so it was not changed later than now.
    let of_file = || changed_at.map(|at| (at.min(now), Dated::File));
    given.map(|at| (at, Dated::Given)).or_else(in_name).or_else(of_file)
}

/// The first date with a time that stands in a file's name: `schedule_20240718_2350.csv`, `2024-07-18 23.50`,
/// `20240718T235000Z`. Without a zone it is meant in `zone`; a date alone says no time.
pub fn time_in_name(name: &str, zone: &Zone) -> Option<Timestamp> {
    let signs: Vec<char> = name.chars().collect();
    let begins = |at: &usize| *at == 0 || !signs[*at - 1].is_ascii_digit();
    (0..signs.len()).filter(begins).find_map(|at| Reader { signs: &signs, at }.time(zone))
}

struct Reader<'a> {
    signs: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn time(mut self, zone: &Zone) -> Option<Timestamp> {
        let year = self.number(4).filter(|year| (2000..2100).contains(year))?;
        self.skip("-_.", 1);
        let month = self.small()?;
        self.skip("-_.", 1);
        let day = self.small()?;
        self.skip("-_. Tt", 3);
        let hour = self.small()?;
        self.skip("-_.:h", 1);
        let minute = self.small()?;
        let before_seconds = self.at;
        self.skip("-_.:", 1);
        let second = self.small().filter(|_| !self.more_digits());
        let second = second.unwrap_or_else(|| {
            self.at = before_seconds;
            0
        });
        if self.more_digits() {
            return None;
        }
        let at = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        let utc = matches!(self.signs.get(self.at), Some('Z' | 'z'));
        match if utc { Zone::utc().local(at) } else { zone.local(at) } {
            Local::Once(at) | Local::TakenAsFirst(at) => Some(at),
            Local::NeverHappened => None,
        }
    }

    fn number(&mut self, digits: usize) -> Option<i16> {
        let text: String = self.signs.get(self.at..self.at + digits)?.iter().collect();
        let number = text.bytes().all(|sign| sign.is_ascii_digit()).then(|| text.parse().ok())??;
        self.at += digits;
        Some(number)
    }

    fn small(&mut self) -> Option<i8> {
        self.number(2).and_then(|number| i8::try_from(number).ok())
    }

    fn skip(&mut self, separators: &str, most: usize) {
        let rest = self.signs.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take(most).take_while(|sign| separators.contains(**sign)).count();
    }

    fn more_digits(&self) -> bool {
        self.signs.get(self.at).is_some_and(char::is_ascii_digit)
    }
}

/// Whether a schedule shows what was booked when a downtime began, and nothing that was typed in since.
pub fn was_taken_before(as_of: Timestamp, start: Timestamp) -> bool {
    as_of <= start
}

/// Schedules that are not deleted, however old: for each downtime that began at one of `starts`, is open and has no
/// schedule yet, the one that it is offered. `newest_first` are those that can be used.
pub fn held(newest_first: &[(StandingId, Timestamp)], starts: &[Timestamp]) -> BTreeSet<StandingId> {
    let offered = |start: &Timestamp| {
        newest_first.iter().find(|(_, as_of)| was_taken_before(*as_of, *start)).map(|(id, _)| *id)
    };
    starts.iter().filter_map(offered).collect()
}

/// How old something is: `35 min`, `5 h`, `3 days`.
pub fn age(minutes: i64) -> String {
    match minutes.max(0) {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes @ 120..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1_440),
    }
}

/// Whether the next one is overdue.
pub fn is_stale(newest: Timestamp, now: Timestamp) -> bool {
    now.minutes_since(newest) > STALE_MINUTES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn new_york() -> Zone {
        Zone::named("America/New_York").expect("is in the database")
    }

    fn at(local: &str) -> Timestamp {
        new_york().parse(local).expect("is a time")
    }

    #[test]
    fn a_date_with_a_time_is_read_from_a_name_as_hospitals_write_it() {
        for name in [
            "schedule_20240718_2350.csv",
            "schedule-2024-07-18-23-50.csv",
            "Snapshot 2024-07-18 23.50.txt",
            "2024-07-18T23:50:00.csv",
            "EPIC_OPTIME_202407182350.tsv",
            "site12_20240718235000.csv",
            "x_20240719T035000Z.csv",
        ] {
            assert_eq!(time_in_name(name, &new_york()), Some(at("2024-07-18 23:50")), "{name}");
        }
        assert_eq!(time_in_name("20240718_235030.csv", &new_york()), Some(at("2024-07-18 23:50:30")));
    }

    #[test]
    fn a_name_without_both_says_nothing() {
        for name in [
            "schedule.csv",
            "schedule_20240718.csv",
            "schedule_2024-07-18_v12.csv",
            "20240718_2450.csv",
            "20241318_1200.csv",
            "1120240718123.csv",
            "0034458_1975-02-03_0800.csv",
            // The hour that the clocks leave out.
            "20240310_0230.csv",
            "",
        ] {
            assert_eq!(time_in_name(name, &new_york()), None, "{name}");
        }
    }

    #[test]
    fn what_was_typed_comes_before_the_name_and_the_name_before_the_file() {
        let (now, changed, zone) = (at("2024-07-19 04:00"), at("2024-07-19 01:00"), new_york());
        let taken = |given, name| taken_at(given, name, Some(changed), (now, &zone));
        let typed = at("2024-07-18 22:00");
        assert_eq!(taken(Some(typed), "a_20240718_2350.csv"), Some((typed, Dated::Given)));
        assert_eq!(taken(None, "a_20240718_2350.csv"), Some((at("2024-07-18 23:50"), Dated::Name)));
        assert_eq!(taken(None, "a_20240720_2350.csv"), Some((changed, Dated::File)), "it is not yet");
        assert_eq!(taken(None, "a.csv"), Some((changed, Dated::File)));
        assert_eq!(
            taken_at(None, "a.csv", Some(now.plus_minutes(5)), (now, &zone)),
            Some((now, Dated::File))
        );
        assert_eq!(taken_at(None, "a.csv", None, (now, &zone)), None);
    }

    #[test]
    fn the_one_that_an_open_downtime_is_offered_is_held_and_no_other() {
        let id = |number: u128| StandingId(Uuid::from_u128(number));
        let (monday, tuesday, wednesday) =
            (at("2024-07-15 23:50"), at("2024-07-16 23:50"), at("2024-07-17 23:50"));
        let here = [(id(3), wednesday), (id(2), tuesday), (id(1), monday)];
        assert_eq!(held(&here, &[]), BTreeSet::new());
        assert_eq!(held(&here, &[at("2024-07-17 02:00")]), BTreeSet::from([id(2)]));
        assert_eq!(held(&here, &[monday, at("2024-07-19 02:00")]), BTreeSet::from([id(1), id(3)]));
        assert_eq!(held(&here, &[at("2024-07-01 02:00")]), BTreeSet::new());
    }

    #[test]
    fn an_age_is_said_roughly_and_a_day_and_two_hours_are_too_much() {
        assert_eq!([0, 119, 120, 2_879, 2_880].map(age), ["0 min", "119 min", "2 h", "47 h", "2 days"]);
        let now = at("2024-07-19 02:00");
        assert!(!is_stale(now.plus_minutes(-STALE_MINUTES), now));
        assert!(is_stale(now.plus_minutes(-STALE_MINUTES - 1), now));
    }

    proptest! {
        #[test]
        fn no_name_is_a_surprise(name in ".{0,40}") {
            time_in_name(&name, &new_york());
        }
    }
}
