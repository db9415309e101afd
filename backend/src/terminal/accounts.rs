//! Accounts and tokens from the terminal, for the night on which nobody can sign in.

use clap::Subcommand;
use domain::{
    accounts::{NewAccount, written},
    actor::{Actor, Grant, Role},
    field::Text,
    id::{AccountId, TokenId},
    scope::Place,
    time::Timestamp,
};

use super::{files::sentence, print};
use crate::{
    accounts::{
        self,
        changes::{self, Change},
        store, tokens,
    },
    app::App,
    store::{journal::By, requests::Request},
};

/// What can be done with the people who sign in.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person and print the one-time code of their card.
    Add {
        /// Name for signing in: letters, digits, dots and dashes.
        login: String,
        /// The person's name, in quotation marks.
        name: String,
        /// A role and its place: administrator@all, commander@all, signer:cio@all. May be repeated.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
    /// List all accounts with their roles.
    List,
    /// Let nobody in under this account: sessions end and tokens are revoked at once; the password is kept.
    Lock {
        /// Name for signing in.
        login: String,
    },
    /// Open a locked account again.
    Unlock {
        /// Name for signing in.
        login: String,
    },
    /// Give an account one more role.
    Give {
        /// Name for signing in.
        login: String,
        /// A role and its place, as `case_manager@all`.
        role: String,
    },
    /// Take a role away from an account.
    Take {
        /// Name for signing in.
        login: String,
        /// A role and its place, as the list shows it.
        role: String,
    },
    /// Take password and sessions away and print a new one-time code.
    Reset {
        /// Name for signing in.
        login: String,
    },
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make an account for a program and print its token, once.
    Add {
        /// What the program is called, as monitoring: letters, digits, dots and dashes.
        name: String,
        /// A role and its place, as viewer@all. May be repeated.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// Days until it expires; without, it holds until it is revoked.
        #[arg(long)]
        days: Option<i64>,
    },
    /// List all tokens.
    List,
    /// Revoke a token at once.
    Revoke {
        /// The token's id, from the list.
        id: String,
    },
}

/// The terminal acts as the installation itself: whoever sits at it can read the database anyway.
pub(super) fn by(app: &App) -> By {
    let account = AccountId(app.installation);
    let everywhere = |role| Grant { role, place: Place::All, signs_as: String::new() };
    let grants = vec![everywhere(Role::Administrator), everywhere(Role::CaseManager)];
    let actor = Actor { account, name: "Terminal".into(), grants };
    By { actor, request: Request { id: app.clock.id(), body_hash: [0; 32] } }
}

pub(super) async fn user(app: &App, command: UserCommand) -> Result<(), String> {
    match command {
        UserCommand::Add { login, name, roles } => {
            let grants = roles.into_iter().map(Text::from).collect();
            let form = NewAccount { login: login.into(), name: name.into(), grants, ..NewAccount::default() };
            let made = accounts::create(app.clone(), by(app), form).await.map_err(sentence)?;
            print_card(app, &made.login, &made.first_use_code);
        }
        UserCommand::List => list_users(app).await?,
        UserCommand::Lock { login } => changed(app, &login, Change::Lock).await?,
        UserCommand::Unlock { login } => changed(app, &login, Change::Unlock).await?,
        UserCommand::Give { login, role } => {
            let grants = vec![changes::read(&role).map_err(sentence)?];
            changed(app, &login, Change::Give(grants)).await?;
        }
        UserCommand::Take { login, role } => {
            let grant = changes::read(&role).map_err(sentence)?;
            changed(app, &login, Change::Take(grant)).await?;
        }
        UserCommand::Reset { login } => {
            let code = changes::from_terminal(app, &login, &Change::Card).await.map_err(sentence)?;
            print_card(app, &login.trim().to_lowercase(), &code);
        }
    }
    Ok(())
}

async fn changed(app: &App, login: &str, change: Change) -> Result<(), String> {
    changes::from_terminal(app, login, &change).await.map_err(sentence)?;
    print("Changed; it holds at once.");
    Ok(())
}

fn print_card(app: &App, login: &str, code: &str) {
    let parts: Vec<&str> = [code.get(..4), code.get(4..8), code.get(8..)].into_iter().flatten().collect();
    print(&format!("{}/first-use   name: {login}   code: {}", app.config.base_url(), parts.join("-")));
    print("The code is shown once and works once.");
}

async fn list_users(app: &App) -> Result<(), String> {
    let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
    let mut after = String::new();
    loop {
        let rows = store::list(&mut tx, &after, 500).await.map_err(|error| error.to_string())?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.login);
        for row in rows {
            let grants =
                store::grants(&mut tx, AccountId(row.id)).await.map_err(|error| error.to_string())?;
            let grants: Vec<_> = grants.iter().map(written).collect();
            let state = match (row.disabled_at, &row.password_hash, row.kind.as_str()) {
                (Some(_), ..) => "locked",
                (None, Some(_), _) => "in use",
                (None, None, "program") => "program",
                (None, None, _) => "card not used yet",
            };
            print(&format!("{}\t{}\t{}\t{state}", row.login, row.name, grants.join(" ")));
        }
    }
}

pub(super) async fn token(app: &App, command: TokenCommand) -> Result<(), String> {
    let terminal = AccountId(app.installation);
    match command {
        TokenCommand::Add { name, roles, days } => {
            let form = NewAccount {
                login: name.clone().into(),
                name: name.clone().into(),
                grants: roles.into_iter().map(Text::from).collect(),
                program: "yes".into(),
                ..NewAccount::default()
            };
            let made = accounts::create(app.clone(), by(app), form).await.map_err(sentence)?;
            let until = days.map(|days| app.clock.now().plus_minutes(days.max(0) * 24 * 60));
            let secret = tokens::add(app, terminal, made.account, &name, until).await.map_err(sentence)?;
            print(&secret);
        }
        TokenCommand::List => {
            let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
            for row in tokens::list(&mut tx).await.map_err(|error| error.to_string())? {
                let time = |at: Option<i64>| at.map(|at| Timestamp(at).rfc3339());
                let state = match (time(row.revoked_at), time(row.expires_at)) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("until {at}"),
                    (None, None) => "in force".to_owned(),
                };
                print(&format!("{}\t{}\t{state}", TokenId(row.id), row.login));
            }
        }
        TokenCommand::Revoke { id } => {
            let id: TokenId = id.parse().map_err(|error: domain::id::NotAnId| error.to_string())?;
            tokens::revoke(app, terminal, id).await.map_err(sentence)?;
            print("The token is revoked.");
        }
    }
    Ok(())
}
