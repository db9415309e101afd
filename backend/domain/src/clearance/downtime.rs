//! How long a function of a system was down at a place, window by window, read off the ladder.
//!
//! A window begins at the earliest known start of the system there, or when a clearance is taken back, and ends
//! when every scope that holds the place and the function is clear, or a scope parted from it for that very place is. It is computed from events alone, each of which
//! is kept for ever, so that any past minute can be computed again. Instants count, never what a clock on a wall
//! showed: a night in which the clocks were changed is as long as it was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::SystemId,
    scope::{Function, Functions, Place, Places},
    time::Timestamp,
};

/// What became of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It began to wait for its clearance, or it was parted off while it waited.
    Opened,
    Cleared,
    /// These functions were taken out of it; they wait in a scope of their own.
    Lost(Functions),
    /// All of it was taken back.
    Revoked,
}

/// A change with its place in the incident's sequence; what has the same number came true at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub seq: i64,
    pub at: Timestamp,
    pub change: Change,
}

/// A scope with everything that became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub place: Place,
    pub system: SystemId,
    /// As it was opened, without what was parted from it: that has a history of its own.
    pub functions: Functions,
    pub events: Vec<Event>,
}

impl History {
    /// Gives a part the past of the scope that it belonged to until it was opened on its own.
    pub fn follow_from(&mut self, whole: &Self) {
        let Some(parted) = self.events.iter().map(|event| event.seq).min() else { return };
        let past = whole.events.iter().filter(|event| event.seq < parted);
        self.events.splice(0..0, past.copied());
    }
}

/// A stretch of time in which something was down; without an end it still is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

impl Window {
    /// Its whole minutes up to a moment.
    pub fn minutes(self, as_of: Timestamp) -> i64 {
        self.until.unwrap_or(as_of).max(self.from).minutes_since(self.from)
    }
}

/// The whole minutes of all windows up to a moment; parts of minutes add up before they are dropped.
pub fn total_minutes(windows: &[Window], as_of: Timestamp) -> i64 {
    let micros: i64 =
        windows.iter().map(|window| window.until.unwrap_or(as_of).max(window.from).0 - window.from.0).sum();
    micros.div_euclid(60_000_000)
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub place: Place,
    pub system: SystemId,
    pub function: Function,
    /// The earliest known start of the system there; `None` when it has always worked.
    pub began: Option<Timestamp>,
}

/// The windows of one function of one system at one place, as they were known at a moment, in order.
pub fn windows(histories: &[History], places: &Places, cell: &Cell, as_of: Timestamp) -> Vec<Window> {
    let holding: Vec<&History> = histories
        .iter()
        .filter(|history| {
            history.system == cell.system
                && history.functions.contains(cell.function)
                && places.contains(history.place, cell.place)
        })
        .collect();
    let mut events: Vec<(usize, Event)> = holding
        .iter()
        .enumerate()
        .flat_map(|(index, history)| history.events.iter().map(move |event| (index, *event)))
        .filter(|(_, event)| event.at <= as_of)
        .collect();
    events.sort_by_key(|(_, event)| event.seq);
    let mut standing = vec![Standing::Nothing; holding.len()];
    // Whatever a scope of it was called at first, it was down from its earliest known start on.
    let began = cell.began.filter(|began| !holding.is_empty() && *began <= as_of);
    let mut windows: Vec<Window> = began.map(|from| Window { from, until: None }).into_iter().collect();
    for decision in events.chunk_by(|(_, one), (_, other)| one.seq == other.seq) {
        let mut at = Timestamp::default();
        for (index, event) in decision {
            at = event.at;
            match event.change {
                Change::Opened => standing[*index] = Standing::Waits,
                Change::Cleared => standing[*index] = Standing::Clear,
                Change::Lost(functions) if !functions.contains(cell.function) => {}
                Change::Lost(_) | Change::Revoked => standing[*index] = Standing::Nothing,
            }
        }
        follow(&mut windows, is_down(&holding, &standing, places), at);
    }
    windows
}

/// How a scope stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Nothing,
    Waits,
    Clear,
}

/// Whether a scope that holds the place waits, but for one around a clear scope that was parted from it (rule 12d).
fn is_down(holding: &[&History], standing: &[Standing], places: &Places) -> bool {
    let is_parted_from =
        |inner: Place, outer: Place| places.contains(outer, inner) && !places.contains(inner, outer);
    let clear: Vec<Place> = holding
        .iter()
        .zip(standing)
        .filter(|(_, standing)| **standing == Standing::Clear)
        .map(|(history, _)| history.place)
        .collect();
    holding.iter().zip(standing).any(|(history, standing)| {
        *standing == Standing::Waits && !clear.iter().any(|inner| is_parted_from(*inner, history.place))
    })
}

/// Opens a window, or ends the last one.
fn follow(windows: &mut Vec<Window>, down: bool, at: Timestamp) {
    match windows.last_mut() {
        Some(window) if window.until.is_none() => window.until = (!down).then_some(at),
        _ if down => windows.push(Window { from: at, until: None }),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
