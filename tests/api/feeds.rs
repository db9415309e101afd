//! Systems that send their own messages: by file and over MLLP, in any order and however often, what each is answered,
//! what is counted, how long it is kept, and what a downtime is offered of it.

use std::net::SocketAddr;

use acceptance::{
    Kind, Program, World, both_databases,
    cast::{list, text},
    mllp::{Engine, Siu, booked},
    world::everywhere,
};
use backend::{
    app::App,
    feeds::{mllp, tend},
};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is not a number"))
}

async fn describes(world: &World, form: Value) -> String {
    let administrator = world.program(&[Role::Administrator]).await;
    text(&administrator.does("/feeds", form).await["feed"])
}

async fn epic(world: &World) -> String {
    describes(world, json!({ "name": "Epic", "format": "hl7", "application": "EPIC", "listens": "yes" }))
        .await
}

async fn brings(planner: &Program, feed: &str, name: &str, file: &[u8]) -> Value {
    let offered =
        planner.uploads(&format!("/feeds/{feed}/files"), &[], ("file", name, file)).await.expect(201);
    let offered: Value = offered.json();
    planner.does(&format!("/feeds/{feed}/files/{}/take", text(&offered["file"])), json!({})).await
}

async fn figures(reader: &Program, feed: &str) -> Value {
    reader.reads(&format!("/feeds/{feed}")).await["line"]["books"]["figures"].clone()
}

fn counts(figures: &Value) -> [i64; 6] {
    ["booked", "cancelled", "discontinued", "deleted", "no_shows", "appointments"]
        .map(|name| number(&figures[name]))
}

/// How every appointment of a feed stands.
async fn standings(app: &App, feed: &str) -> Vec<(String, String, String, i64, String, Option<i64>, i64)> {
    let feed: domain::id::FeedId = feed.parse().expect("is an id");
    let sql = "
        SELECT appointment, state, what, event_at, message, start_at, ends
        FROM feed_appointment
        WHERE feed = $1
        ORDER BY appointment";
    let mut tx = app.db.read().await.expect("can be read");
    backend::fetch_all!(tx, (String, String, String, i64, String, Option<i64>, i64), sql, feed.0)
        .expect("can be read")
}

async fn count(app: &App, sql: &'static str) -> i64 {
    let mut tx = app.db.read().await.expect("can be read");
    backend::fetch_one!(tx, (i64,), sql).expect("can be counted").0
}

async fn does(app: &App, sql: &'static str) {
    let mut tx = app.db.write().await.expect("can be written");
    backend::execute!(tx, sql).expect("is done");
    tx.commit().await.expect("can be written");
}

/// Begins to listen on a free port of this machine.
fn listens(world: &World) -> SocketAddr {
    let listener = mllp::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
    let address = listener.local_addr().expect("has an address");
    mllp::start(&world.app, listener);
    address
}

/// One message of each kind, each about another appointment, booked before.
fn one_of_each() -> String {
    let mut messages = Vec::new();
    for (number, event) in
        ["S12", "S13", "S14", "S15", "S16", "S17", "S18", "S19", "S20", "S21", "S22", "S26"]
            .iter()
            .enumerate()
    {
        let (id, mrn) = (format!("K{number}"), format!("00{number:03}"));
        let (first, second) = (format!("1{number:03}"), format!("2{number:03}"));
        messages.push(booked(&first, &id, &mrn).text());
        messages.push(Siu { event, at: "20240718190000", ..booked(&second, &id, &mrn) }.text());
    }
    let blocked = booked("3000", "K99", "00099").text().replace("SIU^S12", "SIU^S23");
    let other = booked("3001", "K99", "00099").text().replace("SIU^S12", "ADT^A08");
    let without = booked("3002", "K99", "00099").text().replace("|K99^EPIC|", "||");
    messages.extend([blocked, other, without]);
    messages.join("\r")
}

both_databases! {
    async fn every_kind_of_message_comes_in_by_file_and_each_end_is_counted_apart(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let planner = world.program(&[Role::CaseManager]).await;
        let path = format!("/feeds/{feed}/files");
        let file = one_of_each();
        let offered: Value = planner.uploads(&path, &[], ("file", "day.hl7", file.as_bytes())).await.expect(201).json();
        assert_eq!((&offered["taken"], number(&offered["figures"]["items"])), (&json!(false), 27));
        assert_eq!(counts(&figures(&planner, &feed).await), [0; 6], "a look takes nothing in");
        let of_file = format!("{path}/{}", text(&offered["file"]));
        let view = planner.reads(&of_file).await;
        assert_eq!(list(&view["rejects"])[0]["column"], "SCH-2.1");
        assert_eq!(view["file"]["figures"]["left"], json!({ "ADT^A08": 1, "SIU^S23": 1 }));
        let taken = planner.does(&format!("{of_file}/take"), json!({})).await;
        let new = ["reports", "new", "repeated", "unread"].map(|name| number(&taken["figures"][name]));
        assert_eq!(new, [24, 24, 0, 1]);
        assert_eq!(counts(&figures(&planner, &feed).await), [8, 1, 1, 1, 1, 12]);
        let page = planner.reads(&format!("/feeds/{feed}")).await;
        assert_eq!(page["line"]["as_of"], "19:00 EDT, Thu 18 July");
        assert_eq!((&page["unread"][0]["reject"]["column"], number(&page["line"]["books"]["unread"])), (&json!("SCH-2.1"), 1));
        let rejects = planner.asks(&format!("{of_file}/rejects.csv")).await.expect(200);
        assert_eq!(rejects.text().lines().count(), 2, "{}", rejects.text());

        let again: Value = planner.uploads(&path, &[], ("file", "again.hl7", file.as_bytes())).await.expect(201).json();
        assert_eq!((&again["file"], &again["known"], &again["taken"]), (&offered["file"], &json!(true), &json!(true)));
        planner.does(&format!("{of_file}/take"), json!({})).await;
        let before = standings(&world.app, &feed).await;
        let longer = format!("{file}\r{}", booked("4000", "K50", "00050").text());
        let more = brings(&planner, &feed, "longer.hl7", longer.as_bytes()).await;
        assert_eq!((number(&more["figures"]["new"]), number(&more["figures"]["repeated"])), (1, 24));
        let after = standings(&world.app, &feed).await;
        assert_eq!((after.len(), &after[..8]), (before.len() + 1, &before[..8]));
        assert_eq!(number(&planner.reads(&format!("/feeds/{feed}")).await["line"]["books"]["unread"]), 2, "each file says anew what it could not tell");
        assert_eq!(count(&world.app, "SELECT COUNT(*) FROM journal WHERE kind = 'feed.file'").await, 2);
        assert_eq!(count(&world.app, "SELECT COUNT(*) FROM feed_report WHERE sealed IS NULL").await, 0);
    }

    async fn messages_in_any_order_and_number_come_to_the_same_end(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let told = |event, id, key, at, start| Siu { event, id, appointment: key, mrn: "0001", at, start }.text();
        let messages = [
            told("S12", "10", "A", "20240717090000", "20240719150000"),
            told("S13", "11", "A", "20240717100000", "20240720150000"),
            told("S15", "12", "A", "20240717110000", "20240720150000"),
            told("S12", "13", "A", "20240717120000", "20240721150000"),
            told("S12", "20", "B", "20240717090000", "20240719160000"),
            told("S15", "21", "B", "20240717090000", "20240719160000"),
            told("S12", "30", "C", "20240717090000", "20240719170000"),
            told("S26", "31", "C", "20240718090000", "20240719170000"),
            told("S17", "32", "C", "20240718080000", "20240719170000"),
            // The engine plays an old cancellation again under a new time.
            told("S15", "12", "A", "20240718233000", "20240720150000"),
        ];
        let orders: [&[usize]; 4] = [
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
            &[5, 3, 9, 0, 7, 1, 8, 2, 6, 4, 3, 3, 9, 0],
            &[2, 9, 2, 4, 6, 8, 0, 1, 3, 5, 7, 9, 1],
        ];
        let mut ends = Vec::new();
        for (at_this, order) in orders.iter().enumerate() {
            let feed = describes(world, json!({ "name": format!("Engine {at_this}"), "format": "hl7" })).await;
            // Some in one file, the others one by one.
            let (together, alone) = order.split_at(order.len() / 2);
            let file: Vec<_> = together.iter().map(|at| messages[*at].clone()).collect();
            brings(&planner, &feed, "part.hl7", file.join("\r").as_bytes()).await;
            for at in alone {
                brings(&planner, &feed, "one.hl7", messages[*at].as_bytes()).await;
            }
            let mut shown = figures(&planner, &feed).await;
            assert_eq!(number(&shown["reports"]), number(&shown["repeated"]) + 9, "{shown}");
            for name in ["reports", "repeated"] {
                shown[name] = json!(0);
            }
            ends.push((standings(&world.app, &feed).await, shown));
        }
        let states: Vec<_> = ends[0].0.iter().map(|row| (row.0.as_str(), row.1.as_str(), row.4.as_str())).collect();
        assert_eq!(states, [("A", "booked", "13"), ("B", "cancelled", "21"), ("C", "no_show", "31")]);
        for end in &ends[1..] {
            assert_eq!(end, &ends[0]);
        }
    }

    async fn over_mllp_each_message_is_answered_as_it_was_taken(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let reader = world.program(&[Role::Commander]).await;
        let mut engine = Engine::connects(listens(world)).await;
        let first = booked("1", "M1", "0001").text();
        let taken = engine.says(&first).await;
        assert_eq!((taken.code.as_str(), taken.of.as_str()), ("AA", "1"), "{}", taken.text);
        assert_eq!(counts(&figures(&reader, &feed).await), [1, 0, 0, 0, 0, 1], "AA comes after the commit");
        let before = standings(&world.app, &feed).await;
        assert_eq!(engine.says(&first).await.code, "AA");
        assert_eq!(standings(&world.app, &feed).await, before);
        assert_eq!(number(&figures(&reader, &feed).await["repeated"]), 1);

        let wrong = engine.says(&booked("2", "M2", "0002").text().replace("20240719150000", "nonsense")).await;
        assert_eq!(wrong.code, "AE", "{}", wrong.text);
        assert!(wrong.text.contains("ERR|") && !wrong.text.contains("nonsense"), "{}", wrong.text);
        let without = engine.says(&booked("3", "M3", "0003").text().replace("|M3^EPIC|", "||")).await;
        assert_eq!((without.code.as_str(), without.text.contains("SCH-2")), ("AE", true), "{}", without.text);
        let other = engine.says(&booked("4", "M4", "0004").text().replace("SIU^S12", "ADT^A08")).await;
        assert_eq!(other.code, "AR", "{}", other.text);
        assert_eq!(engine.says("good morning").await.code, "AR");
        let stranger = engine.says(&booked("5", "M5", "0005").text().replace("|EPIC|CAPE|", "|OTHER|CAPE|")).await;
        assert_eq!((stranger.code.as_str(), stranger.text.contains("MSH-3")), ("AE", true), "{}", stranger.text);
        let slots = engine.says(&booked("6", "M6", "0006").text().replace("SIU^S12", "SIU^S24")).await;
        assert_eq!(slots.code, "AA", "opened slots are no trouble");

        for id in ["7", "8", "9"] {
            engine.sends(&booked(id, id, "0007").text()).await;
        }
        for id in ["7", "8", "9"] {
            let answer = engine.hears().await.expect("each is answered");
            assert_eq!((answer.code.as_str(), answer.of.as_str()), ("AA", id), "in the order in which they came");
        }
        let page = reader.reads(&format!("/feeds/{feed}")).await;
        assert_eq!(number(&page["line"]["books"]["unread"]), 3);
        assert_eq!(page["line"]["books"]["left"], json!({ "ADT^A08": 1, "SIU^S24": 1 }));
        assert_eq!(counts(&page["line"]["books"]["figures"]), [4, 0, 0, 0, 0, 4]);
        let said = page.to_string();
        for secret in ["DOE", "nonsense", "Secret"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        let list = reader.reads("/feeds").await;
        assert!(text(&list["listener"]).contains("1 connection"), "{list}");
    }

    async fn what_is_cut_off_or_too_long_is_not_taken_and_the_next_one_is(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let reader = world.program(&[Role::Commander]).await;
        let address = listens(world);
        let mut engine = Engine::connects(address).await;
        let message = booked("1", "M1", "0001").text();
        engine.writes(b"\x0bMSH|^~\\&|EPIC|begun and never").await;
        assert_eq!(engine.says(&message).await.of, "1");
        engine.writes(b"\x0b").await;
        engine.writes(&vec![b'A'; 1024 * 1024 + 10]).await;
        engine.writes(b"\x1c\r").await;
        assert_eq!(engine.hears().await.expect("is answered").code, "AR");
        let mut half = Engine::connects(address).await;
        half.writes(&message.as_bytes()[..100]).await;
        drop(half);
        assert_eq!(engine.says(&booked("2", "M2", "0002").text()).await.code, "AA");
        assert_eq!(counts(&figures(&reader, &feed).await), [2, 0, 0, 0, 0, 2]);
    }

    async fn without_the_database_nothing_is_accepted_and_nothing_is_lost(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let reader = world.program(&[Role::Commander]).await;
        let mut engine = Engine::connects(listens(world)).await;
        assert_eq!(engine.says(&booked("1", "M1", "0001").text()).await.code, "AA");
        does(&world.app, "ALTER TABLE feed_report RENAME TO feed_report_gone").await;
        let refused = engine.says(&booked("2", "M2", "0002").text()).await;
        assert_eq!((refused.code.as_str(), refused.text.contains("send it again")), ("AR", true), "{}", refused.text);
        does(&world.app, "ALTER TABLE feed_report_gone RENAME TO feed_report").await;
        assert_eq!(counts(&figures(&reader, &feed).await), [1, 0, 0, 0, 0, 1]);
        assert_eq!(engine.says(&booked("2", "M2", "0002").text()).await.code, "AA");
        assert_eq!(counts(&figures(&reader, &feed).await), [2, 0, 0, 0, 0, 2]);
    }

    async fn a_stop_answers_what_was_taken(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let mut engine = Engine::connects(listens(world)).await;
        let ids: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        for id in &ids {
            engine.sends(&booked(id, id, "0001").text()).await;
        }
        let first = engine.hears().await.expect("is answered");
        world.app.stop.cancel();
        let mut answered = vec![first.of];
        while let Some(answer) = engine.hears().await {
            assert_eq!(answer.code, "AA");
            answered.push(answer.of);
        }
        let kept: Vec<String> = standings(&world.app, &feed).await.into_iter().map(|row| row.4).collect();
        assert!(answered.iter().all(|id| kept.contains(id)), "{answered:?} {kept:?}");
    }

    async fn a_downtime_is_offered_what_was_booked_when_it_began(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let planner = world.program(&[Role::CaseManager]).await;
        let late = |event, id, key, at| Siu { event, at, ..booked(id, key, "0009") }.text();
        let messages = [
            booked("1", "M1", "0001").text(),
            booked("2", "M2", "0002").text(),
            booked("3", "M3", "0003").text(),
            late("S15", "4", "M3", "20240718190000"),
            // Since the downtime began at 00:40: cancelled, and one that nobody had booked before.
            late("S15", "5", "M2", "20240719010000"),
            late("S12", "6", "M6", "20240719010000"),
            Siu { start: "20240718090000", ..booked("7", "M7", "0007") }.text(),
            Siu { start: "20241018090000", ..booked("8", "M8", "0008") }.text(),
        ];
        brings(&planner, &feed, "day.hl7", messages.join("\r").as_bytes()).await;
        let schedules = planner.reads("/schedules").await;
        assert_eq!(schedules["feeds"][0]["name"], "Epic");
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "name": "Outage", "level": 3, "started_at": "2024-07-19 00:40", "basis": "Help desk",
            "places": ["all"], "systems": ["epic:down"]
        });
        let incident = format!("/incidents/{}", text(&commander.does("/incidents", form).await["incident"]));
        let cases = commander.reads(&format!("{incident}/cases")).await;
        assert_eq!(cases["title"], "The schedule of Epic as of 18 Jul 19:00 is here: 2 bookings");
        let best = &cases["offer"]["best"];
        assert_eq!((&best["schedule"], number(&best["bookings"])), (&json!(feed), 2));
        let used = commander.does(&format!("{incident}/schedule/use"), json!({ "schedule": feed })).await;
        assert_eq!(number(&used["added"]), 2, "{used}");
        let twice = commander.does(&format!("{incident}/schedule/use"), json!({ "schedule": feed })).await;
        assert_eq!((&twice["snapshot"], number(&twice["added"])), (&used["snapshot"], 2));
        let cases = commander.reads(&format!("{incident}/cases")).await;
        assert_eq!((number(&cases["funnel"]["booked"]), &cases["as_of"]), (2, &json!("19:00 EDT, Thu 18 July")));
        let snapshot = commander.reads(&format!("{incident}/schedule/{}", text(&used["snapshot"]))).await;
        assert_eq!((&snapshot["snapshot"]["file_name"], list(&snapshot["missing"]).len()), (&json!("Epic"), 0));
        let log = commander.asks(&format!("{incident}/log.ndjson")).await.expect(200);
        assert!(log.text().lines().any(|line| line.contains("schedule.imported") && line.contains(&feed)));
    }

    async fn what_is_over_goes_after_two_weeks_unless_a_downtime_is_open(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let planner = world.program(&[Role::CaseManager]).await;
        brings(&planner, &feed, "day.hl7", one_of_each().as_bytes()).await;
        let tends = async || tend::once(world.app.clone()).await.expect("can be tended");
        world.at("2024-08-02 14:00");
        tends().await;
        assert_eq!(counts(&figures(&planner, &feed).await)[5], 12);
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "name": "Outage", "level": 3, "started_at": "2024-07-19 00:40", "basis": "Help desk",
            "places": ["all"], "systems": ["epic:down"]
        });
        let incident = text(&commander.does("/incidents", form).await["incident"]);
        world.at("2024-08-02 16:00");
        tends().await;
        assert_eq!(counts(&figures(&planner, &feed).await)[5], 12, "a downtime may be compared with it");
        let id: domain::id::IncidentId = incident.parse().expect("is an id");
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE incident SET phase = 'closed' WHERE id = $1", id.0).expect("is there");
        tx.commit().await.expect("can be written");
        tends().await;
        assert_eq!(counts(&figures(&planner, &feed).await), [0; 6]);
        for table in ["SELECT COUNT(*) FROM feed_report", "SELECT COUNT(*) FROM feed_appointment", "SELECT COUNT(*) FROM feed_reject"] {
            assert_eq!(count(&world.app, table).await, 0, "{table}");
        }
    }

    async fn of_a_patient_who_was_erased_nothing_is_opened_and_nothing_is_kept(world: World) {
        world.harbor().await;
        let feed = epic(world).await;
        let planner = world.program(&[Role::CaseManager]).await;
        let both = [booked("1", "M1", "0001").text(), booked("2", "M2", "0002").text()].join("\r");
        brings(&planner, &feed, "day.hl7", both.as_bytes()).await;
        does(&world.app, "UPDATE patient SET wrapped_key = NULL WHERE id = (SELECT patient FROM feed_appointment WHERE appointment = 'M1')").await;
        brings(&planner, &feed, "more.hl7", booked("3", "M3", "0001").text().as_bytes()).await;
        assert_eq!(count(&world.app, "SELECT COUNT(*) FROM feed_report WHERE appointment = 'M3' AND sealed IS NULL AND patient IS NULL").await, 1);
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "name": "Outage", "level": 3, "started_at": "2024-07-19 00:40", "basis": "Help desk",
            "places": ["all"], "systems": ["epic:down"]
        });
        let incident = format!("/incidents/{}", text(&commander.does("/incidents", form).await["incident"]));
        let used = commander.does(&format!("{incident}/schedule/use"), json!({ "schedule": feed })).await;
        assert_eq!(number(&used["added"]), 1);
    }

    async fn who_may_not_is_refused(world: World) {
        let harbor = world.harbor().await;
        let feed = epic(world).await;
        let cape = Place::Facility(harbor.facility("cape"));
        let of_cape = |role| [Grant { role, place: cape, signs_as: String::new() }];
        let (_, planner) = world.program_with(&of_cape(Role::CaseManager)).await;
        let (_, administrator) = world.program_with(&of_cape(Role::Administrator)).await;
        let form = json!({ "name": "Other", "format": "hl7" });
        administrator.is_refused("/feeds", &form, 403).await;
        administrator.is_refused(&format!("/feeds/{feed}"), &form, 403).await;
        let refused = planner.uploads(&format!("/feeds/{feed}/files"), &[], ("file", "a.hl7", b"MSH|")).await;
        let _ = refused.expect(403);
        let everywhere_admin = world.program_with(&everywhere(&[Role::Administrator])).await.1;
        let twice = everywhere_admin.is_refused("/feeds", json!({ "name": "epic", "format": "hl7" }), 422).await;
        assert!(twice.to_string().contains("Another feed has this name"), "{twice}");
        let changed = json!({ "name": "Epic", "application": "EPIC", "dialect": "{ \"kinds\": { \"INFUSION\": \"visit\" } }" });
        let saved = everywhere_admin.does(&format!("/feeds/{feed}"), &changed).await;
        assert_eq!(number(&saved["dialect"]), 2);
        let same = everywhere_admin.does(&format!("/feeds/{feed}"), &changed).await;
        assert_eq!(number(&same["dialect"]), 2);
    }

    async fn fhir_comes_in_by_file_and_hostile_text_is_inert(world: World) {
        world.harbor().await;
        let feed = describes(world, json!({ "name": "<script>alert(1)</script>", "format": "fhir", "dialect": "{ \"kind\": \"visit\" }" })).await;
        let planner = world.program(&[Role::CaseManager]).await;
        let appointment = |id: &str, status: &str| json!({
            "resourceType": "Appointment", "id": id, "status": status, "start": "2024-07-19T15:00:00-04:00",
            "minutesDuration": 30,
            "participant": [
                { "actor": { "identifier": { "value": "0001", "type": { "coding": [{ "code": "MR" }] } }, "display": "</textarea><script>" }, "status": "accepted" },
                { "actor": { "reference": "Location/1", "display": "Cape" }, "status": "accepted" }
            ]
        });
        let bundle = json!({
            "resourceType": "Bundle", "type": "collection", "timestamp": "2024-07-18T23:50:00-04:00",
            "entry": [{ "resource": appointment("1", "booked") }, { "resource": appointment("2", "noshow") }, { "resource": appointment("3", "<b>") }]
        });
        let file = bundle.to_string();
        let refused = planner.uploads(&format!("/feeds/{feed}/files"), &[], ("file", "bulk.json", file.as_bytes())).await;
        assert!(refused.expect(422).text().contains("when it was taken"));
        let taken = brings(&planner, &feed, "bulk_20240718_2350.json", file.as_bytes()).await;
        let items = ["items", "reports", "unread"].map(|name| number(&taken["figures"][name]));
        assert_eq!(items[0], items[1] + items[2], "{taken}");
        let mut person = world.person(&[Role::CaseManager, Role::Administrator]).await;
        for path in ["/feeds".to_owned(), format!("/feeds/{feed}"), "/schedules".to_owned()] {
            let page = person.asks(&path).await.expect(200);
            assert!(!page.text().contains("<script>alert"), "{path}");
        }
    }
}

#[tokio::test]
async fn only_the_engines_that_are_named_may_send() {
    let world = World::with(Kind::Sqlite, |config| {
        config.mllp_allow = vec!["10.1.0.0/16".parse().expect("is a network")];
    })
    .await;
    world.harbor().await;
    epic(&world).await;
    let mut engine = Engine::connects(listens(&world)).await;
    assert_eq!(engine.tries_to_say(&booked("1", "M1", "0001").text()).await, None);
    assert_eq!(count(&world.app, "SELECT COUNT(*) FROM feed_report").await, 0);
    let page = world.program(&[Role::Commander]).await.reads("/feeds").await;
    assert!(text(&page["listener"]).contains("127.0.0.1 was turned away"), "{page}");
    world.end().await;
}
