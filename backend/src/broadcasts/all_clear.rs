//! The all clear: its words come from the signed record alone, so nobody types them and nobody needs to look twice.
//! It is read again when it is sent, because a clearance may be revoked between the two; what has not left by then
//! stays here.

use domain::{
    Refusal,
    broadcasts::{
        Stage,
        compose::{Compose, Composed, To},
    },
    clearance::AllClearText,
    field::{FieldErrors, Text},
    id::{BroadcastId, ClearanceId, IncidentId},
    view::broadcasts::AudienceChoice,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    audience, compose,
    store::{self, BroadcastRow},
};
use crate::{
    app::App,
    begin, clearance,
    failure::Failure,
    incidents::store::IncidentRow,
    instructions,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// The words of an all clear, which only the signed record writes, and to whom they go.
pub struct FromRecord<'a> {
    pub clearance: ClearanceId,
    pub text: &'a AllClearText,
    pub to: Vec<To>,
    pub supersedes: Option<BroadcastId>,
}

/// Composes the all clear of a released scope.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SayAllClear {
    pub request_id: Text,
    /// The released scope.
    pub clearance: Text,
    /// As in composing.
    pub audiences: Vec<Text>,
    /// The broadcast whose place it takes.
    pub supersedes: Text,
}

/// The words of the record.
///
/// # Errors
/// A refusal while the scope is not clear, with a link to where it is signed.
pub(super) async fn text(
    tx: &mut Tx,
    incident: IncidentId,
    id: ClearanceId,
) -> Result<AllClearText, Failure> {
    let text = clearance::all_clear_text(tx, incident, id).await?;
    text.ok_or_else(|| {
        let sentence = "This scope is not clear: an all clear is written from its signed release alone.";
        Refusal::new("not-clear", sentence).with_link(format!("/incidents/{incident}/clearance")).into()
    })
}

/// The scopes of an incident that are clear.
pub(super) async fn choices(tx: &mut Tx, incident: IncidentId) -> Result<Vec<AudienceChoice>, Error> {
    let all = clearance::store::scopes(tx, incident).await?;
    let clear: Vec<_> = all.into_iter().filter(|scope| scope.stage.is_clear()).collect();
    if clear.is_empty() {
        return Ok(Vec::new());
    }
    let picture = instructions::picture(tx).await?;
    let choice = |clearance: clearance::store::ScopeRow| AudienceChoice {
        value: clearance.id.to_string(),
        label: picture.scope_name(&clearance.scope),
    };
    Ok(clear.into_iter().map(choice).collect())
}

/// Keeps the draft.
///
/// # Errors
/// What is missing by field; a refusal while the scope is not clear.
pub async fn compose(
    app: App,
    by: By,
    (incident, form): (IncidentId, SayAllClear),
) -> Result<Composed, Failure> {
    let mut errors = FieldErrors::default();
    let to = Compose { audiences: form.audiences, ..Compose::default() }.to(&mut errors);
    let id: Option<ClearanceId> = form.clearance.trimmed().parse().ok();
    if id.is_none() {
        errors.add("clearance", "Choose the scope that was released.");
    }
    let supersedes = (!form.supersedes.is_blank()).then(|| form.supersedes.trimmed().parse());
    let supersedes = supersedes.and_then(|parsed| errors.keep("supersedes", parsed));
    errors.clone().into_result()?;
    let id = id.ok_or(errors)?;

    let plan = audience::plan(&app.db, &to).await?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = compose::open_incident(&mut decision.tx, incident).await?;
    compose::may_reach(&mut decision.tx, &by, incident, &to).await?;
    compose::may_replace(&mut decision.tx, incident, supersedes).await?;
    let text = text(&mut decision.tx, incident, id).await?;
    let record = FromRecord { clearance: id, text: &text, to, supersedes };
    let people = i64::try_from(plan.people.len()).unwrap_or(i64::MAX);
    let deliveries = i64::try_from(plan.deliveries.len()).unwrap_or(i64::MAX);
    let broadcast = draft(&app, &mut decision, &row, record, (people, deliveries)).await?;
    let outcome =
        Composed { broadcast: broadcast.id, number: broadcast.number, second_looks: broadcast.second_looks };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Keeps and orders the broadcast of an all clear inside the decision that releases it.
///
/// # Errors
/// When the database does not answer.
pub async fn from_record(
    app: &App,
    decision: &mut Decision,
    row: &IncidentRow,
    record: FromRecord<'_>,
) -> Result<BroadcastId, Failure> {
    let broadcast = draft(app, decision, row, record, (0, 0)).await?;
    let (id, account, at) = (broadcast.id, decision.account, decision.at);
    store::order(&mut decision.tx, id, Stage::Staged, account, at).await?;
    Ok(id)
}

/// Takes every message of a clearance back inside the decision that revokes it: no draft of it is sent any more, and
/// of one on its way nothing more leaves, however long its queue is (rule 1). What a gateway has taken is out.
///
/// # Errors
/// When the database does not answer.
pub async fn withdraw(app: &App, decision: &mut Decision, clearance: ClearanceId) -> Result<(), Error> {
    for (broadcast, number) in store::withdraw(&mut decision.tx, clearance, decision.at).await? {
        let say = Say {
            kind: "broadcast.withdrawn",
            subject: format!("broadcast:{broadcast}"),
            data: json!({ "number": number, "clearance": clearance }),
            ..Say::default()
        };
        decision.append(app, say).await?;
    }
    Ok(())
}

async fn draft(
    app: &App,
    decision: &mut Decision,
    row: &IncidentRow,
    record: FromRecord<'_>,
    (people, deliveries): (i64, i64),
) -> Result<BroadcastRow, Failure> {
    let mark = |text: &str| domain::broadcasts::text::mark_exercise(text, row.exercise);
    let broadcast = BroadcastRow {
        id: app.clock.id(),
        incident: row.id,
        number: store::next_number(&mut decision.tx, row.id).await?,
        stage: Stage::Draft,
        template: String::new(),
        to_words: audience::words(&mut decision.tx, row.id, &record.to).await?,
        to: record.to,
        supersedes: record.supersedes,
        exercise: row.exercise,
        captured: row.exercise && !super::exercise_is_live(&mut decision.tx, row.id).await?,
        typed: String::new(),
        second_looks: Vec::new(),
        confirm_percent: compose::USUAL_PERCENT,
        sms_again: false,
        clearance: Some(record.clearance),
        next_update_at: None,
        author: decision.account,
        created_at: decision.at,
        sent_by: None,
        sent_at: None,
        approver: None,
        people,
        deliveries,
        switched_at: None,
        done_at: None,
        withdrawn_at: None,
        trouble: String::new(),
    };
    let text = record.text;
    compose::keep(app, decision, &broadcast, &mark(&text.subject), &mark(&text.body), &mark(&text.sms))
        .await?;
    Ok(broadcast)
}
