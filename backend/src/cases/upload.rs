//! A form with a file: the file goes to disk as it arrives, hashed on the way; the fields are small texts.

use std::{collections::BTreeMap, path::Path};

use axum::{
    extract::{Multipart, multipart::Field},
    http::StatusCode,
};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::{failure::Failure, web::problem::Problem};

/// What was sent.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub fields: BTreeMap<String, String>,
    /// The file's own name and SHA-256; `None` when no file was chosen.
    pub file: Option<(String, [u8; 32])>,
}

impl Received {
    /// A field's text; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// The longest field that is not the file.
const MOST_TEXT: usize = 10_000;

/// Receives the form; its file is written to `path`.
///
/// # Errors
/// When the connection ends too early, the file is too large, or the disk refuses it.
pub async fn receive(multipart: Multipart, path: &Path) -> Result<Received, Problem> {
    let received = read(multipart, path).await;
    if received.is_err() {
        // Half a file is of no use to anybody.
        let _ = tokio::fs::remove_file(path).await;
    }
    received
}

async fn read(mut multipart: Multipart, path: &Path) -> Result<Received, Problem> {
    let mut received = Received::default();
    while let Some(mut field) = multipart.next_field().await.map_err(cut_off)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(ToOwned::to_owned);
        if let Some(file_name) = file_name {
            let (hash, length) = write(&mut field, path).await?;
            if !file_name.is_empty() || length > 0 {
                let shown: String = file_name.chars().take(200).collect();
                received.file = Some((shown, hash));
            }
        } else {
            let text = field.text().await.map_err(cut_off)?;
            received.fields.insert(name, text.chars().take(MOST_TEXT).collect());
        }
    }
    Ok(received)
}

async fn write(field: &mut Field<'_>, path: &Path) -> Result<([u8; 32], u64), Problem> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(disk)?;
    }
    let mut file = tokio::fs::File::create(path).await.map_err(disk)?;
    let (mut hash, mut length) = (Sha256::new(), 0_u64);
    while let Some(chunk) = field.chunk().await.map_err(cut_off)? {
        hash.update(&chunk);
        length += u64::try_from(chunk.len()).unwrap_or(0);
        file.write_all(&chunk).await.map_err(disk)?;
    }
    file.sync_all().await.map_err(disk)?;
    Ok((hash.finalize().into(), length))
}

fn disk(error: std::io::Error) -> Problem {
    if error.kind() == std::io::ErrorKind::StorageFull {
        let title = "The disk is full; nothing was changed. Free some space, then send this again.";
        return Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", title);
    }
    Failure::Broken(format!("an uploaded file cannot be written: {error}")).into()
}

fn cut_off(error: axum::extract::multipart::MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let title = "This file is too large. Split it into several files.";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title);
    }
    let title = "The connection ended before the whole file was sent. Send it again.";
    Problem::new(StatusCode::BAD_REQUEST, "cut-off", title)
}
