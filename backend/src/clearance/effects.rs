//! What a step of one scope does to the incident: the status of its system at its sites, and the phase.

use domain::{
    clearance::{Clearance, Recovery, Stage, recovery},
    id::{FacilityId, IncidentId, SystemId},
    incidents::{Phase, Step},
    scope::{Place, Places, Status, Target},
};

use super::store;
use crate::{
    app::App,
    execute,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow},
    store::{
        Error, Tx,
        journal::{Decision, Say},
    },
};

/// After a step of one scope.
pub(super) async fn of_steps(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    clearance: &Clearance,
    places: &Places,
) -> Result<(), Failure> {
    let seq = decision.seq;
    let Target::System(system) = clearance.scope.target else { return Ok(()) };
    let statuses = incidents::statuses(&mut decision.tx, incident.id).await?;
    let scopes = store::scopes(&mut decision.tx, incident.id).await?;
    let mut changes = Vec::new();
    for facility in places.facilities_of(clearance.scope.place) {
        let Some((old, _)) = statuses.get(&(system, facility)) else { continue };
        let of_this = |scope: &&store::ScopeRow| {
            scope.scope.target == Target::System(system)
                && places.contains(scope.scope.place, Place::Facility(facility))
        };
        let stages: Vec<Stage> = scopes.iter().filter(of_this).map(|scope| scope.stage).collect();
        let new = status_after(*old, clearance.stage, &stages);
        if new != *old {
            changes.push(Change { system, facility, from: *old, to: new });
        }
    }
    save_statuses(decision, incident.id, seq, &changes).await?;
    let affected = |status: Status| status != Status::Operational;
    let uncovered = statuses.iter().any(|((system, facility), (status, _))| {
        affected(*status)
            && !scopes.iter().any(|scope| {
                scope.scope.target == Target::System(*system)
                    && places.contains(scope.scope.place, Place::Facility(*facility))
            })
    });
    let recovery = recovery(scopes.iter().map(|scope| scope.stage), uncovered);
    move_phase(app, decision, incident, clearance.stage == Stage::Revoked, recovery).await
}

struct Change {
    system: SystemId,
    facility: FacilityId,
    from: Status,
    to: Status,
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

const SET_STATUS: &str = "
    UPDATE system_status
    SET status = $4, since = $5
    WHERE incident = $1 AND system = $2 AND facility = $3";

const LOG_STATUS: &str = "
    INSERT INTO incident_event (
        incident, seq, ordinal, what, system, facility, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, $3, 'status', $4, $5, $6, $7, $8, $8, $9)";

async fn save_statuses(
    decision: &mut Decision,
    incident: IncidentId,
    seq: i64,
    changes: &[Change],
) -> Result<(), Error> {
    let (at, account) = (decision.at.0, decision.account.0);
    let tx: &mut Tx = &mut decision.tx;
    for (ordinal, change) in (1_i64..).zip(changes) {
        let (system, facility) = (change.system.0, change.facility.0);
        execute!(tx, SET_STATUS, incident.0, system, facility, change.to.code(), at)?;
        execute!(
            tx,
            LOG_STATUS,
            incident.0,
            seq,
            ordinal,
            system,
            facility,
            change.from.code(),
            change.to.code(),
            at,
            account
        )?;
    }
    Ok(())
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
