//! Words that carry a state: late, soon, fine, and chips for deliveries. Each has its shape.

use domain::scope::Status;
use leptos::prelude::*;

use super::icon;

/// A system's status in its word, shape and colour.
pub fn status(status: Status, words: &str) -> AnyView {
    view! { <span class=format!("state {}", icon::status_class(status))>{icon::status(status)}{words.to_owned()}</span> }
        .into_any()
}

/// Late or wrong now.
pub fn late(words: &str) -> AnyView {
    view! { <span class="state late">{icon::flag()}{words.to_owned()}</span> }.into_any()
}

/// Due soon, or in doubt.
pub fn soon(words: &str) -> AnyView {
    view! { <span class="state soon">{icon::soon()}{words.to_owned()}</span> }.into_any()
}

/// Nothing late, said in muted text so that the line is never blank.
pub fn fine(words: &str) -> AnyView {
    view! { <span class="state fine">{icon::tick()}{words.to_owned()}</span> }.into_any()
}

/// Held by another person.
pub fn locked(words: &str) -> AnyView {
    view! { <span class="state fine">{icon::padlock()}{words.to_owned()}</span> }.into_any()
}

/// How a chip reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chip {
    /// Delivered, done, in place.
    Good,
    /// In doubt, waiting.
    Doubt,
    /// Failed.
    Bad,
    /// Neither.
    Plain,
}

/// A small word on its tint, as for a delivery.
pub fn chip(kind: Chip, words: &str) -> AnyView {
    let (class, shape) = match kind {
        Chip::Good => ("chip good", icon::status(Status::Operational)),
        Chip::Doubt => ("chip doubt", icon::status(Status::Unknown)),
        Chip::Bad => ("chip bad", icon::status(Status::Down)),
        Chip::Plain => ("chip", ().into_any()),
    };
    view! { <span class=class>{shape}{words.to_owned()}</span> }.into_any()
}

/// A count that leads to its rows.
pub fn figure_link(words: &str, path: &str) -> AnyView {
    view! { <a href=path.to_owned()>{words.to_owned()}</a> }.into_any()
}
