//! A fresh, migrated database for each test, on SQLite or PostgreSQL.
//!
//! Migrations run once per test program; each test then gets a copy, which costs milliseconds.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use backend::store::{DatabaseUrl, Db, migrations};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

use crate::settings;

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// One test's own database.
#[derive(Debug)]
pub struct Database {
    pub url: DatabaseUrl,
    /// The address as an operator would give it; `None` for the file in the data folder.
    pub address: Option<String>,
    name: Option<String>,
}

/// Makes each test twice, as modules with a test `sqlite` and a test `postgres`. A test takes the [`World`] it
/// plays in:
///
/// ```ignore
/// both_databases! {
///     async fn a_second_declaration_is_refused(world: World) { … }
/// }
/// ```
///
/// [`World`]: crate::World
#[macro_export]
macro_rules! both_databases {
    ($($(#[doc = $doc:literal])* async fn $name:ident($world:ident: World) $body:block)+) => {$(
        $(#[doc = $doc])*
        async fn $name($world: &$crate::World) $body

        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let world = $crate::World::on($crate::Kind::Sqlite).await;
                super::$name(&world).await;
                world.end().await;
            }

            #[tokio::test]
            async fn postgres() {
                let world = $crate::World::on($crate::Kind::Postgres).await;
                super::$name(&world).await;
                world.end().await;
            }
        }
    )+};
}

impl Database {
    /// A fresh database with today's schema; an SQLite file lies in `folder`.
    pub async fn fresh(kind: Kind, folder: &Path) -> Self {
        match kind {
            Kind::Sqlite => {
                let path = folder.join("downtime.sqlite");
                std::fs::write(&path, migrated_file().await).expect("the test's folder can be written");
                Self { url: DatabaseUrl::Sqlite(path), address: None, name: None }
            }
            Kind::Postgres => {
                let template = migrated_template().await;
                Self::create(&format!(" TEMPLATE {template} STRATEGY FILE_COPY")).await
            }
        }
    }

    /// A PostgreSQL database without any table, for tests of the program's own first start.
    pub async fn empty_postgres() -> Self {
        Self::create("").await
    }

    async fn create(how: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", std::process::id());
        execute(&format!("CREATE DATABASE {name}{how}")).await;
        let options = server().database(&name);
        let address = options.to_url_lossy().to_string();
        Self { url: DatabaseUrl::Postgres(Box::new(options)), address: Some(address), name: Some(name) }
    }

    /// Removes a PostgreSQL database; the SQLite file goes with its folder.
    pub async fn remove(self) {
        if let Some(name) = self.name {
            execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// The address of the tests' PostgreSQL server.
fn server() -> PgConnectOptions {
    settings::required("DOWNTIME_TEST_POSTGRES").parse().expect("tests/run gives an address")
}

async fn execute(sql: &str) {
    let mut connection = PgConnection::connect_with(&server()).await.expect("the tests' PostgreSQL answers");
    connection.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.expect("the statement is ours");
    connection.close().await.expect("a connection can be closed");
}

/// The bytes of a migrated SQLite file.
async fn migrated_file() -> &'static [u8] {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    FILE.get_or_init(|| async {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("template.sqlite");
        let db = Db::open(&DatabaseUrl::Sqlite(path.clone())).await.expect("an empty file opens");
        migrations::run(&db).await.expect("the migrations run on SQLite");
        db.close().await;
        std::fs::read(path).expect("the file was just written")
    })
    .await
}

/// The name of a migrated PostgreSQL database of this test program, which nobody is connected to.
async fn migrated_template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("template_{}", std::process::id());
            execute(&format!("CREATE DATABASE {name}")).await;
            let url = DatabaseUrl::Postgres(Box::new(server().database(&name)));
            let db = Db::open(&url).await.expect("the new database opens");
            migrations::run(&db).await.expect("the migrations run on PostgreSQL");
            db.close().await;
            name
        })
        .await
}
