//! One stream for the page that is being looked at: it brings the board whole, says that a list has changed, and
//! tells when the server is a newer one.
//!
//! A browser gives six connections to a server, so a tab in the background lets go of its stream and takes it up
//! again when it is looked at.

use std::cell::{Cell, RefCell};

use domain::{time::Timestamp, view::board::BoardView};
use serde::Deserialize;
use web_sys::{Event, EventSource, MessageEvent};

use super::{clock, dom, forms};

/// Longest wait before trying again, in milliseconds; half of it is chance, so that ten thousand browsers do not
/// come back at once.
const MOST_WAIT: i32 = 15_000;
/// A reload by itself happens within this time.
const RELOAD_WITHIN: i32 = 30_000;

type OnBoard = Box<dyn Fn(BoardView)>;

thread_local! {
    static BOARD: RefCell<Option<OnBoard>> = const { RefCell::new(None) };
    static SOURCE: RefCell<Option<EventSource>> = const { RefCell::new(None) };
    static FAILURES: Cell<i32> = const { Cell::new(0) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static REFETCHING: Cell<bool> = const { Cell::new(false) };
    static GREETED: Cell<bool> = const { Cell::new(false) };
}

/// The first event of a stream.
#[derive(Deserialize)]
struct Hello {
    build: String,
    now: Timestamp,
}

/// Names who draws the board.
pub fn on_board(draw: impl Fn(BoardView) + 'static) {
    BOARD.set(Some(Box::new(draw)));
}

/// Opens the stream of this page's incident, if it has one.
pub fn start() {
    if dom::first("[data-incident]").is_none() {
        return;
    }
    LAST.set(clock::wall_minutes());
    open();
    dom::on(
        &dom::document(),
        "visibilitychange",
        |_: Event| {
            if dom::document().hidden() { close() } else { open() }
        },
    );
}

fn close() {
    if let Some(source) = SOURCE.take() {
        source.close();
    }
}

fn open() {
    if dom::document().hidden() || SOURCE.with_borrow(Option::is_some) {
        return;
    }
    let Some(incident) = dom::first("[data-incident]").and_then(|bar| bar.get_attribute("data-incident"))
    else {
        return;
    };
    let board = BOARD.with_borrow(Option::is_some);
    let path = format!("/incidents/{incident}/live{}", if board { "?view=board" } else { "" });
    let Ok(source) = EventSource::new(&path) else { return };
    dom::on(&source, "hello", |event: MessageEvent| greeted(&text(&event)));
    dom::on(&source, "board", |event: MessageEvent| {
        received();
        if let Ok(view) = serde_json::from_str(&text(&event)) {
            BOARD.with_borrow(|draw| draw.as_ref().map(|draw| draw(view)));
        }
    });
    dom::on(&source, "changed", |_: MessageEvent| {
        received();
        dom::after(dom::jitter(1500), refetch);
    });
    dom::on(&source, "bye", |_: MessageEvent| {
        close();
        open();
    });
    dom::on(&source, "beat", |_: MessageEvent| received());
    dom::on(&source, "error", |_: Event| lost());
    SOURCE.set(Some(source));
}

fn text(event: &MessageEvent) -> String {
    event.data().as_string().unwrap_or_default()
}

fn received() {
    FAILURES.set(0);
    LAST.set(clock::wall_minutes());
    clock::mark(true, "");
}

fn lost() {
    close();
    clock::mark(false, &LAST.with_borrow(Clone::clone));
    let failures = FAILURES.get().min(4);
    FAILURES.set(failures + 1);
    let wait = (1000 << failures).min(MOST_WAIT);
    dom::after(wait / 2 + dom::jitter(wait / 2 + 1), open);
}

fn greeted(text: &str) {
    let Ok(hello) = serde_json::from_str::<Hello>(text) else { return };
    clock::synchronise(hello.now);
    received();
    let ours = dom::document().body().and_then(|body| body.get_attribute("data-build")).unwrap_or_default();
    if hello.build != ours {
        newer(&hello.build);
    } else if GREETED.replace(true) && BOARD.with_borrow(Option::is_none) {
        // What happened while the stream was away is on a list's page already, if one looks again.
        dom::after(dom::jitter(1500), refetch);
    }
}

/// The server is a newer one: said at once, and loaded by itself once per version when nobody is typing.
fn newer(build: &str) {
    if dom::first(".newer").is_none()
        && let (Some(main), Ok(line)) = (dom::first("main"), dom::document().create_element("p"))
    {
        line.set_class_name("notice newer");
        let _ = line.set_attribute("role", "status");
        line.set_text_content(Some("A new version runs. "));
        if let Ok(link) = dom::document().create_element("a") {
            let _ = link.set_attribute("href", &dom::window().location().href().unwrap_or_default());
            link.set_text_content(Some("Load it"));
            let _ = line.append_child(&link);
        }
        let _ = main.insert_before(&line, main.first_child().as_ref());
    }
    let key = format!("reloaded {build}");
    let Some(store) = dom::session() else { return };
    if store.get_item(&key).ok().flatten().is_some() {
        return;
    }
    dom::after(dom::jitter(RELOAD_WITHIN), move || {
        if !forms::is_dirty() {
            let _ = store.set_item(&key, "yes");
            let _ = dom::window().location().reload();
        }
    });
}

/// Fetches this page again and puts its new main part in place, unless somebody is at work in it.
fn refetch() {
    if REFETCHING.get() || forms::is_dirty() || is_busy() {
        return;
    }
    REFETCHING.set(true);
    leptos::task::spawn_local(async {
        if let Some(html) = page_again().await {
            replace(&html);
        }
        REFETCHING.set(false);
    });
}

/// Whether the keyboard or an open part is inside the main part.
fn is_busy() -> bool {
    let in_main = |element: web_sys::Element| element.closest("main").ok().flatten().is_some();
    let active = dom::document().active_element();
    active.is_some_and(|element| element.tag_name() != "MAIN" && in_main(element))
        || dom::first("main details[open]").is_some()
}

async fn page_again() -> Option<String> {
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::JsFuture;

    let href = dom::window().location().href().ok()?;
    let answer = JsFuture::from(dom::window().fetch_with_str(&href)).await.ok()?;
    let answer: web_sys::Response = answer.dyn_into().ok()?;
    if !answer.ok() || answer.redirected() {
        return None;
    }
    JsFuture::from(answer.text().ok()?).await.ok()?.as_string()
}

fn replace(html: &str) {
    if forms::is_dirty() || is_busy() {
        return;
    }
    let Ok(parser) = web_sys::DomParser::new() else { return };
    let Ok(page) = parser.parse_from_string(html, web_sys::SupportedType::TextHtml) else { return };
    for part in ["main", ".bar", ".rail ul"] {
        let (Some(old), Some(new)) = (dom::first(part), page.query_selector(part).ok().flatten()) else {
            continue;
        };
        if old.inner_html() != new.inner_html() {
            old.set_inner_html(&new.inner_html());
        }
    }
    clock::start_again();
}
