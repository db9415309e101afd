//! One broadcast: before sending, both messages as read and the act with its number; afterwards, how far it is.

use domain::{
    broadcasts::{SecondLook, Stage},
    sms::Parts,
    view::{
        broadcasts::{BroadcastView, Other},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button, counted, icon,
    table::{self, Column, Row},
};

/// What the page says first.
pub fn one_title(view: &BroadcastView) -> String {
    let number = view.number;
    match view.stage {
        Stage::Draft => format!("Broadcast {number}: look at it before it leaves"),
        Stage::PendingApproval => format!("Broadcast {number} waits for a second look"),
        Stage::Staged => {
            format!("Broadcast {number} is being prepared for {}", counted(view.people, "person", "people"))
        }
        Stage::Sending => {
            format!("Broadcast {number} is on its way to {}", counted(view.people, "person", "people"))
        }
        Stage::Done => format!("Broadcast {number}: {} of {} units know", view.units_confirmed, view.units),
        Stage::Discarded => format!("Broadcast {number} was taken away"),
        Stage::Failed => format!("Broadcast {number} could not be prepared"),
    }
}

/// The page.
pub fn one(frame: &Frame, view: &BroadcastView) -> AnyView {
    let path = format!("/incidents/{}/broadcasts/{}", view.incident, view.id);
    let knows = view.stage.is_out().then(|| button::primary_link("Who knows", &format!("{path}/who-knows")));
    view! {
        {ui::head(frame, &one_title(view), None, knows)}
        {(!view.notice.is_empty()).then(|| view! { <p role="status"><b>{view.notice.clone()}</b></p> })}
        <p>{about(view)}</p>
        {replaced(view)}
        {looks(view)}
        {(!view.counts.is_empty()).then(|| counts(view, &path))}
        <div class="split">
            {ui::section("E-mail as they will read it", view! {
                <div class="message"><p><b>{view.subject.clone()}</b></p><pre>{view.email.clone()}</pre></div>
                <p class="hint">"Code of the e-mail: "{view.email_code.clone()}". Each person gets an own link."</p>
            }.into_any())}
            {ui::section("SMS as they will read it", sms(&view.sms, &view.sms_code))}
        </div>
        {(!view.stage.is_out()).then(|| super::files_only(&view.files_only))}
        {acts(view, &path)}
    }
    .into_any()
}

fn about(view: &BroadcastView) -> String {
    let mut words = vec![format!("To {}.", view.to)];
    if !view.sent.is_empty() {
        words.push(format!("Ordered {} by {}.", view.sent, view.sent_by));
    }
    if !view.approver.is_empty() {
        words.push(format!("Second look: {}.", view.approver));
    }
    if view.captured {
        words.push("Captured exercise: nothing leaves the house.".to_owned());
    }
    words.join(" ")
}

fn replaced(view: &BroadcastView) -> AnyView {
    let link = |other: &Other| format!("/incidents/{}/broadcasts/{}", view.incident, other.id);
    let before = view.supersedes.as_ref().map(|other| view! { <p>"It replaces "<a href=link(other)>{format!("broadcast {}", other.number)}</a>"."</p> });
    let after = view.superseded_by.as_ref().map(|other| {
        view! { <p><b>"Replaced by "<a href=link(other)>{format!("broadcast {}", other.number)}</a>"."</b></p> }
    });
    view! { {before}{after} }.into_any()
}

fn looks(view: &BroadcastView) -> AnyView {
    if view.second_looks.is_empty() {
        return ().into_any();
    }
    let items = view
        .second_looks
        .iter()
        .map(|look| {
            let words = match look {
                SecondLook::NamesForbidden { quoted, order, .. } => {
                    format!("It names {quoted:?}. In force: {order}.")
                }
                SecondLook::MayIdentify { quoted, likeness } => {
                    format!("{quoted:?} looks like {likeness}; the sender says that it is no patient's.")
                }
            };
            view! { <li>{words}</li> }
        })
        .collect_view();
    ui::panel("Why a second person must look", view! { <ul>{items}</ul> }.into_any())
}

fn counts(view: &BroadcastView, path: &str) -> AnyView {
    let rows = view
        .counts
        .iter()
        .map(|count| {
            let number = ui::count(count.count);
            Row::new(vec![
                table::text(count.channel.words()),
                table::text(count.state.words()),
                view! { <a href=count.path.clone()>{number}</a> }.into_any(),
            ])
        })
        .collect();
    let columns = vec![Column::new("Channel"), Column::new("State"), Column::number("Addresses")];
    let all = format!("{path}/deliveries");
    let body = view! {
        {table::table("Deliveries by state", columns, rows, "")}
        <p><a href=all>"All deliveries, by address"</a></p>
    };
    ui::section("Deliveries", body.into_any())
}

/// The text message with the breaks between its parts drawn.
fn sms(parts: &Parts, code: &str) -> AnyView {
    let count = parts.count;
    let texts = parts
        .texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let mark = (index > 0)
                .then(|| view! { <p class="sms-break">{format!("part {} of {count}", index + 1)}</p> });
            view! { {mark}<p>{text.clone()}</p> }
        })
        .collect_view();
    let wide = parts.foreign.map(|sign| format!(" {sign:?} makes every part less than half as long."));
    view! {
        <div class="message">{texts}</div>
        <p class="hint">{format!("{count} parts, {} characters left. Code {code}.", parts.left)}{wide}</p>
    }
    .into_any()
}

fn acts(view: &BroadcastView, path: &str) -> AnyView {
    let id = view.request_id.to_string();
    let people = counted(view.people, "person", "people");
    let form = |end: &str, act: AnyView| button::form(&format!("{path}/{end}"), &id, act);
    if view.may_send {
        let addresses = counted(view.addresses, "address", "addresses");
        let sentence = view! { {format!("It goes to {people} at {addresses} and ")}<b>"cannot be changed after sending"</b>", only replaced." };
        let act = if view.second_looks.is_empty() {
            format!("Send to {people}")
        } else {
            "Ask for the second look".to_owned()
        };
        let actions = view! {
            {form("discard", button::secondary("Discard"))}
            {form("send", button::primary(&act))}
        };
        return button::consequence(sentence.into_any(), actions.into_any());
    }
    if view.may_approve {
        let sentence = view! { {format!("{} asks you to look. When you agree it goes to {people} at once.", view.sent_by)} };
        let actions = view! {
            {form("discard", button::secondary("Withdraw"))}
            {form("approve", button::primary(&format!("Approve and send to {people}")))}
        };
        return button::consequence(sentence.into_any(), actions.into_any());
    }
    let waits = view.stage == Stage::PendingApproval;
    waits
        .then(|| view! { <p>{icon::flag()}" ""Another communicator or commander must look at it."</p> })
        .into_any()
}
