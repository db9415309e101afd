//! The sheets themselves: a table with numbered lines, so that what is typed in can be found again on paper.

use super::SheetKind;
use crate::packs::{Mark, Page, Paper, fit};

/// Numbered lines on a sheet.
const LINES: i64 = 22;
const EDGE: f64 = 36.0;
const TOP: f64 = 110.0;
const HEIGHT: f64 = 29.0;

/// The pages of sheets, from one number to another.
pub fn pages(
    paper: Paper,
    kind: SheetKind,
    (first, last): (i64, i64),
    incident: &str,
) -> impl Iterator<Item = Page> {
    (first..=last).map(move |number| page(paper, kind, number, incident))
}

fn page(paper: Paper, kind: SheetKind, number: i64, incident: &str) -> Page {
    let (width, height) = paper.size();
    let title = format!("{} {number}", kind.words());
    let mut marks = Vec::new();
    let right = width - EDGE;
    let write =
        |marks: &mut Vec<Mark>, (x, y): (f64, f64), (size, bold): (f64, bool), text: &str, most: f64| {
            let (text, size) = fit(text, size, bold, most);
            if !text.is_empty() {
                marks.push(Mark::Text { x, y, size, bold, text });
            }
        };
    write(&mut marks, (EDGE, 58.0), (20.0, true), &title, right - EDGE);
    write(&mut marks, (EDGE, 76.0), (10.0, false), incident, right - EDGE);
    let hint = "Give this sheet back, also when nothing is on it. No patient's name or number.";
    write(&mut marks, (EDGE, 92.0), (9.0, false), hint, right - EDGE);
    let columns = kind.columns();
    let shares: Vec<f64> = columns.iter().map(|column| share(column)).collect();
    let all: f64 = shares.iter().sum();
    let bottom = TOP + HEIGHT * (f64::from(i32::try_from(LINES).unwrap_or(0)) + 0.6);
    let mut x = EDGE;
    for (column, share) in columns.iter().zip(&shares) {
        let wide = (right - EDGE) * share / all;
        write(&mut marks, (x + 3.0, TOP + 12.0), (8.0, true), column, wide - 6.0);
        marks.push(Mark::Line { x, y: TOP, to_x: x, to_y: bottom, width: 0.6 });
        x += wide;
    }
    marks.push(Mark::Line { x: right, y: TOP, to_x: right, to_y: bottom, width: 0.6 });
    marks.push(Mark::Line { x: EDGE, y: TOP, to_x: right, to_y: TOP, width: 1.0 });
    let mut y = TOP + HEIGHT * 0.6;
    for line in 1..=LINES {
        marks.push(Mark::Line { x: EDGE, y, to_x: right, to_y: y, width: 0.6 });
        write(&mut marks, (EDGE + 3.0, y + 18.0), (10.0, false), &line.to_string(), 24.0);
        y += HEIGHT;
    }
    marks.push(Mark::Line { x: EDGE, y, to_x: right, to_y: y, width: 1.0 });
    Page { width, height, title, marks }
}

/// How wide a column is beside the others.
fn share(column: &str) -> f64 {
    match column {
        "Line" => 0.5,
        "What happened" => 6.0,
        "Date and time" | "In at" | "Out at" | "Signature" => 1.6,
        _ => 2.2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packs::width;

    /// Nothing lies beyond what a printer can reach, and each sheet says its number.
    #[test]
    fn every_sheet_lies_within_the_paper() {
        for (paper, kind) in Paper::ALL.into_iter().flat_map(|paper| SheetKind::ALL.map(|kind| (paper, kind)))
        {
            for page in pages(paper, kind, (7, 8), &"A long name of an incident ".repeat(9)) {
                let inside = |x: f64, y: f64| {
                    (18.0..=page.width - 18.0).contains(&x) && (18.0..=page.height - 18.0).contains(&y)
                };
                for mark in &page.marks {
                    let right = match mark {
                        Mark::Text { x, y, size, bold, text } => {
                            inside(*x, *y) && inside(x + width(text, *size, *bold), *y)
                        }
                        Mark::Line { x, y, to_x, to_y, .. } => inside(*x, *y) && inside(*to_x, *to_y),
                        _ => true,
                    };
                    assert!(right, "{}: {mark:?}", page.title);
                }
                assert!(page.title.ends_with('7') || page.title.ends_with('8'));
            }
        }
    }
}
