//! The decisions that were made.

use domain::{
    decisions::Window,
    id::{AccountId, IncidentId},
};
use sqlx::types::Uuid;

use crate::{
    accounts::store as accounts,
    fetch_all,
    store::{Error, Tx},
};

const WINDOWS: &str = "
    SELECT time_window
    FROM decision
    WHERE incident = $1 AND state = 'applied'";

/// The windows of the decisions that were made.
pub async fn windows(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Window>, Error> {
    let read = |(text,): (String,)| serde_json::from_str(&text).map_err(|e| Error::Corrupt(e.to_string()));
    fetch_all!(tx, (String,), WINDOWS, incident.0)?.into_iter().map(read).collect()
}

/// A decision that was made: id, number, rule, window, totals, when, by whom.
pub type Made = (Uuid, i64, String, String, String, i64, Uuid);

const MADE: &str = "
    SELECT id, number, rule, time_window, totals, decided_at, account
    FROM decision
    WHERE incident = $1 AND state = 'applied'
    ORDER BY number DESC
    LIMIT 50";

/// The decisions of an incident, the latest first.
pub async fn made(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Made>, Error> {
    fetch_all!(tx, Made, MADE, incident.0)
}

/// The name of whoever decided.
pub async fn decider(tx: &mut Tx, account: Uuid) -> Result<String, Error> {
    Ok(accounts::name(tx, AccountId(account)).await?.unwrap_or_default())
}
