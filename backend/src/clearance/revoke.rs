//! Taking a clearance back, in whole or part, with the window whose records are suspect (rule 2).

use domain::{
    actor::Role,
    clearance::{Clearance, Revoke, Revoked, Stage},
    field::{FieldErrors, Text},
    id::{ClearanceId, IncidentId},
    instructions::{Order, State, Whom, Word, World},
    scope::{Function, Functions, Place, Scope, Target},
};
use serde_json::json;

use super::{About, about, effects, store, store::Moment};
use crate::{
    app::App,
    begin,
    broadcasts::all_clear,
    failure::Failure,
    instructions::{picture, store as orders, store::OrderRow},
    store::journal::{By, Chain, Decision, Say},
};

/// Takes a release back. What was ordered before holds again there; where nothing was, or only a permission, the
/// revocation orders DO NOT LOG IN itself, for a revoked scope must never read USE.
///
/// # Errors
/// Refused without a reason, for a part outside the scope, and unless it is clear.
pub async fn revoke(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, ClearanceId, Revoke),
) -> Result<Revoked, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut about = about(&mut decision, incident, id).await?;
    may_revoke(&by, &about)?;
    let (part, reason) = part(&form, &about.clearance)?;
    let released_seq = store::scopes(&mut decision.tx, incident).await?;
    let released_seq =
        released_seq.iter().find(|row| row.id == id).and_then(|row| row.released_seq).unwrap_or(0);
    let step = about.clearance.revoke(&part, &about.places)?;
    let moment = Moment { seq: decision.seq, at: decision.at, account: decision.account };
    store::insert_revocation(&mut decision.tx, incident, id, (&part, &reason), moment).await?;
    if part.place == about.clearance.scope.place && step.to != Stage::Revoked {
        about.clearance.scope.functions = about.clearance.scope.functions.without(part.functions);
        store::shrink(&mut decision.tx, &about.clearance).await?;
    }
    store::save(&mut decision.tx, &about.clearance, &[step], moment).await?;
    let reopened = Clearance::new(app.clock.id(), part, about.clearance.gate.clone());
    let again = std::slice::from_ref(&reopened);
    store::insert(&mut decision.tx, incident, again, (moment.seq, moment.at, moment.account)).await?;
    let suspect_entries =
        store::entries_between(&mut decision.tx, incident, released_seq, decision.seq).await?;
    let say = Say {
        kind: "clearance.revoked",
        subject: format!("clearance:{id}"),
        data: json!({
            "place": part.place,
            "functions": part.functions,
            "reopened": reopened.id,
            "suspect_from_seq": released_seq,
            "suspect_entries": suspect_entries,
        }),
        texts: &[("reason", &reason)],
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    all_clear::withdraw(&app, &mut decision, id).await?;
    let mut stepped = reopened.clone();
    stepped.stage = Stage::Revoked;
    effects::of_steps(&app, &mut decision, &about.incident, &stepped, &about.places).await?;
    let holds_now = forbid_if_nothing_does(&app, &mut decision, &about, part).await?;
    let outcome = Revoked {
        clearance: id,
        reopened: reopened.id,
        seq,
        suspect_from_seq: released_seq,
        suspect_entries,
        holds_now,
    };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
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
    let named: Vec<&str> = form.functions.iter().map(Text::trimmed).filter(|text| !text.is_empty()).collect();
    let functions = if named.is_empty() {
        clearance.scope.functions
    } else {
        Functions::of(named.into_iter().filter_map(|code| {
            let function = Function::from_code(code);
            if function.is_none() {
                errors.add("functions", format!("{code:?} is not a function."));
            }
            function
        }))
    };
    let place = if form.place.is_blank() {
        Some(clearance.scope.place)
    } else {
        errors.keep("place", form.place.trimmed().parse::<Place>())
    };
    errors.into_result()?;
    let place = place.unwrap_or(clearance.scope.place);
    Ok((Scope { place, functions, ..clearance.scope }, reason.unwrap_or_default()))
}

/// The words that hold at the revoked part, after a prohibition was made sure of.
async fn forbid_if_nothing_does(
    app: &App,
    decision: &mut Decision,
    about: &About,
    part: Scope,
) -> Result<String, Failure> {
    let incident = about.incident.id;
    let world = if about.incident.exercise { World::Exercise(incident) } else { World::Real };
    let Target::System(system) = part.target else { return Ok(String::new()) };
    let seen = picture(&mut decision.tx).await?;
    let Some(system) = seen.systems.iter().find(|each| each.id == system).cloned() else {
        return Ok(String::new());
    };
    let now = seen.verdict(world, part.place, &system);
    if now.prohibited.includes(part.functions.common(system.functions)) {
        return Ok(now.words());
    }
    let row = OrderRow {
        order: Order {
            id: app.clock.id(),
            scope: part,
            word: Word::DoNotLogIn,
            only_for: Functions::NONE,
            whom: Whom::Everyone,
            condition: String::new(),
            text: String::new(),
            since: decision.at,
            age: decision.seq + 1,
            keeps: std::collections::BTreeSet::new(),
        },
        incident,
        short: String::new(),
        state: State::InForce,
        text_waits: false,
        issued_by: decision.account,
        approved_by: None,
    };
    let say = Say {
        kind: "instruction.issued_by_revocation",
        subject: format!("instruction:{}", row.order.id),
        data: json!({ "word": row.order.word.code() }),
        ..Say::default()
    };
    let age = decision.append(app, say).await?;
    let row = OrderRow { order: Order { age, ..row.order }, ..row };
    orders::insert(&mut decision.tx, &row).await?;
    let after = picture(&mut decision.tx).await?;
    Ok(after.verdict(world, part.place, &system).words())
}

#[cfg(test)]
mod tests {
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
