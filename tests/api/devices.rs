//! Devices given back one by one: counted by people, reported by scripts, read from files; the worst first, and
//! nothing counted twice.

use acceptance::{Program, World, both_databases, harbor::Harbor};
use backend::{devices, fetch_all, fetch_one};
use domain::{
    actor::{Grant, Role},
    id::IncidentId,
    scope::Place,
};
use serde_json::{Value, json};

/// Computers crash at two sites; a commander and a script's token.
struct Crash {
    harbor: Harbor,
    commander: Program,
    script: Program,
    incident: String,
}

impl Crash {
    async fn begins(world: &World) -> Self {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let places = ["general", "cape"].map(|site| format!("facility:{}", harbor.facility(site)));
        let form = json!({
            "name": "Computers crash", "basis": "Two wards called", "places": places,
            "systems": ["workstations:down", "epic:down"]
        });
        let declared = commander.does("/incidents", form).await;
        let incident = declared["incident"].as_str().expect("is a text").to_owned();
        let script = world.program(&[Role::DeviceReporter]).await;
        Self { harbor, commander, script, incident }
    }

    fn path(&self, last: &str) -> String {
        format!("/incidents/{}/devices{last}", self.incident)
    }

    fn id(&self) -> IncidentId {
        self.incident.parse().expect("is an id")
    }

    fn unit(&self, site: &'static str, unit: &'static str) -> String {
        self.path(&format!("/units/{}", self.harbor.unit(site, unit)))
    }

    async fn counts(&self, site: &'static str, unit: &'static str, in_all: i64, fixed: i64) -> Value {
        let form = json!({ "class": "workstations", "in_all": in_all, "fixed": fixed });
        self.commander.does(&self.unit(site, unit), form).await["standing"].clone()
    }

    async fn reports(&self, machine: &str, unit: &str, state: &str) -> bool {
        let form = json!({ "machine": machine, "unit": unit, "class": "workstations", "state": state });
        self.script.does(&self.path("/machines"), form).await["changed"].as_bool().expect("is yes or no")
    }
}

const BY_TALLY: &str = "
    SELECT machines, machines_fixed, machines_broken, fixed
    FROM device_tally
    ORDER BY unit, class";

const BY_COUNTING: &str = "
    SELECT COUNT(*), COUNT(CASE WHEN state = 'fixed' THEN 1 END),
        COUNT(CASE WHEN state = 'broken_again' THEN 1 END), COUNT(CASE WHEN state = 'fixed' THEN 1 END)
    FROM device_machine
    GROUP BY unit, class
    ORDER BY unit, class";

async fn rows(world: &World, sql: &'static str) -> Vec<(i64, i64, i64, i64)> {
    let mut tx = world.app.db.read().await.expect("can be read");
    fetch_all!(tx, (i64, i64, i64, i64), sql).expect("can be read")
}

both_databases! {
    async fn units_with_no_working_computer_come_first_and_say_who_goes_there(world: World) {
        let crash = Crash::begins(world).await;
        let empty = crash.commander.reads(&crash.path("")).await;
        assert_eq!((&empty["title"], &empty["sites"][0]["units"]), (&json!("No device is counted yet"), &json!(3)));
        crash.counts("general", "ed", 30, 12).await;
        crash.counts("general", "4w", 20, 0).await;
        crash.counts("cape", "icu", 40, 0).await;
        crash.counts("cape", "4w", 0, 0).await;
        let view = crash.commander.reads(&crash.path("")).await;
        assert_eq!(view["title"], "2 units have no working device; nobody goes there yet");
        assert_eq!(view["sums"], json!({ "in_all": 90, "checked": 12, "fixed": 12, "left": 78 }));
        let team = format!("{}/team", crash.unit("cape", "icu"));
        assert_eq!(crash.commander.does(&team, json!({ "team": "Team 4" })).await["team"], "Team 4");
        let title = crash.commander.reads(&crash.path("")).await["title"].clone();
        assert_eq!(title, "2 units have no working device; nobody goes to 1 of them");
        let list = crash.commander.reads(&crash.path("/units")).await;
        let names: Vec<_> = list["lines"].as_array().expect("is a list").iter()
            .map(|line| format!("{} {} {}", line["site"].as_str().unwrap_or(""), line["name"].as_str().unwrap_or(""), line["left"]))
            .collect();
        assert_eq!(names, ["Cape Intensive care 40", "General 4 West 20", "General Emergency 18", "Cape 4 West 0"]);
        assert_eq!(list["lines"][0]["team"], "Team 4");
        let alone = crash.commander.reads(&crash.path("/units?site=general&show=no_team")).await;
        assert_eq!((alone["lines"].as_array().map(Vec::len), &alone["lines"][0]["name"]), (Some(1), &json!("4 West")));
        let board = crash.commander.reads(&format!("/incidents/{}", crash.incident)).await;
        let card = board["cards"].as_array().expect("is a list").iter().find(|card| card["section"] == "devices");
        let card = card.expect("has a card");
        assert_eq!((&card["figure"], &card["late"]["words"]), (&json!("12"), &json!("2 units with no working device")));
    }

    /// Thousands of machines, each of them again, and some that break: none is lost and none counts twice.
    async fn two_thousand_reports_at_once_are_counted_once_each(world: World) {
        let crash = Crash::begins(world).await;
        let units = ["general/ed", "general/icu", "cape/4w"];
        let report = |number: usize, state: &'static str| {
            let (crash, unit) = (&crash, units[number % 3]);
            async move { crash.reports(&format!("WS-{number}"), unit, state).await }
        };
        let first = (0..2000).map(|number| report(number, if number % 4 == 0 { "checked" } else { "fixed" }));
        let changed = futures::future::join_all(first).await;
        assert!(changed.into_iter().all(|changed| changed));
        assert_eq!(rows(world, BY_TALLY).await, rows(world, BY_COUNTING).await);
        let again = (0..300).map(|number| report(number, if number % 4 == 0 { "checked" } else { "fixed" }));
        assert!(futures::future::join_all(again).await.into_iter().all(|changed| !changed));
        let broken = (0..100).map(|number| report(number, "broken_again"));
        futures::future::join_all(broken).await;
        assert!(crash.reports("ws-1999", "cape/icu", "fixed").await, "it was carried to another ward");
        let counted = rows(world, BY_COUNTING).await;
        let kept: Vec<_> = rows(world, BY_TALLY).await.into_iter().filter(|row| row.0 > 0).collect();
        assert_eq!(kept, counted);
        assert_eq!(counted.iter().map(|row| row.0).sum::<i64>(), 2000);
        let mut tx = world.app.db.read().await.expect("can be read");
        let (events,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM device_event").expect("can be read");
        let (fixed,) = fetch_one!(tx, (i64,), "SELECT CAST(SUM(fixed) AS BIGINT) FROM device_slot").expect("can be read");
        assert_eq!((events, fixed), (2101, counted.iter().map(|row| row.1).sum()));
    }

    /// Where computers simply work, nothing speaks of them until somebody counts.
    async fn devices_that_work_are_no_card(world: World) {
        let harbor = world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "name": "Epic down", "basis": "Calls", "places": ["all"], "systems": ["epic:down", "workstations:operational"]
        });
        let incident = commander.does("/incidents", form).await["incident"].as_str().expect("an id").to_owned();
        let shown = async || {
            let board = commander.reads(&format!("/incidents/{incident}")).await;
            board["cards"].as_array().expect("is a list").iter().any(|card| card["section"] == "devices")
        };
        assert!(!shown().await);
        let unit = format!("/incidents/{incident}/devices/units/{}", harbor.unit("cape", "ed"));
        commander.does(&unit, json!({ "class": "workstations", "in_all": 9 })).await;
        assert!(shown().await);
    }

    /// Half by hand and half by script reads low, and what breaks after a count is taken off it.
    async fn counts_and_reports_are_not_added_up(world: World) {
        let crash = Crash::begins(world).await;
        crash.counts("general", "4w", 4, 3).await;
        for machine in ["a", "b"] {
            crash.reports(machine, "general/4w", "fixed").await;
        }
        let line = async || crash.commander.reads(&crash.unit("general", "4w")).await["lines"][0].clone();
        assert_eq!((&line().await["fixed"], &line().await["left"]), (&json!(3), &json!(1)));
        crash.reports("a", "general/4w", "broken_again").await;
        assert_eq!(line().await["fixed"], 2);
        for machine in ["c", "d", "e", "f"] {
            crash.reports(machine, "general/4w", "fixed").await;
        }
        assert_eq!((&line().await["fixed"], &line().await["beyond"], &line().await["left"]), (&json!(5), &json!(2), &json!(1)));
        let view = crash.commander.reads(&crash.path("")).await;
        assert_eq!(view["beyond"], 1);
        let events = crash.commander.reads(&crash.unit("general", "4w")).await["events"].clone();
        assert_eq!(events.as_array().map(Vec::len), Some(8));
    }

    async fn what_is_wrong_is_refused_and_changes_nothing(world: World) {
        let crash = Crash::begins(world).await;
        let unit = crash.unit("general", "4w");
        for (form, field) in [
            (json!({ "class": "workstations" }), "in_all"),
            (json!({ "class": "workstations", "in_all": -1 }), "in_all"),
            (json!({ "class": "workstations", "in_all": 5, "fixed": 6 }), "in_all"),
            (json!({ "class": "epic", "in_all": 5 }), "class"),
            (json!({ "class": "<script>", "in_all": "5" }), "class"),
        ] {
            let refused = crash.commander.is_refused(&unit, &form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{form} {refused}");
        }
        crash.commander.is_refused(&crash.unit("rehab", "4w"), json!({ "class": "workstations", "in_all": 1 }), 422).await;
        let team = json!({ "team": "Patient John Smith MRN 12345678" });
        crash.commander.is_refused(&format!("{unit}/team"), team, 422).await;
        for (machine, unit, state) in [
            ("", "general/4w", "fixed"),
            ("<b>", "general/4w", "fixed"),
            ("ws-1", "general/9z", "fixed"),
            ("ws-1", "rehab/4w", "fixed"),
            ("ws-1", "general/4w", "healed"),
        ] {
            let form = json!({ "machine": machine, "unit": unit, "class": "workstations", "state": state });
            crash.script.is_refused(&crash.path("/machines"), form, 422).await;
        }
        assert_eq!(rows(world, BY_COUNTING).await, []);
    }

    /// A token that lies on forty thousand machines reports and sees nothing; one of a site reports there only.
    async fn a_script_reports_and_does_nothing_else(world: World) {
        let crash = Crash::begins(world).await;
        for path in [crash.path(""), crash.path("/units"), format!("/incidents/{}", crash.incident), "/incidents".into()] {
            assert_eq!(crash.script.asks(&path).await.status.as_u16(), 403, "{path}");
        }
        crash.script.is_refused(&crash.unit("cape", "ed"), json!({ "class": "workstations", "in_all": 1 }), 403).await;
        let place = Place::Facility(crash.harbor.facility("cape"));
        let (_, of_cape) = world.program_with(&[Grant { role: Role::DeviceReporter, place, signs_as: String::new() }]).await;
        let report = |unit: &str| json!({ "machine": "ws-1", "unit": unit, "class": "workstations", "state": "fixed" });
        of_cape.is_refused(&crash.path("/machines"), report("general/ed"), 403).await;
        of_cape.does(&crash.path("/machines"), report("cape/ed")).await;
        let place = Place::Unit(crash.harbor.unit("cape", "ed"));
        let (_, lead) = world.program_with(&[Grant { role: Role::UnitLead, place, signs_as: String::new() }]).await;
        lead.does(&crash.unit("cape", "ed"), json!({ "class": "workstations", "in_all": 9 })).await;
        lead.is_refused(&crash.unit("cape", "icu"), json!({ "class": "workstations", "in_all": 9 }), 403).await;
    }

    /// Who reports for one place takes no machine away from another one, and so makes neither look better or worse.
    async fn a_machine_is_moved_only_by_who_reports_for_both_units(world: World) {
        let crash = Crash::begins(world).await;
        crash.reports("ws-1", "general/ed", "checked").await;
        crash.reports("ws-2", "cape/ed", "checked").await;
        let before = (rows(world, BY_TALLY).await, rows(world, BY_COUNTING).await);
        let of = async |role, place| {
            world.program_with(&[Grant { role, place, signs_as: String::new() }]).await.1
        };
        let cape = Place::Facility(crash.harbor.facility("cape"));
        let of_cape = of(Role::DeviceReporter, cape).await;
        let lead = of(Role::UnitLead, Place::Unit(crash.harbor.unit("cape", "icu"))).await;
        let report = |machine: &str, state: &str| {
            json!({ "machine": machine, "unit": "cape/icu", "class": "workstations", "state": state })
        };
        for (program, machine) in [(&of_cape, "ws-1"), (&lead, "ws-1"), (&lead, "WS-2")] {
            for state in ["checked", "fixed"] {
                let refused = program.is_refused(&crash.path("/machines"), report(machine, state), 422).await;
                assert_eq!(refused["type"], "machine-stands-elsewhere", "{refused}");
            }
        }
        assert_eq!((rows(world, BY_TALLY).await, rows(world, BY_COUNTING).await), before);
        of_cape.does(&crash.path("/machines"), report("ws-2", "fixed")).await;
        assert!(crash.reports("ws-1", "cape/icu", "fixed").await, "who reports everywhere moves it");
        let kept: Vec<_> = rows(world, BY_TALLY).await.into_iter().filter(|row| row.0 > 0).collect();
        assert_eq!((kept, rows(world, BY_COUNTING).await), (vec![(2, 2, 0, 2)], vec![(2, 2, 0, 2)]));
    }

    /// The way back asks which units are not back; one that nobody counted is not, one with none is.
    async fn the_way_back_is_told_which_units_are_not_back(world: World) {
        let crash = Crash::begins(world).await;
        crash.counts("general", "ed", 30, 29).await;
        crash.counts("general", "icu", 0, 0).await;
        crash.reports("ws-1", "general/4w", "fixed").await;
        crash.counts("cape", "ed", 10, 10).await;
        let class = crash.harbor.system("workstations");
        let not_back = async |place| {
            let mut tx = world.app.db.read().await.expect("can be read");
            let found = devices::not_back(&mut tx, crash.id(), place, class).await.expect("can be read");
            found.into_iter().map(|unit| (unit.name, unit.left, unit.in_all)).collect::<Vec<_>>()
        };
        let general = [("General, 4 West".to_owned(), 0, None), ("General, Emergency".to_owned(), 1, Some(30))];
        assert_eq!(not_back(Place::All).await, general);
        assert_eq!(not_back(Place::Facility(crash.harbor.facility("cape"))).await, []);
        assert_eq!(not_back(Place::Unit(crash.harbor.unit("general", "ed"))).await, general[1..]);
    }

    async fn a_file_of_counts_is_previewed_taken_over_once_and_says_what_it_refused(world: World) {
        let crash = Crash::begins(world).await;
        let file = "site,unit,total,checked,fixed\ngeneral,ed,30,20,12\ncape,4w,0,,\nrehab,ed,5,,\ncape,icu,5,6,\n";
        for (added, unchanged) in [(2, 0), (0, 2)] {
            let upload = ("file", "counts.csv", file.as_bytes());
            let offered: Value = crash.commander.uploads(&crash.path("/import"), &[], upload).await.expect(201).json();
            let figures = &offered["figures"];
            assert_eq!(
                (&figures["added"], &figures["unchanged"], &figures["refused"]),
                (&json!(added), &json!(unchanged), &json!(2)), "{offered}"
            );
            let import = crash.path(&format!("/import/{}", offered["import"].as_str().expect("is a text")));
            let preview = crash.commander.reads(&import).await;
            assert_eq!((&preview["state"], &preview["rejects"][0]["row"]), (&json!("previewed"), &json!(4)));
            crash.commander.does(&format!("{import}/commit"), json!({})).await;
            crash.commander.is_refused(&format!("{import}/commit"), json!({}), 422).await;
            let refused = crash.commander.asks(&format!("{import}/rejects.csv")).await.expect(200);
            assert!(refused.text().contains("no site of this downtime"), "{refused:?}");
        }
        let view = crash.commander.reads(&crash.path("")).await;
        assert_eq!(view["sums"], json!({ "in_all": 30, "checked": 20, "fixed": 12, "left": 18 }));
        assert_eq!(view["pace"], "", "what was found fixed is no rate");
        let place = Place::Facility(crash.harbor.facility("cape"));
        let (_, of_cape) = world.program_with(&[Grant { role: Role::Commander, place, signs_as: String::new() }]).await;
        let upload = ("file", "counts.csv", file.as_bytes());
        let _ = of_cape.uploads(&crash.path("/import"), &[], upload).await.expect(403);
    }

    /// Hundreds of units, some of the same figures: every one once, the worst first, page by page.
    async fn a_long_list_is_read_page_by_page(world: World) {
        let crash = Crash::begins(world).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let rows = |row: fn(i64) -> String| (0..450).map(row).collect::<Vec<_>>().join("\n");
        let places = rows(|number| format!("unit,w{number},Ward {number},cape"));
        let places = format!("kind,code,name,site\n{places}\n");
        let counts = rows(|number| format!("cape,w{number},{},{}", 10 + number % 7, number % 3));
        let counts = format!("site,unit,in all,fixed\n{counts}\n");
        for (program, path, file) in [
            (&administrator, "/places/import".to_owned(), &places),
            (&crash.commander, crash.path("/import"), &counts),
        ] {
            let upload = ("file", "rows.csv", file.as_bytes());
            let offered: Value = program.uploads(&path, &[], upload).await.expect(201).json();
            program.does(&format!("{path}/{}/commit", offered["import"].as_str().expect("an id")), json!({})).await;
        }
        let (mut next, mut seen, mut pages) = (Some(crash.path("/units")), Vec::new(), 0);
        while let Some(path) = next {
            let view = crash.commander.reads(&path).await;
            next = view["next"].as_str().map(ToOwned::to_owned);
            for line in view["lines"].as_array().expect("is a list") {
                let number = |name: &str| line[name].as_i64().expect("is a number");
                seen.push((number("fixed") > 0, -number("left"), line["name"].to_string()));
            }
            pages += 1;
        }
        assert_eq!((pages, seen.len()), (3, 450));
        assert!(seen.is_sorted_by_key(|(works, left, _)| (*works, *left)));
        let names: std::collections::BTreeSet<_> = seen.into_iter().map(|(.., name)| name).collect();
        assert_eq!(names.len(), 450);
    }

    async fn a_rate_is_said_after_an_hour_of_work(world: World) {
        let crash = Crash::begins(world).await;
        crash.counts("general", "ed", 300, 100).await;
        for fixed in [110, 120, 130, 140, 150, 160] {
            world.minutes_pass(10);
            assert_eq!(crash.commander.reads(&crash.path("")).await["pace"], "");
            crash.counts("general", "ed", 300, fixed).await;
        }
        world.minutes_pass(10);
        let view = crash.commander.reads(&crash.path("")).await;
        // Sixty in the 65 minutes since 02:10, and 140 left.
        assert_eq!(view["pace"], "At the rate of the last hour done by 05:47 EDT.");
        assert_eq!(view["curve"]["points"].as_array().expect("is a list").last(), Some(&json!([75, 53])));
    }

    async fn a_commander_counts_and_sends_a_team_on_pages(world: World) {
        let crash = Crash::begins(world).await;
        let mut person = world.person(&[Role::Commander]).await;
        let form = person.opens(&crash.unit("general", "4w")).await.form("Keep this count");
        let form = form.types("In all", "12").types("Fixed", "13");
        let refused = person.is_refused(&form, "Keep this count").await;
        assert!(refused.error_at("in_all").is_some());
        let again = refused.form("Keep this count").types("Fixed", "0");
        let page = person.presses(&again, "Keep this count").await;
        assert_eq!(page.heading(), "General, 4 West: none of 12 devices works");
        let form = page.form("Send this team").types("Field team", "Rosa & <Jim>");
        let page = person.presses(&form, "Send this team").await;
        assert!(page.says("Rosa & <Jim> goes there."), "{}", page.text());
        let page = person.opens(&crash.path("/units")).await;
        assert!(page.says("none works") && page.says("Rosa & <Jim>"), "{}", page.text());
        let page = person.opens(&crash.path("")).await;
        assert_eq!(page.heading(), "1 unit has no working device; a team goes to each");
    }
}
