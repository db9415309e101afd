//! Declaring against the same statements by bare sqlx in one transaction on a copy of the same database.

use std::{collections::BTreeMap, time::Instant};

use acceptance::{Kind, World};
use domain::actor::Role;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::report::{Bar, Line, median};

const ROUNDS: usize = 60;

pub async fn measure() -> Vec<Line> {
    let world = World::on(Kind::Sqlite).await;
    world.harbor().await;
    let commander = world.program(&[Role::Commander]).await;
    let mut ours = Vec::new();
    for round in 0..ROUNDS {
        let form = json!({
            "name": format!("Night {round}"), "kind": "exercise", "basis": "Help desk", "places": ["all"],
            "systems": ["epic:down", "laboratory:down", "imaging:down", "workstations:degraded"]
        });
        let began = Instant::now();
        let declared = commander.does("/incidents", form).await;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
        ends(&world, declared["incident"].as_str().expect("an id")).await;
    }
    let limit = bare(&world).await;
    world.end().await;
    vec![Line {
        name: "declare",
        ours: median(ours),
        limit,
        unit: "ms",
        bar: Bar::AtMost(2.0),
        note: String::new(),
    }]
}

const END: &str = "
    UPDATE incident
    SET phase = 'closed'
    WHERE id = $1";

/// So that the next declaration is not refused as the same scope.
async fn ends(world: &World, incident: &str) {
    let id: domain::id::IncidentId = incident.parse().expect("is an id");
    let mut tx = world.app.db.write().await.expect("can be written");
    backend::execute!(tx, END, id.0).expect("can be written");
    tx.commit().await.expect("can be written");
}

/// The rows that one declaration wrote, table by table, written again under another id by bare sqlx: one statement
/// a table in one transaction, on the same file with the same care for the disk.
async fn bare(world: &World) -> f64 {
    let path = world.folder.path().join("downtime.sqlite");
    let mut connection =
        SqliteConnection::connect(&path.display().to_string()).await.expect("the file opens");
    for pragma in ["PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 5000", "PRAGMA foreign_keys = OFF"] {
        sqlx::query(pragma).execute(&mut connection).await.expect("is a pragma");
    }
    let statements = statements(&mut connection).await;
    let (first,): (Uuid,) = sqlx::query_as("SELECT MIN(id) FROM incident")
        .fetch_one(&mut connection)
        .await
        .expect("there is one");
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let copy = Uuid::from_u128(0xffff_0000_0000_7000_8000_0000_0000_0000 + round as u128);
        let began = Instant::now();
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.expect("nobody else writes");
        for statement in &statements {
            let statement = sqlx::query(sqlx::AssertSqlSafe(statement.clone())).bind(copy).bind(first);
            statement.execute(&mut *tx).await.expect("copies rows");
        }
        tx.commit().await.expect("nobody else writes");
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    median(times)
}

const COLUMNS: &str = "
    SELECT m.name, c.name
    FROM sqlite_master m
    JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%'
    ORDER BY m.name, c.cid";

/// For each table with rows of an incident ($2), the statement that copies them to another ($1).
async fn statements(connection: &mut SqliteConnection) -> Vec<String> {
    let rows: Vec<(String, String)> =
        sqlx::query_as(COLUMNS).fetch_all(connection).await.expect("the schema can be read");
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in rows {
        tables.entry(table).or_default().push(column);
    }
    let owner = |table: &str, columns: &[String]| match table {
        "incident" | "chain" => Some("id"),
        "journal" | "journal_text" => Some("chain"),
        _ => columns.iter().any(|column| column == "incident").then_some("incident"),
    };
    let mut statements = Vec::new();
    for (table, columns) in &tables {
        let Some(owner) = owner(table, columns) else { continue };
        let values = columns.iter().map(|column| match column.as_str() {
            name if name == owner => "$1".to_owned(),
            "id" => "randomblob(16)".to_owned(),
            // The one name of a chain that is unique beside its id.
            "of_incident" if table == "chain" => "$1".to_owned(),
            name => name.to_owned(),
        });
        let (names, values) = (columns.join(", "), values.collect::<Vec<_>>().join(", "));
        statements.push(format!(
            "INSERT OR IGNORE INTO {table} ({names}) SELECT {values} FROM {table} WHERE {owner} = $2"
        ));
    }
    statements
}
