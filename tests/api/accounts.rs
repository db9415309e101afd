//! Signing in without hospital sign-on: the first administrator, cards, limits, and forms that survive an expired
//! session.

use std::time::Duration;

use acceptance::{Kind, Program, World, both_databases};
use backend::accounts::changes::{self, Change};
use domain::{actor::Role, id::AccountId};
use serde_json::{Value, json};

both_databases! {
    async fn a_card_is_used_once_and_then_its_password_signs_in(world: World) {
        let administrator = world.program(&[Role::Administrator]).await;
        let made = administrator
            .does("/accounts", json!({ "login": "n.night", "name": "Nia Night", "grants": ["viewer@all"] }))
            .await;
        let code = made["first_use_code"].as_str().expect("is a text").to_lowercase();
        let stranger = world.unknown_program();
        let card = json!({ "login": "N.Night", "code": code, "password": "nobody sleeps tonight" });
        let signed_in = stranger.does("/first-use", &card).await;
        assert_eq!(signed_in["name"], "Nia Night");
        stranger.is_refused("/first-use", &card, 422).await;
        stranger.does("/sign-in", json!({ "login": "n.night", "password": "nobody sleeps tonight" })).await;
        stranger.is_refused("/sign-in", json!({ "login": "n.night", "password": "somebody sleeps" }), 422).await;
    }

    async fn an_unknown_name_and_a_wrong_password_sound_alike(world: World) {
        let stranger = world.unknown_program();
        let unknown = stranger.is_refused("/sign-in", json!({ "login": "nobody", "password": "x" }), 422).await;
        assert_eq!(unknown["title"], "This name and password do not belong together.");
    }

    async fn too_many_tries_are_stopped(world: World) {
        let stranger = world.unknown_program();
        let wrong = json!({ "login": "nobody", "password": "x" });
        let mut codes = Vec::new();
        for _ in 0..12 {
            codes.push(stranger.is_refused("/sign-in", &wrong, 422).await["type"].clone());
        }
        assert!(codes.contains(&json!("too-many-tries")), "{codes:?}");
    }

    async fn a_hospital_behind_one_address_signs_in_all_at_once(world: World) {
        let administrator = world.program(&[Role::Administrator]).await;
        let account = json!({ "login": "n.night", "name": "Nia Night", "grants": ["viewer@all"] });
        let made = administrator.does("/accounts", account).await;
        let stranger = world.unknown_program();
        let right = json!({ "login": "n.night", "password": "nobody sleeps tonight" });
        let card = json!({ "login": "n.night", "code": made["first_use_code"], "password": right["password"] });
        stranger.does("/first-use", card).await;
        let all = (0..15).map(|_| stranger.does("/sign-in", &right));
        futures::future::join_all(all).await;
        let wrong = json!({ "login": "n.night", "password": "somebody sleeps" });
        let guesses = (0..40).map(|_| stranger.is_refused("/sign-in", &wrong, 422));
        let refused = futures::future::join_all(guesses).await;
        let heard = refused.iter().filter(|each| each["type"] == "wrong-sign-in").count();
        assert!(heard <= 12, "{heard} guesses at once were heard");
        let other = stranger.is_refused("/sign-in", json!({ "login": "nobody", "password": "x" }), 422).await;
        assert_eq!(other["type"], "wrong-sign-in", "another name at the same address is heard");
    }

    async fn what_a_client_says_of_its_own_address_is_ignored(world: World) {
        let heard = heard_of_twelve(&world.unknown_program(), |number| format!("192.0.2.{number}")).await;
        assert_eq!(heard, 10, "no proxy is trusted, so all tries come from one address");
    }

    async fn the_setup_link_makes_one_administrator_and_no_second(world: World) {
        let secret = backend::accounts::setup_secret(&world.app).await.expect("can be read").expect("nobody is there");
        let stranger = world.unknown_program();
        let form = |login: &str| json!({
            "secret": secret, "organisation": "Harbor Health", "zone": "America/New_York", "login": login,
            "name": "Ada Admin", "password": "a long sentence"
        });
        let mut wrong = form("ada");
        wrong["secret"] = json!("guessed");
        stranger.is_refused("/setup", wrong, 422).await;
        stranger.does("/setup", form("ada")).await;
        let refused = stranger.is_refused("/setup", form("bea"), 422).await;
        assert_eq!(refused["type"], "already-set-up");
    }

    async fn a_short_password_and_an_unknown_zone_are_said_at_their_fields(world: World) {
        let secret = backend::accounts::setup_secret(&world.app).await.expect("can be read").expect("nobody is there");
        let form = json!({ "secret": secret, "organisation": "H", "zone": "Mars/Base", "login": "a b", "name": "", "password": "short" });
        let refused = world.unknown_program().is_refused("/setup", form, 422).await;
        let fields: Vec<&str> =
            refused["errors"].as_object().expect("is an object").keys().map(String::as_str).collect();
        assert_eq!(fields, ["login", "name", "password", "zone"]);
    }

    /// The terminal locks it in another process: a page that stands open learns nothing more.
    async fn a_locked_account_is_shown_nothing_more_on_a_page_that_is_open(world: World) {
        let mut first = world.person(&[Role::Viewer]).await;
        let commander = world.program(&[Role::Commander]).await;
        world.harbor().await;
        let form = json!({ "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"] });
        let incident = commander.does("/incidents", form).await["incident"].as_str().expect("an id").to_owned();
        let live = format!("/incidents/{incident}/live?view=board");
        let stream = tokio::time::timeout(Duration::from_secs(40), first.asks(&live));
        let lock = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let by = AccountId(world.app.installation);
            changes::change(&world.app, by, "account1", Change::Lock).await.expect("the first account");
        };
        let (stream, ()) = tokio::join!(stream, lock);
        let events = stream.expect("the stream ends").expect(200);
        assert!(events.text().trim_end().ends_with("event: bye"), "{}", events.text());
        assert_eq!(first.asks(&live).await.status, 401);
    }
}

/// How many of twelve wrong passwords for one name are heard, each sent with this X-Forwarded-For.
async fn heard_of_twelve(program: &Program, says: impl Fn(u8) -> String) -> usize {
    let mut heard = 0;
    for number in 0..12 {
        let request = program.command("/sign-in", json!({ "login": "nobody", "password": "x" }));
        let request = request.header("x-forwarded-for", &says(number));
        let refused: Value = program.door.send(request).await.expect(422).json();
        heard += usize::from(refused["type"] == "wrong-sign-in");
    }
    heard
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_tries() {
    let trusted = vec!["127.0.0.0/8".parse().expect("is a network")];
    let world = World::with(Kind::Sqlite, |config| config.trusted_proxy = trusted).await;
    let stranger = world.unknown_program();
    assert_eq!(heard_of_twelve(&stranger, |number| format!("192.0.2.{number}")).await, 12);
    let spoofed = heard_of_twelve(&stranger, |number| format!("203.0.113.{number}, 198.51.100.9")).await;
    assert_eq!(spoofed, 10, "what stands before the proxy's own entry was written by the client");
    world.end().await;
}
