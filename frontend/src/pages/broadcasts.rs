//! Broadcasts: the list, the composer, one broadcast before and after sending, who knows, and the ledger.

mod audit;
mod compose;
mod knows;
mod ledger;
mod one;

pub use audit::{audit, audit_title};
pub use compose::compose;
pub use knows::{call_list, call_list_title, knows_title, unit, unit_title, who_knows};
pub use ledger::{delivery, ledger, ledger_title};
pub use one::{one, one_title};

use domain::{
    broadcasts::Stage,
    view::{
        broadcasts::{BroadcastLine, BroadcastsView, HoldView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, counted,
    field::{Choice, Field},
    icon,
    table::{self, Column, Row},
};

/// What the list says first.
pub fn list_title(view: &BroadcastsView) -> String {
    let count = |which: fn(&BroadcastLine) -> bool| {
        i64::try_from(view.lines.iter().filter(|line| which(line)).count()).unwrap_or(i64::MAX)
    };
    let asks = count(|line| line.stage == Stage::PendingApproval);
    let leaves = count(|line| line.open > 0);
    let newest = view.lines.iter().find(|line| line.stage.has_left());
    match newest {
        _ if asks > 0 => format!("{} for a second look", counted(asks, "broadcast waits", "broadcasts wait")),
        _ if leaves > 0 => format!("{} being sent", counted(leaves, "broadcast is", "broadcasts are")),
        Some(last) => {
            format!("Broadcast {}: {} of {} units know", last.number, last.units_confirmed, last.units)
        }
        None => "Nothing has been sent yet".into(),
    }
}

/// All broadcasts, the newest first.
pub fn list(frame: &Frame, view: &BroadcastsView) -> AnyView {
    let new = format!("/incidents/{}/broadcasts/new", view.incident);
    let action = view.may_send.then(|| button::primary_link("Compose a broadcast", &new));
    let columns = vec![
        Column::number("No."),
        Column::new("Subject and audience"),
        Column::new("State"),
        Column::number("Units that know"),
        Column::number("Open"),
        Column::number("Failed"),
        Column::number("In doubt"),
    ];
    let rows = view.lines.iter().map(|line| row(view, line)).collect();
    let resting = view
        .resting
        .iter()
        .map(|line| view! { <li><span class="late">{icon::flag()}" "{line.clone()}</span></li> })
        .collect_view();
    view! {
        {ui::head(frame, &list_title(view), None, action)}
        {view.hold.as_ref().map(|hold| held(view, hold))}
        <ul class="plain">{resting}</ul>
        {files_only(&view.files_only)}
        {table::table("Broadcasts", columns, rows, "Nothing has been composed yet.")}
        <p><a href="/sending/audit">"Is every message accounted for?"</a></p>
        {(view.may_send && !view.clear.is_empty()).then(|| all_clear(frame, view))}
        {view.may_send.then(|| lists(frame, view))}
    }
    .into_any()
}

/// That something does not leave, to be read before anything is sent.
fn files_only(words: &str) -> AnyView {
    let words = words.to_owned();
    (!words.is_empty()).then(|| view! { <p class="late">{icon::flag()}" "{words}</p> }).into_any()
}

fn row(view: &BroadcastsView, line: &BroadcastLine) -> Row {
    let path = format!("/incidents/{}/broadcasts/{}", view.incident, line.id);
    let knows = format!("{path}/who-knows");
    let state = |state: &str| format!("{path}/deliveries?state={state}");
    let number = |count: i64, to: String, late: bool| {
        let class = if late && count > 0 { "late" } else { "" };
        view! { <a href=to class=class>{ui::count(count)}</a> }.into_any()
    };
    Row::new(vec![
        table::text(&line.number.to_string()),
        table::two_lines(view! { <a href=path.clone()>{line.subject.clone()}</a> }, line.to.clone()),
        table::two_lines(line.stage_words.clone(), line.sent.clone()),
        if line.stage.has_left() {
            view! { <a href=knows>{format!("{} of {}", line.units_confirmed, line.units)}</a> }.into_any()
        } else {
            table::text("not sent")
        },
        number(line.open, state("queued"), false),
        number(line.failed, state("failed"), true),
        number(line.in_doubt, state("in_doubt"), true),
    ])
}

fn held(view: &BroadcastsView, hold: &HoldView) -> AnyView {
    let choices = vec![
        Choice::new("all", "Send everything"),
        Choice::new("in_window", "Send what was ordered within the last hour, suppress the rest"),
        Choice::new("hold", "Hold on"),
    ];
    let body = view! {
        <p><b class="late">{icon::flag()}" ""Nothing is sent."</b>" "{hold.reason.clone()}" Held since "{hold.since.clone()}"."</p>
        {Field::new("choice", "What shall happen with the open messages?").value("hold").radios(choices)}
        {button::secondary("Decide")}
    };
    let body = if view.may_send {
        button::form("/sending/release", &view.request_id.to_string(), body.into_any())
    } else {
        body.into_any()
    };
    ui::panel("Sending is held", body)
}

fn lists(frame: &Frame, view: &BroadcastsView) -> AnyView {
    let path = format!("/incidents/{}/audiences", view.incident);
    let rows = view
        .lists
        .iter()
        .map(|list| Row::new(vec![table::text(&list.name), table::text(&ui::count(list.people))]))
        .collect();
    let body = view! {
        {table::table("Lists", vec![Column::new("List"), Column::number("People")], rows, "No list was given yet.")}
        {button::upload_form(&path, &view.request_id.to_string(), view! {
            {Field::new("name", "Name of the list").errors(&frame.errors).text()}
            {Field::new("file", "CSV file").hint("Columns staff_number or name, email, phone, facility, unit; on_duty (yes when empty) and lead")
                .errors(&frame.errors).file(".csv,text/csv")}
            {button::secondary("Add the list")}
        }.into_any())}
    };
    ui::section("Lists of people", body.into_any())
}

/// Composes an all clear from its signed record: the words are not typed.
fn all_clear(frame: &Frame, view: &BroadcastsView) -> AnyView {
    let path = format!("/incidents/{}/broadcasts/all-clear", view.incident);
    let choices = |list: &[domain::view::broadcasts::AudienceChoice]| -> Vec<Choice> {
        list.iter().map(|choice| Choice::new(choice.value.clone(), choice.label.clone())).collect()
    };
    let body = view! {
        {Field::new("clearance", "For which released scope?").errors(&frame.errors).select(choices(&view.clear))}
        {Field::new("audiences", "To").errors(&frame.errors).checkboxes(choices(&view.audiences), &view.typed_audiences)}
        {button::secondary("Look at the all clear before sending")}
    };
    ui::section(
        "All clear, from the signed record",
        button::form(&path, &view.request_id.to_string(), body.into_any()),
    )
}
