//! The doors of a file of counts: offer it, see what it would do, name its columns, take it over.

use axum::{
    extract::{Multipart, Path},
    response::Response,
};
use domain::{
    actor::Role,
    id::ImportId,
    view::imports::{CommitImport, ImportOutcome, ImportStartView, ImportView, Remap},
};

use super::super::import::Counts;
use crate::{
    imports::{file, staged::web as staged},
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COMMANDERS: Access = Access::Roles(&[Role::Commander]);

/// The routes of files of counts.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ImportStartView, _>(
            "/incidents/{incident}/devices/import",
            COMMANDERS,
            "The form for offering a file of counts",
            start,
        )
        .upload::<ImportOutcome, _>(
            "/incidents/{incident}/devices/import",
            COMMANDERS,
            "Offer a file of counts (field file) and get its preview",
            file::MOST_FILE,
            offer,
        )
        .page::<ImportView, _>(
            "/incidents/{incident}/devices/import/{import}",
            COMMANDERS,
            "What a file of counts would do, or has done",
            one,
        )
        .command::<Remap, ImportOutcome, _>(
            "/incidents/{incident}/devices/import/{import}/columns",
            COMMANDERS,
            "Say which column holds what",
            remap,
        )
        .command::<CommitImport, ImportOutcome, _>(
            "/incidents/{incident}/devices/import/{import}/commit",
            COMMANDERS,
            "Take the counts over",
            commit,
        )
        .file(
            "/incidents/{incident}/devices/import/{import}/rejects.csv",
            COMMANDERS,
            "text/csv",
            "The refused rows with their reasons",
            rejects_file,
        )
}

fn of(incident: &str) -> Result<Counts, Problem> {
    Ok(Counts(incident_id(incident)?))
}

fn ids((incident, import): (String, String)) -> Result<(Counts, ImportId), Problem> {
    Ok((of(&incident)?, staged::import_id(&import)?))
}

async fn start(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    staged::start(&door, of(&path)?, Mistakes::default()).await
}

async fn offer(door: Door, Path(path): Path<String>, multipart: Multipart) -> Result<Response, Problem> {
    staged::offer(door, of(&path)?, multipart).await
}

async fn one(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    let (of, id) = ids(path)?;
    staged::one(&door, of, id, Mistakes::default()).await
}

async fn remap(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<Remap>,
) -> Result<Response, Problem> {
    staged::remap(door, ids(path)?, input).await
}

async fn commit(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<CommitImport>,
) -> Result<Response, Problem> {
    staged::commit(door, ids(path)?, input).await
}

async fn rejects_file(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    let (of, id) = ids(path)?;
    staged::refused(&door, of, id).await
}
