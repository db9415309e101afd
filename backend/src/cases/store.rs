//! The SQL of single cases: reading one with what its rules need, saving it, and its past.

use domain::{
    cases::{Case, Channel, ContactResult, Decided, Lock, State, Tried},
    id::{AccountId, CaseId, FacilityId, IncidentId},
    schedule::{Kind, Patient, Priority},
    time::{Timestamp, Zone},
};
use jiff::civil::Date;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_optional,
    store::{
        Error, Tx,
        seal::{self, Seal},
    },
};

/// A case as it is kept. The patient is still sealed.
#[derive(Debug, Clone)]
pub struct CaseRow {
    pub id: CaseId,
    pub appointment: String,
    pub patient: Uuid,
    pub sealed: Vec<u8>,
    /// `None` when the patient's key was erased.
    pub wrapped_key: Option<Vec<u8>>,
    pub kind: Kind,
    pub service: String,
    pub department: String,
    pub provider: String,
    pub facility: FacilityId,
    pub first_of_two: bool,
    /// When the patient was put on the list; safe-by counts from there.
    pub listed: Option<Date>,
    /// How long it was booked for; 0 when the schedule did not say.
    pub minutes: i64,
    pub priority: Priority,
    pub classes: Vec<String>,
    pub interpreter: bool,
    pub rule: String,
    /// The last try: when, and `phone:no_answer`.
    pub tried_at: Option<Timestamp>,
    pub tried: String,
    /// Where it stands in the queue; what the next page of a list begins after.
    pub risk: (i64, i64),
    pub case: Case,
}

/// A row as the database gives it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Kept {
    id: Uuid,
    appointment: String,
    patient: Uuid,
    sealed: Vec<u8>,
    wrapped_key: Option<Vec<u8>>,
    kind: String,
    service: String,
    department: String,
    provider: String,
    facility: Uuid,
    start_at: i64,
    day: String,
    first_of_two: bool,
    listed: Option<String>,
    minutes: i64,
    scheme: String,
    priority: String,
    classes: String,
    interpreter: bool,
    state: String,
    decided: String,
    rule: String,
    told: bool,
    attempts: i64,
    tried_at: Option<i64>,
    tried: String,
    next_try_at: Option<i64>,
    new_start_at: Option<i64>,
    new_day: Option<String>,
    first_cancelled_at: Option<i64>,
    safe_by: Option<String>,
    day_28: Option<String>,
    locked_by: Option<Uuid>,
    locked_since: Option<i64>,
    locked_until: Option<i64>,
    risk_rank: i64,
    risk_at: i64,
    version: i64,
}

impl TryFrom<Kept> for CaseRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let unknown = |what: &str, code: &str| Error::Corrupt(format!("a case's {what} is {code:?}"));
        let date = |text: Option<String>| {
            text.map(|text| text.parse().map_err(|_| unknown("date", &text))).transpose()
        };
        let lock = match (kept.locked_by, kept.locked_since, kept.locked_until) {
            (Some(by), Some(since), Some(until)) => {
                Some(Lock { by: AccountId(by), since: Timestamp(since), until: Timestamp(until) })
            }
            _ => None,
        };
        let case = Case {
            state: State::from_code(&kept.state).ok_or_else(|| unknown("state", &kept.state))?,
            decided: Decided::from_code(&kept.decided).ok_or_else(|| unknown("decision", &kept.decided))?,
            start: Timestamp(kept.start_at),
            day: kept.day.parse().map_err(|_| unknown("day", &kept.day))?,
            told: kept.told,
            attempts: kept.attempts,
            next_try: kept.next_try_at.map(Timestamp),
            new_start: kept.new_start_at.map(Timestamp),
            new_day: date(kept.new_day)?,
            first_cancelled_at: kept.first_cancelled_at.map(Timestamp),
            safe_by: date(kept.safe_by)?,
            day_28: date(kept.day_28)?,
            lock,
            version: kept.version,
        };
        Ok(Self {
            id: CaseId(kept.id),
            appointment: kept.appointment,
            patient: kept.patient,
            sealed: kept.sealed,
            wrapped_key: kept.wrapped_key,
            kind: Kind::from_code(&kept.kind).ok_or_else(|| unknown("kind", &kept.kind))?,
            service: kept.service,
            department: kept.department,
            provider: kept.provider,
            facility: FacilityId(kept.facility),
            first_of_two: kept.first_of_two,
            listed: date(kept.listed)?,
            minutes: kept.minutes,
            priority: Priority::from_parts(&kept.scheme, &kept.priority),
            classes: serde_json::from_str(&kept.classes).map_err(|e| Error::Corrupt(e.to_string()))?,
            interpreter: kept.interpreter,
            rule: kept.rule,
            tried_at: kept.tried_at.map(Timestamp),
            tried: kept.tried,
            risk: (kept.risk_rank, kept.risk_at),
            case,
        })
    }
}

impl CaseRow {
    /// The patient; who was erased reads as such.
    ///
    /// # Errors
    /// When the installation's key is not the one that sealed it.
    pub fn unseal(&self, with: &Seal) -> Result<Patient, Error> {
        let Some(wrapped) = &self.wrapped_key else {
            return Ok(Patient { mrn: "erased".into(), name: "Erased".into(), ..Patient::default() });
        };
        let key = with.unwrap(self.patient, wrapped)?;
        let plain = seal::unseal(&key, self.id.0, &self.sealed)?;
        serde_json::from_slice(&plain).map_err(|error| Error::Corrupt(error.to_string()))
    }
}

/// The columns of [`Kept`], and where they come from.
macro_rules! case_columns {
    () => {
        "
    SELECT patient_case.id, appointment, patient, sealed, wrapped_key, kind, service, department, provider,
        facility, start_at, day, first_of_two, listed, minutes, scheme, priority, classes, interpreter, state, decided,
        rule, told,
        attempts, tried_at, tried, next_try_at, new_start_at, new_day, first_cancelled_at, safe_by, day_28, locked_by,
        locked_since, locked_until, risk_rank, risk_at, version
    FROM patient_case
    JOIN patient ON patient.id = patient_case.patient"
    };
}
pub(super) use case_columns;

const FIND: &str = concat!(
    case_columns!(),
    "
    WHERE patient_case.incident = $1 AND patient_case.id = $2 AND visible = TRUE"
);

/// One case of an incident.
pub async fn find(tx: &mut Tx, incident: IncidentId, case: CaseId) -> Result<Option<CaseRow>, Error> {
    fetch_optional!(tx, Kept, FIND, incident.0, case.0)?.map(CaseRow::try_from).transpose()
}

const SAVE: &str = "
    UPDATE patient_case
    SET state = $2, decided = $3, told = $4, attempts = $5, new_start_at = $6, new_day = $7,
        first_cancelled_at = $8, safe_by = $9, day_28 = $10, locked_by = $11, locked_since = $12,
        locked_until = $13, risk_rank = $14, risk_at = $15, version = $16, rule = $17, tried_at = $18, tried = $19,
        next_try_at = $20
    WHERE id = $1";

/// The rank of what is not in the queue.
pub const NOT_IN_QUEUE: i64 = 9;

/// Saves what changed about a case.
pub async fn save(tx: &mut Tx, row: &CaseRow) -> Result<(), Error> {
    let case = &row.case;
    let (rank, at) = case.risk().map_or((NOT_IN_QUEUE, case.start), |risk| (risk.rank, risk.due));
    let day = |day: Option<_>| day.map(|day: Date| day.to_string());
    execute!(
        tx,
        SAVE,
        row.id.0,
        case.state.code(),
        case.decided.code(),
        case.told,
        case.attempts,
        case.new_start.map(|at| at.0),
        day(case.new_day),
        case.first_cancelled_at.map(|at| at.0),
        day(case.safe_by),
        day(case.day_28),
        case.lock.map(|lock| lock.by.0),
        case.lock.map(|lock| lock.since.0),
        case.lock.map(|lock| lock.until.0),
        rank,
        at.0,
        case.version,
        &row.rule,
        row.tried_at.map(|at| at.0),
        &row.tried,
        case.next_try.map(|at| at.0)
    )
    .map(|_| ())
}

const LOG: &str = "
    INSERT INTO case_event (
        case_id, seq, incident, what, from_state, to_state, told, event_at, entered_at, account, rule)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// One change of a case, for good.
pub struct Event<'a> {
    pub case: CaseId,
    pub incident: IncidentId,
    pub seq: i64,
    pub what: &'a str,
    pub from: State,
    pub to: State,
    /// The patient knows what holds now.
    pub told: bool,
    /// When it happened, and when it was written down (rule 5).
    pub times: (Timestamp, Timestamp),
    pub account: AccountId,
    pub rule: &'a str,
}

/// Writes a change into the case's past.
pub async fn log(tx: &mut Tx, event: &Event<'_>) -> Result<(), Error> {
    let (from, to) = (event.from.code(), event.to.code());
    let (case, incident, account) = (event.case.0, event.incident.0, event.account.0);
    let (at, entered_at) = (event.times.0.0, event.times.1.0);
    let (seq, what, told, rule) = (event.seq, event.what, event.told, event.rule);
    execute!(tx, LOG, case, seq, incident, what, from, to, told, at, entered_at, account, rule).map(|_| ())
}

const LOG_ATTEMPT: &str = "
    INSERT INTO contact_attempt (case_id, seq, channel, result, at, account, on_paper)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Writes down a try to reach the patient; `on_paper` are the initials of whoever wrote it on paper first.
pub async fn log_attempt(
    tx: &mut Tx,
    (case, seq): (CaseId, i64),
    (channel, result): (Channel, ContactResult),
    at: Timestamp,
    (by, on_paper): (AccountId, &str),
) -> Result<(), Error> {
    execute!(tx, LOG_ATTEMPT, case.0, seq, channel.code(), result.code(), at.0, by.0, on_paper).map(|_| ())
}

const SAME_TRY: &str = "
    SELECT 1
    FROM contact_attempt
    WHERE case_id = $1 AND channel = $2 AND at / 60000000 = $3 / 60000000
    LIMIT 1";

/// Whether a try by this channel in this minute stands there already.
pub async fn is_tried(tx: &mut Tx, case: CaseId, channel: Channel, at: Timestamp) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (i32,), SAME_TRY, case.0, channel.code(), at.0)?.is_some())
}

const TRIED: &str = "
    SELECT channel, at
    FROM contact_attempt
    WHERE case_id = $1
    ORDER BY seq DESC
    LIMIT $2";

/// What was tried since the case was last opened: so many tries, the last first, each with its day in a zone.
pub async fn tried(tx: &mut Tx, row: &CaseRow, zone: &Zone) -> Result<Tried, Error> {
    let rows = fetch_all!(tx, (String, i64), TRIED, row.id.0, row.case.attempts)?;
    rows.into_iter()
        .map(|(channel, at)| {
            let known = Channel::from_code(&channel);
            let known = known.ok_or_else(|| Error::Corrupt(format!("somebody was tried by {channel:?}")))?;
            Ok((known, zone.civil_date(Timestamp(at))))
        })
        .collect()
}

/// A try: when, channel, result, by whom, and whose initials stand on paper.
pub type Attempt = (i64, String, String, String, String);

const ATTEMPTS: &str = "
    SELECT at, channel, result, account.name, on_paper
    FROM contact_attempt
    JOIN account ON account.id = contact_attempt.account
    WHERE case_id = $1
    ORDER BY seq";

/// All tries to reach the patient of a case, oldest first.
pub async fn attempts(tx: &mut Tx, case: CaseId) -> Result<Vec<Attempt>, Error> {
    fetch_all!(tx, Attempt, ATTEMPTS, case.0)
}

/// A change: seq, when, what, from, to, by whom, by which rule.
pub type Change = (i64, i64, String, String, String, String, String);

const HISTORY: &str = "
    SELECT seq, entered_at, what, from_state, to_state, account.name, rule
    FROM case_event
    JOIN account ON account.id = case_event.account
    WHERE case_id = $1
    ORDER BY seq";

/// All changes of a case, oldest first.
pub async fn history(tx: &mut Tx, case: CaseId) -> Result<Vec<Change>, Error> {
    fetch_all!(tx, Change, HISTORY, case.0)
}
