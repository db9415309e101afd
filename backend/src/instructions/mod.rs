//! Standing orders: issuing, approving, lifting, and what holds where.

mod change;
mod issue;
pub mod matrix;
pub mod picture;
mod standing;
pub mod store;
pub mod web;

use domain::{
    Refusal,
    actor::Role,
    clearance::Stage,
    id::IncidentId,
    instructions::{Order, State, Whom, Word},
    scope::Place,
};

use self::store::{Move, OrderRow};
pub use self::{
    change::{approve, lift},
    issue::issue,
    picture::{Picture, picture},
    standing::{Beginning, issue_from_playbook},
};
use crate::{
    clearance,
    failure::Failure,
    incidents,
    store::{
        Error, Tx,
        journal::{By, Decision},
    },
};

/// An incident whose orders count.
async fn open_incident(tx: &mut Tx, incident: IncidentId) -> Result<incidents::store::IncidentRow, Failure> {
    let row = incidents::store::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    Ok(row)
}

fn may_order(by: &By, place: Place, picture: &Picture) -> Result<(), Failure> {
    if by.actor.can(Role::Commander, place, &picture.places) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may give orders only for the sites you command.".into()))
}

/// Everyone's plain use of a scope that is not clear comes from its sign-off, never from an order; named pilots
/// may use it once it is restored.
async fn permits_only_what_is_clear(
    tx: &mut Tx,
    incident: IncidentId,
    order: &Order,
    picture: &Picture,
) -> Result<(), Failure> {
    let permitted = match order.word {
        Word::Use => order.scope.functions,
        Word::UseOnlyFor => order.only_for,
        _ => return Ok(()),
    };
    let least = if order.whom == Whom::Everyone { Stage::Clear } else { Stage::Restored };
    for held in clearance::store::scopes(tx, incident).await? {
        let meets = picture.meet(&held.scope, &order.scope) && held.scope.functions.meets(permitted);
        if meets && held.stage < least {
            let name = picture.scope_name(&held.scope);
            let sentence = match least {
                Stage::Clear => format!("{name} is not clear: everyone's use comes from its sign-off."),
                _ => format!("{name} is not restored yet, so nobody can try it."),
            };
            let link = format!("/incidents/{incident}/clearance/{}", held.id);
            return Err(Refusal::new("not-clear", sentence).with_link(link).into());
        }
    }
    Ok(())
}

async fn supersede(decision: &mut Decision, old: &OrderRow) -> Result<(), Error> {
    let change = Move {
        to: State::Superseded,
        seq: decision.next_seq(),
        at: decision.at,
        account: decision.account,
        approves: false,
    };
    store::set_state(&mut decision.tx, old, &change).await
}
