//! Sending: a draft is ordered once, looked at twice where the rules say so, and never changed afterwards.

use domain::{
    Refusal,
    actor::Role,
    broadcasts::{Stage, may_approve},
    field::Text,
    id::{BroadcastId, IncidentId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store::{self, BroadcastRow};
use crate::{
    app::App,
    begin,
    failure::Failure,
    store::{
        Tx,
        journal::{By, Chain, Say},
    },
};

/// Sends a draft, gives it the second look, or takes it away.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Act {
    pub request_id: Text,
}

/// What ordering or approving gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ordered {
    pub broadcast: BroadcastId,
    /// `staged` when it goes now, `pending_approval` when a second person must look first.
    pub stage: Stage,
}

/// The broadcast of an incident.
///
/// # Errors
/// When there is none of this id in this incident.
pub(super) async fn of_incident(
    tx: &mut Tx,
    incident: IncidentId,
    broadcast: BroadcastId,
) -> Result<BroadcastRow, Failure> {
    let row = store::find(tx, broadcast).await?.filter(|row| row.incident == incident);
    row.ok_or(Failure::NotFound("broadcast"))
}

fn already(row: &BroadcastRow) -> Failure {
    let sentence = format!("Broadcast {} was ordered already; it is {}.", row.number, row.stage.words());
    Refusal::new("already-sent", sentence)
        .with_link(format!("/incidents/{}/broadcasts/{}", row.incident, row.id))
        .into()
}

/// Orders a draft to be sent.
///
/// # Errors
/// A refusal when it was ordered before, with a link to it.
pub async fn send(
    app: App,
    by: By,
    (incident, broadcast, _): (IncidentId, BroadcastId, Act),
) -> Result<Ordered, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    super::compose::open_incident(&mut decision.tx, incident).await?;
    let row = of_incident(&mut decision.tx, incident, broadcast).await?;
    if row.stage != Stage::Draft {
        return Err(already(&row));
    }
    if let Some(clearance) = row.clearance {
        // Revoked since the draft was written: nothing says "all clear" for what is not clear.
        super::all_clear::text(&mut decision.tx, incident, clearance).await?;
    }
    let stage = if row.second_looks.is_empty() { Stage::Staged } else { Stage::PendingApproval };
    let at = decision.at;
    store::order(&mut decision.tx, broadcast, stage, by.actor.account, at).await?;
    if let (Stage::Staged, Some(promised)) = (stage, row.next_update_at) {
        store::promise(&mut decision.tx, incident, promised).await?;
    }
    let say = Say {
        kind: "broadcast.ordered",
        subject: format!("broadcast:{broadcast}"),
        data: json!({ "number": row.number, "stage": stage.code(), "second_looks": row.second_looks.len() }),
        ..Say::default()
    };
    decision.append(&app, say).await?;
    let outcome = Ordered { broadcast, stage };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Gives the second look: one other communicator or commander, for whatever rule asked for it.
///
/// # Errors
/// A refusal when the sender looks at the own words, or nothing waits for a look.
pub async fn approve(
    app: App,
    by: By,
    (incident, broadcast, _): (IncidentId, BroadcastId, Act),
) -> Result<Ordered, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    super::compose::open_incident(&mut decision.tx, incident).await?;
    let row = of_incident(&mut decision.tx, incident, broadcast).await?;
    let Some(sender) = row.sent_by.filter(|_| row.stage == Stage::PendingApproval) else {
        return Err(already(&row));
    };
    let roles: Vec<Role> = by.actor.grants.iter().map(|grant| grant.role).collect();
    may_approve(sender, by.actor.account, &roles)?;
    may_approve(row.author, by.actor.account, &roles)?;
    let at = decision.at;
    store::approve(&mut decision.tx, broadcast, by.actor.account, at).await?;
    if let Some(promised) = row.next_update_at {
        store::promise(&mut decision.tx, incident, promised).await?;
    }
    let say = Say {
        kind: "broadcast.approved",
        subject: format!("broadcast:{broadcast}"),
        data: json!({ "number": row.number, "second_looks": row.second_looks.len() }),
        ..Say::default()
    };
    decision.append(&app, say).await?;
    let outcome = Ordered { broadcast, stage: Stage::Staged };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a draft away, or withdraws one that waits for its second look.
///
/// # Errors
/// A refusal once it is out.
pub async fn discard(
    app: App,
    by: By,
    (incident, broadcast, _): (IncidentId, BroadcastId, Act),
) -> Result<Ordered, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = of_incident(&mut decision.tx, incident, broadcast).await?;
    if !matches!(row.stage, Stage::Draft | Stage::PendingApproval) {
        return Err(already(&row));
    }
    store::discard(&mut decision.tx, broadcast).await?;
    let (kind, subject) = ("broadcast.discarded", format!("broadcast:{broadcast}"));
    decision
        .append(&app, Say { kind, subject, data: json!({ "number": row.number }), ..Say::default() })
        .await?;
    let outcome = Ordered { broadcast, stage: Stage::Discarded };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
