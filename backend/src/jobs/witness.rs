//! Keeps the heads of all chains in a file outside the database, so that a log that was cut or rewritten, or a
//! database that was put back, is recognised.
//!
//! One line a chain: its id, its sequence number and its head in hexadecimal. The file is replaced as a whole, by
//! a rename, at most once a second.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::types::Uuid;

use crate::{
    app::App,
    fetch_all,
    store::{Error, Tx},
};

const PAUSE: Duration = Duration::from_secs(1);

const HEADS: &str = "
    SELECT id, seq, head
    FROM chain
    ORDER BY id";

/// Sequence number and head of each chain.
pub type Heads = BTreeMap<Uuid, (i64, Vec<u8>)>;

/// Where the file lies.
pub fn path(data: &Path) -> PathBuf {
    data.join("heads")
}

/// The heads as the database has them.
///
/// # Errors
/// When the database does not answer.
pub async fn in_database(tx: &mut Tx) -> Result<Heads, Error> {
    let rows = fetch_all!(tx, (Uuid, i64, Vec<u8>), HEADS)?;
    Ok(rows.into_iter().map(|(id, seq, head)| (id, (seq, head))).collect())
}

/// The heads as the file has them; no file, no heads. A line that is none is left out.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn in_file(data: &Path) -> std::io::Result<Heads> {
    let text = match std::fs::read_to_string(path(data)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other?,
    };
    Ok(text.lines().filter_map(head).collect())
}

/// The heads of a file's text, when every line of it is one.
///
/// # Errors
/// The number of the first line that is none.
pub fn parse(text: &str) -> Result<Heads, usize> {
    text.lines().zip(1..).map(|(line, number)| head(line).ok_or(number)).collect()
}

fn head(line: &str) -> Option<(Uuid, (i64, Vec<u8>))> {
    let mut words = line.split(' ');
    let (id, seq, head) = (words.next()?, words.next()?, words.next()?);
    let head = hex::decode(head).ok().filter(|head| head.len() == 32)?;
    Some((id.parse().ok()?, (seq.parse().ok()?, head)))
}

/// Writes the file until the program stops, after each commit, at most once a second.
pub async fn keep(app: App) {
    let mut changes = app.live.listen();
    loop {
        if let Err(error) = write(&app).await {
            tracing::error!("the heads of the logs could not be written beside the database: {error}");
        }
        tokio::select! {
            () = app.stop.cancelled() => break,
            heard = changes.recv() => {
                if matches!(heard, Err(tokio::sync::broadcast::error::RecvError::Closed)) {
                    break;
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
        changes = changes.resubscribe();
    }
    if let Err(error) = write(&app).await {
        tracing::error!("the heads of the logs could not be written beside the database: {error}");
    }
}

/// Writes the file now.
///
/// # Errors
/// When the database does not answer or the folder cannot be written.
pub async fn write(app: &App) -> Result<(), WitnessError> {
    let mut tx = app.db.read().await?;
    let heads = in_database(&mut tx).await?;
    drop(tx);
    let lines: Vec<String> =
        heads.iter().map(|(id, (seq, head))| format!("{id} {seq} {}\n", hex::encode(head))).collect();
    let (new, kept) = (app.config.data.join("heads.new"), path(&app.config.data));
    tokio::fs::write(&new, lines.concat()).await?;
    tokio::fs::rename(&new, &kept).await?;
    Ok(())
}

/// Why the file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    File(#[from] std::io::Error),
}
