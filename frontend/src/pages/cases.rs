//! Who must I call next? The funnel, the queue by risk, one case with what can be done, and the end-of-day list.

mod access;
mod door;
mod services;
mod sheets;

pub use access::access;
use domain::{
    cases::{Channel, ContactResult, State, replay::OUTSIDE},
    view::{
        cases::{Alternative, CaseLine, CaseView, CasesView, EndOfDayView, PastFigures, PastFiguresView},
        frame::Frame,
    },
};
pub use door::{door, door_list};
use leptos::prelude::*;
pub use services::services;
pub use sheets::{sheet, sheets};

use super::schedules;
use crate::ui::{
    self, button,
    field::{Choice, Field},
    funnel::{self, Step},
    table::{self, Column, Row, Standing},
    tag,
};

/// What the page of past figures says first.
pub fn figures_title(view: &PastFiguresView) -> String {
    let then = view.known_then;
    format!("At {}: {} cancelled, {} told", view.moment, ui::count(then.cancelled), ui::count(then.told))
}

/// In the order of [`counts`].
const FIGURES: [&str; 9] = [
    "Booked",
    "Not decided",
    "Kept",
    "Cancelled",
    "Told",
    "Not told",
    "Booked again",
    "Seen",
    "Ended another way",
];

const fn counts(of: &PastFigures) -> [i64; 9] {
    [
        of.booked,
        of.not_decided,
        of.kept,
        of.cancelled,
        of.told,
        of.not_told,
        of.rebooked,
        of.seen,
        of.ended_otherwise,
    ]
}

/// The figures of a past moment: as they were known then, as they are known now, and those of now.
pub fn figures(frame: &Frame, view: &PastFiguresView) -> AnyView {
    let path = format!("/incidents/{}/cases", view.incident);
    let columns = vec![
        Column::new("Cases"),
        Column::number("Known then"),
        Column::number("That moment, as known now"),
        Column::number("Now"),
    ];
    let columns_of = [&view.known_then, &view.known_now, &view.now].map(counts);
    let row = |(index, words): (usize, &str)| {
        let cells = columns_of.iter().map(|counts| table::text(&ui::count(counts[index])));
        Row::new(std::iter::once(table::text(words)).chain(cells).collect())
    };
    let rows = FIGURES.into_iter().enumerate().map(row);
    let ask = view! {
        {Field::new("at", "At").hint("As 2024-07-19 06:00").value(view.at.clone()).errors(&frame.errors).time()}
        {button::secondary("Show")}
    };
    let back = button::secondary_link("All cases", &path);
    view! {
        {ui::head(frame, &figures_title(view), None, Some(back))}
        {button::filter_form(&format!("{path}/figures"), ask.into_any())}
        {table::table("The figures at that moment", columns, rows.collect(), "None.")}
    }
    .into_any()
}

/// The list of cases.
pub fn list(frame: &Frame, view: &CasesView) -> AnyView {
    let path = format!("/incidents/{}/cases", view.incident);
    let next = (view.may_work && view.funnel.to_call > 0).then(|| {
        let body = button::primary("Call the next patient");
        button::form(&format!("{path}/next"), &view.request_id.to_string(), body)
    });
    let import = (view.funnel.booked == 0 && view.offer.is_none()).then(|| {
        button::primary_link("Import the schedule", &format!("/incidents/{}/schedule", view.incident))
    });
    let offer = view.offer.as_ref().map(|offer| schedules::offer(offer, view.incident, &view.offer_id));
    let funnel = (view.funnel.booked > 0).then(|| ui::panel("From cancelled to seen", steps(view)));
    view! {
        {ui::head(frame, &view.title, lede(view), next.or(import))}
        {offer}
        {funnel}
        <section class="panel">
            {tabs(view)}
            {filters(view, &path)}
            {(!view.found.is_empty()).then(|| view! { <p>{view.found.clone()}</p> })}
            {table::queue("Cases, highest risk first", columns(), view.lines.iter().map(|line| row(view, line)).collect(),
                "No case here.")}
            {table::next_page("The next 50", view.next.clone())}
        </section>
        {ways(view, &path)}
    }
    .into_any()
}

/// What stands under the title: the undecided, which keep the incident open.
fn lede(view: &CasesView) -> Option<AnyView> {
    let path = format!("/incidents/{}/cases", view.incident);
    let undecided = (view.funnel.undecided > 0).then(|| {
        let words = ui::counted(view.funnel.undecided, "row is undecided", "rows are undecided");
        view! { <a class="late" href=format!("{path}?show=undecided")>{tag::late(&words)}</a> }
    });
    undecided.map(IntoAny::into_any)
}

fn steps(view: &CasesView) -> AnyView {
    let numbers = &view.funnel;
    let to = |show: &str| format!("/incidents/{}/cases?show={show}", view.incident);
    let booked = format!(
        "of {} booked as of {}, {} kept",
        ui::count(numbers.booked),
        view.as_of,
        ui::count(numbers.kept)
    );
    let soon = (view.due_soon > 0)
        .then(|| (format!("{} due before {}", ui::count(view.due_soon), view.due_before), to("soon")));
    let past = (numbers.past_safe_by > 0)
        .then(|| (format!("{} booked past safe-by", ui::count(numbers.past_safe_by)), to("past")));
    let step = |label: &str, value, rest: String, late, show| Step {
        label: label.to_owned(),
        value,
        rest,
        late,
        path: to(show),
    };
    funnel::funnel(vec![
        step("Cancelled", numbers.cancelled, booked, None, "cancelled"),
        step("Told", numbers.told, format!("{} not told", ui::count(numbers.not_told)), soon, "untold"),
        step(
            "Rebooked",
            numbers.rebooked,
            format!("{} told, no new date", ui::count(numbers.told_without_date)),
            past,
            "rebooked",
        ),
        step(
            "Seen",
            numbers.seen,
            format!("{} ended another way", ui::count(numbers.ended_otherwise)),
            None,
            "seen",
        ),
    ])
}

fn tabs(view: &CasesView) -> AnyView {
    let tabs = view
        .parts
        .iter()
        .filter(|part| part.current || part.count > 0 || part.code == "call")
        .map(|part| {
            let words = format!("{} ", part.words);
            view! {
                <a href=part.path.clone() aria-current=part.current.then_some("page")>
                    {words}<span class="muted">{if part.over { "over " } else { "" }}{ui::count(part.count)}</span>
                </a>
            }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label="Parts of the list">{tabs}</nav> }.into_any()
}

fn choices(alternatives: &[Alternative]) -> Vec<Choice> {
    alternatives.iter().map(|each| Choice::new(each.value.clone(), each.words.clone())).collect()
}

fn filters(view: &CasesView, path: &str) -> AnyView {
    let kinds =
        vec![Choice::new("", "All"), Choice::new("procedure", "Procedures"), Choice::new("visit", "Visits")];
    let filter = &view.filter;
    let body = view! {
        <input type="hidden" name="show" value=filter.show.clone()/>
        {Field::new("q", "Name or MRN").hint("A name needs the birth date, or site and day")
            .value(if filter.q.is_empty() { filter.mrn.clone() } else { filter.q.clone() }).text()}
        {Field::new("born", "Born").hint("As 1975-02-03").value(filter.born.clone()).time()}
        {Field::new("day", "Booked on").hint("As 2024-07-19").value(filter.day.clone()).time()}
        {Field::new("site", "Site").value(filter.site.clone()).select(choices(&view.sites))}
        {Field::new("kind", "Kind").value(filter.kind.clone()).select(kinds)}
        {Field::new("priority", "Priority").value(filter.priority.clone()).select(choices(&view.priorities))}
        {(!filter.service.is_empty()).then(|| view! { <input type="hidden" name="service" value=filter.service.clone()/> })}
        {button::secondary("Filter")}
        {button::secondary_link("Export CSV", &view.csv)}
    };
    button::filter_form(path, body.into_any())
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("Risk, highest first"),
        Column::new("Patient"),
        Column::new("Was booked"),
        Column::labelled("Safe by"),
        Column::new("State, last contact"),
        Column::by_hand("Called at, result, initials"),
        Column::actions(),
    ]
}

fn row(view: &CasesView, line: &CaseLine) -> Row {
    let path = format!("/incidents/{}/cases/{}", view.incident, line.id);
    let locked = line.locked.is_some();
    let risk = if line.late && !locked {
        tag::late(&line.risk)
    } else {
        view! { <span>{line.risk.clone()}</span> }.into_any()
    };
    let booked = view! { <span><b>{line.clock.clone()}</b>" "{line.service.clone()}</span> };
    let where_ = format!("{}, {}", line.place, line.day);
    let safe_by = if line.safe_by.is_empty() { "none".to_owned() } else { line.safe_by.clone() };
    let (standing, contact) = match &line.locked {
        Some(by) => (tag::locked("Being called"), by.clone()),
        None => (table::text(&line.standing), line.last_contact.clone()),
    };
    let action = button::small_link(if line.late { "Call" } else { "Open" }, &line.mrn, &path);
    Row::new(vec![
        risk,
        table::two_lines(view! { <a href=path.clone()>{line.name.clone()}</a> }, line.mrn.clone()),
        table::two_lines(booked, where_),
        table::two_lines(safe_by, line.priority.clone()),
        table::two_lines(standing, contact),
        ().into_any(),
        action,
    ])
    .standing(if locked { Standing::Locked } else { Standing::Plain })
}

/// Where else the work goes on.
fn ways(view: &CasesView, path: &str) -> AnyView {
    let decide = view.may_decide.then(|| {
        view! { <li><a href=format!("{path}/decide")>"Decide what is cancelled and what goes ahead"</a></li> }
    });
    let audit = view.may_audit.then(|| {
        view! { <li><a href=format!("/incidents/{}/access", view.incident)>"Who has seen patients"</a></li> }
    });
    view! {
        <nav aria-label="More about patients"><ul class="choices">
            {decide}
            <li><a href=format!("/incidents/{}/door", view.incident)>"Somebody stands at the door"</a></li>
            <li><a href=format!("/incidents/{}/sheets", view.incident)>"Call sheets on paper"</a></li>
            <li><a href=format!("{path}/services")>"Services, and what is late"</a></li>
            <li><a href=format!("{path}/done")>"Enter a service's end-of-day list"</a></li>
            <li><a href=format!("{path}/figures")>"The figures at a past moment"</a></li>
            <li><a href=format!("/incidents/{}/schedule", view.incident)>"Imported schedules"</a></li>
            <li><a href=format!("{path}/replay")>"Compare with the record system's own account"</a></li>
            <li><a href=format!("{path}/paper.csv")>"Who was touched: look for paper (CSV)"</a></li>
            <li><a href=format!("{path}.fhir.json")>"What is cancelled, for other systems (FHIR R4)"</a></li>
            {audit}
        </ul></nav>
    }
    .into_any()
}

/// One case.
pub fn case(frame: &Frame, view: &CaseView) -> AnyView {
    let line = &view.line;
    let path = format!("/incidents/{}/cases/{}", view.incident, line.id);
    let title = format!("{}: {}", line.name, line.standing.to_lowercase());
    let risk = if line.late { tag::late(&line.risk) } else { tag::fine(&line.risk) };
    let back = button::secondary_link("All cases", &format!("/incidents/{}/cases", view.incident));
    view! {
        {ui::head(frame, &title, Some(risk), Some(back))}
        {notes(view)}
        <div class="case">
            {ui::panel("Patient and booking", facts(view))}
            {(!view.acts.is_empty()).then(|| act_panel(frame, view, &path))}
        </div>
        {ui::section("Tries to reach the patient", attempts(view))}
        {ui::section("What happened", history(view))}
        {view.access.as_ref().map(|lines| ui::section("Who has seen this case", access::table(lines)))}
    }
    .into_any()
}

fn facts(view: &CaseView) -> AnyView {
    let line = &view.line;
    let booked = format!("{} {}, {}, {}", line.day, line.clock, line.service, line.place);
    let flag =
        if view.first_of_two { " (the clocks were put back in this hour; the first was taken)" } else { "" };
    let decided = if line.rule.is_empty() {
        line.decided.clone()
    } else if line.rule == OUTSIDE {
        format!("{}, outside command", line.decided)
    } else {
        format!("{}, by the rule for {}", line.decided, spoken(&line.rule))
    };
    let rows = [
        ("MRN", line.mrn.clone()),
        ("Born", view.born.clone()),
        ("Phone", view.phone.clone()),
        ("E-mail", view.email.clone()),
        ("Language", view.language.clone()),
        ("Was booked", format!("{booked}{flag}")),
        ("Provider", view.provider.clone()),
        ("Appointment", line.appointment.clone()),
        ("Priority", line.priority.clone()),
        ("Classes", view.classes.join(", ")),
        ("Decided", decided),
        ("Safe by", safe_by_line(view)),
        ("28 days end", line.day_28.clone()),
        ("Being called", line.locked.clone().unwrap_or_default()),
    ];
    let rows = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let value = if name == "Phone" { ui::phone(&value) } else { value.into_any() };
            view! { <dt>{name}</dt><dd>{value}</dd> }
        })
        .collect_view();
    view! { <dl class="facts">{rows}</dl> }.into_any()
}

/// A rule's key as words: `elective-and-non-urgent` reads `elective and non urgent`.
fn spoken(key: &str) -> String {
    key.replace(['-', '_'], " ")
}

const ACTS: [(&str, &str); 7] = [
    ("contact", "Log a call"),
    ("rebook", "New date"),
    ("seen", "Seen"),
    ("keep", "Keep"),
    ("cancel", "Cancel"),
    ("note", "Note"),
    ("end", "Other end"),
];

/// One act at a time, chosen above it.
fn act_panel(frame: &Frame, view: &CaseView, path: &str) -> AnyView {
    let tabs = ACTS
        .into_iter()
        .filter(|(code, _)| view.acts.iter().any(|act| act == code))
        .map(|(code, words)| {
            let current = (code == view.sent).then_some("page");
            view! { <a href=format!("{path}?act={code}") aria-current=current>{words}</a> }
        })
        .collect_view();
    let (end, body) = act_form(frame, view);
    let version = view.form.version.0.clone();
    let body = view! { <input type="hidden" name="version" value=version/>{body} };
    view! {
        <section class="panel">
            <h2>"What happened?"</h2>
            <nav class="tabs" aria-label="What happened">{tabs}</nav>
            {button::form(&format!("{path}/{end}"), &view.request_id.to_string(), body.into_any())}
        </section>
    }
    .into_any()
}

fn act_form(frame: &Frame, view: &CaseView) -> (&'static str, AnyView) {
    let (form, errors) = (&view.form, &frame.errors);
    let reason = || {
        Field::new("reason", "Why?")
            .hint("This stands in the log")
            .value(form.reason.0.clone())
            .errors(errors)
            .area(2)
    };
    match view.sent.as_str() {
        "rebook" => {
            let body = view! {
                {Field::new("new_start", "New date and time").hint(format!("As 2024-08-02 08:10. Safe by: {}", safe_by(view)))
                    .value(form.new_start.0.clone()).errors(errors).time()}
                {Field::new("knows", "The patient knows this date").errors(errors).tick(form.knows.is_yes())}
                {button::primary("Book this date")}
            };
            ("rebooking", body.into_any())
        }
        "seen" => ("seen", button::primary("Mark as seen")),
        "keep" => ("keep", view! { {reason()}{button::primary("Keep: this goes ahead")} }.into_any()),
        "cancel" => ("cancel", view! { {reason()}{button::primary("Cancel this booking")} }.into_any()),
        "note" => {
            let body = view! {
                {Field::new("note", "What must the next caller know?").hint("Whoever calls this patient reads it")
                    .value(form.note.0.clone()).errors(errors).area(3)}
                {button::primary("Leave this note")}
            };
            ("notes", body.into_any())
        }
        "end" => {
            let ends = State::OTHER_ENDS.map(|end| Choice::new(end.code(), end.words())).into();
            let body = view! {
                {Field::new("end", "How did it end?").value(form.end.0.clone()).errors(errors).radios(ends)}
                {reason()}
                {button::primary("End this case")}
            };
            ("end", body.into_any())
        }
        _ => {
            let channels =
                Channel::ALL.map(|channel| Choice::new(channel.code(), sentence(channel.words()))).into();
            let results =
                ContactResult::ALL.map(|result| Choice::new(result.code(), sentence(result.words()))).into();
            let channel = if form.channel.is_blank() { "phone".to_owned() } else { form.channel.0.clone() };
            let body = view! {
                {Field::new("channel", "How?").value(channel).errors(errors).radios(channels)}
                {Field::new("result", "What came of it?").value(form.result.0.clone()).errors(errors).radios(results)}
                {Field::new("next_try", "Try again at").hint("As 2024-07-19 14:30, before the appointment; until then others are called")
                    .value(form.next_try.0.clone()).errors(errors).optional().time()}
                {button::primary("Log this try")}
            };
            ("contacts", body.into_any())
        }
    }
}

/// With the day from which it is counted.
fn safe_by_line(view: &CaseView) -> String {
    match view.safe_by_base.as_str() {
        "" => view.line.safe_by.clone(),
        base => format!("{}, {base}", view.line.safe_by),
    }
}

fn safe_by(view: &CaseView) -> &str {
    if view.line.safe_by.is_empty() { "no date set" } else { &view.line.safe_by }
}

/// With a capital, for a label.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// What callers told the next one, where it is read before the number is dialled; nothing when nobody has.
fn notes(view: &CaseView) -> Option<AnyView> {
    let lines = view.notes.iter().map(|note| {
        let texts = [&note.at, &note.text, &note.by];
        Row::new(texts.map(|text| table::text(text)).into())
    });
    let columns = vec![Column::new("When"), Column::new("What the next caller must know"), Column::new("By")];
    let table = || table::table("Notes for whoever calls next", columns, lines.collect(), "");
    (!view.notes.is_empty()).then(|| ui::section("Notes for whoever calls next", table()))
}

fn attempts(view: &CaseView) -> AnyView {
    let columns = vec![Column::new("When"), Column::new("How"), Column::new("Result"), Column::new("By")];
    let rows = view.attempts.iter().map(|attempt| {
        let texts = [&attempt.at, &attempt.channel, &attempt.result, &attempt.by];
        Row::new(texts.map(|text| table::text(text)).into())
    });
    table::table("Tries to reach the patient", columns, rows.collect(), "Nobody has tried yet.")
}

fn history(view: &CaseView) -> AnyView {
    let columns = vec![
        Column::number("No."),
        Column::new("When"),
        Column::new("What"),
        Column::new("From"),
        Column::new("To"),
        Column::new("By"),
    ];
    let rows = view.history.iter().map(|line| {
        let what = if line.rule.is_empty() {
            line.what.clone()
        } else {
            format!("{} ({})", line.what, spoken(&line.rule))
        };
        Row::new(vec![
            table::text(&line.seq.to_string()),
            table::text(&line.at),
            table::text(&what),
            table::text(&line.from),
            table::text(&line.to),
            table::text(&line.by),
        ])
    });
    table::table("Changes of this case", columns, rows.collect(), "Nothing has been decided yet.")
}

/// The end-of-day list of a service.
pub fn end_of_day(frame: &Frame, view: &EndOfDayView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let body = view! {
        {Field::new("facility", "Site").value(form.facility.0.clone()).errors(errors).select(choices(&view.sites))}
        {Field::new("service", "Procedure or service").value(form.service.0.clone()).errors(errors).select(choices(&view.services))}
        {Field::new("day", "Day").hint("As 2024-07-19").value(form.day.0.clone()).errors(errors).time()}
        {Field::new("not_done", "Which kept appointments did not take place?")
            .hint("One appointment id a line; these stay open").value(form.not_done.0.clone()).errors(errors).optional().area(4)}
        {button::primary("Mark all others as done")}
    };
    let path = format!("/incidents/{}/cases/done", view.incident);
    view! {
        {ui::head(frame, "Which kept cases took place?", None, None)}
        {button::form(&path, &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}
