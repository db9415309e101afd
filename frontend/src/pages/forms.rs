//! Paper: the ledger as stacked bars, the lists of sheets, and the forms for a clerk with a scanner.

mod batches;
mod places;
mod scanning;

pub use batches::{batch, batches};
pub use places::{missing, records, runner, sheet, unit};
pub use scanning::scan;

use domain::view::{
    forms::{
        Choices, CountView, FoundView, IssueView, MoveView, Named, PaperView, SheetLine, SheetsView,
        TypeLine, UnitLine,
    },
    frame::Frame,
};
use domain::{
    field::FieldErrors,
    forms::{Custody, USUAL_SHIFTS},
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count as figure,
    field::{Choice, Field},
    ledger::{Sheets, bar, legend},
    table::{self, Column, Row},
    tag,
};

fn sheets_of(ledger: domain::forms::Ledger) -> Sheets {
    let domain::forms::Ledger { used, blank, voided, out, missing, .. } = ledger;
    Sheets { used, blank, voided, out, missing }
}

/// The ledger.
pub fn ledger(frame: &Frame, view: &PaperView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let actions = view.may_count.then(|| {
        let issue = view.may_issue.then(|| button::secondary_link("Hand out", &format!("{base}/issue")));
        view! {
            {issue}
            {button::secondary_link("Scan", &format!("{base}/scan"))}
            {button::primary_link("Count forms back", &format!("{base}/count"))}
        }
        .into_any()
    });
    view! {
        {ui::head(frame, &view.title, Some(lede(view, &base)), actions)}
        {work(view)}
        {view.no_types.then(|| view! { <p>"This incident's playbook names no forms, so none can be handed out."</p> })}
        {elsewhere(&base)}
        {stock(view)}
        {ui::panel("By form", view! {
            {legend(sheets_of(view.total))}
            {by_type("Ledger by form", &view.types, &base, "Nothing is handed out yet.")}
        }.into_any())}
        {ui::panel("By unit", by_unit(&view.units, &base))}
        {ui::panel("Found without a valid serial", by_type(
            "Found forms by form", &view.found, &base, "No such sheet has turned up."))}
        {view.may_count.then(|| steps(&base))}
        {about_paper(&base, view.incident)}
    }
    .into_any()
}

/// What is done with paper once it is back.
fn work(view: &PaperView) -> AnyView {
    let pages = [
        ("entry", "Typing in"),
        ("logs", "Logs of units"),
        ("identity", "Downtime numbers"),
        ("checks", "Cross-checks"),
    ];
    let links = pages.map(|(page, words)| {
        let path = format!("/incidents/{}/{page}", view.incident);
        view! { <a href=path>{words}</a>" " }
    });
    view! { <p>{links.into_iter().collect_view()}</p> }.into_any()
}

/// Blank forms and readiness.
fn stock(view: &PaperView) -> AnyView {
    let lines = view.stock.iter().map(|line| {
        let class = if line.late { "late" } else { "" };
        view! { <li><a class=class href=line.path.clone()>{line.words.clone()}</a></li> }
    });
    view! { <ul>{lines.collect_view()}</ul> }.into_any()
}

/// The other pages of paper.
fn elsewhere(base: &str) -> AnyView {
    let pages = [
        ("missing", "What is missing"),
        ("runner", "What to fetch where"),
        ("batches", "Batches"),
        ("records", "Records room"),
        ("sheets", "Forms by serial"),
    ];
    let links = pages.map(|(page, words)| button::secondary_link(words, &format!("{base}/{page}")));
    view! { <nav class="actions" aria-label="Pages of paper">{links.into_iter().collect_view()}</nav> }
        .into_any()
}

/// What is wrong now, then what waits; when nothing is, that is said.
fn lede(view: &PaperView, base: &str) -> AnyView {
    let (mut discrepancies, mut to_verify, mut unfinished) = (0, 0, 0);
    for line in view.types.iter().chain(&view.found) {
        discrepancies += line.ledger.discrepancy;
        to_verify += line.ledger.to_verify;
        unfinished += line.ledger.unfinished();
    }
    let parts = [
        (view.total.missing, "missing", "missing", true),
        (discrepancies, "discrepancy", "differing from what was typed in", true),
        (view.total.out, "out", "out", false),
        (unfinished, "unfinished", "not finished", false),
        (to_verify, "to_verify", "waiting for a second person", false),
    ];
    let mut links: Vec<AnyView> = Vec::new();
    for (number, state, words, late) in parts.into_iter().filter(|(number, ..)| *number > 0) {
        let path = format!("{base}/sheets?state={state}");
        let class = if late { "late" } else { "" };
        let before = if links.is_empty() { "" } else { ", " };
        links.push(
            view! { {before}<a class=class href=path>{format!("{} {words}", figure(number))}</a> }.into_any(),
        );
    }
    if links.is_empty() { tag::fine("Nothing is missing and nothing waits.") } else { links.into_any() }
}

fn by_type(caption: &str, lines: &[TypeLine], base: &str, empty: &str) -> AnyView {
    let most = lines.iter().map(|line| line.ledger.issued).max().unwrap_or(1);
    let columns = vec![
        Column::new("Form"),
        Column::new("Where they are"),
        Column::number("Issued"),
        Column::number("Out"),
        Column::number("Used"),
        Column::number("Blank"),
        Column::number("Voided"),
        Column::number("Missing"),
        Column::number("Typed in"),
        Column::number("Finished"),
    ];
    let rows = lines
        .iter()
        .map(|line| {
            let path = |state: &str| format!("{base}/sheets?form_type={}&state={state}", line.code);
            let ledger = line.ledger;
            let mut cells = vec![
                table::two_lines(format!("{} {}", line.code, line.name), line.end.clone()),
                bar(sheets_of(ledger), most),
            ];
            cells.extend(figures(ledger, &path));
            cells.push(table::text(&figure(ledger.entered)));
            cells.push(table::text(&format!("{} of {}", figure(ledger.ended), figure(ledger.used))));
            Row::new(cells)
        })
        .collect();
    table::table(caption, columns, rows, empty)
}

/// Issued, out, used, blank, voided and missing, each leading to its rows.
fn figures(ledger: domain::forms::Ledger, path: &impl Fn(&str) -> String) -> Vec<AnyView> {
    let missing = if ledger.missing > 0 {
        let words = tag::late(&figure(ledger.missing));
        view! { <a href=path("missing")>{words}</a> }.into_any()
    } else {
        table::text("0")
    };
    vec![
        leading(ledger.issued, &path("")),
        leading(ledger.out, &path("out")),
        table::text(&figure(ledger.used)),
        leading(ledger.blank, &path("blank")),
        leading(ledger.voided, &path("voided")),
        missing,
    ]
}

/// A figure that leads to its rows; none has none.
fn leading(number: i64, path: &str) -> AnyView {
    if number == 0 {
        return view! { <span class="muted">"0"</span> }.into_any();
    }
    tag::figure_link(&figure(number), path)
}

fn by_unit(lines: &[UnitLine], base: &str) -> AnyView {
    // What is missing comes first; the rest stays in the order of the sites.
    let mut lines: Vec<&UnitLine> = lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.ledger.missing));
    let most = lines.iter().map(|line| line.ledger.issued).max().unwrap_or(1);
    let columns = vec![
        Column::new("Unit"),
        Column::new("Where they are"),
        Column::number("Issued"),
        Column::number("Out"),
        Column::number("Used"),
        Column::number("Blank"),
        Column::number("Voided"),
        Column::number("Missing"),
        Column::by_hand("Counted by, initials"),
    ];
    let rows = lines
        .iter()
        .map(|line| {
            let path = |state: &str| format!("{base}/sheets?unit={}&state={state}", line.unit);
            let mut cells = vec![
                table::two_lines(
                    tag::figure_link(&line.name, &format!("{base}/units/{}", line.unit)),
                    line.site.clone(),
                ),
                bar(sheets_of(line.ledger), most),
            ];
            cells.extend(figures(line.ledger, &path));
            cells.push(table::text(""));
            Row::new(cells)
        })
        .collect();
    table::table("Ledger by unit", columns, rows, "No unit has been given forms.")
}

/// What else there is about paper.
fn about_paper(base: &str, incident: domain::id::IncidentId) -> AnyView {
    let checks = format!("/incidents/{incident}/checks");
    view! { <p><a href=format!("{base}/catalogue")>"Kinds of forms"</a>" · "<a href="/packs">"Packs of printed forms"</a>" · "<a href=checks>"Cross-checks"</a></p> }
        .into_any()
}

fn steps(base: &str) -> AnyView {
    let links =
        [("enter", "Type in"), ("verify", "Verify"), ("dispute", "Report a difference"), ("file", "File")]
            .map(|(step, words)| button::secondary_link(words, &format!("{base}/{step}")));
    let found = button::secondary_link("Take in found forms", &format!("{base}/found"));
    view! { <nav class="actions" aria-label="Forms that are back">{links.into_iter().collect_view()}{found}</nav> }
        .into_any()
}

/// The sheets by serial.
pub fn sheets(frame: &Frame, view: &SheetsView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.incident);
    let back = button::secondary_link("All paper", &base);
    let columns = vec![
        Column::new("Serial"),
        Column::new("Form"),
        Column::new("Unit"),
        Column::new("State"),
        Column::new("Since"),
        Column::new("Where the paper is"),
        Column::by_hand("Seen, initials"),
    ];
    let rows = view.sheets.iter().map(|line| sheet_row(line, &base)).collect();
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        <section class="panel">
            {button::filter_form(&format!("{base}/sheets"), filters(view))}
            {table::table(&view.title, columns, rows, "There are no such forms.")}
            {table::next_page("The next forms", view.next.clone())}
        </section>
    }
    .into_any()
}

fn sheet_row(line: &SheetLine, base: &str) -> Row {
    let state = match line.state.as_str() {
        "missing" | "discrepancy" => tag::late(&line.state),
        "entered" if line.to_check => tag::soon("entered, to be verified"),
        other => table::text(other),
    };
    Row::new(vec![
        tag::figure_link(&line.serial, &format!("{base}/sheets/{}", line.serial)),
        table::text(&line.form_type),
        table::text(&line.unit),
        state,
        table::text(&line.since),
        table::text(&line.custody),
        table::text(""),
    ])
}

fn filters(view: &SheetsView) -> AnyView {
    let states = [
        ("", "All"),
        ("out", "Out"),
        ("missing", "Missing"),
        ("used", "Used, not typed in"),
        ("unfinished", "Not at their end"),
        ("to_verify", "To be verified"),
        ("discrepancy", "Different"),
        ("entered", "Typed in"),
        ("verified", "Verified"),
        ("filed", "Filed"),
        ("blank", "Blank"),
        ("voided", "Voided"),
    ];
    let states = states.into_iter().map(|(value, label)| Choice::new(value, label)).collect();
    view! {
        {Field::new("form_type", "Form").value(view.form_type.clone()).select(with_all(&view.types))}
        {Field::new("unit", "Unit").value(view.unit.clone()).select(with_all(&view.units))}
        {Field::new("state", "State").value(view.state.clone()).select(states)}
        {Field::new("custody", "Where the paper is").value(view.custody.clone()).select(custodies())}
        {button::secondary("Show")}
    }
    .into_any()
}

fn custodies() -> Vec<Choice> {
    let each = |custody: Custody| Choice::new(custody.code(), custody.words());
    std::iter::once(Choice::new("", "Anywhere")).chain(Custody::ALL.map(each)).collect()
}

fn with_all(named: &[Named]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "All")).chain(choices(named)).collect()
}

fn choices(named: &[Named]) -> impl Iterator<Item = Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone()))
}

fn chosen(named: &[Named]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "Choose")).chain(choices(named)).collect()
}

fn command(frame: &Frame, choices: &Choices, last: &str, title: &str, body: AnyView) -> AnyView {
    let base = format!("/incidents/{}/forms", choices.incident);
    view! {
        {ui::head(frame, title, None, Some(button::secondary_link("All paper", &base)))}
        {button::form(&format!("{base}/{last}"), &choices.request_id.to_string(), body)}
    }
    .into_any()
}

/// Handing out.
pub fn issue(frame: &Frame, view: &IssueView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let body = view! {
        {Field::new("form_type", "Form").value(form.form_type.0.clone()).errors(errors).select(chosen(&view.choices.types))}
        {Field::new("unit", "To which unit?").value(form.unit.0.clone()).errors(errors).select(chosen(&view.choices.units))}
        {Field::new("sheets", "How many sheets?").value(form.sheets.0.clone()).errors(errors).number()}
        {Field::new("first", "First serial").hint("Scan it, or type its number; empty takes the next free number")
            .value(form.first.0.clone()).errors(errors).optional().text()}
        {shift_fields(&form.shift.0, &form.shift_on.0, errors)}
        {Field::new("taken_by", "Who takes them?").value(form.taken_by.0.clone()).errors(errors).optional().text()}
        {button::primary("Hand out")}
    };
    command(frame, &view.choices, "issue", "Hand out forms", body.into_any())
}

/// The shift and the day on which it began; empty is the one that is on.
fn shift_fields(shift: &str, on: &str, errors: &FieldErrors) -> AnyView {
    view! {
        {Field::new("shift", "For which shift?")
            .hint(format!("{}, or what the unit calls it; empty is the one that is on", USUAL_SHIFTS.join(", ")))
            .value(shift.to_owned()).errors(errors).optional().short().text()}
        {Field::new("shift_on", "Day on which the shift began").hint("As 2024-07-19; empty is the one that is on")
            .value(on.to_owned()).errors(errors).optional().short().text()}
    }
    .into_any()
}

/// Counting back.
pub fn count(frame: &Frame, view: &CountView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let body = view! {
        {Field::new("form_type", "Form").value(form.form_type.0.clone()).errors(errors).select(chosen(&view.choices.types))}
        {Field::new("used", "Used").hint("Scan the serials, or type numbers and ranges such as 1001-1040")
            .value(form.used.0.clone()).errors(errors).optional().area(4)}
        {Field::new("blank", "Blank").value(form.blank.0.clone()).errors(errors).optional().area(2)}
        {Field::new("voided", "Voided").value(form.voided.0.clone()).errors(errors).optional().area(2)}
        {Field::new("reason", "Why were sheets voided?").value(form.reason.0.clone()).errors(errors).optional().text()}
        {Field::new("unit", "Unit").hint("Needed when this is the whole count of a unit")
            .value(form.unit.0.clone()).errors(errors).optional().select(chosen(&view.choices.units))}
        {Field::new("whole", "This is everything the unit has of this form. What is still out is missing.")
            .errors(errors).tick(form.whole.is_yes())}
        {button::primary("Count")}
    };
    command(frame, &view.choices, "count", "Count forms back", body.into_any())
}

/// Taking in sheets without a valid serial.
pub fn found(frame: &Frame, view: &FoundView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let body = view! {
        <p>"Copies and sheets whose serial cannot be read get a serial that begins with F. Write it on the sheet. "
        "A sheet whose serial can be read is counted back under its own."</p>
        {Field::new("form_type", "Form").value(form.form_type.0.clone()).errors(errors).select(chosen(&view.choices.types))}
        {Field::new("unit", "From which unit?").value(form.unit.0.clone()).errors(errors).select(chosen(&view.choices.units))}
        {Field::new("sheets", "How many sheets?").value(form.sheets.0.clone()).errors(errors).number()}
        {Field::new("note", "Where were they, and what stands in place of the serial?")
            .value(form.note.0.clone()).errors(errors).text()}
        {button::primary("Take in")}
    };
    command(frame, &view.choices, "found", "Take in found forms", body.into_any())
}

/// What a step is called on its page.
pub fn step_title(step: &str) -> &'static str {
    match step {
        "enter" => "Type forms in",
        "verify" => "Verify forms that another person typed in",
        "dispute" => "Report a difference between form and entry",
        _ => "File forms: scanned, or kept by their department",
    }
}

/// Typing in, verifying, reporting a difference, filing.
pub fn move_on(frame: &Frame, view: &MoveView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let (note, act) = match view.step.as_str() {
        "enter" => ("Note", "These are typed in"),
        "verify" => ("Note", "Verified by me"),
        "dispute" => ("What differs?", "Report the difference"),
        _ => ("Note", "These are filed"),
    };
    let note = Field::new("note", note).value(form.note.0.clone()).errors(errors);
    let note = if view.step == "dispute" {
        note.hint("Without a name or number of a patient")
    } else {
        note.optional()
    };
    let body = view! {
        {Field::new("form_type", "Form").value(form.form_type.0.clone()).errors(errors).select(chosen(&view.choices.types))}
        {Field::new("serials", "Serials").hint("Scan them, or type numbers and ranges such as 1001-1040")
            .value(form.serials.0.clone()).errors(errors).area(4)}
        {note.text()}
        {button::primary(act)}
    };
    command(frame, &view.choices, &view.step, step_title(&view.step), body.into_any())
}
