//! The two databases behind one face.
//!
//! A query is one `const` text beside its only caller and runs on either database through the macros below;
//! where the dialects differ, [`Sql`] carries two. Reads happen in one snapshot ([`Db::read`]), writes in one
//! transaction ([`Db::write`]). Only SQL is awaited inside a [`Tx`]: SQLite has one writer.

mod bulk;
mod connect;
pub mod facts;
pub mod journal;
mod later;
pub mod migrations;
pub mod requests;
pub mod seal;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

pub use bulk::Rows;
pub use connect::DatabaseUrl;
pub use later::Script;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, pool::PoolConnection};

/// What the store can say when it fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the whole command may be tried again.
    #[error("another change was being written at the same moment")]
    Conflict(#[source] sqlx::Error),
    /// Others kept the database busy for as long as this one waited; the whole command may be tried again.
    #[error("the database was busy and did not answer in time: {0}")]
    Busy(#[source] sqlx::Error),
    /// The disk is full.
    #[error("the disk is full: free some space; nothing was changed")]
    Full(#[source] sqlx::Error),
    /// The file may not be written.
    #[error("the database file is read-only; nothing was changed")]
    ReadOnly(#[source] sqlx::Error),
    /// A row breaks a constraint; the name is the constraint's or index's own.
    #[error("a row breaks the rule {0:?} of the database")]
    Constraint(String, #[source] sqlx::Error),
    /// A stored value is not what this version writes.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    #[error("the database did not answer: {0}")]
    Other(#[source] sqlx::Error),
    #[error("the schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy(error);
        }
        let Some(database) = error.as_database_error() else { return Self::Other(error) };
        let code = database.code().unwrap_or_default().into_owned();
        match code.as_str() {
            "40001" | "40P01" | "261" | "517" => Self::Conflict(error),
            "5" | "6" | "262" | "773" => Self::Busy(error),
            "13" | "53100" => Self::Full(error),
            "8" | "10" | "14" | "264" | "520" | "776" | "778" | "1032" | "25006" => Self::ReadOnly(error),
            "787" | "1299" | "1555" | "2067" | "275" | "23505" | "23503" | "23514" | "23502" => {
                let rule = database.constraint().unwrap_or(database.message()).to_owned();
                Self::Constraint(rule, error)
            }
            _ => Self::Other(error),
        }
    }
}

/// One query: the same text on both databases, or one for each.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

/// The database: an SQLite file with one writer and several readers, or a PostgreSQL server.
#[derive(Debug, Clone)]
pub struct Db {
    pools: Pools,
    waiting_writers: Arc<AtomicUsize>,
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// An open transaction. Dropped without [`Tx::commit`], nothing has happened.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    later: Script,
}

#[derive(Debug)]
enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
    /// No transaction: a connection for one statement, which is its own snapshot.
    GlanceSqlite(PoolConnection<Sqlite>),
    GlancePostgres(PoolConnection<Postgres>),
}

impl From<Inner> for Tx {
    fn from(inner: Inner) -> Self {
        Self { inner, later: Script::default() }
    }
}

/// The connection of an open transaction, as the macros match on it.
pub enum Connection<'a> {
    Sqlite(&'a mut sqlx::SqliteConnection),
    Postgres(&'a mut sqlx::PgConnection),
}

impl Db {
    pub(crate) fn of(pools: Pools) -> Self {
        Self { pools, waiting_writers: Arc::default() }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// A read-only snapshot: every statement in it sees the same moment.
    pub async fn read(&self) -> Result<Tx, Error> {
        let inner = match &self.pools {
            Pools::Sqlite { read, .. } => Inner::Sqlite(read.begin_with("BEGIN DEFERRED").await?),
            Pools::Postgres(pool) => {
                Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(inner.into())
    }

    /// For one statement that reads, which is its own snapshot: no transaction is begun and ended around it.
    pub async fn glance(&self) -> Result<Tx, Error> {
        let inner = match &self.pools {
            Pools::Sqlite { read, .. } => Inner::GlanceSqlite(read.acquire().await?),
            Pools::Postgres(pool) => Inner::GlancePostgres(pool.acquire().await?),
        };
        Ok(inner.into())
    }

    /// A writing transaction. On SQLite there is one at a time.
    pub async fn write(&self) -> Result<Tx, Error> {
        let _waiting = Waiting::new(&self.waiting_writers);
        self.begin_write().await
    }

    /// A writing transaction for one chunk of wide work: it lets every waiting command go first.
    pub async fn write_chunk(&self) -> Result<Tx, Error> {
        while self.waiting_writers.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(std::time::Duration::from_micros(200)).await;
        }
        self.begin_write().await
    }

    async fn begin_write(&self) -> Result<Tx, Error> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin_with("BEGIN").await?),
        };
        Ok(inner.into())
    }

    /// Closes every connection; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Counts a command as waiting for the writer, also when it is dropped meanwhile.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Tx {
    /// Makes everything in the transaction true at once.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.settle().await?;
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
            Inner::GlanceSqlite(_) | Inner::GlancePostgres(_) => {}
        }
        Ok(())
    }

    /// Whether this transaction runs on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_) | Inner::GlancePostgres(_))
    }

    /// Runs what was put off; the next statement and [`Tx::commit`] do it by themselves.
    ///
    /// # Errors
    /// What any of the statements that were put off says.
    pub async fn settle(&mut self) -> Result<(), Error> {
        if !self.later.is_empty()
            && let Inner::Sqlite(tx) = &mut self.inner
        {
            std::mem::take(&mut self.later).run(tx).await?;
        }
        Ok(())
    }

    /// The connection, behind everything that was put off.
    #[doc(hidden)]
    pub async fn settled(&mut self) -> Result<Connection<'_>, Error> {
        self.settle().await?;
        Ok(match &mut self.inner {
            Inner::Sqlite(tx) => Connection::Sqlite(tx),
            Inner::Postgres(tx) => Connection::Postgres(tx),
            Inner::GlanceSqlite(connection) => Connection::Sqlite(connection),
            Inner::GlancePostgres(connection) => Connection::Postgres(connection),
        })
    }

    /// Where statements are put off until somebody asks; PostgreSQL runs each at once.
    #[doc(hidden)]
    pub fn script(&mut self) -> Option<&mut Script> {
        matches!(self.inner, Inner::Sqlite(_)).then_some(&mut self.later)
    }
}

/// Runs a statement: `execute!(tx, SQL, a, b)` gives the number of rows it changed.
#[macro_export]
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::store::Sql = ($sql).into();
        match $tx.settled().await {
            Ok($crate::store::Connection::Sqlite(connection)) => sqlx::query::<sqlx::Sqlite>(sql.sqlite)
                $(.bind($bind))*.execute(connection).await.map(|done| done.rows_affected())
                .map_err($crate::store::Error::from),
            Ok($crate::store::Connection::Postgres(connection)) => sqlx::query::<sqlx::Postgres>(sql.postgres)
                $(.bind($bind))*.execute(connection).await.map(|done| done.rows_affected())
                .map_err($crate::store::Error::from),
            Err(error) => Err(error),
        }
    }};
}

/// Puts a statement off of which nobody asks what it changed: `later!(tx, SQL, a, b)`. It runs, in its turn, before
/// the next statement of the transaction that is not put off, and before the commit; there its error is met. On SQLite
/// all that were put off cost one message to the connection's thread and back; PostgreSQL runs each at once.
#[macro_export]
macro_rules! later {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::store::Sql = ($sql).into();
        match $tx.script() {
            Some(script) => script.begin(sql.sqlite)$(.bind($bind))*.end(),
            None => $crate::execute!($tx, sql $(, $bind)*).map(|_| ()),
        }
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! fetch {
    ($how:ident, $tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::store::Sql = ($sql).into();
        match $tx.settled().await {
            Ok($crate::store::Connection::Sqlite(connection)) => sqlx::query_as::<sqlx::Sqlite, $row>(sql.sqlite)
                $(.bind($bind))*.$how(connection).await.map_err($crate::store::Error::from),
            Ok($crate::store::Connection::Postgres(connection)) => sqlx::query_as::<sqlx::Postgres, $row>(sql.postgres)
                $(.bind($bind))*.$how(connection).await.map_err($crate::store::Error::from),
            Err(error) => Err(error),
        }
    }};
}

/// All rows of a query: `fetch_all!(tx, (Uuid, String), SQL, a)`; the row is a tuple or derives `FromRow`.
#[macro_export]
macro_rules! fetch_all {
    ($($all:tt)*) => { $crate::fetch!(fetch_all, $($all)*) };
}

/// The only row of a query; none is an error.
#[macro_export]
macro_rules! fetch_one {
    ($($all:tt)*) => { $crate::fetch!(fetch_one, $($all)*) };
}

/// The row of a query, if there is one.
#[macro_export]
macro_rules! fetch_optional {
    ($($all:tt)*) => { $crate::fetch!(fetch_optional, $($all)*) };
}
