//! Which releases a revocation makes suspect: for each place and function of the part that is taken back, the one
//! release under which people worked there.

use crate::scope::{Function, Functions, Place, Places, Scope};
use crate::time::Timestamp;

/// A release with its place in the incident's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    pub seq: i64,
    pub at: Timestamp,
}

/// A scope as it stood when the part was taken back; without a release it was not clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub scope: Scope,
    pub released: Option<Release>,
}

/// A part that is taken back, among the scopes around and inside it.
#[derive(Debug, Clone, Copy)]
pub struct Suspect<'a> {
    pub part: Scope,
    pub known: &'a [Known],
    pub places: &'a Places,
}

impl Suspect<'_> {
    /// The release under which a function was used at a place. The narrowest scope that holds it says: a ward that
    /// was taken back and released again has its own release, and one that still waits has none.
    pub fn since(&self, place: Place, function: Function) -> Option<Release> {
        let in_part = self.places.contains(self.part.place, place) && self.part.functions.contains(function);
        if !in_part {
            return None;
        }
        let holds = |known: &&Known| {
            known.scope.target == self.part.target
                && known.scope.functions.contains(function)
                && self.places.contains(known.scope.place, place)
        };
        let narrowest = self.known.iter().filter(holds).map(|known| known.scope.place.narrowness()).max()?;
        let mut last = None;
        for known in self.known.iter().filter(holds) {
            if known.scope.place.narrowness() == narrowest {
                last = last.max(Some(known.released?));
            }
        }
        last
    }

    /// The earliest release under which anything of the part was used at a place.
    pub fn earliest(&self, place: Place) -> Option<Release> {
        self.earliest_of(place, self.part.functions)
    }

    /// The earliest release under which any of these functions was used at a place.
    pub fn earliest_of(&self, place: Place, functions: Functions) -> Option<Release> {
        functions.iter().filter_map(|function| self.since(place, function)).min()
    }

    /// The release from which on anything of the part can be suspect at all.
    pub fn first(&self) -> Option<Release> {
        let of_system = self.known.iter().filter(|known| known.scope.target == self.part.target);
        of_system.filter_map(|known| known.released).min()
    }
}
