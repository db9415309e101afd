//! The SQL of items that must be looked at again.

use domain::{
    actor::Role,
    id::{AccountId, IncidentId, ReviewId, SystemId},
    reviews::{Queue, Review, State, Subject},
    scope::{Functions, Place},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::tally::{self, Changes, Key};
use crate::{
    execute, fetch_all,
    store::{Error, Rows, Sql, Tx},
};

/// An item to be added.
#[derive(Debug, Clone)]
pub struct New {
    pub id: ReviewId,
    pub queue: Queue,
    pub revocation: i64,
    pub place: Place,
    pub system: Option<SystemId>,
    pub functions: Functions,
    pub subject: Subject,
    pub what: String,
    pub recorded_at: Timestamp,
}

/// An item as it is kept.
#[derive(Debug, Clone)]
pub struct ReviewRow {
    pub id: ReviewId,
    pub queue: Queue,
    pub revocation: i64,
    pub place: Place,
    pub system: Option<SystemId>,
    pub functions: Functions,
    pub subject: Subject,
    pub what: String,
    pub keeper: Role,
    pub recorded_at: Timestamp,
    pub review: Review,
    pub contacted_at: Option<Timestamp>,
    pub note: String,
}

impl ReviewRow {
    /// Under which count it stands.
    pub fn key(&self, review: &Review) -> Key {
        Key {
            queue: self.queue,
            revocation: self.revocation,
            keeper: self.keeper,
            state: review.state,
            contacted: review.contacted,
        }
    }
}

/// Who does something, when, and under which number of the log.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub incident: IncidentId,
    pub seq: i64,
    pub at: Timestamp,
    pub account: AccountId,
}

#[derive(Serialize)]
struct NewLine<'a> {
    id: String,
    queue: &'static str,
    revocation: i64,
    place: String,
    system: Option<String>,
    functions: i64,
    subject: String,
    what: &'a str,
    keeper: &'static str,
    recorded_at: i64,
}

const INSERT: Sql = Sql {
    sqlite: "
    INSERT INTO review (
        id, incident, queue, revocation, place, system, functions, subject, what, keeper, recorded_at, listed_seq,
        state, changed_at, changed_by, note)
    SELECT unhex(value ->> 'id'), $1, value ->> 'queue', value ->> 'revocation', value ->> 'place',
        unhex(value ->> 'system'), value ->> 'functions', value ->> 'subject', value ->> 'what',
        value ->> 'keeper', value ->> 'recorded_at', $3, 'open', $4, $5, ''
    FROM json_each($2)",
    postgres: "
    INSERT INTO review (
        id, incident, queue, revocation, place, system, functions, subject, what, keeper, recorded_at, listed_seq,
        state, changed_at, changed_by, note)
    SELECT id::uuid, $1, queue, revocation, place, system::uuid, functions, subject, what, keeper, recorded_at,
        $3, 'open', $4, $5, ''
    FROM json_to_recordset($2::json) AS row (id TEXT, queue TEXT, revocation BIGINT, place TEXT, system TEXT,
        functions BIGINT, subject TEXT, what TEXT, keeper TEXT, recorded_at BIGINT)",
};

const INSERT_EVENTS: &str = "
    INSERT INTO review_event (review, seq, what, from_state, to_state, event_at, entered_at, account, note)
    SELECT id, listed_seq, 'listed', '', 'open', changed_at, changed_at, changed_by, ''
    FROM review
    WHERE incident = $1 AND listed_seq = $2";

/// How many rows travel in one statement.
const CHUNK: usize = 2_000;

/// Adds items, each with its first event, and counts them. None of them may be in its queue already.
pub async fn insert(tx: &mut Tx, items: &[New], moment: Moment) -> Result<(), Error> {
    let mut changes = Changes::default();
    for chunk in items.chunks(CHUNK) {
        let lines: Vec<NewLine<'_>> = chunk.iter().map(line).collect();
        let (seq, at, account) = (moment.seq, moment.at.0, moment.account.0);
        execute!(tx, INSERT, moment.incident.0, Rows::of(&lines).text(), seq, at, account)?;
        for item in chunk {
            let (queue, revocation) = (item.queue, item.revocation);
            let keeper = item.subject.keeper(queue);
            changes.add(Key { queue, revocation, keeper, state: State::Open, contacted: false }, 1);
        }
    }
    execute!(tx, INSERT_EVENTS, moment.incident.0, moment.seq)?;
    tally::save(tx, moment.incident, &changes).await
}

fn line(item: &New) -> NewLine<'_> {
    NewLine {
        id: item.id.0.simple().to_string(),
        queue: item.queue.code(),
        revocation: item.revocation,
        place: item.place.to_string(),
        system: item.system.map(|system| system.0.simple().to_string()),
        functions: item.functions.bits(),
        subject: item.subject.to_string(),
        what: &item.what,
        keeper: item.subject.keeper(item.queue).code(),
        recorded_at: item.recorded_at.0,
    }
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    queue: String,
    revocation: i64,
    place: String,
    system: Option<Uuid>,
    functions: i64,
    subject: String,
    what: String,
    keeper: String,
    owner: Option<Uuid>,
    recorded_at: i64,
    state: String,
    contacted_at: Option<i64>,
    note: String,
}

impl TryFrom<Kept> for ReviewRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let wrong = |what: &str| Error::Corrupt(format!("an item of the reviews has {what:?}"));
        let state = State::from_code(&kept.state).ok_or_else(|| wrong(&kept.state))?;
        Ok(Self {
            id: ReviewId(kept.id),
            queue: Queue::from_code(&kept.queue).ok_or_else(|| wrong(&kept.queue))?,
            revocation: kept.revocation,
            place: kept.place.parse().map_err(|_| wrong(&kept.place))?,
            system: kept.system.map(SystemId),
            functions: Functions::from_bits(kept.functions),
            subject: kept.subject.parse().map_err(|_| wrong(&kept.subject))?,
            keeper: Role::from_code(&kept.keeper).ok_or_else(|| wrong(&kept.keeper))?,
            what: kept.what,
            recorded_at: Timestamp(kept.recorded_at),
            review: Review {
                state,
                contacted: kept.contacted_at.is_some(),
                owner: kept.owner.map(AccountId),
            },
            contacted_at: kept.contacted_at.map(Timestamp),
            note: kept.note,
        })
    }
}

/// Which items a list shows; empty texts are no filter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub queue: String,
    /// `due`, `untold`, `all` or a state's code.
    pub state: String,
    /// `None` for every one.
    pub revocation: Option<i64>,
    /// When the last item of the page before was recorded, and its id.
    pub after: (i64, Uuid),
}

macro_rules! list {
    ($text:literal) => {
        concat!(
            "
    SELECT id, queue, revocation, place, system, functions, subject, what, keeper, owner, recorded_at, state,
        contacted_at, note
    FROM review
    WHERE incident = $1
        AND ($2",
            $text,
            " = '' OR queue = $2)
        AND ($3",
            $text,
            " = 'all' OR state = $3
            OR ($3 = 'due' AND state = 'open')
            OR ($3 IN ('due', 'untold') AND state IN ('corrected', 'harm') AND contacted_at IS NULL))
        AND (CAST($4 AS BIGINT) < 0 OR revocation = CAST($4 AS BIGINT))
        AND (recorded_at, id) > ($5, $6)
    ORDER BY recorded_at, id
    LIMIT $7"
        )
    };
}

const LIST: Sql = Sql { sqlite: list!(""), postgres: list!("::text") };

/// One page of items, the earliest recorded first.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    most: i64,
) -> Result<Vec<ReviewRow>, Error> {
    let (revocation, (at, id)) = (filter.revocation.unwrap_or(-1), filter.after);
    let rows =
        fetch_all!(tx, Kept, LIST, incident.0, &filter.queue, &filter.state, revocation, at, id, most)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

const BY_IDS: Sql = Sql {
    sqlite: "
    SELECT id, queue, revocation, place, system, functions, subject, what, keeper, owner, recorded_at, state,
        contacted_at, note
    FROM review
    WHERE incident = $1 AND id IN (SELECT unhex(value) FROM json_each($2))
    ORDER BY id",
    postgres: "
    SELECT id, queue, revocation, place, system, functions, subject, what, keeper, owner, recorded_at, state,
        contacted_at, note
    FROM review
    WHERE incident = $1 AND id IN (SELECT value::uuid FROM json_array_elements_text($2::json))
    ORDER BY id",
};

/// These items of an incident, by id.
pub async fn by_ids(
    tx: &mut Tx,
    incident: IncidentId,
    ids: impl IntoIterator<Item = ReviewId>,
) -> Result<Vec<ReviewRow>, Error> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.0.simple().to_string()).collect();
    let rows = fetch_all!(tx, Kept, BY_IDS, incident.0, Rows::of(&ids).text())?;
    rows.into_iter().map(TryInto::try_into).collect()
}

const KNOWN: Sql = Sql {
    sqlite: "
    SELECT subject
    FROM review
    WHERE incident = $1 AND queue = $2 AND revocation = $3 AND subject IN (SELECT value FROM json_each($4))",
    postgres: "
    SELECT subject
    FROM review
    WHERE incident = $1 AND queue = $2 AND revocation = $3
        AND subject IN (SELECT json_array_elements_text($4::json))",
};

/// Which of these subjects a queue has already.
pub async fn known(
    tx: &mut Tx,
    incident: IncidentId,
    (queue, revocation): (Queue, i64),
    subjects: &[String],
) -> Result<Vec<String>, Error> {
    let rows =
        fetch_all!(tx, (String,), KNOWN, incident.0, queue.code(), revocation, Rows::of(subjects).text())?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// An item before and after an act.
#[derive(Debug)]
pub struct Changed {
    pub row: ReviewRow,
    pub after: Review,
}

#[derive(Serialize)]
struct ChangedLine {
    id: String,
    from: &'static str,
    to: &'static str,
    owner: Option<String>,
    contacted: bool,
}

const UPDATE: Sql = Sql {
    sqlite: "
    UPDATE review
    SET state = value ->> 'to', owner = unhex(value ->> 'owner'), changed_at = $2, changed_by = $3,
        note = CASE WHEN $4 = '' THEN note ELSE $4 END,
        contacted_by = CASE WHEN value ->> 'contacted' = 1 THEN COALESCE(contacted_by, $3) END,
        contacted_at = CASE WHEN value ->> 'contacted' = 1 THEN COALESCE(contacted_at, $2) END
    FROM json_each($1)
    WHERE review.id = unhex(value ->> 'id')",
    postgres: "
    UPDATE review
    SET state = row.\"to\", owner = row.owner::uuid, changed_at = $2, changed_by = $3,
        note = CASE WHEN $4::text = '' THEN note ELSE $4 END,
        contacted_by = CASE WHEN row.contacted THEN COALESCE(contacted_by, $3) END,
        contacted_at = CASE WHEN row.contacted THEN COALESCE(contacted_at, $2) END
    FROM json_to_recordset($1::json) AS row (id TEXT, \"to\" TEXT, owner TEXT, contacted BOOLEAN)
    WHERE review.id = row.id::uuid",
};

const LOG: Sql = Sql {
    sqlite: "
    INSERT INTO review_event (review, seq, what, from_state, to_state, event_at, entered_at, account, note)
    SELECT unhex(value ->> 'id'), $2, $3, value ->> 'from', value ->> 'to', $4, $4, $5, $6
    FROM json_each($1)",
    postgres: "
    INSERT INTO review_event (review, seq, what, from_state, to_state, event_at, entered_at, account, note)
    SELECT id::uuid, $2, $3, \"from\", \"to\", $4, $4, $5, $6
    FROM json_to_recordset($1::json) AS row (id TEXT, \"from\" TEXT, \"to\" TEXT)",
};

/// Writes what became of items by one act, their events and the counts.
pub async fn save(
    tx: &mut Tx,
    changed: &[Changed],
    (act, note): (&'static str, &str),
    moment: Moment,
) -> Result<(), Error> {
    let line = |change: &Changed| ChangedLine {
        id: change.row.id.0.simple().to_string(),
        from: change.row.review.state.code(),
        to: change.after.state.code(),
        owner: change.after.owner.map(|owner| owner.0.simple().to_string()),
        contacted: change.after.contacted,
    };
    let rows = Rows::of(&changed.iter().map(line).collect::<Vec<_>>());
    execute!(tx, UPDATE, rows.text(), moment.at.0, moment.account.0, note)?;
    execute!(tx, LOG, rows.text(), moment.seq, act, moment.at.0, moment.account.0, note)?;
    let mut changes = Changes::default();
    for change in changed {
        changes.add(change.row.key(&change.row.review), -1);
        changes.add(change.row.key(&change.after), 1);
    }
    tally::save(tx, moment.incident, &changes).await
}

/// What somebody did about an item: when, who, which act, the state after it, and the note.
pub type Event = (i64, Uuid, String, String, String);

const EVENTS: &str = "
    SELECT entered_at, account, what, to_state, note
    FROM review_event
    WHERE review = $1
    ORDER BY seq";

/// All that was done about an item, in order.
pub async fn events(tx: &mut Tx, review: ReviewId) -> Result<Vec<Event>, Error> {
    fetch_all!(tx, Event, EVENTS, review.0)
}

/// A revocation as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RevocationRow {
    pub seq: i64,
    pub place: String,
    pub system: Uuid,
    pub functions: i64,
    pub reason: String,
    pub released_at: i64,
    pub revoked_at: i64,
}

const REVOCATIONS: &str = "
    SELECT seq, place, system, functions, reason, released_at, revoked_at
    FROM revocation
    WHERE incident = $1
    ORDER BY seq";

/// The revocations of an incident, in order.
pub async fn revocations(tx: &mut Tx, incident: IncidentId) -> Result<Vec<RevocationRow>, Error> {
    fetch_all!(tx, RevocationRow, REVOCATIONS, incident.0)
}
