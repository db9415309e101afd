//! Taking a clearance back, whole or in part, and a system that breaks again: nobody reads USE for what is not
//! clear, and the records that may be wrong are counted from the release.

use acceptance::{World, both_databases};
use backend::instructions::picture::{picture, subject};
use domain::{
    actor::Role,
    id::AccountId,
    instructions::{self, Reader},
    scope::Place,
};
use serde_json::{Value, json};

use crate::clearance::{Night, laboratory, said};

impl Night {
    async fn takes_back(&self, part: Value) -> Value {
        self.commander.does(&format!("{}/revoke", self.scope), part).await
    }

    async fn reports(&self, status: &str) -> Value {
        let report = json!({ "system": "laboratory", "status": status, "sites": ["cape"] });
        self.commander.does(&format!("{}/statuses", self.incident), report).await
    }

    /// Gives an order for one pilot, which a second person approves; gives its path.
    async fn lets_in(&self, world: &World, pilot: AccountId, place: &str) -> String {
        let orders = format!("{}/instructions", self.incident);
        let wanted = json!({ "system": "laboratory", "word": "use", "place": place, "whom": "pilots", "pilots": [pilot] });
        let issued = self.commander.does(&orders, wanted).await;
        let order = format!("{orders}/{}", issued["instruction"].as_str().expect("is a text"));
        world.program(&[Role::Communicator]).await.does(&format!("{order}/approve"), json!({})).await;
        order
    }

    fn path_of(&self, clearance: &Value) -> String {
        format!("{}/clearance/{}", self.incident, clearance.as_str().expect("is a text"))
    }

    /// What the board says of the laboratory at Cape, the only site of this night.
    async fn status_at_cape(&self) -> Value {
        let board = self.commander.reads(&self.incident).await;
        board["rows"][0]["cells"][0]["status"].clone()
    }

    async fn scopes(&self) -> Vec<Value> {
        let ladder = self.commander.reads(&format!("{}/clearance", self.incident)).await;
        ladder["scopes"].as_array().expect("is a list").clone()
    }
}

/// What the laboratory reads in the intensive care unit of Cape.
async fn intensive_care(world: &World) -> String {
    let status: Value = world.unknown_program().reads("/status/cape").await;
    let verdict = &status["verdicts"].as_array().expect("is a list")[0];
    let own =
        verdict["units"].as_array().expect("is a list").iter().find(|unit| unit["unit"] == "Intensive care");
    own.map_or(&verdict["lines"][0], |unit| &unit["words"]).as_str().expect("is a text").to_owned()
}

/// What a pilot may do with the laboratory at a place.
async fn pilot_reads(world: &World, night: &Night, pilot: AccountId, at: Place) -> String {
    let mut tx = world.app.db.read().await.expect("can be read");
    let seen = picture(&mut tx).await.expect("can be read");
    let laboratory = night.harbor.system("laboratory");
    let system = seen.systems.iter().find(|system| system.id == laboratory).expect("is there");
    let reader = Reader::Person { account: pilot, positions: std::collections::BTreeSet::new() };
    let real = instructions::World::Real;
    instructions::verdict(&seen.families, real, &seen.places, &reader, at, subject(system)).words()
}

/// The numbers under which the incident's log has entries of a kind.
async fn logged(world: &World, incident: &str, kind: &str) -> Vec<i64> {
    let incident = incident.rsplit('/').next().expect("is a path").parse::<domain::id::IncidentId>();
    let mut tx = world.app.db.read().await.expect("can be read");
    let rows = backend::store::journal::rows(&mut tx, incident.expect("is an id").0, 0, 1_000).await;
    rows.expect("can be read").iter().filter(|row| row.kind == kind).map(|row| row.seq).collect()
}

both_databases! {
    /// An order that came after the release does not become older when a part is taken back.
    async fn a_part_taken_back_makes_nothing_usable_that_was_forbidden_since(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let cape = Place::Facility(night.harbor.facility("cape")).to_string();
        let order = json!({ "system": "laboratory", "word": "do_not_log_in", "place": cape });
        night.commander.does(&format!("{}/instructions", night.incident), order).await;
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        let part = json!({ "reason": "Orders print twice", "functions": ["orders"] });
        assert_eq!(night.takes_back(part).await["holds_now"], "DO NOT LOG IN");
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
    }

    /// What may be wrong was recorded since the release, not since some part of it was taken back.
    async fn every_part_taken_back_counts_its_window_from_the_release(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let released = logged(world, &night.incident, "clearance.released").await[0];
        for (function, seen) in [("orders", "Orders print twice"), ("results", "Results are late")] {
            let revoked = night.takes_back(json!({ "reason": seen, "functions": [function] })).await;
            assert_eq!(revoked["suspect_from_seq"], released, "{function}");
        }
    }

    /// A unit that was taken back waits for its own signatures, whatever becomes of the scope around it.
    async fn a_unit_is_taken_back_once_and_stays_forbidden_until_it_is_clear_itself(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let unit = Place::Unit(night.harbor.unit("cape", "icu")).to_string();
        let part = json!({ "reason": "Labels of the wrong ward", "place": unit });
        night.takes_back(part.clone()).await;
        assert_eq!(intensive_care(world).await, "DO NOT LOG IN");
        assert_eq!(laboratory(world, "cape").await, "USE");
        let refused = night.commander.is_refused(&format!("{}/revoke", night.scope), part, 422).await;
        assert_eq!(refused["type"], "taken-back");
        assert!(refused["link"].as_str().is_some_and(|link| link.contains("/clearance/")), "{refused}");
        assert_eq!(night.scopes().await.len(), 2);

        let whole = night.takes_back(json!({ "reason": "And of every other" })).await;
        let again = Night { scope: night.path_of(&whole["reopened"]), ..night };
        again.released().await;
        assert_eq!(laboratory(world, "cape").await, "USE");
        assert_eq!(intensive_care(world).await, "DO NOT LOG IN", "its own clearance is open");
    }

    /// Whoever was let in before the release is let in no longer: the order for pilots ends, and lifting the prohibition
    /// does not bring it back.
    async fn a_pilot_ends_when_its_scope_is_taken_back(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let cape = Place::Facility(night.harbor.facility("cape"));
        let pilot = world.account(&[]).await.account;
        let order = night.lets_in(world, pilot, &cape.to_string()).await;
        assert_eq!(pilot_reads(world, &night, pilot, cape).await, "USE");
        night.sign_both().await;
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        night.takes_back(json!({ "reason": "Results went to the wrong patients" })).await;
        assert_eq!(pilot_reads(world, &night, pilot, cape).await, "DO NOT LOG IN");
        let refused = night.commander.is_refused(&format!("{order}/lift"), json!({ "reason": "Over" }), 422).await;
        assert_eq!(refused["type"], "ended");
        assert_eq!(logged(world, &night.incident, "instruction.ended_by_revocation").await.len(), 1);
    }

    /// An order that reaches further goes on elsewhere; here a newer prohibition holds, for the pilots as well.
    async fn a_pilot_of_all_sites_ends_where_its_scope_is_taken_back(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let (cape, general) = (night.harbor.facility("cape"), night.harbor.facility("general"));
        let pilot = world.account(&[]).await.account;
        night.lets_in(world, pilot, "all").await;
        night.sign_both().await;
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        let part = json!({ "reason": "Orders print twice", "functions": ["orders"] });
        assert_eq!(night.takes_back(part).await["holds_now"], "LOG IN ONLY FOR registration, results, medications, documentation, scheduling, billing. ON PAPER: orders");
        let read = pilot_reads(world, &night, pilot, Place::Facility(cape)).await;
        assert!(read.ends_with("ON PAPER: orders"), "{read}");
        assert_eq!(pilot_reads(world, &night, pilot, Place::Facility(general)).await, "USE");
    }

    /// A narrower permission would outlive the prohibition around it.
    async fn a_permission_for_one_unit_ends_with_the_clearance_of_its_site(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let unit = Place::Unit(night.harbor.unit("cape", "icu")).to_string();
        let order = json!({ "system": "laboratory", "word": "use", "place": unit });
        night.commander.does(&format!("{}/instructions", night.incident), order).await;
        night.takes_back(json!({ "reason": "Labels of the wrong ward" })).await;
        assert_eq!(intensive_care(world).await, "DO NOT LOG IN");
    }

    async fn pilots_are_not_let_into_what_is_down_again(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let cape = Place::Facility(night.harbor.facility("cape"));
        let pilot = world.account(&[]).await.account;
        night.lets_in(world, pilot, &cape.to_string()).await;
        night.reports("down").await;
        assert_eq!(pilot_reads(world, &night, pilot, cape).await, "DO NOT LOG IN");
    }

    /// While the unit's own scope is only restored, its site does not read operational.
    async fn a_site_is_operational_only_when_every_scope_in_it_is_clear(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let unit = Place::Unit(night.harbor.unit("cape", "icu")).to_string();
        let revoked = night.takes_back(json!({ "reason": "Labels of the wrong ward", "place": unit })).await;
        let unit = Night { scope: night.path_of(&revoked["reopened"]), ..night };
        unit.restored().await;
        assert_eq!(unit.status_at_cape().await, "restoring");
        unit.sign_both().await;
        unit.commander.does(&format!("{}/release", unit.scope), json!({})).await;
        assert_eq!(unit.status_at_cape().await, "operational");
    }

    async fn a_system_that_goes_down_after_its_all_clear_is_taken_back_at_once(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let reported = night.reports("down").await;
        assert_eq!(reported["taken_back"], 1, "{reported}");
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        assert_eq!(night.status_at_cape().await, "down");
        assert_eq!(night.phase(world).await, "downtime");
        let scopes = night.scopes().await;
        assert_eq!((scopes.len(), &scopes[0]["stage"]), (1, &json!("waiting")), "{scopes:?}");
        let refused = night.commander.is_refused(&format!("{}/close", night.incident), json!({ "basis": "Done" }), 422).await;
        assert_eq!(refused["type"], "blocked");
        assert_eq!(logged(world, &night.incident, "clearance.revoked").await.len(), 1);
    }

    /// Which functions are worse is for a person to say; what is clear does not read degraded beside USE.
    async fn a_clear_system_is_called_worse_only_by_taking_its_clearance_back(world: World) {
        let night = Night::falls(world).await;
        let statuses = format!("{}/statuses", night.incident);
        let report = |status: &str| json!({ "system": "laboratory", "status": status });
        let refused = night.commander.is_refused(&statuses, report("operational"), 422).await;
        assert_eq!((&refused["type"], &refused["link"]), (&json!("not-clear"), &json!(night.scope)));
        night.commander.does(&statuses, report("degraded")).await;
        night.released().await;
        let refused = night.commander.is_refused(&statuses, report("degraded"), 422).await;
        assert_eq!((&refused["type"], &refused["link"]), (&json!("clear"), &json!(night.scope)));
        night.takes_back(json!({ "reason": "Orders print twice", "functions": ["orders"] })).await;
        assert_eq!(night.status_at_cape().await, "degraded");
        night.commander.does(&statuses, report("read_only")).await;
    }

    /// Where it still worked an order permitted it; it does not once it is down.
    async fn a_system_that_goes_down_is_not_usable_by_an_older_order(world: World) {
        let night = Night::falls(world).await;
        let path = "/incidents";
        let general = Place::Facility(night.harbor.facility("general")).to_string();
        let form = json!({
            "name": "Imaging outage", "basis": "General called", "places": [general],
            "systems": ["imaging:down", "epic-read-only:operational"]
        });
        let declared = night.commander.does(path, form).await;
        let incident = format!("{path}/{}", declared["incident"].as_str().expect("is a text"));
        for place in [general, Place::Unit(night.harbor.unit("general", "icu")).to_string()] {
            let order = json!({ "system": "epic-read-only", "word": "use", "place": place });
            night.commander.does(&format!("{incident}/instructions"), order).await;
        }
        assert_eq!(said(world, "general", "Epic read-only copy").await, "USE");
        let down = json!({ "system": "epic-read-only", "status": "down" });
        night.commander.does(&format!("{incident}/statuses"), down).await;
        assert_eq!(said(world, "general", "Epic read-only copy").await, "DO NOT LOG IN");
        let page = world.unknown_program().reads("/status/general").await;
        assert!(!page.to_string().contains("\"USE\""), "{page}");
    }
}
