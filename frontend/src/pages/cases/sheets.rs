//! Call sheets: made, printed with boxes for the tries, and typed back in.

use domain::{
    cases::{Channel, ContactResult},
    view::{
        frame::Frame,
        sheets::{SheetView, SheetsView},
    },
};
use leptos::prelude::*;

use super::{choices, sentence};
use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// The sheets of an incident.
pub fn sheets(frame: &Frame, view: &SheetsView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let path = format!("/incidents/{}/sheets", view.incident);
    let body = view! {
        {Field::new("site", "Site").value(form.site.0.clone()).errors(errors).select(choices(&view.sites))}
        {Field::new("service", "Service").hint("As the schedule names it").value(form.service.0.clone()).errors(errors).optional().text()}
        {Field::new("patients", "How many patients?").value(form.patients.0.clone()).errors(errors).number()}
        {button::primary("Make a call sheet")}
    };
    let columns = vec![
        Column::number("No."),
        Column::new("About"),
        Column::new("Made"),
        Column::number("Patients"),
        Column::number("Typed in"),
        Column::actions(),
    ];
    let rows = view.sheets.iter().map(|sheet| {
        let number = sheet.number.to_string();
        Row::new(vec![
            table::text(&number),
            table::text(&sheet.about),
            table::two_lines(sheet.made.clone(), sheet.by.clone()),
            table::text(&ui::count(sheet.patients)),
            table::text(&ui::count(sheet.typed)),
            button::small_link("Open", &format!("sheet {number}"), &format!("{path}/{number}")),
        ])
    });
    view! {
        {ui::head(frame, "Call sheets", Some("For calling from paper; a patient stands on one sheet at a time.".into_any()), None)}
        <section class="panel">
            <h2>"The next patients to call"</h2>
            {button::form(&path, &view.request_id.to_string(), body.into_any())}
        </section>
        {ui::section("Sheets so far", table::table("Call sheets", columns, rows.collect(), "No sheet is made yet."))}
    }
    .into_any()
}

/// One sheet.
pub fn sheet(frame: &Frame, view: &SheetView) -> AnyView {
    let sheet = &view.sheet;
    let title = format!("Call sheet {}: {}", sheet.number, sheet.about);
    let lede =
        format!("Made {} by {}; {} of {} lines typed in", sheet.made, sheet.by, sheet.typed, sheet.patients);
    let columns = vec![
        Column::number("Line"),
        Column::new("Patient"),
        Column::new("Phone, language"),
        Column::new("Was booked"),
        Column::new("Safe by, state"),
        Column::number("Typed in"),
        Column::by_hand("1: time, how, result, initials"),
        Column::by_hand("2: time, how, result, initials"),
        Column::by_hand("3: time, how, result, initials"),
    ];
    let rows = view.rows.iter().map(|row| {
        let safe_by = if row.safe_by.is_empty() { "none" } else { &row.safe_by };
        Row::new(vec![
            table::text(&row.line.to_string()),
            table::two_lines(row.name.clone(), row.mrn.clone()),
            table::two_lines(ui::phone(&row.phone), row.language.clone()),
            table::two_lines(row.booked.clone(), row.service.clone()),
            table::two_lines(safe_by.to_owned(), row.standing.clone()),
            table::text(&row.typed.to_string()),
            ().into_any(),
            ().into_any(),
            ().into_any(),
        ])
    });
    let back = button::secondary_link("All call sheets", &format!("/incidents/{}/sheets", view.incident));
    view! {
        {ui::head(frame, &title, Some(lede.into_any()), Some(back))}
        <section class="panel">
            {table::table("Patients on this sheet", columns, rows.collect(), "Nobody is on this sheet.")}
        </section>
        <section class="panel">
            <h2>"Type in a try that stands on the sheet"</h2>
            {type_back(frame, view)}
        </section>
    }
    .into_any()
}

fn type_back(frame: &Frame, view: &SheetView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let channels = Channel::ALL.map(|channel| Choice::new(channel.code(), sentence(channel.words()))).into();
    let results =
        ContactResult::ALL.map(|result| Choice::new(result.code(), sentence(result.words()))).into();
    let channel = if form.channel.is_blank() { "phone".to_owned() } else { form.channel.0.clone() };
    let body = view! {
        {Field::new("line", "Line").value(form.line.0.clone()).errors(errors).number()}
        {Field::new("at", "When?").hint("As on the sheet: 05:10, or 2024-07-19 05:10").value(form.at.0.clone()).errors(errors).time()}
        {Field::new("channel", "How?").value(channel).errors(errors).radios(channels)}
        {Field::new("result", "What came of it?").value(form.result.0.clone()).errors(errors).radios(results)}
        {Field::new("by", "Initials on the sheet").value(form.by.0.clone()).errors(errors).short().text()}
        {button::primary("Type in this try")}
    };
    let path = format!("/incidents/{}/sheets/{}/lines", view.incident, view.sheet.number);
    button::form(&path, &view.request_id.to_string(), body.into_any())
}
