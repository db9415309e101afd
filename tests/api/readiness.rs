//! Readiness: boxes and read-only computers looked at item by item, the worst unit first, and what was so when a
//! downtime began.

use acceptance::{Program, World, both_databases, harbor::Harbor};
use backend::{fetch_one, readiness};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

const BOX: [&str; 5] = ["box-contents", "box-kit", "box-expiry", "box-power", "box-login"];

/// The twelve sites, and a lead of 4 West at General.
struct House {
    harbor: Harbor,
    lead: Program,
    clerk: Program,
    unit: String,
}

impl House {
    async fn opens(world: &World) -> Self {
        let harbor = world.harbor().await;
        let id = harbor.unit("general", "4w");
        let grant = Grant { role: Role::UnitLead, place: Place::Unit(id), signs_as: String::new() };
        let (_, lead) = world.program_with(&[grant]).await;
        let clerk = world.program(&[Role::FormsClerk]).await;
        Self { harbor, lead, clerk, unit: format!("/readiness/units/{id}") }
    }

    async fn passes_all(&self, unit: &str) {
        for item in BOX {
            self.clerk.does(unit, json!({ "item": item, "outcome": "passed" })).await;
        }
    }

    async fn standing(&self) -> Value {
        self.lead.reads(&self.unit).await["standing"].clone()
    }

    async fn sums(&self) -> Value {
        self.lead.reads("/readiness").await["sums"].clone()
    }
}

async fn number(world: &World, sql: &'static str) -> i64 {
    let mut tx = world.app.db.read().await.expect("can be read");
    fetch_one!(tx, (i64,), sql).expect("can be read").0
}

both_databases! {
    /// Never looked at, ready, failed, overdue: each is seen on the list, the worst first.
    async fn the_worst_units_come_first_and_are_counted(world: World) {
        let house = House::opens(world).await;
        let view = house.lead.reads("/readiness").await;
        assert_eq!(view["title"], "36 of 36 units are not ready");
        assert_eq!(view["sums"], json!({ "units": 36, "failed": 0, "never": 36, "overdue": 0 }));
        house.passes_all(&house.unit).await;
        assert_eq!(house.standing().await, "ready");
        let icu = format!("/readiness/units/{}", house.harbor.unit("general", "icu"));
        house.clerk.does(&icu, json!({ "item": "box-power", "outcome": "failed", "note": "Lamp stays dark" })).await;
        let view = house.lead.reads("/readiness").await;
        assert_eq!(view["title"], "35 of 36 units are not ready");
        assert_eq!(view["sums"], json!({ "units": 36, "failed": 1, "never": 34, "overdue": 0 }));
        let lines = view["lines"].as_array().expect("is a list");
        assert_eq!((&lines[0]["name"], &lines[0]["standing"]), (&json!("Intensive care"), &json!("failed")));
        assert_eq!((lines.len(), &lines[35]["name"], &lines[35]["standing"]), (36, &json!("4 West"), &json!("ready")));
        let failed = house.lead.reads("/readiness?site=general&show=failed").await;
        assert_eq!(failed["lines"].as_array().map(Vec::len), Some(1));
        let none = house.lead.reads("/readiness?site=cape&show=failed").await;
        assert_eq!(none["lines"], json!([]));
    }

    /// A pass lasts its days; a failure lasts until somebody looks again, however long that is.
    async fn a_pass_grows_old_and_a_failure_stays(world: World) {
        let house = House::opens(world).await;
        house.passes_all(&house.unit).await;
        world.minutes_pass(30 * 24 * 60);
        assert_eq!(house.standing().await, "ready");
        world.minutes_pass(1);
        assert_eq!(house.standing().await, "overdue");
        assert_eq!(house.sums().await["overdue"], 1);
        house.lead.does(&house.unit, json!({ "item": "box-kit", "outcome": "failed", "note": "Old forms" })).await;
        world.minutes_pass(400 * 24 * 60);
        assert_eq!(house.standing().await, "failed");
        house.passes_all(&house.unit).await;
        assert_eq!(house.standing().await, "ready");
        let view = house.lead.reads(&house.unit).await;
        assert_eq!(view["events"].as_array().map(Vec::len), Some(11));
    }

    /// What is asked for follows where care is given, and a number that is too high fails by itself.
    async fn a_wards_computer_is_asked_for_and_an_old_report_fails(world: World) {
        let house = House::opens(world).await;
        house.clerk.is_refused(&house.unit, json!({ "item": "pc-report", "outcome": "passed", "number": 1 }), 422).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let care = json!({ "setting": "inpatient", "beds": "28" });
        administrator.does(&format!("/places/units/{}/care", house.harbor.unit("general", "4w")), care).await;
        house.passes_all(&house.unit).await;
        assert_eq!(house.standing().await, "never", "nobody has looked at its computer");
        for item in ["pc-power", "pc-login", "pc-print"] {
            house.lead.does(&house.unit, json!({ "item": item, "outcome": "passed" })).await;
        }
        house.lead.is_refused(&house.unit, json!({ "item": "pc-report", "outcome": "passed" }), 422).await;
        let old = house.lead.does(&house.unit, json!({ "item": "pc-report", "outcome": "passed", "number": 30 })).await;
        assert_eq!(old["outcome"], "failed");
        assert_eq!(house.standing().await, "failed");
        house.lead.does(&house.unit, json!({ "item": "pc-report", "outcome": "passed", "number": 2 })).await;
        assert_eq!(house.standing().await, "ready");
        world.minutes_pass(7 * 24 * 60 + 1);
        assert_eq!(house.standing().await, "overdue", "computers are looked at each week");
    }

    async fn what_is_wrong_is_refused_and_a_repeat_is_one_look(world: World) {
        let house = House::opens(world).await;
        for (form, field) in [
            (json!({ "item": "box-kit" }), "outcome"),
            (json!({ "item": "box-kit", "outcome": "failed" }), "note"),
            (json!({ "item": "<b>", "outcome": "passed" }), "item"),
            (json!({ "item": "box-kit", "outcome": "failed", "note": "Chart of MRN 12345678 in it" }), "note"),
        ] {
            let refused = house.lead.is_refused(&house.unit, &form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{form} {refused}");
        }
        let form = json!({ "item": "box-kit", "outcome": "passed" });
        let elsewhere = format!("/readiness/units/{}", house.harbor.unit("cape", "ed"));
        house.lead.is_refused(&elsewhere, &form, 403).await;
        let viewer = world.program(&[Role::Viewer]).await;
        viewer.is_refused(&house.unit, &form, 403).await;
        let nowhere = "/readiness/units/01900000-0000-7000-8000-000000000000";
        house.clerk.is_refused(nowhere, &form, 404).await;
        assert_eq!(number(world, "SELECT COUNT(*) FROM readiness_event").await, 0);
        let once = json!({
            "item": "box-kit", "outcome": "passed", "request_id": "01900000-0000-7000-8000-00000000abcd"
        });
        for _ in 0..2 {
            house.lead.does(&house.unit, &once).await;
        }
        assert_eq!(number(world, "SELECT COUNT(*) FROM readiness_event").await, 1);
    }

    /// How ready the units were when it began stays as it was, whatever is mended later.
    async fn an_incident_keeps_how_ready_its_units_were(world: World) {
        let house = House::opens(world).await;
        for unit in ["ed", "icu", "4w"] {
            house.passes_all(&format!("/readiness/units/{}", house.harbor.unit("cape", unit))).await;
        }
        let ed = format!("/readiness/units/{}", house.harbor.unit("cape", "ed"));
        house.clerk.does(&ed, json!({ "item": "box-login", "outcome": "failed", "note": "Opened" })).await;
        world.minutes_pass(5);
        let commander = world.program(&[Role::Commander]).await;
        let place = format!("facility:{}", house.harbor.facility("cape"));
        let form = json!({ "name": "Epic down", "basis": "Calls", "places": [place], "systems": ["epic:down"] });
        let incident = commander.does("/incidents", form).await["incident"].as_str().expect("an id").to_owned();
        world.minutes_pass(5);
        house.clerk.does(&ed, json!({ "item": "box-login", "outcome": "passed" })).await;
        let said = async || {
            let paper = commander.reads(&format!("/incidents/{incident}/forms")).await;
            paper["stock"].as_array().expect("is a list").iter().map(|line| line["words"].clone()).collect::<Vec<_>>()
        };
        let then = json!("1 of 3 units was not ready when it began");
        assert!(!said().await.contains(&then));
        readiness::note_starts(world.app.clone()).await.expect("can be noted");
        assert!(said().await.contains(&then));
        house.passes_all(&ed).await;
        readiness::note_starts(world.app.clone()).await.expect("can be noted");
        assert!(said().await.contains(&then));
    }

    /// Every item of every unit is in the file, also what nobody has looked at; nothing in it computes.
    async fn the_file_has_every_line_and_computes_nothing(world: World) {
        let house = House::opens(world).await;
        let note = "=HYPERLINK(\"http://evil.test\")";
        house.lead.does(&house.unit, json!({ "item": "box-power", "outcome": "failed", "note": note })).await;
        let file = house.lead.asks("/readiness.csv").await.expect(200);
        assert!(file.header("content-type").starts_with("text/csv"));
        let text = file.text();
        assert_eq!(text.lines().count(), 1 + 36 * 5, "{text}");
        assert!(text.contains("General,4 West,general,4w,Downtime box,"), "{text}");
        assert!(text.contains("'=HYPERLINK") && !text.contains(",=HYPERLINK") && !text.contains(",\"=HYPERLINK"), "{text}");
        let one = house.lead.asks("/readiness.csv?site=cape").await.expect(200);
        assert_eq!(one.text().lines().count(), 1 + 3 * 5);
    }

    async fn a_lead_checks_on_a_phone_without_a_script(world: World) {
        let house = House::opens(world).await;
        let grants = [Grant {
            role: Role::UnitLead,
            place: Place::Unit(house.harbor.unit("general", "4w")),
            signs_as: String::new(),
        }];
        let (_, mut lead) = world.person_with(&grants).await;
        let page = lead.opens(&house.unit).await;
        assert_eq!(page.heading(), "General, 4 West: not ready, something was never checked");
        let form = page.form("Failed");
        let refused = lead.is_refused(&form, "Failed").await;
        assert_eq!(refused.error_at("note").as_deref(), Some("Error: Say what is wrong, so that somebody can mend it."));
        let form = refused.form("Failed").types("What is wrong (optional)", "The seal is broken");
        let page = lead.presses(&form, "Failed").await;
        assert_eq!(page.heading(), "General, 4 West: not ready, something failed");
        assert!(page.says("The seal is broken"), "{}", page.text());
        let page = lead.opens("/readiness").await;
        assert!(page.says("1 unit with something that failed"), "{}", page.text());
        let page = lead.opens(&format!("/readiness/units/{}", house.harbor.unit("cape", "ed"))).await;
        assert!(page.texts("button").iter().all(|words| words != "Passed"), "another unit is not the lead's");
    }
}
