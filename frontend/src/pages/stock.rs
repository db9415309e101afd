//! Blank forms: which units run short, what runs out first, one unit's box, the count, and what is asked for. The list
//! of a unit is also the sheet that somebody takes to the box, with columns to write in.

use domain::{
    field::FieldErrors,
    stock::ReorderState,
    view::{
        forms::Named,
        frame::Frame,
        stock::{
            BurnDownView, CountRow, ReorderLine, ReorderView, ReordersView, StockCountView, StockLine,
            StockUnitView, StockView,
        },
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count, counted,
    curve::curve,
    field::{Choice, Field, field_id},
    table::{self, Column, Row},
    tag,
};

fn choices(named: &[Named]) -> Vec<Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone())).collect()
}

fn with_all(named: &[Named]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "All")).chain(choices(named)).collect()
}

/// Every unit's blank forms, what is short first.
pub fn all(frame: &Frame, view: &StockView) -> AnyView {
    let actions = view! {
        {button::secondary_link("Are the units ready?", "/readiness")}
        {button::secondary_link("Packs of printed forms", "/packs")}
        {button::primary_link("What is asked for", "/stock/reorders")}
    };
    let lede = match view.reorders {
        0 => "Nothing is asked for.".to_owned(),
        waiting => format!("{}.", counted(waiting, "reorder waits", "reorders wait")),
    };
    let shown = vec![Choice::new("", "Every form that was counted"), Choice::new("short", "What runs short")];
    let more = view.uncounted_units - i64::try_from(view.uncounted.len()).unwrap_or(i64::MAX);
    let uncounted = (view.uncounted_units > 0).then(|| {
        let units = view.uncounted.iter().map(|each| {
            view! { <li><a href=format!("/stock/units/{}", each.unit)>{each.name.clone()}</a></li> }
        });
        let more = (more > 0).then(|| view! { <p>{format!("And {} more.", count(more))}</p> });
        ui::panel("Never counted", view! { <ul>{units.collect_view()}</ul>{more} }.into_any())
    });
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(actions.into_any()))}
        <section class="panel">
            {button::filter_form("/stock", view! {
                {Field::new("site", "Site").value(view.site.clone()).select(with_all(&view.sites))}
                {Field::new("show", "Show").value(view.show.clone()).select(shown)}
                {button::secondary("Show")}
            }.into_any())}
            {lines(&view.lines, false, true, "No blank form was counted here.")}
            {table::next_page("The next forms", view.next.clone())}
        </section>
        {uncounted}
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
    }
    .into_any()
}

/// What runs out first in an incident.
pub fn burn_down(frame: &Frame, view: &BurnDownView) -> AnyView {
    let paper = format!("/incidents/{}/forms", view.incident);
    let actions = view! {
        {button::secondary_link("The ledger", &paper)}
        {button::primary_link("What is asked for", "/stock/reorders")}
    };
    let wrong = [
        (view.reorders, "reorder waits", "reorders wait", "/stock/reorders"),
        (view.uncounted_units, "unit was never counted", "units were never counted", "/stock"),
    ];
    let wrong = wrong.into_iter().filter(|(number, ..)| *number > 0).map(|(number, one, many, path)| {
        let words = counted(number, one, many);
        view! { " "<a href=path>{words}</a>"." }
    });
    let lede = view! {
        {format!("Blank forms must last {}.", counted(view.hours, "hour", "hours"))}{wrong.collect_view()}
    };
    let picture = view.curve.as_ref().map(|points| {
        let name = format!("{}: what is left, in percent", view.curve_of);
        ui::panel(
            &format!("{}: left, in percent of the most that lay there", view.curve_of),
            curve(points, &name),
        )
    });
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(actions.into_any()))}
        {picture}
        <section class="panel">
            {button::filter_form(&format!("/incidents/{}/stock", view.incident), view! {
                {Field::new("site", "Site").value(view.site.clone()).select(with_all(&view.sites))}
                {button::secondary("Show")}
            }.into_any())}
            {lines(&view.lines, true, true, "Nothing says yet when forms run out: none was counted, or none is used.")}
            {table::next_page("What runs out later", view.next.clone())}
        </section>
        <p class="hint">{format!("As of {}. ", view.as_of)}{HOW_RECKONED}</p>
    }
    .into_any()
}

const HOW_RECKONED: &str = "A sheet leaves the stock when it comes back used, is voided or is missing; one that was only \
    handed out is still blank for all that anybody knows. So count the blank forms again every few hours. Times are \
    rounded down to ten minutes.";

/// Forms at units. With the downtime's figures, or without; with the unit, or alone.
fn lines(lines: &[StockLine], in_downtime: bool, with_unit: bool, empty: &str) -> AnyView {
    let mut columns = Vec::new();
    if with_unit {
        columns.push(Column::new("Unit"));
    }
    columns.push(Column::new("Form"));
    if in_downtime {
        columns.extend([Column::number("At T0"), Column::number("Used an hour")]);
    }
    columns.push(Column::number("Left"));
    if in_downtime {
        columns.push(Column::new("Runs out"));
    }
    columns.extend([Column::number("Par"), Column::number("Short"), Column::new("Asked for")]);
    if !in_downtime {
        columns.push(Column::new("Counted"));
    }
    columns.extend([Column::by_hand("Counted now"), Column::by_hand("Time, initials")]);
    let rows = lines.iter().map(|line| {
        let mut cells = Vec::new();
        if with_unit {
            let path = format!("/stock/units/{}", line.unit);
            cells.push(table::two_lines(tag::figure_link(&line.name, &path), line.site.clone()));
        }
        cells.push(table::two_lines(line.form_type.clone(), line.form_name.clone()));
        if in_downtime {
            cells.push(table::text(&line.at_start.map(count).unwrap_or_default()));
            let whence = if line.measured { "over the last hours" } else { "by the kit" };
            cells.push(if line.an_hour.is_empty() {
                table::text("none yet")
            } else {
                table::two_lines(line.an_hour.clone(), whence)
            });
        }
        cells.push(left(line));
        if in_downtime {
            cells.push(if line.too_soon { tag::late(&line.runs_out) } else { table::text(&line.runs_out) });
        }
        cells.push(table::two_lines(count(line.par), line.basis.words()));
        cells.push(if line.short > 0 { tag::late(&count(line.short)) } else { table::text("0") });
        cells.push(asked_for(line));
        if !in_downtime {
            cells.push(table::text(if line.counted.is_empty() { "never" } else { &line.counted }));
        }
        cells.extend([table::text(""), table::text("")]);
        Row::new(cells)
    });
    table::table("Blank forms", columns, rows.collect(), empty)
}

fn left(line: &StockLine) -> AnyView {
    if line.beyond > 0 {
        let words = format!("{} more came back than lay there: count again", count(line.beyond));
        return table::two_lines(count(line.left), tag::soon(&words));
    }
    table::text(&count(line.left))
}

fn asked_for(line: &StockLine) -> AnyView {
    let Some(reorder) = &line.reorder else { return table::text("") };
    let path = format!("/stock/reorders/{}", reorder.reorder);
    tag::figure_link(reorder.state.words(), &path)
}

/// One unit's blank forms.
pub fn unit(frame: &Frame, view: &StockUnitView) -> AnyView {
    let here = format!("/stock/units/{}", view.unit);
    let actions = view! {
        {button::secondary_link("Is this unit ready?", &format!("/readiness/units/{}", view.unit))}
        {view.may_count.then(|| view! {
            {button::secondary_link("Forms were brought", &format!("{here}/count?how=brought"))}
            {button::primary_link("Count the blank forms", &format!("{here}/count"))}
        })}
    };
    let print = (!view.print.is_empty()).then(|| {
        view! { <p><a href=view.print.clone()>"Print everything that is short here"</a></p> }
    });
    view! {
        {ui::head(frame, &view.title, Some(view.rule.clone().into_any()), Some(actions.into_any()))}
        {ui::panel("Counted", view! {
            {lines(&view.lines, false, false, "Nobody has counted a form here.")}
            {print}
        }.into_any())}
        {(!view.uncounted.is_empty()).then(|| ui::panel("Used here and never counted", uncounted(view)))}
        {(!view.packs.is_empty()).then(|| ui::panel("Printed for this unit", packs(frame, view, &here)))}
        {view.may_set_par.then(|| ui::panel("More or fewer than the rule says", par_form(frame, view, &here)))}
        {ui::panel("What happened last", events(view))}
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
    }
    .into_any()
}

fn uncounted(view: &StockUnitView) -> AnyView {
    let columns = vec![
        Column::new("Form"),
        Column::number("Par"),
        Column::by_hand("Counted now"),
        Column::by_hand("Time, initials"),
    ];
    let rows = view.uncounted.iter().map(|form| {
        Row::new(vec![
            table::two_lines(form.code.clone(), form.name.clone()),
            table::text(&count(form.par)),
            table::text(""),
            table::text(""),
        ])
    });
    table::table("Forms that were never counted", columns, rows.collect(), "None.")
}

fn packs(frame: &Frame, view: &StockUnitView, here: &str) -> AnyView {
    if !view.may_count {
        let each = view.packs.iter().map(|pack| view! { <li>{pack.name.clone()}</li> });
        return view! { <ul>{each.collect_view()}</ul> }.into_any();
    }
    let body = view! {
        {Field::new("pack", "Which pack lies in the box now?").errors(&frame.errors).select(choices(&view.packs))}
        {button::secondary("It lies in the box")}
    };
    button::form(&format!("{here}/packs"), &view.request_id.to_string(), body.into_any())
}

fn par_form(frame: &Frame, view: &StockUnitView, here: &str) -> AnyView {
    let (form, errors) = (&view.set_par, &frame.errors);
    let body = view! {
        {Field::new("form_type", "Form").value(form.form_type.0.clone()).errors(errors).select(choices(&view.forms))}
        {Field::new("par", "Sheets that this unit must hold").hint("Empty: what the rule says").value(form.par.0.clone())
            .errors(errors).optional().number()}
        {Field::new("reason", "Why").value(form.reason.0.clone()).errors(errors).text()}
        {button::secondary("Keep this par")}
    };
    button::form(&format!("{here}/par"), &view.request_id.to_string(), body.into_any())
}

fn events(view: &StockUnitView) -> AnyView {
    let columns = vec![
        Column::new("When"),
        Column::new("Form"),
        Column::new("What"),
        Column::new("By"),
        Column::new("Note"),
    ];
    let rows = view.events.iter().map(|event| {
        let cells = [&event.at, &event.form_type, &event.what, &event.by, &event.note];
        Row::new(cells.map(|cell| table::text(cell)).into())
    });
    table::table("What happened last", columns, rows.collect(), "Nothing yet.")
}

fn is_delivery(view: &StockCountView) -> bool {
    view.form.how.trimmed() == "brought"
}

/// The title of the form for a count or a delivery.
pub fn count_title(view: &StockCountView) -> String {
    let what = if is_delivery(view) { "Blank forms brought to" } else { "Count the blank forms of" };
    format!("{what} {}", view.name)
}

/// The form for a count or a delivery.
pub fn count_form(frame: &Frame, view: &StockCountView) -> AnyView {
    let here = format!("/stock/units/{}", view.unit);
    let (lede, act) = if is_delivery(view) {
        (
            "Write how many sheets came, besides what lay there. Empty says nothing of a form.",
            "Keep this delivery",
        )
    } else {
        (
            "Count every blank sheet: in the box, in drawers, beside the beds. Empty says nothing of a form; 0 says that none is left.",
            "Keep this count",
        )
    };
    let columns = vec![
        Column::new("Form"),
        Column::number("Should lie there"),
        Column::number("Par"),
        Column::new("Sheets"),
    ];
    let rows = view.rows.iter().map(count_row).collect();
    let body = view! {
        <input type="hidden" name="how" value=view.form.how.0.clone()/>
        {said_at(&frame.errors, "how")}
        {said_at(&frame.errors, "form_type")}
        {said_at(&frame.errors, "sheets")}
        {table::table("Sheets of each form", columns, rows, "No kit is in force; approve a playbook that has forms.")}
        {Field::new("note", "What others should know").value(view.form.note.0.clone()).errors(&frame.errors).optional().text()}
        {button::primary(act)}
    };
    view! {
        {ui::head(frame, &count_title(view), Some(lede.into_any()), Some(button::secondary_link("Back to the unit", &here)))}
        {button::form(&format!("{here}/count"), &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}

fn said_at(errors: &FieldErrors, field: &str) -> AnyView {
    let id = field_id(field);
    errors
        .at(field)
        .map(|error| view! { <p class="error" id=id tabindex="-1">{error.to_owned()}</p> })
        .into_any()
}

fn count_row(row: &CountRow) -> Row {
    let (id, label) = (format!("sheets-{}", row.code), format!("Sheets of {}", row.code));
    let input = view! {
        <input type="hidden" name="form_type" value=row.code.clone()/>
        <label class="unseen" for=id.clone()>{label}</label>
        <input class="box short" type="text" inputmode="numeric" autocomplete="off" id=id name="sheets"
            value=row.sheets.clone()/>
    };
    Row::new(vec![
        table::two_lines(row.code.clone(), row.name.clone()),
        table::text(&row.left.map_or_else(|| "never counted".to_owned(), count)),
        table::text(&count(row.par)),
        input.into_any(),
    ])
}

/// What is asked for.
pub fn reorders(frame: &Frame, view: &ReordersView) -> AnyView {
    let states = ReorderState::ALL.map(|state| Choice::new(state.code(), state.words())).into();
    let columns = vec![
        Column::new("Unit"),
        Column::new("Form"),
        Column::number("Sheets"),
        Column::new("Since"),
        Column::new("Last said"),
        Column::new("Note"),
        Column::by_hand("Brought, initials"),
    ];
    let rows = view.lines.iter().map(reorder_row).collect();
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("Blank forms of all units", "/stock")))}
        <section class="panel">
            {button::filter_form("/stock/reorders", view! {
                {Field::new("state", "Show").value(view.state.clone()).select(states)}
                {button::secondary("Show")}
            }.into_any())}
            {table::table(&view.title, columns, rows, "There is no such reorder.")}
            {table::next_page("The next reorders", view.next.clone())}
        </section>
        <p class="hint">{format!("As of {}.", view.as_of)}</p>
    }
    .into_any()
}

fn reorder_row(line: &ReorderLine) -> Row {
    Row::new(vec![
        tag::figure_link(&line.name, &format!("/stock/units/{}", line.unit)),
        tag::figure_link(&line.form_type, &format!("/stock/reorders/{}", line.reorder)),
        table::text(&count(line.sheets)),
        table::text(&line.opened),
        table::two_lines(line.changed.clone(), line.by.clone()),
        table::text(&line.note),
        table::text(""),
    ])
}

/// One reorder, with what can be done about it.
pub fn reorder(frame: &Frame, view: &ReorderView) -> AnyView {
    let line = &view.line;
    let here = format!("/stock/reorders/{}", line.reorder);
    let actions = view! {
        {button::secondary_link("The unit's forms", &format!("/stock/units/{}", line.unit))}
        {button::primary_link("Print these forms", &view.print)}
    };
    let lede =
        format!("Asked for since {}. Last said {} by {}. {}", line.opened, line.changed, line.by, line.note);
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(actions.into_any()))}
        {view.may_move.then(|| reorder_forms(frame, view, &here))}
    }
    .into_any()
}

fn reorder_forms(frame: &Frame, view: &ReorderView, here: &str) -> AnyView {
    let (form, errors, request) = (&view.form, &frame.errors, view.request_id.to_string());
    let act = |code: &'static str, body: AnyView| {
        let body = view! { <input type="hidden" name="act" value=code/>{body} };
        button::form(here, &request, body.into_any())
    };
    let order = (view.line.state == ReorderState::Open).then(|| {
        let body = view! {
            {Field::new("note", "Who brings them, and when").own_id("order-note").value(form.note.0.clone()).errors(errors)
                .optional().text()}
            {button::secondary("They are ordered or printing")}
        };
        ui::panel("Order them", act("order", body.into_any()))
    });
    let deliver = view! {
        {Field::new("sheets", "Sheets that came").hint(format!("Empty: all {}", count(view.line.sheets)))
            .value(form.sheets.0.clone()).errors(errors).optional().number()}
        {button::secondary("They lie in the box")}
    };
    let decline = view! {
        {Field::new("note", "Why they are not needed").value(form.note.0.clone()).errors(errors).text()}
        {button::secondary("They are not needed")}
    };
    view! {
        {order}
        {ui::panel("Say that they came", act("deliver", deliver.into_any()))}
        {ui::panel("Say that they are not needed", act("decline", decline.into_any()))}
    }
    .into_any()
}
