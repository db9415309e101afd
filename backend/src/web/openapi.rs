//! `/openapi.json`, made from the route table, so that a route cannot be missing from it.

use axum::{Extension, Json};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{
    problem::Problem,
    routes::{Access, Route, Routes, Table},
};

/// The route of the document itself.
pub fn routes(routes: Routes) -> Routes {
    routes.file("/openapi.json", Access::Public, "application/json", "This description", document)
}

async fn document(Extension(table): Extension<Table>) -> Json<Value> {
    Json(describe(&table))
}

/// The OpenAPI 3.1 description of every route.
pub fn describe(table: &Table) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in table.0.iter() {
        let operation = operation(route, &mut generator, &problem);
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Downtime Command",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every page and every command on the same addresses as the pages. \
                Ask with Accept: application/json; send application/json."
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": super::session::COOKIE },
                "token": { "type": "http", "scheme": "bearer" }
            }
        }
    })
}

fn operation(route: &Route, generator: &mut schemars::SchemaGenerator, problem: &schemars::Schema) -> Value {
    let content = |schema: &schemars::Schema| json!({ "application/json": { "schema": schema } });
    let is_command = route.method != axum::http::Method::GET;
    let status = if is_command { "201" } else { "200" };
    let answer = match route.gives {
        Some(gives) => content(&gives(generator)),
        None => json!({ route.media: {} }),
    };
    let parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| Some(part.strip_prefix('{')?.split_once('}')?.0))
        .map(|name| {
            let name = name.trim_start_matches('*');
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect();
    let mut operation = json!({
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            status: { "description": "Done", "content": answer },
            "default": { "description": "A problem (RFC 9457)", "content": { "application/problem+json": { "schema": problem } } }
        },
        "security": security(route.access),
        "x-roles": roles(route.access),
    });
    if let Some(takes) = route.takes {
        let schema = takes(generator);
        operation["requestBody"] = json!({ "content": {
            "application/json": { "schema": schema },
            "application/x-www-form-urlencoded": { "schema": schema }
        } });
    } else if is_command {
        operation["requestBody"] = json!({ "content": { route.media: {} } });
    }
    operation
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::SignedIn | Access::Roles(_) => json!([{ "session": [] }, { "token": [] }]),
    }
}

fn roles(access: Access) -> Value {
    match access {
        Access::Public => json!("everybody"),
        Access::SignedIn => json!("signed in"),
        Access::Roles(roles) => roles.iter().map(|role| role.code()).collect(),
    }
}
