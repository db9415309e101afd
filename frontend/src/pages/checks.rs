//! Cross-checks: what has gaps, the gaps of one check, one gap, and the census.

use domain::{
    checks::Act,
    playbooks::Occasion,
    view::{
        checks::{CensusView, CheckLine, ChecksView, GapLine, GapView, GapsView, ListLine},
        forms::Named,
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

fn choices(named: &[Named]) -> Vec<Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone())).collect()
}

/// Every check.
pub fn all(frame: &Frame, view: &ChecksView) -> AnyView {
    let base = format!("/incidents/{}/checks", view.incident);
    let census = button::secondary_link("The census", &format!("{base}/census"));
    let compare = view.may_check.then(|| {
        let act = button::secondary("Compare forms again");
        button::form(&format!("{base}/compare"), &view.request_id.to_string(), act)
    });
    let columns = vec![
        Column::new("Cross-check"),
        Column::new("Expected"),
        Column::new("Found"),
        Column::number("Open gaps"),
        Column::number("Agree"),
        Column::number("Explained"),
        Column::number("Corrected"),
        Column::number("Harm"),
    ];
    let rows = view.checks.iter().map(|check| check_row(check, &base, view.may_check)).collect();
    let unknown = (view.units_without_setting > 0).then(|| {
        let units = ui::counted(view.units_without_setting, "unit of the census has", "units of the census have");
        view! { <p>{format!("{units} no setting, so their forms are not asked for. Say on each ")}<a href="/places">"unit's page"</a>" where care is given."</p> }
    });
    let lede = "What was done on paper and is nowhere in the record shows as a gap. The incident does not close over an open one.";
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(view! { {census}{compare} }.into_any()))}
        {unknown}
        <section class="panel">{table::table("Cross-checks", columns, rows, "None.")}</section>
    }
    .into_any()
}

fn check_row(check: &CheckLine, base: &str, may: bool) -> Row {
    let path = |state: &str| format!("{base}/gaps?kind={}&state={state}", check.kind);
    let figure = |number: i64, state: &str| match (number, may) {
        (0, _) | (_, false) => table::text(&count(number)),
        (number, true) => tag::figure_link(&count(number), &path(state)),
    };
    let open = if check.open > 0 && may {
        let words = tag::late(&count(check.open));
        view! { <a href=path("open")>{words}</a> }.into_any()
    } else {
        figure(check.open, "open")
    };
    let lists = [
        table::text(&check.name),
        list(check, &check.expected, "expected", base, may),
        list(check, &check.found, "found", base, may),
    ];
    if check.is_waiting() {
        let nothing = view! { <span class="muted">"not compared"</span> }.into_any();
        return Row::new(lists.into_iter().chain([nothing]).chain((0..4).map(|_| table::text(""))).collect());
    }
    let [name, expected, found] = lists;
    Row::new(vec![
        name,
        expected,
        found,
        open,
        figure(check.even, "even"),
        figure(check.explained, "explained"),
        figure(check.corrected, "corrected"),
        figure(check.harm, "harm"),
    ])
}

fn list(check: &CheckLine, line: &ListLine, side: &str, base: &str, may: bool) -> AnyView {
    if !check.has_lists {
        return table::text(&line.name);
    }
    let here = if line.here.is_empty() { "not here yet".to_owned() } else { line.here.clone() };
    if !may {
        return table::two_lines(line.name.clone(), here);
    }
    let path = format!("{base}/{}-{side}/import", check.kind);
    table::two_lines(view! { <a href=path>{line.name.clone()}</a> }, here)
}

/// The lines of one check in one state.
pub fn gaps(frame: &Frame, view: &GapsView) -> AnyView {
    let base = format!("/incidents/{}/checks", view.incident);
    let back = button::secondary_link("All cross-checks", &base);
    let filter = view! {
        {Field::new("kind", "Cross-check").value(view.kind.clone()).select(choices(&view.kinds))}
        {Field::new("state", "Lines").value(view.state.clone()).select(choices(&view.states))}
        {button::secondary("Show")}
    };
    let columns = vec![
        Column::new("Line"),
        Column::new("What"),
        Column::number(&capital(&view.expected)),
        Column::number(&capital(&view.found)),
        Column::new("Who looks after it"),
        Column::new("What was found"),
        Column::by_hand("Seen, initials"),
    ];
    let rows = view.lines.iter().map(|line| gap_row(line, &base)).collect();
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        <section class="panel">
            {button::filter_form(&format!("{base}/gaps"), filter.into_any())}
            {table::table(&view.title, columns, rows, "There are no such lines.")}
            {table::next_page("The next lines", view.next.clone())}
        </section>
    }
    .into_any()
}

fn gap_row(line: &GapLine, base: &str) -> Row {
    let path = format!("{base}/gaps/{}", line.line);
    let owner = if line.owner.is_empty() { "nobody yet".to_owned() } else { line.owner.clone() };
    Row::new(vec![
        table::two_lines(view! { <a href=path>{line.key.clone()}</a> }, line.name.clone()),
        table::text(&line.what),
        table::text(&count(line.expected)),
        table::text(&count(line.found)),
        table::text(&owner),
        table::text(&line.note),
        table::text(""),
    ])
}

/// One gap.
pub fn gap(frame: &Frame, view: &GapView) -> AnyView {
    let base = format!("/incidents/{}/checks", view.incident);
    let back = button::secondary_link(
        "The gaps of this check",
        &format!("{base}/gaps?kind={}&state=open", view.kind),
    );
    let line = &view.line;
    let owner = if line.owner.is_empty() { "nobody yet".to_owned() } else { line.owner.clone() };
    let facts = [
        ("Cross-check", view.check.clone()),
        ("Line", line.key.clone()),
        ("What", line.what.clone()),
        (&view.expected, count(line.expected)),
        (&view.found, count(line.found)),
        ("Who looks after it", owner),
        ("As of", line.since.clone()),
    ];
    let facts = facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <dt>{capital(name)}</dt><dd>{value}</dd> })
        .collect_view();
    let columns = vec![Column::new("When"), Column::new("Who"), Column::new("What"), Column::new("Found")];
    let rows = view.events.iter().map(|event| {
        Row::new([&event.at, &event.who, &event.what, &event.note].map(|text| table::text(text)).into())
    });
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        {ui::panel("What the lists say", view! { <dl class="facts">{facts}</dl> }.into_any())}
        {view.may_decide.then(|| ui::panel("Settle this gap", decide(frame, view, &base)))}
        {ui::panel("What happened", table::table("What was done about it", columns, rows.collect(), "Nothing yet."))}
    }
    .into_any()
}

fn capital(name: &str) -> String {
    let mut signs = name.chars();
    signs.next().map(|first| first.to_uppercase().chain(signs).collect()).unwrap_or_default()
}

fn decide(frame: &Frame, view: &GapView, base: &str) -> AnyView {
    let body = view! {
        {Field::new("act", "What was done").value(view.form.act.0.clone()).errors(&frame.errors)
            .radios(Act::ALL.map(|act| Choice::new(act.code(), act.words())).into())}
        {Field::new("note", "What was found, and where it is written")
            .hint("Without a patient's name or number; the line names it. Needed for an end.")
            .value(view.form.note.0.clone()).errors(&frame.errors).area(3)}
        {button::primary("Keep this")}
    };
    let action = format!("{base}/gaps/{}", view.line.line);
    button::form(&action, &view.request_id.to_string(), body.into_any())
}

/// The census by day, and the form for a unit's day.
pub fn census(frame: &Frame, view: &CensusView) -> AnyView {
    let base = format!("/incidents/{}/checks", view.incident);
    let import =
        view.may_check.then(|| button::secondary_link("Import a census", &format!("{base}/census/import")));
    let actions = view! { {import}{button::secondary_link("All cross-checks", &base)} };
    let columns = vec![
        Column::new("Day"),
        Column::new("What"),
        Column::number("How many"),
        Column::number("From units"),
    ];
    let rows = view.days.iter().map(|day| {
        Row::new(vec![
            table::text(&day.day),
            table::text(&day.occasion),
            table::text(&count(day.number)),
            table::text(&count(day.units)),
        ])
    });
    view! {
        {ui::head(frame, &view.title, None, Some(actions.into_any()))}
        {view.may_check.then(|| census_form(frame, view, &base))}
        {ui::panel("By day", table::table("Census by day", columns, rows.collect(), "Say the census of each unit and day, or import it."))}
    }
    .into_any()
}

fn census_form(frame: &Frame, view: &CensusView, base: &str) -> AnyView {
    let number = |occasion: Occasion, label: &str| {
        Field::new(occasion.code(), label)
            .value(view.form.text(occasion).0.clone())
            .errors(&frame.errors)
            .optional()
            .number()
    };
    let body = view! {
        {Field::new("unit", "Unit").value(view.form.unit.0.clone()).errors(&frame.errors)
            .select(std::iter::once(Choice::new("", "Choose")).chain(choices(&view.units)).collect())}
        {Field::new("day", "Day").hint("As 2024-07-19").value(view.form.day.0.clone()).errors(&frame.errors).time()}
        {number(Occasion::PatientDay, "Patients")}
        {number(Occasion::Arrival, "Arrivals")}
        {number(Occasion::Operation, "Operations")}
        {number(Occasion::Visit, "Visits")}
        {number(Occasion::Admission, "Admissions")}
        {button::primary("Save the census of this day")}
    };
    let form = button::form(&format!("{base}/census"), &view.request_id.to_string(), body.into_any());
    ui::panel("One unit's day", form)
}
