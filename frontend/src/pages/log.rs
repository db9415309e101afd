//! The log: what happened last and by whom, and below it every entry with what was written beside it.

use domain::view::{
    frame::Frame,
    log::{EntryLine, LogView},
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// The page.
pub fn page(frame: &Frame, view: &LogView) -> AnyView {
    let paper = view.path.strip_prefix("/incidents/").and_then(|path| path.strip_suffix("/log"));
    let paper =
        paper.map(|id| button::secondary_link("Type in paper", &format!("/incidents/{id}/late-entries")));
    let files = view! {
        {paper}
        {button::secondary_link("Save as CSV", &view.csv)}
        {button::secondary_link("Save as NDJSON", &view.ndjson)}
    };
    let columns = vec![
        Column::number("No."),
        Column::new("Happened"),
        Column::new("Who"),
        Column::new("What"),
        Column::new("Basis, reason and other texts"),
        Column::new("Hash"),
    ];
    let rows = view.entries.iter().map(row).collect();
    view! {
        {ui::head(frame, &view.title, None, Some(files.into_any()))}
        {filter(frame, view)}
        {table::table("Entries of the log, the newest first", columns, rows, "No entry is like this.")}
        {table::next_page("Older entries", view.next.clone())}
        <p class="muted">
            {format!("Head of this log: {}. On paper it proves later that nothing before it was changed.", view.head)}
        </p>
    }
    .into_any()
}

fn filter(frame: &Frame, view: &LogView) -> AnyView {
    let (asked, errors) = (&view.asked, &frame.errors);
    let choices = |all: &str, list: &[(String, String)]| {
        let listed = list.iter().map(|(value, words)| Choice::new(value, words));
        std::iter::once(Choice::new("", all)).chain(listed).collect::<Vec<_>>()
    };
    let mut people = choices("Anybody", &view.people);
    people.push(Choice::new("program", "The program"));
    let body = view! {
        {Field::new("kind", "What").value(asked.kind.clone()).errors(errors).select(choices("Everything", &view.kinds))}
        {Field::new("person", "Who").value(asked.person.clone()).errors(errors).select(people)}
        {Field::new("from", "From").value(asked.from.clone()).errors(errors).time()}
        {Field::new("until", "Until").value(asked.until.clone()).errors(errors).time()}
        {button::secondary("Show")}
        <a href=view.path.clone()>"Show everything"</a>
    };
    button::filter_form(&view.path, body.into_any())
}

fn row(entry: &EntryLine) -> Row {
    let written =
        if entry.written.is_empty() { String::new() } else { format!("Written down {}", entry.written) };
    let details: Vec<String> =
        entry.details.iter().map(|(label, value)| format!("{label}: {value}")).collect();
    let mut beside = details.join(", ");
    if !entry.about.is_empty() {
        beside = if beside.is_empty() { entry.about.clone() } else { format!("{}. {beside}", entry.about) };
    }
    let texts = entry
        .texts
        .iter()
        .map(|(name, text)| {
            view! { <div><span class="muted">{format!("{name}: ")}</span><span class="quote">{text.clone()}</span></div> }
        })
        .collect_view();
    Row::new(vec![
        table::text(&entry.seq.to_string()),
        table::two_lines(entry.happened.clone(), written),
        table::text(&entry.who),
        table::two_lines(entry.what.clone(), beside),
        texts.into_any(),
        table::text(entry.hash.get(..10).unwrap_or_default()),
    ])
}
