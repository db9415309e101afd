//! The clocks of the bar count on from the server's time. A device's own clock may be wrong, so only the time
//! that has passed is taken from it.

use std::cell::Cell;

use domain::{
    time::{Timestamp, hours_minutes},
    view::frame::{Urgency, countdown},
};
use web_sys::HtmlElement;

use super::dom;

thread_local! {
    /// The server's time in microseconds less the device's running time: what to add to the latter.
    static AHEAD: Cell<i64> = const { Cell::new(0) };
    /// Seconds since midnight on the server's wall when the page was made, less its running seconds.
    static WALL: Cell<i64> = const { Cell::new(0) };
}

/// Starts the clocks of this page, if it has any.
pub fn start() {
    let Some(now) = dom::first("[data-now]").and_then(|bar| bar.get_attribute("data-now")?.parse().ok())
    else {
        return;
    };
    synchronise(Timestamp(now));
    if let Some(wall) = dom::first("[data-clock=server]").and_then(|clock| clock.text_content()) {
        WALL.set(seconds_of_day(&wall) - running() / 1_000_000);
    }
    dom::every(1000, tick);
}

/// Reads the server's time from a bar that was put in place anew.
pub fn start_again() {
    if let Some(now) = dom::first("[data-now]").and_then(|bar| bar.get_attribute("data-now")?.parse().ok()) {
        synchronise(Timestamp(now));
    }
    mark(true, "");
    tick();
}

/// Takes the server's time as just received.
pub fn synchronise(now: Timestamp) {
    let before = AHEAD.replace(now.0 - running());
    // The wall clock moves with the correction, in whole seconds.
    if before != 0 {
        WALL.set(WALL.get() + (AHEAD.get() - before) / 1_000_000);
    }
}

fn now() -> Timestamp {
    Timestamp(running() + AHEAD.get())
}

/// Microseconds that this page has been open.
#[expect(clippy::cast_possible_truncation, reason = "a page is not open for 292,000 years")]
fn running() -> i64 {
    dom::window().performance().map_or(0, |performance| (performance.now() * 1000.0) as i64)
}

/// `05:22:20` as seconds since midnight.
fn seconds_of_day(text: &str) -> i64 {
    text.split(':').fold(0, |sum, part| sum * 60 + part.trim().parse::<i64>().unwrap_or(0))
}

fn tick() {
    let now = now();
    for clock in dom::all("[data-clock]") {
        let at = clock.get_attribute("data-at").and_then(|at| at.parse().ok()).map(Timestamp);
        let words = match (clock.get_attribute("data-clock").as_deref(), at) {
            (Some("since"), Some(at)) => format!("T+{}", hours_minutes(now.minutes_since(at))),
            (Some("down"), Some(at)) => format!("down {}", hours_minutes(now.minutes_since(at))),
            (Some("due"), Some(at)) => {
                let (words, urgency) = countdown(at, now);
                colour(&clock, urgency);
                words
            }
            (Some("server"), _) => wall(),
            _ => continue,
        };
        if clock.text_content().as_deref() != Some(&words) {
            clock.set_text_content(Some(&words));
        }
    }
}

fn wall() -> String {
    let seconds = (WALL.get() + running() / 1_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `05:39`, for saying since when a page is stale.
pub fn wall_minutes() -> String {
    wall().chars().take(5).collect()
}

/// Under five minutes the clock is amber, overdue the whole cell is red.
fn colour(clock: &web_sys::Element, urgency: Urgency) {
    let Some(cell) = clock.parent_element() else { return };
    for each in [Urgency::Calm, Urgency::Soon, Urgency::Late] {
        let _ = cell.class_list().toggle_with_force(each.code(), each == urgency);
    }
}

/// Marks the page as live, or as stale since the last update.
pub fn mark(live: bool, last: &str) {
    let Some(cell) = dom::first("[data-live]") else { return };
    let _ = cell.class_list().toggle_with_force("live", live);
    if let Some(app) = dom::first(".app") {
        let _ = app.class_list().toggle_with_force("stale", !live);
    }
    let words = if live { "Live".to_owned() } else { format!("Stale, last {last}") };
    if let Some(label) = dom::first("[data-live-words]") {
        set(&label, &words);
    }
}

fn set(element: &HtmlElement, words: &str) {
    if element.text_content().as_deref() != Some(words) {
        element.set_text_content(Some(words));
    }
}
