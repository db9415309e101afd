//! Which rows a decision reaches.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Row;
use crate::{
    playbooks::{CancellationRule, CancellationWindow, CancelledKinds, Narrowing},
    schedule::Kind,
    scope::{Place, Places},
    table::plain,
    time::{Timestamp, Zone},
};

/// Which rows a decision reaches: those of a civil day, at a place, of these kinds, and of each narrowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// The civil day at each facility.
    pub day: String,
    /// Only rows that begin at or after this instant.
    pub from: Option<Timestamp>,
    pub place: Place,
    pub kinds: Vec<Kind>,
    /// The rule's own narrowing, and that of who decides; a row lies in all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Narrowing>,
}

impl Window {
    /// The window of a rule, for a civil day or for the day that the rule means.
    pub fn of(rule: &CancellationRule, day: Option<Date>, place: Place, now: Timestamp, zone: &Zone) -> Self {
        let today = zone.civil_date(now);
        let own = match rule.window {
            CancellationWindow::NextDay => today.tomorrow().unwrap_or(today),
            CancellationWindow::DeclaredDay | CancellationWindow::RestOfDay => today,
        };
        let day = day.unwrap_or(own);
        // Of another day than today, all of it is still to come.
        let rest = rule.window == CancellationWindow::RestOfDay && day == today;
        Self {
            day: day.to_string(),
            from: rest.then_some(now),
            place,
            kinds: match rule.cancels {
                CancelledKinds::ProceduresAndVisits => Kind::ALL.to_vec(),
                CancelledKinds::Procedures => vec![Kind::Procedure],
                CancelledKinds::Visits => vec![Kind::Visit],
            },
            only: Vec::new(),
        }
        .narrowed(rule.only.clone())
    }

    /// The same window without what another narrowing leaves out.
    #[must_use]
    pub fn narrowed(mut self, only: Narrowing) -> Self {
        if !only.is_empty() {
            self.only.push(only);
        }
        self
    }

    /// The window made ready for many rows.
    pub fn reach<'a>(&'a self, places: &'a Places) -> Reach<'a> {
        Reach { window: self, places, only: self.only.iter().map(Only::of).collect() }
    }
}

/// A window that is asked about many rows.
#[derive(Debug)]
pub struct Reach<'a> {
    window: &'a Window,
    places: &'a Places,
    only: Vec<Only>,
}

impl Reach<'_> {
    /// Whether a row lies in the window.
    pub fn has(&self, row: &Row) -> bool {
        let window = self.window;
        window.day == row.day
            && window.from.is_none_or(|from| row.start >= from)
            && window.kinds.contains(&row.kind)
            && self.places.contains(window.place, Place::Facility(row.facility))
            && self.only.iter().all(|only| only.has(row))
    }
}

/// A narrowing as it is compared.
#[derive(Debug)]
struct Only {
    from: Option<Time>,
    until: Option<Time>,
    services: BTreeSet<String>,
    departments: BTreeSet<String>,
    providers: BTreeSet<String>,
    priorities: BTreeSet<String>,
}

impl Only {
    fn of(narrowing: &Narrowing) -> Self {
        let names = |names: &[String]| names.iter().map(|name| plain(name)).collect();
        Self {
            from: Narrowing::time(&narrowing.from),
            until: Narrowing::time(&narrowing.until),
            services: names(&narrowing.services),
            departments: names(&narrowing.departments),
            providers: names(&narrowing.providers),
            priorities: narrowing.priorities.iter().map(|code| code.to_lowercase()).collect(),
        }
    }

    fn has(&self, row: &Row) -> bool {
        let named = |names: &BTreeSet<String>, name: &str| names.is_empty() || names.contains(&plain(name));
        let ranked = || {
            let (scheme, value) = row.priority.parts();
            self.priorities.contains(&format!("{scheme}:{value}").to_lowercase())
        };
        self.from.is_none_or(|from| row.begins >= from)
            && self.until.is_none_or(|until| row.begins < until)
            && named(&self.services, &row.service)
            && named(&self.departments, &row.department)
            && named(&self.providers, &row.provider)
            && (self.priorities.is_empty() || ranked())
    }
}
