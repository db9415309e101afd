//! One numbered sheet: whose it is, where the patient is, when it happened, what the form asks, who wrote it.
//!
//! Every sheet has a place for the patient's label, the time of the event apart from the time of writing, and the
//! author's name, licence and signature: without them nobody can type it in for somebody else.

use super::{MARGIN, Page, Printed, Range, code128, qr};
use crate::playbooks::Disposition;

/// Height of a line to write on by hand.
const LINE: f64 = 21.0;
const SMALL: f64 = 7.5;

/// The sheet with this number.
pub(super) fn sheet(printed: &Printed, range: &Range, number: i64) -> Page {
    let serial = printed.serial(range, number);
    let mut page = Page::new(printed.paper, format!("{} {serial}", range.form.name));
    head(&mut page, printed, range, &serial);
    patient(&mut page, 122.0);
    beside(&mut page, 122.0, range.form.location);
    let y = when(&mut page, 216.0);
    let y = fields(&mut page, y + 8.0, &range.form.fields);
    let bottom = page.height - 112.0;
    body(&mut page, (y + 8.0, bottom), &range.form.columns);
    author(&mut page, bottom + 8.0);
    foot(&mut page, printed, range, &serial);
    page
}

fn head(page: &mut Page, printed: &Printed, range: &Range, serial: &str) {
    let right = page.width - MARGIN;
    let form = &range.form;
    page.bold((MARGIN, 48.0), 15.0, &form.name, right - MARGIN - 90.0);
    let place = format!("{}, {}", printed.site, printed.unit);
    page.text((MARGIN, 63.0), 10.0, &place, right - MARGIN - 90.0);
    page.bold((MARGIN, 80.0), 12.0, serial, right - MARGIN - 90.0);
    bars(page, (MARGIN, 86.0), (right - MARGIN - 90.0, 26.0), serial);
    let (runs, modules) = qr(serial);
    let module = 78.0 / f64::from(modules);
    let dark = |(row, from, many): (u32, u32, u32)| {
        let (x, y) = (right - 78.0 + f64::from(from) * module, MARGIN - 2.0 + f64::from(row) * module);
        [x, y, f64::from(many) * module, module]
    };
    page.dark(runs.into_iter().map(dark).collect());
}

/// The serial as Code 128, as wide as its modules ask for and no wider than there is room.
pub(super) fn bars(page: &mut Page, (x, y): (f64, f64), (most, height): (f64, f64), text: &str) {
    let (bars, modules) = code128(text);
    let module = (most / f64::from(modules)).min(0.95);
    let dark = |(from, many): (u32, u32)| [x + f64::from(from) * module, y, f64::from(many) * module, height];
    page.dark(bars.into_iter().map(dark).collect());
}

fn patient(page: &mut Page, y: f64) {
    let width = half(page);
    page.frame((MARGIN, y), (width, 88.0), 1.0);
    page.text((MARGIN + 4.0, y + 10.0), SMALL, "Put the patient's label here, or write:", width - 8.0);
    let rows = ["Name", "Date of birth", "Number (record or downtime)"];
    for (index, label) in (0_u32..).zip(rows) {
        let base = y + 32.0 + f64::from(index) * 24.0;
        page.text((MARGIN + 4.0, base), SMALL, label, 110.0);
        page.line((MARGIN + 112.0, base + 2.0), (MARGIN + width - 6.0, base + 2.0), 0.5);
    }
}

/// Beside the patient: where they are, on what travels; otherwise the encounter.
fn beside(page: &mut Page, y: f64, location: bool) {
    let (width, x) = (half(page), page.width - MARGIN - half(page));
    let (title, rows): (&str, [&str; 3]) = if location {
        page.frame((x, y), (width, 88.0), 2.5);
        (
            "WHERE THE PATIENT IS NOW. Nothing travels without it.",
            ["Site and unit", "Room and bed", "Phone for the result"],
        )
    } else {
        page.frame((x, y), (width, 88.0), 0.5);
        ("Beside the patient", ["Encounter or account", "Room and bed", "Allergies known to you"])
    };
    page.bold((x + 4.0, y + 10.0), SMALL, title, width - 8.0);
    for (index, label) in (0_u32..).zip(rows) {
        let base = y + 32.0 + f64::from(index) * 24.0;
        page.text((x + 4.0, base), SMALL, label, 88.0);
        page.line((x + 92.0, base + 2.0), (x + width - 6.0, base + 2.0), 0.5);
    }
}

fn half(page: &Page) -> f64 {
    (page.width - 2.0 * MARGIN - 8.0) / 2.0
}

/// When it happened, apart from when it was written down. Gives where it ends.
fn when(page: &mut Page, y: f64) -> f64 {
    let labels =
        ["Date of the event", "Time of the event (24 h)", "Date written, if later", "Time written, if later"];
    boxes(page, y, &labels.map(|label| (label, 1.0)), 26.0)
}

/// Boxes side by side over the whole width, as wide as their shares.
pub(super) fn boxes(page: &mut Page, y: f64, labels: &[(&str, f64)], height: f64) -> f64 {
    let all = page.width - 2.0 * MARGIN;
    let shares: f64 = labels.iter().map(|(_, share)| share).sum();
    let mut x = MARGIN;
    for (label, share) in labels {
        let width = all * share / shares;
        page.frame((x, y), (width, height), 0.5);
        page.text((x + 3.0, y + 8.0), 6.5, label, width - 6.0);
        x += width;
    }
    y + height
}

/// What the form asks beside its table, two in a line. Gives where it ends.
fn fields(page: &mut Page, y: f64, fields: &[String]) -> f64 {
    let width = half(page);
    let mut end = y;
    for (index, field) in (0_u32..).zip(fields) {
        let x = if index % 2 == 0 { MARGIN } else { page.width - MARGIN - width };
        let base = y + f64::from(index / 2) * LINE + 14.0;
        page.text((x, base), 8.0, field, 116.0);
        page.line((x + 120.0, base + 2.0), (x + width, base + 2.0), 0.5);
        end = base + 4.0;
    }
    end
}

/// A table with the form's columns, or ruled lines.
fn body(page: &mut Page, (top, bottom): (f64, f64), columns: &[String]) {
    let right = page.width - MARGIN;
    if columns.is_empty() {
        let mut y = top + LINE;
        while y <= bottom {
            page.line((MARGIN, y), (right, y), 0.4);
            y += LINE;
        }
        return;
    }
    // A column is as wide as its words ask for, and what is written under them needs more room than the words.
    let wants: Vec<f64> = columns.iter().map(|column| super::width(column, 8.0, true) + 22.0).collect();
    let stretch = (right - MARGIN) / wants.iter().sum::<f64>();
    let heading = 16.0;
    let lines = ((bottom - top - heading) / LINE).floor();
    let bottom = top + heading + lines * LINE;
    page.frame((MARGIN, top), (right - MARGIN, bottom - top), 0.8);
    page.line((MARGIN, top + heading), (right, top + heading), 0.8);
    let mut x = MARGIN;
    for (index, (column, wanted)) in columns.iter().zip(&wants).enumerate() {
        if index > 0 {
            page.line((x, top), (x, bottom), 0.4);
        }
        page.bold((x + 3.0, top + 11.0), 8.0, column, wanted * stretch - 6.0);
        x += wanted * stretch;
    }
    let mut y = top + heading + LINE;
    while y < bottom - 2.0 {
        page.line((MARGIN, y), (right, y), 0.4);
        y += LINE;
    }
}

fn author(page: &mut Page, y: f64) {
    let labels = [
        ("Author, in capitals", 2.2),
        ("Licence or role", 1.3),
        ("Signature", 2.2),
        ("Date", 0.9),
        ("Time", 0.8),
    ];
    boxes(page, y, &labels, 34.0);
}

fn foot(page: &mut Page, printed: &Printed, range: &Range, serial: &str) {
    let (width, y) = (page.width - 2.0 * MARGIN, page.height - 52.0);
    let end = match range.form.disposition {
        Disposition::BackEnter => "Typed in afterwards, then scanned.",
        Disposition::ScanOnly => "Scanned to the chart afterwards.",
        Disposition::Keep => "Kept by its department.",
    };
    let rule =
        "Give back every sheet: used, blank or spoilt. Never copy a sheet: a copy has no number of its own.";
    page.text((MARGIN, y), SMALL, &format!("{end} {rule}"), width);
    let line = format!("{serial}   {}   pack {}, printed {}", printed.playbook, printed.pack, printed.made);
    page.text((MARGIN, y + 11.0), SMALL, &line, width);
}
