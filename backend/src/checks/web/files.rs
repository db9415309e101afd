//! The doors of the files of cross-checks: offer one, see what it would do, name its columns, take it over.

use axum::{
    extract::{Multipart, Path},
    response::Response,
};
use domain::{
    id::ImportId,
    view::imports::{CommitImport, ImportOutcome, ImportStartView, ImportView, Remap},
};

use super::super::{CHECKERS as CHECKING, Subject, import::Lists};
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

const CHECKERS: Access = Access::Roles(&CHECKING);

/// The routes of files.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ImportStartView, _>(
            "/incidents/{incident}/checks/{subject}/import",
            CHECKERS,
            "The form for offering a census or a list",
            start,
        )
        .upload::<ImportOutcome, _>(
            "/incidents/{incident}/checks/{subject}/import",
            CHECKERS,
            "Offer a census or a list (field file) and get its preview",
            file::MOST_FILE,
            offer,
        )
        .page::<ImportView, _>(
            "/incidents/{incident}/checks/{subject}/import/{import}",
            CHECKERS,
            "What a census or a list would do, or has done",
            one,
        )
        .command::<Remap, ImportOutcome, _>(
            "/incidents/{incident}/checks/{subject}/import/{import}/columns",
            CHECKERS,
            "Say which column holds what",
            remap,
        )
        .command::<CommitImport, ImportOutcome, _>(
            "/incidents/{incident}/checks/{subject}/import/{import}/commit",
            CHECKERS,
            "Take the file over",
            commit,
        )
        .file(
            "/incidents/{incident}/checks/{subject}/import/{import}/rejects.csv",
            CHECKERS,
            "text/csv",
            "The refused rows with their reasons",
            rejects_file,
        )
}

fn of((incident, subject): &(String, String)) -> Result<Lists, Problem> {
    let subject = Subject::from_code(subject).ok_or_else(|| Problem::not_found("list"))?;
    Ok(Lists(incident_id(incident)?, subject))
}

fn ids((incident, subject, import): (String, String, String)) -> Result<(Lists, ImportId), Problem> {
    Ok((of(&(incident, subject))?, staged::import_id(&import)?))
}

async fn start(door: Door, Path(path): Path<(String, String)>) -> Result<Response, Problem> {
    staged::start(&door, of(&path)?, Mistakes::default()).await
}

async fn offer(
    door: Door,
    Path(path): Path<(String, String)>,
    multipart: Multipart,
) -> Result<Response, Problem> {
    staged::offer(door, of(&path)?, multipart).await
}

async fn one(door: Door, Path(path): Path<(String, String, String)>) -> Result<Response, Problem> {
    let (of, id) = ids(path)?;
    staged::one(&door, of, id, Mistakes::default()).await
}

async fn remap(
    door: Door,
    Path(path): Path<(String, String, String)>,
    input: Input<Remap>,
) -> Result<Response, Problem> {
    staged::remap(door, ids(path)?, input).await
}

async fn commit(
    door: Door,
    Path(path): Path<(String, String, String)>,
    input: Input<CommitImport>,
) -> Result<Response, Problem> {
    staged::commit(door, ids(path)?, input).await
}

async fn rejects_file(door: Door, Path(path): Path<(String, String, String)>) -> Result<Response, Problem> {
    let (of, id) = ids(path)?;
    staged::refused(&door, of, id).await
}
