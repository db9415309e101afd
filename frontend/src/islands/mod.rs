//! The few parts of a page that stay live in the browser. Every page is whole without them.
//!
//! `live_board` is drawn again from the same view model by the same functions; the others only touch what is
//! already there: clocks count on, forms keep what was typed, and one stream tells when to look again.

pub mod live_board;

#[cfg(feature = "hydrate")]
mod clock;
#[cfg(feature = "hydrate")]
mod dom;
#[cfg(feature = "hydrate")]
mod drafts;
#[cfg(feature = "hydrate")]
mod forms;
#[cfg(feature = "hydrate")]
mod scanner;
#[cfg(feature = "hydrate")]
mod stream;

/// Called by the script file before the islands.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}

/// Called by the script file after the islands, so that the stream finds whom to draw for.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start() {
    clock::start();
    scanner::start();
    forms::start();
    stream::start();
}
