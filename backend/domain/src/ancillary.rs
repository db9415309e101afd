//! The logs of the kit: critical results that were called, specimens, runners' manifests, procedures, arrivals. A sheet of
//! a log is many lines of several patients, so it is typed in line by line along the columns that are printed on it.
//!
//! What a line lacks is counted and does not keep it out: the paper says what it says. A critical result without its
//! read-back is a gap that somebody has to bring to an end.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    entry::{care_time, number},
    field::{FieldErrors, Text},
    playbooks::{Disposition, FormType, Setting},
    time::{Timestamp, Zone},
};

/// How many lines a sheet has at most.
pub const MOST_LINES: i64 = 100;
const MOST_WORDS: usize = 300;

/// What a column asks for, as its heading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Time,
    Patient,
    /// Where the patient is, or from where and to where something went.
    Place,
    /// Who received it.
    Receiver,
    /// Whether the result was read back: yes, no, or the time.
    ReadBack,
    /// Who wrote the line.
    Author,
    Words,
}

impl Part {
    /// The part of a heading.
    pub fn of(heading: &str) -> Self {
        match heading.trim().to_lowercase().as_str() {
            "time" => Self::Time,
            "where" | "from" | "to" => Self::Place,
            "called to" | "handed to" | "given to" => Self::Receiver,
            "read back" => Self::ReadBack,
            "by" | "initials" | "signature" => Self::Author,
            heading if heading.starts_with("patient") => Self::Patient,
            _ => Self::Words,
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Patient => "patient",
            Self::Place => "place",
            Self::Receiver => "receiver",
            Self::ReadBack => "read_back",
            Self::Author => "author",
            Self::Words => "words",
        }
    }

    /// What a line lacks, in words.
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Time => "no time",
            Self::Patient => "no patient",
            Self::Place => "no place",
            Self::Receiver => "nobody who received it",
            Self::ReadBack => "not read back",
            Self::Author => "nobody who wrote it",
            Self::Words => "a blank",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Time, Self::Patient, Self::Place, Self::Receiver, Self::ReadBack, Self::Author, Self::Words]
            .into_iter()
            .find(|part| part.code() == code)
    }
}

/// Whether sheets of a kind are logs: a table that says of each line when it was, of several patients or places.
pub fn is_log(form: &FormType) -> bool {
    let parts: BTreeSet<Part> = form.columns.iter().map(|column| Part::of(column)).collect();
    parts.contains(&Part::Time) && (parts.contains(&Part::Patient) || parts.contains(&Part::Receiver))
}

/// Whether sheets of this kind, used there after so many hours, are typed in.
///
/// # Errors
/// What the catalogue says becomes of them instead.
pub fn may_type(form: &FormType, setting: Option<Setting>, hours: i64) -> Result<(), Refusal> {
    if !is_log(form) {
        let sentence = "This is no log: it is one patient's form, and is typed in as a whole.";
        return Err(Refusal::new("no-log", sentence));
    }
    match form.end(setting, hours) {
        Disposition::BackEnter => Ok(()),
        end => {
            let sentence =
                format!("The catalogue says that {} is {}; nobody types it in.", form.name, end.words());
            Err(Refusal::new("not-typed-in", sentence))
        }
    }
}

/// Types lines of a log in: for each the cells in the order of the columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TypeLog {
    pub request_id: Text,
    /// The date of lines that say only a time, as `2024-07-19`.
    pub date: Text,
    /// The number of each line on the sheet; its place when empty.
    pub line: Vec<Text>,
    /// The record number or downtime number of each line's patient, under whose key the line is sealed.
    pub number: Vec<Text>,
    /// The cells, line after line.
    pub cell: Vec<Text>,
}

/// A line that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub line: i64,
    pub event_at: Option<Timestamp>,
    /// Whose line it is.
    pub number: Option<String>,
    pub cells: Vec<String>,
    pub missing: BTreeSet<Part>,
    /// From the result to its read-back.
    pub minutes: Option<i64>,
}

/// What typing in gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogTyped {
    pub seq: i64,
    pub lines: i64,
    pub already: i64,
    /// How many of these lines lack something.
    pub incomplete: i64,
    /// How many critical results were not read back: each is a gap to bring to its end.
    pub gaps: i64,
}

/// When and where a log was written.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub zone: &'a Zone,
    pub now: Timestamp,
    pub began: Timestamp,
}

impl TypeLog {
    /// Reads every line along the columns of a kind.
    ///
    /// # Errors
    /// What is wrong, line by line at `lines`.
    pub fn read(&self, form: &FormType, around: &Around<'_>) -> Result<Vec<LogLine>, FieldErrors> {
        let width = form.columns.len().max(1);
        let mut errors = FieldErrors::default();
        let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
        for (index, cells) in self.cell.chunks(width).enumerate() {
            let number = self.number.get(index).map_or("", Text::trimmed);
            if number.is_empty() && cells.iter().all(Text::is_blank) {
                continue;
            }
            let place = i64::try_from(index).unwrap_or(MOST_LINES) + 1;
            let line = match self.line.get(index).map_or("", Text::trimmed) {
                "" => place,
                text => text.parse().unwrap_or(0),
            };
            if !(1..=MOST_LINES).contains(&line) {
                errors.add("lines", format!("Row {place}: a sheet has lines 1 to {MOST_LINES}."));
            } else if !seen.insert(line) {
                errors.add("lines", format!("Line {line} is here twice."));
            } else {
                match self.line(form, around, (line, number, cells)) {
                    Ok(read) => lines.push(read),
                    Err(reason) => errors.add("lines", format!("Line {line}: {reason}")),
                }
            }
        }
        if errors.is_empty() && lines.is_empty() {
            errors.add("lines", "Type at least one line of the sheet.");
        }
        errors.into_result()?;
        Ok(lines)
    }

    fn line(
        &self,
        form: &FormType,
        around: &Around<'_>,
        (line, whose, cells): (i64, &str, &[Text]),
    ) -> Result<LogLine, String> {
        let mut read = LogLine {
            line,
            event_at: None,
            number: if whose.is_empty() { None } else { Some(number(&whose.into())?) },
            cells: Vec::with_capacity(form.columns.len()),
            missing: BTreeSet::new(),
            minutes: None,
        };
        let mut read_back = None;
        for (index, column) in form.columns.iter().enumerate() {
            let cell = cells.get(index).map_or("", Text::trimmed);
            if cell.chars().count() > MOST_WORDS {
                return Err(format!("shorten {column:?} to {MOST_WORDS} characters."));
            }
            let part = Part::of(column);
            match part {
                Part::Time if !cell.is_empty() => read.event_at = Some(self.at(cell, around)?),
                Part::ReadBack => match cell.to_lowercase().as_str() {
                    "yes" | "y" | "ja" | "x" => read_back = Some(None),
                    "" | "no" | "n" | "-" => {}
                    _ => read_back = Some(Some(self.at(cell, around)?)),
                },
                _ => {}
            }
            let lacks = match part {
                Part::ReadBack => read_back.is_none(),
                Part::Patient => cell.is_empty() && whose.is_empty(),
                Part::Words => false,
                _ => cell.is_empty(),
            };
            if lacks {
                read.missing.insert(part);
            }
            read.cells.push(cell.to_owned());
        }
        if let (Some(from), Some(Some(at))) = (read.event_at, read_back) {
            if at < from {
                return Err("it was read back before the result was there. Look at both times.".to_owned());
            }
            read.minutes = Some(at.minutes_since(from));
        }
        Ok(read)
    }

    /// A time with its own date, or that of the sheet.
    fn at(&self, text: &str, around: &Around<'_>) -> Result<Timestamp, String> {
        let whole = match (text.contains('-'), self.date.trimmed()) {
            (true, _) => text.to_owned(),
            (false, "") => return Err(format!("{text} has no date. Write the date of the sheet.")),
            (false, date) => format!("{date} {text}"),
        };
        let at = care_time(&whole, around.zone, around.now, around.began)?;
        at.ok_or_else(|| format!("{text} is no time."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbooks::shipped;

    fn kind(code: &str) -> FormType {
        let forms = shipped().remove(0).forms;
        forms.into_iter().find(|form| form.code == code).expect("is in the kit")
    }

    fn read(form: &FormType, cells: &[&str]) -> Result<Vec<LogLine>, FieldErrors> {
        let zone = Zone::named("America/New_York").expect("is known");
        let at = |text| zone.parse(text).expect("is a time");
        let around = Around { zone: &zone, now: at("2024-07-19 12:00"), began: at("2024-07-19 01:00") };
        let cell = cells.iter().map(|cell| Text::from(*cell)).collect();
        TypeLog { date: "2024-07-19".into(), cell, ..TypeLog::default() }.read(form, &around)
    }

    #[test]
    fn the_logs_of_the_kit_are_known_by_their_columns() {
        for code in ["CRIT", "SPEC", "PROC", "ADT"] {
            assert!(is_log(&kind(code)), "{code}");
        }
        for code in ["MAR", "RSLT", "IMPL"] {
            assert!(!is_log(&kind(code)), "{code}");
        }
    }

    #[test]
    fn what_the_catalogue_keeps_is_not_typed_in() {
        let mut form = kind("CRIT");
        assert_eq!(may_type(&form, None, 0).expect_err("is kept").code, "not-typed-in");
        form.disposition = Disposition::BackEnter;
        assert!(may_type(&form, None, 0).is_ok());
        assert_eq!(may_type(&kind("MAR"), None, 0).expect_err("one patient's").code, "no-log");
        assert!(may_type(&kind("SPEC"), None, 400).is_err(), "after two weeks it is scanned only");
    }

    #[test]
    fn a_critical_result_says_whether_it_was_read_back_and_after_how_long() {
        let form = kind("CRIT");
        let lines = read(
            &form,
            &[
                "02:15",
                "MRN 123",
                "4 West 12",
                "K 6.9",
                "Dr Vale",
                "02:22",
                "KL",
                "02:30",
                "",
                "",
                "Hb 5.1",
                "",
                "no",
                "",
            ],
        )
        .expect("nothing is wrong");
        assert_eq!((lines[0].minutes, lines[0].missing.is_empty()), (Some(7), true));
        let missing: Vec<_> = lines[1].missing.iter().map(|part| part.code()).collect();
        assert_eq!(missing, ["patient", "place", "receiver", "read_back", "author"]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let form = kind("CRIT");
        for cells in [
            ["25:00", "", "", "", "", "", ""],
            ["02:15", "", "", "", "", "maybe", ""],
            ["02:15", "", "", "", "", "02:10", ""],
            ["2024-07-25 02:15", "", "", "", "", "", ""],
        ] {
            let errors = read(&form, &cells).expect_err("is wrong");
            assert!(errors.0["lines"][0].starts_with("Line 1: "), "{errors:?}");
        }
        assert!(read(&form, &["", "", ""]).is_err(), "nothing was typed");
    }
}
