//! What changes while a downtime lasts: the status of a system, and the promise of the next update.

use domain::{
    actor::Role,
    field::FieldErrors,
    id::{FacilityId, IncidentId, SystemId},
    incidents::situation::{PromiseUpdate, ReportStatus, StatusReported, UpdatePromised},
    scope::{Place, Status},
};
use serde_json::json;

use super::store::{self, StatusChange};
use crate::{
    accounts::store as accounts,
    app::App,
    begin, clearance, execute,
    failure::Failure,
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Say},
    },
};

/// Reports that a system is something else now, at some sites or at all of the incident. One that is down again
/// after its release is taken back in the same decision, and an order that permitted it there ends.
///
/// # Errors
/// What is wrong by field; a refusal when the incident has ended, or a clearance says otherwise.
pub async fn report(
    app: App,
    by: By,
    incident: IncidentId,
    form: ReportStatus,
) -> Result<StatusReported, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let tx = &mut decision.tx;
    let row = store::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let zone = accounts::installation(tx).await?.zone();
    let report = form.read(decision.at, &zone)?;
    let known = store::statuses(tx, incident).await?;
    let systems = places::systems(tx).await?;
    let in_incident = |id: SystemId| known.keys().any(|(system, _)| *system == id);
    let system = systems.iter().find(|system| system.code == report.system && in_incident(system.id));
    let Some(system) = system.map(|system| system.id) else {
        return Err(FieldErrors::one("system", "This system is not part of this downtime.").into());
    };
    let sites = chosen_sites(tx, &report.sites, |site| known.contains_key(&(system, site))).await?;
    let lattice = places::lattice(tx).await?;
    if !sites.iter().all(|site| by.actor.can(Role::Commander, Place::Facility(*site), &lattice)) {
        return Err(Failure::Forbidden("You may report only for the sites you command.".into()));
    }
    let changes: Vec<StatusChange> = sites
        .iter()
        .filter_map(|site| known.get(&(system, *site)).map(|(status, _)| (*site, *status)))
        .filter(|(_, before)| *before != report.status)
        .map(|(site, before)| StatusChange { system, site, before, after: report.status })
        .collect();
    clearance::may_report(tx, incident, &changes).await?;
    let say = Say {
        kind: "system.status",
        subject: format!("system:{system}"),
        data: json!({
            "status": report.status.code(),
            "sites": changes.iter().map(|change| change.site.to_string()).collect::<Vec<_>>(),
        }),
        event_at: Some(report.since),
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    store::set_statuses(&mut decision, incident, &changes, report.since).await?;
    let is_down = report.status == Status::Down;
    let down: Vec<_> = sites.iter().filter(|_| is_down).map(|site| (system, *site)).collect();
    let taken_back = clearance::after_report(&app, &mut decision, &row, &down).await?;
    let changed = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let outcome = StatusReported { incident, seq, system, changed, taken_back };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn chosen_sites(
    tx: &mut Tx,
    codes: &[String],
    is_part: impl Fn(FacilityId) -> bool,
) -> Result<Vec<FacilityId>, Failure> {
    let facilities = places::facilities(tx).await?;
    if codes.is_empty() {
        return Ok(facilities
            .into_iter()
            .map(|facility| facility.id)
            .filter(|site| is_part(*site))
            .collect());
    }
    let mut sites = Vec::with_capacity(codes.len());
    for code in codes {
        let found = facilities.iter().find(|facility| facility.code == *code && is_part(facility.id));
        let Some(facility) = found else {
            let sentence = format!("The site {code:?} is not part of this downtime.");
            return Err(FieldErrors::one("sites", sentence).into());
        };
        sites.push(facility.id);
    }
    Ok(sites)
}

const PROMISE: &str = "
    UPDATE incident
    SET next_update_at = $2
    WHERE id = $1";

/// Promises the next update.
///
/// # Errors
/// What is wrong by field; a refusal when the incident has ended.
pub async fn promise(
    app: App,
    by: By,
    incident: IncidentId,
    form: PromiseUpdate,
) -> Result<UpdatePromised, Failure> {
    let minutes = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = store::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let next_update_at = decision.at.plus_minutes(minutes);
    execute!(decision.tx, PROMISE, incident.0, next_update_at.0)?;
    let say = Say {
        kind: "incident.update_promised",
        data: json!({ "next_update_at": next_update_at }),
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let outcome = UpdatePromised { incident, seq, next_update_at };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
