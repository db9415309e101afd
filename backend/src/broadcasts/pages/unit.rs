//! The people of one unit, for whoever calls there.

use domain::{
    id::{BroadcastId, IncidentId, UnitId},
    time::Timestamp,
    view::broadcasts::{PersonLine, UnitView},
};

use super::super::{answer, send, store};
use crate::{accounts::store as accounts, app::App, failure::Failure, fetch_all, store::Tx};

const UNIT: &str = "
    SELECT unit.name, facility.short_name, unit.phone
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id = $1";

/// The people of a unit, with what was typed.
///
/// # Errors
/// When the broadcast does not reach this unit.
pub async fn unit(
    tx: &mut Tx,
    app: &App,
    (incident, broadcast, unit): (IncidentId, BroadcastId, UnitId),
    typed: (String, String),
) -> Result<UnitView, Failure> {
    let row = send::of_incident(tx, incident, broadcast).await?;
    let zone = accounts::installation(tx).await?.zone();
    let units = store::units(tx, broadcast).await?;
    let found = units
        .into_iter()
        .find(|each| each.unit == unit)
        .ok_or(Failure::NotFound("unit of this broadcast"))?;
    let names = fetch_all!(tx, (String, String, String), UNIT, unit.0)?;
    let (name, site, phone) = names.into_iter().next().ok_or(Failure::NotFound("unit"))?;
    let people = answer::of_unit(tx, broadcast, unit).await?;
    let people = people.into_iter().map(|person| PersonLine {
        ordinal: person.ordinal,
        answer: person.answered(),
        answered: person.answered_at.map(|at| zone.clock(Timestamp(at))).unwrap_or_default(),
        name: person.name,
        on_duty: person.on_duty,
        lead: person.lead,
    });
    Ok(UnitView {
        incident,
        broadcast,
        number: row.number,
        unit: unit.to_string(),
        name: format!("{name}, {site}"),
        phone,
        knows: found.tally.knows(row.confirm_percent),
        tally: found.tally,
        request_id: app.clock.id(),
        people: people.collect(),
        answer: typed.0,
        note: typed.1,
    })
}
