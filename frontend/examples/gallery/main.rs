//! Writes sample pages as files, to look at them without a server: `cargo run -p frontend --features ssr
//! --example gallery -- FOLDER`. The people and figures are constructed.

mod cards;
mod morning;

use std::{fs, io, path::Path};

use domain::view::{
    board::BoardView,
    frame::{Frame, Theme},
};
use frontend::{PUBLIC_STYLESHEET, STYLESHEET, document::page_with, pages};

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("style.css"), frontend::style::packed(STYLESHEET))?;
    fs::write(folder.join("public.css"), frontend::style::packed(PUBLIC_STYLESHEET))?;
    fs::write(folder.join("dark.css"), frontend::DARK_STYLESHEET)?;
    fs::write(folder.join("print.css"), frontend::PRINT_STYLESHEET)?;
    for (name, theme) in [("board", Theme::Light), ("board-dark", Theme::Dark)] {
        let mut frame = morning::frame("/incidents/1");
        frame.theme = theme;
        write(folder, name, &frame, morning::board())?;
    }
    write(folder, "board-exercise", &morning::exercise(), morning::board())?;
    write(folder, "board-40-sites", &morning::frame("/incidents/1"), morning::many_sites())
}

fn write(folder: &Path, name: &str, frame: &Frame, view: BoardView) -> io::Result<()> {
    let (title, inner) = (view.title.clone(), frame.clone());
    let html = page_with(frame, &title, move || pages::board::body(&inner, &view));
    fs::write(folder.join(format!("{name}.html")), html)
}
