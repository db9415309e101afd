//! For whoever stands at the entrance: who has come, what stands, what to say; and the list of the day on paper.

use domain::{
    cases::door::Stands,
    view::{
        door::{Arrival, DoorListView, DoorView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use super::choices;
use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// One arrival.
pub fn door(frame: &Frame, view: &DoorView) -> AnyView {
    let path = format!("/incidents/{}/door", view.incident);
    let form = &view.form;
    let body = view! {
        {Field::new("q", "Name or MRN").value(form.q.clone()).text()}
        {Field::new("born", "Born").hint("As 1975-02-03")
            .value(form.born.clone()).time()}
        {Field::new("site", "Site").value(form.site.clone()).select(choices(&view.sites))}
        {button::primary("Look up")}
    };
    let list = button::secondary_link("The list for the door", &view.list);
    let unknown = (!view.unknown.is_empty())
        .then(|| ui::panel("Not found", view! { <p>{view.unknown.clone()}</p> }.into_any()));
    let arrivals = view.arrivals.iter().map(|arrival| self::arrival(arrival, &path)).collect_view();
    view! {
        {ui::head(frame, "Who has come?", Some(as_of(&view.as_of)), Some(list))}
        <section class="panel">{button::filter_form(&path, body.into_any())}</section>
        {(!view.found.is_empty()).then(|| view! { <p>{view.found.clone()}</p> })}
        {arrivals}
        {unknown}
    }
    .into_any()
}

fn as_of(as_of: &str) -> AnyView {
    let words = if as_of.is_empty() {
        "No schedule is imported yet.".to_owned()
    } else {
        format!("As of {as_of}; what was booked since is unknown.")
    };
    words.into_any()
}

fn verdict(stands: Stands) -> AnyView {
    match stands {
        Stands::GoesAhead => tag::fine(stands.words()),
        Stands::Cancelled | Stands::BookedAgain => tag::late(stands.words()),
        Stands::Undecided | Stands::OtherDay | Stands::Ended => tag::soon(stands.words()),
    }
}

fn arrival(arrival: &Arrival, path: &str) -> AnyView {
    let facts = [
        ("MRN", &arrival.mrn),
        ("Born", &arrival.born),
        ("When", &arrival.when),
        ("For", &arrival.service),
        ("Where", &arrival.place),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts = facts.map(|(name, value)| view! { <dt>{name}</dt><dd>{value.clone()}</dd> }).collect_view();
    let came = arrival.stands.came_anyway().then(|| {
        let words = button::secondary("They came, and were told");
        button::form(&format!("{path}/{}/came", arrival.case), &arrival.request_id.to_string(), words)
    });
    let told =
        (arrival.told && arrival.stands.came_anyway()).then(|| view! { <p>"They were told before."</p> });
    let body = view! {
        <p>{verdict(arrival.stands)}</p>
        <p><b>{arrival.say.clone()}</b></p>
        {told}
        <dl class="facts">{facts}</dl>
        {came}
    };
    ui::panel(&arrival.name, body.into_any())
}

/// The list of a day, for a clipboard.
pub fn door_list(frame: &Frame, view: &DoorListView) -> AnyView {
    let path = format!("/incidents/{}/door/list", view.incident);
    let form = &view.form;
    let kinds =
        vec![Choice::new("", "All"), Choice::new("procedure", "Procedures"), Choice::new("visit", "Visits")];
    let body = view! {
        {Field::new("site", "Site").value(form.site.clone()).select(choices(&view.sites))}
        {Field::new("day", "Day").hint("As 2024-07-19").value(form.day.clone()).time()}
        {Field::new("kind", "Kind").value(form.kind.clone()).select(kinds)}
        {Field::new("service", "Service").hint("As the schedule names it").value(form.service.clone()).optional().text()}
        {button::secondary("Show")}
    };
    let columns = vec![
        Column::new("Patient"),
        Column::new("Born"),
        Column::new("Time"),
        Column::new("For, where"),
        Column::new("What stands"),
        Column::by_hand("Came at, told by"),
    ];
    let rows = view.lines.iter().map(|line| {
        Row::new(vec![
            table::two_lines(line.name.clone(), line.mrn.clone()),
            table::text(&line.born),
            table::text(&line.clock),
            table::two_lines(line.service.clone(), line.place.clone()),
            table::two_lines(verdict(line.stands), line.standing.clone()),
            ().into_any(),
        ])
    });
    let back = button::secondary_link("Look somebody up", &format!("/incidents/{}/door", view.incident));
    let empty = if view.sentence.is_empty() { "Nobody is booked here on this day." } else { &view.sentence };
    view! {
        {ui::head(frame, &view.title, Some(as_of(&view.as_of)), Some(back))}
        <section class="panel">
            {button::filter_form(&path, body.into_any())}
            {table::table("Everybody booked on this day, by surname", columns, rows.collect(), empty)}
        </section>
    }
    .into_any()
}
