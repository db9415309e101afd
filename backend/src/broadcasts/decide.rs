//! What an operator decides about sending: deliveries in doubt that ask, and a gateway that rests.

use std::collections::BTreeMap;

use domain::{
    deliveries::{State, Step},
    field::{FieldErrors, Text},
    id::{BroadcastId, IncidentId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ledger, send};
use crate::{
    app::App,
    begin,
    failure::Failure,
    fetch_all,
    jobs::deliver::store::{self as worker, Done, NEVER},
    store::journal::{By, Chain, Say},
};

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
}

const ASKING: &str = "
    SELECT id, channel
    FROM delivery
    WHERE broadcast = $1 AND state = 'in_doubt' AND next_at = $2
    LIMIT 2000";

/// Sends what is in doubt again, or leaves it and sends no more.
///
/// # Errors
/// When the choice is none.
pub async fn doubts(
    app: App,
    by: By,
    (incident, broadcast, form): (IncidentId, BroadcastId, Doubts),
) -> Result<Decided, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    send::of_incident(&mut decision.tx, incident, broadcast).await?;
    let (tx, at) = (&mut decision.tx, decision.at);
    let choice = form.choice.trimmed();
    let changed = match choice {
        "send_again" => i64::try_from(ledger::send_again(tx, broadcast, at).await?).unwrap_or(i64::MAX),
        "leave" => {
            let mut by_channel: BTreeMap<String, Vec<Done>> = BTreeMap::new();
            for (id, channel) in fetch_all!(tx, (sqlx::types::Uuid, String), ASKING, broadcast.0, NEVER)? {
                let to = State::InDoubt.after(Step::Suppress)?.code();
                let (id, from, reply) =
                    (id.simple().to_string(), State::InDoubt.code(), "left in doubt".to_owned());
                let done =
                    Done { id, from, to, next_at: NEVER, doubted_at: None, reply, kind: String::new() };
                by_channel.entry(channel).or_default().push(done);
            }
            let mut changed = 0;
            for (channel, done) in by_channel {
                let channel = super::store::channel_of(&channel)?;
                let written = worker::record(tx, done, None, at).await?;
                worker::events(tx, broadcast, channel, &written, None, Some(by.actor.account), at).await?;
                changed += i64::try_from(written.len()).unwrap_or(i64::MAX);
            }
            changed
        }
        _ => return Err(FieldErrors::one("choice", "Choose send_again or leave.").into()),
    };
    let (kind, subject) = ("deliveries.doubt_decided", format!("broadcast:{broadcast}"));
    let data = json!({ "choice": choice, "deliveries": changed });
    decision.append(&app, Say { kind, subject, data, ..Say::default() }).await?;
    let outcome = Decided { changed };
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
    let name = form.gateway.trimmed();
    if !worker::resume(&mut decision.tx, name).await? {
        return Err(FieldErrors::one("gateway", "This gateway does not rest.").into());
    }
    let data = json!({ "gateway": name });
    decision.append(&app, Say { kind: "gateway.tried", data, ..Say::default() }).await?;
    let outcome = Decided { changed: 1 };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
