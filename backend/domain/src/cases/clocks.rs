//! The dates by which a patient must have been seen, and the two ways of missing one: a date that is booked past it is
//! told at once, while something can be done; a date that has passed without an end is told from the next day on. Days
//! are civil days of the facility (rule 5), so no change of the clocks moves them.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Case, State};

/// One clock of a cancelled case. It is set at the first cancellation and never again (rule 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The latest date that is clinically acceptable, by the policy for its triage.
    SafeBy,
    /// England's promise after a late cancellation, which others use as a measure too.
    Day28,
}

impl Clock {
    pub const ALL: [Self; 2] = [Self::SafeBy, Self::Day28];

    pub const fn words(self) -> &'static str {
        match self {
            Self::SafeBy => "safe-by",
            Self::Day28 => "the 28 days",
        }
    }
}

impl Case {
    /// The last day on which a clock is kept; `None` when nobody has set one.
    pub const fn due(&self, clock: Clock) -> Option<Date> {
        match clock {
            Clock::SafeBy => self.safe_by,
            Clock::Day28 => self.day_28,
        }
    }

    /// So many days after a clock the new date is booked; `None` when it is in time or there is none.
    pub fn days_booked_past(&self, clock: Clock) -> Option<i64> {
        let new = self.new_day.filter(|_| self.state == State::Rebooked)?;
        days_past(self.due(clock)?, new)
    }

    /// So many days a clock has passed while the case has no end; `None` when it has not, or nobody waits.
    pub fn days_past(&self, clock: Clock, today: Date) -> Option<i64> {
        let waits =
            matches!(self.state, State::ToContact | State::Contacting | State::Told | State::Rebooked);
        days_past(self.due(clock)?, today).filter(|_| waits)
    }
}

fn days_past(due: Date, day: Date) -> Option<i64> {
    (day > due).then(|| i64::from((day - due).get_days()))
}
