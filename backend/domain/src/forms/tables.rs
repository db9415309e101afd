//! The rules of sheets as whole tables, so that no cell of them changes unseen. A row is a state, a column what is done.

use std::{collections::BTreeSet, fmt::Write};

use super::*;

fn person(number: u8) -> AccountId {
    AccountId(uuid::Uuid::from_bytes([number; 16]))
}

/// Codes are read back and stay apart, and so do words: nobody can tell two things with one name from each other.
pub(crate) fn told_apart<T: Copy + PartialEq + std::fmt::Debug>(
    all: &[T],
    code: impl Fn(T) -> &'static str,
    from_code: impl Fn(&str) -> Option<T>,
    words: impl Fn(T) -> &'static str,
) {
    for each in all {
        assert_eq!(from_code(code(*each)), Some(*each));
    }
    let codes: BTreeSet<_> = all.iter().map(|each| code(*each)).collect();
    let named: BTreeSet<_> = all.iter().map(|each| words(*each)).collect();
    assert_eq!((codes.len(), named.len()), (all.len(), all.len()), "{named:?}");
    assert!(named.iter().all(|words| !words.is_empty()), "{named:?}");
    assert_eq!(from_code("no such code"), None);
}

#[test]
fn what_is_named_is_told_apart_and_read_back() {
    told_apart(&State::ALL, State::code, State::from_code, State::code);
    told_apart(&Custody::ALL, Custody::code, Custody::from_code, Custody::words);
    told_apart(&Station::ALL, Station::code, Station::from_code, Station::words);
    told_apart(&Pile::ALL, Pile::code, Pile::from_code, Pile::code);
    told_apart(&BatchState::ALL, BatchState::code, BatchState::from_code, BatchState::code);
    told_apart(&VoidReason::ALL, VoidReason::code, VoidReason::from_code, VoidReason::words);
}

/// Compares a table with the one that was read and agreed on. A difference is a rule that has changed.
fn is(table: &str, agreed: &str) {
    for (line, agreed) in table.lines().zip(agreed.lines()) {
        assert_eq!(line, agreed);
    }
    assert_eq!(table.lines().count(), agreed.lines().count(), "\n{table}");
}

fn row(table: &mut String, name: &str, cells: &[String]) {
    writeln!(table, "{name}: {}", cells.join("; ")).expect("a text in memory takes all that is written");
}

const DISPOSITIONS: [Disposition; 3] = [Disposition::BackEnter, Disposition::ScanOnly, Disposition::Keep];

const ACTS: [(&str, Act); 14] = [
    ("used", Act::CountUsed),
    ("blank", Act::CountBlank),
    ("voided", Act::CountVoided),
    ("missing", Act::CountMissing),
    ("enter", Act::Enter { to_check: false }),
    ("verify", Act::Verify),
    ("to used", Act::Correct(Pile::Used)),
    ("to blank", Act::Correct(Pile::Blank)),
    ("to voided", Act::Correct(Pile::Voided)),
    ("aside", Act::SetAside),
    ("dispute", Act::Dispute),
    ("uphold", Act::Uphold),
    ("withdraw", Act::Withdraw),
    ("file", Act::File),
];

fn acts_on(sheet: &Sheet) -> Vec<String> {
    let cell = |(name, act): &(&str, Act)| match sheet.after(*act, person(1)) {
        Ok(after) => format!("{name} {}", after.state.code()),
        Err(refusal) => format!("{name} ({})", refusal.code),
    };
    ACTS.iter().map(cell).collect()
}

/// One row for each state, and by who typed the sheet in where that matters; refusals in brackets.
#[test]
fn every_act_on_every_sheet() {
    let mut table = String::new();
    for disposition in DISPOSITIONS {
        for state in State::ALL {
            let of = |entered_by| acts_on(&Sheet { state, disposition, to_check: false, entered_by });
            let [nobody, me, another] = [of(vec![]), of(vec![person(1)]), of(vec![person(2)])];
            let name = format!("{disposition:?} {}", state.code());
            if nobody == me && me == another {
                row(&mut table, &name, &nobody);
            } else {
                row(&mut table, &format!("{name}, typed in by nobody"), &nobody);
                row(&mut table, &format!("{name}, by me"), &me);
                row(&mut table, &format!("{name}, by another"), &another);
            }
        }
    }
    is(&table, include_str!("tables/acts.txt"));
}

#[test]
fn a_sheet_that_came_back_says_whether_it_is_being_typed_in() {
    let refused = |state, act| {
        let sheet = Sheet { state, ..Sheet::issued(Disposition::BackEnter) };
        sheet.after(act, person(1)).expect_err("it came back already").sentence
    };
    assert_eq!(refused(State::Used, Act::CountBlank), "It came back used already.");
    let begun = "It came back already and is being typed in.";
    assert_eq!(refused(State::Entered, Act::CountBlank), begun);
    assert_eq!(refused(State::Entered, Act::SetAside), begun);
}

/// What a scan does to a sheet of each pile; one cell where the pile does not matter, `=` for a double.
fn scanned(of: (State, Custody), disposition: Disposition, station: Station) -> String {
    let piles = Pile::ALL.map(|pile| match scan(of, disposition, station, pile) {
        Ok(Scan::Already) => "=".to_owned(),
        Ok(Scan::Moves { act: None, to }) => to.code().to_owned(),
        Ok(Scan::Moves { act: Some(act), to }) => format!("{} and {act:?}", to.code()),
        Err(refusal) => format!("({})", refusal.code),
    });
    if piles.iter().all(|pile| *pile == piles[0]) { piles[0].clone() } else { piles.join(" / ") }
}

/// One row for each state and station; the cells are the places of the paper, along its way, where the answer changes.
#[test]
fn every_scan_of_every_sheet() {
    let mut table = String::new();
    for disposition in DISPOSITIONS {
        for state in State::ALL {
            for station in Station::ALL {
                let mut cells: Vec<(Custody, String)> = Vec::new();
                for custody in Custody::ALL {
                    let cell = scanned((state, custody), disposition, station);
                    if cells.last().is_none_or(|(_, last)| *last != cell) {
                        cells.push((custody, cell));
                    }
                }
                let cells: Vec<_> =
                    cells.into_iter().map(|(from, cell)| format!("{} {cell}", from.code())).collect();
                row(&mut table, &format!("{disposition:?} {} at {}", state.code(), station.code()), &cells);
            }
        }
    }
    is(&table, include_str!("tables/scans.txt"));
}

/// What one sheet adds to the sums, whether it is at its end, and where its paper is work for somebody.
#[test]
fn every_sheet_in_the_sums() {
    let mut table = String::new();
    for state in State::ALL {
        for to_check in [false, true] {
            let sheet =
                Sheet { state, disposition: Disposition::BackEnter, to_check, entered_by: Vec::new() };
            let Ledger { issued, out, used, blank, voided, missing, entered, to_verify, discrepancy, ended } =
                Ledger::of(&sheet);
            let sums = [
                ("issued", issued),
                ("out", out),
                ("used", used),
                ("blank", blank),
                ("voided", voided),
                ("missing", missing),
                ("entered", entered),
                ("to verify", to_verify),
                ("discrepancy", discrepancy),
                ("ended", ended),
            ];
            let mut cells: Vec<String> =
                sums.iter().filter(|(_, sum)| *sum != 0).map(|(name, sum)| format!("{name} {sum}")).collect();
            let waits = Custody::ALL.into_iter().filter(|custody| custody.ages(state)).map(Custody::code);
            let waits: Vec<_> = waits.collect();
            cells.push(format!(
                "waits {}",
                if waits.is_empty() { "nowhere".to_owned() } else { waits.join(" ") }
            ));
            let name = format!("{}{}", state.code(), if to_check { ", to be checked" } else { "" });
            row(&mut table, &name, &cells);
        }
    }
    is(&table, include_str!("tables/sums.txt"));
}

/// The sums of any sheet, and what changes between any two, add up.
#[test]
fn sums_of_changes_are_the_sums_of_what_they_led_to() {
    let of = |state, to_check| Sheet { state, to_check, ..Sheet::issued(Disposition::BackEnter) };
    let all: Vec<_> = State::ALL.into_iter().flat_map(|state| [of(state, false), of(state, true)]).collect();
    for before in &all {
        for after in &all {
            let mut sum = Ledger::of(before);
            sum += Ledger::change(before, after);
            assert_eq!(sum, Ledger::of(after));
            assert!(sum.holds());
            assert_eq!(sum.back() + sum.out + sum.missing, 1);
            assert_eq!(sum.unfinished(), i64::from(sum.used == 1 && !after.is_at_its_end()));
        }
    }
    assert!(!Ledger { issued: 1, ..Ledger::default() }.holds());
}

/// The steps that must have been between two places, and where paper is after each change of its sheet.
#[test]
fn every_step_of_the_paper() {
    let mut table = String::new();
    for disposition in DISPOSITIONS {
        for from in Custody::ALL {
            let cell = |to: &Custody| {
                let implied: Vec<_> = from.implied(*to, disposition).into_iter().map(Custody::code).collect();
                format!("{} by [{}]", to.code(), implied.join(" "))
            };
            let cells: Vec<_> = Custody::ALL.iter().filter(|to| **to > from).map(cell).collect();
            row(&mut table, &format!("{disposition:?} from {}", from.code()), &cells);
        }
    }
    for before in State::ALL {
        for after in State::ALL {
            let moved: Vec<_> = Custody::ALL
                .into_iter()
                .filter(|custody| custody.after(before, after) != *custody)
                .map(|custody| format!("{} to {}", custody.code(), custody.after(before, after).code()))
                .collect();
            if !moved.is_empty() {
                row(&mut table, &format!("{} to {}", before.code(), after.code()), &moved);
            }
        }
    }
    is(&table, include_str!("tables/paper.txt"));
}

/// What happens to a batch in each state and stage of signing, with counts that agree and that do not.
#[test]
fn every_count_of_every_batch() {
    let mut table = String::new();
    let counted = |after: Result<Batch, Refusal>| match after {
        Ok(Batch { state, was_received, first_signer, second_signer, pages_in, .. }) => {
            let signed = [first_signer, second_signer].iter().flatten().count();
            let here = if was_received { ", here" } else { "" };
            format!("{} by {signed} for {pages_in}{here}", state.code())
        }
        Err(refusal) => format!("({})", refusal.code),
    };
    for state in BatchState::ALL {
        for (signers, first_signer) in
            [("nobody", None), ("me", Some(person(1))), ("another", Some(person(2)))]
        {
            for was_received in [false, true] {
                let batch =
                    Batch { state, first_signer, was_received, sheets: 3, pages_in: 5, ..Batch::begun() };
                let cells = [
                    format!("takes {}", batch.takes_sheets().is_ok()),
                    format!("signed {}", counted(batch.signed(person(1), 3, 5))),
                    format!("for other pages {}", counted(batch.signed(person(1), 3, 6))),
                    format!("for no page {}", counted(batch.signed(person(1), 3, 0))),
                    format!("for another count {}", counted(batch.signed(person(1), 2, 5))),
                    format!("received {}", counted(batch.received(3))),
                    format!("received as another count {}", counted(batch.received(4))),
                    format!("scanned {}", counted(batch.scanned(5))),
                    format!("scanned as other pages {}", counted(batch.scanned(4))),
                ];
                let here = if was_received { ", was received" } else { "" };
                row(&mut table, &format!("{}, signed by {signers}{here}", state.code()), &cells);
            }
        }
    }
    let empty = Batch::begun();
    row(&mut table, "empty", &[counted(empty.signed(person(1), 0, 1))]);
    is(&table, include_str!("tables/batches.txt"));
}
