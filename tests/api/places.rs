//! Places and systems from a file, and the demo hospital.

use acceptance::both_databases;
use domain::actor::Role;
use serde_json::{Value, json};

const FILE: &str = "kind,code,name,short name,site,groups,time zone,phone,other names\n\
    unit,ed,Emergency,,general,,,+1 201 555 0101,\n\
    group,academic,Academic hospitals,,,,,,\n\
    facility,general,Harbor General Hospital,General,,academic,America/New_York,,\n\
    facility,pacific,Pacific Hospital,Pacific,,,America/Los_Angeles,,\n\
    facility,moon,Moon Hospital,Moon,,,Moon/Base,,\n\
    device_class,workstations,Windows computers,Windows,,,,,PCs;workstations\n\
    unit,ed,Emergency,,nowhere,,,,\n";

both_databases! {
    async fn places_are_imported_by_preview_and_twice_changes_nothing(world: World) {
        let administrator = world.program(&[Role::Administrator]).await;
        for (added, unchanged) in [(5, 0), (0, 5)] {
            let file = ("file", "places.csv", FILE.as_bytes());
            let offered: Value = administrator.uploads("/places/import", &[], file).await.expect(201).json();
            assert_eq!(
                (&offered["figures"]["added"], &offered["figures"]["unchanged"], &offered["figures"]["refused"]),
                (&json!(added), &json!(unchanged), &json!(2))
            );
            let path = format!("/places/import/{}", offered["import"].as_str().expect("is a text"));
            let preview = administrator.reads(&path).await;
            assert_eq!(preview["rejects"][0]["column"], "time zone");
            administrator.does(&format!("{path}/commit"), json!({})).await;
        }
        let places = administrator.reads("/places").await;
        assert_eq!(places["groups"][0]["facilities"], json!(["General"]));
        assert_eq!((&places["units"], &places["facilities"][1]["zone"]), (&json!(1), &json!("America/Los_Angeles")));
        assert_eq!(places["systems"][0]["aliases"], json!(["PCs", "workstations"]));
    }

    async fn the_demo_hospital_is_loaded_once_and_ready_to_declare(world: World) {
        let commander = world.program(&[Role::Administrator, Role::Commander]).await;
        let loaded = commander.does("/demo", json!({ "size": "s" })).await;
        assert_eq!(
            (&loaded["facilities"], &loaded["units"], &loaded["staff"], &loaded["playbooks"]),
            (&json!(12), &json!(60), &json!(1500), &json!(4))
        );
        commander.is_refused("/demo", json!({ "size": "s" }), 422).await;
        let people = commander.reads("/people").await;
        assert_eq!((&people["total"], &people["leads"]), (&json!(1500), &json!(60)));
        let declaration = json!({
            "playbook": "endpoint-crash", "places": ["all"], "level": "3", "started_at": "2024-07-19 00:40",
            "basis": "Service desk: 40 calls in 10 minutes"
        });
        commander.does("/incidents", &declaration).await;
    }
}
