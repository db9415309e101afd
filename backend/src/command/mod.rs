//! Command: handover with acceptance, pages and assuming command (rule 3), and the tasks of the positions.

pub mod store;
pub mod tasks;
pub mod web;

use domain::{
    Refusal,
    actor::{Actor, Role},
    command::{
        AnswerOffer, AssumeCommand, CommandChanged, HandoverAct, HandoverState, OfferCommand, Plain,
        may_assume,
    },
    field::FieldErrors,
    id::{AccountId, HandoverId, IncidentId},
};
use serde_json::json;

use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// How long a page may stay unanswered when no playbook says otherwise, in minutes.
const PATIENCE_MINUTES: i64 = 15;

/// Whether somebody holds a role at every place of an incident.
///
/// # Errors
/// When the database does not answer.
pub async fn holds_everywhere(
    tx: &mut Tx,
    actor: &Actor,
    role: Role,
    incident: IncidentId,
) -> Result<bool, Error> {
    let covered = incidents::places(tx, incident).await?;
    let lattice = places::lattice(tx).await?;
    Ok(covered.into_iter().all(|place| actor.can(role, place, &lattice)))
}

/// Whether somebody may command an incident: a commander of every place of it (rule 3). Who commands one clinic
/// does not release another hospital's systems.
///
/// # Errors
/// When the database does not answer.
pub async fn commands_all(tx: &mut Tx, actor: &Actor, incident: IncidentId) -> Result<bool, Error> {
    holds_everywhere(tx, actor, Role::Commander, incident).await
}

async fn must_command_all(decision: &mut Decision, by: &By, incident: IncidentId) -> Result<(), Failure> {
    if commands_all(&mut decision.tx, &by.actor, incident).await? {
        return Ok(());
    }
    let sentence = "Only a commander of every site of this downtime can take command of it.";
    Err(Failure::Forbidden(sentence.into()))
}

/// Command begins with the declaration.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(decision: &mut Decision, incident: IncidentId) -> Result<(), Failure> {
    store::begin(&mut decision.tx, incident, decision.seq, decision.account, decision.at).await?;
    Ok(())
}

/// Offers command to somebody. It stays with its holder until the offer is accepted.
///
/// # Errors
/// When somebody else holds command, an offer is open, or the person cannot hold it.
pub async fn offer(
    app: App,
    by: By,
    incident: IncidentId,
    form: OfferCommand,
) -> Result<CommandChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = open_incident(&mut decision, incident).await?;
    if row.commander != by.actor.account {
        return Err(Refusal::new("not-commander", "Only the commander can hand over command.").into());
    }
    let mut errors = FieldErrors::default();
    let login =
        errors.required("login", &form.login, 64, "Say who takes over, by their name for signing in.");
    let briefing = errors.optional("briefing", &form.briefing, 2000);
    errors.into_result()?;
    let login = login.unwrap_or_default();
    let to = successor(&mut decision, incident, &login, by.actor.account).await?;
    if store::open_offer(&mut decision.tx, incident).await?.is_some() {
        return Err(Refusal::new("offer-open", "An offer of command is open; withdraw it first.").into());
    }
    let handover: HandoverId = app.clock.id();
    let briefing = briefing.unwrap_or_default();
    let new = store::NewOffer { id: handover, incident, from: by.actor.account, to, at: decision.at };
    store::insert_offer(&mut decision.tx, &new, &briefing).await?;
    let say = Say {
        kind: "command.offered",
        subject: format!("handover:{handover}"),
        data: json!({ "to": to }),
        texts: &[("briefing", &briefing)],
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let outcome = CommandChanged { incident, seq, commander: row.commander, handover: Some(handover) };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Answers an offer. Accepting passes command at this instant.
///
/// # Errors
/// When the offer is not this person's, or answered already, and when they do not command every site.
pub async fn answer(
    app: App,
    by: By,
    incident: IncidentId,
    handover: HandoverId,
    form: AnswerOffer,
) -> Result<CommandChanged, Failure> {
    let act = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = open_incident(&mut decision, incident).await?;
    let offer =
        store::find_offer(&mut decision.tx, incident, handover).await?.ok_or(Failure::NotFound("offer"))?;
    let state = offer.after(act, by.actor.account)?;
    if state == HandoverState::Accepted {
        must_command_all(&mut decision, &by, incident).await?;
    }
    store::answer_offer(&mut decision.tx, handover, state, decision.at).await?;
    let kind = match act {
        HandoverAct::Accept => "command.accepted",
        HandoverAct::Decline => "command.declined",
        HandoverAct::Withdraw => "command.withdrawn",
    };
    let say = Say {
        kind,
        subject: format!("handover:{handover}"),
        data: json!({ "from": offer.from }),
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let mut commander = row.commander;
    if state == HandoverState::Accepted {
        commander = by.actor.account;
        store::pass(&mut decision.tx, incident, seq, commander, "accepted", decision.at).await?;
    }
    let outcome = CommandChanged { incident, seq, commander, handover: Some(handover) };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Pages the commander: the page stands on every page of the incident until it is answered.
///
/// # Errors
/// When the commander pages themselves.
pub async fn page(app: App, by: By, incident: IncidentId, _: Plain) -> Result<CommandChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = open_incident(&mut decision, incident).await?;
    if row.commander == by.actor.account {
        return Err(Refusal::new("yours", "You hold command; nobody needs to page you.").into());
    }
    let say = Say { kind: "command.paged", data: json!({ "commander": row.commander }), ..Say::default() };
    let seq = decision.append(&app, say).await?;
    store::insert_page(&mut decision.tx, incident, seq, row.commander, by.actor.account, decision.at).await?;
    let outcome = CommandChanged { incident, seq, commander: row.commander, handover: None };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The commander answers every open page.
///
/// # Errors
/// When somebody else answers.
pub async fn answer_page(
    app: App,
    by: By,
    incident: IncidentId,
    _: Plain,
) -> Result<CommandChanged, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = open_incident(&mut decision, incident).await?;
    if row.commander != by.actor.account {
        return Err(Refusal::new("not-commander", "Only the commander can answer this page.").into());
    }
    store::answer_pages(&mut decision.tx, incident, decision.at).await?;
    let seq = decision.append(&app, Say { kind: "command.page_answered", ..Say::default() }).await?;
    let outcome = CommandChanged { incident, seq, commander: row.commander, handover: None };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Assumes command from a commander who left a page unanswered: at once, with a reason, flagged in the log.
///
/// # Errors
/// When nobody paged, or the commander still has time to answer; for who does not command every site.
pub async fn assume(
    app: App,
    by: By,
    incident: IncidentId,
    form: AssumeCommand,
) -> Result<CommandChanged, Failure> {
    let mut errors = FieldErrors::default();
    let reason = errors.required("reason", &form.reason, 500, "Say why you assume command.");
    errors.into_result()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = open_incident(&mut decision, incident).await?;
    must_command_all(&mut decision, &by, incident).await?;
    let paged = store::oldest_unanswered_page(&mut decision.tx, incident).await?;
    let frozen = playbooks::frozen(&mut decision.tx, incident).await?;
    let patience = frozen.map_or(PATIENCE_MINUTES, |version| version.playbook.timing.assume_command_minutes);
    may_assume(by.actor.account, row.commander, paged, patience, decision.at)?;
    let reason = reason.unwrap_or_default();
    let say = Say {
        kind: "command.assumed",
        data: json!({ "from": row.commander, "flagged": true }),
        texts: &[("reason", &reason)],
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    store::pass(&mut decision.tx, incident, seq, by.actor.account, "assumed", decision.at).await?;
    let outcome = CommandChanged { incident, seq, commander: by.actor.account, handover: None };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn open_incident(
    decision: &mut Decision,
    incident: IncidentId,
) -> Result<incidents::IncidentRow, Failure> {
    let row = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    Ok(row)
}

async fn successor(
    decision: &mut Decision,
    incident: IncidentId,
    login: &str,
    from: AccountId,
) -> Result<AccountId, Failure> {
    let found = accounts::by_login(&mut decision.tx, &login.to_lowercase()).await?;
    let found = found.filter(|account| account.disabled_at.is_none());
    let Some(found) = found else {
        return Err(FieldErrors::one("login", "Nobody signs in under this name.").into());
    };
    let account = AccountId(found.id);
    if account == from {
        return Err(FieldErrors::one("login", "You hold command already; name somebody else.").into());
    }
    let grants = accounts::grants(&mut decision.tx, account).await?;
    if grants.iter().all(|grant| grant.role != Role::Commander) {
        return Err(FieldErrors::one("login", "This person does not have the role of a commander.").into());
    }
    let person = Actor { account, name: found.name, grants };
    if !commands_all(&mut decision.tx, &person, incident).await? {
        let sentence = "This person does not command every site of this downtime.";
        return Err(FieldErrors::one("login", sentence).into());
    }
    Ok(account)
}
