//! The people of a scenario, hired through the public doors: an administrator makes their accounts, and each uses
//! the card for the first time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Person, Program, door::Door};

/// The password of everybody in the scenarios.
pub const PASSWORD: &str = "a long enough password";

/// Who takes part in S0: login and grants.
const PEOPLE: [(&str, &[&str]); 9] = [
    ("ada", &["commander@all"]),
    ("bea", &["commander@all", "communicator@all"]),
    ("cora", &["communicator@all"]),
    ("dev", &["case_manager@all"]),
    ("eli", &["forms_clerk@all"]),
    ("fay", &["forms_clerk@all"]),
    ("gus", &["unit_lead@all"]),
    ("hal", &["viewer@all"]),
    (
        "zoe",
        &[
            "administrator@all",
            "commander@all",
            "communicator@all",
            "case_manager@all",
            "forms_clerk@all",
            "unit_lead@all",
            "viewer@all",
        ],
    ),
];

/// Everybody who signs in the shipped playbook for crashed computers.
pub const SIGNERS: [&str; 7] =
    ["cio", "cmio", "cno", "registration-owner", "pharmacy-owner", "laboratory-owner", "imaging-owner"];

/// Everybody of a scenario, by login; signers by what they sign as.
pub struct Cast(BTreeMap<String, Program>);

impl Cast {
    /// Makes all accounts and uses all cards.
    ///
    /// # Panics
    /// When one is refused.
    pub async fn hired(administrator: &Program) -> Self {
        let mut cast = BTreeMap::new();
        let people = PEOPLE.iter().map(|(login, grants)| ((*login).to_owned(), json!(grants)));
        let signers =
            SIGNERS.iter().map(|title| ((*title).to_owned(), json!([format!("signer:{title}@all")])));
        for (login, grants) in people.chain(signers) {
            let form = json!({ "login": login, "name": format!("{login} of Harbor"), "grants": grants });
            let made = administrator.does("/accounts", form).await;
            let card = json!({ "login": login, "code": made["first_use_code"], "password": PASSWORD });
            let stranger = administrator.stranger_beside();
            let answer = stranger.posts("/first-use", card).await;
            assert!(answer.status.is_success(), "{answer:?}");
            let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
            cast.insert(login, stranger.with_cookie(&cookie));
        }
        Self(cast)
    }

    /// The same people at another door of the same installation, where each signs in.
    ///
    /// # Panics
    /// When one is not let in.
    pub async fn at(&self, door: Door) -> Self {
        let mut cast = BTreeMap::new();
        for login in self.0.keys() {
            let stranger = Program::stranger(door.clone());
            let form = json!({ "login": login, "password": PASSWORD });
            let answer = stranger.posts("/sign-in", form).await;
            assert!(answer.status.is_success(), "{answer:?}");
            let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
            cast.insert(login.clone(), stranger.with_cookie(&cookie));
        }
        Self(cast)
    }

    /// Somebody's program, by login.
    ///
    /// # Panics
    /// When nobody has that login.
    pub fn get(&self, login: &str) -> &Program {
        self.0.get(login).unwrap_or_else(|| panic!("nobody is called {login:?}"))
    }

    /// Everybody.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Program)> {
        self.0.iter().map(|(login, program)| (login.as_str(), program))
    }
}

/// Signs somebody in at a browser without JavaScript, through the page.
///
/// # Panics
/// When the page does not let them in.
pub async fn signs_in(mut person: Person, login: &str) -> Person {
    let page = person.opens("/sign-in").await;
    let form = page.form("Sign in").types("Name for signing in", login).types("Password", PASSWORD);
    person.presses(&form, "Sign in").await;
    person
}

/// A text of an answer.
///
/// # Panics
/// When it is something else.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

/// A list of an answer.
///
/// # Panics
/// When it is something else.
#[track_caller]
pub fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}
