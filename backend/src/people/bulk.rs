//! Accounts in bulk from the staff list by rule, with their cards.

use domain::{
    Refusal,
    actor::{Grant, Role},
    id::{AccountId, FacilityId, PersonId, UnitId},
    people::{AccountsFromStaff, Reach, Rule, login_of},
    scope::Place,
    view::{
        accounts::Card,
        people::{BulkAccountsMade, StaffCard},
    },
};
use serde_json::json;

use super::store::{self, PersonLine};
use crate::{
    accounts::{self, store as account_rows},
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Say},
    },
};

/// Cards at once: what one person can seal in a day.
const MOST: usize = 2_000;

/// Makes an account with a one-time code for everyone whom the rule takes and who has none.
///
/// # Errors
/// What is wrong with the rule, that it reaches further than the administrator's own role, or that it takes nobody
/// or too many.
pub async fn make_accounts(app: App, by: By, form: AccountsFromStaff) -> Result<BulkAccountsMade, Failure> {
    let rule = form.read()?;
    if rule.reach == Reach::All {
        accounts::must_administer_everything(&by.actor)?;
    }
    let mut decision = begin!(&app, &by, Chain::Installation);
    let places = places::lattice(&mut decision.tx).await?;
    let mut people = store::by_rule(&mut decision.tx, &rule.job, rule.leads).await?;
    // The administrator of one site makes accounts for its staff alone.
    people.retain(|person| by.actor.can(Role::Administrator, place_of(&rule, person), &places));
    if people.is_empty() {
        return Err(
            Refusal::new("nobody", "The rule takes nobody; look at the jobs in the staff list.").into()
        );
    }
    if people.len() > MOST {
        let sentence =
            format!("The rule takes {} people; make at most {MOST} accounts at once.", people.len());
        return Err(Refusal::new("too-many", sentence).into());
    }
    let (mut cards, mut had_one) = (Vec::new(), 0);
    for person in people {
        match make_account(&app, &mut decision.tx, &rule, &person, decision.at).await? {
            Some(card) => cards.push(card),
            None => had_one += 1,
        }
    }
    let data = json!({
        "role": rule.role.code(),
        "signs_as": rule.signs_as,
        "made": cards.len(),
        "had_one": had_one,
    });
    decision.append(&app, Say { kind: "account.created_in_bulk", data, ..Say::default() }).await?;
    // A repeat of the request must not show the codes again, so they are not part of what is remembered.
    let mut made = BulkAccountsMade { made: cards.len(), had_one, cards: Vec::new() };
    decision.commit(&app, &made).await?;
    made.cards = cards;
    Ok(made)
}

fn place_of(rule: &Rule, person: &PersonLine) -> Place {
    match rule.reach {
        Reach::Unit => Place::Unit(UnitId(person.unit_id)),
        Reach::Facility => Place::Facility(FacilityId(person.facility_id)),
        Reach::All => Place::All,
    }
}

async fn make_account(
    app: &App,
    tx: &mut Tx,
    rule: &Rule,
    person: &PersonLine,
    at: domain::time::Timestamp,
) -> Result<Option<StaffCard>, Error> {
    let login = login_of(&person.staff_number);
    if account_rows::by_login(tx, &login).await?.is_some() {
        return Ok(None);
    }
    let account: AccountId = app.clock.id();
    let row = account_rows::NewRow {
        id: account,
        login: &login,
        name: &person.name,
        kind: "person",
        created_at: at,
    };
    account_rows::insert(tx, &row).await?;
    store::link_account(tx, account, PersonId(person.id)).await?;
    let grant = Grant { role: rule.role, place: place_of(rule, person), signs_as: rule.signs_as.clone() };
    account_rows::grant(tx, account, &[grant]).await?;
    let code = accounts::card_code(app);
    let until = at.plus_minutes(accounts::CARD_MINUTES);
    account_rows::set_first_use(tx, account, &accounts::hash_secret(&code), until).await?;
    let card = Card { login, name: person.name.clone(), code };
    Ok(Some(StaffCard { card, place: format!("{}, {}", person.facility, person.unit) }))
}
