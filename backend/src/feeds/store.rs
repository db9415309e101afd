//! The SQL of feeds: who sends, what its words mean, and the files it sent.

use domain::{
    id::{AccountId, FeedFileId, FeedId},
    schedule::{
        dialect::Dialect,
        sender::{Books, Described, Format},
    },
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Uuid;

use super::files::Figures;
use crate::{
    execute, fetch_all, fetch_optional, later,
    store::{Error, Sql, Tx},
};

/// A system that sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    pub id: FeedId,
    pub described: Described,
    /// Which version of the dialect this is.
    pub version: i64,
    pub books: Books,
    pub created_at: Timestamp,
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

pub(super) fn stored<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(error.to_string()))
}

pub(super) fn known<T>(code: &str, found: Option<T>) -> Result<T, Error> {
    found.ok_or_else(|| Error::Corrupt(format!("{code:?} is no code of a feed")))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    format: String,
    application: String,
    facility: String,
    listens: bool,
    version: i64,
    dialect: String,
    books: String,
    created_at: i64,
}

impl TryFrom<Row> for Feed {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let dialect: Dialect = stored(&row.dialect)?;
        Ok(Self {
            id: FeedId(row.id),
            described: Described {
                name: row.name,
                format: known(&row.format, Format::from_code(&row.format))?,
                application: row.application,
                facility: row.facility,
                listens: row.listens,
                dialect,
            },
            version: row.version,
            books: stored(&row.books)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

macro_rules! feeds {
    ($rest:literal) => {
        concat!(
            "
    SELECT feed.id, feed.name, feed.format, feed.application, feed.facility, feed.listens,
        feed.dialect AS version, feed_dialect.dialect, feed.books, feed.created_at
    FROM feed
    JOIN feed_dialect ON feed_dialect.feed = feed.id AND feed_dialect.version = feed.dialect",
            $rest
        )
    };
}

const ALL: &str = feeds!(
    "
    ORDER BY feed.created_at, feed.id
    LIMIT 200"
);

/// Every feed, the oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<Feed>, Error> {
    fetch_all!(tx, Row, ALL)?.into_iter().map(TryInto::try_into).collect()
}

const FIND: &str = feeds!(
    "
    WHERE feed.id = $1"
);

/// One feed.
pub async fn find(tx: &mut Tx, id: FeedId) -> Result<Option<Feed>, Error> {
    fetch_optional!(tx, Row, FIND, id.0)?.map(TryInto::try_into).transpose()
}

const INSERT: &str = "
    INSERT INTO feed (id, name, format, application, facility, listens, dialect, books, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const INSERT_DIALECT: &str = "
    INSERT INTO feed_dialect (feed, version, dialect, account, at)
    VALUES ($1, $2, $3, $4, $5)";

/// Adds a feed with the first version of its dialect.
pub async fn insert(tx: &mut Tx, feed: &Feed, account: AccountId) -> Result<(), Error> {
    let Described { name, format, application, facility, listens, dialect } = &feed.described;
    let (version, at, books) = (feed.version, feed.created_at.0, json(&feed.books));
    let format = format.code();
    execute!(tx, INSERT, feed.id.0, name, format, application, facility, *listens, version, books, at)?;
    execute!(tx, INSERT_DIALECT, feed.id.0, version, json(dialect), account.0, at).map(|_| ())
}

const CHANGE: &str = "
    UPDATE feed
    SET name = $2, application = $3, facility = $4, listens = $5, dialect = $6
    WHERE id = $1";

/// Changes a feed; another dialect is another version.
pub async fn change(
    tx: &mut Tx,
    feed: &Feed,
    is_new_dialect: bool,
    (account, at): (AccountId, Timestamp),
) -> Result<(), Error> {
    let Described { name, application, facility, listens, dialect, .. } = &feed.described;
    if is_new_dialect {
        execute!(tx, INSERT_DIALECT, feed.id.0, feed.version, json(dialect), account.0, at.0)?;
    }
    execute!(tx, CHANGE, feed.id.0, name, application, facility, *listens, feed.version).map(|_| ())
}

const BOOKS: Sql = Sql {
    sqlite: "
    SELECT books
    FROM feed
    WHERE id = $1",
    postgres: "
    SELECT books
    FROM feed
    WHERE id = $1
    FOR UPDATE",
};

/// The books of a feed, taken by this transaction: whoever else would write in them waits.
pub async fn take_books(tx: &mut Tx, id: FeedId) -> Result<Option<Books>, Error> {
    fetch_optional!(tx, (String,), BOOKS, id.0)?.map(|(books,)| stored(&books)).transpose()
}

const SET_BOOKS: &str = "
    UPDATE feed
    SET books = $2
    WHERE id = $1";

/// Writes the books of a feed.
pub async fn set_books(tx: &mut Tx, id: FeedId, books: &Books) -> Result<(), Error> {
    later!(tx, SET_BOOKS, id.0, json(books))
}

/// A file of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFile {
    pub id: FeedFileId,
    pub feed: FeedId,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub as_of: Timestamp,
    pub is_taken: bool,
    pub figures: Figures,
    pub account: AccountId,
    pub offered_at: Timestamp,
    pub taken_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct FileRow {
    id: Uuid,
    feed: Uuid,
    file_name: String,
    sha256: Vec<u8>,
    as_of: i64,
    state: String,
    figures: String,
    account: Uuid,
    offered_at: i64,
    taken_at: Option<i64>,
}

impl TryFrom<FileRow> for FeedFile {
    type Error = Error;

    fn try_from(row: FileRow) -> Result<Self, Error> {
        let sha256 = row.sha256.try_into();
        Ok(Self {
            id: FeedFileId(row.id),
            feed: FeedId(row.feed),
            file_name: row.file_name,
            sha256: sha256.map_err(|_| Error::Corrupt("a file's hash is not 32 bytes".into()))?,
            as_of: Timestamp(row.as_of),
            is_taken: row.state == "taken",
            figures: stored(&row.figures)?,
            account: AccountId(row.account),
            offered_at: Timestamp(row.offered_at),
            taken_at: row.taken_at.map(Timestamp),
        })
    }
}

macro_rules! files {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, feed, file_name, sha256, as_of, state, figures, account, offered_at, taken_at
    FROM feed_file
    WHERE feed = $1",
            $rest
        )
    };
}

const FILE: &str = files!(
    "
        AND id = $2"
);

/// One file of a feed.
pub async fn file(tx: &mut Tx, feed: FeedId, id: FeedFileId) -> Result<Option<FeedFile>, Error> {
    fetch_optional!(tx, FileRow, FILE, feed.0, id.0)?.map(TryInto::try_into).transpose()
}

const FILE_BY_HASH: &str = files!(
    "
        AND sha256 = $2"
);

/// The same file, if it was offered before.
pub async fn file_by_hash(tx: &mut Tx, feed: FeedId, sha256: &[u8; 32]) -> Result<Option<FeedFile>, Error> {
    fetch_optional!(tx, FileRow, FILE_BY_HASH, feed.0, &sha256[..])?.map(TryInto::try_into).transpose()
}

const FILES: &str = files!(
    "
    ORDER BY offered_at DESC, id DESC
    LIMIT 50"
);

/// The files of a feed, the latest first; at most 50.
pub async fn files(tx: &mut Tx, feed: FeedId) -> Result<Vec<FeedFile>, Error> {
    fetch_all!(tx, FileRow, FILES, feed.0)?.into_iter().map(TryInto::try_into).collect()
}

const INSERT_FILE: &str = "
    INSERT INTO feed_file (id, feed, file_name, sha256, as_of, state, figures, account, offered_at)
    VALUES ($1, $2, $3, $4, $5, 'offered', $6, $7, $8)";

/// Remembers an offered file.
pub async fn insert_file(tx: &mut Tx, file: &FeedFile) -> Result<(), Error> {
    let (figures, as_of, at) = (json(&file.figures), file.as_of.0, file.offered_at.0);
    let (name, hash, by) = (&file.file_name, &file.sha256[..], file.account.0);
    execute!(tx, INSERT_FILE, file.id.0, file.feed.0, name, hash, as_of, figures, by, at).map(|_| ())
}

const SET_TAKEN: &str = "
    UPDATE feed_file
    SET state = 'taken', figures = $2, taken_at = $3
    WHERE id = $1 AND state = 'offered'";

/// The file is in. Gives whether it was not before.
pub async fn set_taken(tx: &mut Tx, id: FeedFileId, figures: &Figures, at: Timestamp) -> Result<bool, Error> {
    Ok(execute!(tx, SET_TAKEN, id.0, json(figures), at.0)? == 1)
}
