//! Scanning: one field that keeps the focus, an answer in word, colour and sound, and what was scanned last. Without
//! JavaScript the form posts and comes back with the same choices.

use domain::{
    forms::{Pile, Station, VoidReason},
    view::{
        forms::{Named, ScanView},
        frame::Frame,
    },
};
use leptos::prelude::*;

use super::choices;
use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// The page for scanning.
pub fn scan(frame: &Frame, view: &ScanView) -> AnyView {
    let base = format!("/incidents/{}/forms", view.choices.incident);
    let columns =
        vec![Column::new("Serial"), Column::new("Accounting"), Column::new("Where"), Column::new("At")];
    let rows = view.last.iter().map(|line| {
        Row::new(vec![
            table::text(&line.serial),
            table::text(&line.state),
            table::text(&line.custody),
            table::text(&line.at),
        ])
    });
    view! {
        {ui::head(frame, "Scan forms", None, Some(button::secondary_link("All paper", &base)))}
        {answer(frame, view)}
        {button::form(&format!("{base}/scan"), &view.choices.request_id.to_string(), fields(frame, view))}
        <div data-scan-extras class="stack" hidden>
            <div class="actions">
                <label class="choice"><input type="checkbox" checked data-scan-sound/><span>"Sound"</span></label>
                <button type="button" class="button" data-scan-camera hidden>"Use the camera"</button>
            </div>
            <video data-scan-video hidden muted playsinline></video>
            <p data-scan-waiting class="late" role="alert"></p>
            <p>"Scanned on this page: "<b data-scan-count>"0"</b>". "<span data-scan-sums></span></p>
            <ol data-scan-log reversed aria-label="The last ten scans"></ol>
        </div>
        {ui::panel("Your last scans that were taken", table::table(
            "Last scans", columns, rows.collect(), "You have not scanned a form here yet."))}
    }
    .into_any()
}

/// What the last scan came to. The script writes here as well.
fn answer(frame: &Frame, view: &ScanView) -> AnyView {
    let refused = frame.notice.is_some() || !frame.errors.is_empty();
    let (class, word, rest) = match &view.answer {
        Some(answer) if !refused => {
            ("notice scan-good", answer.word.clone(), format!("{} {}", answer.serial, answer.sentence))
        }
        _ if refused => ("notice problem", "NOT TAKEN".to_owned(), "Look at what is said above.".to_owned()),
        _ => ("notice", "READY".to_owned(), "Choose where you stand, then scan.".to_owned()),
    };
    view! {
        <p class=class data-scan-answer role="status">
            <strong data-scan-word>{word}</strong>" "<span data-scan-said>{rest}</span>
        </p>
    }
    .into_any()
}

fn fields(frame: &Frame, view: &ScanView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let stations = Station::ALL.map(|each| Choice::new(each.code(), each.words())).into();
    let piles = Pile::ALL.map(|each| Choice::new(each.code(), pile_words(each))).into();
    let reasons = VoidReason::ALL.map(|each| Choice::new(each.code(), each.words()));
    let reasons = std::iter::once(Choice::new("", "Choose")).chain(reasons).collect();
    let any = |named: &[Named], words: &str| {
        std::iter::once(Choice::new("", words)).chain(choices(named)).collect::<Vec<_>>()
    };
    view! {
        {Field::new("serial", "Scan or type the serial").value(form.serial.0.clone()).errors(errors).focused().text()}
        {button::primary("Take this form")}
        <div data-scanner class="stack">
            {Field::new("station", "Where do you stand?").value(form.station.0.clone()).errors(errors).select(stations)}
            {Field::new("pile", "Given back: on which pile?").value(form.pile.0.clone()).errors(errors).select(piles)}
            {Field::new("voided_because", "Voided: why?").value(form.voided_because.0.clone()).errors(errors)
                .optional().select(reasons)}
            {Field::new("unit", "Forms of which unit?").hint("Sheets of another unit are refused")
                .value(form.unit.0.clone()).errors(errors).optional().select(any(&view.choices.units, "Any unit"))}
            {Field::new("batch", "Into which batch?").value(form.batch.0.clone()).errors(errors).optional()
                .select(any(&view.batches, "No batch"))}
        </div>
    }
    .into_any()
}

const fn pile_words(pile: Pile) -> &'static str {
    match pile {
        Pile::Used => "Used",
        Pile::Blank => "Blank",
        Pile::Voided => "Voided",
    }
}
