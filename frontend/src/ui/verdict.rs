//! The answer to "may I use it?" in large type: an edge-to-edge block in a solid colour, or, for what may simply
//! be used, a quiet row.

use domain::instructions::Look;
use leptos::prelude::*;

use super::icon;

/// What a verdict says.
pub struct Verdict {
    pub look: Look,
    /// The system, with its condition: `Windows computers not used today`.
    pub system: String,
    /// `since 00:40`
    pub since: String,
    /// The headline and what stands directly below it at the same size:
    /// `LOG IN ONLY FOR registration, scheduling`, then `ON PAPER: orders, results`.
    pub lines: Vec<String>,
    /// What to do instead, a sentence each.
    pub texts: Vec<String>,
}

/// One system's verdict as a block.
pub fn block(verdict: Verdict) -> AnyView {
    let look = verdict.look;
    let lines = verdict
        .lines
        .into_iter()
        .enumerate()
        .map(|(index, words)| {
            let shape = if index == 0 { icon::order(look) } else { ().into_any() };
            view! { <p class="says">{shape}<span>{words}</span></p> }
        })
        .collect_view();
    let texts = verdict.texts.into_iter().map(|text| view! { <p>{text}</p> }).collect_view();
    view! {
        <section class=format!("verdict {}", look.code())>
            <header><h2>{verdict.system}</h2><p>{verdict.since}</p></header>
            {lines}
            {texts}
        </section>
    }
    .into_any()
}

/// One system's verdict as a quiet row.
pub fn row(look: Look, system: &str, words: &str) -> AnyView {
    view! {
        <p class=format!("row {}", look.code())>
            <span>{system.to_owned()}</span>
            <b>{icon::order(look)}{words.to_owned()}</b>
        </p>
    }
    .into_any()
}
