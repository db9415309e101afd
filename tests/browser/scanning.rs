//! A USB scanner at the scan page: it types a serial and Enter, five hundred in a row, with no hand at the mouse.
//! Every scan is answered, and the ledger agrees; none is lost when the server goes away in between.

use std::time::Duration;

use acceptance::{Kind, RealServer, browser::Browser, morning::Morning};
use domain::forms::Serial;
use serde_json::{Value, json};

use crate::pages::sits_down;

/// The Enter key, as the driver writes it.
const ENTER: &str = "\u{E007}";

fn serial(unit: &str, number: i64) -> String {
    Serial::new("general", unit, "MAR", number).to_string()
}

/// An incident with 480 sheets in intensive care and some in another unit, and a browser on the scan page.
async fn begins(server: &RealServer, morning: &Morning) -> Browser {
    let eli = morning.cast.get("eli");
    let forms = |last: &str| format!("{}/forms/{last}", morning.incident);
    let unit = |code: &'static str| morning.harbor.unit("general", code).to_string();
    for (code, first, sheets) in [("icu", 1001, 480), ("ed", 1601, 10)] {
        let form = json!({ "form_type": "MAR", "unit": unit(code), "first": first, "sheets": sheets });
        eli.does(&forms("issue"), form).await;
    }
    let browser = Browser::open(&server.address()).await;
    sits_down(&browser, "eli").await;
    let query = format!("station=collection&pile=used&unit={}", unit("icu"));
    browser.goes_to(&format!("{}?{query}", forms("scan"))).await;
    let ready = "return document.querySelector('[data-scan-extras]:not([hidden])') !== null";
    browser.waits_until(ready, Duration::from_secs(20)).await;
    browser
}

/// What the scanner types, into whatever has the focus.
async fn scans(browser: &Browser, serials: &[String]) {
    for serials in serials.chunks(20) {
        let keys: String = serials.iter().flat_map(|serial| [serial.as_str(), ENTER]).collect();
        browser.presses(&keys).await;
    }
}

async fn answered(browser: &Browser, count: usize, within: Duration) {
    let all = format!("return document.querySelector('[data-scan-count]').textContent === '{count}'");
    browser.waits_until(&all, within).await;
}

async fn sums(browser: &Browser) -> String {
    let sums = browser.runs("return document.querySelector('[data-scan-sums]').textContent").await;
    sums.as_str().unwrap_or_default().to_owned()
}

async fn out_and_used(morning: &Morning) -> (Option<i64>, Option<i64>) {
    let icu = morning.harbor.unit("general", "icu");
    let unit = morning.cast.get("eli").reads(&format!("{}/forms/units/{icu}", morning.incident)).await;
    let ledger: &Value = &unit["types"][0]["ledger"];
    (ledger["out"].as_i64(), ledger["used"].as_i64())
}

async fn night() -> (RealServer, Morning) {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    let mut morning = Morning::before(administrator, harbor).await;
    morning.declares().await;
    (server, morning)
}

#[tokio::test]
async fn five_hundred_serials_in_a_row_are_each_answered() {
    let (server, morning) = night().await;
    let browser = begins(&server, &morning).await;
    let mut typed: Vec<String> = (1001..=1460).map(|number| serial("icu", number)).collect();
    // Ten of another unit, ten doubles, ten misread, ten that nobody was given: 500 in all.
    for index in 0..10 {
        let number = 1601 + i64::try_from(index).expect("is small");
        let misread =
            serial("icu", 1470).replace("-01470-", &format!("-0147{index}-").replace("01470", "01480"));
        typed.insert(40 * index + 7, serial("ed", number));
        typed.insert(40 * index + 19, serial("icu", 1001));
        typed.insert(40 * index + 23, misread);
        typed.insert(40 * index + 31, serial("icu", 4001 + number));
    }
    assert_eq!(typed.len(), 500);
    scans(&browser, &typed).await;
    answered(&browser, 500, Duration::from_mins(1)).await;
    assert_eq!(
        sums(&browser).await,
        "ALREADY 10, ANOTHER UNIT'S SHEET 10, NOT HANDED OUT 10, OK 460, WRONG CHECK CHARACTER 10"
    );
    let focus = browser.runs("return document.activeElement.name").await;
    assert_eq!(focus, "serial", "the next scan goes into the field");
    assert_eq!(out_and_used(&morning).await, (Some(20), Some(460)));
    browser.is_clean().await;
    browser.close().await;
    server.end().await;
}

#[tokio::test]
async fn no_scan_is_lost_while_the_server_is_away_or_the_page_is_closed() {
    let (mut server, morning) = night().await;
    let browser = begins(&server, &morning).await;
    scans(&browser, &[serial("icu", 1001)]).await;
    answered(&browser, 1, Duration::from_secs(10)).await;
    server.kill();
    let typed: Vec<String> = (1002..=1011).map(|number| serial("icu", number)).collect();
    scans(&browser, &typed).await;
    browser.reads("10 scans wait in this browser", Duration::from_secs(10)).await;
    server.launch();
    answered(&browser, 11, Duration::from_secs(30)).await;
    assert_eq!(out_and_used(&morning).await, (Some(469), Some(11)));
    // Away again, and this time the page is left: the next one sends what waits.
    let page = browser.at().await;
    server.kill();
    scans(&browser, &[serial("icu", 1012), serial("icu", 1013)]).await;
    browser.reads("2 scans wait in this browser", Duration::from_secs(10)).await;
    server.launch();
    browser.goes_to(&page).await;
    browser
        .waits_until(
            "return Object.keys(localStorage).every(name => !name.startsWith('scan '))",
            Duration::from_secs(30),
        )
        .await;
    assert_eq!(out_and_used(&morning).await, (Some(467), Some(13)));
    browser.close().await;
    server.end().await;
}
