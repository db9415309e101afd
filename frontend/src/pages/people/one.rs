//! One person of the staff: whether and how they can be told, the form that corrects them, and having left.

use domain::{
    field::Text,
    view::{
        frame::Frame,
        people::{AccountOf, PersonView},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
};

/// What the page says first: whether a message reaches them.
pub fn title(view: &PersonView) -> String {
    let name = &view.line.name;
    if view.left.is_some() {
        format!("{name} has left and is told nothing")
    } else if view.line.emails.is_empty() && view.line.phones.is_empty() {
        format!("{name} cannot be told: no address is known")
    } else {
        format!("{name} can be told")
    }
}

/// The page.
pub fn page(frame: &Frame, view: &PersonView) -> AnyView {
    let back = button::secondary_link("All staff", "/people");
    let body = if view.may_change {
        view! {
            {view.left.is_none().then(|| ui::panel("Correct this person", correction(frame, view)))}
            {ui::panel(if view.left.is_some() { "Works here again?" } else { "Has left?" }, step(view))}
        }
        .into_any()
    } else {
        let sentence = format!("Only an administrator of {} can correct this.", view.line.facility);
        view! { <p class="muted">{sentence}</p> }.into_any()
    };
    view! {
        {ui::head(frame, &title(view), None, Some(back))}
        {facts(view)}
        {accounts(view)}
        {body}
    }
    .into_any()
}

fn facts(view: &PersonView) -> AnyView {
    let line = &view.line;
    let phones = line.phones.iter().map(|phone| ui::phone(phone)).collect();
    let emails = line.emails.iter().map(|email| email.clone().into_any()).collect();
    let job = if line.unit_lead { format!("{}, unit lead", line.job) } else { line.job.clone() };
    let left = view.left.clone().map(|at| view! { <dt>"Has left"</dt><dd>{at}</dd> });
    view! {
        <dl class="facts">
            <dt>"Staff number"</dt><dd>{line.staff_number.clone()}</dd>
            <dt>"Unit"</dt><dd>{format!("{}, {}", line.facility, line.unit)}</dd>
            <dt>"Job"</dt><dd>{job}</dd>
            <dt>"Phones, the first tried first"</dt><dd>{in_order(phones)}</dd>
            <dt>"E-mails, the first tried first"</dt><dd>{in_order(emails)}</dd>
            {left}
        </dl>
    }
    .into_any()
}

fn in_order(addresses: Vec<AnyView>) -> AnyView {
    if addresses.is_empty() {
        return "none".into_any();
    }
    let lines = addresses.into_iter().map(|address| view! { <li>{address}</li> }).collect_view();
    view! { <ol>{lines}</ol> }.into_any()
}

fn accounts(view: &PersonView) -> AnyView {
    view.accounts
        .iter()
        .map(|account| view! { <p>{account_words(account, view.left.is_some())}</p> })
        .collect_view()
        .into_any()
}

fn account_words(account: &AccountOf, has_left: bool) -> String {
    let login = &account.login;
    match (account.locked, has_left) {
        (true, _) => format!("Their account {login} is locked."),
        (false, false) => format!("Signs in as {login}."),
        (false, true) => format!(
            "They can still sign in as {login}. Lock the account at the server: downtime user lock {login}"
        ),
    }
}

fn correction(frame: &Frame, view: &PersonView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let units = view.units.iter().map(|unit| Choice::new(unit.value.clone(), unit.words.clone())).collect();
    let lines = |texts: &[Text]| texts.iter().map(|text| text.0.as_str()).collect::<Vec<_>>().join("\n");
    let body = view! {
        <input type="hidden" name="version" value=form.version.0.clone()/>
        {Field::new("name", "Name").value(form.name.0.clone()).errors(errors).text()}
        {Field::new("unit", "Unit").value(form.unit.0.clone()).errors(errors).select(units)}
        {Field::new("job", "Job").value(form.job.0.clone()).errors(errors).text()}
        {Field::new("unit_lead", "Leads the unit").tick(form.unit_lead.is_yes())}
        {Field::new("phones", "Phones").hint("One a line, the first to be tried first; as +1 617 555 0123")
            .value(lines(&form.phones)).errors(errors).optional().area(3)}
        {Field::new("emails", "E-mails").hint("One a line, the first to be tried first")
            .value(lines(&form.emails)).errors(errors).optional().area(3)}
        <p class="muted">"A staff file that says something else replaces this: have it corrected there too."</p>
        {button::primary("Correct")}
    };
    button::form(&format!("/people/{}", view.line.id), &view.request_id.to_string(), body.into_any())
}

fn step(view: &PersonView) -> AnyView {
    let (end, sentence, act) = if view.left.is_some() {
        ("back", "They are counted again and get the next message.", "Works here again")
    } else {
        (
            "left",
            "They get no new message and are in no count of staff. What was recorded of them stays.",
            "Has left",
        )
    };
    let body = view! { <p>{sentence}</p>{button::secondary(act)} };
    button::form(&format!("/people/{}/{end}", view.line.id), &view.request_id.to_string(), body.into_any())
}
