//! The way back through the JSON door: nobody reads USE before the people who must sign have signed and somebody
//! released it, for exactly that scope; and nothing closes before.

use acceptance::{
    PASSWORD, Program, World, both_databases,
    harbor::Harbor,
    letters::{Post, by_mail, deliver_all},
    mail,
};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

/// Laboratory is down at Cape alone, and everybody who is needed to bring it back.
pub(crate) struct Night {
    pub harbor: Harbor,
    pub commander: Program,
    pub cio: Program,
    pub cmio: Program,
    pub incident: String,
    pub scope: String,
}

impl Night {
    pub async fn falls(world: &World) -> Self {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let cape = Place::Facility(harbor.facility("cape")).to_string();
        let declared = commander
            .does(
                "/incidents",
                json!({ "name": "Laboratory outage", "basis": "Cape called", "places": [cape], "systems": ["laboratory:down"] }),
            )
            .await;
        let incident = format!("/incidents/{}", declared["incident"].as_str().expect("is a text"));
        let order = json!({ "system": "laboratory", "word": "do_not_log_in", "place": "all" });
        commander.does(&format!("{incident}/instructions"), order).await;
        let ladder = commander.reads(&format!("{incident}/clearance")).await;
        assert_eq!(ladder["scopes"].as_array().map(Vec::len), Some(1), "{ladder}");
        let scope = ladder["scopes"][0]["path"].as_str().expect("is a text").to_owned();
        let (cio, cmio) = (signer(world, "cio").await, signer(world, "cmio").await);
        Self { harbor, commander, cio, cmio, incident, scope }
    }

    pub async fn restored(&self) {
        self.cio.does(&format!("{}/restore", self.scope), json!({})).await;
        let evidence = json!({ "piece": "checked-in-use", "passed": true, "note": "20 of 20 results match" });
        self.cio.does(&format!("{}/evidence", self.scope), evidence).await;
    }

    pub async fn signed(&self) {
        self.restored().await;
        self.sign_both().await;
    }

    pub async fn sign_both(&self) {
        self.cio
            .does(&format!("{}/sign", self.scope), json!({ "signer": "cio", "password": PASSWORD }))
            .await;
        let last = self
            .cmio
            .does(&format!("{}/sign", self.scope), json!({ "signer": "cmio", "password": PASSWORD }))
            .await;
        assert_eq!(last["stage"], "signed");
    }

    pub async fn released(&self) {
        self.signed().await;
        let released = self.commander.does(&format!("{}/release", self.scope), json!({})).await;
        assert_eq!(released["stage"], "clear");
    }

    pub async fn phase(&self, world: &World) -> String {
        // The bar says it once for wide screens and once for phones.
        let page = world.person(&[Role::Viewer]).await.opens(&format!("{}/clearance", self.incident)).await;
        page.texts(".phase").swap_remove(0).to_lowercase()
    }
}

async fn signer(world: &World, signs_as: &str) -> Program {
    let grant = Grant { role: Role::Signer, place: Place::All, signs_as: signs_as.to_owned() };
    world.program_with(&[grant]).await.1
}

const REST: &str = "
    INSERT INTO gateway (name, paused_until, reason, faults)
    VALUES ('outbox', 9000000000000000, 'test', 1)";
const END_REST: &str = "
    DELETE FROM gateway";

async fn changes(world: &World, statement: &'static str) {
    let mut tx = world.app.db.write().await.expect("can be written");
    backend::execute!(tx, statement).expect("the statement is ours");
    tx.commit().await.expect("can be written");
}

/// What the public page of a site says of the laboratory.
pub(crate) async fn laboratory(world: &World, site: &str) -> String {
    said(world, site, "Laboratory").await
}

/// What the public page of a site says of a system.
pub(crate) async fn said(world: &World, site: &str, system: &str) -> String {
    let status: Value = world.unknown_program().reads(&format!("/status/{site}")).await;
    let verdicts = status["verdicts"].as_array().expect("is a list");
    let verdict = verdicts.iter().find(|each| each["system"] == system);
    verdict
        .map_or_else(|| "nothing".to_owned(), |each| each["lines"][0].as_str().expect("is a text").to_owned())
}

both_databases! {
    async fn only_the_release_makes_a_signed_scope_usable_and_only_there(world: World) {
        let night = Night::falls(world).await;
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        night.signed().await;
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN", "signed is not clear");
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        assert_eq!(laboratory(world, "cape").await, "USE");
        assert_eq!(laboratory(world, "general").await, "DO NOT LOG IN");
    }

    async fn the_phase_follows_the_scopes(world: World) {
        let night = Night::falls(world).await;
        assert_eq!(night.phase(world).await, "downtime");
        night.restored().await;
        assert_eq!(night.phase(world).await, "recovery");
        night.sign_both().await;
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        assert_eq!(night.phase(world).await, "reconciling");
        let reason = json!({ "reason": "Results went to the wrong patients" });
        night.commander.does(&format!("{}/revoke", night.scope), reason).await;
        assert_eq!(night.phase(world).await, "downtime");
    }

    async fn nobody_signs_without_evidence_or_for_another_or_twice(world: World) {
        let night = Night::falls(world).await;
        let sign = format!("{}/sign", night.scope);
        let as_cio = json!({ "signer": "cio", "password": PASSWORD });
        assert_eq!(night.cio.is_refused(&sign, as_cio.clone(), 422).await["type"], "not-restored");
        night.cio.does(&format!("{}/restore", night.scope), json!({})).await;
        assert_eq!(night.cio.is_refused(&sign, as_cio.clone(), 422).await["type"], "evidence-open");
        night.cio.does(&format!("{}/evidence", night.scope), json!({ "piece": "checked-in-use", "passed": true })).await;
        night.cmio.is_refused(&sign, as_cio.clone(), 403).await;
        night.cio.does(&sign, as_cio.clone()).await;
        assert_eq!(night.cio.is_refused(&sign, as_cio, 422).await["type"], "already-signed");
    }

    async fn one_person_with_two_titles_signs_once(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let grant = |signs_as: &str| Grant { role: Role::Signer, place: Place::All, signs_as: signs_as.to_owned() };
        let (_, both) = world.program_with(&[grant("cio"), grant("cmio")]).await;
        let sign = format!("{}/sign", night.scope);
        both.does(&sign, json!({ "signer": "cio", "password": PASSWORD })).await;
        assert_eq!(both.is_refused(&sign, json!({ "signer": "cmio", "password": PASSWORD }), 422).await["type"], "one-person");
    }

    async fn signed_but_unreleased_for_an_hour_is_signed_again(world: World) {
        let night = Night::falls(world).await;
        night.signed().await;
        world.minutes_pass(61);
        let release = format!("{}/release", night.scope);
        assert_eq!(night.commander.is_refused(&release, json!({}), 422).await["type"], "lapsed");
        let sign = format!("{}/sign", night.scope);
        let first = night.cio.does(&sign, json!({ "signer": "cio", "password": PASSWORD })).await;
        assert_eq!(first["signed"], json!([1, 2]), "the old signatures are gone");
        night.cmio.does(&sign, json!({ "signer": "cmio", "password": PASSWORD })).await;
        night.commander.does(&release, json!({})).await;
    }

    async fn evidence_that_expired_stops_the_release_and_a_clearance_outlives_it(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        world.minutes_pass(100);
        let sign = format!("{}/sign", night.scope);
        night.cio.does(&sign, json!({ "signer": "cio", "password": PASSWORD })).await;
        night.cmio.does(&sign, json!({ "signer": "cmio", "password": PASSWORD })).await;
        world.minutes_pass(30);
        let release = format!("{}/release", night.scope);
        assert_eq!(night.commander.is_refused(&release, json!({}), 422).await["type"], "evidence-expired");
        night.cio.does(&format!("{}/evidence", night.scope), json!({ "piece": "checked-in-use", "passed": true })).await;
        assert_eq!(night.commander.is_refused(&release, json!({}), 422).await["type"], "not-signed");
        night.cio.does(&sign, json!({ "signer": "cio", "password": PASSWORD })).await;
        night.cmio.does(&sign, json!({ "signer": "cmio", "password": PASSWORD })).await;
        night.commander.does(&release, json!({})).await;
        world.minutes_pass(600);
        assert_eq!(laboratory(world, "cape").await, "USE");
    }

    async fn a_refusal_with_its_reason_stands_until_that_signer_signs(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let sign = format!("{}/sign", night.scope);
        let refused = night.cmio.is_refused(&sign, json!({ "signer": "cmio", "password": PASSWORD, "answer": "refuse" }), 422).await;
        assert!(refused["errors"]["words"].is_array(), "{refused}");
        let refusal = json!({ "signer": "cmio", "password": PASSWORD, "answer": "refuse", "words": "Label printers fail" });
        night.cmio.does(&sign, refusal).await;
        let ladder = night.commander.reads(&night.scope).await;
        assert_eq!(ladder["chosen"]["refusals"][0]["words"], "Label printers fail");
        assert_eq!(ladder["scopes"][0]["blocked"], true);
    }

    async fn a_release_is_the_commanders(world: World) {
        let night = Night::falls(world).await;
        night.signed().await;
        let release = format!("{}/release", night.scope);
        night.cio.is_refused(&release, json!({}), 403).await;
        world.program(&[Role::Commander]).await.is_refused(&release, json!({}), 403).await;
        night.commander.does(&release, json!({})).await;
    }

    async fn a_revocation_forbids_at_once_counts_the_window_and_begins_a_new_clearance(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let revoke = format!("{}/revoke", night.scope);
        assert!(night.cio.is_refused(&revoke, json!({}), 422).await["errors"]["reason"].is_array());
        let revoked = night.cio.does(&revoke, json!({ "reason": "Formulary is damaged" })).await;
        assert_eq!(revoked["holds_now"], "DO NOT LOG IN");
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        let ladder = night.commander.reads(&format!("{}/clearance", night.incident)).await;
        assert_eq!(ladder["scopes"].as_array().map(Vec::len), Some(1), "{ladder}");
        assert_eq!(ladder["scopes"][0]["stage"], "waiting");
        assert_eq!(ladder["scopes"][0]["id"], revoked["reopened"]);
    }

    async fn a_part_taken_back_leaves_one_order_for_the_login(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let part = json!({ "reason": "Orders print twice", "functions": ["orders"] });
        night.commander.does(&format!("{}/revoke", night.scope), part).await;
        let status = world.unknown_program().reads("/status/cape").await;
        let lines = &status["verdicts"][0]["lines"];
        assert_eq!(status["verdicts"][0]["look"], "limited");
        assert!(lines[0].as_str().is_some_and(|line| line.starts_with("LOG IN ONLY FOR registration, results")), "{lines}");
        assert_eq!(lines[1], "ON PAPER: orders");
    }

    async fn a_pilot_needs_a_second_person_and_the_public_page_stays_forbidden(world: World) {
        let night = Night::falls(world).await;
        let orders = format!("{}/instructions", night.incident);
        let (pilot, _) = world.program_with(&[Grant { role: Role::Viewer, place: Place::All, signs_as: String::new() }]).await;
        let cape = night.commander.reads(&night.scope).await;
        assert_eq!(cape["chosen"]["stage"], "waiting");
        let wanted = json!({ "system": "laboratory", "word": "use", "place": "all", "whom": "pilots", "pilots": [pilot.account] });
        assert_eq!(night.commander.is_refused(&orders, wanted.clone(), 422).await["type"], "not-clear");
        night.restored().await;
        let issued = night.commander.does(&orders, wanted).await;
        assert_eq!(issued["state"], "waiting");
        let approve = format!("{orders}/{}/approve", issued["instruction"].as_str().expect("is a text"));
        night.commander.is_refused(&approve, json!({}), 422).await;
        world.program(&[Role::Communicator]).await.does(&approve, json!({})).await;
        let ladder = night.commander.reads(&night.scope).await;
        assert_eq!(ladder["chosen"]["stage"], "pilot");
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
    }

    /// An all clear that has not left when its clearance is revoked never leaves (rule 1).
    async fn a_revocation_keeps_the_all_clear_back(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let incident = night.incident.rsplit('/').next().expect("has an id").to_owned();
        let mut post = Post { program: night.commander.clone(), incident, list: String::new() };
        post.list = post.gives("Staff", &by_mail(3)).await;
        let clearance = night.scope.rsplit('/').next().expect("has an id");
        let words = json!({ "clearance": clearance, "audiences": [post.list] });
        let mut paths = Vec::new();
        for _ in 0..3 {
            let composed = night.commander.does(&post.path("/all-clear"), &words).await;
            paths.push(post.path(&format!("/{}", composed["broadcast"].as_str().expect("an id"))));
        }
        let [draft, queued, ordered] = &paths[..] else { panic!("three messages") };
        // The first is in the queue of a gateway that rests, the second is not prepared yet.
        changes(world, REST).await;
        night.commander.does(&format!("{queued}/send"), json!({})).await;
        deliver_all(world).await;
        assert_eq!(night.commander.reads(queued).await["stage"], "sending");
        night.commander.does(&format!("{ordered}/send"), json!({})).await;
        night.cio.does(&format!("{}/revoke", night.scope), json!({ "reason": "Formulary is damaged", "functions": ["orders"] })).await;
        changes(world, END_REST).await;
        deliver_all(world).await;
        assert!(mail::in_outbox(world.folder.path()).is_empty(), "nobody reads an all clear for what is not clear");
        for taken_back in &paths {
            let seen = night.commander.reads(taken_back).await;
            assert_eq!(seen["stage_words"], "taken back", "{seen}");
        }
        night.commander.is_refused(&format!("{draft}/send"), json!({}), 422).await;
        let states = post.deliveries(queued).await;
        assert!(states.iter().all(|line| line["state"] == "suppressed"), "{states:?}");
        assert_eq!(night.commander.reads(queued).await["stage"], "done");
        let again = format!("{queued}/doubts");
        assert_eq!(night.commander.is_refused(&again, json!({ "choice": "send_again" }), 422).await["type"], "withdrawn");
    }

    /// The code of a message says that a newer one took its place: only one of the same incident can, and only once.
    async fn an_all_clear_replaces_what_its_own_incident_sent_and_nothing_twice(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let other = Post::open(&night.commander, &by_mail(1)).await;
        let foreign = other.sends().await;
        let incident = night.incident.rsplit('/').next().expect("has an id").to_owned();
        let mut post = Post { program: night.commander.clone(), incident, list: String::new() };
        post.list = post.gives("Staff", &by_mail(1)).await;
        let clearance = night.scope.rsplit('/').next().expect("has an id");
        let id = |path: &str| path.rsplit('/').next().expect("has an id").to_owned();
        let all_clear = |replaces: &str| json!({ "clearance": clearance, "audiences": [post.list], "supersedes": id(replaces) });
        let (path, draft) = (post.path("/all-clear"), post.program.does(&post.path(""), post.words()).await);
        let draft = draft["broadcast"].as_str().expect("an id").to_owned();
        for wrong in [&foreign, &draft] {
            let refused = night.commander.is_refused(&path, all_clear(wrong), 422).await;
            assert!(refused["errors"]["supersedes"].is_array(), "{refused}");
        }
        let first = post.sends().await;
        let composed = night.commander.does(&path, all_clear(&first)).await;
        let second = post.path(&format!("/{}", composed["broadcast"].as_str().expect("an id")));
        night.commander.does(&format!("{second}/send"), json!({})).await;
        let refused = night.commander.is_refused(&path, all_clear(&first), 422).await;
        assert!(refused["errors"]["supersedes"][0].as_str().is_some_and(|sentence| sentence.contains("already")), "{refused}");
        night.commander.does(&path, all_clear(&second)).await;
    }

    /// Between the order and its approval the scope may have been taken back or never restored again.
    async fn a_pilot_is_approved_only_while_its_scope_is_restored(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let orders = format!("{}/instructions", night.incident);
        let pilot = world.account(&[]).await;
        let wanted = json!({ "system": "laboratory", "word": "use", "place": "all", "whom": "pilots", "pilots": [pilot.account] });
        let issued = night.commander.does(&orders, wanted).await;
        let reason = json!({ "reason": "Results went to the wrong patients" });
        night.commander.does(&format!("{}/revoke", night.scope), reason).await;
        let approve = format!("{orders}/{}/approve", issued["instruction"].as_str().expect("is a text"));
        let communicator = world.program(&[Role::Communicator]).await;
        let refused = communicator.is_refused(&approve, json!({}), 422).await;
        assert_eq!(refused["type"], "not-clear");
        let page = night.commander.reads(&orders).await;
        assert_eq!(page["waiting"].as_array().map(Vec::len), Some(1), "it waits, or is rejected");
        communicator.does(&approve, json!({ "answer": "reject" })).await;
    }
}
