//! The SQL of what became of each file by its content: folders are only read, so a file lies there again at every look
//! and before every server that looks.

use domain::time::Timestamp;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_optional,
    store::{Error, Tx},
};

/// How long a claim holds: longer than any file takes, unless the server that took it is gone.
const CLAIM_MINUTES: i64 = 2;

/// What is known of a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It is this caller's to take.
    Claimed,
    /// Another server takes it now.
    Busy,
    Taken,
    Refused,
}

const FIND: &str = "
    SELECT state, claim, at
    FROM schedule_file
    WHERE sha256 = $1";

const CLAIM: &str = "
    INSERT INTO schedule_file (sha256, file_name, state, claim, sentence, at)
    VALUES ($1, $2, 'taking', $3, '', $4)
    ON CONFLICT (sha256) DO UPDATE
    SET claim = excluded.claim, at = excluded.at
    WHERE schedule_file.state = 'taking' AND schedule_file.at < $5";

/// Claims a file, unless something became of it or another server is taking it.
pub async fn claim(
    tx: &mut Tx,
    sha256: &[u8; 32],
    file_name: &str,
    claim: Uuid,
    now: Timestamp,
) -> Result<Known, Error> {
    let stale = now.plus_minutes(-CLAIM_MINUTES).0;
    if execute!(tx, CLAIM, &sha256[..], file_name, claim, now.0, stale)? == 1 {
        return Ok(Known::Claimed);
    }
    let row = fetch_optional!(tx, (String, Option<Uuid>, i64), FIND, &sha256[..])?;
    Ok(match row.as_ref().map(|(state, ..)| state.as_str()) {
        Some("taken") => Known::Taken,
        Some("refused") => Known::Refused,
        _ => Known::Busy,
    })
}

const RELEASE: &str = "
    DELETE FROM schedule_file
    WHERE sha256 = $1 AND state = 'taking' AND claim = $2";

/// Gives a claim back, so that the file is tried again at once.
pub async fn release(tx: &mut Tx, sha256: &[u8; 32], claim: Uuid) -> Result<(), Error> {
    execute!(tx, RELEASE, &sha256[..], claim).map(|_| ())
}

const SET: &str = "
    INSERT INTO schedule_file (sha256, file_name, state, claim, sentence, at)
    VALUES ($1, $2, $3, NULL, $4, $5)
    ON CONFLICT (sha256) DO UPDATE
    SET file_name = excluded.file_name, state = excluded.state, claim = NULL, sentence = excluded.sentence,
        at = excluded.at";

/// Remembers that a file was taken, in the transaction that makes it true.
pub async fn set_taken(tx: &mut Tx, sha256: &[u8; 32], file_name: &str, at: Timestamp) -> Result<(), Error> {
    execute!(tx, SET, &sha256[..], file_name, "taken", "", at.0).map(|_| ())
}

/// Remembers that a file cannot be used, and why.
pub async fn set_refused(
    tx: &mut Tx,
    sha256: &[u8; 32],
    (file_name, sentence): (&str, &str),
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, SET, &sha256[..], file_name, "refused", sentence, at.0).map(|_| ())
}

const AGAIN: &str = "
    UPDATE schedule_file
    SET file_name = $2, at = $3
    WHERE sha256 = $1 AND state = 'refused' AND file_name <> $2";

/// The same useless file lies there under another name: the page says the last one.
pub async fn refused_again(
    tx: &mut Tx,
    sha256: &[u8; 32],
    file_name: &str,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, AGAIN, &sha256[..], file_name, at.0).map(|_| ())
}

const REFUSED: &str = "
    SELECT file_name, at, sentence
    FROM schedule_file
    WHERE state = 'refused' AND at >= $1
    ORDER BY at DESC, sha256
    LIMIT 20";

/// What could not be used since a moment, the latest first: name, when, why.
pub async fn refused(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, Timestamp, String)>, Error> {
    let rows = fetch_all!(tx, (String, i64, String), REFUSED, since.0)?;
    Ok(rows.into_iter().map(|(name, at, sentence)| (name, Timestamp(at), sentence)).collect())
}

const FORGET: &str = "
    DELETE FROM schedule_file
    WHERE at < $1";

/// Forgets what became of files before a moment.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<(), Error> {
    execute!(tx, FORGET, before.0).map(|_| ())
}
