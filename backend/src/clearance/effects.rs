//! What a step of one scope does to the incident: the status of its system at its sites, and the phase.

use domain::{
    clearance::{Clearance, Recovery, Stage, recovery},
    id::{FacilityId, SystemId},
    incidents::{Phase, Step},
    scope::{Place, Places, Status, Target},
};

use super::store;
use crate::{
    app::App,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow, StatusChange},
    store::journal::{Decision, Say},
};

/// After a step of one scope.
pub(super) async fn of_steps(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    clearance: &Clearance,
    places: &Places,
) -> Result<(), Failure> {
    let Target::System(system) = clearance.scope.target else { return Ok(()) };
    let statuses = incidents::statuses(&mut decision.tx, incident.id).await?;
    let mut changes = Vec::new();
    for site in places.facilities_of(clearance.scope.place) {
        let Some((before, _)) = statuses.get(&(system, site)) else { continue };
        let of_site = store::scopes_of_site(&mut decision.tx, incident.id, (system, site), places).await?;
        let stages: Vec<Stage> = of_site.iter().map(|scope| scope.stage).collect();
        let after = status_after(*before, clearance.stage, &stages);
        if after != *before {
            changes.push(StatusChange { system, site, before: *before, after });
        }
    }
    let at = decision.at;
    incidents::set_statuses(decision, incident.id, &changes, at).await?;
    follow(app, decision, incident, clearance.stage == Stage::Revoked, places).await
}

/// The phase follows the scopes; with one taken back the incident is in downtime again.
pub(super) async fn follow(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    revoked: bool,
    places: &Places,
) -> Result<(), Failure> {
    let statuses = incidents::statuses(&mut decision.tx, incident.id).await?;
    let whole_sites = store::whole_sites(&mut decision.tx, incident.id).await?;
    let covers = |system: SystemId, site: FacilityId| {
        whole_sites.iter().any(|(place, of)| *of == system && places.contains(*place, Place::Facility(site)))
    };
    let uncovered = statuses
        .iter()
        .any(|((system, site), (status, _))| *status != Status::Operational && !covers(*system, *site));
    let counts = store::counts(&mut decision.tx, incident.id, &store::Want::default()).await?;
    let reached = counts.into_iter().filter(|(_, count)| *count > 0).map(|(stage, _)| stage);
    let recovery = recovery(reached, uncovered);
    move_phase(app, decision, incident, revoked, recovery).await
}

/// A system works again at a site when every scope of it there is clear; it is being restored from the first
/// step on, and down or degraded again when one is taken back.
fn status_after(old: Status, stage: Stage, stages: &[Stage]) -> Status {
    if stage == Stage::Revoked {
        let some_clear = stages.iter().any(|stage| stage.is_clear());
        return if some_clear { Status::Degraded } else { Status::Down };
    }
    if !stages.is_empty() && stages.iter().all(|stage| stage.is_clear()) {
        return Status::Operational;
    }
    if stages.iter().any(|stage| *stage > Stage::Waiting) { Status::Restoring } else { old }
}

async fn move_phase(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    revoked: bool,
    recovery: Recovery,
) -> Result<(), Failure> {
    let step = match (revoked, recovery) {
        (true, _) => Step::Revoke,
        (false, Recovery::SomethingBack) if incident.phase == Phase::Downtime => Step::Restore,
        (false, Recovery::EverythingClear) => Step::ClearAll,
        (false, _) => return Ok(()),
    };
    let to = incident.phase.after(step)?;
    if to == incident.phase {
        return Ok(());
    }
    let data = serde_json::json!({ "from": incident.phase.code(), "to": to.code() });
    let seq = decision.append(app, Say { kind: "incident.phase", data, ..Say::default() }).await?;
    let (at, account) = (decision.at, decision.account);
    incidents::set_phase(&mut decision.tx, incident, to, seq, at, account).await?;
    Ok(())
}
