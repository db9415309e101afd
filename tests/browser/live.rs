//! Live pages: what one person changes, another's board shows within two seconds, also after the server was
//! restarted under it; and a board without a change does not reload.

use std::time::Duration;

use acceptance::{Kind, RealServer, browser::Browser};
use serde_json::json;

use crate::pages::sits_down_as_root;

const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn the_board_follows_within_two_seconds_and_survives_a_restart() {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.put_harbor().await;
    server.launch();
    let root = server.set_up().await.that_insists();
    let night = json!({ "name": "Night", "basis": "Help desk", "places": ["all"], "systems": ["epic:down"] });
    let declared = root.does("/incidents", night).await;
    let board = format!("/incidents/{}", declared["incident"].as_str().expect("an id"));
    let report = |site: &str| json!({ "system": "epic", "status": "restoring", "sites": [site] });
    let statuses = format!("{board}/statuses");

    let watcher = Browser::open(&server.address()).await;
    sits_down_as_root(&watcher).await;
    watcher.goes_to(&board).await;
    watcher.reads("Epic is down at all 12 sites.", Duration::from_secs(5)).await;
    watcher.runs("window.stillTheSamePage = true").await;
    let live = "return document.querySelector('[data-live].live') !== null";
    watcher.waits_until(live, Duration::from_secs(10)).await;
    root.does(&statuses, report("cape")).await;
    watcher.reads("Epic is down at 11 of 12 sites.", SOON).await;
    root.does(&statuses, report("rehab")).await;
    watcher.reads("Epic is down at 10 of 12 sites.", SOON).await;
    assert_eq!(watcher.runs("return window.stillTheSamePage").await, true, "nobody reloaded the page");

    server.crash_and_restart();
    root.does(&statuses, report("islands")).await;
    // A browser waits a few seconds before it opens a broken stream again; then it gets the whole board at once.
    watcher.reads("Epic is down at 9 of 12 sites.", Duration::from_secs(12)).await;
    root.does(&statuses, report("general")).await;
    watcher.reads("Epic is down at 8 of 12 sites.", SOON).await;
    assert_eq!(watcher.runs("return window.stillTheSamePage").await, true, "nobody reloaded the page");
    watcher.close().await;
    server.end().await;
}
