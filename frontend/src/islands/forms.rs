//! One enhancer for all forms: a second click sends nothing, what is typed is kept, and leaving a page with
//! something unsent is asked about. Forms post natively; nothing here sends.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use web_sys::{BeforeUnloadEvent, Event, HtmlFormElement, PageTransitionEvent};

use super::{dom, drafts, scanner};

thread_local! {
    /// Whether something typed has not been sent.
    static DIRTY: Cell<bool> = const { Cell::new(false) };
    static SENDING: Cell<bool> = const { Cell::new(false) };
}

/// Whether a reload would disturb somebody who is typing.
pub fn is_dirty() -> bool {
    DIRTY.get() || SENDING.get() || scanner::is_here()
}

/// Watches every form of the page.
pub fn start() {
    let came_back = came_back();
    for form in dom::all("main form[method=post]") {
        let Ok(form) = form.dyn_into::<HtmlFormElement>() else { continue };
        if scanner::has(&form) {
            continue;
        }
        if drafts::restore(&form, came_back) {
            DIRTY.set(true);
            say_restored(&form);
        }
    }
    let document = dom::document();
    for event in ["input", "change"] {
        dom::on(&document, event, |event: Event| {
            if let Some(form) = form_of(&event) {
                DIRTY.set(true);
                drafts::keep(&form, false);
            }
        });
    }
    dom::on(&document, "submit", submitted);
    dom::on(&dom::window(), "beforeunload", |event: BeforeUnloadEvent| {
        if DIRTY.get() && !SENDING.get() {
            event.prevent_default();
        }
    });
    // The browser may show this very page again, as it was left.
    dom::on(&dom::window(), "pageshow", |event: PageTransitionEvent| {
        if event.persisted() {
            SENDING.set(false);
            for form in dom::all("form[data-sent]") {
                let _ = form.remove_attribute("data-sent");
            }
        }
    });
}

fn submitted(event: Event) {
    let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
        return;
    };
    if form.method() != "post" {
        return;
    }
    if form.has_attribute("data-sent") {
        event.prevent_default();
        return;
    }
    let _ = form.set_attribute("data-sent", "");
    SENDING.set(true);
    if form.get_attribute("action").as_deref() == Some("/sign-out") {
        drafts::forget_all();
        return;
    }
    drafts::keep(&form, true);
}

fn form_of(event: &Event) -> Option<HtmlFormElement> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let form = element.closest("main form[method=post]").ok()??.dyn_into::<HtmlFormElement>().ok()?;
    Some(form)
}

/// Whether this page is one that a person came back to, or loaded again, rather than one that a form led to.
fn came_back() -> bool {
    let entries =
        dom::window().performance().map(|performance| performance.get_entries_by_type("navigation"));
    let kind = entries
        .and_then(|entries| js_sys::Reflect::get(&entries.get(0), &"type".into()).ok())
        .and_then(|kind| kind.as_string());
    matches!(kind.as_deref(), Some("reload" | "back_forward"))
}

fn say_restored(form: &HtmlFormElement) {
    let Ok(line) = dom::document().create_element("p") else { return };
    line.set_class_name("notice");
    let _ = line.set_attribute("role", "status");
    line.set_text_content(Some("What you typed here before is back. It has not been sent."));
    let _ = form.insert_before(&line, form.first_child().as_ref());
}
