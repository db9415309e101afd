//! For managers: each service with what is late, and how much time booking again takes.

use domain::view::{
    frame::Frame,
    services::{EquityLine, FIGURES, ServiceLine, ServicesView},
};
use leptos::prelude::*;

use super::choices;
use crate::ui::{
    self, button,
    field::Field,
    table::{self, Column, Row},
    tag,
};

/// Parts whose figure is bad news.
const LATE: [&str; 2] = ["past", "missed"];

/// The services.
pub fn services(frame: &Frame, view: &ServicesView) -> AnyView {
    let late: i64 = view
        .lines
        .iter()
        .flat_map(|line| &line.figures)
        .filter(|figure| LATE.contains(&figure.show.as_str()))
        .map(|figure| figure.count)
        .sum();
    let title = if late == 0 {
        "No service is late".to_owned()
    } else {
        ui::counted(late, "booking is past safe-by", "bookings are past safe-by")
    };
    let filter = &view.filter;
    let body = view! {
        {Field::new("site", "Site").value(filter.site.clone()).select(choices(&view.sites))}
        {Field::new("service", "Service").hint("As the schedule names it").value(filter.service.clone()).optional().text()}
        {Field::new("free", "Free minutes a day").hint("To see how many days booking again takes").value(filter.free.clone()).optional().number()}
        {button::secondary("Show")}
        {button::secondary_link("Export CSV", &view.csv)}
    };
    let lede = format!("As of {}. Keep this page's address to see the same services again.", view.as_of);
    view! {
        {ui::head(frame, &title, Some(lede.into_any()), None)}
        <section class="panel">
            {button::filter_form(&format!("/incidents/{}/cases/services", view.incident), body.into_any())}
            {(!view.mistake.is_empty()).then(|| view! { <p>{tag::late(&view.mistake)}</p> })}
            {table(&view.lines)}
        </section>
        {ui::section("Is everybody told alike?", equity(&view.equity))}
    }
    .into_any()
}

fn table(lines: &[ServiceLine]) -> AnyView {
    let mut columns = vec![Column::new("Service")];
    columns.extend(FIGURES.map(|(_, label)| Column::number(label)));
    columns.extend([Column::number("Minutes to book"), Column::number("Days")]);
    let rows = lines.iter().map(|line| {
        let service = if line.service.is_empty() { "No service named" } else { &line.service };
        let mut cells = vec![table::two_lines(service.to_owned(), line.site.clone())];
        cells.extend(line.figures.iter().map(|figure| {
            let count = ui::count(figure.count);
            let leads = figure.count > 0 && !figure.path.is_empty();
            if leads { tag::figure_link(&count, &figure.path) } else { table::text(&count) }
        }));
        let unknown = if line.unknown == 0 { "" } else { ", more without a duration" };
        cells.push(table::text(&format!("{}{unknown}", ui::count(line.minutes))));
        cells.push(table::text(&line.days.map(ui::count).unwrap_or_default()));
        Row::new(cells)
    });
    table::table(
        "Services and what is late",
        columns,
        rows.collect(),
        "No booking of such a service is here.",
    )
}

fn equity(lines: &[EquityLine]) -> AnyView {
    let share = |count: i64, of: i64| {
        let percent = if of == 0 { 0 } else { count * 100 / of };
        format!("{} ({percent} %)", ui::count(count))
    };
    let columns = vec![
        Column::new("Patients"),
        Column::number("Cancelled"),
        Column::number("Told within a day"),
        Column::number("Booked again within a week"),
    ];
    let rows = lines.iter().map(|line| {
        Row::new(vec![
            table::text(&line.who),
            table::text(&ui::count(line.cancelled)),
            table::text(&share(line.told, line.cancelled)),
            table::text(&share(line.booked, line.cancelled)),
        ])
    });
    table::table(
        "How fast patients were told, by language",
        columns,
        rows.collect(),
        "Nothing is cancelled yet.",
    )
}
