//! Who knows: confirmed units against all, the curve, a square for each unit, and the list of those to be called.

use domain::{
    broadcasts::{Answer, Knows},
    view::{
        broadcasts::{CallLine, PersonLine, UnitView, WhoKnowsView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, counted,
    curve::curve,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
    unit_map::{SiteUnits, unit_map},
};

/// So many units stand in the list beside the map; the printed list has them all.
const MOST_CALLS: usize = 50;

/// What the page says first.
pub fn knows_title(view: &WhoKnowsView) -> String {
    match view.not + view.nobody {
        _ if !view.stage.has_left() => format!("Who knows: nobody, broadcast {} is not sent", view.number),
        _ if view.units == 0 => "Who knows: no unit is among those it went to".into(),
        0 if view.partly == 0 => "Who knows: every unit has confirmed".into(),
        0 => format!("Who knows: {} confirmed in part", counted(view.partly, "unit has", "units have")),
        silent => format!("Who knows: {} not answered", counted(silent, "unit has", "units have")),
    }
}

/// Why nobody is to be called.
fn nobody_to_call(view: &WhoKnowsView) -> &'static str {
    match view.units {
        _ if !view.stage.has_left() => "It is not sent yet.",
        0 => "No unit is among those it went to.",
        _ => "Every unit has confirmed.",
    }
}

/// The page.
pub fn who_knows(frame: &Frame, view: &WhoKnowsView) -> AnyView {
    let calls = format!("/incidents/{}/broadcasts/{}/call-list", view.incident, view.id);
    let to_call = i64::try_from(view.call_list.len()).unwrap_or(i64::MAX);
    let action = (to_call > 0).then(|| {
        button::primary_link(&format!("Print call list, {}", counted(to_call, "unit", "units")), &calls)
    });
    view! {
        {ui::head(frame, &knows_title(view), None, action)}
        <section class="panel knows">
            <div>
                <p class="figure">{format!("{} of {}", view.confirmed, view.units)}</p>
                <p>{format!("units confirmed broadcast {}", view.number)}</p>
                {late(view)}
            </div>
            {curve(&view.curve, &format!("{} % of the units have confirmed", view.percent))}
            <dl>
                {took("Half of the units confirmed in", view.half_minutes)}
                {took("Nine in ten confirmed in", view.nine_in_ten_minutes)}
            </dl>
        </section>
        <div class="split">
            {ui::panel("Every unit, by site", unit_map(sites(view)))}
            {ui::panel("Call next", call_next(view, &calls))}
        </div>
        <p class="hint">{format!("As of {}.{}", view.as_of, sent(view))}{without_unit(view)}</p>
    }
    .into_any()
}

/// The first of those to be called, and the way to all of them.
fn call_next(view: &WhoKnowsView, calls: &str) -> AnyView {
    let rows = view.call_list.iter().take(MOST_CALLS).map(|line| row(line, true)).collect();
    let more = view.call_list.len().saturating_sub(MOST_CALLS);
    let more = (more > 0).then(|| {
        let words = counted(i64::try_from(more).unwrap_or(i64::MAX), "more unit", "more units");
        view! { <p class="next-page"><a href=calls.to_owned()>{words}</a></p> }
    });
    view! {
        {table::queue("Units to be called", columns(true), rows, nobody_to_call(view))}
        {more}
    }
    .into_any()
}

fn sent(view: &WhoKnowsView) -> String {
    if view.stage.has_left() { format!(" Sent {}.", view.sent) } else { " Not sent yet.".into() }
}

fn without_unit(view: &WhoKnowsView) -> Option<String> {
    (view.stage.has_left() && view.people_without_unit > 0).then(|| {
        format!(" {} of no unit are not counted here.", counted(view.people_without_unit, "person", "people"))
    })
}

fn late(view: &WhoKnowsView) -> AnyView {
    let silent = view.not + view.nobody;
    let silent = (silent > 0).then(|| {
        view! { <p>{tag::late(&format!("{silent} not, longest silent {} min", view.longest_silent_minutes))}</p> }
    });
    let partly = (view.partly > 0).then(|| view! { <p>{tag::soon(&format!("{} partly", view.partly))}</p> });
    view! { {silent}{partly} }.into_any()
}

fn took(label: &str, minutes: Option<i64>) -> AnyView {
    let words = minutes.map_or_else(|| "not yet".to_owned(), |minutes| format!("{minutes} min"));
    view! { <dt>{label.to_owned()}</dt><dd>{words}</dd> }.into_any()
}

fn sites(view: &WhoKnowsView) -> Vec<SiteUnits> {
    let path = format!("/incidents/{}/broadcasts/{}/call-list", view.incident, view.id);
    view.sites
        .iter()
        .map(|site| SiteUnits {
            site: site.site.clone(),
            not: site.not,
            partly: site.partly,
            confirmed: site.confirmed,
            path: path.clone(),
        })
        .collect()
}

fn columns(actions: bool) -> Vec<Column> {
    let mut columns =
        vec![Column::new("Unit"), Column::new("Phone"), Column::new("Confirmed"), Column::labelled("Silent")];
    if actions {
        columns.push(Column::actions());
    } else {
        columns.extend([
            Column::by_hand("Called at"),
            Column::by_hand("Spoke to"),
            Column::by_hand("Initials"),
        ]);
    }
    columns
}

fn row(line: &CallLine, actions: bool) -> Row {
    let tally = format!("{} of {}", line.tally.confirmed, line.tally.on_duty);
    let tally = if line.knows == Knows::Partly { tag::soon(&tally) } else { tag::late(&tally) };
    let confirmed = view! { {tally}<span class="unseen">", "{line.knows.words()}</span> }.into_any();
    let mut cells = vec![
        table::two_lines(line.name.clone(), line.site.clone()),
        ui::phone(&line.phone),
        confirmed,
        table::text(&format!("{} min", line.silent_minutes)),
    ];
    if actions {
        cells.push(button::small_link("Log call", &line.name, &line.path));
    } else {
        cells.extend([().into_any(), ().into_any(), ().into_any()]);
    }
    Row::new(cells)
}

/// What the printed list says first.
pub fn call_list_title(view: &WhoKnowsView) -> String {
    let count = i64::try_from(view.call_list.len()).unwrap_or(i64::MAX);
    format!("Call list for broadcast {}: {}", view.number, counted(count, "unit", "units"))
}

/// Every unit that has not confirmed, a row each, with room to write.
pub fn call_list(frame: &Frame, view: &WhoKnowsView) -> AnyView {
    let rows = view.call_list.iter().map(|line| row(line, false)).collect();
    view! {
        {ui::head(frame, &call_list_title(view), None, None)}
        <p>{format!("{}.{} As of {}.", view.subject, sent(view), view.as_of)}</p>
        {table::table("Units to be called", columns(false), rows, nobody_to_call(view))}
    }
    .into_any()
}

/// What a unit's page says first.
pub fn unit_title(view: &UnitView) -> String {
    format!(
        "{}: {}, {} of {} on duty",
        view.name,
        view.knows.words(),
        view.tally.confirmed,
        view.tally.on_duty
    )
}

/// The people of a unit, with a form to answer on their behalf.
pub fn unit(frame: &Frame, view: &UnitView) -> AnyView {
    let path = format!("/incidents/{}/broadcasts/{}/units/{}", view.incident, view.broadcast, view.unit);
    let people: Vec<Choice> = view
        .people
        .iter()
        .map(|person| Choice::new(person.ordinal.to_string(), person.name.clone()).hint(about(person)))
        .collect();
    let answers = Answer::ALL.into_iter().map(|answer| Choice::new(answer.code(), answer.words())).collect();
    let body = view! {
        {Field::new("who", "Who told you?").hint("Leads first").errors(&frame.errors).checkboxes(people, &[])}
        {Field::new("answer", "What do they say?").value(if view.answer.is_empty() { "received".to_owned() } else { view.answer.clone() })
            .errors(&frame.errors).radios(answers)}
        {Field::new("note", "Note").hint("How you reached them; what they ask or what stops them").value(view.note.clone())
            .errors(&frame.errors).optional().area(3)}
        {button::primary("Log this answer")}
    };
    let phone = if view.phone.is_empty() {
        "No phone of the unit is known.".into_any()
    } else {
        view! { "Phone of the unit: "<b>{ui::phone(&view.phone)}</b> }.into_any()
    };
    view! {
        {ui::head(frame, &unit_title(view), None, None)}
        <p>{phone}</p>
        {button::form(&path, &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}

fn about(person: &PersonLine) -> String {
    let mut words = Vec::new();
    if person.lead {
        words.push("lead".to_owned());
    }
    words.push(if person.on_duty { "on duty" } else { "off duty" }.to_owned());
    if let Some(answer) = person.answer {
        words.push(format!("{:?} at {}", answer.words(), person.answered));
    }
    words.join(", ")
}
