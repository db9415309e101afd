//! The lines of a sheet as they are typed in: each with the time at which it happened, by whom it was written, and what it
//! says. A sheet is read as a whole; what is wrong is said line by line, and nothing is kept until nothing is wrong.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SheetKind;
use crate::{
    broadcasts::{Answer, GiveAnswer},
    entry::no_patient,
    field::{FieldErrors, Text},
    time::{Timestamp, Zone},
};

/// How many lines a sheet has at most.
pub const MOST_LINES: i64 = 100;
const MOST_WORDS: usize = 1_000;

/// Types in lines of a sheet. The fields of a line have the same place in each list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TypeLines {
    pub request_id: Text,
    /// `draft` keeps what is typed so far; anything else enters it.
    pub act: Text,
    /// The date of lines that say only a time, as `2024-07-19`.
    pub date: Text,
    /// Of a call list: the broadcast that it was about.
    pub broadcast: Text,
    /// That lines from before the downtime began are right.
    pub early: Text,
    /// The number of the line on the sheet; its place in this list when empty.
    pub line: Vec<Text>,
    /// `02:15`, or with its date `2024-07-19 02:15`.
    pub time: Vec<Text>,
    /// Of a sign-in sheet: when they left; empty when the sheet does not say.
    pub until: Vec<Text>,
    /// Who wrote it, was spoken to, or was there.
    pub who: Vec<Text>,
    /// Of a call list: the unit, by its name or as `site/unit`.
    pub unit: Vec<Text>,
    /// Of a call list: the code of the answer.
    pub answer: Vec<Text>,
    /// What happened; of a call list a note; of a sign-in sheet the position or room.
    pub what: Vec<Text>,
}

/// A line that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    pub event_at: Timestamp,
    /// It falls into the hour that a clock change repeats, and was taken as the first.
    pub doubled: bool,
    pub until: Option<Timestamp>,
    pub who: String,
    pub unit: String,
    pub answer: Option<Answer>,
    pub what: String,
}

/// What typing in gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TypedIn {
    pub seq: i64,
    pub kind: SheetKind,
    pub number: i64,
    /// How many lines were written.
    pub lines: i64,
    /// How many were there already, word for word.
    pub already: i64,
    /// Lines in the hour that a clock change repeats: taken as the first.
    pub doubled: Vec<i64>,
}

/// When and where a sheet was written.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    pub kind: SheetKind,
    pub zone: &'a Zone,
    pub now: Timestamp,
    /// The earliest known start of the downtime.
    pub began: Timestamp,
}

/// One line as typed.
#[derive(Debug, Clone, Default)]
struct Typed<'a> {
    line: &'a str,
    time: &'a str,
    until: &'a str,
    who: &'a str,
    unit: &'a str,
    answer: &'a str,
    what: &'a str,
}

impl TypeLines {
    /// Whether it is only kept.
    pub fn is_draft(&self) -> bool {
        self.act.trimmed() == "draft"
    }

    /// How many lines have anything in them.
    pub fn filled(&self) -> usize {
        self.typed().filter(|(_, typed)| !typed.is_blank()).count()
    }

    fn typed(&self) -> impl Iterator<Item = (usize, Typed<'_>)> {
        let lists = [&self.time, &self.until, &self.who, &self.unit, &self.answer, &self.what];
        let most = lists.iter().map(|list| list.len()).max().unwrap_or(0);
        let at = |list: &'static str, index: usize| {
            let list = match list {
                "line" => &self.line,
                "time" => &self.time,
                "until" => &self.until,
                "who" => &self.who,
                "unit" => &self.unit,
                "answer" => &self.answer,
                _ => &self.what,
            };
            list.get(index).map_or("", Text::trimmed)
        };
        (0..most).map(move |index| {
            let typed = Typed {
                line: at("line", index),
                time: at("time", index),
                until: at("until", index),
                who: at("who", index),
                unit: at("unit", index),
                answer: at("answer", index),
                what: at("what", index),
            };
            (index, typed)
        })
    }

    /// Reads every line.
    ///
    /// # Errors
    /// What is wrong, line by line at `lines`; lines from before the downtime, when nobody says that they are right.
    pub fn read(&self, written: &Written<'_>) -> Result<Vec<Line>, FieldErrors> {
        let mut errors = FieldErrors::default();
        let (mut lines, mut seen, mut early) = (Vec::<Line>::new(), BTreeSet::new(), Vec::new());
        for (index, typed) in self.typed().filter(|(_, typed)| !typed.is_blank()) {
            let place = i64::try_from(index).unwrap_or(MOST_LINES) + 1;
            let number = if typed.line.is_empty() { place } else { typed.line.parse().unwrap_or(0) };
            if !(1..=MOST_LINES).contains(&number) {
                errors.add("lines", format!("Row {place}: a sheet has lines 1 to {MOST_LINES}."));
                continue;
            }
            if !seen.insert(number) {
                errors.add("lines", format!("Line {number} is here twice."));
                continue;
            }
            let before = lines.last().map(|line| (line.number, line.event_at));
            match self.line(written, &typed, number, before) {
                Ok(line) => {
                    if line.event_at < written.began {
                        early.push(number.to_string());
                    }
                    lines.push(line);
                }
                Err(reasons) => reasons.into_iter().for_each(|reason| {
                    errors.add("lines", format!("Line {number}: {reason}"));
                }),
            }
        }
        if errors.is_empty() && lines.is_empty() {
            errors.add("lines", "Type at least one line of the sheet.");
        }
        if !early.is_empty() && !self.early.is_yes() {
            let began = written.zone.full(written.began);
            let which = early.join(", ");
            errors.add("early", format!("Before the downtime began ({began}): line {which}. Look at the date; tick here if it is right."));
        }
        errors.into_result()?;
        Ok(lines)
    }

    fn line(
        &self,
        written: &Written<'_>,
        typed: &Typed<'_>,
        number: i64,
        before: Option<(i64, Timestamp)>,
    ) -> Result<Line, Vec<String>> {
        let mut errors = FieldErrors::default();
        let at = errors.keep("time", written.at(typed.time, self.date.trimmed()));
        if let (Some((at, _)), Some((last, last_at))) = (at, before)
            && at < last_at
            && !has_date(typed.time)
        {
            let sentence = format!(
                "{} comes before line {last}. Write its date with it, as 2024-07-19 02:15.",
                typed.time
            );
            errors.add("time", sentence);
        }
        let until = match (typed.until, at) {
            ("", _) | (_, None) => None,
            (text, Some((from, _))) => {
                let until =
                    errors.keep("until", written.at(text, self.date.trimmed())).map(|(until, _)| until);
                if until.is_some_and(|until| until < from) {
                    errors.add(
                        "until",
                        format!("They left at {text}, before they came. Write the date with it."),
                    );
                }
                until
            }
        };
        let kind = written.kind;
        let missing = match kind {
            SheetKind::Log => "say who wrote it, as it stands there.",
            SheetKind::Calls => "say who was spoken to, by name or as lead.",
            SheetKind::SignIn => "write the name.",
        };
        let who = errors.required("who", &typed.who.into(), 120, missing).unwrap_or_default();
        let what = match kind {
            SheetKind::Log => errors.required("what", &typed.what.into(), MOST_WORDS, "say what happened."),
            SheetKind::Calls | SheetKind::SignIn => errors.optional("what", &typed.what.into(), 300),
        };
        let what = what.unwrap_or_default();
        no_patient(&mut errors, "who", &who, written.now);
        no_patient(&mut errors, "what", &what, written.now);
        let answer = if kind == SheetKind::Calls { called(&mut errors, typed) } else { None };
        if let (true, Some((event_at, doubled))) = (errors.is_empty(), at) {
            let unit = typed.unit.to_owned();
            return Ok(Line { number, event_at, doubled, until, who, unit, answer, what });
        }
        Err(errors.0.into_values().flatten().collect())
    }
}

/// The answer of a call, which needs its words when something stops the unit.
fn called(errors: &mut FieldErrors, typed: &Typed<'_>) -> Option<Answer> {
    if typed.unit.is_empty() {
        errors.add("unit", "say which unit was called.");
    }
    let form = GiveAnswer { answer: typed.answer.into(), note: typed.what.into(), ..GiveAnswer::default() };
    match form.read() {
        Ok(given) => Some(given.answer),
        Err(wrong) => {
            wrong.0.into_values().flatten().for_each(|reason| errors.add("answer", reason));
            None
        }
    }
}

impl Typed<'_> {
    fn is_blank(&self) -> bool {
        [self.time, self.until, self.who, self.unit, self.answer, self.what]
            .iter()
            .all(|part| part.is_empty())
    }
}

fn has_date(text: &str) -> bool {
    text.contains('-')
}

impl Written<'_> {
    /// Reads a time with its own date or that of the sheet, and whether it fell into the hour that comes twice.
    fn at(&self, text: &str, date: &str) -> Result<(Timestamp, bool), String> {
        if text.is_empty() {
            return Err("write when it happened.".to_owned());
        }
        let whole = match (has_date(text), date) {
            (true, _) => text.to_owned(),
            (false, "") => return Err(format!("{text} has no date. Write the date of the sheet.")),
            (false, date) => format!("{date} {}", clock(text)),
        };
        let at = self.zone.parse(&whole).map_err(|error| error.to_string())?;
        if at > self.now.plus_minutes(2) {
            return Err(format!("{text} is still to come. Look at the date."));
        }
        if at < self.began.plus_minutes(-24 * 60) {
            return Err(format!("{text} is more than a day before this downtime began. Look at the date."));
        }
        let later = at.plus_minutes(60);
        Ok((at, self.zone.typed(at) == self.zone.typed(later)))
    }
}

/// A time of day as people write it: `2:15`, `0215`, `02.15`.
fn clock(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, ':' | '.'));
    match (plain, digits.len()) {
        (true, 3) => format!("0{}:{}", &digits[..1], &digits[1..]),
        (true, 4) => format!("{}:{}", &digits[..2], &digits[2..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: SheetKind, form: &TypeLines) -> Result<Vec<Line>, FieldErrors> {
        let zone = Zone::named("America/New_York").expect("is known");
        let at = |text| zone.parse(text).expect("is a time");
        let (now, began) = (at("2024-11-04 12:00"), at("2024-11-02 01:00"));
        form.read(&Written { kind, zone: &zone, now, began })
    }

    fn log(lines: &[(&str, &str, &str)]) -> TypeLines {
        let part =
            |which: fn(&(&str, &str, &str)) -> String| lines.iter().map(|line| Text(which(line))).collect();
        TypeLines {
            date: "2024-11-02".into(),
            time: part(|line| line.0.to_owned()),
            who: part(|line| line.1.to_owned()),
            what: part(|line| line.2.to_owned()),
            ..TypeLines::default()
        }
    }

    #[test]
    fn a_sheet_is_read_with_its_date_and_blank_lines_keep_their_place() {
        let form = log(&[
            ("0215", "Nursing supervisor", "Opened the command room"),
            ("", "", ""),
            ("3:05", "Runner", "Boxes to 4 West"),
        ]);
        let lines = read(SheetKind::Log, &form).expect("nothing is wrong");
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(lines[1].event_at.minutes_since(lines[0].event_at), 50);
    }

    #[test]
    fn every_bad_line_is_named_and_nothing_is_read() {
        let form = log(&[
            ("02:15", "Chief", "Called the sites"),
            ("25:00", "Chief", "No such hour"),
            ("02:20", "", "Nobody wrote it"),
            ("02:25", "Chief", ""),
            ("2024-12-01 02:00", "Chief", "Still to come"),
            ("2024-10-01 02:00", "Chief", "Long before"),
            ("01:00", "Chief", "Before the line above"),
        ]);
        let errors = read(SheetKind::Log, &form).expect_err("six are wrong");
        let said = errors.0["lines"].join("\n");
        for line in 2..=7 {
            assert!(said.contains(&format!("Line {line}: ")), "{said}");
        }
        assert!(!said.contains("Line 1:"), "{said}");
    }

    #[test]
    fn what_was_before_the_downtime_is_asked_about() {
        let mut form = log(&[("2024-11-01 23:50", "Guard", "Screens went blue")]);
        assert!(read(SheetKind::Log, &form).expect_err("is early").at("early").is_some());
        form.early = "yes".into();
        assert_eq!(read(SheetKind::Log, &form).expect("is right").len(), 1);
    }

    /// Rule 5: the doubled hour is taken as the first and flagged.
    #[test]
    fn the_hour_that_comes_twice_is_taken_as_the_first_and_flagged() {
        let form = log(&[
            ("2024-11-03 01:30", "Chief", "Clocks went back"),
            ("2024-11-03 04:00", "Chief", "Rounds"),
        ]);
        let lines = read(SheetKind::Log, &form).expect("nothing is wrong");
        assert_eq!((lines[0].doubled, lines[1].doubled), (true, false));
    }

    #[test]
    fn a_call_needs_its_unit_and_an_answer_that_stops_needs_words() {
        let mut form = log(&[("02:15", "lead", "")]);
        form.answer = vec!["cannot_comply".into()];
        let errors = read(SheetKind::Calls, &form).expect_err("no unit, no words");
        assert_eq!(errors.0["lines"].len(), 2, "{errors:?}");
        form.unit = vec!["general/4w".into()];
        form.what = vec!["No runner".into()];
        assert_eq!(read(SheetKind::Calls, &form).expect("is whole")[0].answer, Some(Answer::CannotComply));
    }

    #[test]
    fn nobody_leaves_before_they_came_and_no_patient_is_named() {
        let mut form = log(&[("02:15", "Kim Vale", "Planning chief")]);
        form.until = vec!["01:00".into()];
        assert!(read(SheetKind::SignIn, &form).is_err());
        form.until = vec!["14:00".into()];
        assert!(read(SheetKind::SignIn, &form).expect("is right")[0].until.is_some());
        let patient = log(&[("02:15", "Chief", "Moved MRN 12345678 to theatre")]);
        assert!(read(SheetKind::Log, &patient).is_err());
    }

    #[test]
    fn the_same_line_twice_and_lines_out_of_reach_are_refused() {
        let mut form =
            log(&[("02:15", "Chief", "One"), ("02:16", "Chief", "Two"), ("02:17", "Chief", "Three")]);
        form.line = vec!["4".into(), "4".into(), "101".into()];
        assert_eq!(read(SheetKind::Log, &form).expect_err("both").0["lines"].len(), 2);
    }
}
