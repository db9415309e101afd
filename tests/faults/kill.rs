//! kill -9 at random moments while an incident is worked on: what was acknowledged is there afterwards, once; what
//! was not is there wholly or not at all, and repeating it does it once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use acceptance::{
    Kind, Program, RealServer,
    cast::{list, text},
    mail::SmtpSink,
    morning::{Morning, PEOPLE_TOLD},
    settings,
};
use serde_json::{Value, json};

/// How often the server is killed in one run.
fn kills() -> usize {
    if settings::long() { 50 } else { 5 }
}

/// Moments that differ in every run but are spread over the whole of a command.
fn pause(round: usize) -> Duration {
    let now = std::time::Instant::now();
    let noise = format!("{now:?}").bytes().fold(17_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    Duration::from_millis(20 + (noise + round as u64 * 37) % 700)
}

/// Kills and restarts the server until told enough, in a thread of its own.
fn crash_again_and_again(
    mut server: RealServer,
    enough: Arc<AtomicBool>,
) -> std::thread::JoinHandle<(RealServer, usize)> {
    std::thread::spawn(move || {
        let mut count = 0;
        while count < kills() {
            std::thread::sleep(pause(count));
            server.crash_and_restart();
            count += 1;
        }
        enough.store(true, Ordering::SeqCst);
        (server, count)
    })
}

async fn works_until(enough: &AtomicBool, program: &Program) -> (String, i64) {
    let declared = program.does("/incidents", night()).await;
    let incident = declared["incident"].as_str().expect("an id").to_owned();
    let mut last = declared["seq"].as_i64().expect("a number");
    for round in 0_usize.. {
        let status = ["down", "restoring", "degraded"][round % 3];
        let report = json!({ "system": "epic", "status": status, "sites": ["cape", "islands"] });
        let reported = program.does(&format!("/incidents/{incident}/statuses"), report).await;
        let seq = reported["seq"].as_i64().expect("a number");
        assert!(seq > last, "an entry took the place of an acknowledged one: {seq} after {last}");
        last = seq;
        if round.is_multiple_of(4) {
            // A program's account: a person's would come with a code that is shown once only.
            let login = format!("feed{round}");
            let account =
                json!({ "login": login, "name": "A feed", "grants": ["viewer@all"], "program": "yes" });
            program.does("/accounts", account).await;
        }
        if enough.load(Ordering::SeqCst) {
            break;
        }
    }
    (incident, last)
}

fn night() -> Value {
    json!({
        "name": "Endpoint outage", "level": 3, "basis": "Help desk, then two wards", "places": ["all"],
        "systems": ["epic:down", "laboratory:down"]
    })
}

/// The sink has no message twice, unless its row says that it went again after a doubt.
async fn no_mail_twice_without_a_word(sink: &SmtpSink, morning: &Morning) -> usize {
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for mail in sink.mails() {
        *copies.entry(mail.message_id().to_owned()).or_default() += 1;
    }
    let mut ledger = Vec::new();
    for broadcast in &morning.broadcasts {
        let path = format!("{}/broadcasts/{broadcast}/deliveries", morning.incident);
        ledger.extend(list(&morning.cast.get("bea").reads(&path).await["lines"]).clone());
    }
    let twice: Vec<_> = copies.iter().filter(|(_, count)| **count > 1).collect();
    for (id, count) in &twice {
        let of_this = |line: &&Value| id.contains(&text(&line["message_id"]));
        let line = ledger.iter().find(of_this).unwrap_or_else(|| panic!("no row has {id}"));
        assert!(text(&line["words"]).contains("re-sent"), "{id} came {count} times and its row says {line}");
    }
    assert_eq!(copies.len(), 2 * PEOPLE_TOLD, "each delivery has one Message-ID");
    twice.len()
}

async fn survives_kills(kind: Kind) {
    let sink = SmtpSink::start(&[]);
    let mut server = RealServer::prepare(kind, &[("smtp", &sink.url())]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let program = server.set_up().await.that_insists();
    let mut morning = Morning::before(program.clone(), harbor).await;
    let enough = Arc::new(AtomicBool::new(false));
    let crashes = crash_again_and_again(server, enough.clone());
    morning.plays().await;
    let (incident, last) = works_until(&enough, &program).await;
    let (mut server, count) = crashes.join().expect("no start failed");

    let mut acknowledged = program.repeats_all().await;
    for (_, somebody) in morning.cast.all() {
        acknowledged += somebody.repeats_all().await;
    }
    let board = program.reads(&format!("/incidents/{incident}")).await;
    assert_eq!(board["seq"].as_i64(), Some(last), "{board}");
    let twice = no_mail_twice_without_a_word(&sink, &morning).await;
    server.stop();
    server.runs_well(&["log", "verify"]);
    settings::report(&format!(
        "{kind:?}: {count} kills during S0, {acknowledged} commands acknowledged, none missing; \
         {twice} of {} mails sent again after a doubt, each said so",
        2 * PEOPLE_TOLD
    ));
    server.end().await;
}

#[tokio::test]
async fn nothing_acknowledged_is_missing_on_sqlite() {
    survives_kills(Kind::Sqlite).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_missing_on_postgres() {
    survives_kills(Kind::Postgres).await;
}
