//! The public page: for anybody, at once after a commit, small, without anything inline, and honest about its age.

use std::time::Duration;

use acceptance::{Person, Program, World, both_databases, door::Request};
use axum::http::Method;
use domain::actor::Role;
use serde_json::json;

async fn ordered(commander: &Program) -> String {
    let form = json!({ "name": "Outage", "basis": "Help desk", "places": ["all"], "systems": ["epic:down", "laboratory:down"] });
    let declared = commander.does("/incidents", form).await;
    let orders = format!("/incidents/{}/instructions", declared["incident"].as_str().expect("is a text"));
    commander.does(&orders, json!({ "system": "epic", "word": "do_not_log_in", "place": "all", "instead": "Use paper forms." })).await;
    commander.does(&orders, json!({ "system": "laboratory", "word": "read_only", "place": "all" })).await;
    orders
}

async fn page(person: &mut Person, site: &str) -> acceptance::Answer {
    person.asks(&format!("/status/{site}")).await.expect(200)
}

both_databases! {
    async fn a_stranger_reads_the_order_in_one_glance_with_absolute_times_only(world: World) {
        world.harbor().await;
        ordered(&world.program(&[Role::Commander]).await).await;
        let mut stranger = world.stranger();
        let chosen = stranger.opens("/status").await;
        let answer = page(&mut stranger, chosen.link("Cape").rsplit('/').next().expect("has a code")).await;
        let read = answer.page();
        assert_eq!(read.heading(), "Cape");
        assert_eq!(read.texts(".says").first().map(String::as_str), Some("DO NOT LOG IN"));
        for said in ["Use paper forms.", "As of 02:05 EDT, Fri 19 July", "Check again by 02:20", "03:05", "Is a message real?"] {
            assert!(read.says(said), "{said} is not on the page: {}", read.text());
        }
        assert!(!read.text().contains(" min"), "a relative time: {}", read.text());
    }

    async fn the_page_is_prepared_small_and_free_of_anything_inline(world: World) {
        world.harbor().await;
        ordered(&world.program(&[Role::Commander]).await).await;
        let mut stranger = world.stranger();
        let answer = page(&mut stranger, "cape").await;
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert!(!answer.header("content-security-policy").contains("nonce"));
        let html = answer.text().to_owned();
        assert!(!html.contains("nonce") && !html.contains("style=") && !html.contains("<style"), "{html}");
        assert_eq!(html.matches("<script").count(), html.matches("<script defer src=\"/status.js\"></script>").count());
        let sheet = answer.page().all("link[rel=stylesheet]")[0].value().attr("href").expect("has a path").to_owned();
        let sheet = stranger.asks(&sheet).await.expect(200).text().len();
        let script = stranger.asks("/status.js").await.expect(200).text().len();
        let all = html.len() + sheet + script;
        assert!(all <= 14 * 1024, "{all} bytes: {} + {sheet} + {script}", html.len());
    }

    async fn nobody_waits_for_a_database_that_does_not_answer(world: World) {
        world.harbor().await;
        ordered(&world.program(&[Role::Commander]).await).await;
        let mut stranger = world.stranger();
        assert!(!page(&mut stranger, "cape").await.page().says("Last confirmed"));
        // Every connection is held by somebody who does not let go.
        let mut held = Vec::new();
        while let Ok(Ok(tx)) = tokio::time::timeout(Duration::from_millis(500), world.app.db.read()).await {
            held.push(tx);
        }
        world.minutes_pass(1);
        for at_most in [4, 1] {
            let began = std::time::Instant::now();
            let all = (0..8).map(|_| {
                let mut stranger = stranger.clone();
                async move { page(&mut stranger, "cape").await }
            });
            for answer in futures::future::join_all(all).await {
                assert!(answer.page().says("MAY BE REVOKED. Last confirmed"), "{answer:?}");
            }
            assert!(began.elapsed() < Duration::from_secs(at_most), "they waited {:?}", began.elapsed());
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        drop(held);
    }

    async fn an_unchanged_page_is_not_sent_again(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let orders = ordered(&commander).await;
        let mut stranger = world.stranger();
        let etag = page(&mut stranger, "cape").await.header("etag").to_owned();
        let ask = |etag: &str| Request::new(Method::GET, "/status/cape").header("if-none-match", etag);
        drop(stranger.send(ask(&etag)).await.expect(304));
        commander.does(&orders, json!({ "system": "epic", "word": "leave_off", "place": "all" })).await;
        let changed = stranger.send(ask(&etag)).await.expect(200);
        assert!(changed.page().says("LEAVE OFF"), "at once after the commit");
        world.minutes_pass(1);
        let later = page(&mut stranger, "cape").await;
        assert!(later.page().says("As of 02:06"), "as of the minute in which it is read");
    }

    async fn another_process_shows_the_change_within_a_second(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let orders = ordered(&commander).await;
        let other = another_process(world).await;
        let read = async || acceptance::door::Door::InProcess(other.clone()).send(Request::new(Method::GET, "/status/cape")).await;
        assert!(read().await.expect(200).page().says("DO NOT LOG IN"));
        commander.does(&orders, json!({ "system": "epic", "word": "do_not_connect", "place": "all" })).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(read().await.expect(200).page().says("DO NOT CONNECT"));
    }

    async fn an_unknown_site_is_no_page(world: World) {
        world.harbor().await;
        drop(world.stranger().asks("/status/atlantis").await.expect(404));
    }

    async fn what_is_typed_into_an_order_stays_inert_on_the_public_page(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let orders = ordered(&commander).await;
        let typed = "Ask <b>first</b><script>alert(1)</script>";
        commander.does(&orders, json!({ "system": "epic", "word": "leave_off", "place": "all", "instead": typed })).await;
        let html = page(&mut world.stranger(), "cape").await.text().to_owned();
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;"), "{html}");
    }
}

/// A second process over the same database.
async fn another_process(world: &World) -> axum::Router {
    let config = backend::config::Config::in_folder(world.folder.path());
    let app = backend::app::App::with_database(config, world.app.clock.clone(), world.app.db.clone())
        .await
        .expect("a second program starts");
    backend::web::router(app)
}

/// When the database goes away, what was read last is still shown, under MAY BE REVOKED and never as a permission
/// that one may rely on.
#[tokio::test]
async fn a_page_that_cannot_be_confirmed_says_so_above_every_permission() {
    let world = World::on(acceptance::Kind::Sqlite).await;
    world.harbor().await;
    ordered(&world.program(&[Role::Commander]).await).await;
    let mut stranger = world.stranger();
    let fresh = page(&mut stranger, "cape").await;
    assert_eq!(fresh.page().all(".copy[hidden]").len(), 1);
    world.app.db.close().await;
    tokio::time::sleep(Duration::from_millis(5600)).await;
    let stale = page(&mut stranger, "cape").await.page();
    assert_eq!(stale.all(".copy[hidden]").len(), 0);
    assert!(stale.says("MAY BE REVOKED. Last confirmed 02:05"), "{}", stale.text());
    assert!(stale.says("DO NOT LOG IN"));
    world.end().await;
}
