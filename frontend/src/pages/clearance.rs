//! The way back: a ladder of scopes, the sign-off beside it, and what still keeps the incident from closing.

mod close;
mod panel;
mod record;
mod waves;

use domain::view::{
    clearance::{ClearanceView, NodeState, ScopeLine},
    frame::Frame,
};
use leptos::prelude::*;

pub use self::{close::close_body, record::record_body};
use crate::ui::{
    self, button,
    field::{Choice, Field},
    ladder::{Node, Stage, Track, ladder},
};

const STAGES: [&str; 5] = ["Restored, IT only", "Pilot", "Waves", "All clear", "Back-entry"];
/// The place of "All clear" among them, behind the signature gate.
const GATE: usize = 3;
/// With fewer scopes than this nobody has to look for one.
const MANY: i64 = 14;

/// The body of the page.
pub fn body(frame: &Frame, view: &ClearanceView) -> AnyView {
    let chosen = view.chosen.as_ref().map(|panel| panel.id);
    let tracks: Vec<Track> = view.scopes.iter().map(|scope| track(scope, chosen == Some(scope.id))).collect();
    let list = if view.scopes.is_empty() {
        let words = if view.stages.is_empty() {
            "Nothing was affected, so nothing must be cleared."
        } else {
            "No scope is at this stage."
        };
        view! { <p class="empty">{words}</p> }.into_any()
    } else {
        ladder(&STAGES, GATE, tracks)
    };
    let next = (!view.next.is_empty())
        .then(|| view! { <p><a href=view.next.clone()>"The next of this stage"</a></p> });
    let close = button::secondary_link("What keeps it open", &view.close_path);
    let beside = |end: &str| view.path.replace("/clearance", end);
    view! {
        {ui::head(frame, &view.title, None, Some(close))}
        <div class="beside">
            <section class="panel">
                {finder(frame, view)}
                {list}
                <div class="stack">
                    {next}
                    <p><a href=beside("/downtime")>"Downtime by function"</a>" · "
                        <a href=beside("/reviews")>"Look at again"</a></p>
                    <p class="quote">"The heavy line is the signature gate. Only scopes past it may be called "
                        <b>"all clear"</b>", on any page or message. "<b>"Restored"</b>" means that IT has it running: \
                        nobody signs in."</p>
                </div>
            </section>
            {view.chosen.as_ref().map(|panel| panel::sign_off(frame, panel))}
        </div>
    }
    .into_any()
}

/// How many are at each stage, and the site and system to look at.
fn finder(frame: &Frame, view: &ClearanceView) -> Option<AnyView> {
    let all: i64 = view.stages.iter().map(|tab| tab.count).sum();
    if all <= MANY && view.site.is_empty() && view.system.is_empty() && view.stage.is_empty() {
        return None;
    }
    let tabs = view
        .stages
        .iter()
        .map(|tab| {
            let words = format!("{} {}", ui::count(tab.count), tab.words);
            let current = tab.chosen.then_some("true");
            view! { <a href=tab.path.clone() aria-current=current>{words}</a> }
        })
        .collect_view();
    let choices = |all: &str, listed: &[(String, String)]| {
        let listed = listed.iter().map(|(value, label)| Choice::new(value.clone(), label.clone()));
        std::iter::once(Choice::new("", all)).chain(listed).collect::<Vec<_>>()
    };
    let body = view! {
        {Field::new("site", "Site").value(view.site.clone()).errors(&frame.errors).select(choices("All sites", &view.sites))}
        {Field::new("system", "System").value(view.system.clone()).errors(&frame.errors).select(choices("All systems", &view.systems))}
        {button::secondary("Show")}
        <a href=view.path.clone()>"Show everything"</a>
    };
    Some(
        view! {
            <nav class="tabs" aria-label="Stages">{tabs}</nav>
            {button::filter_form(&view.path, body.into_any())}
        }
        .into_any(),
    )
}

fn track(scope: &ScopeLine, selected: bool) -> Track {
    let stages = scope
        .nodes
        .iter()
        .map(|node| Stage {
            node: match node.state {
                NodeState::Done => Node::Done,
                NodeState::Now => Node::Now,
                NodeState::Blocked => Node::Blocked,
                NodeState::Later => Node::Later,
            },
            words: node.words.clone(),
            blockers: node.blockers,
        })
        .collect();
    Track {
        scope: scope.name.clone(),
        functions: scope.functions.clone(),
        path: scope.path.clone(),
        stages,
        blocks: scope.blocks.clone(),
        late: scope.blocked,
        selected,
    }
}
