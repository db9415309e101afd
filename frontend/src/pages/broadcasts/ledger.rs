//! The ledger: one line for each address, with what became of it.

use domain::{
    deliveries::{Channel, State},
    view::{
        broadcasts::{DeliveriesView, DeliveryLine, DeliveryView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// What the page says first.
pub fn ledger_title(view: &DeliveriesView) -> String {
    match view.state {
        Some(state) => format!("Broadcast {}: deliveries that are {}", view.number, state.words()),
        None => format!("Broadcast {}: all deliveries", view.number),
    }
}

/// The lines, a hundred a page.
pub fn ledger(frame: &Frame, view: &DeliveriesView) -> AnyView {
    let path = format!("/incidents/{}/broadcasts/{}/deliveries", view.incident, view.broadcast);
    let mut states = vec![Choice::new("", "All")];
    states.extend(State::ALL.into_iter().map(|state| Choice::new(state.code(), state.words())));
    let mut channels = vec![Choice::new("", "All")];
    channels.extend(Channel::ALL.into_iter().map(|channel| Choice::new(channel.code(), channel.words())));
    let filters = view! {
        {Field::new("state", "State").value(view.state.map_or("", State::code)).select(states)}
        {Field::new("channel", "Channel").value(view.channel.map_or("", Channel::code)).select(channels)}
        {button::secondary("Show")}
    };
    let columns = vec![
        Column::new("Address and people"),
        Column::new("State"),
        Column::new("Reply"),
        Column::new("Gateway"),
        Column::number("Attempts"),
        Column::new("At"),
    ];
    let rows = view.lines.iter().map(|line| row(&path, line)).collect();
    view! {
        {ui::head(frame, &ledger_title(view), None, Some(button::secondary_link("As CSV", &view.csv)))}
        {(view.asks > 0 && view.may_send).then(|| asks(view))}
        {button::filter_form(&path, filters.into_any())}
        {table::table("Deliveries", columns, rows, "No delivery is like this.")}
        {table::next_page("Next page", view.next.clone())}
    }
    .into_any()
}

fn row(path: &str, line: &DeliveryLine) -> Row {
    let to = format!("{path}/{}", line.id);
    let state = match line.state {
        State::Failed => view! { <span class="late">{line.words.clone()}</span> }.into_any(),
        State::InDoubt => view! { <b class="soon">{line.words.clone()}</b> }.into_any(),
        _ => table::text(&line.words),
    };
    Row::new(vec![
        table::two_lines(view! { <a href=to>{line.address.clone()}</a> }, line.people.join(", ")),
        state,
        table::text(&line.reply),
        table::text(&line.gateway),
        table::text(&line.attempts.to_string()),
        table::text(&line.updated),
    ])
}

fn asks(view: &DeliveriesView) -> AnyView {
    let path = format!("/incidents/{}/broadcasts/{}/doubts", view.incident, view.broadcast);
    let count = ui::counted(view.asks, "delivery is", "deliveries are");
    let sentence = view! { {format!("{count} in doubt: nobody knows whether they left. Sent again, some people may read the message twice.")} };
    let choices = vec![Choice::new("send_again", "Send them again"), Choice::new("leave", "Leave them")];
    let body = view! {
        {Field::new("choice", "What shall happen?").value("leave").radios(choices)}
        {button::secondary("Decide")}
    };
    button::consequence(
        sentence.into_any(),
        button::form(&path, &view.request_id.to_string(), body.into_any()),
    )
}

/// One delivery with its message as it left.
pub fn delivery(frame: &Frame, view: &DeliveryView) -> AnyView {
    let line = &view.line;
    let events = view.events.iter().map(|event| view! { <li>{event.clone()}</li> }).collect_view();
    let subject = (!view.subject.is_empty()).then(|| view! { <p><b>{view.subject.clone()}</b></p> });
    view! {
        {ui::head(frame, &format!("{}: {}", line.address, line.words), None, None)}
        <dl>
            <dt>"People behind this address"</dt><dd>{line.people.join(", ")}</dd>
            <dt>"Message-ID"</dt><dd>{line.message_id.clone()}</dd>
            <dt>"Gateway"</dt><dd>{line.gateway.clone()}</dd>
            <dt>"Its last reply"</dt><dd>{line.reply.clone()}</dd>
        </dl>
        {ui::section("The message", view! { <div class="message">{subject}<pre>{view.text.clone()}</pre></div> }.into_any())}
        {ui::section("What happened", view! { <ol class="plain">{events}</ol> }.into_any())}
    }
    .into_any()
}
