//! The SQL of broadcasts: drafts, bodies, stages, tallies.

use domain::{
    broadcasts::{SecondLook, Stage, UnitTally, compose::To, text::Body},
    codes::CheckCode,
    deliveries::{Channel, State},
    id::{AccountId, BroadcastId, ClearanceId, IncidentId, UnitId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

/// A broadcast as it is kept.
#[derive(Debug, Clone)]
pub struct BroadcastRow {
    pub id: BroadcastId,
    pub incident: IncidentId,
    pub number: i64,
    pub stage: Stage,
    pub template: String,
    pub to: Vec<To>,
    pub to_words: String,
    pub supersedes: Option<BroadcastId>,
    pub exercise: bool,
    /// An exercise whose messages become files: no gateway is touched (rule 11).
    pub captured: bool,
    /// What people typed of it, which is checked again before it leaves.
    pub typed: String,
    pub second_looks: Vec<SecondLook>,
    pub confirm_percent: i64,
    pub sms_again: bool,
    pub clearance: Option<ClearanceId>,
    pub next_update_at: Option<Timestamp>,
    pub author: AccountId,
    pub created_at: Timestamp,
    pub sent_by: Option<AccountId>,
    pub sent_at: Option<Timestamp>,
    pub approver: Option<AccountId>,
    pub people: i64,
    pub deliveries: i64,
    pub switched_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
    /// Since when nothing more of it leaves, because its clearance was revoked.
    pub withdrawn_at: Option<Timestamp>,
    /// Why it could not be prepared; empty while nothing is wrong.
    pub trouble: String,
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    incident: Uuid,
    number: i64,
    stage: String,
    template: String,
    recipients: String,
    recipients_words: String,
    supersedes: Option<Uuid>,
    exercise: bool,
    captured: bool,
    typed: String,
    second_looks: String,
    confirm_percent: i64,
    sms_again: bool,
    clearance: Option<Uuid>,
    next_update_at: Option<i64>,
    author: Uuid,
    created_at: i64,
    sent_by: Option<Uuid>,
    sent_at: Option<i64>,
    approver: Option<Uuid>,
    people: i64,
    deliveries: i64,
    switched_at: Option<i64>,
    done_at: Option<i64>,
    withdrawn_at: Option<i64>,
    trouble: String,
}

impl TryFrom<Kept> for BroadcastRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let stage = stage_of(&kept.stage)?;
        let corrupt = |error: serde_json::Error| Error::Corrupt(error.to_string());
        Ok(Self {
            id: BroadcastId(kept.id),
            incident: IncidentId(kept.incident),
            number: kept.number,
            stage,
            template: kept.template,
            to: serde_json::from_str(&kept.recipients).map_err(corrupt)?,
            to_words: kept.recipients_words,
            supersedes: kept.supersedes.map(BroadcastId),
            exercise: kept.exercise,
            captured: kept.captured,
            typed: kept.typed,
            second_looks: serde_json::from_str(&kept.second_looks).map_err(corrupt)?,
            confirm_percent: kept.confirm_percent,
            sms_again: kept.sms_again,
            clearance: kept.clearance.map(ClearanceId),
            next_update_at: kept.next_update_at.map(Timestamp),
            author: AccountId(kept.author),
            created_at: Timestamp(kept.created_at),
            sent_by: kept.sent_by.map(AccountId),
            sent_at: kept.sent_at.map(Timestamp),
            approver: kept.approver.map(AccountId),
            people: kept.people,
            deliveries: kept.deliveries,
            switched_at: kept.switched_at.map(Timestamp),
            done_at: kept.done_at.map(Timestamp),
            withdrawn_at: kept.withdrawn_at.map(Timestamp),
            trouble: kept.trouble,
        })
    }
}

const NEXT_NUMBER: &str = "
    SELECT COALESCE(MAX(number), 0) + 1
    FROM broadcast
    WHERE incident = $1";

/// The number that the incident's next broadcast gets.
pub async fn next_number(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    fetch_one!(tx, (i64,), NEXT_NUMBER, incident.0).map(|(number,)| number)
}

const INSERT: &str = "
    INSERT INTO broadcast (
        id, incident, number, stage, template, recipients, recipients_words, supersedes, exercise, captured,
        second_looks, confirm_percent, sms_again, clearance, next_update_at, author, created_at, people, deliveries,
        typed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";

/// Adds a broadcast.
pub async fn insert(tx: &mut Tx, row: &BroadcastRow) -> Result<(), Error> {
    let (to, looks) = (json(&row.to), json(&row.second_looks));
    execute!(
        tx,
        INSERT,
        row.id.0,
        row.incident.0,
        row.number,
        row.stage.code(),
        &row.template,
        to,
        &row.to_words,
        row.supersedes.map(|id| id.0),
        row.exercise,
        row.captured,
        looks,
        row.confirm_percent,
        row.sms_again,
        row.clearance.map(|id| id.0),
        row.next_update_at.map(|at| at.0),
        row.author.0,
        row.created_at.0,
        row.people,
        row.deliveries,
        &row.typed
    )
    .map(|_| ())
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

const INSERT_BODY: &str = "
    INSERT INTO broadcast_body (broadcast, channel, subject, body, code)
    VALUES ($1, $2, $3, $4, $5)";

/// Adds one body.
pub async fn insert_body(tx: &mut Tx, broadcast: BroadcastId, body: &Body) -> Result<(), Error> {
    let (channel, code) = (body.channel.code(), body.code.signs().to_owned());
    execute!(tx, INSERT_BODY, broadcast.0, channel, &body.subject, &body.text, code).map(|_| ())
}

const BODIES: &str = "
    SELECT channel, subject, body, code
    FROM broadcast_body
    WHERE broadcast = $1
    ORDER BY channel";

/// The bodies, the e-mail first.
pub async fn bodies(tx: &mut Tx, broadcast: BroadcastId) -> Result<Vec<Body>, Error> {
    let rows = fetch_all!(tx, (String, String, String, String), BODIES, broadcast.0)?;
    rows.into_iter().map(|(channel, subject, text, code)| body(&channel, subject, text, &code)).collect()
}

fn body(channel: &str, subject: String, text: String, code: &str) -> Result<Body, Error> {
    let channel = channel_of(channel)?;
    let code: CheckCode = code.parse().map_err(|_| Error::Corrupt(format!("a check code reads {code:?}")))?;
    Ok(Body { channel, subject, text, code })
}

/// The channel of a stored code.
pub fn channel_of(code: &str) -> Result<Channel, Error> {
    Channel::from_code(code).ok_or_else(|| Error::Corrupt(format!("a channel is {code:?}")))
}

/// The stage of a stored code.
pub fn stage_of(code: &str) -> Result<Stage, Error> {
    Stage::from_code(code).ok_or_else(|| Error::Corrupt(format!("a broadcast is {code:?}")))
}

/// The state of a stored code.
pub fn state_of(code: &str) -> Result<State, Error> {
    State::from_code(code).ok_or_else(|| Error::Corrupt(format!("a delivery is {code:?}")))
}

const BY_CODE: &str = "
    SELECT broadcast, channel, subject, body, code
    FROM broadcast_body
    WHERE code = $1";

/// The body that a check code belongs to.
pub async fn body_of_code(tx: &mut Tx, code: &CheckCode) -> Result<Option<(BroadcastId, Body)>, Error> {
    let row = fetch_optional!(tx, (Uuid, String, String, String, String), BY_CODE, code.signs().to_owned())?;
    row.map(|(broadcast, channel, subject, text, code)| {
        Ok((BroadcastId(broadcast), body(&channel, subject, text, &code)?))
    })
    .transpose()
}

/// A body of a real message that has left.
pub struct IssuedBody {
    pub body: Body,
    pub sent_at: Option<Timestamp>,
    pub withdrawn_at: Option<Timestamp>,
    pub replaced_at: Option<Timestamp>,
}

const ISSUED_BODIES: &str = "
    SELECT broadcast_body.channel, broadcast_body.subject, broadcast_body.body, broadcast_body.code,
        broadcast.sent_at, broadcast.withdrawn_at, (
            SELECT MAX(next.sent_at)
            FROM broadcast AS next
            WHERE next.supersedes = broadcast.id AND next.stage IN ('staged', 'sending', 'done')
        )
    FROM broadcast_body
    JOIN broadcast ON broadcast.id = broadcast_body.broadcast
    JOIN incident ON incident.id = broadcast.incident
    WHERE broadcast.stage IN ('sending', 'done') AND broadcast.exercise = FALSE
        AND (broadcast.sent_at >= $1 OR incident.phase NOT IN ('closed', 'stood_down'))
    ORDER BY broadcast.sent_at DESC, broadcast_body.code";

/// Every body of a real message that has left since a time or belongs to an open incident, the newest first.
pub async fn issued_bodies(tx: &mut Tx, since: Timestamp) -> Result<Vec<IssuedBody>, Error> {
    type Row = (String, String, String, String, Option<i64>, Option<i64>, Option<i64>);
    let rows = fetch_all!(tx, Row, ISSUED_BODIES, since.0)?;
    rows.into_iter()
        .map(|(channel, subject, text, code, sent_at, withdrawn_at, replaced_at)| {
            Ok(IssuedBody {
                body: body(&channel, subject, text, &code)?,
                sent_at: sent_at.map(Timestamp),
                withdrawn_at: withdrawn_at.map(Timestamp),
                replaced_at: replaced_at.map(Timestamp),
            })
        })
        .collect()
}

const FIND: &str = "
    SELECT id, incident, number, stage, template, recipients, recipients_words, supersedes, exercise, captured,
        second_looks, confirm_percent, sms_again, clearance, next_update_at, author, created_at, sent_by, sent_at,
        approver, people, deliveries, switched_at, done_at, typed, withdrawn_at, trouble
    FROM broadcast
    WHERE id = $1";

/// A broadcast by its id.
pub async fn find(tx: &mut Tx, broadcast: BroadcastId) -> Result<Option<BroadcastRow>, Error> {
    fetch_optional!(tx, Kept, FIND, broadcast.0)?.map(TryInto::try_into).transpose()
}

const LIST: &str = "
    SELECT id, incident, number, stage, template, recipients, recipients_words, supersedes, exercise, captured,
        second_looks, confirm_percent, sms_again, clearance, next_update_at, author, created_at, sent_by, sent_at,
        approver, people, deliveries, switched_at, done_at, typed, withdrawn_at, trouble
    FROM broadcast
    WHERE incident = $1 AND stage <> 'discarded'
    ORDER BY number DESC
    LIMIT 200";

/// The broadcasts of an incident, the newest first, at most 200.
pub async fn list(tx: &mut Tx, incident: IncidentId) -> Result<Vec<BroadcastRow>, Error> {
    fetch_all!(tx, Kept, LIST, incident.0)?.into_iter().map(TryInto::try_into).collect()
}

const STAGED: &str = "
    SELECT id
    FROM broadcast
    WHERE stage = 'staged'
    ORDER BY sent_at, id";

/// The broadcasts that wait to be prepared, in the order in which they were sent. Only their ids: one that cannot be
/// read must not keep the others waiting.
pub async fn staged(tx: &mut Tx) -> Result<Vec<BroadcastId>, Error> {
    let rows = fetch_all!(tx, (Uuid,), STAGED)?;
    Ok(rows.into_iter().map(|(id,)| BroadcastId(id)).collect())
}

const STUMBLE: &str = "
    UPDATE broadcast
    SET stage_tries = stage_tries + 1, trouble = $2
    WHERE id = $1 AND stage = 'staged'
    RETURNING incident, stage_tries";

/// Notes that a broadcast could not be prepared; gives its incident and how often that was so.
pub async fn stumbled(tx: &mut Tx, id: BroadcastId, why: &str) -> Result<Option<(IncidentId, i64)>, Error> {
    let row = fetch_optional!(tx, (Uuid, i64), STUMBLE, id.0, why)?;
    Ok(row.map(|(incident, tries)| (IncidentId(incident), tries)))
}

const GIVE_UP: &str = "
    UPDATE broadcast
    SET stage = 'failed'
    WHERE id = $1 AND stage = 'staged'";

/// Gives up preparing it; `false` when it is no longer waiting.
pub async fn give_up(tx: &mut Tx, id: BroadcastId) -> Result<bool, Error> {
    Ok(execute!(tx, GIVE_UP, id.0)? == 1)
}

const WITHDRAW: &str = "
    UPDATE broadcast
    SET withdrawn_at = $2,
        stage = CASE WHEN stage IN ('draft', 'pending_approval', 'staged') THEN 'discarded' ELSE stage END
    WHERE clearance = $1 AND withdrawn_at IS NULL AND stage NOT IN ('discarded', 'failed')
    RETURNING id, number";

/// Lets nothing more of a clearance's messages leave; gives which they were.
pub async fn withdraw(
    tx: &mut Tx,
    clearance: ClearanceId,
    at: Timestamp,
) -> Result<Vec<(BroadcastId, i64)>, Error> {
    let rows = fetch_all!(tx, (Uuid, i64), WITHDRAW, clearance.0, at.0)?;
    Ok(rows.into_iter().map(|(id, number)| (BroadcastId(id), number)).collect())
}

const LOOK_AGAIN: &str = "
    UPDATE broadcast
    SET second_looks = $2
    WHERE id = $1";

/// Keeps what a second person must look at now.
pub async fn look_again(tx: &mut Tx, id: BroadcastId, looks: &[SecondLook]) -> Result<(), Error> {
    execute!(tx, LOOK_AGAIN, id.0, json(&looks)).map(|_| ())
}

const SUCCESSOR: &str = "
    SELECT id
    FROM broadcast
    WHERE supersedes = $1 AND stage IN ('staged', 'sending', 'done')
    ORDER BY number DESC
    LIMIT 1";

/// The broadcast that took this one's place.
pub async fn successor(tx: &mut Tx, broadcast: BroadcastId) -> Result<Option<BroadcastRow>, Error> {
    match fetch_optional!(tx, (Uuid,), SUCCESSOR, broadcast.0)? {
        Some((id,)) => find(tx, BroadcastId(id)).await,
        None => Ok(None),
    }
}

const ORDER: &str = "
    UPDATE broadcast
    SET stage = $2, sent_by = $3, sent_at = $4
    WHERE id = $1";

/// Orders a draft to be sent, at once or after a second look.
pub async fn order(
    tx: &mut Tx,
    id: BroadcastId,
    to: Stage,
    by: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, ORDER, id.0, to.code(), by.0, at.0).map(|_| ())
}

const APPROVE: &str = "
    UPDATE broadcast
    SET stage = 'staged', approver = $2, approved_at = $3
    WHERE id = $1";

/// Lets it go after the second look.
pub async fn approve(tx: &mut Tx, id: BroadcastId, by: AccountId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, APPROVE, id.0, by.0, at.0).map(|_| ())
}

const DISCARD: &str = "
    UPDATE broadcast
    SET stage = 'discarded'
    WHERE id = $1";

/// Takes a draft away.
pub async fn discard(tx: &mut Tx, id: BroadcastId) -> Result<(), Error> {
    execute!(tx, DISCARD, id.0).map(|_| ())
}

const PROMISE: &str = "
    UPDATE incident
    SET next_update_at = $2
    WHERE id = $1";

/// Sets the incident's clock to the update that a broadcast promises.
pub async fn promise(tx: &mut Tx, incident: IncidentId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, PROMISE, incident.0, at.0).map(|_| ())
}

const TALLY: &str = "
    SELECT channel, state, count
    FROM broadcast_tally
    WHERE broadcast = $1";

/// How many deliveries are in each state.
pub async fn tally(tx: &mut Tx, broadcast: BroadcastId) -> Result<Vec<(Channel, State, i64)>, Error> {
    let rows = fetch_all!(tx, (String, String, i64), TALLY, broadcast.0)?;
    rows.into_iter()
        .map(|(channel, state, count)| Ok((channel_of(&channel)?, state_of(&state)?, count)))
        .collect()
}

/// A unit's tally with its names.
#[derive(Debug, Clone)]
pub struct UnitRow {
    pub unit: UnitId,
    pub name: String,
    pub phone: String,
    pub facility: String,
    pub tally: UnitTally,
    pub confirmed_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct KeptUnit {
    unit: Uuid,
    name: String,
    phone: String,
    facility: String,
    people: i64,
    on_duty: i64,
    confirmed: i64,
    leads_confirmed: i64,
    answered: i64,
    confirmed_at: Option<i64>,
    answered_at: Option<i64>,
}

const UNITS: &str = "
    SELECT broadcast_unit.unit, unit.name, unit.phone, facility.short_name AS facility, broadcast_unit.people,
        broadcast_unit.on_duty, broadcast_unit.confirmed, broadcast_unit.leads_confirmed, broadcast_unit.answered,
        broadcast_unit.confirmed_at, broadcast_unit.answered_at
    FROM broadcast_unit
    JOIN unit ON unit.id = broadcast_unit.unit
    JOIN facility ON facility.id = unit.facility
    WHERE broadcast_unit.broadcast = $1
    ORDER BY facility.position, facility.code, unit.name, unit.code";

/// Every unit that a broadcast reaches, by site.
pub async fn units(tx: &mut Tx, broadcast: BroadcastId) -> Result<Vec<UnitRow>, Error> {
    let rows = fetch_all!(tx, KeptUnit, UNITS, broadcast.0)?;
    Ok(rows
        .into_iter()
        .map(|kept| UnitRow {
            unit: UnitId(kept.unit),
            name: kept.name,
            phone: kept.phone,
            facility: kept.facility,
            tally: UnitTally {
                people: kept.people,
                on_duty: kept.on_duty,
                confirmed: kept.confirmed,
                leads_confirmed: kept.leads_confirmed,
                answered: kept.answered,
            },
            confirmed_at: kept.confirmed_at.map(Timestamp),
            answered_at: kept.answered_at.map(Timestamp),
        })
        .collect())
}

const LATEST: &str = "
    SELECT id
    FROM broadcast
    WHERE incident = $1 AND stage IN ('sending', 'done')
    ORDER BY number DESC
    LIMIT 1";

/// The newest broadcast that people have.
pub async fn latest(tx: &mut Tx, incident: IncidentId) -> Result<Option<BroadcastRow>, Error> {
    match fetch_optional!(tx, (Uuid,), LATEST, incident.0)? {
        Some((id,)) => find(tx, BroadcastId(id)).await,
        None => Ok(None),
    }
}
