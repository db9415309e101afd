//! A panel with one figure, one small picture, and what is late.

use leptos::prelude::*;

use super::tag;

/// What a card says. A card whose data is absent is not made at all, and the grid closes up.
pub struct Card {
    pub title: String,
    pub path: String,
    /// What the figure is as of, only when older than the page.
    pub as_of: String,
    pub figure: String,
    pub caption: String,
    pub picture: AnyView,
    /// What is late, with the path to its rows.
    pub late: Option<(String, String)>,
    /// The same in two or three words, for a phone.
    pub late_short: String,
    /// Said when nothing is late.
    pub fine: String,
}

/// One card. The whole card leads to its page; the late line to the late rows.
pub fn card(card: Card) -> AnyView {
    let late = card.late.is_some();
    let foot = match card.late {
        Some((words, path)) => view! { <a class="card-late" href=path>{tag::late(&words)}</a> }.into_any(),
        None if card.fine.is_empty() => {
            view! { <span class="muted">"Nothing is known yet"</span> }.into_any()
        }
        None => tag::fine(&card.fine),
    };
    let short = match (late, card.fine.is_empty()) {
        (true, _) => tag::late(&card.late_short),
        (false, true) => view! { <span class="muted">"not known"</span> }.into_any(),
        (false, false) => tag::fine("nothing late"),
    };
    view! {
        <section class="card">
            <header>
                <h2><a href=card.path>{card.title}</a></h2>
                <p class="as-of">{card.as_of}</p>
            </header>
            <div class="card-body">
                <div>
                    <p class="figure">{card.figure}</p>
                    <p class="caption">{card.caption}</p>
                </div>
                <div class="picture">{card.picture}</div>
            </div>
            <footer>{foot}</footer>
            <p class="card-short">{short}</p>
        </section>
    }
    .into_any()
}
