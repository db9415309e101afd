//! Light or dark, chosen by a form because a page works without script, and kept in a cookie.

use axum::{
    Form,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::{field::Text, view::frame::Theme};
use schemars::JsonSchema;
use serde::Deserialize;

use super::routes::{Access, Routes};

/// A choice of theme and the page to come back to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChooseTheme {
    /// `light`, `dark`, or anything else for what the device prefers.
    pub theme: Text,
    /// A path of this server.
    pub back: Text,
}

/// The route of the choice. Everybody may choose, also before signing in.
pub fn routes(routes: Routes) -> Routes {
    routes.command::<ChooseTheme, (), _>("/theme", Access::Public, "Choose light or dark", choose)
}

async fn choose(Form(form): Form<ChooseTheme>) -> Response {
    let cookie = match Theme::from_code(form.theme.trimmed()) {
        Theme::Device => "theme=; Path=/; Max-Age=0; SameSite=Lax",
        Theme::Light => "theme=light; Path=/; Max-Age=31536000; SameSite=Lax",
        Theme::Dark => "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax",
    };
    let back = crate::accounts::web::safe_path(form.back.trimmed());
    ([(header::SET_COOKIE, HeaderValue::from_static(cookie))], Redirect::to(&back)).into_response()
}
