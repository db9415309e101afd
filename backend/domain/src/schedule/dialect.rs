//! How one sender writes: what its own words mean. This is data, kept with the feed, and changes without a release.
//!
//! Words are compared by letters and digits alone: `No-Show`, `no show` and `NOSHOW` are one word.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Kind, Priority, Site,
    report::State,
    written::{self, Refused},
};
use crate::{table::plain, triage::Scheme};

/// The tables of one sender. The default holds the words of HL7 and FHIR themselves, and those that most systems use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Who vouches for an appointment id that names nobody.
    pub authority: Authority,
    /// Other names of an authority: `1.2.840.114350` is `EPIC`.
    pub authorities: BTreeMap<String, String>,
    /// Where the filler id (SCH-2) is empty, the placer's (SCH-1) is taken.
    pub placer_id_serves: bool,
    /// Local status words, before those that are known anyway.
    pub statuses: BTreeMap<String, State>,
    /// Appointment types, services and classes that are procedures or visits, before the words that are known anyway.
    pub kinds: BTreeMap<String, Kind>,
    /// What an appointment is when none of its words says it. Without it such messages are refused.
    pub kind: Option<Kind>,
    /// The sender's names of places, and the code or name of the site each belongs to.
    pub sites: BTreeMap<String, String>,
    /// Services and types that belong to a class of care: `HEMODIALYSIS` is `dialysis`. With an empty table nothing
    /// tells one visit from another, and a visit without a priority is for a person to decide.
    pub classes: BTreeMap<String, String>,
    /// Words of urgency, and what they are in a scheme; an empty value says nothing.
    pub priorities: BTreeMap<String, Urgency>,
    /// The scheme of all other words of urgency.
    pub scheme: Option<Scheme>,
    /// The identifier type of the MRN (PID-3.5, `identifier.type`).
    pub mrn_type: String,
    /// The authority of the MRN when there are several (PID-3.4, `identifier.system`); empty takes the first.
    pub mrn_authority: String,
    /// The processing ids (MSH-11) that are taken; training and debugging messages are not.
    pub processing: Vec<String>,
}

/// Who vouches for an appointment id that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// MSH-3; of FHIR, the server that the entry's address names.
    SendingApplication,
    /// MSH-4; of FHIR the same as above.
    SendingFacility,
    Named(String),
}

/// A value of a scheme of triage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Urgency {
    pub scheme: Option<Scheme>,
    pub value: String,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            authority: Authority::SendingApplication,
            authorities: BTreeMap::new(),
            placer_id_serves: false,
            statuses: BTreeMap::new(),
            kinds: BTreeMap::new(),
            kind: None,
            sites: BTreeMap::new(),
            classes: BTreeMap::new(),
            // Routine is what HL7 says of everything that nobody ranked; 0 is iCal's "undefined".
            priorities: ["R", "ROUTINE", "0"].map(|word| (word.to_owned(), Urgency::default())).into(),
            scheme: None,
            mrn_type: "MR".into(),
            mrn_authority: String::new(),
            processing: vec!["P".into(), String::new()],
        }
    }
}

/// HL7 table 0278, FHIR's appointment status, and what scheduling systems write for the same. `Rescheduled` is left to
/// the sender's own table: of some systems it is the new appointment, of others the old one that is gone.
const STATUSES: [(&str, State); 38] = [
    ("pending", State::Requested),
    ("waitlist", State::Requested),
    ("proposed", State::Requested),
    ("requested", State::Requested),
    ("tentative", State::Requested),
    ("booked", State::Booked),
    ("overbook", State::Booked),
    ("sch", State::Booked),
    ("sched", State::Booked),
    ("scheduled", State::Booked),
    ("confirmed", State::Booked),
    ("started", State::Arrived),
    ("arrived", State::Arrived),
    ("arr", State::Arrived),
    ("checkedin", State::Arrived),
    ("inprogress", State::Arrived),
    ("complete", State::Done),
    ("completed", State::Done),
    ("comp", State::Done),
    ("fulfilled", State::Done),
    ("checkedout", State::Done),
    ("cancelled", State::Cancelled),
    ("canceled", State::Cancelled),
    ("cancel", State::Cancelled),
    ("canc", State::Cancelled),
    ("can", State::Cancelled),
    ("cncl", State::Cancelled),
    ("dc", State::Discontinued),
    ("discontinued", State::Discontinued),
    ("deleted", State::Deleted),
    ("del", State::Deleted),
    ("enteredinerror", State::Deleted),
    ("noshow", State::NoShow),
    ("nos", State::NoShow),
    ("ns", State::NoShow),
    ("dna", State::NoShow),
    ("didnotattend", State::NoShow),
    ("didnotarrive", State::NoShow),
];

/// FHIR's and HL7's own words for what a booking is: class, service category and type.
const KINDS: [(&str, Kind); 14] = [
    ("surgical", Kind::Procedure),
    ("surgicalprocedure", Kind::Procedure),
    ("387713003", Kind::Procedure),
    ("daysurgery", Kind::Procedure),
    ("operatingroom", Kind::Procedure),
    ("amb", Kind::Visit),
    ("ambulatory", Kind::Visit),
    ("virtual", Kind::Visit),
    ("vr", Kind::Visit),
    ("officevisit", Kind::Visit),
    ("followup", Kind::Visit),
    ("checkup", Kind::Visit),
    ("walkin", Kind::Visit),
    ("newpatient", Kind::Visit),
];

/// A dialect made ready for reading many messages.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    pub dialect: Dialect,
    authorities: BTreeMap<String, String>,
    statuses: BTreeMap<String, State>,
    kinds: BTreeMap<String, Kind>,
    sites: BTreeMap<String, String>,
    classes: BTreeMap<String, String>,
    priorities: BTreeMap<String, Urgency>,
}

impl Tables {
    pub(super) fn new(dialect: &Dialect) -> Self {
        fn by_word<V: Clone>(known: &[(&str, V)], own: &BTreeMap<String, V>) -> BTreeMap<String, V> {
            let known = known.iter().map(|(word, value)| ((*word).to_owned(), value.clone()));
            known.chain(own.iter().map(|(word, value)| (plain(word), value.clone()))).collect()
        }
        Self {
            authorities: by_word(&[], &dialect.authorities),
            statuses: by_word(&STATUSES, &dialect.statuses),
            kinds: by_word(&KINDS, &dialect.kinds),
            sites: by_word(&[], &dialect.sites),
            classes: by_word(&[], &dialect.classes),
            priorities: by_word(&[], &dialect.priorities),
            dialect: dialect.clone(),
        }
    }

    /// The first of these words that stands in the table.
    pub(super) fn status<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Option<State> {
        words.into_iter().find_map(|word| self.statuses.get(&plain(word)).copied())
    }

    pub(super) fn kind<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Option<Kind> {
        let known = |word: &str| self.kinds.get(&plain(word)).copied().or_else(|| Kind::read(word));
        words.into_iter().find_map(known).or(self.dialect.kind)
    }

    pub(super) fn priority(&self, kind: Option<Kind>, word: &str) -> Priority {
        let is_told = !self.classes.is_empty();
        match self.priorities.get(&plain(word)) {
            Some(urgency) if !word.is_empty() => {
                written::priority(kind, is_told, urgency.scheme.or(self.dialect.scheme), &urgency.value)
            }
            _ => written::priority(kind, is_told, self.dialect.scheme, word),
        }
    }

    pub(super) fn classes<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut found: Vec<&str> = Vec::new();
        for word in words {
            if let Some(class) = self.classes.get(&plain(word))
                && !found.contains(&class.as_str())
            {
                found.push(class);
            }
        }
        written::classes(found.into_iter())
    }

    /// The name under which an authority is kept.
    pub(super) fn authority(&self, written: &str) -> String {
        self.authorities.get(&plain(written)).cloned().unwrap_or_else(|| written.chars().take(200).collect())
    }

    /// The first of these names that is one of the sites. The `sure` ones name a site or are wrong; the others may be
    /// departments or systems, count only without these, and say nothing when they are unknown.
    pub(super) fn site<'s>(
        &self,
        sites: &'s [Site],
        sure: &[String],
        others: &[String],
    ) -> Result<&'s Site, Refused> {
        let find = |name: &String| {
            written::find_site(sites, self.sites.get(&plain(name)).map_or(name.as_str(), String::as_str))
        };
        let is_told = |name: &&String| !name.is_empty();
        match sure.iter().filter(is_told).find_map(find) {
            Some(site) => Ok(site),
            // Another hospital's location is not made ours by who sent it.
            None if sure.iter().any(|name| is_told(&name)) => {
                Err(("facility", "This is not one of your sites.".into()))
            }
            None => others.iter().filter(is_told).find_map(find).map_or_else(|| written::site(sites, ""), Ok),
        }
    }
}
