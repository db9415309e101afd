//! How often strangers may try what needs no sign-in: an answer by its link, and a code of a message.
//!
//! A whole hospital may stand behind one address. So answers are counted by their link, and only codes by address,
//! with room for a shift that checks the same message at once.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::{client::Client, problem::Problem};
use crate::app::App;

/// Answers of one link at once, and how often one more is added.
const ANSWERS: (u32, Duration) = (20, Duration::from_mins(3));
/// Codes from one address at once, and how often one more is added: half of all codes would take months.
const CODES: (u32, Duration) = (600, Duration::from_millis(500));
/// A link's token is 11 signs; what is longer is none and is not kept as a key.
const LONGEST_TOKEN: usize = 32;

/// The counts of this process.
pub struct Throttle {
    answers: DefaultKeyedRateLimiter<String>,
    codes: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { answers: RateLimiter::keyed(quota(ANSWERS)), codes: RateLimiter::keyed(quota(CODES)) }
    }
}

impl Throttle {
    /// Forgets whoever has their full allowance again.
    pub fn forget_the_patient(&self) {
        self.answers.retain_recent();
        self.codes.retain_recent();
    }

    fn allows(&self, request: &Request) -> bool {
        let (path, query) = (request.uri().path(), request.uri().query());
        match (request.method(), path.strip_prefix("/a/")) {
            (&Method::POST, Some(token)) if token.len() <= LONGEST_TOKEN => {
                self.answers.check_key(&token.to_owned()).is_ok()
            }
            (&Method::POST | &Method::GET, None) if path == "/verify" => {
                let asks = request.method() == Method::POST || query.is_some();
                !asks || from(request).is_none_or(|address| self.codes.check_key(&address).is_ok())
            }
            _ => true,
        }
    }
}

fn quota((burst, one_more_every): (u32, Duration)) -> Quota {
    Quota::with_period(one_more_every)
        .expect("the period is not zero")
        .allow_burst(NonZeroU32::new(burst).expect("the burst is not zero"))
}

/// The address that asks; of IPv6 the network that one household or ward has.
fn from(request: &Request) -> Option<IpAddr> {
    let Client(address) = request.extensions().get::<Client>()?;
    Some(match *address {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    })
}

/// The layer: too many are told to wait.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.throttle.allows(&request) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-tries",
        "Too many tries. Wait some minutes and send it again; nothing was changed.",
    )
    .into_response()
}
