//! Systems that send their own messages about appointments: what each has told, its settings, and its files.

use domain::{
    schedule::sender::{Books, DescribeFeed, FileFigures, Format},
    view::{
        feeds::{FeedFileLine, FeedFileView, FeedLine, FeedView, FeedsView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use super::schedule::{facts, rejects};
use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// Who sends.
pub fn list(frame: &Frame, view: &FeedsView) -> AnyView {
    let back = button::secondary_link("All schedules", "/schedules");
    let add = view.may_describe.then(|| {
        let format =
            Field::new("format", "It writes").value(view.form.format.0.clone()).errors(&frame.errors);
        let choices = Format::ALL.map(|format| Choice::new(format.code(), format.words()));
        let body = view! {
            {name(frame, &view.form)}
            {format.radios(choices.into())}
            {settings(frame, &view.form, None)}
            {button::primary("Add this feed")}
        };
        let form = button::form("/feeds", &view.request_id.to_string(), body.into_any());
        ui::section("Add a system that sends", form)
    });
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        {lines(&view.feeds)}
        <p class="muted">{view.listener.clone()}</p>
        {add}
    }
    .into_any()
}

/// The feeds with their figures; cancelled, deleted and not come apart.
pub(super) fn lines(feeds: &[FeedLine]) -> AnyView {
    let columns = vec![
        Column::new("Feed"),
        Column::new("As of"),
        Column::number("Messages"),
        Column::number("Booked"),
        Column::number("Arrived or done"),
        Column::number("Cancelled"),
        Column::number("Discontinued"),
        Column::number("Deleted"),
        Column::number("Did not come"),
        Column::number("Not read"),
    ];
    let rows = feeds.iter().map(|feed| {
        let (figures, path) = (feed.books.figures, format!("/feeds/{}", feed.id));
        let number = |count: i64| table::text(&ui::count(count));
        let how = if feed.listens { "HL7 over MLLP and in files" } else { feed.format.words() };
        Row::new(vec![
            table::two_lines(view! { <a href=path>{feed.name.clone()}</a> }, how),
            table::text(if feed.as_of.is_empty() { "no message yet" } else { &feed.as_of }),
            number(figures.reports),
            number(figures.booked),
            number(figures.arrived + figures.done),
            number(figures.cancelled),
            number(figures.discontinued),
            number(figures.deleted),
            number(figures.no_shows),
            if feed.books.unread > 0 { tag::late(&ui::count(feed.books.unread)) } else { number(0) },
        ])
    });
    table::table(
        "Feeds",
        columns,
        rows.collect(),
        "None yet. Name the system that sends, then let it send over MLLP or upload its files.",
    )
}

fn name(frame: &Frame, form: &DescribeFeed) -> AnyView {
    Field::new("name", "Name of the system")
        .hint("As people call it: Epic")
        .value(form.name.0.clone())
        .errors(&frame.errors)
        .text()
}

fn settings(frame: &Frame, form: &DescribeFeed, format: Option<Format>) -> AnyView {
    let errors = &frame.errors;
    let over_the_line = (format != Some(Format::Fhir)).then(|| {
        view! {
            {Field::new("listens", "Takes HL7 messages over MLLP").errors(errors).tick(form.listens.is_yes())}
            {Field::new("application", "Sending application").hint("MSH-3 of its messages; empty takes any")
                .value(form.application.0.clone()).errors(errors).optional().text()}
            {Field::new("facility", "Sending facility").hint("MSH-4 of its messages; empty takes any")
                .value(form.facility.0.clone()).errors(errors).optional().text()}
        }
    });
    view! {
        {over_the_line}
        {Field::new("dialect", "What its own words mean").hint("As JSON; empty for the words of HL7 and FHIR alone")
            .value(form.dialect.0.clone()).errors(errors).optional().area(8)}
    }
    .into_any()
}

/// What the page of one says first.
pub fn one_title(view: &FeedView) -> String {
    let line = &view.line;
    if line.as_of.is_empty() {
        return format!("{} has told nothing yet", line.name);
    }
    format!("{}: {} booked as of {}", line.name, ui::count(line.books.figures.booked), line.as_of)
}

/// One feed.
pub fn one(frame: &Frame, view: &FeedView) -> AnyView {
    let back = button::secondary_link("All feeds", "/feeds");
    let path = format!("/feeds/{}", view.line.id);
    let change = view.may_describe.then(|| {
        let words =
            format!("Version {} of its words holds. A change holds from the next message on.", view.dialect);
        let body = view! {
            {name(frame, &view.form)}
            {settings(frame, &view.form, Some(view.line.format))}
            <p class="hint">{words}</p>
            {button::secondary("Save the settings")}
        };
        ui::section("Settings", button::form(&path, &view.request_ids[0].to_string(), body.into_any()))
    });
    view! {
        {ui::head(frame, &one_title(view), None, Some(back))}
        {ui::panel("What it has told", told(view))}
        {view.may_plan.then(|| upload(frame, view, &path))}
        {ui::section("Files", files(view, &path))}
        {ui::section("Messages that could not be taken", unread(view))}
        {change}
        <p class="muted">{format!(
            "What was said of an appointment is kept sealed, and goes {} after it; what an open downtime may be compared with stays until it ends.",
            ui::counted(view.keep_days, "day", "days")
        )}</p>
    }
    .into_any()
}

fn nonzero(count: i64) -> String {
    if count == 0 { String::new() } else { ui::count(count) }
}

fn told(view: &FeedView) -> AnyView {
    let Books { figures, unread, left, doubts, .. } = &view.line.books;
    let rows = [
        ("As of", view.line.as_of.clone()),
        ("Last heard", view.line.heard.clone()),
        ("Messages taken", ui::count(figures.reports)),
        ("Repeated", nonzero(figures.repeated)),
        ("Under an id that was used before", nonzero(figures.reused_ids)),
        ("Could not be taken", nonzero(*unread)),
        ("Appointments", ui::count(figures.appointments)),
        ("Asked for", nonzero(figures.requested)),
        ("Booked", ui::count(figures.booked)),
        ("Arrived", nonzero(figures.arrived)),
        ("Done", nonzero(figures.done)),
        ("Cancelled", ui::count(figures.cancelled)),
        ("Discontinued", nonzero(figures.discontinued)),
        ("Deleted: booked in error", ui::count(figures.deleted)),
        ("Did not come", ui::count(figures.no_shows)),
    ];
    let left = left.iter().map(|(kind, count)| (kind.clone(), *count));
    view! {
        {facts(rows.into_iter())}
        {listed("Messages that say nothing of an appointment", left)}
        {listed("Taken, with a doubt", doubts.iter().map(|(doubt, count)| (doubt.words().to_owned(), *count)))}
    }
    .into_any()
}

fn listed(title: &str, rows: impl Iterator<Item = (String, i64)>) -> AnyView {
    let rows: Vec<_> =
        rows.map(|(words, count)| view! { <li>{format!("{words}: {}", ui::count(count))}</li> }).collect();
    let title = title.to_owned();
    (!rows.is_empty()).then(|| view! { <p>{title}":"</p><ul>{rows}</ul> }).into_any()
}

fn upload(frame: &Frame, view: &FeedView, path: &str) -> AnyView {
    let errors = &frame.errors;
    let (label, accept) = match view.line.format {
        Format::Hl7 => ("A file of HL7 messages (SIU)", ".hl7,.txt"),
        Format::Fhir => ("A file of FHIR appointments", ".json,.ndjson"),
    };
    let as_of = (view.line.format == Format::Fhir).then(|| {
        Field::new("as_of", "When was it taken?")
            .hint("As 2024-07-18 23:50. Leave it empty when the file's name says it")
            .value(view.as_of.clone())
            .errors(errors)
            .optional()
            .time()
    });
    let body = view! {
        {Field::new("file", label).hint("You see what it holds before anything is taken in").errors(errors).file(accept)}
        {as_of}
        {button::primary("Look at this file")}
    };
    let form =
        button::upload_form(&format!("{path}/files"), &view.request_ids[1].to_string(), body.into_any());
    ui::section("Bring in a file", form)
}

fn files(view: &FeedView, path: &str) -> AnyView {
    let columns = vec![
        Column::new("File"),
        Column::new("State"),
        Column::number("Messages"),
        Column::number("New"),
        Column::number("Not read"),
        Column::new("By"),
    ];
    let row = |file: &FeedFileLine| {
        let link = format!("{path}/files/{}", file.id);
        let state = if file.taken { tag::fine("taken in") } else { tag::soon("not taken in yet") };
        Row::new(vec![
            table::two_lines(view! { <a href=link>{file.file_name.clone()}</a> }, file.at.clone()),
            state,
            table::text(&ui::count(file.figures.items)),
            table::text(&if file.taken { ui::count(file.figures.new) } else { String::new() }),
            table::text(&ui::count(file.figures.unread)),
            table::text(&file.by),
        ])
    };
    table::table("Files of this feed", columns, view.files.iter().map(row).collect(), "None yet.")
}

fn unread(view: &FeedView) -> AnyView {
    let columns = vec![
        Column::new("When"),
        Column::new("Came"),
        Column::number("Row"),
        Column::new("Field"),
        Column::new("Reason"),
    ];
    let rows = view.unread.iter().map(|line| {
        Row::new(vec![
            table::text(&line.at),
            table::text(&line.came),
            table::text(&line.reject.row.to_string()),
            table::text(&line.reject.column),
            table::text(&line.reject.reason),
        ])
    });
    table::table("Messages that could not be taken, the latest first", columns, rows.collect(), "None.")
}

/// What the page of a file says first.
pub fn file_title(view: &FeedFileView) -> String {
    let figures = &view.file.figures;
    if view.file.taken {
        let new = ui::counted(figures.new, "new message", "new messages");
        return format!("{new} of {} taken in", ui::count(figures.reports));
    }
    let many = ui::counted(figures.reports, "message", "messages");
    format!("{many} of {} can be taken in", ui::count(figures.items))
}

/// One file: what it holds, and taking it in.
pub fn file(frame: &Frame, view: &FeedFileView) -> AnyView {
    let path = format!("/feeds/{}/files/{}", view.feed, view.file.id);
    let back = button::secondary_link(&view.feed_name, &format!("/feeds/{}", view.feed));
    let take = (view.may_plan && !view.file.taken).then(|| {
        let figures = &view.file.figures;
        let sentence = format!(
            "{} are kept; those that were here before change nothing. {} left out.",
            ui::counted(figures.reports, "message", "messages"),
            ui::counted(figures.unread, "message that cannot be read is", "messages that cannot be read are"),
        );
        let act =
            button::primary(&format!("Take in {}", ui::counted(figures.reports, "message", "messages")));
        let body = button::consequence(sentence.into_any(), act);
        button::form(&format!("{path}/take"), &view.request_id.to_string(), body)
    });
    view! {
        {ui::head(frame, &file_title(view), None, Some(back))}
        {ui::panel("What the file holds", holds(&view.file))}
        {take}
        {ui::section("Messages that cannot be taken", rejects(&view.rejects, &path))}
    }
    .into_any()
}

fn holds(file: &FeedFileLine) -> AnyView {
    let FileFigures { items, reports, said, doubts, left, unread, new, repeated, .. } = &file.figures;
    let rows = [
        ("File", file.file_name.clone()),
        (if file.taken { "Taken in" } else { "Offered" }, format!("{}, {}", file.at, file.by)),
        ("Messages", ui::count(*items)),
        ("About an appointment", ui::count(*reports)),
        ("Cannot be taken", ui::count(*unread)),
        ("New", nonzero(*new)),
        ("Here before", nonzero(*repeated)),
    ];
    view! {
        {facts(rows.into_iter())}
        {listed("What they say", said.iter().map(|(what, count)| (what.words().to_owned(), *count)))}
        {listed("Messages that say nothing of an appointment", left.iter().map(|(kind, count)| (kind.clone(), *count)))}
        {listed("Taken, with a doubt", doubts.iter().map(|(doubt, count)| (doubt.words().to_owned(), *count)))}
    }
    .into_any()
}
