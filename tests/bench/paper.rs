//! A scan against a bare insert and commit: five hundred sheets in a row, one after the other, as a
//! scanner brings them, and as many at eight stations at once.

use std::time::Instant;

use acceptance::{Kind, World};
use backend::playbooks::{self, store as versions};
use domain::{
    actor::Role,
    forms::Serial,
    id::{AccountId, FormId, IncidentId},
};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::report::{Bar, Line, median};

const SHEETS: i64 = 504;
/// Stations that scan at the same time.
const STATIONS: i64 = 8;

pub async fn measure() -> Vec<Line> {
    scan().await
}

const BARE: &str = "
    INSERT INTO form_bare (id, serial, state, at)
    VALUES ($1, $2, 'used', $3)";

/// A downtime at all sites, declared from the shipped playbook.
pub async fn declared(world: &World) -> IncidentId {
    playbooks::load(&world.app).await.expect("the shipped playbooks load");
    let mut tx = world.app.db.write().await.expect("can be written");
    for playbook in domain::playbooks::shipped() {
        let (fingerprint, at) = (playbook.fingerprint().to_string(), world.app.clock.now());
        let nobody: AccountId = world.app.clock.id();
        versions::approve(&mut tx, &fingerprint, at, nobody).await.expect("can be approved");
    }
    tx.commit().await.expect("can be written");
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({ "playbook": "endpoint-crash", "basis": "Two wards called", "places": ["all"] });
    let declared = commander.does("/incidents", form).await;
    declared["incident"].as_str().and_then(|id| id.parse().ok()).expect("is an id")
}

async fn scan() -> Vec<Line> {
    let world = World::on(Kind::Sqlite).await;
    let harbor = world.harbor().await;
    let incident = declared(&world).await;
    let clerk = world.program(&[Role::FormsClerk]).await;
    let forms = format!("/incidents/{incident}/forms");
    let unit = harbor.unit("general", "icu").to_string();
    let issue = json!({ "form_type": "MAR", "unit": unit, "first": 1001, "sheets": 2 * SHEETS });
    clerk.does(&format!("{forms}/issue"), issue).await;

    let mut bare = bare(&world).await;
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    let scans = async |number: i64| {
        let serial = Serial::new("general", "icu", "MAR", number).to_string();
        let form = json!({ "serial": serial, "station": "collection", "pile": "used", "unit": unit });
        clerk.does(&format!("{forms}/scan"), form).await;
        serial
    };
    for number in 1001..1001 + SHEETS {
        let began = Instant::now();
        let serial = scans(number).await;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
        let id: FormId = world.app.clock.id();
        let began = Instant::now();
        sqlx::query(BARE).bind(id.0).bind(&serial).bind(number).execute(&mut bare).await.expect("is new");
        limits.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    let began = Instant::now();
    let station = |station: i64| {
        let scans = &scans;
        async move {
            for number in 0..SHEETS / STATIONS {
                scans(1001 + SHEETS + station * (SHEETS / STATIONS) + number).await;
            }
        }
    };
    futures::future::join_all((0..STATIONS).map(station)).await;
    let together = began.elapsed().as_secs_f64() * 1000.0 / f64::from(u32::try_from(SHEETS).expect("few"));
    world.end().await;
    let limit = median(limits);
    let line = |name, ours, note: &str| Line {
        name,
        ours,
        limit,
        unit: "ms",
        bar: Bar::AtMost(3.0),
        note: note.into(),
    };
    vec![
        line("scan", median(ours), "through the JSON door, one after the other"),
        line(
            "scan-eight-stations",
            together,
            "each of those at eight stations at once, beside one bare writer",
        ),
    ]
}

/// The same file, written to past the program.
async fn bare(world: &World) -> SqliteConnection {
    let path = world.folder.path().join("downtime.sqlite");
    let mut bare = SqliteConnection::connect(&path.display().to_string()).await.expect("the file opens");
    for statement in [
        "PRAGMA synchronous = FULL",
        "PRAGMA busy_timeout = 5000",
        "CREATE TABLE form_bare (id BLOB PRIMARY KEY, serial TEXT, state TEXT, at INTEGER) STRICT",
    ] {
        sqlx::query(statement).execute(&mut bare).await.expect("is a statement");
    }
    bare
}
