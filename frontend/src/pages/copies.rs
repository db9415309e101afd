//! The pages of a copy that stands elsewhere: its first page, and the page of a code. They need no script and no server,
//! and the line that says what they are stands above everything else.

use domain::view::{
    broadcasts::Verified,
    publishing::{CopiedMessage, CopyIndex, DAYS_OF_CODES},
};
use leptos::prelude::*;

/// What is said of a code that has no page.
fn not_issued() -> String {
    format!(
        "NOT ISSUED. A code that is not in this list was not sent in the {DAYS_OF_CODES} days before this copy was made, nor \
         in a downtime that was open then. Do not act on its message. Call the command center by a number that you know, \
         not by one in the message."
    )
}

/// The body of the first page.
pub fn index(view: &CopyIndex) -> AnyView {
    let sites = view
        .sites
        .iter()
        .map(|site| view! { <li><a class="button" href=site.path.clone()>{site.name.clone()}</a></li> })
        .collect_view();
    let codes = view
        .codes
        .iter()
        .map(|each| {
            let state = if each.taken_back { ", TAKEN BACK" } else { "" };
            let words = format!(" sent {}{state}", each.sent);
            view! { <li><a href=each.path.clone()><b>{each.code.clone()}</b></a>{words}</li> }
        })
        .collect_view();
    view! {
        {head(&view.organisation, "Where are you?", format!("As of {}", view.as_of), &view.warning)}
        <main>
            <ul class="choices">{sites}</ul>
            <h2>"Is a message real? Find its code"</h2>
            <p>"A code stands at the end of a message, in the form XXX-XXX. Its page shows the text that was really sent with it."</p>
            <ul>{codes}</ul>
            <p class="note">{not_issued()}</p>
        </main>
    }
    .into_any()
}

/// What the browser's tab reads above the page of a code.
pub fn code_title(view: &CopiedMessage) -> String {
    match &view.found {
        Verified::Belongs { code, .. } => format!("Code {code} belongs to exactly this message"),
        Verified::TakenBack { code, .. } => format!("The message with code {code} was TAKEN BACK"),
        Verified::NothingTyped | Verified::NotACode { .. } | Verified::NotIssued => "NOT ISSUED".to_owned(),
    }
}

/// The body of the page of a code.
pub fn code(view: &CopiedMessage) -> AnyView {
    let found = match &view.found {
        Verified::Belongs { subject, text, sent, superseded, .. } => {
            let replaced = superseded.as_ref().map(|at| {
                view! { <p class="error">{format!("A newer message took its place at {at}. Look for that one before you act.")}</p> }
            });
            view! {
                {replaced}
                <p><b>{subject.clone()}</b></p>
                <p class="quote">{text.clone()}</p>
                <p>{format!("Sent {sent}. If yours says anything else, it is false: report it.")}</p>
            }
            .into_any()
        }
        Verified::TakenBack { sent, taken_back, .. } => view! {
            <p class="error">"Do not act on it, whatever its text permits."</p>
            <p>{format!("It was sent {sent} and taken back {taken_back}.")}</p>
        }
        .into_any(),
        Verified::NothingTyped | Verified::NotACode { .. } | Verified::NotIssued => {
            view! { <p class="error">{not_issued()}</p> }.into_any()
        }
    };
    let since = format!("Last changed {}", view.since);
    view! {
        {head(&view.organisation, &code_title(view), since, &view.warning)}
        <main>
            {found}
            <p class="note">"How old this copy is stands on "<a href="../index.html">"its first page"</a>": what was taken back after that is not known here."</p>
            <p class="links"><a href="../index.html">"All sites and codes"</a></p>
        </main>
    }
    .into_any()
}

fn head(organisation: &str, title: &str, as_of: String, warning: &str) -> AnyView {
    view! {
        <header class="top">
            <div>
                <p>{organisation.to_owned()}</p>
                <h1>{title.to_owned()}</h1>
                <p>{as_of}</p>
            </div>
        </header>
        <p class="copy" role="status">{warning.to_owned()}</p>
    }
    .into_any()
}
