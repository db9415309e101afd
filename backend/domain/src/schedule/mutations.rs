//! Good inputs of each kind, spoilt 10,000 times: each is refused where it was spoilt, or taken as what it now says.
//!
//! Half of the changes are to one value, and it is known what it must come to. The others are to bytes, where only
//! this is: nothing breaks, every item is accounted for, and every refusal has a place.

use std::collections::BTreeMap;

use super::{
    Booking,
    report::{Incoming, Report},
    tests::sites,
};

mod bundles;
mod messages;
mod rows;

/// Of each kind of input: half of one value, half of bytes.
const HALF: usize = 5_000;

/// `SplitMix64`: the same numbers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Cuts, doubles, turns over, overwrites or adds bytes.
    fn spoil(&mut self, good: &[u8], words: &[&str]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1)).min(bytes.len());
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(7) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.truncate(at),
                2 => {
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                3 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                4 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {
                    let word = self.pick(words).as_bytes().to_vec();
                    bytes.splice(at..at, word);
                }
            }
        }
        bytes
    }

    /// Words of up to so many characters, and what they must come to; too long ones must be refused.
    fn words(&mut self, most: usize, when_empty: Option<&str>) -> Written {
        match self.below(10) {
            0 => (String::new(), when_empty.map(str::to_owned)),
            1 => ("x".repeat(most + 1 + self.below(3)), None),
            2 => ("ß".repeat(most), Some("ß".repeat(most))),
            _ => {
                let parts = ["Ab", "Zoë", "漢字", "7", "O'Neil", "x-y", "0001", "ÄÖ.", "null", "2024-01-01"];
                let all: Vec<&str> = (0..=self.below(3)).map(|_| self.pick(&parts)).collect();
                (all.join(" "), Some(all.join(" ")))
            }
        }
    }

    fn day(&mut self) -> (usize, usize) {
        (1 + self.below(28), self.below(20))
    }

    fn minutes(&mut self) -> Written {
        if self.below(4) == 0 {
            let wrong = self.pick(&["-3", "2881", "abc", "1.5.2", "99999999999999999999", "NaN"]);
            return (wrong.to_owned(), None);
        }
        let minutes = self.below(2_881).to_string();
        (minutes.clone(), Some(minutes))
    }

    fn wrong(&mut self, of: &[&str]) -> Written {
        (self.pick(of).to_owned(), None)
    }

    /// A time in July as it is written in New York, or one in January with its offset; `None` is a wrong one.
    fn time(&mut self) -> Option<Time> {
        let ((day, hour), season) = (self.day(), self.below(3));
        match season {
            0 => Some(Time {
                day,
                hour,
                is_local: true,
                meant: format!("2024-07-{day:02}T{:02}:05:00Z", hour + 4),
            }),
            1 => {
                Some(Time { day, hour, is_local: false, meant: format!("2024-01-{day:02}T{hour:02}:05:00Z") })
            }
            _ => None,
        }
    }

    fn site(&mut self) -> Written {
        let (name, number) = match self.below(3) {
            0 => ("GENERAL", 0),
            1 => ("Cape", 1),
            _ => return self.wrong(&["Elsewhere", "Gen eral", "12", "Ü"]),
        };
        (name.to_owned(), Some(sites()[number].id.to_string()))
    }
}

struct Time {
    day: usize,
    hour: usize,
    is_local: bool,
    meant: String,
}

/// What is written, and what it must be taken as; `None` must be refused.
type Written = (String, Option<String>);

/// What a booking says, by the name of the part.
type Facts = BTreeMap<&'static str, String>;

fn facts_of(booking: &Booking) -> Facts {
    let patient = &booking.patient;
    [
        ("id", booking.appointment.clone()),
        ("mrn", patient.mrn.clone()),
        ("name", patient.name.clone()),
        ("born", patient.born.clone()),
        ("start", booking.start.rfc3339()),
        ("minutes", booking.minutes.to_string()),
        ("service", booking.service.clone()),
        ("department", booking.department.clone()),
        ("site", booking.facility.to_string()),
    ]
    .into()
}

fn facts_of_report(report: &Report) -> Facts {
    let mut facts = facts_of(report.booking.as_ref().expect("a booking has details"));
    facts.insert("message", report.message.clone());
    facts.insert("at", report.at.at.rfc3339());
    facts
}

/// One value is changed: the others stay, and it is what it must be, or it is refused at its place.
fn check(
    part: &'static str,
    (written, expected): Written,
    good: &Facts,
    place: &str,
    came: Result<Facts, String>,
) {
    match (expected, came) {
        (Some(expected), Ok(facts)) => {
            let mut wanted = good.clone();
            wanted.insert(part, expected);
            if part == "id" && good.contains_key("message") {
                wanted.insert("message", facts["message"].clone());
            }
            assert_eq!(facts, wanted, "{part}: {written:?}");
        }
        (None, Err(refused)) => assert_eq!(refused, place, "{part}: {written:?}"),
        (expected, came) => panic!("{part} {written:?}: expected {expected:?}, came {came:?}"),
    }
}

fn sound(incoming: &Incoming) {
    for reject in incoming.rejects.iter().chain(&incoming.notes) {
        assert!(reject.reason.len() > 10, "{reject:?}");
    }
    assert!(incoming.rejects.iter().all(|reject| reject.row > 0), "{incoming:?}");
    for report in &incoming.reports {
        assert!(!report.key.id.is_empty() && !report.message.is_empty(), "{report:?}");
        assert!(report.booking.is_some() || !report.what.state().needs_details(), "{report:?}");
    }
}
