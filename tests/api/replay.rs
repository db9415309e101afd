//! Afterwards: what the record system's own feed says of the cases is proposed and confirmed once, what it cancelled
//! without command becomes cases of their own, and asking twice changes nothing.

use std::collections::BTreeMap;

use acceptance::{
    Program, World, both_databases,
    cast::{list, text},
    mllp::{Siu, booked},
};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};
use sqlx::types::Uuid;

const LATER: &str = "20240720100000";

/// A downtime since 00:40 with six cases of a feed: M1, M2 and M6 cancelled by us, M3 kept, M4 and M5 undecided.
struct Story {
    feed: String,
    incident: String,
    planner: Program,
}

impl Story {
    async fn begins(world: &World) -> Self {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let epic = json!({ "name": "Epic", "format": "hl7" });
        let feed = text(&administrator.does("/feeds", epic).await["feed"]);
        let planner = world.program(&[Role::CaseManager]).await;
        let commander = world.program(&[Role::Commander]).await;
        let declared = json!({
            "name": "Outage", "level": 3, "started_at": "2024-07-19 00:40", "basis": "Help desk",
            "places": ["all"], "systems": ["epic:down"]
        });
        let mut story = Self { feed, incident: String::new(), planner };
        let before = (1..=6).map(|number| {
            booked(&format!("a{number}"), &format!("M{number}"), &format!("000{number}")).text()
        });
        story.brings("before.hl7", before.collect()).await;
        story.incident =
            format!("/incidents/{}", text(&commander.does("/incidents", declared).await["incident"]));
        let used = json!({ "schedule": story.feed });
        commander.does(&format!("{}/schedule/use", story.incident), used).await;
        for (appointment, act) in [("M1", "cancel"), ("M2", "cancel"), ("M6", "cancel"), ("M3", "keep")] {
            story.acts(world, appointment, act, json!({ "reason": "Theatre is dark" })).await;
        }
        world.at("2024-07-20 12:00");
        story
    }

    async fn brings(&self, name: &str, messages: Vec<String>) {
        let (path, file) = (format!("/feeds/{}/files", self.feed), messages.join("\r"));
        let offered: Value =
            self.planner.uploads(&path, &[], ("file", name, file.as_bytes())).await.expect(201).json();
        self.planner.does(&format!("{path}/{}/take", text(&offered["file"])), json!({})).await;
    }

    async fn acts(&self, world: &World, appointment: &str, act: &str, form: Value) {
        let case = case_of(world, appointment).await;
        self.planner.does(&format!("{}/cases/{case}/{act}", self.incident), form).await;
    }

    async fn page(&self) -> Value {
        self.planner.reads(&format!("{}/cases/replay", self.incident)).await
    }

    async fn confirms(&self, values: &[Value], act: &str) -> Value {
        let form = json!({ "confirm": values, "act": act });
        self.planner.does(&format!("{}/cases/replay", self.incident), form).await
    }

    /// What happens in the record system while paper is in use.
    async fn the_record_system_moves_on(&self) {
        let said = |event, id, key, mrn| Siu { event, at: LATER, ..booked(id, key, mrn) }.text();
        let done = |id, key, mrn| said("S14", id, key, mrn).replace("1^Booked", "1^Complete");
        let rebooked = Siu { at: LATER, start: "20240802090000", ..booked("b1", "N1", "0001") }.text();
        let other = Siu { at: LATER, start: "20240802090000", ..booked("b9", "N9", "0006") }.text();
        let unknown =
            Siu { event: "S15", at: LATER, start: "20240721090000", ..booked("b7", "M7", "0007") }.text();
        self.brings(
            "after.hl7",
            vec![
                rebooked,
                other.replace("RETURN VISIT", "EYE TEST"),
                done("b2", "M2", "0002"),
                done("b3", "M3", "0003"),
                said("S15", "b4", "M4", "0004"),
                said("S17", "b5", "M5", "0005"),
                said("S15", "b6", "M6", "0006"),
                unknown,
            ],
        )
        .await;
    }
}

async fn case_of(world: &World, appointment: &str) -> Uuid {
    let mut tx = world.app.db.read().await.expect("can be read");
    let sql = "SELECT id FROM patient_case WHERE appointment = $1 AND visible = TRUE";
    backend::fetch_one!(tx, (Uuid,), sql, appointment).expect("is a case").0
}

/// By appointment, the state and the rule of each case.
async fn cases(world: &World) -> BTreeMap<String, (String, String)> {
    let mut tx = world.app.db.read().await.expect("can be read");
    let sql = "SELECT appointment, state, rule FROM patient_case WHERE visible = TRUE";
    let rows = backend::fetch_all!(tx, (String, String, String), sql).expect("can be read");
    rows.into_iter().map(|(appointment, state, rule)| (appointment, (state, rule))).collect()
}

/// The proposals by MRN.
fn proposals(page: &Value) -> BTreeMap<String, (String, Value)> {
    let one = |line: &Value| (text(&line["mrn"]), (text(&line["proposal"]), line["value"].clone()));
    list(&page["lines"]).iter().map(one).collect()
}

both_databases! {
    async fn what_moved_on_there_is_confirmed_once_and_what_is_another_matter_never_comes_again(world: World) {
        let story = Story::begins(world).await;
        assert_eq!(list(&story.page().await["lines"]).len(), 0, "nothing was told since");
        story.the_record_system_moves_on().await;
        let page = story.page().await;
        let said = proposals(&page);
        let kinds: Vec<_> = said.iter().map(|(mrn, (kind, _))| (mrn.as_str(), kind.as_str())).collect();
        assert_eq!(kinds, [("0001", "rebooked"), ("0002", "seen"), ("0003", "done"), ("0004", "outside"), ("0005", "error")]);
        let first = list(&page["lines"]).iter().find(|line| line["mrn"] == "0001").expect("is proposed");
        assert_eq!(first["words"], "Booked again for 2 Aug 09:00 (Epic)");
        assert_eq!(cases(world).await["M1"].0, "to_contact", "nothing changes before somebody confirms it");

        let meant: Vec<Value> = ["0001", "0002", "0003", "0004"].map(|mrn| said[mrn].1.clone()).into();
        let done = story.confirms(&meant, "confirm").await;
        assert_eq!((&done["confirmed"], &done["left"]), (&json!(4), &json!(0)));
        let other = story.confirms(&[said["0005"].1.clone()], "not_same").await;
        assert_eq!(other["not_the_same"], 1);
        let now = cases(world).await;
        let states = ["M1", "M2", "M3", "M4", "M5", "M6"].map(|key| now[key].0.as_str());
        assert_eq!(states, ["rebooked", "seen", "done", "to_contact", "scheduled", "to_contact"]);
        assert_eq!((now["M4"].1.as_str(), now["M6"].1.as_str()), ("outside command", "by hand"));
        assert_eq!(list(&story.page().await["lines"]).len(), 0);
        let again = story.confirms(&meant, "confirm").await;
        assert_eq!((&again["confirmed"], &again["left"]), (&json!(0), &json!(4)));
        assert_eq!(cases(world).await, now);
        let commander = world.program(&[Role::Commander]).await;
        let log = commander.asks(&format!("{}/log.ndjson", story.incident)).await.expect(200);
        let named = |line: &&str| line.contains("case.rebooked") && line.contains(&story.feed) && line.contains("b1");
        assert!(log.text().lines().any(|line| named(&line)), "{}", log.text());

        // The new date is cancelled there, too: the case opens again.
        let cancelled = Siu { event: "S15", at: "20240720110000", start: "20240802090000", ..booked("c1", "N1", "0001") };
        story.brings("again.hl7", vec![cancelled.text()]).await;
        let said = proposals(&story.page().await);
        assert_eq!(said["0001"].0, "cancelled_again");
        story.confirms(&[said["0001"].1.clone()], "confirm").await;
        assert_eq!(cases(world).await["M1"].0, "to_contact");
    }

    async fn what_was_cancelled_there_without_command_becomes_marked_cases_once(world: World) {
        let story = Story::begins(world).await;
        story.the_record_system_moves_on().await;
        let page = story.page().await;
        assert_eq!(list(&page["unknown"]).iter().map(|line| text(&line["appointment"])).collect::<Vec<_>>(), ["M7"]);
        let path = format!("{}/cases/replay/outside", story.incident);
        let made = story.planner.does(&path, json!({})).await;
        // M4, which nobody had decided, is cancelled there as well.
        assert_eq!(made["made"], 2, "{made}");
        let now = cases(world).await;
        assert_eq!(now["M7"], ("to_contact".into(), "outside command".into()));
        let again = story.planner.does(&path, json!({})).await;
        assert_eq!(again["made"], 0, "{again}");
        assert_eq!(cases(world).await, now);
        assert_eq!(list(&story.page().await["unknown"]).len(), 0);
        let csv = story.planner.asks(&format!("{}/cases.csv", story.incident)).await.expect(200);
        assert_eq!(csv.text().lines().filter(|line| line.contains("outside command")).count(), 2, "{}", csv.text());
        let page = story.planner.reads(&format!("{}/cases", story.incident)).await;
        let marked = list(&page["lines"]).iter().filter(|line| text(&line["standing"]).contains("outside command")).count();
        assert_eq!(marked, 2, "{page}");
        let funnel = &page["funnel"];
        assert_eq!(funnel["booked"], 7, "{funnel}");
    }

    async fn what_is_said_of_another_site_is_for_its_own_people(world: World) {
        let story = Story::begins(world).await;
        story.the_record_system_moves_on().await;
        let general = domain::id::FacilityId(site(world, "general").await);
        let grants = [Grant { role: Role::CaseManager, place: Place::Facility(general), signs_as: String::new() }];
        let (_, other) = world.program_with(&grants).await;
        let page = other.reads(&format!("{}/cases/replay", story.incident)).await;
        assert_eq!((list(&page["lines"]).len(), list(&page["unknown"]).len()), (0, 0), "{page}");
        other.is_refused(&format!("{}/cases/replay/outside", story.incident), json!({}), 403).await;
        let value = proposals(&story.page().await)["0001"].1.clone();
        let tried = other.does(&format!("{}/cases/replay", story.incident), json!({ "confirm": [value] })).await;
        assert_eq!((&tried["confirmed"], &tried["left"]), (&json!(0), &json!(1)));
        assert_eq!(cases(world).await["M1"].0, "to_contact");
        let mut person = world.person(&[Role::CaseManager]).await;
        let page = person.asks(&format!("{}/cases/replay", story.incident)).await.expect(200);
        assert!(page.text().contains("Confirm what is ticked"));
        story.planner.is_refused(&format!("{}/cases/replay", story.incident), json!({ "confirm": [] }), 422).await;
    }
}

async fn site(world: &World, code: &str) -> Uuid {
    let mut tx = world.app.db.read().await.expect("can be read");
    backend::fetch_one!(tx, (Uuid,), "SELECT id FROM facility WHERE code = $1", code).expect("is a site").0
}
