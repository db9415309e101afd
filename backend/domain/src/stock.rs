//! Blank forms that lie at the units: how many there must be, how many are left, when they run out, and what is asked
//! for before they do.
//!
//! How many there must be is a rule and not a number: what the kit says a bed uses, times the patients (the staffed
//! beds, as long as nobody has said a census), for the hours of the playbook; eight at least (SAFER guide). Everything
//! is reckoned in whole sheets and whole minutes, so that no two people come to different figures.
//!
//! How many are left has two sources. A count of the blank forms at a unit, in its box or lying out on the ward, holds
//! at its moment. From then on the ledger of rule 8 says what is gone: used, voided, missing. A sheet that was only
//! handed out is still blank for all that anybody knows, and stays in the stock.

mod command;
mod reorder;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{CountStock, Entered, FormKept, How, LayPackIn, PackLaidIn, SetPar, StockKept};
pub use reorder::{MoveReorder, ReorderAct, ReorderMoved, ReorderState, SaidOfReorder};

use crate::{
    playbooks::{FormType, Setting},
    time::Timestamp,
};

/// For how many hours forms must last when a playbook says nothing (SAFER guide, contingency planning).
pub const USUAL_HOURS: i64 = 8;
/// The most sheets of one form that a unit can have.
pub const MOST: i64 = 100_000;
/// What was used over so many hours says how it goes on.
pub const PACE_HOURS: i64 = 4;
/// Over less than this a pace is chance.
const LEAST_MINUTES: i64 = 60;
/// Nobody can say what will be in two weeks.
const FARTHEST_MINUTES: i64 = 14 * 24 * 60;

/// Sheets in a number of minutes, never rounded. The minutes are never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rate {
    pub sheets: i64,
    pub minutes: i64,
}

impl Rate {
    /// What so many occupied beds use by the kit.
    pub fn of_beds(beds: i64, per_100_bed_days: i64) -> Self {
        Self { sheets: beds.max(0).saturating_mul(per_100_bed_days.max(0)), minutes: 100 * 24 * 60 }
    }

    /// What was used over the last hours; `None` when nothing was, or more came back than was used.
    pub fn measured(used: i64, minutes: i64) -> Option<Self> {
        (used > 0).then(|| Self { sheets: used, minutes: minutes.max(LEAST_MINUTES) })
    }

    /// The sheets for so many hours, rounded up.
    pub fn for_hours(self, hours: i64) -> i64 {
        let all = i128::from(self.sheets) * i128::from(hours.max(0)) * 60;
        let minutes = i128::from(self.minutes.max(1));
        i64::try_from((all + minutes - 1) / minutes).unwrap_or(i64::MAX)
    }

    /// For how many minutes so many sheets last, rounded down; `None` when nothing is used.
    pub fn minutes_for(self, left: i64) -> Option<i64> {
        if self.sheets <= 0 {
            return None;
        }
        let all = i128::from(left.max(0)) * i128::from(self.minutes);
        Some(i64::try_from(all / i128::from(self.sheets)).unwrap_or(i64::MAX))
    }

    /// `4.5`: sheets in an hour, to the nearest tenth.
    pub fn an_hour(self) -> String {
        let minutes = i128::from(self.minutes.max(1));
        let tenths = (i128::from(self.sheets) * 600 + minutes / 2) / minutes;
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// What is known of a unit that uses forms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ward {
    pub setting: Option<Setting>,
    /// Staffed beds; `None` when it has none or nobody has said.
    pub beds: Option<i64>,
    /// Patients, as the last census of a downtime says.
    pub census: Option<i64>,
}

/// Whence a par comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Somebody has given the unit its own, with a reason.
    Own,
    /// Patients by the census.
    Census,
    /// Staffed beds.
    Beds,
    /// Neither says anything of this form here: what the kit says a unit holds.
    Kit,
}

impl Basis {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Own, Self::Census, Self::Beds, Self::Kit];

    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Census => "census",
            Self::Beds => "beds",
            Self::Kit => "kit",
        }
    }

    /// How people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Own => "the unit's own",
            Self::Census => "by its patients",
            Self::Beds => "by its beds",
            Self::Kit => "by the kit",
        }
    }

    /// The basis of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.code() == code)
    }
}

/// How many sheets of a form a unit must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Par {
    pub sheets: i64,
    pub basis: Basis,
    /// How fast the unit uses them by the kit; `None` where beds say nothing of this form.
    pub need: Option<Rate>,
}

impl Par {
    /// The par of a form at a unit for so many hours. Its own holds before all others; then patients before beds.
    pub fn of(form: &FormType, ward: &Ward, own: Option<i64>, hours: i64) -> Self {
        let share = form.per_100_bed_days(ward.setting);
        let beds = match (ward.census, ward.beds) {
            (Some(patients), _) => Some((patients, Basis::Census)),
            (None, Some(beds)) => Some((beds, Basis::Beds)),
            (None, None) => None,
        };
        let by_beds = share.zip(beds).map(|(share, (beds, basis))| (Rate::of_beds(beds, share), basis));
        let need = by_beds.map(|(rate, _)| rate);
        let (sheets, basis) = match (own, by_beds) {
            (Some(own), _) => (own, Basis::Own),
            (None, Some((rate, basis))) => (rate.for_hours(hours), basis),
            (None, None) => (form.par_per_unit, Basis::Kit),
        };
        Self { sheets, basis, need }
    }
}

/// The blank sheets of one form at a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pool {
    /// What the last count found, with what was brought since.
    pub lay: i64,
    /// How many the ledger said were gone at that count.
    pub gone_then: i64,
    /// How many were written on before that count, of which the ledger had not heard: they come back later and are
    /// not taken off a second time.
    pub pending: i64,
}

impl Pool {
    /// How many are left when the ledger says that so many are gone. Less than none: more came back used than lay
    /// there, so the count was wrong or sheets came from elsewhere.
    pub const fn left(&self, gone: i64) -> i64 {
        let since = gone - self.gone_then;
        if since < 0 {
            // What was gone at the count turned up blank.
            return self.lay - since;
        }
        let heard_of = since - self.pending;
        self.lay - if heard_of > 0 { heard_of } else { 0 }
    }

    /// The stock before anybody has counted.
    pub const fn unknown(gone: i64) -> Self {
        Self { lay: 0, gone_then: gone, pending: 0 }
    }

    /// After a count of the blank sheets; `out` of them are handed out and not back.
    #[must_use]
    pub fn counted(&self, sheets: i64, gone: i64, out: i64) -> Self {
        let still_pending = (self.pending - (gone - self.gone_then).max(0)).max(0);
        // Fewer than the ledger knows of: they were used, and their sheets come back later. Of those that are out no
        // more than were counted can be blank.
        let pending = (still_pending + self.left(gone) - sheets).max(out - sheets).max(0);
        Self { lay: sheets, gone_then: gone, pending }
    }

    /// After sheets were brought, or taken away (less than 0).
    #[must_use]
    pub const fn brought(&self, sheets: i64) -> Self {
        Self { lay: self.lay + sheets, ..*self }
    }
}

/// When the sheets that are left run out at a pace: at once when none are left, `None` when nothing is used or it is
/// too far to say.
pub fn runs_out(left: i64, rate: Option<Rate>, now: Timestamp) -> Option<Timestamp> {
    if left <= 0 {
        return rate.filter(|rate| rate.sheets > 0).map(|_| now);
    }
    let minutes = rate?.minutes_for(left)?;
    (minutes <= FARTHEST_MINUTES).then(|| now.plus_minutes(minutes))
}

/// How many sheets to ask for: up to the par, or to what the pace uses in so many hours when that is more. None when
/// there is enough.
pub fn short(left: i64, par: i64, measured: Option<Rate>, hours: i64) -> i64 {
    let wanted = measured.map_or(0, |rate| rate.for_hours(hours)).max(par);
    (wanted - left.max(0)).max(0)
}
