//! The first start: one installation, however many processes start at once.

use acceptance::databases::Database;
use backend::{
    app::App,
    clock::Clock,
    config::Config,
    fetch_one,
    store::{Db, migrations},
};
use domain::time::Timestamp;

/// One process on this database, with a data folder of its own.
async fn process(database: &Database, folder: &tempfile::TempDir) -> App {
    let db = Db::open(&database.url).await.expect("the database opens");
    migrations::run(&db).await.expect("the migrations run");
    let clock = Clock::fixed(Timestamp::from_seconds(1_721_368_800));
    App::with_database(Config::in_folder(folder.path()), clock, db).await.expect("the program starts")
}

#[tokio::test]
async fn processes_that_start_at_once_on_an_empty_database_are_one_installation() {
    let database = Database::empty_postgres().await;
    let folders: Vec<_> =
        (0..4).map(|_| tempfile::tempdir().expect("a temporary folder can be made")).collect();
    let all = futures::future::join_all(folders.iter().map(|folder| process(&database, folder))).await;
    for app in &all {
        assert_eq!(app.installation, all[0].installation);
    }
    let mut tx = all[0].db.read().await.expect("can be read");
    let (installations,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM installation").expect("can be read");
    let (chains,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM chain WHERE kind = 'installation'")
        .expect("can be read");
    assert_eq!((installations, chains), (1, 1));
    drop(tx);
    for app in all {
        app.stop.cancel();
        app.db.close().await;
    }
    database.remove().await;
}
