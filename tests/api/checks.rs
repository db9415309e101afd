//! Cross-checks through the JSON door: what one list names and the other does not, until each gap has its end.

use acceptance::{Program, World, both_databases};
use backend::{fetch_all, fetch_one};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

use crate::forms::Night;

fn path(night: &Night, last: &str) -> String {
    format!("/incidents/{}/checks{last}", night.incident)
}

/// Imports one file and takes it over: the preview's figures.
async fn imports(by: &Program, night: &Night, subject: &str, file: &str) -> Value {
    let start = path(night, &format!("/{subject}/import"));
    let offered: Value =
        by.uploads(&start, &[], ("file", "list.csv", file.as_bytes())).await.expect(201).json();
    let import = offered["import"].as_str().expect("is a text");
    by.does(&format!("{start}/{import}/commit"), json!({})).await;
    offered["figures"].clone()
}

async fn gaps(by: &Program, night: &Night, kind: &str, state: &str) -> Vec<Value> {
    let view = by.reads(&path(night, &format!("/gaps?kind={kind}&state={state}"))).await;
    view["lines"].as_array().expect("is a list").clone()
}

async fn open(by: &Program, night: &Night) -> i64 {
    by.reads(&path(night, "")).await["open"].as_i64().expect("is a number")
}

const BY_TALLY: &str = "
    SELECT kind, state, lines
    FROM check_tally
    WHERE lines <> 0
    ORDER BY kind, state";

const BY_COUNTING: &str = "
    SELECT kind, state, COUNT(*)
    FROM check_line
    GROUP BY kind, state
    ORDER BY kind, state";

async fn adds_up(world: &World) {
    let mut tx = world.app.db.read().await.expect("can be read");
    let kept = fetch_all!(tx, (String, String, i64), BY_TALLY).expect("can be read");
    let counted = fetch_all!(tx, (String, String, i64), BY_COUNTING).expect("can be read");
    assert_eq!(kept, counted);
}

both_databases! {
    /// Dispensed and charted: what only one side names is a gap; what both name as often agrees, whatever its spelling.
    async fn what_only_one_list_names_is_a_gap_until_it_has_an_end(world: World) {
        let night = Night::begins(world).await;
        let log = "Number,Quantity,Unit,Medicine\nD-1,1,general/4w,Heparin\nd 2,2,,Insulin\nD-3,1,,\nD-3,1,,\n";
        let figures = imports(&night.clerk, &night, "dispensed-expected", log).await;
        assert_eq!((&figures["added"], &figures["duplicates"]), (&json!(3), &json!(1)));
        assert_eq!(open(&night.clerk, &night).await, 3, "the charted doses are not here yet");
        imports(&night.clerk, &night, "dispensed-found", "dose,amount\nD-1,1\nD2,1\nD-3,2\nD-9,1\n").await;
        let lines = gaps(&night.clerk, &night, "dispensed", "open").await;
        let mut found: Vec<_> = lines
            .iter()
            .map(|line| (line["key"].as_str().unwrap_or(""), line["expected"].as_i64(), line["found"].as_i64()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("D-9", Some(0), Some(1)), ("d 2", Some(2), Some(1))]);
        assert_eq!(night.clerk.reads(&path(&night, "")).await["title"], "2 gaps are open in 1 cross-check; 5 of 8 cross-checks are not compared");
        adds_up(world).await;

        let line = lines.iter().find(|line| line["key"] == "d 2").expect("is a gap");
        let gap = path(&night, &format!("/gaps/{}", line["line"].as_str().expect("is an id")));
        night.commander.does(&gap, json!({ "act": "take" })).await;
        night.clerk.is_refused(&gap, json!({ "act": "explain" }), 422).await;
        let decided = night.clerk.does(&gap, json!({ "act": "explain", "note": "Wasted and witnessed" })).await;
        assert_eq!((&decided["state"], &decided["open"]), (&json!("explained"), &json!(1)));
        adds_up(world).await;
        let again = imports(&night.clerk, &night, "dispensed-expected", log).await;
        assert_eq!((&again["unchanged"], &again["changed"]), (&json!(3), &json!(0)));
        assert_eq!(open(&night.clerk, &night).await, 1, "the same list again opens nothing");
        imports(&night.clerk, &night, "dispensed-found", "dose,amount\nD2,3\n").await;
        assert_eq!(open(&night.clerk, &night).await, 2, "other numbers are not what was explained");
        adds_up(world).await;
    }

    /// Patients per day times the kit's rules, against the sheets that came back used.
    async fn forms_that_must_be_there_are_compared_with_forms_used(world: World) {
        let night = Night::begins(world).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let ward = night.harbor.unit("general", "4w").to_string();
        night.clerk.is_refused(&path(&night, "/compare"), json!({}), 422).await;
        let care = format!("/places/units/{ward}/care");
        administrator.is_refused(&care, json!({ "setting": "garden" }), 422).await;
        administrator.does(&care, json!({ "setting": "inpatient", "beds": 28 })).await;
        let census = json!({ "unit": ward, "day": "2024-07-19", "patient_day": 10 });
        night.clerk.does(&path(&night, "/census"), &census).await;
        let lines = gaps(&night.clerk, &night, "expected_forms", "open").await;
        let mar = lines.iter().find(|line| line["key"].as_str().is_some_and(|key| key.starts_with("MAR ")));
        let mar = mar.expect("ten records must be there");
        assert_eq!((&mar["expected"], &mar["found"]), (&json!(10), &json!(0)));
        night.hands_out_forty().await;
        night.counts(json!({ "used": "1001-1012" })).await;
        night.clerk.does(&path(&night, "/compare"), json!({})).await;
        let lines = gaps(&night.clerk, &night, "expected_forms", "open").await;
        assert!(!lines.iter().any(|line| line["line"] == mar["line"]), "more than expected is no gap");
        let more = json!({ "unit": ward, "day": "2024-07-20", "patient_day": 3 });
        night.clerk.does(&path(&night, "/census"), &more).await;
        let lines = gaps(&night.clerk, &night, "expected_forms", "open").await;
        let mar = lines.iter().find(|line| line["line"] == mar["line"]).expect("one is missing again");
        assert_eq!((&mar["expected"], &mar["found"]), (&json!(13), &json!(12)));
        let none = json!({ "unit": ward, "day": "2024-07-19", "patient_day": 0 });
        night.clerk.does(&path(&night, "/census"), &none).await;
        night.clerk.does(&path(&night, "/census"), json!({ "unit": ward, "day": "2024-07-20", "patient_day": 0 })).await;
        assert_eq!(open(&night.clerk, &night).await, 0, "a corrected census asks for nothing");
        adds_up(world).await;
    }

    /// Rule 13: an open gap keeps the incident from closing, unless two people in two roles let it stand.
    async fn an_open_gap_keeps_the_incident_from_closing(world: World) {
        let night = Night::begins(world).await;
        imports(&night.clerk, &night, "blood-expected", "unit number\nW0421\nW0422\n").await;
        let incident = format!("/incidents/{}", night.incident);
        let basis = json!({ "basis": "All is done" });
        let refused = night.commander.is_refused(&format!("{incident}/close"), basis.clone(), 422).await;
        let said = refused["title"].as_str().expect("is a text");
        assert!(said.contains("2 gaps of cross-checks are open"), "{said}");
        assert!(!refused.to_string().contains("W0421"), "no key stands in the list: it may be a patient's");
        let item = gaps(&night.clerk, &night, "blood", "open").await[0]["line"].clone();
        let waiver = |role: &str| json!({ "kind": "cross_check_gap", "item": item, "role": role, "reason": "Bag destroyed" });
        night.commander.does(&format!("{incident}/waivers"), waiver("commander")).await;
        night.clerk.does(&format!("{incident}/waivers"), waiver("forms_clerk")).await;
        let refused = night.commander.is_refused(&format!("{incident}/close"), basis, 422).await;
        assert!(refused["title"].as_str().is_some_and(|said| said.contains("1 gap of a cross-check is open")), "{refused}");
    }

    async fn hostile_files_and_strangers_change_nothing(world: World) {
        let night = Night::begins(world).await;
        let start = path(&night, "/arrivals-expected/import");
        let file = format!(
            "csn,ward,quantity\n\"<script>alert(1)</script>\",,1\n=cmd|'/C calc'!A0,,1\n,,1\n{},,1\nA1,mars/1,1\nA1,,-4\nA1,,1e9\n\"A\n2\",,1\n",
            "9".repeat(500)
        );
        let offered: Value = night.clerk.uploads(&start, &[], ("file", "a.csv", file.as_bytes())).await.expect(201).json();
        assert_eq!((&offered["figures"]["added"], &offered["figures"]["refused"]), (&json!(2), &json!(6)), "{offered}");
        let import = format!("{start}/{}", offered["import"].as_str().expect("is a text"));
        let refused = night.clerk.asks(&format!("{import}/rejects.csv")).await.expect(200);
        assert!(!refused.text().contains("999"), "no value of a row stands in what is given back");
        night.clerk.does(&format!("{import}/commit"), json!({})).await;
        night.clerk.is_refused(&format!("{import}/commit"), json!({}), 422).await;
        let _ = night.clerk.uploads(&start, &[], ("file", "a.csv", b"csn\n")).await.expect(422);
        let _ = night.clerk.uploads(&path(&night, "/expected_forms-found/import"), &[], ("file", "a.csv", b"csn\nA\n")).await.expect(404);
        let viewer = world.program(&[Role::Viewer]).await;
        assert_eq!(viewer.asks(&path(&night, "/gaps")).await.status.as_u16(), 403, "keys may be patients");
        let _ = viewer.asks(&path(&night, "")).await.expect(200);
        let place = Place::Facility(night.harbor.facility("cape"));
        let (_, of_cape) = world.program_with(&[Grant { role: Role::FormsClerk, place, signs_as: String::new() }]).await;
        let _ = of_cape.uploads(&start, &[], ("file", "a.csv", b"csn\nA\n")).await.expect(403);
        let census = json!({ "unit": night.harbor.unit("general", "4w").to_string(), "day": "2024-07-19", "patient_day": 1 });
        of_cape.is_refused(&path(&night, "/census"), census, 403).await;
        let gap = gaps(&night.clerk, &night, "arrivals", "open").await[0]["line"].clone();
        let gap = path(&night, &format!("/gaps/{}", gap.as_str().expect("is an id")));
        let note = json!({ "act": "correct", "note": "Patient John Smith MRN 12345678" });
        assert!(night.clerk.is_refused(&gap, note, 422).await["errors"]["note"][0].is_string());
        of_cape.is_refused(&gap, json!({ "act": "take" }), 403).await;
    }

    /// Keys may be patients' numbers: neither the rows nor the log tell them to whoever has the database.
    async fn no_key_lies_open_in_the_database(world: World) {
        let night = Night::begins(world).await;
        imports(&night.clerk, &night, "arrivals-expected", "csn,what\nMRN77665544,Chest pain\n").await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let (sealed, hash) = fetch_one!(tx, (Vec<u8>, Vec<u8>), "SELECT sealed, key_hash FROM check_line").expect("is there");
        let texts = fetch_all!(tx, (String, String), "SELECT data, subject FROM journal").expect("can be read");
        for bytes in [sealed, hash, format!("{texts:?}").into_bytes()] {
            for open in ["77665544", "Chest"] {
                assert!(!bytes.windows(open.len()).any(|part| part == open.as_bytes()), "{open}");
            }
        }
    }

    /// Who is erased is erased from lists that were compared, too: whom the list names, and whose number is the key.
    async fn erasing_a_patient_reaches_the_lines_of_cross_checks(world: World) {
        let night = Night::begins(world).await;
        imports(&night.clerk, &night, "blood-expected", "unit number,what\nW0421,Red cells\n").await;
        let list = "unit number,patient,what\nW0421,77665544,Red cells\nW0422,,Plasma\n";
        imports(&night.clerk, &night, "blood-expected", list).await;
        imports(&night.clerk, &night, "arrivals-expected", "csn,what\n7766 5544,Chest pain\nE-9,Fall\n").await;
        let keys = async |kind: &str| {
            let lines = gaps(&night.clerk, &night, kind, "open").await;
            let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let mut keys: Vec<_> =
                lines.iter().map(|line| format!("{}: {}", text(line, "key"), text(line, "what"))).collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys("blood").await, ["W0421: Red cells", "W0422: Plasma"]);
        assert_eq!(keys("arrivals").await, ["7766 5544: Chest pain", "E-9: Fall"]);
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE patient SET wrapped_key = NULL").expect("a patient can be erased");
        tx.commit().await.expect("can be written");
        assert_eq!(keys("blood").await, ["W0422: Plasma", "erased: "]);
        assert_eq!(keys("arrivals").await, ["E-9: Fall", "erased: "]);
        assert_eq!(open(&night.clerk, &night).await, 4, "the gap itself stays");
        adds_up(world).await;
        let start = path(&night, "/blood-found/import");
        let offered: Value = night.clerk.uploads(&start, &[], ("file", "b.csv", list.as_bytes())).await.expect(201).json();
        assert_eq!((&offered["figures"]["refused"], &offered["figures"]["valid"]), (&json!(1), &json!(1)), "{offered}");
        let import = format!("{start}/{}", offered["import"].as_str().expect("is a text"));
        let refused = night.clerk.asks(&format!("{import}/rejects.csv")).await.expect(200);
        assert!(refused.text().contains("erased here") && !refused.text().contains("77665544"), "{}", refused.text());
        night.clerk.does(&format!("{import}/commit"), json!({})).await;
        assert_eq!(keys("blood").await, ["erased: "], "the bag that was given agrees; nothing new is kept");
    }

    /// The same on pages, without a script: the census, a gap and its end; what was typed stays when it is refused.
    async fn a_clerk_ends_a_gap_on_pages(world: World) {
        let night = Night::begins(world).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let census = clerk.opens(&path(&night, "/census")).await;
        let form = census.form("Save the census of this day").chooses("Unit", "General, 4 West").types("Day", "yesterday");
        let refused = clerk.is_refused(&form, "Save the census of this day").await;
        assert!(refused.error_at("day").is_some());
        imports(&night.clerk, &night, "theatre-expected", "key,what\nOR-17,Hip\n").await;
        let overview = clerk.opens(&path(&night, "")).await;
        assert_eq!(overview.heading(), "1 gap is open in 1 cross-check; 5 of 8 cross-checks are not compared");
        let list = clerk.opens(&path(&night, "/gaps?kind=theatre&state=open")).await;
        let gap = clerk.opens(&list.link("OR-17")).await;
        assert!(gap.heading().contains("Hip: 1 in theatre log, 0 in operative notes"), "{}", gap.heading());
        let form = gap.form("Keep this").picks("act", "correct");
        let refused = clerk.is_refused(&form, "Keep this").await;
        assert!(refused.error_at("note").is_some());
        let form = refused.form("Keep this").picks("act", "correct").types("What was found, and where it is written", "The note is in the chart");
        let ended = clerk.presses(&form, "Keep this").await;
        assert!(ended.heading().contains("is at its end: corrected"), "{}", ended.heading());
        clerk.opens(&path(&night, "/theatre-found/import")).await;
        let closing = clerk.opens(&path(&night, "")).await;
        assert_eq!(closing.heading(), "No gap is open; 1 line compared; 5 of 8 cross-checks are not compared");
    }

    /// A day's doses on either side, some of them missing: found in one statement, and read page by page.
    async fn thousands_are_compared_at_once_and_read_page_by_page(world: World) {
        let night = Night::begins(world).await;
        let list = |skip: usize| {
            let rows = (0..3000).filter(move |number| number % skip != 0).map(|number| format!("DOSE{number},1"));
            format!("dose,amount\n{}\n", rows.collect::<Vec<_>>().join("\n"))
        };
        imports(&night.clerk, &night, "dispensed-expected", &list(4000)).await;
        imports(&night.clerk, &night, "dispensed-found", &list(10)).await;
        assert_eq!(open(&night.clerk, &night).await, 299, "every tenth was not charted; the first stood on neither");
        let (mut seen, mut next) = (std::collections::BTreeSet::new(), Some(path(&night, "/gaps?kind=dispensed&state=open")));
        while let Some(page) = next {
            let view = night.clerk.reads(&page).await;
            seen.extend(view["lines"].as_array().expect("is a list").iter().map(|line| line["key"].to_string()));
            next = view["next"].as_str().map(ToOwned::to_owned);
        }
        assert_eq!(seen.len(), 299);
        adds_up(world).await;
    }
}
