//! Sending is held until a person has decided about the open messages: all of them, those inside their window, or none.

use domain::{
    Refusal,
    actor::Role,
    field::{FieldErrors, Text},
    scope::Place,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deliveries;
use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_optional,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// What is older than this is outside its window when an operator lets only the rest go.
const WINDOW_MINUTES: i64 = 60;

const HELD: &str = "
    SELECT reason, held_at
    FROM sending_hold
    WHERE id = 1";

/// Why sending is held, and since when.
pub async fn held(tx: &mut Tx) -> Result<Option<(String, Timestamp)>, Error> {
    let row = fetch_optional!(tx, (String, i64), HELD)?;
    Ok(row.map(|(reason, at)| (reason, Timestamp(at))))
}

/// Decides about held messages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Release {
    pub request_id: Text,
    /// `all`, `in_window` (what was sent within the last hour; the rest is suppressed) or `hold`.
    pub choice: Text,
}

/// What deciding gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    pub choice: String,
    pub suppressed: i64,
}

/// Lets held messages go, all or those inside their window, or holds on.
///
/// # Errors
/// A refusal when nothing is held or the choice is none; held messages go to all sites, so only who speaks for all of
/// them decides.
pub async fn release(app: App, by: By, form: Release) -> Result<Released, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    speaks_for_all(&mut decision.tx, &by).await?;
    if held(&mut decision.tx).await?.is_none() {
        return Err(Refusal::new("not-held", "Sending is not held.").into());
    }
    let choice = form.choice.trimmed().to_owned();
    let (oldest, at) = (decision.at.plus_minutes(-WINDOW_MINUTES), decision.at);
    let suppressed = match choice.as_str() {
        "all" | "hold" => 0,
        "in_window" => deliveries::suppress_before(&mut decision.tx, oldest, by.actor.account, at).await?,
        _ => return Err(FieldErrors::one("choice", "Choose all, in_window or hold.").into()),
    };
    if choice != "hold" {
        begin_epoch(&app, &mut decision).await?;
    }
    let (kind, data) = ("sending.decided", json!({ "choice": choice, "suppressed": suppressed }));
    decision.append(&app, Say { kind, data, ..Say::default() }).await?;
    let outcome = Released { choice, suppressed };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// What concerns every site is decided by a communicator or commander of all of them.
///
/// # Errors
/// When the account speaks for some sites only.
pub(super) async fn speaks_for_all(tx: &mut Tx, by: &By) -> Result<(), Failure> {
    let places = places::lattice(tx).await?;
    if [Role::Commander, Role::Communicator].iter().any(|role| by.actor.can(*role, Place::All, &places)) {
        return Ok(());
    }
    let sentence = "This concerns the messages of all sites: somebody who speaks for all of them decides.";
    Err(Failure::Forbidden(sentence.into()))
}

const RELEASE: &str = "
    DELETE FROM sending_hold
    WHERE id = 1";

const ANSWER_FOR_OTHERS: &str = "
    UPDATE past_epoch
    SET answered_at = $1
    WHERE answered_at IS NULL";

const ANSWER_FOR_THIS: &str = "
    INSERT INTO past_epoch (epoch, answered_at)
    SELECT epoch, $1
    FROM installation";

const NEW_EPOCH: &str = "
    UPDATE installation
    SET epoch = $1";

/// Ends the hold and begins a new epoch. The old ones are answered for, so that each machine takes the database as it
/// now is, without asking again.
async fn begin_epoch(app: &App, decision: &mut Decision) -> Result<(), Error> {
    execute!(decision.tx, RELEASE)?;
    execute!(decision.tx, ANSWER_FOR_OTHERS, decision.at.0)?;
    execute!(decision.tx, ANSWER_FOR_THIS, decision.at.0)?;
    execute!(decision.tx, NEW_EPOCH, hex::encode(app.clock.bytes::<16>())).map(|_| ())
}
