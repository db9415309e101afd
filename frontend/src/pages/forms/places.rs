//! Where paper is: a unit, the runner's way, the records room, what is missing, one sheet.

use domain::forms::Pile;
use domain::view::{
    forms::{
        AgeLine, BatchLine, MissingView, RangeSums, RecordsView, RunnerView, SheetEvent, SheetView,
        UnitPaperView,
    },
    frame::Frame,
};
use leptos::prelude::*;

use super::{batches::batch_table, by_type, choices};
use crate::ui::{
    self, button, count as figure,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// The paper of one unit: what to do next, then the ledger by form and by shift.
pub fn unit(frame: &Frame, view: &UnitPaperView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let actions = view.may_count.then(|| {
        let issue = format!("{base}/issue?unit={}", view.unit);
        let scan = format!("{base}/scan?station=collection&unit={}", view.unit);
        let issue = view.may_issue.then(|| button::secondary_link("Hand out", &issue));
        view! { {issue}{button::primary_link("Scan forms back", &scan)} }.into_any()
    });
    let next = view.next.iter().map(|step| {
        let class = if step.late { "late" } else { "" };
        view! { <li><a class=class href=step.path.clone()>{step.words.clone()}</a></li> }
    });
    let next = if view.next.is_empty() {
        view! { <p>{tag::fine("Nothing waits here.")}</p> }.into_any()
    } else {
        view! { <ol>{next.collect_view()}</ol> }.into_any()
    };
    let unit_page = format!("{base}/units/{}", view.unit);
    let other = if view.open_only {
        button::secondary_link("Show every range", &format!("{unit_page}?show=all"))
    } else {
        button::secondary_link("Show only what is out or missing", &unit_page)
    };
    let none =
        if view.open_only { "No range has sheets out or missing." } else { "Nothing was handed out here." };
    let sheets = format!("{base}/sheets?unit={}", view.unit);
    view! {
        {ui::head(frame, &view.title, Some(view.name.clone().into_any()), actions)}
        {ui::panel("What to do next", next)}
        {ui::panel("By shift", view! {
            {by_range(&view.ranges, none)}
            {table::next_page("Earlier ranges", view.more.clone())}
            <div class="actions">{other}</div>
        }.into_any())}
        {ui::panel("By form", view! {
            {by_type("Ledger by form", &view.types, &base, "Nothing was handed out here.")}
            <p><a href=sheets>"Every form of this unit by serial"</a></p>
        }.into_any())}
        {(!view.found.is_empty()).then(|| ui::panel("Found without a valid serial", by_type(
            "Found forms by form", &view.found, &base, "")))}
        {ui::panel("Batches", batch_table("Batches of this unit", &view.batches, &base, "No batch was begun."))}
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
    }
    .into_any()
}

fn by_range(lines: &[RangeSums], empty: &str) -> AnyView {
    let columns = vec![
        Column::new("Shift"),
        Column::new("Form"),
        Column::new("Serials"),
        Column::new("Taken"),
        Column::number("Issued"),
        Column::number("Out"),
        Column::number("Used"),
        Column::number("Blank"),
        Column::number("Voided"),
        Column::number("Missing"),
    ];
    let rows = lines.iter().map(|line| {
        let ledger = line.ledger;
        let missing = if ledger.missing > 0 { tag::late(&figure(ledger.missing)) } else { table::text("0") };
        let taken = if line.taken_by.is_empty() { "not said by whom" } else { &line.taken_by };
        Row::new(vec![
            table::text(&line.shift),
            table::text(&line.form_type),
            table::two_lines(line.first.clone(), format!("to {}", line.last)),
            table::two_lines(taken.to_owned(), line.at.clone()),
            table::text(&figure(ledger.issued)),
            table::text(&figure(ledger.out)),
            table::text(&figure(ledger.used)),
            table::text(&figure(ledger.blank)),
            table::text(&figure(ledger.voided)),
            missing,
        ])
    });
    table::table("Ranges by shift", columns, rows.collect(), empty)
}

/// What a runner fetches, site by site; made for a phone.
pub fn runner(frame: &Frame, view: &RunnerView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let columns = vec![
        Column::new("Unit"),
        Column::new("Sheets"),
        Column::new("Batch"),
        Column::by_hand("Fetched, initials"),
    ];
    let fetch = view.fetch.iter().map(|line| {
        Row::new(vec![
            view! { <span class="first">{line.unit.clone()}</span> }.into_any(),
            table::text(&ui::counted(line.sheets, "sheet", "sheets")),
            table::two_lines(
                tag::figure_link(&line.serial, &format!("{base}/batches/{}", line.id)),
                format!("{}, ready since {}", line.shift, line.since),
            ),
            table::text(""),
        ])
    });
    let ask = view.ask.iter().map(|line| {
        Row::new(vec![
            table::two_lines(
                tag::figure_link(&line.name, &format!("{base}/units/{}", line.unit)),
                line.site.clone(),
            ),
            table::text(&ui::counted(line.ledger.out, "sheet out", "sheets out")),
        ])
    });
    let asked = vec![Column::new("Unit"), Column::new("Sheets")];
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("All paper", &base)))}
        {ui::panel("Fetch", table::queue(
            "Batches to fetch", columns, fetch.collect(), "No unit has a signed batch waiting."))}
        {ui::panel("Nothing ready, forms out", table::queue(
            "Units with forms out", asked, ask.collect(), "No other unit has forms out."))}
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
    }
    .into_any()
}

/// What waits in the records room, and since when.
pub fn records(frame: &Frame, view: &RecordsView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let scan = |station: &str| format!("{base}/scan?station={station}");
    let actions = view.may_receive.then(|| button::primary_link("Scan forms", &scan("records")));
    view! {
        {ui::head(frame, &view.title, None, actions)}
        {ui::panel("Batches to receive and to scan", view! {
            {batch_table("Batches that wait", &view.batches, &base, "No batch waits.")}
            {table::next_page("The next batches", view.more.clone())}
        }.into_any())}
        {ui::panel("How long forms have waited at each step", by_age(&view.ages, &base))}
        <p class="hint">{format!("As of {}. An hour counts as over an age when all of it is.", view.as_of)}</p>
    }
    .into_any()
}

fn by_age(lines: &[AgeLine], base: &str) -> AnyView {
    let columns = vec![
        Column::new("Step"),
        Column::number("Forms"),
        Column::number("Over 24 hours"),
        Column::number("Over 72 hours"),
        Column::number("Over 7 days"),
        Column::number("Over 30 days"),
    ];
    let rows = lines.iter().map(|line| {
        let all = format!("{base}/sheets?custody={}", line.custody);
        let all = if line.all == 0 { table::text("0") } else { tag::figure_link(&figure(line.all), &all) };
        let mut cells = vec![table::text(&line.words), all];
        for (index, over) in line.over.iter().enumerate() {
            let words = figure(*over);
            cells.push(match (*over, index) {
                (0, _) => table::text("0"),
                (_, 0) => tag::soon(&words),
                _ => tag::late(&words),
            });
        }
        Row::new(cells)
    });
    table::table("Waiting forms by step and age", columns, rows.collect(), "No form waits.")
}

/// What is missing, by unit.
pub fn missing(frame: &Frame, view: &MissingView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let units = std::iter::once(Choice::new("", "All")).chain(choices(&view.units)).collect();
    let columns = vec![
        Column::new("Serial"),
        Column::new("Unit"),
        Column::new("Last seen"),
        Column::new("Missing since"),
        Column::by_hand("Looked where"),
        Column::actions(),
    ];
    let rows = view.sheets.iter().map(|line| {
        let found = view.may_count.then(|| {
            let path = format!(
                "{base}/count?form_type={}&unit={}&used={}",
                line.form_type, line.unit_id, line.serial
            );
            button::small_link("Found", &line.serial, &path)
        });
        Row::new(vec![
            tag::figure_link(&line.serial, &format!("{base}/sheets/{}", line.serial)),
            tag::figure_link(&line.unit, &format!("{base}/units/{}", line.unit_id)),
            table::text(&line.last_seen),
            table::text(&line.missing_since),
            table::text(""),
            found.into_any(),
        ])
    });
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("All paper", &base)))}
        <section class="panel">
            {button::filter_form(&format!("{base}/missing"), view! {
                {Field::new("unit", "Unit").value(view.unit.clone()).select(units)}
                {button::secondary("Show")}
            }.into_any())}
            {table::queue("Missing forms", columns, rows.collect(), "No form is missing.")}
            {table::next_page("The next forms", view.next.clone())}
        </section>
    }
    .into_any()
}

/// One sheet, and what happened to it.
pub fn sheet(frame: &Frame, view: &SheetView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let open = matches!(view.state.as_str(), "out" | "missing");
    let actions = (view.may_count && open).then(|| {
        let path =
            format!("{base}/count?form_type={}&unit={}&used={}", view.form_type, view.unit_id, view.serial);
        button::primary_link("Count it back", &path)
    });
    let unit = format!("{base}/units/{}", view.unit_id);
    let handed = match (view.shift.as_str(), view.taken_by.as_str()) {
        ("", _) => "Found without a valid serial".to_owned(),
        (shift, "") => format!("Handed out for the {shift}"),
        (shift, by) => format!("Handed out for the {shift}, taken by {by}"),
    };
    let batch = view.batch.as_ref().map(|batch| {
        view! { <p>"In batch "<a href=format!("{base}/batches/{}", batch.value)>{batch.name.clone()}</a></p> }
    });
    view! {
        {ui::head(frame, &view.title, None, actions)}
        <section class="panel">
            <p>{format!("{} {}, ", view.form_type, view.type_name)}<a href=unit>{view.unit.clone()}</a></p>
            <p>{handed}</p>
            {batch}
            {view.to_check.then(|| view! { <p>{tag::soon("A second person must check what was typed in.")}</p> })}
        </section>
        {view.may_correct.then(|| ui::panel("It lies on the wrong pile", correct(frame, view, &base)))}
        {ui::panel("What happened to it", events("What happened to this form", &view.events))}
    }
    .into_any()
}

fn correct(frame: &Frame, view: &SheetView, base: &str) -> AnyView {
    let (form, errors) = (&view.correct, &frame.errors);
    let others = Pile::ALL.iter().filter(|pile| pile.code() != view.state);
    let piles = others.map(|pile| Choice::new(pile.code(), pile.code()));
    let piles = std::iter::once(Choice::new("", "Choose")).chain(piles).collect();
    let body = view! {
        {Field::new("pile", "Where does it belong?").value(form.pile.0.clone()).errors(errors).select(piles)}
        {Field::new("reason", "How do you know?").hint("Without a name or number of a patient")
            .value(form.reason.0.clone()).errors(errors).text()}
        {button::secondary("Put it there")}
    };
    let here = format!("{base}/sheets/{}/pile", view.serial);
    button::form(&here, &view.request_id.to_string(), body.into_any())
}

/// What happened, in order.
pub(super) fn events(caption: &str, events: &[SheetEvent]) -> AnyView {
    let columns = vec![Column::new("When"), Column::new("What"), Column::labelled("By whom")];
    let rows = events.iter().map(|event| {
        Row::new(vec![table::text(&event.at), table::text(&event.what), table::text(&event.by)])
    });
    table::table(caption, columns, rows.collect(), "Nothing yet.")
}

/// What a batch line's state looks like.
pub(super) fn batch_state(line: &BatchLine) -> AnyView {
    use domain::forms::BatchState;
    match line.state {
        BatchState::Refused => tag::late(&line.next),
        BatchState::Closed | BatchState::Received => tag::soon(&line.next),
        BatchState::Open => table::text(&line.next),
        BatchState::Scanned => tag::fine(&line.next),
    }
}
