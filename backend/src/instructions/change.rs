//! What becomes of an order after it was issued: it ends, or a second person lets it or its words hold.

use domain::{
    Refusal,
    actor::Role,
    field::FieldErrors,
    id::{IncidentId, InstructionId},
    instructions::{Approve, Issued, Lift, State},
    scope::Place,
};
use serde_json::json;

use super::{
    Picture, may_order, open_incident, permits_only_what_is_clear, picture,
    store::{self, Move, OrderRow},
    supersede,
};
use crate::{
    app::App,
    begin, clearance,
    failure::Failure,
    store::journal::{By, Chain, Decision, Say},
};

/// Ends an order. Nothing is permitted by that: with no order in force the page says so.
///
/// # Errors
/// Refused without a reason, and for an order that has ended.
pub async fn lift(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, InstructionId, Lift),
) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut errors = FieldErrors::default();
    let reason = errors.required("reason", &form.reason, 500, "Say why this order ends.").unwrap_or_default();
    errors.into_result()?;
    open_incident(&mut decision.tx, incident).await?;
    let row = store::find(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("instruction"))?;
    let picture = picture(&mut decision.tx).await?;
    may_order(&by, row.order.scope.place, &picture)?;
    if !matches!(row.state, State::InForce | State::Waiting) {
        return Err(Refusal::new("ended", format!("This order is already {}.", row.state.code())).into());
    }
    move_and_say(&app, decision, &row, State::Lifted, "instruction.lifted", &[("reason", &reason)]).await
}

/// The second person's answer to an order for named people, or to a text that names a forbidden system. An order
/// that holds goes on holding when only its text is rejected.
///
/// # Errors
/// Refused for the person who issued it, when nothing waits, and when the scope it permits is not restored.
pub async fn approve(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, InstructionId, Approve),
) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open_incident(&mut decision.tx, incident).await?;
    let row = store::find(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("instruction"))?;
    let picture = picture(&mut decision.tx).await?;
    may_approve(&by, row.order.scope.place, &picture)?;
    if row.state != State::Waiting && !(row.state == State::InForce && row.text_waits) {
        return Err(
            Refusal::new("nothing-waits", "Nothing about this order waits for a second person.").into()
        );
    }
    if row.issued_by == by.actor.account {
        return Err(Refusal::new("one-person", "You issued this order: a second person approves it.").into());
    }
    match form.answer.trimmed() {
        "" | "approve" => {
            if row.state == State::Waiting {
                come_into_force(&mut decision, incident, &row, &picture).await?;
            }
            move_and_say(&app, decision, &row, State::InForce, "instruction.approved", &[]).await
        }
        "reject" if row.state == State::Waiting => {
            move_and_say(&app, decision, &row, State::Rejected, "instruction.rejected", &[]).await
        }
        "reject" => reject_text(&app, decision, &row).await,
        _ => Err(FieldErrors::one("answer", "Answer approve or reject.").into()),
    }
}

async fn reject_text(app: &App, mut decision: Decision, row: &OrderRow) -> Result<Issued, Failure> {
    let change = Move {
        to: row.state,
        seq: decision.next_seq(),
        at: decision.at,
        account: decision.account,
        approves: false,
    };
    store::reject_text(&mut decision.tx, row, &change).await?;
    let say = Say {
        kind: "instruction.text_rejected",
        subject: format!("instruction:{}", row.order.id),
        ..Say::default()
    };
    let seq = decision.append(app, say).await?;
    let (instruction, state) = (row.order.id, row.state);
    let outcome = Issued { instruction, seq, state, waits_for: Vec::new(), suspends: Vec::new() };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

async fn move_and_say(
    app: &App,
    mut decision: Decision,
    row: &OrderRow,
    to: State,
    kind: &str,
    texts: &[(&str, &str)],
) -> Result<Issued, Failure> {
    let approves = kind == "instruction.approved";
    let change = Move { to, seq: decision.next_seq(), at: decision.at, account: decision.account, approves };
    store::set_state(&mut decision.tx, row, &change).await?;
    let say = Say {
        kind,
        subject: format!("instruction:{}", row.order.id),
        data: json!({ "from": row.state.code(), "to": to.code() }),
        texts,
        ..Say::default()
    };
    let seq = decision.append(app, say).await?;
    let outcome =
        Issued { instruction: row.order.id, seq, state: to, waits_for: Vec::new(), suspends: Vec::new() };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

/// A waiting order comes into force: what it replaces ends, if it has not ended meanwhile, and a pilot begins.
async fn come_into_force(
    decision: &mut Decision,
    incident: IncidentId,
    row: &OrderRow,
    picture: &Picture,
) -> Result<(), Failure> {
    permits_only_what_is_clear(&mut decision.tx, incident, &row.order, picture).await?;
    clearance::pilot_begins(decision, incident, row, picture).await?;
    let Some(old) = row.supersedes else { return Ok(()) };
    let old = store::find(&mut decision.tx, incident, old).await?.ok_or(Failure::NotFound("instruction"))?;
    if old.state == State::InForce {
        supersede(decision, &old).await?;
    }
    Ok(())
}

/// The second person is a commander or a communicator for the place.
fn may_approve(by: &By, place: Place, picture: &Picture) -> Result<(), Failure> {
    let can = |role| by.actor.can(role, place, &picture.places);
    if can(Role::Commander) || can(Role::Communicator) {
        return Ok(());
    }
    Err(Failure::Forbidden("A commander or communicator for this place approves it.".into()))
}
