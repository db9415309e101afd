//! Orders through the JSON door: what holds where, who may order, and what waits for a second person.

use acceptance::{Program, World, both_databases};
use domain::actor::Role;
use serde_json::{Value, json};

/// Epic is down at every site but Rehab, declared from nothing; gives the incident's path.
async fn declared(commander: &Program) -> String {
    let declared = commander
        .does(
            "/incidents",
            json!({
                "name": "Endpoint outage", "basis": "Help desk", "places": ["all"], "started_at": "2024-07-19 00:40",
                "systems": ["epic:down", "epic:operational@rehab", "workstations:degraded", "email-phones:operational"]
            }),
        )
        .await;
    format!("/incidents/{}", declared["incident"].as_str().expect("is a text"))
}

fn order(system: &str, word: &str, place: &str) -> Value {
    json!({ "system": system, "word": word, "place": place })
}

async fn status(world: &World, site: &str) -> Value {
    world.unknown_program().reads(&format!("/status/{site}")).await
}

/// The lines of a system's verdict on a site's public page.
fn lines(status: &Value, system: &str) -> String {
    let verdicts = status["verdicts"].as_array().expect("is a list");
    let found = verdicts
        .iter()
        .find(|verdict| verdict["system"].as_str().is_some_and(|name| name.starts_with(system)));
    let found = found.unwrap_or_else(|| panic!("{system} is not in {status}"));
    found["lines"]
        .as_array()
        .expect("is a list")
        .iter()
        .map(|line| line.as_str().expect("is a text"))
        .collect::<Vec<_>>()
        .join(". ")
}

both_databases! {
    async fn a_site_page_shows_what_holds_there_and_nothing_of_another_site(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        commander.does(&orders, order("epic", "do_not_log_in", "all")).await;
        let cape = format!("facility:{}", harbor.facility("cape"));
        let mut kept_for_cape = order("epic", "read_only", &cape);
        kept_for_cape["instead"] = json!("Ask the desk at the lighthouse door.");
        let issued = commander.does(&orders, kept_for_cape).await;
        assert_eq!(issued["state"], "in_force");
        assert_eq!(lines(&status(world, "cape").await, "Epic production"), "READ ONLY");
        let general = status(world, "general").await;
        assert_eq!(lines(&general, "Epic production"), "DO NOT LOG IN");
        assert!(!general.to_string().contains("lighthouse"), "{general}");
        assert_eq!(lines(&general, "E-mail and phones"), "NO ORDER");
    }

    async fn a_text_that_names_a_forbidden_system_is_withheld_until_a_second_person_has_read_it(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        commander.does(&orders, order("epic", "do_not_log_in", "all")).await;
        let mut other = order("epic-read-only", "read_only", "all");
        other["instead"] = json!("Hyperspace is back, log in there.");
        let issued = commander.does(&orders, other).await;
        assert_eq!(issued["state"], "in_force", "the order itself does not wait");
        assert!(issued["waits_for"][0].as_str().is_some_and(|why| why.contains("Hyperspace")), "{issued}");
        assert!(!status(world, "general").await.to_string().contains("Hyperspace"));
        let approve = format!("{orders}/{}/approve", issued["instruction"].as_str().expect("is a text"));
        assert_eq!(commander.is_refused(&approve, json!({}), 422).await["type"], "one-person");
        world.program(&[Role::Communicator]).await.does(&approve, json!({})).await;
        assert!(status(world, "general").await.to_string().contains("Hyperspace"));
    }

    async fn a_disguised_all_clear_is_refused_and_quoted(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let mut claims = order("email-phones", "use", "all");
        claims["instead"] = json!("A11-C1ear for phones");
        let refused = commander.is_refused(&format!("{incident}/instructions"), claims, 422).await;
        assert!(refused["errors"]["instead"][0].as_str().is_some_and(|said| said.contains("A11-C1ear")), "{refused}");
    }

    async fn everyones_use_of_a_scope_that_is_not_clear_is_refused_with_a_link_to_its_sign_off(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        let refused = commander.is_refused(&orders, order("epic", "use", "all"), 422).await;
        assert_eq!(refused["type"], "not-clear");
        assert!(refused["link"].as_str().is_some_and(|link| link.contains("/clearance/")), "{refused}");
        let rehab = format!("facility:{}", harbor.facility("rehab"));
        commander.does(&orders, order("epic", "use", &rehab)).await;
        assert_eq!(lines(&status(world, "rehab").await, "Epic production"), "USE");
    }

    async fn a_wider_stricter_order_suspends_a_narrower_one_unless_it_is_kept_by_name(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        let cape = format!("facility:{}", harbor.facility("cape"));
        let narrow = commander.does(&orders, order("workstations", "restart_once", &cape)).await;
        let wide = commander.does(&orders, order("workstations", "leave_off", "all")).await;
        assert_eq!(wide["suspends"].as_array().map(Vec::len), Some(1), "{wide}");
        assert_eq!(lines(&status(world, "cape").await, "Windows computers"), "LEAVE OFF");
        let mut keeping = order("workstations", "do_not_connect", "all");
        keeping["supersedes"] = wide["instruction"].clone();
        keeping["keeps"] = json!([format!("instruction:{}", narrow["instruction"].as_str().expect("is a text"))]);
        commander.does(&orders, keeping).await;
        assert_eq!(lines(&status(world, "cape").await, "Windows computers"), "RESTART ONCE");
        assert_eq!(lines(&status(world, "general").await, "Windows computers"), "DO NOT CONNECT");
    }

    async fn a_lifted_order_leaves_no_order_and_never_use(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        let issued = commander.does(&orders, order("epic", "do_not_log_in", "all")).await;
        let lift = format!("{orders}/{}/lift", issued["instruction"].as_str().expect("is a text"));
        let refused = commander.is_refused(&lift, json!({}), 422).await;
        assert!(refused["errors"]["reason"].is_array(), "{refused}");
        commander.does(&lift, json!({ "reason": "Ordered for the wrong system" })).await;
        assert_eq!(lines(&status(world, "general").await, "Epic production"), "NO ORDER");
        assert_eq!(commander.is_refused(&lift, json!({ "reason": "again" }), 422).await["type"], "ended");
    }

    async fn an_exercise_orders_nothing_on_a_public_page(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let drill = commander
            .does(
                "/incidents",
                json!({ "name": "Drill", "kind": "exercise", "basis": "Drill", "places": ["all"], "systems": ["epic:down"] }),
            )
            .await;
        let incident = format!("/incidents/{}", drill["incident"].as_str().expect("is a text"));
        commander.does(&format!("{incident}/instructions"), order("epic", "do_not_log_in", "all")).await;
        let general = status(world, "general").await;
        assert_eq!(general["downtime"], false);
        assert_eq!(general["verdicts"], json!([]));
        let drill = commander.reads(&format!("{incident}/instructions")).await;
        assert_eq!(drill["matrix"]["rows"][0]["order"]["words"], "DO NOT LOG IN");
    }

    async fn only_a_commander_of_the_place_orders_there(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let cape = domain::scope::Place::Facility(harbor.facility("cape"));
        let grant = domain::actor::Grant { role: Role::Commander, place: cape, signs_as: String::new() };
        let (_, of_cape) = world.program_with(&[grant]).await;
        let orders = format!("{incident}/instructions");
        of_cape.is_refused(&orders, order("epic", "leave_off", "all"), 403).await;
        of_cape.does(&orders, order("epic", "leave_off", &cape.to_string())).await;
    }

    async fn the_same_request_issues_one_order(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        let mut once = order("epic", "do_not_log_in", "all");
        once["request_id"] = json!("01900000-0000-7000-8000-00000000abcd");
        let first = commander.does(&orders, once.clone()).await;
        let second = commander.does(&orders, once).await;
        assert_eq!(first, second);
        let page = commander.reads(&orders).await;
        assert_eq!(page["in_force"].as_array().map(Vec::len), Some(1));
    }

    /// A commander of one site cannot end an order for all by replacing it.
    async fn an_order_is_replaced_only_by_who_may_order_at_its_place(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        let wide = commander.does(&orders, order("epic", "do_not_log_in", "all")).await;
        let cape = domain::scope::Place::Facility(harbor.facility("cape"));
        let grant = domain::actor::Grant { role: Role::Commander, place: cape, signs_as: String::new() };
        let (_, of_cape) = world.program_with(&[grant]).await;
        let mut narrow = order("epic", "leave_off", &cape.to_string());
        narrow["supersedes"] = wide["instruction"].clone();
        of_cape.is_refused(&orders, narrow, 403).await;
        assert_eq!(lines(&status(world, "general").await, "Epic production"), "DO NOT LOG IN");
    }

    /// What a waiting order replaces stays in force until a second person has approved it.
    async fn a_waiting_order_replaces_another_when_it_is_approved(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        let first = commander.does(&orders, order("epic", "do_not_log_in", "all")).await;
        let mut waiting = order("epic", "leave_off", "all");
        waiting["whom"] = json!("position");
        waiting["position"] = json!("Incident commander");
        waiting["supersedes"] = first["instruction"].clone();
        let waiting = commander.does(&orders, waiting).await;
        assert_eq!(waiting["state"], "waiting");
        assert_eq!(lines(&status(world, "general").await, "Epic production"), "DO NOT LOG IN");
        let approve = format!("{orders}/{}/approve", waiting["instruction"].as_str().expect("is a text"));
        world.program(&[Role::Communicator]).await.does(&approve, json!({})).await;
        let page = commander.reads(&orders).await;
        assert_eq!(page["ended"][0]["id"], first["instruction"]);
        assert_eq!(page["ended"][0]["remark"], "superseded");
    }

    /// Only the words are refused: nobody may log in because of that.
    async fn an_order_whose_words_are_rejected_holds_without_them(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let incident = declared(&commander).await;
        let orders = format!("{incident}/instructions");
        commander.does(&orders, order("epic", "do_not_log_in", "all")).await;
        let mut other = order("epic-read-only", "do_not_log_in", "all");
        other["instead"] = json!("Hyperspace is back, log in there.");
        let issued = commander.does(&orders, other).await;
        let approve = format!("{orders}/{}/approve", issued["instruction"].as_str().expect("is a text"));
        let communicator = world.program(&[Role::Communicator]).await;
        let rejected = communicator.does(&approve, json!({ "answer": "reject" })).await;
        assert_eq!(rejected["state"], "in_force");
        let general = status(world, "general").await;
        assert_eq!(lines(&general, "Epic read-only copy"), "DO NOT LOG IN");
        assert!(!general.to_string().contains("Hyperspace"), "{general}");
        let page = commander.reads(&orders).await;
        assert_eq!(page["waiting"], json!([]));
        assert!(!page.to_string().contains("Hyperspace"), "{page}");
        assert_eq!(communicator.is_refused(&approve, json!({}), 422).await["type"], "nothing-waits");
    }
}
