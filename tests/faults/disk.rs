//! A disk that is full, a file that may not be written, a database that another program has locked: one sentence,
//! nothing half-done, nothing typed lost, and work goes on when the cause is gone.

use std::time::{Duration, Instant};

use acceptance::{Answer, Kind, Program, RealServer, disk::SmallDisk};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};

/// A command that takes some room: an account with a long name.
fn account(number: usize) -> Value {
    json!({ "login": format!("clerk{number}"), "name": "N".repeat(80), "grants": ["forms_clerk@all"] })
}

async fn how_many_accounts(administrator: &Program) -> usize {
    let (mut count, mut path) = (0, "/accounts".to_owned());
    loop {
        let view = administrator.reads(&path).await;
        count += view["accounts"].as_array().expect("a list").len();
        match view["next"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => return count,
        }
    }
}

async fn server_on(disk: &SmallDisk) -> (RealServer, Program) {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.keep_data_in(disk.path());
    server.launch();
    let administrator = server.set_up().await;
    (server, administrator)
}

/// Sends commands until one fails, which on a broken disk is soon: how many were acknowledged, and the failure.
async fn until_it_fails(administrator: &Program) -> (usize, Answer) {
    for number in 0..5000 {
        let answer = administrator.posts("/accounts", account(number)).await;
        if !answer.status.is_success() {
            return (number, answer);
        }
    }
    panic!("the disk never got full");
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_acknowledged_is_lost() {
    let disk = SmallDisk::of_megabytes(6);
    let (mut server, administrator) = server_on(&disk).await;
    let filler = disk.fill();
    let (acknowledged, failure) = until_it_fails(&administrator).await;
    let problem: Value = failure.expect(507).json();
    assert_eq!(problem["type"], "disk-full");
    assert_eq!(how_many_accounts(&administrator).await, acknowledged + 1);

    std::fs::remove_file(filler).expect("the filler is ours");
    administrator.does("/accounts", account(acknowledged)).await;
    server.crash_and_restart();
    assert_eq!(how_many_accounts(&administrator).await, acknowledged + 2);
    server.end().await;
}

#[tokio::test]
async fn a_read_only_disk_stops_the_start_with_a_sentence() {
    let disk = SmallDisk::of_megabytes(16);
    let (mut server, _) = server_on(&disk).await;
    server.stop();
    disk.read_only(true);
    let output = server.runs(&["migrate"]);
    assert!(!output.status.success(), "it started on a read-only disk");
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert!(said.contains("read-only"), "{said}");
    assert_eq!(said.lines().count(), 1, "more than one sentence: {said}");
    disk.read_only(false);
    server.launch();
    server.end().await;
}

#[tokio::test]
async fn a_database_locked_by_another_program_is_said_in_seconds() {
    let server = RealServer::start(Kind::Sqlite, &[]).await;
    let administrator = server.set_up().await;
    let file = server.data().join("downtime.sqlite");
    let mut other = SqliteConnection::connect(&file.display().to_string()).await.expect("the file opens");
    other.execute("BEGIN IMMEDIATE").await.expect("nobody else writes now");
    let asked = Instant::now();
    let problem: Value = administrator.posts("/accounts", account(0)).await.expect(503).json();
    assert_eq!(problem["type"], "busy");
    assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?} to say so", asked.elapsed());
    other.execute("ROLLBACK").await.expect("the lock is ours");
    administrator.does("/accounts", account(0)).await;
    server.end().await;
}

/// A schedule of one visit.
const VISIT: &str =
    "Appt ID,MRN,Patient Name,Type,Hospital,Start Time\nA1,0000001,Doe Jane,visit,Cape,2024-07-19 15:00\n";

#[tokio::test]
async fn patients_are_read_on_a_full_disk_and_who_read_is_noted_when_there_is_room() {
    let disk = SmallDisk::of_megabytes(24);
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.keep_data_in(disk.path());
    server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    let night = json!({
        "name": "Endpoint outage", "level": 3, "basis": "Help desk", "places": ["all"], "systems": ["epic:down"]
    });
    let declared = administrator.does("/incidents", night).await;
    let path = |end: &str| format!("/incidents/{}{end}", declared["incident"].as_str().expect("an id"));
    let as_of = [("as_of", "2024-07-18 23:50")];
    let file = ("file", "one.csv", VISIT.as_bytes());
    let offered: Value = administrator.uploads(&path("/schedule"), &as_of, file).await.expect(201).json();
    let commit = path(&format!("/schedule/{}/commit", offered["snapshot"].as_str().expect("an id")));
    administrator.does(&commit, json!({})).await;

    let filler = disk.fill();
    let (_, failure) = until_it_fails(&administrator).await;
    let _ = failure.expect(507);
    for page in ["/cases?show=all", "/cases?q=0000001", "/door?q=0000001"] {
        let seen = administrator.reads(&path(page)).await;
        assert!(seen.to_string().contains("Doe Jane"), "{page} is not read on a full disk: {seen}");
    }
    assert_eq!(administrator.reads(&path("/access")).await["lines"], json!([]), "there was room for it");

    std::fs::remove_file(filler).expect("the filler is ours");
    let began = Instant::now();
    loop {
        let noted = administrator.reads(&path("/access")).await["lines"].clone();
        if noted.as_array().expect("a list").len() >= 3 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(50), "only {noted} is noted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    server.end().await;
}
