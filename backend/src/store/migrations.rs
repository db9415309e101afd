//! Bringing the schema up to date. The same file names exist for both databases; none is edited once landed.

use sqlx::migrate::Migrator;

use super::{Db, Error, Pools};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// Runs what has not run yet.
///
/// # Errors
/// When a migration fails, or the database was written by a newer version of the program.
pub async fn run(db: &Db) -> Result<(), Error> {
    match db.pools() {
        Pools::Sqlite { write, .. } => SQLITE.run(write).await?,
        Pools::Postgres(pool) => POSTGRES.run(pool).await?,
    }
    Ok(())
}

/// The names of all migrations, oldest first, for `downtime migrate --list` and the test that compares both.
pub fn names() -> (Vec<&'static str>, Vec<&'static str>) {
    let names = |migrator: &'static Migrator| migrator.iter().map(|each| each.description.as_ref()).collect();
    (names(&SQLITE), names(&POSTGRES))
}
