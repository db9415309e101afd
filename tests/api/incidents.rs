//! Declaring: what S1 counts, what is refused and why, and that nothing typed is lost.

use acceptance::both_databases;
use domain::actor::Role;
use serde_json::json;

/// S1's declaration at 02:05, of things that began at 00:40.
fn night() -> serde_json::Value {
    json!({
        "name": "Endpoint outage", "level": 3, "cause": "Vendor update, not a cyberattack",
        "started_at": "2024-07-19 00:40", "basis": "Help desk, then two wards", "places": ["all"],
        "systems": ["epic:down", "epic-read-only:operational", "workstations:degraded", "email-phones:operational"]
    })
}

both_databases! {
    async fn s1_takes_85_minutes_from_the_first_report_to_the_declaration(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let declared = commander.does("/incidents", night()).await;
        assert_eq!(declared["minutes_to_declare"], 85);
    }

    async fn a_second_declaration_of_the_same_scope_is_refused_with_a_link_to_the_first(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let first = commander.does("/incidents", night()).await;
        let refused = commander.is_refused("/incidents", night(), 422).await;
        assert_eq!(refused["type"], "already-declared");
        assert_eq!(refused["link"], format!("/incidents/{}", first["incident"].as_str().expect("is a text")));
    }

    async fn an_exercise_beside_the_real_downtime_is_another_scope(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        commander.does("/incidents", night()).await;
        let mut exercise = night();
        exercise["kind"] = json!("exercise");
        commander.does("/incidents", exercise).await;
    }

    async fn a_site_of_a_wider_scope_may_differ_from_the_others(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let mut form = night();
        form["systems"] = json!(["epic:operational@cape", "epic:down"]);
        let declared = commander.does("/incidents", form).await;
        let board = commander.reads(&format!("/incidents/{}", declared["incident"].as_str().expect("is a text"))).await;
        assert_eq!(board["title"], "Epic is down at 11 of 12 sites.");
        let cape = board["sites"].as_array().expect("is a list").iter().position(|site| {
            site["id"] == harbor.facility("cape").to_string()
        });
        let cell = &board["rows"][0]["cells"][cape.expect("is there")];
        assert_eq!(cell["status"], "operational");
    }

    async fn a_commander_of_one_site_cannot_declare_for_all(world: World) {
        let harbor = world.harbor().await;
        let place = domain::scope::Place::Facility(harbor.facility("cape"));
        let grant = domain::actor::Grant { role: Role::Commander, place, signs_as: String::new() };
        let (_, commander) = world.program_with(&[grant]).await;
        commander.is_refused("/incidents", night(), 403).await;
        let mut own = night();
        own["places"] = json!([place.to_string()]);
        commander.does("/incidents", own).await;
    }

    async fn each_wrong_field_is_said_at_its_field(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "started_at": "2031-01-01 00:00", "places": ["ward 4"], "systems": ["epic:broken", "pagers:down"],
            "kind": "drill", "next_update_minutes": "soon"
        });
        let refused = commander.is_refused("/incidents", form, 422).await;
        let fields: Vec<&str> =
            refused["errors"].as_object().expect("is an object").keys().map(String::as_str).collect();
        assert_eq!(fields, ["basis", "kind", "name", "next_update_minutes", "places", "started_at", "systems"]);
    }

    async fn a_system_that_nobody_knows_is_named(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let mut form = night();
        form["systems"] = json!(["pagers:down"]);
        let refused = commander.is_refused("/incidents", form, 422).await;
        assert!(refused["errors"]["systems"][0].as_str().expect("is a text").contains("\"pagers\""), "{refused}");
    }

    async fn a_double_click_declares_once(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let mut form = night();
        form["request_id"] = json!("01900000-0000-7000-8000-000000000001");
        let first = commander.does("/incidents", &form).await;
        assert_eq!(commander.does("/incidents", &form).await, first);
    }

    async fn what_was_typed_stays_in_a_refused_form(world: World) {
        world.harbor().await;
        let mut commander = world.person(&[Role::Commander]).await;
        let page = commander.opens("/incidents/declare").await;
        let form = page.form("Declare downtime").types("Name of this downtime", "Night of <b>the</b> crash");
        let refused = commander.is_refused(&form, "Declare downtime").await;
        assert!(refused.error_at("basis").is_some());
        assert!(refused.source().contains("Night of &lt;b&gt;the&lt;/b&gt; crash"), "{}", refused.source());
    }

    async fn a_reported_status_changes_the_board_and_only_where_it_was_another(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = commander.does("/incidents", night()).await["incident"].as_str().expect("is a text").to_owned();
        let path = format!("/incidents/{incident}/statuses");
        let report = json!({ "system": "epic", "status": "restoring", "sites": ["cape", "islands"] });
        assert_eq!(commander.does(&path, &report).await["changed"], 2);
        assert_eq!(commander.does(&path, &report).await["changed"], 0);
        let board = commander.reads(&format!("/incidents/{incident}")).await;
        assert_eq!(board["title"], "Epic is down at 10 of 12 sites.");
        let elsewhere = json!({ "system": "epic", "status": "down", "sites": ["atlantis"] });
        commander.is_refused(&path, elsewhere, 422).await;
        commander.is_refused(&path, json!({ "system": "laboratory", "status": "down" }), 422).await;
    }

    async fn a_promised_update_turns_late_when_its_time_has_come(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = commander.does("/incidents", night()).await["incident"].as_str().expect("is a text").to_owned();
        commander.does(&format!("/incidents/{incident}/next-update"), json!({ "minutes": 20 })).await;
        let mut person = world.person(&[Role::Viewer]).await;
        assert!(person.opens(&format!("/incidents/{incident}")).await.says("in 20:00"));
        world.minutes_pass(25);
        assert!(person.opens(&format!("/incidents/{incident}")).await.says("05:00 late"));
    }
}
