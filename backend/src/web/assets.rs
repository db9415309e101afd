//! Style sheets, and the browser bundle when this build has one: prepared bytes under a content hash, kept by
//! browsers for a year.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{
    headers::Prepared,
    problem::Problem,
    routes::{Access, Routes},
};

/// One file: its name with the hash of its content, its media type and its bytes.
struct Asset {
    path: String,
    media: &'static str,
    plain: Vec<u8>,
    brotli: Option<Vec<u8>>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets = vec![
        Asset::sheet("style", frontend::STYLESHEET),
        Asset::sheet("public", frontend::PUBLIC_STYLESHEET),
        Asset::sheet("dark", frontend::DARK_STYLESHEET),
        Asset::sheet("print", frontend::PRINT_STYLESHEET),
    ];
    assets.extend(bundle());
    assets
});

/// The browser bundle: its bindings, its wasm, and last the script file that starts it.
#[cfg(feature = "bundle")]
fn bundle() -> Vec<Asset> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    macro_rules! made {
        ($name:literal) => {
            include_bytes!(concat!(env!("OUT_DIR"), "/bundle/", $name))
        };
    }
    let mut bindings = Asset::new("app", "js", SCRIPT, made!("app.js"));
    bindings.brotli = Some(made!("app.js.br").to_vec());
    let mut wasm = Asset::new("app", "wasm", "application/wasm", made!("app_bg.wasm"));
    wasm.brotli = Some(made!("app_bg.wasm.br").to_vec());
    let start = format!(
        "import init, * as app from '{}';\n\
         await init({{ module_or_path: '{}' }});\n\
         app.hydrate();\n\
         for (const island of document.querySelectorAll('leptos-island')) app[island.dataset.component]?.(island);\n\
         app.start();\n",
        bindings.path, wasm.path
    );
    let start = Asset::new("start", "js", SCRIPT, start.as_bytes());
    vec![bindings, wasm, start]
}

#[cfg(not(feature = "bundle"))]
fn bundle() -> Vec<Asset> {
    Vec::new()
}

static BUILD: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in ASSETS.iter() {
        hash.update(asset.path.as_bytes());
    }
    hash.update(env!("CARGO_PKG_VERSION"));
    hex::encode(&hash.finalize()[..6])
});

impl Asset {
    fn sheet(name: &str, sheet: &str) -> Self {
        Self::new(name, "css", "text/css; charset=utf-8", frontend::packed(sheet).as_bytes())
    }

    fn new(name: &str, extension: &str, media: &'static str, plain: &[u8]) -> Self {
        let hash = hex::encode(&Sha256::digest(plain)[..6]);
        Self {
            path: format!("/assets/{name}-{hash}.{extension}"),
            media,
            plain: plain.to_vec(),
            brotli: None,
        }
    }
}

/// The style sheet of signed-in pages.
pub fn stylesheet_path() -> &'static str {
    &ASSETS[0].path
}

/// The style sheet of public pages.
pub fn public_stylesheet_path() -> &'static str {
    &ASSETS[1].path
}

/// The tokens of the dark theme.
pub fn dark_path() -> &'static str {
    &ASSETS[2].path
}

/// What changes on paper.
pub fn print_path() -> &'static str {
    &ASSETS[3].path
}

/// The script that starts the islands; empty when this build has no bundle.
pub fn script_path() -> &'static str {
    if cfg!(feature = "bundle") { ASSETS.last().map_or("", |start| &start.path) } else { "" }
}

/// The hash of this build.
pub fn build_hash() -> &'static str {
    &BUILD
}

/// The route of all assets.
pub fn routes(routes: Routes) -> Routes {
    let routes =
        routes.file("/favicon.svg", Access::Public, "image/svg+xml", "The mark of this program", icon);
    routes.file("/assets/{name}", Access::Public, "*/*", "A style sheet or script, by content hash", serve)
}

/// A square that says "down", as on every page; it has no hash because browsers ask for it by name.
async fn icon() -> Response {
    const ICON: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>\
        <rect width='32' height='32' rx='4' fill='#141B19'/><path fill='#fff' d='M9 9h14v14H9z'/></svg>";
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    let mut response = (headers, ICON).into_response();
    response.extensions_mut().insert(Prepared);
    response
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let path = format!("/assets/{name}");
    let asset = ASSETS.iter().find(|asset| asset.path == path).ok_or_else(|| Problem::not_found("file"))?;
    let takes_brotli = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|each| each.trim().starts_with("br")));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let media = HeaderValue::from_static(asset.media);
    let common = [(header::CACHE_CONTROL, forever), (header::CONTENT_TYPE, media)];
    let mut response = match &asset.brotli {
        Some(bytes) if takes_brotli => {
            ([(header::CONTENT_ENCODING, "br")], common, bytes.clone()).into_response()
        }
        _ => (common, asset.plain.clone()).into_response(),
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response.extensions_mut().insert(Prepared);
    Ok(response)
}
