//! Answering: by one's own link, by a unit's link, or by someone on another's behalf, also from a call list on paper.
//! Answers come in thousands and are facts: they wait for no decision and nobody's decision waits for them.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    actor::{Actor, Role},
    broadcasts::{Answer, AnswerForUnit, Answered, GiveAnswer, UnitTally},
    field::FieldErrors,
    id::{BroadcastId, DeliveryId, IncidentId, UnitId},
    scope::{Place, Places},
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

use super::store;
use crate::{
    app::App,
    execute,
    failure::Failure,
    fetch_all, fetch_one, fetch_optional,
    places::store as places,
    store::{Error, Sql, Tx, facts::Noted, journal::By},
};

/// A link works for two weeks, which is longer than a downtime.
const LINK_MINUTES: i64 = 14 * 24 * 60;

/// What an answer link leads to.
#[derive(Debug, Clone)]
pub struct Link {
    pub delivery: DeliveryId,
    pub broadcast: BroadcastId,
    pub incident: IncidentId,
    pub channel: domain::deliveries::Channel,
    /// The ordinals of the people behind the address.
    pub people: Vec<i64>,
    pub expired: bool,
}

const LINK: &str = "
    SELECT delivery.id, delivery.broadcast, broadcast.incident, delivery.channel, delivery.people,
        broadcast.switched_at
    FROM delivery
    JOIN broadcast ON broadcast.id = delivery.broadcast
    WHERE delivery.token = $1 AND broadcast.switched_at IS NOT NULL";

type LinkRow = (Uuid, Uuid, Uuid, String, String, i64);

/// Finds what a link leads to. Looking has no effect.
pub async fn link(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<Link>, Error> {
    let Some(token) = domain::codes::read_token(token) else { return Ok(None) };
    let Some((delivery, broadcast, incident, channel, people, switched_at)) =
        fetch_optional!(tx, LinkRow, LINK, token)?
    else {
        return Ok(None);
    };
    Ok(Some(Link {
        delivery: DeliveryId(delivery),
        broadcast: BroadcastId(broadcast),
        incident: IncidentId(incident),
        channel: store::channel_of(&channel)?,
        people: serde_json::from_str(&people).map_err(|error| Error::Corrupt(error.to_string()))?,
        expired: now > Timestamp(switched_at).plus_minutes(LINK_MINUTES),
    }))
}

/// A recipient as answering needs them.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Recipient {
    pub ordinal: i64,
    pub name: String,
    pub unit: Option<Uuid>,
    pub on_duty: bool,
    pub lead: bool,
    pub answer: Option<String>,
    pub answered_at: Option<i64>,
}

impl Recipient {
    /// The last answer.
    pub fn answered(&self) -> Option<Answer> {
        self.answer.as_deref().and_then(Answer::from_code)
    }
}

const RECIPIENT: &str = "
    SELECT ordinal, name, unit, on_duty, lead, answer, answered_at
    FROM recipient
    WHERE broadcast = $1 AND ordinal = $2";

/// One recipient.
pub async fn recipient(
    tx: &mut Tx,
    broadcast: BroadcastId,
    ordinal: i64,
) -> Result<Option<Recipient>, Error> {
    fetch_optional!(tx, Recipient, RECIPIENT, broadcast.0, ordinal)
}

const OF_UNIT: &str = "
    SELECT ordinal, name, unit, on_duty, lead, answer, answered_at
    FROM recipient
    WHERE broadcast = $1 AND unit = $2
    ORDER BY lead DESC, on_duty DESC, name, ordinal
    LIMIT 500";

/// The people of a unit, its leads first.
pub async fn of_unit(tx: &mut Tx, broadcast: BroadcastId, unit: UnitId) -> Result<Vec<Recipient>, Error> {
    fetch_all!(tx, Recipient, OF_UNIT, broadcast.0, unit.0)
}

/// One answer on its way.
#[derive(Debug, Clone)]
struct Note {
    broadcast: BroadcastId,
    recipient: i64,
    answer: Answer,
    text: String,
    way: &'static str,
    account: Option<Uuid>,
    /// When it was given on paper, and the one id that this line of paper has; now, when it is given here.
    on_paper: Option<(Uuid, Timestamp)>,
}

/// Answers by link.
///
/// # Errors
/// What is missing by field; a refusal when the link has expired.
pub async fn by_link(app: &App, token: &str, form: &GiveAnswer) -> Result<Answered, Failure> {
    let mut tx = app.db.read().await?;
    let link = link(&mut tx, token, app.clock.now()).await?.ok_or(Failure::NotFound("answer link"))?;
    drop(tx);
    if link.expired {
        return Err(
            Refusal::new("link-expired", "This link has expired. Tell your unit lead instead.").into()
        );
    }
    let given = form.read()?;
    let (recipient, way) = match (&link.people[..], given.who) {
        ([only], _) => (*only, "link"),
        (people, Some(who)) if people.contains(&who) => (who, "unit_link"),
        _ => return Err(FieldErrors::one("who", "Choose who you are.").into()),
    };
    let (broadcast, answer, text) = (link.broadcast, given.answer, given.note);
    let note = Note { broadcast, recipient, answer, text, way, account: None, on_paper: None };
    let people = note_one(app, link.incident, note).await?;
    Ok(Answered { broadcast, answer: answer.code().to_owned(), people })
}

/// Answers on behalf of people of a unit.
///
/// # Errors
/// What is missing by field; for a unit that is not the account's to speak for.
pub async fn on_behalf(
    app: App,
    by: By,
    (incident, broadcast, unit, form): (IncidentId, BroadcastId, UnitId, AnswerForUnit),
) -> Result<Answered, Failure> {
    let mut tx = app.db.read().await?;
    super::send::of_incident(&mut tx, incident, broadcast).await?;
    let (place, lattice) = (Place::Unit(unit), places::lattice(&mut tx).await?);
    may_answer_for(&by.actor, place, &lattice)?;
    let people = of_unit(&mut tx, broadcast, unit).await?;
    drop(tx);
    let given = GiveAnswer { answer: form.answer, note: form.note, ..GiveAnswer::default() }.read()?;
    let who: Vec<i64> = form.who.iter().filter_map(|who| who.trimmed().parse().ok()).collect();
    if who.is_empty() || who.iter().any(|who| people.iter().all(|each| each.ordinal != *who)) {
        return Err(FieldErrors::one("who", "Choose for whom you answer.").into());
    }
    let mut changed = 0;
    for recipient in who {
        let (answer, text, account) = (given.answer, given.note.clone(), Some(by.actor.account.0));
        let note = Note { broadcast, recipient, answer, text, way: "on_behalf", account, on_paper: None };
        changed += note_one(&app, incident, note).await?;
    }
    Ok(Answered { broadcast, answer: given.answer.code().to_owned(), people: changed })
}

fn may_answer_for(actor: &Actor, place: Place, lattice: &Places) -> Result<(), Failure> {
    let callers = [Role::UnitLead, Role::Communicator, Role::Commander];
    if callers.iter().any(|role| actor.can(*role, place, lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may answer only for the units that are yours.".into()))
}

/// A line of a call list on paper.
#[derive(Debug, Clone)]
pub struct Called {
    /// One for each line of paper, so that typed in again it is the same answer.
    pub id: Uuid,
    pub line: i64,
    /// The unit by its name, as `site/unit` or by its id.
    pub unit: String,
    /// The name of who was spoken to, or `lead`.
    pub who: String,
    pub answer: Answer,
    pub note: String,
    pub at: Timestamp,
}

/// A line of a call list whose unit and person are known.
#[derive(Debug, Clone)]
pub struct Found {
    called: Called,
    pub unit: UnitId,
    recipient: i64,
}

impl Found {
    /// The number of the line on paper.
    pub const fn line(&self) -> i64 {
        self.called.line
    }
}

/// Finds whom the lines of a call list mean: nothing is written.
///
/// # Errors
/// What is wrong, line by line at `lines`; for a unit that is not the account's to speak for.
pub async fn of_call_list(
    tx: &mut Tx,
    actor: &Actor,
    (incident, broadcast): (IncidentId, BroadcastId),
    calls: Vec<Called>,
) -> Result<Vec<Found>, Failure> {
    let row = super::send::of_incident(tx, incident, broadcast).await?;
    let Some(sent) = row.switched_at else {
        return Err(FieldErrors::one("broadcast", "This message was not sent; nobody was asked.").into());
    };
    let (lattice, units) = (places::lattice(tx).await?, unit_names(tx).await?);
    let (mut found, mut errors) = (Vec::with_capacity(calls.len()), FieldErrors::default());
    for called in calls {
        let line = called.line;
        if called.at < sent {
            errors
                .add("lines", format!("Line {line}: that is before the message was sent. Look at the date."));
            continue;
        }
        let Some(unit) = units.get(&key_of(&called.unit)).copied() else {
            errors.add(
                "lines",
                format!("Line {line}: no unit is called {:?}. Write it as site/unit.", called.unit),
            );
            continue;
        };
        may_answer_for(actor, Place::Unit(unit), &lattice)?;
        match meant(&of_unit(tx, broadcast, unit).await?, &called) {
            Ok(recipient) => found.push(Found { called, unit, recipient }),
            Err(reason) => errors.add("lines", format!("Line {line}: {reason}")),
        }
    }
    errors.into_result()?;
    Ok(found)
}

/// The units by everything by which people name them.
async fn unit_names(tx: &mut Tx) -> Result<BTreeMap<String, UnitId>, Error> {
    let mut names: BTreeMap<String, UnitId> =
        places::named_units(tx).await?.into_iter().map(|(unit, name)| (key_of(&name), unit)).collect();
    for row in places::units(tx).await? {
        names.insert(key_of(&format!("{}/{}", row.facility, row.code)), UnitId(row.id));
        names.insert(row.id.to_string(), UnitId(row.id));
    }
    Ok(names)
}

fn key_of(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Who of a unit's people was spoken to.
fn meant(people: &[Recipient], called: &Called) -> Result<i64, String> {
    let wanted = key_of(&called.who);
    let lead =
        people.iter().find(|each| each.lead && each.on_duty).or_else(|| people.iter().find(|each| each.lead));
    if wanted == "lead" {
        return lead.map(|lead| lead.ordinal).ok_or_else(|| {
            format!("{} has no lead among those who were asked. Write the name.", called.unit)
        });
    }
    let named: Vec<&Recipient> = people.iter().filter(|each| key_of(&each.name) == wanted).collect();
    match (&named[..], lead) {
        ([one], _) => Ok(one.ordinal),
        ([], Some(lead)) => Err(format!(
            "nobody of this name was asked in {}. Write the name, or lead for {}.",
            called.unit, lead.name
        )),
        ([], None) => Err(format!("nobody of this name was asked in {}.", called.unit)),
        _ => Err(format!("several people of {} have this name. Answer on the unit's page.", called.unit)),
    }
}

/// Notes the answers of a call list, each with the time at which it was given. The same line again changes nothing; an
/// answer that came later by another way stands.
///
/// # Errors
/// When the database does not answer.
pub async fn from_call_list(
    app: &App,
    by: &By,
    (incident, broadcast): (IncidentId, BroadcastId),
    found: &[Found],
) -> Result<i64, Failure> {
    let mut changed = 0;
    for Found { called, recipient, .. } in found {
        let note = Note {
            broadcast,
            recipient: *recipient,
            answer: called.answer,
            text: called.note.clone(),
            way: "on_behalf",
            account: Some(by.actor.account.0),
            on_paper: Some((called.id, called.at)),
        };
        changed += note_one(app, incident, note).await?;
    }
    Ok(changed)
}

/// Notes one answer through the group-commit writer; the same answer again changes nothing.
async fn note_one(app: &App, incident: IncidentId, note: Note) -> Result<i64, Failure> {
    let id: Uuid = note.on_paper.map_or_else(|| app.clock.id(), |(id, _)| id);
    let reply = app
        .facts
        .note(
            incident,
            Box::new(move |tx, now| {
                let note = note.clone();
                Box::pin(async move { write(tx, now, id, note).await.map(Ok) })
            }),
        )
        .await?;
    Ok(reply.as_i64().unwrap_or(0))
}

const ANSWER: &str = "
    UPDATE recipient
    SET answer = $3, answered_at = $4
    WHERE broadcast = $1 AND ordinal = $2";

const KEEP: &str = "
    INSERT INTO answer (id, broadcast, recipient, answer, note, way, account, event_at, entered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const KEPT: &str = "
    SELECT id
    FROM answer
    WHERE id = $1";

async fn write(tx: &mut Tx, now: Timestamp, id: Uuid, note: Note) -> Result<Noted, Error> {
    let (kind, subject) = ("answer.given", format!("broadcast:{}", note.broadcast));
    let nothing = |subject| Noted { kind, subject, data: serde_json::Value::Null, reply: json!(0) };
    let Some(recipient) = recipient(tx, note.broadcast, note.recipient).await? else {
        return Ok(nothing(subject));
    };
    let before = recipient.answered();
    if before == Some(note.answer) && note.text.is_empty() {
        return Ok(nothing(subject));
    }
    if note.on_paper.is_some() && fetch_optional!(tx, (Uuid,), KEPT, id)?.is_some() {
        return Ok(nothing(subject));
    }
    let (code, at) = (note.answer.code(), note.on_paper.map_or(now, |(_, at)| at));
    let (broadcast, ordinal) = (note.broadcast.0, note.recipient);
    execute!(tx, KEEP, id, broadcast, ordinal, code, &note.text, note.way, note.account, at.0, now.0)?;
    // What came later by another way is what they say now.
    if recipient.answered_at.is_none_or(|answered| answered <= at.0) {
        execute!(tx, ANSWER, broadcast, ordinal, code, at.0)?;
        if let Some(unit) = recipient.unit {
            count(tx, note.broadcast, unit, &recipient, before, note.answer, at).await?;
        }
    }
    let mut data = json!({
        "answer": code,
        "recipient": note.recipient,
        "way": note.way,
        "account": note.account.map(|id| id.to_string()),
    });
    if note.on_paper.is_some() {
        data["given_at"] = json!(at.0);
    }
    Ok(Noted { kind, subject, data, reply: json!(1) })
}

const UNIT: Sql = Sql {
    sqlite: "
    SELECT broadcast_unit.people, broadcast_unit.on_duty, broadcast_unit.confirmed, broadcast_unit.leads_confirmed,
        broadcast_unit.answered, broadcast_unit.confirmed_at, broadcast.confirm_percent
    FROM broadcast_unit
    JOIN broadcast ON broadcast.id = broadcast_unit.broadcast
    WHERE broadcast_unit.broadcast = $1 AND broadcast_unit.unit = $2",
    postgres: "
    SELECT broadcast_unit.people, broadcast_unit.on_duty, broadcast_unit.confirmed, broadcast_unit.leads_confirmed,
        broadcast_unit.answered, broadcast_unit.confirmed_at, broadcast.confirm_percent
    FROM broadcast_unit
    JOIN broadcast ON broadcast.id = broadcast_unit.broadcast
    WHERE broadcast_unit.broadcast = $1 AND broadcast_unit.unit = $2
    FOR UPDATE OF broadcast_unit",
};

const COUNT: &str = "
    UPDATE broadcast_unit
    SET confirmed = $3, leads_confirmed = $4, answered = $5, confirmed_at = $6, answered_at = $7
    WHERE broadcast = $1 AND unit = $2";

type Tally = (i64, i64, i64, i64, i64, Option<i64>, i64);

async fn count(
    tx: &mut Tx,
    broadcast: BroadcastId,
    unit: Uuid,
    recipient: &Recipient,
    before: Option<Answer>,
    answer: Answer,
    now: Timestamp,
) -> Result<(), Error> {
    let (people, on_duty, confirmed, leads_confirmed, answered, confirmed_at, percent) =
        fetch_one!(tx, Tally, UNIT, broadcast.0, unit)?;
    let tally = UnitTally { people, on_duty, confirmed, leads_confirmed, answered };
    let tally = tally.answer(recipient.on_duty, recipient.lead, before, answer);
    let knows = tally.knows(percent) == domain::broadcasts::Knows::Confirmed;
    // The first moment stands, as long as the unit is confirmed.
    let confirmed_at = if knows { confirmed_at.or(Some(now.0)) } else { None };
    execute!(
        tx,
        COUNT,
        broadcast.0,
        unit,
        tally.confirmed,
        tally.leads_confirmed,
        tally.answered,
        confirmed_at,
        now.0
    )
    .map(|_| ())
}
