//! Photographs and documents that prove a check: taken in, kept encrypted, handed out to those who sign.

use axum::{
    extract::{
        Multipart,
        multipart::{MultipartError, MultipartRejection},
    },
    http::StatusCode,
};
use domain::{
    actor::{Actor, Role},
    clearance::AttachedFile,
    id::{ClearanceId, IncidentId},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    about,
    store::{self, Moment, NewFile},
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Say},
        seal::{Seal, seal, unseal},
    },
    web::problem::Problem,
};

/// The largest file, in bytes: a photograph of a phone, or a report of some pages.
pub const MOST_FILE: usize = 8 * 1024 * 1024;

/// A file that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Receives the form: its request id and its file, which is small enough to be held in memory.
///
/// # Errors
/// When the connection ends too early or the file is too large.
pub async fn receive(multipart: Result<Multipart, MultipartRejection>) -> Result<(String, Sent), Problem> {
    let mut multipart = multipart.map_err(|rejection| {
        Problem::new(StatusCode::BAD_REQUEST, "not-a-form", format!("Send a form with a file: {rejection}."))
    })?;
    let (mut id, mut sent) = (String::new(), Sent { name: String::new(), bytes: Vec::new() });
    while let Some(field) = multipart.next_field().await.map_err(cut_off)? {
        match (field.name().unwrap_or_default(), field.file_name().map(ToOwned::to_owned)) {
            ("file", Some(name)) => {
                sent.name = name.chars().filter(|each| !each.is_control()).take(200).collect();
                sent.bytes = field.bytes().await.map_err(cut_off)?.to_vec();
            }
            ("request_id", _) => id = field.text().await.map_err(cut_off)?.chars().take(64).collect(),
            _ => {}
        }
    }
    if sent.bytes.len() > MOST_FILE {
        let title = "This file is larger than 8 MB. Send a smaller photograph, or the pages one by one.";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title));
    }
    Ok((id, sent))
}

fn cut_off(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let title = "This file is larger than 8 MB. Send a smaller photograph, or the pages one by one.";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title);
    }
    let title = "The connection ended before the whole file was sent. Send it again.";
    Problem::new(StatusCode::BAD_REQUEST, "cut-off", title)
}

/// What adding a file gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileAdded {
    /// Names it when evidence is given.
    pub number: i64,
    /// In hexadecimal.
    pub sha256: String,
    pub media: String,
}

/// The media type by what the file begins with, never by what its sender says; a browser is told nothing else.
fn media(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// Adds a file to a scope.
///
/// # Errors
/// Refused for anyone who does not work on the scope, and for an empty file.
pub async fn add(
    app: App,
    by: By,
    (incident, id, sent): (IncidentId, ClearanceId, Sent),
) -> Result<FileAdded, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let about = about(&mut decision, incident, id).await?;
    about.may_work_on(&by)?;
    if sent.bytes.is_empty() {
        return Err(domain::field::FieldErrors::one("file", "Choose a file.").into());
    }
    let file = AttachedFile {
        name: sent.name,
        media: media(&sent.bytes).to_owned(),
        size: i64::try_from(sent.bytes.len()).unwrap_or(i64::MAX),
        sha256: hex::encode(Sha256::digest(&sent.bytes)),
    };
    let key = Seal::open(&app, &mut decision.tx).await?.files();
    let sealed = seal(&app, &key, id.0, &sent.bytes);
    let number = decision.next_seq();
    let moment = Moment { seq: number, at: decision.at, account: decision.account };
    store::insert_file(&mut decision.tx, id, &NewFile { number, file: &file, sealed: &sealed }, moment)
        .await?;
    let say = Say {
        kind: "clearance.file_added",
        subject: format!("clearance:{id}"),
        data: json!({ "number": number, "sha256": file.sha256, "size": file.size }),
        ..Say::default()
    };
    decision.append(&app, say).await?;
    let outcome = FileAdded { number, sha256: file.sha256, media: file.media };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// A file's name, media type and bytes, for those who sign or command its place.
///
/// # Errors
/// When there is none of this number or fingerprint, it is not this person's to see, or it cannot be read with this
/// installation's key.
pub async fn read(
    app: &App,
    tx: &mut Tx,
    (actor, incident, id): (&Actor, IncidentId, ClearanceId),
    file: &str,
) -> Result<(String, String, Vec<u8>), Failure> {
    let clearance = store::find(tx, incident, id).await?.ok_or(Failure::NotFound("clearance"))?;
    let lattice = places::lattice(tx).await?;
    let can = |role| actor.can(role, clearance.scope.place, &lattice);
    if !can(Role::Commander) && !can(Role::Signer) {
        return Err(Failure::Forbidden("A commander or a signer for this place sees its evidence.".into()));
    }
    let files = store::files(tx, id).await?;
    let is_meant = |kept: &&store::KeptFile| kept.number.to_string() == file || kept.file.sha256 == file;
    let number = files.iter().find(is_meant).ok_or(Failure::NotFound("file"))?.number;
    let (name, media, sealed) = store::file(tx, id, number).await?.ok_or(Failure::NotFound("file"))?;
    let key = Seal::open(app, tx).await?.files();
    Ok((name, media, unseal(&key, id.0, &sealed)?))
}
