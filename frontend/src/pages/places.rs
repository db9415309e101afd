//! Places and systems.

use domain::view::{frame::Frame, places::PlacesView};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    table::{self, Column, Row},
};

/// What the page says first.
pub fn title(view: &PlacesView) -> String {
    if view.empty {
        return "No hospital is known here yet".into();
    }
    format!(
        "{}, {}",
        ui::counted(i64::try_from(view.facilities.len()).unwrap_or(i64::MAX), "site", "sites"),
        ui::counted(view.units, "unit", "units")
    )
}

/// All places and systems.
pub fn list(frame: &Frame, view: &PlacesView) -> AnyView {
    let demo = view.empty.then(|| {
        view! { <p>"Or "<a href="/demo">"load the demo hospital"</a>", to try everything with made-up people."</p> }
    });
    view! {
        {ui::head(frame, &title(view), None, Some(button::primary_link("Import places", "/places/import")))}
        {demo}
        {ui::section("Sites", facilities(view))}
        {ui::section("Groups of sites", groups(view))}
        {ui::section("Systems", systems(view))}
    }
    .into_any()
}

fn facilities(view: &PlacesView) -> AnyView {
    let columns =
        vec![Column::new("Site"), Column::new("Time zone"), Column::number("Units"), Column::number("Staff")];
    let rows = view.facilities.iter().map(|line| {
        Row::new(vec![
            table::two_lines(line.name.clone(), format!("{}, {}", line.short_name, line.code)),
            table::text(&line.zone),
            table::text(&ui::count(line.units)),
            table::text(&ui::count(line.staff)),
        ])
    });
    table::table("Sites", columns, rows.collect(), "No site yet.")
}

fn groups(view: &PlacesView) -> AnyView {
    let columns = vec![Column::new("Group"), Column::new("Sites")];
    let rows = view.groups.iter().map(|line| {
        Row::new(vec![
            table::two_lines(line.name.clone(), line.code.clone()),
            table::text(&line.facilities.join(", ")),
        ])
    });
    table::table("Groups", columns, rows.collect(), "No group yet.")
}

fn systems(view: &PlacesView) -> AnyView {
    let columns = vec![Column::new("System"), Column::new("Kind"), Column::new("Also called")];
    let rows = view.systems.iter().map(|line| {
        Row::new(vec![
            table::two_lines(line.name.clone(), line.code.clone()),
            table::text(&line.kind.replace('_', " ")),
            table::text(&line.aliases.join(", ")),
        ])
    });
    table::table(
        "Systems",
        columns,
        rows.collect(),
        "No system yet. A declaration adds those of its playbook.",
    )
}
