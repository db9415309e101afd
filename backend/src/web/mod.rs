//! The one door: routes with their roles, the negotiation between page and JSON, sessions, headers and problems.

pub mod assets;
pub mod client;
pub mod door;
pub mod form;
pub mod frame;
pub mod front;
pub mod headers;
pub mod live;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod server;
pub mod session;
pub mod theme;
pub mod throttle;

use axum::Router;

use crate::app::App;
use routes::Routes;

/// Every route of the program, in the order of the rail.
pub fn routes() -> Routes {
    let routes = Routes::default();
    let routes = crate::accounts::web::routes(routes);
    let routes = crate::feeds::web::routes(routes);
    let routes = crate::forms::web::routes(routes);
    let routes = crate::entry::web::routes(routes);
    let routes = crate::identity::web::routes(routes);
    let routes = crate::ancillary::web::routes(routes);
    let routes = crate::incidents::web::routes(routes);
    let routes = crate::broadcasts::web::routes(routes);
    let routes = crate::command::web::routes(routes);
    let routes = crate::demo::web::routes(routes);
    let routes = crate::devices::web::routes(routes);
    let routes = crate::imports::web::routes(routes);
    let routes = crate::neighbours::web::routes(routes);
    let routes = crate::packs::web::routes(routes);
    let routes = crate::people::web::routes(routes);
    let routes = crate::places::web::routes(routes);
    let routes = crate::log::web::routes(routes);
    let routes = crate::late_entries::web::routes(routes);
    let routes = crate::playbooks::web::routes(routes);
    let routes = crate::instructions::web::routes(routes);
    let routes = crate::clearance::web::routes(routes);
    let routes = crate::clearance::downtime::web::routes(routes);
    let routes = crate::reviews::web::routes(routes);
    let routes = crate::checks::web::routes(routes);
    let routes = crate::readiness::web::routes(routes);
    let routes = crate::schedules::web::routes(routes);
    let routes = crate::status::web::routes(routes);
    let routes = crate::stock::web::routes(routes);
    let routes = crate::jobs::publish::web::routes(routes);
    let routes = crate::cases::web::routes(routes);
    let routes = assets::routes(routes);
    let routes = live::routes(routes);
    let routes = theme::routes(routes);
    openapi::routes(routes)
}

/// The router with every layer, ready to serve.
pub fn router(app: App) -> Router {
    let (router, table) = routes().build(&app);
    headers::layers(router.layer(axum::Extension(table)), &app).with_state(app)
}
