//! Mail servers as they fail: silent, gone after the final dot, refusing everybody, refusing one. What is not sure
//! is never called accepted, and what is the server's fault is never held against an address.

use std::time::Duration;

use acceptance::{
    Kind, Program, RealServer, World,
    letters::{Post, by_mail, deliver_all},
    mail::{self, SmtpSink},
    settings,
};
use backend::{
    config::Secret,
    gateways::{email::Email, smtp::Deadlines},
    jobs::deliver,
};
use domain::actor::Role;
use serde_json::Value;

async fn world_with(kind: Kind, url: &str) -> World {
    let world = World::with(kind, |config| {
        config.smtp = Some(Secret(url.to_owned()));
        config.mail_from = "Incident command <command@hospital.test>".into();
    })
    .await;
    world.harbor().await;
    world
}

async fn commander(world: &World) -> Program {
    world.program(&[Role::Commander]).await
}

fn states(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["state"].as_str().expect("a state")).collect()
}

async fn resting(post: &Post) -> Vec<Value> {
    post.program.reads(&post.path("")).await["resting"].as_array().expect("a list").clone()
}

/// The connection ends after the dot: in doubt, sent again under the same Message-ID, and then somebody is asked.
async fn lost_after_the_dot(kind: Kind) {
    let sink = SmtpSink::start(&["-q", "."]);
    let world = world_with(kind, &sink.url()).await;
    let post = Post::open(&commander(&world).await, &by_mail(3)).await;
    let broadcast = post.sends().await;
    deliver_all(&world).await;
    let lines = post.deliveries(&broadcast).await;
    assert_eq!(states(&lines), ["in_doubt"; 3], "{lines:?}");
    assert!(lines.iter().all(|line| line["words"] == "in doubt, re-sent (in doubt)"), "{lines:?}");
    assert_eq!(post.program.reads(&format!("{broadcast}/deliveries")).await["asks"], 3);
    // On a server that works the decision to send again ends it; the doubt stays visible.
    let good = SmtpSink::start(&[]);
    let gateway = Email::new(&good.url(), "command@hospital.test", 1).expect("is an address");
    post.program.does(&format!("{broadcast}/doubts"), serde_json::json!({ "choice": "send_again" })).await;
    let mut worker = deliver::begin_with(&world.app, Some(Box::new(gateway)), None).await.expect("begins");
    worker.drain(&world.app).await.expect("works");
    let lines = post.deliveries(&broadcast).await;
    assert!(lines.iter().all(|line| line["words"] == "in doubt, re-sent (accepted)"), "{lines:?}");
    for mail in good.wait_for(3).await {
        assert_eq!(mail.header("X-Possible-Duplicate"), Some("yes"));
        assert!(mail.body.contains("You may have received this message already"), "{}", mail.body);
        assert!(lines.iter().any(|line| line["message_id"] == mail.message_id()), "the Message-ID stays");
    }
    world.end().await;
}

#[tokio::test]
async fn lost_after_the_dot_is_in_doubt_on_sqlite() {
    lost_after_the_dot(Kind::Sqlite).await;
}

#[tokio::test]
async fn lost_after_the_dot_is_in_doubt_on_postgres() {
    lost_after_the_dot(Kind::Postgres).await;
}

/// A server that says nothing after the dot is not waited for, and may have taken the message.
#[tokio::test]
async fn a_silent_server_is_in_doubt_at_its_deadline() {
    let sink = SmtpSink::start(&["-W", ".:3"]);
    let world = world_with(Kind::Sqlite, &sink.url()).await;
    let post = Post::open(&commander(&world).await, &by_mail(1)).await;
    let broadcast = post.sends().await;
    let short = Deadlines { body: Duration::from_millis(300), ..Deadlines::default() };
    let gateway =
        Email::new(&sink.url(), "command@hospital.test", 1).expect("is an address").patient(short, 100);
    let mut worker = deliver::begin_with(&world.app, Some(Box::new(gateway)), None).await.expect("begins");
    worker.drain(&world.app).await.expect("works");
    let lines = post.deliveries(&broadcast).await;
    assert_eq!(states(&lines), ["in_doubt"], "{lines:?}");
    world.end().await;
}

/// 421 after the dot: not taken; tried once on a new connection, then later.
#[tokio::test]
async fn a_server_that_shuts_down_is_tried_later() {
    let sink = SmtpSink::start(&["-Q", "."]);
    let world = world_with(Kind::Sqlite, &sink.url()).await;
    let post = Post::open(&commander(&world).await, &by_mail(2)).await;
    let broadcast = post.sends().await;
    deliver_all(&world).await;
    let lines = post.deliveries(&broadcast).await;
    assert_eq!(states(&lines), ["queued"; 2], "{lines:?}");
    assert!(
        lines.iter().all(|line| line["reply"].as_str().is_some_and(|reply| reply.starts_with("421"))),
        "{lines:?}"
    );
    world.end().await;
}

/// Who refuses us at the banner, or everybody alike, is at fault: nobody fails, the gateway rests.
#[tokio::test]
async fn a_gateway_that_refuses_everybody_rests_and_nobody_fails() {
    for options in [["-f", "CONNECT"], ["-f", "RCPT"]] {
        let sink = SmtpSink::start(&options);
        let world = world_with(Kind::Sqlite, &sink.url()).await;
        let post = Post::open(&commander(&world).await, &by_mail(30)).await;
        let broadcast = post.sends().await;
        deliver_all(&world).await;
        let lines = post.deliveries(&broadcast).await;
        assert_eq!(states(&lines), ["queued"; 30], "{options:?} {lines:?}");
        assert_eq!(resting(&post).await.len(), 1, "{options:?}");
        world.end().await;
    }
}

/// An MX whose directory is down says "no such user" to all: not one address may be lost by it.
#[tokio::test]
async fn no_such_user_for_everybody_is_the_servers_own_fault() {
    let sink = SmtpSink::start(&["-B", "550 5.1.1 No such user", "-f", "RCPT"]);
    let world = world_with(Kind::Sqlite, &sink.url()).await;
    let post = Post::open(&commander(&world).await, &by_mail(30)).await;
    let broadcast = post.sends().await;
    deliver_all(&world).await;
    let lines = post.deliveries(&broadcast).await;
    assert_eq!(states(&lines), ["queued"; 30], "{lines:?}");
    assert_eq!(resting(&post).await.len(), 1);
    world.end().await;
}

fn postfix() -> String {
    format!("smtp+plain://{}", settings::required("DOWNTIME_TEST_SMTP"))
}

/// A real server refuses one address, delays others and takes the rest; each stands with its own reply.
async fn refused_one_by_one(kind: Kind) {
    let world = world_with(kind, &postfix()).await;
    let line = |email: &str| format!("{email},{email}@hospital.test,,general,ed,yes,");
    let own = format!("well{}", std::process::id()) + if kind == Kind::Sqlite { "s" } else { "p" };
    let second = format!("Two,nouser@hospital.test|second-{own}@hospital.test,,general,ed,yes,");
    let post =
        Post::open(&commander(&world).await, &[second, line("grey"), line("full"), line("shut"), line(&own)])
            .await;
    let broadcast = post.sends().await;
    deliver_all(&world).await;
    let lines = post.deliveries(&broadcast).await;
    let of = |address: &str| {
        let found = lines.iter().find(|line| line["address"] == format!("{address}@hospital.test"));
        found.unwrap_or_else(|| panic!("no delivery to {address}: {lines:?}"))
    };
    assert_eq!(of("nouser")["state"], "failed");
    assert!(of("nouser")["reply"].as_str().is_some_and(|reply| reply.starts_with("550 5.1.1")));
    for later in ["grey", "full", "shut"] {
        assert_eq!(of(later)["state"], "queued", "{later}");
    }
    assert_eq!(of(&own)["state"], "accepted");
    assert_eq!(of(&format!("second-{own}"))["state"], "accepted", "the next address of the same person");
    let mails = mail::wait_for_delivery(&format!("{own}@hospital.test"), 1).await;
    assert!(mails[0].body.contains("\n.\nNext update"), "the lone dot arrived: {}", mails[0].body);
    assert_eq!(mails[0].message_id(), of(&own)["message_id"]);
    world.end().await;
}

#[tokio::test]
async fn a_real_server_refuses_one_by_one_on_sqlite() {
    refused_one_by_one(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_real_server_refuses_one_by_one_on_postgres() {
    refused_one_by_one(Kind::Postgres).await;
}

/// STARTTLS and a password; with a wrong one nothing is sent and nobody fails.
#[tokio::test]
async fn a_server_that_wants_tls_and_a_password_gets_both() {
    let (user, password) =
        (settings::required("DOWNTIME_TEST_SMTP_USER"), settings::required("DOWNTIME_TEST_SMTP_PASSWORD"));
    let user = user.replace('@', "%40");
    let (host, port) = ("localhost", settings::required("DOWNTIME_TEST_SMTP_TLS"));
    let port = port.rsplit(':').next().expect("an address has a port").to_owned();
    let ca = settings::required("DOWNTIME_TEST_SMTP_CERT");
    for (password, state) in [(password.as_str(), "accepted"), ("wrong", "queued")] {
        let world =
            world_with(Kind::Sqlite, &format!("smtp://{user}:{password}@{host}:{port}?ca={ca}")).await;
        let post = Post::open(&commander(&world).await, &by_mail(2)).await;
        let broadcast = post.sends().await;
        deliver_all(&world).await;
        let lines = post.deliveries(&broadcast).await;
        assert_eq!(states(&lines), [state; 2], "{lines:?} {:?}", resting(&post).await);
        world.end().await;
    }
}

/// kill -9 while mails leave: afterwards each Message-ID arrived once, or its row says "in doubt, re-sent".
async fn killed_while_sending(kind: Kind) {
    const PEOPLE: usize = 1_500;
    let sink = SmtpSink::start(&[]);
    let mut server = RealServer::prepare(kind, &[("smtp", &sink.url())]).await;
    server.put_harbor().await;
    server.launch();
    let program = server.set_up().await;
    let post = Post::open(&program, &by_mail(PEOPLE)).await;
    let broadcast = post.sends().await;
    for share in 1..=3 {
        sink.wait_for(PEOPLE * share / 5).await;
        server.crash_and_restart();
    }
    let began = std::time::Instant::now();
    while program.reads(&broadcast).await["stage"] != "done" {
        assert!(began.elapsed() < Duration::from_mins(1), "{}", server.written());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ledger = program.asks(&format!("{broadcast}/deliveries.csv")).await.expect(200);
    let mut arrived = std::collections::BTreeMap::<String, usize>::new();
    for mail in sink.wait_for(PEOPLE).await {
        *arrived.entry(mail.message_id().to_owned()).or_default() += 1;
    }
    let rows: Vec<&str> = ledger.text().lines().skip(1).collect();
    assert_eq!(rows.len(), PEOPLE);
    for row in rows {
        let id = row.split(',').find(|cell| cell.starts_with('<')).expect("a row has its Message-ID");
        let times = arrived.get(id).copied().unwrap_or(0);
        let doubted = row.contains("in doubt, re-sent (accepted)");
        assert!(times == 1 || doubted && times > 1, "arrived {times} times: {row}");
        assert!(doubted || row.contains(",accepted,"), "{row}");
    }
    server.end().await;
}

#[tokio::test]
async fn killed_while_sending_on_sqlite() {
    killed_while_sending(Kind::Sqlite).await;
}

#[tokio::test]
async fn killed_while_sending_on_postgres() {
    killed_while_sending(Kind::Postgres).await;
}
