//! Times as other systems write them: with more or less precision, with a zone or without one.
//!
//! What was written and what it means are two steps, because the second one needs the facility's zone (rule 5).

use jiff::{
    civil,
    tz::{Offset, TimeZone},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{Local, Timestamp, Zone};

/// How exactly a time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    /// Parts of a second; they are kept to the microsecond.
    Fraction,
}

/// A time as it was written. Parts that were not written stand at their first value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    local: civil::DateTime,
    precision: Precision,
    offset: Option<Offset>,
}

/// The earliest year that is believed; earlier ones are slips.
const FIRST_YEAR: i16 = 1850;

impl Stamp {
    /// HL7 v2: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` (chapter 2, data types TS and DTM).
    pub fn hl7(written: &str) -> Option<Self> {
        let written = written.trim();
        let (written, offset) = match written.find(['+', '-']) {
            Some(at) => (written.get(..at)?, Some(offset(written.get(at..)?)?)),
            None => (written, None),
        };
        let (digits, fraction) = match written.split_once('.') {
            Some((digits, fraction)) if digits.len() == 14 => (digits, Some(fraction)),
            Some(_) => return None,
            None => (written, None),
        };
        let precision = match (digits.len(), fraction) {
            (4, _) => Precision::Year,
            (6, _) => Precision::Month,
            (8, _) => Precision::Day,
            (10, _) => Precision::Hour,
            (12, _) => Precision::Minute,
            (14, None) => Precision::Second,
            (14, Some(_)) => Precision::Fraction,
            _ => return None,
        };
        let part = |from: usize, to: usize, first: i8| match digits.get(from..to) {
            Some(two) => number(two).and_then(|value| i8::try_from(value).ok()),
            None => Some(first),
        };
        let year = i16::try_from(number(digits.get(..4)?)?).ok()?;
        let day = civil::Date::new(year, part(4, 6, 1)?, part(6, 8, 1)?).ok()?;
        let nanosecond = fraction.map_or(Some(0), nanoseconds)?;
        let time = civil::Time::new(part(8, 10, 0)?, part(10, 12, 0)?, part(12, 14, 0)?, nanosecond).ok()?;
        Self::checked(day.to_datetime(time), precision, offset)
    }

    /// FHIR `date`, `dateTime` and `instant`: `2024`, `2024-07`, `2024-07-19`, `2024-07-19T08:10[:00[.123]][-04:00]`.
    pub fn fhir(written: &str) -> Option<Self> {
        let written = written.trim();
        let (day, clock) = match written.split_once('T') {
            Some((day, clock)) => (day, Some(clock)),
            None => (written, None),
        };
        let mut parts = day.split('-');
        let year = parts.next().filter(|year| year.len() == 4).and_then(number)?;
        let mut small = || match parts.next() {
            Some(part) if part.len() == 2 => Some((number(part).and_then(|n| i8::try_from(n).ok())?, true)),
            Some(_) => None,
            None => Some((1, false)),
        };
        let ((month, has_month), (in_month, has_day)) = (small()?, small()?);
        let date = civil::Date::new(i16::try_from(year).ok()?, month, in_month).ok()?;
        if parts.next().is_some() {
            return None;
        }
        let Some(clock) = clock else {
            let precision = match (has_month, has_day) {
                (false, _) => Precision::Year,
                (true, false) => Precision::Month,
                (true, true) => Precision::Day,
            };
            return Self::checked(date.to_datetime(civil::Time::midnight()), precision, None);
        };
        if !has_day {
            return None;
        }
        let (clock, offset) = match clock.find(['Z', '+', '-']) {
            Some(at) if clock.get(at..) == Some("Z") => (clock.get(..at)?, Some(Offset::UTC)),
            Some(at) => (clock.get(..at)?, Some(offset(clock.get(at..)?)?)),
            None => (clock, None),
        };
        let (time, precision) = fhir_clock(clock)?;
        Self::checked(date.to_datetime(time), precision, offset)
    }

    fn checked(local: civil::DateTime, precision: Precision, offset: Option<Offset>) -> Option<Self> {
        (local.year() >= FIRST_YEAR).then_some(Self { local, precision, offset })
    }

    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// The day that was written, wherever that was; `None` when it stops at the month.
    pub fn day(&self) -> Option<civil::Date> {
        (self.precision >= Precision::Day).then(|| self.local.date())
    }

    /// Whether hours and minutes were written.
    pub fn has_clock(&self) -> bool {
        self.precision >= Precision::Minute
    }

    /// Whether the time says its own offset from UTC.
    pub const fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// The same time, known less exactly: HL7's degree of precision `Y`, `L`, `D`, `H`, `M`, `S` (TS.2 up to v2.5).
    #[must_use]
    pub fn no_better_than(self, degree: &str) -> Self {
        let degree = match degree.trim() {
            "Y" => Precision::Year,
            "L" => Precision::Month,
            "D" => Precision::Day,
            "H" => Precision::Hour,
            "M" => Precision::Minute,
            "S" => Precision::Second,
            _ => Precision::Fraction,
        };
        Self { precision: self.precision.min(degree), ..self }
    }

    /// The instant: by its own offset, else in this zone (rule 5). A time that stops at the day, month or year is
    /// where that begins.
    pub fn in_zone(&self, zone: &Zone) -> Local {
        if let Some(offset) = self.offset {
            let at = TimeZone::fixed(offset).to_timestamp(self.local);
            return at.map_or(Local::NeverHappened, |at| Local::Once(Timestamp(at.as_microsecond())));
        }
        if self.precision <= Precision::Day {
            return zone.start_of(self.local.date()).map_or(Local::NeverHappened, Local::Once);
        }
        zone.local(self.local)
    }
}

fn fhir_clock(clock: &str) -> Option<(civil::Time, Precision)> {
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let parts: Vec<i8> = clock
        .split(':')
        .map(|part| {
            let two = (part.len() == 2).then_some(part)?;
            number(two).and_then(|n| i8::try_from(n).ok())
        })
        .collect::<Option<_>>()?;
    let (hour, minute, second, precision) = match (parts.as_slice(), fraction) {
        ([hour, minute], None) => (*hour, *minute, 0, Precision::Minute),
        ([hour, minute, second], None) => (*hour, *minute, *second, Precision::Second),
        ([hour, minute, second], Some(_)) => (*hour, *minute, *second, Precision::Fraction),
        _ => return None,
    };
    let nanosecond = fraction.map_or(Some(0), nanoseconds)?;
    Some((civil::Time::new(hour, minute, second, nanosecond).ok()?, precision))
}

fn number(digits: &str) -> Option<i32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// `1234` after the point, as nanoseconds; what lies beyond the microsecond is cut off.
fn nanoseconds(fraction: &str) -> Option<i32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let six: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    number(&six).map(|micro| micro * 1_000)
}

/// `+0100`, `-04:00`
fn offset(written: &str) -> Option<Offset> {
    let sign = if written.starts_with('-') { -1 } else { 1 };
    let digits: String = written.get(1..)?.chars().filter(|sign| *sign != ':').collect();
    let (hours, minutes) = (number(digits.get(..2)?)?, number(digits.get(2..)?)?);
    if digits.len() != 4 || hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new_york() -> Zone {
        Zone::named("America/New_York").unwrap()
    }

    fn at(local: Local) -> String {
        match local {
            Local::Once(at) => at.rfc3339(),
            Local::TakenAsFirst(at) => format!("first {}", at.rfc3339()),
            Local::NeverHappened => "never".into(),
        }
    }

    #[test]
    fn a_time_is_read_as_exactly_as_it_is_written_and_no_better() {
        let cases = [
            ("2024", Precision::Year, "2024-01-01T05:00:00Z"),
            ("202407", Precision::Month, "2024-07-01T04:00:00Z"),
            ("20240719", Precision::Day, "2024-07-19T04:00:00Z"),
            ("2024071908", Precision::Hour, "2024-07-19T12:00:00Z"),
            ("202407190810", Precision::Minute, "2024-07-19T12:10:00Z"),
            ("20240719081030-0700", Precision::Second, "2024-07-19T15:10:30Z"),
            ("20240719081030.1234+0000", Precision::Fraction, "2024-07-19T08:10:30Z"),
            ("202411030130", Precision::Minute, "first 2024-11-03T05:30:00Z"),
            ("202411030130-0500", Precision::Minute, "2024-11-03T06:30:00Z"),
            ("202403100230", Precision::Minute, "never"),
        ];
        for (written, precision, expected) in cases {
            let stamp = Stamp::hl7(written).unwrap_or_else(|| panic!("{written} is a time"));
            assert_eq!((stamp.precision(), at(stamp.in_zone(&new_york())).as_str()), (precision, expected));
        }
        let minute = Stamp::hl7("20240719081030").unwrap().no_better_than("M");
        assert_eq!(minute.precision(), Precision::Minute);
        for wrong in
            ["", "24", "20241301", "20240230", "202407192460", "20240719T0810", "2024071908103", "0024"]
        {
            assert_eq!(Stamp::hl7(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn fhir_times_are_read_with_offset_or_in_the_zone() {
        let cases = [
            ("2024-07-19", Precision::Day, "2024-07-19T04:00:00Z"),
            ("2024-07-19T08:10:00-04:00", Precision::Second, "2024-07-19T12:10:00Z"),
            ("2024-07-19T12:10:00.250Z", Precision::Fraction, "2024-07-19T12:10:00Z"),
            ("2024-07-19T08:10", Precision::Minute, "2024-07-19T12:10:00Z"),
        ];
        for (written, precision, expected) in cases {
            let stamp = Stamp::fhir(written).unwrap_or_else(|| panic!("{written} is a time"));
            assert_eq!((stamp.precision(), at(stamp.in_zone(&new_york())).as_str()), (precision, expected));
        }
        for wrong in
            ["", "2024-7-19", "2024-07T08:10", "2024-07-19T8:10", "2024-07-19T08:10:00+99:00", "20240719"]
        {
            assert_eq!(Stamp::fhir(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_breaks_the_reading(text in ".{0,30}", digits in "[0-9.+-]{0,26}", iso in "[0-9TZ:.+-]{0,34}") {
            for stamp in [Stamp::hl7(&text), Stamp::hl7(&digits), Stamp::fhir(&text), Stamp::fhir(&iso)].into_iter().flatten() {
                stamp.in_zone(&new_york());
            }
        }
    }
}
