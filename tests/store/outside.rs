//! What lies beside the database: a log whose end was cut and a database that was put back are noticed at the next
//! start, also after it, and a person answers once for all machines.

use acceptance::{
    Program, World, both_databases, harbor,
    intruder::{cuts_after, moves_the_end_to, takes_the_lock_off},
};
use backend::{
    broadcasts::hold,
    jobs::{
        self,
        deliver::guard,
        witness::{self, Heads},
    },
};
use domain::{
    actor::{Grant, Role},
    id::IncidentId,
    scope::Place,
};
use serde_json::json;

/// An incident with some entries, and its commander.
async fn declared(world: &World) -> (Program, IncidentId) {
    harbor::put_into(&world.app).await;
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({
        "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
    });
    let declared = commander.does("/incidents", form).await;
    let incident: IncidentId = declared["incident"].as_str().expect("is a text").parse().expect("is an id");
    promises(world, &commander, incident, 4).await;
    (commander, incident)
}

async fn promises(world: &World, commander: &Program, incident: IncidentId, times: usize) {
    for _ in 0..times {
        world.minutes_pass(1);
        commander.does(&format!("/incidents/{incident}/next-update"), json!({ "minutes": 30 })).await;
    }
}

async fn cuts_the_log(world: &World) {
    takes_the_lock_off(world).await;
    cuts_after(world, "incident", 2).await;
    moves_the_end_to(world, "incident", 2).await;
}

fn kept(world: &World) -> Heads {
    let text = std::fs::read_to_string(witness::path(world.folder.path())).expect("the heads are kept");
    witness::parse(&text).expect("are heads")
}

async fn looks(world: &World) {
    guard::look(&world.app).await.expect("the files can be compared");
}

async fn is_held(world: &World) -> bool {
    let mut tx = world.app.db.read().await.expect("can be read");
    hold::held(&mut tx).await.expect("can be read").is_some()
}

fn epoch_file(world: &World) -> std::path::PathBuf {
    world.folder.path().join("epoch")
}

both_databases! {
    async fn a_log_that_was_cut_is_noticed_at_the_next_start(world: World) {
        let (commander, incident) = declared(world).await;
        looks(world).await;
        let before = kept(world);
        cuts_the_log(world).await;
        jobs::start(&world.app).await;
        assert!(is_held(world).await, "nothing is sent from an older database");
        // Longer than the log was before: its heads are others all the same.
        promises(world, &commander, incident, 9).await;
        looks(world).await;
        assert_eq!(kept(world)[&incident.0], before[&incident.0], "what was kept stays until somebody has decided");
        let site = Place::Facility(world.app.clock.id());
        let one_site = [Grant { role: Role::Communicator, place: site, signs_as: String::new() }];
        let (_, elsewhere) = world.program_with(&one_site).await;
        elsewhere.is_refused("/sending/release", json!({ "choice": "all" }), 403).await;
        commander.does("/sending/release", json!({ "choice": "all" })).await;
        looks(world).await;
        assert!(!is_held(world).await);
        assert_ne!(kept(world)[&incident.0], before[&incident.0]);
        let files = std::fs::read_dir(world.folder.path()).expect("can be read");
        let aside = files.filter_map(Result::ok).find(|file| file.file_name().to_string_lossy().starts_with("heads.before-"));
        let aside = std::fs::read_to_string(aside.expect("the old heads are put aside").path()).expect("can be read");
        assert_eq!(witness::parse(&aside).expect("are heads")[&incident.0], before[&incident.0]);
    }

    async fn one_answer_is_an_answer_for_every_machine(world: World) {
        let (commander, _) = declared(world).await;
        looks(world).await;
        let first = std::fs::read_to_string(epoch_file(world)).expect("is kept");
        std::fs::write(epoch_file(world), "of another database").expect("can be written");
        looks(world).await;
        assert!(is_held(world).await);
        assert_eq!(std::fs::read_to_string(epoch_file(world)).expect("stays"), "of another database");
        commander.does("/sending/release", json!({ "choice": "all" })).await;
        looks(world).await;
        let second = std::fs::read_to_string(epoch_file(world)).expect("is kept");
        assert_ne!(first, second);
        for asleep in [first.as_str(), "of another database"] {
            std::fs::write(epoch_file(world), asleep).expect("can be written");
            looks(world).await;
            assert!(!is_held(world).await, "{asleep}");
            assert_eq!(std::fs::read_to_string(epoch_file(world)).expect("is kept"), second);
        }
    }

    async fn a_log_that_grew_is_no_reason_to_ask(world: World) {
        let (commander, incident) = declared(world).await;
        jobs::start(&world.app).await;
        promises(world, &commander, incident, 5).await;
        looks(world).await;
        assert!(!is_held(world).await);
    }
}
