//! The six cards of the sample board.

use domain::view::{
    board::CardView,
    frame::Section,
    picture::{Bar, Curve, Lane, Mark, Meter, Picture},
};

use super::morning::{SITES, late};

pub fn all() -> Vec<CardView> {
    vec![who_knows(), patients(), paper(), clearance(), tasks(), log()]
}

/// A card of a section; what is late in full and in short, or nothing.
fn card(section: Section, figure: &str, caption: &str, picture: Picture, late_words: [&str; 2]) -> CardView {
    CardView {
        section,
        title: section.words().to_owned(),
        path: "/incidents/1/paper".to_owned(),
        as_of: String::new(),
        figure: figure.to_owned(),
        caption: caption.to_owned(),
        picture,
        late: (!late_words[0].is_empty()).then(|| late(late_words[0])),
        late_short: late_words[1].to_owned(),
        fine: "Nothing late. Next sign-off is not due".to_owned(),
    }
}

fn meter(label: &str, value: i64, of: i64) -> Meter {
    Meter { label: label.to_owned(), value, of }
}

pub fn curve() -> Curve {
    let tick = |minute: i64, label: &str| (minute, label.to_owned());
    Curve {
        points: vec![
            (0, 0),
            (2, 22),
            (5, 44),
            (9, 60),
            (14, 74),
            (18, 84),
            (24, 88),
            (32, 91),
            (40, 93),
            (47, 94),
        ],
        minutes: 47,
        ticks: vec![tick(5, ""), tick(10, ""), tick(15, "15"), tick(30, "30"), tick(47, "47 min")],
        steps: vec![tick(5, "other channel"), tick(10, "deputy"), tick(15, "unit phone")],
    }
}

fn who_knows() -> CardView {
    let caption = "3,422 of 3,650 people confirmed broadcast 3";
    let late = ["7 units silent, longest 47 min", "7 units silent"];
    let card = card(Section::Broadcasts, "94 %", caption, Picture::Curve(curve()), late);
    CardView { title: "Who knows".to_owned(), as_of: "sent 04:35".to_owned(), ..card }
}

fn patients() -> CardView {
    let meters = [("Cancelled", 4133), ("Told", 1295), ("Rebooked", 214), ("Seen", 0)];
    let picture = Picture::Meters(meters.map(|(label, value)| meter(label, value, 4133)).into());
    let late = ["38 due before 08:00 and not told", "38 not told"];
    let card = card(Section::Patients, "4,133", "cancelled for 19 Jul, 2,838 not told yet", picture, late);
    CardView { as_of: "schedule of 23:50".to_owned(), ..card }
}

fn paper() -> CardView {
    let outs = [54, 38, 28, 26, 30, 26, 24, 22, 20, 14, 18, 12];
    let backs = [14, 7, 5, 4, 5, 4, 3, 3, 2, 1, 2, 1];
    let bars = outs
        .into_iter()
        .zip(backs)
        .enumerate()
        .map(|(index, (out, back))| Bar {
            label: SITES[index].to_owned(),
            back,
            out,
            late: index == 3 || index == 9,
        })
        .collect();
    let late = ["2 sites under 8 hours of forms", "2 sites short"];
    card(Section::Paper, "3,420", "forms issued to 450 units, 459 back", Picture::Ledger(bars), late)
}

fn clearance() -> CardView {
    let stages = [("Clear", 0), ("Wave", 0), ("Pilot", 0), ("Restored", 2)];
    let picture = Picture::Stages(stages.map(|(label, value)| meter(label, value, 14)).into());
    card(Section::Clearance, "0 of 14", "scopes clear, 2 technically restored", picture, ["", ""])
}

fn tasks() -> CardView {
    let picture = Picture::Squares { done: 41, late: 3, open: 19 };
    let late = ["3 overdue, longest 22 min", "3 overdue"];
    let card = card(Section::Command, "41 of 63", "tasks done this period by 14 holders", picture, late);
    CardView { title: "Tasks".to_owned(), as_of: "period 1 to 08:00".to_owned(), ..card }
}

fn log() -> CardView {
    let lane =
        |label: &str, marks: &[i64], shape| Lane { label: label.to_owned(), marks: marks.to_vec(), shape };
    let entries = [90, 110, 310, 340, 360, 420, 500, 520, 560, 650, 690, 760, 800, 830, 850, 900, 940, 980];
    let picture = Picture::Lanes {
        lanes: vec![
            lane("Decisions", &[300, 430, 550, 800, 950], Mark::Diamond),
            lane("Sent", &[350, 580, 860], Mark::Square),
            lane("Entries", &entries, Mark::Stroke),
        ],
        from: "00:40".to_owned(),
        to: "now".to_owned(),
    };
    let overdue = ["1 decision has no written basis", "1 no basis"];
    card(Section::Log, "212", "entries, last at 05:19 by Operations", picture, overdue)
}
