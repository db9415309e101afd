//! The auditor of sending: whatever is changed beside the books is found, said on every page and to monitors, and the
//! ping stops; a send that goes well is never suspected.

use std::time::Duration;

use acceptance::{
    World, both_databases,
    intruder::changes,
    letters::{Post, by_mail},
    sms::SmsGateway,
};
use backend::{
    config::Secret,
    gateways::{Gateway, Outcome, Outgoing, Report},
    jobs::{
        audit::{self, Ping},
        deliver::{self, Worker, store as workers},
    },
    store::Sql,
};
use domain::actor::Role;
use futures::future::BoxFuture;
use serde_json::{Value, json};

/// The codes of what an audit finds now.
async fn finds(world: &World) -> Vec<String> {
    let looked = audit::look(&world.app).await.expect("can be audited");
    let code = |finding| {
        serde_json::to_value(finding).expect("is JSON")["what"].as_str().expect("a code").to_owned()
    };
    looked.found.into_iter().map(|(finding, _)| code(finding)).collect()
}

async fn open(world: &World, people: usize) -> Post {
    world.harbor().await;
    Post::open(&world.program(&[Role::Commander]).await, &by_mail(people)).await
}

async fn works(world: &World) -> Worker {
    deliver::begin(&world.app).await.expect("a worker can begin")
}

async fn drains(world: &World, worker: &mut Worker) {
    worker.drain(&world.app).await.expect("the worker works");
}

/// Minutes pass in which the worker goes on saying that it lives.
async fn lives_on(world: &World, worker: &Worker, minutes: i64) {
    world.minutes_pass(minutes);
    assert!(workers::beat(&world.app, worker.fence).await.expect("can be written"));
}

/// What is changed by hand, how it is put back, and what must be found in between.
type Tampering = (&'static str, &'static str, &'static [&'static str]);

const BESIDE_THE_BOOKS: [Tampering; 6] = [
    (
        "UPDATE broadcast_tally SET count = count + 1 WHERE state = 'accepted'",
        "UPDATE broadcast_tally SET count = count - 1 WHERE state = 'accepted'",
        &["tally_differs"],
    ),
    (
        "UPDATE broadcast_unit SET answered = answered + 1",
        "UPDATE broadcast_unit SET answered = answered - 1",
        &["units_differ"],
    ),
    (
        "UPDATE broadcast SET people = people + 1, deliveries = deliveries + 1",
        "UPDATE broadcast SET people = people - 1, deliveries = deliveries - 1",
        &["missing_people", "missing_rows"],
    ),
    (
        "UPDATE delivery SET events = events + 1 WHERE address LIKE 'p0@%'",
        "UPDATE delivery SET events = events - 1 WHERE address LIKE 'p0@%'",
        &["events_missing"],
    ),
    (
        "UPDATE delivery SET state = 'failed' WHERE address LIKE 'p0@%'",
        "UPDATE delivery SET state = 'accepted' WHERE address LIKE 'p0@%'",
        &["tally_differs", "events_missing"],
    ),
    (
        "UPDATE delivery SET state = 'queued' WHERE address LIKE 'p0@%'",
        "UPDATE delivery SET state = 'accepted' WHERE address LIKE 'p0@%'",
        &["tally_differs", "events_missing", "open_after_end"],
    ),
];

const HOLD: &str = "INSERT INTO sending_hold (id, reason, held_at) VALUES (1, 'A test', 0)";
const LET_GO: &str = "DELETE FROM sending_hold";
const ONE_GONE: &str = "DELETE FROM delivery WHERE address LIKE 'p0@%'";
const ONE_MORE: Sql = Sql {
    sqlite: "
    INSERT INTO delivery (id, broadcast, channel, address, people, token, message_id, state, next_at, updated_at)
    SELECT randomblob(16), broadcast, channel, 'x@hospital.test', people, 'x', 'x', state, next_at, updated_at
    FROM delivery
    WHERE address LIKE 'p1@%'",
    postgres: "
    INSERT INTO delivery (id, broadcast, channel, address, people, token, message_id, state, next_at, updated_at)
    SELECT gen_random_uuid(), broadcast, channel, 'x@hospital.test', people, 'x', 'x', state, next_at, updated_at
    FROM delivery
    WHERE address LIKE 'p1@%'",
};
const LEFT_BY_THE_FIRST: &str = "UPDATE delivery SET state = 'sending', fence = 1 WHERE address LIKE 'p0@%'";
const LEFT_BY_NOBODY: &str = "UPDATE delivery SET fence = 99 WHERE state = 'sending'";
const COUNTED: &str = "
    UPDATE broadcast_tally
    SET count = (
        SELECT COUNT(*)
        FROM delivery
        WHERE delivery.broadcast = broadcast_tally.broadcast AND delivery.channel = broadcast_tally.channel
            AND delivery.state = broadcast_tally.state
    )";
const STILL_SENDING: &str = "UPDATE broadcast SET stage = 'sending', done_at = NULL";

/// Eight windows at once are slow; one address in ten is refused, and then the person's next one is tried.
struct Slow;

impl Gateway for Slow {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send<'a>(&'a mut self, window: &'a [Outgoing]) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(15)).await;
            let refused = || Outcome::Refused { reply: "550 5.1.1".into(), kind: "address".into() };
            let taken = || Outcome::Accepted { reply: "250 ok".into() };
            let outcome = |each: &Outgoing| if each.to.starts_with("gone") { refused() } else { taken() };
            Report { outcomes: window.iter().map(outcome).collect(), fault: None }
        })
    }
}

/// A gateway that takes what it gets and never answers.
struct Mute;

impl Gateway for Mute {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn send<'a>(&'a mut self, _window: &'a [Outgoing]) -> BoxFuture<'a, Report> {
        Box::pin(std::future::pending())
    }
}

both_databases! {
    async fn whatever_is_changed_beside_the_books_is_found(world: World) {
        let post = open(world, 4).await;
        let mut worker = works(world).await;
        post.sends().await;
        drains(world, &mut worker).await;
        assert_eq!(finds(world).await, [""; 0]);
        for (tampering, back, found) in BESIDE_THE_BOOKS {
            changes(world, tampering).await;
            assert_eq!(finds(world).await, found, "{tampering}");
            changes(world, back).await;
            assert_eq!(finds(world).await, [""; 0], "{back}");
        }
    }

    /// Held messages wait for a person and are said elsewhere; once they are let go, somebody must send them.
    async fn rows_that_are_gone_or_came_from_nowhere_are_found_while_they_wait(world: World) {
        let post = open(world, 4).await;
        let mut worker = works(world).await;
        post.sends().await;
        assert_eq!(finds(world).await, [""; 0]);
        lives_on(world, &worker, 6).await;
        assert_eq!(finds(world).await, ["staged_too_long"]);
        changes(world, HOLD).await;
        drains(world, &mut worker).await;
        lives_on(world, &worker, 10).await;
        assert_eq!(finds(world).await, [""; 0], "it is held");
        changes(world, LET_GO).await;
        assert_eq!(finds(world).await, ["due_and_nothing_moves"]);
        changes(world, "INSERT INTO gateway (name, paused_until, reason, faults) VALUES ('outbox', 9000000000000000, '', 1)").await;
        assert_eq!(finds(world).await, [""; 0], "its gateway rests");
        changes(world, ONE_GONE).await;
        assert_eq!(finds(world).await, ["missing_rows", "tally_differs"]);
        changes(world, ONE_MORE).await;
        assert_eq!(finds(world).await, [""; 0], "as many as were staged");
        changes(world, "UPDATE delivery SET token = 'y', message_id = 'y' WHERE token = 'x'").await;
        changes(world, Sql { sqlite: leak(ONE_MORE.sqlite), postgres: leak(ONE_MORE.postgres) }).await;
        assert_eq!(finds(world).await, ["extra_rows", "tally_differs"]);
    }

    async fn what_a_dead_worker_left_is_found_until_another_takes_it_over(world: World) {
        let post = open(world, 3).await;
        let mut first = works(world).await;
        post.sends().await;
        changes(world, HOLD).await;
        drains(world, &mut first).await;
        changes(world, LET_GO).await;
        changes(world, LEFT_BY_THE_FIRST).await;
        changes(world, "INSERT INTO broadcast_tally (broadcast, channel, state, count) SELECT id, 'email', 'sending', 0 FROM broadcast").await;
        changes(world, COUNTED).await;
        changes(world, "INSERT INTO delivery_event (delivery, ordinal, from_state, to_state, event_at, entered_at, reply)
            SELECT id, 1, 'queued', 'sending', 0, 0, '' FROM delivery WHERE state = 'sending'").await;
        changes(world, "UPDATE delivery SET events = 1 WHERE state = 'sending'").await;
        assert_eq!(finds(world).await, [""; 0], "its worker lives");
        lives_on(world, &first, 4).await;
        assert_eq!(finds(world).await, [""; 0], "it lives on");
        world.minutes_pass(2);
        assert_eq!(finds(world).await, ["past_lease", "due_and_nothing_moves", "worker_silent"]);
        let second = works(world).await;
        changes(world, LEFT_BY_NOBODY).await;
        lives_on(world, &second, 0).await;
        assert_eq!(finds(world).await, ["past_lease", "due_and_nothing_moves"], "nobody adopts it");
        changes(world, "UPDATE delivery SET fence = 1 WHERE state = 'sending'").await;
        let mut third = works(world).await;
        drains(world, &mut third).await;
        drains(world, &mut third).await;
        assert_eq!(finds(world).await, [""; 0]);
    }

    /// When a worker dies over its last texts, only questions are left: the sending has ended, and a person decides.
    async fn texts_in_doubt_after_a_crash_end_the_sending_and_wait_for_a_person(world: World) {
        world.harbor().await;
        let texts: Vec<String> =
            (0..3).map(|number| format!("Person {number},,+1617555010{number},general,ed,yes,")).collect();
        let post = Post::open(&world.program(&[Role::Commander]).await, &texts).await;
        let mut first = deliver::begin_with(&world.app, None, Some(Box::new(Mute))).await.expect("begins");
        let broadcast = post.sends().await;
        let killed = tokio::time::timeout(Duration::from_secs(2), first.drain(&world.app)).await;
        assert!(killed.is_err(), "the texts were still under way");
        let mut second = works(world).await;
        drains(world, &mut second).await;
        assert_eq!(post.program.reads(&broadcast).await["stage"], "done");
        let lines = post.program.reads(&post.path("")).await["lines"].clone();
        assert_eq!((&lines[0]["open"], &lines[0]["in_doubt"]), (&json!(0), &json!(3)), "{lines}");
        assert_eq!(finds(world).await, [""; 0]);
        post.program.does(&format!("{broadcast}/doubts"), json!({ "choice": "send_again" })).await;
        assert_eq!(post.program.reads(&broadcast).await["stage"], "sending");
        drains(world, &mut second).await;
        let sent = post.deliveries(&broadcast).await;
        assert!(sent.iter().all(|line| line["words"] == "in doubt, re-sent (accepted)"), "{sent:?}");
        assert_eq!(post.program.reads(&broadcast).await["stage"], "done");
    }

    /// A living worker has its lease; after that something is wrong although it says that it lives.
    async fn a_lease_ends(world: World) {
        let post = open(world, 2).await;
        let mut worker = works(world).await;
        post.sends().await;
        drains(world, &mut worker).await;
        changes(world, STILL_SENDING).await;
        changes(world, "UPDATE delivery SET state = 'sending' WHERE address LIKE 'p0@%'").await;
        lives_on(world, &worker, 14).await;
        assert!(!finds(world).await.contains(&"past_lease".to_owned()));
        lives_on(world, &worker, 1).await;
        assert!(finds(world).await.contains(&"past_lease".to_owned()));
    }

    /// While some hundred messages leave, some addresses are refused and others tried, no look finds anything.
    async fn a_send_that_goes_well_is_never_suspected(world: World) {
        world.harbor().await;
        let lines: Vec<String> = (0..300)
            .map(|number| if number % 10 == 0 {
                format!("Person {number},gone{number}@hospital.test|p{number}@hospital.test,,general,ed,yes,")
            } else {
                format!("Person {number},p{number}@hospital.test,,general,ed,yes,")
            })
            .collect();
        let post = Post::open(&world.program(&[Role::Commander]).await, &lines).await;
        let mut worker = deliver::begin_with(&world.app, Some(Box::new(Slow)), None).await.expect("begins");
        let broadcast = post.sends().await;
        let done = std::sync::atomic::AtomicBool::new(false);
        let send = async {
            drains(world, &mut worker).await;
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        };
        let look = async {
            let mut looks = 0;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                assert_eq!(finds(world).await, [""; 0]);
                looks += 1;
                tokio::task::yield_now().await;
            }
            looks
        };
        let ((), looks) = futures::future::join(send, look).await;
        assert!(looks >= 10, "{looks} looks");
        assert_eq!(finds(world).await, [""; 0]);
        let ended = post.program.reads(&broadcast).await;
        assert_eq!((&ended["stage"], &ended["addresses"]), (&json!("done"), &json!(300)));
        let refused = post.program.reads(&format!("{broadcast}/deliveries?state=failed")).await;
        assert_eq!(refused["lines"].as_array().map(Vec::len), Some(30), "and as many next addresses were tried");
    }

    /// Nothing is shown while all is well; then every page says it, the monitor reads 503, and no ping leaves.
    async fn a_finding_stands_on_every_page_and_silences_the_ping(world: World) {
        let listener = SmsGateway::start().await;
        let mut config = world.app.config.clone();
        config.ping_url = Some(Secret(format!("http://127.0.0.1:{}/ping?to=1&text=ok", listener.port)));
        let mut ping = Ping::of(&config);
        let post = open(world, 2).await;
        let mut worker = works(world).await;
        post.sends().await;
        drains(world, &mut worker).await;
        let monitor = world.unknown_program();
        let never: Value = monitor.asks("/health/sending").await.expect(503).json();
        assert_eq!(never["findings"], 0, "{never}");
        audit::turn(&world.app, &mut ping).await;
        assert_eq!(monitor.reads("/health/sending").await["ok"], true);
        assert_eq!(listener.texts().len(), 1);
        let mut viewer = world.person(&[Role::Viewer]).await;
        assert!(!viewer.opens("/incidents").await.says("does not add up"));
        assert_eq!(viewer.opens("/sending/audit").await.heading(), "Every message is accounted for");

        let (tampering, back, _) = BESIDE_THE_BOOKS[0];
        changes(world, tampering).await;
        audit::turn(&world.app, &mut ping).await;
        assert_eq!(listener.texts().len(), 1, "nothing vouches for it");
        let problem = monitor.asks("/health/sending").await.expect(503);
        assert_eq!(problem.header("content-type"), "application/problem+json");
        let problem: Value = problem.json();
        assert_eq!(problem["findings"], 1);
        assert!(!problem.to_string().contains("Computers down"), "strangers learn a number: {problem}");
        for path in ["/incidents", &post.path("")] {
            let page = viewer.opens(path).await;
            assert!(page.says("Sending does not add up. The counts of broadcast 1 of Computers down are wrong by 1 delivery."), "{}", page.text());
            assert_eq!(page.link("See what the audit found"), "/sending/audit");
        }
        assert!(!world.stranger().opens("/sign-in").await.says("does not add up"));
        let page = viewer.opens("/sending/audit").await;
        assert_eq!(page.heading(), "1 thing does not add up in sending");
        world.minutes_pass(1);
        workers::beat(&world.app, worker.fence).await.expect("can be written");
        audit::turn(&world.app, &mut ping).await;
        let view = post.program.reads("/sending/audit").await;
        assert_eq!((&view["findings"][0]["what"], &view["findings"][0]["count"]), (&json!("tally_differs"), &json!(1)));
        assert!(view["findings"][0]["since"].as_str().is_some_and(|since| since.starts_with("02:05")), "{view}");

        changes(world, back).await;
        audit::turn(&world.app, &mut ping).await;
        assert_eq!(listener.texts().len(), 2);
        assert_eq!(monitor.asks("/health/sending").await.status, 200);
        assert!(!viewer.opens("/incidents").await.says("does not add up"));
    }

    /// An auditor that does not run vouches for nothing.
    async fn an_audit_that_is_late_is_itself_a_finding(world: World) {
        let worker = works(world).await;
        world.app.audit.begin(&world.app.clock);
        audit::once(&world.app).await.expect("can be audited");
        world.minutes_pass(2);
        let monitor = world.unknown_program();
        assert_eq!(monitor.asks("/health/sending").await.status, 200);
        world.minutes_pass(1);
        assert_eq!(monitor.asks("/health/sending").await.expect(503).json::<Value>()["findings"], 1);
        let page = world.person(&[Role::Viewer]).await.opens("/incidents").await;
        assert!(page.says("Nobody has checked for 3 minutes whether sending adds up."), "{}", page.text());
        lives_on(world, &worker, 0).await;
        audit::once(&world.app).await.expect("can be audited");
        assert_eq!(monitor.asks("/health/sending").await.status, 200);
    }

    /// What a machine that slept shows for a moment is not said: a second look decides.
    async fn what_passes_within_seconds_is_not_said(world: World) {
        let worker = works(world).await;
        world.minutes_pass(60);
        let wakes = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            lives_on(world, &worker, 0).await;
        };
        assert_eq!(finds(world).await, ["worker_silent"]);
        let (audited, ()) = futures::future::join(audit::once(&world.app), wakes).await;
        audited.expect("can be audited");
        assert_eq!(world.unknown_program().asks("/health/sending").await.status, 200);
    }
}

/// A statement of this test for as long as it runs.
fn leak(statement: &str) -> &'static str {
    Box::leak(statement.replace("'x@hospital.test'", "'z@hospital.test'").into_boxed_str())
}
