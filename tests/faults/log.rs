//! `downtime log verify` as an administrator runs it: beside the running program, over a copy that nobody may
//! write, and against heads that were kept elsewhere.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Output};

use acceptance::{Kind, RealServer};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn kept(server: &RealServer, seq: i64) -> String {
    let heads = std::fs::read_to_string(server.data().join("heads")).expect("the heads are kept");
    let line = heads.lines().next().expect("the installation has its chain");
    let mut words: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
    words[1] = seq.to_string();
    words.join(" ")
}

fn verifies_against(server: &RealServer, heads: &str) -> Output {
    let file = server.folder.path().join("kept-elsewhere");
    std::fs::write(&file, heads).expect("the test's folder can be written");
    server.runs(&["log", "verify", "--heads", &file.display().to_string()])
}

async fn tells_whole_from_cut(kind: Kind) {
    let mut server = RealServer::start(kind, &[]).await;
    server.set_up().await;
    let beside = server.runs(&["log", "verify"]);
    assert!(beside.status.success(), "{beside:?}");
    server.stop();
    let whole = server.runs_well(&["log", "verify"]);
    assert!(whole.contains("has the head that was kept outside"), "{whole}");
    let printed =
        whole.split("head ").nth(1).and_then(|rest| rest.split(':').next()).expect("a head is said");
    let on_paper = server.runs_well(&["log", "verify", printed]);
    assert!(on_paper.contains(&format!("{printed} is the head of installation")), "{on_paper}");
    let another = server.runs(&["log", "verify", "1-0123456789"]);
    assert!(text(&another.stderr).contains("no log has the head 1-0123456789"), "{another:?}");
    assert!(text(&server.runs(&["log", "verify", "tomorrow"]).stderr).contains("212-3fa94c01be"));
    let cut = verifies_against(&server, &kept(&server, 999));
    assert_eq!(cut.status.code(), Some(1), "{cut:?}");
    assert!(text(&cut.stdout).contains("the head that was kept outside is of entry 999"), "{cut:?}");
    let unreadable = verifies_against(&server, "these are no heads");
    assert_eq!(unreadable.status.code(), Some(1), "{unreadable:?}");
    assert!(text(&unreadable.stderr).contains("line 1 of"), "{unreadable:?}");
    std::fs::remove_file(server.data().join("heads")).expect("the file was there");
    let alone = server.runs_well(&["log", "verify"]);
    let sentence = "unbroken in itself; cannot tell whether its end was cut or all was rewritten";
    assert!(alone.contains(sentence), "{alone}");
}

#[tokio::test]
async fn log_verify_tells_a_whole_log_from_a_cut_one_on_sqlite() {
    tells_whole_from_cut(Kind::Sqlite).await;
}

#[tokio::test]
async fn log_verify_tells_a_whole_log_from_a_cut_one_on_postgres() {
    tells_whole_from_cut(Kind::Postgres).await;
}

#[tokio::test]
async fn log_verify_leaves_a_copy_as_it_is() {
    let mut server = RealServer::start(Kind::Sqlite, &[]).await;
    server.set_up().await;
    server.stop();
    let copy = server.folder.path().join("copy");
    std::fs::create_dir(&copy).expect("the test's folder can be written");
    let file = copy.join("downtime.sqlite");
    std::fs::copy(server.data().join("downtime.sqlite"), &file).expect("can be copied");
    let read_only = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    read_only(&file, 0o444);
    read_only(&copy, 0o555);
    let before = std::fs::read(&file).expect("can be read");
    let mut command = server.command(&["log", "verify"]);
    let output = command.env("DOWNTIME_DATABASE", &file).output().expect("the program can be run");
    let names = std::fs::read_dir(&copy).expect("can be read").count();
    read_only(&copy, 0o755);
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).contains("has the head that was kept outside"), "{output:?}");
    assert_eq!(before, std::fs::read(&file).expect("can be read"));
    assert_eq!(names, 1, "something was left beside the copy");
}

/// Somebody puts yesterday's file back by hand: the next start says so and sends nothing, and what was kept beside the
/// database still proves it.
#[tokio::test]
async fn a_database_that_was_put_back_by_hand_is_noticed_at_the_start() {
    let mut server = RealServer::start(Kind::Sqlite, &[]).await;
    let root = server.set_up().await;
    server.stop();
    server.put_harbor().await;
    let (file, old) = (server.data().join("downtime.sqlite"), server.folder.path().join("yesterday.sqlite"));
    std::fs::copy(&file, &old).expect("can be copied");
    server.launch();
    let form = serde_json::json!({
        "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
    });
    root.does("/incidents", form).await;
    server.stop();
    assert!(!server.written().contains("sending is held"), "{}", server.written());
    std::fs::copy(&old, &file).expect("can be copied");
    server.launch();
    server.stop();
    assert!(server.written().contains("sending is held"), "{}", server.written());
    let verified = server.runs(&["log", "verify"]);
    assert_eq!(verified.status.code(), Some(1), "{verified:?}");
    assert!(text(&verified.stdout).contains("gone: at least"), "{verified:?}");
}
