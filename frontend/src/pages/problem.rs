//! When something could not be done: one sentence, where to go, and what was typed, which is never lost.

use domain::view::{
    frame::Frame,
    problem::{ProblemView, Resend},
};
use leptos::prelude::*;

use crate::ui::{self, button};

/// The page of a problem.
pub fn page(frame: &Frame, view: &ProblemView) -> AnyView {
    let link = view.link.clone().map(|path| view! { <p>{button::secondary_link("Go there", &path)}</p> });
    let versions = match (&view.yours, &view.theirs) {
        (Some(yours), Some(theirs)) => Some(versions(yours, theirs)),
        _ => None,
    };
    view! {
        {ui::head(frame, &view.sentence, None, None)}
        {link}
        {versions}
        {view.resend.as_ref().map(resend)}
        <p class="muted">{format!("Answer {}. Nothing was changed.", view.status)}</p>
    }
    .into_any()
}

/// The form that sends again what was typed.
pub fn resend(kept: &Resend) -> AnyView {
    let typed = kept
        .fields
        .iter()
        .filter(|(name, value)| name != "request_id" && !value.is_empty() && !name.contains("password"))
        .map(|(name, value)| view! { <dt>{name.replace('_', " ")}</dt><dd>{value.clone()}</dd> })
        .collect_view();
    let hidden = hidden(&kept.fields);
    view! {
        <section class="panel">
            <h2>"What you typed"</h2>
            <dl class="facts">{typed}</dl>
            <form class="form" method="post" action=kept.action.clone()>
                {hidden}
                {button::primary(&kept.words)}
            </form>
        </section>
    }
    .into_any()
}

/// Fields that travel with a form unseen.
pub fn hidden(fields: &[(String, String)]) -> AnyView {
    fields
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> })
        .collect_view()
        .into_any()
}

fn versions(yours: &str, theirs: &str) -> AnyView {
    view! {
        <div class="columns">
            {ui::panel("What you sent", view! { <pre>{yours.to_owned()}</pre> }.into_any())}
            {ui::panel("What is there now", view! { <pre>{theirs.to_owned()}</pre> }.into_any())}
        </div>
    }
    .into_any()
}
