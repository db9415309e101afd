//! Opening the database, with errors on which an operator can act.

use std::{path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, Error, Pools};

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// A file; it is created when it does not exist.
    Sqlite(PathBuf),
    /// `postgres://user:password@host/database`
    Postgres(Box<PgConnectOptions>),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(text)
                .map_err(|error| format!("this is not a PostgreSQL address: {error}"))?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err("write postgres://user:password@host/database, or the path of an SQLite file".into());
        }
        Ok(Self::Sqlite(path.into()))
    }
}

const PATIENCE: Duration = Duration::from_secs(5);

impl Db {
    /// Opens the database without touching its schema.
    ///
    /// # Errors
    /// When the file cannot be opened or written, or the server does not answer within 5 s.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, Error> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(PATIENCE)
                    .foreign_keys(true)
                    .pragma("wal_autocheckpoint", "1000")
                    .statement_cache_capacity(256)
                    .disable_statement_logging();
                // A file has no network to lose: asking a connection whether it is there would cost as much as a
                // statement each time.
                let pool = |connections| {
                    SqlitePoolOptions::new()
                        .max_connections(connections)
                        .acquire_timeout(PATIENCE)
                        .test_before_acquire(false)
                };
                // A full disk makes SQLite end the transaction by itself; sqlx then believes for ever that it is
                // open. Such a connection is replaced.
                let write = pool(1)
                    .after_release(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
                    .connect_with(options.clone())
                    .await?;
                let read = pool(4).connect_with(options.create_if_missing(false).read_only(true)).await?;
                Ok(Self::of(Pools::Sqlite { read, write }))
            }
            DatabaseUrl::Postgres(options) => {
                let options =
                    options.as_ref().clone().application_name("downtime").disable_statement_logging();
                let pool = PgPoolOptions::new()
                    .max_connections(16)
                    .acquire_timeout(PATIENCE)
                    .connect_with(options)
                    .await?;
                Ok(Self::of(Pools::Postgres(pool)))
            }
        }
    }

    /// Opens the database, or a copy of it, without ever writing to it.
    ///
    /// # Errors
    /// When there is no such file, or the server does not answer within 5 s.
    pub async fn open_to_read(url: &DatabaseUrl) -> Result<Self, Error> {
        let DatabaseUrl::Sqlite(path) = url else { return Self::open(url).await };
        // A running program keeps a write-ahead log beside the file. Without one nobody writes, and the file can be
        // read as it is, also from a folder in which nothing may be made.
        let mut beside = path.clone().into_os_string();
        beside.push("-wal");
        let nobody_writes = !std::path::Path::new(&beside).exists();
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(nobody_writes)
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE).connect_with(options).await?;
        Ok(Self::of(Pools::Sqlite { read: pool.clone(), write: pool }))
    }
}
