//! What surrounds every page: the incident bar, the rail, who is signed in, and what went wrong.
//!
//! The texts are made here from the server's clock, because a page without script must already be right; the
//! instants travel beside them, so that a script can keep the clocks going.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    field::FieldErrors,
    id::IncidentId,
    time::{Timestamp, Zone, hours_minutes},
};

/// Minutes before the promised update at which its clock turns amber.
pub const SOON_MINUTES: i64 = 5;

/// Everything around the body of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frame {
    /// Whose installation this is, as `Harbor Health`; empty before it is set up.
    pub organisation: String,
    /// The path of this page with its query, to come back to after changing the theme or signing in.
    pub path: String,
    /// When the figures were read, as `05:22 EDT, Fri 19 July`.
    pub as_of: String,
    /// The head of the incident's log when the page was read, as `212-3fa94c01be`; on paper it proves later that
    /// nothing before it was changed. Empty outside an incident.
    pub log_head: String,
    pub theme: Theme,
    pub signed_in: Option<SignedIn>,
    /// The incident this page belongs to; pages outside an incident have no bar.
    pub incident: Option<IncidentBar>,
    /// Where one can go from here, in order. Empty before signing in.
    pub rail: Vec<RailItem>,
    /// Said once above the page, after a command.
    pub notice: Option<Notice>,
    /// Said above every page for as long as sending does not add up.
    pub alarm: Option<Notice>,
    /// What is wrong with the form on this page, listed above it with links to its fields.
    pub errors: FieldErrors,
    pub assets: Assets,
}

/// Where the style sheet and the browser bundle are, and what lets a script run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assets {
    /// Path of the style sheet of signed-in pages.
    pub stylesheet: String,
    /// Path of the tokens of the dark theme.
    pub dark: String,
    /// Path of what changes on paper.
    pub print: String,
    /// Path of the script file that starts the islands; empty when this build has no bundle.
    pub script: String,
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
    /// Hash of this build, by which an open page recognises a newer server.
    pub build: String,
}

/// Light or dark: by the device's preference unless a person has chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Device,
    Light,
    Dark,
}

impl Theme {
    /// The code in the cookie and in `data-theme`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a code; anything else follows the device.
    pub fn from_code(code: &str) -> Self {
        match code {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Device,
        }
    }
}

/// Who looks at the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// The account's id: what one person leaves in a browser is not the next one's.
    pub account: String,
    pub name: String,
    /// In which role and where, as `Case manager, all sites`.
    pub role: String,
}

/// One destination of the rail or of the bottom bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RailItem {
    pub section: Section,
    pub path: String,
    /// How many things there need this person now.
    pub count: i64,
    /// Whether something there is late.
    pub late: bool,
}

/// The destinations, in the order in which the rail lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    Incidents,
    Board,
    Instructions,
    Broadcasts,
    Patients,
    Paper,
    Devices,
    Clearance,
    Command,
    Log,
    Report,
    Places,
    Neighbours,
    Readiness,
    Schedules,
    Staff,
    Accounts,
    Playbooks,
}

impl Section {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Incidents => "Incidents",
            Self::Board => "Board",
            Self::Instructions => "Instructions",
            Self::Broadcasts => "Broadcasts",
            Self::Patients => "Patients",
            Self::Paper => "Paper",
            Self::Devices => "Devices",
            Self::Clearance => "Clearance",
            Self::Command => "Command",
            Self::Log => "Log",
            Self::Report => "Report",
            Self::Places => "Places",
            Self::Neighbours => "Neighbours",
            Self::Readiness => "Readiness",
            Self::Schedules => "Schedules",
            Self::Staff => "Staff",
            Self::Accounts => "Accounts",
            Self::Playbooks => "Playbooks",
        }
    }
}

/// Said above a page once, after a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    pub sentence: String,
    /// Where it leads, as words and path.
    pub link: Option<(String, String)>,
    /// Whether it says that something is wrong.
    pub problem: bool,
}

/// The bar that stands above every page of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentBar {
    pub id: IncidentId,
    pub name: String,
    /// `Harbor Health, 12 sites. Real incident`
    pub scope_line: String,
    pub exercise: bool,
    /// The phase in words: `downtime`, `recovery`, `reconciling`, `watch`, `stood down`, `closed`.
    pub phase: String,
    /// The level's label: `level 3`; empty when none is set.
    pub level: String,
    /// Who holds command; `nobody` is never empty words.
    pub commander: String,
    pub clocks: Clocks,
}

/// The times of the bar, as texts for reading and as instants for counting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clocks {
    /// When the server made these texts.
    pub now: Timestamp,
    /// `05:22:20 EDT`
    pub server: String,
    /// The declaration; `None` while only watched.
    pub declared: Option<Timestamp>,
    /// `02:05`; with its date when that is another day.
    pub since: String,
    /// `T+03:17`
    pub t_plus: String,
    /// The earliest known start.
    pub started: Timestamp,
    /// `down 04:42`
    pub down: String,
    pub next_update: Option<Promise>,
}

/// The promised next update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promise {
    pub at: Timestamp,
    /// `05:35`
    pub clock: String,
    /// `in 12:40` or `05:20 late`, in minutes and seconds.
    pub words: String,
    pub urgency: Urgency,
}

/// How a promised time stands against now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    #[default]
    Calm,
    Soon,
    Late,
}

impl Urgency {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Soon => "soon",
            Self::Late => "late",
        }
    }
}

impl Clocks {
    /// The clocks as they stand at `now`, read in `zone`.
    pub fn read(
        now: Timestamp,
        declared: Option<Timestamp>,
        started: Timestamp,
        next_update: Option<Timestamp>,
        zone: &Zone,
    ) -> Self {
        let from = declared.unwrap_or(started);
        let same_day = zone.civil_date(from) == zone.civil_date(now);
        Self {
            now,
            server: format!("{} {}", zone.clock_seconds(now), zone.abbreviation(now)),
            declared,
            since: if same_day {
                zone.clock(from)
            } else {
                format!("{}, {}", zone.clock(from), zone.date(from))
            },
            t_plus: format!("T+{}", hours_minutes(now.minutes_since(from))),
            started,
            down: format!("down {}", hours_minutes(now.minutes_since(started))),
            next_update: next_update.map(|at| Promise::read(at, now, zone)),
        }
    }
}

impl Promise {
    /// How the promised time stands at `now`.
    pub fn read(at: Timestamp, now: Timestamp, zone: &Zone) -> Self {
        let (words, urgency) = countdown(at, now);
        Self { at, clock: zone.clock(at), words, urgency }
    }
}

/// `in 12:40`, and within five minutes soon; from the promised second on `00:00 late`.
pub fn countdown(at: Timestamp, now: Timestamp) -> (String, Urgency) {
    let seconds = at.seconds() - now.seconds();
    if seconds <= 0 {
        (format!("{} late", minutes_seconds(-seconds)), Urgency::Late)
    } else if seconds < SOON_MINUTES * 60 {
        (format!("in {}", minutes_seconds(seconds)), Urgency::Soon)
    } else {
        (format!("in {}", minutes_seconds(seconds)), Urgency::Calm)
    }
}

/// `12:40`; from an hour on `1:12:40`, so that nobody takes hours for minutes.
fn minutes_seconds(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("is a time")
    }

    #[test]
    fn the_bar_counts_from_the_declaration_and_says_how_long_things_have_been_down() {
        let zone = Zone::named("America/New_York").expect("is in the database");
        let clocks = Clocks::read(
            at("2024-07-19T09:22:20Z"),
            Some(at("2024-07-19T06:05:00Z")),
            at("2024-07-19T04:40:00Z"),
            Some(at("2024-07-19T09:35:00Z")),
            &zone,
        );
        assert_eq!(clocks.server, "05:22:20 EDT");
        assert_eq!(clocks.since, "02:05");
        assert_eq!(clocks.t_plus, "T+03:17");
        assert_eq!(clocks.down, "down 04:42");
        let promise = clocks.next_update.expect("was promised");
        assert_eq!((promise.clock.as_str(), promise.words.as_str()), ("05:35", "in 12:40"));
        assert_eq!(promise.urgency, Urgency::Calm);
    }

    #[test]
    fn a_promise_turns_amber_at_five_minutes_and_late_on_the_second() {
        let due = at("2024-07-19T09:35:00Z");
        assert_eq!(countdown(due, at("2024-07-19T09:30:00Z")), ("in 05:00".into(), Urgency::Calm));
        assert_eq!(countdown(due, at("2024-07-19T09:30:01Z")), ("in 04:59".into(), Urgency::Soon));
        assert_eq!(countdown(due, due), ("00:00 late".into(), Urgency::Late));
        assert_eq!(countdown(due, at("2024-07-19T10:40:20Z")), ("1:05:20 late".into(), Urgency::Late));
    }

    #[test]
    fn a_declaration_of_another_day_carries_its_date() {
        let zone = Zone::utc();
        let clocks = Clocks::read(
            at("2024-07-20T01:00:00Z"),
            Some(at("2024-07-19T06:05:00Z")),
            at("2024-07-19T06:05:00Z"),
            None,
            &zone,
        );
        assert_eq!(clocks.since, "06:05, 19 Jul 2024");
    }
}
