//! The client's own id for a command: a repeat returns the first outcome instead of acting twice.
//!
//! The row is written in the command's own transaction, so there is no moment at which the command has happened
//! and its repeat would not be recognised.

use domain::{
    id::{AccountId, RequestId},
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Uuid;

use super::{Error, Tx};
use crate::{execute, failure::Failure, fetch_optional};

/// What identifies one command: the client's id and the hash of what it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    pub id: RequestId,
    /// SHA-256 over the path and the body.
    pub body_hash: [u8; 32],
}

const FIND: &str = "
    SELECT body_hash, outcome
    FROM request
    WHERE account = $1 AND id = $2";

const REMEMBER: &str = "
    INSERT INTO request (account, id, body_hash, outcome, at)
    VALUES ($1, $2, $3, $4, $5)";

/// The first outcome of this request, if it has run.
///
/// # Errors
/// [`Failure::ReusedRequestId`] when the same id came with another body.
pub async fn first_outcome<T: DeserializeOwned>(
    tx: &mut Tx,
    account: AccountId,
    request: &Request,
) -> Result<Option<T>, Failure> {
    let row = fetch_optional!(tx, (Vec<u8>, String), FIND, account.0, request.id.0)?;
    let Some((body_hash, outcome)) = row else { return Ok(None) };
    if body_hash != request.body_hash {
        return Err(Failure::ReusedRequestId);
    }
    let outcome = serde_json::from_str(&outcome).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok(Some(outcome))
}

/// Remembers the outcome.
///
/// # Errors
/// [`Error::Conflict`] when the same request ran at the same moment; trying again finds its outcome.
pub async fn remember<T: Serialize>(
    tx: &mut Tx,
    account: AccountId,
    request: &Request,
    outcome: &T,
    at: Timestamp,
) -> Result<(), Error> {
    let text = serde_json::to_string(outcome).expect("outcomes are plain data");
    let id: Uuid = request.id.0;
    // What was put off may break a rule of its own.
    tx.settle().await?;
    match execute!(tx, REMEMBER, account.0, id, &request.body_hash[..], text, at.0) {
        Err(Error::Constraint(_, source)) => Err(Error::Conflict(source)),
        other => other.map(|_| ()),
    }
}
