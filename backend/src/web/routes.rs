//! The route table: every route says who may use it and what it takes and gives. The router, the access check,
//! the OpenAPI document and the test of every role against every route are all made from it.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};
use domain::actor::{Actor, Role};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::session;
use crate::app::App;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without signing in.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// Whoever holds one of these roles somewhere; the use case checks the place.
    Roles(&'static [Role]),
}

impl Access {
    /// Every role that looks at incidents: whoever is signed in and has been given anything but a script's role.
    pub const VIEWERS: Self = Self::Roles(&Role::READERS);
    /// Who administers at least one place.
    pub const ADMINISTRATORS: Self = Self::Roles(&[Role::Administrator]);

    /// Whether somebody who is signed in may use the route.
    pub fn lets_in(self, actor: &Actor) -> bool {
        match self {
            Self::Public | Self::SignedIn => true,
            Self::Roles(roles) => actor.has(roles),
        }
    }
}

/// Gives the schema of a type when the OpenAPI document is made.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the table knows of one route.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// One line for the OpenAPI document.
    pub summary: &'static str,
    /// What a command takes; `None` for pages.
    pub takes: Option<SchemaOf>,
    /// What it answers as JSON; `None` when it answers something else (a file, a stream).
    pub gives: Option<SchemaOf>,
    /// The media type of an answer that is not JSON.
    pub media: &'static str,
}

/// The routes as they are collected from the capabilities.
#[derive(Default)]
pub struct Routes {
    table: Vec<Route>,
    handlers: Vec<(&'static str, Access, MethodRouter<App>)>,
}

/// The finished table, for OpenAPI and for tests.
#[derive(Clone)]
pub struct Table(pub Arc<Vec<Route>>);

/// The largest body of a form or of JSON, in bytes; imports have their own limit.
pub const MOST_BODY: usize = 2 * 1024 * 1024;

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Routes {
    /// A page: `GET`, as HTML or as its view model `V` in JSON.
    #[must_use]
    pub fn page<V: JsonSchema, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        summary: &'static str,
        handler: impl Handler<T, App>,
    ) -> Self {
        let gives = Some(schema_of::<V> as SchemaOf);
        let route =
            Route { method: Method::GET, path, access, summary, takes: None, gives, media: "text/html" };
        self.add(route, on(MethodFilter::GET, handler))
    }

    /// A command: `POST` of `F` as a form or as JSON, answered by a redirect or by the outcome `O` as JSON.
    #[must_use]
    pub fn command<F: JsonSchema, O: JsonSchema, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        summary: &'static str,
        handler: impl Handler<T, App>,
    ) -> Self {
        let (takes, gives) = (Some(schema_of::<F> as SchemaOf), Some(schema_of::<O> as SchemaOf));
        let route = Route { method: Method::POST, path, access, summary, takes, gives, media: "text/html" };
        self.add(route, on(MethodFilter::POST, handler).layer(DefaultBodyLimit::max(MOST_BODY)))
    }

    /// A file or a stream: `GET` of something that is not a page.
    #[must_use]
    pub fn file<T: 'static>(
        self,
        path: &'static str,
        access: Access,
        media: &'static str,
        summary: &'static str,
        handler: impl Handler<T, App>,
    ) -> Self {
        let route = Route { method: Method::GET, path, access, summary, takes: None, gives: None, media };
        self.add(route, on(MethodFilter::GET, handler))
    }

    /// Another form of a page, which its own handler answers: only described here.
    #[must_use]
    pub fn also(mut self, path: &'static str, media: &'static str, summary: &'static str) -> Self {
        let access = Access::Public;
        self.table.push(Route {
            method: Method::GET,
            path,
            access,
            summary,
            takes: None,
            gives: None,
            media,
        });
        self
    }

    /// An upload: `POST` of `multipart/form-data`, which the handler streams to disk; at most `most` bytes.
    #[must_use]
    pub fn upload<O: JsonSchema, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        summary: &'static str,
        most: usize,
        handler: impl Handler<T, App>,
    ) -> Self {
        let gives = Some(schema_of::<O> as SchemaOf);
        let media = "multipart/form-data";
        let route = Route { method: Method::POST, path, access, summary, takes: None, gives, media };
        self.add(route, on(MethodFilter::POST, handler).layer(DefaultBodyLimit::max(most)))
    }

    fn add(mut self, route: Route, handler: MethodRouter<App>) -> Self {
        self.handlers.push((route.path, route.access, handler));
        self.table.push(route);
        self
    }

    /// The table alone.
    pub fn table(self) -> Table {
        Table(Arc::new(self.table))
    }

    /// The router, each route behind its access check, and the table.
    pub fn build(self, app: &App) -> (Router<App>, Table) {
        let mut router = Router::new();
        for (path, access, handler) in self.handlers {
            let check = middleware::from_fn_with_state((app.clone(), access), session::check_access);
            router = router.route(path, handler.layer(check));
        }
        (router, Table(Arc::new(self.table)))
    }
}
