//! Putting a copy back, so that it cannot be mistaken for the original: it gets a new epoch, and sending is held
//! until somebody has looked at the messages that were still open in it.

use std::path::Path;

use sqlx::Connection;

use super::{backup, print};
use crate::{
    clock::Clock,
    config::Config,
    execute, fetch_one,
    store::{DatabaseUrl, Db, Error, seal},
};

pub(super) async fn run(config: Config, file: &Path, hold: bool) -> Result<(), String> {
    match config.database_url()? {
        DatabaseUrl::Sqlite(database) => sqlite(&config, &database, file).await,
        url @ DatabaseUrl::Postgres(_) if hold => {
            let db = Db::open(&url).await.map_err(|error| error.to_string())?;
            let old = renew_epoch(&db).await;
            db.close().await;
            keep_epoch(&config, &old.map_err(|error| error.to_string())?)?;
            print("Sending is held until somebody has looked at the open messages.");
            Ok(())
        }
        DatabaseUrl::Postgres(_) => {
            print("PostgreSQL is restored with its own tools, into an empty database:");
            print("  createdb NEW");
            print(&format!("  pg_restore --exit-on-error --no-owner --dbname=NEW {}", file.display()));
            print(&format!(
                "  downtime restore --hold --database postgres://…/NEW {}    (holds sending)",
                file.display()
            ));
            Err("nothing was changed".into())
        }
    }
}

async fn sqlite(config: &Config, database: &Path, file: &Path) -> Result<(), String> {
    backup::check(file).await?;
    if database.exists() && !is_empty(database).await? {
        return Err(format!(
            "{} has data in it; restore into an empty folder with --data, so that nothing is lost",
            database.display()
        ));
    }
    put_key_back(config, file).await?;
    let part = database.with_extension("restoring");
    std::fs::copy(file, &part).map_err(|error| cannot(&part, &error))?;
    std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(|error| cannot(&part, &error))?;
    for leftover in ["sqlite-wal", "sqlite-shm"] {
        let leftover = database.with_extension(leftover);
        if leftover.exists() {
            std::fs::remove_file(&leftover).map_err(|error| cannot(&leftover, &error))?;
        }
    }
    std::fs::rename(&part, database).map_err(|error| cannot(database, &error))?;
    let db = Db::open(&DatabaseUrl::Sqlite(database.to_path_buf())).await.map_err(|e| e.to_string())?;
    let old = renew_epoch(&db).await;
    db.close().await;
    keep_epoch(config, &old.map_err(|error| error.to_string())?)?;
    print(&format!("Restored into {}. Start the program as usual.", config.data.display()));
    print("Sending is held until somebody has looked at the messages that were open in the copy.");
    Ok(())
}

const PATIENTS: &str = "
    SELECT (SELECT COUNT(*) FROM patient) + (SELECT COUNT(*) FROM standing_schedule)";

/// The key of the patients, from beside the copy. A copy with patients and without their key is not restored.
async fn put_key_back(config: &Config, file: &Path) -> Result<(), String> {
    let (key, beside) = (seal::key_file(&config.data), backup::key_beside(file));
    if let Some(folder) = key.parent() {
        std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    }
    if key.exists() {
        return Ok(());
    }
    if beside.exists() {
        return std::fs::copy(&beside, &key).map(|_| ()).map_err(|error| cannot(&key, &error));
    }
    let mut connection = backup::open(file, true).await?;
    let counted: Result<(i64,), _> = sqlx::query_as(PATIENTS).fetch_one(&mut connection).await;
    connection.close().await.map_err(|error| error.to_string())?;
    match counted {
        Ok((0,)) => Ok(()),
        Ok((many,)) => Err(format!(
            "this copy has {many} patients and schedules of patients, and their key is neither at {} nor at {}: put it there first",
            beside.display(),
            key.display()
        )),
        Err(error) => Err(format!("{} is no copy of this program: {error}", file.display())),
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}

const HAS_ANYTHING: &str = "
    SELECT (SELECT COUNT(*) FROM account) + (SELECT COUNT(*) FROM facility) + (SELECT COUNT(*) FROM journal)";

/// Whether nobody has used the database yet: no account, no place, no entry in the log.
async fn is_empty(database: &Path) -> Result<bool, String> {
    if std::fs::metadata(database).is_ok_and(|file| file.len() == 0) {
        return Ok(true);
    }
    let mut connection = backup::open(database, false).await?;
    let counted: Result<(i64,), _> = sqlx::query_as(HAS_ANYTHING).fetch_one(&mut connection).await;
    connection.close().await.map_err(|error| error.to_string())?;
    // A file in which these tables are not there is somebody else's: it counts as not empty.
    Ok(counted.is_ok_and(|(count,)| count == 0))
}

const EPOCH: &str = "
    SELECT epoch
    FROM installation";

const RENEW: &str = "
    UPDATE installation
    SET epoch = $1";

/// Gives the database a new epoch; gives back the old one.
async fn renew_epoch(db: &Db) -> Result<String, Error> {
    let mut tx = db.write().await?;
    let (old,) = fetch_one!(tx, (String,), EPOCH)?;
    execute!(tx, RENEW, hex::encode(Clock::System.bytes::<16>()))?;
    tx.commit().await?;
    Ok(old)
}

/// The worker compares the epoch in the database with this file; the old one there makes it hold and ask.
fn keep_epoch(config: &Config, old: &str) -> Result<(), String> {
    let path = config.data.join("epoch");
    std::fs::create_dir_all(&config.data)
        .and_then(|()| if path.exists() { Ok(()) } else { std::fs::write(&path, old) })
        .map_err(|error| cannot(&path, &error))
}
