//! From cancelled to seen: four columns on one scale, with what has not moved on and what is late beside each.

use leptos::prelude::*;

use super::{count, icon};

/// One column of the funnel.
pub struct Step {
    /// `Told`
    pub label: String,
    pub value: i64,
    /// What has not moved on: `2,838 not told`.
    pub rest: String,
    /// What of it is late, with the way to its rows.
    pub late: Option<(String, String)>,
    pub path: String,
}

const HIGH: i64 = 60;

/// The funnel; all columns share the first one's scale.
pub fn funnel(steps: Vec<Step>) -> AnyView {
    let tallest = steps.iter().map(|step| step.value).max().unwrap_or(0).max(1);
    let heights: Vec<i64> = steps.iter().map(|step| (step.value * HIGH / tallest).max(1)).collect();
    let columns = steps
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let own = heights.get(index).copied().unwrap_or(1);
            let next = heights.get(index + 1).copied();
            let meter = step.value * 100 / tallest;
            let late = step.late.map(|(words, path)| {
                view! { <a class="late" href=path>{icon::flag()}" "{words}</a> }
            });
            view! {
                <li>
                    <p class="funnel-label">{step.label}</p>
                    <p class="funnel-figure"><a href=step.path>{count(step.value)}</a></p>
                    <p class="funnel-rest">{step.rest}{late}</p>
                    {shape(index, own, next)}
                    <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                        <rect class="sunk" width="100" height="6"></rect>
                        <rect class="ink" width=meter.max(i64::from(step.value > 0)) height="6"></rect>
                    </svg>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="funnel">{columns}</ol> }.into_any()
}

/// A bar and the tapered join to the next one.
fn shape(index: usize, own: i64, next: Option<i64>) -> AnyView {
    let join = next.map(|next| {
        let points = format!("80,{} 100,{} 100,{HIGH} 80,{HIGH}", HIGH - own, HIGH - next);
        view! { <polygon class=format!("join step-{}", index.min(3)) points=points></polygon> }
    });
    let width = if next.is_some() { 80 } else { 100 };
    view! {
        <svg class="funnel-bar" viewBox="0 0 100 60" preserveAspectRatio="none" aria-hidden="true">
            <rect class=format!("step-{}", index.min(3)) y=HIGH - own width=width height=own></rect>
            {join}
        </svg>
    }
    .into_any()
}
