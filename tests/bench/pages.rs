//! The public page against a bare handler that answers the same bytes, both under `wrk`.

use std::process::Command;

use acceptance::{Kind, Program, RealServer, door::Request};
use axum::{Router, http::header, routing::get};
use reqwest::Method;
use serde_json::json;

use crate::{
    report::{Bar, Line, median},
    start::kilobytes,
};

/// What a phone may have to load for the answer, in KB.
const PAGE_KB: f64 = 14.0;

pub async fn measure() -> Vec<Line> {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.runs_well(&["demo", "s", "--only"]);
    server.launch();
    let root = server.set_up().await;
    declares(&root).await;
    let path = "/status/general";
    let answer = server.door().send(Request::new(Method::GET, path)).await.expect(200);
    let whole = transferred(&server, &answer).await;
    let bare = bare_handler(answer.text().to_owned()).await;
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        ours.push(requests_a_second(&format!("{}{path}", server.address())));
        limits.push(requests_a_second(&bare));
    }
    server.end().await;
    vec![
        Line {
            name: "public-page",
            ours: median(ours),
            limit: median(limits),
            unit: "requests/s",
            bar: Bar::AtLeast(0.8),
            note: String::new(),
        },
        Line::budget("public-page-size", whole, PAGE_KB, "KB"),
    ]
}

/// A downtime from the shipped playbook at all sites: the incident's path.
pub async fn declares(root: &Program) -> String {
    let form = json!({ "playbook": "endpoint-crash", "level": 3, "places": ["all"], "basis": "Help desk" });
    let declared = root.does("/incidents", form).await;
    format!("/incidents/{}", declared["incident"].as_str().expect("an id"))
}

/// The page with its styles and scripts as a phone fetches them.
async fn transferred(server: &RealServer, page: &acceptance::Answer) -> f64 {
    let mut person = server.person();
    let read = page.page();
    let linked = read.all("link[rel=stylesheet], script[src]");
    let mut paths = vec!["/status/general".to_owned()];
    paths.extend(
        linked.iter().filter_map(|each| each.attr("href").or(each.attr("src"))).map(ToOwned::to_owned),
    );
    let mut bytes = 0;
    for path in paths {
        let request = Request::new(Method::GET, &path).header("accept-encoding", "br, gzip");
        bytes += person.send(request).await.expect(200).body.len();
    }
    kilobytes(bytes)
}

/// A server of two threads that knows nothing but these bytes.
async fn bare_handler(body: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("a listener knows its address");
    let bytes = axum::body::Bytes::from(body);
    let answer = move || {
        let bytes = bytes.clone();
        async move { ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], bytes) }
    };
    let router = Router::new().route("/", get(answer));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await });
    tasks.detach_all();
    format!("http://{address}/")
}

/// Keep-alive, 64 connections, 5 seconds.
fn requests_a_second(url: &str) -> f64 {
    let output = Command::new("wrk").args(["-t2", "-c64", "-d5s", url]).output().expect("wrk is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).unwrap_or_else(|| panic!("wrk said {text}"))
}
