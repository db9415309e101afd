//! The head of a page and the panels under it: the title is the answer, and one action stands beside it.

use domain::view::frame::Frame;
use leptos::prelude::*;

/// The page's title, a sentence built from data; what is late under it; and at its right the actions, of which
/// at most one is primary. An exercise says so before anything else (rule 11).
pub fn head(frame: &Frame, title: &str, lede: Option<AnyView>, actions: Option<AnyView>) -> AnyView {
    let exercise = frame.incident.as_ref().is_some_and(|incident| incident.exercise);
    titled(exercise, title, lede, actions)
}

/// As [`head`], where only the kind of incident is known.
pub fn titled(exercise: bool, title: &str, lede: Option<AnyView>, actions: Option<AnyView>) -> AnyView {
    let title = if exercise { format!("Exercise: {title}") } else { title.to_owned() };
    view! {
        <header class="head">
            <div class="head-text">
                <h1>{title}</h1>
                {lede.map(|lede| view! { <p class="lede">{lede}</p> })}
            </div>
            {actions.map(|actions| view! { <div class="actions">{actions}</div> })}
        </header>
    }
    .into_any()
}

/// A white panel with a title of its own.
pub fn panel(title: &str, body: AnyView) -> AnyView {
    view! {
        <section class="panel">
            <h2>{title.to_owned()}</h2>
            {body}
        </section>
    }
    .into_any()
}

/// A part of a page with a title and no panel around it.
pub fn section(title: &str, body: AnyView) -> AnyView {
    view! {
        <section class="part">
            <h2>{title.to_owned()}</h2>
            {body}
        </section>
    }
    .into_any()
}
