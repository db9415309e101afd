//! Forgets what nobody needs: sessions that have expired, the outcomes of requests older than two weeks, which is as
//! long as a browser may be offline, lists of people whose upload was cut off, and the stages and files of imports and
//! decisions that were never finished.

use crate::{app::App, cases, checks, execute, failure::Failure, imports};

const REQUEST_MINUTES: i64 = 15 * 24 * 60;

/// How long an uploaded file may wait to be imported.
const FILE_MINUTES: i64 = 24 * 60;

/// Longer than any staging takes.
const STAGE_MINUTES: i64 = 60;

const FORGET_REQUESTS: &str = "
    DELETE FROM request
    WHERE at < $1";

const FORGET_SESSIONS: &str = "
    DELETE FROM session
    WHERE expires_at < $1";

const CUT_OFF_MINUTES: i64 = 24 * 60;

const FORGET_MEMBERS: &str = "
    DELETE FROM audience_member
    WHERE audience IN (
        SELECT id
        FROM audience
        WHERE NOT complete AND created_at < $1
    )";

const FORGET_LISTS: &str = "
    DELETE FROM audience
    WHERE NOT complete AND created_at < $1";

/// Forgets once.
///
/// # Errors
/// When the database does not answer; the next turn forgets it.
pub async fn once(app: App) -> Result<(), Failure> {
    app.throttle.forget_the_patient();
    app.doorkeeper.tidy();
    let now = app.clock.now();
    let swept = imports::file::sweep(&app, now.plus_minutes(-FILE_MINUTES)).await;
    swept.map_err(|error| Failure::Broken(format!("an old file cannot be removed: {error}")))?;
    let mut tx = app.db.write().await?;
    execute!(tx, FORGET_REQUESTS, now.plus_minutes(-REQUEST_MINUTES).0)?;
    execute!(tx, FORGET_SESSIONS, now.0)?;
    let cut_off = now.plus_minutes(-CUT_OFF_MINUTES).0;
    execute!(tx, FORGET_MEMBERS, cut_off)?;
    execute!(tx, FORGET_LISTS, cut_off)?;
    tx.commit().await?;
    let before = now.plus_minutes(-STAGE_MINUTES);
    checks::drop_stale(&app, before).await?;
    cases::drop_stale_stages(&app, before).await
}
