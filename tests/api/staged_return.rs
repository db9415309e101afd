//! A staged return over five days, across the end of summer time: two stages, six signers, a pilot, waves, a condition
//! that prints; medications taken back after twenty hours and given back later.

use std::collections::BTreeMap;

use acceptance::{Kind, PASSWORD, Program, World};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

const SIX: [&str; 6] = ["cio", "cmio", "cno", "pharmacy-owner", "laboratory-owner", "imaging-owner"];

/// The shipped playbook, whose gate of care asks for six signatures instead of four.
fn playbook() -> String {
    let (_, shipped) = domain::playbooks::SHIPPED
        .into_iter()
        .find(|(name, _)| name.contains("ehr-outage"))
        .expect("is shipped");
    let four = "signers = [\"cio\", \"cmio\", \"cno\", \"pharmacy-owner\"]\nquorum = 4";
    assert!(shipped.contains(four), "the gate of care has changed");
    let six = SIX.map(|signer| format!("\"{signer}\"")).join(", ");
    shipped.replacen(four, &format!("signers = [{six}]\nquorum = 6"), 1)
}

struct Return {
    commander: Program,
    second: Program,
    signers: BTreeMap<&'static str, Program>,
    incident: String,
}

impl Return {
    async fn begins(world: &World) -> Self {
        world.at("2024-11-01 02:05");
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander, Role::Administrator]).await;
        let second = world.program(&[Role::Commander]).await;
        let list = commander.reads("/playbooks").await;
        let fingerprint = list["playbooks"][0]["fingerprint"].as_str().expect("is a text").to_owned();
        commander.does(&format!("/playbooks/{fingerprint}/approve"), json!({})).await;
        let cape = Place::Facility(harbor.facility("cape")).to_string();
        let declaration = json!({
            "playbook": "ehr-outage", "level": 3, "places": [cape], "started_at": "2024-11-01 01:35",
            "basis": "Service desk: 40 calls in 10 minutes",
        });
        let declared = commander.does("/incidents", declaration).await;
        let incident = format!("/incidents/{}", declared["incident"].as_str().expect("is a text"));
        let mut signers = BTreeMap::new();
        for signer in SIX.into_iter().chain(["registration-owner"]) {
            let grant = Grant { role: Role::Signer, place: Place::All, signs_as: signer.to_owned() };
            signers.insert(signer, world.program_with(&[grant]).await.1);
        }
        Self { commander, second, signers, incident }
    }

    /// The path of the scope of Epic that has these functions.
    async fn scope(&self, functions: &str) -> String {
        let ladder = self.commander.reads(&format!("{}/clearance", self.incident)).await;
        let scopes = ladder["scopes"].as_array().expect("is a list");
        let is_meant = |scope: &&Value| {
            scope["name"] == "Cape, Epic production"
                && scope["functions"].as_str().is_some_and(|each| each == functions)
        };
        let scope =
            scopes.iter().find(is_meant).unwrap_or_else(|| panic!("no scope of {functions}: {ladder}"));
        scope["path"].as_str().expect("is a text").to_owned()
    }

    async fn gives_all(&self, scope: &str) {
        let panel = self.commander.reads(scope).await["chosen"].clone();
        for piece in panel["evidence"].as_array().expect("is a list") {
            let given = json!({ "piece": piece["key"], "passed": true, "note": "seen", "figure": "20" });
            self.commander.does(&format!("{scope}/evidence"), given).await;
        }
    }

    async fn signs(&self, scope: &str, signer: &str, words: &str) -> Value {
        let form = json!({ "signer": signer, "password": PASSWORD, "words": words });
        self.signers[signer].does(&format!("{scope}/sign"), form).await
    }

    async fn releases(&self, scope: &str) -> Value {
        self.commander.does(&format!("{scope}/release"), json!({})).await
    }
}

/// Everything that anybody outside reads of Epic at Cape, line by line.
async fn lines(world: &World) -> Vec<String> {
    let status = world.unknown_program().reads("/status/cape").await;
    let verdicts = status["verdicts"].as_array().expect("is a list");
    let epic = verdicts.iter().find(|each| each["system"] == "Epic production").expect("is on the page");
    epic["lines"]
        .as_array()
        .expect("is a list")
        .iter()
        .map(|line| line.as_str().expect("is a text").to_owned())
        .collect()
}

async fn returns(world: &World) {
    let night = Return::begins(world).await;
    let care = "orders, results, medications, documentation, billing";
    let (front, care) = (night.scope("registration, scheduling").await, night.scope(care).await);
    assert_eq!(lines(world).await, ["DO NOT LOG IN"]);

    // Day two: the front desk, tried by one named person first.
    world.at("2024-11-02 06:00");
    night.commander.does(&format!("{front}/restore"), json!({})).await;
    let (pilot, _) = world.person_with(&[]).await;
    let place = night.commander.reads(&front).await["chosen"]["pilot"][1].clone();
    let order = json!({
        "place": place, "system": "epic", "functions": ["registration", "scheduling"], "word": "use",
        "whom": "pilots", "pilots": [pilot.account],
    });
    let issued = night.commander.does(&format!("{}/instructions", night.incident), order).await;
    let approve = format!(
        "{}/instructions/{}/approve",
        night.incident,
        issued["instruction"].as_str().expect("is a text")
    );
    night.second.does(&approve, json!({})).await;
    assert_eq!(night.commander.reads(&front).await["chosen"]["stage"], "pilot");
    assert_eq!(lines(world).await, ["DO NOT LOG IN"], "a pilot opens nothing for anybody else");
    world.at("2024-11-02 08:00");
    night.gives_all(&front).await;
    for signer in ["cio", "cmio"] {
        night.signs(&front, signer, "").await;
    }
    night.commander.is_refused(&format!("{front}/release"), json!({}), 422).await;
    night.signs(&front, "registration-owner", "").await;
    night.releases(&front).await;
    let care_only = "LOG IN ONLY FOR registration, scheduling";
    assert_eq!(lines(world).await[0], care_only);

    // Day three, the clocks go back: care comes in two waves.
    world.at("2024-11-03 05:00");
    night.commander.does(&format!("{care}/restore"), json!({})).await;
    for (units, starts) in [("ed", "2024-11-03 06:00"), ("icu,4w", "2024-11-03 07:00")] {
        let wave = json!({ "units": [units], "starts_at": starts, "hold_minutes": 45 });
        night.commander.does(&format!("{care}/waves"), wave).await;
    }
    for (number, begins, passes) in
        [(1, "2024-11-03 06:00", "2024-11-03 06:45"), (2, "2024-11-03 07:00", "2024-11-03 07:45")]
    {
        world.at(begins);
        night.second.does(&format!("{care}/waves/{number}/begin"), json!({})).await;
        assert_eq!(lines(world).await[0], care_only, "a wave opens nothing on public pages");
        world.at(passes);
        night.commander.does(&format!("{care}/waves/{number}/pass"), json!({})).await;
    }
    world.at("2024-11-03 08:00");
    night.gives_all(&care).await;
    let condition = "Paper medication charts until 18:00 for 4 West";
    for signer in &SIX[..5] {
        night.signs(&care, signer, if *signer == "pharmacy-owner" { condition } else { "" }).await;
        night.commander.is_refused(&format!("{care}/release"), json!({}), 422).await;
    }
    assert_eq!(lines(world).await[0], care_only, "five of six are none");
    // The sixth signs too late: one piece of evidence has expired by then.
    world.at("2024-11-03 09:01");
    let sixth = json!({ "signer": SIX[5], "password": PASSWORD });
    let stale = night.signers[SIX[5]].is_refused(&format!("{care}/sign"), sixth, 422).await;
    assert_eq!(stale["type"], "evidence-open");
    night.gives_all(&care).await;
    for signer in SIX {
        night.signs(&care, signer, if signer == "pharmacy-owner" { condition } else { "" }).await;
    }
    night.releases(&care).await;
    assert_eq!(lines(world).await, ["USE"]);
    let record = night.commander.reads(&format!("{care}/record")).await;
    assert_eq!(record["conditions"], json!([format!("{condition} (Director of pharmacy)")]));
    assert_eq!(record["waves"].as_array().map(Vec::len), Some(2));

    // Twenty hours later medications are taken back, and nothing else.
    world.at("2024-11-04 05:01");
    let part = json!({ "reason": "The formulary is damaged", "functions": ["medications"] });
    let revoked = night.signers["pharmacy-owner"].does(&format!("{care}/revoke"), part).await;
    let after = lines(world).await;
    assert_eq!(
        after,
        [
            "LOG IN ONLY FOR registration, orders, results, documentation, scheduling, billing",
            "ON PAPER: medications"
        ]
    );
    assert!(revoked["suspect_entries"].as_i64().is_some_and(|entries| entries >= 0), "{revoked}");

    // Day five: given back on new evidence by all six.
    world.at("2024-11-05 10:00");
    let again = format!("{}/clearance/{}", night.incident, revoked["reopened"].as_str().expect("is a text"));
    night.commander.does(&format!("{again}/restore"), json!({})).await;
    night.gives_all(&again).await;
    for signer in SIX {
        night.commander.is_refused(&format!("{again}/release"), json!({}), 422).await;
        night.signs(&again, signer, "").await;
    }
    night.releases(&again).await;
    assert_eq!(lines(world).await, ["USE"]);
}

async fn on(kind: Kind) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("ehr-outage.toml"), playbook()).expect("can be written");
    let world = World::with(kind, |config| config.playbooks = Some(folder.path().to_owned())).await;
    returns(&world).await;
    world.end().await;
}

#[tokio::test]
async fn a_staged_return_over_five_days_sqlite() {
    on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_staged_return_over_five_days_postgres() {
    on(Kind::Postgres).await;
}
