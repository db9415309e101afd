//! Rule 3 through the door: command passes only when it is accepted, or assumed from somebody who does not answer;
//! and the playbook's tasks are marked with initials.

use acceptance::{Program, both_databases};
use domain::actor::{Actor, Grant, Role};
use serde_json::{Value, json};

fn commander() -> Vec<Grant> {
    vec![Grant { role: Role::Commander, place: domain::scope::Place::All, signs_as: String::new() }]
}

async fn login_of(world: &acceptance::World, actor: &Actor) -> String {
    let mut tx = world.app.db.read().await.expect("can be read");
    let all = backend::accounts::store::list(&mut tx, "", 100).await.expect("can be read");
    all.into_iter().find(|row| row.id == actor.account.0).expect("is there").login
}

async fn declared(program: &Program) -> String {
    let form = json!({
        "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
    });
    program.does("/incidents", form).await["incident"].as_str().expect("is a text").to_owned()
}

async fn commander_of(program: &Program, incident: &str) -> Value {
    program.reads(&format!("/incidents/{incident}/command")).await["holders"].clone()
}

both_databases! {
    async fn handover_takes_effect_when_accepted(world: World) {
        world.harbor().await;
        let (first, ada) = world.program_with(&commander()).await;
        let (second, bea) = world.program_with(&commander()).await;
        let incident = declared(&ada).await;
        let path = format!("/incidents/{incident}/command");
        let login = login_of(world, &second).await;
        let offered = ada.does(&format!("{path}/handovers"), json!({ "login": login })).await;
        assert_eq!(offered["commander"], first.account.to_string(), "an offer changes nothing yet");
        let offer = format!("{path}/handovers/{}", offered["handover"].as_str().expect("is a text"));
        ada.is_refused(&offer, json!({ "answer": "accept" }), 422).await;
        world.minutes_pass(5);
        let accepted = bea.does(&offer, json!({ "answer": "accept" })).await;
        assert_eq!(accepted["commander"], second.account.to_string());
        let holders = commander_of(&bea, &incident).await;
        assert_eq!(holders.as_array().expect("is a list").len(), 2);
        assert_eq!(holders[0]["until"], holders[1]["from"]);
        assert_eq!(holders[1]["until"], "");
        bea.is_refused(&offer, json!({ "answer": "accept" }), 422).await;
        ada.is_refused(&format!("{path}/handovers"), json!({ "login": login }), 422).await;
    }

    async fn command_is_assumed_only_after_fifteen_minutes_without_an_answer(world: World) {
        world.harbor().await;
        let (_, ada) = world.program_with(&commander()).await;
        let (second, bea) = world.program_with(&commander()).await;
        let incident = declared(&ada).await;
        let path = format!("/incidents/{incident}/command");
        let reason = json!({ "reason": "She does not answer her phone" });
        assert_eq!(bea.is_refused(&format!("{path}/assume"), &reason, 422).await["type"], "not-paged");
        bea.does(&format!("{path}/page"), json!({})).await;
        world.minutes_pass(14);
        assert_eq!(bea.is_refused(&format!("{path}/assume"), &reason, 422).await["type"], "wait");
        ada.does(&format!("{path}/page/answer"), json!({})).await;
        world.minutes_pass(2);
        assert_eq!(bea.is_refused(&format!("{path}/assume"), &reason, 422).await["type"], "not-paged");
        bea.does(&format!("{path}/page"), json!({})).await;
        world.minutes_pass(15);
        assert_eq!(bea.does(&format!("{path}/assume"), &reason).await["commander"], second.account.to_string());
    }

    async fn nobody_without_the_role_can_be_given_command(world: World) {
        world.harbor().await;
        let (_, ada) = world.program_with(&commander()).await;
        let (viewer, _) = world.program_with(&[]).await;
        let incident = declared(&ada).await;
        let login = login_of(world, &viewer).await;
        let refused =
            ada.is_refused(&format!("/incidents/{incident}/command/handovers"), json!({ "login": login }), 422).await;
        assert!(refused["errors"]["login"].is_array(), "{refused}");
    }

    async fn without_script_a_handover_is_offered_and_accepted(world: World) {
        world.harbor().await;
        let (first, ada) = world.program_with(&commander()).await;
        let incident = declared(&ada).await;
        let (second, mut bea) = world.person_with(&commander()).await;
        let mut ada = world.signs_in(&first).await;
        let path = format!("/incidents/{incident}/command");
        let page = ada.opens(&path).await;
        let form = page.form("Offer command").types("Who takes over?", login_of(world, &second).await);
        ada.presses(&form, "Offer command").await;
        let page = bea.opens(&path).await;
        let page = bea.presses(&page.form("Accept command"), "Accept command").await;
        assert!(page.heading().starts_with(&format!("{} commands", second.name)), "{}", page.heading());
    }

    /// Command of one clinic is not command of the whole downtime.
    async fn command_passes_only_to_who_commands_every_place(world: World) {
        let harbor = world.harbor().await;
        let (_, ada) = world.program_with(&commander()).await;
        let incident = declared(&ada).await;
        let path = format!("/incidents/{incident}/command");
        let cape = domain::scope::Place::Facility(harbor.facility("cape"));
        let grant = Grant { role: Role::Commander, place: cape, signs_as: String::new() };
        let (of_cape, cleo) = world.program_with(&[grant]).await;
        let login = login_of(world, &of_cape).await;
        let refused = ada.is_refused(&format!("{path}/handovers"), json!({ "login": login }), 422).await;
        assert!(refused["errors"]["login"].is_array(), "{refused}");
        cleo.does(&format!("{path}/page"), json!({})).await;
        world.minutes_pass(20);
        cleo.is_refused(&format!("{path}/assume"), json!({ "reason": "She does not answer" }), 403).await;

        let (bea, program) = world.program_with(&commander()).await;
        let login = login_of(world, &bea).await;
        let offered = ada.does(&format!("{path}/handovers"), json!({ "login": login })).await;
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "DELETE FROM account_grant WHERE account = $1", bea.account.0).expect("can be written");
        backend::accounts::store::grant(&mut tx, bea.account, &of_cape.grants).await.expect("can be written");
        tx.commit().await.expect("can be written");
        let offer = format!("{path}/handovers/{}", offered["handover"].as_str().expect("is a text"));
        program.is_refused(&offer, json!({ "answer": "accept" }), 403).await;
        program.does(&offer, json!({ "answer": "decline" })).await;
    }
}
