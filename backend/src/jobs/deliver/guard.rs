//! A restored copy, a thawed snapshot or a machine that slept must not send yesterday's messages: it asks first.
//!
//! Sending is held when the epoch in the database is not the one in a file outside it, when the heads of the logs are
//! not those kept outside, or when deliveries are open and no worker has been heard of for ten minutes.

use domain::time::Timestamp;

use crate::{
    app::App,
    broadcasts::hold,
    execute,
    failure::Failure,
    fetch_one, fetch_optional,
    jobs::witness::{self, Fit, WitnessError},
};

/// A restart within so many minutes resumes alone.
const RESUMES_ALONE: i64 = 10;

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

const ASK_ABOUT: &str = "
    INSERT INTO past_epoch (epoch)
    VALUES ($1)
    ON CONFLICT (epoch) DO NOTHING";

impl From<WitnessError> for Failure {
    fn from(error: WitnessError) -> Self {
        match error {
            WitnessError::Store(error) => error.into(),
            file @ WitnessError::File(_) => Self::Broken(file.to_string()),
        }
    }
}

/// Looks before the first window, and holds sending when something does not fit.
///
/// # Errors
/// When the database does not answer or the data folder cannot be used.
pub async fn check(app: &App) -> Result<(), Failure> {
    look(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let (open,) = fetch_one!(tx, (i64,), OPEN)?;
    let (heard,) = fetch_one!(tx, (Option<i64>,), HEARD)?;
    drop(tx);
    let silent = heard.is_some_and(|at| now.minutes_since(Timestamp(at)) >= RESUMES_ALONE);
    if open > 0 && silent {
        hold_sending(app, "Messages are open and no worker has been heard of for over ten minutes.", None)
            .await?;
    }
    Ok(())
}

/// Brings the files beside the database up to date, and holds sending when the database does not continue what they
/// say.
///
/// # Errors
/// When the database does not answer or the data folder cannot be used.
pub async fn look(app: &App) -> Result<(), Failure> {
    match witness::compare(app).await? {
        Fit::Continues => Ok(()),
        Fit::Stranger(known) => {
            let reason = "This database is not the one that this machine last worked with.";
            hold_sending(app, reason, Some(&known)).await
        }
        Fit::Behind => {
            let reason = "This database does not have what the log beside it says: it may be a restored copy, or its log was cut.";
            hold_sending(app, reason, None).await
        }
    }
}

const ASKED_ABOUT: &str = "
    SELECT epoch
    FROM past_epoch
    WHERE epoch = $1";

async fn hold_sending(app: &App, reason: &str, known: Option<&str>) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let asked = match known {
        Some(known) => fetch_optional!(tx, (String,), ASKED_ABOUT, known)?.is_some(),
        None => true,
    };
    if asked && hold::held(&mut tx).await?.is_some() {
        return Ok(());
    }
    drop(tx);
    let mut tx = app.db.write().await?;
    if let Some(known) = known {
        execute!(tx, ASK_ABOUT, known)?;
    }
    let began = execute!(tx, HOLD, reason, app.clock.now().0)? == 1;
    tx.commit().await?;
    if began {
        tracing::error!("sending is held: {reason}");
        app.live.changed(None, 0);
    }
    Ok(())
}
