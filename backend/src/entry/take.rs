//! Taking tasks: the next ones, one that is named, and giving them back. Nobody else types in what somebody has.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    actor::Actor,
    entry::{ENTERERS, MOST_TAKEN, Order, Progress, PutBack, TAKEN_MINUTES, TakeTasks, Taken},
    field::FieldErrors,
    id::{AccountId, FormId, IncidentId},
    playbooks::FormType,
    scope::{Place, Places},
    time::Timestamp,
};
use serde_json::json;

use super::store::{self, After, Filter, TaskRow};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    forms,
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// How many tasks are looked through for the next ones that wait for nothing.
const MOST_LOOKED_AT: i64 = 2_000;
const PAGE: i64 = 200;

/// Takes the next tasks that wait for nothing and that nobody has, or one that is named.
///
/// # Errors
/// Refused when nothing is left, and when another person has the one that is named.
pub async fn take(app: App, by: By, (incident, said): (IncidentId, TakeTasks)) -> Result<Taken, Failure> {
    let how_many = how_many(&said)?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let playbook = forms::open_playbook(&mut decision.tx, incident).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    let tasks = if said.form.is_blank() {
        let asked = Filter {
            progress: Some(Progress::Ready),
            site: said.site.trimmed().parse().ok(),
            unit: said.unit.trimmed().parse().ok(),
            form_type: said.form_type.trimmed().to_owned(),
            free_for: Some(by.actor.account),
            ..Filter::default()
        };
        let next = Next { incident, kit: &playbook.forms, actor: &by.actor, lattice: &lattice };
        next.tasks(&mut decision.tx, asked, (how_many, decision.at)).await?
    } else {
        vec![named(&mut decision.tx, &by.actor, &lattice, (said.form.trimmed(), decision.at)).await?]
    };
    let until = decision.at.plus_minutes(TAKEN_MINUTES);
    give(&app, decision, incident, (tasks, Some((by.actor.account, until))), "entry.taken").await
}

/// Gives one task back, or all that one has.
///
/// # Errors
/// Refused when one has none.
pub async fn put_back(app: App, by: By, (incident, said): (IncidentId, PutBack)) -> Result<Taken, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    forms::open_playbook(&mut decision.tx, incident).await?;
    let mut held = store::held(&mut decision.tx, incident, by.actor.account, decision.at).await?;
    if !said.form.is_blank() {
        held.retain(|task| task.form.to_string() == said.form.trimmed());
    }
    if held.is_empty() {
        return Err(
            Refusal::new("not-yours", "You have not taken this; there is nothing to give back.").into()
        );
    }
    give(&app, decision, incident, (held, None), "entry.put_back").await
}

fn how_many(said: &TakeTasks) -> Result<i64, FieldErrors> {
    let number = match said.how_many.trimmed() {
        "" => Some(10),
        text => text.parse().ok().filter(|number| (1..=MOST_TAKEN).contains(number)),
    };
    number.ok_or_else(|| FieldErrors::one("how_many", format!("Take 1 to {MOST_TAKEN} at once.")))
}

/// Who looks for the next tasks, and along which order.
struct Next<'a> {
    incident: IncidentId,
    kit: &'a [FormType],
    actor: &'a Actor,
    lattice: &'a Places,
}

impl Next<'_> {
    async fn tasks(
        &self,
        tx: &mut Tx,
        mut asked: Filter,
        (how_many, now): (i64, Timestamp),
    ) -> Result<Vec<TaskRow>, Failure> {
        let order = Order::of(self.kit);
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let wanted = usize::try_from(how_many).unwrap_or(0);
        while found.len() < wanted && looked_at < MOST_LOOKED_AT {
            let page = store::list(tx, self.incident, &asked, now, PAGE).await?;
            let open = store::open_beside(tx, self.incident, &page).await?;
            let Some(last) = page.last().map(After::of) else { break };
            looked_at += PAGE;
            asked.after = last;
            let is_free = |task: &TaskRow| {
                task.holder(now).is_none()
                    && may(self.actor, task, self.lattice)
                    && order.first_before(&task.task(), &open).is_none()
            };
            found.extend(page.into_iter().filter(is_free).take(wanted - found.len()));
        }
        if found.is_empty() {
            let sentence = "Nothing is left here that waits for nothing and that nobody has taken. Look at what \
                            others wait for, or prepare more forms.";
            let link = format!("/incidents/{}/entry?show=prepare", self.incident);
            return Err(Refusal::new("nothing-left", sentence).with_link(link).into());
        }
        Ok(found)
    }
}

fn may(actor: &Actor, task: &TaskRow, lattice: &Places) -> bool {
    ENTERERS.iter().any(|role| actor.can(*role, Place::Unit(task.unit), lattice))
}

async fn named(
    tx: &mut Tx,
    actor: &Actor,
    lattice: &Places,
    (form, now): (&str, Timestamp),
) -> Result<TaskRow, Failure> {
    let form: FormId = form.parse().map_err(|_| Failure::NotFound("form"))?;
    let task = store::of_forms(tx, &[form]).await?.remove(&form).ok_or(Failure::NotFound("form"))?;
    forms::may(actor, &ENTERERS, [task.unit], lattice)?;
    if !matches!(task.progress, Some(Progress::Ready | Progress::Differs | Progress::ToPrepare)) {
        return Err(Refusal::new("not-ready", "There is nothing to type in of this form now.").into());
    }
    if let Some(holder) = task.holder(now).filter(|holder| *holder != actor.account) {
        let name = accounts::name(tx, holder).await?.unwrap_or_default();
        let sentence = format!("{name} has taken it. Take another one, or wait until it is given back.");
        return Err(Refusal::new("taken", sentence).into());
    }
    Ok(task)
}

async fn give(
    app: &App,
    mut decision: Decision,
    incident: IncidentId,
    (tasks, taken): (Vec<TaskRow>, Option<(AccountId, Timestamp)>),
    kind: &'static str,
) -> Result<Taken, Failure> {
    let before: BTreeMap<FormId, TaskRow> = tasks.iter().map(|task| (task.form, task.clone())).collect();
    let after: Vec<TaskRow> = tasks.into_iter().map(|task| TaskRow { taken, ..task }).collect();
    store::save(&mut decision.tx, incident, &before, &after).await?;
    let sheets: Vec<FormId> = after.iter().map(|task| task.form).collect();
    decision.append(app, Say { kind, data: json!({ "sheets": sheets.len() }), ..Say::default() }).await?;
    let outcome = Taken { seq: decision.seq, sheets, until: taken.map(|(_, until)| until) };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}
