//! The view models of the pages of broadcasts, each read in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    actor::{Actor, Role},
    broadcasts::{
        GiveAnswer, Knows, Stage,
        compose::Compose,
        may_approve,
        text::{Body, Links, as_sent},
    },
    codes::{CheckCode, NotACode},
    deliveries::{Channel, State},
    field::Text,
    id::{BroadcastId, IncidentId, UnitId},
    playbooks::BlankSource,
    scope::Place,
    sms,
    time::{Timestamp, Zone},
    view::broadcasts::{
        AnswerView, AudienceChoice, BlankField, BroadcastLine, BroadcastView, BroadcastsView, ComposeView,
        HoldView, ListLine, Other, PersonLine, StateCount, TemplateChoice, UnitView, Verified, VerifyView,
        Words,
    },
};

use super::{
    all_clear,
    answer::{self, Link},
    audience, compose, hold, send,
    store::{self, BroadcastRow},
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    fetch_all,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{Error, Tx},
};

/// An answer link of nobody, to show where the own one will stand.
const SAMPLE: &str = "yourownlink";

fn may_send(actor: &Actor) -> bool {
    actor.has(&[Role::Communicator, Role::Commander])
}

const RESTING: &str = "
    SELECT name, paused_until, reason
    FROM gateway
    WHERE faults > 0
    ORDER BY name";

/// All broadcasts of an incident.
///
/// # Errors
/// When there is no such incident.
pub async fn list(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    typed: Vec<Text>,
) -> Result<BroadcastsView, Failure> {
    let mut tx = app.db.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let mut lines = Vec::new();
    for row in store::list(&mut tx, incident).await? {
        lines.push(line(&mut tx, row, &zone).await?);
    }
    let resting = fetch_all!(tx, (String, i64, String), RESTING)?
        .into_iter()
        .map(|(name, until, reason)| {
            format!("{name} rests until {}: {reason}", zone.clock_seconds(Timestamp(until)))
        })
        .collect();
    let lists = audience::lists(&mut tx, incident).await?;
    let hold = hold::held(&mut tx).await?;
    Ok(BroadcastsView {
        incident,
        request_id: app.clock.id(),
        lines,
        may_send: may_send(actor),
        lists: lists
            .into_iter()
            .map(|(id, name, people)| ListLine { id: id.to_string(), name, people })
            .collect(),
        resting,
        clear: all_clear::choices(&mut tx, incident).await?,
        audiences: audiences(&mut tx, incident).await?,
        typed_audiences: typed.into_iter().map(|text| text.0).collect(),
        hold: hold.map(|(reason, since)| HoldView { reason, since: zone.full(since) }),
        files_only: files_only(app),
    })
}

/// Which messages do not leave, because nobody has set by what.
fn files_only(app: &App) -> String {
    let words = match (app.config.smtp.is_some(), app.config.sms.is_some()) {
        (true, true) => return String::new(),
        (false, true) => "No mail server is set: e-mails are not sent, they become files in the outbox.",
        (true, false) => {
            "No SMS gateway is set: text messages are not sent, they become files in the outbox."
        }
        (false, false) => {
            "No mail server and no SMS gateway are set: nothing leaves this machine, messages become files in the outbox."
        }
    };
    words.to_owned()
}

async fn line(tx: &mut Tx, row: BroadcastRow, zone: &Zone) -> Result<BroadcastLine, Error> {
    let bodies = store::bodies(tx, row.id).await?;
    let tally = store::tally(tx, row.id).await?;
    let sum = |states: &[State]| {
        tally.iter().filter(|(_, state, _)| states.contains(state)).map(|(.., count)| count).sum()
    };
    let units = if row.stage.is_out() { store::units(tx, row.id).await? } else { Vec::new() };
    let confirmed =
        units.iter().filter(|unit| unit.tally.knows(row.confirm_percent) == Knows::Confirmed).count();
    Ok(BroadcastLine {
        id: row.id,
        number: row.number,
        subject: bodies.first().map(|body| body.subject.clone()).unwrap_or_default(),
        stage: row.stage,
        stage_words: stage_words(&row),
        to: row.to_words,
        sent: row.sent_at.map(|at| zone.clock_with_zone(at)).unwrap_or_default(),
        people: row.people,
        units: i64::try_from(units.len()).unwrap_or(i64::MAX),
        units_confirmed: i64::try_from(confirmed).unwrap_or(i64::MAX),
        open: sum(&[State::Queued, State::Sending]),
        failed: sum(&[State::Failed]),
        in_doubt: sum(&[State::InDoubt]),
    })
}

fn stage_words(row: &BroadcastRow) -> String {
    if row.withdrawn_at.is_some() { "taken back".to_owned() } else { row.stage.words().to_owned() }
}

/// Why a broadcast did not go out as it was ordered.
fn notice(row: &BroadcastRow, zone: &Zone) -> String {
    match row.withdrawn_at {
        Some(at) => format!(
            "Taken back {}, because the clearance was revoked. What had not left by then is not sent.",
            zone.full(at)
        ),
        None if row.stage == Stage::Failed => {
            format!("Nobody got it: {}. Compose it again.", row.trouble)
        }
        None => String::new(),
    }
}

/// The composer, with what was typed.
///
/// # Errors
/// When there is no such incident.
pub async fn composer(app: &App, incident: IncidentId, form: Compose) -> Result<ComposeView, Failure> {
    let mut tx = app.db.read().await?;
    let row = incidents::find(&mut tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let installation = accounts::installation(&mut tx).await?;
    let (zone, now) = (installation.zone(), app.clock.now());
    let version = playbooks::frozen(&mut tx, incident).await?;
    let messages = version.as_ref().map(|version| version.playbook.messages.as_slice()).unwrap_or_default();
    let choice = |message: &domain::playbooks::Message| TemplateChoice {
        key: message.key.clone(),
        name: message.name.clone(),
        audience: message.audience.clone(),
    };
    let chosen = messages.iter().find(|message| message.key == form.template.trimmed());
    let promised = zone.parse(form.next_update_at.trimmed()).ok().or(row.next_update_at);
    let data = compose::data(&mut tx, &row, &installation.name, &zone, promised, now).await?;
    let typed = |key: &str| {
        let at = form.blank_keys.iter().position(|each| each.0 == key);
        at.and_then(|at| form.blank_values.get(at)).map(|value| value.0.clone()).unwrap_or_default()
    };
    let (mut blanks, mut words) = (Vec::new(), None);
    if let Some(message) = chosen {
        let mut values = compose::blanks(message, &data);
        for blank in message.blanks.iter().filter(|blank| blank.source == BlankSource::Typed) {
            let value = typed(&blank.key);
            let shown = if value.trim().is_empty() { format!("[{}]", blank.label) } else { value.clone() };
            values.insert(blank.key.clone(), shown);
            let (key, label, required) = (blank.key.clone(), blank.label.clone(), blank.required);
            blanks.push(BlankField { key, label, value, required });
        }
        words = message.fill(&values).ok().map(|filled| {
            let email = filled
                .email
                .unwrap_or(domain::playbooks::Email { subject: message.name.clone(), body: String::new() });
            Words { subject: email.subject, body: email.body, sms: filled.sms.unwrap_or_default() }
        });
    }
    Ok(ComposeView {
        incident,
        request_id: app.clock.id(),
        templates: messages.iter().map(choice).collect(),
        chosen: chosen.map(choice),
        blanks,
        words,
        audiences: audiences(&mut tx, incident).await?,
        supersedes: supersedable(&mut tx, incident).await?,
        now: zone.typed(now),
        form,
    })
}

async fn audiences(tx: &mut Tx, incident: IncidentId) -> Result<Vec<AudienceChoice>, Error> {
    let mut choices: Vec<AudienceChoice> = audience::lists(tx, incident)
        .await?
        .into_iter()
        .map(|(id, name, people)| AudienceChoice {
            value: id.to_string(),
            label: format!("{name}, {}", frontend::ui::counted(people, "person", "people")),
        })
        .collect();
    if audience::staff_count(tx).await? > 0 {
        let all = Place::All;
        choices.push(AudienceChoice {
            value: all.to_string(),
            label: format!("All staff, {}", places::name(tx, all).await?),
        });
        for facility in places::facilities(tx).await? {
            let place = Place::Facility(facility.id);
            choices.push(AudienceChoice {
                value: place.to_string(),
                label: format!("All staff of {}", facility.name),
            });
        }
    }
    Ok(choices)
}

async fn supersedable(tx: &mut Tx, incident: IncidentId) -> Result<Vec<AudienceChoice>, Error> {
    let rows: Vec<BroadcastRow> =
        store::list(tx, incident).await?.into_iter().filter(|row| row.stage.is_out()).collect();
    let replaced: BTreeSet<BroadcastId> = rows.iter().filter_map(|row| row.supersedes).collect();
    Ok(rows
        .iter()
        .filter(|row| !replaced.contains(&row.id))
        .map(|row| AudienceChoice { value: row.id.to_string(), label: format!("Broadcast {}", row.number) })
        .collect())
}

/// One broadcast.
///
/// # Errors
/// When there is none of this id in this incident.
pub async fn one(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    broadcast: BroadcastId,
) -> Result<BroadcastView, Failure> {
    let mut tx = app.db.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let bodies = store::bodies(&mut tx, broadcast).await?;
    let of = |channel| bodies.iter().find(|body: &&Body| body.channel == channel).cloned();
    let (Some(email), Some(text)) = (of(Channel::Email), of(Channel::Sms)) else {
        return Err(Error::Corrupt("a broadcast has no bodies".into()).into());
    };
    let base = app.config.base_url();
    let links = Links { base: &base, token: SAMPLE, shared: false };
    let roles: Vec<Role> = actor.grants.iter().map(|grant| grant.role).collect();
    let others = row.sent_by.is_some_and(|sender| may_approve(sender, actor.account, &roles).is_ok());
    let counts = counts(&mut tx, &row).await?;
    let supersedes = match row.supersedes {
        Some(id) => store::find(&mut tx, id).await?,
        None => None,
    };
    let superseded_by = store::successor(&mut tx, broadcast).await?;
    let other = |row: BroadcastRow| Other { id: row.id, number: row.number };
    let units = if row.stage.is_out() { store::units(&mut tx, row.id).await? } else { Vec::new() };
    let confirmed =
        units.iter().filter(|unit| unit.tally.knows(row.confirm_percent) == Knows::Confirmed).count();
    Ok(BroadcastView {
        incident,
        id: row.id,
        request_id: app.clock.id(),
        number: row.number,
        stage: row.stage,
        stage_words: stage_words(&row),
        notice: notice(&row, &zone),
        to: row.to_words.clone(),
        author: accounts::name(&mut tx, row.author).await?.unwrap_or_default(),
        sent_by: name(&mut tx, row.sent_by).await?,
        sent: row.sent_at.map(|at| zone.full(at)).unwrap_or_default(),
        approver: name(&mut tx, row.approver).await?,
        exercise: row.exercise,
        captured: row.captured,
        people: row.people,
        addresses: row.deliveries,
        subject: email.subject.clone(),
        email: as_sent(&email, links, false),
        sms: sms::parts(&as_sent(&text, links, false)),
        email_code: email.code.to_string(),
        sms_code: text.code.to_string(),
        second_looks: row.second_looks.clone(),
        may_send: may_send(actor) && row.stage == Stage::Draft,
        files_only: files_only(app),
        may_approve: others && row.author != actor.account && row.stage == Stage::PendingApproval,
        counts,
        supersedes: supersedes.map(other),
        superseded_by: superseded_by.map(other),
        units: i64::try_from(units.len()).unwrap_or(i64::MAX),
        units_confirmed: i64::try_from(confirmed).unwrap_or(i64::MAX),
    })
}

async fn name(tx: &mut Tx, account: Option<domain::id::AccountId>) -> Result<String, Error> {
    match account {
        Some(account) => Ok(accounts::name(tx, account).await?.unwrap_or_default()),
        None => Ok(String::new()),
    }
}

async fn counts(tx: &mut Tx, row: &BroadcastRow) -> Result<Vec<StateCount>, Error> {
    let tally = store::tally(tx, row.id).await?;
    let mut counts: Vec<StateCount> = tally
        .into_iter()
        .filter(|(.., count)| *count != 0)
        .map(|(channel, state, count)| {
            let page = format!("/incidents/{}/broadcasts/{}/deliveries", row.incident, row.id);
            let path = format!("{page}?channel={}&state={}", channel.code(), state.code());
            StateCount { channel, state, count, path }
        })
        .collect();
    counts.sort_by_key(|count| (count.channel, count.state));
    Ok(counts)
}

const UNIT: &str = "
    SELECT unit.name, facility.short_name, unit.phone
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id = $1";

/// The people of a unit, with what was typed.
///
/// # Errors
/// When the broadcast does not reach this unit.
pub async fn unit(
    app: &App,
    incident: IncidentId,
    broadcast: BroadcastId,
    unit: UnitId,
    typed: (String, String),
) -> Result<UnitView, Failure> {
    let mut tx = app.db.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let units = store::units(&mut tx, broadcast).await?;
    let found = units
        .into_iter()
        .find(|each| each.unit == unit)
        .ok_or(Failure::NotFound("unit of this broadcast"))?;
    let names = fetch_all!(tx, (String, String, String), UNIT, unit.0)?;
    let (name, site, phone) = names.into_iter().next().ok_or(Failure::NotFound("unit"))?;
    let people = answer::of_unit(&mut tx, broadcast, unit).await?;
    let people = people.into_iter().map(|person| PersonLine {
        ordinal: person.ordinal,
        answer: person.answered(),
        answered: person.answered_at.map(|at| zone.clock(Timestamp(at))).unwrap_or_default(),
        name: person.name,
        on_duty: person.on_duty,
        lead: person.lead,
    });
    Ok(UnitView {
        incident,
        broadcast,
        number: row.number,
        unit: unit.to_string(),
        name: format!("{name}, {site}"),
        phone,
        knows: found.tally.knows(row.confirm_percent),
        tally: found.tally,
        request_id: app.clock.id(),
        people: people.collect(),
        answer: typed.0,
        note: typed.1,
    })
}

/// What an answer link shows.
///
/// # Errors
/// When the link leads nowhere.
pub async fn answer_page(app: &App, token: &str, form: GiveAnswer) -> Result<AnswerView, Failure> {
    let mut tx = app.db.read().await?;
    let Link { broadcast, channel, people, expired, .. } =
        answer::link(&mut tx, token, app.clock.now()).await?.ok_or(Failure::NotFound("answer link"))?;
    let installation = accounts::installation(&mut tx).await?;
    let zone = installation.zone();
    let row = store::find(&mut tx, broadcast).await?.ok_or(Failure::NotFound("broadcast"))?;
    let bodies = store::bodies(&mut tx, broadcast).await?;
    let code = bodies
        .iter()
        .find(|body| body.channel == channel)
        .map(|body| body.code.to_string())
        .unwrap_or_default();
    let email = bodies.into_iter().next().ok_or(Failure::NotFound("broadcast"))?;
    let mut behind = BTreeMap::new();
    for ordinal in people.iter().take(200) {
        if let Some(person) = answer::recipient(&mut tx, broadcast, *ordinal).await? {
            behind.insert(*ordinal, person);
        }
    }
    let only = (people.len() == 1).then(|| behind.values().next()).flatten();
    let answered = only
        .and_then(|person| Some((person.answered()?, zone.clock_with_zone(Timestamp(person.answered_at?)))));
    let shared = |person: &answer::Recipient| AudienceChoice {
        value: person.ordinal.to_string(),
        label: person.name.clone(),
    };
    Ok(AnswerView {
        organisation: installation.name,
        path: format!("/a/{token}"),
        exercise: row.exercise,
        subject: email.subject,
        text: email.text,
        sent: row.sent_at.map(|at| zone.full(at)).unwrap_or_default(),
        code,
        superseded: store::successor(&mut tx, broadcast).await?.is_some(),
        expired,
        people: if people.len() > 1 { behind.values().map(shared).collect() } else { Vec::new() },
        answered,
        form,
    })
}

/// What a typed code is. It never says that a text is genuine: it shows the genuine one.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, typed: &str) -> Result<VerifyView, Failure> {
    let mut tx = app.db.read().await?;
    let installation = accounts::installation(&mut tx).await?;
    let zone = installation.zone();
    let found = match typed.parse::<CheckCode>() {
        _ if typed.trim().is_empty() => Verified::NothingTyped,
        Err(why @ (NotACode::Length | NotACode::Sign(_) | NotACode::Check)) => {
            Verified::NotACode { why: why.to_string() }
        }
        Ok(code) => match store::body_of_code(&mut tx, &code).await? {
            None => Verified::NotIssued,
            Some((broadcast, body)) => issued(&mut tx, broadcast, body, &zone).await?,
        },
    };
    Ok(VerifyView { organisation: installation.name, typed: typed.chars().take(40).collect(), found })
}

async fn issued(tx: &mut Tx, broadcast: BroadcastId, body: Body, zone: &Zone) -> Result<Verified, Error> {
    let row =
        store::find(tx, broadcast).await?.filter(|row| matches!(row.stage, Stage::Sending | Stage::Done));
    // A draft has a code and was never issued.
    let Some(row) = row else { return Ok(Verified::NotIssued) };
    let next = store::successor(tx, broadcast).await?;
    Ok(Verified::Belongs {
        code: body.code.to_string(),
        channel: body.channel,
        exercise: row.exercise,
        subject: body.subject,
        text: body.text,
        sent: row.sent_at.map(|at| zone.full(at)).unwrap_or_default(),
        superseded: next.and_then(|next| next.sent_at).map(|at| zone.full(at)),
    })
}
