//! Triage: how urgent somebody judged an operation to be, in the words of one scheme.
//!
//! Schemes point in opposite directions: 3b is the most urgent of one and P1a of another. So a value carries its
//! scheme, and values of different schemes cannot be compared at all: `PartialOrd` gives `None`.

use std::{cmp::Ordering, fmt};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbooks::SafeBy;

/// A published scheme, or the hospital's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Elective surgery acuity scale: 1a to 3b, higher is more urgent.
    Esas,
    /// Surgical priorities of the FSSA: P1a to P4, lower is more urgent.
    Fssa,
    /// Medically necessary, time-sensitive: 21 to 105, higher is worse to proceed.
    Ments,
    /// Imaging priorities: P1 to P4, lower is more urgent.
    Imaging,
    /// The hospital's own words, without an order that we know.
    Local,
}

/// Which way a scheme's values point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    HigherIsMoreUrgent,
    LowerIsMoreUrgent,
    HigherIsWorseToProceed,
    Unknown,
}

impl Scheme {
    pub const ALL: [Self; 5] = [Self::Esas, Self::Fssa, Self::Ments, Self::Imaging, Self::Local];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Esas => "esas",
            Self::Fssa => "fssa",
            Self::Ments => "ments",
            Self::Imaging => "imaging",
            Self::Local => "local",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        let code = code.trim().to_lowercase();
        Self::ALL.into_iter().find(|scheme| scheme.code() == code)
    }

    pub const fn direction(self) -> Direction {
        match self {
            Self::Esas => Direction::HigherIsMoreUrgent,
            Self::Fssa | Self::Imaging => Direction::LowerIsMoreUrgent,
            Self::Ments => Direction::HigherIsWorseToProceed,
            Self::Local => Direction::Unknown,
        }
    }

    /// The values of the scheme in the order in which they are published.
    const fn values(self) -> &'static [&'static str] {
        match self {
            Self::Esas => &["1a", "1b", "2a", "2b", "3a", "3b"],
            Self::Fssa => &["P1a", "P1b", "P2", "P3", "P4"],
            Self::Imaging => &["P1", "P2", "P3", "P4"],
            Self::Ments | Self::Local => &[],
        }
    }
}

/// A value of a scheme. It can only be made by [`Triage::read`], so it always is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Triage {
    scheme: Scheme,
    value: String,
    position: usize,
}

/// The longest local value that is kept.
const MOST_CHARACTERS: usize = 20;

impl Triage {
    /// A value as an export writes it: capitals and a leading letter P do not matter.
    ///
    /// # Errors
    /// [`NotAValue`] when the scheme has no such value.
    pub fn read(scheme: Scheme, text: &str) -> Result<Self, NotAValue> {
        let text = text.trim();
        let not = NotAValue(scheme);
        match scheme {
            Scheme::Ments => {
                let score: usize = text.parse().map_err(|_| not)?;
                let known = (21..=105).contains(&score);
                if known { Ok(Self { scheme, value: score.to_string(), position: score }) } else { Err(not) }
            }
            Scheme::Local if text.is_empty() || text.chars().count() > MOST_CHARACTERS => Err(not),
            Scheme::Local => Ok(Self { scheme, value: text.to_owned(), position: 0 }),
            Scheme::Esas | Scheme::Fssa | Scheme::Imaging => {
                let bare = |value: &str| value.to_lowercase().trim_start_matches('p').to_owned();
                let position =
                    scheme.values().iter().position(|value| bare(value) == bare(text)).ok_or(not)?;
                Ok(Self { scheme, value: scheme.values()[position].to_owned(), position })
            }
        }
    }

    /// From its scheme and value, as `fssa:P3`.
    pub fn from_code(code: &str) -> Option<Self> {
        let (scheme, value) = code.split_once(':')?;
        Self::read(Scheme::from_code(scheme)?, value).ok()
    }

    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a rule that names a scheme and values means this one.
    pub fn is_one_of(&self, scheme: &str, values: &[String]) -> bool {
        Scheme::from_code(scheme) == Some(self.scheme)
            && values.iter().any(|value| {
                Self::read(self.scheme, value).is_ok_and(|each| each.value.eq_ignore_ascii_case(&self.value))
            })
    }
}

/// More urgent is greater; values of different schemes, and of schemes without an order of urgency, have none.
impl PartialOrd for Triage {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self == other {
            return Some(Ordering::Equal);
        }
        if self.scheme != other.scheme {
            return None;
        }
        match self.scheme.direction() {
            Direction::HigherIsMoreUrgent => Some(self.position.cmp(&other.position)),
            Direction::LowerIsMoreUrgent => Some(other.position.cmp(&self.position)),
            Direction::HigherIsWorseToProceed | Direction::Unknown => None,
        }
    }
}

impl fmt::Display for Triage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Esas => write!(f, "ESAS {}", self.value),
            Scheme::Ments => write!(f, "MeNTS {}", self.value),
            Scheme::Imaging => write!(f, "imaging {}", self.value),
            Scheme::Fssa | Scheme::Local => f.write_str(&self.value),
        }
    }
}

/// Why a text is no value of a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The priority is not a value of the scheme {}.", .0.code())]
pub struct NotAValue(Scheme);

/// The latest clinically acceptable date, counted from the scheduled date; `None` where no interval is set for
/// this value, and a clinician has to date it.
pub fn safe_by(triage: &Triage, intervals: &[SafeBy], scheduled: Date) -> Option<Date> {
    let interval = intervals
        .iter()
        .find(|interval| triage.is_one_of(&interval.scheme, std::slice::from_ref(&interval.value)))?;
    scheduled.checked_add(jiff::Span::new().days(interval.days)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn read(scheme: Scheme, value: &str) -> Triage {
        Triage::read(scheme, value).unwrap()
    }

    #[test]
    fn each_scheme_points_its_own_way_and_none_is_compared_with_another() {
        assert!(read(Scheme::Esas, "3a") > read(Scheme::Esas, "1a"));
        assert!(read(Scheme::Fssa, "P1a") > read(Scheme::Fssa, "p4"));
        assert_eq!(read(Scheme::Fssa, "P1a").partial_cmp(&read(Scheme::Esas, "1a")), None);
        assert_eq!(read(Scheme::Fssa, "P2").partial_cmp(&read(Scheme::Imaging, "P2")), None);
        assert_ne!(read(Scheme::Fssa, "P2"), read(Scheme::Imaging, "P2"));
        assert_eq!(read(Scheme::Ments, "40").partial_cmp(&read(Scheme::Ments, "60")), None);
        for (scheme, wrong) in [(Scheme::Esas, "4a"), (Scheme::Ments, "20"), (Scheme::Local, "")] {
            assert_eq!(Triage::read(scheme, wrong), Err(NotAValue(scheme)));
        }
    }

    #[test]
    fn safe_by_dates_count_from_the_scheduled_date() {
        let interval = |value: &str, days| SafeBy { scheme: "fssa".into(), value: value.into(), days };
        let intervals = [interval("P2", 28), interval("P3", 84), interval("P4", 182)];
        let booked = date(2024, 7, 19);
        let by = |scheme, value: &str| safe_by(&read(scheme, value), &intervals, booked);
        assert_eq!(by(Scheme::Fssa, "P2"), Some(date(2024, 8, 16)));
        assert_eq!(by(Scheme::Fssa, "P3"), Some(date(2024, 10, 11)));
        assert_eq!(by(Scheme::Fssa, "P4"), Some(date(2025, 1, 17)));
        assert_eq!(by(Scheme::Imaging, "P2"), None, "an interval belongs to its scheme");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_is_stable(scheme in 0..5_usize, text in ".{0,30}") {
            let scheme = Scheme::ALL[scheme];
            if let Ok(triage) = Triage::read(scheme, &text) {
                prop_assert_eq!(Triage::read(scheme, triage.value()), Ok(triage));
            }
        }
    }
}
