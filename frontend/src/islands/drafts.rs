//! Nothing typed is lost by a crash, a closed tab's back button or an expired sign-in (rule 16): what stands in
//! a form is kept in this tab's storage until the server has taken it, or the person signs out. It is kept under the
//! person's account: on a ward's computer the next one may sign in in the same tab.
//!
//! A draft keeps its form's request id. Should the lost answer have been a yes, sending the draft again is the
//! same command and gets the first outcome.

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use super::dom;

#[derive(Serialize, Deserialize)]
struct Draft {
    /// Whether it was sent and no page has followed yet.
    sent: bool,
    fields: Vec<(String, String)>,
}

/// How the name of every draft begins.
const DRAFT: &str = "draft ";

/// Where the draft of a form is kept: by person, by page and by what the form does.
fn key(form: &HtmlFormElement) -> String {
    let account = dom::first("[data-account]").and_then(|who| who.get_attribute("data-account"));
    let path = dom::window().location().pathname().unwrap_or_default();
    let action = form.get_attribute("action").unwrap_or_default();
    format!("{DRAFT}{} {path} {action}", account.unwrap_or_default())
}

/// Forgets every draft of this tab: whoever signs out leaves nothing behind.
pub fn forget_all() {
    let Some(store) = dom::session() else { return };
    let count = store.length().unwrap_or_default();
    let names: Vec<String> = (0..count).filter_map(|index| store.key(index).ok().flatten()).collect();
    for name in names.iter().filter(|name| name.starts_with(DRAFT)) {
        let _ = store.remove_item(name);
    }
}

/// Keeps what stands in the form now.
pub fn keep(form: &HtmlFormElement, sent: bool) {
    let fields = controls(form).iter().filter_map(read).collect();
    if let (Some(store), Ok(text)) = (dom::session(), serde_json::to_string(&Draft { sent, fields })) {
        let _ = store.set_item(&key(form), &text);
    }
}

/// Puts a draft back that no server has taken; says whether there was one.
pub fn restore(form: &HtmlFormElement, came_back: bool) -> bool {
    let Some(store) = dom::session() else { return false };
    let key = key(form);
    let Some(draft) = store.get_item(&key).ok().flatten() else { return false };
    let Ok(draft) = serde_json::from_str::<Draft>(&draft) else { return false };
    // A page that followed the sending was the server's answer: it has taken the form, or shows it again.
    if draft.sent && !came_back {
        let _ = store.remove_item(&key);
        return false;
    }
    let mut fields = draft.fields;
    let mut changed = false;
    for control in controls(form) {
        changed |= write(&control, &mut fields);
    }
    changed
}

fn controls(form: &HtmlFormElement) -> Vec<Element> {
    let elements = form.elements();
    (0..elements.length()).filter_map(|index| elements.item(index)).collect()
}

/// Name and value of a control that holds something typed or chosen; secrets and files are never kept.
fn read(control: &Element) -> Option<(String, String)> {
    if let Some(area) = control.dyn_ref::<HtmlTextAreaElement>() {
        return Some((area.name(), area.value()));
    }
    if let Some(select) = control.dyn_ref::<HtmlSelectElement>() {
        return Some((select.name(), select.value()));
    }
    let input = control.dyn_ref::<HtmlInputElement>()?;
    match input.type_().as_str() {
        "password" | "file" | "submit" => None,
        "hidden" if input.name() != "request_id" => None,
        "checkbox" | "radio" if !input.checked() => None,
        _ => Some((input.name(), input.value())),
    }
}

/// Writes a draft's next value of that name into a control; says whether that changed what a person sees.
fn write(control: &Element, fields: &mut Vec<(String, String)>) -> bool {
    let mut take = |name: &str| {
        let index = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.remove(index).1)
    };
    if let Some(area) = control.dyn_ref::<HtmlTextAreaElement>() {
        let Some(value) = take(&area.name()) else { return false };
        let changed = area.value() != value;
        area.set_value(&value);
        return changed;
    }
    if let Some(select) = control.dyn_ref::<HtmlSelectElement>() {
        let Some(value) = take(&select.name()) else { return false };
        let changed = select.value() != value;
        select.set_value(&value);
        return changed;
    }
    let Some(input) = control.dyn_ref::<HtmlInputElement>() else { return false };
    match input.type_().as_str() {
        "password" | "file" | "submit" => false,
        "checkbox" | "radio" => {
            let name = input.name();
            let chosen = fields.iter().any(|(field, value)| *field == name && *value == input.value());
            let changed = input.checked() != chosen;
            input.set_checked(chosen);
            changed
        }
        kind => {
            let hidden = kind == "hidden";
            if hidden && input.name() != "request_id" {
                return false;
            }
            let Some(value) = take(&input.name()) else { return false };
            let changed = !hidden && input.value() != value;
            input.set_value(&value);
            changed
        }
    }
}
