//! Broadcasts: composing, the second look, sending, answering, verifying, and who knows.

pub mod answer;
pub mod audience;
pub mod compose;
pub mod decide;
pub mod knows;
pub mod ledger;
pub mod pages;
pub mod send;
pub mod stage;
pub mod store;
pub mod web;

use domain::{broadcasts::compose::To, id::IncidentId, lexicon::ForbiddenSystem};

use crate::{
    fetch_optional,
    incidents::store::IncidentRow,
    store::{Error, Tx},
};

const LIVE: &str = "
    SELECT exercise_live
    FROM incident
    WHERE id = $1";

/// Whether an exercise really sends, to its named audience (rule 11).
async fn exercise_is_live(tx: &mut Tx, incident: IncidentId) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (bool,), LIVE, incident.0)?.is_some_and(|(live,)| live))
}

/// The part of the sender's address after the `@`, for Message-IDs.
fn mail_host(from: &str) -> String {
    let host = from.rsplit('@').next().unwrap_or_default();
    let host: String =
        host.chars().filter(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-')).collect();
    if host.is_empty() { "localhost".to_owned() } else { host }
}

/// The systems under a prohibition anywhere in an audience, with the names by which texts may call them.
async fn forbidden(tx: &mut Tx, incident: &IncidentRow, _to: &[To]) -> Result<Vec<ForbiddenSystem>, Error> {
    let statuses = crate::incidents::store::statuses(tx, incident.id).await?;
    let systems = crate::places::store::systems(tx).await?;
    let down = |system: &crate::places::store::System| {
        statuses
            .iter()
            .any(|((id, _), (status, _))| *id == system.id && *status == domain::scope::Status::Down)
    };
    Ok(systems
        .into_iter()
        .filter(down)
        .map(|system| {
            let order = format!("{}: down", system.name);
            let mut names = vec![system.name, system.short_name];
            names.extend(system.aliases);
            ForbiddenSystem { system: system.id, names, order }
        })
        .collect())
}
