//! The scan page: a USB scanner types a serial and Enter, hundreds in a row. Each scan is kept before it is sent, and
//! sent in order; no scan is lost when the network is slow, away, or the tab is closed (rule 16). Every answer is a
//! word, a colour and a sound, and the field has the focus again at once.
//!
//! Scans that wait lie in the browser's storage under the person's account, one entry each, named by when they were
//! made, so that two tabs keep theirs apart. Each has its own request id: one that was taken and whose answer was
//! lost is answered as the first time.

mod camera;
mod sound;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use domain::forms::Answer;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Event, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlSelectElement, KeyboardEvent, RequestInit,
    Response,
};

use super::dom;

/// How long a scan that nobody answers rests before it is sent again, in milliseconds.
const REST: i32 = 1_500;
/// The choices that go along with every serial.
const CHOICES: [&str; 5] = ["station", "pile", "voided_because", "unit", "batch"];

thread_local! {
    static SENDING: Cell<bool> = const { Cell::new(false) };
    static MADE: Cell<u32> = const { Cell::new(0) };
    static ANSWERED: Cell<u32> = const { Cell::new(0) };
    static SUMS: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
    /// Scans that the browser's storage did not take: kept in the page.
    static HELD: RefCell<BTreeMap<String, Waiting>> = const { RefCell::new(BTreeMap::new()) };
}

/// A scan that is to be sent.
#[derive(Clone, Serialize, Deserialize)]
struct Waiting {
    fields: BTreeMap<String, String>,
}

/// What the server said to a scan.
struct Said {
    good: bool,
    word: String,
    sentence: String,
}

#[derive(Deserialize)]
struct Taken {
    answer: Answer,
    word: String,
    sentence: String,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "type")]
    code: String,
    title: String,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
}

/// Whether this page is one for scanning: nothing puts another main part in its place.
pub fn is_here() -> bool {
    dom::first("[data-scanner]").is_some()
}

/// Whether this form is the scanner's, which keeps its scans in its own way.
pub fn has(form: &HtmlFormElement) -> bool {
    form.query_selector("[data-scanner]").ok().flatten().is_some()
}

fn form() -> Option<HtmlFormElement> {
    dom::first("[data-scanner]")?.closest("form").ok()??.dyn_into().ok()
}

fn field() -> Option<HtmlInputElement> {
    form()?.query_selector("[name=serial]").ok()??.dyn_into().ok()
}

/// Takes over the scan form of this page, if it has one.
pub fn start() {
    let Some(form) = form() else { return };
    if let Some(extras) = dom::first("[data-scan-extras]") {
        let _ = extras.remove_attribute("hidden");
    }
    dom::on(&form, "submit", |event: Event| {
        event.prevent_default();
        // The enhancer of all other forms would wait for a page to follow.
        event.stop_propagation();
        submitted();
    });
    for event in ["input", "change"] {
        dom::on(&form, event, |event: Event| {
            event.stop_propagation();
            remember_choices();
        });
    }
    dom::on(&dom::document(), "keydown", |event: KeyboardEvent| keep_focus(&event));
    dom::on(&dom::window(), "online", |_: Event| pump());
    camera::offer(scanned);
    focus();
    show_waiting("");
    pump();
}

fn focus() {
    if let Some(field) = field() {
        let _ = field.focus();
    }
}

/// A scanner types wherever the focus is: what it types into nothing belongs into the field.
fn keep_focus(event: &KeyboardEvent) {
    let active = dom::document().active_element().map(|element| element.tag_name());
    let in_control =
        matches!(active.as_deref(), Some("INPUT" | "SELECT" | "TEXTAREA" | "BUTTON" | "A" | "SUMMARY"));
    if !in_control
        && !event.ctrl_key()
        && !event.alt_key()
        && !event.meta_key()
        && event.key().chars().count() == 1
    {
        focus();
    }
}

fn submitted() {
    let Some(field) = field() else { return };
    let serial = field.value().trim().to_owned();
    field.set_value("");
    focus();
    if !serial.is_empty() {
        scanned(serial);
    }
}

/// The value of one of the choices.
fn choice(name: &str) -> String {
    let find = || form()?.query_selector(&format!("[name={name}]")).ok()?;
    find()
        .and_then(|element| element.dyn_into::<HtmlSelectElement>().ok())
        .map(|select| select.value())
        .unwrap_or_default()
}

/// Puts the choices into the address, so that a page that is loaded again stands at the same station.
fn remember_choices() {
    let pairs: Vec<String> = CHOICES.iter().map(|name| format!("{name}={}", choice(name))).collect();
    let location = dom::window().location();
    let path = location.pathname().unwrap_or_default();
    if let Ok(history) = dom::window().history() {
        let address = format!("{path}?{}", pairs.join("&"));
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Keeps a scan and sees that it is sent.
pub(super) fn scanned(serial: String) {
    let mut fields: BTreeMap<String, String> =
        CHOICES.iter().map(|name| ((*name).to_owned(), choice(name))).collect();
    fields.insert("serial".to_owned(), serial);
    fields.insert("request_id".to_owned(), request_id());
    let made = MADE.get() + 1;
    MADE.set(made);
    // Storage is read by name: the time and a count make the order in which they were scanned.
    let name = format!("{}{:016.0}-{made:08}", prefix(), js_sys::Date::now());
    let waiting = Waiting { fields };
    let kept = serde_json::to_string(&waiting)
        .ok()
        .and_then(|text| dom::local()?.set_item(&name, &text).ok())
        .is_some();
    if !kept {
        HELD.with_borrow_mut(|held| held.insert(name, waiting));
    }
    show_waiting("");
    pump();
}

/// How the names of this person's waiting scans of this incident begin.
fn prefix() -> String {
    let account = dom::first("[data-account]").and_then(|who| who.get_attribute("data-account"));
    let path = dom::window().location().pathname().unwrap_or_default();
    format!("scan {} {path} ", account.unwrap_or_default())
}

/// The names of the scans that wait, the first scanned first.
fn waiting() -> Vec<String> {
    let prefix = prefix();
    let mut names: Vec<String> = HELD.with_borrow(|held| held.keys().cloned().collect());
    if let Some(store) = dom::local() {
        let count = store.length().unwrap_or_default();
        names.extend((0..count).filter_map(|index| store.key(index).ok().flatten()));
    }
    names.retain(|name| name.starts_with(&prefix));
    names.sort();
    names
}

fn take_up(name: &str) -> Option<Waiting> {
    let held = HELD.with_borrow(|held| held.get(name).cloned());
    held.or_else(|| serde_json::from_str(&dom::local()?.get_item(name).ok()??).ok())
}

fn forget(name: &str) {
    HELD.with_borrow_mut(|held| held.remove(name));
    if let Some(store) = dom::local() {
        let _ = store.remove_item(name);
    }
}

/// Sends what waits, one after the other; a scan that nobody answered stays the first.
fn pump() {
    if SENDING.replace(true) {
        return;
    }
    leptos::task::spawn_local(async {
        while let Some(name) = waiting().into_iter().next() {
            let Some(scan) = take_up(&name) else {
                forget(&name);
                continue;
            };
            match send(&scan).await {
                Ok(said) => {
                    forget(&name);
                    show(scan.fields.get("serial").map(String::as_str).unwrap_or_default(), &said);
                    show_waiting("");
                }
                Err(why) => {
                    show_waiting(&why);
                    dom::after(REST, pump);
                    break;
                }
            }
        }
        SENDING.set(false);
    });
}

/// Sends one scan. `Err` says why nobody answered; it is sent again.
async fn send(scan: &Waiting) -> Result<Said, String> {
    let away = || "The server does not answer".to_owned();
    let body = serde_json::to_string(&scan.fields).map_err(|_| away())?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(&body));
    let headers = web_sys::Headers::new().map_err(|_| away())?;
    let _ = headers.set("Accept", "application/json");
    let _ = headers.set("Content-Type", "application/json");
    init.set_headers(&headers);
    let path = dom::window().location().pathname().unwrap_or_default();
    let answer =
        JsFuture::from(dom::window().fetch_with_str_and_init(&path, &init)).await.map_err(|_| away())?;
    let answer: Response = answer.dyn_into().map_err(|_| away())?;
    let text = match answer.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default(),
        Err(_) => return Err(away()),
    };
    match answer.status() {
        200 | 201 => {
            let taken: Taken = serde_json::from_str(&text).map_err(|_| away())?;
            let sentence = taken.sentence;
            Ok(Said { good: taken.answer == Answer::Ok, word: taken.word, sentence })
        }
        // The sheet or a choice is refused, the unit is another's, or the incident is gone: that is the answer.
        400 | 403 | 404 | 422 => {
            let refused: Refused = serde_json::from_str(&text).map_err(|_| away())?;
            let field = refused.errors.into_values().flatten().next();
            let word = Answer::word_of_refusal(&refused.code).to_owned();
            Ok(Said { good: false, word, sentence: field.unwrap_or(refused.title) })
        }
        401 => Err("You are signed out. Sign in again in another tab".to_owned()),
        status => Err(format!("The server is busy ({status})")),
    }
}

fn show(serial: &str, said: &Said) {
    let answered = ANSWERED.get() + 1;
    ANSWERED.set(answered);
    if let Some(answer) = dom::first("[data-scan-answer]") {
        answer.set_class_name(if said.good { "notice scan-good" } else { "notice problem" });
    }
    set("[data-scan-word]", &said.word);
    set("[data-scan-said]", &format!("{serial} {}", said.sentence));
    set("[data-scan-count]", &answered.to_string());
    let sums = SUMS.with_borrow_mut(|sums| {
        *sums.entry(said.word.clone()).or_default() += 1;
        sums.iter().map(|(word, times)| format!("{word} {times}")).collect::<Vec<_>>().join(", ")
    });
    set("[data-scan-sums]", &sums);
    log(serial, said);
    if dom::first("[data-scan-sound]")
        .and_then(|switch| switch.dyn_into::<HtmlInputElement>().ok())
        .is_some_and(|switch| switch.checked())
    {
        sound::play(&said.word, said.good);
    }
}

/// The last ten, the newest first.
fn log(serial: &str, said: &Said) {
    let Some(list) = dom::first("[data-scan-log]") else { return };
    let Ok(line) = dom::document().create_element("li") else { return };
    line.set_text_content(Some(&format!("{} {serial}", said.word)));
    let _ = list.insert_before(&line, list.first_child().as_ref());
    while list.child_element_count() > 10 {
        let Some(last) = list.last_element_child() else { return };
        last.remove();
    }
}

fn show_waiting(why: &str) {
    let count = waiting().len();
    let words = match (count, why) {
        (0, _) => String::new(),
        (count, "") if count < 3 => String::new(),
        (count, "") => format!("{count} scans are being sent."),
        (1, why) => format!("{why}. 1 scan waits in this browser and is sent by itself."),
        (count, why) => format!("{why}. {count} scans wait in this browser and are sent by themselves."),
    };
    set("[data-scan-waiting]", &words);
}

fn set(selector: &str, words: &str) {
    let element: Option<HtmlElement> = dom::first(selector);
    if let Some(element) = element.filter(|element| element.text_content().as_deref() != Some(words)) {
        element.set_text_content(Some(words));
    }
}

/// A random UUID; `crypto.randomUUID` is there only on secure pages.
fn request_id() -> String {
    let mut digits = String::with_capacity(32);
    for _ in 0..32 {
        digits.push(char::from_digit(u32::try_from(dom::jitter(16)).unwrap_or(0), 16).unwrap_or('0'));
    }
    digits.replace_range(12..13, "4");
    digits.replace_range(16..17, "8");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}
