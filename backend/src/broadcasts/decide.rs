//! What an operator decides about sending: deliveries in doubt that ask, and a gateway that rests.

use domain::{
    Refusal,
    field::{FieldErrors, Text},
    id::{BroadcastId, IncidentId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{compose, deliveries, hold, ledger, send};
use crate::{
    app::App,
    begin,
    failure::Failure,
    jobs::deliver::store as worker,
    store::journal::{By, Chain, Say},
};

/// Deliveries that one decision leaves in doubt, in thousands: nobody else waits long for it.
const MOST_PIECES: usize = 10;

/// Decides about deliveries of which nobody knows whether they left.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Doubts {
    pub request_id: Text,
    /// `send_again` or `leave`.
    pub choice: Text,
}

/// How many things a decision changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    pub changed: i64,
    /// How many still ask; decide again.
    pub left: i64,
}

/// Sends what is in doubt again, or leaves it and sends no more.
///
/// # Errors
/// When the choice is none, for another site's message, and for one that was taken back.
pub async fn doubts(
    app: App,
    by: By,
    (incident, broadcast, form): (IncidentId, BroadcastId, Doubts),
) -> Result<Decided, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = send::of_incident(&mut decision.tx, incident, broadcast).await?;
    compose::may_reach(&mut decision.tx, &by, incident, &row.to).await?;
    let (tx, at) = (&mut decision.tx, decision.at);
    let choice = form.choice.trimmed();
    let changed = match choice {
        "send_again" if row.withdrawn_at.is_some() => {
            let sentence =
                "This message was taken back, because its clearance was revoked. It is not sent again.";
            return Err(Refusal::new("withdrawn", sentence).into());
        }
        "send_again" => i64::try_from(ledger::send_again(tx, broadcast, at).await?).unwrap_or(i64::MAX),
        "leave" => {
            let mut changed = 0;
            for _ in 0..MOST_PIECES {
                match deliveries::leave_in_doubt(tx, broadcast, by.actor.account, at).await? {
                    0 => break,
                    some => changed += some,
                }
            }
            changed
        }
        _ => return Err(FieldErrors::one("choice", "Choose send_again or leave.").into()),
    };
    let left = ledger::asks(tx, broadcast).await?;
    let (kind, subject) = ("deliveries.doubt_decided", format!("broadcast:{broadcast}"));
    let data = json!({ "choice": choice, "deliveries": changed, "left": left });
    decision.append(&app, Say { kind, subject, data, ..Say::default() }).await?;
    let outcome = Decided { changed, left };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Tries a gateway that rests, at once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TryGateway {
    pub request_id: Text,
    /// `smtp`, `sms` or `outbox`.
    pub gateway: Text,
}

/// Ends a gateway's rest.
///
/// # Errors
/// When no gateway of this name rests.
pub async fn try_gateway(app: App, by: By, form: TryGateway) -> Result<Decided, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    hold::speaks_for_all(&mut decision.tx, &by).await?;
    let name = form.gateway.trimmed();
    if !worker::resume(&mut decision.tx, name).await? {
        return Err(FieldErrors::one("gateway", "This gateway does not rest.").into());
    }
    let data = json!({ "gateway": name });
    decision.append(&app, Say { kind: "gateway.tried", data, ..Say::default() }).await?;
    let outcome = Decided { changed: 1, left: 0 };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
