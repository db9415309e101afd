//! The staff directory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{accounts::Card, cases::Alternative};
use crate::{
    id::{PersonId, RequestId, UnitId},
    people::{AccountsFromStaff, CorrectPerson},
};

/// A page of the directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PeopleView {
    pub total: i64,
    pub leads: i64,
    pub without_address: i64,
    /// Those who have left; they are in no other count.
    pub have_left: i64,
    /// Whether this page lists those who have left, and not those who work here.
    pub left: bool,
    pub people: Vec<PersonLine>,
    /// Only staff whose name or number begins so; empty for all.
    pub search: String,
    pub next: Option<String>,
}

/// One person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PersonLine {
    pub id: PersonId,
    pub staff_number: String,
    pub name: String,
    pub facility: String,
    pub unit: String,
    pub job: String,
    pub unit_lead: bool,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
}

/// A person's page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PersonView {
    #[serde(flatten)]
    pub line: PersonLine,
    /// The unit's id, as a correction names it.
    pub unit_id: UnitId,
    /// To be sent with a correction.
    pub version: i64,
    /// Since when they have left, as `05:22 EDT, Fri 19 July`.
    pub left: Option<String>,
    /// For administrators: the accounts that belong to the person.
    pub accounts: Vec<AccountOf>,
    /// Whether this account may correct the person.
    pub may_change: bool,
    pub form: CorrectPerson,
    /// The units to which this account may move people.
    pub units: Vec<Alternative>,
    pub request_id: RequestId,
}

/// An account that belongs to a person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountOf {
    pub login: String,
    pub locked: bool,
}

/// What changing a person gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonChanged {
    pub person: PersonId,
    pub version: i64,
    pub has_left: bool,
}

/// Accounts in bulk: the rule, and after it the cards, shown once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BulkAccountsView {
    pub request_id: RequestId,
    pub form: AccountsFromStaff,
    pub cards: Vec<StaffCard>,
}

/// A card, and where to bring it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StaffCard {
    pub card: Card,
    /// `General, Emergency`
    pub place: String,
}

/// What making accounts in bulk gave. A repeat of the request has the count and no cards: codes are shown once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BulkAccountsMade {
    pub made: usize,
    /// People of the rule who have an account already.
    pub had_one: usize,
    pub cards: Vec<StaffCard>,
}
