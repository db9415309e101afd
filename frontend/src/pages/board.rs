//! The board: what is down, who knows, what is late, in the first screen.

use domain::view::{
    board::{BoardView, CardView},
    frame::Frame,
};
use leptos::prelude::*;

use crate::{
    islands::live_board::LiveBoard,
    ui::{
        button,
        card::{Card, card},
        head, icon, matrix,
        picture::picture,
    },
};

/// The body of the page.
pub fn body(frame: &Frame, view: &BoardView) -> AnyView {
    let exercise = frame.incident.as_ref().is_some_and(|incident| incident.exercise);
    view! { <LiveBoard view=view.clone() exercise=exercise/> }.into_any()
}

/// The board itself, as it is drawn on the server and again in the browser.
pub fn board(view: &BoardView, exercise: bool) -> AnyView {
    let action = view.action.as_ref().map(|(words, path)| button::primary_link(words, path));
    let cards = view.cards.iter().map(drawn).collect_view();
    let report = view.incident.filter(|_| view.action.is_some()).map(|incident| {
        let path = format!("/incidents/{incident}/situation");
        view! { <p class="actions"><a href=path>"Report what a system is now, or promise the next update"</a></p> }
    });
    view! {
        <div class="board">
            {head::titled(exercise, &view.title, Some(lede(view)), action)}
            {matrix::matrix(view)}
            <div class="cards">{cards}</div>
            {report}
        </div>
    }
    .into_any()
}

/// How many know, then each late thing as a link to its rows; when nothing is late, that is said.
fn lede(view: &BoardView) -> AnyView {
    let known = (!view.known.is_empty()).then(|| format!("{} ", view.known));
    if view.late.is_empty() {
        return view! { {known}<span class="muted">{icon::tick()}" Nothing is late."</span> }.into_any();
    }
    let last = view.late.len() - 1;
    let late = view
        .late
        .iter()
        .enumerate()
        .map(|(index, late)| {
            let after = if index == last { "." } else { ", " };
            view! { <a class="late" href=late.path.clone()>{late.words.clone()}</a>{after} }
        })
        .collect_view();
    view! { {known}"Late: "{late} }.into_any()
}

fn drawn(view: &CardView) -> AnyView {
    card(Card {
        title: view.title.clone(),
        path: view.path.clone(),
        as_of: view.as_of.clone(),
        figure: view.figure.clone(),
        caption: view.caption.clone(),
        picture: picture(&view.picture),
        late: view.late.as_ref().map(|late| (late.words.clone(), late.path.clone())),
        late_short: view.late_short.clone(),
        fine: view.fine.clone(),
    })
}
