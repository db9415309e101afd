//! Bad input gets a clear sentence at the field, in page and JSON; nothing half-done, nothing typed lost.
//!
//! What a disk, a lock or a port does wrong is in `faults`; requests from another origin are in `api/doors.rs`.

use acceptance::{Person, Program, both_databases, cast, door::Request};
use axum::http::Method;
use backend::web::{self, routes::Route};
use domain::actor::Role;
use serde_json::{Value, json};

const UNKNOWN: &str = "01900000-0000-7000-8000-000000000000";
const HEADER: &str = "Employee ID,Name,Site,Department,Job title,E-mail\n";

async fn offers(program: &Program, bytes: &[u8]) -> acceptance::Answer {
    program.uploads("/people/import", &[], ("file", "staff.csv", bytes)).await
}

/// The one-line reason of a refused command or file.
fn sentence(problem: &Value) -> String {
    let at_field = problem["errors"].as_object().and_then(|fields| fields.values().next());
    let sentence = at_field.map_or(&problem["title"], |sentences| &sentences[0]);
    cast::text(sentence)
}

fn with_unknown_ids(route: &Route) -> String {
    let parts = route.path.split('/').map(|part| if part.starts_with('{') { UNKNOWN } else { part });
    parts.collect::<Vec<_>>().join("/")
}

both_databases! {
    async fn a_staff_file_is_read_in_any_usual_encoding(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let text = format!("{HEADER}1,Zoë Ångström,cape,ed,Nurse,z@hospital.test\n");
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("is Latin-1")).collect();
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (name, bytes) in [("UTF-8", text.clone().into_bytes()), ("Windows-1252", latin), ("UTF-16", wide)] {
            let offered: Value = offers(&administrator, &bytes).await.expect(201).json();
            let path = format!("/people/import/{}/commit", cast::text(&offered["import"]));
            administrator.does(&path, json!({})).await;
            let people = administrator.reads("/people").await;
            assert_eq!(people["people"][0]["name"], "Zoë Ångström", "{name}");
        }
    }

    async fn what_is_no_table_is_refused_in_one_sentence_and_changes_nothing(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let picture = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0; 400]].concat();
        for bytes in [&picture[..], b"", b"just one line of words"] {
            let problem: Value = offers(&administrator, bytes).await.expect(422).json();
            assert!(sentence(&problem).ends_with('.'), "{problem}");
        }
        assert_eq!(administrator.reads("/people").await["total"], 0);
    }

    async fn a_number_that_stands_twice_and_a_site_nobody_knows_are_said_by_row(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let file = format!("{HEADER}7,Ann,cape,ed,Nurse,a@hospital.test\n7,Ben,cape,ed,Nurse,b@hospital.test\n8,Cid,atlantis,ed,Nurse,\n");
        let offered: Value = offers(&administrator, file.as_bytes()).await.expect(201).json();
        let rejects = format!("/people/import/{}/rejects.csv", cast::text(&offered["import"]));
        let rejects = administrator.asks(&rejects).await.expect(200);
        assert!(rejects.text().contains("atlantis"), "{}", rejects.text());
        assert_eq!(rejects.text().lines().count(), 3, "a head and two rows: {}", rejects.text());
    }

    async fn ten_megabytes_in_a_field_are_refused_with_a_sentence(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let long = "x".repeat(10 * 1024 * 1024);
        let form = json!({ "name": "Night", "basis": long, "places": ["all"], "systems": ["epic:down"] });
        let problem = commander.is_refused("/incidents", form, 413).await;
        assert!(sentence(&problem).contains("2 MB"), "{problem}");
        let form = json!({ "name": "Night", "basis": "y".repeat(100_000), "places": ["all"], "systems": ["epic:down"] });
        let problem = commander.is_refused("/incidents", form, 422).await;
        assert!(sentence(&problem).contains("characters"), "{problem}");
        assert_eq!(commander.reads("/incidents").await["open"], json!([]));
    }

    async fn a_time_that_is_none_is_said_at_its_field(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        for at in ["half past two", "26:30", "2024-03-10 02:30", "2024-13-01 00:00"] {
            let form = json!({ "name": "Night", "basis": "b", "places": ["all"], "systems": ["epic:down"], "started_at": at });
            let problem = commander.is_refused("/incidents", form, 422).await;
            assert!(problem["errors"]["started_at"].is_array(), "{at}: {problem}");
        }
    }

    async fn a_session_that_expired_in_mid_form_keeps_what_was_typed(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let made = administrator.does("/accounts", json!({ "login": "ada", "name": "Ada", "grants": ["commander@all"] })).await;
        let card = json!({ "login": "ada", "code": made["first_use_code"], "password": cast::PASSWORD });
        administrator.does("/first-use", card).await;

        let mut ada = cast::signs_in(world.stranger(), "ada").await;
        let page = ada.opens("/incidents/declare").await;
        let form = page
            .form("Declare downtime")
            .types("What do you know", "Three wards called; <b>\"quotes\"</b> & ümlauts")
            .types("Name of this downtime", "Night of the long form")
            .ticks("All")
            .chooses("Epic production", "down");
        world.minutes_pass(13 * 60);
        let page = ada.sends(&form, "Declare downtime").await.expect(401).page();
        assert!(page.says("What you typed is kept"), "{}", page.text());
        let sign_in = page.form("Sign in").types("Name for signing in", "ada").types("Password", cast::PASSWORD);
        let page = ada.presses(&sign_in, "Sign in").await;
        let board = ada.presses(&page.form("Send what I typed"), "Send what I typed").await;
        assert!(board.says("Night of the long form"), "{}", board.text());
    }

    async fn markup_that_was_typed_stays_text(world: World) {
        world.harbor().await;
        let mut ada: Person = world.person(&[Role::Commander]).await;
        let evil = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
        let page = ada.opens("/incidents/declare").await;
        let form = page.form("Declare downtime").types("What do you know", evil).types("Name of this downtime", evil);
        let again = ada.is_refused(&form, "Declare downtime").await;
        assert_eq!(again.form("Declare downtime").value("basis"), Some(evil));
        assert_eq!(again.form("Declare downtime").value("name"), Some(evil));
        assert!(again.all("script:not([src])").is_empty() && again.all("img").is_empty());
    }

    async fn an_unknown_id_is_not_found_and_never_a_failure(world: World) {
        world.harbor().await;
        let program = world.program(&Role::ALL).await;
        let table = web::routes().table();
        for route in table.0.iter().filter(|route| route.path.contains('{')) {
            let path = with_unknown_ids(route);
            let request = match (&route.method, route.media) {
                (&Method::GET, _) => program.query(&path),
                (_, "multipart/form-data") => program.upload(&path, &[], ("file", "a.csv", b"a,b\n1,2\n")),
                _ => program.command(&path, json!({})),
            };
            let status = program.door.status(request).await.as_u16();
            let expected: &[u16] = if route.method == Method::GET { &[404] } else { &[404, 422] };
            assert!(expected.contains(&status), "{} {} with an unknown id: {status}", route.method, route.path);
        }
        for path in ["/incidents/not-an-id", "/nowhere", "/incidents/%00"] {
            let answer = program.asks(path).await.expect(404);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        }
        let mut person = world.person(&Role::ALL).await;
        let page = person.asks("/incidents/not-an-id").await.expect(404).page();
        assert!(page.says("There is no such incident."), "{}", page.text());
    }

    async fn what_is_neither_form_nor_json_is_refused_with_a_sentence(world: World) {
        let commander = world.program(&[Role::Commander]).await;
        let token = commander.token.clone().expect("a program has a token");
        for (media, body, status) in [
            ("application/xml", "<declare/>", 415),
            ("application/json", "{\"name\": ", 400),
            ("application/json", "[1, 2]", 400),
            ("application/json", "{\"places\": {\"a\": 1}}", 400),
        ] {
            let request = Request::new(Method::POST, "/incidents")
                .header("accept", "application/json")
                .header("authorization", &format!("Bearer {token}"))
                .body(media, body);
            let answer = commander.door.send(request).await.expect(status);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        }
    }
}
