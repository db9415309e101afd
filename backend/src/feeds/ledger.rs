//! The SQL of what feeds have told: reports, the appointments that they come to, and what could not be taken. Whole
//! batches travel as one text, so that one message and a thousand cost a handful of statements.

use std::collections::BTreeMap;

use domain::{
    id::FeedId,
    schedule::{
        feed::Line,
        report::{Key, What},
    },
    table::Reject,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::store::known;
use crate::{
    execute, fetch_all, later,
    store::{Error, Rows, Sql, Tx},
};

/// A report as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    pub id: String,
    pub authority: String,
    pub appointment: String,
    pub print: String,
    pub message: String,
    pub what: &'static str,
    pub event_at: i64,
    pub sequence: Option<i64>,
    pub doubts: String,
    pub dialect: i64,
    pub patient: Option<String>,
    pub sealed: Option<String>,
    pub start_at: Option<i64>,
    pub arrived_at: i64,
}

const INSERT: Sql = Sql {
    sqlite: "
    INSERT INTO feed_report (
        id, feed, authority, appointment, print, message, what, event_at, sequence, doubts, dialect, patient, sealed,
        start_at, arrived_at)
    SELECT unhex(value ->> 'id'), $1, value ->> 'authority', value ->> 'appointment', unhex(value ->> 'print'),
        value ->> 'message', value ->> 'what', value ->> 'event_at', value ->> 'sequence', value ->> 'doubts',
        value ->> 'dialect', unhex(value ->> 'patient'), unhex(value ->> 'sealed'), value ->> 'start_at',
        value ->> 'arrived_at'
    FROM json_each($2)",
    postgres: "
    INSERT INTO feed_report (
        id, feed, authority, appointment, print, message, what, event_at, sequence, doubts, dialect, patient, sealed,
        start_at, arrived_at)
    SELECT id::uuid, $1, authority, appointment, decode(print, 'hex'), message, what, event_at, sequence, doubts,
        dialect, patient::uuid, decode(sealed, 'hex'), start_at, arrived_at
    FROM json_to_recordset($2::json) AS row (
        id TEXT, authority TEXT, appointment TEXT, print TEXT, message TEXT, what TEXT, event_at BIGINT,
        sequence BIGINT, doubts TEXT, dialect BIGINT, patient TEXT, sealed TEXT, start_at BIGINT, arrived_at BIGINT)",
};

/// Keeps reports that are not here yet.
pub async fn insert(tx: &mut Tx, feed: FeedId, reports: &[Kept]) -> Result<(), Error> {
    later!(tx, INSERT, feed.0, Rows::of(reports).text())
}

const EARLIER: Sql = Sql {
    sqlite: "
    UPDATE feed_report
    SET event_at = $3
    WHERE feed = $1 AND id = $2",
    postgres: "
    UPDATE feed_report
    SET event_at = $3
    WHERE feed = $1 AND id = $2",
};

/// A message was known, and came now under an earlier time, which holds.
pub async fn set_earlier(tx: &mut Tx, feed: FeedId, report: Uuid, at: Timestamp) -> Result<(), Error> {
    later!(tx, EARLIER, feed.0, report, at.0)
}

/// A line of an appointment, with what it leads to.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: Uuid,
    pub line: Line,
    pub patient: Option<Uuid>,
    pub start_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    authority: String,
    appointment: String,
    print: Vec<u8>,
    message: String,
    what: String,
    event_at: i64,
    sequence: Option<i64>,
    patient: Option<Uuid>,
    start_at: Option<i64>,
}

#[derive(Serialize)]
struct Asked<'a> {
    authority: &'a str,
    appointment: &'a str,
}

/// The lines of each appointment.
pub type Lines = BTreeMap<Key, Vec<Told>>;

fn lines(rows: Vec<Row>) -> Result<Lines, Error> {
    let mut lines = Lines::new();
    for row in rows {
        let print = row.print.try_into();
        let line = Line {
            print: print.map_err(|_| Error::Corrupt("a report's hash is not 32 bytes".into()))?,
            message: row.message,
            what: known(&row.what, What::from_code(&row.what))?,
            at: Timestamp(row.event_at),
            sequence: row.sequence,
            has_booking: row.patient.is_some(),
        };
        let told = Told { id: row.id, line, patient: row.patient, start_at: row.start_at };
        lines.entry(Key { authority: row.authority, id: row.appointment }).or_default().push(told);
    }
    Ok(lines)
}

fn asked<'a>(keys: impl Iterator<Item = &'a Key>) -> Rows {
    let keys: Vec<Asked<'_>> =
        keys.map(|key| Asked { authority: &key.authority, appointment: &key.id }).collect();
    Rows::of(&keys)
}

const LINES: Sql = Sql {
    sqlite: "
    SELECT report.id, report.authority, report.appointment, print, message, what, event_at, sequence, patient, start_at
    FROM json_each($2)
    JOIN feed_report report ON report.feed = $1 AND report.authority = value ->> 'authority'
        AND report.appointment = value ->> 'appointment'",
    postgres: "
    SELECT report.id, report.authority, report.appointment, print, message, what, event_at, sequence, patient, start_at
    FROM json_to_recordset($2::json) AS row (authority TEXT, appointment TEXT)
    JOIN feed_report report ON report.feed = $1 AND report.authority = row.authority
        AND report.appointment = row.appointment",
};

/// The lines of these appointments.
pub async fn of_keys<'a>(
    tx: &mut Tx,
    feed: FeedId,
    keys: impl Iterator<Item = &'a Key>,
) -> Result<Lines, Error> {
    lines(fetch_all!(tx, Row, LINES, feed.0, asked(keys).text())?)
}

/// How an appointment stands, as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Appointment {
    pub authority: String,
    pub appointment: String,
    pub state: &'static str,
    pub what: &'static str,
    pub event_at: i64,
    pub message: String,
    pub latest: String,
    pub booking: Option<String>,
    pub patient: Option<String>,
    pub start_at: Option<i64>,
    pub reports: i64,
    pub ends: i64,
    pub changed_at: i64,
    pub kept_until: i64,
}

const SETTLE: Sql = Sql {
    sqlite: "
    INSERT INTO feed_appointment (
        feed, authority, appointment, state, what, event_at, message, latest, booking, patient, start_at, reports, ends,
        changed_at, kept_until)
    SELECT $1, value ->> 'authority', value ->> 'appointment', value ->> 'state', value ->> 'what',
        value ->> 'event_at', value ->> 'message', unhex(value ->> 'latest'), unhex(value ->> 'booking'),
        unhex(value ->> 'patient'), value ->> 'start_at', value ->> 'reports', value ->> 'ends',
        value ->> 'changed_at', value ->> 'kept_until'
    FROM json_each($2)
    WHERE TRUE
    ON CONFLICT (feed, authority, appointment) DO UPDATE
    SET state = excluded.state, what = excluded.what, event_at = excluded.event_at, message = excluded.message,
        latest = excluded.latest, booking = excluded.booking, patient = excluded.patient,
        start_at = excluded.start_at, reports = excluded.reports, ends = excluded.ends,
        changed_at = excluded.changed_at, kept_until = excluded.kept_until",
    postgres: "
    INSERT INTO feed_appointment (
        feed, authority, appointment, state, what, event_at, message, latest, booking, patient, start_at, reports, ends,
        changed_at, kept_until)
    SELECT $1, authority, appointment, state, what, event_at, message, latest::uuid, booking::uuid, patient::uuid,
        start_at, reports, ends, changed_at, kept_until
    FROM json_to_recordset($2::json) AS row (
        authority TEXT, appointment TEXT, state TEXT, what TEXT, event_at BIGINT, message TEXT, latest TEXT,
        booking TEXT, patient TEXT, start_at BIGINT, reports BIGINT, ends BIGINT, changed_at BIGINT, kept_until BIGINT)
    ON CONFLICT (feed, authority, appointment) DO UPDATE
    SET state = excluded.state, what = excluded.what, event_at = excluded.event_at, message = excluded.message,
        latest = excluded.latest, booking = excluded.booking, patient = excluded.patient,
        start_at = excluded.start_at, reports = excluded.reports, ends = excluded.ends,
        changed_at = excluded.changed_at, kept_until = excluded.kept_until",
};

/// Writes how appointments stand.
pub async fn set_standing(tx: &mut Tx, feed: FeedId, appointments: &[Appointment]) -> Result<(), Error> {
    later!(tx, SETTLE, feed.0, Rows::of(appointments).text())
}

/// A message that could not be taken, as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Unread {
    pub print: String,
    pub file: Option<String>,
    pub line: i64,
    pub place: String,
    pub reason: String,
    pub arrived_at: i64,
}

const REJECT: Sql = Sql {
    sqlite: "
    INSERT INTO feed_reject (feed, print, file, line, place, reason, arrived_at)
    SELECT $1, unhex(value ->> 'print'), unhex(value ->> 'file'), value ->> 'line', value ->> 'place',
        value ->> 'reason', value ->> 'arrived_at'
    FROM json_each($2)
    WHERE TRUE
    ON CONFLICT (feed, print) DO NOTHING",
    postgres: "
    INSERT INTO feed_reject (feed, print, file, line, place, reason, arrived_at)
    SELECT $1, decode(print, 'hex'), file::uuid, line, place, reason, arrived_at
    FROM json_to_recordset($2::json) AS row (
        print TEXT, file TEXT, line BIGINT, place TEXT, reason TEXT, arrived_at BIGINT)
    ON CONFLICT (feed, print) DO NOTHING",
};

/// Keeps what could not be taken. Gives how many of them are new.
pub async fn reject(tx: &mut Tx, feed: FeedId, unread: &[Unread]) -> Result<i64, Error> {
    let rows = execute!(tx, REJECT, feed.0, Rows::of(unread).text())?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Why a message could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub at: Timestamp,
    /// Whether it came in a file, and not over MLLP.
    pub in_file: bool,
    pub reject: Reject,
}

const REJECTS: &str = "
    SELECT line, place, reason, arrived_at, file IS NOT NULL
    FROM feed_reject
    WHERE feed = $1
    ORDER BY arrived_at DESC, line
    LIMIT $2";

/// The latest messages that could not be taken.
pub async fn rejects(tx: &mut Tx, feed: FeedId, most: i64) -> Result<Vec<Refused>, Error> {
    let rows = fetch_all!(tx, (i64, String, String, i64, bool), REJECTS, feed.0, most)?;
    let refused = |(line, column, reason, at, in_file)| Refused {
        at: Timestamp(at),
        in_file,
        reject: Reject { row: u64::try_from(line).unwrap_or(0), column, reason },
    };
    Ok(rows.into_iter().map(refused).collect())
}

const SEALED: Sql = Sql {
    sqlite: "
    SELECT report.id, report.sealed, patient.id, patient.wrapped_key
    FROM json_each($1)
    JOIN feed_report report ON report.id = unhex(value)
    JOIN patient ON patient.id = report.patient
    WHERE patient.wrapped_key IS NOT NULL AND report.sealed IS NOT NULL",
    postgres: "
    SELECT report.id, report.sealed, patient.id, patient.wrapped_key
    FROM json_array_elements_text($1::json)
    JOIN feed_report report ON report.id = value::uuid
    JOIN patient ON patient.id = report.patient
    WHERE patient.wrapped_key IS NOT NULL AND report.sealed IS NOT NULL",
};

/// What was sealed of a report, and the patient whose key opens it.
pub type Sealed = (Uuid, Vec<u8>, Uuid, Vec<u8>);

/// What was sealed of these reports; those of patients who were erased are not there.
pub async fn sealed(tx: &mut Tx, reports: &[Uuid]) -> Result<Vec<Sealed>, Error> {
    let ids: Vec<String> = reports.iter().map(|id| id.simple().to_string()).collect();
    fetch_all!(tx, Sealed, SEALED, Rows::of(&ids).text())
}

/// An appointment that stood as booked, by the report that says who, where and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    pub booking: Uuid,
    pub start_at: i64,
}

const UNCHANGED: &str = "
    SELECT booking, start_at
    FROM feed_appointment
    WHERE feed = $1 AND state IN ('booked', 'arrived') AND start_at >= $2 AND start_at < $3 AND event_at <= $4
        AND booking IS NOT NULL
    ORDER BY start_at";

/// Appointments that have not changed since a moment, are booked, and start in a window.
pub async fn unchanged_since(
    tx: &mut Tx,
    feed: FeedId,
    (from, until): (Timestamp, Timestamp),
    moment: Timestamp,
) -> Result<Vec<Booked>, Error> {
    let rows = fetch_all!(tx, (Uuid, i64), UNCHANGED, feed.0, from.0, until.0, moment.0)?;
    Ok(rows.into_iter().map(|(booking, start_at)| Booked { booking, start_at }).collect())
}

const COUNT_UNCHANGED: &str = "
    SELECT COUNT(*)
    FROM feed_appointment
    WHERE feed = $1 AND state IN ('booked', 'arrived') AND start_at >= $2 AND start_at < $3 AND event_at <= $4
        AND booking IS NOT NULL";

/// How many these are.
pub async fn count_unchanged(
    tx: &mut Tx,
    feed: FeedId,
    (from, until): (Timestamp, Timestamp),
    moment: Timestamp,
) -> Result<i64, Error> {
    let rows = fetch_all!(tx, (i64,), COUNT_UNCHANGED, feed.0, from.0, until.0, moment.0)?;
    Ok(rows.into_iter().map(|(count,)| count).sum())
}

const CHANGED: &str = "
    SELECT report.id, report.authority, report.appointment, report.print, report.message, report.what, report.event_at,
        report.sequence, report.patient, report.start_at
    FROM feed_appointment appointment
    JOIN feed_report report ON report.feed = appointment.feed AND report.authority = appointment.authority
        AND report.appointment = appointment.appointment
    WHERE appointment.feed = $1 AND appointment.event_at > $2 AND report.event_at <= $2";

/// What was told until a moment of the appointments that have changed since.
pub async fn changed_since(tx: &mut Tx, feed: FeedId, moment: Timestamp) -> Result<Lines, Error> {
    lines(fetch_all!(tx, Row, CHANGED, feed.0, moment.0)?)
}

const NEWEST: &str = "
    SELECT MAX(event_at)
    FROM feed_report
    WHERE feed = $1 AND event_at <= $2";

/// When a feed last told something until a moment.
pub async fn newest(tx: &mut Tx, feed: FeedId, moment: Timestamp) -> Result<Option<Timestamp>, Error> {
    let rows = fetch_all!(tx, (Option<i64>,), NEWEST, feed.0, moment.0)?;
    Ok(rows.into_iter().find_map(|(at,)| at).map(Timestamp))
}
