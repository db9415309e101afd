//! Bearer tokens of programs.

use domain::{
    id::{AccountId, TokenId},
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

use super::hash_secret;
use crate::{
    app::App,
    execute,
    failure::Failure,
    fetch_all,
    store::{
        Error, Tx,
        journal::{self, Chain, Say},
    },
};

const INSERT: &str = "
    INSERT INTO token (id, secret_hash, account, label, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// Gives an account a token; its secret is shown once, only its hash is kept.
///
/// # Errors
/// When the database does not take it.
pub async fn add(
    app: &App,
    by: AccountId,
    account: AccountId,
    label: &str,
    until: Option<Timestamp>,
) -> Result<String, Failure> {
    let secret = hex::encode(app.clock.bytes::<32>());
    let id: TokenId = app.clock.id();
    let mut decision = journal::begin_unasked(app, by, Chain::Installation).await?;
    let (hash, at) = (hash_secret(&secret), decision.at);
    execute!(decision.tx, INSERT, id.0, &hash[..], account.0, label, at.0, until.map(|at| at.0))?;
    let say = Say {
        kind: "token.added",
        subject: format!("token:{id}"),
        data: json!({ "account": account }),
        ..Say::default()
    };
    decision.append(app, say).await?;
    decision.commit(app, &()).await?;
    Ok(secret)
}

/// A token as a list shows it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TokenRow {
    pub id: Uuid,
    pub login: String,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

const LIST: &str = "
    SELECT token.id, account.login, token.expires_at, token.revoked_at
    FROM token
    JOIN account ON account.id = token.account
    ORDER BY account.login, token.created_at";

/// All tokens.
pub async fn list(tx: &mut Tx) -> Result<Vec<TokenRow>, Error> {
    fetch_all!(tx, TokenRow, LIST)
}

const REVOKE: &str = "
    UPDATE token
    SET revoked_at = $2
    WHERE id = $1 AND revoked_at IS NULL";

/// Revokes a token at once.
///
/// # Errors
/// When there is none in force with this id.
pub async fn revoke(app: &App, by: AccountId, id: TokenId) -> Result<(), Failure> {
    let mut decision = journal::begin_unasked(app, by, Chain::Installation).await?;
    if execute!(decision.tx, REVOKE, id.0, decision.at.0)? == 0 {
        return Err(Failure::NotFound("token in force"));
    }
    let say = Say { kind: "token.revoked", subject: format!("token:{id}"), ..Say::default() };
    decision.append(app, say).await?;
    Ok(decision.commit(app, &()).await?)
}
