//! Downtime numbers through the JSON door: given out once, merged by two people who both read the record, and the paper
//! of a merged number is the record's.

use acceptance::{Program, World, both_databases};
use backend::{fetch_all, fetch_one, identity};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

use crate::entry::Room;

impl Room {
    fn numbers(&self, last: &str) -> String {
        format!("/incidents/{}/identity{last}", self.incident)
    }

    async fn has_range(&self, prefix: &str, first: &str, last: &str) -> Value {
        let site = self.harbor.facility("general").to_string();
        let form = json!({ "kind": "record", "site": site, "prefix": prefix, "first": first, "last": last });
        self.commander.does(&self.numbers("/ranges"), form).await
    }

    fn unit(&self, code: &'static str) -> String {
        self.harbor.unit("general", code).to_string()
    }

    /// Gives the next number to a patient in the emergency department: its path and its text.
    async fn arrives(&self) -> (String, String) {
        let form = json!({ "kind": "record", "unit": self.unit("ed") });
        let given = self.clerk.does(&self.numbers("/numbers"), form).await;
        let printed = given["first"].as_str().expect("is a text").to_owned();
        let view = self.clerk.reads(&self.numbers("?state=used")).await;
        let lines = view["numbers"].as_array().expect("is a list");
        let line = lines.iter().find(|line| line["number"] == printed.as_str()).expect("is listed");
        (self.numbers(&format!("/numbers/{}", line["id"].as_str().expect("is a text"))), printed)
    }
}

async fn acts(program: &Program, path: &str, act: &str, more: Value) -> Value {
    let mut form = json!({ "act": act });
    form.as_object_mut().expect("is an object").extend(more.as_object().expect("is an object").clone());
    program.does(path, form).await
}

async fn open(world: &World, room: &Room) -> (i64, i64) {
    let mut tx = world.app.db.read().await.expect("can be read");
    let incident = room.incident.parse().expect("is an id");
    let open = identity::open(&mut tx, incident).await.expect("can be read");
    let rows =
        "SELECT COUNT(*) FROM identity_number WHERE state IN ('given_out', 'used', 'waiting', 'undoing')";
    let (numbers,) = fetch_one!(tx, (i64,), rows).expect("can be read");
    let rows = "
    SELECT (SELECT COUNT(*) FROM identity_left WHERE corrected_at IS NULL)
        + (SELECT COUNT(*) FROM identity_again WHERE looked_at IS NULL)";
    let (left,) = fetch_one!(tx, (i64,), rows).expect("can be read");
    assert_eq!((open.numbers, open.uncorrected), (numbers, left), "the sums and the rows disagree");
    (numbers, left)
}

both_databases! {
    /// Twenty arrivals at the same moment get twenty numbers, each once and none twice, on paper or at once.
    async fn a_number_is_given_out_once(world: World) {
        let room = Room::begins(world).await;
        let added = room.has_range("DT", "00017", "00060").await;
        assert_eq!((&added["first"], &added["last"], &added["numbers"]), (&json!("DT00017"), &json!("DT00060"), &json!(44)));
        let path = room.numbers("/numbers");
        let arrivals = (0..20).map(|_| room.clerk.does(&path, json!({ "kind": "record", "unit": room.unit("ed") })));
        futures::future::join_all(arrivals).await;
        let paper = json!({ "kind": "record", "unit": room.unit("icu"), "on_paper": 20 });
        let given = room.clerk.does(&path, &paper).await;
        assert_eq!((&given["first"], &given["last"]), (&json!("DT00037"), &json!("DT00056")));
        let refused = room.clerk.is_refused(&path, &paper, 422).await;
        assert_eq!(refused["type"], "no-numbers-left", "four are left, and no half of a range is given");
        room.has_range("DT", "00100", "00199").await;
        assert_eq!(room.clerk.does(&path, &paper).await["first"], "DT00100");
        let mut tx = world.app.db.read().await.expect("can be read");
        let numbers = fetch_all!(tx, (String,), "SELECT printed FROM identity_number ORDER BY printed").expect("can be read");
        assert_eq!(numbers.len(), 60);
        assert_eq!(numbers[..20].last().map(|(number,)| number.as_str()), Some("DT00036"));
        drop(tx);
        assert_eq!(open(world, &room).await, (60, 0));
        let view = room.clerk.reads(&room.numbers("")).await;
        assert_eq!(view["title"], "60 downtime numbers are open");
        let free: Vec<_> = view["ranges"].as_array().expect("is a list").iter().map(|range| &range["free"]).collect();
        assert_eq!(free, [&json!(4), &json!(80)]);
    }

    async fn a_wrong_range_or_gift_is_refused(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let site = room.harbor.facility("cape").to_string();
        for (field, change) in [
            ("first", json!({ "first": "00060" })),
            ("last", json!({ "last": "00001" })),
            ("kind", json!({ "kind": "patient" })),
            ("site", json!({ "site": "<script>" })),
            ("prefix", json!({ "prefix": "D T" })),
            ("prefix", json!({ "prefix": "", "first": "1", "last": "9" })),
            ("last", json!({ "last": "99999999" })),
            ("first", json!({ "first": "0" })),
        ] {
            let mut form = json!({ "kind": "record", "site": site, "prefix": "DT", "first": "00070", "last": "00080" });
            form.as_object_mut().expect("is an object").extend(change.as_object().expect("is an object").clone());
            let refused = room.commander.is_refused(&room.numbers("/ranges"), &form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{form}: {refused}");
        }
        room.clerk.is_refused(&room.numbers("/ranges"), json!({}), 403).await;
        for change in [json!({ "on_paper": 0 }), json!({ "on_paper": 201 }), json!({ "kind": "" }), json!({ "unit": "x" })] {
            let mut form = json!({ "kind": "record", "unit": room.unit("ed") });
            form.as_object_mut().expect("is an object").extend(change.as_object().expect("is an object").clone());
            room.clerk.is_refused(&room.numbers("/numbers"), &form, 422).await;
        }
        let place = Place::Unit(room.harbor.unit("general", "icu"));
        let (_, lead) = world.program_with(&[Grant { role: Role::UnitLead, place, signs_as: String::new() }]).await;
        let gift = |unit| json!({ "kind": "record", "unit": room.unit(unit), "on_paper": 2 });
        lead.is_refused(&room.numbers("/numbers"), gift("ed"), 403).await;
        lead.does(&room.numbers("/numbers"), gift("icu")).await;
    }

    /// One person merges nothing; the second one reads the record again, and a slip of either is found.
    async fn a_merge_takes_two_people_who_read_the_same_record(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let (path, number) = room.arrives().await;
        room.clerk.is_refused(&path, json!({ "act": "agree" }), 422).await;
        room.clerk.is_refused(&path, json!({ "act": "merge", "record": "Smith" }), 422).await;
        room.clerk.is_refused(&path, json!({ "act": "merge", "record": number }), 422).await;
        assert_eq!(acts(&room.clerk, &path, "merge", json!({ "record": "0012345" })).await["state"], "waiting");
        let own = room.clerk.is_refused(&path, json!({ "act": "agree", "record": "0012345" }), 422).await;
        assert_eq!(own["type"], "one-person");
        let seen = room.second.reads(&path).await.to_string();
        assert!(!seen.contains("0012345"), "the second person reads it in the records system: {seen}");
        for record in ["", "0012354"] {
            let refused = room.second.is_refused(&path, json!({ "act": "agree", "record": record }), 422).await;
            assert!(refused["errors"]["record"][0].is_string(), "{refused}");
        }
        assert_eq!(open(world, &room).await, (1, 0));
        assert_eq!(acts(&room.second, &path, "agree", json!({ "record": "00 12345" })).await["state"], "merged");
        assert_eq!(open(world, &room).await, (0, 0));
        assert_eq!(room.second.reads(&path).await["record"], "0012345");
        let viewer = world.program(&[Role::Viewer]).await;
        assert!(!viewer.reads(&path).await.to_string().contains("0012345"));
        let refused = room.clerk.is_refused(&path, json!({ "act": "merge", "record": "1" }), 422).await;
        assert!(refused["errors"]["record"][0].is_string(), "{refused}");
        assert_eq!(room.clerk.is_refused(&path, json!({ "act": "use" }), 422).await["type"], "merged");
        let mut tx = world.app.db.read().await.expect("can be read");
        let log = fetch_all!(tx, (String, String), "SELECT subject, data FROM journal").expect("can be read");
        assert!(!format!("{log:?}").contains("12345"));
    }

    /// Once two charts are one patient, the dose of the one waits for the order of the other; also what is prepared later.
    async fn the_paper_of_a_merged_number_is_the_records(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let (path, number) = room.arrives().await;
        room.comes_back("ORD", 1, "1").await;
        room.comes_back("MAR", 2, "1-2").await;
        room.prepares("ORD", "0012345", &[(1, "01:00")]).await;
        room.prepares("MAR", &number.to_lowercase(), &[(1, "02:00")]).await;
        let waits = async || {
            let view = room.clerk.reads(&room.path("?form_type=MAR")).await;
            let lines = view["lines"].as_array().expect("is a list").clone();
            lines.iter().map(|line| (line["patient"].to_string(), line["waits_for"].is_object())).collect::<Vec<_>>()
        };
        let shown = format!("{number:?}");
        assert_eq!(waits().await, [(shown.clone(), false)]);
        acts(&room.clerk, &path, "merge", json!({ "record": "0012345" })).await;
        acts(&room.second, &path, "agree", json!({ "record": "0012345" })).await;
        assert_eq!(waits().await, [(shown.clone(), true)], "what stands on the sheet stays what it is");
        room.prepares("MAR", &number, &[(2, "02:01")]).await;
        assert_eq!(waits().await, [(shown.clone(), true), (shown, true)]);
    }

    /// A wrong merge is taken back by two who had no part in it: both decisions stay, and what hung on it is asked again.
    async fn a_wrong_merge_is_taken_back_by_two_others(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let (path, number) = room.arrives().await;
        room.comes_back("ORD", 1, "1").await;
        room.comes_back("MAR", 2, "1-2").await;
        room.prepares("ORD", "0012345", &[(1, "01:00")]).await;
        room.prepares("MAR", &number, &[(1, "02:00")]).await;
        let start = format!("/incidents/{}/checks/arrivals-expected/import", room.incident);
        let list = format!("key,patient\nE-1,{number}\nE-2,0099999\n");
        let offered: Value = room.clerk.uploads(&start, &[], ("file", "a.csv", list.as_bytes())).await.expect(201).json();
        room.clerk.does(&format!("{start}/{}/commit", offered["import"].as_str().expect("a text")), json!({})).await;
        // What was said of the record's own sheets before the merge does not hang on it.
        world.minutes_pass(1);
        acts(&room.clerk, &path, "merge", json!({ "record": "0012345" })).await;
        acts(&room.second, &path, "agree", json!({ "record": "0012345" })).await;
        assert_eq!(open(world, &room).await, (0, 0));
        let (third, fourth) = (world.program(&[Role::FormsClerk]).await, world.program(&[Role::UnitLead]).await);
        let undo = json!({ "act": "undo", "reason": "Two people of one name" });
        for own in [&room.clerk, &room.second] {
            assert_eq!(own.is_refused(&path, &undo, 422).await["type"], "own-merge");
        }
        third.is_refused(&path, json!({ "act": "undo" }), 422).await;
        third.is_refused(&path, json!({ "act": "undo", "reason": "Patient John Smith MRN 12345678" }), 422).await;
        world.program(&[Role::Viewer]).await.is_refused(&path, &undo, 403).await;
        assert_eq!(third.does(&path, &undo).await["state"], "undoing");
        let waits = async || {
            let view = room.clerk.reads(&room.path("?form_type=MAR")).await;
            view["lines"][0]["waits_for"].is_object()
        };
        assert!(waits().await, "until two have said so, the merge holds");
        assert_eq!(third.is_refused(&path, json!({ "act": "agree" }), 422).await["type"], "one-person");
        assert_eq!(room.second.is_refused(&path, json!({ "act": "agree" }), 422).await["type"], "own-merge");
        acts(&fourth, &path, "refuse", json!({ "reason": "They are one" })).await;
        assert_eq!(open(world, &room).await, (0, 0));
        acts(&fourth, &path, "undo", json!({ "reason": "Two wristbands" })).await;
        let undone = acts(&third, &path, "agree", json!({})).await;
        assert_eq!((&undone["state"], &undone["left"]), (&json!("used"), &json!(2)));
        assert_eq!(open(world, &room).await, (1, 2));
        assert!(!waits().await, "the dose is the number's own again");
        let view = third.reads(&path).await;
        assert_eq!(view["record"], "");
        let again = view["again"].as_array().expect("is a list").clone();
        assert_eq!(again.len(), 2, "the dose, and the arrival: {view}");
        for each in &again {
            let _ = third.reads(each["path"].as_str().expect("is a path")).await;
        }
        let item = again[0]["item"].clone();
        acts(&third, &path, "looked_again", json!({ "item": item })).await;
        assert_eq!(third.is_refused(&path, json!({ "act": "looked_again", "item": item }), 422).await["type"], "not-asked-again");
        third.is_refused(&path, json!({ "act": "looked_again", "item": "moon" }), 422).await;
        assert_eq!(open(world, &room).await, (1, 1));
        let mut tx = world.app.db.read().await.expect("can be read");
        let ledger = fetch_all!(tx, (String, String), "SELECT from_state, to_state FROM identity_event ORDER BY seq").expect("can be read");
        let ledger: Vec<_> = ledger.iter().map(|(from, to)| format!("{from}>{to}")).collect();
        assert_eq!(
            ledger[1..],
            ["used>waiting", "waiting>merged", "merged>undoing", "undoing>merged", "merged>undoing", "undoing>used"]
        );
        drop(tx);
        // Merged again, into the right record; what was not looked at stays to be looked at.
        acts(&room.clerk, &path, "merge", json!({ "record": "0055555" })).await;
        acts(&room.second, &path, "agree", json!({ "record": "0055555" })).await;
        assert_eq!(open(world, &room).await, (0, 1));
        let mut person = world.person(&[Role::FormsClerk]).await;
        let page = person.opens(&path).await;
        let form = page.form("Ask to take the merge back").types("Why were these two patients?", "A third one");
        let page = person.presses(&form, "Ask to take the merge back").await;
        assert!(page.says("it holds"), "{}", page.text());
    }

    /// Every place where a number stands is ticked one by one, and stays open until it is.
    async fn where_a_number_stands_is_corrected_place_by_place(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let (path, _) = room.arrives().await;
        for (place, left) in [("specimens", 1), ("blood", 2), ("specimens", 2)] {
            assert_eq!(acts(&room.clerk, &path, "left", json!({ "left": place })).await["left"], left);
        }
        room.clerk.is_refused(&path, json!({ "act": "left", "left": "moon" }), 422).await;
        assert_eq!(room.clerk.is_refused(&path, json!({ "act": "corrected", "left": "images" }), 422).await["type"], "not-left-there");
        acts(&room.clerk, &path, "convert", json!({})).await;
        acts(&room.second, &path, "agree", json!({})).await;
        assert_eq!(open(world, &room).await, (0, 2));
        assert_eq!(room.clerk.reads(&room.numbers("")).await["title"], "No downtime number is open; 2 places are not corrected");
        for place in ["blood", "specimens"] {
            acts(&room.second, &path, "corrected", json!({ "left": place })).await;
        }
        assert_eq!(open(world, &room).await, (0, 0));
    }

    /// On paper: used, or back unused with a reason; a patient's number is void only by two.
    async fn numbers_on_paper_are_used_or_come_back(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let gift = json!({ "kind": "record", "unit": room.unit("ed"), "on_paper": 2 });
        room.clerk.does(&room.numbers("/numbers"), gift).await;
        let view = room.clerk.reads(&room.numbers("?state=given_out")).await;
        let path = |index: usize| room.numbers(&format!("/numbers/{}", view["numbers"][index]["id"].as_str().expect("a text")));
        assert_eq!(room.clerk.is_refused(&path(0), json!({ "act": "convert" }), 422).await["type"], "not-used");
        room.clerk.is_refused(&path(1), json!({ "act": "give_back" }), 422).await;
        room.clerk.is_refused(&path(1), json!({ "act": "give_back", "reason": "Patient John Smith left" }), 422).await;
        acts(&room.clerk, &path(1), "give_back", json!({ "reason": "Torn" })).await;
        acts(&room.clerk, &path(0), "use", json!({})).await;
        acts(&room.clerk, &path(0), "void", json!({ "reason": "Registered twice" })).await;
        acts(&room.second, &path(0), "refuse", json!({ "reason": "There are two of them" })).await;
        assert_eq!(open(world, &room).await, (1, 0));
        acts(&room.second, &path(0), "void", json!({ "reason": "Registered twice" })).await;
        assert_eq!(acts(&room.clerk, &path(0), "agree", json!({})).await["state"], "void");
        assert_eq!(open(world, &room).await, (0, 0));
    }

    /// The pages themselves.
    async fn a_clerk_gives_and_merges_on_pages(world: World) {
        let room = Room::begins(world).await;
        room.has_range("DT", "00017", "00060").await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let page = clerk.opens(&room.numbers("")).await;
        assert_eq!(page.heading(), "No downtime number is open");
        let form = page.form("Give out").chooses("Unit", "General, Emergency");
        let page = clerk.presses(&form, "Give out").await;
        assert_eq!(page.heading(), "1 downtime number is open");
        assert!(page.says("DT00017"), "{}", page.text());
        let view = room.clerk.reads(&room.numbers("?state=used")).await;
        let path = room.numbers(&format!("/numbers/{}", view["numbers"][0]["id"].as_str().expect("is a text")));
        let form = clerk.opens(&path).await.form("Ask to merge it");
        let refused = clerk.is_refused(&form, "Ask to merge it").await;
        assert!(refused.error_at("record").is_some());
        let form = refused.form("Ask to merge it").types("Into which record?", "0012345");
        let page = clerk.presses(&form, "Ask to merge it").await;
        assert!(page.says("You asked for this."), "{}", page.text());
        let mut second = world.person(&[Role::UnitLead]).await;
        let page = second.opens(&path).await;
        let page = second.presses(&page.form("Agree").types("Into which record?", "0012345"), "Agree").await;
        assert_eq!(page.heading(), "DT00017 is merged");
        let page = second.presses(&page.form("It stands there"), "It stands there").await;
        assert!(page.says("stands there since"), "{}", page.text());
    }
}
