//! What stands before the router: the public pages, which a whole hospital asks for at the same moment.
//!
//! They are prepared bytes, so they are handed out before a route is looked for, without an id and without a line in
//! the log. Whatever is not prepared goes to the router, which prepares it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::{Router, http::Request, response::Response};
use futures::future::Either;
use tower::Service;

use crate::{app::App, status};

/// The router with the public pages before it.
#[derive(Clone)]
pub struct Front {
    app: App,
    router: Router,
}

impl Front {
    pub const fn new(app: App, router: Router) -> Self {
        Self { app, router }
    }
}

impl<B> Service<Request<B>> for Front
where
    Router: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, <Router as Service<Request<B>>>::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match status::web::at_once(&self.app, &request) {
            Some(answer) => Either::Left(ready(Ok(answer))),
            None => Either::Right(self.router.call(request)),
        }
    }
}
