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

const FRONT_DESK_ONLY: &str = "LOG IN ONLY FOR registration, scheduling";
const CONDITION: &str = "Paper medication charts until 18:00 for 4 West";

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

impl Return {
    /// Day two: the front desk, tried by one named person first.
    async fn front_desk_returns(&self, world: &World, front: &str) {
        world.at("2024-11-02 06:00");
        self.commander.does(&format!("{front}/restore"), json!({})).await;
        let (pilot, _) = world.person_with(&[]).await;
        let place = self.commander.reads(front).await["chosen"]["pilot"][1].clone();
        let order = json!({
            "place": place, "system": "epic", "functions": ["registration", "scheduling"], "word": "use",
            "whom": "pilots", "pilots": [pilot.account],
        });
        let orders = format!("{}/instructions", self.incident);
        let issued = self.commander.does(&orders, order).await;
        let approve = format!("{orders}/{}/approve", issued["instruction"].as_str().expect("is a text"));
        self.second.does(&approve, json!({})).await;
        assert_eq!(self.commander.reads(front).await["chosen"]["stage"], "pilot");
        assert_eq!(lines(world).await, ["DO NOT LOG IN"], "a pilot opens nothing for anybody else");
        world.at("2024-11-02 08:00");
        self.gives_all(front).await;
        for signer in ["cio", "cmio"] {
            self.signs(front, signer, "").await;
        }
        self.commander.is_refused(&format!("{front}/release"), json!({}), 422).await;
        self.signs(front, "registration-owner", "").await;
        self.releases(front).await;
        assert_eq!(lines(world).await[0], FRONT_DESK_ONLY);
    }

    /// Day three, the clocks go back in the night: care comes in two waves.
    async fn care_is_waved_in(&self, world: &World, care: &str) {
        world.at("2024-11-03 05:00");
        self.commander.does(&format!("{care}/restore"), json!({})).await;
        for (units, starts) in [("ed", "2024-11-03 06:00"), ("icu,4w", "2024-11-03 07:00")] {
            let wave = json!({ "units": [units], "starts_at": starts, "hold_minutes": 45 });
            self.commander.does(&format!("{care}/waves"), wave).await;
        }
        let waves =
            [(1, "2024-11-03 06:00", "2024-11-03 06:45"), (2, "2024-11-03 07:00", "2024-11-03 07:45")];
        for (number, begins, passes) in waves {
            world.at(begins);
            self.second.does(&format!("{care}/waves/{number}/begin"), json!({})).await;
            assert_eq!(lines(world).await[0], FRONT_DESK_ONLY, "a wave opens nothing on public pages");
            world.at(passes);
            self.commander.does(&format!("{care}/waves/{number}/pass"), json!({})).await;
        }
    }

    /// Five of six signatures are none, and none is carried by evidence that has expired.
    async fn care_returns(&self, world: &World, care: &str) {
        world.at("2024-11-03 08:00");
        self.gives_all(care).await;
        let words = |signer: &str| if signer == "pharmacy-owner" { CONDITION } else { "" };
        for signer in &SIX[..5] {
            self.signs(care, signer, words(signer)).await;
            self.commander.is_refused(&format!("{care}/release"), json!({}), 422).await;
        }
        assert_eq!(lines(world).await[0], FRONT_DESK_ONLY, "five of six are none");
        world.at("2024-11-03 09:01");
        let sixth = json!({ "signer": SIX[5], "password": PASSWORD });
        let stale = self.signers[SIX[5]].is_refused(&format!("{care}/sign"), sixth, 422).await;
        assert_eq!(stale["type"], "evidence-open");
        self.gives_all(care).await;
        for signer in SIX {
            self.signs(care, signer, words(signer)).await;
        }
        self.releases(care).await;
        assert_eq!(lines(world).await, ["USE"]);
        let record = self.commander.reads(&format!("{care}/record")).await;
        assert_eq!(record["conditions"], json!([format!("{CONDITION} (Director of pharmacy)")]));
        assert_eq!(record["waves"].as_array().map(Vec::len), Some(2));
    }

    /// Twenty hours later medications are taken back, and nothing else: the path of their new clearance.
    async fn medications_are_taken_back(&self, world: &World, care: &str) -> String {
        world.at("2024-11-04 05:01");
        let part = json!({ "reason": "The formulary is damaged", "functions": ["medications"] });
        let revoked = self.signers["pharmacy-owner"].does(&format!("{care}/revoke"), part).await;
        let all_but = "LOG IN ONLY FOR registration, orders, results, documentation, scheduling, billing";
        assert_eq!(lines(world).await, [all_but, "ON PAPER: medications"]);
        for feed in ["/status/cape.rss", "/status/cape.cap"] {
            let text = world.unknown_program().asks(feed).await.expect(200).text().to_owned();
            assert!(text.contains("ON PAPER: medications"), "{feed}: {text}");
        }
        format!("{}/clearance/{}", self.incident, revoked["reopened"].as_str().expect("is a text"))
    }

    /// Day five: given back on new evidence by all six.
    async fn medications_return(&self, world: &World, again: &str) {
        world.at("2024-11-05 10:00");
        self.commander.does(&format!("{again}/restore"), json!({})).await;
        self.gives_all(again).await;
        for signer in SIX {
            self.commander.is_refused(&format!("{again}/release"), json!({}), 422).await;
            self.signs(again, signer, "").await;
        }
        self.releases(again).await;
        assert_eq!(lines(world).await, ["USE"]);
    }

    /// How many minutes a function of Epic was down, over all windows.
    async fn minutes_down(&self, function: &str) -> i64 {
        let view = self.commander.reads(&format!("{}/downtime", self.incident)).await;
        let systems = view["systems"].as_array().expect("is a list");
        let epic = systems.iter().find(|system| system["name"] == "Epic production").expect("was down");
        let functions = epic["functions"].as_array().expect("is a list");
        let line = functions.iter().find(|line| line["function"] == function).expect("is a function of it");
        line["minutes"].as_i64().expect("is a number")
    }
}

async fn returns(world: &World) {
    let night = Return::begins(world).await;
    let care = night.scope("orders, results, medications, documentation, billing").await;
    let front = night.scope("registration, scheduling").await;
    assert_eq!(lines(world).await, ["DO NOT LOG IN"]);
    night.front_desk_returns(world, &front).await;
    night.care_is_waved_in(world, &care).await;
    night.care_returns(world, &care).await;
    let again = night.medications_are_taken_back(world, &care).await;
    night.medications_return(world, &again).await;
    // Since 01:35 on Friday; the night to Sunday had an hour more.
    let (day, hour) = (24 * 60, 60);
    assert_eq!(night.minutes_down("registration").await, day + 6 * hour + 25);
    assert_eq!(night.minutes_down("orders").await, 2 * day + hour + 7 * hour + 26);
    assert_eq!(night.minutes_down("medications").await, 2 * day + hour + 7 * hour + 26 + day + 4 * hour + 59);
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
