//! Whether the copies outside are as new as they must be.

use domain::view::{
    frame::Frame,
    publishing::{PublishingView, TargetLine},
};
use leptos::prelude::*;

use crate::ui::{
    self, counted, icon,
    table::{self, Column, Row},
};

/// What the page says first.
pub fn title(view: &PublishingView) -> String {
    let bad = view.targets.iter().filter(|target| target.needs_help()).count();
    match (bad, view.targets.is_empty()) {
        (_, true) => "No copies are published outside".into(),
        (0, false) => "Every copy outside is up to date".into(),
        (many, _) => {
            let many = i64::try_from(many).unwrap_or(i64::MAX);
            format!("{} outside", counted(many, "copy needs help", "copies need help"))
        }
    }
}

/// The page.
pub fn page(frame: &Frame, view: &PublishingView) -> AnyView {
    let columns = vec![
        Column::new("To"),
        Column::new("Copy of"),
        Column::new("Age"),
        Column::new("What went wrong last"),
    ];
    let rows = view.targets.iter().map(row).collect();
    let nothing = "This server was started without --publish-to and --publish-command.";
    view! {
        {ui::head(frame, &title(view), None, None)}
        {table::table("Copies outside", columns, rows, nothing)}
        <p class="muted">
            "After each change of what is public, and each minute at the latest, the public pages, their feeds and the text of every code are written there. A copy that is older than two minutes is late. This is what the server knows that answered you; others publish to their own."
        </p>
    }
    .into_any()
}

fn row(line: &TargetLine) -> Row {
    let age = if line.needs_help() {
        let age = line.age.clone();
        view! { <span class="late">{icon::flag()}" "{age}</span> }.into_any()
    } else {
        table::text(&line.age)
    };
    Row::new(vec![table::text(&line.name), table::text(&line.copy_of), age, table::text(&line.trouble)])
}
