//! Importing a file: which columns it may have, what it would do, and taking it over.

use domain::view::{
    frame::Frame,
    imports::{ColumnChoice, ImportStartView, ImportView},
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::Field,
    table::{self, Column, Row},
};

/// What the page that asks for a file says first.
pub fn start_title(view: &ImportStartView) -> String {
    format!("Import {}", if view.kind == "people" { "staff" } else { "places and systems" })
}

/// The page that asks for a file.
pub fn start(frame: &Frame, view: &ImportStartView) -> AnyView {
    let columns = view.columns.iter().map(|column| view! { <li>{column.clone()}</li> }).collect_view();
    let body = view! {
        {Field::new("file", "CSV file").hint("With a header row; separated by commas, semicolons or tabs; at most 64 MB")
            .errors(&frame.errors).file(".csv,.txt,.tsv,text/csv")}
        {button::primary("Show what it would do")}
    };
    view! {
        {ui::head(frame, &start_title(view), None, None)}
        <p>"Nothing is changed before you have seen what the file would do."</p>
        {button::upload_form(&format!("/{}/import", view.kind), &view.request_id.to_string(), body.into_any())}
        {ui::section("Columns that are understood", view! { <ul>{columns}</ul> }.into_any())}
    }
    .into_any()
}

/// What a preview says first.
pub fn title(view: &ImportView) -> String {
    let figures = &view.figures;
    let count = |number: usize| ui::count(i64::try_from(number).unwrap_or(i64::MAX));
    let (added, changed) = (count(figures.added), count(figures.changed));
    if view.state == "committed" {
        return format!("{} was taken over: {added} added, {changed} changed", view.file_name);
    }
    if !view.missing.is_empty() {
        return format!("{}: say first which columns hold {}", view.file_name, view.missing.join(", "));
    }
    format!("{} would add {added} and change {changed}", view.file_name)
}

/// The preview.
pub fn one(frame: &Frame, view: &ImportView) -> AnyView {
    let path = format!("/{}/import/{}", view.kind, view.id);
    let open = view.state == "previewed";
    let commit = (open && view.missing.is_empty()).then(|| {
        let act = button::primary(&format!(
            "Take over {}",
            ui::counted(i64::try_from(view.figures.valid).unwrap_or(i64::MAX), "row", "rows")
        ));
        button::form(&format!("{path}/commit"), &view.request_id.to_string(), act)
    });
    view! {
        {ui::head(frame, &title(view), None, commit)}
        {figures(view)}
        {refused(view, &path)}
        {open.then(|| ui::section("Which column holds what", columns(view, &path)))}
    }
    .into_any()
}

fn figures(view: &ImportView) -> AnyView {
    let figures = &view.figures;
    let lines = [
        ("Rows in the file", figures.rows),
        ("Can be used", figures.valid),
        ("New", figures.added),
        ("Changed", figures.changed),
        ("As they are", figures.unchanged),
        ("Repeat an earlier row", figures.duplicates),
        ("Refused", figures.refused),
        ("Taken without a phone or an e-mail", figures.taken_in_part),
    ];
    let columns = vec![Column::new("What"), Column::number("Rows")];
    let rows = lines.map(|(words, number)| {
        Row::new(vec![table::text(words), table::text(&ui::count(i64::try_from(number).unwrap_or(i64::MAX)))])
    });
    table::table("What the file contains", columns, rows.into(), "")
}

fn refused(view: &ImportView, path: &str) -> AnyView {
    if view.figures.refused + view.figures.taken_in_part == 0 {
        return view! { <p class="muted">"No row was refused."</p> }.into_any();
    }
    let columns = vec![Column::number("Row"), Column::new("Column"), Column::new("Reason")];
    let rows = view.rejects.iter().map(|reject| {
        Row::new(vec![
            table::text(&reject.row.to_string()),
            table::text(&reject.column),
            table::text(&reject.reason),
        ])
    });
    let body = view! {
        <p><a href=format!("{path}/rejects.csv")>"All of them as a file"</a></p>
        {table::table("Refused rows and addresses left out", columns, rows.collect(), "")}
    };
    ui::section("Refused rows and addresses left out", body.into_any())
}

fn columns(view: &ImportView, path: &str) -> AnyView {
    let fields = view.columns.iter().map(|column| choice(column, &view.header)).collect_view();
    let body = view! { {fields} {button::secondary("Look again with these columns")} };
    button::form(&format!("{path}/columns"), &view.request_id.to_string(), body.into_any())
}

fn choice(column: &ColumnChoice, header: &[String]) -> AnyView {
    let name = format!("columns-{}", column.key);
    let label = if column.required { format!("{} (needed)", column.label) } else { column.label.clone() };
    let options = std::iter::once((String::new(), "not in this file".to_owned(), column.from.is_none()))
        .chain(
            header
                .iter()
                .enumerate()
                .map(|(index, name)| (index.to_string(), name.clone(), column.from == Some(index))),
        )
        .map(|(value, words, selected)| {
            view! { <option value=format!("{}:{value}", column.key) selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <p class="pair">
            <label for=name.clone()>{label}</label>
            <select id=name name="columns">{options}</select>
        </p>
    }
    .into_any()
}
