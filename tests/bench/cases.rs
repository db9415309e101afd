//! Cases at the volume of a system of twelve hospitals: a schedule of fourteen days comes in while others work, a day
//! is cancelled by rule, and the lists are read, each beside bare statements that leave the same rows.

use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{Kind, Program, World, harbor::SITES};
use domain::{actor::Role, id::IncidentId};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, types::Uuid};

use crate::{
    paper::declared,
    report::{Bar, Line, median, p99},
};

const DAYS: usize = 14;
/// On the day that is cancelled; the other days share the rest.
const CANCELLED: usize = 25_000;
const ROWS: usize = 360_000;
/// How many rows one bare transaction writes, as an import does.
const CHUNK: usize = 2_000;
const TIMES: usize = 30;

pub async fn measure() -> Vec<Line> {
    let world = World::on(Kind::Sqlite).await;
    world.harbor().await;
    let incident = declared(&world).await;
    world.at("2024-07-19 04:20");
    let root = world.program(&[Role::Commander, Role::CaseManager]).await;
    let path = world.folder.path().join("downtime.sqlite");
    let mut file = SqliteConnection::connect(&path.display().to_string()).await.expect("the file opens");
    let idle = commands(&root, incident, Duration::from_secs(5)).await;
    let schedule = schedule();
    let (imported, meanwhile) = imports(&world, &root, incident, schedule.as_bytes()).await;
    let mut bare = Bare::prepared(&world, &mut file).await;
    let inserted = bare.inserts(&mut file).await;
    let (decided, updated) = (decides(&root, incident).await, bare.decides().await);
    let (page, query) = lists(&root, incident, &mut file).await;
    drop((file, bare));
    world.end().await;
    let longest = meanwhile.iter().copied().fold(0.0, f64::max);
    let line =
        |name, ours, limit, bar, note: &str| Line { name, ours, limit, unit: "ms", bar, note: note.into() };
    vec![
        line(
            "import-360000",
            imported,
            inserted,
            Bar::AtMost(3.0),
            "preview and import, beside bare inserts",
        ),
        line(
            "commands-while-importing",
            p99(meanwhile),
            p99(idle),
            Bar::AtMost(3.0),
            &format!("p99 beside idle; the longest waited {longest:.0} ms"),
        ),
        line(
            "decide-25000",
            decided,
            updated,
            Bar::AtMost(4.0),
            "beside one UPDATE and as many rows of history",
        ),
        line(
            "work-list",
            page,
            query,
            Bar::AtMost(2.0),
            "the slowest of five filters, beside its bare query",
        ),
    ]
}

fn schedule() -> String {
    let mut text =
        "Appt ID,MRN,Patient Name,DOB,Phone,Email,Language,Type,Procedure,Department,Hospital,Surgeon,\
                    Start Time,Minutes,Triage Scheme,Triage,Category\n"
            .to_owned();
    for index in 0..ROWS {
        let day = if index < CANCELLED { 0 } else { 1 + index % (DAYS - 1) };
        let minute = 6 * 60 + 30 + index * 5 % 660;
        let is_operation = index % 14 == 0;
        let (kind, service) =
            if is_operation { ("surgery", "Hernia repair") } else { ("visit", "Clinic visit") };
        let triage = if is_operation { ["fssa,P2", "fssa,P3", "fssa,P4"][index % 3] } else { "," };
        let site = SITES[index % SITES.len()].1;
        let (day, hour, minute) = (19 + day, minute / 60, minute % 60);
        let (month, day) = if day > 31 { (8, day - 31) } else { (7, day) };
        writeln!(
            text,
            "A{index:07},{:07},Person {index},1970-02-03,+1555{index:07},,English,{kind},{service},Room {},{site},\
             Provider {},2024-{month:02}-{day:02} {hour:02}:{minute:02},45,{triage},none",
            index % 250_000,
            index % 90,
            index % 400,
        )
        .expect("a text takes what is written");
    }
    text
}

async fn milliseconds<T>(work: impl Future<Output = T>) -> f64 {
    let began = Instant::now();
    work.await;
    began.elapsed().as_secs_f64() * 1000.0
}

/// How long commands take one after the other for a while.
async fn commands(root: &Program, incident: IncidentId, how_long: Duration) -> Vec<f64> {
    let (mut times, began) = (Vec::new(), Instant::now());
    while began.elapsed() < how_long {
        times.push(command(root, incident, times.len()).await);
    }
    times
}

async fn command(root: &Program, incident: IncidentId, number: usize) -> f64 {
    let status = ["down", "degraded"][number % 2];
    let report = json!({ "system": "laboratory", "status": status });
    milliseconds(root.does(&format!("/incidents/{incident}/statuses"), report)).await
}

/// Uploads with a preview and imports, while somebody else reports states.
async fn imports(world: &World, root: &Program, incident: IncidentId, file: &[u8]) -> (f64, Vec<f64>) {
    let other = world.program(&[Role::Commander]).await;
    let path = format!("/incidents/{incident}/schedule");
    let import = async {
        let fields = [("as_of", "2024-07-18 23:50")];
        let uploaded = root.uploads(&path, &fields, ("file", "schedule.csv", file)).await.expect(201);
        let uploaded: Value = uploaded.json();
        assert_eq!(uploaded["figures"]["valid"], json!(ROWS), "{uploaded}");
        let snapshot = uploaded["snapshot"].as_str().expect("is an id");
        let committed = root.does(&format!("{path}/{snapshot}/commit"), json!({})).await;
        assert_eq!(committed["added"], json!(ROWS));
    };
    let (done, mut is_done) = tokio::sync::oneshot::channel::<()>();
    let ours = async {
        let took = milliseconds(import).await;
        let _ = done.send(());
        took
    };
    let theirs = async {
        let mut times = Vec::new();
        while is_done.try_recv().is_err() {
            times.push(command(&other, incident, times.len()).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times
    };
    tokio::join!(ours, theirs)
}

async fn decides(root: &Program, incident: IncidentId) -> f64 {
    let path = format!("/incidents/{incident}/cases/decide");
    let mut made = Value::Null;
    let took = milliseconds(async { made = root.does(&path, json!({ "basis": "Bench" })).await }).await;
    assert_eq!(made["totals"]["all"]["cancelled"], json!(CANCELLED), "{made}");
    took
}

const BARE_LIST: &str = "
    SELECT patient_case.*, wrapped_key
    FROM patient_case
    JOIN patient ON patient.id = patient_case.patient
    WHERE incident = $1 AND visible = TRUE AND ";

/// The page and its bare query, of the filter whose ratio is the worst.
async fn lists(root: &Program, incident: IncidentId, file: &mut SqliteConnection) -> (f64, f64) {
    let site = root.reads(&format!("/incidents/{incident}/cases")).await["sites"][3]["value"].clone();
    let site = site.as_str().expect("is an id").to_owned();
    let facility = format!("facility = x'{}'", site.replace('-', ""));
    let filters = [
        (String::new(), "risk_rank < 9".to_owned()),
        ("show=cancelled".to_owned(), "decided = 'cancelled'".to_owned()),
        (format!("show=call&site={site}"), format!("risk_rank < 9 AND {facility}")),
        ("show=call&kind=procedure".to_owned(), "risk_rank < 9 AND kind = 'procedure'".to_owned()),
        (
            "show=untold&priority=fssa:P2".to_owned(),
            "state IN ('to_contact', 'contacting') AND scheme = 'fssa' AND priority = 'P2'".to_owned(),
        ),
    ];
    let mut worst = (0.0, 1.0);
    for (query, bare) in filters {
        let page = format!("/incidents/{incident}/cases?{query}");
        let bare = format!("{BARE_LIST}{bare} ORDER BY risk_rank, risk_at, patient_case.id LIMIT 51");
        let (mut pages, mut queries) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            pages.push(milliseconds(root.reads(&page)).await);
            let bare = sqlx::query(sqlx::AssertSqlSafe(bare.as_str())).bind(incident.0);
            queries.push(
                milliseconds(async { assert!(!bare.fetch_all(&mut *file).await.expect("reads").is_empty()) })
                    .await,
            );
        }
        let (page, query) = (median(pages), median(queries));
        if page / query > worst.0 / worst.1 {
            worst = (page, query);
        }
    }
    worst
}

/// The same tables and indexes in a file of their own.
struct Bare {
    file: SqliteConnection,
}

const TABLES: &str = "
    SELECT sql
    FROM sqlite_master
    WHERE tbl_name IN ('patient', 'patient_case', 'case_event') AND sql IS NOT NULL AND type <> 'trigger'
    ORDER BY type DESC";

#[derive(sqlx::FromRow)]
struct Case {
    id: Uuid,
    incident: Uuid,
    snapshot: Uuid,
    appointment: String,
    patient: Uuid,
    sealed: Vec<u8>,
    kind: String,
    service: String,
    department: String,
    provider: String,
    facility: Uuid,
    start_at: i64,
    day: String,
    minutes: i64,
    scheme: String,
    priority: String,
    classes: String,
}

const CASES: &str = "
    SELECT id, incident, snapshot, appointment, patient, sealed, kind, service, department, provider, facility,
        start_at, day, minutes, scheme, priority, classes
    FROM patient_case";

const ADD_CASE: &str = "
    INSERT INTO patient_case (
        id, incident, snapshot, visible, appointment, patient, sealed, kind, service, department, provider, facility,
        start_at, day, first_of_two, minutes, scheme, priority, classes, interpreter, state, decided, told, attempts,
        risk_rank, risk_at, version)
    VALUES ($1, $2, $3, TRUE, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, FALSE, $14, $15, $16, $17, FALSE,
        'scheduled', 'no', FALSE, 0, 9, $12, 1)";

impl Bare {
    async fn prepared(world: &World, from: &mut SqliteConnection) -> Self {
        let path = world.folder.path().join("bare.sqlite");
        let mut file = open(&path).await;
        let tables: Vec<(String,)> =
            sqlx::query_as(TABLES).fetch_all(from).await.expect("the tables are there");
        for (table,) in tables {
            sqlx::query(sqlx::AssertSqlSafe(table)).execute(&mut file).await.expect("is a statement");
        }
        Self { file }
    }

    /// The same rows by prepared statements, computed beforehand.
    async fn inserts(&mut self, from: &mut SqliteConnection) -> f64 {
        let patients: Vec<(Uuid, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT id, mrn_key, wrapped_key FROM patient")
                .fetch_all(&mut *from)
                .await
                .expect("reads");
        let cases: Vec<Case> = sqlx::query_as(CASES).fetch_all(from).await.expect("reads");
        assert_eq!(cases.len(), ROWS);
        let began = Instant::now();
        for chunk in patients.chunks(CHUNK) {
            let mut tx = self.file.begin().await.expect("can begin");
            for (id, key, wrapped) in chunk {
                let add =
                    sqlx::query("INSERT INTO patient VALUES ($1, $2, $3)").bind(id).bind(key).bind(wrapped);
                add.execute(&mut *tx).await.expect("is new");
            }
            tx.commit().await.expect("can be written");
        }
        for chunk in cases.chunks(CHUNK) {
            let mut tx = self.file.begin().await.expect("can begin");
            for case in chunk {
                add(case).execute(&mut *tx).await.expect("is new");
            }
            tx.commit().await.expect("can be written");
        }
        began.elapsed().as_secs_f64() * 1000.0
    }

    /// One UPDATE, and as many rows of history.
    async fn decides(&mut self) -> f64 {
        let began = Instant::now();
        let mut tx = self.file.begin().await.expect("can begin");
        let update = "
            UPDATE patient_case
            SET state = 'to_contact', decided = 'cancelled', rule = 'elective-and-non-urgent', told = FALSE,
                first_cancelled_at = 1, safe_by = '2024-08-16', day_28 = '2024-08-16', risk_rank = 1,
                version = version + 1
            WHERE day = '2024-07-19'";
        let updated = sqlx::query(update).execute(&mut *tx).await.expect("can be written").rows_affected();
        assert_eq!(usize::try_from(updated), Ok(CANCELLED));
        let history = "
            INSERT INTO case_event (
                case_id, seq, incident, what, from_state, to_state, event_at, entered_at, account, rule)
            SELECT id, 1, incident, 'decided', 'scheduled', 'to_contact', 1, 1, x'00', 'elective-and-non-urgent'
            FROM patient_case
            WHERE day = '2024-07-19'";
        sqlx::query(history).execute(&mut *tx).await.expect("can be written");
        tx.commit().await.expect("can be written");
        began.elapsed().as_secs_f64() * 1000.0
    }
}

fn add(case: &Case) -> sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    sqlx::query(ADD_CASE)
        .bind(case.id)
        .bind(case.incident)
        .bind(case.snapshot)
        .bind(&case.appointment)
        .bind(case.patient)
        .bind(&case.sealed)
        .bind(&case.kind)
        .bind(&case.service)
        .bind(&case.department)
        .bind(&case.provider)
        .bind(case.facility)
        .bind(case.start_at)
        .bind(&case.day)
        .bind(case.minutes)
        .bind(&case.scheme)
        .bind(&case.priority)
        .bind(&case.classes)
}

async fn open(path: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut file = SqliteConnection::connect(&url).await.expect("the file opens");
    for statement in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = OFF"] {
        sqlx::query(statement).execute(&mut file).await.expect("is a statement");
    }
    file
}
