//! Incidents: declaring, and the life from watch to close.

pub mod situation;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::IncidentId,
    scope::{Place, Status},
    time::{Timestamp, Zone},
};

/// Where an incident is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Watch,
    StoodDown,
    Downtime,
    Recovery,
    Reconciling,
    Closed,
}

/// What moves an incident from one phase to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Declare,
    StandDown,
    /// Something is technically back.
    Restore,
    /// Every scope is clear; paper or patients are outstanding.
    ClearAll,
    /// A clearance was revoked.
    Revoke,
    Close,
    /// Reopened while a scope is down.
    ReopenDown,
    /// Reopened for reconciling.
    Reopen,
}

impl Phase {
    pub const ALL: [Self; 6] =
        [Self::Watch, Self::StoodDown, Self::Downtime, Self::Recovery, Self::Reconciling, Self::Closed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::StoodDown => "stood_down",
            Self::Downtime => "downtime",
            Self::Recovery => "recovery",
            Self::Reconciling => "reconciling",
            Self::Closed => "closed",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::StoodDown => "stood down",
            other => other.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.code() == code)
    }

    /// Whether orders of the incident count and work goes on.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::StoodDown | Self::Closed)
    }

    /// The phase after a step.
    ///
    /// ```text
    /// watch ──declare──> downtime ──restore──> recovery ──clear all──> reconciling ──close──> closed
    ///   └─stand down─> stood down   <────────────── revoke ──────────────┘   <──── reopen ────┘
    /// ```
    ///
    /// # Errors
    /// A refusal when the step does not lead anywhere from here.
    pub fn after(self, step: Step) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Watch, Step::Declare)
            | (Self::Downtime | Self::Recovery | Self::Reconciling, Step::Revoke)
            | (Self::Closed, Step::ReopenDown) => Ok(Self::Downtime),
            (Self::Watch, Step::StandDown) => Ok(Self::StoodDown),
            (Self::Downtime | Self::Recovery, Step::Restore) => Ok(Self::Recovery),
            (Self::Downtime | Self::Recovery | Self::Reconciling, Step::ClearAll)
            | (Self::Reconciling, Step::Restore)
            | (Self::Closed, Step::Reopen) => Ok(Self::Reconciling),
            (Self::Reconciling, Step::Close) => Ok(Self::Closed),
            (Self::Closed | Self::StoodDown, _) => Err(Refusal::new("ended", "This incident has ended.")),
            (_, Step::Close) => {
                Err(Refusal::new("not-clear", "This incident cannot be closed: not every scope is clear."))
            }
            (_, Step::Declare) => Err(Refusal::new("declared", "This incident is declared already.")),
            (_, Step::StandDown) => {
                Err(Refusal::new("declared", "A declared incident is closed, not stood down."))
            }
            (_, Step::Reopen | Step::ReopenDown) => Err(Refusal::new("open", "This incident is open.")),
            (Self::Watch, Step::Restore | Step::ClearAll | Step::Revoke) => {
                Err(Refusal::new("watch", "This incident is only being watched; declare it first."))
            }
        }
    }
}

/// Declaring a downtime, from a playbook or from nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Declare {
    pub request_id: Text,
    /// The playbook's code; empty to declare from nothing.
    pub playbook: Text,
    /// The incident's name; the playbook's when empty.
    pub name: Text,
    /// `real` or `exercise`.
    pub kind: Text,
    pub level: Text,
    pub cause: Text,
    /// The earliest known start, before now.
    pub started_at: Text,
    /// What is known and who told it.
    pub basis: Text,
    /// Where: `all`, `group:ID`, `facility:ID`.
    pub places: Vec<Text>,
    /// What each system is: `epic:down`, or for one site `epic:operational@facility-code`. Systems that are not
    /// named take the playbook's status.
    pub systems: Vec<Text>,
    /// Minutes until the next promised update; the playbook's when empty.
    pub next_update_minutes: Text,
}

/// What declaring gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    pub incident: IncidentId,
    pub seq: i64,
    /// T0.
    pub declared_at: Timestamp,
    /// From the earliest known start to the declaration.
    pub minutes_to_declare: i64,
}

/// A declaration whose fields have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub name: String,
    pub exercise: bool,
    pub level: String,
    pub cause: String,
    pub started_at: Timestamp,
    pub basis: String,
    pub places: Vec<Place>,
    /// System code, status, and the facility code when it holds for one site only.
    pub systems: Vec<(String, Status, Option<String>)>,
    pub next_update_minutes: i64,
}

/// What the playbook says where the form is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    pub name: String,
    pub level: String,
    pub levels: Vec<String>,
    pub cause: String,
    pub systems: Vec<(String, Status)>,
    pub next_update_minutes: i64,
}

impl Declare {
    /// Reads the fields, with the playbook's words where they are empty.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, defaults: &Defaults, now: Timestamp, zone: &Zone) -> Result<Declaration, FieldErrors> {
        let mut errors = FieldErrors::default();
        let or = |text: &Text, default: &str| {
            if text.is_blank() { Text::from(default) } else { text.clone() }
        };
        let name = errors.required("name", &or(&self.name, &defaults.name), 80, "Give the downtime a name.");
        let cause = errors.optional("cause", &or(&self.cause, &defaults.cause), 200);
        let level = or(&self.level, &defaults.level);
        if !defaults.levels.is_empty() && !defaults.levels.iter().any(|each| each == level.trimmed()) {
            errors.add(
                "level",
                format!("Choose one of the playbook's levels: {}.", defaults.levels.join(", ")),
            );
        }
        let level = errors.optional("level", &level, 40);
        let basis = errors.required("basis", &self.basis, 2000, "Say what you know and who told you.");
        let exercise = self.exercise(&mut errors);
        let started_at = self.start(&mut errors, now, zone);
        let places = self.places(&mut errors);
        let systems = self.systems(&mut errors, defaults);
        let next_update_minutes = self.next_update(&mut errors, defaults);
        errors.into_result()?;
        Ok(Declaration {
            name: name.unwrap_or_default(),
            exercise,
            level: level.unwrap_or_default(),
            cause: cause.unwrap_or_default(),
            started_at: started_at.unwrap_or(now),
            basis: basis.unwrap_or_default(),
            places,
            systems,
            next_update_minutes,
        })
    }

    fn exercise(&self, errors: &mut FieldErrors) -> bool {
        match self.kind.trimmed() {
            "" | "real" => false,
            "exercise" => true,
            _ => {
                errors.add("kind", "Say whether this is real or an exercise.");
                false
            }
        }
    }

    fn start(&self, errors: &mut FieldErrors, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        if self.started_at.is_blank() {
            return Some(now);
        }
        let at = errors.keep("started_at", zone.parse_past(&self.started_at.0, now))?;
        if at > now {
            errors.add("started_at", "The earliest known start is before now.");
            return None;
        }
        Some(at)
    }

    fn places(&self, errors: &mut FieldErrors) -> Vec<Place> {
        let mut places = Vec::new();
        for text in self.places.iter().filter(|text| !text.is_blank()) {
            match text.trimmed().parse() {
                Ok(place) => places.push(place),
                Err(_) => errors.add(
                    "places",
                    format!("{:?} is not a place; write all, group:ID or facility:ID.", text.0),
                ),
            }
        }
        if self.places.iter().all(Text::is_blank) {
            errors.add("places", "Choose where: all sites, or the sites that are affected.");
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    fn systems(
        &self,
        errors: &mut FieldErrors,
        defaults: &Defaults,
    ) -> Vec<(String, Status, Option<String>)> {
        let mut systems: Vec<(String, Status, Option<String>)> = Vec::new();
        for text in self.systems.iter().filter(|text| !text.is_blank()) {
            let (system, rest) = text.trimmed().split_once(':').unwrap_or((text.trimmed(), ""));
            // An empty status leaves the system out.
            if rest.is_empty() {
                systems.retain(|(code, ..)| code != system);
                continue;
            }
            let (status, facility) =
                rest.split_once('@').map_or((rest, None), |(s, f)| (s, Some(f.to_owned())));
            match Status::from_code(status) {
                Some(status) => systems.push((system.to_owned(), status, facility)),
                None => errors.add("systems", format!("{:?} is no status; write epic:down.", text.0)),
            }
        }
        let named =
            |code: &str| self.systems.iter().any(|text| text.trimmed().split(':').next() == Some(code));
        for (code, status) in &defaults.systems {
            if !named(code) {
                systems.push((code.clone(), *status, None));
            }
        }
        if systems.iter().all(|(_, status, _)| *status == Status::Operational) {
            errors.add("systems", "Say which system is down, degraded, read-only or unknown.");
        }
        systems
    }

    fn next_update(&self, errors: &mut FieldErrors, defaults: &Defaults) -> i64 {
        let fallback = if defaults.next_update_minutes > 0 { defaults.next_update_minutes } else { 60 };
        if self.next_update_minutes.is_blank() {
            return fallback;
        }
        if let Ok(minutes @ 5..=1440) = self.next_update_minutes.trimmed().parse() {
            return minutes;
        }
        errors.add("next_update_minutes", "Promise the next update in 5 to 1440 minutes.");
        fallback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 8] = [
        Step::Declare,
        Step::StandDown,
        Step::Restore,
        Step::ClearAll,
        Step::Revoke,
        Step::Close,
        Step::ReopenDown,
        Step::Reopen,
    ];

    #[test]
    fn an_incident_closes_only_from_reconciling() {
        for phase in Phase::ALL {
            assert_eq!(phase.after(Step::Close).is_ok(), phase == Phase::Reconciling, "{phase:?}");
        }
    }

    #[test]
    fn an_ended_incident_moves_only_by_being_reopened() {
        for step in STEPS {
            assert!(Phase::StoodDown.after(step).is_err(), "{step:?}");
            let reopens = matches!(step, Step::Reopen | Step::ReopenDown);
            assert_eq!(Phase::Closed.after(step).is_ok(), reopens, "{step:?}");
        }
    }

    #[test]
    fn a_declaration_needs_place_basis_and_something_that_is_wrong() {
        let errors = Declare::default()
            .read(&Defaults::default(), Timestamp::from_seconds(1_721_372_700), &Zone::utc())
            .expect_err("is empty");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["basis", "name", "places", "systems"]);
    }

    #[test]
    fn the_playbook_speaks_where_the_form_is_silent() {
        let zone = Zone::named("America/New_York").expect("is in the database");
        let now = zone.parse("2024-07-19 02:05").expect("is a time");
        let form = Declare {
            basis: "Help desk and two wards".into(),
            places: vec!["all".into()],
            started_at: "2024-07-19 00:40".into(),
            systems: vec!["email:operational".into(), "lab:down@general".into()],
            ..Declare::default()
        };
        let defaults = Defaults {
            name: "Endpoint mass crash".into(),
            level: "3".into(),
            levels: vec!["1".into(), "2".into(), "3".into()],
            systems: vec![("epic".into(), Status::Down), ("email".into(), Status::Down)],
            next_update_minutes: 60,
            ..Defaults::default()
        };
        let declaration = form.read(&defaults, now, &zone).expect("is complete");
        assert_eq!(declaration.name, "Endpoint mass crash");
        assert_eq!(now.minutes_since(declaration.started_at), 85);
        assert_eq!(
            declaration.systems,
            vec![
                ("email".to_owned(), Status::Operational, None),
                ("lab".to_owned(), Status::Down, Some("general".to_owned())),
                ("epic".to_owned(), Status::Down, None),
            ]
        );
    }

    #[test]
    fn a_start_in_the_future_is_refused_at_its_field() {
        let now = Timestamp::from_seconds(1_721_372_700);
        let form = Declare { started_at: "2031-01-01 00:00".into(), ..Declare::default() };
        let errors = form.read(&Defaults::default(), now, &Zone::utc()).expect_err("is later than now");
        assert_eq!(errors.at("started_at"), Some("The earliest known start is before now."));
    }
}
