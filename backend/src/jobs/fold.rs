//! Folds the chains of facts into their incidents' own chains, so that nothing noted can be cut off the end of a
//! chain of facts without the incident's log showing it.

use domain::id::IncidentId;
use sqlx::types::Uuid;

use crate::{
    app::App,
    failure::Failure,
    fetch_all,
    store::{
        facts,
        journal::{self, Chain, Decision, Say},
    },
};

const UNFOLDED: &str = "
    SELECT DISTINCT of_incident
    FROM chain
    WHERE kind = 'facts' AND seq > folded_seq";

/// Folds what has come since the last minute.
///
/// # Errors
/// When the database does not answer; the next minute folds it.
pub async fn once(app: App) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let incidents = fetch_all!(tx, (Uuid,), UNFOLDED)?;
    drop(tx);
    for (incident,) in incidents {
        // One incident that cannot be folded does not keep the others waiting.
        if let Err(failure) = fold(&app, IncidentId(incident)).await {
            tracing::error!(%incident, "the facts of an incident could not be folded: {failure}");
        }
    }
    Ok(())
}

async fn fold(app: &App, incident: IncidentId) -> Result<(), Failure> {
    let mut decision = journal::begin_by_program(app, Chain::Incident(incident)).await?;
    if fold_into(app, &mut decision, incident).await? {
        decision.commit(app, &()).await?;
    }
    Ok(())
}

/// Folds within a decision, as before closing; says whether there was anything to fold.
///
/// # Errors
/// When the database does not answer.
pub async fn fold_into(app: &App, decision: &mut Decision, incident: IncidentId) -> Result<bool, Failure> {
    let Some(data) = facts::fold(&mut decision.tx, incident).await? else { return Ok(false) };
    decision.append(app, Say { kind: "facts.folded", data, ..Say::default() }).await?;
    Ok(true)
}
