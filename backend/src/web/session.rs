//! Who is calling: a session cookie or a bearer token, checked against the roles that the route declares.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::actor::Actor;

use super::{door, problem::Problem, routes::Access};
use crate::{accounts, app::App};

/// The cookie's name over https and on loopback, where browsers keep the `__Host-` promise.
pub const COOKIE: &str = "__Host-session";

/// Who is calling, and by what.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    /// SHA-256 of the session's secret; `None` for a bearer token.
    pub session: Option<[u8; 32]>,
}

/// The layer around every route: finds the caller and checks the roles.
pub async fn check_access(
    State((app, access)): State<(App, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if access == Access::Public {
        return next.run(request).await;
    }
    let caller = match find(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let Some(caller) = caller else { return sign_in_first(&app, request).await };
    if let Access::Roles(roles) = access
        && !access.lets_in(&caller.actor)
    {
        let words: Vec<_> = roles.iter().map(|role| role.words().to_lowercase()).collect();
        return Problem::forbidden(format!("This needs one of these roles: {}.", words.join(", ")))
            .into_response();
    }
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    response
}

/// Finds the caller by bearer token or cookie.
pub async fn find(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(secret) = authorization.and_then(|value| value.strip_prefix("Bearer ")) {
        let actor = accounts::by_token(app, secret.trim()).await?;
        return Ok(actor.map(|actor| Caller { actor, session: None }));
    }
    let Some(secret) = cookie(headers, COOKIE) else { return Ok(None) };
    let found = accounts::by_session(app, &secret).await?;
    Ok(found.map(|(actor, hash)| Caller { actor, session: Some(hash) }))
}

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Programs get 401. A browser is sent to sign in; what it posted is kept in the page and sent again after
/// signing in (rule 16).
async fn sign_in_first(app: &App, request: Request) -> Response {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "sign-in", "Sign in first.");
    if door::wants_json(request.headers()) {
        return problem.into_response();
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let form = header::HeaderValue::from_static("application/x-www-form-urlencoded");
    let is_form = request.headers().get(header::CONTENT_TYPE) == Some(&form);
    let (nonce, headers) = (door::nonce(&request), request.headers().clone());
    let typed = if request.method() == Method::POST && is_form {
        let body = Bytes::from_request(request, app).await.unwrap_or_default();
        serde_html_form::from_bytes(&body).unwrap_or_default()
    } else {
        Vec::new()
    };
    accounts::web::sign_in_page(app, &headers, nonce, &path, typed, StatusCode::UNAUTHORIZED)
}
