//! Cross-checks of 54,000 against 54,000: the answer, comparing forms with the census, and taking a list over, against
//! one bare join of two lists as long and against inserting as many bare rows.

use std::{fmt::Write, time::Instant};

use acceptance::{Kind, Program, World};
use backend::store::facts::{Apply, Noted};
use domain::{actor::Role, id::IncidentId};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::{
    paper::declared,
    report::{Bar, Line, median},
    units::units,
};

const LINES: usize = 54_000;
/// One in so many is on the first list only.
const GAP: usize = 90;
const UNITS: usize = 450;
const TIMES: usize = 20;

pub async fn measure() -> Vec<Line> {
    let world = World::on(Kind::Sqlite).await;
    world.harbor().await;
    let incident = declared(&world).await;
    let clerk = world.program(&[Role::FormsClerk]).await;
    let bare = Bare::measured(&world).await;
    let first = takes_over(&clerk, incident, "dispensed-expected", |_| true).await;
    let (second, longest) = tokio::join!(
        takes_over(&clerk, incident, "dispensed-found", |line| !line.is_multiple_of(GAP)),
        longest_wait(&world, incident),
    );
    let gaps = format!("/incidents/{incident}/checks/gaps?kind=dispensed&state=open");
    let found = clerk.reads(&format!("/incidents/{incident}/checks")).await["open"].clone();
    assert_eq!(found, json!(LINES / GAP), "every gap is found");
    let mut answers = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        answers.push(milliseconds(clerk.reads(&gaps)).await);
    }
    let compared = compares(&world, &clerk, incident).await;
    world.end().await;
    let line =
        |name, ours, limit, bar, note: &str| Line { name, ours, limit, unit: "ms", bar, note: note.into() };
    vec![
        line(
            "cross-check-54000",
            median(answers),
            bare.join,
            Bar::AtMost(3.0),
            "the gaps, against one bare join",
        ),
        line("compare-forms", compared, bare.join, Bar::AtMost(3.0), "450 units' census against forms used"),
        line(
            "cross-check-taken-over",
            first.max(second),
            bare.insert,
            Bar::AtMost(20.0),
            "read, compared, sealed and found by a keyed hash",
        ),
        line(
            "cross-check-longest-wait",
            longest,
            bare.insert,
            Bar::AtMost(0.5),
            "of a fact noted meanwhile, against the bare inserts in one transaction",
        ),
    ]
}

async fn milliseconds<T>(work: impl Future<Output = T>) -> f64 {
    let began = Instant::now();
    work.await;
    began.elapsed().as_secs_f64() * 1000.0
}

async fn takes_over(clerk: &Program, incident: IncidentId, list: &str, has: impl Fn(usize) -> bool) -> f64 {
    let mut file = "Number,Quantity\n".to_owned();
    for line in (0..LINES).filter(|line| has(*line)) {
        writeln!(file, "D-{line:05},1").expect("a text in memory takes all that is written");
    }
    let start = format!("/incidents/{incident}/checks/{list}/import");
    let offered = clerk.uploads(&start, &[], ("file", "list.csv", file.as_bytes())).await.expect(201);
    let offered: Value = offered.json();
    let commit = format!("{start}/{}/commit", offered["import"].as_str().expect("is a text"));
    milliseconds(clerk.does(&commit, json!({}))).await
}

/// The longest that a small fact waits for the writer, until nothing has been in its way for two seconds.
async fn longest_wait(world: &World, incident: IncidentId) -> f64 {
    let (mut longest, mut last) = (0.0_f64, Instant::now());
    while last.elapsed().as_secs() < 2 {
        let apply: Apply = Box::new(|_, _| {
            let noted = Noted {
                kind: "form.scanned",
                subject: "bench".into(),
                data: json!({ "bench": true }),
                reply: Value::Null,
            };
            Box::pin(async { Ok(Ok(noted)) })
        });
        let waited = milliseconds(world.app.facts.note(incident, apply)).await;
        if waited > 5.0 {
            last = Instant::now();
        }
        longest = longest.max(waited);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    longest
}

async fn compares(world: &World, clerk: &Program, incident: IncidentId) -> f64 {
    for unit in units(world, UNITS).await {
        let census = json!({ "unit": unit.to_string(), "day": "2024-07-19", "patient_day": 20 });
        clerk.does(&format!("/incidents/{incident}/checks/census"), census).await;
    }
    let compare = format!("/incidents/{incident}/checks/compare");
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(milliseconds(clerk.does(&compare, json!({}))).await);
    }
    median(times)
}

/// What SQLite alone takes for two lists as long.
struct Bare {
    insert: f64,
    join: f64,
}

impl Bare {
    async fn measured(world: &World) -> Self {
        let path = world.folder.path().join("bare.sqlite");
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let mut file = SqliteConnection::connect(&url).await.expect("the file opens");
        for statement in [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE one (key TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT",
            "CREATE TABLE other (key TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT",
        ] {
            sqlx::query(statement).execute(&mut file).await.expect("is a statement");
        }
        let mut inserts = Vec::new();
        for table in ["INSERT INTO one VALUES ($1, 1)", "INSERT INTO other VALUES ($1, 1)"] {
            let began = Instant::now();
            let mut tx = file.begin().await.expect("can begin");
            for line in 0..LINES {
                sqlx::query(table).bind(format!("D-{line:05}")).execute(&mut *tx).await.expect("is new");
            }
            tx.commit().await.expect("can be written");
            inserts.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        let join = "SELECT COUNT(*) FROM one LEFT JOIN other ON other.key = one.key WHERE other.key IS NULL";
        let mut joins = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            joins.push(milliseconds(sqlx::query(join).fetch_one(&mut file)).await);
        }
        Self { insert: median(inserts), join: median(joins) }
    }
}
