//! The shift for which paper is handed out and collected: a name and the day on which it began.

use jiff::civil::Date;

use crate::{
    field::{FieldErrors, Text},
    time::{Timestamp, Zone},
};

/// A shift of a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    /// The day on which it began: a night belongs to the day before.
    pub on: String,
    /// `day`, `evening`, `night`, or what the unit calls it.
    pub name: String,
}

/// The shifts that are offered; a unit may type its own.
pub const USUAL: [&str; 3] = ["day", "evening", "night"];

impl Shift {
    /// The shift of a moment where units do not say it: day from 07:00, evening from 15:00, night from 23:00.
    pub fn at(zone: &Zone, now: Timestamp) -> Self {
        let hour: u8 = zone.clock(now).get(..2).and_then(|hour| hour.parse().ok()).unwrap_or(0);
        let today = zone.civil_date(now);
        let (on, name) = match hour {
            0..7 => (today.yesterday().unwrap_or(today), "night"),
            7..15 => (today, "day"),
            15..23 => (today, "evening"),
            _ => (today, "night"),
        };
        Self { on: on.to_string(), name: name.to_owned() }
    }

    /// Reads a shift; what is left empty is taken from `now`.
    pub fn read(errors: &mut FieldErrors, name: &Text, on: &Text, now: Self) -> Self {
        let typed = errors.optional("shift", name, 40).unwrap_or_default();
        let typed = if USUAL.contains(&typed.to_lowercase().as_str()) { typed.to_lowercase() } else { typed };
        let day = if on.is_blank() {
            None
        } else {
            let sentence = "Write the day on which the shift began, as 2024-07-19.";
            let day = on.trimmed().parse::<Date>().map_err(|_| sentence);
            errors.keep("shift_on", day).map(|day| day.to_string())
        };
        Self { on: day.unwrap_or(now.on), name: if typed.is_empty() { now.name } else { typed } }
    }

    /// `night of 2024-07-18`
    pub fn words(&self) -> String {
        format!("{} of {}", self.name, self.on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(local: &str) -> Shift {
        let zone = Zone::named("America/New_York").expect("is a zone");
        Shift::at(&zone, zone.parse(local).expect("is a time"))
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        assert_eq!(at("2024-07-19 02:05").words(), "night of 2024-07-18");
        assert_eq!(at("2024-07-19 23:00").words(), "night of 2024-07-19");
        assert_eq!(at("2024-07-19 07:00").words(), "day of 2024-07-19");
        assert_eq!(at("2024-07-19 22:59").words(), "evening of 2024-07-19");
    }

    #[test]
    fn what_is_typed_goes_before_the_clock() {
        let mut errors = FieldErrors::default();
        let read = |errors: &mut FieldErrors, name: &str, on: &str| {
            Shift::read(errors, &name.into(), &on.into(), at("2024-07-19 02:05"))
        };
        assert_eq!(read(&mut errors, "DAY", "2024-07-20").words(), "day of 2024-07-20");
        assert_eq!(read(&mut errors, "Early", "").words(), "Early of 2024-07-18");
        assert!(errors.is_empty());
        read(&mut errors, "", "yesterday");
        assert!(errors.at("shift_on").is_some());
    }
}
