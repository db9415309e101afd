//! Blank forms: counted at units, used up in a downtime, asked for before they run out, printed and laid in.

use acceptance::{Program, World, both_databases, world::new_york};
use backend::{fetch_all, fetch_one, stock};
use domain::{
    actor::{Grant, Role},
    scope::Place,
    time::Zone,
};
use serde_json::{Value, json};

use crate::forms::Night;

/// A ward of 28 beds at General in a downtime that was declared at 02:05, and its lead.
struct Ward {
    night: Night,
    lead: Program,
    unit: String,
}

impl Ward {
    async fn begins(world: &World) -> Self {
        let night = Night::begins(world).await;
        let id = night.harbor.unit("general", "4w");
        let grant = Grant { role: Role::UnitLead, place: Place::Unit(id), signs_as: String::new() };
        let (_, lead) = world.program_with(&[grant]).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let care = json!({ "setting": "inpatient", "beds": "28" });
        administrator.does(&format!("/places/units/{id}/care"), care).await;
        Self { night, lead, unit: format!("/stock/units/{id}") }
    }

    async fn says(&self, how: &str, forms: &[(&str, i64)]) -> Value {
        let form = said(how, forms);
        self.lead.does(&format!("{}/count", self.unit), form).await["forms"][0].clone()
    }

    async fn counts(&self, code: &str, sheets: i64) -> Value {
        self.says("counted", &[(code, sheets)]).await
    }

    /// The line of a form on the unit's page.
    async fn line(&self, code: &str) -> Value {
        let view = self.lead.reads(&self.unit).await;
        let mut lines = view["lines"].as_array().expect("is a list").iter();
        lines.find(|line| line["form_type"] == code).cloned().unwrap_or_default()
    }

    /// Hands sheets out and counts some of them back used and blank.
    async fn uses(&self, first: i64, sheets: i64, used: i64, blank: i64) {
        let unit = self.night.harbor.unit("general", "4w");
        let issue = json!({ "form_type": "MAR", "unit": unit, "first": first, "sheets": sheets });
        self.night.clerk.does(&self.night.path("/issue"), issue).await;
        let range = |from: i64, many: i64| {
            if many == 0 { String::new() } else { format!("{from}-{}", from + many - 1) }
        };
        let count = json!({ "used": range(first, used), "blank": range(first + used, blank) });
        self.night.counts(count).await;
    }

    fn burn_down(&self) -> String {
        format!("/incidents/{}/stock", self.night.incident)
    }

    async fn waiting(&self) -> Vec<Value> {
        let view = self.lead.reads("/stock/reorders?state=open").await;
        view["lines"].as_array().expect("is a list").clone()
    }
}

fn said(how: &str, forms: &[(&str, i64)]) -> Value {
    json!({
        "how": how,
        "form_type": forms.iter().map(|(code, _)| code).collect::<Vec<_>>(),
        "sheets": forms.iter().map(|(_, sheets)| sheets).collect::<Vec<_>>(),
    })
}

async fn reckons(world: &World) {
    stock::reckon(world.app.clone()).await.expect("can be reckoned");
}

async fn number(world: &World, sql: &'static str) -> i64 {
    let mut tx = world.app.db.read().await.expect("can be read");
    fetch_one!(tx, (i64,), sql).expect("can be read").0
}

both_databases! {
    /// 28 beds need 28 records of doses for eight hours; patients count before beds, a unit's own par before both.
    async fn par_follows_beds_then_the_census_then_the_units_own(world: World) {
        let ward = Ward::begins(world).await;
        assert_eq!(ward.counts("MAR", 40).await, json!({ "form_type": "MAR", "left": 40, "par": 28, "short": 0 }));
        let unit = ward.night.harbor.unit("general", "4w");
        let census = json!({ "unit": unit, "day": "2024-07-19", "patient_day": "20" });
        ward.night.clerk.does(&format!("/incidents/{}/checks/census", ward.night.incident), census).await;
        reckons(world).await;
        let line = ward.line("MAR").await;
        assert_eq!((&line["par"], &line["basis"], &line["an_hour"]), (&json!(20), &json!("census"), &json!("2.5")));
        let par = format!("{}/par", ward.unit);
        ward.night.clerk.is_refused(&par, json!({ "form_type": "MAR", "par": 50 }), 422).await;
        ward.lead.is_refused(&par, json!({ "form_type": "MAR", "par": 50, "reason": "More" }), 403).await;
        let own = json!({ "form_type": "MAR", "par": 50, "reason": "Long corridor" });
        let kept = ward.night.clerk.does(&par, own).await["forms"][0].clone();
        assert_eq!((&kept["par"], &kept["short"]), (&json!(50), &json!(10)));
        let back = json!({ "form_type": "MAR", "par": "", "reason": "Corridor was rebuilt" });
        let kept = ward.night.clerk.does(&par, back).await["forms"][0].clone();
        assert_eq!((&kept["par"], &kept["short"]), (&json!(20), &json!(0)));
    }

    /// What came back used leaves the stock, what came back blank does not; the pace says when the rest is gone.
    async fn what_runs_out_first_comes_first_with_its_clock_time(world: World) {
        let ward = Ward::begins(world).await;
        ward.says("counted", &[("MAR", 40), ("ORD", 100)]).await;
        world.minutes_pass(110);
        ward.uses(1001, 40, 20, 20).await;
        reckons(world).await;
        let view = ward.lead.reads(&ward.burn_down()).await;
        let line = &view["lines"][0];
        assert_eq!(
            (&line["form_type"], &line["at_start"], &line["left"], &line["measured"]),
            (&json!("MAR"), &json!(40), &json!(20), &json!(true)), "{view}"
        );
        // Twenty in the 115 minutes since 02:05; the ten minutes that run now began at 03:50.
        assert_eq!((&line["an_hour"], &line["runs_out"]), (&json!("10.4"), &json!("05:45 EDT")));
        assert_eq!(view["title"], "MAR at General, 4 West runs out first, at 05:45 EDT");
        assert_eq!((&line["too_soon"], &line["reorder"]["state"]), (&json!(true), &json!("open")));
        assert_eq!(view["curve"]["points"].as_array().expect("is a list").last(), Some(&json!([110, 50])));
        let orders = &view["lines"][1];
        assert_eq!((&orders["form_type"], &orders["measured"], &orders["an_hour"]), (&json!("ORD"), &json!(false), &json!("3.5")));
        // Eight hours at that pace are 84 sheets; twenty are there.
        assert_eq!(ward.waiting().await[0]["sheets"], 64);
    }

    /// A recount that finds fewer is not taken off again when the used sheets come back.
    async fn a_recount_holds_and_what_comes_back_later_is_not_taken_off_twice(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 60).await;
        let unit = ward.night.harbor.unit("general", "4w");
        let issue = json!({ "form_type": "MAR", "unit": unit, "first": 1001, "sheets": 40 });
        ward.night.clerk.does(&ward.night.path("/issue"), issue).await;
        world.minutes_pass(240);
        reckons(world).await;
        assert_eq!(ward.line("MAR").await["left"], 60, "handed out is not used");
        assert_eq!(ward.counts("MAR", 42).await["left"], 42);
        ward.night.counts(json!({ "used": "1001-1018" })).await;
        reckons(world).await;
        assert_eq!(ward.line("MAR").await["left"], 42);
        ward.night.counts(json!({ "used": "1019-1020" })).await;
        reckons(world).await;
        let line = ward.line("MAR").await;
        assert_eq!((&line["left"], &line["measured"]), (&json!(40), &json!(true)));
        assert_eq!(number(world, "SELECT CAST(SUM(used) AS BIGINT) FROM stock_slot").await, 20);
    }

    async fn more_came_back_than_lay_there_and_nobody_used_any(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 10).await;
        let view = ward.lead.reads(&ward.burn_down()).await;
        let line = &view["lines"][0];
        assert_eq!((&line["measured"], &line["an_hour"]), (&json!(false), &json!("3.5")), "nothing is used yet");
        assert_eq!(line["runs_out"], "04:51 EDT");
        world.minutes_pass(30);
        ward.uses(1001, 40, 12, 28).await;
        reckons(world).await;
        let line = ward.line("MAR").await;
        assert_eq!((&line["left"], &line["beyond"]), (&json!(0), &json!(2)));
        assert_eq!(ward.counts("MAR", 30).await["left"], 30);
    }

    /// A row is written when something happened, and a clerk who counts or scans never waits for the stock.
    async fn reckoning_again_writes_nothing(world: World) {
        let ward = Ward::begins(world).await;
        ward.says("counted", &[("MAR", 40), ("ORD", 100), ("FLO", 10)]).await;
        reckons(world).await;
        let versions = number(world, "SELECT CAST(SUM(version) AS BIGINT) FROM stock").await;
        let log = number(world, "SELECT COUNT(*) FROM journal").await;
        for _ in 0..3 {
            reckons(world).await;
        }
        assert_eq!(number(world, "SELECT CAST(SUM(version) AS BIGINT) FROM stock").await, versions);
        assert_eq!(number(world, "SELECT COUNT(*) FROM journal").await, log);
    }

    /// One reorder of a form and unit at a time, from asked for to delivered, by a pack that is printed from it.
    async fn what_is_short_is_asked_for_once_printed_laid_in_and_then_enough(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 8).await;
        ward.counts("MAR", 7).await;
        reckons(world).await;
        let waiting = ward.waiting().await;
        assert_eq!((waiting.len(), &waiting[0]["sheets"]), (1, &json!(20)), "asked for once, at the first count");
        let reorder = format!("/stock/reorders/{}", waiting[0]["reorder"].as_str().expect("is an id"));
        let print = ward.lead.reads(&reorder).await["print"].as_str().expect("is a path").to_owned();
        let form = ward.night.clerk.reads(&print).await;
        let row = form["forms"].as_array().expect("is a list").iter().find(|row| row["code"] == "MAR");
        assert_eq!(row.expect("is offered")["sheets"], "20", "the numbers are filled in");
        let unit = ward.night.harbor.unit("general", "4w");
        let playbook = form["playbooks"][0]["value"].clone();
        let pack = json!({ "playbook": playbook, "unit": [unit], "form_type": ["MAR"], "sheets": [21] });
        let pack = ward.night.clerk.does("/packs/new", pack).await["packs"][0]["pack"].clone();
        assert_eq!(ward.lead.reads(&reorder).await["line"]["state"], "ordered");
        assert_eq!(ward.line("MAR").await["left"], 7, "printed is not there");
        let packs = format!("{}/packs", ward.unit);
        ward.lead.is_refused(&packs, json!({ "pack": "none" }), 422).await;
        assert_eq!(ward.lead.does(&packs, json!({ "pack": pack })).await["sheets"], 21);
        let refused = ward.lead.is_refused(&packs, json!({ "pack": pack }), 422).await;
        assert_eq!(refused["type"], "laid-in-already");
        assert_eq!(ward.lead.reads(&reorder).await["line"]["state"], "delivered");
        let line = ward.line("MAR").await;
        assert_eq!((&line["left"], &line["short"]), (&json!(28), &json!(0)));
        let out = json!({ "incident": ward.night.incident });
        ward.night.clerk.does(&format!("/packs/{}/hand-out", pack.as_str().expect("is an id")), out).await;
        assert_eq!(ward.line("MAR").await["left"], 28, "it lay there before and counts once");
        reckons(world).await;
        assert_eq!(ward.waiting().await, Vec::<Value>::new());
    }

    /// A pack that nobody laid in lies there when it is handed out; one that is withdrawn does no more.
    async fn packs_count_when_handed_out_and_not_when_withdrawn(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 40).await;
        let unit = ward.night.harbor.unit("general", "4w");
        let playbook = ward.night.clerk.reads("/packs/new").await["playbooks"][0]["value"].clone();
        let mut packs = Vec::new();
        for _ in 0..2 {
            let form = json!({ "playbook": playbook, "unit": [unit], "form_type": ["MAR"], "sheets": [10] });
            let made = ward.night.clerk.does("/packs/new", form).await;
            packs.push(made["packs"][0]["pack"].as_str().expect("is an id").to_owned());
        }
        let out = json!({ "incident": ward.night.incident });
        ward.night.clerk.does(&format!("/packs/{}/hand-out", packs[0]), out).await;
        assert_eq!(ward.line("MAR").await["left"], 50);
        ward.lead.does(&format!("{}/packs", ward.unit), json!({ "pack": packs[1] })).await;
        assert_eq!(ward.line("MAR").await["left"], 60);
        ward.night.clerk.does(&format!("/packs/{}/withdraw", packs[1]), json!({ "reason": "Wet" })).await;
        assert_eq!(ward.line("MAR").await["left"], 50);
    }

    /// Not needed needs a reason, and holds until somebody counts again.
    async fn a_reorder_that_is_not_needed_does_not_come_back_by_itself(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 8).await;
        let id = ward.waiting().await[0]["reorder"].as_str().expect("is an id").to_owned();
        let reorder = format!("/stock/reorders/{id}");
        let refused = ward.lead.is_refused(&reorder, json!({ "act": "decline" }), 422).await;
        assert!(refused["errors"]["note"][0].is_string(), "{refused}");
        ward.lead.is_refused(&reorder, json!({ "act": "burn" }), 422).await;
        let patient = json!({ "act": "decline", "note": "For MRN 12345678" });
        ward.lead.is_refused(&reorder, patient, 422).await;
        ward.lead.does(&reorder, json!({ "act": "decline", "note": "The ward closes at six" })).await;
        let refused = ward.lead.is_refused(&reorder, json!({ "act": "order" }), 422).await;
        assert_eq!(refused["type"], "not-needed-already");
        world.minutes_pass(60);
        reckons(world).await;
        assert_eq!(ward.waiting().await.len(), 0);
        ward.counts("MAR", 8).await;
        let again = ward.waiting().await;
        assert_eq!((again.len(), &again[0]["sheets"]), (1, &json!(20)));
        let reorder = format!("/stock/reorders/{}", again[0]["reorder"].as_str().expect("is an id"));
        ward.lead.does(&reorder, json!({ "act": "order", "note": "The print shop" })).await;
        ward.lead.is_refused(&reorder, json!({ "act": "order" }), 422).await;
        ward.lead.does(&reorder, json!({ "act": "deliver" })).await;
        assert_eq!(ward.line("MAR").await["left"], 28);
        ward.lead.is_refused(&reorder, json!({ "act": "deliver" }), 422).await;
        assert_eq!(number(world, "SELECT COUNT(*) FROM reorder_event").await, 5);
    }

    async fn what_is_wrong_is_refused_and_changes_nothing(world: World) {
        let ward = Ward::begins(world).await;
        let count = format!("{}/count", ward.unit);
        for (form, field) in [
            (said("counted", &[("MAR", -1)]), "sheets"),
            (said("counted", &[("<b>", 1)]), "form_type"),
            (said("counted", &[("MAR", 1), ("MAR", 2)]), "form_type"),
            (said("counted", &[]), "sheets"),
            (said("guessed", &[("MAR", 1)]), "how"),
        ] {
            let refused = ward.lead.is_refused(&count, &form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{form} {refused}");
        }
        let elsewhere = format!("/stock/units/{}", ward.night.harbor.unit("cape", "ed"));
        ward.lead.is_refused(&format!("{elsewhere}/count"), said("counted", &[("MAR", 1)]), 403).await;
        let viewer = world.program(&[Role::Viewer]).await;
        viewer.is_refused(&count, said("counted", &[("MAR", 1)]), 403).await;
        let nowhere = "/stock/units/01900000-0000-7000-8000-000000000000/count";
        ward.night.clerk.is_refused(nowhere, said("counted", &[("MAR", 1)]), 404).await;
        assert_eq!(number(world, "SELECT COUNT(*) FROM stock").await, 0);
        assert_eq!(number(world, "SELECT COUNT(*) FROM stock_event").await, 0);
    }

    /// The same request again, as from a browser that lost the answer, brings nothing twice.
    async fn the_same_delivery_sent_again_is_one_delivery(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 20).await;
        let mut form = said("brought", &[("MAR", 30)]);
        form["request_id"] = json!("01900000-0000-7000-8000-00000000abcd");
        for _ in 0..2 {
            let kept = ward.lead.does(&format!("{}/count", ward.unit), &form).await;
            assert_eq!(kept["forms"][0]["left"], 50);
        }
        assert_eq!(ward.line("MAR").await["left"], 50);
        assert_eq!(number(world, "SELECT COUNT(*) FROM stock_event").await, 2);
    }

    /// Paper, the unit's paper and the list say in a line what is short.
    async fn paper_says_in_a_line_what_runs_short(world: World) {
        let ward = Ward::begins(world).await;
        let lines = async || ward.night.clerk.reads(&ward.night.path("")).await["stock"].clone();
        assert_eq!(lines().await[0]["words"], "36 units whose blank forms nobody has counted");
        ward.counts("MAR", 8).await;
        let said = lines().await;
        assert_eq!(said[0]["words"], "1 unit runs short of blank forms");
        assert_eq!(said[1]["words"], "1 reorder of blank forms to be ordered");
        let unit = ward.night.path(&format!("/units/{}", ward.night.harbor.unit("general", "4w")));
        let next = ward.night.clerk.reads(&unit).await["next"].clone();
        assert_eq!(next[0]["words"], "Blank forms run short here; 1 reorder waits");
        let view = ward.lead.reads("/stock?show=short").await;
        assert_eq!(view["title"], "1 unit runs short of forms; 35 were never counted");
        assert_eq!(view["lines"][0]["short"], 20);
    }

    /// A drill takes nothing out of the figures (rule 11).
    async fn an_exercise_uses_up_nothing(world: World) {
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 40).await;
        let drill = json!({
            "playbook": "endpoint-crash", "basis": "Yearly drill", "places": ["all"], "kind": "exercise"
        });
        let drill = ward.night.commander.does("/incidents", drill).await["incident"].clone();
        let forms = format!("/incidents/{}/forms", drill.as_str().expect("is an id"));
        let unit = ward.night.harbor.unit("general", "4w");
        let issue = json!({ "form_type": "MAR", "unit": unit, "first": 5001, "sheets": 9 });
        ward.night.clerk.does(&format!("{forms}/issue"), issue).await;
        let used = json!({ "form_type": "MAR", "unit": unit, "used": "5001-5009" });
        ward.night.clerk.does(&format!("{forms}/count"), used).await;
        reckons(world).await;
        assert_eq!(ward.line("MAR").await["left"], 40);
    }

    /// Hundreds of units with the same figures: every one once, page by page, and the database finds them by index.
    async fn a_long_list_is_read_page_by_page_by_index(world: World) {
        let ward = Ward::begins(world).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let places: Vec<_> = (0..250).map(|unit| format!("unit,w{unit},Ward {unit},cape,inpatient,10")).collect();
        let places = format!("kind,code,name,site,setting,beds\n{}\n", places.join("\n"));
        let upload = ("file", "rows.csv", places.as_bytes());
        let offered: Value = administrator.uploads("/places/import", &[], upload).await.expect(201).json();
        let import = offered["import"].as_str().expect("an id");
        administrator.does(&format!("/places/import/{import}/commit"), json!({})).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let units = fetch_all!(tx, (uuid::Uuid,), "SELECT id FROM unit WHERE code LIKE 'w%'").expect("can be read");
        drop(tx);
        for (unit,) in units {
            let count = format!("/stock/units/{unit}/count");
            ward.night.clerk.does(&count, said("counted", &[("MAR", 5), ("ORD", 50)])).await;
        }
        for (path, all) in [("/stock".to_owned(), 500), (ward.burn_down(), 500)] {
            let (mut next, mut seen, mut pages) = (Some(path), std::collections::BTreeSet::new(), 0);
            while let Some(path) = next {
                let view = ward.lead.reads(&path).await;
                next = view["next"].as_str().map(ToOwned::to_owned);
                for line in view["lines"].as_array().expect("is a list") {
                    assert!(seen.insert(format!("{}{}", line["unit"], line["form_type"])), "{line} stands twice");
                }
                pages += 1;
            }
            assert_eq!((pages, seen.len()), (5, all));
        }
    }

    /// Over the hour that a clock change repeats the stock runs out in the clock of then.
    async fn the_run_out_is_said_in_the_clock_of_the_site(world: World) {
        world.app.clock.set(new_york("2024-11-02 23:30"));
        let ward = Ward::begins(world).await;
        ward.counts("MAR", 14).await;
        let line = ward.lead.reads(&ward.burn_down()).await["lines"][0].clone();
        let zone = Zone::named("America/New_York").expect("is in the database");
        let four_hours = new_york("2024-11-02 23:30").plus_minutes(240);
        assert_eq!(line["runs_out"], zone.full(four_hours));
        assert_eq!(zone.full(four_hours), "02:30 EST, Sun 3 November");
    }

    async fn a_lead_counts_on_pages_without_a_script(world: World) {
        let ward = Ward::begins(world).await;
        let grants = [Grant {
            role: Role::UnitLead,
            place: Place::Unit(ward.night.harbor.unit("general", "4w")),
            signs_as: String::new(),
        }];
        let (_, mut lead) = world.person_with(&grants).await;
        let page = lead.opens(&ward.unit).await;
        assert_eq!(page.heading(), "General, 4 West: nobody has counted the blank forms");
        let form = lead.opens(&format!("{}/count", ward.unit)).await.form("Keep this count");
        let refused = lead.is_refused(&form.types("Sheets of MAR", "many"), "Keep this count").await;
        assert!(refused.says("MAR: write a whole number"), "{}", refused.text());
        let form = refused.form("Keep this count").types("Sheets of MAR", "8");
        let page = lead.presses(&form, "Keep this count").await;
        assert_eq!(page.heading(), "General, 4 West: 1 form runs short");
        let page = lead.opens("/stock/reorders").await;
        let path = page.link("MAR");
        let page = lead.opens(&path).await;
        let form = page.form("They lie in the box").types("Sheets that came", "25");
        let page = lead.presses(&form, "They lie in the box").await;
        assert!(page.heading().ends_with("delivered"), "{}", page.heading());
        let page = lead.opens(&ward.burn_down()).await;
        assert!(page.heading().contains("runs out first"), "{}", page.heading());
    }
}
