//! The staff directory, one person of it, and the cards of accounts made from it.

pub mod one;

use domain::{
    actor::Role,
    view::{
        frame::Frame,
        people::{BulkAccountsView, PeopleView, PersonLine, StaffCard},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// What the directory says first.
pub fn title(view: &PeopleView) -> String {
    if view.left {
        return format!("{} noted as having left", ui::counted(view.have_left, "person is", "people are"));
    }
    match view.total {
        0 => "No staff is known yet".into(),
        total => format!("{} of the staff can be told", ui::count(total - view.without_address)),
    }
}

/// The directory.
pub fn list(frame: &Frame, view: &PeopleView) -> AnyView {
    let columns = vec![
        Column::new("Name"),
        Column::new("Where"),
        Column::new("Job"),
        Column::new("E-mail"),
        Column::new("Phone"),
    ];
    let search = view! {
        {Field::new("search", "Name or staff number begins with").value(view.search.clone()).optional().text()}
        {view.left.then(|| view! { <input type="hidden" name="left" value="yes"/> })}
        {button::secondary("Find")}
    };
    let summary = format!(
        "{} people, {} unit leads, {} without any address.",
        ui::count(view.total),
        ui::count(view.leads),
        ui::count(view.without_address)
    );
    let (other, words) = if view.left {
        ("/people", "Those who work here".to_owned())
    } else {
        ("/people?left=yes", format!("{} have left", ui::count(view.have_left)))
    };
    view! {
        {ui::head(frame, &title(view), None, Some(button::primary_link("Import staff", "/people/import")))}
        <p>{summary}" "<a href=other>{words}</a>". "<a href="/people/accounts">"Make accounts from this list"</a></p>
        {button::filter_form("/people", search.into_any())}
        {table::table("Staff by number", columns, view.people.iter().map(row).collect(), "Nobody is found.")}
        {table::next_page("More staff", view.next.clone())}
    }
    .into_any()
}

fn row(person: &PersonLine) -> Row {
    let job = if person.unit_lead { format!("{}, unit lead", person.job) } else { person.job.clone() };
    Row::new(vec![
        table::two_lines(
            view! { <a href=format!("/people/{}", person.id)>{person.name.clone()}</a> },
            person.staff_number.clone(),
        ),
        table::two_lines(person.unit.clone(), person.facility.clone()),
        table::text(&job),
        table::text(&person.emails.join(", ")),
        table::text(&person.phones.join(", ")),
    ])
}

/// What the page of accounts in bulk says first.
pub fn cards_title(view: &BulkAccountsView) -> String {
    match view.cards.len() {
        0 => "Make accounts from the staff list".into(),
        many => format!("{many} cards to print, cut and seal. They are shown once"),
    }
}

/// The rule, or after it the cards.
pub fn accounts(frame: &Frame, view: &BulkAccountsView) -> AnyView {
    if !view.cards.is_empty() {
        let cards = view.cards.iter().map(card).collect_view();
        return view! {
            {ui::head(frame, &cards_title(view), None, None)}
            <p>"Print this page now. Only hashes of the codes are kept; a lost card is replaced by a new one."</p>
            <div class="cards">{cards}</div>
        }
        .into_any();
    }
    view! {
        {ui::head(frame, &cards_title(view), None, None)}
        <p>"Each person gets an account under their staff number and a card with a one-time code, good for a year. Who has an account keeps it."</p>
        {rule(frame, view)}
    }
    .into_any()
}

fn rule(frame: &Frame, view: &BulkAccountsView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let roles = Role::ALL
        .into_iter()
        .filter(|role| !matches!(role, Role::Administrator | Role::DeviceReporter))
        .map(|role| Choice::new(role.code(), role.words()))
        .collect();
    let reach = vec![
        Choice::new("unit", "Their unit"),
        Choice::new("facility", "Their site"),
        Choice::new("all", "All sites"),
    ];
    let body = view! {
        {Field::new("leads", "Unit leads only").tick(form.leads.is_yes())}
        {Field::new("job", "Job").hint("As it stands in the staff list; empty for every job")
            .value(form.job.0.clone()).errors(errors).optional().text()}
        {Field::new("role", "Role").value(form.role.0.clone()).errors(errors).select(roles)}
        {Field::new("signs_as", "Signs as").hint("For signers: the playbook's word, as cio")
            .value(form.signs_as.0.clone()).errors(errors).optional().text()}
        {Field::new("reach", "How far it reaches").value(form.reach.0.clone()).errors(errors).radios(reach)}
        {button::primary("Make accounts and show their cards")}
    };
    button::form("/people/accounts", &view.request_id.to_string(), body.into_any())
}

fn card(card: &StaffCard) -> AnyView {
    let code: Vec<char> = card.card.code.chars().collect();
    let code: Vec<String> = code.chunks(4).map(|part| part.iter().collect()).collect();
    view! {
        <section class="panel">
            <h2>{card.card.name.clone()}</h2>
            <p>{card.place.clone()}</p>
            <p>"At /first-use, name "<b>{card.card.login.clone()}</b></p>
            <p class="code">{code.join("-")}</p>
        </section>
    }
    .into_any()
}
