//! The SQL of accounts, sessions and tokens.

use domain::{
    actor::{Actor, Grant, Role},
    id::AccountId,
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::InstallationRow;
use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

/// An account as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AccountRow {
    pub id: Uuid,
    pub login: String,
    pub name: String,
    pub kind: String,
    pub password_hash: Option<String>,
    pub disabled_at: Option<i64>,
}

const INSTALLATION: &str = "
    SELECT name, zone, set_up_at
    FROM installation";

/// The installation's name and zone.
pub async fn installation(tx: &mut Tx) -> Result<InstallationRow, Error> {
    let (name, zone, set_up_at) = fetch_one!(tx, (String, String, Option<i64>), INSTALLATION)?;
    Ok(InstallationRow { name, zone, set_up_at: set_up_at.map(Timestamp) })
}

const NAME_INSTALLATION: &str = "
    UPDATE installation
    SET name = $1, zone = $2, set_up_at = $3";

/// Names the organisation and its zone.
pub async fn name_installation(tx: &mut Tx, name: &str, zone: &str, at: Timestamp) -> Result<(), Error> {
    execute!(tx, NAME_INSTALLATION, name, zone, at.0).map(|_| ())
}

const COUNT: &str = "
    SELECT COUNT(*)
    FROM account";

/// Whether there is no account yet.
pub async fn is_empty(tx: &mut Tx) -> Result<bool, Error> {
    let (count,) = fetch_one!(tx, (i64,), COUNT)?;
    Ok(count == 0)
}

const BY_LOGIN: &str = "
    SELECT id, login, name, kind, password_hash, disabled_at
    FROM account
    WHERE login = $1";

/// The account of a login name in lower case.
pub async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<AccountRow>, Error> {
    fetch_optional!(tx, AccountRow, BY_LOGIN, login)
}

const BY_ID: &str = "
    SELECT id, login, name, kind, password_hash, disabled_at
    FROM account
    WHERE id = $1";

/// An account.
pub async fn by_id(tx: &mut Tx, account: AccountId) -> Result<Option<AccountRow>, Error> {
    fetch_optional!(tx, AccountRow, BY_ID, account.0)
}

const LIST: &str = "
    SELECT id, login, name, kind, password_hash, disabled_at
    FROM account
    WHERE login > $1
    ORDER BY login
    LIMIT $2";

/// A page of accounts by login name, after one of them.
pub async fn list(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<AccountRow>, Error> {
    fetch_all!(tx, AccountRow, LIST, after, most)
}

const NAME: &str = "
    SELECT name
    FROM account
    WHERE id = $1";

/// The name of an account.
pub async fn name(tx: &mut Tx, account: AccountId) -> Result<Option<String>, Error> {
    let row = fetch_optional!(tx, (String,), NAME, account.0)?;
    Ok(row.map(|(name,)| name))
}

/// What a new account's row says.
pub struct NewRow<'a> {
    pub id: AccountId,
    pub login: &'a str,
    pub name: &'a str,
    pub kind: &'a str,
    pub created_at: Timestamp,
}

const INSERT: &str = "
    INSERT INTO account (id, login, name, kind, created_at)
    VALUES ($1, $2, $3, $4, $5)";

/// Adds an account that cannot sign in yet.
pub async fn insert(tx: &mut Tx, row: &NewRow<'_>) -> Result<(), Error> {
    execute!(tx, INSERT, row.id.0, row.login, row.name, row.kind, row.created_at.0).map(|_| ())
}

const SET_PASSWORD: &str = "
    UPDATE account
    SET password_hash = $2
    WHERE id = $1";

/// Sets the argon2 hash of a password.
pub async fn set_password(tx: &mut Tx, account: AccountId, hash: &str) -> Result<(), Error> {
    execute!(tx, SET_PASSWORD, account.0, hash).map(|_| ())
}

const SET_FIRST_USE: &str = "
    UPDATE account
    SET first_use_hash = $2, first_use_until = $3
    WHERE id = $1";

/// Gives the account a card with a one-time code.
pub async fn set_first_use(
    tx: &mut Tx,
    account: AccountId,
    hash: &[u8; 32],
    until: Timestamp,
) -> Result<(), Error> {
    execute!(tx, SET_FIRST_USE, account.0, &hash[..], until.0).map(|_| ())
}

const USE_CARD: &str = "
    UPDATE account
    SET first_use_hash = NULL, first_use_until = NULL
    WHERE id = $1 AND first_use_hash = $2 AND first_use_until >= $3";

/// Uses the card up; `false` when it does not fit.
pub async fn use_card(
    tx: &mut Tx,
    account: AccountId,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(execute!(tx, USE_CARD, account.0, &hash[..], now.0)? == 1)
}

const GRANT: &str = "
    INSERT INTO account_grant (account, role, place, signs_as)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

/// Gives roles at places.
pub async fn grant(tx: &mut Tx, account: AccountId, grants: &[Grant]) -> Result<(), Error> {
    for each in grants {
        execute!(tx, GRANT, account.0, each.role.code(), each.place.to_string(), &each.signs_as)?;
    }
    Ok(())
}

const GRANTS: &str = "
    SELECT role, place, signs_as
    FROM account_grant
    WHERE account = $1
    ORDER BY role, place, signs_as";

/// The roles of an account with their places.
pub async fn grants(tx: &mut Tx, account: AccountId) -> Result<Vec<Grant>, Error> {
    let rows = fetch_all!(tx, (String, String, String), GRANTS, account.0)?;
    rows.into_iter().map(|(role, place, signs_as)| read_grant(&role, &place, signs_as)).collect()
}

fn read_grant(role: &str, place: &str, signs_as: String) -> Result<Grant, Error> {
    let corrupt = |text: &str| Error::Corrupt(format!("a grant reads {text:?}"));
    let role = Role::from_code(role).ok_or_else(|| corrupt(role))?;
    let place = place.parse().map_err(|_| corrupt(place))?;
    Ok(Grant { role, place, signs_as })
}

const BEGIN_SESSION: &str = "
    INSERT INTO session (token_hash, account, created_at, expires_at)
    VALUES ($1, $2, $3, $4)";

/// Begins a session.
pub async fn begin_session(
    tx: &mut Tx,
    hash: &[u8; 32],
    account: AccountId,
    from: Timestamp,
    until: Timestamp,
) -> Result<(), Error> {
    execute!(tx, BEGIN_SESSION, &hash[..], account.0, from.0, until.0).map(|_| ())
}

const END_SESSION: &str = "
    DELETE FROM session
    WHERE token_hash = $1";

/// Ends a session.
pub async fn end_session(tx: &mut Tx, hash: &[u8; 32]) -> Result<(), Error> {
    execute!(tx, END_SESSION, &hash[..]).map(|_| ())
}

const END_SESSIONS: &str = "
    DELETE FROM session
    WHERE account = $1";

/// Ends every session of an account.
pub async fn end_sessions(tx: &mut Tx, account: AccountId) -> Result<(), Error> {
    execute!(tx, END_SESSIONS, account.0).map(|_| ())
}

/// An account with one of its grants, or with none at all.
#[derive(sqlx::FromRow)]
struct Granted {
    id: Uuid,
    name: String,
    role: Option<String>,
    place: Option<String>,
    signs_as: Option<String>,
}

/// One statement for both, because every request asks.
fn actor(rows: Vec<Granted>) -> Result<Option<Actor>, Error> {
    let mut actor: Option<Actor> = None;
    for Granted { id, name, role, place, signs_as } in rows {
        let actor = actor.get_or_insert_with(|| Actor { account: AccountId(id), name, grants: Vec::new() });
        if let (Some(role), Some(place)) = (role, place) {
            actor.grants.push(read_grant(&role, &place, signs_as.unwrap_or_default())?);
        }
    }
    Ok(actor)
}

const OF_SESSION: &str = "
    SELECT account.id, account.name, account_grant.role, account_grant.place, account_grant.signs_as
    FROM session
    JOIN account ON account.id = session.account
    LEFT JOIN account_grant ON account_grant.account = account.id
    WHERE session.token_hash = $1 AND session.expires_at > $2 AND account.disabled_at IS NULL
    ORDER BY account_grant.role, account_grant.place, account_grant.signs_as";

/// Who a session belongs to that has not expired.
pub async fn of_session(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<Option<Actor>, Error> {
    actor(fetch_all!(tx, Granted, OF_SESSION, &hash[..], now.0)?)
}

const OF_TOKEN: &str = "
    SELECT account.id, account.name, account_grant.role, account_grant.place, account_grant.signs_as
    FROM token
    JOIN account ON account.id = token.account
    LEFT JOIN account_grant ON account_grant.account = account.id
    WHERE token.secret_hash = $1
        AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > $2)
        AND account.disabled_at IS NULL
    ORDER BY account_grant.role, account_grant.place, account_grant.signs_as";

/// Whose a bearer token is that is in force.
pub async fn of_token(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<Option<Actor>, Error> {
    actor(fetch_all!(tx, Granted, OF_TOKEN, &hash[..], now.0)?)
}
