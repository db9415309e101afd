//! What the hospitals around can take: by our own sites and by neighbours, each word with its age, nothing ever
//! changed, and no patient in it.

use acceptance::both_databases;
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

fn line<'a>(view: &'a Value, code: &str) -> &'a Value {
    let lines = view["lines"].as_array().expect("is a list");
    lines.iter().find(|line| line["code"] == code).expect("the hospital is listed")
}

both_databases! {
    async fn a_word_is_shown_with_its_age_and_grows_old(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let empty = commander.reads("/neighbours").await;
        assert_eq!(empty["title"], "No hospital has said yet what it can take");
        assert_eq!((&empty["silent"], &line(&empty, "cape")["said"]), (&json!(12), &Value::Null));
        let added = commander.does("/neighbours", json!({ "code": "St-Anne", "name": "St. Anne" })).await;
        assert_eq!(added["code"], "st-anne");
        let diversion = json!({
            "emergency": "diversion", "diverted": ["trauma", "stroke"], "icu_open": 2, "said_by": "House supervisor"
        });
        commander.does("/neighbours/st-anne", &diversion).await;
        commander.does("/neighbours/cape", json!({ "emergency": "open", "icu_open": 3, "said_by": "Charge nurse" })).await;
        world.minutes_pass(90);
        commander.does("/neighbours/st-anne", &diversion).await;
        world.minutes_pass(40);
        let view = commander.reads("/neighbours").await;
        assert_eq!(view["title"], "1 of 2 hospitals is on diversion or closed");
        let said = &line(&view, "st-anne")["said"];
        assert_eq!(
            (&said["words"], &said["since"], &said["age"], &said["old"]),
            (&json!("ON DIVERSION for trauma, stroke"), &json!("since 02:05 EDT"), &json!("00:40"), &json!(false))
        );
        let said = &line(&view, "cape")["said"];
        assert_eq!((&said["age_minutes"], &said["old"], &said["beds"]["census"]), (&json!(130), &json!(true), &Value::Null));
        let history = commander.reads("/neighbours/st-anne").await["history"].clone();
        assert_eq!(history.as_array().map(Vec::len), Some(2));
        let declare = |kind: &str| json!({
            "name": "Down", "basis": "Calls", "places": ["all"], "systems": ["epic:down"], "kind": kind
        });
        let card = async |kind: &str| {
            let incident = commander.does("/incidents", declare(kind)).await["incident"].clone();
            let board = commander.reads(&format!("/incidents/{}", incident.as_str().expect("an id"))).await;
            let cards = board["cards"].as_array().expect("is a list").clone();
            cards.into_iter().find(|card| card["section"] == "neighbours")
        };
        let shown = card("real").await.expect("has a card");
        assert_eq!((&shown["figure"], &shown["late"]["words"]), (&json!("1 of 2"), &json!("1 hospital not heard from lately")));
        assert_eq!(shown["caption"], "on diversion or closed, 2 intensive care beds free");
        assert_eq!(card("exercise").await, None);
    }

    async fn what_is_wrong_is_refused_and_a_repeat_is_noted_once(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        for (form, field) in [
            (json!({ "emergency": "open" }), "said_by"),
            (json!({ "emergency": "diversion", "said_by": "Desk" }), "diverted"),
            (json!({ "emergency": "full", "said_by": "Desk" }), "emergency"),
            (json!({ "emergency": "open", "said_by": "Desk", "icu_open": -2 }), "icu_open"),
            (json!({ "emergency": "open", "said_by": "Patient John Smith" }), "said_by"),
            (json!({ "emergency": "open", "said_by": "Desk", "at": "2024-07-20 01:00" }), "at"),
        ] {
            let refused = commander.is_refused("/neighbours/cape", &form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{form} {refused}");
        }
        commander.is_refused("/neighbours/nowhere", json!({ "emergency": "open", "said_by": "Desk" }), 404).await;
        commander.is_refused("/neighbours", json!({ "code": "cape", "name": "Cape" }), 422).await;
        commander.is_refused("/neighbours", json!({ "code": "../etc", "name": "<script>" }), 422).await;
        let request: domain::id::RequestId = world.app.clock.id();
        let form = json!({ "request_id": request, "emergency": "closed", "said_by": "Desk" });
        let first = commander.does("/neighbours/cape", &form).await;
        assert_eq!(commander.does("/neighbours/cape", &form).await, first);
        assert_eq!(commander.reads("/neighbours/cape").await["history"].as_array().map(Vec::len), Some(1));
    }

    async fn a_site_is_noted_by_its_own_people_and_a_neighbour_by_any_commander(world: World) {
        let harbor = world.harbor().await;
        let everywhere = world.program(&[Role::Administrator]).await;
        everywhere.does("/neighbours", json!({ "code": "st-anne", "name": "St. Anne" })).await;
        let place = Place::Facility(harbor.facility("cape"));
        let (_, of_cape) = world.program_with(&[Grant { role: Role::Commander, place, signs_as: String::new() }]).await;
        let said = json!({ "emergency": "open", "said_by": "Desk" });
        of_cape.does("/neighbours/cape", &said).await;
        of_cape.does("/neighbours/st-anne", &said).await;
        of_cape.is_refused("/neighbours/rehab", &said, 403).await;
        of_cape.is_refused("/neighbours", json!({ "code": "other", "name": "Other" }), 403).await;
        everywhere.is_refused("/neighbours/cape", &said, 403).await;
    }

    async fn a_person_notes_a_diversion_on_a_page(world: World) {
        world.harbor().await;
        let mut person = world.person(&[Role::Communicator]).await;
        let form = person.opens("/neighbours/cape").await.form("Note this");
        let form = form.picks("emergency", "diversion").types("Who said so?", "Desk & <b>");
        let refused = person.is_refused(&form, "Note this").await;
        assert!(refused.says("Say for whom it is on diversion."), "{}", refused.text());
        let again = refused.form("Note this").ticks("STEMI");
        let page = person.presses(&again, "Note this").await;
        assert_eq!(page.heading(), "Cape: ON DIVERSION for STEMI");
        assert!(page.says("Desk & <b>") && !page.source().contains("<b>\""), "{}", page.text());
        let page = person.opens("/neighbours").await;
        assert!(page.says("1 of 1 hospital is on diversion or closed"), "{}", page.text());
    }
}
