//! Issuing an order: for whom and where, what it replaces, and what of it waits for a second person.

use domain::{
    Refusal,
    field::FieldErrors,
    id::{AccountId, IncidentId, InstructionId},
    instructions::{Issue, Issued, Order, State, TargetWord, Whom, WhomWord, World},
    lexicon,
    scope::{Scope, Target},
};
use serde_json::json;

use super::{
    Picture, may_order, open_incident, permits_only_what_is_clear, picture,
    store::{self, OrderRow},
    supersede,
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// Issues an order. It holds at once, unless it is for named people only; a text that names a forbidden system is
/// withheld until a second person has read it, so that the order itself does not wait for words.
///
/// # Errors
/// What is wrong by field; a refusal where it would permit what only a sign-off permits.
pub async fn issue(app: App, by: By, (incident, form): (IncidentId, Issue)) -> Result<Issued, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let wanted = form.read()?;
    let row = open_incident(&mut decision.tx, incident).await?;
    let picture = picture(&mut decision.tx).await?;
    may_order(&by, wanted.place, &picture)?;
    let target = target(&wanted.target, &picture)?;
    let scope = Scope { place: wanted.place, target, functions: wanted.functions };
    let replaced = replaced(&mut decision.tx, &by, incident, wanted.supersedes, &picture).await?;
    let world = if row.exercise { World::Exercise(incident) } else { World::Real };
    let named = lexicon::forbidden_systems_named(
        &format!("{}\n{}", wanted.instead, wanted.condition),
        &picture.forbidden_systems(world, &[wanted.place]),
    );
    let whom = whom(&mut decision.tx, &wanted.whom).await?;
    let state = if whom == Whom::Everyone { State::InForce } else { State::Waiting };
    let order = OrderRow {
        order: Order {
            id: app.clock.id(),
            scope,
            word: wanted.word,
            only_for: wanted.only_for,
            whom,
            condition: wanted.condition.clone(),
            text: wanted.instead.clone(),
            since: decision.at,
            age: decision.seq,
            keeps: wanted.keeps.clone(),
        },
        incident,
        short: wanted.short.clone(),
        state,
        text_waits: !named.is_empty(),
        issued_by: by.actor.account,
        approved_by: None,
        supersedes: wanted.supersedes,
    };
    permits_only_what_is_clear(&mut decision.tx, incident, &order.order, &picture).await?;
    let suspends = picture.suspended_by(world, &order.order);
    if order.state == State::InForce
        && let Some(replaced) = replaced
    {
        supersede(&mut decision, &replaced).await?;
    }
    store::insert(&mut decision.tx, &order).await?;
    say_issued(&app, &mut decision, &order).await?;
    let mut waits_for: Vec<String> = named
        .iter()
        .map(|named| format!("The text says {:?}, and there holds: {}.", named.found.quoted, named.order))
        .collect();
    if order.state == State::Waiting {
        waits_for.push("An order for named people is approved by a second person.".into());
    }
    let outcome =
        Issued { instruction: order.order.id, seq: order.order.age, state: order.state, waits_for, suspends };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn whom(tx: &mut Tx, word: &WhomWord) -> Result<Whom, Failure> {
    let named = match word {
        WhomWord::Everyone => return Ok(Whom::Everyone),
        WhomWord::Position(position) => return Ok(Whom::Position(position.clone())),
        WhomWord::Pilots(named) => named,
    };
    let mut pilots = std::collections::BTreeSet::new();
    for name in named {
        let by_id = match name.parse::<AccountId>() {
            Ok(id) => accounts::name(tx, id).await?.map(|_| id),
            Err(_) => accounts::by_login(tx, name).await?.map(|row| AccountId(row.id)),
        };
        let unknown = || FieldErrors::one("pilots", format!("There is no account {name:?}."));
        pilots.insert(by_id.ok_or_else(unknown)?);
    }
    Ok(Whom::Pilots(pilots))
}

/// The order that a new one is to replace, which needs the right to order at its place too.
async fn replaced(
    tx: &mut Tx,
    by: &By,
    incident: IncidentId,
    id: Option<InstructionId>,
    picture: &Picture,
) -> Result<Option<OrderRow>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let old = store::find(tx, incident, id).await?.ok_or(Failure::NotFound("instruction"))?;
    may_order(by, old.order.scope.place, picture)?;
    if old.state != State::InForce {
        return Err(Refusal::new("not-in-force", "The order to replace is no longer in force.").into());
    }
    Ok(Some(old))
}

fn target(word: &TargetWord, picture: &Picture) -> Result<Target, FieldErrors> {
    match word {
        TargetWord::Kind(kind) => Ok(Target::Kind(*kind)),
        TargetWord::System(text) => picture
            .systems
            .iter()
            .find(|system| system.code == *text || system.id.to_string() == *text)
            .map(|system| Target::System(system.id))
            .ok_or_else(|| FieldErrors::one("system", format!("There is no system {text:?}."))),
    }
}

async fn say_issued(app: &App, decision: &mut Decision, row: &OrderRow) -> Result<i64, Error> {
    let order = &row.order;
    let say = Say {
        kind: "instruction.issued",
        subject: format!("instruction:{}", order.id),
        data: json!({
            "place": order.scope.place,
            "target": order.scope.target,
            "functions": order.scope.functions,
            "word": order.word.code(),
            "only_for": order.only_for,
            "whom": match &order.whom {
                Whom::Everyone => "everyone",
                Whom::Pilots(_) => "pilots",
                Whom::Position(_) => "position",
                Whom::Wave(_) => "wave",
            },
            "state": row.state.code(),
            "text_waits": row.text_waits,
            "keeps": order.keeps.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "supersedes": row.supersedes,
        }),
        texts: &[("instead", &order.text), ("condition", &order.condition)],
        ..Say::default()
    };
    decision.append(app, say).await
}
