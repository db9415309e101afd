//! The two codes by which a scanner takes in a printed serial: dark on light in every theme, with their quiet zones.

use std::fmt::Write;

use domain::packs::{code128, qr};
use leptos::prelude::*;

/// Light modules around a QR code, without which no camera finds it.
const QUIET: u32 = 4;
/// How high a bar is, in modules.
const HIGH: u32 = 40;

/// A text as a QR code and as Code 128, side by side, with the text for eyes.
pub fn codes(text: &str) -> AnyView {
    let (runs, size) = qr(text);
    let square = runs.iter().fold(String::new(), |mut path, (row, from, long)| {
        dark(&mut path, (from + QUIET, row + QUIET), (*long, 1));
        path
    });
    let (bars, wide) = code128(text);
    let lines = bars.iter().fold(String::new(), |mut path, (from, long)| {
        dark(&mut path, (*from, 0), (*long, HIGH));
        path
    });
    let side = size + 2 * QUIET;
    view! {
        <p>
            {drawing(&format!("{text} as a QR code"), (side, side), (96, 96), square)}
            {drawing(&format!("{text} as a barcode"), (wide, HIGH), (wide + wide / 2, 60), lines)}
        </p>
    }
    .into_any()
}

fn dark(path: &mut String, (x, y): (u32, u32), (wide, high): (u32, u32)) {
    write!(path, "M{x} {y}h{wide}v{high}h-{wide}z").expect("a text in memory takes all that is written");
}

fn drawing(label: &str, (wide, high): (u32, u32), (width, height): (u32, u32), path: String) -> AnyView {
    view! {
        <svg role="img" aria-label=label.to_owned() viewBox=format!("0 0 {wide} {high}") width=width height=height
            shape-rendering="crispEdges">
            <rect width=wide height=high fill="#fff"/>
            <path d=path fill="#000"/>
        </svg>
    }
    .into_any()
}
