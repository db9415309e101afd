//! Deciding over many cases: what a decision would do in numbers and by name, other ways of deciding, the decision
//! itself, and those made so far.

use domain::{
    decisions::{Aim, Count, Strategy},
    view::{
        cases::Alternative,
        decisions::{DecideRowsView, DecideView, DecisionLine, PartLine},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

fn takes_back(view: &DecideView) -> bool {
    view.form.aim.trimmed() == Aim::TakeBack.code()
}

/// What the page says first.
pub fn title(view: &DecideView) -> String {
    let (all, day) = (view.totals.all, &view.form.day.0);
    if takes_back(view) {
        return format!("{} of {day} can go ahead after all", bookings(view.totals.taken_back));
    }
    if all.rows == 0 {
        return format!("Nothing is booked in this window on {day}");
    }
    if !is_open(view) && !view.changes.is_empty() {
        return format!("Change {}: choose what differs, then look again", view.changes);
    }
    if !is_open(view) {
        let (cancelled, kept) = (ui::count(all.cancelled), ui::count(all.kept));
        return format!(
            "All {} of {day} are decided: {cancelled} cancelled, {kept} kept",
            bookings(all.rows)
        );
    }
    let counts = format!("{} to cancel, {} to keep on {day}", ui::count(all.cancelled), ui::count(all.kept));
    if view.changes.is_empty() { counts } else { format!("{} changed: {counts}", view.changes) }
}

/// Whether it would change anything.
fn is_open(view: &DecideView) -> bool {
    let totals = &view.totals;
    totals.all.rows > totals.stood || totals.left_out > 0 || totals.linked_cancelled > 0
}

fn bookings(count: i64) -> String {
    ui::counted(count, "booking", "bookings")
}

/// The preview of a decision, the decision, and those made so far.
pub fn page(frame: &Frame, view: &DecideView) -> AnyView {
    let path = format!("/incidents/{}/cases/decide", view.incident);
    let fresh =
        (!view.form.aim.is_blank()).then(|| button::secondary_link("Make a new decision instead", &path));
    view! {
        {ui::head(frame, &title(view), None, fresh)}
        {look(frame, view, &path)}
        {ui::panel(&panel_title(view), totals(view))}
        {instead(view)}
        {is_open(view).then(|| apply(frame, view, &path))}
        {parts(view)}
        {ui::section("Decisions so far", made(&view.made))}
    }
    .into_any()
}

fn panel_title(view: &DecideView) -> String {
    let rule = if takes_back(view) { "Take cancellations back" } else { &view.rule_name };
    if view.only.is_empty() { rule.to_owned() } else { format!("{rule}, only {}", view.only) }
}

fn choices(list: &[Alternative]) -> Vec<Choice> {
    list.iter().map(|each| Choice::new(each.value.clone(), each.words.clone())).collect()
}

/// What is looked at: a rule, a day, a place, and the part of it.
fn look(frame: &Frame, view: &DecideView, path: &str) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let kinds = vec![
        Choice::new("", "What the rule says"),
        Choice::new("procedure", "Procedures"),
        Choice::new("visit", "Visits"),
    ];
    let strategies = Strategy::ALL
        .map(|each| Choice::new(if each == Strategy::Blanket { "" } else { each.code() }, each.words()));
    let parts = [
        &form.from,
        &form.until,
        &form.kind,
        &form.services,
        &form.departments,
        &form.providers,
        &form.priorities,
        &form.also_keep,
        &form.linked,
        &form.strategy,
    ];
    let open = parts.iter().any(|part| !part.is_blank()) || !errors.is_empty();
    let names = |name: &str, label: &str, value: &domain::field::Text| {
        Field::new(name, label).value(value.0.clone()).errors(errors).optional().area(2)
    };
    let rule = (!takes_back(view)).then(|| {
        Field::new("rule", "Rule").value(form.rule.0.clone()).errors(errors).select(choices(&view.rules))
    });
    let body = view! {
        {hidden("aim", &form.aim.0)}
        {hidden("amends", &form.amends.0)}
        {rule}
        {Field::new("day", "Day").value(form.day.0.clone()).errors(errors).time()}
        {Field::new("place", "Where").value(form.place.0.clone()).errors(errors).select(choices(&view.places))}
        <details open=open>
            <summary>"A part of the day, or more than the rule"</summary>
            {Field::new("from", "From").hint("As 13:00, at each site").value(form.from.0.clone()).errors(errors).optional().time()}
            {Field::new("until", "Until").hint("What begins before then").value(form.until.0.clone()).errors(errors).optional().time()}
            {Field::new("kind", "Kind").value(form.kind.0.clone()).errors(errors).select(kinds)}
            {names("services", "Services, one a line", &form.services)}
            {names("departments", "Departments, one a line", &form.departments)}
            {names("providers", "Providers, one a line", &form.providers)}
            {names("priorities", "Priorities with their scheme, as fssa:P3", &form.priorities)}
            {names("also_keep", "Classes of care that go ahead as well, as transplant", &form.also_keep)}
            {Field::new("linked", "Cancel what is linked as well, as the operation after a pre-op visit")
                .value("yes").errors(errors).tick(form.linked.is_yes())}
            {Field::new("strategy", "What no rule keeps").value(form.strategy.0.clone()).errors(errors).select(strategies.into())}
        </details>
        {button::secondary("Look again")}
    };
    button::filter_form(path, body.into_any())
}

fn hidden(name: &'static str, value: &str) -> AnyView {
    let value = value.to_owned();
    (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value/> }).into_any()
}

fn counts(label: &str) -> Vec<Column> {
    vec![
        Column::new(label),
        Column::number("Booked"),
        Column::number("Cancel"),
        Column::number("Keep"),
        Column::number("For a person to decide"),
    ]
}

fn counted(name: AnyView, count: Count) -> Row {
    let number = |count: i64| table::text(&ui::count(count));
    Row::new(vec![
        name,
        number(count.rows),
        number(count.cancelled),
        number(count.kept),
        number(count.undecided),
    ])
}

fn bold(words: &str) -> AnyView {
    view! { <b>{words.to_owned()}</b> }.into_any()
}

fn totals(view: &DecideView) -> AnyView {
    let totals = &view.totals;
    let rows = vec![
        counted(bold("Procedures"), totals.procedures),
        counted(bold("Visits"), totals.visits),
        counted(bold("Together"), totals.all),
    ];
    let keeps = (!takes_back(view)).then(|| {
        let keeps = view
            .keeps
            .iter()
            .map(|keep| view! { <li>{format!("{}: {}", keep.label, ui::count(keep.rows))}</li> })
            .collect_view();
        view! { <p>"Goes ahead, by the first rule that fits:"</p><ul>{keeps}</ul> }
    });
    let stood = (totals.stood > 0).then(|| {
        let words = ui::counted(
            totals.stood,
            "booking was decided before and stands as it is",
            "bookings were decided before and stand as they are",
        );
        view! { <p class="muted">{format!("{words}.")}</p> }
    });
    let offered = totals.linked - totals.linked_cancelled;
    let linked = (offered > 0).then(|| {
        let words = ui::counted(
            offered,
            "linked appointment is not cancelled with them",
            "linked appointments are not cancelled with them",
        );
        view! { <p>{format!("{words}: look at the list, then tick it under \u{201c}A part of the day, or more than the rule\u{201d} if they should be.")}</p> }
    });
    let lists = view
        .lists
        .iter()
        .map(|list| {
            let words = format!("{}: {}", list.words, ui::count(list.rows));
            view! { <li><a href=list.path.clone()>{words}</a></li> }
        })
        .collect_view();
    view! {
        {table::table("What this decision does", counts("Kind"), rows, "Nothing is booked.")}
        {keeps}
        {stood}
        {linked}
        {(!view.lists.is_empty()).then(|| view! { <p>"By name:"</p><ul>{lists}</ul> })}
    }
    .into_any()
}

/// Other ways of deciding, each with what it would do.
fn instead(view: &DecideView) -> AnyView {
    if view.instead.is_empty() || view.totals.all.rows == 0 {
        return ().into_any();
    }
    let rows = view.instead.iter().map(|way| {
        let name = if way.chosen {
            view! { <b>{format!("{} (looked at)", way.words)}</b> }.into_any()
        } else {
            view! { <a href=way.path.clone()>{way.words.clone()}</a> }.into_any()
        };
        counted(name, way.count)
    });
    let table = table::table("Ways of deciding", counts("Way"), rows.collect(), "None.");
    ui::section("What each way would cancel", table)
}

fn parts(view: &DecideView) -> AnyView {
    let part = |title: &str, label: &str, lines: &[PartLine]| {
        if lines.len() < 2 {
            return ().into_any();
        }
        let rows = lines.iter().map(|line| counted(table::text(&line.words), line.count)).collect();
        let table = table::table(title, counts(label), rows, "None.");
        let title = title.to_owned();
        view! { <details><summary>{title}</summary>{table}</details> }.into_any()
    };
    view! {
        {part("By site", "Site", &view.sites)}
        {part("By service", "Service", &view.services)}
        {part("By priority", "Priority", &view.priorities)}
    }
    .into_any()
}

/// What the button says, and the sentence above it.
fn consequence(view: &DecideView) -> (String, String) {
    let totals = &view.totals;
    let back = format!(
        "{} will go ahead after all; {} told already and must be told again.",
        bookings(totals.taken_back),
        ui::counted(totals.told_again, "patient was", "patients were"),
    );
    if takes_back(view) {
        return (
            back,
            format!("Take {} back", ui::counted(totals.taken_back, "cancellation", "cancellations")),
        );
    }
    let all = totals.all;
    let linked = match totals.linked_cancelled {
        0 => String::new(),
        count => format!(" with {} that are linked", ui::count(count)),
    };
    let sentence = format!(
        "{} will be cancelled{linked}, and {} will go ahead. Every patient who is cancelled must be told and seen.",
        bookings(all.cancelled),
        ui::count(all.kept)
    );
    let act = format!("Cancel {}, keep {}", ui::count(all.cancelled), ui::count(all.kept));
    if view.changes.is_empty() {
        return (sentence, act);
    }
    let sentence = if totals.taken_back > 0 { format!("{sentence} {back}") } else { sentence };
    (sentence, format!("Change {}: {}", view.changes, act.to_lowercase()))
}

fn apply(frame: &Frame, view: &DecideView, path: &str) -> AnyView {
    let form = &view.form;
    let (sentence, act) = consequence(view);
    let body = view! {
        {hidden("aim", &form.aim.0)}
        {hidden("amends", &form.amends.0)}
        {hidden("rule", &form.rule.0)}
        {hidden("strategy", &form.strategy.0)}
        {hidden("day", &form.day.0)}
        {hidden("place", &form.place.0)}
        {hidden("from", &form.from.0)}
        {hidden("until", &form.until.0)}
        {hidden("kind", &form.kind.0)}
        {hidden("services", &form.services.0)}
        {hidden("departments", &form.departments.0)}
        {hidden("providers", &form.providers.0)}
        {hidden("priorities", &form.priorities.0)}
        {hidden("also_keep", &form.also_keep.0)}
        {hidden("linked", &form.linked.0)}
        {hidden("cancels", &form.cancels.0)}
        {hidden("keeps", &form.keeps.0)}
        {Field::new("basis", "On what basis?").hint("This stands in the log as the basis of the decision")
            .value(form.basis.0.clone()).errors(&frame.errors).area(3)}
        {button::consequence(sentence.into_any(), button::primary(&act))}
    };
    button::form(path, &view.request_id.to_string(), body.into_any())
}

fn made(lines: &[DecisionLine]) -> AnyView {
    let columns = vec![
        Column::new("Decision"),
        Column::new("Rule"),
        Column::new("Day"),
        Column::number("Cancelled then"),
        Column::number("Kept then"),
        Column::new("When"),
        Column::new("By"),
        Column::actions(),
    ];
    let rows = lines.iter().map(|line| {
        let acts = (!line.change.is_empty()).then(|| {
            view! {
                <div class="small-actions">
                    {button::small_link("Change", &line.name, &line.change)}
                    {button::small_link("Take back", &line.name, &line.take_back)}
                </div>
            }
        });
        Row::new(vec![
            table::two_lines(line.name.clone(), line.note.clone()),
            table::text(&line.rule),
            table::two_lines(line.day.clone(), line.only.clone()),
            table::text(&ui::count(line.totals.all.cancelled)),
            table::text(&ui::count(line.totals.all.kept)),
            table::text(&line.at),
            table::text(&line.by),
            acts.into_any(),
        ])
    });
    table::table("Decisions made", columns, rows.collect(), "None yet.")
}

/// What a list says first.
pub fn rows_title(view: &DecideRowsView) -> String {
    format!("{}: {}", view.words, bookings(view.rows))
}

/// One list of a decision that is looked at.
pub fn rows(frame: &Frame, view: &DecideRowsView) -> AnyView {
    let columns = vec![
        Column::new("Booked"),
        Column::new("Appointment"),
        Column::new("Service"),
        Column::new("Where"),
        Column::new("Provider"),
        Column::new("Priority"),
        Column::new("By which rule"),
    ];
    let rows = view.lines.iter().map(|line| {
        let stands = if line.stands { "decided before" } else { "" };
        Row::new(vec![
            table::text(&line.at),
            table::text(&line.appointment),
            table::text(&line.service),
            table::two_lines(line.site.clone(), line.department.clone()),
            table::text(&line.provider),
            table::text(&line.priority),
            table::two_lines(line.rule.clone(), stands),
        ])
    });
    let acts = view! {
        {button::secondary_link("Back to the decision", &view.back)}
        {button::secondary_link("Download as CSV", &view.csv)}
    };
    view! {
        {ui::head(frame, &rows_title(view), None, Some(acts.into_any()))}
        {table::table(&view.words, columns, rows.collect(), "None.")}
        {table::next_page("The next 100", view.next.clone())}
    }
    .into_any()
}
