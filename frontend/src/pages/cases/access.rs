//! Who has seen which patients, for those who watch over their data.

use domain::view::{
    cases::{AccessLine, AccessView},
    frame::Frame,
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    table::{self, Column, Row},
};

/// The looks of an incident, the last first.
pub fn access(frame: &Frame, view: &AccessView) -> AnyView {
    let lede = "Each look is also in the log, where nobody can change it. Names are in neither.";
    let csv = button::secondary_link("Export CSV", &view.csv);
    view! {
        {ui::head(frame, "Who has seen patients", Some(lede.into_any()), Some(csv))}
        <section class="panel">
            {table(&view.lines)}
            {table::next_page("The next 100", view.next.clone())}
        </section>
    }
    .into_any()
}

/// The same as a table.
pub fn table(lines: &[AccessLine]) -> AnyView {
    let columns = vec![
        Column::new("When"),
        Column::new("Who"),
        Column::new("How"),
        Column::new("Appointment, or which list"),
        Column::number("Bookings"),
    ];
    let rows = lines.iter().map(|line| {
        let which = if line.appointment.is_empty() { &line.what } else { &line.appointment };
        Row::new(vec![
            table::text(&line.at),
            table::text(&line.by),
            table::text(&line.how),
            table::text(which),
            table::text(&ui::count(line.cases)),
        ])
    });
    table::table("Who has seen patients", columns, rows.collect(), "Nobody has looked at patients yet.")
}
