//! What this machine knows of its database, in two files outside it: the heads of all chains, and the epoch under
//! which it worked. So a log that was cut or rewritten, or a database that was put back, is recognised.
//!
//! `heads` has one line a chain: its id, its sequence number and its head in hexadecimal. Both files are replaced as
//! a whole, by a rename. A head that the database does not have stays in the file until a person has decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::types::Uuid;

use super::deliver::guard;
use crate::{
    app::App,
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

const PAUSE: Duration = Duration::from_secs(1);
/// Other processes commit without telling this one.
const OTHERS: Duration = Duration::from_mins(1);

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

/// How the database goes with what this machine knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Every head that was kept is in it.
    Continues,
    /// It has another epoch than the one under which this machine last worked, which is this.
    Stranger(String),
    /// A head that was kept is not in it.
    Behind,
}

const EPOCH: &str = "
    SELECT epoch
    FROM installation";

const ANSWERED: &str = "
    SELECT epoch
    FROM past_epoch
    WHERE epoch = $1 AND answered_at IS NOT NULL";

/// Compares the database with the files and brings the files up to date, except for what the database does not have.
/// Once a person has let held messages go, the database counts as it is, and the old heads are put aside under their
/// epoch.
///
/// # Errors
/// When the database does not answer or the folder cannot be used.
pub async fn compare(app: &App) -> Result<Fit, WitnessError> {
    let _one_at_a_time = app.outside.lock().await;
    let (heads_file, epoch_file) = (path(&app.config.data), app.config.data.join("epoch"));
    // The files first: they may then only be older than the database, not newer.
    let kept = read(&heads_file).await?.unwrap_or_default();
    let kept: Heads = kept.lines().filter_map(head).collect();
    let known = read(&epoch_file).await?.map(|text| text.trim().to_owned());
    let mut tx = app.db.read().await?;
    let mut heads = in_database(&mut tx).await?;
    let (epoch,) = fetch_one!(tx, (String,), EPOCH)?;
    let missing = missing(&mut tx, &kept, &heads).await?;
    let moved = known.filter(|known| *known != epoch);
    let answered = match &moved {
        Some(moved) => fetch_optional!(tx, (String,), ANSWERED, moved)?.is_some(),
        None => false,
    };
    drop(tx);
    if let Some(moved) = moved.filter(|_| !answered) {
        keep_missing(&mut heads, &kept, &missing);
        replace(&heads_file, &text(&heads)).await?;
        return Ok(Fit::Stranger(moved));
    }
    if !missing.is_empty() && !answered {
        keep_missing(&mut heads, &kept, &missing);
        replace(&heads_file, &text(&heads)).await?;
        return Ok(Fit::Behind);
    }
    if !missing.is_empty() {
        tokio::fs::rename(&heads_file, app.config.data.join(format!("heads.before-{epoch}"))).await?;
    }
    replace(&heads_file, &text(&heads)).await?;
    replace(&epoch_file, &epoch).await?;
    Ok(Fit::Continues)
}

fn keep_missing(heads: &mut Heads, kept: &Heads, missing: &BTreeSet<Uuid>) {
    let missing = kept.iter().filter(|(chain, _)| missing.contains(chain));
    heads.extend(missing.map(|(chain, head)| (*chain, head.clone())));
}

const HASH: &str = "
    SELECT hash
    FROM journal
    WHERE chain = $1 AND seq = $2";

/// The chains whose kept head the database does not have: cut, rewritten, or younger than the database.
async fn missing(tx: &mut Tx, kept: &Heads, inside: &Heads) -> Result<BTreeSet<Uuid>, Error> {
    let mut missing = BTreeSet::new();
    for (chain, (seq, head)) in kept {
        let there = match inside.get(chain) {
            None => *seq == 0,
            Some((last, _)) if last < seq => false,
            Some((last, now)) if last == seq => now == head,
            Some(_) if *seq == 0 => true,
            Some(_) => {
                fetch_optional!(tx, (Vec<u8>,), HASH, *chain, *seq)?.is_some_and(|(hash,)| hash == *head)
            }
        };
        if !there {
            missing.insert(*chain);
        }
    }
    Ok(missing)
}

fn text(heads: &Heads) -> String {
    let line = |(id, (seq, head)): (&Uuid, &(i64, Vec<u8>))| format!("{id} {seq} {}\n", hex::encode(head));
    heads.iter().map(line).collect()
}

async fn read(path: &Path) -> std::io::Result<Option<String>> {
    match tokio::fs::read_to_string(path).await {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file as a whole, when its text is another.
async fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    if read(path).await?.is_some_and(|now| now == text) {
        return Ok(());
    }
    let new = path.with_extension("new");
    tokio::fs::write(&new, text).await?;
    tokio::fs::rename(&new, path).await
}

/// Keeps the files up to date until the program stops: after each commit, at most once a second and at least once a
/// minute.
pub async fn keep(app: App) {
    let mut changes = app.live.listen();
    loop {
        look(&app).await;
        tokio::select! {
            () = app.stop.cancelled() => break,
            () = tokio::time::sleep(OTHERS) => {}
            heard = changes.recv() => {
                if matches!(heard, Err(tokio::sync::broadcast::error::RecvError::Closed)) {
                    break;
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
        changes = changes.resubscribe();
    }
    look(&app).await;
}

async fn look(app: &App) {
    if let Err(error) = guard::look(app).await {
        tracing::error!("the heads of the logs could not be kept beside the database: {error}");
    }
}

/// Why the files could not be compared or written.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the data folder cannot be used: {0}")]
    File(#[from] std::io::Error),
}
