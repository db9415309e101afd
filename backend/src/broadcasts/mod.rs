//! Broadcasts: composing, the second look, sending, answering, verifying, and who knows.

pub mod all_clear;
pub mod answer;
pub mod audience;
pub mod card;
pub mod compose;
pub mod decide;
pub mod deliveries;
pub mod hold;
pub mod knows;
pub mod ledger;
pub mod pages;
pub mod send;
pub mod stage;
pub mod store;
pub mod web;

use domain::{broadcasts::compose::To, id::IncidentId, instructions::World, lexicon::ForbiddenSystem};

use crate::{
    fetch_optional,
    incidents::store::IncidentRow,
    instructions,
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
async fn forbidden(tx: &mut Tx, incident: &IncidentRow, to: &[To]) -> Result<Vec<ForbiddenSystem>, Error> {
    let world = if incident.exercise { World::Exercise(incident.id) } else { World::Real };
    let mut at = Vec::new();
    for each in to {
        match each {
            To::Staff { place, .. } => {
                at.push(place.parse().map_err(|_| Error::Corrupt(format!("a place reads {place:?}")))?);
            }
            To::List(list) => at.extend(audience::places_of(tx, *list).await?),
        }
    }
    Ok(instructions::picture(tx).await?.forbidden_systems(world, &at))
}
