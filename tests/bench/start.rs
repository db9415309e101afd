//! How large the browser bundle is, and how soon a server over a large hospital answers.

use std::time::Instant;

use acceptance::{Kind, RealServer, door::Request};
use reqwest::Method;

use crate::report::{Line, median};

/// The budget of the browser bundle in KB after brotli.
const BUNDLE_KB: f64 = 150.0;
/// The budget from start to the first answer in seconds.
const START_SECONDS: f64 = 1.0;

pub async fn measure() -> Vec<Line> {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.runs_well(&["demo", "l", "--only"]);
    let mut seconds = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        server.launch();
        let answer = server.door().send(Request::new(Method::GET, "/status/general")).await;
        assert!(answer.status.is_success(), "{answer:?}");
        seconds.push(began.elapsed().as_secs_f64());
        server.stop();
    }
    server.launch();
    let bundle = bundle_kilobytes(&server).await;
    server.end().await;
    vec![
        Line::budget("browser-bundle", bundle, BUNDLE_KB, "KB"),
        Line::budget("start-to-first-answer", median(seconds), START_SECONDS, "s"),
    ]
}

/// What a browser fetches for the islands as brotli: the script of the page, and the bindings and the module that it
/// names.
async fn bundle_kilobytes(server: &RealServer) -> f64 {
    let mut person = server.person();
    let page = person.opens(&server.setup_path()).await;
    let script = page.all("script[type=module][src]").first().and_then(|script| script.attr("src"));
    let script = script.expect("a page of the bundled program has its script").to_owned();
    let plain = person.send(Request::new(Method::GET, &script)).await.expect(200);
    let source = plain.text().to_owned();
    let named =
        source.split(['"', '\'', '`']).filter(|part| part.starts_with("/assets/")).map(ToOwned::to_owned);
    let paths: Vec<String> = std::iter::once(script).chain(named).collect();
    let is_there = |end: &str| paths.iter().any(|path| path.ends_with(end));
    assert!(is_there(".wasm") && paths.len() == 3, "the script names other files than expected: {source}");
    let mut bytes = 0;
    for path in paths {
        let request = Request::new(Method::GET, &path).header("accept-encoding", "br");
        bytes += person.send(request).await.expect(200).body.len();
    }
    kilobytes(bytes)
}

/// Bytes as KB.
pub fn kilobytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).expect("is less than 4 GB")) / 1024.0
}
