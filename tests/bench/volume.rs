//! Paper of four weeks: 54,000 sheets a day that go through ten states each, and what a unit's page costs then against
//! one day of the same.

use std::{path::Path, time::Instant};

use acceptance::{Kind, Program, World};
use domain::{
    actor::Role,
    id::{AccountId, IncidentId, UnitId},
};
use sqlx::{Connection, SqliteConnection};

use crate::{
    paper::declared,
    report::{Bar, Line, median},
    units::units,
};

const UNITS: usize = 450;
const SHEETS_A_DAY: i64 = 54_000;
const DAYS: i64 = 28;
const PAGES: usize = 60;

pub async fn measure() -> Vec<Line> {
    let world = World::on(Kind::Sqlite).await;
    let harbor = world.harbor().await;
    let incident = declared(&world).await;
    let units = units(&world, UNITS).await;
    let clerk = world.program(&[Role::FormsClerk]).await;
    let path = world.folder.path().join("downtime.sqlite");
    let mut file = SqliteConnection::connect(&path.display().to_string()).await.expect("the file opens");
    let account: AccountId = world.app.clock.id();
    prepare(&mut file, &units).await;
    let page = format!("/incidents/{incident}/forms/units/{}", units[7]);
    let all = format!("{page}?show=all");

    let bare = size(&mut file, &path).await;
    day(&mut file, (incident, account), 0, world.app.clock.now().0).await;
    let one_day = [takes(&clerk, &page).await, takes(&clerk, &all).await];
    for ago in 1..DAYS {
        day(&mut file, (incident, account), ago, world.app.clock.now().0).await;
    }
    sqlx::query("ANALYZE").execute(&mut file).await.expect("is a statement");
    let full = size(&mut file, &path).await;
    let four_weeks = [takes(&clerk, &page).await, takes(&clerk, &all).await];
    let (events,): (i64,) =
        sqlx::query_as("SELECT (SELECT COUNT(*) FROM form_event) + (SELECT COUNT(*) FROM form_custody)")
            .fetch_one(&mut file)
            .await
            .expect("can be counted");
    let sheets = DAYS * SHEETS_A_DAY;
    let bytes = (full - bare) / u64::try_from(sheets).expect("some");
    let bytes = u32::try_from(bytes).map(f64::from).expect("a few thousand");
    drop((file, harbor));
    world.end().await;
    let line = |name, ours, limit| Line {
        name,
        ours,
        limit,
        unit: "ms",
        bar: Bar::AtMost(1.5),
        note: format!("{events} events of {sheets} sheets against one day's"),
    };
    vec![
        line("unit-page-15m-events", four_weeks[0], one_day[0]),
        line("unit-page-15m-events-all", four_weeks[1], one_day[1]),
        Line {
            name: "bytes-per-form",
            ours: bytes,
            limit: BYTES,
            unit: "B",
            bar: Bar::AtMost(1.0),
            note: "a sheet with its ten events, the indexes of all of them, its range and its sums".into(),
        },
    ]
}

/// So many bytes a sheet may take with its ten events and their indexes.
const BYTES: f64 = 2_500.0;

async fn takes(clerk: &Program, page: &str) -> f64 {
    clerk.reads(page).await;
    let mut times = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        let began = Instant::now();
        clerk.reads(page).await;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    median(times)
}

async fn size(file: &mut SqliteConnection, path: &Path) -> u64 {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(file).await.expect("is a statement");
    std::fs::metadata(path).expect("is there").len()
}

async fn prepare(file: &mut SqliteConnection, units: &[UnitId]) {
    for statement in [
        "PRAGMA synchronous = OFF",
        "PRAGMA busy_timeout = 60000",
        "CREATE TEMP TABLE ward (k INTEGER PRIMARY KEY, id BLOB)",
        "CREATE TEMP TABLE kind (k INTEGER PRIMARY KEY, code TEXT)",
        "INSERT INTO kind VALUES (0, 'MAR'), (1, 'ORD'), (2, 'LAB'), (3, 'REG')",
        "CREATE TEMP TABLE step (k INTEGER PRIMARY KEY, from_state TEXT, to_state TEXT)",
        "INSERT INTO step VALUES (0, '', 'out'), (1, 'out', 'used'), (2, 'used', 'entered'), (3, 'entered', 'verified')",
        "CREATE TEMP TABLE place (k INTEGER PRIMARY KEY, custody TEXT)",
        "INSERT INTO place VALUES (0, 'in_use'), (1, 'collected'), (2, 'received'), (3, 'prepared'), (4, 'scanned'), (5, 'filed')",
    ] {
        sqlx::query(statement).execute(&mut *file).await.expect("is a statement");
    }
    for (unit, k) in units.iter().zip(0_i64..) {
        sqlx::query("INSERT INTO ward VALUES ($1, $2)")
            .bind(k)
            .bind(unit.0)
            .execute(&mut *file)
            .await
            .expect("is new");
    }
}

/// Twelve ranges of ten sheets for each unit. Today one sheet of each range is still out and one is missing; every
/// sheet of the days before has reached its end.
const RANGES: &str = "
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5399)
    INSERT INTO form_issue (id, incident, form_type, unit, first, last, shift_on, shift, taken_by, issued_at, account, seq,
        out, used, blank, voided, missing)
    SELECT unhex(printf('01%030x', (100 - $3) * 10000 + i)), $1, kind.code, ward.id, (28 - $3) * 54000 + i * 10 + 1,
        (28 - $3) * 54000 + i * 10 + 10, '2024-07-19', 'night', 'A nurse', $4, $2, (100 - $3) * 10000 + i,
        $3 = 0, 10 - 2 * ($3 = 0), 0, 0, $3 = 0
    FROM n
    JOIN ward ON ward.k = i / 12
    JOIN kind ON kind.k = i % 4";

const SHEETS: &str = "
    INSERT INTO form (id, incident, form_type, prefix, number, issue, unit, state, disposition, to_check, changed_at,
        custody, custody_at)
    WITH RECURSIVE ten (j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM ten WHERE j < 9)
    SELECT unhex(printf('02%030x', form_issue.first + j)), $1, form_type, form_type, form_issue.first + j, form_issue.id,
        unit, CASE WHEN $3 > 0 OR j > 1 THEN 'verified' WHEN j = 0 THEN 'out' ELSE 'missing' END, 'back_enter', 0, $4,
        CASE WHEN $3 > 0 OR j > 1 THEN 'filed' ELSE 'with_unit' END, $4
    FROM form_issue
    JOIN ten
    WHERE form_issue.incident = $1 AND form_issue.seq >= (100 - $3) * 10000 AND form_issue.seq < (101 - $3) * 10000";

const EVENTS: &str = "
    INSERT INTO form_event (form, seq, from_state, to_state, event_at, entered_at, account)
    SELECT form.id, (100 - $3) * 10000 + step.k, step.from_state, step.to_state, $4, $4, $2
    FROM form
    JOIN step
    WHERE form.incident = $1 AND form.id > unhex(printf('02%030x', (28 - $3) * 54000))
        AND form.id <= unhex(printf('02%030x', (29 - $3) * 54000))
    ORDER BY form.id";

const STEPS: &str = "
    INSERT INTO form_custody (form, to_custody, implied, entered_at, account, request)
    SELECT form.id, place.custody, 0, $4, $2, form.id
    FROM form
    JOIN place
    WHERE form.incident = $1 AND form.id > unhex(printf('02%030x', (28 - $3) * 54000))
        AND form.id <= unhex(printf('02%030x', (29 - $3) * 54000))
    ORDER BY form.id";

const BATCHES: &str = "
    INSERT INTO form_batch (id, incident, unit, number, shift_on, shift, state, sheets, pages_in, was_received, changed_at)
    SELECT unhex(printf('03%030x', (100 - $3) * 450 + ward.k)), $1, ward.id, (100 - $3) * 450 + ward.k, '2024-07-19',
        'night', 'scanned', 120, 120, 1, $4
    FROM ward
    WHERE $2 IS NOT NULL";

const SUMS: &str = "
    INSERT INTO form_tally (incident, form_type, unit, found, issued, out, used, blank, voided, missing, entered,
        to_verify, discrepancy, ended)
    SELECT $1, kind.code, ward.id, 0, 30, 3 * ($3 = 0), 30 - 6 * ($3 = 0), 0, 0, 3 * ($3 = 0), 0, 0, 0,
        30 - 6 * ($3 = 0)
    FROM ward
    JOIN kind
    WHERE $2 IS NOT NULL AND $4 > 0
    ON CONFLICT (incident, form_type, unit, found) DO UPDATE
    SET issued = form_tally.issued + excluded.issued, used = form_tally.used + excluded.used,
        ended = form_tally.ended + excluded.ended";

async fn day(file: &mut SqliteConnection, (incident, account): (IncidentId, AccountId), ago: i64, now: i64) {
    let mut tx = file.begin().await.expect("can begin");
    for statement in [RANGES, SHEETS, EVENTS, STEPS, BATCHES, SUMS] {
        let at = now - ago * 86_400_000_000;
        let query = sqlx::query(statement).bind(incident.0).bind(account.0).bind(ago).bind(at);
        query.execute(&mut *tx).await.expect("a day can be put");
    }
    tx.commit().await.expect("can be written");
}
