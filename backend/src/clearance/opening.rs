//! Which scopes an incident has: one for each gate of each system that does not work, at each site.

use domain::{
    clearance::Clearance,
    id::{FacilityId, IncidentId, SystemId},
    playbooks::{Evidence, Gate, Playbook, Proof},
    scope::{Functions, Place, Scope, Status, Target},
};
use serde_json::json;

use super::store;
use crate::{
    app::App,
    incidents::store as incidents,
    instructions::Beginning,
    places::store::{self as places, System},
    playbooks::store as playbooks,
    store::{
        Error,
        journal::{Decision, Say},
    },
};

/// Opens every scope of a new incident: each system that does not work, at each site, by the playbook's gates.
/// Functions that no gate has, and incidents from nothing, get the plain gate.
///
/// # Errors
/// When the database does not answer.
pub async fn open_scopes(app: &App, decision: &mut Decision, begins: &Beginning<'_>) -> Result<(), Error> {
    let affected = begins.statuses.iter().filter(|(_, status)| **status != Status::Operational);
    let affected: Vec<(&System, FacilityId)> = affected
        .filter_map(|((id, site), _)| Some((begins.systems.values().find(|system| system.id == *id)?, *site)))
        .collect();
    open(app, decision, begins.incident, begins.playbook, &affected).await
}

/// Opens the scopes of what does not work any more and has none yet; says whether there was any.
pub(super) async fn open_missing(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
) -> Result<bool, Error> {
    let tx = &mut decision.tx;
    let (systems, lattice) = (places::systems(tx).await?, places::lattice(tx).await?);
    let scopes = store::scopes(tx, incident).await?;
    let has_scope = |system: SystemId, site: FacilityId| {
        scopes.iter().any(|row| store::covers(row, &lattice, system, site))
    };
    let missing: Vec<(&System, FacilityId)> = incidents::statuses(tx, incident)
        .await?
        .into_iter()
        .filter(|((system, site), (status, _))| *status != Status::Operational && !has_scope(*system, *site))
        .filter_map(|((id, site), _)| Some((systems.iter().find(|system| system.id == id)?, site)))
        .collect();
    let frozen = playbooks::frozen(tx, incident).await?;
    open(app, decision, incident, frozen.as_ref().map(|version| &*version.playbook), &missing).await?;
    Ok(!missing.is_empty())
}

async fn open(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    playbook: Option<&Playbook>,
    affected: &[(&System, FacilityId)],
) -> Result<(), Error> {
    let mut clearances = Vec::new();
    for (system, site) in affected {
        for (gate, functions) in gates(playbook, system) {
            let scope = Scope { place: Place::Facility(*site), target: Target::System(system.id), functions };
            clearances.push(Clearance::new(app.clock.id(), scope, gate));
        }
    }
    if clearances.is_empty() {
        return Ok(());
    }
    let say = Say { kind: "clearance.opened", data: json!({ "scopes": clearances.len() }), ..Say::default() };
    let seq = decision.append(app, say).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    let moment = (seq, decision.at, decision.account);
    store::insert(&mut decision.tx, incident, (&clearances, &lattice), moment).await
}

/// The gates of a system, each with the functions that it clears.
fn gates(playbook: Option<&Playbook>, system: &System) -> Vec<(Gate, Functions)> {
    let mut open = system.functions;
    let mut gates = Vec::new();
    for gate in playbook.map(|playbook| playbook.gates.as_slice()).unwrap_or_default() {
        let taken = gate.functions.common(open);
        if gate.systems.contains(&system.code) && !taken.is_empty() {
            gates.push((gate.clone(), taken));
            open = open.without(taken);
        }
    }
    if !open.is_empty() {
        gates.push((plain_gate(system), open));
    }
    gates
}

/// What stands before a clearance when no playbook says more: one piece of evidence, two signatures.
fn plain_gate(system: &System) -> Gate {
    Gate {
        key: "plain".into(),
        name: system.name.clone(),
        systems: vec![system.code.clone()],
        functions: Functions::ALL,
        evidence: vec![Evidence {
            key: "checked-in-use".into(),
            name: "Checked in use by the people who need it".into(),
            owner: "IT and the department".into(),
            method: String::new(),
            proof: Proof::Note,
            at_least: None,
            at_most: None,
            never_waived: false,
            expires_minutes: 120,
        }],
        signers: vec!["cio".into(), "cmio".into()],
        quorum: 2,
        required: Vec::new(),
        release_by: "commander".into(),
        on_last_signature: false,
        signed_valid_minutes: 60,
    }
}
