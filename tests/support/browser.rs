//! Chromium, with a fresh profile for each test, and what only it can tell: complaints of the content security
//! policy, errors in scripts, axe's findings, and how a page looks.

use std::{
    fmt::Write,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::settings;

/// The flags under which Chromium starts in a container and talks to nobody.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// A browser window of one test.
pub struct Browser {
    pub client: Client,
    address: String,
    width: AtomicU32,
    _profile: tempfile::TempDir,
}

/// A command of the driver that its standard does not have.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Opens a window of 1280 x 900 on a server's address.
    ///
    /// # Panics
    /// When Chromium does not start.
    pub async fn open(address: &str) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object was written above") };
        let driver = settings::required("DOWNTIME_TEST_CHROMEDRIVER");
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(Capabilities::from_iter(capabilities))
            .connect(&driver)
            .await
            .expect("Chromium starts");
        let browser = Self {
            client,
            address: address.trim_end_matches('/').to_owned(),
            width: AtomicU32::new(0),
            _profile: profile,
        };
        browser.size(1280, 900).await;
        browser
    }

    /// Goes to a path of the server.
    ///
    /// # Panics
    /// When the page does not load.
    pub async fn goes_to(&self, path: &str) {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.address) };
        self.client.goto(&url).await.unwrap_or_else(|error| panic!("{url} did not load: {error}"));
    }

    /// The path and query of the page that is shown.
    ///
    /// # Panics
    /// When the browser has gone.
    pub async fn at(&self) -> String {
        let url = self.client.current_url().await.expect("the browser answers");
        url.as_str().strip_prefix(&self.address).unwrap_or(url.as_str()).to_owned()
    }

    /// Sets the size of the window in CSS pixels; narrow ones behave as a phone.
    pub async fn size(&self, width: u32, height: u32) {
        let phone = width < 600;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.width.store(width, Ordering::Relaxed);
    }

    /// Shows pages as on paper (`print`) or on a screen (`screen`), light or dark.
    pub async fn shows_as(&self, medium: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features })).await;
    }

    /// Runs a script in the page and gives its result.
    ///
    /// # Panics
    /// When the script fails.
    pub async fn runs(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// All that can be read on the page.
    pub async fn text(&self) -> String {
        self.runs("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says something, for at most this long, and tells how long it took.
    ///
    /// # Panics
    /// When it does not say it in time.
    pub async fn reads(&self, words: &str, within: Duration) -> Duration {
        let began = Instant::now();
        loop {
            // While one page goes and the next comes there is nothing to read.
            let text = self.client.execute("return document.body.innerText", Vec::new()).await;
            let text = text.ok().and_then(|text| text.as_str().map(ToOwned::to_owned)).unwrap_or_default();
            if text.contains(words) {
                return began.elapsed();
            }
            assert!(began.elapsed() < within, "no {words:?} after {within:?} on {}: {text}", self.at().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a script in the page says yes, for at most this long.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn waits_until(&self, script: &str, within: Duration) {
        let began = Instant::now();
        // While one page goes and the next comes there is nothing to ask.
        while !self.client.execute(script, Vec::new()).await.is_ok_and(|said| said == true) {
            assert!(began.elapsed() < within, "{script} is not so after {within:?} on {}", self.at().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Clicks the link or button with these words.
    ///
    /// # Panics
    /// When there is none.
    pub async fn clicks(&self, words: &str) {
        let path = format!("//*[self::a or self::button][contains(normalize-space(.), {words:?})]");
        let found = self.client.find(Locator::XPath(&path)).await;
        let element = found.unwrap_or_else(|error| panic!("nothing to click says {words:?}: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("{words:?} cannot be clicked: {error}"));
    }

    /// Types into the field with this label, over what stands there.
    ///
    /// # Panics
    /// When there is none.
    pub async fn types(&self, label: &str, text: &str) {
        let path = format!("//*[@id = //label[contains(normalize-space(.), {label:?})]/@for]");
        let found = self.client.find(Locator::XPath(&path)).await;
        let field = found.unwrap_or_else(|error| panic!("no field is labelled {label:?}: {error}"));
        field.clear().await.expect("a field can be cleared");
        field.send_keys(text).await.expect("a field can be typed into");
    }

    /// Presses keys where the focus is.
    ///
    /// # Panics
    /// When nothing has the focus.
    pub async fn presses(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.expect("keys can be pressed");
    }

    /// Presses one key of the keyboard so many times, wherever the focus is; also where a field takes no text.
    ///
    /// # Panics
    /// When the browser has gone.
    pub async fn strikes(&self, key: char, times: u64) {
        self.holds(&[], key, times).await;
    }

    /// The same while the Shift key is held.
    ///
    /// # Panics
    /// When the browser has gone.
    pub async fn strikes_with_shift(&self, key: char, times: u64) {
        self.holds(&['\u{E008}'], key, times).await;
    }

    async fn holds(&self, held: &[char], key: char, times: u64) {
        let mut keys = KeyActions::new("keyboard".to_owned());
        for value in held {
            keys = keys.then(KeyAction::Down { value: *value });
        }
        for _ in 0..times {
            keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        }
        for value in held {
            keys = keys.then(KeyAction::Up { value: *value });
        }
        self.client.perform_actions(keys).await.expect("keys can be pressed");
    }

    /// Picture of the whole page, in `tests/out/NAME.png`.
    ///
    /// # Panics
    /// When no picture can be taken.
    pub async fn pictures(&self, name: &str) -> PathBuf {
        let size = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let (width, height) = (&size["cssContentSize"]["width"], &size["cssContentSize"]["height"]);
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let options = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", options).await;
        let data = picture["data"].as_str().expect("a picture is base64");
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data);
        let path = settings::out().join(format!("{name}.png"));
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        std::fs::write(&path, bytes.expect("a picture is base64")).expect("the folder can be written");
        path
    }

    /// What the browser has complained about since the last time: broken policies, failed loads, errors.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.extension("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let bad = entries.iter().filter(|entry| entry["level"] == "SEVERE" || is_policy(&entry["message"]));
        let messages = bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        // A form that was refused is a page with status 422, which Chromium notes as a failed load.
        messages.filter(|message| !message.contains("status of 422")).collect()
    }

    /// What axe finds on the page, one line each; nothing is right.
    ///
    /// # Panics
    /// When axe cannot run.
    pub async fn barriers(&self) -> Vec<String> {
        let axe = std::fs::read_to_string(settings::required("DOWNTIME_TEST_AXE"))
            .expect("tests/install fetched axe");
        self.runs(&axe).await;
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(found => done(found.violations), error => done(String(error)))";
        let found = self.client.execute_async(run, Vec::new()).await.expect("axe runs");
        let Value::Array(found) = found else { panic!("axe failed: {found}") };
        found.iter().map(barrier).collect()
    }

    /// What is wrong with the page as it is shown: what the browser complained about, what axe finds, and whether
    /// it must be scrolled sideways.
    pub async fn faults(&self) -> Vec<String> {
        let at = self.at().await;
        let mut faults = self.complaints().await;
        faults.extend(self.barriers().await);
        let inner =
            self.runs("return document.documentElement.scrollWidth").await.as_u64().unwrap_or_default();
        let width = u64::from(self.width.load(Ordering::Relaxed));
        if inner > width {
            faults.push(format!("it is {inner} px wide in a window of {width}"));
        }
        faults.iter().map(|fault| format!("{at}: {fault}")).collect()
    }

    /// Asserts that nothing is wrong with the page as it is shown.
    ///
    /// # Panics
    /// When something is, with all of it.
    pub async fn is_clean(&self) {
        let faults = self.faults().await;
        assert!(faults.is_empty(), "{faults:#?}");
    }

    /// Takes a cookie of an earlier visit back, as a browser keeps it for a page that is safe.
    pub async fn takes_back(&self, name: &str, value: &str) {
        let cookie = json!({
            "name": name, "value": value, "url": self.address, "path": "/", "secure": true, "httpOnly": true,
        });
        self.devtools("Network.setCookie", cookie).await;
    }

    /// Ends the browser.
    ///
    /// # Panics
    /// When it has already gone.
    pub async fn close(self) {
        self.client.close().await.expect("the browser can be closed");
    }

    /// A command of Chromium's own protocol.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.extension("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn extension(&self, path: &'static str, body: Value) -> Value {
        let answer = self.client.issue_cmd(Extension { path, body }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn is_policy(message: &Value) -> bool {
    message.as_str().is_some_and(|message| message.contains("Content Security Policy"))
}

fn barrier(found: &Value) -> String {
    let mut line =
        format!("{}: {}", found["id"].as_str().unwrap_or("?"), found["help"].as_str().unwrap_or(""));
    for node in found["nodes"].as_array().into_iter().flatten().take(5) {
        let _ = write!(line, "\n    {} {}", node["target"], node["failureSummary"].as_str().unwrap_or(""));
    }
    line
}
