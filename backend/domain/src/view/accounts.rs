//! Signing in, setting up, and the list of accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Resend;
use crate::{
    accounts::{FirstUse, GiveRoles, NewAccount, SetUp},
    id::{AccountId, RequestId},
};

/// The page for signing in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignInView {
    pub login: String,
    /// Where to go afterwards.
    pub path: String,
    /// A form that was sent without being signed in; its fields are kept and sent again afterwards.
    pub kept: Option<Resend>,
    /// Why it did not work.
    pub refusal: Option<String>,
}

/// The page for the first administrator.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SetUpView {
    pub form: SetUp,
}

/// The page for the first use of a card.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FirstUseView {
    pub form: FirstUse,
}

/// The list of accounts, with the form for a new one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountsView {
    pub accounts: Vec<AccountLine>,
    /// Path of the next page.
    pub next: Option<String>,
    pub form: NewAccount,
    pub request_id: RequestId,
    /// Shown once, after an account was made.
    pub card: Option<Card>,
    /// Where the administrator may give roles.
    pub places: Vec<PlaceOption>,
    /// As whom signers sign, by the playbooks in force.
    pub signers: Vec<PlaceOption>,
}

/// A place as a form offers it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaceOption {
    /// As in a grant.
    pub value: String,
    pub label: String,
}

/// One account, and what may be changed about it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    pub request_id: RequestId,
    pub account: AccountLine,
    pub locked: bool,
    /// Whether every place of its roles is administered by who looks.
    pub may_change: bool,
    pub is_own: bool,
    pub places: Vec<PlaceOption>,
    pub signers: Vec<PlaceOption>,
    pub form: GiveRoles,
    /// Shown once, after a new card was made.
    pub card: Option<Card>,
}

/// One account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountLine {
    pub id: AccountId,
    pub login: String,
    pub name: String,
    /// `person` or `program`.
    pub kind: String,
    /// Role and place, as written in a grant.
    pub grants: Vec<String>,
    /// The same in words, in the same order.
    pub roles: Vec<String>,
    /// `signed in before`, `card not used yet`, `disabled`.
    pub state: String,
}

/// A card for the first use.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    pub login: String,
    pub name: String,
    pub code: String,
}
