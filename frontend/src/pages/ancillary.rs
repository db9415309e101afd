//! Ancillary logs: what lines lack, the sheets of a kind, and one sheet as it is typed in along its columns.

use domain::{
    field::Text,
    view::{
        ancillary::{LogCount, LogSheetLine, LogSheetView, LogsView, TypedLine},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Field, field_id},
    table::{self, Column, Row},
    tag,
};

/// The logs, and the sheets of one kind.
pub fn all(frame: &Frame, view: &LogsView) -> AnyView {
    let base = format!("/incidents/{}/logs", view.incident);
    let file = view.may_type.then(|| button::secondary_link("Save these lines as CSV", &view.csv));
    let columns = vec![
        Column::new("Log"),
        Column::new("What becomes of its sheets"),
        Column::number("Lines"),
        Column::new("What lines lack"),
    ];
    let kinds = view.kinds.iter().map(|kind| kind_row(kind, view, &base)).collect();
    let sheets = vec![
        Column::new("Sheet"),
        Column::number("Lines"),
        Column::number("Lack something"),
        Column::by_hand("Seen, initials"),
    ];
    let rows = view.sheets.iter().map(sheet_row).collect();
    view! {
        {ui::head(frame, &view.title, None, file)}
        {ui::panel("Logs", table::table("Logs of the kit", columns, kinds, "This incident's playbook has no log."))}
        <section class="panel">
            {table::table("Sheets of this log that came back used", sheets, rows, "No sheet of this log came back used yet.")}
            {table::next_page("The next sheets", view.next.clone())}
        </section>
    }
    .into_any()
}

fn kind_row(kind: &LogCount, view: &LogsView, base: &str) -> Row {
    let path = format!("{base}?form_type={}", kind.code);
    let current = (kind.code == view.form_type).then_some("page");
    let missing: Vec<String> =
        kind.missing.iter().map(|(what, lines)| format!("{what}: {}", ui::count(*lines))).collect();
    Row::new(vec![
        view! { <a href=path aria-current=current>{kind.name.clone()}</a> }.into_any(),
        table::text(&kind.end),
        table::text(&ui::count(kind.lines)),
        table::text(&missing.join(", ")),
    ])
}

fn sheet_row(line: &LogSheetLine) -> Row {
    Row::new(vec![
        view! { <a href=line.path.clone()>{line.serial.clone()}</a> }.into_any(),
        table::text(&ui::count(line.lines)),
        table::text(&ui::count(line.incomplete)),
        table::text(""),
    ])
}

/// One sheet.
pub fn one(frame: &Frame, view: &LogSheetView) -> AnyView {
    let base = format!("/incidents/{}", view.incident);
    let actions = view! {
        {button::secondary_link("All logs", &format!("{base}/logs"))}
        {button::secondary_link("This sheet as a form", &format!("{base}/entry/sheets/{}", view.form))}
    };
    let lede =
        if view.refusal.is_empty() { view.kind.clone() } else { format!("{}. {}", view.kind, view.refusal) };
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(actions.into_any()))}
        {(view.may_type && view.refusal.is_empty()).then(|| typing(frame, view))}
        {ui::panel("Typed in", lines(view))}
    }
    .into_any()
}

fn lines(view: &LogSheetView) -> AnyView {
    let mut columns = vec![Column::number("Line"), Column::new("Happened"), Column::new("What it lacks")];
    if view.may_type {
        columns.push(Column::new("Record number"));
        columns.extend(view.columns.iter().map(|column| Column::new(column)));
    }
    let row = |line: &TypedLine| {
        let lacks = if line.missing.is_empty() {
            let between = line.minutes.map(|minutes| format!("read back after {minutes} min"));
            table::text(&between.unwrap_or_default())
        } else {
            tag::late(&line.missing.join(", "))
        };
        let mut cells = vec![
            table::text(&line.line.to_string()),
            table::two_lines(line.happened.clone(), line.typed.clone()),
            lacks,
        ];
        if view.may_type {
            cells.push(table::text(&line.number));
            let cell = |index: usize| line.cells.get(index).map_or("", String::as_str);
            cells.extend((0..view.columns.len()).map(|index| table::text(cell(index))));
        }
        Row::new(cells)
    };
    table::table(
        "Lines of this sheet",
        columns,
        view.lines.iter().map(row).collect(),
        "No line is typed in yet.",
    )
}

fn typing(frame: &Frame, view: &LogSheetView) -> AnyView {
    let (errors, typed) = (&frame.errors, &view.typed);
    let path = format!("/incidents/{}/logs/{}", view.incident, view.form);
    let hint =
        format!("As 2024-07-19, in {} time. A line of another day has its date before its time.", view.zone);
    let wrong = errors.0.get("lines").cloned().unwrap_or_default();
    let wrong = (!wrong.is_empty()).then(|| {
        let said = wrong.into_iter().map(|sentence| view! { <li>{sentence}</li> }).collect_view();
        view! { <ul class="error" id=field_id("lines") tabindex="-1">{said}</ul> }
    });
    let mut columns = vec![Column::new("Line"), Column::new("Record number")];
    columns.extend(view.columns.iter().map(|column| Column::new(column)));
    let rows = view.rows.iter().enumerate().map(|(index, number)| type_row(view, index, *number)).collect();
    let body = view! {
        {Field::new("date", "Date of the sheet").hint(hint).value(typed.date.0.clone()).errors(errors).time()}
        {wrong}
        <p class="muted">"Read back: yes, no, or when. A record or downtime number seals its line for that patient."</p>
        {table::table("Lines to type in", columns, rows, "Every line of this sheet is typed in.")}
        {button::primary("Enter these lines")}
    };
    ui::panel("Type in", button::form(&path, &view.request_id.to_string(), body.into_any()))
}

fn type_row(view: &LogSheetView, index: usize, number: i64) -> Row {
    let at = |list: &[Text], index: usize| list.get(index).map(|text| text.0.clone()).unwrap_or_default();
    let mut cells = vec![
        input("line", &format!("line-{number}"), &format!("Line {number}: number"), number.to_string()),
        input(
            "number",
            &format!("number-{number}"),
            &format!("Line {number}: record number"),
            at(&view.typed.number, index),
        ),
    ];
    let width = view.columns.len();
    for (place, column) in view.columns.iter().enumerate() {
        let label = format!("Line {number}: {column}");
        cells.push(input(
            "cell",
            &format!("cell-{number}-{place}"),
            &label,
            at(&view.typed.cell, index * width + place),
        ));
    }
    Row::new(cells)
}

fn input(name: &'static str, id: &str, label: &str, value: String) -> AnyView {
    let id = id.to_owned();
    let class = if name == "line" { "box short" } else { "box" };
    view! {
        <label class="unseen" for=id.clone()>{label.to_owned()}</label>
        <input class=class type="text" autocomplete="off" id=id name=name value=value/>
    }
    .into_any()
}
