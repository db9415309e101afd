//! Typing paper in again: what is next, one sheet, preparing, and the samples. The list prints with boxes to write in.

use domain::{
    entry::{Kind, Progress},
    view::{
        entry::{
            AskedRelease, EntryCount, EntryLine, EntryView, LotLine, LotsView, PrepareView, SheetEntryView,
            WaitsFor,
        },
        forms::Named,
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count, counted,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// A day: what has waited longer is late.
const LATE_HOURS: i64 = 24;

fn base(incident: domain::id::IncidentId) -> String {
    format!("/incidents/{incident}/entry")
}

fn hidden(name: &str, value: &str) -> AnyView {
    view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> }.into_any()
}

/// What is typed in next, or what keeps others waiting.
pub fn list(frame: &Frame, view: &EntryView) -> AnyView {
    let base = base(view.incident);
    let actions = view.may_enter.then(|| {
        view! {
            {button::secondary_link("Say whose forms these are", &format!("{base}/prepare"))}
            {button::secondary_link("Samples", &format!("{base}/samples"))}
        }
        .into_any()
    });
    view! {
        {ui::head(frame, &view.title, Some(lede(view, &base)), actions)}
        <section class="panel">
            {button::filter_form(&base, filters(view))}
            {view.may_enter.then(|| taking(frame, view, &base))}
            {lines(view, &base)}
            {table::next_page("The next forms", view.next.clone())}
        </section>
        <p class="hint">{format!("As of {}. ", view.as_of)}{HOW_ORDERED}</p>
    }
    .into_any()
}

const HOW_ORDERED: &str = "What others depend on comes first: registration and movements, then allergies, orders, doses; \
    of one kind the earliest care. A form waits for those of the same patient on which it depends.";

/// Each figure leads to its rows.
fn lede(view: &EntryView, base: &str) -> AnyView {
    let link = |each: &EntryCount| {
        let path = format!(
            "{base}?show={}&site={}&unit={}&form_type={}",
            each.show, view.site, view.unit, view.form_type
        );
        let is_wrong = matches!(each.show.as_str(), "differs" | "missing");
        let class = if is_wrong { "late" } else { "" };
        let words = format!("{} {}", count(each.sheets), each.words);
        view! { <a class=class href=path>{words}</a>". " }
    };
    let shown: Vec<_> =
        view.counts.iter().filter(|each| each.sheets > 0 && each.show != view.show).map(link).collect();
    if shown.is_empty() { tag::fine("Nothing else waits.") } else { shown.collect_view().into_any() }
}

fn filters(view: &EntryView) -> AnyView {
    let shown = [
        ("next", "Ready to type in"),
        ("mine", "Taken by me"),
        ("prepare", "To be prepared"),
        ("check", "To be checked"),
        ("differs", "Differing"),
        ("missing", "Missing, others wait"),
    ];
    let shown = shown.into_iter().map(|(value, words)| Choice::new(value, words)).collect();
    view! {
        {Field::new("show", "Show").value(view.show.clone()).select(shown)}
        {Field::new("site", "Site").value(view.site.clone()).select(with_all(&view.sites))}
        {Field::new("unit", "Unit").value(view.unit.clone()).select(with_all(&view.units))}
        {Field::new("form_type", "Form").value(view.form_type.clone()).select(with_all(&view.types))}
        {button::secondary("Show")}
    }
    .into_any()
}

fn with_all(named: &[Named]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "All")).chain(choices(named)).collect()
}

fn choices(named: &[Named]) -> impl Iterator<Item = Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone()))
}

/// Taking the next ones of what is shown, or giving back what one has.
fn taking(frame: &Frame, view: &EntryView, base: &str) -> AnyView {
    let request = view.request_id.to_string();
    match view.show.as_str() {
        "next" if !view.lines.is_empty() => {
            let body = view! {
                {hidden("site", &view.site)}
                {hidden("unit", &view.unit)}
                {hidden("form_type", &view.form_type)}
                {Field::new("how_many", "How many of the next do you take?").value("10").errors(&frame.errors)
                    .hint("They are yours for 30 minutes, and longer while you work").number()}
                {button::primary("Take the next")}
            };
            button::form(&format!("{base}/take"), &request, body.into_any())
        }
        "mine" if !view.lines.is_empty() => {
            button::form(&format!("{base}/put-back"), &request, button::secondary("Give all of these back"))
        }
        _ => ().into_any(),
    }
}

fn lines(view: &EntryView, base: &str) -> AnyView {
    let columns = vec![
        Column::new("Form"),
        Column::new("Unit"),
        Column::new("Patient"),
        Column::new("Time of care"),
        Column::new("Waits for"),
        Column::new("Taken by"),
        Column::new("Since"),
        Column::by_hand("Typed in, initials"),
        Column::actions(),
    ];
    let rows = view.lines.iter().map(|line| row(line, base)).collect();
    let empty = match view.show.as_str() {
        "mine" => "You have taken nothing.",
        "prepare" => "Of every form that came back somebody has said whose it is.",
        "check" => "Nothing waits for a second person.",
        "differs" => "Nothing differs from what was typed in.",
        "missing" => "No missing form keeps others waiting.",
        _ => "Nothing is ready to be typed in.",
    };
    table::table(&view.title, columns, rows, empty)
}

fn row(line: &EntryLine, base: &str) -> Row {
    let path = format!("{base}/sheets/{}", line.form);
    let waits = match &line.waits_for {
        Some(before) => waits_for(before, base),
        None if !line.difference.is_empty() => tag::late(&line.difference),
        None => table::text("nothing"),
    };
    let since = if line.hours >= LATE_HOURS {
        table::two_lines(line.since.clone(), tag::late(&counted(line.hours, "hour", "hours")))
    } else {
        table::text(&line.since)
    };
    let action = if line.progress == Progress::ToPrepare {
        button::small_link("Prepare", &line.serial, &format!("{base}/prepare?form={}", line.form))
    } else {
        button::small_link("Open", &line.serial, &path)
    };
    Row::new(vec![
        table::two_lines(
            view! { <a href=path>{line.serial.clone()}</a> },
            format!("{} {}", line.form_type, line.type_name),
        ),
        table::text(&line.unit),
        table::text(&line.patient),
        table::text(if line.care.is_empty() { "not known" } else { &line.care }),
        waits,
        with(line),
        since,
        table::text(""),
        action,
    ])
}

fn with(line: &EntryLine) -> AnyView {
    match (line.taken_by.is_empty(), line.mine) {
        (true, _) => table::text("nobody"),
        (_, true) => table::text("you"),
        _ => tag::locked(&line.taken_by),
    }
}

fn waits_for(before: &WaitsFor, base: &str) -> AnyView {
    let words = format!("{} {}", before.form_type, before.serial);
    let path = format!("{base}/sheets/{}", before.form);
    let link = view! { <a href=path>{words}</a> };
    if before.missing { table::two_lines(link, tag::late("missing")) } else { link.into_any() }
}

/// One sheet.
pub fn one(frame: &Frame, view: &SheetEntryView) -> AnyView {
    let base = base(view.incident);
    let here = format!("{base}/sheets/{}", view.form);
    let prepares = matches!(view.line.progress, Progress::ToPrepare | Progress::Ready | Progress::Missing);
    let actions = view! {
        {button::secondary_link("What is next", &base)}
        {(view.may_enter && prepares).then(|| button::secondary_link(
            "Say whose form it is", &format!("{base}/prepare?form={}", view.form)))}
    };
    // What another person has taken is theirs to type in.
    let free = view.line.mine || view.line.taken_by.is_empty();
    view! {
        {ui::head(frame, &view.title, Some(stands(view, &base)), Some(actions.into_any()))}
        {(view.may_enter && free).then(|| ui::panel("Type it in", enter(frame, view, &base, &here)))}
        {(view.may_set_aside && free).then(|| ui::panel("It cannot be typed in", aside(frame, view, &here)))}
        {view.may_check.then(|| ui::panel("Look at it as the second person", check(frame, view, &here)))}
        {view.may_settle.then(|| ui::panel("Settle the difference", settle(frame, view, &here)))}
        {released(frame, view, &here)}
        {view.lot.as_ref().map(|lot| ui::panel("Its sample", lots_table(std::slice::from_ref(lot))))}
        {ui::panel("Typed in", entries(view))}
        {ui::panel("Differences", differences(view))}
    }
    .into_any()
}

fn stands(view: &SheetEntryView, base: &str) -> AnyView {
    let line = &view.line;
    let whose = if line.patient.is_empty() { "not said, or not yours to see" } else { &line.patient };
    let care = if line.care.is_empty() { "not known" } else { &line.care };
    let waits = line.waits_for.as_ref().map(|before| {
        let link = waits_for(before, base);
        view! { " Waits for "{link}"." }
    });
    let unknown = (view.unknown_before > 0).then(|| {
        let words = counted(view.unknown_before, "form", "forms");
        view! {
            " "{tag::soon(&format!("{words} of this unit may come first, but nobody has said whose they are"))}
        }
    });
    let taken = (!line.mine && !line.taken_by.is_empty()).then(|| {
        view! { " "{tag::locked(&format!("{} has taken it", line.taken_by))} }
    });
    view! {
        {format!("{} {}, {}. Patient: {whose}. Time of care: {care}.", line.form_type, line.type_name, line.unit)}
        {taken}
        {waits}
        {unknown}
    }
    .into_any()
}

fn enter(frame: &Frame, view: &SheetEntryView, base: &str, here: &str) -> AnyView {
    let (form, errors) = (&view.enter, &frame.errors);
    let request = view.request_id.to_string();
    let take = (!view.line.mine && view.line.taken_by.is_empty()).then(|| {
        let body = view! { {hidden("form", &view.form.to_string())}{button::secondary("Take it, so that nobody else does")} };
        button::form(&format!("{base}/take"), &request, body.into_any())
    });
    let body = view! {
        {Field::new("event_at", "When was the care given?").hint("As the form says, as 2024-07-19 02:05; empty when it does not say")
            .value(form.event_at.0.clone()).errors(errors).optional().time()}
        {Field::new("author", "Who wrote the form?").hint("Of the staff, as it stands there")
            .value(form.author.0.clone()).errors(errors).text()}
        {Field::new("reference", "Its number in the records system").value(form.reference.0.clone()).errors(errors)
            .optional().short().text()}
        {button::primary("This form is typed in")}
    };
    view! {
        <p>"Put this beside the entry, with the name of who wrote the form:"</p>
        <p class="copy"><q>{view.late_entry.clone()}</q></p>
        {take}
        {button::form(&format!("{here}/enter"), &request, body.into_any())}
    }
    .into_any()
}

fn owners() -> Vec<Choice> {
    vec![Choice::new("forms_clerk", "Forms clerks"), Choice::new("unit_lead", "The unit's lead")]
}

fn aside(frame: &Frame, view: &SheetEntryView, here: &str) -> AnyView {
    let (form, errors) = (&view.aside, &frame.errors);
    let kinds = Kind::ASIDE.iter().map(|kind| Choice::new(kind.code(), kind.words()));
    let kinds = std::iter::once(Choice::new("", "Choose")).chain(kinds).collect();
    let body = view! {
        {Field::new("kind", "Why not?").value(form.kind.0.clone()).errors(errors).select(kinds)}
        {Field::new("note", "What is needed?").hint("Without a name or number of a patient").value(form.note.0.clone())
            .errors(errors).text()}
        {Field::new("owner", "Whose is it to settle?").value(form.owner.0.clone()).errors(errors).select(owners())}
        {button::secondary("Set it aside")}
    };
    button::form(&format!("{here}/set-aside"), &view.request_id.to_string(), body.into_any())
}

fn check(frame: &Frame, view: &SheetEntryView, here: &str) -> AnyView {
    let (form, errors) = (&view.check, &frame.errors);
    let request = view.request_id.to_string();
    let kinds = Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.words()));
    let kinds = std::iter::once(Choice::new("", "Choose")).chain(kinds).collect();
    let verified = view! { {hidden("found", "verified")}{button::primary("It is as on the form")} };
    let differs = view! {
        {hidden("found", "differs")}
        {Field::new("kind", "What is wrong?").value(form.kind.0.clone()).errors(errors).select(kinds)}
        {Field::new("note", "What differs?").hint("Without a name or number of a patient").value(form.note.0.clone())
            .errors(errors).text()}
        {Field::new("owner", "Whose is it to settle?").value(form.owner.0.clone()).errors(errors).select(owners())}
        {button::secondary("It differs")}
    };
    view! {
        {button::form(&format!("{here}/check"), &request, verified.into_any())}
        {button::form(&format!("{here}/check"), &request, differs.into_any())}
    }
    .into_any()
}

fn settle(frame: &Frame, view: &SheetEntryView, here: &str) -> AnyView {
    let (form, errors) = (&view.settle, &frame.errors);
    let endings = vec![
        Choice::new("not_an_error", "Nothing was wrong").hint("What was typed in counts as checked"),
        Choice::new("voided", "The form does not count")
            .hint("A duplicate, or another patient's: take the entry out of the records system, too"),
    ];
    let body = view! {
        <p>"To correct it, type it in again. Otherwise say what it was; you neither typed it in nor reported it."</p>
        {Field::new("ending", "What was it?").value(form.ending.0.clone()).errors(errors).radios(endings)}
        {Field::new("reason", "Reason").hint("Without a name or number of a patient").value(form.reason.0.clone())
            .errors(errors).text()}
        {button::secondary("Settle it")}
    };
    button::form(&format!("{here}/settle"), &view.request_id.to_string(), body.into_any())
}

/// Letting others go first, when this one cannot be typed in.
fn released(frame: &Frame, view: &SheetEntryView, here: &str) -> AnyView {
    let said = view.asked.as_ref().map(|AskedRelease { by, reason, agreed }| {
        let words = if agreed.is_empty() {
            format!("{by} asks that others need not wait for it: {reason}. A second person in another role agrees or leaves it.")
        } else {
            format!("Others need not wait for it: {reason}. Said by {by} and {agreed}.")
        };
        view! { <p>{words}</p> }
    });
    if view.release_roles.is_empty() && said.is_none() {
        return ().into_any();
    }
    let form = (!view.release_roles.is_empty()).then(|| {
        let (form, errors) = (&view.release, &frame.errors);
        let first = view.asked.is_none();
        let reason = first.then(|| {
            Field::new("reason", "Why can the others not wait?")
                .own_id("release-reason")
                .hint("Without a name or number of a patient")
                .value(form.reason.0.clone())
                .errors(errors)
                .text()
        });
        let act = if first { "Ask that others need not wait" } else { "Agree that others need not wait" };
        let body = view! {
            {Field::new("role", "You say this as").value(form.role.0.clone()).errors(errors)
                .select(choices(&view.release_roles).collect())}
            {reason}
            {button::secondary(act)}
        };
        button::form(&format!("{here}/release"), &view.request_id.to_string(), body.into_any())
    });
    let body = view! {
        <p>"Other forms of this patient may wait for this one. Two people in two roles can let them go first; this form "
        "itself still has to reach its end."</p>
        {said}
        {form}
    };
    ui::panel("When others cannot wait", body.into_any())
}

fn entries(view: &SheetEntryView) -> AnyView {
    let columns = vec![
        Column::new("When"),
        Column::new("By"),
        Column::new("For"),
        Column::new("Number in the records system"),
        Column::new("To copy"),
    ];
    let rows = view.entries.iter().map(|made| {
        Row::new(vec![
            table::text(&made.at),
            table::text(&made.by),
            table::text(if made.author.is_empty() { "not said" } else { &made.author }),
            table::text(&made.reference),
            table::text(&made.late_entry),
        ])
    });
    table::table("When it was typed in", columns, rows.collect(), "It is not typed in yet.")
}

fn differences(view: &SheetEntryView) -> AnyView {
    let columns = vec![
        Column::new("Found"),
        Column::new("What"),
        Column::new("By"),
        Column::new("To be settled by"),
        Column::new("Ended"),
    ];
    let rows = view.differences.iter().map(|each| {
        let ended = if each.ended.is_empty() {
            tag::late("open")
        } else {
            table::two_lines(each.ended.clone(), each.reason.clone())
        };
        Row::new(vec![
            table::text(&each.at),
            table::two_lines(each.what.clone(), each.note.clone()),
            table::text(&each.by),
            table::text(&each.owner),
            ended,
        ])
    });
    table::table("Differences of this form", columns, rows.collect(), "Nobody has found one.")
}

/// Preparing.
pub fn prepare(frame: &Frame, view: &PrepareView) -> AnyView {
    let base = base(view.incident);
    let (form, errors) = (&view.form, &frame.errors);
    let body = view! {
        {Field::new("serial", "Serial").hint("Scan it, or type it as on the form").value(form.serial.0.clone())
            .errors(errors).optional().text()}
        {Field::new("patient", "Record number or downtime number").hint("As on the form, never a name")
            .value(form.patient.0.clone()).errors(errors).optional().short().text()}
        {Field::new("several", "It is a log of several patients").errors(errors).tick(form.several.is_yes())}
        {Field::new("event_at", "When was the care given?").hint("As 2024-07-19 02:05; empty when the form does not say")
            .value(form.event_at.0.clone()).errors(errors).optional().time()}
        {Field::new("lines", "Or many at once")
            .hint("One form a line: serial, number, time; several in place of the number for a log")
            .value(form.lines.0.clone()).errors(errors).optional().area(6)}
        {button::primary("Keep this")}
    };
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("What is next", &format!("{base}?show=prepare"))))}
        <p>"The number is kept sealed. It tells which forms of one patient wait for each other."</p>
        {button::form(&format!("{base}/prepare"), &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}

/// The samples.
pub fn lots(frame: &Frame, view: &LotsView) -> AnyView {
    let back = button::secondary_link("What is next", &base(view.incident));
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        <section class="panel">
            {lots_table(&view.lines)}
            {table::next_page("Earlier samples", view.next.clone())}
        </section>
        <p class="hint">"A sample is drawn by lot from what was typed in of one form at one site on one day. When more of it is "
        "wrong than the form allows, all of that day is checked, also what had ended."</p>
    }
    .into_any()
}

fn lots_table(lines: &[LotLine]) -> AnyView {
    let columns = vec![
        Column::new("Form"),
        Column::new("Site and day"),
        Column::number("Typed in"),
        Column::number("To be checked"),
        Column::number("Checked"),
        Column::number("Wrong"),
        Column::new("Sample"),
    ];
    let rows = lines.iter().map(|line| {
        let lot = &line.lot;
        let share = format!("{} %, up to {} % wrong", lot.share, lot.error_percent);
        let state = if lot.turned {
            tag::late("turned: all are checked")
        } else if lot.share == 100 {
            table::text("all are checked")
        } else {
            table::text(&share)
        };
        Row::new(vec![
            table::text(&format!("{} {}", line.form_type, line.type_name)),
            table::two_lines(line.site.clone(), line.day.clone()),
            table::text(&count(lot.entered)),
            tag::figure_link(&count(lot.drawn), &line.path),
            table::text(&count(lot.checked)),
            table::text(&count(lot.errors)),
            state,
        ])
    });
    table::table("Samples", columns, rows.collect(), "Nothing is typed in yet.")
}
