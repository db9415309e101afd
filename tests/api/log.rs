//! The log through the door: who did what, on what basis, filtered by address, exported with its hashes.

use acceptance::{Program, both_databases};
use domain::{
    actor::Role,
    journal::{Entry, GENESIS, chain, text_hash},
    time::Timestamp,
};
use serde_json::{Value, json};

async fn declared(program: &Program, basis: &str) -> String {
    let form = json!({
        "name": "Computers down", "basis": basis, "places": ["all"], "systems": ["epic:down"]
    });
    program.does("/incidents", form).await["incident"].as_str().expect("is a text").to_owned()
}

fn kinds(view: &Value) -> Vec<&str> {
    let entries = view["entries"].as_array().expect("is a list");
    entries.iter().map(|entry| entry["kind"].as_str().expect("is a text")).collect()
}

/// Recomputes the chain of an export from nothing but its lines, and gives its last head.
fn recomputed(lines: &[Value], of: &str) -> String {
    let mut own: Vec<&Value> = lines.iter().filter(|line| line["chain"] == of).collect();
    own.sort_by_key(|line| line["seq"].as_i64());
    let mut head = GENESIS;
    for line in own {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| line[name].as_i64().expect("is a number");
        let entry = Entry {
            seq: number("seq"),
            event_at: Timestamp(number("happened_us")),
            entered_at: Timestamp(number("written_us")),
            actor: line["actor"].as_str().map(|id| id.parse().expect("is an id")),
            kind: text("kind"),
            subject: text("subject"),
            data: text("data"),
        };
        head = chain(&head, &entry);
        assert_eq!(text("hash"), hex::encode(head), "{line}");
        let data: Value = serde_json::from_str(&entry.data).expect("is JSON");
        for beside in line["texts"].as_array().expect("is a list") {
            let of = |name: &str| beside[name].as_str().expect("is a text").to_owned();
            let salt = hex::decode(of("salt")).expect("is hexadecimal");
            assert_eq!(data[format!("{}_hash", of("name"))], text_hash(&salt, &of("text")));
        }
    }
    hex::encode(head)
}

both_databases! {
    async fn the_log_says_who_did_what_on_what_basis(world: World) {
        world.harbor().await;
        let (_, bea) = world.program_with(&[]).await;
        let (ada, commander) = world.program_with(&acceptance::world::everywhere(&[Role::Commander])).await;
        let incident = declared(&commander, "Two wards called").await;
        let path = format!("/incidents/{incident}/log");
        assert_eq!(bea.asks(&path).await.status, 403);
        world.minutes_pass(5);
        let status = json!({ "system": "epic", "status": "restoring", "since": "2024-07-19 02:07" });
        commander.does(&format!("/incidents/{incident}/statuses"), status).await;
        let view = commander.reads(&path).await;
        assert_eq!(kinds(&view), ["system.status", "clearance.opened", "incident.declared"]);
        let title = format!("Last, at 02:10 EDT, {} reported what works and what does not.", ada.name);
        assert_eq!(view["title"], title);
        let (reported, declared) = (&view["entries"][0], &view["entries"][2]);
        assert_eq!((&declared["who"], &declared["what"]), (&json!(ada.name), &json!("Declared the downtime")));
        let texts = declared["texts"].as_array().expect("is a list");
        assert!(texts.contains(&json!(["basis", "Two wards called"])), "{texts:?}");
        assert_eq!(reported["happened"], "02:07 EDT, Fri 19 July");
        assert_eq!(reported["written"], "02:10 EDT, Fri 19 July");
        assert_ne!(reported["about"], "");
        assert!(!reported["about"].as_str().expect("is a text").starts_with("system:"), "{reported}");
        let mut person = world.signs_in(&ada).await;
        let page = person.opens(&path).await;
        assert_eq!(page.heading(), title);
        assert!(page.text().contains("Two wards called"), "{}", page.text());
        let board = commander.reads(&format!("/incidents/{incident}")).await;
        let cards = board["cards"].as_array().expect("is a list");
        let card = cards.iter().find(|card| card["section"] == "log").expect("the log has its card");
        assert_eq!((&card["figure"], &card["late"]), (&json!("3"), &Value::Null));
    }

    async fn the_log_is_filtered_by_url_and_exported(world: World) {
        world.harbor().await;
        let (ada, commander) = world.program_with(&acceptance::world::everywhere(&[Role::Commander])).await;
        let incident = declared(&commander, "=Two wards, \"called\"").await;
        let path = format!("/incidents/{incident}/log");
        for _ in 0..120 {
            world.minutes_pass(1);
            commander.does(&format!("/incidents/{incident}/next-update"), json!({ "minutes": 30 })).await;
        }
        let view = commander.reads(&path).await;
        assert_eq!(view["entries"].as_array().expect("is a list").len(), 100);
        let older = commander.reads(view["next"].as_str().expect("there is an older page")).await;
        assert_eq!(kinds(&older).last(), Some(&"incident.declared"));
        assert_eq!(older["entries"].as_array().expect("is a list").len(), 22);
        assert_eq!(older["next"], Value::Null);
        assert_eq!(kinds(&commander.reads(&format!("{path}?kind=incident.declared")).await), ["incident.declared"]);
        assert!(kinds(&commander.reads(&format!("{path}?person=program")).await).is_empty());
        assert_eq!(kinds(&commander.reads(&format!("{path}?person={}&until=2024-07-19+02:06", ada.account)).await).len(), 2);
        assert_eq!(kinds(&commander.reads(&format!("{path}?from=2024-07-19+04:05")).await).len(), 1);
        assert!(kinds(&commander.reads(&format!("{path}?kind=without-basis")).await).is_empty());
        let refused = commander.asks(&format!("{path}?from=yesterday")).await.expect(422);
        assert!(refused.json::<Value>()["errors"]["from"].is_array());
        let mut person = world.signs_in(&ada).await;
        let page = person.asks(&format!("{path}?from=yesterday")).await.expect(422).page();
        assert_eq!(page.form("Show").value("from"), Some("yesterday"));

        let file = commander.asks(&format!("{path}.ndjson")).await.expect(200);
        let lines: Vec<Value> =
            file.text().lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
        assert_eq!(lines.len(), 122);
        let head = recomputed(&lines, &incident);
        assert_eq!(view["head"], format!("122-{}", &head[..10]));
        let file = commander.asks(&format!("{path}.csv?kind=incident.declared")).await.expect(200);
        let mut table = csv::Reader::from_reader(file.text().trim_start_matches('\u{feff}').as_bytes());
        let columns = table.headers().expect("has a header").clone();
        let rows: Vec<_> = table.records().map(|row| row.expect("is a row")).collect();
        assert_eq!(rows.len(), 1);
        let cell = |name: &str| {
            let column = columns.iter().position(|column| column == name).expect("is a column");
            rows[0].get(column).expect("is there").to_owned()
        };
        assert_eq!((cell("seq"), cell("name")), ("1".to_owned(), ada.name.clone()));
        assert_eq!(cell("hash"), lines[121]["hash"]);
        assert!(cell("texts").contains("Two wards, \\\"called\\\""), "{}", cell("texts"));
    }

    async fn the_log_of_the_installation_is_for_administrators(world: World) {
        let administrator = world.program(&[Role::Administrator]).await;
        let commander = world.program(&[Role::Commander]).await;
        assert_eq!(commander.asks("/log").await.status, 403);
        let account = json!({ "login": "b.brand", "name": "Bea Brand", "grants": ["viewer@all"] });
        administrator.does("/accounts", account).await;
        let view = administrator.reads("/log").await;
        assert_eq!(kinds(&view), ["account.created"]);
        let file = administrator.asks("/log.ndjson").await.expect(200);
        assert!(!file.text().contains("Brand"), "a name stands in the log: {}", file.text());
    }
}
