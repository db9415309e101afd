//! A square for each unit, exceptions first in each row: red not confirmed, amber and half partly, grey
//! confirmed. The counts stand in words at the right.

use leptos::prelude::*;

use super::counted;

/// One site's units.
pub struct SiteUnits {
    pub site: String,
    pub not: i64,
    pub partly: i64,
    pub confirmed: i64,
    /// The way to this site's units.
    pub path: String,
}

const ACROSS: i64 = 44;

/// All sites, a row each, with the legend.
pub fn unit_map(sites: Vec<SiteUnits>) -> AnyView {
    let rows = sites.into_iter().map(row).collect_view();
    view! {
        <ul class="unit-map">{rows}</ul>
        <p class="muted sheet-legend">
            <span>{square("red")}" not confirmed"</span>
            <span>{square("half")}" partly: some on duty answered"</span>
            <span>{square("faint")}" confirmed"</span>
        </p>
    }
    .into_any()
}

fn square(class: &'static str) -> AnyView {
    view! {
        <svg class="i s" viewBox="0 0 9 9" aria-hidden="true">{cell(class, 0, 0)}</svg>
    }
    .into_any()
}

fn cell(class: &'static str, x: i64, y: i64) -> AnyView {
    if class == "half" {
        let full = format!("M{x} {y}h9v9h-9z");
        let part = format!("M{x} {}v-9h9z", y + 9);
        return view! { <path class="half-edge" d=full></path><path class="half" d=part></path> }.into_any();
    }
    view! { <rect class=class x=x y=y width="9" height="9"></rect> }.into_any()
}

fn row(site: SiteUnits) -> AnyView {
    let total = site.not + site.partly + site.confirmed;
    let lines = ((total + ACROSS - 1) / ACROSS).max(1);
    let cells = (0..total)
        .map(|index| {
            let class = match index {
                index if index < site.not => "red",
                index if index < site.not + site.partly => "half",
                _ => "faint",
            };
            cell(class, index % ACROSS * 11, index / ACROSS * 13)
        })
        .collect_view();
    let words = match (site.not, site.partly) {
        (0, 0) => view! { <span class="muted">{format!("all {total}")}</span> }.into_any(),
        (not, 0) => view! { <span class="late">{counted(not, "not", "not")}</span> }.into_any(),
        (0, partly) => view! { <b class="soon">{counted(partly, "partly", "partly")}</b> }.into_any(),
        (not, partly) => view! {
            <span class="late">{counted(not, "not", "not")}</span>", "
            <b class="soon">{counted(partly, "partly", "partly")}</b>
        }
        .into_any(),
    };
    view! {
        <li>
            <a href=site.path>{site.site}</a>
            <svg class="units" viewBox=format!("0 0 {} {}", ACROSS * 11, lines * 13 - 4) aria-hidden="true">{cells}</svg>
            <span class="unit-words">{words}</span>
        </li>
    }
    .into_any()
}
