//! What was said of an appointment goes some days after the appointment, some at a time. What an open downtime may still
//! have to be compared with stays until it has ended.

use domain::{id::FeedId, schedule::report::State, time::Timestamp};
use serde::Serialize;

use super::store as feeds;
use crate::{
    app::App,
    execute,
    failure::Failure,
    fetch_all,
    schedules::tend::keep_minutes,
    store::{Error, Rows, Sql, Tx},
};

/// Appointments that go in one transaction.
const CHUNK: i64 = 500;

/// Forgets what is over.
///
/// # Errors
/// When the database does not answer; the next turn does it again.
pub async fn once(app: App) -> Result<(), Failure> {
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let ids: Vec<FeedId> = feeds::all(&mut tx).await?.into_iter().map(|feed| feed.id).collect();
    let held = held_from(&mut tx).await?;
    drop(tx);
    for feed in ids {
        while forget_some(&app, feed, (now, held)).await? {}
        let mut tx = app.db.write_chunk().await?;
        let before = now.plus_minutes(-keep_minutes(&app)).0;
        execute!(tx, FORGET_REJECTS, feed.0, before)?;
        tx.commit().await?;
    }
    Ok(())
}

const FORGET_REJECTS: &str = "
    DELETE FROM feed_reject
    WHERE feed = $1 AND arrived_at < $2";

const HELD: &str = "
    SELECT MIN(started_at)
    FROM incident
    WHERE kind = 'real' AND phase NOT IN ('closed', 'stood_down')";

/// From which moment on appointments are held: since the first downtime that is open began.
async fn held_from(tx: &mut Tx) -> Result<Timestamp, Error> {
    let rows = fetch_all!(tx, (Option<i64>,), HELD)?;
    let first = rows.into_iter().find_map(|(at,)| at);
    // A day before: what was booked for that morning belongs to it.
    Ok(first.map_or(Timestamp(i64::MAX), |at| Timestamp(at).plus_minutes(-24 * 60)))
}

#[derive(Serialize)]
struct Gone {
    authority: String,
    appointment: String,
}

const OVER: &str = "
    SELECT authority, appointment, state
    FROM feed_appointment
    WHERE feed = $1 AND kept_until < $2 AND COALESCE(start_at, event_at) < $3
    LIMIT $4";

const FORGET_REPORTS: Sql = Sql {
    sqlite: "
    DELETE FROM feed_report
    WHERE id IN (
        SELECT report.id
        FROM json_each($2)
        JOIN feed_report report ON report.feed = $1 AND report.authority = value ->> 'authority'
            AND report.appointment = value ->> 'appointment'
    )",
    postgres: "
    DELETE FROM feed_report
    USING json_to_recordset($2::json) AS row (authority TEXT, appointment TEXT)
    WHERE feed_report.feed = $1 AND feed_report.authority = row.authority
        AND feed_report.appointment = row.appointment",
};

const FORGET_APPOINTMENTS: Sql = Sql {
    sqlite: "
    DELETE FROM feed_appointment
    WHERE feed = $1 AND (authority, appointment) IN (
        SELECT value ->> 'authority', value ->> 'appointment'
        FROM json_each($2)
    )",
    postgres: "
    DELETE FROM feed_appointment
    USING json_to_recordset($2::json) AS row (authority TEXT, appointment TEXT)
    WHERE feed_appointment.feed = $1 AND feed_appointment.authority = row.authority
        AND feed_appointment.appointment = row.appointment",
};

/// Gives whether there may be more.
async fn forget_some(app: &App, feed: FeedId, (now, held): (Timestamp, Timestamp)) -> Result<bool, Failure> {
    let mut tx = app.db.write_chunk().await?;
    let Some(mut books) = feeds::take_books(&mut tx, feed).await? else { return Ok(false) };
    let over = fetch_all!(tx, (String, String, String), OVER, feed.0, now.0, held.0, CHUNK)?;
    if over.is_empty() {
        return Ok(false);
    }
    let mut gone = Vec::with_capacity(over.len());
    for (authority, appointment, state) in over {
        books.figures.appointments -= 1;
        *books.figures.of(feeds::known(&state, State::from_code(&state))?) -= 1;
        gone.push(Gone { authority, appointment });
    }
    let rows = Rows::of(&gone);
    execute!(tx, FORGET_REPORTS, feed.0, rows.text())?;
    execute!(tx, FORGET_APPOINTMENTS, feed.0, rows.text())?;
    feeds::set_books(&mut tx, feed, &books).await?;
    tx.commit().await?;
    Ok(i64::try_from(gone.len()).unwrap_or(i64::MAX) == CHUNK)
}
