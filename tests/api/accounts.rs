//! Signing in without hospital sign-on: the first administrator, cards, limits, and forms that survive an expired
//! session.

use std::time::Duration;

use acceptance::{Kind, Program, World, both_databases};
use backend::accounts::changes::{self, Change};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
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
            changes::from_terminal(&world.app, "account1", &Change::Lock).await.expect("the first account");
        };
        let (stream, ()) = tokio::join!(stream, lock);
        let events = stream.expect("the stream ends").expect(200);
        assert!(events.text().trim_end().ends_with("event: bye"), "{}", events.text());
        assert_eq!(first.asks(&live).await.status, 401);
    }

    /// By forms: made with roles that the page lists, given one more, relieved of it, locked, and given a new card.
    async fn an_account_is_changed_on_its_page(world: World) {
        world.harbor().await;
        let mut ada = world.person(&[Role::Administrator]).await;
        let form = ada.opens("/accounts").await.form("Make the account");
        let form = form.types("Name", "Nia Night").types("Name for signing in", "n.night");
        let refused = ada.is_refused(&form, "Make the account").await;
        assert!(refused.says("Give at least one role."), "{}", refused.text());
        let form = form.ticks("Commander").ticks("Communicator").chooses("Where?", "all");
        assert!(ada.presses(&form, "Make the account").await.says("Card for the first use"));
        let accounts = world.program(&[Role::Administrator]).await.reads("/accounts").await;
        let lines = accounts["accounts"].as_array().expect("a list");
        let nia = lines.iter().find(|line| line["login"] == "n.night").expect("was made");
        assert_eq!(nia["grants"], json!(["commander@all", "communicator@all"]));
        let path = format!("/accounts/{}", nia["id"].as_str().expect("an id"));
        let page = ada.opens(&path).await;
        assert!(page.says("Commander, All 12 sites"), "{}", page.text());
        let give = page.form("Give these roles").ticks("Signer").chooses("Where?", "all");
        assert!(ada.is_refused(&give, "Give these roles").await.says("Say as what the signer signs"));
        let page = ada.presses(&give.types("A signer signs as", "cio"), "Give these roles").await;
        assert!(page.says("Signer as cio, All 12 sites"), "{}", page.text());
        let page = ada.presses(&page.form("Take away"), "Take away").await;
        assert!(!page.says("Commander, All 12 sites"), "the first is taken: {}", page.text());
        let page = ada.presses(&page.form("Lock this account"), "Lock this account").await;
        assert_eq!(page.heading(), "Nia Night: locked");
        let page = ada.presses(&page.form("Open it again"), "Open it again").await;
        assert_eq!(page.heading(), "Nia Night: card not used yet");
        assert!(ada.presses(&page.form("Make a new card"), "Make a new card").await.says("Card for the first use"));
        assert!(ada.opens("/log").await.says("took a password away"));
    }

    async fn a_new_card_ends_sessions_and_the_old_password(world: World) {
        let administrator = world.program(&[Role::Administrator]).await;
        let form = json!({ "login": "n.night", "name": "Nia Night", "grants": ["viewer@all"] });
        let made = administrator.does("/accounts", form).await;
        let stranger = world.unknown_program();
        let card = |code: &serde_json::Value| json!({ "login": "n.night", "code": code, "password": "nobody sleeps tonight" });
        stranger.does("/first-use", card(&made["first_use_code"])).await;
        let path = format!("/accounts/{}", made["account"].as_str().expect("an id"));
        let changed = administrator.does(&format!("{path}/card"), json!({})).await;
        let old = json!({ "login": "n.night", "password": "nobody sleeps tonight" });
        stranger.is_refused("/sign-in", old, 422).await;
        stranger.does("/first-use", card(&changed["first_use_code"])).await;
        administrator.does(&format!("{path}/lock"), json!({})).await;
        let again = json!({ "login": "n.night", "password": "nobody sleeps tonight" });
        stranger.is_refused("/sign-in", again, 422).await;
    }

    /// Nobody changes an account that reaches further than they do, their own, or the last that administers all.
    async fn an_account_is_changed_only_by_who_administers_all_of_it(world: World) {
        let harbor = world.harbor().await;
        let at = |role, place| Grant { role, place, signs_as: String::new() };
        let cape = Place::Facility(harbor.facility("cape"));
        let (root, everywhere) = world.program_with(&[at(Role::Administrator, Place::All)]).await;
        let (_, local) = world.program_with(&[at(Role::Administrator, cape)]).await;
        let (both, _) = world.program_with(&[at(Role::Viewer, cape), at(Role::Viewer, Place::All)]).await;
        let (clerk, _) = world.program_with(&[at(Role::FormsClerk, cape)]).await;
        let path = |actor: &domain::actor::Actor, what: &str| format!("/accounts/{}/{what}", actor.account);
        local.is_refused(&path(&both, "lock"), json!({}), 403).await;
        local.is_refused(&path(&root, "card"), json!({}), 403).await;
        let commander = json!({ "grants": ["commander@all"] });
        local.is_refused(&path(&clerk, "roles"), commander, 403).await;
        let taken = local.does(&path(&clerk, "roles/take"), json!({ "grant": format!("forms_clerk@{cape}") })).await;
        assert_eq!(taken["grants"], json!([]));
        assert_eq!(everywhere.is_refused(&path(&root, "lock"), json!({}), 422).await["type"], "own-account");
        let last = json!({ "grant": "administrator@all" });
        let refused = everywhere.is_refused(&path(&root, "roles/take"), last, 422).await;
        assert_eq!(refused["type"], "last-administrator");
        everywhere.is_refused("/accounts/00000000-0000-0000-0000-000000000000/lock", json!({}), 404).await;
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
