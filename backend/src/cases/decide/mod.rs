//! Deciding by rule over a day: a preview that changes nothing, then one decision, staged in chunks that nobody
//! sees and switched by one transaction. The rule runs in the domain; the database only carries its outcome. A decision
//! is changed, or taken back, in the same way.

mod made;
mod preview;
mod rows;
mod show;
mod stage;
mod switch;
pub mod web;

use domain::{
    Refusal,
    actor::Role,
    cases::forms::Decide,
    decisions::Aim,
    field::FieldErrors,
    id::{DecisionId, IncidentId},
    scope::{Place, Places},
    view::decisions::DecisionMade,
};

use self::preview::{Preview, preview};
pub use self::{made::windows, preview::rules, rows::rows_of_snapshot, stage::drop_stale};
use super::change;
use crate::{app::App, failure::Failure, store::journal::By};

/// Makes the decision that the preview showed.
///
/// # Errors
/// By field; refused when the numbers are others than those that were shown, or nothing is left to decide.
pub async fn apply(app: App, by: By, incident: IncidentId, form: Decide) -> Result<DecisionMade, Failure> {
    let mut tx = app.db.read().await?;
    change::refuse_when_closed(&mut tx, incident).await?;
    let preview = preview(&mut tx, incident, &form, app.clock.now()).await?;
    drop(tx);
    may_decide(&by, preview.plan.window.place, &preview.places)?;
    let basis = check(&form, &preview)?;
    let id: DecisionId = app.clock.id();
    let outcome = match stage::keep(&app, &by, incident, id, &preview).await {
        Ok(()) => switch::switch(&app, &by, incident, id, preview, &basis).await,
        Err(failure) => Err(failure),
    };
    if !matches!(&outcome, Ok(made) if made.decision == id)
        && let Err(error) = stage::forget(&app, id).await
    {
        // Nobody sees it, and it is dropped later; what is said is why the decision was not made.
        tracing::warn!(%error, "a stage of a decision is left for later");
    }
    outcome
}

fn may_decide(by: &By, place: Place, lattice: &Places) -> Result<(), Failure> {
    if by.actor.can(Role::Commander, place, lattice) {
        return Ok(());
    }
    Err(Failure::Forbidden("A commander of these sites decides what is cancelled.".into()))
}

fn check(form: &Decide, preview: &Preview) -> Result<String, Failure> {
    let mut errors = FieldErrors::default();
    let basis = errors.required("basis", &form.basis, 2_000, "Say on what basis; it stands in the log.");
    errors.into_result()?;
    let all = preview.totals.all;
    let other =
        |typed: &domain::field::Text, now: i64| !typed.is_blank() && typed.trimmed() != now.to_string();
    if other(&form.cancels, all.cancelled) || other(&form.keeps, all.kept) {
        let sentence = format!(
            "The schedule has changed since you looked: now {} are cancelled and {} kept. Look again, then decide.",
            all.cancelled, all.kept
        );
        return Err(Refusal::new("changed-since", sentence).into());
    }
    if preview.outcomes.is_empty() {
        let sentence = match preview.plan.aim {
            Aim::Decide => "Nothing is left to decide in this window: every row stands as it was decided.",
            Aim::Amend(_) => "This changes nothing: every row stands as it was decided.",
            Aim::TakeBack => "Nothing in this window is cancelled and still to come without a new date.",
        };
        return Err(Refusal::new("nothing-to-decide", sentence).into());
    }
    Ok(basis.unwrap_or_default())
}
