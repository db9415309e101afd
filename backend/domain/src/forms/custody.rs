//! Where the paper of a sheet is, beside its accounting. Rule 8's sums never look here.
//!
//! ```text
//! with_unit -> in_use -> collected -> received -> prepared -> scanned -> filed
//!     └──────── count ──────^
//! ```
//! Paper moves forwards only. A sheet leaves its unit by a count, so a sheet that is out is with its unit or in use;
//! inside the records room a step that was left out is written as implied, because paper that is prepared has been
//! received. Nothing is filed unscanned but what its department keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, State};
use crate::{Refusal, playbooks::Disposition};

/// Where the paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    WithUnit,
    InUse,
    Collected,
    /// In the records room.
    Received,
    /// Without staples, in order, ready for the scanner.
    Prepared,
    Scanned,
    Filed,
}

impl Custody {
    /// All of them, in the order of the way.
    pub const ALL: [Self; 7] = [
        Self::WithUnit,
        Self::InUse,
        Self::Collected,
        Self::Received,
        Self::Prepared,
        Self::Scanned,
        Self::Filed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::WithUnit => "with_unit",
            Self::InUse => "in_use",
            Self::Collected => "collected",
            Self::Received => "received",
            Self::Prepared => "prepared",
            Self::Scanned => "scanned",
            Self::Filed => "filed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|custody| custody.code() == code)
    }

    /// As people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::WithUnit => "with the unit",
            Self::InUse => "in use at the unit",
            Self::Collected => "collected",
            Self::Received => "in the records room",
            Self::Prepared => "prepared for scanning",
            Self::Scanned => "scanned",
            Self::Filed => "filed",
        }
    }

    /// The steps between here and there, which nobody scanned and which must have been.
    pub fn implied(self, to: Self, disposition: Disposition) -> Vec<Self> {
        let between = |step: &Self| {
            let skipped =
                *step == Self::InUse || (disposition == Disposition::Keep && *step > Self::Received);
            self < *step && *step < to && !skipped
        };
        Self::ALL.into_iter().filter(between).collect()
    }

    /// Where the paper is after a sheet went from one state to another: counted back it is collected, filed it is
    /// filed; other acts happen to what was written, not to the paper.
    #[must_use]
    pub fn after(self, before: State, after: State) -> Self {
        match (before, after) {
            (State::Out | State::Missing, State::Used | State::Blank | State::Voided) => {
                self.max(Self::Collected)
            }
            (_, State::Filed) => Self::Filed,
            _ => self,
        }
    }

    /// Whether a sheet that waits here is work for somebody: out, or used and not yet filed.
    pub fn ages(self, state: State) -> bool {
        match state {
            State::Out => true,
            State::Blank | State::Voided | State::Missing => false,
            State::Used | State::Entered | State::Discrepancy | State::Verified | State::Filed => {
                self != Self::Filed
            }
        }
    }
}

/// Where somebody stands with a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Station {
    /// A unit takes a sheet into use.
    Use,
    /// A unit gives sheets back: each scan is a count of one sheet.
    Collection,
    Records,
    Preparation,
    Scanning,
    Filing,
}

impl Station {
    pub const ALL: [Self; 6] =
        [Self::Collection, Self::Records, Self::Preparation, Self::Scanning, Self::Filing, Self::Use];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Collection => "collection",
            Self::Records => "records",
            Self::Preparation => "preparation",
            Self::Scanning => "scanning",
            Self::Filing => "filing",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|station| station.code() == code)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Use => "Unit: taken into use",
            Self::Collection => "Unit: given back",
            Self::Records => "Records room: received",
            Self::Preparation => "Records room: prepared",
            Self::Scanning => "Records room: scanned",
            Self::Filing => "Records room: filed",
        }
    }

    /// Where a sheet is once it was scanned here.
    pub const fn leads_to(self) -> Custody {
        match self {
            Self::Use => Custody::InUse,
            Self::Collection => Custody::Collected,
            Self::Records => Custody::Received,
            Self::Preparation => Custody::Prepared,
            Self::Scanning => Custody::Scanned,
            Self::Filing => Custody::Filed,
        }
    }

    /// Whether the unit itself stands here; the others are the records room's.
    pub const fn is_at_unit(self) -> bool {
        matches!(self, Self::Use | Self::Collection)
    }
}

/// On which pile a unit puts a sheet that it gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pile {
    Used,
    Blank,
    Voided,
}

impl Pile {
    pub const ALL: [Self; 3] = [Self::Used, Self::Blank, Self::Voided];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Blank => "blank",
            Self::Voided => "voided",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pile| pile.code() == code)
    }

    /// What a sheet on this pile is.
    pub const fn state(self) -> State {
        match self {
            Self::Used => State::Used,
            Self::Blank => State::Blank,
            Self::Voided => State::Voided,
        }
    }

    const fn act(self) -> Act {
        match self {
            Self::Used => Act::CountUsed,
            Self::Blank => Act::CountBlank,
            Self::Voided => Act::CountVoided,
        }
    }

    const fn of(state: State) -> Option<Self> {
        match state {
            State::Out | State::Missing => None,
            State::Blank => Some(Self::Blank),
            State::Voided => Some(Self::Voided),
            State::Used | State::Entered | State::Discrepancy | State::Verified | State::Filed => {
                Some(Self::Used)
            }
        }
    }
}

/// What a scan does to a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// It was scanned here before, or has come further: nothing changes.
    Already,
    /// It moves, and where the scan is a count or a filing, that is done to it as well.
    Moves { act: Option<Act>, to: Custody },
}

/// What a scan at a station does to a sheet that is in a state and a place.
///
/// # Errors
/// A refusal that says what the sheet needs first.
pub fn scan(
    (state, custody): (State, Custody),
    disposition: Disposition,
    station: Station,
    pile: Pile,
) -> Result<Scan, Refusal> {
    let to = station.leads_to();
    match station {
        Station::Use => take_into_use(state, custody),
        Station::Collection => match Pile::of(state) {
            None => Ok(Scan::Moves { act: Some(pile.act()), to: custody.max(to) }),
            Some(counted) if counted == pile => Ok(Scan::Already),
            Some(counted) => Err(Refusal::new(
                "other-pile",
                format!(
                    "It was counted as {} before. Put it on that pile, and tell the records room.",
                    counted.code()
                ),
            )),
        },
        Station::Records | Station::Preparation | Station::Scanning | Station::Filing => {
            may_go_on(state, station)?;
            if custody >= to {
                return Ok(Scan::Already);
            }
            if to == Custody::Filed && custody < Custody::Scanned && disposition != Disposition::Keep {
                return Err(Refusal::new(
                    "not-scanned",
                    "It is not scanned yet. Scan it to the chart, then file it.",
                ));
            }
            let files = to == Custody::Filed && state == State::Used && disposition != Disposition::BackEnter;
            Ok(Scan::Moves { act: files.then_some(Act::File), to })
        }
    }
}

fn take_into_use(state: State, custody: Custody) -> Result<Scan, Refusal> {
    match (state, custody) {
        (State::Out, Custody::WithUnit) => Ok(Scan::Moves { act: None, to: Custody::InUse }),
        (State::Out, _) => Ok(Scan::Already),
        (State::Missing, _) => Err(missing()),
        _ => Err(Refusal::new("given-back", "It was given back already. Take another sheet.")),
    }
}

fn missing() -> Refusal {
    Refusal::new(
        "missing",
        "It was missing. Choose the station where units give back, and scan it on its pile.",
    )
}

/// What the records room can take: a used sheet anywhere, a voided one as far as its shelf.
fn may_go_on(state: State, station: Station) -> Result<(), Refusal> {
    match state {
        State::Out => Err(Refusal::new(
            "still-out",
            "It is still out: nobody has counted it. Choose the station where units give back, and scan it on its pile.",
        )),
        State::Missing => Err(missing()),
        State::Blank => Err(Refusal::new("blank", "It came back blank. Put it back into stock.")),
        State::Voided if station != Station::Records => {
            Err(Refusal::new("voided", "It is voided. Keep it apart, unscanned."))
        }
        State::Voided
        | State::Used
        | State::Entered
        | State::Discrepancy
        | State::Verified
        | State::Filed => Ok(()),
    }
}

/// Hours at which the records room looks at what waits: a day, three days, a week, a month.
pub const AGES: [i64; 4] = [24, 72, 168, 720];

/// Microseconds of one hour, the width in which waiting sheets are counted.
pub const HOUR: i64 = 3_600_000_000;
