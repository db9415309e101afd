//! The folder into which an export lays its files. It is only read: what was taken stays there and is known again by its
//! content, also after a restart and before every other server that looks.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::{
    schedules::{self as rules, Origin},
    table::Limits,
    time::{Timestamp, Zone},
};
use serde_json::json;
use sqlx::types::Uuid;

use super::{
    desk::{Done, Found},
    files,
    keep::{self, Incoming, Keeper},
    tend,
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    store::journal::{self, Chain, Say},
};

/// A share that does not answer for so long is in trouble.
const PATIENCE: Duration = Duration::from_secs(20);
const ENDS: [&str; 3] = ["csv", "txt", "tsv"];

/// Looks once into every folder and takes what has come to rest.
///
/// # Errors
/// When the database does not answer; the next look takes it.
pub async fn look(app: App) -> Result<(), Failure> {
    for folder in &app.config.schedule_folder {
        let path = folder.clone();
        let found = patiently(move || list(&path)).await;
        let rested = app.schedules.note(folder, found, app.clock.now());
        if rested.is_empty() {
            continue;
        }
        let mut tx = app.db.read().await?;
        let zone = accounts::installation(&mut tx).await?.zone();
        drop(tx);
        for file in rested {
            let done = match take(&app, &file, &zone).await {
                Ok(done) => done,
                Err(failure) => Done::Trouble(failure.to_string()),
            };
            app.schedules.set(folder, &file, done, app.clock.now());
        }
    }
    Ok(())
}

/// Runs what touches a disk that may hang, for as long as one waits for it.
async fn patiently<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done.map_err(|error| error.to_string()),
        Ok(Err(panic)) => Err(panic.to_string()),
        Err(_) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
    }
}

fn list(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name: String =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
        // What a program is still writing often begins so.
        if name.starts_with(['.', '~']) || !ENDS.contains(&end.as_str()) {
            continue;
        }
        match std::fs::metadata(&path) {
            Ok(about) if about.is_file() => {
                let changed_at = timestamp(about.modified()?);
                let name = name.chars().filter(|sign| !sign.is_control()).take(200).collect();
                found.push(Found { path, name, size: about.len(), changed_at });
            }
            // A folder, or gone since it was listed.
            _ => {}
        }
    }
    Ok(found)
}

/// The moment of a file's time.
pub(crate) fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The file's bytes; `None` when it changed while it was read.
fn read(path: PathBuf, size: u64, changed_at: Timestamp) -> io::Result<Option<Vec<u8>>> {
    let bytes = std::fs::read(&path)?;
    let about = std::fs::metadata(&path)?;
    let same = about.len() == size && timestamp(about.modified()?) == changed_at;
    Ok((same && u64::try_from(bytes.len()).is_ok_and(|length| length == size)).then_some(bytes))
}

async fn take(app: &App, file: &Found, zone: &Zone) -> Result<Done, Failure> {
    let now = app.clock.now();
    let taken = rules::taken_at(None, &file.name, Some(file.changed_at), (now, zone));
    if taken.is_some_and(|(as_of, _)| as_of <= now.plus_minutes(-tend::keep_minutes(app))) {
        return Ok(Done::TooOld);
    }
    if !usize::try_from(file.size).is_ok_and(|size| size <= Limits::IMPORT.bytes) {
        let most = Limits::IMPORT.bytes / (1024 * 1024);
        return Ok(Done::Trouble(format!("the file is larger than {most} MB; split it into several")));
    }
    let (path, size, changed_at) = (file.path.clone(), file.size, file.changed_at);
    let bytes = match patiently(move || read(path, size, changed_at)).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Done::Later),
        Err(why) => return Ok(Done::Trouble(format!("the file cannot be read: {why}"))),
    };
    let incoming = Incoming {
        origin: Origin::Folder,
        file_name: file.name.clone(),
        bytes: bytes.into(),
        as_of: String::new(),
        changed_at: Some(file.changed_at),
    };
    take_by_content(app, incoming).await
}

async fn take_by_content(app: &App, incoming: Incoming) -> Result<Done, Failure> {
    let (sha256, name) = (incoming.sha256(), incoming.file_name.clone());
    let claim: Uuid = app.clock.id();
    let mut tx = app.db.write().await?;
    let known = files::claim(&mut tx, &sha256, &name, claim, app.clock.now()).await?;
    if known == files::Known::Refused {
        files::refused_again(&mut tx, &sha256, &name, app.clock.now()).await?;
    }
    tx.commit().await?;
    match known {
        files::Known::Taken | files::Known::Refused => return Ok(Done::Settled),
        files::Known::Busy => return Ok(Done::Later),
        files::Known::Claimed => {}
    }
    match keep::keep(app, Keeper::Program, incoming).await {
        Ok(kept) => {
            if kept.known {
                // Somebody uploaded the same file at this moment.
                let mut tx = app.db.write().await?;
                files::set_taken(&mut tx, &sha256, &name, app.clock.now()).await?;
                tx.commit().await?;
            }
            Ok(Done::Settled)
        }
        Err(Failure::Fields(errors)) => {
            let sentence = errors.0.into_values().flatten().collect::<Vec<_>>().join(" ");
            refuse(app, &sha256, (&name, &sentence)).await?;
            Ok(Done::Settled)
        }
        Err(failure) => {
            let mut tx = app.db.write().await?;
            files::release(&mut tx, &sha256, claim).await?;
            tx.commit().await?;
            Err(failure)
        }
    }
}

/// Remembers that a file cannot be used; its page says why.
async fn refuse(app: &App, sha256: &[u8; 32], (name, sentence): (&str, &str)) -> Result<(), Failure> {
    tracing::warn!("a file of a schedule folder cannot be used: {sentence}");
    let mut decision = journal::begin_by_program(app, Chain::Installation).await?;
    let at = decision.at;
    files::set_refused(&mut decision.tx, sha256, (name, sentence), at).await?;
    let data = json!({ "sha256": hex::encode(sha256) });
    decision.append(app, Say { kind: "standing.refused", data, ..Say::default() }).await?;
    Ok(decision.commit(app, &()).await?)
}
