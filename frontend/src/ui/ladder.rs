//! The way back of each scope: restored, pilot, waves, all clear, back-entry. The heavy line before "All clear"
//! is the signature gate; only the node behind it is green.

use leptos::prelude::*;

use super::{table::two_lines, tag};

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    Done,
    Now,
    Blocked,
    Later,
    /// The scope went past it: its track goes on through it.
    LeftOut,
}

/// One stage of one scope.
pub struct Stage {
    pub node: Node,
    /// The time it was done, or its progress: `06:10`, `3 of 4`, `blocked`.
    pub words: String,
    /// How many things block it.
    pub blockers: i64,
}

/// One scope's track.
pub struct Track {
    /// `General, Laboratory`
    pub scope: String,
    /// `results`
    pub functions: String,
    pub path: String,
    /// One for each stage name.
    pub stages: Vec<Stage>,
    /// What blocks and who.
    pub blocks: String,
    pub late: bool,
    pub selected: bool,
}

/// All tracks. `gate` is the place of "All clear" among the stages.
pub fn ladder(stages: &[&str], gate: usize, tracks: Vec<Track>) -> AnyView {
    let heads = stages
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let class = if index == gate { "stage gate" } else { "stage" };
            view! { <th scope="col" class=class>{(*name).to_owned()}</th> }
        })
        .collect_view();
    let names: Vec<String> = stages.iter().map(|name| (*name).to_owned()).collect();
    let rows = tracks.into_iter().map(|row| track(row, gate, &names)).collect_view();
    view! {
        <div class="table-frame">
            <table class="ladder">
                <caption class="unseen">"Scopes and their stages on the way back"</caption>
                <thead><tr><th scope="col">"Scope"</th>{heads}<th scope="col" class="blocks">"What blocks, and who"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn track(row: Track, gate: usize, names: &[String]) -> AnyView {
    let last = row.stages.len().saturating_sub(1);
    let reached = row.stages.iter().rposition(|stage| stage.node != Node::Later).unwrap_or(0);
    let cells = row
        .stages
        .into_iter()
        .zip(names)
        .enumerate()
        .map(|(index, (stage, name))| {
            let class = if index == gate { "stage gate" } else { "stage" };
            let mut stage = stage;
            if stage.node == Node::Later && index < reached {
                stage.node = Node::LeftOut;
            }
            let at = matches!(stage.node, Node::Now | Node::Blocked);
            view! {
                <td class=class data-label=name.clone()>
                    {node(&stage, index == gate, index == 0, index == last)}
                    <span class=if at { "at" } else { "" }>
                        <span class="unseen">{name.clone()}": "{said(stage.node)}" "</span>{stage.words}
                    </span>
                </td>
            }
        })
        .collect_view();
    let blocks = if row.late { tag::late(&row.blocks) } else { row.blocks.into_any() };
    let scope = view! { <a href=row.path>{row.scope}</a> };
    view! {
        <tr class=if row.selected { "selected" } else { "" }>
            <th scope="row">{two_lines(scope, row.functions)}</th>
            {cells}
            <td class="blocks">{blocks}</td>
        </tr>
    }
    .into_any()
}

const fn said(node: Node) -> &'static str {
    match node {
        Node::Done => "done",
        Node::Now => "now",
        Node::Blocked => "blocked",
        Node::Later => "not yet",
        Node::LeftOut => "left out",
    }
}

fn node(stage: &Stage, clear: bool, first: bool, last: bool) -> AnyView {
    let before = if stage.node == Node::Later { "track later" } else { "track" };
    let after = if matches!(stage.node, Node::Done | Node::LeftOut) { "track" } else { "track later" };
    let left = (!first).then(|| view! { <path class=before d="M0 10H24"></path> });
    let right = (!last).then(|| view! { <path class=after d="M40 10H64"></path> });
    let shape = match stage.node {
        Node::Done => view! {
            <circle class=if clear { "ink clear" } else { "ink" } cx="32" cy="10" r="8"></circle>
            <path class="tick" d="M28.5 10.5l2.5 2.5 4.5-5.5"></path>
        }
        .into_any(),
        Node::Now => view! { <circle class="ring" cx="32" cy="10" r="7"></circle> }.into_any(),
        Node::Blocked => view! {
            <rect class="red-solid" x="23" y="1" width="18" height="18" rx="2"></rect>
            <text class="on" x="32" y="14" text-anchor="middle">{stage.blockers}</text>
        }
        .into_any(),
        Node::Later | Node::LeftOut => {
            view! { <circle class="small-ring" cx="32" cy="10" r="4"></circle> }.into_any()
        }
    };
    view! {
        <svg class="node" viewBox="0 0 64 20" aria-hidden="true" focusable="false">{left}{right}{shape}</svg>
    }
    .into_any()
}
