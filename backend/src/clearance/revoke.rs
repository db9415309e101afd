//! Taking a clearance back, in whole or part, with the window whose records are suspect (rule 2).

use domain::{
    Refusal,
    actor::Role,
    clearance::{Clearance, Revoke, Revoked, Stage},
    field::FieldErrors,
    id::{ClearanceId, FacilityId, IncidentId, SystemId},
    reviews::{Known, Release, Suspect},
    scope::{Place, Places, Scope},
};
use serde_json::json;

use super::{About, about, effects, forbid, functions_named, store, store::Moment};
use crate::{
    app::App,
    begin,
    broadcasts::all_clear,
    failure::Failure,
    places::store as places,
    reviews::suspect,
    store::journal::{By, Chain, Decision, Say},
};

/// Takes a release back. What was forbidden before is forbidden again there; permissions end, also those for named
/// people, and where nothing forbids, the revocation orders DO NOT LOG IN itself: a revoked scope never reads USE.
///
/// # Errors
/// Refused without a reason, for a part outside the scope or taken back already, and unless it is clear.
pub async fn revoke(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, Revoke),
) -> Result<Revoked, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let about = about(&mut decision, incident, id).await?;
    may_revoke(&by, &about)?;
    let (part, reason) = part(&form, &about.clearance)?;
    let About { incident: row, clearance, places } = about;
    let taken = take_back(&app, &mut decision, incident, &places, (clearance, part, &reason)).await?;
    let mut stepped = taken.reopened;
    stepped.stage = Stage::Revoked;
    effects::of_steps(&app, &mut decision, &row, &stepped, &places).await?;
    let holds_now = forbid::what_was_taken_back(&app, &mut decision, &row, part).await?;
    let outcome = Revoked {
        clearance: id,
        reopened: stepped.id,
        seq: taken.seq,
        suspect_from_seq: taken.suspect_from_seq,
        suspect_entries: taken.suspect_entries,
        reviews: taken.reviews,
        holds_now,
    };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// What was taken back within a decision.
struct TakenBack {
    reopened: Clearance,
    seq: i64,
    suspect_from_seq: i64,
    suspect_entries: i64,
    reviews: i64,
}

/// Takes a part back, or all of it, and begins its new clearance. Smaller clear scopes inside the part go with it.
async fn take_back(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    places: &Places,
    (mut clearance, part, reason): (Clearance, Scope, &str),
) -> Result<TakenBack, Failure> {
    let id = clearance.id;
    let scopes = store::scopes(&mut decision.tx, incident).await?;
    let suspect_from_seq =
        scopes.iter().find(|row| row.id == id).and_then(|row| row.released_seq).unwrap_or(0);
    let step = clearance.revoke(&part, places)?;
    is_not_taken_back(incident, &scopes, (&part, &clearance.scope), places)?;
    let seq = decision.next_seq();
    let moment = Moment { seq, at: decision.at, account: decision.account };
    store::insert_revocation(&mut decision.tx, incident, id, (&part, reason), moment).await?;
    if part.place == clearance.scope.place && step.is_none() {
        clearance.scope.functions = clearance.scope.functions.without(part.functions);
        store::shrink(&mut decision.tx, &clearance).await?;
    }
    store::save(&mut decision.tx, &clearance, &Vec::from_iter(step), moment).await?;
    let inside =
        |row: &&store::ScopeRow| row.id != id && row.stage.is_clear() && lies_in(&row.scope, &part, places);
    for row in scopes.iter().filter(&inside) {
        let Some(mut smaller) = store::find(&mut decision.tx, incident, row.id).await? else { continue };
        let step = smaller.revoke(&row.scope, places)?;
        store::save(&mut decision.tx, &smaller, &Vec::from_iter(step), moment).await?;
    }
    let reopened = Clearance::new(app.clock.id(), part, clearance.gate);
    let again = std::slice::from_ref(&reopened);
    let opened = (again, places);
    store::insert(&mut decision.tx, incident, opened, (seq, moment.at, moment.account)).await?;
    for row in scopes.iter().filter(|row| row.stage < Stage::Clear && lies_in(&row.scope, &part, places)) {
        let Some(mut inside) = store::find(&mut decision.tx, incident, row.id).await? else { continue };
        let step = inside.forget_signatures();
        store::end_signatures(&mut decision.tx, row.id, moment.at).await?;
        store::save(&mut decision.tx, &inside, &Vec::from_iter(step), moment).await?;
    }
    let suspect_entries = store::entries_between(&mut decision.tx, incident, suspect_from_seq, seq).await?;
    let say = Say {
        kind: "clearance.revoked",
        subject: format!("clearance:{id}"),
        data: json!({
            "place": part.place,
            "functions": part.functions,
            "reopened": reopened.id,
            "suspect_from_seq": suspect_from_seq,
            "suspect_entries": suspect_entries,
        }),
        texts: &[("reason", reason)],
        ..Say::default()
    };
    let seq = decision.append(app, say).await?;
    let ended: Vec<ClearanceId> =
        std::iter::once(id).chain(scopes.iter().filter(&inside).map(|row| row.id)).collect();
    let reviews = reviews_of(app, decision, (incident, seq, ended), (&part, &scopes, places)).await?;
    all_clear::withdraw(app, decision, id).await?;
    for row in scopes.iter().filter(&inside) {
        all_clear::withdraw(app, decision, row.id).await?;
    }
    Ok(TakenBack { reopened, seq, suspect_from_seq, suspect_entries, reviews })
}

/// Lists what was recorded under the releases that this ends, each scope from its own release on.
async fn reviews_of(
    app: &App,
    decision: &mut Decision,
    (incident, seq, clearances): (IncidentId, i64, Vec<ClearanceId>),
    (part, scopes, places): (&Scope, &[store::ScopeRow], &Places),
) -> Result<i64, Failure> {
    let release = |row: &store::ScopeRow| {
        let (seq, at) = (row.released_seq?, row.released_at?);
        row.stage.is_clear().then_some(Release { seq, at })
    };
    let known: Vec<Known> =
        scopes.iter().map(|row| Known { scope: row.scope, released: release(row) }).collect();
    let suspect = Suspect { part: *part, known: &known, places };
    suspect::list(app, decision, suspect::TakenBack { incident, seq, clearances, suspect }).await
}

/// A part that waits for its own signatures already is not taken back once more. An open scope around the whole one,
/// from which that was parted, does not count.
fn is_not_taken_back(
    incident: IncidentId,
    scopes: &[store::ScopeRow],
    (part, whole): (&Scope, &Scope),
    places: &Places,
) -> Result<(), Refusal> {
    let waits = |row: &&store::ScopeRow| {
        !row.stage.is_clear() && lies_in(part, &row.scope, places) && lies_in(&row.scope, whole, places)
    };
    let open = scopes.iter().find(waits);
    let Some(open) = open else { return Ok(()) };
    let sentence = "This part was taken back before and is not clear again yet.";
    let link = format!("/incidents/{incident}/clearance/{}", open.id);
    Err(Refusal::new("taken-back", sentence).with_link(link))
}

fn lies_in(part: &Scope, whole: &Scope, places: &Places) -> bool {
    part.target == whole.target
        && places.contains(whole.place, part.place)
        && whole.functions.includes(part.functions)
}

/// A system went down at a site: what was released there is taken back in this decision, at that site alone.
/// Gives how many scopes that were.
///
/// # Errors
/// When the database does not answer.
pub async fn taken_back_by_outage(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    (system, site): (SystemId, FacilityId),
) -> Result<i64, Failure> {
    let places = places::lattice(&mut decision.tx).await?;
    let mut count = 0;
    for row in store::scopes(&mut decision.tx, incident).await? {
        let of_site = row.stage.is_clear() && store::reaches(&row, &places, system, site);
        if !of_site {
            continue;
        }
        let Some(clearance) = store::find(&mut decision.tx, incident, row.id).await? else { continue };
        let wider = places.contains(row.scope.place, Place::Facility(site));
        let place = if wider { Place::Facility(site) } else { row.scope.place };
        let part = Scope { place, ..row.scope };
        let known = store::scopes(&mut decision.tx, incident).await?;
        // A smaller scope may have gone with a larger one just now.
        let gone = clearance.stage == Stage::Revoked
            || is_not_taken_back(incident, &known, (&part, &clearance.scope), &places).is_err();
        if !gone {
            let what = (clearance, part, "Reported down after its release.");
            take_back(app, decision, incident, &places, what).await?;
            count += 1;
        }
    }
    Ok(count)
}

fn may_revoke(by: &By, about: &About) -> Result<(), Failure> {
    let place = about.place();
    let signs = about.clearance.gate.signers.iter().any(|key| by.actor.signs_as(key, place, &about.places));
    if signs || by.actor.can(Role::Commander, place, &about.places) {
        return Ok(());
    }
    Err(Failure::Forbidden("A commander, or one of those who sign this scope, takes it back.".into()))
}

fn part(form: &Revoke, clearance: &Clearance) -> Result<(Scope, String), FieldErrors> {
    let mut errors = FieldErrors::default();
    let reason = errors.required("reason", &form.reason, 1000, "Say why the clearance is taken back.");
    let named = functions_named(&form.functions, &mut errors);
    let functions = if named.is_empty() { clearance.scope.functions } else { named };
    let place = if form.place.is_blank() {
        Some(clearance.scope.place)
    } else {
        errors.keep("place", form.place.trimmed().parse::<Place>())
    };
    errors.into_result()?;
    let place = place.unwrap_or(clearance.scope.place);
    Ok((Scope { place, functions, ..clearance.scope }, reason.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use domain::scope::{Function, Functions, Target};

    use super::*;

    fn clearance() -> Clearance {
        let scope = Scope {
            place: Place::All,
            target: Target::System(domain::id::SystemId(sqlx::types::Uuid::nil())),
            functions: Functions::of([Function::Orders, Function::Results]),
        };
        let gate = domain::playbooks::Gate {
            key: "g".into(),
            name: "G".into(),
            systems: Vec::new(),
            functions: Functions::ALL,
            evidence: Vec::new(),
            required: Vec::new(),
            signers: vec!["cio".into()],
            quorum: 1,
            release_by: "commander".into(),
            on_last_signature: false,
            signed_valid_minutes: 60,
        };
        Clearance::new(ClearanceId(sqlx::types::Uuid::nil()), scope, gate)
    }

    #[test]
    fn an_empty_form_means_the_whole_scope_and_a_reason_is_needed() {
        let errors = part(&Revoke::default(), &clearance()).expect_err("has no reason");
        assert!(errors.at("reason").is_some());
        let form = Revoke { reason: "Formulary was damaged".into(), ..Revoke::default() };
        assert_eq!(part(&form, &clearance()).expect("is complete").0, clearance().scope);
        let form = Revoke { functions: vec!["orders".into()], ..form };
        let (scope, _) = part(&form, &clearance()).expect("is complete");
        assert_eq!(scope.functions.words(), "orders");
    }
}
