//! Schedules that come in before an incident: by upload and from a folder, their columns chosen once, how long they are
//! kept, and what a downtime is offered of them. S2's figures through this road.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use acceptance::{
    Kind, Program, World, both_databases, s2,
    world::{everywhere, new_york},
};
use backend::{app::App, jobs, schedules};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const NAME: &str = "schedule_20240718_2350.csv";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list")).clone()
}

async fn keeps(planner: &Program, name: &str, file: &[u8]) -> Value {
    planner.uploads("/schedules", &[], ("file", name, file)).await.expect(201).json()
}

/// A schedule of visits on S2's day, each of another patient.
fn visits(appointments: &[&str]) -> String {
    let rows: Vec<_> = appointments
        .iter()
        .map(|id| format!("{id},0000{id},Person {id},visit,Cape,{} 15:00\n", s2::DAY))
        .collect();
    format!("Appt ID,MRN,Patient Name,Type,Hospital,Start Time\n{}", rows.concat())
}

/// The same under names that nobody guesses.
fn unguessed(appointments: &[&str]) -> String {
    visits(appointments).replace("Appt ID,MRN,Patient Name,Type,Hospital,Start Time", "A,B,C,D,E,F")
}

fn columns() -> Value {
    json!({ "columns": ["appointment_id:0", "mrn:1", "name:2", "kind:3", "facility:4", "start:5"] })
}

/// Declares a downtime that began at 00:40; gives its path.
async fn falls(world: &World) -> (Program, String) {
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({
        "name": "Endpoint outage", "level": 3, "started_at": "2024-07-19 00:40",
        "basis": "Help desk, then two wards", "places": ["all"], "systems": ["epic:down"]
    });
    let declared = commander.does("/incidents", form).await;
    (commander, format!("/incidents/{}", text(&declared["incident"])))
}

async fn count(app: &App, sql: &'static str) -> i64 {
    let mut tx = app.db.read().await.expect("can be read");
    backend::fetch_one!(tx, (i64,), sql).expect("can be counted").0
}

/// How often the installation's log has an entry of this kind.
async fn noted(app: &App, kind: &str) -> i64 {
    let mut tx = app.db.read().await.expect("can be read");
    let sql = "SELECT COUNT(*) FROM journal WHERE kind = $1";
    backend::fetch_one!(tx, (i64,), sql, kind).expect("can be counted").0
}

async fn tends(world: &World) {
    schedules::tend::once(world.app.clone()).await.expect("can be tended");
}

both_databases! {
    async fn s2_a_schedule_from_before_is_offered_used_once_and_named_in_the_log(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let kept = keeps(&planner, NAME, &s2::file()).await;
        let counts = ["rows", "valid", "duplicates", "invalid"].map(|name| number(&kept["figures"][name]));
        assert_eq!(counts, [4_812, 4_563, 212, 37]);
        assert_eq!((&kept["state"], &kept["as_of_from"]), (&json!("ready"), &json!("name")));
        assert_eq!(number(&kept["as_of"]), new_york("2024-07-18 23:50").0);
        let again = keeps(&planner, "another name.csv", &s2::file()).await;
        assert_eq!((&again["known"], &again["schedule"]), (&json!(true), &kept["schedule"]));
        assert_eq!(noted(&world.app, "standing.kept").await, 1);
        let page = planner.reads("/schedules").await;
        assert_eq!(page["title"], "The newest schedule is 2 h old, as of 18 Jul 23:50");
        assert_eq!((list(&page["schedules"]).len(), page["warning"].clone(), page["stale"].clone()), (1, json!(""), json!(false)));
        let path = format!("/schedules/{}", text(&kept["schedule"]));
        let rejects = planner.asks(&format!("{path}/rejects.csv")).await.expect(200);
        assert_eq!(rejects.text().lines().count(), 37 + 1);

        let (commander, incident) = falls(world).await;
        let cases = commander.reads(&format!("{incident}/cases")).await;
        assert_eq!(cases["title"], "The schedule as of 18 Jul 23:50 is here: 4,563 bookings");
        assert_eq!(cases["offer"]["best"]["schedule"], kept["schedule"]);
        let board = commander.reads(&incident).await;
        let card = list(&board["cards"]).into_iter().find(|card| card["section"] == "patients").expect("has its card");
        assert_eq!((&card["figure"], &card["late"]["words"]), (&json!("4,563"), &json!("schedule not in use yet")));
        let form = json!({ "schedule": kept["schedule"] });
        let used = commander.does(&format!("{incident}/schedule/use"), &form).await;
        assert_eq!((number(&used["added"]), &used["figures"]), (4_563, &kept["figures"]));
        let twice = commander.does(&format!("{incident}/schedule/use"), &form).await;
        assert_eq!((&twice["snapshot"], number(&twice["added"])), (&used["snapshot"], 4_563));
        let cases = commander.reads(&format!("{incident}/cases")).await;
        assert_eq!((number(&cases["funnel"]["booked"]), &cases["offer"]), (4_563, &Value::Null));
        assert_eq!(cases["as_of"], "23:50 EDT, Thu 18 July");
        let log = commander.asks(&format!("{incident}/log.ndjson")).await.expect(200);
        let named: Vec<&str> = log.text().lines().filter(|line| line.contains("schedule.imported")).map(|line| {
            assert!(line.contains(&text(&kept["schedule"])), "{line}");
            "named"
        }).collect();
        assert_eq!(named.len(), 1);
        let preview = commander.reads(&format!("{incident}/cases/decide")).await;
        assert_eq!(number(&preview["totals"]["all"]["cancelled"]), 4_133);
    }

    async fn the_newest_from_before_comes_first_and_later_ones_stand_apart(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let mut ids = Vec::new();
        for (name, appointment) in [("a_20240717_2350.csv", "A1"), ("b_20240718_2350.csv", "A2"), ("c_20240719_0130.csv", "A3")] {
            ids.push(keeps(&planner, name, visits(&[appointment]).as_bytes()).await["schedule"].clone());
        }
        keeps(&planner, "d_20240719_0000.csv", unguessed(&["A4"]).as_bytes()).await;
        let (commander, incident) = falls(world).await;
        let offer = commander.reads(&format!("{incident}/schedule")).await["offer"].clone();
        assert_eq!(offer["sentence"], "The schedule as of 18 Jul 23:50 is here: 1 booking");
        assert_eq!(offer["best"]["schedule"], ids[1]);
        let ids_of = |lines: &Value| list(lines).iter().map(|line| line["schedule"].clone()).collect::<Vec<_>>();
        assert_eq!((ids_of(&offer["others"]), ids_of(&offer["after"])), (vec![ids[0].clone()], vec![ids[2].clone()]));
        assert_eq!(offer["waiting"], 1);
        let used = commander.does(&format!("{incident}/schedule/use"), json!({ "schedule": ids[2] })).await;
        assert_eq!(number(&used["added"]), 1);
        let refused = commander.is_refused(&format!("{incident}/schedule/use"), json!({ "schedule": "" }), 422).await;
        assert!(refused["errors"]["schedule"].is_array(), "{refused}");
    }

    async fn columns_are_chosen_once_for_all_files_with_the_same_header(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let first = keeps(&planner, "a_20240718_2300.csv", unguessed(&["A1", "A2"]).as_bytes()).await;
        let waits = keeps(&planner, "b_20240718_2330.csv", unguessed(&["A1"]).as_bytes()).await;
        assert_eq!((&first["state"], list(&first["missing"]).len()), (&json!("needs_columns"), 6));
        let page = planner.reads("/schedules").await;
        assert!(text(&page["warning"]).contains("waits until somebody says"), "{page}");
        let (commander, incident) = falls(world).await;
        let form = json!({ "schedule": first["schedule"] });
        let refused = commander.is_refused(&format!("{incident}/schedule/use"), &form, 422).await;
        assert_eq!(refused["type"], "columns-missing");

        let path = format!("/schedules/{}", text(&first["schedule"]));
        let shown = planner.reads(&path).await;
        assert_eq!((list(&shown["header"]).len(), &shown["sample"][2]), (6, &json!("Person A1")));
        let half = json!({ "columns": ["appointment_id:0", "mrn:1"] });
        let refused = planner.is_refused(&format!("{path}/columns"), half, 422).await;
        assert!(refused["errors"]["columns"].is_array(), "{refused}");
        let chosen = planner.does(&format!("{path}/columns"), columns()).await;
        assert_eq!((&chosen["state"], number(&chosen["figures"]["valid"])), (&json!("ready"), 2));
        let later = keeps(&planner, "c_20240718_2350.csv", unguessed(&["A7", "A8", "A9"]).as_bytes()).await;
        assert_eq!((&later["state"], number(&later["figures"]["valid"])), (&json!("ready"), 3));
        tends(world).await;
        let waited = planner.reads(&format!("/schedules/{}", text(&waits["schedule"]))).await;
        assert_eq!((&waited["line"]["state"], &waited["line"]["columns_from"]), (&json!("ready"), &json!("saved")));
        assert_eq!(noted(&world.app, "standing.columns").await, 2);
        let used = commander.does(&format!("{incident}/schedule/use"), &form).await;
        assert_eq!(number(&used["added"]), 2);
    }

    async fn when_a_schedule_was_taken_is_typed_or_stands_in_its_name(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let file = visits(&["A1"]);
        for as_of in ["", "at night", "2024-07-20 01:00"] {
            let answer = planner.uploads("/schedules", &[("as_of", as_of)], ("file", "schedule.csv", file.as_bytes())).await;
            let refused: Value = answer.expect(422).json();
            assert!(refused["errors"]["as_of"].is_array(), "{as_of:?}: {refused}");
        }
        let nothing = planner.uploads("/schedules", &[("as_of", s2::AS_OF)], ("file", "a.csv", b"PK\x03\x04\x00\x00")).await;
        assert!(nothing.expect(422).json::<Value>()["errors"]["file"].is_array());
        assert_eq!(count(&world.app, "SELECT COUNT(*) FROM standing_schedule").await, 0);
        let typed = planner.uploads("/schedules", &[("as_of", s2::AS_OF)], ("file", NAME, file.as_bytes())).await;
        assert_eq!(typed.expect(201).json::<Value>()["as_of_from"], "given");
        let left = std::fs::read_dir(world.folder.path().join("imports")).expect("there is a folder").count();
        assert_eq!(left, 0, "nothing stays behind in clear text");
    }

    async fn nothing_of_a_patient_stands_outside_the_seal(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        // Without a header, the first row is a patient.
        let file = "A1,0034458,Doe Jane,visit,Cape,2024-07-19 15:00\nA2,0034459,Roe Jim,visit,Cape,2024-07-19 16:00\n";
        let kept = keeps(&planner, NAME, file.as_bytes()).await;
        assert_eq!(kept["state"], "needs_columns");
        let mut tx = world.app.db.read().await.expect("can be read");
        let rows = "SELECT file_name || mapping || scheme || figures FROM standing_schedule";
        let (said,) = backend::fetch_one!(tx, (String,), rows).expect("is there");
        let (sealed, shape) = {
            let sealed = "SELECT sealed FROM standing_part";
            let (sealed,) = backend::fetch_one!(tx, (Vec<u8>,), sealed).expect("is there");
            let (shape,) = backend::fetch_one!(tx, (Vec<u8>,), "SELECT shape FROM standing_schedule").expect("is there");
            (sealed, shape)
        };
        let entries = backend::fetch_all!(tx, (String,), "SELECT data FROM journal").expect("can be read");
        drop(tx);
        let said = format!("{said}{}", entries.into_iter().map(|(data,)| data).collect::<String>());
        for part in [said.as_bytes(), &sealed, &shape] {
            let seen = String::from_utf8_lossy(part).to_lowercase();
            assert!(!seen.contains("doe") && !seen.contains("jane") && !seen.contains("34458"), "{seen}");
        }
        // Who looks after folders and no patients sees neither header nor row.
        let administrator = world.program(&[Role::Administrator]).await;
        let shown = administrator.reads(&format!("/schedules/{}", text(&kept["schedule"]))).await;
        assert_eq!((list(&shown["header"]).len(), list(&shown["sample"]).len()), (0, 0));
        let form = administrator.posts("/schedules", json!({})).await;
        assert_eq!(form.status, 403);
    }

    async fn only_who_plans_for_all_sites_brings_a_schedule_in(world: World) {
        let harbor = world.harbor().await;
        let cape = Place::Facility(harbor.facility("cape"));
        let grants = [Grant { role: Role::CaseManager, place: cape, signs_as: String::new() }];
        let (_, of_cape) = world.program_with(&grants).await;
        let answer = of_cape.uploads("/schedules", &[], ("file", NAME, visits(&["A1"]).as_bytes())).await;
        assert_eq!(answer.status, 403);
        assert_eq!(of_cape.reads("/schedules").await["may_plan"], false);
        let viewer = world.program(&[Role::Viewer]).await;
        assert_eq!(viewer.asks("/schedules").await.status, 403);
    }

    async fn each_is_deleted_after_two_weeks_unless_an_open_downtime_is_offered_it(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let older = keeps(&planner, "a_20240717_2350.csv", visits(&["A1"]).as_bytes()).await;
        let newer = keeps(&planner, NAME, visits(&["A2", "A3"]).as_bytes()).await;
        let (commander, incident) = falls(world).await;
        world.minutes_pass(14 * 24 * 60 - 1);
        tends(world).await;
        assert_eq!(list(&planner.reads("/schedules").await["schedules"]).len(), 2);
        world.minutes_pass(1);
        tends(world).await;
        let left = list(&planner.reads("/schedules").await["schedules"]);
        assert_eq!((left.len(), &left[0]["id"], &left[0]["held"]), (1, &newer["schedule"], &json!(true)));
        assert!(text(&left[0]["kept_until"]).contains("the downtime"), "{left:?}");
        assert_eq!(noted(&world.app, "standing.forgotten").await, 1);
        let gone = commander.is_refused(&format!("{incident}/schedule/use"), json!({ "schedule": older["schedule"] }), 422).await;
        assert_eq!(gone["type"], "schedule-gone");
        commander.does(&format!("{incident}/schedule/use"), json!({ "schedule": newer["schedule"] })).await;
        tends(world).await;
        assert_eq!(list(&planner.reads("/schedules").await["schedules"]).len(), 0);
        for rows in ["SELECT COUNT(*) FROM standing_part", "SELECT COUNT(*) FROM standing_schedule"] {
            assert_eq!(count(&world.app, rows).await, 0, "{rows}");
        }
        assert_eq!(noted(&world.app, "standing.forgotten").await, 2);
    }

    async fn a_crash_between_two_parts_leaves_nothing_that_anybody_sees(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let whole = keeps(&planner, NAME, visits(&["A1"]).as_bytes()).await;
        // As if the program had died before the switch.
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE standing_schedule SET state = 'staged', parts = 3").expect("can be written");
        tx.commit().await.expect("can be written");
        assert_eq!(list(&planner.reads("/schedules").await["schedules"]).len(), 0);
        let path = format!("/schedules/{}", text(&whole["schedule"]));
        assert_eq!(planner.asks(&path).await.status, 404);
        let (commander, incident) = falls(world).await;
        assert_eq!(commander.reads(&format!("{incident}/cases")).await["offer"], Value::Null);
        let again = keeps(&planner, NAME, visits(&["A1"]).as_bytes()).await;
        assert_eq!(again["known"], false, "what was never whole is not known");
        world.minutes_pass(61);
        tends(world).await;
        for rows in ["SELECT COUNT(*) FROM standing_part", "SELECT COUNT(*) FROM standing_schedule"] {
            assert_eq!(count(&world.app, rows).await, 1, "{rows}");
        }
        let used = commander.does(&format!("{incident}/schedule/use"), json!({ "schedule": again["schedule"] })).await;
        assert_eq!(number(&used["added"]), 1);
    }

    async fn a_large_file_is_kept_in_parts_and_comes_out_whole(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let ids: Vec<String> = (0..30_000).map(|number| format!("L{number:06}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let kept = keeps(&planner, NAME, visits(&ids).as_bytes()).await;
        assert_eq!(number(&kept["figures"]["valid"]), 30_000);
        assert!(count(&world.app, "SELECT COUNT(*) FROM standing_part").await >= 2);
        let shown = planner.reads(&format!("/schedules/{}", text(&kept["schedule"]))).await;
        assert_eq!(number(&shown["line"]["figures"]["valid"]), 30_000);
        // One part of another file in its place is noticed.
        let mut tx = world.app.db.write().await.expect("can be written");
        let swap = "UPDATE standing_part SET ordinal = 1 - ordinal + 10 WHERE ordinal < 2";
        backend::execute!(tx, swap).expect("can be written");
        backend::execute!(tx, "UPDATE standing_part SET ordinal = ordinal - 10 WHERE ordinal > 8").expect("can be written");
        tx.commit().await.expect("can be written");
        assert_eq!(planner.asks(&format!("/schedules/{}", text(&kept["schedule"]))).await.status, 500);
    }

    async fn the_same_file_twice_at_the_same_moment_is_here_once(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let file = visits(&["A1", "A2"]);
        let (one, other) = futures::future::join(
            keeps(&planner, NAME, file.as_bytes()),
            keeps(&planner, NAME, file.as_bytes()),
        )
        .await;
        assert_eq!(one["schedule"], other["schedule"]);
        assert_eq!(count(&world.app, "SELECT COUNT(*) FROM standing_schedule").await, 1);
        assert_eq!(count(&world.app, "SELECT COUNT(*) FROM standing_part").await, 1);
        let (commander, incident) = falls(world).await;
        let form = json!({ "schedule": one["schedule"] });
        let path = format!("{incident}/schedule/use");
        let (one, other) = futures::future::join(commander.does(&path, &form), commander.does(&path, &form)).await;
        assert_eq!((number(&one["added"]), number(&other["added"]), &one["snapshot"]), (2, 2, &other["snapshot"]));
        assert_eq!(number(&commander.reads(&format!("{incident}/cases")).await["funnel"]["booked"]), 2);
    }

    async fn monitors_learn_when_no_export_comes_any_more(world: World) {
        world.harbor().await;
        let planner = world.program(&[Role::CaseManager]).await;
        let stranger = world.unknown_program();
        assert_eq!(stranger.asks("/health/schedules").await.status, 503, "nobody has looked yet");
        tends(world).await;
        assert_eq!(stranger.reads("/health/schedules").await["age_minutes"], Value::Null);
        keeps(&planner, NAME, visits(&["A1"]).as_bytes()).await;
        tends(world).await;
        assert_eq!(number(&stranger.reads("/health/schedules").await["age_minutes"]), 135);
        world.minutes_pass(26 * 60);
        let late = stranger.asks("/health/schedules").await.expect(503);
        assert!(late.text().contains("No schedule of the last 26 hours"), "{}", late.text());
        assert_eq!(planner.reads("/schedules").await["stale"], true);
    }

    async fn by_hand_one_button_brings_the_schedule_in(world: World) {
        world.harbor().await;
        let mut dev = world.person(&[Role::CaseManager]).await;
        let page = dev.opens("/incidents").await;
        let list = dev.opens(&page.link("Schedules")).await;
        assert!(list.says("No schedule is here for the next downtime"), "{}", list.text());
        let file = unguessed(&["A1", "A2"]);
        let form = list.form("Keep it for the next downtime");
        let form = form.attaches("A schedule as a CSV file", NAME, file.as_bytes());
        let one = dev.presses(&form, "Keep it for the next downtime").await;
        assert!(one.heading().contains("Say which columns hold"), "{}", one.heading());
        let mut form = one.form("Read it with these columns, and all later files like it");
        for (label, column) in [
            ("Appointment id", "A (as A1)"), ("MRN", "B (as 0000A1)"), ("Patient name", "C (as Person A1)"),
            ("Kind", "D (as visit)"), ("Site", "E (as Cape)"), ("Start", "F (as 2024-07-19 15:00)"),
        ] {
            form = form.chooses(label, column);
        }
        let one = dev.presses(&form, "Read it with these columns, and all later files like it").await;
        assert_eq!(one.heading(), "2 bookings as of 23:50 EDT, Thu 18 July");
        let (_, incident) = falls(world).await;
        let cases = dev.opens(&format!("{incident}/cases")).await;
        assert_eq!(cases.heading(), "The schedule as of 18 Jul 23:50 is here: 2 bookings");
        let form = cases.form("Use the schedule as of 18 Jul 23:50");
        let used = dev.presses(&form, "Use the schedule as of 18 Jul 23:50").await;
        assert!(used.heading().contains("2 rows are imported"), "{}", used.heading());
        assert!(dev.opens(&format!("{incident}/cases")).await.says("2 rows are booked, nothing is decided"));
    }
}

/// A world that watches a folder of its own.
struct Watching {
    world: World,
    folder: tempfile::TempDir,
}

impl Watching {
    async fn on(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().to_owned();
        let world = World::with(kind, |config| config.schedule_folder = vec![path]).await;
        world.harbor().await;
        Self { world, folder }
    }

    /// Lays a file into the folder that was last changed at a New York time.
    fn lays(&self, name: &str, bytes: &[u8], changed: &str) {
        lays(&self.folder.path().join(name), bytes, changed);
    }

    /// One more server on the same database and data folder, which looks into the same folder.
    async fn another(&self) -> App {
        let app = &self.world.app;
        let again = App::with_database(app.config.clone(), app.clock.clone(), app.db.clone()).await;
        again.expect("the program starts")
    }

    /// Looks twice with some seconds between, as a file must come to rest.
    async fn looks(&self, apps: &[&App]) {
        for _ in 0..2 {
            let looks = apps.iter().map(|app| schedules::folder::look((*app).clone()));
            for look in futures::future::join_all(looks).await {
                look.expect("can be looked at");
            }
            let clock = &self.world.app.clock;
            clock.set(domain::time::Timestamp(clock.now().0 + 6_000_000));
        }
        let looks = apps.iter().map(|app| schedules::folder::look((*app).clone()));
        for look in futures::future::join_all(looks).await {
            look.expect("can be looked at");
        }
    }
}

fn lays(path: &Path, bytes: &[u8], changed: &str) {
    std::fs::write(path, bytes).expect("the folder is ours");
    let seconds = u64::try_from(new_york(changed).seconds()).expect("is after 1970");
    let file = std::fs::File::options().write(true).open(path).expect("it was just written");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("it is ours");
}

async fn a_folder_is_watched(kind: Kind) {
    let watching = Watching::on(kind).await;
    let app = &watching.world.app;
    let planner = watching.world.program(&[Role::CaseManager]).await;
    watching.lays("night.CSV", &s2::file(), "2024-07-18 23:55");
    watching.lays("sheet.csv", b"PK\x03\x04\x00\x00\x08", "2024-07-19 00:10");
    watching.lays("half.csv.part", b"A,B", "2024-07-19 00:10");
    watching.lays("old_20240601_2350.csv", visits(&["A1"]).as_bytes(), "2024-07-19 00:10");
    schedules::folder::look(app.clone()).await.expect("can be looked at");
    assert_eq!(list(&planner.reads("/schedules").await["schedules"]).len(), 0, "it may still be written");
    watching.looks(&[app]).await;
    let page = planner.reads("/schedules").await;
    let here = list(&page["schedules"]);
    assert_eq!(here.len(), 1, "{page}");
    assert_eq!((&here[0]["source"], &here[0]["as_of_from"]), (&json!("from the folder"), &json!("file")));
    assert_eq!(
        (number(&here[0]["as_of_at"]), number(&here[0]["figures"]["valid"])),
        (new_york("2024-07-18 23:55").0, 4_563)
    );
    let refused = list(&page["refused"]);
    assert_eq!((refused.len(), &refused[0]["file_name"]), (1, &json!("sheet.csv")));
    assert!(text(&refused[0]["sentence"]).contains("not a text file"), "{refused:?}");
    assert!(text(&page["warning"]).contains("cannot be used"), "{page}");
    let folder = &list(&page["folders"])[0];
    assert_eq!(
        (number(&folder["files"]), number(&folder["too_old"]), number(&folder["unsettled"])),
        (3, 1, 0)
    );
    assert_eq!(
        std::fs::read_dir(watching.folder.path()).expect("is there").count(),
        4,
        "folders are only read"
    );

    // After a restart, and under another name, it is known by its content.
    watching.lays("copy.csv", &s2::file(), "2024-07-19 01:00");
    let restarted = watching.another().await;
    watching.looks(&[&restarted]).await;
    assert_eq!(noted(app, "standing.kept").await, 1);
    assert_eq!(noted(app, "standing.refused").await, 1);
    // Also when it is gone here after two weeks and still lies there.
    watching.world.minutes_pass(14 * 24 * 60);
    tends(&watching.world).await;
    let later = watching.another().await;
    watching.looks(&[&later]).await;
    assert_eq!(count(app, "SELECT COUNT(*) FROM standing_schedule").await, 0);
    watching.world.end().await;
}

#[tokio::test]
async fn a_folder_is_watched_on_sqlite() {
    a_folder_is_watched(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_folder_is_watched_on_postgres() {
    a_folder_is_watched(Kind::Postgres).await;
}

async fn several_servers_take_a_file_once(kind: Kind) {
    let watching = Watching::on(kind).await;
    let (app, second, third) = (&watching.world.app, watching.another().await, watching.another().await);
    for night in 0..3 {
        let name = format!("night_2024071{}_2350.csv", 6 + night);
        watching.lays(&name, visits(&[&format!("N{night}"), "A1"]).as_bytes(), "2024-07-19 01:00");
    }
    watching.looks(&[app, &second, &third]).await;
    assert_eq!(
        (noted(app, "standing.kept").await, count(app, "SELECT COUNT(*) FROM standing_schedule").await),
        (3, 3)
    );
    assert_eq!(count(app, "SELECT COUNT(*) FROM standing_part").await, 3);
    // One has died while it took a file: another takes it after two minutes.
    let file = visits(&["Z1"]);
    watching.lays(NAME, file.as_bytes(), "2024-07-19 01:30");
    let hash: [u8; 32] = Sha256::digest(&file).into();
    let mut tx = app.db.write().await.expect("can be written");
    let claim = schedules::files::claim(&mut tx, &hash, NAME, app.clock.id(), app.clock.now()).await;
    assert_eq!(claim.expect("can be claimed"), schedules::files::Known::Claimed);
    tx.commit().await.expect("can be written");
    watching.looks(&[app, &second]).await;
    assert_eq!(noted(app, "standing.kept").await, 3);
    watching.world.minutes_pass(3);
    watching.looks(&[app, &second]).await;
    assert_eq!(noted(app, "standing.kept").await, 4);
    watching.world.end().await;
}

#[tokio::test]
async fn several_servers_take_a_file_once_on_sqlite() {
    several_servers_take_a_file_once(Kind::Sqlite).await;
}

#[tokio::test]
async fn several_servers_take_a_file_once_on_postgres() {
    several_servers_take_a_file_once(Kind::Postgres).await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_on_the_page_and_to_monitors() {
    let watching = Watching::on(Kind::Sqlite).await;
    let planner = watching.world.program(&[Role::CaseManager]).await;
    std::fs::remove_dir(watching.folder.path()).expect("it is empty");
    watching.looks(&[&watching.world.app]).await;
    tends(&watching.world).await;
    let page = planner.reads("/schedules").await;
    assert!(text(&page["folders"][0]["troubles"][0]).contains("cannot be read"), "{page}");
    assert_eq!(watching.world.unknown_program().asks("/health/schedules").await.status, 503);
    std::fs::create_dir(watching.folder.path()).expect("it is gone");
    watching.lays(NAME, visits(&["A1"]).as_bytes(), "2024-07-19 01:00");
    watching.looks(&[&watching.world.app]).await;
    assert_eq!(list(&planner.reads("/schedules").await["schedules"]).len(), 1);
    tends(&watching.world).await;
    assert_eq!(watching.world.unknown_program().asks("/health/schedules").await.status, 200);
    watching.world.end().await;
}

/// The tidy job leaves schedules that are here alone.
#[tokio::test]
async fn tidying_leaves_what_is_here_alone() {
    let world = World::on(Kind::Sqlite).await;
    world.harbor().await;
    let (_, planner) = world.program_with(&everywhere(&[Role::CaseManager])).await;
    keeps(&planner, NAME, visits(&["A1"]).as_bytes()).await;
    world.minutes_pass(13 * 24 * 60);
    jobs::tidy::once(world.app.clone()).await.expect("can be tidied");
    tends(&world).await;
    assert_eq!(list(&planner.reads("/schedules").await["schedules"]).len(), 1);
    world.end().await;
}
