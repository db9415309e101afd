//! Giving evidence, and agreeing that a piece need not be checked.

use domain::{
    actor::Role,
    clearance::{AgreeToWaived, AttachedFile, GiveEvidence, Given, Outcome, Stepped},
    field::FieldErrors,
    id::{ClearanceId, IncidentId},
    playbooks::{Evidence, Proof},
    time::Timestamp,
};
use serde_json::json;

use super::{
    About, about,
    store::{self, Moment},
    waves::zone_of,
};
use crate::{
    app::App,
    begin,
    failure::Failure,
    store::journal::{By, Chain, Decision},
};

/// The roles in which somebody may waive evidence, or agree to that.
pub(super) const WAIVING: [Role; 2] = [Role::Commander, Role::Signer];

/// One piece of evidence: passed, failed or waived.
///
/// # Errors
/// Refused for a piece the gate does not ask for, without the proof that it asks for, and once the scope is clear.
pub async fn give_evidence(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, GiveEvidence),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    about.may_work_on(&by)?;
    let key = form.piece.trimmed();
    let piece = about.clearance.gate.evidence.iter().find(|piece| piece.key == key).cloned();
    let Some(piece) = piece else {
        return Err(FieldErrors::one("piece", "Choose one of the pieces that the gate asks for.").into());
    };
    let (given, file) = read(&mut decision, (&about, &by), &piece, &form).await?;
    given.is_proved(&piece)?;
    let step = about.clearance.give(given.clone())?;
    store::insert_evidence(&mut decision.tx, id, (&given, file), decision.at).await?;
    store::end_signatures(&mut decision.tx, id, decision.at).await?;
    let data = json!({
        "piece": given.key,
        "outcome": given.outcome.code(),
        "figure": given.figure,
        "file": given.file.as_ref().map(|file| &file.sha256),
        "looked_at": given.at,
    });
    let texts = [("note", given.note.as_str()), ("link", given.link.as_str())];
    about.finish(&app, decision, "clearance.evidence", (data, &texts), &Vec::from_iter(step)).await
}

async fn read(
    decision: &mut Decision,
    (about, by): (&About, &By),
    piece: &Evidence,
    form: &GiveEvidence,
) -> Result<(Given, Option<i64>), Failure> {
    let mut errors = FieldErrors::default();
    let outcome = match form.outcome.trimmed() {
        "" if form.passed.is_yes() => Some(Outcome::Passed),
        "" => Some(Outcome::Failed),
        code => Outcome::from_code(code),
    };
    if outcome.is_none() {
        errors.add("outcome", "Choose passed, failed or waived.");
    }
    let outcome = outcome.unwrap_or(Outcome::Failed);
    let note = errors.optional("note", &form.note, 500).unwrap_or_default();
    let link = errors.optional("link", &form.link, 500).unwrap_or_default();
    if !(link.is_empty() || link.starts_with("https://") || link.starts_with("http://")) {
        errors.add("link", "An address begins with https:// or http://.");
    }
    let figure = if form.figure.is_blank() || piece.proof != Proof::Number {
        None
    } else {
        errors.keep("figure", form.figure.trimmed().parse::<i64>().map_err(|_| "Write a whole number."))
    };
    let at = looked_at(decision, about, form, &mut errors).await?;
    let waived_as = if outcome == Outcome::Waived { role(by, about, &form.role, &mut errors) } else { None };
    let (number, file) = attached(decision, about, form, &mut errors).await?;
    errors.into_result()?;
    let given = Given {
        key: piece.key.clone(),
        number: decision.next_seq(),
        outcome,
        note,
        figure,
        link,
        file,
        at,
        expires_at: at.plus_minutes(piece.expires_minutes),
        by: by.actor.account,
        waived_as: waived_as.map(|role| role.code().to_owned()).unwrap_or_default(),
        agreed: None,
    };
    Ok((given, number))
}

/// When it was looked at: not after now, and not so long ago that it could not hold any more.
async fn looked_at(
    decision: &mut Decision,
    about: &About,
    form: &GiveEvidence,
    errors: &mut FieldErrors,
) -> Result<Timestamp, Failure> {
    if form.at.is_blank() {
        return Ok(decision.at);
    }
    let zone = zone_of(&mut decision.tx, about.place(), &about.places).await?;
    let at = errors.keep("at", zone.parse_past(form.at.trimmed(), decision.at)).unwrap_or(decision.at);
    if at > decision.at {
        errors.add("at", "It cannot have been looked at in the future.");
    }
    Ok(at)
}

/// The role in which somebody waives: one that they hold for the place.
fn role(by: &By, about: &About, text: &domain::field::Text, errors: &mut FieldErrors) -> Option<Role> {
    let holds = |role: &Role| by.actor.can(*role, about.place(), &about.places);
    let named = WAIVING.into_iter().find(|role| role.code() == text.trimmed());
    let role = match named {
        None if text.is_blank() => WAIVING.into_iter().find(holds),
        named => named.filter(holds),
    };
    if role.is_none() {
        errors.add("role", "Choose a role that you hold here: commander or signer.");
    }
    role
}

async fn attached(
    decision: &mut Decision,
    about: &About,
    form: &GiveEvidence,
    errors: &mut FieldErrors,
) -> Result<(Option<i64>, Option<AttachedFile>), Failure> {
    if form.file.is_blank() {
        return Ok((None, None));
    }
    let number = form.file.trimmed().parse::<i64>().ok();
    let files = store::files(&mut decision.tx, about.clearance.id).await?;
    let found = files.into_iter().find(|kept| Some(kept.number) == number);
    if found.is_none() {
        errors.add("file", "This file was not added to this scope.");
    }
    Ok((number, found.map(|kept| kept.file)))
}

/// A second person in another role agrees that a piece need not be checked.
///
/// # Errors
/// Refused for the person and the role that waived it.
pub async fn agree_to_waived(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, AgreeToWaived),
) -> Result<Stepped, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    let mut errors = FieldErrors::default();
    let other = about.clearance.evidence.iter().find(|given| given.key == form.piece.trimmed());
    let other = other.map(|given| given.waived_as.clone()).unwrap_or_default();
    let free = WAIVING
        .into_iter()
        .find(|role| role.code() != other && by.actor.can(*role, about.place(), &about.places));
    let role = match free {
        Some(free) if form.role.is_blank() => Some(free),
        _ => role(&by, &about, &form.role, &mut errors),
    };
    errors.into_result()?;
    let role = role.map(Role::code).unwrap_or_default();
    let number = about.clearance.agree_to_waived(form.piece.trimmed(), by.actor.account, role)?;
    let moment = Moment { seq: decision.next_seq(), at: decision.at, account: decision.account };
    store::agree(&mut decision.tx, (id, number), role, moment).await?;
    let data = json!({ "piece": form.piece.trimmed(), "number": number, "role": role });
    about.finish(&app, decision, "clearance.waiver_agreed", (data, &[]), &[]).await
}
