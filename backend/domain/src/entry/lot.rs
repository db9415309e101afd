//! Samples: of each lot a share is checked by a second person, and a bad lot is checked in full.
//!
//! A lot is what was typed in of one type at one site on one day of the records room. A unit's own sheets of a type and
//! a day are one or two, and a share of so few, rounded up, would be nearly all of them.
//!
//! Each sheet gets a random ticket when it is typed in, and the lowest tickets of the lot are drawn whenever the sample
//! has become too small: it is `ceil(share x typed in)` at every moment, nobody chooses, and nobody who types can tell
//! whether this sheet will be looked at. (The first sheet of a lot always is.) What somebody checks beside the sample
//! makes the sample no smaller: one could otherwise choose the easy ones.
//!
//! When errors in a hundred checked sheets pass the type's limit, the lot turns: all of it is checked, also what had
//! ended, and all that is still typed in that day. Exactly at the limit is not passed. A lot that has turned stays so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A lot in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lot {
    /// Sheets in a hundred that are checked.
    pub share: i64,
    /// Errors in a hundred checked sheets that are not passed yet.
    pub error_percent: i64,
    /// Sheets typed in; once each, however often.
    pub entered: i64,
    /// Of these, drawn for the sample, or all once it has turned.
    pub drawn: i64,
    /// Of the drawn ones, those that were looked at; and those beside the sample in which an error was found.
    pub checked: i64,
    pub errors: i64,
    pub turned: bool,
}

impl Lot {
    /// A lot before its first sheet.
    pub const fn new(share: i64, error_percent: i64) -> Self {
        Self { share, error_percent, entered: 0, drawn: 0, checked: 0, errors: 0, turned: false }
    }

    /// How many sheets of the lot must be drawn by now.
    pub const fn wanted(&self) -> i64 {
        if self.turned { self.entered } else { (self.share * self.entered + 99) / 100 }
    }

    /// How many more are to be drawn.
    pub const fn due(&self) -> i64 {
        let due = self.wanted() - self.drawn;
        if due > 0 { due } else { 0 }
    }

    /// Counts the first check of a sheet, and turns the lot when that makes too many errors.
    pub const fn check(&mut self, was_drawn: bool, is_error: bool) {
        if was_drawn || is_error {
            self.checked += 1;
        }
        if is_error {
            self.errors += 1;
        }
        if self.errors * 100 > self.error_percent * self.checked {
            self.turned = true;
        }
    }

    /// What was taken for an error was none. The lot stays as it is: what was begun is finished.
    pub const fn clear_error(&mut self) {
        self.errors -= 1;
    }
}
