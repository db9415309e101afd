//! One broadcast: its two bodies as they leave, who looked at it, and what became of it.

use domain::{
    actor::{Actor, Role},
    broadcasts::{
        Knows, Stage, may_approve,
        text::{Body, Links, as_sent},
    },
    deliveries::Channel,
    id::{AccountId, BroadcastId, IncidentId},
    sms,
    time::Zone,
    view::broadcasts::{BroadcastView, Other, StateCount},
};

use super::{
    super::{
        send,
        store::{self, BroadcastRow},
    },
    files_only, may_send, stage_words,
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    store::{Error, Tx},
};

/// An answer link of nobody, to show where the own one will stand.
const SAMPLE: &str = "yourownlink";

/// One broadcast.
///
/// # Errors
/// When there is none of this id in this incident.
pub async fn one(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    (incident, broadcast): (IncidentId, BroadcastId),
) -> Result<BroadcastView, Failure> {
    let row = send::of_incident(tx, incident, broadcast).await?;
    let zone = accounts::installation(tx).await?.zone();
    let bodies = store::bodies(tx, broadcast).await?;
    let of = |channel| bodies.iter().find(|body: &&Body| body.channel == channel).cloned();
    let (Some(email), Some(text)) = (of(Channel::Email), of(Channel::Sms)) else {
        return Err(Error::Corrupt("a broadcast has no bodies".into()).into());
    };
    let base = app.config.base_url();
    let links = Links { base: &base, token: SAMPLE, shared: false };
    let roles: Vec<Role> = actor.grants.iter().map(|grant| grant.role).collect();
    let others = row.sent_by.is_some_and(|sender| may_approve(sender, actor.account, &roles).is_ok());
    let counts = counts(tx, &row).await?;
    let supersedes = match row.supersedes {
        Some(id) => store::find(tx, id).await?,
        None => None,
    };
    let superseded_by = store::successor(tx, broadcast).await?;
    let other = |row: BroadcastRow| Other { id: row.id, number: row.number };
    let units = if row.stage.is_out() { store::units(tx, row.id).await? } else { Vec::new() };
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
        author: accounts::name(tx, row.author).await?.unwrap_or_default(),
        sent_by: name(tx, row.sent_by).await?,
        sent: row.sent_at.map(|at| zone.full(at)).unwrap_or_default(),
        approver: name(tx, row.approver).await?,
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

async fn name(tx: &mut Tx, account: Option<AccountId>) -> Result<String, Error> {
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
