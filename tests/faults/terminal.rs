//! What an administrator does from a terminal, with the real program: demo, import, accounts, backup and restore.

use std::process::Command;

use acceptance::{Kind, RealServer};
use backend::store::{DatabaseUrl, Db};
use serde_json::json;

fn text(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn database(server: &RealServer) -> Db {
    let url = match &server.database {
        Some(address) => address.parse().expect("is an address"),
        None => DatabaseUrl::Sqlite(server.data().join("downtime.sqlite")),
    };
    Db::open(&url).await.expect("the database opens")
}

/// Every table with its number of rows, and the epoch.
async fn rows_of(server: &RealServer) -> (Vec<(String, i64)>, String) {
    const TABLES: backend::store::Sql = backend::store::Sql {
        sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        postgres: "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
            WHERE table_schema = 'public' ORDER BY 1",
    };
    let db = database(server).await;
    let mut tx = db.read().await.expect("can be read");
    let tables = backend::fetch_all!(tx, (String,), TABLES).expect("can be read");
    drop(tx);
    let mut rows = Vec::new();
    for (table,) in tables {
        // Each text lives as long as the test: a query's text is static.
        let query: &'static str = Box::leak(format!("SELECT COUNT(*) FROM \"{table}\"").into_boxed_str());
        let mut tx = db.read().await.expect("can be read");
        let (count,) = backend::fetch_one!(tx, (i64,), query).expect("can be counted");
        rows.push((table, count));
    }
    let mut tx = db.read().await.expect("can be read");
    let (epoch,) = backend::fetch_one!(tx, (String,), "SELECT epoch FROM installation").expect("is there");
    drop(tx);
    db.close().await;
    (rows, epoch)
}

#[tokio::test]
async fn backup_and_restore_keep_every_row_and_hold_sending() {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    assert!(server.runs_well(&["demo", "s", "--only"]).contains("1500 staff"));
    assert!(server.runs_well(&["demo", "s", "--only"]).contains("already"));
    server.launch();
    let copy = server.folder.path().join("copy.sqlite");
    let path = copy.to_str().expect("is text");
    server.runs_well(&["backup", path]);
    let list = std::fs::read_to_string(copy.with_extension("list.txt")).expect("a list lies beside it");
    assert!(list.contains("copy.sqlite"), "{list}");
    assert!(text(&server.runs(&["backup", path])).contains("never overwrites"));

    let other = RealServer::prepare(Kind::Sqlite, &[]).await;
    other.runs_well(&["restore", path]);
    let (before, epoch) = rows_of(&server).await;
    let (after, new_epoch) = rows_of(&other).await;
    // The running program's worker may have signed on after the copy was made.
    let all_but_worker = |rows: &[(String, i64)]| -> Vec<(String, i64)> {
        rows.iter().filter(|(table, _)| table != "worker").cloned().collect()
    };
    assert_eq!(all_but_worker(&before), all_but_worker(&after));
    assert!(before.iter().any(|(table, count)| table == "person" && *count == 1500));
    assert_ne!(epoch, new_epoch);
    let kept = std::fs::read_to_string(other.data().join("epoch")).expect("the old epoch is kept outside");
    assert_eq!(kept, epoch, "the worker sees that this is not the database it worked with");
    let refused = other.runs(&["restore", path]);
    assert!(!refused.status.success() && text(&refused).contains("has data in it"), "{}", text(&refused));
}

#[tokio::test]
async fn a_damaged_copy_is_not_restored() {
    let server = RealServer::prepare(Kind::Sqlite, &[]).await;
    let copy = server.folder.path().join("copy.sqlite");
    std::fs::write(&copy, b"not a database, but long enough to be looked at as if it were one")
        .expect("is written");
    let refused = server.runs(&["restore", copy.to_str().expect("is text")]);
    assert!(!refused.status.success() && text(&refused).contains("damaged"), "{}", text(&refused));
    assert!(!server.data().join("downtime.sqlite").exists());
}

#[tokio::test]
async fn a_postgres_dump_is_checked_and_restored_with_sending_held() {
    let server = RealServer::prepare(Kind::Postgres, &[]).await;
    server.runs_well(&["demo", "s", "--only"]);
    let dump = server.folder.path().join("copy.dump");
    let path = dump.to_str().expect("is text");
    let told = server.runs(&["backup", path]);
    assert!(!told.status.success() && text(&told).contains("pg_dump --format=custom"), "{}", text(&told));
    // What follows the question mark are settings of our own driver, which PostgreSQL's tools do not know.
    let address =
        server.database.as_deref().and_then(|address| address.split('?').next()).expect("is PostgreSQL");
    let dumped = Command::new("pg_dump").args(["--format=custom", "--file", path, address]).output();
    assert!(dumped.expect("pg_dump is installed").status.success());
    assert!(server.runs_well(&["backup", path]).contains("Checked"));
    std::fs::write(&dump, b"cut off").expect("is written");
    assert!(!server.runs(&["backup", path]).status.success());
    let (_, before) = rows_of(&server).await;
    server.runs_well(&["restore", "--hold", path]);
    let (_, after) = rows_of(&server).await;
    assert_ne!(before, after);
}

async fn import_and_accounts(kind: Kind) {
    let mut server = RealServer::prepare(kind, &[]).await;
    let folder = server.folder.path().to_path_buf();
    let places = "kind,code,name,facility\nfacility,general,General,\nunit,ed,Emergency,general\n";
    let people = "staff_number,name,facility,unit,job\n1,Ada,general,ed,Nurse\n2,Ben,general,nowhere,Nurse\n";
    for (name, contents) in [("places.csv", places), ("people.csv", people)] {
        std::fs::write(folder.join(name), contents).expect("is written");
    }
    assert!(server.runs_well(&["import", "places", "places.csv"]).contains("2 added"));
    assert!(server.runs_well(&["import", "people", "people.csv"]).contains("1 added, 0 changed"));
    let refused = std::fs::read_to_string(folder.join("people.refused.csv")).expect("lies beside the file");
    assert!(refused.contains("3,unit,"), "{refused}");
    assert!(
        server.runs_well(&["import", "people", "people.csv"]).contains("0 added, 0 changed, 1 as they were")
    );

    let printed = server.runs_well(&["user", "add", "ada", "Ada Admin", "--role", "administrator@all"]);
    let code =
        printed.split("code: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a code");
    assert!(
        server.runs_well(&["user", "list"]).contains("ada\tAda Admin\tadministrator@all\tcard not used yet")
    );
    let token = server.runs_well(&["token", "add", "monitor", "--role", "viewer@all"]).trim().to_owned();
    let id = server.runs_well(&["token", "list"]).split('\t').next().expect("a token").to_owned();
    server.launch();
    let first = json!({ "login": "ada", "code": code, "password": "nobody sleeps tonight" });
    server.program().does("/first-use", &first).await;
    let sign_in = json!({ "login": "ada", "password": "nobody sleeps tonight" });
    server.program().does("/sign-in", &sign_in).await;
    let mut monitor = server.program();
    monitor.token = Some(token);
    monitor.reads("/incidents").await;
    server.runs_well(&["token", "revoke", &id]);
    monitor.is_refused("/incidents", json!({}), 401).await;
    server.runs_well(&["user", "give", "ada", "viewer@all"]);
    let last = server.runs(&["user", "take", "ada", "administrator@all"]);
    assert!(!last.status.success() && String::from_utf8_lossy(&last.stderr).contains("Nobody would be left"));
    server.runs_well(&["user", "add", "bea", "Bea Admin", "--role", "administrator@all"]);
    server.runs_well(&["user", "take", "ada", "administrator@all"]);
    server.runs_well(&["user", "lock", "ada"]);
    assert!(server.runs_well(&["user", "list"]).contains("ada\tAda Admin\tviewer@all\tlocked"));
    server.program().is_refused("/sign-in", &sign_in, 422).await;
    server.runs_well(&["user", "unlock", "ada"]);
    server.program().does("/sign-in", &sign_in).await;
    server.runs_well(&["user", "reset", "ada"]);
    server.program().is_refused("/sign-in", &sign_in, 422).await;
}

#[tokio::test]
async fn files_and_accounts_come_in_from_the_terminal_on_sqlite() {
    import_and_accounts(Kind::Sqlite).await;
}

#[tokio::test]
async fn files_and_accounts_come_in_from_the_terminal_on_postgres() {
    import_and_accounts(Kind::Postgres).await;
}

#[tokio::test]
async fn a_schedule_comes_in_from_the_terminal_for_the_open_incident() {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.runs_well(&["demo", "s", "--only"]);
    server.launch();
    let commander = server.set_up().await;
    let schedule = commander.asks("/demo/schedule.csv").await.expect(200);
    let file = server.data().join("schedule.csv");
    std::fs::write(&file, &schedule.body).expect("the folder is ours");
    let import = ["import", "schedule", file.to_str().expect("is text"), "--as-of", "2024-07-18 23:50"];
    let kept = server.runs_well(&import);
    assert!(
        kept.contains("Kept for the next downtime, as of 23:50 EDT, Thu 18 July (as it was typed)"),
        "{kept}"
    );
    assert!(server.runs_well(&["import", "schedule", import[2]]).contains("known already"));
    let page = commander.reads("/schedules").await;
    assert_eq!(page["schedules"][0]["source"], "from the terminal");
    let declaration = json!({ "playbook": "endpoint-crash", "level": 3, "places": ["all"], "basis": "40 calls in 10 minutes" });
    commander.does("/incidents", declaration).await;
    let rows = schedule.text().lines().count() - 1;
    assert!(rows > 200, "{rows}");
    assert!(server.runs_well(&import).contains(&format!("{rows} rows: {rows} added")));
    assert!(server.runs_well(&import).contains("known already"));
    let undated = server.runs(&import[..3]);
    assert!(!undated.status.success() && text(&undated).contains("--standing"), "{}", text(&undated));
    std::fs::write(&file, format!("{}\n", schedule.text())).expect("the folder is ours");
    let standing = server.runs_well(&["import", "schedule", import[2], "--standing"]);
    assert!(standing.contains("when the file was last changed"), "{standing}");

    // A copy comes with the key of its patients, and without it is not put back.
    let copy = server.folder.path().join("copy.sqlite");
    let path = copy.to_str().expect("is text");
    let said = server.runs_well(&["backup", path]);
    let key = copy.with_extension("patients.key");
    assert!(said.contains(key.to_str().expect("is text")), "{said}");
    let (whole, alone) =
        (RealServer::prepare(Kind::Sqlite, &[]).await, RealServer::prepare(Kind::Sqlite, &[]).await);
    whole.runs_well(&["restore", path]);
    let beside = |server: &RealServer| std::fs::read(server.data().join("keys/patients.key")).ok();
    assert!(beside(&whole).is_some() && beside(&whole) == beside(&server));
    std::fs::remove_file(&key).expect("it was written");
    let refused = alone.runs(&["restore", path]);
    assert!(
        !refused.status.success() && text(&refused).contains("their key is neither at"),
        "{}",
        text(&refused)
    );
    assert!(!alone.data().join("downtime.sqlite").exists());
}

#[tokio::test]
async fn playbook_check_ends_with_1_and_says_where() {
    let server = RealServer::prepare(Kind::Sqlite, &[]).await;
    assert!(server.runs_well(&["playbook", "check"]).contains("without mistakes"));
    let (_, good) = domain::playbooks::SHIPPED[0];
    let bad = good.replacen("quorum = 3", "quorum = 30", 1);
    std::fs::write(server.folder.path().join("bad.toml"), &bad).expect("is written");
    let line = bad.lines().position(|line| line == "quorum = 30").expect("is there") + 1;
    let output = server.runs(&["playbook", "check", "bad.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(
        said.contains(&format!("bad.toml:{line}: gates[1].quorum: A number from 1 to 3, not 30.")),
        "{said}"
    );
}
