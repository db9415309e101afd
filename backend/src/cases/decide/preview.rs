//! What a decision would do now.

use domain::{
    Refusal,
    cases::forms::{Choice, Decide},
    decisions::{self, Aim, Outcome, Parts, Plan, Row, Settled, Totals, Window},
    field::FieldErrors,
    id::{DecisionId, IncidentId},
    playbooks::CancellationRule,
    scope::{Place, Places},
    time::{Timestamp, Zone},
};

use super::{
    made,
    rows::{rows_of_chains, rows_of_day},
};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{Error, Tx},
};

/// The rules of an incident: its playbook's, or the standard one.
pub async fn rules(tx: &mut Tx, incident: IncidentId) -> Result<Vec<CancellationRule>, Error> {
    let frozen = playbooks::frozen(tx, incident).await?;
    let rules = frozen.map(|version| version.playbook.cancellations.clone()).unwrap_or_default();
    Ok(if rules.is_empty() { vec![decisions::standard()] } else { rules })
}

/// What a decision would do now.
pub struct Preview {
    pub plan: Plan,
    /// The rule as the playbook has it; the plan's may keep more.
    pub rules: Vec<CancellationRule>,
    /// What was chosen, so that it can be opened again.
    pub choice: Decide,
    pub outcomes: Vec<Outcome>,
    pub totals: Totals,
    pub rows: Vec<Row>,
    /// The other rows of the chains of which it cancels a part.
    pub linked: Vec<Row>,
    pub places: Places,
    zone: Zone,
}

impl Preview {
    /// Each row that it reaches, in the order of its start.
    pub fn settled(&self) -> Vec<Settled<'_>> {
        self.plan.settle(&self.rows, &self.places).collect()
    }

    /// Each row that is linked to what it cancels, and whether it is cancelled with it.
    pub fn settled_links(&self) -> Vec<Settled<'_>> {
        self.plan.settle_links(&self.linked, &self.outcomes)
    }

    /// By site, service and priority.
    pub fn parts(&self) -> Parts {
        Parts::of(&self.settled())
    }

    /// What another choice would do to the same rows; `None` when it is none.
    pub fn instead(&self, form: &Decide) -> Option<Totals> {
        let choice = form.read().ok()?;
        let window = &self.plan.window;
        let plan = plan(form, &self.rules, &choice, window.place, (self.plan.now, &self.zone)).ok()?;
        Some(plan.preview(&self.rows, &self.places).1)
    }
}

/// Runs the rule without changing anything.
///
/// # Errors
/// By field: an unknown rule, day or place. Refused when the decision to be changed is none, or was changed since.
pub async fn preview(
    tx: &mut Tx,
    incident: IncidentId,
    form: &Decide,
    now: Timestamp,
) -> Result<Preview, Failure> {
    let zone = accounts::installation(tx).await?.zone();
    let places = places::lattice(tx).await?;
    let rules = rules(tx, incident).await?;
    // Never wider than the downtime unless somebody says so: of several places the first, then the next.
    let own = incidents::places(tx, incident).await?.first().copied().unwrap_or(Place::All);
    let choice = form.read()?;
    let plan = plan(form, &rules, &choice, own, (now, &zone))?;
    if let Aim::Amend(decision) = plan.aim {
        may_be_amended(tx, incident, decision, &plan.window).await?;
    }
    let found = find(tx, incident, &plan, &places).await?;
    let choice = Decide {
        rule: plan.rule.key.clone().into(),
        day: plan.window.day.clone().into(),
        place: plan.window.place.to_string().into(),
        ..form.choice()
    };
    let Found { rows, linked, outcomes, totals } = found;
    Ok(Preview { plan, rules, choice, outcomes, totals, rows, linked, places, zone })
}

/// What a plan does to the rows as they are.
pub(super) struct Found {
    pub rows: Vec<Row>,
    pub linked: Vec<Row>,
    pub outcomes: Vec<Outcome>,
    pub totals: Totals,
}

/// Runs a plan over the rows of its day and over what is linked to what it cancels.
pub(super) async fn find(
    tx: &mut Tx,
    incident: IncidentId,
    plan: &Plan,
    places: &Places,
) -> Result<Found, Error> {
    let rows = rows_of_day(tx, incident, &plan.window.day, plan.aim).await?;
    let mut found = plan.preview(&rows, places);
    let linked = rows_of_chains(tx, incident, &plan.chains(&rows, &found.0)).await?;
    plan.with_linked(&linked, &mut found);
    let (outcomes, totals) = found;
    Ok(Found { rows, linked, outcomes, totals })
}

/// Whether a decision can be decided again, for the day that it was made for.
pub(super) async fn may_be_amended(
    tx: &mut Tx,
    incident: IncidentId,
    id: DecisionId,
    window: &Window,
) -> Result<(), Failure> {
    let Some(known) = made::find(tx, incident, id).await? else {
        return Err(FieldErrors::one("amends", "There is no such decision in this incident.").into());
    };
    if known.aim == Aim::TakeBack.code() {
        let says = "What was taken back is decided anew, not changed. Decide it as a new decision.";
        return Err(Refusal::new("taken-back", says).into());
    }
    if let Some(by) = known.amended_by {
        let says = format!("D-{} was changed by D-{by}. Change that one.", known.number);
        return Err(Refusal::new("amended-since", says).into());
    }
    if known.window.day != window.day {
        let says =
            format!("D-{} is about {}; a changed decision keeps its day.", known.number, known.window.day);
        return Err(FieldErrors::one("day", says).into());
    }
    Ok(())
}

fn plan(
    form: &Decide,
    rules: &[CancellationRule],
    choice: &Choice,
    own: Place,
    (now, zone): (Timestamp, &Zone),
) -> Result<Plan, FieldErrors> {
    let key = form.rule.trimmed();
    let rule = rules.iter().find(|rule| key.is_empty() || rule.key == key);
    let unknown = || FieldErrors::one("rule", "Choose a rule of this incident's playbook.");
    let mut rule = rule.ok_or_else(unknown)?.clone();
    if let Some(also) = &choice.also_keep {
        rule.keep.retain(|keep| keep.key != also.key);
        rule.keep.push(also.clone());
    }
    let mut window = Window::of(&rule, choice.day, choice.place.unwrap_or(own), now, zone);
    if let Some(kind) = choice.kind {
        window.kinds.retain(|each| *each == kind);
    }
    let window = window.narrowed(choice.only.clone());
    Ok(Plan { rule, window, aim: choice.aim, strategy: choice.strategy, linked: form.linked.is_yes(), now })
}
