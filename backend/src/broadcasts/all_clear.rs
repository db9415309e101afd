//! The all clear: its words come from the signed record alone, so nobody types them and nobody needs to look twice.
//! It is read again when it is sent, because a clearance may be revoked between the two.

use domain::{
    Refusal,
    broadcasts::{
        Stage,
        compose::{Compose, Composed},
    },
    clearance::AllClearText,
    field::{FieldErrors, Text},
    id::{ClearanceId, IncidentId},
    view::broadcasts::AudienceChoice,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    audience, compose,
    store::{self, BroadcastRow},
};
use crate::{
    app::App,
    begin, clearance,
    failure::Failure,
    instructions,
    store::{
        Error, Tx,
        journal::{By, Chain},
    },
};

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
    let all = clearance::store::of_incident(tx, incident).await?;
    let clear: Vec<_> = all.into_iter().filter(|clearance| clearance.stage.is_clear()).collect();
    if clear.is_empty() {
        return Ok(Vec::new());
    }
    let picture = instructions::picture(tx).await?;
    let choice = |clearance: domain::clearance::Clearance| AudienceChoice {
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
    let text = text(&mut decision.tx, incident, id).await?;
    let live = super::exercise_is_live(&mut decision.tx, incident).await?;
    let broadcast = BroadcastRow {
        id: app.clock.id(),
        incident,
        number: store::next_number(&mut decision.tx, incident).await?,
        stage: Stage::Draft,
        template: String::new(),
        to_words: audience::words(&mut decision.tx, incident, &to).await?,
        to,
        supersedes,
        exercise: row.exercise,
        captured: row.exercise && !live,
        second_looks: Vec::new(),
        confirm_percent: compose::USUAL_PERCENT,
        sms_again: false,
        clearance: Some(id),
        next_update_at: None,
        author: by.actor.account,
        created_at: decision.at,
        sent_by: None,
        sent_at: None,
        approver: None,
        people: i64::try_from(plan.people.len()).unwrap_or(i64::MAX),
        deliveries: i64::try_from(plan.deliveries.len()).unwrap_or(i64::MAX),
        switched_at: None,
        done_at: None,
    };
    compose::keep(&app, &mut decision, &broadcast, &text.subject, &text.body, &text.sms).await?;
    let outcome =
        Composed { broadcast: broadcast.id, number: broadcast.number, second_looks: broadcast.second_looks };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}
