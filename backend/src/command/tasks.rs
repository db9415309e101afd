//! Tasks: the playbook's list, made at the declaration, marked with initials and time.

use domain::{
    command::{MarkTask, TaskMarked},
    id::{IncidentId, TaskId},
    playbooks::Playbook,
};
use serde_json::json;

use super::store;
use crate::{
    app::App,
    begin,
    failure::Failure,
    incidents::store as incidents,
    store::journal::{By, Chain, Decision, Say},
};

/// Makes the tasks of a playbook, due from the declaration on.
///
/// # Errors
/// When the database does not answer.
pub async fn create(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    playbook: &Playbook,
) -> Result<(), Failure> {
    let title = |key: &str| {
        let position = playbook.positions.iter().find(|position| position.key == key);
        position.map_or_else(|| key.to_owned(), |position| position.title.clone())
    };
    let tasks: Vec<store::NewTask> = playbook
        .tasks
        .iter()
        .zip(1..)
        .map(|(task, ordinal)| store::NewTask {
            id: app.clock.id::<TaskId>().0.simple().to_string(),
            code: task.key.clone(),
            ordinal,
            position_code: task.position.clone(),
            position_title: title(&task.position),
            body: task.text.clone(),
            due_at: decision.at.plus_minutes(task.due_minutes).0,
        })
        .collect();
    store::insert_tasks(&mut decision.tx, incident, &tasks).await?;
    Ok(())
}

/// Marks a task done or not applicable.
///
/// # Errors
/// What is wrong by field; a refusal when it is marked so already or the incident has ended.
pub async fn mark(
    app: App,
    by: By,
    incident: IncidentId,
    task: TaskId,
    form: MarkTask,
) -> Result<TaskMarked, Failure> {
    let (mark, initials) = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let before =
        store::task_state(&mut decision.tx, incident, task).await?.ok_or(Failure::NotFound("task"))?;
    let state = before.after(mark)?;
    let say = Say {
        kind: "task.marked",
        subject: format!("task:{task}"),
        data: json!({ "from": before.code(), "to": state.code() }),
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    store::mark_task(&mut decision.tx, task, before, state, &initials, (seq, decision.at, decision.account))
        .await?;
    let outcome = TaskMarked { task, seq, state };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
