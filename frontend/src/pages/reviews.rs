//! What must be looked at again, and by whom? The queues with their counts, the list with several decided at once,
//! one item, the ways in, and what a revocation leaves to do.

use domain::{
    reviews::State,
    view::{
        forms::Named,
        frame::Frame,
        reviews::{
            AddReviewView, FileFigures, QueueLine, ReviewChoices, ReviewFileView, ReviewFilesView,
            ReviewLine, ReviewView, ReviewsView, RevocationView, UnitRanges,
        },
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// What the form for one item is called.
pub const ADD_TITLE: &str = "Add something that must be looked at again";
/// What the form for a file is called.
pub const FILE_TITLE: &str = "Add a file of what must be looked at again";

fn choices(named: &[Named]) -> impl Iterator<Item = Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone()))
}

fn with(first: &str, named: &[Named]) -> Vec<Choice> {
    std::iter::once(Choice::new("", first)).chain(choices(named)).collect()
}

/// The list.
pub fn list(frame: &Frame, view: &ReviewsView) -> AnyView {
    let base = format!("/incidents/{}/reviews", view.incident);
    let actions = view.may_decide.then(|| {
        view! {
            {button::secondary_link("Add one", &format!("{base}/add"))}
            {button::secondary_link("Add a file", &format!("{base}/import"))}
        }
        .into_any()
    });
    let lede = (!view.by_whom.is_empty()).then(|| view.by_whom.clone().into_any());
    view! {
        {ui::head(frame, &view.title, lede, actions)}
        {ui::panel("By queue", queues(&view.queues))}
        <section class="panel">
            {button::filter_form(&base, filters(view))}
            {items(frame, view)}
            {table::next_page("The next items", view.next.clone())}
        </section>
        {(!view.windows.is_empty()).then(|| ui::section("What was taken back", windows(view)))}
    }
    .into_any()
}

fn queues(lines: &[QueueLine]) -> AnyView {
    let columns = vec![
        Column::new("Queue"),
        Column::number("Items"),
        Column::number("Not looked at"),
        Column::number("Confirmed"),
        Column::number("Corrected"),
        Column::number("Harm"),
        Column::number("Patients to be told"),
    ];
    let row = |line: &QueueLine| {
        let figures = &line.figures;
        let name = view! { <a href=line.path.clone() aria-current=line.current.then_some("page")>{line.words.clone()}</a> };
        let late = |number: i64| match number {
            0 => view! { <span class="muted">"0"</span> }.into_any(),
            some => tag::late(&ui::count(some)),
        };
        let all = format!("{}&state=all", line.path);
        Row::new(vec![
            name.into_any(),
            tag::figure_link(&ui::count(figures.items), &all),
            late(figures.open),
            table::text(&ui::count(figures.confirmed)),
            table::text(&ui::count(figures.corrected)),
            table::text(&ui::count(figures.harm)),
            late(figures.untold),
        ])
    };
    table::table("Items by queue", columns, lines.iter().map(row).collect(), "")
}

fn filters(view: &ReviewsView) -> AnyView {
    let queues: Vec<Named> = view
        .queues
        .iter()
        .map(|line| Named { value: line.queue.code().to_owned(), name: line.words.clone() })
        .collect();
    let filter = &view.filter;
    view! {
        {Field::new("queue", "Queue").value(filter.queue.clone()).select(with("All", &queues))}
        {Field::new("state", "State").value(filter.state.clone()).select(choices(&view.states).collect())}
        {Field::new("revocation", "Window").value(filter.revocation.clone()).select(with("All", &view.windows))}
        {button::secondary("Show")}
    }
    .into_any()
}

/// The items; who may decide ticks several and says what came of them.
fn items(frame: &Frame, view: &ReviewsView) -> AnyView {
    let mut columns = vec![
        Column::new("Recorded"),
        Column::new("What"),
        Column::new("Where"),
        Column::labelled("Whose"),
        Column::new("State"),
        Column::by_hand("Looked at, initials"),
    ];
    if view.may_decide {
        columns.insert(0, Column::new("Tick"));
    }
    let rows = view.items.iter().map(|line| row(view, line)).collect();
    let list = table::table("Items, the earliest recorded first", columns, rows, "No item here.");
    if !view.may_decide || view.items.is_empty() {
        return list;
    }
    let body = view! { {list} {act_fields(frame, &view.typed.note.0)} };
    button::form(&view.path, &view.request_id.to_string(), body.into_any())
}

fn row(view: &ReviewsView, line: &ReviewLine) -> Row {
    let what = view! { <a href=line.path.clone()>{line.what.clone()}</a> };
    let mut cells = vec![
        table::text(&line.recorded),
        table::two_lines(what, line.system.clone()),
        table::text(&line.place),
        table::text(&line.whose),
        state(line),
        table::text(""),
    ];
    if view.may_decide {
        let id = line.id.to_string();
        let ticked = view.typed.items.iter().any(|item| item.0 == id);
        let words = format!("Tick {}", line.what);
        cells.insert(
            0,
            view! {
                <label class="choice">
                    <input type="checkbox" name="items" value=id checked=ticked/>
                    <span class="unseen">{words}</span>
                </label>
            }
            .into_any(),
        );
    }
    Row::new(cells)
}

fn state(line: &ReviewLine) -> AnyView {
    let contact = if line.untold { tag::late("patient to be told") } else { table::text(&line.contacted) };
    let word = match line.state {
        State::Open => tag::soon("not looked at"),
        State::Confirmed => tag::fine("confirmed"),
        State::Corrected => table::text("corrected"),
        State::Harm => tag::late("harm"),
    };
    table::two_lines(word, contact)
}

fn act_fields(frame: &Frame, note: &str) -> AnyView {
    let acts = [
        ("confirm", "Right as it stands"),
        ("correct", "Was wrong, is corrected"),
        ("harm", "Was wrong, harm is possible"),
        ("contacted", "Patient was told"),
        ("take", "I look at it"),
    ];
    let buttons =
        acts.map(|(act, words)| button::secondary_named(words, "act", act)).into_iter().collect_view();
    let wrong =
        |field: &str| frame.errors.at(field).map(|error| view! { <p class="error">{error.to_owned()}</p> });
    view! {
        {wrong("items")}
        {wrong("act")}
        {Field::new("note", "Note").hint("Needed for harm. Without a name or number of a patient")
            .value(note.to_owned()).errors(&frame.errors).optional().text()}
        <div class="actions">{buttons}</div>
    }
    .into_any()
}

fn windows(view: &ReviewsView) -> AnyView {
    let lines = view
        .windows
        .iter()
        .map(|window| {
            let path = format!("/incidents/{}/revocations/{}", view.incident, window.value);
            view! { <li><a href=path>{window.name.clone()}</a></li> }
        })
        .collect_view();
    view! { <ul class="choices">{lines}</ul> }.into_any()
}

/// One item.
pub fn one(frame: &Frame, view: &ReviewView) -> AnyView {
    let line = &view.line;
    let base = format!("/incidents/{}/reviews", view.incident);
    let back = button::secondary_link("All items", &base);
    let act = view.may_decide.then(|| {
        let body = act_fields(frame, &view.typed.note.0);
        ui::panel("What came of it?", button::form(&line.path, &view.request_id.to_string(), body))
    });
    let history = view
        .history
        .iter()
        .map(|event| {
            Row::new(vec![
                table::text(&event.at),
                table::text(&event.who),
                table::text(&event.what),
                table::text(&event.note),
            ])
        })
        .collect();
    let columns = vec![Column::new("When"), Column::new("Who"), Column::new("What"), Column::new("Note")];
    view! {
        {ui::head(frame, &view.title, Some(state(line)), Some(back))}
        {ui::panel("The item", facts(line))}
        {act}
        {ui::section("What happened", table::table("What happened", columns, history, "Nothing yet."))}
    }
    .into_any()
}

fn facts(line: &ReviewLine) -> AnyView {
    let thing = line.link.clone().map(|link| view! { <a href=link>"Where it stands"</a> }.into_any());
    let number = line.subject.strip_prefix("record:").map(ToOwned::to_owned);
    let rows = [
        ("Queue", Some(line.queue.words().into_any())),
        ("Recorded", Some(line.recorded.clone().into_any())),
        ("Where", Some(line.place.clone().into_any())),
        ("System", (!line.system.is_empty()).then(|| line.system.clone().into_any())),
        ("Record number", number.map(IntoAny::into_any)),
        ("Whose", Some(line.whose.clone().into_any())),
        ("Note", (!line.note.is_empty()).then(|| line.note.clone().into_any())),
        ("In this program", thing),
    ];
    let rows = rows
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| view! { <dt>{name}</dt><dd>{value}</dd> }))
        .collect_view();
    view! { <dl class="facts">{rows}</dl> }.into_any()
}

fn where_to(frame: &Frame, choices_of: &ReviewChoices, (queue, revocation): (&str, &str)) -> AnyView {
    let window = (!choices_of.windows.is_empty()).then(|| {
        Field::new("revocation", "In which window?")
            .hint("Only for what was written while it was called clear")
            .value(revocation.to_owned())
            .errors(&frame.errors)
            .select(with("None", &choices_of.windows))
    });
    view! {
        {Field::new("queue", "Queue").value(queue.to_owned()).errors(&frame.errors).select(with("Choose", &choices_of.queues))}
        {window}
    }
    .into_any()
}

/// The form for one item.
pub fn add(frame: &Frame, view: &AddReviewView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let base = format!("/incidents/{}/reviews", view.choices.incident);
    let body = view! {
        {where_to(frame, &view.choices, (&form.queue.0, &form.revocation.0))}
        {Field::new("number", "Accession or record number").hint("The number alone, never a name")
            .value(form.number.0.clone()).errors(errors).text()}
        {Field::new("what", "What is it?").hint("In a few words, as Potassium or Chest film; without a patient")
            .value(form.what.0.clone()).errors(errors).text()}
        {Field::new("recorded_at", "When was it recorded?").hint("As 2024-07-19 02:05, by the clocks of the place")
            .value(form.recorded_at.0.clone()).errors(errors).time()}
        {Field::new("place", "Where?").value(form.place.0.clone()).errors(errors).select(with("Choose", &view.choices.places))}
        {button::primary("Add it")}
    };
    view! {
        {ui::head(frame, ADD_TITLE, None, Some(button::secondary_link("All items", &base)))}
        {button::form(&format!("{base}/add"), &view.choices.request_id.to_string(), body.into_any())}
    }
    .into_any()
}

/// The form for a file of items.
pub fn files(frame: &Frame, view: &ReviewFilesView) -> AnyView {
    let base = format!("/incidents/{}/reviews", view.choices.incident);
    let columns = view.columns.iter().map(|column| view! { <li>{column.clone()}</li> }).collect_view();
    let body = view! {
        {where_to(frame, &view.choices, (&view.queue, &view.revocation))}
        {Field::new("file", "CSV file").hint("With a header row; separated by commas, semicolons or tabs; at most 64 MB")
            .errors(&frame.errors).file(".csv,.txt,.tsv,text/csv")}
        {button::primary("Show what it would add")}
    };
    view! {
        {ui::head(frame, FILE_TITLE, None, Some(button::secondary_link("All items", &base)))}
        <p>"Nothing is added before you have seen what the file would add. A number that is in its queue already stays as it is."</p>
        {button::upload_form(&format!("{base}/import"), &view.choices.request_id.to_string(), body.into_any())}
        {ui::section("Columns that are understood", view! { <ul>{columns}</ul> }.into_any())}
    }
    .into_any()
}

fn figure(number: usize) -> String {
    ui::count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What a preview says first.
pub fn file_title(name: &str, state: &str, figures: &FileFigures) -> String {
    if state == "committed" {
        format!("{name} was taken over: {} added, {} refused", figure(figures.added), figure(figures.refused))
    } else {
        format!("{name} would add {} and refuse {}", figure(figures.added), figure(figures.refused))
    }
}

/// The preview of a file.
pub fn file(frame: &Frame, view: &ReviewFileView) -> AnyView {
    let base = format!("/incidents/{}/reviews", view.incident);
    let path = format!("{base}/import/{}", view.id);
    let act = if view.state == "previewed" {
        let words = format!(
            "Add {}",
            ui::counted(i64::try_from(view.figures.added).unwrap_or(i64::MAX), "item", "items")
        );
        button::form(&format!("{path}/commit"), &view.request_id.to_string(), button::primary(&words))
    } else {
        button::secondary_link("All items", &base)
    };
    let figures = &view.figures;
    let lines = [
        ("Rows in the file", figures.rows),
        ("New", figures.added),
        ("In the queue already", figures.known),
        ("Repeat an earlier row", figures.repeated),
        ("Refused", figures.refused),
        ("In an hour that came twice; the first was taken", figures.taken_as_first),
    ];
    let rows = lines.map(|(words, number)| Row::new(vec![table::text(words), table::text(&figure(number))]));
    let columns = vec![Column::new("What"), Column::number("Rows")];
    view! {
        {ui::head(frame, &view.title, Some(view.queue.words().into_any()), Some(act))}
        {table::table("What the file contains", columns, rows.into_iter().collect(), "")}
        {refused(view, &path)}
    }
    .into_any()
}

fn refused(view: &ReviewFileView, path: &str) -> AnyView {
    if view.rejects.is_empty() {
        return view! { <p class="muted">"No row was refused."</p> }.into_any();
    }
    let columns = vec![Column::number("Row"), Column::new("Column"), Column::new("Reason")];
    let rows = view.rejects.iter().map(|reject| {
        Row::new(vec![
            table::text(&reject.row.to_string()),
            table::text(&reject.column),
            table::text(&reject.reason),
        ])
    });
    let body = view! {
        <p><a href=format!("{path}/rejects.csv")>"All of them as a file"</a></p>
        {table::table("Refused rows", columns, rows.collect(), "")}
    };
    ui::section("Refused rows", body.into_any())
}

/// What a revocation leaves to do.
pub fn revocation(frame: &Frame, view: &RevocationView) -> AnyView {
    let figures = &view.figures;
    let items = ui::counted(figures.items, "thing was written", "things were written");
    let sentence = format!(
        "It was released at {}. {items} since then, {} of them must still be looked at.",
        view.released,
        ui::count(figures.in_the_way())
    );
    let look = button::primary_link("Look at them", &view.reviews_path);
    let more = (view.more_units > 0).then(|| {
        let words = format!("{} more; see Paper.", ui::counted(view.more_units, "unit", "units"));
        view! { <p class="muted">{words}</p> }
    });
    let columns = vec![Column::new("Unit"), Column::new("Handed out before"), Column::new("New serials")];
    let rows = view.units.iter().map(|unit| unit_row(view, unit)).collect();
    view! {
        {ui::head(frame, &view.title, Some(sentence.into_any()), Some(look))}
        <p class="quote">{view.reason.clone()}</p>
        {ui::panel("Forms begin again", view! {
            <p>"What is written from now on is written on sheets with new serials, so that the two windows never mix."</p>
            {table::table("Serial ranges by unit", columns, rows, "No unit lies in what was taken back.")}
            {more}
        }.into_any())}
    }
    .into_any()
}

fn unit_row(view: &RevocationView, unit: &UnitRanges) -> Row {
    let before = unit
        .before
        .iter()
        .map(|range| {
            let words = format!("{} to {}", range.first, range.last);
            let state = if range.out == 0 {
                tag::fine("closed")
            } else {
                tag::soon(&format!("{} of {} still out", ui::count(range.out), ui::count(range.sheets)))
            };
            view! { <li>{words}" "{state}</li> }
        })
        .collect_view();
    let before = if unit.before.is_empty() {
        view! { <span class="muted">"nothing"</span> }.into_any()
    } else {
        view! { <ul class="named">{before}</ul> }.into_any()
    };
    let issue = unit
        .issue
        .iter()
        .filter(|_| view.may_issue)
        .map(|(code, path)| {
            button::small_link(&format!("Hand out {code}"), &format!("to {}", unit.unit), path)
        })
        .collect_view();
    let issue = if unit.issue.is_empty() {
        view! { <span class="muted">"no forms in this playbook"</span> }.into_any()
    } else {
        issue.into_any()
    };
    Row::new(vec![table::text(&unit.unit), before, issue])
}
