//! A copy of the database while the program runs, checked before it is called a copy.

use std::path::{Path, PathBuf};

use domain::time::Zone;
use sha2::{Digest, Sha256};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::print;
use crate::{
    clock::Clock,
    config::Config,
    store::{DatabaseUrl, seal},
};

pub(super) async fn run(config: Config, file: &Path) -> Result<(), String> {
    match config.database_url()? {
        DatabaseUrl::Sqlite(database) => sqlite(&config, &database, file).await,
        DatabaseUrl::Postgres(_) => postgres(file),
    }
}

async fn sqlite(config: &Config, database: &Path, file: &Path) -> Result<(), String> {
    if !database.exists() {
        return Err(format!("there is no database at {}; name its folder with --data", database.display()));
    }
    let target = target(file);
    if target.exists() {
        return Err(format!("{} exists; a backup never overwrites another", target.display()));
    }
    let part = target.with_extension("part");
    if part.exists() {
        std::fs::remove_file(&part).map_err(|error| cannot(&part, &error))?;
    }
    let copied = copy(database, &part).await;
    if let Err(sentence) = copied {
        // A half copy must not be taken for one; when it cannot be removed its name says what it is.
        let _ = std::fs::remove_file(&part);
        return Err(sentence);
    }
    std::fs::rename(&part, &target).map_err(|error| cannot(&target, &error))?;
    let key = copy_key(config, &target)?;
    let list = write_list(config, &target).map_err(|error| cannot(&target, &error))?;
    print(&format!("Copied and checked: {}", target.display()));
    if let Some(key) = key {
        print(&format!("Without this key nobody can read a patient of the copy: {}", key.display()));
    }
    print(&format!("Keep these too, they are not in the database: see {}", list.display()));
    Ok(())
}

fn target(file: &Path) -> PathBuf {
    if !file.is_dir() {
        return file.to_path_buf();
    }
    let now = Zone::utc().typed(Clock::System.now()).replace([' ', ':'], "-");
    file.join(format!("downtime-{now}Z.sqlite"))
}

/// Where the key of the patients lies beside a copy.
pub(super) fn key_beside(copy: &Path) -> PathBuf {
    copy.with_extension("patients.key")
}

/// Lays the key of the patients beside the copy; nothing when no patient was ever entered.
fn copy_key(config: &Config, target: &Path) -> Result<Option<PathBuf>, String> {
    let (key, beside) = (seal::key_file(&config.data), key_beside(target));
    if !key.exists() {
        return Ok(None);
    }
    std::fs::copy(&key, &beside).map_err(|error| cannot(&beside, &error))?;
    Ok(Some(beside))
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}

const COPY: &str = "VACUUM INTO $1";

async fn copy(database: &Path, part: &Path) -> Result<(), String> {
    let mut connection = open(database, false).await?;
    let path = part.to_str().ok_or("the name of the backup is not text")?;
    let copied = sqlx::query(COPY).bind(path).execute(&mut connection).await;
    copied.map_err(|error| format!("the database could not be copied: {error}"))?;
    connection.close().await.map_err(|error| error.to_string())?;
    std::fs::File::open(part).and_then(|file| file.sync_all()).map_err(|error| cannot(part, &error))?;
    check(part).await.map(|_| ())
}

/// Opens an SQLite file without touching its schema.
pub(super) async fn open(path: &Path, read_only: bool) -> Result<SqliteConnection, String> {
    let options = SqliteConnectOptions::new().filename(path).read_only(read_only).immutable(read_only);
    let opened = SqliteConnection::connect_with(&options).await;
    opened.map_err(|error| format!("{} cannot be opened: {error}", path.display()))
}

const INTEGRITY: &str = "PRAGMA integrity_check";

const IDENTITY: &str = "
    SELECT epoch
    FROM installation";

/// Checks every page of a copy, and that it is one of ours: its epoch.
pub(super) async fn check(path: &Path) -> Result<String, String> {
    let mut connection = open(path, true).await?;
    let damaged = |error: sqlx::Error| format!("{} is damaged or no copy: {error}", path.display());
    let (integrity,): (String,) =
        sqlx::query_as(INTEGRITY).fetch_one(&mut connection).await.map_err(damaged)?;
    if integrity != "ok" {
        return Err(format!("{} is damaged: {integrity}", path.display()));
    }
    let (epoch,): (String,) = sqlx::query_as(IDENTITY).fetch_one(&mut connection).await.map_err(damaged)?;
    connection.close().await.map_err(|error| error.to_string())?;
    Ok(epoch)
}

/// Lists what else must be kept: every other file of the data folder, with size and SHA-256.
fn write_list(config: &Config, target: &Path) -> std::io::Result<PathBuf> {
    let mut lines = vec![
        "Copy these files of the data folder as well; SHA-256, bytes, name.".to_owned(),
        String::new(),
        describe(target, target.file_name().map(PathBuf::from).unwrap_or_default().as_path())?,
        String::new(),
    ];
    let mut files = Vec::new();
    collect(&config.data, &mut files)?;
    files.sort();
    for path in files {
        let name = path.strip_prefix(&config.data).unwrap_or(&path);
        let is_database = name.to_string_lossy().starts_with("downtime.sqlite");
        let is_copied = path == target || path == seal::key_file(&config.data);
        if !is_database && !is_copied {
            lines.push(describe(&path, name)?);
        }
    }
    let list = target.with_extension("list.txt");
    std::fs::write(&list, lines.join("\n") + "\n")?;
    Ok(list)
}

fn describe(path: &Path, name: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let size = std::io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
    Ok(format!("{} {size} {}", hex::encode(hash.finalize()), name.display()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn postgres(file: &Path) -> Result<(), String> {
    if !file.is_file() {
        print("PostgreSQL is copied with its own tool, while the program runs:");
        print(&format!("  pg_dump --format=custom --file={} \"$DOWNTIME_DATABASE\"", file.display()));
        print("Then run this command again: it checks the dump. Copy the data folder as well.");
        return Err(format!("there is no dump at {} yet", file.display()));
    }
    let listed = std::process::Command::new("pg_restore").arg("--list").arg(file).output();
    let listed = listed.map_err(|error| format!("pg_restore cannot be run to check the dump: {error}"))?;
    if !listed.status.success() {
        let why = String::from_utf8_lossy(&listed.stderr).trim().to_owned();
        return Err(format!("{} is no whole dump: {why}", file.display()));
    }
    let text = String::from_utf8_lossy(&listed.stdout);
    let missing: Vec<_> = ["installation", "chain", "journal", "account", "incident"]
        .into_iter()
        .filter(|table| !text.lines().any(|line| line.contains(&format!("TABLE DATA public {table} "))))
        .collect();
    if !missing.is_empty() {
        return Err(format!("{} lacks the contents of: {}", file.display(), missing.join(", ")));
    }
    print(&format!("Checked: {} has the contents of every table that counts.", file.display()));
    Ok(())
}
