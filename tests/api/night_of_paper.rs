//! Paper from unit to file: serials under scanners, batches between them, and rule 8 at every step.

use acceptance::{Program, World, both_databases};
use backend::{fetch_all, fetch_one};
use domain::{
    actor::{Grant, Role},
    forms::Serial,
    id::RequestId,
    scope::Place,
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::forms::Night;

/// The sites whose intensive care units the night is about.
const SITES: [&str; 3] = ["general", "northside", "childrens"];

fn of(site: &str, number: i64) -> String {
    Serial::new(site, "icu", "MAR", number).to_string()
}

/// A scan of a unit's sheet onto a pile.
fn back(serial: &str, pile: &str) -> Value {
    json!({ "serial": serial, "station": "collection", "pile": pile, "voided_because": "spoiled" })
}

fn at(serial: &str, station: &str) -> Value {
    json!({ "serial": serial, "station": station })
}

fn sums(ledger: &Value) -> [i64; 6] {
    ["issued", "out", "used", "blank", "voided", "missing"]
        .map(|name| ledger[name].as_i64().expect("is a number"))
}

impl Night {
    fn icu(&self, site: &'static str) -> String {
        self.harbor.unit(site, "icu").to_string()
    }

    async fn hands_out(&self, site: &'static str, first: i64, sheets: i64) {
        let form = json!({
            "form_type": "MAR", "unit": self.icu(site), "first": first, "sheets": sheets,
            "shift": "night", "shift_on": "2024-07-18", "taken_by": "Nora North",
        });
        self.clerk.does(&self.path("/issue"), form).await;
    }

    async fn scans(&self, form: Value) -> Value {
        self.clerk.does(&self.path("/scan"), form).await
    }

    /// The code with which a scan is refused.
    async fn is_not_taken(&self, form: Value) -> String {
        let refused = self.clerk.is_refused(&self.path("/scan"), form, 422).await;
        refused["type"].as_str().expect("is a text").to_owned()
    }
}

/// Sheets by unit, accounting and place, counted all over; then each sum that is kept beside them must say the same.
async fn every_sum_agrees(world: &World) {
    let mut tx = world.app.db.read().await.expect("can be read");
    let differing = [
        "SELECT COUNT(*) FROM form_tally WHERE found = FALSE AND (issued, out, used, blank, voided, missing) <> (
            SELECT COUNT(*), COUNT(CASE WHEN state = 'out' THEN 1 END),
                COUNT(CASE WHEN state IN ('used', 'entered', 'discrepancy', 'verified', 'filed') THEN 1 END),
                COUNT(CASE WHEN state = 'blank' THEN 1 END), COUNT(CASE WHEN state = 'voided' THEN 1 END),
                COUNT(CASE WHEN state = 'missing' THEN 1 END)
            FROM form
            WHERE form.incident = form_tally.incident AND form.form_type = form_tally.form_type
                AND form.unit = form_tally.unit AND form.prefix <> 'F')",
        "SELECT COUNT(*) FROM form_issue WHERE (out, used, blank, voided, missing) <> (
            SELECT COUNT(CASE WHEN state = 'out' THEN 1 END),
                COUNT(CASE WHEN state IN ('used', 'entered', 'discrepancy', 'verified', 'filed') THEN 1 END),
                COUNT(CASE WHEN state = 'blank' THEN 1 END), COUNT(CASE WHEN state = 'voided' THEN 1 END),
                COUNT(CASE WHEN state = 'missing' THEN 1 END)
            FROM form
            WHERE form.issue = form_issue.id)",
        "SELECT COUNT(*) FROM form_age WHERE sheets <> (
            SELECT COUNT(*)
            FROM form
            WHERE form.incident = form_age.incident AND form.custody = form_age.custody
                AND form.custody_at / 3600000000 = form_age.since_hour AND form.custody <> 'filed'
                AND form.state NOT IN ('blank', 'voided', 'missing'))",
        "SELECT COUNT(*) FROM form_batch WHERE sheets <> (SELECT COUNT(*) FROM form WHERE form.batch = form_batch.id)
            OR sheets <> (SELECT COALESCE(SUM(sheets), 0) FROM form_batch_tally WHERE batch = form_batch.id)",
        "SELECT COUNT(*) FROM form WHERE state <> (
            SELECT to_state FROM form_event WHERE form_event.form = form.id ORDER BY seq DESC, entered_at DESC LIMIT 1)",
        "SELECT COUNT(*) FROM form WHERE custody <> 'with_unit' AND prefix <> 'F' AND NOT EXISTS (
            SELECT 1 FROM form_custody WHERE form_custody.form = form.id AND to_custody = form.custody)",
    ];
    for query in differing {
        let (wrong,) = fetch_one!(tx, (i64,), query).expect("can be read");
        assert_eq!(wrong, 0, "{query}");
    }
    let waits =
        "SELECT custody, CAST(SUM(sheets) AS BIGINT) FROM form_age GROUP BY custody HAVING SUM(sheets) <> 0";
    let waits: Vec<(String, i64)> = fetch_all!(tx, (String, i64), waits).expect("can be read");
    let counted = "SELECT custody, COUNT(*) FROM form WHERE custody <> 'filed'
        AND state NOT IN ('blank', 'voided', 'missing') GROUP BY custody";
    let counted: Vec<(String, i64)> = fetch_all!(tx, (String, i64), counted).expect("can be read");
    let sorted = |mut rows: Vec<(String, i64)>| {
        rows.sort();
        rows
    };
    assert_eq!(sorted(waits), sorted(counted));
}

/// The ledger of the whole night, after rule 8 was seen to hold by form, unit and range.
async fn ledger(world: &World, night: &Night) -> [i64; 6] {
    every_sum_agrees(world).await;
    let view = night.clerk.reads(&night.path("")).await;
    let lists = ["types", "units", "found"].map(|list| view[list].as_array().expect("is a list").clone());
    for line in lists.iter().flatten().chain([&json!({ "ledger": view["total"] })]) {
        let [issued, rest @ ..] = sums(&line["ledger"]);
        assert_eq!(issued, rest.iter().sum::<i64>(), "{line}");
    }
    for site in SITES {
        let unit = night.clerk.reads(&night.path(&format!("/units/{}?show=all", night.icu(site)))).await;
        for line in unit["types"]
            .as_array()
            .expect("is a list")
            .iter()
            .chain(unit["ranges"].as_array().expect("is a list"))
        {
            let [issued, rest @ ..] = sums(&line["ledger"]);
            assert_eq!(issued, rest.iter().sum::<i64>(), "{line}");
        }
    }
    sums(&view["total"])
}

/// Scans some sheets of a unit in a row.
async fn gives_back(night: &Night, site: &str, numbers: std::ops::RangeInclusive<i64>, pile: &str) {
    for number in numbers {
        let taken = night.scans(back(&of(site, number), pile)).await;
        assert_eq!(
            (taken["answer"].as_str(), taken["custody"].as_str()),
            (Some("ok"), Some("collected")),
            "{taken}"
        );
    }
}

both_databases! {
    /// Three ICUs and 600 serials: some blank, voided, lost; two of the lost are found later, one copy has no serial.
    async fn a_night_in_three_icus(world: World) {
        let night = Night::begins(world).await;
        for (site, first) in SITES.into_iter().zip([1001, 1201, 1401]) {
            night.hands_out(site, first, 200).await;
        }
        assert_eq!(ledger(world, &night).await, [600, 600, 0, 0, 0, 0]);
        gives_back(&night, "general", 1001..=1040, "used").await;
        gives_back(&night, "general", 1041..=1050, "blank").await;
        gives_back(&night, "general", 1051..=1053, "voided").await;
        assert_eq!(ledger(world, &night).await, [600, 547, 40, 10, 3, 0]);
        let whole = |site: &'static str, used: &str, blank: &str| json!({
            "form_type": "MAR", "unit": night.icu(site), "used": used, "blank": blank, "whole": "yes",
        });
        // At General 1191 to 1193 are lost, at Northside 1399, at Children's none.
        let counted = night.clerk.does(&night.path("/count"), whole("general", "1054-1190", "1194-1200")).await;
        assert_eq!(counted["missing"], 3);
        night.clerk.does(&night.path("/count"), whole("northside", "1201-1350", "1351-1398 1400")).await;
        night.clerk.does(&night.path("/count"), whole("childrens", "1401-1550", "1551-1600")).await;
        assert_eq!(ledger(world, &night).await, [600, 0, 477, 116, 3, 4]);

        let missing = night.clerk.reads(&night.path("/missing")).await;
        assert_eq!(missing["title"], "4 forms are missing.");
        let lost: Vec<&str> = missing["sheets"].as_array().expect("is a list").iter().filter_map(|line| line["serial"].as_str()).collect();
        for serial in [of("general", 1191), of("general", 1193), of("northside", 1399)] {
            assert!(lost.contains(&serial.as_str()), "{lost:?}");
        }
        let seen = missing["sheets"][0]["last_seen"].as_str().expect("is a text");
        assert!(seen.contains("night of 2024-07-18, taken by Nora North"), "{seen}");

        // One turns up under a scanner, one at the desk; a copy has no serial.
        let taken = night.scans(back(&of("general", 1192), "used")).await;
        assert_eq!(taken["answer"], "ok");
        assert_eq!(ledger(world, &night).await, [600, 0, 478, 116, 3, 3]);
        let form = json!({ "form_type": "MAR", "voided": of("northside", 1399), "reason": "Torn" });
        assert_eq!(night.clerk.does(&night.path("/count"), form).await["turned_up"], 1);
        let form = json!({ "form_type": "MAR", "unit": night.icu("childrens"), "sheets": 1, "note": "A photocopy" });
        let found = night.clerk.does(&night.path("/found"), form).await;
        assert_eq!(found["first"], Serial::new("childrens", "icu", "F", 1).to_string());
        assert_eq!(ledger(world, &night).await, [600, 0, 478, 116, 4, 2]);

        let history = night.clerk.reads(&night.path(&format!("/sheets/{}", of("general", 1192)))).await;
        let what: Vec<&str> = history["events"].as_array().expect("is a list").iter().filter_map(|event| event["what"].as_str()).collect();
        assert_eq!(what, ["handed out", "not there when its unit was counted", "turned up, counted used", "collected"]);
        // The records room takes the copy as it takes every other sheet.
        assert_eq!(night.scans(at(found["first"].as_str().expect("is a text"), "records")).await["answer"], "ok");
        assert_eq!(ledger(world, &night).await, [600, 0, 478, 116, 4, 2]);
    }

    /// What a scanner may bring by mistake is told apart, and none of it changes a sum.
    async fn every_wrong_scan_is_told_apart_and_changes_nothing(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 20).await;
        night.hands_out("northside", 1201, 5).await;
        let serial = of("general", 1001);
        let misread = serial.replace("01001", "01007");
        let elsewhere = json!({ "serial": of("northside", 1201), "station": "collection", "pile": "used", "unit": night.icu("general") });
        let renamed = Serial::new("general", "ed", "MAR", 1001).to_string();
        for (form, code) in [
            (back(&misread, "used"), "wrong-check"),
            (back("4 West", "used"), "unreadable"),
            (back("1001", "used"), "unreadable"),
            (elsewhere, "another-unit"),
            (back(&of("general", 1021), "used"), "not-handed-out"),
            (back(&renamed, "used"), "another-serial"),
            (at(&serial, "records"), "still-out"),
        ] {
            assert_eq!(night.is_not_taken(form).await, code);
        }
        for (field, form) in [
            ("station", json!({ "serial": serial })),
            ("pile", json!({ "serial": serial, "station": "collection" })),
            ("voided_because", json!({ "serial": serial, "station": "collection", "pile": "voided" })),
            ("batch", json!({ "serial": serial, "station": "collection", "pile": "used", "batch": "';--" })),
        ] {
            let refused = night.clerk.is_refused(&night.path("/scan"), form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{field}: {refused}");
        }
        assert_eq!(ledger(world, &night).await, [25, 25, 0, 0, 0, 0]);

        night.scans(back(&serial, "blank")).await;
        assert_eq!(night.is_not_taken(back(&serial, "used")).await, "other-pile");
        assert_eq!(night.is_not_taken(at(&serial, "records")).await, "blank");
        night.scans(back(&of("general", 1002), "voided")).await;
        night.scans(at(&of("general", 1002), "records")).await;
        assert_eq!(night.is_not_taken(at(&of("general", 1002), "preparation")).await, "voided");
        night.scans(back(&of("general", 1003), "used")).await;
        assert_eq!(night.is_not_taken(at(&of("general", 1003), "filing")).await, "not-scanned");
        assert_eq!(ledger(world, &night).await, [25, 22, 1, 1, 1, 0]);
        let page = night.clerk.reads(&night.path("/scan")).await;
        let last: Vec<_> = page["last"].as_array().expect("is a list").iter().map(|line| line["serial"].clone()).collect();
        // Each as often as it was moved: the voided one is in the records room, too.
        assert_eq!(last.len(), 4, "{last:?}");
        assert!([1001, 1002, 1003].iter().all(|number| last.contains(&json!(of("general", *number)))), "{last:?}");
    }

    /// A lost answer is asked for again under the same request; a second scan of the sheet is a double.
    async fn a_repeat_is_the_first_answer_and_a_double_is_already(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 2).await;
        let request: RequestId = world.app.clock.id();
        let mut form = back(&of("general", 1001), "used");
        form["request_id"] = json!(request);
        for _ in 0..2 {
            assert_eq!(night.scans(form.clone()).await["answer"], "ok");
        }
        let double = night.scans(back(&of("general", 1001), "used")).await;
        assert_eq!((double["answer"].as_str(), double["word"].as_str()), (Some("already"), Some("ALREADY")));
        assert_eq!(ledger(world, &night).await, [2, 1, 1, 0, 0, 0]);
    }

    /// Paper goes forwards; what was left out is written as implied; nobody goes back.
    async fn paper_moves_forwards_and_what_was_left_out_is_implied(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 2).await;
        let serial = of("general", 1001);
        assert_eq!(night.scans(at(&serial, "use")).await["custody"], "in_use");
        night.scans(back(&serial, "used")).await;
        assert_eq!(night.scans(at(&serial, "scanning")).await["custody"], "scanned");
        let behind = night.scans(at(&serial, "records")).await;
        assert_eq!((behind["answer"].as_str(), behind["custody"].as_str()), (Some("already"), Some("scanned")));
        assert_eq!(night.scans(at(&serial, "filing")).await["custody"], "filed");
        let view = night.clerk.reads(&night.path(&format!("/sheets/{serial}"))).await;
        assert_eq!((view["state"].as_str(), view["custody"].as_str()), (Some("used"), Some("filed")), "a record that is typed in is not at its end");
        let implied = view["events"].as_array().expect("is a list").iter().filter(|event| event["what"].as_str().expect("is a text").contains("not scanned")).count();
        assert_eq!(implied, 2, "{view}");
        assert_eq!(ledger(world, &night).await, [2, 1, 1, 0, 0, 0]);
    }

    /// 500 scans at the same moment: every one is answered and counted, none twice.
    async fn five_hundred_at_once_lose_none(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 500).await;
        let scan = |number: i64, pile: &'static str| {
            let (clerk, path) = (night.clerk.clone(), night.path("/scan"));
            async move { clerk.does(&path, back(&of("general", number), pile)).await }
        };
        let whole = json!({ "form_type": "MAR", "unit": night.icu("general"), "whole": "yes" });
        // In the middle of it somebody closes the unit's count: what was not scanned by then is missing, and turns up.
        let count = async { night.clerk.does(&night.path("/count"), whole).await };
        let scans = join_all((1001..=1500).map(|number| scan(number, if number % 5 == 0 { "blank" } else { "used" })));
        let (answers, _) = futures::join!(scans, count);
        assert!(answers.iter().all(|answer| answer["answer"] == "ok"));
        assert_eq!(ledger(world, &night).await, [500, 0, 400, 100, 0, 0]);
        let doubles = join_all((1001..=1050).map(|number| scan(number, if number % 5 == 0 { "blank" } else { "used" }))).await;
        assert!(doubles.iter().all(|answer| answer["answer"] == "already"));
        assert_eq!(ledger(world, &night).await, [500, 0, 400, 100, 0, 0]);
    }

    /// A unit's lead scans the own unit's sheets, and nothing in the records room.
    async fn a_unit_lead_scans_at_the_own_unit_only(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 5).await;
        let lead = async |site: &'static str| {
            let place = Place::Unit(night.harbor.unit(site, "icu"));
            world.program_with(&[Grant { role: Role::UnitLead, place, signs_as: String::new() }]).await.1
        };
        let (own, other) = (lead("general").await, lead("northside").await);
        let status = async |who: &Program, form: Value| who.posts(&night.path("/scan"), form).await.status.as_u16();
        assert_eq!(status(&other, back(&of("general", 1001), "used")).await, 403);
        assert_eq!(status(&own, back(&of("general", 1001), "used")).await, 201);
        assert_eq!(status(&own, at(&of("general", 1001), "records")).await, 403);
        let viewer = world.program(&[Role::Viewer]).await;
        assert_eq!(status(&viewer, back(&of("general", 1002), "used")).await, 403);
        assert_eq!(ledger(world, &night).await, [5, 4, 1, 0, 0, 0]);
    }

    /// Two signatures are two people; the records room counts again; pages out are pages in.
    async fn a_batch_is_signed_by_two_counted_again_and_scanned_whole(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 10).await;
        night.hands_out("northside", 1201, 1).await;
        let opened = night.clerk.does(&night.path("/batches"), json!({ "unit": night.icu("general") })).await;
        let cover = opened["serial"].as_str().expect("is a text").to_owned();
        assert!(cover.starts_with("GENERAL-ICU-BATCH-00001-"), "{cover}");
        let batch = night.path(&format!("/batches/{}", opened["batch"].as_str().expect("is a text")));
        for number in 1001..=1004 {
            let mut form = back(&of("general", number), if number == 1004 { "voided" } else { "used" });
            form["batch"] = json!(cover);
            assert_eq!(night.scans(form).await["answer"], "ok");
        }
        let mut wrong = back(&of("northside", 1201), "used");
        wrong["batch"] = json!(cover);
        assert_eq!(night.is_not_taken(wrong).await, "another-unit");
        assert_eq!(night.is_not_taken(back(&cover, "used")).await, "cover-sheet");
        // One more was counted at the desk and comes in by its number; one that is out does not.
        night.clerk.does(&night.path("/count"), json!({ "form_type": "MAR", "used": "1005" })).await;
        let refused = night.clerk.is_refused(&format!("{batch}/sheets"), json!({ "form_type": "MAR", "serials": "1006" }), 422).await;
        assert!(refused["errors"]["serials"][0].as_str().expect("is a text").contains("not counted yet"), "{refused}");
        night.clerk.does(&format!("{batch}/sheets"), json!({ "form_type": "MAR", "serials": "1005" })).await;
        every_sum_agrees(world).await;

        let sign = format!("{batch}/sign");
        let refused = night.clerk.is_refused(&sign, json!({ "sheets": 4, "pages": 7 }), 422).await;
        assert_eq!(refused["type"], "count-differs");
        let count = json!({ "sheets": 5, "pages": 7 });
        assert_eq!(night.clerk.does(&sign, &count).await["state"], "open");
        assert_eq!(night.clerk.does(&sign, &count).await["state"], "open", "the same person is not a second one");
        let mut late = back(&of("general", 1006), "used");
        late["batch"] = json!(cover);
        assert_eq!(night.is_not_taken(late).await, "batch-signed");
        let second = world.program(&[Role::FormsClerk]).await;
        assert_eq!(second.is_refused(&sign, json!({ "sheets": 5, "pages": 8 }), 422).await["type"], "pages-differ");
        assert_eq!(second.does(&sign, &count).await["state"], "closed");
        let runner = night.clerk.reads(&night.path("/runner")).await;
        assert!(runner["title"].as_str().is_some_and(|title| title.starts_with("Fetch 1 batch: General, ")), "{runner}");
        assert_eq!(runner["fetch"][0]["serial"], json!(cover));

        let receive = format!("{batch}/receive");
        let short = night.clerk.does(&receive, json!({ "sheets": 4 })).await;
        assert_eq!((short["state"].as_str(), short["not_seen"].as_array().map(Vec::len)), (Some("refused"), Some(5)));
        for number in [1001, 1002, 1004, 1005] {
            night.scans(at(&of("general", number), "records")).await;
        }
        let view = night.clerk.reads(&batch).await;
        assert_eq!(view["not_seen"], json!([of("general", 1003)]), "the one that is not there");
        assert_eq!(night.clerk.does(&receive, json!({ "sheets": 5 })).await["state"], "received");
        let scanned = format!("{batch}/scanned");
        night.scans(at(&of("general", 1001), "scanning")).await;
        let short = night.clerk.does(&scanned, json!({ "pages": 6 })).await;
        assert_eq!(short["not_seen"], json!([of("general", 1002), of("general", 1003), of("general", 1005)]), "voided ones are not scanned");
        assert_eq!(night.clerk.does(&scanned, json!({ "pages": 7 })).await["state"], "scanned");
        assert_eq!(night.clerk.is_refused(&scanned, json!({ "pages": 7 }), 422).await["type"], "batch-scanned");
        assert_eq!(ledger(world, &night).await, [11, 6, 4, 0, 1, 0]);
    }

    /// A step that was forgotten shows as ageing.
    async fn what_waits_shows_its_age(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 10).await;
        gives_back(&night, "general", 1001..=1004, "used").await;
        let collected = async || {
            let view = night.clerk.reads(&night.path("/records")).await;
            let line = view["ages"].as_array().expect("is a list").iter().find(|line| line["custody"] == "collected").expect("is there").clone();
            (line["all"].as_i64().expect("is a number"), line["over"].clone())
        };
        assert_eq!(collected().await, (4, json!([0, 0, 0, 0])));
        world.minutes_pass(26 * 60);
        assert_eq!(collected().await, (4, json!([4, 0, 0, 0])));
        night.scans(at(&of("general", 1001), "records")).await;
        world.minutes_pass(60 * 24 * 3);
        assert_eq!(collected().await, (3, json!([3, 3, 0, 0])));
        every_sum_agrees(world).await;
    }

    /// Without JavaScript the page comes back with the same choices, for the next sheet.
    async fn without_javascript_the_page_comes_back_for_the_next_sheet(world: World) {
        let night = Night::begins(world).await;
        night.hands_out("general", 1001, 10).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let form = clerk.opens(&night.path("/scan")).await.form("Take this form");
        let form = form.chooses("Given back: on which pile?", "Blank").chooses("Forms of which unit? (optional)", "General, Intensive care");
        let page = clerk.presses(&form.types("Scan or type the serial", of("general", 1001)), "Take this form").await;
        assert!(page.says("OK") && page.says(&of("general", 1001)), "{}", page.text());
        let next = page.form("Take this form");
        assert_eq!((next.value("pile"), next.value("serial")), (Some("blank"), Some("")));
        assert!(!page.all("input[name=serial][autofocus]").is_empty(), "the next scan goes into the field");
        let refused = clerk.is_refused(&next.types("Scan or type the serial", "GENERAL-ICU-MAR-01002-X"), "Take this form").await;
        assert!(refused.says("misread"), "{}", refused.text());
        assert_eq!(refused.form("Take this form").value("pile"), Some("blank"));
        assert_eq!(ledger(world, &night).await, [10, 9, 0, 1, 0, 0]);
    }
}
