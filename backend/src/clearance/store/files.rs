//! The SQL of the files that prove evidence. Their bytes are kept encrypted: a photograph of a screen shows patients.

use domain::{
    clearance::AttachedFile,
    id::{AccountId, ClearanceId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::Moment;
use crate::{
    execute, fetch_all, fetch_optional,
    store::{Error, Tx},
};

/// A file to be kept.
pub struct NewFile<'a> {
    pub number: i64,
    pub file: &'a AttachedFile,
    pub sealed: &'a [u8],
}

const INSERT: &str = "
    INSERT INTO clearance_file (clearance, number, name, media, size, sha256, sealed, at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Keeps a file of a scope.
pub async fn insert_file(
    tx: &mut Tx,
    clearance: ClearanceId,
    new: &NewFile<'_>,
    moment: Moment,
) -> Result<(), Error> {
    execute!(
        tx,
        INSERT,
        clearance.0,
        new.number,
        &new.file.name,
        &new.file.media,
        new.file.size,
        &new.file.sha256,
        new.sealed,
        moment.at.0,
        moment.account.0
    )
    .map(|_| ())
}

/// A file without its bytes.
#[derive(Debug, Clone)]
pub struct Kept {
    pub number: i64,
    pub file: AttachedFile,
    pub at: Timestamp,
    pub by: AccountId,
}

const OF_SCOPE: &str = "
    SELECT number, name, media, size, sha256, at, account
    FROM clearance_file
    WHERE clearance = $1
    ORDER BY number";

/// The files of a scope, without their bytes.
pub async fn files(tx: &mut Tx, clearance: ClearanceId) -> Result<Vec<Kept>, Error> {
    let rows = fetch_all!(tx, (i64, String, String, i64, String, i64, Uuid), OF_SCOPE, clearance.0)?;
    let kept = |(number, name, media, size, sha256, at, by)| Kept {
        number,
        file: AttachedFile { name, media, size, sha256 },
        at: Timestamp(at),
        by: AccountId(by),
    };
    Ok(rows.into_iter().map(kept).collect())
}

const ONE: &str = "
    SELECT name, media, sealed
    FROM clearance_file
    WHERE clearance = $1 AND number = $2";

/// A file's name, media type and encrypted bytes.
pub async fn file(
    tx: &mut Tx,
    clearance: ClearanceId,
    number: i64,
) -> Result<Option<(String, String, Vec<u8>)>, Error> {
    fetch_optional!(tx, (String, String, Vec<u8>), ONE, clearance.0, number)
}
