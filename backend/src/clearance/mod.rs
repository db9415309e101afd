//! A scope's way back: restored, evidence, signatures, release, revocation; and closing the incident.

mod card;
pub mod closing;
pub mod downtime;
mod effects;
mod evidence;
mod files;
mod forbid;
mod opening;
mod page;
pub mod record;
mod revoke;
mod sign;
pub mod store;
mod waves;
pub mod web;

use domain::{
    actor::Role,
    broadcasts::compose::To,
    clearance::{Clearance, Release, Releaser, Restore, Split, Stage, Step, Stepped},
    field::{FieldErrors, Text},
    id::{ClearanceId, FacilityId, IncidentId, SystemId},
    incidents::Phase,
    scope::{Function, Functions, Place, Places, Scope, Status},
};
use serde_json::{Value, json};

pub use card::card;
pub use opening::open_scopes;
pub use record::all_clear_text;
pub use revoke::revoke;
use store::Moment;
pub use waves::pilot_begins;

use crate::{
    app::App,
    begin,
    broadcasts::all_clear::{self as broadcasts, FromRecord},
    command::commands_all,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow, StatusChange},
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Decision, Say},
    },
};

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
            waves::end_orders(app, &mut decision, (self.incident.id, &self.clearance)).await?;
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
    let step = about.clearance.restore(decision.at)?;
    let said = (json!({ "to": step.to.code() }), &[("note", note.as_str())][..]);
    about.finish(&app, decision, "clearance.restored", said, &[step]).await
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

/// Parts a scope: some of its functions, or a place in it, go their own way back from here.
///
/// # Errors
/// Refused once somebody has signed or a wave is planned, and for what is no part of it.
pub async fn split(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, Split),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_work_on(&by)?;
    let mut errors = FieldErrors::default();
    let functions = functions_named(&form.functions, &mut errors);
    let place = match form.place.trimmed() {
        "" => Some(about.place()),
        text => errors.keep("place", text.parse::<Place>()),
    };
    errors.into_result()?;
    let scope = about.clearance.scope;
    let functions = if functions.is_empty() { scope.functions } else { functions };
    let part = Scope { place: place.unwrap_or(scope.place), functions, ..scope };
    let parted = about.clearance.split(&part, app.clock.id(), &about.places)?;
    store::shrink(&mut decision.tx, &about.clearance).await?;
    let moment = (decision.next_seq(), decision.at, decision.account);
    let opened = (std::slice::from_ref(&parted), &about.places);
    store::insert(&mut decision.tx, incident, opened, moment).await?;
    store::parted_from(&mut decision.tx, parted.id, id).await?;
    let said = json!({ "part": parted.id, "place": part.place, "functions": part.functions });
    about.finish(&app, decision, "clearance.split", (said, &[]), &[]).await
}

/// The functions of a form; none when it names none.
fn functions_named(named: &[Text], errors: &mut FieldErrors) -> Functions {
    let named = named.iter().map(Text::trimmed).filter(|text| !text.is_empty());
    Functions::of(named.filter_map(|code| {
        let function = Function::from_code(code);
        if function.is_none() {
            errors.add("functions", format!("{code:?} is not a function."));
        }
        function
    }))
}

fn optional(field: &str, text: &Text, most: usize) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::default();
    let read = errors.optional(field, text, most).unwrap_or_default();
    errors.into_result()?;
    Ok(read)
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
        waves::begin_anew(app, decision, incident.id, *at).await?;
    }
    let opened = opening::open_missing(app, decision, incident.id).await?;
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
