//! The stage of a decision: its outcomes in chunks that nobody sees, until it is switched or dropped.

use domain::{
    cases::{Case, Decided},
    decisions::Outcome,
    id::{DecisionId, IncidentId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::preview::Preview;
use crate::{
    app::App,
    execute,
    failure::Failure,
    fetch_all,
    store::{Error, Rows, Sql, journal::By},
};

const CHUNK: usize = 2_000;

const INSERT: &str = "
    INSERT INTO decision (
        id, incident, aim, amends, rule, reason_code, time_window, place, choice, totals, state, account, decided_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'staging', $11, $12)";

const STAGE: Sql = Sql {
    sqlite: "
    INSERT INTO decision_stage (decision, case_id, from_state, decided, rule, safe_by, day_28)
    SELECT $1, unhex(value ->> 'case'), value ->> 'from_state', value ->> 'decided', value ->> 'rule',
        value ->> 'safe_by', value ->> 'day_28'
    FROM json_each($2)",
    postgres: r#"
    INSERT INTO decision_stage (decision, case_id, from_state, decided, rule, safe_by, day_28)
    SELECT $1, "case"::uuid, from_state, decided, rule, safe_by, day_28
    FROM json_to_recordset($2::json) AS row (
        "case" TEXT, from_state TEXT, decided TEXT, rule TEXT, safe_by TEXT, day_28 TEXT)"#,
};

#[derive(Serialize)]
struct Staged<'a> {
    case: String,
    from_state: &'static str,
    decided: &'static str,
    rule: &'a str,
    safe_by: Option<String>,
    day_28: Option<String>,
}

/// Keeps what a decision would do, unseen.
pub(super) async fn keep(
    app: &App,
    by: &By,
    incident: IncidentId,
    id: DecisionId,
    preview: &Preview,
) -> Result<(), Failure> {
    let plan = &preview.plan;
    let mut tx = app.db.write().await?;
    execute!(
        tx,
        INSERT,
        id.0,
        incident.0,
        plan.aim.code(),
        plan.aim.amends().map(|amends| amends.0),
        &plan.rule.key,
        &plan.rule.reason_code,
        text(&plan.window),
        plan.window.place.to_string(),
        text(&preview.choice),
        text(&preview.totals),
        by.actor.account.0,
        app.clock.now().0
    )?;
    tx.commit().await?;
    for chunk in preview.outcomes.chunks(CHUNK) {
        let rows: Vec<Staged<'_>> = chunk.iter().map(staged).collect();
        let mut tx = app.db.write_chunk().await?;
        execute!(tx, STAGE, id.0, Rows::of(&rows).text())?;
        tx.commit().await?;
    }
    Ok(())
}

/// A row as the case's own rules would leave it: the clocks come from there.
fn staged(outcome: &Outcome) -> Staged<'_> {
    let day_28 = outcome.day.filter(|_| outcome.decided == Decided::Cancelled).and_then(|day| {
        let mut case = Case::scheduled(Timestamp(0), day);
        case.cancel(Timestamp(0), outcome.safe_by).ok()?;
        case.day_28
    });
    Staged {
        case: outcome.case.0.simple().to_string(),
        from_state: outcome.from.code(),
        decided: outcome.decided.code(),
        rule: &outcome.by,
        safe_by: outcome.safe_by.filter(|_| day_28.is_some()).map(|day| day.to_string()),
        day_28: day_28.map(|day| day.to_string()),
    }
}

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

/// Empties a stage.
pub(super) const UNSTAGE: &str = "
    DELETE FROM decision_stage
    WHERE decision = $1";

const FORGET: &str = "
    DELETE FROM decision
    WHERE id = $1 AND state = 'staging'";

/// Forgets a decision that was not made, and its stage.
pub(super) async fn forget(app: &App, id: DecisionId) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    execute!(tx, UNSTAGE, id.0)?;
    execute!(tx, FORGET, id.0)?;
    tx.commit().await
}

const STALE: &str = "
    SELECT id
    FROM decision
    WHERE state = 'staging' AND decided_at < $1";

/// Drops the stages that began before a moment: a crash has left them.
pub async fn drop_stale(app: &App, before: Timestamp) -> Result<(), Error> {
    let mut tx = app.db.read().await?;
    let stale = fetch_all!(tx, (Uuid,), STALE, before.0)?;
    drop(tx);
    for (id,) in stale {
        forget(app, DecisionId(id)).await?;
    }
    Ok(())
}
