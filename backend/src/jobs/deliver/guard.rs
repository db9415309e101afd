//! A restored copy, a thawed snapshot or a machine that slept must not send yesterday's messages: it asks first.
//!
//! Sending is held when the epoch in the database is not the one in a file outside it, when deliveries are open and
//! no worker has been heard of for ten minutes, or when the heads of the logs are behind those kept outside.

use domain::{Refusal, field::Text, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_one, fetch_optional,
    jobs::witness,
    store::{
        Error, Tx,
        journal::{By, Chain, Say},
    },
};

/// A restart within so many minutes resumes alone.
const RESUMES_ALONE: i64 = 10;
/// What is older than this is outside its window when an operator lets only the rest go.
const WINDOW_MINUTES: i64 = 60;

const EPOCH: &str = "
    SELECT epoch
    FROM installation";

const OPEN: &str = "
    SELECT COUNT(*)
    FROM broadcast
    WHERE stage IN ('staged', 'sending')";

const HEARD: &str = "
    SELECT MAX(heartbeat_at)
    FROM worker";

const HOLD: &str = "
    INSERT INTO sending_hold (id, reason, held_at)
    VALUES (1, $1, $2)
    ON CONFLICT (id) DO NOTHING";

const HELD: &str = "
    SELECT reason, held_at
    FROM sending_hold
    WHERE id = 1";

const RELEASE: &str = "
    DELETE FROM sending_hold
    WHERE id = 1";

/// Looks once, before the first window, and holds sending when something does not fit.
///
/// # Errors
/// When the database does not answer or the data folder cannot be written.
pub async fn check(app: &App) -> Result<(), Failure> {
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let (epoch,) = fetch_one!(tx, (String,), EPOCH)?;
    let (open,) = fetch_one!(tx, (i64,), OPEN)?;
    let (heard,) = fetch_one!(tx, (Option<i64>,), HEARD)?;
    let inside = witness::in_database(&mut tx).await?;
    drop(tx);
    let outside = witness::in_file(&app.config.data).map_err(broken)?;
    let behind = outside.iter().any(|(chain, (seq, _))| inside.get(chain).is_none_or(|(mine, _)| mine < seq));
    let kept = kept_epoch(app).map_err(broken)?;
    let silent = heard.is_some_and(|at| now.minutes_since(Timestamp(at)) >= RESUMES_ALONE);
    let reason = match &kept {
        Some(kept) if *kept != epoch => {
            Some("This database is not the one that this machine last worked with.")
        }
        _ if behind => Some("This database is older than the log beside it: it may be a restored copy."),
        _ if open > 0 && silent => {
            Some("Messages are open and no worker has been heard of for over ten minutes.")
        }
        _ => None,
    };
    match (reason, kept) {
        (Some(reason), _) => {
            let mut tx = app.db.write().await?;
            execute!(tx, HOLD, reason, now.0)?;
            tx.commit().await?;
        }
        (None, None) => keep_epoch(app, &epoch).map_err(broken)?,
        (None, Some(_)) => {}
    }
    Ok(())
}

fn broken(error: std::io::Error) -> Failure {
    Failure::Broken(format!("the data folder cannot be used: {error}"))
}

fn kept_epoch(app: &App) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(app.config.data.join("epoch")) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn keep_epoch(app: &App, epoch: &str) -> std::io::Result<()> {
    let new = app.config.data.join("epoch.new");
    std::fs::write(&new, epoch)?;
    std::fs::rename(new, app.config.data.join("epoch"))
}

/// Why sending is held, and since when.
pub async fn held(tx: &mut Tx) -> Result<Option<(String, Timestamp)>, Error> {
    let row = fetch_optional!(tx, (String, i64), HELD)?;
    Ok(row.map(|(reason, at)| (reason, Timestamp(at))))
}

/// Decides about held messages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Release {
    pub request_id: Text,
    /// `all`, `in_window` (what was sent within the last hour; the rest is suppressed) or `hold`.
    pub choice: Text,
}

/// What deciding gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    pub choice: String,
    pub suppressed: i64,
}

const NEW_EPOCH: &str = "
    UPDATE installation
    SET epoch = $1";

/// Lets held messages go, all or those inside their window, or holds on.
///
/// # Errors
/// A refusal when nothing is held or the choice is none.
pub async fn release(app: App, by: By, form: Release) -> Result<Released, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    if held(&mut decision.tx).await?.is_none() {
        return Err(Refusal::new("not-held", "Sending is not held.").into());
    }
    let choice = form.choice.trimmed().to_owned();
    let oldest = decision.at.plus_minutes(-WINDOW_MINUTES);
    let suppressed = match choice.as_str() {
        "all" | "hold" => 0,
        "in_window" => {
            super::store::suppress_before(&mut decision.tx, oldest, by.actor.account, decision.at).await?
        }
        _ => return Err(domain::field::FieldErrors::one("choice", "Choose all, in_window or hold.").into()),
    };
    if choice != "hold" {
        let epoch = hex::encode(app.clock.bytes::<16>());
        execute!(decision.tx, RELEASE)?;
        execute!(decision.tx, NEW_EPOCH, &epoch)?;
        // Written first: a crash between the two asks once more instead of sending.
        keep_epoch(&app, &epoch).map_err(broken)?;
    }
    let (kind, data) = ("sending.decided", json!({ "choice": choice, "suppressed": suppressed }));
    decision.append(&app, Say { kind, data, ..Say::default() }).await?;
    let outcome = Released { choice, suppressed };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
