//! The one door: routes with their roles, the negotiation between page and JSON, sessions, headers and problems.

pub mod assets;
pub mod door;
pub mod form;
pub mod frame;
pub mod headers;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod server;
pub mod session;

use axum::Router;

use crate::{accounts, app::App, cases, command, demo, forms, imports, incidents, people, places, playbooks};
use routes::Routes;

/// Every route of the program, in the order of the rail.
pub fn routes() -> Routes {
    let routes = Routes::default();
    let routes = accounts::web::routes(routes);
    let routes = forms::web::routes(routes);
    let routes = incidents::web::routes(routes);
    let routes = command::web::routes(routes);
    let routes = demo::web::routes(routes);
    let routes = imports::web::routes(routes);
    let routes = people::web::routes(routes);
    let routes = places::web::routes(routes);
    let routes = playbooks::web::routes(routes);
    let routes = cases::web::routes(routes);
    let routes = assets::routes(routes);
    openapi::routes(routes)
}

/// The router with every layer, ready to serve.
pub fn router(app: App) -> Router {
    let (router, table) = routes().build(&app);
    headers::layers(router.layer(axum::Extension(table)), &app).with_state(app)
}
