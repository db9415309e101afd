//! How long was each function down? Totals by system and function, and every window under them.

use domain::{
    scope::Function,
    view::{
        downtime::{DowntimeView, FunctionDowntime, SystemDowntime},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// The page.
pub fn body(frame: &Frame, view: &DowntimeView) -> AnyView {
    let file = button::secondary_link("All windows as CSV", &view.csv);
    let lede = format!("Up to {}, by the clocks of {}.", view.as_of, view.zone);
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(file))}
        <section class="panel">
            {button::filter_form(&view.path, filters(frame, view))}
            {table::table("Hours and minutes down, by system and function", columns(),
                view.systems.iter().map(totals).collect(), "Nothing was down here.")}
        </section>
        {(!view.systems.is_empty()).then(|| ui::panel("Every window", windows(view)))}
    }
    .into_any()
}

fn filters(frame: &Frame, view: &DowntimeView) -> AnyView {
    let sites = view.sites.iter().map(|(id, name)| Choice::new(id.clone(), name.clone())).collect();
    view! {
        {Field::new("site", "Site").value(view.site.clone()).errors(&frame.errors).select(sites)}
        {Field::new("as_of", "As it was at").hint("As 2024-07-19 02:05; empty means now")
            .value(view.asked.clone()).errors(&frame.errors).optional().time()}
        {button::secondary("Show")}
    }
    .into_any()
}

fn columns() -> Vec<Column> {
    let functions = Function::ALL.into_iter().map(|function| {
        let code = function.code();
        Column::number(&format!("{}{}", code[..1].to_uppercase(), &code[1..]))
    });
    std::iter::once(Column::new("System")).chain(functions).collect()
}

fn totals(line: &SystemDowntime) -> Row {
    let of = |function| line.functions.iter().find(|each| each.function == function);
    let cells = Function::ALL.into_iter().map(|function| match of(function) {
        None => view! { <span class="muted">"none"</span> }.into_any(),
        Some(each) if each.still_down => tag::soon(&each.total),
        Some(each) => table::text(&each.total),
    });
    let name = table::two_lines(line.name.clone(), unit_words(line));
    Row::new(std::iter::once(name).chain(cells).collect())
}

fn unit_words(line: &SystemDowntime) -> String {
    if line.unit.is_empty() { String::new() } else { format!("{} alone", line.unit) }
}

/// Functions that were down in the same windows stand in one row.
fn windows(view: &DowntimeView) -> AnyView {
    let columns = vec![
        Column::new("System"),
        Column::new("Functions"),
        Column::number("Window"),
        Column::new("From"),
        Column::new("Until"),
        Column::number("Hours and minutes"),
    ];
    let mut rows = Vec::new();
    for line in &view.systems {
        let mut groups: Vec<(Vec<&str>, &FunctionDowntime)> = Vec::new();
        for each in line.functions.iter().filter(|each| !each.windows.is_empty()) {
            match groups.iter_mut().find(|(_, first)| first.windows == each.windows) {
                Some((names, _)) => names.push(each.function.code()),
                None => groups.push((vec![each.function.code()], each)),
            }
        }
        for (names, each) in groups {
            for (index, window) in each.windows.iter().enumerate() {
                let until = if window.until.is_none() {
                    tag::soon(&window.until_local)
                } else {
                    table::text(&window.until_local)
                };
                rows.push(Row::new(vec![
                    table::two_lines(line.name.clone(), unit_words(line)),
                    table::text(&names.join(", ")),
                    table::text(&format!("{} of {}", index + 1, each.windows.len())),
                    table::text(&window.from_local),
                    until,
                    table::text(&window.length),
                ]));
            }
        }
    }
    table::table("Every window of downtime", columns, rows, "Nothing was down here.")
}
