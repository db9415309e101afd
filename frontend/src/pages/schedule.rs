//! The schedule comes in: upload, and a preview with its columns.

use domain::{
    cases::forms::ImportColumns,
    schedule::Figures,
    table::Reject,
    triage::Scheme,
    view::{
        cases::{FieldColumn, ScheduleView, SnapshotView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use super::schedules;
use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// What the page of schedules says first.
pub fn title(view: &ScheduleView) -> String {
    match view.snapshots.iter().find(|file| file.state == "committed") {
        Some(file) => format!("The schedule is imported as of {}", file.as_of),
        None => "No schedule is imported yet".into(),
    }
}

/// The imported files, and the form for another.
pub fn files(frame: &Frame, view: &ScheduleView) -> AnyView {
    let path = format!("/incidents/{}/schedule", view.incident);
    let columns = vec![
        Column::new("File"),
        Column::new("As of"),
        Column::new("State"),
        Column::number("Rows"),
        Column::number("Usable"),
        Column::number("Duplicates"),
        Column::number("Refused"),
        Column::number("New cases"),
    ];
    let rows = view.snapshots.iter().map(|file| {
        let link = format!("{path}/{}", file.id);
        let number = |count: i64| table::text(&ui::count(count));
        Row::new(vec![
            view! { <a href=link>{file.file_name.clone()}</a> }.into_any(),
            table::text(&file.as_of),
            table::text(if file.state == "committed" { "imported" } else { "not imported yet" }),
            number(file.figures.rows),
            number(file.figures.valid),
            number(file.figures.duplicates),
            number(file.figures.invalid),
            number(file.added),
        ])
    });
    let errors = &frame.errors;
    let body = view! {
        {Field::new("file", "The schedule as a CSV file").hint("As your records system exports it: any column names, commas, semicolons or tabs")
            .errors(errors).file(".csv,.txt,.tsv,text/csv")}
        {Field::new("as_of", "When was it taken?").hint("As 2024-07-18 23:50. What was booked since then is not known")
            .value(view.as_of.clone()).errors(errors).time()}
        {button::primary("Upload and preview")}
    };
    let here = button::secondary_link("All schedules that are here", "/schedules");
    let offer = view.offer.as_ref().map(|offer| schedules::offer(offer, view.incident, &view.offer_id));
    view! {
        {ui::head(frame, &title(view), None, Some(here))}
        {offer}
        {demo(&view.demo)}
        {button::upload_form(&path, &view.request_id.to_string(), body.into_any())}
        {ui::section("Files", table::table("Schedules of this incident", columns, rows.collect(), "None yet."))}
    }
    .into_any()
}

/// Where the demo hospital's schedule is.
pub(super) fn demo(path: &str) -> AnyView {
    if path.is_empty() {
        return ().into_any();
    }
    view! { <p>"This is the demo hospital: "<a href=path.to_owned() download="">"download its made-up schedule of today"</a>" and upload it here."</p> }
        .into_any()
}

/// What the preview says first: its figures.
pub fn snapshot_title(view: &SnapshotView) -> String {
    let figures = view.snapshot.figures;
    let rows = ui::counted(figures.valid, "row", "rows");
    match view.snapshot.state.as_str() {
        "committed" => format!("{rows} are imported as of {}", view.snapshot.as_of),
        _ => format!("{rows} of {} can be imported", ui::count(figures.rows)),
    }
}

/// One file: its figures, its columns, what it refused, and the commit.
pub fn preview(frame: &Frame, view: &SnapshotView) -> AnyView {
    let path = format!("/incidents/{}/schedule/{}", view.incident, view.snapshot.id);
    let committed = view.snapshot.state == "committed";
    let next = committed.then(|| {
        button::primary_link(
            "Decide what is cancelled",
            &format!("/incidents/{}/cases/decide", view.incident),
        )
    });
    view! {
        {ui::head(frame, &snapshot_title(view), None, next)}
        {ui::panel("What the file holds", figures(view))}
        {(!committed).then(|| commit(view, &path))}
        {(!committed).then(|| ui::section("Columns", columns(frame, Columns::of(view), &path)))}
        {ui::section("Refused rows", rejects(&view.rejects, &path))}
    }
    .into_any()
}

fn figures(view: &SnapshotView) -> AnyView {
    let figures = view.snapshot.figures;
    let rows = [("File", view.snapshot.file_name.clone()), ("As of", view.snapshot.as_of.clone())];
    let counts = counts(&figures).into_iter();
    let written = [("Written in", view.encoding.clone()), ("Separated by", view.delimiter.clone())];
    facts(rows.into_iter().chain(counts).chain(written))
}

/// How many rows of each kind a file has.
pub(super) fn counts(figures: &Figures) -> [(&'static str, String); 9] {
    [
        ("Rows", ui::count(figures.rows)),
        ("Usable", ui::count(figures.valid)),
        ("Procedures", ui::count(figures.procedures)),
        ("Visits", ui::count(figures.visits)),
        ("Duplicates", ui::count(figures.duplicates)),
        ("Refused", ui::count(figures.invalid)),
        ("Duplicates that differ", nonzero(figures.differing)),
        ("Times in a doubled hour, the first taken", nonzero(figures.first_of_two)),
        ("Priorities that no scheme explains", nonzero(figures.unclear)),
    ]
}

/// What is known of a file, without what is empty.
pub(super) fn facts(rows: impl Iterator<Item = (&'static str, String)>) -> AnyView {
    let rows = rows
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
        .collect_view();
    view! { <dl class="facts">{rows}</dl> }.into_any()
}

fn nonzero(count: i64) -> String {
    if count == 0 { String::new() } else { ui::count(count) }
}

fn commit(view: &SnapshotView, path: &str) -> AnyView {
    if !view.missing.is_empty() {
        let sentence = format!("Choose the columns that hold: {}.", view.missing.join(", "));
        return tag::late(&sentence);
    }
    let figures = view.snapshot.figures;
    let sentence = format!(
        "{} become cases of this incident; appointments that are known stay as they are. {} and {} are left out.",
        ui::counted(figures.valid, "row", "rows"),
        ui::counted(figures.duplicates, "duplicate", "duplicates"),
        ui::counted(figures.invalid, "refused row", "refused rows"),
    );
    let act = button::primary(&format!("Import {}", ui::counted(figures.valid, "row", "rows")));
    let body = button::consequence(sentence.into_any(), act);
    button::form(&format!("{path}/commit"), &view.request_id.to_string(), body)
}

/// What is chosen of which columns.
pub(super) struct Columns<'a> {
    pub fields: &'a [FieldColumn],
    pub header: &'a [String],
    /// The first row, to recognise the columns by.
    pub sample: &'a [String],
    pub form: &'a ImportColumns,
    pub request_id: String,
    /// The words of the button.
    pub act: AnyView,
}

impl<'a> Columns<'a> {
    fn of(view: &'a SnapshotView) -> Self {
        let SnapshotView { fields, header, sample, form, request_id, .. } = view;
        let act = button::secondary("Preview with these columns");
        Self { fields, header, sample, form, request_id: request_id.to_string(), act }
    }
}

/// The form that says which column holds what.
pub(super) fn columns(frame: &Frame, of: Columns<'_>, path: &str) -> AnyView {
    let error =
        frame.errors.at("columns").map(|sentence| view! { <p class="error">{sentence.to_owned()}</p> });
    let selects = of.fields.iter().map(|field| column(&of, field)).collect_view();
    let schemes = std::iter::once(Choice::new("", "None: leave them for a person to decide"))
        .chain(Scheme::ALL.map(|scheme| Choice::new(scheme.code(), scheme.code().to_uppercase())))
        .collect();
    let body = view! {
        {error}
        {selects}
        {Field::new("scheme", "Priorities that name no scheme belong to").value(of.form.scheme.0.clone())
            .errors(&frame.errors).select(schemes)}
        {of.act}
    };
    button::form(&format!("{path}/columns"), &of.request_id, body.into_any())
}

fn column(of: &Columns<'_>, field: &FieldColumn) -> AnyView {
    let id = format!("column-{}", field.key);
    let chosen = of.form.columns.iter().find_map(|each| {
        let (key, column) = each.0.split_once(':')?;
        (key == field.key).then(|| column.to_owned())
    });
    let options = of
        .header
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let sample: String =
                of.sample.get(index).map(|cell| cell.chars().take(30).collect()).unwrap_or_default();
            let words = if sample.is_empty() { name.clone() } else { format!("{name} (as {sample})") };
            let selected = chosen.as_deref() == Some(index.to_string().as_str());
            view! { <option value=format!("{}:{index}", field.key) selected=selected>{words}</option> }
        })
        .collect_view();
    let label = if field.required { field.label.clone() } else { format!("{} (optional)", field.label) };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select id=id name="columns">
                <option value="" selected=chosen.is_none()>"no column"</option>
                {options}
            </select>
        </div>
    }
    .into_any()
}

/// The first refused rows, and the file of all.
pub(super) fn rejects(rejects: &[Reject], path: &str) -> AnyView {
    let columns = vec![Column::number("Row"), Column::new("Column"), Column::new("Reason")];
    let rows = rejects.iter().map(|reject| {
        Row::new(vec![
            table::text(&reject.row.to_string()),
            table::text(&reject.column),
            table::text(&reject.reason),
        ])
    });
    let file = (!rejects.is_empty())
        .then(|| button::secondary_link("Download all refused rows", &format!("{path}/rejects.csv")));
    view! {
        {file}
        {table::table("Refused rows", columns, rows.collect(), "None: every row can be used.")}
    }
    .into_any()
}
