//! The log of an incident and of the installation: read by filter, shown in words, exported with its hashes, and
//! proved from a terminal.

pub mod cli;
pub mod export;
pub mod lines;
mod readable;
pub mod store;
pub mod verify;
pub mod web;

use domain::{
    field::FieldErrors,
    log::words,
    time::{Timestamp, Zone},
    view::{
        board::{CardView, Late},
        frame::Section,
        log::LogAsked,
        picture::{Lane, Mark, Picture},
    },
};
use sqlx::types::Uuid;

use crate::store::{Error, Tx};
use store::{Filter, Person};

/// How many of the newest entries the card's picture shows.
const DRAWN: i64 = 200;

/// Reads what the address asks for.
///
/// # Errors
/// Every field that cannot be read, with its sentence.
pub fn filter(asked: &LogAsked, zone: &Zone) -> Result<Filter, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut time = |name: &str, text: &str, otherwise: i64| {
        if text.trim().is_empty() {
            return otherwise;
        }
        let Ok(at) = zone.parse(text) else {
            errors.add(name, "Write the time as 2024-07-19 02:05.");
            return otherwise;
        };
        at.0
    };
    let from = time("from", &asked.from, i64::MIN);
    let until = time("until", &asked.until, i64::MAX);
    let person = match asked.person.trim() {
        "" => Person::Anybody,
        "program" => Person::Program,
        id => id.parse().map_or_else(
            |_| {
                errors.add("person", "Choose a person from the list.");
                Person::Anybody
            },
            Person::Account,
        ),
    };
    let before = match asked.before.trim() {
        "" => i64::MAX,
        seq => seq.parse().unwrap_or_else(|_| {
            errors.add("before", "This page of the log does not exist; begin at its newest entry.");
            i64::MAX
        }),
    };
    errors.into_result()?;
    Ok(Filter { kind: asked.kind.trim().to_owned(), person, from, until, before })
}

/// The card of the log on the board: how much is in it, when it came, and decisions without a written basis.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: Uuid, zone: &Zone) -> Result<Option<CardView>, Error> {
    let newest = store::kinds_and_times(tx, incident, DRAWN).await?;
    let (Some(last), Some(first)) = (newest.first(), newest.last()) else { return Ok(None) };
    let without = store::without_basis(tx, incident).await?;
    let path = format!("/incidents/{incident}/log");
    let words = match without {
        1 => "1 decision has no written basis".to_owned(),
        many => format!("{many} decisions have no written basis"),
    };
    let clock = |at: i64| zone.clock(Timestamp(at));
    Ok(Some(CardView {
        section: Section::Log,
        title: "Log".into(),
        path: path.clone(),
        as_of: String::new(),
        figure: last.seq.to_string(),
        caption: format!("entries, the last at {}: {}", clock(last.entered_at), words::deed(&last.kind)),
        picture: Picture::Lanes {
            lanes: lanes(&newest),
            from: clock(first.entered_at),
            to: clock(last.entered_at),
        },
        late: (without > 0).then(|| Late { words, path: format!("{path}?kind=without-basis") }),
        late_short: if without > 0 { format!("{without} without basis") } else { String::new() },
        fine: "Every decision has its written basis.".into(),
    }))
}

/// What people decided, what was sent and answered, and what the program did, by the time it was written down.
fn lanes(newest: &[store::Beat]) -> Vec<Lane> {
    let times = || newest.iter().map(|beat| beat.entered_at);
    let from = times().min().unwrap_or_default();
    let span = (times().max().unwrap_or_default() - from).max(1);
    let place = |at: i64| i64::try_from(i128::from(at - from) * 1000 / i128::from(span)).unwrap_or(1000);
    let lane = |label: &str, shape, belongs: fn(&store::Beat) -> bool| {
        let mut marks: Vec<i64> =
            newest.iter().filter(|beat| belongs(beat)).map(|beat| place(beat.entered_at)).collect();
        marks.sort_unstable();
        marks.dedup();
        Lane { label: label.to_owned(), marks, shape }
    };
    vec![
        lane("decided", Mark::Diamond, |beat| beat.by_person && !beat.is_message()),
        lane("messages", Mark::Square, store::Beat::is_message),
        lane("program", Mark::Stroke, |beat| !beat.by_person && !beat.is_message()),
    ]
}
