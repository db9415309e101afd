//! Two processes over one PostgreSQL: after a release or a revocation through one of them, its own answers say so at once,
//! the other's within a second, and the copy outside within a minute.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{
    Kind, PASSWORD, Program, RealServer,
    cast::{Cast, list, text},
    letters::{Post, by_mail},
};
use domain::scope::Place;
use serde_json::json;

/// How long the other process may go on saying the old.
const OTHER: Duration = Duration::from_secs(1);
const COPIED: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
const ROUNDS: usize = 3;

/// The forms in which strangers read a site, and the last for the code of its all clear.
const FORMS: [&str; 4] = ["/status/cape", "/status/cape.json", "/status/cape.rss", "/status/cape.cap"];

/// Laboratory down at Cape, with those who bring it back.
struct Night {
    cast: Cast,
    incident: String,
    scope: String,
}

impl Night {
    async fn falls(administrator: &Program, cape: &str) -> Self {
        let cast = Cast::hired(administrator).await;
        let form = json!({ "name": "Laboratory outage", "basis": "Cape called", "places": [cape], "systems": ["laboratory:down"] });
        let declared = cast.get("ada").does("/incidents", form).await;
        let incident = format!("/incidents/{}", text(&declared["incident"]));
        let order = json!({ "system": "laboratory", "word": "do_not_log_in", "place": "all" });
        cast.get("ada").does(&format!("{incident}/instructions"), order).await;
        Self { scope: String::new(), cast, incident }
    }

    /// Restores and signs the scope that is open.
    async fn signs(&mut self) {
        let ladder = self.cast.get("ada").reads(&format!("{}/clearance", self.incident)).await;
        self.scope = text(&list(&ladder["scopes"])[0]["path"]);
        let (cio, cmio, scope) = (self.cast.get("cio"), self.cast.get("cmio"), &self.scope);
        cio.does(&format!("{scope}/restore"), json!({})).await;
        let evidence = json!({ "piece": "checked-in-use", "passed": true, "note": "20 of 20 results match" });
        cio.does(&format!("{scope}/evidence"), evidence).await;
        cio.does(&format!("{scope}/sign"), json!({ "signer": "cio", "password": PASSWORD })).await;
        cmio.does(&format!("{scope}/sign"), json!({ "signer": "cmio", "password": PASSWORD })).await;
    }

    /// Sends the all clear of the scope; gives its code once it has left.
    async fn says_all_clear(&self, post: &Post) -> String {
        let clearance = self.scope.rsplit('/').next().expect("has an id");
        let words = json!({ "clearance": clearance, "audiences": [post.list] });
        let composed = post.program.does(&post.path("/all-clear"), words).await;
        let path = post.path(&format!("/{}", text(&composed["broadcast"])));
        post.program.does(&format!("{path}/send"), json!({})).await;
        let began = Instant::now();
        loop {
            let seen = post.program.reads(&path).await;
            if matches!(seen["stage"].as_str(), Some("sending" | "done")) {
                return text(&seen["email_code"]);
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{seen}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Whether what a stranger reads permits to use the laboratory, or shows what its all clear said.
async fn permits(stranger: &Program, path: &str) -> bool {
    let mut request = acceptance::door::Request::new(axum::http::Method::GET, path);
    if !path.contains('.') {
        request = request.header("accept", "text/html");
    }
    let answer = stranger.door.send(request).await.expect(200);
    let said = answer.text();
    said.contains("USE") || said.contains("belongs to exactly")
}

/// How long after `since` each of these paths permits or no longer does.
async fn turns(stranger: &Program, paths: &[String], wanted: bool, since: Instant) -> Vec<Duration> {
    let turn = |path: String| async move {
        while permits(stranger, &path).await != wanted {
            assert!(since.elapsed() < OTHER, "{path} is not {wanted} after {:?}", since.elapsed());
            tokio::time::sleep(POLL).await;
        }
        since.elapsed()
    };
    futures::future::join_all(paths.iter().cloned().map(turn)).await
}

/// Every page of a copy that permits something.
fn permitting(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["", "status", "verify"] {
        for entry in std::fs::read_dir(folder.join(part)).into_iter().flatten().flatten() {
            let path = entry.path();
            let said = std::fs::read_to_string(&path).unwrap_or_default();
            let is_page = path.extension().is_some_and(|end| end != "css");
            if is_page && (said.contains("USE") || said.contains("belongs to exactly")) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

async fn copied(folder: &Path, wanted: bool) -> Duration {
    let since = Instant::now();
    while permitting(folder).is_empty() == wanted {
        assert!(since.elapsed() < COPIED, "{:?}", permitting(folder));
        tokio::time::sleep(POLL).await;
    }
    since.elapsed()
}

#[tokio::test]
async fn a_release_and_a_revocation_reach_the_other_process_within_a_second() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let outside = folder.path().join("outside");
    let settings = [("publish-to", outside.to_str().expect("is a text"))];
    let mut first = RealServer::prepare(Kind::Postgres, &settings).await;
    let harbor = first.put_harbor().await;
    first.launch();
    let administrator = first.set_up().await;
    let mut second = RealServer::prepare(Kind::Sqlite, &[]).await;
    second.database.clone_from(&first.database);
    second.launch();
    let cape = Place::Facility(harbor.facility("cape")).to_string();
    let mut night = Night::falls(&administrator, &cape).await;
    let incident = night.incident.rsplit('/').next().expect("has an id").to_owned();
    let mut post = Post { program: night.cast.get("bea").clone(), incident, list: String::new() };
    post.list = post.gives("Staff", &by_mail(1)).await;
    let (here, there) = (first.program(), second.program());
    let mut paths: Vec<String> = FORMS.iter().map(|path| (*path).to_owned()).collect();
    for path in &paths {
        assert!(!permits(&here, path).await && !permits(&there, path).await, "{path}");
    }
    for round in 1..=ROUNDS {
        night.signs().await;
        night.cast.get("ada").does(&format!("{}/release", night.scope), json!({})).await;
        let since = Instant::now();
        for path in &paths {
            assert!(permits(&here, path).await, "{path}: the process that released it knows at once");
        }
        let released = turns(&there, &paths, true, since).await;
        let code = night.says_all_clear(&post).await;
        paths.push(format!("/verify?code={code}"));
        let copied_after = copied(&outside, true).await;
        println!("round {round}: released, the other after {released:?}, the copy after {copied_after:?}");

        let reason = json!({ "reason": "Formulary is damaged" });
        night.cast.get("cio").does(&format!("{}/revoke", night.scope), reason).await;
        let since = Instant::now();
        for path in &paths {
            assert!(!permits(&here, path).await, "{path}: the process that took it back knows at once");
        }
        let revoked = turns(&there, &paths, false, since).await;
        paths.pop();
        let copied_after = copied(&outside, false).await;
        println!("round {round}: taken back, the other after {revoked:?}, the copy after {copied_after:?}");
    }
    second.end().await;
    first.end().await;
}
