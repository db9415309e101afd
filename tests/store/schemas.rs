//! The two schemas are one: the same tables with the same columns, keys, defaults' presence and unique rows. Types
//! differ only as the house has decided (BLOB is an id or bytes, INTEGER a number or a yes/no).

use std::collections::{BTreeMap, BTreeSet};

use acceptance::databases::{Database, Kind};
use backend::store::{DatabaseUrl, migrations};
use sqlx::{Connection, PgConnection, SqliteConnection};

/// One column: its family of types, whether it may be missing, whether it is given when left out.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    family: &'static str,
    may_be_null: bool,
    has_default: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeMap<String, Column>,
    primary_key: Vec<String>,
    /// The sets of columns of which no two rows may share all values, the primary key aside.
    unique: BTreeSet<Vec<String>>,
}

type Schema = BTreeMap<String, Table>;

const SQLITE_COLUMNS: &str = "
    SELECT m.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0, c.dflt_value IS NOT NULL, c.pk
    FROM sqlite_master m
    JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%'
    ORDER BY m.name, c.pk";

const SQLITE_UNIQUE: &str = "
    SELECT m.name, i.name, c.name
    FROM sqlite_master m
    JOIN pragma_index_list(m.name) i
    JOIN pragma_index_info(i.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE '_sqlx%' AND i.\"unique\" = 1 AND i.origin <> 'pk'
    ORDER BY m.name, i.name, c.seqno";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::TEXT, column_name::TEXT, data_type::TEXT, is_nullable = 'YES', column_default IS NOT NULL
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";

const POSTGRES_KEYS: &str = "
    SELECT t.relname::TEXT, i.relname::TEXT, a.attname::TEXT, x.indisprimary
    FROM pg_index x
    JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN LATERAL UNNEST(x.indkey) WITH ORDINALITY k (attnum, place) ON TRUE
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
    WHERE n.nspname = 'public' AND x.indisunique AND t.relname NOT LIKE '\\_sqlx%'
    ORDER BY t.relname, i.relname, k.place";

const SQLITE_GUARDED: &str = "
    SELECT m.name, t.sql
    FROM sqlite_master m
    LEFT JOIN sqlite_master t ON t.type = 'trigger' AND t.tbl_name = m.name
    WHERE m.type = 'table' AND m.name LIKE '%\\_event' ESCAPE '\\'";

const POSTGRES_GUARDED: &str = "
    SELECT c.relname::TEXT, pg_get_triggerdef(t.oid)
    FROM pg_class c
    LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
    WHERE c.relkind = 'r' AND c.relname LIKE '%\\_event'";

/// The tables of events, and what is refused of each.
fn refused(rows: Vec<(String, Option<String>)>) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut refused: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (table, trigger) in rows {
        let refuses = refused.entry(table).or_default();
        let trigger = trigger.unwrap_or_default();
        refuses.extend(["UPDATE", "DELETE"].into_iter().filter(|act| trigger.contains(act)));
    }
    refused
}

fn sqlite_family(kind: &str) -> &'static str {
    match kind {
        "BLOB" => "bytes",
        "INTEGER" => "number",
        "TEXT" => "text",
        "REAL" => "real",
        other => panic!("SQLite type {other:?} is not one of the house's"),
    }
}

fn postgres_family(kind: &str) -> &'static str {
    match kind {
        "uuid" | "bytea" => "bytes",
        "bigint" | "boolean" => "number",
        "text" => "text",
        "double precision" => "real",
        other => panic!("PostgreSQL type {other:?} is not one of the house's"),
    }
}

async fn sqlite_schema() -> Schema {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database = Database::fresh(Kind::Sqlite, folder.path()).await;
    let DatabaseUrl::Sqlite(path) = &database.url else { unreachable!("SQLite was asked for") };
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("the file opens");
    let mut schema = Schema::new();
    let rows: Vec<(String, String, String, bool, bool, i64)> =
        sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut connection).await.expect("the schema can be read");
    for (table, column, kind, may_be_null, has_default, key) in rows {
        let table = schema.entry(table).or_default();
        if key > 0 {
            table.primary_key.push(column.clone());
        }
        table.columns.insert(column, Column { family: sqlite_family(&kind), may_be_null, has_default });
    }
    let rows: Vec<(String, String, String)> =
        sqlx::query_as(SQLITE_UNIQUE).fetch_all(&mut connection).await.expect("the schema can be read");
    let mut indexes: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (table, index, column) in rows {
        indexes.entry((table, index)).or_default().push(column);
    }
    for ((table, _), columns) in indexes {
        schema.entry(table).or_default().unique.insert(columns);
    }
    schema
}

async fn postgres_schema() -> Schema {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database = Database::fresh(Kind::Postgres, folder.path()).await;
    let address = database.address.clone().expect("PostgreSQL has an address");
    let mut connection = PgConnection::connect(&address).await.expect("the database opens");
    let mut schema = Schema::new();
    let rows: Vec<(String, String, String, bool, bool)> =
        sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut connection).await.expect("the schema can be read");
    for (table, column, kind, may_be_null, has_default) in rows {
        let family = postgres_family(&kind);
        schema.entry(table).or_default().columns.insert(column, Column { family, may_be_null, has_default });
    }
    let rows: Vec<(String, String, String, bool)> =
        sqlx::query_as(POSTGRES_KEYS).fetch_all(&mut connection).await.expect("the schema can be read");
    let mut indexes: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (table, index, column, is_primary) in rows {
        if is_primary {
            schema.entry(table).or_default().primary_key.push(column);
        } else {
            indexes.entry((table, index)).or_default().push(column);
        }
    }
    for ((table, _), columns) in indexes {
        schema.entry(table).or_default().unique.insert(columns);
    }
    connection.close().await.expect("a connection can be closed");
    database.remove().await;
    schema
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (sqlite, postgres) = (sqlite_schema().await, postgres_schema().await);
    let names = |schema: &Schema| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (name, ours) in &sqlite {
        assert_eq!(ours, &postgres[name], "table {name}: SQLite on the left, PostgreSQL on the right");
    }
}

#[tokio::test]
async fn no_event_is_changed_or_deleted_on_either_database() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database = Database::fresh(Kind::Sqlite, folder.path()).await;
    let DatabaseUrl::Sqlite(path) = &database.url else { unreachable!("SQLite was asked for") };
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("the file opens");
    let sqlite = sqlx::query_as(SQLITE_GUARDED).fetch_all(&mut connection).await.expect("can be read");

    let database = Database::fresh(Kind::Postgres, folder.path()).await;
    let address = database.address.clone().expect("PostgreSQL has an address");
    let mut connection = PgConnection::connect(&address).await.expect("the database opens");
    let postgres = sqlx::query_as(POSTGRES_GUARDED).fetch_all(&mut connection).await.expect("can be read");
    connection.close().await.expect("a connection can be closed");
    database.remove().await;

    for tables in [refused(sqlite), refused(postgres)] {
        assert!(tables.len() >= 10, "{tables:?}");
        for (table, refused) in tables {
            assert_eq!(refused, BTreeSet::from(["UPDATE", "DELETE"]), "{table}");
        }
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let (sqlite, postgres) = migrations::names();
    assert_eq!(sqlite, postgres);
    assert!(!sqlite.is_empty());
}
