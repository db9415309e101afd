//! Signing in, setting up, first use of a card; and the accounts themselves.

mod manage;

pub use manage::{list, one, one_title};

use domain::view::{
    accounts::{FirstUseView, SetUpView, SignInView},
    frame::Frame,
};
use leptos::prelude::*;

use super::problem::{hidden, resend};
use crate::ui::{self, button, field::Field};

/// The page for signing in.
pub fn sign_in(frame: &Frame, view: &SignInView) -> AnyView {
    let kept = view.kept.as_ref().map(|kept| {
        let fields: Vec<(String, String)> =
            kept.fields.iter().map(|(name, value)| (format!("kept.{name}"), value.clone())).collect();
        view! {
            <p>"What you typed is kept. After signing in you can send it again."</p>
            <input type="hidden" name="kept_action" value=kept.action.clone()/>
            {hidden(&fields)}
        }
    });
    let refusal = view.refusal.clone().map(|sentence| view! { <p class="error" role="alert">{sentence}</p> });
    view! {
        {ui::head(frame, "Sign in", None, None)}
        <form class="form" method="post" action="/sign-in">
            {refusal}
            {kept}
            <input type="hidden" name="path" value=view.path.clone()/>
            {Field::new("login", "Name for signing in").value(view.login.clone()).autocomplete("username").text()}
            {Field::new("password", "Password").autocomplete("current-password").password()}
            {button::primary("Sign in")}
        </form>
        <p><a href="/first-use">"Use a sealed card for the first time"</a></p>
        <p><a href="/status">"May I use it? The page for everyone, without signing in"</a></p>
    }
    .into_any()
}

/// After signing in with a kept form: send it now.
pub fn signed_in_with_kept(frame: &Frame, view: &SignInView) -> AnyView {
    view! {
        {ui::head(frame, "You are signed in. Send what you typed?", None, None)}
        {view.kept.as_ref().map(resend)}
        <p><a href=view.path.clone()>"Do not send it"</a></p>
    }
    .into_any()
}

/// The page for the first administrator.
pub fn set_up(frame: &Frame, view: &SetUpView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    view! {
        {ui::head(frame, "Set up your hospital", None, None)}
        <form class="form" method="post" action="/setup">
            <input type="hidden" name="secret" value=form.secret.0.clone()/>
            {Field::new("organisation", "What is your hospital or health system called?")
                .value(form.organisation.0.clone()).errors(errors).text()}
            {Field::new("zone", "Time zone of the command room").hint("An IANA name such as America/New_York")
                .value(if form.zone.is_blank() { "America/New_York".into() } else { form.zone.0.clone() })
                .errors(errors).text()}
            {Field::new("name", "Your name").value(form.name.0.clone()).errors(errors).text()}
            {Field::new("login", "Name for signing in").value(form.login.0.clone()).errors(errors)
                .autocomplete("username").text()}
            {Field::new("password", "Password").hint("At least 12 characters; a short sentence is best")
                .errors(errors).autocomplete("new-password").password()}
            {button::primary("Make the first administrator")}
        </form>
    }
    .into_any()
}

/// The page for the first use of a card.
pub fn first_use(frame: &Frame, view: &FirstUseView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    view! {
        {ui::head(frame, "Use your card", None, None)}
        <form class="form" method="post" action="/first-use">
            {Field::new("login", "Name on the card").value(form.login.0.clone()).errors(errors)
                .autocomplete("username").text()}
            {Field::new("code", "Code on the card").hint("12 letters and numbers; capitals do not matter")
                .value(form.code.0.clone()).errors(errors).autocomplete("one-time-code").text()}
            {Field::new("password", "Choose a password").hint("At least 12 characters; a short sentence is best")
                .errors(errors).autocomplete("new-password").password()}
            {button::primary("Set my password and sign in")}
        </form>
    }
    .into_any()
}
