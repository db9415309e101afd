//! A decision by site, service and priority.

use std::collections::BTreeMap;

use super::{Count, Settled};
use crate::id::FacilityId;

/// What a decision does, by site, service and priority; each sums to the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    pub facilities: BTreeMap<FacilityId, Count>,
    pub services: BTreeMap<String, Count>,
    /// By scheme and value; values of different schemes stand apart.
    pub priorities: BTreeMap<(String, String), Count>,
}

impl Parts {
    /// Of the rows in the window.
    pub fn of<'a>(settled: impl IntoIterator<Item = &'a Settled<'a>>) -> Self {
        let mut parts = Self::default();
        for each in settled.into_iter().filter(|each| each.inside) {
            let (scheme, value) = each.row.priority.parts();
            parts.facilities.entry(each.row.facility).or_default().add(each.decided);
            if let Some(count) = parts.services.get_mut(&each.row.service) {
                count.add(each.decided);
            } else {
                parts.services.entry(each.row.service.clone()).or_default().add(each.decided);
            }
            let priority = (scheme.to_owned(), value.to_owned());
            parts.priorities.entry(priority).or_default().add(each.decided);
        }
        parts
    }
}
