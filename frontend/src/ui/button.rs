//! Actions. One primary a page, worded as the act and with its number or scope; there is no red button, because
//! the sentence above it carries the danger.

use leptos::prelude::*;

/// The page's one filled action, as a link.
pub fn primary_link(words: &str, path: &str) -> AnyView {
    view! { <a class="button primary" href=path.to_owned()>{words.to_owned()}</a> }.into_any()
}

/// The page's one filled action, sending its form.
pub fn primary(words: &str) -> AnyView {
    view! { <button class="button primary" type="submit">{words.to_owned()}</button> }.into_any()
}

/// An outlined action, as a link.
pub fn secondary_link(words: &str, path: &str) -> AnyView {
    view! { <a class="button" href=path.to_owned()>{words.to_owned()}</a> }.into_any()
}

/// An outlined action, sending its form.
pub fn secondary(words: &str) -> AnyView {
    view! { <button class="button" type="submit">{words.to_owned()}</button> }.into_any()
}

/// An outlined action that tells its form which of several acts is meant.
pub fn secondary_named(words: &str, name: &str, value: &str) -> AnyView {
    view! {
        <button class="button" type="submit" name=name.to_owned() value=value.to_owned()>
            {words.to_owned()}
        </button>
    }
    .into_any()
}

/// A small action in a row of a table; what it acts on is said to those who cannot see the row.
pub fn small_link(words: &str, on: &str, path: &str) -> AnyView {
    view! {
        <a class="button small" href=path.to_owned()>
            {words.to_owned()}
            <span class="unseen">" "{on.to_owned()}</span>
        </a>
    }
    .into_any()
}

/// As [`small_link`], sending its form.
pub fn small(words: &str, on: &str) -> AnyView {
    view! {
        <button class="button small" type="submit">
            {words.to_owned()}
            <span class="unseen">" "{on.to_owned()}</span>
        </button>
    }
    .into_any()
}

/// A form that posts natively. Its request id makes a second click the same command.
pub fn form(action: &str, request_id: &str, body: AnyView) -> AnyView {
    view! {
        <form method="post" action=action.to_owned() class="form" novalidate>
            <input type="hidden" name="request_id" value=request_id.to_owned()/>
            {body}
        </form>
    }
    .into_any()
}

/// As [`form`], for files.
pub fn upload_form(action: &str, request_id: &str, body: AnyView) -> AnyView {
    view! {
        <form method="post" action=action.to_owned() enctype="multipart/form-data" class="form" novalidate>
            <input type="hidden" name="request_id" value=request_id.to_owned()/>
            {body}
        </form>
    }
    .into_any()
}

/// A form that only reads: filters and searches, whose state is in the address.
pub fn filter_form(action: &str, body: AnyView) -> AnyView {
    view! { <form method="get" action=action.to_owned() class="filters" role="search">{body}</form> }
        .into_any()
}

/// A form that leads to a page or a file and searches nothing.
pub fn way_form(action: &str, body: AnyView) -> AnyView {
    view! { <form method="get" action=action.to_owned() class="filters">{body}</form> }.into_any()
}

/// The consequence in numbers and the act under it, for what cannot be undone.
pub fn consequence(sentence: AnyView, actions: AnyView) -> AnyView {
    view! {
        <div class="consequence">
            <p>{sentence}</p>
            <div class="actions">{actions}</div>
        </div>
    }
    .into_any()
}
