//! How the copies outside are, in memory: boards, the page and monitors read it from here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{
    time::{Timestamp, Zone},
    view::{
        board::{CardView, Late},
        frame::Section,
        picture::Picture,
        publishing::{PublishingView, TargetLine},
    },
};

use super::targets;
use crate::{app::App, clock::Clock, config::Config, status::Copy};

/// A copy that is older is late.
const LATE_SECONDS: i64 = 120;
const PAGE: &str = "/publishing";

/// What the publisher knows.
#[derive(Debug)]
pub struct Desk(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    /// When publishing began, on the steady clock. Never in a process that runs no jobs.
    began: Option<i64>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    name: String,
    /// The copy that is there, by the wall's and by the steady clock.
    there: Option<(Timestamp, i64)>,
    /// Why the last round failed; empty when it did not.
    trouble: String,
}

impl Desk {
    /// The places of the settings, none of which has a copy yet.
    pub fn new(config: &Config) -> Self {
        let place = |name: String| Place { name, there: None, trouble: String::new() };
        let places = targets(config).iter().map(|target| place(target.name())).collect();
        Self(Mutex::new(Kept { began: None, places }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left whole values behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on copies are due.
    pub(super) fn begin(&self, clock: &Clock) {
        self.kept().began.get_or_insert(clock.steady());
    }

    pub(super) fn is_in_trouble(&self, index: usize) -> bool {
        self.kept().places.get(index).is_some_and(|place| !place.trouble.is_empty())
    }

    /// Keeps what became of a round; whether people should see it at once.
    pub(super) fn keep(&self, index: usize, copy: &Copy, done: Result<(), String>, clock: &Clock) -> bool {
        let mut kept = self.kept();
        let late_before = kept.places.get(index).is_some_and(|place| is_late(place, &kept, clock));
        let Some(place) = kept.places.get_mut(index) else { return false };
        let trouble = done.err().unwrap_or_default();
        if trouble.is_empty() {
            place.there = Some((copy.of, copy.steady));
        }
        let changed = place.trouble != trouble;
        match (changed, trouble.is_empty()) {
            (false, _) => {}
            (true, true) => tracing::warn!("{} takes copies again", place.name),
            (true, false) => tracing::error!("{} took no copy: {trouble}", place.name),
        }
        place.trouble = trouble;
        changed || late_before
    }

    /// How the copies are now.
    pub fn view(&self, clock: &Clock, zone: &Zone) -> PublishingView {
        let kept = self.kept();
        let line = |place: &Place| TargetLine {
            name: place.name.clone(),
            copy_of: place.there.map(|(of, _)| zone.full(of)).unwrap_or_default(),
            age: age(place, clock),
            trouble: place.trouble.clone(),
            late: is_late(place, &kept, clock),
        };
        PublishingView { as_of: zone.full(clock.now()), targets: kept.places.iter().map(line).collect() }
    }

    /// To how many places this process publishes, and how many of their copies are late.
    pub fn late(&self, clock: &Clock) -> (usize, usize) {
        let kept = self.kept();
        let late = kept.places.iter().filter(|place| is_late(place, &kept, clock)).count();
        (kept.places.len(), late)
    }
}

fn is_late(place: &Place, kept: &Kept, clock: &Clock) -> bool {
    let since = place.there.map(|(_, steady)| steady).max(kept.began);
    since.is_some_and(|since| seconds(since, clock) > LATE_SECONDS)
}

fn seconds(since: i64, clock: &Clock) -> i64 {
    (clock.steady() - since).max(0) / 1_000_000
}

fn age(place: &Place, clock: &Clock) -> String {
    match place.there.map(|(_, steady)| seconds(steady, clock)) {
        None => "never published".to_owned(),
        Some(seconds @ 0..120) => format!("{seconds} s old"),
        Some(seconds @ 120..7200) => format!("{} min old", seconds / 60),
        Some(seconds) => format!("{} h old", seconds / 3600),
    }
}

/// The card of the board, only while a copy outside needs help.
pub fn card(app: &App, zone: &Zone) -> Option<CardView> {
    let view = app.publishing.view(&app.clock, zone);
    let all = view.targets.len();
    let bad: Vec<TargetLine> = view.targets.into_iter().filter(TargetLine::needs_help).collect();
    let worst = bad.first()?;
    let why = match (worst.trouble.is_empty(), worst.late) {
        (false, _) => worst.trouble.clone(),
        (true, _) => "No newer copy could be made.".to_owned(),
    };
    let words = match bad.len() {
        1 => "1 copy outside needs help".to_owned(),
        many => format!("{many} copies outside need help"),
    };
    Some(CardView {
        section: Section::Instructions,
        title: "Copies outside".into(),
        path: PAGE.into(),
        as_of: String::new(),
        figure: worst.age.clone(),
        caption: format!("{} of {all}: {}, {why}", bad.len(), worst.name),
        picture: Picture::None,
        late: Some(Late { words, path: PAGE.into() }),
        late_short: format!("{} outside", bad.len()),
        fine: String::new(),
    })
}
