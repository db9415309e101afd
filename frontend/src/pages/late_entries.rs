//! Command's own paper: which sheets are out, and one sheet as it is typed in line by line.

use domain::{
    broadcasts::Answer,
    field::Text,
    late_entries::{SheetKind, State},
    view::{
        frame::Frame,
        late_entries::{DraftLine, LateEntriesView, LateLine, LateSheetView, SheetCount, SheetLine},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field, field_id},
    table::{self, Column, Row},
    tag,
};

/// The sheets in a state.
pub fn all(frame: &Frame, view: &LateEntriesView) -> AnyView {
    let base = format!("/incidents/{}/late-entries", view.incident);
    let states = State::ALL.map(|state| Choice::new(state.code(), state.words())).into();
    let filter = view! {
        {Field::new("state", "Shown").value(view.state.code()).select(states)}
        {button::secondary("Show")}
    };
    let columns = vec![
        Column::new("Sheet"),
        Column::new("State"),
        Column::new("Who has it"),
        Column::new("Handed out"),
        Column::number("Lines"),
        Column::by_hand("Back, initials"),
    ];
    let rows = view.sheets.iter().map(sheet_row).collect();
    let lede = format!(
        "What command wrote on paper is typed in with the time at which it happened. As of {}.",
        view.as_of
    );
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), None)}
        {ui::panel("Sheets by kind", counts(view, &base))}
        {(!view.drafts.is_empty()).then(|| ui::panel("Begun by you and not entered", drafts(&view.drafts)))}
        <section class="panel">
            {button::filter_form(&base, filter.into_any())}
            {table::table("Sheets", columns, rows, "No sheet is like this.")}
            {table::next_page("The next sheets", view.next.clone())}
        </section>
        {view.may_type.then(|| forms(frame, view, &base))}
    }
    .into_any()
}

fn counts(view: &LateEntriesView, base: &str) -> AnyView {
    let columns = vec![
        Column::new("Kind"),
        Column::number("Out"),
        Column::number("Typed in"),
        Column::number("Nothing on it"),
        Column::number("Lost"),
        Column::number("Lines"),
    ];
    let row = |count: &SheetCount| {
        let figure = |number: i64, state: State| {
            tag::figure_link(&ui::count(number), &format!("{base}?state={}", state.code()))
        };
        Row::new(vec![
            table::text(count.kind.words()),
            figure(count.out, State::Out),
            figure(count.typed, State::Typed),
            figure(count.blank, State::Blank),
            figure(count.lost, State::Lost),
            table::text(&ui::count(count.lines)),
        ])
    };
    table::table("How many sheets there are", columns, view.counts.iter().map(row).collect(), "")
}

fn sheet_row(line: &SheetLine) -> Row {
    Row::new(vec![
        view! { <a href=line.path.clone()>{line.name.clone()}</a> }.into_any(),
        table::text(line.state.words()),
        table::text(&line.handed_to),
        table::text(&line.handed),
        table::text(&ui::count(line.lines)),
        table::text(""),
    ])
}

fn drafts(drafts: &[DraftLine]) -> AnyView {
    let line = |draft: &DraftLine| {
        let words = format!(": {}, kept {}", ui::counted(draft.lines, "line", "lines"), draft.saved);
        view! { <li><a href=draft.path.clone()>{draft.name.clone()}</a>{words}</li> }
    };
    let lines = drafts.iter().map(line).collect_view();
    view! { <ul class="stack">{lines}</ul> }.into_any()
}

fn kinds() -> Vec<Choice> {
    SheetKind::ALL.map(|kind| Choice::new(kind.code(), kind.words())).into()
}

fn forms(frame: &Frame, view: &LateEntriesView, base: &str) -> AnyView {
    let (request, errors) = (view.request_id.to_string(), &frame.errors);
    let (out, count) = (&view.hand_out, &view.count);
    let hand_out = view! {
        {Field::new("kind", "Which sheets").own_id("out-kind").value(out.kind.0.clone()).errors(errors).select(kinds())}
        {Field::new("first", "Number on the first sheet").hint("Empty: the next free one").value(out.first.0.clone())
            .errors(errors).optional().number()}
        {Field::new("sheets", "How many").value(out.sheets.0.clone()).errors(errors).number()}
        {Field::new("to", "Who has them").hint("A position or a room").value(out.to.0.clone()).errors(errors).text()}
        {button::secondary("Hand out")}
    };
    let counted = view! {
        {Field::new("kind", "Which sheets").own_id("count-kind").value(count.kind.0.clone()).errors(errors).select(kinds())}
        {Field::new("blank", "Nothing on them").hint("Numbers, as 12-20, 23").value(count.blank.0.clone()).errors(errors)
            .optional().text()}
        {Field::new("lost", "Lost").hint("Numbers, as 12-20, 23").value(count.lost.0.clone()).errors(errors).optional().text()}
        {Field::new("reason", "What was done to find them").value(count.reason.0.clone()).errors(errors).optional().text()}
        {button::secondary("Count them")}
    };
    let print = view! {
        {Field::new("kind", "Which sheets").own_id("print-kind").select(kinds())}
        {Field::new("first", "First number").own_id("print-first").value("1").number()}
        {Field::new("sheets", "How many").own_id("print-sheets").value("10").number()}
        {button::secondary("Print as PDF")}
    };
    let open = view! {
        {Field::new("kind", "Kind").own_id("open-kind").select(kinds())}
        {Field::new("number", "Number").own_id("open-number").number()}
        {button::secondary("Open the sheet")}
    };
    view! {
        {ui::panel("Type in a sheet", button::way_form(base, open.into_any()))}
        {ui::panel("Hand sheets out", button::form(&format!("{base}/hand-out"), &request, hand_out.into_any()))}
        {ui::panel("Count sheets back that are not typed in", button::form(&format!("{base}/count"), &request, counted.into_any()))}
        {ui::panel("Print sheets", button::way_form(&format!("{base}/sheets.pdf"), print.into_any()))}
    }
    .into_any()
}

/// One sheet.
pub fn one(frame: &Frame, view: &LateSheetView) -> AnyView {
    let base = format!("/incidents/{}/late-entries", view.incident);
    let back = button::secondary_link("All sheets", &base);
    view! {
        {ui::head(frame, &view.title, Some(view.lede.clone().into_any()), Some(back))}
        {view.may_type.then(|| typing(frame, view, &base))}
        {ui::panel("Typed in", lines(view))}
    }
    .into_any()
}

fn lines(view: &LateSheetView) -> AnyView {
    let columns = vec![
        Column::number("Line"),
        Column::new("Happened"),
        Column::new("Who"),
        Column::new("What"),
        Column::number("Entry of the log"),
    ];
    let row = |line: &LateLine| {
        let happened = if line.until.is_empty() {
            line.happened.clone()
        } else {
            format!("{} to {}", line.happened, line.until)
        };
        Row::new(vec![
            table::text(&line.line.to_string()),
            table::two_lines(happened, line.typed.clone()),
            table::text(&line.who),
            table::two_lines(line.what.clone(), line.answer.clone()),
            table::text(&line.seq.to_string()),
        ])
    };
    table::table(
        "Lines of this sheet",
        columns,
        view.lines.iter().map(row).collect(),
        "No line is typed in yet.",
    )
}

fn typing(frame: &Frame, view: &LateSheetView, base: &str) -> AnyView {
    let (errors, form) = (&frame.errors, &view.form);
    let path = format!("{base}/{}/{}", view.kind.code(), view.number);
    let hint =
        format!("As 2024-07-19, in {} time. A line of another day has its date before its time.", view.zone);
    let saved = (!view.draft_saved.is_empty())
        .then(|| view! { <p class="muted">{format!("Your draft of {}.", view.draft_saved)}</p> });
    let broadcast = (view.kind == SheetKind::Calls).then(|| {
        let sent = view.broadcasts.iter().map(|each| Choice::new(each.value.clone(), each.name.clone()));
        Field::new("broadcast", "About which message")
            .value(form.broadcast.0.clone())
            .errors(errors)
            .select(sent.collect())
    });
    let units = view.units.iter().map(|unit| view! { <option value=unit.clone()></option> }).collect_view();
    let early = (errors.at("early").is_some() || form.early.is_yes()).then(|| {
        Field::new("early", "Lines from before the downtime began are right")
            .errors(errors)
            .tick(form.early.is_yes())
    });
    let wrong = errors.0.get("lines").cloned().unwrap_or_default();
    let wrong = (!wrong.is_empty()).then(|| {
        let said = wrong.into_iter().map(|sentence| view! { <li>{sentence}</li> }).collect_view();
        view! { <ul class="error" id=field_id("lines") tabindex="-1">{said}</ul> }
    });
    let rows = view.rows.iter().enumerate().map(|(index, number)| type_row(view, index, *number)).collect();
    let body = view! {
        {saved}
        {broadcast}
        {Field::new("date", "Date of the sheet").hint(hint).value(form.date.0.clone()).errors(errors).time()}
        {early}
        {wrong}
        <datalist id="units">{units}</datalist>
        {table::table("Lines to type in", columns(view.kind), rows, "Every line of this sheet is typed in.")}
        <div class="actions">
            {button::primary("Enter these lines")}
            <button class="button" type="submit" formaction=format!("{path}/draft")>"Keep as a draft"</button>
        </div>
    };
    ui::panel("Type in", button::form(&path, &view.request_id.to_string(), body.into_any()))
}

fn columns(kind: SheetKind) -> Vec<Column> {
    let names: &[&str] = match kind {
        SheetKind::Log => &["Line", "Time", "What happened", "Written by"],
        SheetKind::Calls => &["Line", "Time", "Unit", "Spoken to", "Answer", "Note"],
        SheetKind::SignIn => &["Line", "In at", "Out at", "Name", "Position or room"],
    };
    names.iter().map(|name| Column::new(name)).collect()
}

fn type_row(view: &LateSheetView, index: usize, number: i64) -> Row {
    let form = &view.form;
    let at = |list: &[Text]| list.get(index).map(|text| text.0.clone()).unwrap_or_default();
    let box_of = |name: &'static str, label: &str, value: String, short: bool| {
        input(name, &format!("Line {number}: {label}"), number, value, short)
    };
    let line = box_of("line", "number", number.to_string(), true);
    let time = box_of("time", "time", at(&form.time), true);
    let cells = match view.kind {
        SheetKind::Log => vec![
            line,
            time,
            box_of("what", "what happened", at(&form.what), false),
            box_of("who", "written by", at(&form.who), false),
        ],
        SheetKind::Calls => vec![
            line,
            time,
            box_of("unit", "unit", at(&form.unit), false),
            box_of("who", "spoken to", at(&form.who), false),
            answers(number, &at(&form.answer)),
            box_of("what", "note", at(&form.what), false),
        ],
        SheetKind::SignIn => vec![
            line,
            time,
            box_of("until", "out at", at(&form.until), true),
            box_of("who", "name", at(&form.who), false),
            box_of("what", "position or room", at(&form.what), false),
        ],
    };
    Row::new(cells)
}

fn input(name: &'static str, label: &str, number: i64, value: String, short: bool) -> AnyView {
    let (id, class) = (format!("{name}-{number}"), if short { "box short" } else { "box" });
    let list = (name == "unit").then_some("units");
    view! {
        <label class="unseen" for=id.clone()>{label.to_owned()}</label>
        <input class=class type="text" autocomplete="off" id=id name=name value=value list=list/>
    }
    .into_any()
}

fn answers(number: i64, chosen: &str) -> AnyView {
    let id = format!("answer-{number}");
    let options = Answer::ALL
        .map(|answer| {
            let selected = answer.code() == chosen;
            view! { <option value=answer.code() selected=selected>{answer.words()}</option> }
        })
        .collect_view();
    view! {
        <label class="unseen" for=id.clone()>{format!("Line {number}: answer")}</label>
        <select id=id name="answer"><option value=""></option>{options}</select>
    }
    .into_any()
}
