//! Acknowledgements against time, large: the share of units or people that confirmed, with the escalation's
//! steps as dotted verticals. The same figures stand beside it as words.

use domain::view::picture::Curve;
use leptos::prelude::*;

const LEFT: i64 = 28;
const WIDTH: i64 = 520;
const TOP: i64 = 8;
const FLOOR: i64 = 116;

/// The curve; `name` is what it shows, in words, for those who cannot see it.
pub fn curve(curve: &Curve, name: &str) -> AnyView {
    let across = |minute: i64| LEFT + minute * (WIDTH - LEFT - 34) / curve.minutes.max(1);
    let up = |share: i64| FLOOR - share * (FLOOR - TOP) / 100;
    let grid = [0, 25, 50, 75, 100]
        .into_iter()
        .map(|share| {
            let y = up(share);
            view! {
                <path class=if share == 0 { "axis" } else { "rule" } d=format!("M{LEFT} {y}H{}", WIDTH - 34)></path>
                <text x=LEFT - 6 y=y + 4 text-anchor="end">{share}</text>
            }
        })
        .collect_view();
    let steps = curve
        .steps
        .iter()
        .enumerate()
        .map(|(index, (minute, label))| {
            let x = across(*minute);
            let y = FLOOR - 38 + 15 * i64::try_from(index.min(2)).unwrap_or(0);
            view! { <path class="dotted" d=format!("M{x} {TOP}V{FLOOR}")></path><text x=x + 4 y=y>{label.clone()}</text> }
        })
        .collect_view();
    let ticks = curve
        .ticks
        .iter()
        .map(|(minute, label)| {
            view! { <text x=across(*minute) y=FLOOR + 16 text-anchor="middle">{label.clone()}</text> }
        })
        .collect_view();
    let line = curve.points.last().map(|(last_minute, last_share)| {
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(minute, share)| format!("{} {}", across(*minute), up(*share)))
            .collect();
        let path = format!("M{}", points.join("L"));
        let (x, y) = (across(*last_minute), up(*last_share));
        view! {
            <path class="sunk" d=format!("{path}L{x} {FLOOR}L{LEFT} {FLOOR}z")></path>
            <path class="line" d=path.clone()></path>
            <circle class="ink" cx=x cy=y r="4"></circle>
            <text class="num bold" x=x + 8 y=y + 4>{format!("{last_share} %")}</text>
        }
    });
    view! {
        <svg class="curve" viewBox="0 0 520 136" role="img" aria-label=name.to_owned()>
            {grid}{line}{steps}{ticks}
        </svg>
    }
    .into_any()
}
