//! The SQL of downtime: events alone, which nothing ever changes.

use std::collections::BTreeMap;

use domain::{
    clearance::{
        Stage,
        downtime::{Change, Event, History},
    },
    id::{FacilityId, IncidentId, SystemId},
    scope::{Functions, Place, Status},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    fetch_all,
    store::{Error, Tx},
};

const SCOPES: &str = "
    SELECT id, place, system, functions, parted_from
    FROM clearance
    WHERE incident = $1
    ORDER BY id";

const EVENTS: &str = "
    SELECT clearance_event.clearance, seq, from_stage, to_stage, event_at
    FROM clearance_event
    JOIN clearance ON clearance.id = clearance_event.clearance
    WHERE clearance.incident = $1
    ORDER BY seq, ordinal";

const LOST: &str = "
    SELECT clearance, seq, place, functions, revoked_at
    FROM revocation
    WHERE incident = $1
    ORDER BY seq";

/// Every scope that an incident ever had, with all that became of it.
pub(super) async fn histories(tx: &mut Tx, incident: IncidentId) -> Result<Vec<History>, Error> {
    let (mut histories, mut wholes) = (BTreeMap::new(), BTreeMap::new());
    for (id, place, system, functions, whole) in
        fetch_all!(tx, (Uuid, String, Uuid, i64, Option<Uuid>), SCOPES, incident.0)?
    {
        let place = place.parse().map_err(|_| Error::Corrupt(format!("a place reads {place:?}")))?;
        let (system, functions) = (SystemId(system), Functions::from_bits(functions));
        histories.insert(id, History { place, system, functions, events: Vec::new() });
        wholes.extend(whole.map(|whole| (id, whole)));
    }
    let mut parted = Vec::new();
    for (id, seq, from, to, at) in fetch_all!(tx, (Uuid, i64, String, String, i64), EVENTS, incident.0)? {
        let change = match Stage::from_code(&to) {
            // The first step begins nowhere; a part begins at the stage that the whole had reached.
            Some(_) if from.is_empty() => {
                parted.extend(wholes.get(&id).map(|whole| (id, *whole)));
                Change::Opened
            }
            Some(Stage::Clear) => Change::Cleared,
            Some(Stage::Revoked) => Change::Revoked,
            Some(_) => continue,
            None => return Err(Error::Corrupt(format!("a clearance is {to:?}"))),
        };
        if let Some(history) = histories.get_mut(&id) {
            history.events.push(Event { seq, at: Timestamp(at), change });
        }
    }
    for (id, seq, place, functions, at) in fetch_all!(tx, (Uuid, i64, String, i64, i64), LOST, incident.0)? {
        let Some(history) = histories.get_mut(&id) else { continue };
        // A narrower place waits in a scope of its own; the functions of the same place leave the scope.
        if place.parse() == Ok::<Place, _>(history.place) {
            let lost = Functions::from_bits(functions);
            history.functions = history.functions.union(lost);
            history.events.push(Event { seq, at: Timestamp(at), change: Change::Lost(lost) });
        }
    }
    // In the order in which they were parted: a part of a part has the past of both.
    for (part, whole) in parted {
        let Some(whole) = histories.get(&whole).cloned() else { continue };
        if let Some(part) = histories.get_mut(&part) {
            part.follow_from(&whole);
        }
    }
    Ok(histories.into_values().collect())
}

const REPORTED: &str = "
    SELECT system, facility, from_state, to_state, event_at
    FROM incident_event
    WHERE incident = $1 AND what = 'status'
    ORDER BY seq, ordinal";

/// Since when each system has first not worked at each site. What did not work when the downtime was declared has
/// not since its earliest known start.
pub(super) async fn began(
    tx: &mut Tx,
    incident: IncidentId,
    started_at: Timestamp,
) -> Result<BTreeMap<(SystemId, FacilityId), Timestamp>, Error> {
    let mut began = BTreeMap::new();
    for (system, facility, from, to, at) in
        fetch_all!(tx, (Uuid, Uuid, String, String, i64), REPORTED, incident.0)?
    {
        if to == Status::Operational.code() {
            continue;
        }
        let declared = from == Status::Unknown.code();
        let at = if declared { started_at } else { Timestamp(at) };
        began.entry((SystemId(system), FacilityId(facility))).or_insert(at);
    }
    Ok(began)
}
