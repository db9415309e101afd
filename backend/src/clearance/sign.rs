//! Signing a scope, or refusing to: by a person who is there now, on exactly what they were shown.

use domain::{
    Refusal,
    clearance::{SignOff, Stepped},
    field::FieldErrors,
    id::{ClearanceId, IncidentId},
    lexicon,
    reviews::no_patient,
    time::Timestamp,
};
use serde_json::json;

use super::{
    about, optional,
    store::{self, Moment, NewSignOff},
};
use crate::{
    accounts,
    app::App,
    begin,
    failure::Failure,
    store::journal::{By, Chain},
};

/// Signs a scope, or refuses to.
///
/// # Errors
/// Refused for anyone who does not sign as that, without the signer's password, on evidence that has changed since
/// it was shown, and by every rule of signing.
pub async fn sign_off(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, SignOff),
) -> Result<Stepped, Failure> {
    // Before the transaction: a password takes longer to check than everything else.
    accounts::is_there(&app, &by.actor, &form.password).await?;
    record(app, by, (incident, id, form)).await
}

/// The words of a signature go out with the all clear: they claim nothing more (rule 1) and name no patient (rule 17).
fn check_words(words: &str, now: Timestamp) -> Result<(), FieldErrors> {
    if let Err(refusal) = lexicon::refuse_all_clear(words) {
        return Err(FieldErrors::one("words", refusal.sentence));
    }
    let mut errors = FieldErrors::default();
    no_patient(&mut errors, "words", words, now);
    errors.into_result()
}

/// The same without the question for the password, which the caller has asked.
///
/// # Errors
/// As [`sign_off`].
pub async fn record(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, SignOff),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    let signer = form.signer.trimmed().to_owned();
    if !by.actor.signs_as(&signer, about.place(), &about.places) {
        return Err(Failure::Forbidden(format!("You do not sign as {signer:?} for this place.")));
    }
    let words = optional("words", &form.words, 1000)?;
    let refused = match form.answer.trimmed() {
        "" | "sign" => false,
        "refuse" if words.is_empty() => return Err(FieldErrors::one("words", "Say why you refuse.").into()),
        "refuse" => true,
        _ => return Err(FieldErrors::one("answer", "Answer sign or refuse.").into()),
    };
    check_words(&words, decision.at)?;
    let shown = form.shown.trimmed();
    if !refused && !shown.is_empty() && shown != about.clearance.content("", "").fingerprint() {
        let sentence = "What you were shown has changed since: look at it again before you sign.";
        return Err(Refusal::new("changed-since", sentence).into());
    }
    let after_lapse = about.clearance.lapsed(decision.at);
    let account = by.actor.account;
    let steps = if refused {
        about.clearance.refuse(&signer, account, words.clone(), decision.at)?
    } else {
        about.clearance.sign(&signer, account, words.clone(), decision.at)?
    };
    let signed = about.clearance.signatures.last().filter(|_| !refused);
    let content = signed.map(|signature| signature.content.clone()).unwrap_or_default();
    let on: Vec<i64> = about.clearance.evidence.iter().map(|given| given.number).collect();
    let new = NewSignOff {
        signer: &signer,
        refused,
        words: &words,
        on_evidence: json!(on).to_string(),
        functions: about.clearance.scope.functions,
        content: &content,
        after_lapse,
    };
    let moment = Moment { seq: decision.next_seq(), at: decision.at, account };
    store::insert_signoff(&mut decision.tx, id, &new, moment).await?;
    let kind = if refused { "clearance.refused" } else { "clearance.signed" };
    let stage = about.clearance.stage.code();
    let data = json!({ "signer": signer, "on": on, "stage": stage, "content": content });
    about.finish(&app, decision, kind, (data, &[("words", words.as_str())]), &steps).await
}
