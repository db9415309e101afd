//! The SQL of waves.

use domain::{
    clearance::{Progress, Wave},
    id::ClearanceId,
};

use super::Moment;
use crate::{
    execute, fetch_one,
    store::{Error, Tx},
};

const NEXT: &str = "
    SELECT COALESCE(MAX(number), 0) + 1
    FROM clearance_wave
    WHERE clearance = $1";

/// A number that no wave of the scope has had.
pub async fn next_number(tx: &mut Tx, clearance: ClearanceId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), NEXT, clearance.0)?.0)
}

const INSERT: &str = "
    INSERT INTO clearance_wave (
        clearance, number, units, starts_at, hold_minutes, hold_owner, expected, condition_words, progress, planned_by,
        orders)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'planned', $9, '[]')";

const EVENT: &str = "
    INSERT INTO clearance_wave_event (clearance, number, seq, from_progress, to_progress, event_at, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";

/// Adds a wave to a scope's plan.
pub async fn plan_wave(
    tx: &mut Tx,
    clearance: ClearanceId,
    wave: &Wave,
    moment: Moment,
) -> Result<(), Error> {
    let units = serde_json::to_string(&wave.units).expect("a list of ids serialises");
    execute!(
        tx,
        INSERT,
        clearance.0,
        wave.number,
        units,
        wave.starts_at.0,
        wave.hold_minutes,
        &wave.hold_owner,
        wave.expected,
        &wave.condition,
        wave.planned_by.0
    )?;
    event(tx, (clearance, wave.number), ("", "planned"), moment).await
}

/// From what to what a wave moves.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    pub from: Progress,
    /// `None` when it is taken off the list.
    pub to: Option<Progress>,
}

const SAVE: &str = "
    UPDATE clearance_wave
    SET progress = $3, begun_at = $4, passed_at = $5, orders = $6
    WHERE clearance = $1 AND number = $2";

/// Saves a wave that has moved.
pub async fn move_wave(
    tx: &mut Tx,
    clearance: ClearanceId,
    (wave, moved): (&Wave, Moved),
    moment: Moment,
) -> Result<(), Error> {
    let to = moved.to.map_or("unplanned", Progress::code);
    let orders = serde_json::to_string(&wave.orders).expect("a list of ids serialises");
    let (begun, passed) = (wave.begun_at.map(|at| at.0), wave.passed_at.map(|at| at.0));
    execute!(tx, SAVE, clearance.0, wave.number, to, begun, passed, orders)?;
    event(tx, (clearance, wave.number), (moved.from.code(), to), moment).await
}

async fn event(
    tx: &mut Tx,
    (clearance, number): (ClearanceId, i64),
    (from, to): (&str, &str),
    moment: Moment,
) -> Result<(), Error> {
    let Moment { seq, at, account } = moment;
    execute!(tx, EVENT, clearance.0, number, seq, from, to, at.0, account.0).map(|_| ())
}
