//! Downtime numbers: which are open, which are free, and what becomes of each.

use domain::{
    identity::{NumberKind, State},
    view::{
        forms::Named,
        frame::Frame,
        identity::{IdentityView, LeftLine, NumberLine, NumberView},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count, counted,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

fn base(incident: domain::id::IncidentId) -> String {
    format!("/incidents/{incident}/identity")
}

fn hidden(name: &str, value: &str) -> AnyView {
    view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> }.into_any()
}

fn choices(named: &[Named]) -> impl Iterator<Item = Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone()))
}

fn chosen(named: &[Named], first: &str) -> Vec<Choice> {
    std::iter::once(Choice::new("", first)).chain(choices(named)).collect()
}

fn kinds() -> Vec<Choice> {
    NumberKind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.words())).collect()
}

/// Ranges and numbers.
pub fn all(frame: &Frame, view: &IdentityView) -> AnyView {
    let base = base(view.incident);
    let states = State::ALL.iter().map(|state| Choice::new(state.code(), state.words())).collect();
    view! {
        {ui::head(frame, &view.title, Some(lede(view, &base)), None)}
        {view.may_give.then(|| ui::panel("Give out", give(frame, view, &base)))}
        {(view.may_add && !view.may_give).then(|| ui::panel("Add a range", add(frame, view, &base)))}
        <section class="panel">
            <h2>"Numbers given out"</h2>
            {button::filter_form(&base, view! {
                {Field::new("state", "Show").value(view.state.clone()).select(states)}
                {Field::new("site", "Site").own_id("of-site").value(view.site.clone()).select(chosen(&view.sites, "All"))}
                {button::secondary("Show")}
            }.into_any())}
            {numbers(&view.numbers, &base)}
            {table::next_page("The next numbers", view.next.clone())}
        </section>
        {ui::panel("Ranges", ranges(view))}
        {(view.may_add && view.may_give).then(|| ui::panel("Add a range", add(frame, view, &base)))}
        <p class="hint">{format!("As of {}. A number is given out once, also over several downtimes.", view.as_of)}</p>
    }
    .into_any()
}

fn lede(view: &IdentityView, base: &str) -> AnyView {
    let shown = view.counts.iter().filter(|each| each.numbers > 0).map(|each| {
        let path = format!("{base}?state={}&site={}", each.state.code(), view.site);
        let words = format!("{} {}", count(each.numbers), each.words);
        let left = (each.uncorrected > 0).then(|| {
            let words = counted(each.uncorrected, "place not corrected", "places not corrected");
            view! { " "{tag::late(&words)} }
        });
        view! { <a href=path>{words}</a>{left}". " }
    });
    let shown: Vec<_> = shown.collect();
    if shown.is_empty() { "No number is given out.".into_any() } else { shown.collect_view().into_any() }
}

fn give(frame: &Frame, view: &IdentityView, base: &str) -> AnyView {
    let (form, errors) = (&view.give, &frame.errors);
    let body = view! {
        {Field::new("kind", "Which number?").own_id("give-kind").value(form.kind.0.clone()).errors(errors).select(kinds())}
        {Field::new("unit", "Unit").value(form.unit.0.clone()).errors(errors).select(chosen(&view.units, "Choose"))}
        {Field::new("on_paper", "How many on paper?").hint("Empty gives the next one to a patient at once")
            .value(form.on_paper.0.clone()).errors(errors).optional().number()}
        {button::primary("Give out")}
    };
    button::form(&format!("{base}/numbers"), &view.request_id.to_string(), body.into_any())
}

fn numbers(lines: &[NumberLine], base: &str) -> AnyView {
    let columns = vec![
        Column::new("Number"),
        Column::new("Unit"),
        Column::new("State"),
        Column::new("Given out"),
        Column::number("Places not corrected"),
        Column::by_hand("Record number, initials"),
        Column::actions(),
    ];
    let rows = lines.iter().map(|line| {
        let path = format!("{base}/numbers/{}", line.id);
        let left = if line.left > 0 { tag::late(&count(line.left)) } else { table::text("0") };
        Row::new(vec![
            table::two_lines(view! { <a href=path.clone()>{line.number.clone()}</a> }, line.kind.clone()),
            table::text(&line.unit),
            table::two_lines(line.state.words(), line.asked.clone()),
            table::text(&line.given),
            left,
            table::text(""),
            button::small_link("Open", &line.number, &path),
        ])
    });
    table::table("Downtime numbers", columns, rows.collect(), "No number is in this state.")
}

fn ranges(view: &IdentityView) -> AnyView {
    let columns =
        vec![Column::new("Site"), Column::new("Range"), Column::number("Numbers"), Column::number("Free")];
    let rows = view.ranges.iter().map(|range| {
        let free = if range.free == 0 { tag::late("0") } else { table::text(&count(range.free)) };
        Row::new(vec![
            table::text(&range.site),
            table::two_lines(format!("{} to {}", range.first, range.last), range.kind.clone()),
            table::text(&count(range.numbers)),
            free,
        ])
    });
    table::table(
        "Ranges",
        columns,
        rows.collect(),
        "No site of this downtime has a range; add one before patients arrive.",
    )
}

fn add(frame: &Frame, view: &IdentityView, base: &str) -> AnyView {
    let (form, errors) = (&view.add, &frame.errors);
    let body = view! {
        {Field::new("kind", "Which numbers?").own_id("add-kind").value(form.kind.0.clone()).errors(errors).select(kinds())}
        {Field::new("site", "Site").value(form.site.0.clone()).errors(errors).select(chosen(&view.sites, "Choose"))}
        {Field::new("prefix", "Letters before the digits").hint("As DT, so that nobody takes it for a usual number")
            .value(form.prefix.0.clone()).errors(errors).optional().short().text()}
        {Field::new("first", "First number").hint("With its leading zeros").value(form.first.0.clone()).errors(errors).number()}
        {Field::new("last", "Last number").value(form.last.0.clone()).errors(errors).number()}
        {button::secondary("Add this range")}
    };
    button::form(&format!("{base}/ranges"), &view.request_id.to_string(), body.into_any())
}

/// One number.
pub fn one(frame: &Frame, view: &NumberView) -> AnyView {
    let base = base(view.incident);
    let here = format!("{base}/numbers/{}", view.line.id);
    let record = (!view.record.is_empty()).then(|| format!(" Merged into {}.", view.record));
    let reason = (!view.reason.is_empty()).then(|| format!(" Reason: {}.", view.reason));
    let asked = (!view.line.asked.is_empty()).then(|| format!(" Waits: {}.", view.line.asked));
    let lede = view! { {format!("{}, {}, given out {}.", view.line.kind, view.line.unit, view.line.given)}{asked}{record}{reason} };
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(button::secondary_link("All numbers", &base)))}
        {view.may_change.then(|| acts(frame, view, &here))}
        {(!view.again.is_empty()).then(|| ui::panel("To look at again, for a merge was taken back", again(view, &here)))}
        {ui::panel("Where this number stands", left(view, &here))}
    }
    .into_any()
}

fn acts(frame: &Frame, view: &NumberView, here: &str) -> AnyView {
    let form = |body: AnyView| button::form(here, &view.request_id.to_string(), body);
    let reason = |label: &str, id: &str| {
        Field::new("reason", label)
            .own_id(id)
            .hint("Without a name or number of a patient")
            .value(view.change.reason.0.clone())
            .errors(&frame.errors)
            .text()
    };
    let record = |label: &str| {
        Field::new("record", label)
            .hint("As you read it in the records system")
            .errors(&frame.errors)
            .short()
            .text()
    };
    match view.line.state {
        State::GivenOut => ui::panel("What became of it?", view! {
            {form(view! { {hidden("act", "use")}{button::primary("A patient has it")} }.into_any())}
            {form(view! { {hidden("act", "give_back")}{reason("Why is it void?", "void-reason")}{button::secondary("It came back unused")} }.into_any())}
        }.into_any()),
        State::Used => ui::panel("What shall become of it?", view! {
            <p>"A second person has to agree to each of these."</p>
            {form(view! { {hidden("act", "merge")}{record("Into which record?")}{button::primary("Ask to merge it")} }.into_any())}
            {form(view! { {hidden("act", "convert")}{button::secondary("Ask to keep it as the patient's own")} }.into_any())}
            {form(view! { {hidden("act", "void")}{reason("Why was there no such patient?", "void-reason")}{button::secondary("Ask to void it")} }.into_any())}
        }.into_any()),
        State::Waiting => ui::panel("The second person", waiting(view, &form, &record, &reason)),
        State::Undoing => ui::panel("The second person", undoing(view, &form, &reason)),
        State::Merged if !view.merged_by_me => ui::panel("Was it wrong?", view! {
            <p>"A second person, who did not merge it either, has to agree."</p>
            {form(view! { {hidden("act", "undo")}{reason("Why were these two patients?", "undo-reason")}{button::secondary("Ask to take the merge back")} }.into_any())}
        }.into_any()),
        State::Merged | State::Converted | State::Void => ().into_any(),
    }
}

/// A merge that somebody says was wrong; it holds until another one agrees.
fn undoing(
    view: &NumberView,
    form: &impl Fn(AnyView) -> AnyView,
    reason: &impl Fn(&str, &str) -> AnyView,
) -> AnyView {
    let agree = (!view.asked_by_me && !view.merged_by_me).then(|| {
        form(view! { {hidden("act", "agree")}{button::primary("Agree to take it back")} }.into_any())
    });
    view! {
        <p>"Until two people who did not merge it have said that it was wrong, it holds."</p>
        {agree}
        {form(view! { {hidden("act", "refuse")}{reason("Why was it right?", "refuse-reason")}{button::secondary("Refuse")} }.into_any())}
    }
    .into_any()
}

fn again(view: &NumberView, here: &str) -> AnyView {
    let mut columns = vec![Column::new("What"), Column::new("State"), Column::by_hand("Looked at, initials")];
    if view.may_change {
        columns.push(Column::actions());
    }
    let rows = view.again.iter().map(|each| {
        let state = if each.looked.is_empty() {
            tag::late("to look at again")
        } else {
            tag::fine(&format!("looked at {}", each.looked))
        };
        let link = view! { <a href=each.path.clone()>{each.words.clone()}</a> }.into_any();
        let mut cells = vec![link, state, table::text("")];
        if view.may_change {
            let body = view! { {hidden("act", "looked_again")}{hidden("item", &each.item)}{button::small("Looked at", &each.words)} };
            let action = each.looked.is_empty().then(|| button::form(here, &view.request_id.to_string(), body.into_any()));
            cells.push(action.into_any());
        }
        Row::new(cells)
    });
    table::table("What hung on the merge", columns, rows.collect(), "")
}

fn waiting(
    view: &NumberView,
    form: &impl Fn(AnyView) -> AnyView,
    record: &impl Fn(&str) -> AnyView,
    reason: &impl Fn(&str, &str) -> AnyView,
) -> AnyView {
    let agree = (!view.asked_by_me).then(|| {
        let merges = view.line.asked.starts_with("merge");
        form(
            view! {
                {hidden("act", "agree")}
                {merges.then(|| record("Into which record?"))}
                {button::primary("Agree")}
            }
            .into_any(),
        )
    });
    let own = view
        .asked_by_me
        .then(|| view! { <p>"You asked for this. Another person looks at both records and agrees."</p> });
    view! {
        {own}
        {agree}
        {form(view! { {hidden("act", "refuse")}{reason("Why not?", "refuse-reason")}{button::secondary("Refuse")} }.into_any())}
    }
    .into_any()
}

fn left(view: &NumberView, here: &str) -> AnyView {
    let mut columns =
        vec![Column::new("Where"), Column::new("State"), Column::by_hand("Corrected, initials")];
    if view.may_change {
        columns.push(Column::actions());
    }
    let rows = view.left.iter().map(|each| {
        let state = match (each.noted, each.corrected) {
            (_, true) => tag::fine(&format!("corrected {}", each.when)),
            (true, false) => tag::late(&format!("stands there since {}", each.when)),
            _ => table::text("nobody has said so"),
        };
        let mut cells = vec![table::text(&each.words), state, table::text("")];
        if view.may_change {
            cells.push(left_action(view, each, here));
        }
        Row::new(cells)
    });
    table::table("Where this number stands", columns, rows.collect(), "")
}

fn left_action(view: &NumberView, each: &LeftLine, here: &str) -> AnyView {
    let (act, words) = match (each.noted, each.corrected) {
        (_, true) => return ().into_any(),
        (true, false) => ("corrected", "Corrected"),
        _ => ("left", "It stands there"),
    };
    let body = view! { {hidden("act", act)}{hidden("left", &each.code)}{button::small(words, &each.words)} };
    button::form(here, &view.request_id.to_string(), body.into_any())
}
