//! The file of an import on its way: streamed to the data folder, read into a table, and its columns named.

use std::path::{Path, PathBuf};

use axum::extract::multipart::Field;
use domain::{
    Refusal,
    field::FieldErrors,
    id::ImportId,
    table::{self, Known, Limits, Mapping, Table},
    time::Timestamp,
    view::imports::Remap,
};
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;
use tokio::io::AsyncWriteExt;

use crate::{app::App, failure::Failure};

/// The largest file that is taken, in bytes.
pub const MOST_FILE: usize = 64 * 1024 * 1024;

/// Where the file of an import lies.
pub fn path(app: &App, id: ImportId) -> PathBuf {
    app.config.data.join("imports").join(format!("{id}.csv"))
}

/// Streams an uploaded file to its place.
///
/// # Errors
/// When the upload breaks off or the disk does not take it; nothing stays behind.
pub async fn receive(app: &App, id: ImportId, mut field: Field<'_>) -> Result<(), Failure> {
    let path = path(app, id);
    let written = async {
        create_folder(&path).await?;
        let mut file = tokio::fs::File::create(&path).await?;
        while let Some(chunk) = field.chunk().await.map_err(std::io::Error::other)? {
            file.write_all(&chunk).await?;
        }
        file.sync_all().await
    };
    let written: std::io::Result<()> = written.await;
    if let Err(error) = written {
        // What is left of a broken upload is no file; if it cannot be removed, nothing refers to it.
        let _ = tokio::fs::remove_file(&path).await;
        return Err(unusable(&error));
    }
    Ok(())
}

/// Copies a file of the terminal's to its place.
///
/// # Errors
/// When it cannot be read or the disk does not take it.
pub async fn copy(app: &App, id: ImportId, from: &Path) -> Result<(), Failure> {
    let path = path(app, id);
    let copied = async {
        create_folder(&path).await?;
        tokio::fs::copy(from, &path).await.map(|_| ())
    };
    let copied: std::io::Result<()> = copied.await;
    copied.map_err(|error| unusable(&error))
}

/// Removes the file of an import: what is needed of it stands in rows. What cannot be removed now, the sweep removes.
pub async fn remove(app: &App, id: ImportId) {
    let _ = tokio::fs::remove_file(path(app, id)).await;
}

/// Removes the files that have lain in the folder of imports since before a moment, of whatever kind: they hold
/// staff or patients in clear text, and a day is enough to look at a preview. A file is named by an id, and an id
/// tells when it was made.
///
/// # Errors
/// When the folder cannot be read.
pub async fn sweep(app: &App, before: Timestamp) -> std::io::Result<()> {
    let mut folder = match tokio::fs::read_dir(app.config.data.join("imports")).await {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    while let Some(file) = folder.next_entry().await? {
        let path = file.path();
        let id = path.file_stem().and_then(|stem| stem.to_str()?.parse::<Uuid>().ok());
        let made = id.and_then(|id| id.get_timestamp()).map(|made| made.to_unix().0);
        if made.and_then(|made| i64::try_from(made).ok()).is_some_and(|made| made < before.seconds()) {
            tokio::fs::remove_file(&path).await?;
        }
    }
    Ok(())
}

async fn create_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) => tokio::fs::create_dir_all(folder).await,
        None => Ok(()),
    }
}

fn unusable(error: &std::io::Error) -> Failure {
    let sentence = match error.kind() {
        std::io::ErrorKind::StorageFull => {
            "The disk is full; nothing was changed. Free some space first.".into()
        }
        std::io::ErrorKind::NotFound => "There is no such file.".into(),
        _ => format!("The file did not arrive whole: {error}. Send it again; at most 64 MB."),
    };
    FieldErrors::one("file", sentence).into()
}

/// Reads the file of an import; when its hash is given, it must still be the same file.
///
/// # Errors
/// One sentence when it is no table, was changed, or is gone.
pub async fn read(app: &App, id: ImportId, expected: Option<&[u8]>) -> Result<([u8; 32], Table), Failure> {
    let path = path(app, id);
    let work = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(path)?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        Ok::<_, std::io::Error>((sha256, table::read(&bytes, &Limits::IMPORT)))
    });
    let (sha256, table) = work
        .await
        .map_err(|error| Failure::Broken(error.to_string()))?
        .map_err(|_| Refusal::new("file-gone", "The file is no longer here; offer it again."))?;
    if expected.is_some_and(|expected| expected != sha256) {
        return Err(
            Refusal::new("file-changed", "The file was changed on the server; offer it again.").into()
        );
    }
    let table = table.map_err(|error| FieldErrors::one("file", error.to_string()))?;
    Ok((sha256, table))
}

/// Reads what a person chose for the columns, each as `key:number`.
///
/// # Errors
/// When a key or a number is not one of this file's.
pub fn read_mapping(form: &Remap, known: &[Known], header: &[String]) -> Result<Mapping, FieldErrors> {
    let mut mapping = Mapping::default();
    for text in &form.columns {
        let (key, number) = text.trimmed().split_once(':').unwrap_or((text.trimmed(), ""));
        let is_known = known.iter().any(|column| column.key == key);
        if number.is_empty() && is_known {
            continue;
        }
        match number.parse::<usize>() {
            Ok(index) if is_known && index < header.len() => {
                mapping.0.insert(key.to_owned(), index);
            }
            _ => {
                let sentence = "Write each column as key:number, counted from 0, as name:2.";
                return Err(FieldErrors::one("columns", sentence));
            }
        }
    }
    Ok(mapping)
}
