//! The composer: to whom, which words, when the next update is promised. What it writes is a draft; its page shows
//! both messages as they will be read.

use domain::view::{broadcasts::ComposeView, frame::Frame};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
};

/// The form.
pub fn compose(frame: &Frame, view: &ComposeView) -> AnyView {
    let title = view.chosen.as_ref().map_or_else(
        || "Compose in your own words".to_owned(),
        |template| format!("Compose: {}", template.name),
    );
    let (form, errors) = (&view.form, &frame.errors);
    let choices = |list: &[domain::view::broadcasts::AudienceChoice]| -> Vec<Choice> {
        list.iter().map(|choice| Choice::new(choice.value.clone(), choice.label.clone())).collect()
    };
    let ticked: Vec<String> = form.audiences.iter().map(|audience| audience.0.clone()).collect();
    let mut replaced = vec![Choice::new("", "None")];
    replaced.extend(choices(&view.supersedes));
    let body = view! {
        <input type="hidden" name="template" value=form.template.0.clone()/>
        {Field::new("audiences", "To").hint("Counted again when you send").errors(errors)
            .checkboxes(choices(&view.audiences), &ticked)}
        {words(frame, view)}
        {Field::new("next_update_at", "Next update promised for").hint(format!("As {}; empty keeps the clock as it is", view.now))
            .value(form.next_update_at.0.clone()).errors(errors).optional().time()}
        {Field::new("supersedes", "Replaces").value(form.supersedes.0.clone()).errors(errors).select(replaced)}
        {no_patient_data(frame, view)}
        {button::primary("Look at it before sending")}
    };
    let path = format!("/incidents/{}/broadcasts", view.incident);
    view! {
        {ui::head(frame, &title, None, None)}
        {templates(view)}
        <div class="split">
            {button::form(&path, &view.request_id.to_string(), body.into_any())}
            {as_read(view)}
        </div>
    }
    .into_any()
}

/// Stands there once the check has asked: what it found is no patient's.
fn no_patient_data(frame: &Frame, view: &ComposeView) -> AnyView {
    let ticked = view.form.no_patient_data.is_yes();
    (ticked || !frame.errors.is_empty())
        .then(|| {
            Field::new("no_patient_data", "What looks like a patient's data in this text is none")
                .hint("Only needed when the check asks; a second person then looks at it too")
                .tick(ticked)
        })
        .into_any()
}

/// Both messages of a template, beside the fields that go into them.
fn as_read(view: &ComposeView) -> AnyView {
    view.words
        .as_ref()
        .map(|words| {
            view! {
                <div class="stack">
                    {ui::section("Text message of this template", view! { <div class="message"><p>{words.sms.clone()}</p></div> }.into_any())}
                    {ui::section("E-mail of this template", view! {
                        <div class="message"><p><b>{words.subject.clone()}</b></p><pre>{words.body.clone()}</pre></div>
                    }.into_any())}
                </div>
            }
        })
        .into_any()
}

fn templates(view: &ComposeView) -> AnyView {
    let new = format!("/incidents/{}/broadcasts/new", view.incident);
    let links = view
        .templates
        .iter()
        .map(|template| {
            let path = format!("{new}?template={}", template.key);
            let current = view.chosen.as_ref().is_some_and(|chosen| chosen.key == template.key);
            view! {
                <li>
                    <a href=path aria-current=current.then_some("true")>{template.name.clone()}</a>
                    <small>{template.audience.clone()}</small>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav aria-label="Templates"><ul class="choices">
            {links}
            <li><a href=new.clone() aria-current=view.chosen.is_none().then_some("true")>"In your own words"</a></li>
        </ul></nav>
    }
    .into_any()
}

fn words(frame: &Frame, view: &ComposeView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    if view.words.is_none() {
        return view! {
            {Field::new("subject", "Subject of the e-mail").value(form.subject.0.clone()).errors(errors).text()}
            {Field::new("body", "Message").hint("The code and the answer link are added for you. No patient names or numbers.")
                .value(form.body.0.clone()).errors(errors).area(9)}
            {Field::new("sms", "Text message").hint("Who speaks, what is down, where, what to do, until when")
                .value(form.sms.0.clone()).errors(errors).area(4)}
        }
        .into_any();
    }
    let blanks = view
        .blanks
        .iter()
        .map(|blank| {
            let name = format!("blank_{}", blank.key);
            let error = errors.at(&name).map(ToOwned::to_owned);
            let class = if error.is_some() { "field wrong" } else { "field" };
            view! {
                <input type="hidden" name="blank_keys" value=blank.key.clone()/>
                <div class=class>
                    <label for=name.clone()>{blank.label.clone()}</label>
                    {error.map(|error| view! { <p class="error"><span class="unseen">"Error: "</span>{error}</p> })}
                    <input class="box" type="text" id=name name="blank_values" value=blank.value.clone() autocomplete="off"/>
                </div>
            }
        })
        .collect_view();
    blanks.into_any()
}
