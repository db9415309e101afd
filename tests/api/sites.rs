//! A role at one site does nothing at another, and nothing that concerns all sites.

use acceptance::{both_databases, world::everywhere};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

const STAFF: &[u8] = b"Employee ID,Name,Site,Department,Job title,Unit lead,E-mail,Mobile\r\n\
    1,Ada,Cape,Emergency,Nurse,yes,,\r\n2,Ben,General,Emergency,Nurse,yes,,\r\n";

/// What a role at one site must not do: which role, where, what.
fn table(general: &str, fingerprint: &str) -> Vec<(Role, String, Value)> {
    let account = |grant: &str| json!({ "login": "n.night", "name": "Nia Night", "grants": [grant] });
    let accounts = "/accounts".to_owned();
    vec![
        (Role::Administrator, accounts.clone(), account(&format!("viewer@{general}"))),
        (Role::Administrator, accounts.clone(), account("viewer@all")),
        (Role::Administrator, accounts, account("administrator@all")),
        (
            Role::Administrator,
            "/people/accounts".into(),
            json!({ "role": "viewer", "leads": "yes", "reach": "all" }),
        ),
        (Role::Administrator, format!("/playbooks/{fingerprint}/approve"), json!({})),
        (Role::Administrator, "/demo".into(), json!({ "size": "s" })),
        (Role::Commander, "/sending/release".into(), json!({ "choice": "all" })),
        (Role::Communicator, "/sending/release".into(), json!({ "choice": "all" })),
        (Role::Communicator, "/sending/gateways".into(), json!({ "gateway": "mail" })),
    ]
}

both_databases! {
    async fn a_role_at_one_site_cannot_do_at_another(world: World) {
        let harbor = world.harbor().await;
        let cape = Place::Facility(harbor.facility("cape"));
        let general = Place::Facility(harbor.facility("general")).to_string();
        let everybody = world.program(&[Role::Administrator]).await;
        let playbooks = everybody.reads("/playbooks").await;
        let fingerprint = playbooks["playbooks"][0]["fingerprint"].as_str().expect("is a text");
        for (role, path, command) in table(&general, fingerprint) {
            let (_, program) = world.program_with(&[Grant { role, place: cape, signs_as: String::new() }]).await;
            let answer = program.posts(&path, &command).await;
            assert_eq!(answer.status, 403, "{} at one site: {command} {answer:?}", role.code());
        }
        let place = cape;
        let (_, administrator) =
            world.program_with(&[Grant { role: Role::Administrator, place, signs_as: String::new() }]).await;
        for path in ["/log", "/log.csv", "/log.ndjson", "/people/import", "/places/import"] {
            assert_eq!(administrator.asks(path).await.status, 403, "{path}");
        }
        for path in ["/people/import", "/places/import"] {
            let answer = administrator.uploads(path, &[], ("file", "staff.csv", STAFF)).await;
            assert_eq!(answer.status, 403, "{path}");
        }
    }

    async fn an_administrator_gives_roles_at_the_own_site(world: World) {
        let harbor = world.harbor().await;
        let everybody = world.program_with(&everywhere(&[Role::Administrator])).await.1;
        let offered: Value =
            everybody.uploads("/people/import", &[], ("file", "staff.csv", STAFF)).await.expect(201).json();
        let import = offered["import"].as_str().expect("is a text");
        everybody.does(&format!("/people/import/{import}/commit"), json!({})).await;
        let place = Place::Facility(harbor.facility("cape"));
        let (_, administrator) =
            world.program_with(&[Grant { role: Role::Administrator, place, signs_as: String::new() }]).await;
        let unit = Place::Unit(harbor.unit("cape", "icu"));
        for (login, place) in [("n.night", place), ("n.ward", unit)] {
            let grants = [format!("viewer@{place}")];
            administrator.does("/accounts", json!({ "login": login, "name": "Nia", "grants": grants })).await;
        }
        let rule = json!({ "role": "unit_lead", "leads": "yes", "reach": "unit" });
        let made = administrator.does("/people/accounts", rule).await;
        assert_eq!((&made["made"], &made["cards"][0]["card"]["name"]), (&json!(1), &json!("Ada")));
    }
}
