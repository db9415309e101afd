//! The form kit: what a unit of each setting works with, and what becomes of each sheet.

use domain::view::{
    catalogue::{CatalogueLine, CatalogueSetting, CatalogueView},
    frame::Frame,
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    table::{self, Column, Row},
};

/// The catalogue of an incident.
pub fn show(frame: &Frame, view: &CatalogueView) -> AnyView {
    let back = button::secondary_link("All paper", &format!("/incidents/{}/forms", view.incident));
    let from = if view.settings.is_empty() {
        "Declare from a playbook that has forms, or work without numbered sheets.".to_owned()
    } else {
        format!("As frozen with {}. What is typed in first stands first.", view.playbook)
    };
    view! {
        {ui::head(frame, &view.title, Some(from.into_any()), Some(back))}
        {settings(&view.settings)}
    }
    .into_any()
}

/// The tables, one a setting.
pub fn settings(groups: &[CatalogueSetting]) -> AnyView {
    groups.iter().map(|group| ui::panel(&group.name, forms(group))).collect_view().into_any()
}

fn forms(group: &CatalogueSetting) -> AnyView {
    let columns = vec![
        Column::new("Form"),
        Column::new("What becomes of it"),
        Column::number("Checked"),
        Column::number("Order"),
        Column::labelled("Waits for"),
        Column::labelled("There must be"),
        Column::number("Held per unit"),
    ];
    let rows = group.forms.iter().map(row).collect();
    table::table(&format!("Forms: {}", group.name), columns, rows, "None.")
}

fn row(line: &CatalogueLine) -> Row {
    let place =
        if line.location { format!("{}; says where the patient is", line.name) } else { line.name.clone() };
    Row::new(vec![
        table::two_lines(line.code.clone(), place),
        table::text(&line.end),
        table::text(&line.checked_percent.map(|share| format!("{share} %")).unwrap_or_default()),
        table::text(&line.priority.to_string()),
        table::text(&line.after.join(", ")),
        table::text(&line.expected.join(", ")),
        table::text(&ui::count(line.par)),
    ])
}
