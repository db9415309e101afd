//! Every page of the route table in a real browser, at 360 and 1280 px, light and dark: no barrier that axe knows,
//! no complaint about the content security policy, no error, nothing that needs scrolling sideways.

use acceptance::{Kind, Program, RealServer, browser::Browser};
use axum::http::Method;
use backend::web::{self, routes::Access};
use serde_json::{Value, json};

/// What stands in a path of the table in place of its names, from an installation with something to show.
struct Filled {
    incident: String,
    playbook: String,
}

impl Filled {
    fn path(&self, path: &str) -> String {
        let parts = path.split('/').map(|part| match part {
            "{incident}" => self.incident.as_str(),
            "{fingerprint}" => self.playbook.as_str(),
            name if name.starts_with('{') => {
                panic!("this test does not know what to put for {name} in {path}")
            }
            fixed => fixed,
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

async fn something_to_show(administrator: &Program) -> Filled {
    let night = json!({
        "name": "Endpoint outage of a long night with a long name", "level": 3, "basis": "Help desk, then two wards",
        "places": ["all"], "started_at": "2024-07-19 00:40",
        "systems": ["epic:down", "laboratory:down", "laboratory:operational@cape", "workstations:degraded",
            "epic-read-only:operational", "email-phones:unknown"]
    });
    let declared = administrator.does("/incidents", night).await;
    let playbooks: Value = administrator.reads("/playbooks").await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Filled {
        incident: text(&declared["incident"]),
        playbook: text(&playbooks["playbooks"][0]["fingerprint"]),
    }
}

/// Signs a browser in through the page.
async fn signs_in(browser: &Browser) {
    browser.goes_to("/sign-in").await;
    browser.types("Name for signing in", "root").await;
    browser.types("Password", "a long enough password").await;
    browser.clicks("Sign in").await;
}

#[tokio::test]
async fn every_page_is_clean_at_both_widths_light_and_dark() {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    let filled = something_to_show(&administrator).await;
    let browser = Browser::open(&server.address()).await;
    signs_in(&browser).await;
    let (mut seen, mut faults) = (0, Vec::new());
    for route in web::routes().table().0.iter() {
        if route.method != Method::GET || route.media != "text/html" || route.path == "/setup" {
            continue;
        }
        let path = filled.path(route.path);
        for (width, height, scheme) in [(1280, 900, "light"), (360, 740, "dark")] {
            browser.size(width, height).await;
            browser.shows_as("screen", scheme).await;
            browser.goes_to(&path).await;
            faults.extend(
                browser.faults().await.into_iter().map(|fault| format!("{width} px, {scheme}: {fault}")),
            );
            let name = route.path.trim_matches('/').replace(['/', '{', '}'], "-");
            browser
                .pictures(&format!("pages/{}-{width}-{scheme}", if name.is_empty() { "home" } else { &name }))
                .await;
        }
        assert!(
            route.access == Access::Public || browser.at().await != "/sign-in",
            "{path} asked to sign in"
        );
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} pages were looked at");
    assert!(faults.is_empty(), "{faults:#?}");
    browser.close().await;
    server.end().await;
}

#[tokio::test]
async fn the_first_administrator_is_made_by_the_printed_link() {
    let server = RealServer::start(Kind::Sqlite, &[]).await;
    let browser = Browser::open(&server.address()).await;
    browser.goes_to(&server.setup_path()).await;
    browser.is_clean().await;
    browser.types("What is your hospital", "Harbor Health").await;
    browser.types("Your name", "Rae Root").await;
    browser.types("Name for signing in", "root").await;
    browser.types("Password", "short").await;
    browser.clicks("Make the first administrator").await;
    browser.is_clean().await;
    assert!(browser.text().await.contains("at least 12 characters"), "{}", browser.text().await);
    browser.types("Password", "a long enough password").await;
    browser.clicks("Make the first administrator").await;
    assert_eq!(browser.at().await, "/incidents");
    browser.is_clean().await;
    browser.close().await;
    server.end().await;
}
