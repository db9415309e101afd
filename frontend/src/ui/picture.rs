//! The small pictures of the cards, 156 by 84, as SVG from the server. Ink and grey only; red flags mark what is
//! late. They are hidden from screen readers, because the card says the same in words.
//!
//! They are put together as text: a picture is drawn anew as a whole, and as components its many small shapes
//! would be a third of the browser bundle.

use domain::view::picture::{Bar, Curve, Lane, Mark, Meter, Picture};
use leptos::prelude::*;

use super::{count, escape};

const WIDTH: i64 = 156;
const FLAG: &str = "M0 0h1.5v10H0zM1.5 0h8L7 2.75 9.5 5.5h-8z";

/// Draws a picture, or nothing.
pub fn picture(picture: &Picture) -> AnyView {
    let shapes = match picture {
        Picture::None => return ().into_any(),
        Picture::Curve(curve) => rising(curve),
        Picture::Meters(meters) => bars(meters),
        Picture::Ledger(bars) => ledger(bars),
        Picture::Stages(stages) => self::stages(stages),
        Picture::Squares { done, late, open } => squares(*done, *late, *open),
        Picture::Lanes { lanes, from, to } => self::lanes(lanes, from, to),
    };
    view! { <svg class="pic" viewBox="0 0 156 84" aria-hidden="true" focusable="false" inner_html=shapes></svg> }
        .into_any()
}

fn path(class: &str, d: &str) -> String {
    format!(r#"<path class="{class}" d="{d}"/>"#)
}

fn rect(class: &str, [x, y, width, height]: [i64; 4]) -> String {
    format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#)
}

fn text(class: &str, x: i64, y: i64, anchor: &str, words: &str) -> String {
    format!(r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{}</text>"#, escape(words))
}

fn flag(x: i64, y: i64) -> String {
    format!(r#"<path class="red" transform="translate({x} {y})" d="{FLAG}"/>"#)
}

/// The places of things that stand one after another, from `first` in equal steps.
fn spaced<T>(things: &[T], first: i64, step: i64) -> impl Iterator<Item = (i64, &T)> {
    (0..).map(move |index: i64| first + index * step).zip(things)
}

fn number_of<T>(things: &[T]) -> i64 {
    i64::try_from(things.len()).unwrap_or(i64::MAX).max(1)
}

fn rising(curve: &Curve) -> String {
    const TOP: i64 = 6;
    const FLOOR: i64 = 64;
    let across = |minute: i64| minute * (WIDTH - 12) / curve.minutes.max(1) + 2;
    let up = |share: i64| FLOOR - share * (FLOOR - TOP) / 100;
    let Some((last_minute, last_share)) = curve.points.last().copied() else { return String::new() };
    let points: Vec<String> =
        curve.points.iter().map(|(minute, share)| format!("{} {}", across(*minute), up(*share))).collect();
    let line = format!("M{}", points.join("L"));
    let (x, y) = (across(last_minute), up(last_share));
    let ticks = curve.ticks.iter().map(|(minute, label)| {
        let x = across(*minute);
        let (at, anchor) = if x > WIDTH - 24 { (WIDTH - 2, "end") } else { (x, "middle") };
        path("axis", &format!("M{x} {FLOOR}v-4")) + &text("", at, 78, anchor, label)
    });
    [
        path("sunk", &format!("{line}L{x} {FLOOR}L{} {FLOOR}z", across(0))),
        path("dotted", &format!("M2 {}H{x}", y + 3)),
        path("axis", &format!("M2 {FLOOR}H{}", WIDTH - 4)),
        ticks.collect(),
        path("line", &line),
        format!(r#"<circle class="ink" cx="{x}" cy="{y}" r="3.5"/>"#),
    ]
    .concat()
}

fn bars(meters: &[Meter]) -> String {
    const LEFT: i64 = 62;
    const FULL: i64 = WIDTH - LEFT;
    let mut shades = ["step-0", "step-1", "step-2"].into_iter();
    spaced(meters, 4, 78 / number_of(meters))
        .map(|(y, meter)| {
            let width = (meter.value * FULL / meter.of.max(1)).clamp(1, FULL);
            let at = (LEFT + width + 4).min(WIDTH - 30);
            let number = if meter.value < meter.of {
                text("num", at, y + 10, "start", &count(meter.value))
            } else {
                String::new()
            };
            let shade = shades.next().unwrap_or("step-3");
            text("", LEFT - 6, y + 10, "end", &meter.label) + &rect(shade, [LEFT, y, width, 13]) + &number
        })
        .collect()
}

fn ledger(bars: &[Bar]) -> String {
    const FLOOR: i64 = 62;
    let tallest = bars.iter().map(|bar| bar.back + bar.out).max().unwrap_or(0).max(1);
    let pitch = (WIDTH / number_of(bars)).clamp(2, 26);
    let width = (pitch - 4).max(1);
    let drawn: String = spaced(bars, 0, pitch)
        .map(|(x, bar)| {
            let (back, all) = (bar.back * 56 / tallest, (bar.back + bar.out) * 56 / tallest);
            let flag = if bar.late { flag(x, (FLOOR - all - 13).max(0)) } else { String::new() };
            rect("faint", [x, FLOOR - all, width, all - back])
                + &rect("ink", [x, FLOOR - back, width, back])
                + &flag
        })
        .collect();
    [
        drawn,
        path("axis", &format!("M0 {FLOOR}.5H{WIDTH}")),
        rect("ink", [0, 70, 8, 8]),
        text("", 12, 78, "start", "back"),
        rect("faint", [50, 70, 8, 8]),
        text("", 62, 78, "start", "out"),
    ]
    .concat()
}

fn stages(stages: &[Meter]) -> String {
    const LEFT: i64 = 56;
    spaced(stages, 3, 80 / number_of(stages))
        .map(|(y, stage)| {
            let label = text("", LEFT - 8, y + 10, "end", &stage.label);
            // Too many for a square each: one bar says the share.
            if stage.of > 25 {
                let done = rect("ink", [LEFT, y, stage.value * (WIDTH - LEFT) / stage.of, 12]);
                return label + &done + &rect("hollow", [LEFT, y, WIDTH - LEFT, 12]);
            }
            let total = stage.of.max(1);
            let cells = (0..total).map(|cell| {
                let class = if cell < stage.value { "ink" } else { "hollow" };
                let x = LEFT + cell * (WIDTH - LEFT) / total;
                rect(class, [x, y, (WIDTH - LEFT) / total - 2, 12])
            });
            label + &cells.collect::<String>()
        })
        .collect()
}

fn squares(done: i64, late: i64, open: i64) -> String {
    const ACROSS: i64 = 13;
    const MOST: i64 = 78;
    let total = (done + late + open).max(1);
    let scaled = |number: i64| if total <= MOST { number } else { (number * MOST + total - 1) / total };
    let (done, late, open) = (scaled(done), scaled(late), scaled(open));
    (0..(done + late + open).min(MOST))
        .map(|index| {
            let (x, y) = (index % ACROSS * 12, index / ACROSS * 14 + 1);
            match index {
                index if index < done => rect("ink soft", [x, y, 9, 9]),
                index if index < done + late => flag(x, y),
                _ => rect("hollow", [x, y, 9, 9]),
            }
        })
        .collect()
}

fn lanes(lanes: &[Lane], from: &str, to: &str) -> String {
    const LEFT: i64 = 64;
    let across = |place: i64| LEFT + place.clamp(0, 1000) * (WIDTH - LEFT - 8) / 1000;
    let drawn: String = spaced(lanes, 11, 22)
        .map(|(y, lane)| {
            let shape = |place: &i64| match (across(*place), lane.shape) {
                (x, Mark::Diamond) => format!("M{x} {}l5 5-5 5-5-5z", y - 5),
                (x, Mark::Square) => format!("M{} {}h8v8h-8z", x - 4, y - 4),
                (x, Mark::Stroke) => format!("M{x} {}h1v10h-1z", y - 5),
            };
            let marks: String = lane.marks.iter().map(shape).collect();
            text("", LEFT - 8, y + 4, "end", &lane.label)
                + &path("rule", &format!("M{LEFT} {y}H{WIDTH}"))
                + &path("ink", &marks)
        })
        .collect();
    drawn + &text("", LEFT, 80, "start", from) + &text("", WIDTH, 80, "end", to)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_label_from_a_file_stays_inert_in_a_picture() {
        let meter = Meter { label: "</svg><script>alert(1)</script>".into(), value: 1, of: 2 };
        let html = picture(&Picture::Meters(vec![meter])).to_html();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn every_thing_is_drawn_up_to_what_fits_and_nothing_divides_by_zero() {
        assert_eq!(squares(41, 3, 19).matches("<rect").count(), 60);
        assert_eq!(squares(41, 3, 19).matches(r#"class="red""#).count(), 3);
        assert!(squares(4000, 1, 0).matches('<').count() <= 78);
        for empty in
            [Picture::Meters(Vec::new()), Picture::Ledger(Vec::new()), Picture::Curve(Curve::default())]
        {
            assert!(picture(&empty).to_html().contains("<svg"));
        }
    }
}
