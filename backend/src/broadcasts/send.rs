//! Sending: a draft is ordered once, looked at twice where the rules say so, and never changed afterwards.

use domain::{
    Refusal,
    actor::Role,
    broadcasts::{SecondLook, Stage, compose::Draft, may_approve},
    deliveries::Channel,
    field::Text,
    id::{BroadcastId, IncidentId},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store::{self, BroadcastRow};
use crate::{
    app::App,
    begin,
    failure::Failure,
    incidents::store::IncidentRow,
    store::{
        Error, Tx,
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

/// What a second person must look at by now: what was found when the draft was kept, and what orders have come into
/// force since.
async fn looks_by_now(
    tx: &mut Tx,
    incident: &IncidentRow,
    row: &BroadcastRow,
    now: Timestamp,
) -> Result<Vec<SecondLook>, Failure> {
    if let Some(clearance) = row.clearance {
        // Revoked since the draft was written: nothing says "all clear" for what is not clear.
        super::all_clear::text(tx, incident.id, clearance).await?;
        return Ok(row.second_looks.clone());
    }
    let bodies = store::bodies(tx, row.id).await?;
    let of = |channel| bodies.iter().find(|body| body.channel == channel).cloned();
    let (Some(email), Some(sms)) = (of(Channel::Email), of(Channel::Sms)) else {
        return Err(Error::Corrupt("a broadcast has no bodies".into()).into());
    };
    let draft = Draft {
        template: None,
        subject: email.subject,
        body: email.text,
        sms: sms.text,
        to: row.to.clone(),
        supersedes: row.supersedes,
        // Confirmed when it was composed, where it had to be.
        no_patient_data: true,
        typed: row.typed.clone(),
    };
    let forbidden = super::forbidden(tx, incident, &row.to).await?;
    let mut looks = row.second_looks.clone();
    for look in draft.check(&forbidden, now)? {
        if !looks.contains(&look) {
            looks.push(look);
        }
    }
    Ok(looks)
}

/// Orders a draft to be sent.
///
/// # Errors
/// A refusal when it was ordered before, with a link to it; when it goes to sites for which the account does not
/// speak.
pub async fn send(
    app: App,
    by: By,
    (incident, broadcast, _): (IncidentId, BroadcastId, Act),
) -> Result<Ordered, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let of = super::compose::open_incident(&mut decision.tx, incident).await?;
    let row = of_incident(&mut decision.tx, incident, broadcast).await?;
    if row.stage != Stage::Draft {
        return Err(already(&row));
    }
    super::compose::may_reach(&mut decision.tx, &by, incident, &row.to).await?;
    let at = decision.at;
    let looks = looks_by_now(&mut decision.tx, &of, &row, at).await?;
    if looks != row.second_looks {
        store::look_again(&mut decision.tx, broadcast, &looks).await?;
    }
    let stage = if looks.is_empty() { Stage::Staged } else { Stage::PendingApproval };
    store::order(&mut decision.tx, broadcast, stage, by.actor.account, at).await?;
    if let (Stage::Staged, Some(promised)) = (stage, row.next_update_at) {
        store::promise(&mut decision.tx, incident, promised).await?;
    }
    let say = Say {
        kind: "broadcast.ordered",
        subject: format!("broadcast:{broadcast}"),
        data: json!({ "number": row.number, "stage": stage.code(), "second_looks": looks.len() }),
        ..Say::default()
    };
    decision.append(&app, say).await?;
    let outcome = Ordered { broadcast, stage };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Gives the second look: one other communicator or commander, for whatever rule asked for it. Where an order came into
/// force that nobody has been shown, it goes on waiting, and says so.
///
/// # Errors
/// A refusal when the sender looks at the own words, or nothing waits for a look.
pub async fn approve(
    app: App,
    by: By,
    (incident, broadcast, _): (IncidentId, BroadcastId, Act),
) -> Result<Ordered, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let of = super::compose::open_incident(&mut decision.tx, incident).await?;
    let row = of_incident(&mut decision.tx, incident, broadcast).await?;
    let Some(sender) = row.sent_by.filter(|_| row.stage == Stage::PendingApproval) else {
        return Err(already(&row));
    };
    let roles: Vec<Role> = by.actor.grants.iter().map(|grant| grant.role).collect();
    may_approve(sender, by.actor.account, &roles)?;
    may_approve(row.author, by.actor.account, &roles)?;
    super::compose::may_reach(&mut decision.tx, &by, incident, &row.to).await?;
    let at = decision.at;
    let looks = looks_by_now(&mut decision.tx, &of, &row, at).await?;
    let (kind, stage) = if looks == row.second_looks {
        store::approve(&mut decision.tx, broadcast, by.actor.account, at).await?;
        if let Some(promised) = row.next_update_at {
            store::promise(&mut decision.tx, incident, promised).await?;
        }
        ("broadcast.approved", Stage::Staged)
    } else {
        store::look_again(&mut decision.tx, broadcast, &looks).await?;
        ("broadcast.looked_again", Stage::PendingApproval)
    };
    let (subject, data) =
        (format!("broadcast:{broadcast}"), json!({ "number": row.number, "second_looks": looks.len() }));
    decision.append(&app, Say { kind, subject, data, ..Say::default() }).await?;
    let outcome = Ordered { broadcast, stage };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Takes a draft away, or withdraws one that waits for its second look.
///
/// # Errors
/// A refusal once it is out; others than its author must speak for the sites to which it goes.
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
    if row.author != by.actor.account {
        super::compose::may_reach(&mut decision.tx, &by, incident, &row.to).await?;
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
