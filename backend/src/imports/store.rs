//! The SQL of imports.

use domain::{
    id::{AccountId, ImportId},
    table::Mapping,
    time::Timestamp,
    view::imports::Figures,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_optional,
    store::{Error, Tx},
};

/// An import as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ImportRow {
    pub id: Uuid,
    pub kind: String,
    pub file_name: String,
    pub sha256: Vec<u8>,
    pub mapping: String,
    pub figures: String,
    pub state: String,
}

impl ImportRow {
    /// What its columns mean.
    pub fn mapping(&self) -> Result<Mapping, Error> {
        stored(&self.mapping)
    }

    /// What it would do, or has done.
    pub fn figures(&self) -> Result<Figures, Error> {
        stored(&self.figures)
    }
}

fn stored<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(error.to_string()))
}

/// What a new import's row says.
pub struct NewImport<'a> {
    /// What the file is about, and of which incident, when it is of one: `people`, `devices:ID`.
    pub kind: &'a str,
    pub id: ImportId,
    pub file_name: &'a str,
    pub sha256: &'a [u8],
    pub mapping: &'a Mapping,
    pub figures: &'a Figures,
}

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("figures and columns are plain data")
}

const INSERT: &str = "
    INSERT INTO import (id, kind, file_name, sha256, mapping, figures, state, account, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'previewed', $7, $8)";

/// Keeps a previewed file.
pub async fn insert(
    tx: &mut Tx,
    row: &NewImport<'_>,
    account: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    let NewImport { kind, id, file_name, sha256, .. } = *row;
    let (mapping, figures) = (text(row.mapping), text(row.figures));
    execute!(tx, INSERT, id.0, kind, file_name, sha256, mapping, figures, account.0, at.0).map(|_| ())
}

const FIND: &str = "
    SELECT id, kind, file_name, sha256, mapping, figures, state
    FROM import
    WHERE id = $1";

/// One import.
pub async fn find(tx: &mut Tx, id: ImportId) -> Result<Option<ImportRow>, Error> {
    fetch_optional!(tx, ImportRow, FIND, id.0)
}

const SET_MAPPING: &str = "
    UPDATE import
    SET mapping = $2, figures = $3
    WHERE id = $1";

/// Changes what the columns mean.
pub async fn set_mapping(
    tx: &mut Tx,
    id: ImportId,
    mapping: &Mapping,
    figures: &Figures,
) -> Result<(), Error> {
    execute!(tx, SET_MAPPING, id.0, text(mapping), text(figures)).map(|_| ())
}

const SET_COMMITTED: &str = "
    UPDATE import
    SET state = 'committed', figures = $2, committed_at = $3
    WHERE id = $1";

/// Notes that a file was taken over, and what it did.
pub async fn set_committed(tx: &mut Tx, id: ImportId, figures: &Figures, at: Timestamp) -> Result<(), Error> {
    execute!(tx, SET_COMMITTED, id.0, text(figures), at.0).map(|_| ())
}
