//! Playbooks: the list of versions with their approval, and one version in full, fit for a binder.

use domain::{
    playbooks::{Gate, Message, Playbook},
    view::{
        frame::Frame,
        playbooks::{PlaybookLine, PlaybookView, PlaybooksView, Standing},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    table::{self, Column, Row},
};

/// What the list says first.
pub fn title(view: &PlaybooksView) -> String {
    let count = |standing| view.playbooks.iter().filter(|line| line.standing == standing).count();
    let (in_force, waiting) = (count(Standing::InForce), count(Standing::Waiting));
    match (in_force, waiting) {
        (0, 0) => "There is no playbook yet".into(),
        (in_force, 0) => format!("{in_force} playbooks in force"),
        (0, waiting) => format!("No playbook is in force: {waiting} wait for approval"),
        (in_force, waiting) => format!("{in_force} playbooks in force, {waiting} wait for approval"),
    }
}

/// All versions.
pub fn list(frame: &Frame, view: &PlaybooksView) -> AnyView {
    let columns = vec![
        Column::new("Playbook"),
        Column::new("State"),
        Column::new("Owner"),
        Column::new("Review by"),
        Column::actions(),
    ];
    let rows = view.playbooks.iter().map(|line| row(line, view)).collect();
    view! {
        {ui::head(frame, &title(view), None, None)}
        <p>"An incident takes the version in force when it is declared, and keeps it."</p>
        {table::table("Versions of playbooks", columns, rows, "No playbook could be read. The server's log says why.")}
    }
    .into_any()
}

fn row(line: &PlaybookLine, view: &PlaybooksView) -> Row {
    let name = format!("{} v{}", line.name, line.version);
    let path = format!("/playbooks/{}", line.fingerprint);
    let review =
        if line.review_overdue { format!("{}, overdue", line.review_by) } else { line.review_by.clone() };
    let action = (view.may_approve && line.standing == Standing::Waiting).then(|| {
        let body = button::small("Approve", &name);
        button::form(&format!("{path}/approve"), &view.request_id.to_string(), body)
    });
    Row::new(vec![
        view! { <a href=path>{name}</a> }.into_any(),
        table::text(&standing(line)),
        table::text(&line.owner),
        table::text(&review),
        action.into_any(),
    ])
}

fn standing(line: &PlaybookLine) -> String {
    match line.standing {
        Standing::InForce => format!("In force since {}", line.approved),
        Standing::Waiting => "Waits for approval".to_owned(),
        Standing::Superseded => format!("Superseded; approved {}", line.approved),
    }
}

/// One version in full.
pub fn show(frame: &Frame, view: &PlaybookView) -> AnyView {
    let playbook = &view.playbook;
    let approve = (view.may_approve && view.line.standing == Standing::Waiting).then(|| {
        let body = button::primary(&format!("Approve {}", playbook.title()));
        button::form(
            &format!("/playbooks/{}/approve", view.line.fingerprint),
            &view.request_id.to_string(),
            body,
        )
    });
    let timing = format!(
        "An update every {} minutes. A unit is confirmed at {} % of its people. Command may be assumed after {} minutes. \
         A unit has its devices back when {} % of them work. Blank forms must last {} hours. A patient counts as not \
         reached after {} tries by {} ways on {} days.",
        playbook.timing.update_every_minutes,
        playbook.timing.unit_confirmed_percent,
        playbook.timing.assume_command_minutes,
        playbook.timing.devices_back_percent,
        playbook.timing.stock_hours,
        playbook.unreachable.tries,
        playbook.unreachable.channels,
        playbook.unreachable.days,
    );
    view! {
        {ui::head(frame, &playbook.title(), None, approve)}
        <p>{playbook.summary.clone()}</p>
        <p class="muted">
            {format!("{}. Owner: {}. Review by {}. ", standing(&view.line), playbook.owner, playbook.review_by)}
            {timing}
        </p>
        {decisions(playbook)}
        {systems(playbook)}
        {instructions(playbook)}
        {tasks(playbook)}
        {ui::section("Messages", playbook.messages.iter().map(message).collect_view().into_any())}
        {cancellations(playbook)}
        {forms(playbook)}
        {ui::section("What stands before an all clear", playbook.gates.iter().map(|each| gate(playbook, each)).collect_view().into_any())}
        <p class="muted">{format!("Fingerprint {}", in_groups(&view.line.fingerprint))}</p>
    }
    .into_any()
}

fn decisions(playbook: &Playbook) -> AnyView {
    let items = playbook
        .decisions
        .iter()
        .map(|decision| view! { <li><b>{decision.question.clone()}</b>" "{decision.hint.clone()}</li> })
        .collect_view();
    ui::section("What the declarer decides", view! { <ol>{items}</ol> }.into_any())
}

fn systems(playbook: &Playbook) -> AnyView {
    let columns = vec![Column::new("System"), Column::new("Taken to be"), Column::new("Functions")];
    let rows = playbook.systems.iter().map(|system| {
        Row::new(vec![
            table::two_lines(system.name.clone(), system.aliases.join(", ")),
            table::text(system.status.words()),
            table::text(&system.functions.words()),
        ])
    });
    ui::section("Systems", table::table("Systems and their status", columns, rows.collect(), "None."))
}

fn instructions(playbook: &Playbook) -> AnyView {
    let columns = vec![Column::new("Order"), Column::new("For"), Column::new("What to do instead")];
    let rows = playbook.instructions.iter().map(|order| {
        let target = order.system.clone().or(order.kind.map(|kind| format!("every {}", kind.code())));
        Row::new(vec![
            table::two_lines(order.order.words().to_uppercase(), order.condition.clone()),
            table::text(&target.unwrap_or_default()),
            table::text(&order.instead),
        ])
    });
    ui::section("Orders at the start", table::table("Orders", columns, rows.collect(), "None."))
}

fn tasks(playbook: &Playbook) -> AnyView {
    let title = |key: &str| {
        let position = playbook.positions.iter().find(|position| position.key == key);
        position.map_or(key, |position| position.title.as_str()).to_owned()
    };
    let mut tasks: Vec<_> = playbook.tasks.iter().collect();
    tasks.sort_by_key(|task| task.due_minutes);
    let columns = vec![Column::number("Due"), Column::new("Position"), Column::new("Task")];
    let rows = tasks.into_iter().map(|task| {
        let due = format!("T+{}", domain::time::hours_minutes(task.due_minutes));
        Row::new(vec![table::text(&due), table::text(&title(&task.position)), table::text(&task.text)])
    });
    ui::section("Tasks", table::table("Tasks by due time", columns, rows.collect(), "None."))
}

fn message(message: &Message) -> AnyView {
    let approved = if message.approved { "approved" } else { "not approved" };
    let email = message.email.as_ref().map(|email| {
        view! { <h4>{email.subject.clone()}</h4><pre class="prose">{email.body.clone()}</pre> }
    });
    let sms = message.sms.clone().map(|sms| view! { <h4>"Text message"</h4><pre class="prose">{sms}</pre> });
    view! {
        <article>
            <h3>{message.name.clone()}</h3>
            <p class="muted">{format!("For {}. Language {}, {approved}.", message.audience, message.language)}</p>
            {email}
            {sms}
        </article>
    }
    .into_any()
}

fn cancellations(playbook: &Playbook) -> AnyView {
    let rules = playbook
        .cancellations
        .iter()
        .map(|rule| {
            let keep: Vec<_> = rule.keep.iter().map(|keep| keep.label.clone()).collect();
            let safe: Vec<_> =
                rule.safe_by.iter().map(|by| format!("{} {} days", by.value, by.days)).collect();
            let only =
                if rule.only.is_empty() { String::new() } else { format!("Only {}. ", rule.only.words()) };
            view! {
                <dt>{rule.name.clone()}</dt>
                <dd>{format!("{only}Goes ahead: {}. Safe by: {}.", keep.join("; "), safe.join(", "))}</dd>
            }
        })
        .collect_view();
    ui::section("Cancellation rules", view! { <dl>{rules}</dl> }.into_any())
}

fn forms(playbook: &Playbook) -> AnyView {
    let title = domain::view::catalogue::title(&playbook.forms);
    let groups = domain::view::catalogue::by_setting(&playbook.forms);
    ui::section("Form kit", view! { <p>{title}</p>{super::catalogue::settings(&groups)} }.into_any())
}

fn gate(playbook: &Playbook, gate: &Gate) -> AnyView {
    let title = |key: &String| {
        let signer = playbook.signers.iter().find(|signer| signer.key == *key);
        signer.map_or_else(|| key.clone(), |signer| signer.title.clone())
    };
    let signers: Vec<_> = gate.signers.iter().map(title).collect();
    let evidence = gate
        .evidence
        .iter()
        .map(|item| {
            let words = format!("{}: {}, good for {} min", item.name, item.owner, item.expires_minutes);
            view! { <li>{words}</li> }
        })
        .collect_view();
    let release =
        if gate.on_last_signature { "the last signature".to_owned() } else { gate.release_by.clone() };
    view! {
        <article>
            <h3>{gate.name.clone()}</h3>
            <p>{format!("{} of {} sign: {}. Released by {release}.", gate.quorum, gate.signers.len(), signers.join(", "))}</p>
            <ul>{evidence}</ul>
        </article>
    }
    .into_any()
}

/// Digits in groups of eight, which wrap on a phone and can be read aloud.
fn in_groups(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 8);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index.is_multiple_of(8) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
