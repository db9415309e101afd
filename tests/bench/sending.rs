//! One broadcast to 82,000 people at L: how fast mail leaves beside `smtp-source`, what it does to the board, to
//! other commands and to memory.

use std::{
    fmt::Write as _,
    process::Command,
    time::{Duration, Instant},
};

use acceptance::{Kind, Program, RealServer, mail::SmtpSink, server::resident_megabytes};
use serde_json::{Value, json};

use crate::{
    pages::declares,
    report::{Bar, Line, median, p99},
};

const FEW: usize = 820;
const SOME: usize = 20_000;
const MANY: usize = 82_000;
const CONNECTIONS: usize = 4;
const UNITS: [&str; 2] = ["ed", "icu"];

pub async fn measure() -> Vec<Line> {
    let sink = SmtpSink::that_forgets();
    let connections = CONNECTIONS.to_string();
    let settings = [("smtp", sink.url()), ("smtp-connections", connections)];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = RealServer::prepare(Kind::Sqlite, &settings).await;
    server.runs_well(&["demo", "l", "--only"]);
    server.launch();
    let root = server.set_up().await;
    let incident = declares(&root).await;
    let units = units(&root).await;

    let small = sends(&root, &incident, &units, FEW).await;
    finished(&root, &small).await;
    let idle = command_milliseconds(&root, &incident, Duration::from_secs(5)).await;
    // After the commands, so that both boards draw a full log and differ in their rows alone.
    let board_few = board_milliseconds(&root, &incident, 200).await;

    let list = gives(&root, &incident, &units, MANY).await;
    let large = orders(&root, &incident, &list).await;
    let busy = command_milliseconds(&root, &incident, Duration::from_secs(5)).await;
    finished(&root, &large).await;
    let board_many = board_milliseconds(&root, &incident, 1_000).await;
    let memory = resident_megabytes(server.process().expect("it runs"));
    let longest = longest_chunk(&server.written());
    let list = gives(&root, &incident, &units, SOME).await;
    let rate = messages_a_second(&root, &incident, &list).await;
    server.end().await;
    let limit = smtp_source(&sink);

    let ratio_line =
        |name, ours, limit, unit, bar| Line { name, ours, limit, unit, bar, note: String::new() };
    vec![
        ratio_line("email", rate, limit, "messages/s", Bar::AtLeast(0.3)),
        ratio_line("board-rows-x100", board_many, board_few, "ms", Bar::AtMost(1.2)),
        Line::budget("memory", memory, 150.0, "MB"),
        Line {
            note: longest,
            ..ratio_line("staging-82000", p99(busy), p99(idle), "ms p99", Bar::AtMost(3.0))
        },
    ]
}

/// The longest chunk of rows that was written in one transaction, as the server's log tells of its last staging.
fn longest_chunk(log: &str) -> String {
    let micros = log.rsplit("longest_chunk_us").next().unwrap_or_default();
    let digits: String =
        micros.chars().skip_while(|sign| !sign.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let micros: f64 = digits.parse().expect("the server's log tells of the longest chunk");
    format!("longest chunk {:.1} ms", micros / 1000.0)
}

/// The units that every site of the demo hospital has, with the site's code.
async fn units(root: &Program) -> Vec<(String, String)> {
    let view: Value = root.reads("/places").await;
    let sites = view["facilities"].as_array().expect("a list").iter();
    let codes = sites.map(|site| site["code"].as_str().expect("a code").to_owned());
    codes.flat_map(|site| UNITS.map(|unit| (site.clone(), unit.to_owned()))).collect()
}

/// Gives a list of people with an e-mail address each: the audience.
async fn gives(root: &Program, incident: &str, units: &[(String, String)], count: usize) -> String {
    let mut file = String::from("name,email,phone,facility,unit,on_duty,lead\n");
    for number in 0..count {
        let (site, unit) = &units[number % units.len()];
        writeln!(file, "Person {number},p{number}@hospital.test,,{site},{unit},yes,").expect("a text grows");
    }
    let path = format!("{incident}/audiences");
    let name = format!("{count} people");
    let answer =
        root.uploads(&path, &[("name", &name)], ("file", "list.csv", file.as_bytes())).await.expect(201);
    answer.json::<Value>()["audience"].as_str().expect("an id").to_owned()
}

/// Composes and orders: the broadcast's path.
async fn orders(root: &Program, incident: &str, list: &str) -> String {
    let words = json!({
        "subject": "Computers are down", "body": "Use paper. ".repeat(150), "sms": "Use paper.", "audiences": [list]
    });
    let composed = root.does(&format!("{incident}/broadcasts"), words).await;
    let path = format!("{incident}/broadcasts/{}", composed["broadcast"].as_str().expect("an id"));
    root.does(&format!("{path}/send"), json!({})).await;
    path
}

async fn sends(root: &Program, incident: &str, units: &[(String, String)], count: usize) -> String {
    let list = gives(root, incident, units, count).await;
    orders(root, incident, &list).await
}

/// How fast mail leaves, from the first row that is due until the last is recorded, while nobody asks for anything.
async fn messages_a_second(root: &Program, incident: &str, list: &str) -> f64 {
    let broadcast = orders(root, incident, list).await;
    let stage_is = |stage: &'static str| {
        let broadcast = broadcast.clone();
        async move {
            while root.reads(&broadcast).await["stage"] != stage {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Instant::now()
        }
    };
    let began = stage_is("sending").await;
    let ended = stage_is("done").await;
    as_f64(SOME) / (ended - began).as_secs_f64()
}

async fn finished(root: &Program, broadcast: &str) {
    let began = Instant::now();
    while root.reads(broadcast).await["stage"] != "done" {
        assert!(began.elapsed() < Duration::from_mins(10), "{}", root.reads(broadcast).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The median of the board page, of this many views.
async fn board_milliseconds(root: &Program, incident: &str, views: usize) -> f64 {
    let mut times = Vec::with_capacity(views);
    for _ in 0..views {
        let began = Instant::now();
        let answer = root.asks(incident).await;
        assert!(answer.status.is_success(), "{answer:?}");
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    median(times)
}

/// How long commands take one after the other for a while.
async fn command_milliseconds(root: &Program, incident: &str, how_long: Duration) -> Vec<f64> {
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < how_long {
        let status = ["down", "degraded"][times.len() % 2];
        let report = json!({ "system": "laboratory", "status": status });
        let asked = Instant::now();
        root.does(&format!("{incident}/statuses"), report).await;
        times.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    times
}

/// What the polite client makes of the same sink with as many connections.
fn smtp_source(sink: &SmtpSink) -> f64 {
    let count = SOME;
    let (messages, sessions) = (count.to_string(), CONNECTIONS.to_string());
    let server = format!("127.0.0.1:{}", sink.port);
    let began = Instant::now();
    let status = Command::new("/usr/sbin/smtp-source")
        .args([
            "-d",
            "-s",
            &sessions,
            "-l",
            "2048",
            "-m",
            &messages,
            "-f",
            "a@ex.test",
            "-t",
            "b@ex.test",
            &server,
        ])
        .status()
        .expect("smtp-source is installed");
    assert!(status.success(), "smtp-source failed");
    as_f64(count) / began.elapsed().as_secs_f64()
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("is small"))
}
