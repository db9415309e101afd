//! Print packs: numbered sheets for a unit, printed ahead for its downtime box or in the middle of one.
//!
//! What was printed is kept as printed: the layout is a pure function of it, so that the same pack printed again is
//! the same paper, whatever became of the kit, the unit's name or the program's own layout choices meanwhile.
//!
//! ```text
//! printed ──handed out──> handed out (its ranges are issued in that incident)
//!    └──withdrawn──> withdrawn (lost, spoilt or out of date; its numbers are never used again)
//! ```

mod bars;
mod command;
mod cover;
mod sheet;
mod width;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bars::{code128, qr};
pub use command::{
    HandOut, HandedOut, MOST_SHEETS, MOST_UNITS, MakePacks, PackMade, PacksMade, PacksToMake, Withdraw,
    Withdrawn,
};
pub use width::{fit, width};

use crate::{Refusal, forms::Serial, playbooks::FormType};

/// The paper in the printer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    #[default]
    Letter,
    A4,
}

impl Paper {
    pub const ALL: [Self; 2] = [Self::Letter, Self::A4];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::A4 => "a4",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Letter => "Letter, 8.5 by 11 inches",
            Self::A4 => "A4, 210 by 297 mm",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|paper| paper.code() == code)
    }

    /// Width and height in points.
    pub const fn size(self) -> (f64, f64) {
        match self {
            Self::Letter => (612.0, 792.0),
            Self::A4 => (595.0, 842.0),
        }
    }
}

/// How far a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Printed,
    HandedOut,
    Withdrawn,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Printed, Self::HandedOut, Self::Withdrawn];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::HandedOut => "handed_out",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Printed => "ready",
            Self::HandedOut => "handed out",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether a pack in this state may be handed out or withdrawn.
    ///
    /// # Errors
    /// When either was done before.
    pub fn must_be_ready(self) -> Result<(), Refusal> {
        match self {
            Self::Printed => Ok(()),
            Self::HandedOut => Err(Refusal::new(
                "pack-handed-out",
                "This pack was handed out already. Print another one; each number is used once.",
            )),
            Self::Withdrawn => Err(Refusal::new(
                "pack-withdrawn",
                "This pack was withdrawn and its numbers are not used. Print another one.",
            )),
        }
    }
}

/// What was printed for one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Printed {
    pub paper: Paper,
    pub site: String,
    pub site_code: String,
    pub unit: String,
    pub unit_code: String,
    /// `Endpoint outage v7`
    pub playbook: String,
    /// The first digits of the pack's id, by which people name it.
    pub pack: String,
    /// When it was made, as `2024-07-19 05:22 EDT`: it may lie in its box for years.
    pub made: String,
    pub ranges: Vec<Range>,
}

/// The sheets of one kind in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// As it was in the kit when this was printed.
    pub form: FormType,
    pub first: i64,
    pub last: i64,
}

impl Range {
    /// How many sheets.
    pub const fn sheets(&self) -> i64 {
        self.last - self.first + 1
    }
}

impl Printed {
    /// How many numbered sheets.
    pub fn sheets(&self) -> i64 {
        self.ranges.iter().map(Range::sheets).sum()
    }

    /// The serial of a sheet, as printed.
    pub fn serial(&self, range: &Range, number: i64) -> String {
        Serial::new(&self.site_code, &self.unit_code, &range.form.serial_prefix, number).to_string()
    }

    /// The first and last serial of a range.
    pub fn ends(&self, range: &Range) -> (String, String) {
        (self.serial(range, range.first), self.serial(range, range.last))
    }

    /// Every page: what is in the pack, the cover for giving it back, then the numbered sheets.
    pub fn pages(&self) -> impl Iterator<Item = Page> + '_ {
        let sheets = self.ranges.iter().flat_map(move |range| {
            (range.first..=range.last).map(move |number| sheet::sheet(self, range, number))
        });
        cover::covers(self).into_iter().chain(sheets)
    }
}

/// One side of paper: marks from the top left corner, in points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    pub width: f64,
    pub height: f64,
    /// What it is, for those who cannot see it: the serial of a sheet.
    pub title: String,
    pub marks: Vec<Mark>,
}

/// One mark on the paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mark", rename_all = "snake_case")]
pub enum Mark {
    /// `y` is the base line.
    Text {
        x: f64,
        y: f64,
        size: f64,
        bold: bool,
        text: String,
    },
    /// Horizontal or vertical.
    Line {
        x: f64,
        y: f64,
        to_x: f64,
        to_y: f64,
        width: f64,
    },
    Frame {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        line: f64,
    },
    /// Filled rectangles as `[x, y, width, height]`: a code to scan.
    Dark {
        boxes: Vec<[f64; 4]>,
    },
}

impl Page {
    fn new(paper: Paper, title: String) -> Self {
        let (width, height) = paper.size();
        Self { width, height, title, marks: Vec::new() }
    }

    /// Text that is made smaller, then shorter, until it fits a width.
    fn text(&mut self, (x, y): (f64, f64), size: f64, text: &str, most: f64) {
        self.write((x, y), (size, false), text, most);
    }

    fn bold(&mut self, (x, y): (f64, f64), size: f64, text: &str, most: f64) {
        self.write((x, y), (size, true), text, most);
    }

    fn write(&mut self, (x, y): (f64, f64), (size, bold): (f64, bool), text: &str, most: f64) {
        let (text, size) = fit(text, size, bold, most);
        if !text.is_empty() {
            self.marks.push(Mark::Text { x, y, size, bold, text });
        }
    }

    fn line(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64), width: f64) {
        self.marks.push(Mark::Line { x, y, to_x, to_y, width });
    }

    fn frame(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), line: f64) {
        self.marks.push(Mark::Frame { x, y, width, height, line });
    }

    fn dark(&mut self, boxes: Vec<[f64; 4]>) {
        self.marks.push(Mark::Dark { boxes });
    }
}

/// How far the marks stay from the edge.
const MARGIN: f64 = 36.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbooks::shipped;

    pub(super) fn printed(paper: Paper) -> Printed {
        let forms = shipped().remove(0).forms;
        let ranges = forms.into_iter().map(|form| Range { form, first: 1001, last: 1002 }).collect();
        Printed {
            paper,
            site: "Harbor General Hospital".into(),
            site_code: "general".into(),
            unit: "4 West".into(),
            unit_code: "4w".into(),
            playbook: "Records system outage v1".into(),
            pack: "0192a".into(),
            made: "2024-07-19 05:22 EDT".into(),
            ranges,
        }
    }

    fn inside(page: &Page, x: f64, y: f64) -> bool {
        (18.0..=page.width - 18.0).contains(&x) && (18.0..=page.height - 18.0).contains(&y)
    }

    /// Nothing of any form of the kit lies beyond what a printer can reach, and no text runs over the edge.
    #[test]
    fn every_sheet_of_the_kit_lies_within_the_paper() {
        for paper in Paper::ALL {
            let printed = printed(paper);
            for page in printed.pages() {
                for mark in &page.marks {
                    let right = match mark {
                        Mark::Text { x, y, size, bold, text } => {
                            inside(&page, *x, *y) && inside(&page, x + width(text, *size, *bold), *y)
                        }
                        Mark::Line { x, y, to_x, to_y, .. } => {
                            inside(&page, *x, *y) && inside(&page, *to_x, *to_y)
                        }
                        Mark::Frame { x, y, width, height, .. } => {
                            inside(&page, *x, *y) && inside(&page, x + width, y + height)
                        }
                        Mark::Dark { boxes } => boxes
                            .iter()
                            .all(|[x, y, w, h]| inside(&page, *x, *y) && inside(&page, x + w, y + h)),
                    };
                    assert!(right, "{}: {mark:?}", page.title);
                }
            }
        }
    }

    #[test]
    fn what_travels_asks_where_the_patient_is_and_every_sheet_says_its_serial() {
        let printed = printed(Paper::Letter);
        let text_of = |page: &Page| {
            let text =
                |mark: &Mark| if let Mark::Text { text, .. } = mark { Some(text.clone()) } else { None };
            page.marks.iter().filter_map(text).collect::<Vec<_>>().join("\n")
        };
        let pages: Vec<Page> = printed.pages().collect();
        let covers = pages.len() - usize::try_from(printed.sheets()).expect("is small");
        let numbers = printed.ranges.iter().flat_map(|range| [(range, 1001), (range, 1002)]);
        for (page, (range, number)) in pages[covers..].iter().zip(numbers) {
            let text = text_of(page);
            let serial = printed.serial(range, number);
            assert!(text.contains(&serial) && page.title.contains(&serial), "{serial}");
            assert_eq!(text.contains("WHERE THE PATIENT IS"), range.form.location, "{}", range.form.code);
            for asked in ["Signature", "Licence", "Date of birth"] {
                assert!(text.contains(asked), "{serial} asks for {asked}");
            }
        }
    }

    #[test]
    fn printing_again_gives_the_same_pages() {
        let kept = serde_json::to_string(&printed(Paper::A4)).expect("is JSON");
        let again: Printed = serde_json::from_str(&kept).expect("reads back");
        assert!(again.pages().eq(printed(Paper::A4).pages()));
    }

    #[test]
    fn a_pack_is_handed_out_or_withdrawn_once() {
        assert!(State::Printed.must_be_ready().is_ok());
        for state in [State::HandedOut, State::Withdrawn] {
            assert!(state.must_be_ready().is_err());
        }
    }

    proptest! {
        /// Whatever people call their wards and forms, the words stay on their paper.
        #[test]
        fn any_text_fits_where_it_is_put(text in "\\PC{0,200}", size in 6.0f64..20.0, most in 20.0f64..500.0) {
            let (text, size) = fit(&text, size, true, most);
            prop_assert!(width(&text, size, true) <= most + 0.01);
        }
    }
}
