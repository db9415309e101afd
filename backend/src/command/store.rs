//! The SQL of command and tasks.

use domain::{
    command::{Handover, HandoverState, Holders, Holding, TaskState, late_when_due_by},
    id::{AccountId, HandoverId, IncidentId, TaskId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

const INSERT_HOLDER: &str = "
    INSERT INTO command_holder (incident, seq, account, how, from_at)
    VALUES ($1, $2, $3, $4, $5)";

/// Command begins with the person who declared.
pub async fn begin(
    tx: &mut Tx,
    incident: IncidentId,
    seq: i64,
    account: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, INSERT_HOLDER, incident.0, seq, account.0, "declared", at.0).map(|_| ())
}

const END_HOLDER: &str = "
    UPDATE command_holder
    SET until_at = $2
    WHERE incident = $1 AND until_at IS NULL";

const SET_COMMANDER: &str = "
    UPDATE incident
    SET commander = $2
    WHERE id = $1";

/// Passes command on: the old interval ends where the new one begins. Open pages end with it.
pub async fn pass(
    tx: &mut Tx,
    incident: IncidentId,
    seq: i64,
    to: AccountId,
    how: &str,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, END_HOLDER, incident.0, at.0)?;
    execute!(tx, INSERT_HOLDER, incident.0, seq, to.0, how, at.0)?;
    execute!(tx, SET_COMMANDER, incident.0, to.0)?;
    withdraw_open_offer(tx, incident, at).await?;
    answer_pages(tx, incident, at).await
}

const WITHDRAW_OPEN: &str = "
    UPDATE handover
    SET state = 'withdrawn', answered_at = $2
    WHERE incident = $1 AND state = 'offered'";

async fn withdraw_open_offer(tx: &mut Tx, incident: IncidentId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, WITHDRAW_OPEN, incident.0, at.0).map(|_| ())
}

const HOLDERS: &str = "
    SELECT account, from_at, until_at
    FROM command_holder
    WHERE incident = $1
    ORDER BY seq";

/// Everybody who has held command.
pub async fn holders(tx: &mut Tx, incident: IncidentId) -> Result<Option<Holders>, Error> {
    let rows = fetch_all!(tx, (Uuid, i64, Option<i64>), HOLDERS, incident.0)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let holding = |(account, from, until): (Uuid, i64, Option<i64>)| Holding {
        account: AccountId(account),
        from: Timestamp(from),
        until: until.map(Timestamp),
    };
    Holders::kept(rows.into_iter().map(holding).collect()).map(Some).map_err(Error::Corrupt)
}

/// What a new offer's row says.
pub struct NewOffer {
    pub id: HandoverId,
    pub incident: IncidentId,
    pub from: AccountId,
    pub to: AccountId,
    pub at: Timestamp,
}

const INSERT_OFFER: &str = "
    INSERT INTO handover (id, incident, from_account, to_account, state, offered_at, briefing)
    VALUES ($1, $2, $3, $4, 'offered', $5, $6)";

/// Adds an offer.
pub async fn insert_offer(tx: &mut Tx, new: &NewOffer, briefing: &str) -> Result<(), Error> {
    execute!(tx, INSERT_OFFER, new.id.0, new.incident.0, new.from.0, new.to.0, new.at.0, briefing).map(|_| ())
}

/// An open offer as a page shows it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OpenOffer {
    pub id: Uuid,
    pub from_account: Uuid,
    pub to_account: Uuid,
    pub offered_at: i64,
    pub briefing: String,
}

const OPEN_OFFER: &str = "
    SELECT id, from_account, to_account, offered_at, briefing
    FROM handover
    WHERE incident = $1 AND state = 'offered'";

/// The open offer of an incident.
pub async fn open_offer(tx: &mut Tx, incident: IncidentId) -> Result<Option<OpenOffer>, Error> {
    fetch_optional!(tx, OpenOffer, OPEN_OFFER, incident.0)
}

const FIND_OFFER: &str = "
    SELECT from_account, to_account, state
    FROM handover
    WHERE incident = $1 AND id = $2";

/// An offer by its id.
pub async fn find_offer(
    tx: &mut Tx,
    incident: IncidentId,
    id: HandoverId,
) -> Result<Option<Handover>, Error> {
    let row = fetch_optional!(tx, (Uuid, Uuid, String), FIND_OFFER, incident.0, id.0)?;
    row.map(|(from, to, state)| {
        let state = HandoverState::from_code(&state)
            .ok_or_else(|| Error::Corrupt(format!("an offer of command is {state:?}")))?;
        Ok(Handover { id, from: AccountId(from), to: AccountId(to), state })
    })
    .transpose()
}

const ANSWER_OFFER: &str = "
    UPDATE handover
    SET state = $2, answered_at = $3
    WHERE id = $1";

/// Sets the answer of an offer.
pub async fn answer_offer(
    tx: &mut Tx,
    id: HandoverId,
    state: HandoverState,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, ANSWER_OFFER, id.0, state.code(), at.0).map(|_| ())
}

const INSERT_PAGE: &str = "
    INSERT INTO command_page (incident, seq, commander, paged_by, paged_at)
    VALUES ($1, $2, $3, $4, $5)";

/// Adds a page to the commander.
pub async fn insert_page(
    tx: &mut Tx,
    incident: IncidentId,
    seq: i64,
    commander: AccountId,
    by: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, INSERT_PAGE, incident.0, seq, commander.0, by.0, at.0).map(|_| ())
}

const ANSWER_PAGES: &str = "
    UPDATE command_page
    SET answered_at = $2
    WHERE incident = $1 AND answered_at IS NULL";

/// Ends every open page.
pub async fn answer_pages(tx: &mut Tx, incident: IncidentId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, ANSWER_PAGES, incident.0, at.0).map(|_| ())
}

const OLDEST_PAGE: &str = "
    SELECT MIN(paged_at)
    FROM command_page
    WHERE incident = $1 AND answered_at IS NULL";

/// Since when a page has stayed unanswered.
pub async fn oldest_unanswered_page(tx: &mut Tx, incident: IncidentId) -> Result<Option<Timestamp>, Error> {
    let (paged,) = fetch_one!(tx, (Option<i64>,), OLDEST_PAGE, incident.0)?;
    Ok(paged.map(Timestamp))
}

/// What a new task's row says; ids as hexadecimal.
#[derive(Debug, Serialize)]
pub struct NewTask {
    pub id: String,
    pub code: String,
    pub ordinal: i64,
    pub position_code: String,
    pub position_title: String,
    pub body: String,
    pub due_at: i64,
}

const INSERT_TASKS: Sql = Sql {
    sqlite: "
    INSERT INTO task (id, incident, code, ordinal, position_code, position_title, body, due_at, state)
    SELECT unhex(value ->> 'id'), $1, value ->> 'code', value ->> 'ordinal', value ->> 'position_code',
        value ->> 'position_title', value ->> 'body', value ->> 'due_at', 'open'
    FROM json_each($2)",
    postgres: "
    INSERT INTO task (id, incident, code, ordinal, position_code, position_title, body, due_at, state)
    SELECT id::uuid, $1, code, ordinal, position_code, position_title, body, due_at, 'open'
    FROM json_to_recordset($2::json) AS row (
        id TEXT, code TEXT, ordinal BIGINT, position_code TEXT, position_title TEXT, body TEXT, due_at BIGINT)",
};

/// Adds the tasks of a playbook.
pub async fn insert_tasks(tx: &mut Tx, incident: IncidentId, tasks: &[NewTask]) -> Result<(), Error> {
    execute!(tx, INSERT_TASKS, incident.0, Rows::of(tasks).text()).map(|_| ())
}

/// A task as a page shows it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TaskRow {
    pub id: Uuid,
    pub position_title: String,
    pub body: String,
    pub due_at: i64,
    pub state: String,
    pub initials: String,
    pub marked_at: Option<i64>,
}

const TASKS: &str = "
    SELECT id, position_title, body, due_at, state, initials, marked_at
    FROM task
    WHERE incident = $1
    ORDER BY due_at, ordinal";

/// Every task of an incident, the earliest due first.
pub async fn tasks(tx: &mut Tx, incident: IncidentId) -> Result<Vec<TaskRow>, Error> {
    fetch_all!(tx, TaskRow, TASKS, incident.0)
}

const COUNTS: &str = "
    SELECT COUNT(*),
        COALESCE(CAST(SUM(CASE WHEN state = 'open' THEN 0 ELSE 1 END) AS BIGINT), 0),
        COALESCE(CAST(SUM(CASE WHEN state = 'open' AND due_at <= $2 THEN 1 ELSE 0 END) AS BIGINT), 0),
        MIN(CASE WHEN state = 'open' THEN due_at END)
    FROM task
    WHERE incident = $1";

/// How many tasks there are, are marked, and are late; and when the earliest open one is due.
pub async fn counts(
    tx: &mut Tx,
    incident: IncidentId,
    now: Timestamp,
) -> Result<(i64, i64, i64, Option<Timestamp>), Error> {
    let (all, marked, late, due) =
        fetch_one!(tx, (i64, i64, i64, Option<i64>), COUNTS, incident.0, late_when_due_by(now).0)?;
    Ok((all, marked, late, due.map(Timestamp)))
}

const TASK_STATE: &str = "
    SELECT state
    FROM task
    WHERE incident = $1 AND id = $2";

/// Where a task stands.
pub async fn task_state(tx: &mut Tx, incident: IncidentId, task: TaskId) -> Result<Option<TaskState>, Error> {
    let row = fetch_optional!(tx, (String,), TASK_STATE, incident.0, task.0)?;
    row.map(|(state,)| {
        TaskState::from_code(&state).ok_or_else(|| Error::Corrupt(format!("a task is {state:?}")))
    })
    .transpose()
}

const MARK_TASK: &str = "
    UPDATE task
    SET state = $2, initials = $3, marked_at = $4
    WHERE id = $1";

const LOG_TASK: &str = "
    INSERT INTO task_event (task, seq, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $5, $6)";

/// Marks a task and writes its event.
pub async fn mark_task(
    tx: &mut Tx,
    task: TaskId,
    before: TaskState,
    after: TaskState,
    initials: &str,
    (seq, at, account): (i64, Timestamp, AccountId),
) -> Result<(), Error> {
    execute!(tx, MARK_TASK, task.0, after.code(), initials, at.0)?;
    execute!(tx, LOG_TASK, task.0, seq, before.code(), after.code(), at.0, account.0).map(|_| ())
}
