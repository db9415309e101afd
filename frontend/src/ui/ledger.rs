//! Where the numbered sheets are, as one stacked bar: used, blank, voided, out, missing. Rule 8 makes the parts
//! add up, so the bar's length is what was issued.

use leptos::prelude::*;

use super::count;

/// How many sheets are in which state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sheets {
    pub used: i64,
    pub blank: i64,
    pub voided: i64,
    pub out: i64,
    pub missing: i64,
}

impl Sheets {
    /// All that were issued.
    pub const fn issued(self) -> i64 {
        self.used + self.blank + self.voided + self.out + self.missing
    }
}

/// One bar on a scale of `most` sheets.
pub fn bar(sheets: Sheets, most: i64) -> AnyView {
    let mut from = 0;
    let parts = [
        ("ink", sheets.used),
        ("step-2", sheets.blank),
        ("step-1", sheets.voided),
        ("step-0", sheets.out),
        ("red", sheets.missing),
    ]
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(class, number)| {
        let x = from * 1000 / most.max(1);
        from += number;
        let width = (from * 1000 / most.max(1) - x).max(4);
        view! { <rect class=class x=x width=width height="10"></rect> }
    })
    .collect_view();
    view! {
        <svg class="bars" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">{parts}</svg>
    }
    .into_any()
}

/// What the shades mean, with the sum.
pub fn legend(sheets: Sheets) -> AnyView {
    let part = |class: &'static str, words: &'static str, number: i64| {
        view! {
            <span>
                <svg class="i s" viewBox="0 0 9 9" aria-hidden="true"><rect class=class width="9" height="9"></rect></svg>
                {format!(" {words} {}", count(number))}
            </span>
        }
    };
    view! {
        <p class="sheet-legend muted">
            <span>{format!("Issued {} =", count(sheets.issued()))}</span>
            {part("ink", "used", sheets.used)}
            {part("step-2", "blank", sheets.blank)}
            {part("step-1", "voided", sheets.voided)}
            {part("step-0", "out", sheets.out)}
            {part("red", "missing", sheets.missing)}
        </p>
    }
    .into_any()
}
