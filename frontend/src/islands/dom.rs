//! Reaching into the page: the few calls that the enhancers share.

use wasm_bindgen::{JsCast, closure::Closure, convert::FromWasmAbi};
use web_sys::{Document, Element, EventTarget, HtmlElement, Storage, Window};

pub fn window() -> Window {
    web_sys::window().expect("this runs in a page only")
}

pub fn document() -> Document {
    window().document().expect("this runs in a page only")
}

/// All elements that match, in the order of the page.
pub fn all(selector: &str) -> Vec<Element> {
    let Ok(list) = document().query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.get(index)?.dyn_into().ok()).collect()
}

pub fn first(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Listens for as long as the page lives.
pub fn on<E: FromWasmAbi + 'static>(target: &EventTarget, event: &str, act: impl FnMut(E) + 'static) {
    let act = Closure::<dyn FnMut(E)>::new(act);
    // A page that cannot listen is still a page.
    let _ = target.add_event_listener_with_callback(event, act.as_ref().unchecked_ref());
    act.forget();
}

/// Runs after some milliseconds, once.
pub fn after(milliseconds: i32, act: impl FnOnce() + 'static) {
    let act = Closure::once_into_js(act);
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(act.unchecked_ref(), milliseconds);
}

/// Runs every so many milliseconds, for as long as the page lives.
pub fn every(milliseconds: i32, act: impl FnMut() + 'static) {
    let act = Closure::<dyn FnMut()>::new(act);
    let _ = window()
        .set_interval_with_callback_and_timeout_and_arguments_0(act.as_ref().unchecked_ref(), milliseconds);
    act.forget();
}

/// What outlives this page in this tab; a browser may refuse it.
pub fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// What outlives this page and this tab; a browser may refuse it.
pub fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// A number from 0 to below `below`, to spread what many browsers would do at once.
#[expect(clippy::cast_possible_truncation, reason = "the product lies below `below`")]
pub fn jitter(below: i32) -> i32 {
    (js_sys::Math::random() * f64::from(below)) as i32
}
