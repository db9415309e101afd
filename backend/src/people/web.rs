//! The doors of the staff directory, and of accounts made from it in bulk.

use std::collections::BTreeMap;

use axum::{extract::Query, response::Response};
use domain::{
    actor::Role,
    id::PersonId,
    people::AccountsFromStaff,
    view::people::{BulkAccountsMade, BulkAccountsView, PeopleView, PersonLine, StaffCard},
};
use serde::Deserialize;
use sqlx::types::Uuid;

use super::store;
use crate::web::{
    door::{Door, Mistakes},
    form::Input,
    problem::Problem,
    routes::{Access, Routes},
};

const PAGE: i64 = 100;
pub(super) const READERS: Access = Access::Roles(&[Role::Administrator, Role::Commander, Role::Communicator]);

/// The routes of people; importing them is with the other imports.
pub fn routes(routes: Routes) -> Routes {
    super::one::routes(routes)
        .page::<PeopleView, _>("/people", READERS, "The staff directory", list)
        .page::<BulkAccountsView, _>(
            "/people/accounts",
            Access::ADMINISTRATORS,
            "The form for making accounts in bulk",
            show_accounts,
        )
        .command::<AccountsFromStaff, BulkAccountsMade, _>(
            "/people/accounts",
            Access::ADMINISTRATORS,
            "Make accounts in bulk by rule; the cards are shown once",
            make_accounts,
        )
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    after: String,
    search: String,
    left: domain::field::Text,
}

async fn list(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let counts = store::counts(&mut tx).await?;
    let left = asked.left.is_yes();
    let rows = store::list(&mut tx, &asked.after, asked.search.trim(), PAGE, left).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut addresses: BTreeMap<(Uuid, String), Vec<String>> = BTreeMap::new();
    for (person, channel, value) in store::addresses(&mut tx, &ids).await? {
        addresses.entry((person, channel)).or_default().push(value);
    }
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
    let next = rows.last().filter(|_| full).map(|last| {
        let left = if left { "yes" } else { "" };
        let asked = [("search", asked.search.trim()), ("left", left), ("after", &last.staff_number)];
        let query = serde_html_form::to_string(asked);
        format!("/people?{}", query.unwrap_or_default())
    });
    let people = rows
        .into_iter()
        .map(|row| PersonLine {
            id: PersonId(row.id),
            emails: addresses.remove(&(row.id, "email".into())).unwrap_or_default(),
            phones: addresses.remove(&(row.id, "sms".into())).unwrap_or_default(),
            staff_number: row.staff_number,
            name: row.name,
            facility: row.facility,
            unit: row.unit,
            job: row.job,
            unit_lead: row.unit_lead,
        })
        .collect();
    let view = PeopleView {
        total: counts.total,
        leads: counts.leads,
        without_address: counts.without_address,
        have_left: counts.have_left,
        left,
        people,
        search: asked.search,
        next,
    };
    let title = frontend::pages::people::title(&view);
    door.page(tx, &title, view, frontend::pages::people::list, Mistakes::default()).await
}

async fn show_accounts(door: Door) -> Result<Response, Problem> {
    accounts_page(&door, AccountsFromStaff::default(), Vec::new(), Mistakes::default()).await
}

async fn accounts_page(
    door: &Door,
    form: AccountsFromStaff,
    cards: Vec<StaffCard>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let view = BulkAccountsView { request_id: door.request_id(), form, cards };
    let title = frontend::pages::people::cards_title(&view);
    let tx = door.read().await?;
    door.page(tx, &title, view, frontend::pages::people::accounts, mistakes).await
}

async fn make_accounts(door: Door, input: Input<AccountsFromStaff>) -> Result<Response, Problem> {
    match door.run(&input, super::bulk::make_accounts).await {
        Ok(made) if door.wants_json() || made.cards.is_empty() => Ok(door.done("/accounts", &made)),
        // The cards are shown on this very answer, because nothing keeps their codes.
        Ok(made) => accounts_page(&door, input.form, made.cards, Mistakes::default()).await,
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                accounts_page(&door, form, Vec::new(), mistakes).await
            })
            .await
        }
    }
}
