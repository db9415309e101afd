//! Every page of the route table in a real browser, at 360 and 1280 px, light and dark: no barrier that axe knows,
//! no complaint about the content security policy, no error, nothing that needs scrolling sideways.

use std::{collections::BTreeSet, time::Duration};

use acceptance::{
    Kind, Program, RealServer,
    browser::Browser,
    cast::{PASSWORD, signs_in, text},
    crawl::walk,
    harbor::Harbor,
    mail,
    mllp::booked,
    morning::Morning,
};
use backend::web;
use serde_json::Value;

/// Pages that no link of a page leads to, and why.
const WITHOUT_LINKS: [(&str, &str); 2] = [
    ("/setup", "its one-time link is printed; it has a test of its own"),
    ("/demo", "it is offered only while nothing is entered"),
];

/// A morning half over: declared, told twice, cancelled, on paper; nobody is called yet, and what was clear is taken
/// back.
/// Gives the paths to which no page leads any more: an answer link, and files that were offered.
async fn something_to_show(server: &RealServer, administrator: Program, harbor: Harbor) -> Vec<String> {
    let mut paths = Vec::new();
    let one =
        "Employee ID,Name,Site,Department,Job title,E-mail\n3,Cara Cole,cape,ed,Nurse,c@hospital.test\n";
    let offered =
        administrator.uploads("/people/import", &[], ("file", "one.csv", one.as_bytes())).await.expect(201);
    let import = text(&offered.json::<Value>()["import"]);
    administrator.does(&format!("/people/import/{import}/commit"), serde_json::json!({})).await;
    for (path, file) in [("/people/import", STAFF), ("/places/import", PLACES)] {
        let offered =
            administrator.uploads(path, &[], ("file", "offered.csv", file.as_bytes())).await.expect(201);
        paths.push(format!("{path}/{}", text(&offered.json::<Value>()["import"])));
    }
    let header = "Appt ID,MRN,Patient Name,Type,Hospital,Start Time";
    let night = format!(
        "{header}\nA1,0000001,Doe Jane,visit,Cape,2024-07-19 15:00\nA2,,Roe Jim,visit,Cape,2024-07-19 16:00\n"
    );
    for (name, file) in [
        ("a_20240718_2350.csv", night.clone()),
        ("b_20240719_2350.csv", night.replace(header, "A,B,C,D,E,F")),
    ] {
        let _ = administrator.uploads("/schedules", &[], ("file", name, file.as_bytes())).await.expect(201);
    }
    sends_its_own_messages(&administrator).await;
    let mut morning = Morning::before(administrator, harbor).await;
    morning.declares().await;
    let first = morning.tells("first-word", "").await;
    morning.tells("reminder", &first).await;
    morning.cancels().await;
    let sheet = serde_json::json!({ "patients": "5" });
    morning.cast.get("ada").does(&format!("{}/sheets", morning.incident), sheet).await;
    morning.hands_out_and_counts_paper().await;
    let ward = morning.harbor.unit("general", "4w").to_string();
    let batches = format!("{}/forms/batches", morning.incident);
    morning.cast.get("eli").does(&batches, serde_json::json!({ "unit": ward })).await;
    let devices = format!("{}/devices/import", morning.incident);
    for (file, taken) in [(DEVICES, true), (DEVICES, false)] {
        let upload = ("file", "devices.csv", file.as_bytes());
        let offered = morning.cast.get("ada").uploads(&devices, &[], upload).await.expect(201);
        let import = format!("{devices}/{}", text(&offered.json::<Value>()["import"]));
        if taken {
            morning.cast.get("ada").does(&format!("{import}/commit"), serde_json::json!({})).await;
        }
        paths.push(import);
    }
    paths.extend(paper(&morning, &ward).await);
    let said = serde_json::json!({ "emergency": "diversion", "diverted": ["stroke"], "said_by": "House supervisor" });
    morning.cast.get("ada").does("/neighbours/cape", said).await;
    paths.push(morning.takes_one_back().await);
    let mails = mail::in_outbox(&server.data());
    let token = mails.iter().find_map(|mail| mail.body.split("/a/").nth(1)?.get(..11).map(ToOwned::to_owned));
    paths.push(format!("/a/{}", token.expect("a mail has its link")));
    paths
}

/// A feed with a file that was taken in and one that waits, each with a message that cannot be read.
async fn sends_its_own_messages(administrator: &Program) {
    let epic =
        serde_json::json!({ "name": "Epic", "format": "hl7", "application": "EPIC", "listens": "yes" });
    let feed = text(&administrator.does("/feeds", epic).await["feed"]);
    for (name, taken) in [("day.hl7", true), ("night.hl7", false)] {
        let broken = booked("2", "M2", "0002").text().replace("|M2^EPIC|", "||");
        let file = [booked(name, "M1", "0001").text(), broken].join("\r");
        let offered = administrator
            .uploads(&format!("/feeds/{feed}/files"), &[], ("file", name, file.as_bytes()))
            .await
            .expect(201);
        let path = format!("/feeds/{feed}/files/{}", text(&offered.json::<Value>()["file"]));
        if taken {
            administrator.does(&format!("{path}/take"), serde_json::json!({})).await;
        }
    }
}

/// A list of doses, one taken over and one offered; a pack of forms; sheets that wait and a downtime number. Gives the
/// paths of the two lists.
async fn paper(morning: &Morning, ward: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let eli = morning.cast.get("eli");
    let dispensed = format!("{}/checks/dispensed-expected/import", morning.incident);
    for taken in [true, false] {
        let upload = ("file", "dispensed.csv", DISPENSED.as_bytes());
        let offered = eli.uploads(&dispensed, &[], upload).await.expect(201);
        let import = format!("{dispensed}/{}", text(&offered.json::<Value>()["import"]));
        if taken {
            eli.does(&format!("{import}/commit"), serde_json::json!({})).await;
        }
        paths.push(import);
    }
    let playbook = eli.reads("/packs/new").await["playbooks"][0]["value"].clone();
    let pack =
        serde_json::json!({ "playbook": playbook, "unit": [ward], "form_type": ["MAR"], "sheets": [2] });
    eli.does("/packs/new", pack).await;
    let few = serde_json::json!({ "how": "counted", "form_type": ["MAR"], "sheets": [3] });
    eli.does(&format!("/stock/units/{ward}/count"), few).await;
    let broken =
        serde_json::json!({ "item": "box-power", "outcome": "failed", "note": "The lamp stays dark" });
    eli.does(&format!("/readiness/units/{ward}"), broken).await;
    let (forms, identity) = (format!("{}/forms", morning.incident), format!("{}/identity", morning.incident));
    let handed_out = serde_json::json!({ "form_type": "ORD", "unit": ward, "first": 1, "sheets": 1 });
    morning.cast.get("eli").does(&format!("{forms}/issue"), handed_out).await;
    let counted = serde_json::json!({ "form_type": "ORD", "unit": ward, "used": "1" });
    morning.cast.get("eli").does(&format!("{forms}/count"), counted).await;
    let (site, unit) = (morning.harbor.facility("cape"), morning.harbor.unit("cape", "ed"));
    let range =
        serde_json::json!({ "kind": "record", "site": site, "prefix": "DT", "first": "001", "last": "099" });
    morning.cast.get("ada").does(&format!("{identity}/ranges"), range).await;
    let log = serde_json::json!({ "form_type": "CRIT", "unit": ward, "sheets": 2 });
    let issued = eli.does(&format!("{}/forms/issue", morning.incident), log).await;
    let used = serde_json::json!({ "form_type": "CRIT", "unit": ward, "used": issued["first"] });
    eli.does(&format!("{}/forms/count", morning.incident), used).await;
    let sheets = serde_json::json!({ "kind": "log", "sheets": 2, "to": "Command room" });
    morning.cast.get("ada").does(&format!("{}/late-entries/hand-out", morning.incident), sheets).await;
    let number = serde_json::json!({ "kind": "record", "unit": unit });
    morning.cast.get("ada").does(&format!("{identity}/numbers"), number).await;
    paths
}

const STAFF: &str = "Employee ID,Name,Site,Department,Job title,E-mail\n1,Ann Alder,cape,ed,Nurse,a@hospital.test\n\
                     2,Ben Birch,atlantis,ed,Nurse,b@hospital.test\n";
const DEVICES: &str = "site,unit,in all,fixed\ncape,ed,24,9\ncape,icu,40,0\natlantis,ed,3,\n";
const DISPENSED: &str = "Number,Quantity\nD-1,1\nD-2,2\n";
const PLACES: &str = "Kind,Code,Name,Site\nunit,9z,Ninth floor,cape\n";

/// A real path for every page of the table, as somebody with every role finds them.
async fn paths(server: &RealServer, more: &[String]) -> Vec<(&'static str, String)> {
    let mut zoe = signs_in(server.person(), "zoe").await;
    let mut starts = vec!["/", "/incidents", "/sign-in", "/status", "/verify"];
    starts.extend(more.iter().map(String::as_str));
    let walk = walk(&mut zoe, &starts).await;
    assert!(walk.broken.is_empty(), "{:#?}", walk.broken);
    let excused: BTreeSet<&str> = WITHOUT_LINKS.iter().map(|(route, _)| *route).collect();
    let lost: Vec<_> = walk.unreached.iter().filter(|route| !excused.contains(*route)).collect();
    assert!(lost.is_empty(), "no link leads to {lost:?}, only to {:#?}", walk.reached);
    let table = web::routes().table();
    let is_page = |path: &str| table.0.iter().any(|route| route.path == path && route.media == "text/html");
    walk.reached.into_iter().filter(|(route, _)| is_page(route)).collect()
}

/// Signs a browser in as the first administrator.
pub async fn sits_down_as_root(browser: &Browser) {
    sits_down(browser, "root").await;
}

/// Signs a browser in through the page.
pub async fn sits_down(browser: &Browser, login: &str) {
    browser.goes_to("/sign-in").await;
    browser.types("Name for signing in", login).await;
    browser.types("Password", PASSWORD).await;
    browser.clicks("Sign in").await;
    let inside = "return location.pathname !== '/sign-in' && document.readyState === 'complete'";
    browser.waits_until(inside, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn every_page_is_clean_at_both_widths_light_and_dark() {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    let more = something_to_show(&server, administrator, harbor).await;
    let paths = paths(&server, &more).await;
    let browser = Browser::open(&server.address()).await;
    sits_down(&browser, "zoe").await;
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
    browser.reads("at least 12 characters", Duration::from_secs(10)).await;
    browser.is_clean().await;
    browser.types("Password", "a long enough password").await;
    browser.clicks("Make the first administrator").await;
    browser.waits_until("return location.pathname === '/incidents'", Duration::from_secs(10)).await;
    browser.is_clean().await;
    browser.close().await;
    server.end().await;
}
