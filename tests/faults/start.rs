//! A start that cannot succeed ends with one sentence on which an operator can act.

use std::net::TcpListener;

use acceptance::{Kind, RealServer};

/// What the program says when it is started like this and cannot start.
fn refusal(server: &RealServer, arguments: &[&str]) -> String {
    let output = server.runs(arguments);
    assert!(!output.status.success(), "it started");
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(said.lines().count(), 1, "more than one sentence: {said}");
    said
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("a listener knows its port").port();
    let server = RealServer::prepare(Kind::Sqlite, &[]).await;
    let said = refusal(&server, &["serve", "--listen", &format!("127.0.0.1:{port}")]);
    assert!(said.contains(&format!("port {port} on 127.0.0.1 is in use")), "{said}");
    assert!(said.contains("--listen"), "{said}");
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_is_named() {
    let server = RealServer::prepare(Kind::Sqlite, &[]).await;
    std::fs::write(server.data(), "not a folder").expect("the test's folder can be written");
    let said = refusal(&server, &["migrate"]);
    assert!(said.contains(&server.data().display().to_string()), "{said}");
}

#[tokio::test]
async fn a_database_file_that_is_none_is_refused_and_left_alone() {
    let server = RealServer::prepare(Kind::Sqlite, &[]).await;
    std::fs::create_dir(server.data()).expect("the test's folder can be written");
    let file = server.data().join("downtime.sqlite");
    let other =
        "this is another program's file, longer than a database header of a hundred bytes. ".repeat(3);
    std::fs::write(&file, &other).expect("the test's folder can be written");
    let said = refusal(&server, &["migrate"]);
    assert!(said.contains("database"), "{said}");
    assert_eq!(std::fs::read_to_string(file).expect("it is still there"), other);
}

#[tokio::test]
async fn a_database_server_that_is_not_there_is_said() {
    let server =
        RealServer::prepare(Kind::Sqlite, &[("database", "postgres://nobody@127.0.0.1:1/nothing")]).await;
    let said = refusal(&server, &["migrate"]);
    assert!(said.contains("database"), "{said}");
}
