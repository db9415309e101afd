//! What becomes of an account after it was made: locked and opened again, roles given and taken.

use domain::{
    accounts::{parse_grant, written},
    actor::Grant,
    id::AccountId,
};
use serde_json::json;

use super::store;
use crate::{
    app::App,
    execute,
    failure::Failure,
    store::journal::{self, Chain, Say},
};

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nobody gets in under it: sessions end, tokens are revoked, the password is kept.
    Lock,
    Unlock,
    /// A role with its place, as `commander@all`.
    Give(String),
    Take(String),
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

/// Changes an account, by its name for signing in.
///
/// # Errors
/// When there is no such account, a role cannot be read, or it is not held.
pub async fn change(app: &App, by: AccountId, login: &str, change: Change) -> Result<(), Failure> {
    let mut decision = journal::begin_unasked(app, by, Chain::Installation).await?;
    let row = store::by_login(&mut decision.tx, &login.trim().to_lowercase()).await?;
    let account = AccountId(row.ok_or(Failure::NotFound("account"))?.id);
    let (kind, grant) = match change {
        Change::Lock => {
            let at = decision.at.0;
            execute!(decision.tx, SET_LOCK, account.0, Some(at))?;
            store::end_sessions(&mut decision.tx, account).await?;
            execute!(decision.tx, REVOKE_TOKENS, account.0, at)?;
            ("account.locked", None)
        }
        Change::Unlock => {
            execute!(decision.tx, SET_LOCK, account.0, None::<i64>)?;
            ("account.unlocked", None)
        }
        Change::Give(role) => {
            let grant = read(&role)?;
            store::grant(&mut decision.tx, account, std::slice::from_ref(&grant)).await?;
            ("account.role_given", Some(grant))
        }
        Change::Take(role) => {
            let grant = read(&role)?;
            let (role, place) = (grant.role.code(), grant.place.to_string());
            if execute!(decision.tx, TAKE, account.0, role, place, &grant.signs_as)? == 0 {
                return Err(Failure::NotFound("role of this account"));
            }
            ("account.role_taken", Some(grant))
        }
    };
    let data = grant.map_or_else(|| json!({}), |grant| json!({ "role": written(&grant) }));
    let say = Say { kind, subject: format!("account:{account}"), data, ..Say::default() };
    decision.append(app, say).await?;
    Ok(decision.commit(app, &()).await?)
}

fn read(role: &str) -> Result<Grant, Failure> {
    parse_grant(role).map_err(|sentence| Failure::Fields(domain::field::FieldErrors::one("role", sentence)))
}
