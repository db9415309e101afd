//! What becomes of an account after it was made: locked and opened again, roles given and taken, a new card.

use domain::{
    accounts::{AccountChanged, parse_grant, written},
    actor::{Actor, Grant, Role},
    id::AccountId,
    refusal::Refusal,
    scope::Place,
    time::Timestamp,
};
use serde_json::json;

use super::{CARD_MINUTES, card_code, hash_secret, may_give, store};
use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_one,
    store::{
        Error, Tx,
        journal::{self, By, Chain, Decision, Say},
    },
};

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nobody gets in under it: sessions end, tokens are revoked, the password is kept.
    Lock,
    Unlock,
    Give(Vec<Grant>),
    Take(Grant),
    /// The password is forgotten, sessions end, a lock is opened, and a card with a one-time code is made.
    Card,
}

/// Changes an account from the terminal, by its name for signing in; gives the code of a new card.
///
/// # Errors
/// When there is no such account, it does not hold the role, or nobody would be left who administers all sites.
pub async fn from_terminal(app: &App, login: &str, change: &Change) -> Result<String, Failure> {
    let by = AccountId(app.installation);
    let mut decision = journal::begin_unasked(app, by, Chain::Installation).await?;
    let row = store::by_login(&mut decision.tx, &login.trim().to_lowercase()).await?;
    let row = row.ok_or(Failure::NotFound("account"))?;
    let code = apply(app, &mut decision, &row, change).await?;
    decision.commit(app, &()).await?;
    Ok(code)
}

/// Changes an account for an administrator of every place where it holds a role.
///
/// # Errors
/// When the account reaches further than the administrator, is their own, or as from the terminal.
pub async fn change(
    app: App,
    by: By,
    (account, change): (AccountId, Change),
) -> Result<AccountChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let row = store::by_id(&mut decision.tx, account).await?.ok_or(Failure::NotFound("account"))?;
    may_change(&mut decision.tx, &by.actor, account, &change).await?;
    let code = apply(&app, &mut decision, &row, &change).await?;
    let locked = match change {
        Change::Lock => true,
        Change::Unlock | Change::Card => false,
        Change::Give(_) | Change::Take(_) => row.disabled_at.is_some(),
    };
    let grants = store::grants(&mut decision.tx, account).await?;
    // The code is shown once; a repeat of the request does not show it again.
    let mut changed = AccountChanged {
        account,
        login: row.login,
        locked,
        grants: grants.iter().map(written).collect(),
        first_use_code: String::new(),
    };
    decision.commit(&app, &changed).await?;
    changed.first_use_code = code;
    Ok(changed)
}

/// Whether an administrator may change an account at all: every place of its roles is theirs.
///
/// # Errors
/// When the database does not answer.
pub async fn administers(tx: &mut Tx, actor: &Actor, account: AccountId) -> Result<bool, Failure> {
    let held = store::grants(tx, account).await?;
    match may_give(tx, actor, &held).await {
        Ok(()) => Ok(!held.is_empty() || actor.administers_everything()),
        Err(Failure::Forbidden(_)) => Ok(false),
        Err(failure) => Err(failure),
    }
}

async fn may_change(tx: &mut Tx, actor: &Actor, account: AccountId, change: &Change) -> Result<(), Failure> {
    if let Change::Give(grants) = change {
        may_give(tx, actor, grants).await?;
    }
    if !administers(tx, actor, account).await? {
        let sentence = "This account has roles at sites that are not yours; ask an administrator of those.";
        return Err(Failure::Forbidden(sentence.into()));
    }
    if actor.account == account && matches!(change, Change::Lock | Change::Card) {
        let sentence = "This is your own account: another administrator must do this.";
        return Err(Refusal::new("own-account", sentence).into());
    }
    Ok(())
}

const SET_LOCK: &str = "
    UPDATE account
    SET disabled_at = $2
    WHERE id = $1";

const REVOKE_TOKENS: &str = "
    UPDATE token
    SET revoked_at = $2
    WHERE account = $1 AND revoked_at IS NULL";

const TAKE: &str = "
    DELETE FROM account_grant
    WHERE account = $1 AND role = $2 AND place = $3 AND signs_as = $4";

const FORGET_PASSWORD: &str = "
    UPDATE account
    SET password_hash = NULL, disabled_at = NULL
    WHERE id = $1";

/// Makes the change and writes it down; gives the code of a new card.
async fn apply(
    app: &App,
    decision: &mut Decision,
    row: &store::AccountRow,
    change: &Change,
) -> Result<String, Failure> {
    let (account, at) = (AccountId(row.id), decision.at);
    let before = administrators(&mut decision.tx).await?;
    let mut code = String::new();
    let (kind, data) = match change {
        Change::Lock => {
            lock(&mut decision.tx, account, at).await?;
            ("account.locked", json!({}))
        }
        Change::Unlock => {
            execute!(decision.tx, SET_LOCK, account.0, None::<i64>)?;
            ("account.unlocked", json!({}))
        }
        Change::Give(grants) => {
            store::grant(&mut decision.tx, account, grants).await?;
            let roles: Vec<String> = grants.iter().map(written).collect();
            ("account.role_given", json!({ "role": roles.join(" ") }))
        }
        Change::Take(grant) => {
            let (role, place) = (grant.role.code(), grant.place.to_string());
            if execute!(decision.tx, TAKE, account.0, role, place, &grant.signs_as)? == 0 {
                return Err(Failure::NotFound("role of this account"));
            }
            ("account.role_taken", json!({ "role": written(grant) }))
        }
        Change::Card if row.kind == "program" => return Err(Failure::NotFound("person who signs in")),
        Change::Card => {
            execute!(decision.tx, FORGET_PASSWORD, account.0)?;
            store::end_sessions(&mut decision.tx, account).await?;
            code = card_code(app);
            let until = at.plus_minutes(CARD_MINUTES);
            store::set_first_use(&mut decision.tx, account, &hash_secret(&code), until).await?;
            ("account.reset", json!({}))
        }
    };
    if before > 0 && administrators(&mut decision.tx).await? == 0 {
        let sentence = "Nobody would be left who administers all sites: give somebody else that role first.";
        return Err(Refusal::new("last-administrator", sentence).into());
    }
    decision.append(app, Say { kind, subject: format!("account:{account}"), data, ..Say::default() }).await?;
    Ok(code)
}

async fn lock(tx: &mut Tx, account: AccountId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, SET_LOCK, account.0, Some(at.0))?;
    store::end_sessions(tx, account).await?;
    execute!(tx, REVOKE_TOKENS, account.0, at.0).map(|_| ())
}

const ADMINISTRATORS: &str = "
    SELECT COUNT(*)
    FROM account
    JOIN account_grant ON account_grant.account = account.id
    WHERE account_grant.role = $1 AND account_grant.place = $2 AND account.kind = 'person'
        AND account.disabled_at IS NULL";

/// How many people administer all sites.
async fn administrators(tx: &mut Tx) -> Result<i64, Error> {
    let (role, place) = (Role::Administrator.code(), Place::All.to_string());
    fetch_one!(tx, (i64,), ADMINISTRATORS, role, place).map(|(count,)| count)
}

/// Reads a role as it is written in forms and files.
///
/// # Errors
/// One sentence at the field `role`.
pub fn read(role: &str) -> Result<Grant, Failure> {
    parse_grant(role).map_err(|sentence| Failure::Fields(domain::field::FieldErrors::one("role", sentence)))
}
