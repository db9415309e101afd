//! What one caller tells the next about a case. It may name the patient, so it lies sealed under the patient's key, and
//! goes with it.

use domain::{
    Refusal,
    id::{AccountId, CaseId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::store::CaseRow;
use crate::{
    app::App,
    execute,
    failure::Failure,
    fetch_all,
    store::{
        Error, Tx,
        journal::Decision,
        seal::{self, Seal},
    },
};

const KEEP: &str = "
    INSERT INTO case_note (id, case_id, seq, sealed, at, account)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// Keeps a note under the number of its decision.
///
/// # Errors
/// Refused when the patient was erased.
pub(super) async fn keep(
    app: &App,
    decision: &mut Decision,
    row: &CaseRow,
    seq: i64,
    text: &str,
) -> Result<(), Failure> {
    let Some(wrapped) = &row.wrapped_key else {
        return Err(Refusal::new("erased", "This patient was erased; nothing is written about them.").into());
    };
    let key = Seal::open(app, &mut decision.tx).await?.unwrap(row.patient, wrapped)?;
    let id: Uuid = app.clock.id();
    let sealed = seal::seal(app, &key, id, text.as_bytes());
    let AccountId(account) = decision.account;
    execute!(decision.tx, KEEP, id, row.id.0, seq, sealed, decision.at.0, account)?;
    Ok(())
}

/// A note as it is read: when, by whom, what.
pub(super) struct Note {
    pub at: Timestamp,
    pub by: String,
    pub text: String,
}

const OF_CASE: &str = "
    SELECT case_note.id, sealed, at, account.name
    FROM case_note
    JOIN account ON account.id = case_note.account
    WHERE case_id = $1
    ORDER BY seq DESC
    LIMIT 100";

/// The notes of a case, the last first; none of a patient who was erased.
pub(super) async fn of_case(tx: &mut Tx, row: &CaseRow, with: &Seal) -> Result<Vec<Note>, Error> {
    let CaseId(id) = row.id;
    let Some(wrapped) = &row.wrapped_key else { return Ok(Vec::new()) };
    let key = with.unwrap(row.patient, wrapped)?;
    let rows = fetch_all!(tx, (Uuid, Vec<u8>, i64, String), OF_CASE, id)?;
    rows.into_iter()
        .map(|(id, sealed, at, by)| {
            let plain = seal::unseal(&key, id, &sealed)?;
            let text = String::from_utf8(plain).map_err(|error| Error::Corrupt(error.to_string()))?;
            Ok(Note { at: Timestamp(at), by, text })
        })
        .collect()
}
