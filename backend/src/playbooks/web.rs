//! The doors of playbooks: the list of versions, one in full, and its approval.

use axum::{extract::Path, response::Response};
use domain::{
    actor::Role,
    time::Timestamp,
    view::playbooks::{
        ApprovePlaybook, PlaybookApproved, PlaybookLine, PlaybookView, PlaybooksView, Standing,
    },
};

use super::store::{self, VersionRow};
use crate::{
    accounts::store as accounts,
    store::Tx,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const APPROVERS: Access = Access::Roles(&[Role::Administrator]);

/// The routes of playbooks.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<PlaybooksView, _>("/playbooks", Access::VIEWERS, "All playbooks with their versions", list)
        .page::<PlaybookView, _>("/playbooks/{fingerprint}", Access::VIEWERS, "One version in full", show)
        .command::<ApprovePlaybook, PlaybookApproved, _>(
            "/playbooks/{fingerprint}/approve",
            APPROVERS,
            "Approve a version, which puts it in force",
            approve,
        )
}

async fn lines(door: &Door, tx: &mut Tx) -> Result<Vec<(VersionRow, PlaybookLine)>, Problem> {
    let zone = accounts::installation(tx).await?.zone();
    let today = zone.civil_date(door.app.clock.now()).to_string();
    let rows = store::all(tx).await?;
    let in_force = |row: &VersionRow| {
        let newer = rows.iter().filter(|other| other.code == row.code && other.approved_at.is_some());
        newer.map(|other| other.version).max() == Some(row.version)
    };
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let playbook = row.playbook()?;
        let standing = match row.approved_at {
            None => Standing::Waiting,
            Some(_) if in_force(row) => Standing::InForce,
            Some(_) => Standing::Superseded,
        };
        let line = PlaybookLine {
            fingerprint: row.fingerprint.clone(),
            key: row.code.clone(),
            name: row.name.clone(),
            version: row.version,
            owner: playbook.owner,
            review_overdue: playbook.review_by < today,
            review_by: playbook.review_by,
            standing,
            approved: row.approved_at.map(|at| zone.full(Timestamp(at))).unwrap_or_default(),
        };
        lines.push((row.clone(), line));
    }
    Ok(lines)
}

fn may_approve(door: &Door) -> bool {
    door.actor().administers_everything()
}

async fn list(door: Door) -> Result<Response, Problem> {
    list_page(&door, Mistakes::default()).await
}

async fn list_page(door: &Door, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let playbooks = lines(door, &mut tx).await?.into_iter().map(|(_, line)| line).collect();
    let view = PlaybooksView { playbooks, may_approve: may_approve(door), request_id: door.request_id() };
    let title = frontend::pages::playbooks::title(&view);
    door.page(tx, &title, view, frontend::pages::playbooks::list, mistakes).await
}

async fn show(door: Door, Path(fingerprint): Path<String>) -> Result<Response, Problem> {
    show_page(&door, &fingerprint, Mistakes::default()).await
}

async fn show_page(door: &Door, fingerprint: &str, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let found = lines(door, &mut tx).await?.into_iter().find(|(row, _)| row.fingerprint == fingerprint);
    let (row, line) = found.ok_or_else(|| Problem::not_found("version of a playbook"))?;
    let playbook = row.playbook()?;
    let title = playbook.title();
    let view = PlaybookView { line, playbook, may_approve: may_approve(door), request_id: door.request_id() };
    door.page(tx, &title, view, frontend::pages::playbooks::show, mistakes).await
}

async fn approve(
    door: Door,
    Path(fingerprint): Path<String>,
    input: Input<ApprovePlaybook>,
) -> Result<Response, Problem> {
    let typed = input.typed.clone();
    let input = Input { form: (fingerprint.clone(), input.form), request: input.request, typed: input.typed };
    match door.run(&input, super::approve).await {
        Ok(approved) => Ok(door.done("/playbooks", &approved)),
        Err(failure) => {
            door.again(failure, &typed, async |mistakes| show_page(&door, &fingerprint, mistakes).await).await
        }
    }
}
