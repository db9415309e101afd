//! Every page of the route table in a real browser, at 360 and 1280 px, light and dark: no barrier that axe knows,
//! no complaint about the content security policy, no error, nothing that needs scrolling sideways.

use std::collections::BTreeSet;

use acceptance::{Kind, Program, RealServer, browser::Browser, crawl::walk};
use backend::web;
use serde_json::json;

/// Pages that no link of a page leads to on a night on which only the declaration has been made, and why.
const WITHOUT_LINKS: [(&str, &str); 21] = [
    ("/setup", "its one-time link is printed; it has a test of its own"),
    ("/", "leads to the incidents"),
    ("/a/{token}", "stands in a message"),
    ("/demo", "is offered by an empty installation"),
    ("/verify", "is a box on the public page"),
    ("/incidents/{id}/cases/done", "needs kept cases"),
    ("/incidents/{id}/schedule/{snapshot}", "needs a schedule"),
    ("/incidents/{incident}/broadcasts/{broadcast}", "needs a broadcast"),
    ("/incidents/{incident}/broadcasts/{broadcast}/call-list", "needs a broadcast"),
    ("/incidents/{incident}/broadcasts/{broadcast}/deliveries", "needs a broadcast"),
    ("/incidents/{incident}/broadcasts/{broadcast}/deliveries/{delivery}", "needs a broadcast"),
    ("/incidents/{incident}/broadcasts/{broadcast}/units/{unit}", "needs a broadcast"),
    ("/incidents/{incident}/broadcasts/{broadcast}/who-knows", "needs a broadcast"),
    ("/incidents/{incident}/forms/count", "needs a playbook's forms"),
    ("/incidents/{incident}/forms/found", "needs a playbook's forms"),
    ("/incidents/{incident}/forms/issue", "needs a playbook's forms"),
    ("/incidents/{incident}/forms/sheets", "needs sheets"),
    ("/incidents/{incident}/forms/{step}", "needs sheets"),
    ("/incidents/{incident}/situation", "is reached by its address"),
    ("/people/import/{import}", "needs an offered file"),
    ("/places/import/{import}", "needs an offered file"),
];

/// Faults that are known and not mended yet: what the page's address holds, and what is said of it. Mend one and
/// take its line away.
const NOT_MENDED_YET: [(&str, &str); 3] = [
    ("/cases/decide", "px wide in a window of 360"),
    ("/people", "px wide in a window of 360"),
    ("/status", "All page content should be contained by landmarks"),
];

async fn something_to_show(administrator: &Program) {
    let night = json!({
        "name": "Endpoint outage of a long night with a long name", "level": 3, "basis": "Help desk, then two wards",
        "places": ["all"], "started_at": "2024-07-19 00:40",
        "systems": ["epic:down", "laboratory:down", "laboratory:operational@cape", "workstations:degraded",
            "epic-read-only:operational", "email-phones:unknown"]
    });
    administrator.does("/incidents", night).await;
}

/// A real path for every page of the table.
async fn paths(server: &RealServer) -> Vec<(&'static str, String)> {
    let mut person = server.person();
    let page = person.opens("/sign-in").await;
    let form =
        page.form("Sign in").types("Name for signing in", "root").types("Password", "a long enough password");
    person.presses(&form, "Sign in").await;
    let walk = walk(&mut person, &["/incidents", "/sign-in", "/status"]).await;
    assert!(walk.broken.is_empty(), "{:#?}", walk.broken);
    let excused: BTreeSet<&str> = WITHOUT_LINKS.iter().map(|(route, _)| *route).collect();
    let lost: Vec<_> = walk.unreached.iter().filter(|route| !excused.contains(*route)).collect();
    assert!(lost.is_empty(), "no link leads to {lost:?}");
    let table = web::routes().table();
    let is_page = |path: &str| table.0.iter().any(|route| route.path == path && route.media == "text/html");
    walk.reached.into_iter().filter(|(route, _)| is_page(route)).collect()
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
    something_to_show(&administrator).await;
    let paths = paths(&server).await;
    let browser = Browser::open(&server.address()).await;
    signs_in(&browser).await;
    let mut faults = Vec::new();
    for (route, path) in &paths {
        for (width, height, scheme) in [(1280, 900, "light"), (360, 740, "dark")] {
            browser.size(width, height).await;
            browser.shows_as("screen", scheme).await;
            browser.goes_to(path).await;
            faults.extend(
                browser.faults().await.into_iter().map(|fault| format!("{width} px, {scheme}: {fault}")),
            );
            let name = route.trim_matches('/').replace(['/', '{', '}'], "-");
            browser
                .pictures(&format!("pages/{}-{width}-{scheme}", if name.is_empty() { "home" } else { &name }))
                .await;
        }
    }
    assert!(paths.len() >= 8, "only {} pages were looked at", paths.len());
    let is_known = |fault: &String| {
        NOT_MENDED_YET.iter().any(|(address, words)| fault.contains(address) && fault.contains(words))
    };
    faults.retain(|fault| !is_known(fault));
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
