//! Places and systems from a file, and the demo hospital.

use acceptance::{
    both_databases,
    letters::{Post, by_mail, deliver_all},
};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
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
    /// What a unit does and how many beds it has: from a file or on its page; a file that does not say it takes
    /// nothing away.
    async fn a_unit_says_its_setting_and_beds_and_a_file_without_them_takes_nothing_away(world: World) {
        let harbor = world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let takes_over = async |file: &str| {
            let upload = ("file", "places.csv", file.as_bytes());
            let offered: serde_json::Value =
                administrator.uploads("/places/import", &[], upload).await.expect(201).json();
            let import = offered["import"].as_str().expect("is a text");
            administrator.does(&format!("/places/import/{import}/commit"), json!({})).await;
            offered["figures"].clone()
        };
        let unit = format!("/places/units/{}", harbor.unit("cape", "icu"));
        let figures = takes_over("kind,code,name,site,setting,beds\nunit,icu,Intensive care,cape,intensive_care,12\nunit,4w,4 West,cape,garden,1\n").await;
        assert_eq!((&figures["changed"], &figures["refused"]), (&json!(1), &json!(1)));
        takes_over("kind,code,name,site,phone\nunit,icu,Intensive care,cape,+12015550100\n").await;
        let line = administrator.reads(&unit).await["unit"].clone();
        assert_eq!((&line["setting"], &line["beds"], &line["phone"]), (&json!("intensive_care"), &json!(12), &json!("+12015550100")));
        administrator.is_refused(&format!("{unit}/care"), json!({ "setting": "clinic", "beds": "-3" }), 422).await;
        administrator.does(&format!("{unit}/care"), json!({ "setting": "", "beds": "" })).await;
        let line = administrator.reads(&unit).await["unit"].clone();
        assert_eq!((&line["setting"], &line["beds"]), (&json!(""), &json!(null)));
        let mut person = world.person(&[Role::Administrator]).await;
        let form = person.opens(&unit).await.form("Save").chooses("Where care is given", "Clinic").types("Beds (optional)", "4");
        person.presses(&form, "Save").await;
        assert_eq!(administrator.reads(&unit).await["unit"]["beds"], 4);
        let clerk = world.program(&[Role::Commander]).await;
        clerk.is_refused(&format!("{unit}/care"), json!({ "setting": "clinic" }), 403).await;
    }

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

    async fn a_closed_unit_takes_nobody_new_and_opens_again(world: World) {
        let harbor = world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let file = "no,name,site,unit,job\n1,Ann,cape,ed,Nurse\n2,Ben,cape,icu,Nurse\n";
        let file = ("file", "staff.csv", file.as_bytes());
        let offered: Value = administrator.uploads("/people/import", &[], file).await.expect(201).json();
        let import = format!("/people/import/{}", offered["import"].as_str().expect("is a text"));
        let columns = ["staff_number:0", "name:1", "facility:2", "unit:3", "job:4"];
        administrator.does(&format!("{import}/columns"), json!({ "columns": columns })).await;
        administrator.does(&format!("{import}/commit"), json!({})).await;

        let mut ada = world.person(&[Role::Administrator]).await;
        let site = format!("/places/{}", harbor.facility("cape"));
        let page = ada.opens(&site).await;
        assert_eq!(page.heading(), "Cape has 3 units");
        let page = ada.presses(&page.form("Close Emergency"), "Close Emergency").await;
        assert!(page.says("Cape has 2 units; 1 is closed") && page.says("closed since"), "{}", page.text());
        assert_eq!(administrator.reads("/places").await["facilities"][8]["units"], 2);
        let ed = harbor.unit("cape", "ed");
        administrator.is_refused(&format!("/places/units/{ed}/close"), json!({}), 422).await;

        let people = administrator.reads("/people").await["people"].clone();
        let of = |number: usize| format!("/people/{}", people[number]["id"].as_str().expect("an id"));
        let there = |name| json!({ "name": name, "unit": ed, "job": "Nurse" });
        let refused = administrator.is_refused(&of(1), there("Ben"), 422).await;
        assert!(refused["errors"]["unit"][0].as_str().is_some_and(|said| said.contains("closed")), "{refused}");
        administrator.does(&of(0), there("Ann Alder")).await;
        administrator.does(&format!("/places/units/{ed}/reopen"), json!({})).await;
        administrator.does(&of(1), there("Ben")).await;
    }

    /// Somebody whom no message reaches is the last of a unit: open, it is silent in "Who knows"; closed, it is not
    /// counted.
    async fn a_closed_unit_of_which_nobody_is_told_is_not_counted(world: World) {
        let harbor = world.harbor().await;
        let program = world.program(&[Role::Administrator, Role::Commander]).await;
        let header = "staff number,name,site,unit,job,email\n";
        let file = format!("{header}1,Ann,cape,ed,Nurse,\n2,Ben,cape,icu,Nurse,ben@hospital.test\n");
        let file = ("file", "staff.csv", file.as_bytes());
        let offered: Value = program.uploads("/people/import", &[], file).await.expect(201).json();
        let commit = format!("/people/import/{}/commit", offered["import"].as_str().expect("is a text"));
        program.does(&commit, json!({})).await;
        let mut post = Post::open(&program, &by_mail(1)).await;
        post.list = format!("facility:{}", harbor.facility("cape"));
        let close = format!("/places/units/{}/close", harbor.unit("cape", "ed"));
        for (closed, units) in [(false, 2), (true, 1)] {
            if closed {
                program.does(&close, json!({})).await;
            }
            let broadcast = post.sends().await;
            deliver_all(world).await;
            assert_eq!(program.reads(&format!("{broadcast}/who-knows")).await["units"], units, "closed: {closed}");
        }
    }

    async fn units_are_closed_at_ones_own_sites_alone(world: World) {
        let harbor = world.harbor().await;
        let place = Place::Facility(harbor.facility("cape"));
        let grant = Grant { role: Role::Administrator, place, signs_as: String::new() };
        let (_, program) = world.program_with(&[grant]).await;
        let close = |site| format!("/places/units/{}/close", harbor.unit(site, "ed"));
        program.does(&close("cape"), json!({})).await;
        program.is_refused(&close("rehab"), json!({}), 403).await;
        assert_eq!(program.reads(&format!("/places/{}", harbor.facility("rehab"))).await["may_change"], false);
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
