//! The doors of evidence and of the files that prove it.

use axum::{
    extract::{Multipart, Path, multipart::MultipartRejection},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    clearance::{AgreeToWaived, GiveEvidence, Stepped},
    view::clearance::PanelTyped,
};
use sha2::{Digest, Sha256};

use super::{Ids, SIGNERS, answer, ids};
use crate::{
    clearance::{
        evidence,
        files::{self, FileAdded},
    },
    web::{door::Door, form::Input, problem::Problem, routes::Routes},
};

/// The routes of evidence.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .command::<GiveEvidence, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/evidence",
            SIGNERS,
            "Give a piece of evidence",
            give,
        )
        .command::<AgreeToWaived, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/evidence/agree",
            SIGNERS,
            "Agree that a piece of evidence need not be checked",
            agree,
        )
        .upload::<FileAdded, _>(
            "/incidents/{incident}/clearance/{clearance}/files",
            SIGNERS,
            "Add a photograph or document (field file) that proves a check",
            files::MOST_FILE + 64 * 1024,
            add_file,
        )
        .file(
            "/incidents/{incident}/clearance/{clearance}/files/{file}",
            SIGNERS,
            "application/octet-stream",
            "A file that proves a check, by its number or its SHA-256",
            read_file,
        )
}

async fn give(door: Door, Path(path): Ids, input: Input<GiveEvidence>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome =
        door.run(&input, move |app, by, form| evidence::give_evidence(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { evidence: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

async fn agree(door: Door, Path(path): Ids, input: Input<AgreeToWaived>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let agree = move |app, by, form| evidence::agree_to_waived(app, by, (at.0, at.1, form));
    let outcome = door.run(&input, agree).await;
    answer(&door, at, outcome, (&input.typed, PanelTyped::default())).await
}

async fn add_file(
    door: Door,
    Path(path): Ids,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let at = ids(path)?;
    let (id, sent) = files::receive(multipart).await?;
    let hash = Sha256::digest(&sent.bytes);
    let input = Input::of_upload(&door, &id, &hash, sent)?;
    let outcome = door.run(&input, move |app, by, sent| files::add(app, by, (at.0, at.1, sent))).await;
    answer(&door, at, outcome, (&[], PanelTyped::default())).await
}

/// A file is handed out to be kept, never shown in our own pages: what somebody uploaded runs nowhere.
async fn read_file(
    door: Door,
    Path((incident, clearance, file)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (incident, id) = ids((incident, clearance))?;
    let mut tx = door.app.db.read().await?;
    let (name, media, bytes) = files::read(&door.app, &mut tx, (door.actor(), incident, id), &file).await?;
    let named: String = name
        .chars()
        .map(|each| if each.is_ascii_alphanumeric() || "-_.".contains(each) { each } else { '_' })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{named}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
