//! The staff directory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::Card;
use crate::{
    id::{PersonId, RequestId},
    people::AccountsFromStaff,
};

/// A page of the directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PeopleView {
    pub total: i64,
    pub leads: i64,
    pub without_address: i64,
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
