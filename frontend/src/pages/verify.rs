//! Checking a code. A code never makes a text genuine: the page shows the genuine text, and the reader compares.

use domain::view::{
    broadcasts::{Verified, VerifyView},
    frame::Frame,
};
use leptos::prelude::*;

use crate::ui::{button, field::Field, head, icon};

/// What the page says first.
pub fn title(view: &VerifyView) -> String {
    match &view.found {
        Verified::NothingTyped => "Check a message".into(),
        Verified::NotACode { .. } => "This is not a check code".into(),
        Verified::NotIssued => "NOT ISSUED".into(),
        Verified::Belongs { code, .. } => format!("Code {code} belongs to exactly this message"),
        Verified::TakenBack { code, .. } => format!("The message with code {code} was TAKEN BACK"),
    }
}

/// The page.
pub fn page(_frame: &Frame, view: &VerifyView) -> AnyView {
    let exercise = matches!(
        view.found,
        Verified::Belongs { exercise: true, .. } | Verified::TakenBack { exercise: true, .. }
    );
    view! {
        {head::titled(exercise, &title(view), None, None)}
        {found(view)}
        <form method="post" action="/verify" class="form" novalidate>
            {Field::new("code", "Check code").hint("Six signs, as K7R-4M2; capital or small").value(view.typed.clone()).short().text()}
            {button::primary("Check this code")}
        </form>
    }
    .into_any()
}

fn found(view: &VerifyView) -> AnyView {
    let call = || {
        format!(
            "Do not act on the message. Call the command center of {} by a number that you know, not by one in the message.",
            view.organisation
        )
    };
    match &view.found {
        Verified::NothingTyped => view! { <p>"Every message carries a code. Type it here to read the text that was really sent with it."</p> }.into_any(),
        Verified::NotACode { why } => view! { <p>{icon::flag()}" "{why.clone()}</p><p>{call()}</p> }.into_any(),
        Verified::NotIssued => view! {
            <p class="late">{icon::flag()}" ""No message with this code was sent."</p>
            <p>{call()}</p>
        }
        .into_any(),
        Verified::TakenBack { sent, taken_back, .. } => view! {
            <p class="late">{icon::flag()}" Do not act on it, whatever its text permits."</p>
            <p>{format!("It was sent {sent} and taken back {taken_back}. Look at what holds now: ")}<a href="/status">"choose your site"</a>"."</p>
        }
        .into_any(),
        Verified::Belongs { subject, text, sent, superseded, .. } => {
            let replaced = superseded.as_ref().map(|at| {
                view! { <p><b>{format!("A newer message took its place at {at}.")}</b>" Look for that one before you act."</p> }
            });
            let subject = (!subject.is_empty()).then(|| view! { <p><b>{subject.clone()}</b></p> });
            view! {
                {replaced}
                <div class="message">{subject}<pre>{text.clone()}</pre></div>
                <p>{format!("Sent {sent}. If yours says anything else, it is false: report it.")}</p>
            }
            .into_any()
        }
    }
}
