//! The SQL of laying the record system's account beside our cases.

use domain::{
    cases::replay::Account,
    id::{AccountId, CaseId, FeedId, IncidentId},
    schedule::report::State,
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all,
    store::{Error, Tx},
};

/// What the record system says of the patient of one case.
#[derive(Debug, Clone)]
pub struct Said {
    pub case: CaseId,
    pub feed: FeedId,
    pub authority: String,
    pub appointment: String,
    pub account: Account,
    pub event_at: Timestamp,
    pub message: String,
    /// The report that says so, and the one with who, where and when.
    pub latest: Uuid,
    pub booking: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct Row {
    case_id: Uuid,
    replaces: bool,
    feed: Uuid,
    authority: String,
    appointment: String,
    state: String,
    start_at: i64,
    event_at: i64,
    message: String,
    latest: Uuid,
    booking: Option<Uuid>,
}

impl TryFrom<Row> for Said {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let state = State::from_code(&row.state);
        let state =
            state.ok_or_else(|| Error::Corrupt(format!("an appointment's state is {:?}", row.state)))?;
        Ok(Self {
            case: CaseId(row.case_id),
            feed: FeedId(row.feed),
            authority: row.authority,
            appointment: row.appointment,
            account: Account { state, replaces: row.replaces, start: Timestamp(row.start_at) },
            event_at: Timestamp(row.event_at),
            message: row.message,
            latest: row.latest,
            booking: row.booking,
        })
    }
}

/// Of the same appointment, or of a later one of the same patient that is no case here; of cases without an end, and
/// only what was told since the downtime began and nobody has called another matter.
const SAID: &str = "
    SELECT patient_case.id AS case_id, told.appointment <> patient_case.appointment AS replaces, told.feed,
        told.authority, told.appointment, told.state, told.start_at, told.event_at, told.message, told.latest,
        told.booking
    FROM patient_case
    JOIN feed_appointment told ON told.patient = patient_case.patient
    WHERE patient_case.incident = $1 AND patient_case.visible = TRUE
        AND patient_case.state IN ('scheduled', 'kept', 'to_contact', 'contacting', 'told', 'rebooked')
        AND told.event_at >= $2 AND told.start_at IS NOT NULL
        AND (told.appointment = patient_case.appointment
            OR (told.start_at > patient_case.start_at AND NOT EXISTS (
                SELECT 1
                FROM patient_case AS other
                WHERE other.incident = $1 AND other.visible = TRUE AND other.appointment = told.appointment
            )))
        AND NOT EXISTS (
            SELECT 1
            FROM feed_not_same
            WHERE feed_not_same.case_id = patient_case.id AND feed_not_same.feed = told.feed
                AND feed_not_same.authority = told.authority AND feed_not_same.appointment = told.appointment
        )
    ORDER BY patient_case.start_at, patient_case.id, replaces, told.start_at
    LIMIT 20000";

/// What the record system has said since the downtime began of the patients of cases without an end.
pub async fn said(tx: &mut Tx, incident: IncidentId, since: Timestamp) -> Result<Vec<Said>, Error> {
    fetch_all!(tx, Row, SAID, incident.0, since.0)?.into_iter().map(TryInto::try_into).collect()
}

const NOT_SAME: &str = "
    INSERT INTO feed_not_same (case_id, feed, authority, appointment, account, at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (case_id, feed, authority, appointment) DO NOTHING";

/// Notes that an appointment is about something else than a case.
pub async fn not_same(tx: &mut Tx, said: &Said, account: AccountId, at: Timestamp) -> Result<(), Error> {
    let (case, feed) = (said.case.0, said.feed.0);
    execute!(tx, NOT_SAME, case, feed, &said.authority, &said.appointment, account.0, at.0).map(|_| ())
}

/// An appointment that was cancelled there, of which no case is here.
#[derive(Debug, Clone)]
pub struct Unknown {
    pub feed: FeedId,
    pub appointment: String,
    pub state: State,
    pub start_at: Timestamp,
    pub event_at: Timestamp,
    pub latest: Uuid,
    pub booking: Uuid,
}

const UNKNOWN: &str = "
    SELECT feed, appointment, state, start_at, event_at, latest, booking
    FROM feed_appointment
    WHERE state IN ('cancelled', 'discontinued') AND event_at >= $2 AND start_at >= $3 AND booking IS NOT NULL
        AND NOT EXISTS (
            SELECT 1
            FROM patient_case
            WHERE patient_case.incident = $1 AND patient_case.visible = TRUE
                AND patient_case.appointment = feed_appointment.appointment
        )
    ORDER BY start_at, appointment, feed
    LIMIT 10000";

/// Appointments that were cancelled there since the downtime began, for its days, and are no case here.
pub async fn unknown(
    tx: &mut Tx,
    incident: IncidentId,
    (since, first_day): (Timestamp, Timestamp),
) -> Result<Vec<Unknown>, Error> {
    type Row = (Uuid, String, String, i64, i64, Uuid, Uuid);
    let rows = fetch_all!(tx, Row, UNKNOWN, incident.0, since.0, first_day.0)?;
    let unknown = |(feed, appointment, state, start_at, event_at, latest, booking): Row| {
        let found = State::from_code(&state);
        Ok(Unknown {
            feed: FeedId(feed),
            appointment,
            state: found.ok_or_else(|| Error::Corrupt(format!("an appointment's state is {state:?}")))?,
            start_at: Timestamp(start_at),
            event_at: Timestamp(event_at),
            latest,
            booking,
        })
    };
    rows.into_iter().map(unknown).collect()
}
