//! What the hospitals around can take: which are on diversion, and where a staffed bed is free. A word that is old
//! says so beside itself.

use domain::{
    neighbours::{Diverted, Emergency},
    view::{
        frame::Frame,
        neighbours::{NeighbourLine, NeighbourView, NeighboursView, SaidLine},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count, counted,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

fn many(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What the page of all hospitals says first.
pub fn title(lines: &[NeighbourLine]) -> String {
    let said: Vec<&SaidLine> = lines.iter().filter_map(|line| line.said.as_ref()).collect();
    if said.is_empty() {
        return "No hospital has said yet what it can take".to_owned();
    }
    let turning = said.iter().filter(|said| said.emergency != Emergency::Open).count();
    if turning == 0 {
        return format!("No emergency department of {} is on diversion", count(many(said.len())));
    }
    let verb = if turning == 1 { "is" } else { "are" };
    let of = counted(many(said.len()), "hospital", "hospitals");
    format!("{} of {of} {verb} on diversion or closed", count(many(turning)))
}

/// All hospitals.
pub fn all(frame: &Frame, view: &NeighboursView) -> AnyView {
    let wrong = [(view.old, "not been heard from lately"), (view.silent, "said nothing yet")];
    let wrong: Vec<String> = wrong
        .into_iter()
        .filter(|(hospitals, _)| *hospitals > 0)
        .map(|(hospitals, words)| {
            format!("{} {words}.", counted(hospitals, "hospital has", "hospitals have"))
        })
        .collect();
    let lede =
        if wrong.is_empty() { tag::fine("Every word is fresh.") } else { table::text(&wrong.join(" ")) };
    let rows = view.lines.iter().filter_map(|line| {
        let said = line.said.as_ref()?;
        let name = view! { <a href=line.path.clone()>{line.name.clone()}</a> };
        let whose = if line.own { "our site" } else { "neighbour" };
        let mut cells = vec![table::two_lines(name, whose)];
        cells.extend(words(said));
        Some(Row::new(cells))
    });
    let mut columns = vec![Column::new("Hospital")];
    columns.extend(said_columns());
    view! {
        {ui::head(frame, &view.title, Some(lede), None)}
        {table::table("What each hospital can take", columns, rows.collect(), "Nobody has said anything yet.")}
        {silent(&view.lines)}
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
        {view.may_add.then(|| ui::section("Add a neighbour", add(frame, view)))}
    }
    .into_any()
}

/// Those who have said nothing, each a link to where it is written down.
fn silent(lines: &[NeighbourLine]) -> Option<AnyView> {
    let silent: Vec<_> = lines.iter().filter(|line| line.said.is_none()).collect();
    if silent.is_empty() {
        return None;
    }
    let links = silent.into_iter().map(|line| {
        view! { <li><a href=line.path.clone()>{line.name.clone()}</a></li> }
    });
    let body = view! { <ul class="named">{links.collect_view()}</ul> };
    Some(ui::section("Nothing said yet", body.into_any()))
}

fn said_columns() -> Vec<Column> {
    vec![
        Column::new("Emergency department"),
        Column::number("Patients"),
        Column::number("Intensive care, free"),
        Column::number("Medical and surgical, free"),
        Column::number("Waiting for a bed"),
        Column::new("Said by"),
        Column::new("Age"),
    ]
}

fn words(said: &SaidLine) -> Vec<AnyView> {
    let number = |number: Option<i64>| table::text(&number.map_or_else(|| "not said".to_owned(), count));
    let emergency = match said.emergency {
        Emergency::Open => tag::fine(&said.words),
        Emergency::Diversion | Emergency::Closed => tag::late(&said.words),
    };
    let age = if said.old { tag::late(&format!("{}, old", said.age)) } else { table::text(&said.age) };
    vec![
        table::two_lines(emergency, said.since.clone()),
        number(said.beds.census),
        number(said.beds.icu_open),
        number(said.beds.medical_surgical_open),
        number(said.beds.emergency_boarding),
        table::text(&said.said_by),
        table::two_lines(age, said.at.clone()),
    ]
}

fn add(frame: &Frame, view: &NeighboursView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let body = view! {
        {Field::new("name", "Name of the hospital").value(form.name.0.clone()).errors(errors).text()}
        {Field::new("code", "Code").hint("For addresses and scripts, as st-anne").value(form.code.0.clone())
            .errors(errors).short().text()}
        {Field::new("old_after_minutes", "After how many minutes is its word old?").hint("120 when left empty")
            .value(form.old_after_minutes.0.clone()).errors(errors).optional().number()}
        {button::primary("Add this hospital")}
    };
    button::form("/neighbours", &view.request_id.to_string(), body.into_any())
}

/// What the page of one hospital says first.
pub fn one_title(line: &NeighbourLine) -> String {
    match &line.said {
        None => format!("{} has said nothing yet", line.name),
        Some(said) if said.old => format!("{}: {}, said {} ago", line.name, said.words, said.age),
        Some(said) => format!("{}: {}", line.name, said.words),
    }
}

/// One hospital.
pub fn one(frame: &Frame, view: &NeighbourView) -> AnyView {
    let rows = view.history.iter().map(|said| Row::new(words(said)));
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("All hospitals", "/neighbours")))}
        {view.may_report.then(|| ui::panel("Note what it says now", report(frame, view)))}
        {ui::section("What it said", view! {
            {table::table("What it said, the latest first", said_columns(), rows.collect(), "Nothing yet.")}
            {table::next_page("Earlier", view.next.clone())}
        }.into_any())}
    }
    .into_any()
}

fn report(frame: &Frame, view: &NeighbourView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let emergency = vec![
        Choice::new("open", "Open"),
        Choice::new("diversion", "On diversion"),
        Choice::new("closed", "Closed"),
    ];
    let whom = Diverted::EACH.into_iter().map(|each| Choice::new(each.code(), each.words())).collect();
    let chosen: Vec<String> = form.diverted.iter().map(|each| each.0.clone()).collect();
    let number = |name: &str, label: &str, value: &str| {
        Field::new(name, label).value(value).errors(errors).optional().number()
    };
    let body = view! {
        {Field::new("emergency", "Emergency department").value(form.emergency.0.clone()).errors(errors).radios(emergency)}
        {Field::new("diverted", "On diversion for whom?").errors(errors).optional().checkboxes(whom, &chosen)}
        {Field::new("since", "Since when?").hint("As 2024-07-19 02:05; empty when it goes on as before or begins now")
            .value(form.since.0.clone()).errors(errors).optional().time()}
        {number("census", "Patients in the house", &form.census.0)}
        {number("icu_open", "Intensive care beds free, with staff", &form.icu_open.0)}
        {number("medical_surgical_open", "Medical and surgical beds free, with staff", &form.medical_surgical_open.0)}
        {number("emergency_boarding", "Waiting in the emergency department for a bed", &form.emergency_boarding.0)}
        {Field::new("said_by", "Who said so?").hint("A name or an office there; never a patient")
            .value(form.said_by.0.clone()).errors(errors).text()}
        {Field::new("at", "When was it so?").hint("Empty is now").value(form.at.0.clone()).errors(errors).optional().time()}
        {button::primary("Note this")}
    };
    button::form(&view.hospital.path, &view.request_id.to_string(), body.into_any())
}
