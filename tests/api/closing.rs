//! Closing: what is in the way and who may let it stand, who closes, and that nothing comes after the end.

use acceptance::{Program, World, both_databases};
use backend::{
    fetch_one,
    store::{
        facts::{Apply, Noted},
        journal,
    },
};
use domain::{
    actor::{Grant, Role},
    id::IncidentId,
    scope::Place,
};
use serde_json::{Value, json};

use crate::{
    clearance::{Night, laboratory},
    forms,
};

fn id_of(incident: &str) -> IncidentId {
    incident.rsplit('/').next().expect("is a path").parse().expect("is an id")
}

/// Notes one fact about an incident, as an answer or a scan does.
async fn note(world: &World, incident: &str) -> Result<Value, String> {
    let apply: Apply = Box::new(|_, _| {
        let noted = Noted {
            kind: "test.counted",
            subject: "number:1".into(),
            data: json!({ "number": 1 }),
            reply: json!(1),
        };
        Box::pin(async move { Ok(Ok(noted)) })
    });
    world.app.facts.note(id_of(incident), apply).await.map_err(|failure| failure.to_string())
}

const UNFOLDED: &str = "
    SELECT COUNT(*)
    FROM chain
    WHERE kind = 'facts' AND seq > folded_seq";

const MISSING: &str = "
    SELECT id
    FROM form
    WHERE state = 'missing'";

/// One sheet of the downtime is missing: its id.
async fn one_missing(world: &World, night: &forms::Night) -> String {
    night.hands_out_forty().await;
    night.counts(json!({ "used": "1001-1039", "whole": true })).await;
    let mut tx = world.app.db.read().await.expect("can be read");
    fetch_one!(tx, (sqlx::types::Uuid,), MISSING).expect("one is missing").0.to_string()
}

async fn everywhere(world: &World, role: Role) -> Program {
    world.program(&[role]).await
}

both_databases! {
    async fn an_incident_does_not_close_while_a_scope_is_not_clear(world: World) {
        let night = Night::falls(world).await;
        let close = format!("{}/close", night.incident);
        let basis = json!({ "basis": "All is done" });
        let refused = night.commander.is_refused(&close, basis.clone(), 422).await;
        assert_eq!(refused["type"], "blocked");
        assert!(refused["title"].as_str().is_some_and(|said| said.contains("1 scope is not clear")), "{refused}");
        let waiver = json!({ "kind": "scope_not_clear", "item": night.scope.rsplit('/').next(), "role": "commander", "reason": "late" });
        let refused = night.commander.is_refused(&format!("{}/waivers", night.incident), waiver, 422).await;
        assert_eq!(refused["type"], "cannot-be-waived");
        night.released().await;
        night.commander.does(&close, basis).await;
        assert_eq!(laboratory(world, "cape").await, "nothing", "a closed incident orders nothing");
    }


    /// What came before the end is in the incident's own log, and nothing comes after it.
    async fn closing_takes_what_was_noted_into_the_log_and_then_nothing_more(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        assert_eq!(note(world, &night.incident).await, Ok(json!(1)));
        night.commander.does(&format!("{}/close", night.incident), json!({ "basis": "All is done" })).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let log = journal::rows(&mut tx, id_of(&night.incident).0, 0, 1_000).await.expect("can be read");
        let last: Vec<&str> = log.iter().rev().take(2).map(|row| row.kind.as_str()).collect();
        assert_eq!(last, ["incident.closed", "facts.folded"]);
        drop(tx);
        let refused = note(world, &night.incident).await.expect_err("has ended");
        assert!(refused.contains("has ended"), "{refused}");
        let mut tx = world.app.db.read().await.expect("can be read");
        assert_eq!(fetch_one!(tx, (i64,), UNFOLDED).expect("can be counted").0, 0);
    }

    /// Whoever had the incident handed to them and no longer commands its sites does not end it.
    async fn closing_and_releasing_need_command_of_every_place(world: World) {
        let night = Night::falls(world).await;
        let general = Place::Facility(night.harbor.facility("general"));
        let grant = Grant { role: Role::Commander, place: general, signs_as: String::new() };
        let (elsewhere, program) = world.program_with(&[grant]).await;
        night.signed().await;
        let mut tx = world.app.db.write().await.expect("can be written");
        let incident = id_of(&night.incident).0;
        backend::execute!(tx, "UPDATE incident SET commander = $1 WHERE id = $2", elsewhere.account.0, incident)
            .expect("can be written");
        tx.commit().await.expect("can be written");
        program.is_refused(&format!("{}/release", night.scope), json!({}), 403).await;
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        program.is_refused(&format!("{}/close", night.incident), json!({ "basis": "Done" }), 403).await;
    }

    /// Whoever wants to close goes from each line straight to what it is about.
    async fn each_thing_in_the_way_leads_to_its_own_page(world: World) {
        let reader = everywhere(world, Role::Commander).await;
        let night = forms::Night::begins(world).await;
        one_missing(world, &night).await;
        let incident = format!("/incidents/{}", night.incident);
        let mut kinds = std::collections::BTreeSet::new();
        let close = reader.reads(&format!("{incident}/close")).await;
        for part in close["blockers"].as_array().expect("is a list") {
            for item in part["items"].as_array().expect("is a list").iter().take(3) {
                let path = item["path"].as_str().expect("is a text");
                assert!(path.starts_with(&incident), "{item}");
                reader.reads(path).await;
                kinds.insert(part["kind"].as_str().expect("is a text").to_owned());
            }
        }
        for kind in ["scope_not_clear", "form_missing", "form_not_at_its_end"] {
            assert!(kinds.contains(kind), "{kind}: {kinds:?}");
        }
    }

    async fn only_who_answers_for_it_may_waive_it(world: World) {
        let night = forms::Night::begins(world).await;
        let item = one_missing(world, &night).await;
        let path = format!("/incidents/{}/waivers", night.incident);
        let waiver = |role: Role| json!({
            "kind": "form_missing", "item": item, "role": role.code(), "reason": "Burnt in the depot"
        });
        everywhere(world, Role::Viewer).await.is_refused(&path, waiver(Role::Viewer), 403).await;
        let manager = world.program(&[Role::CaseManager]).await;
        assert_eq!(manager.is_refused(&path, waiver(Role::CaseManager), 422).await["type"], "not-yours-to-waive");
        let both = world.program(&[Role::Commander, Role::Viewer]).await;
        assert_eq!(both.is_refused(&path, waiver(Role::Viewer), 422).await["type"], "not-yours-to-waive");
        let asked = night.clerk.does(&path, waiver(Role::FormsClerk)).await;
        assert_eq!(asked["in_effect"], false);
        assert_eq!(both.does(&path, waiver(Role::Commander)).await["in_effect"], true);
    }

    async fn a_waiver_names_something_that_is_in_the_way_and_somebody_who_exists(world: World) {
        let night = forms::Night::begins(world).await;
        let item = one_missing(world, &night).await;
        let path = format!("/incidents/{}/waivers", night.incident);
        let commander = everywhere(world, Role::Commander).await;
        let nothing = "01900000-0000-7000-8000-000000000000";
        let waiver = |kind: &str, item: &str| json!({
            "kind": kind, "item": item, "role": "commander", "reason": "Burnt in the depot"
        });
        for (kind, item) in [("form_missing", nothing), ("form_not_at_its_end", item.as_str()), ("case_open", item.as_str())] {
            let mut form = waiver(kind, item);
            if kind == "case_open" {
                form["owner"] = json!(world.account(&[]).await.account);
            }
            assert!(commander.is_refused(&path, form, 422).await["errors"]["item"].is_array(), "{kind}");
        }
        let mut form = waiver("form_missing", &item);
        form["owner"] = json!(nothing);
        assert!(commander.is_refused(&path, form, 422).await["errors"]["owner"].is_array());
    }
}
