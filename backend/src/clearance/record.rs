//! The signed record of a released scope, from which alone the all-clear is written.

use domain::{
    clearance::{AllClear, AllClearText, Clearance, Signed, but_for},
    id::{ClearanceId, IncidentId},
    instructions::World,
    scope::{Place, Target},
};

use super::store;
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::store as incidents,
    instructions::{Picture, picture},
    places::store::{self as places, System},
    playbooks::store as playbooks,
    store::{Error, Tx},
};

/// The all-clear broadcast of a released scope, or nothing while it is not clear.
///
/// # Errors
/// When there is no such scope in the incident.
pub async fn all_clear_text(
    tx: &mut Tx,
    incident: IncidentId,
    id: ClearanceId,
) -> Result<Option<AllClearText>, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let clearance = store::find(tx, incident, id).await?.ok_or(Failure::NotFound("clearance"))?;
    let installation = accounts::installation(tx).await?;
    let zone = installation.zone();
    let picture = picture(tx).await?;
    let titles = titles(tx, incident).await?;
    let mut signatures = Vec::new();
    for signature in &clearance.signatures {
        signatures.push(Signed {
            title: title(&titles, &signature.signer),
            name: accounts::name(tx, signature.by).await?.unwrap_or_default(),
            at: zone.clock_with_zone(signature.at),
            conditions: signature.conditions.clone(),
        });
    }
    let world = if row.exercise { World::Exercise(incident) } else { World::Real };
    let still = match clearance.scope.target {
        Target::System(system) => match picture.systems.iter().find(|each| each.id == system) {
            Some(system) => still(tx, &picture, world, (clearance.scope.place, system)).await?,
            None => String::new(),
        },
        Target::Kind(_) => String::new(),
    };
    let place = match clearance.scope.place {
        unit @ Place::Unit(_) => places::name(tx, unit).await?,
        wider => picture.place_name(wider),
    };
    let without = store::parted_places(tx, incident, &clearance.scope, &picture.places).await?;
    let record = AllClear {
        exercise: row.exercise,
        organisation: installation.name.clone(),
        system: picture.target_name(clearance.scope.target),
        place: but_for(&place, &without),
        functions: picture.functions_words(&clearance.scope),
        released_at: clearance.released_at.map(|at| zone.full(at)).unwrap_or_default(),
        signatures,
        still,
    };
    Ok(record.text(&clearance))
}

/// What is still forbidden at a place, and at units of it where something else holds than at their site.
async fn still(
    tx: &mut Tx,
    picture: &Picture,
    world: World,
    (place, system): (Place, &System),
) -> Result<String, Error> {
    let mut said = Vec::new();
    let verdict = picture.verdict(world, place, system);
    if !verdict.prohibited.is_empty() {
        said.push(verdict.words());
    }
    for site in picture.places.facilities_of(place) {
        for (unit, verdict) in picture.differing_units(world, site, system) {
            let at = Place::Unit(unit);
            if !verdict.prohibited.is_empty() && at != place && picture.places.contains(place, at) {
                said.push(format!("{} at {}", verdict.words(), places::name(tx, at).await?));
            }
        }
    }
    Ok(said.join("; "))
}

/// The titles of the signers by their keys, from the frozen playbook.
pub(crate) async fn titles(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(String, String)>, Error> {
    let frozen = playbooks::frozen(tx, incident).await?;
    let signers = frozen.map(|version| version.playbook.signers.clone()).unwrap_or_default();
    Ok(signers.into_iter().map(|signer| (signer.key, signer.title)).collect())
}

/// The title of a signer; the key itself when the playbook has none.
pub(crate) fn title(titles: &[(String, String)], key: &str) -> String {
    if key == "commander" {
        return "Incident commander".to_owned();
    }
    titles.iter().find(|(each, _)| each == key).map_or_else(|| key.to_uppercase(), |(_, title)| title.clone())
}

/// `3 of 4`, as a node of the ladder reads.
pub(super) fn counted(clearance: &Clearance, now: domain::time::Timestamp) -> String {
    let (signed, needed) = clearance.signed_of(now);
    format!("{signed} of {needed}")
}
