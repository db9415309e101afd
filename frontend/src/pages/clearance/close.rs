//! What still keeps the incident from closing, and closing it.

use domain::{
    closing::{Blocker, BlockerKind, Item},
    view::{
        clearance::{CloseView, WaiverLine},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
};

/// So many of the things in the way are named; the link leads to all of them.
const MOST_NAMED: usize = 9;

/// What keeps the incident from closing, and closing it.
pub fn close_body(frame: &Frame, view: &CloseView) -> AnyView {
    let blockers = view.blockers.iter().map(|part| blocker(frame, view, part)).collect_view();
    let waivers = (!view.waivers.is_empty()).then(|| {
        let lines = view.waivers.iter().map(waiver).collect_view();
        ui::panel("Waivers", view! { <ul class="stack">{lines}</ul> }.into_any())
    });
    let close = view.may_close.then(|| {
        let body = view! {
            {Field::new("basis", "On what basis does it close?").hint("This stands in the log")
                .value(view.typed.basis.0.clone()).errors(&frame.errors).area(3)}
            {button::primary("Close this incident")}
        };
        ui::panel("Close", button::form(&view.path, &view.request_id.to_string(), body.into_any()))
    });
    view! {
        {ui::head(frame, &view.title, None, None)}
        <div class="stack">{blockers}{waivers}{close}</div>
    }
    .into_any()
}

fn blocker(frame: &Frame, view: &CloseView, part: &Blocker) -> AnyView {
    let waivable = part.kind.is_waivable();
    let rule = if waivable { "Two people in two roles may waive each." } else { "This cannot be waived." };
    let waived = (part.waived > 0).then(|| format!(" {} waived.", ui::count(part.waived)));
    let named = part.items.iter().take(MOST_NAMED);
    let items = named
        .map(|item| view! { <li><a href=item.path.clone()>{item.label.clone()}</a></li> })
        .collect_view();
    let named = i64::try_from(part.items.len().min(MOST_NAMED)).unwrap_or(0);
    let words = match part.count - named {
        more if named > 0 && more > 0 => format!("{} more, see them all", ui::count(more)),
        _ => "See them all".to_owned(),
    };
    let form = (waivable && !part.items.is_empty()).then(|| waive_form(frame, view, part));
    let body = view! {
        <p class="muted">{rule}{waived}</p>
        <ul class="named">{items}</ul>
        <p><a href=part.link.clone()>{words}</a></p>
        {form}
    };
    let title = part.kind.counted(part.count).replacen(&part.count.to_string(), &ui::count(part.count), 1);
    ui::panel(&title, body.into_any())
}

fn waive_form(frame: &Frame, view: &CloseView, part: &Blocker) -> AnyView {
    let pick = |(value, words): &(String, String)| Choice::new(value.clone(), words.clone());
    let item = |item: &Item| Choice::new(item.id.to_string(), item.label.clone());
    let owner = (part.kind == BlockerKind::CaseOpen).then(|| {
        Field::new("owner", "Who keeps this patient on their list?")
            .errors(&frame.errors)
            .select(view.owners.iter().map(pick).collect())
    });
    let action = view.path.replace("/close", "/waivers");
    let body = view! {
        <input type="hidden" name="kind" value=part.kind.code()/>
        {Field::new("item", "Waive").errors(&frame.errors).select(part.items.iter().map(item).collect())}
        {Field::new("role", "In your role as").errors(&frame.errors).select(view.roles.iter().map(pick).collect())}
        {owner}
        {Field::new("reason", "Reason").hint("The second person agrees to the first one's reason").errors(&frame.errors).text()}
        {button::secondary("Waive")}
    };
    view! {
        <details>
            <summary>"Waive one"</summary>
            {button::form(&action, &view.request_id.to_string(), body.into_any())}
        </details>
    }
    .into_any()
}

fn waiver(line: &WaiverLine) -> AnyView {
    let state = if line.second.is_empty() {
        "waits for a second person in another role".to_owned()
    } else {
        format!("agreed by {}", line.second)
    };
    let what = line.kind.counted(1);
    view! {
        <li><b>{what}</b>": "{line.reason.clone()}<span class="second">"asked for by "{line.first.clone()}", "{state}</span></li>
    }
    .into_any()
}
