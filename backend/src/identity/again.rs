//! Taking a wrong merge back: whose the sheets are is as it was before, and everything that hung on the merge is asked
//! again, one by one, until somebody has looked at it.

use domain::{
    id::{AccountId, NumberId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one,
    store::{Error, Tx},
};

const MERGED_AT: &str = "
    SELECT CAST(COALESCE(MAX(event_at), 0) AS BIGINT)
    FROM identity_event
    WHERE number = $1 AND from_state = 'waiting' AND to_state = 'merged'";

const MOVE_BACK: &str = "
    UPDATE entry_task
    SET patient = $1
    WHERE sealed_for = $1";

const ASK_SHEETS: &str = "
    INSERT INTO identity_again (number, kind, item, asked_at)
    SELECT $1, 'sheet', form, $5
    FROM entry_task
    WHERE state <> 'void' AND (sealed_for = $2 OR (sealed_for = $3 AND changed_at >= $4))
    ON CONFLICT (number, item) DO UPDATE
    SET asked_at = excluded.asked_at, looked_at = NULL, looked_by = NULL";

const ASK_LINES: &str = "
    INSERT INTO identity_again (number, kind, item, asked_at)
    SELECT $1, 'line', id, $5
    FROM check_line
    WHERE patient = $2 OR (patient = $3 AND changed_at >= $4)
    ON CONFLICT (number, item) DO UPDATE
    SET asked_at = excluded.asked_at, looked_at = NULL, looked_by = NULL";

/// Whose a number was, and into whose record it was merged.
#[derive(Debug, Clone, Copy)]
pub struct Both {
    pub own: Uuid,
    pub record: Uuid,
}

/// Gives the sheets of a number back to who had it, and asks again for these, for what was typed in for the record since
/// the merge, and for the lines of cross-checks of both. Gives how many there are.
pub async fn take_back(tx: &mut Tx, number: NumberId, of: Both, at: Timestamp) -> Result<u64, Error> {
    let (merged_at,) = fetch_one!(tx, (i64,), MERGED_AT, number.0)?;
    execute!(tx, MOVE_BACK, of.own)?;
    let sheets = execute!(tx, ASK_SHEETS, number.0, of.own, of.record, merged_at, at.0)?;
    let lines = execute!(tx, ASK_LINES, number.0, of.own, of.record, merged_at, at.0)?;
    Ok(sheets + lines)
}

const LOOK: &str = "
    UPDATE identity_again
    SET looked_at = $3, looked_by = $4
    WHERE number = $1 AND item = $2 AND looked_at IS NULL";

/// Notes that one of them was looked at again; says whether that is new.
pub async fn look(
    tx: &mut Tx,
    number: NumberId,
    item: Uuid,
    (at, account): (Timestamp, AccountId),
) -> Result<bool, Error> {
    Ok(execute!(tx, LOOK, number.0, item, at.0, account.0)? > 0)
}

const ALL: &str = "
    SELECT kind, item, looked_at
    FROM identity_again
    WHERE number = $1
    ORDER BY CASE WHEN looked_at IS NULL THEN 0 ELSE 1 END, kind DESC, item
    LIMIT 500";

/// What hung on the merge of a number: sheet or line, its id, when it was looked at again.
pub async fn all(tx: &mut Tx, number: NumberId) -> Result<Vec<(String, Uuid, Option<i64>)>, Error> {
    fetch_all!(tx, (String, Uuid, Option<i64>), ALL, number.0)
}
