//! The doors for managing accounts: the list with the form for a new one, and one account with what may be changed.

use std::collections::HashMap;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    accounts::{
        self as words, AccountAsked, AccountChanged, AccountMade, GiveRoles, NewAccount, TakeRole,
        read_grants,
    },
    actor::{Actor, Grant, Role},
    field::{FieldErrors, Text},
    id::AccountId,
    scope::Place,
    view::accounts::{AccountLine, AccountView, AccountsView, Card, PlaceOption},
};
use frontend::pages::accounts as page;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::super::{
    changes::{self, Change},
    store::{self, AccountRow},
};
use crate::{
    failure::Failure,
    places::store as places,
    playbooks::store as playbooks,
    store::Tx,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const PAGE: i64 = 100;

/// The routes for managing accounts.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page::<AccountsView, _>("/accounts", Access::ADMINISTRATORS, "Accounts", list)
        .command::<NewAccount, AccountMade, _>("/accounts", Access::ADMINISTRATORS, "Make an account", create)
        .page::<AccountView, _>("/accounts/{account}", Access::ADMINISTRATORS, "One account", show)
        .command::<AccountAsked, AccountChanged, _>(
            "/accounts/{account}/lock",
            Access::ADMINISTRATORS,
            "Lock an account: its sessions and tokens end",
            lock,
        )
        .command::<AccountAsked, AccountChanged, _>(
            "/accounts/{account}/unlock",
            Access::ADMINISTRATORS,
            "Open a locked account again",
            unlock,
        )
        .command::<AccountAsked, AccountChanged, _>(
            "/accounts/{account}/card",
            Access::ADMINISTRATORS,
            "Forget a password and make a new card",
            new_card,
        )
        .command::<GiveRoles, AccountChanged, _>(
            "/accounts/{account}/roles",
            Access::ADMINISTRATORS,
            "Give an account roles",
            give,
        )
        .command::<TakeRole, AccountChanged, _>(
            "/accounts/{account}/roles/take",
            Access::ADMINISTRATORS,
            "Take a role away from an account",
            take,
        )
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    after: String,
}

async fn list(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    accounts_page(&door, &asked.after, NewAccount::default(), None, Mistakes::default()).await
}

async fn accounts_page(
    door: &Door,
    after: &str,
    form: NewAccount,
    card: Option<Card>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let rows = store::list(&mut tx, after, PAGE).await?;
    let accounts = lines(&mut tx, rows).await?;
    let full = i64::try_from(accounts.len()).is_ok_and(|count| count == PAGE);
    let next = accounts.last().filter(|_| full).map(|last| format!("/accounts?after={}", last.login));
    let places = administered(&mut tx, door.actor()).await?;
    let signers = signers(&mut tx).await?;
    let view = AccountsView { accounts, next, form, request_id: door.request_id(), card, places, signers };
    door.page(tx, "Accounts", view, page::list, mistakes).await
}

/// Accounts with their roles, the places of all of them named at once.
async fn lines(tx: &mut Tx, rows: Vec<AccountRow>) -> Result<Vec<AccountLine>, Failure> {
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        let grants = store::grants(tx, AccountId(row.id)).await?;
        held.push((row, grants));
    }
    let places: Vec<Place> =
        held.iter().flat_map(|(_, grants): &(_, Vec<Grant>)| grants).map(|grant| grant.place).collect();
    let names = places::names(tx, &places).await?;
    Ok(held.into_iter().map(|(row, grants)| line(row, &grants, &names)).collect())
}

fn line(row: AccountRow, grants: &[Grant], names: &HashMap<Place, String>) -> AccountLine {
    let roles = grants.iter().map(|grant| in_words(grant, &names[&grant.place])).collect();
    let state = match (&row.disabled_at, &row.password_hash, row.kind.as_str()) {
        (Some(_), ..) => "locked",
        (None, Some(_), _) => "in use",
        (None, None, "program") => "program",
        (None, None, _) => "card not used yet",
    };
    AccountLine {
        id: AccountId(row.id),
        login: row.login,
        name: row.name,
        kind: row.kind,
        grants: grants.iter().map(words::written).collect(),
        roles,
        state: state.into(),
    }
}

/// `Commander, All 12 sites` or `Signer as cio, General`.
fn in_words(grant: &Grant, place: &str) -> String {
    match grant.signs_as.as_str() {
        "" => format!("{}, {place}", grant.role.words()),
        signer => format!("{} as {signer}, {place}", grant.role.words()),
    }
}

/// As whom signers can sign: every signer of the playbooks in force, by its title.
async fn signers(tx: &mut Tx) -> Result<Vec<PlaceOption>, Failure> {
    let mut offered: Vec<PlaceOption> = Vec::new();
    for version in playbooks::in_force(tx).await? {
        for signer in &version.playbook.signers {
            if !offered.iter().any(|each| each.value == signer.key) {
                offered.push(PlaceOption { value: signer.key.clone(), label: signer.title.clone() });
            }
        }
    }
    offered.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(offered)
}

/// All sites, groups and single sites, as far as the administrator's own role reaches.
async fn administered(tx: &mut Tx, actor: &Actor) -> Result<Vec<PlaceOption>, Failure> {
    let lattice = places::lattice(tx).await?;
    let mut offered = vec![(Place::All, places::name(tx, Place::All).await?)];
    offered.extend(places::groups(tx).await?.into_iter().map(|group| (Place::Group(group.id), group.name)));
    offered
        .extend(places::facilities(tx).await?.into_iter().map(|site| (Place::Facility(site.id), site.name)));
    offered.retain(|(place, _)| actor.can(Role::Administrator, *place, &lattice));
    Ok(offered.into_iter().map(|(place, label)| PlaceOption { value: place.to_string(), label }).collect())
}

async fn create(door: Door, mut input: Input<NewAccount>) -> Result<Response, Problem> {
    spread(&mut input.form.grants);
    match door.run(&input, crate::accounts::create).await {
        Ok(made) if door.wants_json() || made.first_use_code.is_empty() => Ok(door.done("/accounts", &made)),
        Ok(made) => {
            let card = card(&made.login, &input.form.name.0, &made.first_use_code);
            accounts_page(&door, "", NewAccount::default(), card, Mistakes::default()).await
        }
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                accounts_page(&door, "", form, None, mistakes).await
            })
            .await
        }
    }
}

/// One box may hold several grants.
fn spread(grants: &mut Vec<Text>) {
    *grants = grants.iter().flat_map(|text| text.0.split_whitespace().map(Text::from)).collect();
}

fn card(login: &str, name: &str, code: &str) -> Option<Card> {
    let four = code.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned());
    let code = four.collect::<Vec<_>>().join("-");
    (!code.is_empty()).then(|| Card { login: login.to_owned(), name: name.to_owned(), code })
}

fn account_id(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| Problem::not_found("account"))
}

async fn show(door: Door, Path(account): Path<String>) -> Result<Response, Problem> {
    account_page(&door, account_id(&account)?, GiveRoles::default(), "", Mistakes::default()).await
}

async fn account_page(
    door: &Door,
    account: AccountId,
    form: GiveRoles,
    code: &str,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let row = store::by_id(&mut tx, account).await?.ok_or_else(|| Problem::not_found("account"))?;
    let locked = row.disabled_at.is_some();
    let account = lines(&mut tx, vec![row]).await?.pop().ok_or_else(|| Problem::not_found("account"))?;
    let view = AccountView {
        request_id: door.request_id(),
        locked,
        may_change: changes::administers(&mut tx, door.actor(), account.id).await?,
        is_own: door.actor().account == account.id,
        places: administered(&mut tx, door.actor()).await?,
        signers: signers(&mut tx).await?,
        form,
        card: card(&account.login, &account.name, code),
        account,
    };
    let title = page::one_title(&view);
    door.page(tx, &title, view, page::one, mistakes).await
}

async fn lock(door: Door, path: Path<String>, input: Input<AccountAsked>) -> Result<Response, Problem> {
    changed(door, path, input, |_| Ok(Change::Lock), GiveRoles::default()).await
}

async fn unlock(door: Door, path: Path<String>, input: Input<AccountAsked>) -> Result<Response, Problem> {
    changed(door, path, input, |_| Ok(Change::Unlock), GiveRoles::default()).await
}

async fn new_card(door: Door, path: Path<String>, input: Input<AccountAsked>) -> Result<Response, Problem> {
    changed(door, path, input, |_| Ok(Change::Card), GiveRoles::default()).await
}

async fn give(door: Door, path: Path<String>, mut input: Input<GiveRoles>) -> Result<Response, Problem> {
    spread(&mut input.form.grants);
    let typed = input.form.clone();
    let read = |form: GiveRoles| {
        let mut errors = FieldErrors::default();
        let grants = read_grants(&mut errors, &form.grants, &form.roles, &form.place, &form.signs_as);
        errors.into_result()?;
        Ok(Change::Give(grants))
    };
    changed(door, path, input, read, typed).await
}

async fn take(door: Door, path: Path<String>, input: Input<TakeRole>) -> Result<Response, Problem> {
    changed(door, path, input, |form| changes::read(&form.grant.0).map(Change::Take), GiveRoles::default())
        .await
}

/// Makes a change; a new card is shown at once, and everything else leads back to the account.
async fn changed<F>(
    door: Door,
    Path(account): Path<String>,
    input: Input<F>,
    read: fn(F) -> Result<Change, Failure>,
    typed: GiveRoles,
) -> Result<Response, Problem>
where
    F: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let account = account_id(&account)?;
    let run = move |app, by, form| async move { changes::change(app, by, (account, read(form)?)).await };
    match door.run(&input, run).await {
        Ok(made) if door.wants_json() || made.first_use_code.is_empty() => {
            Ok(door.done(&format!("/accounts/{account}"), &made))
        }
        Ok(made) => {
            account_page(&door, account, GiveRoles::default(), &made.first_use_code, Mistakes::default())
                .await
        }
        Err(failure) => {
            let again = async |mistakes| account_page(&door, account, typed, "", mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}
