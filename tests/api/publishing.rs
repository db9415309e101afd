//! The feeds of the public pages, and the copies of everything public in places outside: they say what the pages say,
//! never a permission without its time, and a place that does not answer is seen and delays no other.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use acceptance::{
    Kind, World, both_databases,
    door::Request,
    feed::{self, Element},
    letters::{Post, by_mail, deliver_all},
};
use axum::http::Method;
use backend::{config::Secret, jobs::publish};
use domain::actor::Role;
use serde_json::{Value, json};

use crate::clearance::{Night, laboratory};

const DEADLINE: Duration = Duration::from_secs(5);
const CLOSE_ALL: &str = "UPDATE incident SET phase = 'closed'";

async fn reads(world: &World, path: &str) -> String {
    let answer = world.stranger().asks(path).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-cache");
    answer.text().to_owned()
}

async fn alert(world: &World, site: &str) -> Element {
    feed::alert(&reads(world, &format!("/status/{site}.cap")).await)
}

async fn items(world: &World, site: &str) -> Vec<Element> {
    feed::items(&reads(world, &format!("/status/{site}.rss")).await)
}

/// By what a later message names this one.
fn reference(alert: &Element) -> String {
    ["sender", "identifier", "sent"].map(|name| alert.get(name)).join(",")
}

/// A world that publishes to a folder `outside` beside its database, and to these places.
async fn publishing(kind: Kind, commands: &[&str], also: &[&str]) -> (World, PathBuf) {
    let mut outside = PathBuf::new();
    let world = World::with(kind, |config| {
        outside = config.data.join("outside");
        config.publish_to = vec![outside.clone()];
        config.publish_to.extend(also.iter().map(|name| config.data.join(name)));
        config.publish_command = commands.iter().map(|command| Secret((*command).to_owned())).collect();
    })
    .await;
    (world, outside)
}

async fn publishes(world: &World) {
    publish::once(&world.app, DEADLINE).await.expect("a copy can be made");
}

/// Every file of a copy but the style sheet and the list of what is ours.
fn copied(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("can be read") {
            let path = entry.expect("can be read").path();
            let name = path.strip_prefix(folder).expect("lies in it").display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with('.') && name != "style.css" {
                files.insert(name, std::fs::read_to_string(path).expect("can be read"));
            }
        }
    }
    files
}

/// A message of the night's incident, sent; gives its code for e-mail.
async fn sends(world: &World, night: &Night, path: &str, words: Value) -> String {
    let composed = night.commander.does(path, words).await;
    let path = format!("{}/broadcasts/{}", night.incident, composed["broadcast"].as_str().expect("an id"));
    night.commander.does(&format!("{path}/send"), json!({})).await;
    deliver_all(world).await;
    let seen = night.commander.reads(&path).await;
    assert!(matches!(seen["stage"].as_str(), Some("sending" | "done")), "{seen}");
    seen["email_code"].as_str().unwrap_or_else(|| panic!("{seen}")).to_owned()
}

async fn post(night: &Night) -> Post {
    let incident = night.incident.rsplit('/').next().expect("has an id").to_owned();
    let mut post = Post { program: night.commander.clone(), incident, list: String::new() };
    post.list = post.gives("Staff", &by_mail(2)).await;
    post
}

async fn sends_all_clear(world: &World, night: &Night, post: &Post) -> String {
    let clearance = night.scope.rsplit('/').next().expect("has an id");
    let words = json!({ "clearance": clearance, "audiences": [post.list] });
    sends(world, night, &post.path("/all-clear"), words).await
}

/// The card of the copies on the night's board, if there is one.
async fn card(night: &Night) -> Option<Value> {
    let board = night.commander.reads(&night.incident).await;
    board["cards"].as_array().expect("a list").iter().find(|card| card["title"] == "Copies outside").cloned()
}

/// Where a file of a copy says of when it is and that it may be revoked. A code's page says it with its day.
fn warning(path: &str, text: &str, clock: &str) -> usize {
    let words = if path.starts_with("verify/") {
        format!("COPY OF {clock} EDT, Fri 19 July, MAY BE REVOKED")
    } else {
        format!("COPY OF {clock}, MAY BE REVOKED")
    };
    text.find(&words).unwrap_or_else(|| panic!("{path} does not say {words}: {text}"))
}

/// When each file of a copy was written, and which one it is on its disk.
fn ages(folder: &Path) -> BTreeMap<String, u64> {
    let inode = |path: &String| {
        std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(folder.join(path)).expect("is there"))
    };
    copied(folder).into_keys().map(|path| (path.clone(), inode(&path))).collect()
}

/// Years of messages are neither written again each minute nor kept for ever.
async fn codes_are_written_once(kind: Kind) {
    let (world, outside) = publishing(kind, &[], &[]).await;
    let night = Night::falls(&world).await;
    let post = post(&night).await;
    let told = sends(&world, &night, &post.path(""), post.words()).await;
    let page = format!("verify/{told}.html");
    publishes(&world).await;
    let (before, text) = (ages(&outside), copied(&outside).remove(&page).expect("is there"));
    // The file that is there stays open, so that no new one gets its number.
    let _open = std::fs::File::open(outside.join(&page)).expect("is there");
    world.minutes_pass(3);
    publishes(&world).await;
    let after = ages(&outside);
    assert_eq!((after[&page], &copied(&outside)[&page]), (before[&page], &text));
    assert!(copied(&outside)["status/cape.html"].contains("COPY OF 02:08"));

    world.minutes_pass(401 * 24 * 60);
    publishes(&world).await;
    assert_eq!(copied(&outside)[&page], text, "its downtime is still open");
    let mut tx = world.app.db.write().await.expect("can be written");
    backend::execute!(tx, CLOSE_ALL).expect("the statement is ours");
    tx.commit().await.expect("can be written");
    world.minutes_pass(1);
    publishes(&world).await;
    let files = copied(&outside);
    assert!(!files.contains_key(&page) && !files["index.html"].contains(&told));
    assert!(files["index.html"].contains("400 days"));
    world.end().await;
}

#[tokio::test]
async fn a_code_is_written_once_and_goes_after_400_days_on_sqlite() {
    codes_are_written_once(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_code_is_written_once_and_goes_after_400_days_on_postgres() {
    codes_are_written_once(Kind::Postgres).await;
}

async fn a_copy_follows(kind: Kind) {
    let (world, outside) = publishing(kind, &[], &[]).await;
    let night = Night::falls(&world).await;
    let post = post(&night).await;
    let told = sends(&world, &night, &post.path(""), post.words()).await;
    publishes(&world).await;
    let files = copied(&outside);
    for path in ["index.html", "status/cape.html", "status/cape.json", "status/cape.rss", "status/cape.cap"] {
        assert!(files.contains_key(path), "{path} is not in {:?}", files.keys());
    }
    for (path, text) in &files {
        let warning = warning(path, text, "02:05");
        let first = ["USE", "Use paper"].into_iter().filter_map(|word| text.find(word)).min();
        assert!(first.is_none_or(|first| warning < first), "{path}: {text}");
        let inert = !text.contains("<script") && !text.contains("href=\"/") && !text.contains("src=");
        assert!(inert, "{path} needs a server: {text}");
    }
    assert!(files["index.html"].contains("NOT ISSUED") && files["index.html"].contains(&told));
    assert!(files[&format!("verify/{told}.html")].contains("Use paper."));

    night.released().await;
    let all_clear = sends_all_clear(&world, &night, &post).await;
    let text = world.unknown_program().reads(&format!("/verify?code={all_clear}")).await;
    assert_eq!(text["found"]["answer"], "belongs", "{text}");
    publishes(&world).await;
    let files = copied(&outside);
    assert!(files["status/cape.html"].contains("USE"), "{}", files["status/cape.html"]);
    let genuine = &files[&format!("verify/{all_clear}.html")];
    let subject = text["found"]["subject"].as_str().expect("is a text").to_owned();
    assert!(genuine.contains(&subject), "{genuine}");
    feed::alert(&files["status/cape.cap"]);

    world.minutes_pass(1);
    night.cio.does(&format!("{}/revoke", night.scope), json!({ "reason": "Formulary is damaged" })).await;
    publishes(&world).await;
    let files = copied(&outside);
    assert!(files["status/cape.html"].contains("DO NOT LOG IN"));
    assert!(files[&format!("verify/{all_clear}.html")].contains("TAKEN BACK"));
    let other = &files[&format!("verify/{told}.html")];
    assert!(
        other.contains("COPY OF 02:05 ") && other.contains("../index.html"),
        "it stays as it was: {other}"
    );
    for (path, text) in &files {
        let permits = text.contains("USE") || text.contains("AllClear") || text.contains("\"look\":\"use\"");
        assert!(!permits && !text.contains(&subject), "{path} still permits: {text}");
        let has_stayed = path.starts_with("verify/") && text.contains("Use paper.");
        warning(path, text, if has_stayed { "02:05" } else { "02:06" });
    }
    let live = world.unknown_program().reads(&format!("/verify?code={all_clear}")).await;
    assert_eq!(live["found"]["answer"], "taken_back", "{live}");
    assert!(!live.to_string().contains(&subject), "{live}");
    assert!(world.stranger().opens(&format!("/verify?code={all_clear}")).await.says("TAKEN BACK"));
    world.end().await;
}

#[tokio::test]
async fn a_copy_follows_each_change_and_leaves_no_permission_behind_on_sqlite() {
    a_copy_follows(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_copy_follows_each_change_and_leaves_no_permission_behind_on_postgres() {
    a_copy_follows(Kind::Postgres).await;
}

async fn a_place_in_trouble(kind: Kind) {
    let hangs = "sleep 600; true";
    let copies = "f() { rm -rf \"$1/../../carried\" && cp -R \"$1\" \"$1/../../carried\"; }; f";
    let (world, outside) = publishing(kind, &[hangs, copies], &["a-file"]).await;
    let wrong = world.folder.path().join("a-file");
    std::fs::write(&wrong, "").expect("can be written");
    let night = Night::falls(&world).await;
    publishes(&world).await;
    let carried = world.folder.path().join("carried");
    assert_eq!(copied(&carried), copied(&outside), "both have the copy");

    let monitor = world.unknown_program();
    assert_eq!(monitor.reads("/health/publishing").await, json!({ "ok": true, "targets": 4 }));
    let shown = card(&night).await.expect("the board shows it");
    assert_eq!(shown["figure"], "never published");
    assert_eq!(shown["late"]["words"], "2 copies outside need help");
    let mut viewer = world.person(&[Role::Viewer]).await;
    let board = viewer.opens(&night.incident).await;
    assert!(board.says("Copies outside") && board.says("2 copies outside need help"), "{}", board.text());
    let view = monitor_view(&world).await;
    assert_eq!(view[1]["trouble"], "the folder cannot be written: File exists (os error 17)");
    assert_eq!(view[2]["trouble"], "the command did not end within 5 s and was ended");
    assert_eq!((&view[0]["trouble"], &view[3]["trouble"]), (&json!(""), &json!("")));
    assert!(!view.iter().any(|target| target.to_string().contains("sleep")), "a command may hold a password");

    // Two minutes later the others are fresh and these two are late.
    world.minutes_pass(3);
    let began = Instant::now();
    publishes(&world).await;
    assert!(began.elapsed() < DEADLINE + Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(copied(&outside)["index.html"].contains("COPY OF 02:08"));
    let problem: Value = monitor.asks("/health/publishing").await.expect(503).json();
    assert_eq!(problem["title"], "2 copies outside are older than two minutes.");
    assert!(!problem.to_string().contains("outside\""), "strangers learn no places: {problem}");
    assert_eq!(viewer.opens("/publishing").await.heading(), "2 copies need help outside");

    std::fs::remove_file(&wrong).expect("can be removed");
    publishes(&world).await;
    assert!(wrong.join("index.html").exists());
    assert_eq!(card(&night).await.expect("one is left")["late"]["words"], "1 copy outside needs help");
    world.end().await;
}

async fn monitor_view(world: &World) -> Vec<Value> {
    let view = world.program(&[Role::Viewer]).await.reads("/publishing").await;
    view["targets"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_place_in_trouble_is_red_on_the_board_while_the_others_are_fresh_on_sqlite() {
    a_place_in_trouble(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_place_in_trouble_is_red_on_the_board_while_the_others_are_fresh_on_postgres() {
    a_place_in_trouble(Kind::Postgres).await;
}

/// Whoever publishes nowhere sees nothing of it, and no monitor is told that something is wrong.
#[tokio::test]
async fn without_places_nothing_is_said() {
    let world = World::on(Kind::Sqlite).await;
    let night = Night::falls(&world).await;
    world.minutes_pass(10);
    assert_eq!(card(&night).await, None);
    assert_eq!(
        world.unknown_program().reads("/health/publishing").await,
        json!({ "ok": true, "targets": 0 })
    );
    assert_eq!(
        world.person(&[Role::Viewer]).await.opens("/publishing").await.heading(),
        "No copies are published outside"
    );
    world.end().await;
}

/// A full disk leaves each file whole, and the round succeeds once there is room.
#[tokio::test]
async fn a_full_disk_leaves_whole_files() {
    let Some(full) = Some(Path::new("/dev/full")).filter(|full| full.exists()) else { return };
    let (world, outside) = publishing(Kind::Sqlite, &[], &[]).await;
    Night::falls(&world).await;
    publishes(&world).await;
    let before = copied(&outside);
    world.minutes_pass(1);
    // What is written beside the page's place goes to a disk without room.
    let beside = outside.join("status/cape.html.new");
    std::os::unix::fs::symlink(full, &beside).expect("can be made");
    publishes(&world).await;
    let view = monitor_view(&world).await;
    assert!(view[0]["trouble"].as_str().is_some_and(|trouble| trouble.contains("No space left")), "{view:?}");
    assert_eq!(copied(&outside)["status/cape.html"], before["status/cape.html"]);
    publishes(&world).await;
    assert!(copied(&outside)["status/cape.html"].contains("COPY OF 02:06"));
    world.end().await;
}

async fn no_exercise(kind: Kind) {
    let (world, outside) = publishing(kind, &[], &[]).await;
    world.harbor().await;
    let commander = world.program(&[Role::Commander]).await;
    let post = Post::exercise(&commander, &by_mail(1)).await;
    let order = json!({ "system": "epic", "word": "leave_off", "place": "all", "instead": "Drill sheets." });
    commander.does(&format!("/incidents/{}/instructions", post.incident), order).await;
    let sent = post.sends().await;
    deliver_all(&world).await;
    let code = commander.reads(&sent).await["email_code"].as_str().expect("a code").to_owned();
    publishes(&world).await;
    for (path, text) in copied(&outside) {
        for said in ["LEAVE OFF", "Drill sheets", "xercise", &code] {
            assert!(!text.contains(said), "{path} says {said}: {text}");
        }
    }
    assert_eq!(items(&world, "cape").await[0].get("title"), "Cape: NO ORDER");
    drop(world.stranger().asks("/status/cape.cap").await.expect(404));
    world.end().await;
}

#[tokio::test]
async fn nothing_of_an_exercise_is_in_any_feed_or_copy_on_sqlite() {
    no_exercise(Kind::Sqlite).await;
}

#[tokio::test]
async fn nothing_of_an_exercise_is_in_any_feed_or_copy_on_postgres() {
    no_exercise(Kind::Postgres).await;
}

both_databases! {
    /// Each message names the one that it replaces, and changes only with what holds.
    async fn the_alert_of_a_site_is_updated_and_at_last_cancelled(world: World) {
        let night = Night::falls(world).await;
        let first = alert(world, "cape").await;
        assert_eq!((first.get("msgType"), first.get("status")), ("Alert", "Actual"));
        let info = first.all("info").next().expect("has a block");
        assert_eq!((info.get("headline"), info.get("responseType")), ("Laboratory at Cape: DO NOT LOG IN", "Avoid"));
        let guid = items(world, "cape").await[0].get("guid").to_owned();
        world.minutes_pass(1);
        let later = alert(world, "cape").await;
        assert_eq!(reference(&first), reference(&later), "nothing has changed");
        assert_eq!(items(world, "cape").await[0].get("guid"), guid);

        night.released().await;
        let released = alert(world, "cape").await;
        assert_eq!((released.get("msgType"), released.get("references")), ("Update", reference(&first).as_str()));
        let info = released.all("info").next().expect("has a block");
        assert_eq!(info.get("responseType"), "AllClear");
        assert_eq!(info.get("headline"), "Laboratory at Cape: USE (as of 02:06, check again by 02:21)");
        assert_ne!(items(world, "cape").await[0].get("guid"), guid);

        night.cio.does(&format!("{}/revoke", night.scope), json!({ "reason": "Formulary is damaged" })).await;
        let revoked = alert(world, "cape").await;
        assert_eq!((revoked.get("msgType"), revoked.get("references")), ("Update", reference(&released).as_str()));
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        assert_eq!(revoked.all("info").next().expect("has a block").get("responseType"), "Avoid");

        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, CLOSE_ALL).expect("the statement is ours");
        tx.commit().await.expect("can be written");
        world.minutes_pass(1);
        let ended = alert(world, "cape").await;
        assert_eq!((ended.get("msgType"), ended.get("references")), ("Cancel", reference(&revoked).as_str()));
        assert!(ended.all("info").all(|info| info.get("headline") == "Cape: NO ORDER"));
    }

    /// An order to use something is no all clear.
    async fn an_order_to_use_is_never_called_clear(world: World) {
        let night = Night::falls(world).await;
        let order = json!({ "system": "epic-read-only", "word": "use", "place": "all" });
        night.commander.does(&format!("{}/instructions", night.incident), order).await;
        let said = alert(world, "cape").await;
        assert_eq!(said.all("info").count(), 2);
        assert!(said.all("info").all(|info| info.get("responseType") != "AllClear"), "{said:?}");
    }

    async fn an_unchanged_feed_is_not_sent_again(world: World) {
        Night::falls(world).await;
        for form in ["rss", "cap", "json"] {
            let path = format!("/status/cape.{form}");
            let etag = world.stranger().asks(&path).await.expect(200).header("etag").to_owned();
            let again = Request::new(Method::GET, &path).header("if-none-match", &etag);
            drop(world.stranger().send(again).await.expect(304));
        }
        drop(world.stranger().asks("/status/atlantis.rss").await.expect(404));
        let json: Value = serde_json::from_str(&reads(world, "/status/cape.json").await).expect("is JSON");
        assert_eq!(json["verdicts"][0]["lines"][0], "DO NOT LOG IN");
    }

    async fn what_is_typed_into_an_order_stays_inert_in_every_feed(world: World) {
        let night = Night::falls(world).await;
        let typed = "Ask <script>alert(1)</script> ]]> & \"me\"";
        let order = json!({ "system": "epic", "word": "leave_off", "place": "all", "instead": typed });
        night.commander.does(&format!("{}/instructions", night.incident), order).await;
        for form in ["rss", "cap"] {
            let document = reads(world, &format!("/status/cape.{form}")).await;
            assert!(!document.contains("<script") && !document.contains("]]>"), "{document}");
        }
        let said = alert(world, "cape").await;
        assert!(said.all("info").any(|info| info.get("instruction") == typed), "{said:?}");
        for item in items(world, "cape").await {
            assert!(!item.get("description").contains("<script"), "a reader takes it for HTML: {item:?}");
        }
    }
}
