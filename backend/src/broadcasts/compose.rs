//! Composing: a draft from a template or freely, checked at once, so that its author sees what a second person
//! must look at before anybody waits for it.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    broadcasts::{
        Stage,
        compose::{Compose, Composed, Draft, Template, To},
        text::Body,
    },
    codes::CheckCode,
    deliveries::Channel,
    field::FieldErrors,
    id::{AccountId, BroadcastId, IncidentId},
    playbooks::{BlankSource, Message, Playbook, SmsInDoubt},
    scope::{Place, Status},
    time::{Timestamp, Zone},
};
use serde_json::json;

use super::{
    audience,
    store::{self, BroadcastRow},
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow},
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// Share of a unit that confirms it where no playbook says otherwise.
pub(super) const USUAL_PERCENT: i64 = 60;

/// Keeps a draft.
///
/// # Errors
/// What is missing by field; a refusal when the text may not be sent at all (rules 1 and 17).
pub async fn compose(app: App, by: By, (incident, form): (IncidentId, Compose)) -> Result<Composed, Failure> {
    let prepared = prepare(&app, &by, incident, &form).await?;
    let plan = audience::plan(&app.db, &prepared.draft.to).await?;
    if plan.deliveries.is_empty() {
        return Err(
            FieldErrors::one("audiences", "Nobody there has an address; choose another audience.").into()
        );
    }
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = BroadcastRow {
        number: store::next_number(&mut decision.tx, incident).await?,
        created_at: decision.at,
        people: i64::try_from(plan.people.len()).unwrap_or(i64::MAX),
        deliveries: i64::try_from(plan.deliveries.len()).unwrap_or(i64::MAX),
        ..prepared.row(&app, by.actor.account)
    };
    let draft = &prepared.draft;
    keep(&app, &mut decision, &row, &draft.subject, &draft.body, &draft.sms).await?;
    let outcome = Composed { broadcast: row.id, number: row.number, second_looks: row.second_looks };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Everything that is read and checked before the incident is taken.
struct Prepared {
    incident: IncidentRow,
    live: bool,
    draft: Draft,
    to_words: String,
    looks: Vec<domain::broadcasts::SecondLook>,
    next_update_at: Option<Timestamp>,
    confirm_percent: i64,
    sms_again: bool,
}

impl Prepared {
    fn row(&self, app: &App, author: AccountId) -> BroadcastRow {
        BroadcastRow {
            id: app.clock.id(),
            incident: self.incident.id,
            number: 0,
            stage: Stage::Draft,
            template: self.draft.template.clone().unwrap_or_default(),
            to: self.draft.to.clone(),
            to_words: self.to_words.clone(),
            supersedes: self.draft.supersedes,
            exercise: self.incident.exercise,
            captured: self.incident.exercise && !self.live,
            typed: self.draft.typed.clone(),
            second_looks: self.looks.clone(),
            confirm_percent: self.confirm_percent,
            sms_again: self.sms_again,
            clearance: None,
            next_update_at: self.next_update_at,
            author,
            created_at: Timestamp(0),
            sent_by: None,
            sent_at: None,
            approver: None,
            people: 0,
            deliveries: 0,
            switched_at: None,
            done_at: None,
            withdrawn_at: None,
            trouble: String::new(),
        }
    }
}

async fn prepare(app: &App, by: &By, incident: IncidentId, form: &Compose) -> Result<Prepared, Failure> {
    let mut tx = app.db.read().await?;
    let row = open_incident(&mut tx, incident).await?;
    let installation = accounts::installation(&mut tx).await?;
    let zone = installation.zone();
    let version = playbooks::frozen(&mut tx, incident).await?;
    let playbook = version.as_ref().map(|version| &*version.playbook);
    let template = chosen(playbook, form.template.trimmed())?;
    let next_update_at = promised(form, &zone, app.clock.now())?.or(row.next_update_at);
    let data = data(&mut tx, &row, &installation.name, &zone, next_update_at, app.clock.now()).await?;
    let data = template.map(|(_, message)| blanks(message, &data)).unwrap_or_default();
    let draft = form.read(template, &data, row.exercise)?;
    may_reach(&mut tx, by, incident, &draft.to).await?;
    may_replace(&mut tx, incident, draft.supersedes).await?;
    let forbidden = super::forbidden(&mut tx, &row, &draft.to).await?;
    let looks = draft.check(&forbidden, app.clock.now()).map_err(|refusal| match &*refusal.code {
        "patient-data" => refusal,
        _ => refusal.with_link(format!("/incidents/{incident}/clearance")),
    })?;
    Ok(Prepared {
        live: super::exercise_is_live(&mut tx, incident).await?,
        to_words: audience::words(&mut tx, incident, &draft.to).await?,
        looks,
        next_update_at: promised(form, &zone, app.clock.now())?,
        confirm_percent: playbook.map_or(USUAL_PERCENT, |playbook| playbook.timing.unit_confirmed_percent),
        sms_again: playbook.is_some_and(|playbook| playbook.sms_in_doubt == SmsInDoubt::Resend),
        incident: row,
        draft,
    })
}

/// The incident, as long as it is open.
///
/// # Errors
/// A refusal when it has ended.
pub(super) async fn open_incident(tx: &mut Tx, incident: IncidentId) -> Result<IncidentRow, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    Ok(row)
}

fn chosen<'a>(playbook: Option<&'a Playbook>, key: &str) -> Result<Option<Template<'a>>, FieldErrors> {
    if key.is_empty() {
        return Ok(None);
    }
    let found = playbook.and_then(|playbook| Some((playbook, playbook.message(key)?)));
    found.map(Some).ok_or_else(|| {
        FieldErrors::one("template", format!("This incident's playbook has no template {key:?}."))
    })
}

fn promised(form: &Compose, zone: &Zone, now: Timestamp) -> Result<Option<Timestamp>, FieldErrors> {
    if form.next_update_at.is_blank() {
        return Ok(None);
    }
    match zone.parse(form.next_update_at.trimmed()) {
        Ok(at) if at > now => Ok(Some(at)),
        Ok(_) => Err(FieldErrors::one("next_update_at", "The next update must lie in the future.")),
        Err(error) => Err(FieldErrors::one("next_update_at", error.to_string())),
    }
}

/// A broadcast takes the place of one of its own incident that was sent and that no other has replaced.
///
/// # Errors
/// What to choose instead, at its field.
pub(super) async fn may_replace(
    tx: &mut Tx,
    incident: IncidentId,
    supersedes: Option<BroadcastId>,
) -> Result<(), Failure> {
    let Some(supersedes) = supersedes else { return Ok(()) };
    let found = store::find(tx, supersedes).await?;
    let Some(found) = found.filter(|found| found.incident == incident && found.stage.is_out()) else {
        let sentence = "Only a broadcast of this incident that was sent can be replaced.";
        return Err(FieldErrors::one("supersedes", sentence).into());
    };
    let Some(newer) = store::successor(tx, supersedes).await? else { return Ok(()) };
    let sentence = format!(
        "Broadcast {} was replaced by broadcast {} already: choose that one, or what replaced it.",
        found.number, newer.number
    );
    Err(FieldErrors::one("supersedes", sentence).into())
}

/// What the blanks of a template may be filled with, by their source.
pub(super) async fn data(
    tx: &mut Tx,
    row: &IncidentRow,
    organisation: &str,
    zone: &Zone,
    next_update_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<BTreeMap<BlankSource, String>, Error> {
    let systems = places::systems(tx).await?;
    let statuses = incidents::statuses(tx, row.id).await?;
    let down = systems.iter().filter(|system| {
        statuses.iter().any(|((id, _), (status, _))| *id == system.id && *status != Status::Operational)
    });
    let down: Vec<&str> = down.map(|system| system.name.as_str()).collect();
    let mut covered = Vec::new();
    for place in incidents::places(tx, row.id).await? {
        let name = places::name(tx, place).await?;
        covered.push(if place == Place::All { name.to_lowercase() } else { name });
    }
    let day = |at: Timestamp| zone.full(at).split(", ").nth(1).unwrap_or_default().to_owned();
    Ok(BTreeMap::from([
        (BlankSource::Incident, row.name.clone()),
        (BlankSource::Organisation, organisation.to_owned()),
        (BlankSource::Places, covered.join(", ")),
        (BlankSource::Systems, down.join(", ")),
        (BlankSource::Level, row.level.clone()),
        (BlankSource::Cause, row.cause.clone()),
        (BlankSource::Started, zone.clock_with_zone(row.started_at)),
        (BlankSource::Declared, row.declared_at.map(|at| zone.clock_with_zone(at)).unwrap_or_default()),
        (BlankSource::NextUpdate, next_update_at.map(|at| zone.clock_with_zone(at)).unwrap_or_default()),
        (BlankSource::Day, day(now)),
        (BlankSource::Commander, accounts::name(tx, row.commander).await?.unwrap_or_default()),
    ]))
}

/// The values of one template's blanks by their keys.
pub(super) fn blanks(message: &Message, data: &BTreeMap<BlankSource, String>) -> BTreeMap<String, String> {
    let value = |source| data.get(&source).cloned().unwrap_or_default();
    message.blanks.iter().map(|blank| (blank.key.clone(), value(blank.source))).collect()
}

/// A communicator reaches the places of the role. A list belongs to its incident, and reaches the places of its people.
pub(super) async fn may_reach(tx: &mut Tx, by: &By, incident: IncidentId, to: &[To]) -> Result<(), Failure> {
    let lattice = places::lattice(tx).await?;
    let lists = audience::lists(tx, incident).await?;
    let speaks_for =
        |place| [Role::Communicator, Role::Commander].iter().any(|role| by.actor.can(*role, place, &lattice));
    for each in to {
        match each {
            To::List(list) if lists.iter().any(|(id, ..)| *id == list.0) => {
                if !audience::places_of(tx, *list).await?.into_iter().all(speaks_for) {
                    let sentence = "You may send only to the sites you speak for. This list names people of other \
                        sites, or without a unit.";
                    return Err(Failure::Forbidden(sentence.into()));
                }
            }
            To::List(_) => {
                return Err(FieldErrors::one("audiences", "This list is not one of this incident.").into());
            }
            To::Staff { place, .. } => {
                let place: Place =
                    place.parse().map_err(|_| Error::Corrupt("a place was read before".into()))?;
                if !speaks_for(place) {
                    return Err(Failure::Forbidden("You may send only to the sites you speak for.".into()));
                }
            }
        }
    }
    Ok(())
}

/// Writes the broadcast with its two bodies, each with a code of its own, and says so in the log.
pub(super) async fn keep(
    app: &App,
    decision: &mut Decision,
    row: &BroadcastRow,
    subject: &str,
    email: &str,
    sms: &str,
) -> Result<(), Error> {
    store::insert(&mut decision.tx, row).await?;
    let mut codes = BTreeMap::new();
    for (channel, subject, text) in [(Channel::Email, subject, email), (Channel::Sms, "", sms)] {
        let code = fresh_code(app, &mut decision.tx).await?;
        codes.insert(channel.code(), code.to_string());
        let body = Body { channel, subject: subject.to_owned(), text: text.to_owned(), code };
        store::insert_body(&mut decision.tx, row.id, &body).await?;
    }
    let say = Say {
        kind: "broadcast.composed",
        subject: format!("broadcast:{}", row.id),
        data: json!({
            "number": row.number,
            "people": row.people,
            "deliveries": row.deliveries,
            "codes": codes,
            "supersedes": row.supersedes,
            "second_looks": row.second_looks.len(),
        }),
        texts: &[("subject", subject), ("body", email), ("sms", sms)],
        ..Say::default()
    };
    decision.append(app, say).await.map(|_| ())
}

/// A code that no other text has ever had.
async fn fresh_code(app: &App, tx: &mut Tx) -> Result<CheckCode, Error> {
    loop {
        let code = CheckCode::of(app.clock.bytes());
        if store::body_of_code(tx, &code).await?.is_none() {
            return Ok(code);
        }
    }
}
