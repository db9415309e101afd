//! Instants as the store keeps them, and the few ways people read them.
//!
//! An instant is microseconds since 1970 in UTC. Local times appear only at the edge: in an imported file and on
//! a page, always with the facility's IANA zone.

use std::fmt;

use jiff::{civil, tz::AmbiguousOffset, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by a number of minutes, which may be negative.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0 + minutes * 60_000_000)
    }

    /// Whole minutes from `earlier` to this instant, rounded down.
    pub const fn minutes_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).div_euclid(60_000_000)
    }

    /// RFC 3339 in UTC to the second, for machines.
    pub fn rfc3339(self) -> String {
        self.jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// As RSS wants it: `Fri, 19 Jul 2024 06:05:00 GMT`.
    pub fn rfc822(self) -> String {
        self.jiff().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// As the Common Alerting Protocol wants it, which knows no `Z`: `2024-07-19T06:05:00-00:00`.
    pub fn cap(self) -> String {
        self.jiff().strftime("%Y-%m-%dT%H:%M:%S-00:00").to_string()
    }

    /// Reads RFC 3339 with any offset.
    ///
    /// # Errors
    /// [`NotATime`] when the text is something else or has no offset.
    pub fn parse_rfc3339(text: &str) -> Result<Self, NotATime> {
        text.trim().parse::<jiff::Timestamp>().map(|at| Self(at.as_microsecond())).map_err(|_| NotATime)
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }
}

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Write the time as 2024-07-19 02:05, or with a zone as 2024-07-19T02:05:00-04:00.")]
pub struct NotATime;

/// A facility's zone, by its IANA name.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a local time of an import meant (rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// The time occurred once.
    Once(Timestamp),
    /// The doubled hour of a clock change: the first is taken, and the row is flagged.
    TakenAsFirst(Timestamp),
    /// The missing hour of a clock change: there was no such time.
    NeverHappened,
}

impl Zone {
    /// The zone of an IANA name such as `America/New_York`.
    ///
    /// # Errors
    /// [`UnknownZone`] names what was given.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// Coordinated universal time.
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// `05:22`
    pub fn clock(&self, at: Timestamp) -> String {
        self.format(at, "%H:%M")
    }

    /// `05:22:20`
    pub fn clock_seconds(&self, at: Timestamp) -> String {
        self.format(at, "%H:%M:%S")
    }

    /// `EDT`
    pub fn abbreviation(&self, at: Timestamp) -> String {
        self.format(at, "%Z")
    }

    /// `05:22 EDT`
    pub fn clock_with_zone(&self, at: Timestamp) -> String {
        self.format(at, "%H:%M %Z")
    }

    /// `05:22 EDT, Fri 19 July`
    pub fn full(&self, at: Timestamp) -> String {
        self.format(at, "%H:%M %Z, %a %-d %B")
    }

    /// `19 Jul 2024`
    pub fn date(&self, at: Timestamp) -> String {
        self.format(at, "%-d %b %Y")
    }

    /// `18 Jul 23:50`
    pub fn moment(&self, at: Timestamp) -> String {
        self.format(at, "%-d %b %H:%M")
    }

    /// `2024-07-19 05:22`, as typed into a field.
    pub fn typed(&self, at: Timestamp) -> String {
        self.format(at, "%Y-%m-%d %H:%M")
    }

    /// The civil date at an instant.
    pub fn civil_date(&self, at: Timestamp) -> civil::Date {
        at.jiff().to_zoned(self.0.clone()).date()
    }

    /// The time of day at an instant.
    pub fn time_of_day(&self, at: Timestamp) -> civil::Time {
        at.jiff().to_zoned(self.0.clone()).time()
    }

    /// The instant at which a civil day begins here; `None` at the far ends of time.
    pub fn start_of(&self, day: civil::Date) -> Option<Timestamp> {
        let begins = day.to_zoned(self.0.clone()).ok()?;
        Some(Timestamp(begins.timestamp().as_microsecond()))
    }

    /// What a local date and time meant in this zone.
    pub fn local(&self, local: civil::DateTime) -> Local {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => Local::NeverHappened,
            AmbiguousOffset::Fold { .. } => match ambiguous.earlier() {
                Ok(at) => Local::TakenAsFirst(Timestamp(at.as_microsecond())),
                Err(_) => Local::NeverHappened,
            },
            AmbiguousOffset::Unambiguous { .. } => match ambiguous.unambiguous() {
                Ok(at) => Local::Once(Timestamp(at.as_microsecond())),
                Err(_) => Local::NeverHappened,
            },
        }
    }

    /// Reads what a person typed: RFC 3339, or `2024-07-19 02:05` (also with `T`, with seconds) in this zone.
    ///
    /// # Errors
    /// [`NotATime`] when it is neither, or falls into the hour that a clock change left out.
    pub fn parse(&self, text: &str) -> Result<Timestamp, NotATime> {
        let text = text.trim();
        if let Ok(at) = Timestamp::parse_rfc3339(text) {
            return Ok(at);
        }
        let local: civil::DateTime = text.replacen(' ', "T", 1).parse().map_err(|_| NotATime)?;
        match self.local(local) {
            Local::Once(at) | Local::TakenAsFirst(at) => Ok(at),
            Local::NeverHappened => Err(NotATime),
        }
    }

    /// The same for what has happened: a time alone, as `01:40`, is the last one before `now`.
    ///
    /// # Errors
    /// As [`Zone::parse`].
    pub fn parse_past(&self, text: &str, now: Timestamp) -> Result<Timestamp, NotATime> {
        let text = text.trim();
        let (hour, minute) = match text.split_once(':') {
            Some((hour, minute)) if matches!(hour.len(), 1 | 2) && minute.len() == 2 => (hour, minute),
            _ => return self.parse(text),
        };
        // A sign is no part of a time.
        let number =
            |text: &str| text.parse::<i8>().ok().filter(|_| text.bytes().all(|sign| sign.is_ascii_digit()));
        let (hour, minute) = number(hour).zip(number(minute)).ok_or(NotATime)?;
        let time = civil::Time::new(hour, minute, 0, 0).map_err(|_| NotATime)?;
        let today = self.civil_date(now);
        let on = |day: civil::Date| match self.local(day.to_datetime(time)) {
            Local::Once(at) | Local::TakenAsFirst(at) => Ok(at),
            Local::NeverHappened => Err(NotATime),
        };
        match on(today) {
            Ok(at) if at <= now => Ok(at),
            _ => on(today.yesterday().map_err(|_| NotATime)?),
        }
    }

    fn format(&self, at: Timestamp, format: &str) -> String {
        at.jiff().to_zoned(self.0.clone()).strftime(format).to_string()
    }
}

/// A zone name that the time zone database does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone; write an IANA name such as America/New_York.")]
pub struct UnknownZone(String);

/// `03:17` for hours and minutes of a span, as on the T+ clock; spans before zero read `00:00`.
pub fn hours_minutes(span_minutes: i64) -> String {
    let minutes = span_minutes.max(0);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> Zone {
        Zone::named("America/New_York").expect("is in the database")
    }

    #[test]
    fn a_time_alone_is_the_last_one_before_now() {
        let zone = Zone::named("America/New_York").expect("is a zone");
        let now = zone.parse("2024-07-19 02:05").expect("is a time");
        let read = |text: &str| zone.parse_past(text, now).map(|at| zone.typed(at));
        assert_eq!(read("01:40"), Ok("2024-07-19 01:40".into()));
        assert_eq!(read(" 2:05 "), Ok("2024-07-19 02:05".into()));
        assert_eq!(read("23:50"), Ok("2024-07-18 23:50".into()), "the evening before");
        assert_eq!(read("2024-07-17 23:50"), Ok("2024-07-17 23:50".into()));
        for wrong in ["24:00", "1:4", "7", "-1:30", "+1:30", "", "12:345"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        let spring = zone.parse("2024-03-10 04:00").expect("is a time");
        assert_eq!(zone.parse_past("02:30", spring).map(|at| zone.typed(at)), Ok("2024-03-09 02:30".into()));
    }

    #[test]
    fn a_typed_time_is_read_in_the_facility_zone() {
        let at = new_york().parse("2024-07-19 02:05").expect("is a time");
        assert_eq!(at.rfc3339(), "2024-07-19T06:05:00Z");
        assert_eq!(new_york().full(at), "02:05 EDT, Fri 19 July");
    }

    #[test]
    fn the_doubled_hour_is_taken_as_the_first_and_the_missing_hour_refused() {
        let doubled = civil::date(2024, 11, 3).at(1, 30, 0, 0);
        assert_eq!(
            new_york().local(doubled),
            Local::TakenAsFirst(Timestamp::parse_rfc3339("2024-11-03T01:30:00-04:00").expect("valid"))
        );
        let missing = civil::date(2024, 3, 10).at(2, 30, 0, 0);
        assert_eq!(new_york().local(missing), Local::NeverHappened);
        assert_eq!(new_york().parse("2024-03-10 02:30"), Err(NotATime));
    }

    #[test]
    fn spans_read_as_hours_and_minutes() {
        assert_eq!(hours_minutes(197), "03:17");
        assert_eq!(hours_minutes(-1), "00:00");
    }
}
