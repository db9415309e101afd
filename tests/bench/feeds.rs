//! Scheduling messages over a real connection of MLLP, fifty a second for some seconds, each answered after its commit,
//! against a bare insert and commit at the same pace on the same file.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use acceptance::{
    Kind, World,
    mllp::{Engine, booked},
};
use backend::feeds::mllp;
use domain::{actor::Role, id::FeedId};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::report::{Bar, Line, p99};

const A_SECOND: usize = 50;
const SECONDS: usize = 20;

const BARE: &str = "
    INSERT INTO feed_bare (id, message, at)
    VALUES ($1, $2, $3)";

pub async fn measure() -> Vec<Line> {
    let world = World::on(Kind::Sqlite).await;
    world.harbor().await;
    let administrator = world.program(&[Role::Administrator]).await;
    let epic = json!({ "name": "Epic", "format": "hl7", "application": "EPIC", "listens": "yes" });
    administrator.does("/feeds", epic).await;
    let listener = mllp::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
    let address = listener.local_addr().expect("has an address");
    mllp::start(&world.app, listener);
    let mut engine = Engine::connects(address).await;
    // The first one makes what is kept for all later ones.
    assert_eq!(engine.says(&booked("first", "first", "first").text()).await.code, "AA");

    let path = world.folder.path().join("downtime.sqlite");
    let mut bare = SqliteConnection::connect(&path.display().to_string()).await.expect("the file opens");
    for statement in [
        "PRAGMA synchronous = FULL",
        "PRAGMA busy_timeout = 5000",
        "CREATE TABLE feed_bare (id BLOB PRIMARY KEY, message TEXT, at INTEGER) STRICT",
    ] {
        sqlx::query(statement).execute(&mut bare).await.expect("is a statement");
    }
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    let began = Instant::now();
    for number in 0..A_SECOND * SECONDS {
        let due = Duration::from_secs(1) / u32::try_from(A_SECOND).expect("is small")
            * u32::try_from(number).expect("is small");
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        let (id, key) = (format!("m{number}"), format!("k{}", number / 2));
        let message = booked(&id, &key, &key).text();
        let asked = Instant::now();
        let answer = engine.says(&message).await;
        ours.push(asked.elapsed().as_secs_f64() * 1000.0);
        assert_eq!((answer.code.as_str(), answer.of.as_str()), ("AA", id.as_str()), "{}", answer.text);
        let row: FeedId = world.app.clock.id();
        let asked = Instant::now();
        let at = i64::try_from(number).expect("is small");
        sqlx::query(BARE).bind(row.0).bind(&message).bind(at).execute(&mut bare).await.expect("is new");
        limits.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    let took = began.elapsed().as_secs_f64();
    let (kept,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM feed_report")
        .fetch_one(&mut bare)
        .await
        .expect("can be counted");
    assert_eq!(usize::try_from(kept), Ok(A_SECOND * SECONDS + 1), "none is lost");
    world.end().await;
    let (ours, limit) = (p99(ours), p99(limits));
    let count = f64::from(u32::try_from(A_SECOND * SECONDS).expect("is small"));
    vec![Line {
        name: "feeds",
        ours,
        limit,
        unit: "ms",
        bar: Bar::AtMost(3.0),
        note: format!("p99 at {:.1} messages/s over MLLP, none lost, AA after the commit", count / took),
    }]
}
