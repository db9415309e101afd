//! Who may go where: every route of the table with every role, with no role and without signing in answers as the
//! table declares, and the OpenAPI document lists each.

use std::{collections::BTreeSet, time::Duration};

use acceptance::{Program, World, both_databases, door::Request};
use axum::http::{Method, StatusCode};
use backend::web::{
    self,
    routes::{Access, Route},
};
use domain::actor::Role;
use serde_json::Value;

/// A path of the table with an id that nothing has in place of each name.
fn path_of(route: &Route) -> String {
    let parts = route
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "01900000-0000-7000-8000-000000000000" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The first line of the answer; a stream's body is not waited for.
async fn status_of(program: &Program, route: &Route) -> StatusCode {
    let path = path_of(route);
    let request = match (&route.method, route.media) {
        (&Method::GET, _) => program.query(&path),
        (_, "multipart/form-data") => program.upload(&path, &[], ("file", "empty.csv", b"")),
        _ => program.command(&path, serde_json::json!({})),
    };
    program.door.status(request).await
}

fn describe(route: &Route, who: &str, status: StatusCode) -> String {
    format!("{} {} as {who}: {status}, declared {:?}", route.method, route.path, route.access)
}

fn is_page(route: &Route) -> bool {
    route.method == Method::GET && route.gives.is_some()
}

/// The address of an incident that is open.
async fn declared(world: &World) -> String {
    let commander = world.program(&[Role::Commander]).await;
    let command = serde_json::json!({
        "name": "Endpoint outage", "level": 3, "started_at": "2024-07-19 00:40", "basis": "Help desk",
        "places": ["all"], "systems": ["epic:down"]
    });
    let declared = commander.does("/incidents", command).await;
    format!("/incidents/{}", declared["incident"].as_str().expect("is a text"))
}

both_databases! {
    /// Programs get 401 before anything else is looked at.
    async fn without_signing_in_only_public_routes_open(world: World) {
        let stranger = world.unknown_program();
        for route in web::routes().table().0.iter() {
            let status = status_of(&stranger, route).await;
            let is_open = status != StatusCode::UNAUTHORIZED;
            // Signing in itself answers 401 to a wrong password; it is the one public command that may.
            let is_sign_in = route.path == "/sign-in";
            assert!(is_sign_in || is_open == (route.access == Access::Public), "{}", describe(route, "nobody", status));
        }
    }

    /// A role opens exactly the routes that name it; 403 is said before the form is read.
    async fn each_role_opens_the_routes_that_name_it(world: World) {
        for role in Role::ALL {
            let program = world.program(&[role]).await;
            for route in web::routes().table().0.iter() {
                let status = status_of(&program, route).await;
                let may = match route.access {
                    Access::Public | Access::SignedIn => true,
                    Access::Roles(roles) => roles.contains(&role),
                };
                let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
                let is_sign_in = route.path == "/sign-in";
                assert!(is_sign_in || refused != may, "{}", describe(route, role.code(), status));
                assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{}", describe(route, role.code(), status));
            }
        }
    }

    /// An account without any grant sees only what is everybody's.
    async fn an_account_without_a_role_opens_nothing_that_needs_one(world: World) {
        let program = world.program(&[]).await;
        for route in web::routes().table().0.iter() {
            if matches!(route.access, Access::Roles(_)) {
                let status = status_of(&program, route).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{}", describe(route, "no role", status));
            }
        }
    }

    /// Whoever opens a page holds one connection to the database, not two: of eight who open one at the same moment
    /// nobody waits for a connection that another of them holds.
    async fn eight_people_open_every_page_at_the_same_moment(world: World) {
        world.harbor().await;
        let mut person = world.person(&Role::ALL).await;
        let incident = declared(world).await;
        for route in web::routes().table().0.iter().filter(|route| is_page(route)) {
            let path = path_of(route).replace("/incidents/01900000-0000-7000-8000-000000000000", &incident);
            // The first one makes what is kept for all later ones.
            person.asks(&path).await;
            let began = std::time::Instant::now();
            let all = (0..8).map(|_| {
                let (mut person, path) = (person.clone(), path.clone());
                async move { person.asks(&path).await }
            });
            for answer in futures::future::join_all(all).await {
                assert!(!answer.status.is_server_error(), "{answer:?}");
            }
            assert!(began.elapsed() < Duration::from_secs(4), "{} takes {:?}", route.path, began.elapsed());
        }
    }

    /// A session of one site's page cannot be used by another site's page.
    async fn a_command_from_another_origin_changes_nothing(world: World) {
        let mut person = world.person(&Role::ALL).await;
        for route in web::routes().table().0.iter().filter(|route| route.method == Method::POST) {
            let request = Request::new(Method::POST, &path_of(route))
                .header("origin", "https://evil.test")
                .body("application/x-www-form-urlencoded", "");
            let answer = person.send(request).await.expect(403);
            assert!(answer.page().says("another address"), "{answer:?}");
        }
    }
}

/// On SQLite there is one writer; who finds it taken for longer than one wait is let in afterwards all the same.
#[tokio::test]
async fn a_command_waits_until_the_database_is_free() {
    let world = World::on(acceptance::Kind::Sqlite).await;
    world.harbor().await;
    let administrator = world.program(&[Role::Administrator]).await;
    let busy = world.app.db.write().await.expect("can be written");
    let wide_work = async {
        tokio::time::sleep(Duration::from_secs(6)).await;
        busy.commit().await.expect("can be written");
    };
    let account = serde_json::json!({ "login": "n.night", "name": "Nia Night", "grants": ["viewer@all"] });
    futures::future::join(administrator.does("/accounts", account), wide_work).await;
    world.end().await;
}

#[test]
fn an_incident_has_one_name_in_every_path() {
    for route in web::routes().table().0.iter().filter(|route| route.path.starts_with("/incidents/{")) {
        assert!(route.path.starts_with("/incidents/{incident}"), "{}", route.path);
    }
}

#[tokio::test]
async fn the_openapi_document_lists_every_route_and_all_its_references_resolve() {
    let world = World::on(acceptance::Kind::Sqlite).await;
    let document = world.unknown_program().reads("/openapi.json").await;
    let listed: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .expect("paths are an object")
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods are an object");
            methods.keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let table = web::routes().table();
    let routes: BTreeSet<_> =
        table.0.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    assert_eq!(listed, routes);
    assert_eq!(routes.len(), table.0.len(), "a route stands twice in the table");
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    world.end().await;
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, each) in fields {
                match each.as_str() {
                    Some(reference) if name == "$ref" => found.push(reference.to_owned()),
                    _ => collect_references(each, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|each| collect_references(each, found)),
        _ => {}
    }
}
