//! Whether every message is accounted for, and what is not.

use domain::view::{
    audit::{AuditView, FindingLine},
    frame::Frame,
};
use leptos::prelude::*;

use crate::ui::{
    self, counted, icon,
    table::{self, Column, Row},
};

/// What the page says first.
pub fn audit_title(view: &AuditView) -> String {
    match (view.findings.len(), view.as_of.is_empty()) {
        (0, true) => "Sending has not been checked yet".into(),
        (0, false) => "Every message is accounted for".into(),
        (many, _) => {
            let many = i64::try_from(many).unwrap_or(i64::MAX);
            format!("{} not add up in sending", counted(many, "thing does", "things do"))
        }
    }
}

/// The page.
pub fn audit(frame: &Frame, view: &AuditView) -> AnyView {
    let columns = vec![Column::new("What"), Column::new("Broadcast"), Column::new("Since")];
    let rows = view.findings.iter().map(row).collect();
    let checked = if view.as_of.is_empty() {
        "It is checked each minute while the program runs.".to_owned()
    } else {
        let broadcasts = counted(view.broadcasts, "broadcast", "broadcasts");
        format!("Checked {} for {broadcasts}. It is checked each minute.", view.as_of)
    };
    view! {
        {ui::head(frame, &audit_title(view), None, None)}
        {table::table("What does not add up", columns, rows, "Nothing was found that does not add up.")}
        <p class="muted">
            "What was ordered is compared with what is there: people, messages, their history and every count. "{checked}
        </p>
        <p><a href="/publishing">"Copies of the public pages outside"</a></p>
    }
    .into_any()
}

fn row(line: &FindingLine) -> Row {
    let about = if line.path.is_empty() {
        table::text("All")
    } else {
        view! { <a href=line.path.clone()>{line.about.clone()}</a> }.into_any()
    };
    let sentence = line.sentence.clone();
    Row::new(vec![
        view! { <span class="late">{icon::flag()}" "{sentence}</span> }.into_any(),
        about,
        table::text(&line.since),
    ])
}
