//! The board, drawn again whenever its stream sends it, always whole: nobody patches.

use domain::view::board::BoardView;
use leptos::prelude::*;

use crate::pages::board;

/// The board with what it showed when the page was made.
#[island]
pub fn LiveBoard(view: BoardView, exercise: bool) -> impl IntoView {
    let (shown, show) = signal(view);
    #[cfg(feature = "hydrate")]
    super::stream::on_board(move |view| show.set(view));
    #[cfg(not(feature = "hydrate"))]
    let _ = show;
    move || shown.with(|view| board::board(view, exercise))
}
