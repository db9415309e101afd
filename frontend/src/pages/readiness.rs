//! Readiness: which units are not ready, and one unit's checklist, made for a phone in one hand and, on paper, for a
//! pencil.

use domain::{
    readiness::Standing,
    view::{
        forms::Named,
        frame::Frame,
        readiness::{ChecklistView, ItemView, ReadinessLine, ReadinessView, SubjectView},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count, counted,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

fn with_all(named: &[Named]) -> Vec<Choice> {
    let named = named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone()));
    std::iter::once(Choice::new("", "All")).chain(named).collect()
}

fn standing(standing: Standing) -> AnyView {
    match standing {
        Standing::Failed => tag::late(standing.words()),
        Standing::Never | Standing::Overdue => tag::soon(standing.words()),
        Standing::Ready => tag::fine(standing.words()),
    }
}

/// Every unit, the worst first.
pub fn all(frame: &Frame, view: &ReadinessView) -> AnyView {
    let path = |show: &str| format!("/readiness?site={}&show={show}", view.site);
    let parts = [
        (view.sums.failed, "with something that failed", Standing::Failed),
        (view.sums.never, "with something never checked", Standing::Never),
        (view.sums.overdue, "with a check overdue", Standing::Overdue),
    ];
    let parts = parts.into_iter().filter(|(units, ..)| *units > 0).map(|(units, words, of)| {
        let class = if of == Standing::Failed { "late" } else { "" };
        let words = format!("{} {words}", counted(units, "unit", "units"));
        view! { <a class=class href=path(of.code())>{words}</a>". " }
    });
    let file = format!("/readiness.csv?site={}", view.site);
    let actions = view! {
        {button::secondary_link("Blank forms", "/stock")}
        {button::secondary_link("As CSV", &file)}
    };
    let shown = std::iter::once(Choice::new("", "Every unit"))
        .chain(Standing::ALL.map(|standing| Choice::new(standing.code(), standing.words())));
    view! {
        {ui::head(frame, &view.title, Some(parts.collect_view().into_any()), Some(actions.into_any()))}
        <section class="panel">
            {button::filter_form("/readiness", view! {
                {Field::new("site", "Site").value(view.site.clone()).select(with_all(&view.sites))}
                {Field::new("show", "Show").value(view.show.clone()).select(shown.collect())}
                {button::secondary("Show")}
            }.into_any())}
            {units(view)}
            {table::next_page("The next units", view.next.clone())}
        </section>
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
    }
    .into_any()
}

fn units(view: &ReadinessView) -> AnyView {
    let mut columns = vec![
        Column::new("Unit"),
        Column::new("Ready"),
        Column::number("Failed"),
        Column::number("Checked"),
        Column::new("Last checked"),
        Column::new("Next due"),
        Column::by_hand("Checked, initials"),
    ];
    if view.may_check {
        columns.push(Column::actions());
    }
    let rows = view.lines.iter().map(|line| unit_row(line, view.may_check)).collect();
    table::table("Units, the worst first", columns, rows, "There is no such unit.")
}

fn unit_row(line: &ReadinessLine, may_check: bool) -> Row {
    let path = format!("/readiness/units/{}", line.unit);
    let mut cells = vec![
        table::two_lines(tag::figure_link(&line.name, &path), line.site.clone()),
        standing(line.standing),
        table::text(&count(line.failed)),
        table::text(&format!("{} of {}", count(line.looked_at), count(line.items))),
        table::text(if line.last.is_empty() { "never" } else { &line.last }),
        table::text(&line.due),
        table::text(""),
    ];
    if may_check {
        cells.push(button::small_link("Check", &format!("{}, {}", line.site, line.name), &path));
    }
    Row::new(cells)
}

/// One unit's checklist.
pub fn unit(frame: &Frame, view: &ChecklistView) -> AnyView {
    let actions = view! {
        {button::secondary_link("All units", "/readiness")}
        {button::secondary_link("Its blank forms", &format!("/stock/units/{}", view.unit))}
    };
    let short = (view.short > 0).then(|| {
        let words = counted(view.short, "form of its box is below par", "forms of its box are below par");
        view! { <a class="late" href=format!("/stock/units/{}", view.unit)>{words}</a>". " }
    });
    let lede = view! { {short}{format!("As of {}.", view.as_of)} };
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(actions.into_any()))}
        {view.subjects.iter().map(|each| subject(frame, view, each)).collect_view()}
        {ui::panel("What was found last", events(view))}
    }
    .into_any()
}

fn subject(frame: &Frame, view: &ChecklistView, subject: &SubjectView) -> AnyView {
    let every = format!("{}: checked every {}", subject.name, counted(subject.due_days, "day", "days"));
    let columns = vec![
        Column::new("What must be so"),
        Column::new("Now"),
        Column::by_hand("Passed"),
        Column::by_hand("Failed, what is wrong"),
        Column::by_hand("Date, initials"),
        Column::labelled("Say what you found"),
    ];
    let rows = subject.items.iter().map(|item| {
        let act = if view.may_check { item_form(frame, view, item) } else { table::text("") };
        Row::new(vec![what(item), now(item), table::text(""), table::text(""), table::text(""), act])
    });
    ui::panel(&every, table::table(&subject.name, columns, rows.collect(), "Nothing."))
}

fn what(item: &ItemView) -> AnyView {
    let text = view! { <span id=item.key.clone()>{item.text.clone()}</span> };
    table::two_lines(text, item.hint.clone())
}

fn now(item: &ItemView) -> AnyView {
    let last = if item.last.is_empty() { "nobody has looked".to_owned() } else { item.last.clone() };
    let number = item.number.map(|number| format!("{}: {}. ", item.number_label, count(number)));
    let due = if item.due.is_empty() { String::new() } else { format!(", next by {}", item.due) };
    let note = if item.note.is_empty() { String::new() } else { format!(". {}", item.note) };
    table::two_lines(standing(item.standing), format!("{}{last}{due}{note}", number.unwrap_or_default()))
}

fn item_form(frame: &Frame, view: &ChecklistView, item: &ItemView) -> AnyView {
    let is_typed = view.form.item.trimmed() == item.key;
    let none = domain::field::FieldErrors::default();
    let errors = if is_typed { &frame.errors } else { &none };
    let typed = |text: &domain::field::Text| if is_typed { text.0.clone() } else { String::new() };
    // What the summary of mistakes leads to is the field of the item that was sent.
    let id = |name: &str| if is_typed { name.to_owned() } else { format!("{name}-{}", item.key) };
    let number = (!item.number_label.is_empty()).then(|| {
        Field::new("number", &item.number_label)
            .own_id(&id("number"))
            .value(typed(&view.form.number))
            .errors(errors)
            .number()
    });
    let body = view! {
        <input type="hidden" name="item" value=item.key.clone()/>
        {number}
        {Field::new("note", "What is wrong").own_id(&id("note")).value(typed(&view.form.note)).errors(errors).optional().text()}
        <div class="actions">
            {button::secondary_named("Passed", "outcome", "passed")}
            {button::secondary_named("Failed", "outcome", "failed")}
        </div>
    };
    let here = format!("/readiness/units/{}", view.unit);
    button::form(&here, &view.request_id.to_string(), body.into_any())
}

fn events(view: &ChecklistView) -> AnyView {
    let columns = vec![
        Column::new("When"),
        Column::new("What"),
        Column::new("Found"),
        Column::new("By"),
        Column::new("Note"),
    ];
    let rows = view.events.iter().map(|event| {
        let cells = [&event.at, &event.item, &event.outcome, &event.by, &event.note];
        Row::new(cells.map(|cell| table::text(cell)).into())
    });
    table::table("What was found last", columns, rows.collect(), "Nobody has looked yet.")
}
