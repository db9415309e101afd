//! S1, a night declaration across twelve hospitals, as far as one incident carries it: declared, told, frozen to its
//! playbook's version, one commander, and the list of units to be called.

use acceptance::{
    Program, World, both_databases,
    harbor::Harbor,
    letters::{answer_links, deliver_all},
};
use backend::{execute, playbooks::store as playbooks};
use domain::{
    actor::Role,
    id::UnitId,
    playbooks::{Playbook, shipped},
};
use serde_json::{Value, json};

both_databases! {
    async fn s1_from_the_first_report_to_the_call_list_of_31_units(world: World) {
        let harbor = world.harbor().await;
        let units = four_hundred_and_fifty_units(world, &harbor).await;
        let chief = world.program(&[Role::Administrator, Role::Commander]).await;
        approves(&chief, 7).await;

        // 02:05, of a first report at 00:40.
        let form = json!({
            "playbook": "endpoint-crash", "level": 3, "places": ["all"], "started_at": "2024-07-19 00:40",
            "basis": "40 calls in 10 minutes",
            "systems": ["epic:down", "epic-read-only:operational", "workstations:degraded", "email-phones:operational"],
        });
        let declared = chief.does("/incidents", &form).await;
        assert_eq!(declared["minutes_to_declare"], 85);
        let incident = format!("/incidents/{}", declared["incident"].as_str().expect("an id"));
        let again = chief.is_refused("/incidents", &form, 422).await;
        assert_eq!(again["link"], incident.as_str());

        // 02:20: the management team and those on duty in the night.
        let night: Vec<String> = (0..3_240).map(|number| line("n", number, &units, number < 450)).collect();
        let team: Vec<String> = (0..410).map(|number| line("t", number, &units, false)).collect();
        let audiences = [gives(&chief, &incident, "On duty", &night).await, gives(&chief, &incident, "Team", &team).await];
        world.at("2024-07-19 02:20");
        let words = json!({ "template": "first-word", "audiences": audiences, "next_update_at": "2024-07-19 04:00" });
        let broadcast = sends(&chief, &incident, words, world).await;
        deliver_all(world).await;
        assert_eq!(chief.reads(&broadcast).await["people"], 3_650);
        let log = chief.reads(&format!("{incident}/log")).await;
        let (told, begun) = (minute_of(&log, "broadcast.ordered"), minute_of(&log, "incident.declared"));
        assert_eq!(told - begun, 15, "{log}");

        // 02:31: the leads of 419 units have answered; in ten of the rest somebody did who is no lead.
        world.at("2024-07-19 02:31");
        let links = answer_links(world);
        let phone = world.unknown_program();
        for number in 0..419 {
            phone.does(&links[&format!("n{number}@hospital.test")], json!({ "answer": "received" })).await;
        }
        for number in 419..429 {
            phone.does(&links[&format!("n{}@hospital.test", number + 450)], json!({ "answer": "will_comply" })).await;
        }
        world.at("2024-07-19 03:05");
        let list = chief.reads(&format!("{broadcast}/call-list")).await;
        let rows = list["call_list"].as_array().expect("a list");
        assert_eq!(rows.len(), 31);
        let counts = ["units", "confirmed", "partly", "not"].map(|name| list[name].as_i64());
        assert_eq!(counts, [Some(450), Some(419), Some(10), Some(21)]);
        assert!(rows[..21].iter().all(|row| row["knows"] == "not" && row["silent_minutes"] == 45), "{rows:?}");
        assert!(rows.iter().all(|row| row["phone"].as_str().is_some_and(|phone| !phone.is_empty())));
        let page = world.person(&[Role::Commander]).await.opens(&format!("{broadcast}/call-list")).await;
        assert_eq!(page.all("tbody tr").len(), 31);

        // 03:30: a newer version is approved; the incident keeps the one it was declared with.
        world.at("2024-07-19 03:30");
        let mut tx = world.app.db.write().await.expect("can be written");
        playbooks::insert(&mut tx, &version_8()).await.expect("is another version");
        tx.commit().await.expect("can be written");
        approves(&chief, 8).await;
        let composer = chief.reads(&format!("{incident}/broadcasts/new?template=reminder")).await;
        let sms = composer["words"]["sms"].as_str().expect("a text");
        assert!(!sms.contains("VERSION 8") && sms.contains("reminder"), "{sms}");

        // 04:05: the promised update is five minutes late; and still one person commands.
        world.at("2024-07-19 04:05");
        let page = world.person(&[Role::Viewer]).await.opens(&incident).await;
        assert!(page.says("05:00 late"), "{}", page.text());
        assert_eq!(page.texts(".cell-commander dd").len(), 1);
    }
}

fn version_8() -> Playbook {
    let mut playbook = shipped().into_iter().find(|each| each.key == "endpoint-crash").expect("is shipped");
    playbook.version = 8;
    for message in &mut playbook.messages {
        if let Some(sms) = &mut message.sms {
            sms.push_str(" VERSION 8");
        }
    }
    playbook
}

async fn approves(chief: &Program, version: i64) {
    let view = chief.reads("/playbooks").await;
    let lines = view["playbooks"].as_array().expect("a list");
    let line = lines.iter().find(|line| line["key"] == "endpoint-crash" && line["version"] == version);
    let fingerprint = line.expect("is there")["fingerprint"].as_str().expect("a text").to_owned();
    chief.does(&format!("/playbooks/{fingerprint}/approve"), json!({})).await;
}

async fn gives(chief: &Program, incident: &str, name: &str, lines: &[String]) -> String {
    let file = format!("name,email,phone,facility,unit,on_duty,lead\n{}\n", lines.join("\n"));
    let upload = ("file", "list.csv", file.as_bytes());
    let given = chief.uploads(&format!("{incident}/audiences"), &[("name", name)], upload).await;
    let given: Value = given.expect(201).json();
    assert_eq!(given["people"], lines.len(), "{given}");
    given["audience"].as_str().expect("an id").to_owned()
}

/// Composes and orders; another communicator looks when the program asks for it.
async fn sends(chief: &Program, incident: &str, words: Value, world: &World) -> String {
    let composed = chief.does(&format!("{incident}/broadcasts"), words).await;
    let path = format!("{incident}/broadcasts/{}", composed["broadcast"].as_str().expect("an id"));
    let ordered = chief.does(&format!("{path}/send"), json!({})).await;
    if ordered["stage"] == "pending_approval" {
        world.program(&[Role::Communicator]).await.does(&format!("{path}/approve"), json!({})).await;
    }
    path
}

/// When an entry of the log was made, in minutes of its day.
fn minute_of(log: &Value, kind: &str) -> i64 {
    let entries = log["entries"].as_array().expect("a list");
    let entry = entries.iter().find(|entry| entry["kind"] == kind);
    let entry = entry.unwrap_or_else(|| panic!("no {kind} in {log}"));
    let at = entry["happened"].as_str().expect("a time");
    let clock =
        at.split_whitespace().find(|part| part.len() == 5 && part.contains(':')).expect("has a clock");
    let (hours, minutes) = clock.split_once(':').expect("has a colon");
    hours.parse::<i64>().expect("hours") * 60 + minutes.parse::<i64>().expect("minutes")
}

fn line(name: &str, number: usize, units: &[(String, String)], lead: bool) -> String {
    let (site, unit) = &units[number % units.len()];
    let lead = if lead { "yes" } else { "" };
    format!("{name} {number},{name}{number}@hospital.test,,{site},{unit},yes,{lead}")
}

const UNIT: &str = "
    INSERT INTO unit (id, facility, code, name, phone)
    VALUES ($1, $2, $3, $4, $5)";

/// The units of the twelve hospitals: site and code.
async fn four_hundred_and_fifty_units(world: &World, harbor: &Harbor) -> Vec<(String, String)> {
    let mut tx = world.app.db.write().await.expect("can be written");
    let mut units: Vec<(String, String)> = Vec::new();
    for (site, _) in acceptance::harbor::SITES {
        units.extend(acceptance::harbor::UNITS.iter().map(|(code, _)| (site.to_owned(), (*code).to_owned())));
    }
    for number in units.len()..450 {
        let (site, _) = acceptance::harbor::SITES[number % 12];
        let (id, code): (UnitId, _) = (world.app.clock.id(), format!("u{number}"));
        let name = format!("Unit {number}");
        execute!(tx, UNIT, id.0, harbor.facility(site).0, &code, name, "+15550100").expect("can be kept");
        units.push((site.to_owned(), code));
    }
    tx.commit().await.expect("can be written");
    units
}
