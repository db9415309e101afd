//! The small pictures of the cards, 156 by 84, as SVG from the server. Ink and grey only; red flags mark what is
//! late. They are hidden from screen readers, because the card says the same in words.

use domain::view::picture::{Bar, Curve, Lane, Mark, Meter, Picture};
use leptos::prelude::*;

use super::count;

const WIDTH: i64 = 156;
const FLAG: &str = "M0 0h1.5v10H0zM1.5 0h8L7 2.75 9.5 5.5h-8z";

/// Draws a picture, or nothing.
pub fn picture(picture: &Picture) -> AnyView {
    let inner = match picture {
        Picture::None => return ().into_any(),
        Picture::Curve(curve) => rising(curve),
        Picture::Meters(meters) => bars(meters),
        Picture::Ledger(bars) => ledger(bars),
        Picture::Stages(stages) => self::stages(stages),
        Picture::Squares { done, late, open } => squares(*done, *late, *open),
        Picture::Lanes { lanes, from, to } => self::lanes(lanes, from, to),
    };
    view! {
        <svg class="pic" viewBox="0 0 156 84" aria-hidden="true" focusable="false">{inner}</svg>
    }
    .into_any()
}

fn rising(curve: &Curve) -> AnyView {
    const TOP: i64 = 6;
    const FLOOR: i64 = 64;
    let across = |minute: i64| minute * (WIDTH - 12) / curve.minutes.max(1) + 2;
    let up = |share: i64| FLOOR - share * (FLOOR - TOP) / 100;
    let line: Vec<String> =
        curve.points.iter().map(|(minute, share)| format!("{} {}", across(*minute), up(*share))).collect();
    let Some((last_minute, last_share)) = curve.points.last().copied() else { return ().into_any() };
    let path = format!("M{}", line.join("L"));
    let area = format!("{path}L{} {FLOOR}L{} {FLOOR}z", across(last_minute), across(0));
    let ticks = curve
        .ticks
        .iter()
        .map(|(minute, label)| {
            let x = across(*minute);
            let anchor = if x > WIDTH - 24 { "end" } else { "middle" };
            let text_x = if x > WIDTH - 24 { WIDTH - 2 } else { x };
            view! {
                <path class="axis" d=format!("M{x} {FLOOR}v-4")></path>
                <text x=text_x y="78" text-anchor=anchor>{label.clone()}</text>
            }
        })
        .collect_view();
    view! {
        <path class="sunk" d=area></path>
        <path class="dotted" d=format!("M2 {0}H{1}", up(last_share) + 3, across(last_minute))></path>
        <path class="axis" d=format!("M2 {FLOOR}H{}", WIDTH - 4)></path>
        {ticks}
        <path class="line" d=path></path>
        <circle class="ink" cx=across(last_minute) cy=up(last_share) r="3.5"></circle>
    }
    .into_any()
}

fn bars(meters: &[Meter]) -> AnyView {
    const LEFT: i64 = 62;
    let step = 78 / i64::try_from(meters.len().max(1)).unwrap_or(1);
    let rows = meters
        .iter()
        .enumerate()
        .map(|(index, meter)| {
            let y = step * i64::try_from(index).unwrap_or(0) + 4;
            let full = WIDTH - LEFT;
            let width = (meter.value * full / meter.of.max(1)).clamp(1, full);
            let label = (meter.value < meter.of).then(|| {
                view! { <text class="num" x=(LEFT + width + 4).min(WIDTH - 30) y=y + 10>{count(meter.value)}</text> }
            });
            let class = format!("step-{}", index.min(3));
            view! {
                <text x=LEFT - 6 y=y + 10 text-anchor="end">{meter.label.clone()}</text>
                <rect class=class x=LEFT y=y width=width height="13"></rect>
                {label}
            }
        })
        .collect_view();
    rows.into_any()
}

fn ledger(bars: &[Bar]) -> AnyView {
    const FLOOR: i64 = 62;
    let tallest = bars.iter().map(|bar| bar.back + bar.out).max().unwrap_or(0).max(1);
    let pitch = (WIDTH / i64::try_from(bars.len().max(1)).unwrap_or(1)).clamp(2, 26);
    let drawn = bars
        .iter()
        .enumerate()
        .map(|(index, bar)| {
            let x = pitch * i64::try_from(index).unwrap_or(0);
            let width = (pitch - 4).max(1);
            let (back, all) = (bar.back * 56 / tallest, (bar.back + bar.out) * 56 / tallest);
            let flag = bar.late.then(|| {
                view! { <path class="red" transform=format!("translate({x} {})", (FLOOR - all - 13).max(0)) d=FLAG></path> }
            });
            view! {
                <rect class="faint" x=x y=FLOOR - all width=width height=all - back></rect>
                <rect class="ink" x=x y=FLOOR - back width=width height=back></rect>
                {flag}
            }
        })
        .collect_view();
    view! {
        {drawn}
        <path class="axis" d=format!("M0 {FLOOR}.5H{WIDTH}")></path>
        <rect class="ink" x="0" y="70" width="8" height="8"></rect><text x="12" y="78">"back"</text>
        <rect class="faint" x="50" y="70" width="8" height="8"></rect><text x="62" y="78">"out"</text>
    }
    .into_any()
}

fn stages(stages: &[Meter]) -> AnyView {
    const LEFT: i64 = 56;
    let step = 80 / i64::try_from(stages.len().max(1)).unwrap_or(1);
    stages
        .iter()
        .enumerate()
        .map(|(index, stage)| {
            let y = step * i64::try_from(index).unwrap_or(0) + 3;
            let total = stage.of.clamp(1, 25);
            let pitch = (WIDTH - LEFT) * 10 / total;
            // Beyond 25 a square stands for several scopes; the number stands in words beside the picture.
            let done = if stage.of > 25 { stage.value * 25 / stage.of } else { stage.value };
            let cells = (0..total)
                .map(|cell| {
                    let class = if cell < done { "ink" } else { "hollow" };
                    let x = format!("{}.{}", LEFT + cell * pitch / 10, cell * pitch % 10);
                    view! { <rect class=class x=x y=y width=(pitch / 10 - 2).max(1) height="12"></rect> }
                })
                .collect_view();
            view! { <text x=LEFT - 8 y=y + 10 text-anchor="end">{stage.label.clone()}</text>{cells} }
        })
        .collect_view()
        .into_any()
}

fn squares(done: i64, late: i64, open: i64) -> AnyView {
    const ACROSS: i64 = 13;
    const MOST: i64 = 78;
    let total = (done + late + open).max(1);
    let scaled = |number: i64| if total <= MOST { number } else { (number * MOST + total - 1) / total };
    let (done, late, open) = (scaled(done), scaled(late), scaled(open));
    (0..(done + late + open).min(MOST))
        .map(|index| {
            let (x, y) = (index % ACROSS * 12, index / ACROSS * 14 + 1);
            if index < done {
                view! { <rect class="ink soft" x=x y=y width="9" height="9"></rect> }.into_any()
            } else if index < done + late {
                view! { <path class="red" transform=format!("translate({x} {y})") d=FLAG></path> }.into_any()
            } else {
                view! { <rect class="hollow" x=format!("{x}.5") y=format!("{y}.5") width="8" height="8"></rect> }
                    .into_any()
            }
        })
        .collect_view()
        .into_any()
}

fn lanes(lanes: &[Lane], from: &str, to: &str) -> AnyView {
    const LEFT: i64 = 64;
    let across = |place: i64| LEFT + place.clamp(0, 1000) * (WIDTH - LEFT - 8) / 1000;
    let drawn = lanes
        .iter()
        .enumerate()
        .map(|(index, lane)| {
            let y = 22 * i64::try_from(index).unwrap_or(0) + 11;
            let marks = lane
                .marks
                .iter()
                .map(|place| {
                    let x = across(*place);
                    let shape = match lane.shape {
                        Mark::Diamond => format!("M{x} {}l5 5-5 5-5-5z", y - 5),
                        Mark::Square => format!("M{} {}h8v8h-8z", x - 4, y - 4),
                        Mark::Stroke => format!("M{x} {}h1v10h-1z", y - 5),
                    };
                    view! { <path class="ink" d=shape></path> }
                })
                .collect_view();
            view! {
                <text x=LEFT - 8 y=y + 4 text-anchor="end">{lane.label.clone()}</text>
                <path class="rule" d=format!("M{LEFT} {y}H{WIDTH}")></path>
                {marks}
            }
        })
        .collect_view();
    view! {
        {drawn}
        <text x=LEFT y="80">{from.to_owned()}</text>
        <text x=WIDTH y="80" text-anchor="end">{to.to_owned()}</text>
    }
    .into_any()
}
