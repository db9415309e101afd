//! Afterwards: what the record system itself says of our cases, one tick a line, and what it cancelled without us.

use domain::view::{
    frame::Frame,
    replay::{ReplayLine, ReplayView, UnknownLine},
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    table::{self, Column, Row},
};

/// The page.
pub fn page(frame: &Frame, view: &ReplayView) -> AnyView {
    let cases = format!("/incidents/{}/cases", view.incident);
    let back = button::secondary_link("All cases", &cases);
    let as_of = match view.feeds.as_slice() {
        [] => "No system has told anything yet. ".to_owned(),
        feeds => format!("As of: {}. ", feeds.join("; ")),
    };
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        <p class="hint">{as_of}"Nothing changes before somebody confirms it. "<a href="/feeds">"Feeds"</a></p>
        {ui::section("What moved on there", proposals(view, &cases))}
        {(!view.unknown.is_empty()).then(|| ui::section("Cancelled there, and no case here", unknown(view, &cases)))}
    }
    .into_any()
}

fn proposals(view: &ReplayView, cases: &str) -> AnyView {
    let columns = vec![
        Column::new("Meant"),
        Column::new("Patient"),
        Column::new("Was booked"),
        Column::new("Here"),
        Column::new("There"),
    ];
    let row = |line: &ReplayLine| {
        let (value, words) = (line.value.clone(), format!("{}: {}", line.mrn, line.words));
        Row::new(vec![
            view! { <input type="checkbox" name="confirm" value=value aria-label=words/> }.into_any(),
            table::two_lines(
                view! { <a href=format!("{cases}/{}", line.case)>{line.name.clone()}</a> },
                line.mrn.clone(),
            ),
            table::text(&line.was),
            table::text(&line.standing),
            table::text(&line.words),
        ])
    };
    let rows: Vec<Row> = view.lines.iter().map(row).collect();
    let empty = rows.is_empty();
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let list = table::table(
        "What the record system says of our cases",
        columns,
        rows,
        "Nothing: every case stands there as it does here, or nobody has told yet.",
    );
    if empty {
        return list;
    }
    let more = (view.proposals > shown).then(|| {
        view! { <p class="muted">{format!("{} more come when these are confirmed.", ui::count(view.proposals - shown))}</p> }
    });
    let body = view! {
        {list}
        {more}
        <div class="actions">
            {button::primary("Confirm what is ticked")}
            {button::secondary_named("Not the same", "act", "not_same")}
        </div>
    };
    button::form(&format!("{cases}/replay"), &view.request_ids[0].to_string(), body.into_any())
}

fn unknown(view: &ReplayView, cases: &str) -> AnyView {
    let columns = vec![Column::new("Appointment"), Column::new("Was to begin"), Column::new("There")];
    let row = |line: &UnknownLine| {
        Row::new(vec![table::text(&line.appointment), table::text(&line.start), table::text(&line.words)])
    };
    let list = table::table(
        "Cancelled there, and no case here",
        columns,
        view.unknown.iter().map(row).collect(),
        "None.",
    );
    let many = ui::counted(view.unknown_taken, "case", "cases");
    let sentence = format!(
        "{many} marked \u{201c}outside command\u{201d} will be made. Each patient must be told and seen, as if we had cancelled it."
    );
    let act = button::secondary(&format!("Make {many} of them"));
    let body = view! { {list} {button::consequence(sentence.into_any(), act)} };
    let form =
        button::form(&format!("{cases}/replay/outside"), &view.request_ids[1].to_string(), body.into_any());
    view.may_take.then_some(form).into_any()
}
