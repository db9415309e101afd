//! The first pages of a pack: what is in it, and the cover sheet under which it is given back.

use super::{MARGIN, Page, Printed, Range, sheet::boxes};

const ROW: f64 = 17.0;

/// The list of contents and the covers for giving back, each as many pages as the kinds of forms need.
pub(super) fn covers(printed: &Printed) -> Vec<Page> {
    let room = usize::from(if printed.paper == super::Paper::A4 { 34_u8 } else { 31_u8 });
    let mut pages: Vec<Page> = printed.ranges.chunks(room).map(|ranges| contents(printed, ranges)).collect();
    pages.extend(printed.ranges.chunks(room - 4).map(|ranges| give_back(printed, ranges)));
    pages
}

fn head(page: &mut Page, printed: &Printed, title: &str) {
    let most = page.width - 2.0 * MARGIN;
    page.bold((MARGIN, 50.0), 16.0, title, most);
    let place = format!("{}, {}", printed.site, printed.unit);
    page.text((MARGIN, 66.0), 11.0, &place, most);
    let line = format!("Pack {}, printed {}, {}", printed.pack, printed.made, printed.playbook);
    page.text((MARGIN, 80.0), 8.0, &line, most);
}

/// A table from `top`: labels with the shares of their columns, then rows of texts. Gives where it ends.
fn table(page: &mut Page, top: f64, labels: &[(&str, f64)], rows: &[Vec<String>]) -> f64 {
    let all = page.width - 2.0 * MARGIN;
    let shares: f64 = labels.iter().map(|(_, share)| share).sum();
    let mut y = top;
    let heads = labels.iter().map(|(label, _)| (*label).to_owned()).collect::<Vec<_>>();
    for (index, row) in std::iter::once(&heads).chain(rows).enumerate() {
        let mut x = MARGIN;
        for (cell, (_, share)) in row.iter().zip(labels) {
            let width = all * share / shares;
            page.frame((x, y), (width, ROW), 0.5);
            page.write((x + 3.0, y + 12.0), (8.0, index == 0), cell, width - 6.0);
            x += width;
        }
        y += ROW;
    }
    y
}

fn contents(printed: &Printed, ranges: &[Range]) -> Page {
    let title = "What is in this pack";
    let mut page = Page::new(printed.paper, format!("{title}, pack {}", printed.pack));
    head(&mut page, printed, title);
    let rows: Vec<Vec<String>> = ranges
        .iter()
        .map(|range| {
            let (first, last) = printed.ends(range);
            vec![range.form.code.clone(), range.form.name.clone(), range.sheets().to_string(), first, last]
        })
        .collect();
    let labels = [("Form", 1.0), ("Name", 3.6), ("Sheets", 0.8), ("First", 2.6), ("Last", 2.6)];
    let y = table(&mut page, 96.0, &labels, &rows);
    let labels =
        [("Put into the box by", 2.0), ("Signature", 2.0), ("Date", 1.0), ("Next look at the box", 1.2)];
    boxes(&mut page, y + 14.0, &labels, 30.0);
    page
}

fn give_back(printed: &Printed, ranges: &[Range]) -> Page {
    let title = "Given back: cover of a batch";
    let mut page = Page::new(printed.paper, format!("{title}, pack {}", printed.pack));
    head(&mut page, printed, title);
    let y = boxes(
        &mut page,
        90.0,
        &[("Shift", 1.0), ("Date", 1.0), ("Batch number", 1.4), ("Pages in all", 1.0)],
        26.0,
    );
    let rows: Vec<Vec<String>> = ranges
        .iter()
        .map(|range| {
            let serials = format!("{} to {}", range.first, range.last);
            let mut row = vec![range.form.code.clone(), range.form.name.clone(), serials];
            row.extend(std::iter::repeat_n(String::new(), 5));
            row
        })
        .collect();
    let labels = [
        ("Form", 1.0),
        ("Name", 3.2),
        ("Numbers", 1.7),
        ("Used", 0.8),
        ("Blank", 0.8),
        ("Spoilt", 0.8),
        ("Missing", 0.9),
        ("Pages", 0.8),
    ];
    let y = table(&mut page, y + 10.0, &labels, &rows);
    let first = [("First count by", 2.0), ("Signature", 2.0), ("Time", 0.8)];
    let second = [("Second count by another person", 2.0), ("Signature", 2.0), ("Time", 0.8)];
    let y = boxes(&mut page, y + 10.0, &first, 26.0);
    let y = boxes(&mut page, y, &second, 26.0);
    boxes(
        &mut page,
        y + 6.0,
        &[("Received in the records room by", 2.0), ("Signature", 2.0), ("Time", 0.8)],
        26.0,
    );
    page
}
