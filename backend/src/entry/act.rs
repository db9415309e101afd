//! What is done to one sheet from its own page: typed in, checked, settled, let others go before it.

use std::sync::Arc;

use domain::{
    Refusal,
    actor::Role,
    closing::{BlockerKind, Waiver},
    entry::{
        Check, Checked, ENTERERS, EnterSheet, Entered, LateEntry, Progress, Release, Released, SetAside,
        Settle, Settled, Verdict, care_time,
    },
    field::FieldErrors,
    forms::State,
    id::{AccountId, FormId, IncidentId},
    playbooks::{FormType, Playbook},
    scope::Place,
    time::Zone,
};
use serde_json::json;

use super::{
    Moving, Said, lots, patients,
    store::{self, TaskRow},
    type_of, typing,
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    forms::{
        self,
        store::{self as sheets, SheetRow},
    },
    incidents::store as incidents,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
        seal::Seal,
    },
};

/// Opens the installation's key before a decision begins: within one only the database is waited for.
pub(super) async fn seal(app: &App) -> Result<Seal, Failure> {
    let mut tx = app.db.read().await?;
    Seal::open(app, &mut tx).await
}

/// A sheet of an incident with its kit.
struct Sheet {
    playbook: Arc<Playbook>,
    form_type: FormType,
    row: SheetRow,
}

impl Sheet {
    /// Finds a sheet that this account may work on.
    async fn find(
        decision: &mut Decision,
        by: &By,
        incident: IncidentId,
        form: FormId,
    ) -> Result<Self, Failure> {
        let playbook = forms::open_playbook(&mut decision.tx, incident).await?;
        sheets::custody::hold_scans(&mut decision.tx, incident).await?;
        let row = sheets::by_ids(&mut decision.tx, incident, &[form]).await?.pop();
        let row = row.ok_or(Failure::NotFound("form"))?;
        let lattice = places::lattice(&mut decision.tx).await?;
        forms::may(&by.actor, &ENTERERS, [row.unit], &lattice)?;
        let form_type = type_of(&playbook.forms, &row.form_type).cloned();
        let form_type = form_type.ok_or_else(|| Error::Corrupt("a sheet's type is not in its kit".into()))?;
        Ok(Self { playbook, form_type, row })
    }

    fn of(&self, incident: IncidentId) -> Moving<'_> {
        Moving { incident, kit: &self.playbook.forms, form_type: &self.form_type }
    }
}

/// The zone of a unit's site.
async fn zone_of(tx: &mut Tx, row: &SheetRow) -> Result<Zone, Error> {
    let site = places::lattice(tx).await?.unit_facility.get(&row.unit).copied();
    let facilities = places::facilities(tx).await?;
    let found = facilities.into_iter().find(|facility| Some(facility.id) == site);
    Ok(found.map_or_else(Zone::utc, |facility| facility.zone))
}

/// Says that one sheet was typed in.
///
/// # Errors
/// What is wrong by field; refused for what comes first, for what another person has taken, and by the sheet's state.
pub async fn enter_sheet(
    app: App,
    by: By,
    (incident, form, said): (IncidentId, FormId, EnterSheet),
) -> Result<Entered, Failure> {
    let seal = seal(&app).await?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let sheet = Sheet::find(&mut decision, &by, incident, form).await?;
    let zone = zone_of(&mut decision.tx, &sheet.row).await?;
    let downtime = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let entering = said.read(decision.at)?;
    let event_at = care_time(&entering.event_at, &zone, decision.at, downtime.started_at)
        .map_err(|reason| FieldErrors::one("event_at", reason))?;
    let task = store::of_forms(&mut decision.tx, &[form]).await?.remove(&form);
    let reference = reference(&app, &mut decision.tx, &seal, task.as_ref(), &entering.reference).await?;
    let event_at = event_at.or_else(|| task.and_then(|task| task.event_at));
    let author = entering.author;
    let said = Said { event_at, author: author.clone(), reference };
    let serial = sheet.row.serial().to_string();
    let done =
        typing::enter(&app, &mut decision, &sheet.of(incident), vec![sheet.row.clone()], &said).await?;
    let done = done.map_err(super::Refused::one)?;
    let name = accounts::name(&mut decision.tx, by.actor.account).await?.unwrap_or_default();
    let late =
        LateEntry { event_at, downtime: &downtime.name, serial: &serial, entered_by: &name, author: &author };
    let to_check = done.changes.iter().any(|change| change.after.to_check);
    let data = json!({
        "form_type": sheet.form_type.code, "sheets": 1, "to_check": to_check, "turned": done.turned,
    });
    let say = Say {
        kind: "forms.entered",
        subject: format!("form:{form}"),
        data,
        event_at,
        texts: &[("author", &author)],
    };
    decision.append(&app, say).await?;
    let late_entry = late_words(&late, downtime.exercise, &zone);
    let outcome = Entered { seq: decision.seq, form, serial, to_check, late_entry };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The words for the chart; an exercise says first that there is none.
pub(super) fn late_words(late: &LateEntry<'_>, exercise: bool, zone: &Zone) -> String {
    let words = late.words(zone);
    if exercise { format!("Exercise, not for a chart: {words}") } else { words }
}

async fn reference(
    app: &App,
    tx: &mut Tx,
    seal: &Seal,
    task: Option<&TaskRow>,
    text: &str,
) -> Result<Option<Vec<u8>>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let sealed = match task {
        Some(task) => patients::beside(app, tx, seal, task, text).await?,
        None => None,
    };
    let missing = "The number is kept under the patient's key. Say first whose form it is, or leave it out.";
    Ok(Some(sealed.ok_or_else(|| FieldErrors::one("reference", missing))?))
}

/// Says what a second person found.
///
/// # Errors
/// What is wrong by field; refused for who typed it in, and by the sheet's state.
pub async fn check_sheet(
    app: App,
    by: By,
    (incident, form, said): (IncidentId, FormId, Check),
) -> Result<Checked, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let sheet = Sheet::find(&mut decision, &by, incident, form).await?;
    let verdict = said.read(decision.at)?;
    let rows = vec![sheet.row.clone()];
    let done = typing::check(&app, &mut decision, &sheet.of(incident), rows, &verdict).await?;
    let done = done.map_err(super::Refused::one)?;
    let code = &sheet.form_type.code;
    let (kind, data, note) = match &verdict {
        Verdict::Verified => ("forms.verified", json!({ "form_type": code, "sheets": 1 }), ""),
        Verdict::Differs { kind, note, owner } => {
            let data = json!({
                "form_type": code, "sheets": 1, "what": kind, "owner": owner, "turned": done.turned,
            });
            ("forms.disputed", data, note.as_str())
        }
    };
    let texts: &[(&str, &str)] = &[("note", note)];
    let texts = if note.is_empty() { &[] } else { texts };
    let subject = format!("form:{form}");
    decision.append(&app, Say { kind, subject, data, texts, ..Say::default() }).await?;
    let outcome = Checked { seq: decision.seq, form, turned: done.turned };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Sets a sheet aside that cannot be typed in as it is.
///
/// # Errors
/// What is wrong by field; refused for what another person has taken, and by the sheet's state.
pub async fn set_sheet_aside(
    app: App,
    by: By,
    (incident, form, said): (IncidentId, FormId, SetAside),
) -> Result<Checked, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let sheet = Sheet::find(&mut decision, &by, incident, form).await?;
    let verdict = said.read(decision.at)?;
    let row = sheet.row.clone();
    let done = typing::set_aside(&app, &mut decision, &sheet.of(incident), row, &verdict).await?;
    done.map_err(super::Refused::one)?;
    if let Verdict::Differs { kind, note, owner } = &verdict {
        let data = json!({ "form_type": sheet.form_type.code, "what": kind, "owner": owner });
        let (subject, texts): (_, &[(&str, &str)]) = (format!("form:{form}"), &[("note", note)]);
        let say = Say { kind: "forms.set_aside", subject, data, texts, ..Say::default() };
        decision.append(&app, say).await?;
    }
    let outcome = Checked { seq: decision.seq, form, turned: 0 };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Ends a difference without typing the sheet in again.
///
/// # Errors
/// What is wrong by field; refused for who typed it in or reported the difference.
pub async fn settle_sheet(
    app: App,
    by: By,
    (incident, form, said): (IncidentId, FormId, Settle),
) -> Result<Settled, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let sheet = Sheet::find(&mut decision, &by, incident, form).await?;
    let (ending, reason) = said.read(decision.at)?;
    let of = sheet.of(incident);
    typing::settle(&mut decision, &of, sheet.row.clone(), (ending, &reason)).await??;
    let data = json!({ "form_type": sheet.form_type.code, "ending": ending });
    let subject = format!("form:{form}");
    let texts: &[(&str, &str)] = &[("reason", &reason)];
    decision.append(&app, Say { kind: "forms.settled", subject, data, texts, ..Say::default() }).await?;
    let outcome = Settled { seq: decision.seq, form, ending };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Asks that others need not wait for a sheet, or agrees to it: two people in two roles. The sheet itself still has to
/// reach its own end.
///
/// # Errors
/// Refused for a sheet for which nothing waits, for the same person, for the same role and without a reason.
pub async fn release(
    app: App,
    by: By,
    (incident, form, said): (IncidentId, FormId, Release),
) -> Result<Released, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    forms::open_playbook(&mut decision.tx, incident).await?;
    let row = sheets::by_ids(&mut decision.tx, incident, &[form]).await?.pop();
    let row = row.ok_or(Failure::NotFound("form"))?;
    let (role, reason) = said.read(decision.at)?;
    may_speak(&mut decision.tx, &by, &row, role).await?;
    let before = store::of_forms(&mut decision.tx, &[form]).await?;
    let task = before.get(&form).cloned();
    let holds = task.filter(|task| task.progress.is_some_and(Progress::holds_back));
    let task = holds.ok_or_else(|| {
        Refusal::new(
            "holds-nothing",
            "Nothing waits for this form: it is typed in, or nobody knows whose it is.",
        )
    })?;
    let at = decision.at;
    let me = (by.actor.account, role);
    let asked = lots::release(&mut decision.tx, form).await?;
    let waiver = if let Some(asked) = &asked {
        let mut waiver = as_waiver(asked, &row)?;
        waiver.agree(me)?;
        lots::agree_release(&mut decision.tx, form, (me.0, role, at)).await?;
        let after = [TaskRow { released: true, ..task }];
        store::save(&mut decision.tx, incident, &before, &after).await?;
        waiver
    } else {
        let waiver = Waiver::ask(kind(&row), form.0, &reason, None, me)?;
        lots::ask_release(&mut decision.tx, incident, form, &reason, (me.0, role, at)).await?;
        waiver
    };
    let in_effect = waiver.is_in_effect();
    let texts: &[(&str, &str)] = &[("reason", &waiver.reason)];
    let say = Say {
        kind: if in_effect { "entry.released" } else { "entry.release_asked" },
        subject: format!("form:{form}"),
        data: json!({ "form_type": row.form_type, "role": role.code() }),
        texts: if in_effect { &[] } else { texts },
        ..Say::default()
    };
    decision.append(&app, say).await?;
    let outcome = Released { seq: decision.seq, form, in_effect, unit: row.unit };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The rule of two people in two roles is that of closing without such a sheet.
fn kind(row: &SheetRow) -> BlockerKind {
    if row.state == State::Missing { BlockerKind::FormMissing } else { BlockerKind::FormNotAtItsEnd }
}

fn as_waiver(asked: &lots::ReleaseRow, row: &SheetRow) -> Result<Waiver, Error> {
    let role = Role::from_code(&asked.first_role)
        .ok_or_else(|| Error::Corrupt(format!("a release was asked for as {:?}", asked.first_role)))?;
    let second = asked.second_name.as_ref().map(|_| (AccountId(asked.first_account), role));
    Ok(Waiver {
        kind: kind(row),
        item: row.id.0,
        reason: asked.reason.clone(),
        owner: None,
        first: (AccountId(asked.first_account), role),
        second,
    })
}

/// Whether somebody holds the role in which they speak, for the sheet's unit.
async fn may_speak(tx: &mut Tx, by: &By, row: &SheetRow, role: Role) -> Result<(), Failure> {
    let lattice = places::lattice(tx).await?;
    if by.actor.can(role, Place::Unit(row.unit), &lattice) {
        return Ok(());
    }
    Err(FieldErrors::one("role", "You do not hold this role for this unit. Choose one that you hold.").into())
}
