//! What changes while a downtime lasts: the status of a system, and the promise of the next update.

use domain::{
    actor::Role,
    field::FieldErrors,
    id::{FacilityId, IncidentId, SystemId},
    incidents::situation::{PromiseUpdate, ReportStatus, StatusReported, UpdatePromised, may_change},
    scope::{Place, Status},
    time::Timestamp,
};
use serde_json::json;

use super::store;
use crate::{
    accounts::store as accounts,
    app::App,
    begin, clearance, execute,
    failure::Failure,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// Reports that a system is something else now, at some sites or at all of the incident.
///
/// # Errors
/// What is wrong by field; a refusal when the incident has ended.
pub async fn report(
    app: App,
    by: By,
    incident: IncidentId,
    form: ReportStatus,
) -> Result<StatusReported, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let tx = &mut decision.tx;
    let row = store::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    may_change(row.phase)?;
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
    let changed: Vec<(FacilityId, Status)> = sites
        .into_iter()
        .filter_map(|site| known.get(&(system, site)).map(|(status, _)| (site, *status)))
        .filter(|(_, before)| *before != report.status)
        .collect();
    let say = Say {
        kind: "system.status",
        subject: format!("system:{system}"),
        data: json!({
            "status": report.status.code(),
            "sites": changed.iter().map(|(site, _)| site.to_string()).collect::<Vec<_>>(),
        }),
        event_at: Some(report.since),
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    for ((site, before), ordinal) in changed.iter().zip(1..) {
        let change = Change { incident, system, site: *site, before: *before, after: report.status };
        change.write(&mut decision, ordinal, report.since).await?;
    }
    clearance::open_missing(&app, &mut decision, incident).await?;
    let changed = i64::try_from(changed.len()).unwrap_or(i64::MAX);
    let outcome = StatusReported { incident, seq, system, changed };
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

/// One system that is something else at one site.
struct Change {
    incident: IncidentId,
    system: SystemId,
    site: FacilityId,
    before: Status,
    after: Status,
}

const SET_STATUS: &str = "
    UPDATE system_status
    SET status = $4, since = $5
    WHERE incident = $1 AND system = $2 AND facility = $3";

const LOG_STATUS: &str = "
    INSERT INTO incident_event (
        incident, seq, ordinal, what, system, facility, from_state, to_state, event_at, entered_at, account)
    VALUES ($1, $2, $3, 'status', $4, $5, $6, $7, $8, $9, $10)";

impl Change {
    async fn write(&self, decision: &mut Decision, ordinal: i64, since: Timestamp) -> Result<(), Error> {
        let (incident, system, site) = (self.incident.0, self.system.0, self.site.0);
        execute!(decision.tx, SET_STATUS, incident, system, site, self.after.code(), since.0)?;
        execute!(
            decision.tx,
            LOG_STATUS,
            incident,
            decision.seq,
            ordinal,
            system,
            site,
            self.before.code(),
            self.after.code(),
            since.0,
            decision.at.0,
            decision.account.0
        )
        .map(|_| ())
    }
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
    may_change(row.phase)?;
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
