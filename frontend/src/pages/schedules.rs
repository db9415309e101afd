//! Schedules that are here before an incident: what is here and how old it is, one of them with its columns, and what a
//! downtime is offered.

use domain::{
    id::{IncidentId, RequestId},
    schedules::State,
    view::{
        frame::Frame,
        schedules::{
            FolderLine, OfferLine, RefusedFile, ScheduleOffer, SchedulesView, StandingLine, StandingView,
        },
    },
};
use leptos::prelude::*;

use super::schedule::{self, Columns};
use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// What is here, the newest first.
pub fn list(frame: &Frame, view: &SchedulesView) -> AnyView {
    let warning = (!view.warning.is_empty()).then(|| tag::late(&view.warning));
    view! {
        {ui::head(frame, &view.title, warning, None)}
        {table::table("Schedules, the newest first", columns(), view.schedules.iter().map(row).collect(),
            "None yet. Let the export of each night be laid into a folder that this program watches, or upload one here.")}
        {ui::section("Systems that send their own messages", feeds(view))}
        <p class="muted">{kept(view.keep_days)}</p>
        {view.may_plan.then(|| upload(frame, view))}
        {(!view.folders.is_empty()).then(|| ui::section("Watched folders", folders(&view.folders)))}
        {(!view.refused.is_empty()).then(|| ui::section("Files that cannot be used", refused(&view.refused)))}
    }
    .into_any()
}

fn feeds(view: &SchedulesView) -> AnyView {
    view! {
        {(!view.feeds.is_empty()).then(|| super::feeds::lines(&view.feeds))}
        <p>{button::secondary_link("Feeds", "/feeds")}</p>
    }
    .into_any()
}

fn kept(days: i64) -> String {
    format!(
        "Each is kept encrypted for {} and then deleted, the newest one too. Only what an open downtime is offered stays \
         until it is used or the downtime ends.",
        ui::counted(days, "day", "days")
    )
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("As of"),
        Column::new("File"),
        Column::new("State"),
        Column::number("Rows"),
        Column::number("Usable"),
        Column::number("Repeated"),
        Column::number("Refused"),
        Column::new("Kept until"),
    ]
}

fn row(line: &StandingLine) -> Row {
    let path = format!("/schedules/{}", line.id);
    let ready = line.state == State::Ready;
    let state = if ready { tag::fine("ready") } else { tag::late("needs columns") };
    let number = |count: i64| table::text(&if ready { ui::count(count) } else { String::new() });
    let refused = if ready && line.figures.invalid > 0 {
        tag::figure_link(&ui::count(line.figures.invalid), &format!("{path}/rejects.csv"))
    } else {
        number(line.figures.invalid)
    };
    Row::new(vec![
        table::two_lines(view! { <a href=path>{line.as_of.clone()}</a> }, format!("{} old", line.age)),
        table::two_lines(line.file_name.clone(), line.source.clone()),
        state,
        table::text(&ui::count(line.figures.rows)),
        number(line.figures.valid),
        number(line.figures.duplicates),
        refused,
        table::text(&line.kept_until),
    ])
}

fn upload(frame: &Frame, view: &SchedulesView) -> AnyView {
    let body = view! {
        {Field::new("file", "A schedule as a CSV file").hint("As your records system exports it: any column names, commas, semicolons or tabs")
            .errors(&frame.errors).file(".csv,.txt,.tsv,text/csv")}
        {Field::new("as_of", "When was it taken?").hint("As 2024-07-18 23:50. Leave it empty when the file's name says it")
            .value(view.as_of.clone()).errors(&frame.errors).optional().time()}
        {button::primary("Keep it for the next downtime")}
    };
    let form = button::upload_form("/schedules", &view.request_id.to_string(), body.into_any());
    ui::section("Add a schedule", view! { {schedule::demo(&view.demo)} {form} }.into_any())
}

fn folders(folders: &[FolderLine]) -> AnyView {
    let columns = vec![
        Column::new("Folder"),
        Column::new("Last look"),
        Column::number("Files"),
        Column::number("Not taken yet"),
        Column::number("Too old"),
        Column::new("What is wrong"),
    ];
    let rows = folders.iter().map(|line| {
        let wrong = line.troubles.iter().map(|each| tag::late(each)).collect_view();
        Row::new(vec![
            table::text(&line.folder),
            table::text(if line.looked.is_empty() { "not yet" } else { &line.looked }),
            table::text(&ui::count(line.files)),
            table::text(&ui::count(line.unsettled)),
            table::text(&ui::count(line.too_old)),
            if line.troubles.is_empty() { table::text("nothing") } else { wrong.into_any() },
        ])
    });
    table::table("Folders that this server watches", columns, rows.collect(), "")
}

fn refused(files: &[RefusedFile]) -> AnyView {
    let columns = vec![Column::new("File"), Column::new("Seen"), Column::new("Why")];
    let rows = files.iter().map(|file| {
        Row::new(vec![table::text(&file.file_name), table::text(&file.at), table::text(&file.sentence)])
    });
    table::table("Files that cannot be used", columns, rows.collect(), "")
}

/// What the page of one says first.
pub fn one_title(view: &StandingView) -> String {
    let line = &view.line;
    if !view.missing.is_empty() {
        return format!("Say which columns hold: {}", view.missing.join(", "));
    }
    let rows = ui::counted(line.figures.valid, "booking", "bookings");
    format!("{rows} as of {}", line.as_of)
}

/// One schedule: its figures, its columns and what it refuses.
pub fn one(frame: &Frame, view: &StandingView) -> AnyView {
    let path = format!("/schedules/{}", view.line.id);
    let back = button::secondary_link("All schedules", "/schedules");
    let ready = view.line.state == State::Ready;
    let form = view.may_plan.then(|| {
        let StandingView { fields, header, sample, form, request_id, .. } = view;
        let words = "Read it with these columns, and all later files like it";
        let act = if ready { button::secondary(words) } else { button::primary(words) };
        let columns = Columns { fields, header, sample, form, request_id: request_id.to_string(), act };
        ui::section("Columns", schedule::columns(frame, columns, &path))
    });
    view! {
        {ui::head(frame, &one_title(view), None, Some(back))}
        {ui::panel("What the file holds", facts(view))}
        {form}
        {ready.then(|| ui::section("Refused rows", schedule::rejects(&view.rejects, &path)))}
    }
    .into_any()
}

fn facts(view: &StandingView) -> AnyView {
    let line = &view.line;
    let ready = line.state == State::Ready;
    let rows = [
        ("File", format!("{}, {}", line.file_name, line.source)),
        ("As of", format!("{}, {}", line.as_of, line.as_of_from.words())),
        ("Age", line.age.clone()),
    ];
    let counts = schedule::counts(&line.figures).into_iter();
    let counts = counts.take(if ready { usize::MAX } else { 1 });
    let more = [
        ("Columns", if ready { line.columns_from.words().to_owned() } else { "not all are known".into() }),
        ("Written in", view.encoding.clone()),
        ("Separated by", view.delimiter.clone()),
        ("Came in", line.received.clone()),
        ("Kept until", line.kept_until.clone()),
        ("SHA-256", line.sha256.clone()),
    ];
    schedule::facts(rows.into_iter().chain(counts).chain(more))
}

/// What a downtime is offered: the newest from before it with one button, others to choose from, and apart from them
/// what was taken since.
pub fn offer(offer: &ScheduleOffer, incident: IncidentId, ids: &[RequestId; 3]) -> AnyView {
    let path = format!("/incidents/{incident}/schedule/use");
    let best = offer.best.as_ref().map(|best| {
        let body = view! {
            <input type="hidden" name="schedule" value=best.schedule.clone()/>
            {button::primary(&format!("Use the schedule as of {}", best.as_of))}
        };
        button::form(&path, &ids[0].to_string(), body.into_any())
    });
    let others = (!offer.others.is_empty()).then(|| choose(&path, &ids[1], "An earlier one", &offer.others));
    let after = (!offer.after.is_empty()).then(|| {
        view! {
            <p>{tag::soon("Taken after this downtime began: what was booked on paper or could not be saved since is missing in it.")}</p>
            {choose(&path, &ids[2], "One that was taken since", &offer.after)}
        }
    });
    let waiting = (offer.waiting > 0).then(|| {
        let words = ui::counted(offer.waiting, "schedule needs", "schedules need");
        view! { <p><a href="/schedules">{format!("{words} columns to be chosen first")}</a></p> }
    });
    let body = view! { {best} {others} {after} {waiting} };
    ui::panel(&offer.sentence, body.into_any())
}

fn choose(path: &str, id: &RequestId, label: &str, lines: &[OfferLine]) -> AnyView {
    let choice = |line: &OfferLine| {
        let words = format!(
            "{}: {}, {}",
            line.as_of,
            ui::counted(line.bookings, "booking", "bookings"),
            line.file_name
        );
        Choice::new(line.schedule.clone(), words)
    };
    let value = lines.first().map(|line| line.schedule.clone()).unwrap_or_default();
    let body = view! {
        {Field::new("schedule", label).own_id(&format!("schedule-{id}")).value(value)
            .select(lines.iter().map(choice).collect())}
        {button::secondary("Use this one")}
    };
    button::form(path, &id.to_string(), body.into_any())
}
