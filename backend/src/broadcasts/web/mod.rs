//! The doors of broadcasts: for those who write, send and follow them, and the public ones, to answer and to verify.

mod act;
mod audit;
mod everyone;
mod follow;
mod write;

use domain::{
    actor::Role,
    broadcasts::{
        AnswerForUnit, Answered, GiveAnswer,
        compose::{Compose, Composed},
    },
    id::{BroadcastId, IncidentId},
    view::audit::AuditView,
    view::broadcasts::{
        AnswerView, BroadcastView, BroadcastsView, ComposeView, DeliveriesView, DeliveryView, UnitView,
        VerifyView, WhoKnowsView,
    },
};

use super::{
    all_clear::SayAllClear,
    audience::Uploaded,
    decide,
    hold::{Release, Released},
    send::{Act, Ordered},
};
use crate::{
    incidents::web::incident_id,
    web::{
        problem::Problem,
        routes::{Access, Routes},
    },
};

const SENDERS: Access = Access::Roles(&[Role::Commander, Role::Communicator]);
const CALLERS: Access = Access::Roles(&[Role::Commander, Role::Communicator, Role::UnitLead]);

/// The routes of broadcasts.
pub fn routes(routes: Routes) -> Routes {
    let all = "/incidents/{incident}/broadcasts";
    let one = "/incidents/{incident}/broadcasts/{broadcast}";
    let ledger = "/incidents/{incident}/broadcasts/{broadcast}/deliveries";
    let delivery = "/incidents/{incident}/broadcasts/{broadcast}/deliveries/{delivery}";
    let unit = "/incidents/{incident}/broadcasts/{broadcast}/units/{unit}";
    let (lists, file) =
        ("/incidents/{incident}/audiences", "/incidents/{incident}/broadcasts/{broadcast}/deliveries.csv");
    let knows = "/incidents/{incident}/broadcasts/{broadcast}/who-knows";
    let calls = "/incidents/{incident}/broadcasts/{broadcast}/call-list";
    let order = "/incidents/{incident}/broadcasts/{broadcast}/send";
    let approve = "/incidents/{incident}/broadcasts/{broadcast}/approve";
    let discard = "/incidents/{incident}/broadcasts/{broadcast}/discard";
    let doubts = "/incidents/{incident}/broadcasts/{broadcast}/doubts";
    let new = "/incidents/{incident}/broadcasts/new";
    everywhere(routes)
        .page::<BroadcastsView, _>(all, Access::VIEWERS, "All broadcasts of an incident", write::list)
        .page::<ComposeView, _>(new, SENDERS, "The composer", write::show_composer)
        .command::<Compose, Composed, _>(all, SENDERS, "Compose a broadcast", write::compose_one)
        .command::<SayAllClear, Composed, _>(
            "/incidents/{incident}/broadcasts/all-clear",
            SENDERS,
            "Compose an all clear from its signed record",
            write::say_all_clear,
        )
        .page::<BroadcastView, _>(one, Access::VIEWERS, "One broadcast", act::show)
        .command::<Act, Ordered, _>(order, SENDERS, "Send a broadcast", act::order_one)
        .command::<Act, Ordered, _>(approve, SENDERS, "Give a broadcast its second look", act::approve_one)
        .command::<Act, Ordered, _>(discard, SENDERS, "Take a draft away", act::discard_one)
        .page::<WhoKnowsView, _>(knows, Access::VIEWERS, "Who knows, by unit", follow::who_knows)
        .page::<WhoKnowsView, _>(
            calls,
            Access::VIEWERS,
            "The units to be called, to print",
            follow::call_list,
        )
        .page::<UnitView, _>(unit, CALLERS, "The people of a unit", follow::show_unit)
        .command::<AnswerForUnit, Answered, _>(
            unit,
            CALLERS,
            "Answer on behalf of people of a unit",
            follow::answer_unit,
        )
        .page::<DeliveriesView, _>(ledger, SENDERS, "The deliveries, by address", follow::show_ledger)
        .file(file, SENDERS, "text/csv", "The deliveries as a file", follow::ledger_file)
        .page::<DeliveryView, _>(delivery, SENDERS, "One delivery with its message", follow::show_delivery)
        .command::<decide::Doubts, decide::Decided, _>(
            doubts,
            SENDERS,
            "Decide about deliveries in doubt",
            act::decide_doubts,
        )
        .upload::<Uploaded, _>(
            lists,
            SENDERS,
            "Give a list of people as a file",
            64 * 1024 * 1024,
            write::upload,
        )
}

/// What belongs to no incident: sending as a whole, and the doors for everyone.
fn everywhere(routes: Routes) -> Routes {
    routes
        .command::<Release, Released, _>(
            "/sending/release",
            SENDERS,
            "Decide about messages that are held",
            act::release,
        )
        .command::<decide::TryGateway, decide::Decided, _>(
            "/sending/gateways",
            SENDERS,
            "Try a resting gateway now",
            act::resume,
        )
        .page::<AuditView, _>(
            "/sending/audit",
            Access::VIEWERS,
            "Whether every message is accounted for, and what is not",
            audit::show,
        )
        .file(
            "/health/sending",
            Access::Public,
            "application/json",
            "For monitors: 200 while every message is accounted for, 503 with the count of findings when not",
            audit::health,
        )
        .page::<AnswerView, _>(
            "/a/{token}",
            Access::Public,
            "What an answer link shows",
            everyone::show_answer,
        )
        .command::<GiveAnswer, Answered, _>(
            "/a/{token}",
            Access::Public,
            "Answer a broadcast",
            everyone::give_answer,
        )
        .page::<VerifyView, _>("/verify", Access::Public, "Check a code", everyone::show_verify)
        .command::<everyone::Verify, VerifyView, _>(
            "/verify",
            Access::Public,
            "Check a code",
            everyone::verify,
        )
}

fn broadcast_id(text: &str) -> Result<BroadcastId, Problem> {
    text.parse().map_err(|_| Problem::not_found("broadcast"))
}

fn ids(incident: &str, broadcast: &str) -> Result<(IncidentId, BroadcastId), Problem> {
    Ok((incident_id(incident)?, broadcast_id(broadcast)?))
}

fn path(incident: IncidentId, broadcast: BroadcastId) -> String {
    format!("/incidents/{incident}/broadcasts/{broadcast}")
}
