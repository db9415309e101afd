//! Batches: the list, and one batch, which prints as its cover sheet.

use domain::{
    forms::BatchState,
    view::{
        forms::{BatchLine, BatchView, BatchesView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use super::{
    chosen,
    places::{batch_state, events},
    shift_fields,
};
use crate::ui::{
    self, button,
    codes::codes,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// The batches of an incident.
pub fn batches(frame: &Frame, view: &BatchesView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.choices.incident);
    let states = BatchState::ALL.map(|state| Choice::new(state.code(), state.code()));
    let states = std::iter::once(Choice::new("", "All")).chain(states).collect();
    let errors = &frame.errors;
    let begin = view.may_open.then(|| {
        let body = view! {
            {Field::new("unit", "Of which unit?").value(view.form.unit.0.clone()).errors(errors)
                .select(chosen(&view.choices.units))}
            {shift_fields(&view.form.shift.0, &view.form.shift_on.0, errors)}
            {button::primary("Begin a batch")}
        };
        let form =
            button::form(&format!("{base}/batches"), &view.choices.request_id.to_string(), body.into_any());
        ui::panel("Begin a batch", form)
    });
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("All paper", &base)))}
        <section class="panel">
            {button::filter_form(&format!("{base}/batches"), view! {
                {Field::new("state", "State").value(view.state.clone()).select(states)}
                {button::secondary("Show")}
            }.into_any())}
            {batch_table("Batches", &view.batches, &base, "There is no such batch.")}
            {table::next_page("The next batches", view.more.clone())}
        </section>
        {begin}
    }
    .into_any()
}

/// Batches as a table.
pub(super) fn batch_table(caption: &str, lines: &[BatchLine], base: &str, empty: &str) -> AnyView {
    let columns = vec![
        Column::new("Batch"),
        Column::new("Unit"),
        Column::new("Shift"),
        Column::number("Sheets"),
        Column::number("Pages"),
        Column::new("What is next"),
        Column::new("Since"),
    ];
    let rows = lines.iter().map(|line| {
        Row::new(vec![
            tag::figure_link(&line.serial, &format!("{base}/batches/{}", line.id)),
            table::text(&line.unit),
            table::text(&line.shift),
            table::text(&ui::count(line.sheets)),
            table::text(&ui::count(line.pages_in)),
            batch_state(line),
            table::text(&line.since),
        ])
    });
    table::table(caption, columns, rows.collect(), empty)
}

/// One batch: what is in it, who signed, and the next step.
pub fn batch(frame: &Frame, view: &BatchView) -> AnyView {
    let line = &view.line;
    let base = format!("/incidents/{}/forms", view.incident);
    let scan = view.may_fill.then(|| {
        let path = format!("{base}/scan?station=collection&unit={}&batch={}", view.unit_id, line.id);
        button::secondary_link("Scan sheets into it", &path)
    });
    let columns = vec![Column::new("Form"), Column::number("Sheets"), Column::by_hand("Counted")];
    let rows = view.types.iter().map(|(code, sheets)| {
        Row::new(vec![table::text(code), table::text(&ui::count(*sheets)), table::text("")])
    });
    view! {
        {ui::head(frame, &view.title, Some(format!("{}, {}", line.unit, line.shift).into_any()), scan)}
        {codes(&line.serial)}
        {(!view.not_seen.is_empty()).then(|| differing(view, &base))}
        {ui::panel("What is in it", view! {
            {table::table("Sheets by form", columns, rows.collect(), "No sheet was put in yet.")}
            <p>{format!(
                "{}, {}.",
                ui::counted(line.sheets, "sheet", "sheets"),
                ui::counted(line.pages_in, "page", "pages"),
            )}</p>
        }.into_any())}
        {ui::panel("Signatures", signatures(view))}
        {next_step(frame, view, &base)}
        {view.may_fill.then(|| add(frame, view, &base))}
        {ui::panel("What happened to it", events("What happened to this batch", &view.history))}
    }
    .into_any()
}

/// Who signed and counted, with a column for doing it by hand on the printed cover sheet.
fn signatures(view: &BatchView) -> AnyView {
    let signer = |place: usize| view.signed_by.get(place).cloned().unwrap_or_default();
    let steps = [
        ("First signature", signer(0)),
        ("Second signature", signer(1)),
        ("Counted in the records room", view.received.clone()),
        ("Pages counted after scanning", view.scanned.clone()),
    ];
    let columns =
        vec![Column::new("Step"), Column::labelled("By whom"), Column::by_hand("Sheets, pages, name, time")];
    let rows = steps.into_iter().map(|(step, by)| {
        let by = if by.is_empty() { "not yet".to_owned() } else { by };
        Row::new(vec![table::text(step), table::text(&by), table::text("")])
    });
    table::table("Signatures", columns, rows.collect(), "")
}

/// The sheets that were not seen at the step that refused the batch.
fn differing(view: &BatchView, base: &str) -> AnyView {
    let (station, where_to) =
        if view.line.next.contains("pages") { ("scanning", "scanned") } else { ("records", "received") };
    let sheets = view.not_seen.iter().map(|serial| {
        view! { <li><a href=format!("{base}/sheets/{serial}")>{serial.clone()}</a></li> }
    });
    ui::panel(
        "These sheets were not seen",
        view! {
            <p>{format!("Scan the sheets that are there as {where_to}; what is left in this list is not.")}</p>
            {button::secondary_link("Scan them", &format!("{base}/scan?station={station}&unit={}", view.unit_id))}
            <ul>{sheets.collect_view()}</ul>
        }
        .into_any(),
    )
}

/// The form of the step that comes next, for who may take it.
fn next_step(frame: &Frame, view: &BatchView, base: &str) -> AnyView {
    let line = &view.line;
    let errors = &frame.errors;
    let sheets = || {
        Field::new("sheets", "How many sheets did you count?")
            .value(view.count.sheets.0.clone())
            .errors(errors)
            .number()
    };
    let pages = |label: &str| {
        Field::new("pages", label)
            .hint("A sheet written on both sides has two")
            .value(view.count.pages.0.clone())
            .errors(errors)
            .number()
    };
    let (title, step, body) = match line.state {
        BatchState::Open if view.may_sign => (
            "Count and sign",
            "sign",
            view! { {sheets()}{pages("How many written pages?")}{button::primary("Sign this count")} }
                .into_any(),
        ),
        BatchState::Closed if view.may_receive => (
            "Count in the records room",
            "receive",
            view! { {sheets()}{button::primary("Receive")} }.into_any(),
        ),
        BatchState::Refused if view.may_receive && line.next.starts_with("count") => {
            ("Count again", "receive", view! { {sheets()}{button::primary("Receive")} }.into_any())
        }
        BatchState::Received | BatchState::Refused if view.may_receive => (
            "Pages that came out of the scanner",
            "scanned",
            view! { {pages("How many pages came out?")}{button::primary("All are scanned")} }.into_any(),
        ),
        _ => return ().into_any(),
    };
    let action = format!("{base}/batches/{}/{step}", line.id);
    ui::panel(title, button::form(&action, &view.request_id.to_string(), body))
}

/// Putting in sheets that were counted at a desk.
fn add(frame: &Frame, view: &BatchView, base: &str) -> AnyView {
    let errors = &frame.errors;
    let body = view! {
        {Field::new("form_type", "Form").value(view.add.form_type.0.clone()).errors(errors)
            .select(chosen(&view.all_types))}
        {Field::new("serials", "Serials").hint("Scan them, or type numbers and ranges such as 1001-1040")
            .value(view.add.serials.0.clone()).errors(errors).area(3)}
        {button::secondary("Put in")}
    };
    let action = format!("{base}/batches/{}/sheets", view.line.id);
    ui::panel(
        "Put in forms that were counted without a scanner",
        button::form(&action, &view.request_id.to_string(), body.into_any()),
    )
}
