//! A scope's way back: restored, evidence, signatures, release, revocation; and closing the incident.

mod card;
pub mod closing;
mod effects;
mod forbid;
mod page;
pub mod record;
pub mod store;
pub mod web;

use domain::{
    actor::Role,
    broadcasts::compose::To,
    clearance::{Clearance, GiveEvidence, Given, Release, Releaser, Restore, SignOff, Stage, Step, Stepped},
    field::FieldErrors,
    id::{ClearanceId, FacilityId, IncidentId, SystemId},
    incidents::Phase,
    instructions::Effect,
    playbooks::{Evidence, Gate, Playbook},
    scope::{Functions, Place, Places, Scope, Status, Target},
};
use serde_json::{Value, json};

pub use card::card;
pub use record::all_clear_text;
pub use revoke::revoke;
use store::{Moment, NewSignOff};

use crate::{
    app::App,
    begin,
    broadcasts::all_clear::{self as broadcasts, FromRecord},
    command::commands_all,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow, StatusChange},
    instructions::{Beginning, Picture, store::OrderRow},
    places::store::{self as places, System},
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

mod revoke;

/// A command about one scope, while its transaction is open.
struct About {
    incident: IncidentRow,
    clearance: Clearance,
    places: Places,
}

async fn about(decision: &mut Decision, incident: IncidentId, id: ClearanceId) -> Result<About, Failure> {
    let row = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let clearance =
        store::find(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("clearance"))?;
    let places = places::lattice(&mut decision.tx).await?;
    Ok(About { incident: row, clearance, places })
}

impl About {
    fn place(&self) -> Place {
        self.clearance.scope.place
    }

    /// Restoring and evidence are for commanders and for those who sign anything there.
    fn may_work_on(&self, by: &By) -> Result<(), Failure> {
        let can = |role| by.actor.can(role, self.place(), &self.places);
        if can(Role::Commander) || can(Role::Signer) {
            return Ok(());
        }
        Err(Failure::Forbidden("A commander or a signer for this place does that.".into()))
    }

    /// As what this person releases: the incident's commander, as long as they command every place of it, or whom
    /// the gate names.
    fn releaser(&self, by: &By, commands_all: bool) -> Option<Releaser> {
        let named = &self.clearance.gate.release_by;
        if self.incident.commander == by.actor.account && commands_all {
            return Some(Releaser::Commander);
        }
        by.actor.signs_as(named, self.place(), &self.places).then(|| Releaser::Signer(named.clone()))
    }

    async fn finish(
        self,
        app: &App,
        mut decision: Decision,
        kind: &str,
        (data, texts): (Value, &[(&str, &str)]),
        steps: &[Step],
    ) -> Result<Stepped, Failure> {
        let moment = Moment { seq: decision.next_seq(), at: decision.at, account: decision.account };
        store::save(&mut decision.tx, &self.clearance, steps, moment).await?;
        let subject = format!("clearance:{}", self.clearance.id);
        let say = Say { kind, subject, data, texts, ..Say::default() };
        let seq = decision.append(app, say).await?;
        if !steps.is_empty() {
            effects::of_steps(app, &mut decision, &self.incident, &self.clearance, &self.places).await?;
        }
        if steps.iter().any(|step| step.to == Stage::Clear) {
            self.send_all_clear(app, &mut decision).await?;
        }
        let outcome = Stepped {
            clearance: self.clearance.id,
            seq,
            stage: self.clearance.stage,
            signed: self.clearance.signed_of(decision.at),
        };
        decision.commit(app, &outcome).await?;
        Ok(outcome)
    }
}

impl About {
    /// Tells the staff of the place, from the signed record and in the decision that released it.
    async fn send_all_clear(&self, app: &App, decision: &mut Decision) -> Result<(), Failure> {
        let text = all_clear_text(&mut decision.tx, self.incident.id, self.clearance.id).await?;
        let Some(text) = text else { return Ok(()) };
        let record = FromRecord {
            clearance: self.clearance.id,
            text: &text,
            to: vec![To::Staff { place: self.place().to_string(), job: String::new() }],
            supersedes: None,
        };
        broadcasts::from_record(app, decision, &self.incident, record).await.map(|_| ())
    }
}

/// IT has it running again.
///
/// # Errors
/// Refused when it was restored before.
pub async fn restore(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, Restore),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_work_on(&by)?;
    let note = optional("note", &form.note, 500)?;
    let step = about.clearance.restore()?;
    let said = (json!({ "to": step.to.code() }), &[("note", note.as_str())][..]);
    about.finish(&app, decision, "clearance.restored", said, &[step]).await
}

/// One piece of evidence, passed or failed.
///
/// # Errors
/// Refused for a piece the gate does not ask for, and once the scope is clear.
pub async fn give_evidence(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, GiveEvidence),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_work_on(&by)?;
    let note = optional("note", &form.note, 500)?;
    let key = form.piece.trimmed();
    let piece = about.clearance.gate.evidence.iter().find(|piece| piece.key == key);
    let Some(piece) = piece else {
        return Err(FieldErrors::one("piece", "Choose one of the pieces that the gate asks for.").into());
    };
    let given = Given {
        key: piece.key.clone(),
        number: decision.next_seq(),
        passed: form.passed.is_yes(),
        note: note.clone(),
        at: decision.at,
        expires_at: decision.at.plus_minutes(piece.expires_minutes),
        by: by.actor.account,
    };
    let steps: Vec<Step> = about.clearance.give(given.clone())?.into_iter().collect();
    store::insert_evidence(&mut decision.tx, id, &given).await?;
    let said = (json!({ "piece": given.key, "passed": given.passed }), &[("note", note.as_str())][..]);
    about.finish(&app, decision, "clearance.evidence", said, &steps).await
}

/// Signs a scope, or refuses to.
///
/// # Errors
/// Refused for anyone who does not sign as that, and by every rule of signing.
pub async fn sign_off(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, SignOff),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    let signer = form.signer.trimmed().to_owned();
    if !by.actor.signs_as(&signer, about.place(), &about.places) {
        return Err(Failure::Forbidden(format!("You do not sign as {signer:?} for this place.")));
    }
    let words = optional("words", &form.words, 1000)?;
    let refused = match form.answer.trimmed() {
        "" | "sign" => false,
        "refuse" if words.is_empty() => return Err(FieldErrors::one("words", "Say why you refuse.").into()),
        "refuse" => true,
        _ => return Err(FieldErrors::one("answer", "Answer sign or refuse.").into()),
    };
    let after_lapse = about.clearance.lapsed(decision.at);
    let account = by.actor.account;
    let steps = if refused {
        about.clearance.refuse(&signer, account, words.clone(), decision.at)?
    } else {
        about.clearance.sign(&signer, account, words.clone(), decision.at)?
    };
    let on: Vec<i64> = about.clearance.evidence.iter().map(|given| given.number).collect();
    let new = NewSignOff {
        signer: &signer,
        refused,
        words: &words,
        on_evidence: json!(on).to_string(),
        after_lapse,
    };
    let moment = Moment { seq: decision.next_seq(), at: decision.at, account };
    store::insert_signoff(&mut decision.tx, id, &new, moment).await?;
    let kind = if refused { "clearance.refused" } else { "clearance.signed" };
    let stage = about.clearance.stage.code();
    let said = (json!({ "signer": signer, "on": on, "stage": stage }), &[("words", words.as_str())][..]);
    about.finish(&app, decision, kind, said, &steps).await
}

/// Makes a signed scope clear.
///
/// # Errors
/// Refused unless the commander or whom the playbook names releases it, while signature and evidence hold.
pub async fn release(
    app: App,
    by: By,
    (incident, id, _): (IncidentId, ClearanceId, Release),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    let commands_all = commands_all(&mut decision.tx, &by.actor, incident).await?;
    let Some(releaser) = about.releaser(&by, commands_all) else {
        let sentence = "The incident's commander releases it, or whom the playbook names.";
        return Err(Failure::Forbidden(sentence.into()));
    };
    let step = about.clearance.release(&releaser, decision.at)?;
    let as_what = match releaser {
        Releaser::Commander => "commander".to_owned(),
        Releaser::Signer(signer) => signer,
    };
    about.finish(&app, decision, "clearance.released", (json!({ "as": as_what }), &[]), &[step]).await
}

/// Everything written on paper for this scope has been typed in or has its other end.
///
/// # Errors
/// Refused before the scope is clear and while forms of its places are open.
pub async fn complete_back_entry(
    app: App,
    by: By,
    (incident, id, _): (IncidentId, ClearanceId, Release),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_work_on(&by)?;
    let open = closing::open_forms(&mut decision.tx, incident).await?;
    let step = about.clearance.complete_back_entry(open)?;
    about.finish(&app, decision, "clearance.back_entry_complete", (json!({}), &[]), &[step]).await
}

fn optional(field: &str, text: &domain::field::Text, most: usize) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::default();
    let read = errors.optional(field, text, most).unwrap_or_default();
    errors.into_result()?;
    Ok(read)
}

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

/// Whether these reports contradict no clearance.
///
/// # Errors
/// The refusal, with a link to the scope that says otherwise.
pub async fn may_report(tx: &mut Tx, incident: IncidentId, changes: &[StatusChange]) -> Result<(), Failure> {
    let lattice = places::lattice(tx).await?;
    let scopes = store::scopes(tx, incident).await?;
    for change in changes {
        let of_site = |row: &&store::ScopeRow| store::reaches(row, &lattice, change.system, change.site);
        let stages: Vec<Stage> = scopes.iter().filter(of_site).map(|row| row.stage).collect();
        domain::incidents::situation::may_report(change.after, &stages).map_err(|refusal| {
            let wanted = change.after != Status::Operational;
            let scope = scopes.iter().filter(of_site).find(|row| row.stage.is_clear() == wanted);
            let scope = scope.map(|row| format!("/{}", row.id)).unwrap_or_default();
            refusal.with_link(format!("/incidents/{incident}/clearance{scope}"))
        })?;
    }
    Ok(())
}

/// What follows a report of statuses: what is `down` is taken back and forbidden, what is affected and has no
/// scope gets one, and the phase follows. Gives how many scopes were taken back.
///
/// # Errors
/// When the database does not answer.
pub async fn after_report(
    app: &App,
    decision: &mut Decision,
    incident: &IncidentRow,
    down: &[(SystemId, FacilityId)],
) -> Result<i64, Failure> {
    let mut taken_back = 0;
    for at in down {
        taken_back += revoke::taken_back_by_outage(app, decision, incident.id, *at).await?;
    }
    let opened = open_missing(app, decision, incident.id).await?;
    for at in down {
        forbid::what_is_down(app, decision, incident, *at).await?;
    }
    let lattice = places::lattice(&mut decision.tx).await?;
    let down_again = taken_back > 0 || (opened && incident.phase == Phase::Reconciling);
    if down_again {
        effects::follow(app, decision, incident, true, &lattice).await?;
    }
    Ok(taken_back)
}

/// Opens the scopes of what does not work any more and has none yet; says whether there was any.
async fn open_missing(app: &App, decision: &mut Decision, incident: IncidentId) -> Result<bool, Error> {
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
    open(app, decision, incident, frozen.as_ref().map(|version| &version.playbook), &missing).await?;
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
    store::insert(&mut decision.tx, incident, &clearances, (seq, decision.at, decision.account)).await
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
            expires_minutes: 120,
        }],
        signers: vec!["cio".into(), "cmio".into()],
        quorum: 2,
        release_by: "commander".into(),
        on_last_signature: false,
        signed_valid_minutes: 60,
    }
}

/// An order for named pilots was approved: the restored scopes that it lies in are now in their pilot.
///
/// # Errors
/// Refused when one person did both.
pub async fn pilot_begins(
    decision: &mut Decision,
    incident: IncidentId,
    order: &OrderRow,
    picture: &Picture,
) -> Result<(), Failure> {
    let permits = order.order.scope.functions.iter().any(|each| order.order.effect(each) == Effect::Use);
    if !permits {
        return Ok(());
    }
    let moment = Moment { seq: decision.next_seq(), at: decision.at, account: decision.account };
    for mut clearance in store::of_incident(&mut decision.tx, incident).await? {
        let reached = picture.meet(&clearance.scope, &order.order.scope)
            && clearance.scope.functions.meets(order.order.scope.functions);
        if reached && clearance.stage == Stage::Restored {
            let step = clearance.begin_pilot(order.issued_by, decision.account)?;
            store::save(&mut decision.tx, &clearance, &[step], moment).await?;
        }
    }
    Ok(())
}
