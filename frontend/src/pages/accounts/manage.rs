//! The list of accounts with the form for a new one, and one account: its roles, its lock and its card.

use domain::{
    accounts::{GiveRoles, NewAccount},
    actor::Role,
    field::Text,
    view::{
        accounts::{AccountLine, AccountView, AccountsView, Card, PlaceOption},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// The list of accounts, with the form for a new one.
pub fn list(frame: &Frame, view: &AccountsView) -> AnyView {
    let columns =
        vec![Column::new("Name"), Column::new("Signs in as"), Column::new("Roles"), Column::new("State")];
    let rows = view.accounts.iter().map(row).collect();
    view! {
        {ui::head(frame, "Accounts", None, None)}
        {view.card.as_ref().map(card)}
        {table::table("Accounts by name for signing in", columns, rows, "No account yet.")}
        {table::next_page("More accounts", view.next.clone())}
        {ui::section("New account", new_account(frame, view))}
    }
    .into_any()
}

fn row(line: &AccountLine) -> Row {
    let path = format!("/accounts/{}", line.id);
    let roles = line.roles.iter().map(|role| view! { <li>{role.clone()}</li> }).collect_view();
    Row::new(vec![
        view! { <a href=path>{line.name.clone()}</a> }.into_any(),
        table::text(&line.login),
        view! { <ul class="plain">{roles}</ul> }.into_any(),
        table::text(&line.state),
    ])
}

fn card(card: &Card) -> AnyView {
    let body = view! {
        <p>{format!("For {}, to be used at /first-use with the name ", card.name)}<b>{card.login.clone()}</b></p>
        <p class="secret">{card.code.clone()}</p>
        <p class="muted">"This code is shown once. Print this page and seal it."</p>
    };
    ui::panel("Card for the first use", body.into_any())
}

fn new_account(frame: &Frame, view: &AccountsView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let NewAccount { roles, place, signs_as, .. } = form;
    let body = view! {
        {Field::new("name", "Name").value(form.name.0.clone()).errors(errors).text()}
        {Field::new("login", "Name for signing in").value(form.login.0.clone()).errors(errors).text()}
        {which_roles(frame, (roles, place, signs_as), (&view.places, &view.signers))}
        {Field::new("program", "This is a program, which gets a bearer token and no card").tick(form.program.is_yes())}
        {button::primary("Make the account")}
    };
    button::form("/accounts", &view.request_id.to_string(), body.into_any())
}

/// Roles and where they hold.
fn which_roles(
    frame: &Frame,
    (roles, place, signs_as): (&[Text], &Text, &Text),
    (places, signers): (&[PlaceOption], &[PlaceOption]),
) -> AnyView {
    let errors = &frame.errors;
    let chosen: Vec<String> = roles.iter().map(|role| role.0.clone()).collect();
    let choices =
        Role::ALL.into_iter().map(|role| Choice::new(role.code(), role.words()).hint(does(role))).collect();
    let places = places.iter().map(|place| Choice::new(place.value.clone(), place.label.clone())).collect();
    view! {
        {Field::new("roles", "What may they do?").errors(errors).checkboxes(choices, &chosen)}
        {Field::new("place", "Where?").value(place.0.clone()).errors(errors).select(places)}
        {signer(frame, signs_as, signers)}
    }
    .into_any()
}

/// As whom a signer signs: one of those whom the playbooks in force ask, or their word while none is in force.
fn signer(frame: &Frame, signs_as: &Text, signers: &[PlaceOption]) -> AnyView {
    let field = Field::new("signs_as", "A signer signs as")
        .value(signs_as.0.clone())
        .errors(&frame.errors)
        .optional();
    if signers.is_empty() {
        return field.hint("The playbook's word, such as cio").text();
    }
    let mut choices = vec![Choice::new("", "Nobody: this is no signer")];
    choices.extend(signers.iter().map(|each| Choice::new(each.value.clone(), each.label.clone())));
    let typed = signs_as.trimmed();
    if !typed.is_empty() && !signers.iter().any(|each| each.value == typed) {
        choices.push(Choice::new(typed, typed));
    }
    field.select(choices)
}

/// What a role is for, in a few words.
const fn does(role: Role) -> &'static str {
    match role {
        Role::Administrator => "accounts, staff, places, playbooks",
        Role::Commander => "declares, orders, releases, closes",
        Role::Communicator => "writes and sends messages",
        Role::CaseManager => "cancelled patients until they are seen",
        Role::FormsClerk => "paper forms and back-entry",
        Role::UnitLead => "answers for a unit",
        Role::Signer => "signs that a system is safe",
        Role::Viewer => "sees the board and changes nothing",
        Role::DeviceReporter => "for a script: says that a computer was fixed, and sees nothing",
    }
}

/// What the page of one account says first.
pub fn one_title(view: &AccountView) -> String {
    let state = if view.locked { "locked" } else { &view.account.state };
    format!("{}: {state}", view.account.name)
}

/// One account.
pub fn one(frame: &Frame, view: &AccountView) -> AnyView {
    let account = &view.account;
    view! {
        {ui::head(frame, &one_title(view), None, None)}
        {view.card.as_ref().map(card)}
        <p>{format!("Signs in as {}.", account.login)}</p>
        {ui::section("Roles", roles(view))}
        {view.may_change.then(|| changes(frame, view))}
        {(!view.may_change).then(|| view! {
            <p class="muted">"Some of these roles are at sites that are not yours: an administrator of those changes this account."</p>
        })}
    }
    .into_any()
}

fn roles(view: &AccountView) -> AnyView {
    let account = &view.account;
    let path = format!("/accounts/{}/roles/take", account.id);
    let mut columns = vec![Column::new("Role and place")];
    if view.may_change {
        columns.push(Column::actions());
    }
    let rows = account.roles.iter().zip(&account.grants).map(|(words, grant)| {
        let mut cells = vec![table::text(words)];
        if view.may_change {
            let body = view! {
                <input type="hidden" name="grant" value=grant.clone()/>
                {button::small("Take away", words)}
            };
            cells.push(button::form(&path, &view.request_id.to_string(), body.into_any()));
        }
        Row::new(cells)
    });
    table::table("Roles of this account", columns, rows.collect(), "No role: this account sees nothing.")
}

fn changes(frame: &Frame, view: &AccountView) -> AnyView {
    let base = format!("/accounts/{}", view.account.id);
    let request = view.request_id.to_string();
    let GiveRoles { roles, place, signs_as, .. } = &view.form;
    let give = view! {
        {which_roles(frame, (roles, place, signs_as), (&view.places, &view.signers))}
        {button::primary("Give these roles")}
    };
    let lock = if view.locked {
        button::form(&format!("{base}/unlock"), &request, button::secondary("Open it again"))
    } else {
        view! {
            <p>"Sessions end at once, tokens for good; what was done stays in the log."</p>
            {button::form(&format!("{base}/lock"), &request, button::secondary("Lock this account"))}
        }
        .into_any()
    };
    let new_card = view! {
        <p>"The password is forgotten and a card with a one-time code is shown, once."</p>
        {button::form(&format!("{base}/card"), &request, button::secondary("Make a new card"))}
    };
    let is_person = view.account.kind == "person";
    view! {
        {ui::section("Give roles", button::form(&format!("{base}/roles"), &request, give.into_any()))}
        {(!view.is_own).then(|| ui::section("Lock", lock))}
        {(is_person && !view.is_own).then(|| ui::section("Lost password", new_card.into_any()))}
    }
    .into_any()
}
