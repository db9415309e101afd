//! Who commands, what is offered, and the tasks with what is overdue first in the eye.

use domain::{
    command::TaskState,
    view::{
        command::{CommandView, OfferLine, TaskLine},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::Field,
    table::{self, Column, Row},
    tag,
};

/// The page.
pub fn page(frame: &Frame, view: &CommandView) -> AnyView {
    view! {
        {ui::head(frame, &view.title, None, None)}
        {view.offer.as_ref().map(|offer| open_offer(view, offer))}
        {pages(frame, view)}
        {ui::section("Tasks", tasks(frame, view))}
        {(view.you_command && view.offer.is_none()).then(|| ui::section("Hand over command", hand_over(frame, view)))}
        {ui::section("Who has held command", holders(view))}
    }
    .into_any()
}

fn open_offer(view: &CommandView, offer: &OfferLine) -> AnyView {
    let path = format!("{}/handovers/{}", view.path, offer.id);
    let sentence = format!("{} offered command to {} at {}.", offer.from, offer.to, offer.offered);
    let briefing =
        (!offer.briefing.is_empty()).then(|| view! { <blockquote>{offer.briefing.clone()}</blockquote> });
    let answers = if offer.to_you {
        view! {
            <button class="button primary" type="submit" name="answer" value="accept">"Accept command"</button>
            {button::secondary_named("Decline", "answer", "decline")}
        }
        .into_any()
    } else if offer.from_you {
        button::secondary_named("Withdraw the offer", "answer", "withdraw")
    } else {
        ().into_any()
    };
    let body = view! { <p>{sentence}</p>{briefing}<div class="actions">{answers}</div> };
    ui::panel("Command is offered", button::form(&path, &view.request_id.to_string(), body.into_any()))
}

fn pages(frame: &Frame, view: &CommandView) -> AnyView {
    let id = view.request_id.to_string();
    if view.you_command {
        let paged = view.paged.clone();
        return paged
            .map(|since| {
                let body = view! {
                    <p>{format!("You have been paged since {since}.")}</p>
                    {button::primary("I am here")}
                };
                ui::panel(
                    "You are paged",
                    button::form(&format!("{}/page/answer", view.path), &id, body.into_any()),
                )
            })
            .into_any();
    }
    if !view.may_command {
        return ().into_any();
    }
    let page = view.paged.clone().map_or_else(
        || {
            let path = format!("{}/page", view.path);
            button::form(&path, &id, button::secondary("Page the commander"))
        },
        |since| view! { <p>{tag::late(&format!("Paged, no answer since {since}"))}</p> }.into_any(),
    );
    let assume = if let Some(why) = &view.cannot_assume {
        view! { <p class="muted">{why.clone()}</p> }.into_any()
    } else {
        let body = view! {
            {Field::new("reason", "Why do you assume command?").value(view.assume_form.reason.0.clone())
                .errors(&frame.errors).text()}
            <p>"You hold command at once. The commander is told, and the log flags it."</p>
            {button::secondary("Assume command")}
        };
        button::form(&format!("{}/assume", view.path), &id, body.into_any())
    };
    ui::panel("The commander does not answer?", view! { {page}{assume} }.into_any())
}

fn hand_over(frame: &Frame, view: &CommandView) -> AnyView {
    let (form, errors) = (&view.handover_form, &frame.errors);
    let body = view! {
        {Field::new("login", "Who takes over?").hint("Their name for signing in. Command stays with you until they accept")
            .value(form.login.0.clone()).errors(errors).text()}
        {Field::new("briefing", "What must they know?").value(form.briefing.0.clone()).errors(errors).optional().area(3)}
        {button::secondary("Offer command")}
    };
    button::form(&format!("{}/handovers", view.path), &view.request_id.to_string(), body.into_any())
}

fn holders(view: &CommandView) -> AnyView {
    let rows = view
        .holders
        .iter()
        .map(|line| {
            let until = if line.until.is_empty() { "now" } else { &line.until };
            Row::new(vec![table::text(&line.name), table::text(&line.from), table::text(until)])
        })
        .collect();
    let columns = vec![Column::new("Commander"), Column::new("From"), Column::new("Until")];
    table::table("Holders of command", columns, rows, "Nobody yet.")
}

fn tasks(frame: &Frame, view: &CommandView) -> AnyView {
    let columns = vec![
        Column::new("Due"),
        Column::new("Task"),
        Column::new("Marked"),
        Column::by_hand("Initials"),
        Column::actions(),
    ];
    let rows = view.tasks.iter().map(|task| row(frame, view, task)).collect();
    table::table(
        "Tasks by the time they are due",
        columns,
        rows,
        "This downtime was declared without a playbook, so it has no tasks.",
    )
}

fn row(frame: &Frame, view: &CommandView, task: &TaskLine) -> Row {
    let due = if task.late.is_empty() {
        table::text(&task.due)
    } else {
        table::two_lines(task.due.clone(), tag::late(&task.late))
    };
    let act = match task.state {
        TaskState::Open => mark(frame, view, task),
        TaskState::Done | TaskState::NotApplicable => ().into_any(),
    };
    let marked = match task.state {
        TaskState::Open => ().into_any(),
        TaskState::Done => tag::fine(&format!("Done {}", task.marked)),
        TaskState::NotApplicable => table::text(&format!("Not applicable {}", task.marked)),
    };
    Row::new(vec![
        due,
        table::two_lines(task.text.clone(), task.position.clone()),
        marked,
        ().into_any(),
        act,
    ])
}

fn mark(frame: &Frame, view: &CommandView, task: &TaskLine) -> AnyView {
    let path = format!("{}/tasks/{}", view.path, task.id);
    let id = format!("initials-{}", task.id);
    let invalid = frame.errors.at("initials").is_some().then_some("true");
    view! {
        <form method="post" action=path class="inline">
            <input type="hidden" name="request_id" value=request_id_of(view, task)/>
            <label for=id.clone() class="muted">"Initials"<span class="unseen">{format!(" for: {}", task.text)}</span></label>
            <input class="box initials" id=id name="initials" maxlength="5" autocomplete="off" aria-invalid=invalid
                value=view.task_form.initials.0.clone()/>
            <button class="button small" type="submit" name="state" value="done">"Done"</button>
            <button class="button small" type="submit" name="state" value="not_applicable">"Not applicable"</button>
        </form>
    }
    .into_any()
}

/// Each row's form has a request id of its own: the page's, with the task's number folded in.
fn request_id_of(view: &CommandView, task: &TaskLine) -> String {
    let folded = view.request_id.0.as_u128() ^ (task.id.0.as_u128() & 0xffff_ffff_ffff);
    uuid_text(folded)
}

fn uuid_text(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
