//! An interface engine sends to two servers on one PostgreSQL: whatever was answered with AA is kept once, also when one
//! of them dies in between, and the engine goes on with the other.

use std::{collections::BTreeSet, net::SocketAddr};

use acceptance::{
    Kind, RealServer,
    cast::text,
    mllp::{Engine, Siu, booked},
    server::free_port,
};
use serde_json::json;

const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Every server of one database needs the same key.
fn gives_key(server: &RealServer) {
    let keys = server.data().join("keys");
    std::fs::create_dir_all(&keys).expect("the folder is ours");
    std::fs::write(keys.join("patients.key"), KEY).expect("the folder is ours");
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Two hundred messages about fifty appointments, one of which is cancelled in the end.
fn messages() -> Vec<(String, String)> {
    (0..200)
        .map(|number| {
            let (id, key) = (format!("{number}"), format!("K{}", number % 50));
            let at = format!("2024071810{:02}{:02}", number / 60, number % 60);
            let event = if number % 50 == 7 && number >= 150 { "S15" } else { "S12" };
            (id.clone(), Siu { event, at: &at, ..booked(&id, &key, &key) }.text())
        })
        .collect()
}

#[tokio::test]
async fn an_engine_goes_on_with_the_other_server_and_nothing_is_lost_or_doubled() {
    let ports = [free_port(), free_port()];
    let mut first =
        RealServer::prepare(Kind::Postgres, &[("mllp", &format!("127.0.0.1:{}", ports[0]))]).await;
    first.put_harbor().await;
    gives_key(&first);
    first.launch();
    let administrator = first.set_up().await;
    let epic = json!({ "name": "Epic", "format": "hl7", "application": "EPIC", "listens": "yes" });
    let feed = text(&administrator.does("/feeds", epic).await["feed"]);
    let mut second = first.beside_with(&[("mllp", &format!("127.0.0.1:{}", ports[1]))]);
    gives_key(&second);
    second.launch();

    let messages = messages();
    // The same engine twice, as after a failover of its own: each message comes to both servers.
    let through = |port: u16, messages: Vec<(String, String)>| async move {
        let mut accepted = BTreeSet::new();
        let mut engine = Engine::connects(local(port)).await;
        for (id, message) in messages {
            match engine.tries_to_say(&message).await {
                Some(answer) => {
                    assert_eq!((answer.code.as_str(), &answer.of), ("AA", &id), "{}", answer.text);
                    accepted.insert(id);
                }
                None => break,
            }
        }
        accepted
    };
    let both = tokio::join!(
        through(ports[0], messages[..100].to_vec()),
        through(ports[1], messages[50..150].to_vec())
    );
    assert_eq!((both.0.len(), both.1.len()), (100, 100));

    // The first dies while it is sent to; what it did not answer is sent to the second.
    let rest = messages[150..].to_vec();
    let dies = async {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        first.kill();
    };
    let (accepted, ()) = tokio::join!(through(ports[0], rest.clone()), dies);
    let unanswered: Vec<_> = rest.into_iter().filter(|(id, _)| !accepted.contains(id)).collect();
    let again = through(ports[1], unanswered.clone()).await;
    assert_eq!(again.len(), unanswered.len());

    first.launch();
    let page = administrator.reads(&format!("/feeds/{feed}")).await;
    let figures = &page["line"]["books"]["figures"];
    let distinct =
        figures["reports"].as_i64().expect("counts") - figures["repeated"].as_i64().expect("counts");
    assert_eq!(distinct, 200, "{figures}");
    assert_eq!((&figures["appointments"], &figures["cancelled"]), (&json!(50), &json!(1)), "{figures}");
    let written = [first.written(), second.written()].concat();
    assert!(!written.contains("DOE") && !written.contains("Secret"), "{written}");
    second.end().await;
    first.end().await;
}

#[tokio::test]
async fn a_file_comes_in_from_the_terminal_once() {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    let epic = json!({ "name": "Epic", "format": "hl7" });
    administrator.does("/feeds", epic).await;
    server.stop();
    let file = server.folder.path().join("day.hl7");
    let broken = booked("2", "M2", "0002").text().replace("|M2^EPIC|", "||");
    std::fs::write(&file, [booked("1", "M1", "0001").text(), broken].join("\r")).expect("the folder is ours");
    let path = file.to_str().expect("is a text");
    let said = server.runs_well(&["import", "feed", path, "--feed", "epic"]);
    assert!(said.contains("2 messages: 1 new, 0 here before") && said.contains("1 refused"), "{said}");
    let refused = std::fs::read_to_string(server.folder.path().join("day.refused.csv")).expect("was written");
    assert!(refused.contains("SCH-2"), "{refused}");
    let twice = server.runs_well(&["import", "feed", path, "--feed", "Epic"]);
    assert!(twice.contains("known already"), "{twice}");
    let nobody = server.runs(&["import", "feed", path, "--feed", "Cerner"]);
    assert!(!nobody.status.success());
    server.end().await;
}
