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
    let what = match view.kind.as_str() {
        "people" => "staff",
        "places" => "places and systems",
        _ if !view.what.is_empty() => &view.what,
        _ => "counts of devices",
    };
    format!("Import {what}")
}

/// The page that asks for a file.
pub fn start(frame: &Frame, view: &ImportStartView) -> AnyView {
    let columns = view.columns.iter().map(|column| view! { <li>{column.clone()}</li> }).collect_view();
    let body = view! {
        {Field::new("file", "CSV file").hint("With a header row; separated by commas, semicolons or tabs; at most 64 MB")
            .errors(&frame.errors).file(".csv,.txt,.tsv,text/csv")}
        {button::primary("Show what it would do")}
    };
    let demo = (!view.demo.is_empty()).then(|| {
        view! { <p>"This is the demo hospital: "<a href=view.demo.clone() download="">"download a made-up file"</a>" and upload it here."</p> }
    });
    view! {
        {ui::head(frame, &start_title(view), None, None)}
        {demo}
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
        {absent(view)}
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
        ("With a phone or an e-mail that cannot be read", figures.taken_in_part),
        ("Have left by this file", figures.leaving),
        ("Work here again by this file", figures.returning),
        ("Have left before; this file has no column for it, so they are told nothing", figures.stay_left),
        ("Known at these sites and not in the file", figures.absent),
    ];
    // What concerns staff alone is said where there is something to say.
    let lines = lines.into_iter().enumerate().filter(|(at, (_, number))| *at < 8 || *number > 0);
    let lines = lines.map(|(_, line)| line);
    let columns = vec![Column::new("What"), Column::number("Rows")];
    let rows = lines.map(|(words, number)| {
        Row::new(vec![table::text(words), table::text(&ui::count(i64::try_from(number).unwrap_or(i64::MAX)))])
    });
    table::table("What the file contains", columns, rows.collect(), "")
}

/// Who would be in the file if it were whole: they stay as they are, and somebody has to look.
fn absent(view: &ImportView) -> AnyView {
    if view.absent.is_empty() {
        return ().into_any();
    }
    let columns = vec![Column::new("Name"), Column::new("Where")];
    let rows = view.absent.iter().map(|person| {
        let name = view! { <a href=format!("/people/{}", person.id)>{person.name.clone()}</a> };
        Row::new(vec![table::two_lines(name, person.staff_number.clone()), table::text(&person.place)])
    });
    let count = |number: usize| ui::count(i64::try_from(number).unwrap_or(i64::MAX));
    let sentence = format!(
        "{} known at the sites of this file are not in it. They stay as they are: a complete file would have them, \
         so say of those who are gone that they have left. The first {} are listed.",
        count(view.figures.absent),
        count(view.absent.len())
    );
    let body = view! {
        <p>{sentence}</p>
        {table::table("Known people who are not in the file", columns, rows.collect(), "")}
    };
    ui::section("Known and not in this file", body.into_any())
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
